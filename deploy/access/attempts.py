"""What nobody may do on NATS, tried with each kind of key on a running system: `python -m deploy.access.attempts`.

It writes the answers of nats-server to docs/access.md. The same attempts are made by the tests.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import nats
from nats.aio.client import Client
from nats.errors import Error

from deploy.access import asking, grants
from deploy.access.keys import new_key, write
from deploy.access.permissions import below
from deploy.access.users import DOMAIN, INSTALLER, OPERATOR, SIMULATION, SYSTEM, USERS
from deploy.local.supervisor import System
from shared.stream import bus
from shared.stream.bus import CALENDAR, DAY_DUE, DAY_SCHEDULED, OPEN, SEALED

SUBSCRIBED: Final = {"guizhou": ("52",), "benxi": ("2105",)}
"""Subscribers and their divisions, for as long as this lasts."""
STRANGER: Final = "stranger"
"""Who has a key that nobody was granted."""
NOBODY: Final = "nobody"
"""Who has no key."""
ANSWERED_WITHIN: Final = 2.0
"""Seconds for the server's answer."""
PLACE: Final = "52.01.02"
SILENT: Final = ("无应答，未作任何事", "no answer, and nothing done")


class Attempt(NamedTuple):
    """Something to be tried, and who may do it, so that it is not tried with their keys.

    What is heard is listened to; all else is published, and `reply` is where its answer is to go.
    """

    zh: str
    en: str
    subject: str
    body: str = ""
    may: Sequence[str] = ()
    heard: bool = False
    reply: str = ""


def attempts(user: str) -> list[Attempt]:
    """What a user is not to succeed with."""
    more = [*_of_subscribers(user)] if user in SUBSCRIBED else []
    return [attempt for attempt in (*_of_all(user), *more) if user not in attempt.may]


def _of_all(user: str) -> Iterator[Attempt]:
    """What is nobody's, or not this user's."""
    events = {
        "registry": "village.delisted", "dispatch": "team.assigned", "inspection": "exit.verified",
        "incentives": "outcome.decided",
    }  # fmt: skip
    for owner, event in events.items():
        for zh, en, root in (("公开", "open", "zhucun.v1"), ("封存", "sealed", "zhucun-sealed.v1")):
            may = [] if (owner, en) in (("registry", "sealed"), ("dispatch", "sealed")) else [owner]
            yield Attempt(
                f"冒充 {owner} 发布{zh}事件",
                f"publish {owner}'s {en} event",
                f"{root}.{PLACE}.{owner}.{event}",
                may=may,
            )
    day = ["registry", SIMULATION]
    yield Attempt("宣布一天开始", "say that a day has begun", "zhucun.v1.00.00.00.calendar.day.passed", may=day)
    yield Attempt("触发日程", "fire the schedule of days", DAY_DUE, may=["registry"])
    yield Attempt("改写日程", "replace the schedule of days", DAY_SCHEDULED, may=["registry"])
    for subject in ("zhucun.v1.>", "zhucun-sealed.>", "$JS.>", "$SYS.>", "_INBOX.>", "_INBOX.registry.>", ">"):
        may = ["registry"] if subject == "_INBOX.registry.>" else []
        yield Attempt("直接收听", "listen", subject, may=may, heard=True)
    for stream in (OPEN, SEALED, CALENDAR):
        config = json.dumps({"name": stream, "subjects": ["x"], "max_msgs": 1})
        for zh, en, what, body in (
            ("清空流", "purge a stream", "STREAM.PURGE", ""),
            ("删除流", "delete a stream", "STREAM.DELETE", ""),
            ("修改流", "change a stream", "STREAM.UPDATE", config),
            ("新建流", "make a stream", "STREAM.CREATE", config),
            ("删除一条消息", "delete a message", "STREAM.MSG.DELETE", '{"seq":1}'),
            ("按序号读消息", "read a message by its number", "STREAM.MSG.GET", '{"seq":1}'),
            ("导出流", "take a snapshot", "STREAM.SNAPSHOT", '{"deliver_subject":"x"}'),
            ("列出消费者", "list the consumers", "CONSUMER.LIST", ""),
        ):
            may = [INSTALLER] if what in ("STREAM.UPDATE", "STREAM.CREATE") else []
            if what == "STREAM.MSG.GET":
                may = [SIMULATION, *(["registry"] if stream == CALENDAR else [])]
            yield Attempt(zh, en, f"$JS.API.{what}.{stream}", body, may)
    yield Attempt("列出流", "list the streams", "$JS.API.STREAM.LIST")
    yield Attempt("直读流", "read a stream directly", f"$JS.API.DIRECT.GET.{OPEN}", '{"seq":1}')
    yield from _consumers(user)
    yield Attempt("查看服务器", "look at the servers", "$SYS.REQ.SERVER.PING")
    yield Attempt("查看连接", "look at connections", "$SYS.REQ.SERVER.PING.CONNZ")
    yield Attempt("查看账户", "look at accounts", "$SYS.REQ.ACCOUNT.ZHUCUN.SUBSZ")
    yield Attempt("让服务器重载", "let servers reload", "$SYS.REQ.SERVER.x.RELOAD", may=[SYSTEM])


