"""Reading and writing the read tables."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Table, bindparam, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.console.model.rows import Campaign, Rows, Told, Unit, apply, campaigns_of, units_of, villages_of
from services.console.model.spelling import spelt
from services.console.model.sums import LEVELS, Changes, Sums, changes, marks, sums
from services.console.model.village import Village
from services.console.tables import TABLES
from shared.divisions import place_of
from shared.engine import store
from shared.policy import PolicyBook, kept_pack

PAGE: Final = 50
"""Villages on a page."""


class Position(NamedTuple):
    """How far a source was read: its cursor, the business day of its last event, and whether its end was reached."""

    cursor: str = ""
    day: str = ""
    is_current: bool = False


class Store:
    """The database. One transaction at a time writes it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine, self._lock = engine, asyncio.Lock()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. Nobody else, in this process or another, changes the positions meanwhile."""
        async with self._lock, self.engine.begin() as conn:
            if conn.dialect.name == "postgresql":  # SQLite refuses the second of two that read the same and write.
                await conn.exec_driver_sql("LOCK TABLE positions IN SHARE ROW EXCLUSIVE MODE")
            yield conn


# -------------------------------------------------------------------- writing


async def position(conn: AsyncConnection, source: str) -> Position:
    """How far a source was read."""
    table = TABLES.positions
    row = (await conn.execute(select(table).where(table.c.source == source))).first()
    return Position(row.cursor, row.day, bool(row.is_current)) if row else Position()


async def move(conn: AsyncConnection, source: str, to: Position) -> None:
    """Write how far a source was read."""
    row = {"source": source, "cursor": to.cursor, "day": to.day, "is_current": int(to.is_current)}
    await store.upsert(conn, TABLES.positions, [row])


async def forget(conn: AsyncConnection) -> None:
    """Empty the read tables, so that they are made anew from the journals' beginning."""
    for table in TABLES.read:
        await conn.execute(delete(table))


async def take_in(conn: AsyncConnection, told: Sequence[Told]) -> set[str]:
    """Change the read tables by events, in their order. Returns the codes of the villages whose rows have changed."""
    campaigns = await _load(conn, TABLES.campaigns, campaigns_of(told), Campaign)
    villages = await _load(conn, TABLES.villages, villages_of(told, campaigns), Village)
    units = await _load(conn, TABLES.units, units_of(told), Unit)
    rows = Rows(dict(villages), dict(campaigns), dict(units))
    for event in told:
        apply(rows, event)
    changed = [one for id, one in rows.villages.items() if one is not villages.get(id)]
    summed, moved = Sums(), Changes()
    for one in changed:
        summed.update(sums(villages.get(one.id), one))
        moved.update(changes(villages.get(one.id), one))
    await store.upsert(conn, TABLES.villages, [_village_row(one) for one in changed])
    before = {mark for one in changed if (known := villages.get(one.id)) for mark in _marked(known)}
    after = {mark for one in changed for mark in _marked(one)}
    await _unmark(conn, before - after)
    await store.insert_new(conn, TABLES.marked, [{"mark": mark, "code": code} for mark, code in after - before])
    await store.upsert(conn, TABLES.campaigns, [_campaign_row(one) for one in rows.campaigns.values()])
    await store.upsert(conn, TABLES.units, [_unit_row(one) for one in rows.units.values()])
    packs = {version: msgspec.json.encode(pack).decode() for version, pack in rows.packs.items()}
    await store.upsert(conn, TABLES.packs, [{"version": version, "body": body} for version, body in packs.items()])
    add = [{"place": place, "measure": name, "number": n} for (place, name), n in summed.items() if n]
    await store.add(conn, TABLES.sums, add)
    days = [{"place": place, "day": day, "stage": name, "number": n} for (place, day, name), n in moved.items() if n]
    await store.add(conn, TABLES.changes, days)
    return {one.code for one in changed}


def _village_row(one: Village) -> dict[str, Any]:
    return {
        "id": one.id, "code": one.code, "name": one.name, "township": one.township, "pinyin": spelt(one.name),
        "stage": one.stage, "unit": one.unit, "body": msgspec.json.encode(one).decode(),
    }  # fmt: skip


def _marked(one: Village) -> Iterator[tuple[str, str]]:
    return ((mark, one.code) for mark in marks(one))


async def _unmark(conn: AsyncConnection, gone: Collection[tuple[str, str]]) -> None:
    table = TABLES.marked
    of = delete(table).where(table.c.mark == bindparam("of_mark"), table.c.code == bindparam("of_code"))
    if gone:
        await conn.execute(of, [{"of_mark": mark, "of_code": code} for mark, code in gone])


def _campaign_row(one: Campaign) -> dict[str, Any]:
    return {"id": one.id, "place": one.place, "opens": one.opens, "body": msgspec.json.encode(one).decode()}


def _unit_row(one: Unit) -> dict[str, Any]:
    return {
        "id": one.id,
        "place": one.place,
        "name": one.name,
        "pinyin": spelt(one.name),
        "body": msgspec.json.encode(one).decode(),
    }


