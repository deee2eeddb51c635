"""What the console keeps: sessions of those who signed in, and what it read in the events of the services."""

from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text


class Tables(NamedTuple):
    """The tables of this process. What was read in events can be read again at any time; sessions cannot."""

    metadata: MetaData
    sessions: Table


def _tables() -> Tables:
    metadata = MetaData()
    # By the hash of the cookie's value, so that whoever reads the table is nobody's session. `sealed` has the tokens.
    sessions = Table(
        "sessions",
        metadata,
        Column("id", String(64), primary_key=True),
        Column("sealed", Text, nullable=False),
        Column("begun", BigInteger, nullable=False),
        Column("used", BigInteger, nullable=False),
        Index("ix_sessions_used", "used"),
    )
    return Tables(metadata, sessions)


TABLES: Final = _tables()
