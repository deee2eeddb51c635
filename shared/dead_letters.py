"""What could not be handled, as rows that keep the message and the reason until an operator lets it be taken again."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from shared.consumer import Delivery
from shared.rules import Refused, State

TIMERS = "timers"
"""What a dead letter names as its stream if no message but a timer failed."""


def of_message(stream: str, delivery: Delivery, id: str, about: str, error: Exception) -> dict[str, Any]:
    """The row for a message; `about` is the journey that waits behind it, if it is about any."""
    return {
        "id": id, "stream": stream, "sequence": delivery.sequence, "subject": delivery.subject, "about": about,
        **why(error), "parked_at": datetime.now(UTC), "body": delivery.body,
    }  # fmt: skip


def of_timers(day: Delivery, id: str, state: State, error: Exception) -> dict[str, Any]:
    """The row for a state whose timers could not run out on a day."""
    row = of_message(TIMERS, day, id, state.id, error)
    return row | {"body": msgspec.json.encode((state.kind, state.id, state.timers))}


def timers(letter: Mapping[Any, Any]) -> tuple[str, str, dict[str, date]]:
    """The kind and id of the state that a letter took timers away from, and these timers."""
    return msgspec.json.decode(letter["body"], type=tuple[str, str, dict[str, date]])


def delivery(letter: Mapping[Any, Any]) -> Delivery:
    """The message of a letter as it was delivered."""
    return Delivery(letter["sequence"], letter["subject"], letter["body"], letter["parked_at"])


def why(error: Exception) -> dict[str, str]:
    """The rule and the reason that a letter names."""
    reason = f"{error.zh} / {error.en}" if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    return {"rule": str(getattr(error, "rule", type(error).__name__)), "reason": reason}
