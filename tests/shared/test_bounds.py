"""Bounds in packs: judged exactly on their border, refused where they could not be meant, and read in earlier words."""

import copy
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.policy import Fault, Policy, PolicyInvalid, kept_pack, parse_pack, renewed
from shared.policy.bound import FIGURES, RELATIONS, Bound, Limits
from shared.policy.checking import hints_of

PACK: dict[str, Any] = tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8"))

# ------------------------------------------------------------------- the border


@pytest.mark.parametrize(
    ("poor", "people", "passes"), [(2, 100, False), (199, 10_000, True), (14, 700, False), (13, 700, True)]
)
def test_1_18_exactly_two_percent_does_not_pass_below_two_percent(poor: int, people: int, passes: bool) -> None:
    assert parse_pack(PACK).exit.criteria[0].holds(poor / people) is passes


@pytest.mark.parametrize(
    ("relation", "below", "on_it", "above"),
    [
        ("below", True, False, False),
        ("at_most", True, True, False),
        ("at_least", False, True, True),
        ("above", False, False, True),
        ("is", False, True, False),
    ],
)
def test_a_bound_holds_below_on_and_above_its_border(relation: str, below: bool, on_it: bool, above: bool) -> None:
    for number, values in ((0.02, (0.0199999, 0.02, 0.0200001)), ("2/3", (0.6666, 2 / 3, 0.6667)), (3, (2, 3, 4))):
        bound = msgspec.convert({"figure": "incidence", relation: number}, Bound)
        assert [bound.holds(value) for value in values] == [below, on_it, above]
    assert not bound.holds(None), "what was not measured meets nothing"


@given(
    st.integers(0, 10**6),
    st.integers(1, 10**6),
    st.integers(1, 999),
    st.integers(1, 999),
    st.sampled_from([*RELATIONS]),
)
@example(2, 3, 2, 3, "at_least")
@example(333_333, 10**6, 1, 3, "is")
def test_a_share_of_people_meets_a_fraction_as_whole_numbers_say(
    part: int, whole: int, over: int, under: int, relation: str
) -> None:
    bound = msgspec.convert({"figure": "present", relation: f"{over}/{under}"}, Bound)
    assert bound.holds(part / whole) == RELATIONS[relation].holds(part * under, over * whole)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10_000), st.sampled_from([*RELATIONS]))
@example(29, 10_000, 29, "below")
def test_a_share_of_people_meets_a_decimal_as_whole_numbers_say(
    part: int, whole: int, parts: int, relation: str
) -> None:
    bound = msgspec.convert({"figure": "present", relation: parts / 10_000}, Bound)
    assert bound.holds(part / whole) == RELATIONS[relation].holds(part * 10_000, parts * whole)


# -------------------------------------------------------------- what is refused


