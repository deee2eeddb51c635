"""Lists beside the poverty list: what is put on them, for how long, how many, and how it leaves them.

    listed ─► (the term is nearly over: list again?) ─► taken off by a body, rectified, or the term is over

A village or an organisation is on a list for a spell, and may be on it again later (0.6, 2.6, 2.10, 2.22, 4.9). The
village of an organisation on a list is concerned as well: it may need a team (2.10), and its merger, split or new code
takes its listings along. An organisation leaves a list of those to be rectified by its rectification alone
(`rectification.py`), not by a decision.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from services.registry.model import roll
from services.registry.model.commands import EnterList, LeaveList, OfList, WithdrawEntry
from services.registry.model.identity import FIRST_LISTING
from services.registry.model.party import Party
from services.registry.model.village import ENDED, Held, Village, not_ended
from shared import chinese
from shared.calendar import DAY, add_months
from shared.contracts.inspection import EntryDropped, EntryProposed
from shared.contracts.registry import (
    DeadlineMoved,
    EntryAsked,
    EntryDeclined,
    Listed,
    ListingBegun,
    ListingEnded,
    PartyMerged,
    PartyRegistered,
    PartyWithdrawn,
    VillageMerged,
    VillageRecoded,
    VillageWithdrawn,
)
from shared.policy import Policy
from shared.policy.lists import VILLAGE, ListKind
from shared.rules import Change, Due, Key, Moved, Refused, State, Task, entry, known, require_body, rests

RULE = "2.10"
"""The rule that a refusal cites if the pack has no such list."""
Others = Mapping[Key, State | None]


class Spell(msgspec.Struct, frozen=True, omit_defaults=True):
    """One time on a list."""

    since: date
    document: str
    until: date | None = None
    ended: date | None = None
    """The day on which it ended; None while it lasts."""
    renews: bool = False
    """Whether it followed the spell before it without a gap: the term began anew, or the mode changed."""
    mode: str | None = None
    """In which of the list's modes it was; None where the list has none."""


class Listing(State, frozen=True, kw_only=True, omit_defaults=True):
    """A village's or an organisation's place on one list. Its id is `<list>/<subject>`."""

    kind = "listings"
    known_as = ("名单列入情况", "a place on a list")
    sort: str
    """The list, as the pack names it."""
    village: str = ""
    """The village on it, or that of the organisation."""
    party: str = ""
    spells: tuple[Spell, ...] = ()
    count: int = 0
    """How often it was put on the list, mistakes included."""
    matter: str = ""
    """The rectification that is under way, as the village names it."""
    reminded: bool = False
    """Whether its term is nearly over, so that it is asked whether it begins anew."""
    proposed: str = ""
    """The ranking that proposes it for the list (2.6); empty once that is decided."""
    enter_by: date | None = None
    """Where every poor village has to be on the list: the last day for entering it. None if the village is on it, or
    need not be (see `asked.py`)."""
    is_told: bool = False
    """Whether it was told that this day is over."""

    @property
    def journey(self) -> str:
        """The village that it concerns, or the organisation."""
        return self.village or self.party

    @property
    def last(self) -> Spell | None:
        """The spell that lasts; None while it is off the list."""
        return self.spells[-1] if self.spells and self.spells[-1].ended is None else None

    @property
    def status(self) -> str:
        """The list while it is on it; else `proposed` if a ranking proposes it, `asked` if it is to be there, and
        `ended` if neither."""
        if self.last:
            return self.sort
        return "proposed" if self.proposed else "asked" if self.enter_by else "ended"

    @property
    def awaits(self) -> bool:
        return self.reminded or bool(self.proposed) or self.enter_by is not None

    def asked_no_more(self) -> "Listing":
        """The listing of a village that is on the list, or need not be."""
        return self.but(enter_by=None, is_told=False).counting("enter_by").timed(enter=None)

    @property
    def about(self) -> dict[str, Any]:
        """How events and commands name it."""
        named = {"village": self.village or None, "party": self.party or None}
        return {"place": self.place, "kind": self.sort, **named}

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The last day for putting the village on the list moved."""
        return DeadlineMoved(place=self.place, village=self.village, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The task to put it on the list: again if its term is nearly over, because a ranking proposes it, or because
        every poor village has to be there."""
        kind = policy.list_kind(self.sort)
        if kind and (self.reminded or self.proposed or (kind.each_poor and self.enter_by)):
            named: dict[str, str | int] = {name: value for name, value in self.about.items() if value}
            if self.party:
                named.pop("village", None)
            yield Task(
                action="listings",
                about=self.village or self.party,
                role=kind.by,
                due=self.last.until if self.last else self.enter_by,
                rule=kind.rule,
                detail=self.id,
                answer={**named, "body": kind.by},
            )


