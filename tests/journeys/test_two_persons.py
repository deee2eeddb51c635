"""Where the pack says `four_eyes`, a step is another person's than the rest (Internal Control Standard 12).

Every service is asked, by its own rules: an exit and a matter, a case, a team's grade and another subject's.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from deploy.demo.world import World
from services.incentives.model.commands import Decide, DecideAppeal, HearDefence, LodgeAppeal, MoveOutcome
from services.inspection.model.assessment import Assessment, Proposal, Step, Terms
from services.inspection.model.commands import ConfirmGrade, DeliverReport, HoldBallot, VoidInput
from services.registry.model import Resolution, Village
from services.registry.model import commands as c
from shared.contracts import Command
from shared.engine.actors import APART, Actor, is_his
from shared.engine.flow import Cause
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused, State, Task
from shared.web.identity import OPERATOR, Caller, sees
from shared.web.issuers import Holding
from tests.incentives.cases import EXAMINED, LEADER, graded, hear, only, record, serve, world_with
from tests.incentives.cases import step as of_case
from tests.inspection.rated import JALAID, Rating, pack_of, rating
from tests.registry.county import (
    APPROVE,
    BENXI,
    NOTICE,
    REFUSE,
    REQUEST,
    VILLAGE,
    County,
    again,
    exit_of,
    pack,
    verdict,
)
from tests.registry.matters import OPEN, SEVEN, step

PATHS = {
    route.command: route.path
    for service in ("registry", "inspection", "incentives")
    for route in import_module(f"services.{service}.api").COMMANDS
}


def said(world: World, service: str, command: Command, who: str, giver: str = "") -> str:
    """Who says a command: the rule that refuses it, or nothing. `giver` is whose power he uses."""
    own = Actor(pseudonym=who, action=PATHS[type(command)])
    power = Actor(pseudonym=who, giver=giver, action=PATHS[type(command)])
    actor = Actor(pseudonym=who, action=PATHS[type(command)], may=False, powers=(power,)) if giver else own
    world.commands += 1
    id = f"00000000-0000-8000-8000-{world.commands:012}"
    result = world.services[service].take([Cause(id, id, command, actor=actor)], world.today)
    world.services[service].parked.clear()
    world.deliver({service: result.facts})
    refused = [parked.error for parked in result.parked]
    assert all(isinstance(error, Refused) for error in refused), refused
    return "".join(error.rule for error in refused if isinstance(error, Refused))


def with_four_eyes(steps: Iterable[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{**one, **({"four_eyes": True} if one["name"] in names else {})} for one in steps]


EXIT = next(one["steps"] for one in BENXI["procedures"] if one["kind"] == "exit")


def exit_county(*names: str) -> County:
    return County(pack(**exit_of(with_four_eyes(EXIT, *names)))).measured()


@pytest.mark.parametrize("taken", ["request", "notice"])
def test_who_asked_for_an_exit_or_posted_its_notice_does_not_approve_it(taken: str) -> None:
    county = exit_county("approve")
    world = county.world
    assert not said(world, "registry", REQUEST, "li" if taken == "request" else "wu")
    county.hear(verdict())
    assert not said(world, "registry", NOTICE, "li" if taken == "notice" else "wu"), "of which the pack asks nothing"
    county.until(world.today + timedelta(30))
    before = county.village
    assert said(world, "registry", APPROVE, "li") == APART
    assert county.village == before, "what is refused leaves nothing behind"
    assert said(world, "registry", REFUSE, "wu") == APART, "nor does he refuse it"
    assert not said(world, "registry", REFUSE, "he"), "somebody else may"


def test_who_refused_an_exit_may_decide_it_again() -> None:
    """It is his own step that is repeated, not another one of the matter."""
    county = exit_county("approve")
    said(county.world, "registry", REQUEST, "li")
    county.hear(verdict())
    said(county.world, "registry", NOTICE, "li")
    county.until(county.world.today + timedelta(30))
    assert not said(county.world, "registry", REFUSE, "he")
    assert county.village.exit and county.village.exit.hands == {"": ("li",), "notice": ("li",), "approve": ("he",)}


def test_a_matter_is_reviewed_by_another_person_than_those_who_entered_its_votes() -> None:
    [entry] = [one for one in BENXI["procedures"] if one["kind"] == OPEN.kind]
    changed = {**entry, "steps": with_four_eyes(entry["steps"], "township_review")}
    county = County(pack(procedures=[changed if one is entry else one for one in BENXI["procedures"]])).registered()
    world = county.world
    assert not said(world, "registry", OPEN, "li")
    for name in SEVEN[:4]:
        assert not said(world, "registry", step(name), "wu")
    for who in ("li", "wu"):
        assert said(world, "registry", step("township_review"), who) == APART
    assert said(world, "registry", step("township_review"), "he", giver="wu") == APART, "he acts for who took a step"
    assert said(world, "registry", step("township_review"), "wu", giver="he") == APART, "he took one, whose power it be"
    assert not said(world, "registry", step("township_review"), "he")
    assert not said(world, "registry", step("publish_resolution"), "wu"), "of which the pack asks nothing"
    assert said(world, "registry", again(step("township_review")), "he") != APART, "his own step, said once more"


def test_by_another_power_or_his_own_he_may_where_one_of_them_is_free() -> None:
    [entry] = [one for one in BENXI["procedures"] if one["kind"] == OPEN.kind]
    changed = {**entry, "steps": with_four_eyes(entry["steps"], "township_review")}
    county = County(pack(procedures=[changed if one is entry else one for one in BENXI["procedures"]])).registered()
    said(county.world, "registry", OPEN, "li")
    for name in SEVEN[:4]:
        said(county.world, "registry", step(name), "wu", giver="li")
    id = f"{VILLAGE}/{OPEN.matter}"
    matter = county.world.state("registry", Resolution, id)
    assert matter.course.hands["resolve"] == ("wu", "li"), "both are kept: who acted, and whose power it was"
    powers = tuple(Actor(pseudonym="he", giver=giver, action="resolution-steps") for giver in ("li", "zhao"))
    actor = Actor(pseudonym="he", action="resolution-steps", may=False, powers=powers)
    cause = Cause("00000000-0000-8000-8000-000000000999", "x", step("township_review"), actor=actor)
    assert not county.registry.take([cause], county.world.today).parked
    assert county.world.state("registry", Resolution, id).course.hands["township_review"] == ("he", "zhao")


def test_nothing_is_kept_of_who_acts_where_the_pack_asks_for_nothing_or_nobody_is_known() -> None:
    county = County().measured()
    said(county.world, "registry", REQUEST, "li")
    assert county.village.exit and not county.village.exit.hands
    county = exit_county("approve")
    county.do(REQUEST)
    assert county.village.exit and not county.village.exit.hands
    county.hear(verdict())
    county.do(NOTICE)
    county.until(county.world.today + timedelta(30))
    county.do(APPROVE)


def case_world() -> World:
    asked = {"proposes": "leader_group", "propose_within": {"calendar_days": 15}, "four_eyes": True}
    outcomes = [{**one, **(asked if one["kind"] == "recall" else {})} for one in BENXI["outcomes"]]
    world = world_with(outcomes=outcomes)
    hear(world, graded("incompetent"))
    return world


def test_who_proposed_or_heard_does_not_decide_and_who_decided_answers_no_appeal() -> None:
    world = case_world()
    outcome = only(world, LEADER)
    moved = of_case(MoveOutcome, LEADER, outcome, moved=True, body="leader_group", moved_by="领导小组")
    heard = of_case(HearDefence, LEADER, outcome, statement="因路断", finding="道路通行", accepted=False)
    made = of_case(
        Decide, LEADER, outcome, imposed=True, **EXAMINED, body="organisation", decided_by="本组决3号",
        standing="civil_servant",
    )  # fmt: skip
    assert not said(world, "incentives", moved, "li") and not said(world, "incentives", heard, "wu")
    assert [said(world, "incentives", made, who) for who in ("li", "wu", "he")] == [APART, APART, ""]
    serve(world, LEADER)
    lodged = of_case(LodgeAppeal, LEADER, outcome)
    assert not said(world, "incentives", lodged, "he"), "whoever receives it writes it down"
    body = record(world, LEADER).cases[outcome].answers
    answer = of_case(DecideAppeal, LEADER, outcome, overturned=False, body=body, decided_by="复核组")
    assert [said(world, "incentives", answer, who) for who in ("he", "li", "zhao")] == [APART, APART, ""]


def test_who_entered_what_counts_for_a_grade_does_not_grade() -> None:
    entry = {**next(one for one in pack_of(JALAID)["appraisals"] if one["kind"] == "secretary_rating")}
    region = Rating(
        pack=pack_of(
            JALAID,
            appraisals=[{**entry, "four_eyes": True}]
            + [one for one in pack_of(JALAID)["appraisals"] if one["kind"] != "secretary_rating"],
        )
    )
    region = rating(region)
    scores = [
        region.score("secretary_rating", "S1", channel, body, 70, 90)
        for channel, body in (("peers", "township"), ("leaders", "county"), ("committee", "organisation"))
    ]
    for score, who in zip(scores, ("li", "wu", "he"), strict=True):
        assert not said(region, "inspection", score, who)
    assert not said(region, "inspection", region.poll("secretary_rating", "S1", "representatives", 30), "zhao")
    region.pass_days(region.today.replace(year=2016, month=1, day=2))
    grade = region.graded("secretary_rating", "S1", "fair", "organisation", "inactive")
    assert [said(region, "inspection", grade, who) for who in ("li", "wu", "he", "zhao")] == [APART] * 4
    assert not said(region, "inspection", grade, "sun")


def year(**more: Any) -> Assessment:
    terms = Terms(grades=(Step("competent", 0),))
    return Assessment(
        id=f"{VILLAGE}/2014", place="210521", unit="U1", leader="C1", terms=terms, **{"four_eyes": True, **more}
    )


GRADE = ConfirmGrade(
    place="210521", village=VILLAGE, year=2014, grade="competent", body="organisation", decided_by="市委组织部"
)
REPORT = DeliverReport(
    place="210521",
    village=VILLAGE,
    year=2014,
    form="oral",
    body="team",
    delivered_by="工作队",
)
VOID = VoidInput(
    place="210521",
    village=VILLAGE,
    year=2014,
    channel="visits",
    body="organisation",
    reason="没有督查",
    decided_by="市委组织部",
)
BALLOT = HoldBallot(
    place="210521", village=VILLAGE, year=2014, entitled=20, present=15, satisfied=12, body="village", held_by="村"
)


def test_a_teams_grade_and_the_answer_to_a_request_for_its_review_are_two_persons() -> None:
    for action, entered, channel in (("reports", REPORT, "oral"), ("input-voids", VOID, "visits")):
        hand = year().hand(action, entered)
        assert hand and (hand.step, hand.apart) == (channel, False)
    ballot, grade = year().hand("ballots", BALLOT), year().hand("grades", GRADE)
    assert ballot and not ballot.apart and grade and grade.apart
    given = year(proposal=Proposal(80, "competent", "competent", ())).handled(ballot, ("li",)).handled(grade, ("wu",))
    contested = given.but(grade="competent", answer_until=GRADE_BY)
    review = contested.hand("grades", GRADE)
    assert review and contested.hands(review) == {"ballot": ("li",), "grade": ("wu",)} and review.step == "review"
    assert year(four_eyes=False).hand("grades", GRADE) is None
    task = Task(action="grades", about=VILLAGE, role="organisation", due=None, rule="2.15", answer={"year": 2014})
    recused = [who for who in ("li", "wu", "he") if not is_his(Actor(pseudonym=who, action="grades"), contested, task)]
    assert recused == ["li", "wu"]


GRADE_BY = County().world.today


def test_a_step_that_is_anothers_is_no_task_of_who_took_one_before() -> None:
    county = exit_county("approve")
    said(county.world, "registry", REQUEST, "li")
    county.hear(verdict())
    said(county.world, "registry", NOTICE, "wu")
    county.until(county.world.today + timedelta(30))
    village: State = county.world.state("registry", Village, VILLAGE)
    [task] = [one for one in village.tasks(county.policy) if one.action == "approvals"]
    assert task.role == "county"
    held = (Holding("county", "210521"),)
    callers = (Caller(pseudonym=who, own=held, roles=held) for who in ("li", "wu", "he"))
    shown = {who.pseudonym: sees(who, village, task, {}, str) for who in callers}
    assert shown == {"li": False, "wu": False, "he": True}
    assert sees(OPERATOR, village, task, {}, str)


def test_the_refusal_names_the_rule_and_what_to_do_in_both_languages() -> None:
    county = exit_county("notice")
    said(county.world, "registry", REQUEST, "li")
    county.hear(verdict())
    actor = Actor(pseudonym="li", action="notices")
    cause = Cause("00000000-0000-8000-8000-000000000998", "x", NOTICE, actor=actor)
    [parked] = county.registry.take([cause], county.world.today).parked
    county.registry.parked.clear()
    error = parked.error
    assert (
        isinstance(error, Refused) and error.status == 403 and error.basis[0].startswith("《行政事业单位内部控制规范")
    )
    assert "请由本机关其他人员办理" in error.zh and "somebody else" in error.en and "li" not in error.zh


def test_a_pack_asks_for_it_only_of_steps_that_a_person_takes() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(pack(**exit_of(with_four_eyes(EXIT, "verify"))))
    assert "four_eyes" in str(refused.value)


def test_every_step_that_may_be_anothers_is_a_command() -> None:
    """A path that no command has would leave its step to whoever."""
    steps = {*Village.actions.values(), *Resolution.actions.values(), Village.opened_by, Resolution.opened_by}
    assert steps <= set(PATHS.values()) and c.RequestExit in PATHS
