"""The names of villages and units, beside the ids of those whom a case concerns."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for table in ("codes", "units"):
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
