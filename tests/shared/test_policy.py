"""Policy packs: what is refused and where, and which pack governs."""

import copy
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from deploy import policy_pages
from services.registry.model.commands import AdoptPolicy
from shared import pack_words
from shared.contracts.values import ROLES
from shared.policy import Fault, Policy, PolicyBook, PolicyInvalid, find_doubts, parse_pack, read_pack
from shared.policy.outcomes import TRIGGERS, Outcome
from shared.policy.procedure import Effect
from shared.policy.section import Document
from shared.policy.shipped import FILES, base, shipped
from tests.support import bounds
from tests.support.pace import alone, is_quick, quicker_than
from tests.support.packs import BENXI, PACK

D = date(2014, 6, 1)
ZUNYI_S = {"title": "遵义市党建扶贫“五在村”机制", "jurisdiction": "5203"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_pack_says_the_same_as_a_file_and_as_an_event(file: Path) -> None:
    from_file = parse_pack(file.read_bytes(), base)
    on_the_wire = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
    assert parse_pack(on_the_wire, base) == from_file
    assert from_file.version.startswith(from_file.jurisdiction)


def test_the_packs_govern_different_regions_or_follow_one_another() -> None:
    packs = [shipped(file.stem) for file in FILES]
    assert len({(pack.jurisdiction, pack.effective_from) for pack in packs}) == len(FILES) >= 2
    assert len({pack.version for pack in packs}) == len(FILES)


def within(pack: Any, where: str) -> tuple[Any, Any]:
    """The part of a pack that something stands in, and under which name or number."""
    *path, last = where.split(".")
    for name in path:
        pack = pack[int(name) if isinstance(pack, list) else name]
    return pack, int(last) if isinstance(pack, list) else last


def all_of(*edits: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Several edits as one."""

    def edit(pack: dict[str, Any]) -> None:
        for one in edits:
            one(pack)

    return edit


def put(where: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """An edit that sets `exit.criteria.0.mover` and the like."""

    def edit(pack: dict[str, Any]) -> None:
        part, last = within(pack, where)
        part[last] = value

    return edit


def drop(where: str) -> Callable[[dict[str, Any]], None]:
    """An edit that takes something away."""

    def edit(pack: dict[str, Any]) -> None:
        part, last = within(pack, where)
        del part[last]

    return edit


def twice(where: str) -> Callable[[dict[str, Any]], None]:
    """An edit that repeats the last entry of a list."""

    def edit(pack: dict[str, Any]) -> None:
        found: Any = pack
        for part in where.split("."):
            found = found[int(part) if part.isdigit() else part]
        found.append(copy.deepcopy(found[-1]))

    return edit


def find(where: str) -> Any:
    """A part of the first pack."""
    found: Any = PACK
    for part in where.split("."):
        found = found[int(part) if part.isdigit() else part]
    return found


STEPS, EXIT = "procedures.1.steps", "procedures[1].steps"
"""The steps of the exit, as they are edited and as they are told."""


def step(**fields: Any) -> dict[str, Any]:
    return {"name": "extra", "label": "另加", "by": "county", "within": {"calendar_days": 5}, **fields}


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


def test_a_fault_within_a_part_that_may_be_left_out_is_shown_at_its_entry() -> None:
    assert [fault.where for fault in faults_of(put("procedures.0.subjects", {"road": "道路", "water": ""}))] == [
        "procedures[0].subjects.water"
    ]


@pytest.mark.parametrize(
    ("edits", "where"),
    [
        ((put("commitments.0.duties", {"road": "修路"}), put("commitments.1.duties", {"road": "通水"})),
         "commitments[1].duties.road"),
        ((put("commitments.3.sources", {"other": "财政投入"}),), "commitments[3].sources.other"),
    ],
)  # fmt: skip
def test_entries_of_two_lists_share_name_and_code_or_neither(edits: Any, where: str) -> None:
    (fault,) = faults_of(*edits)
    assert fault.where == where and "make them alike" in fault.en


def test_what_else_is_wrong_with_an_entry_waits_until_its_broken_field_is_mended() -> None:
    """The steps of a procedure depend on each other, so nothing is guessed from the rest of them."""
    told_to_itself = put("procedures.0.steps.4.overdue_to", "township")
    assert [fault.where for fault in faults_of(told_to_itself)] == ["procedures[0].steps[4].overdue_to"]
    found = faults_of(told_to_itself, put("procedures.0.steps.2.by", 7))
    assert [fault.where for fault in found] == ["procedures[0].steps[2].by"]


def faults_of(*edits: Any) -> list[Fault]:
    """What is said about the first pack after some edits."""
    pack = copy.deepcopy(PACK)
    for edit in edits:
        edit(pack)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(pack)
    return [*refusal.value.faults]


def facet(code: str, share: float) -> dict[str, Any]:
    return {"code": code, "label": "帮村", "share": share}


REPLY: dict[str, Any] = {
    "by": "inspection", "reply_by": {"after": "inspection.visit.made", "within": {"calendar_days": 5}},
    "decide_by": {"after": "inspection.visit.replied", "within": {"calendar_days": 5}},
}  # fmt: skip
UNREACHABLE: dict[str, Any] = {"hindrances": {"road_cut": "道路中断"}, "at_most": 20}
SECRETARY: dict[str, Any] = {"kind": "secretary", "label": "村支书", "parents": ["village"], "personal": True}
OFFICE: dict[str, Any] = {"kind": "office", "label": "办公室", "parents": ["county"]}


def cap(figure: str, at_least: int, grade: str) -> dict[str, Any]:
    return {"figure": figure, "at_least": at_least, "grade": grade}


GRADED = "commendation: inspection.assessment.graded"
RITES = "four_deliberations_one_review"
CONTRADICTIONS = [
    (put("assessment.caps.0.grade", "splendid"), "assessment.caps[0].grade", "there is no grade splendid; those are"),
    (put("assessment.review.grades", ["dismal"]), "assessment.review.grades[0]", "there is no grade dismal; those are"),
    (put("assessment.caps.0.grade", "excellent"), "assessment.caps[0].grade", "the best grade, so it limits nothing"),
    (put("assessment.caps", [cap("absences", 1, "incompetent"), cap("absences", 2, "competent")]),
     "assessment.caps[1].grade", "absences at least 2 must leave a worse grade than at least 1 does"),
    (put("campaigns.0.opens", [{"every": {"calendar_days": -3660}, "from": D}]), "campaigns[0].opens[0].every",
     "a cycle has one unit, 1 or more"),
    (put(f"{STEPS}.1.on_objection", "start"), f"{EXIT}[1].on_objection", "leads to start, which is no"),
    (put(f"{STEPS}.1.on_objection", "notice"), f"{EXIT}[1].on_objection", "to an earlier step only"),
    (put(f"{STEPS}.1.on_objection", "approve"), f"{EXIT}[1].on_objection", "to an earlier step only"),
    (put(f"{STEPS}.1.within", {"roll": True}), f"{EXIT}[1].within", "a day at least"),
    (drop(f"{STEPS}.1.on_objection"), f"{EXIT}[1].on_objection", "the notice step notice needs"),
    (put(f"{STEPS}.0.kind", "decide"), EXIT, "it must begin with its only verify step and a notice"),
    (put(f"{STEPS}.2", step(kind="verify")), EXIT, "it must begin with its only verify step"),
    (drop(f"{STEPS}.2"), EXIT, "and end with a decide step"),
    (put(f"{STEPS}.1.within", {"calendar_days": 0}), f"{EXIT}[1].within", "a day at least"),
    (put(f"{STEPS}.0.by", "team"), f"{EXIT}[0].by", "team cannot do this"),
    (put(f"{STEPS}.2.by", "operator"), f"{EXIT}[2].by", "operator cannot do this"),
    (put("outcomes.1.decides", "unit"), "outcomes[1].decides", "unit cannot do this"),
    (put(f"{STEPS}.2.by", "villager"), f"{EXIT}[2].by", "villager cannot do this"),
    (put(f"{STEPS}.1.on_timeout", "approve"), f"{EXIT}[1].on_timeout", "to an earlier step only"),
    (drop(f"{STEPS}.2.on_refusal"), f"{EXIT}[2].on_refusal", "the decide step approve needs on_refusal"),
    (drop(f"{STEPS}.1.answer"), f"{EXIT}[1].answer", "the notice step notice needs answer"),
    (drop(f"{STEPS}.1.notice_for"), f"{EXIT}[1].notice_for", "the notice step notice needs notice_for"),
    (put(f"{STEPS}.0.on_timeout", "notice"), f"{EXIT}[0].on_timeout", "there is none"),
    (put(f"{STEPS}.2.on_timeout", "paid"), f"{EXIT}[2].on_timeout", "leads to paid, which is no step"),
    (put("procedures.1.effect", "decide"), "procedures", "there is no exit"),
    (put("procedures.0.effect", "delist"), "procedures[1].effect", "one way off the list"),
    (put("procedures.0.effect", "lift"), "procedures[0].effect", "go together"),
    (put("procedures.0.members", "household"), "procedures[0].members", "go together"),
    (put("procedures.0.steps.5.kind", "accept"), "procedures[0].steps[5].kind", "no members who could accept"),
    (put("procedures.0.steps.5.kind", "verify"), "procedures[0].steps[5].kind", "only the way off the list"),
    (all_of(put("procedures.0.effect", "lift"), put("procedures.0.members", "household")), "procedures[0].steps",
     "households accept, then follows a notice"),
    (put("procedures.0.effect", "release_fund"), "procedures[0].subjects", "subjects is needed"),
    (put("procedures.0.effect", "release_fund"), "procedures[0].origins", "origins is needed"),
    (put("procedures.0.origins", {"donation": "捐赠"}), "procedures[0].origins", "origins is not for"),
    (put("procedures.1.subjects", {"road": "道路"}), "procedures[1].subjects", "subjects is not for"),
    (all_of(put("procedures.0.effect", "release_fund"), put("procedures.0.steps.4.by", "village")),
     "procedures[0].steps", "the village decides, and so does a body above it"),
    (all_of(put("procedures.0.effect", "release_fund"), put("procedures.0.steps.0.kind", "publish")),
     "procedures[0].steps", "only then something is published"),
    (put("procedures.0.effect", "answer"), "procedures[0].steps", "it has one act step"),
    (all_of(put("procedures.0.effect", "answer"), put("procedures.0.steps.6.kind", "act")),
     "procedures[0].steps", "a publish step after it"),
    (put("procedures.0.steps.0.extensions", 1), "procedures[0].steps[0].extensions", "needs overdue_to"),
    (all_of(*(put(f"{STEPS}.2.{field}", said)
              for field, said in (("extensions", 1), ("overdue_to", "province"), ("on_timeout", "verify")))),
     f"{EXIT}[2].extensions", "no on_timeout"),
    (put("procedures.0.steps.4.overdue_to", "township"), "procedures[0].steps[4].overdue_to", "somebody else"),
    (all_of(put("procedures.0.steps.4.by", "county"), put("procedures.0.steps.4.overdue_to", "township")),
     "procedures[0].steps[4].overdue_to", "township is below county"),
    (put("procedures.0.steps.4.overdue_to", "discipline"), "procedures[0].steps[4].overdue_to", "cannot do this"),
    *((put(f"{STEPS}.2.overdue_to", role), f"{EXIT}[2].overdue_to", "cannot do this") for role in ("team", "unit")),
    (all_of(put("procedures.0.steps.5.on_timeout", "publish_result"), put("procedures.0.steps.6.kind", "act")),
     "procedures[0].steps[5].on_timeout", "leads back to an earlier step only"),
    (put("procedures.1.steps.2.kind", "act"), "procedures[1].steps", "end with a decide step"),
    (put("exit.monitor_for", {"calendar_days": 1}), "exit.monitor_for", "for a year at least"),
    *(
        (put(where, {"roll": True}), re.sub(r"\.(\d+)", r"[\1]", where), "it needs a time")
        for where in (f"{STEPS}.0.within", f"{STEPS}.2.within",
                      "outcomes.1.defence", "outcomes.2.appeals.0.within", "outcomes.2.serve", "findings.0.order",
                      "assessment.review.within", "assessment.review.answer", "links.0.term", "campaigns.0.lasts")
    ),
    *(
        (put(f"{where}.within", {"roll": True}), re.sub(r"\.(\d+)", r"[\1]", where), "it needs its time")
        for where in ("outcomes.1.decide_by", "listing.diagnose_by", "links.0.match_by", "commitments.0.set_by")
    ),
    (put("campaigns.1.lasts", {"months": 1, "calendar_days": -28}), "campaigns[1].lasts", "it needs a time"),
    (put("exit.measure_by", {"month": 11, "day": 10}), "exit.measure_by", "after `measure_from`"),
    (put("exit.poverty_line.2017", 33350), "exit.poverty_line.2017", "a digit too many"),
    (put("exit.poverty_line.2016", 900), "exit.poverty_line.2016", "a digit too many"),
    (put("links.0.each_target", {"at_least": 3, "at_most": 2}), "links[0].each_target.at_most",
     "there is no such team"),
    (put("links.0.suits.lagging_economy", ["农业", "银行", "农业"]), "links[0].suits.lagging_economy",
     "stands there twice"),
    (put("commitments.0.kind", "lettre"), "commitments[0].kind", "no village becomes pledged"),
    (put("commitments.3.reconcile", [{"month": 3, "day": 31}] * 2), "commitments[3].reconcile", "each once"),
    (put("commitments.3.reconcile", [{"month": 6, "day": 30}, {"month": 3, "day": 31}]), "commitments[3].reconcile",
     "from the first to the last"),
    (put("commitments.3.reconcile.0.within", {"calendar_days": 200}), "commitments[3].reconcile", "lasts until"),
    (put("exit.verification.sample.0.at_least", 0), "exit.verification.sample[0].at_least", "bounds nothing"),
    (put("exit.verification.sample.0.at_least", 20), "exit.verification.sample[0].at_least", "60 % is 0.6"),
    (put("exit.verification.sample.1", {"figure": "households", "at_most": 10}),
     "exit.verification.sample[1].at_most", "at_most would not do"),
    (put("effective_from", date(2019, 1, 1)), "exit.poverty_line", "the lines end in 2017"),
    (drop("exit.poverty_line.2016"), "exit.poverty_line", "there is no line for 2016"),
    (drop("exit.poverty_line.2014"), "exit.poverty_line", "there is no line for 2014"),
    (put("commitments.1.set_by.after", "promise"), "commitments[1].set_by.after", "is set after promise"),
    (put("commitments.0.set_by.after", "ledger"), "commitments[0].set_by.after", "letter is set after ledger, which"),
    (put("commitments.1.set_by.after", "three_year_plan"), "commitments[1].set_by.after", "after three_year_plan"),
    (drop("commitments.3.yearly"), "commitments[3]", "ledger is reconciled or settled by the year"),
    (twice("links"), "links[1]", "team occurs twice"),
    (put("links.0.each_bearer", {"at_least": 1, "at_most": 2}), "links[0].each_bearer.at_least", "cannot be obliged"),
    (put("links.0.each_bearer", {}), "links[0].each_bearer", "how many villages a unit's team may serve"),
    (put("links.0.suits.remote", ["交通"]), "links[0].suits.remote", "remote is no problem class"),
    (put("outcomes.0.on", "inspection.visit.made"), "outcomes[0].on", "commendation on inspection.visit.made, which"),
    (put("outcomes.0.when", {"mood": "good"}), "outcomes[0].when.mood", f"{GRADED} has no mood"),
    (put("outcomes.0.when", {"grade": ["splendid"]}), "outcomes[0].when.grade", "grade is never splendid"),
    (put("outcomes.0.when", {"grade": "splendid"}), "outcomes[0].when.grade", "grade is never splendid"),
    (put("outcomes.1.when", {"triggers": ["lazy"]}), "outcomes[1].when.triggers", "triggers is never lazy"),
    (put("outcomes.3.when", {"times": "three"}), "outcomes[3].when.times", "times is never three; it is a whole"),
    (put("outcomes.4.subject", "cadre"), "outcomes[4].subject", "settlement: dispatch.team.released has no leader"),
    (put("outcomes.4", {**PACK["outcomes"][4], "on": "dispatch.commitment.overdue", "subject": "team",
                        "when": {"kind": ["ledger", "letter"]}}),
     "outcomes[4].when", "letter is owed by the unit, for which no team answers"),
    (put("outcomes.2.clause", "S9:第四项"), "outcomes[2].clause", "S9 is none of [documents]"),
    (all_of(put("documents.S2", ZUNYI_S), put("outcomes.2.clause", "S2:二（五）")), "outcomes[2].clause",
     "S2 is a document of division 5203, which"),
    (put("documents.S2", "遵义的文件"), "documents.S2", "say whose it is"),
    (put("procedures.0.rule", "Law:26"), "procedures[0].rule", "Law is none of [documents]"),
    (put("procedures.0.steps.3.rule", "VCL 26"), "procedures[0].steps[3].rule", "a colon and the article"),
    (put("commitments.3.rule", "2.4"), "commitments[3].rule", "2.4 must be a document's short name"),
    (put("campaigns.0.rule", "S3:"), "campaigns[0].rule", "S3: must be a document's short name"),
    *(
        (put(f"{at}.reference", {"document": "S9", "article": "1"}), f"{told}.reference.document", "S9 is none")
        for at, told in (("listing", "listing"), ("exit", "exit"), ("exit.verification", "exit.verification"),
                         ("links.0", "links[0]"), ("assessment", "assessment"))
    ),
    (put("version", "5203-2016.1"), "version", "looks like another region"),
    (put("holidays", [{"kind": "holiday", "days": [D, D], "document": "S3"}]), "holidays[0].days", "occurs twice"),
    (put("holidays", [{"kind": "holiday", "days": [D], "document": "GX"}]), "holidays[0].document", "GX is none of"),
    *(
        (drop(f"outcomes.2.{part}"), f"outcomes[2].{part}", "so it needs defence, and appeals if on a person")
        for part in ("defence", "appeals")
    ),
    (put("outcomes.2.subject", "unit"), "outcomes[2].appeals", "only persons have a status"),
    (put("outcomes.2.appeals.0.direct", {"months": 1}), "outcomes[2].appeals[0].direct", "the first level has none"),
    (drop("outcomes.2.appeals.1.body"), "outcomes[2].appeals[1].body", "is asked first, or not at all"),
    (put("outcomes.2.appeals.1.body", "unit"), "outcomes[2].appeals[1].body", "unit cannot do this"),
    (put("outcomes.2.appeals.1.rule", "S9:1"), "outcomes[2].appeals[1].rule", "S9 is none of [documents]"),
    (put("outcomes.0.serve", {"calendar_days": 3}), "outcomes[0].serve", "nobody appeals against a reward"),
    (put("outcomes.2.subject", "unit"), "outcomes[2].effect", "only a cadre can bear recall"),
    (put("assessment.inputs.2.channel", "rumour"), "assessment.inputs[2].channel", "rumour is no channel"),
    (put("campaigns.2.scored", False), "assessment.inputs[3].channel", "half_year is no channel, and no campaign"),
    (put("assessment.inputs.0.weight", 0.5), "assessment.inputs[0].weight", "written_report can carry no weight"),
    (put("assessment.inputs.4.weight", 40), "assessment.inputs", "the weights make 90, but must make 100"),
    (put("assessment.inputs", PACK["assessment"]["inputs"][:2]), "assessment.inputs", "the weights make 0"),
    (put("findings.0.order", {}), "findings[0].order", "it needs a time"),
    (put("assessment.opens", {"month": 7, "day": 1}), "assessment.opens", "opens 153 days before annual"),
    (drop("campaigns.3.opens"), "campaigns[3].opens", "or there is no score"),
    (put("outcomes.0.when", {"grade": True}), "outcomes[0].when.grade", "never true"),
    (put("assessment.grades.3.at_least", 10), "assessment.grades[3].at_least", "the last grade must begin at 0"),
    (put("assessment.grades.1.at_least", 95), "assessment.grades[1].at_least", "each must begin above the next"),
    (put("campaigns.0.share", 0), "campaigns[0].share", "unannounced draws nothing, since its share is 0"),
    (put("campaigns.2.share", 0.5), "campaigns[2].share", "half_year visits all, so it has no share"),
    (put("campaigns.0.lasts", {"months": 4}), "campaigns[0].opens", "when the next has begun"),
    (put("campaigns.2.visit_days", 30), "campaigns[2].visit_days", "too few for visits on 30"),
    (all_of(put("campaigns.2.lasts", {"years": 1, "calendar_days": -365}), put("campaigns.2.visit_days", 2)),
     "campaigns[2].visit_days", "half_year lasts 1 days, too few for visits on 2"),
    (drop("listing.survey_kinds.problem"), "listing.survey_kinds", "the reserved code problem is missing"),
    (drop("listing.survey_kinds.household_visit"), "listing.survey_kinds", "household_visit is missing"),
    (drop("links.0.suits.weak_governance"), "links[0].suits", "no department suits the problem class weak_governance"),
    (put("links.0.extension", {}), "links[0].extension", "it needs a time"),
    (put("links.0.term", {}), "links[0].term", "it needs a time"),
    (put("links.0.term", {"working_days": 700}), "links[0].term", "neither in working days nor rolled"),
    (put("campaigns.0.lasts", {"calendar_days": -1}), "campaigns[0].lasts", "it needs a time"),
    (put("commitments.0.set_by.within", {"calendar_days": -30}), "commitments[0].set_by.within", "cannot be negative"),
    (put("procedures.0.steps", []), "procedures[0].steps", f"{RITES} needs a step that decides"),
    (put("procedures.0.steps.6.majority", {"figure": "agreed", "above": "1/2"}), "procedures[0].steps[6].majority",
     "nobody votes in it"),
    (twice("procedures.0.steps"), "procedures[0].steps[7]", "publish_result occurs twice"),
    (put("campaigns.0.facets", [facet("help", 0.1)] * 2), "campaigns[0].facets[1].code", "occurs twice"),
    (put("campaigns.0.facets", [facet("help", 0.11)]), "campaigns[0].facets[0].share", "draws 0.1, so the share"),
    (put("campaigns.0.facets", [facet("help", 0.0)]), "campaigns[0].facets[0].share", "must be above 0"),
    (put("campaigns.2.facets", [facet("help", 0.5)]), "campaigns[2].facets[0].share", "each visit looks into help"),
    (put("campaigns.0.evidence", ["process", "process"]), "campaigns[0].evidence", "one of them occurs twice"),
    (put("campaigns.0.recuse", ["ties", "ties"]), "campaigns[0].recuse", "one of them occurs twice"),
    (put("campaigns.0.reply", REPLY), "campaigns[0].reply.by", "inspection is not the visited side"),
    *(
        (put("campaigns.0.unreachable", {**UNREACHABLE, "by": by}), "campaigns[0].unreachable.by", "cannot decide it")
        for by in ("village", "villager", "team", "unit", "inspection")
    ),
    (put("parties", [SECRETARY, {**OFFICE, "parents": ["secretary"]}]), "parties[1].parents", "secretary is a person"),
    (put("parties", [{**OFFICE, "fields": [{"field": "name", "label": "全称"}]}]), "parties[0].fields[0].field",
     "every party has name"),
    (put("parties", [{**OFFICE, "fields": [{"field": "parent", "label": "上级"}]}]), "parties[0].fields[0].field",
     "every party has parent"),
    (put("procedures.0.steps.0.codes", {"a": "甲"}), "procedures[0].steps[0].codes", "codes are for a rectification"),
    *(
        (twice(where), re.sub(r"\.(\d+)", r"[\1]", f"{where}[{len(find(where))}]"), "occurs twice")
        for where in (
            "exit.criteria", STEPS, "commitments", "campaigns", "findings", "assessment.grades",
            "assessment.grounds", "outcomes", "procedures",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "where", "says"), CONTRADICTIONS, ids=[f"{w}: {s}" for _, w, s in CONTRADICTIONS])
def test_a_pack_that_contradicts_itself_is_refused_with_place_and_reason(edit: Any, where: str, says: str) -> None:
    told = {fault.where: fault for fault in faults_of(edit)}
    assert where in told
    assert says in told[where].en and told[where].zh
    if line := told[where].example:
        ((name, value),) = tomllib.loads(line).items()
        mended = copy.deepcopy(PACK)
        edit(mended)
        *above, last = map(str, told[where].path)
        put(".".join(above if above and above[-1] == name != last else [*above, name]), value)(mended)
        again = ""
        try:
            parse_pack(mended)
        except PolicyInvalid as refusal:
            again = refusal.zh
        assert told[where].zh not in again, f"the example {line} is wrong itself"


def test_what_is_told_to_the_body_that_is_late_itself_is_one_fault_and_not_two() -> None:
    (fault,) = faults_of(put("procedures.0.steps.4.overdue_to", "township"))
    assert fault.where == "procedures[0].steps[4].overdue_to" and "somebody else" in fault.en


OVERDUE = {**PACK["outcomes"][4], "on": "dispatch.commitment.overdue"}
FIVE_MONTHS = {"every": {"months": 5}, "from": date(2014, 1, 15)}
"""A cycle that comes near the end of the year in some years only: it begins on 15 December first in 2016."""
LAST_DAY = {"month": 12, "day": 31}
LEDGER = {field: value for field, value in PACK["commitments"][3].items() if field != "settle"}


def reconciled(days: int) -> dict[str, Any]:
    """A ledger that is not settled, with so many days for each reconciliation."""
    return {**LEDGER, "reconcile": [{**LEDGER["reconcile"][0], "within": {"calendar_days": days}}]}


def every_five_months(days: int) -> dict[str, Any]:
    """The same, set by New Year's Day and reconciled every five months, and once more at the end of the year."""
    cycle = {**FIVE_MONTHS, "within": {"calendar_days": days}}
    return {**LEDGER, "yearly": {"month": 1, "day": 1}, "reconcile": [cycle, LAST_DAY]}


BORDERS = [
    ("exit.monitor_for", {"calendar_days": 365}, {"calendar_days": 364}, "", "for a year at least"),
    ("exit.measure_by", {"month": 11, "day": 20}, {"month": 11, "day": 19}, "", "must lie after `measure_from`"),
    ("exit.poverty_line.2015", 8400, 8401, "exit.poverty_line.2015", "differ more than 3 times"),
    ("exit.poverty_line.2017", 984, 983, "exit.poverty_line.2017", "differ more than 3 times"),
    ("effective_from", date(2017, 12, 31), date(2018, 1, 1), "exit.poverty_line", "the lines end in 2017"),
    ("campaigns.2.visit_days", 21, 22, "", "half_year lasts 21 days, too few for visits on 22"),
    ("campaigns.1.announced", False, True, "", "spot_check is a draw"),
    ("campaigns.1.share", 0.001, 0, "", "draws nothing"),
    ("campaigns.2.lasts", {"years": 1, "calendar_days": -1}, {"years": 1}, "campaigns[2].opens", "lasts until 20 June"),
    ("campaigns.0.lasts", {"calendar_days": 89}, {"calendar_days": 90}, "campaigns[0].opens", "of 01 January lasts"),
    ("assessment.opens", {"month": 10, "day": 31}, {"month": 10, "day": 30}, "", "opens 32 days before annual"),
    ("assessment.opens", {"month": 12, "day": 31}, {"month": 5, "day": 1}, "", "opens 214 days before annual"),
    ("assessment.grades.1.at_least", 89.5, 90, "", "each must begin above the next"),
    ("assessment.grades.3.at_least", 0, 0.5, "", "the last grade must begin at 0"),
    ("assessment.caps", [cap("absences", 2, "incompetent"), cap("absences", 1, "basically_competent")],
     [cap("absences", 2, "incompetent"), cap("absences", 2, "competent")], "assessment.caps[1].grade",
     "absences at least 2 must leave a worse grade than at least 2 does"),
    ("assessment.caps.3.grade", "incompetent", "excellent", "", "the best grade, so it limits nothing"),
    ("assessment.review.grades", ["incompetent", "competent"], ["incompetent", "dismal"], "assessment.review.grades[1]",
     "there is no grade dismal"),
    ("commitments.3", reconciled(89), reconciled(90), "commitments[3].reconcile", "lasts until"),
    ("commitments.3", every_five_months(12), every_five_months(20), "commitments[3].reconcile",
     "of 15 December lasts until"),
    *(("commitments.0.by", "organisation", {"link": link}, "commitments[0].by.link",
       f"{link} is no link from a cadre to a village; those are: none") for link in ("team", "first_secretary")),
    ("commitments.0.by", "organisation", "inspection", "", "inspection cannot do this; nor can discipline, operator"),
    ("commitments.1.by", "village", "discipline", "", "discipline cannot do this"),
    ("commitments.1.by", "township", "operator", "", "operator cannot do this"),
    ("exit.criteria.0.mover", "village", "operator", "", "operator cannot do this; nor can others"),
    *(("outcomes.0.decides", right, wrong, "", f"{wrong} cannot do this") for right, wrong in (
        ("township", "team"), ("inspection", "village"), ("discipline", "operator"),
    )),
    ("outcomes.0.decide_by.after", "proposal", "defence", "", "of a reward it counts from the proposal"),
    ("outcomes.2.decide_by.after", "defence", "proposal", "", "of what is defended from the end of that"),
    ("outcomes.4", {**OVERDUE, "subject": "unit", "when": {"kind": ["letter", "ledger"]}},
     {**OVERDUE, "subject": "team", "when": {"kind": ["ledger", "letter"]}}, "outcomes[4].when", "by the unit"),
    ("outcomes.4", {**OVERDUE, "subject": "team"}, {**OVERDUE, "subject": "team", "when": {"kind": "letter"}},
     "outcomes[4].when", "owed by the unit, for which no team answers"),
    ("outcomes.0.when", {"score": 90}, {"score": "90"}, "outcomes[0].when.score", "score is never 90"),
    ("links.0.keep_after_exit", {}, {"calendar_days": -1}, "", "cannot be negative"),
    ("links.0.extension", {"calendar_days": 1}, {"working_days": 1}, "", "neither in working days nor rolled"),
    ("links.0.term", {"months": 30}, {"months": 30, "roll": True}, "", "neither in working days nor rolled"),
    ("outcomes.1.impact", {"calendar_days": 1}, {"working_days": 1}, "", "neither in working days nor rolled"),
    ("exit.monitor_for", {"years": 1}, {"years": 1, "roll": True}, "", "neither in working days nor rolled"),
    ("campaigns.2.lasts", {"months": 1}, {"working_days": 20}, "", "neither in working days nor rolled"),
    ("version", "benxi-2014.1", "21-2014.1", "", "looks like another region"),
    ("documents.S3.jurisdiction", "21", "210502", "outcomes[0].clause", "which binds nobody"),
    ("outcomes.0.clause", "CSL", "csl", "", "csl is none of [documents]"),
    ("campaigns.0.rule", "F52:第三条", "F52 第三条", "", "a colon and the article"),
    ("commitments.0.rule", "F52", "F25", "", "F25 is none of [documents]"),
    ("holidays", [{"kind": "holiday", "days": [D], "document": "S3"}],
     [{"kind": "holiday", "days": [D], "document": "S3"}, {"kind": "holiday", "days": [D], "document": "S3"}],
     "holidays[1].days", "occurs twice"),
    # The steps of what a village decides, and of its exit.
    ("procedures.0.steps.0.by", "unit", "inspection", "", "inspection cannot do this; nor can discipline, operator"),
    ("procedures.0.steps.0.by", "team", "discipline", "", "discipline cannot do this"),
    ("procedures.0.steps.0.by", "villager", "operator", "", "operator cannot do this"),
    (f"{STEPS}.1.by", "poverty_office", "unit", f"{EXIT}[1].by", "unit cannot do this"),
    (f"{STEPS}.1.by", "discipline", "village", f"{EXIT}[1].by", "village cannot do this"),
    ("procedures.0.steps.5.on_timeout", "publish_result", "publish_resolution", "", "back to an earlier step only"),
    ("procedures.0.steps.6.on_timeout", "resolve", "publish_resolution", "", "back to an earlier step only"),
    ("procedures.0.steps.4.on_timeout", "resolve", "publish_resolution", "", "back to an earlier step only"),
    ("procedures.0.steps.4.on_refusal", "discuss", "township_review", "", "back to an earlier step only"),
    *((f"procedures.0.steps.5.{field}", None, value, "", f"is a publish step: {counted}leave {field} out")
      for field, value, counted in (
        ("quorum", PACK["procedures"][0]["steps"][2]["quorum"], "nobody votes in it, "),
        ("notice_for", {"calendar_days": 5}, ""), ("answer", {"calendar_days": 5}, ""), ("rule", "F52", ""),
        ("on_objection", "resolve", ""), ("on_refusal", "resolve", ""),
    )),
    (f"{STEPS}.0.on_timeout", None, "verify", f"{EXIT}[0].on_timeout", "is a verify step: leave on_timeout out"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "right", "wrong", "at", "says"), BORDERS, ids=[f"{border[0]}: {border[2]}" for border in BORDERS]
)
def test_what_lies_on_the_border_is_taken_and_what_lies_beyond_is_refused(
    where: str, right: Any, wrong: Any, at: str, says: str
) -> None:
    pack = copy.deepcopy(PACK)
    if right is not None:
        put(where, right)(pack)
    parse_pack(pack)
    place = at or re.sub(r"\.(\d+)", r"[\1]", where)
    told = [fault for fault in faults_of(put(where, wrong)) if fault.where == place]
    assert any(says in fault.en and fault.zh for fault in told), told


NATION = tomllib.loads(Path("shared/policy/packs/national.toml").read_text("utf-8"))
REPLY = {"by": "county", "within": {"working_days": 5}, "decide_within": {"working_days": 10}}


@pytest.mark.parametrize(
    ("edit", "where", "says"),
    [
        (put("indicators", []), "procedures[2].effect", "[[indicators]] needs"),
        (put("procedures.2.subject", "village"), "procedures[2].subject", "is for a township or county"),
        (put("procedures.0.subject", "county"), "procedures[0].subject", "any other for a village"),
        (drop("procedures.2.proposed_by"), "procedures[2].proposed_by", "proposed_by is needed"),
        (put("procedures.0.proposed_by", "village"), "procedures[0].proposed_by", "proposed_by is not for"),
        (put("procedures.2.proposed_by", "province"), "procedures[2].proposed_by", "does not approve it"),
        (drop("procedures.2.judged"), "procedures[2].judged", "is judged by incidence"),
        (drop("procedures.2.judged.0"), "procedures[2].judged", "by incidence, and where a step verifies"),
        (drop("procedures.2.judged.3"), "procedures[2].judged", "by wrong_exit, omission, approval, each once"),
        (put("procedures.2.steps.1.kind", "act"), "procedures[2].judged", "where a step verifies"),
        (
            put("procedures.3.judged", NATION["procedures"][2]["judged"]),
            "procedures[3].judged",
            "where a step verifies",
        ),
        (put("procedures.2.judged.0.below", 60), "procedures[2].judged[0].below", "60 % is 0.6"),
        (put("procedures.2.steps.4.kind", "act"), "procedures[2].steps", "is decided by a body"),
        (put("procedures.2.steps.5.kind", "verify"), "procedures[2].steps", "verified once at most"),
        (put("procedures.2.steps.4.by", "village"), "procedures[2].steps[4].by", "village cannot do this"),
        (put("procedures.2.subjects", {"road": "道路"}), "procedures[2].subjects", "subjects is not for"),
        (put("procedures.2.steps.1.reply.by", "city"), "procedures[2].steps[1].reply.by", "which is the county"),
        (put("procedures.2.steps.0.reply", REPLY), "procedures[2].steps[0].reply", "leave reply out"),
        (put("procedures.1.steps.0.reply", REPLY), "procedures[1].steps[0].reply", "verification of a de-capping"),
    ],
)
def test_1_18_a_decapping_that_could_not_work_is_refused(edit: Any, where: str, says: str) -> None:
    pack = copy.deepcopy(NATION)
    edit(pack)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(pack)
    told = {fault.where: fault for fault in refusal.value.faults}
    assert says in told[where].en and told[where].zh


def test_all_that_is_wrong_is_told_at_once_with_its_line_and_an_example() -> None:
    text = Path("shared/policy/packs/benxi.toml").read_text("utf-8")
    for sound, faulty in (
        ("share = 0.10", "share = 60"),
        ("weight = 50", "weight = 60"),
        ('on = "inspection.order.overdue"', 'on = "inspection.order.overdue"\nwhen = { times = "three" }'),
        ("term = { years = 3 }", "term = { working_days = 1000000000 }"),
        ('kind = "spot_check"', 'kind = "spot_check"\nchoise = "draw"'),
        ('by = "township"', 'by = "nobody"'),
    ):
        assert sound in text
        text = text.replace(sound, faulty, 1)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(text.encode())
    lines = text.splitlines()
    told = [(fault.where, lines[(fault.line or 0) - 1].split("#")[0].strip()) for fault in refusal.value.faults]
    assert told == [
        ("links[0].term.working_days", "term = { working_days = 1000000000 }"),
        ("campaigns[0].share", "share = 60"),
        ("campaigns[1].choise", 'choise = "draw"'),
        ("assessment.inputs", "[[assessment.inputs]]"),
        ("outcomes[3].when.times", 'when = { times = "three" }'),
        ("procedures[0].steps[4].by", 'by = "nobody"'),
    ]
    assert [fault.example for fault in refusal.value.faults][:2] == ["term = { years = 3 }", "share = 0.1"]


ENCODINGS = {
    "UTF-8 with a mark and CRLF": lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 from the other end": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "GBK": lambda text: text.encode("gbk"),
    "GB 18030": lambda text: text.encode("gb18030"),
}


def test_a_section_that_only_some_regions_have_is_told_with_an_example_and_hides_nothing_else() -> None:
    text = Path("shared/policy/packs/zunyi.toml").read_text("utf-8")
    for sound, faulty in (("\ndays = 20", '\ndays = "20"'), ("weight = 10", "weight = 20")):
        assert sound in text
        text = text.replace(sound, faulty, 1)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(text.encode())
    told = {fault.where: fault.example for fault in refusal.value.faults}
    assert told == {"presence.days": "days = 20", "appraisals[1].channels": ""}


def test_a_section_of_another_pack_is_named_with_its_brackets() -> None:
    levels = {"kind": "levels", "label": "四级", "rule": "S2", "of": ["nobody", "team"]}
    assert any(fault.zh.startswith("“[[links]]”中没有") for fault in faults_of(put("linkages", [levels])))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_read_whatever_editor_saved_it(file: Path, encoding: str) -> None:
    text = file.read_text("utf-8").replace("²", "2")  # Which GBK does not have.
    policy, content = read_pack(ENCODINGS[encoding](text), base)
    assert policy == parse_pack(text.encode(), base)
    assert parse_pack(json.loads(json.dumps(content)), base) == policy, "what is sent is what was read"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x00\x01\x02PK\x03\x04", "TOML"),
        (b"\xff\xff\xff\xff", "no text"),
        (b"a = " + b"[" * 5000, "too deeply"),
        (b"a = " + b"{a=" * 5000, "too deeply"),
        (b'x = "' + b"a" * 300_000 + b'"', "256 KiB"),
        (b"", "missing"),
    ],
)
def test_a_file_that_is_no_pack_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(data)
    assert says in refusal.value.en
    assert ": :" not in refusal.value.en, "it is about the file, and no part of it"


def nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found] if depth % 2 else {"a": found}
    return found


@pytest.mark.parametrize("depth", [20, 900, 5000, 5001])
def test_a_pack_that_is_nested_without_end_is_refused_and_kept_out_of_commands(depth: int) -> None:
    for where in ("links", "links.0.each_target", "outcomes.0.when", "outcomes.0.when.grade", "documents"):
        assert faults_of(put(where, nested(depth)))
    with pytest.raises(ValueError, match="nested deeper"):
        AdoptPolicy(place="210500", pack={**PACK, "links": nested(depth)}, adopted_by="市委")
    with pytest.raises(ValueError, match="bytes"):
        AdoptPolicy(place="210500", pack={**PACK, "name": "x" * 300_000}, adopted_by="市委")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=12), part, max_size=4),
    max_leaves=12,
)
PLACES = [
    (*path, key)
    for path, part in [((), PACK), (("links", 0), PACK["links"][0]), (("exit",), PACK["exit"]), (("campaigns", 0), {}),
                       (("outcomes", 1), PACK["outcomes"][1]), (("assessment",), PACK["assessment"])]
    for key in part
]  # fmt: skip


@pytest.fixture(scope="module")
def nothing_else_in_memory() -> Iterator[None]:
    with alone():
        yield


@pytest.mark.usefixtures("nothing_else_in_memory")
@settings(max_examples=300, deadline=None, phases=set(Phase) - {Phase.explain})  # Explaining traces, which takes time.
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_in_a_pack_it_is_read_or_refused_at_once(place: Any, junk: Any) -> None:
    assert faults_of(put("links", [])), "what is looked up once is looked up now"
    pack = copy.deepcopy(PACK)
    put(".".join(map(str, place)), junk)(pack)

    def check() -> None:
        try:
            parse_pack(pack)
        except PolicyInvalid as refusal:
            assert refusal.faults and all(fault.zh and fault.en for fault in refusal.faults)

    assert is_quick(0.05, check)


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


