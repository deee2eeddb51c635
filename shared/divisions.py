"""Codes of divisions: what lies in what, how many digits each level has, and which place answers for a code.

A village's code of 12 digits begins with those of the divisions around it: two of its province, four of its city or
prefecture, six of its county (GB/T 2260), nine of its township. A place always has six digits, as events and commands
name it: the city 2105 is the place 210500, and a village's place is its county.
"""

from collections.abc import Mapping
from typing import Final, Literal

Level = Literal["township", "county", "city", "province"]
DIGITS: Final[Mapping[str, int]] = {"township": 9, "county": 6, "city": 4, "province": 2}
"""How many digits of a village's code name each kind of division, the narrowest first."""
LABELS: Final[Mapping[str, str]] = {"township": "乡镇", "county": "县", "city": "市", "province": "省"}
NATIONAL: Final = "00"
"""The jurisdiction of what holds for the whole country, such as a pack that regions extend."""
COUNTRY: Final = "000000"
"""The place of what concerns the whole country, such as days."""


def place_of(code: str) -> str:
    """The place of a code: a village's and a township's is their county, and `2105`, a city, is the place `210500`."""
    return code[:6].ljust(6, "0")


def jurisdiction_of(place: str) -> str:
    """The digits with which all within a place begin: `2105` for `210500`, and none for the whole country."""
    return place.removesuffix("00").removesuffix("00").removesuffix("00")


def around(code: str) -> tuple[str, ...]:
    """The jurisdictions of a division, or of a village by its code: its county, prefecture and province."""
    return tuple(dict.fromkeys(code[:length] for length in (6, 4, 2)))


def part_of(code: str, level: str) -> str:
    """The division of a level in which a village lies according to its code."""
    return code[: DIGITS[level]]


def is_village(code: str) -> bool:
    """Whether this is a village's code: twelve digits."""
    return len(code) == 12 and code.isascii() and code.isdigit()


def prefecture_of(place: str) -> str:
    """The first four digits of a place, which name its prefecture: `2105`. Those of a province are `2100`."""
    return place[:4]


def lies_in(division: str, wider: str) -> bool:
    """Whether a jurisdiction lies within a wider one. All others lie in `NATIONAL`."""
    return division != wider and (wider == NATIONAL or division.startswith(wider))
