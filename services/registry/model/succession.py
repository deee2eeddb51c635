"""Villages are merged, or parts of one become villages of their own; nothing that hangs on them is lost.

A merger has one village that goes on, with its team, its commitments and its place on the list; households, population
and past figures of those that end go over to it. A village on the list never vanishes from it: if the one that goes on
was never on the list, it enters it now, and one that has left the list cannot take in one that stands on it. After a
split the old village goes on with all that hangs on it, and each new one begins where the old one stands: on the list
with a survey of its own, under the same monitoring, or neither. An exit that is under way anywhere ends with its
reason, since its figures are no longer those of the village that is left.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

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
    ResolutionWithdrawn,
    VillageDelisted,
    VillageListed,
    VillageMerged,
    VillageRegistered,
    VillageSplit,
)
from shared.policy import Policy
from shared.policy.exit import INCIDENCE
from shared.rules import Change, Key, Refused, State, known

RULE = "Regulation on Administrative Divisions"

# ------------------------------------------------------------------- mergers


def merge_reads(_village: Village | None, command: MergeVillages) -> Iterable[Key]:
    """Those that end."""
    return ((Village, id) for id in command.merged)


def merge(
    village: Village | None, command: MergeVillages, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Villages end, and one goes on with what was theirs."""
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


def _mergeable(other: State | None, id: str, village: Village) -> Village:
    """A village that ends: of the same division, and not ended yet, unless by this very merger."""
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
    """Whoever stands on the list, or is still watched, must not vanish in one that has less to do with it."""
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
    """The latest figures were those of another village, so that on the list that year is measured again."""
    if village.stage not in LISTED or not village.measured:
        return village.owed
    return tuple(sorted({*village.owed, village.measured}))


def ended(village: Village | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """The village is no more; what was known about it stays readable."""
    if village is None:
        return Change(village)
    rest = village.but(into=event.into, owed=(), unmet=(), timers={})
    return moved(rest, event, policy, today)


# -------------------------------------------------------------------- splits


def split_reads(_village: Village | None, command: SplitVillage) -> Iterable[Key]:
    """Whether the codes are free, and the households that are dealt."""
    for part in command.parts:
        yield Village, part.code
        yield Code, part.code
    yield Register, command.village


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
    """A new village has a code of its own, in the county of the old one."""
    field = f"parts[{n}].code"
    check_free(part.code, "", others, field)
    if part.code[:6] != village.place:
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
    """The shares are those of the village: each household goes to one part, and every part has room for its own."""
    codes = [part.code for part in command.parts]
    dealt = [household for part in command.parts for household in part.households]
    twice = sorted({household for household in dealt if dealt.count(household) > 1})
    unknown = sorted(set(dealt) - register.households.keys())
    if len(set(codes)) < len(codes) or twice:
        raise Refused(
            RULE,
            f"新村代码重复，或同一户分给了两个村：{'、'.join(twice)}",
            f"a code is named twice, or a household goes to two villages: {', '.join(twice)}",
            field="parts",
            status=422,
        )
    if unknown:
        raise Refused(
            RULE,
            f"本村没有这些户：{'、'.join(unknown[:20])}，请核对户编号",
            f"the village has no such households: {', '.join(unknown[:20])}; check their ids",
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
    """A new village begins where the old one stands."""
    about: dict[str, Any] = {"place": village.place, "village": part.code}
    yield VillageRegistered(
        **about,
        name=part.name,
        township=part.township,
        population=part.population,
        issued_by=part.issued_by or None,
    )
    if village.stage in (*LISTED, *LEFT):
        yield VillageListed(**about, spell=1)
    if village.stage in LEFT:
        incidence = village.values.get(INCIDENCE, 0.0)
        yield VillageDelisted(
            **about, spell=1, incidence=incidence, decided_by=command.decided_by, since=village.delisted_on
        )


def born(village: Village | None, event: VillageRegistered, policy: Policy, today: date) -> Change:
    """A village that a split made begins with what is told of it; the others are there already."""
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
    return moved(village, event, policy, today)


def split_from(
    village: Village, event: VillageSplit, _policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """A new village knows what it comes from."""
    before = others[Village, event.village]
    assert isinstance(before, Village)
    return Change(village.but(predecessors=(event.village,), facts=before.facts))


def of_old(_village: Village | None, event: VillageSplit) -> Iterable[Key]:
    """The village that a new one comes from."""
    yield Village, event.village
