"""The due process of outcomes, from the fact that gives rise to one to the clean record afterwards."""

import runpy
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.world import World
from services.incentives.model.commands import HearDefence, LodgeAppeal, WithdrawDecision
from services.incentives.model.proposal import matches, occasion
from services.incentives.model.record import Record
from shared import chinese, english
from shared.calendar import Span
from shared.contracts import Event, wire_subject
from shared.contracts.dispatch import CommitmentOverdue, TermExtended
from shared.contracts.incentives import (
    AppealDecided,
    DecisionOverdue,
    DecisionServed,
    OutcomeAppealed,
    OutcomeDecided,
    OutcomeDefended,
    OutcomeExpired,
    OutcomeProposed,
)
from shared.contracts.registry import PolicyAdopted
from shared.contracts.values import ROLES
from shared.engine.flow import encode_state
from shared.labels import in_words
from shared.policy import TRIGGERS, PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.incentives.cases import (
    BENXI,
    CITY,
    COUNTY,
    DAY,
    EXAMINED,
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
    released,
    serve,
    step,
    tasks,
    world_with,
)

UNEXAMINED = dict.fromkeys(EXAMINED)
HEARD = {"statement": "放弃陈述申辩", "finding": "与考核情况一致", "accepted": False}

# ---------------------------------------------------------------- what follows from what


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (graded("excellent"), {("commendation", "team", VILLAGE), ("talent_pool", "cadre", "C1")}),
        (graded("excellent", leader=""), {("commendation", "team", VILLAGE)}),
        (graded("competent"), set()),
        (graded("basically_competent"), set()),
        (graded("incompetent"), {("recall", "cadre", "C1")}),
        (graded("incompetent", "bad_opinion"), {("recall", "cadre", "C1"), ("criticism", "team", VILLAGE)}),
        (graded("incompetent", leader=""), set()),
    ],
)
def test_2_15_the_grade_decides_what_is_proposed_and_for_whom(
    world: World, event: Event, expected: set[tuple[str, str, str]]
) -> None:
    hear(world, event)
    assert {(p.kind, p.subject_kind, p.subject) for p in world.said(OutcomeProposed)} == expected


@pytest.mark.parametrize("ground", ["not_resident", "task_missed", "bad_opinion"])
def test_3_10_each_of_the_three_grounds_alone_leads_to_a_proposal_of_criticism(world: World, ground: str) -> None:
    hear(world, graded("competent", ground))
    (proposed,) = world.said(OutcomeProposed)
    assert (proposed.kind, proposed.clause) == ("criticism", "S3:第四项")
    assert proposed.evidence == (f"inspection.assessment.graded {VILLAGE}/2014", f"triggers {ground}")


def test_1_6_an_overdue_rectification_leads_to_a_talk_with_the_unit_by_the_discipline_inspection(world: World) -> None:
    hear(world, overdue(times=1), overdue(times=2))
    first, second = world.said(OutcomeProposed)
    assert (first.kind, first.subject, first.place) == ("talk", UNIT[1], COUNTY)
    assert first.outcome != second.outcome, "each time that the order runs out is an occasion of its own"
    assert {role for _, role, _ in tasks(world, UNIT)} == {"discipline"}


def test_3_9_rewards_need_no_defence_and_leave_no_mark(world: World) -> None:
    hear(world, graded("excellent"))
    assert tasks(world, TEAM) == [("decisions", "organisation", TODAY + timedelta(30))]
    with pytest.raises(Refused, match="no defence"):
        hear_defence(world, TEAM)
    with pytest.raises(Refused, match="a sanction only"):
        decide(world, TEAM, imposed=False, tolerated=True)
    decided = decide(world, TEAM, **UNEXAMINED)
    assert decided.imposed
    assert decided.expires is None
    assert decided.appeal_until is None
    assert (tasks(world, TEAM), record(world, TEAM).status) == ([], "clean")


def test_1_15_who_led_the_best_team_is_considered_for_promotion_with_the_evidence(world: World) -> None:
    hear(world, graded("excellent"))
    (proposed,) = [said for said in world.said(OutcomeProposed) if said.subject_kind == "cadre"]
    assert (proposed.kind, proposed.subject, proposed.clause) == ("talent_pool", "C1", "S3:第四项")
    assert proposed.evidence[0] == f"inspection.assessment.graded {VILLAGE}/2014"


