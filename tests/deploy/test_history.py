"""Whoever has ever built on an event can still read it: what is kept of earlier days, and what is refused for them."""

import copy
import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from deploy import examples, history
from deploy.contracts import FOLDER, documents, schemas_of, write
from shared.contracts import EVENTS, UNTIL, Envelope
from shared.contracts.registry import VillageListed

TODAY = date(2027, 3, 1)
DAY = timedelta(1)
SCHEMAS = schemas_of(documents())
KNOWN = history.versions(FOLDER)
LISTED = "registry.village.listed.v1"


def edited(*edits: Callable[[dict[str, Any]], object]) -> dict[str, dict[str, Any]]:
    """The schemas, in which that of `registry.village.listed` is another one."""
    schema = copy.deepcopy(SCHEMAS[LISTED])
    for edit in edits:
        edit(schema["$defs"]["VillageListed"])
    return {**SCHEMAS, LISTED: schema}


def with_field(of: dict[str, Any]) -> None:
    of["properties"]["remark"] = {"type": "string", "maxLength": 20, "default": ""}


def test_what_is_kept_of_earlier_days_ends_with_today_and_none_of_its_readers_is_broken() -> None:
    assert KNOWN.keys() >= EVENTS.keys()
    stale = [type for type in EVENTS if KNOWN[type][-1].shape != history.shape(SCHEMAS[type])]
    assert not stale, "run `make contracts` and commit what it writes"
    assert list(history.broken(KNOWN, SCHEMAS, TODAY)) == []
    assert all(one.since < two.since for of in KNOWN.values() for one, two in pairwise(of))
    assert (FOLDER / history.PAGE).read_text("utf-8") == history.changelog(KNOWN)


def test_a_field_that_came_and_went_is_missed_by_who_built_on_the_day_between() -> None:
    between = history.grown(KNOWN, edited(with_field), TODAY)
    after = history.grown(between, SCHEMAS, TODAY + DAY)
    assert [one.since for one in after[LISTED]][-2:] == [TODAY, TODAY + DAY]
    [fault] = history.broken(after, SCHEMAS, TODAY + DAY)
    assert fault == f"{LISTED} as it was since {TODAY}: VillageListed.remark: removed"


def test_what_changes_twice_on_a_day_has_one_version_of_it() -> None:
    once = history.grown(KNOWN, edited(with_field), TODAY)
    assert len(once[LISTED]) == len(KNOWN[LISTED]) + 1
    assert history.grown(once, SCHEMAS, TODAY) == KNOWN, "it is as it was the day before"
    assert history.grown(KNOWN, SCHEMAS, TODAY) == KNOWN


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda of: of["properties"].pop("spell"), "spell: removed"),
        (lambda of: of["properties"]["spell"].update(type="string"), "spell: {'type': 'integer'"),
        (lambda of: of["required"].remove("village"), "village: no longer always there"),
        (lambda of: of["properties"]["spell"].update(maximum=10**9), "spell: {'type': 'integer'"),
    ],
    ids=["removed", "another type", "optional", "wider"],
)
def test_a_reader_of_any_day_is_protected(edit: Callable[[dict[str, Any]], object], fault: str) -> None:
    later = history.grown(KNOWN, edited(with_field), TODAY)
    faults = list(history.broken(later, edited(with_field, edit), TODAY + DAY))
    assert faults and all(f"VillageListed.{fault}" in one for one in faults)


def test_what_is_deprecated_stays_until_its_day_and_may_go_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("", "utf-8")
    monkeypatch.setattr(VillageListed, "promised_until", TODAY)
    assert write(tmp_path, page, TODAY - 9 * DAY) == []
    schema = json.loads((tmp_path / "schemas" / f"{LISTED}.json").read_text("utf-8"))
    assert {"deprecated": True, UNTIL: "2027-03-01"}.items() <= schema["$defs"]["VillageListed"].items()
    monkeypatch.delitem(EVENTS, LISTED)
    faults = write(tmp_path, page, TODAY)
    assert faults and all("registry.village.listed" in fault for fault in faults)
    assert write(tmp_path, page, TODAY + DAY) == []
    assert not (tmp_path / "schemas" / f"{LISTED}.json").exists()
    assert write(tmp_path, page, TODAY + 2 * DAY) == [], "nor does it stand in the way later"


def test_a_deprecated_field_says_until_when_and_the_changelog_tells_it() -> None:
    later = edited(lambda of: of["properties"]["spell"].update({"deprecated": True, UNTIL: "2027-03-09"}))
    found = history.grown(KNOWN, later, TODAY)
    assert list(history.broken(found, later, TODAY)) == [], "to say so breaks nobody"
    assert f"- `{LISTED}`：`VillageListed.spell` 停用，保留至 · deprecated, promised until 2027-03-09" in (
        history.changelog(found)
    )
    gone = edited(lambda of: of["properties"].pop("spell"))
    assert any("promised until" in one for one in history.broken(found, gone, date(2027, 3, 9)))
    late = [one for one in history.broken(found, gone, date(2027, 3, 10)) if f"since {TODAY}" in one]
    assert late == []


def test_the_pages_tell_since_when_there_is_an_event_and_each_later_field() -> None:
    found = history.grown(KNOWN, edited(with_field), TODAY)
    assert history.since(found[LISTED]) == (KNOWN[LISTED][0].since, history.since(KNOWN[LISTED])[1] | {"remark": TODAY})


# ------------------------------------------------------------------- examples

TOLD = examples.read()
CHECKS = FormatChecker()


@pytest.mark.parametrize("type", TOLD)
def test_an_example_of_a_story_is_what_a_reader_of_today_expects(type: str) -> None:
    one = TOLD[type]
    msgspec.json.decode(json.dumps(one.event), type=Envelope, strict=True)
    Draft202012Validator(SCHEMAS[type], format_checker=CHECKS).validate(one.event["data"])
    assert one.event["type"] == type and one.event["source"] == f"urn:zhucun:{type.partition('.')[0]}"
    assert EVENTS[type].sealing != "always" and one.region
    assert {*one.then} <= EVENTS.keys() and {*one.upon} <= {*EVENTS, *examples.routes(), "day"}


def test_what_no_story_tells_in_the_open_is_shown_by_an_invented_example_that_says_so() -> None:
    sealed = [type for type, kind in EVENTS.items() if kind.sealing == "always"]
    assert sealed
    for type in sealed:
        one = examples.example(EVENTS[type], SCHEMAS[type], TOLD)
        assert one.region == examples.INVENTED and one.event["data"]
        Draft202012Validator(SCHEMAS[type], format_checker=CHECKS).validate(one.event["data"])
