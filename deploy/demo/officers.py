"""The people of the simulation: they look at their tasks, take their time, and answer by the scenario's script.

They see what real officers see, the tasks that the services show, and act on these and the script alone. Which day
they answer on and what they say follows from the seed and the task, never from the order of arrival or the clock, so
that the same commands are sent under the same keys, whatever crashes meanwhile.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, get_args

import msgspec

from deploy.demo.benxi import POLICY, START, Row, Scenario, Village
from shared.contracts.registry import Rank
from shared.rules import State, Task
from shared.web.http import OpenTask

OFFICE_DAYS: Final = (0, 3)
"""Mondays and Thursdays: nobody here answers anything on other days."""
ROUNDS: Final = 30
"""Answers lead to new tasks on the same day; so many times over would be a circle."""


class Awaited(NamedTuple):
    """A task as its service shows it."""

    service: str
    kind: str
    id: str
    """Of the state that awaits it."""
    place: str
    action: str
    about: str
    role: str
    due: date | None
    detail: str
    answer: tuple[tuple[str, str | int], ...] = ()
    """The fields of the command that answers it, which the service filled in."""

    @classmethod
    def of(cls, service: str, state: State | OpenTask, task: Task) -> "Awaited":
        """A task of a state."""
        seen = task.action, task.about, task.role, task.due, task.detail, (*task.answer.items(),)
        return cls(service, state.kind, state.id, state.place, *seen)


class Reach(Protocol):
    """How the officers reach the services: over HTTP and NATS in a play, in memory in tests."""

    async def pass_day(self, day: date) -> None:
        """Let a business day begin, and return when all that follows from it is done."""

    async def tasks(self) -> Sequence[Awaited]:
        """Everything that is awaited."""

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        """All states of a kind by id, as their service shows them."""

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        """Send commands, and return when all that follows from them is done. A refusal is an error of the script."""

    async def next_due(self) -> date | None:
        """The next day on which anything falls due in any service."""


class Letter(NamedTuple):
    """Commands that somebody sends unasked, on a day of the script."""

    on: date
    service: str
    path: str
    rows: tuple[Row, ...]


class Ask(NamedTuple):
    """A task with what is needed to answer it."""

    scenario: Scenario
    task: Awaited
    today: date
    state: Any
    """The state that the habit reads, as its service shows it."""

    @property
    def village(self) -> Village:
        """The village that it concerns."""
        return self.scenario.villages[self.task.about]

    @property
    def given(self) -> Mapping[str, Any]:
        """What the service filled in of the answer."""
        return dict(self.task.answer)

    @property
    def year(self) -> int:
        """The year that the answer is about."""
        return int(self.given["year"])


class Habit(NamedTuple):
    """How a kind of task is answered: with which commands, apart from their place, and after how long."""

    answer: Callable[[Ask], Iterable[Row]]
    before: tuple[int, int] | None = None
    """At least and at most so many days before the due date. A task that is due later than that is left until then."""
    after: tuple[int, int] = (0, 4)
    """Without `before`, at least and at most so many days after the task came up."""
    reads: tuple[str, str] | None = None
    """Service and kind of states that are read first: the one that the task is about, or all if none has its id."""
    follow_up: Callable[[Ask], Iterable[Letter]] = lambda _ask: ()
    """What the answer moves others to send."""


# ---------------------------------------------------------------- registry


def _surveys(a: Ask) -> Iterable[Row]:
    return a.scenario.survey_rows(a.village, a.today)


def _diagnoses(a: Ask) -> Iterator[Row]:
    yield {"problem_class": a.village.problem_class, "decided_by": "县（区）集体会诊会议"}


def _households(a: Ask) -> Iterator[Row]:
    facts = a.scenario.registered_rows(a.village, a.year)
    yield {"households": facts, "recorded_by": "乡镇人民政府"}


def _measurements(a: Ask) -> Iterator[Row]:
    yield {"values": a.scenario.indicators(a.village, a.year, a.today), "measured_by": "乡镇人民政府"}


def _exit_requests(a: Ask) -> Iterator[Row]:
    yield {"requested_by": "乡镇人民政府"}


def _notices(a: Ask) -> Iterator[Row]:
    yield {"posted_by": "乡镇人民政府"}


def _objections(a: Ask) -> Iterator[Letter]:
    """A villager objects to the first notice."""
    if a.village.fate == "objected" and a.state["exit"]["attempt"] == 1:
        row = {"place": a.task.place, "village": a.village.id, "objection": 1, "ground": "部分农户收入测算有误"}
        yield Letter(a.today + timedelta(3), "registry", "objections", (row,))


def _objection_decisions(a: Ask) -> Iterator[Row]:
    yield {"upheld": True, "decided_by": "县（区）扶贫办"}


def _approvals(a: Ask) -> Iterator[Row]:
    yield {"approved": True, "decided_by": "县（区）人民政府"}


def _relapse_decisions(a: Ask) -> Iterator[Row]:
    yield {"relapsed": True, "decided_by": "县（区）人民政府"}


# ---------------------------------------------------------------- dispatch


def _matchings(a: Ask) -> Iterator[Row]:
    yield {"matching": f"{a.task.about}-{a.today}", "asked_by": "市委组织部"}


def _assignments(a: Ask) -> Iterator[Row]:
    yield {"assigned_by": "市委组织部"}


def _commitments(a: Ask) -> Iterator[Row]:
    kind, period = a.given["kind"], a.given["period"]
    items = a.scenario.items(a.village, kind, first=period in ("term", str(START.year)))
    yield {"items": items, "set_by": "驻村工作队"}


def _reconciliations(a: Ask) -> Iterator[Row]:
    """Another quarter of the items is done each quarter, but in the village that lags."""
    numbers, day = _item_numbers(a), date.fromisoformat(a.task.detail.split()[-1])
    done = len(numbers) * (day.month // 3) // (8 if a.village.fate == "late" else 4)
    yield {"done": numbers[:done], "reconciled_by": "驻村工作队"}


def _settlements(a: Ask) -> Iterator[Row]:
    numbers = _item_numbers(a)
    closed = len(numbers) // (2 if a.village.fate == "late" else 1)
    yield {"closed": numbers[:closed], "settled_by": "驻村工作队"}


def _item_numbers(a: Ask) -> list[int]:
    owed = a.state["owed"]["{kind}/{period}".format(**a.given)]
    return [item["number"] for item in owed.get("items", ())]


def _replacements(a: Ask) -> Iterator[Row]:
    """The unit sends the highest in rank of those cadres who are in no team."""
    pool = a.state[a.scenario.city]
    unit = pool["teams"][a.village.id]["unit"]
    gone = {cadre for team in pool["teams"].values() for cadre in team["members"]} | pool["recalled"].keys()
    gone |= pool.get("away", {}).keys()
    ranks = {row["cadre"]: row["rank"] for row in a.scenario.cadre_rows() if row["unit"] == unit}
    best = max(sorted(ranks.keys() - gone), key=lambda cadre: get_args(Rank).index(ranks[cadre]))
    yield {"cadre": best, "replaced_by": unit}


def _retentions(a: Ask) -> Iterator[Row]:
    """Nobody is sent home for what a form says."""
    yield {"decided_by": "市委组织部"}


# -------------------------------------------------------------- inspection


def _seed(a: Ask) -> str:
    """A share that can be computed beforehand hides nothing; real bodies make theirs with `zhucun seed`."""
    return "".join(f"{a.scenario.choose(0, 15, 'seed', a.task.about, a.task.detail, n):x}" for n in range(64))


def _seed_hash(a: Ask) -> str:
    return sha256(_seed(a).encode()).hexdigest()


def _seed_hashes(a: Ask) -> Iterator[Row]:
    yield {"seed_hash": _seed_hash(a)}


def _seeds(a: Ask) -> Iterator[Row]:
    yield {"seed": _seed(a)}


def _visits(a: Ask) -> Iterator[Row]:
    """What an inspector finds: mostly nothing, now and then something, and in some villages what their fate says."""
    # The calendar's campaigns are named 2105-half_year-2015-06-20, those of `script` 2105.spot_check-2015-05-11.
    _, kind, year, *_ = a.task.detail.replace(".", "-").split("-")
    fate, luck = a.village.fate, a.scenario.choose(1, 100, "visit", a.village.id, a.task.detail)
    scored = any(campaign.scored for campaign in POLICY.campaigns if campaign.kind == kind)
    absent = sorted(a.state["team"])[-1:] if scored and (fate, year) == ("absent", "2015") else []
    findings = {
        "absent": bool(absent),
        "measure_stalled": scored and (fate, year) == ("stalled", "2014"),
        "ledger_untrue": luck <= 4 and not fate,
        "good_practice": luck >= 90 and not fate,
    }
    yield {
        "on": a.today, "absent": absent, "inspector": "督查组",
        "findings": [code for code, found in findings.items() if found],
        "score": _merit(a, int(year)) if scored else None,
    }  # fmt: skip


def _order_closings(a: Ask) -> Iterator[Row]:
    yield {"accepted_by": "乡镇党委"}


def _reports(a: Ask) -> Iterator[Row]:
    yield {"delivered_by": "驻村工作队"}


def _ballots(a: Ask) -> Iterator[Row]:
    entitled = a.scenario.choose(30, 60, "entitled", a.village.id)
    present = entitled * a.scenario.choose(70, 100, "present", a.village.id, a.year) // 100
    yield {
        "entitled": entitled, "present": present, "satisfied": present * _merit(a, a.year) // 100,
        "held_by": "村民代表会议",
    }  # fmt: skip


def _merit(a: Ask, year: int) -> int:
    """How well a team does, out of 100."""
    neglected = a.village.fate == "neglected" and year == START.year
    return a.scenario.choose(
        *((30, 45) if neglected else (78, 98)), "merit", a.village.id, a.task.action, a.task.detail
    )


def _grades(a: Ask) -> Iterator[Row]:
    grade = a.state[f"{a.village.id}/{a.year}"]["proposal"]["grade"]
    yield {"grade": grade, "decided_by": "市委组织部"}


def _verification_seed_hashes(a: Ask) -> Iterator[Row]:
    yield {"seed_hash": _seed_hash(a)}


def _verification_seeds(a: Ask) -> Iterator[Row]:
    """Shares as little secret as those of the draws."""
    yield {"seed": _seed(a)}


def _verifications(a: Ask) -> Iterator[Row]:
    """The sampled households meet the standard and approve, but once, where every fifth does not approve."""
    refuted = a.village.fate == "refuted" and a.given["attempt"] == 1
    sampled = {
        household: {
            "persons": a.scenario.persons(a.village, household), "meets": True, "approves": not refuted or n % 5 > 0,
        }
        for n, household in enumerate(a.state["sampled"])
    }  # fmt: skip
    yield {
        "households": sampled, "verified_by": "出列核查组",
        "unregistered": a.scenario.choose(100, 200, "unregistered", a.village.id), "omitted": 0,
    }  # fmt: skip


# -------------------------------------------------------------- incentives


def _document(a: Ask, number: int) -> str:
    """The deciding organ and its document."""
    organ = {"organisation": "市委组织部 本组决", "discipline": "市纪委 本纪决"}.get(a.task.role, "县委办公室 本县决")
    return f"{organ}〔{a.today.year}〕{number}号（虚构）"


def _defences(_ask: Ask) -> Iterator[Row]:
    yield {}


def _decisions(a: Ask) -> Iterator[Row]:
    """The body adopts the proposal, but tolerates a failure that came from trying something new (1.14)."""
    tolerated = a.task.about.startswith("criticism/") and a.scenario.choose(1, 2, "tolerated", a.task.about) == 1
    yield {
        "imposed": not tolerated, "tolerance_checked": True, "tolerated": tolerated, "decided_by": _document(a, 3),
    }  # fmt: skip


def _appeals(a: Ask) -> Iterator[Letter]:
    """Whoever is recalled appeals."""
    if a.task.about.startswith("recall/"):
        yield Letter(
            a.today + timedelta(12),
            "incentives",
            "appeals",
            ({name: said for name, said in a.given.items() if name != "body"},),
        )


def _appeal_decisions(a: Ask) -> Iterator[Row]:
    yield {"overturned": False, "decided_by": _document(a, 4)}


HABITS: Final[Mapping[str, Habit]] = {
    "surveys": Habit(_surveys, before=(18, 18)),  # The city hands in all its villages' records in one file.
    "diagnoses": Habit(_diagnoses, before=(4, 8)),
    "matchings": Habit(_matchings, before=(4, 8)),
    "assignments": Habit(_assignments, before=(4, 8)),
    "commitments": Habit(_commitments, before=(4, 20)),
    "reconciliations": Habit(_reconciliations, before=(4, 11), reads=("dispatch", "assignments")),
    "settlements": Habit(_settlements, before=(8, 22), reads=("dispatch", "assignments")),
    "replacements": Habit(_replacements, before=(5, 20), reads=("dispatch", "pools")),
    "retentions": Habit(_retentions),
    "seed-hashes": Habit(_seed_hashes, after=(0, 2)),
    "seeds": Habit(_seeds, after=(0, 2)),
    "visits": Habit(_visits, after=(0, 2), reads=("inspection", "supervisions")),
    "order-closings": Habit(_order_closings, before=(4, 9)),
    "reports": Habit(_reports, before=(12, 24)),
    "ballots": Habit(_ballots, before=(4, 11)),
    "grades": Habit(_grades, after=(5, 20), reads=("inspection", "assessments")),
    "households": Habit(_households, before=(12, 20)),
    "measurements": Habit(_measurements, before=(4, 11)),
    "exit-requests": Habit(_exit_requests, after=(1, 6)),
    "verification-seed-hashes": Habit(_verification_seed_hashes, after=(0, 2)),
    "verification-seeds": Habit(_verification_seeds, after=(0, 2)),
    "verifications": Habit(_verifications, before=(6, 20), reads=("inspection", "verifications")),
    "notices": Habit(_notices, after=(1, 5), reads=("registry", "villages"), follow_up=_objections),
    "objection-decisions": Habit(_objection_decisions, after=(1, 3)),
    "approvals": Habit(_approvals, before=(4, 8)),
    "relapse-decisions": Habit(_relapse_decisions, after=(3, 10)),
    "defences": Habit(_defences, before=(4, 6)),
    "decisions": Habit(_decisions, after=(2, 15), follow_up=_appeals),
    "appeal-decisions": Habit(_appeal_decisions, before=(5, 20)),
}
"""The answer to each action that a service may await, in the order in which a round sends them."""

LATE: Final = {("stalled", "order-closings"): 6, ("late", "commitments"): 5}
"""Who misses which deadline by at least how many days, by the village's fate."""


