"""One invented county: its pack, its units and cadres, its villages, and what becomes of each in three years.

Everything follows from the county's number, so that every run tells the same story. Codes of provinces are real, those
of prefectures and counties only look so; whatever has a name says that it is made up (虚构).
"""

import tomllib
from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import date
from functools import cached_property
from hashlib import sha256
from importlib import resources
from typing import Any, Final, Literal, NamedTuple

from shared.rules import revision

Row = dict[str, Any]
"""One command's fields."""

FIRST, LAST = 2015, 2017
"""The years of the journeys."""
PACK: Final = tomllib.loads((resources.files(__package__) / "county.toml").read_text("utf-8"))
MIXES: Final = PACK.pop("mix")
"""Requirements for teams, of which counties have different ones."""
CLASSES: Final = tuple(PACK["listing"]["problem_classes"])

_PROVINCES = (
    "13", "14", "15", "22", "23", "34", "36", "41", "42", "43", "45", "46", "50", "51", "52", "53", "54", "61", "62",
    "63", "64", "65",
)  # fmt: skip
_COUNTIES_OF_PREFECTURE = 8
_HOUSEHOLDS, _PERSONS, _POPULATION = 4, 3, 500
_ENTITLED, _PRESENT = 40, 36
_BY = "示例机关（虚构）"
AT_HOME: Final = "SPARE"
_OWES = {commitment["kind"]: commitment["by"] for commitment in PACK["commitments"]}
"""The cadre of each unit who goes when another is recalled."""
Fate = Literal["", "refuted", "relapsed", "recalled"]
FATES: Final[dict[int, Fate]] = {1: "refuted", 2: "relapsed", 3: "recalled"}
"""What goes wrong, by the village's number in its county: its first verification fails; it leaves and falls back a year
later; its team's leader is recalled. All others fare well, but one in twelve never meets the criteria."""
_UNLED = (4, 5)
"""Units that have nobody of a leader's rank at first, in every third county (mechanism 3.4)."""


class Village(NamedTuple):
    """A poor village with its part of the story."""

    id: str
    place: str
    number: int
    problem_class: str
    fate: Fate
    requests: tuple[int, ...]
    """The years in whose autumn the criteria are met and the exit is asked for; none if that never happens."""

    def helped(self, year: int) -> bool:
        """Whether a team is in the village in the autumn of a year."""
        return not self.requests or year <= self.requests[-1]

    def leaves(self, year: int) -> bool:
        """Whether it is removed from the list in a year."""
        return year in self.requests and not (self.fate == "refuted" and year == self.requests[0])

    def relapses(self, year: int) -> bool:
        """Whether the review of a year finds that it fell back."""
        return self.fate == "relapsed" and year == self.requests[0] + 1

    def monitored(self, year: int) -> bool:
        """Whether it is reviewed in the summer of a year."""
        return self.relapses(year) or not self.helped(year)

    def fares_well(self, year: int) -> bool:
        """Whether its criteria are met in a year."""
        return year in self.requests or not (self.helped(year) or self.relapses(year))

    def numbers(self, year: int) -> tuple[int, ...]:
        """The items of a year's ledger: the one that is set, and at first the problem that the survey found."""
        return (1, 2) if year == FIRST or self.relapses(year) else (1,)

    @property
    def named(self) -> Row:
        """How a command names it."""
        return {"place": self.place, "village": self.id}


