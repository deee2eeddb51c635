"""Days that the services miss."""

from datetime import date

from deploy.demo.world import World


def sleep(world: World, until: date) -> None:
    """All services are away until a day, and wake on that day alone, as after an outage."""
    world.today = until
    world.deliver({name: service.pass_day(until).facts for name, service in world.services.items()})
