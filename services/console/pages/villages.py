"""Villages: searched by name, code and pinyin, filtered by where they stand and what is late, also as a workbook.

A page's address has the whole filter. Whoever keeps a search keeps the address under a name.
"""

import asyncio
import io
from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

import xlsxwriter
from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect

from services.console import kept, store, web, words
from services.console.language import say
from services.console.model.village import Village
from services.console.pages.overview import hearing_of, require_division, require_seen
from services.console.store import Asked
from services.console.web import Number, Request, Visitor, page
from shared.contracts.journey import STAGES
from shared.labels import Both, in_words
from shared.policy import PolicyBook
from shared.web.problems import Fault

MOST_EXPORTED: Final = 20_000
"""Villages in one workbook."""
Marks = Annotated[list[str] | None, QueryParameter(name="as", max_items=8)]


async def asked(
    visitor: NamedDependency[Visitor],
    place: FromQuery[str | None] = None,
    q: FromQuery[str] = "",
    stage: FromQuery[str] = "",
    unit: FromQuery[str] = "",
    marks: Marks = None,
) -> Asked:
    """What is asked for. Without a division it is the visitor's own. Refuses (403) one that is none of his."""
    place = visitor.place if place is None else place
    require_division(place)
    require_seen(visitor, place)
    return Asked(place, q[:60], stage, tuple(one for one in marks or () if one), unit)


ASKED: Final = {"of": Provide(asked)}


@get("/villages", dependencies=ASKED)
async def villages(
    request: Request,
    visitor: NamedDependency[Visitor],
    of: NamedDependency[Asked],
    page_: Number = 1,
) -> Response[str]:
    """A page of villages, with what they can be filtered by and where the rest is."""
    await _require_known(request, of)
    return await _page(request, visitor, of, page_)


async def _require_known(request: Request, of: Asked) -> None:
    """Refuse (404) a stage, unit or mark that does not exist, since an empty list would mislead. Units and marks are
    checked only once the tables are made."""
    known: dict[str, Collection[str]] = {"stage": STAGES}
    if (hearing := hearing_of(request)).is_current:
        async with hearing.store.engine.connect() as conn:
            counted = [mark for mark in of.marks if await store.is_counted(conn, mark)]
            known |= {"as": words.MARKS.union(counted), "unit": await store.unit_names(conn, [of.unit])}
    web.require_known(request, known)


async def _page(
    request: Request, visitor: Visitor, of: Asked, page_: int = 1, *, named: str = "", faults: tuple[Fault, ...] = ()
) -> Response[str]:
    hearing = hearing_of(request)
    book = await hearing.policies()
    async with hearing.store.engine.connect() as conn:
        found = await store.find(conn, of, page_)
        units = await store.unit_names(conn, {one.unit for one in found.villages if one.unit} | {of.unit})
        sums = (await store.summed(conn, [of.place]))[of.place]
        parts = await store.parts(conn, of.place)
        townships = await store.names(conn, [one for one in [of.place, *parts] if len(one) == 9])
        searches = await kept.searches(conn, web.keeper(request))
    policy = words.policy_of(book, of.place)
    page_, last = store.nearest_page(page_, found.number)
    choices = {mark: words.counted(mark, policy) for mark in sums if mark.startswith("list/")}
    for mark in ("late", "due", "orders", "on_list", "covered", *of.marks):
        choices.setdefault(mark, words.counted(mark, policy))

    def to(number: int = 0, path: str = "/villages", unit: str = "") -> str:
        given = words.query(of, unit) | ({"page": str(number)} if number > 1 else {})
        return f"{path}?{urlencode(given, doseq=True)}"

    return page(
        request, "villages.html", visitor, 422 if faults else 200, named=named, faults=faults, found=found, of=of,
        number=page_, last=last,
        to=to, stages={name: said for name, said in STAGES.items() if sums.get(f"stage/{name}")}, choices=choices,
        units=units, parts=parts, name=lambda code: words.place(code, townships, book), stage_words=STAGES,
        grade=lambda one: in_words("grade", one.grade, words.policy_of(book, one.place)), today=hearing.today,
        late=lambda one: _late(one, book), is_current=hearing.is_current, most=MOST_EXPORTED,
        searches=searches, query=urlencode(words.query(of), doseq=True),
    )  # fmt: skip


def _late(one: Village, book: PolicyBook) -> list[tuple[Both, date]]:
    """What is overdue in a village, the oldest first."""
    policy = words.policy_of(book, one.place)
    found = [(words.late(late.type, late.kind, policy), late.due) for late in one.late.values()]
    return sorted(found, key=lambda item: item[1])


