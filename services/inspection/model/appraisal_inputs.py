"""What comes into the assessment of a subject, and is taken back: reports, ballots, scores, results and facts."""

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import fmean

from services.inspection.model.appraisal import Appraisal
from services.inspection.model.cadre import Cadre
from services.inspection.model.cohort import Cohort, cohort_of
from services.inspection.model.commands import (
    AppraisalCommand,
    GiveBallot,
    GiveReport,
    GiveScores,
    VoidChannel,
    WithdrawAppraisalInput,
)
from services.inspection.model.facts import Source, told
from services.inspection.model.subjects import Subject, township_of
from services.inspection.model.supervision import Supervision
from shared.codes import Code
from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalInputGiven,
    AppraisalInputVoided,
    AppraisalInputWithdrawn,
    AppraisalOpened,
)
from shared.labels import label
from shared.policy import Policy
from shared.policy.appraisals import COMPOSED, TOWNSHIP, VILLAGE
from shared.policy.appraisals import Appraisal as Terms
from shared.policy.channels import CAMPAIGN, CHANCE, LEDGER, PRESENCE, Channel
from shared.rules import Change, Key, Refused, State, known, require_body

RULE = "0.10"


def own(message: AppraisalOpened | AppraisalDropped | AppraisalCommand, _policy: Policy) -> Iterable[str]:
    """The assessment that a message is about."""
    return (f"{message.kind}/{message.subject}/{message.year}",)


def composed(event: Source, policy: Policy, code: Code | None) -> Iterable[str]:
    """The assessments in which a result or fact counts: those of its village, and of its township (0.13, 1.7, 4.8)."""
    if not event.village or not policy.composing:
        return ()
    village = event.village
    return {
        f"{one.kind}/{village if one.of == VILLAGE else township_of(village, fact.year, code)}/{fact.year}": None
        for fact in told(event, policy)
        for one in policy.composing.get(fact.source, ())
    }


def opened(_state: Appraisal | None, event: AppraisalOpened) -> Iterable[Key]:
    """The subject, with the results and facts that it knows; the village's team; the party to which a party belongs."""
    if event.subject_kind == VILLAGE:
        yield Subject, f"village:{event.subject}"
        yield Supervision, event.subject
    elif event.subject_kind in COMPOSED:
        yield Subject, event.subject
    else:
        yield Subject, f"party:{event.subject}"
        if event.parent and event.parent.startswith("party:"):
            yield Subject, event.parent


