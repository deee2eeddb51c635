"""Which persons the entries of the audit log are about."""

from alembic import op

from shared.migrations.common import keep_readings

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    keep_readings()


def downgrade() -> None:
    op.drop_table("readings")
