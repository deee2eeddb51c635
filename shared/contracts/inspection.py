"""What the inspection says: draws, visits, findings and orders, grades, and the verification of an exit."""

from datetime import date
from typing import Literal

import msgspec

from shared.contracts import Event

Trigger = str
"""A ground for criticism that an assessment found, as the pack names it: `not_resident`, `task_missed` …"""


class CampaignPlanned(Event, frozen=True, kw_only=True):
    """A campaign is coming: its frame stands from here on. Which of these villages a draw takes is not in it."""

    about = "campaign"
    label = ("督查计划", "campaign planned")
    campaign: str
    kind: str
    opens: date
    closes: date
    frame: tuple[str, ...]
    """The villages with a team in the field on this day, sorted."""


class CampaignCommitted(Event, frozen=True, kw_only=True):
    """Before a draw: the frame, the size and both bodies' seed commitments are public (DESIGN §7, 2.19)."""

    about = "campaign"
    label = ("抽查承诺公布", "draw committed")
    campaign: str
    kind: str
    opens: date
    closes: date
    frame: int
    size: int
    frame_hash: str
    """SHA-256 over the sorted village ids of the frame, joined by newlines."""
    seed_hashes: dict[str, str]
    """SHA-256 of each body's seed share, by the body's name."""


class DrawMade(Event, frozen=True, kw_only=True):
    """Which villages are visited on which days. Sealed until the campaign closes."""

    about = "campaign"
    sealing = "always"
    label = ("抽签", "draw made")
    campaign: str
    visits: dict[str, date]


class CampaignClosed(Event, frozen=True, kw_only=True):
    """After the campaign: what was visited, and for a draw the seed shares with which anyone recomputes it."""

    about = "campaign"
    label = ("抽查结束", "campaign closed")
    campaign: str
    kind: str
    frame: tuple[str, ...]
    """Empty where the whole frame was visited by rule, so that there is nothing to recompute."""
    drawn: tuple[str, ...]
    planned: int
    visited: int
    share: float
    """Villages visited by the end ÷ villages of the frame, 0 to 1."""
    seeds: dict[str, str] = msgspec.field(default_factory=dict)


class VisitMade(Event, frozen=True, kw_only=True):
    """An inspection visited a village's team; findings are codes of the pack, words stay with the inspectors."""

    label = ("督查到村", "visit made")
    village: str
    campaign: str
    kind: str
    on: date
    absent: int
    """Team members who were neither present nor on leave."""
    findings: tuple[str, ...]
    year: int
    """The year in which the campaign opened, to whose assessment the visit belongs."""
    score: int | None = None
    """0 to 100 where the campaign scores, such as the half-year check and the annual assessment."""


class OrderIssued(Event, frozen=True, kw_only=True):
    """Rectification by a deadline (限期整改, mechanism 1.6)."""

    label = ("限期整改", "rectification ordered")
    village: str
    order: str
    """`<campaign>/<village>`: one visit leads to one order."""
    unit: str
    findings: tuple[str, ...]
    due: date


class OrderClosed(Event, frozen=True, kw_only=True):
    """The rectification was accepted (销号)."""

    label = ("整改销号", "rectification closed out")
    village: str
    order: str
    accepted_by: str


class OrderOverdue(Event, frozen=True, kw_only=True):
    """The deadline passed without an accepted rectification; it stays open."""

    label = ("整改逾期", "rectification overdue")
    village: str
    order: str
    unit: str
    leader: str
    times: int
    """How often this order has become overdue, 1 the first time."""


class ReportDelivered(Event, frozen=True, kw_only=True):
    """The yearly duty report, one document for all its audiences (述职, mechanism 3.8)."""

    label = ("述职", "duty report delivered")
    village: str
    year: int
    form: Literal["written", "oral"]
    audiences: tuple[str, ...]
    delivered_by: str = ""
    """The team or its unit, never a person."""


class BallotHeld(Event, frozen=True, kw_only=True):
    """Members' and villagers' representatives voted on the team after its oral report (民主测评, 3.8)."""

    label = ("民主测评", "ballot held")
    village: str
    year: int
    entitled: int
    present: int
    satisfied: int


class AssessmentOpened(Event, frozen=True, kw_only=True):
    """The year's assessment of a team begins, for every village with one (mechanism 2.21)."""

    label = ("考核启动", "assessment opened")
    village: str
    year: int
    unit: str
    leader: str
    """Who leads the team on this day, hence whose grade it will be."""
    inputs: tuple[str, ...]
    """The channels that must be in before a grade can be proposed; a check held before the team came is none."""


class AssessmentProposed(Event, frozen=True, kw_only=True):
    """The year is over and all inputs are in: score, grade, and what capped it. A body still confirms."""

    label = ("考核拟定", "assessment proposed")
    village: str
    year: int
    score: float
    """0 to 100, rounded to two places: the mean of the inputs, weighed as the pack says."""
    grade: str
    caps: tuple[str, ...]


class AssessmentGraded(Event, frozen=True, kw_only=True):
    """The year's grade of a team was confirmed by a named body (mechanisms 2.15, 3.7)."""

    label = ("考核定等", "assessment graded")
    village: str
    year: int
    unit: str
    leader: str
    score: float
    grade: str
    triggers: tuple[Trigger, ...]
    decided_by: str


class ExitVerified(Event, frozen=True, kw_only=True):
    """Sampled households were visited: the request holds, or it does not, by the rates of rules §2."""

    label = ("出列核查", "exit verified")
    village: str
    attempt: int
    passed: bool
    sampled: int
    """Households."""
    wrong_exit_rate: float
    """People in sampled households that do not meet the standard ÷ people in sampled households, 0 to 1."""
    omission_rate: float
    """Poor people outside the register ÷ people outside it who were looked at, 0 to 1."""
    approval_rate: float
    """Approving households ÷ sampled households, 0 to 1; 1 where none was sampled."""
    verified_by: str = ""
    """The organ, never a person."""
    seed: str = ""
    """With it anyone recomputes which of the households lifted were sampled."""
