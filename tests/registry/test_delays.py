"""A step is late, and the body that the pack has told of it gives it more time, or takes it itself."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.registry.model import Resolution, Village
from services.registry.model import commands as c
from shared.contracts.registry import (
    DecapDelayDecided,
    DelayDecided,
    FundReleased,
    NoticePosted,
    StepOverdue,
    StepTaken,
)
from shared.contracts.values import Role
from tests.registry import decapping
from tests.registry.county import (
    APPROVE,
    AT,
    BENXI,
    DELIST,
    NOTICE,
    VILLAGE,
    WHY,
    County,
    again,
    exit_of,
    of_type,
    pack,
)
from tests.registry.matters import ZUNYI

OF: dict[str, Any] = {**AT, "matter": "2014-9"}
ASK = c.OpenResolution(
    **OF, kind="fund", subject_code="industry", fund=c.Fund(amount=80_000, origin="donation"), opened_by="村党组织"
)
VOTES = {"fund_propose": 3, "fund_discuss": 5, "fund_members_review": 20, "fund_resolve": 40, "fund_gate": 1}
"""How many come and agree to each step that decides."""
GATE_DUE = date(2014, 6, 17)
GATE: dict[str, Any] = {**OF, "step": "fund_gate", "body": "county", "decided_by": "县纪委", "reason": "镇里人手不足"}
MORE = c.DecideDelay(**GATE, takes_over=False, until=date(2014, 6, 25))
TAKE = c.DecideDelay(**GATE, takes_over=True)
BOTH = [("resolution-steps", "township", "2014-9 fund_gate"), ("delay-decisions", "county", "2014-9 fund_gate")]


def step(name: str) -> c.TakeStep:
    votes: Any = dict.fromkeys(("entitled", "present", "agreed"), VOTES.get(name, 0))
    body: Any = "township" if name == "fund_gate" else "village"
    return c.TakeStep(**OF, step=name, **votes, body=body, decided_by="村“两委”")


def matter(county: County) -> Resolution:
    found: Resolution = county.world.state("registry", Resolution, f"{VILLAGE}/2014-9")
    return found


def late(extensions: int | None = 1, until: date = date(2014, 6, 18)) -> County:
    """Money that the township has not looked at in time."""
    steps = [
        {**one, "extensions": extensions} if one["name"] == "fund_gate" and extensions is not None else one
        for one in ZUNYI_FUND["steps"]
    ]
    county = County(pack(procedures=[{**ZUNYI_FUND, "steps": steps}, *BENXI["procedures"][-1:]])).registered()
    county.do(ASK, *(step(name) for name in ("fund_propose", "fund_discuss", "fund_members_review", "fund_resolve")))
    return county.until(until)


[ZUNYI_FUND] = [
    {**one, "steps": [{k: v for k, v in s.items() if k != "extensions"} for s in one["steps"]]}
    for one in ZUNYI
    if one["kind"] == "fund"
]


def test_2_18_the_county_is_asked_what_is_done_about_a_late_gate() -> None:
    assert late(until=GATE_DUE).todo() == BOTH[:1], "its last day counts"
    county = late()
    assert county.todo() == BOTH
    [_, task] = county.tasks
    assert task.answer == {**OF, "step": "fund_gate", "body": "county"} and task.about == AT["village"]


def test_2_18_a_late_gate_gets_more_time_as_often_as_the_pack_says() -> None:
    county = late()
    [decided] = county.do(MORE)
    assert decided == DelayDecided(
        **OF,
        attempt=1,
        kind="fund",
        step="fund_gate",
        until=date(2014, 6, 25),
        reason="镇里人手不足",
        decided_by="县纪委",
    )
    assert county.todo() == BOTH[:1] and county.tasks[0].due == date(2014, 6, 25)
    county.until(date(2014, 6, 26))
    assert [one.due for one in county.world.said(StepOverdue)] == [GATE_DUE, date(2014, 6, 25)]
    assert county.todo() == BOTH, "the county can still take it"
    refused = county.refusal(again(MORE, until=date(2014, 6, 28)))
    assert (refused.status, refused.field) == (409, "until") and "最多延期1次，已延期1次" in refused.zh
    county.do(TAKE)
    assert county.todo() == [("resolution-steps", "county", "2014-9 fund_gate")]


def test_2_18_whoever_took_the_gate_over_owes_it_and_nobody_else_may_take_it() -> None:
    county = late()
    [decided] = of_type(county.do(TAKE), DelayDecided)
    assert decided.taken_by == "county" and decided.until == matter(county).course.take_by == date(2014, 7, 2)
    assert "县" in county.refusal(step("fund_gate")).zh
    assert county.until(date(2014, 6, 20)).do(TAKE) == [] and matter(county).course.take_by == date(2014, 7, 2)
    county.until(date(2014, 7, 3))
    overdue = county.world.said(StepOverdue)[-1]
    assert (overdue.owed_by, overdue.due, overdue.told_to) == ("county", date(2014, 7, 2), None)
    assert county.todo() == [("resolution-steps", "county", "2014-9 fund_gate")]
    by_county = again(step("fund_gate"), body="county", decided_by="县委")
    assert of_type(county.do(by_county), StepTaken)
    assert county.todo() == [("resolution-steps", "village", "2014-9 fund_publish_resolution")], "the next is its own"
    assert of_type(county.do(step("fund_publish_resolution")), FundReleased)


def test_2_18_what_the_county_decided_can_be_decided_otherwise_until_the_step_is_taken() -> None:
    county = late()
    county.do(MORE)
    assert county.do(MORE) == [], "a repetition"
    county.do(again(MORE, until=date(2014, 6, 23)))
    assert (matter(county).course.take_by, matter(county).course.extended) == (date(2014, 6, 23), 1)
    county.do(TAKE)
    assert county.do(TAKE) == [] and matter(county).course.taken_by == "county"
    county.do(MORE)
    assert county.todo() == BOTH[:1] and matter(county).course.extended == 1
    county.do(step("fund_gate"))
    assert county.refusal(MORE).status == 409 and matter(county).course.extended == 0


def test_2_18_more_time_is_never_more_than_the_step_has_however_often_it_is_decided_anew() -> None:
    county = late()
    county.do(MORE)
    county.until(date(2014, 6, 24))
    assert "2014年7月2日" in county.refusal(again(MORE, until=date(2014, 7, 3))).zh, "counted from the first decision"
    county.do(again(MORE, until=date(2014, 7, 2)), TAKE)
    county.until(date(2014, 6, 25))
    assert "2014年7月2日" in county.refusal(again(MORE, until=date(2014, 7, 3))).zh, "nor by taking it over in between"
    county.until(date(2014, 7, 3))
    refused = county.refusal(again(MORE, until=date(2014, 7, 5)))
    assert refused.field == "until" and "最多延期1次，已延期1次" in refused.zh


def test_2_18_the_time_of_whoever_took_over_is_moved_by_new_holidays() -> None:
    county = late()
    county.do(MORE, TAKE)
    assert any("take_by" in one.path for one in matter(county).deadlines)


def test_2_18_a_matter_that_goes_back_is_the_packs_again() -> None:
    county = late()
    county.do(TAKE, again(step("fund_gate"), body="county", decided_by="县委"))
    county.do(c.WithdrawStep(**OF, step="fund_gate", **WHY))
    assert county.todo() == BOTH[:1]


@pytest.mark.parametrize(
    ("command", "status", "field", "said"),
    [
        (again(MORE, until=date(2014, 6, 18)), 422, "until", "2014年7月2日"),
        (again(MORE, until=date(2014, 7, 3)), 422, "until", "2014年7月2日"),
        (again(MORE, until=None), 422, "until", "新的期限"),
        (again(TAKE, until=date(2014, 6, 25)), 422, "until", "新的期限"),
        (again(MORE, body="township"), 422, "body", "县"),
        (again(MORE, step="fund_resolve"), 409, None, "所填环节不在办理中"),
        (again(MORE, matter="2014-99"), 404, "matter", "2014-99"),
        (again(MORE, place="210522"), 422, "place", "210521"),
    ],
)
def test_2_18_a_decision_on_a_delay_that_cannot_be_is_refused(
    command: c.DecideDelay, status: int, field: str | None, said: str
) -> None:
    refused = late().refusal(command)
    assert (refused.status, refused.field) == (status, field) and said in refused.zh


def test_2_18_the_last_possible_day_is_taken() -> None:
    county = late()
    county.do(again(MORE, until=date(2014, 7, 2)))
    assert county.tasks[0].due == date(2014, 7, 2)


def test_2_18_a_gate_that_is_in_time_needs_no_decision() -> None:
    county = late(until=GATE_DUE)
    assert "没有逾期" in county.refusal(MORE).zh and "没有逾期" in county.refusal(TAKE).zh


def test_2_18_without_extensions_the_county_can_only_take_it_over() -> None:
    county = late(extensions=None)
    assert "不能延期" in county.refusal(MORE).zh and county.todo() == BOTH
    county.do(TAKE)


def test_2_18_days_that_were_missed_end_an_extension_all_the_same() -> None:
    county = late()
    county.do(MORE)
    county.until(date(2014, 9, 1))
    assert [one.due for one in county.world.said(StepOverdue)] == [GATE_DUE, date(2014, 6, 25)]


def test_2_18_new_holidays_move_no_day_that_somebody_named() -> None:
    county = late()
    county.do(MORE)
    course = matter(county)
    assert all("take_by" not in one.path for one in course.deadlines)
    assert course.timers == {"step": date(2014, 6, 26)}


def test_4_7_what_the_village_answers_itself_gets_more_time_and_no_other_taker() -> None:
    county = County(pack(procedures=[*ZUNYI[:-1], *BENXI["procedures"][-1:]])).registered()
    asked: Any = {"kind": "question", "subject_code": "finance", "question": "低保为什么停发", "opened_by": "村民"}
    county.do(c.OpenResolution(**OF, **asked))
    county.until(date(2014, 6, 25))
    about: dict[str, Any] = {
        **OF,
        "step": "question_answer",
        "body": "township",
        "decided_by": "镇",
        "reason": "正在核实",
    }
    refused = county.refusal(c.DecideDelay(**about, takes_over=True))
    assert (refused.status, refused.field) == (422, "takes_over") and "自行办理" in refused.zh
    assert [task[:2] for task in county.todo()] == [("resolution-steps", "village"), ("delay-decisions", "township")]
    county.do(c.DecideDelay(**about, takes_over=False, until=date(2014, 7, 4)))
    county.until(date(2014, 7, 5))
    assert [task[:2] for task in county.todo()] == [("resolution-steps", "village")], "nothing is left to be decided"


def upward(name: str, to: Role, **more: Any) -> dict[str, Any]:
    """The exit with a step whose delay is told to a role."""
    delist = next(one for one in BENXI["procedures"] if one["effect"] == "delist")
    return exit_of([{**one, "overdue_to": to, **more} if one["name"] == name else one for one in delist["steps"]])


@pytest.mark.parametrize("stage", ["verified", "decidable"])
def test_5_1_a_late_step_of_an_exit_is_taken_over_and_its_objections_are_anothers(stage: str) -> None:
    name = {"verified": "notice", "decidable": "approve"}[stage]
    county: County = getattr(County(pack(**upward(name, "city"))), stage)()
    due = county.village.exit.take_by  # type: ignore[union-attr]
    assert due is not None
    county.until(due + timedelta(1))
    assert county.todo()[-1] == ("delay-decisions", "city", "")
    about: dict[str, Any] = {**AT, "step": name, "body": "city", "decided_by": "市扶贫办", "reason": "多次催办未果"}
    county.do(c.DecideDelay(**about, takes_over=True))
    if stage == "verified":
        posted = county.do(again(NOTICE, body="city", posted_by="市扶贫办"))
        assert of_type(posted, NoticePosted) and county.village.exit.answers == "county"  # type: ignore[union-attr]
        assert county.refusal(c.DecideDelay(**about, takes_over=True)).status == 409
    else:
        assert county.refusal(APPROVE).field == "body"
        county.do(again(APPROVE, body="city", decided_by="市委"), *DELIST[1:])
        village: Village = county.village
        assert village.stage == "delisted"


def test_1_18_a_late_step_of_a_de_capping_is_decided_on_by_the_body_above() -> None:
    county = decapping.asked()
    state = decapping.state(county)
    steps = tuple(
        type(one)(**{f: getattr(one, f) for f in one.__struct_fields__} | {"overdue_to": "province", "extensions": 2})
        if one.name == "county_city_review"
        else one
        for one in state.course.steps
    )
    county.world.services["registry"].states[type(state), state.id] = state.but(course=state.course.but(steps=steps))
    county.until(date(2015, 1, 5))
    assert county.todo()[-1] == ("decap-delay-decisions", "province", "county_city_review")
    why: dict[str, Any] = {"reason": "年底集中核查", "decided_by": "省扶贫开发领导小组"}
    command = c.DecideDecapDelay(
        **decapping.COUNTY, step="county_city_review", takes_over=False, until=date(2015, 1, 20), body="province", **why
    )
    assert county.do(command) == [
        DecapDelayDecided(
            **decapping.COUNTY,
            attempt=1,
            kind=state.course.kind,
            step="county_city_review",
            until=date(2015, 1, 20),
            **why,
        )
    ]
    assert county.todo() == [("decap-steps", "city", "county_city_review")] and county.tasks[0].due == date(2015, 1, 20)


def test_1_18_no_delay_is_decided_while_the_assessed_county_may_reply() -> None:
    county = decapping.asked()
    state = decapping.state(county)
    steps = tuple(
        msgspec.structs.replace(one, overdue_to="province", extensions=2) if one.name == "county_assess" else one
        for one in state.course.steps
    )
    county.registry.states[type(state), state.id] = state.but(course=state.course.but(steps=steps))
    county.do(decapping.step("county_city_review"))
    due = decapping.state(county).course.take_by
    assert due
    county.until(due + timedelta(1))
    why: dict[str, Any] = {"reason": "年底集中核查", "decided_by": "省扶贫开发领导小组"}
    later = c.DecideDecapDelay(
        **decapping.COUNTY, step="county_assess", takes_over=False, until=due + timedelta(5), body="province", **why
    )
    county.do(later, decapping.step("county_assess"))
    refused = county.refusal(again(later, until=due + timedelta(6)))
    assert refused.status == 409 and "所填环节不在办理中" in refused.zh
