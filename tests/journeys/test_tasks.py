"""A task carries its answer: the fields of the command that answers it, as far as the system knows them."""

from datetime import date
from typing import Any

import msgspec

from deploy.demo.answers import COMMANDS, Awaited
from deploy.demo.benxi import Scenario
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers

BY_PEOPLE = {"place"}
"""What a pool that spans several divisions cannot fill in, although every command has it."""


class Watched(Memory):
    """The services in memory; every task that was ever awaited is kept by its action."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Awaited] = {}

    async def tasks(self) -> list[Awaited]:
        found = await super().tasks()
        self.seen |= {task.action: task for task in found}
        return found


async def test_what_a_task_fills_in_are_fields_of_its_command_and_fit_their_types() -> None:
    reach = Watched()

    async def nothing(_day: date) -> None: ...

    await Officers(Scenario(2014, 12), reach).live(date(2016, 1, 31), nothing)
    assert len(reach.seen) > 20
    endless = {task.action for task in reach.seen.values() if task.due is None}
    assert endless <= {"verification-seed-hashes"}, "hashes are given before anybody knows when the exit is asked for"
    for task in reach.seen.values():
        command, answer = COMMANDS[task.service, task.action], dict(task.answer)
        types = {field.name: field.type for field in msgspec.structs.fields(command)}
        assert {*answer} <= {*types}, task
        known: Any = {name: msgspec.convert(value, types[name]) for name, value in answer.items()}
        assert known == answer
        required = {"place", "village", "body", "campaign", "subject"} & {*types}
        assert required <= {*answer} | BY_PEOPLE, f"{task.action} leaves to people what the system knows"
