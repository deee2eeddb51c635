"""A bearer's villages have the rank that was asked for, instead of a division that may have changed since.

Of links from before, no rank is known, so that only ties end them.
"""

from typing import Any

from shared.migrations.common import rewrite_states

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    rewrite_states("bearers", _bearer)


def _bearer(state: dict[str, Any]) -> dict[str, Any]:
    villages = {kind: dict.fromkeys(of, "staff") for kind, of in state.get("villages", {}).items()}
    return {**state, "villages": villages}
