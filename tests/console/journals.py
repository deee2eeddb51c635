"""The open events of a story that was played in memory, as the services' feeds give them."""

from collections import defaultdict

from services.console.model.rows import Told
from shared.contracts import teller
from tests.support.lived import Dated


def journals(reach: Dated) -> dict[str, list[Told]]:
    """The open events of each service, as its feed gives them."""
    found = defaultdict[str, list[Told]](list)
    for number, (fact, day) in enumerate(zip(reach.world.facts, reach.days, strict=True)):
        if not fact.event.is_sealed():
            name = teller(fact.event.type).rpartition(":")[2]
            found[name].append(Told(fact.event, day, f"{number:09}", name))
    return found


def as_told(feeds: dict[str, list[Told]]) -> list[Told]:
    return sorted((one for feed in feeds.values() for one in feed), key=lambda one: one.time)
