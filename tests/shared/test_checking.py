"""What an editor reads of a pack's fault: the value that stands there, what may stand there, and a line that fits."""

from datetime import date
from typing import Annotated, Any

import pytest
from msgspec import Meta

from shared.calendar import YearDay
from shared.contracts.values import Code
from shared.policy import Policy, PolicyInvalid, parse_pack
from shared.policy.checking import MOST, Fault, allowed, example, mended, misfits, toml
from shared.policy.indicators import Formula
from shared.policy.section import Labels, One, Some, Year
from tests.support.packs import PACK


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (None, "null"),
        (3, "3"),
        (0.5, "0.5"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        ("本溪\n", '"本溪\\n"'),
        (date(2014, 6, 1), "2014-06-01"),
        ([1, 2, 3, 4], "[1, 2, 3]"),
        ({"month": 6, "day": 30}, "{ month = 6, day = 30 }"),
        (dict.fromkeys("abcdefg", 1), "{ a = 1, b = 1, c = 1, d = 1, e = 1, f = 1 }"),
        ({"a": [{"b": 1}]}, "{ a = [{ b = 1 }] }"),
    ],
)
def test_a_value_is_written_as_a_pack_s_file_has_it(value: Any, written: str) -> None:
    assert toml(value) == written


@pytest.mark.parametrize(
    ("value", "shown", "shown_en"),
    [
        ("!" * 40, f"现为“{'!' * 40}”", f'it is "{"!" * 40}"'),
        ("!" * 41, f"现为“{'!' * 40}…”", f'it is "{"!" * 40}…"'),
        (10**40, f"现为 1{'0' * 39}…", f"it is 1{'0' * 39}…"),
        (10**40 + 1, "现为 0x1d6329f1c35ca4bfabb9f5610000000001", "it is 0x1d6329f1c35ca4bfabb9f5610000000001"),
        (-(10**40) - 1, "现为 -0x1d6329f1c35ca4bfabb9f5610000000001", "it is -0x1d6329f1c35ca4bfabb9f5610000000001"),
        ([1, 2], "现为 2 项的列表", "it is a list of 2"),
        ({"a": 1}, "现为一节", "it is a table"),
        (date(2014, 6, 1), "现为 2014-06-01", "it is 2014-06-01"),
    ],
)
def test_what_stands_in_a_field_is_shown_shortened(value: Any, shown: str, shown_en: str) -> None:
    (fault,) = misfits(Policy, {**PACK, "version": value})
    assert (fault.where, fault.zh) == ("version", f"{shown}，应为版本号：字母、数字、点、横线")
    assert fault.en == f"{shown_en}; it must be a version of letters, digits, `.` and `-`"


@pytest.mark.parametrize(
    ("formula", "where", "shown"),
    [
        ({"ratio": ["grain", "population"]}, None, None),
        ({"ratio": []}, "ratio", "现为 0 项的列表，应为列表（2 项），"),
        ({"ratio": ["grain"]}, "ratio", "现为 1 项的列表，应为列表（2 项），"),
        ({"difference": ["a", "b", "c"]}, "difference", "现为 3 项的列表，应为列表（2 项），"),
        ({"difference": ["a", 1]}, "difference[1]", "现为 1，应为代码："),
    ],
)
def test_a_pair_with_more_or_fewer_than_two_is_told_as_such(formula: Any, where: str | None, shown: str | None) -> None:
    faults = misfits(Formula, formula)
    assert [fault.where for fault in faults] == ([where] if where else [])
    assert all(fault.zh.startswith(str(shown)) for fault in faults)


@pytest.mark.parametrize(("letters", "told"), [(60, 60), (61, 60)])
def test_a_name_that_no_field_has_is_told_by_its_first_sixty_letters(letters: int, told: int) -> None:
    (fault,) = misfits(Policy, {**PACK, "z" * letters: 1})
    assert fault.path == ("z" * told,) and fault.zh.startswith("没有这个字段，可填：")
    (mapped,) = misfits(Policy, {**PACK, "documents": {**PACK["documents"], "0" * letters: {}}})
    assert mapped.path == ("documents", "0" * told)


