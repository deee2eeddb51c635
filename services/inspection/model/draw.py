"""The draw that anyone can recompute: SHA-256 tickets, no random generator (mechanism 2.19, DESIGN §7)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from shared.contracts.inspection import CampaignClosed, CampaignCommitted
from shared.rules import Refused

BODIES = ("discipline", "inspection")
"""The two bodies that do not trust each other, in the order in which their seed shares are joined."""
SEED_LENGTH = 32
"""Characters that a seed needs at least: a shorter one could be guessed, from its published hash for example."""
_SEPARATOR = "‖"


def draw(seed: str, round: str, frame: Iterable[str], size: int) -> tuple[str, ...]:
    """The `size` ids of the frame with the lowest tickets SHA-256(seed ‖ round ‖ id), lowest first."""
    return tuple(sorted(frame, key=lambda id: (_sha256(_SEPARATOR.join((seed, round, id))), id))[:size])


def sample_size(share: float, frame: int, at_least: int = 1) -> int:
    """How many make up a share of the frame, rounded up by the share as it is written: 10 % of 30 is 3."""
    return min(frame, max(at_least, ceil(Fraction(str(share)) * frame)))


def must_be_unguessable(seed: str, rule: str) -> None:
    """Refuse a seed by which others could compute the draw beforehand."""
    if len(seed) < SEED_LENGTH:
        raise Refused(
            rule,
            f"随机数至少要 {SEED_LENGTH} 个字符，否则可能被猜出；请用 openssl rand -hex 32 生成",
            f"a seed needs {SEED_LENGTH} characters at least, or it could be guessed; "
            "make one with `openssl rand -hex 32`",
            field="seed",
            status=422,
        )


def joined(seeds: Mapping[str, str]) -> str:
    """The seed of a draw from both bodies' shares."""
    return _SEPARATOR.join(seeds[body] for body in BODIES)


def frame_hash(frame: Iterable[str]) -> str:
    """The commitment to a frame, as `CampaignCommitted` states it."""
    return _sha256("\n".join(sorted(frame)))


def seed_hashes(seeds: Mapping[str, str]) -> dict[str, str]:
    """The commitments to the seed shares, by body."""
    return {body: _sha256(seed) for body, seed in sorted(seeds.items())}


def deal(villages: Sequence[str], first: date, last: date, days: int) -> dict[str, date]:
    """Each village's day, in order, over `days` different days spread evenly from `first` to `last`."""
    length = max((last - first).days + 1, 1)
    days = min(days, length, len(villages))
    return {
        village: first + timedelta(number * days // len(villages) * length // days)
        for number, village in enumerate(villages)
    }


def verify_draw(closed: CampaignClosed, committed: CampaignCommitted) -> list[str]:
    """What is wrong with a draw that has ended, judged by its two public events alone; empty if nothing is."""
    checks = {
        "the frame is not the one that was committed to": frame_hash(closed.frame) == committed.frame_hash,
        "the seed shares are not those that were committed to": seed_hashes(closed.seeds) == committed.seed_hashes,
        "the size is not the one that was committed to": closed.planned == committed.size,
        "the villages are not those that the seeds draw": set(closed.seeds) == set(BODIES)
        and sorted(draw(joined(closed.seeds), closed.campaign, closed.frame, committed.size)) == sorted(closed.drawn),
    }
    return [fault for fault, holds in checks.items() if not holds]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
