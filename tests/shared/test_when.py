"""When something opens, is due or comes again: days of the year, cycles, times after something; and what is refused."""

import tomllib
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import Span, national
from shared.pack_sentences import sentences
from shared.policy import Policy, PolicyInvalid, kept_pack, parse_pack, renewed
from shared.policy.checking import hints_of
from shared.policy.when import FORMS, When
from tests.support.packs import EARLIER_TEAM, with_earlier_team

PACK: dict[str, Any] = tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8"))
DAY = timedelta(1)
QUARTERS = {"every": {"months": 3}, "from": "2014-03-31"}
PAIRS = {"every": {"working_days": 2}, "from": "2016-01-04"}
MONTH = {"after": "registry.village.listed", "within": {"calendar_days": 30}}


def on(text: str) -> date:
    return date.fromisoformat(text)


def said(**when: Any) -> When:
    return msgspec.convert(when, When, strict=False)


# ---------------------------------------------------------------- the next day


@pytest.mark.parametrize(
    ("when", "since", "next_"),
    [
        ({"month": 6, "day": 30}, "2015-06-29", "2015-06-30"),
        ({"month": 6, "day": 30}, "2015-06-30", "2016-06-30"),
        ({"month": 1, "day": 1}, "2015-12-31", "2016-01-01"),
        ({"month": 12, "day": 31}, "2015-12-31", "2016-12-31"),
        ({"month": 2, "day": 29}, "2015-02-27", "2015-02-28"),
        ({"month": 2, "day": 29}, "2015-02-28", "2016-02-29"),
        ({"month": 2, "day": 29}, "2016-02-28", "2016-02-29"),
        (QUARTERS, "2010-01-01", "2014-03-31"),  # Before a cycle has begun, its first day is the next.
        (QUARTERS, "2014-03-31", "2014-06-30"),  # From the end of a month to the end of a month.
        (QUARTERS, "2014-06-30", "2014-09-30"),
        (QUARTERS, "2014-09-30", "2014-12-31"),
        (QUARTERS, "2014-12-31", "2015-03-31"),
        (QUARTERS, "2016-05-01", "2016-06-30"),  # Days that were missed in between are not come back to.
        ({"every": {"months": 12}, "from": "2012-02-29"}, "2014-01-01", "2014-02-28"),
        ({"every": {"months": 12}, "from": "2012-02-29"}, "2015-03-01", "2016-02-29"),
        ({"every": {"years": 2}, "from": "2012-02-29"}, "2013-01-01", "2014-02-28"),
        ({"every": {"calendar_days": 2}, "from": "2014-03-03"}, "2014-03-03", "2014-03-05"),
        (PAIRS, "2016-01-04", "2016-01-06"),
        (PAIRS, "2016-01-08", "2016-01-12"),  # Friday to Tuesday: a weekend is no working day.
        (PAIRS, "2016-02-05", "2016-02-14"),  # Over the Spring Festival; Sunday the 14th is worked.
        (PAIRS, "2015-12-31", "2016-01-04"),
        ({"every": {"years": 50}, "from": "2100-12-31"}, "1980-01-01", "2100-12-31"),
    ],
)
def test_the_next_day_on_which_it_begins(when: dict[str, Any], since: str, next_: str) -> None:
    assert said(**when).begins(on(since), national()) == on(next_)


@pytest.mark.parametrize(
    ("when", "since", "due"),
    [
        (MONTH, "2014-12-15", "2015-01-14"),
        ({"after": "x", "within": {"months": 1}}, "2015-01-31", "2015-02-28"),
        ({"after": "x", "within": {"years": 1}}, "2016-02-29", "2017-02-28"),
        ({"after": "x", "within": {"working_days": 3}}, "2015-09-30", "2015-10-10"),  # Saturday the 10th is worked.
        ({"after": "x", "within": {"calendar_days": 1, "roll": True}}, "2015-09-30", "2015-10-08"),
        ({"month": 6, "day": 30}, "2014-07-01", "2015-06-30"),
        ({**QUARTERS, "within": {"calendar_days": 15}}, "2014-04-01", "2014-07-15"),
        ({"month": 12, "day": 31, "within": {"calendar_days": 15}}, "2014-07-01", "2015-01-15"),
    ],
)
def test_the_last_day_for_it(when: dict[str, Any], since: str, due: str) -> None:
    assert said(**when).due(on(since), national()) == on(due)


