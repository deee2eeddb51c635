"""The Excel forms of the registry: what officers fill in, and how a filled row becomes a command.

A column's field is the command's field; `household.income` is the field `income` of the command's `household`.
"""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, NamedTuple

import msgspec

from services.registry.model import commands as c
from services.registry.model.identity import VILLAGE_CODE
from shared.contracts import Command
from shared.policy import Policy
from shared.rules import Difference, Refused
from shared.workbook import CellError, Column, Form, Row, has_headings

RANKS: Mapping[str, str] = {
    # Leading posts by level (领导职务层次, Civil Servant Law of 2018, article 18), in the words that everybody uses.
    "科员": "staff", "副科级": "deputy_section", "正科级": "section", "副处级": "deputy_division", "正处级": "division",
    "副厅级": "deputy_department", "正厅级": "department",
    # Ranks since June 2019 (职级, Civil Servant Law of 2018, article 19). Each counts as the leading post that it
    # reaches by the grades which the regulation on posts and ranks in parallel (公务员职务与职级并行规定, article 8)
    # gives to both: 二级调研员 and 县处级正职 are of grades 18 to 12, whereas 三级调研员 begins at 19 and is no 正职.
    "二级科员": "staff", "一级科员": "staff",
    "四级主任科员": "deputy_section", "三级主任科员": "deputy_section",
    "二级主任科员": "section", "一级主任科员": "section",
    "四级调研员": "deputy_division", "三级调研员": "deputy_division",
    "二级调研员": "division", "一级调研员": "division",
    "二级巡视员": "deputy_department", "一级巡视员": "department",
    # Posts without leadership until May 2019 (非领导职务, Civil Servant Law of 2005, article 17).
    "副主任科员": "deputy_section", "主任科员": "section", "副调研员": "deputy_division", "调研员": "division",
    "副巡视员": "deputy_department", "巡视员": "department",
    # Enterprises and public institutions have no such levels, so the sending unit says what a cadre's post counts as.
    "相当科员": "staff", "相当副科级": "deputy_section", "相当正科级": "section", "相当副处级": "deputy_division",
    "相当正处级": "division", "相当副厅级": "deputy_department", "相当正厅级": "department",
}  # fmt: skip
"""The level that a post or rank counts as, by its Chinese name: 三级主任科员 counts as `deputy_section`."""
LEVELS: Mapping[str, str] = {"省": "province", "市": "city", "县": "county"}
_PARTY_ID = r"(?!\d{17}[\dX]$)(?!1[3-9]\d{9}$)[A-Z0-9]([A-Z0-9._-]{0,38}[A-Z0-9])?"
_NAME, _LINE = 60, 200  # Characters of a name and of a line of text.
_CODE_HELP: Mapping[str, Any] = {
    "kind": "code",
    "pattern": VILLAGE_CODE,
    "help_zh": "统计用区划代码，12位数字；末三位是村的代码（001至999），前六位是县级区划。",
    "help_en": "The 12 digits of the statistical division code: a county's six, and the village's three at the end, "
    "from 001 on.",
}
_DIVISION_HELP: Mapping[str, Any] = {
    "kind": "code",
    "pattern": r"\d{6}",
    "help_zh": "行政区划代码，6位数字，如 210521。",
    "help_en": "6 digits (GB/T 2260), such as 210521.",
}
_ID: Mapping[str, Any] = {"kind": "id", "pattern": _PARTY_ID}
_MONTH_HELP: Mapping[str, Any] = {
    "kind": "month",
    "help_zh": "档案只记年月的，填年月，如 1976-05，按当月1日计算。",
    "help_en": "Where the file has the month only, that will do, such as 1976-05; it counts from its first day.",
}


class Blank(NamedTuple):
    """A form without the choices of its drop-downs, which depend on the division's policy packs."""

    command: type[Command]
    title: str
    en: str
    key: tuple[str, ...]
    columns: Callable[[Sequence[Policy]], tuple[Column, ...]]
    implied: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _row: {}
    """Fields of the command that follow from the row; they are added to its cells or replace them. For example, the
    cell `ties` becomes a list of village codes."""
    adds: bool = False
    """True if a row adds to something that exists: a survey record adds to its village's survey."""


