"""The people of the simulation: they look at their tasks, take their time, and answer as their story says.

They see only what real officers see, the tasks that the services show. On which day they answer and what they say
follows from the seed and the task, never from the order in which tasks arrive or from the clock. So a repeated play
sends the same commands under the same keys, even if processes crash meanwhile.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from deploy.demo.answers import ANSWERS, Ask, Awaited, Letter, Row, answered
from deploy.demo.scenario import Scenario
from shared.calendar import DAY

OFFICE_DAYS: Final = (0, 3)
"""The weekdays on which people answer, Monday being 0: Mondays and Thursdays."""
ROUNDS: Final = 30
"""The most rounds of answers on one day. Answers lead to new tasks on the same day; more rounds would mean that answers
and tasks go in a circle."""


class Before(NamedTuple):
    """Answer at least and at most this many days before the task's last day, and not earlier."""

    least: int
    most: int


class After(NamedTuple):
    """Answer at least and at most this many days after the task came up."""

    least: int
    most: int


PACE: Final[Mapping[str, Before | After]] = {
    "surveys": Before(18, 18),  # The city hands in all its villages' records in one file.
    "diagnoses": Before(4, 8),
    "matchings": Before(4, 8),
    "assignments": Before(4, 8),
    "commitments": Before(4, 20),
    "reconciliations": Before(4, 11),
    "settlements": Before(8, 22),
    "replacements": Before(5, 20),
    "attendances": Before(20, 60),
    "seed-hashes": After(0, 2),
    "seeds": After(0, 2),
    "visits": After(0, 2),
    "order-closings": Before(4, 9),
    "reports": Before(12, 24),
    "ballots": Before(4, 11),
    "grades": After(5, 20),
    "households": Before(12, 20),
    "measurements": Before(4, 11),
    "exit-requests": After(1, 6),
    "verification-seed-hashes": After(0, 2),
    "verification-seeds": After(0, 2),
    "verifications": Before(6, 20),
    "notices": After(1, 5),
    "objection-decisions": After(1, 3),
    "approvals": Before(4, 8),
    "fallback-measures": After(3, 10),
    "defences": Before(4, 6),
    "decisions": After(2, 15),
    "decision-services": After(0, 3),
    "appeal-decisions": Before(5, 20),
}
"""By action, when people answer. Other tasks, and tasks without a last day, are answered within a week."""
WITHIN_THE_WEEK: Final = After(0, 4)


