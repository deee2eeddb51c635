"""A scripted officer who answers through the pages alone: he follows links, fills in forms and presses buttons."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from deploy.demo.answers import Awaited, Row
from deploy.demo.forms import fill
from deploy.demo.officers import Refusal
from deploy.demo.simulation import BY_FORM, Simulation
from deploy.local.supervisor import System
from services.console.pages.day import mark
from services.registry.forms import FORMS
from shared import blanks
from shared.contracts.values import OWN
from shared.forms import Blank
from shared.policy import Policy
from shared.web.http import Route
from shared.workbook.cells import cell, shown
from tests.console.people import People
from tests.support.workbooks import cells

CODE = re.compile(r"[a-z]{3,}|代码“|“”|[a-z_]+=")
SHARE = re.compile(r"[0-9a-f]{32}")
"""A share of a draw's seed, which is made for whoever publishes its hash."""
Field = dict[str, Any]
DECIDED_BY = {
    "assignments": ("派出单位编号", "队长编号", "队员编号"),
    "visits": ("工作队",),
    "order-closings": ("发现的问题",),
    "grades": ("队长编号", "民主测评", "拟定等次"),
    "defences": ("依据", "依据的事实"),
    "decisions": ("依据的事实", "陈述申辩", "核实情况"),
    "decision-services": ("决定",),
    "appeal-decisions": ("依据的事实", "陈述申辩", "决定"),
}
"""By what is said on a task: what whoever says it has to see beside the fields."""
ACTING = ("/act/", "/forms/", "/start")
"""Where the forms lead by which something is done."""


