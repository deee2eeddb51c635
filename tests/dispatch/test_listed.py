"""Teams for villages on lists beside the poverty list, whatever begins or ends first; terms that are not extended."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.commands import WithdrawAssignment
from shared.contracts.dispatch import (
    MatchingSolved,
    TeamAssigned,
    TeamDisbanded,
    TeamKept,
    TeamReleased,
    TermEnded,
    TermExtended,
    VillageMatched,
)
from shared.contracts.registry import ListingBegun, ListingEnded, VillageRecoded
from shared.rules import Refused
from tests.dispatch.benxi import (
    NEVER_EXTENDED,
    PACK,
    START,
    V1,
    V2,
    V3,
    Benxi,
    delisted,
    diagnosed,
    merged,
    relapsed,
    squad,
    unit,
    unlisted,
)
from tests.dispatch.kept import kept_alike
from tests.registry.lists import LISTS

DAY = timedelta(1)
TEAM = {name: said for name, said in PACK["links"][0].items() if name != "extension"}
ROTATING: dict[str, Any] = {**LISTS, "links": [{**TEAM, "term": {"years": 2}}], "outcomes": NEVER_EXTENDED}
"""A pack whose terms are not extended."""


def begun(kind: str = "key_village", village: str = V1, party: str | None = None, spell: int = 1) -> ListingBegun:
    return ListingBegun(
        place=village[:6], kind=kind, village=village, party=party, spell=spell, since=START,
        document="县委发〔2014〕5号", decided_by="县委",
    )  # fmt: skip


def ended(
    kind: str = "key_village", village: str = V1, ground: Any = "decided", party: str | None = None, into: Any = None
) -> ListingEnded:
    return ListingEnded(
        place=village[:6], kind=kind, village=village, party=party, spell=1, ground=ground, into=into, decided_by="县委"
    )


WEAK = begun("weak_organisation", party="B-1")
IN_ORDER = ended("weak_organisation", ground="rectified", party="B-1")


def benxi(*events: Any, **changes: Any) -> Benxi:
    """Benxi with lists and two units that suit every village of a list."""
    here = Benxi(**{**LISTS, **changes})
    here.hear(unit("U1"), *squad("U1"), unit("U2", department="民政"), *squad("U2"), *events)
    return here


def with_team(*events: Any, **changes: Any) -> Benxi:
    """A village whose list has got it a team."""
    here = benxi(begun(), *events, **changes)
    here.solve()
    here.assign()
    here.begin()
    return here


def test_2_10_a_village_on_a_list_gets_a_team_of_the_lists_class() -> None:
    here = benxi(begun(), WEAK, begun("demonstration", V2), begun("weak_organisation", V3, party="B-3"))
    assert {village: need.problem_class for village, need in here.pool.needs.items()} == {
        V1: "lagging_economy",
        V3: "weak_governance",
    }
    here.solve()
    (solved,) = here.said(MatchingSolved)
    assert (solved.matched, solved.unmet, solved.objective) == (2, 0, solved.bound)
    assert {(one.village, one.unit) for one in here.said(VillageMatched)} == {(V1, "U1"), (V3, "U2")}
    here.assign()
    (assigned,) = here.said(TeamAssigned)
    assert (assigned.village, assigned.unit, assigned.spell) == (V1, "U1", 1)
    here.begin()
    assert here.assignment().stage == "helped"


def test_2_10_one_team_for_two_lists_goes_home_with_the_last_of_them() -> None:
    here = with_team(WEAK, WEAK)
    here.hear(ended())
    assert not here.said(TeamKept) and here.assignment().stage == "helped"
    here.hear(IN_ORDER)
    (kept,) = here.said(TeamKept)
    assert kept.until == date(2015, 6, 20)
    here.settle("2014", 1, 2)
    here.until(date(2015, 6, 21))
    (released,) = here.said(TeamReleased)
    assert (released.unit, released.spell, released.served_days) == ("U1", 1, 366) and "C-U1-0" in here.free
    here.hear(begun(spell=2))
    assert [*here.pool.needs] == [V1]


def test_2_10_a_list_that_asks_for_no_team_brings_none_holds_none_and_ends_none() -> None:
    here = benxi(begun("demonstration"), ended("demonstration"))
    assert not here.pool.needs
    here = with_team(begun("demonstration"))
    here.hear(ended())
    assert here.said(TeamKept), "the other list does not hold it"
    here = with_team(begun("demonstration"), ended("demonstration"))
    assert here.assignment().stage == "helped"


@pytest.mark.parametrize("first", ["list", "poverty"])
def test_2_13_a_village_on_the_poverty_list_and_on_another_has_one_team_until_both_are_over(first: str) -> None:
    here = with_team() if first == "list" else benxi().helped()
    if first == "list":
        here.hear(diagnosed(V1, problems=1))
        assert [one.reasons for one in here.said(VillageMatched)][1:] == [("kept_team",)] and not here.pool.needs
        with pytest.raises(Refused, match="not settled"):
            here.assign()
        here.settle("2014", 1, 2)
        here.assign()
        here.begin()
    else:
        here.hear(begun())
    assert len(here.pool.teams) == 1 and here.assignment().stage == "helped"
    here.hear(delisted(V1))
    assert not here.said(TeamKept) and here.assignment().stage == "helped"
    here.hear(relapsed(V1))
    here.hear(ended())
    assert len(here.said(TeamKept)) == 1


def test_2_13_who_waits_for_a_unit_waits_on_for_another_list_when_the_poverty_list_is_over() -> None:
    here = Benxi(**LISTS)
    here.hear(diagnosed(V1), begun(), diagnosed(V2))
    assert {*here.pool.needs} == {V1, V2}
    here.hear(delisted(V1), delisted(V2))
    assert {*here.pool.needs} == {V1}


def test_2_13_the_team_stays_on_the_poverty_list_when_the_other_list_is_over() -> None:
    here = benxi().helped()
    here.hear(begun(), ended())
    assert here.assignment().stage == "helped" and not here.said(TeamKept)
    here.hear(delisted(V1))
    assert len(here.said(TeamKept)) == 1
    here.hear(begun(spell=2))
    assert here.assignment().stage == "matched", "the team that is still there goes on for the list"
    assert not here.pool.needs


def test_2_10_a_mistaken_entry_sends_the_team_home_at_once() -> None:
    here = with_team()
    here.hear(ended(ground="mistaken"))
    (gone,) = here.said(TeamDisbanded)
    assert gone.ground == "mistaken" and "C-U1-0" in here.free and not here.tasks()


@pytest.mark.parametrize("until", ["need", "match"])
def test_2_10_an_entry_that_ends_before_the_team_has_come_leaves_nothing(until: str) -> None:
    here = benxi(begun())
    if until == "match":
        here.solve()
    here.hear(ended())
    assert not here.pool.needs and not here.pool.teams and not here.tasks()
    assert len(here.said(TeamDisbanded)) == (until == "match") and not here.said(TeamReleased)


@pytest.mark.parametrize("mistake", [unlisted(), unlisted(V1, 1)])
def test_2_10_a_mistaken_place_on_the_poverty_list_leaves_the_other_lists_team(mistake: Any) -> None:
    here = with_team()
    here.hear(mistake)
    assert here.assignment().stage == "helped" and not here.said(TeamDisbanded)
    here.hear(ended())
    assert len(here.said(TeamKept)) == 1


def test_2_10_a_merged_villages_team_goes_over_with_its_list() -> None:
    here = with_team()
    here.hear(ended(ground="merged", into=V2), begun(village=V2), merged(V1, V2))
    assert here.assignment(V2).stage == "matched" and here.assignment(V2).unit == "U1"
    assert not here.said(TeamDisbanded) and not here.pool.needs
    here.settle("2014", 1, 2) if here.assignment(V2).owed else None
    here.assign(V2)
    here.hear(ended(village=V2))
    assert [one.village for one in here.said(TeamKept)] == [V2]


def test_2_10_a_village_that_waits_moves_with_its_need_to_another_county() -> None:
    here = benxi(begun())
    code = "210522" + V1[6:]
    here.hear(VillageRecoded(place=V1[:6], village=V1, code=code, since=START, decided_by="市政府", document="民发3号"))
    assert here.pool.needs[V1].place == "210522"


# ----------------------------------------------------------------------- terms that end


def test_5_7_a_term_that_is_not_extended_ends_with_another_team() -> None:
    here = with_team(**ROTATING)
    here.hear(unit("U3"), *squad("U3"))
    here.until(date(2016, 6, 20))
    assert not here.said(TermEnded)
    here.until(date(2016, 6, 21))
    (term,), (home,) = here.said(TermEnded), here.said(TeamReleased)
    assert (term.unit, term.until, home.unit, home.served_days) == ("U1", date(2016, 6, 20), "U1", 732)
    assert not here.said(TermExtended) and [task.action for task in here.tasks()] == ["matchings"]
    assert here.pool.needs[V1].problem_class == "lagging_economy"
    here.solve("m2")
    here.assign()
    here.set("letter", "term")
    assert len(here.said(TeamAssigned)) == 2 and here.said(TeamAssigned)[1].term_start == date(2016, 6, 21)
    here.set("three_year_plan", "term", "修路", "引水", "产业")
    here.set("annual_plan", "2016", "修路")
    here.set("ledger", "2016", "修路两公里")
    owed = here.assignment().owed["ledger/2016"]
    assert [item.text for item in owed.items] == ["修路两公里", "修路一公里", "打井两眼"], "what was left open goes on"
    here.hear(ended())
    assert len(here.said(TeamKept)) == 1


def test_5_7_an_assignment_that_began_anew_can_be_taken_back() -> None:
    here = with_team(**ROTATING)
    here.until(date(2016, 6, 21))
    here.solve("m2")
    here.assign()
    here.send(WithdrawAssignment)
    assert here.assignment().stage == "matched"
    here.assign()
    assert here.assignment().term_end == date(2018, 6, 21)


def test_3_11_a_poor_village_under_a_pack_without_extension_gets_another_team() -> None:
    here = benxi(**ROTATING).helped()
    here.until(date(2016, 6, 21))
    assert [*here.pool.needs] == [V1] and len(here.said(TermEnded)) == 1
    here.solve("m2")
    here.assign()
    here.hear(delisted(V1))
    assert len(here.said(TeamKept)) == 1


# ----------------------------------------------------------------------- in any order

STEPS = {
    "key": begun(),
    "key over": ended(),
    "weak": WEAK,
    "weak over": IN_ORDER,
    "poor": diagnosed(V1),
    "left": delisted(V1),
    "wrong": ended(ground="mistaken"),
}


@given(st.lists(st.sampled_from([*STEPS]), max_size=8))
@settings(max_examples=60, deadline=None)
def test_2_10_whatever_begins_and_ends_a_village_has_a_team_exactly_while_something_asks_for_it(
    names: list[str],
) -> None:
    here = benxi()
    asking: set[str] = set()
    spell = 0
    for name in names:
        event: Any = STEPS[name]
        if name == "poor":
            if "poor" in asking:
                continue
            if spell:
                here.hear(relapsed(V1))
            spell += 1
            event = diagnosed(V1, spell=spell)
        elif name == "left":
            if "poor" not in asking:
                continue
            event = delisted(V1, spell=spell)
        here.hear(event)
        asking |= {name} if name in ("key", "weak", "poor") else set()
        asking -= {{"key over": "key", "wrong": "key", "weak over": "weak", "left": "poor"}.get(name, "")}
        here.solve(f"m{here.heard}") if here.pool.needs else None
        if here.tasks("assignments"):
            here.assign()
        assert not here.pool.needs
        has = V1 in here.pool.teams and here.assignment().stage in ("assigned", "helped")
        assert has == bool(asking), (names, name, here.assignment())


async def test_2_10_lists_and_rotation_are_kept_on_a_database(database: str) -> None:
    here = Benxi(**ROTATING)
    pack = {**PACK, **ROTATING}
    events = (unit("U1"), *squad("U1"), begun(), WEAK)
    await kept_alike(here, pack, (*events, ended(), IN_ORDER), database)
