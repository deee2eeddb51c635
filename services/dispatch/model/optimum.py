"""The best way to pair villages with units, with a proof in whole numbers that there is no better one.

This is the transportation problem, a linear programme whose corners are whole numbers. A unit has places for one or
more villages, and its first place counts apart from the further ones. Four aims are pursued one after the other. Each
picks among the solutions that are best by the aims before it:

1. as many pairs as possible;
2. as many first places as possible, so that no unit goes to two villages while another one stays at home;
3. the highest score;
4. the highest sum of tickets. A ticket is a SHA-256 number of a pair. It makes the solution unique, so that the same
   input gives the same result on every machine and in any order, and it favours nobody as the alphabet would.

Each aim is proved by prices. Every village and every place gets a price, such that no pair is worth more than the price
of its village plus the price of its place. Then no solution can be worth more than the sum of all prices, each counted
as often as there is room. A solution that is worth exactly this sum is therefore the best. For example, one unit with a
single place scores 5 in village A and 3 in village B. The prices 5 for the place and 0 for each village prove that no
solution scores above 5. The prices are found from a few pairs, and then checked against all of them.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import highspy

FEW = 10
"""How many pairs of each village and unit are tried first, and how many are added where the prices prove too low."""
Ends = Sequence[tuple[int, int]]
"""For each pair: the row of its village and the row of its unit's places."""


class Room(NamedTuple):
    """For how many villages a unit has room."""

    first: int = 1
    """1 if it serves no village yet, else 0."""
    more: int = 0
    """How many further villages it may serve."""


class Optimum(NamedTuple):
    """The chosen pairs, and the bound that proves them."""

    chosen: tuple[int, ...]
    """Indices of the pairs."""
    objective: int
    bound: int
    """The highest score that any choice of this many pairs and units can have. No choice has more pairs or units."""


class _Programme(NamedTuple):
    """The linear programme: the rows of each pair, and how many chosen pairs each row can be in."""

    ends: Ends
    most: Sequence[int]


class _Face(NamedTuple):
    """All solutions that are equally good by the aims so far (a face of the polytope), and one of them."""

    open: Sequence[int]
    """The pairs that may be chosen in them."""
    used: frozenset[int]
    """The rows that are full in all of them."""
    chosen: Sequence[int] = ()
    bound: int = 0


def best_pairs(
    pairs: Sequence[tuple[str, str]], scores: Sequence[int], rooms: Mapping[str, Room] | None = None
) -> Optimum:
    """Choose the best pairs of village and unit (3.2). No village gets two units, no unit more villages than its room.

    Units that are not in `rooms` have room for one village. Groups that no pair connects are solved one by one, such as
    counties whose units serve only at home. Raises ArithmeticError if the solution cannot be proved.
    """
    rooms = {**dict.fromkeys((unit for _, unit in pairs), Room()), **(rooms or {})}
    parts = [_of_part([(*pairs[k], k) for k in part], scores, rooms) for part in _parts(pairs)]
    chosen = tuple(sorted(k for part in parts for k in part.chosen))
    return Optimum(chosen, sum(part.objective for part in parts), sum(part.bound for part in parts))


def _parts(pairs: Sequence[tuple[str, str]]) -> Iterator[list[int]]:
    """The pairs in groups that have neither a village nor a unit in common."""
    of_village, of_unit = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for k, (village, unit) in enumerate(pairs):
        of_village[village].append(k)
        of_unit[unit].append(k)
    seen = set[int]()
    for first in range(len(pairs)):
        part, ahead = list[int](), [first]
        while ahead:
            k = ahead.pop()
            if k not in seen:
                seen.add(k)
                part.append(k)
                village, unit = pairs[k]
                ahead += [*of_village.pop(village, ()), *of_unit.pop(unit, ())]
        if part:
            yield part


