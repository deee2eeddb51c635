"""Who stands behind a pseudonym, and who has read of somebody, can end some time later."""

from shared.migrations.common import keep_for_ever, let_end

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    let_end()


def downgrade() -> None:
    keep_for_ever()
