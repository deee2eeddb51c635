"""What a matching proposes, weighed anew: why each village has its unit, and what would be otherwise (3.2).

Until a body assigns the team, a proposal can still be changed. So the matching is worked out here once more, by its own
rules, for all villages whose teams are not assigned yet. This changes no proposal. Whoever asks may keep the proposals
of some villages, forbid pairs, and count with other weights than the pack's, to see what would come of it. To make it
so, a body takes back the matches that it does not want to keep, and has the matching solved again.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

import msgspec

from services.dispatch.model.alternatives import Ways
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.matching import Match, Possible, near, worth
from services.dispatch.model.pool import Pool, Squad, Team, possible, prefixes
from shared.policy import Policy
from shared.policy.team import Team as TeamPolicy
from shared.rules import Key, State


class Wishes(NamedTuple):
    """What somebody would like to see otherwise."""

    kept: Collection[str] = ()
    """Villages that keep the units which are proposed for them."""
    forbidden: Collection[tuple[str, str]] = ()
    """Pairs of village and unit that must not be."""
    weights: Mapping[str, int] = {}
    """Other weights than the pack's, by their names in the pack."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A village whose team is not assigned yet: which unit is proposed, which one would be best, and what is next."""

    village: str
    place: str
    problem_class: str
    unit: str | None
    """The unit that is proposed by now; None if the village waits for one."""
    score: int | None
    """What the proposal scores by today's data and the weights in question."""
    kept: bool
    """Whether the village keeps its proposed unit, as `Wishes.kept` says, and so is left out of the best matching."""
    best: str | None = None
    """The unit in the best matching; None if it has none for this village."""
    best_score: int | None = None
    reasons: tuple[str, ...] = ()
    """Codes of what speaks for the best unit."""
    next: str | None = None
    """The unit that the village would get if it could not have the best one; None if it would get none then."""
    fewer_villages: int = 0
    """How many fewer villages would get a unit then."""
    fewer_units: int = 0
    """How many fewer units would go to a village of their own then."""
    cost: int | None = None
    """How many points all villages together would score less then. None for a village about which nothing is asked."""
    obstacles: dict[str, str] = {}
    """For a village that gets no unit: the units that come nearest, each with the first rule that it fails."""


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    """The proposals of a jurisdiction, beside the best matching of the same villages with its proof."""

    place: str
    """The jurisdiction, as matchings name it."""
    matching: str
    """The name of the last matching."""
    proposed: int
    """How many villages have a proposal that is not assigned yet."""
    score: int
    """What these proposals score in all."""
    matched: int
    """How many villages have a unit in the best matching, those that are kept among them."""
    best_score: int
    """What the best matching scores in all."""
    bound: int
    """No matching of so many villages scores higher."""
    waiting: int
    """How many villages get no unit."""
    weights: dict[str, int]
    proposals: tuple[Proposal, ...]


def asked_about(pool: Pool) -> Iterable[Key]:
    """The keys of what this needs to see: the squads of all units, the links of the villages, and the pools around."""
    yield from ((Squad, unit) for unit in pool.units)
    yield from ((Link, id_of(village)) for village in (*pool.needs, *pool.teams))
    yield from ((Pool, id) for id in prefixes(pool.place))


def proposed(pool: Pool, others: Mapping[Key, State | None]) -> dict[str, Team]:
    """By village, the proposals that a matching made and that nobody has assigned yet."""

    def is_open(village: str) -> bool:
        link = others.get((Link, id_of(village)))
        return isinstance(link, Link) and link.stage == "matched"

    return {village: team for village, team in sorted(pool.teams.items()) if team.need and is_open(village)}


class Page(NamedTuple):
    """Which villages are shown: those of a division after a given one, in order of id."""

    place: str = ""
    after: str = ""
    limit: int = 1000


