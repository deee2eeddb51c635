"""`zhucun`: the one command line for officers, operators and developers."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import httpx
import msgspec
import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, track
from rich.table import Table
from sqlalchemy.exc import ArgumentError

from deploy.local.folder import Folder, StartError
from deploy.local.supervisor import SERVICES
from deploy.local.tables import folded
from shared.shares import Share, owner

if TYPE_CHECKING:  # Reading it costs each command time that most do not need.
    from shared.rules import Task

app = typer.Typer(
    help="驻村 Zhucun：驻村帮扶全流程系统 · from a resident team's assignment to a village's removal from the list",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
letters = typer.Typer(help="死信：列出、查看、重放 · dead letters: list, show, replay", no_args_is_help=True)
policy = typer.Typer(help="政策包：检查、采用 · policy packs: check, adopt", no_args_is_help=True)
app.add_typer(letters, name="dead-letters")
app.add_typer(policy, name="policy")
console = Console()

FolderOption = Annotated[
    Path, typer.Option("--folder", "-f", envvar="ZHUCUN_FOLDER", help="数据目录 · data folder of the installation")
]
DEFAULT = Path("data/zhucun")
DEMO = Path("data/demo")


def main() -> None:
    """Run a command; what a user can do something about ends in one message, not in a traceback."""
    try:
        app()
    except (StartError, Trouble, ValueError, ArgumentError) as error:
        console.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False)
        sys.exit(1)
    except OSError as error:
        console.print(f"[bold red]✗[/] 读写出错 · cannot be read or written: {escape(str(error))}", highlight=False)
        sys.exit(1)
    except httpx.TransportError as error:
        console.print(
            f"[bold red]✗[/] 连接不上系统（{error}）。请用 zhucun up --folder 启动该数据目录的系统，或另行指明。\n"
            "  The system does not answer. Start that of its folder by `zhucun up --folder`, or name another folder."
        )
        sys.exit(1)


class Trouble(Exception):
    """Something that the user can put right; the text says how, in Chinese and English."""


def addresses(folder: Path, service: str) -> list[str]:
    """Where a service's replicas answer, in order: ZHUCUN_<SERVICE>_URL for remote ones, with commas between them, else
    the ports that the folder keeps.
    """
    remote = os.environ.get(f"ZHUCUN_{service.upper()}_URL")
    if remote:
        return remote.split(",")
    ports = folder / "ports.json"
    if not ports.exists():
        raise Trouble(
            f"{folder} 不是运行过的数据目录。请先运行 zhucun up，或用 --folder 指明。\n"
            f"  {folder} is not the folder of a system that has run. Run `zhucun up` first, or name it with --folder."
        )
    of, kept = Folder(folder).replicas, json.loads(ports.read_text())
    return [f"http://127.0.0.1:{kept[Share(number, of).named(service)]}" for number in range(1, of + 1)]


def client(folder: Path, service: str, place: str = "") -> httpx.Client:
    """An HTTP client of the replica of a service that has a place."""
    found = addresses(folder, service)
    if len(found) > 1 and len(place) < 4:
        raise Trouble(
            f"{service} 分 {len(found)} 个副本按地市分管，请用 --place 指明地市或县的代码。\n"
            f"  {len(found)} replicas of {service} share the prefectures; name one of them, or a county, with --place."
        )
    return _client(found[owner(place, len(found)) - 1])


def clients(folder: Path, service: str) -> Iterator[httpx.Client]:
    """An HTTP client of each replica of a service, one after the other."""
    for url in addresses(folder, service):
        with _client(url) as http:
            yield http


def _client(url: str, headers: Mapping[str, str] = {}) -> httpx.Client:
    """An HTTP client that turns problem+json into words."""

    def explain(response: httpx.Response) -> None:
        if response.is_error and response.request.url.path != "/health/ready":
            response.read()
            raise Trouble(_problem(response))

    return httpx.Client(
        base_url=url, headers=headers, timeout=600, trust_env=False, event_hooks={"response": [explain]}
    )


def _require_service(service: str) -> None:
    if service not in SERVICES:
        raise Trouble(f"没有服务 {service} / there is no service {service}; it is one of {', '.join(SERVICES)}")


def _problem(response: httpx.Response) -> str:
    try:
        problem = response.json()
    except ValueError:
        return f"HTTP {response.status_code}: {response.text[:500]}"
    lines = [str(problem.get("title"))]
    told = [fault for fault in problem.get("errors", []) if fault["zh"] not in lines[0]]
    for fault in told[:20]:
        lines.append(f"  第 {fault['row'] + 1} 条 [{fault['rule']}] {fault['zh']}\n    {fault['en']}")
    if len(told) > 20:
        lines.append(f"  …… 共 {len(told)} 条 / {len(told)} in all")
    return "\n".join(lines)


# ------------------------------------------------------------------ running


@app.command()
def demo(
    folder: FolderOption = DEMO,
    seed: Annotated[int, typer.Option(help="随机种子 · seed of the scenario")] = 2014,
    villages: Annotated[int, typer.Option(help="贫困村数 · number of villages")] = 72,
    until: Annotated[str, typer.Option(help="演到哪一天 · last day to play")] = "2017-09-30",
    kills: Annotated[int, typer.Option(help="途中 kill -9 的次数 · kill -9 at so many random moments")] = 0,
    resume: Annotated[
        bool, typer.Option(help="接着上次继续，而不是重新开始 · resume instead of starting afresh")
    ] = False,
    stay: Annotated[
        bool, typer.Option(help="结束后保持运行，可继续查看 · keep running afterwards to look around")
    ] = False,
) -> None:
    """演示：本溪 72 个贫困村三年全流程 · Benxi's 72 villages, three years, through the real services."""
    from deploy.local.play import demo as play_demo

    if folder.exists() and not resume:
        if not (folder / "ports.json").exists() and any(folder.iterdir()):
            raise Trouble(f"{folder} 里有别的文件，不敢清空 / {folder} holds other files; name another folder.")
        held = Folder(folder)
        held.claim(())  # Refused while another system has it.
        aside = folder.with_name(f"{folder.name}.{uuid4().hex}")  # An interruption leaves no half of it behind.
        folder.rename(aside)
        held.release()
        shutil.rmtree(aside)
    uvloop.run(play_demo(folder, seed=seed, villages=villages, until=date.fromisoformat(until), kills=kills, stay=stay))


