"""The cadres who are responsible for households (帮扶责任人, 0.2, 2.2, 2.17)."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.model.commands import EndPairings, PairHouseholds, Pairing, Parting
from services.dispatch.model.pairings import Pairings
from services.dispatch.model.pool import Pool, Squad
from shared.contracts import Event
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import (
    DeadlineMoved,
    GapClosed,
    GapFound,
    HouseholdsPaired,
    HouseholdsUnpaired,
    Pair,
    QuotaAsked,
    QuotaMet,
    QuotaMissed,
)
from shared.contracts.registry import CadreWithdrawn, PolicyAdopted, VillageRecoded
from shared.labels import said
from shared.policy import parse_pack
from shared.rules import Refused
from tests.dispatch.benxi import CITY, DECIDED, HOME, PACK, START, V1, V2, Benxi, cadre, delisted, diagnosed, own_pack
from tests.dispatch.helping import CADRES, OF, UNITS, city, counted, pack, pair, pairs
from tests.dispatch.kept import kept_alike
from tests.support.packs import HELPER

DAY = timedelta(1)


def part(benxi: Benxi, household: str, who: str, because: str = "changed", body: str = "township") -> None:
    gone = (Parting(household=household, cadre=who),)
    benxi.send(EndPairings, V1, kind="helper", pairs=gone, because=because, body=body)


def helpers(benxi: Benxi, village: str = V1) -> dict[str, str]:
    """Who helps each household. What the squads count must agree."""
    found: dict[str, str] = {}
    numbers: dict[tuple[str, str, str], int] = {}
    for state in benxi.dispatch.states.values():
        if isinstance(state, Pairings):
            for id, of in state.helped("helper").items():
                for who, helper in of.items():
                    key = (helper.unit, who, state.id)
                    numbers[key] = numbers.get(key, 0) + 1
                if state.id == village:
                    found[id] = " ".join(of)
    assert numbers == {
        (squad.id, who, of): number
        for squad in benxi.dispatch.states.values()
        if isinstance(squad, Squad)
        for who, villages in squad.helps.get("helper", {}).items()
        for of, number in villages.items()
    }
    squads = [squad for squad in benxi.dispatch.states.values() if isinstance(squad, Squad)]
    assert all(villages for squad in squads for villages in squad.helps.get("helper", {}).values()), "who helps nobody"
    return found


def gaps(benxi: Benxi) -> list[int]:
    """The numbers of households without a helper, as they were told; 0 for none."""
    told = [fact.event for fact in benxi.world.facts if isinstance(fact.event, (GapFound, GapClosed))]
    return [one.missing if isinstance(one, GapFound) else 0 for one in told]


def test_0_2_every_poor_household_needs_a_helper_and_only_the_number_is_told_openly() -> None:
    benxi = city("H1", "H2", "H3")
    assert benxi.said(GapFound) == [GapFound(place=HOME, village=V1, kind="helper", missing=3, households=3)]
    (task,) = benxi.tasks("pairings")
    assert (task.role, task.due, task.rule, task.detail) == ("township", START + 30 * DAY, "S3:第一项", "helper")
    assert task.answer == {"place": HOME, "village": V1, "kind": "helper", "body": "township"}
    benxi.until(START + 9 * DAY)
    pair(benxi, H1="L1", H2="L1 C1")
    assert [task.due for task in benxi.tasks("pairings")] == [START + 30 * DAY], "the day stays for who still lacks one"
    state = benxi.dispatch.states[Pairings, V1]
    assert isinstance(state, Pairings) and state.lacking(benxi.policy.helping["helper"]) == ["H3"]
    assert state.personal and state.status == "open" and gaps(benxi) == [3, 1]
    pair(benxi, H3="C2")
    assert gaps(benxi) == [3, 1, 0] and not benxi.tasks("pairings") and state.awaits
    assert benxi.dispatch.states[Pairings, V1].status == "filled"
    assert helpers(benxi) == {"H1": "L1", "H2": "L1 C1", "H3": "C2"}


def test_2_2_a_villages_pairs_are_one_event_that_is_sealed_and_a_repetition_is_none() -> None:
    benxi = city("H1", "H2")
    pair(benxi, H1="L1", H2="C1")
    (told,) = benxi.said(HouseholdsPaired)
    assert told.is_sealed() and told.pairs == (
        Pair(household="H1", unit="U1", cadre="L1"),
        Pair(household="H2", unit="U1", cadre="C1"),
    )
    pair(benxi, H1="L1", H2="C1")
    with pytest.raises(Refused, match="named twice in one list"):
        pair(benxi, *pairs(H2="C2"), H2="C2")
    pair(benxi, H1="L1", H2="C2")
    assert [event.pairs for event in benxi.said(HouseholdsPaired)[1:]] == [
        (Pair(household="H2", unit="U1", cadre="C2"),)
    ], "a pair that is known already is not told again"


@pytest.mark.parametrize(
    ("said", "status", "zh", "en"),
    [
        ({"H1": "L1", "kind": "friend"}, 422, "可填：帮扶责任人", "its kinds are: helper"),
        ({"H1": "L1", "body": "county"}, 422, "乡镇", "a matter of the township"),
        ({"H9": "L1", "H8": "C1"}, 422, "H8不是该村建档立卡户（共2户不符）", "H8 is no registered household"),
        ({"H1": "L1 C1 C2"}, 409, "每户最多2名", "has C1, L1 already, and 2 at most"),
        ({f"H{n}": "L1" for n in range(1, 7)}, 409, "已帮扶0户，每名干部最多帮扶5户", "and 5 at most"),
    ],
)
def test_2_2_what_cannot_be_paired_is_refused_whole(said: dict[str, str], status: int, zh: str, en: str) -> None:
    benxi = city(*(f"H{n}" for n in range(1, 7)))
    with pytest.raises(Refused, match=en) as refused:
        pair(benxi, **said)
    assert refused.value.status == status and zh in refused.value.zh
    assert helpers(benxi) == {} and len(benxi.tasks("pairings")) == 1


@pytest.mark.parametrize(
    ("one", "en"),
    [
        (Pairing(household="H1", unit="U2", cadre="L1"), "not registered as a cadre of U2"),
        (Pairing(household="H1", unit="U9", cadre="L9"), "not registered as a cadre of U9"),
        (Pairing(household="H1", unit="U1", cadre="L1", kin=True), "a relative of household H1"),
    ],
)
def test_2_2_somebody_who_cannot_be_a_helper_is_refused_at_the_households_row(one: Pairing, en: str) -> None:
    benxi = city("H1", "H2")
    with pytest.raises(Refused, match=en) as refused:
        pair(benxi, one, H2="C1")
    assert refused.value.field == "pairs.H1.cadre" and not helpers(benxi)


def test_2_2_a_cadre_below_the_rank_is_refused_where_the_pack_asks_for_one() -> None:
    benxi = city("H1", rank="deputy_section")
    with pytest.raises(Refused, match="ranks below deputy section"):
        pair(benxi, H1="C2")
    pair(benxi, H1="C1")
    assert helpers(benxi) == {"H1": "C1"}


def test_2_2_a_cadres_households_are_counted_over_all_villages() -> None:
    benxi = city("H1", "H2", "H3", each_bearer={"at_most": 3})
    benxi.hear(counted("H1", "H2", village=V2))
    pair(benxi, H1="L1", H2="L1")
    with pytest.raises(Refused, match="helps 2 households already, and 3 at most"):
        pair(benxi, village=V2, H1="L1", H2="L1")
    pair(benxi, village=V2, H1="L1")
    part(benxi, "H1", "L1")
    pair(benxi, village=V2, H2="L1")
    assert (helpers(benxi), helpers(benxi, V2)) == ({"H2": "L1"}, {"H1": "L1", "H2": "L1"})


def test_2_17_a_cadre_with_ties_to_the_village_may_help_a_family_there() -> None:
    benxi = city("H1")
    pair(benxi, H1="D1")
    assert helpers(benxi) == {"H1": "D1"}


def test_0_2_a_village_whose_households_the_register_did_not_tell_takes_no_helpers() -> None:
    benxi = city()
    with pytest.raises(Refused, match="does not exist"):
        pair(benxi, H1="L1")


def test_0_2_a_household_that_was_lifted_keeps_its_helper_and_is_owed_none() -> None:
    benxi = city("H1", "H2")
    pair(benxi, H1="L1")
    benxi.hear(counted("H3", lifted=("H1", "H2")))
    assert helpers(benxi) == {"H1": "L1"} and gaps(benxi) == [2, 1] and not benxi.said(HouseholdsUnpaired)
    pair(benxi, H2="C1", H3="C1")
    assert not benxi.tasks("pairings")


def test_0_2_a_household_that_is_registered_no_more_has_no_helper() -> None:
    benxi = city("H1", "H2")
    pair(benxi, H1="L1", H2="C1")
    benxi.hear(counted("H2"))
    (gone,) = benxi.said(HouseholdsUnpaired)
    assert (gone.ground, [one.household for one in gone.pairs], gone.decided_by) == ("unregistered", ["H1"], "")
    assert helpers(benxi) == {"H2": "C1"} and gaps(benxi) == [2, 0]


def test_0_2_of_a_household_that_splits_the_part_with_a_new_id_lacks_a_helper_that_day() -> None:
    benxi = city("H1", "H2")
    pair(benxi, H1="L1", H2="C1")
    benxi.until(START + 50 * DAY)
    benxi.hear(counted("H1", "H1A", "H2"))
    assert helpers(benxi) == {"H1": "L1", "H2": "C1"} and gaps(benxi) == [2, 0, 1]
    assert [task.due for task in benxi.tasks("pairings")] == [benxi.today + 30 * DAY]
    pair(benxi, H1A="L1")
    assert helpers(benxi) == {"H1": "L1", "H1A": "L1", "H2": "C1"} and gaps(benxi) == [2, 0, 1, 0]


@pytest.mark.parametrize("because", ["changed", "kin", "mistaken"])
def test_2_2_a_pair_that_ends_leaves_a_gap_from_that_day(because: str) -> None:
    benxi = city("H1", "H2")
    pair(benxi, H1="L1 C1", H2="C1")
    benxi.until(START + 40 * DAY)
    for wrong in ("L1", "C2"):
        with pytest.raises(Refused, match="does not help household H2") as refused:
            part(benxi, "H2", wrong)
        assert refused.value.field == "pairs.H2.cadre"
    with pytest.raises(Refused, match="a matter of the township"):
        part(benxi, "H1", "L1", body="county")
    part(benxi, "H1", "C1", because)
    assert not benxi.tasks("pairings"), "the other one helps on"
    part(benxi, "H2", "C1", because)
    assert [event.ground for event in benxi.said(HouseholdsUnpaired)] == [because] * 2
    assert [task.due for task in benxi.tasks("pairings")] == [START + 70 * DAY]
    assert helpers(benxi) == {"H1": "L1"} and gaps(benxi) == [2, 0, 1]


def test_2_2_a_pair_ends_also_when_the_pack_has_no_helpers_any_more() -> None:
    benxi = city("H1")
    pair(benxi, H1="L1")
    later = {**PACK, "version": "2105-2014.2"}
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2014.2", adopted_by="市委", pack=later))
    benxi.policy = parse_pack(later)
    with pytest.raises(Refused, match="a matter of the organisation department"):
        part(benxi, "H1", "L1")
    part(benxi, "H1", "L1", body="organisation")
    assert not helpers(benxi) and not benxi.tasks("pairings")
    assert benxi.pool.timers == {}, "nobody looks at quotas any more"


GONE = CadreWithdrawn(place=CITY, cadre="L1", unit="U1", reason="退休", **DECIDED)


@pytest.mark.parametrize("happens", [GONE, cadre("L1", "U2", "division", left="U1")], ids=["retired", "transferred"])
def test_0_2_the_households_of_a_cadre_who_leaves_the_unit_lack_a_helper_that_day(happens: Event) -> None:
    benxi = city("H1", "H2", "H3")
    benxi.hear(counted("H1", village=V2))
    pair(benxi, H1="L1", H2="L1 C1", H3="C1")
    pair(benxi, village=V2, H1="L1")
    benxi.until(START + 40 * DAY)
    benxi.hear(happens)
    told = {
        event.village: (event.ground, [one.household for one in event.pairs])
        for event in benxi.said(HouseholdsUnpaired)
    }
    assert told == {V1: ("left", ["H1", "H2"]), V2: ("left", ["H1"])}
    assert (helpers(benxi), helpers(benxi, V2)) == ({"H2": "C1", "H3": "C1"}, {})
    assert [(task.about, task.due) for task in benxi.tasks("pairings")] == [
        (V1, START + 70 * DAY),
        (V2, START + 70 * DAY),
    ]


def test_0_2_a_cadre_who_is_described_anew_helps_on() -> None:
    benxi = city("H1")
    pair(benxi, H1="L1")
    benxi.hear(cadre("L1", "U1", "staff", ties=(V1,)))
    assert helpers(benxi) == {"H1": "L1"}


def test_0_2_households_that_come_to_another_village_bring_their_helpers() -> None:
    benxi = city("H1", "H2", "H3")
    benxi.hear(counted("H1", village=V2))
    pair(benxi, H1="L1", H2="C1 C2")
    pair(benxi, village=V2, H1="D1")
    since = benxi.today
    benxi.until(START + 5 * DAY)
    came = {"H1": f"{V1}-H1", "H2": "H2", "H3": "H3"}
    benxi.hear(counted("H1", *came.values(), village=V2, former=V1, came=came), counted())
    assert helpers(benxi, V2) == {"H1": "D1", f"{V1}-H1": "L1", "H2": "C1 C2"} and not helpers(benxi)
    state = benxi.dispatch.states[Pairings, V2]
    assert isinstance(state, Pairings) and state.helped("helper")["H2"]["C1"].since == since, "as long as before"
    assert [(task.about, task.due) for task in benxi.tasks("pairings")] == [(V2, START + 35 * DAY)]
    moved, begun = benxi.said(HouseholdsUnpaired, village=V1), benxi.said(HouseholdsPaired, village=V2)[1:]
    assert [event.ground for event in moved] == ["moved"] and [len(event.pairs) for event in begun] == [3]


def test_0_2_of_a_village_that_is_split_the_rest_keeps_its_own() -> None:
    benxi = city("H1", "H2", "H3")
    pair(benxi, H1="L1", H2="C1", H3="C1")
    benxi.hear(counted("H2", village=V2, former=V1, came={"H2": "H2"}), counted("H1", "H3"))
    assert (helpers(benxi), helpers(benxi, V2)) == ({"H1": "L1", "H3": "C1"}, {"H2": "C1"})
    assert gaps(benxi) == [3, 0], "no household lacked a helper in between"


def test_0_2_what_befalls_the_village_leaves_its_households_helped() -> None:
    benxi = city("H1")
    benxi.hear(diagnosed(V1))
    pair(benxi, H1="L1")
    benxi.hear(delisted(V1))
    since = date(2014, 8, 1)
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210522100209", since=since, **DECIDED))
    assert helpers(benxi) == {"H1": "L1"} and benxi.dispatch.states[Pairings, V1].place == "210522"


def test_2_2_holidays_move_the_last_day_for_a_helper() -> None:
    benxi = city("H1", begin_by={"after": "registry.households.counted", "within": {"working_days": 10}})
    (due,) = (task.due for task in benxi.tasks("pairings"))
    assert due
    off = tuple(START + n * DAY for n in range(1, 30))
    benxi.world.announce(
        HolidaysAnnounced(
            place="000000", notice="2014", year=2014, document="国办发明电", off=off, announced_by="国务院办公厅"
        )
    )
    (moved,) = benxi.said(DeadlineMoved)
    (task,) = benxi.tasks("pairings")
    assert task.due and task.due > due and (moved.village, moved.due) == (V1, task.due)
    assert said("deadline", moved.deadline, benxi.policy) == "确定帮扶责任人的期限"


# ------------------------------------------------------------------ quotas by rank


def test_2_2_on_the_packs_day_each_unit_is_told_who_helps_too_few_and_when_they_help_enough() -> None:
    benxi = city("H1", "H2", "H3")
    pair(benxi, H1="L1")
    benxi.until(date(2014, 12, 30))
    assert not benxi.said(QuotaAsked)
    benxi.until(date(2014, 12, 31))
    assert benxi.said(QuotaAsked) == [QuotaAsked(place=CITY, kind="helper")]
    assert benxi.said(QuotaMissed) == [
        QuotaMissed(place=CITY, unit="U1", kind="helper", cadres={"C1": 1, "L1": 2}),
        QuotaMissed(place=CITY, unit="U2", kind="helper", cadres={"D1": 2}),
    ], "two for a division or deputy division, one for a deputy section, none for staff"
    assert QuotaMissed(place=CITY, unit="U1", kind="helper", cadres={}).is_sealed(), "it names persons"
    assert benxi.dispatch.states[Squad, "U1"].status == "short"
    pair(benxi, H2="L1")
    assert not benxi.said(QuotaMet)
    pair(benxi, H3="C1")
    assert benxi.said(QuotaMet) == [QuotaMet(place=CITY, unit="U1", kind="helper")]
    benxi.until(date(2015, 12, 31))
    assert [event.unit for event in benxi.said(QuotaMissed)[2:]] == ["U2"], "every year anew"


def test_2_2_quotas_are_asked_of_units_that_were_registered_before_the_pack_and_have_no_pair() -> None:
    benxi = Benxi()
    benxi.hear(*UNITS, *CADRES)
    later = {**pack(), "version": "2105-2014.2", "effective_from": date(2015, 3, 1)}
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2014.2", adopted_by="市委", pack=later))
    benxi.until(date(2015, 12, 30))
    assert not benxi.said(QuotaMissed), "the first 31 December is before the pack's day"
    benxi.policy = parse_pack(later)
    benxi.until(date(2015, 12, 31))
    assert [event.unit for event in benxi.said(QuotaMissed)] == ["U1", "U2"]


def test_2_2_the_countrys_pack_asks_nobody_by_itself() -> None:
    benxi = city("H1")
    national = tomllib.loads(Path("shared/policy/packs/national.toml").read_text("utf-8"))
    link = {**HELPER, "rule": f"{next(iter(national['documents']))}:1"}
    del national["documents"]["G17"]["since"]  # The pack is in force before its time.
    whole = {**national, "version": "00-2014.9", "effective_from": START, "links": [*national["links"], link]}
    benxi.hear(PolicyAdopted(place="000000", version="00-2014.9", adopted_by="国务院扶贫办", pack=whole))
    assert [state.id for state in benxi.dispatch.states.values() if isinstance(state, Pool)] == ["2105"]


def test_2_2_a_cadre_who_leaves_owes_the_unit_nothing() -> None:
    benxi = city("H1")
    benxi.until(date(2014, 12, 31))
    pair(benxi, H1="C1")
    benxi.hear(GONE)
    pair(benxi, H1="C2")
    assert [event.unit for event in benxi.said(QuotaMet)] == ["U1"]


def test_2_2_a_unit_has_met_its_quota_when_whoever_helped_too_few_has_left() -> None:
    benxi = city("H1")
    pair(benxi, H1="C1")
    benxi.until(date(2014, 12, 31))
    benxi.hear(GONE)
    assert [event.unit for event in benxi.said(QuotaMet)] == ["U1"]
    assert benxi.dispatch.states[Squad, "U1"].status == ""


def test_2_2_until_a_pack_takes_effect_the_day_of_the_one_before_counts() -> None:
    benxi = city("H1")
    later = {**pack(quota_on={"month": 6, "day": 30}), "version": "2105-2", "effective_from": date(2015, 1, 1)}
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2", adopted_by="市委", pack=later))
    benxi.until(date(2014, 12, 31))
    assert len(benxi.said(QuotaAsked)) == 1
    benxi.policy = parse_pack(later)
    benxi.until(date(2015, 6, 29))
    assert len(benxi.said(QuotaAsked)) == 1
    benxi.until(date(2015, 6, 30))
    assert len(benxi.said(QuotaAsked)) == 2


def test_2_2_a_county_with_quotas_of_its_own_has_a_pool_of_its_own_and_is_asked_once() -> None:
    benxi = city("H1")
    benxi.hear(diagnosed(V1))
    own_pack(benxi, links=pack()["links"])
    assert V1 in benxi.dispatch.states[Pool, HOME].needs and not benxi.pool.needs  # type: ignore[attr-defined]
    back = {"jurisdiction": HOME, "version": f"{HOME}-2", "effective_from": START, "extends": "2105"}
    county = {**back, "name": "本溪满族自治县", "name_en": "Benxi County"}
    benxi.hear(PolicyAdopted(place=HOME, version=f"{HOME}-2", adopted_by="县委", pack=county))
    assert V1 in benxi.pool.needs
    benxi.until(date(2014, 12, 31))
    assert [event.place for event in benxi.said(QuotaAsked)] == [CITY]


def test_0_2_whoever_leaves_helps_no_more_also_under_another_pack_than_the_units() -> None:
    benxi = Benxi()
    own_pack(benxi, links=pack()["links"])
    benxi.hear(*UNITS, *CADRES, counted("H1"))
    pair(benxi, H1="L1")
    benxi.hear(GONE)
    assert not helpers(benxi) and gaps(benxi) == [1, 0, 1]


NAMES = st.sampled_from(["H1", "H2", "H3", "H4"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pair"), st.dictionaries(NAMES, st.sampled_from(sorted(OF)), min_size=1)),
        st.tuples(st.just("part"), st.tuples(NAMES, st.sampled_from(sorted(OF)))),
        st.tuples(st.just("count"), st.sets(NAMES)),
        st.tuples(st.just("move"), st.sets(NAMES, min_size=1)),
        st.tuples(st.just("leave"), st.sampled_from(["L1", "C1"])),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_0_2_whatever_happens_the_told_gap_is_the_real_one(steps: list[tuple[str, Any]]) -> None:
    """The number that was told last is that of the poor households without a helper, in both villages."""
    benxi = city("H1", "H2")
    known = {V1: {"H1", "H2"}, V2: set[str]()}
    for what, of in steps:
        try:
            if what == "pair":
                pair(benxi, **of)
            elif what == "part":
                part(benxi, *of)
            elif what == "count":
                known[V1] = of - known[V2]
                benxi.hear(counted(*sorted(known[V1])))
            elif what == "move":
                came = of & known[V1]
                known = {V1: known[V1] - came, V2: known[V2] | came}
                benxi.hear(
                    counted(*sorted(known[V2]), village=V2, former=V1, came={id: id for id in sorted(came)}),
                    counted(*sorted(known[V1])),
                )
            else:
                benxi.hear(CadreWithdrawn(place=CITY, cadre=of, unit="U1", reason="退休", **DECIDED))
        except Refused:
            continue
    for village, ids in known.items():
        told = [
            fact.event
            for fact in benxi.world.facts
            if isinstance(fact.event, (GapFound, GapClosed)) and fact.event.village == village
        ]
        last = told[-1].missing if told and isinstance(told[-1], GapFound) else 0
        assert last == len(ids - {*helpers(benxi, village)})
        assert {*helpers(benxi, village)} <= ids
        assert bool(last) == any(task.about == village for task in benxi.tasks("pairings"))


async def test_2_2_pairs_are_kept_as_they_are_decided(database: str) -> None:
    benxi = Benxi(links=pack()["links"])
    pairing = PairHouseholds(
        place=HOME, village=V1, kind="helper", pairs=pairs(H1="L1", H2="L1 C1"), decided_by="镇党委", body="township"
    )
    ending = EndPairings(
        place=HOME,
        village=V1,
        kind="helper",
        pairs=(Parting(household="H1", cadre="L1"),),
        because="changed",
        decided_by="镇党委",
        body="township",
    )
    steps: list[Any] = [
        *UNITS, *CADRES, counted("H1", "H2"), pairing, ending, date(2014, 12, 31),
        counted("H2", village=V2, former=V1, came={"H2": "H2"}), counted("H1"), GONE,
    ]  # fmt: skip
    await kept_alike(benxi, pack(), steps, database)


def test_2_2_a_second_link_to_households_without_quotas_of_its_own_asks_for_none() -> None:
    plain = {field: said for field, said in HELPER.items() if not field.startswith("quota")} | {"kind": "second"}
    benxi = Benxi(links=[*PACK["links"], HELPER, plain])
    benxi.hear(*UNITS, *CADRES, counted("H1"))
    benxi.until(date(2015, 1, 2))
    assert len(benxi.said(QuotaAsked)) == 1
