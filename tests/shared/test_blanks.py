"""Blanks: what a person is asked for to say a command, in words, and how what he typed becomes the command."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from deploy.demo.regions.benxi.story import CITY
from deploy.local.supervisor import SERVICES
from shared import blanks
from shared.policy.shipped import FILES, shipped
from shared.rules import Refused
from shared.web.blanks import is_typed
from tests.registry.office import FIRST, SURVEYED, Office, office

CODE = re.compile(r"[a-z]{2,}|代码“|=")
CHINESE = re.compile(r"[\u4e00-\u9fff]|_")
LACKING = {"statement-corrections": "报酬项目"}
"""What some packs have none of, by the command that needs it."""
OF_PACKS = {"values", "delivered", "pledged", "lacking", "parent"}
"""Fields with a column for each thing that a pack names, which may be none."""

_ANY: Any = dict.fromkeys(("leader", "members", "of", "of_code", "document", "level", "county"), "") | {
    "village": "210521100201",
    "code": "210521100",
    "place": "210521",
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_command_has_a_blank_in_words(file: Path) -> None:
    policy, untyped = shipped(file.stem), set[str]()
    for service in SERVICES:
        forms = import_module(f"services.{service}.forms").FORMS
        for route in import_module(f"services.{service}.api").COMMANDS:
            if not is_typed(route.command):
                untyped.add(route.path)
                continue
            blank = forms.get(route.path) or blanks.alone(route.command, route.path, route.zh, route.en)
            try:
                form = blank.form([policy])
            except Refused as refused:  # A form's own are listed in tests/journeys/test_forms.py.
                assert route.path in forms or LACKING[route.path] in refused.zh
                continue
            asked = blanks.asked(blank, form)
            for one in asked:
                said = [one.zh, one.help_zh, *(zh for zh, _ in one.choices)]
                assert not [text for text in said if CODE.search(text)], (route.path, one)
                said = [one.en, *(en for _, en in one.choices)]
                assert all(said) and not [text for text in said if CHINESE.search(text)], (route.path, one)
            fields = {one.field.partition(".")[0] for one in asked} | {*blank.implied(_ANY)}
            needed = {field.name for field in msgspec.structs.fields(route.command) if field.required}
            assert needed - OF_PACKS <= fields, route.path
    assert untyped == {"policies"}, "all else is typed in"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite3") as desk:
        await desk.register("villages", "units", "cadres", "surveys")
        yield desk


async def say(desk: Office, action: str, *filled: dict[str, Any], key: str = "one answer", **params: Any) -> Any:
    answer: httpx.Response = await desk.client.post(
        f"/v1/filled/{action}",
        content=msgspec.json.encode(filled),
        headers={"Idempotency-Key": key},
        params={"place": CITY, **params},
    )
    return answer


async def test_a_blank_knows_what_its_task_knows_and_becomes_its_command(desk: Office) -> None:
    village = FIRST.id
    asking = (await desk.get("/v1/blanks/diagnoses", place=CITY, of=f"baselines/{village}")).json()
    assert asking["zh"] == "集体会诊" and asking["by_zh"].startswith("本溪市")
    (owed,) = asking["tasks"]
    (line,) = owed["lines"]
    assert line["village"] == village and line["name"] == FIRST.name and owed["task"]["version"]
    choice = next(field for field in asking["fields"] if field["field"] == "problem_class")["choices"][0][0]
    typed = {"rows": [line | {"problem_class": choice, "decided_by": "县委县政府"}], "expects": owed["task"]["version"]}
    tried = await say(desk, "diagnoses", typed, dry_run=True)
    assert tried.json()["applied"] == 1 and tried.json()["dry_run"]
    done = await say(desk, "diagnoses", typed)
    assert done.json()["events"] == [["registry.village.diagnosed.v1"]]
    assert (await say(desk, "diagnoses", typed)).json() == done.json(), "the same key is the same request"
    again = await say(desk, "diagnoses", typed, key="from a second tab")
    (fault,) = again.json()["errors"]
    assert again.status_code == 412 and "其间的变动" in fault["zh"] and "县委县政府" in fault["zh"]


async def test_what_cannot_be_read_is_told_at_its_field_in_both_languages(desk: Office) -> None:
    row = {"village": FIRST.id, "place": "210521", "problem_class": "没有这一类", "decided_by": "", "stranger": "x"}
    answer = await say(desk, "diagnoses", {"rows": [row]})
    faults = {fault["field"]: fault for fault in answer.json()["errors"]}
    assert answer.status_code == 422
    assert "贫困村类别" in faults["problem_class"]["zh"] and "Problem class" in faults["problem_class"]["en"]
    assert faults["decided_by"]["rule"] == "required" and faults["stranger"]["rule"] == "schema"
    marked = await say(desk, "diagnoses", {"rows": [row | {"decided_by": "机密★10年"}]})
    assert [fault["rule"] for fault in marked.json()["errors"]] == ["classified"] and "机密" not in marked.text


async def test_what_is_pasted_into_a_page_is_told_of_at_its_field_without_words_about_cells(desk: Office) -> None:
    for given, wrong in (
        ({"decided_by": "字" * 3001}, "最多120个字，现有3001个字"),
        ({"decided_by": "2014-06-30"}, "请写明内容"),
        ({"village": "'210521100201"}, "请删去"),
        ({"village": "=210521100201"}, "请只填编号本身"),
    ):
        answer = await say(desk, "diagnoses", {"rows": [{"village": FIRST.id, "place": "210521"} | given]})
        (told,) = [one["zh"] for one in answer.json()["errors"] if one["field"] in given]
        assert wrong in told and "单元格" not in told
    endless = await say(desk, "diagnoses", {"rows": [{"decided_by": "字" * 40_000}]})
    assert "有一栏超过32767个字" in endless.text


async def test_a_refusal_of_a_part_that_repeats_stands_at_its_row(desk: Office) -> None:
    row = {"place": "210521", "village": FIRST.id, "year": "2014", "recorded_by": "碱厂镇"}
    of = [
        row
        | {
            "households.household": f"H{n}",
            "households.persons": "3",
            "households.income": income,
            "households.secured": "是",
        }
        for n, income in ((1, "3000"), (2, "不详"))
    ]
    (fault,) = (await say(desk, "households", {"rows": of})).json()["errors"]
    assert (fault["row"], fault["field"]) == (1, "households.income")


async def test_known_data_are_overwritten_only_by_who_saw_them(desk: Office) -> None:
    other = {"village": FIRST.id, "name": "新村名", "township": FIRST.township, "population": str(FIRST.population),
             "listed": "是", "listing_document": "辽扶贫〔2014〕1号"}  # fmt: skip
    answer = await say(desk, "villages", {"rows": [other]})
    (fault,) = answer.json()["errors"]
    assert fault["version"] and {one["field"] for one in fault["differs"]} >= {"name"}
    done = await say(desk, "villages", {"rows": [other], "replaces": fault["version"]}, key="having seen it")
    assert done.status_code == 200 and done.json()["applied"] == 1, done.text


async def test_nothing_filled_in_is_nothing_said(desk: Office) -> None:
    answer = await say(desk, "units")
    assert answer.status_code == 200 and answer.json()["applied"] == 0
    assert "minItems" not in str((await desk.get("/docs/openapi.json")).json()["paths"]["/v1/filled/{action}"])


async def test_as_much_is_due_as_the_list_of_tasks_has(desk: Office) -> None:
    tasks = [one["task"] for one in (await desk.get("/v1/tasks")).json()]
    assert {task["action"] for task in tasks} == {"diagnoses"} and {task["about"][:9] for task in tasks} == {
        FIRST.id[:9]
    }
    for role, township in (("county", ""), ("county", FIRST.id[:9]), ("county", "210521999"), ("township", "")):
        due = (await desk.get("/v1/due", place="2105", role=role, township=township)).json()
        there = [task for task in tasks if task["role"] == role and township in ("", task["about"][:9])]
        assert due == Counter(task["action"] for task in there), (role, township)


async def test_what_a_village_has_to_do_is_its_townships_in_which_it_lies_now(desk: Office) -> None:
    """Its tasks still name it by the code under which it was registered."""
    old, new = FIRST.id[:9], "210521999"
    before = Counter(one["township"] for one in (await desk.get("/v1/tasks")).json())
    moved = {"place": "210521", "village": FIRST.id, "code": f"{new}201", "since": str(SURVEYED), "document": "民发",
             "decided_by": "市政府"}  # fmt: skip
    await desk.post("village-codes", moved)
    after = (await desk.get("/v1/tasks")).json()
    assert Counter(one["township"] for one in after) == before - Counter({old: 1}) + Counter({new: 1})
    for township in (old, new):
        listed = (await desk.get("/v1/tasks", township=township)).json()
        assert listed == [one for one in after if one["township"] == township]
        due = (await desk.get("/v1/due", role="county", township=township)).json()
        assert due == Counter(one["task"]["action"] for one in listed if one["task"]["role"] == "county"), township


async def test_one_may_say_what_ones_role_says(desk: Office) -> None:
    acts = {act["action"]: act for act in (await desk.get("/v1/blanks", place=CITY, role="township")).json()}
    all_of_them = {act["action"] for act in (await desk.get("/v1/blanks", place=CITY, anybody=True)).json()}
    assert acts.keys() < all_of_them
    assert {"surveys", "objections", "diagnoses"} <= acts.keys() and "units" not in acts and "policies" not in acts
    assert acts["survey-withdrawals"]["undoes"] and acts["diagnoses"]["owed"] and not acts["objections"]["owed"]
    for unknown in ("policies", "nothing"):
        answer = await desk.client.get(f"/v1/blanks/{unknown}", params={"place": CITY})
        assert answer.status_code == 404