def edited(where: str, value: Any, *, sound: dict[str, Any] = PACK) -> dict[str, Any]:
    """The pack with another value at a place; None takes what is there away."""
    pack = copy.deepcopy(sound)
    *path, last = (int(name) if name.isdigit() else name for name in where.split("."))
    part: Any = pack
    for name in path:
        part = part[name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return pack


def fault_of(pack: dict[str, Any]) -> Fault:
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(pack)
    (fault,) = refusal.value.faults
    return fault


CRITERION = {"figure": "incidence", "label": "贫困发生率", "mover": "team"}
RATES = "exit.verification.rates"
FAULTS = [
    ("exit.criteria.0", CRITERION, "exit.criteria[0].below", "incidence needs one of below, at_most"),
    ("exit.criteria.0", {**CRITERION, "below": 0.02, "at_least": 0.01}, "exit.criteria[0].at_least", "and one only"),
    ("exit.criteria.0", {**CRITERION, "at_least": 0.02}, "exit.criteria[0].at_least", "would mean the contrary"),
    ("exit.criteria.0.below", 2, "exit.criteria[0].below", "a share from 0 to 1; 60 % is 0.6"),
    ("exit.criteria.0.below", -0.5, "exit.criteria[0].below", "a share from 0 to 1; 60 % is 0.6"),
    ("exit.criteria.0.below", 0, "exit.criteria[0].below", "is never below 0"),
    ("exit.criteria.0.below", 1, "exit.criteria[0].below", "nearly any would pass; 2 % is 0.02"),
    ("exit.criteria.0.below", "3/3", "exit.criteria[0].below", "nearly any would pass; 2 % is 0.02"),
    ("exit.criteria.0.figure", "incidense", "exit.criteria[0].figure", "looks like incidence, which is computed"),
    (f"{RATES}.0.figure", "wrong_exits", f"{RATES}[0].figure", "it is one of wrong_exit, omission, approval"),
    (f"{RATES}.0.below", 0, f"{RATES}[0].below", "is never below 0"),
    (f"{RATES}.1.below", 1.0, f"{RATES}[1].below", "nearly any would pass"),
    (f"{RATES}.2", {"figure": "approval", "below": 0.9}, f"{RATES}[2].below", "would mean the contrary"),
    (f"{RATES}.2.at_least", 90, f"{RATES}[2].at_least", "a share from 0 to 1"),
    (f"{RATES}.2.at_least", 0, f"{RATES}[2].at_least", "is always at least 0"),
    ("assessment.ballot_quorum.at_least", 0, "assessment.ballot_quorum.at_least", "is always at least 0"),
    ("assessment.ballot_quorum.figure", "attendance", "assessment.ballot_quorum.figure", "it is one of present"),
    ("assessment.caps.0.figure", "absence", "assessment.caps[0].figure", "it is one of absences, open_items"),
    ("assessment.caps.0.at_least", 0, "assessment.caps[0].at_least", "is always at least 0"),
    ("assessment.caps.0.at_least", 1.5, "assessment.caps[0].at_least", "a whole number from 0 on"),
    ("assessment.grounds.2.below", 60, "assessment.grounds[2].below", "a share from 0 to 1"),
    ("assessment.grounds.2.below", 0, "assessment.grounds[2].below", "is never below 0"),
    ("assessment.grounds.2", {"name": "bad_opinion", "figure": "approval", "at_least": 0.6},
     "assessment.grounds[2].at_least", "would mean the contrary"),
    ("assessment.grounds.0.at_least", -1, "assessment.grounds[0].at_least", "a whole number from 0 on"),
    ("procedures.0.steps.2.quorum.at_least", 0, "procedures[0].steps[2].quorum.at_least", "is always at least 0"),
    ("procedures.0.steps.2.majority", {"figure": "agreed", "above": 1}, "procedures[0].steps[2].majority.above",
     "is never above 1"),
    ("procedures.0.steps.2.majority.figure", "present", "procedures[0].steps[2].majority.figure", "one of agreed"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "value", "at", "says"), FAULTS, ids=[f"{at}: {says}" for _, _, at, says in FAULTS])
def test_a_bound_that_could_not_be_meant_is_refused_and_its_example_cures_it(
    where: str, value: Any, at: str, says: str
) -> None:
    pack = edited(where, value)
    fault = fault_of(pack)
    assert (fault.where, fault.zh != "", says in fault.en) == (at, True, True), fault
    ((name, instead),) = tomllib.loads(fault.example).items()
    *path, last = fault.path
    part: Any = pack
    for step in path:
        part = part[step]
    part.pop(last, None)  # The line that is wrong is replaced by the example's.
    part[name] = instead
    parse_pack(pack)


@pytest.mark.parametrize(("said", "field"), [({}, "at_least"), ({"at_least": 3, "above": 3}, "above")])
def test_a_cap_that_has_no_number_or_two_is_compared_with_no_other(said: dict[str, int], field: str) -> None:
    cap = {"figure": "absences", "grade": "incompetent", **said}
    assert fault_of(edited("assessment.caps.0", cap)).where == f"assessment.caps[0].{field}"


@pytest.mark.parametrize("twice", [0, 1, 2])
def test_each_rate_of_a_verification_is_bounded_once(twice: int) -> None:
    rates = [PACK["exit"]["verification"]["rates"][n] for n in (twice, twice, (twice + 1) % 3)]
    assert fault_of(edited(RATES, rates)).where == f"{RATES}[1]"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("exit.criteria.0", {**CRITERION, "at_most": 0}),
        ("exit.criteria.0", {**CRITERION, "is": 0}),
        ("exit.criteria.1", {"figure": "deficit", "label": "村级债务（元）", "below": 1, "mover": "unit"}),
        ("assessment.ballot_quorum", {"figure": "present", "is": 1}),
        ("assessment.grounds.1", {"name": "task_missed", "figure": "open_items", "above": 0}),
        ("assessment.caps.3", {"figure": "approval", "below": "1/2", "grade": "competent"}),
    ],
)
def test_a_bound_may_say_what_a_document_can(where: str, value: Any) -> None:
    parse_pack(edited(where, value))


def test_every_bound_of_a_pack_stands_where_the_catalogue_knows_its_figures() -> None:
    """A bound in a part of a pack that the catalogue does not know would be a fault of the code."""
    found = set[tuple[str, ...]]()

    def walk(hint: Any, path: tuple[str, ...]) -> None:
        if isinstance(hint, type) and issubclass(hint, Bound):
            found.add(path)
        elif isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            for name, inner in hints_of(hint).items():
                walk(inner, (*path, name))
        for part in get_args(hint):
            walk(part, path)

    walk(Policy, ())
    assert found == set(FIGURES)


