"""Who acted: as organ and pseudonym in each event that follows from a command, and as person for the audit alone."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.engine.audit import decode
from shared.engine.deliveries import handle
from shared.stream.bus import OPEN
from shared.web.token import pseudonym
from tests.support.asked import OPERATOR, refusal, serving, village
from tests.support.desk import Desk, asking, log
from tests.support.process import day

OFFICE = {"organ": "桓仁满族自治县扶贫办", "roles": [{"role": "poverty_office", "division": "210502"}]}
HOSTILE = ("a\x00b", "甲\n乙", "甲\n", "\x1b[31m", "\x7f")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with asking(tmp_path) as found:
        yield found


def bearer(desk: Desk, **said: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.issuer.token(**{'zhucun': OFFICE, **said})}"}


def events(desk: Desk, type: str = "registry.village.registered.v1") -> list[dict[str, Any]]:
    """The events of a type that went to the stream, as their subscribers read them."""
    found = [json.loads(message.body) for message in desk.api.sent]
    return [one for one in found if one["type"] == type]


async def test_an_event_names_organ_and_pseudonym_of_who_sent_its_command(desk: Desk) -> None:
    assert (await desk.post("villages", bearer(desk, sub="li"), village())).status_code == 200
    assert (await desk.post("villages", bearer(desk, sub="wu"), village("V2"))).status_code == 200
    assert (await desk.post("villages", OPERATOR, village("V3"))).status_code == 200
    li, wu, operator = events(desk)
    assert (li["actor"], li["actororgan"]) == (pseudonym(b"secret", desk.issuer.url, "li"), "桓仁满族自治县扶贫办")
    assert wu["actor"] != li["actor"] and wu["actororgan"] == li["actororgan"]
    assert operator["actor"] == "operator" and "actororgan" not in operator
    assert [one.who for one in await log(desk)] == [one["actor"] for one in (li, wu, operator)], "as in the log"


async def test_what_follows_from_a_day_names_nobody(desk: Desk) -> None:
    await desk.post("villages", bearer(desk), village())
    await handle(desk.api.pipeline, OPEN, [day(1, 2)])
    await desk.api.pipeline.published()
    (listed,) = events(desk, "registry.village.listed.v1")
    assert "actor" not in listed and "actororgan" not in listed


async def test_without_issuers_events_are_as_before(tmp_path: Path) -> None:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3") as api:
        for number, headers in enumerate((OPERATOR, {})):
            key = {"Idempotency-Key": f"request {number}"}
            answer = await api.client.post("/v1/villages", json=[village(f"V{number}")], headers=headers | key)
            assert answer.status_code == 200
        told = [json.loads(message.body) for message in api.sent]
        assert len(told) >= 2 and not any("actor" in one or "actororgan" in one for one in told)


async def test_the_audit_administrator_alone_is_told_who_it_is_and_the_log_says_that_he_asked(desk: Desk) -> None:
    await desk.post("villages", bearer(desk, sub="li", name="李春梅"), village())
    (event,) = events(desk)
    address = f"/v1/people/{event['actor']}"
    found = (await desk.get(address, desk.bearer("audit/", sub="auditor"))).json()
    assert found == {"pseudonym": event["actor"], "issuer": desk.issuer.url, "subject": "li", "name": "李春梅"}
    for role in ("system/", "security/", "audit/2105", "poverty_office/", "organisation/"):
        assert "李春梅" not in (await desk.get(address, desk.bearer(role))).text
        assert refusal(await desk.get(address, desk.bearer(role)), 403)[0]["rule"] == "role"
    assert refusal(await desk.get("/v1/people/" + "0" * 16, desk.bearer("audit/")), 404)
    asked = [one for one in await log(desk) if one.deed.startswith("GET /v1/people")]
    assert asked[0].about == f"pseudonym={event['actor']}" and asked[0].who != event["actor"]
    whole = (await desk.get("/v1/audit", desk.bearer("audit/"))).text
    assert decode(whole.encode().splitlines()) and "李春梅" not in whole, "the log itself has no name"


async def test_a_name_that_changes_is_kept_as_it_is_now(desk: Desk) -> None:
    for number, name in enumerate(("李春梅", "李春梅", "李春枚")):
        await desk.post("villages", bearer(desk, sub="li", name=name), village(f"V{number}"))
    who = events(desk)[0]["actor"]
    assert (await desk.get(f"/v1/people/{who}", desk.bearer("audit/"))).json()["name"] == "李春枚"


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_no_name_of_a_token_breaks_a_journal_or_a_table(desk: Desk, hostile: str) -> None:
    """A strange name is left out; a strange organ or subject is no token at all."""
    assert (await desk.post("villages", bearer(desk, name=hostile), village())).status_code == 200
    (event,) = events(desk)
    assert (await desk.get(f"/v1/people/{event['actor']}", desk.bearer("audit/"))).json()["name"] == ""
    for said in ({"zhucun": {**OFFICE, "organ": hostile}}, {"sub": hostile}):
        assert refusal(await desk.post("villages", bearer(desk, **said), village("V2")), 401)[0]["rule"] == "token"
    assert refusal(await desk.post("villages", bearer(desk, zhucun={**OFFICE, "organ": "机" * 121}), village()), 401)
