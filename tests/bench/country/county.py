"""One invented county: its pack, its units and cadres, its villages, and what becomes of each in three years.

Everything follows from the county's number, so that every run tells the same story. Codes of provinces are real, those
of prefectures and counties only look so; whatever has a name says that it is made up (虚构).
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib import resources
from typing import Final, Literal

from deploy.demo.answers import ANSWERS, Ask, Row, Story, answered, signed
from shared.draws import BODIES
from shared.policy import parse_pack
from shared.rules import revision

FIRST, LAST = 2015, 2017
"""The years of the journeys."""
PACK, MORE = (
    tomllib.loads((resources.files(__package__) / name).read_text("utf-8")) for name in ("county.toml", "more.toml")
)
"""What a village's journey needs, and what counties say beside."""
MIXES: Final = PACK.pop("mix")
"""Requirements for teams, of which counties have different ones."""
COUNTED: Final = MORE.pop("counted")
"""What counties say beside in which the days of each month are counted: presence, leave, and allowances by days."""
CLASSES: Final = tuple(PACK["listing"]["problem_classes"])

_PROVINCES = (
    "13", "14", "15", "22", "23", "34", "36", "41", "42", "43", "45", "46", "50", "51", "52", "53", "54", "61", "62",
    "63", "64", "65",
)  # fmt: skip
_COUNTIES_OF_PREFECTURE = 8
_HOUSEHOLDS, _POPULATION = 4, 500
_BY = "示例机关（虚构）"
AT_HOME: Final = "SPARE"
"""The cadre of each unit who goes when another is recalled."""
_OWES: Final = {commitment["kind"]: commitment["by"] for commitment in PACK["commitments"]}
"""Who owes each kind of commitment."""
Fate = Literal["", "refuted", "slipped", "recalled"]
FATES: Final[dict[int, Fate]] = {1: "refuted", 2: "slipped", 3: "recalled"}
"""What goes wrong, by the village's number in its county: its first verification fails; it leaves and misses
criteria a year later; its team's leader is recalled. All others fare well, but one in twelve never meets the
criteria."""
_UNLED = (4, 5)
"""Units that have nobody of a leader's rank at first, in every third county (mechanism 3.4)."""


def pack_of(mix: Row, *others: Row) -> Row:
    """A county's pack by its requirements for teams, and by what it says beside what a journey needs."""
    pack = deepcopy(PACK)
    pack["links"][0] |= mix
    for other in others:
        pack |= {
            section: [*pack.get(section, ()), *said] if isinstance(said, list) else said
            for section, said in other.items()
        }
    return pack


class Told(Story):
    """What is the same in every village."""

    policy = parse_pack(pack_of(MIXES[0], MORE, COUNTED))

    def items(self, ask: Ask) -> list[str]:
        """One on each list."""
        return ["帮助本村按期出列" if ask.given["kind"] == "letter" else "建食用菌棚"]

    def substitute(self, ask: Ask) -> str:
        """The one who stayed at home goes."""
        return f"{ask.given['left'].rpartition('-')[0]}-{AT_HOME}"

    def listed(self, ask: Ask) -> Row:
        """All of it is asked already."""
        return {}

    def mark(self, ask: Ask) -> int:
        """Not every leading group of a township is as good as the next."""
        return 60 + int(str(ask.given["subject"])[-3:]) * 7 % 40

    def findings(self, ask: Ask) -> list[str]:
        """Now and then a measure has not begun."""
        return ["measure_stalled"] if int(ask.about[-3:]) % 7 == 0 else []


TOLD: Final = Told()


