"""Which unit goes to which village (2.10, 3.2). Hard rules leave the possible pairs; `optimum` picks the best."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from services.dispatch.model.eligibility import (
    UNRECORDED,
    Cadre,
    Fit,
    Posting,
    Unit,
    fit,
    form_team,
    in_order,
    points,
    team_obstacle,
)
from services.dispatch.model.optimum import Room, best_pairs
from shared.contracts.dispatch import Member, Role
from shared.policy import Policy

OBSTACLES = (
    UNRECORDED, "leader_rank", "leader", "team_size", "recusal", "matched_elsewhere", "serving", "county", "department",
    "designated",
)  # fmt: skip
"""What keeps a unit from a village, from the nearest miss to the farthest: the unit suits but cannot form such a team
(`unrecorded` to `recusal`), it is taken, it does not suit. `designated`: a superior keeps it for another village."""
NEAREST = 5
"""How many units are named to a village that got none. More would help nobody to act."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosed village that waits for a unit."""

    place: str
    problem_class: str
    since: date


class Serving(NamedTuple):
    """A unit that is out: its villages and its team. A unit has one team, which may serve several villages."""

    villages: tuple[str, ...]
    members: Mapping[str, Role]

    def has_room(self, policy: Policy) -> bool:
        """Whether the pack lets the team serve a further village."""
        return len(self.villages) < policy.team.most_villages


class Match(NamedTuple):
    """A unit and a team that could go to a village, and what speaks for them."""

    village: str
    unit: str
    team: tuple[Member, ...]
    score: int
    reasons: tuple[str, ...]


class Matching(NamedTuple):
    """Who goes where, the proof that no other way is better, and what stood in the way of the other villages."""

    matches: tuple[Match, ...]
    """In the order of the villages."""
    objective: int
    bound: int
    obstacles: dict[str, dict[str, str]]
    """By village that got no unit: the units that came nearest, each with the first hard rule that it fails."""


def worth(unit: Unit, team: Iterable[Cadre], policy: Policy, today: date) -> int:
    """The points of a unit and its team that do not depend on the village."""
    return policy.team.weights.strength * unit.strength + sum(points(cadre, policy, today) for cadre in team)


def near(unit: Unit, need: Need, policy: Policy) -> int:
    """The points of a unit for a village of its own county."""
    return policy.team.weights.same_county * (unit.place == need.place)


class Possible:
    """The pairs of village and unit that the hard rules leave, each with its score.

    `cadres` are those who may go: free cadres, and the teams of units that are `serving` and may take a further
    village. `forbidden` pairs are left out as well, so that one can ask what the best matching would be without them.
    """

    def __init__(
        self,
        needs: Mapping[str, Need],
        units: Mapping[str, Unit],
        cadres: Mapping[str, Cadre],
        serving: Mapping[str, Serving],
        policy: Policy,
        today: date,
        forbidden: Collection[tuple[str, str]] = (),
    ) -> None:
        self.needs, self.units, self.policy = needs, units, policy
        by_unit: dict[str, dict[str, Cadre]] = {unit: {} for unit in units}
        for id, cadre in cadres.items():
            by_unit.get(cadre.unit, {})[id] = cadre
        self.offers = {
            id: Offer(unit, by_unit[id], policy, today, serving.get(id), needs) for id, unit in sorted(units.items())
        }
        self.full = {unit for unit, out in serving.items() if not out.has_room(policy)}
        suited = _suited(needs, {unit: units[unit] for unit in self.offers if unit not in self.full}, policy)
        pairs = [
            (village, unit)
            for village in sorted(needs)
            for unit in suited[village]
            if not self.offers[unit].obstacle(village) and (village, unit) not in forbidden
        ]
        # A superior's decision is not weighed against scores, so a village with a designated unit is left no other
        # unit. The designated unit can go nowhere else, so this costs no match.
        decided = {village for village, unit in pairs if units[unit].village}
        self.pairs = [(village, unit) for village, unit in pairs if village not in decided or units[unit].village]
        self.scores = [self.offers[unit].score(village, needs[village]) for village, unit in self.pairs]
        most = policy.team.most_villages
        rooms = {unit: Room(0, most - len(out.villages)) for unit, out in serving.items() if out.has_room(policy)}
        if most > 1:
            rooms = {**dict.fromkeys(self.offers.keys() - rooms.keys(), Room(1, most - 1)), **rooms}
        self.rooms = rooms

    def obstacle(self, village: str, unit: str) -> str | None:
        """The first hard rule that keeps a unit from a village; None if it may go there."""
        unsuited = unsuited_for(self.units[unit], village, self.needs[village], self.policy)
        return unsuited or ("serving" if unit in self.full else self.offers[unit].obstacle(village))

    def best(self) -> Matching:
        """As many villages as possible, with the highest total score.

        Only which unit goes where is optimised: `form_team` picks the team from a unit's eligible cadres.
        """
        optimum = best_pairs(self.pairs, self.scores, self.rooms)
        chosen = dict(sorted(self.pairs[k] for k in optimum.chosen))
        matches = tuple(self.offers[unit].match(village, self.needs[village], unit) for village, unit in chosen.items())
        obstacles = {
            village: _nearest({unit: self.obstacle(village, unit) or "matched_elsewhere" for unit in self.offers})
            for village in sorted(self.needs.keys() - chosen.keys())
        }
        return Matching(matches, optimum.objective, optimum.bound, obstacles)