def test_3_9_a_released_unit_gets_its_settlement_once_for_each_spell_on_the_list(world: World) -> None:
    hear(world, released(), released(), released(spell=2))
    assert [(p.kind, p.subject) for p in world.said(OutcomeProposed)] == [("settlement", UNIT[1])] * 2


def test_a_fact_that_is_told_again_makes_no_second_proposal(world: World) -> None:
    hear(world, graded("incompetent"))
    hear(world, graded("incompetent"), graded("incompetent", year=2015))
    assert [p.outcome for p in world.said(OutcomeProposed)] == [f"recall/{VILLAGE}/{year}" for year in (2014, 2015)]


TOLD = {
    "inspection.assessment.graded": graded("competent"),
    "inspection.order.overdue": overdue(),
    "dispatch.commitment.overdue": CommitmentOverdue(
        place=COUNTY, village=VILLAGE, kind="ledger", period="2015", step="set", due=TODAY, unit=UNIT[1]
    ),
    "dispatch.term.extended": TermExtended(place=COUNTY, village=VILLAGE, unit=UNIT[1], until=TODAY, extension=1),
    "dispatch.team.released": released(),
}


@pytest.mark.parametrize("trigger", TOLD)
def test_2_15_a_pack_can_attach_an_outcome_to_every_trigger_without_code(trigger: str) -> None:
    assert {*TRIGGERS} == {*TOLD, "inspection.appraisal.graded"}, "which concerns village cadres"
    notice = {
        "kind": "notice",
        "label": "通报",
        "clause": "S3:第四项",
        "on": trigger,
        "subject": "unit",
        "decides": "county",
    }
    world = world_with(outcomes=[notice])
    hear(world, TOLD[trigger])
    assert tasks(world, UNIT) == [("decisions", "county", TODAY + timedelta(30))]


AT = f"村{VILLAGE}"
SAID = [
    (TOLD["inspection.assessment.graded"], f"{AT}，2014年度", f"village {VILLAGE}, 2014"),
    (overdue(order=f"2105-unannounced-2014-04-01/{VILLAGE}"), f"2014年4月1日季度暗访对{AT}下达的整改，第1次逾期",
     f"the order to village {VILLAGE} after the unannounced campaign of 1 April 2014, overdue for the time 1"),
    (TOLD["dispatch.commitment.overdue"], f"{AT}工作台账定账，{chinese.day(TODAY)}到期",
     f"ledger of village {VILLAGE}, due on {english.day(TODAY)}"),
    (TOLD["dispatch.term.extended"], f"{AT}，延长至{chinese.day(TODAY)}",
     f"village {VILLAGE}, until {english.day(TODAY)}"),
    (TOLD["dispatch.team.released"], f"{AT}第1次列入", f"village {VILLAGE}, time 1 on the list"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "zh", "en"), SAID)
def test_2_15_what_gave_rise_to_an_outcome_is_told_in_words(event: Event, zh: str, en: str) -> None:
    told = in_words("outcome", f"recall/{occasion(event)}", parse_pack(BENXI))
    assert told == (f"召回（{zh}）", f"recall ({en})")


def test_1_2_the_same_letter_overdue_in_a_second_spell_is_another_occasion() -> None:
    notice = {
        "kind": "notice",
        "label": "通报",
        "clause": "S3:第四项",
        "on": "dispatch.commitment.overdue",
        "subject": "unit",
        "decides": "county",
    }
    world = world_with(outcomes=[notice])
    first, second = (
        CommitmentOverdue(
            place=COUNTY, village=VILLAGE, kind="letter", period="term", step="set", due=due, unit=UNIT[1]
        )
        for due in (date(2014, 7, 20), date(2016, 7, 20))
    )
    hear(world, first, first, second)
    assert len({p.outcome for p in world.said(OutcomeProposed)}) == len(world.said(OutcomeProposed)) == 2


