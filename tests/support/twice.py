"""What is said twice: whatever command a test has accepted is sent once more, and must change nothing any more.

People repeat what they sent when an answer was lost, each time as a request of its own.
"""

from datetime import date
from typing import Any, Final

from deploy.demo.world import Service, World
from services.dispatch.model.commands import Reconcile
from services.registry.model.commands import WithdrawLetter
from shared.contracts import Command
from shared.engine.flow import Cause, Missing, Result, States, Terms, run
from shared.rules import Refused

GO_ON: Final = (Reconcile, WithdrawLetter)
"""A second one answers the next of the days that are open, or takes back the entry before."""


def always() -> None:
    """Have each command of each world sent twice from now on."""
    once = World.command

    def twice(self: World, service: str, *payloads: Any) -> Any:
        result = once(self, service, *payloads)
        if payloads and isinstance(payloads[-1], Command):
            repeat(self, self.services[service], payloads[-1])
        return result

    World.command = twice  # type: ignore[method-assign]


def repeat(world: World, service: Service, command: Command) -> None:
    """Send a command once more, and keep nothing of what it does: it must be refused, or change nothing."""
    if isinstance(command, GO_ON):
        return
    result = dry(service, f"again {world.commands}", command, world.today)
    assert all(isinstance(parked.error, Refused) for parked in result.parked), result.parked
    assert not result.facts and not result.changed, f"{type(command).__name__} said twice: {result.facts}"


def dry(service: Service, id: str, command: Command, today: date) -> Result:
    """What a service would make of a command. Nothing of it is kept."""
    packs = service.book.packs
    loaded: States = {}
    while True:
        try:
            result = run(Terms(service.wiring, service.book, today), [Cause(id, id, command)], loaded)
        except Missing as missing:
            loaded |= {key: service.states.get(key) for key in missing.keys}
        else:
            break
    service.book.restore(packs)
    return result
