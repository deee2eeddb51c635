"""What a service keeps, as the caller may see it: lists of its states, single states, and their numbers."""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.values import OWN
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.store import within
from shared.engine.versions import written
from shared.rules import Refused, State
from shared.web import audited, masking
from shared.web.identity import (
    PERSONAL,
    PLACE,
    Asks,
    Caller,
    caller,
    in_all,
    in_which,
    not_his,
    require_reach,
    tells_of,
)
from shared.web.lists import LARGEST_LIST, array
from shared.web.operations import because
from shared.web.places import PlaceQuery, codes_now


class _Placed(msgspec.Struct):
    id: str
    place: str


class _Shows(NamedTuple):
    """How states of a kind are shown to a caller in a division."""

    state: type[State]
    who: Caller
    is_reader: bool
    """Whether he reads the secrets of this kind, which is not personal, in the villages for which `his` is true."""
    his: Callable[[str], bool]
    """Tells for the id of a state whether his role extends to its village."""

    def all_of(self, id: str) -> bool:
        """Whether he is shown the secrets of a state, as an operator or as a reader of a kind that is not personal."""
        return self.who.is_operator or (self.is_reader and self.his(id))

    @property
    def text(self) -> Callable[[str, str], str | None] | None:
        """A function that makes of a stored state what he is shown: without its secrets, and with masked names. It
        returns None for a personal state that is not his to read. Instead of the function, None if he is shown all
        states as they are."""
        state, masks = self.state, bool(masking.fields(self.state))
        if state.shown is State.shown and (not masks or self.who.is_operator) and self.his is in_all:
            return None

        def text(body: str, id: str) -> str | None:
            if state.personal and not self.his(id):
                return None
            is_whole = self.all_of(id)
            body = store.shown(state, body, to_operator=is_whole)
            return masking.masked(state, body) if masks and not is_whole else body

        return text

    def told(self, request: Request[Any, Any, Any]) -> Callable[[Iterable[str]], None]:
        """A function that notes of whom he is told: in a personal kind of everybody, in another kind of those whose
        secrets he is shown."""
        kind = self.state
        return lambda ids: tells_of(
            request, (f"{kind.kind}/{id}" for id in ids if kind.personal or (kind.readers and self.all_of(id)))
        )


async def _shows(pipeline: Pipeline, state: type[State], request: Request[Any, Any, Any], place: str) -> _Shows:
    """How states of a kind in a division are shown to the sender of a request."""
    who = caller(request)
    is_reader = bool(state.readers) and not state.personal and not who.is_anybody and who.may(state.readers, place)
    if OWN.keys().isdisjoint(state.readers):
        return _Shows(state, who, is_reader, in_all)
    return _Shows(state, who, is_reader, in_which(who, state.readers, place, await codes_now(pipeline, place)))


