"""Files as offices send them and as nobody should: what is read, what is told, and what is refused by its name."""

import io
import random
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from shared import neutral
from shared.workbook import Column, Form, Row, Tally, WorkbookRefused
from shared.workbook.reading import read_rows
from shared.workbook.sheet import rows
from shared.workbook.writing import annotate
from tests.support.pace import quicker_than
from tests.support.workbooks import MAIN, STYLES, package, saved, with_part

ID = r"(?!\d{17}[\dX]$)[A-Z0-9]([A-Z0-9._-]{0,38}[A-Z0-9])?"
FORM = Form(
    name="cadres",
    title="干部表",
    en="Cadres",
    key=("id",),
    columns=(
        Column(field="id", title="编号", en="Id", kind="id", pattern=ID),
        Column(field="code", title="村代码", en="Code", kind="code", pattern=r"\d{12}"),
        Column(field="name", title="姓名", en="Name", longest=20),
        Column(field="people", title="人口", en="People", kind="integer", required=False),
        Column(field="born", title="出生年月", en="Born", kind="month", required=False),
    ),
    asked_by_zh="县",
    asked_by_en="the county",
)
TITLES = [column.title for column in FORM.columns]
GOOD = ("C-1", "210521500001", "甲", 5, "1976-05-04")


def book(*lines: Sequence[object], titles: Sequence[object] = TITLES) -> Any:
    made = openpyxl.Workbook()
    for line in (titles, *lines):
        made.active.append(line)
    return made


def read(file: io.BytesIO, form: Form = FORM) -> tuple[list[Row], Tally]:
    told = Tally()
    return list(read_rows(form, file, secret=b"s", tell=told.add)), told


def rules(told: Tally) -> dict[str, str]:
    """What was told, by rule, with its rows."""
    return {summary.rule: summary.rows for summary in told.summaries()}


def wrong(**cells: object) -> set[str]:
    """The rules that a row with these cells breaks."""
    line = [cells.get(column.field, good) for column, good in zip(FORM.columns, GOOD, strict=True)]
    (row,), _ = read(saved(book(line)))
    assert all(error.zh and error.en and "{" not in error.zh + error.en for error in row.errors)
    return {error.rule for error in row.errors}


def refused(file: io.BytesIO) -> str:
    with pytest.raises(WorkbookRefused) as error:
        read(file)
    return error.value.zh


def text(*lines: str, encoding: str = "utf-8-sig", end: str = "\r\n") -> io.BytesIO:
    return io.BytesIO(end.join([",".join(TITLES), *lines]).encode(encoding))


# ---------------------------------------------------------------- E1: what a table did to an id


@pytest.mark.parametrize("value", [12, 1.5, 123_000_000_000_000.0, 110101199001011234, True, datetime(2014, 1, 2)])
@pytest.mark.parametrize("field", ["id", "code", "name"])
def test_e1_what_a_table_stored_as_a_number_a_day_or_a_truth_is_no_text(field: str, value: object) -> None:
    assert wrong(**{field: value}) == {"stored"}


def test_e1_the_remedy_names_excel_and_wps() -> None:
    (row,), _ = read(saved(book(["C-1", 2.1, "甲", 5, "1976-05"])))
    assert all(words in row.errors[0].zh for words in ("存成了数字或日期", "文本", "Excel", "WPS", "重新录入"))


@pytest.mark.parametrize(("format", "taken"), [("General", True), ("0", True), ("@", True), ("0_ ", True),
                                               ("#,##0", False), ("0000", False), ("0.00E+00", False)])  # fmt: skip
def test_e1_a_code_stored_as_a_number_is_taken_if_all_its_digits_are_there_and_shown(format: str, taken: bool) -> None:
    made = book(["C-1", 210521500001, "甲", 5, None])
    made.active["B2"].number_format = format
    (row,), _ = read(saved(made))
    assert (row.values["code"], row.errors == ()) == ("210521500001" if taken else None, taken)


