"""The whole journey with the rules of all four services in one memory: a small county under Benxi's pack, three years.

One scripted officer answers every task that appears, by the table `ANSWERS`. What is not the usual course of a village
is its `Story`. Days pass one by one; what the services say on a day may be delivered in any order.
"""

import random
import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.dispatch import reactions as dispatch
from services.dispatch.model import commands as dispatch_commands
from services.dispatch.model.assignment import Assignment
from services.dispatch.model.pool import Pool, eligible_replacements
from services.incentives import model as incentives_commands
from services.incentives import reactions as incentives
from services.inspection import reactions as inspection
from services.inspection.model import commands as inspection_commands
from services.inspection.model.assessment import Assessment
from services.inspection.model.draw import verify_draw
from services.inspection.model.supervision import Supervision
from services.inspection.model.verification import Verification
from services.registry import reactions as registry
from services.registry.model import Village
from services.registry.model import commands as registry_commands
from shared.contracts import Command, Event
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.contracts.journey import next_stage
from shared.flow import Cause, Fact, derived_id, encode_state
from shared.policy import parse_pack
from shared.rules import State, Task
from tests.world import Service, World

BENXI = tomllib.loads((Path(__file__).parents[1] / "shared/policy/packs/benxi.toml").read_text())
POLICY = parse_pack(BENXI)
CITY, COUNTY = "210500", "210521"
BEGIN, END = date(2014, 6, 1), date(2017, 9, 30)
DAY = timedelta(1)
NEVER = date(2100, 1, 1)
POPULATION, HOUSEHOLDS, PERSONS = 500, 20, 3


class Story(NamedTuple):
    """What sets one village apart."""

    good: tuple[tuple[date, date], ...] = ()
    """From when until before when it meets all criteria."""
    objected: tuple[int, ...] = ()
    """Attempts to leave the list against which someone rightly objects."""
    failed: tuple[int, ...] = ()
    """Attempts whose verification finds households that were wrongly lifted."""
    refused: tuple[int, ...] = ()
    """Attempts that the county does not approve."""
    weak: tuple[int, ...] = ()
    """Years in which the team works so badly that its leader is recalled."""
    late: tuple[int, ...] = ()
    """Years in which the half-year check finds something that is put right too late."""
    idle: tuple[int, ...] = ()
    """Years in which nothing on the ledger gets done."""


AUTUMN = {year: date(year, 11, 1) for year in range(2014, 2018)}
STORIES: Mapping[str, Story] = {
    f"{COUNTY}10020{number}": story
    for number, story in enumerate(
        (
            Story(good=((AUTUMN[2014], NEVER),)),
            Story(good=((AUTUMN[2015], NEVER),), objected=(1,)),
            Story(good=((AUTUMN[2016], NEVER),), weak=(2015,)),
            Story(good=((AUTUMN[2016], NEVER),), late=(2015,)),
            Story(good=((AUTUMN[2016], NEVER),)),
            Story(idle=(2015, 2016)),
            Story(good=((AUTUMN[2014], date(2016, 4, 1)),)),
            Story(good=((AUTUMN[2014], date(2015, 4, 1)), (AUTUMN[2015], NEVER))),
            Story(good=((AUTUMN[2015], NEVER),), failed=(1,), refused=(2,)),
        ),
        start=1,
    )
}
VILLAGES = tuple(STORIES)
EARLY, OBJECTED, RECALLED, LATE, LEADERLESS, IDLE, RELAPSED, RELAPSED_EARLY, FAILED = VILLAGES
WEAK_UNIT, LATE_LEADER = "U2105-09", "C09-0"
"""The only unit for the village with weak governance; nobody in it may lead a team until this cadre comes."""


