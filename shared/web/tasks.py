"""What people have to do: the open tasks of a division, as the caller may see them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Self, cast

import msgspec
from litestar import Request, get
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import select

from shared.contracts.values import Role
from shared.divisions import is_village
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.store import within
from shared.engine.versions import written
from shared.labels import Both, awaited, basis, in_words
from shared.policy import Policy
from shared.rules import State, Task
from shared.web.identity import PLACE, Caller, Decisions, caller, sees, tells_of
from shared.web.lists import LARGEST_PAGE, SMOOTH
from shared.web.places import PlaceQuery, TownshipQuery, codes_now


class InWords(msgspec.Struct, frozen=True):
    """A task in words, each part in Chinese and English."""

    by: Both
    """Who has to do it: the role, and the cadres, if it is the duty of single cadres."""
    about: Both
    """What it concerns: a village with its code, a campaign with its day and kind."""
    detail: Both
    """What distinguishes it from other tasks about the same thing: 2015年度工作台账."""
    basis: Both
    """The law or the region's document that demands it; empty if only the system does."""


class OpenTask(msgspec.Struct, omit_defaults=True):
    """A task, with the kind and id of the state that it belongs to."""

    kind: str
    id: str
    place: str
    task: Task
    township: str = ""
    """The code of the township in which its village lies now; empty if it is about no village."""
    words: InWords | None = None
    """The task in words, if the caller asks for it."""
    version: str = ""
    """The version of the state, for `expects` or `If-Match` of the answer, if the caller asks for it."""

    def told(self, policy: Policy | None, names: Mapping[str, str]) -> Self:
        """The same task with `words`; a region's own words come first. `names` has the villages' names by id."""
        task = self.task
        (zh, en), whom = in_words("by", task.role, policy), task.whom
        by = (f"{zh}（{'、'.join(whom)}）", f"{en} ({', '.join(whom)})") if whom else (zh, en)
        about, detail = awaited(task.about, task.answer, task.detail, policy)
        if name := names.get(task.about):
            about = f"{name}（{about[0]}）", f"{name} ({about[1]})"
        words = InWords(by, about, detail, basis(task.rule, policy))
        return msgspec.structs.replace(self, words=words)


def following(page: Sequence[OpenTask]) -> str:
    """The value of `after` for the next page of tasks; empty if this was the last page."""
    return f"{page[-1].kind}/{page[-1].id}" if len(page) >= LARGEST_PAGE else ""


async def open_tasks(
    pipeline: Pipeline,
    place: str,
    to: Caller,
    decisions: Decisions,
    *,
    township: str = "",
    after: str = "",
    enough: Callable[[], bool] = lambda: False,
) -> AsyncGenerator[tuple[State, Any, Sequence[OpenTask]], None]:
    """The tasks of a division that a caller is shown: each state that has any, with the pack in force and these tasks,
    in order of kind and id. The pack is None only if the state needs none. `decisions` says about whom commands decide.
    With a `township`, tasks about villages of other townships are left out, but not those about no village.

    Tasks about persons are left out if nobody is asked who he is. The first state is the one after the `kind/id` given
    as `after`. The generator ends by itself as soon as `enough` is true: if its user just stopped, the open rows could
    not be closed safely.
    """
    # A kind that never awaits anything, such as cadres, may have millions of states, so its table is not searched.
    waits = {kind: table for kind, table in pipeline.tables.states.items() if kind.awaits is not State.awaits}
    first, _, last = after.partition("/")
    code_now = await codes_now(pipeline, place)
    async with pipeline.engine.connect() as conn:
        for kind, table in sorted(waits.items(), key=lambda item: item[0].kind):
            if kind.kind < first or (kind.personal and to.is_anybody):
                continue
            behind = table.c.id > (last if kind.kind == first else "")
            found = select(table.c.body).where(table.c.awaits, behind, *within(table, place)).order_by(table.c.id)
            async with conn.stream(found) as rows, aclosing(cast("Any", rows.partitions(SMOOTH))) as parts:
                async for part in parts:
                    for (body,) in part:
                        state = store.decode_state(kind, body)
                        policy, shown = _shown(pipeline, state, to, decisions, code_now)
                        if tasks := [one for one in shown if not township or one.township in ("", township)]:
                            yield state, policy, tasks
                        if enough():
                            return
                    await asyncio.sleep(0)  # Other requests get their turn.


