"""A body is asked for its word before others decide: a province on an exit, on money, on a county's de-capping."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model import Resolution, why_not_yet
from services.registry.model import commands as c
from shared.contracts.registry import (
    DecapWordAsked,
    DecapWordGiven,
    ExitApproved,
    ExitRequested,
    ObjectionDecided,
    ResolutionPassed,
    StepOverdue,
    WordAsked,
    WordGiven,
)
from shared.labels import sentence
from shared.policy import Policy, PolicyInvalid, parse_pack
from tests.registry import decapping
from tests.registry.county import APPROVE, AT, BENXI, CITY, DELIST, UPHOLD, County, again, exit_of, of_type, pack
from tests.registry.matters import ZUNYI
from tests.support.rounds import OF, ROUND, answered, opened, round_of, step

DAY = timedelta(1)
ASKING: dict[str, Any] = {
    "name": "province_word",
    "label": "征求省级意见",
    "kind": "ask",
    "by": "province",
    "within": {"calendar_days": 20},
    "on_refusal": "verify",
    "postponements": 1,
}
DELISTING = next(one["steps"] for one in BENXI["procedures"] if one["effect"] == "delist")
GIVE = c.GiveWord(
    **AT, step="province_word", asking=1, word="accepted", body="province", decided_by="省扶贫办〔2014〕5号"
)
LATER = again(GIVE, word="later", until=date(2015, 1, 10), reason="待省级抽查后答复")
REJECT = again(GIVE, word="rejected", reason="饮水工程尚未验收")
DUE = date(2014, 12, 30)


def with_word(**changes: Any) -> dict[str, Any]:
    """Benxi's pack, in which the province is asked after the notice."""
    asks = {field: value for field, value in {**ASKING, **changes}.items() if value is not None}
    return pack(**exit_of([*DELISTING[:2], asks, *DELISTING[2:]]))


def asked(**changes: Any) -> County:
    """The notice has ended on 9 December 2014, and the province is asked."""
    return County(with_word(**changes)).decidable()


def test_an_exit_waits_for_the_word_of_the_province_and_goes_on_with_it() -> None:
    county = asked()
    assert county.world.said(WordAsked) == [
        WordAsked(**AT, attempt=1, kind="exit", step="province_word", asking=1, asked="province", due=DUE)
    ]
    [task] = county.tasks
    assert (task.action, task.role, task.due) == ("words", "province", DUE)
    assert task.answer == {**AT, "step": "province_word", "asking": 1, "body": "province"}
    [reason] = [one for one in why_not_yet(county.village, county.policy) if one.code == "words"]
    assert (reason.zh, reason.mover) == ("待省答复所征求的意见", "province")
    assert "规定须征求意见的，还应先取得答复" in county.refusal(APPROVE).zh
    assert county.do(GIVE) == [
        WordGiven(**AT, attempt=1, kind="exit", step="province_word", asking=1, word="accepted",
                  decided_by="省扶贫办〔2014〕5号")
    ]  # fmt: skip
    assert county.todo() == [("approvals", "county", "")]
    assert of_type(county.do(*DELIST), ExitApproved) and county.village.stage == "delisted"


def test_a_rejection_leads_back_with_its_reason_and_the_province_is_asked_anew_by_another_number() -> None:
    county = asked()
    said = county.do(REJECT)
    assert [type(one) for one in said][:2] == [WordGiven, ObjectionDecided]
    assert (said[0].word, said[0].reason, said[1].back_to) == ("rejected", "饮水工程尚未验收", "verify")
    assert of_type(said, ExitRequested)[0].attempt == 2, "the verification is asked for again"
    assert county.refusal(GIVE).status == 409, "nothing is asked now"
    county = asked(on_refusal="notice")
    county.do(REJECT)
    county.do(c.PostNotice(body="township", **AT, posted_by="镇"))
    county.until(date(2014, 12, 18))
    assert [one.asking for one in county.world.said(WordAsked)] == [1, 2]
    refused = county.refusal(GIVE)
    assert (refused.status, refused.field) == (409, "asking") and "第2次" in refused.zh
    county.do(again(GIVE, asking=2))
    assert county.todo() == [("approvals", "county", "")]