def test_the_page_and_the_schema_tell_what_a_pack_can_say() -> None:
    for name, text in policy_pages.texts().items():
        kept = (policy_pages.FOLDER / name).read_text("utf-8")
        assert kept == text, f"docs/{name} is stale; run `zhucun contracts`"
    schema = policy_pages.schema()
    for file in FILES:
        on_the_wire = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
        jsonschema.validate(on_the_wire, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**on_the_wire, "teem": 3}, schema)
    for struct, part in schema["$defs"].items():
        for field, said in part["properties"].items():
            assert re.search(r"[\u4e00-\u9fff].* · .*[a-z]", said["description"]), f"{struct}.{field} is not described"


def test_every_field_of_a_pack_has_a_bound() -> None:
    walked = [*bounds.fields(Policy)]
    assert {where: wrong for where, hint in walked if (wrong := bounds.unbounded(hint))} == {}
    assert len(walked) > 150


def test_broken_toml_is_refused_with_its_line() -> None:
    with pytest.raises(PolicyInvalid, match="line 2") as refusal:
        parse_pack(b'name = "x"\nversion = \n')
    assert [fault.line for fault in refusal.value.faults] == [2]


@pytest.mark.parametrize(
    ("lines", "zh", "line"),
    [
        (["a = 1", "a = 2"], "写了两次", 2),
        (["[a]", "b = 1", "[a]"], "写了两次", 3),
        (["a = { b = 1, b = 2 }"], "写了两次", 1),
        (["day = 2014-06-31"], "没有这一天", 1),
        (["x = 1", "share = 10%"], "10%填0.1", 2),
        (["name = 本溪市"], "英文引号", 1),
        (["name = “本溪市”"], "英文引号", 1),
        (["name = "], "英文引号", 1),
        (["a = [1, 2"], "括号", 1),
        (["x = 1", "a" + ".a" * 100_000 + " = 1"], "最多20段", 2),
        (["x = {" + '"a" . ' * 40_000 + "a = 1}"], "最多20段", 1),
        (["[" + "a." * 50_000 + "a]"], "最多20段", 1),
        (["a = " + "9" * 5000], "位数过多", None),
        (["name = 0x" + "f" * 5000], "现为0xfff", 1),
        (["a" * 200_000 + " = 1"], "没有这个字段", 1),
        (["'" * 3 + '"' * 100_000 + "'" * 3], "TOML", 1),
    ],
)
def test_broken_toml_is_told_at_once_in_words_that_people_understand(
    lines: list[str], zh: str, line: int | None
) -> None:
    with quicker_than(2), pytest.raises(PolicyInvalid) as refusal:
        parse_pack("\n".join(lines).encode())
    assert zh in refusal.value.zh
    assert refusal.value.faults[0].line == line
    assert not re.search("Cannot|Invalid|Expected", refusal.value.zh)


