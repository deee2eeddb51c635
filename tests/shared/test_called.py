"""Every service knows what villages are called, and shows the name beside the code."""

from collections.abc import Sequence
from datetime import date
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from sqlalchemy import select

from deploy.demo.regions.benxi.story import CITY, PACK, POLICY
from services.dispatch.model.link import Link
from services.inspection.model.verification import Verification
from shared.contracts.calendar import DayPassed
from shared.contracts.inspection import AssessmentGraded
from shared.contracts.registry import PolicyAdopted, VillageRecoded, VillageRegistered
from shared.engine import store
from shared.engine.deliveries import handle, hear_names
from shared.engine.pipeline import Pipeline
from shared.rules import State
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web import http
from shared.web.token import operator_headers
from tests.support.process import delivery
from tests.support.servers import engine_with

SECRET = b"s"
ID = "210521100201"
VILLAGE: dict[str, Any] = {"place": "210521", "village": ID}
NAMED = VillageRegistered(**VILLAGE, name="上石村", township="碱厂镇", population=900)
RENAMED = VillageRegistered(**VILLAGE, name="新石村", township="碱厂镇", population=900)
MOVED = VillageRecoded(**VILLAGE, code="210522100299", since=date(2015, 2, 1), document="民政局〔2015〕1号")
BACK = VillageRecoded(place="210522", village=ID, code=ID, since=date(2015, 3, 1), document="民政局〔2015〕2号")


async def send(_stream: str, _messages: Sequence[Message]) -> None:
    """Nobody hears it."""


async def health() -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(
    ("service", "state", "form"),
    [
        ("dispatch", Link(id=f"{ID}/team", place="210521", stage="matched", spell=1, unit="U1"), "assignments"),
        (
            "inspection",
            Verification(
                id=ID, place="210521", attempt=1, sampled=("H1", "H2"), by="inspection", drawn_on=date(2015, 3, 1)
            ),
            "verifications",
        ),
    ],
)
async def test_a_village_has_its_present_name_beside_its_code_in_forms_and_tasks(
    service: str, state: State, form: str, tmp_path: Path
) -> None:
    wiring, api = (import_module(f"services.{service}.{part}") for part in ("app", "api"))
    engine = await engine_with(f"sqlite+aiosqlite:///{tmp_path}/{service}.sqlite3", wiring.SERVICE.tables)
    pipeline = Pipeline(wiring.SERVICE, engine, Relay(send), "http://localhost/schemas")
    await pipeline.start()
    adopted = PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委")
    events = (DayPassed(day=date(2015, 3, 2)), adopted, NAMED, NAMED, RENAMED)
    await handle(pipeline, OPEN, [delivery(event, n) for n, event in enumerate(events, 1)])
    async with engine.begin() as conn:
        await store.save_states(conn, wiring.SERVICE.tables, [state])
        assert await store.recoded(conn, wiring.SERVICE.tables) == [], "its own id is no alias"
    app: Any = http.build(pipeline, api.COMMANDS, api.QUERIES, health, SECRET)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = operator_headers(SECRET)
    async with httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers) as client:
        issued = await client.get(f"/v1/templates/{form}")
        [task] = (await client.get("/v1/tasks", params={"words": True})).json()
    for n, event in enumerate((MOVED, BACK), 9):
        await handle(pipeline, OPEN, [delivery(event, n)])
        async with engine.connect() as conn:
            assert await store.recoded(conn, wiring.SERVICE.tables) == [("210522", ID)]
            assert await store.names(conn, wiring.SERVICE.tables, [ID, "210521100999"]) == {ID: "新石村"}
    await engine.dispose()
    page = openpyxl.load_workbook(BytesIO(issued.content)).worksheets[0]
    heads = [str(cell.value).partition("\n")[0] for cell in page[1]]
    assert page.cell(2, heads.index("村名") + 1).value == "新石村"
    assert task["words"]["about"] == ["新石村（210521100201）", "新石村 (210521100201)"]


async def test_what_villages_are_coded_is_heard_again_by_a_service_that_did_not_keep_it_before(tmp_path: Path) -> None:
    """A village moved to another county before the upgrade. What is told of it there is handled, and not parked."""
    wiring = import_module("services.incentives.app")
    engine = await engine_with(f"sqlite+aiosqlite:///{tmp_path}/incentives.sqlite3", wiring.SERVICE.tables)
    pipeline = Pipeline(wiring.SERVICE, engine, Relay(send), "http://localhost/schemas")
    await pipeline.start()
    adopted = PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委")
    known = [delivery(event, n) for n, event in enumerate((DayPassed(day=date(2015, 3, 2)), adopted, NAMED), 1)]
    await handle(pipeline, OPEN, known)
    await hear_names(pipeline, [*known, delivery(MOVED, 4)])
    grade = AssessmentGraded(
        place="210522", village=ID, year=2014, unit="U1", leader="C1", score=50, grade="incompetent", triggers=(),
        decided_by="市委组织部",
    )  # fmt: skip
    await handle(pipeline, OPEN, [delivery(grade, 5)])
    async with engine.connect() as conn:
        parked = (await conn.execute(select(wiring.SERVICE.tables.dead_letters.c.id))).scalars().all()
        assert await store.recoded(conn, wiring.SERVICE.tables) == [("210522", ID)]
    assert parked == []
    await engine.dispose()
