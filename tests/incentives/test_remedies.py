"""What the law gives whoever is sanctioned: by status, level after level, from the service of the decision on."""

import runpy
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from deploy.demo.world import World
from services.incentives.model.commands import DecideAppeal, EscalateAppeal, LodgeAppeal, WithdrawDecision
from services.incentives.model.record import Record
from shared.contracts.incentives import (
    AppealDecided,
    AppealEscalated,
    AppealOverdue,
    DecisionServed,
    OutcomeAppealed,
    OutcomeDefended,
)
from shared.policy import PolicyInvalid, parse_pack, renewed
from shared.rules import Refused
from tests.incentives.cases import (
    BENXI,
    CITY,
    DAY,
    LEADER,
    TEAM,
    TODAY,
    UNIT,
    VILLAGE,
    answer_appeal,
    case,
    decide,
    graded,
    hear,
    hear_defence,
    only,
    overdue,
    recalled,
    record,
    serve,
    step,
    tasks,
    world_with,
)


def lodge(world: World, lodged_on: date | None = None) -> None:
    world.command("incentives", step(LodgeAppeal, LEADER, only(world, LEADER), lodged_on=lodged_on))


def escalate(world: World, lodged_on: date | None = None) -> None:
    world.command("incentives", step(EscalateAppeal, LEADER, only(world, LEADER), lodged_on=lodged_on))


def test_5_9_no_time_runs_before_the_decision_is_served(world: World) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    decided = decide(world, LEADER)
    assert decided.appeal_until is None
    assert tasks(world, LEADER) == [("decision-services", "organisation", TODAY + timedelta(10))]
    with pytest.raises(Refused, match="was not served yet"):
        lodge(world)
    world.pass_days(TODAY + timedelta(60))
    serve(world, LEADER, TODAY + timedelta(50))
    (served,) = world.said(DecisionServed)
    assert (served.served_on, served.appeal_until) == (TODAY + timedelta(50), TODAY + timedelta(80))
    assert served.is_sealed(), "it is about a person"
    lodge(world)
    assert len(world.said(OutcomeAppealed)) == 1


def test_5_9_a_decision_that_was_overturned_is_served_no_more(world: World) -> None:
    recalled(world)
    lodge(world)
    answer_appeal(world, LEADER, overturned=True)
    world.pass_days(TODAY + DAY)
    with pytest.raises(Refused, match="no decision is to be served"):
        serve(world, LEADER)
    assert len(world.said(DecisionServed)) == 1 and case(world, LEADER).appeal_until is None


def test_5_9_only_the_second_level_can_be_asked_directly() -> None:
    level = {
        "label": "申诉",
        "rule": "S3:第四项",
        "body": "city",
        "within": {"calendar_days": 15},
        "answer": {"calendar_days": 60},
    }
    first = {**level, "body": "county"}
    outcomes = [
        {**one, "appeals": [first, level, {**level, "body": "province", "direct": {"calendar_days": 30}}]}
        if one["kind"] == "recall"
        else one
        for one in BENXI["outcomes"]
    ]
    with pytest.raises(PolicyInvalid, match="only the second level"):
        parse_pack({**BENXI, "outcomes": outcomes})


@pytest.mark.parametrize("day", [TODAY - DAY, TODAY + 6 * DAY])
def test_5_9_a_service_before_the_decision_or_to_come_is_refused(world: World, day: date) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    decide(world, LEADER)
    world.pass_days(TODAY + 5 * DAY)
    with pytest.raises(Refused, match="the service lies between 2015-01-10 and 2015-01-15") as refused:
        serve(world, LEADER, day)
    assert (refused.value.field, refused.value.status) == ("served_on", 422)
    with pytest.raises(Refused, match="matter of the organisation"):
        serve(world, LEADER, body="county")


def test_5_9_an_answer_is_served_after_it_was_given_and_not_after_the_decision_alone(world: World) -> None:
    recalled(world)
    lodge(world)
    world.pass_days(TODAY + 5 * DAY)
    answer_appeal(world, LEADER, overturned=False)
    with pytest.raises(Refused, match="the service lies between 2015-01-15 and 2015-01-15"):
        serve(world, LEADER, TODAY + 4 * DAY)
    serve(world, LEADER)


