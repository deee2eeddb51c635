"""What a further pack asks for no more, while it is still owed: nobody is told to have missed it (1.12, 2.4, 2.12)."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.contracts.dispatch import (
    CommitmentOverdue,
    ComparisonMissed,
    TrainingMissed,
    VisitsMissed,
)
from shared.rules import Refused
from tests.dispatch.benxi import PACK, START, V1, Benxi
from tests.dispatch.partnered import EXPERT, FIRM, PARTNERED, pledge, visits
from tests.dispatch.partnered import begin as partner
from tests.dispatch.partnered import city as partnered
from tests.dispatch.partnered import helped as visited
from tests.dispatch.trained import asks
from tests.dispatch.trained import city as trained

DAY = timedelta(1)


def without_ledger(benxi: Benxi) -> None:
    *others, _ledger = PACK["commitments"]
    benxi.adopt(commitments=others)


def test_2_4_a_ledger_that_a_pack_has_no_more_is_told_as_overdue_and_names_nobody_who_owes_it() -> None:
    benxi = Benxi().helped()
    benxi.until(date(2014, 7, 1))
    without_ledger(benxi)
    benxi.until(date(2014, 7, 16))
    (overdue,) = benxi.said(CommitmentOverdue)
    assert (overdue.kind, overdue.step, overdue.due) == ("ledger", "reconcile 2014-06-30", date(2014, 7, 15))
    assert (overdue.owed_by, overdue.link, overdue.owing) == (None, None, None)


def test_2_4_what_a_pack_has_no_more_opens_no_further_reconciliation_and_no_year() -> None:
    benxi = Benxi().helped()
    without_ledger(benxi)
    benxi.until(date(2015, 3, 1))
    assert not benxi.details("reconciliations") and not benxi.details("settlements")
    assert benxi.details("commitments") == ["annual_plan 2015"]


@pytest.mark.parametrize("kept", [True, False])
def test_2_12_training_that_a_pack_has_no_more_is_not_told_as_missed(kept: bool) -> None:
    benxi = trained()
    benxi.adopt(**(asks() if kept else {}))
    benxi.until(START + 40 * DAY)
    assert [said.missing for said in benxi.said(TrainingMissed)] == [3] * kept
    assert len(benxi.tasks("attendances")) == kept


@pytest.mark.parametrize("kept", [True, False])
def test_1_12_a_promise_of_a_kind_that_a_pack_has_no_more_is_compared_by_nobody(kept: bool) -> None:
    benxi = partnered(V1)
    partner(benxi)
    pledge(benxi, {"yuan": 50000})
    benxi.until(date(2015, 1, 1))
    links = [link for link in PARTNERED["links"] if kept or link is not FIRM]
    benxi.adopt(**{**PARTNERED, "links": links})
    benxi.until(date(2015, 3, 1))
    assert [said.year for said in benxi.said(ComparisonMissed)] == [2014] * kept


@pytest.mark.parametrize("kept", [True, False])
def test_2_11_visits_of_experts_whom_a_pack_asks_for_no_more_are_not_told_as_missed(kept: bool) -> None:
    benxi = visited()
    benxi.until(date(2014, 7, 1))
    bare: dict[str, Any] = {field: said for field, said in EXPERT.items() if field != "visits"}
    benxi.adopt(**{**PARTNERED, "links": [EXPERT if kept and link is EXPERT else bare if link is EXPERT else link
                                          for link in PARTNERED["links"]]})  # fmt: skip
    benxi.until(date(2014, 8, 1))
    assert len(benxi.said(VisitsMissed)) == kept
    if not kept:
        with pytest.raises(Refused, match="the pack asks for no visits of such a kind of link, expert") as refused:
            visits(benxi, date(2014, 6, 30), E1=2)
        assert refused.value.field == "kind" and "（无）" in refused.value.zh
