"""Which villages there are in a county, what is on its lists, and which letters its townships have signed.

It shows whether a figure of the county leaves villages out, on which lists the county has too few (2.22), and which
townships have not signed their letter of responsibility (1.2; `letter.py` has what is entered about letters).

The villages are kept in ten `Enrolment`s beside the `Roster`. In a single state every registration would write all
villages of the county again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from shared.calendar import DAY
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
from shared.rules import Change, Due, Key, State, Task


class Enrolled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A village of the county under its present code."""

    code: str
    since: date | None = None
    """The day on which it came from another county or was split from another village; None if it did neither."""


class Enrolment(State, frozen=True, kw_only=True):
    """A tenth of a county's villages: those whose ids end in the same digit, as 210521100203 does in 3."""

    kind = "enrolments"
    known_as = ("县内村名录", "a part of a county's list of villages")
    villages: dict[str, Enrolled] = msgspec.field(default_factory=dict)


def enrolments(county: str) -> tuple[Key, ...]:
    """The keys under which all villages of a county stand."""
    return tuple((Enrolment, f"{county}/{digit}") for digit in range(10))


def owing(enrolled: Iterable[State | None], division: str, opened: date) -> set[str]:
    """The villages of a division whose figures were due in the measurement that opened on a day.

    A village that came after that day was counted that year with the village or in the county that it came from.
    """
    code = division.partition(":")[2]
    known = (state.villages for state in enrolled if isinstance(state, Enrolment))
    here = {id: one for villages in known for id, one in villages.items() if one.code.startswith(code)}
    return {id for id, one in here.items() if one.since is None or one.since < opened}


class Signed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A township's letter of responsibility of a year."""

    due: date
    on: date | None = None
    """The day on which its signature was entered."""
    broken: bool = False
    """Whether it was found that the township broke it."""


class Roster(State, frozen=True, kw_only=True):
    """A county's townships with their numbers of villages and their letters, and what is on the county's lists."""

    kind = "rosters"
    known_as = ("县内各乡镇村数", "the villages of a county by township")
    townships: dict[str, int] = msgspec.field(default_factory=dict)
    """By the first nine digits of its villages' codes."""
    listed: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    short: dict[str, date] = msgspec.field(default_factory=dict)
    """The lists that were told as having too few here, each with the day by which it should have had enough."""

    letters: dict[str, Signed] = msgspec.field(default_factory=dict)
    """By kind, year and township, as `letter_of_townships/2018/520402100`: those of this year and of the last one."""

    @property
    def awaits(self) -> bool:
        return bool(self.short) or any(one.on is None for one in self.letters.values())

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """To put more on each list that has too few, and to sign each letter that is owed."""
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
        """The roster with its timer on the next day after a last day: for filling a list or for signing a letter.

        Last days that an earlier pack set for letters count as well. The timer stands on New Year's Day at the latest,
        since a new pack may have other lists.
        """
        days = [date(after.year + 1, 1, 1)]
        days += (one.each_county.by.next_after(after - DAY) + DAY for one in policy.lists if one.each_county)
        days += (one.sign_by.next_after(after - DAY) + DAY for one in policy.letters)
        days += (one.due + DAY for one in self.letters.values() if one.on is None and one.due >= after)
        return self.timed(lists=min(days))


Gone = VillageMerged | VillageWithdrawn | VillageRecoded
"""The events after which a village has ended or may lie in another county."""
Others = Mapping[Key, State | None]


def place(event: VillageRegistered | Gone | ListingBegun | ListingEnded, _policy: Policy) -> Iterable[str]:
    """The county that an event is about."""
    return (event.place,)