@pytest.mark.parametrize(
    ("said", "zh", "en"),
    [
        ({"at_least": 3, "at_most": 5}, "3至5", "3 to 5"),
        ({"at_least": 3, "at_most": 3}, "3", "3"),
        ({"at_least": 3}, "不少于3", "3 or more"),
        ({"at_most": 5}, "不多于5", "5 or fewer"),
        ({}, "不限", "any number"),
    ],
)
def test_limits_are_said_as_people_say_them(said: dict[str, int], zh: str, en: str) -> None:
    assert Limits(**said).said == (zh, en)


# -------------------------------------------------------------- earlier words

EARLIER: dict[str, Any] = {
    "exit": {
        "criteria": [{"indicator": "incidence", "label": "贫困发生率", "at_most": 0.02, "mover": "team"}],
        "verification": {
            "sample_share": 0.2, "sample_at_least": 10, "wrong_exit_below": 0.02, "omission_below": 0.03,
            "approval_at_least": 0.9,
        },
    },
    "assessment": {
        "ballot_quorum": 0.6666,
        "caps": [{"when": "absences", "at_least": 2, "grade": "incompetent"}],
        "grounds": [{"name": "few", "when": "absences_at_least", "bound": 2},
                    {"name": "late", "when": "open_items_above", "bound": 3},
                    {"name": "bad", "when": "approval_below", "bound": 0.6}],
    },
    "procedures": [{**PACK["procedures"][0], "steps": [
        {"name": "a", "label": "审议", "kind": "decide", "by": "village", "present_at_least": 0.5, "agreed_above": 0.5,
         "of": "entitled"},
        {"name": "b", "label": "决议", "kind": "decide", "by": "village", "agreed_above": 0.5},
        {"name": "c", "label": "公开", "kind": "publish", "by": "village"},
    ]}],
}  # fmt: skip


def test_a_pack_in_earlier_words_stays_in_force_and_says_the_same() -> None:
    earlier = {**PACK, **{part: {**PACK[part], **EARLIER[part]} for part in ("exit", "assessment")}}
    policy = kept_pack({**earlier, "procedures": EARLIER["procedures"], "outcomes": []})
    assert isinstance(policy, Policy)
    assert policy.exit.criteria[0].given == {"at_most": 0.02}, "what was adopted then is not tightened by that"
    assert [(rate.figure, rate.given) for rate in policy.exit.verification.rates] == [
        ("wrong_exit", {"below": 0.02}),
        ("omission", {"below": 0.03}),
        ("approval", {"at_least": 0.9}),
    ]
    terms = policy.assessment
    assert (terms.ballot_quorum.figure, terms.ballot_quorum.given) == ("present", {"at_least": 0.6666})
    assert [(cap.figure, cap.given, cap.grade) for cap in terms.caps] == [("absences", {"at_least": 2}, "incompetent")]
    assert [(ground.name, ground.figure, ground.given) for ground in terms.grounds] == [
        ("few", "absences", {"at_least": 2}),
        ("late", "open_items", {"above": 3}),
        ("bad", "approval", {"below": 0.6}),
    ]
    review, resolve, publish = policy.procedures[0].steps
    assert review.quorum and review.majority and resolve.majority
    assert (review.quorum.given, review.majority.figure) == ({"at_least": 0.5}, "agreed_of_entitled")
    assert (resolve.quorum, resolve.majority.figure) == (None, "agreed")
    assert (publish.quorum, publish.majority) == (None, None)


def test_a_pack_that_once_named_its_team_beside_the_link_still_calls_it_so() -> None:
    named = kept_pack({**PACK, "words": {"team": "工作组", "exit": "销号"}})
    assert isinstance(named, Policy) and named.team.label == "驻村工作组"
    assert named.spoken("驻村工作队在村出列后撤离，工作队员返岗") == "驻村工作组在村销号后撤离，工作组员返岗"
    both = kept_pack({**PACK, "links": [{**PACK["links"][0], "label": "帮扶工作组"}], "words": {"team": "工作组"}})
    assert isinstance(both, Policy) and both.team.label == "帮扶工作组", "what the link says already stays"


def test_a_pack_in_the_words_of_today_is_read_as_it_is() -> None:
    assert renewed(PACK) == PACK
    assert kept_pack(PACK) == parse_pack(PACK)


def test_a_new_pack_in_earlier_words_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match=r"exit\.criteria"):
        parse_pack({**PACK, "exit": {**PACK["exit"], **EARLIER["exit"]}})
