"""The story of Jalaid Banner in 2018, by document S0: a first secretary and a team for each village, and its income.

The figures are the document's, and the banner is real. Townships, villages, people, households and units are made up
and say so (虚构); their codes are in townships from 901 on, which no real township has. S0 does not say how many
villages are on the poverty list, so the story lists them all.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from deploy.demo.answers import Ask, Letter, Row
from deploy.demo.scenario import Scenario, letters
from shared.calendar import DAY
from shared.policy.shipped import content, shipped

START: Final = date(2018, 1, 8)
END: Final = date(2019, 2, 15)
YEAR: Final = START.year
BANNER: Final = "152223"
NATION, PACK = content("national"), content("jalaid")
POLICY: Final = shipped("jalaid")

IN_TOWNSHIPS: Final = (18, 17, 16, 16, 15, 15, 14, 14, 13, 13, 12, 12, 11, 10)
"""How many villages each of the 14 townships has. The document gives only their sum."""
OFFERED: Final = 230
"""How many units offer a first secretary. The document tells only how many were chosen."""
PROFILE: Final = {"area": 11_155, "inhabitants": 400_000, "party_members": 13_504}
COMMITTEES, BRANCHES = 28, 573
INCOMES: Final = (
    (13, 6_000, 500),
    (80, 28_000, 400),
    (69, 70_000, 500),
    (30, 250_000, 8_000),
    (3, 700_000, 100_000),
    (1, 2_002_000, 0),
)
"""Collective incomes in yuan by bracket: how many villages, the mean, and the step from one to the next. The numbers of
villages are the document's. The means were chosen so that all incomes add up to its 18.75 million at once."""
_STEP: Final = 45
"""Incomes are dealt to villages by steps of so many places, which meets each place once."""
_LEADERS_OF_SURPLUS: Final = ("unmember", "fresh", "plain")
"""What speaks against the cadres whom the surplus units would send as leaders: not a Party member, too few years of
work, or not in the reserve."""
_SIGNED: Final = {
    "township": "苏木乡镇人民政府",
    "organisation": "旗委组织部",
    "unit": "派出单位",
    "team": "驻村工作队",
}
"""Who signs, by the role that is asked; the banner's poverty office (旗扶贫办) for all others."""


class Village(NamedTuple):
    """One village and the unit that was made to suit it; the matching may send another one."""

    number: int
    id: str
    name: str
    township: str
    population: int
    income: int


