"""What is second best for a village: the best matching in which it does not get the unit that it got (3.2).

The matching is seen as a flow in a network: each village that got a unit sends one along the edge to a place of that
unit. To take the unit away from a village, its flow is sent another way at the least cost: the village takes a place of
another unit, whose village goes to a third unit, and so on, until a unit has room, or a village is left without a unit.
One search for the cheapest path answers for one village, and nothing is solved anew. Costs rank as in the matching:
first the number of villages that get a unit, then the number of units that go, then the score.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from services.dispatch.model.optimum import Room

Node = tuple[str, int]
"""A village with -1, or a unit with the number of its place: 0 for the first, 1 for the further ones."""
HOME: Node = ("", -1)
"""The node that stands for "nowhere": villages without a unit and places without a village are joined to it."""


class Alternative(NamedTuple):
    """The next best for a village: the unit that it would get, and what that costs all villages together."""

    unit: str | None
    """None if it would get none."""
    villages: int
    """How many fewer villages would get a unit."""
    units: int
    """How many fewer units would go."""
    score: int
    """By how much the total score would be lower. It may be below 0 where fewer villages get a unit or fewer units
    go."""


class Worth(NamedTuple):
    """Weights that make one number of pairs, first places and points. One pair outweighs any number of first places,
    and one first place outweighs any number of points."""

    pair: int
    first: int

    def of(self, score: int, place: int) -> int:
        """What a pair is worth if it takes this place of its unit."""
        return self.pair + (self.first if place == 0 else 0) + score

    def parts(self, cost: int) -> tuple[int, int, int]:
        """A cost, split into pairs, first places and points."""
        pairs = (cost + self.pair // 2) // self.pair
        rest = cost - pairs * self.pair
        firsts = (rest + self.first // 2) // self.first
        return pairs, firsts, rest - firsts * self.first


def worth_of(scores: Sequence[int]) -> Worth:
    """Weights so large that no sum of scores reaches a first place, and no sum of first places reaches a pair."""
    first = 2 * sum(map(abs, scores)) + 1
    return Worth(first * (2 * len(scores) + 2), first)


class Ways:
    """The network in which flow can be sent another way: by node, the nodes that may follow it, each with its cost."""

    def __init__(
        self,
        pairs: Sequence[tuple[str, str]],
        scores: Sequence[int],
        chosen: Collection[int],
        rooms: Mapping[str, Room],
    ) -> None:
        self.worth = worth_of(scores)
        self.ahead = defaultdict[Node, list[tuple[Node, int]]](list)
        self.place: dict[str, Node] = {}
        """By village that got a unit, the place that it takes."""
        taken = defaultdict[Node, int](int)
        for k in sorted(chosen):
            village, unit = pairs[k]
            first: Node = (unit, 0)
            node = first if taken[first] < rooms.get(unit, Room()).first else (unit, 1)
            taken[node] += 1
            self.place[village] = node
        for (village, unit), score in zip(pairs, scores, strict=True):
            for number, room in enumerate(rooms.get(unit, Room())):
                node, gain = (unit, number), self.worth.of(score, number)
                if self.place.get(village) == node:
                    self.ahead[node].append(((village, -1), gain))
                elif room:
                    self.ahead[village, -1].append((node, -gain))
        for unit in {unit for _, unit in pairs}:
            for number, room in enumerate(rooms.get(unit, Room())):
                node = unit, number
                if taken[node] < room:
                    self.ahead[node].append((HOME, 0))
                if taken[node]:
                    self.ahead[HOME].append((node, 0))
        for village in {village for village, _ in pairs}:
            if village in self.place:
                self.ahead[village, -1].append((HOME, 0))
            else:
                self.ahead[HOME].append(((village, -1), 0))
        self.levels = self._levels()

    def _levels(self) -> dict[Node, int]:
        """A level for each node: the cost of the cheapest path that ends there, at most 0. Measured against the levels,
        no step has a negative cost, as the search in `without` (Dijkstra's) needs it.

        This ends because the chosen matching is the best: no path that returns to its start gains anything.
        """
        levels = dict.fromkeys(self.ahead, 0)
        waiting, queued = deque(self.ahead), set(self.ahead)
        while waiting:
            node = waiting.popleft()
            queued.discard(node)
            for other, cost in self.ahead[node]:
                if levels[node] + cost < levels.setdefault(other, 0):
                    levels[other] = levels[node] + cost
                    if other not in queued:
                        queued.add(other)
                        waiting.append(other)
        return levels

    def without(self, village: str) -> Alternative:
        """The next best for a village that got a unit."""
        goal, start = self.place[village], (village, -1)
        best, steps, ahead = {start: 0}, dict[Node, Node](), [(0, start)]
        while ahead:
            far, node = heappop(ahead)
            if node == goal:
                break
            if far > best[node]:
                continue
            for other, cost in self.ahead[node]:
                if node == start and other[0] == goal[0]:
                    continue
                further = far + cost + self.levels[node] - self.levels[other]
                if further < best.get(other, further + 1):
                    best[other], steps[other] = further, node
                    heappush(ahead, (further, other))
        cost = best[goal] - self.levels[start] + self.levels[goal]
        node = goal
        while steps[node] != start:
            node = steps[node]
        own = next(cost for other, cost in self.ahead[goal] if other == start)
        return Alternative(None if node == HOME else node[0], *self.worth.parts(own + cost))
