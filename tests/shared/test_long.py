"""What takes long is decided beside the service's loop, so that whoever asks something else meanwhile is answered."""

import threading
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import pytest

from services.dispatch.app import SERVICE as DISPATCH
from services.dispatch.model.commands import SolveMatching
from services.registry.app import SERVICE as REGISTRY
from services.registry.model.commands import AdoptPolicy
from shared.contracts import Command, Event
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline, Service
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from tests.dispatch.benxi import CITY, PACK, START, V1, diagnosed, squad, unit
from tests.support.process import delivery
from tests.support.servers import engine_with

ADOPTED = PolicyAdopted(place=CITY, version=PACK["version"], adopted_by="市委", pack=PACK)
ADOPT = AdoptPolicy(place=CITY, pack=PACK, adopted_by="市委")
SOLVE = SolveMatching(place=CITY, matching="m1", asked_by="市委组织部", body="organisation")
WAITING: Mapping[type[Command], Sequence[Event]] = {
    AdoptPolicy: (),
    SolveMatching: (ADOPTED, unit("U1"), *squad("U1"), diagnosed(V1)),
}
"""What each service has heard before the command."""


@pytest.mark.parametrize(
    ("service", "command", "rule"), [(REGISTRY, ADOPT, "adopt"), (DISPATCH, SOLVE, "match")], ids=["pack", "matching"]
)
async def test_the_rule_of_a_long_command_runs_in_a_thread_of_its_own(
    service: Service, command: Command, rule: str
) -> None:
    pipeline = Pipeline(
        service, await engine_with("sqlite+aiosqlite://", service.tables), Relay(nowhere), "http://localhost/schemas"
    )
    await pipeline.start()
    for number, event in enumerate((DayPassed(day=START), *WAITING[type(command)]), 1):
        await handle(pipeline, OPEN, [delivery(event, number, policy=PACK["version"])])
    ran: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and f"services/{service.name}/model" in frame.f_code.co_filename:
            ran.add(frame.f_code.co_name)

    threading.setprofile(note)  # It is told of threads that begin from now on.
    try:
        await submit(pipeline, "a request", [command])
    finally:
        threading.setprofile(None)
    await pipeline.engine.dispose()
    assert rule in ran


async def nowhere(_stream: str, _messages: Sequence[Message]) -> None:
    """Nobody else listens."""
