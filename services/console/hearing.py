"""Hears the open events of all services and changes the read tables by them.

Each replica of a service has a feed of its own. A page of events, the rows that they change and the cursor behind them
are one transaction, so that whatever dies in between, each event counts once. If a service refuses a cursor because its
journal is another one now, as after a restored backup, what was read from it is void. Then all read tables are emptied
and made anew.
"""

import asyncio
import time
from contextlib import contextmanager
from datetime import UTC, date
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError

from services.console import store
from services.console.model.rows import Told, decoded
from services.console.store import Position, Store
from shared.contracts.registry import PolicyAdopted
from shared.policy import PolicyBook
from shared.web.following import WAIT, AnotherJournal, Away, Chosen, Event, Feeds

log = structlog.get_logger()
BATCH: Final = 1000
"""Events on a page: as many as a service gives."""
AGAIN: Final = 5.0
"""Seconds before another attempt after a failed one."""
SOON: Final = 0.5
"""The same for a source that has not answered yet: it may have been started a moment ago."""
SILENT: Final = WAIT + 30.0
"""Seconds without an answer of a source after which it counts as standing still."""
MOST_WAITING: Final = 64
"""How many messages may wait for a listener. A slower one is told that any village may have changed."""


class Source(msgspec.Struct):
    """How it stands with one source."""

    name: str
    position: Position = Position()
    answered: float = 0.0
    """When it last gave a page, on the monotonic clock; 0 if it has not yet."""
    trouble: str = ""


class Hearing:
    """Follows the feeds of all sources."""

    def __init__(self, of: Store, feeds: Feeds) -> None:
        self.store, self._feeds = of, feeds
        self.sources = {name: Source(name) for name in feeds.sources}
        self._book: PolicyBook | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._listeners: set[asyncio.Queue[frozenset[str]]] = set()

    async def start(self) -> None:
        """Begin to follow."""
        self._tasks = [asyncio.create_task(self._follow(source)) for source in self.sources.values()]

    async def stop(self) -> None:
        """Stop. What was being taken in is taken in again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._feeds.aclose()

    @property
    def is_current(self) -> bool:
        """Whether every source was read to its end at least once, so that the pages show the whole."""
        return all(source.position.is_current for source in self.sources.values())

    @property
    def standing(self) -> tuple[Position, ...]:
        """How far each source was read. As long as it is the same, so is what the read tables say."""
        return tuple(source.position for source in self.sources.values())

    @property
    def today(self) -> date | None:
        """The latest business day of the events heard so far; None before the first."""
        days = [source.position.day for source in self.sources.values() if source.position.day]
        return date.fromisoformat(max(days)) if days else None

    async def policies(self) -> PolicyBook:
        """The packs that were adopted, for their words."""
        if not self._book:
            async with self.store.engine.connect() as conn:
                self._book = await store.policies(conn)
        return self._book

    def health(self) -> dict[str, str]:
        """For each source, `ok` or what is wrong."""
        parts: dict[str, str] = {}
        for source in self.sources.values():
            silent = time.monotonic() - source.answered
            if source.trouble:
                state = source.trouble
            elif not source.answered:
                state = f"尚未读取 {source.name} 的事件 / {source.name} was not asked yet"
            elif silent > SILENT:
                zh = f"{source.name} 已 {silent:.0f} 秒没有应答，请查看是否在运行"
                state = f"{zh} / {source.name} has answered nothing for {silent:.0f} s; is it running?"
            elif not source.position.is_current:
                day = source.position.day
                zh = f"正在建立查询表，{source.name} 已读到 {day or '起点'}"
                state = f"{zh} / the tables are being made; {source.name} is read up to {day or 'nothing yet'}"
            else:
                state = "ok"
            parts[f"feed {source.name}"] = state
        return parts

    @contextmanager
    def listening(self) -> Any:
        """A queue of the codes of villages whose rows have changed; an empty set where any may have."""
        queue: asyncio.Queue[frozenset[str]] = asyncio.Queue(MOST_WAITING)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    # ------------------------------------------------------------------ following

    async def _follow(self, source: Source) -> None:
        while True:
            try:
                await self.step(source)
                continue
            except Away as error:
                trouble = f"读不到 {source.name} 的事件 / {error}"
            except (OSError, DBAPIError) as error:
                trouble = f"数据库暂不可用 / the database is not available: {type(error).__name__}"
            except Exception as error:
                log.error("events cannot be taken in", source=source.name, exc_info=error)
                en = f"an event of {source.name} cannot be taken in: {type(error).__name__}; see the log"
                trouble = f"{source.name} 的事件无法读入，请查看日志 / {en}"
            if trouble != source.trouble:
                log.warning("a source is not read", source=source.name, why=trouble)
            source.trouble = trouble
            await asyncio.sleep(AGAIN if source.answered else SOON)

    async def step(self, source: Source, wait: int = WAIT) -> bool:
        """Take in the next page of a source. Returns whether there is more."""
        async with self.store.engine.connect() as conn:
            at = source.position = await store.position(conn, source.name)
        try:
            is_well = at.is_current and source.answered and not source.trouble
            page = await self._feeds.page(source.name, Chosen(), at.cursor, wait=wait if is_well else 0, limit=BATCH)
        except AnotherJournal:
            log.warning("another journal: the read tables are made anew", source=source.name)
            async with self.store.writing() as conn:
                if await store.position(conn, source.name) == at:
                    await store.forget(conn)
            for other in self.sources.values():
                other.position = Position()
            return True
        told = [one for event in page.events if (one := _told(event))]
        day = page.events[-1].day if page.events else at.day
        after = Position(page.after, day, at.is_current or page.end)
        changed: set[str] = set()
        if after != at:
            async with self.store.writing() as conn:
                if await store.position(conn, source.name) != at:  # The tables were emptied meanwhile.
                    return True
                changed = await store.take_in(conn, told)
                await store.move(conn, source.name, after)
        source.position, source.answered, source.trouble = after, time.monotonic(), ""
        if any(isinstance(one.event, PolicyAdopted) for one in told):
            self._book = None
        self._tell(frozenset(changed))
        return not page.end

    def _tell(self, changed: frozenset[str]) -> None:
        for queue in self._listeners if changed else ():
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                changed = frozenset()
            queue.put_nowait(changed)


def _told(event: Event) -> Told | None:
    data = msgspec.json.decode(event.body, type=_Data).data
    return decoded(event.type, bytes(data), event.day, event.time.astimezone(UTC).isoformat())


class _Data(msgspec.Struct):
    data: msgspec.Raw