@app.command()
def up(
    folder: FolderOption = DEFAULT,
    replicas: Annotated[
        int | None,
        typer.Option(min=1, help="每个服务几个副本，首次启动时定 · replicas of each service, set at the first start"),
    ] = None,
) -> None:
    """启动系统（真实日历），Ctrl-C 停止，数据保留 · run the system on the real calendar; Ctrl-C stops it."""
    from deploy.local.supervisor import System, run
    from deploy.local.up import start_calendar

    async def announce(system: System) -> None:
        await start_calendar(system.nats_url)
        console.print("[bold green]✓[/] 驻村系统已就绪 · Zhucun is ready")
        width = max(map(len, system.services))
        async with httpx.AsyncClient(trust_env=False) as http:
            for name in system.services:
                console.print(f"  {name:<{width}} {system.url(name)}/docs")
                health = (await http.get(f"{system.url(name)}/health/ready")).json()
                for alarm in (text for part, text in health.items() if part.startswith("lost ")):
                    console.print(f"  [bold red]✗[/] {alarm}")
        console.print(f"  {'NATS':<{width}} {system.nats_url}\n  Ctrl-C 停止 · stops it")

    asyncio.run(run(System(folder, replicas=replicas or Folder(folder).replicas), announce))


@app.command()
def doctor(folder: FolderOption = DEFAULT) -> None:
    """体检：安装与运行中的系统 · check the installation and a running system, end to end."""
    from deploy.doctor import checks

    bad = 0
    for zh, en, fault in checks(folder, lambda service: addresses(folder, service)):
        bad += bool(fault)
        mark = "[red]✗[/]" if fault else "[green]✓[/]"
        console.print(f"{mark} {zh} · {en}" + (f"\n    {fault}" if fault else ""), highlight=False)
    raise typer.Exit(1 if bad else 0)


