"""The assessed side replies to what a sample found, before its county's assessment is concluded (1.18)."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from services.registry.model import commands as c
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.registry import (
    DecapAssessed,
    DecapDeadlineMoved,
    DecapFound,
    DecapRejected,
    DecapReplied,
    DecapStepOverdue,
)
from tests.registry.county import WHY, again
from tests.registry.decapping import (
    ACCEPT,
    ASK,
    COUNTY,
    DISPUTE,
    GOOD,
    asked,
    counted,
    disputed,
    found,
    noticed,
    state,
    step,
)
from tests.registry.nation import OURS

DAY = timedelta(1)
BAD = {"wrongly_lifted": 25}
"""One wrong exit in forty: more than the bound."""


def decision(**counts: int) -> c.DecideDecapReply:
    sampled = again(GOOD, **counts)
    return c.DecideDecapReply(
        **COUNTY, sampled=sampled, document="省评估函〔2015〕7号", body="inspection", decided_by="省评估组"
    )


def test_1_18_nothing_is_concluded_before_the_county_has_replied() -> None:
    county = asked()
    county.do(step("county_city_review"))
    [told] = county.do(step("county_assess", sampled=again(GOOD, **BAD)))
    assert isinstance(told, DecapFound) and (told.wrong_exit_rate, told.approval_rate) == (0.025, 0.9)
    [task] = county.tasks
    assert (task.action, task.role, task.due, task.about) == (
        "decap-replies",
        "county",
        told.reply_by,
        "county:210521",
    )
    assert state(county).status == "open" and not county.world.said(DecapAssessed)
    [replied, assessed, rejected] = county.do(ACCEPT)
    assert isinstance(replied, DecapReplied) and not replied.disputed_rates
    assert isinstance(assessed, DecapAssessed) and not assessed.passed and assessed.document is None
    assert isinstance(rejected, DecapRejected) and county.todo() == []


def test_1_18_evidence_that_clears_a_household_saves_the_county() -> None:
    county = disputed(**BAD)
    [task] = county.tasks
    assert (task.action, task.role) == ("decap-reply-decisions", "inspection")
    assert task.due == state(county).course.hearing.decide_by  # type: ignore[union-attr]
    [assessed] = county.do(decision(wrongly_lifted=19))
    assert (assessed.passed, assessed.wrong_exit_rate, assessed.document) == (True, 0.019, "省评估函〔2015〕7号")
    assert county.todo() == [("decap-notices", "province", "county_notice")]


def test_1_18_findings_that_stand_against_the_evidence_end_it() -> None:
    county = disputed(**BAD)
    [assessed, rejected] = county.do(decision(**BAD))
    assert not assessed.passed and isinstance(rejected, DecapRejected)


def test_1_18_what_nobody_replied_to_in_time_counts_as_accepted() -> None:
    county = found()
    last = county.world.said(DecapFound)[0].reply_by
    county.until(last)
    assert county.todo() == [("decap-replies", "county", "county_assess")], "the last day counts"
    county.until(last + DAY)
    [assessed] = county.world.said(DecapAssessed)
    assert assessed.passed and assessed.decided_by == "inspection决定"
    assert county.todo() == [("decap-notices", "province", "county_notice")]
    assert county.refusal(DISPUTE).status == 409, "it is too late"


def test_1_18_a_decision_that_is_late_is_told_once_and_still_awaited() -> None:
    county = disputed(**BAD)
    last = state(county).course.hearing.decide_by  # type: ignore[union-attr]
    assert last
    county.until(last + timedelta(60))
    [late] = county.world.said(DecapStepOverdue)
    assert (late.step, late.due, late.owed_by) == ("county_assess", last, "inspection")
    assert not county.world.said(DecapAssessed)
    assert county.do(decision(wrongly_lifted=0))[0].passed


def test_1_18_a_reply_may_change_until_it_is_decided_on_and_an_acceptance_ends_it() -> None:
    county = disputed(**BAD)
    assert county.do(DISPUTE) == []
    before = county.tasks[0].due
    [more] = county.do(again(DISPUTE, disputed_rates=("wrong_exit", "approval"), evidence=("DA-2", "DA-1")))
    assert (more.disputed_rates, more.evidence) == (("approval", "wrong_exit"), ("DA-1", "DA-2"))
    assert county.tasks[0].due == before, "who disputes more gets the decision no later"
    [_, assessed, _] = county.do(ACCEPT)
    assert not assessed.passed and county.refusal(decision()).status == 409


def test_1_18_counts_that_were_mistyped_are_put_right_until_the_county_disputes_them() -> None:
    county = found(**BAD)
    right: dict[str, Any] = {"sampled": again(GOOD, wrongly_lifted=15)}
    assert county.do(step("county_assess", sampled=again(GOOD, **BAD))) == []
    county.until(county.world.today + DAY)
    [told] = county.do(step("county_assess", **right))
    assert told.wrong_exit_rate == 0.015 and told.reply_by > county.world.said(DecapFound)[0].reply_by
    county.do(DISPUTE)
    assert "已被提出异议" in county.refusal(step("county_assess", sampled=again(GOOD, **BAD))).zh


def test_1_18_an_upheld_objection_hears_the_county_anew() -> None:
    county = noticed()
    county.do(
        c.RaiseDecapObjection(**COUNTY, objection=1, ground="有户没有脱贫"),
        c.DecideDecapObjection(**COUNTY, objection=1, upheld=True, body="city", decided_by="市扶贫办"),
    )
    county.do(step("county_assess"))
    assert county.todo() == [("decap-replies", "county", "county_assess")]


def test_1_18_holidays_move_the_last_day_of_a_reply() -> None:
    county = found()
    was = county.world.said(DecapFound)[0].reply_by
    county.world.announce(
        HolidaysAnnounced(
            place="000000",
            notice="2014",
            year=was.year,
            off=(was,),
            document="国办发明电〔2014〕99号",
            announced_by="国务院办公厅",
        )
    )
    [moved] = [one for one in county.world.said(DecapDeadlineMoved) if one.division == COUNTY["division"]]
    assert moved.due > was
    county.until(was + DAY)
    assert county.todo() == [("decap-replies", "county", "county_assess")]


@pytest.mark.parametrize(
    ("command", "status", "field", "says"),
    [
        (again(DISPUTE, evidence=()), 422, "evidence", "举证"),
        (again(DISPUTE, body="city"), 422, "body", ""),
        (again(ACCEPT, place="210522"), 422, "place", ""),
        (decision(), 409, None, "尚未提出异议"),
        (step("county_city_review"), 409, None, "不能办理"),
        (c.WithdrawDecap(**COUNTY, **WHY), 409, None, "专项评估检查"),
        (c.PostDecapNotice(**COUNTY, body="province", posted_by="省"), 409, None, "还没有轮到公示"),
    ],
)
def test_1_18_only_the_assessed_county_replies_and_a_dispute_needs_evidence(
    command: Any, status: int, field: str | None, says: str
) -> None:
    refused = found(**BAD).refusal(command)
    assert (refused.status, refused.field) == (status, field) and says in refused.zh and refused.en


@pytest.mark.parametrize(
    ("command", "field", "says"),
    [
        (again(decision(), body="county"), "body", ""),
        (decision(wrongly_lifted=19, omitted=0), "sampled.omitted", "有异议的是：错退率"),
        (decision(wrongly_lifted=1001), "sampled.wrongly_lifted", "请核对"),
    ],
)
def test_1_18_who_assessed_decides_on_what_is_disputed_and_on_nothing_else(command: Any, field: str, says: str) -> None:
    refused = disputed(**BAD).refusal(command)
    assert (refused.status, refused.field) == (422, field) and says in refused.zh


def test_1_18_nothing_can_be_replied_to_before_it_was_found() -> None:
    assert asked().refusal(ACCEPT).status == 409
    assert counted(("210521100201", 10)).refusal(ACCEPT).field == "division"


def test_1_18_where_the_pack_gives_no_reply_the_rates_decide_at_once() -> None:
    rules = copy.deepcopy(OURS)
    del next(one for one in rules["procedures"] if one["kind"] == "county_exit")["steps"][1]["reply"]
    county = counted(("210521100201", 10), rules=rules)
    county.do(ASK, step("county_city_review"))
    [assessed, _] = county.do(step("county_assess", sampled=again(GOOD, **BAD)))
    assert isinstance(assessed, DecapAssessed) and not assessed.passed