# ------------------------------------------------------------- which governs


def pack(jurisdiction: str, effective_from: date, version: str) -> Policy:
    """The first pack with another jurisdiction, day and version."""
    return msgspec.structs.replace(BENXI, jurisdiction=jurisdiction, effective_from=effective_from, version=version)


PACKS = (
    pack("21", D, "province"),
    pack("2105", D, "city"),
    pack("2105", date(2016, 1, 1), "city later"),
    pack("210521", date(2015, 1, 1), "county"),
)


@pytest.mark.parametrize(
    ("place", "day", "version"),
    [
        ("210502", D - timedelta(1), None),
        ("210502", D, "city"),
        ("210500", D, "city"),
        ("210600", D, "province"),
        ("210000", D, "province"),
        ("520300", D, None),
        ("210521", date(2014, 12, 31), "city"),
        ("210521", date(2015, 1, 1), "county"),
        ("210521", date(2017, 1, 1), "county"),
        ("210502", date(2015, 12, 31), "city"),
        ("210502", date(2016, 1, 1), "city later"),
        ("210600", date(2017, 1, 1), "province"),
    ],
)
@pytest.mark.parametrize("order", [PACKS, PACKS[::-1]], ids=["in order", "backwards"])
def test_the_narrowest_then_the_latest_pack_governs(
    order: tuple[Policy, ...], place: str, day: date, version: str | None
) -> None:
    book = PolicyBook()
    for policy in order:
        book.adopt(policy)
    found = book.at(place, day)
    assert (found.version if found else None) == version


