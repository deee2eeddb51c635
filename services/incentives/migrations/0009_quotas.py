"""How many rewards of a kind were given for a year."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "quotas",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=80), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("awaits", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": 50},
    )
    with op.batch_alter_table("quotas", schema=None) as batch_op:
        batch_op.create_index("ix_quotas_due", ["due"], unique=False)
        batch_op.create_index("ix_quotas_place", ["place", "status"], unique=False)