class County:
    """A county by its number, with so many poor villages and so many cadres in the register."""

    def __init__(self, number: int, villages: int, cadres: int) -> None:
        province, rest = _PROVINCES[number % len(_PROVINCES)], number // len(_PROVINCES)
        prefecture, county = divmod(rest, _COUNTIES_OF_PREFECTURE)
        self.code = f"{province}{prefecture + 1:02}{county + 21}"
        self.number = number
        self.mix = MIXES[number % len(MIXES)]
        self.is_short = number % 3 == 1
        """Whether every unit is needed, so that some villages wait until a leader of rank is registered."""
        self.size = villages
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
            requests = {"refuted": (FIRST, FIRST + 1), "relapsed": (FIRST, LAST), "recalled": (FIRST + 1,)}[fate]
        return Village(
            id=f"{self.code}9{number // 20:02}{200 + number % 20}",
            place=self.code,
            number=number,
            problem_class=CLASSES[(number + self.number) % len(CLASSES)],
            fate=fate,
            requests=requests,
        )

    # ----------------------------------------------------- before the journeys

    def policies(self) -> Iterator[Row]:
        """The county's own pack."""
        pack = deepcopy(PACK)
        pack |= {"jurisdiction": self.code, "version": f"{self.code}-{FIRST}.1"}
        pack["team"] |= self.mix
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
            level, departments = self._level(n), self.mix["suits"][village.problem_class]
            yield {
                "place": self.code, "unit": f"U{self.code}-{n:03}", "name": f"第{n}单位（虚构）", "level": level,
                "department": departments[n // 3 % len(departments)], "strength": 40 + n * 7 % 60,
                "village": village.id if level == "province" else None,
            }  # fmt: skip

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
        rank: str = self.mix["leader_rank"].get(self._level(unit), "section")
        return rank

    def _cadre(self, unit: int, village: Village, which: str, rank: str) -> Row:
        """The one who stays at home is neither young nor a reserve cadre, so that others are preferred (3.3)."""
        turn, preferred = unit + sum(map(ord, which)), which != AT_HOME
        return {
            "place": self.code, "cadre": f"C{self.code}-{unit:03}-{which}", "unit": f"U{self.code}-{unit:03}",
            "name": f"干部{unit}-{which}（虚构）", "rank": rank, "party_member": turn % 7 > 0 or rank != "staff",
            "work_since": date(1998 + turn % 14, 7, 1),
            "born_on": date(1970 + turn % 14 if preferred else 1957, 3, 1), "reserve": preferred and turn % 3 == 0,
            "ties": (village.id,) if turn % 29 == 0 and rank == "staff" else (),
        }  # fmt: skip


# ------------------------------------------------------------ onto the list, and to a team


def registrations(county: County) -> Iterator[Row]:
    """RegisterVillage: all of them are poor."""
    for v in county.villages:
        yield {
            **v.named, "name": f"第{v.number}村（虚构）", "township": f"第{v.number // 20}乡镇（虚构）",
            "population": _POPULATION, "listed": True, "listing_document": "贫困村名单（虚构文号）",
        }  # fmt: skip


def surveys(villages: Iterable[Village], on: date) -> Iterator[Row]:
    """RecordSurvey: a visit and a problem for each village; a real survey has a hundred times as many."""
    for v in villages:
        visited = _households(v, well=False)[0]
        yield {**v.named, "number": 1, "kind": "household_visit", "topic": "incomes", "on": on, "household": visited}
        yield {**v.named, "number": 2, "kind": "problem", "topic": "problems", "on": on, "cause": "通屯道路未硬化"}


def diagnoses(villages: Iterable[Village]) -> Iterator[Row]:
    """Diagnose."""
    for v in villages:
        yield {**v.named, "problem_class": v.problem_class, "body": "county", "decided_by": _BY}


def matching(county: County, on: date) -> Row:
    """SolveMatching for the whole county."""
    return {"place": county.code, "matching": f"{county.code}-{on}", "asked_by": _BY, "body": "organisation"}


def assignments(matched: Row) -> Iterator[Row]:
    """AssignTeam for a village that was matched."""
    yield {"place": matched["place"], "village": matched["id"], "assigned_by": _BY, "body": "organisation"}


def first_commitments(assigned: Row) -> Iterator[Row]:
    """SetCommitment: all that is owed with the assignment."""
    for owed in assigned["owed"].values():
        yield _commitment({"place": assigned["place"], "village": assigned["id"]}, owed["kind"], owed["period"])


# ------------------------------------------------------------ within each year


def ledgers(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """SetCommitment: the ledgers of a later year, where there was one in the autumn before."""
    for v in villages:
        if v.helped(year) and not v.relapses(year) and year > FIRST:
            yield _commitment(v.named, "ledger", str(year))


def _commitment(named: Row, kind: str, period: str) -> Row:
    items = [{"number": 1, "text": "帮助本村按期出列" if kind == "letter" else "建食用菌棚"}]
    return {**named, "kind": kind, "period": period, "items": items, "set_by": _BY, "body": _OWES[kind]}


def reconciliations(villages: Iterable[Village], year: int, *, last: bool) -> Iterator[Row]:
    """Reconcile in summer, and in autumn for the last time; a village between two spells has nothing to in summer."""
    for v in villages:
        if v.helped(year) and (last or not v.relapses(year)):
            done = v.numbers(year) if last else (1,)
            yield {**_ledger(v, year), "done": done, "reconciled_by": _BY}


def settlements(villages: Iterable[Village], year: int, *, left: bool) -> Iterator[Row]:
    """Settle: after the exit where the village left in that year, in January elsewhere."""
    for v in villages:
        if v.helped(year) and v.leaves(year) is left:
            yield {**_ledger(v, year), "closed": v.numbers(year), "settled_by": _BY}


def _ledger(v: Village, year: int) -> Row:
    return {**v.named, "kind": "ledger", "period": str(year), "body": _OWES["ledger"]}


_BODIES = ("discipline", "inspection")


def _share(round: str, body: str) -> str:
    """A share that can be computed hides nothing; real ones come from `zhucun seed`."""
    return sha256(f"{round} {body}".encode()).hexdigest()


def _hash(round: str, body: str) -> str:
    return sha256(_share(round, body).encode()).hexdigest()


def seed_hashes(county: County, campaign: str) -> Iterator[Row]:
    """PostSeedHash of both bodies."""
    for body in _BODIES:
        yield {"place": county.code, "campaign": campaign, "body": body, "seed_hash": _hash(campaign, body)}


def seeds(county: County, campaign: str) -> Iterator[Row]:
    """GiveSeed of both bodies."""
    for body in _BODIES:
        yield {"place": county.code, "campaign": campaign, "body": body, "seed": _share(campaign, body)}


def visits(campaign: Row, on: date) -> Iterator[Row]:
    """RecordVisit for each village that was drawn; now and then a measure has not begun."""
    for village in campaign["visits"]:
        findings = ["measure_stalled"] if int(village[-3:]) % 7 == 0 else []
        yield {
            "place": village[:6], "village": village, "campaign": campaign["id"], "on": on, "findings": findings,
            "body": "inspection", "inspector": "督查组",
        }  # fmt: skip


def order_closings(supervision: Row) -> Iterator[Row]:
    """CloseOrder for each order that is open."""
    for order in supervision["orders"]:
        whose = {"place": supervision["place"], "village": supervision["id"]}
        yield {**whose, "order": order, "body": "township", "accepted_by": _BY}


def reports(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """DeliverReport: the oral one, before the ballot."""
    for v in villages:
        if v.helped(year):
            yield {**v.named, "year": year, "form": "oral", "body": "team", "delivered_by": "驻村工作队"}


def ballots(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """HoldBallot: every eighth team is excellent, and one is not wanted any more."""
    for v in villages:
        if v.helped(year):
            satisfied = 34 if (v.number + year) % 8 == 0 else 30
            satisfied = 15 if v.fate == "recalled" and year == FIRST else satisfied
            voted = {"entitled": _ENTITLED, "present": _PRESENT, "satisfied": satisfied}
            yield {**v.named, "year": year, **voted, "body": "village", "held_by": _BY}


def grades(assessment: Row) -> Iterator[Row]:
    """ConfirmGrade as it was proposed."""
    village, year = assessment["id"].split("/")
    proposed = assessment["proposal"]["grade"]
    decided = {"grade": proposed, "body": "organisation", "decided_by": _BY}
    yield {"place": assessment["place"], "village": village, "year": int(year), **decided}


# ------------------------------------------------------------ outcomes


def defences(record: Row) -> Iterator[Row]:
    """HearDefence where one is owed."""
    for outcome, case in record["cases"].items():
        if case["status"] == "proposed":
            yield _outcome(record, outcome)


def decisions(record: Row) -> Iterator[Row]:
    """Decide as proposed."""
    for outcome, case in record["cases"].items():
        if case["status"] in ("proposed", "decidable"):
            yield {
                **_outcome(record, outcome), "imposed": True, "tolerance_checked": True,
                "body": case["terms"]["decides"], "decided_by": "示例县2016年决定（虚构）",
            }  # fmt: skip


def replacements(record: Row, on: date) -> Iterator[Row]:
    """ReplaceMember where a recall was decided today: the one who stayed at home goes."""
    for case in record["cases"].values():
        if case["terms"].get("effect") == "recall" and case.get("decided_on") == on.isoformat():
            recalled = record["subject"]
            substitute = f"{recalled.rpartition('-')[0]}-{AT_HOME}"
            yield {
                "place": case["place"], "village": case["village"], "left": recalled, "cadre": substitute,
                "replaced_by": _BY, "body": "unit",
            }  # fmt: skip


def _outcome(record: Row, outcome: str) -> Row:
    return {
        "place": record["place"], "subject_kind": record["subject_kind"], "subject": record["subject"],
        "outcome": outcome,
    }  # fmt: skip


# ------------------------------------------------------------ off the list, and afterwards


def _households(v: Village, *, well: bool) -> list[Row]:
    income = 4000 if well else 2000
    return [
        {"household": f"H{v.id}-{n}", "persons": _PERSONS, "income": income, "secured": well}
        for n in range(_HOUSEHOLDS)
    ]


def is_measured(v: Village, year: int, *, summer: bool) -> bool:
    """Whether its year is measured in summer, after the exit, or in autumn."""
    return v.monitored(year) if summer else v.helped(year) and not v.relapses(year)


def households(villages: Iterable[Village], year: int, *, summer: bool) -> Iterator[Row]:
    """RecordHouseholds."""
    for v in villages:
        if is_measured(v, year, summer=summer):
            facts = _households(v, well=v.fares_well(year))
            yield {**v.named, "year": year, "households": facts, "recorded_by": _BY}


def measurements(villages: Iterable[Village], year: int, *, summer: bool) -> Iterator[Row]:
    """MeasureIndicators; incidence is computed (1.18)."""
    for v in villages:
        if is_measured(v, year, summer=summer):
            income = 30_000.0 if v.fares_well(year) else 9_000.0
            values = {"collective_income": income, "safe_water": 1.0}
            yield {**v.named, "year": year, "values": values, "measured_by": _BY}


def exit_requests(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """RequestExit."""
    for v in villages:
        if year in v.requests:
            yield {**v.named, "body": "township", "requested_by": _BY}


def _attempt(v: Village, year: int) -> int:
    return v.requests.index(year) + 1


def verification_seed_hashes(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """PostVerificationHash of both bodies, before the exit is asked for."""
    for v in villages:
        if year in v.requests:
            for body in _BODIES:
                yield {
                    **v.named,
                    "attempt": _attempt(v, year),
                    "body": body,
                    "seed_hash": _hash(f"{v.id}-{year}", body),
                }


def verification_seeds(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """GiveVerificationSeed of both bodies."""
    for v in villages:
        if year in v.requests:
            attempt, round = _attempt(v, year), f"{v.id}-{year}"
            for body in _BODIES:
                yield {**v.named, "attempt": attempt, "body": body, "seed": _share(round, body)}


def verifications(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """RecordVerification: so few households were lifted that all are sampled; in one village they do not approve."""
    for v in villages:
        if year in v.requests:
            checked = {"persons": _PERSONS, "meets": True, "approves": v.leaves(year)}
            sampled = {facts["household"]: checked for facts in _households(v, well=True)}
            yield {
                **v.named, "attempt": _attempt(v, year), "households": sampled, "unregistered": 100, "omitted": 0,
                "body": "inspection", "verified_by": _BY,
            }  # fmt: skip


def notices(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """PostNotice."""
    for v in villages:
        if v.leaves(year):
            yield {**v.named, "body": "township", "posted_by": _BY}


def approvals(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """ApproveExit."""
    for v in villages:
        if v.leaves(year):
            yield {**v.named, "approved": True, "body": "county", "decided_by": _BY}


def relapse_decisions(villages: Iterable[Village], year: int) -> Iterator[Row]:
    """ConfirmRelapse."""
    for v in villages:
        if v.relapses(year):
            yield {**v.named, "relapsed": True, "body": "county", "decided_by": _BY}
