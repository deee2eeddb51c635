"""An upgrade that rolls: services are given the new code one by one, beside others that still run the old one.

The old code is the last of the day before, taken from the history; `ZHUCUN_UPGRADE_FROM` names another commit or tag. A
county is played three times under the old pack: by the old services, by the new ones, and by old ones whose databases
are migrated under them and that are replaced while the story goes on. Where old and new services end alike, the rolling
upgrade must end so too; and nothing is lost, told twice or parked in any case.

Both versions run in one environment, so they must need the same libraries. Officers answer as the new version asks:
where a form got a field meanwhile that its old service does not know, name a later commit.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tomllib
from collections.abc import Collection
from contextlib import closing
from datetime import date
from io import BytesIO
from pathlib import Path
from signal import SIGTERM
from typing import Any, Final

import psutil
import pytest
from alembic import command

from deploy.demo.play import Result, play
from deploy.demo.regions.benxi import story
from deploy.local.supervisor import READY_WITHIN, SERVICES, System
from deploy.operations.subscriber import Difference, Subscriber, compare, journals
from shared import migrations
from shared.policy import parse_pack
from tests.faults.trial import AfterDay

ROOT: Final = Path(__file__).parents[2]
VILLAGES, UNTIL, SEED = 2, date(2015, 2, 10), 7
MIGRATED: Final = date(2014, 7, 15)
"""The day after which all databases get the new schemas."""
_DAYS: Final = (date(2014, 8, 15), date(2014, 10, 1), date(2014, 12, 1), date(2015, 1, 10))
DAYS: Final = dict(zip(SERVICES, _DAYS, strict=True))
"""The day after which each service is replaced; the next one begins at once."""


class Rolling(System):
    """A system whose services run the code of another tree until each is upgraded."""

    def __init__(self, root: Path, before: Path, upgraded: Collection[str] = ()) -> None:
        # Where nobody is asked who he is, versions differ in how a process is told so.
        super().__init__(root, accounts=True)
        self.before, self.upgraded = before, [*upgraded]

    def environment(self, name: str) -> dict[str, str]:
        old = name in self.services and name not in self.upgraded
        return {**super().environment(name), "PYTHONPATH": str(self.before if old else ROOT)}

    def upgrade(self, name: str) -> None:
        """Stop a service in order; it is started again with the new code, and migrates its database first."""
        self.upgraded.append(name)
        self.kill(name, SIGTERM)

    def tree(self, name: str) -> str:
        """The tree of the code that a service runs."""
        return str(psutil.Process(self.pid(name)).environ()["PYTHONPATH"])


def git(*words: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True).stdout


def earlier() -> str:
    """The commit of the old code. Skips where there is no history, as in an unpacked archive or a shallow clone."""
    if named := os.environ.get("ZHUCUN_UPGRADE_FROM"):
        return named
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("there is no history here, so no older version to upgrade from")
    day = git("log", "-1", "--format=%cs").decode().strip()
    found = git("rev-list", "-1", f"--before={day}T00:00:00Z", "HEAD").decode().strip()
    if not found:
        pytest.skip(f"the history here begins on {day}, so there is no older version to upgrade from")
    return found


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of the old code."""
    tree = tmp_path_factory.mktemp("before")
    with tarfile.open(fileobj=BytesIO(git("archive", earlier(), "services", "shared", "pyproject.toml"))) as archive:
        archive.extractall(tree)
    return tree


@pytest.fixture(autouse=True)
def _under_the_old_pack(before: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version's pack may say what old services do not know; it is adopted after the upgrade."""
    pack: dict[str, Any] = tomllib.loads((before / "shared/policy/packs/benxi.toml").read_text("utf-8"))
    policy = parse_pack(pack)
    for owner, name, value in ((story, "PACK", pack), (story, "POLICY", policy), (story.Benxi, "policy", policy)):
        monkeypatch.setattr(owner, name, value)


async def played(system: Rolling, after: AfterDay | None = None) -> tuple[Result, Difference]:
    """How the story ended, and whether a subscriber heard all of it once."""
    async with system:
        await system.ready(READY_WITHIN)
        async with Subscriber(system) as subscriber:
            result = await play(system, seed=SEED, villages=VILLAGES, until=UNTIL, quiet=True, after=after)
            await subscriber.come_to_the_end()
            return result, compare(await journals(system), subscriber.heard)


def faults(result: Result, heard: Difference) -> list[Any]:
    return [result.dead_letters, *heard[1:]]


def tables(result: Result) -> dict[tuple[str, str], str]:
    """The digests of what the services keep, by service and table."""
    return {(service, table): digest for service, found in result.digests.items() for table, digest in found.items()}


async def test_services_that_are_upgraded_one_by_one_lose_nothing_and_end_as_both_versions_do(
    before: Path, tmp_path: Path
) -> None:
    old, _ = await played(Rolling(tmp_path / "old", before))
    new, _ = await played(Rolling(tmp_path / "new", before, upgraded=SERVICES))
    rolling, ran = Rolling(tmp_path / "rolling", before), dict[str, str]()

    async def upgrade(day: date) -> None:
        if day >= MIGRATED and not ran:  # All schemas first, as the composed system does.
            for name in SERVICES:
                ran[name] = rolling.tree(name)
                database = rolling.environment(name)["ZHUCUN_DATABASE"]
                await asyncio.to_thread(migrations.upgrade, name, database)
        for name in [name for name, since in DAYS.items() if since <= day and name not in rolling.upgraded]:
            rolling.upgrade(name)

    ended, heard = await played(rolling, upgrade)
    assert ran == dict.fromkeys(SERVICES, str(before)), "each ran the old code until it was replaced"
    assert not any(faults(ended, heard)), (ended.dead_letters, str(heard))
    was, now, here = tables(old), tables(new), tables(ended)
    alike = {table for table, digest in now.items() if was.get(table) == digest}
    assert {service for service, _ in alike} == {*SERVICES}
    assert {table: here[table] for table in alike} == {table: now[table] for table in alike}
    if (old.figures, old.ways) == (new.figures, new.ways):
        assert (ended.figures, ended.ways) == (new.figures, new.ways)


@pytest.mark.parametrize("service", SERVICES)
def test_what_old_code_reads_and_writes_is_there_after_the_migrations(
    service: str, before: Path, tmp_path: Path
) -> None:
    """The schemas of all four are migrated before the first is replaced, so no column may go, and a new one needs a
    default. The processes beside them migrate their own as they start."""
    database = f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3"
    names = sorted((before / f"services/{service}/migrations").glob("[0-9]*.py"))
    migrations._with_config(service, database, lambda config: command.upgrade(config, names[-1].name.partition("_")[0]))
    was = columns(tmp_path / "service.sqlite3")
    migrations.upgrade(service, database)
    now = columns(tmp_path / "service.sqlite3")
    gone = {(table, name) for table, found in was.items() for name in found} - {
        (table, name) for table, found in now.items() for name in found
    }
    needed = {
        (table, name) for table in was for name, needs in now.get(table, {}).items() if needs and name not in was[table]
    }
    assert not gone and not needed


def columns(database: Path) -> dict[str, dict[str, bool]]:
    """By table and column: whether a row needs to say it."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("""
            SELECT t.name, c.name, c."notnull" AND c.dflt_value IS NULL
            FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'
        """)
        tables: dict[str, dict[str, bool]] = {}
        for table, name, needs in found:
            tables.setdefault(table, {})[name] = bool(needs)
    return tables
