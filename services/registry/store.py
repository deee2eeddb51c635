"""Queries that only the registry needs: for its forms, and for yearbooks, parties, lists and watched households."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import or_, select

from services.registry.model import Baseline, Listing, Party, Register, Village, Yearbook
from services.registry.model.commands import RegisterVillage
from services.registry.model.village import LEFT, LISTED
from shared.contracts import Command
from shared.divisions import around, place_of
from shared.engine.pipeline import Pipeline
from shared.engine.store import load_states, within
from shared.forms import Known
from shared.rules import Refused
from shared.workbook import Note

_STAYS = {
    False: (
        "该村已列入贫困村，填“否”不使其出列，未作改动；出列按程序办理。",
        "The village is on the poverty list and stays there; only the exit procedure takes it off.",
    ),
    True: (
        "该村已出列，填“是”不使其重新列入，未作改动。",
        "The village has left the poverty list, and this does not put it back.",
    ),
}


async def stays(pipeline: Pipeline, commands: Sequence[tuple[Sequence[int], Command]]) -> list[Note]:
    """Warn where a row seems to take a village off the poverty list, or to put it back. The form cannot do either.

    Such a row is a valid registration, so no rule refuses it, but the officer may believe that it changed the list.
    """
    rows = {
        command.village: (numbers[0], command.listed)
        for numbers, command in commands
        if isinstance(command, RegisterVillage)
    }
    villages = pipeline.tables.states[Village]
    async with pipeline.engine.connect() as conn:
        found = await conn.execute(select(villages.c.id, villages.c.status).where(villages.c.id.in_([*rows])))
        stages = {row.id: row.status for row in found}
    notes = []
    for village, stage in stages.items():
        row, listed = rows[village]
        if stage in (LEFT if listed else LISTED):
            zh, en = _STAYS[listed]
            value = "是" if listed else "否"
            notes.append(Note(row=row, column="列入贫困村", value=value, rule="listed", zh=zh, en=en))
    return notes


async def open_surveys(pipeline: Pipeline, place: str) -> list[dict[str, Any]]:
    """The villages of a division whose surveys still take records, each with the number of the next record."""
    villages, baselines = pipeline.tables.states[Village], pipeline.tables.states[Baseline]
    found = (
        select(villages.c.body, baselines.c.body)
        .join(baselines, baselines.c.id == villages.c.id)
        .where(baselines.c.status == "open", baselines.c.place.startswith(place, autoescape=True))
        .order_by(villages.c.id)
    )
    surveys = []
    async with pipeline.engine.connect() as conn:
        async for village_body, baseline_body in await conn.stream(found):
            village = msgspec.json.decode(village_body, type=Village)
            baseline = msgspec.json.decode(baseline_body, type=Baseline)
            row = {"place": village.place, "village": village.id, "name": village.name}
            surveys.append({**row, "number": baseline.survey.next})
    if not surveys:
        raise Refused(
            "3.1",
            "此区划没有正在摸底排查的村，请先列入贫困村",
            "no village of this division is under survey; put it on the list first",
        )
    return surveys


async def yearbooks(pipeline: Pipeline, place: str, since: int, until: int) -> list[Yearbook]:
    """The yearbooks of these years of a division, and of the divisions in it and around it."""
    books = pipeline.tables.states[Yearbook]
    here = or_(*within(books, place[:6]), books.c.place.in_([place_of(code) for code in around(place)]))
    found = select(books.c.body).where(here, books.c.status.between(str(since), str(until)))
    async with pipeline.engine.connect() as conn:
        return [msgspec.json.decode(body, type=Yearbook) for body in await conn.scalars(found)]


async def with_households(pipeline: Pipeline, rows: Sequence[Known]) -> list[Known]:
    """The rows with the ids of the households that are known there."""
    async with pipeline.engine.connect() as conn:
        states = await load_states(conn, pipeline.tables, [(Register, row["village"]) for row in rows])
    known = {id: sorted(register.households) for (_, id), register in states.items() if isinstance(register, Register)}
    return [{**row, "households": known.get(row["village"], [])} for row in rows]


async def with_watched(pipeline: Pipeline, rows: Sequence[Known]) -> list[Known]:
    """The rows with the households that are watched there, each with its next visit."""
    async with pipeline.engine.connect() as conn:
        states = await load_states(conn, pipeline.tables, [(Register, row["village"]) for row in rows])
    known = {id: register.households for (_, id), register in states.items() if isinstance(register, Register)}
    visits = {
        id: [{"household": h, "due": one.watch.review_by} for h, one in sorted(households.items()) if one.watch]
        for id, households in known.items()
    }
    return [{**row, "watched": visits.get(row["village"], [])} for row in rows]


async def watching(pipeline: Pipeline, place: str) -> list[Register]:
    """The registers of a division's villages in which households are watched or proposed for a round."""
    table = pipeline.tables.states[Register]
    found = select(table.c.body).where(*within(table, place), table.c.awaits)
    async with pipeline.engine.connect() as conn:
        return [msgspec.json.decode(body, type=Register) for body in await conn.scalars(found)]


async def listings_of(pipeline: Pipeline, place: str) -> list[Listing]:
    """The listings of a division that have not ended: what is on a list, is proposed for one, or has to be there."""
    table = pipeline.tables.states[Listing]
    async with pipeline.engine.connect() as conn:
        found = await conn.scalars(select(table.c.body).where(*within(table, place), table.c.status != "ended"))
        return [msgspec.json.decode(body, type=Listing) for body in found]


async def parties_of(pipeline: Pipeline, place: str) -> list[Party]:
    """The parties of a division, without persons and without those that were withdrawn."""
    table = pipeline.tables.states[Party]
    found = select(table.c.body).where(*within(table, place), table.c.status != "withdrawn")
    async with pipeline.engine.connect() as conn:
        return [msgspec.json.decode(body, type=Party) for body in await conn.scalars(found)]
