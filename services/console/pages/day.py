"""My day: what somebody in his role has to do, why, and by when, from all four services."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from services.console import store, words
from services.console.pages.overview import require_division
from services.console.upstream import Refusal, Upstream
from services.console.web import Number, Request, Visitor, page, require_known
from shared.labels import Both
from shared.web.blanks import Act
from shared.web.tasks import OpenTask, following

PAGE: Final = 50
SOON: Final = timedelta(days=7)
MOST: Final = 20
"""How many pages of tasks are read from each process at most: 20,000 tasks are more than anybody looks through."""
WHEN: Final = (
    ("late", "已逾期", "Overdue"),
    ("soon", "七日内到期", "Due within a week"),
    ("later", "以后到期", "Due later"),
    ("", "无期限", "Without a date"),
)


class Todo(NamedTuple):
    """One line of the day."""

    service: str
    mark: str
    """Tells tasks of one state apart."""
    open: OpenTask
    title: Both
    when: str
    """One of `WHEN`."""
    days: int
    """How many days late it is, or how many are left."""

    @property
    def texts(self) -> Sequence[Both]:
        """What it is about and what of it is awaited, in words."""
        return (self.open.words.about, self.open.words.detail) if self.open.words else ()


class Day(NamedTuple):
    """All that somebody has to do, in order."""

    today: date | None
    todos: Sequence[Todo]
    titles: Mapping[tuple[str, str], Both]
    """What he may do, by service and action, in words."""
    decides: frozenset[tuple[str, str]]
    """The actions that decide about somebody, which are answered one by one."""
    away: Sequence[Refusal]
    """The refusals of services that did not give their tasks."""


def mark(task: Any) -> str:
    """What tells a task from others of one state: the same for the same task, whenever it is asked for."""
    said = [task.action, task.about, task.role, task.detail, sorted(task.answer.items())]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]


def said_by(answers: Mapping[str, Any]) -> Iterator[tuple[str, Act]]:
    """What may be done, each with its service, from what the processes answered. One that refused adds nothing."""
    for name, answer in answers.items():
        for act in msgspec.convert(answer, list[Act]) if isinstance(answer, list) else ():
            yield name.partition("-")[0], act


async def day_of(upstream: Upstream, visitor: Visitor) -> Day:
    """What the visitor has to do in his role and division."""
    place, role = visitor.place[:6], visitor.acting
    names = upstream.keeping(place)
    asked = await asyncio.gather(
        upstream.all("/v1/blanks", visitor, place=place, role=role),
        upstream.all("/v1/status", visitor),
        *(_tasks(upstream, name, visitor) for name in names),
    )
    (acts, statuses), found = asked[:2], asked[2:]
    today = max(
        (answer["today"] for answer in statuses.values() if isinstance(answer, dict) and answer["today"]), default=None
    )
    now = date.fromisoformat(today) if today else None
    titles, decides = dict[tuple[str, str], Both](), set[tuple[str, str]]()
    for service, act in said_by(acts):
        titles[service, act.action] = act.zh, act.en
        if act.decides:
            decides.add((service, act.action))
    away, todos = list[Refusal](), list[Todo]()
    for name, tasks in zip(names, found, strict=True):
        if isinstance(tasks, Refusal):
            if tasks.faults not in [one.faults for one in away]:  # All services may say the same.
                away.append(tasks)
            continue
        todos += [_todo(name.partition("-")[0], one, now, titles) for one in tasks]
    todos.sort(key=lambda todo: (str(todo.open.task.due or "9"), todo.open.task.action, todo.open.task.about))
    return Day(now, todos, titles, frozenset(decides), away)


async def _tasks(upstream: Upstream, name: str, visitor: Visitor) -> Any:
    """The open tasks of one process, or its refusal."""
    found, after = list[OpenTask](), ""
    try:
        for _ in range(MOST):
            params = {**_asked(visitor), "after": after, "words": "true", "versions": "true"}
            answer = await upstream.send("GET", name, "/v1/tasks", visitor, params=params)
            part = msgspec.json.decode(answer.content, type=list[OpenTask])
            found += part
            if not (after := following(part)):
                break
    except Refusal as refusal:
        return refusal
    return found


async def due_of(upstream: Upstream, visitor: Visitor) -> Counter[tuple[str, str]]:
    """How much the visitor has to do in his role and division, by service and action."""
    answers = await upstream.all("/v1/due", visitor, **_asked(visitor))
    due = Counter[tuple[str, str]]()
    for name, answer in answers.items():
        due.update({} if isinstance(answer, Refusal) else {(name.partition("-")[0], of): n for of, n in answer.items()})
    return due


def _asked(visitor: Visitor) -> Mapping[str, str]:
    """The parameters by which a service is asked what the visitor has to do."""
    township = visitor.place if len(visitor.place) > 6 else ""
    return {"place": visitor.place[:6], "township": township, "role": visitor.acting}


def _todo(service: str, one: OpenTask, today: date | None, titles: dict[tuple[str, str], Both]) -> Todo:
    due, action = one.task.due, one.task.action
    days = abs((due - today).days) if due and today else 0
    when = "" if not due or not today else "late" if due < today else "soon" if due <= today + SOON else "later"
    title = titles.get((service, action), ("待办事项", "Something to do"))
    return Todo(service, mark(one.task), one, title, when, days)


def _counted(todos: Iterable[Todo]) -> list[tuple[str, Both, int]]:
    """The kinds of tasks with their number, the most first."""
    titles = {f"{todo.service}/{todo.open.task.action}": todo.title for todo in todos}
    counts = Counter(f"{todo.service}/{todo.open.task.action}" for todo in todos)
    return [(kind, titles[kind], number) for kind, number in counts.most_common()]


@get("/day")
async def day(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    kind: FromQuery[str] = "",
    township: FromQuery[str] = "",
    when: FromQuery[str] = "",
    number: Number = 1,
) -> Response[str]:
    """What the visitor has to do. `kind` is `service/action`."""
    require_division(township)
    of = await day_of(upstream, visitor)
    kinds = _counted(of.todos)
    known = {"when": {name or "none" for name, *_ in WHEN}}
    if not of.away:
        known |= {"kind": {*(name for name, *_ in kinds), *map("/".join, of.titles)}}
    require_known(request, known)
    fits = [
        todo
        for todo in of.todos
        if kind in ("", f"{todo.service}/{todo.open.task.action}") and township in ("", todo.open.township)
    ]
    shown = [todo for todo in fits if when in ("", todo.when or "none")]
    number, last = store.nearest_page(number, len(shown), PAGE)
    first = (number - 1) * PAGE
    townships = sorted(Counter(todo.open.township for todo in of.todos if todo.open.township).items())
    async with request.app.state.engine.connect() as conn:
        names = await store.names(conn, [code for code, _ in townships])
        villages = await store.village_names(conn, words.by_code(text for todo in shown for text in todo.texts))
    service, _, action = kind.partition("/")
    places = {todo.open.place for todo in shown}
    return page(
        request, "day.html", visitor, of=of, kinds=kinds, kind=kind, township=township, when=when,
        townships=townships, names=names,
        counts=Counter(todo.when for todo in fits), whens=WHEN, shown=shown[first : first + PAGE], total=len(shown),
        number=number, last=last,
        together=bool(kind) and (service, action) not in of.decides and len(shown) > 1 and len(places) == 1,
        service=service, action=action, named=lambda text: words.by_name(text, villages),
    )  # fmt: skip


HANDLERS: Final = (day,)
