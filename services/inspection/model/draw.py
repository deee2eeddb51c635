"""The draw that anyone can recompute: SHA-256 tickets, no random generator (mechanism 2.19).

This service's README.md says byte by byte what is hashed, so that a few lines in any language give the same result.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil

from services.inspection.model.seeds import SEPARATOR, Seeds, joined, sha256_hex
from shared.contracts.inspection import (
    CampaignClosed,
    CampaignCommitted,
    ExitVerified,
    SampleCommitted,
    SeedCommitted,
)
from shared.contracts.registry import ExitRequested

Group = tuple[Sequence[str], int]
"""Ids that are drawn from apart from others, and how many of them are drawn."""


def ticket(seed: str, round: str, id: str) -> str:
    """SHA-256(seed ‖ round ‖ id)."""
    return sha256_hex(SEPARATOR.join((seed, round, id)))


def draw(seed: str, round: str, frame: Iterable[str], size: int) -> tuple[str, ...]:
    """The `size` ids of the frame with the lowest tickets, lowest first."""
    return tuple(sorted(frame, key=lambda id: (ticket(seed, round, id), id))[:size])


def divided(frame: Sequence[str], size: int, strata: Iterable[tuple[Sequence[str], int]]) -> list[Group]:
    """The groups that are drawn apart, each with how many are drawn of it: the strata, then the rest of the frame."""
    groups = list(strata)
    apart = {id for ids, _ in groups for id in ids}
    return [*groups, (tuple(id for id in frame if id not in apart), size - sum(size for _, size in groups))]


def drawn_apart(seed: str, round: str, groups: Iterable[Group]) -> tuple[str, ...]:
    """Of each group as many ids as are drawn of it; all of them together in the order of their tickets, so that a
    stratum is not visited before the others."""
    drawn = [id for ids, size in groups for id in draw(seed, round, ids, size)]
    return draw(seed, round, drawn, len(drawn))


def sample_size(share: float | Fraction, frame: int, at_least: int = 1) -> int:
    """How many villages or households a share of the frame is, rounded up: 10 % of 31 is 4.

    The share is taken as its decimal digits say, since a binary 0.1 is a little more than a tenth: 10 % of 30 is 3.
    """
    exact = share if isinstance(share, Fraction) else Fraction(str(share))
    return min(frame, max(at_least, ceil(exact * frame)))


def frame_hash(frame: Iterable[str]) -> str:
    """The commitment to a frame: SHA-256 over its ids, sorted and joined by line feeds."""
    return sha256_hex("\n".join(sorted(frame)))


def deal(villages: Sequence[str], first: date, last: date, days: int) -> dict[str, date]:
    """Give villages their days, in order: `days` different days, spread evenly from `first` to `last`."""
    length = max((last - first).days + 1, 1)
    days = min(days, length, len(villages))
    return {
        village: first + timedelta(number * days // len(villages) * length // days)
        for number, village in enumerate(villages)
    }


def deal_by(seed: str, round: str, villages: Sequence[str], first: date, last: date, days: int) -> dict[str, date]:
    """Like `deal`, but each day is drawn: the time is cut into parts, and in each the day with the lowest ticket wins.

    So visits are spread, and nobody can foresee their days before the draw.
    """
    length = max((last - first).days + 1, 1)
    days = min(days, length, len(villages))
    starts = [part * length // days for part in range(days)] + [length]
    chosen = [
        min(
            (first + timedelta(day) for day in range(start, end)),
            key=lambda on: ticket(seed, round, on.isoformat()),
        )
        for start, end in pairwise(starts)
    ]
    return {village: chosen[number * days // len(villages)] for number, village in enumerate(villages)}


def dealt(seed: str, round: str, facets: Mapping[str, int], villages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """In which of the drawn villages each part of the work is looked into: those with the lowest tickets for it.

    A part that is looked into in all of them is not in the result.
    """
    return {
        facet: draw(seed, f"{round}/{facet}", villages, number)
        for facet, number in facets.items()
        if number < len(villages)
    }


def verify_draw(closed: CampaignClosed, committed: CampaignCommitted, hashes: Sequence[SeedCommitted]) -> list[str]:
    """Recompute a finished draw from its public events. Returns what is wrong with it, an empty list if nothing is."""
    said: dict[str, str] = {one.body: one.seed_hash for one in hashes}
    seeds = Seeds(hashes=said, shares=closed.seeds)
    faults = {
        "the events are not all of this campaign": {closed.campaign}
        == {committed.campaign, *(one.campaign for one in hashes)},
        "a body published two hashes": len(said) == len(hashes),
        "the frame is not the one that was committed to": frame_hash(closed.frame) == committed.frame_hash,
        "the size is not the one that was committed to": closed.planned == committed.size,
        "the seed shares are not those that were committed to": bool(closed.seeds)
        and all(sha256_hex(share) == said.get(body) for body, share in closed.seeds.items()),
        "a hash was not public before the day of the draw": closed.drawn_on is not None
        and all(one.on < closed.drawn_on for one in hashes),
    }
    seed = joined(seeds, committed.frame_hash)
    strata = [(closed.strata.get(code, ()), one.size) for code, one in committed.strata.items()]
    groups = divided(closed.frame, committed.size, strata)
    drawn = drawn_apart(seed, closed.campaign, groups)
    by = tuple(one.replacement for one in closed.replaced if one.replacement)
    faults["the strata are not those that were committed to"] = closed.strata.keys() == committed.strata.keys() and all(
        frame_hash(closed.strata[code]) == one.frame_hash for code, one in committed.strata.items()
    )
    faults["the villages are not those that the seeds draw"] = sorted((*drawn, *by)) == sorted(closed.drawn)
    faults["a village was replaced that was not drawn"] = {one.village for one in closed.replaced} <= {*drawn, *by}
    faults["a village was replaced by another than that of the next ticket"] = all(
        _replaced_by_ticket(closed, seed, *group) for group in groups
    )
    if closed.drawn_on is not None:
        first = max(closed.drawn_on, committed.opens)
        days = deal_by(seed, closed.campaign, drawn, first, committed.closes, committed.visit_days)
        days |= {one.replacement: one.on for one in closed.replaced if one.replacement}
        faults["the days are not those that the seeds deal"] = days == closed.visits
    return [fault for fault, holds in faults.items() if not holds]


def _replaced_by_ticket(closed: CampaignClosed, seed: str, ids: Sequence[str], size: int) -> bool:
    """Whether the villages of a group that could not be reached were replaced by those of its next tickets."""
    group = {*ids}
    replaced = [one for one in closed.replaced if one.village in group]
    by = tuple(one.replacement for one in replaced if one.replacement)
    return by == draw(seed, closed.campaign, ids, size + len(replaced))[size:]


def verify_sample(
    verified: ExitVerified,
    requested: ExitRequested,
    hashes: Sequence[SampleCommitted],
    share: float | Fraction,
    at_least: int,
) -> list[str]:
    """Recompute a verification's sample from its public events. Returns what is wrong; an empty list if nothing is.

    `share` (of the lifted households) and `at_least` (households) are the pack's.
    """
    said: dict[str, str] = {one.body: one.seed_hash for one in hashes}
    size = sample_size(share, len(requested.lifted), at_least)
    seed = joined(Seeds(hashes=said, shares=verified.seeds), frame_hash(requested.lifted))
    sampled = draw(seed, sample_round(verified.village, verified.attempt), requested.lifted, size)
    events: tuple[ExitVerified | ExitRequested | SampleCommitted, ...] = (verified, requested, *hashes)
    checks = {
        "the events are not all of this verification": len({(one.village, one.attempt) for one in events}) == 1,
        "a body published two hashes": len(said) == len(hashes),
        "the seed shares are not those that were committed to": bool(verified.seeds)
        and all(sha256_hex(one) == said.get(body) for body, one in verified.seeds.items()),
        "the households are not those that the seeds draw": (*sampled, *verified.again) == verified.households
        and set(verified.again) <= {*requested.lifted} - {*sampled},
    }
    return [fault for fault, holds in checks.items() if not holds]


def sample_round(village: str, attempt: int) -> str:
    """The round that is hashed into a verification's tickets, so that each attempt has other tickets."""
    return f"{village}/{attempt}"