def script(scenario: Scenario) -> list[Letter]:
    """What is sent without being asked for: the first entries, a late leader, corrected incomes, two spot checks."""
    early = [village for village in scenario.villages.values() if village.leaves == START.year]
    spot_checks = (date(2015, 5, 11), date(2016, 10, 17))
    letters = (
        Letter(START, "registry", "policies", (
            {"place": scenario.place, "pack": scenario.pack, "adopted_by": "中共本溪市委（虚构）"},
        )),
        Letter(START, "registry", "units", tuple(scenario.unit_rows())),
        Letter(START, "registry", "cadres", tuple(scenario.cadre_rows())),
        Letter(START, "registry", "villages", tuple(scenario.village_rows())),
        Letter(date(2014, 7, 17), "registry", "cadres", tuple(scenario.late_cadre_rows())),
        Letter(date(2014, 11, 24), "registry", "households", tuple(
            {"place": village.place, "village": village.id, "year": START.year, "recorded_by": "乡镇人民政府",
             "households": scenario.registered_rows(village, START.year)}
            for village in early
        )),
        *(
            Letter(on, "inspection", "campaigns", ({
                "place": scenario.place, "kind": "spot_check", "campaign": f"spot_check-{on}",
                "opens": on + timedelta(7), "body": "organisation", "asked_by": "市委组织部、市扶贫办",
            },))
            for on in spot_checks
        ),
    )  # fmt: skip
    return [letter for letter in letters if letter.rows]


