"""What each part of a pack that was written for an earlier version says in the words of today, field by field."""

from typing import Any

import pytest

from shared.policy import renewed

MONTH = {"calendar_days": 30}
WEEK = {"calendar_days": 7}


def after(start: str, within: dict[str, Any] = MONTH) -> dict[str, Any]:
    return {"after": start, "within": within}


ROLES: list[dict[str, Any]] = [
    {"role": "leader", "label": "队长", "at_least": 1, "at_most": 1},
    {"role": "member", "label": "队员"},
]
LINK = {"kind": "team", "label": "驻村工作队", "from": "unit", "to": "village"}
RETAIN = after("dispatch.member.disqualified")
SAMPLE = [
    {"figure": "share", "at_least": 0.2},
    {"figure": "households", "at_least": 10},
    {"figure": "outside", "at_least": 0.1},
]
RATES = [
    {"figure": "wrong_exit", "below": 0.02},
    {"figure": "omission", "below": 0.03},
    {"figure": "approval", "at_least": 0.9},
]
EXIT_BY = {"request_by": after("registry.indicators.measured"), "relapse_by": after("registry.indicators.measured")}
OUTCOME = {"kind": "talk", "clause": "S3:二", "subject": "team"}

PACKS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"listing": {"diagnose_within": WEEK, "topics": 1}},
     {"listing": {"diagnose_by": after("registry.village.listed", WEEK), "topics": 1}}),
    ({"listing": {"topics": 1}}, {"listing": {"topics": 1}}),
    # The verification, whose share outside of the register a whole pack needs.
    ({"exit": {"verification": {"sample_share": 0.2, "sample_at_least": 10, "outside_share": 0.1, "notice": 1}}},
     {"exit": EXIT_BY | {"verification": {"notice": 1, "sample": SAMPLE}}}),
    ({"exit": {"verification": {"wrong_exit_below": 0.02, "omission_below": 0.03, "approval_at_least": 0.9}}},
     {"exit": EXIT_BY | {"verification": {"rates": RATES, "sample": [{"figure": "outside", "at_least": 0.05}]}}}),
    ({"exit": {"verification": {"sample": SAMPLE, "rates": RATES}}},
     {"exit": EXIT_BY | {"verification": {"sample": SAMPLE, "rates": RATES}}}),
    ({"exit": {"request_by": 1, "criteria": [{"indicator": "incidence", "at_most": 0.02}, {"figure": "income"}]}},
     {"exit": EXIT_BY | {"request_by": 1, "criteria": [{"figure": "incidence", "at_most": 0.02},
                                                       {"figure": "income"}]}}),
    # Teams.
    ({"team": {"size": 3, "retain_by": WEEK}},
     {"links": [{**LINK, "roles": ROLES, "retain_by": WEEK, "each_target": 3}]}),
    ({"team": {"roles": [{"role": "leader", "label": "第一书记"}], "villages_per_unit": 2}, "links": [{"kind": "x"}]},
     {"links": [{**LINK, "roles": [{"role": "leader", "label": "第一书记"}], "retain_by": RETAIN,
                 "each_bearer": {"at_most": 2}}, {"kind": "x"}]}),
    ({"team": {"match_by": WEEK, "assign_within": MONTH, "replace_within": WEEK, "roles": []}},
     {"links": [{**LINK, "roles": [], "retain_by": RETAIN, "match_by": after("registry.village.diagnosed", WEEK),
                 "assign_by": after("dispatch.village.matched"), "replace_by": after("vacancy", WEEK)}]}),
    *(({"team": {"match_by": said, "roles": []}},
       {"links": [{**LINK, "roles": [], "retain_by": RETAIN, "match_by": said}]})
      for said in (after("registry.village.diagnosed", WEEK), {"month": 3, "day": 1})),
    ({"team": {"party_members_only": True, "work_years": 2, "leader_rank": {"county": "section"}}},
     {"links": [{**LINK, "retain_by": RETAIN, "roles": [
         {**ROLES[0], "party_member": True, "work_years": 2, "rank": {"county": "section"}},
         {**ROLES[1], "party_member": True, "work_years": 2}]}]}),
    ({"team": {"leader_rank": {"county": "section"}, "roles": [{"role": "member", "label": "队员"}]}},
     {"links": [{**LINK, "retain_by": RETAIN, "roles": [
         {"role": "member", "label": "队员"}, {"role": "leader", "rank": {"county": "section"}}]}]}),
    ({"words": {"team": "工作组", "exit": "销号"}, "links": [LINK, {"kind": "x", "label": "联系点"}]},
     {"words": {"exit": "销号"}, "links": [{**LINK, "label": "驻村工作组"}, {"kind": "x", "label": "联系点"}]}),
    ({"words": {"team": "工作组"}, "links": [{**LINK, "label": "帮扶工作组"}]},
     {"words": {}, "links": [{**LINK, "label": "帮扶工作组"}]}),
    ({"words": {"team": "工作组"}}, {"words": {}, "links": [{"kind": "team", "label": "驻村工作组"}]}),
    ({"words": {"exit": "销号"}}, {"words": {"exit": "销号"}}),
    # What is owed.
    ({"commitments": [{"kind": "letter", "within": WEEK}, {"kind": "plan", "set_by": 1}]},
     {"commitments": [{"kind": "letter", "set_by": after("dispatch.team.assigned", WEEK)},
                      {"kind": "plan", "set_by": 1}]}),
    ({"commitments": [{"kind": "ledger", "within": MONTH, "after": "plan", "reconcile_within": WEEK,
                       "reconcile": [{"month": 3, "day": 31}]}]},
     {"commitments": [{"kind": "ledger", "set_by": after("plan"),
                       "reconcile": [{"month": 3, "day": 31, "within": WEEK}]}]}),
    ({"commitments": [{"kind": "ledger", "within": MONTH, "reconcile": [{"month": 3, "day": 31}]}]},
     {"commitments": [{"kind": "ledger", "set_by": after("dispatch.team.assigned"),
                       "reconcile": [{"month": 3, "day": 31}]}]}),
    # The assessment.
    ({"assessment": {"ballot_quorum": 0.5, "caps": [{"when": "absences", "at_least": 2}], "grounds": [
        {"name": "few", "when": "absences_at_least", "bound": 2},
        {"name": "late", "when": "open_items_above", "bound": 3},
        {"name": "bad", "when": "approval_below", "bound": 0.6}, {"name": "new", "figure": "approval", "below": 0.5}]}},
     {"assessment": {"grade_by": after("inspection.assessment.proposed"),
                     "ballot_quorum": {"figure": "present", "at_least": 0.5},
                     "caps": [{"figure": "absences", "at_least": 2}],
                     "grounds": [{"name": "few", "figure": "absences", "at_least": 2},
                                 {"name": "late", "figure": "open_items", "above": 3},
                                 {"name": "bad", "figure": "approval", "below": 0.6},
                                 {"name": "new", "figure": "approval", "below": 0.5}]}}),
    ({"assessment": {"ballot_quorum": 1, "grade_by": 1}},
     {"assessment": {"ballot_quorum": {"figure": "present", "at_least": 1}, "grade_by": 1}}),
    ({"assessment": {"ballot_quorum": {"figure": "present", "is": 1}, "grade_by": 1}},
     {"assessment": {"ballot_quorum": {"figure": "present", "is": 1}, "grade_by": 1}}),
    # Outcomes.
    ({"outcomes": [OUTCOME]}, {"outcomes": [{**OUTCOME, "decide_by": after("proposal")}]}),
    ({"outcomes": [{**OUTCOME, "within": WEEK, "defence": WEEK}]},
     {"outcomes": [{**OUTCOME, "defence": WEEK, "decide_by": after("defence", WEEK)}]}),
    ({"outcomes": [{**OUTCOME, "decide_by": 1, "appeal": WEEK, "answer": MONTH}]},
     {"outcomes": [{**OUTCOME, "decide_by": 1, "appeals": [
         {"label": "复核", "rule": "S3:二", "within": WEEK, "answer": MONTH}]}]}),
    # Procedures.
    ({"procedures": [{"steps": [{"name": "a", "within": WEEK}, {"name": "b"}]}, {"effect": "lift", "steps": []}]},
     {"procedures": [{"effect": "decide", "steps": [{"name": "a", "within": WEEK}, {"name": "b", "within": MONTH}]},
                     {"effect": "lift", "steps": []}]}),
    ({"procedures": [{"steps": [
        {"name": "a", "present_at_least": 0.5, "agreed_above": 0, "of": "entitled"},
        {"name": "b", "present_at_least": 0, "agreed_above": 0.5, "of": "present"},
        {"name": "c", "present_at_least": None, "agreed_above": None}]}]},
     {"procedures": [{"effect": "decide", "steps": [
         {"name": "a", "within": MONTH, "quorum": {"figure": "present", "at_least": 0.5},
          "majority": {"figure": "agreed_of_entitled", "above": 0}},
         {"name": "b", "within": MONTH, "quorum": {"figure": "present", "at_least": 0},
          "majority": {"figure": "agreed", "above": 0.5}},
         {"name": "c", "within": MONTH}]}]}),
    # An exit whose steps stood in its section.
    ({"documents": {"S3": "办法", "G1": "意见"}, "exit": {
        "measure_for": 1, "request_by": 1, "relapse_by": 1, "procedure": [
        {"name": "look", "kind": "verify", "within": WEEK}, {"name": "post", "kind": "notice", "within": WEEK},
        {"name": "sign", "kind": "decide", "within": WEEK, "on_objection": "post", "label": "审定"}]}},
     {"documents": {"S3": "办法", "G1": "意见"}, "exit": {"measure_for": 1, "request_by": 1, "relapse_by": 1},
      "procedures": [{"kind": "exit", "label": "贫困村出列", "rule": "S3", "effect": "delist", "steps": [
          {"name": "look", "label": "入户核查", "kind": "verify", "within": WEEK},
          {"name": "post", "label": "公示", "kind": "notice", "within": MONTH, "notice_for": WEEK, "answer": MONTH,
           "on_objection": "look"},
          {"name": "sign", "label": "审定", "kind": "decide", "within": WEEK, "on_refusal": "post"}]}]}),
]  # fmt: skip