def test_5_9_a_day_of_service_that_was_entered_wrongly_is_corrected_until_an_appeal(world: World) -> None:
    recalled(world)
    world.pass_days(TODAY + 5 * DAY)
    for _ in range(2):
        serve(world, LEADER, TODAY + 3 * DAY)
    assert [said.served_on for said in world.said(DecisionServed)] == [TODAY, TODAY + 3 * DAY]
    lodge(world)
    with pytest.raises(Refused, match="no decision is to be served"):
        serve(world, LEADER, TODAY + 4 * DAY)


def test_civil_servant_law_95_after_the_review_comes_an_appeal_to_the_organ_above(world: World) -> None:
    recalled(world)
    lodge(world)
    with pytest.raises(Refused, match="wait for it"):
        escalate(world)
    answer_appeal(world, LEADER, overturned=False)
    assert tasks(world, LEADER) == [("decision-services", "organisation", TODAY + timedelta(10))]
    with pytest.raises(Refused, match="not served yet"):
        escalate(world)
    world.pass_days(TODAY + 2 * DAY)
    serve(world, LEADER)
    last = case(world, LEADER).appeal_until
    assert last == TODAY + timedelta(17), "fifteen days, counted from the service of the answer"
    with pytest.raises(Refused, match=f"higher organ by {last}"):
        lodge(world)
    world.pass_days(last)
    for _ in range(2):
        escalate(world)
    (escalated,) = world.said(AppealEscalated)
    assert (escalated.answers, escalated.answer_until) == ("city", last + timedelta(62)), "the last day is a Saturday"
    assert tasks(world, LEADER) == [("appeal-decisions", "city", escalated.answer_until)]
    with pytest.raises(Refused, match="a matter of the city"):
        answer_appeal(world, LEADER, overturned=True)
    answer_appeal(world, LEADER, overturned=True, body="city")
    assert [said.overturned for said in world.said(AppealDecided)] == [False, True]
    assert (record(world, LEADER).status, case(world, LEADER).status) == ("clean", "overturned")


def test_civil_servant_law_95_what_the_last_organ_leaves_stands_for_good(world: World) -> None:
    recalled(world)
    escalate(world)
    answer_appeal(world, LEADER, overturned=False, body="city")
    serve(world, LEADER, body="city")
    for ask in (lodge, escalate):
        with pytest.raises(Refused):
            ask(world)
    assert (tasks(world, LEADER), record(world, LEADER).status) == ([], "marked")


def test_civil_servant_law_95_the_review_can_be_left_out_for_thirty_days(world: World) -> None:
    recalled(world)
    world.pass_days(TODAY + timedelta(31))
    with pytest.raises(Refused, match="ended on 2015-02-09"):
        escalate(world)
    escalate(world, TODAY + timedelta(30))
    (escalated,) = world.said(AppealEscalated)
    assert escalated.answers == "city" and not world.said(OutcomeAppealed)


@pytest.mark.parametrize(
    ("standing", "levels"),
    [
        ("civil_servant", ["CSL:第九十条", "CSL:第九十条"]),
        ("institution", ["CSL:第九十条", "I14"]),
        ("enterprise", ["CSL:第九十条"]),
        ("village_cadre", ["CSL:第九十条"]),
    ],
)
def test_5_9_the_remedies_follow_from_the_status_of_the_person(world: World, standing: str, levels: list[str]) -> None:
    recalled(world, standing=standing)
    assert [level.rule for level in case(world, LEADER).levels] == levels
    if standing != "civil_servant":
        with pytest.raises(Refused, match="no decision here" if standing == "institution" else "give no such remedy"):
            escalate(world)
    lodge(world)
    answer_appeal(world, LEADER, overturned=False)
    serve(world, LEADER)
    if len(levels) == 1:
        with pytest.raises(Refused, match="give no such remedy"):
            escalate(world)
        with pytest.raises(Refused, match="no higher organ"):
            lodge(world)
    else:
        escalate(world)


