"""A case with its clocks, as it is told: to who deals with it, and to whom it concerns."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from deploy.demo.world import World
from services.incentives.forms import FORMS
from services.incentives.model.clocks import CaseTold, Clock, remedies, told, told_in_full
from services.incentives.model.commands import EscalateAppeal, LodgeAppeal
from services.incentives.model.record import Case, Record
from shared.policy import parse_pack
from shared.rules import Refused
from tests.incentives.cases import (
    BENXI,
    DAY,
    LEADER,
    TEAM,
    TODAY,
    answer_appeal,
    case,
    decide,
    graded,
    hear,
    hear_defence,
    only,
    recalled,
    record,
    serve,
    step,
    world_with,
)
from tests.support.persons import DAY as NOW
from tests.support.persons import PLACE, TERMS, VILLAGE, serving

BENXIS = parse_pack(BENXI)


def case_told(world: World) -> CaseTold:
    return told(record(world, LEADER), only(world, LEADER), BENXIS, world.today)


def clock(world: World, name: str) -> Clock:
    (found,) = (one for one in case_told(world).clocks if one.name[0] == name)
    return found


def steps(world: World) -> list[tuple[str, bool]]:
    return [(one.action, one.is_subjects) for one in case_told(world).steps]


def test_5_9_each_clock_has_its_law_and_the_days_that_are_left(world: World) -> None:
    hear(world, graded("incompetent"))
    defence = clock(world, "陈述申辩")
    assert defence.law[0] == "《行政机关公务员处分条例》第三十九条" and defence.whose[0] == "当事人"
    assert defence.left == (defence.until - TODAY).days > 0
    assert steps(world) == [("defences", False)]
    world.pass_days(TODAY + DAY)
    assert clock(world, "陈述申辩").left == defence.left - 1
    hear_defence(world, LEADER)
    assert clock(world, "陈述申辩").left is None, "it is over"
    assert clock(world, "作出决定").whose[0] == "组织部门" and steps(world) == [("decisions", False)]
    decide(world, LEADER)
    assert clock(world, "送达").left == 10 and steps(world) == [("decision-services", False)]
    serve(world, LEADER)
    asking = clock(world, "申请复核")
    assert (asking.left, asking.law[0]) == (30, "《公务员法》第九十条"), "as the law was in 2015"
    assert ("appeals", True) in steps(world)
    world.pass_days(asking.until + DAY)
    assert clock(world, "申请复核").left is None, "a right that was not used in time is over, and nobody is late"


def test_5_9_each_remedy_has_its_own_time_and_who_asked_for_one_waits_for_its_answer(world: World) -> None:
    def remedies_of() -> dict[str, int | None]:
        return {one.name[0]: one.left for one in case_told(world).clocks if one.law[0] == "《公务员法》第九十条"}

    recalled(world)
    assert remedies_of() == {"申请复核": 30, "直接提出申诉": 30}
    world.command("incentives", step(LodgeAppeal, LEADER, only(world, LEADER)))
    assert remedies_of() == {"对复核作出决定": 30}
    answer_appeal(world, LEADER, overturned=False)
    serve(world, LEADER)
    assert remedies_of() == {"申请申诉": 16}, "nobody has asked for it yet, so that no answer has any time"


def test_5_9_what_is_owed_and_late_is_told_as_late(world: World) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    until = clock(world, "作出决定").until
    world.pass_days(until + 3 * DAY)
    assert clock(world, "作出决定").left == -3


@pytest.mark.parametrize("days", [0, 14, 15, 16, 29, 30, 31, 61, 200])
@pytest.mark.parametrize("way", ["served", "lodged", "upheld", "served again", "overturned"])
def test_5_9_a_remedy_is_offered_exactly_when_it_is_taken(world: World, way: str, days: int) -> None:
    recalled(world)
    if way != "served":
        world.command("incentives", step(LodgeAppeal, LEADER, only(world, LEADER)))
    if way in ("upheld", "served again", "overturned"):
        answer_appeal(world, LEADER, overturned=way == "overturned")
    if way == "served again":
        serve(world, LEADER)
    world.pass_days(TODAY + timedelta(days))
    offered = {action for action, _ in remedies(case(world, LEADER), world.today)}
    for action, command in (("appeals", LodgeAppeal), ("appeal-escalations", EscalateAppeal)):
        before = record(world, LEADER)
        try:
            world.command("incentives", step(command, LEADER, only(world, LEADER)))
            taken = record(world, LEADER) != before
        except Refused:
            taken = False
        assert taken == (action in offered), (action, offered)
        if taken:
            break


def kept(id: str, *cases: Case) -> Record:
    kind, _, subject = id.partition(":")
    found = {f"{one.terms.kind}/{VILLAGE}/{2010 + n}": one for n, one in enumerate(cases)}
    return Record(id=id, place=PLACE, subject_kind=kind, subject=subject, cases=found)  # type: ignore[arg-type]


def as_case(status: Any, **more: Any) -> Case:
    return Case(terms=TERMS, place=PLACE, village=VILLAGE, status=status, evidence=(), proposed_on=NOW, **more)


HEARD = as_case("proposed", defence_until=date(2015, 4, 1))
UNTOLD = as_case("decidable", decide_by=date(2015, 4, 1))
OVER = as_case("dropped", decided_on=NOW, decided_by="组织部门：本组决〔2015〕3号")


async def test_5_9_a_body_is_told_of_the_cases_with_which_it_deals_and_nobody_of_his_own(tmp_path: Path) -> None:
    states = [kept("cadre:C1", HEARD), kept(f"team:{VILLAGE}", UNTOLD, OVER), kept("unit:U1", HEARD)]
    async with serving(tmp_path, "incentives", states) as desk:

        async def seen(role: str, asked: str = "", **said: Any) -> list[str]:
            answer = await desk.get(f"/v1/cases?place=210521{asked}", role, **said)
            assert answer.status_code == 200, answer.text
            return [one["record"] for one in answer.json()]

        every = ["cadre:C1", f"team:{VILLAGE}", "unit:U1"]
        assert await seen("organisation/2105") == await seen("discipline/210521") == every
        assert await seen("organisation/2105", "&open_only=false") == sorted([*every, f"team:{VILLAGE}"])
        assert await seen("finance/2105") == [], "it has no part in them"
        assert await seen("organisation/2105", cadre="C1", unit="U1", team=VILLAGE) == []
        assert await seen("organisation/2105", "&limit=1") == every[:1]
        assert await seen("organisation/2105", "&limit=1&after=cadre:C1") == every[1:2]
        assert (await desk.get("/v1/cases?place=210521", "team/2105")).status_code == 403
        assert (await desk.get("/v1/cases?place=210521", "organisation/210522")).status_code == 403
        read = [entry.about for entry in await desk.log() if entry.deed == "GET /v1/cases"]
        assert any("records/cadre:C1" in about for about in read)


async def test_5_9_a_township_is_told_of_the_cases_of_its_own_villages_alone(tmp_path: Path) -> None:
    decided_there = replace(HEARD, terms=replace(HEARD.terms, decides="township"))
    async with serving(tmp_path, "incentives", [kept("village_cadre:K1", decided_there)]) as desk:
        for whose, seen in (
            ({"township": VILLAGE[:9]}, ["village_cadre:K1"]),
            ({"township": "210521999"}, []),
            ({}, []),
        ):
            answer = await desk.get("/v1/cases?place=210521", "township/210521", **whose)
            assert [one["record"] for one in answer.json()] == seen, whose


async def test_5_9_whom_a_case_concerns_is_told_of_it_and_not_before_he_may_know(tmp_path: Path) -> None:
    states = [kept("cadre:C1", HEARD, UNTOLD), kept("cadre:C2", HEARD), kept("unit:U1", HEARD)]
    async with serving(tmp_path, "incentives", states) as desk:

        async def own(role: str, **said: Any) -> list[tuple[str, str]]:
            answer = await desk.get("/v1/own-cases", role, **said)
            assert answer.status_code == 200, answer.text
            return [(one["record"], one["status"][0]) for one in answer.json()]

        (told_of,) = await own("team/210521", cadre="C1", unit="U1", team=VILLAGE)
        assert told_of[0] == "cadre:C1", "the one that waits for the decision is not told yet; nor that of the unit"
        assert [id for id, _ in await own("unit/210521", unit="U1")] == ["unit:U1"]
        assert await own("county/210521") == []
        assert (await desk.client.get("/v1/own-cases")).status_code == 401


async def test_cases_are_no_strangers_to_read_where_nobody_is_asked_who_he_is(tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [kept("cadre:C1", HEARD)], asks=False) as desk:
        for address in ("/v1/cases", "/v1/own-cases"):
            assert (await desk.client.get(address)).status_code in (401, 403)


def test_5_9_whom_a_decision_concerns_reads_it_in_full(world: World) -> None:
    recalled(world)
    full = told_in_full(record(world, LEADER), only(world, LEADER), BENXIS, world.today)
    assert full.title[0].startswith("召回") and full.clause[0].startswith("《本溪市向贫困村选派驻村工作队》")
    assert [zh for zh, _ in full.grounds] == ["评定考核等次", "考核等次：不称职"]
    assert full.statement and full.finding and full.effect[0] == "召回" and full.served_on and full.expires
    review = full.remedies[0]
    assert (review.name, review.by[0], review.within[0]) == ("复核", "组织部门", "30日，遇节假日顺延")
    assert not re.search(r"[a-z]{3,}", " ".join(zh for zh, _ in (*full.grounds, *full.distinctions, full.effect)))


def test_5_9_whoever_decides_sees_clause_facts_and_defence_on_the_form_in_both_languages() -> None:
    world = world_with()
    hear(world, graded("incompetent", "bad_opinion"))
    hear_defence(world, LEADER)
    found = record(world, LEADER)
    (task,) = [one for one in found.tasks(BENXIS) if one.action == "decisions"]
    row = FORMS["decisions"].row(found, task, BENXIS)
    assert row["grounds"] == "评定考核等次；考核等次：不称职" and row["grounds"].en.endswith("grade: incompetent")
    assert row["clause"] == "《本溪市向贫困村选派驻村工作队》第四项" and "item 4" in row["clause"].en
    assert (row["defence"], row["verified"]) == ("因路断未能到村", "经核实，当日道路通行")
    decide(world, LEADER)
    (task,) = [one for one in record(world, LEADER).tasks(BENXIS) if one.action == "decision-services"]
    row = FORMS["decision-services"].row(record(world, LEADER), task, BENXIS)
    assert row["decision"].endswith("本组决〔2015〕3号：召回") and row["decision"].en.endswith(": recall")
    team = told_in_full(record(world, TEAM), only(world, TEAM), BENXIS, TODAY)
    assert ("事由：群众认可度较低", "cause: bad opinion") in team.grounds, "why it is there, and not what it leads to"