@get("/villages.xlsx", dependencies=ASKED)
async def workbook(request: Request, visitor: NamedDependency[Visitor], of: NamedDependency[Asked]) -> Response[bytes]:
    """The villages that are asked for as an Excel workbook."""
    await _require_known(request, of)
    hearing = hearing_of(request)
    book = await hearing.policies()
    async with hearing.store.engine.connect() as conn:
        found = await store.find(conn, of, size=MOST_EXPORTED)
        units = await store.unit_names(conn, {one.unit for one in found.villages if one.unit})
    body = await asyncio.to_thread(_written, found.villages, units, book, visitor.lang)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"content-disposition": 'attachment; filename="villages.xlsx"'}
    return Response(body, media_type=kind, headers=headers)


@post("/searches")
async def keep(request: Request, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Keep a search under a name, or keep it no more. Another one of the same name is replaced."""
    given, owner = await web.form(request), web.keeper(request)
    name = given.get("name", "").strip()
    known = [one for one in parse_qsl(given.get("query", "")[:1000]) if one[0] in ("place", "q", "stage", "unit", "as")]
    query, fault = urlencode(known), None
    async with hearing_of(request).store.writing() as conn:
        if given.get("deed") == "drop":
            await kept.drop_search(conn, owner, name)
        elif not 1 <= len(name) <= 60 or not name.isprintable():
            zh, en = "请给此条件起一个名称，最多60字", "give the search a name of 60 characters at most"
            fault = Fault(0, "schema", zh, en, "name")
        elif not await kept.keep_search(conn, owner, name, query):
            zh, en = f"最多保存{kept.MOST_KEPT}个条件，请先删除不用的", "too many are kept; remove one first"
            fault = Fault(0, "schema", zh, en, "name")
    if fault:
        one = {of: text for of, text in known if of != "as"}
        of = await asked(visitor, **one, marks=[text for of, text in known if of == "as"][:8])
        return await _page(request, visitor, of, named=name, faults=(fault,))
    return Redirect(f"/villages?{query}", status_code=303)


def _written(villages: list[Village], units: dict[str, str], book: PolicyBook, lang: Any) -> bytes:
    t, file = say(lang), io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as made:
        sheet, bold = made.add_worksheet(t("村", "villages")), made.add_format({"bold": True})
        heads = [t(*head) for head, _ in COLUMNS]
        sheet.write_row(0, 0, heads, bold)
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, len(heads) - 1, 16)
        for number, one in enumerate(villages, 1):
            values = (get_value(one, units, book, t) for _, get_value in COLUMNS)
            for column, value in enumerate(values):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value)
                elif isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write_number(number, column, value)
        sheet.autofilter(0, 0, max(len(villages), 1), len(heads) - 1)
    return file.getvalue()


COLUMNS: Final[tuple[tuple[Both, Any], ...]] = (
    (("代码", "code"), lambda one, _, __, ___: one.code),
    (("村", "village"), lambda one, _, __, ___: one.name),
    (("乡镇", "township"), lambda one, _, __, ___: one.township),
    (("户籍人口", "inhabitants"), lambda one, _, __, ___: one.population),
    (("阶段", "stage"), lambda one, _, __, t: t(*STAGES[one.stage]) if one.stage else ""),
    (("起始日期", "since"), lambda one, _, __, ___: one.since),
    (("派出单位", "unit"), lambda one, units, _, __: units.get(one.unit, one.unit)),
    (("队员人数", "team"), lambda one, _, __, ___: one.team),
    (("指标年度", "year of figures"), lambda one, _, __, ___: one.year or None),
    (("贫困发生率", "incidence"), lambda one, _, __, ___: one.incidence),
    (("未达标项数", "criteria missed"), lambda one, _, __, ___: one.unmet if one.year else None),
    (("到村督查次数", "visits"), lambda one, _, __, ___: len(one.made)),
    (("考核年度", "year of grade"), lambda one, _, __, ___: one.graded or None),
    (
        ("等次", "grade"),
        lambda one, _, book, t: t(*in_words("grade", one.grade, words.policy_of(book, one.place))) if one.grade else "",
    ),
    (("逾期事项", "overdue"), lambda one, _, book, t: "；".join(t(*said) for said, _ in _late(one, book))),
)
"""The columns of the workbook."""
HANDLERS: Final = (villages, workbook, keep)
