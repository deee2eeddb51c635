"""Which Excel forms there are and what each asks for: `docs/forms.md`, made from the forms themselves."""

import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from deploy.local.supervisor import SERVICES
from shared.forms import Blank
from shared.policy import parse_pack
from shared.workbook import Column
from shared.workbook.writing import LOOKS

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/forms.md"
EXAMPLE = ROOT / "shared/policy/packs/benxi.toml"
HEAD = """# 填报表 · Excel forms

`zhucun forms` 列出各表；`zhucun template 表名 --place 区划` 下载，填好后 `zhucun import 表名 文件` 上传。
灰色各栏由系统按当日待办预填，不得改动；没有填写的行略过。一行有错，整份不导入，退回的副本逐格写明错误。
本页由程序生成（`zhucun contracts`），各栏来自命令的字段；下拉选项、指标以本地规定为准，此处以本溪市为例。

`zhucun forms` lists them, `zhucun template FORM --place DIVISION` fetches one, and `zhucun import FORM FILE`
hands it in once it is filled in. Grey columns are filled in from the open tasks of the day and must not be changed;
rows that are left empty are passed over. One bad row keeps the whole file out, and the copy that comes back says at
each cell what is wrong. This page is generated (`zhucun contracts`), and columns are made from the commands' fields;
choices and indicators are the region's own, here those of Benxi.
"""
_TABLE = "| 栏目 · Column | 字段 · Field | 类型 · Kind | 必填 · Required | 说明 · What it is |\n|---|---|---|---|---|"


def write() -> None:
    """Write the page."""
    PAGE.write_text(text(), "utf-8")


def text() -> str:
    """The page."""
    parts = [HEAD]
    for service in SERVICES:
        parts.append(f"## {service}\n")
        parts += [_form(blank) for blank in import_module(f"services.{service}.forms").FORMS.values()]
    return "\n".join(parts)


def _form(blank: Blank) -> str:
    policy = parse_pack(tomllib.loads(EXAMPLE.read_text("utf-8")))
    rows = [_row(column) for column in blank.columns([policy])]
    return f"### {blank.title} · {blank.en}\n\n{'；'.join(_about(blank))}\n\n" + "\n".join([_TABLE, *rows]) + "\n"


def _about(blank: Blank) -> Iterator[str]:
    """The form's name, its command, and where its rows come from."""
    yield f"`{blank.name}`，命令 · command `{blank.command.__name__}`"
    if blank.is_owed:
        yield f"各行由待办预填 · a row for each open task `{blank.task or blank.name}`"
    if blank.repeats:
        yield f"多行合为一条命令 · several rows make one command (`{blank.repeats}`)"


def _row(column: Column) -> str:
    needed = "预填 · prefilled" if column.prefilled else "是 · yes" if column.required else ""
    kind = f"{LOOKS[column.kind].name}{'，可填多个 · several' if column.many else ''}"
    said = " · ".join(filter(None, (column.help_zh, column.help_en))).replace("|", "\\|")
    return f"| {column.title} · {column.en} | `{column.field}` | {kind} | {needed} | {said} |"
