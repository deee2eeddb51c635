"""The Excel forms by which mistakes are taken back in bulk, and by which villages change their codes or are merged."""

from services.registry.model import commands as c
from services.registry.model.identity import VILLAGE_CODE
from shared.contracts import Command
from shared.forms import CODE, DECIDED, WHICH_VILLAGE, WHY, Blank, Heading, division, level, lies_there

_PLACE = Heading("place", "所在区划", "Division", "行政区划代码，6位数字，如 210521。", "6 digits, such as 210521.")
_CHANGE = (
    Heading("since", "生效日期", "Since"),
    Heading("document", "批准文件", "Document", "名称或文号。", "Title or number."),
    DECIDED,
)
_YEAR = Heading("year", "年度", "Year", "四位年份。", "Of four digits.")
_HOUSEHOLD = Heading("household", "户编号", "Household id")


def _of_village(command: type[Command], name: str, title: str, en: str, *more: Heading) -> Blank:
    """The form of a correction of what was entered about villages."""
    key = ("village", *(one.field for one in more))
    return Blank(command, name, title, en, key, (WHICH_VILLAGE, *more, WHY, DECIDED), implied=lies_there)


def _of_other(command: type[Command], name: str, title: str, en: str, what: Heading, *more: Heading) -> Blank:
    """The form of a correction of what was entered about units, cadres or parties."""
    return Blank(command, name, title, en, (what.field,), (what, _PLACE, *more, WHY, DECIDED))


BLANKS = (
    Blank(
        c.RecodeVillage, "village-codes", "村代码变更登记表", "Changes of villages' codes", ("village",),
        headings=(
            Heading("place", "办理区划", "Division", "跨县变更的填上级区划，如 210500。",
                    "A division above both where the county changes."),
            WHICH_VILLAGE,
            Heading("code", "新代码", "New code", "12位数字。", "12 digits.", kind="code", pattern=VILLAGE_CODE),
            *_CHANGE,
        ),
    ),
    Blank(
        c.MergeVillages, "village-mergers", "村合并登记表", "Mergers of villages", ("village",),
        headings=(
            Heading("village", "合并后的村（代码）", "Remaining village", "沿用其代码的村。", "Whose code stays."),
            Heading("merged", "并入的村（代码）", "Merged villages", "多个用顿号隔开，须属同一县。",
                    "With commas between; of the same county."),
            *_CHANGE,
        ),
        implied=lies_there,
    ),
    _of_village(c.WithdrawVillage, "village-withdrawals", "撤销村登记表", "Registrations of villages to be withdrawn"),
    _of_village(c.WithdrawListing, "listing-withdrawals", "撤销列入贫困村表", "Listings to be withdrawn"),
    _of_village(c.WithdrawSurvey, "survey-withdrawals", "撤销摸底排查记录表", "Survey records to be withdrawn",
                Heading("number", "记录编号", "Number")),
    _of_village(c.WithdrawDiagnosis, "diagnosis-withdrawals", "撤销会诊结论表", "Diagnoses to be withdrawn"),
    _of_village(c.WithdrawHousehold, "household-withdrawals", "撤销农户信息表", "Households to be withdrawn",
                _HOUSEHOLD),
    _of_village(c.WithdrawMeasurement, "measurement-withdrawals", "撤销年度测算表", "Measurements to be withdrawn",
                _YEAR),
    _of_village(c.WithdrawRisk, "risk-report-withdrawals", "撤销风险报告表", "Reports of risks to be withdrawn",
                _HOUSEHOLD),
    _of_village(c.WithdrawMonitoring, "monitoring-withdrawals", "撤销农户监测表", "Watches to be withdrawn",
                _HOUSEHOLD),
    _of_other(c.WithdrawUnit, "unit-withdrawals", "撤销单位登记表", "Registrations of units to be withdrawn",
              Heading("unit", "单位编号", "Unit id")),
    _of_other(c.WithdrawCadre, "cadre-withdrawals", "撤销干部登记表", "Registrations of cadres to be withdrawn",
              Heading("cadre", "干部编号", "Cadre id")),
    _of_other(c.WithdrawParty, "party-withdrawals", "撤销组织登记表", "Registrations of parties to be withdrawn",
              Heading("party", "组织编号", "Party id"),
              Heading("mistaken", "是否属于误登记", "Registered by mistake",
                      "不填即为“否”：组织已撤销，或者人员已离任。误登记的填“是”，不核发离任补助。",
                      "Left empty it is no more, or its holder left. After a mistake nothing is paid on leaving.")),
    Blank(
        c.ForgetPerson, "forgettings", "个人信息匿名化登记表", "Persons to be made anonymous", ("person",),
        headings=(
            Heading("person", "人员编号", "Person id", "已撤销登记的干部或者村级人员的编号；匿名后不能恢复。",
                    "Of a cadre or a person of a village whose registration was withdrawn. It cannot be undone."),
            _PLACE, Heading("body", "办理主体", "Body"), WHY, DECIDED,
        ),
    ),
    Blank(
        c.WithdrawFigures, "division-figure-withdrawals", "撤销区划指标表", "Figures of divisions to be withdrawn",
        ("code", "year"),
        headings=(
            level, CODE,
            _YEAR, WHY, DECIDED,
        ),
        implied=division,
    ),
)  # fmt: skip
"""The forms of corrections, in the order in which a village meets what they correct."""
