"""What could not be handled, as rows that keep the message and the reason until an operator lets it be taken again."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from shared.contracts import EVENTS, OPEN_ROOT, short_type
from shared.rules import Refused, State
from shared.stream.bus import OPEN
from shared.stream.consumer import Delivery

TIMERS = "timers"
"""What a dead letter names as its stream if no message but a timer failed."""
OUTBOX = "outbox"
"""What a letter names as its stream if an operator discarded an event that could not be published."""
LONGEST_REASON = 2000


def of_message(stream: str, delivery: Delivery, id: str, about: str, error: BaseException) -> dict[str, Any]:
    """The row for a message; `about` is the journey that waits behind it, if it is about any."""
    return {
        "id": id, "stream": stream, "sequence": delivery.sequence, "subject": _kept(delivery.subject), "about": about,
        **why(error), "parked_at": datetime.now(UTC), "body": delivery.body, "discarded_at": None,
        "discarded_for": None,
    }  # fmt: skip


def of_timers(day: Delivery, id: str, state: State, error: BaseException) -> dict[str, Any]:
    """The row for a state whose timers could not run out on a day."""
    row = of_message(TIMERS, day, id, state.journey, error)
    return row | {"body": msgspec.json.encode((state.kind, state.id, state.timers))}


def of_outbox(row: Mapping[Any, Any], error: BaseException, because: str) -> dict[str, Any]:
    """The row for an event of the outbox that will never be published, since an operator said so."""
    event = Delivery(row["position"], row["subject"], row["body"].encode(), datetime.now(UTC))
    letter = of_message(OUTBOX, event, row["id"], row["about"], error)
    return letter | {"discarded_at": letter["parked_at"], "discarded_for": because}


def timers(letter: Mapping[Any, Any]) -> tuple[str, str, dict[str, date]]:
    """The kind and id of the state that a letter took timers away from, and these timers."""
    return msgspec.json.decode(letter["body"], type=tuple[str, str, dict[str, date]])


def delivery(letter: Mapping[Any, Any]) -> Delivery:
    """The message of a letter as it was delivered."""
    return Delivery(letter["sequence"], letter["subject"], letter["body"], letter["parked_at"])


def why(error: BaseException) -> dict[str, str]:
    """The rule and the reason that a letter names."""
    reason = f"{error.zh} / {error.en}" if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    return {"rule": str(getattr(error, "rule", type(error).__name__)), "reason": _kept(reason)[:LONGEST_REASON]}


def is_sealed(letter: Mapping[Any, Any]) -> bool:
    """Whether only operators may read what a letter carries: all but what stood openly where everybody may read."""
    event = next((e for e in EVENTS.values() if letter["subject"].endswith(f".{short_type(e.type)}")), None)
    is_open = letter["stream"] in (OPEN, OUTBOX) and letter["subject"].startswith(f"{OPEN_ROOT}.")
    return not is_open or event is None or event.sealing == "always"


def _kept(text: str) -> str:
    """A text without what one database or the other cannot keep."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
