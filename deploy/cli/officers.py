"""Commands for officers: forms in and out, a village's way, what is to be done."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import msgspec
import typer
from rich.table import Table

from deploy.cli.reach import DEFAULT, FolderOption, PlaceOption, Trouble, client, clients, console
from deploy.language import chosen, told
from deploy.local.supervisor import SERVICES
from deploy.terminal import folded
from shared.chinese import percent
from shared.contracts.values import ROLES
from shared.divisions import DIGITS, Level

if TYPE_CHECKING:  # Importing them takes time, and most commands do not need them.
    from shared.forms import Blank
    from shared.web.tasks import OpenTask

app = typer.Typer()

COUNTS = {
    "rows": ("填写的行", "rows filled in"),
    "good": ("正确", "good"),
    "bad": ("有错误", "bad"),
    "created": ("新登记", "new"),
    "changed": ("有更新", "updated"),
    "unchanged": ("已登记过", "known already"),
}


@cache
def _forms() -> dict[str, tuple[str, "Blank"]]:
    """All forms by name, each with the service that knows it."""
    return {
        name: (service, blank)
        for service in SERVICES
        for name, blank in import_module(f"services.{service}.forms").FORMS.items()
    }


def _known(form: str) -> str:
    if form in _forms():
        return form
    titled = [name for name, (_, blank) in _forms().items() if form in (blank.title, blank.en)]
    if len(titled) == 1:
        return titled[0]
    near = get_close_matches(form, _forms(), n=3)
    perhaps = f", perhaps {', '.join(near)}" if near else "; `zhucun forms` lists them"
    raise typer.BadParameter(f"Value error, {form!r} is no form{perhaps}")


FormArgument = Annotated[
    str, typer.Argument(help="表名，见 zhucun forms · the form's name, as `zhucun forms` lists them", callback=_known)
]


@app.command()
def forms() -> None:
    """列出可下载、上传的表 · list the forms that can be downloaded and handed in."""
    table = folded(*map(chosen, _FORM_HEADINGS))
    for name, (service, blank) in _forms().items():
        table.add_row(name, told(blank.title, blank.en), service, chosen(_ISSUED[blank.is_owed]))
    console.print(table)


_FORM_HEADINGS: Final = (("表名", "form"), ("标题", "title"), ("服务", "service"), ("各行", "rows"))
_ISSUED: Final = (
    ("空白", "empty"),
    ("已列出应办事项，只填其余栏目", "one for each open task, to be completed"),
)


@app.command()
def template(
    form: FormArgument,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="写到哪个文件 · file to write")] = None,
    rows: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="摸底排查、农户、清单：每村留几个空行 · empty rows where a village has several"
        ),
    ] = 50,
    place: PlaceOption = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """下载 Excel 填报模板 · download the Excel template of a form, filled in where the system knows already."""
    target = out or Path(f"{form}.xlsx")
    if target.exists():
        raise Trouble(f"{target} 已存在，可能已经填写；请用 --out 另取名 / it exists already; name another with --out")
    with client(folder, _forms()[form][0], place) as http:
        content = http.get(f"/v1/templates/{form}", params={"rows": rows, "place": place}).content
        with target.open("xb") as file:
            file.write(content)
    console.good(str(target))


@app.command(name="import")
def import_(
    form: FormArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="填好的文件 · the filled-in file")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不导入 · only say what it would do")] = False,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="有错误也导入正确的行 · import the good rows despite bad ones")
    ] = False,
    confirm: Annotated[
        str,
        typer.Option(help="确认改写列出的差异，值见上次结果 · overwrite the differences shown; the value stands there"),
    ] = "",
    place: PlaceOption = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """导入填好的表（.xlsx 或 .csv）；错误写回副本 · import a filled form; errors stand beside their rows in a copy."""
    params: dict[str, str | bool] = {"dry_run": dry_run, "keep_good": keep_good, "place": place, "confirm": confirm}
    headers = {"Idempotency-Key": uuid4().hex}
    if not file.is_file():
        raise Trouble(f"{file} 不是普通文件；请指明填好的表 / it is no regular file; name the filled-in form")
    content = (
        file.read_bytes()
    )  # All at once: if the file were still growing, its length would differ from the announced one.
    with (
        client(folder, _forms()[form][0], place) as http,
        ThreadPoolExecutor(1) as sender,
        console.status(told("上传", "uploading")) as status,
    ):
        url = f"/v1/imports/{form}"
        answer = sender.submit(http.post, url, params=params, content=content, headers=headers, timeout=None)
        while wait([answer], timeout=0.5).not_done:
            now = http.get(f"{url}/progress", headers=headers).json()
            checked = told("已查{read}行，已导入{applied}行", "{read} rows checked, {applied} applied")
            status.update(checked.format(**now))
        report = answer.result().json()
        if report["copy"]:
            copy = _kept_beside(file, Path(report["copy"]).suffix, http.get(report["copy"]).content)
    table = Table("", told("行", "rows"), title=chosen(_CHECKED if dry_run else _IMPORTED[bool(report["applied"])]))
    for name, label in COUNTS.items():
        table.add_row(chosen(label), str(report["counts"][name]))
    console.print(table)
    for said in [*report["summary"], *report["notes"]]:
        console.say(told(said["zh"], said["en"]))
    if report["differences"]:
        console.print(_differences(report))
    if report["copy"]:
        console.bad(f"错误已逐行写在 {copy} · all errors stand beside their rows in this copy")
        raise typer.Exit(1)
    if report["differing"] and confirm != report["confirm"]:
        again = f"--confirm {report['confirm']}"
        console.bad(
            f"{report['differing']} 行与已登记的不同，没有改写；核对无误后再运行一次并加 {again} · "
            f"{report['differing']} rows differ from what is known and overwrote nothing; if they are right, run again "
            f"with {again}"
        )
        raise typer.Exit(0 if dry_run else 1)


_CHECKED: Final = ("只检查，未导入", "only checked, not imported")
_IMPORTED: Final = (("未导入", "not imported"), ("已导入", "imported"))


def _kept_beside(file: Path, suffix: str, content: bytes) -> Path:
    """Write a copy with errors beside its form. It never replaces an earlier copy: officers correct rows in those."""
    for number in count(1):
        copy = file.with_name(f"{file.stem}-错误{f'-{number}' if number > 1 else ''}{suffix}")
        with suppress(FileExistsError), copy.open("xb") as beside:
            beside.write(content)
            return copy
    raise AssertionError  # There is always a next number.


def _differences(report: Mapping[str, Any]) -> Table:
    """A table of the known values beside those of the file."""
    table = folded(*map(chosen, _DIFFERENCES), title=told("差异", "differences"))
    for one in report["differences"][:20]:
        table.add_row(str(one["row"]), one["about"], one["column"], one["known"], one["given"])
    return table


_DIFFERENCES: Final = (("行", "row"), ("对象", "about"), ("栏", "column"), ("已登记", "known"), ("表中", "given"))


@app.command()
def village(
    code: Annotated[str, typer.Argument(help="12 位村代码 · the village's 12-digit code")],
    folder: FolderOption = DEFAULT,
) -> None:
    """一个村的全过程，以及“为什么还没出列” · one village's way in full, and "why not yet"."""
    from deploy.demo.village import show

    if len(code) != 12 or not (code.isascii() and code.isdigit()):
        raise Trouble(f"“{code}”不是村代码，村代码为 12 位数字 / this is no village's code, which has 12 digits")
    show(console, code, cache(lambda service: client(folder, service, code)))


