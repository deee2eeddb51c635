"""What has happened since somebody looked, in sentences. A refusal of a command that would overwrite it contains them.

A caller is told only what he may read in the journal.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import EVENTS, Command, Event
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.versions import CHANGED, Seen
from shared.labels import Both, sentence
from shared.rules import Refused
from shared.web.identity import READERS, Caller
from shared.web.places import told_in

MOST = 5
"""The most events that a refusal tells one by one: the latest ones."""
EXPLAINED = 20
"""The most refused rows that say what has changed: the first ones. The journal is read once for all of them."""
LOOKED_AT = 20_000
"""Among how many of the latest events those about a unit or a cadre are looked for. The journal's index is by village
or division, so these must be searched row by row."""


class _Told(msgspec.Struct):
    """The fields of an envelope that are needed here."""

    subject: str
    type: str
    occurredon: str
    data: msgspec.Raw
    actor: str = ""
    actororgan: str = ""


class Happened(NamedTuple):
    """An event since somebody looked."""

    event: Event
    day: str
    organ: str
    """The organ in whose name somebody acted; empty if it is not known."""
    by: str
    """The pseudonym of who acted; empty if nobody was asked who he is, or if nobody acted."""
    position: int
    """Its position in the journal."""

    def touches(self, fields: Collection[str]) -> bool:
        """Whether the event has one of these fields of a command, itself or within one of its fields."""
        names = {field.rpartition(".")[2] for field in fields}
        return bool(names & {*self.event.__struct_fields__}) or any(
            b'"%b":' % name.encode() in msgspec.json.encode(self.event) for name in names
        )


async def since(
    pipeline: Pipeline, who: Caller, position: int, ids: Collection[str]
) -> Mapping[str, Sequence[Happened]]:
    """The events after a position of the journal about each of these villages, units and so on, by its id."""
    outbox = pipeline.tables.outbox
    recent = and_(outbox.c.position > max(position, pipeline.written - LOOKED_AT), outbox.c.about.not_in(ids))
    found = select(outbox.c.position, outbox.c.about, outbox.c.body).where(
        outbox.c.position > position, or_(outbox.c.about.in_(ids), recent)
    )
    if not who.is_operator:
        found = found.where(outbox.c.sealed.is_(False), told_in(outbox, who.divisions(READERS)))
    told: dict[str, list[Happened]] = {id: [] for id in ids}
    async with pipeline.engine.connect() as conn:
        for at, about, body in await conn.execute(found.order_by(outbox.c.position)):
            envelope = _ENVELOPE.decode(body)
            for id in {about, envelope.subject} & told.keys():
                event = msgspec.json.decode(envelope.data, type=EVENTS[envelope.type])
                told[id].append(Happened(event, envelope.occurredon, envelope.actororgan, envelope.actor, at))
    return told


_ENVELOPE = msgspec.json.Decoder(_Told)


async def in_words(pipeline: Pipeline, happened: Sequence[Happened]) -> Both:
    """The latest of these events in sentences, each with its day and the organ: one text in each language."""
    last = happened[-MOST:]
    async with pipeline.engine.connect() as conn:
        names = await _units(conn, pipeline, [one.event for one in last])
    zh, en = list[str](), list[str]()
    for event, day, organ, *_ in last:
        policy = pipeline.book.at(event.place, pipeline.today) if pipeline.today else None
        said, said_en = sentence(event, policy, names)
        zh.append(f"{day} {f'（{organ}）' if organ else ''}{said}")
        en.append(f"{day} {f'({organ}) ' if organ else ''}{said_en}")
    more = len(happened) - len(last)
    before = (f"此前还有{more}项；", f"{more} before; ") if more else ("", "")
    return before[0] + "；".join(zh), before[1] + "; ".join(en)


async def _units(conn: AsyncConnection, pipeline: Pipeline, events: Sequence[Event]) -> Mapping[str, str]:
    """The names of the units of which events speak, where the service keeps them."""
    kind = next((kind for kind in pipeline.tables.states if kind.kind == "units"), None)
    ids = {unit for event in events if (unit := getattr(event, "unit", None))}
    if kind is None or not ids:
        return {}
    found = await store.load_states(conn, pipeline.tables, [(kind, id) for id in ids])
    return {id: name for (_, id), state in found.items() if (name := getattr(state, "name", ""))}


async def explained(
    pipeline: Pipeline, who: Caller, commands: Sequence[Command], refused: Mapping[int, Refused]
) -> dict[int, Refused]:
    """The refusals by row. Those of rows whose state has changed say how it did, for the first `EXPLAINED` of them."""
    kinds = {kind.kind: kind for kind in pipeline.tables.states}
    stale = [row for row, error in sorted(refused.items()) if error.rule == CHANGED and error.status == 412]
    seen = {row: Seen.read(commands[row].expects or "") for row in stale[:EXPLAINED]}
    keys = {row: (kinds[one.kind], one.id) for row, one in seen.items()}
    if not keys:
        return {**refused}
    async with pipeline.engine.connect() as conn:
        states = await store.load_states(conn, pipeline.tables, keys.values())
    about = {row: state.journey if (state := states[key]) else key[1] for row, key in keys.items()}
    ids = {*about.values(), *(id for _, id in keys.values())}
    told = await since(pipeline, who, min(one.position for one in seen.values()), ids)
    answer = {**refused}
    for row, (_, _, _, position) in seen.items():
        later = {id: [one for one in told[id] if one.position > position] for id in (about[row], keys[row][1])}
        happened = later[about[row]] or later[keys[row][1]]
        zh, en = await in_words(pipeline, happened) if happened else _UNTOLD
        was = refused[row]
        answer[row] = Refused(
            was.rule,
            f"{was.zh.rstrip('。')}。其间的变动：{zh}",
            f"{was.en}. What changed: {en}",
            field=was.field,
            status=was.status,
        )
    return answer


_UNTOLD = (
    "由日期、其他服务或者本账号无权查看的事项引起",
    "it follows from a day, from another service, or from what this account may not read",
)
