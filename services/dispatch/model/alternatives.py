"""What else there is for a village: the best matching in which it does not go with the unit that it got (3.2).

A matching is a flow: from each village that got a unit, one goes to a place of that unit. To take a village's unit away
means to lead what went there another way, at the least cost: the village goes to another unit, whose village goes to a
third one, and so on, until somebody has room, or a village is left without a unit. So one search for the cheapest way
through the pairs answers for one village, and nothing is solved anew. What a way costs is counted as the matching
counts: first the villages that get a unit, then the units that go, then the score.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from services.dispatch.model.optimum import Room

Node = tuple[str, int]
"""A village with -1, or a unit with the number of its place: 0 for the first, 1 for the further ones."""
HOME: Node = ("", -1)
"""Where villages without a unit and places without a village stand."""


class Alternative(NamedTuple):
    """The next best for a village: the unit that it would get, and what that costs all villages together."""

    unit: str | None
    """None if it would get none."""
    villages: int
    """How many fewer villages would get a unit."""
    units: int
    """How many fewer units would go."""
    score: int
    """By how much the total score would be lower. It may be below 0 where fewer villages get a unit."""


class Worth(NamedTuple):
    """Pairs, first places and points as one number, in which no number of the later outweighs one of the earlier."""

    pair: int
    first: int

    def of(self, score: int, place: int) -> int:
        """What a pair is worth that takes a place of its unit."""
        return self.pair + (self.first if place == 0 else 0) + score

    def parts(self, cost: int) -> tuple[int, int, int]:
        """How many pairs, first places and points a cost is."""
        pairs = (cost + self.pair // 2) // self.pair
        rest = cost - pairs * self.pair
        firsts = (rest + self.first // 2) // self.first
        return pairs, firsts, rest - firsts * self.first


def worth_of(scores: Sequence[int]) -> Worth:
    """Weights so large that no sum of scores reaches a first place, and no sum of first places reaches a pair."""
    first = 2 * sum(map(abs, scores)) + 1
    return Worth(first * (2 * len(scores) + 2), first)


class Ways:
    """How what was chosen can be led otherwise: from each node the next ones, each with what it costs to go there."""

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
        """A level for each node, such that no step costs less than it leads down: from anywhere to it, at most 0.

        What was chosen is the best, so no way leads back to where it began at a gain, and this comes to an end.
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