def test_later_puts_the_word_off_as_often_and_as_long_as_the_pack_says() -> None:
    county = asked()
    county.until(date(2014, 12, 25))
    assert county.refusal(again(LATER, until=date(2014, 12, 25))).field == "until", "not today"
    assert "2015年1月19日" in county.refusal(again(LATER, until=date(2015, 1, 20))).zh, "20 days after the last one"
    [said] = county.do(LATER)
    assert (said.word, said.until, said.reason) == ("later", date(2015, 1, 10), "待省级抽查后答复")
    assert [task.due for task in county.tasks] == [date(2015, 1, 10)]
    assert county.do(LATER) == [], "a repetition"
    assert "2015年1月19日" in county.refusal(again(LATER, until=date(2015, 1, 20))).zh
    county.do(again(LATER, until=date(2015, 1, 12)))
    county.until(date(2015, 1, 12))
    assert county.world.said(StepOverdue) == [], "its last day counts, and the earlier one no more"
    county.until(date(2015, 1, 13))
    [late] = county.world.said(StepOverdue)
    assert (late.step, late.due, late.owed_by, late.leads_to) == ("province_word", date(2015, 1, 12), "province", None)
    refused = county.refusal(again(LATER, until=date(2015, 1, 20)))
    assert refused.field == "until" and "最多推迟1次，已推迟1次" in refused.zh
    county.do(GIVE)
    assert county.todo() == [("approvals", "county", "")], "a late word is a word where silence is none"


def test_silence_is_acceptance_only_where_the_pack_says_so_however_many_days_are_missed() -> None:
    waits = asked().until(date(2015, 3, 1))
    assert waits.todo() == [("words", "province", "")] and len(waits.world.said(StepOverdue)) == 1
    county = asked(on_timeout="approve")
    assert county.world.said(WordAsked)[0].silence == "approve"
    county.until(DUE)
    assert county.todo() == [("words", "province", "")]
    county.until(date(2015, 3, 1))
    [late] = county.world.said(StepOverdue)[:1]
    assert (late.due, late.leads_to) == (DUE, "decide")
    assert county.todo() == [("approvals", "county", "")]
    assert "逾期未答复已按规定继续办理" in county.refusal(REJECT).zh
    back = asked(on_timeout="verify").until(DUE + DAY)
    assert back.village.stage == "requested" and back.world.said(StepOverdue)[0].leads_to == "verify"


def test_who_has_accepted_may_say_otherwise_until_the_next_step_has_begun() -> None:
    county = asked()
    county.do(GIVE)
    assert county.do(again(GIVE, decided_by="省扶贫办〔2014〕6号")) == [], "it is accepted already"
    county.do(again(LATER, until=date(2014, 12, 28)))
    assert county.todo() == [("words", "province", "")] and county.tasks[0].due == date(2014, 12, 28)
    county.do(GIVE)
    assert of_type(county.do(REJECT), WordGiven)[0].word == "rejected" and county.village.stage == "requested"
    county = asked()
    county.do(GIVE, APPROVE)
    assert county.refusal(REJECT).status == 409 and county.todo()[0][0] == "approvals"


def test_5_2_the_word_before_households_are_asked_stands_once_one_has_answered() -> None:
    appraise, *rest = ROUND["steps"]
    asks = {**ASKING, "by": "county", "label": "征求县级意见", "name": "county_word", "on_refusal": "appraise"}
    county = opened({**ROUND, "steps": [appraise, asks, *rest]})
    give = again(GIVE, matter=OF["matter"], step="county_word", body="county", decided_by="县扶贫办")
    county.do(step("appraise"), give)
    county.do(answered(H1=True))
    assert county.refusal(again(give, word="rejected", reason="收入不实")).status == 409
    assert round_of(county).course.members["H1"].accepted, "what the household said is kept"


