"""Tokens of a certified issuer that nobody here wrote: npm `oidc-provider`, in a process of its own.

It runs where `ZHUCUN_TEST_MODULES` names a folder of npm modules that has it, as `.ci/run` installs one.
"""

import asyncio
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.web import issuers
from shared.web.issuers import Issuer, Issuers
from tests.support.asked import refusal, serving, village
from tests.support.issuer import made

MODULES = Path(os.environ.get("ZHUCUN_TEST_MODULES", "none"))
SCRIPT = Path(__file__).parents[1] / "support/certified.mjs"
pytestmark = pytest.mark.skipif(
    not (MODULES / "oidc-provider").is_dir(), reason="ZHUCUN_TEST_MODULES names no folder with oidc-provider"
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The issuer's script, beside the modules that it needs."""
    (tmp_path / "node_modules").symlink_to(MODULES.resolve())
    return Path(shutil.copy(SCRIPT, tmp_path))


@asynccontextmanager
async def certified(url: str, key: Any, script: Path) -> AsyncIterator[None]:
    """The issuer at this address, with this key."""
    keys = json.dumps({"keys": [key.as_dict(private=True) | {"alg": "ES256"}]})
    run = await asyncio.create_subprocess_exec("node", str(script), url, keys, stdout=asyncio.subprocess.PIPE)
    try:
        assert run.stdout is not None
        async with asyncio.timeout(60):
            while b"listening" not in (line := await run.stdout.readline()):
                assert line, "the issuer ended"
        yield
    finally:
        run.kill()
        await run.wait()


async def logged_in(url: str) -> dict[str, str]:
    """The header of the script that has logged in there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        said = {"grant_type": "client_credentials"}
        answer = await client.post(f"{url}/token", data=said, auth=("script", "a-secret-of-the-script"))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_a_certified_issuers_tokens_are_taken_and_its_new_keys_found(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(issuers, "FETCH_EVERY", 0.0)
    trusted = Issuers([Issuer(url=url)], tmp_path, b"secret")
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3", trusted) as api:

        async def registers(headers: dict[str, str], id: str, **fields: Any) -> httpx.Response:
            key = {"Idempotency-Key": f"a key for {id}"}
            return await api.client.post("/v1/villages", json=[village(id, **fields)], headers=headers | key)

        async with certified(url, made(kid="first"), script):
            old, unseen = await logged_in(url), await logged_in(url)
            assert (await registers(old, "V1")).status_code == 200
            assert refusal(await registers(old, "V2", place="210503"), 403)[0]["rule"] == "role"
        assert (await registers(old, "V3")).status_code == 200, "the issuer is away, and its keys are known"
        async with certified(url, made(kid="second"), script):
            assert (await registers(await logged_in(url), "V4")).status_code == 200
            assert refusal(await registers(unseen, "V5"), 401)[0]["rule"] == "token"
