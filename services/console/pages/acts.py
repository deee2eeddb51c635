"""Acting: what one may do without being asked, and the form for any command, made from a blank."""

import asyncio
import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from services.console import store, words
from services.console.pages.day import Todo, day_of, mark, said_by
from services.console.pages.operations import SERVICES
from services.console.pages.overview import hearing_of, require_division
from services.console.upstream import Refusal, Upstream
from services.console.web import NO_OFFICERS, ROLE_NAMES, Request, Visitor, kept, page
from shared.contracts import EVENTS
from shared.divisions import place_of
from shared.labels import Both, in_words
from shared.web.blanks import MOST_LINES, Act, Asking, Filled
from shared.web.problems import Fault

MORE: Final = 3
"""How many rows are added at once where a field repeats."""
VILLAGES: Final = 300
"""How many villages are offered where the code of one is typed."""
TOGETHER: Final = 50
"""How many tasks are answered with one form at most."""
DRAFTED: Final = frozenset({
    "inspection/visits", "inspection/verifications", "registry/surveys", "registry/checklists", "registry/measurements",
    "dispatch/skill-reports", "dispatch/visit-counts",
})  # fmt: skip
"""What is written down in villages, where there may be no network: the browser keeps it until it can be sent. None of
these acts decides anything, and none names a person."""


TEAM, CASE = "the team", "the case"
"""The keys under which a line has, in words, a team and the case in question, beside the fields of its form."""


class Line(msgspec.Struct):
    """One row of the form as far as it is known: what the service filled in, and which version was seen."""

    known: dict[str, str]
    about: Both = ("", "")
    detail: Both = ("", "")
    """Which part of it is awaited."""
    expects: str = ""
    words: dict[str, Both] = {}
    ref: str = ""
    """The task that it answers, as `<kind>/<id>~<mark>`."""


class Moved(NamedTuple):
    """A field that had another value when the form was opened."""

    about: Both
    title: Both
    then: str
    now: str


class Typed(NamedTuple):
    """What somebody has typed in: what holds for all rows, and what stands in each."""

    top: Mapping[str, str]
    cells: Sequence[Mapping[str, str]]


class Form:
    """A blank with the tasks that it answers, as it is laid out: fields above the table, and fields in its rows."""

    def __init__(self, asking: Asking, lines: Sequence[Line], *, together: bool) -> None:
        self.asking, self.together = asking, together
        self.lines = lines or [Line({})]
        suggested = {one.field for one in asking.fields if one.suggested}
        self.fixed = {field for line in self.lines for field in line.known if field not in suggested}
        asked = [one for one in asking.fields if not one.aside and one.field not in self.fixed]
        head = f"{asking.repeats}."
        if asking.repeats:
            self.cells = [one for one in asked if one.field.startswith(head)]
        else:
            self.cells = asked if len(self.lines) > 1 and not together else []
        self.top = [one for one in asked if one not in self.cells]
        self.facts = [one for one in asking.fields if one.field in self.fixed and not one.field.startswith(head)]
        self.known_cells = [
            one
            for one in asking.fields
            if one.field in self.fixed and (one.field.startswith(head) if asking.repeats else bool(self.cells))
        ]

    def begun(self) -> dict[str, str]:
        """What the fields above the rows begin with, where the service suggests the same for all rows."""
        texts = {one.field: {line.known.get(one.field, "") for line in self.lines} for one in self.top}
        return {field: found.pop() for field, found in texts.items() if len(found) == 1 and "" not in found}

    def suggestions(self) -> list[Mapping[str, str]]:
        """What the rows begin with: suggestions of the service."""
        names = {one.field for one in self.cells}
        return [{field: text for field, text in line.known.items() if field in names} for line in self.lines]

    def filled(self, typed: Typed, replaces: Mapping[int, str]) -> tuple[list[Filled], list[int]]:
        """What is sent, and which row of the form each sent row is. Rows in which nothing was typed are left out."""
        rows = [*typed.cells] if self.cells else [{} for _ in self.lines]
        said = [n for n, row in enumerate(rows) if any(text for of, text in row.items() if of != self.asking.key)]
        sent = (said or [0]) if self.cells else [*range(len(rows))]
        texts = [self._known(n) | _said(typed.top) | _said(rows[n]) for n in sent]
        if self.asking.repeats:
            return [Filled(tuple(texts), self.lines[0].expects or None, replaces.get(0))], sent
        seen, filled = set[str](), list[Filled]()
        for n, row in zip(sent, texts, strict=True):
            expects = self.lines[n].expects
            # The first of several answers to one state changes it, so the version that was seen does not fit the
            # others.
            filled.append(Filled((row,), expects if expects not in seen else None, replaces.get(n)))
            seen.add(expects)
        return [msgspec.structs.replace(one, expects=one.expects or None) for one in filled], sent

    def _known(self, row: int) -> dict[str, str]:
        if row < len(self.lines):
            return {field: text for field, text in self.lines[row].known.items() if field in self.fixed}
        head = f"{self.asking.repeats}."
        return {field: text for field, text in self.lines[0].known.items() if not field.startswith(head)}


