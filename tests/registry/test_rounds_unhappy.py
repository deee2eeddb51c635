"""What goes wrong while a round, a matter or an exit is under way: time-outs, withdrawals, mergers, missed days."""

from datetime import date
from typing import Any

import pytest

from services.registry.model import Resolution, Village
from services.registry.model import commands as c
from shared.contracts.inspection import SampleDrawn
from shared.contracts.registry import (
    ExitRequested,
    ExitWithdrawn,
    ResolutionRejected,
    ResolutionWithdrawn,
    RoundEnded,
    StepOverdue,
    VillageMerged,
)
from tests.registry.county import (
    APPROVE,
    AT,
    BENXI,
    CITY,
    DAY,
    DISMISS,
    NOTICE,
    PLACE,
    VILLAGE,
    County,
    again,
    exit_of,
    household,
    of_type,
    pack,
    verdict,
)
from tests.support.outage import sleep
from tests.support.rounds import MONTH, OF, OPEN, ROUND, answered, noticed, opened, round_of, step

WHY: dict[str, Any] = {"reason": "误录", "decided_by": "镇政府"}
OTHER = "210521100202"
ALL = {"H1": True, "H2": True, "H3": True, "H4": True}
POST = c.PostNotice(**OF, body="village", posted_by="村")
OBJECT = c.RaiseObjection(**OF, objection=1, household="H1", ground="收入不实")
ANSWER = c.DecideObjection(**OF, objection=1, upheld=False, body="township", decided_by="镇")
BACK = c.WithdrawResolution(**OF, **WHY)
STEP_BACK = c.WithdrawStep(**OF, step="appraise", **WHY)


def with_steps(**changes: dict[str, Any]) -> dict[str, Any]:
    """The round with fields of some of its steps changed, by the step's name."""
    return {**ROUND, "steps": [{**one, **changes.get(one["name"], {})} for one in ROUND["steps"]]}


def at_step(name: str, county: County) -> County:
    """The round at its step of this name."""
    ways: dict[str, tuple[Any, ...]] = {
        "appraise": (step("appraise"),),
        "accept": (answered(**ALL),),
        "village_notice": (POST,),
        "review": (),
    }
    for one, commands in ways.items():
        if one == name:
            return county
        county.do(*commands)
        if one == "village_notice":
            county.until(date(2014, 12, 9))
    county.do(step("review"))
    return county


# ------------------------------------------------------------------ time-outs


@pytest.mark.parametrize("late", ["village_notice", "review"])
def test_5_2_a_time_out_leads_back_and_the_repeated_steps_judge_all_again(late: str) -> None:
    county = at_step(late, opened(with_steps(**{late: {"on_timeout": "appraise"}})))
    due = round_of(county).course.take_by
    assert due is not None
    county.until(date(2015, 1, 15))
    [told] = county.world.said(StepOverdue)
    assert (told.step, told.due, told.leads_to, told.owed_by) == (
        late,
        due,
        "decide",
        "village" if late == "village_notice" else "township",
    )
    assert county.todo()[-1] == ("resolution-steps", "village", "2014-1 appraise")
    assert not any(one.accepted for one in round_of(county).course.members.values())
    county.do(step("appraise", left_out=("H4",)), answered(H1=True, H2=True, H3=True))
    assert round_of(county).course.present == ["H1", "H2", "H3"]


def test_5_2_a_time_out_before_households_are_asked_leaves_none_of_them_out() -> None:
    appraise, *rest = ROUND["steps"]
    check = {**appraise, "name": "check", "label": "入户核查", "by": "team", "on_refusal": "appraise"}
    county = opened({**ROUND, "steps": [appraise, {**check, "on_timeout": "appraise"}, *rest]})
    county.do(step("appraise"))
    county.until(date(2015, 1, 15))
    assert [said.leads_to for said in county.world.said(StepOverdue)] == ["decide"]
    assert round_of(county).course.present == ["H1", "H2", "H3", "H4"]


@pytest.mark.parametrize(
    ("command", "field"),
    [(step("appraise", left_out=("H9",)), "left_out"), (answered(H1=True, H9=True), "acceptances")],
)
def test_5_2_a_step_that_names_a_household_of_another_round_is_refused(command: c.TakeStep, field: str) -> None:
    refused = at_step(command.step, opened()).refusal(command)
    assert (refused.field, refused.status) == (field, 422) and "H9" in refused.zh


