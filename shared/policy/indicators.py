"""Indicators besides the exit criteria: what a region records of its villages and divisions each year.

Some are recorded, and some follow from others by a formula. Brackets and floors tell what a value means. `total` says
how the value of a township, a county or a wider division is made from those of its villages.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta

from shared.contracts.values import Code, EventRole, Figure, Name
from shared.divisions import Level
from shared.policy.bound import Bound
from shared.policy.exit import INCIDENCE, Criterion
from shared.policy.section import Found, Section

Pair = tuple[Code, Code]
Whose = Literal["village", Level]
SHARE: Final = "比例"
"""The unit of an indicator that is a share from 0 to 1. People read it in per cent."""
FORMULAS: Final = ("ratio", "difference", "growth", "meets")
HOUSEHOLD_FIGURES: Final[Mapping[str, tuple[str, str]]] = {
    "population": ("村人口", "the village's population"),
    "poor_persons": ("贫困人口", "people in poor households"),
    "poor_households": ("贫困户数", "poor households"),
    INCIDENCE: ("贫困发生率", "the incidence of poverty"),
}
"""Figures that the register computes from households. Formulas and totals may use them; nobody records them."""


class Formula(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """计算公式：填一种。 ·
    How a figure follows from others of the same village or division, and of the same year; exactly one of these."""

    ratio: Pair | None = None
    """第一项除以第二项；人均数的第二项填 population。 ·
    The first divided by the second; for a figure per head the second is `population`."""
    difference: Pair | None = None
    """第一项减去第二项。 · The first less the second."""
    growth: Code | None = None
    """比上一年增长的比例：10% 为 0.1；仅限村的指标。 ·
    By what share a village's figure grew since the year before; 10 % is 0.1."""
    meets: Bound | None = None
    """符合界限的为1，不符合的为0；合计即符合的村数。 ·
    1 where a figure keeps a bound, else 0, so that their sum is the number of villages that keep it."""

    @property
    def name(self) -> str:
        """The formula that is filled in."""
        return next(name for name in FORMULAS if getattr(self, name) is not None)

    @property
    def uses(self) -> tuple[str, ...]:
        """The figures that it is computed from."""
        of = getattr(self, self.name)
        return (of.figure,) if isinstance(of, Bound) else (of,) if isinstance(of, str) else of

    def value(self, now: Mapping[str, float], before: Mapping[str, float]) -> float | None:
        """The value by this year's figures and those of the year before; None where one is missing, or divides by
        zero."""
        used = [now.get(figure) for figure in self.uses]
        if self.growth:
            used.append(before.get(self.growth))
        if None in used:
            return None
        if self.meets:
            return float(self.meets.holds(used[0]))
        # A value is exactly what was typed in: 0.3 is three tenths, so 0.3 less 0.1 reaches a floor of 0.2.
        first, second = (Fraction(str(one)) for one in used)
        if self.difference:
            return float(first - second)
        if not second:
            return None
        return float((first - second if self.growth else first) / second)