@dataclass(frozen=True)
class Village(Told):
    """A poor village with its part of the story."""

    id: str
    number: int
    problem: str
    fate: Fate
    requests: tuple[int, ...]
    """The years in whose autumn the criteria are met and the exit is asked for; none if that never happens."""
    is_plain: bool = False
    """Whether nothing is asked of it but what a journey needs."""

    def helped(self, year: int) -> bool:
        """Whether a team is in the village in the autumn of a year."""
        return not self.requests or year <= self.requests[-1]

    def leaves(self, year: int) -> bool:
        """Whether it is removed from the list in a year."""
        return year in self.requests and not (self.fate == "refuted" and year == self.requests[0])

    def is_staffed(self, day: date) -> bool:
        """Whether its team is there at the end of a month. After an exit it goes home in December."""
        exit = self.requests[-1] if self.requests else LAST + 1
        return day < date(exit, 12, 20)

    def slips(self, year: int) -> bool:
        """Whether the review of a year finds that it misses criteria."""
        return self.fate == "slipped" and year == self.requests[0] + 1

    def monitored(self, year: int) -> bool:
        """Whether it is reviewed in the summer of a year."""
        return not self.helped(year)

    def fares_well(self, year: int) -> bool:
        """Whether its criteria are met in a year."""
        return year in self.requests or not (self.helped(year) or self.slips(year))

    def attempt(self, year: int) -> int:
        """The how-many-th time it is that an exit is asked for."""
        return self.requests.index(year) + 1

    def is_measured(self, year: int, *, summer: bool) -> bool:
        """Whether its year is measured in summer, after the exit, or in autumn."""
        return self.monitored(year) if summer else self.helped(year)

    def is_shown(self, year: int) -> bool:
        """Whether it becomes a demonstration village after a year: one in three of those that left the list in it."""
        return self.leaves(year) and self.number % 3 == 0

    def watch(self, year: int) -> str:
        """What is decided about its first household in the summer of a year, by kind of procedure; else nothing."""
        if self.is_plain:
            return ""
        exit = self.requests[-1] if self.requests else LAST
        return {exit + 1: "monitoring_entry", exit + 2: "risk_removal"}.get(year, "")

    # ---------------------------------------------------- what its people answer

    def surveys(self, ask: Ask) -> Iterator[Row]:
        """A visit and a problem; a real survey has a hundred times as many."""
        found = {"number": 1, "kind": "household_visit", "topic": "incomes", "on": ask.today}
        yield {**found, "household": self._households(well=False)[0]}
        yield {"number": 2, "kind": "problem", "topic": "problems", "on": ask.today, "cause": "通屯道路未硬化"}

    def problem_class(self, ask: Ask) -> str:
        """By turns."""
        return self.problem

    @property
    def secretary(self) -> str:
        """Its secretary."""
        return f"S{self.id}"

    @property
    def register(self) -> list[str]:
        """Its households."""
        return [f"H{self.id}-{n}" for n in range(_HOUSEHOLDS)]

    def households(self, ask: Ask) -> list[Row]:
        """All are lifted at once."""
        return self._households(well=self.fares_well(ask.year))

    def _households(self, *, well: bool) -> list[Row]:
        facts = {"persons": 3, "income": 4000 if well else 2000, "secured": well}
        return [{"household": household, **facts} for household in self.register]

    def indicators(self, ask: Ask) -> dict[str, float]:
        """As the households fare."""
        return {"collective_income": 30_000.0 if self.fares_well(ask.year) else 9_000.0, "safe_water": 1.0}

    def helpers(self, ask: Ask) -> list[Row]:
        """Two cadres of a unit help two households each."""
        unit = f"U{self.id[:6]}-{self.number:03}"
        return [
            {"unit": unit, "cadre": f"C{unit[1:]}-{5 + n % 2:02}", "household": household}
            for n, household in enumerate(self.register)
        ]

    def mark(self, ask: Ask) -> int:
        """Of every eight secretaries one does badly, each year another one."""
        return 60 if self.is_weak(ask.year) else 85

    def is_weak(self, year: int) -> bool:
        """Whether its secretary does badly in a year."""
        return (self.number + year) % 8 == 0

    def is_paid_anew(self, year: int) -> bool:
        """Whether the grade of a year changes what its secretary is paid; the first one always does."""
        return year == FIRST or self.is_weak(year) is not self.is_weak(year - 1)

    def numbers(self, ask: Ask) -> list[int]:
        """The item that is set, and at first the problem that the survey found."""
        year = ask.year
        return [1, 2] if year == FIRST else [1]

    def done(self, ask: Ask) -> list[int]:
        """All in the end, the first item in summer."""
        return [1] if ask.action == "reconciliations" and ask.today.month < 10 else self.numbers(ask)

    def ballot(self, ask: Ask) -> tuple[int, int, int]:
        """Every eighth team is excellent, and one is not wanted any more."""
        unwanted = self.fate == "recalled" and ask.year == FIRST
        return 40, 36, 15 if unwanted else 34 if (self.number + ask.year) % 8 == 0 else 30

    def checked(self, ask: Ask, number: int, household: str) -> Row:
        """In one village they do not approve."""
        return {"persons": 3, "meets": True, "approves": self.leaves(ask.today.year)}


