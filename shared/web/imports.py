"""Imports a filled form in two passes: all rows are checked before the first one is applied.

The first pass reads the file page by page and asks the rules in dry runs what they would say. The accepted rows wait in
a temporary file, so that memory stays bounded; the second pass applies them from there. A page is checked as if the
pages before it had not been applied. That is right because no row of a form depends on another row of the same form.
Importing the same file again changes nothing: the rules have nothing to say about known data, and rows that were
applied under the same request key get the same answer again.

Rows that would overwrite known data are shown first. The report has a code in `confirm` that stands for exactly these
differences, and the rows are applied only when the code comes back. Each row then names the version that it replaces,
so that a row whose data changed in between is refused. A row is also refused if somebody else changed its data after
the form was issued, since whoever filled it in cannot have known of that.
"""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

import msgspec

from shared.contracts import Command
from shared.engine.actors import Actor
from shared.engine.commands import submit
from shared.engine.outbox import PAGE
from shared.engine.pipeline import AHEAD, Pipeline
from shared.engine.requests import Answer, request_key
from shared.forms import Blank, refusal, shown
from shared.rules import Refused
from shared.web.changes import in_words, since
from shared.web.http import published_soon
from shared.web.identity import Caller
from shared.workbook import CellError, Form, Row, Summary, Tally

MARKED, TOLD = 1000, 100
"""How many bad rows are marked in the copy, and how many errors the report lists one by one."""
COPIES, COPY_SECONDS = 100, 3600
"""How many copies are kept, and for how many seconds. Older copies are deleted."""

RUNNING: dict[str, "Import"] = {}
"""Imports on their way, by form and request key."""
_KEPT: dict[str, tuple[BinaryIO, Caller]] = {}
"""Copies with errors by their names, each with whoever sent the file."""
_MORE_ZH = f"有错误的行太多，只标出前{MARKED}行。请先改正这些，再次上传后标出其余的。"
_MORE_EN = (
    f"There are more bad rows than the first {MARKED}, marked here. Correct these and upload again to see the rest."
)


class Counts(msgspec.Struct):
    """How many rows are bad, and how many of the good ones create something, change it or leave it unchanged."""

    rows: int
    good: int
    bad: int
    created: int
    changed: int
    unchanged: int


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """One cell whose value differs from the known one."""

    row: int
    about: str
    """The id of what the row describes."""
    column: str
    known: str
    given: str


class Report(msgspec.Struct, kw_only=True):
    """What an import did; if `applied` is false, what it would have done."""

    form: str
    applied: bool
    counts: Counts
    errors: list[CellError]
    """The first ones, in order of rows."""
    summary: list[Summary]
    """All errors, counted by rule and column, with the rows in which they are."""
    notes: list[Summary]
    """Cells that were read in another form than they were written, or passed over, without being errors."""
    differences: list[Differing]
    """The first of the values that were overwritten, or would be."""
    differing: int
    """How many rows differ from what is known."""
    confirm: str | None = None
    """The code to send in order to overwrite these values. None where no row differs."""
    copy: str | None = None
    """The address of a copy of the file with the errors beside their rows, kept for an hour. None without errors."""


class _Page(NamedTuple):
    """Rows without errors of their own: the commands that they become, and for each the numbers of its rows."""

    numbers: list[list[int]]
    commands: list[Command]
    differs: bool = False
    """Whether they would overwrite what is known."""


