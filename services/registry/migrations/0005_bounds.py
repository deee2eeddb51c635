"""Quorums and majorities in kept states are rewritten as bounds, which is how packs say them now."""

from typing import Any

from shared.migrations.common import rewrite_states
from shared.policy import earlier

revision = "0005"
down_revision = "0004"

State = dict[str, Any]


def upgrade() -> None:
    rewrite_states("resolutions", _resolution)


def _resolution(state: State) -> State:
    return {**state, "steps": [earlier.step(step) for step in state["steps"]]}