def test_2_3_the_unit_that_helps_answers_for_no_list_of_leaders_who_are_bound_to_the_village() -> None:
    notice = {
        "kind": "notice",
        "label": "通报",
        "clause": "S3:第四项",
        "on": "dispatch.commitment.overdue",
        "subject": "unit",
        "decides": "county",
    }
    world = world_with(outcomes=[notice])
    for link in ("leader", None):
        hear(
            world,
            CommitmentOverdue(
                place=COUNTY, village=VILLAGE, kind="list_cadres", period="2016", step="set", due=TODAY, unit=UNIT[1],
                owed_by="unit", link=link,
            ),
        )  # fmt: skip
        assert len(world.said(OutcomeProposed)) == (0 if link else 1), "the leaders may belong to another unit"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"grade": "competent"}, True),
        ({"grade": ["excellent", "competent"]}, True),
        ({"grade": ["excellent"]}, False),
        ({"triggers": ["bad_opinion", "task_missed"]}, True),
        ({"triggers": "not_resident"}, False),
        ({"triggers": []}, False),
        ({"year": [2014], "triggers": ["bad_opinion"]}, True),
        ({"year": [2015], "triggers": ["bad_opinion"]}, False),
    ],
)
def test_2_15_a_condition_compares_values_lists_and_both(when: dict[str, Any], expected: bool) -> None:
    assert matches(when, graded("competent", "bad_opinion", "task_missed")) is expected


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"on": "inspection.assessment.grated"}, "none of"),
        ({"when": {"grades": ["incompetent"]}}, "no grades"),
        ({"on": "dispatch.team.released", "when": {}}, "no leader"),
        ({"defence": None}, "needs defence"),
        ({"appeals": []}, "needs defence, and appeals if on a person"),
        ({"kind": "talk"}, "talk occurs twice"),
    ],
)
def test_2_20_a_pack_that_would_never_propose_or_would_deny_due_process_is_refused(
    change: dict[str, Any], complaint: str
) -> None:
    outcomes = [outcome | change if outcome["kind"] == "recall" else outcome for outcome in BENXI["outcomes"]]
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_pack({**BENXI, "outcomes": outcomes})


# ---------------------------------------------------------------- defence and decision


def test_sanctions_law_43_no_sanction_before_the_subject_was_heard_or_its_time_is_over(world: World) -> None:
    hear(world, graded("incompetent"))
    last = TODAY + timedelta(10)
    assert tasks(world, LEADER) == [("defences", "organisation", last)]
    world.pass_days(last)
    with pytest.raises(Refused, match=str(last)) as refused:
        decide(world, LEADER)
    assert refused.value.status == 409
    world.pass_days(last + DAY)
    assert tasks(world, LEADER) == [("decisions", "organisation", last + timedelta(31))]
    assert decide(world, LEADER).imposed


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("asleep", [False, True])
def test_2_20_a_decision_that_nobody_makes_in_time_is_told_once_and_stays_awaited(heard: bool, asleep: bool) -> None:
    """Days that were missed move nothing: the time for the defence and that for the decision end on their own days."""
    world = world_with()
    hear(world, graded("incompetent"))
    if heard:
        hear_defence(world, LEADER)
    due = TODAY + timedelta(30 if heard else 41)
    if not asleep:
        world.pass_days(due)
        assert not world.said(DecisionOverdue)
        assert tasks(world, LEADER) == [("decisions", "organisation", due)]
    world.today = due if asleep else world.today
    for today in (due + DAY, due + timedelta(90)):
        world.pass_days(today)
        (late,) = world.said(DecisionOverdue)
        assert (late.outcome, late.decides, late.due) == (f"recall/{VILLAGE}/2014", "organisation", due)
        assert late.is_sealed(), "it is about a person"
    assert tasks(world, LEADER) == [("decisions", "organisation", due)]
    assert decide(world, LEADER).imposed, "late is better than never"
    world.command("incentives", withdraw_late(world))
    world.pass_days(world.today + timedelta(31))
    assert [said.due for said in world.said(DecisionOverdue)] == [due, world.today - DAY], "it is owed anew"


def withdraw_late(world: World) -> WithdrawDecision:
    said = {"reason": "文号有误", "body": "organisation", "decided_by": "市委组织部2015年第4号"}
    return step(WithdrawDecision, LEADER, only(world, LEADER), **said)  # type: ignore[no-any-return]


def test_2_20_who_is_heard_late_gives_nobody_more_time_to_decide(world: World) -> None:
    hear(world, graded("incompetent"))
    world.pass_days(TODAY + timedelta(20))
    owed = tasks(world, LEADER)
    hear_defence(world, LEADER)
    assert tasks(world, LEADER) == owed == [("decisions", "organisation", TODAY + timedelta(41))]


