"""Every payroll gets the timer that removes old years each 1 January. It runs first on the next day."""

from datetime import date
from typing import Any, Final

from shared.migrations.common import rewrite_states

revision = "0015"
down_revision = "0014"

_SOON: Final = date(2000, 1, 1)
"""A day before every possible business day, so that the timer runs at once."""


def upgrade() -> None:
    rewrite_states("payrolls", lambda payroll: _timed(payroll, timers={"keep": _SOON.isoformat()}))


def downgrade() -> None:
    rewrite_states("payrolls", _timed)


def _timed(payroll: dict[str, Any], **timers: Any) -> dict[str, Any]:
    """A payroll with these timers instead of its own; without any, as before this version."""
    kept = {name: said for name, said in payroll.items() if name != "timers"}
    return {"id": kept.pop("id"), "place": kept.pop("place"), **timers, **kept}
