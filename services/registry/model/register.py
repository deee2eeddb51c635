"""A village's households and the figures computed from them. Nobody types in the incidence of poverty (1.18).

Only the latest facts about each household are kept. When the first facts of a new year arrive, the incidence of the
years before is computed and kept, so that a measurement that was missed can still be made later. A whole year's facts
may arrive late: facts of 2015 that come after those of 2016 only give the incidence of 2015.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import wraps
from typing import Any, Final, Self

import msgspec

from services.registry.model.commands import (
    HouseholdFacts,
    RecordSurvey,
    RegisterVillage,
    RequestExit,
    SplitVillage,
)
from shared.contracts.registry import (
    ExitRequested,
    HouseholdsCounted,
    ObjectionDecided,
    StepOverdue,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageSplit,
)
from shared.divisions import place_of
from shared.labels import label
from shared.policy import Policy
from shared.rules import Change, Key, Refused, Rule, State, Task, revision

LONGEST_PARTY_ID = 40
"""The most characters of a household's id."""


class Lifted(msgspec.Struct, frozen=True):
    """Which round lifted a household out of poverty, as `<village>/<matter>`, and on which day."""

    round: str
    on: date


class Watch(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a household is watched so that it does not fall into poverty, or was watched until its risk was removed."""

    code: str
    """The class in which it is watched, by the pack's code."""
    round: str
    """The round that decided so, as `<village>/<matter>`."""
    on: date
    """The day from which it is watched."""
    review_by: date
    """The last day for the next visit."""
    seen_on: date | None = None
    """The day of the latest visit."""
    eased_on: date | None = None
    """The day of the visit that found the risk removed; None if the latest visit did not."""
    told: bool = False
    """Whether an event has said that the visit is overdue."""
    cleared_by: str = ""
    """The round that found the risk removed; empty while the household is watched."""


class Report(msgspec.Struct, frozen=True):
    """A report that a household may fall into poverty: in which class it is to be watched, and how it became known."""

    code: str
    source: str
    on: date
    round: str = ""
    """The round that was opened on it, as `<village>/<matter>`; empty while it proposes the household."""


class Household(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The latest facts about a household, and the day for which they hold."""

    persons: int
    income: float
    secured: bool
    registered: bool = True
    as_of: date
    visited: bool = False
    """True if the facts come from a survey visit. The same year's list of households may then replace them."""
    lifted: Lifted | None = None
    """The round that lifted it; None until one has, and in regions without such rounds."""
    watch: Watch | None = None
    """How it is watched; None if it is not."""
    cleared: Watch | None = None
    """How it was watched until its risk was removed. It is needed if that decision is taken back."""
    former: Watch | None = None
    """How it was watched before the decision behind `watch`, such as in another class. Taking that back restores it."""
    reported: Report | None = None
    """The latest report that it is at risk."""
    considered: Lifted | None = None
    """The latest round that was opened on watching it or on removing its risk, and its day. Only facts and visits after
    that day propose it again."""

    def decided_by(self, round: str) -> bool:
        """Whether a round's decision stands: neither another round nor a withdrawal has changed it."""
        watched = self.watch is not None and self.watch.round == round
        return watched or (self.cleared is not None and self.cleared.cleared_by == round)

    def open_again(self, round: str) -> Self:
        """The household after a round was withdrawn, or stayed in the old village of a split: what the round was opened
        on proposes the household again. If the round decided on it already, nothing changes."""
        if self.decided_by(round):
            return self
        considered = None if self.considered and self.considered.round == round else self.considered
        report = self.reported
        if report and report.round == round:
            report = msgspec.structs.replace(report, round="")
        return msgspec.structs.replace(self, considered=considered, reported=report)

    def is_poor(self, line: int) -> bool:
        """Whether its facts are those of a poor one: income per person below the line (yuan), or a guarantee missing.

        The national standard asks for both a steady income above the line and 两不愁三保障 (two worries free, three
        guarantees), so `secured` counts beside the income (5.2).
        """
        return self.income < line or not self.secured


class Register(State, frozen=True, kw_only=True):
    """A village's households by id, and its yearly figures."""

    kind = "registers"
    hides = '"households":{"'
    readers = frozenset({"team", "village", "township", "county", "poverty_office"})
    known_as = ("建档立卡户名册", "the register of poor households")
    population: int
    year: int = 0
    """The latest year for which there are facts."""
    households: dict[str, Household] = msgspec.field(default_factory=dict)
    past: dict[str, float] = msgspec.field(default_factory=dict)
    """The incidence of years before `year`, fixed when a later year's facts came in. A share: 0.048 is 4.8 %."""
    measurements: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    """By year that was measured: the value of each indicator by its code."""
    estimated: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By year: the indicators whose values are estimates."""
    counts: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    """What `past` was computed from, by year: poor people, poor households, population. Only where the region has
    indicators."""
    brackets: dict[str, str] = msgspec.field(default_factory=dict)
    """By indicator: the bracket that was told last."""
    below: tuple[str, ...] = ()
    """The indicators that were told as below their floor, and not yet as having reached it."""
    counted: dict[str, str] = msgspec.field(default_factory=dict)
    """By year: the division in whose totals its figures count, if the village moved to another one later."""
    absorbed: dict[str, int] = msgspec.field(default_factory=dict)
    """By village that was merged into this one: the first year whose figures include it."""
    attempts: int = 0
    """How many verifications have been asked for."""
    reopened: dict[str, date] = msgspec.field(default_factory=dict)
    """Closed years that were reopened for corrections, each with the last day for that."""
    told: str = ""
    """A hash of the poor households that were told last; empty where the pack binds no cadres to households."""
    proposed: dict[str, date] = msgspec.field(default_factory=dict)
    """What waits for a round to be opened: by effect and class, as `monitor/unstable`, the day of the first sign."""
    watched: dict[str, int] = msgspec.field(default_factory=dict)
    """By class: how many households are watched, as was told last."""
    watched_persons: dict[str, int] = msgspec.field(default_factory=dict)
    """By class: how many people live in these households, as was told last."""
    parties: tuple[str, ...] = ()
    """The ids of the organisations and persons that belong to the village, so that they follow it into another one or
    to another county."""

    @property
    def status(self) -> str:
        return str(self.year or "")

    @property
    def awaits(self) -> bool:
        return bool(self.proposed or self.watched)

    def shown(self, *, to_operator: bool = False) -> Self:
        """The village's figures without its households. Only operators and `readers` see what a household earns and
        whether it is watched (Personal Information Protection Law 28, 51)."""
        return self if to_operator else self.but(households={})

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """To open rounds on households that facts, reports or visits propose, and to visit those that are watched."""
        terms = policy.monitoring
        if terms is None:
            return
        names = {"place": self.place, "village": self.id}
        for key, since in sorted(self.proposed.items()):
            effect, _, code = key.partition("/")
            procedure = next((one for one in policy.procedures if one.effect == effect), None)
            if procedure is None or procedure.proposed_by is None or terms.known(code) is None:
                continue
            by, due = procedure.proposed_by, terms.propose_within.after(since, policy.calendar)
            answer = {**names, "kind": procedure.kind, "subject_code": code, "body": by}
            yield Task(
                action="resolutions", about=self.id, role=by, due=due, rule=procedure.rule, detail=key, answer=answer
            )
        visits = [one.watch.review_by for one in self.households.values() if one.watch]
        if visits:
            rule = next((one.rule for one in policy.procedures if one.effect == "monitor"), "5.11")
            yield Task(action="household-reviews", about=self.id, role=terms.reviewed_by, due=min(visits), rule=rule,
                       answer={**names, "body": terms.reviewed_by})  # fmt: skip

    def persons(self, households: Iterable[str]) -> int:
        """How many people live in these households."""
        return sum(self.households[household].persons for household in households)

    def incidence(self, year: int, policy: Policy) -> float:
        """The incidence of poverty (贫困发生率, 1.18): people in registered households that are poor ÷ population."""
        return self.persons(self.poor(year, policy)) / self.population

    def counts_of(self, year: int, policy: Policy) -> dict[str, float]:
        """What the incidence of a year is computed from: the figures that indicators of the pack may use."""
        poor = self.poor(year, policy)
        counted = {"poor_persons": self.persons(poor), "poor_households": len(poor), "population": self.population}
        return {figure: float(number) for figure, number in counted.items()}

    def poor(self, year: int, policy: Policy) -> set[str]:
        """The registered households that are poor in a year.

        Where the pack has rounds over households, a household is poor until a round has lifted it, whatever its income.
        A lifted one counts as poor again in a year whose facts are those of a poor one.
        """
        line, rounds = policy.exit.line(year), any(one.effect == "lift" for one in policy.procedures)
        return {
            id
            for id, one in self.households.items()
            if one.registered and (one.is_poor(line) or (rounds and (one.lifted is None or one.lifted.on.year > year)))
        }


def households_in(register: State | None) -> dict[str, Household]:
    """All households of a village whose facts are known, by id; none where it has no register."""
    return register.households if isinstance(register, Register) else {}


def registered_in(register: State | None) -> dict[str, Household]:
    """The households of a village that are registered as poor, by id; none where it has no register."""
    return {id: household for id, household in households_in(register).items() if household.registered}


def counted(register: Register | None, event: VillageRegistered, _policy: Policy, _today: date) -> Change:
    """Note the village's population, by which its incidence is divided."""
    if register is None:
        return Change(Register(id=event.village, place=event.place, population=event.population))
    return Change(register.but(population=event.population))


def check_population(register: Register | None, command: RegisterVillage, _policy: Policy, _today: date) -> Change:
    """Refuse a population smaller than the people in the village's households: incidence could exceed 100 %."""
    if register is not None:
        _check_room(register.persons(register.households), command.population, "population")
    return Change(register)


def check_population_of(register: Register) -> None:
    """Refuse a register with more people in its households than the village has."""
    _check_room(register.persons(register.households), register.population, "households")


def _check_room(persons: int, population: int, field: str) -> None:
    if persons > population:
        raise Refused(
            "1.18",
            f"村人口 {population} 少于已录入农户的 {persons} 人，请核对人口和农户信息",
            f"a population of {population} is less than the {persons} persons of the households that are known; "
            "check both",
            field=field,
            status=422,
        )


# ------------------------------------------------------- mergers and splits


def take_over(
    register: Register, event: VillageMerged, policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """Take over the households, the population and past years' incidence of a village that is merged into this one.

    A household whose id is already used here gets a new one: its old village's id, a dash, and its old id.
    """
    theirs = others[Register, event.village]
    assert isinstance(theirs, Register), "it came with the village"
    year = max(register.year, theirs.year)
    ours, theirs = _advanced(register, year, policy), _advanced(theirs, year, policy)
    households = dict(ours.households)
    for id, household in theirs.households.items():
        new = id if id not in households else f"{theirs.id}-{id}"
        if new in households or len(new) > LONGEST_PARTY_ID:
            raise Refused(
                "identity",
                f"两村都有户编号“{id}”，加上原村代码后仍重复或过长，请先更正户编号",
                f"both villages have a household {id!r}, and with its village's code its id is taken or too long; "
                "give it another id first",
                field="merged",
            )
        households[new] = household
    population = ours.population + theirs.population
    past = dict(ours.past)
    for known in ours.past.keys() & theirs.past.keys():
        poor = ours.past[known] * ours.population + theirs.past[known] * theirs.population
        past[known] = poor / population
    first = int(max(ours.measurements, default=str(event.since.year)))
    absorbed = {**ours.absorbed, **theirs.absorbed, event.village: first}
    measurements = _without_latest(ours)
    after = ours.but(households=households, population=population, past=past, measurements=measurements)
    came = {id: id if households.get(id) is one else f"{theirs.id}-{id}" for id, one in theirs.households.items()}
    return told(after.but(absorbed=absorbed), policy, theirs.id, came)


def _advanced(register: Register, year: int, policy: Policy) -> Register:
    """The register moved to a later year. The incidence of the years before is fixed."""
    return with_facts(register, (), date(year, 12, 31), policy) if year > register.year else register


def hand_over(register: Register | None, _event: VillageMerged, _policy: Policy, _today: date) -> Change:
    """Empty the register of a village that has ended: its successor has the households. Yearly figures stay here."""
    return Change(register and register.but(households={}))


def take_share(
    register: Register, command: SplitVillage, policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """A new village gets the households that the split names for it, and the old village's incidence of past years.

    Rounds stay in the old village. A household on which none of them has decided is proposed anew.
    """
    before = others[Register, command.village]
    assert isinstance(before, Register)
    named = next(part.households for part in command.parts if part.code == register.id)
    share = {id: _left_behind(before.households[id]) for id in named if id in before.households}
    if not share and register.year:
        return Change(register)  # It was given its households before; this is a repetition.
    after = register.but(year=before.year, past=before.past, households={**register.households, **share})
    return told(after, policy, before.id, {id: id for id in share})


def _left_behind(household: Household) -> Household:
    """The household without the rounds of the village that it has left."""
    rounds = {one.round for one in (household.considered, household.reported) if one and one.round}
    for round in rounds:
        household = household.open_again(round)
    return household


def give_share(register: Register, command: SplitVillage, _policy: Policy, _today: date) -> Change:
    """Remove the households that the new villages took. The population follows by `VillageRegistered` (`counted`)."""
    gone = {household for part in command.parts for household in part.households}
    left = {id: household for id, household in register.households.items() if id not in gone}
    return Change(register.but(households=left))


def reopen_latest(register: Register, _event: VillageSplit, _policy: Policy, _today: date) -> Change:
    """After a split the latest figures no longer fit, since they describe the undivided village."""
    return Change(register.but(measurements=_without_latest(register)))


def _without_latest(register: Register) -> dict[str, dict[str, float]]:
    """The measurements without the latest one, which must be made again."""
    latest = max(register.measurements, default="")
    return {year: values for year, values in register.measurements.items() if year != latest}


def recoded(register: Register | None, event: VillageRecoded, _policy: Policy, _today: date) -> Change:
    """The village moves to another division. Figures of the years that were measured stay counted where it lay."""
    if register is None or register.place == place_of(event.code):
        return Change(register)
    counted = {**dict.fromkeys(register.measurements, register.place), **register.counted}
    return Change(register.but(place=place_of(event.code), counted=counted))


def of_predecessor(_register: Register | None, message: VillageMerged | SplitVillage) -> Iterable[Key]:
    """The register from which the households come."""
    yield Register, message.village


# ------------------------------------------------------------------- who is poor


def told(
    register: Register, policy: Policy, former: str | None = None, came: Mapping[str, str] | None = None
) -> Change:
    """The register, and the event with its poor households if they are not those that were told last (0.2).

    It is told only where the pack binds cadres to households, since these cadres have to know whom they help.
    """
    if not policy.helping:
        return Change(register)
    poor = register.poor(register.year, policy) if register.year else set()
    lifted = {id for id, one in register.households.items() if one.registered} - poor
    version = revision((sorted(poor), sorted(lifted)))
    if not came and version == (register.told or _NOBODY):
        return Change(register)
    event = HouseholdsCounted(
        place=register.place,
        village=register.id,
        poor=tuple(sorted(poor)),
        lifted=tuple(sorted(lifted)),
        former=former if came else None,
        came=dict(came or {}),
    )
    return Change(register.but(told=version), (event,))


_NOBODY: Final = revision(([], []))


def telling(rule: Rule) -> Rule:
    """The rule with one more event at its end: that of `told`, if other households are poor after it."""

    @wraps(rule)
    def and_told(register: Register | None, message: Any, policy: Policy, today: date, *others: Any) -> Change:
        change = rule(register, message, policy, today, *others)
        if not isinstance(change.state, Register):
            return change
        after = told(change.state, policy)
        return Change(after.state, (*change.events, *after.events))

    return and_told


# ------------------------------------------------------------------- facts


def visited(register: Register, command: RecordSurvey, policy: Policy, _today: date) -> Change:
    """Take in the facts of a survey visit, so that nobody enters them twice. Facts of an earlier year are ignored."""
    if command.household is None or command.on.year < register.year:
        return Change(register)
    return Change(roomy(with_facts(register, (command.household,), command.on, policy, visited=True)))


def roomy(register: Register) -> Register:
    """The register itself. Raises Refused if its households have more people than the village."""
    check_population_of(register)
    return register


def with_facts(
    register: Register, facts: Iterable[HouseholdFacts], as_of: date, policy: Policy, *, visited: bool = False
) -> Register:
    """The register with these facts. If they begin a new year, the incidence of the years before is fixed."""
    ended = range(register.year, as_of.year) if register.year else ()
    past = {**register.past, **{str(year): register.incidence(year, policy) for year in ended}}
    counts = register.counts
    if policy.indicators:
        counts = {**counts, **{str(year): register.counts_of(year, policy) for year in ended}}
    households = dict(register.households)
    for fact in facts:
        before = households.get(fact.household)
        if before is None or before.as_of <= as_of:
            fields = msgspec.structs.asdict(fact)
            del fields["household"]
            fields |= {"as_of": as_of, "visited": visited}
            households[fact.household] = msgspec.structs.replace(before, **fields) if before else Household(**fields)
    return register.but(year=as_of.year, households=households, past=past, counts=counts)


def request(register: Register, command: RequestExit, policy: Policy, _today: date) -> Change:
    """Ask for the exit. The event lists the lifted households, from which the inspection draws its sample."""
    return _request(register, command.requested_by, policy)


def ask_again(register: Register, event: ObjectionDecided | StepOverdue, policy: Policy, _today: date) -> Change:
    """After an upheld objection or a time-out ask for another verification, with the households as they are now."""
    if isinstance(event, StepOverdue):
        back, by = event.leads_to, label("by", event.owed_by, policy)
    else:
        back, by = event.back_to, event.decided_by
    return _request(register, by, policy) if back == "verify" else Change(register)


def _request(register: Register, requested_by: str, policy: Policy) -> Change:
    poor = register.poor(register.year, policy)
    registered = sorted(registered_in(register).items())
    lifted = {id: household.persons for id, household in registered if id not in poor}
    attempt = register.attempts + 1
    event = ExitRequested(
        place=register.place,
        village=register.id,
        attempt=attempt,
        lifted=tuple(lifted),
        persons=tuple(lifted.values()),
        outside=max(register.population - sum(household.persons for _, household in registered), 0),
        remaining=len(registered) - len(lifted),
        requested_by=requested_by,
    )
    return Change(register.but(attempts=attempt), (event,))
