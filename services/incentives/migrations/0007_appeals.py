"""Remedies have levels. A case from before had one level: its review. A review that is late is told from now on."""

from datetime import date, timedelta
from typing import Any

from shared.migrations.common import rewrite_states
from shared.policy import earlier

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    rewrite_states("records", _record)


def _record(state: dict[str, Any]) -> dict[str, Any]:
    cases = {id: _case(case) for id, case in state.get("cases", {}).items()}
    lodged = [date.fromisoformat(case["answer_until"]) for case in cases.values() if case.get("appeal") == "lodged"]
    timers = state.get("timers", {})
    clock = min(
        [*filter(None, [timers.get("clock")]), *((day + timedelta(1)).isoformat() for day in lodged)], default=""
    )
    return {**state, "cases": cases} | ({"timers": {**timers, "clock": clock}} if clock else {})


def _case(case: dict[str, Any]) -> dict[str, Any]:
    """A case with one level of remedy. Its decision counts as served on the day it was made, as it did before."""
    kept = {**case, "terms": earlier.outcome(case["terms"])}
    if "decided_on" in case and case["status"] in ("imposed", "overturned", "expired"):
        kept = {"served_on": case["decided_on"], **kept}
    if case.get("appeal") == "upheld":
        kept = {"level": 1, **kept}
    return {name: said for name, said in kept.items() if name != "appeal_until" or not case.get("appeal")}
