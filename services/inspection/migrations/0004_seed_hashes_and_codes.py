"""Hashes of seed shares that were published once."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "seed_hashes",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("awaits", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("ix_seed_hashes_due", "seed_hashes", ["due"])
    op.create_index("ix_seed_hashes_place", "seed_hashes", ["place", "status"])


def downgrade() -> None:
    op.drop_table("seed_hashes")
