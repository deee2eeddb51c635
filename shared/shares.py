"""How the replicas of a service share the country: by prefecture, so that all about a village has one writer.

A prefecture is the widest jurisdiction whose counties one matching and one calendar may span; what lies in one must
therefore meet in one replica.
"""

import zlib
from typing import NamedTuple

NATIONAL = "0000"
"""The prefecture of what concerns everybody, such as days: every share has it."""


class Share(NamedTuple):
    """One replica's part, counted from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """`2/3` as the second of three. ValueError if it is no such part."""
        number, _, of = text.partition("/")
        share = cls(int(number), int(of))
        if not 1 <= share.number <= share.of:
            raise ValueError(f"the share {text!r} must be one of so many, such as 2/3")
        return share

    @property
    def mark(self) -> int:
        """The share as a number, which its database keeps."""
        return self.of << 16 | self.number

    def has(self, place: str) -> bool:
        """Whether what concerns this division is this replica's business; `place` has six digits, four suffice."""
        return self.of == 1 or place[:4] == NATIONAL or owner(place, self.of) == self.number

    def named(self, service: str) -> str:
        """The replica's name among its siblings: `dispatch`, or `dispatch-2-of-3`."""
        return service if self.of == 1 else f"{service}-{self.number}-of-{self.of}"


def owner(place: str, of: int) -> int:
    """The number of the share that has a division. It must never change, or a village would change its database."""
    return zlib.crc32(place[:4].encode()) % of + 1


WHOLE = Share()
"""The share of a service that has no replicas: everything."""
