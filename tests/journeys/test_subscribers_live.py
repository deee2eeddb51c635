"""A subscriber on NATS and a follower of the feed, through whatever an operator does to a real system.

A backup is restored, the stream is made anew, the stream is shortened: each goes on exactly, or is told that it cannot
and what to do, and has all in the end.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import BadRequestError, NotFoundError
from typer.testing import CliRunner

from deploy.access import asking, grants, streams
from deploy.access.users import DOMAIN, HARNESS, SYSTEM
from deploy.cli import commands
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import SERVICES, System
from shared.stream import bus
from tests.support.process import PACK

DAY = date(2014, 6, 1)
ANEW = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=1)


class Site:
    """A running system, somebody who registers villages, and what its journals have for Liaoning."""

    def __init__(self, system: System) -> None:
        self.system = system

    async def register(self, number: int) -> None:
        row = {
            "place": "210521",
            "village": f"210521{number:06}",
            "name": f"村{number}",
            "township": "镇",
            "population": 99,
            "listed": True,
        }
        await self.post("villages", row)

    async def post(self, path: str, *rows: dict[str, Any]) -> None:
        async with httpx.AsyncClient(base_url=self.system.url("registry"), trust_env=False, timeout=30) as http:
            headers = {"Idempotency-Key": str(rows[0].get("village", path))}
            (await http.post(f"/v1/{path}", json=rows, headers=headers)).raise_for_status()

    async def journals(self) -> set[str]:
        """The ids of all open events below Liaoning, as a subscriber who asks the journals gets them."""
        found: set[str] = set()
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            for service in SERVICES:
                page = (await http.get(f"{self.system.url(service)}/v1/journal", params={"limit": 1000})).json()
                found |= {one["event"]["id"] for one in page if one["subject"].startswith("zhucun.v1.21.")}
        return found

    @asynccontextmanager
    async def harm(self) -> AsyncIterator[JetStreamContext]:
        broker = await bus.connect(self.system.nats_url, "test", self.system.key(HARNESS))
        yield broker.connection.jetstream()
        await broker.stop()


class Subscriber:
    """A provincial system on NATS. It takes each id once."""

    def __init__(self, site: Site, seed: Path) -> None:
        self.site, self.seed, self.ids = site, seed, set[str]()

    async def hear(self, config: ConsumerConfig | None = None) -> None:
        """Take and acknowledge all that there is. Raises nats.errors.Error as a client has it."""
        client = await nats.connect(
            self.site.system.nats_url, nkeys_seed=str(self.seed), inbox_prefix="_INBOX.liaoning", allow_reconnect=False
        )
        try:
            js = client.jetstream(domain=DOMAIN)
            pull = await js.pull_subscribe("zhucun.v1.21.>", durable="liaoning-21", stream=bus.OPEN, config=config)
            with suppress(TimeoutError):  # Nothing new.
                while True:
                    for message in await pull.fetch(100, timeout=1):
                        self.ids.add(json.loads(message.data)["id"])
                        await message.ack_sync()
        finally:
            await client.close()

    async def does_as_it_is_told(self) -> None:
        """It is refused, asks the journals, and says where to begin."""
        with pytest.raises(BadRequestError) as refused:
            await self.hear()
        assert "/v1/journal" in str(refused.value) and "补取" in str(refused.value)
        self.ids |= await self.site.journals()
        await self.hear(ANEW)


class Follower:
    """A system that pulls the registry's feed, and keeps its cursor."""

    def __init__(self, site: Site) -> None:
        self.site, self.after, self.ids = site, "", list[str]()

    async def follow(self, **begin: str) -> httpx.Response:
        while True:
            asked = begin or {"after": self.after}
            async with httpx.AsyncClient(base_url=self.site.system.url("registry"), trust_env=False) as http:
                answer = await http.get("/v1/events", params={"below": "21", **asked})
            if answer.is_error:
                return answer
            page, begin = answer.json(), {}
            self.ids += [event["id"] for event in page["events"]]
            self.after = page["after"]
            if page["end"]:
                return answer


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Site]:
    async with System(folder) as system:
        await system.ready(120)
        yield Site(system)


async def told_once(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(0.1)


async def test_a_subscriber_and_a_follower_go_on_or_are_told_whatever_an_operator_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOK", 0.3)
    folder, backup, seed = tmp_path / "site", tmp_path / "backup", tmp_path / "liaoning.nk"
    async with running(folder) as site:
        async with Simulation(site.system) as simulation:
            await simulation.pass_day(DAY)
            await site.post("policies", {"place": "210500", "pack": PACK, "adopted_by": "市委组织部"})
            await site.register(1)
            await simulation.settle()
        seed.write_text(grants.grant(site.system.folder.keys, "liaoning", ["21"]))
        await asking.reload(site.system.nats_url, site.system.key(SYSTEM))
        subscriber, follower = Subscriber(site, seed), Follower(site)
        await subscriber.hear()
        await follower.follow()
        assert subscriber.ids == await site.journals() and set(follower.ids) <= subscriber.ids

    shutil.copytree(folder, backup)
    async with running(folder) as site:
        subscriber.site = follower.site = site
        await site.register(2)
        await told_once(lambda: _has(subscriber, site))
        assert (await follower.follow()).is_success
        revoked = await site.journals()
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)  # What was registered since is gone, though both have heard of it.
    async with running(folder) as site:
        subscriber.site = follower.site = site
        ran = await asyncio.to_thread(CliRunner().invoke, commands.app, ["access", "anew", "--folder", str(folder)])
        assert ran.exit_code == 0 and "liaoning-21" in ran.output, ran.output
        await site.register(3)
        refused = await follower.follow()
        assert refused.status_code == 409 and "since=" in refused.text
        assert (await follower.follow(since=str(DAY))).is_success
        await subscriber.does_as_it_is_told()
        kept = await site.journals()
        assert kept <= subscriber.ids and kept >= set(follower.ids[-1:])
        assert subscriber.ids - kept == revoked - kept != set(), "and it knows what is none any more"

        before, follower.ids = {*follower.ids}, []
        await site.register(4)
        async with site.harm() as js:
            await js.delete_stream(bus.OPEN)
            await told_once(lambda: _is_there(js))
        await site.register(5)
        assert (await follower.follow()).is_success, "the feed is read from the journal"
        assert len(follower.ids) == len({*follower.ids}) and not before & {*follower.ids}
        await subscriber.does_as_it_is_told()
        assert await site.journals() <= subscriber.ids and {*follower.ids} <= subscriber.ids

        await site.register(6)
        await subscriber.hear()
        assert await site.journals() <= subscriber.ids, "from now on it goes on as ever"

        await site.register(7)
        await site.register(8)
        async with site.harm() as js:
            config = (await js.stream_info(bus.OPEN)).config
            await js.update_stream(config.evolve(max_msgs=1))
            await js.update_stream(config)
            await told_once(lambda: _is_gone(js))
        await subscriber.does_as_it_is_told()
        assert await site.journals() <= subscriber.ids


async def _has(subscriber: Subscriber, site: Site) -> bool:
    await subscriber.hear()
    return subscriber.ids >= await site.journals()


async def _is_there(js: JetStreamContext) -> bool:
    try:
        return bool(await js.stream_info(bus.OPEN))
    except NotFoundError:
        return False


async def _is_gone(js: JetStreamContext) -> bool:
    return "liaoning-21" not in [info.name for info in await js.consumers_info(bus.OPEN)]
