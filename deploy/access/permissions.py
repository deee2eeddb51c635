"""What each user of NATS may do, computed from the contracts and the tables of reactions. Pure: without I/O.

A user may publish on the subjects listed here, which include questions to JetStream. It may hear only its own inbox,
so it gets answers to its own questions and nothing else. A new event in a contract or a reaction changes the
permissions by itself.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from deploy.access.users import DOMAIN, GATE, HARNESS, INSTALLER, OPERATOR, SIMULATION, SYSTEM
from services.dispatch.app import SERVICE as DISPATCH
from services.incentives.app import SERVICE as INCENTIVES
from services.inspection.app import SERVICE as INSPECTION
from services.registry.app import SERVICE as REGISTRY
from shared.contracts import EVENTS, OPEN_ROOT, place_tokens, teller, wire_filter
from shared.contracts.calendar import DayPassed
from shared.engine.pipeline import Service
from shared.engine.shares import Share
from shared.runtime import heard
from shared.stream import bus
from shared.stream.bus import CALENDAR, OPEN, SEALED

WIRED: Final = {service.name: service for service in (REGISTRY, DISPATCH, INSPECTION, INCENTIVES)}
"""The services by name, with their tables of reactions."""

FOR_SUBSCRIBERS: Final = {
    f"{GATE}.>": f"$JS.{DOMAIN}.API.CONSUMER.CREATE.{OPEN}.>",
    f"$JS.API.CONSUMER.INFO.{OPEN}.*": f"$JS.{DOMAIN}.API.CONSUMER.INFO.{OPEN}.*",
    f"$JS.API.CONSUMER.DELETE.{OPEN}.*": f"$JS.{DOMAIN}.API.CONSUMER.DELETE.{OPEN}.*",
    f"$JS.API.CONSUMER.MSG.NEXT.{OPEN}.*": f"$JS.{DOMAIN}.API.CONSUMER.MSG.NEXT.{OPEN}.*",
    f"$JS.ACK.{OPEN}.>": f"$JS.ACK.{OPEN}.>",
    f"{bus.SAID}.>": f"{bus.SAID}.>",
}
"""The questions that the product's account takes from the subscribers' account, with the subjects that they have there.
Permissions then say which subscriber may ask which of them.
"""

_STREAMS: Final = (OPEN, SEALED, CALENDAR)


def published(user: str, replicas: int = 1) -> list[str]:
    """The subjects on which a user may publish, if each service has this number of replicas."""
    return _service(WIRED[user], replicas) if user in WIRED else list(_OTHERS[user])


def inbox(user: str) -> str:
    """The subjects that a user may hear: the answers to its own questions."""
    return f"{bus.inbox(user)}.>"


def subscriber(name: str, places: Iterable[str], answers: str = "") -> list[str]:
    """The subjects on which a subscriber of these divisions may publish: questions about one durable consumer for each,
    and commands about them in the role in which it answers, if it has one.

    The subject that asks for a consumer contains the consumer's filter. The server refuses a request whose body has
    another filter, so a subscriber cannot read beyond its divisions.
    """
    durables = {f"{name}-{place}": below(place) for place in places}
    api = f"$JS.{DOMAIN}.API"
    said = [f"{bus.SAID}.{name}.{answers}.{_whole(place)}" for place in places if answers]
    return said + [
        subject
        for durable, filter in durables.items()
        for subject in (f"{api}.CONSUMER.CREATE.{OPEN}.{durable}.{filter}", *_consumer(OPEN, durable, api))
    ]


def _whole(place: str) -> str:
    """The tokens of a subject for all counties in a division of two, four or six digits: `21.*.*` for `21`."""
    return ".".join([*re.findall("..", place), "*", "*"][:3])


def below(place: str) -> str:
    """The subjects of all open events in a division of two, four or six digits."""
    return f"{OPEN_ROOT}.{place_tokens(place).rstrip('.')}.>"


def _service(service: Service, replicas: int) -> list[str]:
    """The subjects of a service's own events, and of its questions about its streams and its own consumers."""
    told = [event for event in EVENTS.values() if teller(event.type) == f"urn:zhucun:{service.name}"]
    subjects = [wire_filter(event) for event in told if event.sealing != "always"]
    subjects += [wire_filter(event, sealed=True) for event in told if event.sealing != "never"]
    shares = [Share(number, replicas) for number in range(1, replicas + 1)]
    cursors = [
        (stream, share.named(service.name)) for share in shares for stream, of in heard(service, share).items() if of
    ]
    for stream in dict.fromkeys(stream for stream, _ in cursors):
        subjects.append(f"$JS.API.STREAM.INFO.{stream}")
    for stream, durable in cursors:
        subjects += [f"$JS.API.CONSUMER.CREATE.{stream}.{durable}", *_consumer(stream, durable)]
    if any(stream == CALENDAR for stream, _ in cursors):
        subjects += [bus.DAY_DUE, bus.DAY_SCHEDULED, f"$JS.API.STREAM.MSG.GET.{CALENDAR}"]
    return subjects


def _consumer(stream: str, durable: str, api: str = "$JS.API") -> Sequence[str]:
    """The subjects of questions about an existing consumer: to look at it, read, acknowledge, and delete it."""
    asked = [f"{api}.CONSUMER.{what}.{stream}.{durable}" for what in ("INFO", "MSG.NEXT", "DELETE")]
    return [*asked, f"$JS.ACK.{stream}.{durable}.*.*.*.*.*"]


_LOOKING: Final = [
    "$JS.API.INFO",
    *(f"$JS.API.STREAM.INFO.{stream}" for stream in _STREAMS),
    *(f"$JS.API.CONSUMER.INFO.{stream}.*" for stream in _STREAMS),
]
_LISTING: Final = f"$JS.API.CONSUMER.LIST.{OPEN}"
"""The question how far consumers are behind."""
_OTHERS: Final = {
    SYSTEM: ["$SYS.REQ.SERVER.PING.IDZ", "$SYS.REQ.SERVER.PING.HEALTHZ", "$SYS.REQ.SERVER.*.RELOAD"],
    INSTALLER: [
        *(f"$JS.API.STREAM.{what}.{stream}" for stream in _STREAMS for what in ("INFO", "CREATE", "UPDATE")),
        f"$JS.API.CONSUMER.CREATE.{OPEN}.>",
        f"$JS.API.CONSUMER.DELETE.{OPEN}.*",
        _LISTING,
    ],
    OPERATOR: [*_LOOKING, _LISTING],
    SIMULATION: [wire_filter(DayPassed), *_LOOKING, *(f"$JS.API.STREAM.MSG.GET.{stream}" for stream in _STREAMS)],
    HARNESS: [">"],
}
