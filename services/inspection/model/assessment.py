"""A team's yearly assessment (2.15, 3.7, 3.8): inputs come in over the year, a grade is proposed, a body decides it.

The inputs are called channels: the team's duty reports, the ballot on it, and the scores of campaigns.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from statistics import fmean
from typing import NamedTuple

import msgspec

from services.inspection.model.commands import (
    ConfirmGrade,
    ContestGrade,
    DeliverReport,
    HoldBallot,
    WithdrawGrade,
    WithdrawInput,
)
from shared.contracts.dispatch import CommitmentReconciled, CommitmentSettled
from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided
from shared.contracts.inspection import (
    AssessmentDropped,
    AssessmentGraded,
    AssessmentOpened,
    AssessmentProposed,
    BallotHeld,
    DeadlineMoved,
    GradeContested,
    GradeReviewed,
    GradeWithdrawn,
    InputWithdrawn,
    ReportDelivered,
    VisitMade,
    VisitWithdrawn,
)
from shared.contracts.registry import VillageMerged, VillageRecoded
from shared.labels import CHANNELS, label, said
from shared.policy import Bound, Cap, Ground, Policy, Review
from shared.rules import Change, Due, Moved, Refused, State, Task, addressed, require_body


class Ballot(msgspec.Struct, frozen=True):
    """How the representatives of Party members and villagers voted."""

    entitled: int
    present: int
    satisfied: int

    @property
    def approval(self) -> float:
        """The share of those present who are satisfied."""
        return self.satisfied / self.present


class Step(NamedTuple):
    """One grade of a scale, and the lowest score that earns it."""

    name: str
    at_least: float


class Terms(msgspec.Struct, frozen=True, array_like=True):
    """The pack's terms on the day on which the assessment was opened. They hold for this year whatever pack follows."""

    weights: dict[str, float] = {}
    grades: tuple[Step, ...] = ()
    """From the best to the worst."""
    caps: tuple[Cap, ...] = ()
    grounds: tuple[Ground, ...] = ()
    ballot_quorum: Bound | None = None
    audiences: tuple[str, ...] = ()
    facts_until: date = date.min
    """The last day on which facts of the year can still come in: the end of the time for its last reconciliation."""
    review: Review | None = None

    @property
    def names(self) -> list[str]:
        """The grades, from the best to the worst."""
        return [grade.name for grade in self.grades]

    def worst_of(self, *grades: str) -> str:
        """The worst of some grades."""
        return max(grades, key=self.names.index)


class Proposal(msgspec.Struct, frozen=True):
    """The grade that follows from the inputs, the best grade that the caps allow, and the grounds for criticism."""

    score: float
    grade: str
    ceiling: str
    triggers: tuple[str, ...]
    """The grounds for criticism by the facts at the time of the proposal. Later settlements do not change them."""


