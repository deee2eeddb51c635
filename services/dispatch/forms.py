"""The Excel forms of the dispatch: what officers call the fields of its bulk commands, and which hints they are
given."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from services.dispatch.model import commands as c
from services.dispatch.model.bonds import Contacts, Posts
from services.dispatch.model.link import Awaited, Link
from services.dispatch.model.owed import Commitments
from services.dispatch.model.pairings import Pairings
from services.dispatch.model.roster import Roster
from shared.contracts.dispatch import Item, Member
from shared.divisions import place_of
from shared.forms import (
    BODY,
    DECIDED,
    DUE,
    NAME,
    OWED,
    PERIODS,
    PLACE,
    TASK,
    VILLAGE,
    WHICH_VILLAGE,
    WHY,
    Blank,
    Heading,
    Known,
    Words,
    by,
    lies_there,
    named,
)
from shared.labels import in_words, said
from shared.policy import Policy
from shared.rules import State, Task

Headings = Callable[[Sequence[Policy]], Iterator[Heading]]
"""Columns that depend on the packs."""
_PERIOD = (
    Heading("kind", "责任事项", "Commitment", prefilled=True),
    Heading("period", "所属年度", "Period", prefilled=True, kind="choice", choices=PERIODS),
)
_ITEMS = Heading("items", "清单事项", "Items", required=False, prefilled=True)
_NUMBERS = (
    "填“清单事项”中的编号，多个用顿号隔开；一项也没有的不填。",
    "The numbers of the items, with commas between; empty if there is none.",
)


def _items(state: State, task: Task, _policy: Policy) -> Known:
    """The items of the ledger that a task is about, each with its number."""
    assert isinstance(state, Commitments)
    owed = state.owed[f"{task.answer['kind']}/{task.answer['period']}"]
    return {"items": "；".join(f"{item.number}. {item.text}" for item in owed.items)[:3000] or None}


def _lacking(state: State, task: Task, policy: Policy) -> Known:
    """The poor households of the village that lack a helper."""
    assert isinstance(state, Pairings)
    return {"households": state.lacking(policy.helping[str(task.answer["kind"])])}


def _to_set(state: State, task: Task, policy: Policy) -> Known:
    """Whether a commitment has items, which a letter has not; the goals that they serve; and those of last year."""
    assert isinstance(state, Commitments)
    terms = policy.commitment(str(task.answer["kind"]))
    assert terms
    goals = [item for _, one in sorted(state.owed.items()) if one.kind == terms.serves for item in one.items]
    return {
        "itemised": bool(terms.items_at_least or terms.duties or terms.reconcile or terms.settle),
        "goals": "；".join(f"{item.number}. {item.text}" for item in goals)[:3000] or None,
        "earlier": state.earlier(terms.kind, str(task.answer.get("cadre", ""))),
    }


def _lines(row: Known, rows: int) -> Iterator[Known]:
    """The rows of a commitment: its items of last year, which are changed or kept, and empty ones."""
    earlier: Sequence[Item] = row["earlier"] if row["itemised"] else ()
    count = max(rows, len(earlier)) if row["itemised"] else 1
    for n in range(count):
        item = earlier[n] if n < len(earlier) else None
        yield {
            **row,
            "items.number": n + 1,
            "items.text": item and item.text,
            "items.duty": item and item.duty,
            "items.goal": item and item.goal,
        }


def _of_items(field: str, words: str, title: str, en: str, help_zh: str, help_en: str) -> Headings:
    """A column of items for what some pack's commitments have, such as duties or sources of money."""

    def headings(policies: Sequence[Policy]) -> Iterator[Heading]:
        if any(policy.labels[words] for policy in policies):
            yield Heading(
                field, title, en, help_zh, help_en, required=False, suggested=field == "items.duty", choices=words
            )

    return headings


def _untrained(state: State, task: Task, _policy: Policy) -> Known:
    """The cadres who owe the training that a task is about, each with the unit."""
    assert isinstance(state, Roster)
    return {"owing": [(state.unit_of(cadre), cadre) for cadre in sorted(state.lessons.get(task.detail, {}))]}


def _month_end(state: State, task: Task, _policy: Policy) -> Known:
    """Who was in the team at the end of the month that a task is about."""
    assert isinstance(state, Roster)
    return {"in_team": sorted(state.months[task.detail].since)}


def _promised(state: State, task: Task, policy: Policy) -> Known:
    """What a partner promised for the year that a task is about."""
    assert isinstance(state, Contacts)
    kind, party, year = task.detail.split("/")
    pledge = state.pledges[f"{kind}/{party}"][year]
    return {"promised": said("pledged", pledge.pledged, policy) or None}


