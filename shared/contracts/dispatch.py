"""What the dispatch says: which unit and team serve which village, what they owe, and until when."""

from datetime import date
from typing import Literal

import msgspec

from shared.contracts import Event
from shared.contracts.registry import ProblemClass

Role = Literal["leader", "member"]


class Member(msgspec.Struct, frozen=True):
    """A cadre's link to the village in a role."""

    cadre: str
    role: Role


class Item(msgspec.Struct, frozen=True):
    """One measure, target or ledger item: what is owed, and the baseline problem that it answers, if any."""

    number: int
    text: str
    problem: int | None = None
    goal: int | None = None
    """The number of the item that it serves in the commitment before it: a measure's three-year target (3.5)."""


class MatchingSolved(Event, frozen=True, kw_only=True):
    """A matching with its certificate: no assignment can score above `bound` (mechanism 3.2)."""

    about = "matching"
    label = ("匹配求解", "matching solved")
    matching: str
    matched: int
    unmet: int
    objective: float
    bound: float
    asked_by: str


class VillageMatched(Event, frozen=True, kw_only=True):
    """A unit and a team were found for a village, with the reason; a named body still has to assign them."""

    label = ("分类选派匹配", "matched with a unit")
    village: str
    matching: str
    unit: str
    team: tuple[Member, ...]
    score: int
    problem_class: ProblemClass
    reasons: tuple[str, ...]
    """Codes of what spoke for this unit and this team: `designated`, `class_suits`, `same_county` …"""


class NeedUnmet(Event, frozen=True, kw_only=True):
    """No unit could be matched to a village, with what stood in the way: a gap (mechanisms 0.2, 3.3, 3.4)."""

    label = ("选派缺口", "no unit could be matched")
    village: str
    matching: str
    obstacles: dict[str, str]
    """Per unit that came near: the rule that it fails, such as `leader_rank`."""


class TeamAssigned(Event, frozen=True, kw_only=True):
    """The organisation department assigned unit and team to the village: the term begins."""

    label = ("工作队派驻", "team assigned")
    village: str
    unit: str
    spell: int
    team: tuple[Member, ...]
    term_start: date
    term_end: date
    assigned_by: str


class CommitmentSet(Event, frozen=True, kw_only=True):
    """A letter was signed, a plan made, a list or ledger set: what is owed now stands item by item."""

    label = ("承诺立账", "commitment set")
    village: str
    kind: str
    """As the pack names it: `letter`, `three_year_plan`, `annual_plan`, `ledger` …"""
    period: str
    """The year, or `term` for what is owed once a term."""
    unit: str
    items: tuple[Item, ...]
    set_by: str = ""
    """The organ that set it, never a person; empty in events from before this was told."""


class CommitmentReconciled(Event, frozen=True, kw_only=True):
    """A ledger was reconciled at one of its dates (季度对账, mechanism 2.4)."""

    label = ("对账", "commitment reconciled")
    village: str
    kind: str
    period: str
    on: date
    done: int
    open: int
    reconciled_by: str = ""
    """The organ that reconciled it, never a person; empty in events from before this was told."""


class CommitmentSettled(Event, frozen=True, kw_only=True):
    """A period's ledger was settled: items closed out or carried into the next (次年销账, mechanism 2.4)."""

    label = ("销账", "commitment settled")
    village: str
    kind: str
    period: str
    closed: int
    carried: int
    settled_by: str = ""
    """The organ that settled it, never a person; empty in events from before this was told."""


class CommitmentOverdue(Event, frozen=True, kw_only=True):
    """A due date passed without the step that was owed (mechanism 1.2)."""

    label = ("承诺逾期", "commitment overdue")
    village: str
    kind: str
    period: str
    step: str
    due: date
    unit: str


class HelpBegun(Event, frozen=True, kw_only=True):
    """All that the pack asks for at the start is set: letter, plans, lists and ledger as the region has them."""

    label = ("全面启动帮扶", "help begun")
    village: str
    unit: str


class MemberRecalled(Event, frozen=True, kw_only=True):
    """A cadre left the team by a decided recall; the unit owes a replacement (mechanism 2.20)."""

    label = ("召回", "member recalled")
    village: str
    unit: str
    cadre: str
    role: Role


class MemberReplaced(Event, frozen=True, kw_only=True):
    """The unit sent another cadre who meets the same rules."""

    label = ("补派", "member replaced")
    village: str
    unit: str
    recalled: str
    cadre: str
    role: Role
    replaced_by: str = ""
    """The organ that sent the other one, never a person; empty in events from before this was told."""


class TermExtended(Event, frozen=True, kw_only=True):
    """The term ended before the exit, so unit and team stay: 不脱贫不脱钩 (mechanism 3.11)."""

    label = ("延长帮扶期限", "term extended")
    village: str
    unit: str
    until: date
    extension: int


class TeamKept(Event, frozen=True, kw_only=True):
    """The village left the list; the team stays for the transition (摘帽不摘帮扶)."""

    label = ("过渡期留驻", "team kept for the transition")
    village: str
    unit: str
    until: date


class TeamReleased(Event, frozen=True, kw_only=True):
    """The team's work in the village is settled and it goes home: never before the exit (2.13)."""

    label = ("工作队撤回", "team released")
    village: str
    unit: str
    spell: int
    team: tuple[Member, ...]
    served_days: int
