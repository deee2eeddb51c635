"""All services' rules in one memory, with one officer who answers every task that appears as a story says.

Tasks are answered at once, or some days after they came up. What the services say on a day may be delivered in any
order.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from deploy.access.permissions import WIRED
from deploy.demo.answers import ANSWERS, Ask, Awaited, Letter, Story, answered, as_command
from deploy.demo.world import Service, World
from shared.contracts import Event
from shared.contracts.journey import next_stage
from shared.engine.flow import Cause, Fact, derived_id
from shared.rules import Key, State, Task
from tests.support.invariants import Evidence, Said
from tests.support.twice import repeat

DAY = timedelta(1)


class County(World):
    """The county of a story, from its first day on, with its officer, who answers a task `lag` days after it came."""

    def __init__(self, story: Story, begin: date, lag: int = 0, shuffle: random.Random | None = None) -> None:
        services = (Service(name, wired.reactions, wired.due) for name, wired in WIRED.items())
        super().__init__(begin, *services, shuffle=shuffle)
        self.story, self.policy, self.begin, self.lag = story, story.policy, begin, timedelta(lag)
        self.letters = story.script()
        self.days: list[date] = []
        """The day of each fact."""
        self.asked: dict[Key, State] = {}
        self.awaited: dict[Key, list[tuple[Awaited, Task]]] = {}
        self.waiting: dict[Task, date] = {}
        """The tasks that are open, with the day on which each appeared."""

    def deliver(self, said: dict[str, list[Fact]]) -> None:
        """Remember the day of what is said."""
        super().deliver(said)
        self.days += [self.today] * (len(self.facts) - len(self.days))

    def send(self, letters: Iterable[Letter]) -> None:
        """Let people write to all services at once: what follows is told on one day in any order."""
        said: dict[str, list[Fact]] = defaultdict(list)
        for letter in letters:
            for row in letter.rows:
                self.commands += 1
                told = as_command(letter.service, letter.path, row)
                cause = Cause(derived_id("officer", self.commands), "officer", told)
                result = self.services[letter.service].take([cause], self.today)
                assert not result.parked, f"{self.today} {told}: {result.parked[0].error}"
                said[letter.service] += result.facts
                repeat(self, self.services[letter.service], told)
        self.deliver(said)

    def open_tasks(self) -> list[tuple[Awaited, Task]]:
        """Everything that people are awaited to do now; only states that changed are asked again."""
        for service in self.services.values():
            for key, state in service.states.items():
                if self.asked.get(key) is not state:
                    self.asked[key] = state
                    tasks = list(state.tasks(self.policy))
                    assert state.awaits or not tasks, f"{state.kind} {state.id} hides {tasks}"
                    self.awaited[key] = [(Awaited.of(service.name, state, task), task) for task in tasks]
        found = (line for lines in self.awaited.values() for line in lines)
        return sorted(found, key=lambda line: line[0][:3])

    def work(self) -> None:
        """Write what is planned for the day, and answer every task but those that the story or the lag lets wait."""
        self.send(letter for letter in self.letters if letter.on <= self.today)
        self.letters = [letter for letter in self.letters if letter.on > self.today]
        answered: set[Task] = set()
        for _ in range(50):
            tasks = self.open_tasks()
            known = {task for _, task in tasks}
            assert not answered & known, f"{self.today}: still awaited after the answer: {answered & known}"
            self.waiting = {task: self.waiting.get(task, self.today) for task in known}
            answers = {
                task: self.answers(awaited, ask)
                for awaited, task in tasks
                if self.today >= self.waiting[task] + self.lag and not self.story.waits(ask := self.ask(awaited))
            }
            if not answers:
                return
            answered = {*answers}
            self.send(letter for letters in answers.values() for letter in letters)
        raise AssertionError(f"{self.today}: tasks go round in circles: {answered}")

    def ask(self, awaited: Awaited) -> Ask:
        """A task with what its answer reads."""
        reads = ANSWERS[awaited.action].reads
        return Ask.of(awaited, self.today, self.all(*reads) if reads else {})

    def answers(self, awaited: Awaited, ask: Ask) -> list[Letter]:
        """What is sent today because of a task; what follows later is planned."""
        moved = [*self.story.moves(ask)]
        self.letters += [letter for letter in moved if letter.on > self.today]
        rows = tuple(answered(self.story, ask))
        return [*(m for m in moved if m.on <= self.today), Letter(self.today, awaited.service, awaited.action, rows)]

    def live(self, until: date) -> "County":
        """Let the days pass, and work on each."""
        self.work()
        while self.today < until:
            self.pass_days(self.today + DAY)
            self.work()
        return self

    # ------------------------------------------------------------------- afterwards

    def dated(self, event: type[Event], **fields: Any) -> list[tuple[date, Any]]:
        """The events of a type whose fields have these values, each with its day."""
        told = zip(self.days, (fact.event for fact in self.facts), strict=True)
        return [
            (day, said)
            for day, said in told
            if type(said) is event and all(getattr(said, field) == value for field, value in fields.items())
        ]

    def course(self, village: str) -> tuple[str, ...]:
        """The stages that a village went through."""
        stages = [""]
        for fact in self.facts:
            if getattr(fact.event, "village", None) == village:
                stages += [stage for stage in [next_stage(stages[-1], fact.event)] if stage != stages[-1]]
        return tuple(stages[1:])

    def evidence(self) -> Evidence:
        """What the invariants are judged by."""
        journals: dict[str, list[Said]] = {name: [] for name in self.services}
        streams: dict[str, list[str]] = {"open": [], "sealed": []}
        for day, fact in zip(self.days, self.facts, strict=True):
            service = fact.event.type.partition(".")[0]
            journals[service].append(Said(fact.id, fact.cause.id, service, day, fact.event))
            streams["sealed" if fact.event.is_sealed() else "open"].append(fact.id)
        return Evidence(
            policy=self.policy,
            journals=journals,
            streams=streams,
            states={
                name: {(kind.kind, id): state for (kind, id), state in service.states.items()}
                for name, service in self.services.items()
            },
            commands={derived_id("officer", number) for number in range(1, self.commands + 1)},
            days={
                day: f"day {day}" for day in (self.begin + n * DAY for n in range((self.today - self.begin).days + 1))
            },
            dead_letters=[parked for service in self.services.values() for parked in service.parked],
        )