def _villages(_policies: Sequence[Policy]) -> tuple[Column, ...]:
    return (
        Column(field="village", title="村代码", en="Village code", **_CODE_HELP),
        Column(field="name", title="村名", en="Village", longest=_NAME),
        Column(field="township", title="乡镇", en="Township", longest=_NAME),
        Column(field="population", title="户籍人口", en="Population", kind="integer", help_zh="至少1人。",
               help_en="At least 1."),
        Column(field="listed", title="列入贫困村", en="On the poverty list", kind="yes_no",
               help_zh="填“否”不会使已列入的村出列，出列只按程序办理。",
               help_en="“否” takes no village off the list; only the exit procedure does."),
        Column(field="listing_document", title="列入文件", en="Listing document", required=False, longest=_LINE,
               help_zh="名称或文号，不超过200字。", help_en="Title or number, at most 200 characters."),
        Column(field="place", title="现属区划", en="Present division", required=False, kind="code", pattern=r"\d{6}",
               help_zh="只在区划变更后与村代码前六位不同时填写。",
               help_en="Only where, after a change, it is not what the village code begins with."),
        Column(field="reason", title="人口变动原因", en="Reason", required=False, spare=True, longest=500,
               help_zh="只在更正已登记的人口且变动较大时填写。",
               help_en="Only where a population that is known is corrected by much."),
    )  # fmt: skip


def _units(policies: Sequence[Policy]) -> tuple[Column, ...]:
    departments = "、".join(
        sorted({name for policy in policies for names in policy.team.suits.values() for name in names})
    )
    return (
        Column(field="unit", title="单位编号", en="Unit id", **_ID,
               help_zh="本系统内固定不变的编号，如 U2105-001。", help_en="Its id here for good, such as U2105-001."),
        Column(field="name", title="单位名称", en="Unit", longest=_NAME),
        Column(field="place", title="所在区划", en="Division", **_DIVISION_HELP),
        Column(field="level", title="层级", en="Level", kind="choice", choices=LEVELS),
        Column(field="department", title="部门类别", en="Department", longest=_NAME,
               help_zh=f"按此与贫困村类别匹配：{departments}；都不是的照实填写。",
               help_en="By it units are matched to villages; if it is none of those named, say what it is."),
        Column(field="strength", title="帮扶能力评分", once=("帮扶力量",), en="Strength", kind="integer",
               help_zh="综合实力和帮扶经验，0至100；评分办法由组织部门另行印发。",
               help_en="Strength and experience in helping, 0 to 100, by the method that the organisation department "
                       "issues."),
        Column(field="village", title="上级指定帮扶村代码", once=("上级定点村代码",), en="Designated village",
               required=False, **_CODE_HELP),
    )  # fmt: skip


def _cadres(_policies: Sequence[Policy]) -> tuple[Column, ...]:
    return (
        Column(field="cadre", title="干部编号", en="Cadre id", **_ID,
               help_zh="代号，如 C2105-001-1；不得用身份证号、手机号。",
               help_en="A pseudonym such as C2105-001-1, never the number of an identity card or a telephone."),
        Column(field="unit", title="单位编号", en="Unit id", **_ID, help_zh="须已登记。",
               help_en="Of a registered unit."),
        Column(field="name", title="姓名", en="Name", longest=_NAME, help_zh="只保存在本系统，不对外发布。",
               help_en="Kept here and told to nobody."),
        Column(field="place", title="所在区划", en="Division", **_DIVISION_HELP),
        Column(field="rank", title="职务层次（或相当层次）", once=("职级", "职务层次", "Rank"), en="Level of post",
               kind="choice", choices=RANKS,
               help_zh="公务员填职务层次或职级；国有企业、事业单位人员填派出单位认定的“相当……”。",
               help_en="For civil servants the post's level or the rank; for staff of enterprises and institutions "
                       "“相当…”, as the sending unit determines."),
        Column(field="party_member", title="是否中共党员", once=("中共党员",), en="Party member", kind="yes_no"),
        Column(field="work_since", title="参加工作时间", once=("参加工作日期",), en="At work since", **_MONTH_HELP),
        Column(field="born_on", title="出生年月", once=("出生日期",), en="Born on", **_MONTH_HELP),
        Column(field="reserve", title="是否后备干部", once=("后备干部",), en="Reserve cadre", kind="yes_no"),
        Column(field="ties", title="应回避的村（代码）", once=("回避村代码",), en="Villages to avoid", required=False,
               kind="code", pattern=rf"{VILLAGE_CODE}([\s,，、;；]+{VILLAGE_CODE})*",
               help_zh="因亲属或籍贯须回避的村，12位代码，多个用顿号隔开。",
               help_en="Where kinship or origin forbids a posting: codes of 12 digits, with commas between."),
    )  # fmt: skip