class County(World):
    """The county with its officer."""

    def __init__(self, shuffle: random.Random | None = None) -> None:
        super().__init__(
            BEGIN,
            Service("registry", registry.REACTIONS, registry.DUE),
            Service("dispatch", dispatch.REACTIONS, dispatch.DUE),
            Service("inspection", inspection.REACTIONS, inspection.DUE),
            Service("incentives", incentives.REACTIONS, incentives.DUE),
            shuffle=shuffle,
        )
        self.days: list[date] = []
        """The day of each fact."""
        self.waiting: dict[Task, date] = {}
        """The tasks that are open, with the day on which each appeared."""

    def deliver(self, said: dict[str, list[Fact]]) -> None:
        super().deliver(said)
        self.days += [self.today] * (len(self.facts) - len(self.days))

    def send(self, wanted: list[tuple[str, Command]]) -> None:
        """Let officers act at once in all services: what follows is told on one day in any order."""
        said: dict[str, list[Fact]] = defaultdict(list)
        for service, command in wanted:
            self.commands += 1
            cause = Cause(derived_id("officer", self.commands), "officer", command)
            result = self.services[service].take([cause], self.today)
            assert not result.parked, f"{self.today} {command}: {result.parked[0].error}"
            said[service] += result.facts
        self.deliver(said)

    def open_tasks(self) -> list[tuple[str, State, Task]]:
        """Everything that people are awaited to do now."""
        found = []
        for service in self.services.values():
            for state in sorted(service.states.values(), key=lambda state: (state.kind, state.id)):
                tasks = list(state.tasks(POLICY))
                assert state.awaits or not tasks, f"{state.kind} {state.id} hides {tasks}"
                found += [(service.name, state, task) for task in tasks]
        return found

    def work(self) -> None:
        """Answer every task until only those are left that the script lets wait."""
        self.send(initiatives(self))
        answered: set[Task] = set()
        for _ in range(50):
            awaited = self.open_tasks()
            tasks = {task for _, _, task in awaited}
            assert not answered & tasks, f"{self.today}: still awaited after the answer: {answered & tasks}"
            self.waiting = {task: self.waiting.get(task, self.today) for task in tasks}
            wanted = [(service, task, ANSWERS[task.action](self, state, task)) for service, state, task in awaited]
            answered = {task for _, task, commands in wanted if commands}
            if not answered:
                return
            self.send([(service, command) for service, _, commands in wanted for command in commands])
        raise AssertionError(f"{self.today}: tasks go round in circles: {answered}")

    def run(self, until: date = END) -> None:
        """Let the county live."""
        while self.today < until:
            self.work()
            self.pass_days(self.today + DAY)
        self.work()

    def when(self, event: type[Event], **fields: Any) -> list[date]:
        """The days on which an event was said whose fields have these values."""
        told = zip(self.facts, self.days, strict=True)
        return [
            day for f, day in told if type(f.event) is event and all(getattr(f.event, k) == v for k, v in fields.items())
        ]


# ---------------------------------------------------------------- how the officer answers


Answer = Callable[[County, Any, Task], list[Command]]


def is_good(village: str, day: date) -> bool:
    return any(since <= day < until for since, until in STORIES[village].good)


def at(village: str) -> dict[str, str]:
    return {"place": village[:6], "village": village}


def survey(county: County, state: State, task: Task) -> list[Command]:
    topics = list(POLICY.listing.topics)
    records: list[Command] = []
    for topic in task.detail.split(","):
        what: dict[str, Any] = {"kind": "form"}
        if topic == "problems":
            what = {"kind": "problem", "cause": "饮水工程年久失修"}
        elif topic == "incomes":
            what = {"kind": "household_visit", "household": household(task.about, 0, county.today)}
        number = topics.index(topic) + 1
        records.append(
            registry_commands.RecordSurvey(**at(task.about), number=number, topic=topic, on=county.today, **what)
        )
    return records


def household(village: str, number: int, day: date) -> registry_commands.HouseholdFacts:
    income = 6000 if number and is_good(village, day) else 1500
    return registry_commands.HouseholdFacts(
        household=f"H{village[-2:]}-{number}", persons=PERSONS, income=income, secured=True
    )


def year_of(task: Task) -> int:
    return int(task.detail.split()[-1])


def households(county: County, state: State, task: Task) -> list[Command]:
    facts = tuple(household(task.about, number, county.today) for number in range(HOUSEHOLDS))
    return [
        registry_commands.RecordHouseholds(
            **at(task.about), year=year_of(task), households=facts, recorded_by="清河镇"
        )
    ]


def measure(county: County, state: State, task: Task) -> list[Command]:
    values = {"collective_income": 30000.0 if is_good(task.about, county.today) else 5000.0}
    values |= {"safe_water": 1.0, "hard_road": 1.0}
    measured = registry_commands.MeasureIndicators(
        **at(task.about), year=year_of(task), values=values, measured_by="清河镇"
    )
    return [*households(county, state, task), measured]


def approve(county: County, village: Village, task: Task) -> list[Command]:
    assert village.exit
    approved = village.exit.attempt not in STORIES[village.id].refused
    return [registry_commands.ApproveExit(**at(village.id), approved=approved, decided_by="本溪县政府")]


def set_commitment(county: County, assignment: Assignment, task: Task) -> list[Command]:
    kind, period = task.detail.split()
    items = tuple(d.Item(number, f"{kind} {period} {number}") for number in range(1, 4))
    return [
        dispatch_commands.SetCommitment(**at(task.about), kind=kind, period=period, items=items, set_by="工作队")
    ]


