"""Blanks over HTTP: what a person has to fill in for a command, and taking in a blank that was filled in.

A filled blank is read like a row of an Excel form, and becomes a command. So a page needs to know neither the command's
type nor the packs.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State as AppState
from litestar.params import FromPath, FromQuery, HeaderParameter
from msgspec import Meta, inspect

from shared import blanks, secrecy
from shared.contracts import Command
from shared.contracts.values import Revision, Role, SeenVersion
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.requests import IDEMPOTENCY_KEY, RequestRefused
from shared.engine.versions import written
from shared.forms import Blank, Known, Words, field_of
from shared.labels import Both, in_words
from shared.policy import Policy
from shared.rules import Refused, State
from shared.web.http import Accepted, Route, said
from shared.web.identity import FOUND, PLACE, caller, require_reach, tells_of
from shared.web.places import PlaceQuery
from shared.web.problems import Fault, Unfit
from shared.web.tasks import OpenTask, tasks_of
from shared.workbook import Form
from shared.workbook.cells import cell, shown
from shared.workbook.sheet import LONGEST_TEXT

LINES, MOST_LINES = 3, 500
"""How many empty rows are offered where a field repeats, and how many rows one command may have."""
Forms = Mapping[str, Blank]
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
"""A text as long as a cell of a sheet may be. Whether it is too long for its own field is checked later, so that the
fault names that field."""


class Act(msgspec.Struct, frozen=True):
    """Something that one may say."""

    action: str
    zh: str
    en: str
    decides: bool
    owed: bool
    """Whether it answers tasks. Otherwise people say it unasked."""
    undoes: bool
    """Whether it takes something back or corrects it."""


class Owing(msgspec.Struct, frozen=True):
    """An open task that a blank answers, with what is known of it already."""

    task: OpenTask
    lines: tuple[Mapping[str, str], ...]
    """The texts of the fields that are known, for each row: one row where nothing repeats."""
    words: Mapping[str, Both]
    """What the codes and days among them mean, in Chinese and English."""


class Asking(msgspec.Struct, frozen=True):
    """A blank: what it asks for, and the tasks that it answers."""

    action: str
    zh: str
    en: str
    is_long: bool
    decides: bool
    repeats: str
    """The field whose parts repeat over rows; empty if there is one row."""
    key: str
    """The field by which one row is told from others. A row with nothing else in it says nothing."""
    by_zh: str
    """Who demands it, under which document."""
    by_en: str
    fields: tuple[blanks.Asked, ...]
    tasks: tuple[Owing, ...]


class Filled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A filled blank: the text of each field, in as many rows as its parts repeat."""

    at_once: ClassVar[int] = 200
    """The most filled blanks in one request."""

    rows: Annotated[
        tuple[Annotated[dict[Annotated[str, Meta(max_length=80)], Text], Meta(max_length=100)], ...],
        Meta(min_length=1, max_length=MOST_LINES),
    ]
    expects: SeenVersion | None = None
    """The command's `expects`: the version of a state that its sender saw."""
    replaces: Revision | None = None
    """The command's `replaces`: the version of the known data that it is to overwrite."""


_FILLED = msgspec.json.Decoder(Annotated[tuple[Filled, ...], Meta(max_length=Filled.at_once)])


def handlers(forms: Forms) -> tuple[Any, ...]:
    """The blanks of a service with these forms."""
    return _acts(forms), _ask(forms), _say(forms)


def _acts(forms: Forms) -> Any:
    @get("/v1/blanks", tags=["forms"], summary="可以办理的事项 · What one may say", opt={"asks": PLACE})
    async def acts(
        request: Request[Any, Any, Any],
        state: AppState,
        place: PlaceQuery = "",
        role: FromQuery[Role | None] = None,
        anybody: FromQuery[bool] = False,
        offered: FromQuery[bool] = False,
    ) -> list[Act]:
        """What the caller may say in a division, or in one of these digits; with `role`, what he may say in that role.

        With `anybody`, what others may say there is told as well, for whoever shows what is awaited from them; with
        `offered`, only that for which the packs in force there have something to choose, such as kinds of leave. Which
        body says a command that names one, a region's pack decides.
        """
        who, found = caller(request), list[Act]()
        policies = policies_of(state, place) if offered else []
        for route in state.routes.values():
            may = route.by or bodies(route.command)
            is_said = role in (None, *may) and (anybody or who.may(may, place))
            if not is_said or not is_typed(route.command):
                continue
            if policies and not _blank(state, forms, route.path)[1].is_offered(policies):
                continue
            form = forms.get(route.path)
            undoes = route.path.endswith(("-withdrawals", "-corrections", "-reopenings"))
            owed = form.is_owed if form else not route.by and not undoes
            found.append(Act(route.path, route.zh, route.en, route.decides, owed, undoes))
        return found

    return acts


