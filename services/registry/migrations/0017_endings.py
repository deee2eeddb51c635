"""What is kept of who stands behind a pseudonym, and of who has read about somebody, can be removed after a time."""

from shared.migrations.common import keep_for_ever, let_end

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    let_end()


def downgrade() -> None:
    keep_for_ever()
