"""Cadres who are bound to a village without a team, such as a leader to a contact point (联系点, 4.2).

The pack says each kind of such a link: how many cadres a village has, of which rank, how many villages each may have,
and who decides. A place that is open is a task with a last day.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec

from services.dispatch.model.commands import BeginLink, EndLink
from services.dispatch.model.eligibility import Cadre
from services.dispatch.model.pool import Squad, described, without
from shared.contracts import Event
from shared.contracts.dispatch import DeadlineMoved, LinkBegun, LinkEnded
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    DiagnosisWithdrawn,
    Rank,
    VillageDelisted,
    VillageDiagnosed,
    VillageMerged,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.labels import label
from shared.policy import Policy
from shared.policy.links import RANKS, Contact
from shared.rules import Change, Key, Moved, Refused, State, Task, addressed, known, require_body

Others = Mapping[Key, State | None]
Ending = VillageDelisted | VillageMerged | VillageUnlisted | VillageWithdrawn | DiagnosisWithdrawn
GROUNDS: Mapping[type[Event], str] = {
    VillageDelisted: "delisted",
    VillageMerged: "merged",
    VillageUnlisted: "unlisted",
    VillageWithdrawn: "withdrawn",
    DiagnosisWithdrawn: "undiagnosed",
}
"""What ends the links of a village, as the event says it."""


class Bond(msgspec.Struct, frozen=True, omit_defaults=True):
    """The cadres who are bound to a village in one kind of link."""

    since: dict[str, date] = {}
    """By cadre, the day on which the link began."""
    begin_by: date | None = None
    """The last day for filling the open places; None while no place must be filled."""


class Contacts(State, frozen=True, kw_only=True, omit_defaults=True):
    """The cadres who are bound to a village, by kind of link. Its id is the village's."""

    kind = "contacts"

    bonds: dict[str, Bond] = msgspec.field(default_factory=dict)
    needed: bool = False
    """Whether the village needs them: from the diagnosis until it leaves the list."""
    left: bool = False
    """Whether it left the list by an exit, after which a kind of link may go on."""

    @property
    def status(self) -> str:
        """`open` while a place must be filled, else `filled`."""
        return "open" if self.awaits else "filled"

    @property
    def awaits(self) -> bool:
        """Whether a place must be filled."""
        return any(bond.begin_by for bond in self.bonds.values())

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The last day for filling a place moved."""
        return DeadlineMoved(place=self.place, village=self.id, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterator[Task]:
        """For each kind of link that has too few cadres, that another must be found."""
        for kind, bond in sorted(self.bonds.items()):
            link = policy.contacts.get(kind)
            if link and bond.begin_by:
                yield Task(
                    action="links", about=self.id, role=link.decides, due=bond.begin_by, rule=link.rule, detail=kind,
                    answer={"place": self.place, "village": self.id, "kind": kind, "body": link.decides},
                )  # fmt: skip

    def having(self, link: Contact, since: dict[str, date], policy: Policy, today: date) -> "Contacts":
        """The state with these cadres in one kind of link, and a last day for filling its places if they are too
        few."""
        bond = self.bonds.get(link.kind, Bond())
        is_short = self.needed and len(since) < link.fewest
        begin_by = (bond.begin_by or link.begin_by.due(today, policy.calendar)) if is_short else None
        state = self.but(bonds={**self.bonds, link.kind: Bond(since, begin_by)})
        if begin_by and bond.begin_by:
            return state
        return state.counting("bonds", link.kind, "begin_by", since=today, span=link.begin_by.span)


class Bearer(State, frozen=True, kw_only=True, omit_defaults=True):
    """The villages to which a cadre is bound, so that nobody has more than the pack allows. Its id is the cadre's."""

    kind = "bearers"

    villages: dict[str, dict[str, Rank]] = msgspec.field(default_factory=dict)
    """By kind of link, the villages, each with the lowest rank that its pack asked for when the link began."""


