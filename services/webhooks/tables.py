"""What the webhooks keep: endpoints, how far each has come in each journal, events it has not taken, the audit log."""

from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from shared.engine.audit import audit_table


class Tables(NamedTuple):
    """The tables of this process. It has no journey and no events of its own."""

    metadata: MetaData
    endpoints: Table
    positions: Table
    held: Table
    audit: Table


def _tables() -> Tables:
    metadata = MetaData()
    endpoints = Table(
        "endpoints", metadata, Column("id", String(32), primary_key=True), Column("body", Text, nullable=False)
    )
    positions = Table(
        "positions",
        metadata,
        Column("endpoint", String(32), primary_key=True),
        Column("source", String(40), primary_key=True),
        Column("cursor", String(40), nullable=False),
        Column("day", String(10), nullable=False),
    )
    held = Table(
        "held",
        metadata,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("endpoint", String(32), nullable=False),
        Column("source", String(40), nullable=False),
        Column("cursor", String(40), nullable=False),
        Column("id", String(36), nullable=False),
        Column("subject", String(120), nullable=False),
        Column("type", String(80), nullable=False),
        Column("day", String(10), nullable=False),
        Column("since", Double, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next", Double),
        Column("error", Text, nullable=False),
        Column("zh", Text, nullable=False, server_default=""),
        Column("told", Double, nullable=False, server_default="0"),
        UniqueConstraint("endpoint", "source", "id", name="uq_held_event"),
        Index("ix_held_queue", "endpoint", "subject", "number"),
    )
    return Tables(metadata, endpoints, positions, held, audit_table(metadata))


TABLES: Final = _tables()
