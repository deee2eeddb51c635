"""Rewards and accountability: what may be proposed after which event, and the due process that follows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.calendar import DAY, Span
from shared.contracts import Event, dispatch, inspection, short_type
from shared.contracts.incentives import Standing
from shared.contracts.values import Clause, Code, EventRole, Name, Role, Short
from shared.divisions import DIGITS, Level
from shared.policy.assessment import Assessment
from shared.policy.checking import allowed, hints_of, toml
from shared.policy.commitments import Commitment
from shared.policy.section import Document, Found, Path, Section
from shared.policy.when import When

ON_TEAM = ("extend", "adjust")
"""The effects that concern a team while it is in a village. None of them begins a term or brings somebody home."""
Scalar = bool | Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | Annotated[str, Meta(min_length=1, max_length=60)]
Wanted = (
    bool
    | Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    | Annotated[str, Meta(min_length=1, max_length=60)]
    | Annotated[tuple[Scalar, ...], Meta(min_length=1, max_length=20)]
)
"""The value that a field of an event must have, or several values, one of which it must have."""
TRIGGERS: Mapping[str, type[Event]] = {
    short_type(event.type): event
    for event in (
        inspection.AssessmentGraded,
        inspection.AppraisalGraded,
        inspection.OrderOverdue,
        dispatch.CommitmentOverdue,
        dispatch.TermExtended,
        dispatch.TeamReleased,
    )
}
"""The events after which an outcome may be proposed, by short type. Each names who answers for the village."""


class Appeal(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """救济的一级：复核、复审或申诉。 ·
    One level of remedy: a review (“复核”, “复审”) or an appeal above it (“申诉”)."""

    label: Name
    """名称，如复核、申诉。 · Its name, such as “复核” or “申诉”."""
    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    standings: Annotated[tuple[Standing, ...], Meta(max_length=4)] = ()
    """适用于哪些身份的人；不填则均适用。 · Persons of which status it is open to; everybody if it is left out."""
    body: Role | None = None
    """由谁受理：上级机关；不填则为原决定机关。 · Who answers: an organ above, or, if left out, the one that decided."""
    within: Span
    """提出的期限，自送达起算。 · The time for asking for it, from the service of what it is against."""
    answer: Span
    """作出决定的期限。 · The time allowed for the answer."""
    direct: Span | None = None
    """不经前一级直接提出的期限；不填则须先经前一级。 ·
    The time for asking for it without the level before, from the service of the decision; None if that must come first.
    """

    def by(self, decides: Role) -> Role:
        """The role that answers, if `decides` is the role that decided."""
        return self.body or decides


class Outcome(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """奖励或问责建议。 · A reward or sanction that may be proposed, its due process, and when its effect ends (5.9)."""

    named_by = ("kind",)
    kind: Code
    """代码：不得重复。 · Unique in the pack: what is proposed is known by it."""
    label: Name
    """名称。 · Its name."""
    clause: Short
    """依据：[documents] 中的文件和条款，如 S3:第四项。 · A cited document and its article, as `S3:第四项`."""
    on: Name
    """由哪类事件提出：工作队评定等次 inspection.assessment.graded、村干部等评定等次 inspection.appraisal.graded、
    整改逾期 inspection.order.overdue、责任事项逾期 dispatch.commitment.overdue、任期延长 dispatch.term.extended、
    工作队撤离 dispatch.team.released。 ·
    The event that gives rise to it: a team's grade (`inspection.assessment.graded`), that of anybody else
    (`inspection.appraisal.graded`), an order that is overdue (`inspection.order.overdue`), something owed that is
    overdue (`dispatch.commitment.overdue`), a term that is extended (`dispatch.term.extended`), or a team that goes
    home (`dispatch.team.released`)."""
    when: Annotated[Mapping[Code, Wanted], Meta(max_length=10)] = msgspec.field(default_factory=dict)
    """该事件的字段应为何值（或其中之一）：评定等次的 grade（等次）、triggers（通报批评的情形），整改逾期的
    times（同一问题第几次逾期），责任事项逾期和考核评价的 kind（哪一项）。 ·
    Fields of that event and the value, or one of the values, that they must have: `grade` and `triggers` (the grounds
    for criticism) of a grade, `times` (how often this one order was overdue) of an order, `kind` of an appraisal or of
    what is owed."""
    years: Annotated[int, Meta(ge=2, le=5)] | None = None
    """连续几年均如此才提出，单位的按同一个村计；不填则每次都提出。 ·
    In how many consecutive years it must be so before it is proposed, of a unit in one and the same village; each time
    if it is left out."""
    subject: Literal["unit", "team", "cadre", "village_cadre"]
    """对象：单位、工作队、队长或村干部。 · Whom it concerns: the unit, the team, its leader, or a village cadre."""
    proposes: Role | None = None
    """由谁提请；填写的，未经提请不作决定，提请和决定分开；不填则不须提请。 ·
    Who proposes it to whoever decides. Then nothing is decided without that, and nobody decides on a proposal of its
    own. None if the fact alone puts it before the deciding body."""
    propose_within: Span | None = None
    """提请的期限，自该事件起算。 · The time for proposing it, from the event on."""
    decides: EventRole
    """由谁决定。 · Who decides."""
    managed: Annotated[Mapping[Level, EventRole], Meta(max_length=4)] = msgspec.field(default_factory=dict)
    """按干部管理权限由谁决定：派出单位的层级和决定机关；未列的层级由 decides 决定。 ·
    Who decides by the authority over the cadre: the level of the unit that sent the cadre, and who manages its cadres.
    For units of other levels `decides` does."""
    four_eyes: bool | UnsetType = UNSET
    """提请、听取陈述申辩、决定和救济是否须由不同的人办理：已办理其他环节的人员不得作出决定，不得办理复核、申诉。 ·
    Whether nobody decides it, or answers an appeal, who took another step of it: who proposed it, heard the defence, or
    decided."""
    decide_by: When
    """作出决定的期限。奖励自建议（proposal）起算，其他自陈述申辩结束（defence）起算。 ·
    The last day for the decision. For rewards it is counted from the proposal (`proposal`), else from the end of the
    defence (`defence`)."""
    defence: Span | None = None
    """陈述申辩期；奖励不填。 · How long the subject has to be heard; None for rewards."""
    serve: Span | None = None
    """决定送达当事人的期限；填写的，救济期限自送达起算，不填则自决定起算。 ·
    The time for serving the decision. If it is given, the time for an appeal counts from the service, else from the
    decision."""
    appeals: Annotated[tuple[Appeal, ...], Meta(max_length=12)] = ()
    """救济途径，按先后各级；不填则没有法定救济，如对单位的通报。 ·
    The levels of remedy in their order; none where no rule gives one, as against the criticism of a unit."""
    impact: Span | None = None
    """影响期；不填则随办结终止。 · How long it counts; None where it ends with its effect."""
    quota: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """一个考核年度的名额，在规定它的辖区内计；人选由决定机关选择；不限的不填。 ·
    How many there are for the grades of one year in the division whose pack says so. The body chooses whom; None
    without a limit."""
    quota_share: Annotated[float, Meta(ge=0.001, le=0.99)] | None = None
    """一个考核年度最多给予已评定等次者的几分之几，向下取整，按作出决定时已评定的计；不按比例的不填。 ·
    The largest share of those who have a grade of the year that may be given it, rounded down. It is counted when each
    is decided, so that there are more as more are graded. None where it is no share."""
    bars: bool = False
    """影响期内是否不得评优、提拔等：当事人在影响期内不能得到奖励。 ·
    Whether the subject can be given no reward during the impact period."""
    effect: Literal["record", "recall", "extend", "adjust"] = "record"
    """效果：只记录 record；召回队长 recall；派出单位在该村的帮扶期限延长一次 extend（期限见工作队的 extension）；
    工作队须作组织调整、更换队员 adjust。 ·
    What it does: `record`: it is recorded only; `recall`: the leader is taken off the team; `extend`: the unit stays in
    the village for another `extension` of its link; `adjust`: the team gets other members, and the organisation
    department says who leaves it."""
    award: Level | None = None
    """表彰级别；不是表彰的不填。 · The level of a commendation (1.16); None for anything else."""
    story_by: Role | None = None
    """由谁决定是否公开宣传受表彰者的事迹；不填则不公开。 ·
    Who decides whether the story behind an award is told in public; None where none is."""

    @property
    def is_limited(self) -> bool:
        """Whether there are only so many a year, in number or by share."""
        return self.quota is not None or self.quota_share is not None

    def follows_from(self, kind: str | None) -> bool:
        """Whether it may follow from an assessment of a kind, whatever the grade; a team's has none."""
        wanted = self.when.get("kind", kind)
        return kind in (wanted if isinstance(wanted, tuple | list) else (wanted,))

    @property
    def subject_field(self) -> str:
        """The field of the triggering event that names the subject. A team is named by its village."""
        return {"unit": "unit", "team": "village", "cadre": "leader", "village_cadre": "subject"}[self.subject]

    def decided_by(self, level: Level | None) -> "Outcome":
        """The outcome as it is decided about a cadre whose unit is of this level. None means that it is not known."""
        managing = self.managed.get(level) if level else None
        return msgspec.structs.replace(self, decides=managing, managed={}) if managing else self

    @property
    def deciders(self) -> set[EventRole]:
        """All roles that may decide it, whatever the level of the cadre's unit."""
        return {self.decides, *self.managed.values()}

    @property
    def answers_for(self) -> tuple[Role, ...]:
        """The roles for whose omissions the subject is answerable.

        Village, township and county answer for their own.
        """
        return ("unit", "team") if self.subject == "unit" else ("team",)

    @property
    def sanction(self) -> bool:
        """Whether it burdens someone, so that due process is owed. Everything else is a reward."""
        return bool(self.impact or self.appeals or self.defence or self.effect != "record")

    def levels(self, standing: str, given: Sequence[Appeal] | None = None) -> tuple[Appeal, ...]:
        """The levels of remedy that are open to a subject, in their order.

        `standing` is the status of a person; empty for a unit or team, or if it makes no difference. `given` are the
        levels by the law of the day. If it is None, all levels that the pack lists are taken.
        """
        of_the_day = self.appeals if given is None else given
        return tuple(one for one in of_the_day if not one.standings or standing in one.standings)

    @property
    def tells_apart(self) -> bool:
        """Whether the remedies depend on the status of the person."""
        return any(one.standings for one in self.appeals)