def bodies(command: type[Command]) -> Sequence[str]:
    """The roles that a command can name as its `body`; none if it has no such field."""
    field = field_of(command, "body")
    return tuple(map(str, getattr(field.type, "values", ()))) if field else ()


def is_typed(command: type[Command]) -> bool:
    """Whether people type a command in. A whole policy pack is handed in as a document."""
    return "AnyType" not in repr(inspect.type_info(command))


def _ask(forms: Forms) -> Any:
    @get("/v1/blanks/{action:str}", tags=["forms"], summary="填报项目 · What is asked for", opt={"asks": PLACE})
    async def ask(
        action: FromPath[str],
        request: Request[Any, Any, Any],
        state: AppState,
        place: PlaceQuery = "",
        of: FromQuery[str] = "",
    ) -> Asking:
        """What is asked for to say a command in a division, and the open tasks of the state `of`, named as `kind/id`,
        that it answers, with what is known of them.
        """
        route, blank = _blank(state, forms, action)
        policies = policies_of(state, place)
        form = blank.form(policies, place)
        tasks = [one async for one in _owing(request, state, blank, form, of)] if of else []
        return Asking(
            action, route.zh, route.en, route.command.is_long, route.decides, blank.repeats, blank.key[-1],
            form.asked_by_zh, form.asked_by_en, blanks.asked(blank, form), (*tasks,),
        )  # fmt: skip

    return ask


def policies_of(state: AppState, place: str) -> list[Policy]:
    """The packs in force in the divisions with this prefix, or in one that includes it."""
    pipeline: Pipeline = state.pipeline
    found = (
        pipeline.book.at(jurisdiction, pipeline.today)
        for jurisdiction in pipeline.book.packs
        if pipeline.today and (jurisdiction.startswith(place) or place.startswith(jurisdiction))
    )
    return [policy for policy in found if policy]


def _blank(state: AppState, forms: Forms, action: str) -> tuple[Route, Blank]:
    route: Route | None = state.routes.get(action)
    if route is None or not is_typed(route.command):
        zh, en = f"没有可以填报的事项“{action}”", f"there is nothing to fill in for {action!r}"
        raise Refused("identity", zh, en, status=404)
    return route, forms.get(action) or _alone(*route[:4])


@cache
def _alone(path: str, command: type[Command], zh: str, en: str) -> Blank:
    return blanks.alone(command, path, zh, en)


async def _owing(
    request: Request[Any, Any, Any], app: AppState, blank: Blank, form: Form, of: str
) -> AsyncIterator[Owing]:
    """The open tasks of a state that a blank answers, as far as the caller is shown them."""
    pipeline: Pipeline = app.pipeline
    kind, _, id = of.partition("/")
    kinds = {one.kind: one for one in pipeline.tables.states}
    if kind not in kinds:
        return
    position = pipeline.written
    async with pipeline.engine.connect() as conn:
        found: State | None = (await store.load_states(conn, pipeline.tables, [(kinds[kind], id)]))[kinds[kind], id]
    if found is None:
        return
    require_reach(request, found.place)
    policy, shown = await tasks_of(pipeline, found, who := caller(request), app.decisions)
    tasks = [one for one in shown if one.task.action in {blank.name, blank.task or blank.name}]
    if policy is None or not tasks or (blank.personal and not who.may((tasks[0].task.role,), found.place)):
        return
    if found.personal or blank.personal:
        tells_of(request, [of])
    version = written(found, position, pipeline.wiring.secret, to_operator=who.is_operator)
    known: Sequence[Known] = [blank.row(found, one.task, policy) for one in tasks]
    rows = await named(pipeline, await blank.completed(pipeline, known) if blank.completed else known)
    async with pipeline.engine.connect() as conn:
        names = await store.names(conn, pipeline.tables, (one.task.about for one in tasks))
    for one, row in zip(tasks, rows, strict=True):
        owed = msgspec.structs.replace(one, version=version).told(policy, names)
        lines = tuple(_texts(form, line) for line in blank.lines(row, LINES if blank.repeats else 1))
        yield Owing(owed, lines[:MOST_LINES], dict(_worded(form, row, policy)))


async def named(pipeline: Pipeline, rows: Sequence[Known]) -> Sequence[Known]:
    """The rows with their villages' names."""
    async with pipeline.engine.connect() as conn:
        villages = [row["village"] for row in rows if "village" in row]
        names = await store.names(conn, pipeline.tables, villages)
    return [{**row, "name": names.get(row.get("village", ""))} for row in rows]