@app.command()
def totals(
    place: Annotated[str, typer.Argument(help="区划代码的前2、4、6或9位 · 2, 4, 6 or 9 digits of a division's code")],
    since: Annotated[int, typer.Option(min=1990, max=2100, help="年度，或起始年度 · the year, or the first one")],
    until: Annotated[int | None, typer.Option(min=1990, max=2100, help="截止年度 · the last year")] = None,
    by: Annotated[Level, typer.Option(help="按哪一级汇总 · by which divisions")] = "county",
    folder: FolderOption = DEFAULT,
) -> None:
    """各区划的年度指标：由村汇总的，和区划自己录入的 · yearly figures of divisions, counted and recorded."""
    from services.registry.model.yearbook import Total, united
    from shared.policy.indicators import SHARE

    if not (place.isascii() and place.isdigit() and len(place) in DIGITS.values()):
        raise Trouble(f"“{place}”应为区划代码的前2、4、6或9位数字 / it must be the first 2, 4, 6 or 9 digits of a code")
    asked: dict[str, str | int] = {"since": since, "until": until or since, "by": by}
    answers = [http.get(f"/v1/totals/{place}", params=asked) for http in clients(folder, "registry", place)]
    found = united(one for answer in answers for one in msgspec.json.decode(answer.content, type=list[Total]))
    _say_lists(folder, place)
    if not found:
        console.say(
            told(
                "没有这些年度的指标：尚未填报，或者政策包没有规定要汇总的指标",
                "there are no figures of these years: none were recorded, or the pack adds none up",
            )
        )
        return
    table = folded(*map(chosen, _TOTALS))
    for one in found:
        share = one.unit == SHARE
        value = "—" if one.value is None else percent(one.value) if share else f"{one.value:,.10g}"
        table.add_row(
            str(one.year),
            one.name,
            one.label,
            f"{value}{chosen(_ESTIMATE) if one.estimated else ''}",
            "" if share else one.unit,
            "" if one.villages is None else str(one.villages),
        )
    console.print(table)


