"""Who may say and hear what on NATS: the permissions, and what a real nats-server makes of them."""

import asyncio
import json
import re
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error
from nats.js.api import ConsumerConfig, DeliverPolicy
from typer.testing import CliRunner

from deploy.access import asking, grants, streams
from deploy.access.attempts import all_tried
from deploy.access.keys import make_keys, public_key, seed_file
from deploy.access.permissions import WIRED, below, published, subscriber
from deploy.access.users import DOMAIN, HARNESS, INSTALLER, TRIAL_USERS, USERS
from deploy.cli import commands
from deploy.local.errors import StartError
from deploy.local.supervisor import System
from shared.contracts import EVENTS, OPEN_ROOT, SEALED_ROOT
from shared.stream import bus
from tests.faults.cluster import Cluster
from tests.faults.injury import hold, resume


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject is one of those that a pattern of NATS means."""
    parts = (re.escape(token).replace(r"\*", "[^.]+").replace(">", ".+") for token in pattern.split("."))
    return re.fullmatch(r"\.".join(parts), subject) is not None


def may(user: str, subject: str, replicas: int = 1) -> bool:
    return any(matches(pattern, subject) for pattern in published(user, replicas))


@pytest.mark.parametrize("type", EVENTS)
def test_every_event_may_be_published_by_its_owner_alone(type: str) -> None:
    sealing = EVENTS[type].sealing
    owner = "registry" if type.startswith("calendar.") else type.partition(".")[0]
    for root, told in ((OPEN_ROOT, sealing != "always"), (SEALED_ROOT, sealing != "never")):
        subject = f"{root}.21.05.21.{type.rpartition('.')[0]}"
        assert {user for user in WIRED if may(user, subject)} == ({owner} if told else set())
        assert not any(may(user, subject) for user in ("system", "installer", "operator"))


def test_a_service_has_its_own_consumers_and_those_of_its_replicas_and_nobody_elses() -> None:
    for user in WIRED:
        for other in (*WIRED, "gz-52"):
            for what in ("CREATE", "DELETE", "INFO", "MSG.NEXT"):
                assert may(user, f"$JS.API.CONSUMER.{what}.{bus.OPEN}.{other}") == (user == other)
        assert may(user, f"$JS.ACK.{bus.OPEN}.{user}-2-of-2.1.1.1.1.1", 2)
        assert not may(user, f"$JS.ACK.{bus.OPEN}.{user}-2-of-3.1.1.1.1.1", 2)


def test_streams_are_the_installers_affair_and_nobody_may_empty_them() -> None:
    streams = [bus.OPEN, bus.SEALED, bus.CALENDAR]
    for user in USERS:
        assert all(may(user, f"$JS.API.STREAM.UPDATE.{stream}") == (user == "installer") for stream in streams)
        for what in ("PURGE", "DELETE", "MSG.DELETE", "RESTORE", "SNAPSHOT", "PEER.REMOVE", "LEADER.STEPDOWN"):
            assert not any(may(user, f"$JS.API.STREAM.{what}.{stream}") for stream in streams)


def test_a_subscriber_reads_below_its_divisions() -> None:
    assert [below(place) for place in ("52", "2105", "210521")] == [
        "zhucun.v1.52.>",
        "zhucun.v1.21.05.>",
        "zhucun.v1.21.05.21.>",
    ]
    rights = subscriber("gz", ["52"])
    assert not any(subject.startswith("$JS.API.") for subject in rights), "it is in an account of its own"
    assert not any(matches(right, f"zhucun.v1.52.01.02.{type}") for right in rights for type in EVENTS)


def test_who_answers_does_so_in_its_own_name_its_role_and_its_divisions_alone(tmp_path: Path) -> None:
    rights = subscriber("liaoning", ["21", "5201", "520102"], "province")
    said = [right for right in rights if right.startswith(bus.SAID)]
    assert said == [f"zhucun-said.v1.liaoning.province.{of}" for of in ("21.*.*", "52.01.*", "52.01.02")]
    assert not any(right.startswith(bus.SAID) for right in subscriber("liaoning", ["21"]))
    grants.install(tmp_path, USERS)
    grants.grant(tmp_path, "liaoning", ["21"], "province")
    assert grants.granted(tmp_path)["liaoning"].answers == "province"
    grants.rotate(tmp_path, "liaoning")
    assert grants.granted(tmp_path)["liaoning"].answers == "province", "a new key has the same rights"
    for role in ("operator", "provinces", "*", "province.>"):
        with pytest.raises(ValueError, match="角色"):
            grants.grant(tmp_path, "other", ["21"], role)


def test_keys_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    keys = make_keys(tmp_path / "keys", TRIAL_USERS)
    assert make_keys(tmp_path / "keys", TRIAL_USERS) == keys and len(set(keys.values())) == len(TRIAL_USERS)
    for user, key in keys.items():
        path = seed_file(tmp_path / "keys", user)
        assert public_key(path.read_bytes()) == key and re.fullmatch("U[A-Z2-7]{55}", key)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_granted_is_kept_and_no_name_or_division_is_taken_that_means_something_else(tmp_path: Path) -> None:
    grants.install(tmp_path, USERS)
    seed = grants.grant(tmp_path, "guizhou", ["52", "2105", "52"])
    found = grants.granted(tmp_path)["guizhou"]
    assert (found.places, found.key) == (("52", "2105"), public_key(seed.encode()))
    kept = (tmp_path / "grants.json").read_text()
    assert seed not in "".join(path.read_text() for path in tmp_path.iterdir()), "the seed is the subscriber's alone"
    for name in (
        "registry",
        "harness",
        "installer",
        "Gz",
        "gz-52",
        "g",
        "gz.52",
        "*",
        "x" * 40,
        "../gz",
        "registry-1-of",
    ):
        with pytest.raises(ValueError, match="名称"):
            grants.grant(tmp_path, name, ["52"])
    for place in (
        "",
        "5",
        "521",
        "00",
        "000000",
        "99",
        "16",
        "*",
        "52.01",
        "5201022",
        "210521902205",
        ">",
        "５２",
        "52\n",
    ):
        with pytest.raises(ValueError, match="区划"):
            grants.grant(tmp_path, "other", [place])
    grants.grant(tmp_path, "whole", ["520000", "5200", "210500", "210521"])
    assert grants.granted(tmp_path)["whole"].places == ("52", "2105", "210521"), "as officials write them"
    grants.revoke(tmp_path, "whole")
    for again in (lambda: grants.grant(tmp_path, "guizhou", ["52"]), lambda: grants.revoke(tmp_path, "nobody")):
        with pytest.raises(ValueError, match="guizhou"):
            again()
    assert (tmp_path / "grants.json").read_text() == kept
    grants.install(tmp_path, USERS)
    assert found.key in (tmp_path / "accounts.conf").read_text(), "a start forgets nobody"


@pytest.mark.parametrize("name", ["grants.json", "registry.nk"])
def test_a_broken_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    grants.install(tmp_path, USERS)
    (tmp_path / name).write_text("{")
    with pytest.raises(StartError, match=f"{name}.*删除"):
        grants.install(tmp_path, USERS)


# ------------------------------------------------------------ on a real server


async def seen(system: System) -> Mapping[str, Any]:
    """All that somebody could have changed: streams with their last message, and consumers with their filters."""
    broker = await bus.connect(system.nats_url, "test", system.key(HARNESS))
    js = broker.connection.jetstream()
    found: dict[str, Any] = {}
    for stream in (bus.OPEN, bus.SEALED, bus.CALENDAR):
        info = await js.stream_info(stream)
        found[stream] = (info.config, info.state.first_seq, info.state.last_seq)
        for consumer in await js.consumers_info(stream):
            found[f"{stream} {consumer.name}"] = (consumer.config.filter_subject, consumer.config.filter_subjects)
    await broker.stop()
    return found


ERASING = (
    {"Nats-Rollup": "all"},
    {"Nats-Rollup": "sub"},
    {"Nats-TTL": "1s"},
    {"Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "zhucun-sealed.v1.52.01.02.dispatch.cadre.recalled"},
)
"""Headers by which a message would take others away, or itself, or come again on another subject."""


async def erasing(system: System, headers: Mapping[str, str]) -> int:
    """The error with which the open stream answers a service's own event with such headers."""
    broker = await bus.connect(system.nats_url, "test", system.key("registry"))
    answer = await broker.connection.request(
        "zhucun.v1.52.01.02.registry.village.delisted", b"", timeout=5, headers=dict(headers)
    )
    await broker.stop()
    return int(json.loads(answer.data)["error"]["err_code"])