def _texts(form: Form, line: Known) -> Mapping[str, str]:
    """What is known of a row, in the form in which one would type it in."""
    of = {column.field: cell(column, line[column.field]) for column in form.columns if column.field in line}
    return {field: text for field, value in of.items() if (text := shown(value))}


def _worded(form: Form, row: Known, policy: Policy) -> Iterator[tuple[str, Both]]:
    for column in form.columns:
        value = row.get(column.field)
        if isinstance(value, Words):
            yield column.field, (str(value), value.en)
        elif value not in (None, "", ()) and not column.labels:
            yield column.field, in_words(column.field, value, policy)


def _say(forms: Forms) -> Any:
    @post(
        "/v1/filled/{action:str}",
        tags=["forms"],
        summary="提交填报内容 · Say what was filled in",
        status_code=200,
        opt={"asks": FOUND, "takes": Filled, "refuses": (401, 403, 412)},
    )
    async def say(
        action: FromPath[str],
        request: Request[Any, Any, Any],
        state: AppState,
        key: Annotated[str, HeaderParameter(name=IDEMPOTENCY_KEY, min_length=8, max_length=160)],
        place: PlaceQuery = "",
        dry_run: FromQuery[bool] = False,
    ) -> Accepted:
        """Say what was filled in. One bad row stops the whole request.

        The body is an array of filled blanks, each of which becomes one command. A text is read as a cell of the Excel
        form is: a day as 2016-03-01, a choice by its Chinese word. `row` of a fault counts the rows of all of them.
        """
        route, blank = _blank(state, forms, action)
        form = blank.form(policies_of(state, place), place)
        filled = _decoded(await request.body())
        commands = _commands(blank, form, filled)
        first = [sum(len(one.rows) for one in filled[:n]) for n in range(len(filled))]
        try:
            return await said(request, state.pipeline, route, commands, f"blank:{key}", dry_run=dry_run)
        except RequestRefused as error:
            raise RequestRefused(_placed(blank, form, commands, first, error.refused)) from error

    return say


def _decoded(body: bytes) -> Sequence[Filled]:
    try:
        filled: Sequence[Filled] = _FILLED.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        zh, en = "请求不是填报内容的列表", f"no array of filled blanks: {error}"
        if f"of length <= {LONGEST_TEXT}" in str(error):
            zh = f"有一栏超过{LONGEST_TEXT}个字，请缩短"
            en = f"a field has more than {LONGEST_TEXT} characters; shorten it"
        raise Unfit([Fault(0, "schema", zh, en)]) from error
    marked = [
        Fault(0, secrecy.RULE, secrecy.ZH, secrecy.EN, path or None, basis=secrecy.BASIS)
        for one in filled
        for row in one.rows
        for path in secrecy.classified_in({**row})
    ]
    if marked:
        raise Unfit(marked)
    return filled


def _commands(blank: Blank, form: Form, filled: Sequence[Filled]) -> list[Command]:
    """The commands that filled blanks become. Raises Unfit with everything that cannot be read."""
    from shared.workbook.reading import typed  # Only here, since it takes memory.

    commands, faults, number = list[Command](), list[Fault](), 0
    fields = {column.title: column.field for column in form.columns}
    for one in filled:
        for n, row in enumerate(one.rows, number):
            faults += _strangers(n, row, fields.values())
        found = blank.said(form, [typed(form, n, row) for n, row in enumerate(one.rows, number)])
        number += len(one.rows)
        if not isinstance(found, Command):
            faults += [Fault(told.row, told.rule, told.zh, told.en, fields[told.column]) for told in found]
            continue
        versions = {"expects": one.expects}
        if hasattr(found, "replaces"):
            versions |= {"replaces": one.replaces}
        commands.append(msgspec.structs.replace(found, **versions))
    if faults:
        raise Unfit(faults, status=422)
    return commands


def _strangers(row: int, texts: Mapping[str, str], fields: Iterable[str]) -> Iterator[Fault]:
    for field in texts.keys() - {*fields}:
        yield Fault(row, "schema", f"此处没有“{field}”一栏", f"there is no field {field!r} here", field)


def _placed(
    blank: Blank, form: Form, commands: Sequence[Command], first: Sequence[int], refused: Mapping[int, Refused]
) -> dict[int, Refused]:
    """The refusals by the row that is to blame, each with its field, unless the blank does not have this field."""
    fields, placed = {column.field for column in form.columns}, dict[int, Refused]()
    for n, told in refused.items():
        nth, field = blank.where(commands[n], told.field or "")
        told.field = field if field in fields else None
        placed[first[n] + nth] = told
    return placed
