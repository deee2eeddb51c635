"""Units, teams and proposals in the browser, over a real dispatch: why this unit, and what would be otherwise."""

import re
from collections.abc import AsyncIterator, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.rights_page import app_of
from services.console import store
from services.console.app import Settings, build
from services.console.model.rows import Told
from services.console.tables import TABLES
from services.dispatch.app import SERVICE
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted, VillageRegistered
from shared.engine.deliveries import handle
from shared.engine.opening import open_engine
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web.issuers import UNASKED
from tests.console.desk import URL, free_port, served
from tests.dispatch.benxi import CITY, HOME, PACK, START, V1, V2, V3, diagnosed, squad, unit
from tests.support.process import delivery
from tests.support.servers import engine_with
from tests.support.texts import faults

ROLE = {"zhucun_role": "organisation.2105"}
VILLAGES = {V1: "上石村", V2: "下石村", V3: "河东村"}
UNITS = [unit(f"U{n}", strength=90 - 10 * n, place=CITY) for n in range(3)]


class Desk:
    """A browser at a console that reaches a dispatch."""

    def __init__(self, browser: httpx.AsyncClient, dispatch: httpx.AsyncClient) -> None:
        self.browser, self.dispatch = browser, dispatch

    async def page(self, path: str, **params: Any) -> str:
        answer = await self.browser.get(path, params=params)
        assert answer.status_code == 200, answer.text
        main = answer.text[answer.text.index("<main") :]
        said = unescape(re.sub(r"<[^>]*>", " ", main))
        assert faults(re.sub(r"U\d|C-U\d-\d|m\d", "", said)) == (), path
        return answer.text

    async def proposed(self) -> dict[str, str]:
        found = (await self.dispatch.get("/v1/proposals/2105")).json()
        return {one["village"]: one["unit"] for one in found["proposals"]}

    async def send(self, path: str, **command: Any) -> None:
        answer = await self.dispatch.post(
            f"/v1/{path}", json=[command], headers={"Idempotency-Key": f"{path}-{command.get('matching', '')}-test"}
        )
        assert answer.status_code == 200, answer.text


