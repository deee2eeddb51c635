"""Exits and matters are carried by one engine: a procedure as it stands, with its days."""

from datetime import date
from typing import Any

import msgspec

from shared.calendar import Span, national
from shared.migrations.common import rewrite_states
from shared.policy import earlier

revision = "0006"
down_revision = "0005"

State = dict[str, Any]


def upgrade() -> None:
    rewrite_states("villages", _village)
    rewrite_states("resolutions", _resolution)


def _village(state: State) -> State:
    exit = state.get("exit")
    if not exit:
        return state
    steps = earlier.exit_steps(exit["procedure"])
    now = {name: value for name, value in exit.items() if name not in ("procedure", "since")}
    now |= {"kind": earlier.EXIT, "steps": steps}
    timers = {name: day for name, day in state.get("timers", {}).items() if name != "notice"}
    if exit.get("notice_until"):
        if day := state.get("timers", {}).get("notice"):
            timers["step"] = day
    else:
        # A region's own holidays may have put the day off. It stood in tasks only, so it is counted anew.
        within = msgspec.convert(steps[exit.get("at", 0)]["within"], Span)
        last = within.after(date.fromisoformat(exit["since"]), national())
        now["take_by"] = last.isoformat()
        timers["step"] = date.fromordinal(last.toordinal() + 1).isoformat()
    deadlines = [
        {**one, "timer": "step"} if one["path"] == ["exit", "notice_until"] else one
        for one in state.get("deadlines", ())
    ]
    return {**state, "exit": now, "timers": timers, **({"deadlines": deadlines} if deadlines else {})}


def _resolution(state: State) -> State:
    """A matter with its procedure. Its awaited step had no last day before, and gets none now."""
    names = ("steps", "procedure", "rejected", "withdrawn")
    kept = {name: value for name, value in state.items() if name not in names}
    course: State = {"kind": state["procedure"], "attempt": 1, "steps": [earlier.step(step) for step in state["steps"]]}
    taken = len(state.get("taken", ()))
    if state.get("rejected"):
        course |= {"at": taken - 1, "ended": "rejected"}
    else:
        course |= {"at": taken, **({"ended": "withdrawn"} if state.get("withdrawn") else {})}
    return {**kept, "course": course}
