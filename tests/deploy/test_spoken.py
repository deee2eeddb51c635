"""A province's word by an event on NATS, over real processes: taken once, refused in words, and from nobody else."""

import asyncio
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import nats
from nats.aio.client import Client

from deploy.access import asking, grants
from deploy.access.keys import write
from deploy.access.users import SYSTEM
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from shared.stream import bus
from shared.web.token import operator_headers
from tests.registry.county import BENXI, pack
from tests.registry.matters import ZUNYI

PROGRAM = Path("docs/subscribers/answer.py")
A_MINUTE = 120
"""How often one may ask in a minute here: less than usual, so that too much is soon asked."""
PLACE, VILLAGE = "210521", "210521100201"
AT: dict[str, Any] = {"place": PLACE, "village": VILLAGE}
OF: dict[str, Any] = {**AT, "matter": "2026-1"}
VOTES = dict.fromkeys(("entitled", "present", "agreed"), 3)
[FUND] = [one for one in ZUNYI if one["kind"] == "fund"]
GATE = next(n for n, one in enumerate(FUND["steps"]) if one["name"] == "fund_gate")
ASKS = {
    "name": "county_word",
    "label": "征求县级意见",
    "kind": "ask",
    "by": "county",
    "within": {"calendar_days": 20},
    "on_refusal": FUND["steps"][GATE - 1]["name"],
    "postponements": 1,
}
PACK = pack(
    procedures=[{**FUND, "steps": [*FUND["steps"][:GATE], ASKS, *FUND["steps"][GATE:]]}, *BENXI["procedures"][-1:]]
)
WORD: dict[str, Any] = {**OF, "step": "county_word", "asking": 1, "body": "county", "decided_by": "县财政局"}


async def asked(http: httpx.AsyncClient) -> None:
    """A village has decided on money, and the county is asked for its word."""
    steps = [
        {**OF, **VOTES, "step": one["name"], "body": "village", "decided_by": "村“两委”"}
        for one in FUND["steps"][:GATE]
    ]
    money = {"amount": 80_000, "origin": "donation"}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("policies", {"place": "210500", "pack": PACK, "adopted_by": "市委"}),
        ("villages", {**AT, "name": "上石村", "township": "小市镇", "population": 1000, "listed": False}),
        ("resolutions", {**OF, "kind": "fund", "subject_code": "industry", "fund": money, "opened_by": "村党组织"}),
        *(("resolution-steps", row) for row in steps),
    ]
    for path, row in rows:
        body = json.dumps([row], default=str)
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        answer = await http.post(f"/v1/{path}", content=body, headers=headers)
        assert answer.status_code == 200, answer.text


async def say(client: Client, data: dict[str, Any], *, id: str = "", subject: str = "", **more: Any) -> Any:
    """The answer to an event with this content; None if the server lets nobody hear it."""
    event = {
        "specversion": "1.0",
        "id": id or str(uuid4()),
        "source": "urn:huanren",
        "type": "registry.words",
        "data": data,
    } | more
    try:
        answer = await client.request(
            subject or f"{bus.SAID}.huanren.county.21.05.21", json.dumps(event).encode(), timeout=5
        )
    except nats.errors.Error:
        return None
    return json.loads(answer.data)


