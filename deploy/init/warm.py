"""Imports everything that an installation runs while the image is built, so that the image contains the bytecode.

A running container is read-only and cannot write bytecode later.
"""

from importlib import import_module

from deploy.local.supervisor import SERVICES

PARTS = (
    *(f"services.{service}.app" for service in SERVICES), "services.accounts.app", "services.webhooks.app",
    "services.console.app",
    "deploy.cli.commands",
    "deploy.init.__main__",
    "deploy.operations.doctor", "deploy.operations.recovery", "deploy.operations.selftest", "deploy.demo.play",
    "alembic.command", "sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy.dialects.sqlite.aiosqlite",
    "uvicorn.protocols.http.httptools_impl", "shared.workbook.reading", "shared.workbook.writing",
)  # fmt: skip
"""The modules that are imported at a start, and those that are imported only when they are needed."""

if __name__ == "__main__":
    for part in PARTS:
        import_module(part)
