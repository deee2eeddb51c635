"""A service's Excel forms over HTTP: issuing a form to fill in, with what is owed in its rows, and taking in a filled
one."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import Annotated, Any, BinaryIO

import msgspec
from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream

from shared.engine.pipeline import Pipeline
from shared.engine.requests import IDEMPOTENCY_KEY, request_key
from shared.forms import Blank, Known
from shared.policy import Policy
from shared.rules import Refused
from shared.web.blanks import Forms, named, policies_of
from shared.web.blanks import handlers as blanks
from shared.web.identity import (
    ANYBODY,
    FOUND,
    KNOWN,
    PLACE,
    Caller,
    Decisions,
    acting,
    caller,
    require_operator,
    require_say,
    tells_of,
)
from shared.web.imports import RUNNING, Import, Report, kept
from shared.web.limits import IMPORTS, TooMany
from shared.web.places import PlaceQuery
from shared.web.tasks import open_tasks
from shared.workbook import MEDIA_TYPES, HeadingsRefused, WorkbookRefused

MOST_BYTES, MOST_ROWS = 64 * 2**20, 100_000
"""The most bytes of a file that is handed in, and the most rows of a template that is handed out."""


@dataclass
class _Upload(Operation):
    """Tells OpenAPI that the body is a file. The handler reads the body as a stream, so Litestar cannot know of it."""

    def __post_init__(self) -> None:
        binary = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        media = {kind: OpenAPIMediaType(schema=binary) for kind in MEDIA_TYPES.values()}
        self.request_body = RequestBody(media, required=True)


class Progress(msgspec.Struct, frozen=True):
    """How far an import has come."""

    running: bool
    """Whether an import under this key is going on. False before it begins and after it ends."""
    read: int = 0
    applied: int = 0


class Listed(msgspec.Struct, frozen=True):
    """A form, before it is made for a division."""

    name: str
    """The name in the address of the form and in that of its command."""
    zh: str
    en: str
    is_owed: bool
    """Whether it is issued with a row for each open task, or is empty."""
    roles: tuple[str, ...]
    """Who may hand it in; none if each row names the body that says it."""


def handlers(forms: Forms) -> tuple[Any, ...]:
    """The queries and the upload of a service with these forms, and the blanks of all its commands."""
    return _listed(forms), _template(forms), _take_in(forms), _progress(forms), copy, *blanks(forms)


def _listed(forms: Forms) -> Any:
    @get("/v1/templates", tags=["forms"], summary="填报表清单 · The forms", opt={"asks": KNOWN})
    async def templates(state: State) -> list[Listed]:
        """The forms of this service, each with the roles whose holders may hand it in."""
        by = state.speakers
        return [
            Listed(name, blank.title, blank.en, blank.is_owed, tuple(sorted(by.get(blank.command, ()))))
            for name, blank in forms.items()
        ]

    return templates


def _template(forms: Forms) -> Any:
    @get("/v1/templates/{form:str}", tags=["forms"], summary="下载填报表 · A form to fill in", opt={"asks": PLACE})
    async def template(
        form: FromPath[str],
        request: Request[Any, Any, Any],
        state: State,
        place: PlaceQuery = "",
        rows: Annotated[int, QueryParameter(ge=1, le=1000)] = 50,
    ) -> Stream:
        """A form to fill in, for the division with this prefix.

        If the system knows what the form is owed for, it has rows for each of these, filled in as far as they are
        known. `rows` is the number of empty rows for each village, if a village may need several.
        """
        from shared.workbook.writing import write_template  # Only here, since its library takes memory.

        blank = _known(forms, form)
        if blank.personal and caller(request).is_anybody:
            require_operator(request)
        asked, secret, position = blank.form(policies_of(state, place), place), _secret(state), state.pipeline.written
        known: Sequence[Known] = ()
        if blank.is_owed:
            known = await (
                blank.issued(state.pipeline, place)
                if blank.issued
                else owed(
                    state.pipeline,
                    blank,
                    place,
                    to=caller(request),
                    decisions=state.decisions,
                    told=partial(tells_of, request),
                )
            )
            _require_some(asked.title, len(known), sum(1 for row in known for _ in blank.lines(row, rows)), rows)
        lines = (line for row in known for line in blank.lines(row, rows))
        file = TemporaryFile()  # noqa: SIM115 - it is closed when it is sent
        await asyncio.to_thread(write_template, asked, file, prefilled=lines, secret=secret, position=position)
        return _download(file, f"{form}.xlsx", BackgroundTask(file.close))

    return template


def _require_some(title: str, known: int, lines: int, rows: int) -> None:
    """Refuse a form for which nothing is owed, and one with more rows than a file may have."""
    if not known:
        raise Refused(
            "form",
            f"此区划目前没有应填《{title}》的事项，请对照待办清单核对办理阶段",
            "this division owes nothing that this form answers; see the open tasks",
        )
    if lines > MOST_ROWS:
        raise Refused(
            "form",
            f"{known}个村每村{rows}行，超过每个文件{MOST_ROWS}行的上限；请缩小区划范围或减少行数",
            f"{known} villages with {rows} rows each are more than the {MOST_ROWS} rows of a file; ask for a smaller "
            "division or fewer rows",
            field="rows",
            status=422,
        )


async def owed(
    pipeline: Pipeline,
    blank: Blank,
    place: str,
    *,
    to: Caller = ANYBODY,
    decisions: Decisions = MappingProxyType({}),
    told: Callable[[Iterable[str]], None] = lambda _: None,
) -> Sequence[Known]:
    """The open tasks of a form, each with the known fields of the command that answers it and what else it shows.

    Tasks about persons, and all rows of a personal form, are for operators and for those who have them to do, as in the
    list of tasks. Nobody is shown a decision about himself; `decisions` says about whom commands decide. `told` is
    given those of whom the rows tell.
    """
    found: list[Known] = []
    action = blank.task or blank.name
    async with aclosing(open_tasks(pipeline, place, to, decisions)) as states:
        async for state, policy, tasks in states:
            of_state = [
                blank.row(state, one.task, policy)
                for one in (tasks if policy else ())
                if one.task.action == action and (not blank.personal or to.may((one.task.role,), state.place))
            ]
            if of_state and (state.personal or blank.personal):
                told([f"{state.kind}/{state.id}"])
            found += of_state
    rows = await blank.completed(pipeline, found) if blank.completed else found
    return await named(pipeline, rows)


def _take_in(forms: Forms) -> Any:
    @post(
        "/v1/imports/{form:str}",
        tags=["forms"],
        summary="上传填报表 · Take in a filled form",
        status_code=200,
        operation_class=_Upload,
        opt={"asks": FOUND, "refuses": (401, 403, 429)},
        request_max_body_size=MOST_BYTES,
    )
    async def take_in(
        form: FromPath[str],
        request: Request[Any, Any, Any],
        state: State,
        key: Annotated[str, HeaderParameter(name=IDEMPOTENCY_KEY, min_length=8, max_length=160)],
        place: PlaceQuery = "",
        dry_run: FromQuery[bool] = False,
        keep_good: FromQuery[bool] = False,
        confirm: FromQuery[str] = "",
    ) -> Report:
        """Take in a filled form. One bad row stops the whole file, unless `keep_good` asks for the good rows.

        The body is the file itself: an .xlsx, or a .csv in UTF-8 or GB18030, of at most 64 MB. `place` is a division or
        its first digits, such as `2105`; only the choices (problem classes, survey kinds) of packs there are taken.
        Without it the choices of all packs are. Errors come back in the report, and in a copy of the file beside their
        rows. Where rows would overwrite known data the report shows the differences, and nothing is applied until the
        same file is sent again with the report's `confirm`. A row that would overwrite what somebody else changed after
        the form was issued is an error, where callers are asked who they are.
        """
        blank = _known(forms, form)
        policies = policies_of(state, place)
        asked, secret, name = (
            blank.form(policies, place),
            _secret(state),
            request_key(form, caller(request).sender, key),
        )
        if name in RUNNING:
            raise Refused(
                IDEMPOTENCY_KEY,
                "该表正在导入，请待导入完成；如为另一份表，请换用新的请求编号",
                "this form is being taken in; wait for it to end, and use another key for another form",
            )
        _require_few(caller(request))
        running = RUNNING[name] = Import(
            state.pipeline, blank, asked, secret, key, caller(request), acting(request), partial(require_say, request)
        )
        try:
            with TemporaryFile() as file:
                await _receive(request, file)
                return await running.take(file, dry_run=dry_run, keep_good=keep_good, confirm=confirm)
        except WorkbookRefused as refused:
            zh, en = _recognised(forms, form, refused, policies)
            raise Refused("form", f"{refused.zh}{zh}", f"{refused.en}{en}", status=422) from refused
        finally:
            del RUNNING[name]

    return take_in


def _require_few(who: Caller) -> None:
    """Refuse (429) a caller with several files that are being taken in, since each takes memory and time."""
    going = sum(one.sender.pseudonym == who.pseudonym for one in RUNNING.values())
    if going >= IMPORTS and not who.is_operator and not who.is_anybody:
        raise TooMany(f"已有 {going} 份表正在导入", f"{going} forms are being taken in", 10)


def _recognised(forms: Forms, asked: str, refused: WorkbookRefused, policies: Sequence[Policy]) -> tuple[str, str]:
    """What to say if a refused file is another form of this service; empty if it is not."""
    from shared.workbook.reading import has_headings  # Only here, since it takes memory.

    if isinstance(refused, HeadingsRefused):
        for name, blank in forms.items():
            try:
                form = blank.form(policies)
            except Refused:  # The packs have no choices for this form, so it was never issued.
                continue
            if has_headings(form, refused.headings):
                said = (
                    f"这是《{form.title}（{name}）》，请按该表上传。",
                    f" It is the form “{form.en}” ({name}); upload it as such.",
                )
                return said if name != asked else ("", "")
    return "", ""


async def _receive(request: Request[Any, Any, Any], file: BinaryIO) -> None:
    """Put the body into a file. Raises Refused if it is too long, or differs from the length in its header."""
    async for piece in request.stream():
        if file.tell() + len(piece) > MOST_BYTES:
            raise Refused(
                "form",
                f"文件超过上限（{MOST_BYTES // 2**20} MB），不予接收；请拆成几个文件上传",
                f"the file is larger than the limit of {MOST_BYTES // 2**20} MB; split it into several",
                status=413,
            )
        await asyncio.to_thread(file.write, piece)
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) != file.tell():
        raise Refused(
            "form",
            f"上传不完整：应有 {said} 字节，收到 {file.tell()} 字节；请重新上传",
            f"the upload is not whole: {file.tell()} bytes of {said}; send it again",
            status=400,
        )


def _progress(forms: Forms) -> Any:
    @get("/v1/imports/{form:str}/progress", tags=["forms"], opt={"asks": FOUND})
    async def progress(
        request: Request[Any, Any, Any],
        form: FromPath[str],
        key: Annotated[str, HeaderParameter(name=IDEMPOTENCY_KEY)],
    ) -> Progress:
        """How many rows of the caller's running import were read so far, and how many applied."""
        _known(forms, form)
        running = RUNNING.get(request_key(form, caller(request).sender, key))
        return Progress(True, running.read, running.applied) if running else Progress(False)

    return progress


