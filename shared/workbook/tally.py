"""Summaries of remarks: what is wrong in the same way in many rows is said once, with the number and the rows."""

from collections.abc import Iterable

import msgspec

from shared.workbook.form import Remark

_RUNS = 20
"""The most ranges of rows that a summary lists, such as 3-9002; then it says that there are more."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All remarks about one column by one rule."""

    rule: str
    column: str
    count: int
    rows: str
    """The rows, such as `3-9002, 9005`; empty if it is about the whole file."""
    zh: str
    en: str


class _Group:
    def __init__(self, first: Remark) -> None:
        self.first, self.count, self.same, self.more = first, 0, True, False
        self.runs: list[list[int]] = []

    def add(self, remark: Remark) -> None:
        self.count += 1
        self.same = self.same and remark.zh == self.first.zh
        if self.runs and self.runs[-1][0] <= remark.row <= self.runs[-1][1] + 1:
            self.runs[-1][1] = max(self.runs[-1][1], remark.row)
        elif len(self.runs) < _RUNS:
            self.runs.append([remark.row, remark.row])
        else:
            self.more = True

    def summary(self) -> Summary:
        first = self.first
        if not first.row:
            return self._said("", first.zh, first.en)
        zh = "、".join(f"{a}至{b}" if a < b else f"{a}" for a, b in self.runs) + ("等" if self.more else "")
        rows = ", ".join(f"{a}-{b}" if a < b else f"{a}" for a, b in self.runs) + (", …" if self.more else "")
        en = f"{'Row' if self.count == 1 else 'Rows'} {rows}"
        if self.same:
            total = (f"，共{self.count}处", f", {self.count} in all") if self.more else ("", "")
            return self._said(rows, f"第{zh}行{total[0]}：{first.zh}", f"{en}{total[1]}: {first.en}")
        return self._said(
            rows,
            f"第{zh}行，共{self.count}处，如第{first.row}行：{first.zh}",
            f"{en}, {self.count} in all, such as row {first.row}: {first.en}",
        )

    def _said(self, rows: str, zh: str, en: str) -> Summary:
        return Summary(rule=self.first.rule, column=self.first.column, count=self.count, rows=rows, zh=zh, en=en)


class Tally:
    """Collects remarks by rule and column, in memory that does not grow with the rows."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}

    def add(self, remark: Remark) -> None:
        """Add a remark."""
        key = remark.rule, remark.column
        if key not in self._groups:
            self._groups[key] = _Group(remark)
        self._groups[key].add(remark)

    def add_all(self, remarks: Iterable[Remark]) -> None:
        """Add several remarks."""
        for remark in remarks:
            self.add(remark)

    def summaries(self) -> list[Summary]:
        """The summaries, in the order of their first remarks."""
        return [group.summary() for group in self._groups.values()]
