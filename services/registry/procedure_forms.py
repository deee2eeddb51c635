"""The Excel forms of procedures: a village's matters, their steps, notices, objections, and steps that are late."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.registry.model import Resolution
from services.registry.model import commands as c
from services.registry.model.resolution import WATCHING
from shared.forms import (
    BODY,
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
    lies_there,
)
from shared.policy import Policy
from shared.rules import State, Task

_MATTER = Heading("matter", "事项编号", "Matter", "本村自编的事项编号，如 2016-03。", "The village's own number of it.")
_OF_MATTER = Heading(
    "matter", "事项编号", "Matter", "出列的不填。", "Empty for the exit.", required=False, prefilled=True
)
# The step belongs to the pack under which the matter was opened, and today's pack may have no words for it. So the form
# shows its code, and beside it the words that the matter keeps.
STEP = Heading("step", "环节代码", "Step", prefilled=True, kind="text")
_OF_PROCEDURE = (PLACE, VILLAGE, NAME, _OF_MATTER, DUE, BODY)
_ONLY: Mapping[str, Any] = {"required": False}


def _matters(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of the procedure, and that of what a matter is about.

    Where a procedure takes any subject, its code is typed in, since the pack has no names for it.
    """
    opened = [one for policy in policies for one in policy.procedures if one.effect not in ("delist", "decap")]
    yield Heading("kind", "程序", "Procedure", kind="choice", choices={one.label: one.kind for one in opened})
    subjects = {zh: code for policy in policies for code, zh in policy.labels["subject_code"].items()}
    watched = any(one.effect in WATCHING for one in opened)
    if subjects and all(one.subjects or (watched and one.effect in WATCHING) for one in opened):
        yield Heading("subject_code", "事项内容", "Subject", choices=subjects)
    else:
        yield Heading("subject_code", "事项内容代码", "Subject", "小写字母、数字和下划线，不写个人。",
                      "Small letters, digits and underscores; names no person.", kind="text")  # fmt: skip


