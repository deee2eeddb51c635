"""Commands that a body elsewhere sends as an event on NATS instead of over HTTP, such as a province's word.

The event is a NATS request, so that its sender is told what came of it. nats-server lets a subscriber publish only in
its own name, in the role that it was granted, and about its divisions. So what the subject says of the sender is true.
A sender who gets no answer sends the same event again; it is recognised by its id and taken once.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Final, Literal

import msgspec
import structlog
from msgspec import Meta
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.contracts import Command
from shared.contracts.values import OWN
from shared.engine import store
from shared.engine.actors import Actor
from shared.engine.audit import Entry
from shared.engine.commands import submit
from shared.engine.pipeline import Pipeline
from shared.engine.requests import RequestRefused, request_key
from shared.rules import Refused
from shared.stream.bus import SAID
from shared.web.limits import Limits
from shared.web.problems import Fault, Problem, Unfit, fault
from shared.web.strict import decode

log = structlog.get_logger()
TITLE: Final = "未采纳，见“errors” / not taken; see errors"


class Said(msgspec.Struct, frozen=True):
    """The CloudEvent of a body elsewhere. `type` is the service and the path of a command, such as `registry.words`,
    and `data` the command."""

    id: Annotated[str, Meta(min_length=8, max_length=100, pattern=r"^[!-~]+$(?!\n)")]
    source: Annotated[str, Meta(min_length=1, max_length=200)]
    type: Annotated[str, Meta(max_length=80)]
    specversion: Literal["1.0"]
    data: msgspec.Raw


class Taken(msgspec.Struct, frozen=True):
    """The answer to an event that was taken: its id, and the types of the events that it caused."""

    id: str
    events: list[str]


async def hear(client: Client, pipeline: Pipeline, commands: Mapping[str, type[Command]], limits: Limits) -> None:
    """Take these commands, given by path, from whoever may say them. Each goes into the audit log before the answer."""
    await client.subscribe(f"{SAID}.>", cb=partial(_answer, pipeline, commands, limits))


async def _answer(pipeline: Pipeline, commands: Mapping[str, type[Command]], limits: Limits, message: Msg) -> None:
    """Answer one event, if its division is this replica's."""
    _, _, name, role, *tokens = message.subject.split(".")
    place = "".join(tokens)
    if not message.reply or not pipeline.share.has(place):
        return  # Without an address for the answer, nobody could be told of a refusal; or it is another replica's.
    try:
        limits.require(name)
        answer: Taken | Problem = await _take(pipeline, commands, message.data, name, role, place)
        result = "done"
    except (Refused, RequestRefused, Unfit) as error:
        answer = _refusal(error)
        result = str(answer.status)
    except Exception as error:  # Whatever goes wrong: the sender is told, and the next one is heard.
        away = store.passing(error)
        log.error("what was said could not be taken", subject=message.subject, exc_info=None if away else error)
        title = "暂不可用，请用同一“id”再发 / not available now; say it again with the same id"
        answer = Problem(title=title, status=503 if away else 500, detail=type(error).__name__)
        result = str(answer.status)
    # 503: without the database nothing was done and nothing can be logged. 429: nothing was done either, and whoever
    # speaks too often would fill the log.
    if result not in ("503", "429"):
        await pipeline.audit.note(Entry(who=name, organ=role, deed=f"EVENT {SAID}", about=place, result=result))
    await message.respond(msgspec.json.encode(answer))


async def _take(
    pipeline: Pipeline, commands: Mapping[str, type[Command]], body: bytes, name: str, role: str, place: str
) -> Taken:
    """Apply the command in an event. Raises Refused, RequestRefused or Unfit."""
    try:
        said = msgspec.json.decode(body, type=Said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        at = re.search(r"(?:field `|`\$\.)(\w+)", str(error))
        zh = "应为 CloudEvents 1.0 的 JSON，“id”“source”“type”“specversion”“data”齐全并符合规定"
        raise Unfit([Fault(0, "schema", zh, f"it must be a CloudEvent in JSON: {error}", at and at[1])]) from error
    service, _, path = said.type.partition(".")
    if service != pipeline.service.name or path not in commands:
        known = [f"{pipeline.service.name}.{one}" for one in commands]
        raise Refused(
            "schema",
            f"不受理“{said.type}”，“type”可填：{'、'.join(known)}",
            f"nothing is done upon {said.type!r}; the type is one of {', '.join(known)}",
            field="type",
            status=422,
        )
    [command] = decode(b"[" + bytes(said.data) + b"]", commands[path])
    if (getattr(command, "body", ""), command.place) != (role, place):
        raise Refused(
            "access",
            f"主题写明的是“{role}”、区划 {place}，内容中的办理主体（“body”）和区划（“place”）应与其一致",
            f"the subject says {role} and division {place}; body and place must say the same",
            field="body",
            status=403,
        )
    actor = Actor(pseudonym=name, acts_as={role} & OWN.keys(), action=path)
    answer, _ = await submit(pipeline, request_key(path, name, said.id), [command], actor=lambda _: actor)
    return Taken(said.id, answer.events[0])


def _refusal(error: Refused | RequestRefused | Unfit) -> Problem:
    """The answer to what is refused, as over HTTP."""
    faults: Sequence[Fault] = (
        error.faults
        if isinstance(error, Unfit)
        else [
            fault(row, one)
            for row, one in (error.refused.items() if isinstance(error, RequestRefused) else [(0, error)])
        ]
    )
    status = error.status if isinstance(error, (Refused, Unfit)) else max(o.status for o in error.refused.values())
    return Problem(title=TITLE, status=status, detail="", errors=[*faults])
