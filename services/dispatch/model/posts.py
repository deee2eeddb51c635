"""Who is bound to a party: cadres, such as deputies of a township's leading group (挂任, 0.5), or villagers, such as
those who lead a project (项目书记, 2.11).

The registry has the parties. A pack says with `to = "party"` and `at` to which kind of party a link leads. It begins
and ends like a link to a village (`contacts`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.dispatch.model.bonds import Posts, changed, declared
from services.dispatch.model.commands import BeginPost, EndPost
from services.dispatch.model.contacts import Choice, bind, ended, unbind
from services.dispatch.model.partners import Ally
from services.dispatch.model.pool import Squad
from shared.contracts.registry import ListingBegun, ListingEnded, PartyMerged, PartyRegistered, PartyWithdrawn
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, addressed, require_body

Others = Mapping[Key, State | None]


def of_kind(event: PartyRegistered, policy: Policy) -> Iterable[str]:
    """The party, if a kind of link leads to parties of its kind."""
    return (event.party,) if any(link.at == event.kind for link in policy.posts.values()) else ()


def hear(state: Posts | None, event: PartyRegistered, policy: Policy, today: date) -> Change:
    """A party was registered, or its data changed: it may need somebody from now on."""
    name = event.name or event.party
    before = state or Posts(id=event.party, place=event.place, sort=event.kind, name=name, parent=event.parent)
    now = before.but(place=event.place, name=name, parent=event.parent, gone=False)
    return changed(state, now.weighed(policy, today), policy, today)


def party_of(event: PartyWithdrawn | PartyMerged | ListingBegun | ListingEnded, _policy: Policy) -> Iterable[str]:
    """The party of an event, if it is about one."""
    return (event.party,) if event.party else ()


def dissolve(state: Posts | None, event: PartyWithdrawn | PartyMerged, policy: Policy, today: date) -> Change:
    """A party is no more, or goes on under another id: whoever was bound to it is free, and may be bound to the other
    party."""
    if state is None:
        return Change(state)
    ground = "duplicate" if isinstance(event, PartyMerged) else "dissolved"
    gone = {kind: [*bond.since] for kind, bond in state.bonds.items()}
    return ended(state.but(gone=True, lists={}), gone, ground, policy, today, before=state)


def the_party(_state: Posts | None, event: ListingBegun) -> Iterable[Key]:
    """The key of the party as it was registered."""
    return ((Ally, str(event.party)),)


def enlist(state: Posts | None, event: ListingBegun, policy: Policy, today: date, others: Others) -> Change:
    """A list of parties may need cadres there: townships with much to do need deputies (0.5)."""
    kind = policy.list_kind(event.kind)
    state = state or _found(others.get((Ally, str(event.party))), policy)
    if state is None or kind is None or not any(need in state.links(policy) for need in kind.needs):
        return Change(state)
    now = state.but(lists={**state.lists, event.listing: event.kind}).weighed(policy, today)
    return changed(state, now, policy, today)


def _found(party: State | None, policy: Policy) -> Posts | None:
    """A party that was registered before the pack had such links; None if none leads to its kind."""
    if not isinstance(party, Ally) or party.gone or all(link.at != party.sort for link in policy.posts.values()):
        return None
    return Posts(id=party.id, place=party.place, sort=party.sort, name=party.name, parent=party.parent)


def asked_about(_state: Posts | None, command: BeginPost) -> Iterable[Key]:
    """The keys of the cadre's unit, or of the villager, and of the party as it was registered."""
    return (Squad, command.unit or command.cadre), (Ally, command.party)


def begin(state: Posts | None, command: BeginPost, policy: Policy, today: date, others: Others) -> Change:
    """The body that the pack names binds a cadre to a party, such as a deputy to a township's leading group (0.5), or
    puts a villager in charge of it, such as of a project (2.11)."""
    link = declared(policy.posts, command.kind, "0.5", "任职方式", "kind of link to a party")
    require_body(command.body, link.decides, link.rule)
    state = addressed(state or _found(others.get((Ally, command.party)), policy), command, "组织", "party")
    if state.sort != link.at:
        zh = f"“{state.name}”不是“{link.label}”所到的一类组织，请核对编号"
        raise Refused(link.rule, zh, f"{command.party} is no {link.at}; check its id", field="party", status=422)
    post = Choice("post", command.post, link.posts, ("职务", "post"))
    return bind(state, link, command, post, policy, today, others)


def end(state: Posts | None, command: EndPost, policy: Policy, today: date) -> Change:
    """The body that the pack names ends the link. If the pack no longer has the kind, the organisation department
    does."""
    link = policy.posts.get(command.kind)
    require_body(command.body, link.decides if link else "organisation", link.rule if link else "0.5")
    return unbind(addressed(state, command, "组织", "party"), command, link, policy, today)


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many cadres or villagers are bound to parties in a kind of link, and to how many parties. For example, 1,433
    people lead 918 projects (2.11)."""

    kind: str
    label: str
    cadres: int
    parties: int
    """How many parties have at least one."""
    missing: int
    """How many are missing, all parties together."""


def counts(states: Iterable[Posts], policy: Policy) -> list[Count]:
    """By kind of link of the pack, how many cadres and parties are bound, and how many are missing."""
    cadres, parties, missing = Counter[str](), Counter[str](), Counter[str]()
    for state in states:
        for kind, link in state.links(policy).items():
            cadres[kind] += len(state.bound(kind))
            parties[kind] += bool(state.bound(kind))
            missing[kind] += state.lacks(link, policy)
    return [
        Count(kind=kind, label=link.label, cadres=cadres[kind], parties=parties[kind], missing=missing[kind])
        for kind, link in policy.posts.items()
    ]