def _consumers(user: str) -> Iterator[Attempt]:
    """What concerns others' consumers, and new ones."""
    for durable in ("registry", "incentives", "benxi-2105"):
        owner = durable.split("-")[0]
        may = [owner]
        config = {"stream_name": OPEN, "config": {"durable_name": durable, "name": durable, "ack_policy": "all"}}
        create, delete = "CONSUMER.CREATE", "CONSUMER.DELETE"
        for zh, en, what, body in (
            ("改建他人的消费者", "make another's consumer anew", create, json.dumps(config)),
            ("删除他人的消费者", "delete another's consumer", delete, ""),
            ("代取他人的消息", "fetch another's messages", "CONSUMER.MSG.NEXT", '{"batch":1,"no_wait":true}'),
            (
                "暂停他人的消费者",
                "pause another's consumer",
                "CONSUMER.PAUSE",
                '{"pause_until":"2099-01-01T00:00:00Z"}',
            ),
        ):
            yield Attempt(zh, en, f"$JS.API.{what}.{OPEN}.{durable}", body, may)
        yield Attempt(
            "代他人确认消息", "acknowledge another's message", f"$JS.ACK.{OPEN}.{durable}.1.1.1.1.0", "+ACK", may
        )
        looks = [owner, OPERATOR, SIMULATION]
        yield Attempt(
            "查看他人的消费者", "look at another's consumer", f"$JS.API.CONSUMER.INFO.{OPEN}.{durable}", may=looks
        )
    for stream in (OPEN, SEALED):
        config = {"stream_name": stream, "config": {"ack_policy": "none"}}
        yield Attempt(
            "新建临时消费者", "make a nameless consumer", f"$JS.API.CONSUMER.CREATE.{stream}", json.dumps(config)
        )
        config["config"] = {"ack_policy": "none", "durable_name": "mine"}
        yield Attempt(
            "按旧接口新建消费者", "make a consumer in the old way", f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.mine",
            json.dumps(config),
        )  # fmt: skip


def _of_subscribers(user: str) -> Iterator[Attempt]:
    """What a subscriber might make of its own consumer."""
    place = SUBSCRIBED[user][0]
    durable, own = f"{user}-{place}", below(place)
    api = f"$JS.{DOMAIN}.API.CONSUMER"
    create = f"{api}.CREATE.{OPEN}.{durable}"

    def config(stream: str = OPEN, name: str = durable, **more: object) -> str:
        known = {"durable_name": name, "name": name, "ack_policy": "explicit", "filter_subject": own}
        return json.dumps({"stream_name": stream, "config": known | more})

    for filter in ("zhucun.v1.>", "zhucun.v1.*.>", "zhucun.v1.53.>", "zhucun-sealed.v1.>"):
        body = config(filter_subject=filter)
        yield Attempt("读别的区划", "read other divisions", f"{create}.{filter}", body)
        yield Attempt(f"正文中另写过滤 {filter}", "another filter in the body", f"{create}.{own}", body)
    several = config(filter_subject="", filter_subjects=["zhucun.v1.53.>", "zhucun.v1.54.>"])
    yield Attempt("正文中写多个过滤", "several filters in the body", f"{create}.{own}", several)
    yield Attempt("不带过滤新建", "make it without a filter", create, config(filter_subject=""))
    yield Attempt("读封存流", "read the sealed stream", f"{api}.CREATE.{SEALED}.{durable}.{own}", config(SEALED))
    yield Attempt("正文中另写流", "another stream in the body", f"{create}.{own}", config(SEALED))
    yield Attempt("另起名称", "under another name", f"{api}.CREATE.{OPEN}.other.{own}", config(name="other"))
    yield Attempt("正文中另写名称", "another name in the body", f"{create}.{own}", config(name="other"))
    for target in (f"zhucun-sealed.v1.{PLACE}.dispatch.cadre.recalled", f"zhucun.v1.{PLACE}.registry.village.delisted"):
        for question, body in (
            (f"{api}.MSG.NEXT.{OPEN}.{durable}", '{"batch":1,"no_wait":true}'),
            (f"$JS.ACK.{OPEN}.{durable}.1.1.1.1.0", "+ACK"),
        ):
            yield Attempt("把应答引到事件主题", "let an answer become an event", question, body, reply=target)


