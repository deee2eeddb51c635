"""The Excel forms of the registry: how officers call the fields of its bulk commands, and what they are told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from services.registry import correction_forms, procedure_forms, store, takeover_forms
from services.registry.model import commands as c
from services.registry.model.baseline import Baseline
from services.registry.model.identity import VILLAGE_CODE
from shared.divisions import LABELS, place_of
from shared.forms import (
    BODY,
    CODE,
    DECIDED,
    DUE,
    NAME,
    PLACE,
    TASK,
    VILLAGE,
    WHICH_VILLAGE,
    WHY,
    Blank,
    Heading,
    Known,
    by,
    division,
    level,
    lies_there,
    named,
)
from shared.policy import Policy
from shared.policy.exit import Criterion
from shared.policy.indicators import HOUSEHOLD_FIGURES, Indicator
from shared.policy.parties import PartyField
from shared.rules import State, Task
from shared.workbook import Kind

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
DIVISIONS: Mapping[str, str] = {label: level for level, label in [*LABELS.items()][::-1]}
LEVELS: Mapping[str, str] = {label: level for label, level in DIVISIONS.items() if level != "township"}
_VILLAGE: Mapping[str, Any] = {
    "pattern": VILLAGE_CODE,
    "help_zh": "统计用区划代码，12位数字；末三位是村的代码（001至999），前六位是县级区划。",
    "help_en": "The 12 digits of the statistical division code: a county's six, and the village's three at the end, "
    "from 001 on.",
}
_DIVISION = Heading(
    "place", "所在区划", "Division", "行政区划代码，6位数字，如 210521。", "6 digits (GB/T 2260), such as 210521."
)
_MONTH = (
    "档案只记年月的，填年月，如 1976-05，按当月1日计算。",
    "Where the file has the month only, that will do, such as 1976-05; it counts from its first day.",
)
_VISIT: Mapping[str, Any] = {
    "required": False,
    "help_zh": "只在入户走访时填写。",
    "help_en": "For a visit to a household only.",
}


def _department(policies: Sequence[Policy]) -> tuple[Heading, ...]:
    departments = "、".join(
        sorted({name for policy in policies for names in policy.team.suits.values() for name in names})
    )
    return (
        Heading(
            "department",
            "部门类别",
            "Department",
            f"按此与贫困村类别匹配：{departments}；都不是的照实填写。",
            "By it units are matched to villages; if it is none of those named, say what it is.",
        ),
    )


def _watch_class(policies: Sequence[Policy]) -> tuple[Heading, ...]:
    """The classes in which households are watched. Where no pack in force has any, every report is refused."""
    watched = {label: code for policy in policies for code, label in policy.labels["watch_class"].items()}
    return (Heading("watch_class", "监测对象类别", "Class", choices=watched, kind=None if watched else "text"),)


_VILLAGES = Blank(
    c.RegisterVillage, "villages", "贫困村简要情况登记表", "Villages", ("village",),
    headings=(
        Heading("village", "村代码", "Village code", **_VILLAGE),
        Heading("name", "村名", "Village"),
        Heading("township", "乡镇", "Township"),
        Heading("population", "户籍人口", "Population", "至少1人。", "At least 1."),
        Heading("listed", "列入贫困村", "On the poverty list",
                "填“否”不会使已列入的村出列，出列只按程序办理。",
                "“否” takes no village off the list; only the exit procedure does."),
        Heading("listing_document", "列入文件", "Listing document", "名称或文号，不超过200字。",
                "Title or number, at most 200 characters."),
        Heading("place", "现属区划", "Present division", "只在区划变更后与村代码前六位不同时填写。",
                "Only where, after a change, it is not what the village code begins with.", required=False),
        Heading("reason", "人口变动原因", "Reason", "只在更正已登记的人口且变动较大时填写。",
                "Only where a population that is known is corrected by much.", spare=True),
    ),
    implied=lambda row: {"place": row.get("place") or place_of(row["village"])},
    notes=store.stays,
)  # fmt: skip
_UNITS = Blank(
    c.RegisterUnit, "units", "派出单位（帮扶单位）登记表", "Sending units", ("unit",),
    headings=(
        Heading("unit", "单位编号", "Unit id", "本系统内固定不变的编号，如 U2105-001。",
                "Its id here for good, such as U2105-001."),
        Heading("name", "单位名称", "Unit"),
        _DIVISION,
        Heading("level", "层级", "Level", choices=LEVELS),
        _department,
        Heading("strength", "帮扶能力评分", "Strength", "综合实力和帮扶经验，0至100；评分办法由组织部门另行印发。",
                "Strength and experience in helping, 0 to 100, by the method that the organisation department issues.",
                once=("帮扶力量",)),
        Heading("village", "上级指定帮扶村代码", "Designated village", once=("上级定点村代码",), **_VILLAGE),
    ),
)  # fmt: skip
_OPTIONAL: Final = (
    "可不填：按规定不在本系统保存的留空；留空表示未登记，不等于“否”。",
    "May stay empty where it is not to be kept here; empty means not recorded, which is not no.",
)
_CADRES = Blank(
    c.RegisterCadre, "cadres", "选派干部登记表", "Cadres to be sent", ("cadre",),
    headings=(
        Heading("cadre", "干部编号", "Cadre id", "代号，如 C2105-001-1；不得用身份证号、手机号。",
                "A pseudonym such as C2105-001-1, never the number of an identity card or a telephone."),
        Heading("unit", "单位编号", "Unit id", "须已登记。", "Of a registered unit."),
        Heading("name", "姓名", "Name", "只保存在本系统，不对外发布。", "Kept here and told to nobody."),
        _DIVISION,
        Heading("rank", "职务层次（或相当层次）", "Level of post",
                "公务员填职务层次或职级；国有企业、事业单位人员填派出单位认定的“相当……”。",
                "For civil servants the post's level or the rank; for staff of enterprises and institutions “相当…”, "
                "as the sending unit determines.", once=("职级", "职务层次", "Rank"), choices=RANKS),
        Heading("party_member", "是否中共党员", "Party member", *_OPTIONAL, once=("中共党员",)),
        Heading("work_since", "参加工作时间", "At work since", *_MONTH, once=("参加工作日期",)),
        Heading("born_on", "出生年月", "Born on", *_MONTH, once=("出生日期",)),
        Heading("reserve", "是否后备干部", "Reserve cadre", *_OPTIONAL, once=("后备干部",)),
        Heading("ties", "应回避的村（代码）", "Villages to avoid", "因亲属或籍贯须回避的村，12位代码，多个用顿号隔开。",
                "Where kinship or origin forbids a posting: codes of 12 digits, with commas between.",
                once=("回避村代码",), pattern=VILLAGE_CODE),
    ),
)  # fmt: skip


def _next_record(state: State, _task: Task, _policy: Policy) -> Known:
    """The number of the record that a village's survey takes next."""
    assert isinstance(state, Baseline)
    return {"number": state.survey.next}


