"""What a policy pack can say, as people and editors read it: `docs/policy.md` and `docs/policy.schema.json`.

Both are made from the structs in `shared/policy`: their types, their bounds, and the docstring of each field.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from shared import calendar
from shared.contracts.values import ROLES
from shared.labels import label
from shared.pack_words import parts, structs, words
from shared.policy import checking, pack
from shared.policy.layers import NAMED, plain
from shared.policy.links import RANKS
from shared.policy.procedure import ORDERS

FOLDER = Path(__file__).parent.parent / "docs"
PAGE, SCHEMA = "policy.md", "policy.schema.json"
HEAD = """# 政策包 · Policy packs

一个地区一个 TOML 文件。`zhucun policy check 文件` 一次列出全部问题，`zhucun policy adopt 文件 --by 决定机关` 启用。
文件可存为 UTF-8、UTF-16 或 GB 18030，最多 256 KiB。本页由程序生成（`zhucun contracts`），与校验一致；编辑器可用
[policy.schema.json](policy.schema.json)。现成的例子见 `shared/policy/packs/`。

One TOML file for each region. `zhucun policy check FILE` lists all that is wrong at once, `zhucun policy adopt
FILE --by
ORGAN` adopts it. The file may be in UTF-8, UTF-16 or GB 18030, 256 KiB at most. This page is generated (`zhucun
contracts`) from what is checked; editors that know JSON Schema can use [policy.schema.json](policy.schema.json).

`zhucun policy show 甲` 逐句说明政策包（各层合并）及其依据，`zhucun policy diff 甲 乙` 说明两者有何不同；甲、乙为文件或
区划代码。上级政策包尚未启用的，加 `--over 上级文件`。

`zhucun policy show A` tells in sentences what a pack says, layers merged, and what it rests on; `zhucun policy diff A
B` tells what changes. A and B are files or divisions; with `--over FILE` the pack below need not be adopted yet.

校验还要求 · The check asks as well that

- 条款写作“文件简称:条款”，如 `S3:第四项`，文件列在 `[documents]`，且是本地、上级或全国性文件 · a clause is a
  document's short name and its article, as `S3:第四项`; the document is one of `[documents]`, issued in this region,
  above it, or for the whole country
- 考核权重合计 100（或按小数合计 1），等次从高到低，最后一等从 0 分起 · weights make 100 (or 1 as shares), grades
  go from the
  best to the worst, and the last begins at 0
- 同一类督查前后不重叠，比例不为 0，公示和时限至少一天 · campaigns of one kind do not overlap, no share is 0, and
  every notice
  and time has a day at least
- 自生效年度起每年有贫困线，中间不缺 · there is a poverty line from the first year in force on, without a gap
- 办理人不是被考核的一方，也不是运维 · nobody judges himself, and operators decide nothing
- 任期、影响期、督查时间按年、月或日历日计，不随节假日变动 · terms, impact periods and campaigns are counted in
  years, months or
  calendar days, and no holiday moves them

## 何时 · When

期限、开始日和循环有三种写法：每年的一天 `{ month = 2, day = 29 }`；循环
`{ every = { months = 3 }, from = 2014-03-31 }`；某事之后
`{ after = "registry.village.listed", within = { calendar_days = 29 } }`。写每年的一天，是指自起算之日后的下一个该日。
已经开始计算的期限不因换用新政策包而变；以后的开始日按新政策包计算，错过的不补。

Times, opening days and cycles are written in three ways: a day of the year `{ month = 2, day = 29 }`; a cycle
`{ every = { months = 3 }, from = 2014-03-31 }`; a time after something `{ after = "registry.village.listed", within =
{ calendar_days = 29 } }`. A day of the year means the next such day after what it is counted from. A time that has
begun to run keeps its end when another pack takes effect; later openings follow that pack, and none is made up for.

## 在上级政策包上增改 · Layers

县的政策包可只写与市不同之处：写明 `extends = "2105"`（所扩展的区划），以及 `jurisdiction`、`version`、
`effective_from`、`name`、`name_en`。有代码的项目按代码改写（整项重写）或增加，没有代码的列表（出列程序、等次、考核来源等）整体
替换；`[drop]` 写要删去的项目，如 `outcomes = ["talk"]`、`exit.criteria = ["hard_road"]`、
`links.team.suits = ["lagging_economy"]`。派驻和联系（`[[links]]`）、
其中的角色可只写所改的字段：`kind = "team"`、`each_target = 4`。上级政策包换新版本，县的随之
重新合并。县写明的督查只在本县抽取，其余由市统一抽取；县改了派驻条件的，自行匹配。不写 `extends` 的政策包自成一体。
`zhucun policy check 县文件 --over 市文件` 连同上级一并检查。

A county's pack may say only what differs from its city's: `extends = "2105"` names the jurisdiction that it extends,
beside `jurisdiction`, `version`, `effective_from`, `name` and `name_en`. Entries with a code are overridden by it as a
whole, or added; lists without codes (steps of the exit, grades, channels …) are replaced as a whole; `[drop]` names
what is left out, as `outcomes = ["talk"]`, `exit.criteria = ["hard_road"]` or
`links.team.suits = ["lagging_economy"]`. Of a link and
of a role only the fields that change are said: `kind = "team"`, `each_target = 4`. A new version of the
city's pack is merged again from its day on. A campaign that the county declares is drawn among its villages, all
others among the city's; a county that says otherwise whom to send matches by itself. A pack without `extends` stands
by itself. `zhucun policy check COUNTY --over CITY` checks both together.

