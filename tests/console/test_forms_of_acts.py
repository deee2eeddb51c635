"""The form by which anything is said: what is wrong stands beside its field, and nothing is done twice or lost."""

import asyncio
import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.console.upstream import Refusal, Upstream
from shared.web.problems import Fault
from tests.console.officer import Page
from tests.console.registrar import Desk, desk, seated
from tests.registry.office import FIRST, ROWS

__all__ = ["desk"]
EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


async def test_what_is_refused_stands_beside_its_field_and_what_was_typed_stays(desk: Desk) -> None:
    page = Page((await desk.browser.get(await desk.task())).text)
    (choice, *_) = page.fields["f.problem_class"]["choices"][1:]
    refused = await desk.press(page, problem_class=choice, decided_by=EVIL * 3)
    assert refused.status_code == 422 and await desk.diagnosed() == 0
    assert "<script>alert" not in refused.text and "<img src=x" not in refused.text and EVIL in unescape(refused.text)
    assert re.search(r'id="f.decided_by-wrong">[^<]*字', refused.text) and 'aria-invalid="true"' in refused.text
    again = Page(refused.text)
    assert again.fields["f.problem_class"]["value"] == choice, "nothing typed is lost"
    desk.browser.cookies.set("zhucun_language", "en")
    english = await desk.press(again)
    desk.browser.cookies.set("zhucun_language", "zh")
    assert "must be filled in" in english.text and "Nothing was done" in english.text
    checked = await desk.press(again, "check", problem_class=choice, decided_by="县委县政府")
    assert "核对通过" in checked.text and await desk.diagnosed() == 0
    done = await desk.press(Page(checked.text), problem_class=choice, decided_by="县委县政府")
    assert "已办理1项" in done.text and "下一项待办" in done.text and await desk.diagnosed() == 1


async def test_checking_alone_tells_what_would_be_refused(desk: Desk) -> None:
    page = Page((await desk.browser.get(f"/act/registry/surveys?about={FIRST.id}")).text)
    typed = {
        "f.number": "9000",
        "f.kind": "座谈会",
        "f.topic": "村民收入状况",
        "f.on": "2044-01-01",
        "f.village": FIRST.id,
        "f.place": "210521",
    }
    data = {**dict(page.hidden), **typed, "deed": "check"}
    wrong = await desk.browser.post("/act/registry/surveys", data=data)
    assert wrong.status_code == 422 and "晚于今天" in wrong.text and "核对通过" not in wrong.text
    good = await desk.browser.post("/act/registry/surveys", data={**data, "f.on": "2014-06-12"})
    assert good.status_code == 200 and "核对通过" in good.text


async def test_a_survey_is_written_down_from_my_day_record_by_record(tmp_path: Path) -> None:
    async with seated(tmp_path, "villages", "units", "cadres") as desk:
        desk.browser.cookies.set("zhucun_role", "township.210521")
        for number in ("1", "2"):
            page = Page((await desk.browser.get(await desk.task())).text)
            assert page.fields["f.number"]["value"] == number
            assert f"/villages/{FIRST.id}" in page.links and f"/teams/{FIRST.id}" in page.links
            assert any(said.startswith("村“两委”班子状况、") for said in page.said) is (number == "1")
            topic = page.fields["f.topic"]["choices"][int(number)]
            typed = {"f.number": number, "f.kind": "座谈会", "f.topic": topic, "f.on": "2014-06-12"}
            done = await desk.browser.post("/act/registry/surveys", data={**dict(page.hidden), **typed, "deed": "say"})
            assert "已办理1项" in done.text, Page(done.text).said


async def test_a_double_click_and_a_second_tab_do_no_harm(desk: Desk) -> None:
    link = await desk.task()
    tabs = [Page((await desk.browser.get(link)).text) for _ in range(2)]
    typed = {"problem_class": tabs[0].fields["f.problem_class"]["choices"][1], "decided_by": "县委县政府"}
    twice = await asyncio.gather(*(desk.press(tabs[0], **typed) for _ in range(2)))
    assert all("已办理1项" in answer.text for answer in twice) and await desk.diagnosed() == 1
    other = await desk.press(tabs[1], **typed)
    assert other.status_code == 412 and "情况已有变动" in other.text and "其间的变动" in other.text
    left = Page(other.text)
    assert "已经办理" in other.text and not left.fields, "there is nothing left to submit"
    assert {"县委县政府", typed["problem_class"]} <= {*left.said}, "what was typed in can still be read"
    gone = await desk.browser.get(link)
    assert "已经办理" in gone.text and await desk.diagnosed() == 1


async def test_a_page_that_is_sent_again_after_the_back_button_says_so_and_can_be_sent(desk: Desk) -> None:
    page = Page((await desk.browser.get(f"/act/registry/surveys?about={FIRST.id}")).text)
    typed = {
        "f.number": "9000",
        "f.kind": "座谈会",
        "f.topic": "村民收入状况",
        "f.on": "2014-06-12",
        "f.village": FIRST.id,
        "f.place": "210521",
    }
    data = {**dict(page.hidden), **typed, "deed": "say"}
    assert "已办理1项" in (await desk.browser.post("/act/registry/surveys", data=data)).text
    back = await desk.browser.post("/act/registry/surveys", data={**data, "f.number": "9001"})
    assert back.status_code == 422 and "本页先前已经提交过" in back.text and "请求编号" not in back.text
    again = {**data, **dict(Page(back.text).hidden), "f.number": "9001"}
    assert "已办理1项" in (await desk.browser.post("/act/registry/surveys", data=again)).text


