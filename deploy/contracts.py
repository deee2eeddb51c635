"""The contracts as other systems read them: JSON Schema per event and AsyncAPI 3 per service, generated from the code.

`zhucun contracts` writes them to `docs/contracts/`. What is there is a promise to subscribers. So if a change would
break a reader, nothing is written and the change is reported. It also draws the journey anew in ARCHITECTURE.md.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from deploy import examples, history
from deploy.compatibility import breaking, over
from deploy.local.supervisor import SERVICES
from shared.contracts import EVENTS, OPEN_ROOT, SEALED_ROOT, Envelope, Event, deprecated, json_schema, short_type
from shared.contracts.calendar import DayPassed, HolidaysAnnounced
from shared.contracts.journey import diagram
from shared.contracts.registry import PolicyAdopted
from shared.contracts.words import worded

CLOCK = "registry"
"""The service that announces the days."""
ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "contracts"
DIAGRAM_PAGE = ROOT / "ARCHITECTURE.md"
WHOLE = "asyncapi.zhucun.json"
DRAWING = re.compile(r"(?<=```mermaid\n)stateDiagram-v2\n.*?(?=```)", re.DOTALL)
PLACE = {
    "province": ("21", "GB/T 2260 省级两位代码 / the province's two digits"),
    "prefecture": ("05", "地级两位代码，省级事件为 00 / the prefecture's two digits, 00 for a province"),
    "county": ("21", "县级两位代码，地级事件为 00 / the county's two digits, 00 for a prefecture"),
}
SEALED = "（密封，仅限内部服务 / sealed, for the owning services only）"
TRAIT = {
    "contentType": "application/cloudevents+json",
    "correlationId": {
        "description": "村的编号；不涉及村的，为最初的请求 / the village; if there is none, the request that began it",
        "location": "$message.payload#/correlationid",
    },
    "headers": {
        "type": "object",
        "properties": {
            "Nats-Msg-Id": {
                "type": "string",
                "description": "即信封的编号（“id”）；编号相同的只处理一次 / the envelope's id; take each id once",
            }
        },
    },
}


def documents() -> dict[str, dict[str, Any]]:
    """Every generated document by its file name."""
    for service in (*SERVICES, "calendar"):
        import_module(f"shared.contracts.{service}")
    events = dict(sorted(EVENTS.items()))
    found = {f"schemas/{type}.json": json_schema(event, type) for type, event in events.items()}
    found["schemas/envelope.json"] = json_schema(Envelope, "envelope")
    for service in SERVICES:
        reactions = import_module(f"services.{service}.reactions").REACTIONS
        said = (f"{service}.", "calendar.") if service == CLOCK else f"{service}."
        sent = [event for event in events.values() if event.type.startswith(said)]
        heard = {DayPassed, HolidaysAnnounced, PolicyAdopted, *(r.on for r in reactions if issubclass(r.on, Event))}
        # A service does not react to its own events from the stream. Days and holidays are the exception: the registry,
        # which announces them, also learns of them from the stream. So does a service with events that come back to it
        # (`comes_back`).
        heard -= {event for event in sent if not (event.comes_back or event.type.startswith("calendar."))}
        found[f"asyncapi.{service}.json"] = _asyncapi(service, sent, sorted(heard, key=lambda event: event.type))
    found[WHOLE] = _asyncapi("zhucun", list(events.values()), [])
    return {name: json.loads(text(document)) for name, document in found.items()}


def write(folder: Path = FOLDER, page: Path = DIAGRAM_PAGE, today: date | None = None) -> list[str]:
    """Write all documents, and the changes of today into the history. Returns what would break a reader of the
    documents of any day; if there is anything, nothing is written."""
    wanted, today = documents(), today or datetime.now(UTC).date()
    known, schemas = history.versions(folder), schemas_of(wanted)
    faults = [*_broken(folder, wanted, today), *history.broken(known, schemas, today)]
    if not faults:
        (folder / "schemas").mkdir(parents=True, exist_ok=True)
        for name, document in wanted.items():
            (folder / name).write_text(text(document), "utf-8")
        for path in folder.glob("schemas/*.json"):
            if f"schemas/{path.name}" not in wanted:
                path.unlink()
        history.write(history.grown(known, schemas, today), folder)
        page.write_text(drawn(page.read_text("utf-8")), "utf-8")
    return faults


def schemas_of(wanted: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The schema of each event by its type."""
    return {type: wanted[f"schemas/{type}.json"] for type in EVENTS}


