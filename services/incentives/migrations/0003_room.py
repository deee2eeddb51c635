"""Room for every derived id; a dead letter can be discarded."""

from shared.migrations.common import make_room

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    make_room(("records",))
