"""How a service runs: database, NATS, consumers, relay and HTTP in one process.

A signal stops them in order. An error in a background task is logged and ends the process, so that it does not go on
with only some of its parts.
"""

import asyncio
import gc
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from zlib import crc32

import structlog
from faststream.nats import NatsBroker
from msgspec import Meta
from nats import errors

from shared import contracts
from shared.contracts import Event
from shared.contracts.calendar import DayDue, DayPassed, HolidaysAnnounced
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.deliveries import handle, hear_names
from shared.engine.flow import ENVELOPE
from shared.engine.health import Health
from shared.engine.pipeline import Pipeline, Service
from shared.engine.shares import WHOLE, Share
from shared.settings import applied
from shared.stream import bus
from shared.stream.bus import CALENDAR, OPEN, SEALED
from shared.stream.consumer import MessagesLost, OrderedConsumer
from shared.stream.relay import Relay
from shared.web import http, issuers, process, serving, spoken
from shared.web.limits import Limits

log = structlog.get_logger()
LOOK = 5.0
"""Seconds between two checks of the streams and the schedule of days while all is well."""
RETRY = 0.5
"""Seconds between two checks while anything is amiss."""
NAMED = "named"
"""The name of the position that tells which kinds of names were heard from the start of the open stream (`named`)."""


class Settings(process.Served, kw_only=True):
    """The settings of a service, besides those of every process that speaks HTTP."""

    nats: str = "nats://127.0.0.1:4222"
    nats_key: Path | None = None
    """The file with the seed by which the service logs in to NATS, such as `registry.nk`."""
    nats_ca: Path | None = None
    """The file with the certificate authority, if the NATS servers speak TLS."""
    schemas: Annotated[str, Meta(pattern=r"^(https?://[!-~]{1,300}[^/])?$")] = ""
    """The public address below which subscribers find schemas, such as `https://zhucun.example/schemas`.

    It becomes part of every event, so it must never change. It may lead to any service, at `/schemas`. Without this
    address, events name their schemas by URN.
    """
    stream_replicas: Annotated[int, Meta(ge=1, le=5)] = 1
    simulated: bool = False
    """True where a simulation announces the days. Otherwise the registry does, when the schedule of days fires."""
    share: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$")] = "1/1"
    """Which replica this is, of how many: `2/3` is the second of three. Each has its own prefectures."""
    secret_file: Path | None = None
    """The file with the installation's secret, for seals of Excel forms and for tokens. It must never change."""
    issuers: str = ""
    """The file of the issuers by whose tokens people log in (`shared/web/issuers.py`), or `none`. With `none`, nobody
    is asked who he is, so nobody must be able to reach the service who may not do everything in it. If this is empty,
    the service does not start."""


def heard(service: Service, share: Share = WHOLE) -> dict[str, list[str]]:
    """The subjects that a service consumes, by stream: the events that its reactions name, except its own events,
    unless these come back (`comes_back`).

    Every service also hears days, holidays and policy packs. `DayDue` goes only to the first replica, which announces
    the day to all others.
    """
    told = {r.on for r in service.reactions if issubclass(r.on, Event)}
    named: set[type[Event]] = {DayPassed, HolidaysAnnounced, PolicyAdopted, *told}
    events = {event for event in named if event.comes_back or not event.type.startswith(f"{service.name}.")}
    return {
        CALENDAR: [bus.DAY_DUE] if share.number == 1 and any(r.on is DayDue for r in service.reactions) else [],
        OPEN: sorted(contracts.wire_filter(event) for event in events if event.sealing != "always"),
        SEALED: sorted(contracts.wire_filter(event, sealed=True) for event in events if event.sealing != "never"),
    }


def unhurried(service: Service) -> list[str]:
    """The ends of the subjects of those events to which the service has only `unhurried` reactions."""
    in_hurry = {r.on for r in service.reactions if not r.unhurried}
    return sorted(
        {
            f".{contracts.short_type(r.on.type)}"
            for r in service.reactions
            if issubclass(r.on, Event) and r.on not in in_hurry
        }
    )