def _said(texts: Mapping[str, str]) -> dict[str, str]:
    return {field: text for field, text in texts.items() if text}


# ------------------------------------------------------------------- what one may do


@get("/acts")
async def acts(
    request: Request, visitor: NamedDependency[Visitor], upstream: NamedDependency[Upstream]
) -> Response[str]:
    """What the visitor may do in his role, in groups."""
    answers = await upstream.all("/v1/blanks", visitor, place=visitor.place[:6], role=visitor.acting, offered=True)
    groups: dict[str, list[tuple[str, Act]]] = {"said": [], "owed": [], "undone": []}
    for said in said_by(answers):
        group = "undone" if said[1].undoes else "owed" if said[1].owed else "said"
        if said not in groups[group]:
            groups[group].append(said)
    told = [answer.faults for answer in answers.values() if isinstance(answer, Refusal)]
    away = [faults for n, faults in enumerate(told) if faults not in told[:n]]  # All services may say the same.
    return page(request, "acts.html", visitor, groups=groups, away=away, is_officer=visitor.acting not in NO_OFFICERS)


# --------------------------------------------------------------------------- the form


@get("/act/{service:str}/{action:str}")
async def form(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    service: FromPath[str],
    action: FromPath[str],
    place: FromQuery[str] = "",
    about: FromQuery[str] = "",
    of: FromQuery[str] = "",
    task: FromQuery[str] = "",
    pick: FromQuery[list[str] | None] = None,
    said: FromQuery[list[str] | None] = None,
) -> Response[str]:
    """The form of an action: for one task, for several that were picked, or for none.

    A page that leads here may fill in fields (`said`), each as `<field>:<text>`; they can be changed.
    """
    wanted = [(of, task)] if of else [(ref, chosen) for ref, _, chosen in (one.rpartition("~") for one in pick or ())]
    require_division(place)
    place = (place or visitor.place)[:6]
    blank, lines, gone = await _blank(upstream, visitor, service, action, place, wanted[:TOGETHER])
    form = Form(blank, lines, together=len(wanted) > 1)
    note = ""
    if gone and not lines:
        note = "gone"
    elif form.together and (blank.decides or blank.repeats):
        note = "apart"
    top = {one.field: _first(one.field, [zh for zh, _ in one.choices], visitor, place, about) for one in form.top}
    villages = dict[str, str]()
    async with request.app.state.engine.connect() as conn:
        told = (text for line in lines for text in (line.about, line.detail, *line.words.values()))
        named = await store.village_names(conn, words.by_code(told))
        units = await store.unit_names(conn, {line.known.get("unit", "") for line in lines})
        if any(one.field == "village" for one in form.top):
            found = await store.find(conn, store.Asked(place=visitor.place or place), size=VILLAGES)
            villages = {one.code: one.name for one in found.villages}
    for line in form.lines:
        line.about, line.detail = words.by_name(line.about, named), words.by_name(line.detail, named)
        line.words = {field: words.by_name(text, named) for field, text in line.words.items()}
        if name := units.get(unit := line.known.get("unit", "")):
            line.words["unit"] = f"{name}（{unit}）", f"{name} ({unit})"
    if any(one.field == "absent" for one in form.top):
        form.lines[0].words[TEAM] = await _team(request, upstream, visitor, form.lines[0].known.get("village", ""))
    begun = dict(one.split(":", 1) for one in said or () if ":" in one)
    top |= form.begun() | {field: text for field, text in begun.items() if field in top}
    form.lines[0].words[CASE] = await _case(request, place, top.get("outcome", ""))
    share = secrets.token_hex(16) if any(one.field == "seed_hash" for one in form.top) else ""
    if share:
        top["seed_hash"] = hashlib.sha256(share.encode()).hexdigest()
    drawn = _drawn(
        request,
        visitor,
        service,
        place,
        form,
        Typed(top, form.suggestions()),
        note=note,
        share=share,
        villages=villages,
    )
    return kept(drawn) if f"{service}/{action}" in DRAFTED and not note else drawn


