"""What officers and operators must be able to rely on in Excel forms. Files are read back with openpyxl, a reader and
writer of its own, and files as Excel and WPS make them are built part by part."""

from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.workbook import Column, Form
from tests.support.surveys import ASKED, FREE, GOOD, ISSUED, VILLAGES, filled, headed, one, read, refusal, template
from tests.support.workbooks import MAIN, OFFICE, STYLES, package, saved

# Templates.


def test_a_template_shows_officers_what_to_fill_in_and_how() -> None:
    book = openpyxl.load_workbook(template(FREE))
    page, guide, lists = book.worksheets
    heads = (
        "村代码 *\nCode|村名 *\nVillage|人口 *\nPeople|收入\nIncome|列入日期 *\nListed on|软弱涣散 *\nWeak|类别\nSort"
    )
    assert [cell.value for cell in page[1]] == heads.split("|")
    assert page.freeze_panes == "A2"
    assert lists.sheet_state == "hidden"
    rules = {str(rule.sqref).rstrip("0123456789")[:1]: rule for rule in page.data_validations.dataValidation}
    assert {at: rule.type for at, rule in rules.items()} == {
        "A": None, "B": None, "C": "whole", "D": "decimal", "E": "date", "F": "list", "G": "list",
    }  # fmt: skip
    assert rules["A"].prompt == "12位代码。\nTwelve digits."
    for at, labels in (("F", ["是", "否"]), ("G", ["弱", "空壳"])):
        name, _, area = rules[at].formula1.replace("$", "").partition("!")
        assert book[name.strip("'")][area][0][0].value == labels[0]
        assert [cell.value for (cell,) in book[name.strip("'")][area]] == labels
    assert page.column_dimensions["A"].width >= 12
    assert page.protection.sheet is False  # Nothing is prefilled: nothing is locked, and no row bears a seal.
    told = "\n".join(str(cell.value) for line in guide for cell in line if cell.value)
    for words in (
        "县扶贫开发领导小组办公室（示例文件第1号）",
        "document 1",
        "不得编造",
        "neither invent",
        "12位代码。",
        "弱、空壳",
    ):
        assert words in told


def test_prefilled_cells_are_grey_and_locked_and_the_others_are_neither() -> None:
    page = openpyxl.load_workbook(template(ISSUED, VILLAGES)).worksheets[0]
    assert page.protection.sheet is True
    assert page.protection.password is None
    for line in page["A2:D4"]:
        assert all(cell.protection.locked and cell.fill.fgColor.rgb == "FFD9D9D9" for cell in line)
    assert page.column_dimensions["E"].protection is None or not page.column_dimensions["E"].protection.locked
    assert page.column_dimensions["F"].hidden
    assert page["D2"].value == "弱"
    assert page["B2"].value == datetime(2014, 1, 1)


def test_a_template_is_returned_filled_and_read_with_its_types() -> None:
    book = openpyxl.load_workbook(template(ISSUED, VILLAGES))
    for line, people in zip((2, 3, 4), (312, 0, 77), strict=True):
        book.worksheets[0][f"E{line}"] = people
    got = read(saved(book), ISSUED)
    assert [row.errors for row in got] == [(), (), ()]
    assert [row.number for row in got] == [2, 3, 4]
    assert got[0].values == {
        "code": "520402100200",
        "listed": date(2014, 1, 1),
        "rate": 9.13,
        "sort": "weak",
        "people": 312,
    }
    assert isinstance(got[0].values["people"], int)
    assert got[2].values["rate"] == pytest.approx(9.13 / 3, rel=1e-14)


def test_issued_rows_in_which_nothing_was_filled_in_are_left_out() -> None:
    number = Column(field="number", title="编号", en="Number", kind="integer", suggested=True)
    form = Form(name="f", title="表", en="F", columns=(*ISSUED.columns, number), key=("code", "number"), **ASKED)
    issued = [{**VILLAGES[0], "number": 1}, {**VILLAGES[0], "number": 2, "people": 7}, VILLAGES[1]]
    (row,) = read(template(form, issued), form)
    assert (row.number, row.values["number"], row.values["people"], row.errors) == (3, 2, 7, ())


def test_the_product_cannot_issue_a_row_that_it_would_refuse() -> None:
    with pytest.raises(ValueError, match="row 2: code breaks the rule pattern"):
        template(ISSUED, [VILLAGES[0] | {"code": "1"}])
    with pytest.raises(ValueError, match="sort breaks the rule choice"):
        template(ISSUED, [VILLAGES[0] | {"sort": "rich"}])


def test_a_form_that_cannot_work_is_refused_where_it_is_declared() -> None:
    column = Column(field="a", title="甲", en="A")
    with pytest.raises(ValueError, match="no fields"):
        Form(name="f", title="表", en="F", columns=(column,), key=("b",), **ASKED)
    with pytest.raises(ValueError, match="nothing to choose"):
        Form(
            name="f",
            title="表",
            en="F",
            columns=(Column(field="a", title="甲", en="A", kind="choice"),),
            key=("a",),
            **ASKED,
        )


