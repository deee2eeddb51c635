"""Merged cells, followed while the rows of a sheet are read one by one."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.workbook import excel

if TYPE_CHECKING:
    from shared.workbook.sheet import Cells, Raw

_RANGE: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?", re.ASCII)
_MOST: Final = 200_000
"""The most merged ranges of a sheet; no real sheet has so many. The work for all rows is limited to fifty times this
number."""


class Merge(NamedTuple):
    """A range of merged cells: first and last row, counted from 1, and first and last column, counted from 0."""

    top: int
    bottom: int
    left: int
    right: int
    range: str

    @classmethod
    def of(cls, range: str) -> "Merge":
        """Parse a range such as C2:C3. Raises ValueError."""
        found = _RANGE.fullmatch(range)
        if not found:
            raise ValueError(f"{range[:20]!r} is no range of cells")
        left, top, right, bottom = found.groups()
        return cls(int(top), int(bottom or top), excel.column(left), excel.column(right or left), range)


class Merges:
    """The merges of a sheet."""

    def __init__(self, merges: Iterable[Merge]) -> None:
        self._waiting: list[Merge] = []
        for merge in merges:
            self._waiting.append(merge)
            if len(self._waiting) > _MOST:
                raise ValueError("more merged cells than people make")
        self._waiting.sort(reverse=True)  # The next range is at the end of the list.
        self._here: list[Merge] = []
        self._values: dict[Merge, Raw] = {}
        self._work = 0

    def cover(self, row: int, cells: "Cells") -> tuple[dict[int, str], dict[int, str]]:
        """Two groups of cells in a row, each cell with its range: those that a merge fills, and those that it only
        covers.

        A merge within one column fills its cells: each gets the value of the first, in `cells`. Other merges only cover
        cells, since nobody knows for which column the value is meant. Call this for rows with content, in order.
        Raises ValueError if there are too many merges.
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
