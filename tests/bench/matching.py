"""The matchings of all counties, one after the other, each solved to its proof (mechanism 3.2).

The rule itself is called, as the dispatch calls it. Needs, units and cadres follow from a seed and are mixed as packs
and counties differ: classes, departments and levels, ranks, Party members, years of work, kinship with villages, units
that a superior designated and units that serve elsewhere already.
"""

import random
import time
from collections.abc import Mapping
from datetime import date
from statistics import median
from typing import Final, NamedTuple

from rich.console import Console
from rich.progress import track

from services.dispatch.model.eligibility import Cadre, Unit
from services.dispatch.model.matching import Need, Possible, Serving
from shared.policy import Policy
from shared.policy.links import RANKS
from shared.policy.shipped import FILES, shipped
from tests.bench.figure import Figure

COUNTIES: Final = 832
"""The counties of the national list (国家级贫困县)."""
VILLAGES: Final = 154
"""Poor villages in a county on average: 128,000 in all."""
DAY: Final = date(2016, 1, 4)

LEVELS: Final = {"province": 0.05, "city": 0.25, "county": 0.7}
"""How many of the units that send teams stand at which level."""


class County(NamedTuple):
    """One county's matching: what the rule is asked."""

    needs: Mapping[str, Need]
    units: Mapping[str, Unit]
    cadres: Mapping[str, Cadre]
    serving: Mapping[str, Serving]
    policy: Policy


def county(number: int, policy: Policy) -> County:
    """A county as its number makes it: a third as large as the average or twice, rich in units or poor."""
    chance = random.Random(f"county {number}")
    place, neighbour = f"{530000 + 10 * number}", f"{530000 + 10 * number + 1}"
    classes = list(policy.listing.problem_classes)
    villages = [f"{place}{n:06}" for n in range(round(VILLAGES * chance.triangular(0.3, 2.3, 0.4)))]
    needs = {village: Need(place=place, problem_class=chance.choice(classes), since=DAY) for village in villages}
    departments = [name for names in policy.team.suits.values() for name in names] + ["其他"]
    units, cadres = dict[str, Unit](), dict[str, Cadre]()
    for n in range(round(len(villages) * chance.uniform(1.0, 1.8))):
        unit = f"U{place}-{n:04}"
        (level,) = chance.choices(list(LEVELS), list(LEVELS.values()))
        units[unit] = Unit(
            place=place if chance.random() < 0.9 else neighbour,
            level=level,  # type: ignore[arg-type]  # The keys are levels.
            department=chance.choice(departments),
            strength=chance.randrange(101),
            village=chance.choice(villages) if chance.random() < 0.02 else None,
        )
        for m in range(policy.team.fewest + chance.randrange(5)):
            cadres[f"{unit}-{m}"] = Cadre(
                unit=unit,
                rank=chance.choices(RANKS, (25, 30, 23, 14, 5, 2, 1))[0],
                party_member=chance.random() < 0.85,
                work_since=date(chance.randrange(1985, 2016), chance.randrange(1, 13), 1),
                born_on=date(chance.randrange(1958, 1968), 1, 1),
                reserve=chance.random() < 0.1,
                ties=(chance.choice(villages),) if chance.random() < 0.05 else (),
            )
    serving = {
        unit: Serving(("elsewhere",) * policy.team.most_villages, {}) for unit in units if chance.random() < 0.05
    }
    return County(needs, units, cadres, serving, policy)


def measure(console: Console, scale: float) -> list[Figure]:
    """Match so many of the counties."""
    packs = [shipped(path.stem) for path in FILES]
    seconds, gaps, villages, unmet = list[float](), list[int](), 0, 0
    count = max(1, round(COUNTIES * scale))
    for number in track(range(count), "匹配 matching", console=console):
        asked = county(number, packs[number % len(packs)])
        began = time.perf_counter()
        found = Possible(asked.needs, asked.units, asked.cadres, asked.serving, asked.policy, DAY).best()
        seconds.append(time.perf_counter() - began)
        gaps.append(found.bound - found.objective)
        villages, unmet = villages + len(asked.needs), unmet + len(found.obstacles)
    what = f"{count} counties, {villages:,} villages"
    return [
        Figure(key="matching.gap", zh="与上界之差，各县最大", en="gap to the proved bound, largest", value=max(gaps),
               unit="points", most=0, note=what),
        Figure(key="matching.seconds", zh="合计", en="in all", value=sum(seconds), unit="s"),
        Figure(key="matching.p50", zh="一个县，中位数", en="one county, median", value=1000 * median(seconds),
               unit="ms"),
        Figure(key="matching.max", zh="一个县，最长", en="one county, longest", value=1000 * max(seconds), unit="ms"),
        Figure(key="matching.unmet", zh="没有匹配上的村", en="villages that no unit suits or is left for", value=unmet,
               unit="villages"),
    ]  # fmt: skip
