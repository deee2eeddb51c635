"""A round over households: one procedure for all of them, in which each goes on or leaves by itself (5.2)."""

from datetime import date
from typing import Any

import pytest

from services.registry.model import commands as c
from shared.contracts.registry import HouseholdsLifted, ResolutionRejected, RoundEnded, StepOverdue
from tests.registry.county import again, of_type
from tests.support.rounds import OF, OPEN, answered, noticed, opened, round_of, step


def test_5_2_each_household_of_a_round_goes_on_or_leaves_by_itself() -> None:
    county = opened()
    county.do(step("appraise", left_out=("H4",)))
    assert county.do(answered(H1=True, H2=True)) == [], "one household has not answered yet"
    [taken] = county.do(answered(H3=False))
    assert (taken.entitled, taken.agreed, taken.left_out) == (3, 2, 1)
    assert round_of(county).course.members["H2"].accepted == "phone"
    county.do(c.PostNotice(**OF, body="village", posted_by="村"))
    assert county.village.stage == "helped", "a round's notice is none of the exit"
    county.do(c.RaiseObjection(**OF, objection=1, household="H1", ground="收入不实"))
    county.do(c.DecideObjection(**OF, objection=1, upheld=True, body="township", decided_by="镇"))
    county.until(date(2014, 12, 9))
    county.do(step("review"))
    ended = county.do(step("announce"))
    about = {**OF, "kind": "household_round"}
    assert of_type(ended, RoundEnded) == [RoundEnded(**about, lifted=1, left_out=3)]
    assert of_type(ended, HouseholdsLifted) == [HouseholdsLifted(**about, households=("H2",))]


def test_5_2_whoever_reads_a_round_sees_whom_it_is_about_since_it_is_published() -> None:
    county = opened()
    assert [*round_of(county).shown().course.members] == ["H1", "H2", "H3", "H4"]


def test_5_2_who_does_not_answer_in_time_is_not_lifted_and_the_others_go_on() -> None:
    county = opened()
    county.do(step("appraise"), answered(H1=True, H2=True))
    county.until(date(2014, 12, 12))
    [late] = county.world.said(StepOverdue)
    assert (late.step, late.due, late.owed_by, late.leads_to) == ("accept", date(2014, 12, 11), "village", "notice")
    assert round_of(county).course.present == ["H1", "H2"]


def test_5_2_a_round_that_nobody_is_left_in_ends() -> None:
    county = opened()
    county.do(step("appraise"))
    ended = county.do(answered(H1=False, H2=False, H3=False, H4=False))
    assert of_type(ended, ResolutionRejected) and round_of(county).status == "rejected"


def test_5_2_a_refused_review_has_all_households_judged_anew() -> None:
    county = opened()
    county.do(step("appraise", left_out=("H4",)), answered(H1=True, H2=True, H3=False))
    county.do(c.PostNotice(**OF, body="village", posted_by="村"))
    county.until(date(2014, 12, 9))
    refusal = county.do(step("review", agreed=0))[1]
    assert (refusal.back_to, refusal.matter) == ("decide", "2014-1")
    assert round_of(county).course.present == ["H1", "H2", "H3", "H4"]
    assert not any(member.accepted for member in round_of(county).course.members.values())


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (again(OPEN, matter="2014-2", members=()), "members"),
        (again(OPEN, matter="2014-2", members=("H77",)), "members"),
        (
            again(OPEN, matter="2014-2", kind="four_deliberations_one_review", subject_code="road", members=("H9",)),
            "members",
        ),
        (c.RaiseObjection(**OF, objection=1, household="H77", ground="收入不实"), "household"),
        (c.RaiseObjection(**OF, objection=1, ground="收入不实"), "household"),
    ],
)
def test_5_2_a_round_is_about_registered_households(command: Any, field: str) -> None:
    refused = noticed().refusal(command)
    assert (refused.status, refused.field) == (422, field)


def test_5_2_an_answer_that_was_given_stands() -> None:
    county = opened()
    county.do(step("appraise"), answered(H1=True))
    assert county.refusal(answered(H1=False)).field == "acceptances"
    assert county.refusal(step("accept")).field == "acceptances"
