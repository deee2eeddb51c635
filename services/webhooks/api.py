"""What the operator, administrators and subscribers ask for, and what a receiver may ask with its endpoint's secret."""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import uuid4

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from services.webhooks import store
from services.webhooks.callers import Call, Callers
from services.webhooks.courier import UNKNOWN, Post, chosen, sent, yesterday
from services.webhooks.feed import held, require_types
from services.webhooks.lag import lags
from services.webhooks.model import Endpoint, Held, Lag, NewEndpoint, Outcome, endpoint
from services.webhooks.model.address import require_sendable
from services.webhooks.model.right import AUDIT
from services.webhooks.sender import Sender
from shared.denied import Denied
from shared.engine import audit
from shared.engine.audit import AuditLog
from shared.web.asgi import Answer, Request, Routes, told
from shared.web.documents import LINES, Number, says
from shared.web.following import TAIL, AnotherJournal, Away

TEST: str = "zhucun.webhooks.test.v1"
"""The type of the event that only tells a receiver that it would get others."""
MOST_ENDPOINTS, MOST_OWN = 500, 10
"""The most endpoints, and the most that a subscriber adds for itself."""
LATE = 86_400.0
"""Seconds after which an operator is told that an endpoint is behind; receivers see it at once."""
ORIGIN = "zhucun"
"""Who we say that we are in the handshake."""


class Shown(msgspec.Struct, kw_only=True):
    """An endpoint as the operator and its receiver see it."""

    id: str
    url: str
    division: str
    types: tuple[str, ...]
    description: str
    contact: str
    status: str
    waiting: int
    """Events that it has not taken and that are kept for it. While it rests, later events are not read yet."""
    standing: int
    """Those of them that are tried no more."""
    delivered_at: datetime | None
    next: datetime | None
    """Before this time nothing is sent."""
    error: str
    zh: str
    """`error` in Chinese."""
    reread: str
    lacks: int
    """Events that it has not taken, those included that were not read for it yet, as far as they were counted."""
    lacks_more: bool
    """Whether there are more than were counted."""
    oldest_day: str
    """The business day of the oldest of them; empty if it lacks none."""
    oldest_at: datetime | None
    """When that event was told."""
    away: tuple[str, ...]
    """The services that do not answer now, so that their part of the lag is not known."""


class Undelivered(msgspec.Struct, kw_only=True):
    """An event that an endpoint has not taken."""

    id: str
    subject: str
    type: str
    day: str
    source: str
    attempts: int
    next: datetime | None
    error: str
    zh: str
    """`error` in Chinese."""


About = Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f\ufffd]*$(?!\n)")]
"""A village, by its id."""


