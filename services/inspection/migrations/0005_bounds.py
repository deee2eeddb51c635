"""Rates, quorums, caps and grounds in kept states are rewritten as bounds, which is how packs say them now."""

from typing import Any

from shared.migrations.common import rewrite_states
from shared.policy import earlier

revision = "0005"
down_revision = "0004"

State = dict[str, Any]


def upgrade() -> None:
    rewrite_states("verifications", _verification)
    rewrite_states("assessments", _assessment)


def _verification(state: State) -> State:
    return {**state, "terms": earlier.verification(state["terms"])} if state.get("terms") else state


def _assessment(state: State) -> State:
    """Its terms are kept as a list: weights, grades, caps, grounds, quorum, and the rest."""
    if not state.get("terms"):
        return state
    weights, grades, caps, grounds, quorum, *rest = state["terms"]
    caps = [{"figure": figure, "at_least": number, "grade": grade} for figure, number, grade in caps]
    grounds = [earlier.ground({"name": name, "when": when, "bound": bound}) for name, when, bound in grounds]
    return {**state, "terms": [weights, grades, caps, grounds, earlier.quorum(quorum), *rest]}