def queries(pipeline: Pipeline, state: type[State], table: Table) -> list[Any]:
    """The queries of one kind of state: a list, a single state, and the number of states by status."""
    kind, engine, tables = state.kind, pipeline.engine, pipeline.tables

    shows = partial(_shows, pipeline, state)
    asks = Asks("place" if state.readers else "operator", state.readers) if state.personal else PLACE

    @get(
        f"/v1/{kind}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=kind,
        opt={"answers": list.__class_getitem__(state), "asks": asks, PERSONAL: state.personal},
        summary=" · ".join(state.known_as),
    )
    async def listing(
        request: Request[Any, Any, Any],
        place: PlaceQuery = "",
        status: FromQuery[str] = "",
        after: FromQuery[str] = "",
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_LIST)] = 500,
    ) -> Response[bytes]:
        """States in order of id, after a given id. They can be limited to a prefix of the division and to a status."""
        found = select(table.c.body, table.c.id).where(table.c.id > after, *within(table, place))
        if status:
            found = found.where(table.c.status == status)
        found = found.order_by(table.c.id).limit(limit)
        shown = await shows(request, place)
        return await array(engine, found, shown.text, shown.told(request))

    @get(
        f"/v1/{kind}/{{id:path}}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=f"one of {kind}",
        opt={
            "answers": state,
            "asks": Asks("found", asks.roles) if asks.where == "place" else asks,
            PERSONAL: state.personal,
        },
        summary=" · ".join(state.known_as),
    )
    async def one(request: Request[Any, Any, Any], id: FromPath[str]) -> Response[bytes]:
        """One state by its id. The ETag is its version, for `If-Match` or `expects` of a command that changes it."""
        id, position = id.lstrip("/"), pipeline.written
        async with engine.connect() as conn:
            body = (await conn.execute(select(table.c.body).where(table.c.id == id))).scalar()
            if body is None and (alias := await store.id_by_code(conn, tables, id)) != id:
                body = (await conn.execute(select(table.c.body).where(table.c.id == alias))).scalar()
        if body is None:
            raise _none(state, id)
        found = msgspec.json.decode(body, type=_Placed)
        if asks.where == "place":
            require_reach(request, found.place, asks.roles)
        shown = await shows(request, found.place)
        if (text := shown.text(body, found.id) if shown.text else body) is None:
            raise not_his(found.id)
        shown.told(request)([found.id])
        seen = store.decode_state(state, body)
        version = written(seen, position, pipeline.wiring.secret, to_operator=shown.all_of(found.id))
        return Response(text.encode(), media_type=MediaType.JSON, headers={"ETag": f'"{version}"'})

    return [
        listing,
        one,
        _summary(engine, state, table),
        *([_unmasked(pipeline, state, table, asks.roles)] if masking.fields(state) else []),
    ]


def _summary(engine: AsyncEngine, state: type[State], table: Table) -> Any:
    """The query that counts the states of one kind."""

    @get(
        f"/v1/summary/{state.kind}",
        tags=["queries"],
        name=f"summary of {state.kind}",
        opt={"asks": PLACE},
        summary=" · ".join(state.known_as),
    )
    async def summary(place: PlaceQuery = "") -> dict[str, int]:
        """The number of states by status, in a division with this prefix."""
        counts = select(table.c.status, func.count()).where(*within(table, place)).group_by(table.c.status)
        async with engine.connect() as conn:
            return {row[0]: row[1] for row in await conn.execute(counts.order_by(table.c.status))}

    return summary


def _none(state: type[State], id: str) -> Refused:
    """The refusal of an id that no state of this kind has."""
    zh, en = state.known_as
    return Refused("identity", f"查无{zh}“{id}”，请核对编号", f"{en} {id!r} does not exist; check its id", status=404)


def _unmasked(pipeline: Pipeline, state: type[State], table: Table, readers: Collection[str]) -> Any:
    """The query that gives one person's whole name to a caller who says for which purpose."""

    @get(
        f"{audited.UNMASKED}{state.kind}/{{id:path}}",
        tags=["queries"],
        media_type=MediaType.JSON,
        name=f"one of {state.kind} by name",
        opt={"answers": state, "asks": Asks("found", readers), PERSONAL: True, "refuses": (403, 404, 422)},
        summary=" · ".join(state.known_as),
    )
    async def unmasked(
        request: Request[Any, Any, Any],
        id: FromPath[str],
        purpose: Annotated[str, QueryParameter(min_length=2, max_length=200)],
    ) -> Response[bytes]:
        """One person, with the name and everything else that lists show only in part. The audit log keeps who asked and
        for which `purpose`: a line in words, such as 核对任职文件姓名."""
        because(purpose, "purpose")
        async with pipeline.engine.connect() as conn:
            body = (await conn.execute(select(table.c.body).where(table.c.id == id.lstrip("/")))).scalar()
        if body is None:
            raise _none(state, id)
        found = msgspec.json.decode(body, type=_Placed)
        require_reach(request, found.place, readers)
        tells_of(request, [f"{state.kind}/{found.id}"])
        if masking.is_named(state, body, purpose):  # Otherwise the log would keep id and name together for ever.
            zh, en = "用途长期留存，不得写当事人的姓名，写明事由即可", "the log keeps the purpose: name nobody in it"
            raise Refused("schema", zh, en, field="purpose", status=422)
        whole = store.shown(state, body, to_operator=caller(request).is_operator)
        return Response(whole.encode(), media_type=MediaType.JSON)

    return unmasked
