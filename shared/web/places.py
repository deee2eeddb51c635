"""What lies in a division, as queries ask for it: by the first digits of its code."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated

from litestar.params import PathParameter, QueryParameter
from sqlalchemy import ColumnElement, Table, false, or_, true

from shared.codes import Code
from shared.contracts import OPEN_ROOT
from shared.engine import store
from shared.engine.pipeline import Pipeline

_PREFIX = "区划代码或其开头几位，最多 6 位数字 · a division's code or its first digits, 6 at most"
PlaceQuery = Annotated[str, QueryParameter(pattern=r"^[0-9]{0,6}$", description=_PREFIX)]
"""The first digits of a division's code, up to six."""
_TOWNSHIP = "乡镇的9位代码 · a township's code of 9 digits"
TownshipQuery = Annotated[str, QueryParameter(pattern=r"^([0-9]{9})?$", description=_TOWNSHIP)]
"""The code of a township, or nothing."""
_DIVISION = "省、市、县代码，2、4或6位数字 · a province's, city's or county's code of 2, 4 or 6 digits"
PlacePath = Annotated[str, PathParameter(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$", description=_DIVISION)]
"""The code of a province, a city or a county, as part of an address."""


def told_in(outbox: Table, prefixes: Iterable[str]) -> ColumnElement[bool]:
    """The condition that an open event is about a division whose code begins with one of these, as its subject says."""
    return or_(false(), *(_told_below(outbox, prefix) if prefix else true() for prefix in prefixes))


def _told_below(outbox: Table, prefix: str) -> ColumnElement[bool]:
    tokens = ".".join(prefix[n : n + 2] for n in range(0, len(prefix), 2))
    return outbox.c.subject.startswith(f"{OPEN_ROOT}.{tokens}", autoescape=True)


async def codes_now(pipeline: Pipeline, place: str) -> Callable[[str], str]:
    """A function that gives the present code of each village of a division: its id, or the latest code that it got. The
    code tells in which township the village lies."""
    moved = [id for at, ids in pipeline.wiring.recoded.items() if at.startswith(place) for id in ids]
    if not moved:
        return str
    async with pipeline.engine.connect() as conn:
        known = await store.load_states(conn, pipeline.tables, [(Code, id) for id in moved])
    now = {code.id: code.on(date.max) for code in known.values() if isinstance(code, Code)}
    return lambda village: now.get(village, village)
