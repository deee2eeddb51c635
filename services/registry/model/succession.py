"""Mergers and splits of villages. Nothing that belongs to a village is lost by either.

In a merger one village remains and the others end. The remaining village keeps its team, its commitments and its place
on the poverty list, and takes over the households, population and past figures of the others. No village may vanish
from the list by a merger. So if the remaining village was never on the list and another one is, it enters the list now;
and if it has already left the list, it cannot take in a village that is still on it.

In a split the old village remains with everything that belongs to it. Each new village begins where the old one stands:
on the list with a survey of its own, monitored like the old one after its exit, or neither. On the other lists
(`listing.py`) a new village is put where the old one is, as far as there are places. After a merger the remaining
village is on the lists on which the ended ones were.

An exit that is under way in any of these villages ends, with the merger or split as its reason, since its figures
describe a village that no longer exists as it was.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.registry.model import roll
from services.registry.model.commands import MergeVillages, NewVillage, SplitVillage
from services.registry.model.exit import withdrawal
from services.registry.model.identity import check_free, check_issued, registered
from services.registry.model.register import Register
from services.registry.model.village import (
    LEFT,
    LISTED,
    Alias,
    Village,
    moved,
    standing,
)
from shared.codes import Code
from shared.contracts import Event
from shared.contracts.journey import STAGES
from shared.contracts.registry import (
    ListingBegun,
    ListingEnded,
    ListingOmitted,
    ResolutionWithdrawn,
    VillageDelisted,
    VillageListed,
    VillageMerged,
    VillageRegistered,
    VillageSplit,
)
from shared.divisions import place_of
from shared.policy import Policy
from shared.policy.exit import INCIDENCE
from shared.rules import Change, Key, Refused, State, few, known

RULE = "Regulation on Administrative Divisions"

# ------------------------------------------------------------------- mergers


def merge_reads(_village: Village | None, command: MergeVillages) -> Iterable[Key]:
    """The villages that end."""
    return ((Village, id) for id in command.merged)


def merge(
    village: Village | None, command: MergeVillages, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Merge villages into the remaining one."""
    village = standing(village, command)
    merged = [_mergeable(others[Village, id], id, village) for id in command.merged]
    if all(other.into == village.id for other in merged):
        return Change(village)
    if len({other.id for other in merged} - {village.id}) < len(merged):
        raise Refused(
            RULE,
            f"并入的村须各不相同，且不含存续村 {village.id} 本身",
            f"the villages that end must differ from one another and from {village.id}, which goes on",
            field="merged",
            status=422,
        )
    for other in merged:
        _check_since(command.since, other, today)
        _check_rank(village, other)
    _check_since(command.since, village, today)
    after = village.but(
        population=village.population + sum(other.population for other in merged),
        facts=max(village.facts, *(other.facts for other in merged)),
        predecessors=(*village.predecessors, *(other.id for other in merged)),
        owed=_owed_anew(village),
    )
    events: list[Event] = []
    for each in (village, *merged):
        events += withdrawal(each, f"村合并：{command.document}", command.decided_by)
    for other in merged:
        events += (
            ResolutionWithdrawn(
                place=other.place,
                village=other.id,
                matter=matter,
                reason=f"村合并：{command.document}",
                decided_by=command.decided_by,
            )
            for matter in other.matters
        )
    for other in merged:
        events += _listings_end(other, village.id, command.decided_by)
    for other in merged:
        events.append(
            VillageMerged(
                place=other.place,
                village=other.id,
                into=village.id,
                into_place=village.place,
                since=command.since,
                document=command.document,
                decided_by=command.decided_by,
            )
        )
    events.append(registered(after))
    if not village.spell and any(other.stage in LISTED for other in merged):
        events.append(VillageListed(place=village.place, village=village.id, spell=1))
    return Change(after, tuple(events))


def _listings_end(other: Village, into: str, decided_by: str) -> Iterable[Event]:
    """The listings of a merged village and of its organisations end here, and go on in the other village."""
    for one in other.listings.values():
        yield ListingEnded(
            place=other.place,
            kind=one.kind,
            village=other.id,
            party=one.party,
            spell=one.spell,
            ground="merged",
            into=into,
            decided_by=decided_by,
        )