class County:
    """A county by its number, with so many poor villages and so many cadres in the register."""

    def __init__(self, number: int, villages: int, cadres: int, *, is_plain: bool = False) -> None:
        province, rest = _PROVINCES[number % len(_PROVINCES)], number // len(_PROVINCES)
        prefecture, county = divmod(rest, _COUNTIES_OF_PREFECTURE)
        self.code = f"{province}{prefecture + 1:02}{county + 21}"
        self.number = number
        self.mix = MIXES[number % len(MIXES)]
        self.is_short = number % 3 == 1
        """Whether every unit is needed, so that some villages wait until a leader of rank is registered."""
        self.size = villages
        self.is_plain = is_plain
        """Whether its pack says only what a journey needs."""
        self.is_counted = number % len(MIXES) == 0 and not is_plain
        """Whether the days of each month are counted, and leave is granted."""
        self._cadres = cadres

    @cached_property
    def villages(self) -> list[Village]:
        """All of them by number."""
        return [self._village(number) for number in range(self.size)]

    def _village(self, number: int) -> Village:
        fate = FATES.get(number, "")
        year = (FIRST, FIRST + 1, LAST, FIRST + 1)[(number + self.number) % 4]
        requests: tuple[int, ...] = () if number % 12 == 11 else (year,)
        if fate:
            requests = {"refuted": (FIRST, FIRST + 1), "slipped": (FIRST,), "recalled": (FIRST + 1,)}[fate]
        return Village(
            id=f"{self.code}9{number // 20:02}{200 + number % 20}",
            number=number,
            problem=CLASSES[(number + self.number) % len(CLASSES)],
            fate=fate,
            requests=requests,
            is_plain=self.is_plain,
        )

    # ----------------------------------------------------- before the journeys

    def policies(self) -> Iterator[Row]:
        """The county's own pack."""
        pack = pack_of(self.mix, *[MORE] * (not self.is_plain), *[COUNTED] * self.is_counted)
        pack |= {"jurisdiction": self.code, "version": f"{self.code}-{FIRST}.1"}
        yield {"place": self.code, "pack": pack, "adopted_by": _BY}

    @cached_property
    def _units(self) -> list[tuple[int, Village]]:
        """Units by number, each with the village that it is made for; some counties have a tenth more."""
        spare = self.villages[::10] if not self.is_short else []
        return list(enumerate([*self.villages, *spare]))

    def _level(self, unit: int) -> str:
        return "province" if unit % 40 == 7 else "city" if unit % 5 == 0 else "county"

    def units(self) -> Iterator[Row]:
        """The province designates the villages of its units; the others are matched by department (3.2, 3.3)."""
        for n, village in self._units:
            level, departments = self._level(n), self.mix["suits"][village.problem]
            yield {
                "place": self.code,
                "unit": f"U{self.code}-{n:03}",
                "name": f"第{n}单位（虚构）",
                "level": level,
                "department": departments[n // 3 % len(departments)],
                "strength": 40 + n * 7 % 60,
                "village": village.id if level == "province" else None,
            }

    def cadres(self) -> Iterator[Row]:
        """Of each unit the first two, and the one who stays at home, have a leader's rank; in some units none has."""
        of_unit, more = divmod(self._cadres, len(self._units))
        for n, village in self._units:
            rank = "staff" if self._is_unled(n) else self._rank(n)
            for k in range(of_unit - 1 + (n < more)):
                yield self._cadre(n, village, f"{k:02}", rank if k < 2 else "staff")
            yield self._cadre(n, village, AT_HOME, rank)

    def late_leaders(self) -> Iterator[Row]:
        """The leaders whom some units register in the end (3.4)."""
        for n, village in self._units:
            if self._is_unled(n):
                yield self._cadre(n, village, "LATE", self._rank(n))
                known = self._cadre(n, village, AT_HOME, "staff")
                replaces = revision({field: known[field] for field in known if field not in ("place", "cadre")})
                yield {**self._cadre(n, village, AT_HOME, self._rank(n)), "replaces": replaces}

    def _is_unled(self, unit: int) -> bool:
        return self.is_short and unit in _UNLED

    def _rank(self, unit: int) -> str:
        rank: str = self.mix["roles"][0]["rank"].get(self._level(unit), "section")
        return rank

    def _cadre(self, unit: int, village: Village, which: str, rank: str) -> Row:
        """The one who stays at home is neither young nor a reserve cadre, so that others are preferred (3.3)."""
        turn, preferred = unit + sum(map(ord, which)), which != AT_HOME
        return {
            "place": self.code,
            "cadre": f"C{self.code}-{unit:03}-{which}",
            "unit": f"U{self.code}-{unit:03}",
            "name": f"干部{unit}-{which}（虚构）",
            "rank": rank,
            "party_member": turn % 7 > 0 or rank != "staff",
            "work_since": date(1998 + turn % 14, 7, 1),
            "born_on": date(1970 + turn % 14 if preferred else 1957, 3, 1),
            "reserve": preferred and turn % 3 == 0,
            "ties": (village.id,) if turn % 29 == 0 and rank == "staff" else (),
        }

    @cached_property
    def townships(self) -> list[str]:
        """Their codes of nine digits."""
        return [*dict.fromkeys(village.id[:9] for village in self.villages)]


def parties(county: County) -> Iterator[Row]:
    """RegisterParty: the secretaries of the villages, and the leading groups of the townships."""
    for township in county.townships:
        group = {"party": f"G{township}", "kind": "township_group", "name": "乡镇领导班子（虚构）"}
        yield {"place": county.code, **group, "parent": f"township:{township}"}
    for v in county.villages:
        secretary = {"party": v.secretary, "kind": "secretary", "name": f"第{v.number}村书记（虚构）"}
        yield {"place": county.code, **secretary, "parent": f"village:{v.id}"}


def registrations(county: County) -> Iterator[Row]:
    """RegisterVillage: all of them are poor."""
    for v in county.villages:
        yield {
            "place": county.code,
            "village": v.id,
            "name": f"第{v.number}村（虚构）",
            "township": f"第{v.number // 20}乡镇（虚构）",
            "population": _POPULATION,
            "listed": True,
            "listing_document": "贫困村名单（虚构文号）",
        }


# ---------------------------------------------- what is asked, as tasks would say it: the bench does not read each


def _of_ledger(year: int) -> Row:
    return {"kind": "ledger", "period": str(year), "body": _OWES["ledger"]}


def _of_exit(v: Village, year: int) -> list[Row]:
    return [{"attempt": v.attempt(year), "body": body} for body in BODIES] if year in v.requests else []


_HELPED: Final = {"kind": "household_helper", "body": "township"}
_SHOWN: Final = {"kind": "demonstration", "body": "county"}
_STEPS: Final[Mapping[tuple[str, bool], Row]] = {
    ("monitoring_entry", False): {"step": "entry_appraise", "body": "village"},
    ("monitoring_entry", True): {"step": "entry_decide", "body": "county"},
    ("risk_removal", False): {"step": "removal_check", "body": "team"},
    ("risk_removal", True): {"step": "removal_decide", "body": "county"},
}
"""Who takes a step of a round over watched households: by the kind of round, and whether it is the last step."""
_VOTES: Final = {"entitled": 40, "present": 36, "agreed": 33}


def _of_round(v: Village, year: int, **given: object) -> list[Row]:
    return [{"matter": f"{v.id}-{year}", "body": "village", **given}] if v.watch(year) else []


def _of_secretary(v: Village, year: int) -> Row:
    return {"kind": "secretary_year", "subject": v.secretary, "year": year}


ASKED: Final[Mapping[str, Callable[..., list[Row]]]] = {
    "surveys": lambda v, year: [{}],
    "diagnoses": lambda v, year: [{"body": "county"}],
    # The ledgers of a later year, where there was one in the autumn before.
    "commitments": lambda v, year: [_of_ledger(year)] * (v.helped(year) and year > FIRST),
    "reconciliations": lambda v, year: [_of_ledger(year)] * v.helped(year),
    # After the exit where the village left in that year, in January elsewhere.
    "settlements": lambda v, year, left: [_of_ledger(year)] * (v.helped(year) and v.leaves(year) is left),
    "reports": lambda v, year: [{"year": year, "form": "oral", "body": "team"}] * v.helped(year),
    "ballots": lambda v, year: [{"year": year, "body": "village"}] * v.helped(year),
    "households": lambda v, year, summer: [{"year": year}] * v.is_measured(year, summer=summer),
    "measurements": lambda v, year, summer: [{"year": year}] * v.is_measured(year, summer=summer),
    "exit-requests": lambda v, year: [{"body": "township"}] * (year in v.requests),
    "verification-seed-hashes": _of_exit,
    "verification-seeds": _of_exit,
    "verifications": lambda v, year: [{**one, "body": "inspection"} for one in _of_exit(v, year)[:1]],
    "notices": lambda v, year, watched: _of_round(v, year) if watched else [{"body": "township"}] * v.leaves(year),
    "approvals": lambda v, year: [{"body": "county"}] * v.leaves(year),
    "fallback-measures": lambda v, year: [{"body": "county"}] * v.slips(year),
    "pairings": lambda v, year: [_HELPED] * (year == FIRST and not v.leaves(year)),
    # The demonstration villages of the year before, and off the list again after a year.
    "listings": lambda v, year: (
        [{**_SHOWN, "since": date(year, 1, 8), "document": "示范村名单（虚构文号）"}] * v.is_shown(year - 1)
    ),
    "unlistings": lambda v, year: [{**_SHOWN, "reason": "示范期满"}] * v.is_shown(year - 2),
    "checklists": lambda v, year: [{"kind": "disclosure", "on": date(year, 12, 1), "body": "village"}],
    "appraisal-scores": lambda v, year: [{**_of_secretary(v, year), "channel": "talk", "body": "township"}],
    "appraisal-grades": lambda v, year: [{**_of_secretary(v, year), "body": "organisation"}],
    # In the month after the grade of a year, where it changes anything; at first when they begin.
    "statements": lambda v, year: (
        [{"kind": "secretary_pay", "year": year + 1, "month": 1, "body": "finance"}]
        * (year < FIRST or v.is_paid_anew(year))
    ),
    "household-reviews": lambda v, year: (
        [{"household": v.register[0], "on": date(year, 7, 1), "eased": True, "body": "village"}]
        * (v.watch(year) == "risk_removal")
    ),
    "resolutions": lambda v, year: _of_round(
        v, year, kind=v.watch(year), subject_code="sudden", members=v.register[:1]
    ),
    "resolution-steps": lambda v, year, last: _of_round(v, year, **_STEPS.get((v.watch(year), last), {}), **_VOTES),
}
"""What a village is asked in a year, by action."""
BESIDE: Final = frozenset({
    "parties", "statements", "pairings", "listings", "unlistings", "household-reviews", "resolutions",
    "resolution-steps", "checklists", "courses", "attendances", "leaves", "leave-decisions", "leave-returns",
    "presences", "bulletins", "appraisal-scores", "appraisal-grades", "rankings",
})  # fmt: skip
"""The actions that no journey needs."""


def answers(path: str, villages: Iterable[Village], on: date, year: int, **how: int) -> Iterator[Row]:
    """The commands of one kind with which villages answer on a day what they are asked in a year."""
    for v in villages:
        for given in ASKED[path](v, year, **how):
            # So few households were lifted that all are sampled; a round's votes are given already; a grade follows
            # from its only channel.
            state = {
                "sampled": v.register,
                "course": {"steps": [{"kind": "notice"}]},
                "proposal": {"grade": "passable" if v.is_weak(year) else "able"},
            }
            named = {} if "subject" in given else {"village": v.id}
            if path in ANSWERS:
                yield from answered(v, Ask(path, v.id, on, {**named, **given}, state))
            else:  # Nothing is left for people to add.
                yield {"place": v.place(v.id), "village": v.id, **signed(path, _BY), **given}


def _of_cases(record: Row, *statuses: str) -> Iterator[tuple[Row, Row]]:
    for outcome, case in record["cases"].items():
        if case["status"] in statuses:
            yield {**{field: record[field] for field in ("subject_kind", "subject")}, "outcome": outcome}, case


def _lagging(listing: Row) -> Row:
    return {"kind": "lagging", "party": listing["party"], "body": "county"}


ASKED_BY_STATE: Final[Mapping[str, Callable[[Row, date], list[Row]]]] = {
    "assignments": lambda matched, on: [{"village": matched["id"].partition("/")[0], "body": "organisation"}],
    "commitments": lambda assigned, on: [
        {"village": assigned["id"], "kind": owed["kind"], "period": owed["period"], "body": _OWES[owed["kind"]]}
        for owed in assigned["owed"].values()
    ],
    "visits": lambda campaign, on: [
        {"place": village[:6], "village": village, "campaign": campaign["id"], "body": "inspection"}
        for village in campaign["visits"]
    ],
    "order-closings": lambda supervision, on: [
        {"village": supervision["id"], "order": order, "body": "township"} for order in supervision["orders"]
    ],
    "appraisal-grades": lambda one, on: [
        {"kind": kind, "subject": subject, "year": int(year), "body": one["terms"]["decides"]}
        for kind, subject, year in (one["id"].split("/"),)
    ],
    "rankings": lambda cohort, on: [
        {"kind": kind, "year": int(year), "body": "county"} for _, kind, year in (cohort["id"].split("/"),)
    ],
    "listings": lambda listing, on: [{**_lagging(listing), "since": on, "document": "排名通报（虚构文号）"}],
    "unlistings": lambda listing, on: [{**_lagging(listing), "reason": "整顿见效"}],
    "grades": lambda assessment, on: [
        {"village": village, "year": int(year), "body": "organisation"}
        for village, year in (assessment["id"].split("/"),)
    ],
    "defences": lambda record, on: [asked for asked, _ in _of_cases(record, "proposed")],
    "decisions": lambda record, on: [
        {**asked, "body": case["terms"]["decides"]} for asked, case in _of_cases(record, "proposed", "decidable")
    ],
    # Where a recall was decided today.
    "replacements": lambda record, on: [
        {"place": case["place"], "village": case["village"], "left": record["subject"], "body": "unit"}
        for case in record["cases"].values()
        if case["terms"].get("effect") == "recall" and case.get("decided_on") == on.isoformat()
    ],
}
"""What a state asks on a day, by action."""


def answers_to(path: str, on: date, state: Row) -> Iterator[Row]:
    """The commands of one kind with which people answer a state."""
    for given in ASKED_BY_STATE[path](state, on):
        yield from _answered(path, on, {"place": state["place"], **given}, state)


def _answered(path: str, on: date, given: Row, state: Row | None = None, detail: str = "") -> Iterator[Row]:
    """A command, also where nothing is left for people to add."""
    if path in ANSWERS:
        yield from answered(TOLD, Ask(path, given.get("village", ""), on, given, state, detail=detail))
    else:
        yield {**signed(path, _BY), **given}


# ------------------------------------------------------ what a county does as a whole


def courses(on: date, county: County) -> Iterator[Row]:
    """HoldCourse: one each spring."""
    yield {
        "place": county.code, "course": f"{county.code}-{on.year}", "kind": "posted", "title": "驻村干部培训班（虚构）",
        "first": on - timedelta(2), "last": on, "days": 3, "heads": {"posted": 1000}, "held_by": _BY, "body": "county",
    }  # fmt: skip


def attendances(on: date, county: County, rosters: Iterable[Row]) -> Iterator[Row]:
    """RecordAttendance: all who owe it by then come."""
    attended = [
        {"unit": roster["unit"], "cadre": cadre}
        for roster in rosters
        for cadre in roster.get("lessons", {}).get("posted", ())
    ]
    if attended:
        yield {
            "place": county.code,
            "course": f"{county.code}-{on.year}",
            "attended": attended,
            "recorded_by": _BY,
            "body": "county",
        }


def of_rosters(path: str, on: date, county: County, rosters: Iterable[Row]) -> Iterator[Row]:
    """What is asked for members, and what is answered, in a county that counts days."""
    for roster in rosters:
        for given, detail in OF_ROSTER[path](roster, county.villages[_number(roster["id"])], on):
            given = {"place": roster["place"], "village": roster["id"], **given}
            yield from _answered(path, on, given, roster, detail)


def _number(village: str) -> int:
    """A village's number in its county, by its id."""
    return 20 * int(village[7:9]) + int(village[9:]) - 200


def _awaited_months(roster: Row, v: Village, on: date) -> Iterator[tuple[Row, str]]:
    for name, month in roster.get("months", {}).items():
        if not month.get("days"):
            yield {"year": int(name[:4]), "month": int(name[5:]), "body": "township"}, name


def _asked_leaves(roster: Row, v: Village, on: date) -> Iterator[tuple[Row, str]]:
    """A week each year in one village of ten, and once in a county a child is born."""
    member = max(cadre for cadre, post in roster["members"].items() if post["role"] == "member")
    asked = {"cadre": member, "asked_by": _BY, "body": "team"}
    if v.number == BORN and on.year == FIRST:
        yield {**asked, "kind": "maternity", "first": on, "last": on + timedelta(119)}, ""
    elif v.number % 10 == 4:
        yield {**asked, "kind": "family", "first": on + timedelta(3), "last": on + timedelta(9)}, ""


def _open_leaves(roster: Row, v: Village, on: date) -> Iterator[tuple[Row, str]]:
    for number, leave in roster.get("leaves", {}).items():
        if not leave.get("decided_by"):
            yield {"number": int(number), "body": "organisation" if leave["kind"] == "maternity" else "township"}, ""


def _vacant_places(roster: Row, v: Village, on: date) -> Iterator[tuple[Row, str]]:
    for leave in roster.get("leaves", {}).values():
        if leave.get("begun") and not leave.get("substitute"):
            yield {"left": leave["cadre"], "body": "unit"}, ""


def _ended_leaves(roster: Row, v: Village, on: date) -> Iterator[tuple[Row, str]]:
    for number, leave in roster.get("leaves", {}).items():
        if leave.get("over"):
            yield {"number": int(number), "body": "organisation"}, ""


BORN: Final = 6
"""The number of the village in whose team a member is on maternity leave in the first year."""
OF_ROSTER: Final[Mapping[str, Callable[[Row, Village, date], Iterator[tuple[Row, str]]]]] = {
    "presences": _awaited_months,
    "leaves": _asked_leaves,
    "leave-decisions": _open_leaves,
    "replacements": _vacant_places,
    "leave-returns": _ended_leaves,
}
"""What a roster asks on a day, by action, each with what tells it from others of the same kind."""


def allowances(month: date, county: County) -> Iterator[Row]:
    """ConfirmStatements: what members are paid for the days of a month."""
    for v in county.villages if county.is_counted else ():
        if v.is_staffed(month):
            given = {"place": county.code, "village": v.id, "kind": "allowance", "year": month.year}
            yield from _answered("statements", month, {**given, "month": month.month, "body": "finance"})


def bulletins(opened: date, county: County) -> Iterator[Row]:
    """PublishBulletin: of the rota that opened on a day."""
    given = {"place": county.code, "campaign": f"{county.code}-rota-{opened}", "body": "discipline"}
    return _answered("bulletins", opened, given)


def reviews(on: date, county: County) -> Iterator[Row]:
    """GiveScores: the county's own part in the assessments of townships and of those who lead them."""
    for township in county.townships:
        for kind, subject, channel in (
            ("group_year", f"G{township}", "review"),
            ("township_year", f"township:{township}", "work"),
        ):
            given = {"place": county.code, "kind": kind, "subject": subject, "year": on.year, "channel": channel}
            yield from _answered("appraisal-scores", on, {**given, "body": "county"})


def matching(county: County, on: date) -> list[Row]:
    """SolveMatching for the whole county."""
    return answered(TOLD, Ask("matchings", county.code, on, {"place": county.code, "body": "organisation"}))


def shares(path: str, county: County, campaign: str, on: date) -> Iterator[Row]:
    """PostSeedHash or GiveSeed of both bodies."""
    for body in BODIES:
        given = {"place": county.code, "campaign": campaign, "body": body}
        yield from answered(TOLD, Ask(path, campaign, on, given))
