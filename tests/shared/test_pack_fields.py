"""Fields of a pack that do not fit: which is named, and what is said to be allowed there."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.packs import PACK
from tests.support.wrong_packs import EXIT, STEPS, drop, faults_of, put

SCHEMA_FAULTS = [
    (put("lnks", []), "lnks", "no such field; do you mean `links`?"),
    (put("x" * 61, 1), "x" * 60, "there is no such field"),
    (put("links.0.each_targets", 3), "links[0].each_targets", "do you mean `each_target`?"),
    (drop("links.0.each_target"), "links[0].each_target", "missing; it must be a whole number from 1 to 20"),
    (
        put("links.0.each_target", "3 people"),
        "links[0].each_target",
        'it is "3 people"; it must be a whole number from 1 to 20',
    ),
    (
        put("links.0.each_target", "3"),
        "links[0].each_target",
        'it is "3"; it must be a whole number from 1 to 20 or a table (at_least, at_most), without quotes',
    ),
    (
        put("links.0.each_target", {"at_least": 3, "at_mots": 5}),
        "links[0].each_target.at_mots",
        "do you mean `at_most`?",
    ),
    (
        put("links.0.each_target", {"at_most": 5}),
        "links[0].each_target.at_least",
        "it is missing; it must be a whole number from 1 to 20",
    ),
    (put("name", "本\x1b[31m溪"), "name", r"\u001b[31m"),
    (put("links.0.each_target", 3.5), "links[0].each_target", "it is 3.5; it must be a whole number"),
    (put("links.0.each_target", True), "links[0].each_target", "it is true; it must be a whole number"),
    (put("links.0.each_target", 0), "links[0].each_target", "from 1 to 20"),
    (put("links.0.each_bearer", 2), "links[0].each_bearer", "it must be a table"),
    (put("links.0.each_bearer", {"at_most": 21}), "links[0].each_bearer.at_most", "from 1 to 20"),
    (put("links.0.kind", "contact"), "links[0].kind", 'it is "contact"; it must be one of team'),
    (put("links.0.from", "firm"), "links[0].from", 'it is "firm"; it must be one of unit, cadre'),
    (drop("links.0.from"), "links[0].from", "it is missing; it must be one of unit, cadre"),
    (put("links.0.to", "household"), "links[0].to", 'it is "household"; it must be one of village'),
    (put("links", []), "links", "it is a list of 0; it must be a list (1 to 20 entries)"),
    (put("links.0.roles.0.party_member", "yes"), "links[0].roles[0].party_member", "true or false"),
    (put("links.0.term", {"working_days": 10**9}), "links[0].term.working_days", "from 0 to 3,660"),
    (put("links.0.term", "three years"), "links[0].term", "it must be a table"),
    (put("exit.criteria.0.at_most", "few"), "exit.criteria[0].at_most", "a fraction such as"),
    (put("exit.criteria.0.at_most", "2/0"), "exit.criteria[0].at_most", "a fraction such as"),
    (put("exit.criteria.0.at_most", float("nan")), "exit.criteria[0].at_most", "a number"),
    (put("exit.criteria.0.mover", "nobody"), "exit.criteria[0].mover", "one of organisation, poverty_office"),
    (put("exit.criteria.0.figure", "In cidence"), "exit.criteria[0].figure", "a code of small letters"),
    (put("exit.criteria.0.label", "发生率\n"), "exit.criteria[0].label", "a line of at most 60 characters"),
    (put(f"{STEPS}.0.kind", "vote"), f"{EXIT}[0].kind", "one of verify, notice, decide"),
    (put(f"{STEPS}.0.within", {"days": 7}), f"{EXIT}[0].within.days", "calendar_days"),
    (put("exit.measure_by", {"month": 2, "day": 30}), "exit.measure_by", "it is { month = 2, day = 30 }; it"),
    (put("exit.verification.sample.0.at_least", "1/0"), "exit.verification.sample[0].at_least", "a fraction such as"),
    (put("exit.poverty_line", {}), "exit.poverty_line", "1 to 60 entries"),
    (put("exit.poverty_line", {"since 2014": 2800}), "exit.poverty_line.since 2014", "a year from 1990 to 2100"),
    (put("exit.poverty_line.2015", 28), "exit.poverty_line.2015", "from 500 to 100,000"),
    (put("exit.criteria", []), "exit.criteria", "1 to 50 entries"),
    (put("jurisdiction", "210"), "jurisdiction", "2, 4 or 6 digits"),
    (put("jurisdiction", "２１０５"), "jurisdiction", "2, 4 or 6 digits"),
    (put("effective_from", "this summer"), "effective_from", "a day from 1980-01-01"),
    (put("effective_from", date(1812, 1, 1)), "effective_from", "1980-01-01"),
    (put("outcomes.5.subject", "villager"), "outcomes[5].subject", "one of unit, team, cadre, village_cadre"),
    (drop("outcomes.0.decide_by"), "outcomes[0].decide_by", "missing; it must be a table"),
    (put("outcomes.0.decides", "computer"), "outcomes[0].decides", "one of organisation"),
    (put("outcomes.0.when", {"grade": {"a": 1}}), "outcomes[0].when.grade", "it is a table"),
    (put("outcomes.0.decides", {"link": "first_secretary"}), "outcomes[0].decides", "cannot be found yet"),
    (put("commitments.0.by", {"link": "contact", "of": "sponsor"}), "commitments[0].by.of", "it may be link"),
    (put("outcomes.0.decides", {"of": "sponsor"}), "outcomes[0].decides", "stands in a relation cannot be found yet"),
    (put("commitments.0.by", "teem"), "commitments[0].by", '"teem"'),
    (put("campaigns.0.visit_days", 0), "campaigns[0].visit_days", "from 1 to 366"),
    (put("campaigns.0.seed_days", -1), "campaigns[0].seed_days", "from 0 to 60"),
    (put("campaigns", [PACK["campaigns"][0]] * 21), "campaigns", "0 to 20 entries"),
    (put("campaigns.0.lasts", {"months": -1}), "campaigns[0].lasts.months", "from 0 to 600"),
    (put("outcomes.1.impact", {"years": -1}), "outcomes[1].impact.years", "from 0 to 50"),
    (
        put("links.0.same_county_levels", ["county", "town"]),
        "links[0].same_county_levels[1]",
        "one of province, city, county",
    ),
    (put("links.0.suits.weak_governance", []), "links[0].suits.weak_governance", "1 to 50 entries"),
    (put("assessment.ballot_quorum", 0.6666), "assessment.ballot_quorum", "it must be a table"),
    (put("exit.verification.rates", []), "exit.verification.rates", "3 entries"),
]


@pytest.mark.parametrize(("edit", "where", "says"), SCHEMA_FAULTS, ids=[f"{w}: {s}" for _, w, s in SCHEMA_FAULTS])
def test_a_pack_that_does_not_fit_is_refused_with_place_and_what_is_allowed(edit: Any, where: str, says: str) -> None:
    (fault,) = faults_of(edit)
    assert fault.where == where
    assert says in fault.en and fault.zh


@pytest.mark.parametrize(
    ("where", "written", "is_said"),
    [
        ("campaigns.0.visit_days", "3", True),
        ("links.0.each_target", "3", True),
        ("links.0.roles.0.party_member", "true", True),
        ("exit.criteria.0.at_most", "few", False),
        ("exit.criteria.0.mover", "nobody", False),
        ("links.0", "team", False),
    ],
)
def test_quotes_are_named_where_a_number_or_truth_value_stands_in_them(where: str, written: str, is_said: bool) -> None:
    (fault,) = faults_of(put(where, written))
    assert ("without quotes" in fault.en, "不加引号" in fault.zh) == (is_said, is_said)


def test_the_example_of_a_day_in_a_list_is_one_of_the_list() -> None:
    told = {fault.where: fault for fault in faults_of(put("campaigns.0.opens.0", {"every": {"months": 3}}))}
    assert told["campaigns[0].opens[0]"].example.startswith("opens = ")


def test_the_example_of_who_takes_a_step_is_somebody_who_may() -> None:
    """The exit of the pack from which examples are taken has no step of the village, but another procedure has."""
    for where, told in ((f"{STEPS}.1", f"{EXIT}[1].by"), ("procedures.0.steps.0", "procedures[0].steps[0].by")):
        faults = {fault.where: fault for fault in faults_of(put(f"{where}.by", "operator"))}
        assert faults[told].example == 'by = "county"'


@pytest.mark.parametrize(
    ("where", "written", "zh"),
    [
        ("exit.criteria.0.mover", {"link": "first_secretary"}, "还不能确定由谁办理"),
        ("outcomes.0.decides", {"of": "sponsor"}, "还不能确定由谁办理"),
        ("exit.measure_by", {"month": 2, "day": 30}, "应为每年都有的一天，如“{ month = 6, day = 30 }”"),
        ("links.0.each_target", "3", "不加引号"),
        ("links.0.term", 3, "现为3，应为一节（“calendar_days”、“working_days”、“months”、“years”、“roll”）"),
        ("campaigns.0.kind", "Annual", "应为代码"),
        ("campaigns.0.kind", "A" * 60, f"现为“{'A' * 40}…”，应为代码"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_in_chinese_too(where: str, written: Any, zh: str) -> None:
    (fault,) = faults_of(put(where, written))
    assert zh in fault.zh


def test_a_role_that_is_a_table_is_told_of_links_only_if_it_names_one() -> None:
    (fault,) = faults_of(put("outcomes.0.decides", {"role": "county"}))
    assert "organisation" in fault.en and "link" not in fault.en and "联系" not in fault.zh


def test_a_fault_within_a_part_that_may_be_left_out_is_shown_at_its_entry() -> None:
    assert [fault.where for fault in faults_of(put("procedures.0.subjects", {"road": "道路", "water": ""}))] == [
        "procedures[0].subjects.water"
    ]


@pytest.mark.parametrize(
    ("edits", "where"),
    [
        (
            (put("commitments.0.duties", {"road": "修路"}), put("commitments.1.duties", {"road": "通水"})),
            "commitments[1].duties.road",
        ),
        ((put("commitments.3.sources", {"other": "财政投入"}),), "commitments[3].sources.other"),
    ],
)
def test_entries_of_two_lists_share_name_and_code_or_neither(edits: Any, where: str) -> None:
    (fault,) = faults_of(*edits)
    assert fault.where == where and "make them alike" in fault.en


def test_what_else_is_wrong_with_an_entry_waits_until_its_broken_field_is_mended() -> None:
    """The steps of a procedure depend on each other, so nothing is guessed from the rest of them."""
    told_to_itself = put("procedures.0.steps.4.overdue_to", "township")
    assert [fault.where for fault in faults_of(told_to_itself)] == ["procedures[0].steps[4].overdue_to"]
    found = faults_of(told_to_itself, put("procedures.0.steps.2.by", 7))
    assert [fault.where for fault in found] == ["procedures[0].steps[2].by"]


def test_a_section_of_another_pack_is_named_with_its_brackets() -> None:
    levels = {"kind": "levels", "label": "四级", "rule": "S2", "of": ["nobody", "team"]}
    assert any(fault.zh.startswith("“[[links]]”中没有") for fault in faults_of(put("linkages", [levels])))


SCALARS = (
        "name", "version", "effective_from", "jurisdiction", "links.0.weights.strength", "links.0.roles.1.work_years",
        "links.0.roles.0.party_member", "links.0.term.years", "exit.measure_by.day",
        "exit.verification.sample.0.at_least", f"{STEPS}.2.by",
        "commitments.3.items_at_least", "campaigns.0.choice", "campaigns.3.visit_days",
        "findings.1.code", "findings.0.order.calendar_days", "assessment.inputs.3.weight", "assessment.caps.1.figure",
        "assessment.grades.0.at_least", "outcomes.2.subject", "outcomes.5.label", "procedures.0.steps.3.quorum.figure",
)  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from(SCALARS), st.sampled_from([None, [], {}, [[1]], "", -(10**12), "\x00"]))
def test_one_broken_field_is_named_and_no_other(path: str, broken: Any) -> None:
    where = re.sub(r"\.(\d+)", r"[\1]", path)
    assert [fault.where for fault in faults_of(put(path, broken))] == [where]
