"""Two officers who change one thing: the second is told what has changed since he looked, and overwrites nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event as sqlalchemy_event

from shared.contracts.dispatch import HelpBegun
from shared.engine.deliveries import handle
from shared.stream.bus import OPEN
from shared.web.changes import EXPLAINED
from tests.support.asked import OPERATOR, Api, refusal, village
from tests.support.desk import Desk, asking
from tests.support.process import delivery

pytestmark = pytest.mark.usefixtures("logged")


def asked(matter: str = "M1", **fields: Any) -> dict[str, Any]:
    return {"place": "210502", "matter": matter, **fields}


async def seen(api: Api, path: str = "matters/M1", headers: dict[str, str] | None = None) -> str:
    """The ETag of a state."""
    answer = await api.client.get(f"/v1/{path}", headers=headers or {})
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


async def send(api: Api, tag: str, key: str, *rows: Any, path: str = "matters") -> httpx.Response:
    headers = {"Idempotency-Key": f"request {key}", "If-Match": tag}
    return await api.client.post(f"/v1/{path}", json=rows, headers=headers)


async def of(api: Api, matter: str = "M1") -> str:
    return str((await api.get(f"/v1/matters/{matter}"))["of"])


async def test_the_second_of_two_officers_overwrites_nothing(api: Api) -> None:
    await api.post("matters", asked())
    tag = await seen(api)
    assert (await send(api, tag, "A", asked(of="unit"))).status_code == 200
    (fault,) = refusal(await send(api, tag, "B", asked(of="county")), 412)
    assert (fault["rule"], fault["field"]) == ("version", "expects")
    assert "M1" in fault["zh"] and "其间的变动" in fault["zh"] and "What changed" in fault["en"]
    assert await of(api) == "unit"
    assert (await send(api, await seen(api), "B2", asked(of="county"))).status_code == 200
    assert await of(api) == "county"


async def test_of_two_who_send_at_once_one_is_refused(api: Api) -> None:
    await api.post("matters", asked())
    tag = await seen(api)
    answers = await asyncio.gather(*(send(api, tag, f"at once {of}", asked(of=of)) for of in ("unit", "county")))
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_a_repetition_is_answered_as_before_although_the_state_has_changed(any_api: Api) -> None:
    await any_api.post("matters", asked())
    tag = await seen(any_api)
    first = await send(any_api, tag, "again", asked(of="unit"))
    await any_api.post("matters", asked(of="county"))
    again = await send(any_api, tag, "again", asked(of="unit"))
    assert (again.status_code, again.json()) == (200, first.json())
    assert await of(any_api) == "county"
    (fault,) = refusal(await send(any_api, await seen(any_api), "again", asked(of="unit")), 422)
    assert fault["rule"] == "Idempotency-Key"


async def test_the_refusal_says_what_happened_since(any_api: Api) -> None:
    await any_api.post("villages", village("210502000001"))
    tag = await seen(any_api, "villages/210502000001")
    begun = HelpBegun(place="210502", village="210502000001", unit="U1")
    await handle(any_api.pipeline, OPEN, [delivery(begun, 5)])
    (fault,) = refusal(await send(any_api, tag, "late", village("210502000001"), path="villages"), 412)
    assert "其间的变动：2014年6月1日" in fault["zh"] and "U1" in fault["zh"]
    assert "What changed: 1 June 2014 U1 stays until 1 January 2020" in fault["en"]


async def test_what_is_sealed_is_told_to_operators_alone(any_api: Api) -> None:
    await any_api.post("matters", asked())
    tag = await seen(any_api)
    await any_api.post("matters", asked(of="unit"))
    (fault,) = refusal(await send(any_api, tag, "officer", asked(of="county")), 412)
    assert "本账号无权查看" in fault["zh"]
    headers = {"Idempotency-Key": "request operator", "If-Match": tag, **OPERATOR}
    answer = await any_api.client.post("/v1/matters", json=[asked(of="county")], headers=headers)
    (fault,) = refusal(answer, 412)
    assert "本账号无权查看" not in fault["zh"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with asking(tmp_path) as found:
        yield found


async def test_the_refusal_names_the_organ_that_acted(desk: Desk) -> None:
    await desk.post("matters", OPERATOR, asked())
    tag = await seen(desk.api, headers=OPERATOR)
    assert (await desk.post("matters", desk.bearer("team/210502"), asked(of="unit"))).status_code == 200
    headers = {"Idempotency-Key": "request late", "If-Match": tag, **OPERATOR}
    answer = await desk.api.client.post("/v1/matters", json=[asked(of="county")], headers=headers)
    assert answer.status_code == 412, answer.text
    (fault,) = answer.json()["errors"]
    assert "（县扶贫办）" in fault["zh"] and "(县扶贫办)" in fault["en"]


async def test_each_row_of_several_says_what_it_expects(any_api: Api) -> None:
    await any_api.post("matters", asked("M1"), asked("M2"))
    tags = [(await seen(any_api, f"matters/{id}")).strip('"') for id in ("M1", "M2")]
    await any_api.post("matters", asked("M2", of="unit"))
    rows = [asked(id, of="county", expects=tag) for id, tag in zip(("M1", "M2"), tags, strict=True)]
    (fault,) = refusal(await any_api.post("matters", *rows), 412)
    assert fault["row"] == 1
    assert (await of(any_api, "M1"), await of(any_api, "M2")) == ("team", "unit")
    answer = (await any_api.post("matters", *rows, keep_good="true")).json()
    assert answer["applied"] == 1 and [one["row"] for one in answer["refused"]] == [1]
    assert (await of(any_api, "M1"), await of(any_api, "M2")) == ("county", "unit")


async def test_however_many_rows_are_refused_the_journal_is_read_once(any_api: Api) -> None:
    ids = [f"M{number}" for number in range(EXPLAINED + 10)]
    await any_api.post("matters", *(asked(id) for id in ids))
    tags = [(await seen(any_api, f"matters/{id}")).strip('"') for id in ids]
    await any_api.post("matters", *(asked(id, of="unit") for id in ids))
    rows, read = [asked(id, of="county", expects=tag) for id, tag in zip(ids, tags, strict=True)], list[str]()
    engine = any_api.pipeline.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: read.append(statement))
    faults = refusal(await any_api.post("matters", *rows), 412)
    assert sum("FROM outbox" in one for one in read) == 1
    assert ["其间的变动" in fault["zh"] for fault in faults] == [True] * EXPLAINED + [False] * 10


async def test_what_a_request_itself_changes_is_no_other_officers_doing(any_api: Api) -> None:
    await any_api.post("matters", asked())
    tag = (await seen(any_api)).strip('"')
    rows = [asked(of="unit", expects=tag), asked(of="county", expects=tag)]
    assert (await any_api.post("matters", *rows)).status_code == 200
    assert await of(any_api) == "county"


async def test_a_command_may_expect_a_state_that_it_does_not_change(any_api: Api) -> None:
    await any_api.post("villages", village("210502000001"))
    tag = await seen(any_api, "villages/210502000001")
    assert (await send(any_api, tag, "first", asked())).status_code == 200
    await handle(any_api.pipeline, OPEN, [delivery(HelpBegun(place="210502", village="210502000001", unit="U1"), 5)])
    refusal(await send(any_api, tag, "second", asked(of="unit")), 412)


async def test_a_task_has_the_version_that_its_state_has(any_api: Api) -> None:
    await any_api.post("matters", asked())
    (task,) = (await any_api.client.get("/v1/tasks", params={"versions": "true"})).json()
    assert f'"{task["version"]}"' == await seen(any_api)
    assert "version" not in (await any_api.client.get("/v1/tasks")).json()[0]
    assert (await any_api.post("matters", asked(of="unit", expects=task["version"]))).status_code == 200
    refusal(await any_api.post("matters", asked(of="county", expects=task["version"])), 412)


async def test_a_version_is_of_what_was_shown(any_api: Api) -> None:
    """What is hidden from an officer may change without his knowing; both he and the operator see a version."""
    await any_api.post("matters", asked())
    for number, headers in enumerate(({}, OPERATOR)):
        tag = await seen(any_api, headers=headers)
        assert (await send(any_api, tag, f"shown {number}", asked(of="unit"))).status_code == 200


@pytest.mark.parametrize(
    ("tag", "status", "field"),
    [
        ("*", 400, "If-Match"),
        ("", 400, "If-Match"),
        ('W/"matters/M1@0123456789ab-1"', 400, "If-Match"),
        ("matters/M1@0123456789ab-1", 400, "If-Match"),
        ('"matters/M1@0123456789ab-1", "matters/M2@0123456789ab-1"', 400, "If-Match"),
        ('"matters/M1@0123456789ab-9999999999999999"', 400, "If-Match"),
        ('"abc"', 400, "If-Match"),
        ('"squads/M1@0123456789ab-1"', 422, "expects"),
        ('"matters/nowhere@0123456789ab-1"', 412, "expects"),
        ('"matters/%41@0123456789ab-1"', 412, "expects"),
        ('"matters/M1%00@0123456789ab-1"', 422, "expects"),
        (f'"matters/{"M" * 121}@0123456789ab-1"', 422, "expects"),
        ('"matters/M1@0123456789ab-999999999999999"', 412, "expects"),
    ],
)
async def test_a_version_that_no_query_answered_is_refused(any_api: Api, tag: str, status: int, field: str) -> None:
    await any_api.post("matters", asked())
    (fault,) = refusal(await send(any_api, tag, "odd tag", asked(of="unit")), status)
    assert fault["field"] == field
    assert await of(any_api) == "team"


async def test_the_header_goes_with_one_command_and_stands_once(any_api: Api) -> None:
    await any_api.post("matters", asked())
    tag = await seen(any_api)
    for key, rows in {"none": [], "two": [asked(), asked("M2")]}.items():
        assert refusal(await send(any_api, tag, key, *rows), 422)[0]["field"] == "If-Match"
    differing = asked(expects="matters/M1@0123456789ab-1")
    assert refusal(await send(any_api, tag, "differing", differing), 422)[0]["field"] == "If-Match"
    headers = [("Idempotency-Key", "request twice"), ("If-Match", tag), ("If-Match", tag)]
    answer = await any_api.client.post("/v1/matters", json=[asked(of="unit")], headers=headers)
    assert refusal(answer, 400)[0]["field"] == "If-Match"
    assert await of(any_api) == "team"
