"""A year's facts and figures of a village: recorded, computed, and compared with criteria, brackets and floors."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from services.registry.model.commands import MeasureIndicators, RecordFigures, RecordHouseholds
from services.registry.model.register import Register, roomy, with_facts
from shared.contracts import Event
from shared.contracts.registry import BracketChanged, FloorMet, FloorMissed, IndicatorsMeasured, Unmet
from shared.labels import said
from shared.policy import Policy
from shared.policy.exit import INCIDENCE, Criterion
from shared.policy.indicators import Indicator, derived
from shared.rules import Change, Refused, overwrite


def check_year(year: int, policy: Policy) -> None:
    """Refuse a year before the pack's first poverty line: without a line nobody can be judged poor."""
    if str(year) in policy.exit.poverty_line:
        return
    years = sorted(map(int, policy.exit.poverty_line))
    if year < years[0]:
        known = "、".join(map(str, years)), ", ".join(map(str, years))
        raise Refused(
            "1.18",
            f"本地规定中没有{year}年的扶贫标准，最早为{years[0]}年，不能录入该年度数据；已有标准的年度：{known[0]}",
            f"the pack has no poverty line of {year}, and its first is of {years[0]}, so that nothing of that year can "
            f"be entered; there are lines of {known[1]}",
            field="year",
            status=422,
        )


def record(register: Register, command: RecordHouseholds, policy: Policy, today: date) -> Change:
    """Take in a year's facts. If the year was measured already, its figures are computed again."""
    check_year(command.year, policy)
    year = str(command.year)
    if command.year > today.year:
        raise Refused(
            "1.18",
            f"{command.year}年尚未到来，请核对年度",
            f"the year {command.year} has not come yet; check it",
            field="year",
            status=422,
        )
    if year in register.past and year not in register.reopened:
        raise Refused(
            "1.18",
            f"已录入{register.year}年度农户信息，{command.year}年度已封存；确需更正的，请先重开该年度",
            f"household facts of {register.year} are in, so that the year {command.year} is closed; to correct it, "
            "have it reopened first (year-reopenings)",
            field="year",
        )
    if command.year < register.year:
        register = _alone(register, command, policy)
    else:
        _check_overwritten(register, command)
        as_of = min(today, date(command.year, 12, 31))
        register = roomy(with_facts(register, command.households, as_of, policy))
    values = register.measurements.get(year)
    if values is None:
        return Change(register)
    return measured(register, command.year, values, policy, command.recorded_by if year in register.reopened else "")


def _alone(register: Register, command: RecordHouseholds, policy: Policy) -> Register:
    """The register after facts of an earlier year, which only give that year's incidence (and its counts).

    A known incidence is overwritten only if `replaces` confirms it.
    """
    year = str(command.year)
    alone = Register(id=register.id, place=register.place, population=register.population)
    alone = roomy(with_facts(alone, command.households, date(command.year, 12, 31), policy))
    known = {id: one.lifted for id, one in register.households.items()}
    lifted = {id: msgspec.structs.replace(one, lifted=known.get(id)) for id, one in alone.households.items()}
    alone = alone.but(households=lifted)
    incidence = alone.incidence(command.year, policy)
    overwrite({INCIDENCE: register.past.get(year)}, {INCIDENCE: incidence}, command.replaces, "1.18")
    counts = {**register.counts, year: alone.counts_of(command.year, policy)} if policy.indicators else register.counts
    return register.but(past={**register.past, year: incidence}, counts=counts)


def _check_overwritten(register: Register, command: RecordHouseholds) -> None:
    """Refuse other facts about a household that this year's list has already given, unless `replaces` confirms them."""
    known: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for fact in command.households:
        before = register.households.get(fact.household)
        if before is not None and before.as_of.year == command.year and not before.visited:
            for field in ("persons", "income", "secured", "registered"):
                known[f"households.{fact.household}.{field}"] = getattr(before, field)
                given[f"households.{fact.household}.{field}"] = getattr(fact, field)
    overwrite(known, given, command.replaces, "1.18")


