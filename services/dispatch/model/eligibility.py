"""Who may go to a village: the rules for a cadre, for a leader, and for a team as a whole (3.3, 3.4).

Regions commonly ask for two years of work before somebody is sent (5.5); that nobody is sent to a village with which he
has ties is a rule of recusal (5.6). Numbers such as years or team size come from the region's pack.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from typing import NamedTuple

import msgspec

from shared.calendar import add_months
from shared.contracts.dispatch import Member, Role
from shared.contracts.registry import Level, Rank
from shared.policy import Policy
from shared.policy.links import RANKS
from shared.policy.team import TeamRole


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
    party_member: bool | None = None
    """None where it is not recorded."""
    work_since: date
    born_on: date
    reserve: bool | None = None
    """None where it is not recorded."""
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
    met: Callable[[Posting, TeamRole], bool]
    zh: str
    en: str

    def refused(self, cadre: str, role: TeamRole) -> tuple[str, str]:
        """The words for a cadre who cannot have the role, in Chinese and English."""
        return f"{cadre}{self.zh.format(role=role.label)}", f"{cadre} {self.en.format(role=role.role)}"


def _has_rank(posting: Posting, role: TeamRole) -> bool:
    """Whether the cadre has the rank for the role; a level that the pack leaves out asks for none (3.4)."""
    least = role.rank.get(posting.unit.level)
    return least is None or RANKS.index(posting.cadre.rank) >= RANKS.index(least)


UNRECORDED = "unrecorded"
"""The code for a cadre of whom it is not recorded whether he is a Party member, where a role takes one."""
AGE = "age"
"""The code of the one requirement that counts on joining only: nobody is sent home for growing older."""
_RANK = (
    "不符合{role}职务层次要求，请改派符合条件的干部",
    "ranks too low to be {role} in a team of this unit; choose a higher rank",
)
_REQUIREMENTS = (
    Requirement(
        "party_member", "3.3",
        lambda p, role: p.cadre.party_member is not False or not role.party_member,
        "不是中共党员，请改派党员干部", "is no Party member; choose one who is",
    ),
    Requirement(
        UNRECORDED, "3.3",
        lambda p, role: p.cadre.party_member is not None or not role.party_member,
        "未登记是否中共党员，而{role}须为党员；请补充登记，或者改派已登记的党员干部",
        "has no entry that says whether a Party member, as {role} takes one; register it, or choose one who is",
    ),
    Requirement(
        "work_years", "5.5",
        lambda p, role: add_months(p.cadre.work_since, 12 * role.work_years) <= p.today,
        "工作年限不足，请改派符合年限的干部", "has not worked long enough; choose one who has",
    ),
    Requirement(
        AGE, "3.3",
        lambda p, role: role.younger_than is None or add_months(p.cadre.born_on, 12 * role.younger_than) > p.today,
        "年龄不符合{role}的要求，请改派年龄符合的干部", "is too old to be {role}; choose somebody younger",
    ),
    Requirement(
        "recusal", "5.6",
        lambda p, _: p.village not in p.cadre.ties,
        "与该村有亲属或籍贯关系，应当回避，请改派他人", "has ties to the village and must be recused; choose another",
    ),
)  # fmt: skip
REQUIREMENTS: Mapping[Role, tuple[Requirement, ...]] = {
    "leader": (*_REQUIREMENTS, Requirement("leader_rank", "3.4", _has_rank, *_RANK)),
    "member": (*_REQUIREMENTS, Requirement("rank", "3.3", _has_rank, *_RANK)),
}


def unmet(posting: Posting, role: Role) -> list[Requirement]:
    """The requirements of the role that the cadre does not meet."""
    terms = posting.policy.team.terms(role)
    return [requirement for requirement in REQUIREMENTS[role] if not requirement.met(posting, terms)]


class Fit(NamedTuple):
    """A cadre who can have a role in a team, with all such roles."""

    cadre: Cadre
    roles: frozenset[Role]
    is_too_low: bool
    """True if nothing but the rank keeps the cadre from leading."""


def fit(postings: Mapping[str, Posting], policy: Policy) -> dict[str, Fit]:
    """Of some cadres, those who can have a role in a team, by id."""
    found: dict[str, Fit] = {}
    for id, posting in postings.items():
        failed = {
            terms.role: [x.code for x in REQUIREMENTS[terms.role] if not x.met(posting, terms)]
            for terms in policy.team.roles
        }
        if roles := frozenset(role for role, codes in failed.items() if not codes):
            found[id] = Fit(posting.cadre, roles, failed["leader"] == ["leader_rank"])
    return found


def points(cadre: Cadre, policy: Policy, today: date) -> int:
    """The points that a cadre adds to a team's score: reserve cadres and young cadres are preferred (3.3).

    Where it is not recorded who is in the reserve, nobody gets points for it.
    """
    weights = policy.team.weights
    reserve = cadre.reserve is True
    young = add_months(cadre.born_on, 12 * weights.young_below) > today
    return weights.reserve * reserve + weights.young * young


def team_obstacle(able: Mapping[str, Fit], policy: Policy, today: date) -> str | None:
    """Why these eligible cadres cannot form a team: too few, or none who can lead. None if they can."""
    if len(able) < policy.team.fewest:
        return "team_size"
    if not any("leader" in one.roles for one in able.values()):
        return "leader_rank" if any(one.is_too_low for one in able.values()) else "leader"
    return None if form_team(able, policy, today) else "team_size"


def form_team(able: Mapping[str, Fit], policy: Policy, today: date) -> tuple[Member, ...]:
    """The team that a unit sends, leader first; empty if these cadres cannot form one.

    The highest in rank leads, then points decide, then the id. The places of a team are filled one after the other:
    first as many of each role as the pack asks for at least, then others until the team has the fewest cadres that the
    pack allows. Where nobody is left for a place, somebody moves to it from another one, if that one can be filled
    otherwise.
    """
    roles, fewest = policy.team.roles, policy.team.fewest
    worth = {id: points(one.cadre, policy, today) for id, one in able.items()}

    def preference(role: Role, id: str) -> tuple[int, int, str]:
        return -RANKS.index(able[id].cadre.rank) * (role == "leader"), -worth[id], id

    order = {
        terms.role: sorted(
            (id for id, one in able.items() if terms.role in one.roles), key=partial(preference, terms.role)
        )
        for terms in roles
    }
    places = [terms.role for terms in roles for _ in range(terms.at_least)]
    needed = len(places)
    places += [terms.role for terms in reversed(roles) for _ in range((terms.at_most or fewest) - terms.at_least)]
    taken: dict[str, int] = {}

    def fill(place: int, moved: set[str]) -> bool:
        of_role = order[places[place]]
        found = next((id for id in of_role if id not in taken), None)
        if found is None:
            for id in of_role:
                if id not in moved and fill(taken[id], moved | {id}):
                    found = id
                    break
        if found is not None:
            taken[found] = place
        return found is not None

    for place in range(len(places)):
        if place >= needed and len(taken) == fewest:
            break
        if not fill(place, set()) and place < needed:
            return ()
    return in_order(Member(id, places[place]) for id, place in taken.items()) if len(taken) == fewest else ()


def in_order(team: Iterable[Member]) -> tuple[Member, ...]:
    """A team in the order in which events list it: the leader first, then by id."""
    return tuple(sorted(team, key=lambda member: (member.role != "leader", member.cadre)))