def _mergeable(other: State | None, id: str, village: Village) -> Village:
    """A village that is to end. Refused if it is in another division or has ended already, except by this merger."""
    found = known(other, "村", "village", id)
    assert isinstance(found, Village)
    if found.into == village.id:
        return found
    if found.place != village.place:
        raise Refused(
            RULE,
            f"村 {id} 属于区划 {found.place}，与存续村不在同一县；请先由该县变更其区划代码",
            f"village {id} belongs to division {found.place}; let that county change its code first",
            field="merged",
            status=422,
        )
    if found.stage in ("merged", "withdrawn"):
        zh, en = STAGES[found.stage]
        raise Refused(RULE, f"村{id}{zh}，不能再合并", f"village {id} cannot be merged: {en}", field="merged")
    return found


def _check_since(since: date, village: Village, today: date) -> None:
    first = village.codes[-1].since
    if not min(first, today) <= since <= today:
        raise Refused(
            RULE,
            f"日期{since}有误，应当在村 {village.id} 现代码启用之日（{first}）至今天（{today}）之间",
            f"{since} must lie between {first}, when village {village.id} got its code, and today, {today}",
            field="since",
            status=422,
        )


def _check_rank(village: Village, other: Village) -> None:
    """Refuse to merge a village on the list into one that has left it, or a monitored one into one never listed."""
    on_list_lost = other.stage in LISTED and village.stage in LEFT
    watch_lost = other.stage in LEFT and not village.spell
    if on_list_lost or watch_lost:
        theirs, ours = STAGES[other.stage], STAGES[village.stage]
        raise Refused(
            RULE,
            f"村 {other.id} 处于“{theirs[0]}”阶段，存续村 {village.id} 处于“{ours[0]}”阶段，合并后帮扶或监测会中断；"
            f"请以 {other.id} 为存续村，再变更村名和代码",
            f"village {other.id} is {theirs[1]!r} and {village.id}, which is to go on, {ours[1]!r}, so that help or "
            f"monitoring would end; let {other.id} go on, and change its name and code",
            field="village",
        )


def _owed_anew(village: Village) -> tuple[int, ...]:
    """The years to measure. A merger or split outdates the latest figures, so that year is measured again."""
    if not village.measured:
        return village.owed
    return tuple(sorted({*village.owed, village.measured}))


