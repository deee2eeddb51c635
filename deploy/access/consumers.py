"""Subscribers' consumers. Each is made only after its configuration was checked, and is deleted when its grant ends."""

from pathlib import Path
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from deploy.access import grants
from deploy.access.users import GATE
from shared.stream.bus import ANSWERED_WITHIN, OPEN

MAY_SAY: Final = frozenset({
    "name", "durable_name", "description", "filter_subject", "deliver_policy", "opt_start_seq", "opt_start_time",
    "ack_policy", "ack_wait", "max_deliver", "backoff", "replay_policy", "headers_only", "max_waiting",
    "max_ack_pending", "max_batch", "max_expires", "max_bytes", "inactive_threshold", "num_replicas",
})  # fmt: skip
"""The settings that a subscriber may choose for its consumer. The most important setting that is not among them is the
subject to which messages are pushed. It would be a subject of the product's account, for example the one on which
another subscriber's consumer is asked for messages.
"""
AT_MOST: Final = {"max_ack_pending": 10_000, "max_waiting": 512}
"""The largest values of settings that cost the server memory, so that no consumer uses up what all share."""


async def admit(client: Client, message: Msg) -> None:
    """Answer a subscriber who asks for a consumer: with the server's answer, or with what is wrong in the request."""
    try:
        wanted = _checked(message.data)
        asked = message.subject.removeprefix(GATE)
        answer = (await client.request(f"$JS.API.CONSUMER.CREATE.{OPEN}{asked}", wanted, timeout=ANSWERED_WITHIN)).data
    except ValueError as error:
        answer = _refused(400, str(error))
    except Error as error:
        answer = _refused(503, f"服务器无应答，请稍后再试 · the server does not answer, try again: {error!r}")
    await message.respond(answer)


def _checked(body: bytes) -> bytes:
    """The checked request for a consumer, as it is passed to the server. Raises ValueError for forbidden settings."""
    try:
        request = msgspec.json.decode(body, type=dict[str, Any])
        config = msgspec.convert(request.get("config"), dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"请求应为 JSON · the request is no JSON that describes a consumer: {error}") from error
    wanted = {
        name: value for name, value in config.items() if value
    }  # Clients also send settings that they leave empty.
    wrong = [*sorted(wanted.keys() - MAY_SAY)]
    wrong += [f"{name} > {most}" for name, most in AT_MOST.items() if not _within(wanted.get(name, 0), most)]
    if wrong:
        raise ValueError(
            f"消费者不得设 {'、'.join(wrong)}，请去掉：消息只可拉取（“pull_subscribe”） · "
            f"leave {', '.join(wrong)} out of the consumer: its messages are pulled (pull_subscribe)"
        )
    known = {name: request[name] for name in ("stream_name", "action") if name in request}
    return msgspec.json.encode({**known, "config": wanted})


def _within(value: object, most: int) -> bool:
    return isinstance(value, int) and 0 <= value <= most


def _refused(code: int, text: str) -> bytes:
    error = {"code": code, "err_code": 10012, "description": text}
    return msgspec.json.encode({"type": "io.nats.jetstream.api.v1.consumer_create_response", "error": error})


async def end_ungranted(client: Client, keys: Path) -> list[str]:
    """Delete the consumers whose grant has ended. Returns their names.

    Grants are read after the list of consumers. A consumer is only made after its grant, so a new one in the list
    always has its grant, and is not deleted by mistake.
    """
    names: list[str] = []
    page: list[str] | None = None
    while page is None or page:
        question = msgspec.json.encode({"offset": len(names)})
        answer = await client.request(f"$JS.API.CONSUMER.NAMES.{OPEN}", question, timeout=ANSWERED_WITHIN)
        page = msgspec.json.decode(answer.data).get("consumers") or []
        names += page
    granted = {f"{name}-{place}" for name, grant in grants.granted(keys).items() for place in grant.places}
    ended = [name for name in names if grants.DURABLE.fullmatch(name) and name not in granted]
    for name in ended:
        await client.request(f"$JS.API.CONSUMER.DELETE.{OPEN}.{name}", b"", timeout=ANSWERED_WITHIN)
    return ended
