"""The pull feed in the terminal: what is told in the open, in sentences, for operators and a stranger's first look."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from heapq import merge
from pathlib import Path
from time import sleep
from typing import Annotated, Any, Final

import httpx
import msgspec
import typer

from deploy.cli.reach import (
    DEFAULT,
    FolderOption,
    PlaceOption,
    Trouble,
    client,
    console,
    keeping,
    kinds,
    open_client,
    require_service,
)
from deploy.language import chosen, told
from deploy.language import day as in_language
from deploy.local.supervisor import SERVICES
from shared.contracts import EVENTS, Envelope, teller
from shared.policy import Policy

app = typer.Typer()
BETWEEN: Final = 1.0
"""Seconds between two looks at feeds that have no more for now."""


class _Page(msgspec.Struct):
    """An answer of the feed."""

    events: list[Envelope]
    after: str
    end: bool


class _Feed:
    """One replica's feed, read on from where it was read to."""

    def __init__(self, service: str, http: httpx.Client, asked: dict[str, Any]) -> None:
        self.service, self.http, self.asked, self.after = service, http, asked, ""

    def snapshot(self, place: str, about: str) -> Iterator[dict[str, Any]]:
        """The present states, page by page. What is read from the feed afterwards begins right after them."""
        asked = {"about": about} if about else {"place": place}
        found = self.http.get("/v1/snapshots", params=asked).json()
        self.after = found["after"]
        yield from found["states"]
        while found["page"]:
            found = self.http.get("/v1/snapshots", params={**asked, "page": found["page"]}).json()
            yield from found["states"]

    def rest(self) -> Iterator[Envelope]:
        """The events that it has now after the last one that was read."""
        end = False
        while not end:
            asked = {k: v for k, v in self.asked.items() if not (self.after and k == "since")}
            answer = self.http.get("/v1/events", params={**asked, "after": self.after}).content
            page = msgspec.json.decode(answer, type=_Page)
            self.after, end = page.after, page.end
            yield from page.events


@app.command()
def events(
    service: Annotated[str, typer.Argument(help="服务，不填为全部 · the service; all without it")] = "",
    place: PlaceOption = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="自哪个业务日期起 · from this business day on")
    ] = None,
    about: Annotated[str, typer.Option(help="只看一个村等的编号 · about this village alone, or whatever it is")] = "",
    type: Annotated[list[str] | None, typer.Option(help="只看此类事件，可多次 · of these types alone")] = None,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="先列现状，再列其后的事件 · first what is known, then what follows it")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="继续等待新的事件 · go on waiting for more")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON · one JSON text to a line")] = False,
    folder: FolderOption = DEFAULT,
) -> None:
    """公开事件：逐条以文字列出，可续看 · the open events in sentences, as subscribers get them by the pull feed."""
    if service:
        require_service(service)
    asked = {"below": place, "since": since and f"{since:%Y-%m-%d}", "about": about}
    asked = {name: value for name, value in asked.items() if value}
    feeds = [
        _Feed(name, open_client(url, name, folder), asked | {"type": types})
        for name, types in _asked_of(service, type or []).items()
        for url in keeping(folder, name, place)
    ]
    show: Callable[[Envelope], None] = _raw if as_json else _in_words(folder)
    if snapshot:
        for one in feeds:
            _standing(one, place, about, as_json=as_json)
    while True:
        for envelope in merge(*(one.rest() for one in feeds), key=lambda one: one.time):
            show(envelope)
        if not follow:
            break
        sleep(BETWEEN)


def _asked_of(service: str, types: list[str]) -> dict[str, list[str]]:
    """Which types each service is asked for. Raises Trouble for a type that does not exist, of which nobody would ever
    hear."""
    if wrong := [one for one in types if one not in EVENTS]:
        like = get_close_matches(wrong[0], EVENTS, 1)
        zh = f"是否为“{like[0]}”？" if like else "全部类型见 docs/events"
        en = f"perhaps {like[0]}?" if like else "docs/events has all"
        raise Trouble(f"没有事件类型“{wrong[0]}”，{zh} / there is no event type {wrong[0]}; {en}")
    if service:
        return {service: types}
    own = {name: [one for one in types if teller(one) == f"urn:zhucun:{name}"] for name in SERVICES}
    return {name: of for name, of in own.items() if of or not types}


def _standing(feed: _Feed, place: str, about: str, *, as_json: bool) -> None:
    """Show what is known now: each state as JSON, or how many there are of each kind and status."""
    if as_json:
        for one in feed.snapshot(place, about):
            console.say(_text(one))
        return
    counts = Counter(one["kind"] for one in feed.snapshot(place, about))
    for kind, number in sorted(counts.items()):
        zh, en = kinds(feed.service)[kind].known_as
        console.say(told(f"现状：{zh}（“{kind}”）{number}条", f"now: {number} of {kind} ({en})"))


def _raw(envelope: Envelope) -> None:
    """Show an event as subscribers get it, on one line."""
    console.say(_text(envelope))


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _in_words(folder: Path) -> Callable[[Envelope], None]:
    """A function that shows an event as a sentence, in the words of the pack that is in force where it happened."""
    from deploy.demo.village import in_force
    from shared.telling import happened, line

    @cache
    def policy(place: str) -> Policy | None:
        return in_force(client(folder, "registry", place), place)

    def show(envelope: Envelope) -> None:
        event = happened(envelope).event
        (sentence, _basis) = line(event, envelope.occurredon, policy(event.place), {})
        console.say(f"{in_language(envelope.occurredon)}  {envelope.subject}  {chosen(sentence)}")

    return show
