"""The line of each part of a pack's file: an editor goes there to mend what is refused."""

from itertools import pairwise
from pathlib import Path

import pytest

from shared.policy.reading import LARGEST, Lines, Unreadable, content_of, text_of
from shared.policy.shipped import FILES

NESTED = """\
name = "x"
day.of."the year" = 3

[documents.S1]
title = "y"

[[links]] # the first
kind = "team"
[links.visits]
each = 1
[[links.steps]]
name = "a"
[[links.steps]]
name = "b"
[links.steps.when]
month = 1

[[links]]
kind = "other"
[[links.steps]]
name = "c"
'quoted' = 2
[links.visits.more]
than = "one"
  [ exit . "poverty_line" ]
  2015 = 2800
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_entry_of_a_shipped_pack_is_found_where_it_begins_and_each_of_its_fields_where_it_is_said(
    file: Path,
) -> None:
    text = file.read_text("utf-8")
    found, written = Lines(text), text.splitlines()
    for name, value in content_of(text).items():
        headers = [number for number, line in enumerate(written, 1) if line.startswith(f"[[{name}]]")]
        if not headers:
            continue
        assert [found.of((name, n)) for n in range(len(value))] == headers
        for n, (begins, ends) in enumerate(pairwise([*headers, len(written) + 1])):
            for key, part in value[n].items():
                line = found.of((name, n, key))
                said = written[line - 1]
                assert begins < line < ends and (key in said or isinstance(part, dict | list)), (name, n, key, said)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 1),
        (("day",), 2),
        (("day", "of"), 2),
        (("day", "of", "the year"), 2),
        (("documents", "S1"), 4),
        (("documents", "S1", "title"), 5),
        (("links",), 7),
        (("links", 0), 7),
        (("links", 0, "kind"), 8),
        (("links", 0, "visits"), 9),
        (("links", 0, "visits", "each"), 10),
        (("links", 0, "steps"), 11),
        (("links", 0, "steps", 0), 11),
        (("links", 0, "steps", 0, "name"), 12),
        (("links", 0, "steps", 1), 13),
        (("links", 0, "steps", 1, "name"), 14),
        (("links", 0, "steps", 1, "when"), 15),
        (("links", 0, "steps", 1, "when", "month"), 16),
        (("links", 1), 18),
        (("links", 1, "kind"), 19),
        (("links", 1, "steps"), 20),
        (("links", 1, "steps", 0), 20),
        (("links", 1, "steps", 0, "name"), 21),
        (("links", 1, "steps", 0, "quoted"), 22),
        (("links", 1, "visits", "more"), 23),
        (("links", 1, "visits", "more", "than"), 24),
        (("exit", "poverty_line"), 25),
        (("exit", "poverty_line", "2015"), 26),
        # What is missing is told where it should stand.
        (("missing",), 1),
        (("documents", "S1", "number"), 4),
        (("links", 0, "steps", 1, "when", "day"), 15),
        (("links", 1, "label"), 18),
        (("links", 1, "steps", 0, "label", 3), 20),
    ],
)
def test_each_part_of_nested_tables_has_the_line_that_says_it(path: tuple[str | int, ...], line: int) -> None:
    assert Lines(NESTED).of(path) == line


def test_an_entry_that_only_the_pack_below_has_is_told_at_the_top_and_in_no_other_entry() -> None:
    assert Lines(NESTED).of(("links", "team", "suits")) == 1
    assert Lines(NESTED).of(("links", 7, "suits")) == 1


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_a_file_may_have_256_kib_and_no_more(more: int, fits: bool) -> None:
    data = b"#" * (256 * 1024 + more)
    assert LARGEST == 256 * 1024
    if fits:
        assert text_of(data)
    else:
        with pytest.raises(Unreadable) as refusal:
            text_of(data)
        assert refusal.value.fault.zh == "文件有 256 KiB，政策包最多 256 KiB"


@pytest.mark.parametrize(("names", "fits"), [(20, True), (21, False)])
def test_a_dotted_key_may_have_twenty_names_and_no_more(names: int, fits: bool) -> None:
    text = f"x = 1\n{'.'.join(['a'] * names)} = 1"
    if fits:
        assert content_of(text)["x"] == 1
    else:
        with pytest.raises(Unreadable) as refusal:
            content_of(text)
        assert refusal.value.fault.line == 2
