"""The way off the list: criteria, verification and the review afterwards. Its steps stand in `[[procedures]]`."""

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Annotated

from msgspec import Meta

from shared.calendar import Span, YearDay, national
from shared.contracts.values import EventRole, Name
from shared.policy.bound import Bound
from shared.policy.section import SOME_DAY, Found, One, Path, Reference, Section, Year
from shared.policy.when import When

Line = Annotated[int, Meta(ge=500, le=100_000)]
INCIDENCE = "incidence"
"""Poverty incidence: the only indicator that is computed from household facts, never typed in (1.18)."""
_PARTS = ("率", "比例", "占比", "比重")
"""Endings of Chinese words for a share."""
_LEAP = 3
"""A line that differs from the year before by more than this factor is a typing error. The largest real step, in 2011,
was about 2."""


class Criterion(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """出列指标：数值 incidence（贫困发生率）由系统计算，其他代码为本地指标。 ·
    One exit criterion: `incidence` is computed, and any other figure is an indicator of the region."""

    named_by = ("figure",)
    label: Name
    """指标名称。 · Its name."""
    mover: EventRole
    """责任主体。 · The role that can move it."""

    @property
    def is_share(self) -> bool:
        """Whether it is a share. A bound of 1 may be a share or a count, such as one clinic; then the label decides."""
        number = float(self.number)
        return 0 < number < 1 or (number == 1 and self.is_called_share)

    @property
    def is_called_share(self) -> bool:
        """Whether its label is a word for a share."""
        return any(word in self.label for word in _PARTS)


class Measure(Bound, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """核查的一项标准。 · One measure of a verification."""

    named_by = ("figure",)


class Verification(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """抽户核查的比例和标准。 · How many households an exit's verification visits, and the rates it must keep (5.3)."""

    sample: Annotated[tuple[Measure, ...], Meta(min_length=3, max_length=3)]
    """抽查数量。share 占脱贫户的比例、households 户数（不足的全查）、outside 占未建档人口的比例各一项。 ·
    How many are looked at. One bound each for `share` of the lifted households, `households` (where there are
    fewer, all of them), and `outside`, the share of the people outside the register."""
    rates: Annotated[tuple[Measure, ...], Meta(min_length=3, max_length=3)]
    """须达到的标准：wrong_exit 错退率、omission 漏评率、approval 群众认可度各一项。 ·
    What must be kept: one bound each for `wrong_exit`, `omission` and `approval`."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""

    @property
    def sample_share(self) -> Fraction:
        """The share (0 to 1) of the lifted households that is visited."""
        return self._least("share")

    @property
    def sample_at_least(self) -> int:
        """The least number of households to visit."""
        return int(self._least("households"))

    @property
    def outside_share(self) -> Fraction:
        """The share (0 to 1) of the people outside the register who are looked at."""
        return self._least("outside")

    def _least(self, figure: str) -> Fraction:
        return next(bound.number for bound in self.sample if bound.figure == figure)


class Exit(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """出列标准和出列后监测；程序见 procedures 中 effect = "delist" 的一项。 ·
    When a village may leave the list, and how it is watched afterwards; the steps are the procedure that delists."""

    measure_from: YearDay
    """每年自此日起采集年度农户信息和指标。 ·
    The first day of each year on which facts and indicators are taken."""
    measure_by: YearDay
    """每年采集的截止日。 · The last day of each year on which they are taken."""
    poverty_line: Annotated[Mapping[Year, Line], Meta(min_length=1, max_length=60)]
    """各年度贫困线：人均年纯收入（元）。 · Yearly net income in yuan below which a household is poor, by year."""
    criteria: One[Criterion]
    """出列指标。 · The criteria, all of which must be met."""
    verification: Verification
    """抽户核查。 · The verification by sampled households."""
    request_by: When
    """申请出列的期限：自测算指标（registry.indicators.measured）起算。 ·
    The last day for asking for the exit of a village that meets all criteria, counted from the measurement
    (`registry.indicators.measured`)."""
    monitor_on: YearDay
    """出列后每年监测日。 · The yearly day of the review after the exit."""
    relapse_by: When
    """对出列指标回落作出处理决定的期限：自测算指标（registry.indicators.measured）起算。 ·
    The last day for deciding on criteria missed after the exit, counted from the measurement
    (`registry.indicators.measured`)."""
    monitor_for: Span
    """出列后监测期。 · For how long after the exit."""
    reference: Reference | None = None
    """本节依据。 · What the section rests on."""

    def line(self, year: int) -> int:
        """The poverty line of a year, in yuan per person and year."""
        return self.poverty_line[str(self.line_of(year))]

    def line_of(self, year: int) -> int:
        """The year whose poverty line is used for `year`: itself, else the latest year before it, else the first
        one."""
        if str(year) in self.poverty_line:
            return year
        years = sorted(map(int, self.poverty_line))
        return max((known for known in years if known <= year), default=years[0])


def contradictions(terms: Exit, first: int, *, layered: bool) -> Found:
    """Find what could not work in a pack that is in force from the year `first` on.

    `layered`: it extends another pack.
    """
    if (watched := terms.monitor_for.after(SOME_DAY, national()) - SOME_DAY) < timedelta(365):
        zh = f"监测每年一次，监测期至少一年，现为 {watched.days} 天"
        yield ("exit", "monitor_for"), zh, "it is reviewed once a year, so that it is watched for a year at least"
    if any(terms.measure_from.of(year) > terms.measure_by.of(year) for year in (2015, 2016)):  # One has a 29 February.
        zh = "采集截止日应在同一年的开始日 measure_from 之后"
        yield ("exit", "measure_by"), zh, "it must lie after `measure_from` in the same year"
    yield from line_faults(("exit", "poverty_line"), terms.poverty_line, first, layered=layered)


def line_faults(path: Path, lines: Mapping[str, int], first: int, *, layered: bool) -> Found:
    """Check that there is a line for every year from `first` on, and that no line is a typing error.

    It may be the poverty line, or the line below which a household is proposed for monitoring.
    """
    years = sorted(map(int, lines))
    name = "贫困线" if path[0] == "exit" else "监测线"
    if years[-1] < first and not layered:  # Under a layer, the last line of the wider pack goes on.
        zh = f"{name}只到 {years[-1]} 年，政策包 {first} 年生效，请补 {first} 年及以后各年的{name}"
        en = f"the lines end in {years[-1]}, but the pack is in force from {first} on; add those of {first} and later"
        yield path, zh, en, ""
    needed = [year for year in range(first, years[-1]) if year not in years]
    if needed:
        zh = f"缺少 {'、'.join(map(str, needed))} 年的{name}"
        yield path, zh, f"there is no line for {', '.join(map(str, needed))}"
    for before, year in pairwise(years):
        old, new = (lines[str(of)] for of in (before, year))
        if year == before + 1 and not old / _LEAP <= new <= old * _LEAP:
            zh = f"{year} 年 {new} 元与 {before} 年 {old} 元相差 {_LEAP} 倍以上，请核对是否多填或少填一位"
            en = f"{new} yuan in {year} and {old} in {before} differ more than {_LEAP} times; is a digit too many?"
            yield (*path, str(year)), zh, en