def test_5_9_nobody_decides_on_a_person_without_saying_which_law_applies(world: World) -> None:
    hear(world, graded("incompetent", "bad_opinion"))
    hear_defence(world, LEADER)
    hear_defence(world, TEAM)
    with pytest.raises(Refused, match="depend on the status") as refused:
        decide(world, LEADER, standing=None)
    assert (refused.value.field, refused.value.status) == ("standing", 422)
    with pytest.raises(Refused, match="only a person") as refused:
        decide(world, TEAM, standing="civil_servant")
    assert (refused.value.field, refused.value.status) == ("standing", 422)
    decide(world, LEADER, standing=None, imposed=False)


def test_5_9_a_unit_has_no_remedy_of_the_civil_servant_law(world: World) -> None:
    hear(world, overdue())
    hear_defence(world, UNIT)
    decided = decide(world, UNIT, body="discipline")
    assert (decided.appeal_until, decided.expires, tasks(world, UNIT)) == (None, None, [])
    for command in (LodgeAppeal, EscalateAppeal):
        with pytest.raises(Refused):
            world.command("incentives", step(command, UNIT, only(world, UNIT)))


def test_5_9_an_appeal_that_was_handed_in_on_paper_in_time_may_be_entered_late(world: World) -> None:
    recalled(world)
    last = TODAY + timedelta(30)
    world.pass_days(last + timedelta(45))
    for day, why in ((last + DAY, "ended on"), (TODAY - DAY, "between 2015-01-10"), (world.today + DAY, "between")):
        with pytest.raises(Refused, match=why):
            lodge(world, day)
    lodge(world, last)
    (appealed,) = world.said(OutcomeAppealed)
    assert appealed.answer_until == last + timedelta(30), "the organ had it since then"
    world.pass_days(world.today + DAY)
    assert [said.due for said in world.said(AppealOverdue)] == [appealed.answer_until]


@pytest.mark.parametrize("asleep", [False, True])
def test_5_9_an_answer_that_does_not_come_is_told_once_and_opens_the_way_above(asleep: bool) -> None:
    world = world_with()
    recalled(world)
    lodge(world)
    due = case(world, LEADER).answer_until
    assert due
    if not asleep:
        world.pass_days(due)
        assert not world.said(AppealOverdue)
    world.today = due if asleep else world.today
    for today in (due + DAY, due + timedelta(50)):
        world.pass_days(today)
        (late,) = world.said(AppealOverdue)
        assert (late.answers, late.due, late.is_sealed()) == ("organisation", due, True)
    assert tasks(world, LEADER) == [("appeal-decisions", "organisation", due)], "it is still owed"
    escalate(world)
    assert [role for _, role, _ in tasks(world, LEADER)] == ["city"]
    world.pass_days(world.today + timedelta(100))
    assert [said.answers for said in world.said(AppealOverdue)] == ["organisation", "city"]


def test_sanctions_law_43_a_defence_is_kept_and_one_that_holds_must_be_adopted(world: World) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER, accepted=True)
    kept = case(world, LEADER)
    assert (kept.statement, kept.finding, kept.accepted) == ("因路断未能到村", "经核实，当日道路通行", True)
    (told,) = world.said(OutcomeDefended)
    assert "路断" not in str(told), "what a person says in defence is in no event"
    with pytest.raises(Refused, match="nothing can be imposed") as refused:
        decide(world, LEADER)
    assert refused.value.field == "imposed"
    hear_defence(world, LEADER, accepted=False)
    assert len(world.said(OutcomeDefended)) == 1, "it was heard once, and entered anew"
    decide(world, LEADER)


def test_5_9_a_decision_that_nobody_has_received_can_be_taken_back(world: World) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    decide(world, LEADER)
    world.pass_days(TODAY + timedelta(90))
    said = {"reason": "人员录错", "body": "organisation", "decided_by": "市委组织部2015年第9号"}
    world.command("incentives", step(WithdrawDecision, LEADER, only(world, LEADER), **said))
    assert [action for action, *_ in tasks(world, LEADER)] == ["decisions"]


EARLIER: dict[str, Any] = {
    "kind": "recall", "label": "召回", "clause": "S3:第四项", "on": "inspection.assessment.graded", "subject": "cadre",
    "when": {"grade": ["incompetent"]}, "decides": "organisation", "defence": {"calendar_days": 10},
    "decide_by": {"after": "defence", "within": {"calendar_days": 30}}, "impact": {"years": 2}, "effect": "recall",
    "appeal": {"calendar_days": 30}, "answer": {"calendar_days": 20},
}  # fmt: skip