NOTICE_STEP: dict[str, Any] = {
    "name": "notice", "label": "公示", "kind": "notice", "by": "township", "within": {"calendar_days": 15},
    "notice_for": {"calendar_days": 7}, "answer": {"working_days": 10}, "on_objection": "verify",
}  # fmt: skip
EXIT: list[dict[str, Any]] = [
    {"name": "verify", "label": "核查", "kind": "verify", "by": "inspection", "within": MONTH},
    {**NOTICE_STEP, "on_timeout": "verify"},
    {"name": "approve", "label": "审批", "kind": "decide", "by": "county", "within": {"working_days": 10},
     "on_refusal": "verify", "on_timeout": "verify"},
]  # fmt: skip


@pytest.mark.parametrize("stage", ["verified", "decidable"])
def test_5_1_an_exit_whose_step_is_late_is_verified_again_where_the_pack_says_so(stage: str) -> None:
    county: County = getattr(County(pack(**exit_of(EXIT))), stage)()
    county.until(date(2015, 1, 5))
    [late] = county.world.said(StepOverdue)
    assert (late.leads_to, county.village.stage) == ("verify", "requested")
    asked = county.world.said(ExitRequested)[-1]
    assert (asked.attempt, asked.requested_by) == (2, {"verified": "乡镇", "decidable": "县"}[stage])
    county.hear(verdict(attempt=2))
    assert (county.village.stage, county.todo()) == ("verified", [("notices", "township", "")])
    county.do(NOTICE)
    county.until(county.village.timers["step"]).do(APPROVE)
    assert county.village.stage == "delisted"


def test_5_1_an_exit_that_is_verified_again_keeps_its_steps_though_a_new_pack_changes_them() -> None:
    county = County(pack(**exit_of(EXIT))).verified()
    shorter = {**NOTICE_STEP, "notice_for": {"calendar_days": 3}}
    changed = pack(version="2105-2014.2", effective_from=date(2014, 12, 5), **exit_of([EXIT[0], shorter, EXIT[2]]))
    county.do(c.AdoptPolicy(place=CITY, pack=changed, adopted_by="市委"))
    county.until(date(2014, 12, 20)).hear(verdict(attempt=2))
    [posted] = county.do(NOTICE)
    assert posted.until == date(2014, 12, 27), "seven days, as when the exit was asked for"


# ----------------------------------------------------------------- withdrawals


@pytest.mark.parametrize("name", ["accept", "village_notice", "review", "announce"])
def test_5_2_a_round_is_withdrawn_only_before_its_first_step(name: str) -> None:
    county = at_step(name, opened())
    assert "民主评议" in county.refusal(BACK).zh
    before = opened()
    assert before.do(BACK) == [ResolutionWithdrawn(**OF, **WHY)] and before.todo()[0][0] != "resolution-steps"


@pytest.mark.parametrize("name", ["accept", "village_notice", "review", "announce"])
def test_5_2_a_round_goes_back_step_by_step_to_its_withdrawal(name: str) -> None:
    """From each step the latest one is taken back; where a notice stood meanwhile, what came before it stays."""
    county = at_step(name, opened())
    latest = {"accept": "appraise", "village_notice": "accept", "review": "accept", "announce": "review"}[name]
    take_back = c.WithdrawStep(**OF, step=latest, **WHY)
    if name == "review":
        assert "乡镇审核" in county.refusal(take_back).zh, "people had their chance to object by what was accepted"
        return
    county.do(take_back)
    assert ("resolution-steps", "township" if latest == "review" else "village", f"2014-1 {latest}") in county.todo()
    assert round_of(county).course.present == ["H1", "H2", "H3", "H4"]


def test_3_12_a_matter_on_notice_is_not_withdrawn_over_the_heads_of_those_who_object() -> None:
    first = {"name": "hear", "label": "村内公示", "kind": "notice", "by": "village", "within": MONTH,
             "notice_for": {"calendar_days": 7}, "answer": MONTH, "on_objection": "resolve"}  # fmt: skip
    steps = [
        {"name": "resolve", "label": "村民代表会议决议", "kind": "decide", "by": "village", "within": MONTH},
        {**first, "on_timeout": "resolve"},
        {"name": "agree", "label": "乡镇审批", "kind": "decide", "by": "township", "within": MONTH},
    ]
    plain = {**{k: v for k, v in ROUND.items() if k != "members"}, "effect": "decide", "steps": steps}
    county = County(pack(procedures=[*BENXI["procedures"], plain])).registered()
    county.do(again(OPEN, members=()), step("resolve", entitled=9, present=8, agreed=8), POST)
    assert "村内公示" in county.refusal(c.WithdrawStep(**OF, step="resolve", **WHY)).zh
    county.do(c.RaiseObjection(**OF, objection=1, ground="用途不明"))
    refused = county.refusal(BACK)
    assert "第1号异议" in refused.zh and "objection 1" in refused.en and "村内公示" in refused.zh
    county.do(c.WithdrawObjection(**OF, objection=1, **WHY), c.WithdrawNotice(**OF, **WHY))
    county.do(c.WithdrawStep(**OF, step="resolve", **WHY))
    assert county.do(BACK) == [ResolutionWithdrawn(**OF, **WHY)]


