"""Commands that start a system, look after it and prepare its databases."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

import httpx
import typer
import uvloop
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from deploy.cli.reach import (
    DEFAULT,
    FolderOption,
    ServiceArgument,
    Trouble,
    addresses,
    beside_address,
    console,
    is_elsewhere,
    open_client,
    require_service,
    servers,
    token,
)
from deploy.local import databases
from deploy.local.folder import Folder
from deploy.local.mark import Kind
from deploy.local.supervisor import BESIDE, SERVICES, System
from shared import chinese
from shared.engine.opening import addressed
from shared.settings import CannotRun
from shared.web.issuers import UNASKED

app = typer.Typer()
DEMO = Path("data/demo")
Region = Literal["benxi", "guizhou", "jalaid", "xixiu", "zunyi"]


@app.command()
def demo(
    context: typer.Context,
    folder: FolderOption = DEMO,
    region: Annotated[
        Region,
        typer.Option(
            help="地区：本溪填“benxi”，贵州填“guizhou”，扎赉特旗填“jalaid”，西秀区填“xixiu”，遵义填“zunyi” · "
            "whose story: benxi, guizhou, jalaid, xixiu or zunyi"
        ),
    ] = "benxi",
    seed: Annotated[int, typer.Option(help="随机种子 · seed of the scenario")] = 2014,
    villages: Annotated[
        int | None, typer.Option(min=1, help="村数，不填为全部 · number of villages; all of them without it")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="模拟截止日期，不填为全程 · last day to play; the whole story without it")
    ] = None,
    kills: Annotated[int, typer.Option(min=0, help="途中 kill -9 的次数 · kill -9 at so many random moments")] = 0,
    resume: Annotated[
        bool, typer.Option(help="接着上次继续，而不是重新开始 · resume instead of starting afresh")
    ] = False,
    stay: Annotated[
        bool, typer.Option(help="结束后保持运行，可继续查看 · keep running afterwards to look around")
    ] = False,
    replicas: Annotated[
        int | None, typer.Option(min=1, help="每个服务几个副本，按地市分管 · replicas that share the prefectures")
    ] = None,
) -> None:
    """演示：一个地区的全过程，经由真实的服务，默认本溪三年 · a region's story through the real services."""
    from deploy.demo.play import demo as play_demo
    from deploy.demo.regions import REGIONS

    story = REGIONS[region].story
    if villages and villages > story.most:
        told = f"Input should be less than or equal to {story.most}"
        raise typer.BadParameter(told, ctx=context, param_hint="'--villages'")
    last = _last_day(until, story.start, story.end)
    ground = Folder(folder, "demo")
    if not resume:
        ground.erase()
    elif not ground.inspect():
        raise Trouble(
            f"{folder} 里没有可以接着演的演示，请去掉 --resume / there is no demo to resume; leave --resume out"
        )
    ended = play_demo(
        folder, REGIONS[region], seed=seed, villages=villages or story.most, until=last, kills=kills, stay=stay,
        replicas=replicas or ground.replicas, tell=console.note,
    )  # fmt: skip
    if not uvloop.run(ended):
        console.note("演示已中断，可用 zhucun demo --resume 接着演 · interrupted; `zhucun demo --resume` goes on")
        raise typer.Exit(130)


def _last_day(until: str | None, start: date, end: date) -> date:
    """The day that `--until` names, or the story's last one."""
    try:
        last = date.fromisoformat(until) if until else end
    except ValueError:
        last = start
    if not start < last <= end:
        raise Trouble(
            f"--until 应为 {chinese.day(start)}之后、{chinese.day(end)}以前的日期，如“{end}”，不是“{until}”。\n"
            f"  --until must be a day after {start} and not after {end}, such as {end}, not {until}."
        )
    return last


