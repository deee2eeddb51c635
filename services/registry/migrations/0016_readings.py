"""An index of the persons whom the entries of the audit log are about."""

from alembic import op

from shared.migrations.common import keep_readings

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    keep_readings()


def downgrade() -> None:
    op.drop_table("readings")
