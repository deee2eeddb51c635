"""The geometry of charts: which points a picture has. The templates draw it and put it into words."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby
from math import ceil
from typing import Final, NamedTuple

WIDTH: Final = 640.0
HEIGHT: Final = 240.0
LEFT: Final = 44.0
BOTTOM: Final = 22.0
"""Room for the numbers at the side and the years below."""


class Area(NamedTuple):
    """A stage's area in a stacked chart, as the points of a polygon."""

    name: str
    points: str


class Mark(NamedTuple):
    """A line of the grid, with what stands at it."""

    at: float
    text: str


class Stacked(NamedTuple):
    """How many villages stood in which stage, month by month."""

    areas: list[Area]
    years: list[Mark]
    numbers: list[Mark]
    table: list[tuple[date, dict[str, int]]]
    """The numbers behind it, at the end of each year and by now."""


def by_month(changes: Iterable[tuple[date, str, int]]) -> list[tuple[date, dict[str, int]]]:
    """How many stood in each stage at the end of each month in which something changed, from changes in their order."""
    found: list[tuple[date, dict[str, int]]] = []
    standing: dict[str, int] = {}
    for month, same in groupby(changes, key=lambda change: change[0].replace(day=1)):
        for _, stage, number in same:
            standing[stage] = standing.get(stage, 0) + number
        found.append((month, {stage: number for stage, number in standing.items() if number}))
    return found


def stacked(months: Sequence[tuple[date, dict[str, int]]], stages: Sequence[str], until: date) -> Stacked | None:
    """A chart of areas upon one another, the first stage at the bottom. None if there is nothing to show."""
    if not months:
        return None
    known = [*months, (max(until, months[-1][0]), months[-1][1])]
    first, last = known[0][0].toordinal(), max(known[-1][0].toordinal(), known[0][0].toordinal() + 1)
    most = max(sum(standing.values()) for _, standing in known) or 1

    def x(day: date) -> float:
        return LEFT + (day.toordinal() - first) / (last - first) * (WIDTH - LEFT)

    def y(number: float) -> float:
        return (HEIGHT - BOTTOM) * (1 - number / most) + 4

    areas, below = [], [0] * len(known)
    for stage in stages:
        above = [n + standing.get(stage, 0) for n, (_, standing) in zip(below, known, strict=True)]
        if above != below:
            # A stage lasts until the next change, so the line goes level and then up or down: no village is between two
            # stages.
            upper = [point for n, (day, _) in enumerate(known) for point in _stair(x(day), y, above, n)]
            lower = [point for n, (day, _) in enumerate(known) for point in _stair(x(day), y, below, n)]
            areas.append(Area(stage, " ".join(f"{a:.1f},{b:.1f}" for a, b in (*upper, *reversed(lower)))))
        below = above
    years = [Mark(x(date(year, 1, 1)), str(year)) for year in range(known[0][0].year + 1, known[-1][0].year + 1)]
    step = _round(most / 4)
    numbers = [Mark(y(number), f"{number:,}") for number in range(0, most + 1, step)]
    ends = {day.year: (day, standing) for day, standing in known}
    return Stacked(areas, _thinned(years), numbers, [ends[year] for year in sorted(ends)])


def _stair(x: float, y: Callable[[float], float], numbers: Sequence[int], n: int) -> list[tuple[float, float]]:
    before = [(x, y(numbers[n - 1]))] if n else []
    return [*before, (x, y(numbers[n]))]


def _round(number: float) -> int:
    """The next of 1, 2, 5, 10, 20 … that is not less."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size >= number:
                return factor * size
        size *= 10


def _thinned(marks: Sequence[Mark]) -> list[Mark]:
    """At most eight marks, so that they do not overlap."""
    return list(marks[:: ceil(len(marks) / 8) or 1])
