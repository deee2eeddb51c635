"""What a form is, and what a returned one consists of."""

from collections.abc import Mapping, Set
from typing import Literal

import msgspec

MEDIA_TYPES: Mapping[str, str] = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
}
"""The content types of the files that are written or read here, by their suffix."""

SHEET = "填报表"
"""The name of the sheet that is filled in; a file without it is read from its first visible sheet."""
GUIDE = "填表说明"
"""The name of the sheet that explains the form."""
SEAL, ERRORS = "封签\nSeal", "错误\nErrors"
"""The headings of the two columns that no form declares."""
REMARKS = ("备注", "备注说明", "序号", "Remarks", "Notes", "No.")
"""The headings of columns that officers add for themselves, and that say nothing about what the row is about."""

_YES_NO: Mapping[str, object] = {"是": True, "否": False}


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a form."""

    field: str
    title: str
    """The Chinese heading, such as 村名. It tells the columns apart, wherever the officer moves them."""
    en: str
    """The English heading, on the second line of the same cell."""
    once: tuple[str, ...] = ()
    """Headings that it bore in forms issued earlier, which are still read."""
    kind: Literal["text", "id", "code", "integer", "number", "date", "month", "yes_no", "choice"] = "text"
    """An `id` is folded into one spelling; a `code` has a fixed number of digits; a `month` may be a day or a month."""
    choices: Mapping[str, str] = {}
    """For a choice: the labels in the drop-down, and the value that each stands for."""
    required: bool = True
    spare: bool = False
    """A column that may be missing altogether, since few rows ever need it."""
    prefilled: bool = False
    """Written by the product from its own data; a changed value is refused."""
    suggested: bool = False
    """Written by the product, and free to be changed. Neither this nor what is prefilled makes a row filled in."""
    pattern: str | None = None
    """A regular expression that the whole of a text must match; `\\d` and `\\w` are ASCII."""
    longest: int = 0
    """How many characters a text may have at most; 0 if nothing but the sheet bounds it."""
    help_zh: str = ""
    """A sentence shown while the cell is filled in, and again when it is wrong."""
    help_en: str = ""

    @property
    def labels(self) -> Mapping[str, object]:
        """What the drop-down offers, and the value of each; empty where there is no drop-down."""
        return _YES_NO if self.kind == "yes_no" else self.choices

    @property
    def heading(self) -> str:
        """What stands over the column."""
        return f"{self.title}{' *' if self.required else ''}\n{self.en}"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A table that officers fill in."""

    name: str
    title: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The fields that tell its rows apart: no two rows of a file may agree in all of them."""
    asked_by_zh: str
    """Who asks for it, under which document: a form that nobody answers for is a burden."""
    asked_by_en: str

    def __post_init__(self) -> None:
        """Refuse what would only fail once an officer uploads a file."""
        if strangers := set(self.key) - {column.field for column in self.columns}:
            raise ValueError(f"form {self.name}: the key names {sorted(strangers)}, which are no fields of it")
        if empty := [column.field for column in self.columns if column.kind == "choice" and not column.choices]:
            raise ValueError(f"form {self.name}: {empty} are choices with nothing to choose from")

    @property
    def sealed(self) -> bool:
        """Whether its rows bear seals: whether anything in it is prefilled."""
        return any(column.prefilled for column in self.columns)


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be said about a cell, a row, or the file (row 0)."""

    row: int
    column: str
    """The Chinese heading; empty where it is about more than one cell."""
    value: str
    """The cell as it stands there, cut short."""
    rule: str
    """By which rule it is said: one of this package's, or the mechanism or law of whoever refuses the row."""
    zh: str
    en: str


class CellError(Remark, frozen=True, kw_only=True):
    """What is wrong with a cell, by which rule, and what to do. It quotes the cell: never log it."""


class Note(Remark, frozen=True, kw_only=True):
    """What was read otherwise than it stands there, or not at all, and is no error."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A filled row as it was read."""

    number: int
    """The row in the sheet, counted from 1."""
    values: dict[str, object]
    """Every field with its date, int, float, bool or str; None where the cell is empty or cannot be read."""
    errors: tuple[CellError, ...]
    """Everything that is wrong with it; a row with errors is to be refused."""


class Layout(msgspec.Struct, frozen=True):
    """Where things stand in a sheet."""

    header: int
    """The row of the headings, counted from 1."""
    columns: Mapping[int, Column]
    """The form's columns by their place, counted from 0."""
    others: Mapping[str, int]
    """The places of `SEAL` and `ERRORS`, as far as there are any."""
    ignored: Mapping[int, str] = {}
    """The headings of the columns that are left alone, by their place."""
    headed: Set[int] = frozenset()
    """The places that have a heading."""
