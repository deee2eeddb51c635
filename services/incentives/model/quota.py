"""How many rewards of a kind were given for a year, where the pack limits their number or share (2.15)."""

from collections.abc import Iterable
from datetime import date
from math import floor

from shared import chinese
from shared.contracts import short_type
from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided
from shared.contracts.inspection import AppraisalGraded, AppraisalWithdrawn, AssessmentGraded, GradeWithdrawn
from shared.divisions import place_of
from shared.policy import Outcome, Policy
from shared.rules import Change, Refused, State

Graded = AssessmentGraded | AppraisalGraded
Ungraded = GradeWithdrawn | AppraisalWithdrawn


class Quota(State, frozen=True, kw_only=True, omit_defaults=True):
    """The rewards of one kind for one year in the division whose pack limits them.

    Its id is `<division>/<kind of outcome>/<year>`.
    """

    kind = "quotas"
    personal = True
    readers = frozenset({"organisation"})
    known_as = ("表彰名额使用情况", "who was rewarded within a quota")

    given: tuple[str, ...] = ()
    """The rewards that were decided and not taken back, as `marked`."""
    graded: frozenset[str] = frozenset()
    """Who has a grade of the year, where the rewards are a share of them: villages of teams, or
    `<assessment>/<subject>`."""

    @property
    def status(self) -> str:
        """`used` while a reward of the year is given, else `unused`."""
        return "used" if self.given else "unused"


def of_decision(event: OutcomeDecided | DecisionWithdrawn, policy: Policy) -> Iterable[str]:
    """The quota from which a decision takes a reward, or to which a decision that was taken back returns it.

    It is found by the event, not by the command. The event lies in the village's county, whose pack has all outcomes
    that may be decided there. The command may lie in the city, whose pack does not have those of its counties.
    """
    if any(terms.kind == event.kind and terms.is_limited for terms in policy.outcomes):
        yield f"{policy.layer('outcomes', event.kind)}/{event.kind}/{event.outcome.rpartition('/')[2]}"


def marked(event: OutcomeDecided | DecisionWithdrawn) -> str:
    """How a reward is noted in a quota: by its outcome, and for a unit or its cadre by the subject as well.

    Such an outcome names only the village, which may have another leader when it is graded anew.
    """
    is_named = event.subject_kind == "team" or event.is_party
    return event.outcome if is_named else f"{event.subject}/{event.outcome}"


def use(quota: Quota | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A reward was decided. The decision is refused if none is left for the year.

    Which of those who are proposed gets it is the body's choice; the software ranks nobody (2.15).
    """
    if not event.imposed:
        return Change(quota)
    (id,) = of_decision(event, policy)
    quota = quota or Quota(id=id, place=place_of(id.partition("/")[0]))
    terms = next(terms for terms in policy.outcomes if terms.kind == event.kind)
    _require_left(quota, terms)
    return Change(quota.but(given=(*quota.given, marked(event))))


def _require_left(quota: Quota, terms: Outcome) -> None:
    """Refuse one reward more than the pack allows, in number or as a share of those who are graded by now."""
    if terms.quota is not None and len(quota.given) >= terms.quota:
        raise Refused(
            terms.clause,
            f"该年度的名额共{terms.quota}个，已用完；可不予采纳，或先撤回已作出的决定",
            f"there are {terms.quota} for that year, and all were given; drop this, or take another decision back",
            field="imposed",
        )
    share, graded = terms.quota_share, len(quota.graded)
    if share is not None and len(quota.given) >= (most := floor(share * graded + 1e-9)):
        raise Refused(
            terms.clause,
            f"该年度已评定等次的有{graded}个，最多给予其中的{chinese.percent(share)}，即{most}个，名额已满；"
            "可待其余对象评定后再决定，也可不予采纳，或先撤回已作出的决定",
            f"{graded} have a grade of that year, and {chinese.percent(share)} of them at most may get it, which are "
            f"{most}; wait until others are graded, drop this, or take another decision back",
            field="imposed",
        )


def of_grade(event: Graded | Ungraded, policy: Policy) -> Iterable[str]:
    """The quota that is a share of those who are graded in this assessment. A pack has at most one for each assessment
    of teams or of village cadres."""
    kind = getattr(event, "kind", None)  # A team's assessment has none.
    if getattr(event, "subject_kind", "village_cadre") != "village_cadre":
        return
    trigger = short_type((AppraisalGraded if kind else AssessmentGraded).type)
    for terms in policy.outcomes:
        if terms.quota_share and terms.on == trigger and terms.follows_from(kind):
            yield f"{policy.layer('outcomes', terms.kind)}/{terms.kind}/{event.year}"


def _who(event: Graded | Ungraded) -> str:
    return f"{event.kind}/{event.subject}" if isinstance(event, AppraisalGraded | AppraisalWithdrawn) else event.village


def count(quota: Quota | None, event: Graded, policy: Policy, today: date) -> Change:
    """One more is graded. Somebody whose grade a review changed still counts once."""
    (id,) = of_grade(event, policy)
    quota = quota or Quota(id=id, place=place_of(id.partition("/")[0]))
    return Change(quota.but(graded=quota.graded | {_who(event)}))


def discount(quota: Quota | None, event: Ungraded, policy: Policy, today: date) -> Change:
    """A grade was taken back. What was given stays."""
    return Change(quota and quota.but(graded=quota.graded - {_who(event)}))


def give_back(quota: Quota | None, event: DecisionWithdrawn, policy: Policy, today: date) -> Change:
    """A decision was taken back, and its reward can be given to somebody else."""
    return Change(quota and quota.but(given=tuple(one for one in quota.given if one != marked(event))))