def listing(message: OfList | Listed | EntryProposed | EntryDropped | EntryAsked, _policy: Policy) -> Iterable[str]:
    """The id of the listing that a message names."""
    return (message.listing,)


# ----------------------------------------------------------------------- on the list


def reads(_listing: Listing | None, command: OfList) -> Iterable[Key]:
    """The village or organisation, and the states that count how much is on the list."""
    if command.village:
        yield Village, command.village
    if command.party:
        yield Party, command.party
    yield from roll.counting(command.place, command.kind)


def enter(listing: Listing | None, command: EnterList, policy: Policy, today: date, others: Others) -> Change:
    """Put a village or an organisation on a list. If it is there already, its term begins anew (2.22) or its mode
    changes from that day on (4.2)."""
    kind = _kind(command, policy)
    require_body(command.body, kind.by, kind.rule)
    about = _subject(command, kind, listing, policy, others)
    last = listing.last if listing else None
    if last and (last.since, last.document, last.mode) == (command.since, command.document, command.mode):
        return Change(listing)
    _check_mode(command, kind)
    until = _until(command, kind, listing, policy, today)
    if last is None and not roll.has_room(kind, policy, others):
        raise _full(command, kind, policy)
    event = ListingBegun(
        **about,
        spell=listing.count + 1 if listing else 1,
        since=command.since,
        until=until,
        mode=command.mode,
        document=command.document,
        decided_by=command.decided_by,
    )
    return Change(listing, (event,))


def _check_mode(command: EnterList, kind: ListKind) -> None:
    """Refuse an unknown mode, and a missing one where the list has modes (4.2)."""
    if (command.mode in kind.modes) if kind.modes else command.mode is None:
        return
    zh = f"应填写分类，可填：{'、'.join(kind.modes.values())}" if kind.modes else "不分类，请不填分类"
    en = f"name its mode: {', '.join(kind.modes)}" if kind.modes else "it has no modes; name none"
    raise Refused(kind.rule, f"“{kind.label}”{zh}", f"{kind.kind}: {en}", field="mode", status=422)


def _kind(command: OfList, policy: Policy) -> ListKind:
    """The list. Refuses one that the pack does not have, and a village or organisation where the other is listed."""
    kind = entry(command.kind, policy.lists, RULE, "名单", "list")
    wanted, other = ("village", "party") if kind.of == VILLAGE else ("party", "village")
    if getattr(command, wanted) is None or getattr(command, other) is not None:
        zh = "村代码，不填组织编号" if kind.of == VILLAGE else "组织编号，不填村代码"
        raise Refused(
            kind.rule,
            f"“{kind.label}”应填{zh}",
            f"{kind.kind} is a list of {wanted}s: name the {wanted} alone",
            field=wanted if getattr(command, wanted) is None else other,
            status=422,
        )
    return kind


