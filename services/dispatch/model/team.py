"""The life of a village's team: matched, assigned, left and completed, extended, kept, and sent home."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.dispatch.model.commands import AdjustTeam, AssignTeam, TakeOver, WithdrawAssignment
from services.dispatch.model.link import OUT, Link, Vacancy, id_of
from services.dispatch.model.nomination import to_nominate, to_review
from services.dispatch.model.owed import Commitments
from services.dispatch.model.pool import Pool, relatives, without
from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    CommitmentSettled,
    CommitmentWithdrawn,
    ExtensionWithdrawn,
    HelpBegun,
    MatchWithdrawn,
    Member,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    TeamAssigned,
    TeamChosen,
    TeamDisbanded,
    TeamKept,
    TeamReleased,
    TermEnded,
    TermExtended,
    VillageMatched,
)
from shared.contracts.incentives import AppealDecided, DecisionWithdrawn, OutcomeDecided
from shared.contracts.registry import (
    DiagnosisWithdrawn,
    VillageDelisted,
    VillageDiagnosed,
    VillageMerged,
    VillageRelapsed,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.labels import said
from shared.policy import Policy
from shared.rules import Change, Due, Key, Refused, State, addressed, known, require_body

_NOT_NOMINATED: Mapping[str, Any] = {"nominate_by": None, "review_by": None, "refused": ""}
Others = Mapping[Key, State | None]


def diagnose(state: Link | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village waits for a unit. If a team is still there, after a relapse or for a list, the village is
    matched with that team again."""
    state = state or Link(id=id_of(event.village), place=event.place, stage="released", spell=0)
    if not state.awaits_diagnosis(event.spell):
        return Change(state)
    goes_on = state.stage not in ("released", "diagnosed")
    state = state.but(stage="diagnosed", spell=event.spell, by_lists=False, problem_class=event.problem_class)
    state = state.timed(term=None)
    return Change(state, (kept_team(state, event.problem_class),) if goes_on else ())


def kept_team(state: Link, problem_class: str) -> VillageMatched:
    """The match with the unit and team that are there already."""
    return VillageMatched(
        place=state.place,
        village=state.village,
        matching=f"kept/{state.village}/{state.spell}",
        unit=state.unit,
        team=state.team,
        score=0,  # No units were compared: help goes on after the exit (摘帽不摘帮扶).
        problem_class=problem_class,
        reasons=("kept_team",),
    )


def match(state: Link | None, event: VillageMatched, policy: Policy, today: date) -> Change:
    """Unit and team were found. The organisation department is to assign them."""
    if state is None or state.stage != "diagnosed":
        return Change(state)
    assign_by = policy.team.assign_by.due(today, policy.calendar)
    matched = state.but(stage="matched", unit=event.unit, team=event.team, assign_by=assign_by)
    matched = to_nominate(matched, policy, today)
    return Change(matched.counting("assign_by", since=today, span=policy.team.assign_by.within))


def choose(state: Link | None, event: TeamChosen, policy: Policy, today: date) -> Change:
    """Another unit or other cadres were chosen, whom the unit is to nominate. The last day for the assignment stays."""
    state = known(state, "村", "the village", event.village)
    return Change(to_nominate(state.but(unit=event.unit, team=event.team, vacancies={}, reviews={}), policy, today))


def unmatch(state: Link | None, event: MatchWithdrawn, policy: Policy, today: date) -> Change:
    """The match was taken back, and the village waits for a unit again."""
    state = known(state, "村", "the village", event.village)
    return Change(
        state.but(stage="diagnosed", unit="", team=(), vacancies={}, reviews={}, assign_by=None, **_NOT_NOMINATED)
    )


def owed_there(_state: Link | None, message: AssignTeam | WithdrawAssignment | VillageDelisted) -> Iterable[Key]:
    """The key of what is owed in the village, so that the rule can read it."""
    return ((Commitments, message.village),)


def _owed(others: Others, village: str) -> Commitments:
    """What is owed in a village. Before its first diagnosis that is nothing."""
    owed = others[Commitments, village]
    return owed if isinstance(owed, Commitments) else Commitments(id=village, place="")


