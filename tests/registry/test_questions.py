"""A villager asks about public affairs, and the village answers in time and in public (点题公开, 4.7)."""

from datetime import date
from typing import Any

import pytest

from services.registry.model import Resolution
from services.registry.model import commands as c
from shared.contracts.registry import QuestionAnswered, StepOverdue
from tests.registry.county import AT, BENXI, VILLAGE, WHY, County, again, of_type, pack
from tests.registry.matters import ZUNYI

OF: dict[str, Any] = {**AT, "matter": "Q1"}
ASKED, ANSWERED = "张三家的低保为什么停发", "张三家收入已超过标准，停发依据已张贴"
ASK = c.OpenResolution(**OF, kind="question", subject_code="finance", question=ASKED, opened_by="村民")
ANSWER = c.TakeStep(**OF, step="question_answer", answer=ANSWERED, body="village", decided_by="村委会")
PUBLISH = c.TakeStep(**OF, step="question_publish", body="village", decided_by="村委会")


def asked() -> County:
    county = County(pack(procedures=[*ZUNYI[:-1], *BENXI["procedures"][-1:]])).registered()
    county.do(ASK)
    return county


def question(county: County) -> Resolution:
    found: Resolution = county.world.state("registry", Resolution, f"{VILLAGE}/Q1")
    return found


def test_4_7_a_question_is_answered_within_working_days_and_made_public() -> None:
    county = asked()
    [task] = county.tasks
    assert (task.role, task.detail, task.due) == ("village", "Q1 question_answer", date(2014, 6, 24))
    assert of_type(county.do(ANSWER), QuestionAnswered) == [], "nobody has seen the answer yet"
    assert question(county).status == "passed"
    assert of_type(county.do(PUBLISH), QuestionAnswered) == [
        QuestionAnswered(**OF, kind="question", subject_code="finance")
    ]
    assert county.todo() == []


def test_4_7_what_is_asked_and_answered_is_in_no_event_and_hidden_from_whoever_reads() -> None:
    county = asked()
    county.do(ANSWER, PUBLISH)
    assert all("张三" not in repr(fact.event) for fact in county.world.facts)
    state = question(county)
    assert not Resolution.hides, "queries decode every matter"
    assert "张三" not in repr(state.shown())
    shown = state.shown(to_operator=True).question
    assert shown and (shown.ground, shown.answer) == (ASKED, ANSWERED)


def test_4_7_an_answer_that_is_late_is_told_to_the_township_and_still_owed() -> None:
    county = asked().until(date(2014, 7, 1))
    [late] = county.world.said(StepOverdue)
    assert (late.step, late.due, late.owed_by, late.told_to) == (
        "question_answer",
        date(2014, 6, 24),
        "village",
        "township",
    )
    county.do(ANSWER)
    county.until(date(2014, 8, 1))
    assert [late.step for late in county.world.said(StepOverdue)] == ["question_answer", "question_publish"]
    assert of_type(county.do(PUBLISH), QuestionAnswered)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (again(ANSWER, answer=None), "answer"),
        (again(ANSWER, entitled=3, present=3, agreed=3), "entitled"),
        (again(ASK, matter="Q2", question=None), "question"),
        (again(ASK, matter="Q2", subject_code="weather"), "subject_code"),
        (again(ASK, matter="Q2", fund=c.Fund(amount=5, origin="donation")), "fund"),
    ],
)
def test_4_7_question_and_answer_are_given_where_they_belong(command: Any, field: str) -> None:
    refused = asked().refusal(command)
    assert (refused.status, refused.field) == (422, field)


def test_4_7_a_question_s_answer_is_one_answer() -> None:
    county = asked()
    assert county.refusal(again(ASK, question="另一个问题")).field == "matter"
    county.do(ANSWER)
    assert county.do(ANSWER) == [] and county.do(ASK) == []
    assert county.refusal(again(ANSWER, answer="另一个答复")).status == 409
    assert county.refusal(again(PUBLISH, answer=ANSWERED)).field == "answer"
    county.do(c.WithdrawStep(**OF, step="question_answer", **WHY))
    found = question(county).question
    assert found and (found.ground, found.answer) == (ASKED, "")
    county.do(again(ANSWER, answer="另一个答复"))


def test_4_7_an_answer_that_was_given_is_not_repeated_with_other_words() -> None:
    county = asked()
    county.do(ANSWER)
    assert county.do(ANSWER) == []
    assert county.refusal(again(ANSWER, answer="尚在核实")).status == 409
