"""The demo county is one click away on an empty system: it is begun by a button, marked as a demo, and ends with it."""

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import expect

from deploy.local.supervisor import System
from tests.console.browser import look

pytestmark = pytest.mark.skipif(not look.CHROMIUM and not os.environ.get("CI"), reason=look.NONE)
LOOKS = 150
"""How often somebody looks whether the demo has come, a second apart and more."""


async def test_an_empty_system_has_the_demo_county_at_a_click(tmp_path: Path) -> None:
    assert look.CHROMIUM, look.NONE
    async with System(tmp_path / "data", console=True, kind="real") as system, look.browser() as browser:
        await system.ready(300)
        page = await look.page(browser, "desk", "zh", system.url("console"))
        await page.goto(f"{system.url('console')}/start")
        assert await page.locator(".demo").count() == 0, "the system itself is none"
        await page.click("main a:text-is('演示县')")
        await page.click("button:text-is('启动演示县')")
        for _ in range(LOOKS):
            if await page.locator("a:text-is('进入演示县')").count():
                break
            await page.wait_for_timeout(1000)
            await page.click("main a:text-is('再看一次')")
        await page.click("a:text-is('进入演示县')")
        demo = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        assert demo != system.url("console")
        await expect(page.locator(".demo")).to_contain_text("虚构")
        for _ in range(LOOKS):
            await page.goto(f"{demo}/villages?place=2105")
            if await page.locator("main tbody tr").count():
                break
            await page.wait_for_timeout(1000)
        await expect(page.locator("main tbody tr").first).to_contain_text("（虚构）")
        await expect(page.locator(".demo")).to_contain_text("虚构")
        await page.goto(f"{system.url('console')}/villages")
        assert await page.locator("main tbody tr").count() == 0, "nothing of it stands in the system itself"
    await gone(demo)


async def gone(url: str) -> None:
    """Wait until nobody answers any more: a demo needs some seconds to stop, and its console may be killed before."""
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(30):
        with pytest.raises(httpx.ConnectError):
            while True:
                await http.get(f"{url}/health")
                await asyncio.sleep(0.5)
