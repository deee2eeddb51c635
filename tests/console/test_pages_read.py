"""Overview and villages over a story's read tables: each number leads to as many villages, and to nobody else's."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from litestar.testing import AsyncTestClient
from openpyxl import load_workbook
from sqlalchemy import select

from services.console import app, store, web, words
from services.console.model.spelling import spelt
from services.console.store import Asked
from services.console.tables import TABLES
from services.console.web import Request, Visitor
from shared import migrations
from shared.engine.opening import open_engine
from shared.web.issuers import UNASKED, Holding
from tests.console.journals import as_told, journals
from tests.support.lived import lived
from tests.support.texts import english_faults, faults

ENGLISH = {"cookie": "zhucun_language=en"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the read tables of Benxi's story."""
    database = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('console')}/console.sqlite3"
    migrations.upgrade("console", database)

    async def fill() -> None:
        engine = open_engine(database)
        async with engine.begin() as conn:
            await store.take_in(conn, as_told(journals(await lived("benxi"))))
        await engine.dispose()

    asyncio.run(fill())
    return database


def test_a_village_has_its_name_where_a_service_says_its_code() -> None:
    said = ("召回（村210521901202，2014年度）", "recall (village 210521901202, 2014)")
    assert words.by_code([said]) == {"210521901202"}
    named = words.by_name(said, {"210521901202": "上石村"})
    assert named == ("召回（上石村，2014年度）", "recall (上石村, 2014)")
    assert words.by_name(said, {}) == said
    assert words.by_code([("上石村（210521901202）", ""), ("村2105219012021", "")]) == set()


@asynccontextmanager
async def pages(database: str, tmp_path: Path) -> AsyncIterator[AsyncTestClient[Any]]:
    """The console over these tables. Nothing is said by the services, since none is there."""
    (tmp_path / "secret").write_bytes(b"secret")
    engine = open_engine(database)
    settings = app.Settings(
        database=database,
        port=1,
        secret_file=tmp_path / "secret",
        sources="registry=http://127.0.0.1:1",
        console="http://testserver.local",
        issuers=UNASKED,
    )
    async with AsyncTestClient(app.build(settings, engine)) as client:
        yield client
    await engine.dispose()


def numbers(page: str) -> list[tuple[int, str]]:
    """The numbers of a page that lead to villages, with where they lead."""
    found = re.findall(r'<a href="(/villages\?[^"]*)">([0-9,]+)</a>', page)
    return [(int(number.replace(",", "")), html.unescape(to)) for to, number in found]


async def test_every_number_leads_to_as_many_villages(filled: str, tmp_path: Path) -> None:
    async with pages(filled, tmp_path) as client:
        overview = (await client.get("/overview/2105")).text
        several = ("visits%2F", "reports%2F", "missed%2F")  # Of these a village may have more than one.
        found = [(number, to) for number, to in numbers(overview) if not any(name in to for name in several)]
        assert [to for _, to in numbers(overview) if "reports%2F2015" in to], "what was asked of villages is a number"
        assert len(found) > 10
        for number, to in found:
            page = (await client.get(to)).text
            assert f"<strong>{number:,}</strong>" in page, to
        parts = re.findall(r'href="(/overview/[0-9]{6})"', overview)
        own = [numbers((await client.get(part)).text)[0][0] for part in parts]
        assert sum(own) == numbers(overview)[0][0]


async def test_villages_are_found_by_name_code_and_pinyin(filled: str, tmp_path: Path) -> None:
    async with pages(filled, tmp_path) as client:
        all_of_them = (await client.get("/villages", params={"place": ""})).text
        code, name = re.search(r'href="/villages/([0-9]{12})">([^<]+)</a>', all_of_them).groups()  # type: ignore[union-attr]
        for q in (name, code, code[:9], *spelt(name).split()):
            assert f"/villages/{code}" in (await client.get("/villages", params={"q": q, "place": ""})).text
        none = (await client.get("/villages", params={"q": "zzzz", "place": ""})).text
        assert "没有符合条件的村" in none


