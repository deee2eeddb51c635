"""Who stands behind the pseudonyms of events and of the audit log, for those who may know.

Pseudonyms are made with a key, and nobody can compute the person from them. So whoever acts is noted in this table. It
is apart from the journal and the log, which cannot be shortened: its rows are removed some time after somebody last
acted, if packs say so (`endings.py`).
"""

import asyncio
from datetime import date, datetime
from typing import Final

import msgspec
from sqlalchemy import Column, Date, MetaData, String, Table, Text, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.calendar import CHINA

REMEMBERED: Final = 10_000
"""How many noted people are remembered, so that they are not written again with each request."""


class Person(msgspec.Struct, frozen=True):
    """Somebody as the issuer of his tokens knows him."""

    pseudonym: str
    issuer: str
    """The address of the issuer."""
    subject: str
    """The token's `sub`, by which the issuer finds the person."""
    name: str = ""
    """The person's name, if tokens tell it; empty where only the issuer knows it."""


def people_table(metadata: MetaData) -> Table:
    """The table of people in a service's own database."""
    return Table(
        "people",
        metadata,
        Column("pseudonym", String(80), primary_key=True),
        Column("issuer", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("seen", Date, nullable=False),
    )


class People:
    """The people who have acted at one service, and those by whose powers they did. `lock` is that of its database's
    one writer."""

    def __init__(self, engine: AsyncEngine, table: Table, lock: asyncio.Lock) -> None:
        self._engine, self._table, self._lock = engine, table, lock
        self._noted: dict[Person, date] = {}

    async def note(self, person: Person) -> None:
        """Keep who somebody is. It is in the database when this returns. Raises the database's error if it is not.

        A known name stays if the person is only mentioned without it, for example by the token of a colleague.
        """
        seen = datetime.now(CHINA).date()
        if self._noted.get(person) == seen:
            return
        table = self._table
        async with self._lock, self._engine.begin() as conn:
            mine = table.c.pseudonym == person.pseudonym
            if person.name or (await conn.execute(select(table).where(mine))).first() is None:
                await conn.execute(delete(table).where(mine))
                await conn.execute(insert(table).values(**msgspec.structs.asdict(person), seen=seen))
            else:
                await conn.execute(update(table).where(mine).values(seen=seen))
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[person] = seen

    async def find(self, pseudonym: str) -> Person | None:
        """Who stands behind a pseudonym; None if nobody with it has acted here, or if that is no longer kept."""
        table = self._table
        async with self._engine.connect() as conn:
            found = await conn.execute(select(table).where(table.c.pseudonym == pseudonym))
            row = found.mappings().first()
        return Person(**{name: row[name] for name in Person.__struct_fields__}) if row else None