def measure(register: Register, command: MeasureIndicators, policy: Policy, _today: date) -> Change:
    """The year's indicators, with the incidence that follows from the households (1.18)."""
    check_values(command.values, policy)
    if register.year and command.year != register.year and str(command.year) not in register.past:
        raise Refused(
            "1.18",
            f"没有{command.year}年度的农户信息，无法计算贫困发生率，请先录入",
            f"there are no household facts of {command.year} to compute incidence from; record them first",
            field="year",
        )
    if not command.values and (asked := _recorded(policy)):
        raise Refused(
            "1.18",
            f"没有填写指标数值，应填：{said('indicator', asked, policy)}",
            f"no figure is given; there are {', '.join(asked)}",
            field="values",
            status=422,
        )
    check_estimated(command, policy)
    known = recorded(register.measurements.get(str(command.year), {}), policy)
    given = {indicator: command.values.get(indicator) for indicator in (*known, *command.values)}
    overwrite(known, given, command.replaces, "1.18", words=policy.labels["indicator"])
    by, source = command.measured_by, command.drawn_from
    return measured(register, command.year, command.values, policy, by, source, command.estimated)


MOST_TIMES = 10_000
"""How many times the required figure a value may be. A greater one was given in another unit, such as yuan for 万元."""


def check_estimated(command: MeasureIndicators | RecordFigures, policy: Policy) -> None:
    """Refuse an estimate of a figure that the command does not give."""
    if unknown := sorted(set(command.estimated) - set(command.values)):
        raise Refused(
            "5.1",
            f"注明为估计数的{said('indicator', unknown, policy)}没有填报数值，请一并填报",
            f"{', '.join(unknown)} are said to be estimates, but have no values; give their values",
            field="estimated",
            status=422,
        )


def _recorded(policy: Policy, of: str = "village") -> list[str]:
    """The figures that people record of a village or a kind of division."""
    criteria = {one.figure for one in policy.exit.criteria if of == "village"}
    return sorted(criteria.union(one.figure for one in policy.indicators if one.of == of) - policy.computed)


def check_values(values: Mapping[str, float], policy: Policy, within: str = "values", of: str = "village") -> None:
    """Refuse figures that the pack does not have or computes itself, and values that cannot be true."""
    criteria = {one.figure: one for one in policy.exit.criteria if of == "village"}
    indicators = {one.figure: one for one in policy.indicators if one.of == of}
    for figure in sorted(values):
        at = f"{within}.{figure}"
        if figure in policy.computed:
            raise Refused(
                "1.18",
                f"{said('indicator', figure, policy)}由系统计算得出，不得填报，请删去该项",
                f"{figure.replace('_', ' ')} is computed and never typed in; leave it out",
                field=at,
                status=422,
            )
        if figure not in criteria and figure not in indicators:
            known = _recorded(policy, of)
            other = next((one for one in policy.indicators if one.figure == figure), None)
            raise Refused(
                "5.1",
                (f"“{other.label}”不是{policy.level(of)}的指标" if other else f"本地规定中没有指标“{figure}”")
                + f"，可填：{said('indicator', known, policy)}",
                f"the pack knows no indicator {figure!r} of a {of}, only {', '.join(known)}",
                field=at,
                status=422,
            )
        if figure in criteria:
            _check_criterion(values[figure], criteria[figure], at, limited=figure in indicators)
        if figure in indicators:
            _check_limits(values[figure], indicators[figure], at)


def _check_limits(value: float, one: Indicator, field: str) -> None:
    if not one.least <= value <= one.most:
        raise Refused(
            "5.1",
            f"“{one.label}”应在{one.least:g}至{one.most:g}（{one.unit}）之间，不能是{value:g}，请核对数值和计量单位",
            f"{one.figure.replace('_', ' ')} lies between {one.least:g} and {one.most:g} and cannot be {value:g}; "
            "check figure and unit",
            field=field,
            status=422,
        )


def _check_criterion(value: float, criterion: Criterion, field: str, *, limited: bool) -> None:
    """Refuse a value that a criterion cannot have.

    If the pack has limits for the figure (`limited`), they say how great it may be, and MOST_TIMES is not applied: a
    village that needs an income of 1 yuan may well have 38,452.
    """
    indicator, required = criterion.figure.replace("_", " "), float(criterion.number)
    wrong = None
    if criterion.is_share and not 0 <= value <= 1:
        is_percent = 1 < value <= 100
        hint = (f"，如{value:g}%应填{value / 100:g}", f"; {value:g} % is {value / 100:g}") if is_percent else ("", "")
        wrong = (
            f"“{criterion.label}”是比例，应当填0至1之间的小数，不能是{value:g}{hint[0]}",
            f"{indicator} is a share between 0 and 1 and cannot be {value:g}{hint[1]}",
        )
    elif not limited and abs(value) > MOST_TIMES * max(abs(required), 1):
        wrong = (
            f"“{criterion.label}”为{value:g}，超出标准（{required:g}）的{MOST_TIMES}倍，请核对数值和计量单位",
            f"{indicator} is {value:g}, more than {MOST_TIMES} times the required {required:g}; check figure and unit",
        )
    elif value < 0 <= required:
        wrong = (
            f"“{criterion.label}”不能是负数（{value:g}），请核对",
            f"{indicator} cannot be {value:g}, which is below zero; check it",
        )
    if wrong:
        raise Refused("5.1", *wrong, field=field, status=422)


