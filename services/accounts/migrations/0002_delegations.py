"""Powers that one account has handed to another for a time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("giver", sa.String(length=32), nullable=False),
        sa.Column("taker", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delegations_giver", "delegations", ["giver"], unique=False)
    op.create_index("ix_delegations_taker", "delegations", ["taker"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_delegations_taker", "delegations")
    op.drop_index("ix_delegations_giver", "delegations")
    op.drop_table("delegations")