_SURVEYS = Blank(
    c.RecordSurvey, "surveys", "贫困村摸底排查表", "Baseline survey", ("village", "number"),
    headings=(
        Heading("place", "区划代码", "Division", prefilled=True),
        Heading("village", "村代码", "Village code", prefilled=True),
        NAME,
        Heading("number", "编号", "Number", "本村记录的序号，每条一个，从1起。",
                "Of the record within its village, from 1.", suggested=True),
        Heading("kind", "调查方式", "Kind of record", choices="survey_kind"),
        Heading("topic", "调查内容", "Topic"),
        Heading("on", "日期", "Date"),
        Heading("household.household", "户编号", "Household id", "代号，不填户主姓名和身份证号；入户走访时填写。",
                "A pseudonym, neither name nor identity card; for a visit to a household."),
        Heading("household.persons", "家庭人口", "Persons", **_VISIT),
        Heading("household.income", "人均纯收入（元）", "Yuan a head and year", **_VISIT),
        Heading("household.secured", "是否达到“两不愁三保障”", "Two worries, three guarantees", once=("两不愁三保障",),
                **_VISIT),
        Heading("household.registered", "是否建档立卡贫困户", "Registered as poor",
                "只在入户走访时填写；不填即为“是”。", "For a visit only; yes if it is left empty.", once=("建档立卡",)),
        Heading("cause", "问题原因", "Cause", "突出问题须写明，其他不填；不超过200字。",
                "Of an outstanding problem, and of nothing else; at most 200 characters."),
    ),
    adds=True,
    facts=_next_record,
    issued=store.open_surveys,
    lines=lambda row, rows: ({**row, "number": row["number"] + n} for n in range(rows)),
)  # fmt: skip