async def _load(conn: AsyncConnection, table: Table, ids: Collection[str], type: type[Any]) -> dict[str, Any]:
    """Rows by id, decoded. All ids are one parameter, so that the statement stays the same."""
    if not ids:
        return {}
    by_array = conn.dialect.name == "postgresql"
    chosen = "= ANY($1::varchar[])" if by_array else "IN (SELECT value FROM json_each(?1))"
    given: Any = [*ids] if by_array else msgspec.json.encode([*ids]).decode()
    found: Any = await conn.exec_driver_sql(f"SELECT id, body FROM {table.name} WHERE id {chosen}", (given,))
    return {id: msgspec.json.decode(body, type=type) for id, body in found}


# -------------------------------------------------------------------- reading


class Asked(msgspec.Struct, frozen=True):
    """Which villages are asked for: in a division, by name, code or pinyin, and by what they are counted as."""

    place: str = ""
    q: str = ""
    stage: str = ""
    marks: tuple[str, ...] = ()
    """What they are counted as, such as `late` or `list/model`."""
    unit: str = ""


def nearest_page(page: int, number: int, size: int = PAGE) -> tuple[int, int]:
    """The page nearest to the one that is asked for, and the last page of so many things. There is always a first
    page."""
    last = max(1, -(-number // size))
    return min(max(page, 1), last), last


class Found(NamedTuple):
    """A page of villages, and how many there are."""

    villages: list[Village]
    number: int


async def find(conn: AsyncConnection, asked: Asked, page: int = 1, size: int = PAGE) -> Found:
    """A page of the villages that are asked for, in the order of their codes; or the nearest one."""
    table, conditions = TABLES.villages, [*_conditions(asked)]
    number = await _number(conn, asked)
    page, _ = nearest_page(page, number, size)
    chosen = select(table.c.body).where(*conditions).order_by(table.c.code)
    bodies = await conn.scalars(chosen.limit(size).offset((page - 1) * size))
    return Found([msgspec.json.decode(body, type=Village) for body in bodies], number)


async def is_counted(conn: AsyncConnection, mark: str) -> bool:
    """Whether any village of the country is, or was, counted as this."""
    table = TABLES.sums
    return await conn.scalar(select(table.c.number).where(table.c.place == "", table.c.measure == mark)) is not None


async def _number(conn: AsyncConnection, asked: Asked) -> int:
    """How many villages are asked for. For a stage or a single mark it is read from the sums or an index, so that a
    country's villages need not be gone through."""
    sums, marked = TABLES.sums, TABLES.marked
    is_plain = not asked.q.strip() and not asked.unit and len(asked.place) in LEVELS
    if is_plain and not asked.marks:
        stage = sums.c.measure == f"stage/{asked.stage}" if asked.stage else sums.c.measure.startswith("stage/")
        counted = select(func.sum(sums.c.number)).where(sums.c.place == asked.place, stage)
    elif is_plain and not asked.stage and len(asked.marks) == 1:
        counted = select(func.count()).select_from(marked).where(*_marked_as(asked, asked.marks[0]))
    else:
        counted = select(func.count()).select_from(TABLES.villages).where(*_conditions(asked))
    return int(await conn.scalar(counted) or 0)


def _marked_as(asked: Asked, mark: str) -> tuple[ColumnElement[bool], ...]:
    table = TABLES.marked
    return table.c.mark == mark, table.c.code.between(asked.place.ljust(12, "0"), asked.place.ljust(12, "9"))


def _conditions(asked: Asked) -> Iterator[ColumnElement[bool]]:
    table = TABLES.villages
    yield table.c.name != ""
    if asked.place:
        yield table.c.code.between(asked.place.ljust(12, "0"), asked.place.ljust(12, "9"))
    if asked.stage:
        yield table.c.stage == asked.stage
    for mark in asked.marks:
        yield table.c.code.in_(select(TABLES.marked.c.code).where(*_marked_as(asked, mark)))
    if asked.unit:
        yield table.c.unit == asked.unit
    yield from _named(table, asked.q, table.c.code, table.c.name, table.c.township)


def _named(table: Table, q: str, code: ColumnElement[str], *names: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    """The condition that a row matches what was typed: the beginning of its code, a part of a name, or of its
    pinyin."""
    if q := q.strip().lower():
        if q.isascii() and q.isdigit():
            yield code.startswith(q)
        else:
            columns = (table.c.pinyin,) if q.isascii() else names
            yield or_(*(column.contains(q, autoescape=True) for column in columns))


async def village(conn: AsyncConnection, code: str) -> Village | None:
    """A village by its code, or by the id that it had from the beginning."""
    table = TABLES.villages
    found = select(table.c.body).where(or_(table.c.code == code, table.c.id == code), table.c.name != "")
    bodies = list(await conn.scalars(found.order_by(table.c.code != code)))
    return msgspec.json.decode(bodies[0], type=Village) if bodies else None


async def villages(conn: AsyncConnection, ids: Collection[str]) -> dict[str, Village]:
    """Villages by their ids."""
    return await _load(conn, TABLES.villages, ids, Village)


async def summed(conn: AsyncConnection, places: Sequence[str]) -> dict[str, dict[str, int]]:
    """By division, the sums over its villages, by measure."""
    table = TABLES.sums
    found: dict[str, dict[str, int]] = {place: {} for place in places}
    for row in await conn.execute(select(table).where(table.c.place.in_(places), table.c.number != 0)):
        found[row.place][row.measure] = row.number
    return found


async def parts(conn: AsyncConnection, place: str) -> list[str]:
    """The divisions into which a division is divided, in which there is any village; none of a township."""
    deeper = next((length for length in LEVELS if length > len(place)), 0)
    table = TABLES.sums
    below = table.c.place.between(place.ljust(deeper, "0"), place.ljust(deeper, "9"))
    found = select(table.c.place).where(below, func.length(table.c.place) == deeper, table.c.measure == "villages")
    return sorted(await conn.scalars(found.where(table.c.number != 0))) if deeper else []


async def names(conn: AsyncConnection, townships: Sequence[str]) -> dict[str, str]:
    """The names of townships by their codes, as their villages say them."""
    table = TABLES.villages
    found: dict[str, str] = {}
    for code in townships:
        within = table.c.code.between(code.ljust(12, "0"), code.ljust(12, "9"))
        found[code] = await conn.scalar(select(table.c.township).where(within, table.c.name != "").limit(1)) or code
    return found


async def policies(conn: AsyncConnection) -> PolicyBook:
    """All packs that were adopted, for their words."""
    book = PolicyBook()
    for body in await conn.scalars(select(TABLES.packs.c.body)):
        book.adopt(kept_pack(msgspec.json.decode(body)))
    return book


class FoundUnits(NamedTuple):
    """A page of units, how many there are, and in how many villages each is or is to be."""

    units: list[Unit]
    number: int
    villages: dict[str, int]


async def find_units(conn: AsyncConnection, place: str, q: str, page: int = 1) -> FoundUnits:
    """A page of the units of a division that match what was typed, in the order of their ids; or the nearest page."""
    table = TABLES.units
    within = table.c.place.between(place[:6].ljust(6, "0"), place[:6].ljust(6, "9"))
    conditions = [within, *_named(table, q, table.c.id, table.c.name)]
    number = await conn.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
    page, _ = nearest_page(page, number)
    chosen = select(table.c.body).where(*conditions).order_by(table.c.id).limit(PAGE).offset((page - 1) * PAGE)
    units = [msgspec.json.decode(body, type=Unit) for body in await conn.scalars(chosen)]
    at = TABLES.villages
    counts = (
        select(at.c.unit, func.count().label("number"))
        .where(at.c.unit.in_([one.id for one in units]))
        .group_by(at.c.unit)
    )
    return FoundUnits(units, number, {row.unit: row.number for row in await conn.execute(counts)})


async def unit(conn: AsyncConnection, id: str) -> Unit | None:
    """A unit by its id."""
    table = TABLES.units
    body = await conn.scalar(select(table.c.body).where(table.c.id == id))
    return msgspec.json.decode(body, type=Unit) if body else None


async def unit_names(conn: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """The names of units by their ids."""
    table = TABLES.units
    return {row.id: row.name for row in await conn.execute(select(table).where(table.c.id.in_(ids)))}


async def stages_by_month(conn: AsyncConnection, place: str) -> list[tuple[date, str, int]]:
    """By day and stage, how many more villages of a division were in the stage from then on. Townships have no such
    numbers."""
    table = TABLES.changes
    found = select(table.c.day, table.c.stage, table.c.number).where(table.c.place == place, table.c.number != 0)
    return [(row.day, row.stage, row.number) for row in await conn.execute(found.order_by(table.c.day))]


async def campaigns(conn: AsyncConnection, place: str, most: int = 12, after: int = 0) -> list[Campaign]:
    """The latest campaigns of a division, and of those in it and around it; `after` says how many of the latest are
    left out."""
    table = TABLES.campaigns
    found = select(table.c.body).where(_concerns(place)).order_by(table.c.opens.desc(), table.c.id)
    return [msgspec.json.decode(body, type=Campaign) for body in await conn.scalars(found.limit(most).offset(after))]


async def campaign_count(conn: AsyncConnection, place: str) -> int:
    """How many campaigns a division has, and those in it and around it."""
    return int(await conn.scalar(select(func.count()).select_from(TABLES.campaigns).where(_concerns(place))) or 0)


def _concerns(place: str) -> ColumnElement[bool]:
    around_it = [place_of(place[:length]) for length in range(0, len(place), 2)]
    at = TABLES.campaigns.c.place
    return or_(at.between(place[:6].ljust(6, "0"), place[:6].ljust(6, "9")), at.in_(around_it))


async def campaign(conn: AsyncConnection, id: str) -> Campaign | None:
    """A campaign by its id."""
    found = await _load(conn, TABLES.campaigns, [id], Campaign)
    return found.get(id)


async def village_names(conn: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """The names of villages by the ids that they had from the beginning."""
    found: dict[str, Village] = await _load(conn, TABLES.villages, ids, Village)
    return {id: one.name for id, one in found.items() if one.name}