def test_a_version_that_is_adopted_again_replaces_itself() -> None:
    book = PolicyBook()
    book.adopt(pack("2105", D, "one"))
    book.adopt(pack("2105", date(2016, 1, 1), "one"))
    assert book.at("210502", D) is None
    assert len(book.packs["2105"]) == 1


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["21", "2105", "210521", "52"]), st.dates(D, D + timedelta(30)), st.sampled_from("abcdefgh")
    ),
    max_size=8,
    unique_by=lambda entry: (entry[0], entry[2]),
)


@given(EVENTS, st.randoms(use_true_random=False), st.sampled_from(["210521", "210502", "520300"]), st.integers(-1, 31))
def test_the_order_of_adoption_decides_nothing(adopted: Any, random: Any, place: str, days: int) -> None:
    books = PolicyBook(), PolicyBook()
    for entry in adopted:
        books[0].adopt(pack(*entry))
    random.shuffle(adopted)
    for entry in adopted:
        books[1].adopt(pack(*entry))
    day = D + timedelta(days)
    found = books[0].at(place, day)
    assert found == books[1].at(place, day)
    fitting = [(len(j), since, version) for j, since, version in adopted if place.startswith(j) and since <= day]
    assert (found and (len(found.jurisdiction), found.effective_from, found.version)) == max(fitting, default=None)


