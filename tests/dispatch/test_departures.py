"""Members who leave without a recall, and members who no longer qualify: nothing counts against anybody."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.dispatch.model.commands import ReportDeparture, RetainMember
from services.dispatch.model.pool import Pool
from shared.contracts.dispatch import (
    Member,
    MemberDisqualified,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    MemberRetained,
    VillageMatched,
)
from shared.contracts.registry import CadreRegistered, CadreWithdrawn, UnitWithdrawn
from shared.rules import Refused
from tests.dispatch.benxi import CITY, HOME, START, V1, V2, Benxi, cadre, delisted, diagnosed, recalled, squad, unit


def test_a_member_who_is_transferred_is_replaced_without_a_recall() -> None:
    benxi = Benxi().helped()
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred")
    (left,) = benxi.said(MemberLeft)
    assert (left.village, left.unit, left.cadre, left.role) == (V1, "U1", "C-U1-2", "member")
    (task,) = benxi.tasks("replacements")
    assert (task.role, task.detail, task.due) == ("unit", "C-U1-2", date(2014, 7, 20))
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.replace("C-U1-2", "C-NEW")
    assert benxi.said(MemberReplaced)[0].recalled == "C-U1-2"
    assert not benxi.said(MemberRecalled) and not benxi.pool.recalled and not benxi.tasks("replacements")
    benxi.send(ReportDeparture, cadre="C-NEW", cause="other")
    benxi.send(ReportDeparture, cadre="C-NEW", cause="other")
    assert len(benxi.said(MemberLeft)) == 2, "what changes nothing is not told"


def held(**more: Any) -> Benxi:
    """A village on the list, whose pack lets nobody be transferred without a successor; U1 has five cadres."""
    benxi = Benxi(team={"successor_first": True, **more})
    benxi.hear(unit("U1"), *squad("U1", size=5), diagnosed(V1), *([diagnosed(V2)] if more else []))
    benxi.solve()
    benxi.assign()
    return benxi


def test_2_13_before_the_exit_a_member_is_transferred_only_with_a_successor() -> None:
    benxi = held()
    with pytest.raises(Refused, match="only with a successor; name one") as refused:
        benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred")
    assert (refused.value.rule, refused.value.field, refused.value.status) == ("2.13", "successor", 409)
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred", successor="C-U1-3")
    (left,), (came,) = benxi.said(MemberLeft), benxi.said(MemberReplaced)
    assert (left.cadre, came.recalled, came.cadre, came.role) == ("C-U1-2", "C-U1-2", "C-U1-3", "member")
    assert {*benxi.pool.teams[V1].members} == {"C-U1-0", "C-U1-1", "C-U1-3"} and not benxi.tasks("replacements")
    assert "C-U1-2" not in benxi.free, "whoever is transferred is registered by the new unit first"


@pytest.mark.parametrize(
    ("who", "successor", "en"),
    [
        ("C-U1-2", "C-U9-1", "C-U9-1 is no cadre whom U1 can send"),
        ("C-U1-2", "C-U1-1", "C-U1-1 is no cadre whom U1 can send"),
        ("C-U1-0", "C-U1-3", "C-U1-3 ranks too low to be leader"),
    ],
)
def test_2_13_a_successor_who_cannot_be_sent_is_refused_and_nobody_leaves(who: str, successor: str, en: str) -> None:
    benxi = held()
    with pytest.raises(Refused, match=en) as refused:
        benxi.send(ReportDeparture, cadre=who, cause="transferred", successor=successor)
    assert (refused.value.field, refused.value.status) == ("successor", 422) and not benxi.said(MemberLeft)


@pytest.mark.parametrize("cause", ["ill", "retired", "deceased"])
def test_2_13_who_falls_ill_or_retires_is_held_by_nothing(cause: str) -> None:
    benxi = held()
    benxi.send(ReportDeparture, cadre="C-U1-2", cause=cause)
    assert [task.detail for task in benxi.tasks("replacements")] == ["C-U1-2"]


def test_2_13_after_the_exit_a_member_may_be_transferred() -> None:
    benxi = held()
    benxi.hear(delisted(V1))
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred")
    assert [said.cadre for said in benxi.said(MemberLeft)] == ["C-U1-2"]


@pytest.mark.parametrize("named", [V1, V2])
def test_2_13_a_team_of_two_villages_is_held_until_the_last_of_them_has_left_the_list(named: str) -> None:
    benxi = held(each_bearer={"at_most": 2})
    benxi.assign(V2)
    benxi.hear(delisted(V1))
    with pytest.raises(Refused, match="only with a successor; name one"):
        benxi.send(ReportDeparture, named, cadre="C-U1-2", cause="transferred")
    assert not benxi.said(MemberLeft)
    benxi.hear(delisted(V2))
    benxi.send(ReportDeparture, named, cadre="C-U1-2", cause="transferred")
    assert {one.village for one in benxi.said(MemberLeft)} == {V1, V2}


def test_2_13_a_successor_takes_the_role_in_both_villages_of_one_team() -> None:
    benxi = held(each_bearer={"at_most": 2})
    benxi.assign(V2)
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred", successor="C-U1-3")
    assert [said.village for said in benxi.said(MemberReplaced)] == [V1, V2] and not benxi.tasks("replacements")


def test_why_somebody_left_is_not_told() -> None:
    benxi = Benxi().helped()
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="ill", until=date(2014, 12, 1))
    said = b"".join(msgspec.json.encode(fact.event) for fact in benxi.world.facts)
    shown = msgspec.json.encode([state.shown() for state in benxi.dispatch.states.values()])
    assert b'"ill"' not in said + shown
    assert b"C-U1-2" not in msgspec.json.encode(benxi.pool.shown().away)
    assert b"2014-12" not in msgspec.json.encode(benxi.pool.shown(to_operator=True)), "an end would tell an illness"
    assert benxi.pool.away["C-U1-2"].cause == "ill"


def test_who_is_ill_can_be_sent_again_afterwards_and_who_is_retired_cannot() -> None:
    benxi = Benxi().helped()
    benxi.send(ReportDeparture, cadre="C-U1-1", cause="retired")
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="ill", until=date(2014, 9, 30))
    assert not benxi.free.keys() & {"C-U1-1", "C-U1-2"}
    benxi.until(date(2014, 9, 30))
    with pytest.raises(Refused, match="under a recall or away"):
        benxi.replace("C-U1-1", "C-U1-2")
    benxi.until(date(2014, 10, 1))
    benxi.replace("C-U1-1", "C-U1-2")
    benxi.hear(*squad("U1"))  # Registering again does not bring back who is retired.
    with pytest.raises(Refused, match="under a recall or away"):
        benxi.replace("C-U1-2", "C-U1-1")


def test_who_left_by_mistake_or_is_well_again_comes_back_to_the_same_place() -> None:
    benxi = Benxi().helped()
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="retired")
    benxi.replace("C-U1-2", "C-U1-2")
    assert Member("C-U1-2", "member") in benxi.assignment().team
    assert not benxi.pool.away and not benxi.tasks("replacements")


@pytest.mark.parametrize(("village", "who"), [(V1, "C-U1-9"), (V1, "C-U2-0"), (V2, "C-U1-2")])
def test_who_is_in_no_team_of_the_village_leaves_no_place_open_there(village: str, who: str) -> None:
    benxi = Benxi().helped()
    benxi.hear(diagnosed(V2))
    before = benxi.pool.teams
    benxi.hear(MemberRecalled(place=HOME, village=village, unit="U1", cadre=who, role="member"))
    assert benxi.pool.teams == before


@pytest.mark.parametrize(
    ("said", "is_sent"),
    [
        ({"cause": "transferred"}, True),
        ({"cause": "retired"}, False),
        ({"cause": "ill"}, False),
        ({"cause": "ill", "until": date(2014, 9, 30)}, False),
        ({"cause": "other"}, False),
    ],
)
def test_who_was_transferred_is_sent_by_the_new_unit_and_who_left_otherwise_is_not(
    said: dict[str, Any], is_sent: bool
) -> None:
    benxi = Benxi().helped()
    benxi.send(ReportDeparture, cadre="C-U1-2", **said)
    benxi.hear(unit("U2"), *squad("U2"), cadre("C-U1-2", "U2", left="U1", reserve=True), diagnosed(V2))
    benxi.solve("m2")
    assert (Member("C-U1-2", "member") in benxi.said(VillageMatched, village=V2)[0].team) == is_sent


def test_who_was_transferred_is_not_sent_by_the_old_unit_whose_records_are_corrected() -> None:
    benxi = Benxi().helped()
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred")
    benxi.hear(cadre("C-U1-2", "U1", reserve=True))
    assert "C-U1-2" not in benxi.free


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ({"cadre": "C-U2-0", "cause": "ill"}, 422, "no member"),
        ({"cadre": "C-U1-1", "cause": "retired", "until": date(2014, 12, 1)}, 422, "belongs to illness"),
        ({"cadre": "C-U1-1", "cause": "ill", "until": date(2014, 6, 19)}, 422, "not before today"),
        ({"cadre": "C-U1-1", "cause": "ill", "until": date(2100, 12, 31)}, 422, "too far ahead"),
        ({"cadre": "C-U1-1", "cause": "ill", "body": "unit"}, 422, "a matter of the organisation department"),
    ],
)
def test_a_departure_that_cannot_be_is_refused(said: dict[str, Any], status: int, why: str) -> None:
    benxi = Benxi().helped()
    with pytest.raises(Refused, match=why) as refused:
        benxi.send(ReportDeparture, **said)
    assert refused.value.status == status and not benxi.said(MemberLeft)


def test_3_4_a_member_of_the_rank_takes_the_lead_and_the_unit_owes_a_member() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1"), cadre("C-U1-1", "U1", "deputy_division"), diagnosed(V1))
    benxi.solve()
    benxi.assign()
    benxi.hear(cadre("C-NEW", "U1"))
    benxi.until(date(2014, 7, 1))
    benxi.send(ReportDeparture, cadre="C-U1-0", cause="retired")
    with pytest.raises(Refused) as low:
        benxi.replace("C-U1-0", "C-U1-2")
    assert low.value.rule == "3.4"
    benxi.until(date(2014, 7, 10))
    benxi.replace("C-U1-0", "C-U1-1")
    assert benxi.assignment().team == (Member("C-U1-1", "leader"), Member("C-U1-2", "member"))
    (task,) = benxi.tasks("replacements")
    assert (task.detail, task.due) == ("C-U1-0", date(2014, 7, 31))
    with pytest.raises(Refused, match="is no cadre whom U1 can send"):
        benxi.replace("C-U1-0", "C-U1-2")  # A present member fills no member's place.
    benxi.replace("C-U1-0", "C-NEW")
    assert len(benxi.assignment().team) == len(benxi.pool.teams[V1].members) == 3
    assert benxi.pool.teams[V1].members["C-U1-1"] == "leader" and not benxi.tasks("replacements")


GONE = CadreWithdrawn(place=CITY, cadre="C-U1-1", unit="U1", reason="调离", decided_by="市委")
LEADER: dict[str, Any] = {"id": "C-U1-0", "of": "U1", "rank": "deputy_division"}


def test_who_is_withdrawn_from_the_register_can_be_sent_no_more() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-NEW", "U1"))
    assert "C-NEW" in benxi.free
    benxi.hear(CadreWithdrawn(place=CITY, cadre="C-NEW", unit="U1", reason="误登", decided_by="市委"))
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="transferred")
    with pytest.raises(Refused, match="no cadre whom U1 can send"):
        benxi.replace("C-U1-2", "C-NEW")
    assert "C-NEW" not in benxi.free


@pytest.mark.parametrize(
    ("again", "role", "rules"),
    [
        (cadre(**{**LEADER, "rank": "section"}), "leader", ["leader_rank"]),
        (cadre(**LEADER, party_member=False), "leader", ["party_member"]),
        (cadre(**LEADER, party_member=False, unrecorded=("party_member",)), "leader", ["unrecorded"]),
        (cadre(**LEADER, work_since=date(2013, 1, 1)), "leader", ["work_years"]),
        (cadre(**LEADER, ties=(V1,)), "leader", ["recusal"]),
        (cadre(**{**LEADER, "of": "U2"}, left="U1"), "leader", ["unit"]),
        (cadre("C-U1-1", "U1", party_member=False, ties=(V1,)), "member", ["party_member", "recusal"]),
        (cadre("C-U1-1", "U1", "section", reserve=True), "member", []),
        (GONE, "member", ["unit"]),
    ],
)
def test_3_3_3_4_a_member_who_no_longer_qualifies_is_told_and_nothing_happens_by_itself(
    again: CadreRegistered | CadreWithdrawn, role: str, rules: list[str]
) -> None:
    benxi = Benxi().helped()
    team = benxi.assignment().team
    benxi.hear(again)
    told = [(e.cadre, e.role, e.rule) for e in benxi.said(MemberDisqualified)]
    openly = "unit" if rules == ["unit"] else "undisclosed"
    assert told == ([(again.cadre, role, openly)] if rules else []), "what of it is personal, and said to nobody"
    doubted = {again.cadre: tuple(rules)} if rules else {}
    assert benxi.pool.shown(to_operator=True).teams[V1].doubted == doubted
    assert benxi.pool.shown().teams[V1].doubted == dict.fromkeys(doubted, ())
    assert [(t.about, t.role, t.detail) for t in benxi.tasks("retentions")] == (
        [(V1, "organisation", again.cadre)] if rules else []
    )
    assert benxi.assignment().team == team and benxi.assignment().status == "helped"


def test_the_organisation_department_keeps_or_replaces_who_no_longer_qualifies() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-U1-1", "U1", party_member=False), cadre("C-U1-2", "U1", party_member=False))
    benxi.send(RetainMember, cadre="C-U1-1")
    assert [e.cadre for e in benxi.said(MemberRetained)] == ["C-U1-1"]
    benxi.send(RetainMember, cadre="C-U1-1")
    assert len(benxi.said(MemberRetained)) == 1
    benxi.send(ReportDeparture, cadre="C-U1-2", cause="disqualified")
    assert not benxi.tasks("retentions") and benxi.details("replacements") == ["C-U1-2"]
    with pytest.raises(Refused, match="no member"):
        benxi.send(RetainMember, cadre="C-U1-2")


def test_3_3_whether_a_member_stays_is_decided_within_the_packs_time_from_the_first_doubt() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-U1-1", "U1", party_member=False))
    last = benxi.policy.team.retain_by.due(benxi.today, benxi.policy.calendar)
    benxi.until(benxi.today + timedelta(10))
    benxi.hear(cadre("C-U1-1", "U2", party_member=False))
    assert [task.due for task in benxi.tasks("retentions")] == [last], "another doubt gives no more time"
    benxi.send(RetainMember, cadre="C-U1-1")
    benxi.hear(cadre("C-U1-1", "U1", party_member=False))
    assert [task.due for task in benxi.tasks("retentions")] == [last + timedelta(10)], "a new doubt has its own"


def test_a_wrong_registration_that_is_corrected_asks_nobody_any_more() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-U1-0", "U1", "staff"))
    assert benxi.tasks("retentions")
    benxi.hear(cadre("C-U1-0", "U1", "deputy_division"))
    assert not benxi.tasks("retentions")


def test_a_unit_that_is_withdrawn_is_not_on_offer_but_its_team_stays_until_it_is_home() -> None:
    benxi = Benxi(team={"keep_after_exit": {"calendar_days": 0}}).helped()
    withdrawn = UnitWithdrawn(place=CITY, unit="U1", reason="机构撤销", decided_by="市委编办")
    benxi.hear(withdrawn, cadre("C-NEW", "U1"), recalled("C-U1-2", V1))
    benxi.replace("C-U1-2", "C-NEW")
    benxi.hear(delisted(V1))
    benxi.settle("2014", 1, 2)
    benxi.until(date(2014, 7, 1))
    assert "U1" not in benxi.pool.units and benxi.today > START
    benxi.hear(unit("U2"), UnitWithdrawn(place=CITY, unit="U2", reason="误录", decided_by="市委"), diagnosed(V2))
    benxi.solve("m2")
    assert not benxi.said(VillageMatched, village=V2)
    assert isinstance(benxi.pool, Pool)


def test_3_3_the_organisation_department_alone_keeps_a_member_who_no_longer_qualifies() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-U1-1", "U1", party_member=False))
    with pytest.raises(Refused) as refused:
        benxi.send(RetainMember, cadre="C-U1-1", body="unit")
    assert (refused.value.field, refused.value.status) == ("body", 422) and benxi.tasks("retentions")


def test_2_20_of_two_who_left_a_small_team_the_second_is_still_to_be_replaced() -> None:
    benxi = Benxi().helped()
    benxi.hear(cadre("C-NEW", "U1"))
    for who in ("C-U1-1", "C-U1-2"):
        benxi.send(ReportDeparture, cadre=who, cause="ill")
    assert benxi.details("replacements") == ["C-U1-1", "C-U1-2"]
    benxi.replace("C-U1-1", "C-NEW")
    assert benxi.details("replacements") == ["C-U1-2"]
