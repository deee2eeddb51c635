"""The day page in a terminal: the open tasks of one service or of all, read page by page and shown as a table."""

from collections.abc import Iterable, Iterator
from datetime import date
from importlib import import_module
from typing import Final

import httpx
import msgspec
from rich.table import Table

from deploy.language import chosen, day
from deploy.local.supervisor import SERVICES
from deploy.terminal import folded
from shared import chinese
from shared.labels import Both
from shared.web.tasks import OpenTask, following


def open_tasks(http: httpx.Client, **asked: str) -> Iterator[OpenTask]:
    """All tasks of a process, page by page. Empty parameters are left out."""
    after, params = "", {name: said for name, said in asked.items() if said}
    while True:
        answer = http.get("/v1/tasks", params={**params, "after": after}).raise_for_status()
        page = msgspec.json.decode(answer.content, type=list[OpenTask])
        yield from page
        if not (after := following(page)):
            return


def titles() -> dict[str, Both]:
    """What each command does, by its path, in Chinese and English."""
    routes = [route for service in SERVICES for route in import_module(f"services.{service}.api").COMMANDS]
    return {route.path: (route.zh, route.en) for route in routes}


def overdue(tasks: Iterable[OpenTask], today: date) -> list[tuple[Both, Both]]:
    """The overdue tasks in words: what was due when, and who can move it, the longest overdue first."""
    names, found = titles(), list[tuple[Both, Both]]()
    late = [line for line in tasks if line.task.due and line.task.due < today]
    for line in sorted(late, key=lambda line: (line.task.due or today, line.task.action)):
        assert line.words and line.task.due  # The request asked for words.
        (zh, en), (detail, detail_en) = names[line.task.action], line.words.detail
        found.append(
            (
                (
                    f"{zh}{f'（{detail}）' if detail else ''}应于{chinese.day(line.task.due)}前办理，逾期未办",
                    f"{en}{f' ({detail_en})' if detail_en else ''} was due on {line.task.due} and is overdue",
                ),
                line.words.by,
            )
        )
    return found


def table_of(tasks: Iterable[OpenTask]) -> Table:
    """The tasks as a table, those that are due first at the top. They were asked for with their words."""
    names = titles()
    table = folded(*map(chosen, _HEADINGS))
    for line in sorted(tasks, key=lambda line: (line.task.due or date.max, line.task.action, line.task.about)):
        assert line.words  # The request asked for words.
        table.add_row(
            day(line.task.due),
            chosen(line.words.by),
            f"{chosen(names[line.task.action])}\n{line.task.action}",
            *map(chosen, (line.words.about, line.words.detail, line.words.basis)),
        )
    return table


_HEADINGS: Final = (
    ("期限", "due"),
    ("由谁办理", "from whom"),
    ("事项和命令", "task and command"),
    ("对象", "about"),
    ("说明", "detail"),
    ("依据", "basis"),
)
