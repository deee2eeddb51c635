"""Parties that help a village: firms (1.12), Party branches of units (2.17), and whatever else the pack names.

The registry has the parties; this module keeps to which villages each is bound. A party that was registered twice goes
on under one id, with its villages and promises.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec
from msgspec.structs import replace

from services.dispatch.model.bonds import Bond, Contacts, changed, declared, require_alike, require_place
from services.dispatch.model.commands import BeginPartner, EndPartner
from services.dispatch.model.contacts import ended, require_need
from services.dispatch.model.pledges import outstanding
from services.dispatch.model.pool import without
from shared.contracts.dispatch import PartnerBegun, PartnerEnded, PartnerMoved, PlaceFilled
from shared.contracts.registry import PartyMerged, PartyRegistered, PartyWithdrawn
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, addressed, known, require_body

Others = Mapping[Key, State | None]


class Ally(State, frozen=True, kw_only=True, omit_defaults=True):
    """A party, and the villages to which it is bound. Its id is the party's."""

    kind = "partners"
    known_as = ("结对组织情况", "the villages of an organisation")

    sort: str
    """Its kind, by the pack's code."""
    name: str
    parent: str
    villages: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """By kind of link, the villages that it helps."""
    pairs: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """By kind of link, where it is a village's own party: the parties with which it is paired, each with the
    village."""
    gone: bool = False

    @property
    def status(self) -> str:
        """`gone`, or its kind."""
        return "gone" if self.gone else self.sort


def party_of(event: PartyRegistered | PartyWithdrawn | PartyMerged, _policy: Policy) -> Iterable[str]:
    """The party of an event; none for a person, who is no partner."""
    return () if event.personal else (event.party,)


def hear(state: Ally | None, event: PartyRegistered, _policy: Policy, _today: date) -> Change:
    """A party was registered, or its data changed."""
    name = event.name or event.party
    state = state or Ally(id=event.party, place=event.place, sort=event.kind, name=name, parent=event.parent)
    return Change(state.but(place=event.place, sort=event.kind, name=name, parent=event.parent, gone=False))


def asked_about(_state: State | None, command: BeginPartner) -> Iterable[Key]:
    """The keys of the party, and of the village's own party with which it is to be paired."""
    return ((Ally, id) for id in (command.party, command.paired) if id)


def begin(state: Contacts | None, command: BeginPartner, policy: Policy, today: date, others: Others) -> Change:
    """The body that the pack names pairs a party with a village (1.12, 2.17)."""
    link = declared(policy.partners, command.kind, "1.12", "结对", "kind of link")
    require_body(command.body, link.decides, link.rule)
    state = addressed(state, command)
    since = state.bound(link.kind)
    bond = state.bonds.get(link.kind, Bond())
    about = bond.about
    require_alike(link, bond)
    sorts = {one.kind: one.label for one in policy.parties}
    if (command.paired is None) != (link.paired_with is None):
        sort = sorts.get(link.paired_with or "", "")
        zh = f"须填与村里的哪一{sort}结对" if link.paired_with else "这种结对是与村结对，不填村里的组织"
        en = (
            f"it names the village's own {link.paired_with}" if link.paired_with else "it names no party of the village"
        )
        raise Refused(link.rule, zh, en, field="paired", status=422)
    if command.party in since:
        if command.paired == (own := about.get(command.party)):
            return Change(state)
        zh, en = (
            f"{command.party}在该村已与{own}结对，请先解除",
            f"{command.party} is paired with {own} there; end that first",
        )
        raise Refused(link.rule, zh, en, field="paired")
    require_need(state, link, policy)
    _require(others.get((Ally, command.party)), command.party, link.of, sorts, link.rule, "party")
    if command.paired and link.paired_with:
        other = _require(
            others.get((Ally, command.paired)), command.paired, link.paired_with, sorts, link.rule, "paired"
        )
        if other.parent != f"village:{state.id}":
            zh, en = f"{command.paired}不是该村的组织，请核对编号", f"{command.paired} is no party of the village"
            raise Refused(link.rule, zh, en, field="paired", status=422)
    require_place(link, since, "party", "家", "one")
    begun = PartnerBegun(
        place=state.place,
        village=state.id,
        kind=link.kind,
        party=command.party,
        paired=command.paired,
        decided_by=command.decided_by,
    )
    if command.paired:
        about = {**about, command.party: command.paired}
    now = state.having(link, {**since, command.party: today}, policy, today, about)
    return changed(state, now, policy, today, begun)


