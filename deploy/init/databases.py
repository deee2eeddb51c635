"""Makes a role and a database for each service in PostgreSQL, and brings their schemas to this version.

The self-test has its own role and databases, which are empty except while it runs.

This is done at every start. So after another replica was added or a password was changed in the folder, a restart is
enough.
"""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import asyncpg

from deploy.access.users import SELFTEST
from deploy.init.folder import PASSWORDS
from deploy.local.errors import StartError
from deploy.local.supervisor import SERVICES
from deploy.operations.scratch import database as scratch_database
from shared import migrations
from shared.engine.shares import Share

HOST: Final = "postgres"
UP_WITHIN: Final = 120.0
"""Seconds that PostgreSQL may take to start; after a power cut it first recovers."""
_NOT_YET: Final = (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)


def prepare(folder: Path, replicas: int) -> None:
    """Make missing roles and databases, and upgrade all schemas. Raises StartError if PostgreSQL does not answer."""
    databases = {
        Share(number, replicas).named(service): service for service in SERVICES for number in range(1, replicas + 1)
    }
    lines = ((folder / PASSWORDS).read_text()).splitlines()
    passwords = {role: password for *_, role, password in (line.split(":") for line in lines)}
    scratch = {scratch_database(service): SELFTEST for service in SERVICES}
    asyncio.run(_make(passwords, {**databases, **scratch}))
    for name, service in databases.items():
        migrations.upgrade(service, f"postgresql+asyncpg://{service}:{passwords[service]}@{HOST}/{name}")
        print(f"{name} ✓", file=sys.stderr)


async def _make(passwords: Mapping[str, str], databases: Mapping[str, str]) -> None:
    connection = await _connect(passwords["postgres"])
    roles = await _names(connection, "select rolname from pg_roles")
    for role in (*SERVICES, SELFTEST):
        begin = "alter" if role in roles else "create"
        await connection.execute(f"{begin} role {role} login password '{passwords[role]}'")
    made = await _names(connection, "select datname from pg_database")
    for name, role in databases.items():
        if name not in made:
            await connection.execute(f'create database "{name}" owner {role}')
        await connection.execute(f'revoke all on database "{name}" from public')
    await connection.close()


async def _names(connection: asyncpg.Connection, query: str) -> Iterable[str]:
    return {row[0] for row in await connection.fetch(query)}


async def _connect(password: str) -> asyncpg.Connection:
    """Connect to PostgreSQL, waiting until it takes connections. Raises StartError after UP_WITHIN seconds."""
    until = time.monotonic() + UP_WITHIN
    while True:
        try:
            return await asyncpg.connect(host=HOST, user="postgres", password=password, database="postgres", timeout=5)
        except _NOT_YET as error:
            if time.monotonic() > until:
                raise StartError(
                    f"PostgreSQL（{HOST}）{UP_WITHIN:.0f} 秒内没有应答。请看它的日志："
                    f"docker compose logs {HOST}。\n"
                    f"PostgreSQL ({HOST}) does not answer within {UP_WITHIN:.0f} s ({error}). Read its log: "
                    f"docker compose logs {HOST}."
                ) from None
            await asyncio.sleep(0.5)
        except asyncpg.InvalidPasswordError:
            raise StartError(
                "PostgreSQL 不认“keys”卷中的密码：两个卷不是同一套安装的。请把它们恢复到同一份备份。\n"
                "PostgreSQL does not know the password in the volume of keys: the two volumes are not of one "
                "installation. Restore both from one backup."
            ) from None