async def _nobody_hears(_stream: str, _messages: Sequence[Message]) -> None:
    """What the dispatch tells goes nowhere."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    engine = await engine_with(f"sqlite+aiosqlite:///{tmp_path}/dispatch.sqlite3", SERVICE.tables)
    pipeline = Pipeline(SERVICE, engine, Relay(_nobody_hears), "")
    await pipeline.start()
    told = [
        DayPassed(day=START),
        PolicyAdopted(place=CITY, version=PACK["version"], pack=PACK, adopted_by="市委"),
        *UNITS,
        *(one for of in UNITS for one in squad(of.unit)),
        diagnosed(V1),
        diagnosed(V2),
    ]
    await handle(pipeline, OPEN, [delivery(event, n) for n, event in enumerate(told, 1)])
    known = [
        VillageRegistered(place=id[:6], village=id, name=name, township="碱厂镇", population=900)
        for id, name in VILLAGES.items()
    ]
    console = open_engine(f"sqlite+aiosqlite:///{tmp_path}/console.sqlite3")
    async with console.begin() as conn:
        await conn.run_sync(TABLES.metadata.create_all)
        said = [*known, *UNITS, PolicyAdopted(place=CITY, version=PACK["version"], pack=PACK, adopted_by="市委")]
        await store.take_in(conn, [Told(event, START, f"{START}T08:00:00", "registry") for event in said])
    port = free_port()
    app_of_dispatch: Any = app_of("dispatch", pipeline, b"secret", None)
    (tmp_path / "secret").write_bytes(b"secret of the console")
    async with served(app_of_dispatch, port), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as dispatch:
        settings = Settings(
            database=str(console.url),
            secret_file=tmp_path / "secret",
            port=8700,
            sources=f"registry=http://127.0.0.1:9,dispatch=http://127.0.0.1:{port}",
            console=URL,
            issuers=UNASKED,
        )
        app: Any = build(settings, console)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=URL, cookies=ROLE, timeout=60) as browser:
            found = Desk(browser, dispatch)
            await found.send("matchings", place=CITY, matching="m1", asked_by="市委组织部", body="organisation")
            yield found
        await app.state.site.upstream.aclose()
    await console.dispose()
    await engine.dispose()


async def test_3_2_a_proposal_shows_why_this_unit_and_what_the_next_best_costs(desk: Desk) -> None:
    page = await desk.page("/matchings/2105")
    assert "已证明没有更好的方案" in page and "单位类别对口" in page
    assert "上石村" in page and "下石村" in page and "河东村" not in page
    assert "总分不变" in page, "each would swap with the other, at no cost"
    assert (await desk.proposed()).keys() == {V1, V2}
    county = await desk.page(f"/matchings/{HOME}")
    assert county.count('<tr id="v') == 2
    desk.browser.cookies.set("zhucun_language", "en")
    english = await desk.browser.get("/matchings/2105")
    assert "no matching is better, which is proved" in english.text


@pytest.mark.parametrize("asked", ["kept=下石村", "kept=12", "forbidden=U1", f"forbidden={V1}", f"forbidden={V1}/u1"])
async def test_3_2_a_wish_that_names_no_village_or_unit_is_refused(desk: Desk, asked: str) -> None:
    for address in (f"/v1/proposals/2105?{asked}", f"/v1/proposals/2105?kept={V2}&{asked}"):
        answer = await desk.dispatch.get(address)
        assert answer.status_code == 400, answer.text
        assert "村代码" in answer.text and asked.partition("=")[0] in answer.text
    assert (await desk.browser.get(f"/matchings/2105?{asked}")).status_code in (400, 422)


async def test_3_2_a_member_who_is_no_id_is_refused(desk: Desk) -> None:
    (fault,) = (await desk.dispatch.get(f"/v1/choices/{V1}?unit=U1&member=C1&member=c-2")).json()["errors"]
    assert fault["field"] == "member" and fault["zh"].startswith("应为编号，由大写字母")


async def test_a_division_in_an_address_is_a_code_of_whole_pairs(desk: Desk) -> None:
    for wrong in ("210", "21052", "2105211", "本溪"):
        answer = await desk.dispatch.get(f"/v1/proposals/{wrong}")
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["field"]) == (400, "place")
        assert fault["zh"] == "应为省、市、县代码，2、4或6位数字" and fault["en"].endswith("of 2, 4 or 6 digits")


async def test_3_2_what_is_tried_changes_nothing_and_what_is_kept_stays(desk: Desk) -> None:
    before = await desk.proposed()
    (worst,) = {"U0", "U1", "U2"} - set(before.values())
    tried = await desk.page("/matchings/2105", forbidden=f"{V1}/{before[V1]}", strength="2")
    assert "/matchings/2105" in tried and "加分由政策包规定" in tried and await desk.proposed() == before
    choice = {"place": HOME, "village": V1, "unit": worst, "reason": "熟悉当地情况", "decided_by": "县委组织部"}
    await desk.send("choices", **choice, body="organisation")
    now = await desk.page("/matchings/2105")
    assert "分：有的村另行选定了单位" in now
    kept = await desk.page("/matchings/2105", kept=V1)
    assert "已锁定" in kept and "撤销未锁定的1个村的建议" in kept
    fields = dict(re.findall(r'type="hidden" name="(form|key|kept)" value="([^"]*)"', kept))
    given = {"name": "m2", "organ": "市委组织部", "reason": "按新情况重新生成"}
    done = await desk.browser.post("/matchings/2105", data={**fields, **given})
    assert (done.status_code, done.headers["location"]) == (303, "/matchings/2105"), done.text
    after = await desk.proposed()
    assert after[V1] == worst and after[V2] == "U0", "the rest has the best unit that is left"


async def test_3_2_a_refusal_of_the_dispatch_stands_on_the_page(desk: Desk) -> None:
    page = await desk.page("/matchings/2105", kept=[V1, V2])
    fields = dict(re.findall(r'type="hidden" name="(form|key)" value="([^"]*)"', page))
    given = {"name": "m2", "organ": "市委组织部", "reason": "按新情况重新生成", "kept": [V1, V2]}
    refused = await desk.browser.post("/matchings/2105", data={**fields, **given})
    assert refused.status_code == 422 and "没有待确定帮扶单位的村" in refused.text and 'value="m2"' in refused.text
    assert "新方案尚未生成" not in refused.text, "nothing was taken back"


async def test_3_2_whoever_has_taken_proposals_back_and_gets_no_new_ones_reads_what_is_left_to_do(desk: Desk) -> None:
    page = await desk.page("/matchings/2105")
    given = {"organ": "市委组织部", "reason": "按新情况重新生成"}
    fields = dict(re.findall(r'type="hidden" name="(form|key)" value="([^"]*)"', page))
    halfway = await desk.browser.post("/matchings/2105", data={**fields, **given, "name": "m1"})
    assert set((await desk.proposed()).values()) <= {"", None}
    assert "已撤销2个村的建议，新方案尚未生成" in halfway.text and "撤销原建议的理由" not in halfway.text
    fields = dict(re.findall(r'type="hidden" name="(form|key)" value="([^"]*)"', halfway.text))
    done = await desk.browser.post("/matchings/2105", data={**fields, **given, "name": "m2"})
    assert done.status_code == 303, done.text
    assert set((await desk.proposed()).values()) == {"U0", "U1"}


async def test_units_are_found_and_show_where_they_serve(desk: Desk) -> None:
    page = await desk.page("/units", place="2105")
    assert all(f"/units/{one.unit}" in page for one in UNITS)
    assert "没有符合条件的单位" in await desk.page("/units", place="2106")
    one = await desk.page("/units/U0")
    assert "市直" in one and "人员名册只向组织部门显示" in one, "nobody signs in, so nobody is told who the cadres are"
    assert (await desk.browser.get("/units/nobody")).status_code == 404


async def test_teams_show_who_is_there_and_until_when(desk: Desk) -> None:
    assert "已确定帮扶单位" in await desk.page("/teams", place="2105")
    await desk.send("assignments", place=HOME, village=V1, assigned_by="市委组织部", body="organisation")
    assert "上石村" in await desk.page("/teams", place="2105", standing="assigned")
    assert "没有符合条件的工作队" in await desk.page("/teams", place="2105", standing="released")
    team = await desk.page(f"/teams/{V1}")
    assert "队长" in team and "不显示" in team and "任期至" in team
    assert (await desk.browser.get("/teams/210521999999")).status_code == 404