class Refusal(RuntimeError):
    """A service refused a command of the script: the script or a rule is wrong. The text is the service's."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


class Reach(Protocol):
    """How the officers reach the services: over HTTP and NATS in a play, in memory in tests."""

    async def pass_day(self, day: date) -> None:
        """Let a business day begin, and return when all that follows from it is done."""

    async def tasks(self) -> Sequence[Awaited]:
        """Everything that is awaited."""

    async def states(self, service: str, kind: str) -> dict[str, Any]:
        """All states of a kind by id, as their service shows them."""

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        """Send commands, and return when all that follows from them is done. Raises Refusal."""

    async def next_due(self) -> date | None:
        """The next day on which anything falls due in any service."""


class Diary(msgspec.Struct):
    """What the officers must remember in order to continue an interrupted play."""

    seed: int
    villages: int
    today: date
    region: str = "benxi"
    round: int = 0
    """How many rounds of letters have been written today, the present one included."""
    sending: list[Letter] = []
    """The letters of the present round: after an interruption they are sent again, under the same keys."""
    letters: list[Letter] = []
    """Letters for later days."""
    planned: list[tuple[Awaited, date]] = []
    """The tasks seen so far, each with the day on which it will be answered."""


_WITHOUT_A_DAY: Final = {"exit-requests", "fallback-measures", "retentions"}
"""Tasks that had no last day in earlier versions."""


def _chance(task: Awaited) -> tuple[Any, ...]:
    """The facts of a task from which, by a hash, the day of its answer is chosen.

    They are the facts that a task had in earlier versions: then it contained no fields of its answer, a village's team
    and what it owed were one state (`assignments`), and some tasks had no last day. So a seed still tells the same
    story as it did then.
    """
    if task.kind in ("links", "commitments"):
        task = task._replace(kind="assignments", id=task.about)
    if task.action in _WITHOUT_A_DAY:
        task = task._replace(due=None)
    return task[:-1]


class Officers:
    """All people who answer tasks or send something unasked. They continue where their diary ends."""

    def __init__(self, scenario: Scenario, reach: Reach, diary: Path | None = None) -> None:
        self.scenario, self.reach, self._path = scenario, reach, diary
        self.diary = Diary(
            scenario.seed, len(scenario.villages), scenario.start, scenario.region, letters=scenario.script()
        )
        if diary and diary.exists():
            try:
                self.diary = msgspec.json.decode(diary.read_bytes(), type=Diary)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise ValueError(
                    f"演示的日记 {diary} 被改坏，不能接着演；请去掉 --resume 重新开始 / "
                    f"the diary of the demo is broken ({error}); begin afresh without --resume"
                ) from None
            of = self.diary.region, self.diary.seed, self.diary.villages
            if of != (scenario.region, scenario.seed, len(scenario.villages)):
                raise ValueError(
                    f"{diary} 是 {of[2]} 个村、种子 {of[1]}、地区 {of[0]} 的演示，请用同样的 --villages、--seed 和 "
                    f"--region 接着演，或另用目录 / {diary} tells the story of {of[0]}: {of[2]} villages with seed "
                    f"{of[1]}; go on with these, or begin anew in another folder"
                )

    async def live(self, until: date, watch: Callable[[date], Awaitable[None]]) -> None:
        """Play the days up to `until`, and stop at each on which there is something to do."""
        diary = self.diary
        while diary.today <= until:
            await self.reach.pass_day(diary.today)
            await self._work()
            await watch(diary.today)
            soon = [
                *(day for _, day in diary.planned),
                *(letter.on for letter in diary.letters),
                await self.reach.next_due(),
                until + DAY,
            ]
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
                # A task whose last day was only put off has been seen before, so it is compared without its day.
                tasks = {task._replace(due=None): task for task in await self.reach.tasks()}
                if unmoved := answered.intersection(tasks):
                    raise RuntimeError(f"still awaited after the answer of {diary.today}: {sorted(unmoved)[:3]}")
                planned = dict(diary.planned)
                diary.planned = [(key, planned.get(key) or self._answers_on(task)) for key, task in tasks.items()]
                answered = {key for key, day in diary.planned if day <= diary.today}
                diary.sending = await self.answers(tasks[key] for key in answered)
            if not diary.sending:
                return
            diary.round += 1
            self._keep()
            await self._send(diary.sending)
        raise RuntimeError(f"the answers of {diary.today} lead in a circle: {diary.sending[:1]}")

    def _answers_on(self, task: Awaited) -> date:
        """The day on which a task that came up today will be answered."""
        if task.action not in ANSWERS:
            raise RuntimeError(f"nobody knows how to answer {task}")
        today, pace = self.diary.today, PACE.get(task.action, WITHIN_THE_WEEK)
        if task.due and (late := self.scenario.late(task.about, task.action, task.detail)):
            day = task.due + timedelta(late)
        elif task.action in self.scenario.at_once:
            return today
        elif task.due and isinstance(pace, Before):
            day = task.due - timedelta(self.scenario.choose(*pace, "before", *_chance(task)))
        else:
            within = pace if isinstance(pace, After) else WITHIN_THE_WEEK
            day = today + timedelta(self.scenario.choose(*within, "after", *_chance(task)))
        day = max(day, today)
        while day.weekday() not in OFFICE_DAYS:
            day += DAY
        return day

    async def answers(self, tasks: Iterable[Awaited]) -> list[Letter]:
        """The commands that answer these tasks, one letter for each path."""
        today, order, moved = self.diary.today, [*ANSWERS], list[Letter]()
        files: dict[tuple[str, str], dict[str, Any]] = {}
        rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for task in sorted(tasks, key=lambda task: (order.index(task.action), task.about, task.detail)):
            reads, file = ANSWERS[task.action].reads, dict[str, Any]()
            if reads:
                file = files[reads] = files.get(reads) or await self.reach.states(*reads)
            ask = Ask.of(task, today, file)
            rows[task.service, task.action] += answered(self.scenario, ask)
            moved += self.scenario.moves(ask)
        self.diary.letters += [letter for letter in moved if letter.on > today]
        first = [letter for letter in moved if letter.on <= today]
        return [*first, *(Letter(today, service, path, tuple(sent)) for (service, path), sent in rows.items())]

    async def _send(self, letters: Iterable[Letter]) -> None:
        for number, letter in enumerate(letters):
            key = f"{self.diary.today}-{self.diary.round}-{number}"
            if not letter.tried:
                await self.reach.post(letter.service, letter.path, key, letter.rows)
            for n, row in enumerate(letter.rows if letter.tried else ()):
                try:
                    await self.reach.post(letter.service, letter.path, f"{key}-{n}", [row])
                except Refusal as refusal:
                    if refusal.status != HTTPStatus.CONFLICT:
                        raise

    def _keep(self) -> None:
        if self._path:
            draft = self._path.with_suffix(".new")
            draft.write_bytes(msgspec.json.encode(self.diary))
            draft.replace(self._path)
