"""What services answer in odd moments of the regions' stories: late, twice, about another village, at a bound; and what
they answer where a story goes otherwise from its beginning on.

Rules are pure, so they are asked without anything coming of it. At each moment at which a story told a service
something, it is told the same with one thing changed, on another day, and what was said at other moments
(`told/<region>.answers`). And on several ways a service hears its story anew, a little wrong, with odd things between,
and whatever it accepts is kept (`told/<region>.ways`).
Each file has, for each command, event and timer, how often what came of it: events, changed states in
brackets, or a refusal's status, rule and field; behind it a sum over all that was answered. Where a change is meant,
`python -m tests.journeys.test_answers` writes the files anew. To see what lies behind a sum that is another,
`python -m tests.journeys.test_answers FOLDER` writes every single answer there, before the change and after it.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from deploy.local.supervisor import SERVICES
from tests.conftest import forgive_typed_codes
from tests.support.asking import Asking, Said, lines, written
from tests.support.lived import FOLDER, PLAYED, lived
from tests.support.moments import Moments

_ASKING: Final[dict[str, Asking]] = {}


async def asking(region: str) -> Asking:
    """Who asks in a region's story, which is played once for all services."""
    if region not in _ASKING:
        moments = Moments()
        await lived(region, moments)
        _ASKING[region] = Asking(moments)
    return _ASKING[region]


ASKED: Final[Mapping[str, Callable[[Asking, str], Iterator[Said]]]] = {"answers": Asking.of, "ways": Asking.ways}
"""What the files of a region tell, by their names: odd moments of its story, and ways on which it goes otherwise."""


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("region", PLAYED)
@pytest.mark.parametrize("file", ASKED)
async def test_a_service_answers_as_before_where_things_go_otherwise(file: str, region: str, service: str) -> None:
    lines_before = (FOLDER / f"{region}.{file}").read_text("utf-8").splitlines()
    before = [line for line in lines_before if line.startswith((f"{service}/", f"{service} "))]
    found = [*ASKED[file](await asking(region), service)]
    forgive_typed_codes()
    broken = [said for said in found if said.answer.outcome.startswith("fails")]
    assert not broken, "whatever is said, it is taken or refused with a reason, also an event that no rule would tell"
    difference = sorted({*before} ^ {*lines(found)})
    assert not difference, "if that is meant: python -m tests.journeys.test_answers"


def write(path: Path, found: Sequence[Said]) -> None:
    """Every single answer, to be compared with those of another day."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = sorted(map(written, found))
    path.write_text("\n".join(told) + "\n", "utf-8")


async def whole(region: str, file: str) -> list[Said]:
    """What all services are asked for one of a region's files, with the answers."""
    of = await asking(region)
    return [said for service in SERVICES for said in ASKED[file](of, service)]


if __name__ == "__main__":
    for region in PLAYED:
        for file in ASKED:
            said = asyncio.run(whole(region, file))
            if sys.argv[1:]:
                write(Path(sys.argv[1]) / f"{region}.{file}", said)
            else:
                (FOLDER / f"{region}.{file}").write_text("\n".join(lines(said)) + "\n", "utf-8")
