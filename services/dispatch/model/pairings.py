"""The cadres or villagers who are responsible for a village's households (帮扶责任人, 0.2, 2.2), seen from the village.

The registry says which households are poor. A village has some 340 pairs of a household and a helper, so they are a
document of their own, apart from its team and its commitments. A task or an event is about the whole village's pairs,
not about one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

import msgspec

from services.dispatch.model.bonds import declared
from services.dispatch.model.commands import EndPairings, PairHouseholds, Pairing
from services.dispatch.model.pool import Squad, enrolled, without
from services.dispatch.model.villagers import require_villager
from shared.contracts import Event
from shared.contracts.dispatch import (
    DeadlineMoved,
    GapClosed,
    GapFound,
    HouseholdsPaired,
    HouseholdsUnpaired,
    Pair,
)
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    HouseholdsCounted,
    PartyMerged,
    PartyWithdrawn,
    Rank,
)
from shared.labels import label
from shared.policy import Policy
from shared.policy.links import RANKS, Contact, PersonLink, Villager
from shared.rules import Change, Key, Moved, Refused, State, Task, addressed, require_body

Others = Mapping[Key, State | None]


class Helper(msgspec.Struct, frozen=True, array_like=True):
    """Who helps a household: the unit with which the cadre is registered (for a villager, the villager's own id), and
    since when."""

    unit: str
    since: date


Households = dict[str, dict[str, Helper]]
"""By household, the cadres who help it."""


class Circle(msgspec.Struct, frozen=True, omit_defaults=True):
    """The helpers of a village's households in one kind of link."""

    helped: Households = {}
    pair_by: date | None = None
    """The last day for finding a helper for each poor household; None while none lacks one."""
    missing: int = 0
    """How many poor households lacked a helper when it was told last."""


class Pairings(State, frozen=True, kw_only=True, omit_defaults=True):
    """A village's poor households and who helps them. Its id is the village's."""

    kind = "pairings"
    personal = True
    readers = frozenset({"poverty_office", "township"})
    known_as = ("结对帮扶台账", "the register of households and their helpers")

    circles: dict[str, Circle] = msgspec.field(default_factory=dict)
    poor: tuple[str, ...] = ()
    """The households that are poor, as the register told last. Each needs a helper."""
    lifted: tuple[str, ...] = ()
    """The registered households that are poor no more. They may keep their helpers."""

    @property
    def status(self) -> str:
        """`open` while a poor household lacks a helper, else `filled`."""
        return "open" if self.awaits else "filled"

    @property
    def awaits(self) -> bool:
        """Whether a poor household lacks a helper."""
        return any(circle.pair_by for circle in self.circles.values())

    def lacking(self, link: PersonLink) -> list[str]:
        """The poor households with too few helpers."""
        helped = self.helped(link.kind)
        return [household for household in self.poor if len(helped.get(household, ())) < link.fewest]

    def helped(self, kind: str) -> Households:
        """By household, its helpers in one kind of link."""
        return self.circles.get(kind, Circle()).helped

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The last day for finding helpers moved."""
        return DeadlineMoved(place=self.place, village=self.id, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterator[Task]:
        """For each kind of link in which a poor household lacks a helper, that one must be found."""
        for kind, circle in sorted(self.circles.items()):
            link = policy.helping.get(kind)
            if link and circle.pair_by:
                answer = {"place": self.place, "village": self.id, "kind": kind, "body": link.decides}
                yield Task(
                    action="pairings",
                    about=self.id,
                    role=link.decides,
                    due=circle.pair_by,
                    rule=link.rule,
                    detail=kind,
                    answer=answer,
                )

    def having(
        self, link: PersonLink, helped: Households, policy: Policy, today: date
    ) -> tuple["Pairings", tuple[Event, ...]]:
        """The state with these helpers in one kind of link. How many households lack one is told if it changed."""
        before = self.circles.get(link.kind, Circle())
        after = self.but(circles={**self.circles, link.kind: Circle(helped)})
        missing = len(after.lacking(link))
        asked = link.begin_by  # A pack that asks for helpers says by when.
        pair_by = (before.pair_by or asked.due(today, policy.calendar)) if missing and asked else None
        circle = Circle(helped, pair_by, missing)
        after = self.but(circles={**self.circles, link.kind: circle})
        if not (pair_by and before.pair_by):
            span = asked.within if asked else None
            after = after.counting("circles", link.kind, "pair_by", since=today, span=span)
        place, village, kind = self.place, self.id, link.kind
        if missing == before.missing:
            return after, ()
        if not missing:
            return after, (GapClosed(place=place, village=village, kind=kind),)
        households = len(self.poor)
        return after, (GapFound(place=place, village=village, kind=kind, missing=missing, households=households),)


def came_from(_state: Pairings | None, event: HouseholdsCounted) -> Iterable[Key]:
    """The village in which households lived before."""
    return ((Pairings, event.former),) if event.former else ()


def count(state: Pairings | None, event: HouseholdsCounted, policy: Policy, today: date, others: Others) -> Change:
    """The register tells which households are poor, and which came from another village; those bring their helpers.

    A household that is not registered any more has no helper. A poor household that lacks one is owed one.
    """
    state = state or Pairings(id=event.village, place=event.place)
    state = state.but(place=event.place, poor=event.poor, lifted=event.lifted)
    known, before, told = {*event.poor, *event.lifted}, others.get((Pairings, event.former or "")), list[Event]()
    left = before if isinstance(before, Pairings) else None
    for kind in sorted({*policy.helping, *state.circles, *(left.circles if left else ())}):
        ours = state.helped(kind)
        theirs = {old: left.helped(kind)[old] for old in event.came if old in left.helped(kind)} if left else {}
        came = {event.came[old]: helpers for old, helpers in theirs.items()}
        gone = {household: helpers for household, helpers in ours.items() if household not in known}
        after, gaps = _with(state, kind, {**ours, **came}, policy, today)
        if left and theirs:
            told += _unpaired(left, kind, theirs, "moved"), _paired(state, kind, came, "")
        if gone:
            told.append(_unpaired(state, kind, gone, "unregistered"))  # When this is heard, `lose` drops them.
        state, told = after, [*told, *gaps]
    return Change(state, tuple(told))


def _with(
    state: Pairings, kind: str, helped: Households, policy: Policy, today: date
) -> tuple[Pairings, tuple[Event, ...]]:
    """The state with these helpers. If the pack no longer has the kind of link, no helper is owed."""
    link = policy.helping.get(kind)
    if link:
        return state.having(link, helped, policy, today)
    return state.but(circles={**state.circles, kind: Circle(helped)}), ()


def _pairs(helped: Mapping[str, Mapping[str, Helper]]) -> tuple[Pair, ...]:
    return tuple(
        Pair(household=household, unit=helper.unit, cadre=cadre)
        for household, helpers in sorted(helped.items())
        for cadre, helper in sorted(helpers.items())
    )


def _paired(state: Pairings, kind: str, helped: Households, by: str) -> HouseholdsPaired:
    return HouseholdsPaired(place=state.place, village=state.id, kind=kind, pairs=_pairs(helped), decided_by=by)


def _unpaired(state: Pairings, kind: str, helped: Households, ground: str, by: str = "") -> HouseholdsUnpaired:
    return HouseholdsUnpaired(
        place=state.place, village=state.id, kind=kind, pairs=_pairs(helped), ground=ground, decided_by=by
    )


# ------------------------------------------------------------------ people pair and part


def asked_about(_state: Pairings | None, command: PairHouseholds) -> Iterable[Key]:
    """The keys of the squads of the cadres' units and of the villagers, which know how many households each helps."""
    return ((Squad, unit) for unit in sorted({pair.unit or pair.cadre for pair in command.pairs}))


def pair(state: Pairings | None, command: PairHouseholds, policy: Policy, today: date, others: Others) -> Change:
    """The body that the pack names makes cadres or villagers responsible for households of a village (0.2, 2.2, 2.17).

    A cadre with ties to the village may help there; whoever is a relative of the household may not.
    """
    link = declared(policy.helping, command.kind, "2.2", "帮扶到户方式", "link to households")
    require_body(command.body, link.decides, link.rule)
    state = addressed(state, command)
    helped, new = dict(state.helped(link.kind)), dict[str, dict[str, Helper]]()
    _check_known(link, {one.household for one in command.pairs}, {*state.poor, *state.lifted, *helped})
    for one in command.pairs:
        if one.cadre in helped.get(one.household, ()):
            continue
        _check_helper(state, link, one, others)
        _check_number(link, one, helped.get(one.household, ()))
        helper = {one.cadre: Helper(one.unit or one.cadre, today)}
        helped[one.household] = {**helped.get(one.household, {}), **helper}
        new[one.household] = {**new.get(one.household, {}), **helper}
    if not new:
        return Change(state)
    _check_bearers(link, new, others)
    after, gaps = state.having(link, helped, policy, today)
    return Change(after, (_paired(state, link.kind, new, command.decided_by), *gaps))


def _check_known(link: PersonLink, asked: Collection[str], known: Collection[str]) -> None:
    """Refuse households that the register does not have."""
    if unknown := sorted({*asked} - {*known}):
        raise Refused(
            link.rule,
            f"{unknown[0]}不是该村建档立卡户（共{len(unknown)}户不符），请核对户编号，或先录入该村年度农户信息",
            f"{unknown[0]} is no registered household of the village ({len(unknown)} are none); check the ids, or "
            "record the village's households first",
            field=f"pairs.{unknown[0]}.household",
            status=422,
        )


def _check_helper(state: Pairings, link: PersonLink, one: Pairing, others: Others) -> None:
    """Refuse somebody who is not registered with the unit or in the village, ranks too low, or is a relative of the
    household."""
    field = f"pairs.{one.household}.cadre"
    if isinstance(link, Villager):
        require_villager(others, link, one.cadre, one.unit, state.id, field)
    elif isinstance(link, Contact):
        cadre = enrolled(others, one.unit, one.cadre, link.rule, field)
        if RANKS.index(cadre.rank) < RANKS.index(link.rank):
            zh = f"{one.cadre}的职务层次低于{label('rank', link.rank)}，请改由符合要求的干部帮扶"
            en = f"{one.cadre} ranks below {_said(link.rank)}; choose a higher rank"
            raise Refused(link.rule, zh, en, field=field, status=422)
    if one.kin:
        zh = f"{one.cadre}与{one.household}有亲属关系，应当回避，请改由其他人帮扶"
        en = f"{one.cadre} is a relative of household {one.household}; choose somebody else"
        raise Refused(link.rule, zh, en, field=field, status=422)


def _said(rank: Rank) -> str:
    return rank.replace("_", " ")


def _check_number(link: PersonLink, one: Pairing, helpers: Collection[str]) -> None:
    """Refuse more helpers of a household than the pack allows."""
    if link.most is not None and len(helpers) >= link.most:
        raise Refused(
            link.rule,
            f"{link.label}每户最多{link.most}名，{one.household}已有{'、'.join(sorted(helpers))}，请先解除",
            f"household {one.household} has {', '.join(sorted(helpers))} already, and {link.most} at most; end a pair "
            "first",
            field=f"pairs.{one.household}.cadre",
        )


def _check_bearers(link: PersonLink, new: Households, others: Others) -> None:
    """Refuse more households than a cadre may help, in this village and in others."""
    most = link.each_bearer.at_most
    if most is None:
        return
    zh, en = ("村民", "villager") if isinstance(link, Villager) else ("干部", "cadre")
    for cadre, unit, household in ((cadre, h.unit, id) for id, of in new.items() for cadre, h in of.items()):
        squad = others[Squad, unit]
        number = squad.helping(link.kind, cadre) if isinstance(squad, Squad) else 0
        if number + sum(cadre in helpers for helpers in new.values()) > most:
            raise Refused(
                link.rule,
                f"{cadre}已帮扶{number}户，每名{zh}最多帮扶{most}户，请改由其他{zh}帮扶",
                f"{cadre} helps {number} households already, and {most} at most; choose another {en}",
                field=f"pairs.{household}.cadre",
            )


def end(state: Pairings | None, command: EndPairings, policy: Policy, today: date) -> Change:
    """The body that the pack names ends pairs, or takes mistaken ones back. A poor household that then lacks a helper
    is owed one."""
    link = policy.helping.get(command.kind)
    rule = link.rule if link else "2.2"
    require_body(command.body, link.decides if link else "organisation", rule)
    state = addressed(state, command)
    helped, gone = dict(state.helped(command.kind)), dict[str, dict[str, Helper]]()
    for one in command.pairs:
        helper = helped.get(one.household, {}).get(one.cadre)
        if helper is None:
            raise Refused(
                rule,
                f"{one.cadre}目前没有帮扶{one.household}，请核对户编号和干部编号",
                f"{one.cadre} does not help household {one.household} now; check both ids",
                field=f"pairs.{one.household}.cadre",
            )
        helped[one.household] = without(helped[one.household], one.cadre)
        gone[one.household] = {**gone.get(one.household, {}), one.cadre: helper}
    after, gaps = _with(state, command.kind, helped, policy, today)
    ended = _unpaired(state, command.kind, gone, command.because, command.decided_by)
    return Change(after, (ended, *gaps))


def lose(state: Pairings | None, event: HouseholdsUnpaired, policy: Policy, today: date) -> Change:
    """Pairs ended otherwise than by a decision about the village: a cadre left, or households went elsewhere."""
    if state is None:
        return Change(state)
    helped = dict(state.helped(event.kind))
    for one in event.pairs:
        if left := without(helped.get(one.household, {}), one.cadre):
            helped[one.household] = left
        else:
            helped.pop(one.household, None)
    if helped == state.helped(event.kind):
        return Change(state)
    if event.ground == "moved":  # The households are the other village's now, so no helper is owed to them here.
        gone = {one.household for one in event.pairs}
        poor, lifted = (tuple(id for id in ids if id not in gone) for ids in (state.poor, state.lifted))
        state = state.but(poor=poor, lifted=lifted)
    return Change(*_with(state, event.kind, helped, policy, today))


# ------------------------------------------------------------------ a cadre leaves the unit


def former_unit(event: CadreRegistered | CadreWithdrawn, policy: Policy) -> Iterable[str]:
    """The unit that a cadre leaves. Whether its pack has helpers does not matter: the households may be under another
    pack."""
    unit = event.left if isinstance(event, CadreRegistered) else event.unit
    return (unit,) if unit else ()


Leaving = CadreRegistered | CadreWithdrawn | PartyWithdrawn | PartyMerged
"""Events after which a cadre is no longer with the unit, or a villager no longer registered."""


def _who(event: Leaving) -> str:
    return event.party if isinstance(event, PartyWithdrawn | PartyMerged) else event.cadre


def helped_by(squad: Squad | None, event: Leaving) -> Iterable[Key]:
    """The villages in which the cadre or villager helps."""
    of = (villages for by in (squad.helps.values() if squad else ()) for villages in (by.get(_who(event), {}),))
    return ((Pairings, village) for villages in of for village in villages)


def leave(squad: Squad | None, event: Leaving, policy: Policy, today: date, others: Others) -> Change:
    """A cadre retired, died, or went to another unit, or a villager is no longer registered. The households need
    another helper from that day on.

    A cadre who went to another unit must be paired anew from there, because a unit answers for its cadres' households
    too.
    """
    told, who = list[Event](), _who(event)
    for key in helped_by(squad, event):
        village = others[key]
        for kind in sorted(village.circles) if isinstance(village, Pairings) else ():
            assert isinstance(village, Pairings)
            theirs: defaultdict[str, dict[str, Helper]] = defaultdict(dict)
            for household, helpers in village.helped(kind).items():
                if who in helpers:
                    theirs[household][who] = helpers[who]
            if theirs:
                told.append(_unpaired(village, kind, theirs, "left"))
    return Change(squad, tuple(told))