def _surveys(policies: Sequence[Policy]) -> tuple[Column, ...]:
    kinds = {label: code for policy in policies for code, label in policy.listing.survey_kinds.items()}
    topics = {label: code for policy in policies for code, label in policy.listing.topics.items()}
    visit: dict[str, Any] = {
        "required": False,
        "help_zh": "只在入户走访时填写。",
        "help_en": "For a visit to a household only.",
    }
    return (
        Column(field="place", title="区划代码", en="Division", kind="code", pattern=r"\d{6}", prefilled=True),
        Column(field="village", title="村代码", en="Village code", kind="code", pattern=r"\d{12}", prefilled=True),
        Column(field="name", title="村名", en="Village", prefilled=True),
        Column(field="number", title="编号", en="Number", kind="integer", suggested=True,
               help_zh="本村记录的序号，每条一个，从1起。", help_en="Of the record within its village, from 1."),
        Column(field="kind", title="调查方式", en="Kind of record", kind="choice", choices=kinds),
        Column(field="topic", title="调查内容", en="Topic", kind="choice", choices=topics),
        Column(field="on", title="日期", en="Date", kind="date"),
        Column(field="household.household", title="户编号", en="Household id", **_ID,
               required=False, help_zh="代号，不填户主姓名和身份证号；入户走访时填写。",
               help_en="A pseudonym, neither name nor identity card; for a visit to a household."),
        Column(field="household.persons", title="家庭人口", en="Persons", kind="integer", **visit),
        Column(field="household.income", title="人均纯收入（元）", en="Yuan a head and year", kind="number", **visit),
        Column(field="household.secured", title="是否达到“两不愁三保障”", once=("两不愁三保障",),
               en="Two worries, three guarantees", kind="yes_no", **visit),
        Column(field="household.registered", title="是否建档立卡贫困户", once=("建档立卡",), en="Registered as poor",
               kind="yes_no", required=False,
               help_zh="只在入户走访时填写；不填即为“是”。", help_en="For a visit only; yes if it is left empty."),
        Column(field="cause", title="问题原因", en="Cause", required=False, longest=_LINE,
               help_zh="突出问题须写明，其他不填；不超过200字。",
               help_en="Of an outstanding problem, and of nothing else; at most 200 characters."),
    )  # fmt: skip


BLANKS: Mapping[str, Blank] = {
    "villages": Blank(c.RegisterVillage, "贫困村简要情况登记表", "Villages", ("village",), _villages,
                      implied=lambda row: {"place": row.get("place", row["village"][:6])}),
    "units": Blank(c.RegisterUnit, "派出单位（帮扶单位）登记表", "Sending units", ("unit",), _units),
    "cadres": Blank(c.RegisterCadre, "选派干部登记表", "Cadres to be sent", ("cadre",), _cadres,
                    implied=lambda row: {"ties": re.findall(VILLAGE_CODE, row.get("ties", ""), re.ASCII)}),
    "surveys": Blank(c.RecordSurvey, "贫困村摸底排查表", "Baseline survey", ("village", "number"), _surveys, adds=True),
}  # fmt: skip
"""The forms by name. A filled row becomes the command that is posted to /v1/<name>."""