# ---------------------------------------------------------- what a pack says


@pytest.mark.parametrize(("year", "line"), [(2013, 2800), (2014, 2800), (2016, 2952), (2017, 2952), (2030, 2952)])
def test_the_poverty_line_of_a_year_is_the_latest_one_set(year: int, line: int) -> None:
    assert parse_pack(PACK).exit.line(year) == line


def test_the_worst_grade_is_by_the_packs_own_order() -> None:
    assessment = parse_pack(PACK).assessment
    assert assessment.worst_of("excellent", "basically_competent", "competent") == "basically_competent"


def test_what_bears_on_someone_is_a_sanction_and_what_does_not_is_a_reward() -> None:
    sanctions = {outcome.kind: outcome.sanction for outcome in parse_pack(PACK).outcomes}
    assert sanctions == {
        "commendation": False, "criticism": True, "recall": True, "talk": True, "settlement": False, "extension": True,
        "talent_pool": False,
    }  # fmt: skip


def test_2_4_what_is_due_before_march_is_due_on_the_last_day_of_february() -> None:
    ledgers = [pack.commitment("ledger") for pack in (shipped(file.stem) for file in FILES)]
    assert [ledger for ledger in ledgers if ledger], "the country's pack leaves ledgers to the regions"
    for ledger in filter(None, ledgers):
        assert ledger.yearly
        assert [ledger.yearly.of(year) for year in (2015, 2016)] == [date(2015, 2, 28), date(2016, 2, 29)]


