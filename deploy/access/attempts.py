"""Tries forbidden things on the NATS of a running system, with each kind of key: `python -m deploy.access.attempts`.

It writes nats-server's answers to docs/access.md. The tests make the same attempts.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import nats
from nats.aio.client import Client
from nats.errors import Error

from deploy.access import asking, grants
from deploy.access.keys import new_key, write
from deploy.access.permissions import below
from deploy.access.users import DOMAIN, GATE, INSTALLER, OPERATOR, SERVICES, SIMULATION, SYSTEM, USERS
from deploy.local.supervisor import System
from shared.stream import bus
from shared.stream.bus import CALENDAR, DAY_DUE, DAY_SCHEDULED, OPEN, SEALED

SUBSCRIBED: Final = {"guizhou": ("52",), "benxi": ("2105",)}
"""The subscribers that are granted access for these attempts, with their divisions."""
STRANGER: Final = "stranger"
"""Somebody whose key was never granted anything."""
NOBODY: Final = "nobody"
"""Somebody without a key."""
ANSWERED_WITHIN: Final = 2.0
"""Seconds for the server's answer."""
PLACE: Final = "52.01.02"
SILENT: Final = "no answer, and nothing done"
IN_CHINESE: Final = {
    SILENT: "无应答，未作任何事",
    "nats: 'Authorization Violation'": "拒绝连接",
    "nats: permissions violation for publish": "无权发布",
    "nats: permissions violation for subscription": "无权收听",
    "Consumer create request did not match filtered subject from create subject": "正文中的过滤与主题中的不符",
    "stream name in subject does not match request": "正文中的流与主题中的不符",
    "consumer name in subject does not match durable name in request": "正文中的名称与主题中的不符",
}
"""Chinese for what nats-server says. Refusals by this product's own code are in both languages already."""
WHO: Final = {
    NOBODY: ("没有密钥者", "who has no key"),
    STRANGER: ("持有未经授权的密钥者", "who has a key that nobody was granted"),
    **{name: (f"订阅者，区划 {places[0]}", f"a subscriber below {places[0]}") for name, places in SUBSCRIBED.items()},
    SYSTEM: ("查询服务器健康、令其重读授权", "asks servers for their health and lets them read again"),
    INSTALLER: ("建立和维护各流", "makes the streams and keeps them"),
    OPERATOR: ("运维检查", "looks at streams and consumers for `zhucun doctor`"),
    **dict.fromkeys(SERVICES, ("服务", "the service")),
    SIMULATION: ("演示中宣布日期", "says days in a demo"),
}
"""The users whose keys are tried, with their names in both languages."""


class Attempt(NamedTuple):
    """Something to try. It is not tried with the keys of the users in `may`, who are allowed to do it.

    If `heard`, the subject is subscribed to. Otherwise the body is published on it, with `reply` as the subject for the
    answer.
    """

    zh: str
    en: str
    subject: str
    body: str = ""
    may: Sequence[str] = ()
    heard: bool = False
    reply: str = ""


def attempts(user: str) -> list[Attempt]:
    """Everything at which this user must fail."""
    more = [*_of_subscribers(user)] if user in SUBSCRIBED else []
    return [attempt for attempt in (*_of_all(user), *more) if user not in attempt.may]


def _of_all(user: str) -> Iterator[Attempt]:
    """Attempts with subjects that belong to nobody or to another user."""
    events = {
        "registry": "village.delisted",
        "dispatch": "team.assigned",
        "inspection": "exit.verified",
        "incentives": "outcome.decided",
    }
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
    hearers = {"_INBOX.registry.>": ["registry"], f"{GATE}.>": [INSTALLER]}
    for subject in (
        "zhucun.v1.>", "zhucun-sealed.>", "$JS.>", "$JS.EVENT.>", "$SYS.>", "$SRV.>", "_R_.>", "_INBOX.>",
        "_INBOX.registry.>", f"{GATE}.>", ">",
    ):  # fmt: skip
        yield Attempt("直接收听", "listen", subject, may=hearers.get(subject, []), heard=True)
    for owner in ("registry", *SUBSCRIBED):
        yield Attempt("冒充他人得到的应答", "answer in another's place", f"_INBOX.{owner}.x.1", '{"success":true}')
    yield Attempt("绕过对消费者的检查", "ask for a consumer unseen", f"{GATE}.registry", '{"config":{}}')
    yield Attempt("探查服务", "look for services", "$SRV.PING")
    yield Attempt("冒充上级答复", "answer for a province", f"{bus.SAID}.guizhou.province.{PLACE}", "{}")
    yield from _streams()
    yield from _consumers(user)
    yield from _servers()