@app.command()
def migrate(
    database: Annotated[str, typer.Option(help="数据库地址 · SQLAlchemy address", envvar="ZHUCUN_DATABASE")],
    service: Annotated[str, typer.Argument(help="服务 · one of " + ", ".join(SERVICES))],
) -> None:
    """升级一个服务的数据库结构 · bring a service's database to the newest schema."""
    from shared import migrations

    _require_service(service)
    migrations.upgrade(service, database)
    console.print(f"[green]✓[/] {service}")


# ------------------------------------------------------------------ officers


FORMS = "villages 村 | units 单位 | cadres 干部 | surveys 摸底排查"
PlaceOption = Annotated[str, typer.Option(help="区划代码前缀 · prefix of the division code")]
COUNTS = {
    "rows": "填写的行 rows filled in",
    "good": "正确 good",
    "bad": "有错误 bad",
    "created": "新登记 new",
    "changed": "有更正 corrected",
    "unchanged": "已登记过 known already",
}


@app.command()
def template(
    form: Annotated[str, typer.Argument(help=FORMS)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="写到哪个文件 · file to write")] = None,
    rows: Annotated[int, typer.Option(help="摸底排查：每村几行 · surveys: rows for each village")] = 50,
    place: PlaceOption = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """下载 Excel 填报模板 · download the Excel template of a form, filled in where the system knows already."""
    target = out or Path(f"{form}.xlsx")
    if out is None and target.exists():
        raise Trouble(f"{target} 已存在，可能已经填写；请用 --out 另取名 / it exists already; name another with --out")
    with client(folder, "registry", place) as http:
        target.write_bytes(http.get(f"/v1/templates/{form}", params={"rows": rows, "place": place}).content)
    console.print(f"[green]✓[/] {target}")


@app.command(name="import")
def import_(
    form: Annotated[str, typer.Argument(help=FORMS)],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="填好的文件 · the filled-in file")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不导入 · only say what it would do")] = False,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="有错误也导入正确的行 · import the good rows despite bad ones")
    ] = False,
    place: PlaceOption = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """导入填好的表（.xlsx 或 .csv）；错误写回副本 · import a filled form; errors stand beside their rows in a copy."""
    params: dict[str, str | bool] = {"dry_run": dry_run, "keep_good": keep_good, "place": place}
    headers = {"Idempotency-Key": uuid4().hex}
    with (
        client(folder, "registry", place) as http,
        file.open("rb") as content,
        ThreadPoolExecutor(1) as sender,
        console.status("上传 uploading") as status,
    ):
        url = f"/v1/imports/{form}"
        answer = sender.submit(http.post, url, params=params, content=content, headers=headers, timeout=None)
        while wait([answer], timeout=0.5).not_done:
            now = http.get(f"{url}/progress", headers=headers).json()
            status.update("已查 {read} 行，已导入 {applied} 行 · {read} rows checked, {applied} applied".format(**now))
        report = answer.result().json()
        if report["copy"]:
            copy = file.with_name(f"{file.stem}-错误{Path(report['copy']).suffix}")
            copy.write_bytes(http.get(report["copy"]).content)
    table = Table("", "行 rows", title="已导入 imported" if report["applied"] else "未导入 not imported")
    for name, label in COUNTS.items():
        table.add_row(label, str(report["counts"][name]))
    console.print(table)
    for error in report["errors"][:10]:
        text = f"第 {error['row']} 行 {error['zh']}\n  row {error['row']}: {error['en']}"
        console.print(text, highlight=False, markup=False)
    if report["copy"]:
        console.print(f"[red]✗[/] 错误已逐行写在 {copy} · all errors stand beside their rows in this copy")
        raise typer.Exit(1)


