"""Queries that only the registry needs: villages with an open survey, and villages' stages."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.model import Baseline, Village
from shared.engine.tables import Tables


class OpenSurvey(NamedTuple):
    """A village whose survey still takes records."""

    place: str
    village: str
    name: str
    number: int
    """The number for the next record."""


async def stages(conn: AsyncConnection, tables: Tables, ids: Sequence[str]) -> dict[str, str]:
    """The stages of villages by id. Unknown ids are left out."""
    villages = tables.states[Village]
    found = await conn.execute(select(villages.c.id, villages.c.status).where(villages.c.id.in_(ids)))
    return {row.id: row.status for row in found}


async def open_surveys(conn: AsyncConnection, tables: Tables, place: str) -> list[OpenSurvey]:
    """The open surveys of a division, named by the first digits of its code such as `2105`, in order of village."""
    villages, baselines = tables.states[Village], tables.states[Baseline]
    found = (
        select(villages.c.body, baselines.c.body)
        .join(baselines, baselines.c.id == villages.c.id)
        .where(baselines.c.status == "open", baselines.c.place.startswith(place, autoescape=True))
        .order_by(villages.c.id)
    )
    surveys = []
    async for village_body, baseline_body in await conn.stream(found):
        village = msgspec.json.decode(village_body, type=Village)
        baseline = msgspec.json.decode(baseline_body, type=Baseline)
        number = max(map(int, baseline.survey.records), default=0) + 1
        surveys.append(OpenSurvey(village.place, village.id, village.name, number))
    return surveys
