"""What the registry says: villages, units and cadres, the poverty list, and the way off it."""

from datetime import date
from typing import Any, Literal

import msgspec

from shared.contracts import Event

Level = Literal["province", "city", "county"]
Rank = Literal["staff", "deputy_section", "section", "deputy_division", "division", "deputy_department", "department"]
"""The civil service's leading ranks from the lowest to the highest (科员 … 正厅级): national, hence not policy."""
StepKind = Literal["verify", "notice", "decide"]
"""What a step of the exit procedure is: sampled households, a public notice, or a body's decision (rules §2)."""
ProblemClass = str
"""Why a village is poor, as its policy pack names the classes (mechanism 3.2)."""


class Problem(msgspec.Struct, frozen=True):
    """One outstanding problem that the baseline survey found, with its cause (mechanism 3.1)."""

    number: int
    topic: str
    cause: str


class Unmet(msgspec.Struct, frozen=True):
    """One exit criterion that a village does not meet, and the role that can move it (wish 10)."""

    indicator: str
    value: float | None
    bound: float
    mover: str


class PolicyAdopted(Event, frozen=True, kw_only=True):
    """A region adopts a policy pack; every service decides by it from its effective date on."""

    about = "version"
    label = ("政策包生效", "policy pack adopted")
    version: str
    adopted_by: str
    pack: dict[str, Any]
    """The whole pack as its TOML file says it."""


class UnitRegistered(Event, frozen=True, kw_only=True):
    """A department that can send a team was registered, or registered again with other data."""

    about = "unit"
    label = ("单位登记", "unit registered")
    unit: str
    name: str
    level: Level
    department: str
    """The department's field (民政, 公安 …), by which the pack matches it to problem classes."""
    strength: int
    """Strength and experience in helping villages, 0 to 100 (mechanism 3.3)."""
    village: str | None = None
    """The village that a superior has already designated it for, if any."""


class CadreRegistered(Event, frozen=True, kw_only=True):
    """A cadre whom the unit can send was registered. Sealed: it describes a person."""

    about = "cadre"
    sealing = "always"
    label = ("干部登记", "cadre registered")
    cadre: str
    unit: str
    rank: Rank
    party_member: bool
    work_since: date
    born_on: date
    reserve: bool
    ties: tuple[str, ...] = ()
    """Villages where kinship or origin forbids a posting."""
    left: str | None = None
    """The unit that could send the cadre until now, if it was another."""


class VillageRegistered(Event, frozen=True, kw_only=True):
    """A village was registered under its division code, or again with other data."""

    label = ("村登记", "village registered")
    village: str
    name: str
    township: str
    population: int


class VillageRecoded(Event, frozen=True, kw_only=True):
    """The division code of a village changed; its stable id did not. `place` is still the division it comes from."""

    label = ("区划代码变更", "division code changed")
    village: str
    code: str
    """The new code of 12 digits; its first six are the place of what is said about the village from now on."""
    since: date


class VillageListed(Event, frozen=True, kw_only=True):
    """A village entered the poverty list, or entered it again after a relapse."""

    label = ("列入贫困村", "entered the poverty list")
    village: str
    spell: int = 1
    """1 for the first time on the list, 2 after one relapse, and so on."""


class SurveyRecorded(Event, frozen=True, kw_only=True):
    """One record of the baseline survey came in: a form, meeting, visit, interview, opinion or problem (3.1)."""

    label = ("摸底排查记录", "survey record")
    village: str
    number: int
    kind: str
    topic: str


class VillageDiagnosed(Event, frozen=True, kw_only=True):
    """The joint diagnosis closed the baseline survey: from here on it is immutable version 0 (3.1)."""

    label = ("集体会诊", "jointly diagnosed")
    village: str
    spell: int
    problem_class: ProblemClass
    counts: dict[str, int]
    """How many records of each kind the survey collected."""
    problems: tuple[Problem, ...]
    decided_by: str


class IndicatorsMeasured(Event, frozen=True, kw_only=True):
    """The indicators of a year; incidence is computed from household facts, never typed in (1.18)."""

    label = ("年度指标测算", "indicators measured")
    village: str
    year: int
    values: dict[str, float]
    """By the codes of the pack's criteria, in the units of their bounds; incidence is a share from 0 to 1."""
    unmet: tuple[Unmet, ...] = ()
    measured_by: str = ""
    """The body that measured, never a person; empty where corrected household facts moved the figures."""


