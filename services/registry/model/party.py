"""Parties beside villages, units and cadres: branches, co-operatives, associations, firms, and persons of a village.

The pack names their kinds, whom each belongs to, and what is known of it (mechanisms 0.1, 0.13, 1.11, 2.7, 4.4).
Persons are kept apart from organisations, since only operators may read them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from services.registry.model.commands import MergeParty, RegisterParty, WithdrawParty
from services.registry.model.kept import HIDES, Kept, clocked, not_forgotten, standing, to_forget
from services.registry.model.register import Register
from services.registry.model.village import Held, Village, not_ended
from shared.contracts.registry import PartyMerged, PartyRegistered, PartyWithdrawn, VillageMerged, VillageRecoded
from shared.contracts.values import MASKED, Masked
from shared.divisions import place_of
from shared.labels import said
from shared.policy import Policy
from shared.policy.parties import DIVISIONS, PartyField, PartyKind
from shared.rules import Change, Involved, Key, Refused, State, Task, addressed, entry, known, overwrite, rests


class Party(State, frozen=True, kw_only=True):
    """A party that is no person: a branch, a co-operative, an association, a firm."""

    kind: ClassVar[str] = "parties"
    known_as = ("组织登记信息", "the entry of an organisation")
    sort: str
    """Its kind, as the pack names it."""
    parent: str
    """Whom it belongs to: `village:<id>`, `township:<9 digits>` …, or `party:<id>`."""
    name: str
    fields: dict[str, str | float] = msgspec.field(default_factory=dict)
    withdrawn: bool = False
    into: str = ""
    """The id under which it goes on, if it was registered twice."""
    holds: tuple[str, ...] = ()
    """The parties that belong to it."""
    listings: dict[str, Held] = msgspec.field(default_factory=dict)
    """By id, its places on lists."""

    @property
    def above(self) -> Iterable[Key]:
        of, _, id = self.parent.partition(":")
        return ((Party, id), (Person, id)) if of == "party" else ()

    @property
    def status(self) -> str:
        return "withdrawn" if self.withdrawn else self.sort


class Person(Party, frozen=True, kw_only=True):
    """A person of a village or of an organisation, such as an adviser (1.11) or the village's secretary (4.3), with
    what is known of pension, medical care and compensation (4.6)."""

    kind: ClassVar[str] = "persons"
    personal = True
    readers = frozenset({"organisation", "poverty_office"})
    hides = HIDES
    known_as = ("村级人员登记", "the entry of a person of a village")
    name: Masked
    fields: Annotated[dict[str, str | float], Meta(extra={MASKED: True})] = msgspec.field(default_factory=dict)
    kept: Kept = Kept()

    @property
    def status(self) -> str:
        return "forgotten" if self.kept.forgotten else super().status

    @property
    def awaits(self) -> bool:
        return self.kept.outlived

    def involves(self, said: object) -> Involved:
        return Involved("", (self.id,))

    def shown(self, *, to_operator: bool = False) -> Self:
        return self if to_operator else self.but(kept=self.kept.shown)

    def tasks(self, policy: Policy) -> Iterable[Task]:
        return to_forget(self, self.kept, policy)


def organisation(command: RegisterParty, policy: Policy) -> Iterable[str]:
    """The id of the party that a command registers, unless its kind is a person."""
    return () if _is_person(command.kind, policy) else (command.party,)


def person(command: RegisterParty, policy: Policy) -> Iterable[str]:
    """The id of the person that a command registers, if its kind is a person."""
    return (command.party,) if _is_person(command.kind, policy) else ()


def parent(event: PartyRegistered | PartyWithdrawn | PartyMerged, _policy: Policy) -> Iterable[str]:
    """The party to which another one belongs."""
    of, _, id = event.parent.partition(":")
    return (id,) if of == "party" else ()


def reads(_party: Party | None, command: RegisterParty) -> Iterable[Key]:
    """The village or party to which it is to belong, and whatever party or person may have its id already."""
    of, _, id = command.parent.partition(":")
    if of == "village":
        yield Village, id
    yield from ((kind, one) for kind in (Party, Person) for one in {command.party, *([id] if of == "party" else [])})


def both(_party: Party | None, command: WithdrawParty) -> Iterable[Key]:
    """The party of this id, of either kind."""
    yield from ((kind, command.party) for kind in (Party, Person))


def register(
    party: Party | None, command: RegisterParty, policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """Register a party, or correct its data. Only its own division may change it, and its kind stays what it is."""
    sort = _sort(command, policy)
    if isinstance(party, Person):
        not_forgotten(party, party.kept, "party")
    _check_fields(command, sort)
    _check_parent(command, sort, policy, others)
    if any(found and type(found) is not _class(sort) for found in _of_id(others, command.party)) or (
        party and party.sort != command.kind
    ):
        raise Refused(
            "identity",
            f"编号“{command.party}”已用于另一类组织或人员，请换一个编号",
            f"the id {command.party!r} is already used by a party of another kind; choose another id",
            field="party",
        )
    if party is not None and not party.withdrawn:
        party = addressed(party, command, "组织或人员", "party")
        given = {"name": command.name, "parent": command.parent, **command.fields}
        before = {"name": party.name, "parent": party.parent, **party.fields}
        words = {"parent": "隶属关系", **{field.field: field.label for field in sort.fields}}
        kept = {field: before.get(field) for field in given}
        overwrite(kept, given, command.replaces, "2.7", personal=sort.personal, words=words)
        if party.parent != command.parent:
            rests("2.7", _listed(party, policy))
    after = _class(sort)(
        id=command.party,
        place=command.place,
        sort=command.kind,
        parent=command.parent,
        name=command.name,
        fields=command.fields,
        holds=party.holds if party else (),
        listings=party.listings if party else {},
    )
    if isinstance(after, Person) and isinstance(party, Person):
        after = after.but(kept=standing(party.kept))
    if after == party:
        return Change(party)
    return Change(after, (_told(after, party.parent if party and not party.withdrawn else None, policy),))


def hold(party: Party | None, event: PartyRegistered, _policy: Policy, _today: date) -> Change:
    """Another party belongs to this one."""
    return Change(party and party.but(holds=tuple(sorted({*party.holds, event.party}))))


def former(event: PartyRegistered, _policy: Policy) -> Iterable[str]:
    """The party to which it belonged before."""
    of, _, id = (event.former or "").partition(":")
    return (id,) if of == "party" else ()


def release(
    party: Party | None, event: PartyRegistered | PartyWithdrawn | PartyMerged, _policy: Policy, _today: date
) -> Change:
    """Another party belongs to this one no more."""
    return Change(party and party.but(holds=tuple(id for id in party.holds if id != event.party)))


# ------------------------------------------------------------- with their village


def of_village(event: PartyRegistered | PartyWithdrawn | PartyMerged, _policy: Policy) -> Iterable[str]:
    """The village to which a party belongs."""
    return _village_of(event.parent)


def former_village(event: PartyRegistered, _policy: Policy) -> Iterable[str]:
    """The village to which it belonged before."""
    return _village_of(event.former or "")


def _village_of(parent: str) -> Iterable[str]:
    of, _, id = parent.partition(":")
    return (id,) if of == "village" else ()


def settle(register: Register | None, event: PartyRegistered, _policy: Policy, _today: date) -> Change:
    """A party belongs to the village."""
    return Change(register and register.but(parties=tuple(sorted({*register.parties, event.party}))))


def leave(
    register: Register | None, event: PartyRegistered | PartyWithdrawn | PartyMerged, _policy: Policy, _today: date
) -> Change:
    """A party belongs to the village no more."""
    return Change(register and register.but(parties=tuple(id for id in register.parties if id != event.party)))


def of_register(register: Register | None, _event: VillageMerged | VillageRecoded) -> Iterable[Key]:
    """The village's parties."""
    return ((kind, id) for id in (register.parties if register else ()) for kind in (Party, Person))


