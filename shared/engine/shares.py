"""How the replicas of a service divide the country: each prefecture belongs to one replica.

So everything about a village has one writer. The unit is the prefecture because a matching or a campaign may span all
counties of a prefecture, but never more.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from shared.contracts import Command
from shared.divisions import COUNTRY, prefecture_of
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
        """Whether this replica handles what concerns a division; of the code, four digits are enough."""
        return self.of == 1 or prefecture_of(place) == NATIONAL or owner(place, self.of) == self.number

    def misdirected(self, commands: Sequence[Command]) -> dict[int, Refused]:
        """Refusals, by row, of commands that belong to another replica, or that no single replica can handle."""
        found = ((row, self._misdirected(command)) for row, command in enumerate(commands) if self.of > 1)
        return {row: refused for row, refused in found if refused}

    def _misdirected(self, command: Command) -> Refused | None:
        if not command.needs_policy and not hasattr(command, "code"):
            return None  # What concerns the whole country may be sent to any replica: all hear its events.
        place, owns = command.place, owner(command.place, self.of)
        code = getattr(command, "code", place)  # The new code of a village: it must not move to another replica.
        if place.endswith("0000"):
            return Refused(
                "share",
                f"区划 {place} 大于地市；本服务分 {self.of} 个副本按地市分管，请按地市逐一办理",
                f"division {place} is wider than a prefecture, and {self.of} replicas share the prefectures; "
                "send it for each prefecture",
                field="place",
                status=422,
            )
        if owns != self.number:
            return Refused(
                "share",
                f"区划 {place} 由第 {owns} 副本（共 {self.of} 个）办理，请发往该副本；"
                f"使用命令行的，请加 --place {place}",
                f"division {place} is the business of replica {owns} of {self.of}; send it there; at the command "
                f"line, add --place {place}",
                field="place",
                status=421,
            )
        if owner(code, self.of) != self.number:
            return Refused(
                "share",
                f"新代码 {code} 的地市由另一副本分管，村的数据不能换副本；请保留原代码并告知运维",
                f"another replica has the prefecture of the new code {code}, and a village stays with its own; "
                "keep the old code, and tell operations",
                field="code",
            )
        return None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What every answer says of a replica, which tells of its own prefectures alone whatever division it is asked
        for."""
        return [] if self.of == 1 else [("zhucun-share", f"{self.number}/{self.of}")]

    def named(self, service: str) -> str:
        """The replica's name among its siblings: `dispatch`, or `dispatch-2-of-3`."""
        return service if self.of == 1 else f"{service}-{self.number}-of-{self.of}"


def owner(place: str, of: int) -> int:
    """The number of the replica to which a division belongs. This function must never change: a village's data would
    stay behind in the old replica's database.
    """
    return zlib.crc32(prefecture_of(place).encode()) % of + 1


WHOLE = Share()
"""The share of a service without replicas: the whole country."""