@pytest.mark.parametrize(
    ("command", "place", "village"),
    [
        (BACK, "210522", VILLAGE),
        (BACK, PLACE, OTHER),
        (c.WithdrawStep(**OF, step="appraise", **WHY), "210522", VILLAGE),
    ],
)
def test_5_2_only_the_villages_own_division_withdraws(command: Any, place: str, village: str) -> None:
    county = opened()
    county.do(step("appraise"))
    assert county.refusal(again(command, place=place, village=village)).status in (404, 422)


def test_5_1_after_an_upheld_objection_the_request_may_be_taken_back_until_the_new_draw() -> None:
    county = County().noticed()
    county.do(c.RaiseObjection(**AT, objection=1, ground="收入不实"), again(DISMISS, upheld=True))
    assert county.village.stage == "requested"
    back = c.WithdrawExit(**AT, **WHY)
    county.hear(SampleDrawn(**AT, attempt=1, size=2))
    assert county.do(back) == [ExitWithdrawn(**AT, attempt=2, **WHY)] and county.village.stage == "helped"


# ------------------------------------------- villages that change under an open round


def other_village(county: County) -> County:
    county.do(
        c.RegisterVillage(place=PLACE, village=OTHER, name="下石村", township="小市镇", population=900, listed=True)
    )
    return county


def merge(county: County, into: str) -> c.MergeVillages:
    merged = OTHER if into == VILLAGE else VILLAGE
    return c.MergeVillages(place=PLACE, village=into, merged=(merged,), since=county.world.today,
                           document="辽政〔2014〕9号", decided_by="县政府")  # fmt: skip


def test_5_2_a_village_does_not_end_over_an_objection_that_nobody_has_answered() -> None:
    county = other_village(noticed())
    county.do(OBJECT)
    refused = county.refusal(merge(county, OTHER))
    assert refused.field == "merged" and "第1号异议" in refused.zh and "objection 1" in refused.en
    county.do(ANSWER)
    events = county.do(merge(county, OTHER))
    [ended] = of_type(events, ResolutionWithdrawn)
    assert (ended.matter, "辽政〔2014〕9号" in ended.reason) == ("2014-1", True)
    assert of_type(events, VillageMerged) and round_of(county).status == "withdrawn"
    assert "step" not in round_of(county).timers
    assert county.refusal(step("review")).rule == "identity"


def test_5_2_the_village_that_goes_on_goes_on_with_its_round() -> None:
    county = other_village(noticed())
    county.do(OBJECT)
    county.do(merge(county, VILLAGE))
    assert county.todo()[-1] == ("objection-decisions", "township", "2014-1 1")
    county.do(ANSWER)
    county.until(date(2014, 12, 9)).do(step("review"))
    assert county.do(step("announce"))[1].lifted == 4


def test_5_2_a_round_moves_with_its_village_into_another_division() -> None:
    county = noticed()
    county.do(OBJECT)
    recode = c.RecodeVillage(place=CITY, village=VILLAGE, code="210522100201", since=county.world.today,
                             document="民发〔2014〕3号", decided_by="市政府")  # fmt: skip
    [told] = county.do(recode)
    assert told.matters == ("2014-1",)
    [task] = [task for task in county.tasks if task.action == "objection-decisions"]
    assert task.answer["place"] == "210522", "nobody in the former county is asked for the answer"
    county.until(date(2015, 1, 10))
    assert [late.place for late in county.world.said(StepOverdue)] == ["210522"]
    county.do(again(ANSWER, place="210522"))
    county.do(again(step("review"), place="210522"))
    assert round_of(county).course.step.name == "announce"  # type: ignore[union-attr]


# ---------------------------------------------------------------------- members


