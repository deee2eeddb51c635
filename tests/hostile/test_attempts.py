"""What somebody tries who means no good, and how each of it is refused. A fault that was found becomes a row."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.web.token import operator_headers
from tests.accounts import desk as accounts
from tests.support.asked import refusal, serving, village
from tests.support.desk import asking
from tests.webhooks.desk import ASKED, SECRET, Desk
from tests.webhooks.receiver import receiving

Headers = list[tuple[str, str]]
SENT: dict[str, tuple[bytes, str]] = {
    "a field twice": (b'{"since": "2015-01-01", "since": "2016-01-01"}', "同一字段出现两次"),
    "a field twice, the second time escaped": (b'{"since": null, "sinc\\u0065": "2016-01-01"}', "同一字段出现两次"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "请求内容不符合要求"),
    "half a character": (b'{"about": "\\ud800"}', "请求内容不符合要求"),
    "no number": (b'{"since": NaN}', "请求内容不符合要求"),
    "thousands of lists": (b'{"about": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "请求内容不符合要求"),
    "a line break behind an id": (b'{"about": "210502000001\\n"}', "请求内容不符合要求"),
    "a control character within an id": (b'{"about": "2105\\u001b[2J"}', "请求内容不符合要求"),
    "UTF-16": ("{}".encode("utf-16"), "请求内容不符合要求"),
}
"""Bodies that two readers would understand differently, or that no reader should."""


async def test_webhooks_take_no_body_that_has_two_meanings(tmp_path: Path) -> None:
    path = f"sqlite+aiosqlite:///{tmp_path}"
    async with serving(f"{path}/feed.sqlite3") as service, receiving() as receiver:
        desk = Desk(service, receiver, f"{path}/webhooks.sqlite3")
        async with desk.running():
            await desk.add()
            at, known = f"/v1/endpoints/{desk.id}/resend", operator_headers(SECRET)
            for what, (body, zh) in SENT.items():
                answer = await desk.http.post(at, content=body, headers={**known, "content-type": "application/json"})
                assert [zh in fault["zh"] for fault in refusal(answer, 400)] == [True], what
            broken = {"url": receiver.url, **ASKED, "division": "21\n"}
            refusal(await desk.http.post("/v1/endpoints", json=broken, headers=known), 400)
            shown = (await desk.http.get("/v1/endpoints", headers=known)).json()
            assert [one["id"] for one in shown] == [desk.id]


@pytest.mark.parametrize("first", ["Bearer x", "Basic x", ""])
async def test_of_two_tokens_none_is_believed(first: str, tmp_path: Path) -> None:
    """A proxy that checks the first one would be passed by who is known by the second."""
    path = f"sqlite+aiosqlite:///{tmp_path}"
    async with serving(f"{path}/feed.sqlite3") as service, receiving() as receiver:
        desk = Desk(service, receiver, f"{path}/webhooks.sqlite3")
        async with desk.running():
            good = operator_headers(SECRET)["Authorization"]
            for two in ((first, good), (good, first), (good, good)):
                headers = [("Authorization", one) for one in two]
                refusal(await desk.http.get("/v1/endpoints", headers=headers), 401)


async def test_accounts_make_nobody_an_administrator_by_a_body_with_two_meanings(tmp_path: Path) -> None:
    said = {"name": "sun", "person": "孙立", "organ": "县网信办", "administers": "audit"}
    twice = json.dumps(said)[:-1] + ', "administers": "system"}'
    async with accounts.opened(tmp_path) as desk:
        known = desk.operator_headers()
        sent: list[tuple[Headers, str, int]] = [
            ([*known.items()], twice, 400),
            ([*known.items(), ("Authorization", "Bearer x")], json.dumps(said), 401),
        ]
        for headers, body, status in sent:
            answer = await desk.http.post(
                "/v1/administrators", content=body, headers=[*headers, ("content-type", "application/json")]
            )
            refusal(answer, status)
        assert (await desk.operator("/v1/administrators", said)).status_code == 201, "the name is still free"


async def test_who_knows_anothers_request_key_learns_and_changes_nothing_by_it(tmp_path: Path) -> None:
    async with asking(tmp_path) as desk:
        own, elsewhere = (desk.bearer(f"poverty_office/{of}", sub=of) for of in ("2105", "2106"))
        key = {"Idempotency-Key": "one request"}

        async def sent(who: dict[str, str], **fields: Any) -> Any:
            return await desk.api.client.post("/v1/villages", json=[village(**fields)], headers=who | key)

        assert (await sent(own, name="上石村")).status_code == 200
        refusal(await sent(elsewhere, name="上石村"), 403)
        (fault,) = refusal(await sent(elsewhere, id="V2", place="210602"), 409)  # As his own request, by the rules.
        assert fault["rule"] == "policy" and "上石" not in fault["zh"] + fault["en"]
        assert (await desk.get("/v1/villages/V1", own)).status_code == 200
        assert (await desk.get("/v1/villages/V2", elsewhere)).status_code == 404, "nothing was applied"


@pytest.mark.parametrize("division", ["21\n", "２１", "21 ", "21%", "2", "21050201"])
async def test_a_token_whose_division_only_looks_like_one_is_refused(division: str, tmp_path: Path) -> None:
    async with asking(tmp_path) as desk:
        (fault,) = refusal(await desk.get("/v1/tasks?place=21", desk.bearer(f"poverty_office/{division}")), 401)
        assert fault["rule"] == "token"