def _funds(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The columns of the money. Where no procedure releases any there are none."""
    origins = {zh: code for policy in policies for code, zh in policy.labels["origin"].items()}
    if origins:
        yield Heading("fund.amount", "资金（元）", "Yuan", "审批资金的填写。", "Where money is asked for.", **_ONLY)
        yield Heading("fund.origin", "资金来源", "Origin", choices=origins, **_ONLY)


def _members(state: State, _task: Task, _policy: Policy) -> Known:
    """The households that a step of acceptance asks. Those of a round on who is watched are left out of the form."""
    assert isinstance(state, Resolution)
    step = state.course.step
    asks = step is not None and step.kind == "accept" and state.effect not in WATCHING
    return {"asked": state.course.present if asks else []}


def _found(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of what a rectification finds, where a pack has one."""
    found = {
        zh: code
        for policy in policies
        for one in policy.procedures
        for step in one.steps
        for code, zh in (step.codes or {}).items()
    }
    if found:
        yield Heading("codes", "查明的问题", "Found", "整顿的第一个环节填写，多个用顿号隔开。",
                      "In the first step of a rectification, with commas between.", choices=found, **_ONLY)  # fmt: skip


_RESOLUTIONS = Blank(
    c.OpenResolution, "resolutions", "村级事项提请登记表", "Matters that villages decide", ("village", "matter"),
    headings=(
        WHICH_VILLAGE, _MATTER, _matters,
        Heading("members", "所涉农户编号", "Households", "逐户办理的填写，多个用顿号隔开；其他不填。",
                "Where households are decided on one by one, with commas between.", **_ONLY),
        _funds,
        Heading("question", "点题内容", "Question", "点题公开的填写；不公布，不写提问人。",
                "Where a villager asks something; it is not published.", **_ONLY),
        Heading("party", "组织编号", "Party id", "整顿组织的填写。", "Which is put in order.", **_ONLY),
        Heading("body", "提出机构", "Body", "本地规定写明由谁提出的填写。",
                "Where the pack says who asks.", choices="by", **_ONLY),
        by("opened_by", "提请的组织", "Opened by"),
    ),
    implied=lies_there,
)  # fmt: skip
_STEPS = Blank(
    c.TakeStep, "resolution-steps", "村级事项办理登记表", "Steps of villages' matters",
    ("village", "matter", "step", "acceptances.household"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("matter", "事项编号", "Matter", prefilled=True), STEP, TASK, DUE, BODY,
        Heading("entitled", "应到人数", "Entitled", "不计票的决策填1；公开、答复、农户确认不填。",
                "1 where no votes are counted; empty for what decides nothing.", **_ONLY),
        Heading("present", "实到人数", "Present", **_ONLY), Heading("agreed", "同意人数", "Agreed", **_ONLY),
        Heading("left_out", "未继续参加评定的农户编号", "Left out", "多个用顿号隔开；没有的不填。",
                "Households that this decision leaves out, with commas between.", **_ONLY),
        Heading("acceptances.household", "确认的农户编号", "Household", "农户确认环节已列出各户；其他环节不填。",
                "Stands there where households are asked; empty in other steps.", suggested=True, **_ONLY),
        Heading("acceptances.accepted", "农户是否同意", "Accepted", **_ONLY),
        Heading("acceptances.by_phone", "是否电话确认", "By phone", "不填即为“否”。", "No if empty.", **_ONLY),
        _found,
        Heading("answer", "答复内容", "Answer", "点题公开的答复环节填写。", "To a question.", **_ONLY),
        by("decided_by", "办理的组织或会议", "Taken by"),
    ),
    repeats="acceptances", facts=_members,
    lines=lambda row, _rows: ({**row, "acceptances.household": one} for one in row["asked"] or [None]),
)  # fmt: skip
_NOTICES = Blank(
    c.PostNotice,
    "notices",
    "公示登记表",
    "Public notices",
    ("village", "matter"),
    headings=(*_OF_PROCEDURE, by("posted_by", "公示单位", "Posted by")),
)
_OBJECTIONS = Blank(
    c.RaiseObjection,
    "objections",
    "异议登记表",
    "Objections",
    ("village", "matter", "objection"),
    headings=(
        WHICH_VILLAGE,
        Heading("matter", "事项编号", "Matter", "对出列的异议不填。", "Empty for the exit.", **_ONLY),
        Heading("objection", "异议编号", "Number", "本次公示内的序号，从1起。", "Within this notice, from 1."),
        Heading("household", "农户编号", "Household id", "只针对一户的填写。", "Where it is about one.", **_ONLY),
        Heading("ground", "异议理由", "Ground", "不公布，不写异议人姓名。", "Not the objector's name."),
    ),
    implied=lies_there,
)
_OBJECTION_DECISIONS = Blank(
    c.DecideObjection, "objection-decisions", "异议处理表", "Decisions on objections",
    ("village", "matter", "objection"),
    headings=(*_OF_PROCEDURE, Heading("objection", "异议编号", "Number", prefilled=True),
              Heading("upheld", "异议是否成立", "Upheld"), DECIDED),
)  # fmt: skip
_DELAYS = Blank(
    c.DecideDelay, "delay-decisions", "逾期环节处理表", "Decisions on late steps", ("village", "matter", "step"),
    headings=(
        PLACE, VILLAGE, NAME, _OF_MATTER, STEP, TASK, BODY,
        Heading("takes_over", "是否接办", "Taken over", "由本机构接办的填“是”，给予延期的填“否”。",
                "Yes if this body takes the step itself, no if it gives more time."),
        Heading("until", "新的期限", "Due", "延期的填写，接办的不填。", "Where more time is given.", **_ONLY),
        WHY, DECIDED,
    ),
)  # fmt: skip
_WORDS = Blank(
    c.GiveWord, "words", "征求意见答复表", "Words that were asked for", ("village", "matter", "step"),
    headings=(
        PLACE, VILLAGE, NAME, _OF_MATTER, STEP, TASK,
        Heading("asking", "第几次征求", "Asking", prefilled=True), DUE, BODY,
        Heading("word", "答复", "Word"),
        Heading("until", "推迟到的日期", "Until", "推迟答复的填写。", "Where the word comes later.", **_ONLY),
        Heading("reason", "理由", "Reason", "不同意或者推迟答复的填写。", "Where it is rejected or comes later.",
                **_ONLY),
        DECIDED,
    ),
)  # fmt: skip

BLANKS = (_RESOLUTIONS, _STEPS, _NOTICES, _OBJECTIONS, _OBJECTION_DECISIONS, _DELAYS, _WORDS)