def test_2_20_a_decision_in_time_is_never_overdue(world: World) -> None:
    hear(world, graded("excellent"))
    decide(world, TEAM)
    world.pass_days(TODAY + timedelta(400))
    assert [said.subject for said in world.said(DecisionOverdue)] == ["C1"], "only the other proposal is left"


def test_sanctions_law_43_a_defence_opens_the_decision_and_may_come_late_but_not_after_it(world: World) -> None:
    hear(world, graded("incompetent"), overdue())
    hear_defence(world, LEADER)
    hear_defence(world, LEADER)
    assert len(world.said(OutcomeDefended)) == 1, "hearing the same defence again changes nothing"
    decide(world, LEADER)

    world.pass_days(TODAY + timedelta(30))
    hear_defence(world, UNIT)
    decide(world, UNIT, body="discipline")
    assert len(world.said(OutcomeDefended)) == 2

    world = world_with()
    hear(world, graded("incompetent"))
    world.pass_days(TODAY + timedelta(30))
    decide(world, LEADER)
    with pytest.raises(Refused, match="may ask for a review"):
        hear_defence(world, LEADER)


@pytest.mark.parametrize("missing", EXAMINED)
def test_1_14_no_sanction_until_each_of_the_three_distinctions_is_examined(world: World, missing: str) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    with pytest.raises(Refused) as refused:
        decide(world, LEADER, **{missing: None})
    assert (refused.value.rule, refused.value.status, refused.value.field) == ("1.14", 422, missing)
    assert not world.said(OutcomeDecided)


def test_1_14_a_tolerated_error_leaves_no_mark(world: World) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    with pytest.raises(Refused, match="tolerance") as refused:
        decide(world, LEADER, tolerated=True)
    assert (refused.value.field, refused.value.status) == ("tolerated", 422)
    with pytest.raises(Refused, match="none of the three") as refused:
        decide(world, LEADER, imposed=False, tolerated=True)
    assert (refused.value.field, refused.value.status) == ("tolerated", 422)
    decided = decide(world, LEADER, imposed=False, tolerated=True, exploration=True)
    assert (decided.tolerated, decided.expires, decided.appeal_until) == (True, None, None)
    assert decided.distinctions == ("exploration",)
    after = record(world, LEADER)
    assert (after.status, after.due, tasks(world, LEADER)) == ("clean", None, [])
    assert after.cases[decided.outcome].status == "tolerated"


def test_2_20_only_the_body_that_the_pack_names_decides(world: World) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    with pytest.raises(Refused, match="a matter of the organisation department") as refused:
        decide(world, LEADER, body="county")
    assert refused.value.status == 422
    decided = decide(world, LEADER)
    assert (decided.kind, decided.clause, decided.decided_by) == (
        "recall",
        "S3:第四项",
        "组织部门：本组决〔2015〕3号",
    )


def test_5_9_an_outcome_is_decided_once(world: World) -> None:
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    decide(world, LEADER, imposed=False)
    with pytest.raises(Refused, match="2015-01-10") as refused:
        decide(world, LEADER)
    assert refused.value.status == 409


def test_an_outcome_that_nobody_proposed_is_unknown(world: World) -> None:
    for subject in (LEADER, TEAM):
        with pytest.raises(Refused) as refused:
            world.command("incentives", step(HearDefence, subject, "recall/nowhere/2014", **HEARD))
        assert refused.value.status == 404
        hear(world, graded("excellent"))


def test_2_20_bodies_of_another_division_do_not_act_but_a_subject_appeals_from_where_it_serves(world: World) -> None:
    hear(world, graded("incompetent"))
    outcome = only(world, LEADER)
    for place in (COUNTY, "210522"):
        with pytest.raises(Refused, match="division 210500") as refused:
            world.command("incentives", step(HearDefence, LEADER, outcome, place=place, **HEARD))
        assert (refused.value.status, refused.value.field) == (422, "place")
    hear_defence(world, LEADER)
    decide(world, LEADER)
    serve(world, LEADER)
    with pytest.raises(Refused, match="division 210500"):
        world.command("incentives", step(LodgeAppeal, LEADER, outcome, place="210522"))
    world.command("incentives", step(LodgeAppeal, LEADER, outcome, place=COUNTY))
    assert len(world.said(OutcomeAppealed)) == 1