class ExitRequested(Event, frozen=True, kw_only=True):
    """All exit criteria are met and the township asks for the village's removal from the list (rules §2)."""

    label = ("申请出列", "exit requested")
    village: str
    attempt: int
    """Counts every verification that is asked for, also the second one after an objection was upheld."""
    lifted: tuple[str, ...]
    """Stable ids of the households lifted out of poverty, the frame for the sample."""
    remaining: int
    """Registered households that are still poor."""
    requested_by: str


class NoticePosted(Event, frozen=True, kw_only=True):
    """The intended removal is on public notice, and anyone may object until the end of the last day."""

    label = ("公示", "on public notice")
    village: str
    attempt: int
    until: date
    posted_by: str = ""
    """The body that posted it, never a person."""


class ObjectionRaised(Event, frozen=True, kw_only=True):
    """Someone objected to the removal during the notice."""

    label = ("收到异议", "objection raised")
    village: str
    attempt: int
    objection: int


class ObjectionDecided(Event, frozen=True, kw_only=True):
    """A named body upheld or dismissed an objection; an upheld one leads back, usually to a new verification."""

    label = ("异议处理", "objection decided")
    village: str
    attempt: int
    objection: int
    """0 stands for the objection of the deciding body itself, when it refuses its approval."""
    upheld: bool
    decided_by: str
    back_to: StepKind | None = None
    """The kind of step to which the exit goes back now; None while other objections are open, or if none is upheld."""


class ExitApproved(Event, frozen=True, kw_only=True):
    """A body approved the exit whose procedure has a further step; after the last one comes `VillageDelisted`."""

    label = ("出列审批通过", "exit approved at one step")
    village: str
    attempt: int
    step: str
    decided_by: str


class VillageDelisted(Event, frozen=True, kw_only=True):
    """The village was removed from the poverty list (出列)."""

    label = ("出列", "removed from the poverty list")
    village: str
    spell: int
    incidence: float
    """The share of the population that was still poor, from 0 to 1."""
    decided_by: str


class VillageMonitored(Event, frozen=True, kw_only=True):
    """A monitoring review after the exit ended without a relapse."""

    label = ("防返贫监测", "monitored after exit")
    village: str
    year: int
    values: dict[str, float]
    unmet: tuple[Unmet, ...] = ()
    """Criteria that were missed, if a body decided that this is no relapse; empty where all of them hold."""
    decided_by: str | None = None
    """The body that decided so; None where nothing was to decide."""


class VillageRelapsed(Event, frozen=True, kw_only=True):
    """Monitoring found that the village no longer meets its criteria; it is listed again (返贫)."""

    label = ("返贫", "relapsed into poverty")
    village: str
    unmet: tuple[Unmet, ...]
    decided_by: str


class ResolutionOpened(Event, frozen=True, kw_only=True):
    """A village begins to decide a matter of its own, by one of its pack's procedures (2.18, 3.12)."""

    label = ("启动民主决策", "resolution opened")
    village: str
    matter: str
    """Its number or name within the village, without anybody's name."""
    kind: str
    """The procedure, as the pack names it."""
    subject_code: str
    """What it is about, as a code."""
    opened_by: str


class StepTaken(Event, frozen=True, kw_only=True):
    """A step of a village's procedure was taken: a vote with its figures, or a publication without any (3.12)."""

    label = ("民主决策环节", "step of a resolution taken")
    village: str
    matter: str
    step: str
    entitled: int = 0
    present: int = 0
    agreed: int = 0
    decided_by: str


class ResolutionPassed(Event, frozen=True, kw_only=True):
    """Every body that decides has agreed; what is left of the procedure is to publish (3.12)."""

    label = ("决议通过", "resolution passed")
    village: str
    matter: str
    kind: str
    subject_code: str


class ResolutionRejected(Event, frozen=True, kw_only=True):
    """A vote failed, which ends the procedure (3.12)."""

    label = ("决议未通过", "resolution rejected")
    village: str
    matter: str
    kind: str
    subject_code: str
    step: str
