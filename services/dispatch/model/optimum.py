"""The best way to pair villages with units, with a proof in whole numbers that there is no better one.

It is the assignment problem: a linear programme whose corners are whole. Three aims are pursued one after the other,
each among the solutions that are best by those before it: most pairs, the highest score, and the highest sum of
tickets. The tickets make the solution unique, so that the same input gives the same result on every machine and in
whatever order it comes; they are SHA-256 numbers, so that no alphabet favours anyone.

The proof of each aim is a price on every village and unit such that no pair is worth more than its two prices: then no
solution is worth more than all prices together. Few pairs suffice to find the prices, which are checked against all.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

import highspy

FEW = 10
"""So many pairs of each village and unit are looked at first, and are added at a time where prices are too low."""
Ends = Sequence[tuple[int, int]]
"""Of each pair the row of its village and the row of its unit; a row is in one pair at most."""


class Optimum(NamedTuple):
    """The chosen pairs, and what proves them."""

    chosen: tuple[int, ...]
    """Indices of the pairs."""
    objective: int
    bound: int
    """No choice of as many pairs can score above this, and no choice can have more pairs."""


class _Face(NamedTuple):
    """All solutions that are equally good so far, one of them, and what none of them can exceed."""

    open: Sequence[int]
    """The pairs that occur in them."""
    used: frozenset[int]
    """The rows that all of them use."""
    chosen: Sequence[int] = ()
    bound: int = 0


def best_pairs(pairs: Sequence[tuple[str, str]], scores: Sequence[int]) -> Optimum:
    """Choose pairs such that nobody occurs twice: as many as possible, then with the highest score (3.2)."""
    if not pairs:
        return Optimum((), 0, 0)
    order = sorted(range(len(pairs)), key=pairs.__getitem__)
    villages, units = ({name: row for row, name in enumerate(sorted(set(side)))} for side in zip(*pairs, strict=True))
    ends = [(villages[pairs[i][0]], len(villages) + units[pairs[i][1]]) for i in order]
    tickets = [_ticket(*pairs[i]) for i in order]
    most = _best(_Face(range(len(order)), frozenset()), [1] * len(order), ends, tickets)
    highest = _best(most, [scores[i] for i in order], ends, tickets)
    only = _best(highest, tickets, ends, tickets)
    chosen = tuple(sorted(order[k] for k in only.chosen))
    return Optimum(chosen, sum(scores[i] for i in chosen), highest.bound)


def _best(face: _Face, aim: Sequence[int], ends: Ends, tickets: Sequence[int]) -> _Face:
    """The best part of a face by one more aim, proved."""
    looked_at = {*face.chosen, *_few(face.open, ends, lambda k: (-aim[k], tickets[k]))}
    while True:
        columns = sorted(looked_at)
        chosen, prices = _solve(columns, aim, ends, face.used)
        excess = {k: prices[ends[k][0]] + prices[ends[k][1]] - aim[k] for k in face.open}
        too_low = [k for k in face.open if excess[k] < 0]
        if not too_low:
            break
        looked_at |= _few(too_low, ends, lambda k: (excess[k], tickets[k]))  # noqa: B023 (called at once)
    bound, taken = sum(prices), [row for k in chosen for row in ends[k]]
    unproven = (
        bound != sum(aim[k] for k in chosen)
        or len(taken) != len(set(taken))
        or not face.used <= set(taken)
        or any(price < 0 and row not in face.used for row, price in enumerate(prices))
    )
    if unproven:
        raise ArithmeticError(f"the solver's prices, {bound} in all, do not prove its solution")
    # Where a pair's prices exceed its worth it is in no best solution; where a row has a price all of them use it.
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
    columns: Sequence[int], aim: Sequence[int], ends: Ends, used: Collection[int]
) -> tuple[list[int], list[int]]:  # fmt: skip
    """Solve the programme over some pairs: those chosen, and the price of each row."""
    rows = 1 + max(row for _, row in ends)
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = len(columns), rows
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = [aim[k] for k in columns]
    programme.col_lower_, programme.col_upper_ = [0.0] * len(columns), [highspy.kHighsInf] * len(columns)
    programme.row_lower_ = [1.0 if row in used else -highspy.kHighsInf for row in range(rows)]
    programme.row_upper_ = [1.0] * rows
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = [2 * n for n in range(len(columns) + 1)]
    programme.a_matrix_.index_ = [row for k in columns for row in ends[k]]
    programme.a_matrix_.value_ = [1.0] * (2 * len(columns))
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    # Primal simplex (4) is the fastest here by measurement; a corner that it ends in is whole, and so are its prices.
    for option, value in {"threads": 1, "parallel": "off", "presolve": "off", "simplex_strategy": 4}.items():
        solver.setOptionValue(option, value)
    solver.passModel(programme)
    solver.run()
    solution = solver.getSolution()
    chosen = [k for k, value in zip(columns, solution.col_value, strict=True) if round(value)]
    return chosen, [round(price) for price in solution.row_dual]


def _ticket(village: str, unit: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{village} {unit}".encode()).digest()[:4], "big")
