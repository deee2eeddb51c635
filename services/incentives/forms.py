"""The Excel forms of the incentives.

Their rows are about persons and units, so they are issued only to operators and to those who have them to do.
"""

from collections.abc import Sequence
from typing import Any

from services.incentives.model import commands as c
from services.incentives.model.clocks import ground
from services.incentives.model.record import Record
from services.incentives.model.units import Unit
from shared import chinese, english
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.forms import BODY, DUE, NAME, PLACE, TASK, VILLAGE, Blank, Heading, Known, Words, by, named
from shared.labels import basis, in_words
from shared.policy import Policy
from shared.rules import State, Task

_CASE = (
    PLACE,
    Heading("subject_kind", "对象类别", "Kind of subject", prefilled=True),
    Heading("subject", "对象编号", "Subject", prefilled=True),
    Heading("unit_name", "单位名称", "Unit", required=False, spare=True, prefilled=True),
    NAME,
    Heading("outcome", "事项编号", "Outcome", prefilled=True),
    TASK,
    Heading("clause", "依据", "By", required=False, spare=True, prefilled=True),
    Heading("grounds", "依据的事实", "It rests on", required=False, spare=True, prefilled=True),
    DUE,
    BODY,
)
_DEFENDED = (
    Heading("defence", "陈述申辩", "Said in defence", required=False, spare=True, prefilled=True),
    Heading("verified", "核实情况", "What was found of it", required=False, spare=True, prefilled=True),
)
_DECIDED = Heading("decision", "决定", "Decision", required=False, spare=True, prefilled=True)
_KEY = ("subject_kind", "subject", "outcome")


def _village(state: State, task: Task, policy: Policy) -> Known:
    """What an issued row shows of a case: the village where it happened (by its name), the clause and the facts by
    which it was proposed, what was said in defence, and what was decided."""
    assert isinstance(state, Record)
    case = state.cases[task.about]
    grounds = [ground(one, policy) for one in case.evidence]
    told: dict[str, Any] = {
        "village": case.village,
        "clause": Words(*basis(case.terms.clause, policy)),
        "grounds": Words("；".join(zh for zh, _ in grounds), "; ".join(en for _, en in grounds)),
        "defence": case.statement,
        "verified": case.finding,
    }
    if case.decided_on:
        zh, en = in_words("effect", case.terms.effect, policy)
        told["decision"] = Words(
            f"{chinese.day(case.decided_on)}，{case.decided_by}：{zh}",
            f"{english.day(case.decided_on)}, {case.decided_by}: {en}",
        )
    return told


async def with_units(pipeline: Pipeline, rows: Sequence[Known]) -> Sequence[Known]:
    """The rows with the names of the units that are their subjects."""
    asked = {(Unit, row["subject"]): None for row in rows if row["subject_kind"] == "unit"}
    async with pipeline.engine.connect() as conn:
        found = await store.load_states(conn, pipeline.tables, asked)
    names = {id: state.name for (_, id), state in found.items() if isinstance(state, Unit)}
    return [{**row, "unit_name": names.get(row["subject"]) if row["subject_kind"] == "unit" else None} for row in rows]


_DECISIONS = Blank(
    c.Decide, "decisions", "奖惩决定表", "Decisions on outcomes", _KEY,
    headings=(
        *_CASE, *_DEFENDED, Heading("imposed", "是否采纳处理（奖励）建议", "Imposed"),
        Heading("standing", "当事人身份", "Status of the person",
                "对干部作出处理时填写，救济途径因身份而不同。", "For a penalty on a person."),
        Heading("inexperience", "是否属于缺乏经验、先行先试中的失误，而非明知故犯", "Inexperience",
                "“三个区分开来”逐项核查，未填的不得作出处理决定。",
                "The three distinctions: a penalty cannot be decided until all are answered."),
        Heading("exploration", "是否属于尚无明确限制的探索性试验，而非明令禁止后依然我行我素",
                "A trial that nothing forbade"),
        Heading("unintended", "是否属于为推动发展的无意过失，而非谋取私利", "Unintended"),
        Heading("tolerated", "是否容错免责", "Tolerated", "因容错而不予采纳的填“是”；不填即为“否”。",
                "Yes if the proposal is dropped because the error is tolerated; no if it is left empty."),
        by("decided_by", "决定机关及文号", "Decided by"),
    ),
    facts=_village, completed=with_units,
)  # fmt: skip
_APPEALS = Blank(
    c.DecideAppeal, "appeal-decisions", "复核、申诉决定表", "Decisions on reviews and appeals", _KEY,
    headings=(*_CASE, *_DEFENDED, _DECIDED, Heading("overturned", "是否改变原决定", "Overturned"),
              by("decided_by", "复核机关及文号", "Decided by")),
    facts=_village, completed=with_units,
)  # fmt: skip

