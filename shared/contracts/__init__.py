"""All messages between the services, and from them to subscribers. Each is defined here and nowhere else.

A message is a frozen struct in the module or package of the service that owns it. Its type follows from the class name:
`VillageDelisted` in `contracts/registry/` is the event `registry.village.delisted`, version 1, on the subject
`zhucun.v1.<province>.<prefecture>.<county>.registry.village.delisted`. If readers of version 1 could not read a new
shape, it gets a class of its own, `VillageDelistedV2`. Both classes stay while the stream holds events of both.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.contracts.values import Bounded, Day, Place, SeenVersion
from shared.contracts.words import worded

OPEN_ROOT, SEALED_ROOT = "zhucun.v1", "zhucun-sealed.v1"
UNTIL: Final = "x-until"
"""The key in a JSON Schema for the day until which readers can rely on something deprecated."""

EVENTS: dict[str, type["Event"]] = {}
"""Every event of every service by its CloudEvents type, filled as the contract modules are imported."""


class Payload(Bounded, frozen=True, kw_only=True, omit_defaults=True):
    """The content of a message. `place` is the six-digit division (GB/T 2260) that it concerns: `210500` is a city."""

    place: Place

    label: ClassVar[tuple[str, str]] = ("", "")
    """The message's name for people, Chinese and English."""
    needs_policy: ClassVar[bool] = True
    """False if no policy pack applies, as to the schedule of days. Its rules get None as policy."""
    about: ClassVar[str] = "village"
    """The name of the field with the stable id of what the message is about, such as `village` or `unit`."""

    @property
    def subject_id(self) -> str:
        """The stable id of what the message is about: CloudEvents `subject`."""
        return str(getattr(self, self.about))


class Event(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """A fact that a service has committed. The shape of a version never changes, so subscribers can rely on it."""

    type: ClassVar[str] = ""
    """`<service>.<noun>.<participle>.v1`, derived from the module and the class name."""
    source: ClassVar[str] = ""
    """The law with its article, or the mechanism, that people are told as its basis: `Civil Servant Law 95`, `3.4`."""
    sealing: ClassVar[Literal["never", "always", "sometimes"]] = "never"
    """Whether it is sealed, so that only the services that need it may read it: personal cases, and draws before their
    visits."""

    promised_until: ClassVar[date | None] = None
    """The day until which subscribers can rely on it, if it is deprecated; None if they can for ever."""
    fields_until: ClassVar[Mapping[str, date]] = MappingProxyType({})
    """The same for its deprecated fields."""
    comes_back: ClassVar[bool] = False
    """Whether the service that tells it also hears it from the stream. If the service's database is restored from a
    backup that is older than the event, the service then does again what the event says."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        match = re.fullmatch(r"(\w+?)(?:V(\d+))?", cls.__name__)
        assert match
        words, version = re.findall(r"[A-Z][a-z]*", match[1]), match[2] or "1"
        noun, participle = "_".join(words[:-1]).lower(), words[-1].lower()
        service = cls.__module__.removeprefix(f"{__name__}.").partition(".")[0]
        cls.type = f"{service}.{noun}.{participle}.v{version}"
        if cls.label[0]:  # A base class of several events has no label and is no event itself.
            EVENTS[cls.type] = cls

    def is_sealed(self) -> bool:
        """Whether this event goes to the sealed stream. Types that are sealed only sometimes override this."""
        return self.sealing == "always"


class Command(Payload, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a person asks of a service over HTTP. A command may be refused; an event cannot, since it has happened.

    An unknown field is an error: a misspelt one would otherwise be left at its default.
    """

    expects: SeenVersion | None = None
    """The version of the state that its sender saw. If the state has changed by now, the command is refused (412), and
    the refusal says what has changed. For a single command the header `If-Match` does the same."""

    is_long: ClassVar[bool] = False
    """Whether deciding one such command takes so long that it must run in a thread, so that others need not wait."""
    at_once: ClassVar[int] = 2000
    """The most commands of this kind in one request, so that deciding them does not keep others waiting."""
    by_event: ClassVar[bool] = False
    """Whether its body may also say it by an event on NATS, since the body may have a system elsewhere, as a province
    may."""
    everybodys: ClassVar[bool] = False
    """Whether it may be said about any village, even by those whose role holds only for their own village or
    township."""
    by_token: ClassVar[bool] = False
    """Whether the request must show the token of its `body`. Two bodies check each other in a draw, so one caller must
    not speak for both."""


class Envelope(Bounded, frozen=True, kw_only=True):
    """CloudEvents 1.0 in structured JSON, with our own extension attributes.

    `actor` and `actororgan` tell who sent the command from which the event follows. An event that follows from a day or
    from another service's event has neither, and `causationid` leads back to its cause. If nobody is asked who he is,
    no event has them.

    Only the lengths of its texts are checked here. The reader of a message checks that they fit together.
    """

    id: Annotated[str, Meta(max_length=36)]
    source: Annotated[str, Meta(max_length=80)]
    type: Annotated[str, Meta(max_length=80)]
    subject: Annotated[str, Meta(max_length=120)]
    time: datetime
    dataschema: Annotated[str, Meta(max_length=400)]
    correlationid: Annotated[str, Meta(max_length=120)]
    causationid: Annotated[str, Meta(max_length=36)]
    occurredon: Day
    policyversion: Annotated[str, Meta(max_length=40)]
    data: msgspec.Raw
    actor: Annotated[str, Meta(max_length=80)] | UnsetType = UNSET
    actororgan: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"


def schema_address(name: str, base: str = "") -> str:
    """The permanent name of a schema: an address below the installation's public `base`, or a URN without one.

    A URN does not say where the schema can be fetched. Every service has it at `/schemas/<name>.json`.
    """
    return f"{base}/{name}.json" if base else f"urn:zhucun:schemas:{name}"


def json_schema(message: type[msgspec.Struct], name: str, base: str = "") -> dict[str, Any]:
    """The JSON Schema of an event's data, or of the envelope, as `dataschema` and `docs/contracts/schemas` give it."""
    schema = msgspec.json.schema(message)
    worded(schema["$defs"])
    if issubclass(message, Event):
        deprecated(schema["$defs"][schema["$ref"].rpartition("/")[2]], message)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_address(name, base)} | schema


