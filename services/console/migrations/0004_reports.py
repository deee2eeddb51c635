"""How often something was handed up for a village.

The read tables are made anew from the journals, so that what was told before counts as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

READ = ("villages", "marked", "campaigns", "units", "packs", "sums", "changes", "positions")


def upgrade() -> None:
    for table in READ:
        op.execute(sa.text(f"DELETE FROM {table}"))


def downgrade() -> None:
    upgrade()
