"""What people ask of the dispatch. `body` is the role that acts; another role than the rule names is refused."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from shared.contracts import Command
from shared.contracts.dispatch import Attendees, CourseDays, Heads, Item, Member, MonthNumber, Pair, Present
from shared.contracts.values import (
    Bounded,
    Code,
    Codes,
    Day,
    Name,
    Number,
    Numbers,
    Organ,
    PartyId,
    Period,
    Reason,
    Revision,
    Role,
    RunId,
    VillageId,
    Villages,
    Year,
)

Cause = Literal["transferred", "ill", "retired", "resigned", "deceased", "disqualified", "other"]
"""Why a member leaves a team other than by a recall."""


class SolveMatching(Command, frozen=True, kw_only=True):
    """Match all diagnosed villages of a jurisdiction with units (3.2). It only proposes: a named body assigns them."""

    about = "matching"
    is_long = True
    matching: RunId
    """A name for this run, such as `2014-1`. A run with the same name is a repetition and changes nothing."""
    asked_by: Organ
    body: Role


class AssignTeam(Command, frozen=True, kw_only=True):
    """The organisation department assigns the matched unit and team to the village: the term begins."""

    village: VillageId
    assigned_by: Organ
    body: Role


class ChooseTeam(Command, frozen=True, kw_only=True):
    """The organisation department chooses another unit or other cadres than the matching proposed (3.2–3.4).

    The same rules hold as for the matching. A dry run tells beforehand how many points the choice costs.
    """

    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(max_length=50)] = ()
    """Who goes, in which role. If it is left out, the unit's team is formed by the rules of the matching."""
    reason: Reason
    decided_by: Organ
    body: Role


class SetCommitment(Command, frozen=True, kw_only=True):
    """A letter was signed, or a plan, list or ledger was set (mechanisms 1.2, 2.4, 3.5, 3.6)."""

    village: VillageId
    kind: Code
    period: Period
    """As the task names it: the year, such as `2015`, or `term` for what is owed once a term."""
    items: Annotated[tuple[Item, ...], Meta(max_length=500)] = ()
    """What is newly owed. The diagnosis's open problems and items carried over are added by themselves."""
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
    """The period's ledger is settled (次年销账, 2.4): some items are closed for good, the rest carried over."""

    village: VillageId
    kind: Code
    period: Period
    closed: Numbers
    """Numbers of the items that are closed; all others are carried."""
    settled_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class ReportDeparture(Command, frozen=True, kw_only=True):
    """A member leaves the team other than by a recall. The unit owes a replacement; it counts against nobody."""

    village: VillageId
    cadre: PartyId
    cause: Cause
    """The cause is kept here and published nowhere, since an illness is a private matter."""
    until: Day | None = None
    """For `ill` only: the last day on which the cadre cannot be sent. Without it the cadre is never sent again."""
    decided_by: Organ
    body: Role


class RetainMember(Command, frozen=True, kw_only=True):
    """A member who no longer meets a rule for the role stays by decision of the organisation department."""

    village: VillageId
    cadre: PartyId
    decided_by: Organ
    body: Role


class ReplaceMember(Command, frozen=True, kw_only=True):
    """The unit sends another cadre for one who was recalled or left (2.20, 3.3, 3.4). The rules of the role hold.

    A member of the team may become leader; then the unit owes a member. A cadre who left may come back.
    """

    village: VillageId
    left: PartyId
    """The cadre whose role is to be filled."""
    cadre: PartyId
    replaced_by: Organ
    """The organ, never a person: it is published."""
    body: Role


class Withdrawal(Command, frozen=True, kw_only=True):
    """The fields of every command that takes back something entered by mistake."""

    village: VillageId
    reason: Reason
    decided_by: Organ
    body: Role


class WithdrawMatch(Withdrawal, frozen=True, kw_only=True):
    """Take a match back before the team is assigned. Unit and cadres are on offer again; the village needs a unit."""


class WithdrawAssignment(Withdrawal, frozen=True, kw_only=True):
    """Take an assignment back before anything depends on it. Unit and team are only proposed again."""


class WithdrawCommitment(Withdrawal, frozen=True, kw_only=True):
    """Take a step of a commitment back: what was set, one of its items, a reconciliation or a settlement."""

    kind: Code
    period: Period
    step: Literal["set", "reconcile", "settle"] = "set"
    items: Numbers = ()
    """With the step `set`: take back only these items. Empty takes back everything that was set."""


class BeginLink(Command, frozen=True, kw_only=True):
    """A cadre is bound to a village in a kind of link of the pack, such as a leader to a contact point (4.2)."""

    village: VillageId
    kind: Code
    unit: PartyId
    """The cadre's unit, with which the cadre is registered."""
    cadre: PartyId
    decided_by: Organ
    body: Role


class EndLink(Command, frozen=True, kw_only=True):
    """A cadre's link to a village ends by decision. Why is said to nobody, since it may be personal."""

    village: VillageId
    kind: Code
    cadre: PartyId
    decided_by: Organ
    body: Role


class Pairing(Pair, frozen=True, kw_only=True, omit_defaults=True):
    """A cadre who is to be responsible for a household."""

    named_by: ClassVar = ("household", "cadre")

    kin: bool = False
    """Whether the cadre is a relative of the household, as the unit declares. Such a pair is refused."""


