"""A division's yearbook: what its villages' figures of a year add up to, and what is recorded of the division itself.

A yearbook is about one year of one county; a city or a province has one for what it records itself. It keeps the
figures of each village, not their sums. So a correction simply replaces a village's figures, and a total is the same in
whatever order the villages were measured.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from services.registry.model.commands import RecordFigures, RequestDecap, WithdrawFigures
from services.registry.model.measurement import check_estimated, check_values
from services.registry.model.village import Village
from shared.contracts.registry import FiguresRecorded, FiguresWithdrawn, IndicatorsMeasured, MeasurementWithdrawn
from shared.divisions import part_of, place_of
from shared.labels import said
from shared.policy import Policy
from shared.policy.indicators import Indicator, derived
from shared.rules import Change, Key, Refused, State, known, overwrite


class Counted(msgspec.Struct, frozen=True):
    """A village's figures of the year that have a total, and where it lay at the end of that year."""

    code: str
    township: str
    values: dict[str, float]


class Recorded(msgspec.Struct, frozen=True, omit_defaults=True):
    """A division's own figures."""

    values: dict[str, float]
    estimated: tuple[str, ...] = ()
    drawn_from: str = ""


class Yearbook(State, frozen=True, kw_only=True):
    """The figures of one year: `<place>/<year>`."""

    kind = "yearbooks"
    known_as = ("年度数据汇总", "the figures of a year")
    villages: dict[str, Counted] = msgspec.field(default_factory=dict)
    """By the village's id."""
    divisions: dict[str, Recorded] = msgspec.field(default_factory=dict)
    """By the division, such as `county:210521`."""

    @property
    def status(self) -> str:
        return self.id.rpartition("/")[2]


class Total(msgspec.Struct, frozen=True):
    """A division's figure of a year."""

    division: str
    """The division, such as `township:210521100`."""
    name: str
    """Its name; its code where no name is known."""
    year: int
    figure: str
    label: str
    unit: str
    value: float | None
    """The figure; None if it cannot be computed, such as a ratio whose divisor adds up to zero."""
    villages: int | None = None
    """How many villages have the figure; None where the division recorded it itself."""
    estimated: bool = False
    """Whether the division's own figure is an estimate."""
    group: str | None = None
    sums: tuple[float, ...] = ()
    """The sums behind the value: the value itself, or, for a ratio or a mean, the dividend and the divisor. With them
    the totals of several replicas can be put together. Empty where no village has the figure, or where the division
    recorded it itself."""


def book(message: IndicatorsMeasured | MeasurementWithdrawn, policy: Policy) -> Iterable[str]:
    """The yearbook in which a village's figures are counted; none where the region counts nothing."""
    counts = any(one.total for one in policy.indicators)
    return (f"{message.counted_in or message.place}/{message.year}",) if counts else ()


def book_of(command: RecordFigures | WithdrawFigures, _policy: Policy) -> Iterable[str]:
    """The yearbook in which a division's own figures stand."""
    return (f"{command.place}/{command.year}",)


def of_village(_book: Yearbook | None, event: IndicatorsMeasured) -> Iterable[Key]:
    """The village, for its code."""
    yield Village, event.village