def go_along(
    register: Register | None,
    event: VillageMerged | VillageRecoded,
    policy: Policy,
    _today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """After a merger the parties of the village that ended belong to the village that goes on. After a move to another
    county they lie in that county. After a split they stay with the old village."""
    if isinstance(event, VillageMerged):
        place, parent = event.into_place, f"village:{event.into}"
    else:
        place, parent = place_of(event.code), f"village:{event.village}"
    found = (others.get(key) for key in of_register(register, event))
    there = [one for one in found if isinstance(one, Party) and (one.place, one.parent) != (place, parent)]
    return Change(register, tuple(_told(one.but(place=place, parent=parent), one.parent, policy) for one in there))


def held(party: Party | None, _event: PartyRegistered) -> Iterable[Key]:
    """The parties and persons that belong to a party."""
    return ((kind, id) for id in (party.holds if party else ()) for kind in (Party, Person))


def follow(
    party: Party | None, event: PartyRegistered, policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """A party moved with its village: it lies where the event says, and so do those that belong to it."""
    if party is None:
        return Change(None)
    found = (others.get(key) for key in held(party, event))
    there = [one for one in found if isinstance(one, Party) and one.place != event.place]
    moved = party.but(place=event.place, parent=event.parent)
    return Change(moved, tuple(_told(one.but(place=event.place), one.parent, policy) for one in there))


def _told(party: Party, former: str | None, policy: Policy) -> PartyRegistered:
    """The event with a party's present data.

    Of a person it leaves out the name and all texts: they may say who it is, no rule needs them, and an event cannot be
    taken back from those who have read it.
    """
    fields = party.fields
    if isinstance(party, Person):
        known = next((one.fields for one in policy.parties if one.kind == party.sort), ())
        fields = {one.field: fields[one.field] for one in known if one.field in fields and not one.is_text}
    return PartyRegistered(
        place=party.place,
        party=party.id,
        kind=party.sort,
        parent=party.parent,
        former=former if former != party.parent else None,
        personal=type(party) is Person,
        name=None if type(party) is Person else party.name,
        fields=fields,
    )


# ------------------------------------------------------------------------ taken back


def withdraw(
    party: Party | None, command: WithdrawParty, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Take back a registration that was a mistake, or whose party no longer exists. Refused while others belong to it,
    and while it is on a list."""
    if party is None and any(_of_id(others, command.party)):
        return Change(None)  # It is a person and this is the table of the others, or the other way round.
    party = addressed(party, command, "组织或人员", "party")
    if party.withdrawn:
        return Change(party)
    rests("2.7", {f"下属{id}": f"{id}, which belongs to it" for id in party.holds} | _listed(party, policy))
    event = PartyWithdrawn(
        place=party.place,
        party=party.id,
        kind=party.sort,
        parent=party.parent,
        personal=type(party) is Person,
        mistaken=command.mistaken,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(_ended(party.but(withdrawn=True), policy, today), (event,))


def twins(_party: Party | None, command: MergeParty) -> Iterable[Key]:
    """The parties of both ids, of either kind."""
    yield from ((kind, id) for kind in (Party, Person) for id in (command.party, command.into))


def merge(
    party: Party | None, command: MergeParty, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A party was registered twice, such as a firm under two spellings: it goes on under the other id (1.12)."""
    if party is None and any(_of_id(others, command.party)):
        return Change(None)  # It is a person and this is the table of the others, or the other way round.
    party = addressed(party, command, "组织或人员", "party")
    if party.withdrawn and party.into == command.into:
        return Change(party)
    if party.withdrawn:
        zh = f"已并入“{party.into}”" if party.into else "已撤销登记"
        en = f"was merged into {party.into}" if party.into else "was withdrawn"
        raise Refused(
            "1.12", f"“{party.id}”{zh}，不能再合并，请核对编号", f"{party.id} {en}; check its id", field="party"
        )
    into = next((one for one in _of_id(others, command.into) if isinstance(one, Party) and not one.withdrawn), None)
    into = known(into, "组织或人员", "party", command.into)
    if into.id == party.id or into.sort != party.sort:
        zh = f"只能并入另一编号的同类登记：{into.id}是{said('kind', into.sort, policy)}，请核对编号"
        en = f"it goes on under another id of the same kind, and {into.id} is a {into.sort}; check the ids"
        raise Refused("1.12", zh, en, field="into", status=422)
    rests("2.7", {f"下属{id}": f"{id}, which belongs to it" for id in party.holds} | _listed(party, policy))
    event = PartyMerged(
        place=party.place,
        party=party.id,
        into=into.id,
        kind=party.sort,
        parent=party.parent,
        personal=type(party) is Person,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(_ended(party.but(withdrawn=True, into=into.id), policy, today), (event,))


def _ended(party: Party, policy: Policy, today: date) -> Party:
    """A registration that has ended; the time for which a person is still kept runs from today."""
    if not isinstance(party, Person):
        return party
    span = policy.keeping.persons if policy.keeping else None
    return clocked(party, msgspec.structs.replace(party.kept, ended_on=today), span, policy, today)


def _listed(party: Party, policy: Policy) -> dict[str, str]:
    """The lists that it is on, in Chinese and English."""
    kinds = [one.kind for one in party.listings.values()]
    return {f"列入“{said('kind', kind, policy)}”": f"its place on the list {kind}" for kind in kinds}


class Count(msgspec.Struct, frozen=True):
    """How many parties of a kind are in a place, or how many of them have chosen one value of a field.

    For example: how many branches, and how many of one type.
    """

    kind: str
    label: str
    field: str
    value: str
    """The name of the chosen value; empty where the number is that of the whole kind."""
    number: int


def counts(parties: Iterable[Party], kinds: Sequence[PartyKind]) -> Iterable[Count]:
    """How many there are of each kind, and of each choice of its fields (2.7)."""
    standing = [one for one in parties if not one.withdrawn]
    for kind in (one for one in kinds if not one.personal):
        of_kind = [one for one in standing if one.sort == kind.kind]
        yield Count(kind.kind, kind.label, "", "", len(of_kind))
        for field in kind.fields:
            chosen = Counter(one.fields.get(field.field) for one in of_kind)
            for value, label in (field.one_of or {}).items():
                yield Count(kind.kind, kind.label, field.label, label, chosen[value])


def _is_person(kind: str, policy: Policy) -> bool:
    return any(one.kind == kind and one.personal for one in policy.parties)


def _class(sort: PartyKind) -> type[Party]:
    return Person if sort.personal else Party


def _of_id(others: Mapping[Key, State | None], id: str) -> list[State | None]:
    return [others.get((kind, id)) for kind in (Party, Person)]


def _sort(command: RegisterParty, policy: Policy) -> PartyKind:
    return entry(command.kind, policy.parties, "2.7", "组织类别", "kind of party")


def _check_fields(command: RegisterParty, sort: PartyKind) -> None:
    """Refuse fields that the kind does not have, that are missing, or whose value does not fit."""
    fields = {field.field: field for field in sort.fields}
    for name in sorted({*command.fields} - {*fields}):
        labels = "、".join(field.label for field in sort.fields) or "（无）"
        zh = f"{sort.label}没有代码为“{name}”的信息，可填：{labels}"
        raise _wrong(name, zh, f"{sort.kind} has no field {name!r}")
    for name, field in fields.items():
        value = command.fields.get(name)
        if value is None and field.required:
            raise _wrong(name, f"{sort.label}须填“{field.label}”", f"{sort.kind} needs {name!r}")
        if value is not None and (unfit := _unfit(value, field)):
            raise _wrong(name, f"“{field.label}”{unfit[0]}", f"{name!r} {unfit[1]}")


def _unfit(value: str | float, field: PartyField) -> tuple[str, str] | None:
    """Why a value does not fit its field; None if it fits."""
    if field.one_of is not None:
        if value in field.one_of:
            return None
        return f"应为以下之一：{'、'.join(field.one_of.values())}", f"must be one of {', '.join(field.one_of)}"
    if field.most is not None:
        fits = isinstance(value, float) and 0 <= value <= field.most
        return None if fits else (f"应为0至{field.most:,.10g}的数字", f"must be a number from 0 to {field.most:g}")
    return None if isinstance(value, str) else ("应为文字", "must be a text")


def _wrong(field: str, zh: str, en: str) -> Refused:
    return Refused("2.7", zh, en, field=f"fields.{field}", status=422)


def _check_parent(command: RegisterParty, sort: PartyKind, policy: Policy, others: Mapping[Key, State | None]) -> None:
    """Refuse a parent that the kind cannot have, that is unknown, or that lies in another division."""
    of, _, id = command.parent.partition(":")
    names = {level: policy.level(level) for level in DIVISIONS} | {one.kind: one.label for one in policy.parties}
    if of == "party":
        above = next((one for one in _of_id(others, id) if isinstance(one, Party) and not one.withdrawn), None)
        above = known(above, "组织或人员", "party", id)
        if f"party:{command.party}" in (command.parent, above.parent):
            raise Refused(
                "2.7",
                "组织不能隶属于自己或自己的下属，请改填",
                "nobody belongs to itself or to what belongs to it; name another one",
                field="parent",
                status=422,
            )
        of, place = above.sort, above.place
    elif of == "village":
        village = others[Village, id]
        village = not_ended(known(village if isinstance(village, Village) else None, "村", "village", id))
        place = village.place
    else:
        place = place_of(id)
    if of not in sort.parents:
        labels = "、".join(names[one] for one in sort.parents)
        raise Refused(
            "2.7",
            f"{sort.label}不能隶属于{names.get(of, of)}{id}，只能隶属于：{labels}",
            f"{sort.kind} cannot belong to {command.parent}, only to {', '.join(sort.parents)}",
            field="parent",
            status=422,
        )
    if place != command.place:
        raise Refused(
            "identity",
            f"{names.get(of, of)}{id}属于区划{place}，不属于{command.place}，请改填所属区划",
            f"{command.parent} belongs to division {place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
