"""Reading and writing accounts, sessions, failed attempts, and powers that were handed on."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Table, delete, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.accounts.model import Account, Attempts, Delegation, Session
from services.accounts.model.attempts import FORGOTTEN
from services.accounts.model.session import MOST, ended
from services.accounts.secret import digest
from services.accounts.tables import TABLES


async def accounts(conn: AsyncConnection) -> list[Account]:
    """All accounts, by name."""
    found = await conn.scalars(select(TABLES.accounts.c.body).order_by(TABLES.accounts.c.name))
    return [msgspec.json.decode(body, type=Account) for body in found]


async def named(conn: AsyncConnection, name: str) -> Account | None:
    """The account of this name."""
    return await _account(conn, TABLES.accounts.c.name == name)


async def known_as(conn: AsyncConnection, sub: str) -> Account | None:
    """The account of this pseudonym."""
    return await _account(conn, TABLES.accounts.c.sub == sub)


async def _account(conn: AsyncConnection, condition: Any) -> Account | None:
    body = await conn.scalar(select(TABLES.accounts.c.body).where(condition))
    return msgspec.json.decode(body, type=Account) if body else None


async def save(conn: AsyncConnection, account: Account) -> None:
    """Write an account, new or known."""
    await _put(conn, TABLES.accounts, "name", name=account.name, sub=account.sub, body=_encoded(account))


async def session(conn: AsyncConnection, id: str) -> Session | None:
    """The session with this id."""
    body = await conn.scalar(select(TABLES.sessions.c.body).where(TABLES.sessions.c.id == id))
    return msgspec.json.decode(body, type=Session) if body else None


async def keep(conn: AsyncConnection, one: Session) -> None:
    """Write a session, new or known."""
    await _put(conn, TABLES.sessions, "id", id=one.id, name=one.name, body=_encoded(one))


async def make_room(conn: AsyncConnection, name: str, now: datetime) -> None:
    """Remove the sessions of an account that are over, and, if the account has its most already, the oldest, so that
    another one can begin."""
    found = await conn.scalars(select(TABLES.sessions.c.body).where(TABLES.sessions.c.name == name))
    sessions = sorted((msgspec.json.decode(body, type=Session) for body in found), key=lambda one: one.used)
    live = [one for one in sessions if not ended(one, now)]
    for one in sessions:
        if one not in live[-(MOST - 1) :]:
            await end(conn, one.id)


async def end(conn: AsyncConnection, id: str) -> None:
    """End a session."""
    await conn.execute(delete(TABLES.sessions).where(TABLES.sessions.c.id == id))


async def end_all(conn: AsyncConnection, name: str) -> None:
    """End all sessions of an account."""
    await conn.execute(delete(TABLES.sessions).where(TABLES.sessions.c.name == name))


async def delegation(conn: AsyncConnection, id: str) -> Delegation | None:
    """What was handed on under this id."""
    return next(iter(await _delegations(conn, TABLES.delegations.c.id == id)), None)


async def delegations(conn: AsyncConnection, *names: str) -> list[Delegation]:
    """What these accounts have given or taken, or all that was handed on where none is named."""
    table = TABLES.delegations
    return await _delegations(conn, or_(table.c.giver.in_(names), table.c.taker.in_(names)) if names else true())


async def taken(conn: AsyncConnection, name: str, today: date) -> list[tuple[Account, Delegation]]:
    """The powers that others handed to an account and that hold on a day, each with the giver's account."""
    found = await _delegations(conn, TABLES.delegations.c.taker == name)
    givers = [(await named(conn, one.giver), one) for one in found if one.holds(today)]
    return [(giver, one) for giver, one in givers if giver]


async def _delegations(conn: AsyncConnection, condition: ColumnElement[bool]) -> list[Delegation]:
    table = TABLES.delegations
    found = await conn.scalars(select(table.c.body).where(condition).order_by(table.c.id))
    return [msgspec.json.decode(body, type=Delegation) for body in found]


async def hand_on(conn: AsyncConnection, one: Delegation) -> None:
    """Write what was handed on, new or known."""
    row = {"id": one.id, "giver": one.giver, "taker": one.taker, "body": _encoded(one)}
    await _put(conn, TABLES.delegations, "id", **row)


async def take_back(conn: AsyncConnection, id: str) -> None:
    """Remove what was handed on. The audit log keeps what it was."""
    await conn.execute(delete(TABLES.delegations).where(TABLES.delegations.c.id == id))


def attempts_key(name: str, address: str) -> str:
    """The key under which attempts are counted: this name, from this address."""
    return digest(f"{address} {name}")


async def attempts(conn: AsyncConnection, key: str) -> Attempts:
    """The failed attempts under a key."""
    table = TABLES.attempts
    row = (await conn.execute(select(table).where(table.c.key == key))).first()
    return Attempts(row.failures, datetime.fromtimestamp(row.last, UTC)) if row else Attempts()


async def note_attempts(conn: AsyncConnection, key: str, counted: Attempts, now: datetime) -> None:
    """Write the count under a key, and forget old ones."""
    table = TABLES.attempts
    await conn.execute(delete(table).where(table.c.last < int((now - FORGOTTEN).timestamp())))
    assert counted.last
    await _put(conn, table, "key", key=key, failures=counted.failures, last=int(counted.last.timestamp()))


async def forgive(conn: AsyncConnection, key: str) -> None:
    """Forget the failed attempts under a key."""
    await conn.execute(delete(TABLES.attempts).where(TABLES.attempts.c.key == key))


def _encoded(thing: msgspec.Struct) -> str:
    return msgspec.json.encode(thing).decode()


async def _put(conn: AsyncConnection, table: Table, by: str, /, **row: Any) -> None:
    changed = await conn.execute(update(table).where(table.c[by] == row[by]).values(**row))
    if not changed.rowcount:
        await conn.execute(insert(table).values(**row))