class Tried(NamedTuple):
    """What somebody tried, and what the server said."""

    user: str
    attempt: Attempt
    answer: str
    refused: bool


async def tried(system: System, user: str) -> list[Tried]:
    """Try all that a user is not to succeed with."""
    said: asyncio.Queue[str] = asyncio.Queue()

    async def hear(error: Exception) -> None:
        said.put_nowait(str(error))

    options = {} if user == NOBODY else {"nkeys_seed": str(system.key(user))}
    try:
        client = await nats.connect(
            system.nats_url, inbox_prefix=bus.inbox(user), allow_reconnect=False, error_cb=hear, **options
        )
    except (Error, OSError) as error:
        return [Tried(user, Attempt("连接", "connect", ""), str(error), True)]
    found = []
    for attempt in attempts(user):
        while not said.empty():
            said.get_nowait()
        found.append(Tried(user, attempt, *await _answer(client, attempt, said)))
    await client.close()
    return found


async def _answer(client: Client, attempt: Attempt, said: "asyncio.Queue[str]") -> tuple[str, bool]:
    """The server's answer to an attempt, and whether it refuses it."""
    if attempt.heard or attempt.reply:
        if attempt.heard:
            await client.subscribe(attempt.subject)
        else:
            await client.publish(attempt.subject, attempt.body.encode(), reply=attempt.reply)
        await client.flush()
        await asyncio.sleep(0.05)
        # Where an answer is led astray nothing is said; that nothing was stored is for who looks at the streams.
        return (said.get_nowait(), True) if not said.empty() else (SILENT[1], bool(attempt.reply))
    asked = asyncio.create_task(client.request(attempt.subject, attempt.body.encode(), timeout=ANSWERED_WITHIN))
    refused = asyncio.create_task(said.get())
    await asyncio.wait((asked, refused), return_when=asyncio.FIRST_COMPLETED)
    if refused.done():
        asked.cancel()
        with suppress(asyncio.CancelledError, Error):
            await asked
        return refused.result(), True
    refused.cancel()
    try:
        told = json.loads((await asked).data or b"{}")
    except Error as error:
        return f"{error or type(error).__name__}", False
    return told["error"]["description"] if "error" in told else json.dumps(told), "error" in told


async def all_tried(system: System) -> list[Tried]:
    """Try everything with every key, and with none."""
    keys = system.folder.keys
    write(system.key(STRANGER), new_key()[0])
    for name, places in SUBSCRIBED.items():
        write(system.key(name), grants.grant(keys, name, places))
    await asking.reload(system.nats_url, system.key(SYSTEM))
    for name, (place, *_) in SUBSCRIBED.items():
        client = await nats.connect(system.nats_url, nkeys_seed=str(system.key(name)), inbox_prefix=bus.inbox(name))
        await client.jetstream(domain=DOMAIN).pull_subscribe(below(place), durable=f"{name}-{place}", stream=OPEN)
        await client.close()
    users = [NOBODY, STRANGER, *SUBSCRIBED, *USERS, SIMULATION]
    return [one for user in users for one in await tried(system, user)]


def report(found: Sequence[Tried]) -> str:
    """The table of what was tried, one line for each attempt, with who was refused and how."""
    rows: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for user, attempt, answer, _ in found:
        subject = attempt.subject + (f" → {attempt.reply}" if attempt.reply else "")
        for place in SUBSCRIBED.get(user, ()):
            subject = subject.replace(f".{user}-{place}", ".<own>").replace(below(place), "<own filter>")
        # The server writes subjects in small letters there, and they stand beside it already.
        answer = answer.split(" to ")[0] if "permissions violation" in answer else answer
        rows.setdefault((attempt.zh, attempt.en, subject), {}).setdefault(answer, []).append(user)
    lines = [f"| {zh} · {en} | `{subject}` | {_told(answers)} |" for (zh, en, subject), answers in rows.items()]
    refused = sum(one.refused for one in found)
    title = "# 谁在 NATS 上不能做什么 · What nobody may do on NATS"
    return "\n".join((
        title, "",
        f"由 `python -m deploy.access.attempts` 在运行的系统上逐项试出：{len(found)} 次尝试，{refused} 次被拒。", "",
        f"Tried on a running system, one by one: {len(found)} attempts, {refused} refused.", "",
        "| 尝试 · attempt | 主题 · subject | nats-server 的答复 · its answer |", "|---|---|---|", *lines, "",
    ))  # fmt: skip


def _told(answers: Mapping[str, Sequence[str]]) -> str:
    return "<br>".join(f"{', '.join(users)}: {answer}" for answer, users in answers.items())


async def _main() -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with System(Path(folder)) as system:
            await system.ready()
            return report(await all_tried(system))


if __name__ == "__main__":
    Path("docs/access.md").write_text(asyncio.run(_main()), "utf-8")
