"""How many rewards of a kind were given for a year, where the pack says how many there are."""

from collections.abc import Iterable
from datetime import date

from services.incentives.model.commands import Decide, WithdrawDecision
from shared.divisions import place_of
from shared.policy import Policy
from shared.rules import Change, Refused, State


class Quota(State, frozen=True, kw_only=True, omit_defaults=True):
    """The rewards of one kind for one year in the division whose pack says how many there are.

    Its id is `<division>/<kind of outcome>/<year>`.
    """

    kind = "quotas"
    personal = True

    given: tuple[str, ...] = ()
    """The outcomes that were decided and not taken back."""

    @property
    def status(self) -> str:
        """`used` while a reward of the year is given, else `unused`."""
        return "used" if self.given else "unused"


def of_decision(command: Decide | WithdrawDecision, policy: Policy) -> Iterable[str]:
    """The quota that a decision uses, or that gets back what was taken back."""
    kind, year = command.outcome.partition("/")[0], command.outcome.rpartition("/")[2]
    if any(terms.kind == kind and terms.quota for terms in policy.outcomes):
        yield f"{policy.layer('outcomes', kind)}/{kind}/{year}"


def use(quota: Quota | None, command: Decide, policy: Policy, today: date) -> Change:
    """A reward was decided, unless the record's own rule refuses it. Refused where there is none left for the year.

    Which of those who are proposed gets it is the body's choice; the software ranks nobody (2.15).
    """
    if not command.imposed:
        return Change(quota)
    (id,) = of_decision(command, policy)
    quota = quota or Quota(id=id, place=place_of(id.partition("/")[0]))
    if command.outcome in quota.given:
        return Change(quota)
    terms = next(terms for terms in policy.outcomes if terms.kind == id.split("/")[1])
    if len(quota.given) >= (terms.quota or 0):
        raise Refused(
            terms.clause,
            f"该年度的名额共{terms.quota}个，已用完；可不予采纳，或先撤回已作出的决定",
            f"there are {terms.quota} for that year, and all were given; drop this, or take another decision back",
            field="imposed",
        )
    return Change(quota.but(given=(*quota.given, command.outcome)))


def give_back(quota: Quota | None, command: WithdrawDecision, policy: Policy, today: date) -> Change:
    """A decision was taken back, and its reward can be given to somebody else."""
    return Change(quota and quota.but(given=tuple(one for one in quota.given if one != command.outcome)))
