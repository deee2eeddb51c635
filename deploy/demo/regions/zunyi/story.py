"""The story of Zunyi in 2016, by document S2: a team for every village of three lists, five lists of duties in each, a
tenth of the villages inspected unannounced in each quarter and all at the end of the year, and what follows. It goes on
for another year, until those who did badly in both years have been held to account.

The figures are the document's, and the counties are real. Villages, people, households and units are made up and say so
(虚构); their codes are in townships from 901 on, which no real township has. S2 does not say that any village left the
list in 2016, so that none does here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from deploy.demo.answers import Ask, Letter, Row
from deploy.demo.scenario import Scenario, letters, part
from shared.calendar import DAY
from shared.policy.shipped import content, shipped

START: Final = date(2016, 1, 4)
END: Final = date(2018, 4, 30)
YEAR: Final = START.year
SETTLED: Final = date(YEAR + 1, 3, 31)
"""The day by which the work of 2016 is graded and its outcomes are decided. The document's figures are of that year."""
LISTED: Final = date(YEAR, 3, 1)
"""The day on which the two other lists are made. Most of their villages have a team by then."""
CITY: Final = "520300"
PACK: Final = content("zunyi")
POLICY: Final = shipped("zunyi")

POOR, OTHERS = 871, 31
"""Poor villages, and those on the two other lists alone: so many that 902 villages have a team."""
POOR_AND_WEAK, POOR_AND_MINORITY = 122, 216
"""Poor villages that are on another list as well, so that these have the document's 138 and 231."""
PAIRS: Final = 295_700
"""Pairs of a cadre and a poor household, all in poor villages. Three Party members help a household together."""
OF_HOUSEHOLD: Final = 3
COOPERATIVES, COMPANIES, NEW_BRANCHES = 2_430, 86, 168
HALLS: Final = 689
"""Villages with a hall of more than 300 m²."""
PAY, COSTS, FUND = 2_000, 45_000, 50_000
"""A village cadre's pay a month, and a village's running costs and service fund a year, in yuan."""
WEAKEST, UNDERPAID, TARDY = 32, 40, 36
"""One poor village in WEAKEST has a team and a secretary who do badly in each year; one village in UNDERPAID pays less
than it should; and one in TARDY makes its lists of duties too late."""
COURSES: Final = {"county": (95, 11_000), "city": (10, 1_200)}
"""By holder: courses in the year, and how many came to them."""
IN_FIRST: Final = 6
"""How many tenths of these people come to a county's first course, as all who are posted by then."""
DEPARTING: Final = 21
"""From one village in so many a member is transferred, and the unit sends another one. Together with those who were
sent after recalls and adjustments, as many cadres were then sent as the document says."""
BEST: Final = 5
"""One village cadre in so many has an excellent year."""
CHOSEN: Final = {"township_post": 67, "deputy_section_treatment": 108}
"""By outcome, for how many of these the organisation departments decide on it."""
OFFERED: Final = 920
"""Units that can send a team. The document tells only how many teams were sent."""
CADRES: Final = 13
"""How many cadres of each unit are registered: seven clerks, five heads of section and one of division, so that one who
could lead is always left beside a team of five."""

COUNTIES: Final = (
    ("520302", "红花岗区", "Honghuagang", 22), ("520303", "汇川区", "Huichuan", 30),
    ("520321", "遵义县", "Zunyi County", 80), ("520322", "桐梓县", "Tongzi", 86),
    ("520323", "绥阳县", "Suiyang", 64), ("520324", "正安县", "Zheng'an", 90),
    ("520325", "道真仡佬族苗族自治县", "Daozhen", 56), ("520326", "务川仡佬族苗族自治县", "Wuchuan", 90),
    ("520327", "凤冈县", "Fenggang", 56), ("520328", "湄潭县", "Meitan", 60), ("520329", "余庆县", "Yuqing", 42),
    ("520330", "习水县", "Xishui", 126), ("520381", "赤水市", "Chishui", 48), ("520382", "仁怀市", "Renhuai", 52),
)  # fmt: skip
"""Real counties; how many villages with a team each has is not in the document, which gives only their sum."""
OF_PROVINCE: Final = ("520303", "520325", "520324")
"""The three counties that are the province's demonstration points, and need not name villages."""
POINTS: Final = 2
"""Demonstration villages of every other county. The document says two or more."""
SIGNED: Final = {
    "township": "乡镇人民政府", "county": "县（市、区）人民政府", "organisation": "市委组织部",
    "inspection": "市暗访督查组", "leader_group": "市扶贫开发领导小组",
    "discipline": "市纪委", "unit": "派出单位", "team": "驻村工作组", "village": "村民代表会议",
    "diagnoses": "县（市、区）集体会诊会议",
}  # fmt: skip
"""Who signs: by action, or else by the role that is asked, or else the county's poverty office."""