class Assessment(State, frozen=True, kw_only=True, omit_defaults=True):
    """One team's year. Its id is `<village>/<year>`. It notes visits and ledgers also before it is opened."""

    kind = "assessments"

    unit: str = ""
    """Empty until the assessment is opened."""
    leader: str = ""
    inputs: tuple[str, ...] = ()
    """The channels that must come in before a grade is proposed."""
    terms: Terms = Terms()
    reports: frozenset[str] = frozenset()
    """The channels of the reports that were delivered."""
    ballot: Ballot | None = None
    scores: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """The scores of visits (0 to 100), by kind of campaign and then by campaign."""
    absences: frozenset[str] = frozenset()
    """The campaigns whose visit found someone absent. A visit is one absence, however many members were missing."""
    open_items: dict[str, int] = msgspec.field(default_factory=dict)
    """By kind of commitment, the items that the last reconciliation left open or the settlement carried over."""
    proposal: Proposal | None = None
    grade_by: date | None = None
    """The last day for the decision while a grade is proposed."""
    grade: str = ""
    review_until: date | None = None
    """The last day for asking for a review of the grade. None if the grade is final."""
    answer_until: date | None = None
    """The last day for the answer to a request for review. None without one."""
    decided: frozenset[str] = frozenset()
    """The outcomes that were decided because of the grade. While there are any, the grade cannot be withdrawn."""
    is_dropped: bool = False
    """Whether the village was merged into another before a grade was proposed."""

    @property
    def village(self) -> str:
        """The village whose team is assessed."""
        return self.id.split("/")[0]

    @property
    def year(self) -> int:
        """The year that is assessed."""
        return int(self.id.split("/")[1])

    @property
    def missing(self) -> tuple[str, ...]:
        """The channels that must still come in."""
        given = {*self.reports, *self.scores, *(("ballot",) if self.ballot else ())}
        return tuple(channel for channel in self.inputs if channel not in given)

    @property
    def status(self) -> str:
        """`gathering` before it is opened, `open`, `complete` until the year is over, `proposed`, `graded`,
        `contested` while a review of the grade is asked for; `dropped` where the village was merged into another."""
        if self.grade:
            return "contested" if self.answer_until else "graded"
        if self.proposal:
            return "proposed"
        if self.is_dropped:
            return "dropped"
        if not self.unit:
            return "gathering"
        return "open" if self.missing else "complete"

    @property
    def awaits(self) -> bool:
        """Whether an input or the decision is awaited."""
        return self.status in ("open", "proposed", "contested")

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The time for a review, or for its answer, moved."""
        return DeadlineMoved(place=self.place, village=self.village, **moved.said(notice))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """Reports, then the ballot on the oral one; once a grade is proposed, its confirmation."""
        year_end = date(self.year, 12, 31)
        said: Mapping[str, str | int] = {"place": self.place, "village": self.village, "year": self.year}
        for channel in () if self.is_dropped else self.missing:
            if channel.endswith("_report"):
                form = channel.removesuffix("_report")
                yield Task(
                    action="reports", about=self.village, role="team", due=year_end, rule="3.8",
                    detail=f"{self.year} {form}", answer={**said, "form": form, "body": "team"},
                )  # fmt: skip
            elif channel == "ballot" and "oral_report" not in self.missing:
                yield Task(
                    action="ballots",
                    about=self.village,
                    role="village",
                    due=year_end,
                    rule="3.8",
                    detail=str(self.year),
                    answer={**said, "body": "village"},
                )
        if self.status in ("proposed", "contested"):
            rule = "2.15" if self.status == "proposed" else "Civil Servant Law 95"
            # A grade that an earlier version proposed has no last day: it is counted here from the end of its year.
            due = self.answer_until or self.grade_by or policy.assessment.grade_by.due(year_end, policy.calendar)
            yield Task(
                action="grades", about=self.village, role="organisation", due=due, rule=rule,
                detail=str(self.year), answer={**said, "body": "organisation"},
            )  # fmt: skip


def open_inputs(state: Assessment | None, event: AssessmentOpened, policy: Policy, today: date) -> Change:
    """The assessment is opened: from here on reports and the ballot are awaited."""
    assessment = _of(state, event.village, event.year, event.place)
    opened = assessment.but(
        place=event.place,
        unit=event.unit,
        leader=event.leader,
        inputs=event.inputs,
        terms=_terms(policy, event.year),
    )
    return Change(_timed(opened, today))


def note_visit(state: Assessment | None, event: VisitMade, policy: Policy, today: date) -> Change:
    """A visit counts in the year of its campaign, with its score and whether it found anyone absent."""
    state = _of(state, event.village, event.year, event.place).but(place=event.place)
    if event.absent:
        state = state.but(absences=state.absences | {event.campaign})
    if event.score is not None:
        of_kind = {**state.scores.get(event.kind, {}), event.campaign: event.score}
        state = state.but(scores={**state.scores, event.kind: of_kind})
    return Change(_timed(state, today))


def forget_visit(state: Assessment | None, event: VisitWithdrawn, policy: Policy, today: date) -> Change:
    """Remove the score and the absence of a withdrawn visit."""
    if state is None:
        return Change(state)
    of_kind = {id: score for id, score in state.scores.get(event.kind, {}).items() if id != event.campaign}
    others = {kind: scores for kind, scores in state.scores.items() if kind != event.kind}
    scores = {**others, event.kind: of_kind} if of_kind else others
    return Change(state.but(absences=state.absences - {event.campaign}, scores=scores).timed(propose=None))


def drop(state: Assessment | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """Drop the assessment of a merged village: nobody can report or vote there. A proposed grade is still decided."""
    if state is None or state.proposal or state.is_dropped or not state.unit:
        return Change(state)
    dropped = AssessmentDropped(place=state.place, village=state.village, year=state.year)
    return Change(state.but(is_dropped=True).timed(propose=None), (dropped,))


def note_decision(state: Assessment | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A body has decided something because of the grade, so the grade can no longer be withdrawn."""
    return Change(state and state.but(decided=state.decided | {event.outcome}))