class Jalaid(Scenario):
    """The story of a number of villages of Jalaid Banner."""

    region, start, end, most = "jalaid", START, END, sum(IN_TOWNSHIPS)
    city = BANNER[:4]
    policy = POLICY
    villages: dict[str, Village]

    def __init__(self, seed: int, villages: int = sum(IN_TOWNSHIPS)) -> None:
        super().__init__(seed, villages)
        self.villages = {village.id: village for village in map(self._village, range(1, villages + 1))}
        self.offered = len(self.villages) * OFFERED // self.most

    def _village(self, number: int) -> Village:
        township = next(n for n in range(len(IN_TOWNSHIPS)) if number <= sum(IN_TOWNSHIPS[: n + 1]))
        incomes = [
            mean + step * n - step * (villages - 1) // 2 for villages, mean, step in INCOMES for n in range(villages)
        ]
        return Village(
            number=number,
            id=f"{BANNER}{901 + township}{200 + number}",
            name=f"第{number}嘎查村（虚构）",
            township=f"第{township + 1}苏木乡镇（虚构）",
            population=self.choose(600, 1600, "population", number),
            income=incomes[number * _STEP % len(incomes)],
        )

    # ------------------------------------------------- rows to enter, by command

    def village_rows(self) -> Iterator[Row]:
        """RegisterVillage for each village."""
        for v in self.villages.values():
            yield {
                "place": BANNER,
                "village": v.id,
                "name": v.name,
                "township": v.township,
                "population": v.population,
                "listed": True,
                "listing_document": "扎赉特旗贫困村名单（虚构文号）",
            }

    def unit_rows(self) -> Iterator[Row]:
        """RegisterUnit for each unit that offers a first secretary, the surplus ones last."""
        for number in range(1, self.offered + 1):
            yield {
                "place": BANNER,
                "unit": f"U{number:03}",
                "name": f"旗直第{number}单位（虚构）",
                "level": "county",
                "department": self._department(number),
                "strength": self.choose(40, 95, "strength", number),
            }

    def cadre_rows(self) -> Iterator[Row]:
        """RegisterCadre for the six cadres of each unit: three who could lead a team, and three others.

        One of the three is a reserve cadre, except in surplus units, where something speaks against each of them.
        """
        for number in range(1, self.offered + 1):
            spare = number > len(self.villages)
            kind = _LEADERS_OF_SURPLUS[number % len(_LEADERS_OF_SURPLUS)] if spare else ""
            for n in range(1, 7):
                born = date(self.choose(1966, 1988, "born", number, n), 1, 1)
                yield {
                    "place": BANNER,
                    "cadre": f"C{number:03}-{n}",
                    "unit": f"U{number:03}",
                    "name": f"干部{number}-{n}（虚构）",
                    "rank": "deputy_section" if n <= 3 else "staff",
                    "party_member": n <= 3 and kind != "unmember",
                    "work_since": date(YEAR - 1, 7, 1) if kind == "fresh" else born.replace(year=born.year + 23),
                    "born_on": born,
                    "reserve": n == 2 and not spare,
                }

    def party_rows(self) -> Iterator[Row]:
        """RegisterParty for the committees, one for each township and the others of the banner, and their branches."""
        for n in range(COMMITTEES):
            parent = f"township:{BANNER}{901 + n}" if n < len(IN_TOWNSHIPS) else f"county:{BANNER}"
            yield {
                "place": BANNER,
                "party": f"COMMITTEE-{n + 1}",
                "kind": "committee",
                "parent": parent,
                "name": f"第{n + 1}党委（虚构）",
            }
        for n in range(BRANCHES):
            yield {
                "place": BANNER,
                "party": f"BRANCH-{n + 1}",
                "kind": "branch",
                "parent": f"party:COMMITTEE-{n % COMMITTEES + 1}",
                "name": f"第{n + 1}党支部（虚构）",
            }

    def _class(self, number: int) -> str:
        return list(POLICY.listing.problem_classes)[number % 3 > 0]

    def _department(self, number: int) -> str:
        departments = POLICY.team.suits[self._class(number)]
        return departments[number // 3 % len(departments)]

    # ------------------------------------------------------- what people answer

    def place(self, about: str) -> str:
        """All villages lie in the banner."""
        return BANNER

    def signs(self, ask: Ask) -> str:
        """The banner's offices and the townships sign."""
        return _SIGNED.get(ask.role, "旗扶贫办")

    def surveys(self, ask: Ask) -> Iterable[Row]:
        """One record on each topic."""
        for number, topic in enumerate(POLICY.listing.topics, 1):
            row = {
                "place": BANNER,
                "village": ask.about,
                "number": number,
                "topic": topic,
                "on": ask.today - DAY,
                "kind": "problem" if topic == "problems" else "meeting",
            }
            yield row | ({"cause": "集体经济薄弱"} if topic == "problems" else {})

    def problem_class(self, ask: Ask) -> str:
        """The class for which the village was made."""
        return self._class(self.villages[ask.about].number)

    def households(self, ask: Ask) -> list[Row]:
        """The registered households. More than 3 in 100 villagers are still poor, so no village leaves the list."""
        v, line = self.villages[ask.about], POLICY.exit.line(YEAR)
        return [
            {
                "household": f"H{v.id}-{n + 1:03}",
                "persons": 3,
                "registered": True,
                "secured": n % 2 == 0,
                "income": line * self.choose(60, 95, "income", v.number, n) // 100,
            }
            for n in range(v.population * self.choose(4, 9, "incidence", v.number) // 300 + 1)
        ]

    def indicators(self, ask: Ask) -> Mapping[str, float]:
        """The village's collective income."""
        return {"collective_income": float(self.villages[ask.about].income)}

    def helpers(self, ask: Ask) -> list[Row]:
        """The cadres of a unit take the village's poor households in turn."""
        number, poor = (self.villages[ask.about].number - 1) % self.offered + 1, ask.state["poor"]
        return [
            {"household": household, "unit": f"U{number:03}", "cadre": f"C{number:03}-{n % 6 + 1}"}
            for n, household in enumerate(poor)
        ]

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        """Most who may vote come, and most of them are satisfied."""
        entitled = self.choose(30, 60, "entitled", ask.about)
        return entitled, entitled * 9 // 10, entitled * self.choose(60, 88, "satisfied", ask.about) // 100

    def script(self) -> list[Letter]:
        """What people send without a task: packs, the banner's profile and organisations, units, people, villages."""
        adopted: list[dict[str, Any]] = [
            {"place": "000000", "pack": NATION, "adopted_by": "示例机关（虚构）"},
            {"place": BANNER, "pack": PACK, "adopted_by": "中共扎赉特旗委（虚构）"},
        ]
        profile = {
            "place": BANNER,
            "division": f"county:{BANNER}",
            "year": YEAR,
            "values": PROFILE,
            "recorded_by": "旗统计局",
        }
        first = (
            *(("policies", [pack]) for pack in adopted),
            ("division-figures", [profile]),
            ("parties", self.party_rows()),
            ("units", self.unit_rows()),
            ("cadres", self.cadre_rows()),
            ("villages", self.village_rows()),
        )
        return [letter for path, rows in first for letter in letters(START, "registry", path, rows)]
