"""What comes into a team's assessment, and is taken back (2.15, 3.8): visits, ledger items, reports, the ballot."""

from collections.abc import Iterable, Mapping
from datetime import date

from services.inspection.model.assessment import Assessment, Ballot, terms_now, terms_of
from services.inspection.model.commands import (
    DeliverReport,
    HoldBallot,
    VoidInput,
    WithdrawInput,
)
from services.inspection.model.facts import Share, told
from services.inspection.model.supervision import Supervision
from shared.calendar import DAY
from shared.contracts.dispatch import CommitmentReconciled, CommitmentSettled
from shared.contracts.inspection import (
    AssessmentDropped,
    AssessmentOpened,
    BallotHeld,
    InputVoided,
    InputWithdrawn,
    ReportDelivered,
    VisitMade,
    VisitWithdrawn,
)
from shared.contracts.registry import VillageMerged, VillageRecoded
from shared.divisions import place_of
from shared.labels import label
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, addressed, require_body


def open_inputs(state: Assessment | None, event: AssessmentOpened, policy: Policy, today: date) -> Change:
    """The assessment is opened: from now on reports and the ballot are awaited. One that goes on after a void was taken
    back keeps its terms."""
    if state and state.unit:
        return Change(_timed(state.but(is_dropped=False), today))
    assessment = _of(state, event.village, event.year, event.place)
    opened = assessment.but(
        place=event.place,
        unit=event.unit,
        leader=event.leader,
        inputs=event.inputs,
        terms=terms_now(policy, event.year),
        four_eyes=bool(policy.assessment.four_eyes),
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
    return Change(_timed(state.but(absences=state.absences - {event.campaign}, scores=scores), today))


def note_items(
    state: Assessment | None, event: CommitmentReconciled | CommitmentSettled, policy: Policy, today: date
) -> Change:
    """How many of the year's ledger items are open (mechanism 2.4)."""
    still_open = event.open if isinstance(event, CommitmentReconciled) else event.carried
    state = _of(state, event.village, int(event.period), event.place)
    if state.open_items.get(event.kind) == still_open:
        return Change(state)
    return Change(state.but(open_items={**state.open_items, event.kind: still_open}))


def note_share(state: Assessment | None, event: Share, policy: Policy, today: date) -> Change:
    """The share of a ledger that is done, or the days in the village in a month, where the pack scores them."""
    scored = {one.channel for one in policy.assessment.inputs} | {*(state.terms.weights if state else ())}
    for fact in told(event, policy):
        channel = fact.source.rpartition("/")[2]
        if channel in scored and not (state and state.proposal):
            state = _of(state, event.village, fact.year, event.place)
            known = fact.into(state.scores.get(channel, {}))
            of_channel = {key: score for key, score in known.items() if score is not None}
            others = {other: scores for other, scores in state.scores.items() if other != channel}
            state = state.but(scores={**others, channel: of_channel} if of_channel else others)
    return Change(state)


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
        audiences=terms_of(assessment, policy).audiences if command.form == "written" else ("village",),
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
    quorum = terms_of(assessment, policy).ballot_quorum
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


def void_input(state: Assessment | None, command: VoidInput, policy: Policy, today: date) -> Change:
    """The deciding body declares that a channel cannot come in, so that the other weights are scaled up.

    If nothing is left that could be scored, the year is not graded.
    """
    require_body(command.body, "organisation", "3.8")
    state = state and addressed(state, command)
    channel = command.channel
    if state is not None and channel in state.void:
        return Change(state)
    one = _awaiting(state, channel, command.village, command.year, policy)
    voided = one.but(void=one.void | {channel})
    told = InputVoided(
        place=one.place,
        village=one.village,
        year=one.year,
        channel=channel,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    if voided.can_be_scored:
        return Change(_timed(voided, today), (told,))
    dropped = AssessmentDropped(place=one.place, village=one.village, year=one.year)
    return Change(voided.but(is_dropped=True).timed(propose=None), (told, dropped))


def team_of(state: Assessment | None, command: WithdrawInput) -> Iterable[Key]:
    """If the year was ended: the village's supervision. Without a team the year cannot go on."""
    if state and state.is_dropped:
        yield Supervision, state.village


def withdraw_input(
    state: Assessment | None,
    command: WithdrawInput,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Take back a report, a ballot or a void that was a mistake: the channel is awaited again. Refused if something
    depends on it. A year that ended because nothing was left to be scored goes on, and is told as opened again."""
    require_body(command.body, "organisation", "3.8")
    state = state and addressed(state, command)
    channel, is_ballot = command.channel, command.channel == "ballot"
    name = label("channel", channel, policy)
    if state is None or not (channel in state.reports | state.void or (is_ballot and state.ballot)):
        raise Refused(
            "3.8",
            f"村 {command.village} {command.year} 年度没有录入{name}，也没有作废，无可撤销",
            f"the assessment of {command.year} in village {command.village} has no {channel!r} to withdraw",
            field="channel",
            status=404,
        )
    has_team = all(isinstance(one, Supervision) and one.unit for one in others.values())
    if state.is_dropped and (state.can_be_scored or not has_team):
        raise Refused(
            "3.8",
            f"村 {state.village} 已没有工作队，{state.year} 年度考核已终止，不能恢复",
            f"village {state.village} has no team any more, so that the assessment of {state.year} cannot go on",
            field="channel",
        )
    if state.proposal or (channel == "oral_report" and state.ballot):
        rests = (
            ("已拟定等次", "a grade is proposed")
            if state.proposal
            else ("测评以口头述职为前提", "a ballot was held on it")
        )
        raise Refused(
            "3.8",
            f"{rests[0]}，不能撤销{name}",
            f"{channel!r} cannot be withdrawn: {rests[1]}",
            field="channel",
        )
    rest = state.but(
        ballot=None if is_ballot else state.ballot, reports=state.reports - {channel}, void=state.void - {channel}
    )
    withdrawn = InputWithdrawn(
        place=state.place,
        village=state.village,
        year=state.year,
        channel=channel,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    if not (state.is_dropped and rest.can_be_scored):
        return Change(_timed(rest, today), (withdrawn,))
    opened = AssessmentOpened(
        place=rest.place, village=rest.village, year=rest.year, unit=rest.unit, leader=rest.leader, inputs=rest.inputs
    )
    return Change(rest, (withdrawn, opened))


def drop(state: Assessment | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """Drop the assessment of a merged village: nobody can report or vote there. A proposed grade is still decided."""
    if state is None or state.proposal or state.is_dropped or not state.unit:
        return Change(state)
    dropped = AssessmentDropped(place=state.place, village=state.village, year=state.year)
    return Change(state.but(is_dropped=True).timed(propose=None), (dropped,))


def recode(year: int, state: Assessment | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """Note the village's new division in the assessment `year` years after the one of the code.

    If there is no such state yet, it is made. Otherwise the first event about that year's ledger would make it, and
    that event may still name the old division.
    """
    return Change(_of(state, event.village, event.since.year + year, event.place).but(place=place_of(event.code)))


def _of(state: Assessment | None, village: str, year: int, place: str) -> Assessment:
    return state or Assessment(id=f"{village}/{year}", place=place)


def _awaiting(state: Assessment | None, channel: str, village: str, year: int, policy: Policy) -> Assessment:
    """The assessment. Raises Refused unless it is open and still awaits this channel."""
    if state is None or state.is_dropped or channel not in state.missing:
        opens, name = policy.assessment.opens.of(year), label("channel", channel, policy)
        raise Refused(
            "3.8",
            f"现在不需报送村 {village} {year} 年度的{name}：考核尚未启动（{opens}启动）、本地不要求，或者已经报送",
            f"the assessment of {year} in village {village} does not await {channel!r}: it opens on {opens}, "
            "the pack does not ask for it, or it is in already",
        )
    return state


def _timed(state: Assessment, today: date) -> Assessment:
    """Set the timer for the proposal: the day after everything is in, but not before the year's facts are complete.

    They are complete when the year with its last unannounced visits is over, and the time for its last reconciliation,
    too. The deciding body is then asked to declare void what is still missing.
    """
    if state.status not in ("open", "complete"):
        return state
    over = max(state.terms.facts_until, date(state.year, 12, 31))
    if not state.missing:
        return state.timed(propose=max(over, today) + DAY)
    is_overdue = state.is_overdue or today > over
    return state.but(is_overdue=is_overdue).timed(propose=None if is_overdue else over + DAY)
