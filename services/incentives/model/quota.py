"""How many rewards of a kind were given for a year, where the pack says how many there are."""

from collections.abc import Iterable
from datetime import date

from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided
from shared.divisions import place_of
from shared.policy import Policy
from shared.rules import Change, Refused, State


class Quota(State, frozen=True, kw_only=True, omit_defaults=True):
    """The rewards of one kind for one year in the division whose pack says how many there are.

    Its id is `<division>/<kind of outcome>/<year>`.
    """

    kind = "quotas"
    personal = True
    readers = frozenset({"organisation"})
    known_as = ("表彰名额使用情况", "who was rewarded within a quota")

    given: tuple[str, ...] = ()
    """The rewards that were decided and not taken back, as `marked`."""

    @property
    def status(self) -> str:
        """`used` while a reward of the year is given, else `unused`."""
        return "used" if self.given else "unused"


def of_decision(event: OutcomeDecided | DecisionWithdrawn, policy: Policy) -> Iterable[str]:
    """The quota that a decision uses, or that gets back what was taken back.

    The event lies in the village's county, whose pack has the outcomes of all who may reward there. The command may lie
    above it, in a city whose pack does not have those of its counties.
    """
    if any(terms.kind == event.kind and terms.quota for terms in policy.outcomes):
        yield f"{policy.layer('outcomes', event.kind)}/{event.kind}/{event.outcome.rpartition('/')[2]}"


def marked(event: OutcomeDecided | DecisionWithdrawn) -> str:
    """A reward among those of a quota: the outcome, and of a unit or its cadre also whose it is.

    Their outcomes name the village only, which may have had another leader before its grade was withdrawn.
    """
    is_named = event.subject_kind == "team" or event.is_party
    return event.outcome if is_named else f"{event.subject}/{event.outcome}"


def use(quota: Quota | None, event: OutcomeDecided, policy: Policy, today: date) -> Change:
    """A reward was decided. The decision is refused where there is none left for the year.

    Which of those who are proposed gets it is the body's choice; the software ranks nobody (2.15).
    """
    if not event.imposed:
        return Change(quota)
    (id,) = of_decision(event, policy)
    quota = quota or Quota(id=id, place=place_of(id.partition("/")[0]))
    terms = next(terms for terms in policy.outcomes if terms.kind == event.kind)
    assert terms.quota, "else there is no quota of this kind"
    if len(quota.given) >= terms.quota:
        raise Refused(
            terms.clause,
            f"该年度的名额共{terms.quota}个，已用完；可不予采纳，或先撤回已作出的决定",
            f"there are {terms.quota} for that year, and all were given; drop this, or take another decision back",
            field="imposed",
        )
    return Change(quota.but(given=(*quota.given, marked(event))))


def give_back(quota: Quota | None, event: DecisionWithdrawn, policy: Policy, today: date) -> Change:
    """A decision was taken back, and its reward can be given to somebody else."""
    return Change(quota and quota.but(given=tuple(one for one in quota.given if one != marked(event))))
