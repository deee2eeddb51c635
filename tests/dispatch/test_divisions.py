"""Villages that merge, split, move or were never rightly listed, and counties that get a pack of their own."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.dispatch.model.commands import RetainMember
from services.dispatch.model.pool import Pool
from shared.contracts.dispatch import (
    Item,
    MemberDisqualified,
    MemberRecalled,
    PoolChanged,
    PoolDivided,
    TeamDisbanded,
    TeamReleased,
    VillageMatched,
)
from shared.contracts.incentives import AppealDecided
from shared.contracts.registry import (
    DiagnosisWithdrawn,
    VillageRecoded,
    VillageSplit,
    VillageWithdrawn,
)
from shared.rules import Refused
from tests.dispatch.benxi import (
    AWAY,
    CITY,
    DECIDED,
    HOME,
    PACK,
    START,
    V1,
    V2,
    V3,
    Benxi,
    after,
    cadre,
    delisted,
    diagnosed,
    extending,
    merged,
    own_pack,
    recalled,
    relapsed,
    squad,
    unit,
    unlisted,
)
from tests.support.packs import team_says


def pool(benxi: Benxi, jurisdiction: str) -> Pool:
    return benxi.dispatch.states[Pool, jurisdiction]  # type: ignore[return-value]


# ---------------------------------------------------------------- mergers and splits


def test_a_merged_villages_team_goes_over_to_one_that_waits_for_a_unit() -> None:
    benxi = Benxi().helped(problems=1)
    benxi.hear(diagnosed(V2))
    benxi.hear(merged())
    again = benxi.said(VillageMatched)[-1]
    assert (again.village, again.unit, again.reasons) == (V2, "U1", ("kept_team",))
    assert not benxi.said(TeamDisbanded) and benxi.assignment(V1).status == "released"
    assert not benxi.tasks("matchings") and list(benxi.pool.teams) == [V2]
    assert [(task.about, task.action) for task in benxi.tasks()] == [(V2, "assignments")]
    benxi.assign(V2)
    benxi.begin(V2)
    texts = [item.text for item in benxi.assignment(V2).owed["ledger/2014"].items]
    assert texts == ["修路一公里", "打井两眼", "第1轮问题1"], "what is open is carried, without being doubled"
    benxi.until(date(2014, 8, 1))
    benxi.hear(delisted(V2))
    benxi.settle("2014", 1, 2, 3, village=V2)
    benxi.until(date(2015, 8, 2))
    (released,) = benxi.said(TeamReleased)
    assert (released.village, released.served_days) == (V2, (date(2015, 8, 2) - START).days)


def test_a_merged_villages_team_waits_for_the_diagnosis_of_one_that_has_none() -> None:
    benxi = Benxi().helped()
    benxi.hear(recalled("C-U1-2", V1), merged())
    assert benxi.assignment(V2).status == "merged" and list(benxi.pool.teams) == [V2]
    assert [(task.about, task.detail) for task in benxi.tasks()] == [(V2, "C-U1-2")], "the place stays open"
    benxi.hear(diagnosed(V2))
    assert benxi.said(VillageMatched)[-1].reasons == ("kept_team",) and not benxi.tasks("matchings")
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.replace("C-U1-2", "C-NEW", village=V2)
    benxi.assign(V2)


def test_a_unit_whose_team_went_over_where_its_pool_hears_nothing_is_on_offer_when_the_team_is_home() -> None:
    benxi = Benxi()
    own_pack(benxi, AWAY)
    benxi.hear(unit("U1", "county", place=AWAY), *squad("U1", "deputy_section", place=AWAY), diagnosed(V3))
    benxi.solve(place=AWAY)
    benxi.assign(V3)
    moved = VillageRecoded(place=AWAY, village=V3, code="210521100555", since=START)
    benxi.hear(diagnosed(V1), moved, replace(merged(V3, V1), place=HOME))
    assert benxi.pool.teams[V1].unit == "U1" and not pool(benxi, AWAY).teams
    benxi.assign(V1)
    benxi.hear(unlisted(V1), diagnosed("210522100202"))
    benxi.solve("m2", place=AWAY)
    assert [said.village for said in benxi.said(VillageMatched, unit="U1")][-1] == "210522100202"


def test_of_two_teams_that_of_the_village_that_goes_on_stays_and_the_other_goes_home() -> None:
    benxi = Benxi().helped(V1)
    benxi.hear(unit("U2"), *squad("U2"), diagnosed(V2))
    benxi.solve("m2")
    benxi.assign(V2)
    benxi.begin(V2)
    own = benxi.assignment(V2).owed
    benxi.hear(merged())
    (gone,) = benxi.said(TeamDisbanded)
    assert (gone.village, gone.unit, gone.ground, gone.spell) == (V1, "U1", "merged", 1)
    assert own and benxi.assignment(V2).owed == own, "what it owes itself it goes on owing"
    assert list(benxi.pool.teams) == [V2] and benxi.pool.teams[V2].unit == "U2" and "C-U1-0" in benxi.free
    assert benxi.assignment(V2).carried["ledger"] == (Item(1, "修路一公里"), Item(2, "打井两眼"))
    assert not [task for task in benxi.tasks() if task.about == V1] and not benxi.assignment(V1).timers


@pytest.mark.parametrize("stage", ["diagnosed", "matched"])
def test_a_merged_village_that_only_waited_waits_no_more(stage: str) -> None:
    benxi = Benxi().matched() if stage == "matched" else Benxi()
    benxi.hear(diagnosed(V1), merged())
    assert not benxi.pool.needs and not benxi.pool.teams and not benxi.tasks()
    assert len(benxi.said(TeamDisbanded)) == (stage == "matched")


def test_a_team_in_its_transition_goes_over_with_the_day_on_which_it_goes_home() -> None:
    benxi = Benxi().helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.hear(merged())
    assert benxi.assignment(V2).status == "kept"
    benxi.until(date(2015, 6, 21))
    assert [said.village for said in benxi.said(TeamReleased)] == [V2] and not benxi.pool.teams


@pytest.mark.parametrize(("mergers", "is_sent"), [
    ([], True), ([merged(V1, V2)], False), ([merged(V3, V1), merged(V1, V2)], False), ([merged(V2, V1)], True),
])  # fmt: skip
def test_5_6_who_has_ties_to_a_merged_village_is_not_sent_to_the_one_that_goes_on(mergers: Any, is_sent: bool) -> None:
    origin = mergers[0].village if mergers else V1
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1"), cadre("C-tied", "U1", reserve=True, ties=(origin,)), *mergers)
    to = mergers[-1].into if mergers else V2
    benxi.hear(diagnosed(V3 if is_sent else to))
    benxi.solve()
    (matched,) = benxi.said(VillageMatched)
    assert ("C-tied" in [one.cadre for one in matched.team]) == is_sent


def test_5_6_of_a_member_with_ties_to_a_village_that_is_merged_people_decide() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-U1-1", "U1", ties=(V2,)))
    assert not benxi.said(MemberDisqualified)
    benxi.hear(merged(V2, V1))
    (told,) = benxi.said(MemberDisqualified)
    assert (told.village, told.cadre, told.rule) == (V1, "C-U1-1", "undisclosed")
    assert benxi.pool.teams[V1].doubted == {"C-U1-1": ("recusal",)} and benxi.details("retentions") == ["C-U1-1"]
    benxi.hear(cadre("C-U1-1", "U1", ties=(V2,)))
    assert len(benxi.said(MemberDisqualified)) == 1, "it is told once"
    benxi.hear(cadre("C-U1-1", "U1"))
    assert not benxi.details("retentions"), "the ties were a mistake"


def test_5_6_a_team_that_goes_over_is_judged_by_all_that_was_merged_into_its_new_village() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-U1-1", "U1", ties=(V3,)), merged(V3, V2), merged(V1, V2))
    assert [(told.village, told.cadre) for told in benxi.said(MemberDisqualified)] == [(V2, "C-U1-1")]


def test_5_6_who_has_ties_to_a_merged_village_replaces_nobody_in_the_one_that_goes_on() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-new", "U1", ties=(V2,)), merged(V2, V1), recalled("C-U1-1", V1))
    with pytest.raises(Refused, match="ties"):
        benxi.replace("C-U1-1", "C-new")


def test_a_village_that_is_split_keeps_all_that_hangs_on_it() -> None:
    benxi = Benxi().helped()
    before = (benxi.assignment(), benxi.pool)
    split = VillageSplit(
        place=HOME, village=V1, successors=(V2,), since=START, document="县政发〔2014〕9号", decided_by="县政府"
    )
    benxi.hear(split)
    assert (benxi.assignment(), benxi.pool) == before


# ---------------------------------------------------------------- listed or registered by mistake


@pytest.mark.parametrize("stage", ["matched", "assigned", "helped"])
@pytest.mark.parametrize("ground", ["unlisted", "withdrawn", "undiagnosed"])
def test_a_village_that_was_never_rightly_listed_sends_its_team_home_without_an_exit(stage: str, ground: str) -> None:
    benxi = getattr(Benxi(), stage)()
    about: dict[str, Any] = {"place": HOME, "village": V1, "reason": "重复登记", **DECIDED}
    undiagnosed = DiagnosisWithdrawn(**about, spell=1)
    benxi.hear({"unlisted": unlisted(), "undiagnosed": undiagnosed}.get(ground, VillageWithdrawn(**about)))
    (gone,) = benxi.said(TeamDisbanded)
    assert (gone.unit, gone.ground, len(gone.team)) == ("U1", ground, 3)
    assert not benxi.said(TeamReleased) and not benxi.tasks() and not benxi.pool.teams and "C-U1-0" in benxi.free
    benxi.until(date(2018, 1, 1))
    assert not benxi.tasks()


def test_a_village_that_waits_for_a_unit_and_is_unlisted_waits_no_more_and_may_be_listed_again() -> None:
    benxi = Benxi()
    benxi.hear(diagnosed(V1), unlisted())
    assert not benxi.pool.needs and not benxi.said(TeamDisbanded)
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1))  # Its first spell begins anew.
    benxi.solve()
    assert benxi.said(VillageMatched)


def test_a_diagnosis_that_is_withdrawn_needs_no_unit_until_the_next_one_and_keeps_what_was_open() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 0}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1)
    benxi.until(date(2014, 6, 21))
    benxi.hear(relapsed(V1), diagnosed(V1, spell=2, problems=1))
    benxi.hear(DiagnosisWithdrawn(place=HOME, village=V1, spell=2, reason="误录", **DECIDED))
    assert not benxi.pool.needs and benxi.assignment().carried == {"ledger": (Item(2, "打井两眼"),)}
    benxi.hear(diagnosed(V1, spell=2, problems=1))
    assert [item.text for item in benxi.assignment().carried["ledger"]] == ["打井两眼", "第2轮问题1"]
    assert benxi.pool.needs


def test_a_village_that_left_the_list_before_the_system_was_there_waits_for_no_unit() -> None:
    benxi = Benxi()
    benxi.hear(diagnosed(V1), delisted(V1))
    assert not benxi.pool.needs and benxi.assignment().status == "released" and not benxi.tasks()
    benxi.hear(relapsed(V1), diagnosed(V1, spell=2))
    assert benxi.pool.needs


def test_a_village_without_a_team_that_is_merged_sends_nobody_home() -> None:
    benxi = Benxi().helped()
    benxi.hear(diagnosed(V2), merged(V2, V1))
    assert not benxi.said(TeamDisbanded) and benxi.assignment(V2).status == "released"


# ---------------------------------------------------------------- other divisions, other pools


def test_a_county_with_a_pack_of_its_own_loses_neither_units_nor_needs_nor_recalls() -> None:
    benxi = Benxi().helped()  # U1 is a unit of the city, out in the county.
    local = unit("U2", level="county", place=HOME)
    benxi.hear(local, *squad("U2", "deputy_section", place=HOME), diagnosed(V2), diagnosed(V3))
    own_pack(benxi)
    assert len(benxi.said(PoolDivided)) == 1
    county, city = pool(benxi, HOME), pool(benxi, "2105")
    assert (set(county.needs), set(county.units), set(county.teams)) == ({V2}, {"U2"}, {V1})
    assert (set(city.needs), set(city.units), set(city.teams)) == ({V3}, {"U1"}, {V1})
    # A recall reaches the team, the city's unit sends another, and is on offer there when the team is home.
    benxi.hear(recalled("C-U1-2", V1))
    assert len(benxi.said(MemberRecalled)) == 1 and benxi.details("replacements") == ["C-U1-2"]
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.replace("C-U1-2", "C-NEW")
    benxi.solve("county", place=HOME)
    assert benxi.said(VillageMatched, village=V2)[0].unit == "U2"
    benxi.solve("city")
    assert not benxi.said(VillageMatched, village=V3), "U1 is out"
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(date(2015, 6, 21))
    assert benxi.said(TeamReleased) and not pool(benxi, "2105").teams.keys() & {V1}
    benxi.hear(*squad("U1"))
    benxi.solve("city-2")
    assert benxi.said(VillageMatched, village=V3)[0].unit == "U1"


def test_a_pack_that_takes_effect_later_divides_the_pool_on_its_day_also_if_that_was_missed() -> None:
    benxi = Benxi().helped()
    own_pack(benxi, effective=date(2014, 9, 1))
    benxi.until(date(2014, 8, 31))
    benxi.hear(diagnosed(V2))
    assert not benxi.said(PoolDivided) and V2 in pool(benxi, "2105").needs
    benxi.world.today = date(2014, 9, 10)
    benxi.world.deliver({"dispatch": benxi.dispatch.pass_day(benxi.today).facts})
    assert V2 in pool(benxi, HOME).needs and V2 not in pool(benxi, "2105").needs
    benxi.hear(recalled("C-U1-0", V1))
    assert len(benxi.said(MemberRecalled)) == 1


def test_a_further_version_of_a_pack_divides_nothing() -> None:
    benxi = Benxi().helped()
    own_pack(benxi, "2105", date(2014, 7, 1))
    own_pack(benxi, "3301")
    benxi.until(date(2014, 8, 1))
    assert not benxi.said(PoolDivided)


def test_a_further_version_of_a_county_s_own_pack_hands_over_nothing_again() -> None:
    benxi = Benxi().helped()
    own_pack(benxi)
    benxi.until(date(2014, 8, 1))
    own_pack(benxi, effective=date(2014, 8, 1), number=2)
    assert len(benxi.said(PoolDivided)) == 1


def test_a_county_that_always_left_the_matching_to_its_city_gets_no_pool() -> None:
    benxi = Benxi()
    extending(benxi, effective=date(2014, 9, 1))
    benxi.until(date(2014, 9, 2))
    assert (Pool, HOME) not in benxi.dispatch.states


def test_a_pool_of_before_that_leaves_the_matching_to_its_city_hands_everything_over() -> None:
    benxi = Benxi().helped()
    own_pack(benxi)
    benxi.hear(diagnosed(V2))
    before = pool(benxi, HOME)
    benxi.dispatch.states[Pool, HOME] = before.but(turns={})  # As earlier versions kept it.
    extending(benxi)
    assert V2 in before.needs and V2 in benxi.pool.needs and V2 not in pool(benxi, HOME).needs


def test_after_a_division_nobody_is_in_two_teams() -> None:
    """The unit of the city that is out in the county is also registered in the county, and both match."""
    benxi = Benxi().helped()
    own_pack(benxi)
    benxi.hear(unit("U1", place=HOME), *squad("U1", place=HOME), diagnosed(V2), diagnosed(V3))
    benxi.solve("county", place=HOME)
    benxi.solve("city")
    assert len(benxi.said(VillageMatched)) == 1
    benxi.hear(cadre("C-U1-1", "U1", party_member=False, place=HOME))
    assert [said.cadre for said in benxi.said(MemberDisqualified)] == ["C-U1-1"]
    benxi.send(RetainMember, cadre="C-U1-1")
    assert not benxi.tasks("retentions")


def test_a_village_that_comes_to_another_jurisdiction_takes_its_team_along() -> None:
    benxi = Benxi().helped()
    own_pack(benxi, "2106")
    code = "210603100201"
    benxi.hear(VillageRecoded(place=HOME, village=V1, code=code, since=START))
    assert [(said.place, said.former) for said in benxi.said(PoolChanged)] == [("210603", HOME)]
    assert pool(benxi, "2106").teams[V1].place == "210603"
    first = recalled("C-U1-2", V1)  # Decided where the village was when it was proposed.
    second = recalled("C-U1-1", V1, place="210603", outcome="recall/other")
    benxi.hear(first, second)
    assert {(said.cadre, said.place) for said in benxi.said(MemberRecalled)} == {
        ("C-U1-2", "210603"),
        ("C-U1-1", "210603"),
    }
    with pytest.raises(Refused, match="under a recall"):
        benxi.replace("C-U1-2", "C-U1-2", place="210603")
    benxi.hear(after(first, AppealDecided, overturned=True, decided_by="市委"))
    benxi.replace("C-U1-2", "C-U1-2", place="210603")
    for jurisdiction in ("2105", "2106"):
        assert set(pool(benxi, jurisdiction).teams[V1].members) == {"C-U1-0", "C-U1-2"}
    benxi.hear(delisted(V1), diagnosed(V3))
    assert not benxi.said(TeamReleased)


def test_a_need_that_comes_to_another_jurisdiction_is_matched_there() -> None:
    benxi = Benxi()
    own_pack(benxi, "2106")
    benxi.hear(diagnosed(V1), VillageRecoded(place=HOME, village=V1, code="210603100201", since=START))
    benxi.hear(unit("U6", place="210600"), *squad("U6", place="210600"))
    assert not benxi.pool.needs and pool(benxi, "2106").needs[V1].place == "210603"
    benxi.solve("m6", place="210600")
    assert [(said.village, said.place) for said in benxi.said(VillageMatched)] == [(V1, "210603")]


def test_within_a_jurisdiction_nothing_but_the_division_changes() -> None:
    benxi = Benxi().helped()
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210522100999", since=START))
    assert benxi.pool.teams[V1].place == AWAY and [*benxi.pool.units] == ["U1"]
    assert {state.id for state in benxi.dispatch.states.values() if isinstance(state, Pool)} == {"2105"}
    benxi.hear(recalled("C-U1-2", V1), cadre("C-NEW", "U1"))
    benxi.replace("C-U1-2", "C-NEW", place=AWAY)
    assert benxi.pool.place == CITY
    benxi.hear(cadre("C-U1-1", "U1", party_member=False))
    (doubt,) = benxi.tasks("retentions")
    assert doubt.answer["place"] == AWAY, "it is decided where the village lies now, not where its code began"


def test_a_move_is_told_once_however_many_pools_know_the_village_and_a_new_code_alone_is_none() -> None:
    benxi = Benxi().helped()
    own_pack(benxi)
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210521100777", since=START))
    assert not benxi.said(PoolChanged)
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210522100999", since=START))
    assert len(benxi.said(PoolChanged)) == 1


def test_of_two_packs_that_are_adopted_ahead_each_has_its_day() -> None:
    benxi = Benxi().helped()
    own_pack(benxi, effective=date(2014, 9, 1))
    extending(benxi, effective=date(2014, 11, 1))
    benxi.until(date(2014, 9, 1))
    assert len(benxi.said(PoolDivided)) == 1
    benxi.until(date(2014, 10, 31))
    assert len(benxi.said(PoolDivided)) == 1
    benxi.until(date(2014, 11, 1))
    assert len(benxi.said(PoolDivided)) == 2


def test_a_pack_for_today_that_is_adopted_after_one_for_tomorrow_divides_nothing_yet() -> None:
    benxi = Benxi().helped()
    own_pack(benxi, effective=START + timedelta(1))
    extending(benxi, effective=START)
    assert not benxi.said(PoolDivided)
    benxi.until(START + timedelta(1))
    assert len(benxi.said(PoolDivided)) == 1


def test_2_21_a_county_that_extends_its_citys_pack_stays_in_the_citys_pool() -> None:
    benxi = Benxi().helped()
    benxi.hear(diagnosed(V2), diagnosed(V3))
    extending(
        benxi,
        links=team_says(replace_by={"after": "vacancy", "within": {"calendar_days": 10}}),
        drop={"campaigns": ["spot_check"]},
    )
    assert not benxi.said(PoolDivided) and set(pool(benxi, "2105").needs) == {V2, V3}
    benxi.hear(recalled("C-U1-2", V1))
    assert len(benxi.said(MemberRecalled)) == 1
    (task,) = [task for task in benxi.tasks() if task.action == "replacements"]
    assert task.due == START + timedelta(10), "the county's own time for it"
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.replace("C-U1-2", "C-NEW")
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(date(2015, 6, 21))
    assert benxi.said(TeamReleased) and not pool(benxi, "2105").teams
    benxi.hear(*squad("U1"))
    benxi.solve("m2")
    assert [said.unit for said in benxi.said(VillageMatched)][1:] == ["U1"], "the unit is on offer again"
    assert {fact.policy for fact in benxi.world.facts if type(fact.event) is TeamReleased} == {
        f"{HOME}-x1+{PACK['version']}"
    }


@pytest.mark.parametrize(
    "field", ["each_target", "each_bearer", "roles", "suits", "same_county_levels", "match_by", "weights"]
)
def test_3_2_a_layer_that_says_whom_to_send_has_a_pool_of_its_own(field: str) -> None:
    benxi = Benxi().helped()
    benxi.hear(diagnosed(V2), diagnosed(V3))
    said = {"each_target": 2, "each_bearer": {"at_most": 1}} | PACK["links"][0]
    extending(benxi, links=team_says(**{field: said[field]}))
    assert len(benxi.said(PoolDivided)) == 1
    assert set(pool(benxi, HOME).needs) == {V2} and set(pool(benxi, "2105").needs) == {V3}


@pytest.mark.parametrize("effective", [START, date(2014, 9, 1)])
def test_a_county_whose_pack_extends_the_citys_from_now_on_comes_back_to_the_citys_pool(effective: date) -> None:
    benxi = Benxi().helped()
    own_pack(benxi)
    benxi.hear(diagnosed(V2), unit("U2", level="county", place=HOME), *squad("U2", "deputy_section", place=HOME))
    benxi.hear(recalled("C-U1-2", V1), recalled("C-U2-1", V2))
    extending(benxi, effective)
    benxi.until(effective)
    city, county = pool(benxi, "2105"), pool(benxi, HOME)
    assert (set(city.needs), set(city.units), set(county.needs), set(county.units)) == (
        {V2},
        {"U1", "U2"},
        set(),
        set(),
    )
    assert "C-U2-1" in city.recalled, "whoever is under a recall in the county is not sent by the city"
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.replace("C-U1-2", "C-NEW")
    benxi.hear(cadre("C-U2-3", "U2", place=HOME))
    benxi.solve("m2")
    (match,) = benxi.said(VillageMatched, village=V2)
    assert match.unit == "U2" and "C-U2-1" not in [member.cadre for member in match.team]
    # And apart again by a third version.
    own = effective + timedelta(30)
    extending(benxi, own, 3, links=team_says(each_target=2))
    benxi.until(own)
    assert set(pool(benxi, HOME).units) == {"U2"} and set(pool(benxi, "2105").units) == {"U1"}


def test_after_a_recoding_into_a_layer_of_another_city_recall_and_release_reach_its_pool() -> None:
    benxi = Benxi().helped()
    extending(benxi)
    own_pack(benxi, "2106")
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210603100201", since=START), recalled("C-U1-2", V1))
    assert [said.place for said in benxi.said(MemberRecalled)] == ["210603"]
    assert not pool(benxi, "2106").teams[V1].members.keys() & {"C-U1-2"}


def test_a_county_whose_pool_had_units_alone_brings_them_back_to_the_citys() -> None:
    benxi = Benxi()
    own_pack(benxi)
    benxi.hear(unit("U2", level="county", place=HOME), *squad("U2", "deputy_section", place=HOME))
    assert {*pool(benxi, HOME).units} == {"U2"} and not pool(benxi, HOME).needs
    extending(benxi)
    assert "U2" in pool(benxi, "2105").units and not pool(benxi, HOME).units


def test_a_county_with_units_alone_takes_them_into_its_own_pool() -> None:
    benxi = Benxi()
    benxi.hear(unit("U2", level="county", place=HOME), *squad("U2", "deputy_section", place=HOME))
    own_pack(benxi)
    assert {*pool(benxi, HOME).units} == {"U2"} and "U2" not in pool(benxi, "2105").units


def test_a_countys_unit_that_is_out_in_another_county_stays_in_the_citys_pool_until_it_is_home() -> None:
    benxi = Benxi()
    benxi.hear(unit("U2", place=HOME), *squad("U2", place=HOME), diagnosed(V3))
    benxi.solve("city")
    benxi.assign(V3)
    own_pack(benxi)
    benxi.hear(diagnosed(V2))
    assert "U2" in pool(benxi, "2105").units and "U2" not in pool(benxi, HOME).units
    benxi.solve("county", place=HOME)
    assert [said.village for said in benxi.said(VillageMatched)] == [V3], "U2 is out"


def test_a_pool_that_hears_no_more_of_a_village_lets_its_team_and_unit_go() -> None:
    benxi = Benxi().helped()
    own_pack(benxi, "2106")
    benxi.hear(VillageRecoded(place=HOME, village=V1, code="210603100201", since=START))
    known = {id for id in ("2105", "2106") if V1 in pool(benxi, id).teams}
    assert "2106" in known
    benxi.hear(recalled("C-U1-2", V1))
    assert all("C-U1-2" not in pool(benxi, id).teams[V1].members for id in known)
