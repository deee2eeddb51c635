"""Changes of the tables that every service has, for the migrations of each."""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.calendar import CHINA
from shared.engine.audit import NAME, READINGS, TELLS, UNALTERABLE


def make_room(states: Iterable[str]) -> None:
    """Let ids have 120 characters and statuses 80 in tables of states, and let dead letters be discarded."""
    for table in states:
        with op.batch_alter_table(table) as change:
            change.alter_column("id", type_=sa.String(120), existing_type=sa.String(80), existing_nullable=False)
            change.alter_column("status", type_=sa.String(80), existing_type=sa.String(40), existing_nullable=False)
    with op.batch_alter_table("outbox") as change:
        change.alter_column("about", type_=sa.String(120), existing_type=sa.String(80), existing_nullable=False)
    with op.batch_alter_table("dead_letters") as change:
        change.alter_column("about", type_=sa.String(120), existing_type=sa.String(80), existing_nullable=False)
        change.alter_column("subject", type_=sa.Text(), existing_type=sa.String(200), existing_nullable=False)
        change.add_column(sa.Column("discarded_at", sa.DateTime(timezone=True)))
        change.add_column(sa.Column("discarded_for", sa.Text()))


def rewrite_states(table: str, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Rewrite every state of a table as a later version writes it. The rows are locked: a process of the version before
    must wait with its changes, which then are not overwritten."""
    connection = op.get_bind()
    kept = sa.table(table, sa.column("id", sa.String), sa.column("body", sa.Text), sa.column("due", sa.Date))
    for id, body in connection.execute(sa.select(kept.c.id, kept.c.body).with_for_update()).all():
        state = changed(json.loads(body))
        text = json.dumps(state, separators=(",", ":"), ensure_ascii=False)
        due = min(map(date.fromisoformat, state.get("timers", {}).values()), default=None)
        connection.execute(sa.update(kept).where(kept.c.id == id).values(body=text, due=due))


def keep_people() -> None:
    """Add the table of who stands behind the pseudonyms."""
    op.create_table(
        "people",
        sa.Column("pseudonym", sa.String(length=80), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym"),
    )


def let_end() -> None:
    """Add the day on which somebody was last seen, and an index by which the oldest readings are found.

    For people who are known already it is today. Today also stays the default, since a process of the version before
    may note people until it is replaced.
    """
    today = sa.text(f"'{datetime.now(CHINA).date()}'")
    with op.batch_alter_table("people") as change:
        change.add_column(sa.Column("seen", sa.Date(), nullable=False, server_default=today))
    op.create_index(f"ix_{READINGS}_number", READINGS, ["number"])


def keep_for_ever() -> None:
    """Undo `let_end`."""
    op.drop_index(f"ix_{READINGS}_number", READINGS)
    with op.batch_alter_table("people") as change:
        change.drop_column("seen")


def keep_audit() -> None:
    """Add the audit log, which the database refuses to alter from then on."""
    op.create_table(
        NAME,
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("organ", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=80), nullable=False),
        sa.Column("deed", sa.String(length=200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    for statement in UNALTERABLE[op.get_bind().dialect.name]:
        op.execute(statement)


def keep_readings() -> None:
    """Add the table of whom the entries of the audit log tell, and fill it for the existing entries."""
    table = op.create_table(
        READINGS,
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("subject", "number"),
    )
    log = sa.table(NAME, sa.column("number", sa.BigInteger), sa.column("deed", sa.Text), sa.column("about", sa.Text))
    is_reading = log.c.deed.like("GET %") & log.c.about.contains(TELLS)
    for number, about in op.get_bind().execute(sa.select(log.c.number, log.c.about).where(is_reading)).all():
        subjects = dict.fromkeys(about.rpartition(TELLS)[2].split())
        op.bulk_insert(table, [{"subject": subject, "number": number} for subject in subjects if "/" in subject])