async def _case(request: Request, place: str, outcome: str) -> Both:
    """In words, the case that the page leading here names by its id, such as a recall of a year; nothing for none."""
    if outcome.count("/") != 2:
        return "", ""
    hearing = hearing_of(request)
    case = in_words("outcome", outcome, words.policy_of(await hearing.policies(), place))
    async with hearing.store.engine.connect() as conn:
        return words.by_name(case, await store.village_names(conn, words.by_code([case])))


async def _team(request: Request, upstream: Upstream, visitor: Visitor, village: str) -> Both:
    """Who is in a village's team, for whoever writes down there who was absent; nothing where that is not known."""
    if not village:
        return "", ""
    try:
        found = await upstream.get("dispatch", f"/v1/assignments/{village}", visitor, at=place_of(village))
    except Refusal:
        return "", ""
    policy = words.policy_of(await hearing_of(request).policies(), place_of(village))
    members = [(in_words("role", one["role"], policy), one["cadre"]) for one in found.get("team", ())]
    return "、".join(zh + id for (zh, _), id in members), ", ".join(f"{en} {id}" for (_, en), id in members)


async def _blank(
    upstream: Upstream, visitor: Visitor, service: str, action: str, place: str, wanted: Sequence[tuple[str, str]]
) -> tuple[Asking, list[Line], int]:
    """The blank, the rows of the tasks that are wanted, and how many of these are no longer open."""
    if service not in SERVICES:
        raise NotFoundException
    asked = dict.fromkeys(of for of, _ in wanted) or {"": None}
    path = f"/v1/blanks/{action}"
    answers = await asyncio.gather(
        *(
            upstream.get(service, path, visitor, at=place_of(place), place=place, **({"of": of} if of else {}))
            for of in asked
        )
    )
    found = [msgspec.convert(answer, Asking) for answer in answers]
    open_ = {(of, mark(owed.task.task)): owed for of, one in zip(asked, found, strict=True) for owed in one.tasks}
    lines = [
        Line(dict(line), told.about, told.detail, owed.task.version, dict(owed.words), "~".join(wish))
        for wish in wanted
        if (owed := open_.get(wish)) and (told := owed.task.words)
        for line in owed.lines
    ]
    return found[0], lines, sum(wish not in open_ for wish in wanted)


def _first(field: str, choices: Sequence[str], visitor: Visitor, place: str, about: str) -> str:
    """What a field begins with where nothing is known of it."""
    if field == "place" and len(place) == 6:
        return place
    if field == "body" and (own := ROLE_NAMES[visitor.acting][0]) in choices:
        return own
    if field == "village" and len(about) == 12 and about.isdecimal():
        return about
    if field in ("party", "unit", "cadre", "subject") and about and not about.isdecimal():
        return about
    return visitor.organ if field.endswith(("_by", "inspector")) and not choices else ""


