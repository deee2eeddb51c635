"""The Excel forms of the inspection: how officers call the fields of its bulk commands, and what they are told."""

from collections.abc import Callable
from typing import Any

from services.inspection.model import commands as c
from services.inspection.model.assessment import Assessment
from services.inspection.model.campaign import Campaign
from services.inspection.model.supervision import Supervision
from services.inspection.model.verification import Verification
from shared.forms import BODY, DECIDED, DUE, NAME, PLACE, TASK, VILLAGE, WHY, Blank, Heading, Known, Words, by, named
from shared.labels import in_words
from shared.policy import Policy
from shared.rules import State, Task

_YEAR = Heading("year", "年度", "Year", prefilled=True)
_OF_YEAR = (PLACE, VILLAGE, NAME, _YEAR, DUE, BODY)


def _looked_into(state: State, task: Task, _policy: Policy) -> Known:
    """The parts of the work that a visit is to look into."""
    assert isinstance(state, Campaign)
    return {"facets": list(state.looked_into(task.about))}


def _decider(state: State, _task: Task, _policy: Policy) -> Known:
    """Who decides that a village cannot be reached."""
    assert isinstance(state, Campaign)
    return {"body": state.terms.unreachable.by} if state.terms.unreachable else {}


_VISITS = Blank(
    c.RecordVisit, "visits", "到村督查情况表", "Visits", ("village", "campaign"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("campaign", "督查编号", "Campaign", prefilled=True), TASK, DUE, BODY,
        Heading("on", "到村日期", "Day of the visit"),
        Heading("absent", "不在岗队员编号", "Absent members", "既不在岗又未请假的，多个用顿号隔开；都在岗的不填。",
                "Neither present nor on leave, with commas between; empty if nobody is missing."),
        Heading("findings", "发现的问题", "Findings", "从可填内容中选，多个用顿号隔开；没有的不填。",
                "Of the choices named, with commas between; empty if there is none.", choices="finding"),
        Heading("score", "评分", "Score", "0至100，只在计分的督查中填写。",
                "0 to 100, in a campaign that scores only."),
        Heading("facets", "督查内容", "Looked into", "从可填内容中选，多个用顿号隔开；未督查到的去掉。",
                "Of the choices named, with commas between; take out what was not looked into.", choices="facet",
                suggested=True),
        Heading("process", "过程证据", "Evidence of the process", "材料编号或者照片校验值，多个用顿号隔开。",
                "Numbers of records, or hashes of photographs, with commas between."),
        Heading("result", "结果证据", "Evidence of the result", "材料编号或者照片校验值，多个用顿号隔开。",
                "Numbers of records, or hashes of photographs, with commas between."),
        by("inspector", "督查组", "Inspectors"),
        Heading("inspectors", "督查人员编号", "Ids of the inspectors",
                "规定回避或者几人同行的督查应填，多个用顿号隔开。",
                "Where somebody is recused, or several go together; with commas between."),
    ),
    facts=_looked_into,
)  # fmt: skip
_UNREACHABLES = Blank(
    c.ReplaceVisit, "unreachables", "无法到达的村认定表", "Villages that cannot be reached", ("village", "campaign"),
    headings=(
        Heading("place", "区划代码", "Division", prefilled=True), VILLAGE, NAME,
        Heading("campaign", "督查编号", "Campaign", prefilled=True), BODY,
        Heading("hindrance", "情形", "Why", "无法到达才填；能够到达的留空。",
                "Only where it cannot be reached; empty where it can."),
        DECIDED,
    ),
    task="visits", facts=_decider,
)  # fmt: skip
_FOUND = Heading("found", "发现的问题", "Findings", required=False, prefilled=True)
_ORDERED = _FOUND._replace(spare=True)
_HEARD = (PLACE, VILLAGE, NAME, Heading("campaign", "督查编号", "Campaign", prefilled=True), _FOUND, DUE, BODY)


def _found(field: str) -> Callable[[State, Task, Policy], Known]:
    """What was found, or what of it is disputed, in words."""

    def known(state: State, task: Task, policy: Policy) -> Known:
        assert isinstance(state, Supervision)
        found = getattr(state.hearings[f"{task.detail}/{state.id}"], field)
        return {"found": Words(*in_words("findings", found, policy))}

    return known