def deprecated(own: dict[str, Any], event: type[Event]) -> None:
    """Mark in an event's own schema what is deprecated: the whole event, or some fields."""
    parts = [(own, event.promised_until), *((own["properties"][name], on) for name, on in event.fields_until.items())]
    for part, until in parts:
        if until:
            part |= {"deprecated": True, UNTIL: until.isoformat()}


def wire_subject(event: Event) -> str:
    """The NATS subject of an event. It always has eight tokens, with the division before the type, so that a prefix is
    enough to grant a permission for all events of a division.
    """
    return _subject(SEALED_ROOT if event.is_sealed() else OPEN_ROOT, event.place, event.type)


@lru_cache(10_000)
def _subject(root: str, place: str, type: str) -> str:
    if not re.fullmatch("[0-9]{6}", place):
        raise ValueError(f"the division {place[:20]!r} has not six digits, so there is no subject for it")
    return f"{root}.{place_tokens(place)}.{short_type(type)}"


def wire_filter(event: type[Event], *, sealed: bool = False) -> str:
    """The subject filter for one type of event from all divisions."""
    return f"{SEALED_ROOT if sealed else OPEN_ROOT}.*.*.*.{short_type(event.type)}"


def place_tokens(place: str) -> str:
    """A division as tokens of a subject: `210521` is `21.05.21`."""
    return f"{place[0:2]}.{place[2:4]}.{place[4:6]}"


@cache
def short_type(type: str) -> str:
    """A CloudEvents type without its version, as it stands in subjects: `registry.village.delisted`."""
    return type.rsplit(".", 1)[0]


@cache
def teller(type: str) -> str:
    """The `source` of events of a type: the service that owns them; for days, the registry."""
    owner = type.partition(".")[0]
    return f"urn:zhucun:{'registry' if owner == 'calendar' else owner}"
