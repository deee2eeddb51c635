"""The whole journey with the rules of all four services in one memory: a small county under Benxi's pack, three years.

One scripted officer answers every task that appears, by the table `ANSWERS`, at once or after some days. What is not
the usual course of a village is its `Story`. What the services say on a day may be delivered in any order.
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

from deploy.demo.world import Service, World
from services.dispatch import reactions as dispatch
from services.dispatch.model import commands as dispatch_commands
from services.dispatch.model.assignment import Assignment
from services.dispatch.model.eligibility import Posting, unmet
from services.dispatch.model.pool import Pool, Squad
from services.incentives import reactions as incentives
from services.incentives.model import commands as incentives_commands
from services.incentives.model.record import Record
from services.inspection import reactions as inspection
from services.inspection.model import commands as inspection_commands
from services.inspection.model.assessment import Assessment
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
from shared.contracts.calendar import Movement
from shared.contracts.journey import next_stage
from shared.engine.flow import Cause, Fact, derived_id, encode_state
from shared.policy import parse_pack
from shared.rules import Key, State, Task
from tests.support.invariants import INVARIANTS, Evidence, Invariant, Said

BENXI = tomllib.loads((Path(__file__).parents[2] / "shared/policy/packs/benxi.toml").read_text())
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
    """The county with its officer, who answers each task `lag` days after it appeared."""

    def __init__(self, lag: int = 0, shuffle: random.Random | None = None) -> None:
        super().__init__(
            BEGIN,
            Service("registry", registry.REACTIONS, registry.DUE),
            Service("dispatch", dispatch.REACTIONS, dispatch.DUE),
            Service("inspection", inspection.REACTIONS, inspection.DUE),
            Service("incentives", incentives.REACTIONS, incentives.DUE),
            shuffle=shuffle,
        )
        self.lag = timedelta(lag)
        self.days: list[date] = []
        """The day of each fact."""
        self.noticed = 0
        """How many facts people have taken notice of."""
        self.planned: dict[date, list[tuple[str, Command]]] = defaultdict(list)
        """What people will do without being awaited."""
        self.asked: dict[Key, State] = {}
        self.awaited: dict[Key, list[tuple[str, State, Task]]] = {}
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
        """Everything that people are awaited to do now; only states that changed are asked again."""
        for service in self.services.values():
            for key, state in service.states.items():
                if self.asked.get(key) is not state:
                    self.asked[key] = state
                    tasks = list(state.tasks(POLICY))
                    assert state.awaits or not tasks, f"{state.kind} {state.id} hides {tasks}"
                    self.awaited[key] = [(service.name, state, task) for task in tasks]
        found = (line for lines in self.awaited.values() for line in lines)
        return sorted(found, key=lambda line: (line[0], line[1].kind, line[1].id))

    def work(self) -> None:
        """Do what is planned for the day, and answer every task but those that the script or the lag lets wait."""
        for day, fact in zip(self.days[self.noticed :], self.facts[self.noticed :], strict=True):
            plan(self, day, fact.event)
        self.noticed = len(self.facts)
        self.send(self.planned.pop(self.today, []))
        answered: set[Task] = set()
        for _ in range(50):
            awaited = self.open_tasks()
            tasks = {task for _, _, task in awaited}
            assert not answered & tasks, f"{self.today}: still awaited after the answer: {answered & tasks}"
            self.waiting = {task: self.waiting.get(task, self.today) for task in tasks}
            wanted = [
                (service, task, ANSWERS[task.action](self, state, task))
                for service, state, task in awaited
                if self.today >= self.waiting[task] + self.lag
            ]
            answered = {task for _, task, commands in wanted if commands}
            if not answered:
                return
            self.send([(service, command) for service, _, commands in wanted for command in commands])
        raise AssertionError(f"{self.today}: tasks go round in circles: {answered}")

    def live(self) -> "County":
        """Three years and four months."""
        self.send([("registry", registry_commands.AdoptPolicy(place=CITY, pack=BENXI, adopted_by="市委"))])
        self.planned[BEGIN] = [("registry", command) for command in registrations()]
        self.planned[date(2014, 9, 1)] = [("registry", cadre(LATE_LEADER, "deputy_division"))]
        opens = date(2016, 3, 1)
        spot_check = inspection_commands.OpenCampaign(
            place=CITY,
            kind="spot_check",
            campaign="spot-2016",
            opens=opens,
            body="organisation",
            asked_by="市委组织部",
        )
        self.planned[opens - DAY] = [("inspection", spot_check)]
        self.work()
        while self.today < END:
            self.pass_days(self.today + DAY)
            self.work()
        return self

    def dated(self, event: type[Event], **fields: Any) -> list[tuple[date, Any]]:
        """The events of a type whose fields have these values, each with its day."""
        told = zip(self.days, (fact.event for fact in self.facts), strict=True)
        return [
            (day, said)
            for day, said in told
            if type(said) is event and all(getattr(said, field) == value for field, value in fields.items())
        ]

    def evidence(self) -> Evidence:
        """What the invariants are judged by."""
        journals: dict[str, list[Said]] = {name: [] for name in self.services}
        streams: dict[str, list[str]] = {"open": [], "sealed": []}
        for day, fact in zip(self.days, self.facts, strict=True):
            service = fact.event.type.partition(".")[0]
            journals[service].append(Said(fact.id, fact.cause.id, service, day, fact.event))
            streams["sealed" if fact.event.is_sealed() else "open"].append(fact.id)
        return Evidence(
            policy=POLICY,
            journals=journals,
            streams=streams,
            states={
                name: {(kind.kind, id): state for (kind, id), state in service.states.items()}
                for name, service in self.services.items()
            },
            commands={derived_id("officer", number) for number in range(1, self.commands + 1)},
            days={day: f"day {day}" for day in (BEGIN + n * DAY for n in range((END - BEGIN).days + 1))},
            dead_letters=[parked for service in self.services.values() for parked in service.parked],
        )


# ---------------------------------------------------------------- how the officer answers


Answer = Callable[[County, Any, Task], list[Command]]


def is_good(village: str, day: date) -> bool:
    return any(since <= day < until for since, until in STORIES[village].good)


def at(village: str) -> dict[str, Any]:
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
    return int(task.answer["year"])


def households(county: County, state: State, task: Task) -> list[Command]:
    facts = tuple(household(task.about, number, county.today) for number in range(HOUSEHOLDS))
    return [
        registry_commands.RecordHouseholds(**at(task.about), year=year_of(task), households=facts, recorded_by="清河镇")
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
    return [registry_commands.ApproveExit(body="county", **at(village.id), approved=approved, decided_by="本溪县政府")]


def set_commitment(county: County, assignment: Assignment, task: Task) -> list[Command]:
    kind, period = task.answer["kind"], task.answer["period"]
    overdue = county.said(d.CommitmentOverdue, village=task.about, kind=kind, period=period, step="set")
    if kind == "ledger" and task.about == IDLE and period == "2016" and not overdue:
        return []
    items = tuple(d.Item(number, f"{kind} {period} {number}") for number in range(1, 4))
    given: Any = task.answer
    return [dispatch_commands.SetCommitment(**given, items=items, set_by="工作队")]


def done_items(assignment: Assignment, task: Task) -> tuple[int, ...]:
    idle = int(task.answer["period"]) in STORIES[task.about].idle
    owed = assignment.owed["{kind}/{period}".format(**task.answer)]
    return () if idle else tuple(item.number for item in owed.items)


def reconcile(county: County, assignment: Assignment, task: Task) -> list[Command]:
    given: Any = task.answer
    return [dispatch_commands.Reconcile(**given, done=done_items(assignment, task), reconciled_by="工作队")]


def settle(county: County, assignment: Assignment, task: Task) -> list[Command]:
    given: Any = task.answer
    return [dispatch_commands.Settle(**given, closed=done_items(assignment, task), settled_by="工作队")]


def replace_member(county: County, assignment: Assignment, task: Task) -> list[Command]:
    pool = county.state("dispatch", Pool, "2105")
    role = assignment.vacancies[task.detail].role
    unit = assignment.unit
    fit = min(
        id
        for id, cadre in pool.free([county.state("dispatch", Squad, unit)]).items()
        if not unmet(Posting(cadre, pool.units[unit], task.about, POLICY, county.today), role)
    )
    given = {**at(task.about), "left": task.detail, "cadre": fit, "body": task.role}
    return [dispatch_commands.ReplaceMember(**given, replaced_by="派出单位")]


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
            body="inspection",
            inspector="督查一组",
        )
    ]


def close_order(county: County, state: State, task: Task) -> list[Command]:
    late = county.today.year in STORIES[task.about].late
    if late and not county.said(i.OrderOverdue, order=task.detail):
        return []
    return [inspection_commands.CloseOrder(**at(task.about), order=task.detail, body="township", accepted_by="清河镇")]


def report(county: County, state: State, task: Task) -> list[Command]:
    given: Any = task.answer
    return [inspection_commands.DeliverReport(**given, delivered_by="驻村工作队")]


def share_of(task: Task) -> str:
    return sha256(f"{task.about} {task.detail}".encode()).hexdigest()


def post_hash(county: County, state: State, task: Task) -> list[Command]:
    said: Any = {"body": task.role, "seed_hash": sha256(share_of(task).encode()).hexdigest()}
    if task.action == "seed-hashes":
        return [inspection_commands.PostSeedHash(place=CITY, campaign=task.about, **said)]
    return [inspection_commands.PostVerificationHash(**at(task.about), attempt=int(task.answer["attempt"]), **said)]


def give_seed(county: County, state: Any, task: Task) -> list[Command]:
    if state.seeds.missed & {"discipline share", "inspection share"} and task.role == "inspection":
        return []  # Time is up for both, so that the first share draws.
    said: Any = {"body": task.role, "seed": share_of(task)}
    if task.action == "seeds":
        return [inspection_commands.GiveSeed(place=CITY, campaign=task.about, **said)]
    return [inspection_commands.GiveVerificationSeed(**at(task.about), attempt=int(task.answer["attempt"]), **said)]


def ballot(county: County, state: State, task: Task) -> list[Command]:
    satisfied = 12 if year_of(task) in STORIES[task.about].weak else 38
    return [
        inspection_commands.HoldBallot(
            **at(task.about),
            year=year_of(task),
            entitled=50,
            present=40,
            satisfied=satisfied,
            body="village",
            held_by="村民代表会议",
        )
    ]


def grade(county: County, assessment: Assessment, task: Task) -> list[Command]:
    assert assessment.proposal
    return [
        inspection_commands.ConfirmGrade(
            **at(task.about),
            year=year_of(task),
            grade=assessment.proposal.grade,
            body="organisation",
            decided_by="市委组织部",
        )
    ]


def verify(county: County, verification: Verification, task: Task) -> list[Command]:
    attempt = int(task.detail)
    meets = attempt not in STORIES[task.about].failed
    checked = {id: inspection_commands.Checked(PERSONS, meets, True) for id in verification.sampled}
    return [
        inspection_commands.RecordVerification(
            **at(task.about),
            attempt=attempt,
            households=checked,
            unregistered=60,
            omitted=0,
            body="inspection",
            verified_by="核查组",
        )
    ]


def body(task: Task) -> Any:
    return task.role


def about_outcome(task: Task) -> dict[str, Any]:
    return {field: said for field, said in task.answer.items() if field != "body"}


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
            body=body(task),
            decided_by="会议纪要",
        )
    ]


ANSWERS: Mapping[str, Answer] = {
    "surveys": survey,
    "diagnoses": lambda c, s, t: [
        registry_commands.Diagnose(
            body="county",
            **at(t.about),
            problem_class="weak_governance" if t.about == LEADERLESS else "lagging_economy",
            decided_by="集体会诊会议",
        )
    ],
    "households": households,
    "measurements": measure,
    "exit-requests": lambda c, s, t: [
        registry_commands.RequestExit(body="township", **at(t.about), requested_by="清河镇")
    ],
    "notices": lambda c, s, t: [registry_commands.PostNotice(body="township", **at(t.about), posted_by="清河镇")],
    "objection-decisions": lambda c, s, t: [
        registry_commands.DecideObjection(
            body="county", **at(t.about), objection=int(t.detail), upheld=True, decided_by="县政府"
        )
    ],
    "approvals": approve,
    "relapse-decisions": lambda c, s, t: [
        registry_commands.ConfirmRelapse(body="county", **at(t.about), relapsed=True, decided_by="县政府")
    ],
    "matchings": lambda c, s, t: [
        dispatch_commands.SolveMatching(
            place=CITY, matching=f"{len(c.said(d.MatchingSolved)) + 1}", asked_by="市委组织部", body=body(t)
        )
    ],
    "assignments": lambda c, s, t: [
        dispatch_commands.AssignTeam(**at(t.about), assigned_by="市委组织部", body=body(t))
    ],
    "commitments": set_commitment,
    "reconciliations": reconcile,
    "settlements": settle,
    "replacements": replace_member,
    "seed-hashes": post_hash,
    "seeds": give_seed,
    "visits": visit,
    "order-closings": close_order,
    "reports": report,
    "ballots": ballot,
    "grades": grade,
    "verification-seed-hashes": post_hash,
    "verification-seeds": give_seed,
    "verifications": verify,
    "defences": hear_defence,
    "decisions": decide,
    "appeal-decisions": lambda c, s, t: [
        incentives_commands.DecideAppeal(**about_outcome(t), overturned=True, body=body(t), decided_by="复核组")
    ],
}


def plan(county: County, day: date, event: Event) -> None:
    """What people do without being awaited: they object, and appeal after a while."""
    if isinstance(event, r.NoticePosted) and event.attempt in STORIES[event.village].objected:
        objection = registry_commands.RaiseObjection(**at(event.village), objection=1, ground="有户不达标")
        county.planned[county.today].append(("registry", objection))
    if isinstance(event, n.OutcomeDecided) and event.kind == "recall":
        lodge = incentives_commands.LodgeAppeal(
            place=CITY, subject_kind=event.subject_kind, subject=event.subject, outcome=event.outcome
        )
        county.planned[day + timedelta(20)].append(("incentives", lodge))


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

LAGS = (0, 20)
"""An officer who is always quick, and one with whom much becomes overdue."""


@cache
def county_with(lag: int) -> County:
    return County(lag).live()


@pytest.fixture
def county() -> County:
    return county_with(0)


HELPED = ("registered", "listed", "diagnosed", "matched", "assigned", "pledged", "helped")
VERIFIED = ("requested", "verified", "noticed")
COURSES: Mapping[str, tuple[str, ...]] = {
    EARLY: (*HELPED, *VERIFIED, "delisted", "released"),
    OBJECTED: (*HELPED, *VERIFIED, *VERIFIED, "delisted", "released"),
    RECALLED: (*HELPED, *VERIFIED, "delisted"),
    LATE: (*HELPED, *VERIFIED, "delisted"),
    LEADERLESS: (*HELPED, *VERIFIED, "delisted"),
    IDLE: HELPED,
    RELAPSED: (*HELPED, *VERIFIED, "delisted", "released", "relapsed", *HELPED[1:]),
    RELAPSED_EARLY: (*HELPED, *VERIFIED, "delisted", "relapsed", *HELPED[1:], *VERIFIED, "delisted"),
    FAILED: (*HELPED, "requested", "helped", *VERIFIED, *VERIFIED, "delisted"),
}


@pytest.mark.parametrize("lag", LAGS)
def test_each_village_takes_its_course(lag: int) -> None:
    county = county_with(lag)
    courses: dict[str, list[str]] = defaultdict(list)
    for fact in county.facts:
        village: str | None = getattr(fact.event, "village", None)
        if village:
            before = courses[village][-1] if courses[village] else ""
            if (stage := next_stage(before, fact.event)) != before:
                courses[village].append(stage)
    assert {village: tuple(stages) for village, stages in courses.items()} == COURSES
    for village, course in COURSES.items():
        assert county.state("registry", Village, village).stage == course[-1]


@pytest.mark.parametrize("lag", LAGS)
def test_no_task_is_left_unanswered(lag: int) -> None:
    county = county_with(lag)
    assert [task for task, since in county.waiting.items() if since + county.lag <= county.today] == []


@pytest.mark.parametrize("invariant", INVARIANTS)
@pytest.mark.parametrize("lag", LAGS)
def test_0_2_1_18_2_4_2_13_2_19_2_20_3_2_what_always_holds_holds_here(lag: int, invariant: Invariant) -> None:
    invariant(county_with(lag).evidence())


def test_the_county_meets_every_event_but_these(county: County) -> None:
    said = {type(fact.event) for fact in county.facts}
    unsaid = {event for module in (r, d, i, n) for event in vars(module).values() if is_event(event)} - said
    own_matters = {r.ResolutionOpened, r.StepTaken, r.ResolutionPassed, r.ResolutionRejected}
    own_matters |= {Movement, r.DeadlineMoved, d.DeadlineMoved, i.DeadlineMoved, n.DeadlineMoved}
    assert {event for event in unsaid if not is_rare(event)} == {
        r.VillageRecoded, r.ExitApproved, n.OutcomeEvent, n.DecisionOverdue, i.GradeContested, i.GradeReviewed,
    } | own_matters  # fmt: skip


def is_rare(event: type[Event]) -> bool:
    """Whether it takes something back, or tells of a reform of divisions or a team: these have tests of their own."""
    rare = "Withdrawn Unlisted Merged Split Reopened YearClosed MemberLeft Disqualified Retained Missed Dropped"
    return event.__name__.endswith((*rare.split(), "TeamChosen", "Disbanded", "Divided", "PoolChanged"))


def is_event(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Event) and thing is not Event


def test_what_the_county_counts(county: County) -> None:
    counts = {
        event: len(county.said(event))
        for event in (
            r.VillageListed, r.VillageDelisted, r.VillageRelapsed, d.NeedUnmet, d.TeamAssigned, d.TeamKept,
            d.TeamReleased, d.TermExtended, d.MemberRecalled, d.MemberReplaced, d.CommitmentOverdue, i.OrderOverdue,
            i.ExitVerified, n.OutcomeAppealed,
        )
    }  # fmt: skip
    assert counts == {
        r.VillageListed: 11,
        r.VillageDelisted: 9,
        r.VillageRelapsed: 2,
        d.NeedUnmet: 1,
        d.TeamAssigned: 11,
        d.TeamKept: 9,
        d.TeamReleased: 3,
        d.TermExtended: 1,
        d.MemberRecalled: 1,
        d.MemberReplaced: 1,
        d.CommitmentOverdue: 1,
        i.OrderOverdue: 1,
        i.ExitVerified: 12,
        n.OutcomeAppealed: 1,
    }


def test_3_11_a_village_still_on_the_list_after_three_years_keeps_its_team_for_another(county: County) -> None:
    ((day, extended),) = county.dated(d.TermExtended)
    ((_, assigned),) = county.dated(d.TeamAssigned, village=IDLE)
    assert (extended.village, extended.unit) == (IDLE, assigned.unit)
    assert day == assigned.term_end + DAY
    assert extended.until == POLICY.team.extension.after(assigned.term_end, POLICY.calendar)


@pytest.mark.parametrize("lag", LAGS)
def test_every_outcome_of_the_pack_is_decided_once(lag: int) -> None:
    decisions = county_with(lag).said(n.OutcomeDecided)
    assert {said.kind for said in decisions} == {outcome.kind for outcome in POLICY.outcomes}


def test_2_20_a_recalled_leader_is_replaced_and_cleared_by_the_appeal(county: County) -> None:
    ((day, recalled),) = county.dated(d.MemberRecalled)
    ((_, decided),) = county.dated(n.OutcomeDecided, kind="recall")
    ((_, replaced),) = county.dated(d.MemberReplaced)
    assert (recalled.village, recalled.cadre, recalled.role) == (RECALLED, decided.subject, "leader")
    assert (replaced.village, replaced.recalled, replaced.role) == (RECALLED, recalled.cadre, "leader")
    team = county.state("dispatch", Assignment, RECALLED).team
    assert [member.cadre for member in team if member.role == "leader"] == [replaced.cadre]
    assert county.state("inspection", Supervision, RECALLED).leader == replaced.cadre
    ((answered, appeal),) = county.dated(n.AppealDecided)
    assert (appeal.outcome, appeal.overturned) == (decided.outcome, True)
    assert answered == day + timedelta(20)
    squad = county.state("dispatch", Squad, recalled.unit)
    assert recalled.cadre in county.state("dispatch", Pool, "2105").free([squad])


def test_3_4_a_unit_without_a_leader_of_rank_is_matched_once_it_has_one(county: County) -> None:
    (unmet,) = county.said(d.NeedUnmet)
    assert (unmet.village, unmet.obstacles[WEAK_UNIT]) == (LEADERLESS, "leader_rank")
    ((day, assigned),) = county.dated(d.TeamAssigned, village=LEADERLESS)
    assert (day, assigned.unit) == (date(2014, 9, 1), WEAK_UNIT)
    assert [member.cadre for member in assigned.team if member.role == "leader"] == [LATE_LEADER]


def test_1_6_a_late_rectification_leads_to_a_talk_whose_mark_goes_by_itself(county: County) -> None:
    ((_, issued),) = county.dated(i.OrderIssued, village=LATE)
    ((day, overdue),) = county.dated(i.OrderOverdue)
    assert (overdue.order, day) == (issued.order, issued.due + DAY)
    ((_, proposed),) = county.dated(n.OutcomeProposed, kind="talk")
    ((decided_on, decided),) = county.dated(n.OutcomeDecided, kind="talk")
    assert not county.said(n.OutcomeDefended, kind="talk"), "the unit let its time pass"
    assert decided_on == proposed.defence_until + DAY
    ((expired_on, _),) = county.dated(n.OutcomeExpired, kind="talk")
    assert expired_on == decided.expires + DAY
    assert county.state("incentives", Record, f"unit:{overdue.unit}").status == "clean"


def test_3_10_open_items_lead_to_criticism_unless_it_is_tolerated(county: County) -> None:
    decisions = {said.outcome: (said.imposed, said.tolerated) for said in county.said(n.OutcomeDecided, subject=IDLE)}
    assert decisions[f"criticism/{IDLE}/2015"] == (False, True)
    assert decisions[f"criticism/{IDLE}/2016"] == (True, False)


@pytest.mark.parametrize(("lag", "draws"), [(0, 13), (20, 11)])
def test_2_19_a_slow_officer_misses_the_draw_of_the_first_quarter_and_the_spot_check(lag: int, draws: int) -> None:
    assert len([closed for closed in county_with(lag).said(i.CampaignClosed) if closed.frame and closed.seeds]) == draws


def test_2_21_every_team_in_the_field_is_assessed_every_year(county: County) -> None:
    for year in (2014, 2015, 2016):
        day = POLICY.assessment.opens.of(year)
        assigned = {said.village for on, said in county.dated(d.TeamAssigned) if on < day}
        home = {
            said.village
            for on, said in county.dated(d.TeamReleased)
            if on < day and not [a for a, _ in county.dated(d.TeamAssigned, village=said.village) if on < a < day]
        }
        assert {said.village for said in county.said(i.AssessmentGraded, year=year)} == assigned - home


def test_a_relapsed_village_is_surveyed_again_and_keeps_its_team_if_that_is_still_there(county: County) -> None:
    for village in (RELAPSED, RELAPSED_EARLY):
        assert [said.spell for said in county.said(r.VillageDiagnosed, village=village)] == [1, 2]
    first, second = county.said(d.TeamAssigned, village=RELAPSED_EARLY)
    assert (first.unit, first.team) == (second.unit, second.team)
    assert [said.reasons for said in county.said(d.VillageMatched, village=RELAPSED_EARLY)][1] == ("kept_team",)


def final_states(county: County) -> dict[tuple[str, str, str], bytes]:
    return {
        (service.name, kind.kind, id): encode_state(state)
        for service in county.services.values()
        for (kind, id), state in service.states.items()
    }


@pytest.mark.parametrize(("lag", "seed"), [(0, 1), (0, 2), (20, 3), (20, 4)])
def test_what_services_say_on_one_day_leads_to_the_same_states_in_any_order(lag: int, seed: int) -> None:
    straight, shuffled = county_with(lag), County(lag, random.Random(seed)).live()
    assert [fact.event for fact in shuffled.facts] != [fact.event for fact in straight.facts], "nothing was shuffled"
    assert final_states(shuffled) == final_states(straight)
