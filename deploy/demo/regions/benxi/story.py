"""The story of Benxi from 2014 on, by document S3: what people enter and answer, and what becomes of each village.

The figures are the document's, and the counties are real. Villages, people, households and units are made up and say so
(虚构); their codes are in townships from 901 on, which no real township has.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, get_args

from deploy.demo.answers import Ask, Letter, Row
from deploy.demo.scenario import Scenario, part
from shared.contracts.registry import Rank
from shared.policy.shipped import content, shipped

START: Final = date(2014, 6, 1)
END: Final = date(2017, 9, 30)
BENXI: Final = "2105"
CITY: Final = f"{BENXI}00"
PACK: Final = content("benxi")
POLICY: Final = shipped("benxi")

POOR_VILLAGES, OF_PROVINCE, OF_CITY, OF_COUNTIES = 72, 8, 27, 37
SURVEYED: Final = {
    "form": 4200,
    "meeting": 120,
    "household_visit": 5600,
    "interview": 1500,
    "opinion": 3570,
    "problem": 90,
}
MEASURES: Final = 310

_COUNTIES = (
    ("210521", "本溪满族自治县", 28),
    ("210522", "桓仁满族自治县", 26),
    ("210505", "南芬区", 8),
    ("210503", "溪湖区", 4),
    ("210504", "明山区", 3),
    ("210502", "平山区", 3),
)
"""Real counties; how many of the poor villages lay in each is not in the document."""
_LEADERS = {"province": "deputy_division", "city": "deputy_division", "county": "deputy_section"}
_CAUSES = (
    "产业单一，缺少带头人",
    "集体无经营性收入",
    "村务公开不规范",
    "饮水工程年久失修",
    "通屯道路未硬化",
    "土地纠纷多年未决",
)
_GOALS = ("坚强领导班子", "骨干队伍", "服务场所", "服务载体", "制度机制", "服务业绩")
"""The six things that a village is to have (六有, mechanism 3.5)."""
_MEASURES = ("建食用菌棚", "修通屯路", "办合作社", "改造饮水", "培训致富带头人", "建便民服务站", "完善村务公开")

FATES: Final = {
    1: "objected",  # Its exit is objected to, and the objection upheld.
    2: "neglected",  # Its first leader does so badly that he is recalled, and appeals.
    3: "stalled",  # A rectification is overdue, so that the sending unit is talked to.
    4: "late",  # Its plans and ledgers are set after their dates, and items stay open.
    5: "slipped",  # It leaves the list and misses criteria later.
    6: "refuted",  # The first verification of its exit fails.
    7: "absent",  # Members are found absent twice in a year.
}
"""What goes wrong, by number of the village. In all other villages everything goes well, except that every ninth
village does not meet its criteria in time."""
LATE: Final = {("stalled", "order-closings"): 6, ("late", "commitments"): 5}
"""By the village's fate and the action, how many days at least it misses its deadlines by."""
SIGNED: Final = {
    "township": "乡镇人民政府", "county": "县（区）人民政府", "organisation": "市委组织部", "inspection": "督查组",
    "discipline": "市纪委", "unit": "派出单位", "team": "驻村工作队", "village": "村民代表会议",
    "diagnoses": "县（区）集体会诊会议", "verifications": "出列核查组",
}  # fmt: skip
"""Who signs: by action, or else by the role that is asked."""


class Village(NamedTuple):
    """One poor village, and a sending unit that suits it, so that every village can get a unit."""

    number: int
    id: str
    place: str
    name: str
    township: str
    population: int
    problem_class: str
    level: str
    """The level of the unit: province, city or county."""
    department: str
    leaves: int | None
    """The year at whose end it meets the criteria. None if it does not within the three years."""
    fate: str

    @property
    def unit(self) -> str:
        """The id of the unit that was made for it. The matching may send another one."""
        return f"U{self.place[:4]}-{self.number:03}"