def _require(found: State | None, id: str, sort: str, sorts: Mapping[str, str], rule: str, field: str) -> Ally:
    """The party, if it is registered and of the kind that the pack asks for."""
    party = found if isinstance(found, Ally) and not found.gone else None
    if party is None or party.sort != sort:
        zh = f"{id}不是登记的{sorts.get(sort, '组织')}，请核对编号或者先登记"
        en = f"{id} is not registered as a {sort}; check the id, or register it first"
        raise Refused(rule, zh, en, field=field, status=422)
    return party


def bear(state: Ally | None, command: BeginPartner, policy: Policy, _today: date) -> Change:
    """Count the village among those of the party, which may not have more than the pack allows."""
    link = policy.partners[command.kind]
    state = known(state, "组织", "the party", command.party)
    villages, most = state.villages.get(link.kind, []), link.each_bearer.at_most
    if command.village in villages:
        return Change(state)
    if most is not None and len(villages) >= most:
        raise Refused(
            link.rule,
            f"{command.party}已与{'、'.join(villages)}结对，每家最多{most}个村",
            f"{command.party} has {', '.join(villages)} already, and {most} at most; choose another one",
            field="party",
        )
    return Change(state.but(villages={**state.villages, link.kind: sorted({*villages, command.village})}))


def own(message: BeginPartner, _policy: Policy) -> Iterable[str]:
    """The village's own party of a pair, if the pack pairs parties."""
    return (message.paired,) if message.paired else ()


def pair(state: Ally | None, command: BeginPartner, _policy: Policy, _today: date) -> Change:
    """Remember with whom the village's own party is paired, so that the pair ends with either."""
    if state is None:
        return Change(state)
    theirs = {**state.pairs.get(command.kind, {}), command.party: command.village}
    return Change(state.but(pairs={**state.pairs, command.kind: theirs}))


def end(state: Contacts | None, command: EndPartner, policy: Policy, today: date) -> Change:
    """The body that the pack names ends a pair. If the pack no longer has the kind, the organisation department
    does."""
    link = policy.partners.get(command.kind)
    rule = link.rule if link else "1.12"
    require_body(command.body, link.decides if link else "organisation", rule)
    state = addressed(state, command)
    bond = state.bonds.get(command.kind, Bond())
    if not bond.parties or command.party not in bond.since:
        zh = f"{command.party}目前没有与该村结对，请核对编号"
        raise Refused(rule, zh, f"{command.party} is not paired with the village now; check the id", field="party")
    gone = {command.kind: [command.party]}
    return ended(state, gone, command.because, policy, today, command.decided_by, before=state)


def free(state: Ally | None, event: PartnerEnded, _policy: Policy, _today: date) -> Change:
    """The party has one village less."""
    if state is None:
        return Change(state)
    left = [village for village in state.villages.get(event.kind, []) if village != event.village]
    return Change(state.but(villages={**state.villages, event.kind: left}))


def there(state: Ally | None, event: PartyWithdrawn | PartyMerged) -> Iterable[Key]:
    """The keys of the villages that the party helps or to which it belongs. They know in which divisions they lie by
    now."""
    if state is not None:
        helped = (village for villages in state.villages.values() for village in villages)
        own = (village for pairs in state.pairs.values() for village in pairs.values())
        yield from ((Contacts, village) for village in dict.fromkeys((*helped, *own)))


def dissolve(state: Ally | None, event: PartyWithdrawn, _policy: Policy, _today: date, others: Others) -> Change:
    """A party is no more: its pairs end that day, and what it had promised and not given is told."""
    if state is None:
        return Change(state)
    told = tuple(
        PartnerEnded(
            place=contacts.place,
            village=contacts.id,
            kind=kind,
            party=party,
            ground="dissolved",
            outstanding=outstanding(contacts, kind, party),
            decided_by=event.decided_by,
        )
        for contacts, kind, party in _of(state, others)
    )
    return Change(state.but(gone=True, villages={}, pairs={}), told)


