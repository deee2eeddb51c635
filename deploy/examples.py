"""Events as they were told in a played story, for the pages of events and AsyncAPI: `docs/events/examples.jsonl`.

A story is invented, so that an example names nobody; what its rules decided, they would decide of the same case
anywhere. Sealed events are not taken from it. `python -m tests.journeys.test_told` plays the stories and writes the
file anew, and a test holds every example to today's schema.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.local.supervisor import SERVICES
from shared.contracts import Command, Envelope, Event, Payload, schema_address
from shared.contracts.words import WORDS
from shared.engine.flow import Fact
from shared.web.http import Route

FILE: Final = Path(__file__).parent.parent / "docs" / "events" / "examples.jsonl"
INVENTED: Final = ""
"""The region of an example that was told in no story."""
_MORNING: Final = time(9, 30)


class Example(msgspec.Struct, frozen=True):
    """One event, and what such events followed from and led to."""

    type: str
    region: str
    """The story in which it was told; INVENTED if in none."""
    event: Any
    """The whole of it, as subscribers get it."""
    upon: tuple[str, ...] = ()
    """What such events were decided upon: a command by service and path, another event by its type, or `day`."""
    then: tuple[str, ...] = ()
    """The events that were decided upon such an event."""


def met(known: Mapping[str, Example], region: str, facts: Iterable[tuple[Fact, date]]) -> dict[str, Example]:
    """The examples with those of another story. A type that is known keeps its event, and gains what led to it."""
    found, upon, then = dict(known), dict[str, set[str]](), dict[str, set[str]]()
    for fact, day in facts:
        type, cause = fact.event.type, _cause(fact.cause.payload)
        upon.setdefault(type, set()).add(cause)
        then.setdefault(cause, set()).add(type)
        if type not in found and not fact.event.is_sealed():
            found[type] = Example(type, region, msgspec.json.decode(_JSON.encode(_envelope(fact, day))))
    for type, one in found.items():
        more = {*one.upon, *upon.get(type, ())}, {*one.then, *then.get(type, ())}
        found[type] = msgspec.structs.replace(one, upon=tuple(sorted(more[0])), then=tuple(sorted(more[1])))
    return found


def read() -> dict[str, Example]:
    """The examples by type."""
    lines = FILE.read_bytes().splitlines() if FILE.exists() else []
    return {one.type: one for one in (msgspec.json.decode(line, type=Example) for line in lines)}


def write(found: Mapping[str, Example]) -> None:
    """Write the examples, a line for each type."""
    FILE.write_bytes(b"".join(_JSON.encode(found[type]) + b"\n" for type in sorted(found)))


def example(kind: type[Event], schema: Mapping[str, Any], told: Mapping[str, Example]) -> Example:
    """The example of an event: from a story, or else invented from the words of its fields."""
    if one := told.get(kind.type):
        return one
    fields = schema["$defs"][schema["$ref"].rpartition("/")[2]]["properties"]
    data = {field: said["examples"][0] for field, said in fields.items()}
    own = {
        "type": kind.type,
        "source": f"urn:zhucun:{kind.type.partition('.')[0]}",
        "data": data,
        "dataschema": schema_address(kind.type),
        "subject": str(data.get(kind.about, "")),
    }
    invented = {field: WORDS[f"Envelope.{field}"].example for field in Envelope.__struct_fields__}
    return Example(kind.type, INVENTED, invented | own)


def _envelope(fact: Fact, day: date) -> Envelope:
    """The fact as its service would have told it in the morning of its day."""
    type = fact.event.type
    return Envelope(
        id=fact.id, source=f"urn:zhucun:{type.partition('.')[0]}", type=type, subject=fact.event.subject_id,
        time=datetime.combine(day, _MORNING, UTC), dataschema=schema_address(type), correlationid=fact.correlation,
        causationid=fact.cause.id, occurredon=day, policyversion=fact.policy, data=msgspec.Raw(fact.data),
    )  # fmt: skip


def _cause(payload: Payload) -> str:
    """What a fact was decided upon, as examples name it."""
    if isinstance(payload, Event):
        return payload.type
    if isinstance(payload, Command):
        return next(path for path, route in routes().items() if route.command is type(payload))
    return "day"


@cache
def routes() -> Mapping[str, Route]:
    """The commands of all services by `<service>/<path>`."""
    found: dict[str, tuple[Route, ...]] = {name: import_module(f"services.{name}.api").COMMANDS for name in SERVICES}
    return {f"{name}/{route.path}": route for name, of in found.items() for route in of}


_JSON: Final = msgspec.json.Encoder()
