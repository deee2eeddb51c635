"""A filled form on its way in: checked to its last row before anything is applied, page by page, in bounded memory.

The first pass reads the file and asks the rules, by dry runs, what they would say. What they accept waits in a
temporary file, from which the second pass applies it. A page is judged without those before it, which is right because
no row of a form rests on another row of the same form. A repeated import changes nothing: the rules say nothing about
what they know already, and rows that were applied under the same request key are answered as they were then.
"""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

import msgspec

from services.registry import forms
from shared.contracts import Command
from shared.http import published_soon
from shared.outbox import PAGE
from shared.pipeline import AHEAD, Pipeline
from shared.requests import Answer
from shared.rules import Refused
from shared.workbook import CellError, Form, Row, annotate, read_rows

MARKED, TOLD = 1000, 100
"""Bad rows whose errors are kept for the copy, and errors that a report tells by itself."""
COPIES, COPY_SECONDS = 100, 3600
"""How many copies are kept, and for how long; older ones are gone."""

RUNNING: dict[str, "Import"] = {}
"""Imports on their way, by form and request key."""
_KEPT: dict[str, BinaryIO] = {}
_MORE_ZH = f"有错误的行太多，只标出前{MARKED}行。请先改正这些，再次上传后标出其余的。"
_MORE_EN = (
    f"There are more bad rows than the first {MARKED}, marked here. Correct these and upload again to see the rest."
)


class Counts(msgspec.Struct):
    """Rows of a file. Those that are good were applied, or would be: they are created, changed or unchanged."""

    rows: int
    good: int
    bad: int
    created: int
    changed: int
    unchanged: int


class Report(msgspec.Struct, kw_only=True):
    """What an import did; if `applied` is false, what it would have done."""

    form: str
    applied: bool
    counts: Counts
    errors: list[CellError]
    """The first ones, in order of rows."""
    copy: str | None = None
    """Where, for an hour, a copy of the file lies in which the errors stand beside their rows; None without errors."""


class _Page(NamedTuple):
    """Rows that are sound in themselves: their numbers in the sheet, and what they ask for."""

    numbers: Sequence[int]
    commands: Sequence[Command]


class Import:
    """One file on its way in; meanwhile `read` and `applied` tell how many of its rows each pass has been through."""

    def __init__(self, pipeline: Pipeline, form: Form, secret: bytes, key: str) -> None:
        self.pipeline, self.form, self.secret, self.key = pipeline, form, secret, f"imports/{form.name}:{key}"
        self.read = self.applied = self.bad = 0
        self._effects: Counter[str] = Counter()
        self._errors: dict[int, Sequence[CellError]] = {}

    async def take(self, file: BinaryIO, *, dry_run: bool, keep_good: bool) -> Report:
        """Check the file, and apply it if that is asked for and nothing speaks against it. Raises WorkbookRefused."""
        with TemporaryFile() as accepted:
            await self._check(file, accepted)
            apply = not dry_run and (keep_good or not self.bad)
            if apply:
                await self._apply(accepted)
        told = [error for _, errors in sorted(self._errors.items()) for error in errors][:TOLD]
        copy = f"/v1/copies/{await self._copy(file)}" if self.bad else None
        return Report(form=self.form.name, applied=apply, counts=self._counts(), errors=told, copy=copy)

    async def _check(self, file: BinaryIO, accepted: BinaryIO) -> None:
        """The first pass."""
        rows = read_rows(self.form, file, secret=self.secret)
        while page := await asyncio.to_thread(self._read, rows):
            answer, refused = await self.pipeline.submit(self.key, page.commands, dry_run=True)
            self._count(page, answer, refused)
            sound = [pair for n, pair in enumerate(zip(*page, strict=True)) if n not in refused]
            if sound:
                await asyncio.to_thread(accepted.write, msgspec.json.encode([*zip(*sound, strict=True)]) + b"\n")

    def _read(self, rows: Iterator[Row]) -> _Page | None:
        """The next page of the file; None after the last. It runs in a worker thread."""
        sound: list[tuple[int, Command]] = []
        row = None
        for row in islice(rows, PAGE):
            self.read += 1
            said = forms.command(self.form, row)
            if isinstance(said, Command):
                sound.append((row.number, said))
            else:
                self._reject(row.number, said)
        return _Page([number for number, _ in sound], [command for _, command in sound]) if row else None

    async def _apply(self, accepted: BinaryIO) -> None:
        """The second pass. What another command has made impossible since the first is left out, and told."""
        self._effects.clear()
        pages = msgspec.json.Decoder(tuple[list[int], list[forms.BLANKS[self.form.name].command]])  # type: ignore[misc]
        accepted.seek(0)
        while line := await asyncio.to_thread(accepted.readline):
            page = _Page(*pages.decode(line))
            # The same rows are the same request, even if a repetition puts the borders of pages elsewhere.
            key = f"{self.key}:{hashlib.sha256(line).hexdigest()[:16]}"
            answer, refused = await self.pipeline.submit(key, page.commands, keep_good=True)
            self._count(page, answer, refused)
            self.applied += len(page.numbers)
            # What is committed and not yet published takes memory, so that a slow stream has to slow this down.
            await published_soon(self.pipeline, self.pipeline.written - AHEAD)
        await published_soon(self.pipeline, self.pipeline.written)

    def _count(self, page: _Page, answer: Answer, refused: dict[int, Refused]) -> None:
        self._effects.update(answer.effects)
        for n, refusal in refused.items():
            self._reject(page.numbers[n], [forms.refusal(self.form, page.numbers[n], refusal)])

    def _reject(self, row: int, errors: Sequence[CellError]) -> None:
        self.bad += 1
        if self.bad <= MARKED:
            self._errors[row] = errors

    def _counts(self) -> Counts:
        created, changed = self._effects["created"], self._effects["changed"]
        if forms.BLANKS[self.form.name].adds:
            created, changed = created + changed, 0
        unchanged = self._effects["unchanged"]
        return Counts(self.read, created + changed + unchanged, self.bad, created, changed, unchanged)

    async def _copy(self, file: BinaryIO) -> str:
        """Keep a copy with the errors beside their rows; its name tells what kind it is, and is not to be guessed."""
        if self.bad > len(self._errors):
            last = max(self._errors)
            more = CellError(row=last, column="", value="", rule="more", zh=_MORE_ZH, en=_MORE_EN)
            self._errors[last] = [*self._errors[last], more]
        copy = TemporaryFile()  # noqa: SIM115 - it is closed when it is forgotten
        suffix = await asyncio.to_thread(annotate, self.form, file, copy, self._errors)
        while len(_KEPT) >= COPIES:
            _forget(next(iter(_KEPT)))
        name = secrets.token_urlsafe(32) + suffix
        _KEPT[name] = copy
        asyncio.get_running_loop().call_later(COPY_SECONDS, _forget, name)
        return name


def kept(name: str) -> BinaryIO:
    """A copy with errors that was kept. Raises Refused."""
    if name not in _KEPT:
        raise Refused(
            "identity",
            "没有这份副本，或已过期；请重新上传原表",
            "there is no such copy, or no longer; upload the form again",
            status=404,
        )
    return _KEPT[name]


def _forget(name: str) -> None:
    if copy := _KEPT.pop(name, None):
        copy.close()
