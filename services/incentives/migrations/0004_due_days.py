"""Every decision has a last day. A case that was decidable already gets none, since nobody was told of one."""

from typing import Any

from shared.migrations.common import rewrite_states
from shared.policy import earlier

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    rewrite_states("records", _record)


def _record(state: dict[str, Any]) -> dict[str, Any]:
    cases = {id: {**case, "terms": earlier.outcome(case["terms"])} for id, case in state.get("cases", {}).items()}
    return {**state, "cases": cases}
