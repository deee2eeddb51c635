"""A scripted officer who answers through the pages alone: he follows links, fills in forms and presses buttons."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from importlib import import_module
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from deploy.demo.answers import COMMANDS, Awaited, Row
from deploy.demo.officers import Refusal
from deploy.demo.simulation import BY_FORM, Simulation
from deploy.local.supervisor import System
from services.console.pages.day import mark
from shared import blanks
from shared.contracts import Command
from shared.divisions import jurisdiction_of
from shared.forms import Blank
from shared.policy import Policy
from shared.workbook.cells import cell, shown
from tests.support.workbooks import cells

CODE = re.compile(r"[a-z]{3,}|代码“|[a-z_]+=")
Field = dict[str, Any]
ACTING = ("/act/", "/forms/")
"""Where the forms lead by which something is done."""


class Page(HTMLParser):
    """A page as it is read: its links, the fields of the form that acts, and the text of its main part."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.hidden: list[tuple[str, str]] = []
        self.fields: dict[str, Field] = {}
        self.said: list[str] = []
        self._main = self._acts = False
        self._choosing = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        self._main |= tag == "main"
        if tag == "a" and self._main:
            self.links.append(of["href"])
        if tag == "form":
            self._acts = of.get("action", "").startswith(ACTING) and of.get("method") == "post"
        if tag == "option" and self._choosing:
            self.fields[self._choosing]["choices"].append(of["value"])
            if "selected" in of:
                self.fields[self._choosing]["value"] = of["value"]
        if not self._acts or not of.get("name"):
            return
        if of.get("type") == "hidden":
            self.hidden.append((of["name"], of["value"]))
        elif of.get("type") == "checkbox":
            field = self.fields.setdefault(of["name"], {"choices": [], "many": True, "value": ""})
            field["choices"].append(of["value"])
        elif tag in ("input", "select", "textarea"):
            self.fields[of["name"]] = {"choices": [], "value": of.get("value", ""), "many": False}
            self._choosing = of["name"] if tag == "select" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._choosing = ""
        if tag == "main":
            self._main = False

    def handle_data(self, data: str) -> None:
        if self._main and data.strip():
            self.said.append(data.strip())


class Pages(Simulation):
    """A play whose officers have a browser. What nobody is shown where nobody signs in goes another way."""

    def __init__(self, system: System, policy: Policy) -> None:
        super().__init__(system, policy)
        self.by_page: Counter[str] = Counter()
        self.otherwise: Counter[str] = Counter()
        self.codes: set[str] = set()
        """Texts on pages in which a code or an English word stands."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        url = self.system.url("console")
        self.browser = httpx.AsyncClient(base_url=url, timeout=120, trust_env=False, headers={"origin": url})
        return self

    async def __aexit__(self, *given: object) -> None:
        await self.browser.aclose()
        await super().__aexit__(*given)

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        command = COMMANDS[service, path]
        if path in BY_FORM or path == "policies" or service == "incentives" or command.by_token:
            self.otherwise[path] += len(rows)
            await super().post(service, path, key, rows)
            return
        tasks = await self.tasks()
        blank = blank_of(service, path)
        for row in rows:
            task = next((one for one in tasks if _is_answer(one, service, blank, row)), None)
            await self._say(service, path, blank, command, row, task)
            self.by_page[path] += 1
        self.sent[path] += len(rows)
        await self.settle()

    async def _say(
        self, service: str, path: str, blank: Blank, command: type[Command], row: Row, task: Awaited | None
    ) -> None:
        role = task.role if task else row.get("body", "poverty_office")
        division = jurisdiction_of(task.place if task else row["place"])
        self.browser.cookies.set("zhucun_role", f"{role}.{division}")
        if task and task.action == path:
            page = await self._opened(await self._link(service, path, task))
        else:
            page = await self._opened(f"/act/{service}/{path}?place={row['place']}&about={row.get('village', '')}")
        address = f"/act/{service}/{path}"
        wanted = [*_texts(blank, self.policy, row)]
        while blank.repeats and not any(name.startswith(f"{len(wanted) - 1}.") for name in page.fields):
            page = await self._press(address, page, wanted, "more")
        done = await self._press(address, page, wanted, "say")
        if not re.search("已办理|没有变动", "".join(done.said)):
            raise Refusal(f"{service} refused {path}: {done.said}", self.status)

    async def _link(self, service: str, path: str, task: Awaited) -> str:
        """The link of a task on the pages of my day."""
        next_page: str | None = f"/day?kind={service}/{path}"
        while next_page:
            page = await self._opened(next_page)
            for link in page.links:
                asked = parse_qs(urlsplit(link).query)
                if asked.get("of") == [f"{task.kind}/{task.id}"] and asked["task"] == [mark(_AsTask(task))]:
                    return link
            here = int(parse_qs(urlsplit(next_page).query).get("page", ["1"])[0])
            next_page = next((link for link in page.links if f"page={here + 1}" in link), None)
        raise AssertionError(f"my day has no {task}")

    async def _opened(self, address: str) -> Page:
        answer = await self.browser.get(address)
        assert answer.status_code == 200, (address, answer.text)
        return self._looked_at(answer)

    async def _press(self, address: str, page: Page, wanted: Sequence[Mapping[str, str]], deed: str) -> Page:
        data: dict[str, list[str]] = {}
        for name, value in page.hidden:
            data.setdefault(name, []).append(value)
        for name, field in page.fields.items():
            n, _, of = name.partition(".")
            text = (wanted[0] if n == "f" else wanted[int(n)] if int(n) < len(wanted) else {}).get(of, "")
            if field["many"]:
                data[name] = [choice for choice in field["choices"] if choice in text.split("、")]
            else:
                data[name] = [text]
                assert not text or not field["choices"] or text in field["choices"], (name, text, field)
        answer = await self.browser.post(address, data={**data, "deed": deed})
        self.status = answer.status_code
        return self._looked_at(answer)

    def _looked_at(self, answer: httpx.Response) -> Page:
        page = Page(answer.text)
        self.codes |= {text for text in page.said if CODE.search(text)}
        return page


class _AsTask:
    """A task as `mark` reads it."""

    def __init__(self, task: Awaited) -> None:
        self.action, self.about, self.role, self.detail = task.action, task.about, task.role, task.detail
        self.answer = dict(task.answer)


def blank_of(service: str, path: str) -> Blank:
    """The blank of a command."""
    forms = import_module(f"services.{service}.forms").FORMS
    routes = {route.path: route for route in import_module(f"services.{service}.api").COMMANDS}
    route = routes[path]
    return forms.get(path) or blanks.alone(route.command, path, route.zh, route.en)


def _is_answer(task: Awaited, service: str, blank: Blank, row: Row) -> bool:
    known = task.service == service and task.action == (blank.task or blank.name)
    return known and all(row.get(field) == value for field, value in task.answer)


def _texts(blank: Blank, policy: Policy | None, row: Row) -> Iterator[Mapping[str, str]]:
    """What is typed in to say a command, by field, for each of its rows."""
    assert policy
    form = blank.form([policy])
    for line in cells(blank, {}, row):
        texts = (
            (one.field, shown(cell(one, line[one.field]))) for one in form.columns if line.get(one.field) is not None
        )
        yield dict(texts)
