"""The page of mechanisms agrees with what code, packs and tests cite."""

from typing import Any

import pytest
from msgspec.structs import replace

from deploy.mechanisms import PAGE, ROOT, Citation, book, citations, faults, in_brackets, in_code, in_tests, page

BOOK = book()


@pytest.fixture(scope="module")
def cited() -> list[Citation]:
    """What the whole project cites; reading it takes seconds."""
    return citations()


def test_code_packs_and_tests_cite_what_the_file_has_and_what_is_carried_has_rules_and_tests(
    cited: list[Citation],
) -> None:
    assert faults(BOOK, cited) == []


def test_the_page_is_the_one_that_the_code_gives(cited: list[Citation]) -> None:
    assert PAGE.read_text("utf-8") == page(BOOK, cited), "docs/mechanisms.md is stale; run `zhucun contracts`"


@pytest.mark.parametrize(
    ("id", "changes", "left_out", "fault"),
    [
        ("3.4", {}, "rule", "3.4 is carried, but no rule cites it"),
        ("3.4", {}, "test", "3.4 is carried, but no test bears its id"),
        ("2.18", {"packs": ("procedures.step",)}, "", "2.18: a pack has no procedures.step"),
        ("2.1", {"packs": ()}, "", "2.1 is said by packs, but no key is named"),
        ("1.1", {"state": "whole"}, "", "1.1 is carried, but no rule cites it"),
    ],
)
def test_a_row_that_promises_too_much_is_named(
    cited: list[Citation], id: str, changes: dict[str, Any], left_out: str, fault: str
) -> None:
    told = replace(BOOK, mechanisms=BOOK.mechanisms | {id: replace(BOOK.mechanisms[id], **changes)})
    left = [
        place
        for place in cited
        if place.id != id or not (place.is_rule if left_out == "rule" else place.kind == left_out)
    ]
    assert fault in faults(told, left)


@pytest.mark.parametrize("kind", ["told", "remark", "test"])
def test_an_id_that_no_row_has_is_named_with_its_place(cited: list[Citation], kind: Any) -> None:
    astray = Citation("3.13", "services/dispatch/model/team.py", "assign", kind)
    assert faults(BOOK, [*cited, astray]) == ["services/dispatch/model/team.py assign: there is no mechanism 3.13"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Who leads (3.4).", ["3.4"]),
        ("Set and settled (mechanisms 1.2,\n    2.4)", ["1.2", "2.4"]),
        ("All rules hold (3.2–3.4).", ["3.2", "3.3", "3.4"]),
        ("通报批评的情形（3.10）", ["3.10"]),
        ("The team stays (5.4: 摘帽不摘帮扶; 2.13)", ["5.4", "2.13"]),
        ("Twenty per cent (as 0.25 and 0.2 of all) of 3.11 or CloudEvents 1.0 (1.0)", []),
    ],
)
def test_an_id_is_cited_in_brackets(text: str, ids: list[str]) -> None:
    assert list(in_brackets(text)) == ids


def test_docstrings_keys_and_comments_of_code_and_names_of_tests_are_citations(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.mechanisms.ROOT", tmp_path)
    rule, test = tmp_path / "rule.py", tmp_path / "test_rule.py"
    rule.write_text(
        '"""A module (3.1)."""\nclass A:\n    def tell(self):\n        """Tells (3.2)."""\n'
        '        return Told("3.3")  # remark (3.5)\n'
    )
    test.write_text("def test_3_6_3_10_both():\n    pass\nasync def test_4_2_later():\n    pass\n")
    assert [(place.id, place.name, place.kind) for place in in_code(rule)] == [
        ("3.1", "", "told"),
        ("3.2", "A.tell", "told"),
        ("3.3", "A.tell", "told"),
        ("3.5", "", "remark"),
    ]
    assert [place.id for place in in_tests(test)] == ["3.6", "3.10", "4.2"]


def test_every_file_that_the_page_links_to_is_there(cited: list[Citation]) -> None:
    missing = {place.file for place in cited if not (ROOT / place.file).exists()}
    assert missing == set()