def unsuited_for(unit: Unit, village: str, need: Need, policy: Policy) -> str | None:
    """Why the unit does not suit this village, whatever team it could send. None if it does."""
    if unit.village not in (None, village):
        return "designated"
    # A superior who designates a unit may ignore its department, but not the rule about its county.
    if unit.village is None and unit.department not in policy.team.suits.get(need.problem_class, ()):
        return "department"
    if unit.level in policy.team.same_county_levels and unit.place != need.place:
        return "county"
    return None


def _suited(needs: Mapping[str, Need], units: Mapping[str, Unit], policy: Policy) -> dict[str, list[str]]:
    """By village, the units that suit it. Those without a designated village suit all villages of a class and county
    alike, so that they are sought once for all of these."""
    alike: dict[tuple[str, str], list[str]] = {}
    suited: dict[str, list[str]] = {}
    designated, at_home = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    """By village, the units that are designated for it; by county, those that serve nowhere else; and under an empty
    county all others. Without this, each village would be tried with all units, and a province has thousands."""
    for unit, one in units.items():
        if one.village:
            designated[one.village].append(unit)
        else:
            at_home[one.place if one.level in policy.team.same_county_levels else ""].append(unit)
    for village, need in needs.items():
        key = need.problem_class, need.place
        if key not in alike:
            near = (*at_home[need.place], *at_home[""])
            alike[key] = [unit for unit in near if not unsuited_for(units[unit], village, need, policy)]
        own = [unit for unit in designated[village] if not unsuited_for(units[unit], village, need, policy)]
        suited[village] = [*alike[key], *own]
    return suited


