"""The time for deciding a case is rewritten in the form in which packs say it now."""

from typing import Any

from shared.migrations.common import rewrite_states
from shared.policy import earlier

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    rewrite_states("records", _record)


def _record(state: dict[str, Any]) -> dict[str, Any]:
    cases = {id: {**case, "terms": earlier.outcome(case["terms"])} for id, case in state.get("cases", {}).items()}
    return {**state, "cases": cases}
