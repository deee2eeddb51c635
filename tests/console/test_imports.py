"""What somebody handed in stands in his history, with what came of it, and the errors as long as they are kept."""

import re
from html import unescape
from pathlib import Path

from tests.console.desk import URL
from tests.console.officer import Page
from tests.console.registrar import Desk, desk, seated
from tests.registry.office import ROWS
from tests.support.texts import faults

__all__ = ["desk"]


async def hand_in(desk: Desk, file: bytes, do: str) -> str:
    page = (await desk.browser.get("/forms/registry/units")).text
    fields = dict(re.findall(r'type="hidden" name="(form|key|place)" value="([^"]*)"', page))
    answer = await desk.browser.post(
        "/forms/registry/units", data={**fields, "do": do}, files={"file": ("单位.xlsx", file)}, headers={"origin": URL}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_forms_by_which_something_is_due_come_first(tmp_path: Path) -> None:
    async with seated(tmp_path, "villages", "units", "cadres") as desk:
        desk.browser.cookies.set("zhucun_role", "township.210521")
        page = (await desk.browser.get("/forms")).text
        due = page[page.index("现在有待办的表") : page.index("村档案")]
        assert 'href="/forms/registry/surveys"' in due and "待办4项" in due and due.count("href") == 1
        assert "贫困村简要情况登记表" not in page and "干部登记表" not in page, "a township registers neither"
        for role, path in (("township", "/forms"), ("township", "/acts"), ("poverty_office", "/acts")):
            desk.browser.cookies.set("zhucun_role", f"{role}.210521")
            offered = [link for link in Page((await desk.browser.get(path)).text).links if link.count("/") == 3]
            assert len(offered) > 9
            for link in offered:
                asked = await desk.browser.get(f"{link}/file" if path == "/forms" else link)
                assert "没有规定可选的" not in asked.text, f"{link} leads to something that this region has none of"


async def test_files_that_were_handed_in_are_remembered_with_their_errors(desk: Desk) -> None:
    assert "还没有交过表" in (await desk.browser.get("/forms/handed-in")).text
    good, bad = [dict(row) for row in ROWS["units"]], [dict(row) for row in ROWS["units"]]
    good[0]["strength"] = 77
    bad[0]["strength"] = 500
    told = await hand_in(desk, await desk.registry.filled("units", bad), "apply")
    assert "有错误，没有登记" in told and "在副本或者原表中改正，再在本页交回" in told
    assert "可新登记" in told and "可变更" in told, "nothing was applied, so nothing is new"
    await hand_in(desk, await desk.registry.filled("units", good), "check")
    page = (await desk.browser.get("/forms/handed-in")).text
    main = unescape(re.sub("<[^>]*>", " ", page[page.index("<main") :]))
    assert main.index("只核对") < main.index("没有登记"), "the latest comes first"
    assert f" {len(good)} " in main and faults(main) == ()
    copy = re.search(r'href="(/forms/registry/copies/[^"]+)"', page)
    assert copy and (await desk.browser.get(unescape(copy[1]))).content[:2] == b"PK"
    desk.browser.cookies.clear()
    assert "还没有交过表" in (await desk.browser.get("/forms/handed-in")).text, "another browser handed nothing in"
