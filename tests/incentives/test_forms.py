"""What the forms of cases show beside the ids: names, so that whoever decides knows whom it concerns."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from deploy.demo.regions.benxi.story import CITY, PACK, POLICY
from services.incentives.app import SERVICE
from services.incentives.forms import FORMS
from services.incentives.model.record import Case, Record
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted, UnitRegistered, VillageRegistered
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web.forms import owed
from shared.web.identity import OPERATOR
from tests.support.process import delivery
from tests.support.servers import engine_with

VILLAGE, PLACE, DAY = "210521902205", "210521", date(2015, 3, 2)
TERMS = replace(POLICY.outcomes[0], story_by="organisation", proposes="leader_group")
AWAITED: Mapping[str, Mapping[str, Any]] = {
    "outcome-motions": {"status": "found", "move_by": DAY},
    "defences": {"status": "proposed", "defence_until": DAY},
    "decisions": {"status": "decidable", "decide_by": DAY},
    "stories": {"status": "imposed", "decided_on": DAY},
    "decision-services": {"status": "imposed", "decided_on": DAY, "serve_by": DAY},
    "appeal-decisions": {"status": "imposed", "appeal": "lodged", "answer_until": DAY},
}


async def _unheard(_stream: str, _messages: Sequence[Message]) -> None:
    """Nobody hears it."""


def unit(name: str) -> UnitRegistered:
    return UnitRegistered(place=CITY, unit="U-1", name=name, level="city", department="财政", strength=50)


@pytest.mark.parametrize("form", AWAITED)
async def test_who_answers_for_a_case_sees_the_names_of_the_unit_and_of_the_village(form: str, tmp_path: Path) -> None:
    engine = await engine_with(f"sqlite+aiosqlite:///{tmp_path}/incentives.sqlite3", SERVICE.tables)
    pipeline = Pipeline(SERVICE, engine, Relay(_unheard), "http://localhost/schemas")
    await pipeline.start()
    heard = (
        DayPassed(day=DAY),
        PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委"),
        unit("市财政厅"),
        unit("市财政局"),
        VillageRegistered(place=PLACE, village=VILLAGE, name="大石沟村", township="碱厂镇", population=700),
    )
    for n, event in enumerate(heard, 1):
        await handle(pipeline, OPEN, [delivery(event, n)])
    case = Case(terms=TERMS, village=VILLAGE, place=PLACE, evidence=(), proposed_on=DAY, **AWAITED[form])
    subjects: tuple[tuple[Any, str], ...] = (("unit", "U-1"), ("unit", "U-2"), ("team", VILLAGE), ("cadre", "U-1"))
    records = [
        Record(id=f"{kind}:{subject}", place=CITY, subject_kind=kind, subject=subject, cases={"talk/1": case})
        for kind, subject in subjects
    ]
    async with engine.begin() as conn:
        await store.save_states(conn, SERVICE.tables, records)
    rows = await owed(pipeline, FORMS[form], CITY[:4], to=OPERATOR)
    await engine.dispose()
    shown = {(row["subject_kind"], row["subject"]): (row["unit_name"], row["name"]) for row in rows}
    assert shown == {
        ("unit", "U-1"): ("市财政局", "大石沟村"),  # The name as it was registered last.
        ("unit", "U-2"): (None, "大石沟村"),
        ("team", VILLAGE): (None, "大石沟村"),
        ("cadre", "U-1"): (None, "大石沟村"),  # A cadre's number is no unit's, also where both are written alike.
    }
