"""Who is bound to a village without a team: cadres (`contacts`) and parties (`partners`), and what these owe there.

One state for each village keeps them by kind of link, with the places that must be filled, the promises that are
compared with what came (`pledges`), and the visits of each period (`visits`). Cadres who are bound to a party stand in
a state of the same shape for each party (`posts`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec.structs import replace

from shared.calendar import DAY, add_months
from shared.contracts import Event
from shared.contracts.dispatch import (
    DeadlineMoved,
    LinkBegun,
    LinkEnded,
    PlaceFilled,
    PlaceOverdue,
    PostBegun,
    PostDeadlineMoved,
    PostEnded,
    PostFilled,
    PostOverdue,
)
from shared.contracts.registry import Rank
from shared.policy import Policy
from shared.policy.links import LISTING, MONTHS, Contact, Every, OwnLink, PersonLink, Villager
from shared.policy.partners import Partner
from shared.rules import Change, Due, Moved, Refused, State, Task

L = TypeVar("L", bound=OwnLink)


class Promised(msgspec.Struct, frozen=True, omit_defaults=True):
    """The year in which a village is to leave the list, as a cadre promised it (see `promises`)."""

    year: int
    is_told: bool = False
    """Whether an event has told that the promise was kept, or broken."""


class Bond(msgspec.Struct, frozen=True, omit_defaults=True):
    """The cadres or parties that are bound to a village in one kind of link."""

    since: dict[str, date] = {}
    """By cadre or party, the day on which the link began."""
    begin_by: date | None = None
    """The last day for filling the open places; None while no place must be filled."""
    about: dict[str, str] = {}
    """By cadre, the skill or the post for which the link is; by party, the village's own party with which it is
    paired."""
    parties: bool = False
    """Whether those who are bound are parties, not cadres."""
    villagers: bool = False
    """Whether those who are bound are villagers, whom only operators see."""
    overdue: bool = False
    """Whether it was told that the last day is over."""
    until: dict[str, date] = {}
    """By cadre the last day of the term, where the pack gives one."""
    promised: dict[str, Promised] = {}
    """By cadre what the cadre promised, where the pack asks for it."""


class Pledge(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a partner promised for a year, and what has come."""

    pledged: dict[str, float]
    delivered: dict[str, float] = {}
    compare_by: date | None = None
    """The last day for the comparison; None before its first day."""
    compared: bool = False
    is_missed: bool = False
    """Whether it was told that the last day is over."""

    @property
    def short(self) -> dict[str, float]:
        """What has not come of what was promised."""
        left = {code: amount - self.delivered.get(code, 0) for code, amount in self.pledged.items()}
        return {code: amount for code, amount in left.items() if amount > 0}


class Period(msgspec.Struct, frozen=True, omit_defaults=True):
    """A period that is over. Its visits are still to be reported, or were reported."""

    tell_by: date
    whole: dict[str, bool]
    """Who was bound to the village on its last day, and whether also on its first."""
    times: dict[str, int] = {}
    """How often each came; empty until it is reported."""
    is_missed: bool = False


class Result(msgspec.Struct, frozen=True):
    """The team's grade of a year, which a linkage shares."""

    year: int
    grade: str


