"""Room for every derived id; a dead letter can be discarded."""

from shared.migrations.common import make_room

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    make_room(("calendars", "campaigns", "supervisions", "assessments", "verifications", "seed_hashes", "codes"))