@get("/v1/copies/{name:str}", tags=["forms"], opt={"asks": FOUND})
async def copy(request: Request[Any, Any, Any], name: FromPath[str]) -> Stream:
    """The copy of a file that the caller imported, with the errors beside their rows."""
    return _download(kept(name, caller(request)), f"errors{Path(name).suffix}")


def _known(forms: Forms, name: str) -> Blank:
    if name not in forms:
        zh, en = (
            f"没有名为“{name}”的表，可填：{'、'.join(f'“{of}”' for of in forms)}",
            f"there is no form {name!r}, only {', '.join(forms)}",
        )
        raise Refused("identity", zh, en, status=404)
    return forms[name]


def _secret(state: State) -> bytes:
    if not state.secret:
        raise Refused(
            "form",
            "服务没有配置密钥文件 ZHUCUN_SECRET_FILE，无法签发和核验表格，请告知运维",
            "the service has no ZHUCUN_SECRET_FILE to seal forms with; tell operations",
            status=503,
        )
    return bytes(state.secret)


def _download(file: BinaryIO, name: str, after: BackgroundTask | None = None) -> Stream:
    def pieces() -> Iterator[bytes]:
        """Read without moving the file's position, since others may be reading it."""
        offset = 0
        while piece := os.pread(file.fileno(), 2**16, offset):
            yield piece
            offset += len(piece)

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(pieces(), media_type=MEDIA_TYPES[Path(name).suffix], headers=headers, background=after)
