"""What is said elsewhere: whatever command a test has accepted would have been refused in another county.

Rights are granted by division, and a caller is asked for those in the `place` that the command names. So a rule that
does not compare it with where its state lies lets the people of any county reach every other one.
"""

from typing import Any, Final

from msgspec.structs import replace

from deploy.demo.world import World
from services.dispatch.model.commands import HoldCourse, RecordAttendance
from services.registry.model.commands import RegisterUnit
from shared.contracts import Command
from shared.rules import Refused
from tests.support.twice import dry

ANYWHERE: Final[dict[type[Command], str]] = {
    RegisterUnit: "a new unit belongs to whoever registers it; one that is known is refused elsewhere",
    HoldCourse: "whoever holds a course enters it for his own division, where the villages that it names must lie",
    RecordAttendance: "each county records who of it came to the city's course; another county's course is refused",
}
"""Commands that may be said in several counties, each with the reason."""


def always() -> None:
    """Have the first command of each request of each world said in another county as well, from now on."""
    at_home = World.command

    def elsewhere(self: World, service: str, *payloads: Any) -> Any:
        said = payloads[0] if payloads else None
        if not isinstance(said, Command) or type(said) in ANYWHERE:
            return at_home(self, service, *payloads)
        foreign = replace(said, place=another(said.place))
        would = dry(self.services[service], f"elsewhere {self.commands}", foreign, self.today)
        result = at_home(self, service, *payloads)
        assert all(isinstance(parked.error, Refused) for parked in would.parked), would.parked
        told = [fact.event for fact in would.facts]
        assert not told and not would.changed, f"{said} is accepted from {foreign.place} as well: {told}"
        return result

    World.command = elsewhere  # type: ignore[method-assign]


def another(place: str) -> str:
    """Another county of the same prefecture."""
    return place[:4] + ("21" if place[4:] == "22" else "22")
