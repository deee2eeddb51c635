"""What somebody was paid is kept for the years that the pack says, and paid once all the same."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from deploy.demo.world import World
from services.incentives.model.payroll import Payee, Payroll
from shared.contracts import Event
from shared.contracts.incentives import AllowancesDrawn, StatementCorrected, StatementDrawn
from shared.contracts.registry import PartyWithdrawn, PolicyAdopted, VillageMerged
from shared.policy import PolicyInvalid, parse_pack
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
    confirm,
    correct,
    counted,
    entered,
    explain,
    payroll,
    rated,
)

KEEPING: dict[str, Any] = {
    "rule": "S3:第四项",
    "by": "organisation",
    "cadres": {"years": 5},
    "persons": {"years": 5},
    "statements": {"years": 2},
}
LAST = date(2017, 12, 31)
"""The last day on which it is known what was paid for 2015."""
DAY = timedelta(1)
LEFT = PartyWithdrawn(
    place=COUNTY,
    party="P1",
    kind="secretary",
    parent=f"village:{VILLAGE}",
    personal=True,
    reason="离任",
    decided_by="清河镇党委",
)


def keeping(**said: Any) -> World:
    """A county that pays teams by days, and keeps for two years what it paid."""
    return world_with(**{**GRADED, "statements": [ALLOWANCE, FOUR], "keeping": KEEPING, **said})


def causes(world: World, payee: str, village: str = VILLAGE) -> list[str]:
    """What the statements rest on that are kept of somebody; none if nothing is known of him."""
    found = payroll(world, village).payees.get(payee)
    return [*found.sums] if found else []


def paid_in_march(**said: Any) -> World:
    world = keeping(**said)
    hear(world, counted(C1=22))
    confirm(world)
    return world


def test_what_was_paid_in_a_year_is_dropped_when_the_time_is_over_and_not_a_day_before() -> None:
    world = paid_in_march()
    hear(world, replace(counted(C1=20), year=2016))
    confirm(world, year=2016)
    world.pass_days(LAST)
    assert causes(world, "allowance/C1") == ["days/2015-03", "days/2016-03"]
    world.pass_days(LAST + DAY)
    assert causes(world, "allowance/C1") == ["days/2016-03"]
    world.pass_days(date(2019, 1, 1))
    assert not payroll(world).payees and not payroll(world).tells_of("C1"), "nobody is known to have been paid here"


def test_nobody_is_paid_once_more_for_a_month_that_is_kept_no_more() -> None:
    world = paid_in_march()
    world.pass_days(LAST + DAY)
    hear(world, counted(C1=22), counted(C1=10, C2=22), counted(month=7, C3=5))
    assert len(world.said(AllowancesDrawn)) == 1 and not world.said(StatementCorrected)
    assert not payroll(world).payees
    hear(world, replace(counted(C1=22), year=2016))
    assert len(world.said(AllowancesDrawn)) == 2, "what may still be corrected is paid as well"


def test_nobody_is_paid_once_more_for_a_month_before_the_sixty_that_are_kept_at_most() -> None:
    world = world_with(**GRADED, statements=[ALLOWANCE])
    months = [replace(counted(month=month, C1=22), year=year) for year in range(2015, 2021) for month in range(1, 13)]
    hear(world, *months)
    assert len(causes(world, "allowance/C1")) == 60
    hear(world, months[0], months[11])
    assert len(world.said(AllowancesDrawn)) == 72


def test_a_body_is_told_why_it_can_say_nothing_more_of_such_a_month() -> None:
    world = paid_in_march(statements=[ALLOWANCE, EXPLAINED])
    world.pass_days(LAST + DAY)
    asked: list[Callable[[], None]] = [
        lambda: confirm(world),
        lambda: correct(world),
        lambda: explain(world, month=3),
    ]
    for ask in asked:
        with pytest.raises(Refused, match="2015 is kept no more") as refused:
            ask()
        assert "2015年及以前的报酬补贴保存期限已届满" in refused.value.zh
        assert (refused.value.status, refused.value.field, refused.value.rule) == (409, "year", "S3:第四项")
    with pytest.raises(Refused, match="no statement of this kind"):
        confirm(world, year=2016)


def test_what_nobody_has_confirmed_or_explained_stays_until_somebody_does() -> None:
    world = keeping(statements=[ALLOWANCE, EXPLAINED])
    hear(world, counted(C1=22), entered(), LEFT)
    confirm(world, "pay", 1)
    world.pass_days(LAST + DAY)
    assert (causes(world, "allowance/C1"), causes(world, "pay/P1")) == (["days/2015-03"], ["begun"])
    confirm(world)
    explain(world)
    world.pass_days(date(2019, 1, 1))
    assert not payroll(world).payees


def test_pay_that_holds_is_kept_however_old_and_two_years_longer_than_it_was_paid() -> None:
    world = keeping()
    hear(world, entered())
    confirm(world, "pay", 1)
    world.pass_days(date(2022, 5, 1))
    assert causes(world, "pay/P1") == ["begun"]
    hear(world, rated("sound", 2021))
    confirm(world, "pay", 5, year=2022)
    world.pass_days(date(2024, 12, 31))
    assert causes(world, "pay/P1") == ["begun", "graded/rating/2021"]
    world.pass_days(date(2025, 1, 1))
    assert causes(world, "pay/P1") == ["graded/rating/2021"]
    hear(world, LEFT)
    world.pass_days(date(2027, 12, 31))
    assert causes(world, "pay/P1")
    world.pass_days(date(2028, 1, 1))
    assert not payroll(world).payees
    hear(world, LEFT)
    assert len(world.said(StatementDrawn)) == 2, "who has left is not known, and is paid nothing"


def test_who_is_back_with_the_same_pay_is_paid_on_and_what_holds_is_kept() -> None:
    world = keeping()
    hear(world, entered())
    confirm(world, "pay", 1)
    hear(world, LEFT)
    world.pass_days(date(2016, 2, 1))
    hear(world, entered())
    world.pass_days(date(2021, 1, 1))
    assert causes(world, "pay/P1") == ["begun"] and len(world.said(StatementDrawn)) == 1


def test_a_grade_is_kept_as_long_as_pay_rests_on_it_and_an_old_one_draws_nothing() -> None:
    world = keeping()
    hear(world, entered(), rated("weak", 2013), rated("sound", 2014))
    confirm(world, "pay", 1)
    world.pass_days(LAST + DAY)
    assert payroll(world).payees["pay/P1"].grades == {"rating/2014": "sound"}
    drawn = len(world.said(StatementDrawn))
    hear(world, rated("weak", 2013), rated("weak", 2015))
    assert len(world.said(StatementDrawn)) == drawn
    hear(world, rated("weak", 2014))
    assert world.said(StatementCorrected)[-1].total == 1900, "by that of 2014 the person is paid today"


@pytest.mark.parametrize("first", [True, False])
def test_a_village_that_was_merged_pays_nobody_once_more(first: bool) -> None:
    world = paid_in_march()
    hear(world, counted(village=INTO if first else OTHER, C1=3))
    world.pass_days(LAST + DAY)
    merged = VillageMerged(
        place=COUNTY,
        village=VILLAGE,
        into=INTO,
        into_place=COUNTY,
        since=world.today,
        document="县政发1号",
        decided_by="县政府",
    )
    hear(world, replace(counted(C1=5), year=2017), merged)
    drawn = len(world.said(AllowancesDrawn))
    hear(world, counted(village=INTO, C1=22))
    assert len(world.said(AllowancesDrawn)) == drawn
    assert causes(world, "allowance/C1", INTO)


def test_of_two_merged_villages_the_pay_holds_of_the_one_where_somebody_is_still_in_the_post() -> None:
    world = keeping(statements=[PAY])
    hear(world, entered(), entered(INTO), replace(LEFT, parent=f"village:{INTO}"))
    for village in (VILLAGE, INTO):
        confirm(world, "pay", 1, village=village)
    merged = VillageMerged(
        place=COUNTY,
        village=VILLAGE,
        into=INTO,
        into_place=COUNTY,
        since=TODAY,
        document="县政发1号",
        decided_by="县政府",
    )
    hear(world, merged)
    world.pass_days(LAST + DAY)
    payee = payroll(world, INTO).payees["pay/P1"]
    assert not payee.ended and payee.standing and payee.standing.total == 1900


def test_a_time_that_a_later_pack_says_counts_for_what_was_paid_before_and_none_brings_nothing_back() -> None:
    timeless = {name: said for name, said in KEEPING.items() if name != "statements"}
    world = paid_in_march(keeping=timeless)
    world.pass_days(date(2016, 6, 1))
    assert causes(world, "allowance/C1") == ["days/2015-03"], "without a time it stays"
    said = {**BENXI, **GRADED, "statements": [ALLOWANCE, FOUR]}
    del said["keeping"]
    brief = {**KEEPING, "statements": {"years": 1}}
    adopt(world, {**said, "version": "2105-2016", "effective_from": date(2016, 7, 1), "keeping": brief})
    world.pass_days(date(2017, 1, 1))
    assert not payroll(world).payees
    adopt(world, {**said, "version": "2105-2017", "effective_from": date(2017, 1, 2)})
    world.pass_days(date(2017, 1, 3))
    hear(world, counted(C1=22))
    assert len(world.said(AllowancesDrawn)) == 1
    with pytest.raises(Refused, match="is kept no more") as refused:
        confirm(world)
    assert refused.value.rule == "PIPL 19"


def adopt(world: World, pack: dict[str, Any]) -> None:
    adopted: Event = PolicyAdopted(place=CITY, version=pack["version"], adopted_by="市委组织部", pack=pack)
    hear(world, adopted)


def test_what_an_earlier_version_kept_of_who_had_left_is_counted_from_the_upgrade_on() -> None:
    world = paid_in_march()
    hear(world, entered())
    confirm(world, "pay", 1)
    before = payroll(world)
    left: Payee = replace(before.payees["pay/P1"], ended=True)
    early = before.keep(left).but(timers={"keep": date(2000, 1, 1)})
    world.services["incentives"].states[Payroll, VILLAGE] = early
    world.pass_days(LAST)
    assert causes(world, "pay/P1") == ["begun"]
    world.pass_days(LAST + DAY)
    assert not payroll(world).payees


def test_a_payroll_that_the_version_before_made_in_an_upgrade_looks_once_more_is_drawn() -> None:
    world = paid_in_march()
    world.services["incentives"].states[Payroll, VILLAGE] = payroll(world).but(timers={})
    hear(world, replace(counted(C1=20), year=2016))
    confirm(world, year=2016)
    world.pass_days(LAST + DAY)
    assert causes(world, "allowance/C1") == ["days/2016-03"]


@pytest.mark.parametrize("span", [{"months": 18}, {"years": 1, "calendar_days": 3}, {"years": 0}, {"working_days": 9}])
def test_a_time_that_is_not_in_whole_years_is_refused(span: dict[str, int]) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**BENXI, "keeping": {**KEEPING, "statements": span}})
    assert {fault.path for fault in invalid.value.faults} == {("keeping", "statements")}
