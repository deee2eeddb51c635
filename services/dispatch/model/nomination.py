"""The sending unit nominates who goes, and the organisation department reviews it, before the assignment (5.13). Where
the pack says so, a later replacement is reviewed too; `members` has the rules for that.

The matching only proposes a team. Where the pack asks for it, the unit answers with its own, by the same rules, and the
department approves it or sends it back with the reason. If people choose another team meanwhile, it must be nominated
anew; if a member is replaced, the team must be reviewed anew.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from services.dispatch.model.choice import may_choose, require_match, weigh
from services.dispatch.model.commands import NominateTeam, ReviewNomination
from services.dispatch.model.link import Awaited, Link, Vacancy, id_of
from services.dispatch.model.pool import Pool, Squad, relatives
from shared.contracts.dispatch import NominationReviewed, ReplacementNominated, ReplacementReviewed, TeamNominated
from shared.policy import Policy
from shared.policy.team import Nomination
from shared.rules import Change, Key, Refused, State, addressed, require_body

Others = Mapping[Key, State | None]
_RULE = "5.13"


def to_nominate(state: Link, policy: Policy, today: date, refused: str = "") -> Link:
    """The matched link with a last day for the unit's nomination; a team that is there already is not nominated."""
    terms = policy.team.nomination
    if terms is None or state.since:
        return state.but(nominate_by=None, review_by=None, refused="")
    nominate_by = terms.nominate_by.due(today, policy.calendar)
    state = state.but(nominate_by=nominate_by, review_by=None, refused=refused)
    return state.counting("nominate_by", since=today, span=terms.nominate_by.within)


def to_review(state: Link, policy: Policy, today: date) -> Link:
    """The matched link with a last day for the review of the team that the unit sends."""
    terms = policy.team.nomination
    if terms is None or state.since:
        return state
    review_by = terms.review_by.due(today, policy.calendar)
    state = state.but(nominate_by=None, review_by=review_by, refused="")
    return state.counting("review_by", since=today, span=terms.review_by.within)


def _terms(policy: Policy) -> Nomination:
    if policy.team.nomination is None:
        zh, en = "本地规定不要求派出单位推荐，可直接派驻", "the pack asks for no nomination; the team can be assigned"
        raise Refused(_RULE, zh, en)
    return policy.team.nomination


def asked_about(_asked: Pool | None, command: NominateTeam) -> Iterable[Key]:
    """The keys of what a nomination needs to see: the village's link, the pools around, and the unit's cadres."""
    return (Link, id_of(command.village)), *relatives(command), (Squad, command.unit)


def nominate(pool: Pool | None, command: NominateTeam, policy: Policy, today: date, others: Others) -> Change:
    """The unit names who goes. The rules for a team hold; until the review it may name others."""
    terms = _terms(policy)
    require_body(command.body, "unit", terms.rule)
    pool, team = may_choose(pool, command, policy, others)
    link = others[Link, id_of(command.village)]
    if command.unit != team.unit:
        raise Refused(
            terms.rule,
            f"该村的帮扶单位是{team.unit}，不是{command.unit}，请由该单位推荐",
            f"the village is matched with {team.unit}, not with {command.unit}; that unit nominates",
            field="unit",
            status=422,
        )
    if isinstance(link, Link) and not link.nominate_by and not link.review_by:
        raise Refused(
            terms.rule,
            "人选已审核同意，如需调整，请先由组织部门退回",
            "the nomination is approved; for another one the organisation department sends it back first",
        )
    chosen = require_match(weigh(pool, command.village, command.unit, command.team, policy, today, others), "team")
    is_known = isinstance(link, Link) and link.review_by and {m.cadre: m.role for m in chosen.team} == team.members
    told = TeamNominated(
        place=team.place,
        village=command.village,
        unit=command.unit,
        team=chosen.team,
        nominated_by=command.nominated_by,
    )
    return Change(pool, () if is_known else (told,))


def note(state: Link | None, event: TeamNominated, policy: Policy, today: date) -> Change:
    """The unit nominated its team. It waits for the review."""
    return Change(state and to_review(state.but(team=event.team, vacancies={}, reviews={}), policy, today))


def await_review(state: Link | None, event: ReplacementNominated, policy: Policy, today: date) -> Change:
    """The unit nominated who replaces a member. It waits for the review."""
    terms = policy.team.nomination
    if state is None or terms is None:
        return Change(state)
    awaited = Awaited(event.cadre, event.role, terms.review_by.due(today, policy.calendar))
    state = state.but(reviews={**state.reviews, event.left: awaited})
    return Change(state.counting("reviews", event.left, "due", since=today, span=terms.review_by.within))


def reviewed(state: Link | None, event: ReplacementReviewed, policy: Policy, today: date) -> Change:
    """The nomination was reviewed. If it was sent back, the unit has the pack's time anew for another one."""
    if state is None:
        return Change(state)
    state = state.but(reviews={left: one for left, one in state.reviews.items() if left != event.left})
    vacancy = state.vacancies.get(event.left)
    if event.approved or vacancy is None:
        return Change(state)
    due = max(vacancy.due, policy.team.replace_by.due(today, policy.calendar))
    state = state.but(vacancies={**state.vacancies, event.left: Vacancy(vacancy.role, due)})
    return Change(state.counting("vacancies", event.left, "due", since=today, span=policy.team.replace_by.within))


def review(state: Link | None, command: ReviewNomination, policy: Policy, today: date) -> Change:
    """Approve a nomination, or send it back to the unit with the reason. What was approved can still be sent back until
    the assignment."""
    terms = _terms(policy)
    require_body(command.body, "organisation", terms.rule)
    state = addressed(state, command)
    if state.stage != "matched" or state.nominate_by:
        raise Refused(
            terms.rule,
            "该村没有待审核的推荐人选，请等派出单位推荐后再办理"
            if state.nominate_by
            else "该村目前没有待派驻的工作队，不需审核",
            "there is no nomination to review: the unit has not nominated yet, or no team is to be assigned here",
        )
    told = NominationReviewed(
        place=state.place,
        village=state.village,
        unit=state.unit,
        approved=command.approved,
        reason=None if command.approved else command.reason,
        decided_by=command.decided_by,
    )
    if command.approved:
        return Change(state.but(review_by=None), (told,)) if state.review_by else Change(state)
    if not command.reason:
        zh, en = "退回的应写明理由，请填写", "say in `reason` why it is sent back"
        raise Refused(terms.rule, zh, en, field="reason", status=422)
    return Change(to_nominate(state, policy, today, command.reason), (told,))
