"""For each event that an endpoint has not taken: when its service told it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("held", sa.Column("told", sa.Double(), server_default="0", nullable=False))
    op.execute("UPDATE held SET told = since")  # It is not known of those that wait already; this is close.


def downgrade() -> None:
    op.drop_column("held", "told")