def test_all_days_of_a_year() -> None:
    ends = ((3, 31), (6, 30), (9, 30), (12, 31))
    assert said(**QUARTERS).of(2015, national()) == tuple(date(2015, month, day) for month, day in ends)
    assert said(**QUARTERS).of(2013, national()) == ()
    assert said(month=2, day=29).of(2015, national()) == (date(2015, 2, 28),)
    assert said(**MONTH).of(2015, national()) == (), "what comes after something has no days of its own"
    pairs = said(**PAIRS).of(2016, national())
    assert (pairs[0], len(pairs)) == (date(2016, 1, 4), 125)
    assert all(national().works(day) for day in pairs)


repeating = st.one_of(
    st.builds(When, month=st.integers(1, 12), day=st.integers(1, 28)),
    st.just(said(month=2, day=29)),
    st.builds(
        When,
        every=st.one_of(
            st.builds(Span, calendar_days=st.integers(1, 800)),
            st.builds(Span, working_days=st.integers(1, 500)),
            st.builds(Span, months=st.integers(1, 30)),
            st.builds(Span, years=st.integers(1, 5)),
        ),
        start=st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    ),
)
days = st.dates(date(1995, 1, 1), date(2040, 12, 31))


@given(repeating, days, st.integers(0, 900))
def test_what_comes_again_comes_later_and_leaves_no_day_out(when: When, day: date, missed: int) -> None:
    """Whether every day is passed or many are missed at once, the next one is the same."""
    following = when.begins(day, national())
    assert following > day
    between = day + timedelta(min(missed, (following - day).days - 1))
    assert when.begins(between, national()) == following
    assert [*when.days(day + DAY, following, national())] == [following]
    assert when.begins(following - DAY, national()) == following


@given(repeating, repeating, days, st.integers(0, 400))
def test_another_pack_that_takes_effect_in_between_is_followed_from_its_day_on(
    old: When, new: When, day: date, until: int
) -> None:
    """A timer that the earlier pack set is looked at again on the day of the change, and is the later pack's then."""
    change, end, at, begun = day + timedelta(until), day + timedelta(800), day, list[date]()
    while at < end:
        is_old = at < change
        at = (old if is_old else new).begins(at, national())
        if is_old and at > change:
            at = change
        elif at <= end:
            begun.append(at)
    first, then = old.days(day + DAY, change, national()), new.days(change + DAY, end, national())
    assert begun == [*first, *then]


# ------------------------------------------------------------ what a pack may say


def refusals(where: str, value: Any) -> list[tuple[str, str]]:
    """Place and reason of all that is wrong with the first pack once it says something else."""
    pack: Any = deepcopy(PACK)
    *path, last = where.split(".")
    part = pack
    for name in path:
        part = part[int(name) if name.isdigit() else name]
    part[int(last) if last.isdigit() else last] = value
    try:
        parse_pack(pack)
    except PolicyInvalid as error:
        return [(fault.where, fault.en) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("links.0.assign_by", {"month": 7, "day": 31}),  # “在 7 月底前进驻”: a day, however long ago the matching was.
        ("listing.diagnose_by", {"after": "registry.village.listed", "within": {"working_days": 20}}),
        ("commitments.0.set_by", {"month": 3, "day": 31}),
        ("commitments.3.reconcile", [{"month": 6, "day": 30}, {"month": 12, "day": 31, "within": {"months": 1}}]),
        ("campaigns.0", {**PACK["campaigns"][0], "opens": [{"every": {"working_days": 2}, "from": date(2016, 1, 4)}],
                         "lasts": {"calendar_days": 1}, "visit_days": 1}),
        ("outcomes.0.decide_by", {"month": 1, "day": 31}),
        ("assessment.grade_by", {"month": 2, "day": 28}),
    ],
)  # fmt: skip
def test_a_when_may_say_what_a_document_can(where: str, value: Any) -> None:
    assert refusals(where, value) == []