def test_a_new_pack_does_not_change_the_terms_of_what_was_proposed(world: World) -> None:
    hear(world, graded("incompetent"))
    pack = {**BENXI, "version": "2", "effective_from": TODAY, "outcomes": []}
    hear(world, PolicyAdopted(place=CITY, version="2", adopted_by="市委组织部", pack=pack), graded("excellent"))
    assert len(world.said(OutcomeProposed)) == 1
    hear_defence(world, LEADER)
    decided = decide(world, LEADER)
    assert decided.expires == date(2017, 1, 10)
    assert decided.effect == "recall", "the dispatch learns from the event what the new pack knows nothing of"


def test_2_20_every_step_says_what_the_outcome_does_by_its_own_terms(world: World) -> None:
    hear(world, graded("incompetent", "bad_opinion"))
    decided = recalled(world)
    world.command("incentives", step(LodgeAppeal, LEADER, decided.outcome))
    answer_appeal(world, LEADER, overturned=True)
    said = {(type(fact.event), fact.event.kind, fact.event.effect) for fact in world.facts}  # type: ignore[attr-defined]
    steps = (OutcomeProposed, OutcomeDefended, OutcomeDecided, DecisionServed, OutcomeAppealed, AppealDecided)
    assert said == {*((of, "recall", "recall") for of in steps), (OutcomeProposed, "criticism", "record")}


def test_personal_cases_are_sealed_and_those_of_units_and_teams_open(world: World) -> None:
    hear(world, graded("incompetent", "bad_opinion"), overdue())
    for subject, body in ((LEADER, "organisation"), (TEAM, "organisation"), (UNIT, "discipline")):
        hear_defence(world, subject)
        decide(world, subject, body=body)
    serve(world, LEADER)
    world.command("incentives", step(LodgeAppeal, LEADER, only(world, LEADER)))
    answer_appeal(world, LEADER, overturned=False)
    world.pass_days(TODAY + timedelta(800))
    assert len(world.facts) == 3 * 3 + 4
    for fact in world.facts:
        root = "zhucun-sealed.v1" if getattr(fact.event, "subject", "") == "C1" else "zhucun.v1"
        assert wire_subject(fact.event).startswith(f"{root}.21.05.21.incentives.")


# ---------------------------------------------------------------- appeal and impact


def test_civil_servant_law_95_an_appeal_is_in_time_for_thirty_days_and_then_refused_with_the_date(
    world: World,
) -> None:
    decided = recalled(world)
    last = case(world, LEADER).appeal_until
    assert last == TODAY + timedelta(30)
    world.pass_days(last + DAY)
    with pytest.raises(Refused, match=str(last)) as refused:
        world.command("incentives", step(LodgeAppeal, LEADER, decided.outcome))
    assert refused.value.status == 409

    world = world_with()
    recalled(world)
    world.pass_days(last)
    world.command("incentives", step(LodgeAppeal, LEADER, decided.outcome))
    (appealed,) = world.said(OutcomeAppealed)
    assert appealed.answer_until == last + timedelta(30)
    assert tasks(world, LEADER) == [("appeal-decisions", "organisation", appealed.answer_until)]


def test_civil_servant_law_95_only_what_was_imposed_can_be_appealed_and_only_once(world: World) -> None:
    hear(world, graded("incompetent"))
    lodge = step(LodgeAppeal, LEADER, only(world, LEADER))
    with pytest.raises(Refused, match="no decision"):
        world.command("incentives", lodge)
    hear_defence(world, LEADER)
    decide(world, LEADER)
    serve(world, LEADER)
    with pytest.raises(Refused, match="no appeal"):
        answer_appeal(world, LEADER, overturned=True)
    world.command("incentives", lodge)
    world.command("incentives", lodge)
    assert len(world.said(OutcomeAppealed)) == 1
    answer_appeal(world, LEADER, overturned=False)
    with pytest.raises(Refused, match="higher organ"):
        world.command("incentives", lodge)


