"""Whatever happens in whatever order: the journey is kept, no rule is passed by, and every task can be done."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.registry.model import commands as c
from shared.contracts import Command
from shared.contracts.journey import JOURNEY
from shared.contracts.registry import VillageDelisted
from shared.rules import Refused, Task
from tests.registry.county import (
    APPROVE,
    AT,
    HELP,
    LETTER,
    MATCHED,
    MEASURES,
    MET,
    NOTICE,
    OBJECT,
    REFUSE,
    RELEASED,
    REQUEST,
    TOPICS,
    UPHOLD,
    County,
    again,
    assigned,
    household,
    record,
    verdict,
)

ARROWS = {(move.source, move.target) for move in JOURNEY}


def answer(task: Task, poor: int, agrees: bool, today: date) -> Command:
    """What an officer does about a task."""
    year = int(task.detail.split()[-1]) if task.action in ("households", "measurements") else 0
    topic, step = task.detail.split(",")[0], task.answer.get("step")
    facts = (household("H1"), household("H9", poor, 500))
    answers: dict[str, Any] = {
        "surveys": lambda: record(1 + TOPICS.index(topic), topic, on=today),
        "diagnoses": lambda: c.Diagnose(body="county", **AT, problem_class="lagging_economy", decided_by="县委"),
        "households": lambda: c.RecordHouseholds(**AT, year=year, households=facts, recorded_by="镇"),
        "measurements": lambda: c.MeasureIndicators(**AT, year=year, values=MET, measured_by="镇"),
        "exit-requests": lambda: REQUEST,
        "notices": lambda: NOTICE,
        "objection-decisions": lambda: again(UPHOLD, objection=int(task.detail), upheld=agrees),
        "approvals": lambda: again(APPROVE, step=step, approved=agrees or step != "approve"),
        "fallback-measures": lambda: MEASURES,
    }
    command: Command = answers[task.action]()
    return command


class AnyOrder(RuleBasedStateMachine):
    """A village to which anything may happen on any day."""

    @initialize(stage=st.sampled_from(["listed", "helped", "measured", "verified", "noticed", "decidable", "released"]))
    def begin(self, stage: str) -> None:
        self.county = getattr(County(), stage)()
        self.stage = self.county.village.stage

    @rule(poor=st.sampled_from([1, 5, 60]), agrees=st.booleans(), first=st.booleans())
    def do_a_task(self, poor: int, agrees: bool, first: bool) -> None:
        """A task can be done, and is gone when it is done."""
        tasks = self.county.tasks
        if not tasks:
            return
        task = tasks[0 if first else -1]
        agrees = agrees and not (task.action == "approvals" and self.county.village.unmet)
        self.step(answer(task, poor, agrees, self.county.world.today))
        assert task not in self.county.tasks

    @rule(command=st.sampled_from([REQUEST, NOTICE, OBJECT, UPHOLD, APPROVE, REFUSE, MEASURES]))
    def try_anything(self, command: Command) -> None:
        before = self.county.snapshot()
        try:
            self.step(command)
        except Refused:
            assert self.county.snapshot() == before

    @rule(event=st.sampled_from([MATCHED, LETTER, HELP, RELEASED]))
    def hear_anything(self, event: Any) -> None:
        self.county.hear(event)
        self.moved(1)

    @rule(passed=st.booleans())
    def hear_a_verdict(self, passed: bool) -> None:
        exit = self.county.village.exit
        self.county.hear(verdict(exit.attempt if exit else 1, passed))
        self.moved(1)

    @rule()
    def help_begins(self) -> None:
        for event in (MATCHED, assigned(self.county.village.spell), LETTER, HELP):
            self.county.hear(event)
            self.moved(1)

    @rule(days=st.sampled_from([1, 7, 30, 200]))
    def days_pass(self, days: int) -> None:
        self.county.until(self.county.world.today + timedelta(days))
        self.moved(0)

    @precondition(lambda self: self.stage == "noticed")
    @rule(number=st.integers(1, 3))
    def someone_objects(self, number: int) -> None:
        self.try_anything(again(OBJECT, objection=number))

    def step(self, command: Command) -> None:
        village = self.county.village
        events = self.county.do(command)
        if any(isinstance(event, VillageDelisted) for event in events):
            assert village.exit is not None and not village.exit.open_objections
            assert not village.unmet and village.exit.step == village.exit.steps[-1]
        self.moved(2)

    def moved(self, steps: int) -> None:
        """The stage moved along the arrows of the journey, at most so many."""
        reached = {self.stage}
        for _ in range(steps):
            reached |= {target for source, target in ARROWS if source in reached}
        assert self.county.village.stage in reached
        self.stage = self.county.village.stage

    @invariant()
    def stands_where_it_should(self) -> None:
        village = self.county.village
        assert (village.exit is not None) == (village.stage in ("requested", "verified", "noticed"))
        assert village.exit or "step" not in village.timers
        until = village.exit.notice_until if village.exit and not village.exit.notice_over else None
        dues = [
            task.due for task in self.county.tasks if task.action in ("notices", "objection-decisions", "approvals")
        ]
        for due in dues if until is None else (*dues, until):
            assert due and (due < self.county.world.today or village.timers["step"] <= due + timedelta(1))
        assert len(self.county.baseline.surveys) == village.spell


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