async def test_what_an_address_does_not_know_is_refused(filled: str, tmp_path: Path) -> None:
    """Also where the page gets what is asked for from elsewhere."""
    async with pages(filled, tmp_path) as client:
        for path in (
            "/villages?stranger=1",
            "/villages?q=a&q=b",
            "/villages.xlsx?stranger=1",
            "/matchings/2105?strength=x",
        ):
            assert (await client.get(path)).status_code == 400, path


async def test_a_division_is_called_by_its_name(filled: str, tmp_path: Path) -> None:
    """So is the province around it, which no pack governs here."""
    async with pages(filled, tmp_path) as client:
        assert "<h1>辽宁省" in (await client.get("/overview/21")).text
        assert "本溪满族自治县" in (await client.get("/overview/2105")).text
        assert "<h1>本溪满族自治县" in (await client.get("/overview/210521")).text
        assert "本溪满族自治县" in (await client.get("/villages?place=2105")).text


async def test_a_search_is_kept_by_name_for_who_kept_it(filled: str, tmp_path: Path) -> None:
    asked = {"place": "2105", "stage": "helped", "as": "covered"}
    async with pages(filled, tmp_path) as client:
        page = (await client.get("/villages", params=asked)).text
        proof, query = (
            html.unescape(re.search(f'name="{name}" value="([^"]+)"', page)[1])  # type: ignore[index]
            for name in ("form", "query")
        )
        kept = {"form": proof, "query": query, "name": "帮扶中", "deed": "keep"}
        answer = await client.post("/searches", data=kept, follow_redirects=False)
        assert answer.status_code == 303 and "stage=helped" in answer.headers["location"], answer.text
        shown = (await client.get("/villages")).text
        to = re.search(r'<a href="(/villages\?[^"]+)">帮扶中</a>', shown)
        assert to and "stage=helped" in to[1] and "as=covered" in html.unescape(to[1])
        strange = {**kept, "name": "x", "query": "to=http://elsewhere&place=21"}
        assert (await client.post("/searches", data=strange, follow_redirects=False)).headers["location"] == (
            "/villages?place=21"
        )
        nameless = await client.post("/searches", data={**kept, "name": " "})
        assert nameless.status_code == 422
        await client.post("/searches", data={**kept, "deed": "drop"})
        assert "帮扶中</a>" not in (await client.get("/villages")).text
        await client.post("/searches", data=kept)
    async with pages(filled, tmp_path) as another:
        assert "帮扶中</a>" not in (await another.get("/villages")).text