def test_e1_a_number_that_is_shown_as_a_share_or_a_time_is_no_count() -> None:
    for format in ("0%", "0.00%", "h:mm", "0,", "#,##0,,", '0.0"万"', "0.0\\万", '"1"0', "0!.0000"):
        made = book(["C-1", "210521500001", "甲", 0.5 if "h" in format else 1, None])
        made.active["D2"].number_format = format
        (row,), _ = read(saved(made))
        assert row.errors and row.values["people"] is None


@pytest.mark.parametrize(
    ("cell", "rule"),
    [("5.20402E+17", "stored"), ("1.23e+14", "stored"), ('"=""C2105-001"""', "formula"), ("'0012", "apostrophe"),
     ("TRUE", "stored"), ("2014-01-02", "stored"), ("2014/1/2", "stored"), ("#N/A", "fault")],
)  # fmt: skip
def test_e1_the_same_in_separated_values(cell: str, rule: str) -> None:
    (row,), _ = read(text(f"{cell},210521500001,甲,5,"))
    assert [error.rule for error in row.errors] == [rule]


# ---------------------------------------------------------------- E2: merged cells


def test_e2_a_cell_merged_within_its_column_is_filled_and_told() -> None:
    made = book(GOOD, ["C-2", "210521500002", None, 6, None], ["C-3", "210521500003", None, 7, None])
    made.active.merge_cells("C2:C4")
    got, told = read(saved(made))
    assert [(row.values["name"], row.errors) for row in got] == [("甲", ())] * 3
    assert rules(told) == {"filled": "3-4"} and "C2:C4" in told.summaries()[0].zh


@pytest.mark.parametrize("range", ["D2:D3", "B2:B3", "C3:D3", "A2:A3"])
def test_e2_numbers_keys_and_merges_over_columns_are_told_and_not_guessed(range: str) -> None:
    made = book(GOOD, ["C-2", "210521500002", "乙", 6, None])
    made.active.merge_cells(range)
    got, _ = read(saved(made))
    errors = [error for row in got for error in row.errors]
    told = [error for error in errors if error.rule == "merged"]
    assert (range == "B2:B3" and not errors) or (told and range in told[0].zh)


def test_e2_a_merge_makes_no_row() -> None:
    made = book(GOOD)
    made.active["C3"], made.active["C9"] = None, None
    made.active.merge_cells("C2:C9")
    assert len(read(saved(made))[0]) == 1


# ---------------------------------------------------------------- E3: what is hidden


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_e3_the_first_visible_sheet_is_read_and_the_others_are_named(state: str) -> None:
    made = book(GOOD)
    made.create_sheet("旧表", 0).sheet_state = state
    made.create_sheet("乙镇")
    made.active = 1
    got, told = read(saved(made))
    assert got[0].values["id"] == "C-1" and "乙镇" in told.summaries()[0].zh and "旧表" not in told.summaries()[0].zh


def test_e3_a_workbook_whose_sheets_are_all_hidden_is_refused_as_that() -> None:
    hidden = package("", book='<sheets><sheet name="x" sheetId="1" state="hidden" r:id="worksheet"/></sheets>')
    with zipfile.ZipFile(hidden) as archive:
        xml = (
            archive.read("xl/workbook.xml")
            .replace(b'<sheets><sheet name="\xe8\xa1\xa8" sheetId="1" ', b"<!--")
            .replace(b'r:id="worksheet"/></sheets></workbook>', b"--></workbook>")
        )
    assert "都是隐藏的" in refused(with_part(hidden, "xl/workbook.xml", xml))


def test_e3_hidden_rows_and_columns_are_read_and_told() -> None:
    made = book(GOOD, ["C-2", "210521500002", "乙", 6, None])
    made.active.row_dimensions[3].hidden = True
    made.active.column_dimensions["D"].hidden = True
    got, told = read(saved(made))
    assert len(got) == 2 and rules(told) == {"hidden_column": "", "hidden_row": "3"}


# ---------------------------------------------------------------- E4, E5, E8: what files are like


