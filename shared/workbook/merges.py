"""Cells that an officer merged, while the rows go by."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from openpyxl.utils import column_index_from_string

if TYPE_CHECKING:
    from shared.workbook.sheet import Cells, Raw

_RANGE: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?", re.ASCII)
_MOST: Final = 200_000
"""Merges of a sheet, and what is looked at for its rows in all; more than any sheet has that people made."""


class Merge(NamedTuple):
    """A range of merged cells: its rows counted from 1, its columns from 0, each from the first to the last."""

    top: int
    bottom: int
    left: int
    right: int
    range: str

    @classmethod
    def of(cls, range: str) -> "Merge":
        """Read a range such as C2:C3."""
        found = _RANGE.fullmatch(range)
        if not found:
            raise ValueError(f"{range[:20]!r} is no range of cells")
        left, top, right, bottom = found.groups()
        first = int(column_index_from_string(left)) - 1
        last = int(column_index_from_string(right or left)) - 1
        return cls(int(top), int(bottom or top), first, last, range)


class Merges:
    """The merges of a sheet."""

    def __init__(self, merges: Iterable[Merge]) -> None:
        self._waiting: list[Merge] = []
        for merge in merges:
            self._waiting.append(merge)
            if len(self._waiting) > _MOST:
                raise ValueError("more merged cells than people make")
        self._waiting.sort(reverse=True)  # The next one is the last.
        self._here: list[Merge] = []
        self._values: dict[Merge, Raw] = {}
        self._work = 0

    def cover(self, row: int, cells: "Cells") -> tuple[dict[int, str], dict[int, str]]:
        """The cells of a row that are filled by a merge within one column, and those that one only covers, with ranges.

        To be called for rows with content in their order, so that no row exists by a merge alone.
        """
        filled: dict[int, str] = {}
        covered: dict[int, str] = {}
        while self._waiting and self._waiting[-1].top <= row:
            self._here.append(self._waiting.pop())
        if not self._here:
            return filled, covered
        self._here = [merge for merge in self._here if merge.bottom >= row]
        self._values = {merge: value for merge, value in self._values.items() if merge.bottom >= row}
        self._work += sum(merge.right - merge.left + 1 for merge in self._here)
        if self._work > 50 * _MOST:
            raise ValueError("more merged cells than people make")
        for merge in self._here:
            if merge.top == row:
                self._values[merge] = cells.get(merge.left)
                covered |= dict.fromkeys(range(merge.left + 1, merge.right + 1), merge.range)
            elif merge.left == merge.right and merge.left not in cells and self._values.get(merge) is not None:
                cells[merge.left] = self._values[merge]
                filled[merge.left] = merge.range
            else:
                covered |= dict.fromkeys(range(merge.left, merge.right + 1), merge.range)
        return filled, covered