class Bracket(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一档。 · One bracket of an indicator's values."""

    label: Name
    """档次名称。 · Its name."""
    below: Figure | None = None
    """低于此数的属于本档；最高一档不填。 · Values below this number are in it; the highest bracket has none."""


class Floor(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """最低标准。 · What a value must reach, and who can move it."""

    at_least: Figure
    """不低于此数。 · At least this number."""
    mover: EventRole
    """责任主体。 · The role that can move it."""


class Indicator(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一项指标。 · One indicator (mechanisms 0.1, 0.12, 1.9, 1.10, 1.18, 2.8, 2.9, 4.1)."""

    named_by = ("figure",)
    figure: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    unit: Name
    """计量单位，如“元”“户”；比例填“比例”。 · Its unit in Chinese; for a share it is “比例”."""
    of: Whose = "village"
    """哪一级的指标。 · Whose it is: a village's, or a division's that records it for itself."""
    group: Name | None = None
    """归类，如“资源在村”。 · The heading under which it is shown."""
    derive: Formula | None = None
    """计算公式；不填的由人填报。 · How it is computed; without it people record it."""
    least: Figure = 0
    """可填的最小值。 · The least value that can be true."""
    most: Figure = 1_000_000_000
    """可填的最大值。 · The greatest value that can be true."""
    brackets: Annotated[tuple[Bracket, ...], Meta(max_length=20)] = ()
    """分档，由低到高。 · Its brackets, from the lowest to the highest."""
    floor: Floor | None = None
    """最低标准。 · Its floor."""
    total: Literal["sum", "mean", "ratio"] | None = None
    """上级区划如何汇总：合计 sum、平均 mean，ratio 为分子、分母各自合计再相除。 ·
    How the villages' values make a division's: their `sum`, their `mean`, or, for a ratio, the quotient of both
    sums."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The figures of a village that its total needs."""
        if self.total != "ratio":
            return (self.figure,)
        return self.derive.uses if self.derive else ("poor_persons", "population")

    def bracket(self, value: float) -> str:
        """The name of the bracket that a value is in; a value on the border is in the higher one."""
        return next(one.label for one in self.brackets if one.below is None or value < one.below)


def derived(indicators: Sequence[Indicator], now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """This year's figures, and those that follow from them in the order of the pack. What lacks a part is left out."""
    found = dict(now)
    for one in indicators:
        value = one.derive.value(found, before) if one.derive else None
        if value is not None:
            found[one.figure] = value
    return found


def contradictions(indicators: Sequence[Indicator], criteria: Sequence[Criterion]) -> Found:
    """Find indicators that cannot be computed, brackets that leave gaps, and names that mean two things."""
    names, bounds = {one.figure: one.label for one in criteria}, {one.figure: one for one in criteria}
    known = defaultdict[Whose, set[str]](set, village={*HOUSEHOLD_FIGURES, *(c.figure for c in criteria)})
    for recorded in (one for one in indicators if not one.derive):
        known[recorded.of].add(recorded.figure)
    for n, one in enumerate(indicators):
        path = ("indicators", n)
        if one.figure in HOUSEHOLD_FIGURES and one.derive:
            zh, en = f"{one.figure} 由农户信息计算，不能另写公式", f"{one.figure} is computed from households already"
            yield (*path, "derive"), zh, en, ""
        if (label := names.get(one.figure, one.label)) != one.label:
            zh = f"出列指标中 {one.figure} 的名称是“{label}”，两处应当一致"
            yield (
                (*path, "label"),
                zh,
                f"the exit criterion {one.figure} has another name, {label}",
                f'label = "{label}"',
            )
        if (bound := bounds.get(one.figure)) and len(bound.given) == 1:
            yield from _unmet(path, one, bound)
        if one.derive:
            yield from _underived((*path, "derive"), one.derive, one, known[one.of])
            known[one.of].add(one.figure)
        yield from _unlike_numbers(path, one)


def _unmet(path: tuple[str | int, ...], one: Indicator, bound: Criterion) -> Found:
    """Find a criterion that no village can meet: one of a division's figure, or of values that nobody may give."""
    if one.of != "village":
        zh = f"{one.figure} 是出列指标，按村填报，不能同时是上级区划的指标"
        yield (*path, "of"), zh, f"{one.figure} is an exit criterion, and so a village's figure", 'of = "village"'
        return
    near = min(max(bound.number, Fraction(one.least)), Fraction(one.most))
    if not one.derive and not any(bound.holds(value) for value in (one.least, near, one.most)):
        (zh, en), least, most = bound.said, f"{one.least:g}", f"{one.most:g}"
        yield (
            (*path, "most"),
            f"可填 {least} 至 {most}，而出列标准是{zh}，永远达不到",
            f"values lie between {least} and {most}, and the exit criterion is {en}, which no village could ever meet",
            "",
        )


def of_borders(path: tuple[str | int, ...], borders: Sequence[float | None]) -> Found:
    """Find brackets that leave a value in none or in two of them. `borders` are the numbers below which they end."""
    if len(borders) < 2 or borders[-1] is not None or None in borders[:-1]:
        zh = "除最高一档外每档都须填 below，最高一档不填，至少两档"
        yield path, zh, "each bracket but the highest needs `below`, and there are two at least", ""
    elif any(low >= high for low, high in pairwise(border for border in borders if border is not None)):
        yield path, "分档应由低到高", "brackets go from the lowest to the highest", ""


def _underived(path: tuple[str | int, ...], formula: Formula, one: Indicator, known: Collection[str]) -> Found:
    """Check what a formula says, and that the figures which it uses come before it and belong to the same kind of
    subject.

    A division's own figures are kept by single years, so their growth is not known.
    """
    given = [name for name in FORMULAS if getattr(formula, name) is not None]
    if len(given) != 1:
        zh = f"须填且只填一种公式：{'、'.join(FORMULAS)}"
        yield path, zh, f"it needs exactly one of {', '.join(FORMULAS)}", ""
        return
    if one.of != "village" and formula.growth:
        zh, en = "增长（growth）只用于村的指标", "only a village's figure can have a `growth`"
        yield (*path, "growth"), zh, en, ""
    for figure in formula.uses:
        if figure not in known:
            usable = sorted(known)
            zh = f"没有 {figure} 这项同一级的数值，或者它写在后面；可用：{'、'.join(usable) or '（无）'}"
            en = f"no {one.of} has a figure {figure}, or it comes later; known are {', '.join(usable) or 'none'}"
            yield (*path, given[0]), zh, en, ""


def _unlike_numbers(path: tuple[str | int, ...], one: Indicator) -> Found:
    """Check limits, brackets, floor and total of an indicator."""
    if one.least >= one.most:
        zh, en = f"最小值 {one.least:g} 应小于最大值 {one.most:g}", f"{one.least:g} must be less than {one.most:g}"
        yield (*path, "least"), zh, en, ""
    if one.brackets:
        yield from of_borders((*path, "brackets"), [bracket.below for bracket in one.brackets])
    if one.total and one.of != "village":
        zh, en = "只有村的指标可以汇总", "only villages' figures make a total"
        yield (*path, "total"), zh, en, ""
    if one.total == "ratio" and not (one.figure == INCIDENCE or (one.derive and one.derive.ratio)):
        zh = "ratio 只用于以 ratio 公式计算的指标；其他填 sum 或 mean"
        yield (*path, "total"), zh, "only a figure with the formula `ratio` has such a total", 'total = "mean"'
