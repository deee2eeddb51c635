"""People and programs look after endpoints by their tokens, each in its divisions, and all that they do is logged."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.webhooks.model import Acting, Endpoint, NewEndpoint
from shared.engine.audit import decode, first_fault
from shared.web.issuers import Issuers
from shared.web.rates import FAILURES, Limits
from shared.web.token import operator_headers
from tests.support.asked import refusal, serving
from tests.support.issuer import SmallIssuer, issuing
from tests.webhooks.desk import ASKED, SECRET, Desk
from tests.webhooks.receiver import receiving

SYSTEM, OTHER = [{"role": "system", "division": "21"}], [{"role": "system", "division": "52"}]
SUBSCRIBER, OFFICER = [{"role": "subscriber", "division": "2105"}], [{"role": "poverty_office", "division": ""}]
AUDITOR = [{"role": "audit", "division": ""}]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[tuple[Desk, SmallIssuer]]:
    path = f"sqlite+aiosqlite:///{tmp_path}"
    async with serving(f"{path}/feed.sqlite3") as service, receiving() as receiver, issuing() as issuer:
        desk = Desk(service, receiver, f"{path}/webhooks.sqlite3")
        desk.issuers = Issuers([issuer.trusted()], tmp_path, SECRET)
        yield desk, issuer


async def test_each_looks_after_the_endpoints_of_its_divisions(office: tuple[Desk, SmallIssuer]) -> None:
    desk, issuer = office
    async with desk.running():

        async def ask(method: str, path: str, roles: list[dict[str, str]], sub: str = "p-1", **said: Any) -> Any:
            shown = issuer.token(sub=sub, zhucun={"organ": "省数据局", "roles": roles})
            json = said if method == "POST" else None
            url, headers = f"/v1/endpoints{path}", {"Authorization": f"Bearer {shown}"}
            return await desk.http.request(method, url, json=json, headers=headers)

        async def seen(roles: list[dict[str, str]], sub: str = "p-1") -> list[str]:
            return [one["id"] for one in (await ask("GET", "", roles, sub)).json()]

        county = {"url": desk.receiver.url, **ASKED, "division": "2105"}
        for roles in (OTHER, OFFICER, AUDITOR, []):
            assert refusal(await ask("POST", "", roles, **county), 403)[0]["rule"] == "role"
        too_wide = refusal(await ask("POST", "", SUBSCRIBER, **{**county, "division": "21"}), 403)[0]
        assert "2105" in too_wide["zh"] and "2105" in too_wide["en"]
        made = (await ask("POST", "", SYSTEM, **county)).json()["id"]
        own = (await ask("POST", "", SUBSCRIBER, "s-1", **county)).json()["id"]
        assert await seen(SYSTEM) == sorted([made, own])
        assert await seen(SUBSCRIBER, "s-1") == [own]
        assert await seen(SUBSCRIBER, "s-2") == await seen(OTHER) == await seen(OFFICER) == []
        for path in ("/pause", "/resume", "/rotate", "/resend", "/test"):
            assert (await ask("POST", f"/{own}{path}", SUBSCRIBER, "s-1")).status_code == 200
            assert (await ask("POST", f"/{own}{path}", SYSTEM)).status_code == 200
            refusal(await ask("POST", f"/{made}{path}", SUBSCRIBER, "s-1"), 403)
            refusal(await ask("POST", f"/{own}{path}", SUBSCRIBER, "s-2"), 403)
            refusal(await ask("POST", f"/{own}{path}", OFFICER, "s-1"), 403)
        for path in ("", "/undelivered"):
            assert (await ask("GET", f"/{own}{path}", SUBSCRIBER, "s-1")).status_code == 200
            refusal(await ask("GET", f"/{made}{path}", SUBSCRIBER, "s-1"), 403)
        refusal(await ask("GET", "/w-none", SUBSCRIBER, "s-1"), 404)
        refusal(await desk.http.get("/v1/endpoints", headers={"Authorization": "Bearer nonsense"}), 401)
        assert (await ask("POST", f"/{own}/remove", SUBSCRIBER, "s-1")).status_code == 200


async def test_who_asks_too_often_waits_by_himself(office: tuple[Desk, SmallIssuer]) -> None:
    desk, issuer = office
    desk.limits = Limits(3)
    async with desk.running():

        async def ask(headers: dict[str, str]) -> Any:
            return await desk.http.get("/v1/endpoints", headers=headers)

        li, wu = ({"Authorization": f"Bearer {issuer.token(sub=sub, zhucun={'roles': SYSTEM})}"} for sub in ("l", "w"))
        asked = [await ask(li) for _ in range(4)]
        assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
        (fault,) = refusal(asked[-1], 429)
        assert (
            fault["rule"] == "limit" and "秒后重试" in fault["zh"] and 0 < int(asked[-1].headers["retry-after"]) <= 20
        )
        assert (await ask(wu)).status_code == 200, "each has his own"
        assert [(await ask(operator_headers(SECRET))).status_code for _ in range(5)] == [200] * 5
        assert [(await ask({})).status_code for _ in range(4)] == [401] * 3 + [429]
        wrong = {"Authorization": "Bearer a.b.c"}
        assert [(await ask(wrong)).status_code for _ in range(FAILURES + 1)] == [401] * FAILURES + [429]


async def test_a_subscriber_adds_few(office: tuple[Desk, SmallIssuer]) -> None:
    desk, issuer = office
    async with desk.running():
        shown = issuer.token(zhucun={"roles": SUBSCRIBER})
        asked = {"url": desk.receiver.url, **ASKED, "division": "2105"}
        said = [
            await desk.http.post("/v1/endpoints", json=asked, headers={"Authorization": f"Bearer {shown}"})
            for _ in range(11)
        ]
        assert [one.status_code for one in said] == 10 * [201] + [409]
        await desk.add()


async def test_an_issuer_that_is_away_lets_nobody_in_and_says_so(office: tuple[Desk, SmallIssuer]) -> None:
    desk, issuer = office
    issuer.is_away = True
    async with desk.running():
        headers = {"Authorization": f"Bearer {issuer.token(zhucun={'roles': SYSTEM})}"}
        assert refusal(await desk.http.get("/v1/endpoints", headers=headers), 503)[0]["rule"] == "token"


async def test_acts_and_reads_of_people_are_logged_and_what_receivers_ask_is_not(
    office: tuple[Desk, SmallIssuer],
) -> None:
    desk, issuer = office

    def by(roles: list[dict[str, str]]) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token(zhucun={'organ': '省数据局', 'roles': roles})}"}

    async with desk.running():
        await desk.add()
        await desk.shown()
        await desk.http.get("/v1/endpoints", headers=by(SYSTEM))
        await desk.http.post(f"/v1/endpoints/{desk.id}/pause", json={}, headers=by(OTHER))
        refusal(await desk.http.get("/v1/endpoints"), 401)
        refusal(await desk.http.get("/v1/audit", headers=by(SYSTEM)), 403)
        refusal(await desk.http.get("/v1/audit?after=x", headers=by(AUDITOR)), 400)  # Refused before it is anybody's.
        refusal(await desk.http.post(f"/v1/endpoints/{desk.id}/resend", json={"of": 1}, headers=by(SYSTEM)), 400)
        body = (await desk.http.get("/v1/audit", headers=by(AUDITOR))).content
    found = decode(body.splitlines())
    assert first_fault(found) is None
    assert [(one.deed, one.about, one.result) for one in found] == [
        ("POST /v1/endpoints", desk.id, "done"),
        ("GET /v1/endpoints", "", "done"),
        ("POST /v1/endpoints/{name}/pause", desk.id, "role"),
        ("GET /v1/audit", "", "role"),
        ("POST /v1/endpoints/{name}/resend", desk.id, "schema"),
    ]
    assert found[0].who == "operator" and found[1].who == found[2].who != "operator"
    assert {one.organ for one in found[1:]} == {"省数据局"}


def test_an_endpoint_is_the_subscribers_who_added_it_and_nobodys_if_an_administrator_did() -> None:
    roles = {"subscriber": frozenset({"2105"}), "system": frozenset({"2106"})}
    assert [Acting(who="s", roles=roles).owner(division) for division in ("210521", "210601")] == ["s", ""]


def test_who_lost_his_role_looks_after_nothing() -> None:
    asked = NewEndpoint(url="https://a.cn/", division="2105", description="d", contact="c")
    one = Endpoint(id="w-1", asked=asked, owner="s")
    assert Acting(who="s", roles={"subscriber": frozenset({"21"})}).keeps(one)
    assert not Acting(who="s").keeps(one)
    assert not Acting(who="s", roles={"subscriber": frozenset({"210521"})}).keeps(one)
    assert not Acting(who="w-1", endpoint="w-1").keeps(one)


async def test_without_issuers_only_the_operator_is_known(office: tuple[Desk, SmallIssuer]) -> None:
    desk, issuer = office
    desk.issuers = None
    async with desk.running():
        shown = {"Authorization": f"Bearer {issuer.token(zhucun={'roles': SYSTEM})}"}
        refusal(await desk.http.get("/v1/endpoints", headers=shown), 401)
        assert (await desk.http.get("/v1/endpoints", headers=operator_headers(SECRET))).json() == []