@post("/act/{service:str}/{action:str}", status_code=200)
async def answer(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    service: FromPath[str],
    action: FromPath[str],
) -> Response[str]:
    """Say what was typed in, or only check it. What is refused stands beside its field, with everything typed kept."""
    if service not in SERVICES:
        raise NotFoundException
    sent = await request.form()
    given: dict[str, list[str]] = defaultdict(list)
    for name, value in sent.multi_items():
        if isinstance(value, str):
            given[name].append(value.strip())
    place, key = _one(given, "place")[:6], _one(given, "key")
    try:
        lines = [msgspec.json.decode(text, type=Line) for text in given.pop("line", [])][: Filled.at_once]
    except (msgspec.DecodeError, ValueError) as error:
        zh, en = "页面内容不完整，请重新打开", "the page has lost something; open it again"
        raise Refusal(400, (Fault(0, "form", zh, en),)) from error
    blank, _, _ = await _blank(upstream, visitor, service, action, place, ())
    form = Form(blank, lines, together="together" in given)
    typed = _typed(form, given)
    deed, draft = _one(given, "deed"), _one(given, "draft")[:80]
    drawn = partial(_drawn, request, visitor, service, place, form, draft=draft)
    if deed == "more":
        return drawn(Typed(typed.top, [*typed.cells, *({} for _ in range(MORE))]))
    replaces = {
        int(n): text
        for name in given
        if (n := name.removeprefix("replaces.")).isdecimal()
        if (text := _one(given, name))
    }
    filled, rows = form.filled(typed, replaces if deed == "replace" else {})
    try:
        done = await upstream.post(
            service,
            f"/v1/filled/{action}",
            visitor,
            [msgspec.to_builtins(one) for one in filled],
            key=key,
            dry_run=deed == "check",
            params={"place": place},
        )
    except Refusal as told:
        refusal = await _named(request, told)
        if refusal.status == 412:
            return await _changed(request, visitor, upstream, service, place, form, typed, refusal, draft)
        # What was not answered may have been done all the same. With the same key it is not done twice.
        same = key if refusal.status >= 500 and deed != "check" else ""
        return drawn(typed, refusal=refusal, rows=rows, key=same)
    if deed == "check" and "refused" in done:
        would = await _named(request, Refusal(422, tuple(msgspec.convert(done["refused"], list[Fault]))))
        return drawn(typed, refusal=would, rows=rows)
    if deed == "check":
        return drawn(typed, note="checked", today=done["today"])
    return await _done(request, visitor, upstream, service, form, done, draft or key)


async def _named(request: Request, refusal: Refusal) -> Refusal:
    """A refusal in which villages have their names."""
    async with request.app.state.engine.connect() as conn:
        names = await store.village_names(conn, words.by_code((one.zh, one.en) for one in refusal.faults))
    texts = [words.by_name((one.zh, one.en), names) for one in refusal.faults]
    faults = zip(refusal.faults, texts, strict=True)
    return Refusal(refusal.status, tuple(msgspec.structs.replace(one, zh=zh, en=en) for one, (zh, en) in faults))


async def _changed(
    request: Request,
    visitor: Visitor,
    upstream: Upstream,
    service: str,
    place: str,
    form: Form,
    typed: Typed,
    refusal: Refusal,
    draft: str,
) -> Response[str]:
    """The form as things are by now, with what was typed in, and beside it what has changed since it was opened.

    If the rows are others by now, what was typed would stand in the wrong ones, so it is only shown.
    """
    wanted = dict.fromkeys(line.ref for line in form.lines if line.ref)
    wishes = [(of, task) for of, _, task in (ref.rpartition("~") for ref in wanted)]
    _, lines, gone = await _blank(upstream, visitor, service, form.asking.action, place, wishes)
    drawn = partial(_drawn, request, visitor, service, place, refusal=refusal, draft=draft)
    if gone or not lines:
        return drawn(form, typed, note="overtaken")
    now = Form(form.asking, lines, together=form.together)
    fits = [line.ref for line in now.lines] == [line.ref for line in form.lines]
    kept = Typed(typed.top, typed.cells if fits else now.suggestions())
    return drawn(now, kept, moved=list(_moved(form, now)) if fits else [], lost=() if fits else typed.cells)


def _moved(then: Form, now: Form) -> Iterator[Moved]:
    """What is known of the tasks and has changed since the form was opened."""
    titles = {one.field: (one.zh, one.en) for one in now.asking.fields}
    for before, after in zip(then.lines, now.lines, strict=True):
        for field, title in titles.items():
            was, is_now = before.known.get(field, ""), after.known.get(field, "")
            if was != is_now:
                yield Moved(after.about, title, was, is_now)


def _one(given: Mapping[str, list[str]], name: str) -> str:
    return given[name][-1] if given.get(name) else ""


