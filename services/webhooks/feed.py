"""What webhooks do with events of the pull feeds: which types may be asked for, and how an event waits."""

from collections.abc import Sequence

from services.webhooks.model import Held
from shared.contracts import EVENTS
from shared.denied import Denied
from shared.web.following import Event


def require_types(types: Sequence[str]) -> None:
    """Refuse (422) types that are never told in the open, since their receiver would wait for ever."""
    if wrong := [type for type in types if type not in EVENTS or EVENTS[type].sealing == "always"]:
        raise Denied(
            "webhooks",
            f"没有公开的事件类型“{wrong[0]}”，请对照 docs/contracts",
            f"there is no open event of type {wrong[0]!r}; the types are in docs/contracts",
            status=422,
            typed="types",
        )


def held(event: Event, source: str, cursor: str, now: float, error: str = "", *, due: float = 0.0) -> Held:
    """An event in the form in which it waits."""
    return Held(
        source=source, cursor=cursor, id=event.id, subject=event.subject, type=event.type, day=event.day, since=now,
        told=event.time.timestamp(), next=due, error=error,
    )  # fmt: skip
