"""Who may go to a village: the rules for a cadre, for a leader, and for a team as a whole (3.3, 3.4).

Regions commonly ask for two years of work before somebody is sent (5.5); that nobody is sent to a village with which he
has ties is a rule of recusal (5.6). Numbers such as years or team size come from the region's pack.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple, get_args

import msgspec

from shared.calendar import add_months
from shared.contracts.dispatch import Member, Role
from shared.contracts.registry import Level, Rank
from shared.policy import Policy

RANKS: tuple[Rank, ...] = get_args(Rank)
"""The leading posts from the lowest to the highest."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a department offers, as it was last registered."""

    place: str
    level: Level
    department: str
    strength: int
    village: str | None = None
    """The village that a superior designated it for."""
    withdrawn: bool = False
    """True if the unit was withdrawn and is kept only until its team is home."""


class Cadre(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the rules need to know about a cadre. The name is not among it."""

    unit: str
    rank: Rank
    party_member: bool
    work_since: date
    born_on: date
    reserve: bool
    ties: tuple[str, ...] = ()


class Posting(NamedTuple):
    """A cadre who is proposed for a village's team, with everything that the rules of eligibility look at."""

    cadre: Cadre
    unit: Unit
    village: str
    policy: Policy
    today: date


class Requirement(NamedTuple):
    """One rule that a cadre must meet, and the words of the refusal for a cadre who does not."""

    code: str
    rule: str
    met: Callable[[Posting], bool]
    zh: str
    en: str


def has_rank(posting: Posting) -> bool:
    """Whether the cadre may lead a team of this unit; a level that the pack leaves out asks for no rank (3.4)."""
    least = posting.policy.team.leader_rank.get(posting.unit.level)
    return least is None or RANKS.index(posting.cadre.rank) >= RANKS.index(least)


_MEMBER = (
    Requirement(
        "party_member", "3.3",
        lambda p: p.cadre.party_member or not p.policy.team.party_members_only,
        "不是中共党员，请改派党员干部", "is no Party member; choose one who is",
    ),
    Requirement(
        "work_years", "5.5",
        lambda p: add_months(p.cadre.work_since, 12 * p.policy.team.work_years) <= p.today,
        "工作年限不足，请改派符合年限的干部", "has not worked long enough; choose one who has",
    ),
    Requirement(
        "recusal", "5.6",
        lambda p: p.village not in p.cadre.ties,
        "与该村有亲属或籍贯关系，应当回避，请改派他人", "has ties to the village and must be recused; choose another",
    ),
)  # fmt: skip
_LEADER = Requirement(
    "leader_rank", "3.4", has_rank,
    "不符合队长职务层次要求，请改派符合条件的干部", "ranks too low to lead a team of this unit; choose a higher rank",
)  # fmt: skip
REQUIREMENTS: Mapping[Role, tuple[Requirement, ...]] = {"member": _MEMBER, "leader": (*_MEMBER, _LEADER)}


def unmet(posting: Posting, role: Role) -> list[Requirement]:
    """The requirements of the role that the cadre does not meet."""
    return [requirement for requirement in REQUIREMENTS[role] if not requirement.met(posting)]


def points(cadre: Cadre, policy: Policy, today: date) -> int:
    """The points that a cadre adds to a team's score: reserve cadres and young cadres are preferred (3.3)."""
    weights = policy.team.weights
    young = add_months(cadre.born_on, 12 * weights.young_below) > today
    return weights.reserve * cadre.reserve + weights.young * young


def team_obstacle(fit: Mapping[str, Posting], policy: Policy) -> str | None:
    """Why these eligible cadres cannot form a team: too few, or none of a leader's rank. None if they can."""
    if len(fit) < policy.team.fewest:
        return "team_size"
    return None if any(has_rank(posting) for posting in fit.values()) else "leader_rank"


def form_team(fit: Mapping[str, Posting], policy: Policy, today: date) -> tuple[Member, ...]:
    """The team that a unit sends, leader first: the highest in rank leads, then points decide, then the id."""
    worth = {cadre: points(posting.cadre, policy, today) for cadre, posting in fit.items()}
    leader = min(
        (cadre for cadre, posting in fit.items() if has_rank(posting)),
        key=lambda cadre: (-RANKS.index(fit[cadre].cadre.rank), -worth[cadre], cadre),
    )
    others = sorted(fit.keys() - {leader}, key=lambda cadre: (-worth[cadre], cadre))[: policy.team.fewest - 1]
    return Member(leader, "leader"), *(Member(cadre, "member") for cadre in sorted(others))


def in_order(team: Iterable[Member]) -> tuple[Member, ...]:
    """A team in the order in which events list it: the leader first, then by id."""
    return tuple(sorted(team, key=lambda member: (member.role != "leader", member.cadre)))
