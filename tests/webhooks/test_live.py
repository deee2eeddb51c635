"""`zhucun up --webhooks` as an operator has it: real processes, the command line, and a receiver on a socket."""

import asyncio
import re
from datetime import date
from pathlib import Path

import httpx
from typer.testing import CliRunner

from deploy.cli import commands
from deploy.demo.simulation import Simulation
from deploy.local.supervisor import System
from tests.support.process import PACK
from tests.webhooks.desk import until
from tests.webhooks.receiver import receiving, refusing

ALLOWED = {"ZHUCUN_PLAIN_HOSTS": "127.0.0.1", "ZHUCUN_ALLOWED_NETWORKS": "127.0.0.0/8"}


async def test_an_operator_adds_looks_after_and_removes_an_endpoint(tmp_path: Path) -> None:
    folder = tmp_path / "site"

    async def zhucun(*words: str, code: int = 0) -> str:
        """What a command says, without what a table breaks lines by."""
        ran = await asyncio.to_thread(CliRunner().invoke, commands.app, [*words, "--folder", str(folder)])
        assert ran.exit_code == code, f"{words}: {ran.output}{ran.exception}"
        return ran.output

    async with receiving() as receiver, System(folder, webhooks=True, env=ALLOWED) as system:
        await system.ready(120)
        async with Simulation(system) as simulation:
            await simulation.pass_day(date(2014, 6, 1))
            async with httpx.AsyncClient(base_url=system.url("registry"), trust_env=False) as http:
                adopted = {"place": "210500", "pack": PACK, "adopted_by": "市委组织部"}
                (
                    await http.post("/v1/policies", json=[adopted], headers={"Idempotency-Key": "policies"})
                ).raise_for_status()
            await simulation.settle()
        asked = "--description", "省平台", "--contact", "024-1234", "--division", "21", "--since", "2000-01-01"
        said = await zhucun("webhook", "add", receiver.url, *asked)
        id, receiver.secret = re.findall(r"w-[0-9a-f]{16}|whsec_\S+", said)
        await until(lambda: "registry.policy.adopted.v1" in [event["type"] for event in receiver.taken])
        assert "正常" in await zhucun("webhook", "list")
        async with httpx.AsyncClient(base_url=system.url("webhooks"), trust_env=False) as http:

            async def reads() -> bool:
                return bool((await http.get("/health")).json()["feeds"] == "ok")

            await until(reads)  # It began before the services answered, and looks again after some seconds.
        assert "webhooks" in await zhucun("doctor")

        receiver.answer = lambda event: refusing(410)
        system.kill("webhooks")
        await system.ready(60)
        await zhucun("webhook", "resend", id, "--since", "2000-01-01")
        async with httpx.AsyncClient(base_url=system.url("webhooks"), trust_env=False) as http:

            async def gone() -> bool:
                return id in str((await http.get("/health")).json()["deliveries"])

            await until(gone)
        assert "已停止推送" in await zhucun("doctor", code=1)
        assert "应答为" in (await zhucun("webhook", "list")).replace("\n", "")
        assert "whsec_" in await zhucun("webhook", "rotate", id, "--at-once")
        await zhucun("webhook", "remove", id)
        assert "未被改动" in await zhucun("audit", "export", str(tmp_path / "log"), "--of", "webhooks")
        assert b"POST /v1/endpoints/{name}/remove" in (tmp_path / "log").read_bytes()
        assert "024-1234" not in await zhucun("webhook", "list")
        assert "没有接收地址" in str(
            (
                await asyncio.to_thread(
                    CliRunner().invoke, commands.app, ["webhook", "pause", id, "--folder", str(folder)]
                )
            ).exception
        )
    assert System(folder).webhooks, "who had webhooks keeps them"