def _subject(
    command: OfList, kind: ListKind, listing: Listing | None, policy: Policy, others: Others
) -> dict[str, Any]:
    """How the event names what is listed. Refuses what is unknown, has ended, or lies in another division.

    What is on the list already keeps the village that its listing names, which a merger may have changed.
    """
    if command.village:
        village = others[Village, command.village]
        found: Village | Party = not_ended(
            known(village if isinstance(village, Village) else None, "村", "village", command.village)
        )
    else:
        party = others[Party, str(command.party)]
        found = known(party if isinstance(party, Party) else None, "组织", "party", str(command.party))
        if found.withdrawn or found.sort != kind.of:
            raise Refused(
                kind.rule,
                f"组织“{found.id}”已撤销登记，或者不是“{kind.label}”所列的一类，请核对编号",
                f"the party {found.id!r} was withdrawn, or is no {kind.of}; check its id",
                field="party",
                status=422,
            )
    if found.place != command.place:
        raise Refused(
            "identity",
            f"“{found.id}”属于区划 {found.place}，不属于 {command.place}，请改填",
            f"{found.id} belongs to division {found.place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    of, _, parent = found.parent.partition(":") if isinstance(found, Party) else (VILLAGE, "", found.id)
    if of != VILLAGE and (kind.leaves_by or any(need not in policy.posts for need in kind.needs)):
        raise Refused(
            kind.rule,
            f"组织“{found.id}”不直接隶属于村，不能列入“{kind.label}”：该名单须由所在村派驻或者整顿",
            f"the party {found.id!r} belongs to no village itself, which {kind.kind} asks something of",
            field="party",
        )
    village_id = listing.village if listing and listing.last else parent if of == VILLAGE else None
    return {
        "place": found.place,
        "kind": kind.kind,
        "village": village_id or None,
        "party": command.party,
    }


def _until(command: EnterList, kind: ListKind, listing: Listing | None, policy: Policy, today: date) -> date | None:
    """The last day of its term. Refuses days in the future, before any list existed, or within an earlier spell."""
    last = listing.last if listing else None
    if last and kind.term is None and command.mode == last.mode:
        raise Refused(
            kind.rule,
            f"已自{chinese.day(last.since)}起列入“{kind.label}”，无须再次列入；当时误列的，请先撤销",
            f"it has been on {kind.kind} since {last.since}; if that was a mistake, withdraw it first",
            field="since",
        )
    ended = listing.spells[-1].ended if listing and listing.spells else None
    first = max(FIRST_LISTING, last.since + DAY if last else ended or FIRST_LISTING)
    until = kind.term.after(command.since, policy.calendar) if kind.term else None
    if not first <= command.since <= today or (until and until < today):
        raise Refused(
            kind.rule,
            f"列入日期{command.since}有误：应当在{first}至今天（{today}）之间，且列入期限尚未届满，请核对",
            f"{command.since} must lie between {first} and today, {today}, and its term must not be over; check it",
            field="since",
            status=422,
        )
    return until


def _full(command: OfList, kind: ListKind, policy: Policy) -> Refused:
    """The refusal of one more than the pack allows in the division whose pack has the list (2.22, 4.9)."""
    frame = policy.layer("lists", kind.kind)
    return Refused(
        kind.rule,
        f"“{kind.label}”在{policy.name}（区划{frame}）至多{kind.at_most}个，名额已满，不能再列入；请先移出其他的",
        f"{kind.kind} has {kind.at_most} places in division {frame}, and all are taken; take another one off",
        field="party" if command.party else "village",
    )


def begun(listing: Listing | None, event: ListingBegun, policy: Policy, today: date) -> Change:
    """It is on the list: by a command, or because a split or a merger took the listing along."""
    listing = listing or Listing(id=event.listing, place=event.place, sort=event.kind)
    spells = listing.spells[:-2] if event.restored else listing.spells
    earlier = [msgspec.structs.replace(one, ended=one.ended or event.since) for one in spells]
    renews = listing.spells[-2].renews if event.restored else listing.last is not None
    kind = policy.list_kind(event.kind)
    remind = None
    if event.until and kind and kind.remind:
        months, days = 12 * kind.remind.years + kind.remind.months, kind.remind.calendar_days
        remind = max(add_months(event.until, -months) - days * DAY, today + DAY)
    after = listing.but(
        place=event.place,
        village=event.village or "",
        party=event.party or "",
        spells=(*earlier, Spell(event.since, event.document, event.until, renews=renews, mode=event.mode)),
        count=event.spell,
        reminded=False,
        proposed="",
    )
    return Change(after.asked_no_more().timed(remind=remind, term=event.until and event.until + DAY))


def remind(listing: Listing, _due: Due, _policy: Policy, _today: date) -> Change:
    """Its term is nearly over, so it is asked whether it begins anew."""
    return Change(listing.but(reminded=True))


# ---------------------------------------------------------------------- off the list


def leave(listing: Listing | None, command: LeaveList, policy: Policy, _today: date) -> Change:
    """A body takes it off the list. Refused if the list is left by a procedure alone.

    If the pack no longer has the list, it names no body that decides, so any body may take it off.
    """
    kind = _kind_left(listing, command, policy)
    listing = _on(listing, command, kind)
    if listing.last is None:
        return Change(listing)
    if kind is None:
        return _off(listing, command)
    if kind.unlisted_by is None:
        procedure = policy.procedure(str(kind.leaves_by))
        label = procedure.label if procedure else kind.leaves_by
        raise Refused(
            kind.rule,
            f"“{kind.label}”经“{label}”验收移出，不能直接移出；请启动该程序",
            f"{kind.kind} is left by the procedure {kind.leaves_by} only; open it",
            field="kind",
        )
    require_body(command.body, kind.unlisted_by, kind.rule)
    return _off(listing, command)


def _off(listing: Listing, command: LeaveList) -> Change:
    return Change(listing, (leaving(listing, "decided", reason=command.reason, decided_by=command.decided_by),))


def withdraw(listing: Listing | None, command: WithdrawEntry, policy: Policy, today: date) -> Change:
    """Take back the latest listing, which was a mistake, or decline what a ranking proposes. Refused while a
    rectification rests on the listing.

    If the listing only began the term anew or changed the mode, the spell before it holds again, unless that one's
    term is over by now.
    """
    kind = _kind_left(listing, command, policy)
    listing = _on(listing, command, kind)
    last = listing.last
    if last is None and listing.proposed:
        return _declined(listing, command)
    if last is None:
        return Change(listing)
    if listing.matter:
        rests(kind.rule if kind else RULE, {f"整顿事项“{listing.matter}”": f"the rectification {listing.matter!r}"})
    _check_meant(listing, last, command, kind)
    before = listing.spells[-2] if last.renews else None
    if before is None or (before.until and before.until < today):
        return Change(listing, (leaving(listing, "mistaken", reason=command.reason, decided_by=command.decided_by),))
    restored = ListingBegun(
        **listing.about,
        spell=listing.count + 1,
        since=before.since,
        until=before.until,
        mode=before.mode,
        document=before.document,
        decided_by=command.decided_by,
        restored=True,
        reason=command.reason,
    )
    return Change(listing, (restored,))


def _declined(listing: Listing, command: WithdrawEntry) -> Change:
    """Whoever keeps the list does not follow the proposal of a ranking (2.6)."""
    event = EntryDeclined(**listing.about, reason=command.reason, decided_by=command.decided_by)
    return Change(listing.but(proposed=""), (event,))


def proposed(listing: Listing | None, event: EntryProposed, policy: Policy, _today: date) -> Change:
    """A ranking proposes it. Whoever keeps the list is asked to put it there, unless it is there already (2.6)."""
    listing = listing or Listing(
        id=event.listing, place=event.place, sort=event.kind, village=event.village or "", party=event.party or ""
    )
    return Change(listing if listing.last else listing.but(place=event.place, proposed=event.ranking))


def no_more_proposed(listing: Listing | None, event: EntryDropped, _policy: Policy, _today: date) -> Change:
    """The ranking was taken back, and its proposal with it."""
    return Change(listing and listing.but(proposed="" if listing.proposed == event.ranking else listing.proposed))


def proposable(
    event: VillageMerged | VillageWithdrawn | PartyRegistered | PartyMerged | PartyWithdrawn, policy: Policy
) -> Iterable[str]:
    """The listings for which a ranking may have proposed a village or an organisation."""
    of = getattr(event, "kind", VILLAGE)
    return (f"{one.kind}/{event.subject_id}" for one in policy.lists if one.of == of)


def lapse(
    listing: Listing | None,
    _event: VillageMerged | VillageWithdrawn | PartyMerged | PartyWithdrawn,
    _policy: Policy,
    _today: date,
) -> Change:
    """The village or organisation that was proposed has ended, so nobody is asked about it."""
    return Change(listing and listing.but(proposed=""))


def follow(listing: Listing | None, event: PartyRegistered, _policy: Policy, _today: date) -> Change:
    """If an organisation that is proposed lies in another division now, the question moves there with it."""
    return Change(listing.but(place=event.place) if listing and listing.proposed else listing)


def _check_meant(listing: Listing, last: Spell, command: WithdrawEntry, kind: ListKind | None) -> None:
    """Refuse to take back any but the latest listing. Where several follow one another, its day must be named."""
    if command.since == last.since or (command.since is None and not last.renews):
        return
    days = [one.since for one in listing.spells]
    raise Refused(
        kind.rule if kind else RULE,
        f"“{command.subject_id}”列入过多次（{'、'.join(map(str, days))}），只能撤销最近一次，"
        f"请填写其列入日期{last.since}",
        f"{command.subject_id} was listed on {', '.join(map(str, days))}, and only the latest listing is taken back: "
        f"name its day, {last.since}",
        field="since",
    )


def _kind_left(listing: Listing | None, command: OfList, policy: Policy) -> ListKind | None:
    """The list that is left. None if the pack in force no longer has it: what is on it must still come off.

    That happens after a new pack, or after a move to a division with another pack.
    """
    is_named = command.village or command.party
    if listing and listing.last and is_named and policy.list_kind(command.kind) is None:
        return None
    return _kind(command, policy)


def _on(listing: Listing | None, command: OfList, kind: ListKind | None) -> Listing:
    """The listing. Refuses one that never existed, or that lies in another division."""
    if listing is None:
        assert kind, "what is on no list names one of the pack"
        raise Refused(
            kind.rule,
            f"“{command.subject_id}”没有列入“{kind.label}”，请核对",
            f"{command.subject_id} is not on {kind.kind}; check it",
            field="party" if command.party else "village",
            status=404,
        )
    if listing.place != command.place:
        raise Refused(
            "identity",
            f"“{command.subject_id}”属于区划 {listing.place}，不属于 {command.place}，请改填",
            f"{command.subject_id} belongs to division {listing.place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    return listing


def expire(listing: Listing, _due: Due, _policy: Policy, _today: date) -> Change:
    """Its term is over. It leaves the list by itself, as the body decided when it was listed."""
    return Change(listing, (leaving(listing, "expired"),) if listing.last else ())


def leaving(listing: Listing, ground: Any, **more: Any) -> ListingEnded:
    """The event by which what is on the list leaves it."""
    return ListingEnded(**listing.about, spell=listing.count, ground=ground, **more)


def ended(listing: Listing | None, event: ListingEnded, _policy: Policy, today: date) -> Change:
    """It is off the list. A mistaken listing leaves no spell behind."""
    if listing is None or listing.last is None or listing.count != event.spell:
        return Change(listing)
    *before, last = listing.spells
    on = last.until if event.ground == "expired" and last.until else today
    over = () if event.ground == "mistaken" else (msgspec.structs.replace(last, ended=max(on, last.since)),)
    if event.ground == "mistaken" and last.renews:  # The term of the spell before it has run out meanwhile.
        before[-1] = msgspec.structs.replace(before[-1], ended=before[-1].until)
    return Change(listing.but(spells=(*before, *over), reminded=False, matter="").timed(remind=None, term=None))


# ---------------------------------------------------------- mergers, splits, new codes


def successor(event: ListingEnded, _policy: Policy) -> Iterable[str]:
    """After a merger, the listing that goes on: that of the remaining village, or the organisation's own."""
    return (f"{event.kind}/{event.party or event.into}",) if event.into else ()


def ended_one(_listing: Listing | None, event: ListingEnded) -> Iterable[Key]:
    """The listing that ended by a merger."""
    yield Listing, event.listing


def go_on(listing: Listing | None, event: ListingEnded, _policy: Policy, today: date, others: Others) -> Change:
    """After a merger the listing goes on in the village that remains, unless that village is on this list itself."""
    before = others[Listing, event.listing]
    assert isinstance(before, Listing)
    if listing and listing.last:
        return Change(listing)
    last = before.spells[-1]
    begins = ListingBegun(
        place=event.place,
        kind=event.kind,
        village=event.into,
        party=event.party,
        spell=listing.count + 1 if listing else 1,
        since=today,
        until=last.until,
        mode=last.mode,
        document=last.document,
        decided_by=event.decided_by,
    )
    return Change(listing, (begins,))


def of_village(event: VillageRecoded, policy: Policy) -> Iterable[str]:
    """The listings that move with a village to the division of its new code, and those for which it may be proposed."""
    return dict.fromkeys((*event.listings, *(f"{one.kind}/{event.village}" for one in policy.lists)))


# --------------------------------------------------------------------- how many there are


class Number(msgspec.Struct, frozen=True):
    """How many villages or organisations of a place are on a list, or on it in one of its modes."""

    kind: str
    label: str
    mode: str
    """The name of the mode; empty where the number is that of the whole list."""
    number: int


def united(parts: Iterable[Number]) -> list[Number]:
    """The numbers of several replicas, each for its own prefectures, added up."""
    found = dict[tuple[str, str], Number]()
    for one in parts:
        before = found.get((one.kind, one.mode))
        found[one.kind, one.mode] = (
            msgspec.structs.replace(before, number=before.number + one.number) if before else one
        )
    return [*found.values()]


def numbers(listings: Iterable[Listing], kinds: Iterable[ListKind]) -> Iterator[Number]:
    """How much is on each list, and in each of its modes (2.10, 4.2)."""
    spells = [(one.sort, one.last) for one in listings if one.last]
    for kind in kinds:
        modes = Counter(last.mode for sort, last in spells if sort == kind.kind)
        yield Number(kind.kind, kind.label, "", modes.total())
        yield from (Number(kind.kind, kind.label, label, modes[mode]) for mode, label in kind.modes.items())


# ------------------------------------------------------- what villages and parties know


def note(state: Village | Party | None, event: ListingBegun, _policy: Policy, _today: date) -> Change:
    """The village or the organisation is on this list.

    Refused if the organisation is registered at a village that has ended or moved to another division since.
    """
    if state is None:
        return Change(state)
    if isinstance(state, Village) and (state.stage in ENDED or state.place != event.place):
        zh, en = ENDED.get(state.stage, (f"已划入区划 {state.place}", f"it lies in division {state.place} now"))
        raise Refused(
            RULE,
            f"组织“{event.party}”登记所在的村{state.id}{zh.format(state.into)}，请先更正该组织的隶属关系和区划",
            f"the party {event.party!r} is registered at village {state.id}, but {en.format(state.into)}; first "
            "correct to whom it belongs and where it lies",
            field="party",
        )
    held = Held(event.kind, event.spell, event.since, event.document, event.until, event.party, event.mode)
    listed = {**state.listings, event.listing: held}
    return Change(state.but(listings=dict(sorted(listed.items()))))


def forget(state: Village | Party | None, event: ListingEnded, _policy: Policy, _today: date) -> Change:
    """The village or the organisation is on this list no more."""
    if state is None:
        return Change(state)
    return Change(state.but(listings={id: one for id, one in state.listings.items() if id != event.listing}))
