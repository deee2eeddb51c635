"""The first schema. The database refuses to alter or remove entries of the audit log."""

import sqlalchemy as sa
from alembic import op

from shared.migrations.common import keep_audit

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("sub", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("sub"),
    )
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_attempts_last", "attempts", ["last"], unique=False)
    keep_audit()
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sessions_name", "sessions", ["name"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_sessions_name", "sessions")
    op.drop_table("sessions")
    op.drop_table("audit")
    op.drop_index("ix_attempts_last", "attempts")
    op.drop_table("attempts")
    op.drop_table("accounts")