def _say_lists(folder: Path, place: str) -> None:
    """How much is on each list now, and in each of its modes; lists are not counted by township."""
    from services.registry.model.listing import Number, united

    if len(place) > DIGITS["county"]:
        return
    answers = [http.get(f"/v1/list-counts/{place}") for http in clients(folder, "registry", place)]
    for one in united(one for answer in answers for one in msgspec.json.decode(answer.content, type=list[Number])):
        mode, mode_en = (f"，其中{one.mode}", f", of which “{one.mode}”") if one.mode else ("", "")
        console.say(
            told(f"现列入“{one.label}”名单{mode}：{one.number}个", f"on the list “{one.label}”{mode_en}: {one.number}")
        )


_ESTIMATE: Final = ("（估计）", " (estimate)")
_TOTALS: Final = (
    ("年度", "year"),
    ("区划", "division"),
    ("指标", "figure"),
    ("数值", "value"),
    ("单位", "unit"),
    ("已填报村数", "villages"),
)


@app.command()
def tasks(
    role: Annotated[str, typer.Option(help="角色 · role")] = "",
    place: PlaceOption = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """待办：谁该做什么、依据、期限 · what is due, from whom, by which rule, until when."""
    from deploy.day_page import table_of

    if role not in ("", *ROLES):
        known, codes = "、".join(map(_role, ROLES)), ", ".join(ROLES)
        raise Trouble(f"没有角色“{role}”，可填：{known}\n  There is no role {role!r}; it is one of {codes}.")
    found = [*_open_tasks(folder, role=role, place=place, words="true")]
    if not found:
        others = sorted({line.task.role for line in _open_tasks(folder, place=place)}) if role else ()
        whose = told(f"；有待办的角色：{'、'.join(map(_role, others))}", f"; there are tasks of: {', '.join(others)}")
        console.say(told("没有待办", "nothing is due") + (whose if others else ""))
        return
    console.print(table_of(found))


def _role(role: str) -> str:
    return f"“{role}”（{ROLES[role][0]}）"


def _open_tasks(folder: Path, **asked: str) -> Iterator["OpenTask"]:
    """All tasks of all processes."""
    from deploy.day_page import open_tasks

    for service in SERVICES:
        for http in clients(folder, service):
            yield from open_tasks(http, **asked)