async def told(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await http.get("/v1/events", params={"type": "registry.word.given.v1"})
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


async def quiet(_error: Exception) -> None: ...


def test_the_example_is_short() -> None:
    assert len(PROGRAM.read_text("utf-8").splitlines()) < 40


async def test_a_word_is_taken_once_from_who_was_granted_it_and_a_refusal_is_answered(tmp_path: Path) -> None:
    async with System(tmp_path / "data", kind="demo", env={"ZHUCUN_REQUESTS_A_MINUTE": str(A_MINUTE)}) as system:
        await system.ready()
        async with Simulation(system) as simulation:
            await simulation.pass_day(date(2014, 6, 3))
        for name, answers in (("huanren", "county"), ("reader", "")):
            write(system.key(name), grants.grant(system.folder.keys, name, ["21"], answers))
        await asking.reload(system.nats_url, system.key(SYSTEM))
        headers = operator_headers((tmp_path / "data" / "secret").read_bytes())
        async with httpx.AsyncClient(base_url=system.url("registry"), headers=headers, timeout=60) as http:
            await asked(http)
            clients = [
                await nats.connect(
                    system.nats_url, nkeys_seed=str(system.key(name)), inbox_prefix=bus.inbox(name), error_cb=quiet
                )
                for name in ("huanren", "reader")
            ]
            own, reader = clients
            refused = [
                (await say(own, {**WORD, "word": "accepted", "asking": 7}), 409, "第1次"),
                (await say(own, {**WORD, "word": "rejected"}), 422, "理由"),
                (await say(own, {**WORD, "word": "rejected", "reason": "见机密★文件"}), 400, "密"),
                (await say(own, {**WORD, "word": "perhaps"}), 400, "word"),
                (await say(own, {**WORD, "word": "accepted", "body": "province"}), 403, "办理主体"),
                (await say(own, {**WORD, "word": "accepted", "place": "210522"}), 403, "区划"),
                (await say(own, {**WORD, "word": "accepted"}, type="registry.approvals"), 422, "registry.words"),
                (await say(own, {**WORD, "word": "accepted"}, specversion="2.0"), 400, '"field": "specversion"'),
            ]
            for answer, status, says in refused:
                assert answer["status"] == status and says in json.dumps(answer, ensure_ascii=False), answer
                assert "Invalid" not in answer["errors"][0]["zh"], "Chinese is said in Chinese"
            forged = f"{bus.SAID}.huanren.county.21.05.21"
            assert await say(reader, {**WORD, "word": "accepted"}, subject=forged) is None, "in another's name"
            assert await say(own, {**WORD, "word": "accepted"}, subject=forged.replace("county", "state")) is None
            assert await say(own, {**WORD, "word": "accepted"}, subject=forged.replace("21.05", "52.05")) is None
            assert await told(http) == []

            later = {**WORD, "word": "later", "until": "2015-01-01", "reason": "待会议研究"}
            assert "不晚于" in json.dumps(await say(own, later), ensure_ascii=False)
            rejected = {**WORD, "word": "rejected", "reason": "预算不足"}
            first = await say(own, rejected, id="huanren-2026-1")
            assert first["events"][0] == "registry.word.given.v1"
            assert await say(own, rejected, id="huanren-2026-1") == first, "the same event again"
            assert (await say(own, {**rejected, "reason": "另有原因"}, id="huanren-2026-1"))["status"] == 422
            [given] = await told(http)
            assert (given["data"]["word"], given["data"]["reason"]) == ("rejected", "预算不足")
            assert given["actor"] == "huanren"
            many = [await say(own, {}, type="registry.approvals") for _ in range(A_MINUTE + 50)]
            limited = [answer for answer in many if answer["status"] == 429]
            assert limited and "秒后重试" in limited[0]["errors"][0]["zh"], "who speaks too often is told to wait"
            assert {answer["status"] for answer in many} == {422, 429}
            await asyncio.sleep(2)  # As the answers say: one more is taken after a second.
            for client in clients:
                await client.close()

            row = {**OF, **VOTES, "step": FUND["steps"][GATE - 1]["name"], "body": "village", "decided_by": "村委"}
            again = await http.post("/v1/resolution-steps", json=[row], headers={"Idempotency-Key": str(uuid4())})
            assert again.status_code == 200, again.text
            data = json.dumps({**WORD, "asking": 2, "word": "accepted"}, ensure_ascii=False)
            ran = await asyncio.create_subprocess_exec(
                sys.executable, str(PROGRAM), system.nats_url, str(system.key("huanren")), "huanren", "county", data,
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            said, _ = await asyncio.wait_for(ran.communicate(), 60)
            assert json.loads(said)["events"] == ["registry.word.given.v1"]
            assert [one["data"]["asking"] for one in await told(http)] == [1, 2]
