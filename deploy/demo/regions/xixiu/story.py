"""The story of Xixiu District from autumn 2013 to the end of 2017, by document S1: its poor households are lifted round
by round, villages leave the list, poor townships cease to be poor, shell villages get an income, eight teams inspect
and publish every two days, and a unit that lets a rectification become overdue is talked to, admonished, or has a case
filed.

The figures are the document's, and the district is real. Townships, villages, people, households, units and firms are
made up and say so (虚构); their codes are in townships from 901 on, which no real township has. S1 tells what was done
from 2014 on, before the country's rules of 2018 that its pack is read over; the story lets both be in force from 2013.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from deploy.demo.answers import Ask, Letter, Row
from deploy.demo.scenario import Scenario, letters, part
from shared.calendar import DAY
from shared.policy import PolicyBook, kept_pack, parse_pack
from shared.policy.shipped import content

START: Final = date(2013, 9, 2)
END: Final = date(2017, 12, 31)
FIRST, LAST = START.year, END.year
DISTRICT: Final = "520402"
NATION: Final = content("national") | {"effective_from": date(FIRST, 1, 1)}
NATION["exit"]["poverty_line"][str(FIRST)] = 2736  # What the country's line was; the pack begins with the next year's.
del NATION["documents"]["G17"]["since"]  # Both packs are in force early, so this must be too.
PACK: Final = content("xixiu") | {"effective_from": date(FIRST, 1, 1)}
PACK["outcomes"] = [
    one for one in PACK["outcomes"] if one["clause"] != "G17"
]  # The national opinion is of December 2017.
del PACK["documents"]["D18"]["since"]
BOOK: Final = PolicyBook()
BOOK.adopt(kept_pack(NATION))
POLICY = parse_pack(PACK, BOOK.base)

VILLAGES, POOR_VILLAGES, IN_TOWNSHIP = 193, 131, 11
"""193 villages, since the document's 108 or so shell villages are 55.96 % of them. 131 of them are the poor ones that
firms help."""
WEAK: Final = 30
"""Other villages with a team, since their organisations are weak: as many as there are more first secretaries than poor
villages."""
RURAL: Final = 664_375
"""The rural population, solved from the persons lifted and the incidence before and after."""
ABLE, UNABLE, STUCK = 13_128, 2_110, 35
"""Registered households that earn enough sooner or later; those that do not; and how many more of the latter each
village that stays poor has."""
ABLE_PERSONS, UNABLE_PERSONS, STUCK_PERSONS = 51_554, 8_281, 137
"""How many people live in these households. Together they are all who were poor at first, 9.13 % of the rural
population."""
UNSIGNED: Final = 97
"""One in so many of the able households does not sign that it is lifted, whenever it is asked."""
EARNED: Final = {FIRST: 3_268_440, LAST: 19_357_300}
"""The villages' collective income in yuan, as the document gives it for the first and the last year."""
SHELLS, STRONG, STRONG_ASSETS, OTHER_ASSETS = 108, 118, 362_000_000, 35_000_000
"""Villages without income in the first year; those with more than a million yuan in stock; the stock of these and that
of all others, which add up to 397 million."""
SMALL_HALLS: Final = 17
"""One village in so many has a hall of less than 300 m²."""
FUNDS: Final = 5_553_000
"""Spent until 2017, in units of 10,000 yuan, as the document says."""
UNITS, HELPERS, SECRETARIES, LEADERS, FIRMS = 200, 2_862, 136, 40, 116
"""Units that can send a team, cadres of departments who answer for households, helping secretaries, leaders of the
district, and firms. How many units and leaders there were is not in the document."""

