"""Tells persons who has read what is kept about them (Personal Information Protection Law 44).

The audit log names of whom each answer told. A cadre learns on which day, for which organ, and what was read, but never
by whom: only the audit administrator may know that. If a cadre may not know of something yet, such as a case before the
hearing, its readings are left out. The state says from which day on (`concealed_since`).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import select

from shared.calendar import CHINA
from shared.engine import store
from shared.engine.audit import MOST, TELLS, Kept, Subject
from shared.engine.pipeline import Pipeline
from shared.labels import Both
from shared.rules import Oneself, Refused, State
from shared.web.audited import COUNTRYWIDE, PURPOSE, READERS, UNMASKED
from shared.web.identity import KNOWN, OPERATOR, PERSONAL, Caller, caller, require_reach, tells_of
from shared.web.strict import BIGGEST

EARLIEST: Final = date(1970, 1, 2)
"""A day before all entries of any log. An earlier `since` is replaced by it."""
_WAYS: Final[Mapping[str, Both]] = {
    "GET /v1/tasks": ("查看待办事项，其中涉及{}", "read tasks that tell of {}"),
    "GET /v1/templates/": ("下载表格，其中涉及{}", "downloaded a form that tells of {}"),
    "GET /v1/unmasked/": ("查看{}，含姓名全文", "read {}, with the whole name"),
    "GET /v1/readings": ("查询谁查阅过{}", "asked who has read {}"),
}
"""How people call a reading, by the beginning of its `deed`. For any other one, `_READ` is used."""
_ABOUT: Final = "本人信息所在的记录，写作“类别/编号” · a record, as its kind, a slash and its id"
_READ: Final = ("查阅{}", "read {}")
_PURPOSE: Final = f"{PURPOSE}="
"""What comes before the purpose in the log entry of a name that was told in whole."""


class Reading(msgspec.Struct, frozen=True):
    """That somebody has read what is kept about a person."""

    number: int
    """The number of the entry in the service's audit log. The last one is the `after` of the next request."""
    day: date
    """The day in Chinese time."""
    organ: Both
    """The organ in whose name it was read."""
    what: Both
    """What was read, and how."""
    purpose: str
    """The purpose in the reader's words; empty if he did not have to name one."""


def readings(pipeline: Pipeline) -> Any:
    """The query by which a person is told who has read what is kept about him."""
    kinds = {kind.kind: kind for kind in pipeline.tables.states if kind.personal or kind.readers}

    @get("/v1/readings", tags=["queries"], opt={"asks": KNOWN, PERSONAL: True, "refuses": (403, 404, 422)})
    async def readings(
        request: Request[Any, Any, Any],
        since: FromQuery[date | None] = None,
        after: Annotated[int, QueryParameter(ge=0, le=BIGGEST)] = 0,
        about: Annotated[str, QueryParameter(pattern=r"^([a-z]{1,20}/[^\s/][^\s]{0,119})?$", description=_ABOUT)] = "",
    ) -> list[Reading]:
        """Who has read what this service keeps about the caller, the cadre whom his token names: day, organ, and what.

        From the day `since` on, after an entry's number, the oldest first, at most 1000; fewer mean the end. What the
        cadre is not to know of yet is left out. The audit administrator asks for anybody by `about`, as
        `<kind of state>/<id>`, such as `records/cadre:C1`: this is a reading as well, and stands in the log.
        """
        if about or caller(request).is_operator:
            require_reach(request, COUNTRYWIDE, READERS.roles)
            subjects = [_named(kinds, about)]
            tells_of(request, [about])
        else:
            subjects = await _own(pipeline, kinds.values(), _oneself(caller(request)))
        begin = _midnight(max(since, EARLIEST)) if since else None
        found = await pipeline.audit.telling_of(subjects, begin, after, MOST)
        return [_reading(kept, [kinds[one.partition("/")[0]] for one in named]) for kept, named in found]

    return readings


def _named(kinds: Mapping[str, type[State]], about: str) -> Subject:
    if not about:
        raise Refused(
            "schema",
            "请用“about”指明查询对象，如“cadres/C1”",
            "name by about of whom, such as cadres/C1",
            field="about",
            status=422,
        )
    if about.partition("/")[0] not in kinds:
        known = "、".join(f"“{name}”（{kind.known_as[0]}）" for name, kind in kinds.items())
        raise Refused(
            "identity",
            f"本服务不保存此类个人信息，可查：{known}",
            f"nothing of this kind is kept about persons here; there are {', '.join(kinds)}",
            field="about",
            status=404,
        )
    return Subject(about)


def _oneself(who: Caller) -> Oneself:
    """The cadre who asks about himself. Raises Refused (403) if his token does not say which cadre he is."""
    belongs = who.belongs
    if not belongs.cadre or not belongs.unit:
        raise Refused(
            "role",
            "本账号未写明是哪位干部及其单位，查不到与本人有关的查阅记录，请安全管理员补填",
            "this account does not name the cadre and his unit, so nothing can be told; the security administrator "
            "adds both",
            status=403,
        )
    return Oneself(belongs.cadre, belongs.unit, belongs.team)


async def _own(pipeline: Pipeline, kinds: Iterable[type[State]], person: Oneself) -> list[Subject]:
    """The states about a cadre, each with the time from which on its readings are secret from him."""
    found = []
    async with pipeline.engine.connect() as conn:
        for kind in kinds:
            if not (ids := [id for id in kind.kept_about(person) if id]):
                continue
            table = pipeline.tables.states[kind]
            for body in (await conn.execute(select(table.c.body).where(table.c.id.in_(ids)))).scalars():
                state = store.decode_state(kind, body)
                if state.tells_of(person.cadre):
                    since = state.concealed_since
                    found.append(Subject(f"{kind.kind}/{state.id}", _midnight(since) if since else None))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _reading(kept: Kept, kinds: Iterable[type[State]]) -> Reading:
    way = next((words for deed, words in _WAYS.items() if kept.deed.startswith(deed)), _READ)
    names = [*zip(*dict.fromkeys(kind.known_as for kind in kinds), strict=True)]
    what = way[0].format("、".join(names[0])), way[1].format(" and ".join(names[1]))
    organ = (
        ("系统运维", "operators") if kept.who == OPERATOR.pseudonym else ("未写明机关", "an organ that is not named")
    )
    asked = kept.about.partition(_PURPOSE)[2] if kept.deed.startswith(f"GET {UNMASKED}") else ""
    return Reading(
        number=kept.number,
        day=datetime.fromisoformat(kept.at).astimezone(CHINA).date(),
        organ=(kept.organ, kept.organ) if kept.organ else organ,
        what=what,
        purpose=asked.rpartition(TELLS)[0],
    )
