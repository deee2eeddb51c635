"""The audit log, which the database refuses to alter."""

from alembic import op

from shared.migrations.common import keep_audit

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    keep_audit()


def downgrade() -> None:
    op.drop_table("audit")
