"""What is paid beside salaries: allowances by days in the village, pay in parts, and what corrects them."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from deploy.demo.world import World
from services.incentives.model.payroll import Payee, Payroll
from shared.contracts.incentives import (
    AllowancesConfirmed,
    AllowancesDrawn,
    Paid,
    PayExplained,
    PayShort,
    StatementConfirmed,
    StatementCorrected,
    StatementDrawn,
)
from shared.contracts.inspection import AppraisalWithdrawn
from shared.contracts.registry import PartyWithdrawn, PolicyAdopted, VillageMerged, VillageRecoded
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.statements import Statement
from shared.rules import Refused
from tests.incentives.cases import BENXI, CITY, COUNTY, TODAY, VILLAGE, hear, world_with
from tests.incentives.paid import (
    ALLOWANCE,
    EXPLAINED,
    FOUR,
    GRADED,
    INTO,
    OTHER,
    PAY,
    PERFORMANCE,
    PERSON,
    PRESENCE,
    confirm,
    correct,
    counted,
    entered,
    explain,
    payroll,
    rated,
)


@pytest.fixture
def world() -> World:
    return world_with(parties=[PERSON], presence=PRESENCE, statements=[ALLOWANCE, PAY])


def tasks(world: World, village: str = VILLAGE) -> list[tuple[str, str, str, date | None]]:
    policy = parse_pack({**BENXI, "parties": [PERSON], "presence": PRESENCE, "statements": [ALLOWANCE, PAY]})
    found = payroll(world, village)
    assert found.awaits == bool(list(found.tasks(policy))), "the column and the tasks must agree"
    return [(task.action, task.role, task.detail, task.due) for task in found.tasks(policy)]


def test_1_13_an_allowance_follows_from_the_days_in_the_village(world: World) -> None:
    hear(world, counted(C1=22, C2=0, C3=5))
    (drawn,) = world.said(AllowancesDrawn)  # One for the whole team, since each county has hundreds of members a month.
    assert drawn.paid == (
        Paid("C1", 1540, {"food": 1100, "travel": 440}),
        Paid("C3", 350, {"food": 250, "travel": 100}),
    ), "who was never there is paid nothing, and nothing is drawn"
    assert drawn.is_sealed(), "what somebody earns is nobody else's affair"
    assert not world.said(StatementDrawn)
    assert tasks(world) == [("statements", "county", "allowance/2015-03", TODAY + timedelta(10))]


def test_1_13_the_same_days_again_draw_nothing(world: World) -> None:
    hear(world, counted(C1=22))
    hear(world, counted(C1=22))
    assert len(world.said(AllowancesDrawn)) == 1 and not world.said(StatementCorrected)
    hear(world, counted(month=4, C1=22))
    assert [(said.month, said.paid[0].total) for said in world.said(AllowancesDrawn)] == [(3, 1540), (4, 1540)]


def test_1_13_days_that_are_counted_anew_correct_the_statement_also_after_it_was_confirmed(world: World) -> None:
    hear(world, counted(C1=22, C2=10))
    confirm(world)
    (confirmed,) = world.said(AllowancesConfirmed)
    assert {one.person: one.total for one in confirmed.paid} == {"C1": 1540, "C2": 700}
    assert confirmed.is_sealed() and not world.said(StatementConfirmed)
    assert (tasks(world), payroll(world).status) == ([], "settled")
    hear(world, counted(C1=20))
    corrected = {said.person: (said.before, said.total) for said in world.said(StatementCorrected)}
    assert corrected == {"C1": (1540, 1400), "C2": (700, 0)}, "C2 was not in the team"
    assert [detail for _, _, detail, _ in tasks(world)] == ["allowance/2015-03"], "it is confirmed again"
    confirm(world)
    confirm(world)
    _, again = world.said(AllowancesConfirmed)
    assert {one.person: one.total for one in again.paid} == {"C1": 1400, "C2": 0}, "it is not confirmed twice"


def test_0_11_only_the_body_that_the_pack_names_confirms_and_only_what_was_drawn(world: World) -> None:
    with pytest.raises(Refused) as refused:
        confirm(world)
    assert refused.value.status == 404
    hear(world, counted(C1=22))
    with pytest.raises(Refused, match="matter of the county") as refused:
        confirm(world, body="township")
    assert (refused.value.field, refused.value.status) == ("body", 422)
    for said in ({"month": 4}, {"kind": "pay"}):
        with pytest.raises(Refused, match="no statement of this kind") as refused:
            confirm(world, **said)
        assert refused.value.status == 404


def test_0_11_a_village_cadre_is_paid_from_the_entry_of_the_post_on_and_only_changes_are_drawn(world: World) -> None:
    hear(world, entered())
    (drawn,) = world.said(StatementDrawn)
    assert (drawn.person, drawn.parts, drawn.total) == ("P1", {"basic": 1400, "wage": 500}, 1900)
    assert (drawn.year, drawn.month, drawn.recurs) == (2015, 1, True)
    hear(world, entered())
    world.pass_days(TODAY + timedelta(100))
    assert len(world.said(StatementDrawn)) == 1, "it holds each month"


def test_0_11_pay_follows_from_the_grade_and_is_corrected_when_a_review_changes_it() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("weak"))
    assert [said.total for said in world.said(StatementDrawn)] == [1900, 1900]
    assert len(world.said(PayShort)) == 2
    confirm(world, "pay", 1)
    world.pass_days(TODAY + timedelta(40))
    hear(world, rated("sound"))
    (corrected,) = world.said(StatementCorrected)
    assert (corrected.before, corrected.total, corrected.month) == (1900, 2700, 1), "from the month of the grade on"
    assert [detail for _, _, detail, _ in tasks(world)] == ["pay/2015-01"], "what was confirmed is confirmed again"
    hear(world, rated("sound", 2015))
    assert len(world.said(StatementDrawn)) == 2, "the same grade in the next year changes nothing"
    hear(world, rated("weak", 2016))
    assert [said.total for said in world.said(StatementDrawn)] == [1900, 1900, 1900]


def test_0_11_a_grade_that_is_heard_before_the_post_leads_to_the_same_pay() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, rated("sound"), entered())
    assert [said.total for said in world.said(StatementDrawn)] == [2700]


def withdrawn_grade(grade: str, year: int = 2014) -> AppraisalWithdrawn:
    return AppraisalWithdrawn(
        place=COUNTY, kind="rating", subject_kind="village_cadre", subject="P1", village=VILLAGE, year=year,
        grade=grade, reason="录错", decided_by="县委组织部",
    )  # fmt: skip


def test_0_11_a_grade_that_is_withdrawn_gives_way_to_the_one_before_until_there_is_another() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("weak", 2013))
    confirm(world, "pay", 1)
    world.pass_days(TODAY + timedelta(40))
    hear(world, rated("sound", 2014))
    confirm(world, "pay", 2)
    hear(world, withdrawn_grade("sound"))
    (corrected,) = world.said(StatementCorrected)
    assert (corrected.before, corrected.total, corrected.month) == (2700, 1900, 2), "the grade of 2013 holds"
    assert [detail for _, _, detail, _ in tasks(world)] == ["pay/2015-02"], "it is confirmed anew"
    hear(world, withdrawn_grade("sound"))
    assert len(world.said(StatementCorrected)) == 1
    hear(world, rated("sound", 2014))
    assert world.said(StatementCorrected)[-1].total == 2700


def test_0_11_a_first_grade_that_is_withdrawn_pays_nothing_more() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("sound"), withdrawn_grade("sound"))
    assert (world.said(StatementDrawn)[-1].total, world.said(StatementCorrected)[-1].total) == (2700, 1900)


def test_0_11_a_withdrawn_grade_of_who_is_paid_nothing_changes_nothing() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, withdrawn_grade("sound"))
    assert not world.facts


def test_0_11_a_late_review_of_an_earlier_year_corrects_that_year_alone() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("weak", 2013), rated("sound", 2014), rated("sound", 2013))
    (corrected,) = world.said(StatementCorrected)
    assert (corrected.before, corrected.total) == (1900, 2700)
    hear(world, rated("weak", 2013))
    payee = payroll(world).payee("pay", "P1")
    assert payee and payee.standing and payee.standing.total == 2700, "the year after is paid as it was graded"


def test_0_11_a_year_that_is_graded_late_does_not_take_the_place_of_a_later_one() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("sound", 2014), rated("weak", 2013))
    assert [said.total for said in world.said(StatementDrawn)] == [1900, 2700]
    hear(world, rated("weak", 2015))
    assert [said.total for said in world.said(StatementDrawn)] == [1900, 2700, 1900]


@pytest.mark.parametrize(("change", "left"), [(rated("weak", 2014), 1900), (withdrawn_grade("sound"), 1900)])
def test_0_11_what_an_equal_later_grade_pays_outlasts_the_earlier_one(change: Any, left: int) -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("sound", 2014), rated("sound", 2015))
    assert [said.total for said in world.said(StatementDrawn)] == [1900, 2700], "the same again draws nothing"
    hear(world, change)
    assert [said.total for said in world.said(StatementCorrected)] == [left], "that of 2014"
    assert [said.total for said in world.said(StatementDrawn)] == [1900, 2700, 2700], "that of 2015 holds from now on"
    hear(world, change)
    assert len(world.said(StatementDrawn)) == 3


def test_0_11_what_was_paid_is_corrected_also_after_the_person_has_left() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("sound"), left())
    hear(world, withdrawn_grade("sound"), rated("weak", 2015))
    assert [said.total for said in world.said(StatementCorrected)] == [1900]
    assert len(world.said(StatementDrawn)) == 2, "who has left is paid by no new grade"


def test_0_11_a_grade_that_an_earlier_version_kept_without_its_year_holds() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    kept = Payee(kind="pay", person="P1", grades={"rating": "sound"}, ended=True)
    world.services["incentives"].states[Payroll, VILLAGE] = Payroll(id=VILLAGE, place=COUNTY, payees={"pay/P1": kept})
    hear(world, entered())
    assert [said.total for said in world.said(StatementDrawn)] == [2700]
    hear(world, rated("weak"))
    assert world.said(StatementDrawn)[-1].total == 1900


def test_0_11_who_moves_keeps_the_grade() -> None:
    world = world_with(**GRADED, statements=[FOUR])
    hear(world, entered(), rated("sound"), entered(OTHER, VILLAGE))
    assert [said.total for said in world.said(StatementDrawn)] == [1900, 2700, 2700]


def test_2_8_pay_below_the_floor_is_told(world: World) -> None:
    hear(world, entered())
    (short,) = world.said(PayShort)
    assert (short.person, short.total, short.floor, short.is_sealed()) == ("P1", 1900, 2000, True)
    correct(world, kind="pay", person="P1", month=1, part="wage", yuan=600)
    assert len(world.said(PayShort)) == 1
    correct(world, kind="pay", person="P1", month=1, part="wage", yuan=550)
    assert [said.total for said in world.said(PayShort)] == [1900, 1950], "a correction below the floor is told as well"


def test_2_8_the_township_says_why_somebody_is_paid_less_than_the_floor() -> None:
    world = world_with(parties=[PERSON], statements=[EXPLAINED])
    hear(world, entered())
    confirm(world, "pay", 1)
    owed = [("pay-explanations", "township", "pay/P1/2015-01", TODAY + timedelta(5))]
    assert (tasks(world), payroll(world).status) == (owed, "open")
    for said, why in (
        ({"body": "county"}, "matter of the township"),
        ({"month": 2}, "nothing of that month"),
        ({"person": "P2"}, "does not exist"),
    ):
        with pytest.raises(Refused, match=why):
            explain(world, **said)
    explain(world)
    explain(world)
    (told,) = world.said(PayExplained)
    assert told.is_sealed() and "集体" not in str(told), "the reason is in no event"
    assert (tasks(world), payroll(world).status) == ([], "settled")
    explain(world, why="补报：集体收入已核实")
    assert len(world.said(PayExplained)) == 2, "it may be said anew"


def test_2_8_a_correction_asks_for_a_reason_anew_or_no_more() -> None:
    world = world_with(parties=[PERSON], statements=[EXPLAINED])
    hear(world, entered())
    explain(world)
    correct(world, kind="pay", person="P1", month=1, part="wage", yuan=550)
    assert [action for action, *_ in tasks(world)] == ["statements", "pay-explanations"]
    correct(world, kind="pay", person="P1", month=1, part="wage", yuan=700)
    assert [action for action, *_ in tasks(world)] == ["statements"], "nobody is paid too little"


def left(party: str = "P1") -> PartyWithdrawn:
    return PartyWithdrawn(
        place=COUNTY,
        party=party,
        kind="secretary",
        parent=f"village:{VILLAGE}",
        personal=True,
        reason="离任",
        decided_by="清河镇党委",
    )


LEAVING = {**PAY, "parts": [*PAY["parts"], {"code": "leaving", "label": "离任补助", "yuan": 3000, "once": "leaving"}]}


def test_4_6_who_leaves_the_post_gets_a_sum_once() -> None:
    world = world_with(parties=[PERSON], statements=[LEAVING])
    hear(world, entered())
    assert world.said(StatementDrawn)[0].parts == {"basic": 1400, "wage": 500}, "it is no part of the monthly pay"
    confirm(world, "pay", 1)
    world.pass_days(TODAY + timedelta(90))
    hear(world, left(), left())
    drawn = world.said(StatementDrawn)[-1]
    assert (drawn.parts, drawn.recurs, drawn.month) == ({"leaving": 3000}, False, 4)
    assert len(world.said(StatementDrawn)) == 2 and len(world.said(PayShort)) == 1, "it is measured by no floor"
    assert [detail for _, _, detail, _ in tasks(world)] == ["pay/2015-04"]
    correct(world, kind="pay", person="P1", month=4, part="leaving", yuan=6000, reason="任满两届")
    assert world.said(StatementCorrected)[-1].total == 6000


def test_4_6_who_was_registered_by_mistake_did_not_leave_and_is_not_paid() -> None:
    world = world_with(parties=[PERSON], statements=[LEAVING])
    mistaken = replace(left(), mistaken=True, reason="误登记")
    hear(world, entered(), mistaken, mistaken)
    assert [said.parts for said in world.said(StatementDrawn)] == [{"basic": 1400, "wage": 500}]
    (corrected,) = world.said(StatementCorrected)
    assert (corrected.before, corrected.parts) == (1900, {"basic": 0, "wage": 0})
    confirm(world, "pay", 1)
    assert [said.total for said in world.said(StatementConfirmed)] == [0] and tasks(world) == []
    hear(world, entered(OTHER))
    confirm(world, "pay", 1, village=OTHER)
    hear(world, replace(mistaken, parent=f"village:{OTHER}"))
    assert len(world.said(StatementCorrected)) == 1, "what a body confirmed is corrected by a body"
    hear(world, entered(OTHER))
    assert world.said(StatementDrawn)[-1].total == 1900, "who holds the post after all is paid"


def test_4_6_a_sum_on_leaving_alone_keeps_nobody_before() -> None:
    only = {**LEAVING, "parts": [LEAVING["parts"][-1]], "floor": None}
    statement = {name: said for name, said in only.items() if said is not None}
    world = world_with(parties=[PERSON], statements=[statement])
    hear(world, entered())
    assert not world.facts
    hear(world, left(), left())
    assert [said.total for said in world.said(StatementDrawn)] == [3000]
    hear(world, entered())
    assert [said.total for said in world.said(StatementCorrected)] == [0], "who is back did not leave"
    hear(world, left())
    assert [said.total for said in world.said(StatementCorrected)] == [0, 3000], "on the same day"


def test_4_6_who_moves_or_is_back_before_it_was_confirmed_did_not_leave() -> None:
    world = world_with(parties=[PERSON], statements=[LEAVING])
    hear(world, entered(), entered(OTHER, VILLAGE))
    assert [said.recurs for said in world.said(StatementDrawn)] == [True, True]
    world = world_with(parties=[PERSON], statements=[LEAVING])
    hear(world, entered(), left(), entered())
    assert [(said.before, said.total) for said in world.said(StatementCorrected)] == [(3000, 0)]
    confirm(world, "pay", 1)
    hear(world, left())
    confirm(world, "pay", 1)
    hear(world, entered())
    assert world.said(StatementCorrected)[-1].total == 3000, "what was confirmed stays"


def test_0_11_who_moves_to_another_village_is_paid_there(world: World) -> None:
    hear(world, entered(), entered(OTHER, VILLAGE))
    assert payroll(world).payees["pay/P1"].ended and not payroll(world, OTHER).payees["pay/P1"].ended
    assert tasks(world), "what was drawn stays to be confirmed"
    hear(world, entered(VILLAGE, OTHER))
    assert not payroll(world).payees["pay/P1"].ended, "back again"


def test_0_11_who_left_the_post_is_paid_no_more(world: World) -> None:
    hear(world, entered(), left())
    assert payroll(world).payees["pay/P1"].ended
    hear(world, entered())
    assert not payroll(world).payees["pay/P1"].ended


def test_0_11_the_body_corrects_one_part_with_a_reason(world: World) -> None:
    hear(world, counted(C1=22))
    confirm(world)
    correct(world)
    correct(world)
    (corrected,) = world.said(StatementCorrected)
    assert (corrected.before, corrected.total, corrected.reason) == (1540, 1340, "食堂就餐已扣除")
    assert [detail for _, _, detail, _ in tasks(world)] == ["allowance/2015-03"]
    for said, status in (
        ({"person": "C9"}, 404),
        ({"part": "fuel"}, 404),
        ({"month": 4}, 404),
        ({"body": "unit"}, 422),
    ):
        with pytest.raises(Refused) as refused:
            correct(world, **said)
        assert refused.value.status == status


@pytest.mark.parametrize(("said", "fields"), [(confirm, {"kind": "pay", "month": 1}), (correct, {}), (explain, {})])
def test_0_11_another_county_says_nothing_of_what_is_paid_here(said: Any, fields: dict[str, Any]) -> None:
    world = world_with(**GRADED, statements=[ALLOWANCE, EXPLAINED])
    hear(world, counted(C1=22), entered())
    before, told = payroll(world), len(world.facts)
    with pytest.raises(Refused, match="belongs to division 210521, not 210522") as refused:
        said(world, place="210522", **fields)
    assert (refused.value.status, refused.value.field) == (422, "place")
    assert (payroll(world), len(world.facts)) == (before, told)
    said(world, **fields)
    assert payroll(world) != before and world.facts[-1].event.place == COUNTY


@pytest.mark.parametrize("before", [(), (counted(month=2, C1=10),)])
def test_0_11_a_village_with_a_new_code_is_paid_by_its_new_county(world: World, before: tuple[Any, ...]) -> None:
    """Also what is told late, of days before it."""
    recoded = VillageRecoded(place=COUNTY, village=VILLAGE, code="210522100201", since=TODAY)
    hear(world, *before, recoded, counted(C1=22))
    with pytest.raises(Refused, match="belongs to division 210522"):
        confirm(world)
    confirm(world, place="210522")
    (confirmed,) = world.said(AllowancesConfirmed)
    assert confirmed.place == "210522"


def test_0_11_what_was_paid_moves_with_the_village_also_where_nobody_is_paid_any_more(world: World) -> None:
    hear(world, counted(C1=22))
    pack = {**BENXI, "version": "2105-2015.2"}
    hear(world, PolicyAdopted(place=CITY, version=pack["version"], adopted_by="市委组织部", pack=pack))
    hear(world, VillageRecoded(place=COUNTY, village=VILLAGE, code="210522100201", since=TODAY))
    assert payroll(world).place == "210522"


def test_0_11_a_new_village_cadre_is_paid_by_the_county_where_the_village_lies_now(world: World) -> None:
    hear(world, replace(entered(), place="210522"))
    (drawn,) = world.said(StatementDrawn)
    assert drawn.place == payroll(world).place == "210522"


def test_1_13_a_merged_villages_payees_go_over_with_what_is_to_be_confirmed(world: World) -> None:
    merged = VillageMerged(
        place=COUNTY,
        village=VILLAGE,
        into=INTO,
        into_place=COUNTY,
        since=TODAY,
        document="县政发1号",
        decided_by="县政府",
    )
    hear(world, counted(C1=22), entered(), merged)
    assert payroll(world).payees == {} and tasks(world) == []
    assert [detail for _, _, detail, _ in tasks(world, INTO)] == ["allowance/2015-03", "pay/2015-01"]


def test_0_11_who_was_paid_in_both_of_two_merged_villages_keeps_what_is_to_be_confirmed(world: World) -> None:
    merged = VillageMerged(
        place=COUNTY,
        village=VILLAGE,
        into=INTO,
        into_place=COUNTY,
        since=TODAY,
        document="县政发1号",
        decided_by="县政府",
    )
    hear(world, entered(), entered(INTO, VILLAGE), counted(C1=20), counted(village=INTO, C1=2))
    owed = payroll(world).open
    hear(world, merged)
    assert owed.keys() <= payroll(world, INTO).open.keys()
    totals = sorted(one.total for one in payroll(world, INTO).open["allowance", 2015, 3])
    assert totals == [140, 1400], "the days in both villages are paid"
    confirm(world, village=INTO)
    (confirmed,) = world.said(AllowancesConfirmed)
    assert [(one.person, one.total, one.parts) for one in confirmed.paid] == [
        ("C1", 1540, {"food": 1100, "travel": 440})
    ], "once, with the sum of both"
    payee = payroll(world, INTO).payee("pay", "P1")
    assert payee and not payee.ended and len(payee.sums) == 2


def test_a_region_that_pays_nothing_keeps_nothing() -> None:
    world = world_with(parties=[PERSON], presence=PRESENCE)
    hear(world, counted(C1=22), entered())
    assert not world.facts
    hear(world, VillageRecoded(place=COUNTY, village=VILLAGE, code="210522100201", since=TODAY))
    assert not any(isinstance(state, Payroll) for state in world.services["incentives"].states.values())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"of": "village"}, "no kind of person"),
        ({"of": "team"}, "members of teams are paid by days"),
        ({"parts": [{"code": "a", "label": "甲", "per_day": 50}]}, "members of teams are paid by days"),
        ({"parts": [{"code": "a", "label": "甲"}]}, "a part is a fixed sum"),
        ({"parts": [{"code": "a", "label": "甲", "yuan": 1, "per_day": 2}]}, "a part is a fixed sum"),
        ({"parts": [{"code": "a", "label": "甲", "assessment": "rating"}]}, "a part is a fixed sum"),
        ({"parts": [PAY["parts"][0]] * 2}, "basic occurs twice"),
        ({"rule": "S9"}, "S9 is none of"),
        ({"parts": [{**PERFORMANCE, "grades": {"sound": 800}}]}, "say the sum of each grade: sound, weak"),
        ({"parts": [{**PERFORMANCE, "assessment": "years"}]}, "years does not grade a secretary, but rating does"),
        ({"confirmed_by": "team"}, "team cannot do this"),
        ({"confirm_within": {"calendar_days": 0}}, "it needs a time"),
        ({"confirm_within": {"working_days": 5}}, "neither in working days"),
        ({"explained_by": "township"}, "go together"),
        ({"explain_within": {"calendar_days": 5}}, "go together"),
        ({"explained_by": "township", "explain_within": {"calendar_days": 5}, "floor": None}, "without a floor"),
        ({"explained_by": "operator", "explain_within": {"calendar_days": 5}}, "operator cannot do this"),
        ({"parts": [{**PERFORMANCE, "once": "leaving"}, PAY["parts"][0]]}, "a fixed sum"),
    ],
)
def test_0_11_a_statement_whose_sums_nobody_could_know_is_refused(change: dict[str, Any], complaint: str) -> None:
    said = {name: value for name, value in {**PAY, **change}.items() if value is not None}
    pack = {**BENXI, **GRADED, "statements": [said]}
    with pytest.raises(PolicyInvalid, match=complaint) as refused:
        parse_pack(pack)
    assert {fault.path[2] for fault in refused.value.faults} <= {*Statement.__struct_fields__}


def test_1_13_without_days_nobody_can_be_paid_by_them() -> None:
    with pytest.raises(PolicyInvalid, match="nobody knows a member's days") as refused:
        parse_pack({**BENXI, "statements": [ALLOWANCE]})
    assert [fault.where for fault in refused.value.faults] == ["statements[0].of"]
    with pytest.raises(PolicyInvalid, match="has no floor") as refused:
        parse_pack({**BENXI, "presence": PRESENCE, "statements": [{**ALLOWANCE, "floor": 100}]})
    assert [fault.where for fault in refused.value.faults] == ["statements[0].floor"]
