"""What the accounts keep: accounts with their roles, sessions, failed attempts, powers handed on, and the audit log."""

from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from shared.engine.audit import audit_table


class Tables(NamedTuple):
    """The tables of this service. It handles no villages and no events. So of the tables that other services share, it
    has only the audit log."""

    metadata: MetaData
    accounts: Table
    sessions: Table
    attempts: Table
    delegations: Table
    audit: Table


def _tables() -> Tables:
    metadata = MetaData()
    accounts = Table(
        "accounts",
        metadata,
        Column("name", String(32), primary_key=True),
        Column("sub", String(40), nullable=False, unique=True),
        Column("body", Text, nullable=False),
    )
    sessions = Table(
        "sessions",
        metadata,
        Column("id", String(40), primary_key=True),
        Column("name", String(32), nullable=False),
        Column("body", Text, nullable=False),
        Index("ix_sessions_name", "name"),
    )
    # The key is the hash of name and address, so that nothing that a stranger typed is stored.
    attempts = Table(
        "attempts",
        metadata,
        Column("key", String(64), primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("last", BigInteger, nullable=False),
        Index("ix_attempts_last", "last"),
    )
    delegations = Table(
        "delegations",
        metadata,
        Column("id", String(40), primary_key=True),
        Column("giver", String(32), nullable=False),
        Column("taker", String(32), nullable=False),
        Column("body", Text, nullable=False),
        Index("ix_delegations_giver", "giver"),
        Index("ix_delegations_taker", "taker"),
    )
    return Tables(metadata, accounts, sessions, attempts, delegations, audit_table(metadata))


TABLES: Final = _tables()
