"""A task carries its answer: the fields of the command that answers it, as far as the system knows them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from typing import Any

import msgspec

from deploy.demo.answers import COMMANDS, Awaited, Row, as_command
from deploy.demo.memory import Memory
from deploy.demo.officers import Officers
from deploy.demo.regions.benxi.story import START, Benxi
from deploy.local.supervisor import SERVICES
from shared.rules import Refused

BY_PEOPLE = {"place"}
"""What a pool that spans several divisions cannot fill in, although every command has it."""


ASKED = {
    "surveys": {("township", "3.1")},
    "diagnoses": {("county", "3.1")},
    "households": {("township", "1.18"), ("poverty_office", "1.18")},
    "measurements": {("township", "1.18"), ("poverty_office", "1.18")},
    "exit-requests": {("township", "5.1")},
    "notices": {("township", "5.1")},
    "objection-decisions": {("county", "5.1")},
    "approvals": {("county", "5.1")},
    "matchings": {("organisation", "3.2")},
    "assignments": {("organisation", "3.2")},
    "replacements": {("unit", "2.20")},
    "commitments": {("unit", "S3:第三项"), ("team", "S3:第三项"), ("team", "S3:第一项")},
    "reconciliations": {("team", "S3:第一项")},
    "settlements": {("team", "S3:第一项")},
    "seed-hashes": {("inspection", "S3:第四项"), ("discipline", "S3:第四项")},
    "seeds": {("inspection", "S3:第四项"), ("discipline", "S3:第四项")},
    "visits": {("inspection", "S3:第四项")},
    "order-closings": {("township", "1.6")},
    "reports": {("team", "3.8")},
    "ballots": {("village", "3.8")},
    "grades": {("organisation", "2.15")},
    "verification-seed-hashes": {("inspection", "5.3"), ("discipline", "5.3")},
    "verification-seeds": {("inspection", "5.3"), ("discipline", "5.3")},
    "verifications": {("inspection", "5.3")},
    "defences": {("organisation", "S3:第四项"), ("discipline", "S3:第四项")},
    "decisions": {("organisation", "S3:第四项"), ("discipline", "S3:第四项")},
    "appeal-decisions": {("organisation", "S3:第四项")},
}
"""Of whom each answer is asked in Benxi, and by which rule or clause: people look up there why it is they."""


class Watched(Memory):
    """The services in memory; every task that was ever awaited is kept by its action."""

    def __init__(self) -> None:
        super().__init__(START)
        self.seen: dict[str, Awaited] = {}
        self.asked: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self.signed_by_others: dict[str, str | None] = {}

    async def tasks(self) -> list[Awaited]:
        found = await super().tasks()
        self.seen |= {task.action: task for task in found}
        for service in self.world.services.values():
            for state in service.states.values():
                if policy := service.book.at(state.place, self.world.today):
                    for task in state.tasks(policy):
                        self.asked[task.action].add((task.role, task.rule))
        return found

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        """Let a body that has no part in it send each kind of command first; what it is refused for is kept."""
        command: Any = as_command(service, path, rows[0])
        if hasattr(command, "body") and not command.by_token and path not in self.signed_by_others:
            try:
                self.world.command(service, msgspec.structs.replace(command, body="finance"))
                self.signed_by_others[path] = None
            except Refused as refused:
                self.signed_by_others[path] = refused.field
        await super().post(service, path, key, rows)


async def test_what_a_task_fills_in_are_fields_of_its_command_and_fit_their_types() -> None:
    reach = Watched()

    async def nothing(_day: date) -> None: ...

    await Officers(Benxi(2014, 12), reach).live(date(2016, 1, 31), nothing)
    assert len(reach.seen) > 20
    assert {action: reach.asked[action] for action in ASKED} == ASKED
    by = {route.path: route.by for service in SERVICES for route in import_module(f"services.{service}.api").COMMANDS}
    for action, asked in reach.asked.items():
        assert not by[action] or {role for role, _ in asked} <= {*by[action]}, f"who is asked for {action} may say it"
    assert len(reach.signed_by_others) > 15
    assert {path: field for path, field in reach.signed_by_others.items() if field != "body"} == {}
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
