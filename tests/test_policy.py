"""Policy packs: what is refused and where, and which pack governs."""

import copy
import json
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy import Policy, PolicyBook, PolicyInvalid, parse_pack

FILES = sorted(Path("shared/policy/packs").glob("*.toml"))
PACK: dict[str, Any] = tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_pack_says_the_same_as_a_file_and_as_an_event(file: Path) -> None:
    from_file = parse_pack(file.read_bytes())
    on_the_wire = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
    assert parse_pack(on_the_wire) == from_file
    assert from_file.version.startswith(from_file.jurisdiction)


def test_the_packs_govern_different_regions() -> None:
    assert len({parse_pack(file.read_bytes()).jurisdiction for file in FILES}) == len(FILES) >= 2


def put(where: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """An edit that sets `exit.criteria.0.mover` and the like."""

    def edit(pack: dict[str, Any]) -> None:
        *path, last = [int(part) if part.isdigit() else part for part in where.split(".")]
        for part in path:
            pack = pack[part]  # type: ignore[index]
        pack[last] = value  # type: ignore[index]

    return edit


def drop(where: str) -> Callable[[dict[str, Any]], None]:
    """An edit that takes something away."""

    def edit(pack: dict[str, Any]) -> None:
        *path, last = [int(part) if part.isdigit() else part for part in where.split(".")]
        for part in path:
            pack = pack[part]  # type: ignore[index]
        del pack[last]  # type: ignore[arg-type]

    return edit


def twice(where: str) -> Callable[[dict[str, Any]], None]:
    """An edit that repeats the last entry of a list."""

    def edit(pack: dict[str, Any]) -> None:
        found: Any = pack
        for part in where.split("."):
            found = found[int(part) if part.isdigit() else part]
        found.append(copy.deepcopy(found[-1]))

    return edit


def step(**fields: Any) -> dict[str, Any]:
    return {"name": "extra", "by": "county", "within": {"calendar_days": 5}, **fields}


SCHEMA_FAULTS = [
    (put("teem", {}), "unknown field `teem`"),
    (put("team.sizes", 3), r"unknown field `sizes` - at `\$\.team`"),
    (drop("team.size"), r"missing required field `size` - at `\$\.team`"),
    (put("team.size", "3 people"), r"Expected `int`.* - at `\$\.team\.size`"),
    (put("team.size", 0), r">= 1 - at `\$\.team\.size`"),
    (put("exit.criteria.0.at_most", "few"), r"Expected `float.* - at `\$\.exit\.criteria\[0\]\.at_most`"),
    (put("exit.criteria.0.mover", "nobody"), r"Invalid enum value 'nobody' - at `\$\.exit\.criteria\[0\]\.mover`"),
    (put("exit.criteria.0.indicator", "In cidence"), r"regex.* - at `\$\.exit\.criteria\[0\]\.indicator`"),
    (put("exit.procedure.0.kind", "vote"), r"'vote' - at `\$\.exit\.procedure\[0\]\.kind`"),
    (put("exit.procedure.0.within", {"days": 7}), r"unknown field `days` - at `\$\.exit\.procedure\[0\]\.within`"),
    (put("exit.measure_by", {"month": 2, "day": 30}), r"day is out of range.* - at `\$\.exit\.measure_by`"),
    (put("exit.verification.sample_share", 20), r"<= 1\.0 - at `\$\.exit\.verification\.sample_share`"),
    (put("exit.poverty_line", {}), r"length >= 1 - at `\$\.exit\.poverty_line`"),
    (put("exit.poverty_line", {"since 2014": 2800}), r"regex.* - at `key` in `\$\.exit\.poverty_line`"),
    (put("jurisdiction", "210"), r"regex.* - at `\$\.jurisdiction`"),
    (put("effective_from", "this summer"), r"date - at `\$\.effective_from`"),
    (put("outcomes.0.decides", "computer"), r"'computer' - at `\$\.outcomes\[0\]\.decides`"),
    (put("commitments.0.by", "teem"), r"'teem' - at `\$\.commitments\[0\]\.by`"),
    (put("campaigns.0.visit_days", 0), r">= 1 - at `\$\.campaigns\[0\]\.visit_days`"),
    (put("campaigns.0.seed_days", -1), r">= 0 - at `\$\.campaigns\[0\]\.seed_days`"),
    (put("procedures.0.steps.0.of", "all"), r"'all' - at `\$\.procedures\[0\]\.steps\[0\]\.of`"),
]


@pytest.mark.parametrize(("edit", "says"), SCHEMA_FAULTS, ids=[says for _, says in SCHEMA_FAULTS])
def test_a_pack_that_does_not_fit_is_refused_with_place_and_reason(edit: Any, says: str) -> None:
    pack = copy.deepcopy(PACK)
    edit(pack)
    with pytest.raises(PolicyInvalid, match=says) as refusal:
        parse_pack(pack)
    assert str(refusal.value).startswith("政策包格式有误")


CONTRADICTIONS = [
    (put("assessment.caps.0.grade", "splendid"), "assessment.caps: there is no grade splendid"),
    (put("exit.procedure.1.on_objection", "start"), "exit.procedure: notice leads to start, which is no step"),
    (drop("exit.procedure.1.on_objection"), "exit.procedure: the notice notice needs an on_objection"),
    (put("exit.procedure.0.kind", "decide"), "exit.procedure: it must begin with its only verify step and a notice"),
    (put("exit.procedure.2", step(kind="verify")), "exit.procedure: it must begin with its only verify step"),
    (drop("exit.procedure.2"), "exit.procedure: it must begin .* and end with a decide step"),
    (put("exit.procedure", []), "exit.procedure: it must begin"),
    (drop("exit.criteria.0.at_most"), "exit.criteria: incidence needs either at_most or at_least"),
    (put("exit.criteria.0.at_least", 0.1), "exit.criteria: incidence needs either at_most or at_least"),
    (put("commitments.1.after", "promise"), "commitments: three_year_plan is set after promise"),
    (put("commitments.0.after", "ledger"), "commitments: letter is set after ledger, .* further up"),
    (put("commitments.1.after", "three_year_plan"), "commitments: three_year_plan is set after three_year_plan"),
    (drop("commitments.3.yearly"), "commitments: ledger is reconciled or settled by the year"),
    (put("team.suits.remote", ["交通"]), "team.suits: remote is no problem class"),
    (put("outcomes.0.on", "inspection.visit.made"), "outcomes: commendation on inspection.visit.made, which"),
    (put("outcomes.0.when", {"mood": "good"}), "outcomes: commendation: inspection.assessment.graded has no mood"),
    (put("outcomes.0.when", {"grade": ["splendid"]}), "outcomes: commendation: grade is never splendid"),
    (put("outcomes.0.when", {"grade": "splendid"}), "outcomes: commendation: grade is never splendid"),
    (put("outcomes.1.when", {"triggers": ["lazy"]}), "outcomes: criticism: triggers is never lazy"),
    (put("outcomes.4.subject", "cadre"), "outcomes: settlement: dispatch.team.released has no leader"),
    *(
        (drop(f"outcomes.1.{part}"), "outcomes: criticism bears on someone, so it needs defence, appeal and answer")
        for part in ("defence", "appeal", "answer")
    ),
    (put("assessment.inputs.2.channel", "rumour"), "assessment.inputs: rumour is no channel"),
    (put("campaigns.2.scored", False), "assessment.inputs: half_year is no channel, and no campaign of this kind"),
    (put("assessment.inputs.0.weight", 5), "assessment.inputs: written_report can carry no weight"),
    (put("assessment.inputs", PACK["assessment"]["inputs"][:2]), "assessment.inputs: none carries a weight"),
    (put("findings.0.order", {}), "findings: absent: an order needs a time"),
    (drop("assessment.grades.3"), "assessment.grades: the last grade must begin at 0"),
    (put("assessment.grades.3.at_least", 10), "assessment.grades: the last grade must begin at 0"),
    (put("assessment.grades.1.at_least", 95), "assessment.grades: each must begin above the next"),
    (put("campaigns.0.share", 0), "campaigns: unannounced draws nothing, since its share is 0"),
    (put("team.same_county_levels", ["county", "town"]), "team.same_county_levels: town is no level"),
    (drop("listing.survey_kinds.problem"), "listing.survey_kinds: the reserved code problem is missing"),
    (drop("listing.survey_kinds.household_visit"), "listing.survey_kinds: the reserved code household_visit is miss"),
    (drop("team.suits.weak_governance"), "team.suits: no department suits the problem class weak_governance"),
    (put("team.suits.weak_governance", []), "team.suits: no department suits the problem class weak_governance"),
    (put("team.extension", {}), "team.extension: it needs a time"),
    (put("team.term", {}), "team.term: it needs a time"),
    (put("campaigns.0.lasts", {"calendar_days": -1}), "campaigns.0.lasts: it needs a time"),
    (put("commitments.0.within", {"calendar_days": -30}), "commitments.0.within: a time cannot be negative"),
    (put("procedures.0.steps", []), "procedures: four_deliberations_one_review has no step that decides"),
    (put("procedures.0.steps.6.agreed_above", 0.5), "procedures: .*: publish_result publishes, so that nobody votes"),
    (twice("procedures.0.steps"), "procedures.four_deliberations_one_review: publish_result occurs twice"),
    *(
        (twice(where), f"{where}: .* occurs twice")
        for where in (
            "exit.criteria", "exit.procedure", "commitments", "campaigns", "findings", "assessment.inputs",
            "assessment.grades", "assessment.grounds", "outcomes", "procedures",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "says"), CONTRADICTIONS, ids=[says for _, says in CONTRADICTIONS])
def test_a_pack_that_contradicts_itself_is_refused_with_place_and_reason(edit: Any, says: str) -> None:
    pack = copy.deepcopy(PACK)
    edit(pack)
    with pytest.raises(PolicyInvalid, match=says) as refusal:
        parse_pack(pack)
    assert str(refusal.value).startswith("政策包自相矛盾")


def test_broken_toml_is_refused_with_its_line() -> None:
    with pytest.raises(PolicyInvalid, match="line 2"):
        parse_pack(b'name = "x"\nversion = \n')


# ------------------------------------------------------------- which governs


def pack(jurisdiction: str, effective_from: date, version: str) -> Policy:
    """The first pack with another jurisdiction, day and version."""
    benxi = parse_pack(PACK)
    return msgspec.structs.replace(benxi, jurisdiction=jurisdiction, effective_from=effective_from, version=version)


D = date(2014, 6, 1)
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


@pytest.mark.parametrize(("value", "holds"), [(0.02, True), (0.0200001, False), (0.0, True), (None, False)])
def test_a_criterion_with_an_upper_bound(value: float | None, holds: bool) -> None:
    incidence = parse_pack(PACK).exit.criteria[0]
    assert incidence.holds(value) is holds
    assert incidence.bound == 0.02


@pytest.mark.parametrize(("value", "holds"), [(20000, True), (19999.99, False), (None, False)])
def test_a_criterion_with_a_lower_bound(value: float | None, holds: bool) -> None:
    income = parse_pack(PACK).exit.criteria[1]
    assert income.holds(value) is holds
    assert income.bound == 20000


@pytest.mark.parametrize(("year", "line"), [(2013, 2800), (2014, 2800), (2016, 2952), (2017, 3335), (2030, 3335)])
def test_the_poverty_line_of_a_year_is_the_latest_one_set(year: int, line: int) -> None:
    assert parse_pack(PACK).exit.line(year) == line


def test_the_worst_grade_is_by_the_packs_own_order() -> None:
    assessment = parse_pack(PACK).assessment
    assert assessment.worst_of("excellent", "basically_competent", "competent") == "basically_competent"


def test_what_bears_on_someone_is_a_sanction_and_what_does_not_is_a_reward() -> None:
    sanctions = {outcome.kind: outcome.sanction for outcome in parse_pack(PACK).outcomes}
    assert sanctions == {
        "commendation": False, "criticism": True, "recall": True, "talk": True, "settlement": False,
        "talent_pool": False,
    }  # fmt: skip


def test_2_4_what_is_due_before_march_is_due_on_the_last_day_of_february() -> None:
    for file in FILES:
        ledger = parse_pack(file.read_bytes()).commitment("ledger")
        assert ledger and ledger.yearly
        assert [ledger.yearly.of(year) for year in (2015, 2016)] == [date(2015, 2, 28), date(2016, 2, 29)]
