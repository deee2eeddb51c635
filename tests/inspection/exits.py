"""A village that asks to leave the list, up to the drawing of the households to visit."""

from datetime import date
from typing import Any

from services.inspection.model.commands import GiveVerificationSeed, PostVerificationHash
from shared.contracts.inspection import Body
from shared.contracts.registry import ExitRequested, IndicatorsMeasured, Unmet
from shared.draws import BODIES
from tests.inspection.region import PACKS, VILLAGE, Region, hash_of, share

PERSONS = 4
OUTSIDE = 600
"""People of the village who are in no registered household."""


def requested(households: int = 60, attempt: int = 1, **said: Any) -> Region:
    """A region in which a village asks to leave the list, and the households to visit are drawn."""
    region = Region(PACKS["benxi"], date(2016, 1, 4))
    if attempt == 1:
        measured(region)
        region.ask(*(hashed(region, body) for body in BODIES))
    ask(region, households, attempt, **said)
    region.ask(*(seeded(region, body, attempt=attempt) for body in BODIES))
    return region


def measured(region: Region, unmet: tuple[Unmet, ...] = (), year: int = 2015) -> None:
    region.hear(
        IndicatorsMeasured(
            place=region.county, village=VILLAGE, year=year, values={}, unmet=unmet, measured_by="镇政府"
        )
    )


def ask(region: Region, households: int = 60, attempt: int = 1, **said: Any) -> ExitRequested:
    lifted = tuple(f"H{number:03}" for number in range(households))
    given = {
        "place": region.county,
        "village": VILLAGE,
        "attempt": attempt,
        "lifted": lifted,
        "persons": (PERSONS,) * households,
        "outside": OUTSIDE,
        "remaining": 1,
        "requested_by": "镇政府",
        **said,
    }
    event = ExitRequested(**given)
    region.hear(event)
    return event


def hashed(region: Region, body: Body, of: str = "", attempt: int = 1) -> PostVerificationHash:
    return PostVerificationHash(
        place=region.county,
        village=VILLAGE,
        attempt=attempt,
        body=body,
        seed_hash=hash_of(of or share(f"{VILLAGE}/{attempt}", body)),
    )


def seeded(region: Region, body: Body, seed: str = "", attempt: int = 1) -> GiveVerificationSeed:
    return GiveVerificationSeed(
        place=region.county,
        village=VILLAGE,
        attempt=attempt,
        body=body,
        seed=seed or share(f"{VILLAGE}/{attempt}", body),
    )
