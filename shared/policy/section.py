"""Common parts of a pack's sections: their base class, the documents that they cite, and shared types."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from datetime import date as date_
from typing import Annotated, ClassVar, TypeVar

import msgspec
from msgspec import Meta

from shared.contracts.values import Bounded, Code, Day, Name, Short, ShortOrNone

T = TypeVar("T")
Path = tuple[str | int, ...]
"""A place in a pack: `("campaigns", 2, "share")`, entries counted from 0."""
Found = Iterator[tuple[Path, str, str] | tuple[Path, str, str, str]]
"""Contradictions: place, Chinese, English and, perhaps, a valid line as an example. Without the line, the example comes
from a shipped pack; an empty line means that there is no example."""
SOME_DAY = date(2015, 1, 1)
"""An arbitrary day from which spans are measured in order to compare them."""
_END = r"$(?!\n)"
Year = Annotated[str, Meta(pattern=rf"^(199[0-9]|20[0-9]{{2}}|2100){_END}")]
DocumentKey = Annotated[str, Meta(pattern=rf"^[A-Za-z][A-Za-z0-9]{{0,11}}{_END}")]
"""The short name by which the pack cites a document."""
Jurisdiction = Annotated[str, Meta(pattern=rf"^([0-9]{{2}}){{1,3}}{_END}")]
Some = Annotated[tuple[T, ...], Meta(max_length=50)]
One = Annotated[tuple[T, ...], Meta(min_length=1, max_length=50)]
Labels = Annotated[Mapping[Code, Name], Meta(min_length=1, max_length=50)]
"""Chinese labels by code."""


class Section(Bounded, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a pack. An unknown key is an error: otherwise a misspelt one would leave its field at the default.

    Rules rely on a few codes, so their meaning is fixed: the indicator `incidence`, which is computed (1.18); the
    survey kinds `problem` and `household_visit` (3.1); the commitment `letter`, which makes a village `pledged` (3.6).
    In a region without a letter, villages go from `assigned` straight to `helped`.
    """

    named_by: ClassVar[tuple[str, ...]] = ()
    """The fields that name an entry of a list, so that a layer can override this entry alone. If entries have no names,
    a layer replaces the whole list."""
    merged: ClassVar[bool] = False
    """Whether a layer that names an entry overrides only the fields that it says, and not the whole entry."""


def parts(
    kind: type[T], part: object, path: Path = (), within: type[msgspec.Struct] = msgspec.Struct
) -> Iterator[tuple[Path, T]]:
    """Find everything of a kind in a part of a pack, with its place. It looks only into parts of the type `within`."""
    if isinstance(part, kind):
        yield path, part
        return
    held: Iterable[tuple[str | int, object]] = ()
    if isinstance(part, within):
        held = ((field, getattr(part, field)) for field in part.__struct_fields__)
    elif isinstance(part, tuple):
        held = enumerate(part)
    for step, inner in held:
        if isinstance(inner, (kind, within, tuple)):  # Numbers and texts hold nothing, and are most of a pack.
            yield from parts(kind, inner, (*path, step), within)


class Document(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """所引文件。 · A document that the pack cites."""

    title: Short
    """文件名称。 · Its title."""
    jurisdiction: Jurisdiction
    """发文机关所辖区划的代码；全国性文件填 00。 ·
    The division of the organ that issued it; 00 for the whole country."""
    number: ShortOrNone = ""
    """文号。 · Its number."""
    date: Day | None = None
    """发文日期。 · The day on which it was issued."""
    since: Day | None = None
    """施行日期；不填则自发文之日起。 · The day from which it is in force; from its issue on if it is left out."""
    until: Day | None = None
    """失效前的最后一日；仍有效的不填。 · The last day on which it is in force; None if it still is."""

    def in_force(self, day: date_) -> bool:
        """Whether it is in force on a day. A document without days always is."""
        since, until = self.since or self.date, self.until
        return (since is None or since <= day) and (until is None or day <= until)


class Reference(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一节的依据。 · What a section of the pack rests on."""

    document: DocumentKey
    """文件，须列在 [documents]。 · The document, one of `[documents]`."""
    article: ShortOrNone = ""
    """条款。 · Its article."""
    date: Day | None = None
    """所依据文本的日期。 · The day of the text that is meant, where a document was amended."""
