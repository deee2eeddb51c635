"""What is told the incentives is told by its Excel forms as well, and means the same."""

from deploy.demo.answers import as_command
from shared.policy.shipped import shipped
from tests.support.filled_forms import FORMS, read_back


def test_2_20_a_body_proposes_what_another_decides_by_form() -> None:
    row = {
        "place": "520402",
        "subject_kind": "cadre",
        "subject": "C1",
        "outcome": "recall/520402100201/2018",
        "moved": True,
        "body": "leader_group",
        "moved_by": "区扶贫开发领导小组第3次会议",
    }
    forms = FORMS["incentives", "outcome-motions"]
    assert read_back(forms, [({}, row)], shipped("xixiu")) == [as_command("incentives", "outcome-motions", row)]


def test_2_8_a_township_says_why_pay_is_low_by_form() -> None:
    row = {
        "place": "152223", "village": "152223100201", "kind": "secretary_pay", "person": "P1", "year": 2018, "month": 2,
        "why": "绩效未核发", "body": "township", "explained_by": "某苏木人民政府",
    }  # fmt: skip
    forms = FORMS["incentives", "pay-explanations"]
    assert read_back(forms, [({}, row)], shipped("jalaid")) == [as_command("incentives", "pay-explanations", row)]


def test_1_16_a_body_lets_a_story_be_told_by_form() -> None:
    row = {
        "place": "520402", "subject_kind": "cadre", "subject": "C1", "outcome": "municipal_commendation/520402/2017",
        "public": True, "agreed": True, "story_in": "“驻村好声音”专栏", "body": "organisation",
        "decided_by": "区委组织部",
    }  # fmt: skip
    forms = FORMS["incentives", "stories"]
    assert read_back(forms, [({}, row)], shipped("xixiu")) == [as_command("incentives", "stories", row)]


def test_0_11_1_13_pay_is_confirmed_by_form() -> None:
    month = {"place": "520402", "village": "520402100201", "kind": "allowance", "year": 2018, "month": 7}
    row = {**month, "body": "finance", "confirmed_by": "区财政局"}
    read = read_back(FORMS["incentives", "statements"], [(month, row)], shipped("xixiu"))
    assert read == [as_command("incentives", "statements", row)]