def left(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The county that a village leaves; none if it stays in it under another code."""
    return (event.place,) if place_of(event.code) != event.place else ()


def entered(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The county in which a village lies under its new code."""
    return (place_of(event.code),)


def tenth(event: VillageRegistered, _policy: Policy) -> Iterable[str]:
    """The enrolment in which a new village stands."""
    return (_tenth(event.place, event.village),)


def tenths(event: VillageSplit, _policy: Policy) -> Iterable[str]:
    """The enrolments in which the parts of a village stand."""
    return dict.fromkeys(_tenth(event.place, id) for id in event.successors)


def tenth_left(event: Gone, policy: Policy) -> Iterable[str]:
    """The enrolment in which a village stands no more."""
    counties = left(event, policy) if isinstance(event, VillageRecoded) else place(event, policy)
    return (_tenth(county, event.village) for county in counties)


def tenth_entered(event: VillageRecoded, policy: Policy) -> Iterable[str]:
    """The enrolment in which a village stands under its new code."""
    return (_tenth(county, event.village) for county in entered(event, policy))


def before(_roster: Roster | None, event: VillageRegistered | Gone) -> Iterable[Key]:
    """The enrolment as it is before this event: the rules of a `Roster` run before those of enrolments."""
    return ((Enrolment, _tenth(event.place, event.village)),)


def _tenth(county: str, village: str) -> str:
    return f"{county}/{village[-1]}"


def _entry(others: Others, county: str, village: str) -> Enrolled | None:
    """The village's entry in its county; None if it has none."""
    enrolment = others[Enrolment, _tenth(county, village)]
    return enrolment.villages.get(village) if isinstance(enrolment, Enrolment) else None


# ------------------------------------------------------------------- which villages there are


def enrol(enrolment: Enrolment | None, event: VillageRegistered, _policy: Policy, _today: date) -> Change:
    """A village was registered. The same event tells changed data, and then it stands here already."""
    own = enrolment or Enrolment(id=_tenth(event.place, event.village), place=event.place)
    return Change(own.but(villages={event.village: Enrolled(event.village), **own.villages}))


def split(enrolment: Enrolment | None, event: VillageSplit, _policy: Policy, today: date) -> Change:
    """Villages that were just registered are parts of another one, so they owe figures only from this day on."""
    if enrolment is None:
        return Change(None)
    parts = {id: Enrolled(id, today) for id in event.successors if id in enrolment.villages}
    return Change(enrolment.but(villages={**enrolment.villages, **parts}))


def strike(enrolment: Enrolment | None, event: Gone, _policy: Policy, _today: date) -> Change:
    """A village is not in the county any more."""
    kept = {id: one for id, one in enrolment.villages.items() if id != event.village} if enrolment else {}
    return Change(enrolment and enrolment.but(villages=kept))


def enter(enrolment: Enrolment | None, event: VillageRecoded, _policy: Policy, today: date) -> Change:
    """A village has a new code. If it comes from another county, it counts here from this day on."""
    here = place_of(event.code)
    own = enrolment or Enrolment(id=_tenth(here, event.village), place=here)
    before = own.villages.get(event.village)
    since = today if here != event.place else before.since if before else None
    return Change(own.but(villages={**own.villages, event.village: Enrolled(event.code, since)}))


def count(roster: Roster | None, event: VillageRegistered, policy: Policy, today: date, others: Others) -> Change:
    """A village was registered: its township has one more, unless it was there already."""
    more = [] if _entry(others, event.place, event.village) else [event.village]
    return Change(_counted(_at(event.place, roster, policy, today), policy, today, more=more))


def discount(roster: Roster | None, event: Gone, policy: Policy, today: date, others: Others) -> Change:
    """The township of a village that is gone has one less. After a move, its listings are counted in the new county."""
    if roster is None:
        return Change(None)
    taken = {*event.listings} if isinstance(event, VillageRecoded) else set[str]()
    stood = _entry(others, event.place, event.village)
    after = roster.but(listed=_without(roster.listed, taken))
    return Change(_counted(after, policy, today, fewer=[stood.code] if stood else []))


def recode(roster: Roster | None, event: VillageRecoded, policy: Policy, today: date, others: Others) -> Change:
    """A village has a new code. It and its listings count in its new township and county."""
    here = place_of(event.code)
    stood = _entry(others, here, event.village) if here == event.place else None
    roster = _at(here, roster, policy, today)
    listed = dict(roster.listed)
    for listing in event.listings:
        kind = listing.partition("/")[0]
        listed[kind] = tuple(sorted({*listed.get(kind, ()), listing}))
    fewer = [stood.code] if stood else []
    if stood:
        roster = _with_letters(roster, part_of(stood.code, "township"), part_of(event.code, "township"))
    return _filled(_counted(roster.but(listed=listed), policy, today, more=[event.code], fewer=fewer), policy)


def _at(county: str, roster: Roster | None, policy: Policy, today: date) -> Roster:
    """The county's roster with a timer. A new roster has none yet, nor has one from an earlier version."""
    roster = roster or Roster(id=county, place=county)
    return roster if "lists" in roster.timers else roster.clocked(policy, today)


def _counted(
    roster: Roster, policy: Policy, today: date, more: Iterable[str] = (), fewer: Iterable[str] = ()
) -> Roster:
    """The roster with the villages of these codes added or taken away. A township without villages is dropped."""
    townships = Counter(roster.townships)
    townships.update(part_of(code, "township") for code in more)
    townships.subtract(part_of(code, "township") for code in fewer)
    return _owing_letters(roster.but(townships={code: n for code, n in townships.items() if n > 0}), policy, today)


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
    """A last day has passed: tell once each list with too few, and each letter that is not signed.

    Both stay owed. The letters of a new year are added here, too.
    """
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
    """The roster, and an event for each list that had too few and has enough now."""
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
    """The roster with the letters of this year for each township, unless their last day has passed already.

    A letter that nobody signed is dropped once its year is over or its township has no village. Signed letters are kept
    for this year and the last one.
    """
    townships = sorted(roster.townships)
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


def _with_letters(roster: Roster, old: str, new: str) -> Roster:
    """The roster after a village went from township `old` to `new`. Nothing changes unless it was the last one there.

    Then the township itself is taken to have a new code, and its letters go along, signed or overdue. Where the new
    township has a letter of the same kind and year already, that letter stands.
    """
    if old == new or roster.townships.get(old) != 1:
        return roster
    renamed = {key: f"{key.rpartition('/')[0]}/{new}" for key in roster.letters if key.endswith(f"/{old}")}
    letters = {
        renamed[key] if renamed.get(key, key) not in roster.letters else key: one for key, one in roster.letters.items()
    }
    return roster.but(letters=letters)


def letter_overdue(roster: Roster, key: str, letter: Letter) -> LetterOverdue:
    """The event that a township has not signed its letter by the last day."""
    kind, year, township = key.split("/")
    return LetterOverdue(
        place=roster.place,
        division=f"township:{township}",
        kind=kind,
        year=int(year),
        due=roster.letters[key].due,
        owed_by=letter.by,
    )