def weighed(
    pool: Pool, policy: Policy, today: date, others: Mapping[Key, State | None], wishes: Wishes, page: Page
) -> Proposals:
    """The proposals of a pool beside the best matching, with one page of villages, each with its next best."""
    standing, policy = proposed(pool, others), _heavier(policy, wishes.weights)
    asked = {village: team for village, team in standing.items() if village not in wishes.kept}
    needs = {**pool.needs, **{village: team.need for village, team in asked.items() if team.need}}
    freed = [_freed(state, asked) for state in others.values()]
    found = possible(_freed(pool, asked).but(needs=needs), freed, policy, today, wishes.forbidden)
    best = found.best()
    matches = {match.village: match for match in best.matches}
    ways = Ways(found.pairs, found.scores, _indices(found, matches), found.rooms)
    scores = {village: _score(pool, team, found, others, today) for village, team in standing.items()}
    kept = {village: scores[village] for village in standing.keys() - asked.keys()}
    needs |= {village: team.need for village, team in standing.items() if team.need}
    shown = sorted(id for id, need in needs.items() if need.place.startswith(page.place) and id > page.after)

    def proposal(village: str) -> Proposal:
        team, need, match = standing.get(village), needs[village], matches.get(village)
        known = Proposal(
            village=village,
            place=need.place,
            problem_class=need.problem_class,
            unit=team.unit if team else None,
            score=scores.get(village),
            kept=village in kept,
        )
        if match is None:
            codes = best.obstacles.get(village, {})
            but_forbidden = {unit: code for unit, code in codes.items() if (village, unit) not in wishes.forbidden}
            own = {"best": known.unit, "best_score": known.score} if known.kept else {}
            return msgspec.structs.replace(known, obstacles=but_forbidden, **own)
        other = ways.without(village)
        return msgspec.structs.replace(
            known, best=match.unit, best_score=match.score, reasons=match.reasons, next=other.unit,
            fewer_villages=other.villages, fewer_units=other.units, cost=other.score,
        )  # fmt: skip

    return Proposals(
        place=pool.place, matching=pool.matching, proposed=len(standing), score=sum(scores.values()),
        matched=len(matches) + len(kept), best_score=best.objective + sum(kept.values()),
        bound=best.bound + sum(kept.values()), waiting=len(best.obstacles), weights=weights_of(policy),
        proposals=tuple(map(proposal, shown[: page.limit])),
    )  # fmt: skip


def weights_of(policy: Policy) -> dict[str, int]:
    """The weights of a pack that add points to a score, by their names."""
    of = policy.team.weights
    return {"strength": of.strength, "same_county": of.same_county, "reserve": of.reserve, "young": of.young}


def _heavier(policy: Policy, weights: Mapping[str, int]) -> Policy:
    """The pack with other weights."""
    but = msgspec.structs.replace
    return but(
        policy,
        links=tuple(
            but(link, weights=but(link.weights, **weights)) if isinstance(link, TeamPolicy) else link
            for link in policy.links
        ),
    )


S = TypeVar("S", bound=State | None)


def _freed(state: S, asked: Collection[str]) -> S:
    """A pool in which the units of these villages are on offer again; another state as it is."""
    if not isinstance(state, Pool):
        return state
    return state.but(teams={village: team for village, team in state.teams.items() if village not in asked})


def _score(pool: Pool, team: Team, found: Possible, others: Mapping[Key, State | None], today: date) -> int:
    """What a proposal scores by now, whether or not its members still meet the rules."""
    unit, squad = pool.units.get(team.unit), others.get((Squad, team.unit))
    if unit is None or team.need is None or not isinstance(squad, Squad):
        return 0
    members = [squad.cadres[id] for id in team.members if id in squad.cadres]
    return worth(unit, members, found.policy, today) + near(unit, team.need, found.policy)


def _indices(found: Possible, matches: Mapping[str, Match]) -> list[int]:
    """Which of the possible pairs are matched."""
    units = {village: match.unit for village, match in matches.items()}
    return [k for k, (village, unit) in enumerate(found.pairs) if units.get(village) == unit]
