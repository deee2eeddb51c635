"""Imports what an installation runs, so that the image has its bytecode: in a read-only image none is written later."""

from importlib import import_module

from deploy.local.supervisor import SERVICES

PARTS = (
    *(f"services.{service}.app" for service in SERVICES), "deploy.cli.commands", "deploy.init.__main__",
    "deploy.operations.doctor", "deploy.operations.recovery", "deploy.operations.selftest", "deploy.demo.play",
    "alembic.command", "sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy.dialects.sqlite.aiosqlite",
    "uvicorn.protocols.http.httptools_impl", "openpyxl", "xlsxwriter",
)  # fmt: skip
"""What is imported at a start, and what is first imported when it is needed."""

if __name__ == "__main__":
    for part in PARTS:
        import_module(part)