def test_civil_servant_law_96_an_appeal_neither_suspends_nor_aggravates(world: World) -> None:
    decided = recalled(world)
    before = record(world, LEADER)
    assert before.status == "marked"
    world.command("incentives", step(LodgeAppeal, LEADER, decided.outcome))
    assert case(world, LEADER).expires == decided.expires, "the impact period runs on"
    with pytest.raises(Refused, match="a matter of the organisation department"):
        answer_appeal(world, LEADER, overturned=False, body="county")
    answer_appeal(world, LEADER, overturned=False)
    after = record(world, LEADER)
    serve(world, LEADER)
    after = record(world, LEADER)
    assert (after.due, after.status, tasks(world, LEADER)) == (before.due, "marked", [])
    assert after.cases[decided.outcome].expires == decided.expires


def test_civil_servant_law_96_an_overturned_decision_ends_at_once(world: World) -> None:
    decided = recalled(world)
    world.command("incentives", step(LodgeAppeal, LEADER, decided.outcome))
    answer_appeal(world, LEADER, overturned=True)
    assert [a.overturned for a in world.said(AppealDecided)] == [True]
    after = record(world, LEADER)
    assert (after.status, after.due, after.cases[decided.outcome].status) == ("clean", None, "overturned")
    world.pass_days(decided.expires + 2 * DAY)
    assert not world.said(OutcomeExpired), "what was overturned has nothing left that could expire"


def test_2_20_the_record_is_clean_from_the_day_after_the_impact_period(world: World) -> None:
    decided = recalled(world)
    assert decided.expires == date(2017, 1, 10)
    world.pass_days(decided.expires)
    assert record(world, LEADER).status == "marked"
    world.pass_days(decided.expires + DAY)
    assert [e.outcome for e in world.said(OutcomeExpired)] == [decided.outcome]
    assert (record(world, LEADER).status, record(world, LEADER).due) == ("clean", None)
    assert list(record(world, LEADER).cases) == [decided.outcome], "what is over stays as history"


def test_an_appeal_is_still_answered_when_the_impact_period_ends_first() -> None:
    outcomes = [o | {"impact": {"calendar_days": 5}} if o["kind"] == "recall" else o for o in BENXI["outcomes"]]
    world = world_with(outcomes=outcomes)
    decided = recalled(world)
    world.pass_days(decided.expires + DAY)
    world.command("incentives", step(LodgeAppeal, LEADER, decided.outcome))
    assert record(world, LEADER).status == "open"
    answer_appeal(world, LEADER, overturned=True)
    assert record(world, LEADER).status == "clean"


def test_1_6_every_outcome_of_a_subject_has_its_own_clock(world: World) -> None:
    hear(world, overdue(times=1))
    world.pass_days(TODAY + timedelta(5))
    hear(world, overdue(times=2))
    second_until = TODAY + timedelta(12)
    world.pass_days(TODAY + timedelta(8))
    assert tasks(world, UNIT) == [
        ("decisions", "discipline", TODAY + timedelta(38)),
        ("defences", "discipline", second_until),
    ]


# ---------------------------------------------------------------- whatever happens

SUBJECTS = st.sampled_from([TEAM, LEADER, UNIT])
MOVES = st.one_of(
    st.tuples(st.just("hear"), SUBJECTS),
    st.tuples(
        st.just("decide"), SUBJECTS, st.booleans(), st.booleans(), st.sampled_from(["organisation", "discipline"])
    ),
    st.tuples(st.just("serve"), SUBJECTS),
    st.tuples(st.just("appeal"), SUBJECTS),
    st.tuples(st.just("answer"), SUBJECTS, st.booleans(), st.sampled_from(["organisation", "discipline"])),
    st.tuples(st.just("wait"), st.integers(1, 200)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MOVES, max_size=30))