def _typed(form: Form, given: Mapping[str, list[str]]) -> Typed:
    """What was typed in, by field. Several that were ticked stand in one text, as in a cell of an Excel form."""
    top = {one.field: "、".join(filter(None, given.get(f"f.{one.field}", []))) for one in form.top}
    rows = [int(n) for name in given if (n := name.partition(".")[0]).isdecimal()]
    count = min(max([*rows, len(form.lines) - 1]) + 1, MOST_LINES)
    cells = [
        {one.field: "、".join(filter(None, given.get(f"{n}.{one.field}", []))) for one in form.cells}
        for n in range(count if form.cells else 0)
    ]
    return Typed(top, cells)


def _drawn(
    request: Request,
    visitor: Visitor,
    service: str,
    place: str,
    form: Form,
    typed: Typed,
    *,
    note: str = "",
    share: str = "",
    today: str = "",
    villages: Mapping[str, str] = {},
    draft: str = "",
    refusal: Refusal | None = None,
    rows: Sequence[int] = (),
    moved: Sequence[Moved] = (),
    lost: Sequence[Mapping[str, str]] = (),
    key: str = "",
) -> Response[str]:
    """The form as it stands, with what is wrong beside its fields. `draft` is the key of the browser's draft from which
    it was made."""
    beside: dict[str, list[Fault]] = defaultdict(list)
    others, differs = list[tuple[Both, Fault]](), list[tuple[int, Fault]]()
    for fault in refusal.faults if refusal else ():
        row = rows[fault.row] if fault.row < len(rows) else 0
        if fault.version:
            differs.append((0 if form.asking.repeats else row, fault))
        elif any(one.field == fault.field for one in form.top):
            if fault not in (beside[f"f.{fault.field}"]):
                beside[f"f.{fault.field}"].append(fault)
        elif any(one.field == fault.field for one in form.cells):
            beside[f"{row}.{fault.field}"].append(fault)
        else:
            about = form.lines[row].about if form.together and row < len(form.lines) else ("", "")
            others.append((about, fault))
    cells = [*typed.cells]
    if form.asking.repeats and len(cells) < len(form.lines):
        cells += [{}] * (len(form.lines) - len(cells))
    titles = {one.field: (one.zh, one.en) for one in form.asking.fields}
    return page(
        request, "act.html", visitor, status=refusal.status if refusal else 200, service=service, place=place,
        form_of=form, blank=form.asking, top=typed.top, cells=cells, note=note, share=share, today=today,
        beside=beside, others=others, differs=differs, titles=titles, key=key or secrets.token_urlsafe(24),
        changed=bool(refusal and refusal.status == 412), draft=draft, villages=villages, moved=moved,
        lost=[_said(row) for row in lost if _said(row)],
        may_wait=f"{service}/{form.asking.action}" in DRAFTED and bool(visitor.owner),
        lines=[msgspec.json.encode(line).decode() for line in form.lines],
    )  # fmt: skip


async def _done(
    request: Request,
    visitor: Visitor,
    upstream: Upstream,
    service: str,
    form: Form,
    done: Mapping[str, Any],
    draft: str,
) -> Response[str]:
    """What came of it, and what is next. The browser need not keep the draft any more."""
    labels = [EVENTS[type].label for of in done["events"] for type in of if type in EVENTS]
    counts = {label: labels.count(label) for label in labels}
    ahead = await day_of(upstream, visitor)
    like = [todo for todo in ahead.todos if (todo.service, todo.open.task.action) == (service, form.asking.action)]
    following = next(_after(like, ahead.todos), None)
    async with request.app.state.engine.connect() as conn:
        names = await store.village_names(conn, words.by_code(following.texts if following else ()))
    return page(
        request, "done.html", visitor, named=lambda text: words.by_name(text, names), blank=form.asking,
        counts=counts, applied=done["applied"],
        unchanged=done.get("unchanged", 0), next=following, left=len(ahead.todos),
        like=len(like), draft=draft,
    )  # fmt: skip


def _after(like: Sequence[Todo], todos: Sequence[Todo]) -> Iterator[Todo]:
    """The tasks to go on with: those of the same kind first."""
    yield from like
    yield from todos


HANDLERS: Final = (acts, form, answer)
