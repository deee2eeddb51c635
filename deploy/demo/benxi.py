"""Benxi 2014 as document S3 describes it: the rows that officers enter, and what becomes of each village.

The figures are the document's. Villages, people, households and units are made up and say so (虚构); their codes lie
in townships from 901 on, where no real village has one. The counties are real. Whatever the document leaves open is
chosen by SHA-256 from a seed, so that the same seed tells the same story, whatever crashes meanwhile.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from importlib import resources
from typing import Any, Final, NamedTuple

from shared.policy import parse_pack

Row = dict[str, Any]
"""One command's fields, as JSON and Excel templates carry them."""

START: Final = date(2014, 6, 1)
END: Final = date(2017, 9, 30)
BENXI: Final = "2105"
CITY: Final = f"{BENXI}00"
PACK: Final = tomllib.loads((resources.files("shared.policy") / "packs" / "benxi.toml").read_text())
POLICY: Final = parse_pack(PACK)

POOR_VILLAGES, OF_PROVINCE, OF_CITY, OF_COUNTIES = 72, 8, 27, 37
SURVEYED: Final = {
    "form": 4200, "meeting": 120, "household_visit": 5600, "interview": 1500, "opinion": 3570, "problem": 90,
}  # fmt: skip
MEASURES: Final = 310

_COUNTIES = (
    ("210521", "本溪满族自治县", 28), ("210522", "桓仁满族自治县", 26), ("210505", "南芬区", 8),
    ("210503", "溪湖区", 4), ("210504", "明山区", 3), ("210502", "平山区", 3),
)  # fmt: skip
"""Real counties; how many of the poor villages lay in each is not in the document."""
_LEADERS = {"province": "deputy_division", "city": "deputy_division", "county": "deputy_section"}
_CAUSES = (
    "产业单一，缺少带头人", "集体无经营性收入", "村务公开不规范", "饮水工程年久失修", "通屯道路未硬化",
    "土地纠纷多年未决",
)  # fmt: skip
_GOALS = ("坚强领导班子", "骨干队伍", "服务场所", "服务载体", "制度机制", "服务业绩")
"""The six things that a village is to have (六有, mechanism 3.5)."""
_MEASURES = ("建食用菌棚", "修通屯路", "办合作社", "改造饮水", "培训致富带头人", "建便民服务站", "完善村务公开")

FATES: Final = {
    1: "objected",  # Its exit is objected to, and the objection upheld.
    2: "neglected",  # Its first leader does so badly that he is recalled, and appeals.
    3: "stalled",  # A rectification is overdue, so that the sending unit is talked to.
    4: "late",  # Its plans and ledgers are set after their dates, and items stay open.
    5: "relapsed",  # It leaves the list and falls back.
    6: "refuted",  # The first verification of its exit fails.
    7: "absent",  # Members are found absent twice in a year.
}
"""What goes wrong, by the number of the village; all others fare well. Every ninth never meets its criteria."""


class Village(NamedTuple):
    """One poor village and the sending unit that is made to measure for it, so that a full matching exists."""

    number: int
    id: str
    place: str
    name: str
    township: str
    population: int
    problem_class: str
    level: str
    """Of the unit: province, city or county."""
    department: str
    leaves: int | None
    """The year at whose end it meets the criteria; None if it does not within the three years."""
    fate: str

    @property
    def unit(self) -> str:
        """The id of the unit made for it; the matching is free to send another."""
        return f"U{self.place[:4]}-{self.number:03}"


