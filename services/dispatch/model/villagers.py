"""Villagers who are no cadres and help households of their village (2.2), or are in charge of a party there (2.11).

The registry has them as persons of a village. Each has a squad of one, so that a villager's households are counted like
a cadre's.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec.structs import replace

from services.dispatch.model.bonds import Posts
from services.dispatch.model.commands import BeginPost
from services.dispatch.model.pool import Squad, Villager, unit_field
from shared.contracts.dispatch import ChargeEnded
from shared.contracts.registry import PartyMerged, PartyRegistered, PartyWithdrawn
from shared.policy import Policy
from shared.policy import links as pack
from shared.rules import Change, Key, Refused, State

Others = Mapping[Key, State | None]


def person(event: PartyRegistered | PartyWithdrawn | PartyMerged, _policy: Policy) -> Iterable[str]:
    """The person of an event; none if it is about an organisation."""
    return (event.party,) if event.personal else ()


def hear(squad: Squad | None, event: PartyRegistered, _policy: Policy, _today: date) -> Change:
    """A person was registered, or belongs to another village by now. Parties that the villager leads stay."""
    squad = squad or Squad(id=event.party, place=event.place)
    leads = squad.villager.leads if squad.villager else {}
    return Change(squad.but(place=event.place, villager=Villager(event.kind, event.parent, leads)))


def require_villager(
    others: Others, link: pack.Villager, id: str, unit: str | None, village: str, field: str
) -> Villager:
    """The villager, of whom `others` has the squad, if the villager is of the kind that the pack asks for, and of the
    village. Refused with a unit, which no villager has."""
    squad = others.get((Squad, id))
    found = squad.villager if isinstance(squad, Squad) else None
    if unit is not None:
        zh, en = "村民没有派出单位，请不要填写单位编号", "a villager is of no unit; leave the unit out"
        field = unit_field(field)
    elif found is None or found.sort != link.of:
        zh = f"{id}不是登记的人员，或者不是“{link.label}”要求的那一类，请核对编号或者先登记"
        en = f"{id} is not registered as a {link.of}; check the id, or register the person first"
    elif village and found.parent != f"village:{village}":
        zh, en = f"{id}不是本村的人员，请改由本村的承担", f"{id} is of another village; choose somebody of this one"
    else:
        return found
    raise Refused(link.rule, zh, en, field=field, status=422)


def in_charge(command: BeginPost, policy: Policy) -> Iterable[str]:
    """The villager of a command, if villagers bear the kind of link."""
    return (command.cadre,) if isinstance(policy.posts.get(command.kind), pack.Villager) else ()


def lead(squad: Squad | None, command: BeginPost, policy: Policy, _today: date) -> Change:
    """Count the party among those of the villager, who may not have more than the pack allows (2.11)."""
    link = policy.posts[command.kind]
    if squad is None or squad.villager is None:
        return Change(squad)  # The rule of the link itself refuses.
    there, most = squad.villager.leads.get(link.kind, ()), link.each_bearer.at_most
    if command.party in there:
        return Change(squad)
    if most is not None and len(there) >= most:
        raise Refused(
            link.rule,
            f"{command.cadre}已承担{'、'.join(there)}，每人最多{most}个，请改由其他人承担",
            f"{command.cadre} has {', '.join(there)} already, and {most} at most; choose somebody else",
            field="cadre",
        )
    return Change(_leading(squad, squad.villager, link.kind, (*there, command.party)))


def rest(squad: Squad | None, event: ChargeEnded, _policy: Policy, _today: date) -> Change:
    """The villager has one party less."""
    if squad is None or squad.villager is None:
        return Change(squad)
    left = tuple(id for id in squad.villager.leads.get(event.kind, ()) if id != event.party)
    return Change(_leading(squad, squad.villager, event.kind, left))


def _leading(squad: Squad, villager: Villager, kind: str, parties: tuple[str, ...]) -> Squad:
    leads = {**villager.leads, kind: parties}
    return squad.but(villager=replace(villager, leads={of: ids for of, ids in leads.items() if ids}))


def led_by(squad: Squad | None, _event: PartyWithdrawn | PartyMerged) -> Iterable[Key]:
    """The keys of the parties that the villager is in charge of."""
    leads = squad.villager.leads if squad and squad.villager else {}
    return ((Posts, id) for ids in leads.values() for id in ids)


def leave(
    squad: Squad | None, event: PartyWithdrawn | PartyMerged, _policy: Policy, _today: date, others: Others
) -> Change:
    """A villager died, moved away, or was registered by mistake or twice: nobody is in charge of the parties."""
    if squad is None or squad.villager is None:
        return Change(squad)
    told = tuple(
        ChargeEnded(place=there.place, party=id, kind=kind, villager=squad.id, ground="disqualified", decided_by="")
        for kind, ids in sorted(squad.villager.leads.items())
        for id in ids
        if isinstance(there := others.get((Posts, id)), Posts)
    )
    return Change(squad.but(villager=None), told)