class Ladder(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """逐级加重的处理：同一对象在规定时间内再次发生的，建议下一级。 ·
    Sanctions each heavier than the last: whoever does it again within a time is proposed for the next one (1.6)."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称。 · Its name."""
    rungs: Annotated[tuple[Code, ...], Meta(min_length=2, max_length=10)]
    """从轻到重：[[outcomes]] 的代码，须因同一类事件、针对同一类对象。 ·
    From the lightest to the heaviest: codes of `[[outcomes]]` after one kind of event and for one kind of subject."""
    within: Span
    """作出上一级处理后多长时间内再次发生的，建议下一级；超过的从第一级起。 ·
    How long after a rung was decided the next one follows; later it begins with the first."""


def ladder_contradictions(ladders: Sequence[Ladder], outcomes: Sequence[Outcome]) -> Found:
    """Find rungs that nobody could climb, and those that stand on two ladders."""
    known, seen = {outcome.kind: outcome for outcome in outcomes}, set[str]()
    for n, ladder in enumerate(ladders):
        at: Path = ("ladders", n, "rungs")
        for rung in ladder.rungs:
            if rung not in known:
                zh = f"{rung} 不是 [[outcomes]] 的代码，可填：{'、'.join(known)}"
                yield at, zh, f"{rung} is none of [[outcomes]]: {', '.join(known)}", ""
            elif not known[rung].sanction:
                yield at, f"{rung} 是奖励，不能逐级加重", f"{rung} is a reward, which nobody is sanctioned with", ""
            elif rung in seen:
                zh, en = f"{rung} 已经是某一级，一项处理只能是一级", f"{rung} is a rung already, and can be one only"
                yield at, zh, en, ""
            seen.add(rung)
        of = [known[rung] for rung in ladder.rungs if rung in known]
        if any((one.on, one.subject, one.when) != (of[0].on, of[0].subject, of[0].when) for one in of):
            zh, en = (
                "各级须因同一类事件（on、when）、针对同一类对象（subject）",
                "the rungs follow one kind of event (on, when) and concern one kind of subject",
            )
            yield at, f"{ladder.kind}：{zh}", f"{ladder.kind}: {en}", ""


def contradictions(
    outcomes: Sequence[Outcome],
    assessment: Assessment,
    commitments: Sequence[Commitment],
    graded: Mapping[str, Sequence[str]],
) -> Found:
    """Find outcomes that could never be proposed, and those that would not be decided fairly.

    `graded` has, by the kind of each assessment of persons of villages, the names of its grades.
    """
    said = {
        "grade": [grade.name for grade in assessment.grades],
        "triggers": [ground.name for ground in assessment.grounds],
        "kind": [commitment.kind for commitment in commitments],
    }
    for n, outcome in enumerate(outcomes):
        of_village = TRIGGERS.get(outcome.on) is inspection.AppraisalGraded
        if of_village != (outcome.subject == "village_cadre") and outcome.on in TRIGGERS:
            on = short_type(inspection.AppraisalGraded.type)
            zh = f"{outcome.kind}：以村干部（village_cadre）为对象的，on 应是 {on}；其他对象的不是"
            en = f"{outcome.kind}: a village_cadre, and nobody else, is concerned by {on}"
            yield ("outcomes", n, "subject"), zh, en, ""
            continue
        if of_village and not graded:
            zh, en = "没有对村干部（只隶属于村的个人）的考核评价", "nobody who belongs to a village alone is assessed"
            yield ("outcomes", n, "on"), f"{outcome.kind}：{zh}", f"{outcome.kind}: {en}", ""
            continue
        rated = {"kind": [*graded], "grade": [g for one in graded if outcome.follows_from(one) for g in graded[one]]}
        yield from _misfits(("outcomes", n), outcome, rated if of_village else said)
        yield from _blames(("outcomes", n), outcome, commitments)
        yield from _awards(("outcomes", n), outcome)
        yield from _proposers(("outcomes", n), outcome)
        yield from _bars(("outcomes", n), outcome, outcomes)
        yield from _quota(("outcomes", n), outcome)
        yield from _shares(n, outcomes, list(graded))
        yield from _years(("outcomes", n), outcome, list(graded))


def _quota(path: Path, outcome: Outcome) -> Found:
    """Find quotas of sanctions, and of outcomes that do not follow from the grade of a year."""
    field = "quota" if outcome.quota else "quota_share"
    if not outcome.is_limited:
        return
    if outcome.sanction:
        zh, en = "问责没有名额", "nobody is sanctioned to fill a quota"
        yield (*path, field), f"{outcome.kind}：{zh}", f"{outcome.kind}: {en}", ""
    elif not outcome.on.endswith(".graded"):
        zh, en = (
            "只有由年度考核评价提出的才有一年的名额",
            "only what follows from the grade of a year has a quota a year",
        )
        yield (*path, field), f"{outcome.kind}：{zh}", f"{outcome.kind}: {en}", ""


def _shares(n: int, outcomes: Sequence[Outcome], appraisals: Sequence[str]) -> Found:
    """Find two rewards that are each for a share of those whom the same assessment grades. Only one can be."""
    one = outcomes[n]
    for other in outcomes[:n]:
        same = one.quota_share and other.quota_share and one.on == other.on
        kinds = (None,) if one.on == "inspection.assessment.graded" else appraisals
        if same and any(one.follows_from(kind) and other.follows_from(kind) for kind in kinds):
            zh = f"{one.kind}：同一考核评价只能有一项奖励按比例给予，{other.kind} 已按比例给予；请改填 quota"
            en = f"{one.kind}: of one assessment one reward is a share, and {other.kind} is; say how many by quota"
            yield ("outcomes", n, "quota_share"), zh, en, ""


def _years(path: Path, outcome: Outcome, appraisals: Sequence[str]) -> Found:
    """Find outcomes that count several years although they follow from no yearly grade, or from more than one
    assessment."""
    if not outcome.years:
        return
    kinds = outcome.when.get("kind", appraisals)
    if not outcome.on.endswith(".graded"):
        zh, en = "只有年度考核评价的等次可以连续几年计算", "only the grades of years can be counted over several"
        yield (*path, "years"), f"{outcome.kind}：{zh}", f"{outcome.kind}: {en}", ""
    elif outcome.subject == "village_cadre" and not isinstance(kinds, str) and len(kinds) > 1:  # type: ignore[arg-type]
        zh, en = "应写明是哪一项考核评价（when 的 kind）", "say which assessment it is, by `kind` in `when`"
        yield (*path, "when"), f"{outcome.kind}：{zh}", f"{outcome.kind}: {en}", ""


def _proposers(path: Path, outcome: Outcome) -> Found:
    """Find proposers who decide as well, proposers without a time or times without a proposer, and entries of `managed`
    that mean nothing."""
    kind, level = outcome.kind, next((one for one in outcome.managed if outcome.managed[one] == outcome.decides), None)
    if outcome.proposes in outcome.deciders:
        zh, en = "提请和决定应当分开，不能由同一机关办理", "who proposes it must be another than who decides it"
        yield (*path, "proposes"), f"{kind}：{zh}", f"{kind}: {en}", ""
    if (outcome.proposes is None) != (outcome.propose_within is None):
        zh, en = (
            "由谁提请（proposes）和提请的期限（propose_within）应同时填写",
            "proposes and propose_within go together",
        )
        yield (*path, "propose_within"), f"{kind}：{zh}", f"{kind}: {en}", "propose_within = { calendar_days = 15 }"
    if outcome.managed and outcome.subject != "cadre":
        zh, en = "只有派出单位的干部才有管理权限之分", "only a cadre of a unit is managed by somebody"
        yield (*path, "managed"), f"{kind}：{zh}", f"{kind}: {en}", ""
    elif level:
        zh, en = (
            f"{level} 的决定机关就是 decides，不必另填",
            f"for {level} it is whom `decides` names anyway; leave it out",
        )
        yield (*path, "managed", level), f"{kind}：{zh}", f"{kind}: {en}", ""


def _bars(path: Path, outcome: Outcome, outcomes: Sequence[Outcome]) -> Found:
    """Find outcomes with `bars` that can bar nobody, for want of an impact period or of a reward for such a subject."""
    if not outcome.bars:
        return
    if not outcome.impact:
        zh, en = "没有影响期（impact），不能在影响期内取消奖励", "without an impact period it bars nobody from anything"
        yield (*path, "impact"), f"{outcome.kind}：{zh}", f"{outcome.kind}: {en}", "impact = { months = 6 }"
    if not any(one.subject == outcome.subject and not one.sanction for one in outcomes):
        zh, en = f"没有以 {outcome.subject} 为对象的奖励可以取消", f"no reward of a {outcome.subject} could be barred"
        yield (*path, "bars"), f"{outcome.kind}：{zh}", f"{outcome.kind}: {en}", ""


def _awards(path: Path, outcome: Outcome) -> Found:
    """Find awards that are sanctions or on which a body of another level decides, and stories without an award."""
    kind, award = outcome.kind, outcome.award
    if award and outcome.sanction:
        zh, en = "问责不是表彰，没有表彰级别", "a sanction is no award, so it has no level of one"
        yield (*path, "award"), f"{kind}：{zh}", f"{kind}: {en}", ""
    elif award and outcome.decides in DIGITS and outcome.decides != award:
        zh, en = "表彰级别与决定机关的级别不一致", "another level than the award's decides on it"
        yield (*path, "decides"), f"{kind}：{zh}", f"{kind}: {en}", f'decides = "{award}"'
    if outcome.story_by and not award:
        zh, en = (
            "只有表彰（award）的事迹可以公开宣传",
            "only the story behind an award is told in public",
        )
        yield (*path, "story_by"), f"{kind}：{zh}", f"{kind}: {en}", ""


def remedy_contradictions(outcomes: Sequence[Outcome], documents: Mapping[str, Document | str], first: date) -> Found:
    """Find remedies that nobody could use, or that lead nowhere, by the law of each day from the pack's first on."""
    for n, outcome in enumerate(outcomes):
        path: Path = ("outcomes", n)
        if outcome.tells_apart and outcome.subject != "cadre":
            zh = f"{outcome.kind}：只有干部才有身份之分，{outcome.subject} 的救济不能按身份规定"
            en = f"{outcome.kind}: only persons have a status, a {outcome.subject} has none"
            yield (*path, "appeals"), zh, en, ""
            continue
        found = (
            one for day, levels in _by_day(outcome, documents, first) for one in _remedies(path, outcome, levels, day)
        )
        yield from dict.fromkeys(found)


def _by_day(
    outcome: Outcome, documents: Mapping[str, Document | str], first: date
) -> Iterator[tuple[date, list[tuple[int, Appeal]]]]:
    """The levels of remedy that the law gives, with their places in the pack: from the pack's first day on, and from
    each later day on which the law changes."""
    cited = [documents.get(level.rule.partition(":")[0]) for level in outcome.appeals]
    laws = [one for one in cited if isinstance(one, Document)]
    changes = {one.since for one in laws} | {one.until + DAY for one in laws if one.until}
    for day in sorted({first, *(change for change in changes if change and change > first)}):
        yield (
            day,
            [
                (m, level)
                for m, (level, law) in enumerate(zip(outcome.appeals, cited, strict=True))
                if not isinstance(law, Document) or law.in_force(day)
            ],
        )


def _remedies(path: Path, outcome: Outcome, levels: Sequence[tuple[int, Appeal]], day: date) -> Found:
    """Find remedies that nobody could use, or that lead nowhere, by the law of one day."""
    kind, of_the_day = outcome.kind, [level for _, level in levels]
    without = [one for one in get_args(Standing) if outcome.appeals and not outcome.levels(one, of_the_day)]
    if without:
        who = f"身份为{'、'.join(without)}的" if outcome.tells_apart else "当事人"
        zh = f"{kind}：自 {day} 起，{who}没有任何救济途径；不分身份的，不填 standings"
        en = f"{kind}: from {day} on {', '.join(without)} have no remedy; one that is for everybody has no standings"
        yield (*path, "appeals"), zh, en, ""
    for n, (m, level) in enumerate(levels):
        at = (*path, "appeals", m)
        before = [one for one in of_the_day[:n] if _shared(one, level)]
        if level.direct and not before:
            zh, en = "第一级不存在前一级，不填 direct", "the first level has none before it, so it takes no direct"
            yield (*at, "direct"), f"{kind}：{zh}", f"{kind}: {en}", ""
        if level.direct and any(level in outcome.levels(one, of_the_day)[2:] for one in get_args(Standing)):
            zh, en = "只有第二级可以不经前一级直接提出", "only the second level can be asked directly"
            yield (*at, "direct"), f"{kind}：{zh}", f"{kind}: {en}", ""
        if level.body and any(DIGITS.get(one, 9) < DIGITS.get(level.body, 0) for one in outcome.deciders):
            zh, en = "受理机关低于作出决定的机关", "the organ that answers lies below one that may decide"
            yield (*at, "body"), f"{kind}：{zh}", f"{kind}: {en}", ""
        if before and not level.body:
            zh, en = "向原决定机关申请只能是第一级", "the organ that decided is asked first, or not at all"
            yield (*at, "body"), f"{kind}：{zh}", f"{kind}: {en}", 'body = "county"'


def _shared(one: Appeal, other: Appeal) -> bool:
    """Whether two levels are open to one and the same person."""
    return not one.standings or not other.standings or bool({*one.standings} & {*other.standings})


def _blames(path: Path, outcome: Outcome, commitments: Sequence[Commitment]) -> Found:
    """Find outcomes for commitments that somebody else owes: nobody is blamed for these, so they are never proposed."""
    if TRIGGERS.get(outcome.on) is not dispatch.CommitmentOverdue:
        return
    theirs = [commitment.kind for commitment in commitments if commitment.by in outcome.answers_for]
    wanted = outcome.when.get("kind", ())
    for kind in wanted if isinstance(wanted, tuple) else (wanted,):
        commitment = next((one for one in commitments if one.kind == kind), None)
        if commitment and kind not in theirs:
            owing = commitment.link or commitment.by
            zh = f"{outcome.kind}：{kind} 由 {owing} 负责，不能归责于 {outcome.subject}"
            en = f"{outcome.kind}: {kind} is owed by the {owing}, for which no {outcome.subject} answers"
            line = f'when = {{ kind = "{theirs[0]}" }}' if theirs else ""
            yield (*path, "when"), zh, en, line


def _misfits(path: Path, outcome: Outcome, said: Mapping[str, Sequence[str]]) -> Found:
    """Find reasons why an outcome could never be proposed, or not be decided fairly.

    `said`: by name of an event's field, its possible values.
    """
    kind, trigger = outcome.kind, TRIGGERS.get(outcome.on)
    if trigger is None:
        known = TRIGGERS
        zh = f"{kind} 的 on 应是 {'、'.join(known)} 之一"
        yield (*path, "on"), zh, f"{kind} on {outcome.on}, which is none of {', '.join(known)}"
    else:
        if outcome.subject_field not in trigger.__struct_fields__:
            zh = f"{kind}：{outcome.on} 没有 {outcome.subject_field}，不能以 {outcome.subject} 为对象"
            yield (*path, "subject"), zh, f"{kind}: {outcome.on} has no {outcome.subject_field}"
        hints = hints_of(trigger)
        for field, wanted in outcome.when.items():
            where = (*path, "when", field)
            if field not in trigger.__struct_fields__:
                fields = trigger.__struct_fields__
                zh = f"{kind}：{outcome.on} 没有 {field}，可填：{'、'.join(fields)}"
                yield where, zh, f"{kind}: {outcome.on} has no {field}; it has {', '.join(fields)}"
                continue
            for value in wanted if isinstance(wanted, tuple) else (wanted,):
                written = value if isinstance(value, str) else toml(value)
                if field in said and value not in said[field]:
                    names = said[field]
                    zh = f"{kind}：{field} 不会是 {written}，可填：{'、'.join(names)}"
                    yield where, zh, f"{kind}: {field} is never {written}; it is one of {', '.join(names)}"
                elif not _can_be(hints[field], value):
                    zh, en = allowed(hints[field])
                    yield (
                        where,
                        f"{kind}：{field} 不会是“{written}”，应为{zh}",
                        f"{kind}: {field} is never {written}; it is {en}",
                    )
    start = "defence" if outcome.defence else "proposal"
    if outcome.decide_by.after in {"defence", "proposal"} - {start}:
        zh, en = (
            "奖励自建议起算，须陈述申辩的自陈述申辩结束起算",
            "of a reward it counts from the proposal, of what is defended from the end of that",
        )
        yield (*path, "decide_by", "after"), f"{kind}：{zh}", f"{kind}: {en}", f'after = "{start}"'
    if outcome.sanction:
        for field in ("defence", *(["appeals"] if outcome.subject in ("cadre", "village_cadre") else [])):
            if not getattr(outcome, field):
                zh = f"{kind} 影响当事人，应填 defence；对干部的还应填 appeals"
                yield (*path, field), zh, f"{kind} bears on someone, so it needs defence, and appeals if on a person"
    elif outcome.serve:
        zh, en = "奖励没有救济期限，不填 serve", "nobody appeals against a reward, so it takes no serve"
        yield (*path, "serve"), f"{kind}：{zh}", f"{kind}: {en}", ""
    subject = _BORNE_BY.get(outcome.effect, outcome.subject)
    if outcome.subject != subject:
        zh = f"{kind}：{outcome.effect} 的对象只能是 {subject}"
        yield (*path, "effect"), zh, f"{kind}: only a {subject} can bear {outcome.effect}", 'effect = "record"'
    elif outcome.effect in ON_TEAM and trigger in (dispatch.TermExtended, dispatch.TeamReleased):
        zh = f"{kind}：任期延长、工作队撤离后没有可以 {outcome.effect} 的，on 应是其他事件"
        en = f"{kind}: after {outcome.on} there is nothing left to {outcome.effect}; another event is its occasion"
        yield (*path, "on"), zh, en, ""


_BORNE_BY: Mapping[str, str] = {"recall": "cadre", "extend": "unit", "adjust": "team"}
"""By effect, the subject that it needs. An outcome that is only recorded may be about any subject."""


def _can_be(hint: Any, value: object) -> bool:
    """Whether a field of this type can have this value, or contain it as an entry."""
    for shape in (value, [value]):
        try:
            msgspec.convert(shape, hint)
        except msgspec.ValidationError:
            continue
        return True
    return False
