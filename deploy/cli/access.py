"""Commands about subscribers: who may read events on NATS, below which divisions."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.access import grants
from deploy.access.keys import seed_file, write
from deploy.access.users import DOMAIN, INSTALLER, SYSTEM
from deploy.cli.reach import DEFAULT, FolderOption, Trouble, console, is_elsewhere
from deploy.language import told
from deploy.local.folder import Folder
from deploy.terminal import folded
from shared.stream.bus import SAID

if TYPE_CHECKING:  # Importing it takes time.
    from deploy.access.lags import Lag

app = typer.Typer(help="订阅授权：发给、列出、收回、换密钥 · subscribers' access to NATS", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="订阅者名称，如“guizhou” · the subscriber's name")]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="密钥写入的文件，默认 <名称>.nk · where its key is written")
]


@app.command()
def grant(
    name: NameArgument,
    place: Annotated[list[str] | None, typer.Option(help="区划，可多次：52、2105 · a division; repeatable")] = None,
    answers: Annotated[
        str, typer.Option(help="还可以何种角色答复征求的意见，如“province” · the role in which it answers, if it may")
    ] = "",
    out: OutOption = None,
    folder: FolderOption = DEFAULT,
) -> None:
    """准许订阅某些区划的公开事件，并发给密钥 · let somebody read the open events below divisions."""
    from deploy.access.permissions import below, inbox

    keys, file = _keys(folder), _new(out or Path(f"{name}.nk"))
    seed = grants.grant(keys, name, place or [], answers)
    _hand_over(file, seed, folder, keys)
    console.say(
        f"  {told('地址', 'address')} {_url(folder)}, inbox_prefix {inbox(name).removesuffix('.>')}, domain {DOMAIN}"
    )
    for of in grants.granted(keys)[name].places:
        console.say(told(f"  持久消费者“{name}-{of}”，过滤“{below(of)}”", f"  durable {name}-{of}, filter {below(of)}"))
    if answers:
        subject = f"{SAID}.{name}.{answers}.<21.05.21>"
        console.say(
            told(f"  答复的主题“{subject}”（村所在的区划）", f"  it answers on {subject}, the village's division")
        )


@app.command("list")
def list_granted(folder: FolderOption = DEFAULT) -> None:
    """列出订阅者及其区划 · list subscribers and their divisions."""
    keys = _keys(folder)
    lags = {lag.name: told(*lag.told) for lag in _lags(folder, keys)}
    table = folded("订阅者 · subscriber", "区划 · divisions", "待读 · to read", "公钥 · public key")
    for name, found in grants.granted(keys).items():
        behind = [f"{place}: {lags[of]}" for place in found.places if (of := f"{name}-{place}") in lags]
        table.add_row(name, ", ".join(found.places), "\n".join(behind), found.key)
    console.print(table)


@app.command()
def anew(folder: FolderOption = DEFAULT) -> None:
    """恢复备份之后运行：各订阅者重新订阅时被告知补取办法 · after restoring a backup: tell subscribers what to do."""
    from deploy.access import consumers

    keys = _keys(folder)
    names = consumers.begin_anew(keys)
    _take_effect(folder, keys)
    said = "、".join(names) or "（无）", ", ".join(names) or "none"
    console.good(told(f"已结束，重新订阅时告知：{said[0]}", f"ended, and told when they ask again: {said[1]}"))


@app.command()
def revoke(name: NameArgument, folder: FolderOption = DEFAULT) -> None:
    """收回订阅授权：正在使用的连接随即断开，其持久消费者一并删除 · take access away; what is in use ends at once."""
    keys = _keys(folder)
    grants.revoke(keys, name)
    _take_effect(folder, keys)
    zh, en = f"已收回 {name} 的授权，其持久消费者已删除", f"{name} has no access any more, and its consumers are gone"
    console.good(told(zh, en))


@app.command()
def rotate(name: NameArgument, out: OutOption = None, folder: FolderOption = DEFAULT) -> None:
    """换发密钥，旧密钥随即作废，订阅从原处继续 · give a new key in place of the old one; reading resumes with it."""
    keys, file = _keys(folder), _new(out or Path(f"{name}.nk"))
    _hand_over(file, grants.rotate(keys, name), folder, keys)


@app.command()
def reload(folder: FolderOption = DEFAULT) -> None:
    """让各 nats-server 重读授权，用于有服务器当时未应答 · let all servers take up what was granted and revoked."""
    if _take_effect(folder, _keys(folder)):
        console.good(told("授权已在各 nats-server 生效", "what was granted and revoked holds at all nats-servers"))


def _hand_over(file: Path, seed: str, folder: Path, keys: Path) -> None:
    write(file, f"{seed}\n")
    zh = f"密钥已写入 {file}，仅此一份，请安全送达订阅者"
    console.good(told(zh, f"the key is in {file} and nowhere else; hand it to the subscriber in safety"))
    _take_effect(folder, keys)


def _keys(folder: Path) -> Path:
    """The folder of keys: ZHUCUN_KEYS, else that of the data folder."""
    named = os.environ.get("ZHUCUN_KEYS")
    if is_elsewhere() and not named:  # The system runs elsewhere, so keys in a folder here are another system's.
        raise Trouble(
            "订阅者的密钥在系统所在的机器上办理：用容器运行的，请用 docker compose exec operator zhucun access。\n"
            "  Access is granted where the system's keys are: with containers, by `docker compose exec operator zhucun "
            "access`."
        )
    keys = Path(named or Folder(folder).keys)
    if not (keys / grants.KEPT).exists():
        raise Trouble(
            f"{keys} 里没有密钥。请先启动一次系统（zhucun up），或用 --folder 指明其数据目录。\n"
            f"  {keys} has no keys. Start the system once (`zhucun up`), or name its folder with --folder."
        )
    return keys


def _new(file: Path) -> Path:
    if file.exists():
        raise Trouble(
            f"{file} 已存在，不覆盖。请先移走，或用 --out 另行指明。\n"
            f"  {file} is there and is not overwritten. Move it away, or name another file with --out."
        )
    if not os.access(file.parent, os.W_OK):  # Checked before anything is granted, since the key is kept nowhere else.
        raise Trouble(
            f"{file.parent} 不存在或不可写，未作任何改动。请用 --out 另行指明。\n"
            f"  {file.parent} is not there or cannot be written; nothing was changed. Name another file with --out."
        )
    return file


def _url(folder: Path) -> str:
    return os.environ.get("ZHUCUN_NATS") or f"nats://127.0.0.1:{Folder(folder).kept_ports()['nats']}"


def _lags(folder: Path, keys: Path) -> "list[Lag]":
    """How far subscribers are behind; empty where no server answers."""
    from nats.errors import Error

    from deploy.access import asking, lags

    async def asked() -> "list[Lag]":
        async with asking.connected(_url(folder), seed_file(keys, INSTALLER), _authority()) as client:
            return await lags.lags(client)

    try:
        return asyncio.run(asked())
    except (Error, OSError):
        return []


def _authority() -> Path | None:
    authority = os.environ.get("ZHUCUN_NATS_CA")
    return Path(authority) if authority else None


def _take_effect(folder: Path, keys: Path) -> bool:
    """Let running servers read the permissions again, and delete consumers whose grant has ended.

    Returns whether servers are running. Those that are not read the permissions when they start.
    """
    from nats.errors import Error

    from deploy.access import asking, consumers, lags

    url, ca = _url(folder), _authority()

    async def take_effect() -> None:
        await asking.reload(url, seed_file(keys, SYSTEM), ca)
        # If this fails, the process that keeps the streams deletes them at its next look.
        with suppress(Error, OSError):
            async with asking.connected(url, seed_file(keys, INSTALLER), ca) as client:
                await consumers.look_after(client, keys, await lags.infos(client), {})

    try:
        asyncio.run(take_effect())
    except (ValueError, TimeoutError) as error:
        raise Trouble(
            "已记录，但并非每台 nats-server 都已采用。请看其日志；恢复后请运行 zhucun access reload，或重启该服务器。\n"
            f"  It is noted, but not every nats-server took it up: {str(error) or 'no answer in time'}. Look at its "
            "log; when it is back run `zhucun access reload`, or start it again."
        ) from error
    except (Error, OSError) as error:
        zh = "已记录，但连接不上 nats-server：它下次启动时生效"
        console.note(told(zh, f"noted, but nats-server does not answer ({error!r}): it holds from its next start"))
        return False
    return True