class Village(NamedTuple):
    """One village of the three lists."""

    number: int
    id: str
    place: str
    population: int
    nth: int
    """Its number among the poor villages; 0 if it is none."""
    lists: tuple[str, ...]
    """The lists on which it stands beside the poverty list."""
    pairs: int
    """How many pairs its poor households have."""

    @property
    def households(self) -> int:
        """How many poor households it has."""
        return -(-self.pairs // OF_HOUSEHOLD)


class Zunyi(Scenario):
    """The story of a number of villages of Zunyi's lists."""

    region, start, end, most = "zunyi", START, END, POOR + OTHERS
    city = CITY[:4]
    policy = POLICY
    # What is drawn is visited on its day; a visit after the quarter's end would count for no quarter.
    at_once = ("visits",)
    villages: dict[str, Village]

    def __init__(self, seed: int, villages: int = POOR + OTHERS) -> None:
        super().__init__(seed, villages)
        self.villages = {village.id: village for village in map(self._village, range(1, villages + 1))}
        self.units = -(-OFFERED * villages // self.most)

    @property
    def shown(self) -> str:
        """The first village whose team does badly, if it is played."""
        return min(self.villages.values(), key=lambda v: (not v.nth or v.nth % WEAKEST > 0, v.number)).id

    def _village(self, number: int) -> Village:
        nth = number * POOR // self.most
        is_poor = nth > (number - 1) * POOR // self.most
        if is_poor:
            both = ("weak_organisation", POOR_AND_WEAK), ("minority", POOR_AND_MINORITY)
            lists = tuple(name for name, many in both if part(many, nth, POOR))
        else:
            lists = ("minority" if (number - nth) % 2 == 0 else "weak_organisation",)
        place = _county(number)
        return Village(
            number=number,
            id=f"{place}{901 + number % 20}{number:03}",
            place=place,
            population=self.choose(1200, 2800, "population", number),
            nth=nth if is_poor else 0,
            lists=lists,
            pairs=part(PAIRS, nth, POOR) if is_poor else 0,
        )

    # ------------------------------------------------- rows to enter, by command

    def layers(self) -> Iterator[dict[str, Any]]:
        """What the counties' own packs say over the city's: how they weigh the villagers' word, and which of them name
        no demonstration villages, as counties of which too few villages are played."""
        for place, name, name_en, _ in COUNTIES:
            said = self.choose(30, 40, "weight", place)
            inputs = [{"channel": "ballot", "weight": said}, {"channel": "annual", "weight": 100 - said}]
            yield {
                "extends": self.city,
                "jurisdiction": place,
                "version": f"{place}-{YEAR}.1",
                "effective_from": date(YEAR, 2, 1),
                "name": name,
                "name_en": name_en,
                "assessment": {"inputs": inputs},
                **({} if self._points(place) else {"drop": {"lists": ["demonstration"]}}),
            }

    def village_rows(self) -> Iterator[Row]:
        """RegisterVillage for each village; 871 of them are on the poverty list."""
        for v in self.villages.values():
            document = {"listing_document": "遵义市贫困村名单（虚构文号）"} if v.nth else {}
            yield {
                "place": v.place,
                "village": v.id,
                "name": f"第{v.number}村（虚构）",
                "township": f"第{v.number % 20 + 1}乡镇（虚构）",
                "population": v.population,
                "listed": v.nth > 0,
                **document,
            }

    def listing_rows(self) -> Iterator[Row]:
        """EnterList for villages with weak organisations, and for those of minorities."""
        by = {
            "weak_organisation": ("organisation", "县（市、区）委组织部"),
            "minority": ("county", "县（市、区）人民政府"),
        }
        for v in self.villages.values():
            for kind in v.lists:
                body, organ = by[kind]
                yield {
                    "place": v.place,
                    "village": v.id,
                    "kind": kind,
                    "since": LISTED,
                    "document": "名单（虚构文号）",
                    "body": body,
                    "decided_by": organ,
                }

    def _points(self, county: str) -> list[Village]:
        """The villages that a county names as demonstration points."""
        mine = [v for v in self.villages.values() if v.place == county]
        return [] if county in OF_PROVINCE or len(mine) < POINTS else mine[:POINTS]

    def point_rows(self) -> Iterator[Row]:
        """EnterList for the demonstration points."""
        for v in (v for place, *_ in COUNTIES for v in self._points(place)):
            yield {
                "place": v.place,
                "village": v.id,
                "kind": "demonstration",
                "since": date(YEAR, 9, 1),
                "document": "示范点名单（虚构文号）",
                "body": "organisation",
                "decided_by": "县（市、区）委组织部",
            }

    def unit_rows(self) -> Iterator[Row]:
        """RegisterUnit for each unit that can send a team, in the county of the village of its number."""
        for number in range(1, self.units + 1):
            department = self._department(number)
            yield {
                "place": self._seat(number),
                "unit": f"U{number:03}",
                "level": "county",
                "department": department,
                "name": f"县（市、区）直{department}部门第{number}单位（虚构）",
                "strength": self.choose(40, 95, "strength", number),
            }

    def cadre_rows(self) -> Iterator[Row]:
        """RegisterCadre for the cadres of each unit; those of a leader's rank come last."""
        ranks = (*["staff"] * (CADRES - 6), *["deputy_section"] * 5, "deputy_division")
        for number in range(1, self.units + 1):
            for n, rank in enumerate(ranks, 1):
                born = date(self.choose(1962, 1988, "born", number, n), 1, 1)
                yield {
                    "place": self._seat(number),
                    "cadre": f"C{number:03}-{n}",
                    "unit": f"U{number:03}",
                    "name": f"干部{number}-{n}（虚构）",
                    "rank": rank,
                    "party_member": True,
                    "work_since": born.replace(year=born.year + 23),
                    "born_on": born,
                    "reserve": self.choose(0, 1, "reserve", number, n) == 1,
                }

    def party_rows(self) -> Iterator[Row]:
        """RegisterParty for co-operatives and share companies, and for new branches, in the villages in turn."""
        villages = [*self.villages.values()]
        kinds = (
            ("entity", "cooperative", "专业合作社", COOPERATIVES),
            ("entity", "share_company", "股份合作公司", COMPANIES),
            ("branch", "village", "村党支部", self.most),
            ("branch", "entity", "党支部", NEW_BRANCHES),
        )
        for kind, type, name, many in kinds:
            for n in range(-(-many * len(villages) // self.most)):
                v, members = villages[n % len(villages)], {"members": 3} if kind == "branch" else {}
                yield {
                    "place": v.place,
                    "party": f"{type.upper()}-{n + 1}".replace("_", "-"),
                    "kind": kind,
                    "parent": f"village:{v.id}",
                    "name": f"第{n + 1}{name}（虚构）",
                    "fields": {"type": type, **members},
                }

    def village_cadre_rows(self) -> Iterator[Row]:
        """RegisterParty for the secretary of each village."""
        for v in self.villages.values():
            yield {
                "place": v.place,
                "party": f"{_CADRE}{v.number}",
                "kind": "village_cadre",
                "parent": f"village:{v.id}",
                "name": f"村干部{v.number}（虚构）",
            }

    def fact_rows(self) -> Iterator[Row]:
        """RecordHouseholds for each poor village: its poor households, all below the line."""
        for v in self.villages.values():
            if v.nth:
                yield {
                    "place": v.place,
                    "village": v.id,
                    "year": YEAR,
                    "recorded_by": SIGNED["township"],
                    "households": self._households(v),
                }

    def _households(self, v: Village) -> list[Row]:
        line = POLICY.exit.line(YEAR)
        return [
            {
                "household": f"H{v.id}-{n + 1:03}",
                "persons": self.choose(2, 4, "persons", v.number, n),
                "income": line * self.choose(60, 95, "income", v.number, n) // 100,
                "secured": n % 2 == 0,
            }
            for n in range(v.households)
        ]

    def course_rows(self) -> Iterator[Row]:
        """HoldCourse: the city's courses and the counties'. Each county has a part of them by its villages, and its
        first is for all who are posted."""
        (many, came), begun, weight = COURSES["county"], 0, sum(villages for *_, villages in COUNTIES)
        for place, name, _, villages in COUNTIES:
            before, begun = begun, begun + villages
            number, heads = (total * begun // weight - total * before // weight for total in (many, came))
            others = heads * (10 - IN_FIRST) // 10
            for n in range(number):
                more = part(others, n, number - 1) if n else heads - others
                yield self._course(f"ZY-{place}", n, place, {"posted": more}, f"中共{name}委党校", "county")
        many, came = COURSES["city"]
        for n in range(many):
            leaders = {"county_leader": part(came, n + 1, many)}
            yield self._course(f"ZY-{CITY}", n, CITY, leaders, "中共遵义市委党校", "city")

    def _course(self, id: str, n: int, place: str, heads: dict[str, int], held_by: str, body: str) -> Row:
        """One course of three days, the first of a holder's in January and each later one three weeks on."""
        first = date(YEAR, 1, 11) + timedelta(21 * n)
        return {
            "place": place, "course": f"{id}-{n}" if n else id, "kind": "poverty_relief", "days": 3,
            "title": "脱贫攻坚专题培训班（虚构）", "first": first, "last": first + timedelta(2), "heads": heads,
            "held_by": held_by, "body": body,
        }  # fmt: skip

    def _unit(self, v: Village) -> int:
        """The number of the unit whose leader links a village, and whose cadres help its households."""
        return (v.number - 1) % self.units + 1

    def _department(self, number: int) -> str:
        """A department that suits the village of the unit's number."""
        villages = [*self.villages.values()]
        suits = POLICY.team.suits[_class(villages[(number - 1) % len(villages)])]
        return suits[number // 3 % len(suits)]

    def _seat(self, number: int) -> str:
        """The county of a unit. The surplus units are spread over all counties."""
        villages = [*self.villages.values()]
        return villages[(number - 1) % len(villages)].place

    # ------------------------------------------------------- what people answer

    def place(self, about: str) -> str:
        """Villages lie in the county that their code says."""
        return self.villages[about].place if about in self.villages else super().place(about)

    def signs(self, ask: Ask) -> str:
        """Whoever decides on an outcome names a document."""
        if ask.action in ("decisions", "appeal-decisions"):
            organ = {
                "organisation": "市委组织部 遵组决",
                "discipline": "市纪委 遵纪决",
                "township": "乡镇党委 镇党决",
            }.get(ask.role, "市委办公室 遵办决")
            return f"{organ}〔{ask.today.year}〕{3 if ask.action == 'decisions' else 4}号（虚构）"
        return SIGNED.get(ask.action) or SIGNED.get(ask.role, "县（市、区）扶贫办")

    def late(self, about: str, action: str, detail: str) -> int:
        """Some villages make their lists of duties after their day."""
        is_late = about in self.villages and self.villages[about].number % TARDY == 0
        return 5 * (action == "commitments" and is_late)

    def surveys(self, ask: Ask) -> Iterator[Row]:
        """One record on each of the five headings."""
        for topic in ask.detail.split(","):
            what = {"kind": "problem", "cause": "没有主导产业"} if topic == "results" else {"kind": "form"}
            yield {
                "number": [*POLICY.listing.topics].index(topic) + 1,
                "topic": topic,
                "on": ask.today,
                **what,
            }

    def problem_class(self, ask: Ask) -> str:
        """The class of the other list on which the village stands, else that its industry is thin."""
        return _class(self.villages[ask.about])

    def households(self, ask: Ask) -> list[Row]:
        """The year's facts."""
        return self._households(self.villages[ask.about])

    def indicators(self, ask: Ask) -> Mapping[str, float]:
        """Halls, entities, pay and costs. Some villages pay less than the city asks for."""
        number = self.villages[ask.about].number
        under = number % UNDERPAID == 0
        return {
            "collective_entities": float(part(COOPERATIVES + COMPANIES, number, self.most)),
            "hall_area": float(self.choose(301, 480, "hall", number) if part(HALLS, number, self.most) else 160),
            "village_cadre_pay": float(PAY * 4 // 5 if under else PAY),
            "running_costs": float(COSTS),
            "service_fund": float(FUND),
            "hard_road": self.choose(80, 100, "road", number) / 100,
            "safe_water": self.choose(80, 100, "water", number) / 100,
            "electricity": 1.0,
        }

    def items(self, ask: Ask) -> list[str]:
        """Five duties or measures."""
        return [f"{text}（虚构）" for text in ("学习贯彻", "落细落小", "解决问题", "整合资源", "督促检查")]

    def listed(self, ask: Ask) -> Row:
        """The organisations that the ranking finds worst are listed."""
        return {"since": ask.today, "document": "倒排整顿名单（虚构文号）"}

    def mark(self, ask: Ask) -> int:
        """What township Party committees give the branches and village cadres."""
        if number := _cadre(ask.about):
            good = (92, 99) if self._is_best(number) else (62, 87)
            is_first = ask.about == f"{_CADRE}{number}"
            return self.choose(
                *((30, 55) if is_first and self._does_badly(self._of(number)) else good), "mark", ask.about, ask.detail
            )
        return self.choose(50, 98, "mark", ask.about, ask.year)

    def _is_best(self, number: int) -> bool:
        """Whether a village cadre has an excellent year: one in BEST, or the next one if that one does badly."""
        chosen = number - number % BEST
        return chosen > 0 and number == chosen + self._does_badly(self._of(chosen))

    def moves(self, ask: Ask) -> Iterator[Letter]:
        """In autumn a member of some teams is transferred. A village cadre whose office ends after two poor years
        leaves the post, and the villagers elect somebody else."""
        if ask.action == "decision-services" and ask.about.startswith("office_ends/"):
            yield from self._elected(str(ask.given["subject"]), ask.today)
        if (
            ask.action == "presences"
            and ask.detail == f"{YEAR}-09"
            and self.villages[ask.about].number % DEPARTING == 0
        ):
            cadre = max(id for id, post in ask.state["members"].items() if post["role"] == "member")
            row = {
                "place": self.place(ask.about),
                "village": ask.about,
                "cadre": cadre,
                "cause": "transferred",
                "decided_by": "县（市、区）委组织部",
                "body": "organisation",
            }
            yield Letter(ask.today + timedelta(7), "dispatch", "departures", (row,))

    def _elected(self, cadre: str, today: date) -> Iterator[Letter]:
        """Letters about who leaves the post and who comes for him."""
        village, number = self._of(_cadre(cadre)), _cadre(cadre)
        at = {"place": self.place(village)}
        gone = {
            **at,
            "party": cadre,
            "reason": "连续两年年度考核被评为差，职务终止",
            "decided_by": SIGNED["township"],
        }
        come = {
            **at,
            "party": f"{cadre}-2",
            "kind": "village_cadre",
            "parent": f"village:{village}",
            "name": f"补选村干部{number}（虚构）",
        }
        yield Letter(today + DAY, "registry", "party-withdrawals", (gone,))
        yield Letter(today + timedelta(15), "registry", "parties", (come,))

    def contact(self, ask: Ask) -> Row:
        """A leader of the unit of the village's number. Where there are fewer units, each has several leaders."""
        v = self.villages[ask.about]
        unit, nth = self._unit(v), CADRES - (v.number - 1) // self.units
        return {"unit": f"U{unit:03}", "cadre": f"C{unit:03}-{nth}"}

    def helpers(self, ask: Ask) -> list[Row]:
        """Three cadres of a unit for each household, in turn. The last one may have fewer."""
        v = self.villages[ask.about]
        unit, poor = self._unit(v), [*ask.state["poor"]]
        return [
            {"household": poor[n // OF_HOUSEHOLD], "unit": f"U{unit:03}", "cadre": cadre}
            for n in range(v.pairs)
            for cadre in [f"C{unit:03}-{n % CADRES + 1}"]
        ]

    def course(self, ask: Ask) -> str:
        """The course of the village's county."""
        return f"ZY-{self.place(ask.about)}"

    def substitute(self, ask: Ask) -> str:
        """One of those cadres of the unit who are in no team: for a leader the highest in rank, else the lowest, so
        that somebody is left who could lead."""
        pool = ask.state[self.city]
        team = pool["teams"][ask.about]
        gone = {cadre for one in pool["teams"].values() for cadre in one["members"]} | {*pool.get("recalled", ())}
        gone |= {*pool.get("away", {})}
        numbers = range(1, CADRES + 1)
        if team["vacant"][ask.given["left"]] == "leader":
            numbers = numbers[::-1]
        return next(id for n in numbers if (id := f"C{team['unit'][1:]}-{n}") not in gone)

    def findings(self, ask: Ask) -> list[str]:
        """In some villages help was not given, and some have a practice that is worth telling."""
        luck = self.choose(1, 100, "visit", ask.about, ask.detail)
        found = {"help_not_given": luck <= 3, "visits_not_made": 3 < luck <= 5, "good_practice": luck > 92}
        return [code for code, is_found in found.items() if is_found]

    def _of(self, number: int) -> str:
        """The village of a number."""
        return next(v.id for v in self.villages.values() if v.number == number)

    def _does_badly(self, about: str) -> bool:
        nth = self.villages[about].nth if about in self.villages else 0
        return nth > 0 and nth % WEAKEST == 0

    def score(self, ask: Ask) -> int:
        """How well a team does, out of 100."""
        return self.choose(*((20, 45) if self._does_badly(ask.about) else (72, 99)), "merit", ask.about, ask.detail)

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        """Most who may vote come. The better the team does, the more of them are satisfied."""
        entitled = self.choose(30, 60, "entitled", ask.about)
        present = entitled * 9 // 10
        return entitled, present, present * (self.mark(ask) if _cadre(ask.about) else self.score(ask)) // 100

    def imposes(self, ask: Ask) -> bool:
        """Some of the village cadres whose year was excellent get a post or the treatment of a deputy section; all else
        that is proposed is adopted."""
        kind, _, subject, *_ = ask.about.split("/")
        return kind not in CHOSEN or part(CHOSEN[kind], _cadre(subject) // BEST, self.most // BEST) > 0

    def script(self) -> list[Letter]:
        """What people send without a task: packs, units, people, villages, lists, organisations, households."""
        adopted = [
            {"place": place, "pack": pack, "adopted_by": f"中共{name}委员会（虚构）"}
            for place, name, pack in (
                (CITY, "遵义市", PACK),
                *((layer["jurisdiction"], layer["name"], layer) for layer in self.layers()),
            )
        ]
        entered: list[tuple[date, str, str, Iterable[Row]]] = [
            *((START, "registry", "policies", [pack]) for pack in adopted),
            (START, "registry", "units", self.unit_rows()),
            (START, "registry", "cadres", self.cadre_rows()),
            (START, "registry", "villages", self.village_rows()),
            (START, "registry", "parties", self.party_rows()),
            (START, "registry", "parties", self.village_cadre_rows()),
            (LISTED, "registry", "listings", self.listing_rows()),
            (date(YEAR, 9, 1), "registry", "listings", self.point_rows()),
            (date(YEAR, 3, 7), "registry", "households", self.fact_rows()),
            *((course["last"] + DAY, "dispatch", "courses", [course]) for course in self.course_rows()),
        ]
        return [letter for one in entered for letter in letters(*one)]


_CADRE: Final = "CADRE-"


def _cadre(about: str) -> int:
    """The number of a village cadre, which is that of the village, also if the cadre was elected in another's place; 0
    for an id that is no village cadre's."""
    return int(about.removeprefix(_CADRE).partition("-")[0]) if about.startswith(_CADRE) else 0


def _class(v: Village) -> str:
    return next(iter(v.lists), "thin_industry")


def _county(number: int) -> str:
    """The county of a village. Villages are dealt out to the counties, so that a play of few villages still has many
    counties."""
    weight = sum(many for *_, many in COUNTIES)
    at = number * 379 % weight
    for place, _, _, many in COUNTIES:
        at -= many
        if at < 0:
            return place
    raise AssertionError("the counties' villages add up to all")
