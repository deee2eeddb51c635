"""The incentives alone, and what becomes of a case: what is heard, and what officers do about it."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from deploy.demo.world import Service, World
from services.incentives.model.commands import Decide, DecideAppeal, HearDefence, ServeDecision
from services.incentives.model.record import Case, Record
from services.incentives.reactions import DUE, REACTIONS
from shared.contracts import Event
from shared.contracts.dispatch import Member, TeamReleased
from shared.contracts.incentives import OutcomeDecided
from shared.contracts.inspection import AssessmentGraded, OrderOverdue
from shared.contracts.registry import PolicyAdopted
from shared.engine.flow import Cause, derived_id
from shared.policy import parse_pack

BENXI = tomllib.loads((Path(__file__).parents[2] / "shared/policy/packs/benxi.toml").read_text())
TODAY = date(2015, 1, 10)
DAY = timedelta(1)
EXAMINED = dict.fromkeys(("inexperience", "exploration", "unintended"), False)
"""The three distinctions, none of which speaks for the subject."""
VILLAGE, COUNTY, CITY = "210521100201", "210521", "210500"
TEAM, LEADER, UNIT = ("team", VILLAGE), ("cadre", "C1"), ("unit", "U2105-001")


def world_with(**changes: Any) -> World:
    """The incentives alone, on the day on which the tests begin, under Benxi's pack or a changed one."""
    world = World(TODAY, Service("incentives", REACTIONS, DUE))
    adopted = PolicyAdopted(place=CITY, version=BENXI["version"], adopted_by="市委组织部", pack={**BENXI, **changes})
    world.services["incentives"].take([Cause(derived_id("pack"), "pack", adopted)], TODAY)
    return world


def hear(world: World, *events: Event) -> None:
    """Let the incentives hear what other services say."""
    for n, event in enumerate(events):
        result = world.services["incentives"].take([Cause(derived_id(event, n), VILLAGE, event)], world.today)
        assert not result.parked
        world.deliver({"incentives": result.facts})


def graded(grade: str = "competent", *triggers: str, year: int = 2014, leader: str = "C1") -> AssessmentGraded:
    return AssessmentGraded(
        place=COUNTY, village=VILLAGE, year=year, unit=UNIT[1], leader=leader, score=50, grade=grade,
        triggers=triggers, decided_by="市委组织部",
    )  # fmt: skip


def overdue(times: int = 1, order: str = "unannounced-2014-4/210521100201", village: str = VILLAGE) -> OrderOverdue:
    return OrderOverdue(place=village[:6], village=village, order=order, unit=UNIT[1], leader=LEADER[1], times=times)


def released(spell: int = 1, village: str = VILLAGE) -> TeamReleased:
    team = (Member(LEADER[1], "leader"),)
    return TeamReleased(place=village[:6], village=village, unit=UNIT[1], spell=spell, team=team, served_days=1200)


def record(world: World, subject: tuple[str, str]) -> Record:
    found: Record = world.state("incentives", Record, ":".join(subject))
    return found


def only(world: World, subject: tuple[str, str]) -> str:
    """The id of the one outcome in a record."""
    (outcome,) = record(world, subject).cases
    return outcome


def step(command: type[Any], subject: tuple[str, str], outcome: str, **fields: Any) -> Any:
    fields = {"place": CITY} | fields
    return command(subject_kind=subject[0], subject=subject[1], outcome=outcome, **fields)


def decide(world: World, subject: tuple[str, str], **fields: Any) -> Any:
    fields = {
        "imposed": True,
        **EXAMINED,
        "body": "organisation",
        "decided_by": "本组决〔2015〕3号",
        "standing": "civil_servant" if subject[0] == "cadre" else None,
    } | fields
    world.command("incentives", step(Decide, subject, only(world, subject), **fields))
    return world.said(OutcomeDecided)[-1]


def serve(world: World, subject: tuple[str, str], on: date | None = None, body: str = "organisation") -> None:
    command = step(ServeDecision, subject, only(world, subject), served_on=on or world.today, body=body)
    world.command("incentives", command)


def hear_defence(world: World, subject: tuple[str, str], *, accepted: bool = False) -> None:
    said = {"statement": "因路断未能到村", "finding": "经核实，当日道路通行", "accepted": accepted}
    world.command("incentives", step(HearDefence, subject, only(world, subject), **said))


def case(world: World, subject: tuple[str, str]) -> Case:
    return record(world, subject).cases[only(world, subject)]


def answer_appeal(world: World, subject: tuple[str, str], *, overturned: bool, body: str = "organisation") -> None:
    outcome = only(world, subject)
    world.command(
        "incentives", step(DecideAppeal, subject, outcome, overturned=overturned, body=body, decided_by="复核组")
    )


def tasks(world: World, subject: tuple[str, str]) -> list[tuple[str, str, date | None]]:
    found = record(world, subject)
    assert found.awaits == bool(list(found.tasks(parse_pack(BENXI)))), "the column and the tasks must agree"
    return [(task.action, task.role, task.due) for task in found.tasks(parse_pack(BENXI))]


def recalled(world: World, **decision: Any) -> Any:
    """A recall of the leader that is decided after a hearing, and served on the same day."""
    hear(world, graded("incompetent"))
    hear_defence(world, LEADER)
    decided = decide(world, LEADER, **decision)
    if decided.imposed:
        serve(world, LEADER)
    return decided
