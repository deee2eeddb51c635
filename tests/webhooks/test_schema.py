"""The migrations make the tables that the code has, on both databases."""

import asyncio

from services.webhooks.app import NAME
from shared import migrations


async def test_the_newest_migration_is_what_the_tables_are(database: str) -> None:
    await asyncio.to_thread(migrations.upgrade, NAME, database)
    await asyncio.to_thread(migrations.check, NAME, database)
