"""A region's story that can be played from its first day to its last, with everything left open chosen from a seed."""

import hashlib
from datetime import date
from typing import Any, ClassVar

from deploy.demo.answers import Story


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

    def late(self, about: str, action: str) -> int:
        """By how many days at least a village misses its deadlines for an action; 0 if it keeps them."""
        return 0