def test_two_hundred_faults_are_told_and_no_more() -> None:
    assert MOST == 200
    for number, told in ((199, 199), (200, 200), (201, 200)):
        data = {**PACK, **{f"zz{n}": n for n in range(number)}}
        assert len(misfits(Policy, data)) == told
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, **{f"zz{n}": n for n in range(300)}})
    assert len(refused.value.faults) == 200


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), ""),
        (("name",), 'name = "本溪市"'),
        (("documents",), ""),
        (("campaigns",), ""),
        (("campaigns", 0), ""),
        (("campaigns", 7, "share"), "share = 0.1"),
        (("links", 0, "term", "calendar_days"), "term = { years = 3 }"),
        (("unknown",), ""),
        (("listing", "unknown"), ""),
        (("campaigns", 0, "unknown"), ""),
    ],
)
def test_the_line_that_fits_is_that_of_a_valid_pack(path: tuple[str | int, ...], line: str) -> None:
    assert example(path) == line


@pytest.mark.parametrize(
    ("path", "becomes"),
    [
        (("name",), "本溪市"),
        (("campaigns", 1, "kind"), "mended0"),
        (("campaigns", 0, "share"), 0.1),
        (("campaigns", 0, "unknown"), None),
        (("nowhere", 0, "unknown"), None),
        (("campaigns", 99, "kind"), None),
    ],
)
def test_a_faulty_value_gives_way_to_a_valid_one_so_that_the_rest_is_checked(
    path: tuple[str | int, ...], becomes: Any
) -> None:
    data = {**PACK, "campaigns": [{**one, "unknown": 1} for one in PACK["campaigns"]]}
    after = mended(data, [Fault(path, "", "")])
    part: Any = after
    for step in path:
        entries = part if isinstance(part, dict) else dict(enumerate(part))
        part = entries.get(step, {})
    assert (part or None) == becomes
    assert data["campaigns"][0]["unknown"] == 1, "what was sent stays as it was"


@pytest.mark.parametrize(
    ("hint", "zh", "en"),
    [
        (
            Some[Code],
            "列表（0 至 50 项），每项为代码：小写字母开头，只用小写字母、数字和下划线",
            "a list (0 to 50 entries), each ",
        ),
        (
            One[Year],
            "列表（1 至 50 项），每项为1990 至 2100 的年度",
            "a list (1 to 50 entries), each a year from 1990 to 2100",
        ),
        (Labels, "一节（1 至 50 项），每项为", "a table (1 to 50 entries), each "),
        (Annotated[tuple[Code, ...], Meta(min_length=3, max_length=3)], "列表（3 项），每项为", "a list (3 entries), "),
        (tuple[Code, Code], "列表（2 项），每项为", "a list (2 entries), each "),
        (bool, "true 或 false", "true or false"),
        (bool | None, "true 或 false", "true or false"),
        (Annotated[int, Meta(ge=1, le=3660)], "1 至 3,660 的整数", "a whole number from 1 to 3,660"),
        (Annotated[float, Meta(ge=0, le=1)], "0 至 1 的数，如 60% 填 0.6", "a share from 0 to 1: 60 % is 0.6"),
        (Annotated[int, Meta(ge=0, le=1)], "0 至 1 的整数", "a whole number from 0 to 1"),
        (Annotated[float, Meta(ge=0, le=2.5)], "0 至 2.5 的数", "a number from 0 to 2.5"),
        (Annotated[str, Meta(max_length=20)], "一行文字，最多 20 字", "a line of at most 20 characters"),
        (str, "一行文字，最多 60 字", "a line of at most 60 characters"),
        (YearDay, "一节（month、day）", "a table (month, day)"),
    ],
)
def test_what_may_stand_in_a_field_is_told_with_its_bounds(hint: Any, zh: str, en: str) -> None:
    told = allowed(hint)
    assert told[0].startswith(zh) and told[1].startswith(en), told


def test_where_a_fault_stands_is_written_with_numbers_in_brackets() -> None:
    assert Fault(("campaigns", 2, "strata", 0, "share"), "", "").where == "campaigns[2].strata[0].share"
    assert Fault((), "", "").where == ""
