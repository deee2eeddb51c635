"""Outcomes that look back over years keep the grades that they rest on, not only the years."""

from typing import Any

from shared.migrations.common import rewrite_states

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    rewrite_states("records", _record)


def _record(state: dict[str, Any]) -> dict[str, Any]:
    met = {kind: [str(year) for year in years] for kind, years in state.get("met", {}).items()}
    return {**state, **({"met": met} if met else {})}
