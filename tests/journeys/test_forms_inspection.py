"""What is told the inspection is told by its Excel forms as well, and means the same."""

from datetime import date

import pytest

from deploy.demo.answers import Row, as_command
from shared.policy.shipped import shipped
from tests.support.filled_forms import FORMS, read_back


def test_2_19_a_village_that_cannot_be_reached_is_told_by_form() -> None:
    row = {
        "place": "520321",
        "village": "520321100201",
        "campaign": "5203-unannounced-2016-04-01",
        "body": "discipline",
        "hindrance": "road_cut",
        "decided_by": "市纪委",
    }
    assert read_back(FORMS["inspection", "unreachables"], [({}, row)], shipped("zunyi")) == [
        as_command("inspection", "unreachables", row)
    ]


def test_2_19_4_10_a_visit_is_recorded_by_form_with_what_it_looked_into_who_went_and_its_evidence() -> None:
    row = {
        "place": "520321", "village": "520321100201", "campaign": "5203-unannounced-2016-04-01", "body": "inspection",
        "on": date(2016, 4, 7), "facets": ["help", "residence"], "process": ["DA-1", "DA-2"], "result": ["9f" * 32],
        "inspector": "督查一组", "inspectors": ["I1", "I2"],
    }  # fmt: skip
    assert read_back(FORMS["inspection", "visits"], [({}, row)], shipped("zunyi")) == [
        as_command("inspection", "visits", row)
    ]


def test_1_6_replies_and_decisions_on_them_are_registered_by_form() -> None:
    of = {"place": "520402", "village": "520402100201", "campaign": "520402-supervision-2018-03-05"}
    reply = {
        **of,
        "body": "unit",
        "disputed": ["poor_results"],
        "document": "区交函〔2018〕3号",
        "replied_by": "区交通局",
    }
    decided = {**of, "body": "inspection", "confirmed": [], "document": "督函〔2018〕5号", "decided_by": "区督查局"}
    for name, row in (("replies", reply), ("reply-decisions", decided)):
        [said] = read_back(FORMS["inspection", name], [({}, row)], shipped("xixiu"))
        assert said == as_command("inspection", name, row)


def test_1_5_a_bulletin_is_registered_by_form() -> None:
    row = {
        "place": "520402",
        "campaign": "520402-supervision-2018-03-05",
        "body": "discipline",
        "published_by": "区纪委",
    }
    assert read_back(FORMS["inspection", "bulletins"], [({}, row)], shipped("xixiu")) == [
        as_command("inspection", "bulletins", row)
    ]


_APPRAISED: Row = {"place": "520323", "kind": "village_cadre_year", "subject": "K1", "year": 2016, "body": "township"}
_CHANNEL: Row = {**_APPRAISED, "channel": "goals_met"}


@pytest.mark.parametrize(
    ("name", "rows", "more"),
    [
        ("appraisal-reports", [{**_CHANNEL, "given_by": "镇党委"}], {}),
        ("appraisal-ballots", [{**_CHANNEL, "entitled": 50, "present": 40, "satisfied": 30, "given_by": "镇党委"}], {}),
        ("appraisal-scores",
         [{**_CHANNEL, "given_by": "镇党委", "marks.member": member, "marks.score": score}
          for member, score in (("C1", 80), ("C2", 90))],
         {"marks": [{"member": "C1", "score": 80}, {"member": "C2", "score": 90}]}),
        ("appraisal-voids", [{**_CHANNEL, "reason": "今年没有观摩", "decided_by": "镇党委"}], {}),
        ("appraisal-grades", [{**_APPRAISED, "grade": "good", "decided_by": "镇党委"}], {}),
        ("rankings", [{"place": "520300", "kind": "branch_review", "year": 2016, "body": "organisation",
                       "chosen": ["B1", "B2"], "decided_by": "市委组织部"}], {}),
    ],
)  # fmt: skip
def test_0_10_2_6_channels_grades_and_rankings_are_told_by_form(name: str, rows: list[Row], more: Row) -> None:
    whole = {field: value for field, value in rows[0].items() if "." not in field} | more
    assert read_back(FORMS["inspection", name], [({}, row) for row in rows], shipped("zunyi")) == [
        as_command("inspection", name, whole)
    ]