def _of_part(pairs: Iterable[tuple[str, str, int]], scores: Sequence[int], rooms: Mapping[str, Room]) -> Optimum:
    """The best of one group of pairs, each with its index."""
    columns = sorted(
        (village, unit, place, k) for village, unit, k in pairs for place, room in enumerate(rooms[unit]) if room
    )
    if not columns:
        return Optimum((), 0, 0)
    villages = {village: row for row, village in enumerate(sorted({village for village, *_ in columns}))}
    places = {one: row for row, one in enumerate(sorted({(unit, place) for _, unit, place, _ in columns}))}
    ends = [(villages[village], len(villages) + places[unit, place]) for village, unit, place, _ in columns]
    most = [*(1 for _ in villages), *(rooms[unit][place] for unit, place in places)]
    programme, worth = _Programme(ends, most), [scores[k] for *_, k in columns]
    tickets = [_ticket(village, unit, place) for village, unit, place, _ in columns]
    face = _best(_Face(range(len(columns)), frozenset()), [1] * len(columns), programme, tickets)
    if any(place for _, _, place, _ in columns):
        face = _best(face, [int(place == 0) for _, _, place, _ in columns], programme, tickets)
    highest = _best(face, worth, programme, tickets)
    only = _best(highest, tickets, programme, tickets)
    chosen = tuple(columns[c][-1] for c in only.chosen)
    return Optimum(chosen, sum(scores[k] for k in chosen), highest.bound)


def _best(face: _Face, aim: Sequence[int], programme: _Programme, tickets: Sequence[int]) -> _Face:
    """The solutions of a face that are best by one more aim, with the proof checked."""
    ends, most = programme
    # By worth, then by ticket: both in one number, which sorts faster than two.
    rank = [ticket - value * _TICKETS for value, ticket in zip(aim, tickets, strict=True)]
    looked_at = {*face.chosen, *_few(face.open, ends, rank)}
    while True:
        columns = sorted(looked_at)
        chosen, prices = _solve(columns, aim, programme, face.used)
        excess = {k: prices[ends[k][0]] + prices[ends[k][1]] - aim[k] for k in face.open}
        too_low = [k for k in face.open if excess[k] < 0]
        if not too_low:
            break
        looked_at |= _few(too_low, ends, {k: excess[k] * _TICKETS + tickets[k] for k in too_low})
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
    # A pair whose prices exceed its worth is in no best solution. A row with a price is full in every best solution.
    priced = face.used | {row for row, price in enumerate(prices) if price}
    return _Face([k for k in face.open if not excess[k]], priced, chosen, bound)


def _few(columns: Iterable[int], ends: Ends, rank: Sequence[int] | Mapping[int, int]) -> set[int]:
    """The first FEW pairs of each row, in the order of their ranks."""
    by_row: dict[int, list[int]] = defaultdict(list)
    for k in columns:
        for row in ends[k]:
            by_row[row].append(k)
    return {k for of_row in by_row.values() for k in sorted(of_row, key=rank.__getitem__)[:FEW]}


def _solve(
    columns: Sequence[int], aim: Sequence[int], programme: _Programme, used: Collection[int]
) -> tuple[list[int], list[int]]:
    """Solve the programme over some of the pairs. Returns the chosen pairs and the price of each row."""
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
    # Primal simplex (4) was measured to be the fastest. It ends in a corner, so the solution and prices are whole.
    for option, value in {"threads": 1, "parallel": "off", "presolve": "off", "simplex_strategy": 4}.items():
        assert solver.setOptionValue(option, value) == highspy.HighsStatus.kOk, option
    solver.passModel(model)
    solver.run()
    solution = solver.getSolution()
    chosen = [k for k, value in zip(columns, solution.col_value, strict=True) if round(value)]
    return chosen, [round(price) for price in solution.row_dual]


def _ticket(village: str, unit: str, place: int) -> int:
    """The ticket of a pair: a number that looks random. The unit's further places have other tickets than its first."""
    name = f"{village} {unit} {place}" if place else f"{village} {unit}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


_TICKETS = 2**32
"""How many tickets there are."""