def assign(state: Link | None, command: AssignTeam, policy: Policy, today: date, others: Others) -> Change:
    """The term begins. The team must be complete, and nothing from an earlier spell on the list may be unsettled.

    How long a term lasts is the pack's (5.7). The national opinion of 2017 on resident teams asks for two years at
    least, Liaoning's for three.
    """
    require_body(command.body, "organisation", "3.2")
    state = addressed(state, command)
    if state.stage in ("assigned", "helped"):
        return Change(state)
    if state.stage != "matched":
        raise Refused(
            "3.2",
            "该村尚未确定帮扶单位，请先生成选派建议方案",
            "the village is not matched with a unit; solve a matching first",
        )
    if policy.team.nomination and (state.nominate_by or state.review_by):
        raise Refused(
            "5.13",
            "人选须先由派出单位推荐、组织部门审核同意，请先办理推荐和审核",
            "the unit nominates the team and the department reviews it before the assignment; do that first",
        )
    if state.vacancies:
        raise Refused(
            "2.20",
            f"队员{'、'.join(state.vacancies)}离队后尚未补派，请先补派",
            f"the team is incomplete: {', '.join(state.vacancies)} left it; replace the member first",
        )
    if unsettled := _owed(others, state.village).unsettled:
        ledgers = [owed.key for owed in unsettled]
        raise Refused(
            "2.4",
            f"上一轮帮扶的{said('owed', ledgers, policy)}尚未销账，请先销账",
            f"{', '.join(ledgers)} of the earlier spell is not settled; settle it first",
        )
    return _begin(state, policy, today, command.assigned_by)


def _begin(state: Link, policy: Policy, start: date, assigned_by: str, extensions: int = 0) -> Change:
    """Begin a term on a day, which may be in the past: then the term may have been extended since."""
    term_end = policy.team.term.after(start, policy.calendar)
    if extensions and policy.team.extension is None:
        raise Refused(
            "3.11",
            "本地规定任期届满即轮换，不延长，请删去延长次数",
            "the pack extends no term; another team follows; leave `extensions` out",
            field="extensions",
            status=422,
        )
    for _ in range(extensions):
        assert policy.team.extension
        term_end = policy.team.extension.after(term_end, policy.calendar)
    state = state.but(
        stage="assigned",
        assign_by=None,
        **_NOT_NOMINATED,
        since=state.since or start,
        term_start=start,
        term_end=term_end,
        extension=extensions,
        prolonged={},
        unsettled=False,
    ).timed(term=term_end + DAY)
    assigned = TeamAssigned(
        place=state.place,
        village=state.village,
        unit=state.unit,
        spell=max(state.spell, 1),
        team=state.team,
        term_start=start,
        term_end=term_end,
        assigned_by=assigned_by,
    )
    return Change(state, (assigned,))


def take_over(state: Link | None, command: TakeOver, policy: Policy, today: date) -> Change:
    """Take over a team that was at work before the system was used. Its term began in the past."""
    state = addressed(state, command)
    same = state.unit == command.unit and set(state.team) == set(command.team)
    if same and (state.since, state.term_start) == (command.since, command.term_start) and state.stage in OUT:
        return Change(state)
    if state.stage != "matched" or not same:
        raise Refused(
            "3.2",
            f"该村已有单位{state.unit}的工作队，接续登记与之不符，请核对",
            f"the village has a team of {state.unit} already, which is not what is taken over; check it",
            field="unit",
        )
    if not command.since <= command.term_start <= today:
        raise Refused(
            "5.7",
            f"进村日期不得晚于本届任期的首日，任期首日不得晚于今天（{today}），请更正",
            f"`since` is not after `term_start`, and that not after today ({today}); correct them",
            field="term_start",
            status=422,
        )
    begun = _begin(state.but(since=command.since), policy, command.term_start, command.decided_by, command.extensions)
    assert isinstance(begun.state, Link) and begun.state.term_end
    if begun.state.term_end < today:
        raise Refused(
            "3.11",
            f"本届任期已于{begun.state.term_end}届满，而该村尚未出列，应已延长帮扶期限，请核对延长次数（“extensions”）",
            f"the term ended on {begun.state.term_end} and the village is still on the list; check `extensions`",
            field="extensions",
            status=422,
        )
    return begun


