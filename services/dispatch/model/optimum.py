"""The best way to pair villages with units, with a proof in whole numbers that there is no better one.

It is the assignment problem: a linear programme whose corners are whole. Three aims are pursued one after the other,
each among the solutions that are best by those before it: most pairs, the highest score, and the highest sum of
tickets. The tickets make the solution unique, so that the same input gives the same result on every machine and in
whatever order it comes; they are SHA-256 numbers, so that no alphabet favours anyone.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import highspy


class Optimum(NamedTuple):
    """The chosen pairs, and what proves them."""

    chosen: tuple[int, ...]
    """Indices of the pairs."""
    objective: int
    bound: int
    """No choice of as many pairs can score above this, and no choice can have more pairs."""


def best_pairs(pairs: Sequence[tuple[str, str]], scores: Sequence[int]) -> Optimum:
    """Choose pairs such that nobody occurs twice: as many as possible, then with the highest score (3.2)."""
    if not pairs:
        return Optimum((), 0, 0)
    order = sorted(range(len(pairs)), key=pairs.__getitem__)
    rows: dict[tuple[int, str], int] = {}
    ends = [tuple(rows.setdefault(end, len(rows)) for end in enumerate(pairs[i])) for i in order]
    solver = _programme(ends, len(rows))
    aims = ([1] * len(order), [scores[i] for i in order], [_ticket(*pairs[i]) for i in order])
    proofs = [_maximise(solver, ends, aim) for aim in aims]
    chosen = tuple(sorted(order[k] for k in proofs[-1].chosen))
    return Optimum(chosen, sum(scores[i] for i in chosen), proofs[1].bound)


def _programme(ends: Sequence[tuple[int, ...]], rows: int) -> Any:
    """One column per pair and one row per village or unit, which is in at most one pair."""
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = len(ends), rows
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = programme.col_lower_ = [0.0] * len(ends)
    programme.col_upper_ = [highspy.kHighsInf] * len(ends)
    programme.row_lower_, programme.row_upper_ = [-highspy.kHighsInf] * rows, [1.0] * rows
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = [2 * column for column in range(len(ends) + 1)]
    programme.a_matrix_.index_ = [row for pair in ends for row in pair]
    programme.a_matrix_.value_ = [1.0] * (2 * len(ends))
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    # Primal simplex on one thread goes on from the corner where the aim before ended.
    for option, value in {"threads": 1, "parallel": "off", "presolve": "off", "simplex_strategy": 4}.items():
        solver.setOptionValue(option, value)
    solver.passModel(programme)
    return solver


def _maximise(solver: Any, ends: Sequence[tuple[int, ...]], aim: Sequence[int]) -> Optimum:
    """Maximise one aim, prove it by the prices of the rows, and leave only the equally good solutions open.

    A price on each village and unit such that no open pair is worth more than its two prices bounds every solution by
    the sum of the prices. Where a pair's prices exceed its worth, or a row has a price, the best solutions have no
    choice: that pair is out, that row is used.
    """
    solver.changeColsCost(len(aim), list(range(len(aim))), aim)
    solver.run()
    lp, solution = solver.getLp(), solver.getSolution()
    open_, least = list(lp.col_upper_), list(lp.row_lower_)
    prices = [round(price) for price in solution.row_dual]
    chosen = tuple(column for column, value in enumerate(solution.col_value) if round(value))
    slack = {k: prices[a] + prices[b] - aim[k] for k, (a, b) in enumerate(ends) if open_[k]}
    objective, bound = sum(aim[column] for column in chosen), sum(prices)
    used = [row for column in chosen for row in ends[column]]
    sound = min(slack.values()) >= 0 and all(price >= 0 or low == 1 for price, low in zip(prices, least, strict=True))
    if not sound or objective != bound or len(set(used)) != len(used) or not slack.keys() >= set(chosen):
        raise ArithmeticError(f"the solver's prices do not prove its solution: {objective} against {bound}")
    for column in (column for column, excess in slack.items() if excess):
        solver.changeColBounds(column, 0.0, 0.0)
    for row in (row for row, price in enumerate(prices) if price):
        solver.changeRowBounds(row, 1.0, 1.0)
    return Optimum(chosen, objective, bound)


def _ticket(village: str, unit: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{village} {unit}".encode()).digest()[:4], "big")