@pytest.mark.parametrize(
    ("command", "status", "field", "said"),
    [
        (again(REJECT, reason=None), 422, "reason", "应当填写理由"),
        (again(GIVE, reason="没有意见"), 422, "reason", "不填理由"),
        (again(LATER, until=None), 422, "until", "应当填写推迟到的日期"),
        (again(GIVE, until=date(2015, 1, 10)), 422, "until", "不填推迟到的日期"),
        (again(GIVE, body="county"), 422, "body", "省"),
        (again(GIVE, asking=2), 409, "asking", "第1次"),
        (again(GIVE, step="approve"), 409, None, "没有在征求意见"),
        (again(GIVE, matter="2014-99"), 404, "matter", "2014-99"),
        (again(GIVE, place="210522"), 422, "place", "210521"),
    ],
)
def test_a_word_that_cannot_be_is_refused(command: c.GiveWord, status: int, field: str | None, said: str) -> None:
    refused = asked().refusal(command)
    assert (refused.status, refused.field) == (status, field) and said in refused.zh


def test_without_postponements_there_is_no_later() -> None:
    assert "不能推迟" in asked(postponements=None).refusal(LATER).zh


def test_an_upheld_objection_leads_back_before_anybody_is_asked() -> None:
    county = County(with_word()).noticed()
    county.do(c.RaiseObjection(**AT, objection=1, ground="收入不实"), UPHOLD)
    assert county.world.said(WordAsked) == [] and county.refusal(GIVE).status == 409


def test_new_holidays_move_the_day_of_the_word_but_none_that_the_province_named() -> None:
    county = asked(within={"working_days": 10})
    assert [one.path for one in county.village.deadlines] == [("exit", "take_by")]
    county.do(again(LATER, until=date(2014, 12, 20)))
    assert county.village.deadlines == ()


# ---------------------------------------------------------------- other subjects


def test_2_18_money_waits_for_a_word_between_the_village_and_the_gate() -> None:
    of: dict[str, Any] = {**AT, "matter": "2014-9"}
    [fund] = [one for one in ZUNYI if one["kind"] == "fund"]
    gate = next(n for n, one in enumerate(fund["steps"]) if one["name"] == "fund_gate")
    asks = {
        **ASKING,
        "by": "county",
        "label": "征求县级意见",
        "name": "county_word",
        "on_refusal": fund["steps"][gate - 1]["name"],
    }
    steps = [*fund["steps"][:gate], asks, *fund["steps"][gate:]]
    county = County(pack(procedures=[{**fund, "steps": steps}, *BENXI["procedures"][-1:]])).registered()
    money = c.Fund(amount=80_000, origin="donation")
    county.do(c.OpenResolution(**of, kind="fund", subject_code="industry", fund=money, opened_by="村党组织"))
    for one in fund["steps"][:gate]:
        votes: Any = dict.fromkeys(("entitled", "present", "agreed"), 3)
        county.do(c.TakeStep(**of, step=one["name"], **votes, body="village", decided_by="村“两委”"))
    [said] = county.world.said(WordAsked)
    assert (said.matter, said.asked, said.kind) == ("2014-9", "county", "fund")
    assert county.todo() == [("words", "county", "2014-9 county_word")]
    taking = c.TakeStep(**of, step="county_word", body="county", decided_by="县", **votes)
    assert "征求意见请用答复命令办理" in county.refusal(taking).zh
    give = again(GIVE, matter="2014-9", step="county_word", body="county", decided_by="县财政局")
    back = county.do(again(give, word="rejected", reason="预算不足"))
    assert of_type(back, ObjectionDecided)[0].back_to == "decide"
    last = fund["steps"][gate - 1]["name"]
    county.do(c.TakeStep(**of, step=last, **votes, body="village", decided_by="村“两委”"))
    assert of_type(county.do(again(give, asking=2)), ResolutionPassed) == [], "the gate decides"
    matter = county.world.state("registry", Resolution, "210521100201/2014-9")
    assert isinstance(matter, Resolution) and matter.course.asked == 2
    assert county.todo() == [("resolution-steps", "township", "2014-9 fund_gate")]


def to_be_sampled() -> County:
    """A county whose notice is over, of the country's own pack: the centre is asked what its sample found."""
    return decapping.over(decapping.noticed())


