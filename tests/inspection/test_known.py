"""What the inspection keeps of a village: each thing that is heard changes what it is about, and forgets nothing."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from services.inspection.model.assessment import Assessment
from services.inspection.model.supervision import Excuse, Supervision
from shared.contracts import Event
from shared.contracts.dispatch import (
    CommitmentReconciled,
    LeaveGranted,
    LeaveRefused,
    LinkBegun,
    LinkEnded,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
)
from shared.contracts.registry import ListingBegun, ListingEnded, VillageListed, VillageMerged, VillageRecoded
from tests.inspection.region import BENXI, KEY, Region, team_of

COUNTY, VILLAGE, OTHER = "210521", "210521100200", "210521100201"
TODAY = date(2015, 3, 2)
LEADER, FIRST, SECOND = team_of(VILLAGE)
WEEK = (date(2015, 3, 9), date(2015, 3, 13))


@pytest.fixture
def region() -> Region:
    """A village with a team, a contact, a member on leave and a list on which it stands."""
    region = Region({**BENXI, "lists": [KEY]}, TODAY, villages=1)
    region.hear(begun("key_village"), bound("contact", "L1"), bound("contact", "L2"), leave(FIRST), leave(SECOND))
    return region


def begun(kind: str) -> ListingBegun:
    return ListingBegun(place=COUNTY, kind=kind, village=VILLAGE, spell=1, since=TODAY, document="D", decided_by="县委")


def bound(kind: str, cadre: str) -> LinkBegun:
    return LinkBegun(place=COUNTY, village=VILLAGE, kind=kind, unit="U9", cadre=cadre, decided_by="县委")


def freed(kind: str, cadre: str) -> LinkEnded:
    return LinkEnded(place=COUNTY, village=VILLAGE, kind=kind, cadre=cadre, ground="decided", decided_by="县委")


def leave(cadre: str, first: date = WEEK[0], last: date = WEEK[1]) -> LeaveGranted:
    return LeaveGranted(
        place=COUNTY, village=VILLAGE, cadre=cadre, kind="home", first=first, last=last, replaced=False,
        decided_by="县委组织部",
    )  # fmt: skip


def no_leave(cadre: str, first: date = WEEK[0], last: date = WEEK[1]) -> LeaveRefused:
    return LeaveRefused(
        place=COUNTY, village=VILLAGE, cadre=cadre, kind="home", first=first, last=last, decided_by="县委组织部"
    )


def gone(cadre: str) -> tuple[Event, ...]:
    said: dict[str, Any] = {"place": COUNTY, "village": VILLAGE, "unit": f"U{VILLAGE}", "cadre": cadre}
    return (
        MemberRecalled(**said, role="member"),
        MemberLeft(**said, role="member", decided_by="县委组织部"),
    )


def replaced(recalled: str, cadre: str, role: str = "member") -> MemberReplaced:
    return MemberReplaced(
        place=COUNTY,
        village=VILLAGE,
        unit=f"U{VILLAGE}",
        recalled=recalled,
        cadre=cadre,
        role=role,  # type: ignore[arg-type]
    )


EXCUSED = {one: (Excuse(*WEEK),) for one in (FIRST, SECOND)}
HEARD: list[tuple[Event, dict[str, Any]]] = [
    (begun("key_village"), {}),
    (VillageListed(place=COUNTY, village=VILLAGE), {"lists": ("key_village", "poverty")}),
    (ListingEnded(place=COUNTY, kind="key_village", village=VILLAGE, spell=1, ground="expired"), {"lists": ()}),
    (ListingEnded(place=COUNTY, kind="other_list", village=VILLAGE, spell=1, ground="expired"), {}),
    (ListingEnded(place=COUNTY, kind="key_village", village=VILLAGE, party="P1", spell=1, ground="expired"), {}),
    (bound("contact", "L2"), {}),
    (bound("contact", "L0"), {"bound": {"contact": ("L0", "L1", "L2")}}),
    (bound("adviser", "A1"), {"bound": {"contact": ("L1", "L2"), "adviser": ("A1",)}}),
    (freed("contact", "L1"), {"bound": {"contact": ("L2",)}}),
    (freed("contact", "L9"), {}),
    (freed("adviser", "L1"), {}),
    *((one, {"team": (LEADER, SECOND)}) for one in gone(FIRST)),
    *((one, {}) for one in gone("C-unknown")),
    (replaced(FIRST, "C-new"), {"team": tuple(sorted((LEADER, "C-new", SECOND)))}),
    (replaced(LEADER, "C-new", "leader"), {"team": tuple(sorted(("C-new", FIRST, SECOND))), "leader": "C-new"}),
    (leave("C-new"), {"excused": {**EXCUSED, "C-new": (Excuse(*WEEK),)}}),
    (
        leave(FIRST, date(2015, 5, 4), date(2015, 5, 8)),
        {"excused": {**EXCUSED, FIRST: (Excuse(*WEEK), Excuse(date(2015, 5, 4), date(2015, 5, 8)))}},
    ),
    (no_leave(FIRST), {"excused": {SECOND: EXCUSED[SECOND]}}),
    (no_leave(FIRST, WEEK[0], WEEK[0]), {}),
    (no_leave("C-new"), {}),
    (VillageRecoded(place=COUNTY, village=VILLAGE, code="210522100200", since=TODAY), {"place": "210522"}),
    (
        VillageMerged(
            place=COUNTY, village=OTHER, into=VILLAGE, into_place=COUNTY, since=TODAY, document="D", decided_by="县政府"
        ),
        {"merged": (OTHER,)},
    ),
]


@pytest.mark.parametrize("said", HEARD, ids=lambda said: type(said[0]).__name__)
def test_what_is_heard_of_a_village_changes_what_it_is_about_and_nothing_else(
    region: Region, said: tuple[Event, dict[str, Any]]
) -> None:
    event, changes = said
    before = known(region)
    region.hear(event)
    assert known(region) == before | changes


def test_a_village_is_forgotten_nothing_of_that_was_heard_before_its_team_came() -> None:
    region = Region({**BENXI, "lists": [KEY]}, TODAY)
    region.hear(begun("key_village"), bound("contact", "L1"), leave(FIRST), region.assigned(VILLAGE))
    found = known(region)
    assert (found["lists"], found["bound"], found["team"]) == (
        ("key_village",),
        {"contact": ("L1",)},
        tuple(sorted((LEADER, FIRST, SECOND))),
    )
    assert found["excused"] == {FIRST: (Excuse(*WEEK),)}


@pytest.mark.parametrize(("days", "kept"), [(364, True), (365, False)])
def test_5_12_leave_is_kept_for_a_year_after_its_end(region: Region, days: int, kept: bool) -> None:
    region.pass_days(WEEK[1] + timedelta(days))
    region.hear(leave("C-new", region.today, region.today))
    assert (FIRST in region.kept(Supervision, VILLAGE).excused) is kept


def test_2_4_a_reconciliation_that_says_what_is_known_leaves_the_year_as_it_is(region: Region) -> None:
    said = CommitmentReconciled(place=COUNTY, village=VILLAGE, kind="ledger", period="2015", on=TODAY, done=1, open=2)
    region.hear(said)
    before = region.kept(Assessment, f"{VILLAGE}/2015")
    region.hear(said)
    assert region.kept(Assessment, f"{VILLAGE}/2015") is before and before.open_items == {"ledger": 2}


def known(region: Region) -> dict[str, Any]:
    return dict(fields(region.kept(Supervision, VILLAGE)))


def fields(state: Supervision) -> Iterator[tuple[str, object]]:
    for name in state.__struct_fields__:
        yield name, getattr(state, name)
