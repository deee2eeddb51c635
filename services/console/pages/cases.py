"""Cases of rewards and sanctions: every clock of their due process, what each side may do next, and by which form.

Whoever deals with cases sees those of his division, as far as the incentives show them; everybody sees his own.
"""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect

from services.console import store, words
from services.console.pages.card import titles_of
from services.console.pages.day import mark
from services.console.pages.overview import hearing_of
from services.console.sessions import Session
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor, page
from shared.labels import Both, in_words
from shared.web.tasks import OpenTask

PAGE: Final = 50
"""Cases on a page; those about one subject stay together."""


class Clock(msgspec.Struct, frozen=True):
    """One time of a case, as the incentives tell it."""

    name: Both
    law: Both
    whose: Both
    since: str
    until: str
    left: int | None


class Step(msgspec.Struct, frozen=True):
    """What somebody may do next."""

    action: str
    by: Both
    is_subjects: bool
    until: str | None


class Remedy(msgspec.Struct, frozen=True):
    """A level of remedy."""

    name: str
    law: Both
    by: Both
    within: Both


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case, as the incentives tell it. Fields with a default are told only to the person concerned."""

    record: str
    place: str
    subject_kind: str
    subject: str
    village: str
    village_place: str
    outcome: str
    title: Both
    clause: Both
    status: Both
    proposed_on: str
    decided_on: str | None
    decided_by: str
    is_open: bool
    clocks: list[Clock]
    steps: list[Step]
    grounds: tuple[Both, ...] = ()
    statement: str = ""
    finding: str = ""
    distinctions: tuple[Both, ...] = ()
    effect: Both = ("", "")
    served_on: str | None = None
    expires: str | None = None
    remedies: tuple[Remedy, ...] = ()
    appeal: Both = ("", "")


@get("/cases")
async def cases(
    request: Request,
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
    finished: FromQuery[bool] = False,
    after: Annotated[str, QueryParameter(max_length=120)] = "",
) -> Response[Any]:
    """The visitor's own cases, and those with which he deals in his role and division."""
    session: Session | None = request.scope["state"].get("session")
    if session is None:
        return page(request, "cases.html", visitor, is_known=False)
    own, dealt, titles = await asyncio.gather(
        _asked(upstream, visitor, "/v1/own-cases"),
        _asked(
            upstream, visitor, "/v1/cases", place=visitor.place[:6], open_only=not finished, after=after, limit=PAGE
        ),
        titles_of(request, upstream, visitor),
    )
    tasks = await _tasks(upstream, visitor) if dealt is not None else []
    mine, others = (msgspec.convert(of or [], list[Case]) for of in (own, dealt))
    if after and not others:  # There are fewer cases than there were.
        return Redirect(f"/cases?{urlencode({'finished': str(finished).lower()})}", status_code=303)
    async with hearing_of(request).store.engine.connect() as conn:
        villages = await store.village_names(conn, words.by_code(one.title for one in [*mine, *others]))
    return page(
        request, "cases.html", visitor, is_known=True, mine=mine, others=others, deals=dealt is not None,
        finished=finished, after=others[-1].record if len(others) >= PAGE else "", titles=titles, links=_links(tasks),
        names=await _names(request, upstream, visitor, [*mine, *others]), asked_for=_asked_for,
        title=lambda one: words.by_name(one.title, villages),
        of_kind=lambda one: in_words("subject_kind", one.subject_kind),
    )  # fmt: skip


async def _asked(upstream: Upstream, visitor: Visitor, path: str, **params: Any) -> Any:
    """What the incentives answer; None for somebody who has no right to it. Raises Refusal if they do not answer."""
    try:
        return await upstream.get("incentives", path, visitor, **params)
    except Refusal as refusal:
        if refusal.status == 403:
            return None
        raise


async def _tasks(upstream: Upstream, visitor: Visitor) -> list[OpenTask]:
    """What the visitor has to do in cases in his role."""
    found = await _asked(upstream, visitor, "/v1/tasks", place=visitor.place[:6], role=visitor.acting)
    return msgspec.convert(found or [], list[OpenTask])


def _links(tasks: Iterable[OpenTask]) -> dict[tuple[str, str], str]:
    """By outcome and action, the form in which the visitor does what is awaited of him."""
    return {
        (one.task.about, one.task.action): f"/act/incentives/{one.task.action}?"
        + urlencode({"place": one.place, "of": f"{one.kind}/{one.id}", "task": mark(one.task)})
        for one in tasks
        if one.kind == "records"
    }


def _asked_for(case: Case, action: str) -> str:
    """The form by which whom a case concerns asks for a remedy, with what is known of the case filled in."""
    kind, _ = in_words("subject_kind", case.subject_kind)
    said = (f"subject_kind:{kind}", f"subject:{case.subject}", f"outcome:{case.outcome}")
    return f"/act/incentives/{action}?" + urlencode({"place": case.village_place, "said": said}, doseq=True)


async def _names(request: Request, upstream: Upstream, visitor: Visitor, of: list[Case]) -> dict[str, str]:
    """The names of whom cases concern, by record: units and villages by the read tables, cadres as far as the registry
    shows their names to the visitor."""
    ids = {kind: sorted({one.subject for one in of if one.subject_kind == kind}) for kind in ("unit", "team", "cadre")}
    async with hearing_of(request).store.engine.connect() as conn:
        units = await store.unit_names(conn, ids["unit"])
        villages = await store.village_names(conn, ids["team"])
    shown = await asyncio.gather(*(upstream.cadre_name(visitor, id, visitor.place[:6]) for id in ids["cadre"]))
    return {
        **{f"unit:{id}": name for id, name in units.items()},
        **{f"team:{id}": name for id, name in villages.items()},
        **{f"cadre:{id}": name for id, name in zip(ids["cadre"], shown, strict=True) if name},
    }


HANDLERS: Final = (cases,)
