"""Room for every derived id; a dead letter can be discarded."""

from shared.migrations.common import make_room

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    make_room((
        "clocks", "jurisdictions", "adoptions", "units", "cadres", "villages", "registers", "baselines", "resolutions",
        "codes",
    ))  # fmt: skip
