"""What a person has to fill in for a command: the columns of its Excel form, or columns made from the command alone.

A command that nobody sends by the hundred has no form in `services/<name>/forms.py`. Its columns are made from its
fields. `_ASKED` has the names that officers use for them; for other fields the words of events are taken.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec import inspect

from shared.contracts import Command
from shared.contracts.words import WORDS
from shared.forms import (
    BODY,
    CODE,
    DECIDED,
    PERIODS,
    WHICH_VILLAGE,
    WHY,
    Blank,
    Heading,
    Known,
    bare,
    by,
    division,
    field_of,
    level,
    lies_there,
)
from shared.labels import Both, in_english
from shared.policy import Policy
from shared.rules import State, Task
from shared.workbook import Column, Form
from shared.workbook.form import Kind

Columns = Heading | Callable[[Sequence[Policy]], Iterator[Heading]]
_HOUSEHOLD: Final = "households.household"
_ASKED: Final[Mapping[str, Heading]] = {
    heading.field: heading
    for heading in (
        BODY._replace(prefilled=False), DECIDED, WHICH_VILLAGE, WHY,
        Heading("place", "区划代码", "Division", "行政区划代码，6位数字，如 210521。", "6 digits, such as 210521."),
        Heading("campaign", "督查编号", "Campaign", "自定的编号，由字母、数字和 . _ - 组成。",
                "An id of letters, digits and . _ -."),
        Heading("matching", "匹配编号", "Matching", "自定的编号，由字母、数字和 . _ - 组成。",
                "An id of letters, digits and . _ -."),
        Heading("off", "放假的日期", "Days off", "多个用顿号隔开。", "With commas between."),
        Heading("worked", "调休上班的日期", "Days worked instead", "多个用顿号隔开；没有的不填。",
                "With commas between; empty if there is none."),
        Heading("notice", "放假通知编号", "Notice"), Heading("document", "文件名称及文号", "Document"),
        Heading("into", "保留的组织（人员）编号", "The one that stays"),
        Heading("until", "最后一日（含当日）", "Last day"), Heading("matter", "村内事项编号", "Matter"),
        Heading("objection", "异议编号", "Objection", "0为审批机关自己的意见。", "0 is the deciding body's own."),
        Heading("step", "环节", "Step"), Heading("kind", "种类", "Kind"),
        Heading("subject_kind", "对象类别", "Kind of subject"), Heading("approved", "是否同意", "Agreed"),
        by("posted_by", "公示机关", "Posted by"), by("requested_by", "申请机关", "Requested by"),
        by("replied_by", "说明单位", "Replied by"), by("announced_by", "公布机关", "Announced by"),
        Heading("upheld", "异议是否成立", "Upheld"), Heading("ground", "异议理由", "Ground"),
        Heading("disputed_rates", "有异议的指标", "Disputed", "可多选；都认可的不填。", "Empty if all are accepted."),
        Heading("evidence", "证据材料编号", "Evidence", "多个用顿号隔开。", "With commas between."),
        Heading("takes_over", "是否由本级接办", "Taken over", "不接办即为延期，须填最后一日。",
                "If not, the step is extended, and its last day is needed."),
        Heading("word", "答复", "Word"), Heading("asking", "第几次征求意见", "Asking"),
        Heading("attempt", "第几次申请", "Attempt"), by("asked_by", "提请机关", "Asked for by"),
        by("lodged_by", "申请复核的单位", "Lodged by"), by("corrected_by", "更正机关及文号", "Corrected by"),
        Heading("items", "事项编号", "Items", "多个用顿号隔开；全部撤销的不填。",
                "With commas between; empty for all."),
        Heading("period", "所属年度", "Period", kind="choice", choices=PERIODS),
        Heading("seed_hash", "随机码校验值", "Hash of the share", "随机码的校验值，64位；随机码本身此时不公开。",
                "SHA-256 of the share, which itself stays secret until then."),
        Heading("seed", "随机码", "Share", "与先前公布的校验值对应的随机码。", "The share whose hash was published."),
        Heading("channel", "考核来源", "Input", choices="channel"),
        Heading("lodged_on", "提出日期", "Lodged on", "不填即为当日。", "Today if it is left empty."),
        Heading("yuan", "更正后金额（元）", "Yuan, corrected"),
        Heading("subject", "对象编号", "Subject"), Heading("outcome", "奖惩事项编号", "Outcome"),
        Heading("population", "户籍人口", "Population"), Heading("opens", "开始之日", "First day"),
        Heading("party", "组织（人员）编号", "Party"), Heading("year", "年度", "Year", "四位年份。", "Of four digits."),
        Heading("cadre", "干部编号", "Cadre"), Heading("person", "领取人编号", "Person"),
        Heading(_HOUSEHOLD, "户编号", "Household id"), Heading("households.persons", "家庭人口", "Persons"),
        Heading("households.income", "人均纯收入（元）", "Yuan a head and year"),
        Heading("households.secured", "是否达到“两不愁三保障”", "Two worries, three guarantees"),
        Heading("households.registered", "是否建档立卡贫困户", "Registered as poor", "不填即为“是”。",
                "Yes if it is left empty."),
        Heading("sampled.lifted", "抽查的脱贫户数", "Lifted households looked at"),
        Heading("sampled.wrongly_lifted", "其中错退户数", "Of these wrongly lifted"),
        Heading("sampled.outside", "抽查的非建档立卡户数", "Other households looked at"),
        Heading("sampled.omitted", "其中漏评户数", "Of these omitted"),
        Heading("sampled.asked", "询问的户数", "Households that were asked"),
        Heading("sampled.approving", "其中认可的户数", "Of these approving"),
    )
}  # fmt: skip
"""The names that officers use for fields of commands without a form, by field."""


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is asked for. What is typed in is sent as a text, and read like a cell of an Excel form."""

    field: str
    zh: str
    en: str
    kind: Kind
    required: bool = False
    many: bool = False
    """Whether it takes several values, with commas between them."""
    suggested: bool = False
    """Whether a value that is filled in already is a suggestion that may be changed. Otherwise it must stay as it
    is."""
    aside: bool = False
    """Whether it is no part of the command, and is only shown beside it, such as the village's name."""
    help_zh: str = ""
    help_en: str = ""
    longest: int = 0
    least: float | None = None
    most: float | None = None
    choices: tuple[Both, ...] = ()
    """What there is to choose from, in Chinese and English. The Chinese word is sent."""


