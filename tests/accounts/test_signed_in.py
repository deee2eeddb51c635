"""A whole embedded system whose people sign in: real processes, real tokens, and what each may do with them."""

import asyncio
import re
from functools import partial
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from deploy.cli import signed_in
from deploy.cli.commands import app
from deploy.local.supervisor import System
from shared.engine.audit import decode, first_fault
from shared.web.token import operator_headers
from tests.accounts.desk import Live


def readings(folder: Path, *asked: str) -> str:
    """What `zhucun audit readings` says, or why it refuses."""
    result = CliRunner().invoke(app, ["audit", "readings", *asked, "--folder", str(folder)])
    return re.sub(r"\s+", " ", f"{result.output}{result.exception or ''}")


def test_an_officer_acts_in_her_own_name_where_she_may_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHUCUN_LOGIN_FILE", str(tmp_path / "login.json"))

    async def scenario() -> None:
        async with System(tmp_path / "site", accounts=True) as system:
            await system.ready(120)
            secret = system.folder.secret.read_bytes()
            live = Live(system.url("accounts"), secret)
            keeper = await live.appoint("system", "sun", "孙立")
            security = await live.appoint("security", "he", "何平")
            auditor = await live.appoint("audit", "zhou", "周明")
            await live.person(keeper, "li")
            roles = {"roles": [{"role": "poverty_office", "division": "210522"}], "cadre": "C1", "unit": "U1"}
            assert (await live.post("/v1/accounts/li/roles", roles, security)).is_success
            tokens = await live.tokens("li")
            mine = {"Authorization": f"Bearer {tokens['access_token']}"}
            async with httpx.AsyncClient(base_url=system.url("registry"), trust_env=False, timeout=60) as registry:

                async def asked(place: str, headers: dict[str, str]) -> int:
                    return (await registry.get("/v1/villages", params={"place": place}, headers=headers)).status_code

                assert [await asked("210522", {}), await asked("210522", mine), await asked("210521", mine)] == [
                    401,
                    200,
                    403,
                ]
                assert (await registry.get("/v1/dead-letters", headers=operator_headers(secret))).status_code == 200
                assert (await registry.get("/v1/audit", headers=mine)).status_code == 403
                told = await registry.get("/v1/audit", headers={"Authorization": f"Bearer {auditor}"})
                entries = decode(told.content.splitlines())
                assert first_fault(entries) is None
                assert "GET /v1/dead-letters" in [one.deed for one in entries]
            assert system.folder.signing_keys.stat().st_mode & 0o777 == 0o600
            told_to = partial(readings, system.folder.root)
            assert "没有可告知的查阅记录" in told_to("--about", "cadres/C1"), "nobody has read it before"
            assert told_to("--about", "cadres/C1").count("系统运维 查询谁查阅过") == 2, "in the registry and inspection"
            assert "“records/编号”（奖惩记录）" in told_to("--about", "villages/V1")
            signed_in.keep(live.url, signed_in.Tokens("li", tokens["access_token"], 1e12, "", ""))
            assert "没有可告知的查阅记录" in told_to("--since", "2026-01-01")
            assert "本账号" in told_to("--about", "cadres/C1"), "who is no auditor asks about himself alone"
            old = system.pid("accounts")
            system.kill("accounts")
            while system.pid("accounts") == old:  # noqa: ASYNC110 - there is no event of a restart
                await asyncio.sleep(0.1)
            await system.ready(60)
            assert (await live.get("/v1/accounts", keeper)).status_code == 200, "tokens of before still hold"
        again = System(tmp_path / "site")
        assert again.accounts, "who had accounts keeps them"

    asyncio.run(scenario())
