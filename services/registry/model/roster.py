"""Which villages there are in a county, what is on its lists, and which letters its townships have signed.

So a figure of the county can tell if it leaves villages out, and the county learns on which lists it has too few
(2.22) and which townships have no letter of responsibility (1.2; what is entered about these is in `letter.py`).
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from shared.contracts import Event
from shared.contracts.registry import (
    LetterOverdue,
    ListFilled,
    ListingBegun,
    ListingEnded,
    ListUnfilled,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageSplit,
    VillageWithdrawn,
)
from shared.divisions import part_of, place_of
from shared.policy import Policy
from shared.policy.letters import Letter
from shared.rules import Change, Due, State, Task

DAY = timedelta(1)


class Enrolled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A village of the county under its present code."""

    code: str
    since: date | None = None
    """The day on which it came from another county or was split from another village; None if it did neither."""


class Signed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A township's letter of responsibility of a year."""

    due: date
    on: date | None = None
    """The day on which its signature was entered."""
    broken: bool = False
    """Whether it was found that the township broke it."""


class Roster(State, frozen=True, kw_only=True):
    """A county's villages by id, and by list the ids of what is on it."""

    kind = "rosters"
    villages: dict[str, Enrolled] = msgspec.field(default_factory=dict)
    listed: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    short: dict[str, date] = msgspec.field(default_factory=dict)
    """The lists of which it was told that the county has too few on them, each with the day by which it was to have
    them."""

    letters: dict[str, Signed] = msgspec.field(default_factory=dict)
    """By kind, year and township, as `letter_of_townships/2018/520402100`: those of this year and of the last one."""

    @property
    def awaits(self) -> bool:
        return bool(self.short) or any(one.on is None for one in self.letters.values())

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """To put more on each list that has too few."""
        for list_, due in sorted(self.short.items()):
            if (kind := policy.list_kind(list_)) and kind.each_county:
                yield Task(action="listings", about=self.place, role=kind.by, due=due, rule=kind.rule, detail=list_,
                           answer={"place": self.place, "kind": list_, "body": kind.by})  # fmt: skip
        for key, signed in sorted(self.letters.items()):
            code, year, township = key.split("/")
            if signed.on is None and (letter := policy.letter(code)):
                division = f"township:{township}"
                answer: dict[str, str | int] = {
                    "place": self.place,
                    "division": division,
                    "kind": code,
                    "year": int(year),
                    "body": letter.by,
                }
                yield Task(action="letters", about=division, role=letter.by, due=signed.due, rule=letter.rule,
                           detail=f"{code}/{year}", answer=answer)  # fmt: skip

    def having(self, key: str, letter: Signed) -> "Roster":
        """The roster with a letter as it is now."""
        return self.but(letters={**self.letters, key: letter})

    def clocked(self, policy: Policy, after: date) -> "Roster":
        """The roster with its timer on the first day after `after` that follows a day by which a list is filled or a
        letter signed, also one that an earlier pack set.

        It stands on New Year's Day at the latest, since a new pack may have other lists.
        """
        days = [date(after.year + 1, 1, 1)]
        days += (one.each_county.by.next_after(after - DAY) + DAY for one in policy.lists if one.each_county)
        days += (one.sign_by.next_after(after - DAY) + DAY for one in policy.letters)
        days += (one.due + DAY for one in self.letters.values() if one.on is None and one.due >= after)
        return self.timed(lists=min(days))

    def owing(self, division: str, opened: date) -> set[str]:
        """The villages of a division whose figures were due in the measurement that opened on a day.

        What came later was counted that year with the village or in the county that it came from.
        """
        code = division.partition(":")[2]
        here = {id: one for id, one in self.villages.items() if one.code.startswith(code)}
        return {id for id, one in here.items() if one.since is None or one.since < opened}


def place(
    event: VillageRegistered | VillageSplit | VillageMerged | VillageWithdrawn | ListingBegun | ListingEnded,
    _policy: Policy,
) -> Iterable[str]:
    """The county that an event is about."""
    return (event.place,)


def enrol(roster: Roster | None, event: VillageRegistered | VillageSplit, policy: Policy, today: date) -> Change:
    """A village was registered, or some were split from another one."""
    roster = _at(event.place, roster, policy, today)
    if isinstance(event, VillageSplit):
        parts = {id: Enrolled(id, today) for id in event.successors}
        return Change(_owing_letters(roster.but(villages={**roster.villages, **parts}), policy, today))
    there = {event.village: Enrolled(event.village), **roster.villages}
    return Change(_owing_letters(roster.but(villages=there), policy, today))


def _at(county: str, roster: Roster | None, policy: Policy, today: date) -> Roster:
    """The county's roster with its timer, which one from an earlier version does not have yet."""
    roster = roster or Roster(id=county, place=county)
    return roster if "lists" in roster.timers else roster.clocked(policy, today)


def strike(
    roster: Roster | None, event: VillageMerged | VillageWithdrawn | VillageRecoded, policy: Policy, today: date
) -> Change:
    """A village is none any more, or lies in another county from now on."""
    if roster is None:
        return Change(None)
    villages = {id: one for id, one in roster.villages.items() if id != event.village}
    taken = {*event.listings} if isinstance(event, VillageRecoded) else set[str]()
    left = roster.but(villages=villages, listed=_without(roster.listed, taken))
    return Change(_owing_letters(left, policy, today))


