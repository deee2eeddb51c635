"""The declaration of a form, and the rows and remarks that are read from a returned one."""

from collections.abc import Mapping, Set
from typing import Literal

import msgspec

MEDIA_TYPES: Mapping[str, str] = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
}
"""Content types of the files that are read and written, by suffix."""

SHEET = "填报表"
"""The name of the sheet to fill in. In a file without it, the first visible sheet is read."""
GUIDE = "填表说明"
"""The name of the sheet that explains the form."""
SEAL, ERRORS = "封签\nSeal", "错误\nErrors"
"""The headings of two columns that every form may have without declaring them."""
ISSUED = "签发号"
"""How the heading of an empty hidden column begins. The rest of it says how far the journal was when the form was
issued. This is in a heading because headings are kept by every program that saves the file, and in a .csv."""
REMARKS = ("备注", "备注说明", "序号", "Remarks", "Notes", "No.")
"""Headings of columns that officers add for themselves. These columns are ignored."""

_YES_NO: Mapping[str, object] = {"是": True, "否": False}


Kind = Literal["text", "id", "code", "integer", "number", "date", "month", "yes_no", "choice"]
"""What a column takes. An `id` is converted to one spelling; a `code` has a fixed number of digits; a `month` may be a
day or a month."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a form."""

    field: str
    title: str
    """The Chinese heading, such as 村名. Columns are recognised by it, so officers may move them."""
    en: str
    """The English heading, on the second line of the same cell."""
    once: tuple[str, ...] = ()
    """Its headings in earlier versions of the form, which are still accepted."""
    kind: Kind = "text"
    many: bool = False
    """Whether a cell takes several values, with commas between them."""
    choices: Mapping[str, str] = {}
    """For a choice: the labels in the drop-down, each with its value."""
    required: bool = True
    spare: bool = False
    """Whether the whole column may be missing, since few rows need it."""
    prefilled: bool = False
    """Filled in by the system from its own data. A changed value is refused."""
    suggested: bool = False
    """Filled in by the system as a suggestion that may be changed. A row with only suggested and prefilled cells counts
    as not filled in."""
    pattern: str | None = None
    """A regular expression that the whole of a text must match; `\\d` and `\\w` are ASCII."""
    longest: int = 0
    """The most characters of a text; 0 for no limit but Excel's."""
    help_zh: str = ""
    """A sentence that is shown while the cell is filled in, and again if the cell is wrong."""
    help_en: str = ""

    @property
    def labels(self) -> Mapping[str, object]:
        """The entries of the drop-down with their values; empty without a drop-down."""
        return _YES_NO if self.kind == "yes_no" else self.choices

    @property
    def heading(self) -> str:
        """The whole heading cell: Chinese, and English on a second line."""
        return f"{self.title}{' *' if self.required else ''}\n{self.en}"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A table that officers fill in."""

    name: str
    title: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The fields that identify a row: no two rows of a file may have the same values in all of them."""
    asked_by_zh: str
    """Who demands the form, under which document. Officers may refuse a form for which nobody answers."""
    asked_by_en: str

    def __post_init__(self) -> None:
        """Raise ValueError for mistakes in the declaration that would only show when an officer uploads a file."""
        if strangers := set(self.key) - {column.field for column in self.columns}:
            raise ValueError(f"form {self.name}: the key names {sorted(strangers)}, which are no fields of it")
        if empty := [column.field for column in self.columns if column.kind == "choice" and not column.choices]:
            raise ValueError(f"form {self.name}: {empty} are choices with nothing to choose from")

    @property
    def sealed(self) -> bool:
        """Whether its rows have seals, which they need if any column is prefilled."""
        return any(column.prefilled for column in self.columns)


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A remark about a cell, a row, or the whole file (row 0)."""

    row: int
    column: str
    """The Chinese heading of the column; empty if the remark is about several cells."""
    value: str
    """The content of the cell, shortened."""
    rule: str
    """The rule: a key of `texts.RULES`, or the mechanism or law by which a service refuses the row."""
    zh: str
    en: str


class CellError(Remark, frozen=True, kw_only=True):
    """What is wrong with a cell, by which rule, and what to do. It quotes the cell, which may be personal data: never
    log it.
    """


class Note(Remark, frozen=True, kw_only=True):
    """Something that was changed on reading, or left out, without being an error."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A filled row as it was read."""

    number: int
    """The row in the sheet, counted from 1."""
    values: dict[str, object]
    """Every field with its value; None if the cell is empty or cannot be read."""
    errors: tuple[CellError, ...]
    """All errors of the row. A row with errors must be refused."""


class Layout(msgspec.Struct, frozen=True):
    """Where headings and columns are in a sheet."""

    header: int
    """The row of the headings, counted from 1."""
    columns: Mapping[int, Column]
    """The form's columns by position, counted from 0."""
    others: Mapping[str, int]
    """The positions of the columns `SEAL`, `ERRORS` and `ISSUED` by their headings, if the sheet has them."""
    ignored: Mapping[int, str] = {}
    """The headings of ignored columns, by position."""
    headed: Set[int] = frozenset()
    """The positions of all columns with a heading."""

    @property
    def issued(self) -> int | None:
        """How far the journal was when the form was issued; None if the sheet does not say."""
        return next((int(title.removeprefix(ISSUED)) for title in self.others if title.startswith(ISSUED)), None)
