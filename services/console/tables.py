"""What the console keeps: sessions, what people keep for themselves, and what it read in the services' events."""

from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Column, Date, Index, Integer, MetaData, String, Table, Text


class Tables(NamedTuple):
    """The tables of this process. What was read in events can be read again at any time; what people keep cannot."""

    metadata: MetaData
    sessions: Table
    searches: Table
    imports: Table
    villages: Table
    marked: Table
    campaigns: Table
    units: Table
    packs: Table
    sums: Table
    changes: Table
    positions: Table

    @property
    def read(self) -> tuple[Table, ...]:
        """The tables made from events, with how far these were read. All are emptied before they are made anew."""
        return (
            self.villages, self.marked, self.campaigns, self.units, self.packs, self.sums, self.changes,
            self.positions,
        )  # fmt: skip


def _tables() -> Tables:
    metadata = MetaData()
    return Tables(metadata, *_kept(metadata), *_read(metadata))


def _kept(metadata: MetaData) -> tuple[Table, ...]:
    """What people keep."""
    # The id is the hash of the cookie's value, so that whoever reads the table cannot take over a session. `sealed` has
    # the tokens.
    sessions = Table(
        "sessions",
        metadata,
        Column("id", String(64), primary_key=True),
        Column("sealed", Text, nullable=False),
        Column("begun", BigInteger, nullable=False),
        Column("used", BigInteger, nullable=False),
        Index("ix_sessions_used", "used"),
    )
    # The owner is a hash as well, so that the table alone does not tell who looks for what.
    searches = Table(
        "searches",
        metadata,
        Column("owner", String(64), primary_key=True),
        Column("name", String(60), primary_key=True),
        Column("query", Text, nullable=False),
    )
    imports = Table(
        "imports",
        metadata,
        Column("id", String(80), primary_key=True),
        Column("owner", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("body", Text, nullable=False),
        Index("ix_imports_owner", "owner", "at"),
    )
    return sessions, searches, imports


def _read(metadata: MetaData) -> tuple[Table, ...]:
    """What events made."""
    villages = Table(
        "villages",
        metadata,
        Column("id", String(12), primary_key=True),
        Column("code", String(12), nullable=False),
        Column("name", String(200), nullable=False),
        Column("township", String(200), nullable=False),
        Column("pinyin", String(400), nullable=False),
        Column("stage", String(20), nullable=False),
        Column("unit", String(40), nullable=False),
        Column("body", Text, nullable=False),
        Index("ix_villages_unit", "unit", "code"),
        # A search by name or pinyin reads this index alone, which is a tenth of the table.
        Index("ix_villages_found", "code", "stage", "name", "township", "pinyin"),
    )
    marked = Table(
        "marked",
        metadata,
        Column("mark", String(160), primary_key=True),
        Column("code", String(12), primary_key=True),
    )
    campaigns = Table(
        "campaigns",
        metadata,
        Column("id", String(64), primary_key=True),
        Column("place", String(6), nullable=False),
        Column("opens", Date, nullable=False),
        Column("body", Text, nullable=False),
        Index("ix_campaigns_opens", "opens"),
    )
    units = Table(
        "units",
        metadata,
        Column("id", String(40), primary_key=True),
        Column("place", String(6), nullable=False),
        Column("name", String(200), nullable=False),
        Column("pinyin", String(400), nullable=False),
        Column("body", Text, nullable=False),
        Index("ix_units_place", "place", "id"),
    )
    packs = Table(
        "packs", metadata, Column("version", String(60), primary_key=True), Column("body", Text, nullable=False)
    )
    sums = Table(
        "sums",
        metadata,
        Column("place", String(9), primary_key=True),
        Column("measure", String(160), primary_key=True),
        Column("number", BigInteger, nullable=False),
    )
    changes = Table(
        "changes",
        metadata,
        Column("place", String(6), primary_key=True),
        Column("day", Date, primary_key=True),
        Column("stage", String(20), primary_key=True),
        Column("number", Integer, nullable=False),
    )
    positions = Table(
        "positions",
        metadata,
        Column("source", String(40), primary_key=True),
        Column("cursor", String(40), nullable=False),
        Column("day", String(10), nullable=False),
        Column("is_current", Integer, nullable=False),
    )
    return villages, marked, campaigns, units, packs, sums, changes, positions


TABLES: Final = _tables()
