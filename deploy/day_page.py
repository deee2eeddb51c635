"""The day page in a terminal: the open tasks of one service or of all, read page by page and shown as a table."""

from collections.abc import Iterable, Iterator
from datetime import date
from importlib import import_module
from typing import Final

import httpx
import msgspec
from rich.table import Table

from deploy.language import chosen, day, told
from deploy.local.supervisor import SERVICES
from deploy.terminal import folded
from shared.web.http import OpenTask, following


def open_tasks(http: httpx.Client, **asked: str) -> Iterator[OpenTask]:
    """All tasks of a process, page by page. Empty parameters are left out."""
    after, params = "", {name: said for name, said in asked.items() if said}
    while True:
        answer = http.get("/v1/tasks", params={**params, "after": after}).raise_for_status()
        page = msgspec.json.decode(answer.content, type=list[OpenTask])
        yield from page
        if not (after := following(page)):
            return


def table_of(tasks: Iterable[OpenTask]) -> Table:
    """The tasks as a table, those that are due first at the top. They were asked for with their words."""
    routes = [route for service in SERVICES for route in import_module(f"services.{service}.api").COMMANDS]
    names = {route.path: told(route.zh, route.en) for route in routes}
    table = folded(*map(chosen, _HEADINGS))
    for line in sorted(tasks, key=lambda line: (line.task.due or date.max, line.task.action, line.task.about)):
        assert line.words  # The request asked for words.
        table.add_row(
            day(line.task.due), chosen(line.words.by), f"{names[line.task.action]}\n{line.task.action}",
            *map(chosen, (line.words.about, line.words.detail, line.words.basis)),
        )  # fmt: skip
    return table


_HEADINGS: Final = (
    ("期限", "due"), ("由谁办理", "from whom"), ("事项和命令", "task and command"), ("对象", "about"),
    ("说明", "detail"), ("依据", "basis"),
)  # fmt: skip
