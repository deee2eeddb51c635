"""What falls due on two days falls due on each of them, also where both were missed in an outage (2.2, 4.2, 1.12)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.model.bonds import Contacts
from services.dispatch.model.commands import BeginLink, ChooseTeam, ReportDeparture
from services.dispatch.model.link import Link, id_of
from shared.contracts.dispatch import (
    ComparisonMissed,
    ExitPromiseMissed,
    LinkEnded,
    Member,
    PlaceOverdue,
    PoolDivided,
    QuotaAsked,
    QuotaMissed,
    ReleaseMissed,
    SupportDelivered,
    TeamReleased,
    TermExtended,
    TrainingMissed,
    VillageMatched,
    VisitsMissed,
)
from shared.contracts.registry import PolicyAdopted
from shared.rules import Refused
from tests.dispatch.benxi import (
    CITY,
    PACK,
    START,
    V1,
    Benxi,
    cadre,
    delisted,
    diagnosed,
    extending,
    own_pack,
    squad,
    unit,
)
from tests.dispatch.helping import CADRES, UNITS, pack
from tests.dispatch.partnered import begin as partner
from tests.dispatch.partnered import city as partnered
from tests.dispatch.partnered import helped as visited
from tests.dispatch.partnered import pledge, report
from tests.dispatch.sent import RELEASE
from tests.dispatch.trained import city as trained
from tests.support.packs import CONTACT, HELPER

DAY = timedelta(1)
SECOND: dict[str, Any] = {**CONTACT, "kind": "second", "label": "包村领导"}


def contacts(*links: dict[str, Any]) -> Benxi:
    """A diagnosed village that needs these kinds of link, and two leaders who may have them."""
    benxi = Benxi(links=[*PACK["links"], *links])
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), cadre("L2", "U1", "division"), diagnosed(V1))
    return benxi


def bind(benxi: Benxi, who: str, kind: str = "contact") -> None:
    benxi.send(BeginLink, kind=kind, unit="U1", cadre=who)


def within(days: int) -> dict[str, Any]:
    return {"after": "registry.village.diagnosed", "within": {"calendar_days": days}}


def test_4_2_of_two_places_each_is_overdue_on_the_day_after_its_own() -> None:
    benxi = contacts(CONTACT, {**SECOND, "begin_by": within(31)})
    benxi.until(START + 31 * DAY)
    assert [(said.kind, said.due) for said in benxi.said(PlaceOverdue)] == [("contact", START + 30 * DAY)]
    benxi.until(START + 32 * DAY)
    assert [said.kind for said in benxi.said(PlaceOverdue)] == ["contact", "second"]


def test_4_2_two_places_that_became_overdue_in_an_outage_are_each_told_once() -> None:
    benxi = contacts(CONTACT, {**SECOND, "begin_by": within(40)})
    benxi.sleep(START + 90 * DAY)
    assert [(said.kind, said.due) for said in benxi.said(PlaceOverdue)] == [
        ("contact", START + 30 * DAY),
        ("second", START + 40 * DAY),
    ]
    benxi.until(START + 99 * DAY)
    assert len(benxi.said(PlaceOverdue)) == 2


def term(benxi: Benxi, apart: int) -> None:
    """L1 is bound today, and L2 some days later, each for a year."""
    bind(benxi, "L1")
    benxi.until(benxi.today + apart * DAY)
    bind(benxi, "L2")


def test_4_2_of_two_terms_each_ends_on_its_own_day() -> None:
    benxi = contacts({**CONTACT, "term": {"years": 1}})
    term(benxi, 1)
    benxi.until(date(2015, 6, 21))
    assert [said.cadre for said in benxi.said(LinkEnded)] == ["L1"]
    benxi.until(date(2015, 6, 22))
    assert [said.cadre for said in benxi.said(LinkEnded)] == ["L1", "L2"]


def test_4_2_places_that_terms_left_open_in_an_outage_are_owed_from_the_day_on_which_each_became_open() -> None:
    told = []
    for asleep in (False, True):
        benxi = contacts({**CONTACT, "term": {"years": 1}, "each_target": {"at_least": 2, "at_most": 2}})
        term(benxi, 40)
        (benxi.sleep if asleep else benxi.until)(date(2015, 12, 1))
        assert [said.cadre for said in benxi.said(LinkEnded)] == ["L1", "L2"]
        told.append([(said.due, said.missing) for said in benxi.said(PlaceOverdue)])
    assert told[0] == told[1] and told[0][-1] == (date(2015, 7, 21), 1)


def test_3_2_two_packs_whose_days_were_both_missed_divide_the_pool_and_join_it_again() -> None:
    benxi = Benxi().helped()
    own_pack(benxi, effective=date(2014, 9, 1))
    extending(benxi, effective=date(2014, 11, 1))
    benxi.sleep(date(2014, 12, 1))
    assert len(benxi.said(PoolDivided)) == 2


MAY: dict[str, Any] = {**HELPER, "kind": "second", "label": "联户干部", "quota_on": {"month": 5, "day": 31}}


def quotas(*links: dict[str, Any]) -> Benxi:
    benxi = Benxi(links=[*PACK["links"], *links])
    benxi.hear(*UNITS, *CADRES)
    return benxi


def test_2_2_quotas_whose_day_was_missed_are_looked_at_afterwards_each_once() -> None:
    benxi = quotas(HELPER, MAY)
    benxi.sleep(date(2015, 9, 1))
    assert sorted(said.kind for said in benxi.said(QuotaAsked)) == ["helper", "second"]
    benxi.until(date(2015, 12, 30))
    assert len(benxi.said(QuotaAsked)) == 2
    benxi.until(date(2015, 12, 31))
    assert [said.kind for said in benxi.said(QuotaAsked)][2:] == ["helper"]


def test_2_2_after_years_of_outage_quotas_are_looked_at_once() -> None:
    benxi = quotas(HELPER)
    benxi.sleep(date(2017, 3, 1))
    assert len(benxi.said(QuotaAsked)) == 1
    assert [said.unit for said in benxi.said(QuotaMissed)] == ["U1", "U2"]


@pytest.mark.parametrize("day", [date(2015, 3, 1), date(2015, 3, 5)])
def test_2_2_a_packs_first_day_of_quotas_is_not_lost_with_the_day_on_which_the_pack_took_effect(day: date) -> None:
    benxi = Benxi()
    benxi.hear(*UNITS, *CADRES)
    later = {
        **pack(quota_on={"month": 3, "day": day.day}),
        "version": "2105-2014.2",
        "effective_from": date(2015, 3, 1),
    }
    benxi.hear(PolicyAdopted(place=CITY, version="2105-2014.2", adopted_by="市委", pack=later))
    benxi.sleep(date(2015, 4, 1))
    assert len(benxi.said(QuotaAsked)) == 1


def test_1_12_of_two_promises_what_has_come_whole_is_not_outstanding() -> None:
    benxi = partnered(V1)
    partner(benxi)
    pledge(benxi, {"yuan": 50000, "jobs": 4})
    benxi.until(date(2015, 1, 1))
    report(benxi, {"yuan": 50000, "jobs": 1})
    assert benxi.said(SupportDelivered)[-1].outstanding == {"jobs": 3}


@pytest.mark.parametrize(("born_on", "member"), [(date(1979, 6, 20), "C-U1-2"), (date(1979, 6, 21), "C-young")])
def test_3_3_who_is_thirty_five_today_is_young_no_more(born_on: date, member: str) -> None:
    benxi = Benxi()
    young = benxi.policy.team.weights.young_below
    born_on = born_on.replace(year=START.year - young)
    benxi.hear(unit("U1"), *squad("U1", size=3), cadre("C-young", "U1", born_on=born_on), diagnosed(V1))
    benxi.solve()
    assert member in [one.cadre for one in benxi.said(VillageMatched)[0].team]


@pytest.mark.parametrize(("members", "accepted"), [(1, False), (2, True), (3, True), (4, False)])
def test_3_3_a_role_has_as_many_as_the_pack_asks_for_and_allows(members: int, accepted: bool) -> None:
    leader, member = PACK["links"][0]["roles"]
    roles = [leader, {**member, "at_least": 2, "at_most": 3}]
    benxi = Benxi(team={"roles": roles, "each_target": {"at_least": 3, "at_most": 6}})
    benxi.hear(unit("U1"), *squad("U1", size=6), diagnosed(V1))
    benxi.solve()
    team = (Member("C-U1-0", "leader"), *(Member(f"C-U1-{n}", "member") for n in range(1, members + 1)))
    if accepted:
        benxi.send(ChooseTeam, unit="U1", team=team)
    else:
        with pytest.raises(Refused):
            benxi.send(ChooseTeam, unit="U1", team=team)


def test_3_11_terms_that_ended_in_an_outage_are_extended_one_after_the_other() -> None:
    benxi = Benxi().helped()
    first = benxi.assignment().term_end
    assert first
    benxi.sleep(first.replace(year=first.year + 1) + 40 * DAY)
    extended = benxi.said(TermExtended)
    slept = Benxi().helped()
    slept.until(benxi.today)
    assert [(said.until, said.extension) for said in extended] == [
        (said.until, said.extension) for said in slept.said(TermExtended)
    ]
    assert len(extended) == 2


def test_3_11_a_team_whose_last_day_was_missed_served_until_that_day() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 10}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.sleep(START + 50 * DAY)
    (released,) = benxi.said(TeamReleased)
    assert released.served_days == 11


def test_2_11_quarters_that_passed_in_an_outage_are_each_asked_for_and_told() -> None:
    benxi = visited()
    benxi.sleep(date(2015, 1, 20))
    assert [(said.last, said.due) for said in benxi.said(VisitsMissed)] == [
        (date(2014, 6, 30), date(2014, 7, 10)),
        (date(2014, 9, 30), date(2014, 10, 10)),
        (date(2014, 12, 31), date(2015, 1, 10)),
    ]
    assert [task.answer["last"] for task in benxi.tasks("visit-counts")] == ["2014-06-30", "2014-09-30", "2014-12-31"]
    state = benxi.dispatch.states[Contacts, V1]
    assert isinstance(state, Contacts)
    assert [one.whole for one in state.visits["expert"].values()] == [{"E1": False}, {"E1": True}, {"E1": True}]


def test_1_12_a_comparison_that_was_missed_in_an_outage_was_due_on_its_own_day() -> None:
    benxi = partnered(V1)
    partner(benxi)
    pledge(benxi, {"yuan": 50000})
    pledge(benxi, {"yuan": 20000}, year=2015)
    benxi.sleep(date(2016, 6, 1))
    assert [(said.year, said.due) for said in benxi.said(ComparisonMissed)] == [
        (2014, date(2015, 1, 31)),
        (2015, date(2016, 1, 31)),
    ]


def test_2_2_promises_of_two_years_that_passed_in_an_outage_are_both_told() -> None:
    benxi = contacts({**CONTACT, "promise": {"years": 2, "told_to": "poverty_office"}})
    benxi.send(BeginLink, kind="contact", unit="U1", cadre="L1", exit_year=2014)
    benxi.send(BeginLink, kind="contact", unit="U1", cadre="L2", exit_year=2015)
    benxi.sleep(date(2016, 6, 1))
    assert [(said.year, said.number) for said in benxi.said(ExitPromiseMissed)] == [(2014, 1), (2015, 1)]


def test_2_2_two_leaders_who_promised_one_year_are_told_as_two() -> None:
    benxi = contacts({**CONTACT, "promise": {"years": 2, "told_to": "poverty_office"}})
    for who in ("L1", "L2"):
        benxi.send(BeginLink, kind="contact", unit="U1", cadre=who, exit_year=2014)
    benxi.until(date(2015, 1, 1))
    assert [(said.year, said.number) for said in benxi.said(ExitPromiseMissed)] == [(2014, 2)]


def test_0_3_of_two_members_each_is_owed_a_release_by_the_own_day() -> None:
    benxi = Benxi(team={"release": RELEASE}).assigned()
    benxi.hear(cadre("C-U1-9", "U1"))
    benxi.until(START + DAY)
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="retired")
    benxi.replace("C-U1-2", "C-U1-9")
    benxi.until(START + 31 * DAY)
    assert [(said.due, said.missing) for said in benxi.said(ReleaseMissed)] == [(START + 30 * DAY, 2)]
    benxi.until(START + 32 * DAY)
    assert [said.missing for said in benxi.said(ReleaseMissed)] == [2, 1]


def test_2_12_what_is_owed_each_year_is_owed_anew_for_each_year_of_an_outage() -> None:
    benxi = trained({"due": {"month": 11, "day": 30}})
    benxi.sleep(date(2016, 12, 20))
    assert [(said.due, said.missing) for said in benxi.said(TrainingMissed)] == [
        (date(2015, 11, 30), 3),
        (date(2016, 11, 30), 3),
    ]


@pytest.mark.parametrize(("spell", "stage"), [(1, "released"), (2, "diagnosed")])
def test_2_13_the_diagnosis_of_a_spell_that_is_over_asks_for_no_team_again(spell: int, stage: str) -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 10}}).helped()
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(START + 20 * DAY)
    benxi.hear(diagnosed(V1, spell=spell))
    link = benxi.dispatch.states[Link, id_of(V1)]
    assert isinstance(link, Link) and link.stage == stage