def withdraw_assignment(
    state: Link | None, command: WithdrawAssignment, policy: Policy, today: date, others: Others
) -> Change:
    """Take back an assignment that was a mistake. Refused once something depends on it."""
    require_body(command.body, "organisation", "3.2")
    state = addressed(state, command)
    if state.stage == "matched":
        return Change(state)
    if state.stage != "assigned":
        raise Refused("3.2", "该村没有可撤销的派驻", "there is no assignment here to take back")
    owed = _owed(others, state.village).owed
    if resting := [key for key, one in sorted(owed.items()) if one.set_on]:
        raise Refused(
            "3.2",
            f"已定账的{said('owed', resting, policy)}以该派驻为依据，请先撤回",
            f"{', '.join(resting)} rest on this assignment; withdraw them first",
        )
    withdrawn = AssignmentWithdrawn(
        place=state.place,
        village=state.village,
        unit=state.unit,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    state = state.but(
        stage="matched",
        assign_by=policy.team.assign_by.due(today, policy.calendar),
        since=None if state.since == state.term_start else state.since,
        term_start=None,
        term_end=None,
        extension=0,
    ).timed(term=None)
    return Change(state.counting("assign_by", since=today, span=policy.team.assign_by.within), (withdrawn,))


def help(state: Link | None, event: HelpBegun, policy: Policy, today: date) -> Change:
    """Help begins: everything is set that the pack asks for at the start."""
    state = known(state, "村", "the village", event.village)
    return Change(state.but(stage="helped"))


def lose_member(state: Link | None, event: MemberRecalled | MemberLeft, policy: Policy, today: date) -> Change:
    """A cadre has left the team, and the unit owes a replacement by the pack's day, if the team is too small (2.20)."""
    state = known(state, "村", "the village", event.village)
    vacancy = Vacancy(event.role, policy.team.replace_by.due(today, policy.calendar))
    team = tuple(member for member in state.team if member.cadre != event.cadre)
    left = _with_owed(state.but(team=team, vacancies={**state.vacancies, event.cadre: vacancy}), policy)
    if event.cadre not in left.vacancies:
        return Change(left)
    return Change(left.counting("vacancies", event.cadre, "due", since=today, span=policy.team.replace_by.within))


def gain_member(state: Link | None, event: MemberReplaced, policy: Policy, today: date) -> Change:
    """The replacement joins the team. If a member became leader, another member may be owed by the same day."""
    state = known(state, "村", "the village", event.village)
    before = next((member.role for member in state.team if member.cadre == event.cadre), None)
    others = (member for member in state.team if member.cadre != event.cadre)
    team = sorted((*others, Member(event.cadre, event.role)), key=lambda m: (m.role != "leader", m.cadre))
    vacancies = {cadre: vacancy for cadre, vacancy in state.vacancies.items() if cadre != event.recalled}
    reviews = without(state.reviews, event.recalled)
    if before:
        known_place = state.vacancies.get(event.recalled)
        due = known_place.due if known_place else policy.team.replace_by.due(today, policy.calendar)
        vacancies[event.recalled] = Vacancy(before, due)
    state = _with_owed(state.but(team=tuple(team), vacancies=vacancies, reviews=reviews), policy)
    return Change(to_review(state, policy, today) if state.stage == "matched" and not state.nominate_by else state)


def _with_owed(state: Link, policy: Policy) -> Link:
    """The link with those vacancies only that must be filled: all if the team is too small, else those of a role that
    too few have.

    If a team may have three to five members and one of five leaves, the unit owes no replacement. It may still send
    one, since the pool remembers the vacancy.
    """
    is_short = len(state.team) < policy.team.fewest
    have = Counter(member.role for member in state.team)
    short = {terms.role for terms in policy.team.roles if have[terms.role] < terms.at_least}
    owed = {cadre: one for cadre, one in state.vacancies.items() if is_short or one.role in short}
    return state.but(vacancies=owed)


def extend(state: Link, due: Due, policy: Policy, today: date) -> Change:
    """The term is over and the village is still on a list, so unit and team stay: 不脱贫不脱钩 (3.11, 2.13). Where the
    pack extends no term, another team follows.

    An exit removes this timer, so when the timer runs out the village is always still on a list.
    """
    if policy.team.extension is None:
        return _rotated(state, due)
    until = policy.team.extension.after(due.on - DAY, policy.calendar)
    extension = state.extension + 1
    extended = TermExtended(place=state.place, village=state.village, unit=state.unit, until=until, extension=extension)
    return Change(state.but(term_end=until, extension=extension, prolonged={}).timed(term=until + DAY), (extended,))


def prolong(state: Link | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A body decided that the unit stays longer, since it had not done what it owed (3.11). The longer time counts from
    the end of its term, or, after the exit, from the day on which its team would go home."""
    is_out = state is not None and state.stage in ("assigned", "helped", "kept") and state.unit == event.subject
    if state is None or not is_out or policy.team.extension is None or event.outcome in state.prolonged:
        return Change(state)
    longer, until = _prolonged(state, [*state.prolonged, event.outcome], policy)
    extended = TermExtended(
        place=state.place,
        village=state.village,
        unit=state.unit,
        until=until,
        extension=longer.extension,
        outcome=event.outcome,
    )
    return Change(longer, (extended,))


def shorten(state: Link | None, event: AppealDecided | DecisionWithdrawn, policy: Policy, today: date) -> Change:
    """The decision that the unit stays longer was overturned or withdrawn, so the unit stays only as long as it would
    have without it."""
    if state is None or event.outcome not in state.prolonged:
        return Change(state)
    shorter, until = _prolonged(state, [one for one in state.prolonged if one != event.outcome], policy)
    withdrawn = ExtensionWithdrawn(
        place=state.place, village=state.village, unit=state.unit, until=until, outcome=event.outcome
    )
    return Change(shorter, (withdrawn,))


def _prolonged(state: Link, outcomes: Iterable[str], policy: Policy) -> tuple[Link, date]:
    """The link with one extension for each of these outcomes and for no other one, and its last day."""
    prolonged = dict[str, date]()
    last = min(state.prolonged.values(), default=state.until or state.term_end)
    assert last, "a team that is out has a last day"
    for outcome in outcomes:
        prolonged[outcome] = last
        last = policy.team.extension.after(last, policy.calendar) if policy.team.extension else last
    extension = state.extension + len(prolonged) - len(state.prolonged)
    state = state.but(prolonged=prolonged, extension=extension)
    if state.until:
        return state.but(until=last).timed(kept=last + DAY), last
    return state.but(term_end=last).timed(term=last + DAY), last


def ask_adjustment(state: Link | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A body decided that the team is to be adjusted (2.20). The organisation department says by the pack's day for
    replacements who leaves it."""
    if state is None or state.stage not in OUT or event.outcome in state.adjustments:
        return Change(state)
    adjust_by = policy.team.replace_by
    state = state.but(adjustments={**state.adjustments, event.outcome: adjust_by.due(today, policy.calendar)})
    return Change(state.counting("adjustments", event.outcome, since=today, span=adjust_by.within))


def drop_adjustment(
    state: Link | None, message: AppealDecided | DecisionWithdrawn | AdjustTeam, policy: Policy, today: date
) -> Change:
    """The adjustment was made, or the decision on it was overturned or withdrawn. Whoever left by then is not put
    back."""
    return Change(state and state.but(adjustments=without(state.adjustments, message.outcome)))


def _rotated(state: Link, due: Due) -> Change:
    """The pack extends no term: the team goes home, and the village needs another one (到期轮换)."""
    assert state.term_end, "the timer goes with its term"
    about = {"place": state.place, "village": state.village, "unit": state.unit}
    ended = TermEnded(**about, team=state.team, until=state.term_end)
    rest = Link(
        id=state.id,
        place=state.place,
        stage="diagnosed",
        spell=state.spell,
        lists=state.lists,
        by_lists=state.by_lists,
        problem_class=state.problem_class,
    )
    return Change(rest, (ended, released(state, due.on)))


def keep(state: Link | None, event: VillageDelisted, policy: Policy, today: date, others: Others) -> Change:
    """The village left the list. Its team stays for the pack's transition, and until every ledger is settled.

    This is one of the “four no's” after an exit: help is not withdrawn with the label (摘帽不摘帮扶, 5.4). A village
    that was waiting for a unit needs none any more. While another list asks for the team, nothing changes.
    """
    if state and state.lists:
        return Change(state.but(by_lists=True))
    if state and state.stage == "diagnosed":
        return Change(state.but(stage="released"))
    if state is None or state.stage not in ("assigned", "helped"):
        return Change(state)
    return let_go(state, policy, today, others)


def let_go(state: Link, policy: Policy, today: date, others: Others) -> Change:
    """Nothing asks for the team any more: it stays for the pack's transition, and until every ledger is settled."""
    until = policy.team.keep_after_exit.after(today, policy.calendar)
    kept = TeamKept(place=state.place, village=state.village, unit=state.unit, until=until)
    state = state.but(stage="kept", until=until, prolonged={}, unsettled=bool(_owed(others, state.village).unsettled))
    return Change(state.timed(term=None, kept=until + DAY), (kept,))


def stay(state: Link | None, event: VillageRelapsed, policy: Policy, today: date) -> Change:
    """The village relapsed while its team was still there. The team stays until the next exit (2.13)."""
    if state is None or state.stage != "kept":
        return Change(state)
    return Change(state.but(stage="relapsed", until=None, prolonged={}).timed(kept=None))


def go_home(state: Link, due: Due, policy: Policy, today: date) -> Change:
    """The transition after the exit is over. With an unsettled ledger the team stays until `note_settled`."""
    return Change(state) if state.unsettled else _gone_home(state, due.on)


def note_settled(state: Link | None, event: CommitmentSettled, policy: Policy, today: date) -> Change:
    """The last ledger from before the exit is settled. If the transition is over too, the team goes home."""
    state = known(state, "村", "the village", event.village).but(unsettled=False)
    is_over = state.until is not None and state.until < today
    return _gone_home(state, today) if is_over else Change(state)


def note_unsettled(state: Link | None, event: CommitmentWithdrawn, policy: Policy, today: date) -> Change:
    """A settlement was taken back. After the exit the team cannot go home until it is made again."""
    if state is None or state.stage in ("assigned", "helped"):
        return Change(state)
    return Change(state.but(unsettled=True))


_GROUNDS: Mapping[type[Event], str] = {
    VillageUnlisted: "unlisted",
    VillageWithdrawn: "withdrawn",
    DiagnosisWithdrawn: "undiagnosed",
}


def end(
    state: Link | None,
    event: VillageUnlisted | VillageWithdrawn | DiagnosisWithdrawn,
    policy: Policy,
    today: date,
) -> Change:
    """The listing, registration or diagnosis was a mistake. The team goes home without an exit, unless another list
    asks for it."""
    if state is None:
        return Change(state)
    before = 0 if isinstance(event, VillageWithdrawn) else event.spell - 1
    if state.goes_on_after(event):
        return Change(state.but(spell=before, by_lists=True))
    rest = Link(id=state.id, place=state.place, stage="released", spell=before)
    return Change(rest, disbanded(state, _GROUNDS[type(event)]) if state.unit else ())


def disbanded(state: Link, ground: str) -> tuple[TeamDisbanded, ...]:
    """The event that the team goes home without an exit."""
    told = TeamDisbanded(
        place=state.place,
        village=state.village,
        unit=state.unit,
        spell=state.spell,
        team=state.team,
        ground=ground,
    )
    return (told,)


def merging(_state: Link | None, event: VillageMerged) -> Iterable[Key]:
    """The keys that the rules of a merger read: both villages' links, and the pools, which know the problem class of a
    village in need."""
    yield from ((Link, id_of(event.village)), (Link, id_of(event.into)))
    yield from relatives(event)


def absorb(state: Link | None, event: VillageMerged, policy: Policy, today: date, others: Others) -> Change:
    """After a merger the remaining village takes the other one's team if it has none of its own."""
    other = others[Link, id_of(event.village)]
    if not isinstance(other, Link):
        return Change(state)
    state = state or Link(id=id_of(event.into), place=event.into_place, stage="released", spell=0)
    if other.stage not in OUT or state.stage not in ("released", "diagnosed"):
        return Change(state)
    state = state.but(
        unit=other.unit,
        team=other.team,
        since=other.since,
        vacancies=other.vacancies,
        reviews=other.reviews,
        adjustments=other.adjustments,
    )
    needs = (pool.needs.get(event.into) for pool in others.values() if isinstance(pool, Pool))
    need = next((need for need in needs if need), None)
    if state.stage == "diagnosed" and need:
        return Change(state, (kept_team(state, need.problem_class),))
    if other.stage == "kept" and other.until:
        return Change(state.but(stage="kept", until=other.until).timed(kept=other.until + DAY))
    return Change(state.but(stage="merged"))


def dissolve(state: Link | None, event: VillageMerged, policy: Policy, today: date, others: Others) -> Change:
    """The village that ended has no team any more: the remaining village took it, or it is sent home."""
    if state is None:
        return Change(state)
    successor = others[Link, id_of(event.into)]
    goes_over = isinstance(successor, Link) and successor.unit == state.unit
    rest = Link(id=state.id, place=state.place, stage="released", spell=state.spell)
    return Change(rest, () if goes_over or not state.unit else disbanded(state, "merged"))


def _gone_home(state: Link, on: date) -> Change:
    """The team goes home. The link keeps only the spell, by which the next diagnosis is recognised as a new one."""
    rest = Link(id=state.id, place=state.place, stage="released", spell=state.spell)
    return Change(rest, (released(state, on),))


def released(state: Link, on: date) -> TeamReleased:
    """The event that the team goes home on a day."""
    assert state.since, "a team that is out was assigned"
    return TeamReleased(
        place=state.place,
        village=state.village,
        unit=state.unit,
        spell=max(state.spell, 1),  # A village that was only on other lists counts as in its first spell.
        team=state.team,
        served_days=(on - state.since).days,
    )