@app.command()
def up(
    folder: FolderOption = DEFAULT,
    replicas: Annotated[
        int | None,
        typer.Option(min=1, help="每个服务几个副本，首次启动时定 · replicas of each service, set at the first start"),
    ] = None,
    bind: Annotated[
        str, typer.Option(help="服务监听的本机地址，此后保持 · this machine's address that services answer on, kept")
    ] = "",
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="允许监听所有地址 · allow to bind to all addresses (0.0.0.0)")
    ] = False,
    port: Annotated[
        list[str] | None,
        typer.Option(help="固定端口，如“registry=8001”，可多次 · a fixed port such as registry=8001; repeatable, kept"),
    ] = None,
    accounts: Annotated[
        bool | None,
        typer.Option(
            "--accounts/--open",
            help="须登录才能使用（新安装的默认），或不核对身份；启用登录后保持 · people must sign in, as in a new "
            "installation, or nobody is asked who he is; accounts are kept from then on (zhucun account)",
        ),
    ] = None,
    webhooks: Annotated[
        bool,
        typer.Option(
            "--webhooks", help="以 HTTP 推送事件，此后保持 · send events over HTTP; kept from then on (zhucun webhook)"
        ),
    ] = False,
    console_too: Annotated[
        bool | None,
        typer.Option(
            "--console/--no-console",
            help="网页（新安装的默认，此后保持），或不要 · pages for the browser, as in new installations, or none",
        ),
    ] = None,
    on_demo: Annotated[
        bool, typer.Option("--demo", help="在演示数据上接着按今天运行 · go on with a demo's data on today's calendar")
    ] = False,
) -> None:
    """启动系统（真实日历），Ctrl-C 停止，数据保留 · run the system on the real calendar; Ctrl-C stops it."""
    from deploy.local.supervisor import run

    kind: Kind = "continued" if on_demo else "real"
    folder_of = Folder(folder, kind)
    is_new = folder_of.inspect() is None and kind == "real"
    issuers = os.environ.get("ZHUCUN_ISSUERS", "")
    if accounts is None:  # A site that has an issuer of its own needs no accounts beside it.
        accounts = is_new and not issuers
    elif not accounts and folder_of.signing_keys.exists():
        raise Trouble(
            f"{folder} 已启用登录，不能改为不核对身份；确需如此，请新建数据目录。\n"
            f"  In {folder} people sign in, and that is kept; use a new folder for a system that asks nobody."
        )
    _require_meant(
        bind or folder_of.bind, everywhere
    )  # Asked at every start: a folder that was handed on or edited must not open the services unasked.
    system = System(
        folder, replicas=replicas or folder_of.replicas, kind=kind, bind=bind, ports=_fixed(port or []),
        accounts=accounts, issuers=issuers or UNASKED, webhooks=webhooks,
        console=True if is_new and console_too is None else console_too,
        tell=console.note,
    )  # fmt: skip
    asyncio.run(run(system, _announce))


async def _announce(system: System) -> None:
    """Say where everything is and what an operator should know."""
    console.good(f"驻村系统已就绪 · Zhucun is ready: {system.folder.root}")
    if system.console:
        console.say(f"  请在浏览器中打开 · open this in a browser: {system.url('console')}/")
    width = max(map(len, system.services))
    async with httpx.AsyncClient(trust_env=False) as http:
        for name in system.services:
            console.say(f"  {name:<{width}} {system.url(name)}/docs")
            health = (await http.get(f"{system.url(name)}/health")).json()
            for alarm in (word for word in health.values() if isinstance(word, str) and word != "ok"):
                console.bad(alarm)
    console.say(f"  {'NATS':<{width}} {system.nats_url}")
    if system.accounts:
        console.say(f"  {'accounts':<{width}} {system.url('accounts')}")
        console.say(
            "  先由运维指定三员：zhucun account add … --administers；在本机以运维身份使用的无须登录 · "
            "the operator names the three administrators; whoever owns the folder works as the operator, unasked"
        )
    elif not ip_address(system.folder.bind).is_loopback:
        console.bad(
            f"各服务在 {system.folder.bind} 上接受任何人的请求，不核对身份：请改用 --accounts 启动，"
            "否则只能放在干部自己的网络里，并用防火墙隔开 · "
            f"the services take requests from anybody on {system.folder.bind} and know nobody: start with --accounts, "
            "or keep this within the officers' own network, behind a firewall"
        )
    if system.webhooks:
        console.say(f"  {'webhooks':<{width}} {system.url('webhooks')}")
    console.say("  Ctrl-C 停止 · stops it")