_REPLIES = Blank(
    c.ReplyToVisit, "replies", "对督查发现问题的说明表", "Replies to findings", ("village", "campaign"),
    headings=(
        *_HEARD,
        Heading("disputed", "有异议的问题", "Disputed", "从发现的问题中选，多个用顿号隔开；都认可的不填。",
                "Of the findings, with commas between; empty if all are accepted.", choices="finding"),
        Heading("document", "说明文号", "Document", "写明理由的文件。", "The document that says why."),
        by("replied_by", "说明单位", "Replied by"),
    ),
    facts=_found("findings"),
)  # fmt: skip
_REPLY_DECISIONS = Blank(
    c.DecideReply, "reply-decisions", "有异议问题认定表", "Decisions on disputed findings", ("village", "campaign"),
    headings=(
        *_HEARD,
        Heading("confirmed", "仍认定的问题", "Confirmed", "从有异议的问题中选，多个用顿号隔开；都不认定的不填。",
                "Of what is disputed, with commas between; empty if none is confirmed.", choices="finding"),
        Heading("document", "认定文号", "Document", "写明理由的文件。", "The document that says why."), DECIDED,
    ),
    facts=_found("disputed"),
)  # fmt: skip
_BULLETINS = Blank(
    c.PublishBulletin, "bulletins", "督查通报印发登记表", "Bulletins", ("campaign",),
    headings=(PLACE, Heading("campaign", "督查编号", "Campaign", prefilled=True), DUE, BODY,
              by("published_by", "印发机关及文号", "Published by")),
)  # fmt: skip


def _ordered(state: State, task: Task, policy: Policy) -> Known:
    """What was ordered to be put right, which whoever accepts it has to know."""
    assert isinstance(state, Supervision)
    return {"found": Words(*in_words("findings", state.orders[str(task.answer["order"])].findings, policy))}


_ORDERS = Blank(
    c.CloseOrder, "order-closings", "整改审核销号表", "Rectifications to be accepted", ("village", "order"),
    headings=(PLACE, VILLAGE, NAME, Heading("order", "整改编号", "Order", prefilled=True), TASK, _ORDERED, DUE, BODY,
              by("accepted_by", "审核销号单位", "Accepted by")),
    facts=_ordered,
)  # fmt: skip
_REPORTS = Blank(
    c.DeliverReport, "reports", "述职报告报送登记表", "Duty reports", ("village", "year", "form"),
    headings=(PLACE, VILLAGE, NAME, _YEAR, Heading("form", "述职方式", "Form", prefilled=True), DUE, BODY,
              by("delivered_by", "述职单位", "Delivered by")),
)  # fmt: skip
_BALLOTS = Blank(
    c.HoldBallot, "ballots", "民主测评结果汇总表", "Ballots", ("village", "year"),
    headings=(*_OF_YEAR, Heading("entitled", "应到人数", "Entitled", "党员和村民代表，不超过2000人。",
                                 "Representatives of Party members and villagers, 2,000 at most."),
              Heading("present", "实到人数", "Present", "不多于应到人数。", "No more than are entitled."),
              Heading("satisfied", "满意票数", "Satisfied", "不多于实到人数。", "No more than are present."),
              by("held_by", "主持单位", "Held by")),
)  # fmt: skip


def _assessed(state: State, _task: Task, policy: Policy) -> Known:
    """Whom a grade is about and what it rests on: the ballot, the visits that found somebody absent, the proposal."""
    assert isinstance(state, Assessment) and state.proposal
    zh, en = in_words("grade", state.proposal.grade, policy)
    known: dict[str, Any] = {
        "unit": state.unit,
        "leader": state.leader,
        "absences": str(len(state.absences)),
        "proposed": Words(f"{zh}（{state.proposal.score:g}分）", f"{en} ({state.proposal.score:g} points)"),
    }
    if ballot := state.ballot:
        zh = f"应到{ballot.entitled}人，实到{ballot.present}人，满意{ballot.satisfied}票"
        en = f"{ballot.entitled} entitled, {ballot.present} present, {ballot.satisfied} satisfied"
        known["polled"] = Words(zh, en)
    return known


_GRADES = Blank(
    c.ConfirmGrade,
    "grades",
    "年度考核等次审定表",
    "Grades",
    ("village", "year"),
    headings=(
        *_OF_YEAR,
        Heading("unit", "派出单位编号", "Unit id", required=False, spare=True, prefilled=True),
        Heading("leader", "队长编号", "Leader", required=False, spare=True, prefilled=True),
        Heading("polled", "民主测评", "Ballot", required=False, spare=True, prefilled=True),
        Heading(
            "absences",
            "查到不在岗（次）",
            "Visits that found somebody absent",
            required=False,
            spare=True,
            prefilled=True,
        ),
        Heading("proposed", "拟定等次", "Proposed", required=False, spare=True, prefilled=True),
        Heading("grade", "考核等次", "Grade"),
        by("decided_by", "审定机关及文号", "Decided by"),
    ),
    facts=_assessed,
)
_VOIDS = Blank(
    c.VoidInput,
    "input-voids",
    "考核来源作废表",
    "Inputs declared void",
    ("village", "year", "channel"),
    headings=(PLACE, VILLAGE, NAME, _YEAR, Heading("channel", "来源", "Channel", prefilled=True), BODY, WHY, DECIDED),
)


def _sample(state: State, _task: Task, _policy: Policy) -> Known:
    """The households that were drawn for a verification."""
    assert isinstance(state, Verification)
    return {"sampled": state.sampled}