class Again(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent again."""

    about: About = ""
    """The village; all if there is none."""
    since: date | None = None
    """The first business day. Without it, only what was not taken."""


class Added(msgspec.Struct, kw_only=True):
    """An endpoint that was added. Its secret is told once."""

    id: str
    secret: str
    status: str
    error: str
    zh: str
    """`error` in Chinese."""


class Tested(msgspec.Struct, kw_only=True):
    """How a test went: the status that the receiver answered, and what was wrong."""

    is_delivered: bool
    status: int
    error: str
    zh: str
    """`error` in Chinese."""


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another secret."""

    at_once: bool = False
    """Whether earlier secrets end now, since somebody else may know one."""


class Api:
    """The addresses of this process."""

    def __init__(self, post: Post, sender: Callable[[], Sender], plain: set[str], log: AuditLog, callers: Callers):
        self._post, self._store, self._sender, self._plain = post, post.store, sender, plain
        self._log, self._callers = log, callers

    @property
    def routes(self) -> Routes:
        """By method and path."""
        guarded: Mapping[tuple[str, str], Callable[[Call], Awaitable[Answer]]] = {
            ("GET", "/v1/endpoints"): self.list_endpoints,
            ("POST", "/v1/endpoints"): self.add,
            ("GET", "/v1/endpoints/{name}"): self.show,
            ("GET", "/v1/endpoints/{name}/undelivered"): self.undelivered,
            ("POST", "/v1/endpoints/{name}/test"): self.test,
            ("POST", "/v1/endpoints/{name}/resend"): self.resend,
            ("POST", "/v1/endpoints/{name}/pause"): self.pause,
            ("POST", "/v1/endpoints/{name}/resume"): self.resume,
            ("POST", "/v1/endpoints/{name}/rotate"): self.rotate,
            ("POST", "/v1/endpoints/{name}/remove"): self.remove,
            ("GET", "/v1/audit"): self.audit,
        }
        known = {at: self._callers.asked(" ".join(at), handle) for at, handle in guarded.items()}
        return {**known, ("GET", "/health"): self.health, ("GET", "/health/ready"): self.health}

    @says(answers=dict[str, str], asks=False)
    async def health(self, _request: Request) -> Answer:
        """Whether the database and the services' feeds answer, which endpoints no longer take events or take them late,
        and which have secrets that were derived from another secret of the installation."""
        async with self._store.engine.connect() as conn:
            known = await store.endpoints(conn)
            still = [
                one.id
                for one in known
                if one.status in ("standing", "gone") or await store.count(conn, one.id, only_standing=True)
            ]
            since = [(one, one.failing_since or (await store.oldest(conn, one.id))[1]) for one in known]
        late = [one.id for one, at in since if one.status == "active" and 0 < at < time.time() - LATE]
        zh = [f"{'、'.join(still)} 已停止推送"] if still else []
        zh += [f"{'、'.join(late)} 一天以上没有送达"] if late else []
        en = [f"no longer taken by {', '.join(still)}"] if still else []
        en += [f"not taken for a day by {', '.join(late)}"] if late else []
        said = f"{'；'.join(zh)}，见 zhucun webhook list / {'; '.join(en)}: zhucun webhook list" if en else "ok"
        away = self._post.away
        feeds = f"读不到 {'、'.join(away)} 的事件 / {'; '.join(away.values())}" if away else "ok"
        strange = [one.id for one in known if not self._post.is_known(one)]
        secret = f"{'、'.join(strange)}：{UNKNOWN[0]} / {', '.join(strange)}: {UNKNOWN[1]}" if strange else "ok"
        return told({"database": "ok", "feeds": feeds, "deliveries": said, "secret": secret})

    @says(query={"after": Number}, media=[LINES])
    async def audit(self, call: Call) -> Answer:
        """The audit log's entries after a number, for the audit administrator of the country."""
        if not call.by.may(AUDIT, ""):
            raise Denied("role", "限审计管理员", "it is for the audit administrator", status=403)
        return Answer(body=audit.encode(await self._log.read(call.request.number("after"))), media=LINES)

    @says(answers=list[Shown])
    async def list_endpoints(self, call: Call) -> Answer:
        """The endpoints that whoever asks looks after."""
        if call.by.endpoint:
            raise call.by.refused()
        async with self._store.engine.connect() as conn:
            own = [one for one in await store.endpoints(conn) if call.by.keeps(one)]
        of = await lags(self._post, own)
        async with self._store.engine.connect() as conn:
            return told([await self._shown(conn, one, lag) for one, lag in zip(own, of, strict=True)])

    @says(takes=NewEndpoint, answers=Added, status=201)
    async def add(self, call: Call) -> Answer:
        """Add an endpoint, and ask its receiver whether it wants events. The secret is told once."""
        asked = call.request.json(NewEndpoint)
        owner = call.by.owner(asked.division)
        require_sendable(asked.url, self._plain)
        require_types(asked.types)
        one = Endpoint(id=f"w-{secrets.token_hex(8)}", asked=asked, owner=owner, mark=self._post.mark)
        call.about = one.id
        begin = await self._begin(one)
        confirmed, outcome = await self._confirmed(one)
        async with self._store.writing() as conn:
            _require_room(await store.endpoints(conn), owner)
            await store.save(conn, confirmed)
            for source, at in begin.items():
                await store.move(conn, one.id, source, at, str(asked.since or yesterday()))
        self._post.employ(one.id)
        secret = self._post.secret(one)
        added = Added(id=one.id, secret=secret, status=confirmed.status, error=outcome.error, zh=outcome.zh)
        return told(added, 201)

    @says(answers=Shown)
    async def show(self, call: Call) -> Answer:
        """One endpoint."""
        async with self._store.engine.connect() as conn:
            one = await self._named(conn, call, by_receiver=True)
        return await self._told(one)

    @says(query={"about": About}, answers=list[Undelivered])
    async def undelivered(self, call: Call) -> Answer:
        """The first events that an endpoint has not taken; `about` names a village."""
        async with self._store.engine.connect() as conn:
            one = await self._named(conn, call, by_receiver=True)
            found = await store.waiting(conn, one.id, call.request.query.get("about", ""))
        return told([_undelivered(event) for event in found])

    @says(answers=Tested)
    async def test(self, call: Call) -> Answer:
        """Ask an unconfirmed receiver anew whether it wants events, and send it a test event without data."""
        async with self._store.engine.connect() as conn:
            one = await self._named(conn, call)
        outcome = Outcome(200)
        if one.status == "unconfirmed":
            confirmed, outcome = await self._confirmed(one)
            if confirmed.status == "active":
                await self._change(call, endpoint.resumed)
        if outcome.is_delivered:
            id = str(uuid4())
            event = {
                "specversion": "1.0",
                "id": id,
                "source": "urn:zhucun:webhooks",
                "type": TEST,
                "time": datetime.now(UTC),
                "datacontenttype": "application/json",
                "data": {},
            }
            async with aclosing(self._sender()) as sender:
                outcome = await sent(sender, one, self._post.secrets(one), id, msgspec.json.encode(event))
        return told(
            Tested(is_delivered=outcome.is_delivered, status=outcome.status, error=outcome.error, zh=outcome.zh)
        )

    @says(takes=Again, answers=dict[str, int])
    async def resend(self, call: Call) -> Answer:
        """Send again what was not taken; with `since`, also what was taken of that day or later."""
        asked = call.request.json(Again)
        async with self._store.engine.connect() as conn:
            one = await self._named(conn, call)
        now, again = time.time(), list[Held]()
        sources = self._post.feeds.of(one.asked.types)
        if asked.about and asked.since:
            for source in sources:
                again += await self._told_about(one, source, asked.about, str(asked.since), now)
        async with self._store.writing() as conn:
            count = await store.wake(conn, one.id, asked.about, str(asked.since or ""), now)
            if again:
                await store.hold(conn, one.id, again)
                count = len(again)
            if asked.since and not asked.about:
                for source in sources:
                    await store.move(conn, one.id, source, str(asked.since), str(asked.since))
        self._post.employ(one.id)
        return told({"waiting": count})

    @says(answers=Shown)
    async def pause(self, call: Call) -> Answer:
        """Send nothing until it is resumed. What follows meanwhile waits."""
        return await self._change(call, lambda one: msgspec.structs.replace(one, status="paused"), needs_confirmed=True)

    @says(answers=Shown)
    async def resume(self, call: Call) -> Answer:
        """Send again, whatever had stopped it. Refused only if the receiver was never confirmed."""
        return await self._change(call, endpoint.resumed, needs_confirmed=True)

    @says(takes=Rotation, answers=dict[str, str])
    async def rotate(self, call: Call) -> Answer:
        """Make another secret, told once; the one before also signs for a day, unless it should end at once, or was
        derived from another installation's secret."""
        asked = call.request.json(Rotation)

        def rotated(one: Endpoint) -> Endpoint:
            at_once = asked.at_once or not self._post.is_known(one)
            return msgspec.structs.replace(endpoint.rotated(one, time.time(), at_once=at_once), mark=self._post.mark)

        await self._change(call, rotated)
        async with self._store.engine.connect() as conn:
            return told({"secret": self._post.secret(await self._named(conn, call))})

    @says(answers=dict[str, str])
    async def remove(self, call: Call) -> Answer:
        """Forget an endpoint and what waits for it."""
        async with self._store.writing() as conn:
            one = await self._named(conn, call)
            await store.remove(conn, one.id)
        self._post.employ(one.id)
        self._post.dismiss(one.id)
        return told({})

    # ------------------------------------------------------------------ common

    async def _begin(self, one: Endpoint) -> dict[str, str]:
        """Where an endpoint begins to read each source. Raises Denied (503) if a source does not say it now."""
        begin = {}
        try:
            for source in self._post.feeds.of(one.asked.types):
                page = await self._post.feeds.page(source, chosen(one), str(one.asked.since or TAIL), limit=1)
                begin[source] = str(one.asked.since) if one.asked.since else page.after
        except (Away, AnotherJournal) as error:
            raise Denied(
                "webhooks",
                "暂时读不到各服务的事件，请稍后再试",
                f"the services' events cannot be read now; try again later ({error})",
                status=503,
            ) from None
        return begin

    async def _told_about(self, one: Endpoint, source: str, about: str, since: str, now: float) -> list[Held]:
        found, at = list[Held](), since
        try:
            while len(found) < store.MOST_HELD:
                page = await self._post.feeds.page(source, chosen(one, about), at)
                found += [held(event, source, at, now) for event in page.events]
                if page.end:
                    break
                at = page.after
        except (Away, AnotherJournal) as error:
            raise Denied(
                "webhooks", "暂时读不到各服务的事件，请稍后再试", f"try again later: {error}", status=503
            ) from None
        return found

    async def _confirmed(self, one: Endpoint) -> tuple[Endpoint, Outcome]:
        """The endpoint, active if its receiver wants events from this installation."""
        async with aclosing(self._sender()) as sender:
            outcome = await sender.allows(one.asked.url, ORIGIN)
        if outcome.is_delivered:
            return endpoint.resumed(one), outcome
        return msgspec.structs.replace(one, error=outcome.error, zh=outcome.zh), outcome

    async def _change(
        self, call: Call, change: Callable[[Endpoint], Endpoint], *, needs_confirmed: bool = False
    ) -> Answer:
        async with self._store.writing() as conn:
            one = await self._named(conn, call)
            if needs_confirmed and one.status == "unconfirmed":
                raise Denied(
                    "webhooks",
                    "接收方尚未同意接收，请先用 zhucun webhook test 确认",
                    "the receiver has not agreed yet; confirm it by `zhucun webhook test`",
                )
            changed = change(one)
            await store.save(conn, changed)
        self._post.employ(one.id)
        return await self._told(changed)

    async def _told(self, one: Endpoint) -> Answer:
        (lag,) = await lags(self._post, [one])
        async with self._store.engine.connect() as conn:
            return told(await self._shown(conn, one, lag))

    async def _shown(self, conn: AsyncConnection, one: Endpoint, lag: Lag) -> Shown:
        asked, (zh, en) = one.asked, (one.zh, one.error) if self._post.is_known(one) else UNKNOWN
        return Shown(
            id=one.id, url=asked.url, division=asked.division, types=asked.types, description=asked.description,
            contact=asked.contact, status=one.status, waiting=await store.count(conn, one.id),
            standing=await store.count(conn, one.id, only_standing=True), delivered_at=_time(one.delivered_at),
            next=_time(one.next), error=en, zh=zh, reread=one.reread, lacks=lag.count, lacks_more=lag.is_more,
            oldest_day=lag.day, oldest_at=_time(lag.since), away=lag.away,
        )  # fmt: skip

    async def _named(self, conn: AsyncConnection, call: Call, *, by_receiver: bool = False) -> Endpoint:
        """The endpoint of the path, for whoever looks after it, or for its own receiver. Raises Denied for others."""
        one = await store.endpoint(conn, call.request.name)
        if not one:
            raise Denied(
                "webhooks",
                f"没有接收地址“{call.request.name[:40]}”",
                f"there is no endpoint {call.request.name[:40]}",
                status=404,
            )
        if call.by.keeps(one) or (by_receiver and call.by.endpoint == one.id):
            return one
        raise call.by.refused()


def _require_room(known: list[Endpoint], owner: str) -> None:
    """Refuse (409) one endpoint too many, of all or of a subscriber's own."""
    for most, count in ((MOST_ENDPOINTS, len(known)), (MOST_OWN, sum(one.owner == owner != "" for one in known))):
        if count >= most:
            raise Denied(
                "webhooks",
                f"最多 {most} 个接收地址，请先删除不用的",
                f"there are {most} endpoints at most; remove one that is not in use",
            )


def _undelivered(one: Held) -> Undelivered:
    return Undelivered(
        id=one.id, subject=one.subject, type=one.type, day=one.day, source=one.source, attempts=one.attempts,
        next=None if one.next is None else datetime.fromtimestamp(one.next, UTC), error=one.error, zh=one.zh,
    )  # fmt: skip


def _time(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