def test_5_9_a_pack_of_an_earlier_version_keeps_its_one_review() -> None:
    outcomes = renewed({**BENXI, "outcomes": [EARLIER]})["outcomes"]
    world = world_with(outcomes=outcomes)
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    decided = decide(world, LEADER, standing=None)
    assert decided.appeal_until == TODAY + timedelta(30), "it counts from the decision, as the pack said"
    lodge(world)
    assert world.said(OutcomeAppealed)[0].answer_until == TODAY + timedelta(20)
    answer_appeal(world, LEADER, overturned=False)
    assert tasks(world, LEADER) == []
    with pytest.raises(Refused, match="no higher organ"):
        lodge(world)


@pytest.mark.parametrize("appeal", ["", "lodged", "upheld"])
def test_5_9_a_case_of_an_earlier_version_goes_on_with_its_review(appeal: str) -> None:
    change = runpy.run_path("services/incentives/migrations/0007_appeals.py")["_record"]
    before = {"terms": EARLIER, "village": VILLAGE, "place": CITY, "evidence": [], "proposed_on": "2014-12-01",
              "status": "imposed", "decided_on": "2015-01-05", "decided_by": "组织部门 1号", "expires": "2017-01-05",
              "appeal_until": "2015-02-04"}  # fmt: skip
    running = {"appeal": appeal, "appealed_on": "2015-01-08", "answer_until": "2015-01-28"} if appeal else {}
    whole = {"id": "cadre:C1", "place": CITY, "subject_kind": "cadre", "subject": "C1",
             "timers": {"clock": "2017-01-06"}, "cases": {"recall/x": {**before, **running}}}  # fmt: skip
    kept = change(whole)
    assert change(kept) == kept
    world = world_with()
    found = msgspec.convert(kept, Record, strict=False)
    world.services["incentives"].states[Record, "cadre:C1"] = found
    assert found.timers["clock"] == (date(2015, 1, 29) if appeal == "lodged" else date(2017, 1, 6))
    if appeal == "":
        lodge(world)
    if appeal == "lodged":
        world.pass_days(date(2015, 1, 29))
        assert len(world.said(AppealOverdue)) == 1
    if appeal == "upheld":
        with pytest.raises(Refused, match="no higher organ"):
            lodge(world)
    else:
        command = step(DecideAppeal, LEADER, "recall/x", overturned=True, body="organisation", decided_by="复核组")
        world.command("incentives", command)
        assert record(world, LEADER).status == "clean"


NEW_LAW = date(2019, 6, 1)


@pytest.mark.parametrize(("day", "cited"), [(NEW_LAW - DAY, "CSL:第九十条"), (NEW_LAW, "CSL18:第九十五条")])
def test_5_9_the_remedies_are_those_of_the_law_on_the_day_of_the_decision(day: date, cited: str) -> None:
    world = world_with()
    world.pass_days(day - 5 * DAY)
    hear(world, graded("incompetent", year=2018))
    hear_defence(world, LEADER)
    world.pass_days(day)
    decide(world, LEADER)
    world.pass_days(NEW_LAW + 3 * DAY)
    serve(world, LEADER)
    assert [level.rule for level in case(world, LEADER).levels] == [cited, cited], "service changes nothing of it"
    lodge(world)
    answer_appeal(world, LEADER, overturned=False)
    serve(world, LEADER)
    escalate(world)
    assert world.said(AppealEscalated)[-1].answers == "city"


def test_5_9_a_decision_that_is_taken_back_and_made_anew_has_the_remedies_of_the_new_day() -> None:
    world = world_with()
    world.pass_days(NEW_LAW - 5 * DAY)
    hear(world, graded("incompetent", year=2018))
    hear_defence(world, LEADER)
    decide(world, LEADER)
    world.pass_days(NEW_LAW)
    said = {"reason": "文号录错", "body": "organisation", "decided_by": "市委组织部"}
    world.command("incentives", step(WithdrawDecision, LEADER, only(world, LEADER), **said))
    decide(world, LEADER)
    assert {level.rule for level in case(world, LEADER).levels} == {"CSL18:第九十五条"}


LAW = {"title": "某法", "jurisdiction": "00"}