def _period_end(state: State, task: Task, _policy: Policy) -> Known:
    """Who was bound to the village at the end of the period that a task is about."""
    assert isinstance(state, Contacts)
    kind, _, last = task.detail.partition("/")
    return {"bound": sorted(state.visits[kind][last].whole)}


def _members(state: State, _task: Task, _policy: Policy) -> Known:
    """The members of a team. The form does not say who is not released yet: that may be because somebody was found to
    have duties at home, which is sealed."""
    assert isinstance(state, Roster)
    return {"in_team": sorted(state.members)}


def _of_term(state: State, task: Task, _policy: Policy) -> Known:
    """Who was in the team at the end of the term that a task is about."""
    assert isinstance(state, Roster)
    return {"in_team": state.ended[task.detail].members}


def _nominated(state: State, _task: Task, policy: Policy) -> Known:
    """Whom the unit nominated, with the roles."""
    assert isinstance(state, Link)
    return {"nominated": _with_roles(state.team, policy)}


def _to_be_sent(state: State, _task: Task, _policy: Policy) -> Known:
    """The unit and the team that are assigned, as they were proposed or chosen: whoever decides sees about whom."""
    assert isinstance(state, Link)
    leaders = [one.cadre for one in state.team if one.role == "leader"]
    members = [one.cadre for one in state.team if one.role != "leader"]
    return {"unit": state.unit, "leader": "、".join(leaders), "members": members}


def _comes_instead(state: State, task: Task, policy: Policy) -> Known:
    """Whom the unit nominated to replace a member, with the role."""
    assert isinstance(state, Link)
    one = state.reviews[task.detail]
    return {"nominated": _with_roles((one,), policy)}


def _with_roles(members: Sequence[Member | Awaited], policy: Policy) -> Words:
    """Cadres, each with the role in the team."""
    roles = [in_words("role", one.role, policy) for one in members]
    zh = "、".join(f"{one.cadre}（{role}）" for one, (role, _) in zip(members, roles, strict=True))
    return Words(zh, ", ".join(f"{one.cadre} ({role})" for one, (_, role) in zip(members, roles, strict=True)))


def _team(row: Mapping[str, Any]) -> Known:
    """The chosen team: its leader and its members. Without a leader the unit's team is formed by the rules."""
    leader = [{"cadre": row["leader"], "role": "leader"}] if row["leader"] else []
    return {"team": [*leader, *({"cadre": cadre, "role": "member"} for cadre in row["members"] or ())]}