@pytest.mark.parametrize(
    ("title", "jurisdiction", "says"),
    [
        ("遵义市党建扶贫“五在村”机制", "00", "全国性文件"),
        ("遵义市党建扶贫“五在村”机制", "2105", "像是遵义市的文件"),
        ("本溪市向贫困村选派驻村工作队", "5203", "像是本地的文件"),
        ("本溪市向贫困村选派驻村工作队", "2105", ""),
        ("辽宁省本溪市关于选派工作的意见", "2105", ""),
        ("农贸市场管理办法", "00", ""),
        ("城镇社区工作条例", "00", ""),
        ("关于加强贫困村驻村工作队选派管理工作的指导意见", "00", ""),
    ],
)
def test_a_title_that_names_another_division_is_doubted(title: str, jurisdiction: str, says: str) -> None:
    named = Document(title=title, jurisdiction=jurisdiction)
    told = [fault.zh for fault in find_doubts(msgspec.structs.replace(BENXI, documents={"S9": named}))]
    assert told == [] if not says else says in told[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_1_1_every_clause_of_a_shipped_pack_reads_as_a_document_and_its_article(file: Path) -> None:
    pack = shipped(file.stem)
    steps = [step.rule for procedure in pack.procedures for step in procedure.steps if step.rule]
    owed, visits = [entry.rule for entry in pack.commitments], [entry.rule for entry in pack.campaigns]
    clauses = [entry.rule for entry in pack.procedures] + [outcome.clause for outcome in pack.outcomes]
    for clause in (*steps, *owed, *visits, *clauses):
        assert pack.cited(clause).startswith(f"《{pack.title(clause.partition(':')[0])}》")


def test_an_article_that_is_a_number_reads_as_one() -> None:
    assert BENXI.cited("VCL:26") == "《村民委员会组织法》第二十六条"
    assert BENXI.cited("VCL:第二十六条") == "《村民委员会组织法》第二十六条"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_in_a_shipped_pack_is_doubted(file: Path) -> None:
    assert [*find_doubts(shipped(file.stem))] == []


def test_the_page_names_every_event_that_gives_rise_to_an_outcome_and_every_order_of_steps() -> None:
    text = policy_pages.page()
    zh, en = pack_words.words(Outcome)["on"]
    assert all(name in zh and name in en for name in TRIGGERS)
    assert all(f"- `{effect}`：" in text for effect in get_args(Effect))
    assert "列表（2 项），每项为代码" in text, "a pair of figures"
    assert all(f"- `{body}`：{zh} · {en}" in text for body, (zh, en) in ROLES.items())
    assert "- `deputy_section`：副科级" in text and "代码“" not in text
