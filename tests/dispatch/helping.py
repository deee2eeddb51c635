"""A city whose poor households have helpers, as the tests of pairs and quotas need it."""

from typing import Any

from services.dispatch.model.commands import PairHouseholds, Pairing
from shared.contracts.registry import HouseholdsCounted
from tests.dispatch.benxi import PACK, V1, Benxi, cadre, unit
from tests.support.packs import HELPER

UNITS = [unit("U1"), unit("U2")]
CADRES = [
    cadre("L1", "U1", "division"),
    cadre("C1", "U1", "deputy_section"),
    cadre("C2", "U1"),
    cadre("D1", "U2", "deputy_division", ties=(V1,)),
]
OF = {"L1": "U1", "C1": "U1", "C2": "U1", "D1": "U2"}


def counted(*poor: str, village: str = V1, lifted: tuple[str, ...] = (), **more: Any) -> HouseholdsCounted:
    return HouseholdsCounted(place=village[:6], village=village, poor=poor, lifted=lifted, **more)


def pack(**link: Any) -> dict[str, Any]:
    """Benxi's pack with helpers; what is None is left out."""
    said = {field: value for field, value in {**HELPER, **link}.items() if value is not None}
    return {**PACK, "links": [*PACK["links"], said]}


def city(*poor: str, **link: Any) -> Benxi:
    """Benxi with helpers of households, four cadres of two units, and the poor households of V1."""
    benxi = Benxi(links=pack(**link)["links"])
    benxi.hear(*UNITS, *CADRES, *([counted(*poor)] if poor else []))
    return benxi


def pairs(**helpers: str) -> tuple[Pairing, ...]:
    """`H1="L1 C1"` means that both help household H1."""
    return tuple(
        Pairing(household=household, unit=OF[one], cadre=one) for household, of in helpers.items() for one in of.split()
    )


def pair(
    benxi: Benxi, *more: Pairing, village: str = V1, body: str = "township", kind: str = "helper", **by: str
) -> None:
    benxi.send(PairHouseholds, village, kind=kind, pairs=(*pairs(**by), *more), body=body)