def _of(state: Ally, others: Others) -> Iterator[tuple[Contacts, str, str]]:
    """The pairs of a party as its villages know them by now: its own, and those in which it is the village's party.

    Each is the village, the kind of link and the partner, who may have another id than when the pair began.
    """
    kinds = sorted({*state.villages, *state.pairs})
    contacts = [one for one in others.values() if isinstance(one, Contacts)]
    for kind, one in ((kind, one) for kind in kinds for one in sorted(contacts, key=lambda one: one.id)):
        bond = one.bonds.get(kind, Bond())
        yield from ((one, kind, id) for id in sorted(bond.since) if state.id in (id, bond.about.get(id)))


def lose(state: Contacts | None, event: PartnerEnded, policy: Policy, today: date) -> Change:
    """A pair ended otherwise than by a decision about the village. The place is open, if the village needs it."""
    if state is None or event.party not in state.bound(event.kind):
        return Change(state)
    lost = ended(state, {event.kind: [event.party]}, event.ground, policy, today, before=state)
    return Change(lost.state, tuple(told for told in lost.events if isinstance(told, PlaceFilled)))


# ------------------------------------------------------------- registered twice


def merge(state: Ally | None, event: PartyMerged, _policy: Policy, _today: date, others: Others) -> Change:
    """A party was registered twice: its villages go over to the other id, one by one."""
    if state is None:
        return Change(state)
    told = tuple(
        PartnerMoved(
            place=contacts.place,
            village=contacts.id,
            kind=kind,
            party=party,
            into=event.into,
            own=None if party == state.id else state.id,
        )
        for contacts, kind, party in _of(state, others)
    )
    return Change(state.but(gone=True, villages={}, pairs={}), told)


def take_on(state: Ally | None, event: PartnerMoved, _policy: Policy, _today: date) -> Change:
    """The party under its other id has the village, or the pair, that it had under the first one."""
    if state is None:
        return Change(state)
    if event.own:
        theirs = {**state.pairs.get(event.kind, {}), event.party: event.village}
        return Change(state.but(pairs={**state.pairs, event.kind: theirs}))
    villages = sorted({*state.villages.get(event.kind, []), event.village})
    return Change(state.but(villages={**state.villages, event.kind: villages}))


def move(state: Contacts | None, event: PartnerMoved, policy: Policy, today: date) -> Change:
    """The village has the party under its other id, since the earlier of both days.

    What both ids promised for a year was entered twice: the promise of the id that goes on counts.
    """
    bond = state.bonds.get(event.kind) if state else None
    if state is None or bond is None or event.party not in bond.since:
        return Change(state)
    if event.own:
        about = {party: event.into if own == event.own else own for party, own in bond.about.items()}
        return Change(state.but(bonds={**state.bonds, event.kind: replace(bond, about=about)}))
    first = min(bond.since[event.party], bond.since.get(event.into, date.max))
    since = {**without(bond.since, event.party), event.into: first}
    about = without(bond.about, event.party)
    if event.party in bond.about:
        about = {event.into: bond.about[event.party], **about}
    was, now = (f"{event.kind}/{party}" for party in (event.party, event.into))
    years = {**state.pledges.get(was, {}), **state.pledges.get(now, {})}
    pledges = without(state.pledges, was)
    visits = {
        last: replace(one, whole={event.into if id == event.party else id: all_ for id, all_ in one.whole.items()})
        if not one.times
        else one
        for last, one in state.visits.get(event.kind, {}).items()
    }
    after = state.but(
        bonds={**state.bonds, event.kind: replace(bond, since=since, about=about)},
        pledges={**pledges, now: years} if years else pledges,
        visits={**state.visits, event.kind: visits} if visits else state.visits,
    )
    return changed(state, after.weighed(policy, today), policy, today)
