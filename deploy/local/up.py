"""The real calendar: a schedule that nats-server keeps says when a day begins in China."""

from shared import bus


async def start_calendar(nats: str) -> None:
    """Set the daily schedule, and let today begin at once, since the next midnight may be far.

    Days that passed while the system was stopped need no message of their own: what fell due on them is done today.
    """
    broker = await bus.connect(nats, "calendar")
    js = broker.connection.jetstream()
    await bus.declare_streams(js)
    await bus.schedule_days(js)
    await js.publish(bus.DAY_DUE, b"")
    await broker.stop()