# Reading: tolerant.


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("code", 520402100201, "520402100201"),
        ("code", " ５２０４０２１００２０１　", "520402100201"),
        ("code", "\u202d520402100201\u202c\ufeff", "520402100201"),
        ("name", "　甲 村 ", "甲 村"),
        ("name", "甲村（二组）", "甲村（二组）"),
        ("people", " 1,234 ", 1234),
        ("people", "１２", 12),
        ("people", 12.0, 12),
        ("income", "¥1,985.50", 1985.5),
        ("income", "￥３，５８７", 3587.0),
        ("income", "-12.5", -12.5),
        ("income", None, None),
        ("income", "　", None),
        ("since", datetime(2014, 6, 1), date(2014, 6, 1)),
        ("since", datetime(2014, 6, 1, 13, 30), date(2014, 6, 1)),
        ("since", "2014-06-01", date(2014, 6, 1)),
        ("since", "2014-06-01 00:00:00", date(2014, 6, 1)),
        ("since", "2014/6/1", date(2014, 6, 1)),
        ("since", "2014.6.1", date(2014, 6, 1)),
        ("since", "２０１４年６月１日", date(2014, 6, 1)),
        ("since", "20140601", date(2014, 6, 1)),
        ("since", 20140601, date(2014, 6, 1)),
        ("weak", "是", True),
        ("weak", " No ", False),
        ("weak", "YES", True),
        ("weak", True, True),
        ("sort", " 空壳", "shell"),
    ],
)
def test_sloppy_cells_are_understood(field: str, cell: object, value: object) -> None:
    row = one(**{field: cell})
    assert row.errors == ()
    assert row.values[field] == value
    assert type(row.values[field]) is type(value)


@given(
    st.dates(min_value=date(1900, 3, 1)),
    st.sampled_from(["{0:04}-{1:02}-{2:02}", "{0:04}/{1}/{2}", "{0:04}年{1}月{2}日", "{0:04}{1:02}{2:02}"]),
)
@settings(max_examples=40, deadline=None)
def test_every_day_reads_alike_as_date_and_in_every_spelling(day: date, spelling: str) -> None:
    text = spelling.format(day.year, day.month, day.day)
    got = read(filled([*GOOD[:4], day, *GOOD[5:]], ["520402100202", *GOOD[1:4], text, *GOOD[5:]]))
    assert [row.values["since"] for row in got] == [day, day]


def test_columns_are_found_by_heading_below_a_title_and_in_either_language() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["某县贫困村简要情况登记表"])
    page.merge_cells("A1:G1")
    page.append([])
    page.append(["村名", "CODE", "人 口*", "收入\nIncome", "Listed on", "软弱涣散", "类别（Sort）"[:2]])
    page.append(["甲村", "520402100201", 312, 1985.5, "2014-06-01", "是", "弱"])
    (row,) = read(saved(book))
    assert (row.number, row.errors) == (4, ())
    assert row.values == dict(zip([column.field for column in FREE.columns], [*GOOD[:5], True, "weak"], strict=True))


def test_empty_rows_are_skipped_and_numbers_are_those_of_the_sheet() -> None:
    got = read(filled(GOOD, [None] * 7, ["  ", "　", None, None, None, None, None], ["520402100202", *GOOD[1:]]))
    assert [row.number for row in got] == [2, 5]


