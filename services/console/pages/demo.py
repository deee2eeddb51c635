"""The demo county: an installation of its own beside this one, begun by a click and marked as what it is."""

import asyncio
import os
import shlex
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from services.console import web
from services.console.upstream import Refusal
from services.console.web import Request, Visitor
from shared.web.problems import Fault

WITHIN: Final = 2.0
"""Seconds within which a demo's pages must answer to count as running."""


class Demo:
    """The demo of this installation: `command` plays it in `folder`, and goes on running afterwards."""

    def __init__(self, command: str, folder: Path | None) -> None:
        self.command, self._folder = command, folder
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()

    async def address(self) -> str:
        """Where its pages are; empty if it does not run."""
        try:
            assert self._folder
            ports = msgspec.json.decode((self._folder / "ports.json").read_bytes(), type=dict[str, int])
            url = f"http://127.0.0.1:{ports['console']}"
            async with httpx.AsyncClient(trust_env=False, timeout=WITHIN) as http:
                await http.get(f"{url}/health")
        except (AssertionError, OSError, KeyError, msgspec.MsgspecError, httpx.HTTPError):
            return ""
        return url

    @property
    def is_coming(self) -> bool:
        """Whether it was begun here and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def begin(self) -> None:
        """Begin it, unless it runs already."""
        async with self._starting:
            if not self.is_coming and not await self.address():
                nothing = asyncio.subprocess.DEVNULL
                self._process = await asyncio.create_subprocess_exec(
                    *shlex.split(self.command),
                    stdin=nothing,
                    stdout=nothing,
                    stderr=nothing,
                    start_new_session=True,
                    env={name: text for name, text in os.environ.items() if not name.startswith("ZHUCUN_")},
                )

    async def end(self) -> None:
        """End it with this process, if it was begun here."""
        if self._process and self.is_coming:
            self._process.terminate()
            await self._process.wait()


@get("/start/demo")
async def demo(request: Request, visitor: NamedDependency[Visitor]) -> Response[str]:
    """What the demo is, and how to get into it."""
    of: Demo = request.app.state.demo
    return web.page(
        request, "demo.html", visitor, may_begin=bool(of.command), address=await of.address(), is_coming=of.is_coming
    )


@post("/start/demo")
async def begin(request: Request, visitor: NamedDependency[Visitor]) -> Response[Any]:
    """Begin the demo. Raises Refusal where the installation does not allow it."""
    of: Demo = request.app.state.demo
    if not of.command:
        zh, en = "此系统不能从网页启动演示", "a demo is not begun from the pages of this system"
        raise Refusal(404, (Fault(0, "", zh, en),))
    await of.begin()
    return Redirect("/start/demo", status_code=303)


HANDLERS: Final = (demo, begin)
