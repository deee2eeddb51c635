"""Whom the inspection may assess beside teams: villages, townships, organisations, village cadres (2.21).

On the day that the pack names, an assessment begins for each subject that is registered then. A subject that ends
before a grade is proposed is not graded: a village that is merged, an organisation that is dissolved, a secretary who
leaves the post.

A township is known by the codes of its villages. Events about a village count in the township where the village lay
when that year began, so that nothing is awaited in one township and comes in in another.

A village and a township also keep the results of everybody who is assessed there, and the facts of the year. Their own
assessments may be made of these, and may be opened later (1.7, 3.7).
"""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.inspection.model.appraisal import Appraisal
from services.inspection.model.facts import Source, told
from shared.calendar import DAY
from shared.codes import Code
from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalOpened,
    AppraisedKind,
)
from shared.contracts.registry import (
    PartyMerged,
    PartyRegistered,
    PartyWithdrawn,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageWithdrawn,
)
from shared.divisions import part_of, place_of
from shared.policy import Policy
from shared.policy.appraisals import TOWNSHIP, VILLAGE
from shared.policy.appraisals import Appraisal as Terms
from shared.rules import Change, Due, Key, State

Ends = VillageMerged | VillageWithdrawn | PartyMerged | PartyWithdrawn
KEPT = 2
"""How many assessments of one kind a subject remembers: that of last year may still await its grade."""


class Subject(State, frozen=True, kw_only=True, omit_defaults=True):
    """One who may be assessed. Its id is `village:`, `township:` or `party:` with the subject's own id."""

    kind = "subjects"
    personal = True
    readers = frozenset({"inspection", "organisation"})
    known_as = ("考核对象名册", "the list of who is assessed")

    sort: str
    """`village`, `township`, or the kind of party by the pack."""
    is_person: bool = False
    fields: dict[str, str | float] = msgspec.field(default_factory=dict)
    """What is known of a party, such as the post that a village cadre holds."""
    village: str = ""
    """The village itself, or the one that a party belongs to."""
    parent: str = ""
    """Whom a party belongs to: `village:<id>`, `township:<9 digits>` …, or `party:<id>`."""
    lies_in: str = ""
    """Of an organisation that belongs to a party: the village or division in which that party lies; otherwise empty.
    For a person it is looked up when an assessment begins, since events about persons are sealed and may come before
    those about their organisation."""
    opened: tuple[str, ...] = ()
    """Its latest assessments, by id."""
    results: dict[str, dict[str, float | None]] = msgspec.field(default_factory=dict)
    """By `<source>/<year>`: the score of each who is assessed in the village or township, None until there is a grade,
    and the facts of the year, by their key."""
    ended: bool = False
    left: bool = False
    """Whether a village of the township has got the code of another township. The township is still assessed as long as
    results or facts come in from villages that it has."""

    @property
    def above(self) -> Iterable[Key]:
        return ((Subject, self.parent),) if self.parent.startswith("party:") else ()

    @property
    def within(self) -> str:
        """The village or division in which it lies. Whoever belongs to it lies there, too."""
        return self.lies_in or self.parent

    @property
    def subject(self) -> str:
        """How events and commands name it."""
        return self.id if self.sort == TOWNSHIP else self.id.partition(":")[2]

    @property
    def journey(self) -> str:
        """The village that it belongs to, or itself."""
        return self.village or self.subject

    @property
    def subject_kind(self) -> AppraisedKind:
        """What it is, in the words of events."""
        if self.sort == VILLAGE:
            return "village"
        if self.sort == TOWNSHIP:
            return "township"
        return "village_cadre" if self.is_person else "organisation"

    @property
    def status(self) -> str:
        return "ended" if self.ended else self.sort


def of_township(event: VillageRegistered, _policy: Policy) -> Iterable[str]:
    """The township of a new village, whose code is its id."""
    return (_township(event.village),)


