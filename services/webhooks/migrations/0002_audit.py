"""The audit log, which the database refuses to alter, and reasons in Chinese."""

import sqlalchemy as sa
from alembic import op

from shared.migrations.common import keep_audit

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    keep_audit()
    op.add_column("held", sa.Column("zh", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("held", "zh")
    op.drop_table("audit")