def open_own(
    state: Appraisal | None, event: AppraisalOpened, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """The assessment is opened, with the terms of today's pack. One that goes on after a void was taken back keeps the
    terms that it had."""
    if state:
        return Change(state.but(is_dropped=False).timed_once_complete(today))
    terms = policy.appraisal(event.kind)
    if terms is None:
        return Change(state)
    (named, *_), above = opened(state, event), others.get((Subject, event.parent or ""))
    subject = others[named]
    known = subject.results if isinstance(subject, Subject) else {}
    has_team = any(isinstance(it, Supervision) and it.unit for it in others.values())
    one = Appraisal(
        id=f"{event.kind}/{event.subject}/{event.year}",
        place=event.place,
        terms=terms,
        subject_kind=event.subject_kind,
        tells_of_persons=event.personal,
        village=event.village or "",
        parent=event.parent or "",
        lies_in=above.within if isinstance(above, Subject) else "",
        cohort=cohort_of(terms, event.year, policy),
        results={of: known[key] for of in terms.sources if (key := f"{of}/{event.year}") in known},
        by_chance=by_chance(terms, policy, has_team=has_team),
        facts_until=facts_until(terms, event.year, policy),
    )
    return Change(one.timed_once_complete(today))


def drop(state: Appraisal | None, event: AppraisalDropped, policy: Policy, today: date) -> Change:
    """The subject is no more, or left its post."""
    return Change(state and state.but(is_dropped=True).timed(propose=None))


def take_result(state: Appraisal | None, event: Source, policy: Policy, today: date) -> Change:
    """Another assessment was opened, graded, taken back or dropped, or something else happened that counts here without
    being entered again (1.7, 2.5, 3.7, 4.8). A grade that is proposed already does not change any more."""
    if state is None or state.proposal:
        return Change(state)
    results = dict(state.results)
    for fact in told(event, policy):
        if fact.source in state.terms.sources and fact.year == state.year:
            results[fact.source] = fact.into(results.get(fact.source, {}))
    return Change(state.but(results=results).timed_once_complete(today))


def by_chance(terms: Terms, policy: Policy, *, has_team: bool) -> frozenset[str]:
    """The channels that count only if something came in: those of campaigns that visit only some villages, and, in a
    village without a team, those of everything that only a team brings."""
    of_township, drawn = terms.of == TOWNSHIP, {one.kind for one in policy.campaigns if not one.visits_each}
    return frozenset(
        one.channel
        for one in terms.channels
        if one.how in CHANCE and ((one.how == CAMPAIGN and one.of in drawn) or not (has_team or of_township))
    )


def facts_until(terms: Terms, year: int, policy: Policy) -> date:
    """The last day on which facts of a year can come in: the end of the time for the last reconciliation, and for
    counting the days of December, if the score has such channels."""
    last = date(year, 12, 31)
    days = [last]
    for one in terms.channels:
        commitment = policy.commitment(one.of or "") if one.how == LEDGER else None
        if commitment:
            days += [w.after(on, policy.calendar) for on, w in policy.reconciliations(commitment, year).items()]
        if one.how == PRESENCE and policy.presence:
            days.append(policy.presence.count_by.due(last, policy.calendar))
    return max(days)


# ------------------------------------------------------------------ what people enter


def give_report(state: Appraisal | None, command: GiveReport, policy: Policy, today: date) -> Change:
    """A duty report is in."""
    one, channel = _awaiting(state, command, command.channel, "report", policy)
    if channel.channel in one.reports:
        return Change(one)
    told = AppraisalInputGiven(place=one.place, **one.about, channel=channel.channel, given_by=command.given_by)
    return Change(one.but(reports=one.reports | {channel.channel}).timed_once_complete(today), (told,))


def give_ballot(state: Appraisal | None, command: GiveBallot, policy: Policy, today: date) -> Change:
    """A ballot was held. Refused without its quorum."""
    one, channel = _awaiting(state, command, command.channel, "ballot", policy)
    if not 0 <= command.satisfied <= command.present <= command.entitled or not command.present:
        raise Refused(
            RULE,
            "票数有误：满意票数不得多于到会人数，到会人数不得多于应到人数，且应当有人到会",
            "the figures do not fit: satisfied ≤ present ≤ entitled, and someone must be present",
            field="present",
            status=422,
        )
    quorum = one.terms.ballot_quorum
    if quorum and not quorum.holds(command.present / command.entitled):
        raise Refused(
            RULE,
            f"应到 {command.entitled} 人，到会 {command.present} 人，未达到规定人数（到会比例应当{quorum.said[0]}），"
            "测评无效；请重新召集，确实无法召集的由评定机关将这项来源作废",
            f"{command.present} of {command.entitled} were present, which is no quorum: {quorum.said[1]} of them must "
            "come; call the meeting again, or let the deciding body declare the channel void",
            field="present",
            status=422,
        )
    score = round(100 * command.satisfied / command.present, 2)
    return _scored(one, channel, score, command.present, command.given_by, today)


def members(_state: Appraisal | None, command: GiveScores) -> Iterable[Key]:
    """The members of a panel, who may be parties of the registry or cadres."""
    for mark in command.marks:
        yield Subject, f"party:{mark.member}"
        yield Cadre, mark.member


def give_scores(
    state: Appraisal | None, command: GiveScores, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A panel has scored. Refused if a member is assessed himself, belongs to the same village, or has ties to it."""
    one, channel = _awaiting(state, command, command.channel, "panel", policy)
    for mark in command.marks:
        if why := _related(mark.member, one, others):
            raise Refused(
                RULE,
                f"评议人 {mark.member} {why[0]}，应当回避，请去掉这一行",
                f"{mark.member} {why[1]} and must not score; leave that member out",
                field=f"marks.{mark.member}.member",
                status=422,
            )
    marks = {mark.member: mark.score for mark in command.marks}
    score = round(fmean(marks.values()), 2)
    if one.marks.get(channel.channel, marks) != marks:
        raise _given_otherwise()
    scored = one.but(marks={**one.marks, channel.channel: marks})
    return _scored(scored, channel, score, len(marks), command.given_by, today)


def _related(member: str, one: Appraisal, others: Mapping[Key, State | None]) -> tuple[str, str] | None:
    """Why somebody must not score a subject; None if nothing is known that forbids it."""
    if member == one.subject:
        return "就是被评价的人", "is assessed itself"
    party, cadre = others.get((Subject, f"party:{member}")), others.get((Cadre, member))
    if isinstance(party, Subject) and one.village and party.village == one.village:
        return "与被评价的对象同属一村", "belongs to the same village"
    if isinstance(cadre, Cadre) and one.village in cadre.ties:
        return "与该村有亲属或者籍贯关系", "has ties to the village"
    return None


def _scored(one: Appraisal, channel: Channel, score: float, members: int, given_by: str, today: date) -> Change:
    """The assessment with a channel's score. The same figures again change nothing."""
    if one.scores.get(channel.channel) == score:
        return Change(one)
    if channel.channel in one.scores:
        raise _given_otherwise()
    told = AppraisalInputGiven(
        place=one.place, **one.about, channel=channel.channel, score=score, members=members, given_by=given_by
    )
    scored = one.but(scores={**one.scores, channel.channel: score})
    return Change(scored.timed_once_complete(today), (told,))


def _given_otherwise() -> Refused:
    return Refused(
        RULE,
        "这项来源已经提交，且结果不同；确有错误的，请先由评定机关撤销",
        "this channel is in already, with another result; if that is wrong, let the deciding body withdraw it",
        field="channel",
    )


def void(state: Appraisal | None, command: VoidChannel, policy: Policy, today: date) -> Change:
    """The deciding body declares that a channel cannot come in, so that the other weights are scaled up.

    If nothing is left that could be scored: a channel that people enter is refused, since it can be held again; with a
    channel that comes in by itself the year ends without a grade.
    """
    one, channel = _of_channel(state, command, command.channel, policy)
    require_body(command.body, one.terms.decides, RULE)
    if channel.channel in one.void:
        return Change(one)
    rest = [other for other in one.channels if other != channel]
    if one.is_in(channel):
        raise Refused(
            RULE,
            "这项来源已经提交；确有错误的，请先撤销，再作废",
            "this channel is in already; withdraw it first, if it is wrong",
            field="channel",
        )
    voided = one.but(void=one.void | {channel.channel})
    if not voided.can_be_scored and not channel.source:
        raise Refused(
            RULE,
            "其余来源都不计分，作废后没有得分；请重新组织",
            "no other channel carries a score, so that nothing would be left to grade; hold it again",
            field="channel",
        )
    if channel.part and channel.part not in {other.part for other in rest}:
        raise Refused(
            "2.14",
            "这项来源是一个必备部分的唯一来源，不能作废；请补办",
            "it is the only channel of a mandatory part, which cannot be left out; make up for it",
            field="channel",
        )
    told = AppraisalInputVoided(
        place=one.place, **one.about, channel=channel.channel, reason=command.reason, decided_by=command.decided_by
    )
    if not voided.can_be_scored:
        ended = voided.but(is_unscored=True).timed(propose=None)
        return Change(ended, (told, AppraisalDropped(place=one.place, **one.about)))
    return Change(voided.timed_once_complete(today), (told,))


def around(state: Appraisal | None, _command: WithdrawAppraisalInput) -> Iterable[Key]:
    """If a void has ended the assessment: its subject and its cohort."""
    if state and state.is_unscored:  # Only villages and townships are assessed by what nobody enters.
        yield Subject, f"village:{state.subject}" if state.subject_kind == VILLAGE else state.subject
        if state.cohort:
            yield Cohort, state.cohort


def withdraw(
    state: Appraisal | None,
    command: WithdrawAppraisalInput,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Take back what came in by mistake, or was declared void by mistake: it is awaited again.

    A year that ended because nothing was left to be scored goes on, and is told as opened again, so that its cohort
    counts it again.
    """
    if state and state.is_unscored:
        state = state.but(is_dropped=False)
    one, channel = _of_channel(state, command, command.channel, policy)
    require_body(command.body, one.terms.decides, RULE)
    _require_can_go_on(others)
    code = channel.channel
    if code not in (*one.reports, *one.scores, *one.void):
        raise Refused(
            RULE,
            "这项来源没有录入，也没有作废，无可撤销",
            "this channel was neither given nor declared void, so that there is nothing to withdraw",
            field="channel",
            status=404,
        )
    told = AppraisalInputWithdrawn(
        place=one.place, **one.about, channel=code, reason=command.reason, decided_by=command.decided_by
    )
    rest = one.but(
        reports=one.reports - {code},
        scores={other: score for other, score in one.scores.items() if other != code},
        marks={other: marks for other, marks in one.marks.items() if other != code},
        void=one.void - {code},
        is_unscored=False,
    )
    if not one.is_unscored:
        return Change(rest.timed_once_complete(today), (told,))
    if not rest.can_be_scored:
        return Change(rest.but(is_unscored=True, is_dropped=True), (told,))
    inputs = tuple(one.channel for one in rest.terms.channels)
    return Change(rest.timed_once_complete(today), (told, AppraisalOpened(place=one.place, **one.about, inputs=inputs)))


def _require_can_go_on(others: Mapping[Key, State | None]) -> None:
    """Refuse to go on with an ended year if its subject is gone, or its cohort has been ranked without it."""
    zh = en = ""
    for other in others.values():
        if isinstance(other, Subject) and other.ended:
            zh, en = "对象已不在或者已离任，本年度考核评价不能恢复", "the subject is no more or left its post"
        elif isinstance(other, Cohort) and other.worst:
            zh, en = "同批对象已排名，请先撤销倒排", "the others were ranked without it; withdraw the ranking first"
    if zh:
        raise Refused(RULE, zh, f"the year cannot go on: {en}", field="channel")


def running(state: Appraisal | None, command: AppraisalCommand) -> Appraisal:
    """The assessment that a command names. Refuses if there is none, or it lies in another division."""
    one = known(
        state if state and state.terms else None, "本年度的考核评价", "the assessment of the year of", command.subject
    )
    if one.place != command.place:
        raise Refused(
            "identity",
            f"该考核评价属于区划 {one.place}，不属于 {command.place}，请改填",
            f"this assessment belongs to division {one.place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    return one


def _of_channel(
    state: Appraisal | None, command: AppraisalCommand, code: str, policy: Policy
) -> tuple[Appraisal, Channel]:
    """The assessment and its channel. Refuses unless it can still change."""
    one = running(state, command)
    if one.proposal or one.is_dropped:
        zh, en = ("已拟定等次", "a grade is proposed") if one.proposal else ("已终止", "it was dropped")
        raise Refused(RULE, f"本年度考核评价{zh}，不能再改动来源", f"its channels do not change any more: {en}")
    channel = one.terms.channel(code)
    if channel is None:
        names = [other.channel for other in one.terms.channels]
        raise Refused(
            RULE,
            f"没有{label('channel', code, policy)}这项来源，可填：{'、'.join(c.label for c in one.terms.channels)}",
            f"there is no channel {code!r}, only {', '.join(names)}",
            field="channel",
            status=422,
        )
    return one, channel


def _awaiting(
    state: Appraisal | None, command: GiveReport | GiveBallot | GiveScores, code: str, how: str, policy: Policy
) -> tuple[Appraisal, Channel]:
    """The assessment and the channel that a command gives. Refuses a channel of another kind, and one that is void."""
    one, channel = _of_channel(state, command, code, policy)
    if channel.how != how or channel.channel in one.void:
        zh, en = (
            ("不是这样提交的，请用相应的表", "does not come in this way; use its own form")
            if channel.how != how
            else ("已经作废；确有错误的，请先撤销作废", "was declared void; withdraw that first")
        )
        raise Refused(RULE, f"“{channel.label}”{zh}", f"{code!r} {en}", field="channel", status=422)
    enters = one.enters(channel)
    assert enters
    require_body(command.body, enters, RULE)
    return one, channel
