"""How the replicas of a service divide the country: each prefecture belongs to one replica.

So everything about a village has one writer. Whole prefectures are divided among the replicas, because a matching or a
campaign may span all counties of a prefecture, but never more. What is a province's own, such as its figures, is
handled like one more prefecture in which nothing lies: for the province 52 it has the digits `5200`.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from shared.contracts import Command
from shared.divisions import COUNTRY, DIGITS, place_of, prefecture_of
from shared.rules import Refused

NATIONAL = prefecture_of(COUNTRY)
"""The four digits of what concerns the whole country, such as days. Every replica handles it."""


class Share(NamedTuple):
    """One replica's part of the country: replica `number`, counted from 1, of `of`."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """Parse a share: `2/3` is the second of three. Raises ValueError."""
        number, _, of = text.partition("/")
        share = cls(int(number), int(of))
        if not 1 <= share.number <= share.of:
            raise ValueError(f"the share {text!r} must be one of so many, such as 2/3")
        return share

    @property
    def mark(self) -> int:
        """The share as one number.

        The database keeps it, so that another replica cannot use this database by mistake.
        """
        return self.of << 16 | self.number

    def has(self, place: str) -> bool:
        """Whether this replica handles what concerns a division. Four digits of its code are enough."""
        return self.of == 1 or prefecture_of(place) == NATIONAL or owner(place, self.of) == self.number

    def misdirected(self, commands: Sequence[Command]) -> dict[int, Refused]:
        """Refusals, by row, of commands that belong to another replica, or that no single replica can handle."""
        found = ((row, self._misdirected(command)) for row, command in enumerate(commands) if self.of > 1)
        return {row: refused for row, refused in found if refused}

    def _misdirected(self, command: Command) -> Refused | None:
        if not command.needs_policy and not hasattr(command, "code"):
            return None  # It concerns the whole country, and may be sent to any replica: all hear the events.
        place = command.place
        code = getattr(command, "code", place)  # The new code of a village: it must not move to another replica.
        if place.endswith("0000") and not _is_its_own(command):
            return Refused(
                "share",
                f"区划 {place} 大于地市；本服务分 {self.of} 个副本按地市分管，请按地市逐一办理",
                f"division {place} is wider than a prefecture, and {self.of} replicas share the prefectures; "
                "send it for each prefecture",
                field="place",
                status=422,
            )
        if elsewhere := self.elsewhere(place):
            return elsewhere
        if owner(code, self.of) != self.number:
            return Refused(
                "share",
                f"新代码 {code} 的地市由另一副本分管，村的数据不能换副本；请保留原代码并告知运维",
                f"another replica has the prefecture of the new code {code}, and a village stays with its own; "
                "keep the old code, and tell operations",
                field="code",
            )
        return None

    def elsewhere(self, place: str) -> Refused | None:
        """The refusal of what concerns a division of another replica; None if this one handles it or a part of it. A
        place of fewer than four digits spans several prefectures, so each replica may have a part of it."""
        if len(place) < DIGITS["city"] or self.has(place):
            return None
        owns = owner(place, self.of)
        return Refused(
            "share",
            f"区划 {place} 由第 {owns} 副本（共 {self.of} 个）办理，这里是第 {self.number} 副本，请发往该副本；"
            f"使用命令行的，请加 --place {place[:6]}",
            f"this is replica {self.number}, and division {place} is the business of replica {owns} of {self.of}; send "
            f"it there; at the command line, add --place {place[:6]}",
            field="place",
            status=421,
        )

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header by which every answer says which replica gave it. A replica tells of its own prefectures alone,
        whatever division it is asked about."""
        return [] if self.of == 1 else [("zhucun-share", f"{self.number}/{self.of}")]

    def named(self, service: str) -> str:
        """The replica's name among its siblings: `dispatch`, or `dispatch-2-of-3`."""
        return service if self.of == 1 else f"{service}-{self.number}-of-{self.of}"


def _is_its_own(command: Command) -> bool:
    """Whether a command about a division above a prefecture concerns nothing that lies in it: a figure of the division
    itself, or the pack that says which figures it has, whose jurisdiction is `5200` for the province 52."""
    kept_for = getattr(command, "pack", {}).get("jurisdiction")
    _, _, code = str(getattr(command, "division", "")).partition(":")
    is_own = kept_for == prefecture_of(command.place) or place_of(code) == command.place
    return is_own and command.place != COUNTRY


def owners(place: str, of: int) -> Sequence[int]:
    """The numbers of the replicas that have a part of a division, given by its first digits: one replica for a
    prefecture and all that lies in it, all replicas for anything wider."""
    return range(1, of + 1) if len(place) < DIGITS["city"] else [owner(place, of)]


def owner(place: str, of: int) -> int:
    """The number of the replica to which a division belongs. This function must never change, since a village's data
    would be left in the old replica's database.
    """
    return zlib.crc32(prefecture_of(place).encode()) % of + 1


WHOLE = Share()
"""The share of a service without replicas: the whole country."""