def test_e4_columns_formatted_to_the_last_row_are_read_as_what_they_hold() -> None:
    """A tenth of what Excel may write, so that it takes a second; the whole was measured by hand."""
    heads = "".join(
        f'<c r="{chr(65 + n)}1" t="inlineStr"><is><t>{title}</t></is></c>' for n, title in enumerate(TITLES)
    )
    good = (
        '<c r="A2" t="inlineStr"><is><t>C-1</t></is></c><c r="B2"><v>210521500001</v></c>'
        '<c r="C2" t="inlineStr"><is><t>甲</t></is></c>'
    )
    empty = "".join(
        f'<row r="{n}" spans="1:10">' + "".join(f'<c r="{c}{n}" s="1"/>' for c in "ABCDEFGHIJ") + "</row>"
        for n in range(3, 100_000)
    )
    file = package(f'<row r="1">{heads}</row><row r="2">{good}</row>{empty}', styles=STYLES)
    with quicker_than(20):
        tracemalloc.start()
        (row,), _ = read(file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert row.values["id"] == "C-1" and peak < 6 * 2**20


def renamed(change: Callable[[str], str], base: io.BytesIO) -> io.BytesIO:
    """The file with other names of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(base) as old, zipfile.ZipFile(file, "w") as new:
        for part in old.namelist():
            new.writestr(zipfile.ZipInfo(change(part)), old.read(part))
    return file


@pytest.mark.parametrize(
    "change", [str.upper, str.title, lambda name: name.replace("/", "\\"), lambda name: f"/{name}"]
)
def test_e5_names_of_parts_are_found_in_any_case_and_with_any_slash(change: Callable[[str], str]) -> None:
    (row,), _ = read(renamed(change, saved(book(GOOD))))
    assert row.values["name"] == "甲"


def test_e5_a_part_that_stands_twice_is_refused() -> None:
    file = saved(book(GOOD))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("XL/Worksheets/Sheet1.xml", "<worksheet/>")
    assert "损坏" in refused(file)


def test_e5_rows_and_cells_without_addresses_and_escapes_are_read() -> None:
    heads = "".join(f'<c t="inlineStr"><is><t>{title}</t></is></c>' for title in TITLES)
    line = (
        '<c t="inlineStr"><is><r><t>C-</t></r><r><t>1</t></r><rPh sb="0" eb="1"><t>xx</t></rPh></is></c>'
        '<c t="str"><v>210521500001</v></c><c t="inlineStr"><is><t>甲_x000D_</t></is></c>'
    )
    (row,), _ = read(package(f"<row>{heads}</row><row>{line}</row>"))
    assert (row.values["id"], row.values["name"]) == ("C-1", "甲")


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A3" t="str"><v>C-1</v></c><c r="A3" t="str"><v>C-2</v></c>',
        '<c r="A3" t="str"><v>C-1</v></c><c r="A4" t="str"><v>C-2</v></c>',
    ],
)
def test_e8_a_cell_that_stands_twice_is_named(cells: str) -> None:
    heads = "".join(f'<c t="inlineStr"><is><t>{title}</t></is></c>' for title in TITLES)
    assert "出现两次" in refused(package(f'<row r="1">{heads}</row><row r="3">{cells}</row>'))


def archive(*names: str) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return file


def compound(stream: str) -> bytes:
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1024) + f"{stream}\0".encode("utf-16-le") + bytes(512)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "空的"), (b"%PDF-1.7 ...", "PDF"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"Rar!\x1a\x07", "RAR"),
        (b"<html><table>", "网页"), (b"\xef\xbb\xbf <!DOCTYPE html>", "网页"),
        (b'<?xml version="1.0"?><Workbook>', "XML"), (compound("Workbook"), ".xls"),
        (compound("EncryptedPackage"), "打开密码"), (compound("WordDocument"), ".doc"),
        (archive("[Content_Types].xml", "word/document.xml").getvalue(), ".docx"),
        (archive("mimetype", "content.xml").getvalue(), ".ods"), (archive("a.txt").getvalue(), "ZIP"),
        (archive("[Content_Types].xml", "xl/workbook.bin").getvalue(), ".xlsb"),
        (text("x").getvalue().decode("utf-8-sig").encode("utf-16"), "UTF-16"),
        (text("x").getvalue().decode("utf-8-sig").encode("utf-16-le"), "UTF-16"),
        (text("x").getvalue().decode("utf-8-sig").encode("utf-16-be"), "UTF-16"),
    ],
)  # fmt: skip
def test_e8_a_file_of_another_kind_is_named_and_the_remedy_told(file: bytes, words: str) -> None:
    told = refused(io.BytesIO(file))
    assert words in told and "重新上传" in told


@pytest.mark.parametrize("mark", "①²⑩⑴¹Ⅳ")
def test_e8_a_mark_beside_a_number_is_no_digit_of_it(mark: str) -> None:
    assert wrong(people=f"1200{mark}") == wrong(code=f"21052150000{mark}") == wrong(id=f"C-{mark}") == {"strange"}
    assert wrong(born=f"1976-05-0{mark}") == {"month"}


def test_e8_a_number_in_full_width_digits_is_read_and_told() -> None:
    (row,), told = read(text("C-1,210521500001,甲,１２００,"))
    assert row.values["people"] == 1200 and row.errors == ()
    (said,) = told.summaries()
    assert (said.rule, said.en) == ("folded", "Row 2: “１２００” in “People” was read as “1200”.")


@pytest.mark.parametrize("typed", ["其中：", "3月5日", "本扶发〔2014〕1号", "二一〇"])
def test_e8_chinese_text_in_a_column_of_codes_is_told_what_a_code_is(typed: str) -> None:
    assert wrong(code=typed) == {"strange" if "〇" in typed else "pattern"}


@pytest.mark.parametrize("typed", ["同上", "〃", "″", '"', "“", "〃〃", "Ditto"])
@pytest.mark.parametrize("field", ["id", "code", "name", "people", "born"])
def test_e8_nothing_is_registered_as_the_row_above(field: str, typed: str) -> None:
    assert wrong(**{field: typed}) == {"ditto"}


def test_e8_none_is_nothing_where_nothing_is_asked_for_and_no_answer_elsewhere() -> None:
    for typed in ("无", "没有", "/"):
        (row,), _ = read(saved(book([*GOOD[:3], typed, typed])))
        assert (row.values["people"], row.values["born"], row.errors) == (None, None, ())
        assert wrong(code=typed) == wrong(name=typed) == {"none"}


@pytest.mark.parametrize(
    ("typed", "rule"), [("\ufffd村", "lost"), ("甲\ue863", "private"), ("甲\U000f0001", "private")]
)
def test_e8_characters_that_are_lost_or_of_a_private_font_are_no_name(typed: str, rule: str) -> None:
    assert wrong(name=typed) == {rule}


def test_e8_separated_values_beyond_the_headings_refuse_their_row_and_stay_in_the_copy() -> None:
    file = text("C-1,210521500001,东沟村,西组,5,1976-05", "C-2,210521500002,乙,5,,")
    got, told = read(file)
    assert [[error.rule for error in row.errors] for row in got] == [["shifted"], []] and rules(told) == {}
    file = text("C-1,210521500001,东沟村,西组,5,1976-05")
    (row,), _ = read(file)
    annotate(FORM, file, copy := io.BytesIO(), {2: row.errors})
    (again,), _ = read(copy)
    assert [error.rule for error in again.errors] == ["shifted"]
    assert "东沟村,西组,5,1976-05," in copy.getvalue().decode("utf-8-sig")


def test_e8_the_cell_right_of_the_headings_is_told_of_a_sheet() -> None:
    (row,), told = read(saved(book([*GOOD, "看这里"])))
    assert row.errors == () and rules(told) == {"unheaded": "2"}


def test_e8_a_broken_first_line_has_no_row_before_it() -> None:
    assert refused(io.BytesIO('"编号,村代码'.encode())).startswith("文件不是有效的 .csv")


def test_e8_digits_of_other_scripts_are_named() -> None:
    assert wrong(code="210521٥٠٠٠٠٧") == wrong(people="٥") == wrong(id="C-٥") == {"strange"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_e8_separated_values_of_every_writer_are_read_and_copied_as_they_came(delimiter: str, end: str) -> None:
    lines = [delimiter.join(map(str, line)) for line in (TITLES, GOOD, ["C-2", "1", "乙", 2, ""])]
    file = io.BytesIO(end.join(lines).encode("utf-8-sig"))
    got, _ = read(file)
    assert [row.values["name"] for row in got] == ["甲", "乙"]
    annotate(FORM, file, copy := io.BytesIO(), {3: got[1].errors})
    assert f"\r\n{delimiter.join(map(str, GOOD))}" in copy.getvalue().decode("utf-8-sig")


# ---------------------------------------------------------------- E6, E7: what goes out, and one spelling


@given(st.text(min_size=1, max_size=30))
@example("\r")
@example("''=1")
def test_e6_nothing_that_goes_out_is_a_formula_or_a_command_to_a_terminal(typed: str) -> None:
    cell, line = neutral.cell(typed), neutral.line(typed)
    assert cell.lstrip()[:1] not in set("=+-@＝＋－＠") and cell[:1] not in set("\t\r\n")
    for out in (cell, line):
        assert not any(character in out for character in "\x00\x07\x1b\x7f\x9b\u202e\u2066\u200b")
    assert "\n" not in line and neutral.seen(neutral.typed(cell)) == neutral.seen(typed)


@pytest.mark.parametrize(
    "typed", ["C2105-001", "C2105－001", "C2105–001", "C2105—001", "c2105-001", " Ｃ２１０５-001\u200b"]
)
def test_e7_an_id_has_one_spelling_and_what_was_folded_is_told(typed: str) -> None:
    (row,), told = read(saved(book([typed, *GOOD[1:]])))
    assert row.values["id"] == "C2105-001" and row.errors == ()
    assert ("folded" in rules(told)) == (typed != "C2105-001")


def test_e7_four_spellings_are_one_cadre() -> None:
    got, _ = read(saved(book(*([id, *GOOD[1:]] for id in ("C-1", "c-1", "C－1", "C–1")))))
    assert [[error.rule for error in row.errors] for row in got] == [[], *[["repeated"]] * 3]


@pytest.mark.parametrize("typed", ["С2105", "C2105 001", "C2105#1", "C/1", "110101199001011234"])
def test_e7_what_only_looks_like_an_id_is_refused(typed: str) -> None:
    assert wrong(id=typed) and "C-1" not in wrong(id=typed)


# ---------------------------------------------------------------- E9: months


@pytest.mark.parametrize(
    "typed", ["1976.05", "197605", 197605, "1976年5月", "1976-5", "1976/05", "1976年05月份", "1976.5", 1976.5]
)
def test_e9_a_month_counts_from_its_first_day_and_is_told(typed: object) -> None:
    (row,), told = read(saved(book([*GOOD[:4], typed])))
    assert row.values["born"] == date(1976, 5, 1) and rules(told) == {"month": "2"}


@pytest.mark.parametrize(("typed", "rule"), [("1976.1", "january"), (1976.1, "january"), ("1976.13", "month"),
                                             ("1976", "month"), ("76.5", "month"), ("1976-00", "month")])  # fmt: skip
def test_e9_what_may_be_two_months_or_none_is_refused(typed: object, rule: str) -> None:
    assert wrong(born=typed) == {rule}


def test_e9_a_whole_day_stays_one() -> None:
    (row,), told = read(saved(book([*GOOD[:4], datetime(1976, 5, 4)])))
    assert row.values["born"] == date(1976, 5, 4) and rules(told) == {}


# ---------------------------------------------------------------- rows and columns that are no data


def test_remarks_titles_sums_footers_and_repeated_headings_are_no_data() -> None:
    made = openpyxl.Workbook()
    page = made.active
    for line in (
        ["某县选派干部表"], ["序号", *TITLES, "备注"], [1, *GOOD, "看过"], [None, *TITLES, None], [2, "C-2", *GOOD[1:]],
        ["小计", None, None, None, 10], [], ["合 计", None, None, None, 20], [*[None] * 6, "补报"],
        ["填表人：张三", None, "审核人：李四"], ["注：本表一式两份", None, None, "x"],
    ):  # fmt: skip
        page.append(line)
    page.merge_cells("A1:G1")
    got, told = read(saved(made))
    assert [(row.number, row.errors) for row in got] == [(3, ()), (5, ())]
    found = rules(told)
    assert found["total"] == "6, 8" and found["heading"] == "4" and found["footer"].endswith("11")
    assert "备注" in "".join(summary.zh for summary in told.summaries())


def test_a_row_with_its_key_is_data_whatever_it_is_called() -> None:
    (row,), _ = read(saved(book(["C-1", "210521500001", "合计", "x", None])))
    assert row.values["name"] == "合计" and [error.column for error in row.errors] == ["人口"]


def test_headings_may_differ_in_what_nobody_sees_and_unknown_ones_are_refused_with_the_nearest() -> None:
    titles = ["\ufeff编 号", "村代码（必填）"[:3] + "\n", "＊姓名：", "人口", "Born"]
    assert read(saved(book(GOOD, titles=titles)))[0][0].values["born"] == date(1976, 5, 4)
    assert "“出生日期”（是否应为“出生年月”）" in refused(saved(book(GOOD, titles=[*TITLES[:4], "出生日期"])))


# ---------------------------------------------------------------- a second reader, and damage


def test_another_reader_reads_the_same() -> None:
    chance = random.Random(3)
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as made:
        page = made.add_worksheet()
        for number in range(300):
            for at in range(12):
                value = chance.choice(
                    (None, f"文字{chance.random()}", chance.randrange(10**9), chance.random(), True, "=1+1",
                     date(1990, 1, 1 + number % 28), "_x000D_", " 空 格 ")
                )  # fmt: skip
                page.write_string(number, at, value) if isinstance(value, str) else page.write(number, at, value)
    other = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue())).get_sheet_by_index(0).to_python()
    ours = dict(rows(file, "Sheet1"))
    for number, line in enumerate(other, 1):
        mine = ours.get(number, {})
        for at, theirs in enumerate(line):
            value = mine.get(at, "")
            value = value.date() if isinstance(value, datetime) else value
            assert value == theirs, (number, at)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\xef\xbb\xbf", bytes.fromhex("d0cf11e0a1b11ae1")]),
)
@settings(max_examples=150, deadline=None)
def test_whatever_bytes_come_give_rows_or_a_refusal(tail: bytes, start: bytes) -> None:
    try:
        read(io.BytesIO(start + tail))
    except WorkbookRefused as error:
        assert error.zh and error.en


@given(st.floats(0, 1), st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_real_file_cut_and_damaged_on_disk_gives_rows_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, length: float, flips: list[tuple[float, int]]
) -> None:
    """On disk a place before the file is an error of the system, in memory one of Python."""
    data = bytearray(saved(book(GOOD)).getvalue())
    for where, bits in flips:
        data[int(where * len(data))] ^= bits
    path = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    path.write_bytes(data[: int(length * len(data))] if length < 0.5 else data)
    try:
        list(read_rows(FORM, path, secret=b"s"))
    except WorkbookRefused as error:
        assert error.zh and error.en


def test_a_directory_of_millions_of_parts_is_refused_before_it_is_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for number in range(25_000):
            made.writestr(f"xl/{number}", b"")
    tracemalloc.start()
    assert "损坏" in refused(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 2**20


def test_a_part_that_is_packed_beyond_what_data_can_be_is_refused() -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + b"<row/>" * 4_000_000 + b"</sheetData></worksheet>"
    assert "上限" in refused(with_part(saved(book(GOOD)), "xl/worksheets/sheet1.xml", sheet))
