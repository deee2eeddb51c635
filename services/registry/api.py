"""What people ask of the registry over HTTP."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO

import msgspec
from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream

from services.registry import forms
from services.registry.imports import RUNNING, Import, Report, kept
from services.registry.model import Reason, Village
from services.registry.model import commands as c
from services.registry.model import why_not_yet as reasons_of
from services.registry.store import OpenSurvey, open_surveys
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.requests import IDEMPOTENCY_KEY
from shared.policy import Policy
from shared.rules import Refused, known
from shared.web.http import Route, id_by_code
from shared.workbook import MEDIA_TYPES, Form, HeadingsRefused, WorkbookRefused, write_template

COMMANDS: tuple[Route, ...] = (
    Route("policies", c.AdoptPolicy, "启用政策包", "Adopt a policy pack"),
    Route("holidays", c.AnnounceHolidays, "公布节假日安排", "Announce holidays"),
    Route("units", c.RegisterUnit, "登记单位", "Register a unit"),
    Route("cadres", c.RegisterCadre, "登记干部", "Register a cadre"),
    Route("unit-withdrawals", c.WithdrawUnit, "撤销单位登记", "Withdraw a unit's registration"),
    Route("cadre-withdrawals", c.WithdrawCadre, "撤销干部登记", "Withdraw a cadre's registration"),
    Route("villages", c.RegisterVillage, "登记村、列入贫困村", "Register or list a village"),
    Route("village-codes", c.RecodeVillage, "变更区划代码", "Change a village's division code"),
    Route("village-withdrawals", c.WithdrawVillage, "撤销村登记", "Withdraw a village's registration"),
    Route("listing-withdrawals", c.WithdrawListing, "撤销列入贫困村", "Withdraw a listing"),
    Route("village-mergers", c.MergeVillages, "村合并", "Merge villages into one"),
    Route("village-splits", c.SplitVillage, "村分设", "Split a village"),
    Route("surveys", c.RecordSurvey, "录入摸底排查记录", "Record the baseline survey"),
    Route("survey-withdrawals", c.WithdrawSurvey, "撤销摸底排查记录", "Withdraw a survey record"),
    Route("diagnosis-withdrawals", c.WithdrawDiagnosis, "撤销会诊结论", "Withdraw a diagnosis"),
    Route("takeovers", c.TakeOverVillage, "接管已开展工作的村", "Take a village over with its earlier dates"),
    Route("diagnoses", c.Diagnose, "集体会诊", "Diagnose a village jointly"),
    Route("households", c.RecordHouseholds, "录入年度农户信息", "Record household facts"),
    Route("measurements", c.MeasureIndicators, "测算年度指标", "Measure the year's indicators"),
    Route("household-withdrawals", c.WithdrawHousehold, "撤销农户信息", "Withdraw a household"),
    Route("measurement-withdrawals", c.WithdrawMeasurement, "撤销年度测算", "Withdraw a year's measurement"),
    Route("figure-corrections", c.CorrectFigures, "更正出列依据", "Correct figures of an exit under way"),
    Route("year-reopenings", c.ReopenYear, "重开封存年度", "Reopen a closed year"),
    Route("exit-withdrawals", c.WithdrawExit, "撤回出列申请", "Withdraw the request for an exit"),
    Route("notice-withdrawals", c.WithdrawNotice, "撤回公示", "Withdraw a public notice"),
    Route("objection-withdrawals", c.WithdrawObjection, "撤回异议", "Withdraw an objection"),
    Route("step-withdrawals", c.WithdrawStep, "撤销民主决策环节", "Withdraw the latest step of a resolution"),
    Route("fund-withdrawals", c.WithdrawFund, "撤回帮扶资金", "Withdraw the money of a matter"),
    Route("resolution-withdrawals", c.WithdrawResolution, "撤销民主决策事项", "Withdraw a resolution"),
    Route("exit-requests", c.RequestExit, "申请出列", "Request an exit"),
    Route("notices", c.PostNotice, "公示", "Post the public notice"),
    Route("objections", c.RaiseObjection, "提出异议", "Raise an objection"),
    Route("objection-decisions", c.DecideObjection, "处理异议", "Decide an objection"),
    Route("approvals", c.ApproveExit, "审批出列", "Approve or refuse the exit"),
    Route(
        "relapse-decisions", c.ConfirmRelapse, "对出列指标回落作出处理决定", "Decide on criteria missed after the exit"
    ),
    Route("resolutions", c.OpenResolution, "启动民主决策程序", "Open a village's matter"),
    Route("resolution-steps", c.TakeStep, "录入民主决策环节", "Take a step of a resolution"),
)


MOST_BYTES, MOST_ROWS = 64 * 2**20, 100_000
"""The most bytes of a file that is handed in, and the most rows of a template that is handed out."""


@dataclass
class _Upload(Operation):
    """Tells OpenAPI that the body is a file. The handler reads the body as a stream, so Litestar cannot know of it."""

    def __post_init__(self) -> None:
        binary = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        media = {kind: OpenAPIMediaType(schema=binary) for kind in MEDIA_TYPES.values()}
        self.request_body = RequestBody(media, required=True)


@get("/v1/why-not-yet/{village:str}", tags=["queries"])
async def why_not_yet(village: FromPath[str], state: State) -> list[Reason]:
    """What keeps a village on the list, and who can act on it. Empty for a village that is not on the list."""
    pipeline: Pipeline = state.pipeline
    async with pipeline.engine.connect() as conn:
        village = await id_by_code(conn, pipeline.tables, village)
        states = await store.load_states(conn, pipeline.tables, [(Village, village)])
    found = known(states[Village, village], "村", "village", village)
    policy = pipeline.book.at(found.place, pipeline.today) if pipeline.today else None
    return list(reasons_of(found, policy)) if isinstance(found, Village) and policy else []


@get("/v1/packs/{place:str}", tags=["queries"], summary="查询生效的政策包 · The packs in force in a division")
async def packs(place: FromPath[str], state: State, day: FromQuery[date | None] = None) -> list[dict[str, Any]]:
    """The packs in force on a day (today by default), from the widest to the narrowest: a city's, then its county's."""
    pipeline: Pipeline = state.pipeline
    asked = day or pipeline.today
    return pipeline.book.chain(place, asked) if asked else []


# ------------------------------------------------------------- Excel forms


@get("/v1/templates/{form:str}", tags=["forms"], summary="下载填报表 · A form to fill in")
async def template(
    form: FromPath[str],
    state: State,
    place: FromQuery[str] = "",
    rows: Annotated[int, QueryParameter(ge=1, le=1000)] = 50,
) -> Stream:
    """A form to fill in, for the division with this prefix. `surveys` has `rows` rows for each village under survey."""
    asked, prefilled = _form(state, form, place), list[OpenSurvey]()
    if form == "surveys":
        async with state.pipeline.engine.connect() as conn:
            prefilled = await open_surveys(conn, state.pipeline.tables, place)
        if not prefilled:
            raise Refused(
                "3.1",
                "此区划没有正在摸底排查的村，请先列入贫困村",
                "no village of this division is under survey; put it on the list first",
            )
        if len(prefilled) * rows > MOST_ROWS:
            raise Refused(
                "form",
                f"{len(prefilled)}个村每村{rows}行，超过每个文件{MOST_ROWS}行的上限；请缩小区划范围或减少行数",
                f"{len(prefilled)} villages with {rows} rows each are more than the {MOST_ROWS} rows of a file; ask "
                "for a smaller division or fewer rows",
                field="rows",
                status=422,
            )
    lines = ({**village._asdict(), "number": village.number + n} for village in prefilled for n in range(rows))
    file = TemporaryFile()  # noqa: SIM115 - it is closed when it is sent
    await asyncio.to_thread(write_template, asked, file, prefilled=lines, secret=_secret(state))
    return _download(file, f"{form}.xlsx", BackgroundTask(file.close))


@post(
    "/v1/imports/{form:str}",
    tags=["forms"],
    summary="上传填报表 · Take in a filled form",
    status_code=200,
    operation_class=_Upload,
    request_max_body_size=MOST_BYTES,
)
async def take_in(
    form: FromPath[str],
    request: Request[Any, Any, Any],
    state: State,
    key: Annotated[str, HeaderParameter(name=IDEMPOTENCY_KEY, min_length=8, max_length=160)],
    place: FromQuery[str] = "",
    dry_run: FromQuery[bool] = False,
    keep_good: FromQuery[bool] = False,
    confirm: FromQuery[str] = "",
) -> Report:
    """Take in a filled form. One bad row stops the whole file, unless `keep_good` asks for the good rows.

    The body is the file itself: an .xlsx, or a .csv in UTF-8 or GB18030, of at most 64 MB. `place` is a division or
    its first digits, such as `2105`; only the choices (problem classes, survey kinds) of packs there are taken. Without
    it the choices of all packs are. Errors come back in the report, and in a copy of the file beside their rows. Where
    rows would overwrite known data the report shows the differences, and nothing is applied until the same file is
    sent again with the report's `confirm`.
    """
    asked, secret, name = _form(state, form, place), _secret(state), f"{form}:{key}"
    if name in RUNNING:
        raise Refused(
            IDEMPOTENCY_KEY,
            "这份表正在导入，请等它完成；另一份表请换请求编号",
            "this form is being taken in; wait for it to end, and use another key for another form",
        )
    running = RUNNING[name] = Import(state.pipeline, asked, secret, key)
    try:
        with TemporaryFile() as file:
            await _receive(request, file)
            return await running.take(file, dry_run=dry_run, keep_good=keep_good, confirm=confirm)
    except HeadingsRefused as refused:
        other = forms.recognised(refused.headings, _policies(state, place))
        zh, en = (
            (f"；这是《{other}》，请按该表上传", f"; this is the form {other}, upload it as such")
            if other and not other.endswith(f"（{form}）")
            else ("", "")
        )
        raise Refused("form", f"{refused.zh}{zh}", f"{refused.en}{en}", status=422) from refused
    except WorkbookRefused as refused:
        raise Refused("form", refused.zh, refused.en, status=422) from refused
    finally:
        del RUNNING[name]


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


class Progress(msgspec.Struct, frozen=True):
    """How far an import is."""

    running: bool
    """Whether an import under this key is going on. False before it begins and after it ends."""
    read: int = 0
    applied: int = 0


@get("/v1/imports/{form:str}/progress", tags=["forms"])
async def progress(form: FromPath[str], key: Annotated[str, HeaderParameter(name=IDEMPOTENCY_KEY)]) -> Progress:
    """How many rows of an import that is under way were read, and how many applied."""
    running = RUNNING.get(f"{form}:{key}")
    return Progress(True, running.read, running.applied) if running else Progress(False)


@get("/v1/copies/{name:str}", tags=["forms"])
async def copy(name: FromPath[str]) -> Stream:
    """The copy of an imported file in which the errors stand beside their rows."""
    return _download(kept(name), f"errors{Path(name).suffix}")


def _form(state: State, name: str, place: str) -> Form:
    return forms.form(name, _policies(state, place), place)


def _policies(state: State, place: str) -> list[Policy]:
    """The packs in force in the divisions with this prefix, or in one that includes it."""
    pipeline: Pipeline = state.pipeline
    found = (
        pipeline.book.at(jurisdiction, pipeline.today)
        for jurisdiction in pipeline.book.packs
        if pipeline.today and (jurisdiction.startswith(place) or place.startswith(jurisdiction))
    )
    return [policy for policy in found if policy]


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


QUERIES: tuple[Any, ...] = (why_not_yet, packs, template, take_in, progress, copy)