def with_law(clause: str | None = None, rule: str | None = None, **days: date) -> dict[str, Any]:
    """Benxi's pack with a document of these days, cited as a ground of the recall or of its only remedy."""
    level = {"label": "复核", "rule": rule, "within": {"calendar_days": 30}, "answer": {"calendar_days": 30}}
    cited = ({"clause": clause} if clause else {}) | ({"appeals": [level]} if rule else {})
    outcomes = [{**one, **(cited if one["kind"] == "recall" else {})} for one in BENXI["outcomes"]]
    return {**BENXI, "documents": {**BENXI["documents"], "L": {**LAW, **days}}, "outcomes": outcomes}


FIRST: date = BENXI["effective_from"]


@pytest.mark.parametrize(
    ("pack", "complaint"),
    [
        (with_law(clause="L:1", since=FIRST + DAY), "not in force yet, or no more, on 2014-06-01"),
        (with_law(clause="L:1", date=FIRST + DAY), "not in force yet"),
        (with_law(clause="L:1", until=FIRST - DAY), "not in force yet, or no more"),
        (with_law(since=FIRST, until=FIRST - DAY), "until a day before it comes into force"),
        (with_law(rule="L:1", since=FIRST + DAY), "from 2014-06-01 on civil_servant, .* have no remedy"),
        (with_law(rule="L:1", until=date(2016, 7, 7)), "from 2016-07-08 on"),
    ],
)
def test_5_9_a_pack_that_rests_on_a_law_of_another_day_is_refused(pack: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_pack(pack)


@pytest.mark.parametrize(
    "pack",
    [
        with_law(clause="L:1", since=FIRST, until=FIRST),
        with_law(clause="L:1", date=FIRST - DAY, since=FIRST),
        with_law(rule="L:1", since=FIRST),
    ],
)
def test_5_9_a_law_of_the_day_may_be_cited(pack: dict[str, Any]) -> None:
    assert parse_pack(pack)


def test_5_9_nothing_is_proposed_by_a_law_that_is_in_force_no_more() -> None:
    world = world_with(**{name: with_law(clause="L:1", until=TODAY)[name] for name in ("documents", "outcomes")})
    hear(world, graded("incompetent"))
    world.pass_days(TODAY + DAY)
    hear(world, graded("incompetent", year=2015))
    assert [outcome for outcome in record(world, LEADER).cases if outcome.startswith("recall")] == [
        f"recall/{VILLAGE}/2014"
    ]


def test_5_9_a_level_for_one_status_alone_leaves_nobody_else_without_a_remedy() -> None:
    level = {"label": "复核", "rule": "S3:第四项", "within": {"calendar_days": 30}, "answer": {"calendar_days": 30}}
    for standings, complaint in (
        (["civil_servant"], "institution, enterprise, village_cadre have no remedy"),
        (["civil_servant", "institution", "enterprise"], "village_cadre have no remedy"),
    ):
        outcomes = [
            {**one, "appeals": [{**level, "standings": standings}]} if one["kind"] == "recall" else one
            for one in BENXI["outcomes"]
        ]
        with pytest.raises(PolicyInvalid, match=complaint):
            parse_pack({**BENXI, "outcomes": outcomes})


def test_5_9_going_on_too_early_from_the_second_level_is_refused_and_a_repetition_is_none() -> None:
    third = {
        "label": "再申诉",
        "rule": "S3:第四项",
        "body": "province",
        "within": {"calendar_days": 15},
        "answer": {"calendar_days": 60},
    }
    outcomes = [
        {**one, "appeals": [*one["appeals"][:2], third]} if one["kind"] == "recall" else one
        for one in BENXI["outcomes"]
    ]
    world = world_with(outcomes=outcomes)
    recalled(world)
    escalate(world)
    escalate(world)
    assert len(world.said(AppealEscalated)) == 1, "the same appeal, entered twice"
    world.pass_days(world.today + DAY)
    with pytest.raises(Refused, match="wait for it"):
        escalate(world)
    escalate(world, world.today - DAY)
    due = case(world, LEADER).answer_until
    assert due and len(world.said(AppealEscalated)) == 1
    world.pass_days(due + DAY)
    escalate(world)
    assert [said.answers for said in world.said(AppealEscalated)] == ["city", "province"]