async def test_what_nobody_answered_is_still_the_same_when_it_is_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page((await desk.browser.get(await desk.task())).text)
    typed = {"problem_class": page.fields["f.problem_class"]["choices"][1], "decided_by": "县委县政府"}
    send = Upstream.send

    async def unheard(self: Upstream, method: str, *of: Any, **more: Any) -> httpx.Response:
        answer = await send(self, method, *of, **more)
        if method == "POST":
            raise Refusal(503, (Fault(0, "away", "服务暂无应答", "the service does not answer"),))
        return answer

    with monkeypatch.context() as broken:
        broken.setattr(Upstream, "send", unheard)
        lost = await desk.press(page, **typed)
    assert lost.status_code == 503 and await desk.diagnosed() == 1, "it was done, and nobody knows"
    assert "已办理1项" in (await desk.press(Page(lost.text), **typed)).text and await desk.diagnosed() == 1


async def changed(desk: Desk) -> None:
    """Somebody else enters another name for the village, and one more survey."""
    row = {**ROWS["villages"][0], "name": "改名村"}
    key = {"Idempotency-Key": "another name", "Content-Type": "application/json"}
    refused = await desk.registry.client.post("/v1/villages", json=[row], headers=key)
    await desk.registry.post("villages", {**row, "replaces": refused.json()["errors"][0]["version"]})
    await desk.registry.post("surveys", {**ROWS["surveys"][0], "number": 999})


async def test_what_has_changed_meanwhile_is_shown_beside_what_was_typed_and_nothing_is_overwritten(desk: Desk) -> None:
    page = Page((await desk.browser.get(await desk.task())).text)
    typed = {"problem_class": page.fields["f.problem_class"]["choices"][1], "decided_by": "县委县政府"}
    await changed(desk)
    answer = await desk.press(page, **typed)
    shown = Page(answer.text)
    assert answer.status_code == 412 and await desk.diagnosed() == 0
    assert {FIRST.name, "改名村", "打开本页时", "现在"} <= {*shown.said}, "both versions stand on the page"
    assert {of: shown.fields[f"f.{of}"]["value"] for of in typed} == typed, "nothing typed is lost"
    done = await desk.press(shown, **typed)
    assert "已办理1项" in done.text and await desk.diagnosed() == 1


async def test_a_file_that_overwrites_is_chosen_once(desk: Desk) -> None:
    desk.browser.cookies.set("zhucun_role", "poverty_office.210521")
    file = await desk.registry.filled(
        "villages", [{**row, "name": f"改{n}村"} for n, row in enumerate(ROWS["villages"])]
    )
    address = "/forms/registry/villages"
    page = Page((await desk.browser.get(address)).text)
    sent = {"file": ("villages.xlsx", file)}
    shown = await desk.browser.post(address, data={**dict(page.hidden), "do": "apply"}, files=sent)
    assert "尚未登记" in shown.text and FIRST.name in shown.text and "改0村" in shown.text
    again = Page(shown.text)
    assert "villages.xlsx" in again.said
    done = await desk.browser.post(address, data={**dict(again.hidden), "do": "apply"}, files={"file": ("", b"")})
    assert "已登记" in Page(done.text).said, Page(done.text).said
    names = {one["name"] for one in (await desk.registry.get("/v1/villages")).json()}
    assert names >= {f"改{n}村" for n in range(len(ROWS["villages"]))}
    for broken in ("x", "====", "😀"):
        answer = await desk.browser.post(address, data={**dict(page.hidden), "do": "apply", "again": broken})
        assert answer.status_code == 422 and "请先选择填好的文件" in answer.text


async def test_several_tasks_of_one_kind_are_answered_with_one_form(desk: Desk) -> None:
    day = (await desk.browser.get("/day?kind=registry/diagnoses")).text
    picks = re.findall(r'name="pick" value="([^"]+)"', day)
    assert len(picks) == 4
    form = await desk.browser.get("/act/registry/diagnoses", params={"place": "210521", "pick": picks[:3]})
    page = Page(form.text)
    done = await desk.press(page, problem_class=page.fields["f.problem_class"]["choices"][1], decided_by="县委县政府")
    assert "一并办理3项" in form.text and "已办理3项" in done.text, done.text
    left = (await desk.browser.get("/day?kind=registry/diagnoses")).text
    assert "共1项" in left


async def test_what_is_known_is_overwritten_only_after_it_was_shown(desk: Desk) -> None:
    desk.browser.cookies.set("zhucun_role", "poverty_office.210521")
    page = Page((await desk.browser.get(f"/act/registry/villages?about={FIRST.id}")).text)
    typed = {
        "f.village": FIRST.id,
        "f.place": "210521",
        "f.name": "新村名",
        "f.township": FIRST.township,
        "f.listed": "是",
        "f.population": str(FIRST.population),
        "f.listing_document": "辽扶贫〔2014〕1号",
    }
    shown = await desk.browser.post("/act/registry/villages", data={**dict(page.hidden), **typed, "deed": "say"})
    assert "与已登记的内容不同" in shown.text and FIRST.name in shown.text
    again = {**dict(Page(shown.text).hidden), **typed, "deed": "replace"}
    assert "已办理1项" in (await desk.browser.post("/act/registry/villages", data=again)).text


async def test_strange_addresses_are_answered_with_a_page(desk: Desk) -> None:
    for address, status in (
        ("/act/nothing/diagnoses", 404), ("/act/registry/nothing", 404), ("/act/registry/policies", 404),
        ("/act/registry/diagnoses?of=nothing/1&task=x", 200), ("/day?page=x", 400), ("/day?stranger=1", 400),
        ("/act/registry/diagnoses?pick=x", 200), ("/acts", 200), ("/day?kind=nothing", 404),
    ):  # fmt: skip
        answer = await desk.browser.get(address)
        assert answer.status_code == status and "<main" in answer.text, (address, answer.status_code)