@pytest.mark.parametrize(("earlier", "today"), PACKS, ids=map(str, range(len(PACKS))))
def test_a_part_in_earlier_words_reads_in_those_of_today(earlier: dict[str, Any], today: dict[str, Any]) -> None:
    assert renewed(earlier) == today
    assert renewed(today) == today, "what is in today's words stays as it is"


HEAD = {"extends": "2105"}
LAYERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"exit": {"verification": {"approval_at_least": 0.9}}}, {"exit": {"verification": {"rates": RATES[2:]}}}),
    ({"assessment": {"ballot_quorum": 0.5}}, {"assessment": {"ballot_quorum": {"figure": "present", "at_least": 0.5}}}),
    ({"team": {"size": 4}}, {"links": [{"kind": "team", "each_target": 4}]}),
    (
        {"team": {"leader_rank": {"county": "section"}}},
        {"links": [{"kind": "team", "roles": [{"role": "leader", "rank": {"county": "section"}}]}]},
    ),
    (
        {"drop": {"team": {"suits": ["remote"]}, "listing": {"topics": ["roads"]}}},
        {"drop": {"links": {"team": {"suits": ["remote"]}}, "listing": {"topics": ["roads"]}}},
    ),
    ({"drop": {"listing": {"topics": ["roads"]}}}, {"drop": {"listing": {"topics": ["roads"]}}}),
    (
        {"words": {"team": "工作组"}, "links": [{"kind": "x"}]},
        {"words": {}, "links": [{"kind": "x"}, {"kind": "team", "label": "驻村工作组"}]},
    ),
]


@pytest.mark.parametrize(("earlier", "today"), LAYERS, ids=map(str, range(len(LAYERS))))
def test_a_layer_in_earlier_words_says_no_more_in_those_of_today(
    earlier: dict[str, Any], today: dict[str, Any]
) -> None:
    assert renewed({**HEAD, **earlier}) == {**HEAD, **today}
