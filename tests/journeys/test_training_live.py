"""Training and leave through the real processes: nats-server, four services, Zunyi's pack."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System

ZUNYI = tomllib.loads(Path("shared/policy/packs/zunyi.toml").read_text("utf-8"))
BEGIN = date(2016, 5, 3)
CITY, COUNTY, VILLAGE = "520300", "520302", "520302901201"
IN_THE_CITY = {"place": CITY, "unit": "U1", "name": "某（虚构）"}
IN_THE_VILLAGE = {"place": COUNTY, "village": VILLAGE}
PERSON = {"work_since": "2005-07-01", "born_on": "1980-01-01", "party_member": True, "reserve": False}
ORGAN = {"decided_by": "市委组织部", "body": "organisation"}
COURSE = {
    "place": CITY, "course": "ZY-1", "kind": "poverty_relief", "title": "专题培训班", "first": BEGIN, "last": BEGIN,
    "days": 1, "heads": {"posted": 300}, "held_by": "市委党校", "body": "city",
}  # fmt: skip


async def sent(simulation: Simulation) -> None:
    """A village is surveyed, diagnosed and matched with U1, whose five cadres C1 to C5 are assigned."""
    topics = enumerate(ZUNYI["listing"]["topics"], 1)
    problem, form = {"kind": "problem", "cause": "没有主导产业"}, {"kind": "form"}
    surveys = [
        {**IN_THE_VILLAGE, "number": n, "topic": topic, "on": BEGIN, **(problem if n == 1 else form)}
        for n, topic in topics
    ]
    cadres = [
        {**IN_THE_CITY, "cadre": f"C{n}", "rank": "deputy_division" if n == 1 else "staff", **PERSON}
        for n in range(1, 6)
    ]
    village = {**IN_THE_VILLAGE, "name": "某村（虚构）", "township": "示例镇", "population": 900, "listed": True}
    await post(simulation, "registry", "policies", {"place": CITY, "pack": ZUNYI, "adopted_by": "市委"})
    await post(simulation, "registry", "units", {**IN_THE_CITY, "level": "city", "department": "农业", "strength": 50})
    await post(simulation, "registry", "cadres", *cadres)
    await post(simulation, "registry", "villages", village)
    await post(simulation, "registry", "surveys", *surveys)
    diagnosis = {**IN_THE_VILLAGE, "problem_class": "thin_industry", "body": "county", "decided_by": "县"}
    await post(simulation, "registry", "diagnoses", diagnosis)
    matching = {"place": CITY, "matching": "m1", "asked_by": "市委组织部", "body": "organisation"}
    await post(simulation, "dispatch", "matchings", matching)
    assigned = {**IN_THE_VILLAGE, "assigned_by": "市委组织部", "body": "organisation"}
    await post(simulation, "dispatch", "assignments", assigned)


async def post(simulation: Simulation, service: str, path: str, *rows: dict[str, Any]) -> None:
    await simulation.post(service, path, f"{path}-1", json.loads(json.dumps(rows, default=str)))


async def test_2_12_who_is_sent_is_trained_through_the_real_processes(tmp_path: Path) -> None:
    async with System(tmp_path, kind="demo") as system:
        await system.ready()
        async with Simulation(system) as simulation:
            await simulation.pass_day(BEGIN)
            await sent(simulation)
            await post(simulation, "dispatch", "courses", COURSE)
            system.kill("dispatch")
            who = [{"unit": "U1", "cadre": f"C{n}"} for n in range(1, 5)]
            attendance = {"place": CITY, "course": "ZY-1", "attended": who, "recorded_by": "市委党校", "body": "city"}
            await post(simulation, "dispatch", "attendances", attendance)
            (task,) = [task for task in await simulation.tasks() if task.action == "attendances"]
            assert (task.about, task.role, task.due) == (VILLAGE, "county", date(2016, 11, 3))
            leave = {**IN_THE_VILLAGE, "cadre": "C2", "kind": "maternity", "first": BEGIN, "last": date(2016, 8, 8)}
            await post(simulation, "dispatch", "leaves", {**leave, "asked_by": "工作队", "body": "team"})
            decided = {**IN_THE_VILLAGE, "number": 1, "granted": True, **ORGAN}
            await post(simulation, "dispatch", "leave-decisions", decided)
            await simulation.pass_day(date(2016, 8, 9))
            awaited = {task.action: task.role for task in await simulation.tasks()}
            assert (awaited["replacements"], awaited["leave-returns"]) == ("unit", "organisation")
            await post(
                simulation, "dispatch", "leave-returns", {**IN_THE_VILLAGE, "number": 1, "returns": True, **ORGAN}
            )
            months = {task.detail for task in await simulation.tasks() if task.action == "presences"}
            assert months == {"2016-05", "2016-06", "2016-07"}
            await simulation.pass_day(date(2016, 11, 4))
            async with httpx.AsyncClient(base_url=system.url("dispatch", CITY), timeout=60, trust_env=False) as client:
                told = (await client.get(f"/v1/journal/{VILLAGE}")).json()
                (count,) = (await client.get("/v1/course-counts/52", params={"year": 2016})).json()
                (course,) = (await client.get("/v1/courses", params={"place": CITY})).json()
    types = [one["type"].removeprefix("dispatch.") for one in told]
    assert [one for one in types if one.startswith("member.")] == ["member.left.v1", "member.replaced.v1"]
    assert types.count("presence.missed.v1") == 5, "the township has said nothing of five months"
    missed = [one for one in told if one["type"] == "dispatch.training.missed.v1"]
    assert [(one["data"]["missing"], one["data"]["owed_by"]) for one in missed] == [(1, "county")]
    assert count == {"kind": "poverty_relief", "holder": "city", "courses": 1, "heads": {"posted": 300}}
    assert course["id"] == "5203/ZY-1" and "C1" not in json.dumps(course), "names are for operators alone"