def test_1_18_a_county_is_de_capped_after_the_word_that_was_asked_for() -> None:
    county, give = to_be_sampled(), decapping.WORD
    [said] = county.world.said(DecapWordAsked)
    assert (said.division, said.asked, said.asking) == ("county:210521", "state", 1)
    assert county.todo() == [("decap-words", "state", "county_spot_check")]
    assert county.refusal(decapping.step("county_spot_check", body="state")).status == 409
    assert county.refusal(again(give, division="county:210522", place="210522")).status == 404
    assert county.refusal(again(give, body="province")).field == "body"
    [given] = county.do(give)
    assert isinstance(given, DecapWordGiven) and given.word == "accepted"
    assert county.todo() == [("decap-steps", "province", "county_approve")]


def test_1_18_a_county_whose_sample_failed_is_assessed_anew_and_asked_about_once_more() -> None:
    county = to_be_sampled()
    county.do(again(decapping.WORD, word="rejected", reason="抽查发现漏评"))
    assert county.todo() == [("decap-steps", "inspection", "county_assess")]
    county.do(decapping.step("county_assess"), decapping.ACCEPT, decapping.POST)
    decapping.over(county)
    assert county.refusal(decapping.WORD).field == "asking", "that was said to the first asking"
    county.do(again(decapping.WORD, asking=2))
    assert county.todo() == [("decap-steps", "province", "county_approve")]


def test_1_18_about_a_county_that_is_not_sampled_nothing_is_said_and_the_province_decides() -> None:
    county = to_be_sampled()
    [task] = county.tasks
    assert task.due
    county.until(task.due)
    assert county.todo() == [("decap-words", "state", "county_spot_check")], "the last day counts"
    county.until(task.due + DAY)
    assert county.todo() == [("decap-steps", "province", "county_approve")]


# ---------------------------------------------------------------------- the pack


@pytest.mark.parametrize(
    ("changes", "where", "says"),
    [
        ({"on_refusal": None}, "on_refusal", "needs on_refusal"),
        ({"by": "county"}, "by", "asks county, which decides itself"),
        ({"by": "team"}, "by", "team cannot do this"),
        ({"on_timeout": "file"}, "on_timeout", "leads back to an earlier step only"),
        ({"overdue_to": "state"}, "overdue_to", "leave overdue_to out"),
        ({"overdue_to": "state", "extensions": 1}, "extensions", "leave extensions out"),
        ({"quorum": {"figure": "present", "at_least": 0.5}}, "quorum", "leave quorum out"),
    ],
)
def test_a_pack_whose_asking_could_not_work_is_refused(changes: dict[str, Any], where: str, says: str) -> None:
    faults = faults_of(with_word(**changes))
    assert any(one.where == f"procedures[1].steps[2].{where}" and says in one.en for one in faults), faults


def test_nobody_is_asked_after_everything_is_decided_and_only_who_is_asked_puts_anything_off() -> None:
    after = faults_of(pack(**exit_of([*DELISTING[:4], ASKING, *DELISTING[4:]])))
    assert [(one.where, "one that decides follows" in one.en) for one in after] == [
        ("procedures[1].steps[4].kind", True)
    ]
    steps = [{**one, "postponements": 1} if one["name"] == "approve" else one for one in DELISTING]
    assert [one.where for one in faults_of(pack(**exit_of(steps)))] == ["procedures[1].steps[2].postponements"]


def faults_of(rules: dict[str, Any]) -> Any:
    with pytest.raises(PolicyInvalid) as found:
        parse_pack(rules)
    return found.value.faults


def test_an_officer_reads_who_is_asked_and_what_was_answered() -> None:
    county = asked(on_timeout="approve")
    policy: Policy = county.policy
    zh, en = sentence(county.world.said(WordAsked)[0], policy, {})
    assert zh == "办理“征求省级意见”：第1次征求省意见，请于2014年12月30日前答复，逾期未答复的转入“县级审批”"
    assert "the word of the province is asked for (asking 1), by 30 December 2014" in en
    zh, en = sentence(county.do(LATER)[0], policy, {})
    assert zh == (
        "省扶贫办〔2014〕5号对“征求省级意见”第1次征求的意见作出答复：推迟答复，推迟到2015年1月10日，"
        "理由：待省级抽查后答复"
    )
    assert en.startswith("省扶贫办〔2014〕5号 on province word (asking 1): later until 10 January 2015")
    assert county.policy.jurisdiction == CITY[:4]