def test_5_2_a_household_is_in_one_open_round_at_a_time() -> None:
    county = opened()
    refused = county.refusal(again(OPEN, matter="2014-2", members=("H4", "H9")))
    assert (refused.field, refused.status) == ("members", 409) and "H4" in refused.zh and "2014-1" in refused.en
    county.do(again(OPEN, matter="2014-2", members=("H9",)))
    county.do(step("appraise", left_out=("H4",)))
    county.do(again(OPEN, matter="2014-3", members=("H4",)))
    assert county.todo()[-3:] == [
        ("resolution-steps", "village", "2014-1 accept"),
        ("resolution-steps", "village", "2014-2 appraise"),
        ("resolution-steps", "village", "2014-3 appraise"),
    ]
    assert county.do(again(OPEN, matter="2014-3", members=("H4",))) == [], "sent again it opens nothing"


def test_5_2_a_household_that_is_no_longer_registered_leaves_the_round_at_the_next_step() -> None:
    county = opened()
    county.do(step("appraise"), answered(H1=True, H2=True, H3=True))
    county.do(c.WithdrawHousehold(**AT, household="H4", **WHY))
    [taken] = county.do(answered(H3=True))
    assert (taken.entitled, taken.left_out) == (3, 1), "the last answer that was awaited is awaited no more"
    moved = c.NewVillage(code="210521100301", name="石岭村", township="小市镇", population=50, households=("H3",))
    county.do(
        c.SplitVillage(**AT, parts=(moved,), since=county.world.today, document="辽政〔2014〕9号", decided_by="县政府")
    )
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household("H2", registered=False),), recorded_by="镇",
                                 replaces=county.refusal(c.RecordHouseholds(**AT, year=2014, recorded_by="镇",
                                     households=(household("H2", registered=False),))).version))  # fmt: skip
    county.do(POST)
    county.until(date(2014, 12, 9)).do(step("review"))
    ended = county.do(step("announce"))
    assert [(one.lifted, one.left_out) for one in of_type(ended, RoundEnded)] == [(1, 3)]


def test_5_2_a_round_whose_households_have_all_left_the_register_ends() -> None:
    county = opened()
    county.do(*(c.WithdrawHousehold(**AT, household=id, **WHY) for id in ALL))
    ended = county.do(step("appraise"))
    assert [type(event) for event in ended] == [ResolutionRejected] and round_of(county).status == "rejected"


def test_5_2_nobody_votes_twice_and_no_answer_counts_twice() -> None:
    county = opened()
    vote = step("appraise", entitled=40, present=30, agreed=20)
    county.do(vote)
    assert county.do(vote) == []
    refused = county.refusal(again(vote, agreed=30))
    assert refused.status == 409 and "农户确认" in refused.zh
    county.do(answered(H1=True, H2=False))
    assert county.do(answered(H1=True, H2=False)) == []
    [taken] = county.do(answered(H3=True, H4=True))
    assert (taken.entitled, taken.agreed, taken.left_out) == (4, 3, 1)


# ---------------------------------------------------------- days that were missed


@pytest.mark.parametrize("away", [1, 40, 450])
@pytest.mark.parametrize("on_timeout", [False, True], ids=["awaited", "leads on"])
@pytest.mark.parametrize("name", ["appraise", "accept", "village_notice", "posted", "objected", "review", "announce"])
def test_5_2_days_missed_at_any_step_end_as_if_every_day_had_been_known(name: str, on_timeout: bool, away: int) -> None:
    back = {"on_timeout": "appraise"}
    steps = with_steps(village_notice=back, review=back) if on_timeout else with_steps(accept={"on_timeout": None})

    def told() -> County:
        county = opened(steps)
        at_step(name if name not in ("posted", "objected") else "village_notice", county)
        if name == "accept":
            county.do(answered(H1=True))
        if name in ("posted", "objected"):
            county.do(POST)
        if name == "objected":
            county.do(OBJECT)
        return county

    awake, asleep = told(), told()
    wakes = min(round_of(asleep).timers.values()) + away * DAY
    awake.until(wakes)
    sleep(asleep.world, wakes)
    for state in (Resolution, Village):
        ids = [id for kind, id in awake.registry.states if kind is state]
        assert [awake.world.state("registry", state, id) for id in ids] == [
            asleep.world.state("registry", state, id) for id in ids
        ]
    overdue = asleep.world.said(StepOverdue)
    assert overdue == awake.world.said(StepOverdue) and (overdue or away < 40)
