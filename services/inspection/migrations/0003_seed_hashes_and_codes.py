"""Hashes of seed shares that were published once, and the codes that villages came to have."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.migrations.common import rewrite_states

revision = "0003"
down_revision = "0002"

State = dict[str, Any]


def upgrade() -> None:
    for table in ("seed_hashes", "codes"):
        op.create_table(
            table,
            sa.Column("id", sa.String(length=80), nullable=False),
            sa.Column("place", sa.String(length=6), nullable=False),
            sa.Column("status", sa.String(length=40), nullable=False),
            sa.Column("due", sa.Date(), nullable=True),
            sa.Column("awaits", sa.Boolean(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
            postgresql_with={"fillfactor": 50},
        )
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(f"ix_{table}_due", ["due"], unique=False)
            batch_op.create_index(f"ix_{table}_place", ["place", "status"], unique=False)
    rewrite_states("campaigns", _campaign)
    rewrite_states("verifications", _verification)


def _campaign(state: State) -> State:
    """From now on a visit keeps its findings. Those of an earlier visit stand in the journal only."""
    visited = {village: [group, state["opens"], 0, []] for village, group in state.get("visited", {}).items()}
    drawn = state.get("frame") and state.get("visits")
    seeds = {"shares": state["seeds"], "hashes": {}} if drawn else {}
    return {**state, "visited": visited, "seeds": seeds} | ({"drawn_on": state["opens"]} if drawn else {})


def _verification(state: State) -> State:
    """Earlier requests did not say how many persons a household has, so 0 stands for unknown."""
    kept = {key: value for key, value in state.items() if key != "seed"}
    return {**kept, "lifted": dict.fromkeys(state.get("lifted", ()), 0)}
