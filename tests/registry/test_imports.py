"""Excel forms over HTTP, as officers meet them: templates, reports, copies with errors, repetition, interruption."""

import asyncio
import csv
import re
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from deploy.cli import commands
from deploy.demo.forms import fill
from deploy.demo.regions.benxi.story import CITY, PACK, POLICY, START
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from services.registry import forms
from shared.web import forms as web_forms
from shared.web import imports
from shared.web.token import operator_headers
from tests.registry.office import CODE, FIRST, ROWS, SCENARIO, SURVEYED, Office, office
from tests.support.asked import refusal


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite3") as officer:
        yield officer


def edited(file: bytes, *cells: tuple[int, str, object]) -> bytes:
    """The file after somebody put values into cells, named by row and heading, with a program of his own."""
    book = openpyxl.load_workbook(BytesIO(file))
    page = book.worksheets[0]
    places = {str(cell.value).split("\n")[0].removesuffix(" *"): cell.column for cell in page[1]}
    for row, heading, value in cells:
        page.cell(row, places[heading]).value = value
    book.save(saved := BytesIO())
    return saved.getvalue()


def sheet(file: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(file)).worksheets[0]


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    """Rows, good, bad, created, changed, unchanged."""
    return tuple(report["counts"].values())


# ---------------------------------------------------------------- the way in


async def test_the_forms_say_all_that_the_commands_say(database: str, tmp_path: Path) -> None:
    """Filled in and imported, the demo's data lead to the very states to which they lead as JSON."""
    async with office(database) as by_form, office(f"sqlite+aiosqlite:///{tmp_path}/json.sqlite3") as by_json:
        for name, rows in ROWS.items():
            report = await by_form.hand_in(name, await by_form.filled(name))
            assert report["applied"] and counts(report) == (len(rows), len(rows), 0, len(rows), 0, 0)
            await by_json.register(name)
        by_hand, imported = await by_json.digest(), await by_form.digest()
        assert {**by_hand, "events": ""} == {**imported, "events": ""}


async def test_3_1_a_survey_form_is_issued_for_the_villages_under_survey(desk: Office) -> None:
    await desk.register("villages")
    await desk.post("surveys", *[row for row in ROWS["surveys"] if row["village"] == FIRST.id][:5])
    page = sheet(await desk.template("surveys", rows=3))
    lines = [[cell.value for cell in line[:5]] for line in page.iter_rows(min_row=2)]
    assert len(lines) == 3 * len(SCENARIO.villages)
    assert lines[:3] == [[FIRST.place, FIRST.id, FIRST.name, number, None] for number in (6, 7, 8)]
    assert all(cell.protection.locked for cell in page[2][:3]) and not page[2][3].protection.locked


async def test_rows_that_were_issued_and_left_empty_are_no_rows(desk: Office) -> None:
    await desk.register("villages")
    file = edited(
        await desk.template("surveys", rows=4),
        (3, "调查方式", "座谈会"),
        (3, "调查内容", "主要问题"),
        (3, "日期", SURVEYED),
    )
    assert counts(await desk.hand_in("surveys", file)) == (1, 1, 0, 1, 0, 0)
    survey = (await desk.get(f"/v1/baselines/{FIRST.id}")).json()["surveys"][0]
    assert survey["records"] == {"2": {"kind": "meeting", "topic": "problems", "on": "2014-06-12"}}


async def test_a_form_covers_the_division_that_is_asked_for(desk: Office) -> None:
    await desk.register("villages")
    await desk.post("villages", {**ROWS["villages"][0], "village": "210522901201", "place": "210522"})
    there = sheet((await desk.get("/v1/templates/surveys", rows=1, place="210522")).content)
    assert [cell.value for cell in there["B"]][1:] == ["210522901201"]
    everywhere = sheet((await desk.get("/v1/templates/surveys", rows=1, place="21")).content)
    assert len(everywhere["B"]) - 1 == len(SCENARIO.villages) + 1


