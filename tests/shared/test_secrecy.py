"""A text with a mark of classification is taken in nowhere, and what it says is repeated nowhere."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from shared.denied import Denied
from shared.policy.shipped import FILES
from shared.secrecy import is_classified
from shared.web.asgi import Request
from shared.web.documents import JSON
from shared.workbook import Column, Form, WorkbookRefused
from shared.workbook.reading import read_rows
from tests.support.asked import refusal, serving, village

MARKS = (
    "机密★", "秘密★10年", "绝密★长期", "机密 ★ 启用前", "机　密★", "秘密☆5年", "机密*10年", "秘密级★", "绝密",
    "（秘密）", "【机密】", "密级：机密", "密级 秘密", "机密", "秘密 10年", "机密级", "秘密件",
    "关于选派干部的通知（机密）", "附件：绝密文件摘录",
)  # fmt: skip
ORDINARY = (
    "村民代表会议以秘密写票方式表决", "不得泄露商业秘密", "保守党和国家的秘密", "设立秘密写票处", "密云区",
    "机密性要求不高", "本表不涉密", "亲密无间", "保密承诺书", "工作秘密不得外传", "精密机械厂", "机密室门锁维修", "",
)  # fmt: skip


@pytest.mark.parametrize("said", MARKS)
def test_a_mark_is_known_however_it_is_written(said: str) -> None:
    assert is_classified(said)


@pytest.mark.parametrize("said", ORDINARY)
def test_what_only_speaks_of_secrets_is_none(said: str) -> None:
    assert not is_classified(said)


def test_no_pack_that_is_shipped_bears_one() -> None:
    assert not [file.name for file in FILES for line in file.read_text().splitlines() if is_classified(line)]


@pytest.mark.parametrize("escaped", [False, True])
async def test_a_command_with_a_mark_is_refused_with_all_that_came_with_it(escaped: bool, tmp_path: Path) -> None:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3") as api:
        rows = [village("V1"), village("V2", name="甲村（机密★10年）")]
        answer = await api.client.post(
            "/v1/villages",
            content=json.dumps(rows, ensure_ascii=escaped).encode(),
            headers={"Idempotency-Key": "a request", "Content-Type": "application/json"},
        )
        (fault,) = refusal(answer, 400)
        assert (fault["rule"], fault["row"], fault["field"]) == ("classified", 1, "name")
        assert "甲村" not in answer.text and "保守国家秘密法" in answer.text and "请勿再次上传" in fault["zh"]
        assert await api.get("/v1/villages") == []
        outbox = api.pipeline.tables.outbox
        async with api.pipeline.engine.connect() as conn:
            assert "机密" not in str((await conn.execute(select(outbox.c.body))).all())


@pytest.mark.parametrize("said", [{"name": {"deep": ["x", {"机密★": 1}]}}, {"机密★": 1}, ["绝密"]])
async def test_a_mark_deep_in_a_command_or_in_a_name_is_found(said: Any, tmp_path: Path) -> None:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3") as api:
        row = village(name=said) if isinstance(said, list) else village() | said
        assert {fault["rule"] for fault in refusal(await api.post("villages", row), 400)} == {"classified"}


async def test_a_mark_in_an_address_is_refused(tmp_path: Path) -> None:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3") as api:
        (fault,) = refusal(await api.client.get("/v1/villages", params={"status": "秘密★"}), 400)
        assert (fault["rule"], fault["field"]) == ("classified", "status")


def test_accounts_and_webhooks_take_none_either() -> None:
    request = Request({"headers": [(b"content-type", JSON.encode())], "query_string": b""}, '{"a": "机密★"}'.encode())
    with pytest.raises(Denied) as denied:
        request.json(dict)
    assert denied.value.ground == "classified"


FORM = Form(
    name="notes",
    title="记录表",
    en="Notes",
    key=("id",),
    asked_by_zh="县",
    asked_by_en="the county",
    columns=(
        Column(field="id", title="编号", en="Id", kind="id", pattern="[A-Z0-9]+"),
        Column(field="said", title="内容", en="Said", longest=200),
    ),
)
HEADINGS, FIRST = ("编号", "内容", "备注"), ("A1", "甲", "")
SHEETS = {
    "a cell": ((HEADINGS, FIRST, ("A2", "机密★5年", "")), 3),
    "a cell that no command takes": ((HEADINGS, FIRST, ("A2", "乙", "秘密★")), 3),
    "a row that is no data": ((HEADINGS, FIRST, ("备注：绝密", "", "")), 3),
    "a title above the headings": ((("机密★10年", "", ""), HEADINGS, FIRST), 1),
}


@pytest.mark.parametrize("rows", SHEETS)
@pytest.mark.parametrize("written", ["xlsx", "utf-8", "utf-8-sig", "gb18030"])
def test_a_file_with_a_mark_anywhere_in_its_sheet_is_refused_as_a_whole(rows: str, written: str) -> None:
    lines, number = SHEETS[rows]
    file = io.BytesIO()
    if written == "xlsx":
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        book.save(file)
    else:
        file.write("\r\n".join(",".join(line) for line in lines).encode(written))
    file.seek(0)
    with pytest.raises(WorkbookRefused) as refused:
        [*read_rows(FORM, file, secret=b"s")]
    assert f"第{number}行" in refused.value.zh and "国家秘密" in refused.value.zh and "★" not in refused.value.zh
    assert f"row {number}" in refused.value.en


def test_a_file_that_only_speaks_of_secrets_is_taken() -> None:
    file = io.BytesIO("编号,内容\r\nA1,秘密写票表决\r\n".encode())
    assert [row.values["said"] for row in read_rows(FORM, file, secret=b"s")] == ["秘密写票表决"]
