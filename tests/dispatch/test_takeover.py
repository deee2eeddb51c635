"""A county that began years ago is taken over with its earlier dates, and goes on as if it had been played (3.11)."""

from datetime import date
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.dispatch.model.commands import Held, TakeOver
from shared.contracts.dispatch import (
    CommitmentOverdue,
    CommitmentSet,
    HelpBegun,
    Item,
    Member,
    MemberDisqualified,
    TeamAssigned,
    TeamReleased,
    TermExtended,
    VillageMatched,
)
from shared.contracts.journey import next_stage
from shared.rules import Refused
from tests.dispatch.benxi import NEVER_EXTENDED, V1, V2, Benxi, cadre, delisted, diagnosed, recalled, squad, unit

TODAY = date(2018, 8, 15)
TEAM = (Member("C-U1-0", "leader"), Member("C-U1-1", "member"), Member("C-U1-2", "member"))
ITEMS = (Item(1, "修路一公里"), Item(2, "打井两眼"))
LETTER = Held(kind="letter", period="term", set_on=date(2014, 7, 20), set_by="市民政局")
PLAN = Held(
    kind="three_year_plan",
    period="term",
    set_on=date(2014, 8, 1),
    set_by="工作队",
    items=(Item(1, "修路"), Item(2, "引水"), Item(3, "产业")),
)
YEAR = Held(kind="annual_plan", period="2018", set_on=date(2018, 1, 30), set_by="工作队", items=(Item(1, "修路"),))
LEDGER = Held(
    kind="ledger",
    period="2018",
    set_on=date(2018, 2, 27),
    set_by="工作队",
    items=ITEMS,
    done=(1,),
    reconciled_on=date(2018, 3, 31),
)
ALL = (LETTER, PLAN, YEAR, LEDGER)


def county(today: date = TODAY) -> Benxi:
    benxi = Benxi(today)
    benxi.hear(unit("U1"), *squad("U1"), unit("U2"), *squad("U2"), diagnosed(V1, problems=1))
    return benxi


def take_over(benxi: Benxi, **said: Any) -> None:
    usual = {"unit": "U1", "team": TEAM, "since": date(2014, 7, 1), "term_start": date(2014, 7, 1), "extensions": 2}
    benxi.send(TakeOver, **{**usual, "commitments": ALL, **said})


def test_a_team_that_has_been_there_for_years_is_matched_assigned_and_bound_with_its_dates() -> None:
    benxi = county()
    take_over(benxi)
    (matched,), (assigned,) = benxi.said(VillageMatched), benxi.said(TeamAssigned)
    assert (matched.matching, matched.reasons) == (f"taken-over/{V1}", ("taken_over",))
    assert (assigned.term_start, assigned.term_end, assigned.team) == (date(2014, 7, 1), date(2019, 7, 1), TEAM)
    assert [said.kind for said in benxi.said(CommitmentSet)] == ["letter", "three_year_plan", "annual_plan", "ledger"]
    assert len(benxi.said(HelpBegun)) == 1
    stage = "diagnosed"
    for fact in benxi.world.facts:
        stage = next_stage(stage, fact.event)
    assert stage == "helped" and benxi.assignment().since == date(2014, 7, 1)
    # The ledger of the year has one answered day behind it; the second is owed, late or not.
    assert benxi.details("reconciliations") == ["ledger 2018 2018-06-30"]
    assert not benxi.tasks("commitments") and not benxi.tasks("matchings") and "C-U1-0" not in benxi.free
    take_over(benxi)
    assert len(benxi.said(TeamAssigned)) == 1 and len(benxi.said(CommitmentSet)) == 4


def test_what_follows_is_as_if_it_had_been_played() -> None:
    benxi = county()
    take_over(benxi)
    benxi.reconcile("2018", 1)
    benxi.until(date(2019, 1, 1))
    for _ in range(2):
        benxi.reconcile("2018", 1)
    benxi.settle("2018", 1)
    benxi.set("ledger", "2019", "养蜂")
    texts = [item.text for item in benxi.assignment().owed["ledger/2019"].items]
    assert texts == ["养蜂", "打井两眼", "第1轮问题1"], "what is open is carried, and the diagnosis still asks"
    benxi.until(date(2019, 7, 2))
    assert [(e.until, e.extension) for e in benxi.said(TermExtended)] == [(date(2020, 7, 1), 3)]
    benxi.hear(delisted(V1))
    benxi.settle("2019", 1, 2, 3)
    benxi.until(date(2020, 7, 3))
    (released,) = benxi.said(TeamReleased)
    assert released.served_days == (date(2020, 7, 3) - date(2014, 7, 1)).days


def test_what_is_not_set_yet_is_owed_from_now_on() -> None:
    benxi = county()
    take_over(benxi, commitments=(LETTER,))
    (task,) = benxi.tasks("commitments")
    assert (task.detail, task.due) == ("three_year_plan term", date(2018, 9, 14))
    assert not benxi.said(HelpBegun) and not benxi.said(CommitmentOverdue)
    take_over(benxi, commitments=(LETTER, PLAN))
    assert [said.kind for said in benxi.said(CommitmentSet)] == ["letter", "three_year_plan"]