EXPERTS: Final = 104
"""Experts who give technical help; the document says more than a hundred."""
COURSES, TRAINED = 280, 58_000
"""Courses for cadres in five years, and how many came to them, each time counted anew."""
EVERY: Final = (END - START).days // COURSES
"""How many days after one course for cadres the next begins."""
SKILLS: Final = ("planting", "breeding", "building", "housekeeping")
"""The skills of which a poor village lacks one; courses in these are chosen as from a menu."""
VILLAGE_CADRES, COLLEGE = 1_492, 498
"""Cadres of the villages, and those of them who went to a college."""
PICKED: Final = 870
"""Cadres of both kinds of reinforcement teams, 606 and 264. They are registered once the resident teams are out."""
PICKED_FROM, PICKED_ON, PICKED_UNTIL = date(FIRST + 2, 2, 2), date(FIRST + 2, 3, 2), date(FIRST + 2, 7, 20)
"""When they are registered, and from when until when they are in the poor villages."""
POSTS: Final = ("secretary", "director", "other")
"""The posts of a village's cadres: one each of the first two."""
STAYS: Final = ("refuted", "poor", "poor", "shell", "poor", "poor", "refuted", "shell", "poor", "poor")
"""Why villages stay on the list, in the order of the document's ten: too many are poor, the verification refutes the
exit, or the village has no collective income until the last year."""
_EVERY: Final = POOR_VILLAGES // len(STAYS)
NEGLIGENT: Final = date(FIRST + 3, 1, 1)
"""From this day on, for half a year, the units of the villages whose exit is refuted pay no heed to what inspectors
find there."""
COMMENDED: Final = {"provincial_commendation": 16, "municipal_commendation": 47}
"""How many of those whose year was excellent are commended, as the document says of one year."""
_SIGNED: Final = {
    "township": "乡镇人民政府", "organisation": "区委组织部", "discipline": "区纪委", "inspection": "专项督查组",
    "unit": "派出单位", "team": "驻村工作队", "village": "村民代表会议", "leader_group": "区扶贫开发领导小组",
    "verifications": "区核查验收组", "county": "区人民政府", "city": "市扶贫开发领导小组", "finance": "区财政局",
    "province": "省扶贫开发领导小组", "state": "国务院扶贫办",
}  # fmt: skip
"""Who signs: by action, or else by the role that is asked, or else the district's poverty office (区扶贫办)."""


class Village(NamedTuple):
    """One village."""

    number: int
    id: str
    population: int
    able: tuple[int, ...]
    """The households that earn enough sooner or later, by their numbers in the district."""
    unable: tuple[int, ...]
    stuck: int
    """How many more do not earn enough."""
    listed: bool
    weak: bool
    """Whether it is on the list of weak organisations, and so has a team though it is no poor village."""
    leaves: int | None
    """The year by whose figures it leaves the list; None if it is not listed, or stays."""
    stays: str
    """Why it stays on the list; empty if it does not."""
    income: Mapping[int, int]
    """Its collective income in the first year, and in the last."""
    assets: int