def ended(village: Village | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """The village has ended. Its data stay readable."""
    if village is None:
        return Change(village)
    rest = village.but(into=event.into, owed=(), unmet=(), timers={})
    return moved(rest, event, policy, today)


# -------------------------------------------------------------------- splits


def split_reads(village: Village | None, command: SplitVillage) -> Iterable[Key]:
    """The villages that may have the new codes, the register with the households, and what counts places on lists."""
    for part in command.parts:
        yield Village, part.code
        yield Code, part.code
    yield Register, command.village
    for one in village.listings.values() if village else ():
        yield from roll.counting(command.place, one.kind)


def split(
    village: Village | None, command: SplitVillage, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Parts of the village become villages of their own."""
    village = standing(village, command)
    there = [others[Village, part.code] for part in command.parts]
    if all(isinstance(other, Village) and village.id in other.predecessors for other in there):
        return Change(village)
    for n, part in enumerate(command.parts):
        _check_part(part, n, village, others)
    _check_since(command.since, village, today)
    register = others[Register, village.id]
    assert isinstance(register, Register), "it comes with the village"
    left = village.population - sum(part.population for part in command.parts)
    _check_shares(command, register, left)
    after = village.but(population=left, owed=_owed_anew(village))
    events: list[Event] = [*withdrawal(village, f"村分设：{command.document}", command.decided_by)]
    for part in command.parts:
        events += _beginnings(part, village, command)
    for n, part in enumerate(command.parts):
        events += _on_lists(part, n, village, command, policy, others)
    successors = tuple(part.code for part in command.parts)
    events.append(
        VillageSplit(
            place=village.place,
            village=village.id,
            successors=successors,
            since=command.since,
            document=command.document,
            decided_by=command.decided_by,
        )
    )
    return Change(after, (*events, registered(after)))


def _check_part(part: NewVillage, n: int, village: Village, others: Mapping[Key, State | None]) -> None:
    """Refuse a new village whose code is taken or lies outside the old village's county."""
    field = f"parts[{n}].code"
    check_free(part.code, "", others, field)
    if place_of(part.code) != village.place:
        raise Refused(
            RULE,
            f"新村代码 {part.code} 的前六位须为本县 {village.place}",
            f"the new village's code {part.code} must begin with its county's {village.place}",
            field=field,
            status=422,
        )
    if part.issued_by:
        check_issued(part.code, village.place, field)


def _check_shares(command: SplitVillage, register: Register, left: int) -> None:
    """Refuse shares that do not add up: a household in two parts, or a part with fewer people than its households."""
    dealt = [household for part in command.parts for household in part.households]
    twice = sorted({household for household in dealt if dealt.count(household) > 1})
    unknown = sorted(set(dealt) - register.households.keys())
    if twice:
        raise Refused(
            RULE,
            f"同一户分给了两个村：{'、'.join(twice)}，请更正",
            f"a household goes to two villages: {', '.join(twice)}; correct the parts",
            field="parts",
            status=422,
        )
    if unknown:
        zh, en = few(unknown)
        raise Refused(
            RULE,
            f"本村没有这些户：{zh}，请核对户编号",
            f"the village has no such households: {en}; check their ids",
            field="parts",
            status=422,
        )
    shares = [(part.population, register.persons(part.households)) for part in command.parts]
    shares.append((left, register.persons(register.households.keys() - set(dealt))))
    if any(population < max(persons, 1) for population, persons in shares):
        raise Refused(
            RULE,
            "各村人口不得少于其在册农户人数，原村也须留有人口："
            + "；".join(f"人口{population}人、农户{persons}人" for population, persons in shares),
            "no village can have fewer people than its households, nor can the old one be empty: "
            + "; ".join(f"population {population}, persons of households {persons}" for population, persons in shares),
            field="parts",
            status=422,
        )


def _beginnings(part: NewVillage, village: Village, command: SplitVillage) -> Iterable[Event]:
    """The events that put a new village where the old one stands: registered, and listed or delisted as it was."""
    about: dict[str, Any] = {"place": village.place, "village": part.code}
    yield VillageRegistered(
        **about,
        name=part.name,
        township=part.township,
        population=part.population,
        issued_by=part.issued_by or None,
    )
    if village.stage in (*LISTED, *LEFT):
        yield VillageListed(**about, spell=1, left=village.delisted_on)
    if village.stage in LEFT:
        incidence = village.values.get(INCIDENCE, 0.0)
        yield VillageDelisted(
            **about, spell=1, incidence=incidence, decided_by=command.decided_by, since=village.delisted_on
        )


def _on_lists(
    part: NewVillage,
    number: int,
    village: Village,
    command: SplitVillage,
    policy: Policy,
    others: Mapping[Key, State | None],
) -> Iterable[Event]:
    """Put a new village on the lists of the old one, as far as they have places.

    `number` new villages of this split come before it and may have taken places. A list that the pack no longer has
    has no quota.
    """
    about: dict[str, Any] = {"place": village.place, "village": part.code}
    for one in village.listings.values():
        kind = policy.list_kind(one.kind)
        if one.party is not None:
            continue
        if kind and kind.at_most and not roll.has_room(kind, policy, others, number):
            yield ListingOmitted(**about, kind=one.kind, at_most=kind.at_most)
            continue
        yield ListingBegun(
            **about,
            kind=one.kind,
            spell=1,
            since=command.since,
            until=one.until,
            mode=one.mode,
            document=command.document,
            decided_by=command.decided_by,
        )


def born(village: Village | None, event: VillageRegistered, policy: Policy, today: date) -> Change:
    """Make the state of a village that a split has registered. For any other village the command has made it."""
    if village is None:
        village = Village(
            id=event.village,
            place=event.place,
            name=event.name,
            township=event.township,
            population=event.population,
            codes=(Alias(event.village, today),),
            issued_by=event.issued_by or "",
            since=today,
        )
    return moved(village.expecting(policy, today), event, policy, today)


def split_from(
    village: Village | None, event: VillageSplit, _policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """Note in the new village which one it was split from."""
    before = others[Village, event.village]
    if village is None or not isinstance(before, Village):
        return Change(village)
    return Change(village.but(predecessors=(event.village,), facts=before.facts))


def of_old(_village: Village | None, event: VillageSplit) -> Iterable[Key]:
    """The village from which the new one was split."""
    yield Village, event.village
