"""A leader's link to a village through the real processes: nats-server, four services, Zunyi's pack."""

import json
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.answers import Awaited
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System

ZUNYI = tomllib.loads(Path("shared/policy/packs/zunyi.toml").read_text("utf-8"))
LEVELS = {"kind": "levels", "label": "三级包联", "rule": "S2:二（一）", "of": ["leader", "team", "household_helper"]}
PACK = {**ZUNYI, "linkages": [LEVELS]}
BEGIN = date(2016, 5, 3)
CITY, COUNTY, VILLAGE = "520300", "520302", "520302901201"
IN_THE_CITY = {"place": CITY, "unit": "U1", "name": "某（虚构）"}
IN_THE_VILLAGE = {"place": COUNTY, "village": VILLAGE}
PERSON = {"work_since": "2005-07-01", "born_on": "1980-01-01", "party_member": True, "reserve": False}
LINK = {**IN_THE_VILLAGE, "kind": "leader", "cadre": "C1", "decided_by": "市委组织部", "body": "organisation"}


async def diagnosed(simulation: Simulation) -> None:
    """A village of the list is surveyed and diagnosed, and a unit with a leader is registered."""
    problem, form = {"kind": "problem", "cause": "没有主导产业"}, {"kind": "form"}
    topics = enumerate(ZUNYI["listing"]["topics"], 1)
    surveys = [{**IN_THE_VILLAGE, "number": n, "topic": topic, "on": BEGIN, **(problem if n == 1 else form)}
               for n, topic in topics]  # fmt: skip
    village = {**IN_THE_VILLAGE, "name": "某村（虚构）", "township": "示例镇", "population": 900, "listed": True}
    rows: dict[str, list[dict[str, Any]]] = {
        "policies": [{"place": CITY, "pack": PACK, "adopted_by": "市委"}],
        "units": [{**IN_THE_CITY, "level": "city", "department": "农业", "strength": 50}],
        "cadres": [{**IN_THE_CITY, "cadre": "C1", "rank": "deputy_division", **PERSON}],
        "villages": [village],
        "surveys": surveys,
        "diagnoses": [{**IN_THE_VILLAGE, "problem_class": "thin_industry", "body": "county", "decided_by": "县"}],
    }
    for path, sent in rows.items():
        await simulation.post("registry", path, f"before-{path}", json.loads(json.dumps(sent, default=str)))


async def owed(simulation: Simulation) -> list[Awaited]:
    return [task for task in await simulation.tasks() if task.action == "links"]


async def linkage(system: System, gaps_only: bool = False) -> list[tuple[str, list[str], int]]:
    """Who answers on each level of the village's linkage, and how many are missing."""
    asked: dict[str, str | bool] = {"place": COUNTY, "gaps_only": gaps_only}
    async with httpx.AsyncClient(base_url=system.url("dispatch", CITY), timeout=60, trust_env=False) as client:
        told = (await client.get("/v1/linkages", params=asked)).json()
    return [(level["kind"], level["cadres"], level["missing"]) for one in told for level in one["levels"]]


async def test_0_7_1_3_2_2_4_2_a_leader_has_a_village_through_the_real_processes(tmp_path: Path) -> None:
    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            await simulation.pass_day(BEGIN)
            await diagnosed(simulation)
            (task,) = await owed(simulation)
            assert (task.about, task.role, task.due) == (VILLAGE, "organisation", BEGIN + timedelta(30))
            system.kill("dispatch")
            await simulation.post("dispatch", "links", "link-1", [{**LINK, "unit": "U1"}])
            assert not await owed(simulation)
            levels = [("leader", ["C1"], 0), ("team", [], 5), ("household_helper", [], 0)]
            assert await linkage(system) == await linkage(system, gaps_only=True) == levels
            await simulation.pass_day(BEGIN + timedelta(1))
            await simulation.post("dispatch", "link-ends", "link-2", [LINK])
            (task,) = await owed(simulation)
            assert task.due == BEGIN + timedelta(31)
            async with httpx.AsyncClient(base_url=system.url("dispatch", CITY), timeout=60, trust_env=False) as client:
                told = (await client.get(f"/v1/journal/{VILLAGE}")).json()
                links = (await client.get("/v1/links", params={"place": COUNTY})).json()
    assert [one["type"] for one in told if ".link." in one["type"]] == [
        "dispatch.link.begun.v1", "dispatch.link.ended.v1",
    ]  # fmt: skip
    assert [link["id"] for link in links] == [f"{VILLAGE}/team"], "who is asked for the teams is not told of leaders"