def asked(blank: Blank, form: Form) -> tuple[Asked, ...]:
    """What a blank asks for, in order."""
    return tuple(_asked(blank.command, column) for column in form.columns)


def _asked(command: type[Command], column: Column) -> Asked:
    of = column.field.partition(".")[0] in command.__struct_fields__
    least, most = _bounds(command, column.field) if of else (None, None)
    name = column.field.rpartition(".")[2]
    return Asked(
        column.field, column.title, column.en, column.kind, column.required, column.many,
        suggested=column.suggested, aside=not of and column.prefilled and not column.required,
        help_zh=column.help_zh, help_en=column.help_en, longest=column.longest, least=least, most=most,
        choices=tuple((zh, in_english(name, value).replace("_", " ")) for zh, value in column.labels.items()),
    )  # fmt: skip


def _bounds(command: type[Command], path: str) -> tuple[float | None, float | None]:
    """The least and the most that a number may be, by its type."""
    found = field_of(command, path)
    if found is not None and isinstance(found.type, (inspect.IntType, inspect.FloatType)):
        return found.type.ge, found.type.le
    return None, None


def alone(command: type[Command], name: str, zh: str, en: str) -> Blank:
    """The blank of a command without a form. If the command names a village or a division, its `place` follows from
    that and is not asked for. For a division, level and digits are asked for, so that nobody must write
    `county:210521`.
    """
    headings, key, repeats = list[Columns](), list[str](), ""
    fields = {field.name: field for field in inspect.type_info(command).fields}  # type: ignore[attr-defined]
    implied = lies_there if "village" in fields else division if "division" in fields else None
    for field in fields.values():
        found = bare(field.type, required=field.required)
        if field.name in _UNASKED or (field.name == "place" and implied):
            continue
        if field.name == "division":
            headings += [level, CODE]
        elif isinstance(found.type, inspect.StructType):
            headings += [_heading(f"{field.name}.{part.name}") for part in found.type.fields]
            repeats = field.name if found.many else repeats
        elif field.name == "part":
            headings.append(_parts)
        elif isinstance(found.type, inspect.DictType):
            headings.append(partial(_figures, field.name))
        else:
            headings.append(_heading(field.name))
    first = next(name for name in ("village", "code", "place") if name in fields or (name == "code" and implied))
    key = [first, *(one.field for one in headings if isinstance(one, Heading) and one.field == _HOUSEHOLD)]
    blank = Blank(command, name, zh, en, (*key,), (*headings,), repeats=repeats, facts=_division)
    return blank._replace(implied=implied) if implied else blank


_UNASKED: Final = ("expects", "replaces")
"""Fields that say which version the sender saw. Nobody types them in."""


def _heading(field: str) -> Heading:
    if field in _ASKED:
        return _ASKED[field]
    words = WORDS[field.rpartition(".")[2]]
    zh, en = re.split("[（：，；]", words.zh)[0], re.split("[,;:(`]", words.en)[0].strip()
    return Heading(field, zh, en[0].upper() + en[1:])


def _figures(field: str, policies: Sequence[Policy]) -> Iterator[Heading]:
    """A column for each indicator of the packs."""
    known = {code: zh for policy in policies for code, zh in policy.labels["indicator"].items()}
    for code, zh in known.items():
        yield Heading(f"{field}.{code}", zh, code.replace("_", " ").capitalize(), required=False)


def _division(_state: State, task: Task, _policy: Policy) -> Known:
    """The level and the code of the division that a task is about."""
    kind, _, code = str(task.answer.get("division", "")).partition(":")
    return {"level": kind, "code": code} if code else {}


def _parts(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of a part of what is paid."""
    known = {part.label: part.code for policy in policies for one in policy.statements for part in one.parts}
    yield Heading("part", "报酬项目", "Part", choices=known)