class Xixiu(Scenario):
    """The story of a number of villages of Xixiu District."""

    region, start, end, most = "xixiu", START, END, VILLAGES
    city = DISTRICT[:4]
    policy = POLICY
    at_once = ("visits", "bulletins")  # The teams work in a rhythm of two days, and are in a village on that day.
    villages: dict[str, Village]

    def __init__(self, seed: int, villages: int = VILLAGES) -> None:
        super().__init__(seed, villages)
        self.pack = _fewer_inspectors(villages)
        self.policy = parse_pack(self.pack, BOOK.base)
        self.villages = {village.id: village for village in map(self._village, range(1, villages + 1))}
        self.by_number = {village.number: village for village in self.villages.values()}
        self.poor = [village for village in self.villages.values() if village.listed]
        admired = [v for v in self.villages.values() if (v.listed or v.weak) and not v.stays and v.number % 2]
        self.admired = {village.id: nth for nth, village in enumerate(admired, 1)}
        self.units, self.helpers_there, self.leaders, self.firms, seconds = (
            -(-many * villages // VILLAGES) for many in (UNITS, HELPERS, LEADERS, FIRMS, SECRETARIES - POOR_VILLAGES)
        )
        self.secretaries = len(self.poor) + seconds
        self.experts, self.courses, self.trained = (
            -(-many * villages // VILLAGES) for many in (EXPERTS, COURSES, TRAINED)
        )

    @property
    def shown(self) -> str:
        """The first village that leaves the list."""
        return next((village.id for village in self.villages.values() if village.leaves), super().shown)

    def _village(self, number: int) -> Village:
        poor = number * POOR_VILLAGES // VILLAGES
        listed = poor > (number - 1) * POOR_VILLAGES // VILLAGES
        nth, rest = divmod(poor - 1, _EVERY)
        stays = STAYS[nth] if listed and not rest and nth < len(STAYS) else ""
        shells, others = number * SHELLS // VILLAGES, VILLAGES - POOR_VILLAGES
        is_shell = shells > (number - 1) * SHELLS // VILLAGES
        is_strong = number * STRONG // VILLAGES > (number - 1) * STRONG // VILLAGES
        strong = number * STRONG // VILLAGES
        pair = self.choose(0, 900, "population", (number + 1) // 2) * (number < VILLAGES)
        return Village(
            number=number,
            id=f"{DISTRICT}{901 + (number - 1) // IN_TOWNSHIP}{200 + number}",
            population=part(RURAL, number, VILLAGES) + (pair if number % 2 else -pair),
            able=_numbers(ABLE, number),
            unable=_numbers(UNABLE, number),
            stuck=STUCK * (stays == "poor"),
            listed=listed,
            weak=not listed and part(WEAK, number - poor, others) > 0,
            leaves=FIRST + 1 + poor % (LAST - FIRST - 1) if listed and not stays else None,
            stays=stays,
            income={
                FIRST: 0 if is_shell else part(EARNED[FIRST], number - shells, VILLAGES - SHELLS),
                LAST: part(EARNED[LAST], number, VILLAGES),
            },
            assets=part(STRONG_ASSETS, strong, STRONG)
            if is_strong
            else part(OTHER_ASSETS, number - strong, VILLAGES - STRONG),
        )

    # ------------------------------------------------- rows to enter, by command

    def listing_rows(self) -> Iterator[Row]:
        """EnterList for the villages with weak organisations."""
        for v in self.villages.values():
            if v.weak:
                yield {
                    "place": DISTRICT,
                    "village": v.id,
                    "kind": "weak_organisation",
                    "since": START,
                    "document": "软弱涣散村名单（虚构文号）",
                    "body": "organisation",
                    "decided_by": "区委组织部",
                }

    def decap_rows(self, year: int) -> Iterator[Row]:
        """RequestDecap for the poor townships, every second of all, each year: a rule refuses it until the incidence is
        low enough."""
        for township in sorted({v.id[:9] for v in self.villages.values()}):
            if int(township[-3:]) % 2:
                yield {
                    "place": DISTRICT,
                    "division": f"township:{township}",
                    "year": year,
                    "body": "township",
                    "requested_by": "乡镇党委、政府",
                }

    def own_decap_rows(self) -> Iterator[Row]:
        """RequestDecap for the district itself. It was de-capped a year after the story's end, by the figures of 2017;
        here it asks by those of the year before, 2.13 % in all of its villages, so that the country's procedure is gone
        through to its end. The country's bound of 2 % would refuse it, and the west's of 3 % does not."""
        yield {
            "place": DISTRICT,
            "division": f"county:{DISTRICT}",
            "year": LAST - 1,
            "body": "county",
            "requested_by": "区扶贫开发领导小组",
        }

    def village_rows(self) -> Iterator[Row]:
        """RegisterVillage for each village; 131 of them are on the poverty list."""
        for v in self.villages.values():
            document = {"listing_document": "西秀区贫困村名单（虚构文号）"} if v.listed else {}
            yield {
                "place": DISTRICT,
                "village": v.id,
                "name": f"第{v.number}村（虚构）",
                "township": f"第{(v.number - 1) // IN_TOWNSHIP + 1}乡镇（虚构）",
                "population": v.population,
                "listed": v.listed,
                **document,
            }

    def unit_rows(self) -> Iterator[Row]:
        """RegisterUnit for the units that can send a team, and the district's leadership."""
        for number in range(self.units + 1):
            department = self._department(number)
            name = f"区直{department}部门第{number}单位（虚构）" if number else "区四大班子（虚构）"
            yield {
                "place": DISTRICT,
                "unit": f"U{number:03}",
                "name": name,
                "level": "county",
                "department": department,
                "strength": self.choose(40, 95, "strength", number),
            }

    def cadre_rows(self) -> Iterator[Row]:
        """RegisterCadre for those who answer for households, for helping secretaries, and for leaders."""
        kinds = (
            ("C", self.helpers_there, "staff"),
            ("S", self.secretaries, "section"),
            ("L", self.leaders, "deputy_division"),
            ("E", self.experts, "staff"),
        )
        for kind, many, rank in kinds:
            for number in range(1, many + 1):
                yield self._cadre(kind, number, rank)

    def _cadre(self, kind: str, number: int, rank: str) -> Row:
        born = date(self.choose(1962, 1985, "born", kind, number), 1, 1)
        return {
            "place": DISTRICT, "cadre": f"{kind}{number:04}", "unit": self._unit(kind, number),
            "name": f"干部{kind}{number}（虚构）", "rank": rank, "party_member": True,
            "work_since": born.replace(year=born.year + 23), "born_on": born, "reserve": False,
        }  # fmt: skip

    def picked_rows(self) -> Iterator[tuple[Village, Row]]:
        """RegisterCadre for those who are picked for reinforcement teams, each with the village where they go."""
        for nth, v in enumerate(self.poor, 1):
            last = nth * PICKED // POOR_VILLAGES
            for number in range(last - part(PICKED, nth, POOR_VILLAGES) + 1, last + 1):
                yield v, self._cadre("P", number, "staff")

    def reinforced_rows(self) -> Iterator[Row]:
        """EnterList for the poor villages, where reinforcement teams go."""
        for v in self.poor:
            yield {
                "place": DISTRICT,
                "village": v.id,
                "kind": "reinforced",
                "since": PICKED_ON,
                "document": "突击攻坚方案（虚构文号）",
                "body": "county",
                "decided_by": _SIGNED["county"],
            }

    def relieved_rows(self) -> Iterator[Row]:
        """LeaveList for these: what the teams came for is done."""
        for v in self.poor:
            yield {
                "place": DISTRICT,
                "village": v.id,
                "kind": "reinforced",
                "body": "county",
                "reason": "攻坚任务完成",
                "decided_by": _SIGNED["county"],
            }

    def reinforcement_rows(self) -> Iterator[Row]:
        """BeginLink for those who are picked."""
        for v, cadre in self.picked_rows():
            yield {
                "place": DISTRICT,
                "village": v.id,
                "kind": "reinforcement",
                "unit": cadre["unit"],
                "cadre": cadre["cadre"],
                "decided_by": "区委组织部",
                "body": "organisation",
            }

    def village_party_rows(self) -> Iterator[Row]:
        """RegisterParty for each village's branch, committee and cadres: a secretary, a director, and others."""
        for v in self.villages.values():
            last, many = v.number * VILLAGE_CADRES // VILLAGES, part(VILLAGE_CADRES, v.number, VILLAGES)
            cadres = [
                (
                    "village_cadre",
                    f"{POSTS[min(n, 2)]}-{last - n}".upper(),
                    "村干部",
                    {
                        "post": POSTS[min(n, 2)],
                        "education": "college" if part(COLLEGE, last - n, VILLAGE_CADRES) else "below_college",
                    },
                )
                for n in range(many)
            ]
            bodies: tuple[tuple[str, str, str, dict[str, str]], ...] = (
                ("branch", f"BRANCH-{v.number}", "村党支部", {}),
                ("village_committee", f"COMMITTEE-{v.number}", "村民委员会", {}),
            )
            for kind, party, name, fields in (*bodies, *cadres):
                yield {
                    "place": DISTRICT,
                    "party": party,
                    "kind": kind,
                    "parent": f"village:{v.id}",
                    "name": f"第{v.number}村{name}（虚构）",
                    "fields": fields,
                }

    def firm_rows(self) -> Iterator[Row]:
        """RegisterParty for the firms."""
        for number in range(1, self.firms + 1):
            yield {
                "place": DISTRICT,
                "party": f"FIRM-{number}",
                "kind": "firm",
                "parent": f"county:{DISTRICT}",
                "name": f"第{number}企业（虚构）",
            }

    def pair_rows(self) -> Iterator[Row]:
        """BeginPartner: the firms help the poor villages in turn."""
        for n, v in enumerate(self.poor):
            yield {
                "place": DISTRICT,
                "village": v.id,
                "kind": "firm_pair",
                "party": f"FIRM-{n % self.firms + 1}",
                "decided_by": "区扶贫办",
                "body": "poverty_office",
            }

    def pledge_rows(self, year: int) -> Iterator[Row]:
        """PledgeSupport: what the firms promise the poor villages for a year."""
        for row in self.pair_rows():
            more = self.choose(1, 30, "pledge", row["village"], year)
            pledged = {"yuan": 5_000.0 * more, "jobs": float(more)} | ({"sales": 2_000.0 * more} if more % 3 else {})
            yield {
                "place": DISTRICT, "village": row["village"], "kind": "firm_pair", "party": row["party"], "year": year,
                "pledged": pledged, "pledged_by": "帮扶企业（虚构）", "body": "poverty_office",
            }  # fmt: skip

    def expert_rows(self) -> Iterator[Row]:
        """BeginLink: the experts help the poor villages in turn, each in a skill."""
        skills = [*POLICY.contacts["expert"].skills]
        for number in range(1, self.experts + 1):
            yield {
                "place": DISTRICT,
                "village": self.poor[(number - 1) % len(self.poor)].id,
                "kind": "expert",
                "unit": self._unit("E", number),
                "cadre": f"E{number:04}",
                "skill": skills[number % len(skills)],
                "decided_by": _SIGNED["county"],
                "body": "county",
            }

    def course_rows(self) -> Iterator[Row]:
        """HoldCourse: the district's courses for cadres, one after the other."""
        for n in range(1, self.courses + 1):
            first = START + timedelta(EVERY * n - EVERY + 7)
            yield {
                "place": DISTRICT, "course": f"XX-{n:03}", "kind": "relief_cadres", "days": 2,
                "title": "脱贫攻坚干部培训班（虚构）", "first": first, "last": first + DAY,
                "heads": {"cadre": part(self.trained, n, self.courses)}, "held_by": "中共西秀区委党校",
                "body": "county",
            }  # fmt: skip

    def lack_rows(self) -> Iterator[Row]:
        """ReportSkills: in each poor village people lack a skill."""
        for v in self.poor:
            yield {
                "place": DISTRICT,
                "village": v.id,
                "kind": "menu",
                "reported_by": "驻村工作队",
                "body": "team",
                "lacking": {SKILLS[v.number % len(SKILLS)]: self.choose(4, 40, "lacking", v.number)},
            }

    def second_secretary_rows(self) -> Iterator[Row]:
        """BeginLink: there are more helping secretaries than poor villages, so some villages get a second one."""
        for number, v in zip(range(len(self.poor) + 1, self.secretaries + 1), self.poor, strict=False):
            yield {
                "place": DISTRICT,
                "village": v.id,
                "kind": "helping_secretary",
                "unit": self._unit("S", number),
                "cadre": f"S{number:04}",
                "decided_by": "区委组织部",
                "body": "organisation",
            }

    def household_rows(self, v: Village, year: int) -> Iterator[Row]:
        """A year's facts about the village's registered households. Once an able household earns enough, it does so in
        every later year."""
        line, ids = POLICY.exit.line(year), _households(v)
        for n, id in enumerate(ids):
            able, spread = n < len(v.able), self.choose(0, 34, "income", v.number, n, year)
            enough = able and year >= self._earns_from(v, n)
            yield {
                "household": id,
                "persons": _persons(v, n),
                "secured": enough or spread % 2 == 0,
                "income": line * (115 if enough else 60) // 100 + 9 * spread,
            }

    def _earns_from(self, v: Village, n: int) -> int:
        """The year from which an able household earns enough: mostly that by whose figures the village leaves, or might
        leave if nothing else kept it on the list."""
        leaves = FIRST + 2 if v.stays in ("refuted", "shell") else v.leaves
        if leaves is None:
            return FIRST + 1 + n % (LAST - FIRST)
        return FIRST + 1 if n % 4 == 0 else leaves

    def rounds(self, year: int) -> Iterator[Row]:
        """OpenResolution for each village with households that earn enough and are not lifted yet."""
        for v in self._on_the_list(year):
            ids = _households(v)
            new = [ids[n] for n in range(len(v.able)) if self._earns_from(v, n) == year]
            again = [ids[n] for n in range(len(v.able)) if self._earns_from(v, n) < year and not _signs(v, n)]
            if new or again:
                yield {
                    "place": DISTRICT,
                    "village": v.id,
                    "matter": f"lift-{year}",
                    "kind": "household_exit",
                    "subject_code": "exit",
                    "members": [*new, *again],
                    "opened_by": "村民委员会",
                }

    def _on_the_list(self, year: int) -> Iterator[Village]:
        """The villages that have not left the list before a year's autumn. Those that have are only watched."""
        return (v for v in self.villages.values() if v.leaves is None or v.leaves >= year)

    def fact_rows(self, year: int) -> Iterator[Row]:
        """RecordHouseholds for each village that has not left the list; the others are asked for theirs in summer."""
        for v in self._on_the_list(year):
            yield {
                "place": DISTRICT,
                "village": v.id,
                "year": year,
                "recorded_by": "乡镇人民政府",
                "households": [*self.household_rows(v, year)],
            }

    def _unit(self, kind: str, number: int) -> str:
        """The unit of a cadre: 000 is the district's leadership, and the others have the rest in turn."""
        return "U000" if kind == "L" else f"U{number % self.units + 1:03}"

    def _department(self, number: int) -> str:
        suits = [*POLICY.team.suits.values()][number % 2]
        return suits[number // 2 % len(suits)]

    # ------------------------------------------------------- what people answer

    def place(self, about: str) -> str:
        """All villages lie in the district."""
        return DISTRICT

    def signs(self, ask: Ask) -> str:
        """The district's offices and the townships sign."""
        return _SIGNED.get(ask.action) or _SIGNED.get(ask.role, "区扶贫办")

    def late(self, about: str, action: str, detail: str) -> int:
        """Some visits are not made and some bulletins not published in time; a village rectifies too late."""
        if action in self.at_once:
            return 9 * (self.choose(1, 60 if action == "visits" else 40, "late", about, detail) == 1)
        return 9 * (action == "order-closings" and self.villages[about].stays != "")

    def surveys(self, ask: Ask) -> Iterable[Row]:
        """One record on each topic."""
        for number, topic in enumerate(POLICY.listing.topics, 1):
            row = {
                "place": DISTRICT,
                "village": ask.about,
                "number": number,
                "topic": topic,
                "on": ask.today - DAY,
                "kind": "problem" if topic == "problems" else "meeting",
            }
            yield row | ({"cause": "产业单一，集体无经营性收入"} if topic == "problems" else {})

    def problem_class(self, ask: Ask) -> str:
        """Both classes in turn."""
        return [*POLICY.listing.problem_classes][self.villages[ask.about].number % 2]

    def households(self, ask: Ask) -> list[Row]:
        """The year's facts."""
        return [*self.household_rows(self.villages[ask.about], ask.year)]

    def accepts(self, ask: Ask, household: str) -> bool:
        """Most households sign."""
        v = self.villages[ask.about]
        return _signs(v, _households(v).index(household))

    def indicators(self, ask: Ask) -> Mapping[str, float]:
        """Collective income and stock, and the hall. A shell village has its first income in the year in which it
        leaves the list, or some year before the last one."""
        v, year = self.villages[ask.about], ask.year
        rises = LAST if v.stays == "shell" else v.leaves or LAST - 1
        income = v.income[LAST] if year == LAST else v.income[LAST] * 3 // 4 if year >= rises else v.income[FIRST]
        is_small = v.number % SMALL_HALLS == 0
        return {
            "collective_income": float(income),
            "collective_assets": float(v.assets * (year - FIRST) // (LAST - FIRST)),
            "premises": float(150 if is_small or year < LAST - 1 else self.choose(300, 520, "hall", v.number)),
        }

    def contact(self, ask: Ask) -> Row:
        """The district's leaders link villages in turn, and each poor village has a helping secretary of its own."""
        number = self.villages[ask.about].number
        if ask.given["kind"] == "leader":
            return {"unit": self._unit("L", 0), "cadre": f"L{number % self.leaders + 1:04}"}
        nth = number * POOR_VILLAGES // VILLAGES
        return {"unit": self._unit("S", nth), "cadre": f"S{nth:04}"}

    def helpers(self, ask: Ask) -> list[Row]:
        """The cadres of all departments take the district's poor households in turn."""
        v = self.villages[ask.about]
        first = {id: _household_number(v, n) % self.helpers_there + 1 for n, id in enumerate(_households(v))}
        return [
            {"household": household, "unit": self._unit("C", first[household]), "cadre": f"C{first[household]:04}"}
            for household in ask.state["poor"]
        ]

    def taught(self, ask: Ask) -> Row:
        """A course of the Party school's base, for those in the village who lack the skill."""
        missing = int(ask.state["lacking"]["menu"][ask.detail]["missing"])
        return {
            "course": f"CD-{ask.about}-{ask.detail}", "title": "“菜单式”职业技能培训班（虚构）", "days": 3,
            "first": ask.today - timedelta(2), "last": ask.today, "heads": {"labourer": missing},
            "skills": [ask.detail], "villages": [ask.about], "held_by": "中共西秀区委党校",
        }  # fmt: skip

    def delivered(self, ask: Ask) -> Mapping[str, float]:
        """Of what some firms promised a part does not come."""
        promised = super().delivered(ask)
        some = self.choose(1, 5, "delivered", ask.about, ask.year) == 1
        return {code: amount // 2 for code, amount in promised.items()} if some else promised

    def came(self, ask: Ask, bearer: str) -> int:
        """Most experts come once or more in a quarter, some not at all."""
        return self.choose(0, 9, "came", bearer, ask.given["last"]) // 2

    def findings(self, ask: Ask) -> list[str]:
        """In some villages the help of the unit is found wanting, in some of them for half a year."""
        if self.villages[ask.about].stays == "refuted" and NEGLIGENT <= ask.today <= NEGLIGENT + timedelta(180):
            return ["unit_inattentive"]
        luck = self.choose(1, 100, "visit", ask.about, ask.detail)
        return [code for code, most in (("unit_inattentive", 2), ("poor_results", 4)) if most - 2 < luck <= most]

    def mark(self, ask: Ask) -> int:
        """What panels give: little to the branches and committees of weak villages, and of those that stay poor."""
        kind, _, number = ask.about.partition("-")
        if kind not in ("BRANCH", "COMMITTEE"):
            return self.choose(52, 96, "mark", ask.about, ask.detail)
        v = self.by_number[int(number)]
        return self.choose(*((15, 40) if v.weak or v.stays else (62, 97)), "mark", ask.about, ask.detail)

    def days(self, ask: Ask, cadre: str) -> int:
        """Most members are in the village for 22 days, some for fewer than they should."""
        return (
            22 if self.choose(1, 40, "days", cadre, ask.detail) > 1 else self.choose(8, 18, "fewer", cadre, ask.detail)
        )

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        """Most who may vote come, and most of them are satisfied; in one year, with many teams nearly all of them."""
        entitled = self.choose(30, 60, "entitled", ask.about)
        is_admired = ask.about in self.admired and ask.year == LAST - 1
        present = entitled * 9 // 10
        if is_admired:
            return entitled, present, present - present // 20
        return entitled, present, entitled * self.choose(60, 78, "satisfied", ask.about, ask.year) // 100

    def imposes(self, ask: Ask) -> bool:
        """Of those whose year was excellent, some are commended; all else that is proposed is adopted."""
        kind, village, *_ = ask.about.split("/")
        if kind not in COMMENDED:
            return True
        return part(-(-COMMENDED[kind] * len(self.villages) // VILLAGES), self.admired[village], len(self.admired)) > 0

    def checked(self, ask: Ask, number: int, household: str) -> Row:
        """Every household is above the standard; in some villages every second one does not approve of the exit."""
        v = self.villages[ask.about]
        approves = v.stays != "refuted" or number % 2 == 0
        return {"persons": _persons(v, _households(v).index(household)), "meets": True, "approves": approves}

    def unregistered(self, ask: Ask) -> int:
        """More than one in twenty of those outside the register."""
        return self.villages[ask.about].population // 16

    def script(self) -> list[Letter]:
        """What people send without a task: packs, firms, units, people, villages; then each year facts and rounds."""
        adopted: list[dict[str, Any]] = [
            {"place": "000000", "pack": NATION, "adopted_by": "示例机关（虚构）"},
            {"place": DISTRICT, "pack": self.pack, "adopted_by": "中共西秀区委（虚构）"},
        ]
        funds = {
            "place": DISTRICT,
            "division": f"county:{DISTRICT}",
            "year": LAST,
            "values": {"funds": FUNDS},
            "recorded_by": "区财政局",
        }
        entered: list[tuple[date, str, str, Iterable[Row]]] = [
            *((START, "registry", "policies", [pack]) for pack in adopted),
            (START, "registry", "parties", self.firm_rows()),
            (START, "registry", "units", self.unit_rows()),
            (START, "registry", "cadres", self.cadre_rows()),
            (START, "registry", "villages", self.village_rows()),
            (START, "registry", "listings", self.listing_rows()),
            (START, "registry", "parties", self.village_party_rows()),
            (PICKED_FROM, "registry", "cadres", (cadre for _, cadre in self.picked_rows())),
            (PICKED_ON, "registry", "listings", self.reinforced_rows()),
            (PICKED_ON, "dispatch", "links", self.reinforcement_rows()),
            (PICKED_UNTIL, "registry", "unlistings", self.relieved_rows()),
            (date(FIRST + 1, 1, 6), "dispatch", "links", self.second_secretary_rows()),
            (date(FIRST + 1, 3, 3), "dispatch", "partners", self.pair_rows()),
            (date(FIRST + 1, 3, 3), "dispatch", "links", self.expert_rows()),
            (date(FIRST + 1, 6, 3), "dispatch", "skill-reports", self.lack_rows()),
            *((row["last"] + DAY, "dispatch", "courses", [row]) for row in self.course_rows()),
            (date(LAST, 12, 18), "registry", "division-figures", [funds]),
        ]
        for year in range(FIRST, LAST + 1):
            if year > FIRST:
                entered.append((date(year, 3, 10), "dispatch", "pledges", self.pledge_rows(year)))
            entered.append((date(year, 9, 10), "registry", "households", self.fact_rows(year)))
            entered.append((date(year, 9, 14), "registry", "resolutions", self.rounds(year)))
        asked = [
            *((date(year, 12, 18), self.decap_rows(year)) for year in range(FIRST + 1, LAST)),
            (date(LAST, 2, 20), self.own_decap_rows()),
        ]
        tried = (Letter(on, "registry", "decap-requests", tuple(rows), tried=True) for on, rows in asked)
        return [*(letter for one in entered for letter in letters(*one)), *tried]


def _fewer_inspectors(villages: int) -> dict[str, Any]:
    """The district's pack. If fewer villages are played, there are fewer teams of inspectors; and where even one is too
    many, more days lie between two visits. So each village is visited about as often as in the whole district."""
    pack = deepcopy(PACK)
    for campaign in pack["campaigns"]:
        if campaign["choice"] == "rota":
            share = campaign["turn"] * villages
            [cycle] = campaign["opens"]
            days = cycle["every"]["calendar_days"]
            cycle["every"] = {"calendar_days": max(days, days * VILLAGES // share)}
            campaign["turn"] = max(1, share // VILLAGES)
    return pack


def _numbers(total: int, number: int) -> tuple[int, ...]:
    """The numbers of a village's households, of so many in the district."""
    last = number * total // VILLAGES
    return tuple(range(last - part(total, number, VILLAGES) + 1, last + 1))


def _households(v: Village) -> list[str]:
    """The ids of a village's registered households, the able ones first."""
    many = len(v.able) + len(v.unable) + v.stuck
    return [f"H{v.id}-{n + 1:03}" for n in range(many)]


def _persons(v: Village, n: int) -> int:
    """How many live in a household."""
    if n < len(v.able):
        return part(ABLE_PERSONS, v.able[n], ABLE)
    if n - len(v.able) < len(v.unable):
        return part(UNABLE_PERSONS, v.unable[n - len(v.able)], UNABLE)
    return part(STUCK_PERSONS, 1 + n % STUCK, STUCK)


def _household_number(v: Village, n: int) -> int:
    """A number for a household, so that helpers take them in turn."""
    return v.able[n] if n < len(v.able) else ABLE + v.number * STUCK + n


def _signs(v: Village, n: int) -> bool:
    """Whether an able household signs."""
    return v.able[n] % UNSIGNED > 0