WRONG: list[tuple[str, Any, str, str]] = [
    ("listing.diagnose_by", {}, "listing.diagnose_by", "one of these, in full"),
    ("listing.diagnose_by", {"month": 6}, "listing.diagnose_by", "one of these, in full"),
    ("listing.diagnose_by", {"after": "registry.village.listed"}, "listing.diagnose_by", "listed, it needs its time"),
    ("listing.diagnose_by", {**MONTH, "month": 6, "day": 30}, "listing.diagnose_by", "one of these, in full"),
    ("listing.diagnose_by", {**MONTH, "day": 30}, "listing.diagnose_by", "one of these, in full"),
    ("listing.diagnose_by", {**MONTH, "from": date(2014, 1, 1)}, "listing.diagnose_by", "one of these, in full"),
    ("listing.diagnose_by", {**MONTH, "after": "vacancy"}, "listing.diagnose_by.after", "but from registry.village"),
    ("listing.diagnose_by", PAIRS, "listing.diagnose_by", "a cycle { every, from } cannot stand here"),
    ("listing.diagnose_by", {"calendar_days": 30}, "listing.diagnose_by.calendar_days", "no such field"),
    ("links.0.match_by", {"month": 2, "day": 30}, "links[0].match_by", "one that exists"),
    ("links.0.match_by", {"month": 6, "day": 30, "within": {"months": 1}}, "links[0].match_by.within",
     "the last day already"),
    ("commitments.3.reconcile.0", {"every": {"months": 3}, "within": {"calendar_days": 15}},
     "commitments[3].reconcile[0]", "one of these, in full"),
    ("commitments.3.reconcile.0", MONTH, "commitments[3].reconcile[0]", "a time after something"),
    ("campaigns.0.opens.0", {"every": {"months": 1, "calendar_days": 3}, "from": date(2014, 1, 1)},
     "campaigns[0].opens[0].every", "a cycle has one unit"),
    ("campaigns.0.opens.0", {"every": {"calendar_days": -1}, "from": date(2014, 1, 1)},
     "campaigns[0].opens[0].every", "a cycle has one unit"),
    ("campaigns.0.opens.0", {"every": {}, "from": date(2014, 1, 1)}, "campaigns[0].opens[0].every", "has one unit"),
    ("campaigns.0.opens.0", {"every": {"months": 3, "roll": True}, "from": date(2014, 1, 1)},
     "campaigns[0].opens[0].every", "never rolls"),
    ("campaigns.0.opens", [{"month": 1, "day": 1}, {"every": {"months": 3}, "from": date(2014, 1, 1)}],
     "campaigns[0].opens", "when the next has begun"),
    ("campaigns.3.opens", [{"every": {"years": 2}, "from": date(2013, 12, 1)}], "campaigns[3].opens", "no score"),
    ("outcomes.0.decide_by.after", "defence", "outcomes[0].decide_by.after", "of a reward it counts from the proposal"),
    ("outcomes.1.decide_by.after", "proposal", "outcomes[1].decide_by.after", "from the end of that"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "value", "place", "why"), WRONG)
def test_a_when_that_cannot_be_followed_is_refused(where: str, value: Any, place: str, why: str) -> None:
    found = refusals(where, value)
    assert [at for at, _ in found] == [place] and why in found[0][1], found


def test_every_when_of_a_pack_stands_where_the_catalogue_knows_what_it_can_say() -> None:
    found = set[tuple[str, ...]]()

    def walk(hint: Any, path: tuple[str, ...]) -> None:
        if hint is When:
            found.add(path)
        elif isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            for name, inner in hints_of(hint).items():
                walk(inner, (*path, name))
        for part in get_args(hint):
            walk(part, path)

    walk(Policy, ())
    assert found == set(FORMS)


