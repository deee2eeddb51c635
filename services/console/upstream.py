"""The HTTP client of the services: the console asks and commands in the name of whoever looks at a page."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote

import httpx
import msgspec

from shared.divisions import place_of
from shared.engine.requests import IDEMPOTENCY_KEY
from shared.engine.shares import owners
from shared.web.problems import Fault, Problem

WITHIN: Final = 30.0
"""Seconds within which a service must answer a question."""
DONE_WITHIN: Final = 100.0
"""Seconds within which it must answer commands. If its database is away, it waits for it up to 90 seconds and then
still does them. A page that gave up earlier would say that nothing was done, and the person would send them again."""


class Shown(Protocol):
    """Whatever has the token that says who asks."""

    @property
    def token(self) -> str:
        """The bearer token; empty where nobody is asked who he is."""


class Refusal(Exception):
    """A service says no, or nothing at all. `faults` say what is wrong, in both languages."""

    def __init__(self, status: int, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{status}: {'; '.join(fault.en for fault in faults)}")
        self.status, self.faults = status, faults


class Upstream:
    """The services' processes, by name: `registry`, or `registry-1-of-2` where replicas share the prefectures."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = dict(sources)
        self._http = httpx.AsyncClient(timeout=WITHIN, trust_env=False, follow_redirects=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, service: str, path: str, visitor: Shown, *, at: str = "", **params: Any) -> Any:
        """The decoded answer of the process that keeps the division `at`, or else the `place` that is asked for. Raises
        Refusal.

        Where replicas share a service and no place is named, all are asked, and their lists are joined.
        """
        place = at or str(params.get("place") or params.get("below") or "")
        names = self.processes(service, place)
        found = await asyncio.gather(*(self._json("GET", name, path, visitor, params=params) for name in names))
        return [one for answer in found for one in answer] if len(found) > 1 else found[0]

    async def all(self, path: str, visitor: Shown, **params: Any) -> dict[str, Any]:
        """The answers of all processes that keep the `place` that is asked for, by name. For a process that refuses or
        is away, its Refusal takes the place of the answer."""
        names = self.keeping(str(params.get("place") or ""))

        async def of(name: str) -> Any:
            try:
                return await self._json("GET", name, path, visitor, params=params)
            except Refusal as refusal:
                return refusal

        return dict(zip(names, await asyncio.gather(*map(of, names)), strict=True))

    async def healths(self) -> dict[str, dict[str, Any]]:
        """What each process says of its health, by part; nothing for one that does not answer."""

        async def of(name: str) -> dict[str, Any]:
            try:
                answer = await self._http.get(f"{self.sources[name]}/health")
                return msgspec.json.decode(answer.content, type=dict[str, Any])
            except (httpx.HTTPError, msgspec.MsgspecError):
                return {}

        return dict(zip(self.sources, await asyncio.gather(*map(of, self.sources)), strict=True))

    async def post(
        self,
        service: str,
        path: str,
        visitor: Shown,
        body: Any,
        *,
        key: str,
        dry_run: bool = False,
        params: Mapping[str, Any] = {},
    ) -> Any:
        """The decoded answer to commands: a list of them, or one. Raises Refusal.

        The same commands with the same `key` are done only once.
        """
        commands = body if isinstance(body, list) else [body]
        place = str(params.get("place") or (commands[0].get("place", "") if commands else ""))
        asked = {**params, "dry_run": True} if dry_run else params
        return await self._json(
            "POST",
            self.keeper(service, place),
            path,
            visitor,
            params=asked,
            content=msgspec.json.encode(commands),
            seconds=DONE_WITHIN,
            headers={IDEMPOTENCY_KEY: key, "content-type": "application/json"},
        )

    async def cadre_name(self, visitor: Shown, id: str, place: str) -> str:
        """A cadre's name, as the registry shows it to the visitor; empty where it does not."""
        try:
            found = await self.get("registry", f"/v1/cadres/{quote(id, safe='')}", visitor, at=place)
        except Refusal:
            return ""
        return str(found.get("name", "")) if isinstance(found, dict) else ""

    def keeper(self, service: str, place: str) -> str:
        """The process of a service that keeps a place, or what belongs to a wider division itself."""
        return self.processes(service, place_of(place))[0]

    def keeping(self, place: str) -> list[str]:
        """The processes of all services that keep a place."""
        services = dict.fromkeys(name.partition("-")[0] for name in self.sources)
        return [name for service in services for name in self.processes(service, place)]

    def processes(self, service: str, place: str = "") -> list[str]:
        """The processes of a service that keep a place: one, or several if the place is shared by several replicas."""
        named = [name for name in self.sources if name.partition("-")[0] == service]
        if len(named) > 1:
            numbers = {str(number) for number in owners(place, len(named))}
            named = [name for name in named if name.split("-")[1] in numbers]
        return named

    async def send(
        self,
        method: str,
        name: str,
        path: str,
        visitor: Shown,
        *,
        params: Mapping[str, Any] = {},
        content: bytes | None = None,
        headers: Mapping[str, str] = {},
        seconds: float = WITHIN,
    ) -> httpx.Response:
        """The answer of one process, by its name or address, within so many seconds. Raises Refusal unless it is a
        success."""
        shown = {"authorization": f"Bearer {visitor.token}"} if visitor.token else {}
        query = {name: _written(value) for name, value in params.items() if value is not None}
        try:
            answer = await self._http.request(
                method,
                f"{self.sources.get(name, name)}{path}",
                params=query,
                content=content,
                headers={**headers, **shown},
                timeout=seconds,
            )
        except httpx.HTTPError:
            zh, en = (
                "服务暂无应答，请稍后再试或告知运维",
                "the service does not answer; try again later, or tell operations",
            )
            raise Refusal(503, (Fault(0, "away", zh, en),)) from None
        if answer.status_code >= 400:
            raise Refusal(answer.status_code, _faults(answer.content))
        return answer

    async def _json(self, method: str, name: str, path: str, visitor: Shown, **more: Any) -> Any:
        answer = await self.send(method, name, path, visitor, **more)
        return msgspec.json.decode(answer.content)


def _written(value: Any) -> Any:
    """A value as it stands in a query."""
    return ("false", "true")[value] if isinstance(value, bool) else value


def _faults(body: bytes) -> tuple[Fault, ...]:
    """What a refusal (problem+json) says."""
    try:
        told = msgspec.json.decode(body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return (
            Fault(0, "system", "服务的答复无法识别，请告知运维", "an answer that is none of ours; tell operations"),
        )
    zh, _, en = told.title.partition(" / ")
    faults = tuple(told.errors) or (Fault(0, "", zh, en or zh),)
    return tuple(_SENT_BEFORE if fault.rule == IDEMPOTENCY_KEY else fault for fault in faults)


_SENT_BEFORE: Final = Fault(
    0,
    IDEMPOTENCY_KEY,
    "本页先前已经提交过，内容与这次不同。请先查看办理结果；仍要按现在所填办理的，请再提交一次",
    "this page was sent before, with other content: look at what came of it first; to have done what stands here now, "
    "send it once more",
)
"""What is said instead of a service's words about a used key. A person does not know of keys: he has gone back to a
page that he had sent, and changed it."""
