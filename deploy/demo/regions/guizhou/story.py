"""The story of Guizhou about 2008, by document S4: a team and a leader's contact point for each of the province's key
villages, questions that villages answer in public, and 204 demonstration points.

The document tells what is done, but gives few numbers. So little of what the story enters is in the document, and its
table says of most figures that the document has none. The province is real. Its prefectures are made up, and so are
their counties, villages, people and units (虚构), since things go wrong there that no real person did.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from deploy.demo.answers import Ask, Letter, Row
from deploy.demo.scenario import Scenario, letters, part
from shared.divisions import place_of, prefecture_of
from shared.policy.layers import by_itself
from shared.policy.shipped import content, shipped

START: Final = date(2008, 1, 7)
END: Final = date(2009, 3, 31)
YEAR: Final = START.year
KNOWN: Final = 2006
"""The year of the figures that the document has of the province."""
PROVINCE: Final = "52"
ITSELF: Final = prefecture_of(place_of(PROVINCE))
"""The jurisdiction under which the province's own matters are kept where replicas share the prefectures."""
PACK: Final = content("guizhou")
POLICY: Final = shipped("guizhou")

KEY_VILLAGES: Final = 5_486
PREFECTURES, COUNTIES, TOWNSHIPS = 9, 88, 9
"""How many prefectures and counties the province has, and how many townships each county has here."""
AT_A_TIME: Final = 4
"""How many villages of one county have numbers in a row. So a play of few villages still has several in each county."""
MODES: Final = "relief_mode"
"""The list of the villages in their modes."""
SCALE: Final = {
    "inhabitants": 39_000_000,
    "rural_inhabitants": 29_000_000,
    "poor_inhabitants": 2_550_000,
    "low_income_inhabitants": 4_550_000,
    "key_villages": KEY_VILLAGES,
}
INCOMES: Final = {"province_income": 1_985, "country_income": 3_587}
"""What a farmer earned in the province, and in the country, in yuan."""
TRAINED: Final = {"party_member": 500_000, "grassroots_cadre": 400_000, "talent": 300_000}
"""Who was trained in 2007, by group."""
REMOTE: Final = 5_475
"""Key villages with remote learning: 99.8 % as the document says of all villages."""
ADVANCED, COUNTRYSIDE = 100, 104
"""Demonstration points: Party organisations, and villages of the new countryside."""
RENEWED: Final = 90
"""How many of a hundred demonstration points are named again when their year is over."""
SURPLUS: Final = 20
"""For each so many villages, a county has one unit more than villages."""
LEADERS_MORE: Final = 1
"""How many leaders a county has beyond those whom its contact points take."""
MEMBERS_MORE: Final = 2
"""One village in so many has a second Party member with a post."""
JOINED, JOINS = 18, 2
"""One village in so many has a joint branch; and how many villages that branch joins."""
ASKED, TARDY = 6, 5
"""In one village in so many a question is asked, and one in so many of these is answered late."""
UNLINKED: Final = 31
"""One village in so many gets its contact point too late."""
WEAK: Final = 30
"""In one township in so many the teams and the joint work do badly."""
SIGNED: Final = {
    "township": "乡镇党委", "county": "县（市、区、特区）党委", "organisation": "组织部门", "inspection": "督促检查组",
    "discipline": "纪委", "unit": "派出单位", "team": "农村党建扶贫工作队", "village": "村“两委”",
    "province": "省委组织部", "diagnoses": "县（市、区、特区）集体会诊会议",
}  # fmt: skip
"""Who signs: by action, or else by the role that is asked, or else the county's poverty office."""


class Village(NamedTuple):
    """One key village."""

    number: int
    id: str
    place: str
    nth: int
    """Its number among the villages of its county, from 0 on."""
    population: int