def form(name: str, policies: Sequence[Policy], place: str = "") -> Form:
    """The form of this name, with the choices of these packs, which are in force in `place`.

    Raises Refused if there is no such form, or no pack.
    """
    if name not in BLANKS:
        zh, en = (
            f"没有名为“{name}”的表，可填：{'、'.join(f'“{of}”' for of in BLANKS)}",
            f"there is no form {name!r}, only {', '.join(BLANKS)}",
        )
        raise Refused("identity", zh, en, status=404)
    if not policies:
        where = (f"区划 {place} ", f" in division {place}") if place else ("", "")
        raise Refused(
            "policy",
            f"{where[0]}没有生效的政策包，请先启用政策包",
            f"no policy pack is in force{where[1]}; adopt one first",
        )
    blank = BLANKS[name]
    documents = [(policy, first, policy.title(first)) for policy in policies for first in [*policy.documents][:1]]
    return Form(
        name=name,
        title=blank.title,
        en=blank.en,
        columns=blank.columns(policies),
        key=blank.key,
        asked_by_zh="、".join(f"{policy.name}（依据：{title}）" for policy, _, title in documents),
        asked_by_en=", ".join(f"{policy.name_en} (under its document {id})" for policy, id, _ in documents),
    )


def command(form: Form, row: Row) -> Command | Sequence[CellError]:
    """The command that a row asks for, or what is wrong with it."""
    if row.errors:
        return row.errors
    blank = BLANKS[form.name]
    said: dict[str, Any] = {}
    for path, value in row.values.items():
        field, _, part = path.partition(".")
        if value is None or field not in blank.command.__struct_fields__:
            continue
        if part:
            said.setdefault(field, {})[part] = value
        else:
            said[field] = value
    try:
        return msgspec.convert({**said, **blank.implied(said)}, blank.command)
    except msgspec.ValidationError as error:
        return [_misfit(form, row, str(error))]


def _misfit(form: Form, row: Row, error: str) -> CellError:
    """The cell to blame when the command's type rejects a row: it is out of bounds, or required with another cell."""
    missing, at = re.search(r"missing required field `(.+?)`", error), re.search(r"at `\$\.?(.*)`", error)
    column = _column(form, ".".join(found[1] for found in (at, missing) if found and found[1]))
    value = "" if missing else str(row.values[column.field])
    if missing:
        zh, en = (
            f"“{column.title}”须与旁边各栏一并填写。",
            f"“{column.en}” is to be filled in with the cells beside it.",
        )
    else:
        zh, en = f"“{column.title}”的“{value}”不合规定。", f"“{value}” is not allowed for “{column.en}”."
    return CellError(
        row=row.number,
        column=column.title,
        value=value,
        rule="form",
        zh=f"{zh}{column.help_zh}",
        en=f"{en} {column.help_en}".strip(),
    )


def refusal(form: Form, row: int, refused: Refused) -> CellError:
    """A rule's refusal of a row, at the cell that the rule names."""
    if refused.version:  # The data changed again after the first pass had shown this difference to the officer.
        refused = Refused(
            refused.rule,
            "核对之后，已登记的内容又有变动，本行未导入；请重新上传，核对新的差异",
            "what is known has changed since it was compared, and the row was left out; upload the form again and look "
            "at the new differences",
            field=refused.field,
        )
    basis = refused.basis
    zh, en = (
        (f"{refused.zh}（依据：{basis[0]}）", f"{refused.en} ({basis[1]})") if all(basis) else (refused.zh, refused.en)
    )
    column = _column(form, refused.field or "").title
    return CellError(row=row, column=column, value="", rule=refused.rule, zh=zh, en=en)


def shown(form: Form, difference: Difference) -> tuple[str, str, str]:
    """A difference in the words of the form: its heading, the known value and the given one (副科级, not a code)."""
    for column in form.columns:
        if column.field == difference.field:
            labels = {_coded(value): label for label, value in reversed([*column.labels.items()])}
            known, given = (labels.get(text, text) for text in (difference.known, difference.given))
            return column.title, known, given
    return difference.field, difference.known, difference.given


def _coded(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def recognised(headings: Set[str], policies: Sequence[Policy]) -> str:
    """The title of the form whose headings these are; empty if it is none of these forms."""
    known = (form(name, policies) for name in BLANKS)
    return next((f"{one.title}（{one.name}）" for one in known if has_headings(one, headings)), "")


def _column(form: Form, field: str) -> Column:
    """The column of a field. A field without a column is blamed on the column that identifies the row."""
    columns = {column.field: column for column in form.columns}
    return columns.get(field, columns[form.key[-1]])