def need(state: Contacts | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village needs cadres in each kind of link that the pack has, now or later."""
    state = (state or Contacts(id=event.village, place=event.place)).but(needed=True, left=False)
    for link in policy.contacts.values():
        state = state.having(link, _since(state, link.kind), policy, today)
    return Change(state)


def _since(state: Contacts, kind: str) -> dict[str, date]:
    return state.bonds.get(kind, Bond()).since


def asked_about(_state: Contacts | None, command: BeginLink) -> Iterable[Key]:
    """The key of the cadre's unit."""
    return ((Squad, command.unit),)


def begin(state: Contacts | None, command: BeginLink, policy: Policy, today: date, others: Others) -> Change:
    """The body that the pack names binds a cadre to a village. Rank, ties and number must be as the pack says (4.2)."""
    link = policy.contacts.get(command.kind)
    if link is None:
        kinds = "、".join(one.label for one in policy.contacts.values()) or "（无）"
        raise Refused(
            "4.2",
            f"本地规定中没有这种联系方式，可填：{kinds}",
            f"the pack has no such kind of link, {command.kind}; its kinds are: {', '.join(policy.contacts) or 'none'}",
            field="kind",
            status=422,
        )
    require_body(command.body, link.decides, link.rule)
    state = addressed(state, command)
    since = _since(state, link.kind)
    if command.cadre in since:
        return Change(state)
    if not state.needed and (link.ends == "delisted" or not state.left):
        raise Refused(
            link.rule,
            f"该村现未列入贫困村或者尚未会诊，不能确定{link.label}联系人",
            f"the village is not on the poverty list now, or was not diagnosed; no {link.kind} link can begin",
        )
    squad = others[Squad, command.unit]
    cadre = squad.cadres.get(command.cadre) if isinstance(squad, Squad) else None
    if cadre is None:
        zh = f"{command.cadre}不是单位{command.unit}登记的干部，请核对"
        en = f"{command.cadre} is not registered as a cadre of {command.unit}; check both ids"
        raise Refused(link.rule, zh, en, field="cadre", status=422)
    if misfit := _misfit(cadre, link.rank, command.village):
        zh, en = misfit
        raise Refused(link.rule, f"{command.cadre}{zh}", f"{command.cadre} {en}", field="cadre", status=422)
    if link.most is not None and len(since) >= link.most:
        raise Refused(
            link.rule,
            f"{link.label}每村最多{link.most}名，该村已有{'、'.join(sorted(since))}，请先解除",
            f"the village has {', '.join(sorted(since))} already, and {link.most} at most; end a link first",
            field="cadre",
        )
    begun = LinkBegun(
        place=state.place,
        village=command.village,
        kind=link.kind,
        unit=command.unit,
        cadre=command.cadre,
        decided_by=command.decided_by,
    )
    return Change(state.having(link, {**since, command.cadre: today}, policy, today), (begun,))


def _misfit(cadre: Cadre, rank: Rank, village: str) -> tuple[str, str] | None:
    """Why a cadre cannot be bound to the village, in Chinese and English: the rank is too low, or there are ties."""
    if RANKS.index(cadre.rank) < RANKS.index(rank):
        zh = f"的职务层次低于{label('rank', rank)}，请改由符合要求的干部联系"
        return zh, f"ranks below {rank.replace('_', ' ')}; choose a higher rank"
    if village in cadre.ties:
        return "须回避该村，请改由其他干部联系", "has ties to the village; choose another"
    return None


def bear(state: Bearer | None, command: BeginLink, policy: Policy, today: date) -> Change:
    """Count the village among those of the cadre, who may not have more than the pack allows (2.2)."""
    link = policy.contacts[command.kind]
    state = state or Bearer(id=command.cadre, place=command.place)
    villages, most = state.villages.get(link.kind, {}), link.each_bearer.at_most
    if command.village in villages:
        return Change(state)
    if most is not None and len(villages) >= most:
        raise Refused(
            link.rule,
            f"{command.cadre}已联系{'、'.join(sorted(villages))}，每名干部最多联系{most}个村，请改由其他干部联系",
            f"{command.cadre} has {', '.join(sorted(villages))} already, and {most} at most; choose another cadre",
            field="cadre",
        )
    kept = {**state.villages, link.kind: {**villages, command.village: link.rank}}
    return Change(state.but(villages=kept))


def end(state: Contacts | None, command: EndLink, policy: Policy, today: date) -> Change:
    """The body that the pack names ends a link. A kind that the pack has no more is the organisation department's."""
    link = policy.contacts.get(command.kind)
    require_body(command.body, link.decides if link else "organisation", link.rule if link else "4.2")
    state = addressed(state, command)
    if command.cadre not in _since(state, command.kind):
        raise Refused(
            link.rule if link else "4.2",
            f"{command.cadre}目前没有联系该村，请核对干部编号",
            f"{command.cadre} is not bound to the village now; check the id",
            field="cadre",
        )
    return _without(state, {command.kind: [command.cadre]}, "decided", policy, today, command.decided_by)


def finish(state: Contacts | None, event: Ending, policy: Policy, today: date) -> Change:
    """The village left the list, or is no village of the list any more. Nobody is needed there.

    After an exit those stay whose link does not end with it; otherwise all links end.
    """
    if state is None:
        return Change(state)
    links = policy.contacts
    stays = {kind for kind, link in links.items() if link.ends is None and isinstance(event, VillageDelisted)}
    gone = {kind: [*bond.since] for kind, bond in state.bonds.items() if kind not in stays}
    bonds = {kind: Bond(bond.since) for kind, bond in state.bonds.items()}
    rest = state.but(needed=False, left=isinstance(event, VillageDelisted), bonds=bonds, deadlines=())
    return _without(rest, gone, GROUNDS[type(event)], policy, today)


def _without(
    state: Contacts, gone: Mapping[str, Iterable[str]], ground: str, policy: Policy, today: date, by: str = ""
) -> Change:
    """The village without the links that end, each of which is told."""
    told: list[Event] = []
    for kind, cadres in sorted(gone.items()):
        since = {cadre: day for cadre, day in _since(state, kind).items() if cadre not in {*cadres}}
        link = policy.contacts.get(kind)
        state = (
            state.having(link, since, policy, today) if link else state.but(bonds={**state.bonds, kind: Bond(since)})
        )
        told += (
            LinkEnded(place=state.place, village=state.id, kind=kind, cadre=cadre, ground=ground, decided_by=by)
            for cadre in sorted(cadres)
        )
    return Change(state, tuple(told))


def bound_to(state: Bearer | None, _event: CadreRegistered | CadreWithdrawn) -> Iterable[Key]:
    """The keys of the cadre's villages, which know the divisions where they are by now."""
    return ((Contacts, village) for villages in (state.villages if state else {}).values() for village in villages)


def judge(
    state: Bearer | None, event: CadreRegistered | CadreWithdrawn, policy: Policy, today: date, others: Others
) -> Change:
    """A cadre was registered anew, or not at all any more. Where the cadre no longer fits, the link ends that day.

    What was registered is sealed and the end of a link is open, so that it does not say what of it does not fit.
    """
    told: list[Event] = []
    cadre = described(event) if isinstance(event, CadreRegistered) else None
    for kind, villages in sorted(state.villages.items()) if state else ():
        for village, rank in sorted(villages.items()):
            if cadre is None or _misfit(cadre, rank, village):
                place = known(others[Contacts, village], "村", "the village", village).place
                told.append(
                    LinkEnded(
                        place=place, village=village, kind=kind, cadre=event.cadre, ground="disqualified", decided_by=""
                    )
                )
    return Change(state, tuple(told))


def free(state: Bearer | None, event: LinkEnded, policy: Policy, today: date) -> Change:
    """The cadre has one village less."""
    state = known(state, "干部", "cadre", event.cadre)
    left = without(state.villages.get(event.kind, {}), event.village)
    return Change(state.but(villages={**state.villages, event.kind: left}))


def lose(state: Contacts | None, event: LinkEnded, policy: Policy, today: date) -> Change:
    """A link ended otherwise than by a decision about the village. The place is open, if the village needs it."""
    since = _since(state, event.kind) if state else {}
    if state is None or event.cadre not in since:
        return Change(state)
    return Change(_without(state, {event.kind: [event.cadre]}, event.ground, policy, today).state)
