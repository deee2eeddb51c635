"""Who stands behind the pseudonyms of events and of the audit log."""

from alembic import op

from shared.migrations.common import keep_people

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    keep_people()


def downgrade() -> None:
    op.drop_table("people")