class Scenario:
    """The story of so many villages, told by a seed; `city` is the prefecture in which it is told, by four digits."""

    def __init__(self, seed: int, villages: int = POOR_VILLAGES, city: str = BENXI) -> None:
        if not 1 <= villages <= POOR_VILLAGES:
            raise ValueError(f"villages must be 1 to {POOR_VILLAGES}, as in document S3, not {villages}")
        self.seed, self.city = seed, city
        self.villages = {village.id: village for village in map(self._village, range(1, villages + 1))}
        self.unranked = next((v for v in self.villages.values() if v.level == "city"), None)
        """The village whose unit has nobody of a leader's rank at first (mechanism 3.4)."""

    @property
    def place(self) -> str:
        """The code of the whole prefecture."""
        return f"{self.city}00"

    @property
    def pack(self) -> dict[str, Any]:
        """Benxi's policy pack, as if the prefecture of the story had adopted it."""
        if self.city == BENXI:
            return PACK
        documents = {
            key: {**of, "jurisdiction": of["jurisdiction"].replace(BENXI, self.city)}
            for key, of in PACK["documents"].items()
        }
        version = PACK["version"].replace(BENXI, self.city)
        return {**PACK, "jurisdiction": self.city, "version": version, "documents": documents}

    def choose(self, least: int, most: int, *about: object) -> int:
        """A whole number from `least` to `most`, always the same for the same seed and subject."""
        ticket = hashlib.sha256("\x1f".join(map(str, (self.seed, *about))).encode()).digest()
        return least + int.from_bytes(ticket[:8], "big") % (most - least + 1)

    def _village(self, number: int) -> Village:
        index = number - 1
        place, county = next(_nth(_COUNTIES, index))
        place = self.city + place[len(self.city) :]
        township = 901 + index // 4
        level = "province" if number % 9 == 0 else _city_or_county(index - index // 9)
        problem_class = list(POLICY.team.suits)[number % 3 > 0]
        departments = POLICY.team.suits[problem_class]
        return Village(
            number=number,
            id=f"{place}{township}{200 + number}",
            place=place,
            name=f"{county}第{number}村（虚构）",
            township=f"第{township - 900}乡镇（虚构）",
            population=self.choose(600, 1600, "population", number),
            problem_class=problem_class,
            level=level,
            department=departments[number // 3 % len(departments)],
            leaves=_leaves(number),
            fate=FATES.get(number, ""),
        )

    # ------------------------------------------------- rows to enter, by command

    def village_rows(self) -> Iterator[Row]:
        """RegisterVillage for each poor village."""
        for v in self.villages.values():
            yield {
                "place": v.place, "village": v.id, "name": v.name, "township": v.township, "population": v.population,
                "listed": True, "listing_document": "本溪市贫困村名单（虚构文号）",
            }  # fmt: skip

    def unit_rows(self) -> Iterator[Row]:
        """RegisterUnit for each sending unit. The province designates the villages of its own (3.3)."""
        for v in self.villages.values():
            yield {
                "place": v.place if v.level == "county" else self.place, "unit": v.unit,
                "name": f"{_LEVELS[v.level]}{v.department}部门第{v.number}单位（虚构）", "level": v.level,
                "department": v.department, "strength": self.choose(40, 95, "strength", v.number),
                "village": v.id if v.level == "province" else None,
            }  # fmt: skip

    def cadre_rows(self) -> Iterator[Row]:
        """RegisterCadre: three for a team, and a fourth who could take its leader's place, for each unit."""
        for v in self.villages.values():
            leader = "staff" if v is self.unranked else _LEADERS[v.level]
            yield from (self._cadre(v, n, leader if n in (1, 4) else "staff") for n in (1, 2, 3, 4))

    def late_cadre_rows(self) -> Iterator[Row]:
        """The leader of rank whom the one unit that had none registers in the end (3.4)."""
        if self.unranked:
            yield self._cadre(self.unranked, 5, _LEADERS[self.unranked.level])

    def _cadre(self, v: Village, number: int, rank: str) -> Row:
        """The fourth is old and no reserve cadre, so that the matching leaves him at home (3.3)."""
        born = date(1958 if number == 4 else self.choose(1964, 1986, "born", v.number, number), 1, 1)
        return {
            "place": v.place if v.level == "county" else self.place, "cadre": f"C{self.city}-{v.number:03}-{number}",
            "unit": v.unit, "name": f"干部{v.number}-{number}（虚构）", "rank": rank, "party_member": True,
            "work_since": born.replace(year=born.year + 23), "born_on": born,
            "reserve": number < 4 and self.choose(0, 1, "reserve", v.number, number) == 1,
        }  # fmt: skip

    def survey_rows(self, v: Village, on: date) -> Iterator[Row]:
        """RecordSurvey for one village: its part of the document's figures; after a relapse one record per topic."""
        first, topics = on.year == START.year, list(POLICY.listing.topics)
        counts = {kind: _part(total, v.number) for kind, total in SURVEYED.items()} if first else {"meeting": 4}
        kinds = [kind for kind, count in counts.items() for _ in range(count)]
        households = iter(self._households(v, on.year, baseline=True))
        for number, kind in enumerate(kinds, 1):
            row = {
                "place": v.place, "village": v.id, "number": number, "kind": kind,
                "topic": topics[number % len(topics)],
                "on": on - timedelta(self.choose(0, 3, "surveyed", v.id, number)),
            }  # fmt: skip
            if kind == "household_visit":
                row["household"] = next(households)
            if kind == "problem":
                row["topic"], row["cause"] = "problems", _CAUSES[number % len(_CAUSES)]
            yield row

    # ---------------------------------------------------- what the years bring

    def _households(self, v: Village, year: int, *, baseline: bool = False) -> Iterator[Row]:
        """All households that the survey visited; those of the register come first and are lifted one by one."""
        line, visited = POLICY.exit.line(year), _part(SURVEYED["household_visit"], v.number)
        registered = min(v.population * self.choose(6, 12, "incidence", v.number) // 300, visited)
        still_poor = registered if baseline else round(registered * self._share_poor(v, year))
        for n in range(visited):
            poor, spread = n < still_poor, self.choose(0, 99, "income", v.number, n)
            yield {
                "household": f"H{v.id}-{n + 1:03}", "persons": self.choose(2, 4, "persons", v.number, n),
                "income": line * (55 + spread * 2 // 5 if poor else 115 + spread) // 100,
                "secured": not poor or spread > 30, "registered": n < registered,
            }  # fmt: skip

    def _share_poor(self, v: Village, year: int) -> float:
        """The share of the registered households that is still poor at the end of a year."""
        years = year - START.year
        if v.leaves is None:
            return 0.95 - 0.12 * min(years, 3)
        if v.fate == "relapsed" and year > v.leaves:
            return 0.6
        if year >= v.leaves:
            return 0.06
        return 0.95 - 0.85 * (years + 0.5) / (v.leaves - START.year + 1)

    def registered_rows(self, v: Village, year: int) -> list[Row]:
        """The year's facts about the households in the register."""
        return [household for household in self._households(v, year) if household["registered"]]

    def persons(self, v: Village, household: str) -> int:
        """How many live in a household."""
        return self.choose(2, 4, "persons", v.number, int(household.rsplit("-", 1)[1]) - 1)

    def indicators(self, v: Village, year: int, on: date) -> dict[str, float]:
        """The criteria as they are measured on a day; incidence is not among them, since it is computed (1.18)."""
        met = v.leaves is not None and year >= v.leaves
        return {
            "collective_income": float(
                self.choose(*((20_000, 60_000) if met else (2_000, 19_000)), "income", v.id, on)
            ),
            "safe_water": 1.0 if met else self.choose(80, 99, "water", v.id, year) / 100,
            "hard_road": self.choose(95, 100, "road", v.id) / 100,
        }

    def items(self, v: Village, kind: str, *, first: bool) -> list[Row]:
        """What a letter, plan or ledger newly owes; the measures of the first annual plans are the document's."""
        if kind == "letter":
            texts = ["帮助本村按期出列"]
        elif kind == "three_year_plan":
            texts = [f"有{goal}" for goal in _GOALS]
        elif kind == "annual_plan" and first and v.level != "province":
            served = v.number - 1 - (v.number - 1) // 9
            count = (served + 1) * MEASURES // (OF_CITY + OF_COUNTIES) - served * MEASURES // (OF_CITY + OF_COUNTIES)
            texts = [_MEASURES[(v.number + n) % len(_MEASURES)] for n in range(count)]
        else:
            texts = [_MEASURES[(v.number + n) % len(_MEASURES)] for n in range(4)]
        return [{"number": number, "text": text} for number, text in enumerate(texts, 1)]


_LEVELS = {"province": "省直", "city": "市直", "county": "县（区）直"}


def _nth(counties: Iterable[tuple[str, str, int]], index: int) -> Iterator[tuple[str, str]]:
    for place, name, villages in counties:
        yield from [(place, name)] * (0 <= index < villages)
        index -= villages


def _city_or_county(index: int) -> str:
    """Deals the 64 units that are not the province's to both levels, evenly."""
    both = OF_CITY + OF_COUNTIES
    return "city" if (index + 1) * OF_CITY // both > index * OF_CITY // both else "county"


def _part(total: int, number: int) -> int:
    """What falls to the village of this number when a total is dealt to all of them evenly."""
    return number * total // POOR_VILLAGES - (number - 1) * total // POOR_VILLAGES


def _leaves(number: int) -> int | None:
    if number % 9 == 4:
        return None
    if number % 18 == 1:
        return 2014
    return 2015 if number % 5 < 2 else 2016