## 节假日 · Holidays

工作日按国务院办公厅历年通知计算，已知年度见 `shared/holidays.toml`。新一年的通知用 `zhucun policy holidays 文件
--by 公布机关`
公布，文件写四项：`year`、`document`（文号）、`off`（放假日）、`worked`（调休上班日）；本地节假日加 `--place 区划`，
或写进政策包的
`[[holidays]]`。公布后，正在计算的期限重新计算，有变动的逐件发布 `deadline.moved`。

Working days follow the State Council's yearly notices; those that are known stand in `shared/holidays.toml`. A new
one is
announced by `zhucun policy holidays FILE --by ORGAN`; the file says `year`, `document`, `off` and `worked`. A
region's own
holidays are announced with `--place`, or stand in its pack. Deadlines that run already are counted anew, and each
that
moves is told by an event `deadline.moved`.
"""
COLUMNS = "| 字段 · field | 可填 · what it may be | 缺省 · default | 说明 · meaning |"


def page() -> str:
    """The page for people, in Markdown."""
    lines = [HEAD, *_bodies(), *_orders()]
    for struct in structs():
        said = words(struct)
        zh, en = said[""]
        lines += [f"\n## {struct.__name__}\n\n{zh} · {en}\n", COLUMNS, "|---|---|---|---|"]
        fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
        for name, hint in checking.hints_of(struct).items():
            allowed = " · ".join(checking.allowed(hint))
            meaning = " · ".join(part for part in said[name] if part)
            cells = (f"`{name}`", f"{allowed}{_link(hint)}", _default(fields.get(name)), meaning)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _bodies() -> Iterator[str]:
    """Who may be named where somebody acts, and the ranks of cadres, in words."""
    yield "\n## 办理机构和职务层次 · Bodies and ranks\n"
    yield (
        "没有列出的机构，如某一业务主管部门，写其所在的一级，并在 `[words.roles]` 写明称谓。 · "
        "A body that is not among them, such as a bureau, is the level that it belongs to, with its name in "
        "`[words.roles]`.\n"
    )
    yield from (f"- `{role}`：{zh} · {en}" for role, (zh, en) in ROLES.items())
    yield ""
    yield from (f"- `{rank}`：{label('rank', rank)} · {rank.replace('_', ' ')}" for rank in RANKS)


def _orders() -> Iterator[str]:
    """Which steps a procedure needs in which order, by what it leads to."""
    yield "\n## 程序的环节和次序 · The steps of a procedure and their order\n"
    yield "环节的代码见下文环节的 `kind`。 · The codes are those of `kind` of a [Step](#step).\n"
    for effect, order in ORDERS.items():
        yield f"- `{effect}`：{order.zh} · {order.en}"


def schema() -> dict[str, Any]:
    """The JSON Schema of a pack and of a layer, with each field's meaning."""
    found: dict[str, Any] = json.loads(json.dumps(msgspec.json.schema(pack.Policy)))
    for struct in structs():
        said, described = words(struct), found["$defs"][struct.__name__]
        described["description"] = " · ".join(part for part in said[""] if part)
        for name, part in described["properties"].items():
            part["description"] = " · ".join(part for part in said[name] if part)
    either = [{"$ref": "#/$defs/Policy"}, {"$ref": f"#/$defs/Policy{_OF_LAYER}"}]
    defs = found["$defs"] | _of_layer(found["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, "anyOf": either, "$defs": defs}


_OF_LAYER: Final = "OfLayer"


def _of_layer(defs: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions of what a layer can say: the same as a whole pack, but only its own head is required."""
    text = re.sub(r'"(#/\$defs/\w+)"', rf'"\1{_OF_LAYER}"', json.dumps(defs))
    found: dict[str, Any] = {f"{name}{_OF_LAYER}": part for name, part in json.loads(text).items()}
    for part in found.values():
        part.pop("required", None)
    head = found[f"Policy{_OF_LAYER}"]
    head["properties"] |= {"extends": _EXTENDS, "drop": _DROP}
    head["required"] = [*NAMED, "extends"]
    return found


_EXTENDS: Final = {
    "type": "string",
    "pattern": "^([0-9]{2}){1,2}$",
    "description": "所扩展的上级区划代码，全国为00。 · The division whose pack it is read over; 00 is the country.",
}
_DROP: Final = {
    "type": "object",
    "description": "从上级清单中去掉的条目，按名称。 · Entries of the lists above that it removes, by their names.",
}


def texts() -> dict[str, str]:
    """Both documents by their file names."""
    return {PAGE: page(), SCHEMA: json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"}


def write(folder: Path = FOLDER) -> None:
    """Write both documents."""
    for name, text in texts().items():
        (folder / name).write_text(text, "utf-8")


def _link(hint: Any) -> str:
    return "".join(f" → [{part.__name__}](#{part.__name__.lower()})" for part in dict.fromkeys(parts(hint)))


def _default(field: msgspec.structs.FieldInfo | None) -> str:
    if field is None or field.required:
        return "必填 · required"
    if (
        field.default is msgspec.NODEFAULT
        or field.default in (None, msgspec.UNSET, (), "")
        or isinstance(field.default, calendar.Span)
    ):
        return ""
    return f"`{checking.toml(plain(msgspec.to_builtins(field.default)))}`"
