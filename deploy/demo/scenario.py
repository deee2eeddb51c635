"""A region's story that can be played from its first day to its last, with everything left open chosen from a seed."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, ClassVar, Final

from deploy.demo.answers import Letter, Row, Story
from shared.divisions import Level

FORM_ROWS: Final = 1000
"""How many rows one Excel form takes."""


def part(total: int, number: int, of: int) -> int:
    """The part that the village of this number, from 1 on, gets of a total that is divided evenly among so many."""
    return number * total // of - (number - 1) * total // of


def letters(on: date, service: str, path: str, rows: Iterable[Row]) -> Iterator[Letter]:
    """The letters that enter these rows on a day, each with as many as an Excel form takes."""
    entered = tuple(rows)
    for start in range(0, len(entered), FORM_ROWS):
        yield Letter(on, service, path, entered[start : start + FORM_ROWS])


class Scenario(Story):
    """The story of a number of villages.

    What the region's document leaves open is chosen from the seed by SHA-256. So the same seed always tells the same
    story, even if processes crash meanwhile.
    """

    region: ClassVar[str]
    """The region's short name, as on the command line."""
    start: ClassVar[date]
    end: ClassVar[date]
    most: ClassVar[int]
    """How many villages the region has."""
    city: str
    """The four digits of the prefecture in which the story plays."""
    villages: dict[str, Any]
    """The villages that are played, by id."""
    levels: ClassVar[Sequence[Level]] = ("county",)
    """The kinds of divisions whose totals the region's figures are taken from."""
    since: ClassVar[int] = 0
    """The first year of these totals; 0 for the year in which the story begins."""
    divided = False
    """Whether replicas share the prefectures, so that each of these adopts a province's pack for itself."""
    at_once: ClassVar[Collection[str]] = ()
    """The actions that are taken on the day on which they are awaited, whatever weekday it is."""

    def __init__(self, seed: int, villages: int) -> None:
        if not 1 <= villages <= self.most:
            raise ValueError(f"villages must be 1 to {self.most}, as in the document, not {villages}")
        self.seed = seed

    @property
    def shown(self) -> str:
        """The village whose way the demo shows at the end."""
        return next(iter(self.villages))

    def choose(self, least: int, most: int, *about: object) -> int:
        """A whole number from `least` to `most`, always the same for the same seed and subject."""
        ticket = hashlib.sha256("\x1f".join(map(str, (self.seed, *about))).encode()).digest()
        return least + int.from_bytes(ticket[:8], "big") % (most - least + 1)

    def late(self, about: str, action: str, detail: str) -> int:
        """By how many days at least somebody misses the deadline of an action about a village or campaign; 0 if it is
        kept. `detail` distinguishes tasks of one action about one village, such as a visit's campaign."""
        return 0