_CHOICES = Blank(
    c.ChooseTeam, "choices", "另行选定派出单位和队员表", "Other units or cadres than proposed", ("village",),
    headings=(
        *OWED,
        Heading("unit", "派出单位编号", "Unit id", "另行选定的单位。不改的村不填，整行留空。",
                "The unit that is chosen. Leave the whole row empty where the proposal stands."),
        Heading("leader", "队长编号", "Leader", "干部编号；不填的，按本地规定由系统在该单位干部中配备。",
                "A cadre's id; without it the unit's team is formed by the rules.", required=False, kind="id"),
        Heading("members", "队员编号", "Members", "干部编号，多个用顿号隔开。", "Cadres' ids, with commas between.",
                required=False, kind="id", many=True),
        Heading("reason", "理由", "Reason", "2至500字。", "2 to 500 characters."),
        by("decided_by", "决定机关及文号", "Decided by"),
    ),
    implied=_team,
    task="assignments",
)  # fmt: skip
_NOMINATIONS = Blank(
    c.NominateTeam, "nominations", "工作队人选推荐表", "Nominations", ("village",),
    headings=(
        PLACE, VILLAGE, NAME, Heading("unit", "派出单位编号", "Unit id", prefilled=True), DUE, BODY,
        Heading("leader", "队长编号", "Leader", "干部编号。", "A cadre's id.", kind="id"),
        Heading("members", "队员编号", "Members", "干部编号，多个用顿号隔开。", "Cadres' ids, with commas between.",
                required=False, kind="id", many=True),
        by("nominated_by", "推荐机关", "Nominated by"),
    ),
    implied=_team,
)  # fmt: skip
_NOMINATION_REVIEWS = Blank(
    c.ReviewNomination, "nomination-reviews", "工作队人选审核表", "Nominations to be reviewed", ("village",),
    headings=(
        PLACE, VILLAGE, DUE, BODY, Heading("nominated", "推荐人选", "Nominated", required=False, prefilled=True),
        Heading("approved", "是否同意", "Approved"),
        Heading("reason", "退回理由", "Reason", "不同意的必填。", "Needed where it is sent back.", required=False),
        by("decided_by", "审核机关", "Decided by"),
    ),
    facts=_nominated,
)  # fmt: skip
_RELEASES = Blank(
    c.ConfirmRelease, "releases", "全脱产确认表", "Releases from duties at home", ("village",),
    headings=(
        PLACE, VILLAGE, DUE, BODY,
        Heading("members", "干部编号", "Cadre ids", "已全部移交原单位工作的队员，多个用顿号隔开。",
                "Those who handed over everything at home, with commas between.", suggested=True),
        Heading("released", "是否全脱产", "Released", "原单位仍有工作的填“否”。", "No if there are duties at home."),
        by("confirmed_by", "确认机关", "Confirmed by"),
    ),
    facts=_members,
    lines=lambda row, _rows: [{**row, "members": row["in_team"]}],
)  # fmt: skip
_TERM_ASSESSMENTS = Blank(
    c.AssessTerm, "term-assessments", "期满考核等次表", "Assessments at the end of a term",
    ("village", "ended", "merits.cadre"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("ended", "任期届满之日", "Term ended", prefilled=True), DUE, BODY,
        Heading("merits.cadre", "干部编号", "Cadre id", prefilled=True),
        Heading("merits.grade", "等次", "Grade", choices="grade"), by("assessed_by", "考核机关", "Assessed by"),
    ),
    repeats="merits",
    facts=_of_term,
    lines=lambda row, _rows: ({**row, "merits.cadre": cadre} for cadre in row["in_team"]),
)  # fmt: skip
_ASSIGNMENTS = Blank(
    c.AssignTeam,
    "assignments",
    "驻村工作队派驻表",
    "Teams to be assigned",
    ("village",),
    headings=(
        *OWED,
        Heading("unit", "派出单位编号", "Unit id", required=False, spare=True, prefilled=True),
        Heading("leader", "队长编号", "Leader", required=False, spare=True, prefilled=True),
        Heading("members", "队员编号", "Members", required=False, spare=True, prefilled=True, many=True),
        by("assigned_by", "派驻机关及文号", "Assigned by"),
    ),
    facts=_to_be_sent,
)
_COMMITMENTS = Blank(
    c.SetCommitment, "commitments", "责任事项定账表", "Commitments to be set",
    ("village", "kind", "period", "cadre", "items.number"),
    headings=(
        PLACE, VILLAGE, NAME, *_PERIOD,
        Heading("cadre", "责任人编号", "Cadre id", "每人一份的才有。", "Where each cadre has one.", prefilled=True),
        DUE, BODY,
        Heading("items.number", "编号", "Number", "本清单内的序号，从1起。责任书没有清单的，填一行、事项留空。",
                "Within its list, from 1. A letter without items has one row, with an empty item.", suggested=True),
        Heading("items.text", "事项", "Item", "一项一行，不超过200字；上年的已列出，可改可删。",
                "One to a row, 200 characters at most. Last year's stand there, to be kept or changed.",
                required=False, suggested=True),
        _of_items("items.duty", "duty", "职责", "Duty", "清单规定了职责的，每项职责至少一行。",
                  "Where the list has duties, each has a row at least."),
        Heading("items.problem", "对应的突出问题编号", "Problem", "摸底排查中的编号，没有的不填。",
                "Its number in the survey, if it answers one."),
        Heading("goals", "可对应的目标", "Goals", required=False, prefilled=True),
        Heading("items.goal", "对应的上级目标编号", "Goal", "前一清单中的编号；列出了可对应的目标的，必须填写。",
                "The number in the list before it, such as the three-year plan; needed where goals stand beside it.",
                suggested=True),
        _of_items("items.sources", "fund", "经费来源", "Sources", "多个用顿号隔开。", "With commas between."),
        Heading("items.yuan", "计划经费（元）", "Planned yuan", "不用经费的不填。", "Empty if it costs nothing."),
        by("set_by", "签订或制定机关", "Set by"),
    ),
    repeats="items",
    facts=_to_set,
    lines=_lines,
)  # fmt: skip
_RECONCILIATIONS = Blank(
    c.Reconcile, "reconciliations", "季度对账表", "Ledgers to be reconciled", ("village", "kind", "period"),
    headings=(PLACE, VILLAGE, NAME, *_PERIOD, TASK, DUE, BODY, _ITEMS,
              Heading("done", "已完成事项编号", "Done", *_NUMBERS, required=False),
              by("reconciled_by", "对账机关", "Reconciled by")),
    facts=_items,
)  # fmt: skip
_SETTLEMENTS = Blank(
    c.Settle, "settlements", "年度销账表", "Ledgers to be settled", ("village", "kind", "period"),
    headings=(PLACE, VILLAGE, NAME, *_PERIOD, DUE, BODY, _ITEMS,
              Heading("closed", "已销账事项编号", "Closed", *_NUMBERS, required=False),
              by("settled_by", "销账机关", "Settled by")),
    facts=_items,
)  # fmt: skip
_TAKEOVERS = Blank(
    c.TakeOver, "takeovers", "已在村工作队接续登记表", "Teams that are taken over", ("village",),
    headings=(
        WHICH_VILLAGE, Heading("unit", "派出单位编号", "Unit id", "须已登记。", "A registered unit."),
        Heading("leader", "队长编号", "Leader", "干部编号。", "A cadre's id.", kind="id"),
        Heading("members", "队员编号", "Members", "干部编号，多个用顿号隔开。", "Cadres' ids, with commas between.",
                required=False, kind="id", many=True),
        Heading("since", "单位进村日期", "In the village since"),
        Heading("term_start", "本届任期开始日期", "Term began on", "责任书、计划等随后按定账表补录。",
                "Letters and plans are entered afterwards, by the form of commitments."),
        Heading("extensions", "已延期次数", "Extensions", "没有延期的不填。", "Empty if there were none."),
        DECIDED, Heading("body", "办理主体", "Body", choices="by"),
    ),
    implied=lambda row: {**lies_there(row), **_team(row)},
)  # fmt: skip
_REPLACEMENTS = Blank(
    c.ReplaceMember, "replacements", "补派队员表", "Replacements", ("village", "left"),
    headings=(PLACE, VILLAGE, NAME, Heading("left", "离队干部编号", "Who left", prefilled=True), DUE, BODY,
              Heading("cadre", "补派干部编号", "Who comes", "须已登记。", "A registered cadre."),
              by("replaced_by", "补派机关", "Replaced by")),
)  # fmt: skip
_REPLACEMENT_REVIEWS = Blank(
    c.ReviewReplacement, "replacement-reviews", "补派人选审核表", "Replacements to be reviewed", ("village", "left"),
    headings=(PLACE, VILLAGE, NAME, Heading("left", "离队干部编号", "Who left", prefilled=True), DUE, BODY,
              Heading("nominated", "推荐人选", "Nominated", required=False, prefilled=True),
              Heading("approved", "是否同意", "Approved"),
              Heading("reason", "退回理由", "Reason", "不同意的必填。", "Needed where it is sent back.",
                      required=False),
              by("decided_by", "审核机关", "Decided by")),
    facts=_comes_instead,
)  # fmt: skip
_RETENTIONS = Blank(
    c.RetainMember, "retentions", "队员留任决定表", "Members to be kept", ("village", "cadre"),
    headings=(PLACE, VILLAGE, NAME, Heading("cadre", "干部编号", "Cadre id", prefilled=True), DUE, BODY,
              by("decided_by", "决定机关及文号", "Decided by")),
)  # fmt: skip