_MOTIONS = Blank(
    c.MoveOutcome,
    "outcome-motions",
    "提请奖惩决定表",
    "Proposals to the deciding body",
    _KEY,
    headings=(*_CASE, Heading("moved", "是否提请", "Proposed"), by("moved_by", "提请机关及文号", "Proposed by")),
    facts=_village,
    completed=with_units,
)
_DEFENCES = Blank(
    c.HearDefence, "defences", "听取陈述申辩登记表", "Defences that were heard", _KEY,
    headings=(*_CASE[:-1],
              Heading("statement", "陈述申辩内容", "Statement", "放弃陈述申辩的，写明放弃。未听取的整行留空。",
                      "Say so if the subject waived it. Leave the row empty if it was not heard."),
              Heading("finding", "核实情况", "What was found"),
              Heading("accepted", "陈述申辩是否成立", "Accepted", "成立的应当采纳，不再作出处理。",
                      "If it holds it is adopted, and nothing is imposed.")),
    facts=_village, completed=with_units,
)  # fmt: skip
_SERVICES = Blank(
    c.ServeDecision,
    "decision-services",
    "决定送达登记表",
    "Decisions that were served",
    _KEY,
    headings=(*_CASE, _DECIDED, Heading("served_on", "送达之日", "Served on")),
    facts=_village,
    completed=with_units,
)
_STORIES = Blank(
    c.TellStory, "stories", "表彰事迹宣传表", "Stories behind awards", _KEY,
    headings=(*_CASE, Heading("public", "是否公开宣传事迹", "Told in public"),
              Heading("agreed", "本人是否同意", "The person agreed",
                      "公开个人事迹须经本人同意；集体的不填。", "For persons; leave it empty for a unit or team."),
              Heading("story_in", "在何处刊播", "Where it is told", "不公开的不填；不写人名。",
                      "Empty if it is not told; without names of persons."),
              by("decided_by", "决定机关及文号", "Decided by")),
    facts=_village, completed=with_units,
)  # fmt: skip
_STATEMENTS = Blank(
    c.ConfirmStatements, "statements", "报酬补贴核定表", "Statements of pay", ("village", "kind", "year", "month"),
    headings=(PLACE, VILLAGE, NAME, Heading("kind", "种类", "Kind", prefilled=True),
              Heading("year", "年度", "Year", prefilled=True), Heading("month", "月份", "Month", prefilled=True),
              DUE, BODY, by("confirmed_by", "核定机关及文号", "Confirmed by")),
)  # fmt: skip
_EXPLANATIONS = Blank(
    c.ExplainPay, "pay-explanations", "报酬低于最低数额说明表", "Why pay is below the floor",
    ("village", "kind", "person", "year", "month"),
    headings=(PLACE, VILLAGE, NAME, Heading("kind", "种类", "Kind", prefilled=True),
              Heading("person", "领取人", "Person", prefilled=True), Heading("year", "年度", "Year", prefilled=True),
              Heading("month", "月份", "Month", prefilled=True), DUE, BODY, Heading("why", "原因", "Reason"),
              by("explained_by", "说明机关及文号", "Explained by")),
)  # fmt: skip

FORMS = named(_MOTIONS, _DEFENCES, _DECISIONS, _SERVICES, _APPEALS, _STORIES, _STATEMENTS, _EXPLANATIONS)
"""The forms by name. A filled row becomes the command that is posted to /v1/<name>."""