def test_a_pack_says_its_days_in_sentences_of_both_languages() -> None:
    told = {one.path: (one.zh, one.en) for one in sentences(parse_pack(PACK))}
    for path, zh, en in (
        (("listing", "diagnose_by"), "自列入贫困村起29日内", "within 29 calendar days of the listing"),
        (("commitments", "three_year_plan", "set_by"), "自工作目标责任书起30日内", "within 30 calendar days of letter"),
        (
            ("commitments", "ledger", "reconcile"),
            "自2014年3月31日起每3个月一次，15日内",
            "every 3 months from 31 March 2014 on, within 15 calendar days",
        ),
        (("campaigns", "annual", "opens"), "每年12月1日", "1 December of each year"),
    ):
        assert told[path][0].endswith(zh) and en in told[path][1], told[path]


# -------------------------------------------------------------- earlier words

EARLIER: dict[str, Any] = {
    "listing": {**{k: v for k, v in PACK["listing"].items() if k != "diagnose_by"},
                "diagnose_within": {"calendar_days": 29}},
    "team": {**{k: v for k, v in EARLIER_TEAM.items() if k not in ("match_by", "assign_by", "replace_by", "retain_by")},
             "match_by": {"calendar_days": 20}, "assign_within": {"calendar_days": 10},
             "replace_within": {"calendar_days": 30}},
    "commitments": [
        {**{k: v for k, v in PACK["commitments"][0].items() if k != "set_by"}, "within": {"calendar_days": 30}},
        *({**{k: v for k, v in one.items() if k not in ("set_by", "reconcile")}, "after": one["set_by"]["after"],
           "within": {"calendar_days": 30}} for one in PACK["commitments"][1:3]),
        {**{k: v for k, v in PACK["commitments"][3].items() if k not in ("set_by", "reconcile")},
         "after": "three_year_plan", "within": {"calendar_days": 30}, "reconcile_within": {"calendar_days": 15},
         "reconcile": [{"month": 3, "day": 31}, {"month": 6, "day": 30}, {"month": 9, "day": 30},
                       {"month": 12, "day": 31}]},
    ],
    "outcomes": [{**{k: v for k, v in one.items() if k != "decide_by"}, "within": {"calendar_days": 30}}
                 for one in PACK["outcomes"]],
    "assessment": {k: v for k, v in PACK["assessment"].items() if k != "grade_by"},
    "exit": {k: v for k, v in PACK["exit"].items() if k not in ("request_by", "relapse_by")},
}  # fmt: skip


def test_a_pack_in_earlier_words_stays_in_force_and_says_the_same() -> None:
    earlier = {**with_earlier_team(), **EARLIER}
    kept, today = kept_pack(earlier), parse_pack(PACK)
    assert isinstance(kept, Policy)
    assert kept.listing == today.listing and kept.team == today.team and kept.outcomes == today.outcomes
    assert kept.assessment == today.assessment, "a grade had no last day then, and has a month now"
    assert kept.exit == today.exit, "nor had the request for an exit and the decision on a relapse"
    for year in range(2014, 2021):
        assert kept.commitments[3].reconciliations(year, national()) == today.commitments[3].reconciliations(
            year, national()
        )
    assert [(one.kind, one.set_by) for one in kept.commitments] == [(one.kind, one.set_by) for one in today.commitments]
    assert parse_pack(renewed({**with_earlier_team(), **EARLIER})) == kept, (
        "it passes the checks of today, when it is replayed"
    )


def test_a_layer_in_earlier_words_says_what_it_said_and_no_more() -> None:
    layer = {
        "extends": "2105",
        "team": {"replace_within": {"calendar_days": 10}},
        "commitments": [EARLIER["commitments"][0]],
        "exit": {"verification": {"sample_share": 0.3}},
    }
    assert renewed(layer) == {
        "extends": "2105",
        "links": [{"kind": "team", "replace_by": {"after": "vacancy", "within": {"calendar_days": 10}}}],
        "commitments": [PACK["commitments"][0]],
        "exit": {"verification": {"sample": [{"figure": "share", "at_least": 0.3}]}},
    }


def test_a_new_pack_in_earlier_words_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="do you mean `diagnose_by`"):
        parse_pack({**PACK, "listing": EARLIER["listing"]})