def new_township(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The township in which a village lies by its new code."""
    return (_township(event.code),)


def old_township(event: VillageRecoded, policy: Policy, code: Code | None) -> Iterable[str]:
    """The township that a village leaves; none if it stays in it."""
    before = _township(code.on(date.max) if code else event.village)
    return (before,) if before != _township(event.code) else ()


def township_of(village: str, year: int, code: Code | None) -> str:
    """The township in which a village lay when a year began."""
    return _township(code.on(date(year, 1, 1)) if code else village)


def _township(code: str) -> str:
    return f"{TOWNSHIP}:{part_of(code, TOWNSHIP)}"


def of_village(
    event: VillageRegistered | VillageMerged | VillageWithdrawn | VillageRecoded, _policy: Policy
) -> Iterable[str]:
    """The village as a subject."""
    return (f"{VILLAGE}:{event.village}",)


def of_party(event: PartyRegistered | PartyMerged | PartyWithdrawn, _policy: Policy) -> Iterable[str]:
    """The party as a subject."""
    return (f"party:{event.party}",)


def register_village(state: Subject | None, event: VillageRegistered, policy: Policy, today: date) -> Change:
    """A village was registered, or is registered again."""
    id = f"{VILLAGE}:{event.village}"
    known = state or Subject(id=id, place=event.place, sort=VILLAGE, village=event.village)
    return Change(_waking(known.but(ended=False), policy, today))


def register_township(state: Subject | None, event: VillageRegistered, policy: Policy, today: date) -> Change:
    """A township becomes known when the first of its villages is registered."""
    if state:
        return Change(state)
    (id,) = of_township(event, policy)
    return Change(_waking(Subject(id=id, place=event.place, sort=TOWNSHIP), policy, today))


def enter_township(state: Subject | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """A township becomes known by a village that has got a code in it. It is assessed from the next year on."""
    if state:
        return Change(state)
    (id,) = new_township(event, policy)
    township = Subject(id=id, place=place_of(event.code), sort=TOWNSHIP)
    return Change(_waking(township, policy, date(today.year, 12, 31)))


def leave_township(state: Subject | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """A village has left the township, perhaps the last one."""
    return Change(state and state.but(left=True))


def above(_state: Subject | None, event: PartyRegistered) -> Iterable[Key]:
    """The party to which an organisation belongs. For a person none is read: it may not have been heard of yet."""
    if event.parent.startswith("party:") and not event.personal:
        yield Subject, event.parent


def register_party(
    state: Subject | None, event: PartyRegistered, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A party was registered, or belongs to another village now."""
    of = others.get((Subject, event.parent))
    lies_in = of.within if isinstance(of, Subject) else ""
    village = event.parent.partition(":")[2] if event.parent.startswith(f"{VILLAGE}:") else ""
    known = state or Subject(id=f"party:{event.party}", place=event.place, sort=event.kind, is_person=event.personal)
    renewed = known.but(
        place=event.place,
        sort=event.kind,
        fields=event.fields,
        village=village,
        parent=event.parent,
        lies_in=lies_in,
        ended=False,
    )
    return Change(_waking(renewed, policy, today))


def recode(state: Subject | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """The village lies in the division of its new code. That division's pack opens its assessments from tomorrow on."""
    return Change(state and state.but(place=place_of(event.code)).woken(today + DAY))


def composing(event: Source, policy: Policy, code: Code | None) -> Iterable[str]:
    """The village and the township of a result or fact, if the pack has assessments there that are made of it."""
    if not event.village or not policy.composing:
        return ()
    made = {(one.of, fact.year) for fact in told(event, policy) for one in policy.composing.get(fact.source, ())}
    return {
        f"{VILLAGE}:{event.village}" if sort == VILLAGE else township_of(event.village, year, code): None
        for sort, year in made
    }


def note_result(state: Subject | None, event: Source, policy: Policy, today: date) -> Change:
    """Keep a result or fact of the village or township. What is older than the year before is removed."""
    if state is None:
        return Change(state)
    results = state.results
    for fact in told(event, policy):
        key = f"{fact.source}/{fact.year}"
        results = {of: known for of, known in results.items() if int(of[-4:]) >= fact.year - 1}
        results[key] = fact.into(results.get(key, {}))
    return Change(state.but(results=results))


def running(state: Subject | None, _event: Ends) -> Iterable[Key]:
    """The assessments that may still be open."""
    return ((Appraisal, id) for id in (state.opened if state else ()))


def end(state: Subject | None, event: Ends, policy: Policy, today: date, others: Mapping[Key, State | None]) -> Change:
    """The subject is no more, or left its post. Of its assessments, those without a proposed grade end."""
    if state is None:
        return Change(state)
    dropped = (
        AppraisalDropped(place=one.place, **one.about)
        for one in others.values()
        if isinstance(one, Appraisal) and one.status in ("open", "complete")
    )
    return Change(state.but(ended=True).timed(open=None), tuple(dropped))


def open_due(state: Subject, due: Due, policy: Policy, today: date) -> Change:
    """Open the assessments of the subject that the pack opens today. It also runs when another pack takes effect.

    For a township that villages have left, none is opened if no result or fact has come since last year.
    """
    if state.ended:
        return Change(state)
    year = due.on.year
    is_empty = state.left and not any(int(of[-4:]) >= year - 1 for of in state.results)
    begun = {f"{one.kind}/{state.subject}/{year}": one for one in _own(state, policy) if one.opens.of(year) == due.on}
    opening = {id: one for id, one in begun.items() if id not in state.opened and not is_empty}
    events = tuple(
        AppraisalOpened(
            place=state.place,
            kind=one.kind,
            subject_kind=state.subject_kind,
            subject=state.subject,
            village=state.village or None,
            year=year,
            inputs=tuple(channel.channel for channel in one.channels),
            parent=state.parent or None,
            personal=policy.tells_of_persons(one),
        )
        for one in opening.values()
    )
    opened = state.opened
    for new, one in opening.items():
        of_kind = [id for id in opened if id.startswith(f"{one.kind}/")][-KEPT + 1 :]
        others = tuple(id for id in opened if not id.startswith(f"{one.kind}/"))
        opened = (*others, *of_kind, new)
    return Change(_waking(state.but(opened=opened), policy, due.on), events)


def _own(state: Subject, policy: Policy) -> Iterable[Terms]:
    """The pack's assessments of such subjects."""
    return (one for one in policy.appraisals if one.grades_such(state.sort, state.fields))


def _waking(state: Subject, policy: Policy, since: date) -> Subject:
    """The subject with its timer on the next day on which the pack in force opens an assessment of it.

    When another pack takes effect, the calendar wakes all subjects (`Wake`).
    """
    return state.timed(open=min((one.opens.next_after(since) for one in _own(state, policy)), default=None))
