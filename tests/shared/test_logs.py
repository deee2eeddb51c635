"""Logs that rotate while they are written and followed, and terminals that obey nothing in them."""

import os
import subprocess
import sys
import threading
import unicodedata
from io import BytesIO, StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.logs import Log, aged, follow, pipe
from deploy.terminal import Terminal, folded, neutral

CHATTY = """
import sys
for number in range(int(sys.argv[1])):
    sys.stdout.write(f"line {number} " + "x" * (number % 90) + "\\n")
    if number % 100 == 0:
        sys.stdout.flush()
sys.stdout.write("last words")
"""


def talk(log: Log, lines: int) -> None:
    """Let a process say so many lines, and wait until all of them are in its log."""
    reader, writer = pipe()
    with subprocess.Popen([sys.executable, "-S", "-c", CHATTY, str(lines)], stdout=writer):
        os.close(writer)
        log.take(reader).join(30)


def test_a_log_rotates_while_a_process_writes_and_no_line_is_cut_or_lost(tmp_path: Path) -> None:
    # What comes at once goes into one file, so that each may stay half empty: 20 of them hold the 108 kB in any case.
    log = Log(tmp_path / "registry.log", size=20_000, files=20)
    talk(log, 2_000)
    files = [aged(log.path, number) for number in range(19, -1, -1) if aged(log.path, number).exists()]
    assert len(files) > 3 and all(path.stat().st_size <= 20_000 for path in files)
    *lines, last = b"".join(path.read_bytes() for path in files).splitlines()
    assert last == b"last words"
    assert [int(line.split()[1]) for line in lines] == list(range(2_000))
    assert all(line == b"line %d " % number + b"x" * (number % 90) for number, line in enumerate(lines))
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_a_log_has_no_more_files_than_it_may(tmp_path: Path) -> None:
    log = Log(tmp_path / "registry.log", size=1_000, files=3)
    talk(log, 500)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["registry.log", "registry.log.1", "registry.log.2"]
    assert log.path.read_bytes().endswith(b"last words\n")


def test_who_follows_a_log_reads_every_line_through_rotations(tmp_path: Path) -> None:
    log = Log(tmp_path / "registry.log", size=5_000, files=900)
    log.write(b"line from before\n")
    lines = follow({"registry": log.path, "dispatch": tmp_path / "dispatch.log"}, files=900)
    writer = threading.Timer(0.5, talk, (log, 1_500))  # Not before somebody follows.
    writer.start()
    read = [line for _, line in islice(lines, 1_501)]
    writer.join()
    assert [int(line.split()[1]) for line in read[:-1]] == list(range(1_500)) and read[-1] == b"last words"


def test_who_looks_in_the_middle_of_a_rotation_skips_no_file(tmp_path: Path) -> None:
    log = Log(tmp_path / "registry.log", size=1)
    lines = follow({"registry": log.path})
    threading.Timer(0.3, log.write, (b"first\n",)).start()
    assert next(lines) == ("registry", b"first")
    log.write(b"second\n")
    log.write(b"third\n")
    for number in (2, 1):  # So far a fourth line's rotation has come: number 1 is nobody's.
        aged(log.path, number).rename(aged(log.path, number + 1))
    assert [line for _, line in islice(lines, 2)] == [b"second", b"third"]


def test_a_full_disk_costs_whole_lines_which_the_log_counts(tmp_path: Path) -> None:
    log = Log(tmp_path / "registry.log")
    log.write(b"before\n")
    kept = log.path.read_bytes()
    log.path.unlink()
    log.path.symlink_to("/dev/full")
    log.write(b"lost\n")
    log.write(b"lost, too\n")
    log.path.unlink()
    log.path.write_bytes(kept)
    log.write(b"after\n")
    first, told, last = log.path.read_bytes().splitlines()
    assert (first, last) == (b"before", b"after") and b"were lost" in told


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs"])))
def test_nothing_that_a_terminal_would_obey_or_could_not_show_is_left(text: str) -> None:
    shown = neutral(text)
    shown.encode()
    obeyed = {character for character in shown if unicodedata.category(character) in ("Cc", "Cs")}
    assert obeyed <= {"\n", "\t"}
    assert not {unicodedata.bidirectional(character) for character in shown} & {
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "LRI",
        "RLI",
    }
    if text.isprintable():
        assert shown == text


def test_what_is_well_and_what_is_wrong_differ_in_an_output_without_such_marks() -> None:
    """As in a file in GBK, where both would be question marks."""
    for encoding, well, wrong in (("utf-8", "✓ 好", "✗ 坏"), ("gbk", "+ 好", "x 坏")):
        out = BytesIO()
        terminal = Terminal(file=TextIOWrapper(out, encoding, errors="replace", write_through=True), width=200)
        terminal.good("好")
        terminal.bad("坏")
        assert out.getvalue().decode(encoding).splitlines() == [well, wrong]


@pytest.mark.parametrize(
    "evil", ["[red]红[/]", "\x1b[31m红", "\x1b]0;title\x07", "a\rb", "\x9b31m", "\u202e反", ":smile:"]
)
def test_what_came_from_data_is_printed_as_it_is(evil: str) -> None:
    out = StringIO()
    terminal = Terminal(file=out, width=200)
    terminal.say(evil)
    terminal.good(evil)
    terminal.bad(evil)
    table = folded(evil, title=evil)
    table.add_row(evil)
    terminal.print(table)
    assert out.getvalue().count(neutral(evil)) == 6
    assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & {*out.getvalue()}