async def test_villages_of_a_unit_or_a_list_are_found_by_an_index(filled: str) -> None:
    engine = open_engine(filled)
    async with engine.connect() as conn:
        unit = await conn.scalar(select(TABLES.villages.c.unit).where(TABLES.villages.c.unit != "").limit(1))
        for asked in (Asked(unit=unit or ""), Asked(marks=("late",)), Asked(place="2105", marks=("late",))):
            found = select(TABLES.villages.c.body).where(*store._conditions(asked)).order_by(TABLES.villages.c.code)
            text = str(found.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True}))
            plan = [row[-1] for row in await conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
            assert not any(line.startswith("SCAN villages") for line in plan), plan
    await engine.dispose()


async def test_the_workbook_has_what_the_page_has(filled: str, tmp_path: Path) -> None:
    async with pages(filled, tmp_path) as client:
        answer = await client.get("/villages.xlsx", params={"place": "210521"})
        rows = list(load_workbook(BytesIO(answer.content)).active.values)
        page = (await client.get("/villages", params={"place": "210521"})).text
    assert f"<strong>{len(rows) - 1}</strong>" in page
    assert [row[0] for row in rows[1:]] == re.findall(r'href="/villages/([0-9]{12})"', page)


async def test_a_division_that_is_not_ones_own_is_not_shown(
    filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def officer(request: Request) -> Visitor:
        return Visitor(roles=(Holding("county", "210521"),), place="210521", acting="county")

    monkeypatch.setattr(web, "visitor", officer)
    async with pages(filled, tmp_path) as client:
        assert (await client.get("/overview/210521")).status_code == 200
        others = ("/overview/210502", "/overview/2105", "/overview/china", "/villages?place=", "/villages?place=2105")
        for path in (*others, "/villages.xlsx?place=2105", "/live?place=2105", "/live"):
            assert (await client.get(path)).status_code == 403, path
        assert set(re.findall(r"/villages/([0-9]{6})", (await client.get("/villages")).text)) == {"210521"}


async def test_a_chinese_page_has_no_code_or_english_word(filled: str, tmp_path: Path) -> None:
    async with pages(filled, tmp_path) as client:
        for path in ("/overview/2105", "/overview/210521", "/villages?place=2105"):
            page = (await client.get(path)).text
            main = re.sub(r"<head>.*?</head>|<[^>]*>", " ", page[page.index("<main") :], flags=re.S)
            assert faults(html.unescape(main)) == (), path
            assert re.search("[\u4e00-\u9fff]", page) and 'lang="zh-CN"' in page
        assert 'lang="en"' in (await client.get("/overview/2105", headers=ENGLISH)).text


GONE = {
    "/villages?q=村&sort=size": ("“size”", "/villages?q=村", 400),
    "/villages?page=last": ("“last”", "/villages", 400),
    "/villages?as=a&as=b&stage=gone&q=x": ("“a”“b”“gone”", "/villages?q=x", 404),
    "/villages?as=list/gone": ("“list/gone”", "/villages", 404),
    "/villages?as=incidence/99&place=2105": ("“incidence/99”", "/villages?place=2105", 404),
    "/villages?unit=U0": ("“U0”", "/villages", 404),
    "/villages.xlsx?stage=gone": ("“gone”", "/villages.xlsx", 404),
    "/villages?place=abc&q=村": ("2、4、6或9位数字", "/villages?q=村", 404),
    "/villages/1": ("没有此代码的村", "/villages", 404),
    "/villages?as=" + "&as=".join("abcdefghi"): ("“a”“b”", "/villages", 400),
    "/teams?standing=gone": ("“gone”", "/teams", 404),
    "/day?when=gone": ("“gone”", "/day", 404),
    "/cases?finished=maybe": ("“maybe”", "/cases", 400),
    "/matchings/2105?strength=x": ("“x”", "/matchings/2105", 400),
    "/act/registry/surveys?place=1": ("区划代码应为", "/act/registry/surveys", 404),
    "/searches": ("只在提交表单时用", "/", 405),
    "/campaigns/gone": ("没有此编号的督查", "/campaigns", 404),
    "/overview/1": ("区划代码应为", "/overview/", 404),
    "/nowhere": ("没有这个页面", "/", 404),
}
"""Old or mistyped addresses: what is said of each, the page to which it leads, and the status."""


async def test_an_old_or_mistyped_address_leads_to_the_nearest_page(filled: str, tmp_path: Path) -> None:
    """What is wrong is said as an officer would, not as the services tell it to programs."""
    async with pages(filled, tmp_path) as client:
        sources = client.app.state.hearing.sources.values()
        for source in sources:
            source.position = source.position._replace(is_current=True)
        for path, (said, nearest, status) in GONE.items():
            shown = await client.get(path)
            assert shown.status_code == status and "打不开这个页面" in shown.text, path
            (words,) = re.findall(r'<div class="faults"[^>]*>\s*<ul>\s*<li>(.*)</li>', shown.text)
            assert said in html.unescape(words) and not re.search("参数|方法|请求", words), words
            (to,) = re.findall(r'</div>\s*<p><a href="([^"]+)">', shown.text)
            assert unquote(html.unescape(to)) == nearest, path
            if to.startswith("/villages"):
                assert (await client.get(html.unescape(to))).status_code == 200
            shown = await client.get(path, headers=ENGLISH)
            (words,) = re.findall(r'<div class="faults"[^>]*>\s*<ul>\s*<li>(.*)</li>', shown.text)
            assert "This page cannot be shown" in shown.text and not english_faults(words), words


async def test_behind_the_last_page_is_the_last(filled: str, tmp_path: Path) -> None:
    async with pages(filled, tmp_path) as client:
        for path in ("/villages?place=", "/units?place=", "/campaigns?place="):
            first, last = [(await client.get(f"{path}&page={page}")).text for page in ("0", "99999999999")]
            rows = [re.findall(r'<th scope="row">.*', page) for page in (first, last)]
            assert rows[0] and rows[1], path
            assert 'rel="next"' not in last and 'rel="prev"' not in first