def _require_meant(bind: str, everywhere: bool) -> None:
    """Refuse to listen on all addresses of the machine without --everywhere: that is hardly ever meant."""
    try:
        address = ip_address(bind)
    except ValueError:
        return  # No address at all: the start will say what is wrong with it.
    if address.is_unspecified and not everywhere:
        raise Trouble(
            f"监听地址 {bind} 会在本机所有网络上开放，任何人都能读写。"
            "请用 --bind 写一个内网地址；确要如此，再加 --everywhere。\n"
            f"  The address {bind} opens the system on all networks of this machine, for anybody. Name one of the "
            "officers' network by --bind; if you mean it, add --everywhere."
        )


def _fixed(ports: list[str]) -> Mapping[str, int]:
    """The fixed ports by process, from the texts of the command line such as `registry=8001`."""
    fixed: dict[str, int] = {}
    for text in ports:
        name, _, number = text.partition("=")
        if not (number.isascii() and number.isdigit() and 0 < int(number) < 2**16):
            raise Trouble(
                f"--port “{text}”应写作“进程=端口”，端口为1至65535，如“registry=8001”。\n"
                f"  --port {text}: write process=port with a port from 1 to 65535, such as registry=8001."
            )
        fixed[name] = int(number)
    return fixed


@app.command()
def doctor(folder: FolderOption = DEFAULT) -> None:
    """运行检查：安装与运行中的系统 · check the installation and a running system, end to end."""
    from deploy.operations.doctor import checks

    def own_addresses(service: str) -> list[str]:
        found = addresses(folder, service)
        for url in found:
            with suppress(httpx.HTTPError, httpx.InvalidURL, Trouble):  # The checks of each service tell these errors.
                open_client(url, service, folder)
        return found

    def as_caller(service: str) -> dict[str, str]:
        with suppress(Trouble):  # Without a token a service says itself what is missing.
            return token(folder, service)
        return {}

    bad = 0
    beside = {name: url for name in BESIDE if (url := beside_address(folder, name))}
    installed = None if is_elsewhere() else folder
    for zh, en, fault in checks(installed, own_addresses, lambda: servers(folder), as_caller, beside):
        bad += bool(fault)
        if fault:
            console.bad(f"{zh} · {en}\n    {fault}")
        else:
            console.good(f"{zh} · {en}")
    raise typer.Exit(1 if bad else 0)


@app.command()
def migrate(
    database: Annotated[str, typer.Option(help="数据库地址 · SQLAlchemy address", envvar="ZHUCUN_DATABASE")],
    service: ServiceArgument,
) -> None:
    """升级一个服务的数据库结构 · bring a service's database to the newest schema."""
    from shared import migrations

    if service not in BESIDE:
        require_service(service)
    try:
        with addressed():
            address = make_url(database)
        if address.get_backend_name() == "sqlite" and address.database:
            databases.check(Path(address.database), service, (*SERVICES, *BESIDE), needed=False)
        migrations.upgrade(service, database)
    except CannotRun as error:
        raise Trouble(f"{error.zh}\n  {error.en}") from None
    except DBAPIError as error:
        raise Trouble(
            f"数据库没有升级，什么都没有改。请核对它是不是 {service} 的数据库。\n"
            f"  The database was not upgraded, and nothing changed ({error.orig}). See whether it is that of {service}."
        ) from None
    console.good(service)
