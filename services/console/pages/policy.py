"""The policy in force in a division, sentence by sentence, with what each rests on."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from services.console import web
from services.console.upstream import Refusal, Upstream
from services.console.web import Request, Visitor
from shared.divisions import place_of
from shared.pack_sentences import Sentence, sentences
from shared.policy import Policy, PolicyBook, kept_pack
from shared.web.problems import Fault


@get("/policy/")
async def own(visitor: NamedDependency[Visitor]) -> Redirect:
    """The policy of one's own division."""
    return Redirect(f"/policy/{place_of(visitor.place)}", status_code=303)


@get("/policy/{place:str}")
async def policy(
    request: Request,
    place: FromPath[str],
    visitor: NamedDependency[Visitor],
    upstream: NamedDependency[Upstream],
) -> Response[str]:
    """Everything that the packs in force say together, by section."""
    if not (place.isascii() and place.isdigit() and len(place) in (2, 4, 6)):
        raise Refusal(404, (Fault(0, "", "区划代码应为2、4或6位数字", "a division's code has 2, 4 or 6 digits"),))
    code = place_of(place)
    packs = await upstream.get("registry", f"/v1/packs/{code}", visitor, at=code)
    book = PolicyBook()
    for pack in packs:
        book.adopt(kept_pack(pack))
    found = book.at(code, date.max)
    sections = [*_sections(found)] if found else []
    return web.page(request, "policy.html", visitor, policy=found, sections=sections, place=place)


def _sections(policy: Policy) -> Iterator[tuple[tuple[str, str], list[Sentence]]]:
    """The sentences by the section of the pack to which they belong."""
    for _, of_section in groupby(sentences(policy), lambda one: one.path[0]):
        told = [*of_section]
        zh, en = told[0].about
        yield (zh.partition("“")[0], en.partition(" “")[0]), told  # The name of the first entry is left out.


HANDLERS: Final = (own, policy)