def test_last_years_ledger_is_still_to_be_settled_and_this_years_owed() -> None:
    benxi = county(date(2018, 1, 10))
    held = Held(kind="ledger", period="2017", set_on=date(2017, 2, 1), set_by="工作队", items=ITEMS,
                reconciled_on=date(2017, 9, 30))  # fmt: skip
    plan = Held(kind="annual_plan", period="2017", set_on=date(2017, 1, 5), set_by="工作队", items=(Item(1, "修路"),))
    take_over(benxi, commitments=(LETTER, PLAN, plan, held), extensions=1)
    assert benxi.details("reconciliations") == ["ledger 2017 2017-12-31"]
    benxi.reconcile("2017", 1)
    assert [(t.detail, t.due) for t in benxi.tasks("settlements")] == [("ledger 2017", date(2018, 1, 31))]
    benxi.settle("2017", 1, 2)
    assert benxi.details("commitments") == ["annual_plan 2018", "ledger 2018"]
    benxi.set("ledger", "2018", "养蜂")


def test_whoever_was_sent_by_other_rules_stays_and_is_told() -> None:
    benxi = county()
    benxi.hear(cadre("C-U1-0", "U1", "section"), cadre("C-U1-2", "U1", party_member=False))
    take_over(benxi)
    assert [e.cadre for e in benxi.said(MemberDisqualified)] == ["C-U1-0", "C-U1-2"]
    assert benxi.pool.teams[V1].doubted == {"C-U1-0": ("leader_rank",), "C-U1-2": ("party_member",)}
    assert benxi.details("retentions") == ["C-U1-0", "C-U1-2"] and benxi.assignment().status == "helped"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"unit": "U9"}, "U9 is not registered"),
        ({"team": (*TEAM[:2], Member("C-U2-0", "member"))}, "C-U2-0 is no cadre whom U1 can send"),
        ({"team": (TEAM[0], TEAM[1], TEAM[1])}, "named twice"),
        ({"team": TEAM[1:]}, "one leader"),
        ({"term_start": date(2018, 8, 16)}, "not after today"),
        ({"since": date(2014, 7, 2)}, "is not after `term_start`"),
        ({"extensions": 1}, "the term ended on 2018-07-01"),
        ({"commitments": (PLAN,)}, "letter must be set before it"),
        ({"commitments": (LETTER, LETTER)}, "named twice"),
        ({"commitments": (LETTER, replace(PLAN, items=(*PLAN.items, Item(3, "养牛"))))}, "3 is named twice"),
        ({"commitments": (Held(kind="letter", period="term", set_on=date(2014, 6, 1), set_by="局"),)}, "between the"),
        ({"commitments": (Held(kind="letter", period="2014", set_on=date(2014, 8, 1), set_by="局"),)}, "the period"),
        ({"commitments": (Held(kind="oath", period="term", set_on=date(2014, 8, 1), set_by="局"),)}, "no commitment"),
        (
            {"commitments": (LETTER, PLAN, Held(kind="ledger", period="2015", set_on=date(2015, 8, 1), set_by="局",
                                                items=ITEMS))},
            "not open any more",
        ),
        (
            {"commitments": (LETTER, PLAN, Held(kind="ledger", period="2018", set_on=date(2018, 8, 1), set_by="局",
                                                items=ITEMS, done=(3,)))},
            "no items numbered",
        ),
        ({"body": "county"}, "a matter of the organisation department"),
    ],
)  # fmt: skip
def test_what_contradicts_what_is_known_is_refused_and_leaves_nothing(said: dict[str, Any], why: str) -> None:
    benxi = county()
    with pytest.raises(Refused, match=why) as refused:
        take_over(benxi, **said)
    assert refused.value.status == 422 and refused.value.zh
    assert benxi.assignment().status == "diagnosed" and not benxi.said(VillageMatched) and V1 in benxi.pool.needs


def test_a_team_is_in_one_village_only_whether_taken_over_or_matched() -> None:
    benxi = county()
    benxi.hear(diagnosed(V2))
    take_over(benxi)
    with pytest.raises(Refused, match="U1 serves or is matched elsewhere"):
        benxi.send(TakeOver, V2, unit="U1", team=TEAM, since=TODAY, term_start=TODAY)
    with pytest.raises(Refused, match="has a team of U1 already"):
        take_over(benxi, unit="U2", team=tuple(Member(m.cadre.replace("U1", "U2"), m.role) for m in TEAM))
    benxi.hear(recalled("C-U2-0", V1))
    with pytest.raises(Refused, match="C-U2-0 is no cadre whom U2 can send"):
        benxi.send(TakeOver, V2, unit="U2", team=(Member("C-U2-0", "leader"),), since=TODAY, term_start=TODAY)


def test_a_commitment_is_taken_over_for_one_period_only() -> None:
    benxi = county()
    earlier = msgspec.structs.replace(LEDGER, period="2017", set_on=date(2017, 2, 27), reconciled_on=None)
    with pytest.raises(Refused, match="named twice") as refused:
        take_over(benxi, commitments=(LETTER, PLAN, YEAR, LEDGER, earlier))
    assert (refused.value.field, refused.value.status) == ("commitments", 422)


def test_1_2_what_was_taken_over_is_not_said_otherwise_a_second_time() -> None:
    benxi = county()
    take_over(benxi)
    other = msgspec.structs.replace(LETTER, set_on=date(2014, 7, 21))
    with pytest.raises(Refused, match="letter/term is set otherwise already"):
        take_over(benxi, commitments=(other, *ALL[1:]))
    take_over(benxi)
    assert len(benxi.said(CommitmentSet)) == 4


def test_3_11_a_pack_whose_terms_are_never_extended_takes_over_no_extension() -> None:
    benxi = Benxi(TODAY, team={"extension": None}, outcomes=NEVER_EXTENDED)
    benxi.hear(unit("U1"), *squad("U1"), diagnosed(V1, problems=1))
    with pytest.raises(Refused, match="the pack extends no term") as refused:
        take_over(benxi)
    assert (refused.value.field, refused.value.status) == ("extensions", 422)
