"""The best way to pair villages with units, with a proof in whole numbers that there is no better one.

It is the transportation problem: a linear programme whose corners are whole. A unit has room for so many villages; its
first place counts apart from the further ones. Four aims are pursued one after the other, each among the solutions that
are best by those before it: most pairs, most first places, so that nobody goes to two villages while another unit stays
at home, the highest score, and the highest sum of tickets. The tickets make the solution unique, so that the same input
gives the same result on every machine and in whatever order it comes; they are SHA-256 numbers, so that no alphabet
favours anyone.

The proof of each aim is a price on every village and every place such that no pair is worth more than its two prices:
then no solution is worth more than all prices together, each as often as there is room. Few pairs suffice to find the
prices, which are checked against all.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import highspy

FEW = 10
"""So many pairs of each village and unit are looked at first, and are added at a time where prices are too low."""
Ends = Sequence[tuple[int, int]]
"""Of each pair the row of its village and the row of its unit's places."""


class Room(NamedTuple):
    """For how many villages a unit has room."""

    first: int = 1
    """1 while it serves none, else 0."""
    more: int = 0
    """Beyond the first."""


class Optimum(NamedTuple):
    """The chosen pairs, and what proves them."""

    chosen: tuple[int, ...]
    """Indices of the pairs."""
    objective: int
    bound: int
    """No choice of as many pairs by as many units can score above this, and none can have more of these."""


class _Programme(NamedTuple):
    """Pairs of villages and places, and how many pairs each row can be in."""

    ends: Ends
    most: Sequence[int]


class _Face(NamedTuple):
    """All solutions that are equally good so far, one of them, and what none of them can exceed."""

    open: Sequence[int]
    """The pairs that occur in them."""
    used: frozenset[int]
    """The rows that are full in all of them."""
    chosen: Sequence[int] = ()
    bound: int = 0


def best_pairs(
    pairs: Sequence[tuple[str, str]], scores: Sequence[int], rooms: Mapping[str, Room] | None = None
) -> Optimum:  # fmt: skip
    """Choose pairs such that no village has two units and no unit more villages than it has room for (3.2).

    Units that are not among `rooms` have room for one village.
    """
    rooms = rooms or {}
    columns = [
        (village, unit, place, k)
        for k, (village, unit) in enumerate(pairs)
        for place, room in enumerate(rooms.get(unit, Room()))
        if room
    ]
    if not columns:
        return Optimum((), 0, 0)
    columns.sort()
    villages = {village: row for row, village in enumerate(sorted({village for village, *_ in columns}))}
    places = {one: row for row, one in enumerate(sorted({(unit, place) for _, unit, place, _ in columns}))}
    ends = [(villages[village], len(villages) + places[unit, place]) for village, unit, place, _ in columns]
    most = [*(1 for _ in villages), *(rooms.get(unit, Room())[place] for unit, place in places)]
    programme, worth = _Programme(ends, most), [scores[k] for *_, k in columns]
    tickets = [_ticket(village, unit, place) for village, unit, place, _ in columns]
    face = _best(_Face(range(len(columns)), frozenset()), [1] * len(columns), programme, tickets)
    if any(room.more for room in rooms.values()):
        face = _best(face, [int(place == 0) for _, _, place, _ in columns], programme, tickets)
    highest = _best(face, worth, programme, tickets)
    only = _best(highest, tickets, programme, tickets)
    chosen = tuple(sorted(columns[c][-1] for c in only.chosen))
    return Optimum(chosen, sum(scores[k] for k in chosen), highest.bound)


def _best(face: _Face, aim: Sequence[int], programme: _Programme, tickets: Sequence[int]) -> _Face:
    """The best part of a face by one more aim, proved."""
    ends, most = programme
    looked_at = {*face.chosen, *_few(face.open, ends, lambda k: (-aim[k], tickets[k]))}
    while True:
        columns = sorted(looked_at)
        chosen, prices = _solve(columns, aim, programme, face.used)
        excess = {k: prices[ends[k][0]] + prices[ends[k][1]] - aim[k] for k in face.open}
        too_low = [k for k in face.open if excess[k] < 0]
        if not too_low:
            break
        looked_at |= _few(too_low, ends, lambda k: (excess[k], tickets[k]))  # noqa: B023 (called at once)
    bound = sum(price * most[row] for row, price in enumerate(prices))
    taken = Counter(row for k in chosen for row in ends[k])
    unproven = (
        bound != sum(aim[k] for k in chosen)
        or any(pairs > most[row] for row, pairs in taken.items())
        or any(taken[row] < most[row] for row in face.used)
        or any(price < 0 and row not in face.used for row, price in enumerate(prices))
    )
    if unproven:
        raise ArithmeticError(f"the solver's prices, {bound} in all, do not prove its solution")
    # Where a pair's prices exceed its worth it is in no best solution; where a row has a price it is full in all.
    priced = face.used | {row for row, price in enumerate(prices) if price}
    return _Face([k for k in face.open if not excess[k]], priced, chosen, bound)


def _few(columns: Iterable[int], ends: Ends, key: Callable[[int], tuple[int, int]]) -> set[int]:
    """The first few pairs of each row by a key."""
    by_row: dict[int, list[int]] = defaultdict(list)
    for k in columns:
        for row in ends[k]:
            by_row[row].append(k)
    return {k for of_row in by_row.values() for k in sorted(of_row, key=key)[:FEW]}


def _solve(
    columns: Sequence[int], aim: Sequence[int], programme: _Programme, used: Collection[int]
) -> tuple[list[int], list[int]]:  # fmt: skip
    """Solve the programme over some pairs: those chosen, and the price of each row."""
    ends, most = programme
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(columns), len(most)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = [aim[k] for k in columns]
    model.col_lower_, model.col_upper_ = [0.0] * len(columns), [highspy.kHighsInf] * len(columns)
    model.row_lower_ = [float(pairs) if row in used else -highspy.kHighsInf for row, pairs in enumerate(most)]
    model.row_upper_ = [float(pairs) for pairs in most]
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = [2 * n for n in range(len(columns) + 1)]
    model.a_matrix_.index_ = [row for k in columns for row in ends[k]]
    model.a_matrix_.value_ = [1.0] * (2 * len(columns))
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    # Primal simplex (4) is the fastest here by measurement; a corner that it ends in is whole, and so are its prices.
    for option, value in {"threads": 1, "parallel": "off", "presolve": "off", "simplex_strategy": 4}.items():
        solver.setOptionValue(option, value)
    solver.passModel(model)
    solver.run()
    solution = solver.getSolution()
    chosen = [k for k, value in zip(columns, solution.col_value, strict=True) if round(value)]
    return chosen, [round(price) for price in solution.row_dual]


def _ticket(village: str, unit: str, place: int) -> int:
    """A number by chance for a pair; another one where the unit goes to a further village."""
    name = f"{village} {unit} {place}" if place else f"{village} {unit}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
