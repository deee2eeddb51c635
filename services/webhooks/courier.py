"""The couriers: one for each endpoint, which sends it events, village by village in order, and keeps what fails."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Final, TypeVar

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError

from services.webhooks import signing, store
from services.webhooks.feed import held
from services.webhooks.model import Endpoint, Held, Outcome, delivery, endpoint
from services.webhooks.sender import Sender
from services.webhooks.store import MOST_HELD, Store
from shared.calendar import DAY
from shared.denied import Denied
from shared.web.following import TAIL, WAIT, AnotherJournal, Away, Chosen, Event, Feeds

log = structlog.get_logger()
T = TypeVar("T")
AT_ONCE: Final = 8
"""Villages of which an endpoint is sent events at the same time."""
LOOK: Final = 60.0
"""Seconds after which an endpoint looks into the feeds although nobody said that there is something new."""
AGAIN: Final = 5.0
"""Seconds before another attempt to reach a service or the database."""
UNKNOWN: Final = (
    "安装密钥不是原来的那一份，对方不会认签名，暂不推送：请恢复原密钥文件；已丢失的，用 zhucun webhook rotate 换发密钥",
    "the installation's secret is not the former one, so no receiver would believe a signature, and nothing is sent: "
    "restore the file of the secret; if it is lost, make other ones by `zhucun webhook rotate`",
)
"""What an operator is told about an endpoint whose secret was derived from another installation's secret, for example
when only the database was restored."""
CLOUDEVENTS: Final = "application/cloudevents+json; charset=utf-8"


class Post:
    """What all couriers share."""

    def __init__(
        self, of: Store, feeds: Feeds, installation: bytes, sender: Callable[[], Sender], patience: float
    ) -> None:
        self.store, self.feeds, self.patience, self._installation, self._sender = (
            of,
            feeds,
            patience,
            installation,
            sender,
        )
        self.mark = signing.mark(installation)
        self._couriers: dict[str, Courier] = {}
        self.away: dict[str, str] = {}
        """Why a source cannot be read now, by its name."""
        self._tasks: set[asyncio.Task[None]] = set()

    def sender(self) -> Sender:
        """A client for an endpoint."""
        return self._sender()

    def is_known(self, one: Endpoint) -> bool:
        """Whether its receiver would accept signatures from here. It would not if its secret was derived from another
        installation's."""
        return one.mark in ("", self.mark)

    def secret(self, one: Endpoint) -> str:
        """The newest secret of an endpoint."""
        return signing.secret(self._installation, one.id, one.generation)

    def secrets(self, one: Endpoint) -> list[str]:
        """The secrets of an endpoint that are valid now. Raises Denied (503) if they were derived from another
        installation's secret."""
        if not self.is_known(one):
            raise Denied("webhooks", *UNKNOWN, status=503)
        return [signing.secret(self._installation, one.id, number) for number in one.valid(time.time())]

    async def start(self) -> None:
        """Send what is due, and watch every source for more."""
        async with self.store.writing() as conn:
            known = await store.endpoints(conn)
            for one in known:
                if not one.mark:
                    await store.save(conn, msgspec.structs.replace(one, mark=self.mark))
        for one in known:
            self.employ(one.id)
        for source in self.feeds.sources:
            self._keep(self._watch(source))

    async def stop(self) -> None:
        """Stop all. What was being sent is sent again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.feeds.aclose()

    def employ(self, id: str) -> None:
        """Begin to serve an endpoint, or make its courier look at what has changed."""
        if id in self._couriers:
            self._couriers[id].woken.set()
        else:
            self._couriers[id] = Courier(self, id)
            self._keep(self._couriers[id].run())

    def is_idle(self, id: str) -> bool:
        """Whether an endpoint has been sent all that its services have told."""
        courier = self._couriers.get(id)
        return bool(courier and courier.is_idle and not courier.woken.is_set())

    def dismiss(self, id: str) -> None:
        """An endpoint was removed."""
        self._couriers.pop(id, None)

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, source: str) -> None:
        """Wake the couriers when a source has told something."""
        cursor = ""
        while True:
            try:
                # The first page after an outage is not waited for, so that the couriers go on at once.
                wait = WAIT if cursor and source not in self.away else 0
                page = await self.feeds.page(source, Chosen(), cursor or TAIL, wait=wait, limit=1)
                if page.events:
                    page = await self.feeds.page(source, Chosen(), TAIL, limit=1)
                is_back = self.away.pop(source, None)
                if page.after != cursor or is_back:
                    for courier in self._couriers.values():
                        courier.woken.set()
                cursor = page.after
            except AnotherJournal:
                cursor = ""
            except Away as error:
                if self.away.get(source) != str(error):
                    log.warning("a service's events cannot be read", why=str(error))
                self.away[source] = str(error)
                await asyncio.sleep(AGAIN)


class Courier:
    """Serves one endpoint. It alone changes the endpoint's position and what is held for it, apart from what people ask
    for over HTTP."""

    def __init__(self, post: Post, id: str) -> None:
        self._post, self._id, self.woken = post, id, asyncio.Event()
        self.is_idle = False
        """Whether all that was told has been read for it."""
        self._sender = post.sender()

    async def run(self) -> None:
        """Serve the endpoint until it is removed."""
        try:
            while (seconds := await self._served()) is not None:
                with suppress(TimeoutError):  # `wait_for` would miss a stop that comes together with a wake.
                    async with asyncio.timeout(seconds):
                        await self.woken.wait()
        finally:
            await self._sender.aclose()

    async def _served(self) -> float | None:
        self.woken.clear()
        self.is_idle = False
        try:
            return await self.step()
        except (OSError, DBAPIError) as error:
            log.warning("the database is not available", error=type(error).__name__)
        except Exception as error:
            log.error("a courier failed", endpoint=self._id, exc_info=error)
        return AGAIN

    async def step(self) -> float | None:
        """Send what is due. Returns the seconds until there may be more; None once the endpoint is removed."""
        now = time.time()
        async with self._post.store.engine.connect() as conn:
            one = await store.endpoint(conn, self._id)
            due = await store.heads(conn, self._id, now, AT_ONCE) if one else []
            held_count = await store.count(conn, self._id) if one else 0
        if not one:
            return None
        if not self._is_served(one):
            return LOOK
        if one.next > now:
            return one.next - now
        if due:
            # The first shows whether the endpoint answers at all.
            await self._again(one, due[0])
            if await self._is_open():
                await together(self._again(one, head) for head in due[1:])
            return 0.0
        more, is_whole = False, held_count < MOST_HELD
        if is_whole:
            for source in self._post.feeds.of(one.asked.types):
                try:
                    more = await self._read(one, source) or more
                except Away:  # Other sources are read meanwhile. `_watch` wakes this courier when the source is back.
                    is_whole = False
                if not await self._is_open():
                    return 0.0
        async with self._post.store.engine.connect() as conn:
            next_due = await store.next_due(conn, self._id)
        self.is_idle = is_whole and not more
        return 0.0 if more else max(0.0, min(LOOK, (next_due or now + LOOK) - time.time()))

    # ------------------------------------------------------------------ new events

    async def _read(self, one: Endpoint, source: str) -> bool:
        """Send the next page of a source. What is not taken is held, so the page is done with in any case.

        Returns whether the source has more.
        """
        async with self._post.store.engine.connect() as conn:
            cursor, day = await store.position(conn, self._id, source)
            blocked = await store.held_subjects(conn, self._id)
        at = cursor or str(one.asked.since or yesterday())
        try:
            page = await self._post.feeds.page(source, chosen(one), at)
        except AnotherJournal:
            await self._begin_again(one, source, day)
            return True
        groups = defaultdict[str, list[Event]](list)
        for event in page.events:
            groups[event.subject].append(event)
        limit = asyncio.Semaphore(AT_ONCE)

        async def serve(subject: str, events: list[Event]) -> Iterable[Held]:
            async with limit:
                return await self._first(events, source, at, is_blocked=subject in blocked)

        kept = await together(serve(subject, events) for subject, events in groups.items())
        places = {event.id: place for place, event in enumerate(page.events)}
        rest = sorted((event for group in kept for event in group), key=lambda event: places[event.id])
        last = page.events[-1].day if page.events else day
        if page.after != cursor:
            async with self._post.store.writing() as conn:
                if await store.endpoint(conn, self._id):
                    await store.hold(conn, self._id, rest)
                    # If somebody has asked meanwhile for everything from a day on, that position stays.
                    if await store.position(conn, self._id, source) == (cursor, day):
                        await store.move(conn, self._id, source, page.after, last)
        return not page.end

    async def _first(self, events: list[Event], source: str, cursor: str, *, is_blocked: bool) -> list[Held]:
        """Send the events of one village for the first time, until one fails. Returns those that must wait."""
        for place, event in enumerate(events):
            now = time.time()
            one = None if is_blocked else await self._open_endpoint()
            outcome = await self._send(one, event) if one else None
            if outcome and outcome.is_delivered:
                await self._note(outcome, is_first=True)
                continue
            waiting = [held(other, source, cursor, now) for other in events[place:]]
            if outcome:
                await self._note(outcome, is_first=True)
                waiting[0] = delivery.put_off(waiting[0], outcome, now, random.random(), self._post.patience)
            return waiting
        return []

    async def _begin_again(self, one: Endpoint, source: str, day: str) -> None:
        """Read a source again from the first day of which something may be missing; its receiver recognises by their
        ids the events that it has."""
        async with self._post.store.writing() as conn:
            first = await store.forget_source(conn, self._id, source)
            cursor, _ = await store.position(conn, self._id, source)
            # It is a day if reading began again before, and stays so until a page is read.
            begun = cursor if len(cursor) == len(TAIL) else ""
            since = min(filter(None, (first, day, begun)), default=str(yesterday()))
            await store.move(conn, self._id, source, since, since)
            if found := await store.endpoint(conn, one.id):
                await store.save(conn, msgspec.structs.replace(found, reread=f"{source} {since}"))
        log.warning("a service's journal is another one; its events are sent again", endpoint=self._id, since=since)

    # ------------------------------------------------------------------ events that wait

    async def _again(self, one: Endpoint, head: Held) -> None:
        """Send an event that waits, with its body read again."""
        try:
            event = await self._body(one, head)
        except Away:
            async with self._post.store.writing() as conn:
                await store.update_held(conn, self._id, msgspec.structs.replace(head, next=time.time() + LOOK))
            return
        if event is None:
            return
        outcome, now = await self._send(one, event), time.time()
        async with self._post.store.writing() as conn:
            if outcome.is_delivered:
                await store.taken(conn, self._id, head)
            else:
                put_off = delivery.put_off(head, outcome, now, random.random(), self._post.patience)
                await store.update_held(conn, self._id, put_off)
                if put_off.next is None:
                    log.error("an event was not taken for days", endpoint=self._id, id=head.id, error=outcome.error)
        await self._note(outcome, is_first=False)

    async def _body(self, one: Endpoint, head: Held) -> Event | None:
        """An event that waits, from its service. None if the service has it no more."""
        choice, at = chosen(one), head.cursor
        try:
            while True:
                page = await self._post.feeds.page(head.source, choice, at)
                found = next((event for event in page.events if event.id == head.id), None)
                if found:
                    return found
                if not choice.about:  # The cursor may be from a resend, which reads the events of one village alone.
                    choice = chosen(one, head.subject)
                elif page.end:
                    break
                else:
                    at = page.after
        except AnotherJournal:
            await self._begin_again(one, head.source, head.day)
            return None
        async with self._post.store.writing() as conn:
            zh, en = f"“{head.source}”已没有此事件", f"{head.source} has it no more"
            gone = msgspec.structs.replace(head, next=None, error=en, zh=zh)
            await store.update_held(conn, self._id, gone)
        return None

    # ------------------------------------------------------------------ common

    async def _send(self, one: Endpoint, event: Event) -> Outcome:
        return await sent(self._sender, one, self._post.secrets(one), event.id, event.body)

    async def _note(self, outcome: Outcome, *, is_first: bool) -> None:
        """Write what an attempt says about the endpoint."""
        now = time.time()
        async with self._post.store.writing() as conn:
            one = await store.endpoint(conn, self._id)
            if not one or one.status != "active":
                return
            changed = endpoint.after(one, outcome, now, random.random(), self._post.patience, is_first=is_first)
            if outcome.is_delivered and not one.failures and now - one.delivered_at < 1:
                return
            await store.save(conn, changed)
        if changed.status != one.status:
            log.error("an endpoint takes no more events", endpoint=self._id, status=changed.status, error=changed.error)

    async def _open_endpoint(self) -> Endpoint | None:
        """The endpoint, if it may be sent something now."""
        async with self._post.store.engine.connect() as conn:
            one = await store.endpoint(conn, self._id)
        return one if one and self._is_served(one) and one.next <= time.time() else None

    def _is_served(self, one: Endpoint) -> bool:
        return one.status == "active" and self._post.is_known(one)

    async def _is_open(self) -> bool:
        return await self._open_endpoint() is not None


async def together(works: Iterable[Coroutine[None, None, T]]) -> list[T]:
    """The results of what runs at the same time. If one fails, the others are stopped before its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def sent(sender: Sender, one: Endpoint, secrets: list[str], id: str, body: bytes) -> Outcome:
    """Send a signed CloudEvent to an endpoint."""
    signed = signing.headers(id, int(time.time()), body, secrets)
    return await sender.post(one.asked.url, body, {"content-type": CLOUDEVENTS, **signed})


def chosen(one: Endpoint, about: str = "") -> Chosen:
    """The events that an endpoint is sent; those about one village, if it is named."""
    return Chosen(one.asked.division, one.asked.types, about)


def yesterday() -> date:
    """The day before, in whatever zone."""
    return datetime.now(UTC).date() - DAY
