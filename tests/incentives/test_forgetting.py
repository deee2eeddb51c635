"""Of somebody anonymous nothing is kept that he said, and nothing that names him (PIPL 47)."""

from services.incentives.model.record import Case
from shared.contracts.registry import PersonForgotten
from shared.contracts.values import ANONYMOUS
from tests.incentives.cases import (
    CITY,
    COUNTY,
    LEADER,
    VILLAGE,
    decide,
    graded,
    hear,
    hear_defence,
    only,
    record,
    world_with,
)
from tests.incentives.paid import EXPLAINED, PERSON, entered, explain, payroll

GONE = PersonForgotten(place=CITY, person=LEADER[1], unit="U2105-001", reason="期满", decided_by="市委组织部")


def said(case: Case) -> tuple[str, str]:
    return case.statement, case.finding


def test_a_closed_case_stays_without_the_words_of_the_defence() -> None:
    world = world_with()
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    decide(world, LEADER, imposed=False)
    before = record(world, LEADER).cases[only(world, LEADER)]
    hear(world, GONE)
    after = record(world, LEADER).cases[only(world, LEADER)]
    assert said(before) != said(after) == (ANONYMOUS, ANONYMOUS)
    assert (after.status, after.decided_by, after.evidence) == (before.status, before.decided_by, before.evidence)
    hear(world, GONE)
    assert record(world, LEADER).cases[only(world, LEADER)] == after


def test_a_case_that_nobody_had_heard_of_keeps_them_until_it_is_over() -> None:
    world = world_with()
    hear(world, graded("incompetent"), GONE)
    hear_defence(world, LEADER)
    assert ANONYMOUS not in said(record(world, LEADER).cases[only(world, LEADER)]), "the body decides by it"
    decide(world, LEADER, imposed=False)
    assert said(record(world, LEADER).cases[only(world, LEADER)]) == (ANONYMOUS, ANONYMOUS)


def test_why_a_village_cadre_was_paid_less_is_told_no_more_and_what_was_paid_stays() -> None:
    world = world_with(parties=[PERSON], statements=[EXPLAINED])
    hear(world, entered(), entered(party="P2"))
    explain(world)
    explain(world, person="P2")
    sums = {key: payee.sums for key, payee in payroll(world).payees.items()}
    hear(world, PersonForgotten(place=COUNTY, person="P1", village=VILLAGE, reason="期满", decided_by="县委"))
    payees = payroll(world).payees
    assert [one.why for one in payees["pay/P1"].sums.values()] == [ANONYMOUS]
    assert [one.total for one in payees["pay/P1"].sums.values()] == [one.total for one in sums["pay/P1"].values()]
    assert payees["pay/P2"].sums == sums["pay/P2"]
    hear(world, PersonForgotten(place=COUNTY, person="P9", village="210521100209", reason="期满", decided_by="县委"))