@pytest.mark.parametrize(
    ("path", "status", "zh"),
    [
        ("/v1/templates/surveys", 409, "没有正在摸底排查的村"),
        ("/v1/templates/household-reviews", 401, "仅限运维"),
        ("/v1/templates/cows", 404, "没有名为“cows”的表"),
        ("/v1/templates/units?place=52", 409, "请先启用政策包"),
        ("/v1/copies/guessed", 404, "请重新上传"),
    ],
)
async def test_what_cannot_be_issued_says_why(desk: Office, path: str, status: int, zh: str) -> None:
    answer = await desk.client.get(path)
    assert answer.status_code == status and zh in answer.json()["title"]


async def test_a_template_of_more_rows_than_a_file_may_have_is_refused(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.register("villages")
    monkeypatch.setattr(web_forms, "MOST_ROWS", 100)
    answer = await desk.client.get("/v1/templates/surveys", params={"rows": 30})
    assert answer.status_code == 422 and "4个村每村30行" in answer.json()["title"]


async def test_without_a_secret_nothing_is_sealed(tmp_path: Path) -> None:
    async with office(f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite3", secret=b"") as officer:
        answer = await officer.client.get("/v1/templates/units")
        assert answer.status_code == 503 and "ZHUCUN_SECRET_FILE" in answer.json()["title"]


# ---------------------------------------------------------------- what is wrong


async def test_a_changed_prefilled_cell_is_refused_and_named_with_its_original(desk: Office) -> None:
    await desk.register("villages")
    other = ROWS["villages"][1]["village"]
    before = await desk.digest()
    report = await desk.hand_in("surveys", edited(await desk.filled("surveys"), (2, CODE, other)))
    assert not report["applied"] and report["counts"]["bad"] == 1
    (error,) = report["errors"]
    assert (error["row"], error["column"]) == (2, CODE) and FIRST.id in error["zh"] and FIRST.id in error["en"]
    assert await desk.digest() == before


async def test_errors_of_cells_and_rules_stand_beside_their_rows_in_the_copy(desk: Office) -> None:
    await desk.register("villages", "units")
    file = edited(
        await desk.filled("cadres"),
        (3, "职务层次（或相当层次）", "处长"),
        (5, "单位编号", "U0"),
        (6, "参加工作时间", "1930-01-01"),
    )
    before = await desk.digest()
    report = await desk.hand_in("cadres", file)
    assert not report["applied"] and counts(report)[:3] == (16, 13, 3)
    assert [error["row"] for error in report["errors"]] == [3, 5, 6]
    assert await desk.digest() == before
    page = sheet((await desk.get(report["copy"])).content)
    errors = {row: str(cell.value) for row, cell in enumerate(page["L"], 1) if row > 1 and cell.value}
    assert errors.keys() == {3, 5, 6}
    assert "只能填：科员、副科级" in errors[3] and "takes one of" in errors[3]
    assert "单位“U0”不存在" in errors[5] and "依据" not in errors[5] and "(by: " not in errors[5]
    assert "应当晚于出生日期" in errors[6] and "（依据：《本溪市向贫困村选派驻村工作队》）" in errors[6]
    red = {
        cell.coordinate for line in page.iter_rows(min_row=2) for cell in line if cell.fill.fgColor.rgb == "FFFFC7CE"
    }
    assert red == {"E3", "A5", "G6"}


async def test_a_village_that_a_row_cannot_take_off_the_list_is_told(desk: Office) -> None:
    await desk.register("villages")
    report = await desk.hand_in("villages", edited(await desk.filled("villages"), (3, "列入贫困村", "否")))
    assert report["applied"] and report["counts"]["unchanged"] == 4
    (note,) = [note for note in report["notes"] if note["rule"] == "listed"]
    assert note["rows"] == "3" and "不使其出列" in note["zh"]


async def test_a_repeated_heading_does_not_point_to_the_form_that_it_was_uploaded_as(desk: Office) -> None:
    book = openpyxl.load_workbook(BytesIO(await desk.filled("villages")))
    page = book.worksheets[0]
    page.cell(1, page.max_column + 1).value = "户籍人口"
    book.save(saved := BytesIO())
    title = (await desk.send("villages", saved.getvalue())).json()["title"]
    assert "重复的栏目：户籍人口" in title and "请按该表上传" not in title


async def test_a_corrected_copy_is_accepted(desk: Office) -> None:
    report = await desk.hand_in("units", edited(await desk.filled("units"), (4, "帮扶能力评分", 101)))
    assert not report["applied"]
    copy = (await desk.get(report["copy"])).content
    assert counts(await desk.hand_in("units", edited(copy, (4, "帮扶能力评分", 100)))) == (4, 4, 0, 4, 0, 0)


async def test_copies_are_not_kept_for_ever(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    file = edited(await desk.filled("units"), (4, "帮扶能力评分", 101))
    monkeypatch.setattr(imports, "COPIES", 1)
    first, second = [(await desk.hand_in("units", file))["copy"] for _ in range(2)]
    assert (await desk.client.get(first)).status_code == 404
    assert (await desk.client.get(second)).status_code == 200
    monkeypatch.setattr(imports, "COPY_SECONDS", 0)
    third = (await desk.hand_in("units", file))["copy"]
    await asyncio.sleep(0.01)
    assert (await desk.client.get(third)).status_code == 404


async def test_good_rows_are_kept_out_unless_they_are_asked_for(desk: Office) -> None:
    file = edited(await desk.filled("villages"), (2, "户籍人口", 0), (3, "现属区划", "210522"))
    report = await desk.hand_in("villages", file)
    assert not report["applied"] and counts(report) == (4, 2, 2, 2, 0, 0)
    assert (await desk.get("/v1/villages")).json() == []
    report = await desk.hand_in("villages", file, keep_good=True)
    assert report["applied"] and counts(report) == (4, 2, 2, 2, 0, 0) and report["copy"]
    assert len((await desk.get("/v1/villages")).json()) == 2


async def test_what_is_told_and_marked_of_very_many_errors_is_bounded_and_says_so(desk: Office) -> None:
    rows = [{**ROWS["units"][0], "unit": f"U{number}", "strength": 101} for number in range(1100)]
    report = await desk.hand_in("units", await desk.filled("units", rows))
    assert report["counts"]["bad"] == 1100 and len(report["errors"]) == 100
    marked = [cell.value for cell in sheet((await desk.get(report["copy"])).content)["I"][1:] if cell.value]
    assert len(marked) == 1000
    assert "只标出前1000行" in marked[-1] and "first 1000" in marked[-1] and "只标出" not in marked[-2]


@pytest.mark.parametrize("file", [b"", b"PK\x03\x04 half of one"])
async def test_what_is_no_excel_file_is_refused_with_a_remedy(desk: Office, file: bytes) -> None:
    answer = await desk.send("villages", file)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert "存成 .xlsx 后重新上传" in fault["zh"] and "upload it again" in fault["en"]


async def test_another_form_is_refused_by_its_headings_and_named(desk: Office) -> None:
    answer = await desk.send("villages", await desk.filled("units"))
    assert answer.status_code == 422 and "表头与《贫困村简要情况登记表》不符" in answer.json()["title"]
    assert "这是《派出单位（帮扶单位）登记表（units）》" in answer.json()["title"]
    answer = await desk.send("villages", b"no workbook")
    assert answer.status_code == 422 and "表头与《贫困村简要情况登记表》不符" in answer.json()["title"]
    assert "这是《" not in answer.json()["title"]


async def test_an_upload_that_broke_off_is_refused(desk: Office) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half of one"

    headers = {"Idempotency-Key": "a broken one", "Content-Length": "4000"}
    answer = await desk.client.post("/v1/imports/units", content=half(), headers=headers)
    assert answer.status_code == 400 and "应有4000字节，收到11字节" in answer.json()["title"]


def lines(*rows: Sequence[str]) -> bytes:
    """A .csv of villages."""
    heads = ["村代码", "村名", "乡镇", "户籍人口", "列入贫困村", "列入文件", "现属区划"]
    text = StringIO()
    csv.writer(text).writerows([heads, *rows])
    return text.getvalue().encode("utf-8-sig")


async def test_no_formula_and_no_control_stands_in_what_goes_out(desk: Office) -> None:
    bad = [
        ["210521500038", '=HYPERLINK("http://example.org","x")', "+镇", "-1", "是", "@SUM(1)", ""],
        ["210521500039", " =1+1", "\x1b[31m镇\u202e", "0", "是", "\t=1+1", ""],
    ]
    report = await desk.hand_in("villages", lines(*bad))
    copy = (await desk.get(report["copy"])).text
    cells = [cell for row in csv.reader(StringIO(copy.removeprefix("\ufeff"))) for cell in row]
    assert "'=HYPERLINK" in copy and not [cell for cell in cells if cell.lstrip(" ")[:1] in set("=+-@\t\r＝")]
    assert "\x1b" not in copy and "\u202e" not in copy
    again = [*csv.reader(StringIO(copy.removeprefix("\ufeff")))]
    again[1][1:6] = ["甲村", "镇", "10", "是", "-文件"]
    again[2][1:6] = ["乙村", "镇", "20", "是", "'-文件"]
    text = StringIO()
    csv.writer(text).writerows(again)
    await desk.hand_in("villages", text.getvalue().encode("utf-8-sig"))
    assert [v["id"] for v in (await desk.get("/v1/villages")).json()] == ["210521500038", "210521500039"]


async def test_all_errors_are_counted_and_those_of_many_rows_told_once(desk: Office) -> None:
    rows = [
        [f"21052150{n // 600}{n % 600 + 1:03}", "村", "镇", "0" if n % 2 else "多", "是", "", ""] for n in range(1200)
    ]
    report = await desk.hand_in("villages", lines(*rows, ["12", "村", "镇", "5", "也许", "", ""]))
    told = {(s["rule"], s["column"]): s for s in report["summary"]}
    assert sum(s["count"] for s in told.values()) == 1202 and len(told) == 4
    assert told["form", "户籍人口"]["count"] == told["integer", "户籍人口"]["count"] == 600
    assert told["pattern", "村代码"]["rows"] == told["choice", "列入贫困村"]["rows"] == "1202"
    assert "共600处" in told["integer", "户籍人口"]["zh"]
    rows = [[f"21052150{n // 600}{n % 600 + 1:03}", "", "镇", "10", "是", "", ""] for n in range(1200)]
    (summary,) = (await desk.hand_in("villages", lines(*rows)))["summary"]
    assert summary["zh"].startswith("第2至1201行：“村名”必须填写") and summary["rows"] == "2-1201"


async def test_what_was_read_otherwise_than_it_stands_there_is_told(desk: Office) -> None:
    text = lines(["２１０５２１５００００１", "甲村", "镇", "10", "是", "", "", "看过"], ["合计", "", "", "10"])
    head, _, rest = text.partition(b"\r\n")
    report = await desk.hand_in("villages", head + ",备注\r\n".encode() + rest)
    assert report["applied"] and counts(report) == (1, 1, 0, 1, 0, 0)
    assert {note["rule"] for note in report["notes"]} == {"ignored", "folded", "total"}


async def test_a_form_says_nothing_about_the_whole_country_for_whoever_is_no_operator(desk: Office) -> None:
    rows = [
        ["210521500001", "甲村", "镇", "10", "是", "", ""],
        ["210521500002", "乙村", "镇", "10", "是", "", "000000"],
    ]
    options: tuple[dict[str, Any], ...] = ({}, {"dry_run": True}, {"keep_good": True})
    for option in options:
        (fault,) = refusal(await desk.send("villages", lines(*rows), **option), 401)
        assert fault["rule"] == "operator"
    assert (await desk.get("/v1/villages")).json() == []
    desk.client.headers.update(operator_headers(b"secret"))
    report = await desk.hand_in("villages", lines(*rows))
    assert not report["applied"] and [error["row"] for error in report["errors"]] == [3], "no village lies there"


async def test_a_file_that_is_too_large_is_refused(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_forms, "MOST_BYTES", 2**20)
    answer = await desk.send("villages", bytes(2**20 + 1))
    assert answer.status_code == 413 and "1 MB" in answer.json()["title"]


# ---------------------------------------------------------------- again and again


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(desk: Office) -> None:
    await desk.register("villages")
    before = await desk.digest()
    report = await desk.hand_in("units", await desk.filled("units"), key="the same key", dry_run=True)
    assert not report["applied"] and counts(report) == (4, 4, 0, 4, 0, 0) and report["copy"] is None
    assert await desk.digest() == before
    assert (await desk.hand_in("units", await desk.filled("units"), key="the same key"))["applied"]
    assert len((await desk.get("/v1/units")).json()) == 4


async def test_an_import_that_is_repeated_changes_nothing_and_says_so(desk: Office) -> None:
    for name in ROWS:
        file = await desk.filled(name)
        await desk.hand_in(name, file)
        before = await desk.digest()
        rows = len(ROWS[name])
        assert counts(await desk.hand_in(name, file)) == (rows, rows, 0, 0, 0, rows)
        assert await desk.digest() == before


async def population(desk: Office) -> int:
    found: int = (await desk.get(f"/v1/villages/{FIRST.id}")).json()["population"]
    return found


async def test_what_differs_from_what_is_known_is_shown_and_applied_only_with_its_confirmation(desk: Office) -> None:
    right = await desk.filled("villages")
    await desk.hand_in("villages", right)
    wrong = edited(right, (2, "户籍人口", FIRST.population + 9))
    for asked in ({"dry_run": True}, {}, {"confirm": "0123456789abcdef"}):
        report = await desk.hand_in("villages", wrong, **asked)
        assert not report["applied"] and counts(report) == (4, 4, 0, 0, 1, 3) and report["differing"] == 1
        (difference,) = report["differences"]
        assert difference == {
            "row": 2,
            "about": FIRST.id,
            "column": "户籍人口",
            "known": str(FIRST.population),
            "given": str(FIRST.population + 9),
        }
        assert await population(desk) == FIRST.population
    done = await desk.hand_in("villages", wrong, confirm=report["confirm"])
    assert done["applied"] and counts(done) == (4, 4, 0, 0, 1, 3), done["errors"]
    assert await population(desk) == FIRST.population + 9


async def test_a_confirmation_no_longer_fits_once_what_is_known_has_changed(desk: Office) -> None:
    right = await desk.filled("villages")
    await desk.hand_in("villages", right)
    other = FIRST.population + 1
    mine, others = edited(right, (2, "户籍人口", FIRST.population + 9)), edited(right, (2, "户籍人口", other))
    shown = await desk.hand_in("villages", mine, dry_run=True)
    seen_by_other = await desk.hand_in("villages", others, dry_run=True)
    await desk.hand_in("villages", others, confirm=seen_by_other["confirm"])
    report = await desk.hand_in("villages", mine, confirm=shown["confirm"])
    assert not report["applied"] and report["confirm"] != shown["confirm"]
    assert report["differences"][0]["known"] == str(other) and await population(desk) == other


async def test_1_18_a_population_that_changes_much_needs_its_reason_in_the_form_as_well(desk: Office) -> None:
    right = await desk.filled("villages")
    await desk.hand_in("villages", right)
    much = edited(right, (2, "户籍人口", 3 * FIRST.population))
    report = await desk.hand_in("villages", much, dry_run=True)
    assert counts(report)[2] == 1 and report["confirm"] is None and "写明原因" in report["errors"][0]["zh"]
    assert report["errors"][0]["column"] == "人口变动原因"
    told = edited(much, (2, "人口变动原因", "两村合并登记"))
    report = await desk.hand_in("villages", told, dry_run=True)
    assert (await desk.hand_in("villages", told, confirm=report["confirm"]))["applied"]
    assert await population(desk) == 3 * FIRST.population


async def test_good_rows_go_in_and_those_that_differ_wait(desk: Office) -> None:
    first, *others = ROWS["villages"]
    await desk.post("villages", first)
    file = edited(await desk.filled("villages"), (2, "户籍人口", FIRST.population + 9))
    report = await desk.hand_in("villages", file, keep_good=True)
    assert report["applied"] and report["differing"] == 1 and report["counts"]["created"] == len(others)
    assert report["counts"]["changed"] == 0 and await population(desk) == FIRST.population


async def test_differences_are_told_in_the_words_of_the_form(desk: Office) -> None:
    await desk.register("units", "cadres")
    file = edited(await desk.filled("cadres"), (2, "职务层次（或相当层次）", "一级巡视员"), (2, "是否后备干部", "是"))
    told = {d["column"]: d for d in (await desk.hand_in("cadres", file, dry_run=True))["differences"]}
    assert (told["职务层次（或相当层次）"]["given"], told["职务层次（或相当层次）"]["known"]) == ("正厅级", "")
    assert all(
        d["given"] in ("是", "否") and d["known"] in ("是", "否") for c, d in told.items() if c == "是否后备干部"
    )


async def test_a_key_stands_for_one_file_in_one_mode(desk: Office) -> None:
    file = await desk.filled("units")
    await desk.hand_in("units", file, key="the same key")
    answer = await desk.send("units", edited(file, (2, "单位名称", "另一单位")), key="the same key", keep_good=True)
    assert answer.status_code == 422 and "已用于另一请求" in answer.json()["title"]
    assert len((await desk.get("/v1/units")).json()) == 4


async def test_two_imports_under_one_key_at_once_are_one_and_a_refusal(desk: Office) -> None:
    file = await desk.filled("units")
    first, second = await asyncio.gather(*(desk.send("units", file, key="the same key") for _ in range(2)))
    assert sorted((first.status_code, second.status_code)) == [200, 409]
    refused = first if first.status_code == 409 else second
    assert "正在导入" in refused.json()["title"]


async def test_progress_says_whether_there_is_such_an_import(desk: Office) -> None:
    answer = await desk.client.get("/v1/imports/units/progress", headers={"Idempotency-Key": "an unknown one"})
    assert answer.json() == {"running": False, "read": 0, "applied": 0}


async def test_the_same_request_gives_the_first_answer_again(desk: Office) -> None:
    file = await desk.filled("units")
    first = await desk.hand_in("units", file, key="the same key")
    before = await desk.digest()
    assert await desk.hand_in("units", file, key="the same key") == first
    assert await desk.digest() == before


async def test_an_import_that_broke_off_is_repeated_without_doubling_anything(tmp_path: Path) -> None:
    whole = f"sqlite+aiosqlite:///{tmp_path}/whole.sqlite3"
    async with office(whole) as officer:
        await officer.register("villages")
        file = await officer.filled("surveys")
        await officer.hand_in("surveys", file, key="the same key")
        expected = await officer.digest()
    for key in ("the same key", "another key"):
        broken = f"sqlite+aiosqlite:///{tmp_path}/{key}.sqlite3"
        async with office(broken) as officer:
            await officer.register("villages")
            before = officer.pipeline.written
            importing = asyncio.create_task(officer.hand_in("surveys", file, key="the same key"))
            officer.said.clear()
            await officer.said.wait()
            importing.cancel()
            assert 0 < officer.pipeline.written - before < len(ROWS["surveys"])
        async with office(broken, fresh=False) as officer:
            report = await officer.hand_in("surveys", file, key=key)
            assert report["applied"] and report["counts"]["bad"] == 0
            assert officer.pipeline.written == before + len(ROWS["surveys"])
            found = await officer.digest()
        told = {"events"} if key == "another key" else set()  # The ids of events follow from the key.
        assert {k: v for k, v in found.items() if k not in told} == {k: v for k, v in expected.items() if k not in told}


async def test_others_go_on_working_and_can_follow_a_long_import(desk: Office) -> None:
    await desk.register("villages")
    importing = asyncio.create_task(desk.hand_in("surveys", await desk.filled("surveys"), key="a long one"))
    seen, between = [], 0
    while not importing.done():
        await desk.post("units", {**ROWS["units"][0], "unit": f"V{between}"})
        between += not importing.done()
        headers = {"Idempotency-Key": "a long one"}
        seen.append((await desk.client.get("/v1/imports/surveys/progress", headers=headers)).json())
    assert between > 1
    assert any(0 < now["read"] < len(ROWS["surveys"]) for now in seen)
    assert any(0 < now["applied"] < len(ROWS["surveys"]) for now in seen)


# ---------------------------------------------------------------- memory


async def test_memory_does_not_grow_with_the_rows(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pages of 50, what 400 more rows of 3 KB would take is 1.2 MB; 100,000 rows were measured by hand."""
    monkeypatch.setattr(imports, "PAGE", 50)
    await desk.register("units")
    ties = [f"210521{n + 1:06}" for n in range(230)]
    peaks: list[int] = []
    for count in (100, 100, 500):  # The first one fills the caches.
        rows = [{**ROWS["cadres"][0], "cadre": f"C{len(peaks)}-{n}", "ties": "、".join(ties)} for n in range(count)]
        file = await desk.filled("cadres", rows)
        tracemalloc.start()
        report = await desk.hand_in("cadres", file)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert report["counts"]["created"] == count
    assert peaks[2] - peaks[1] < 600_000


# ---------------------------------------------------------------- the command line


async def test_an_officer_at_the_command_line(tmp_path: Path) -> None:
    """Through the real processes: a template, a check of the filled form, its copy with errors, and the import."""
    folder = tmp_path / "data"

    async def zhucun(*words: object) -> tuple[int, str]:
        ran = await asyncio.to_thread(CliRunner().invoke, commands.app, [*map(str, words), "--folder", str(folder)])
        return ran.exit_code, ran.output

    file = tmp_path / "单位.xlsx"
    async with System(folder) as system:
        await system.ready()
        async with Simulation(system) as simulation:
            await simulation.pass_day(START)
            row = {"place": CITY, "pack": PACK, "adopted_by": "市委"}
            await simulation.post("registry", "policies", "the first pack", [row])
        assert (await zhucun("template", "units", "-o", file))[0] == 0
        good = fill(file.read_bytes(), forms.FORMS["units"].form([POLICY]), ROWS["units"])
        file.write_bytes(edited(good, (3, "帮扶能力评分", 101)))
        code, told = await zhucun("import", "units", file)
        assert code == 1 and "未导入" in told and "第3行：“帮扶能力评分”的“101”不合规定" in told
        assert "“101”不合规定" in str(sheet((tmp_path / "单位-错误.xlsx").read_bytes())["I3"].value)
        file.write_bytes(good)
        code, told = await zhucun("import", "units", file, "--dry-run")
        assert code == 0 and "未导入" in told and re.search(r"新登记\s+│ 4 ", told)
        code, told = await zhucun("import", "units", file)
        assert code == 0 and "已导入" in told
        file.write_bytes(edited(good, (3, "单位名称", "改名的单位（虚构）")))
        code, told = await zhucun("import", "units", file)
        assert code == 1 and "未导入" in told and "改名的单位" in told
        (confirm,) = set(re.findall(r"--confirm ([0-9a-f]{16})", told))
        code, told = await zhucun("import", "units", file, "--confirm", confirm)
        assert code == 0 and "已导入" in told and re.search(r"有更新\s+│ 1 ", told)
