"""The Excel forms by which a county that began years ago is taken over, and by which villages are split."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.registry.model import commands as c
from services.registry.model.identity import VILLAGE_CODE
from shared.contracts.values import Code
from shared.forms import DECIDED, WHICH_VILLAGE, Blank, Heading, lies_there
from shared.policy import Policy
from shared.policy.exit import INCIDENCE

_NAMED = (
    Heading("name", "村名", "Village"),
    Heading("township", "所属乡镇", "Township"),
    Heading("population", "村人口", "Population", "户籍人口，整数。", "Of the household registration."),
)
_DOCUMENT = Heading("document", "依据文件", "Document", "名称或文号。", "Title or number.")


def _figures(policies: Sequence[Policy]) -> Iterator[Heading]:
    """A column for each exit criterion."""
    for one in {one.figure: one for policy in policies for one in policy.exit.criteria}.values():
        share = "，填0至1之间的小数" if one.is_share or one.figure == INCIDENCE else ""
        yield Heading(
            f"figures.values.{one.figure}",
            one.label,
            one.figure.replace("_", " ").capitalize(),
            f"该年度的测算结果{share}。",
            "As measured in that year; shares from 0 to 1.",
            required=False,
        )


def _topics(policies: Sequence[Policy]) -> dict[str, Code]:
    """The topics of the packs' surveys by their names."""
    return {label: code for policy in policies for code, label in policy.listing.topics.items()}


def _found(policies: Sequence[Policy]) -> Iterator[Heading]:
    """A column for the problems of each topic."""
    for label, code in _topics(policies).items():
        yield Heading(
            f"found/{code}",
            f"未解决的问题：{label}",
            f"Open problems: {code.replace('_', ' ')}",
            "一题一句，多题用分号隔开；没有的不填。",
            "With semicolons between; empty if there are none.",
            required=False,
        )


def _taken_over(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The division of a village, and its open problems, numbered in the order of the columns."""
    found = [
        (field.partition("/")[2], cause.strip())
        for field, said in row.items()
        if field.startswith("found/") and said
        for cause in said.replace(";", "；").split("；")
        if cause.strip()
    ]
    problems = [{"number": n, "topic": topic, "cause": cause} for n, (topic, cause) in enumerate(found, 1)]
    return {**lies_there(row), "problems": problems}


BLANKS = (
    Blank(
        c.TakeOverVillage, "takeovers", "已开展工作的村接续登记表", "Villages that are taken over",
        ("village", "figures.year"),
        headings=(
            Heading("village", "村代码", "Village code", "现行的12位代码。", "The present one, of 12 digits.",
                    kind="code", pattern=VILLAGE_CODE),
            *_NAMED,
            Heading("listed_on", "列入贫困村日期", "Listed on"),
            Heading("problem_class", "贫困村类别", "Problem class", "已会诊的填写。", "Where it was diagnosed."),
            Heading("diagnosed_on", "会诊日期", "Diagnosed on", "已会诊的填写。", "Where it was diagnosed."),
            _found,
            Heading("delisted_on", "出列日期", "Left the list on", "已出列的填写。", "Where it has left the list."),
            Heading("figures.year", "测算年度", "Year measured", "一行一个年度；从未测算的留空。",
                    "A row for each year; empty if it was never measured.", required=False),
            _figures, _DOCUMENT, DECIDED,
        ),
        repeats="figures",
        implied=_taken_over,
    ),
    Blank(
        c.SplitVillage, "village-splits", "村分设登记表", "Villages that are split", ("village", "parts.code"),
        headings=(
            WHICH_VILLAGE,
            Heading("parts.code", "新设村代码", "Code of the new village", "12位数字。", "12 digits.", kind="code",
                    pattern=VILLAGE_CODE),
            *(one._replace(field=f"parts.{one.field}", title=f"新设{one.title}") for one in _NAMED),
            Heading("parts.households", "划入的户编号", "Households", "多个用顿号隔开；没有建档立卡户的不填。",
                    "With commas between; empty if none are registered.", required=False),
            Heading("parts.issued_by", "代码编制机关", "Code issued by", "县里自编代码的填写。",
                    "Where the county gave it its code.", required=False),
            Heading("since", "生效日期", "Since"), _DOCUMENT, DECIDED,
        ),
        repeats="parts",
        implied=lies_there,
    ),
)  # fmt: skip
"""The forms. A row is a year of a village that is taken over, or one of the new villages of a split."""
