"""The sizes of a verification's sample are rewritten in the form in which packs say them now."""

from typing import Any

from shared.migrations.common import rewrite_states
from shared.policy import earlier

revision = "0006"
down_revision = "0005"

State = dict[str, Any]


def upgrade() -> None:
    rewrite_states("verifications", _verification)


def _verification(state: State) -> State:
    return {**state, "terms": earlier.verification(state["terms"])} if state.get("terms") else state
