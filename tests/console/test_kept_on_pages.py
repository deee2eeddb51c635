"""What is refused is still on the page, with all that was typed in and chosen, so that nobody does it twice."""

import re
from html import unescape

from shared.policy.shipped import FILES
from tests.console.desk import URL
from tests.console.officer import Page
from tests.console.registrar import Desk, desk
from tests.registry.office import FIRST, ROWS

__all__ = ["desk"]
ORGAN = "中共某市委 某发〔2014〕1号"


async def hidden(desk: Desk, address: str) -> dict[str, str]:
    return dict(Page((await desk.browser.get(address)).text).hidden)


async def test_of_a_pack_that_is_refused_the_choice_and_the_organ_stay(desk: Desk) -> None:
    desk.browser.cookies.set("zhucun_role", "county.")
    fields, organ = await hidden(desk, "/start"), "某" * 121
    answer = await desk.browser.post("/start", data={**fields, "pack": "zunyi", "organ": organ})
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert 'value="zunyi" checked' in answer.text and f'name="organ" value="{organ}"' in answer.text


async def test_of_a_file_with_a_pack_that_is_refused_the_organ_stays(desk: Desk) -> None:
    fields = await hidden(desk, "/start")
    good = next(path for path in FILES if path.stem == "zunyi").read_bytes()
    for file in (b"name = ", good.replace(b"[[links]]", b"[[lnks]]", 1), b""):
        sent = {"file": ("pack.toml", file)} if file else None
        answer = await desk.browser.post("/start/file", data={**fields, "organ": ORGAN}, files=sent)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
        assert f'name="organ" value="{ORGAN}"' in answer.text and "<details open" in answer.text


async def test_a_search_that_is_not_kept_stays_with_its_name(desk: Desk) -> None:
    fields = {**await hidden(desk, "/start"), "deed": "keep", "query": "place=210521&q=石&as=late"}
    answer = await desk.browser.post("/searches", data={**fields, "name": "名" * 61})
    assert answer.status_code == 422 and f'value="{"名" * 61}"' in answer.text
    assert 'name="q" value="石"' in answer.text and re.search(r'value="late" selected', answer.text)


async def test_a_file_that_was_only_checked_is_applied_without_being_chosen_again(desk: Desk) -> None:
    rows = [dict(row) for row in ROWS["units"]]
    rows[0] |= {"unit": "U2105-099", "name": "市档案局"}
    file = await desk.registry.filled("units", rows[:1])
    address = "/forms/registry/units"
    checked = await desk.browser.post(
        address,
        data={**await hidden(desk, address), "do": "check", "keep_good": "true"},
        files={"file": ("单位.xlsx", file)},
    )
    assert "核对无误" in checked.text and "文件还在本页" in checked.text and 'value="true" checked' in checked.text
    fields = dict(Page(checked.text).hidden)
    applied = await desk.browser.post(address, data={**fields, "do": "apply"})
    assert "<h2>已登记</h2>" in applied.text and "again" not in dict(Page(applied.text).hidden)


async def test_what_a_service_that_is_away_did_not_take_is_submitted_again(desk: Desk) -> None:
    """A diagnosis, a file and a pack are sent while nothing answers, and once more when something does."""
    page = Page((await desk.browser.get(await desk.task())).text)
    sources = desk.upstream.sources
    there = dict(sources)
    sources["registry"] = "http://127.0.0.1:9"
    away = await desk.press(page, problem_class="经济发展滞后村", decided_by="县委常委会")
    assert away.status_code == 503 and await desk.diagnosed() == 0
    sources |= there
    again = dict(Page(away.text).hidden)
    assert again["f.decided_by"] == "县委常委会" and again["deed"] == "say"
    done = await desk.browser.post("/act/registry/diagnoses", data=again)
    assert "已办理1项" in done.text, unescape(done.text)
    assert await desk.diagnosed() == 1
    await desk.browser.post("/act/registry/diagnoses", data=again)
    assert await desk.diagnosed() == 1, f"{FIRST.id} is diagnosed once"


async def test_what_another_site_sent_is_not_offered_again(desk: Desk) -> None:
    sent = {"form": "0" * 32, "deed": "say", "f.decided_by": "县委常委会"}
    answer = await desk.browser.post("/act/registry/diagnoses", data=sent, headers={"origin": URL})
    assert answer.status_code == 403 and "县委常委会" not in answer.text
