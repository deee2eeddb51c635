"""Who replaces a member during a term is nominated and reviewed like the first, where the pack says so (5.13)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.forms import FORMS
from services.dispatch.model.commands import ReportDeparture, ReviewReplacement
from services.dispatch.model.link import Link, id_of
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.dispatch import MemberReplaced, ReplacementNominated, ReplacementReviewed
from shared.contracts.incentives import AppealDecided
from shared.contracts.registry import CadreWithdrawn
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import shipped
from shared.rules import Refused
from tests.dispatch.benxi import CITY, HOME, PACK, START, V1, V2, Benxi, after, cadre, diagnosed, recalled, squad, unit
from tests.dispatch.sent import NOMINATION
from tests.support.packs import with_team

DAY = timedelta(1)
ALL: dict[str, Any] = {**NOMINATION, "replacements": ["recalled", "left"]}


def city(replacements: tuple[str, ...] = ("recalled", "left"), **team: Any) -> Benxi:
    """A village with the team C-U1-0 to C-U1-2 of U1, whose squad has six."""
    benxi = Benxi(team=team)
    benxi.hear(unit("U1"), *squad("U1", size=6), diagnosed(V1))
    benxi.solve()
    benxi.assign()
    benxi.adopt(links=with_team(PACK, nomination={**NOMINATION, "replacements": [*replacements]}, **team)["links"])
    return benxi


def leave(benxi: Benxi, who: str = "C-U1-1", cause: str = "ill") -> None:
    benxi.send(ReportDeparture, cadre=who, cause=cause)


def review(benxi: Benxi, approved: bool = True, left: str = "C-U1-1", **said: Any) -> None:
    reason = {} if approved else {"reason": "近两年考核未定等次"}
    benxi.send(ReviewReplacement, left=left, approved=approved, **{"reason": None, **reason, **said})


def owed(benxi: Benxi) -> list[tuple[str, str, str, date | None]]:
    return [(one.action, one.role, one.detail, one.due) for one in benxi.tasks() if "replacement" in one.action]


def members(benxi: Benxi) -> set[str]:
    """The team, as the link and the pool know it."""
    link = benxi.dispatch.states[Link, id_of(V1)]
    assert isinstance(link, Link) and {one.cadre for one in link.team} == {*benxi.pool.teams[V1].members}
    return {*benxi.pool.teams[V1].members}


def test_5_13_who_comes_instead_of_a_sick_member_is_nominated_and_reviewed() -> None:
    benxi = city()
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    benxi.replace("C-U1-1", "C-U1-3")
    (told,) = benxi.said(ReplacementNominated)
    assert (told.left, told.cadre, told.role, told.is_sealed()) == ("C-U1-1", "C-U1-3", "member", False)
    assert owed(benxi) == [("replacement-reviews", "organisation", "C-U1-1", START + 3 * DAY)]
    (task,) = benxi.tasks("replacement-reviews")
    assert task.answer == {"place": HOME, "village": V1, "left": "C-U1-1", "body": "organisation"}
    assert members(benxi) == {"C-U1-0", "C-U1-2"} and not benxi.said(MemberReplaced)
    review(benxi)
    (joined,) = benxi.said(MemberReplaced)
    assert (joined.recalled, joined.cadre, joined.replaced_by) == ("C-U1-1", "C-U1-3", told.nominated_by)
    assert members(benxi) == {"C-U1-0", "C-U1-2", "C-U1-3"} and owed(benxi) == []
    (reviewed,) = benxi.said(ReplacementReviewed)
    assert reviewed.is_sealed() and reviewed.approved and reviewed.reason is None
    assert "同意" in sentence(reviewed, benxi.policy, {})[0]


def test_5_13_who_is_sent_back_is_followed_by_another_one_in_the_same_time() -> None:
    benxi = city()
    leave(benxi)
    due = benxi.tasks("replacements")[0].due
    benxi.until(START + 9 * DAY)
    benxi.replace("C-U1-1", "C-U1-3")
    with pytest.raises(Refused) as refused:
        review(benxi, False, reason=None)
    assert (refused.value.field, refused.value.status) == ("reason", 422)
    review(benxi, False)
    (task,) = benxi.tasks("replacements")
    assert due and task.due == due + 9 * DAY and task.detail == "C-U1-1"
    assert benxi.said(ReplacementReviewed)[0].reason == "近两年考核未定等次"
    with pytest.raises(Refused, match="nobody is nominated to replace C-U1-1"):
        review(benxi)
    benxi.replace("C-U1-1", "C-U1-4")
    review(benxi)
    assert members(benxi) == {"C-U1-0", "C-U1-2", "C-U1-4"}


def test_5_13_until_the_review_the_unit_may_nominate_another_one() -> None:
    benxi = city()
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    benxi.until(START + 2 * DAY)
    benxi.replace("C-U1-1", "C-U1-4")
    assert owed(benxi) == [("replacement-reviews", "organisation", "C-U1-1", START + 5 * DAY)]
    review(benxi)
    assert members(benxi) == {"C-U1-0", "C-U1-2", "C-U1-4"}


@pytest.mark.parametrize(
    ("kinds", "sick", "under_recall"),
    [(("recalled",), False, True), (("left",), True, False), (("recalled", "left"), True, True), ((), False, False)],
)
def test_5_13_the_pack_says_which_replacements_are_reviewed(
    kinds: tuple[str, ...], sick: bool, under_recall: bool
) -> None:
    benxi = city(kinds)
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    assert (members(benxi) == {"C-U1-0", "C-U1-2"}) == sick
    benxi = city(kinds)
    benxi.hear(recalled("C-U1-2", V1))
    benxi.replace("C-U1-2", "C-U1-4")
    assert (members(benxi) == {"C-U1-0", "C-U1-1"}) == under_recall


def test_5_13_a_nominee_who_fits_no_more_at_the_review_is_refused() -> None:
    benxi = city()
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    benxi.hear(CadreWithdrawn(place=CITY, cadre="C-U1-3", unit="U1", reason="调出", decided_by="局党组"))
    with pytest.raises(Refused, match="C-U1-3 is no cadre whom U1 can send"):
        review(benxi)
    with pytest.raises(Refused, match="a matter of the organisation department"):
        review(benxi, False, body="unit")
    review(benxi, False)
    assert [one.detail for one in benxi.tasks("replacements")] == ["C-U1-1"]


def test_5_13_a_leader_under_recall_is_followed_by_a_member_whose_own_place_is_reviewed_as_well() -> None:
    benxi = Benxi()
    benxi.hear(unit("U1"), *squad("U1", size=5), cadre("C-U1-1", "U1", "deputy_division"), diagnosed(V1))
    benxi.solve()
    benxi.assign()
    benxi.adopt(links=with_team(PACK, nomination=ALL)["links"])
    lead, *_ = (one for one, role in benxi.pool.teams[V1].members.items() if role == "leader")
    other = {"C-U1-0": "C-U1-1", "C-U1-1": "C-U1-0"}[lead]
    benxi.hear(recalled(lead, V1))
    with pytest.raises(Refused, match="ranks too low to be leader"):
        benxi.replace(lead, "C-U1-2")
    benxi.replace(lead, other)
    review(benxi, left=lead)
    assert benxi.pool.teams[V1].members[other] == "leader"
    assert [one.detail for one in benxi.tasks("replacements")] == [lead], "the place of who leads now is open"
    benxi.replace(lead, "C-U1-4")
    assert [one[2] for one in owed(benxi)] == [lead]
    review(benxi, left=lead)
    assert len(members(benxi)) == 3 and not owed(benxi)


def test_5_13_one_team_of_two_villages_is_reviewed_once() -> None:
    benxi = Benxi(team={"each_bearer": {"at_most": 2}})
    benxi.hear(unit("U1"), *squad("U1", size=5), diagnosed(V1), diagnosed(V2))
    benxi.solve()
    benxi.assign(V1)
    benxi.assign(V2)
    benxi.adopt(links=with_team(PACK, each_bearer={"at_most": 2}, nomination=ALL)["links"])
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    assert [one.village for one in benxi.said(ReplacementNominated)] == [V1, V2]
    review(benxi)
    assert [one.village for one in benxi.said(MemberReplaced)] == [V1, V2]
    assert benxi.tasks("replacement-reviews") == [] == benxi.tasks("replacements")


def test_5_13_a_pack_that_asks_for_no_review_lets_who_waits_be_sent() -> None:
    benxi = city()
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    benxi.adopt()
    assert [one.detail for one in benxi.tasks("replacements")] == ["C-U1-1"]
    benxi.replace("C-U1-1", "C-U1-3")
    assert members(benxi) == {"C-U1-0", "C-U1-2", "C-U1-3"} and owed(benxi) == []


def test_5_13_who_was_recalled_and_won_the_appeal_counts_as_having_left() -> None:
    benxi = city(("recalled",))
    decided = recalled("C-U1-1", V1)
    benxi.hear(decided)
    benxi.hear(after(decided, AppealDecided, overturned=True, decided_by="市委"))
    benxi.replace("C-U1-1", "C-U1-3")
    assert members(benxi) == {"C-U1-0", "C-U1-2", "C-U1-3"}


def test_5_13_the_form_shows_whom_the_unit_nominated() -> None:
    benxi = city()
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    blank = FORMS["replacement-reviews"]
    (task,), state = benxi.tasks("replacement-reviews"), benxi.dispatch.states[Link, id_of(V1)]
    told = blank.facts(state, task, benxi.policy)["nominated"]
    assert (told, told.en) == ("C-U1-3（队员）", "C-U1-3 (member)")


def test_5_13_a_kind_of_replacement_stands_there_once_and_the_country_reviews_all() -> None:
    with pytest.raises(PolicyInvalid, match="stands there twice"):
        parse_pack(with_team(PACK, nomination={**NOMINATION, "replacements": ["left", "left"]}))
    nomination = shipped("national-2021").team.nomination
    assert nomination and {*nomination.replacements} == {"recalled", "left"}


@pytest.mark.parametrize("named", [V1, V2])
def test_5_13_a_team_that_is_out_in_one_of_its_villages_is_reviewed_whichever_is_named(named: str) -> None:
    team: dict[str, Any] = {"each_bearer": {"at_most": 2}}
    benxi = Benxi(team=team)
    benxi.hear(unit("U1"), *squad("U1", size=6), diagnosed(V1), diagnosed(V2))
    benxi.solve()
    benxi.assign()
    benxi.adopt(links=with_team(PACK, nomination=ALL, **team)["links"])
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3", village=named)
    assert {one.village for one in benxi.said(ReplacementNominated)} == {V1, V2} and not benxi.said(MemberReplaced)


def test_5_13_holidays_move_the_last_day_of_the_review_of_a_replacement() -> None:
    benxi = city()
    working = {**ALL, "review_by": {"after": "dispatch.team.nominated", "within": {"working_days": 3}}}
    benxi.adopt(links=with_team(PACK, nomination=working)["links"])
    leave(benxi)
    benxi.replace("C-U1-1", "C-U1-3")
    ((_, _, _, before),) = owed(benxi)
    assert before
    benxi.world.announce(
        HolidaysAnnounced(place="000000", notice="2014", year=2014, document="国办发明电", off=(before,), worked=(),
                          announced_by="国务院办公厅")
    )  # fmt: skip
    ((action, _, _, moved),) = owed(benxi)
    assert action == "replacement-reviews" and moved and moved > before