def _streams() -> Iterator[Attempt]:
    """Attempts to change streams, or to read them without a consumer."""
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
            ("恢复流", "restore a stream", "STREAM.RESTORE", config),
            ("让流的主节点退位", "let a stream's leader step down", "STREAM.LEADER.STEPDOWN", ""),
            ("移走流的副本", "take a stream's copy away", "STREAM.PEER.REMOVE", '{"peer":"a"}'),
            ("列出消费者", "list the consumers", "CONSUMER.LIST", ""),
            ("列出消费者名称", "list the consumers' names", "CONSUMER.NAMES", ""),
        ):
            may = [INSTALLER] if what in ("STREAM.UPDATE", "STREAM.CREATE") else []
            if what == "STREAM.MSG.GET":
                may = [SIMULATION, *(["registry"] if stream == CALENDAR else [])]
            if (what, stream) == ("CONSUMER.LIST", OPEN):
                may = [INSTALLER, OPERATOR]
            yield Attempt(zh, en, f"$JS.API.{what}.{stream}", body, may)
    for zh, en, more in (
        ("镜像封存流", "mirror the sealed stream", {"mirror": {"name": SEALED}}),
        ("以封存流为来源", "make a stream of the sealed one", {"sources": [{"name": SEALED}]}),
        ("转发封存事件", "republish sealed events", {"subjects": ["x"], "republish": {"src": ">", "dest": "x.>"}}),
    ):
        yield Attempt(zh, en, "$JS.API.STREAM.CREATE.mine", json.dumps({"name": "mine", **more}))
    yield Attempt("查看用量", "look at what is used", "$JS.API.INFO", may=[OPERATOR, SIMULATION])
    yield Attempt("清空账户", "purge an account", "$JS.API.ACCOUNT.PURGE.ZHUCUN")
    yield Attempt("让集群主节点退位", "let the cluster's leader step down", "$JS.API.META.LEADER.STEPDOWN")
    yield Attempt("移走服务器", "take a server away", "$JS.API.SERVER.REMOVE", '{"peer":"a"}')
    yield Attempt("列出流", "list the streams", "$JS.API.STREAM.LIST")
    yield Attempt("列出流的名称", "list the streams' names", "$JS.API.STREAM.NAMES")
    for stream in (OPEN, SEALED):
        yield Attempt("直读流", "read a stream directly", f"$JS.API.DIRECT.GET.{stream}", '{"seq":1}')
        yield Attempt("直读最后一条", "read the last directly", f"$JS.API.DIRECT.GET.{stream}.zhucun-sealed.v1.x")


def _servers() -> Iterator[Attempt]:
    """Attempts to look at servers and accounts, or to command them."""
    yield Attempt("查看服务器", "look at the servers", "$SYS.REQ.SERVER.PING")
    yield Attempt("查看连接", "look at connections", "$SYS.REQ.SERVER.PING.CONNZ")
    for what in ("SUBSZ", "CONNZ", "JSZ", "INFO"):
        yield Attempt("查看账户", "look at accounts", f"$SYS.REQ.ACCOUNT.ZHUCUN.{what}")
    for what in ("VARZ", "JSZ", "SUBSZ"):
        yield Attempt("查看服务器", "look at the servers", f"$SYS.REQ.SERVER.PING.{what}")
    yield Attempt("查看自己的权限", "look at one's own rights", "$SYS.REQ.USER.INFO")
    yield Attempt("冒充服务器报告连接", "report a connection", "$SYS.ACCOUNT.ZHUCUN.CONNECT")
    yield Attempt("断开他人的连接", "cut another off", "$SYS.REQ.SERVER.x.KICK", '{"cid":1}')
    yield Attempt("让服务器重载", "let servers reload", "$SYS.REQ.SERVER.x.RELOAD", may=[SYSTEM])


def _consumers(user: str) -> Iterator[Attempt]:
    """Attempts to use other users' consumers, or to make new ones."""
    for durable in ("registry", "incentives", "benxi-2105"):
        owner = durable.split("-")[0]
        may = [owner, INSTALLER]
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
            ("让消费者的主节点退位", "let a consumer's leader step down", "CONSUMER.LEADER.STEPDOWN", ""),
            ("解除消费者的占用", "unpin a consumer", "CONSUMER.UNPIN", '{"group":"x"}'),
        ):
            yield Attempt(
                zh, en, f"$JS.API.{what}.{OPEN}.{durable}", body, may if what in (create, delete) else [owner]
            )
        for subject in (
            f"$JS.ACK.{OPEN}.{durable}.1.1.1.1.0",
            f"$JS.ACK._.x.{OPEN}.{durable}.1.1.1.1.0.x",  # The form that servers with a JetStream domain use.
            f"$JS.FC.{OPEN}.{durable}.x",
        ):
            yield Attempt("代他人确认消息", "acknowledge another's message", subject, "+ACK", [owner])
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
            "按旧接口新建消费者",
            "make a consumer in the old way",
            f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.mine",
            json.dumps(config),
        )