async def tasks_of(
    pipeline: Pipeline, state: State, to: Caller, decisions: Decisions
) -> tuple[Any, Sequence[OpenTask]]:
    """The pack in force for a state, and those of its tasks that a caller is shown."""
    return _shown(pipeline, state, to, decisions, await codes_now(pipeline, state.place))


def _shown(
    pipeline: Pipeline, state: State, to: Caller, decisions: Decisions, code_now: Callable[[str], str]
) -> tuple[Any, Sequence[OpenTask]]:
    policy: Any = pipeline.book.at(state.place, pipeline.today) if pipeline.today else None
    return policy, [
        OpenTask(state.kind, state.id, state.place, task, code_now(_village_of(task))[:9])
        for task in (state.tasks(policy) if policy or not state.needs_policy else ())
        if sees(to, state, task, decisions, code_now)
    ]


def _village_of(task: Task) -> str:
    """The village that a task is about, by its first code; empty if it is about none."""
    code = str(task.answer.get("village", task.about))
    return code if is_village(code) else ""


def queries(pipeline: Pipeline) -> list[Any]:
    """The list of tasks, and how many of them there are."""

    @get("/v1/tasks", tags=["queries"], opt={"asks": PLACE})
    async def tasks(
        request: Request[Any, Any, Any],
        place: PlaceQuery = "",
        role: FromQuery[Role | None] = None,
        township: TownshipQuery = "",
        about: FromQuery[str] = "",
        after: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
        words: FromQuery[bool] = False,
        versions: FromQuery[bool] = False,
    ) -> list[OpenTask]:
        """What people have to do: the lines of an officer's day page. `place` is a prefix of the division, `about` what
        a task is about, such as a village, its team or a unit. With a `township`, tasks about villages that now lie in
        another township are left out.

        With `words`, each task says in Chinese and English what it is about and by which document. With `versions`, it
        has the version of its state, so that whoever answers it is told if somebody else did meanwhile. Tasks about
        persons are shown to operators and to those who have them to do. A decision about the caller himself or his own
        is not shown to him, nor is a task of another unit, team, village or township in the role that he has for his
        own. Tasks come in order of kind and id, after the `kind/id` given as `after`. Tasks of one state stay together,
        so there may be more than `limit`. Fewer than `limit` means the end.
        """
        found: list[tuple[OpenTask, Policy | None]] = []
        who, position = caller(request), pipeline.written
        states = open_tasks(
            pipeline,
            place,
            who,
            request.app.state.decisions,
            township=township,
            after=after,
            enough=lambda: len(found) >= limit,
        )
        async for state, policy, of_state in states:
            seen = written(state, position, pipeline.wiring.secret, to_operator=who.is_operator) if versions else ""
            found += [
                (msgspec.structs.replace(one, version=seen), policy)
                for one in of_state
                if role in (None, one.task.role)
                and about in ("", one.task.about, one.task.answer.get("village"), one.task.answer.get("subject"))
            ]
        personal = {kind.kind for kind in pipeline.tables.states if kind.personal}
        tells_of(request, (f"{task.kind}/{task.id}" for task, _ in found if task.kind in personal))
        if not words:
            return [task for task, _ in found]
        async with pipeline.engine.connect() as conn:
            names = await store.names(conn, pipeline.tables, (task.task.about for task, _ in found))
        return [task.told(policy, names) for task, policy in found]

    @get("/v1/due", tags=["queries"], summary="待办项数 · How much is due", opt={"asks": PLACE})
    async def due(
        request: Request[Any, Any, Any], role: FromQuery[Role], place: PlaceQuery = "", township: TownshipQuery = ""
    ) -> dict[str, int]:
        """How many tasks wait for a role, by the action that answers them. These are the tasks that the list shows the
        caller; the numbers tell nothing of single persons."""
        found = Counter[str]()
        who, decisions = caller(request), request.app.state.decisions
        async for _, _, of_state in open_tasks(pipeline, place, who, decisions, township=township):
            found.update(one.task.action for one in of_state if one.task.role == role)
        return found

    return [tasks, due]