_VERIFICATIONS = Blank(
    c.RecordVerification, "verifications", "出列入户核查表", "Verifications of exits",
    ("village", "attempt", "households.household"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("attempt", "第几次申请出列", "Attempt", prefilled=True), DUE, BODY,
        Heading("households.household", "核查户编号", "Household id", required=False, prefilled=True),
        Heading("households.persons", "家庭人口", "Persons", "与登记一致；登记有误的先更正。",
                "As in the register, which is corrected first where it is wrong.", required=False),
        Heading("households.meets", "是否达到脱贫标准", "Meets the standard", required=False),
        Heading("households.approves", "是否认可出列", "Approves", required=False),
        Heading("unregistered", "抽查的未建档人口", "People outside the register", "全村合计，各行填同一数。",
                "Of the whole village; the same number in each row."),
        Heading("omitted", "其中漏评人口", "Omitted", "全村合计，各行填同一数。",
                "Of the whole village; the same number in each row."),
        by("verified_by", "核查单位", "Verified by"),
    ),
    repeats="households", facts=_sample, personal=True,
    lines=lambda row, _rows: ({**row, "households.household": one} for one in row["sampled"] or [None]),
)  # fmt: skip

_APPRAISED = (
    PLACE,
    Heading("kind", "考核评价", "Appraisal", prefilled=True),
    Heading("subject", "对象编号", "Subject", prefilled=True),
    Heading("year", "年度", "Year", prefilled=True),
)
_OF_CHANNEL = (*_APPRAISED, Heading("channel", "来源", "Channel", prefilled=True), DUE, BODY)
_CHANNEL_KEY = ("kind", "subject", "year", "channel")
_GIVEN = by("given_by", "提交单位", "Given by")
_APPRAISAL_REPORTS = Blank(
    c.GiveReport,
    "appraisal-reports",
    "考核评价述职报告报送表",
    "Reports for appraisals",
    _CHANNEL_KEY,
    headings=(*_OF_CHANNEL, _GIVEN),
    personal=True,
)
_APPRAISAL_BALLOTS = Blank(
    c.GiveBallot, "appraisal-ballots", "考核评价民主测评汇总表", "Ballots of appraisals", _CHANNEL_KEY,
    headings=(*_OF_CHANNEL, Heading("entitled", "应到人数", "Entitled", "不超过2000人。", "2,000 at most."),
              Heading("present", "实到人数", "Present", "不多于应到人数。", "No more than are entitled."),
              Heading("satisfied", "满意票数", "Satisfied", "不多于实到人数。", "No more than are present."), _GIVEN),
    personal=True,
)  # fmt: skip
_APPRAISAL_SCORES = Blank(
    c.GiveScores, "appraisal-scores", "评议打分表", "Scores of panels", (*_CHANNEL_KEY, "marks.member"),
    headings=(*_OF_CHANNEL,
              Heading("marks.member", "评议人编号", "Member", "一人一行。被评价的人和同村的人应当回避。",
                      "One to a row; nobody who is assessed, or of the same village.", required=True),
              Heading("marks.score", "评分", "Score", "0至100。", "0 to 100.", required=True), _GIVEN),
    personal=True, repeats="marks", lines=lambda row, rows: (row for _ in range(rows)),
)  # fmt: skip
_APPRAISAL_VOIDS = Blank(
    c.VoidChannel,
    "appraisal-voids",
    "考核评价来源作废表",
    "Channels declared void",
    _CHANNEL_KEY,
    headings=(*_OF_CHANNEL, WHY, DECIDED),
    personal=True,
)
_APPRAISAL_GRADES = Blank(
    c.GradeAppraisal, "appraisal-grades", "考核评价等次审定表", "Grades of appraisals", ("kind", "subject", "year"),
    headings=(*_APPRAISED, DUE, BODY, Heading("grade", "等次", "Grade"),
              Heading("failings", "认定的问题", "Failings", "从可填内容中选，多个用顿号隔开；没有的不填。",
                      "Of the choices named, with commas between; empty if there is none.", choices="failing"),
              DECIDED),
    personal=True,
)  # fmt: skip
_RANKINGS = Blank(
    c.MakeRanking, "rankings", "倒排表", "Rankings", ("kind", "year"),
    headings=(PLACE, _APPRAISED[1], _APPRAISED[3], BODY,
              Heading("chosen", "末位同分中选定的编号", "Chosen among equals", "末位没有同分的不填；多个用顿号隔开。",
                      "Empty if none is equal at the last place; with commas between."), DECIDED),
    personal=True,
)  # fmt: skip

FORMS = named(
    _VISITS, _UNREACHABLES, _REPLIES, _REPLY_DECISIONS, _BULLETINS, _ORDERS, _REPORTS, _BALLOTS, _GRADES, _VOIDS,
    _VERIFICATIONS, _APPRAISAL_REPORTS, _APPRAISAL_BALLOTS, _APPRAISAL_SCORES, _APPRAISAL_VOIDS, _APPRAISAL_GRADES,
    _RANKINGS,
)  # fmt: skip
"""The forms by name. A filled row becomes the command that is posted to /v1/<name>."""
