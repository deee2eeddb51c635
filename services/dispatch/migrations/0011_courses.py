"""Courses, and rosters of who is in a village and what they owe."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for table in ("courses", "rosters"):
        op.create_table(
            table,
            sa.Column("id", sa.String(length=120), nullable=False),
            sa.Column("place", sa.String(length=6), nullable=False),
            sa.Column("status", sa.String(length=80), nullable=False),
            sa.Column("due", sa.Date(), nullable=True),
            sa.Column("awaits", sa.Boolean(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
            postgresql_with={"fillfactor": 50},
        )
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(f"ix_{table}_due", ["due"], unique=False)
            batch_op.create_index(f"ix_{table}_place", ["place", "status"], unique=False)