class Benxi(Scenario):
    """The story of a number of Benxi's villages, which can be told of any prefecture (`city`)."""

    region, start, end, most = "benxi", START, END, POOR_VILLAGES
    policy = POLICY
    villages: dict[str, Village]

    def __init__(self, seed: int, villages: int = POOR_VILLAGES, city: str = BENXI) -> None:
        super().__init__(seed, villages)
        self.city = city
        self.villages = {village.id: village for village in map(self._village, range(1, villages + 1))}
        self.unranked = next((v for v in self.villages.values() if v.level == "city"), None)
        """The village whose unit has nobody of a leader's rank at first (mechanism 3.4)."""

    @property
    def shown(self) -> str:
        """The village that falls back, if it is played."""
        return min(self.villages.values(), key=lambda village: (village.fate != "slipped", village.number)).id

    @property
    def whole(self) -> str:
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
        words = {**PACK["words"], "places": {}}  # Its counties are others.
        return {**PACK, "jurisdiction": self.city, "version": version, "documents": documents, "words": words}

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
                "place": v.place,
                "village": v.id,
                "name": v.name,
                "township": v.township,
                "population": v.population,
                "listed": True,
                "listing_document": "本溪市贫困村名单（虚构文号）",
            }

    def unit_rows(self) -> Iterator[Row]:
        """RegisterUnit for each sending unit. The province designates the villages of its own (3.3)."""
        for v in self.villages.values():
            yield {
                "place": v.place if v.level == "county" else self.whole,
                "unit": v.unit,
                "name": f"{_LEVELS[v.level]}{v.department}部门第{v.number}单位（虚构）",
                "level": v.level,
                "department": v.department,
                "strength": self.choose(40, 95, "strength", v.number),
                "village": v.id if v.level == "province" else None,
            }

    def cadre_rows(self) -> Iterator[Row]:
        """RegisterCadre for four cadres of each unit: three for a team, and one who could replace its leader."""
        for v in self.villages.values():
            leader = "staff" if v is self.unranked else _LEADERS[v.level]
            yield from (self._cadre(v, n, leader if n in (1, 4) else "staff") for n in (1, 2, 3, 4))

    def late_cadre_rows(self) -> Iterator[Row]:
        """RegisterCadre for a cadre of a leader's rank, whom the one unit that had none registers late (3.4)."""
        if self.unranked:
            yield self._cadre(self.unranked, 5, _LEADERS[self.unranked.level])

    def _cadre(self, v: Village, number: int, rank: str) -> Row:
        """The row of a cadre. The fourth is older and no reserve cadre, so the matching does not choose him (3.3)."""
        born = date(1958 if number == 4 else self.choose(1964, 1986, "born", v.number, number), 1, 1)
        return {
            "place": v.place if v.level == "county" else self.whole,
            "cadre": f"C{self.city}-{v.number:03}-{number}",
            "unit": v.unit,
            "name": f"干部{v.number}-{number}（虚构）",
            "rank": rank,
            "party_member": True,
            "work_since": born.replace(year=born.year + 23),
            "born_on": born,
            "reserve": number < 4 and self.choose(0, 1, "reserve", v.number, number) == 1,
        }

    def survey_rows(self, v: Village, on: date) -> Iterator[Row]:
        """RecordSurvey for one village: its part of the document's figures."""
        first, topics = on.year == START.year, list(POLICY.listing.topics)
        whole = {kind: part(total, v.number, POOR_VILLAGES) for kind, total in SURVEYED.items()}
        counts = whole if first else {"meeting": 4}
        kinds = [kind for kind, count in counts.items() for _ in range(count)]
        households = iter(self._households(v, on.year, baseline=True))
        for number, kind in enumerate(kinds, 1):
            row = {
                "place": v.place,
                "village": v.id,
                "number": number,
                "kind": kind,
                "topic": topics[number % len(topics)],
                "on": on - timedelta(self.choose(0, 3, "surveyed", v.id, number)),
            }
            if kind == "household_visit":
                row["household"] = next(households)
            if kind == "problem":
                row["topic"], row["cause"] = "problems", _CAUSES[number % len(_CAUSES)]
            yield row

    # ---------------------------------------------------- what the years bring

    def _households(self, v: Village, year: int, *, baseline: bool = False) -> Iterator[Row]:
        """All households that the survey visited. Those of the register come first, and are lifted one by one."""
        line, visited = POLICY.exit.line(year), part(SURVEYED["household_visit"], v.number, POOR_VILLAGES)
        registered = min(v.population * self.choose(6, 12, "incidence", v.number) // 300, visited)
        still_poor = registered if baseline else round(registered * self._share_poor(v, year))
        for n in range(visited):
            poor, spread = n < still_poor, self.choose(0, 99, "income", v.number, n)
            yield {
                "household": f"H{v.id}-{n + 1:03}",
                "persons": self.choose(2, 4, "persons", v.number, n),
                "income": line * (55 + spread * 2 // 5 if poor else 115 + spread) // 100,
                "secured": not poor or spread > 30,
                "registered": n < registered,
            }

    def _share_poor(self, v: Village, year: int) -> float:
        """The share of the registered households that is still poor at the end of a year."""
        years = year - START.year
        if v.leaves is None:
            return 0.95 - 0.12 * min(years, 3)
        if v.fate == "slipped" and year > v.leaves:
            return 0.6
        if year >= v.leaves:
            return 0.06
        return 0.95 - 0.85 * (years + 0.5) / (v.leaves - START.year + 1)

    def registered_rows(self, v: Village, year: int) -> list[Row]:
        """The year's facts about the households in the register."""
        return [household for household in self._households(v, year) if household["registered"]]

    # ------------------------------------------------------- what people answer

    def place(self, about: str) -> str:
        """Villages may lie in another county than their code says."""
        return self.villages[about].place if about in self.villages else super().place(about)

    def signs(self, ask: Ask) -> str:
        """Whoever decides on an outcome names a document."""
        if ask.action in ("decisions", "appeal-decisions"):
            organ = {"organisation": "市委组织部 本组决", "discipline": "市纪委 本纪决"}.get(
                ask.role, "县委办公室 本县决"
            )
            return f"{organ}〔{ask.today.year}〕{3 if ask.action == 'decisions' else 4}号（虚构）"
        return SIGNED.get(ask.action) or SIGNED.get(ask.role, "县（区）扶贫办")

    def late(self, about: str, action: str, detail: str) -> int:
        return LATE.get((self.villages[about].fate, action), 0) if about in self.villages else 0

    def moves(self, ask: Ask) -> Iterator[Letter]:
        """A villager objects to the first notice, and whoever is recalled appeals."""
        if ask.action == "notices" and self._fate(ask) == "objected" and ask.state["exit"]["attempt"] == 1:
            row = {"place": ask.given["place"], "village": ask.about, "objection": 1, "ground": "部分农户收入测算有误"}
            yield Letter(ask.today + timedelta(3), "registry", "objections", (row,))
        if ask.action == "decisions" and ask.about.startswith("recall/"):
            appeal = {name: said for name, said in ask.given.items() if name != "body"}
            yield Letter(ask.today + timedelta(12), "incentives", "appeals", (appeal,))

    def _fate(self, ask: Ask) -> str:
        return self.villages[ask.about].fate

    def surveys(self, ask: Ask) -> Iterable[Row]:
        """The village's part of the document's figures."""
        return self.survey_rows(self.villages[ask.about], ask.today)

    def problem_class(self, ask: Ask) -> str:
        """The problem class for which the village was made."""
        return self.villages[ask.about].problem_class

    def households(self, ask: Ask) -> list[Row]:
        """The year's facts. From year to year fewer of the registered households are poor."""
        return self.registered_rows(self.villages[ask.about], ask.year)

    def indicators(self, ask: Ask) -> dict[str, float]:
        """The indicators. They miss the criteria until the year in which the village leaves."""
        v, year = self.villages[ask.about], ask.year
        met = v.leaves is not None and year >= v.leaves
        return {
            "collective_income": float(
                self.choose(*((20_000, 60_000) if met else (2_000, 19_000)), "income", v.id, ask.today)
            ),
            "safe_water": 1.0 if met else self.choose(80, 99, "water", v.id, year) / 100,
            "hard_road": self.choose(95, 100, "road", v.id) / 100,
        }

    def items(self, ask: Ask) -> list[str]:
        """The measures of the first annual plans are the document's."""
        v, kind, period = self.villages[ask.about], ask.given["kind"], ask.given["period"]
        if kind == "letter":
            return ["帮助本村按期出列"]
        if kind == "three_year_plan":
            return [f"有{goal}" for goal in _GOALS]
        count = 4
        if kind == "annual_plan" and period == str(START.year) and v.level != "province":
            served = v.number - 1 - (v.number - 1) // 9
            count = (served + 1) * MEASURES // (OF_CITY + OF_COUNTIES) - served * MEASURES // (OF_CITY + OF_COUNTIES)
        return [_MEASURES[(v.number + n) % len(_MEASURES)] for n in range(count)]

    def done(self, ask: Ask) -> list[int]:
        """The items done: another quarter of them each quarter, all in the end. A late village does half as many."""
        numbers, lags = self.numbers(ask), self._fate(ask) == "late"
        quarters = date.fromisoformat(ask.detail.split()[-1]).month // 3 if ask.action == "reconciliations" else 4
        return numbers[: len(numbers) * quarters // (8 if lags else 4)]

    def substitute(self, ask: Ask) -> str:
        """The highest in rank of those cadres of the unit who are in no team."""
        pool = ask.state[self.city]
        unit: str = pool["teams"][ask.about]["unit"]
        gone = {cadre for team in pool["teams"].values() for cadre in team["members"]} | pool["recalled"].keys()
        gone |= pool.get("away", {}).keys()
        ranks = {row["cadre"]: row["rank"] for row in self.cadre_rows() if row["unit"] == unit}
        best: str = max(sorted(ranks.keys() - gone), key=lambda cadre: get_args(Rank).index(ranks[cadre]))
        return best

    def share(self, ask: Ask) -> str:
        """A share of its own for each body and draw."""
        return "".join(f"{self.choose(0, 15, 'seed', ask.about, ask.detail, n):x}" for n in range(64))

    def absent(self, ask: Ask) -> list[str]:
        """One member at each check in 2015, in the village with the fate `absent`; otherwise nobody."""
        missing = self._is_checked(ask) and (self._fate(ask), ask.year) == ("absent", 2015)
        return sorted(ask.state["team"])[-1:] if missing else []

    def findings(self, ask: Ask) -> list[str]:
        """Mostly nothing, now and then something, and in one village what its fate says."""
        fate, luck = self._fate(ask), self.choose(1, 100, "visit", ask.about, ask.detail)
        found = {
            "measure_stalled": self._is_checked(ask) and (fate, ask.year) == ("stalled", 2014),
            "ledger_untrue": luck <= 4 and not fate,
            "good_practice": luck >= 90 and not fate,
        }
        return [code for code, is_found in found.items() if is_found]

    def _is_checked(self, ask: Ask) -> bool:
        return any(campaign.scored for campaign in POLICY.campaigns if campaign.kind == ask.campaign)

    def score(self, ask: Ask) -> int:
        """How well a team does, out of 100."""
        neglected = self._fate(ask) == "neglected" and ask.year == START.year
        return self.choose(*((30, 45) if neglected else (78, 98)), "merit", ask.about, ask.action, ask.detail)

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        """The ballot. The better the team does, the more people are satisfied."""
        entitled = self.choose(30, 60, "entitled", ask.about)
        present = entitled * self.choose(70, 100, "present", ask.about, ask.year) // 100
        return entitled, present, present * self.score(ask) // 100

    def checked(self, ask: Ask, number: int, household: str) -> Row:
        """Every household meets the standard and approves; in the one failed verification every fifth does not."""
        refuted = self._fate(ask) == "refuted" and ask.given["attempt"] == 1
        persons = self.choose(2, 4, "persons", self.villages[ask.about].number, int(household.rsplit("-", 1)[1]) - 1)
        return {"persons": persons, "meets": True, "approves": not refuted or number % 5 > 0}

    def unregistered(self, ask: Ask) -> int:
        """Between 100 and 200 people."""
        return self.choose(100, 200, "unregistered", ask.about)

    def tolerates(self, ask: Ask) -> bool:
        """Half of the teams that are criticised tried something new."""
        return ask.about.startswith("criticism/") and self.choose(1, 2, "tolerated", ask.about) == 1

    def script(self) -> list[Letter]:
        """What people send without a task: the first entries, a late leader, early incomes, two spot checks."""
        early = [village for village in self.villages.values() if village.leaves == START.year]
        adopted = {"place": self.whole, "pack": self.pack, "adopted_by": "中共本溪市委（虚构）"}
        letters = (
            Letter(START, "registry", "policies", (adopted,)),
            Letter(START, "registry", "units", (*self.unit_rows(),)),
            Letter(START, "registry", "cadres", (*self.cadre_rows(),)),
            Letter(START, "registry", "villages", (*self.village_rows(),)),
            Letter(date(2014, 7, 17), "registry", "cadres", (*self.late_cadre_rows(),)),
            Letter(date(2014, 11, 24), "registry", "households", tuple(
                {"place": village.place, "village": village.id, "year": START.year, "recorded_by": SIGNED["township"],
                 "households": self.registered_rows(village, START.year)}
                for village in early
            )),
            *(
                Letter(on, "inspection", "campaigns", ({
                    "place": self.whole, "kind": "spot_check", "campaign": f"spot_check-{on}",
                    "opens": on + timedelta(7), "body": "organisation", "asked_by": "市委组织部、市扶贫办",
                },))
                for on in (date(2015, 5, 11), date(2016, 10, 17))
            ),
        )  # fmt: skip
        return [letter for letter in letters if letter.rows]


_LEVELS = {"province": "省直", "city": "市直", "county": "县（区）直"}


def _nth(counties: Iterable[tuple[str, str, int]], index: int) -> Iterator[tuple[str, str]]:
    for place, name, villages in counties:
        yield from [(place, name)] * (0 <= index < villages)
        index -= villages


def _city_or_county(index: int) -> str:
    """The level of a unit that is not the province's: the 64 units are divided evenly between city and county."""
    both = OF_CITY + OF_COUNTIES
    return "city" if (index + 1) * OF_CITY // both > index * OF_CITY // both else "county"


def _leaves(number: int) -> int | None:
    if number % 9 == 4:
        return None
    if number % 18 == 1:
        return 2014
    return 2015 if number % 5 < 2 else 2016
