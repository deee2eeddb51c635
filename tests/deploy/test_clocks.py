"""A machine whose clock is a day behind, on the real calendar: what its operator sees, and what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
from typer.testing import CliRunner

from deploy.cli import commands
from deploy.local.folder import Folder
from deploy.local.supervisor import SERVICES
from shared.web.token import operator_headers
from tests.faults.crashing import Frail, Plan
from tests.support.pace import slowness
from tests.support.process import PACK

BEHIND = -86_400


class Real(Frail):
    """A system on today's calendar, whose services' clocks can be put wrong."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, Plan(1, clock=True))
        self.folder = Folder(root, "real")


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60 * slowness()):
        while True:
            with suppress(httpx.ConnectError):  # It may not listen yet.
                if await true():
                    return
            await asyncio.sleep(0.1)


async def test_a_clock_that_was_a_day_behind_is_told_and_once_it_is_mended_all_is_taken_in(tmp_path: Path) -> None:
    root = tmp_path / "site"

    async def zhucun(*words: str, code: int = 0) -> str:
        ran = await asyncio.to_thread(CliRunner().invoke, commands.app, [*words, "--folder", str(root)])
        assert ran.exit_code == code, f"{words}: {ran.output}{ran.exception}"
        return "".join(ran.output.split())

    async with Real(root) as system, httpx.AsyncClient(trust_env=False, timeout=60) as http:
        http.headers.update(operator_headers(system.folder.secret.read_bytes()))

        async def health(name: str) -> dict[str, object]:
            found: dict[str, object] = (await http.get(f"{system.url(name)}/health")).json()
            return {part: said for part, said in found.items() if isinstance(said, str) and said != "ok"}

        async def post(path: str, *rows: dict[str, object]) -> None:
            answer = await http.post(
                f"{system.url('registry')}/v1/{path}", json=rows, headers={"Idempotency-Key": path}
            )
            assert answer.is_success, answer.text

        async def begins() -> bool:
            return "晚于本机时钟" in str((await health("registry")).get("consumer ZHUCUN_CALENDAR"))

        async def is_well() -> bool:
            return not any([await health(name) for name in SERVICES])

        system.set_clocks(BEHIND)
        await until(begins)
        assert "晚于本机时钟" in await zhucun("doctor", code=1)
        system.set_clocks(0)
        await until(is_well)

        await post("policies", {"place": "210500", "pack": PACK, "adopted_by": "市委组织部"})
        system.set_clocks(BEHIND)
        village = {"place": "210521", "township": "碱厂镇", "name": "上石村", "population": 900, "listed": False}
        await post("villages", *({**village, "village": f"21052110020{number}"} for number in range(1, 4)))

        async def is_parked() -> bool:
            return "dead letters" in await health("dispatch")

        await until(is_parked)
        listed = await zhucun("dead-letters", "list")
        assert "程序错误" not in listed
        await asyncio.sleep(1)
        system.set_clocks(0)
        for name in SERVICES:
            if (await http.get(f"{system.url(name)}/v1/dead-letters")).json():
                assert "重放成功" in await zhucun("dead-letters", "replay", name, "--all")
        await until(is_well)