async def test_every_attempt_is_refused_with_every_kind_of_key_and_changes_nothing(tmp_path: Path) -> None:
    async with System(tmp_path) as system:
        await system.ready()
        before = await seen(system)
        found = await all_tried(system)
        refused = [await erasing(system, headers) for headers in ERASING]
        after = await seen(system)
        assert refused == [10111, 10111, 10166, 10188]
        assert [one for one in found if not one.refused] == [] and len(found) > 600
        assert {name: what for name, what in after.items() if name in before} == before
        assert {name: what[0] for name, what in after.items() if name not in before} == {
            f"{bus.OPEN} guizhou-52": "zhucun.v1.52.>",
            f"{bus.OPEN} benxi-2105": "zhucun.v1.21.05.>",
        }
        await system.ready(10)


async def command(*words: str) -> str:
    """What the command line says; it must succeed."""
    ran = await asyncio.to_thread(CliRunner().invoke, commands.app, ["access", *words])
    assert ran.exit_code == 0, f"{ran.output}{ran.exception}"
    return ran.output


@asynccontextmanager
async def subscribed(system: System, key: Path, name: str = "guizhou") -> AsyncIterator[Client]:
    client = await nats.connect(
        system.nats_url, nkeys_seed=str(key), inbox_prefix=f"_INBOX.{name}", allow_reconnect=False, error_cb=ignore
    )
    try:
        yield client
    finally:
        await client.close()


