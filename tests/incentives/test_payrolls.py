"""What a payroll keeps: the floor of pay, posts that are left, villages that merge, months without anybody."""

import pytest
from msgspec.structs import replace

from deploy.demo.world import World
from services.incentives.model.payroll import Payroll
from shared.contracts.incentives import PayShort, StatementDrawn
from shared.contracts.registry import PartyWithdrawn, VillageMerged
from tests.incentives.cases import COUNTY, TODAY, VILLAGE, hear, world_with
from tests.incentives.paid import (
    ALLOWANCE,
    FOUR,
    GRADED,
    INTO,
    OTHER,
    PAY,
    PERSON,
    counted,
    entered,
    payroll,
    rated,
)

WITHDRAWN = PartyWithdrawn(
    place=COUNTY,
    party="P1",
    kind="secretary",
    parent=f"village:{VILLAGE}",
    personal=True,
    reason="离任",
    decided_by="清河镇党委",
)


@pytest.fixture
def world() -> World:
    """A county that pays members of teams an allowance, and secretaries by their grade."""
    return world_with(**GRADED, statements=[ALLOWANCE, FOUR])


def drawn(world: World) -> list[tuple[str, int]]:
    return [(said.kind, said.total) for said in world.said(StatementDrawn)]


def test_1_13_a_month_in_which_nobody_was_there_leaves_no_payroll(world: World) -> None:
    hear(world, counted())
    assert not [one for one in world.services["incentives"].states.values() if isinstance(one, Payroll)]


@pytest.mark.parametrize(("floor", "short"), [(1899, 0), (1900, 0), (1901, 1)])
def test_2_8_pay_at_the_floor_is_not_short(floor: int, short: int) -> None:
    world = world_with(parties=[PERSON], statements=[{**PAY, "floor": floor}])
    hear(world, entered())
    assert len(world.said(PayShort)) == short
    world = world_with(parties=[PERSON], statements=[{name: said for name, said in PAY.items() if name != "floor"}])
    hear(world, entered())
    assert drawn(world) == [("pay", 1900)] and not world.said(PayShort)


def test_0_11_a_party_of_a_kind_that_nobody_pays_changes_no_pay(world: World) -> None:
    hear(world, entered(), replace(entered(OTHER, VILLAGE), kind="helper"))
    assert not payroll(world).payees["pay/P1"].ended


def test_0_11_whoever_is_in_another_post_goes_on_when_one_leaves(world: World) -> None:
    hear(world, entered(), entered(party="P2"), WITHDRAWN)
    payees = payroll(world).payees
    assert (payees["pay/P1"].ended, payees["pay/P2"].ended) == (True, False)


def test_0_11_a_merger_with_a_village_that_pays_nobody_changes_nothing(world: World) -> None:
    merged = VillageMerged(
        place=COUNTY,
        village=OTHER,
        into=VILLAGE,
        into_place=COUNTY,
        since=TODAY,
        document="县政发1号",
        decided_by="县政府",
    )
    hear(world, entered())
    before = payroll(world)
    hear(world, merged)
    assert payroll(world) == before


def test_0_11_the_pay_of_a_merged_village_goes_on_in_the_other_with_its_grades(world: World) -> None:
    merged = VillageMerged(
        place=COUNTY,
        village=VILLAGE,
        into=INTO,
        into_place="210522",
        since=TODAY,
        document="县政发1号",
        decided_by="县政府",
    )
    hear(world, entered(), rated("sound"), merged)
    found = payroll(world, INTO)
    assert (found.place, found.payees["pay/P1"].grades) == ("210522", {"rating/2014": "sound"})
    assert not found.payees["pay/P1"].ended and [one.total for one in found.open["pay", 2015, 1]] == [1900, 2700]