def count(
    book: Yearbook | None,
    event: IndicatorsMeasured,
    policy: Policy,
    _today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Count a village's figures of the year. A later correction replaces them.

    They count in the county where the village lay when the year was first measured. After a merger the figures of the
    remaining village include those of the ended one, which is therefore counted no more.
    """
    place, last_day = event.counted_in or event.place, date(event.year, 12, 31)
    book = book or Yearbook(id=f"{place}/{event.year}", place=place)
    village = others[Village, event.village]
    assert isinstance(village, Village), "it was measured"
    codes = [alias.code for alias in village.codes if alias.code.startswith(place)]
    in_force = [alias.code for alias in village.codes if alias.since <= last_day and alias.code in codes]
    needed = {part for one in policy.indicators if one.total for part in one.parts}
    values = {figure: value for figure, value in event.values.items() if figure in needed}
    counted = Counted([*codes[:1], *in_force][-1], village.township, values)
    others_left = {id: one for id, one in book.villages.items() if id not in event.including}
    return Change(book.but(villages={**others_left, event.village: counted}))


def discount(book: Yearbook | None, event: MeasurementWithdrawn, _policy: Policy, _today: date) -> Change:
    """A village's figures of the year were taken back."""
    if book is None:
        return Change(None)
    return Change(book.but(villages={id: one for id, one in book.villages.items() if id != event.village}))


def record(book: Yearbook | None, command: RecordFigures, policy: Policy, today: date) -> Change:
    """Record a division's own figures, such as its area (0.1). Known ones are overwritten only by `replaces`."""
    kind = kind_of(command)
    if command.year > today.year:
        raise Refused(
            "0.1",
            f"{command.year}年尚未到来，请核对年度",
            f"the year {command.year} has not come yet; check it",
            field="year",
            status=422,
        )
    check_values(command.values, policy, of=kind)
    check_estimated(command, policy)
    book = book or Yearbook(id=f"{command.place}/{command.year}", place=command.place)
    before = book.divisions.get(command.division, Recorded({}))
    overwrite(before.values, command.values, command.replaces, "0.1", words=policy.labels["indicator"])
    estimated = {*before.estimated} - {*command.values} | {*command.estimated}
    now = Recorded({**before.values, **command.values}, tuple(sorted(estimated)), command.drawn_from)
    if now == before:
        return Change(book)
    event = FiguresRecorded(
        place=command.place,
        division=command.division,
        year=command.year,
        values=now.values,
        estimated=now.estimated,
        drawn_from=command.drawn_from,
        recorded_by=command.recorded_by,
    )
    return Change(book.but(divisions={**book.divisions, command.division: now}), (event,))


def withdraw(book: Yearbook | None, command: WithdrawFigures, _policy: Policy, _today: date) -> Change:
    """Take a division's figures of a year back."""
    kind_of(command)
    book = known(book, "年度", "a yearbook of", str(command.year))
    if command.division not in book.divisions:
        return Change(book)
    event = FiguresWithdrawn(
        place=command.place,
        division=command.division,
        year=command.year,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    left = {division: one for division, one in book.divisions.items() if division != command.division}
    return Change(book.but(divisions=left), (event,))


def kind_of(command: RecordFigures | WithdrawFigures | RequestDecap) -> str:
    """The kind of the division. Raises Refused unless `place` is the division itself, or the county it lies in."""
    kind, _, code = command.division.partition(":")
    place = place_of(code)
    if place != command.place:
        raise Refused(
            "identity",
            f"{said('division', command.division)}的所属区划应填{place}，不能填{command.place}",
            f"{command.division} belongs to division {place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    return kind


def totals(
    books: Iterable[Yearbook], indicators: Sequence[Indicator], by: str, place: str, names: Mapping[str, str]
) -> Iterator[Total]:
    """The figures of each division of a kind (`by`) within a place, by year (0.1, 0.12, 1.10, 1.18).

    They are what the villages' figures add up to, and what the divisions recorded themselves. A village without a value
    is missing: it counts neither as 0 nor as a village. `names` has the names of divisions by code.
    """
    counted = defaultdict[tuple[int, str], list[Counted]](list)
    recorded = dict[tuple[int, str], Recorded]()
    for one in books:
        year = int(one.status)
        for village in one.villages.values():
            counted[year, part_of(village.code, by)].append(village)
        for division, own in one.divisions.items():
            kind, _, code = division.partition(":")
            if kind == by:
                recorded[year, code] = own
    for year, code in sorted({*counted, *recorded}):
        if code.startswith(place):
            villages, own = counted[year, code], recorded.get((year, code), Recorded({}))
            name = villages[-1].township if villages and by == "township" else names.get(code, code)
            of = _Division(f"{by}:{code}", name, year)
            yield from (_total(of, villages, indicator) for indicator in indicators if villages and indicator.total)
            yield from _own(of, own, indicators)


def united(parts: Iterable[Total]) -> list[Total]:
    """Totals of several replicas, each for its own prefectures, put together. So a province gets one total."""
    found = defaultdict[tuple[int, str, str, str], list[Total]](list)
    for one in parts:
        found[one.year, one.division, one.figure, one.unit].append(one)
    return sorted(map(_united, found.values()), key=lambda one: (one.year, one.division))


def _united(parts: Sequence[Total]) -> Total:
    """One figure of a division, from parts that count different villages. If their packs add it up in different ways,
    it has no value."""
    if len(parts) == 1:
        return parts[0]
    having = [one.sums for one in parts if one.sums]
    is_alike = len({*map(len, having)}) == 1
    sums = tuple(sum(column) for column in zip(*having, strict=True)) if is_alike else ()
    return msgspec.structs.replace(
        parts[0], value=_value(sums), villages=sum(one.villages or 0 for one in parts), sums=sums
    )


class _Division(NamedTuple):
    division: str
    name: str
    year: int


def _total(of: _Division, villages: Sequence[Counted], one: Indicator) -> Total:
    """What the villages' figures add up to."""
    having = [[village.values[part] for part in one.parts] for village in villages if {*one.parts} <= {*village.values}]
    sums = [sum(column) for column in zip(*having, strict=True)]
    if one.total == "mean" and sums:
        sums.append(len(having))
    kept = tuple(sums)
    return Total(*of, one.figure, one.label, one.unit, _value(kept), villages=len(having), group=one.group, sums=kept)


def _value(sums: Sequence[float]) -> float | None:
    """A single sum, or the first sum divided by the second; None if there is none, or the divisor is zero."""
    if len(sums) > 1:
        return sums[0] / sums[1] if sums[1] else None
    return sums[0] if sums else None


def _own(of: _Division, own: Recorded, indicators: Sequence[Indicator]) -> Iterator[Total]:
    """The figures that a division recorded of itself, and those that follow from them (4.1). A figure that follows from
    an estimate is an estimate."""
    kind = of.division.partition(":")[0]
    of_kind = [one for one in indicators if one.of == kind]
    values, estimated = derived(of_kind, own.values, {}), {*own.estimated}
    for one in of_kind:
        if one.derive and not estimated.isdisjoint(one.derive.uses):
            estimated.add(one.figure)
        if one.figure in values:
            is_estimate = one.figure in estimated
            yield Total(
                *of, one.figure, one.label, one.unit, values[one.figure], estimated=is_estimate, group=one.group
            )