def _indicators(*levels: str) -> Callable[[Sequence[Policy]], Iterator[Heading]]:
    """A column for each figure of the packs that people record for a village, or for divisions of these levels."""

    def headings(policies: Sequence[Policy]) -> Iterator[Heading]:
        said: dict[str, str] = {}
        for policy in policies:
            computed = {*HOUSEHOLD_FIGURES, *(one.figure for one in policy.indicators if one.derive)}
            criteria = policy.exit.criteria if "village" in levels else ()
            indicators = (one for one in policy.indicators if one.of in levels)
            asked: tuple[Criterion | Indicator, ...] = (*criteria, *indicators)
            for one in asked:
                if one.figure in computed or one.figure in said.values():
                    continue
                # Two regions may call different figures by one name.
                title = f"{one.label}（{policy.name}）" if one.label in said else one.label
                said[title] = one.figure
                english = one.figure.replace("_", " ").capitalize()
                yield Heading(f"values.{one.figure}", title, english, *_limits(one), required=False)

    return headings


def _limits(one: Criterion | Indicator) -> tuple[str, str]:
    """The help texts about a figure's unit and limits."""
    if isinstance(one, Indicator):
        return f"单位：{one.unit}；{one.least:g}至{one.most:g}。", f"{one.least:g} to {one.most:g}."
    if one.is_share:
        return "填0至1之间的小数，如85%填0.85。", "A share between 0 and 1: 85 % is 0.85."
    return "", ""