def _of_subscribers(user: str) -> Iterator[Attempt]:
    """Attempts to make a subscriber's own consumer into something that it may not be."""
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
    yield Attempt("正文中的过滤为空", "no filter in the body", f"{create}.{own}", config(filter_subject=""))
    strange = config(filter_subject="zhucun.v1.>").replace("filter_subject", "Filter_Subject")
    yield Attempt("换大小写另写过滤", "another filter in other letters", f"{create}.{own}", strange)
    yield from _pushed(f"{create}.{own}", config)
    for body in ("", "x", "[]", '{"config":1}', "[" * 5000):
        yield Attempt("正文不是请求", "a body that is no request", f"{create}.{own}", body)
    acknowledged = f"$JS.ACK.{OPEN}.{durable}.{OPEN}.registry.1.1.1.1.0.x"
    yield Attempt("借自己的名称代他人确认", "acknowledge another's below one's own name", acknowledged, "+ACK")
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


def _pushed(create: str, config: Callable[..., str]) -> Iterator[Attempt]:
    """Consumers that would push messages to somebody's subject, or take more of the server than their share."""
    for subject in (
        f"$JS.API.CONSUMER.MSG.NEXT.{OPEN}.registry",
        f"$JS.API.CONSUMER.MSG.NEXT.{OPEN}.benxi-2105",
        f"$JS.API.STREAM.DELETE.{OPEN}",
        "_INBOX.registry.x",
        f"zhucun-sealed.v1.{PLACE}.dispatch.cadre.recalled",
    ):
        zh, en = f"把消息推送到 {subject}", f"have messages pushed to {subject}"
        yield Attempt(zh, en, create, config(deliver_subject=subject, headers_only=True))
    for name, value in (
        ("max_ack_pending", -1), ("max_ack_pending", 10_001), ("max_waiting", 513), ("max_waiting", "1"),
        ("pause_until", "2099-01-01T00:00:00Z"), ("mem_storage", True), ("sample_freq", "100"),
        ("priority_groups", ["x"]), ("metadata", {"x": "x"}), ("direct", True),
    ):  # fmt: skip
        yield Attempt(
            f"消费者设 {name} = {value}", f"a consumer with {name} = {value}", create, config(**{name: value})
        )


class Tried(NamedTuple):
    """An attempt of a user, and the server's answer."""

    user: str
    attempt: Attempt
    answer: str
    refused: bool


async def tried(system: System, user: str) -> list[Tried]:
    """Try everything at which a user must fail."""
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
        # If the answer goes to another subject, silence counts as refused here. The tests also look at the streams, to
        # see that nothing was stored.
        return (said.get_nowait(), True) if not said.empty() else (SILENT, bool(attempt.reply))
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
    """A Markdown table of the attempts, one line for each, which says who was refused and how."""
    rows: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for user, attempt, answer, _ in found:
        subject = attempt.subject + (f" → {attempt.reply}" if attempt.reply else "")
        for place in SUBSCRIBED.get(user, ()):
            subject = subject.replace(f".{user}-{place}", ".<own>").replace(below(place), "<own filter>")
        # The server's answer repeats the subject in small letters; the table has it already.
        answer = answer.split(" to ")[0] if "permissions violation" in answer else answer
        rows.setdefault((attempt.zh, attempt.en, subject), {}).setdefault(answer, []).append(user)
    lines = [f"| {zh} · {en} | `{subject}` | {_told(answers)} |" for (zh, en, subject), answers in rows.items()]
    refused = sum(one.refused for one in found)
    title = "# 谁在 NATS 上不能做什么 · What nobody may do on NATS"
    return "\n".join((
        title, "",
        f"由 `python -m deploy.access.attempts` 在运行的系统上逐项试出：{len(found)} 次尝试，{refused} 次被拒。", "",
        f"Tried on a running system, one by one: {len(found)} attempts, {refused} refused.", "",
        "| 密钥 · key | 谁 · who |", "|---|---|", *(f"| {user} | {zh} · {en} |" for user, (zh, en) in WHO.items()), "",
        "| 尝试 · attempt | 主题 · subject | 答复 · answer |", "|---|---|---|", *lines, "",
    ))  # fmt: skip


def _told(answers: Mapping[str, Sequence[str]]) -> str:
    return "<br>".join(
        f"{', '.join(users)}: {f'{IN_CHINESE[answer]} · ' if answer in IN_CHINESE else ''}{answer}"
        for answer, users in answers.items()
    )


async def _main() -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with System(Path(folder)) as system:
            await system.ready()
            return report(await all_tried(system))


if __name__ == "__main__":
    Path("docs/access.md").write_text(asyncio.run(_main()), "utf-8")