def _skills(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column for an expert's skill, where a pack has experts."""
    skills = {zh: code for policy in policies for one in policy.contacts.values() for code, zh in one.skills.items()}
    if skills:
        yield Heading("skill", "专长", "Skill", "确定专家的须填。", "Of experts.", required=False, choices=skills)


def _exit_year(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column for the year of the exit, where a pack asks leaders for that promise."""
    if any(one.promise for policy in policies for one in policy.contacts.values()):
        yield Heading("exit_year", "确保出列年度", "Year of the exit", "须承诺出列的联系方式才填。",
                      "Where the kind of link promises the exit.", required=False)  # fmt: skip


_LINKS = Blank(
    c.BeginLink, "links", "干部联系村登记表", "Cadres' links to villages", ("village", "kind", "cadre"),
    headings=(PLACE, VILLAGE, NAME, Heading("kind", "联系方式", "Kind of link", prefilled=True), DUE, BODY,
              Heading("unit", "干部所在单位编号", "Unit id", "干部登记时所属的单位。",
                      "With which the cadre is registered."),
              Heading("cadre", "干部编号", "Cadre id", "须已登记。", "A registered cadre."),
              _skills, _exit_year, by("decided_by", "决定机关及文号", "Decided by")),
)  # fmt: skip


def _called(state: State, _task: Task, _policy: Policy) -> Known:
    """What the party is called that a task is about."""
    assert isinstance(state, Posts)
    return {"called": state.name}


def _posts(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column for the post, where a pack appoints cadres to posts."""
    posts = {zh: code for policy in policies for one in policy.posts.values() for code, zh in one.posts.items()}
    if posts:
        yield Heading("post", "职务", "Post", "任职方式列有职务的须填。", "Where the kind of link has posts.",
                      required=False, choices=posts)  # fmt: skip


_POSTS = Blank(
    c.BeginPost, "posts", "干部任职登记表", "Cadres who are posted", ("party", "kind", "cadre"),
    headings=(PLACE, Heading("party", "组织编号", "Party id", prefilled=True),
              Heading("called", "组织名称", "Party", required=False, spare=True, prefilled=True),
              Heading("kind", "任职方式", "Kind of link", prefilled=True), DUE, BODY,
              Heading("unit", "干部所在单位编号", "Unit id", "干部登记时所属的单位；由村民承担的不填。",
                      "With which the cadre is registered; empty for a villager.", required=False),
              Heading("cadre", "干部编号", "Cadre id", "须已登记；由村民承担的填人员编号。",
                      "A registered cadre, or villager where villagers are in charge."),
              _posts, by("decided_by", "决定机关及文号", "Decided by")),
    facts=_called,
)  # fmt: skip


def _partner(policies: Sequence[Policy]) -> Iterator[Heading]:
    kinds = {one.label: one.kind for policy in policies for one in policy.partners.values()}
    yield Heading("kind", "结对方式", "Kind of link", kind="choice", choices=kinds)


def _amounts(field: str, help_zh: str, help_en: str) -> Headings:
    """A column for each thing that the packs' partners may promise."""

    def headings(policies: Sequence[Policy]) -> Iterator[Heading]:
        kinds = (one for policy in policies for one in policy.partners.values())
        for code, zh in {code: zh for one in kinds for code, zh in one.pledges.items()}.items():
            yield Heading(f"{field}.{code}", zh, code.replace("_", " ").capitalize(), help_zh, help_en, required=False)

    return headings


_WITH_WHOM = (
    Heading("village", "村代码", "Village code", "12位数字。", "12 digits."),
    _partner,
    Heading("party", "组织编号", "Party id", "现在与该村结对的组织。", "Which is paired with the village now."),
)
_PARTNERS = Blank(
    c.BeginPartner, "partners", "企业、组织结对登记表", "Partners of villages", ("village", "kind", "party"),
    headings=(
        Heading("village", "村代码", "Village code", "12位数字。", "12 digits."), _partner,
        Heading("party", "组织编号", "Party id", "须已登记的企业、党支部等。",
                "A registered firm, branch or the like."),
        Heading("paired", "村里的组织编号", "Party of the village", "与村里的组织结对的才填，如村党支部。",
                "Only where it is paired with the village's own party, such as its branch.", required=False),
        Heading("body", "办理主体", "Body", choices="by"), by("decided_by", "决定机关及文号", "Decided by"),
    ),
    implied=lambda row: {"place": place_of(row["village"])},
)  # fmt: skip
_PARTNER_ENDS = Blank(
    c.EndPartner,
    "partner-ends",
    "解除结对登记表",
    "Pairs that end",
    ("village", "kind", "party"),
    headings=(
        *_WITH_WHOM,
        Heading("because", "原因", "Why"),
        Heading("body", "办理主体", "Body", choices="by"),
        by("decided_by", "决定机关及文号", "Decided by"),
    ),
    implied=lambda row: {"place": place_of(row["village"])},
)
_PLEDGES = Blank(
    c.PledgeSupport, "pledges", "帮扶承诺登记表", "What partners promise", ("village", "kind", "party", "year"),
    headings=(
        *_WITH_WHOM, Heading("year", "年度", "Year"),
        _amounts("pledged", "当年承诺的数额，没有的不填。", "What is promised for the year; empty if nothing."),
        Heading("body", "办理主体", "Body", choices="by"),
        Heading("pledged_by", "承诺方", "Promised by", "填组织名称，不填个人姓名。",
                "The organisation, never a person."),
    ),
    implied=lambda row: {"place": place_of(row["village"])},
)  # fmt: skip
_DELIVERIES = Blank(
    c.ReportSupport, "deliveries", "帮扶承诺对照表", "Promises beside what came", ("village", "kind", "party", "year"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("kind", "结对方式", "Kind of link", prefilled=True),
        Heading("party", "组织编号", "Party id", prefilled=True), Heading("year", "年度", "Year", prefilled=True),
        DUE, BODY, Heading("promised", "承诺", "Promised", required=False, prefilled=True),
        _amounts("delivered", "全年累计到位的数额，没有到位的不填。", "All that came in the year; empty if nothing."),
        by("reported_by", "对照机关", "Compared by"),
    ),
    facts=_promised,
)  # fmt: skip
_VISIT_COUNTS = Blank(
    c.CountVisits, "visit-counts", "到村次数确认表", "Visits", ("village", "kind", "last", "visited.bearer"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("kind", "联系方式", "Kind of link", prefilled=True),
        Heading("last", "期末", "Last day", prefilled=True), DUE, BODY,
        Heading("visited.bearer", "干部或组织编号", "Cadre or party", prefilled=True),
        Heading("visited.times", "本期到村几次", "Visits", "由确认机关按实际情况填写，不打卡。",
                "As the body knows them; nobody checks in."),
        by("counted_by", "确认机关", "Counted by"),
    ),
    repeats="visited",
    facts=_period_end,
    lines=lambda row, _rows: ({**row, "visited.bearer": bearer} for bearer in row["bound"]),
)  # fmt: skip

_PAIRINGS = Blank(
    c.PairHouseholds, "pairings", "帮扶责任人登记表", "Helpers of households",
    ("village", "kind", "pairs.cadre", "pairs.household"),
    headings=(PLACE, VILLAGE, NAME, Heading("kind", "帮扶方式", "Kind of link", prefilled=True), DUE, BODY,
              Heading("pairs.household", "户编号", "Household id",
                      "缺少帮扶责任人的贫困户已列出；可添行填写其他建档立卡户。",
                      "Poor households without a helper stand there; others may be added.", suggested=True),
              Heading("pairs.unit", "干部所在单位编号", "Unit id", "干部登记时所属的单位；由村民帮扶的不填。",
                      "With which the cadre is registered; empty for a villager.", required=False),
              Heading("pairs.cadre", "干部编号", "Cadre id", "须已登记；由村民帮扶的填人员编号。",
                      "A registered cadre, or villager where villagers help."),
              Heading("pairs.kin", "是否为该户亲属", "Relative of the household",
                      "是亲属的须回避，不能帮扶。不填即为“否”。",
                      "A relative cannot be its helper. No if it is left empty."),
              by("decided_by", "决定机关及文号", "Decided by")),
    repeats="pairs",
    facts=_lacking,
    lines=lambda row, rows: (
        {**row, "pairs.household": household} for household in (*row["households"], *[None] * rows)
    ),
)  # fmt: skip
_PAIRING_ENDS = Blank(
    c.EndPairings, "pairing-ends", "解除帮扶责任人登记表", "Helpers who help no longer",
    ("village", "kind", "pairs.cadre", "pairs.household"),
    headings=(Heading("place", "区划代码", "Division"), Heading("village", "村代码", "Village code"),
              Heading("kind", "帮扶方式", "Kind of link"),
              Heading("pairs.household", "户编号", "Household id"),
              Heading("pairs.cadre", "干部编号", "Cadre id", "现在帮扶该户的干部。", "Who helps it now."),
              Heading("because", "原因", "Why"),
              Heading("body", "办理主体", "Body"),
              by("decided_by", "决定机关及文号", "Decided by")),
    repeats="pairs",
)  # fmt: skip


def _coded(field: str, words: str, help_zh: str, help_en: str) -> Headings:
    """A column for each code of the packs' trainings: their groups, or their skills."""

    def headings(policies: Sequence[Policy]) -> Iterator[Heading]:
        trainings = (one for policy in policies for one in policy.training)
        for code, zh in {code: zh for one in trainings for code, zh in getattr(one, words).items()}.items():
            yield Heading(f"{field}.{code}", zh, code.replace("_", " ").capitalize(), help_zh, help_en, required=False)

    return headings


def _leave_kinds(policies: Sequence[Policy]) -> Iterator[Heading]:
    kinds = {one.label: one.kind for policy in policies if policy.presence for one in policy.presence.leave}
    yield Heading("kind", "假别", "Kind of leave", kind="choice", choices=kinds)


def _courses(policies: Sequence[Policy]) -> Iterator[Heading]:
    kinds = {one.label: one.kind for policy in policies for one in policy.training}
    yield Heading("kind", "培训类别", "Kind", kind="choice", choices=kinds)


_COURSE = Heading(
    "course",
    "培训编号",
    "Course id",
    "市县对同一期培训填同一编号，如 ZY-2016-07。",
    "City and county give one session one id, such as ZY-2016-07.",
)
_HELD = Blank(
    c.HoldCourse, "courses", "培训登记表", "Courses", ("course",),
    headings=(
        Heading("place", "区划代码", "Division", "举办地的行政区划，6位数字。", "Of who held it, 6 digits."),
        _COURSE, _courses, Heading("title", "培训名称", "Title"),
        Heading("first", "首日", "First day"), Heading("last", "最后一日", "Last day"),
        Heading("days", "培训天数", "Days", "1至120。", "1 to 120."),
        _coded("heads", "groups", "该类参训人数，没有的不填。", "How many of them came; empty if none did."),
        Heading("skills", "所补技能", "Skills", "针对村内所缺技能的才填，多个用顿号隔开。",
                "Where it answers a reported lack, with commas between.", required=False, choices="skill"),
        Heading("villages", "所针对的村（代码）", "Villages", "报告缺少上列技能的村，12位代码，多个用顿号隔开。",
                "Which reported that lack: codes of 12 digits, with commas between.", required=False),
        Heading("body", "举办主体", "Body", choices="by"),
        by("held_by", "举办机关", "Held by"),
    ),
)  # fmt: skip
_ATTENDANCES = Blank(
    c.RecordAttendance, "attendances", "参训人员登记表", "Who came to courses", ("course", "attended.cadre"),
    headings=(
        PLACE, BODY, Heading("attended.unit", "单位编号", "Unit id", prefilled=True),
        Heading("attended.cadre", "应参训干部编号", "Cadre id", prefilled=True), _COURSE,
        by("recorded_by", "登记机关", "Recorded by"),
    ),
    repeats="attended",
    facts=_untrained,
    lines=lambda row, _rows: ({**row, "attended.unit": unit, "attended.cadre": cadre} for unit, cadre in row["owing"]),
)  # fmt: skip
_SKILLS = Blank(
    c.ReportSkills, "skill-reports", "村内所缺技能报告表", "Skills that are lacking", ("village", "kind"),
    headings=(
        Heading("village", "村代码", "Village code", "12位数字。", "12 digits."), _courses,
        _coded("lacking", "skills", "缺此技能的人数，不再缺的填0。", "How many lack it; 0 if nobody does any more."),
        Heading("body", "报告主体", "Body", choices="by"), by("reported_by", "报告机关", "Reported by"),
    ),
    implied=lambda row: {"place": place_of(row["village"])},
)  # fmt: skip

_PRESENCES = Blank(
    c.CountPresence, "presences", "驻村天数确认表", "Days in the village",
    ("village", "year", "month", "present.cadre"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("year", "年度", "Year", prefilled=True),
        Heading("month", "月份", "Month", prefilled=True), DUE, BODY,
        Heading("present.cadre", "干部编号", "Cadre id", prefilled=True),
        Heading("present.days", "当月驻村天数", "Days in the village", "由乡镇按实际情况确认，不打卡。",
                "As the township knows them; nobody checks in."),
        Heading("hindered", "不能到村、视为在岗的天数", "Days on which nobody could get there",
                "只在本地规定有视为在岗的日子时填写，各行填同一数。",
                "Only where the region counts such days; the same number in each row."),
        by("counted_by", "确认机关", "Counted by"),
    ),
    repeats="present",
    facts=_month_end,
    lines=lambda row, _rows: ({**row, "present.cadre": cadre} for cadre in row["in_team"]),
)  # fmt: skip
_LEAVES = Blank(
    c.RequestLeave, "leaves", "队员请假表", "Leave", ("village", "cadre", "first"),
    headings=(
        Heading("village", "村代码", "Village code", "12位数字。", "12 digits."),
        Heading("cadre", "干部编号", "Cadre id", "工作队现任队员。", "A member of the team."), _leave_kinds,
        Heading("first", "首日", "First day"), Heading("last", "最后一日", "Last day"),
        by("asked_by", "请假的工作队", "Asked by"),
    ),
    implied=lambda row: {"place": place_of(row["village"]), "body": "team"},
)  # fmt: skip
_LEAVE_DECISIONS = Blank(
    c.DecideLeave, "leave-decisions", "请假审批表", "Decisions on leave", ("village", "number"),
    headings=(PLACE, VILLAGE, NAME, Heading("number", "请假编号", "Number", prefilled=True), DUE, BODY,
              Heading("granted", "是否批准", "Granted"), by("decided_by", "审批机关", "Decided by")),
)  # fmt: skip
_LEAVE_RETURNS = Blank(
    c.DecideReturn, "leave-returns", "休假后返回决定表", "Returns from long leave", ("village", "number"),
    headings=(PLACE, VILLAGE, NAME, Heading("number", "请假编号", "Number", prefilled=True), DUE, BODY,
              Heading("returns", "是否返回工作队", "Returns"), by("decided_by", "决定机关及文号", "Decided by")),
)  # fmt: skip

_ADJUSTMENTS = Blank(
    c.AdjustTeam, "adjustments", "工作队组织调整登记表", "Adjustments of teams", ("village", "outcome"),
    headings=(
        PLACE, VILLAGE, NAME, Heading("outcome", "事项编号", "Outcome", prefilled=True), DUE, BODY,
        Heading("leaving", "离队干部编号", "Cadres who leave", "工作队现任队员，多个用顿号隔开。",
                "Members of the team, with commas between."),
        by("decided_by", "决定机关及文号", "Decided by"),
    ),
)  # fmt: skip
_CORRECTS = Heading("body", "办理主体", "Body", choices="by")
_DEPARTURES = Blank(
    c.ReportDeparture, "departures", "队员离队登记表", "Members who leave", ("village", "cadre"),
    headings=(
        WHICH_VILLAGE, Heading("cadre", "干部编号", "Cadre id", "工作队现任队员。", "A member of the team."),
        Heading("cause", "离队原因", "Cause", "只在本系统保存，不公布。", "Kept here and published nowhere.",
                choices="cause_of_leave"),
        Heading("until", "因病不能选派至", "Ill until", "因病离队的填写。", "Where an illness has a known end.",
                required=False),
        Heading("successor", "接替干部编号", "Successor", "村未出列时调动的，按本地规定可能必填。",
                "A transfer while the village is on the list may need one.", required=False),
        Heading("body", "办理主体", "Body"), DECIDED,
    ),
    implied=lies_there,
)  # fmt: skip
_LINK_ENDS = Blank(
    c.EndLink, "link-ends", "解除联系登记表", "Links that end", ("village", "kind", "cadre"),
    headings=(WHICH_VILLAGE, Heading("kind", "联系方式", "Kind of link"), Heading("cadre", "干部编号", "Cadre id"),
              Heading("body", "办理主体", "Body"), DECIDED),
    implied=lies_there,
)  # fmt: skip
_POST_ENDS = Blank(
    c.EndPost, "post-ends", "结束任职登记表", "Posts that end", ("party", "kind", "cadre"),
    headings=(Heading("place", "区划代码", "Division", "组织所在的行政区划，6位数字。", "Of the party, 6 digits."),
              Heading("party", "组织编号", "Party id"), Heading("kind", "任职方式", "Kind of link"),
              Heading("cadre", "干部编号", "Cadre id", "现在该处任职的干部。", "Who is posted there now."),
              Heading("body", "办理主体", "Body"), DECIDED),
)  # fmt: skip
_OF_COURSE = (
    Heading("place", "区划代码", "Division", "举办地的行政区划，6位数字。", "Of who held it, 6 digits."),
    _COURSE,
)
_COURSES_BACK = Blank(
    c.WithdrawCourse,
    "course-withdrawals",
    "撤销培训登记表",
    "Courses to be withdrawn",
    ("course",),
    headings=(*_OF_COURSE, _CORRECTS, WHY, DECIDED),
)
_ATTENDANCES_BACK = Blank(
    c.WithdrawAttendance, "attendance-withdrawals", "撤销参训登记表", "Attendances to be withdrawn", ("course",),
    headings=(*_OF_COURSE, Heading("cadres", "误登记的干部编号", "Cadres", "多个用顿号隔开。", "With commas between."),
              _CORRECTS, WHY, DECIDED),
)  # fmt: skip

FORMS = named(_CHOICES, _NOMINATIONS, _NOMINATION_REVIEWS, _ASSIGNMENTS, _TAKEOVERS, _RELEASES, _TERM_ASSESSMENTS,
              _COMMITMENTS, _RECONCILIATIONS, _SETTLEMENTS, _REPLACEMENTS, _REPLACEMENT_REVIEWS, _RETENTIONS,
              _LINKS, _POSTS, _POST_ENDS,
              _PARTNERS, _PARTNER_ENDS, _PLEDGES,
              _DELIVERIES, _VISIT_COUNTS, _PAIRINGS, _PAIRING_ENDS, _HELD, _ATTENDANCES, _SKILLS, _PRESENCES, _LEAVES,
              _LEAVE_DECISIONS, _LEAVE_RETURNS, _ADJUSTMENTS, _DEPARTURES, _LINK_ENDS, _COURSES_BACK,
              _ATTENDANCES_BACK)  # fmt: skip
"""The forms by name. A filled row becomes the command that is posted to /v1/<name>."""
