"""How often somebody may ask, and what every answer tells a browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.web.limits import Limits
from shared.web.rates import FAILURES, MOST_KNOWN, Rate
from tests.support.asked import OPERATOR, Api, refusal, village
from tests.support.desk import Desk, asking

pytestmark = pytest.mark.usefixtures("logged")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with asking(tmp_path) as found:
        yield found


@pytest.fixture
def clock(desk: Desk) -> Clock:
    """The clock of the service's limits, which now answers three requests of one caller in a minute."""
    found = Clock()
    application(desk).state.limits = Limits(3, found)
    return found


def application(desk: Desk) -> Any:
    transport = desk.api.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    return transport.app


async def test_who_asks_too_often_waits_and_others_do_not(desk: Desk, clock: Clock) -> None:
    li, wu = desk.bearer("team/210502", sub="li"), desk.bearer("team/210502", sub="wu")
    asked = [await desk.get("/v1/villages?place=210502", li) for _ in range(5)]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 429, 429]
    (fault,) = refusal(asked[-1], 429)
    assert fault["rule"] == "limit" and asked[-1].headers["retry-after"] == "20" and "20秒" in fault["zh"]
    assert (await desk.get("/v1/villages?place=210502", wu)).status_code == 200
    clock.now += 20
    assert [(await desk.get("/v1/villages?place=210502", li)).status_code for _ in range(2)] == [200, 429]


async def test_a_refused_command_is_not_done_and_is_done_later_under_its_key(desk: Desk, clock: Clock) -> None:
    office = desk.bearer("poverty_office/210502")
    for number in range(3):
        assert (await desk.post("villages", office, village(f"V{number}"))).status_code == 200
    refusal(await desk.post("villages", office, village("V9")), 429)
    assert len(await desk.api.get("/v1/villages")) == 3
    clock.now += 60
    assert (await desk.post("villages", office, village("V9"))).status_code == 200


async def test_the_installation_itself_and_what_is_public_are_never_counted(desk: Desk, clock: Clock) -> None:
    for _ in range(6):
        assert (await desk.get("/v1/villages", OPERATOR)).status_code == 200
        assert (await desk.get("/health/live", {})).status_code == 200


async def test_who_shows_no_token_is_counted_by_address(desk: Desk, clock: Clock) -> None:
    asked = [(await desk.get("/v1/villages", {})).status_code for _ in range(4)]
    assert asked == [401, 401, 401, 429]


async def test_many_invalid_tokens_wait_and_keep_nobody_out_who_has_the_same_address(desk: Desk, clock: Clock) -> None:
    wrong = {"Authorization": "Bearer a.b.c"}
    asked = [(await desk.get("/v1/villages", wrong)).status_code for _ in range(FAILURES + 1)]
    assert asked == [401] * FAILURES + [429]
    assert (await desk.get("/v1/villages", OPERATOR)).status_code == 200
    assert (await desk.get("/v1/villages?place=210502", desk.bearer("team/210502"))).status_code == 200
    refusal(await desk.get("/v1/villages", wrong), 429)
    clock.now += 60
    assert (await desk.get("/v1/villages", wrong)).status_code == 401


async def test_where_nobody_is_asked_who_he_is_nobody_is_counted(any_api: Api) -> None:
    transport: Any = any_api.client._transport
    transport.app.state.limits = Limits(1)
    for _ in range(3):
        assert (await any_api.client.get("/v1/villages")).status_code == 200


def test_invented_names_do_not_fill_the_memory() -> None:
    clock = Clock()
    rate = Rate(1, clock)
    for number in range(3 * MOST_KNOWN):
        rate.note(f"name {number}")
        clock.now += 0.001
    assert len(rate._until) <= MOST_KNOWN
    assert rate.wait(f"name {3 * MOST_KNOWN - 1}") > 0, "the last one is known"


def test_who_was_idle_may_do_a_minute_s_work_at_once_and_no_more() -> None:
    clock = Clock()
    rate = Rate(60, clock)
    clock.now += 3600
    done = 0
    while not rate.wait("li"):
        rate.note("li")
        done += 1
    assert done == 60 and rate.wait("li") == 1
    clock.now += 1
    assert rate.wait("li") == 0


@pytest.mark.parametrize("path", ["/v1/villages", "/v1/nothing", "/health/live", "/v1/villages?place=x", "/v1/status"])
async def test_no_answer_is_stored_guessed_at_or_shown_within_another_page(any_api: Api, path: str) -> None:
    answer = await any_api.client.get(path)
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe-inline" not in policy


async def test_the_page_of_documents_runs_its_own_scripts_alone(any_api: Api) -> None:
    policy = (await any_api.client.get("/docs")).headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy and "frame-ancestors 'none'" in policy
    assert "http" not in policy