def text(document: Mapping[str, Any]) -> str:
    """A document as the text of its file: readable, and the same on every machine."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def drawn(page: str) -> str:
    """The page with its state diagram replaced by the journey in the code."""
    return DRAWING.sub(lambda _: diagram() + "\n", page)


def _broken(folder: Path, wanted: Mapping[str, Mapping[str, Any]], today: date) -> Iterable[str]:
    """The promises of the documents in a folder that the wanted documents would break."""
    ended = set[str]()
    for path in sorted(folder.glob("schemas/*.json")):
        name, was = f"schemas/{path.name}", json.loads(path.read_text("utf-8"))
        if name in wanted:
            yield from (f"{name}: {fault}" for fault in breaking(was, wanted[name], today))
        elif over(was["$defs"][was["$ref"].rpartition("/")[2]], today):
            ended.add(short_type(path.name.removesuffix(".json")))
        else:
            yield f"{name}: the event is gone; keep its class for as long as the stream holds such events"
    if (folder / WHOLE).exists():
        for channel in json.loads((folder / WHOLE).read_text("utf-8"))["channels"].keys() - wanted[WHOLE]["channels"]:
            if channel.removeprefix("sealed.") not in ended:
                yield f"{WHOLE}: nothing is said on {channel} any more, and subscribers wait there"


def _asyncapi(name: str, sent: list[type[Event]], heard: list[type[Event]]) -> dict[str, Any]:
    """The AsyncAPI document of one service, or of all: the events that it sends and those that it reacts to."""
    (envelope, *payloads), schemas = msgspec.json.schema_components(
        [Envelope, *sent, *heard], ref_template="#/components/schemas/{name}"
    )
    worded(schemas)
    known = examples.read()
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    said = [(event, "send") for event in sent] + [(event, "receive") for event in heard]
    for (event, action), payload in zip(said, payloads, strict=True):
        deprecated(schemas[payload["$ref"].rpartition("/")[2]], event)
        zh, en = event.label
        messages[event.type] = {
            "name": event.type,
            "title": f"{zh} · {en}",
            "summary": " ".join((event.__doc__ or "").partition("\n\n")[0].split()),
            "description": f"说明与示例 · its page: docs/events/{owner(event)}.md#{event.type.replace('.', '')}",
            "examples": [_shown(examples.example(event, _with(schemas, payload), known))],
            "traits": [{"$ref": "#/components/messageTraits/event"}],
            "payload": {"allOf": [envelope, {"properties": {"type": {"const": event.type}, "data": payload}}]},
        }
        for root in _roots(event):
            sealed = root == SEALED_ROOT
            channel = ("sealed." if sealed else "") + short_type(event.type)
            channels.setdefault(
                channel,
                {
                    "address": f"{root}.{{province}}.{{prefecture}}.{{county}}.{short_type(event.type)}",
                    "description": f"{zh} · {en}" + (SEALED if sealed else ""),
                    "parameters": {
                        token: {"description": meaning, "examples": [example]}
                        for token, (example, meaning) in PLACE.items()
                    },
                    "messages": {},
                },
            )["messages"][event.type] = {"$ref": f"#/components/messages/{event.type}"}
            operations.setdefault(
                f"{action}.{channel}",
                {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": []},
            )["messages"].append({"$ref": f"#/channels/{channel}/messages/{event.type}"})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"驻村 Zhucun · {name}",
            "version": "1.0.0",
            "description": "NATS JetStream 上的 CloudEvents 1.0（结构化 JSON）；ZHUCUN 流对订阅方开放，"
            "ZHUCUN_SEALED 仅限内部。 CloudEvents 1.0 in structured JSON on NATS JetStream: the stream ZHUCUN is open "
            "to subscribers, ZHUCUN_SEALED to the owning services only. "
            "密封流的一条消息可含同一主题的多个事件（JSON 数组）。 "
            "A message of the sealed stream may hold several events of one subject, as a JSON array.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"nats": {"host": "{host}:4222", "protocol": "nats", "variables": {"host": {"default": "nats"}}}},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "messageTraits": {"event": TRAIT}, "schemas": schemas},
    }


def _with(schemas: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """A payload as a schema of its own."""
    return {**payload, "$defs": schemas}


def _shown(one: examples.Example) -> dict[str, Any]:
    """An example as AsyncAPI has it."""
    told = f"演示 {one.region} 所发布 · told in the demo of {one.region}" if one.region else "虚构 · invented"
    return {"summary": told, "payload": one.event}


def owner(event: type[Event]) -> str:
    """The service on whose page an event stands."""
    owner = event.type.partition(".")[0]
    return CLOCK if owner == "calendar" else owner


def _roots(event: type[Event]) -> list[str]:
    """The roots of an event's subjects. An event that is sealed only in some cases has both roots."""
    return [
        root for root, when in ((OPEN_ROOT, event.sealing != "always"), (SEALED_ROOT, event.sealing != "never")) if when
    ]
