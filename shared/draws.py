"""The draw that anyone can recompute: SHA-256 tickets, no random generator (mechanism 2.19).

The inspection's README.md says byte by byte what is hashed, so that a few lines in any language give the same result.
The inspection draws by these rules; the command line and the pages recompute a draw by them from its public events.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from math import ceil
from typing import Final, TypeVar

import msgspec

from shared.contracts import Event
from shared.contracts.inspection import (
    Body,
    CampaignClosed,
    CampaignCommitted,
    ExitVerified,
    SampleCommitted,
    SeedCommitted,
    SeedMissed,
)
from shared.contracts.registry import ExitRequested
from shared.labels import Both

BODIES: tuple[Body, ...] = ("discipline", "inspection")
"""The two bodies, which need not trust each other, in the order in which their shares are joined."""
SEPARATOR = "‖"
Group = tuple[Sequence[str], int]
"""The ids of a group from which is drawn separately, and how many of them are drawn."""
FAULTS: Final[Mapping[str, Both]] = {
    "events": ("各项公开事项不是同一次督查的", "the events are not all of this campaign"),
    "hashes": ("有一方公布了两个校验值", "a body published two hashes"),
    "frame": ("底册不是抽取前封存的那一份", "the frame is not the one that was committed to"),
    "size": ("抽取村数不是抽取前公布的数", "the size is not the one that was committed to"),
    "shares": ("随机码与事先公布的校验值不符", "the seed shares are not those that were committed to"),
    "early": ("校验值不是在抽取之日前公布的", "a hash was not public before the day of the draw"),
    "strata": ("分层不是抽取前封存的分层", "the strata are not those that were committed to"),
    "drawn": ("所列的村不是按随机码抽出的村", "the villages are not those that the seeds draw"),
    "replaced": ("替换了没有抽中的村", "a village was replaced that was not drawn"),
    "next": (
        "替补的村不是按次序应当替补的村",
        "a village was replaced by another than that of the next ticket",
    ),
    "days": ("到村日期不是按随机码排定的日期", "the days are not those that the seeds deal"),
}
"""What can be wrong with a draw, in words."""


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """What is public of a draw: what was fixed before it, and the account of it at the campaign's end."""

    committed: CampaignCommitted
    hashes: tuple[SeedCommitted, ...] = ()
    missed: tuple[SeedMissed, ...] = ()
    closed: CampaignClosed | None = None
    """None before the campaign's end."""

    @property
    def faults(self) -> list[str]:
        """What is wrong with a draw that was made: keys of `FAULTS`. Empty before its end, or if none was made."""
        if self.closed is None or self.closed.drawn_on is None:
            return []
        return verify_draw(self.closed, self.committed, self.hashes)


OF_DRAWS: Final = (CampaignClosed, CampaignCommitted, SeedCommitted, SeedMissed)
"""The events of which a register consists."""
Told = TypeVar("Told", CampaignClosed, SeedCommitted, SeedMissed)


def registers(told: Iterable[Event]) -> list[Register]:
    """The registers of all draws in these events, one for each `CampaignCommitted`."""
    said = list(told)

    def of(kind: type[Told], draw: CampaignCommitted) -> tuple[Told, ...]:
        of_draw = (draw.place, draw.campaign)
        return tuple(one for one in said if isinstance(one, kind) and (one.place, one.campaign) == of_draw)

    return [
        Register(
            committed=draw,
            hashes=of(SeedCommitted, draw),
            missed=of(SeedMissed, draw),
            closed=next(iter(of(CampaignClosed, draw)), None),
        )
        for draw in said
        if isinstance(draw, CampaignCommitted)
    ]


def sha256_hex(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, as 64 lower-case hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def joined(shares: Mapping[str, str], hashes: Mapping[str, str], stand_in: str) -> str:
    """The seed: for each body its share; if it gave none, its hash; if it gave neither, `stand_in`."""
    return SEPARATOR.join(shares.get(body) or hashes.get(body) or stand_in for body in BODIES)


def ticket(seed: str, round: str, id: str) -> str:
    """SHA-256(seed ‖ round ‖ id)."""
    return sha256_hex(SEPARATOR.join((seed, round, id)))


def draw(seed: str, round: str, frame: Iterable[str], size: int) -> tuple[str, ...]:
    """The `size` ids of the frame with the lowest tickets, lowest first."""
    return tuple(sorted(frame, key=lambda id: (ticket(seed, round, id), id))[:size])


def divided(frame: Sequence[str], size: int, strata: Iterable[tuple[Sequence[str], int]]) -> list[Group]:
    """The groups from which is drawn separately, each with the number to draw: the strata, then the rest of the
    frame."""
    groups = list(strata)
    apart = {id for ids, _ in groups for id in ids}
    return [*groups, (tuple(id for id in frame if id not in apart), size - sum(size for _, size in groups))]


def drawn_apart(seed: str, round: str, groups: Iterable[Group]) -> tuple[str, ...]:
    """The ids drawn from each group. They are returned together in the order of their tickets, so that no stratum is
    visited before the others."""
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
    """For each part of the work (facet), the drawn villages in which it is looked into: those with the lowest tickets
    for it.

    A part that is looked into in all of them is not in the result.
    """
    return {
        facet: draw(seed, f"{round}/{facet}", villages, number)
        for facet, number in facets.items()
        if number < len(villages)
    }


def verify_draw(closed: CampaignClosed, committed: CampaignCommitted, hashes: Sequence[SeedCommitted]) -> list[str]:
    """Recompute a finished draw from its public events. Returns what is wrong with it, as keys of `FAULTS`; an empty
    list if nothing is."""
    said: dict[str, str] = {one.body: one.seed_hash for one in hashes}
    seed = joined(closed.seeds, said, committed.frame_hash)
    strata = [(closed.strata.get(code, ()), one.size) for code, one in committed.strata.items()]
    groups = divided(closed.frame, committed.size, strata)
    drawn = drawn_apart(seed, closed.campaign, groups)
    by = tuple(one.replacement for one in closed.replaced if one.replacement)
    holds = {
        "events": {closed.campaign} == {committed.campaign, *(one.campaign for one in hashes)},
        "hashes": len(said) == len(hashes),
        "frame": frame_hash(closed.frame) == committed.frame_hash,
        "size": closed.planned == committed.size,
        "shares": bool(closed.seeds)
        and all(sha256_hex(share) == said.get(body) for body, share in closed.seeds.items()),
        "early": closed.drawn_on is not None and all(one.on < closed.drawn_on for one in hashes),
        "strata": closed.strata.keys() == committed.strata.keys()
        and all(frame_hash(closed.strata[code]) == one.frame_hash for code, one in committed.strata.items()),
        "drawn": sorted((*drawn, *by)) == sorted(closed.drawn),
        "replaced": {one.village for one in closed.replaced} <= {*drawn, *by},
        "next": all(_replaced_by_ticket(closed, seed, *group) for group in groups),
    }
    if closed.drawn_on is not None:
        first = max(closed.drawn_on, committed.opens)
        days = deal_by(seed, closed.campaign, drawn, first, committed.closes, committed.visit_days)
        days |= {one.replacement: one.on for one in closed.replaced if one.replacement}
        holds["days"] = days == closed.visits
    return [fault for fault in FAULTS if not holds.get(fault, True)]


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
    seed = joined(verified.seeds, said, frame_hash(requested.lifted))
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
