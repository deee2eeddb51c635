"""A village's households and their helpers through the real processes: nats-server, four services, an Excel form."""

import asyncio
import json
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.forms import fill
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from services.dispatch.forms import FORMS
from shared.policy import parse_pack
from shared.web.token import operator_headers

ZUNYI = tomllib.loads(Path("shared/policy/packs/zunyi.toml").read_text("utf-8"))
BEGIN = date(2016, 11, 3)
CITY, COUNTY, VILLAGE = "520300", "520302", "520302901201"
IN_THE_CITY = {"place": CITY, "unit": "U1", "name": "某（虚构）"}
PERSON = {"work_since": "2005-07-01", "born_on": "1980-01-01", "party_member": True, "reserve": False}
HOUSES = [f"H{n}" for n in range(1, 41)]


async def registered(simulation: Simulation) -> None:
    """A village with forty poor households, and a unit with a leader and a clerk."""
    poor = [{"household": id, "persons": 4, "income": 1200, "secured": True} for id in HOUSES]
    village = {"place": COUNTY, "village": VILLAGE, "name": "某村（虚构）", "township": "示例镇", "population": 900}
    rows: dict[str, list[dict[str, Any]]] = {
        "policies": [{"place": CITY, "pack": ZUNYI, "adopted_by": "市委"}],
        "units": [{**IN_THE_CITY, "level": "city", "department": "农业", "strength": 50}],
        "cadres": [
            {**IN_THE_CITY, "cadre": id, "rank": rank, **PERSON}
            for id, rank in (("C1", "deputy_division"), ("C2", "staff"))
        ],
        "villages": [{**village, "listed": True}],
    }
    for path, sent in rows.items():
        await simulation.post("registry", path, f"before-{path}", json.loads(json.dumps(sent, default=str)))
    facts = {"place": COUNTY, "village": VILLAGE, "year": 2016, "households": poor, "recorded_by": "镇政府"}
    # Sent as it is, since the simulation fills in forms of villages that owe them.
    async with httpx.AsyncClient(base_url=simulation.system.url("registry"), timeout=60, trust_env=False) as client:
        answer = await client.post("/v1/households", json=[facts], headers={"Idempotency-Key": "before-households"})
        answer.raise_for_status()


async def gaps(client: httpx.AsyncClient, missing: int) -> list[dict[str, Any]]:
    """The gaps, once they are so many households: what the registry told takes a moment to arrive."""
    async with asyncio.timeout(30):
        while True:
            told: list[dict[str, Any]] = (await client.get("/v1/gaps", params={"place": COUNTY})).json()
            if sum(gap["missing"] for gap in told) == missing:
                return told
            await asyncio.sleep(0.1)


async def test_0_2_2_2_households_get_helpers_by_form_through_the_real_processes(tmp_path: Path) -> None:
    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            await simulation.pass_day(BEGIN)
            await registered(simulation)
            operator = operator_headers(system.folder.secret.read_bytes())
            url = system.url("dispatch", CITY)
            async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
                (gap,) = await gaps(client, 40)
                assert (gap["village"], gap["households"]) == (VILLAGE, 40)
                (task,) = [task for task in await simulation.tasks() if task.action == "pairings"]
                assert (task.about, task.role, task.due) == (VILLAGE, "township", BEGIN + timedelta(30))
                assert (await client.get("/v1/pairings")).status_code == 401, "who lacks a helper is not told openly"
                assert (await client.get("/v1/templates/pairings")).status_code == 409, "nor asked in a form for all"
                issued = await client.get("/v1/templates/pairings", params={"rows": 1}, headers=operator)
                pair = {"household": None, "unit": "U1", "cadre": "C1"}
                rows = [{"village": VILLAGE, "pairs": {**pair, "household": id, "cadre": f"C{2 - (n < 3)}"},
                         "decided_by": "镇党委"} for n, id in enumerate(HOUSES)]  # fmt: skip
                filled = fill(issued.content, FORMS["pairings"].form([parse_pack(ZUNYI)]), rows)
                system.kill("dispatch")
                await system.ready()
                report = await client.post(
                    "/v1/imports/pairings", content=filled, headers={"Idempotency-Key": "pairs-form-1"}
                )
                assert report.json()["applied"] and not report.json()["counts"]["bad"], report.text
                assert not await gaps(client, 0)
                (village,) = (await client.get("/v1/pairings", headers=operator)).json()
                assert len(village["circles"]["household_helper"]["helped"]) == 40
                gone = {"place": CITY, "cadre": "C2", "reason": "退休", "decided_by": "市委组织部"}
                await simulation.post("registry", "cadre-withdrawals", "gone-1", [gone])
                (gap,) = await gaps(client, 37)
                assert gap["due"] == str(BEGIN + timedelta(30)), "the households lack a helper from that day on"
                await simulation.pass_day(date(2016, 12, 31))
                told = (await client.get(f"/v1/journal/{VILLAGE}")).json()
                all_told = (await client.get(f"/v1/journal/{VILLAGE}", headers=operator)).json()
    names = [one["type"].removeprefix("dispatch.").removesuffix(".v1") for one in told]
    assert [name for name in names if "gap" in name] == ["gap.found", "gap.closed", "gap.found"]
    assert not [name for name in names if "households" in name], "names of households and cadres are sealed"
    sealed = [one["data"] for one in all_told if ".households." in one["type"]]
    assert [len(data["pairs"]) for data in sealed] == [40, 37], "one event for a village, whatever the number of pairs"