class Diary(msgspec.Struct):
    """What the officers must remember, should the play be interrupted."""

    seed: int
    villages: int
    today: date = START
    round: int = 0
    """How many rounds of letters have been written today, the present one included."""
    sending: list[Letter] = []
    """The letters of the present round: after an interruption they are sent again, under the same keys."""
    letters: list[Letter] = []
    """Those of the days to come."""
    planned: list[tuple[Awaited, date]] = []
    """Tasks that were seen, each with the day on which somebody will get round to it."""


def _chance(task: Awaited) -> tuple[Any, ...]:
    """What decides by chance when a task is answered: all that was seen of it before answers were filled in."""
    return task[:-1]


class Officers:
    """Everybody who answers tasks, and everybody who writes unasked. They go on where their diary ends."""

    def __init__(self, scenario: Scenario, reach: Reach, diary: Path | None = None) -> None:
        self.scenario, self.reach, self._path = scenario, reach, diary
        self.diary = Diary(scenario.seed, len(scenario.villages), letters=script(scenario))
        if diary and diary.exists():
            try:
                self.diary = msgspec.json.decode(diary.read_bytes(), type=Diary)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise ValueError(
                    f"演示的日记 {diary} 被改坏，不能接着演；请去掉 --resume 重新开始 / "
                    f"the diary of the demo is broken ({error}); begin afresh without --resume"
                ) from None
            if (self.diary.seed, self.diary.villages) != (scenario.seed, len(scenario.villages)):
                raise ValueError(
                    f"{diary} 是 {self.diary.villages} 个村、种子 {self.diary.seed} 的演示，请用同样的 --villages 和 "
                    f"--seed 接着演，或另用目录 / {diary} tells the story of {self.diary.villages} villages with seed "
                    f"{self.diary.seed}; "
                    "go on with these, or begin anew in another folder"
                )

    async def live(self, until: date, watch: Callable[[date], Awaitable[None]]) -> None:
        """Live through the days up to `until`, stopping at those on which there is anything to do."""
        diary = self.diary
        while diary.today <= until:
            await self.reach.pass_day(diary.today)
            await self._work()
            await watch(diary.today)
            soon = [
                *(day for _, day in diary.planned), *(letter.on for letter in diary.letters),
                await self.reach.next_due(), until + timedelta(1),
            ]  # fmt: skip
            diary.today, diary.round = min(day for day in soon if day and day > diary.today), 0
            self._keep()

    async def _work(self) -> None:
        """Send today's letters and answers, round by round, until nobody wants to say anything more today."""
        diary = self.diary
        await self._send(diary.sending)
        answered: set[Awaited] = set()
        while diary.round < ROUNDS:
            diary.sending = [letter for letter in diary.letters if letter.on <= diary.today]
            diary.letters = [letter for letter in diary.letters if letter.on > diary.today]
            if not diary.sending:
                # A date that is put off does not put the answer off.
                tasks = {task._replace(due=None): task for task in await self.reach.tasks()}
                if unmoved := answered.intersection(tasks):
                    raise RuntimeError(f"still awaited after the answer of {diary.today}: {sorted(unmoved)[:3]}")
                planned = dict(diary.planned)
                diary.planned = [(key, planned.get(key) or self._answers_on(task)) for key, task in tasks.items()]
                answered = {key for key, day in diary.planned if day <= diary.today}
                diary.sending = await self._answers(tasks[key] for key in answered)
            if not diary.sending:
                return
            diary.round += 1
            self._keep()
            await self._send(diary.sending)
        raise RuntimeError(f"the answers of {diary.today} lead in a circle: {diary.sending[:1]}")

    def _answers_on(self, task: Awaited) -> date:
        """The day on which somebody will get round to a task that came up today."""
        if task.action not in HABITS:
            raise RuntimeError(f"nobody knows how to answer {task}")
        today, habit, village = self.diary.today, HABITS[task.action], self.scenario.villages.get(task.about)
        late = LATE.get((village.fate if village else "", task.action))
        if task.due and late:
            day = task.due + timedelta(late)
        elif task.due and habit.before:
            day = task.due - timedelta(self.scenario.choose(*habit.before, "before", *_chance(task)))
        else:
            day = today + timedelta(self.scenario.choose(*habit.after, "after", *_chance(task)))
        day = max(day, today)
        while day.weekday() not in OFFICE_DAYS:
            day += timedelta(1)
        return day

    async def _answers(self, tasks: Iterable[Awaited]) -> list[Letter]:
        """The commands that answer these tasks, one letter for each path."""
        today = self.diary.today
        files: dict[tuple[str, str], dict[str, Any]] = {}
        rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for task in sorted(tasks, key=lambda task: (list(HABITS).index(task.action), task.about, task.detail)):
            habit, file = HABITS[task.action], dict[str, Any]()
            if habit.reads:
                file = files[habit.reads] = files.get(habit.reads) or await self.reach.states(*habit.reads)
            ask = Ask(self.scenario, task, today, file.get(task.about, file))
            village = self.scenario.villages.get(task.about)
            whose = {"place": village.place} if village else {}  # Who answers for several divisions has to name one.
            rows[task.service, task.action] += [{**whose, **ask.given, **row} for row in habit.answer(ask)]
            self.diary.letters += habit.follow_up(ask)
        return [Letter(today, service, path, tuple(sent)) for (service, path), sent in rows.items()]

    async def _send(self, letters: Iterable[Letter]) -> None:
        for number, letter in enumerate(letters):
            key = f"{self.diary.today}-{self.diary.round}-{number}"
            await self.reach.post(letter.service, letter.path, key, letter.rows)

    def _keep(self) -> None:
        if self._path:
            draft = self._path.with_suffix(".new")
            draft.write_bytes(msgspec.json.encode(self.diary))
            draft.replace(self._path)