class Import:
    """One file that is being imported. `read` and `applied` count the rows that the first and second pass have done."""

    def __init__(
        self,
        pipeline: Pipeline,
        blank: Blank,
        form: Form,
        secret: bytes,
        key: str,
        sender: Caller,
        actor: Callable[[Command], Actor],
        check: Callable[[Sequence[Command]], None],
    ) -> None:
        """`check` refuses commands about which the `sender` of the file has no say. `actor` says who sends each
        command."""
        self.pipeline, self.blank, self.form, self.check = pipeline, blank, form, check
        self.sender, self.actor = sender, actor
        self.secret, self.key = secret, request_key(f"imports/{form.name}", sender.sender, key)
        self.read = self.applied = self.bad = 0
        self.issued: int | None = None
        """How far the journal was when the form was issued; None if the file does not say."""
        self._effects: Counter[str] = Counter()
        self._errors: dict[int, Sequence[CellError]] = {}
        self._summary, self._notes = Tally(), Tally()
        self._differences: list[Differing] = []
        self._differing = self._pending = 0
        self._digest = hashlib.sha256()

    async def take(self, file: BinaryIO, *, dry_run: bool, keep_good: bool, confirm: str = "") -> Report:
        """Check the file, and apply it unless this is a dry run, rows are bad or differences need confirming.

        Raises WorkbookRefused for a file that cannot be read as this form.
        """
        with TemporaryFile() as accepted:
            await self._check(file, accepted)
            token = self._digest.hexdigest()[:16] if self._differing else None
            confirmed = confirm == token
            apply = not dry_run and (keep_good or (not self.bad and (confirmed or not self._differing)))
            if apply:
                await self._claim(file, keep_good=keep_good, confirm=confirm)
                await self._apply(accepted, overwriting=confirmed)
        told = [error for _, errors in sorted(self._errors.items()) for error in errors][:TOLD]
        return Report(
            form=self.form.name,
            applied=apply,
            counts=self._counts(),
            errors=told,
            summary=self._summary.summaries(),
            notes=self._notes.summaries(),
            differences=self._differences,
            differing=self._differing,
            confirm=token,
            copy=f"/v1/copies/{await self._copy(file)}" if self.bad else None,
        )

    async def _check(self, file: BinaryIO, accepted: BinaryIO) -> None:
        """The first pass."""
        rows = self.blank.together(self.form, self._rows(file))
        while page := await asyncio.to_thread(self._read, rows):
            self.check(page.commands)
            answer, refused = await submit(self.pipeline, self.key, page.commands, dry_run=True, actor=self.actor)
            self._count(page, answer, {n: told for n, told in refused.items() if not told.version})
            pairs = [*zip(page.numbers, page.commands, strict=True)]
            if self.blank.notes:
                for note in await self.blank.notes(self.pipeline, pairs):
                    self._notes.add(note)
            await self._keep(accepted, [pair for n, pair in enumerate(pairs) if n not in refused])
            if differing := {n: told for n, told in refused.items() if told.version}:
                await self._compare(accepted, page, differing)

    def _rows(self, file: BinaryIO) -> Iterator[Row]:
        from shared.workbook.reading import read_rows  # Only here, since it takes memory.

        def issued(position: int | None) -> None:
            self.issued = position

        return read_rows(self.form, file, secret=self.secret, tell=self._notes.add, issued=issued)

    async def _overtaken(self, commands: Mapping[int, Command], refused: Mapping[int, Refused]) -> dict[int, Refused]:
        """Refusals, by row, of the rows that would overwrite what somebody else changed after the form was issued.

        There are none if nobody is asked who he is, since then an officer's own changes look like anybody's.
        """
        if self.issued is None or self.issued >= self.pipeline.written:
            return {}
        ids = {command.subject_id for command in commands.values()}
        happened = await since(self.pipeline, self.sender, self.issued, ids)
        late = dict[int, Refused]()
        for n, command in commands.items():
            fields = [difference.field for difference in refused[n].differs]
            mine = self.actor(command).pseudonym
            others = (one for one in happened[command.subject_id] if mine and one.by != mine)
            if told := [one for one in others if one.touches(fields)]:
                zh, en = await in_words(self.pipeline, told)
                late[n] = Refused(
                    refused[n].rule,
                    f"此表签发之后，本行将要更正的内容已有变动：{zh}；请重新下载此表，核对后再填",
                    f"what this row would correct has changed since the form was issued: {en}; get the form anew and "
                    "compare",
                    field=refused[n].field,
                )
        return late

    async def _compare(self, accepted: BinaryIO, page: _Page, differing: dict[int, Refused]) -> None:
        """Check differing rows again, each with the version that it replaces: another rule may still refuse it."""
        late = await self._overtaken({n: page.commands[n] for n in differing}, differing)
        self._refuse(page.numbers, page.commands, late)
        differing = {n: told for n, told in differing.items() if n not in late}
        numbers = [page.numbers[n] for n in differing]
        commands = [msgspec.structs.replace(page.commands[n], replaces=told.version) for n, told in differing.items()]
        _, refused = await submit(self.pipeline, self.key, commands, dry_run=True, actor=self.actor)
        self._refuse(numbers, commands, refused)
        kept = [n for n in range(len(numbers)) if n not in refused]
        refusals = [*differing.values()]
        for n in kept:
            self._differ(numbers[n], commands[n], refusals[n])
        await self._keep(accepted, [(numbers[n], commands[n]) for n in kept], differs=True)

    async def _keep(
        self, accepted: BinaryIO, pairs: Sequence[tuple[Sequence[int], Command]], *, differs: bool = False
    ) -> None:
        """Write accepted rows to the temporary file from which the second pass reads."""
        if pairs:
            line = msgspec.json.encode([*zip(*pairs, strict=True), differs])
            await asyncio.to_thread(accepted.write, line + b"\n")

    def _differ(self, rows: Sequence[int], command: Command, refused: Refused) -> None:
        """Note for the report what rows would overwrite."""
        self._differing += 1
        self._pending += len(rows)
        self._digest.update(msgspec.json.encode(command))
        for difference in refused.differs if len(self._differences) < TOLD else ():
            nth, field = self.blank.where(command, difference.field)
            column, known, given = shown(self.form, field, difference)
            told = Differing(row=rows[nth], about=command.subject_id, column=column, known=known, given=given)
            self._differences.append(told)

    async def _claim(self, file: BinaryIO, *, keep_good: bool, confirm: str) -> None:
        """Bind the request key to this file and these options. Raises Refused if the key was used for others."""
        file.seek(0)
        digest = hashlib.sha256()
        while piece := await asyncio.to_thread(file.read, 2**20):
            digest.update(piece)
        await submit(self.pipeline, f"{self.key}:file", [], about=f"{digest.hexdigest()} {keep_good} {confirm}")

    def _read(self, groups: Iterator[Sequence[Row]]) -> _Page | None:
        """The next page of the file; None after the last. It runs in a worker thread."""
        page = _Page([], [])
        read = 0
        while read < PAGE and (rows := next(groups, None)):
            read += len(rows)
            self.read += len(rows)
            said = self.blank.said(self.form, rows)
            if isinstance(said, Command):
                page.numbers.append([row.number for row in rows])
                page.commands.append(said)
            else:
                self._reject([row.number for row in rows], said)
        return page if read else None

    async def _apply(self, accepted: BinaryIO, *, overwriting: bool) -> None:
        """The second pass. A row that another command made impossible since the first pass is left out and reported."""
        self._effects.clear()
        self._pending = 0
        command = self.blank.command
        pages = msgspec.json.Decoder(tuple[list[list[int]], list[command], bool])  # type: ignore[valid-type]
        accepted.seek(0)
        while line := await asyncio.to_thread(accepted.readline):
            page = _Page(*pages.decode(line))
            if page.differs and not overwriting:
                continue
            # The same rows are the same request, even if a repetition puts the borders of pages elsewhere.
            key = f"{self.key}:{hashlib.sha256(line).hexdigest()[:16]}"
            answer, refused = await submit(self.pipeline, key, page.commands, keep_good=True, actor=self.actor)
            self._count(page, answer, refused)
            self.applied += sum(map(len, page.numbers))
            # Events that are committed and not yet published take memory, so the import waits for a slow stream.
            await published_soon(self.pipeline, self.pipeline.written - AHEAD)
        await published_soon(self.pipeline, self.pipeline.written)

    def _count(self, page: _Page, answer: Answer, refused: Mapping[int, Refused]) -> None:
        for rows, effect in zip(page.numbers, answer.effects, strict=True):
            self._effects[effect] += len(rows)
        self._refuse(page.numbers, page.commands, refused)

    def _refuse(
        self, numbers: Sequence[Sequence[int]], commands: Sequence[Command], refused: Mapping[int, Refused]
    ) -> None:
        for n, told in refused.items():
            nth, field = self.blank.where(commands[n], told.field or "")
            self._reject(numbers[n], [refusal(self.form, numbers[n][nth], field, told)])

    def _reject(self, rows: Sequence[int], errors: Sequence[CellError]) -> None:
        """Note the errors of rows that are left out together. A row without an error names another row that has one."""
        self._summary.add_all(errors)
        of_row: dict[int, list[CellError]] = {row: [] for row in rows}
        for error in errors:
            of_row[error.row].append(error)
        for row, told in of_row.items():
            self.bad += 1
            if self.bad <= MARKED:
                self._errors[row] = told or [_left_out(row, errors[0])]

    def _counts(self) -> Counts:
        created, changed = self._effects["created"], self._effects["changed"] + self._pending
        if self.blank.adds:
            created, changed = created + changed, 0
        unchanged = self._effects["unchanged"]
        return Counts(self.read, created + changed + unchanged, self.bad, created, changed, unchanged)

    async def _copy(self, file: BinaryIO) -> str:
        """Keep a copy with the errors beside their rows. Its name cannot be guessed, and has the file's suffix."""
        if self.bad > len(self._errors):
            last = max(self._errors)
            more = CellError(row=last, column="", value="", rule="more", zh=_MORE_ZH, en=_MORE_EN)
            self._errors[last] = [*self._errors[last], more]
        copy = TemporaryFile()  # noqa: SIM115 - it is closed when it is forgotten
        from shared.workbook.writing import annotate  # Only here, since its library takes memory.

        suffix = await asyncio.to_thread(annotate, self.form, file, copy, self._errors)
        while len(_KEPT) >= COPIES:
            _forget(next(iter(_KEPT)))
        name = secrets.token_urlsafe(32) + suffix
        _KEPT[name] = copy, self.sender
        asyncio.get_running_loop().call_later(COPY_SECONDS, _forget, name)
        return name


def _left_out(row: int, error: CellError) -> CellError:
    """What is said of a row without errors that becomes one command together with a bad one."""
    zh = f"本行没有错误，但同一对象的第{error.row}行有错误，须一并改正后导入。"
    en = f"Nothing is wrong with this row, but it comes in together with row {error.row}, which is to be corrected."
    return CellError(row=row, column="", value="", rule="together", zh=zh, en=en)


def kept(name: str, who: Caller) -> BinaryIO:
    """The copy of a caller's file with its errors. Raises Refused if he has none of this name, or no longer."""
    copy, sender = _KEPT.get(name, (None, None))
    if copy is None or sender is None or not who.is_same(sender):
        raise Refused(
            "identity",
            "没有这份副本，或已过期；请重新上传原表",
            "there is no such copy, or no longer; upload the form again",
            status=404,
        )
    return copy


def _forget(name: str) -> None:
    copy, _ = _KEPT.pop(name, (None, None))
    if copy:
        copy.close()