def recorded(values: Mapping[str, float], policy: Policy) -> dict[str, float]:
    """The figures of a year that people recorded, without those that follow from them."""
    return {figure: value for figure, value in values.items() if figure not in policy.computed}


def measured(
    register: Register,
    year: int,
    given: Mapping[str, float],
    policy: Policy,
    measured_by: str,
    drawn_from: str = "",
    estimated: Iterable[str] | None = None,
) -> Change:
    """Note a year's figures and those computed from them. The events tell the criteria that they miss, and the brackets
    and floors that they crossed. The same figures again make no event.

    If `estimated` is None, the figures that were marked as estimates stay marked.
    """
    of, line_year = str(year), policy.exit.line_of(year)
    values, known = _computed(register, year, given, policy), register.estimated.get(of, ())
    guessed = known if estimated is None else tuple(sorted(estimated))
    if register.measurements.get(of) == values and guessed == known:
        return Change(register)
    event = IndicatorsMeasured(
        place=register.place,
        village=register.id,
        year=year,
        values=values,
        unmet=unmet(values, policy) if register.year else (),  # Without households it was never on the list.
        measured_by=measured_by,
        line_year=line_year if line_year != year else None,
        estimated=guessed,
        drawn_from=drawn_from,
        counted_in=register.counted.get(of),
        including=tuple(id for id, first in register.absorbed.items() if year >= first),
    )
    after = register.but(measurements={**register.measurements, of: values})
    if guessed != known:
        after = after.but(estimated={**register.estimated, of: guessed})
    if not policy.indicators:
        return Change(after, (event,))
    after, crossed = _crossed(after, year, values, policy)
    return Change(after, (event, *crossed))


def _computed(register: Register, year: int, given: Mapping[str, float], policy: Policy) -> dict[str, float]:
    """The figures of a year with the incidence, if its households are known, and with those of the pack's formulas."""
    values, of = dict(given), str(year)
    current = bool(register.year) and year == register.year
    if current:
        values[INCIDENCE] = register.incidence(year, policy)
    elif of in register.past:
        values[INCIDENCE] = register.past[of]
    if not policy.indicators:
        return values
    values = recorded(values, policy) | {k: v for k, v in values.items() if k == INCIDENCE}
    if current:
        values |= register.counts_of(year, policy)
    else:
        values |= register.counts.get(of, {})
    return derived(policy.indicators, values, register.measurements.get(str(year - 1), {}))


def _crossed(
    register: Register, year: int, values: Mapping[str, float], policy: Policy
) -> tuple[Register, tuple[Event, ...]]:
    """Compare the latest year's values with what was told last: another bracket (0.12), a floor that is missed now, or
    one that is reached now (1.9, 2.8, 2.9). Values of an earlier year tell nothing."""
    if any(int(measured) > year for measured in register.measurements):
        return register, ()
    events, brackets, below = list[Event](), dict(register.brackets), {*register.below}
    village: dict[str, Any] = {"place": register.place, "village": register.id, "year": year}
    for one in policy.indicators:
        value = values.get(one.figure)
        if value is None:
            continue
        said = {**village, "figure": one.figure, "value": value}
        if one.brackets and (bracket := one.bracket(value)) != brackets.get(one.figure):
            events.append(BracketChanged(**said, bracket=bracket, earlier=brackets.get(one.figure)))
            brackets[one.figure] = bracket
        if one.floor and value < one.floor.at_least and one.figure not in below:
            events.append(FloorMissed(**said, at_least=one.floor.at_least, mover=one.floor.mover))
            below.add(one.figure)
        elif one.floor and value >= one.floor.at_least and one.figure in below:
            events.append(FloorMet(**said, at_least=one.floor.at_least))
            below.remove(one.figure)
    return register.but(brackets=brackets, below=tuple(sorted(below))), tuple(events)


def unmet(values: Mapping[str, float], policy: Policy) -> tuple[Unmet, ...]:
    """The criteria that these figures do not meet."""
    return tuple(
        Unmet(c.figure, values.get(c.figure), float(c.number), c.mover, c.relation)
        for c in policy.exit.criteria
        if not c.holds(values.get(c.figure))
    )
