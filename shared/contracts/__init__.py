"""What the services say to one another and to the world: the single copy of every message.

A message is a frozen struct in the module of the service that owns it. Its class name is its name on the
wire: `VillageDelisted` in `contracts/registry.py` is the event `registry.village.delisted`, version 1, on the
subject `zhucun.v1.<province>.<prefecture>.<county>.registry.village.delisted`. A shape that
readers of version 1 could not read needs a class of its own, `VillageDelistedV2`; both stay while the stream has both.
"""

import re
from datetime import datetime
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from shared.contracts.values import Bounded, Day, Place
from shared.contracts.words import worded

OPEN_ROOT, SEALED_ROOT = "zhucun.v1", "zhucun-sealed.v1"

EVENTS: dict[str, type["Event"]] = {}
"""Every event of every service by its CloudEvents type, filled as the contract modules are imported."""


class Payload(Bounded, frozen=True, kw_only=True, omit_defaults=True):
    """What a message says. `place` is the six-digit division (GB/T 2260) it concerns, `210500` for a city."""

    place: Place

    label: ClassVar[tuple[str, str]] = ("", "")
    """The message's name for people, Chinese and English."""
    needs_policy: ClassVar[bool] = True
    """False for what lies under no jurisdiction, such as the schedule of days: its rules get None for the policy."""
    about: ClassVar[str] = "village"
    """The field that holds the stable id of the village, person, unit or thing which the message is about."""

    @property
    def subject_id(self) -> str:
        """The stable id of what the message is about: CloudEvents `subject`."""
        return str(getattr(self, self.about))


class Event(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """A fact that a service has committed. Subscribers may rely on its shape for as long as its version lives."""

    type: ClassVar[str] = ""
    """`<service>.<noun>.<participle>.v1`, derived from the module and the class name."""
    sealing: ClassVar[Literal["never", "always", "sometimes"]] = "never"
    """Whether only the owning services may read it: personal cases, and draws before their visits."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        match = re.fullmatch(r"(\w+?)(?:V(\d+))?", cls.__name__)
        assert match
        words, version = re.findall(r"[A-Z][a-z]*", match[1]), match[2] or "1"
        noun, participle = "_".join(words[:-1]).lower(), words[-1].lower()
        cls.type = f"{cls.__module__.rsplit('.', 1)[-1]}.{noun}.{participle}.v{version}"
        if cls.label[0]:  # A common base of several events is none itself.
            EVENTS[cls.type] = cls

    def is_sealed(self) -> bool:
        """Whether this one goes to the sealed stream; events that are so only sometimes say when."""
        return self.sealing == "always"


class Command(Payload, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a person asks of a service over HTTP. It may be refused, which no event can be.

    A misspelt field is an error, since a default would silently stand in for it.
    """

    is_long: ClassVar[bool] = False
    """Whether a single one may keep the rules busy for longer than other requests can be made to wait."""
    at_once: ClassVar[int] = 2000
    """How many one request may have: what rules and outbox take without keeping others waiting."""
    by_token: ClassVar[bool] = False
    """Whether its `body` shows a token of its own, so that one caller cannot speak for two that check each other."""


class Envelope(Bounded, frozen=True, kw_only=True):
    """CloudEvents 1.0 in structured JSON, with the four extension attributes of the product.

    Its texts have a length only: whether they agree with one another is for whoever reads the message.
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
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"


def schema_address(name: str, base: str = "") -> str:
    """What a schema is called for ever: below the public `base` of an installation that has one, else a URN.

    A URN says which schema it is and not where it lies; every service has it at `/schemas/<name>.json`.
    """
    return f"{base}/{name}.json" if base else f"urn:zhucun:schemas:{name}"


def json_schema(message: type[msgspec.Struct], name: str, base: str = "") -> dict[str, Any]:
    """The JSON Schema of an event's data, or of the envelope, as `dataschema` and `docs/contracts/schemas` give it."""
    schema = msgspec.json.schema(message)
    worded(schema["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_address(name, base)} | schema


def wire_subject(event: Event) -> str:
    """The NATS subject of an event: always eight tokens, the division first, so that a prefix is a permission."""
    return _subject(SEALED_ROOT if event.is_sealed() else OPEN_ROOT, event.place, event.type)


@lru_cache(10_000)
def _subject(root: str, place: str, type: str) -> str:
    if not re.fullmatch("[0-9]{6}", place):
        raise ValueError(f"the division {place[:20]!r} has not six digits, so there is no subject for it")
    return f"{root}.{place_tokens(place)}.{short_type(type)}"


def wire_filter(event: type[Event], *, sealed: bool = False) -> str:
    """The subject filter with which a consumer hears one kind of event from every division."""
    return f"{SEALED_ROOT if sealed else OPEN_ROOT}.*.*.*.{short_type(event.type)}"


def place_tokens(place: str) -> str:
    """`210521` as the subject tokens `21.05.21`."""
    return f"{place[0:2]}.{place[2:4]}.{place[4:6]}"


@cache
def short_type(type: str) -> str:
    """A CloudEvents type without its version, as it stands in subjects: `registry.village.delisted`."""
    return type.rsplit(".", 1)[0]


@cache
def teller(type: str) -> str:
    """Who says events of a type, as their `source` names it: their owner; of days, the registry."""
    owner = type.partition(".")[0]
    return f"urn:zhucun:{'registry' if owner == 'calendar' else owner}"