class Contacts(State, frozen=True, kw_only=True, omit_defaults=True):
    """The cadres and parties that are bound to a village, by kind of link. Its id is the village's."""

    kind = "contacts"
    known_as = ("联系帮扶安排", "who is bound to a village")
    tells: ClassVar[Mapping[type[Event], type[Event]]] = {}
    """By event about a village's links, the event that is told in its place where the state is about something else,
    such as a party."""

    bonds: dict[str, Bond] = msgspec.field(default_factory=dict)
    needed: bool = False
    """Whether the village is poor and needs people: from the diagnosis until it leaves the list."""
    left: bool = False
    """Whether it left the list by an exit, after which a kind of link may go on."""
    lists: dict[str, str] = msgspec.field(default_factory=dict)
    """The lists beside the poverty list that the village is on: by id of the listing, the kind of list."""
    pledges: dict[str, dict[str, Pledge]] = msgspec.field(default_factory=dict)
    """By `<kind>/<party>` and year, what its partners promised."""
    visits: dict[str, dict[str, Period]] = msgspec.field(default_factory=dict)
    """By kind of link and last day, such as `2016-06-30`, the periods whose visits are asked for or were told."""

    merged: tuple[str, ...] = ()
    """The villages that were merged into it. A cadre with ties to one of them has to keep away from this village
    too."""

    results: dict[str, Result] = msgspec.field(default_factory=dict)
    """By linkage, the last grade that its levels share."""

    @property
    def named(self) -> dict[str, str]:
        """How events and commands name it."""
        return {"place": self.place, "village": self.id}

    @property
    def lies_in(self) -> str:
        """The village that a cadre with ties to it has to keep away from; empty for none."""
        return self.id

    def told(self, event: type[Event], **said: Any) -> Event:
        """Make an event about this state: of the given type, or of the one in its place (see `tells`)."""
        return self.tells.get(event, event)(**self.named, **said)

    def links(self, policy: Policy) -> Mapping[str, PersonLink | Partner]:
        """By kind, the links that may lead to it."""
        return policy.bonds

    @property
    def status(self) -> str:
        """`open` while a place must be filled, else `filled`."""
        return "open" if any(bond.begin_by for bond in self.bonds.values()) else "filled"

    @property
    def awaits(self) -> bool:
        """Whether a place must be filled, a promise compared, or visits told."""
        return (
            self.status == "open"
            or any(one.compare_by and not one.compared for years in self.pledges.values() for one in years.values())
            or any(not one.times for periods in self.visits.values() for one in periods.values())
        )

    def shown(self, *, to_operator: bool = False) -> "Contacts":
        """The state as it may be read: only operators see how often each came."""
        if to_operator or not self.visits:
            return self
        hidden = {
            kind: {last: replace(one, times={}) for last, one in periods.items()}
            for kind, periods in self.visits.items()
        }
        return self.but(visits=hidden)

    def tell_moved(self, moved: Moved, notice: str) -> Event:
        """The last day for filling a place, comparing a promise or telling visits moved."""
        return self.told(DeadlineMoved, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterator[Task]:
        """Places that must be filled, promises to be compared, and visits to be told."""
        village = self.named
        yield from self._places(policy, "links")
        for key, years in sorted(self.pledges.items()):
            kind, _, party = key.partition("/")
            partner = policy.partners.get(kind)
            for year, pledge in sorted(years.items()):
                if partner and partner.compared_by and pledge.compare_by and not pledge.compared:
                    yield Task(
                        action="deliveries", about=self.id, role=partner.compared_by, due=pledge.compare_by,
                        rule=partner.rule, detail=f"{key}/{year}",
                        answer={**village, "kind": kind, "party": party, "year": int(year),
                                "body": partner.compared_by},
                    )  # fmt: skip
        for kind, periods in sorted(self.visits.items()):
            link = policy.bonds.get(kind)
            for last, period in sorted(periods.items()):
                if link and link.visits and not period.times:
                    yield Task(
                        action="visit-counts",
                        about=self.id,
                        role=link.visits.by,
                        due=period.tell_by,
                        rule=link.rule,
                        detail=f"{kind}/{last}",
                        answer={**village, "kind": kind, "last": last, "body": link.visits.by},
                    )

    def _places(self, policy: Policy, action: str) -> Iterator[Task]:
        for kind, bond in sorted(self.bonds.items()):
            link = self.links(policy).get(kind)
            if link and bond.begin_by and self.lacks(link, policy):
                yield Task(
                    action="partners" if isinstance(link, Partner) else action,
                    about=self.id,
                    role=link.decides,
                    due=bond.begin_by,
                    rule=link.rule,
                    detail=kind,
                    answer={**self.named, "kind": kind, "body": link.decides},
                )

    def asks(self, link: PersonLink | Partner, policy: Policy) -> bool:
        """Whether the village must have this kind of link: since it is diagnosed, or by a list that it is on."""
        if link.begin_by is None:
            return False
        on = (policy.list_kind(kind) for kind in self.lists.values())
        return (self.needed and link.begin_by.after != LISTING) or any(one and link.kind in one.needs for one in on)

    def lacks(self, link: PersonLink | Partner, policy: Policy) -> int:
        """How many the village must have of a kind of link and has not, as the pack says by now."""
        return max(link.fewest - len(self.bound(link.kind)), 0) if self.asks(link, policy) else 0

    def takes(self, link: PersonLink | Partner, policy: Policy) -> bool:
        """Whether such a link may begin: while the village is poor or on a list that asks for the link, or after the
        exit, if the link goes on then.

        A full-time link that lists ask for may begin only while the village is on such a list.
        """
        if isinstance(link, Contact) and link.full_time and link.begin_by and link.begin_by.after == LISTING:
            return self.asks(link, policy)
        return self.needed or (self.left and link.ends is None) or self.asks(link, policy)

    def bound(self, kind: str) -> dict[str, date]:
        """Who is bound to the village in a kind of link, each with the first day."""
        return self.bonds.get(kind, Bond()).since

    def having(
        self,
        link: PersonLink | Partner,
        since: dict[str, date],
        policy: Policy,
        today: date,
        about: dict[str, str] | None = None,
        until: dict[str, date] | None = None,
        promised: dict[str, Promised] | None = None,
    ) -> "Contacts":
        """The state in which these are bound in one kind of link. If they are too few, the open places have a last
        day."""
        bond = self.bonds.get(link.kind, Bond())
        is_short = self.asks(link, policy) and len(since) < link.fewest
        begin_by = None
        if is_short and link.begin_by:
            begin_by = bond.begin_by or link.begin_by.due(today, policy.calendar)
        kept = {bearer: what for bearer, what in (about or bond.about).items() if bearer in since}
        ends = {bearer: last for bearer, last in (until or bond.until).items() if bearer in since}
        said = {bearer: one for bearer, one in (promised or bond.promised).items() if bearer in since}
        parties, villagers = borne_by(link) if bond.since.keys().isdisjoint(since) else (bond.parties, bond.villagers)
        is_overdue = bond.overdue and begin_by is not None
        now = Bond(since, begin_by, kept, parties, villagers, is_overdue, ends, said)
        state = self.but(bonds={**self.bonds, link.kind: now})
        if begin_by and bond.begin_by:
            return state
        span = link.begin_by.within if link.begin_by else None
        return state.counting("bonds", link.kind, "begin_by", since=today, span=span, timer="places")

    def weighed(self, policy: Policy, today: date) -> "Contacts":
        """The state with a last day for each kind of link that the village must have and has too few of."""
        state = self
        for link in self.links(policy).values():
            if link.kind in state.bonds or state.asks(link, policy):
                state = state.having(link, state.bound(link.kind), policy, today)
        return state


class Posts(Contacts, frozen=True, kw_only=True, omit_defaults=True):
    """Who is bound to a party: cadres, such as the deputies of a township's leading group (0.5), or villagers, such as
    those who lead a project (2.11). Its id is the party's."""

    kind = "posts"
    known_as = ("任职联系情况", "who is bound to an organisation")
    tells = MappingProxyType(
        {
            LinkBegun: PostBegun,
            LinkEnded: PostEnded,
            PlaceOverdue: PostOverdue,
            PlaceFilled: PostFilled,
            DeadlineMoved: PostDeadlineMoved,
        }
    )
    sort: str
    """The party's kind, by the pack's code."""
    name: str
    parent: str
    """Whom the party belongs to, such as `township:152223100`."""
    gone: bool = False

    @property
    def journey(self) -> str:
        """The village to which the party belongs, since what happens there is told in one order; else the party."""
        return self.lies_in or self.id

    @property
    def named(self) -> dict[str, str]:
        return {"place": self.place, "party": self.id}

    @property
    def lies_in(self) -> str:
        of, _, id = self.parent.partition(":")
        return id if of == "village" else ""

    def links(self, policy: Policy) -> Mapping[str, PersonLink | Partner]:
        """By kind, the links that lead to parties of its kind."""
        return {kind: link for kind, link in policy.posts.items() if link.at == self.sort}

    def shown(self, *, to_operator: bool = False) -> "Posts":
        """The state as it may be read: only operators see which villagers are in charge."""
        if to_operator or not any(bond.villagers for bond in self.bonds.values()):
            return self
        return self.but(
            bonds={
                kind: Bond(begin_by=bond.begin_by, villagers=True, overdue=bond.overdue) if bond.villagers else bond
                for kind, bond in self.bonds.items()
            },
            timers={name: on for name, on in self.timers.items() if name != "terms"},
        )

    def tasks(self, policy: Policy) -> Iterator[Task]:
        """Places that must be filled."""
        return self._places(policy, "posts")

    def asks(self, link: PersonLink | Partner, policy: Policy) -> bool:
        """Whether the party must have this kind of link: since it is registered, or by a list that it is on."""
        if self.gone or link.begin_by is None:
            return False
        on = (policy.list_kind(kind) for kind in self.lists.values())
        return link.begin_by.after != LISTING or any(one and link.kind in one.needs for one in on)

    def takes(self, link: PersonLink | Partner, policy: Policy) -> bool:
        """Whether such a link may begin: while the party is there and, if a list is to ask for it, on such a list."""
        return not self.gone and (link.begin_by is None or self.asks(link, policy))


class Bearer(State, frozen=True, kw_only=True, omit_defaults=True):
    """The villages and parties to which a cadre is bound, so that nobody has more than the pack allows. Its id is the
    cadre's."""

    kind = "bearers"
    known_as = ("干部联系村情况", "the links of a cadre")

    villages: dict[str, dict[str, Rank]] = msgspec.field(default_factory=dict)
    """By kind of link, the villages or parties, each with the lowest rank that its pack asked for when it began."""


def changed(before: Contacts | None, state: Contacts, policy: Policy, today: date, *told: Event) -> Change:
    """A change with its timers. It also tells in which kinds of link places were overdue and now are filled or not
    needed."""
    filled = (
        state.told(PlaceFilled, kind=kind)
        for kind, bond in sorted(before.bonds.items() if before else ())
        if bond.overdue and not state.bonds[kind].overdue
    )
    return Change(clocked(state, policy, today), (*told, *filled))


def clocked(state: Contacts, policy: Policy, today: date) -> Contacts:
    """The state with its timers on the next days on which something begins or has become overdue.

    A timer whose day has come and which has not run yet stays, so that a command on the same day does not move it.
    Visits for which the pack no longer asks are dropped here, so at the latest when a timer runs.
    """
    state = _asked_for(state, policy)
    places = [bond.begin_by + DAY for bond in state.bonds.values() if bond.begin_by and not bond.overdue]
    terms = [last + DAY for bond in state.bonds.values() for last in bond.until.values()]
    firsts = {
        "places": places,
        "terms": terms,
        "promises": [*_of_promises(state)],
        "pledges": [*_of_pledges(state, policy)],
        "visits": [*_of_visits(state, policy, today)],
    }
    still = {name for name, on in state.timers.items() if on <= today}
    return state.timed(**{name: min(on, default=None) for name, on in firsts.items() if name not in still})


def _asked_for(state: Contacts, policy: Policy) -> Contacts:
    asking = {kind for kind, link in state.links(policy).items() if link.visits}
    dropped = {
        kind: {last: one for last, one in periods.items() if one.times}
        for kind, periods in state.visits.items()
        if kind not in asking and any(not one.times for one in periods.values())
    }
    return state.but(visits={**state.visits, **dropped}) if dropped else state


def _of_promises(state: Contacts) -> Iterable[date]:
    promised = (one for bond in state.bonds.values() for one in bond.promised.values() if not one.is_told)
    return (date(one.year + 1, 1, 1) for one in promised) if state.needed else ()


def _of_pledges(state: Contacts, policy: Policy) -> Iterable[date]:
    for key, years in state.pledges.items():
        link = policy.partners.get(key.partition("/")[0])
        for year, one in years.items():
            if one.compare_by and not one.compared and not one.is_missed:
                yield one.compare_by + DAY
            elif link and not one.compare_by:
                yield comparison(link, int(year), policy)


def comparison(link: Partner, year: int, policy: Policy) -> date:
    """The day from which the promises of a year are compared; the year's end in a pack that names none any more."""
    days = link.compare_on.of(year, policy.calendar) if link.compare_on else ()
    return days[0] if days else date(year, 12, 31)


def _of_visits(state: Contacts, policy: Policy, today: date) -> Iterable[date]:
    for kind, bond in state.bonds.items():
        link = policy.bonds.get(kind)
        if bond.since and link and link.visits:
            yield add_months(period_of(today, link.visits.every), MONTHS[link.visits.every])
    for periods in state.visits.values():
        yield from (one.tell_by + DAY for one in periods.values() if not one.times and not one.is_missed)


def period_of(day: date, every: Every) -> date:
    """The first day of the period in which a day lies."""
    months = MONTHS[every]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def fall_due(state: Contacts, due: Due, policy: Policy, today: date) -> Change:
    """Tell once in which kinds of link a village or a party has too few after the last day (0.2).

    If nobody is missing by then, or the pack no longer asks for the link, the last day is taken away instead.
    """
    told, bonds = [], dict(state.bonds)
    for kind, bond in sorted(state.bonds.items()):
        link = state.links(policy).get(kind)
        if bond.begin_by and bond.begin_by < due.on and not bond.overdue:
            missing = state.lacks(link, policy) if link else 0
            bonds[kind] = replace(bond, overdue=True) if missing else replace(bond, begin_by=None)
            if link and missing:
                told.append(
                    state.told(PlaceOverdue, kind=kind, missing=missing, due=bond.begin_by, owed_by=link.decides)
                )
    return Change(clocked(state.but(bonds=bonds), policy, due.on), tuple(told))


# --------------------------------------------------------------- what a link must keep


def declared(links: Mapping[str, L], kind: str, rule: str, zh: str, en: str) -> L:
    """The pack's link of a kind. Refuses a kind that the pack does not have; `zh` and `en` say what it would be."""
    link = links.get(kind)
    if link is None:
        raise Refused(
            rule,
            f"本地规定中没有这种{zh}，可填：{'、'.join(one.label for one in links.values()) or '（无）'}",
            f"the pack has no such {en}, {kind}; its kinds are: {', '.join(links) or 'none'}",
            field="kind",
            status=422,
        )
    return link


def borne_by(link: PersonLink | Partner) -> tuple[bool, bool]:
    """Whether parties bear a kind of link, and whether villagers do."""
    return isinstance(link, Partner), isinstance(link, Villager)


def require_alike(link: PersonLink | Partner, bond: Bond) -> None:
    """Refuse one more while the link is held by others than the pack says now: say, by cadres, while it is villagers'
    now.

    A bond keeps one sort for all its bearers. So the villager would be told of like a cadre, by an event that everybody
    may read.
    """
    if bond.since and (bond.parties, bond.villagers) != borne_by(link):
        raise Refused(
            link.rule,
            f"“{link.label}”还有按原规定确定的，与现行规定的承担者不是一类，请先解除原来的再确定",
            f"some bear {link.kind} as an earlier pack said it, who are of another sort than the pack asks for now; "
            "end these links first",
            field="kind",
        )


def require_place(link: PersonLink | Partner, bound: Collection[str], field: str, zh: str, en: str) -> None:
    """Refuse one more in a village that has as many as the pack allows. `zh` counts them, `en` says what is to end."""
    if link.most is not None and len(bound) >= link.most:
        there = sorted(bound)
        raise Refused(
            link.rule,
            f"{link.label}每村最多{link.most}{zh}，该村已有{'、'.join(there)}，请先解除",
            f"the village has {', '.join(there)} already, and {link.most} at most; end {en} first",
            field=field,
        )
