"""Wrong figures: corrected while an exit is under way, taken back, or corrected in a closed year that is reopened."""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.registry.model.baseline import Baseline
from services.registry.model.commands import (
    CorrectFigures,
    HouseholdFacts,
    ReopenYear,
    TakeOverVillage,
    WithdrawHousehold,
    WithdrawMeasurement,
    WithdrawSurvey,
)
from services.registry.model.exit import withdrawal
from services.registry.model.identity import registered
from services.registry.model.measurement import check_values, measured
from services.registry.model.register import (
    Household,
    Register,
    check_population_of,
    with_facts,
)
from services.registry.model.village import LEFT, Village, standing, unjudged
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.registry import HouseholdWithdrawn, MeasurementWithdrawn, YearClosed, YearReopened
from shared.policy import Policy
from shared.policy.exit import INCIDENCE
from shared.rules import Change, Due, Key, Refused, State, rests

# ------------------------------------------------- while an exit is judged


def correct_village(
    village: Village | None,
    command: CorrectFigures,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Wrong figures are corrected while an exit is under way. It ends undecided, and the event gives the reason."""
    village = standing(village, command)
    register = others[Register, command.village]
    assert isinstance(register, Register), "it comes with the village"
    if village.exit is None:
        raise village.not_now(
            "没有正在办理的出列申请，请按“录入年度农户信息”“测算年度指标”或者“登记村”更正",
            "no exit is under way; use households, measurements or villages to correct figures",
            "1.18",
        )
    check_values(command.values, policy)
    if command.year != register.year:
        raise Refused(
            "1.18",
            f"出列依据的是{register.year}年度数据，请更正该年度",
            f"the exit is judged by the figures of {register.year}; correct that year",
            field="year",
            status=422,
        )
    population = command.population or village.population
    if population == village.population and not _corrects(register, command):
        return Change(village)
    events: list[Event] = [*withdrawal(village, command.reason, command.decided_by)]
    after = village.but(population=population, facts=max(village.facts, command.facts_year))
    if after.population != village.population:
        events.append(registered(after, command.reason))
    return Change(after, tuple(events))


def correct(register: Register, command: CorrectFigures, policy: Policy, today: date) -> Change:
    """The figures themselves: facts of households, indicators, and the incidence that follows."""
    if _corrects(register, command):
        register = with_facts(register, command.households, min(today, date(command.year, 12, 31)), policy)
    check_population_of(register)
    before = register.measurements.get(str(command.year))
    if before is None:
        return Change(register)
    return measured(register, command.year, {**before, **command.values}, policy, command.decided_by)


def _corrects(register: Register, command: CorrectFigures) -> bool:
    """Whether the command changes any household or indicator."""
    values = register.measurements.get(str(command.year), {})
    return any(_differs(register.households.get(fact.household), fact) for fact in command.households) or any(
        values.get(indicator) != value for indicator, value in command.values.items()
    )


def _differs(known: Household | None, fact: HouseholdFacts) -> bool:
    return known is None or any(
        getattr(known, field) != getattr(fact, field) for field in ("persons", "income", "secured", "registered")
    )


# ------------------------------------------------------------- taken back


def may_withdraw_measurement(
    village: Village | None, command: WithdrawMeasurement, _policy: Policy, _today: date
) -> Change:
    """Figures can be taken back as long as no decision rests on them.

    After an exit the figures up to the last measured year stay, unless their year was reopened.
    """
    village = unjudged(village, command)
    if village.stage in LEFT and command.year <= village.measured and command.year not in village.reopened:
        rests("1.18", village.exited)
    return Change(village)


def withdraw_measurement(register: Register, command: WithdrawMeasurement, _policy: Policy, _today: date) -> Change:
    """The year is measured again."""
    if str(command.year) not in register.measurements:
        return Change(register)
    values = {year: known for year, known in register.measurements.items() if year != str(command.year)}
    event = MeasurementWithdrawn(
        place=register.place,
        village=register.id,
        year=command.year,
        reason=command.reason,
        decided_by=command.decided_by,
        counted_in=register.counted.get(str(command.year)),
    )
    return Change(register.but(measurements=values), (event,))


def withdraw_household(register: Register, command: WithdrawHousehold, policy: Policy, _today: date) -> Change:
    """Remove a household that was entered by mistake, and compute this year's figures again."""
    if command.household not in register.households:
        return Change(register)
    event = HouseholdWithdrawn(
        place=register.place,
        village=register.id,
        household=command.household,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    left = {id: household for id, household in register.households.items() if id != command.household}
    register = register.but(households=left)
    values = register.measurements.get(str(register.year))
    if values is None:
        return Change(register, (event,))
    change = measured(register, register.year, values, policy, command.decided_by)
    return Change(change.state, (event, *change.events))


def forget_visit(
    register: Register, command: WithdrawSurvey, _policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """A withdrawn survey record takes its household facts along, unless later facts have replaced them."""
    baseline = others[Baseline, command.village]
    record = baseline.survey.records.get(str(command.number)) if isinstance(baseline, Baseline) else None
    if record is None or record.household is None:
        return Change(register)
    known = register.households.get(record.household.household)
    if known is None or not known.visited or known.as_of != record.on:
        return Change(register)
    others_left = {id: h for id, h in register.households.items() if id != record.household.household}
    return Change(register.but(households=others_left))


def of_survey(_state: State | None, command: WithdrawSurvey) -> Iterable[Key]:
    """The survey with the record that is taken back."""
    yield Baseline, command.village


def of_village(_state: State | None, command: CorrectFigures | ReopenYear) -> Iterable[Key]:
    """The register whose figures are corrected, or whose year is reopened."""
    yield Register, command.village


# ------------------------------------------------------------ closed years


def reopen(register: Register, event: YearReopened, _policy: Policy, _today: date) -> Change:
    """The year can be corrected through a given day, and closes after it."""
    return Change(_scheduled(register.but(reopened={**register.reopened, str(event.year): event.until})))


def close_years(register: Register, due: Due, _policy: Policy, _today: date) -> Change:
    """The time for corrections is over."""
    over = sorted(year for year, until in register.reopened.items() if until < due.on)
    open_still = {year: until for year, until in register.reopened.items() if until >= due.on}
    events = tuple(YearClosed(place=register.place, village=register.id, year=int(year)) for year in over)
    return Change(_scheduled(register.but(reopened=open_still)), events)


def _scheduled(register: Register) -> Register:
    first = min(register.reopened.values(), default=None)
    return register.timed(reopened=first + DAY if first else None)


# ------------------------------------------------------- before the takeover


def take_over(register: Register, command: TakeOverVillage, policy: Policy, _today: date) -> Change:
    """Take in the figures of the years before the system was used, as documents have them."""
    for figures in command.figures:
        check_values({k: v for k, v in figures.values.items() if k != INCIDENCE}, policy, "figures")
    measurements = {str(figures.year): figures.values for figures in command.figures}
    past = {year: values[INCIDENCE] for year, values in measurements.items() if INCIDENCE in values}
    for year, incidence in past.items():
        if not 0 <= incidence <= 1:
            raise Refused(
                "1.18",
                f"{year}年度贫困发生率应填0至1之间的小数，不能是{incidence:g}，如{incidence:g}%应填{incidence / 100:g}",
                f"the incidence of {year} is a share between 0 and 1; {incidence:g} % is {incidence / 100:g}",
                field="figures",
                status=422,
            )
    return Change(msgspec.structs.replace(register, measurements=measurements, past=past))
