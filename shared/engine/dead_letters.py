"""Dead letters: rows that keep a message which could not be handled, and the reason, until an operator replays it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from shared.contracts import EVENTS, OPEN_ROOT, short_type
from shared.rules import State
from shared.stream.bus import OPEN
from shared.stream.consumer import Delivery

TIMERS = "timers"
"""The `stream` of a dead letter if it was a timer that failed, and not a message."""
OUTBOX = "outbox"
"""The `stream` of a dead letter for an event that could not be published and that an operator discarded."""
LONGEST_REASON = 2000


def of_message(stream: str, delivery: Delivery, id: str, about: str, error: BaseException) -> dict[str, Any]:
    """The row for a message. Later messages with the correlation id `about` wait until it is replayed.

    If `about` is empty, nothing waits.
    """
    return {
        "id": id, "stream": stream, "sequence": delivery.sequence, "subject": _kept(delivery.subject), "about": about,
        **why(error), "parked_at": datetime.now(UTC), "body": delivery.body, "discarded_at": None,
        "discarded_for": None,
    }  # fmt: skip


def of_timers(day: Delivery, id: str, state: State, error: BaseException) -> dict[str, Any]:
    """The row for a state whose timers failed on a day. It keeps the timers, so that a replay can set them again."""
    row = of_message(TIMERS, day, id, state.journey, error)
    return row | {"body": msgspec.json.encode((state.kind, state.id, state.timers))}


def of_outbox(row: Mapping[Any, Any], error: BaseException, because: str) -> dict[str, Any]:
    """The row for an event of the outbox that an operator gave up, so that it is never published."""
    event = Delivery(row["position"], row["subject"], row["body"].encode(), datetime.now(UTC))
    letter = of_message(OUTBOX, event, row["id"], row["about"], error)
    return letter | {"discarded_at": letter["parked_at"], "discarded_for": because}


def timers(letter: Mapping[Any, Any]) -> tuple[str, str, dict[str, date]]:
    """The kind and id of the state whose timers failed, and these timers."""
    return msgspec.json.decode(letter["body"], type=tuple[str, str, dict[str, date]])


def delivery(letter: Mapping[Any, Any]) -> Delivery:
    """The message of a letter, in the form in which it was delivered."""
    return Delivery(letter["sequence"], letter["subject"], letter["body"], letter["parked_at"])


def why(error: BaseException) -> dict[str, str]:
    """The columns `rule` and `reason` for an error."""
    told = getattr(error, "zh", ""), getattr(error, "en", "")
    reason = " / ".join(told) if all(told) else f"{type(error).__name__}: {error}"
    return {"rule": str(getattr(error, "rule", type(error).__name__)), "reason": _kept(reason)[:LONGEST_REASON]}


def is_sealed(letter: Mapping[Any, Any]) -> bool:
    """Whether only operators may read the content: True unless it is an event for the open stream."""
    event = next((e for e in EVENTS.values() if letter["subject"].endswith(f".{short_type(e.type)}")), None)
    is_open = letter["stream"] in (OPEN, OUTBOX) and letter["subject"].startswith(f"{OPEN_ROOT}.")
    return not is_open or event is None or event.sealing == "always"


def _kept(text: str) -> str:
    """A text without characters that SQLite or PostgreSQL cannot store: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
