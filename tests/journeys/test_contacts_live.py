"""A leader's link to a village through the real processes: nats-server, four services, Zunyi's pack."""

from datetime import timedelta
from pathlib import Path

import httpx

from deploy.demo.answers import Awaited
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from tests.support.diagnosed import BEGIN, CITY, COUNTY, IN_THE_VILLAGE, VILLAGE, diagnosed

LINK = {**IN_THE_VILLAGE, "kind": "leader", "cadre": "C1", "decided_by": "市委组织部", "body": "organisation"}


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
        "dispatch.link.begun.v1",
        "dispatch.link.ended.v1",
    ]
    assert [link["id"] for link in links] == [f"{VILLAGE}/team"], "who is asked for the teams is not told of leaders"
