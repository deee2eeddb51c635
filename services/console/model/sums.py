"""What is summed over villages: by division, how many there are of each kind, and how many came to which stage when.

A village is counted in its township, county, city, province and the country. When its row changes, what it was counted
as is taken out and what it is now comes in; so an overview of the whole country reads a few hundred sums, and no row of
a village.
"""

from collections import Counter
from datetime import date
from typing import Final

from services.console.model.village import GONE, ON_LIST, Village, standings
from shared.divisions import DIGITS

LEVELS: Final = (0, *sorted(DIGITS.values()))
"""How many digits the code of a division has, from the country down to a township."""
BINS: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 1.0)
"""The upper ends of the bins in which incidences are shown. A pack's own brackets are counted as well."""

Sums = Counter[tuple[str, str]]
"""By division and measure, a number."""
Changes = Counter[tuple[str, date, str]]
"""By division, day and stage, how many villages came to the stage, minus those that left it."""


def within(code: str, deepest: int = 9) -> list[str]:
    """The divisions in which a code lies, from the country down."""
    return [code[:length] for length in LEVELS if length <= deepest]


def measures(village: Village) -> dict[str, int]:
    """What a village is counted as, with numbers. A village whose registration was not heard yet is not counted at
    all."""
    if not village.name:
        return {}
    found = {f"stage/{village.stage}": 1}
    if village.stage in GONE:
        return found
    found |= {"villages": 1, "population": village.population}
    found |= {f"list/{kind}": 1 for kind in village.lists}
    found |= {f"bracket/{figure}/{bracket}": 1 for figure, bracket in village.brackets.items()}
    if village.stage in ON_LIST:
        found |= {"on_list": 1} | ({"covered": 1} if village.team else {})
        if village.incidence is not None:
            found[f"incidence/{bin_of(village.incidence)}"] = 1
    found |= {"due": len(village.due)} if village.due else {}
    found |= {"late": 1} if village.late else {}
    found |= {"orders": 1} if village.orders else {}
    by_name = {
        "missed": village.missed,
        "crowded": village.crowded,
        "reports": village.reports,
        "funds": village.funds,
    }
    for name, by_year in by_name.items():
        found |= {f"{name}/{year}": number for year, number in by_year.items()}
    visits = Counter(str(on.year) for on in village.made.values())
    return found | {f"visits/{year}": number for year, number in visits.items()}


def marks(village: Village) -> list[str]:
    """The marks by which a village is found: all that it is counted as, except stage, population and money."""
    return [name for name in measures(village) if not name.startswith(("stage/", "population", "funds/"))]


def bin_of(incidence: float) -> int:
    """The number of the bin in which an incidence lies."""
    return next((number for number, end in enumerate(BINS) if incidence <= end), len(BINS) - 1)


def sums(before: Village | None, after: Village) -> Sums:
    """What changes in the sums when a village's row does."""
    found: Sums = Counter()
    for sign, village in ((-1, before), (1, after)):
        if village:
            counted = measures(village).items()
            for place in within(village.code):
                for measure, number in counted:
                    found[place, measure] += sign * number
    return Sums({key: number for key, number in found.items() if number})


def changes(before: Village | None, after: Village) -> Changes:
    """What changes in the sums of stages by day. A village whose registration was not heard yet is not counted."""
    found: Changes = Counter()
    for sign, village in ((-1, before), (1, after)):
        if not village or not village.name:
            continue
        left: tuple[str, str] | None = None
        for one in standings(village.id, village.way):
            for stage, county, number in [*([(*left, -1)] if left else []), (one.stage, one.place, 1)]:
                for place in within(county, DIGITS["county"]):
                    found[place, one.since, stage] += sign * number
            left = one.stage, one.place
    return Changes({key: number for key, number in found.items() if number})
