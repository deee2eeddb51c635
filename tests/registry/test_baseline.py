from datetime import date

import pytest

from services.registry.model import commands as c
from shared.contracts import Command
from shared.contracts.registry import Problem, SurveyRecorded, VillageDiagnosed
from tests.registry.county import (
    AT,
    BEGIN,
    DAY,
    LISTED_AGAIN,
    TOPICS,
    County,
    again,
    household,
    of_type,
    record,
)

DIAGNOSE = c.Diagnose(body="county", **AT, problem_class="weak_governance", decided_by="县委")


def test_3_1_the_diagnosis_counts_the_survey_and_names_the_problems_with_their_cause() -> None:
    county = County().listed().surveyed()
    county.do(
        record(7, "problems", "problem", cause="无支柱产业"),
        record(5, "committees", "problem", cause="班子不团结"),
        record(6, "incomes", "household_visit", household=household()),
    )
    [event] = county.do(DIAGNOSE)
    assert event == VillageDiagnosed(
        **AT,
        spell=1,
        problem_class="weak_governance",
        counts={"form": 4, "household_visit": 1, "problem": 2},
        problems=(Problem(5, "committees", "班子不团结"), Problem(7, "problems", "无支柱产业")),
        decided_by="县委",
    )
    assert county.village.stage == "diagnosed"


def test_3_1_problems_are_told_in_the_order_of_their_numbers() -> None:
    county = County().listed().surveyed()
    county.do(*(record(number, "problems", "problem", cause=f"问题{number}") for number in (12, 9, 30)))
    [event] = county.do(DIAGNOSE)
    assert [one.number for one in event.problems] == [9, 12, 30]


def test_3_1_a_record_counts_once_however_often_it_is_sent() -> None:
    county = County().listed()
    first = record(1, "incomes", "household_visit", household=household())
    assert len(of_type(county.do(first), SurveyRecorded)) == 1
    assert county.do(first) == []
    assert len(county.baseline.survey.records) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (record(1, "committees"), "number"),
        (record(2, "gossip"), "topic"),
        (record(2, kind="rumour"), "kind"),
        (record(2, kind="problem"), "cause"),
        (record(2, cause="无产业"), "cause"),
        (record(2, on=BEGIN + DAY), "on"),
    ],
)
def test_3_1_a_record_that_contradicts_the_survey_or_the_pack_is_refused(change: c.RecordSurvey, field: str) -> None:
    county = County().listed()
    county.do(record(1))
    refused = county.refusal(change)
    assert (refused.status, refused.field, refused.rule) == (422, field, "3.1")


def test_3_1_after_the_diagnosis_the_baseline_is_immutable() -> None:
    county = County().diagnosed()
    before = county.baseline
    for late in (record(1, "committees", "meeting"), record(99)):
        assert county.refusal(late).status == 409
    assert county.refusal(again(DIAGNOSE, problem_class="weak_governance")).status == 409
    assert county.baseline == before
    assert county.do(record(1, "committees")) == [], "sending the same record again is no change"
    assert county.do(again(DIAGNOSE, problem_class="lagging_economy")) == []


def test_3_1_the_diagnosis_waits_for_every_topic_of_the_pack() -> None:
    county = County().listed()
    assert county.todo() == [("surveys", "township", ",".join(TOPICS))]
    county.do(*(record(n, topic) for n, topic in enumerate(TOPICS[:3], 1)))
    assert county.todo() == [("surveys", "township", "problems")]
    assert "problems" in county.refusal(DIAGNOSE).en
    county.do(record(4, "problems"))
    assert county.todo() == [("diagnoses", "county", "")]
    county.do(DIAGNOSE)
    assert county.todo() == []


def test_3_1_the_diagnosis_is_due_within_the_packs_time_and_being_late_blocks_nothing() -> None:
    county = County().listed().surveyed()
    assert [task.due for task in county.tasks] == [date(2014, 7, 2)]
    county.until(date(2014, 9, 1))
    assert [task.due for task in county.tasks] == [date(2014, 7, 2)]
    county.do(DIAGNOSE)
    assert county.village.stage == "diagnosed"


def test_3_1_a_class_that_the_pack_does_not_know_is_refused() -> None:
    assert County().listed().surveyed().refusal(again(DIAGNOSE, problem_class="unlucky")).field == "problem_class"


@pytest.mark.parametrize("command", [record(1), DIAGNOSE])
def test_3_1_only_a_listed_village_is_surveyed(command: Command) -> None:
    assert County().registered().refusal(command).status == 409
    assert County().refusal(command).status == 404


def test_3_1_an_earlier_listing_anew_begins_a_new_survey_and_leaves_the_old_one_as_it_was() -> None:
    county = County().released()
    first = county.baseline.survey
    county.until(date(2016, 7, 1)).count(2016, poor_persons=100).measure(2015)
    county.measure(2016)
    county.hear(*LISTED_AGAIN)
    assert (county.village.stage, county.village.spell) == ("listed", 2)
    assert county.baseline.surveys[0] == first and not county.baseline.survey.records
    county.do(*(record(n, topic, on=date(2016, 7, 1)) for n, topic in enumerate(TOPICS, 1)))
    [event] = county.do(DIAGNOSE)
    assert (event.spell, county.village.stage) == (2, "diagnosed")
    assert county.baseline.surveys[0] == first


def test_1_18_a_visit_enters_the_household_once_for_survey_and_register() -> None:
    county = County().listed()
    county.do(record(1, "incomes", "household_visit", household=household("H7", 3, 2_000)))
    assert county.register.households["H7"].income == 2_000
    assert (county.register.year, county.village.facts) == (2014, 2014)


def test_1_18_a_survey_sent_again_does_not_bring_back_old_household_facts() -> None:
    county = County().listed()
    visit = record(1, "incomes", "household_visit", household=household("H7", 3, 2_000))
    county.do(visit)
    county.until(date(2014, 12, 1)).count(2014, lifted=["H7"]).do(visit)
    assert county.register.households["H7"].income == 9_000
    county.until(date(2015, 12, 1)).count(2015, lifted=["H7"]).do(visit)
    assert county.register.households["H7"].income == 9_000