def test_2_20_whatever_people_try_due_process_holds(moves: list[tuple[Any, ...]]) -> None:
    world = world_with()
    hear(world, graded("incompetent", "task_missed"), overdue())
    when: dict[tuple[type[Event], str], date] = {}
    for name, *said in moves:
        told = len(world.facts)
        try:
            if name == "wait":
                world.pass_days(world.today + timedelta(said[0]))
            elif name == "hear":
                hear_defence(world, said[0])
            elif name == "decide":
                decide(world, said[0], imposed=said[1], unintended=said[2] or None, body=said[3], decided_by=said[3])
            elif name == "serve":
                serve(world, said[0], body="organisation")
            elif name == "appeal":
                world.command("incentives", step(LodgeAppeal, said[0], only(world, said[0])))
            else:
                answer_appeal(world, said[0], overturned=said[1], body=said[2])
        except Refused:
            assert len(world.facts) == told, "a refusal tells nothing"
        for fact in world.facts[told:]:
            key = (type(fact.event), fact.event.outcome)  # type: ignore[attr-defined]
            assert key not in when or key[0] is DecisionServed, "no step of an outcome is taken twice"
            when.setdefault(key, world.today)

    for proposed in world.said(OutcomeProposed):
        outcome = proposed.outcome
        decisions = world.said(OutcomeDecided, outcome=outcome)
        for decided in decisions:
            heard = when.get((OutcomeDefended, outcome), date.max)
            assert min(heard, proposed.defence_until + DAY) <= when[OutcomeDecided, outcome]
            body = "discipline" if proposed.kind == "talk" else "organisation"
            assert decided.decided_by.partition("：")[0] == ROLES[body][0]
            assert decided.imposed == bool(decided.expires) or proposed.subject_kind != "cadre"
        if appealed := when.get((OutcomeAppealed, outcome)):
            assert appealed <= world.said(DecisionServed, outcome=outcome)[0].appeal_until
        if expired := when.get((OutcomeExpired, outcome)):
            assert expired > decisions[0].expires
            overturned = any(appeal.overturned for appeal in world.said(AppealDecided, outcome=outcome))
            assert not overturned or expired <= when[AppealDecided, outcome]
    assert all(isinstance(parked.error, Refused) for parked in world.services["incentives"].parked)


NEAR = "210522100201"
FROM_INSPECTION = (
    graded("incompetent", "bad_opinion"),
    overdue(),
    overdue(order=f"half_year-2014/{NEAR}", village=NEAR),
)
FROM_DISPATCH = (TOLD["dispatch.commitment.overdue"], released(village=NEAR), TOLD["dispatch.term.extended"])


@given(st.permutations(FROM_INSPECTION + FROM_DISPATCH))
def test_what_services_say_on_one_day_leads_to_the_same_records_in_any_order(events: list[Event]) -> None:
    def states(order: Any) -> set[bytes]:
        world = world_with()
        hear(world, *order)
        return {encode_state(state) for state in world.services["incentives"].states.values()}

    assert states(events) == states(FROM_INSPECTION + FROM_DISPATCH)


def test_a_unit_that_serves_two_cities_has_one_record_in_whatever_order_they_speak() -> None:
    far = "210621100201"
    documents = {**BENXI["documents"], "S3": {"title": "丹东市驻村工作办法", "jurisdiction": "2106"}}
    pack = {**BENXI, "jurisdiction": "2106", "version": "2106-2014.1", "documents": documents}
    adopted = PolicyAdopted(place="210600", version=pack["version"], adopted_by="丹东市委组织部", pack=pack)

    def kept(*events: Event) -> bytes:
        world = world_with()
        hear(world, adopted, *events)
        assert sorted(p.place for p in world.said(OutcomeProposed)) == [COUNTY, "210621"]
        return encode_state(record(world, UNIT))

    assert kept(overdue(), released(village=far)) == kept(released(village=far), overdue())


def test_a_record_survives_being_stored(world: World) -> None:
    decided = recalled(world)
    world.command("incentives", step(LodgeAppeal, LEADER, decided.outcome))
    kept = record(world, LEADER)
    assert msgspec.json.decode(encode_state(kept), type=Record) == kept


def test_a_case_of_an_earlier_version_keeps_its_time_for_the_decision() -> None:
    change = runpy.run_path("services/incentives/migrations/0005_when.py")["_record"]
    terms = {name: part for name, part in BENXI["outcomes"][1].items() if name != "decide_by"}
    before = {"terms": {**terms, "within": {"working_days": 12}}, "village": VILLAGE, "place": COUNTY, "evidence": [],
            "proposed_on": "2016-01-04", "status": "decidable", "decidable_on": "2016-01-04"}  # fmt: skip
    kept = change(
        {
            "id": f"team:{VILLAGE}",
            "place": COUNTY,
            "subject_kind": "team",
            "subject": VILLAGE,
            "cases": {"criticism/x": before},
        }
    )
    record = msgspec.convert(kept, Record, strict=False)
    decide_by = record.cases["criticism/x"].terms.decide_by
    assert (decide_by.after, decide_by.within) == ("defence", Span(working_days=12))
    assert change(kept) == kept, "what is said in the words of today is as it was"