def named(service: Service) -> tuple[list[str], int]:
    """The subjects of those events whose names a service keeps, and a checksum of these events and the kinds of state
    that keep them; 0 if it keeps none."""
    kept = {(r.on, r.kind.kind) for r in service.reactions if r.names and issubclass(r.on, Event)}
    told = sorted(f"{event.type} {kind}" for event, kind in kept)
    return sorted({contracts.wire_filter(event) for event, _ in kept}), crc32("\n".join(told).encode())


def collect_rarely() -> None:
    """Let Python search for garbage in reference cycles a hundred times less often.

    A batch makes thousands of objects and hardly any cycle, but the search took a fifth of the time. Objects that exist
    by now, such as imported modules, are never searched again.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def serve(service: Service, commands: Sequence[http.Route], queries: Sequence[Any] = ()) -> None:
    """Run a service until SIGINT or SIGTERM."""
    settings = Settings.read()
    process.run(service.name, settings, _run(service, commands, queries, settings))


async def _run(service: Service, commands: Sequence[http.Route], queries: Sequence[Any], settings: Settings) -> None:
    collect_rarely()
    with applied():
        engine, share = store.open_engine(settings.database, by_index=True), Share.parse(settings.share)
        secret = settings.secret_file.read_bytes() if settings.secret_file else b""
        trusted = issuers.named(settings.issuers, secret)
        bus.require_usable(settings.nats_key, settings.nats_ca)
    async with process.held(engine, service.name, settings) as hold:
        relay = Relay(lambda stream, messages: _send(health.broker, stream, messages))
        pipeline = Pipeline(service, engine, relay, settings.schemas, share, simulated=settings.simulated)
        await pipeline.start()
        health = Health(pipeline, [stream for stream, subjects in heard(service, share).items() if subjects])
        if trusted is None and pipeline.book.needs_persons:
            log.warning(
                "a pack wants two persons (four_eyes); with ZHUCUN_ISSUERS=none nobody knows who acts: not asked"
            )
        limits = Limits(settings.requests_a_minute)
        app = http.build(pipeline, commands, queries, health.parts, secret, health.lost, trusted, limits)
        named = [*process.named(service.name, settings.installation), *share.headers]
        server = serving.Server(app, serving.config(app, settings.host, settings.port, headers=named))

        def died(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()):
                log.error("a background task failed; the process stops", exc_info=error)
                server.should_exit = True

        by_event = {route.path: route.command for route in commands if route.command.by_event}
        runs = relay.run(), _talk(settings, health, by_event, limits), pipeline.note_published()
        tasks = [asyncio.create_task(run) for run in runs]
        for task in tasks:
            task.add_done_callback(died)
        try:
            await process.answer(server, hold)
        finally:
            for consumer in health.consumers.values():
                await consumer.stop()
            await _ended(tasks)
            if health.broker is not None:
                # A connection that is reconnecting cannot be drained, which loses nothing.
                with suppress(errors.Error):
                    await health.broker.stop()
    log.info("stopped")
    for task in tasks:
        if not task.cancelled() and (error := task.exception()):
            raise error


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended. A task that is just connecting may miss the first cancellation."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=RETRY)


async def _send(broker: NatsBroker | None, stream: str, messages: Sequence[bus.Message]) -> None:
    if broker is None:
        raise bus.PublishFailed("NATS is not connected yet")
    if stream == SEALED:
        messages = [*bus.joined(messages, broker.connection.max_payload)]
    await bus.publish_batch(broker.connection, stream, messages)


async def _talk(
    settings: Settings, health: Health, by_event: Mapping[str, type[contracts.Command]], limits: Limits
) -> None:
    """Connect to NATS as soon as it is there, start the consumers, and then check streams and schedule again and again.

    `by_event` has, by path, the commands that are also taken from NATS, within `limits`. HTTP answers all the while, so
    that `/health/ready` can say what is missing.
    """
    pipeline = health.pipeline
    subjects, name = heard(pipeline.service, pipeline.share), pipeline.share.named(pipeline.service.name)
    broker = health.broker = await bus.connect(settings.nats, name, settings.nats_key, settings.nats_ca)
    tells_days = bool(subjects[CALENDAR]) and not settings.simulated
    look = partial(_look, broker, health.streams, settings.stream_replicas, tells_days)
    health.amiss, _ = await look()
    if tells_days:
        with suppress(errors.Error):
            await bus.begin_today(broker.connection.jetstream())
    await _hear_names(broker, health, name)
    for stream in health.streams:
        health.consumers[stream] = OrderedConsumer(
            broker,
            stream=stream,
            durable=name,
            subjects=subjects[stream],
            handle=partial(handle, pipeline, stream),
            position=partial(_position, broker, pipeline, stream),
            published=pipeline.published,
            unhurried=unhurried(pipeline.service),
        )
        await health.consumers[stream].start()
    if OPEN in health.consumers:
        pipeline.open_is_read = health.consumers[OPEN].at_end
    if by_event:
        await spoken.hear(broker.connection, pipeline, by_event, limits)
    log.info("consuming", streams=list(health.consumers))
    while True:
        pipeline.wiring.largest = broker.connection.max_payload - ENVELOPE
        await asyncio.sleep(RETRY if health.amiss else LOOK)
        if broker.connection.is_connected:
            health.amiss, is_set = await look()
            if is_set:
                log.error("somebody took the schedule of days away; it was set again")


async def _hear_names(broker: NatsBroker, health: Health, durable: str) -> None:
    """If this version keeps names that an earlier one did not, hear the events with these names again, from the start
    of the open stream.

    Nothing else is read meanwhile, so that no old name replaces a newer one.
    """
    pipeline = health.pipeline
    subjects, mark = named(pipeline.service)
    if pipeline.positions.get(NAMED, 0) == mark:
        return

    async def before_all() -> int:
        return max((await broker.connection.jetstream().stream_info(OPEN)).state.first_seq - 1, 0)

    if await pipeline.position(OPEN):  # A service that has read nothing yet has missed nothing.
        consumer = health.consumers[OPEN] = OrderedConsumer(
            broker,
            stream=OPEN,
            durable=durable,
            subjects=subjects,
            handle=partial(hear_names, pipeline),
            position=before_all,
            published=pipeline.published,
        )
        await consumer.start()
        while not await consumer.at_end():  # noqa: ASYNC110 - only the server knows it
            await asyncio.sleep(RETRY)
        await consumer.stop()
        log.info("names are heard once more", messages=consumer.delivered)
    async with pipeline.writing, pipeline.transaction() as work:
        work.positions[NAMED] = mark


async def _position(broker: NatsBroker, pipeline: Pipeline, stream: str) -> int:
    """The last sequence of a stream that was read. Raises MessagesLost if the stream was deleted and made anew.

    The old stream may have held messages that were not read yet, which are lost with it.
    """
    read = await pipeline.position(stream)
    info = await broker.connection.jetstream().stream_info(stream)
    assert info.created
    if stream != CALENDAR and not await pipeline.is_same(stream, info.created):
        raise MessagesLost(stream, read + 1, max(info.state.first_seq, 1) - 1)
    return read


async def _look(
    broker: NatsBroker, streams: Collection[str], replicas: int, tells_days: bool
) -> tuple[dict[str, str], bool]:
    """What is amiss, by part (`streams`, `schedule`), and whether the schedule of days had to be set again.

    A service only reports what is wrong with streams: it has no right to change them. Whoever keeps them
    (`zhucun up`) has the installer's key and mends them. The schedule is set by the process that announces days.
    """
    js = broker.connection.jetstream(timeout=bus.ANSWERED_WITHIN)
    amiss: dict[str, str] = {}
    is_set = False
    try:
        faults = "; ".join(await bus.look_at_streams(js, streams, replicas))
    except (errors.Error, OSError) as error:
        faults = repr(error)
    if faults:
        amiss["streams"] = (
            "消息流缺失或被改动：请让 nats-server 和看守消息流的进程（zhucun up）恢复运行；"
            "若流被封存，请备份后重建，再运行 zhucun recover / "
            f"a stream is missing or was changed ({faults}): let nats-server recover, and whoever "
            "keeps the streams (`zhucun up`); a stream that somebody sealed is to be made anew, and then "
            "`zhucun recover`"
        )
    try:
        is_set = tells_days and await bus.start_calendar(js)
    except (errors.Error, OSError) as error:
        amiss["schedule"] = (
            "日程（每日零点）设不上：请检查 nats-server / "
            f"the schedule of days cannot be set ({error}): look at nats-server"
        )
    return amiss, is_set
