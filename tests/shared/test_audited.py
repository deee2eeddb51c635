"""What stands in a service's audit log, and who reads it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.json import decode, encode
from sqlalchemy import text

from shared.stream.bus import SAID, connect
from shared.web.limits import Limits
from shared.web.spoken import hear
from tests.support.asked import OPERATOR, refusal, serving, village
from tests.support.desk import Desk, asking, log
from tests.support.servers import NatsServer
from tests.support.small import Register


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with asking(tmp_path) as found:
        yield found


async def test_every_command_is_logged_with_its_result_and_who_sent_it(desk: Desk) -> None:
    await desk.post("villages", desk.bearer("poverty_office/210502"), village())
    await desk.post("villages", desk.bearer("team/210502", sub="p-2"), village("V2"))
    await desk.post("villages", desk.bearer("poverty_office/210502"), village(place="x"))
    first, second, third = await log(desk)
    assert (first.deed, first.organ, first.result) == ("POST /v1/villages", "县扶贫办", "done")
    assert (second.result, third.result) == ("403", "400")
    assert first.who == third.who != second.who and "p-1" not in first.who
    assert first.address == "127.0.0.1"


async def test_what_operators_read_is_logged_and_what_is_open_is_not(desk: Desk) -> None:
    await desk.get("/v1/dead-letters", OPERATOR)
    await desk.get("/v1/villages?place=210502", desk.bearer("poverty_office/210502"))
    await desk.get("/health/ready", OPERATOR)
    assert [(one.who, one.deed) for one in await log(desk)] == [("operator", "GET /v1/dead-letters")]
    assert (await log(desk))[-1].deed == "GET /v1/audit", "reading the log is logged as well"


async def test_a_stranger_fills_no_log(desk: Desk) -> None:
    for _ in range(3):
        await desk.post("villages", {}, village())
        await desk.get("/v1/dead-letters", {"Authorization": "Bearer a.b.c"})
    assert await log(desk) == []


@pytest.mark.parametrize("role", ["system/", "security/", "audit/2105", "poverty_office/", "subscriber/", "operator"])
async def test_nobody_but_the_audit_administrator_reads_it(desk: Desk, role: str) -> None:
    headers = OPERATOR if role == "operator" else desk.bearer(role)
    if role == "operator":  # Has every role, but whoever keeps the machine reads its database anyway; it is logged.
        assert (await desk.get("/v1/audit", headers)).status_code == 200
        assert (await log(desk))[-1].who == "operator"
    else:
        assert refusal(await desk.get("/v1/audit", headers), 403)[0]["rule"] == "role"


async def test_where_it_cannot_be_logged_nothing_is_told(desk: Desk) -> None:
    async with desk.api.pipeline.engine.begin() as conn:
        await conn.execute(text("DROP TABLE audit"))
    answer = await desk.get("/v1/dead-letters", OPERATOR)
    refusal(answer, 503)
    assert "审计日志" in answer.text and "dead" not in answer.text
    refusal(await desk.post("villages", desk.bearer("poverty_office/210502"), village("W1")), 503)


async def test_many_commands_at_once_are_each_logged_once(desk: Desk) -> None:
    rows = [village(f"W{number}") for number in range(30)]
    office = desk.bearer("poverty_office/210502")
    answers = await asyncio.gather(*(desk.post("villages", office, row) for row in rows))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await log(desk)) == 30


async def test_what_is_said_by_events_and_over_http_stands_in_one_chain(desk: Desk, nats_server: NatsServer) -> None:
    office, broker = desk.bearer("poverty_office/210502"), await connect(nats_server.url, "test")
    said = {
        "specversion": "1.0",
        "id": "said-once",
        "source": "urn:huanren",
        "type": "registry.villages",
        "data": village(),
    }
    try:
        await hear(broker.connection, desk.api.pipeline, {"villages": Register}, Limits())
        for number in range(2):
            assert (await desk.post("villages", office, village(f"V{number}"))).status_code == 200
            answer = await broker.connection.request(f"{SAID}.huanren.anybody.21.05.02", encode(said), timeout=5)
            assert decode(answer.data)["status"] == 403, "the command names no body"
    finally:
        await broker.connection.close()
    assert [one.result for one in await log(desk)] == ["done", "403", "done", "403"]


async def test_without_issuers_nothing_is_logged(tmp_path: Path) -> None:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3") as api:
        await api.client.get("/v1/dead-letters", headers=OPERATOR)
        answer = await api.client.get("/v1/audit", headers=OPERATOR)
        assert (answer.status_code, answer.content) == (200, b"")
