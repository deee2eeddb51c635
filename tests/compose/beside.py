"""A composed system whose trial is over: a program signs in and reads, and events reach a receiver by webhooks."""

import asyncio
import time
from collections.abc import Iterator
from typing import Final

import httpx

from tests.accounts.desk import Live
from tests.compose.engine import Broken, Installation
from tests.compose.line import Line, failed

OVERLAYS: Final = ("compose.webhooks.yaml", "compose.console.yaml")
TAKEN: Final = "/tmp/taken"
RECEIVER: Final = f"""
from http.server import BaseHTTPRequestHandler, HTTPServer
class Receiver(BaseHTTPRequestHandler):
    def do_OPTIONS(self):
        self.send_response(200)
        self.send_header("WebHook-Allowed-Origin", "zhucun")
        self.end_headers()
    def do_POST(self):
        with open("{TAKEN}", "ab") as taken:
            taken.write(self.rfile.read(int(self.headers["content-length"])) + b"\\n")
        self.send_response(204)
        self.end_headers()
HTTPServer(("", 9000), Receiver).serve_forever()
"""
"""A receiver within the system's network. It takes all, and keeps one event a line."""
ENVIRONMENT: Final = {
    "ZHUCUN_PLAIN_HOSTS": "operator",
    "ZHUCUN_ALLOWED_NETWORKS": "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
}
WITHIN: Final = 60.0
"""Seconds until the first events have arrived."""


def beside(placed: Installation) -> Iterator[Line]:
    """What is answered where everybody is asked who he is, and webhooks are added to a system with a history."""
    zh, en = "核对身份和事件推送", "people asked who they are, and webhooks"
    try:
        began = time.monotonic()
        placed.extend(OVERLAYS, {"webhooks": ENVIRONMENT})
        yield Line(f"{zh}就绪", f"{en} ready", f"{time.monotonic() - began:.0f} s", True)
        asked = asyncio.run(_asked(placed))
        yield Line("服务账号登录并查询", "a program signs in and reads", f"{asked}", asked == [401, 200, 403])
        seen = f"{_arrived(placed)} events"
        yield Line(
            "事件送达接收方", "events reach a receiver", seen, "正常" in placed.inside("zhucun", "webhook", "list")
        )
    except (Broken, AssertionError, httpx.HTTPError) as error:
        yield failed(zh, en, error)


async def _asked(placed: Installation) -> list[int]:
    """What a registry answers nobody, and a subscriber within and beyond its division, who then adds a webhook."""
    placed.engine.run("exec", "-d", placed.container("operator"), "python", "-c", RECEIVER)
    live = Live(placed.url("accounts"), (placed.folder / "secret").read_bytes())
    keeper, security = await live.appoint("system", "sun", "孙立"), await live.appoint("security", "he", "何平")
    made = await live.post("/v1/service-accounts", {"name": "liaoning", "organ": "辽宁省数据局"}, keeper)
    roles = {"roles": [{"role": "subscriber", "division": "21"}]}
    assert (await live.post("/v1/accounts/liaoning/roles", roles, security)).is_success
    grant = {"grant_type": "client_credentials", "client_id": "liaoning", "client_secret": made.json()["secret"]}
    token = (await live.http.post("/token", data=grant)).json()["access_token"]
    shown = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        feed = f"{placed.url('registry')}/v1/events"
        seen = [
            (await http.get(f"{feed}?below={below}", headers=headers)).status_code
            for below, headers in (("21", {}), ("21", shown), ("52", shown))
        ]
        endpoint = {
            "url": "http://operator:9000/",
            "division": "21",
            "description": "省平台",
            "contact": "024-1234",
            "since": "2000-01-01",
        }
        added = await http.post(f"{placed.url('webhooks')}/v1/endpoints", json=endpoint, headers=shown)
        assert added.status_code == 201 and added.json()["status"] == "active", added.text
    return seen


def _arrived(placed: Installation) -> int:
    """How many events the receiver has taken, as soon as there are some. Raises Broken if none comes."""
    until = time.monotonic() + WITHIN
    while True:
        try:
            return len(placed.inside("cat", TAKEN).splitlines())
        except Broken:
            if time.monotonic() > until:
                raise
            time.sleep(1)
