"""One story on the real services: another choice, a letter taken back, a departure, and a team that is taken over."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.demo.officers import Officers, Refusal
from deploy.demo.regions.benxi import story
from deploy.demo.regions.benxi.story import CITY, START, Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System

SURVEYED = {"form": 96, "meeting": 64, "household_visit": 640, "problem": 64}


class Desk:
    """An officer who sends one command at a time."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation, self.sent = simulation, 0

    async def send(self, path: str, village: str, **said: Any) -> None:
        self.sent += 1
        place = said.pop("place", village[:6])
        row = {"place": place, **({"village": village} if village else {}), **said}
        await self.simulation.post("dispatch", path, f"officer-{self.sent}", [row])

    async def state(self, service: str, kind: str, id: str) -> Any:
        return (await self.simulation.states(service, kind))[id]

    async def stage(self, village: str) -> str:
        found: str = (await self.state("registry", "villages", village))["stage"]
        return found


async def diagnosed(simulation: Simulation, officers: Officers) -> None:
    """Villages, units and cadres are registered, and every village is surveyed and diagnosed."""
    await simulation.pass_day(START)
    for number, letter in enumerate(officers.diary.letters):
        if letter.on == START:
            await simulation.post(letter.service, letter.path, f"first-{number}", letter.rows)
    for action in ("surveys", "diagnoses"):
        tasks = [task for task in await simulation.tasks() if task.action == action]
        for letter in await officers.answers(tasks):
            await simulation.post(letter.service, letter.path, f"first-{action}", letter.rows)


async def test_a_choice_a_withdrawal_a_departure_and_a_takeover_reach_all_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "SURVEYED", SURVEYED)
    signed = {"body": "organisation", "decided_by": "市委组织部（虚构）", "reason": "录入有误"}
    async with System(tmp_path) as system:
        await system.ready()
        async with Simulation(system) as simulation:
            desk, scenario = Desk(simulation), Benxi(1, 3)
            await diagnosed(simulation, Officers(scenario, simulation))
            await desk.send("matchings", "", place=CITY, matching="2014-1", asked_by="组织部", body="organisation")
            teams = (await desk.state("dispatch", "pools", "2105"))["teams"]
            one, other = sorted(teams)[:2]
            unit = teams[one]["unit"]
            number = unit.removeprefix("U")
            lead, second, third = (f"C{number}-{n}" for n in (4, 2, 3))

            # The cost of another leader is shown before, and told by the event.
            asked: dict[str, Any] = {"unit": unit, "leader": lead, "member": [second]}
            small = msgspec.json.decode(await simulation.get("dispatch", f"/v1/choices/{one}", **asked))
            assert "a team has 3 at least" in str(small["faults"]) and small["cost"] is None
            asked["member"] = [second, third]
            shown = msgspec.json.decode(await simulation.get("dispatch", f"/v1/choices/{one}", **asked))
            assert shown["faults"] == [] and shown["cost"] == shown["proposed"] - shown["score"]
            team = [{"cadre": lead, "role": "leader"}, *({"cadre": c, "role": "member"} for c in (second, third))]
            decided = {**signed, "reason": "原队长家庭困难"}
            await desk.send("choices", one, unit=unit, team=team, **decided)
            chosen = [e for e in await journal(simulation, one) if e["type"] == "dispatch.team.chosen.v1"]
            assert [event["data"]["cost"] for event in chosen] == [shown["cost"]]
            await desk.send("assignments", one, assigned_by="组织部", body="organisation")
            assert (await desk.state("inspection", "supervisions", one))["leader"] == lead

            # A letter that was signed by mistake leads the village back, and is signed again.
            letter = {"kind": "letter", "period": "term", "body": "unit"}
            await desk.send("commitments", one, **letter, items=[{"number": 1, "text": "误"}], set_by="单位")
            assert await desk.stage(one) == "pledged"
            await desk.send("commitment-withdrawals", one, **{**signed, **letter})
            assert await desk.stage(one) == "assigned"
            await desk.send("commitments", one, **letter, items=[{"number": 1, "text": "承诺"}], set_by="单位")
            assert await desk.stage(one) == "pledged"

            # A member who is ill is replaced without a recall; nobody reads why.
            gone = {"cadre": third, "cause": "ill", "until": date(2014, 12, 31)}
            await desk.send("departures", one, **gone, body="organisation", decided_by="市委组织部（虚构）")
            assert (await desk.state("dispatch", "pools", "2105"))["away"] == {third: {"cause": "other", "until": None}}
            assert third not in (await desk.state("inspection", "supervisions", one))["team"]
            fit = f"C{number}-1"
            await desk.send("replacements", one, left=third, cadre=fit, replaced_by="单位", body="unit")
            assert fit in (await desk.state("inspection", "supervisions", one))["team"]
            assert not [e for e in await journal(simulation, one) if "recalled" in e["type"]]

            # A match is taken back, and the team that has been there for a year is taken over.
            await desk.send("match-withdrawals", other, **signed)
            assert await desk.stage(other) == "diagnosed"
            there = teams[other]
            members = [{"cadre": cadre, "role": role} for cadre, role in there["members"].items()]
            with pytest.raises(Refusal, match="not after today"):
                await take_over(desk, other, there["unit"], members, START.replace(year=2015))
            await take_over(desk, other, there["unit"], members, date(2013, 6, 1))
            assert await desk.stage(other) == "pledged"
            assignment = await desk.state("dispatch", "assignments", other)
            assert (assignment["since"], assignment["term_end"]) == ("2013-06-01", "2016-06-01")
            assert assignment["owed"]["letter/term"]["set_on"] == "2013-06-01", "team and ledgers are read together"
            assert assignment == msgspec.json.decode(await simulation.get("dispatch", f"/v1/assignments/{other}"))
            assert (await desk.state("inspection", "supervisions", other))["unit"] == there["unit"]
            dead = [status.dead_letters for status in (await simulation.statuses()).values()]
    assert dead == [0, 0, 0, 0]


async def take_over(desk: Desk, village: str, unit: str, members: list[dict[str, str]], start: date) -> None:
    held = {"kind": "letter", "period": "term", "set_on": start, "set_by": "单位"}
    await desk.send(
        "takeovers", village, unit=unit, team=members, since=start, term_start=start, commitments=[held],
        body="organisation", decided_by="市委组织部（虚构）",
    )  # fmt: skip


async def journal(simulation: Simulation, village: str) -> list[Any]:
    found: list[Any] = msgspec.json.decode(await simulation.get("dispatch", f"/v1/journal/{village}"))
    return found