async def ignore(_error: Exception) -> None: ...


async def read(client: Client, count: int, config: ConsumerConfig | None = None) -> list[int]:
    """What a subscriber reads next, by the numbers of its messages, and acknowledges."""
    js = client.jetstream(domain=DOMAIN)
    pull = await js.pull_subscribe("zhucun.v1.52.>", durable="guizhou-52", stream=bus.OPEN, config=config)
    messages = await pull.fetch(count, timeout=20)
    for message in messages:
        await message.ack_sync()
    return [json.loads(message.data)["n"] for message in messages]


async def test_a_subscriber_resumes_where_it_stopped_begins_at_a_day_and_is_cut_off(tmp_path: Path) -> None:
    folder, key = tmp_path / "system", tmp_path / "guizhou.nk"
    async with System(folder, restart=False) as system:
        await system.ready()
        broker = await bus.connect(system.nats_url, "test", system.key(HARNESS))

        async def say(*numbers: int) -> None:
            for n in numbers:
                for place in ("52.01.02", "53.01.02"):
                    subject = f"zhucun.v1.{place}.inspection.visit.planned"  # Which no service hears.
                    await broker.connection.jetstream().publish(subject, json.dumps({"n": n}).encode())

        told = await command("grant", "guizhou", "--place", "52", "-o", str(key), "--folder", str(folder))
        assert "guizhou-52" in told and stat.S_IMODE(key.stat().st_mode) == 0o600
        await say(1, 2, 3)
        async with subscribed(system, key) as client:
            assert await read(client, 2) == [1, 2]
        later = datetime.now(UTC)
        await say(4)
        rows = (line.split("│") for line in (await command("list", "--folder", str(folder))).splitlines())
        assert "".join(row[3].strip() for row in rows if len(row) > 3).startswith("52: 待读 2")
        async with subscribed(system, key) as client:
            assert await read(client, 2) == [3, 4], "it goes on where it stopped"
            await client.jetstream(domain=DOMAIN).delete_consumer(bus.OPEN, "guizhou-52")
            since = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=later)
            assert await read(client, 1, since) == [4], "it begins at a date"

            old = key.rename(tmp_path / "old.nk")
            await command("rotate", "guizhou", "-o", str(key), "--folder", str(folder))
            await cut_off(client)
        with pytest.raises(Error, match="Authorization"):
            async with subscribed(system, old):
                pass
        await say(5)
        async with subscribed(system, key) as client:
            assert await read(client, 1) == [5]
            assert "guizhou" in await command("list", "--folder", str(folder))
            assert f"{bus.OPEN} guizhou-52" in await seen(system), "a new key goes on with what the old one read"
            await command("revoke", "guizhou", "--folder", str(folder))
            await cut_off(client)
        assert "guizhou" not in await command("list", "--folder", str(folder))
        assert f"{bus.OPEN} guizhou-52" not in await seen(system)

        await command(
            "grant", "liaoning", "--place", "21", "-o", str(tmp_path / "liaoning.nk"), "--folder", str(folder)
        )
        event = {"occurredon": "2015-06-01", "subject": "210521901201", "data": {"incidence": 0.1}}
        await broker.connection.jetstream().publish(
            "zhucun.v1.21.05.21.registry.village.delisted", json.dumps(event).encode()
        )
        assert await printed(in_readme("README.md"), system, tmp_path) == "2015-06-01 210521901201 0.1"
        assert in_readme("README.zh-CN.md") == in_readme("README.md")
        await broker.stop()
        await system.ready(10)


