"""What people ask of the dispatch. `body` is the role that acts, which must be the one that the rules name."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from shared.contracts import Command
from shared.contracts.dispatch import Item, Member
from shared.contracts.values import (
    Bounded,
    Code,
    Day,
    Numbers,
    Organ,
    PartyId,
    Period,
    Reason,
    Role,
    RunId,
    VillageId,
)

Cause = Literal["transferred", "ill", "retired", "resigned", "deceased", "disqualified", "other"]
"""Why a member leaves a team without a recall."""


class SolveMatching(Command, frozen=True, kw_only=True):
    """Match the diagnosed villages of a whole jurisdiction with units; a named body still assigns them (3.2)."""

    about = "matching"
    is_long = True
    matching: RunId
    """A name of its own for this run, such as `2014-1`; the same one again changes nothing."""
    asked_by: Organ
    body: Role


class AssignTeam(Command, frozen=True, kw_only=True):
    """The organisation department assigns the matched unit and team to the village: the term begins."""

    village: VillageId
    assigned_by: Organ
    body: Role


class ChooseTeam(Command, frozen=True, kw_only=True):
    """The organisation department chooses another unit or other cadres than the matching proposed (3.2–3.4).

    All rules hold. A dry run tells in advance what the choice costs.
    """

    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)] = ()
    """Who goes, in which role; left out, whom the unit would send by the rules of the matching."""
    reason: Reason
    decided_by: Organ
    body: Role


class SetCommitment(Command, frozen=True, kw_only=True):
    """A letter was signed, or a plan, list or ledger was set (mechanisms 1.2, 2.4, 3.5, 3.6)."""

    village: VillageId
    kind: Code
    period: Period
    """As the task names it: the year, or `term`."""
    items: Annotated[tuple[Item, ...], Meta(max_length=500)] = ()
    """What is newly owed. Open problems and items carried over join by themselves and are not entered again."""
    set_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class Reconcile(Command, frozen=True, kw_only=True):
    """The ledger was compared with the village at its oldest open reconciliation day (季度对账, 2.4)."""

    village: VillageId
    kind: Code
    period: Period
    done: Numbers
    """Numbers of the items that are done by now. Those reported before stay done."""
    reconciled_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class Settle(Command, frozen=True, kw_only=True):
    """The period's ledger is closed: some items for good, the rest carried into the next one (次年销账, 2.4)."""

    village: VillageId
    kind: Code
    period: Period
    closed: Numbers
    """Numbers of the items that are closed; all others are carried."""
    settled_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class ReportDeparture(Command, frozen=True, kw_only=True):
    """A member leaves the team without a recall: the unit owes another, and nothing counts against anybody."""

    village: VillageId
    cadre: PartyId
    cause: Cause
    """It is kept, and told to nobody."""
    until: Day | None = None
    """The last day on which the cadre cannot be sent; it belongs to `ill`. Without it nobody sends the cadre again."""
    decided_by: Organ
    body: Role


class RetainMember(Command, frozen=True, kw_only=True):
    """A member who no longer meets a rule for the role stays by decision of the organisation department."""

    village: VillageId
    cadre: PartyId
    decided_by: Organ
    body: Role


class ReplaceMember(Command, frozen=True, kw_only=True):
    """The unit sends another cadre for one who was recalled or left; the same rules hold for the role (2.20, 3.3, 3.4).

    A member of the team may take the lead; then the unit owes a member. Whoever left may come back.
    """

    village: VillageId
    left: PartyId
    """Whose role is open."""
    cadre: PartyId
    replaced_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class Withdrawal(Command, frozen=True, kw_only=True):
    """What everyone says who takes back something that was entered by mistake."""

    village: VillageId
    reason: Reason
    decided_by: Organ
    body: Role


class WithdrawMatch(Withdrawal, frozen=True, kw_only=True):
    """Take a match back before the team is assigned: unit and cadres are on offer, and the village needs a unit."""


class WithdrawAssignment(Withdrawal, frozen=True, kw_only=True):
    """Take an assignment back before anything rests on it: unit and team are proposed again."""


class WithdrawCommitment(Withdrawal, frozen=True, kw_only=True):
    """Take a step of a commitment back: what was set, one of its items, a reconciliation or a settlement."""

    kind: Code
    period: Period
    step: Literal["set", "reconcile", "settle"] = "set"
    items: Numbers = ()
    """With `set`: only these items, while the rest stands."""


class Held(Bounded, frozen=True, kw_only=True):
    """A commitment that was set before the system was there, as it stands now."""

    named_by: ClassVar = ("kind", "period")

    kind: Code
    period: Period
    set_on: Day
    set_by: Organ
    items: Annotated[tuple[Item, ...], Meta(max_length=500)] = ()
    done: Numbers = ()
    """Numbers of the items that are done by now."""
    reconciled_on: Day | None = None
    """The last reconciliation day that was answered; those after it are owed."""


class TakeOver(Command, frozen=True, kw_only=True):
    """A team that was at work before the system was there goes on, with its earlier dates and all that is set.

    The village is registered and diagnosed before, unit and cadres as well.
    """

    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=50)]
    since: Day
    """The unit's first day in the village."""
    term_start: Day
    """The first day of the term that runs."""
    extensions: Annotated[int, Meta(ge=0, le=50)] = 0
    """How often this term was extended so far."""
    commitments: Annotated[tuple[Held, ...], Meta(max_length=50)] = ()
    decided_by: Organ
    body: Role
