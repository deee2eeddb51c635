"""What somebody handed in stands in his history, with what came of it, and the errors as long as they are kept."""

import re
from html import unescape

from tests.console.desk import URL
from tests.console.registrar import Desk, desk
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


async def test_files_that_were_handed_in_are_remembered_with_their_errors(desk: Desk) -> None:
    assert "还没有交过表" in (await desk.browser.get("/forms/handed-in")).text
    good, bad = [dict(row) for row in ROWS["units"]], [dict(row) for row in ROWS["units"]]
    good[0]["strength"] = 77
    bad[0]["strength"] = 500
    await hand_in(desk, await desk.registry.filled("units", bad), "apply")
    await hand_in(desk, await desk.registry.filled("units", good), "check")
    page = (await desk.browser.get("/forms/handed-in")).text
    main = unescape(re.sub("<[^>]*>", " ", page[page.index("<main") :]))
    assert main.index("只核对") < main.index("没有登记"), "the latest comes first"
    assert f" {len(good)} " in main and faults(main) == ()
    copy = re.search(r'href="(/forms/registry/copies/[^"]+)"', page)
    assert copy and (await desk.browser.get(unescape(copy[1]))).content[:2] == b"PK"
    desk.browser.cookies.clear()
    assert "还没有交过表" in (await desk.browser.get("/forms/handed-in")).text, "another browser handed nothing in"