async def test_what_was_revoked_while_nothing_ran_ends_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "system"
    options = "--folder", str(folder)
    async with System(folder, restart=False) as system:
        await system.ready()
        for name in ("guizhou", "yunnan"):
            await command("grant", name, "--place", "52", "-o", str(tmp_path / f"{name}.nk"), *options)
            async with subscribed(system, tmp_path / f"{name}.nk", name) as client:
                await client.jetstream(domain=DOMAIN).pull_subscribe(
                    "zhucun.v1.52.>", durable=f"{name}-52", stream=bus.OPEN
                )
    assert "下次启动" in await command("revoke", "guizhou", *options)
    async with System(folder, restart=False) as system:
        await system.ready()
        found = await seen(system)
        assert f"{bus.OPEN} yunnan-52" in found and f"{bus.OPEN} guizhou-52" not in found
        assert {f"{bus.OPEN} {service}" for service in WIRED} <= found.keys(), "services keep theirs"


async def test_subscribers_are_admitted_while_the_streams_cannot_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server under load answers the one late; the other would be told that nobody is there."""
    folder, key, failed = tmp_path / "system", tmp_path / "guizhou.nk", asyncio.Event()

    async def late(*_args: Any) -> list[str]:
        failed.set()
        raise nats.errors.TimeoutError

    monkeypatch.setattr(streams, "LOOK", 0.1)
    monkeypatch.setattr(streams, "RETRY", 60)  # So that it still waits when the subscriber comes.
    async with System(folder, restart=False) as system:
        await system.ready()
        await command("grant", "guizhou", "--place", "52", "-o", str(key), "--folder", str(folder))
        monkeypatch.setattr(bus, "declare_streams", late)
        await failed.wait()
        async with subscribed(system, key) as client:
            await client.jetstream(domain=DOMAIN).pull_subscribe(
                "zhucun.v1.52.>", durable="guizhou-52", stream=bus.OPEN
            )


async def test_in_a_cluster_every_server_takes_up_what_was_granted_and_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, key, made = tmp_path / "keys", tmp_path / "guizhou.nk", asyncio.Event()
    async with Cluster(tmp_path / "cluster", keys) as cluster, asyncio.TaskGroup() as beside:
        monkeypatch.setenv("ZHUCUN_NATS", cluster.url)
        monkeypatch.setenv("ZHUCUN_KEYS", str(keys))
        keeper = beside.create_task(streams.keep(cluster.url, seed_file(keys, INSTALLER), None, 3, print, made))
        await made.wait()
        await command("grant", "guizhou", "--place", "52", "-o", str(key))
        clients = [
            await nats.connect(
                url, nkeys_seed=str(key), inbox_prefix="_INBOX.guizhou", allow_reconnect=False, error_cb=ignore
            )
            for url in cluster.url.split(",")
        ]
        for client in clients:
            await client.jetstream(domain=DOMAIN).pull_subscribe(
                "zhucun.v1.52.>", durable="guizhou-52", stream=bus.OPEN
            )
        await command("revoke", "guizhou")
        for client in clients:
            await cut_off(client)
        async with asking.connected(cluster.url, seed_file(keys, HARNESS)) as harness:
            assert await harness.jetstream().consumers_info(bus.OPEN) == []

        late = hold([cluster.pid("a")])
        asyncio.get_running_loop().call_later(5, resume, late)
        assert "各 nats-server 生效" in await command("reload"), "who answers late is asked again, by another server"
        await cluster.agreed()
        cluster.kill("c")
        ran = await asyncio.to_thread(
            CliRunner().invoke,
            commands.app,
            ["access", "grant", "yunnan", "--place", "53", "-o", str(tmp_path / "yn.nk")],
        )
        assert ran.exit_code and "zhucun access reload" in str(ran.exception), "who is away has not taken it up"
        cluster.start("c")
        await cluster.agreed()
        await command("reload")
        keeper.cancel()


async def test_a_subscriber_waits_on_while_another_is_granted_access(tmp_path: Path) -> None:
    folder = tmp_path / "system"
    async with System(folder, restart=False) as system:
        await system.ready()
        await command("grant", "guizhou", "--place", "52", "-o", str(tmp_path / "gz.nk"), "--folder", str(folder))
        async with subscribed(system, tmp_path / "gz.nk") as client:
            waiting = asyncio.create_task(read(client, 1))
            await asyncio.sleep(0.5)
            await command("grant", "yunnan", "--place", "53", "-o", str(tmp_path / "yn.nk"), "--folder", str(folder))
            await command("revoke", "yunnan", "--folder", str(folder))
            async with asking.connected(system.nats_url, system.key(HARNESS)) as harness:
                await harness.jetstream().publish("zhucun.v1.52.01.02.inspection.visit.planned", b'{"n": 1}')
            assert await waiting == [1] and client.is_connected


def in_readme(name: str) -> str:
    """The lines with which a subscriber begins, without their comments."""
    text = (Path(__file__).parents[2] / name).read_text("utf-8")
    return re.sub(r"  #.*", "", text.partition("```python\n")[2].partition("```")[0])


async def printed(code: str, system: System, folder: Path) -> str:
    """The first line that a subscriber prints."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code.replace("nats://127.0.0.1:4222", system.nats_url),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert running.stdout
        return (await asyncio.wait_for(running.stdout.readline(), 20)).decode().strip()
    finally:
        running.kill()
        await running.wait()


async def cut_off(client: Client) -> None:
    """Wait until the server has ended a connection."""
    async with asyncio.timeout(20):
        while client.is_connected:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_streams_of_a_folder_that_knew_no_accounts_are_taken_along(tmp_path: Path) -> None:
    before = System(tmp_path).folder.nats / "jetstream" / "$G" / "streams"
    async with System(tmp_path) as system:
        await system.ready()
        broker = await bus.connect(system.nats_url, "test", system.key(HARNESS))
        await broker.connection.jetstream().publish("zhucun.v1.52.01.02.inspection.visit.planned", b"1")
        kept = (await seen(system))[bus.OPEN]
        await broker.stop()
    before.parent.parent.joinpath("ZHUCUN").rename(before.parent)
    async with System(tmp_path) as system:
        await system.ready()
        assert (await seen(system))[bus.OPEN] == kept