@app.command()
def village(
    code: Annotated[str, typer.Argument(help="12 位村代码 · the village's 12-digit code")],
    folder: FolderOption = DEFAULT,
) -> None:
    """一个村的全过程，以及“为什么还没出列” · one village's way in full, and "why not yet"."""
    from deploy.local.village import show

    show(console, code, cache(lambda service: client(folder, service, code)))


@app.command()
def tasks(
    role: Annotated[str, typer.Option(help="角色 · role")] = "",
    place: Annotated[str, typer.Option(help="区划代码前缀 · prefix of the division code")] = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """待办：谁该做什么、依据、期限 · what is due, from whom, by which rule, until when."""
    table = folded("期限 due", "角色 role", "事项 task", "对象 about", "依据 rule", "说明 detail")
    names: dict[str, str] = {}
    for service in SERVICES:
        commands = import_module(f"services.{service}.api").COMMANDS
        names |= {route.path: f"{route.zh} · {route.path}" for route in commands}
    found = [*_open_tasks(folder, role=role, place=place)]
    if not found:
        roles = ", ".join(sorted({task.role for task in _open_tasks(folder, place=place)}) if role else ())
        whose = f"；有待办的角色：{roles} · there are tasks of: {roles}" if roles else ""
        console.print(f"没有待办 · nothing is due{whose}")
        return
    for task in sorted(found, key=lambda task: (task.due or date.max, task.action, task.about)):
        action = names.get(task.action, task.action)
        table.add_row(str(task.due or ""), task.role, action, task.about, task.rule, task.detail)
    console.print(table)


def _open_tasks(folder: Path, **asked: str) -> Iterator["Task"]:
    """All tasks of all processes, page by page."""
    from shared.http import OpenTask, following

    for service in SERVICES:
        for http in clients(folder, service):
            after = ""
            while True:
                answer = http.get("/v1/tasks", params={**asked, "after": after})
                page = msgspec.json.decode(answer.content, type=list[OpenTask])
                yield from (line.task for line in page)
                if not (after := following(page)):
                    break


# ---------------------------------------------------------------- operators


@app.command()
def digest(folder: FolderOption = DEFAULT) -> None:
    """各服务业务内容的摘要；两次运行相同则摘要相同 · digests of the business content of every service."""
    from shared.store import united

    for service in SERVICES:
        for kind, value in united(http.get("/v1/digest").json() for http in clients(folder, service)).items():
            console.print(f"{service:<11} {kind:<14} {value}", highlight=False, soft_wrap=True)


@app.command()
def recover(
    service: Annotated[str, typer.Argument(help="服务 · one of " + ", ".join(SERVICES))],
    folder: FolderOption = DEFAULT,
) -> None:
    """消息丢失后从各服务日志补齐，可重复 · make good what a stream lost unread; may be repeated."""
    from deploy.recovery import recover as hand_in
    from shared.http import operator_key
    from shared.runtime import heard

    _require_service(service)
    addresses(folder, service)  # A wrong folder is told as such, not by the secret that it lacks.
    secret = Path(os.environ.get("ZHUCUN_SECRET_FILE", folder / "secret")).read_bytes()
    with ExitStack() as stack, Progress(console=console) as progress:

        def operators(service: str) -> list[httpx.Client]:
            headers = {"Authorization": f"Bearer {operator_key(secret)}"}
            return [stack.enter_context(_client(url, headers)) for url in addresses(folder, service)]

        journals = [journal for other in SERVICES for journal in operators(other)]
        reactions = import_module(f"services.{service}.app").SERVICE
        count = sum(hand_in(replica, journals, heard(reactions), progress) for replica in operators(service))
    console.print(f"[green]✓[/] {service}：已对照各服务日志的 {count} 条 · {count} events of all journals compared")


@app.command()
def logs(
    about: Annotated[str, typer.Argument(help="村代码或其他编号 · village or other id")],
    folder: FolderOption = DEFAULT,
) -> None:
    """在四个服务的日志里追踪一个村 · follow one village through the logs of all services, in order of time."""
    lines = []
    for path in track([*(folder / "logs").glob("*.log*")], description="读日志 reading", console=Console(stderr=True)):
        with path.open("rb") as file:
            for line in file:
                if about.encode() in line and line.startswith(b"{"):
                    lines.append((json.loads(line)["timestamp"], line.decode().rstrip()))
    if not lines:
        raise Trouble(f"{folder} 的日志里没有 {about} / nothing in the logs of {folder} names {about}")
    for _, text in sorted(lines):
        print(text)


@letters.command("list")
def list_letters(folder: FolderOption = DEFAULT) -> None:
    """列出各服务的死信 · list the dead letters of every service."""
    table = folded("服务 service", "编号 id", "对象 about", "规则 rule", "原因 reason", "时间 parked")
    for service in SERVICES:
        for http in clients(folder, service):
            for letter in http.get("/v1/dead-letters").json():
                table.add_row(
                    service, letter["id"], letter["about"], letter["rule"], letter["reason"][:200], letter["parked_at"]
                )
    console.print(table)


@letters.command()
def show(id: str, folder: FolderOption = DEFAULT) -> None:
    """查看一封死信全文 · show one dead letter whole."""
    for service in SERVICES:
        for http in clients(folder, service):
            for letter in http.get("/v1/dead-letters").json():
                if letter["id"] == id:
                    console.print_json(data={"service": service, **letter})
                    return
    raise Trouble(f"没有死信 {id} / there is no dead letter {id}")


@letters.command()
def replay(
    service: Annotated[str, typer.Argument(help="服务 · service")],
    about: Annotated[str, typer.Option(help="重放这个对象的全部死信，按序 · all about this village, in order")] = "",
    id: Annotated[str, typer.Option(help="只重放这一封 · only this one")] = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """修复原因后重放死信 · take dead letters again once their cause is mended."""
    if not about and not id:
        raise Trouble("请用 --about 或 --id 指明要重放哪些 / name with --about or --id what to replay")
    _require_service(service)
    done = left = 0
    for http in clients(folder, service):  # Those to whom the letter does not belong replay none.
        done += http.post("/v1/dead-letters/replay", params={"about": about, "id": id}).json()["replayed"]
        left += len(http.get("/v1/dead-letters").json())
    if not done:
        raise Trouble(f"没有一封重放成功，还有 {left} 封死信 / none went through; {left} dead letters are left")
    console.print(f"[green]✓[/] 重放成功 {done} 封，还有 {left} 封 · {done} went through, {left} are left")


@policy.command()
def check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """检查政策包文件 · check a pack against the schema and for contradictions."""
    console.print(f"[green]✓[/] 政策包无误 the pack is sound: {_described(file)}")


def _described(file: Path) -> str:
    """A pack in one line; PolicyInvalid, told as it is, if there is anything wrong with it."""
    from shared.policy import parse_pack

    pack = parse_pack(file.read_bytes())
    return f"{pack.name} {pack.name_en}, {pack.jurisdiction}, {pack.version}, {pack.effective_from}"


@policy.command()
def adopt(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option(help="由谁决定采用 · the body that decided")],
    folder: FolderOption = DEFAULT,
) -> None:
    """采用政策包，自其生效日起按它办 · adopt a pack; every service decides by it from its effective date on."""
    import tomllib

    described = _described(file)
    pack = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str))
    command = {"place": pack["jurisdiction"].ljust(6, "0"), "pack": pack, "adopted_by": by}
    with client(folder, "registry", command["place"]) as http:
        http.post("/v1/policies", json=[command], headers={"Idempotency-Key": uuid4().hex})
    console.print(f"[green]✓[/] 已采用 adopted: {described}")


@app.command()
def contracts() -> None:
    """由代码生成 JSON Schema 与 AsyncAPI 文档 · write the contract documents from the code."""
    from deploy.contracts import FOLDER, write

    faults = write()
    if faults:
        raise Trouble("不兼容的改动，请新建版本 / breaking changes; make a new version:\n  " + "\n  ".join(faults))
    console.print(f"[green]✓[/] {FOLDER}")


if __name__ == "__main__":
    main()