def _belongs(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of whom a party belongs to: a village, another party, or a division by the packs' names."""
    levels = {policy.level(level): level for level in LABELS for policy in policies}
    villages = {policy.level("village"): "village" for policy in policies}
    yield Heading("of", "隶属于", "Belongs to", kind="choice", choices={**villages, "组织": "party", **levels})


_FIGURES = (
    Heading("estimated", "其中估计的指标", "Estimated", "填指标名称，多个用顿号隔开；没有的不填。",
            "The names of those that are estimates, with commas between.", choices="indicator"),
    Heading("drawn_from", "数据来源", "Source", "统计表、调查或文件的名称，不超过200字。",
            "A table, a survey or a document, 200 characters at most."),
)  # fmt: skip
_OF_VILLAGE = (PLACE, VILLAGE, NAME, DUE)
_OF_YEAR = (PLACE, VILLAGE, NAME, Heading("year", "年度", "Year", prefilled=True), DUE)
_HOUSEHOLDS = Blank(
    c.RecordHouseholds, "households", "年度农户信息采集表", "Households of the year",
    ("village", "year", "households.household"),
    headings=(
        *_OF_YEAR,
        Heading("households.household", "户编号", "Household id", "代号，不填户主姓名和身份证号；已登记的户已列出。",
                "A pseudonym, neither name nor identity card; known households stand there.", suggested=True),
        Heading("households.persons", "家庭人口", "Persons", "1至50人。", "1 to 50."),
        Heading("households.income", "人均纯收入（元）", "Yuan a head and year", "本年度，不带单位。",
                "Of this year, without unit."),
        Heading("households.secured", "是否达到“两不愁三保障”", "Two worries, three guarantees"),
        Heading("households.registered", "是否建档立卡贫困户", "Registered as poor", "不填即为“是”。",
                "Yes if it is left empty."),
        by("recorded_by", "采集单位", "Recorded by"),
    ),
    repeats="households",
    completed=store.with_households,
    lines=lambda row, rows: (
        {**row, "households.household": household} for household in [*row["households"], *[None] * rows]
    ),
)  # fmt: skip
_MEASUREMENTS = Blank(
    c.MeasureIndicators,
    "measurements",
    "年度出列指标测算表",
    "Indicators of the year",
    ("village", "year"),
    headings=(*_OF_YEAR, _indicators("village"), *_FIGURES, by("measured_by", "测算单位", "Measured by")),
)
_DIVISION_FIGURES = Blank(
    c.RecordFigures, "division-figures", "区划年度指标登记表", "Figures of divisions", ("code", "year"),
    headings=(
        level, CODE,
        Heading("year", "年度", "Year", "四位年份。", "Of four digits."),
        _indicators(*DIVISIONS.values()), *_FIGURES, by("recorded_by", "填报单位", "Recorded by"),
    ),
    implied=division,
)  # fmt: skip
_DIAGNOSES = Blank(
    c.Diagnose, "diagnoses", "贫困村集体会诊结论表", "Joint diagnoses", ("village",),
    headings=(*_OF_VILLAGE, BODY, Heading("problem_class", "贫困村类别", "Problem class"),
              by("decided_by", "会诊单位", "Diagnosed by")),
)  # fmt: skip
_EXIT_REQUESTS = Blank(
    c.RequestExit,
    "exit-requests",
    "贫困村出列申请表",
    "Requests for exits",
    ("village",),
    headings=(*_OF_VILLAGE, BODY, by("requested_by", "申请单位", "Requested by")),
)
_APPROVALS = Blank(
    c.ApproveExit, "approvals", "贫困村出列审批表", "Decisions on exits", ("village",),
    headings=(*_OF_VILLAGE, TASK._replace(spare=True), BODY, procedure_forms.STEP._replace(spare=True, required=False),
              Heading("approved", "是否批准或者办结", "Approved", "公告、备案办结后填“是”。",
                      "Yes once it is announced or filed.", once=("是否批准出列",)),
              by("decided_by", "审批机关及文号", "Decided by")),
)  # fmt: skip
_RISKS = Blank(
    c.ReportRisk, "risk-reports", "返贫致贫风险报告表", "Households at risk", ("village", "household"),
    headings=(
        Heading("place", "区划代码", "Division"),
        Heading("village", "村代码", "Village code", **_VILLAGE),
        Heading("household", "户编号", "Household id", "代号，不填户主姓名和身份证号；应当已录入农户信息。",
                "A pseudonym, neither name nor identity card; its facts must be known."),
        _watch_class,
        Heading("source", "发现途径", "Source", choices={"自主申报": "self", "干部排查": "visit",
                                                     "部门筛查预警": "department"}),
        Heading("on", "发现日期", "Day"),
        by("reported_by", "报告单位", "Reported by"),
    ),
)  # fmt: skip
_REVIEWS = Blank(
    c.ReviewHousehold, "household-reviews", "监测对象走访登记表", "Visits to watched households",
    ("village", "household"),
    headings=(
        *_OF_VILLAGE, BODY,
        Heading("household", "户编号", "Household id", prefilled=True),
        Heading("on", "走访日期", "Day of the visit"),
        Heading("eased", "风险是否已消除", "Risk removed", "只作为启动风险消除程序的依据，监测至程序办结为止。",
                "It only leads to the procedure for it; the household is watched until that has ended."),
        by("reviewed_by", "走访单位", "Visited by"),
    ),
    completed=store.with_watched, personal=True,
    lines=lambda row, _rows: ({**row, **one} for one in row["watched"]),
)  # fmt: skip
_MEASURES = Blank(
    c.DecideMeasures, "fallback-measures", "出列指标回落帮扶措施表", "Measures for criteria missed", ("village",),
    headings=(*_OF_VILLAGE, BODY, Heading("measures", "帮扶措施", "Measures", "不写个人，不超过200字。",
                      "Names no person; 200 characters at most."),
              by("decided_by", "决定机关及文号", "Decided by")),
)  # fmt: skip


def _lists(policies: Sequence[Policy]) -> tuple[Heading, ...]:
    """The column of the list: those of the packs, by their names."""
    known = {one.label: one.kind for policy in policies for one in policy.lists}
    return (Heading("kind", "名单", "List", "不是贫困村名单。", "Not the poverty list.", choices=known),)


_OF_LIST = (
    _lists,
    Heading("village", "村代码", "Village code", "名单列村的填写。", "On a list of villages.", required=False,
            pattern=VILLAGE_CODE),
    Heading("party", "组织编号", "Party id", "名单列组织的填写。", "On a list of organisations.", required=False),
    _DIVISION,
    Heading("body", "办理机构", "Body"),
)  # fmt: skip


def _modes(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of the mode, where a list of the packs has modes."""
    if modes := {zh: code for policy in policies for one in policy.lists for code, zh in one.modes.items()}:
        yield Heading(
            "mode", "分类", "Mode", "名单分类的填写。", "On a list with modes.", required=False, choices=modes
        )


_LISTINGS = Blank(
    c.EnterList, "listings", "列入名单登记表", "Entries of lists", ("kind", "village", "party"),
    headings=(*_OF_LIST, _modes, Heading("since", "列入日期", "Since"),
              Heading("document", "列入文件", "Document", "名称或文号，不超过200字。",
                      "Title or number, at most 200 characters."),
              by("decided_by", "决定机关及文号", "Decided by")),
)  # fmt: skip
_UNLISTINGS = Blank(
    c.LeaveList,
    "unlistings",
    "移出名单登记表",
    "Exits from lists",
    ("kind", "village", "party"),
    headings=(*_OF_LIST, Heading("reason", "移出原因", "Reason"), by("decided_by", "决定机关及文号", "Decided by")),
)

_ENTRIES = Blank(
    c.WithdrawEntry, "list-entry-withdrawals", "撤销误列登记表", "Mistaken entries of lists",
    ("kind", "village", "party"),
    headings=(*_OF_LIST[:-1],
              Heading("since", "误列的列入日期", "Since", "误续期限的填写续期的列入日期。",
                      "Where a term was begun anew by mistake, the day of that.", required=False),
              WHY, DECIDED),
)  # fmt: skip


def _party_kinds(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of the kind: those of the packs, by their names."""
    kinds = [one for policy in policies for one in policy.parties]
    yield Heading("kind", "类别", "Kind", kind="choice", choices={one.label: one.kind for one in kinds})


def _party_fields(policies: Sequence[Policy]) -> Iterator[Heading]:
    """A column for each field of any kind of party. A party's kind says which of them it needs."""
    kinds = [one for policy in policies for one in policy.parties]
    named: dict[str, list[tuple[str, PartyField]]] = {}
    for kind in kinds:
        for one in kind.fields:
            named.setdefault(one.field, []).append((kind.label, one))
    titles = {
        "组织编号",
        "类别",
        "名称",
        "所在区划",
        "隶属于",
        "隶属对象代码",
    }  # Of the columns that stand before them.
    for field, uses in named.items():
        first = uses[0][1]
        title = first.label if first.label not in titles else f"{first.label}（{uses[0][0]}）"
        titles.add(title)
        of = "、".join(dict.fromkeys(label for label, _ in uses))
        choices = {zh: code for _, one in uses for code, zh in (one.one_of or {}).items()}
        of_kind: Kind = "choice" if choices else "number" if first.most is not None else "text"
        yield Heading(f"fields.{field}", title, field.replace("_", " ").capitalize(), f"{of}填写。",
                      "For the kinds that have it.", required=False, kind=of_kind, choices=choices)  # fmt: skip


def _parent(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whom a party belongs to, which a row names by its kind and code."""
    return {"parent": f"{row['of']}:{row['of_code']}"}


_PARTIES = Blank(
    c.RegisterParty, "parties", "组织（人员）登记表", "Parties", ("party",),
    headings=(
        Heading("party", "组织编号", "Party id", "本系统内固定不变的编号。", "Its id here for good."),
        _party_kinds, Heading("name", "名称", "Name"), _DIVISION,
        _belongs,
        Heading("of_code", "隶属对象代码", "Its code", "村12位、乡镇9位、县6位、市4位、省2位，或者组织编号。",
                "A village's 12 digits, a township's 9, a county's 6, a city's 4, a province's 2, or a party's id.",
                kind="id"),
        _party_fields,
    ),
    implied=_parent,
)  # fmt: skip


def _ticked(policies: Sequence[Policy], *, prefilled: bool = True) -> tuple[Heading, ...]:
    """The column of the list that is ticked off: those of the packs, by their names."""
    known = {one.label: one.kind for policy in policies for one in policy.checklists}
    return (Heading("kind", "清单", "List", prefilled=prefilled, choices=known),)


_CHECKLISTS = Blank(
    c.TickChecklist, "checklists", "村级清单填报表", "Lists ticked off", ("village", "kind", "on"),
    headings=(
        *_OF_VILLAGE, BODY,
        _ticked,
        Heading("on", "填报日", "Day of the list", prefilled=True),
        Heading("followed", "已落实或者已公开的事项", "Done", "填事项名称，多个用顿号隔开；其余的计为未落实。",
                "Names of items, with commas between; all others count as not done.", required=False, choices="check"),
        Heading("vacant", "本期无内容的事项", "Nothing this time", "只填清单允许的。", "Where the list allows it.",
                required=False, choices="check"),
        Heading("proof", "佐证", "Proof", "公开栏、文件等，不超过200字。",
                "A notice board, a document; 200 characters at most.", required=False),
        by("ticked_by", "填报单位", "Ticked off by"),
    ),
    lines=lambda row, _rows: ({**row, "on": date.fromisoformat(row["on"])},),
)  # fmt: skip

_TOWNSHIP = Heading("code", "乡镇代码", "Township code", "9位数字。", "9 digits.", kind="code", pattern=r"\d{9}")
_LETTER_YEAR = Heading("year", "年度", "Year", "四位年份。", "Of four digits.")


def _letter_kinds(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of the letter: those of the packs, by their names."""
    yield Heading(
        "kind",
        "责任书",
        "Letter",
        kind="choice",
        choices={one.label: one.kind for policy in policies for one in policy.letters},
    )


def _of_township(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The township that a row names by its code, and the county in which it lies."""
    return {"division": f"township:{row['code']}", "place": place_of(row["code"])}


_LETTERS = Blank(
    c.SignLetter, "letters", "乡镇责任书签订登记表", "Townships' letters of responsibility", ("code", "kind", "year"),
    headings=(
        _TOWNSHIP._replace(prefilled=True),
        lambda policies: (one._replace(prefilled=True) for one in _letter_kinds(policies)),
        _LETTER_YEAR._replace(prefilled=True), DUE, BODY,
        by("signed_by", "签订双方", "Signed by"),
    ),
    implied=_of_township,
    facts=lambda _state, task, _policy: {"code": str(task.answer["division"]).partition(":")[2]},
)  # fmt: skip
_BROKEN_LETTERS = Blank(
    c.BreakLetter,
    "letter-breaches",
    "未履行责任书认定表",
    "Letters that were broken",
    ("code", "kind", "year"),
    headings=(_TOWNSHIP, _letter_kinds, _LETTER_YEAR, WHY, Heading("body", "办理主体", "Body", choices="by"), DECIDED),
    implied=_of_township,
)
_LETTERS_BACK = Blank(
    c.WithdrawLetter,
    "letter-withdrawals",
    "撤回责任书登记表",
    "Entries about letters to be withdrawn",
    ("code", "kind", "year"),
    headings=(_TOWNSHIP, _letter_kinds, _LETTER_YEAR, WHY, DECIDED),
    implied=_of_township,
)

_MISTICKED = Blank(
    c.WithdrawChecklist, "checklist-withdrawals", "撤销清单填报表", "Lists ticked off by mistake",
    ("village", "kind", "on"),
    headings=(WHICH_VILLAGE, partial(_ticked, prefilled=False), Heading("on", "填报日", "Day of the list"), WHY,
              DECIDED),
    implied=lies_there,
)  # fmt: skip

FORMS = named(_VILLAGES, _UNITS, _CADRES, _SURVEYS, _HOUSEHOLDS, _MEASUREMENTS, _DIVISION_FIGURES, _DIAGNOSES,
              _EXIT_REQUESTS, _APPROVALS, _RISKS, _REVIEWS, _MEASURES, _LISTINGS, _UNLISTINGS,
              _ENTRIES, _PARTIES, _CHECKLISTS, _MISTICKED, _LETTERS, _BROKEN_LETTERS, _LETTERS_BACK,
              *procedure_forms.BLANKS, *correction_forms.BLANKS, *takeover_forms.BLANKS)  # fmt: skip
"""The forms by name. A filled row becomes the command that is posted to /v1/<name>."""