class Offer:
    """Whom a unit can send. It is worked out once for all villages, since only ties depend on the village.

    If the pack lets a unit serve several villages, the unit sends one team to all of them: the team that is out, or
    else, if possible, a team that has no ties to any of them.
    """

    def __init__(
        self,
        unit: Unit,
        cadres: Mapping[str, Cadre],
        policy: Policy,
        today: date,
        serving: Serving | None = None,
        villages: Collection[str] = (),
    ) -> None:
        self.unit, self.policy, self.today = unit, policy, today
        self.is_one = serving is not None or policy.team.most_villages > 1
        cadres = {id: cadres[id] for id in serving.members if id in cadres} if serving else cadres
        postings = {id: Posting(cadre, unit, "", policy, today) for id, cadre in cadres.items()}
        self.fit = fit(postings, policy)
        self.tied = {village for one in self.fit.values() for village in one.cadre.ties}
        if serving:
            self.short, self.usual = self._out(serving)
        else:
            self.usual = form_team(self._untied(villages) if self.is_one else self.fit, policy, today)
            self.short = None if self.usual else self._lacks(postings)
        if self.is_one:
            self.tied = {village for member in self.usual for village in self.fit[member.cadre].cadre.ties}
        self.usual_worth = self.worth(self.usual)

    def _untied(self, villages: Collection[str]) -> Mapping[str, Fit]:
        """The eligible cadres without ties to any of the villages, if they can form a team; otherwise all of them."""
        untied = {id: one for id, one in self.fit.items() if not any(tie in villages for tie in one.cadre.ties)}
        return self.fit if team_obstacle(untied, self.policy, self.today) else untied

    def _lacks(self, postings: Mapping[str, Posting]) -> str | None:
        """Why the unit cannot form a team: `unrecorded` if it could, provided that those whose Party membership is not
        recorded are members."""
        assumed = {
            id: one._replace(cadre=msgspec.structs.replace(one.cadre, party_member=True))
            for id, one in postings.items()
            if one.cadre.party_member is None
        }
        if assumed and not team_obstacle(fit({**postings, **assumed}, self.policy), self.policy, self.today):
            return UNRECORDED
        return team_obstacle(self.fit, self.policy, self.today)

    def _out(self, serving: Serving) -> tuple[str | None, tuple[Member, ...]]:
        """Why the team that is out cannot serve a further village (None if it can), and the team."""
        if len(serving.members) < self.policy.team.fewest or serving.members.keys() - self.fit.keys():
            return "team_size", ()
        leader = next((id for id, role in serving.members.items() if role == "leader"), None)
        if leader is None or "leader" not in self.fit[leader].roles:
            return "leader_rank" if leader and self.fit[leader].is_too_low else "leader", ()
        if any(role not in self.fit[id].roles for id, role in serving.members.items()):
            return "team_size", ()
        return None, in_order(Member(id, role) for id, role in serving.members.items())

    def free_of_ties(self, village: str) -> dict[str, Fit]:
        return {id: one for id, one in self.fit.items() if village not in one.cadre.ties}

    def obstacle(self, village: str) -> str | None:
        if self.short or village not in self.tied:
            return self.short
        return "recusal" if self.is_one or team_obstacle(self.free_of_ties(village), self.policy, self.today) else None

    def team(self, village: str) -> tuple[Member, ...]:
        if self.is_one or village not in self.tied:
            return self.usual
        return form_team(self.free_of_ties(village), self.policy, self.today)

    def worth(self, team: Iterable[Member]) -> int:
        """The points of the unit and the team that do not depend on the village."""
        return worth(self.unit, (self.fit[member.cadre].cadre for member in team), self.policy, self.today)

    def score(self, village: str, need: Need, team: Sequence[Member] | None = None) -> int:
        """The points for this village of the given team, or of the team that the unit would send."""
        if team is None and (self.is_one or village not in self.tied):
            found = self.usual_worth
        else:
            found = self.worth(self.team(village) if team is None else team)
        return found + near(self.unit, need, self.policy)

    def match(self, village: str, need: Need, unit: str, team: Sequence[Member] | None = None) -> Match:
        """The match of the village with the unit: with the given team, or with the team that the unit would send."""
        team = self.team(village) if team is None else team
        reasons = {
            "designated": self.unit.village is not None,
            "class_suits": self.unit.village is None,
            "same_county": self.unit.place == need.place,
            "reserve_cadres": any(self.fit[member.cadre].cadre.reserve for member in team),
            "reserve_unrecorded": self.policy.team.weights.reserve > 0
            and any(self.fit[member.cadre].cadre.reserve is None for member in team),
        }
        spoke = tuple(code for code, holds in reasons.items() if holds)
        return Match(village, unit, tuple(team), self.score(village, need, team), spoke)


def _nearest(found: Mapping[str, str]) -> dict[str, str]:
    nearest = sorted(found, key=lambda unit: (OBSTACLES.index(found[unit]), unit))[:NEAREST]
    return {unit: found[unit] for unit in nearest}