def done_items(assignment: Assignment, task: Task) -> tuple[int, ...]:
    kind, period, *_ = task.detail.split()
    idle = int(period) in STORIES[task.about].idle
    return () if idle else tuple(item.number for item in assignment.owed[f"{kind}/{period}"].items)


def reconcile(county: County, assignment: Assignment, task: Task) -> list[Command]:
    kind, period, _ = task.detail.split()
    done = done_items(assignment, task)
    return [
        dispatch_commands.Reconcile(**at(task.about), kind=kind, period=period, done=done, reconciled_by="工作队")
    ]


def settle(county: County, assignment: Assignment, task: Task) -> list[Command]:
    kind, period = task.detail.split()
    closed = done_items(assignment, task)
    return [dispatch_commands.Settle(**at(task.about), kind=kind, period=period, closed=closed, settled_by="工作队")]


def replace_member(county: County, assignment: Assignment, task: Task) -> list[Command]:
    pool = county.state("dispatch", Pool, "2105")
    role = assignment.vacancies[task.detail].role
    fit = eligible_replacements(pool, assignment.unit, task.about, role, POLICY, county.today)
    return [
        dispatch_commands.ReplaceMember(
            **at(task.about), recalled=task.detail, cadre=fit[0], replaced_by="派出单位"
        )
    ]


def visit(county: County, campaign: Any, task: Task) -> list[Command]:
    story, year = STORIES[task.about], campaign.opens.year
    weak, late = year in story.weak, year in story.late and campaign.terms.kind == "half_year"
    team = county.state("inspection", Supervision, task.about).team
    return [
        inspection_commands.RecordVisit(
            **at(task.about),
            campaign=task.detail,
            on=county.today,
            absent=team[:1] if weak else (),
            findings=("absent",) if weak else ("measure_stalled",) if late else (),
            score=(40 if weak else 95) if campaign.terms.scored else None,
            inspector="督查一组",
        )
    ]


def close_order(county: County, state: State, task: Task) -> list[Command]:
    late = county.today.year in STORIES[task.about].late
    if late and county.when(i.OrderOverdue, order=task.detail) == []:
        return []
    return [inspection_commands.CloseOrder(**at(task.about), order=task.detail, accepted_by="清河镇")]


def report(county: County, state: State, task: Task) -> list[Command]:
    year, form = task.detail.split()
    return [inspection_commands.DeliverReport(**at(task.about), year=int(year), form=form, delivered_by="队长")]


def ballot(county: County, state: State, task: Task) -> list[Command]:
    satisfied = 12 if year_of(task) in STORIES[task.about].weak else 38
    return [
        inspection_commands.HoldBallot(
            **at(task.about), year=year_of(task), entitled=50, present=40, satisfied=satisfied
        )
    ]


def grade(county: County, assessment: Assessment, task: Task) -> list[Command]:
    assert assessment.proposal
    return [
        inspection_commands.ConfirmGrade(
            **at(task.about), year=year_of(task), grade=assessment.proposal.grade, decided_by="市委组织部"
        )
    ]


def verify(county: County, verification: Verification, task: Task) -> list[Command]:
    attempt = int(task.detail)
    meets = attempt not in STORIES[task.about].failed
    checked = {id: inspection_commands.Checked(PERSONS, meets, True) for id in verification.sampled}
    return [
        inspection_commands.RecordVerification(
            **at(task.about), attempt=attempt, households=checked, unregistered=60, omitted=0, verified_by="核查组"
        )
    ]


def about_outcome(task: Task) -> dict[str, Any]:
    kind, _, subject = task.detail.partition(":")
    return {"place": CITY, "subject_kind": kind, "subject": subject, "outcome": task.about}


def hear_defence(county: County, state: State, task: Task) -> list[Command]:
    # The unit that is talked to lets its time pass; everyone else is heard at once.
    return [] if task.about.startswith("talk/") else [incentives_commands.HearDefence(**about_outcome(task))]


def decide(county: County, state: State, task: Task) -> list[Command]:
    # The first year of the village in which nothing got done is tolerated, the second is not.
    tolerated = task.about == f"criticism/{IDLE}/2015"
    return [
        incentives_commands.Decide(
            **about_outcome(task),
            imposed=not tolerated,
            tolerance_checked=True,
            tolerated=tolerated,
            body=task.role,
            decided_by="会议纪要",
        )
    ]


