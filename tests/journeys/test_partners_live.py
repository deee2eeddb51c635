"""Branches and an expert help a village through the real processes: nats-server, four services, Zunyi's pack."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from tests.support.diagnosed import BEGIN, CITY, COUNTY, IN_THE_VILLAGE, VILLAGE, diagnosed

SIGNED = {**IN_THE_VILLAGE, "decided_by": "市委组织部", "body": "organisation"}
PAIR = {**SIGNED, "kind": "branch_pair", "party": "B1", "paired": "B9"}
EXPERT = {**SIGNED, "kind": "expert", "unit": "U1", "cadre": "C1", "skill": "farming"}


def branch(id: str, parent: str, type_: str) -> dict[str, Any]:
    fields = {"type": type_, "members": 12}
    return {"place": COUNTY, "party": id, "kind": "branch", "parent": parent, "name": f"{id}党支部", "fields": fields}


async def test_1_12_2_11_2_17_who_helps_a_village_through_the_real_processes(tmp_path: Path) -> None:
    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            await simulation.pass_day(BEGIN)
            await diagnosed(simulation)
            units = [branch(id, "township:520302901", "joint") for id in ("B1", "B2")]
            own = branch("B9", f"village:{VILLAGE}", "village")
            await simulation.post("registry", "parties", "branches", json.loads(json.dumps([*units, own])))
            await heard(system, "/v1/partners", 3)
            await simulation.post("dispatch", "partners", "pair", [PAIR])
            await simulation.post("dispatch", "links", "expert", [EXPERT])
            (gap,) = await heard(system, "/v1/gaps", 1)
            assert (gap["kind"], gap["missing"], gap["households"]) == ("leader", 1, 0)
            (expert,) = await heard(system, "/v1/experts", 1)
            assert (expert["cadre"], expert["skill"], expert["since"]) == ("C1", "farming", str(BEGIN))
            assert await heard(system, "/v1/experts", 0, skill="finance") == []
            system.kill("dispatch")
            merger = {"place": COUNTY, "party": "B1", "into": "B2", "reason": "重复登记", "decided_by": "县委组织部"}
            await simulation.post("registry", "party-mergers", "merger", [merger])
            await simulation.pass_day(date(2016, 7, 1))
            (bound,) = await heard(system, "/v1/contacts", 1)
            assert bound["bonds"]["branch_pair"]["about"] == {"B2": "B9"}, "it goes on under its other id"
            (asked,) = [task for task in await simulation.tasks() if task.action == "visit-counts"]
            assert (asked.about, asked.role, asked.due) == (VILLAGE, "village", date(2016, 7, 10))


async def heard(system: System, path: str, number: int, **asked: str) -> list[dict[str, Any]]:
    """What the dispatch answers of the county, once it is so much: what was told takes a moment to arrive."""
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=system.url("dispatch", CITY), trust_env=False) as client:
        while True:
            told: list[dict[str, Any]] = (await client.get(path, params={"place": COUNTY, **asked})).json()
            if len(told) == number:
                return told
            await asyncio.sleep(0.1)