class PairHouseholds(Command, frozen=True, kw_only=True):
    """Cadres become responsible for a village's households (帮扶责任人, 0.2, 2.2, 2.17)."""

    at_once = 200
    village: VillageId
    kind: Code
    pairs: Annotated[tuple[Pairing, ...], Meta(min_length=1, max_length=5000)]
    """Pairs that are known already change nothing."""
    decided_by: Organ
    body: Role


class Parting(msgspec.Struct, frozen=True, kw_only=True):
    """A cadre who is no longer responsible for a household."""

    named_by: ClassVar = ("household", "cadre")

    household: PartyId
    cadre: PartyId


class EndPairings(Command, frozen=True, kw_only=True):
    """Cadres are no longer responsible for households of a village."""

    at_once = 200
    village: VillageId
    kind: Code
    pairs: Annotated[tuple[Parting, ...], Meta(min_length=1, max_length=5000)]
    because: Literal["changed", "kin", "mistaken"]
    """Somebody else takes over, the two turned out to be relatives, or the pair was entered by mistake."""
    decided_by: Organ
    body: Role


class Held(Bounded, frozen=True, kw_only=True):
    """A commitment that was set before the system was used, as it stands now."""

    named_by: ClassVar = ("kind", "period")

    kind: Code
    period: Period
    set_on: Day
    set_by: Organ
    items: Annotated[tuple[Item, ...], Meta(max_length=500)] = ()
    done: Numbers = ()
    """Numbers of the items that are done by now."""
    reconciled_on: Day | None = None
    """The last reconciliation day that was answered. Later ones are owed here."""


class TakeOver(Command, frozen=True, kw_only=True):
    """Take over a team that was at work before the system was used, with its earlier dates and commitments.

    The village, its diagnosis, the unit and the cadres must be registered before.
    """

    village: VillageId
    unit: PartyId
    team: Annotated[tuple[Member, ...], Meta(min_length=1, max_length=50)]
    since: Day
    """The unit's first day in the village."""
    term_start: Day
    """The first day of the current term."""
    extensions: Annotated[int, Meta(ge=0, le=50)] = 0
    """How often this term was extended so far."""
    commitments: Annotated[tuple[Held, ...], Meta(max_length=50)] = ()
    decided_by: Organ
    body: Role


class HoldCourse(Command, frozen=True, kw_only=True):
    """A course was held (2.12, 4.5). The county and the city give one session one id, so that it counts once."""

    about = "course"
    course: RunId
    """Its id within the prefecture, such as `ZY-2016-07`."""
    kind: Code
    title: Name
    first: Day
    last: Day
    days: CourseDays
    heads: Heads
    """How many came, by the pack's groups. Those who are recorded by name are among them."""
    skills: Codes = ()
    villages: Villages = ()
    """The villages whose people it was held for, where they had reported that these skills are lacking."""
    held_by: Organ
    body: Role


class RecordAttendance(Command, frozen=True, kw_only=True):
    """Cadres who came to a course, by name, so that what they owe is known. Who stood in for another counts himself."""

    about = "course"
    course: RunId
    attended: Attendees
    recorded_by: Organ
    body: Role


class WithdrawCourse(Command, frozen=True, kw_only=True):
    """Take back a course that was recorded by mistake, with everybody who was recorded for it."""

    about = "course"
    course: RunId
    reason: Reason
    decided_by: Organ
    body: Role


class WithdrawAttendance(Command, frozen=True, kw_only=True):
    """Take back that some cadres came to a course."""

    about = "course"
    course: RunId
    cadres: Annotated[tuple[PartyId, ...], Meta(min_length=1, max_length=2000)]
    reason: Reason
    decided_by: Organ
    body: Role


class ReportSkills(Command, frozen=True, kw_only=True):
    """How many people in a village lack which skills now (1.8). It replaces what was reported before."""

    village: VillageId
    kind: Code
    lacking: Heads
    """By skill; 0 where nobody lacks it any more."""
    reported_by: Organ
    body: Role


class RequestLeave(Command, frozen=True, kw_only=True):
    """The team asks for a member's leave, in writing. Why is said by the kind alone."""

    village: VillageId
    cadre: PartyId
    kind: Code
    first: Day
    last: Day
    asked_by: Organ
    body: Role


class DecideLeave(Command, frozen=True, kw_only=True):
    """Whoever the pack names for its length grants leave or does not. Leave that has not begun can be taken back so."""

    village: VillageId
    number: Number
    """The number of the request within the village, as the task says it."""
    granted: bool
    decided_by: Organ
    body: Role


class DecideReturn(Command, frozen=True, kw_only=True):
    """After long leave the organisation department decides whether the cadre comes back to the team.

    Who was sent meanwhile then goes home; both are nobody's recall.
    """

    village: VillageId
    number: Number
    returns: bool
    decided_by: Organ
    body: Role


class CountPresence(Command, frozen=True, kw_only=True):
    """The township says how many days of a month each member was in the village. Nobody checks in for this."""

    village: VillageId
    year: Year
    month: MonthNumber
    present: Annotated[tuple[Present, ...], Meta(max_length=50)]
    counted_by: Organ
    body: Role
    replaces: Revision | None = None
    """To correct a month that was counted: the version that the refusal names."""