ANSWERS: Mapping[str, Answer] = {
    "surveys": survey,
    "diagnoses": lambda c, s, t: [
        registry_commands.Diagnose(
            **at(t.about),
            problem_class="weak_governance" if t.about == LEADERLESS else "lagging_economy",
            decided_by="集体会诊会议",
        )
    ],
    "households": households,
    "measurements": measure,
    "exit-requests": lambda c, s, t: [registry_commands.RequestExit(**at(t.about), requested_by="清河镇")],
    "notices": lambda c, s, t: [registry_commands.PostNotice(**at(t.about), posted_by="清河镇")],
    "objection-decisions": lambda c, s, t: [
        registry_commands.DecideObjection(**at(t.about), objection=int(t.detail), upheld=True, decided_by="县政府")
    ],
    "approvals": approve,
    "relapse-decisions": lambda c, s, t: [
        registry_commands.ConfirmRelapse(**at(t.about), relapsed=True, decided_by="县政府")
    ],
    "matchings": lambda c, s, t: [
        dispatch_commands.SolveMatching(place=CITY, matching=f"{c.today}", asked_by="市委组织部")
    ],
    "assignments": lambda c, s, t: [dispatch_commands.AssignTeam(**at(t.about), assigned_by="市委组织部")],
    "commitments": set_commitment,
    "reconciliations": reconcile,
    "settlements": settle,
    "replacements": replace_member,
    "seeds": lambda c, s, t: [
        inspection_commands.GiveSeed(
            place=CITY, campaign=t.about, body=t.role, seed=sha256(f"{t.role} {t.about}".encode()).hexdigest()
        )
    ],
    "visits": visit,
    "order-closings": close_order,
    "reports": report,
    "ballots": ballot,
    "grades": grade,
    "verifications": verify,
    "defences": hear_defence,
    "decisions": decide,
    "appeal-decisions": lambda c, s, t: [
        incentives_commands.DecideAppeal(**about_outcome(t), overturned=True, body=t.role, decided_by="复核组")
    ],
}


def initiatives(county: County) -> list[tuple[str, Command]]:
    """What people do without being awaited: they register, object, and appeal."""
    wanted: list[tuple[str, Command]] = []
    if county.today == BEGIN:
        county.send([("registry", registry_commands.AdoptPolicy(place=CITY, pack=BENXI, adopted_by="市委"))])
        wanted = [("registry", command) for command in registrations()]
    if county.today == date(2014, 9, 1):
        wanted.append(("registry", cadre(LATE_LEADER, "deputy_division")))
    for village, story in STORIES.items():
        for notice in county.said(r.NoticePosted, village=village):
            raised = county.said(r.ObjectionRaised, village=village, attempt=notice.attempt)
            if notice.attempt in story.objected and not raised:
                objection = registry_commands.RaiseObjection(**at(village), objection=1, ground="有户不达标")
                wanted.append(("registry", objection))
    for recall in county.said(n.OutcomeDecided, kind="recall"):
        if county.today == county.when(n.OutcomeDecided, outcome=recall.outcome)[0] + timedelta(20):
            lodge = incentives_commands.LodgeAppeal(
                place=CITY, subject_kind=recall.subject_kind, subject=recall.subject, outcome=recall.outcome
            )
            wanted.append(("incentives", lodge))
    return wanted


def cadre(id: str, rank: str) -> Command:
    return registry_commands.RegisterCadre(
        place=CITY,
        cadre=id,
        unit=f"U2105-{id[1:3]}",
        name="某某",
        rank=rank,  # type: ignore[arg-type]
        party_member=True,
        work_since=date(2005, 7, 1),
        born_on=date(1980, 1, 1),
        reserve=False,
    )


def registrations() -> list[Command]:
    found: list[Command] = []
    for number in range(1, 10):
        unit, is_weak = f"U2105-0{number}", f"U2105-0{number}" == WEAK_UNIT
        found.append(
            registry_commands.RegisterUnit(
                place=CITY,
                unit=unit,
                name=f"单位{number}",
                level="city",
                department="公安" if is_weak else "农业",
                strength=50 + number,
            )
        )
        # Whoever has the rank and the lower number leads; the other one is there to take over.
        ranks = ["section"] * 4 if is_weak else ["deputy_division", *["section"] * 3, "deputy_division"]
        found += [cadre(f"C0{number}-{index}", rank) for index, rank in enumerate(ranks, start=1)]
    for village in VILLAGES:
        found.append(
            registry_commands.RegisterVillage(
                **at(village), name=f"村{village[-1]}", township="清河镇", population=POPULATION, listed=True
            )
        )
    return found


# ---------------------------------------------------------------- what must hold


@cache
def the_county() -> County:
    county = County()
    county.run()
    return county