def left(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The county that a village leaves; none if it stays in it under another code."""
    return (event.place,) if place_of(event.code) != event.place else ()


def entered(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The county in which a village lies under its new code."""
    return (place_of(event.code),)


def recode(roster: Roster | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """A village has a new code. If it comes from another county, it counts here from that day on, with its lists."""
    here = place_of(event.code)
    roster = _at(here, roster, policy, today)
    before = roster.villages.get(event.village)
    since = today if here != event.place else before.since if before else None
    roster = roster.but(villages={**roster.villages, event.village: Enrolled(event.code, since)})
    listed = dict(roster.listed)
    for listing in event.listings:
        kind = listing.partition("/")[0]
        listed[kind] = tuple(sorted({*listed.get(kind, ()), listing}))
    return _filled(_owing_letters(roster.but(listed=listed), policy, today), policy)


# ------------------------------------------------------------------- what is on its lists


def enlist(roster: Roster | None, event: ListingBegun, policy: Policy, today: date) -> Change:
    """One more is on a list of the county."""
    roster = _at(event.place, roster, policy, today)
    there = {*roster.listed.get(event.kind, ()), event.listing}
    return _filled(roster.but(listed={**roster.listed, event.kind: tuple(sorted(there))}), policy)


def delist(roster: Roster | None, event: ListingEnded, _policy: Policy, _today: date) -> Change:
    """One is off a list of the county. Whether too few are left is looked at on the list's day."""
    return Change(roster and roster.but(listed=_without(roster.listed, {event.listing})))


def look(roster: Roster, due: Due, policy: Policy, _today: date) -> Change:
    """The day of a list has passed: tell once if the county has too few on it. They are still to come."""
    last = due.on - DAY
    short = {kind: day for kind, day in roster.short.items() if _asked(kind, policy)}
    told: list[Event] = []
    for one in policy.lists:
        number = len(roster.listed.get(one.kind, ()))
        if one.each_county and one.each_county.by.of(last.year) == last and number < one.each_county.at_least:
            if one.kind not in short:
                at_least = one.each_county.at_least
                told.append(ListUnfilled(place=roster.place, kind=one.kind, number=number, at_least=at_least, due=last))
            short[one.kind] = short.get(one.kind, last)
    for key, signed in sorted(roster.letters.items()):
        letter = policy.letter(key.partition("/")[0])
        if letter and signed.on is None and signed.due == last:
            told.append(letter_overdue(roster, key, letter))
    after = _owing_letters(roster.but(short=short), policy, due.on)
    return Change(after.clocked(policy, due.on), tuple(told))


def _filled(roster: Roster, policy: Policy) -> Change:
    """The roster, and the news of each list that had too few and has enough now."""
    told = []
    for kind in roster.short:
        number, asked = len(roster.listed.get(kind, ())), _asked(kind, policy)
        if asked and number >= asked:
            told.append(ListFilled(place=roster.place, kind=kind, number=number, at_least=asked))
    filled = {one.kind for one in told}
    return Change(roster.but(short={k: day for k, day in roster.short.items() if k not in filled}), tuple(told))


def _asked(kind: str, policy: Policy) -> int:
    """How many each county is to have on a list; 0 where nothing is asked."""
    one = policy.list_kind(kind)
    return one.each_county.at_least if one and one.each_county else 0


def _without(listed: Mapping[str, tuple[str, ...]], gone: set[str]) -> dict[str, tuple[str, ...]]:
    kept = {kind: tuple(id for id in ids if id not in gone) for kind, ids in listed.items()}
    return {kind: ids for kind, ids in kept.items() if ids}


# ------------------------------------------------------------------- its townships' letters


def _owing_letters(roster: Roster, policy: Policy, today: date) -> Roster:
    """The roster with a letter of this year for each township, as long as its day has not passed.

    A letter that nobody signed is not owed any more once the year is over, or the township has no village.
    """
    townships = sorted({part_of(one.code, "township") for one in roster.villages.values()})
    kept = {}
    for key, signed in roster.letters.items():
        kind, year, township = key.split("/")
        owed = int(year) == today.year and township in townships
        if policy.letter(kind) and int(year) >= today.year - 1 and (signed.on or owed):
            kept[key] = signed
    due = {one.kind: one.sign_by.of(today.year) for one in policy.letters}
    new = {
        f"{kind}/{last.year}/{code}": Signed(last) for kind, last in due.items() if last >= today for code in townships
    }
    letters, days = {**new, **kept}, [last + DAY for last in due.values() if last >= today]
    after = roster if letters == roster.letters else roster.but(letters=letters)
    return after.timed(lists=min([*days, *after.timers.values()], default=None)) if new.keys() - kept else after


def letter_overdue(roster: Roster, key: str, letter: Letter) -> LetterOverdue:
    """A township has not signed its letter by its day."""
    kind, year, township = key.split("/")
    return LetterOverdue(
        place=roster.place,
        division=f"township:{township}",
        kind=kind,
        year=int(year),
        due=roster.letters[key].due,
        owed_by=letter.by,
    )
