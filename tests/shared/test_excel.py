"""What numbers stand for in a sheet, compared with openpyxl, which is used here and nowhere in the product."""

import subprocess
import sys
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import from_excel, to_excel

from shared.workbook import excel, sheet


@given(st.integers(1, 18_278))
def test_columns_have_the_letters_that_excel_shows(number: int) -> None:
    letters = get_column_letter(number)
    assert excel.letters(number - 1) == letters
    assert excel.column(letters) == excel.column(letters.lower()) == column_index_from_string(letters) - 1


@pytest.mark.parametrize("strange", ["", "A1", "ABCD", "$A", "Ａ"])
def test_what_is_no_column_is_refused(strange: str) -> None:
    with pytest.raises(ValueError, match="no column"):
        excel.column(strange)


@given(
    st.one_of(st.integers(-10, 60_000), st.floats(-2, 63), st.floats(0, 60_000)),
    st.sampled_from([excel.WINDOWS_EPOCH, excel.MAC_EPOCH]),
)
def test_a_number_is_the_moment_that_excel_shows(number: float, epoch: datetime) -> None:
    expected = from_excel(number, epoch)
    assert excel.moment(number, epoch) == (expected if isinstance(expected, datetime) else None)


@given(st.one_of(st.dates(date(1899, 12, 1)), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))))
def test_a_day_has_the_number_that_excel_gives_it(day: date) -> None:
    at = day.replace(microsecond=0) if isinstance(day, datetime) else day
    assert excel.serial(at) == pytest.approx(to_excel(at), abs=1e-9)


@pytest.mark.parametrize(
    "code",
    [
        "General", "G/通用格式", "0", "@", "yyyy-mm-dd", "[$-804]yyyy年m月d日", 'yyyy"年"m"月"', "[h]:mm", "[hh]:mm:ss",
        "mm:ss.0", "[Red]0", "[DBNum1]0", '0"d"', "0\\d", "0_d",
        '"每日"0', "0;yyyy", "yyyy;0", "#,##0.00", "[蓝色]0", "H:MM",
    ],
)  # fmt: skip
def test_a_format_is_a_date_where_excel_shows_one(code: str) -> None:
    assert excel.is_date(code) == is_date_format(code)


@pytest.mark.parametrize("number", range(60))
def test_a_built_in_format_shows_what_excel_shows(number: int) -> None:
    chinese = number in range(27, 37) or number in range(50, 59)
    expected = "yyyy-mm-dd" if chinese else str(BUILTIN_FORMATS.get(number, "General"))
    assert sheet._shown(excel.BUILT_IN.get(str(number), "General")) == sheet._shown(expected)


def test_reading_and_writing_forms_loads_no_library_that_takes_much_memory() -> None:
    told = "import sys, shared.workbook.reading, shared.workbook.writing; print({'numpy', 'openpyxl'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "set()\n"
