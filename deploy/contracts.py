"""The contracts as other systems read them: JSON Schema per event and AsyncAPI 3 per service, generated from the code.

`zhucun contracts` writes them to `docs/contracts/`; what stands there is the promise to subscribers, so a change that
would break a reader is not written but reported.
"""

import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from shared.contracts import EVENTS, OPEN_ROOT, SEALED_ROOT, Envelope, Event, short_type
from shared.contracts.calendar import DayPassed

SERVICES = ("registry", "dispatch", "inspection", "incentives")
FOLDER = Path(__file__).parent.parent / "docs" / "contracts"
PLACE = {
    "province": "GB/T 2260 的省级两位代码 / the province's two digits",
    "prefecture": "地级两位代码，省级事件为 00 / the prefecture's two digits, 00 for a province",
    "county": "县级两位代码，地级事件为 00 / the county's two digits, 00 for a prefecture",
}
REFERENCE = "#/components/schemas/{name}"


def documents() -> dict[str, dict[str, Any]]:
    """Every generated document by its file name."""
    for service in (*SERVICES, "calendar"):
        import_module(f"shared.contracts.{service}")
    events = dict(sorted(EVENTS.items()))
    found = {f"schemas/{type}.json": _schema(event) for type, event in events.items()}
    for service in SERVICES:
        reactions = import_module(f"services.{service}.reactions").REACTIONS
        sent = [event for event in events.values() if event.type.startswith(f"{service}.")]
        heard = {r.on for r in reactions if issubclass(r.on, Event)} - set(sent) | {DayPassed}
        found[f"asyncapi.{service}.json"] = _asyncapi(service, sent, sorted(heard, key=lambda event: event.type))
    found["asyncapi.zhucun.json"] = _asyncapi("zhucun", list(events.values()), [])
    return found


def breaking(old: Mapping[str, Any], new: Mapping[str, Any], where: str = "") -> Iterable[str]:
    """What in a new JSON Schema would break readers of the old one, or the reading of events kept under it."""
    for name, was in old.get("$defs", {}).items():
        if name in new.get("$defs", {}):
            yield from breaking(was, new["$defs"][name], f"{where}{name}.")
    for name, was in old.get("properties", {}).items():
        now = new.get("properties", {}).get(name)
        if now is None:
            yield f"{where}{name}: removed"
        elif _shape(was) != _shape(now):
            yield f"{where}{name}: {_shape(was)} became {_shape(now)}"
    for name in new.get("required", []):
        if name not in old.get("required", []):
            yield f"{where}{name}: required, but events without it are kept; give it a default"
    for name in old.get("required", []):
        if name not in new.get("required", []):
            yield f"{where}{name}: no longer always there"


def write(folder: Path = FOLDER) -> list[str]:
    """Write all documents, unless one would break its readers; return what would, an empty list if all is well."""
    wanted = documents()
    faults = []
    for path in (folder / "schemas").glob("*.json"):
        name = f"schemas/{path.name}"
        if name not in wanted:
            faults.append(f"{name}: the event is gone; keep its class for as long as the stream holds such events")
        else:
            faults += [f"{name}: {fault}" for fault in breaking(json.loads(path.read_text("utf-8")), wanted[name])]
    if not faults:
        (folder / "schemas").mkdir(parents=True, exist_ok=True)
        for name, document in wanted.items():
            (folder / name).write_text(text(document), "utf-8")
    return faults


def text(document: Mapping[str, Any]) -> str:
    """A document as it is kept: readable, and the same on every machine."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _schema(event: type[Event]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{event.type}.json",
    } | msgspec.json.schema(event)


def _shape(schema: Mapping[str, Any]) -> str:
    return json.dumps({k: v for k, v in schema.items() if k not in ("description", "title", "default")}, sort_keys=True)


def _asyncapi(name: str, sent: Iterable[type[Event]], heard: Iterable[type[Event]]) -> dict[str, Any]:
    sent, heard = list(sent), list(heard)
    (envelope, *payloads), schemas = msgspec.json.schema_components([Envelope, *sent, *heard], ref_template=REFERENCE)
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for event, payload in zip([*sent, *heard], payloads, strict=True):
        zh, en = event.label
        messages[event.type] = {
            "name": event.type,
            "title": f"{zh} · {en}",
            "summary": (event.__doc__ or "").strip(),
            "contentType": "application/cloudevents+json",
            "payload": {"allOf": [envelope, {"properties": {"type": {"const": event.type}, "data": payload}}]},
        }
        for root in _roots(event):
            channel = ("sealed." if root == SEALED_ROOT else "") + short_type(event.type)
            channels[channel] = {
                "address": f"{root}.{{province}}.{{prefecture}}.{{county}}.{short_type(event.type)}",
                "description": zh,
                "parameters": {token: {"description": text} for token, text in PLACE.items()},
                "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"}},
            }
            action = "send" if event in sent else "receive"
            operations[f"{action}.{channel}"] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{channel}"},
                "messages": [{"$ref": f"#/channels/{channel}/messages/{event.type}"}],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"驻村 Zhucun · {name}",
            "version": "1.0.0",
            "description": "NATS JetStream 上的 CloudEvents 1.0（结构化 JSON）；ZHUCUN 流对订阅方开放，ZHUCUN_SEALED 仅限内部。"
            " CloudEvents 1.0 in structured JSON on NATS JetStream: the stream ZHUCUN is open to subscribers, "
            "ZHUCUN_SEALED to the owning services only.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"nats": {"host": "{host}:4222", "protocol": "nats", "variables": {"host": {"default": "nats"}}}},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _roots(event: type[Event]) -> list[str]:
    return [
        root for root, when in ((OPEN_ROOT, event.sealing != "always"), (SEALED_ROOT, event.sealing != "never")) if when
    ]