@pytest.mark.parametrize("main", [MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main"])
@pytest.mark.parametrize(("book", "serial"), [("", 41791), ('<workbookPr date1904="1"/>', 41791 - 1462)])
def test_files_of_chinese_excel_are_read(main: str, book: str, serial: int) -> None:
    """Shared, rich and annotated strings, formulas, cells without addresses, built-in Chinese dates, both calendars."""
    strings = (
        "<si><t>520402100201</t></si>"
        '<si><r><t>甲</t></r><r><rPr><b/></rPr><t>村</t></r><rPh sb="0" eb="1"><t>jia</t></rPh><phoneticPr/></si>'
        '<si><t xml:space="preserve"> 是_x000D_\n</t></si>'
    )
    body = headed(
        '<row r="7"><c r="A7" t="s"><v>0</v></c><c t="s"><v>1</v></c><c r="C7"><f>300+12</f><v>312</v></c>'
        f'<c r="E7" s="1"><v>{serial}</v></c><c r="F7" t="s"><v>2</v></c><c t="str"><f>"弱"</f><v>弱</v></c></row>'
        f'<row><c t="n"><v>5.20402100202E11</v></c><c t="s"><v>1</v></c><c><v>312</v></c><c/>'
        f'<c s="2"><v>{serial}</v></c><c t="b"><v>1</v></c></row>'
    )
    first, second = read(
        package(
            body,
            strings,
            STYLES,
            book,
            main,
            OFFICE if main == MAIN else "http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
    )
    assert (first.errors, second.errors) == ((), ())
    expected = {
        "code": "520402100201",
        "name": "甲村",
        "people": 312,
        "income": None,
        "since": date(2014, 6, 1),
        "weak": True,
        "sort": "weak",
    }
    assert (first.number, first.values) == (7, expected)
    assert (second.number, second.values) == (8, expected | {"code": "520402100202", "sort": None})


# Reading: strict.


@pytest.mark.parametrize(
    ("field", "cell", "zh", "en"),
    [
        ("code", None, "必须填写", "must be filled in"),
        ("code", "5204021002", "不合规定格式", "is not in the form"),
        ("code", 110101199001011234, "只保留15位", "15 digits"),
        ("people", "312人", "只能填整数", "whole number"),
        ("people", 3.5, "只能填整数", "whole number"),
        ("people", "三百", "只能填整数", "whole number"),
        ("people", datetime(2014, 6, 1), "只能填整数", "whole number"),
        ("people", True, "只能填整数", "whole number"),
        ("people", 10**15, "只保留15位", "15 digits"),
        ("income", "1,5", "只能填数字", "takes a number"),
        ("income", "2万", "只能填数字", "takes a number"),
        ("income", "1e5", "只能填数字", "takes a number"),
        ("income", "9.13%", "只能填数字", "takes a number"),
        ("since", "2014-02-30", "无此日", "takes a date"),
        ("since", "14-6-1", "只能填日期", "takes a date"),
        ("since", "2014年6月", "只能填日期", "takes a date"),
        ("since", 41791, "只能填日期", "takes a date"),
        ("weak", "有点", "只能填：是、否", "takes one of"),
        ("weak", 1, "只能填：是、否", "takes one of"),
        ("sort", "weak", "只能填：弱、空壳", "takes one of"),
        ("income", "=1/0", "公式没有结果", "has no result"),
        ("income", "#N/A", "错误值（#N/A）", "an error (#N/A)"),
    ],
)
def test_doubtful_cells_are_refused_with_rule_and_remedy(field: str, cell: object, zh: str, en: str) -> None:
    row = one(**{field: cell})
    (error,) = row.errors
    column = next(column for column in FREE.columns if column.field == field)
    assert (error.row, error.column) == (2, column.title)
    assert zh in error.zh and column.title in error.zh
    assert en in error.en and column.en in error.en
    assert "{" not in error.zh + error.en
    assert row.values[field] is None


def test_help_is_repeated_where_a_cell_is_wrong() -> None:
    (error,) = one(code="5204").errors
    assert error.zh.endswith("12位代码。") and error.en.endswith("Twelve digits.") and error.value == "5204"


def test_every_bad_cell_of_a_row_is_reported() -> None:
    (row,) = read(filled(["x", None, "y", "z", "2014", "maybe", "?"]))
    assert [error.column for error in row.errors] == [column.title for column in FREE.columns]


def test_a_repeated_key_names_both_rows() -> None:
    first, _, third = read(filled(GOOD, ["520402100202", *GOOD[1:]], ["５２０４０２１００２０１", "乙村", *GOOD[2:]]))
    assert first.errors == ()
    (error,) = third.errors
    assert "第4行与第2行重复" in error.zh and "Row 4 repeats row 2" in error.en and error.column == "村代码"


def test_keys_of_several_columns_repeat_only_together() -> None:
    columns = tuple(Column(field=name, title=title, en=name) for name, title in (("a", "甲"), ("b", "乙")))
    form = Form(name="f", title="表", en="F", columns=columns, key=("a", "b"), **ASKED)
    got = read(filled(["1", "23"], ["12", "3"], ["1", "2"], ["1", "23"], form=form), form)
    assert [len(row.errors) for row in got] == [0, 0, 0, 1]
    assert "“甲 + 乙”同为“1 + 23”" in got[3].errors[0].zh


# Files refused as a whole.


def test_wrong_headings_are_one_error_that_names_each() -> None:
    refused = refusal(filled(GOOD, headings=["村代码", "村名", "人口", "收入", "日期", "软弱涣散", "村名"]))
    assert "缺少的栏目：列入日期、类别；无法识别的栏目：“日期”（是否应为“列入日期”）；重复的栏目：村名" in refused.zh
    assert "Missing: “Listed on”, “Sort”; unknown: 日期 (for “列入日期”?); repeated: “Village”" in refused.en
    only = refusal(filled(["a"] * 2, headings=["a", "b"]))
    assert "重复" not in only.zh and "repeated" not in only.en, "what is not wrong is not named"
    assert "缺少的栏目：村代码、" in refusal(filled(["a"] * 7, headings=["a", "b", "c", "d", "e", "f", "g"])).zh
    assert "无法识别的栏目：“a”、“b”" in refusal(filled(["a"] * 2, headings=["a", "b"])).zh


def test_an_unfilled_form_is_refused() -> None:
    assert "一行数据也没有" in refusal(template(FREE)).zh
    assert "缺少" in refusal(saved(openpyxl.Workbook())).zh
