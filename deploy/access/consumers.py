"""Subscribers' consumers. Each is made only after its configuration was checked, and is deleted when its grant ends."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import ConsumerInfo

from deploy.access import grants
from deploy.access.keys import private, write
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


HEARD: Final = "heard.json"
"""The file that keeps, for each subscriber's consumer, when the stream that it reads was made. The time is empty if the
stream has lost something that the subscriber had not read."""


async def admit(client: Client, keys: Path, message: Msg) -> None:
    """Answer a subscriber who asks for a consumer: with the server's answer, or with what is wrong in the request."""
    try:
        wanted, policy = _checked(message.data)
        asked = message.subject.removeprefix(GATE)
        name = asked.split(".")[1]
        made = await _made(client)
        _require_whole(name, _heard(keys).get(name), made, policy)
        answer = (await client.request(f"$JS.API.CONSUMER.CREATE.{OPEN}{asked}", wanted, timeout=ANSWERED_WITHIN)).data
        if not msgspec.json.decode(answer, type=dict[str, Any]).get("error"):
            with _changed(keys) as heard:
                heard[name] = made
    except ValueError as error:
        answer = _refused(400, str(error))
    except Error as error:
        answer = _refused(503, f"服务器无应答，请稍后再试 · the server does not answer, try again: {error!r}")
    await message.respond(answer)


def _require_whole(name: str, known: str | None, made: str, policy: str) -> None:
    """Raise ValueError if a subscriber would begin at the beginning of a stream that may lack what it has not read."""
    if known is not None and known != made and policy == "all":
        raise ValueError(
            f"消费者“{name}”未读的事件已不全在消息流中（消息流重建、截短，或恢复了备份）。请先向各服务的“/v1/journal”"
            "补取，按“id”去重，再用“deliver_policy”指明从何处读起，如“by_start_sequence”，“opt_start_seq”为 1 · "
            f"the stream lacks events that {name} has not read: it was made anew or shortened, or a backup was "
            "restored. Ask each service's /v1/journal for them and drop the ids that you have; then say by "
            "deliver_policy where to begin, such as by_start_sequence with opt_start_seq 1"
        )


def _checked(body: bytes) -> tuple[bytes, str]:
    """The checked request for a consumer, as it is passed to the server, and where it begins to read.

    Raises ValueError for forbidden settings.
    """
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
    return msgspec.json.encode({**known, "config": wanted}), str(wanted.get("deliver_policy", "all"))


def _within(value: object, most: int) -> bool:
    return isinstance(value, int) and 0 <= value <= most


def _refused(code: int, text: str) -> bytes:
    error = {"code": code, "err_code": 10012, "description": text}
    return msgspec.json.encode({"type": "io.nats.jetstream.api.v1.consumer_create_response", "error": error})


async def look_after(
    client: Client, keys: Path, found: Mapping[str, ConsumerInfo], floors: dict[str, int]
) -> list[str]:
    """Delete the consumers whose grant has ended, and those of which the stream has lost something unread.

    Their subscribers are told what to do when they ask for the consumer again (`admit`). `floors` says up to which
    message each had read at the last look; messages that were removed since may have been unread. Returns what an
    operator should know.

    Grants are read after the list of consumers, `found`. A consumer is only made after its grant, so a new one in the
    list always has its grant, and is not deleted by mistake.
    """
    stream = await client.jetstream(timeout=ANSWERED_WITHIN).stream_info(OPEN)
    made, first, told = str(stream.created), stream.state.first_seq, list[str]()
    granted = {f"{name}-{place}" for name, grant in grants.granted(keys).items() for place in grant.places}
    heard = _heard(keys)
    now = {name: heard.get(name, made) for name in granted if name in found or name in heard}
    for name, info in found.items():
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        if name in granted and now[name] == made and floors.get(name, floor) + 1 >= first:
            floors[name] = floor
            continue
        floors.pop(name, None)
        if name in granted:
            now[name] = ""
            told.append(
                f"事件流“{OPEN}”已删去“{name}”尚未读取的事件，订阅方再次读取时将被告知补读办法 · "
                f"{OPEN} lacks what {name} has not read; its subscriber is told when it asks again"
            )
        await client.request(f"$JS.API.CONSUMER.DELETE.{OPEN}.{name}", b"", timeout=ANSWERED_WITHIN)
    if now != heard:
        with _changed(keys) as kept:
            for name in {*now, *heard}:  # An entry that was changed meanwhile stays.
                if kept.get(name) == heard.get(name):
                    kept.pop(name, None)
                    kept.update({name: now[name]} if name in now else {})
    return told


def begin_anew(keys: Path) -> list[str]:
    """After a backup was restored, the stream may not fit what subscribers have read. Let every subscriber be told so.

    Returns the names of their consumers, which end at the next look (`look_after`).
    """
    with _changed(keys) as heard:
        for name in heard:
            heard[name] = ""
        return sorted(heard)


async def _made(client: Client) -> str:
    """When the stream was made, which tells it from one that was made anew."""
    return str((await client.jetstream(timeout=ANSWERED_WITHIN).stream_info(OPEN)).created)


def _heard(keys: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode((keys / HEARD).read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}  # It is written again at the next look, from the consumers that there are.


@contextmanager
def _changed(keys: Path) -> Iterator[dict[str, str]]:
    """The content of the file, locked for one change at a time, and written afterwards."""
    with open(keys / f"{HEARD}.lock", "a", opener=private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        heard = _heard(keys)
        yield heard
        write(keys / HEARD, msgspec.json.encode(heard).decode())