class Guizhou(Scenario):
    """The story of a number of the province's key villages."""

    region, start, end, most = "guizhou", START, END, KEY_VILLAGES
    since, levels = KNOWN, ("county", "province")
    city = PROVINCE
    policy = POLICY
    villages: dict[str, Village]

    def __init__(self, seed: int, villages: int = KEY_VILLAGES) -> None:
        super().__init__(seed, villages)
        self.villages = {village.id: village for village in map(self._village, range(1, villages + 1))}
        self.counties: dict[str, list[Village]] = {}
        for v in self.villages.values():
            self.counties.setdefault(v.place, []).append(v)

    def _village(self, number: int) -> Village:
        turn, rest = divmod(number - 1, COUNTIES * AT_A_TIME)
        county, nth = rest // AT_A_TIME, turn * AT_A_TIME + rest % AT_A_TIME
        place = f"{PROVINCE}{91 + county % PREFECTURES}{county // PREFECTURES + 1:02}"
        township = 901 + nth // AT_A_TIME % TOWNSHIPS
        return Village(
            number=number,
            id=f"{place}{township}{201 + nth}",
            place=place,
            nth=nth,
            population=self.choose(900, 2600, "population", number),
        )

    @property
    def divisions(self) -> list[str]:
        """The divisions that adopt the pack: the province, or each prefecture for itself where replicas share them."""
        if not self.divided:
            return [PROVINCE]
        return sorted({prefecture_of(place) for place in self.counties})

    # ------------------------------------------------- rows to enter, by command

    def pack_rows(self) -> Iterator[Row]:
        """AdoptPolicy for the province, or for each prefecture and for what is the province's own."""
        for code in [*self.divisions, ITSELF] if self.divided else self.divisions:
            pack = by_itself(POLICY, code) if self.divided else PACK
            yield {"place": place_of(code), "pack": pack, "adopted_by": "中共贵州省委"}

    def village_rows(self) -> Iterator[Row]:
        """RegisterVillage for each key village."""
        for v in self.villages.values():
            yield {
                "place": v.place,
                "village": v.id,
                "name": f"第{v.number}村（虚构）",
                "township": f"第{v.nth // AT_A_TIME % TOWNSHIPS + 1}乡镇（虚构）",
                "population": v.population,
                "listed": True,
                "listing_document": "贵州省扶贫开发重点村名单（虚构文号）",
            }

    def unit_rows(self) -> Iterator[Row]:
        """RegisterUnit for each unit that can send a team, a few more than villages, and for each county's leaders."""
        for place, villages in self.counties.items():
            for n in range(self._units(place)):
                suits = POLICY.team.suits[_class(villages[n % len(villages)])]
                department = suits[n % len(suits)]
                yield self._unit_row(place, n, f"县直{department}部门第{n + 1}单位（虚构）", department)
            yield {
                "place": place,
                "unit": f"L{place}",
                "level": "county",
                "department": "县委",
                "strength": 60,
                "name": "县领导班子（虚构）",
            }

    def _unit_row(self, place: str, n: int, name: str, department: str) -> Row:
        strength = self.choose(40, 95, "strength", place, n)
        return {
            "place": place,
            "unit": f"U{place}-{n + 1}",
            "level": "county",
            "department": department,
            "strength": strength,
            "name": name,
        }

    def _units(self, place: str) -> int:
        many = len(self.counties[place])
        return many + many // SURPLUS

    def cadre_rows(self) -> Iterator[Row]:
        """RegisterCadre for two cadres of each unit, of whom one is no Party member, and for the counties' leaders."""
        for place in self.counties:
            for n in range(self._units(place)):
                for m, is_member in enumerate((True, False), 1):
                    yield self._cadre_row(place, f"U{place}-{n + 1}", f"C{place}-{n + 1}-{m}", "staff", is_member)
            for n in range(self._leaders(place)):
                yield self._cadre_row(place, f"L{place}", f"L{place}-{n + 1}", "deputy_division", True)

    def _cadre_row(self, place: str, unit: str, id: str, rank: str, is_member: bool) -> Row:
        born = date(self.choose(1955, 1980, "born", id), 1, 1)
        return {
            "place": place, "cadre": id, "unit": unit, "name": f"干部{id}（虚构）", "rank": rank,
            "party_member": is_member, "work_since": born.replace(year=born.year + 23), "born_on": born,
            "reserve": self.choose(0, 4, "reserve", id) == 0,
        }  # fmt: skip

    def _leaders(self, place: str) -> int:
        """How many leaders a county has: each takes as many villages as the pack allows."""
        return -(-len(self.counties[place]) // _each()) + LEADERS_MORE

    def party_rows(self) -> Iterator[Row]:
        """RegisterParty for each village's branch and its secretary, for members with posts, and for joint branches."""
        posts = [*_field("member_post", "duty_post")]
        for v in self.villages.values():
            about, parent = {"place": v.place}, f"village:{v.id}"
            yield {**about, "party": f"B{v.id}", "kind": "branch", "parent": parent,
                   "name": f"第{v.number}村党支部（虚构）", "fields": {"type": "village"}}  # fmt: skip
            yield {**about, "party": f"S{v.id}", "kind": "village_leader", "parent": parent,
                   "name": f"书记{v.number}（虚构）", "fields": self._leader_fields(v)}  # fmt: skip
            for n in range(2 if v.number % MEMBERS_MORE == 0 else 1):
                yield {**about, "party": f"M{v.id}-{n}", "kind": "member_post", "parent": f"party:B{v.id}",
                       "name": f"党员{v.number}-{n}（虚构）",
                       "fields": {"duty_post": posts[(v.number + n) % len(posts)], "zone": f"第{n + 1}村民组",
                                  "pledge": "带动三户增收（虚构）"}}  # fmt: skip
            if v.number % JOINED == 0:
                yield {
                    **about,
                    "party": f"J{v.id}",
                    "kind": "branch",
                    "parent": f"township:{v.id[:9]}",
                    "name": f"第{v.number // JOINED}联建党支部（虚构）",
                    "fields": {"type": ("villages", "firm", "neighbourhood")[v.number // JOINED % 3]},
                }

    def _leader_fields(self, v: Village) -> Row:
        """How a secretary came to the post, and what care there is."""
        return {
            "post": "both" if v.number % 3 == 0 else "secretary",
            "chosen_by": "two_rounds",
            "pension": "joined" if self.choose(1, 10, "pension", v.number) <= 4 else "not_joined",
            "medical": "joined" if self.choose(1, 10, "medical", v.number) <= 8 else "not_joined",
            "compensation": "agreed" if self.choose(1, 10, "leaving", v.number) <= 3 else "not_agreed",
        }

    def joint_rows(self) -> Iterator[Row]:
        """BeginPartner: each joint branch joins its village with others of the county."""
        for v in self.villages.values():
            if v.number % JOINED == 0:
                villages = self.counties[v.place]
                for n in range(min(JOINS, len(villages))):
                    joined = villages[(v.nth + n) % len(villages)]
                    yield {
                        "place": v.place,
                        "village": joined.id,
                        "kind": "joint_branch",
                        "party": f"J{v.id}",
                        "decided_by": "县委组织部",
                        "body": "organisation",
                    }

    def point_rows(self) -> Iterator[Row]:
        """EnterList for the demonstration points, spread over the villages."""
        named = {
            "since": date(YEAR, 3, 3),
            "document": "省级示范点名单（虚构文号）",
            "body": "province",
            "decided_by": "省委组织部",
        }
        for v in self.villages.values():
            nth = self.most + 1 - v.number  # From the end, so that the first village has both.
            if part(ADVANCED, nth, self.most):
                yield {"place": v.place, "party": f"B{v.id}", "kind": "advanced_point", **named}
            if part(COUNTRYSIDE, nth, self.most):
                yield {"place": v.place, "village": v.id, "kind": "countryside_point", **named}

    def course_rows(self) -> Iterator[Row]:
        """HoldCourse: what each county counted of the training of 2007."""
        for n, place in enumerate(sorted(self.counties), 1):
            yield {
                "place": place,
                "course": f"GZ-{place}",
                "kind": "rural_training",
                "title": "农村党员、干部和实用人才培训（虚构）",
                "first": date(YEAR - 1, 3, 5),
                "last": date(YEAR - 1, 11, 30),
                "days": 30,
                "heads": {group: part(many, n, COUNTIES) for group, many in TRAINED.items()},
                "held_by": "县（市、区、特区）党校",
                "body": "county",
            }

    def figure_rows(self) -> Iterator[Row]:
        """RecordFigures of the province."""
        yield {
            "place": place_of(PROVINCE),
            "division": f"province:{PROVINCE}",
            "year": KNOWN,
            "values": {**SCALE, **INCOMES},
            "drawn_from": "S4",
            "recorded_by": "省统计局",
        }

    def question_rows(self) -> Iterator[Row]:
        """OpenResolution: a villager asks about village affairs."""
        for v in self.villages.values():
            if v.number % ASKED == 0:
                yield {
                    "place": v.place,
                    "village": v.id,
                    "matter": "Q1",
                    "kind": "question",
                    "subject_code": "finance",
                    "question": "今年的扶贫款怎样用（虚构）",
                    "opened_by": "村民",
                }

    def check_rows(self) -> Iterator[Row]:
        """OpenCampaign: an irregular check beside the yearly one."""
        for code in self.divisions:
            yield {
                "place": place_of(code),
                "kind": "supervision",
                "campaign": f"supervision-{YEAR + 1}",
                "opens": date(YEAR + 1, 2, 2),
                "body": "organisation",
                "asked_by": "省委组织部",
            }

    # ------------------------------------------------------- what people answer

    def place(self, about: str) -> str:
        """Villages lie in the county that their code says."""
        return self.villages[about].place if about in self.villages else super().place(about)

    def signs(self, ask: Ask) -> str:
        """The Party committees, the departments, and the villages sign."""
        return SIGNED.get(ask.action) or SIGNED.get(ask.role, "县（市、区、特区）扶贫办")

    def late(self, about: str, action: str, detail: str) -> int:
        """Some villages answer questions late, some get their contact point late, and some points are not renewed."""
        if action == "listings" and not detail.startswith(MODES):
            return 90 * (self.choose(1, 100, "renewed", detail) > RENEWED)
        v = self.villages.get(about)
        if v is None:
            return 0
        is_tardy = action == "resolution-steps" and v.number % (ASKED * TARDY) == 0
        return 12 * (is_tardy or (action == "links" and v.number % UNLINKED == 0))

    def surveys(self, ask: Ask) -> Iterator[Row]:
        """One record on each of the headings."""
        for topic in ask.detail.split(","):
            what = {"kind": "problem", "cause": "没有增收产业"} if topic == "problems" else {"kind": "household_visit"}
            yield {"number": [*POLICY.listing.topics].index(topic) + 1, "topic": topic, "on": ask.today, **what}

    def problem_class(self, ask: Ask) -> str:
        """Most villages can be developed, some are to be relocated or relieved."""
        return _class(self.villages[ask.about])

    def households(self, ask: Ask) -> list[Row]:
        """Households are not registered one by one yet."""
        return []

    def indicators(self, ask: Ask) -> Mapping[str, float]:
        """Farmers of key villages earn less than those of the province."""
        v = self.villages[ask.about]
        return {
            "income_per_head": float(self.choose(700, 1_650, "income", v.number, ask.year)),
            "remote_learning": float(part(REMOTE, v.number, self.most)),
        }

    def contact(self, ask: Ask) -> Row:
        """The county's leaders take its villages, each as many as the pack allows."""
        v = self.villages[ask.about]
        return {"unit": f"L{v.place}", "cadre": f"L{v.place}-{v.nth // _each() + 1}"}

    def listed(self, ask: Ask) -> Row:
        """Each village is developed, relocated or relieved. A demonstration point whose year is nearly over is named
        again."""
        if ask.given["kind"] == MODES:
            return {
                "since": ask.today,
                "mode": _class(self.villages[ask.about]),
                "document": "分类扶贫名单（虚构文号）",
            }
        return {"since": ask.today, "document": "省级示范点续认名单（虚构文号）"}

    def delay(self, ask: Ask) -> str:
        """Why the township gives the village more time: nobody else can answer for it."""
        return "账目尚在核对（虚构）"

    def extends(self, ask: Ask) -> date:
        """Two weeks."""
        return ask.today + timedelta(14)

    def followed(self, ask: Ask) -> list[str]:
        """Not every branch is good in all five ways."""
        items = [*super().followed(ask)]
        return items[: self.choose(3, 7, "good", ask.about)]

    def _does_badly(self, township: str) -> bool:
        return self.choose(1, WEAK, "weak", township[:9]) == 1

    def mark(self, ask: Ask) -> int:
        """What the joint meeting gives a township's Party committee."""
        code = ask.about.partition(":")[2] or ask.about
        return self.choose(*((30, 50) if self._does_badly(code) else (70, 96)), "mark", code, ask.given.get("year"))

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        """Most who may vote come, and most of them are satisfied; fewer where the work goes badly."""
        entitled = self.choose(30, 60, "entitled", ask.about)
        present = entitled * 9 // 10
        share = self.choose(*((35, 55) if self._does_badly(ask.about) else (76, 98)), "satisfied", ask.about)
        return entitled, present, present * share // 100

    def script(self) -> list[Letter]:
        """What people send without a task: the pack, units, people, villages, parties, lists, questions, a check."""
        entered: list[tuple[date, str, str, Iterable[Row]]] = [
            (START, "registry", "policies", self.pack_rows()),
            (START, "registry", "units", self.unit_rows()),
            (START, "registry", "cadres", self.cadre_rows()),
            (START, "registry", "villages", self.village_rows()),
            (START, "registry", "division-figures", self.figure_rows()),
            (date(YEAR, 1, 14), "registry", "parties", self.party_rows()),
            (date(YEAR, 1, 17), "dispatch", "courses", self.course_rows()),
            (date(YEAR, 3, 3), "registry", "listings", self.point_rows()),
            (date(YEAR, 9, 1), "dispatch", "partners", self.joint_rows()),
            (date(YEAR, 9, 8), "registry", "resolutions", self.question_rows()),
            (date(YEAR + 1, 1, 12), "inspection", "campaigns", self.check_rows()),
        ]
        return [letter for one in entered for letter in letters(*one)]


def _class(v: Village) -> str:
    """The class of a village, which is the way in which it is helped."""
    return "relocation" if v.number % 10 == 3 else "relief" if v.number % 10 == 7 else "development"


def _each() -> int:
    """How many villages the pack allows a leader at most."""
    return POLICY.contacts["contact_point"].each_bearer.at_most or 1


def _field(kind: str, name: str) -> Mapping[str, str]:
    """The choices of a field that the pack has of a kind of party."""
    (found,) = (field for one in POLICY.parties if one.kind == kind for field in one.fields if field.field == name)
    return found.one_of or {}