def forget_decision(state: Assessment | None, event: DecisionWithdrawn, policy: Policy, today: date) -> Change:
    """That decision was taken back, so it no longer keeps the grade."""
    return Change(state and state.but(decided=state.decided - {event.outcome}))


def note_items(
    state: Assessment | None, event: CommitmentReconciled | CommitmentSettled, policy: Policy, today: date
) -> Change:
    """How many of the year's ledger items are open (mechanism 2.4)."""
    still_open = event.open if isinstance(event, CommitmentReconciled) else event.carried
    state = _of(state, event.village, int(event.period), event.place)
    return Change(state.but(open_items={**state.open_items, event.kind: still_open}))


def recode(year: int, state: Assessment | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """Note the village's new division. A year without a state yet gets one, so that it is kept there from the start.

    Otherwise the first event about that year's ledger would make it, and may still name the old division.
    """
    return Change(_of(state, event.village, event.since.year + year, event.place).but(place=event.code[:6]))


def deliver(state: Assessment | None, command: DeliverReport, policy: Policy, today: date) -> Change:
    """Take in a duty report. It serves all its audiences; the oral report is given at the village's meeting."""
    require_body(command.body, "team", "3.8")
    state = state and addressed(state, command)
    channel = f"{command.form}_report"
    if state is not None and channel in state.reports:
        return Change(state)
    assessment = _awaiting(state, channel, command.village, command.year, policy)
    delivered = ReportDelivered(
        place=assessment.place,
        village=assessment.village,
        year=assessment.year,
        form=command.form,
        audiences=_terms_of(assessment, policy).audiences if command.form == "written" else ("village",),
        delivered_by=command.delivered_by,
    )
    return Change(_timed(assessment.but(reports=assessment.reports | {channel}), today), (delivered,))


def vote(state: Assessment | None, command: HoldBallot, policy: Policy, today: date) -> Change:
    """Take in the ballot on the team. Refused without its quorum."""
    require_body(command.body, "village", "3.8")
    state = state and addressed(state, command)
    ballot = Ballot(command.entitled, command.present, command.satisfied)
    if state is not None and state.ballot == ballot:
        return Change(state)
    assessment = _awaiting(state, "ballot", command.village, command.year, policy)
    if "oral_report" in assessment.missing:
        raise Refused(
            "3.8",
            f"村 {assessment.village} {assessment.year} 年度口头述职尚未进行，应当先述职、后测评",
            f"the oral report of {assessment.year} in village {assessment.village} is not given yet; "
            "the ballot comes after it",
        )
    if not 0 <= ballot.satisfied <= ballot.present <= ballot.entitled or not ballot.present:
        raise Refused(
            "3.8",
            "票数有误：满意票数不得多于到会人数，到会人数不得多于应到人数，且应当有人到会",
            "the figures do not fit: satisfied ≤ present ≤ entitled, and someone must be present",
            field="present",
            status=422,
        )
    quorum = _terms_of(assessment, policy).ballot_quorum
    if quorum and not quorum.holds(ballot.present / ballot.entitled):
        raise Refused(
            "3.8",
            f"应到 {ballot.entitled} 人，到会 {ballot.present} 人，未达到规定人数"
            f"（到会比例应当{quorum.said[0]}），测评无效；请重新召集",
            f"{ballot.present} of {ballot.entitled} were present, which is no quorum: {quorum.said[1]} of them must "
            "come; call the meeting again",
            field="present",
            status=422,
        )
    held = BallotHeld(
        place=assessment.place,
        village=assessment.village,
        year=assessment.year,
        entitled=ballot.entitled,
        present=ballot.present,
        satisfied=ballot.satisfied,
        held_by=command.held_by,
    )
    return Change(_timed(assessment.but(ballot=ballot), today), (held,))


def propose(state: Assessment, due: Due, policy: Policy, today: date) -> Change:
    """The year is over and all inputs are in: propose the grade of the weighted score, capped by the year's facts.

    A channel that could not come in this year is left out, and the other weights are scaled up.
    """
    terms = _terms_of(state, policy)
    given = {kind: fmean(scores.values()) for kind, scores in state.scores.items()}
    if state.ballot:
        given["ballot"] = 100 * state.ballot.approval
    weighed = [(weight, given[channel]) for channel, weight in terms.weights.items() if channel in given]
    score = round(sum(w * value for w, value in weighed) / sum(w for w, _ in weighed), 2)
    earned = next(grade.name for grade in terms.grades if score >= grade.at_least)
    happened: dict[str, float | None] = {
        "absences": len(state.absences),
        "open_items": sum(state.open_items.values()),
        "approval": state.ballot.approval if state.ballot else None,
    }
    caps = [cap for cap in terms.caps if cap.holds(happened[cap.figure])]
    ceiling = terms.worst_of(terms.grades[0].name, *(cap.grade for cap in caps))
    grade = terms.worst_of(earned, ceiling)
    triggers = tuple(ground.name for ground in terms.grounds if ground.holds(happened[ground.figure]))
    proposed = AssessmentProposed(
        place=state.place,
        village=state.village,
        year=state.year,
        score=score,
        grade=grade,
        caps=tuple(sorted({cap.figure for cap in caps if terms.worst_of(earned, cap.grade) != earned})),
    )
    state = state.but(proposal=Proposal(score, grade, ceiling, triggers))
    return Change(_to_be_graded(state, policy, due.on), (proposed,))


def confirm(state: Assessment | None, command: ConfirmGrade, policy: Policy, today: date) -> Change:
    """A named body decides the grade. The event also tells the grounds for criticism (mechanism 3.10).

    The scale is the one under which the grade was proposed, whatever pack was adopted since.
    """
    require_body(command.body, "organisation", "2.15")
    state = state and addressed(state, command)
    if state is None or state.proposal is None:
        missing = state.missing if state and state.unit else ()
        lacks = f"缺{said('inputs', missing, policy)}；" if missing else ""
        raise Refused(
            "2.15",
            f"村 {command.village} {command.year} 年度尚未拟定考核等次：{lacks}年度对账期满后方可拟定",
            f"no grade is proposed yet for {command.year} in village {command.village}; missing: "
            f"{', '.join(missing) or '-'}; and the time for the year's last reconciliation must be over",
        )
    terms, is_review = _terms_of(state, policy), state.answer_until is not None
    if state.grade == command.grade and not is_review:
        return Change(state)
    if state.grade and not is_review:
        until = state.review_until
        zh = f"对结果不服的，可在{until}前（含当日）申请复核" if until else "不再更改"
        en = f"until {until} the team can ask for a review by grade-reviews" if until else "it does not change any more"
        raise Refused(
            "2.15",
            f"村 {state.village} {state.year} 年度考核等次已评定为“{label('grade', state.grade, policy)}”；{zh}",
            f"{state.year} in village {state.village} was graded {state.grade!r}; {en}",
        )
    names = terms.names
    if command.grade not in names:
        raise Refused(
            "2.15",
            f"没有代码为“{command.grade}”的等次，可填：{said('grade', names, policy)}",
            f"there is no grade {command.grade!r}; the scale has {', '.join(names)}",
            field="grade",
            status=422,
        )
    if is_review:
        return _reviewed(state, command, terms, policy, today)
    if terms.worst_of(command.grade, state.proposal.ceiling) != command.grade:
        raise Refused(
            "5.8",
            f"因{_why_capped(state, terms, policy)}，等次不得高于“{label('grade', state.proposal.ceiling, policy)}”，"
            f"不能评定为“{label('grade', command.grade, policy)}”",
            f"the year's facts allow {state.proposal.ceiling!r} at best, not {command.grade!r}",
            field="grade",
            status=422,
        )
    graded = _told(state, state.proposal, command)
    state = state.but(grade=command.grade, grade_by=None).counting("grade_by")
    if terms.review and command.grade in terms.review.grades:
        within = terms.review.within
        state = state.but(review_until=within.after(today, policy.calendar))
        state = state.counting("review_until", since=today, span=within)
    return Change(state, (graded,))


def _told(state: Assessment, proposal: Proposal, command: ConfirmGrade) -> AssessmentGraded:
    return AssessmentGraded(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        score=proposal.score,
        grade=command.grade,
        triggers=proposal.triggers,
        decided_by=command.decided_by,
    )


def contest(state: Assessment | None, command: ContestGrade, policy: Policy, today: date) -> Change:
    """The team asks for a review in time (Civil Servant Law 95). The grade and its effects hold meanwhile (96)."""
    require_body(command.body, "team", "Civil Servant Law 95")
    state = state and addressed(state, command)
    if state is not None and state.answer_until:
        return Change(state)
    terms = state and _terms_of(state, policy).review
    if state is None or not terms or not state.review_until:
        raise Refused(
            "Civil Servant Law 95",
            f"村 {command.village} {command.year} 年没有可申请复核的等次：尚未定等、政策包未列入，或已经复核",
            f"no grade of {command.year} in village {command.village} can be reviewed: there is none yet, the pack "
            "lists no review of it, or it was reviewed already",
            field="year",
        )
    if today > state.review_until:
        raise Refused(
            "Civil Servant Law 95",
            f"申请复核的期限已于 {state.review_until} 届满",
            f"the time for asking for a review ended on {state.review_until}",
        )
    answer_until = terms.answer.after(today, policy.calendar)
    state = state.but(answer_until=answer_until, review_until=None).counting("review_until")
    contested = GradeContested(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        grade=state.grade,
        answer_until=answer_until,
        lodged_by=command.lodged_by,
    )
    return Change(state.counting("answer_until", since=today, span=terms.answer), (contested,))


def _reviewed(state: Assessment, command: ConfirmGrade, terms: Terms, policy: Policy, today: date) -> Change:
    """Answer a review with the same grade or a better one. Caps do not bind it, since their facts are reviewed too."""
    if terms.worst_of(command.grade, state.grade) != state.grade:
        raise Refused(
            "Civil Servant Law 96",
            f"复核不得加重：等次不得低于原定的“{label('grade', state.grade, policy)}”，请改填",
            f"a review never aggravates: the grade cannot be worse than {state.grade!r}; give that or a better one",
            field="grade",
            status=422,
        )
    assert state.proposal, "what is graded was proposed"
    reviewed = GradeReviewed(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        before=state.grade,
        grade=command.grade,
        decided_by=command.decided_by,
    )
    is_better = command.grade != state.grade
    after = state.but(grade=command.grade, answer_until=None).counting("answer_until")
    return Change(after, (reviewed, _told(state, state.proposal, command)) if is_better else (reviewed,))


def withdraw_input(state: Assessment | None, command: WithdrawInput, policy: Policy, today: date) -> Change:
    """Take back a report or ballot that was a mistake: it is awaited again. Refused if something depends on it."""
    require_body(command.body, "organisation", "3.8")
    state = state and addressed(state, command)
    channel, is_ballot = command.channel, command.channel == "ballot"
    if state is None or not (state.ballot if is_ballot else channel in state.reports):
        raise Refused(
            "3.8",
            f"村 {command.village} {command.year} 年度没有录入{CHANNELS[channel]}，无可撤销",
            f"the assessment of {command.year} in village {command.village} has no {channel!r} to withdraw",
            field="channel",
            status=404,
        )
    if state.proposal or (channel == "oral_report" and state.ballot):
        rests = (
            ("已拟定等次", "a grade is proposed")
            if state.proposal
            else ("测评以口头述职为前提", "a ballot was held on it")
        )
        raise Refused(
            "3.8",
            f"{rests[0]}，不能撤销{CHANNELS[channel]}",
            f"{channel!r} cannot be withdrawn: {rests[1]}",
            field="channel",
        )
    rest = state.but(ballot=None) if is_ballot else state.but(reports=state.reports - {channel})
    withdrawn = InputWithdrawn(
        place=state.place,
        village=state.village,
        year=state.year,
        channel=channel,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(rest.timed(propose=None), (withdrawn,))


def withdraw_grade(state: Assessment | None, command: WithdrawGrade, policy: Policy, today: date) -> Change:
    """Take back a grade that was entered by mistake: it is decided anew. Refused if an outcome was decided by it."""
    require_body(command.body, "organisation", "2.15")
    state = state and addressed(state, command)
    if state is None or not state.grade:
        raise Refused(
            "2.15",
            f"村 {command.village} {command.year} 年度尚未评定考核等次，无可撤销",
            f"there is no grade of {command.year} in village {command.village} to withdraw",
            field="year",
            status=404,
        )
    if state.decided:
        rests = sorted(state.decided)
        raise Refused(
            "2.15",
            f"已据此作出{said('outcome', rests, policy)}的决定，考核等次不能撤销；"
            "请先撤销该决定，或者由当事人依法申请复核、提出申诉",
            f"it cannot be withdrawn: {', '.join(rests)} was decided on it; withdraw that decision first, or contest "
            "it by a review",
            field="year",
        )
    withdrawn = GradeWithdrawn(
        place=state.place,
        village=state.village,
        year=state.year,
        unit=state.unit,
        leader=state.leader,
        grade=state.grade,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    state = state.but(grade="", review_until=None, answer_until=None)
    state = state.counting("review_until").counting("answer_until")
    return Change(_to_be_graded(state, policy, today), (withdrawn,))


def _to_be_graded(state: Assessment, policy: Policy, since: date) -> Assessment:
    """The assessment with the last day for deciding its grade, which the pack counts from `since`."""
    within = policy.assessment.grade_by
    state = state.but(grade_by=within.due(since, policy.calendar))
    return state.counting("grade_by", since=since, span=within.span)


def _of(state: Assessment | None, village: str, year: int, place: str) -> Assessment:
    return state or Assessment(id=f"{village}/{year}", place=place)


def _awaiting(state: Assessment | None, channel: str, village: str, year: int, policy: Policy) -> Assessment:
    """The assessment. Raises Refused unless it is open and still awaits this channel."""
    if state is None or state.is_dropped or channel not in state.missing:
        opens = policy.assessment.opens.of(year)
        raise Refused(
            "3.8",
            f"现在不需报送村 {village} {year} 年度的{CHANNELS[channel]}：考核尚未启动（{opens}启动）、本地不要求，"
            "或者已经报送",
            f"the assessment of {year} in village {village} does not await {channel!r}: it opens on {opens}, "
            "the pack does not ask for it, or it is in already",
        )
    return state


def _why_capped(state: Assessment, terms: Terms, policy: Policy) -> str:
    """The facts behind the caps that limit the grade, in words for a refusal."""
    assert state.proposal
    return said("caps", sorted({cap.figure for cap in terms.caps if cap.grade == state.proposal.ceiling}), policy)


def _terms(policy: Policy, year: int) -> Terms:
    said = policy.assessment
    owed = (days for c in policy.commitments for days in c.reconciliations(year, policy.calendar).items())
    reconciled_by = (within.after(on, policy.calendar) for on, within in owed)
    return Terms(
        weights={i.channel: i.weight for i in said.inputs},
        grades=tuple(Step(grade.name, grade.at_least) for grade in said.grades),
        caps=said.caps,
        grounds=said.grounds,
        ballot_quorum=said.ballot_quorum,
        audiences=tuple(said.report_audiences),
        review=said.review,
        facts_until=max([date(year, 12, 31), *reconciled_by]),
    )


def _terms_of(state: Assessment, policy: Policy) -> Terms:
    """The terms of an assessment. One that an earlier version opened has none, so it goes by the pack in force."""
    return state.terms if state.terms.grades else _terms(policy, state.year)


def _timed(state: Assessment, today: date) -> Assessment:
    """Set the timer for the proposal: the day after everything is in, but not before the year's facts are complete.

    They are complete when the year is over, and with it the last unannounced visits, and when the time for its last
    reconciliation is over too.
    """
    if state.status != "complete":
        return state
    return state.timed(propose=max(state.terms.facts_until, today) + timedelta(1))
