"""The tables that every service has: states, inbox, outbox, positions, requests, dead letters, policies,
audit, people, readings.

A service owns its database. All tables of states have the same columns: the state as JSON, which only the rules read,
and beside it what lists and timers are searched by.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from shared.engine.audit import audit_table, readings_table
from shared.engine.people import people_table
from shared.rules import LONGEST_ID, State


class Tables(NamedTuple):
    """One service's tables."""

    metadata: MetaData
    states: Mapping[type[State], Table]
    inbox: Table
    outbox: Table
    positions: Table
    requests: Table
    dead_letters: Table
    policies: Table
    audit: Table
    people: Table
    readings: Table


def service_tables(kinds: Iterable[type[State]]) -> Tables:
    """The tables of a service that keeps these kinds of state."""
    metadata = MetaData()
    states = {kind: _states(metadata, kind.kind) for kind in kinds}
    # The inbox keeps the id of every message for ever, since the stream may deliver it again at any time.
    inbox = Table("inbox", metadata, Column("id", LargeBinary(16), primary_key=True), sqlite_with_rowid=False)
    # By name: how far each stream was read (`ZHUCUN`), how far the outbox was published, the current business day
    # (`today`), the share of this replica, and the like.
    positions = Table(
        "positions",
        metadata,
        Column("name", String(40), primary_key=True),
        Column("value", BigInteger, nullable=False),
    )
    requests = Table(
        "requests",
        metadata,
        Column("key", String(200), primary_key=True),
        Column("fingerprint", LargeBinary(32), nullable=False),
        Column("response", Text, nullable=False),
    )
    policies = Table(
        "policies",
        metadata,
        Column("version", String(80), primary_key=True),
        Column("body", Text, nullable=False),
    )
    return Tables(
        metadata, states, inbox, _outbox(metadata), positions, requests, _dead_letters(metadata), policies,
        audit_table(metadata), people_table(metadata), readings_table(metadata),
    )  # fmt: skip


def _states(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("id", String(LONGEST_ID), primary_key=True),
        Column("place", String(6), nullable=False),
        Column("status", String(80), nullable=False),
        Column("due", Date),
        Column("awaits", Boolean, nullable=False),
        Column("body", Text, nullable=False),
        Index(f"ix_{name}_due", "due"),
        Index(f"ix_{name}_place", "place", "status"),
        # Half of each page stays free for updates. An update that changes no indexed column and fits on its page is
        # heap-only (HOT): it needs no index entry and no vacuum. The price is that all tables take twice the space.
        postgresql_with={"fillfactor": 50},
    )


def _outbox(metadata: MetaData) -> Table:
    """The outbox, which is also the service's journal: the one writer numbers rows without gaps and never deletes one.

    `batch` says in which atomic batch a row is published: it is the position of that batch's first row, and never
    changes.
    """
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
        Column("batch", BigInteger, nullable=False),
        Column("id", String(36), nullable=False),
        Column("sealed", Boolean, nullable=False),
        Column("subject", String(200), nullable=False),
        Column("about", String(LONGEST_ID), nullable=False),
        Column("type", String(80), nullable=False),
        Column("occurred_on", Date, nullable=False),
        Column("body", Text, nullable=False),
        Index("ix_outbox_about", "about"),
    )


def _dead_letters(metadata: MetaData) -> Table:
    """The dead letters. A discarded one stays, with the time and the reason, but nothing waits for it any more."""
    return Table(
        "dead_letters",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("stream", String(40), nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("subject", Text, nullable=False),
        Column("about", String(LONGEST_ID), nullable=False),
        Column("rule", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("discarded_at", DateTime(timezone=True)),
        Column("discarded_for", Text),
    )
