"""Files that are no sound workbook, or are hostile, are refused with a remedy, and large ones take little memory."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.workbook import WorkbookRefused
from shared.workbook.sheet import MAX_UNPACKED, rows
from tests.support.surveys import GOOD, ISSUED, VILLAGES, filled, headed, read, refusal, separated, template
from tests.support.workbooks import STYLES, package, with_part


def with_password() -> io.BytesIO:
    data = bytearray(filled(GOOD).getvalue())
    at = data.index(b"PK\x01\x02")
    while at >= 0:  # Bit 0 of the flags in every entry of the directory.
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return io.BytesIO(data)


@pytest.mark.parametrize(
    ("make", "zh"),
    [
        (lambda: io.BytesIO(b""), "文件是空的"),
        (with_password, "设了打开密码"),
        (lambda: io.BytesIO(filled(GOOD).getvalue()[:-900]), "已损坏"),
        (lambda: with_part(io.BytesIO(b"PK\x05\x06" + bytes(18)), "word/document.xml", b""), "不是 .xlsx"),
        (lambda: with_part(filled(GOOD), "xl/vbaProject.bin", b"x"), "带有宏"),
        (lambda: with_part(filled(GOOD), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"), "已损坏"),
        (lambda: with_part(filled(GOOD), "xl/workbook.xml", b"<workbook/>"), "已损坏"),
        (lambda: package('<row r="2"/><row r="2"/>'), "单元格 A2 在文件里出现两次"),
        (lambda: package('<row><c t="s"><v>7</v></c></row>'), "已损坏"),
        (lambda: package('<row><c r="XFE1"><v>7</v></c></row>'), "已损坏"),
        (lambda: package("<row>" + "<c/>" * 20_000 + "</row>"), "已损坏"),
    ],
)
def test_whatever_is_no_sound_workbook_is_refused_with_a_remedy(make: Callable[[], io.BytesIO], zh: str) -> None:
    refused = refusal(make())
    assert zh in refused.zh
    assert "upload it again" in refused.en


@pytest.mark.parametrize(
    "sheet",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet><sheetData>&b;</sheetData></worksheet>',
        b"<worksheet><sheetData><row><c t='str'><v>" + b"a" * 2**22 + b"</v></c></row></sheetData></worksheet>",
        b"<worksheet a='" + b"a" * 2**22 + b"'/>",
        b"<worksheet>" + b"".join(b"<a%d/>" % i for i in range(30_000)) + b"</worksheet>",
        b"<worksheet " + b" ".join(b"a%d=''" % i for i in range(30_000)) + b"/>",
    ],
    ids=["entities", "endless text", "endless token", "names of elements", "names of attributes"],
)
def test_a_hostile_sheet_is_refused_before_it_piles_up(sheet: bytes) -> None:
    assert "已损坏" in refusal(with_part(filled(GOOD), "xl/worksheets/sheet1.xml", sheet)).zh


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(filled(GOOD)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for part in old.namelist():
            new.writestr(part, old.read(part))
        with new.open("xl/media/image1.png", "w") as stream:
            for _ in range(MAX_UNPACKED // 2**20 + 1):
                stream.write(bytes(2**20))
    assert len(file.getvalue()) < 3 * 2**20
    assert "256 MB" in refusal(file).zh


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_file_damaged_anywhere_is_read_or_refused_but_never_breaks_the_reader(flips: list[tuple[float, int]]) -> None:
    data = bytearray(template(ISSUED, VILLAGES).getvalue())
    for where, bits in flips:
        data[int(where * len(data))] ^= bits
    try:
        assert len(read(io.BytesIO(data), ISSUED)) <= 3
    except WorkbookRefused as refused:
        assert refused.zh and refused.en


@given(
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(list("<>/\"'=9-AZs &;"))), min_size=1, max_size=4
    )
)
@settings(max_examples=150, deadline=None)
def test_a_sheet_with_senseless_content_is_read_or_refused(edits: list[tuple[float, str]]) -> None:
    body = list(
        headed(
            '<row r="3"><c r="A3" s="1"><v>41791</v></c><c r="B3" t="s"><v>0</v></c><c t="b"><f>1</f><v>1</v></c></row>'
        )
    )
    for where, character in edits:
        body[int(where * len(body))] = character
    try:
        assert len(list(rows(package("".join(body), "<si><t>a</t></si>", STYLES), "表"))) <= 2
    except WorkbookRefused as refused:
        assert refused.zh and refused.en


# Memory.

MEASURE = """
import sys, threading
from pathlib import Path
import psutil
from shared.workbook import Column, Form
from shared.workbook.reading import read_rows
from shared.workbook.writing import annotate, write_template

work, source, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
columns = tuple(Column(field=f"f{i}", title=f"栏{i}", en=f"Column {i}", prefilled=work == "write") for i in range(12))
form = Form(name="f", title="表", en="Form", columns=columns, key=("f0",), asked_by_zh="县", asked_by_en="the county")
process, stop, peak = psutil.Process(), threading.Event(), 0

def watch():
    global peak
    while not stop.wait(0.005):
        peak = max(peak, process.memory_info().rss)

watching = threading.Thread(target=watch)
watching.start()
try:
    if work == "write":
        lines = ({f"f{i}": f"某县某镇某村的情况说明{row}-{i}" for i in range(12)} for row in range(count))
        write_template(form, source.with_suffix(".new"), prefilled=lines, secret=b"s")
    elif work == "read":
        assert sum(not row.errors for row in read_rows(form, source, secret=b"s")) == count
    else:
        annotate(form, source, source.with_suffix(".copy"), {})
finally:
    stop.set()
    watching.join()
print(max(peak, process.memory_info().rss))
"""


def big(folder: Path, count: int) -> Path:
    """A file as Excel saves it: every text stands once in the string table."""
    titles = "<row>" + "".join(f'<c t="inlineStr"><is><t>栏{i}</t></is></c>' for i in range(12)) + "</row>"
    body = titles + "".join(
        f'<row r="{row + 2}" spans="1:12" ht="18" customHeight="1">'
        + "".join(f'<c r="{chr(65 + i)}{row + 2}" t="s"><v>{row * 12 + i}</v></c>' for i in range(12))
        + "</row>"
        for row in range(count)
    )
    strings = "".join(f"<si><t>某县某镇某村的情况说明{row}-{i}</t></si>" for row in range(count) for i in range(12))
    path = folder / f"{count}.xlsx"
    path.write_bytes(package(body, strings).getvalue())
    return path


def big_text(folder: Path, count: int) -> Path:
    """The same as separated values."""
    lines = ([f"某县某镇某村的情况说明{row}-{i}" for i in range(12)] for row in range(count))
    path = folder / f"{count}.csv"
    path.write_bytes(separated([f"栏{i}" for i in range(12)], *lines).getvalue())
    return path


@pytest.mark.parametrize(
    ("work", "make"),
    [("write", big), ("read", big), ("annotate", big), ("read", big_text), ("annotate", big_text)],
)
def test_memory_does_not_grow_with_the_rows(work: str, make: Callable[[Path, int], Path], tmp_path: Path) -> None:
    """In 7,000 more rows of 12 different texts lie 11 MB of strings alone; 100,000 rows were measured by hand."""
    peaks = [
        int(
            subprocess.run(
                [sys.executable, "-c", MEASURE, work, str(make(tmp_path, count)), str(count)],
                check=True,
                capture_output=True,
                timeout=120,
                cwd=Path(__file__).parents[2],
            ).stdout
        )
        for count in (1_000, 8_000)
    ]
    assert peaks[1] - peaks[0] < 4 * 2**20