class Page(HTMLParser):
    """A page as it is read: its links, the fields of the form that acts, and the text of its main part and beside it.

    Command lines for whoever runs the system stand in `code` and are no text.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.hidden: list[tuple[str, str]] = []
        self.fields: dict[str, Field] = {}
        self.said: list[str] = []
        self._main = self._acts = self._quotes = False
        self._choosing = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        self._main |= tag in ("main", "aside")
        self._quotes |= tag == "code"
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
        elif of.get("type") in ("checkbox", "radio"):
            field = self.fields.setdefault(of["name"], {"choices": [], "many": True, "value": ""})
            field["choices"].append(of["value"])
        elif tag in ("input", "select", "textarea"):
            self.fields[of["name"]] = {"choices": [], "value": of.get("value", ""), "many": False}
            self._choosing = of["name"] if tag == "select" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._choosing = ""
        if tag in ("main", "aside"):
            self._main = False
        if tag == "code":
            self._quotes = False

    def handle_data(self, data: str) -> None:
        if self._main and not self._quotes and data.strip():
            self.said.append(data.strip())


class Pages(Simulation):
    """A play whose officers have a browser and an account each, and do everything in it."""

    def __init__(self, system: System, policy: Policy, people: People) -> None:
        super().__init__(system, policy)
        self.people = people
        self.by_page: Counter[str] = Counter()
        self.codes: set[str] = set()
        """Texts on pages in which a code or an English word stands."""

    async def post(self, service: str, path: str, key: str, rows: Sequence[Row]) -> None:
        assert self.policy
        if path == "policies":
            await self._adopt(rows)
        elif path in BY_FORM:
            await self._hand_in(path, rows)
        else:
            await self._act(service, path, rows)
        self.by_page[path] += len(rows)
        self.sent[path] += len(rows)
        await self.settle()

    async def _adopt(self, rows: Sequence[Row]) -> None:
        """Adopt the shipped pack on the page for the first steps."""
        for row in rows:
            shown = await self._as("leader_group", row)
            page = await self._opened("/start")
            (name,) = (pack for pack in page.fields["pack"]["choices"] if pack == "benxi")
            said = {"pack": name, "organ": row["adopted_by"]}
            answer = await shown.post("/start", data={**dict(page.hidden), **said})
            if answer.status_code != 303:
                raise Refusal(f"the pack was refused: {Page(answer.text).said}", answer.status_code)

    async def _hand_in(self, path: str, rows: Sequence[Row]) -> None:
        """Get an Excel form on its page, fill it in, and hand it in there."""
        assert self.policy
        browser = await self._as(_role("registry", path, rows[0]), rows[0])
        address = f"/forms/registry/{path}"
        page = await self._opened(address)
        template = await browser.get(f"{address}/file", params={"place": self.policy.jurisdiction})
        assert template.status_code == 200, template.text
        filled = fill(template.content, FORMS[path].form([self.policy]), rows)
        answer = await browser.post(
            address, data={**dict(page.hidden), "do": "apply"}, files={"file": (f"{path}.xlsx", filled)}
        )
        self.status = answer.status_code
        if "已登记" not in (done := self._looked_at(answer)).said:
            raise Refusal(f"the form {path} was refused: {done.said}", self.status)

    async def _act(self, service: str, path: str, rows: Sequence[Row]) -> None:
        tasks = await self.tasks()
        blank = blank_of(service, path)
        for row in rows:
            task = next((one for one in tasks if _is_answer(one, service, blank, row)), None)
            await self._say(service, path, blank, row, task)

    async def _as(self, role: str, row: Row) -> httpx.AsyncClient:
        """The browser of whoever acts in a role: for a unit, a team, a village or a township one of its own people."""
        assert self.policy
        own: dict[str, str] = {}
        match OWN.get(role):
            case "unit":
                own = {"unit": str(row.get("unit") or await self._unit_of(str(row["village"])))}
            case "township":
                own = {"township": str(row.get("village") or row["division"]).rpartition(":")[2][:9]}
            case str(owner):
                own = {owner: str(row["village"])}
        self.browser = await self.people.browser(role, self.policy.jurisdiction, **own)
        return self.browser

    async def _unit_of(self, village: str) -> str:
        """The unit that sends a village its team."""
        links = await self.states("dispatch", "links")
        return next(str(link["unit"]) for id, link in links.items() if village in id and link.get("unit"))

    async def _say(self, service: str, path: str, blank: Blank, row: Row, task: Awaited | None) -> None:
        await self._as(task.role if task else _role(service, path, row), {**dict(task.answer if task else ()), **row})
        if task and task.action == path:
            page = await self._opened(await self._link(service, path, task))
            missing = {*DECIDED_BY.get(path, ())} - {*page.said}
            assert not missing, (path, missing, page.said)
        elif path == "appeals":
            page = await self._appealing(row)
        else:
            page = await self._opened(f"/act/{service}/{path}?place={row['place']}&about={row.get('village', '')}")
        assert "f.inspector" not in page.fields or page.fields["f.inspector"]["value"], "one's own organ is known"
        address = f"/act/{service}/{path}"
        wanted = [*_texts(blank, self.policy, row)]
        while blank.repeats and not any(name.startswith(f"{len(wanted) - 1}.") for name in page.fields):
            page = await self._press(address, page, wanted, "more")
        done = await self._press(address, page, wanted, "say")
        if not re.search("已办理|没有变动", "".join(done.said)):
            raise Refusal(f"{service} refused {path}: {done.said}", self.status)

    async def _appealing(self, row: Row) -> Page:
        """The form by which whom a case concerns asks for a review, as the page about his own cases leads there."""
        assert self.policy
        village = str(row["outcome"]).split("/")[1]
        self.browser = await self.people.browser(
            "team", self.policy.jurisdiction, cadre=row["subject"], team=village, unit=await self._unit_of(village)
        )
        (link,) = (one for one in (await self._opened("/cases")).links if one.startswith("/act/incentives/appeals"))
        page = await self._opened(link)
        known = {of: page.fields[f"f.{of}"]["value"] for of in ("subject", "outcome")}
        assert known == {of: row[of] for of in known}, "he need not type in what is known"
        assert any(said.startswith("召回（") and "年度" in said for said in page.said), "he reads what it is about"
        return page

    async def opened(self, role: str, address: str) -> Page:
        """A page as whoever has a role sees it."""
        await self._as(role, {})
        return await self._opened(address)

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
        shares = {text for text in page.said if SHARE.fullmatch(text)}
        assert not shares or any("已抄存随机码" in text for text in page.said), "it is never shown again"
        self.codes |= {text for text in page.said if CODE.search(text)} - shares
        return page


class _AsTask:
    """A task as `mark` reads it."""

    def __init__(self, task: Awaited) -> None:
        self.action, self.about, self.role, self.detail = task.action, task.about, task.role, task.detail
        self.answer = dict(task.answer)


def route_of(service: str, path: str) -> Route:
    """The route of a command."""
    found: Route = next(one for one in import_module(f"services.{service}.api").COMMANDS if one.path == path)
    return found


def _role(service: str, path: str, row: Row) -> str:
    """Who says a command without a task: the body that it names, or one of those who may."""
    by = route_of(service, path).by
    return str(row["body"]) if not by else next(role for role in by if role not in OWN)


def blank_of(service: str, path: str) -> Blank:
    """The blank of a command."""
    forms, route = import_module(f"services.{service}.forms").FORMS, route_of(service, path)
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
