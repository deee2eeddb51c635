"""Who may do what: callers with tokens, their roles and divisions, and what they are told when they may not."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.registry import VillageRecoded
from shared.engine.deliveries import handle
from shared.stream.bus import OPEN
from tests.support.asked import OPERATOR, refusal, village
from tests.support.desk import Desk, asking
from tests.support.process import DAY, delivery


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with asking(tmp_path) as desk:
        yield desk


async def test_without_a_token_only_what_is_public_is_answered(desk: Desk) -> None:
    for address in (
        "/health",
        "/health/live",
        "/health/ready",
        "/docs",
        "/schemas/registry.village.registered.v1.json",
    ):
        assert (await desk.get(address)).status_code == 200, address
    for address in ("/v1/status", "/v1/villages", "/v1/tasks", "/v1/journal", "/v1/digest", "/v1/summary/villages"):
        answer = await desk.get(address)
        (fault,) = refusal(answer, 401)
        assert fault["rule"] == "token" and answer.headers["www-authenticate"].startswith("Bearer")
    assert refusal(await desk.post("villages", {}, village()), 401)[0]["rule"] == "token"


@pytest.mark.parametrize("shown", ["Basic YTpi", "Bearer", "Bearer ", "Bearer a.b.c", "token", "Bearer 令牌"])
async def test_what_is_no_token_of_a_trusted_issuer_is_refused(desk: Desk, shown: str) -> None:
    answer = await desk.api.client.get("/v1/status", headers=[(b"Authorization", shown.encode())])
    assert refusal(answer, 401)[0]["rule"] == "token"


async def test_of_two_tokens_none_is_believed(desk: Desk) -> None:
    mine, other = desk.bearer("team/210502"), desk.bearer("poverty_office/210502")
    two = [("Authorization", one["Authorization"]) for one in (mine, other)]
    assert refusal(await desk.api.client.get("/v1/status", headers=two), 401)[0]["rule"] == "token"
    two[0] = ("Authorization", OPERATOR["Authorization"])
    assert refusal(await desk.api.client.get("/v1/dead-letters", headers=two), 401)[0]["rule"] == "token"


async def test_an_issuer_that_is_away_at_the_start_is_told_as_such(desk: Desk) -> None:
    desk.issuer.is_away = True
    assert refusal(await desk.get("/v1/status", desk.bearer("team/210502")), 503)[0]["rule"] == "token"
    assert (await desk.get("/v1/status", OPERATOR)).status_code == 200
    assert (await desk.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("poverty_office/210502", 200), ("poverty_office/2105", 200), ("poverty_office/", 200), ("county/210502", 200),
        ("poverty_office/210500", 200), ("poverty_office/210503", 403), ("poverty_office/22", 403),
        ("team/210502", 403), ("subscriber/210502", 403), ("system/", 403), ("audit/", 403), ("security/", 403),
    ],
)  # fmt: skip
async def test_a_command_is_for_its_roles_in_divisions_that_contain_its_place(
    desk: Desk, role: str, status: int
) -> None:
    answer = await desk.post("villages", desk.bearer(role), village())
    assert answer.status_code == status, answer.text
    if status == 403:
        (fault,) = refusal(answer, 403)
        assert fault["rule"] == "role" and "_" not in fault["en"]
        if role.startswith("poverty_office"):
            assert "须具有该区划的角色（" in fault["zh"], "whoever has it elsewhere is told that it is not enough"


async def test_one_row_of_another_division_stops_the_whole_request(desk: Desk) -> None:
    mine = desk.bearer("poverty_office/210502")
    for params in ({}, {"keep_good": True}, {"dry_run": True}):
        answer = await desk.post("villages", mine, village(), village("V2", place="210503"), **params)
        (fault,) = refusal(answer, 403)
        assert "210503" in fault["zh"] and "扶贫部门" in fault["zh"]
    assert (await desk.get("/v1/villages?place=210502", mine)).json() == []


async def test_a_city_may_not_be_spoken_for_by_its_counties(desk: Desk) -> None:
    row = village("V9", place="210500")
    assert refusal(await desk.post("villages", desk.bearer("poverty_office/210502"), row), 403)
    assert (await desk.post("villages", desk.bearer("poverty_office/2105"), row)).status_code == 200
    nation = village(place="000000")
    assert refusal(await desk.post("villages", desk.bearer("poverty_office/"), nation), 403)[0]["rule"] == "operator"


async def test_2_19_nobody_who_has_two_roles_plays_a_body_of_a_draw(desk: Desk) -> None:
    row = {"place": "210502", "matter": "M1", "body": "discipline"}
    for headers in (
        desk.bearer("inspection/210502"),
        desk.bearer("discipline/210502", "inspection/2105"),
        desk.bearer("discipline/210503"),
        OPERATOR,
    ):
        assert refusal(await desk.post("answers", headers, row), 401)[0]["rule"] == "2.19"
    assert (await desk.post("answers", desk.bearer("discipline/210502"), row)).status_code == 200


async def test_queries_are_answered_about_ones_own_divisions(desk: Desk) -> None:
    office, city, other = (desk.bearer(f"poverty_office/{division}") for division in ("210502", "2105", "210503"))
    assert (await desk.post("villages", office, village())).status_code == 200
    for address in ("/v1/villages?place=210502", "/v1/villages/V1", "/v1/summary/villages?place=210502"):
        for headers in (office, city, desk.bearer("team/210502"), OPERATOR):
            assert (await desk.get(address, headers)).status_code == 200, address
        (fault,) = refusal(await desk.get(address, other), 403)
        assert "210503" in fault["zh"] and "V1" not in fault["zh"]
        assert refusal(await desk.get(address, desk.bearer("subscriber/210502")), 403)[0]["rule"] == "role"
    for address in ("/v1/villages", "/v1/villages?place=21", "/v1/tasks", "/v1/summary/villages?place=2"):
        assert refusal(await desk.get(address, office), 403)[0]["field"] == "place"
    assert (await desk.get("/v1/villages/V2", office)).status_code == 404


async def about(desk: Desk, role: str, **said: Any) -> list[str]:
    """What the tasks are about that somebody with a role is shown."""
    held = [{"role": role, "division": "210502"}]
    token = desk.issuer.token(zhucun={"organ": "某县", "roles": held, **said})
    answer = await desk.get("/v1/tasks?place=210502", {"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return [one["task"]["about"] for one in answer.json()]


async def test_who_is_recused_has_no_task_of_it_and_others_have(desk: Desk) -> None:
    for matter in ("C1", "C2"):
        row = {"place": "210502", "matter": matter, "of": "county"}
        assert (await desk.post("matters", desk.bearer("team/210502"), row)).status_code == 200

    tasks = partial(about, desk)
    assert await tasks("county", cadre="C1") == ["C2"]
    assert await tasks("county", kin=["C1", "C2"]) == []
    assert await tasks("county", cadre="C3", kin=["C4"]) == ["C1", "C2"]
    assert await tasks("team", cadre="C1") == ["C1", "C2"], "what is not his to do is no secret from him"


async def test_a_township_and_a_village_have_their_own_tasks_alone(desk: Desk) -> None:
    first, second = "210502001001", "210502002001"
    for matter in (first, second):
        row = {"place": "210502", "matter": matter, "of": "township"}
        assert (await desk.post("matters", desk.bearer("county/210502"), row)).status_code == 200

    tasks = partial(about, desk)
    assert await tasks("township", township="210502001") == [first]
    assert await tasks("township", township="210502002") == [second]
    assert await tasks("township") == []
    assert await tasks("county") == await tasks("village", village=first) == [first, second], "others' are no secret"
    moved = VillageRecoded(place="210502", village=first, code="210502002009", since=DAY)
    await handle(desk.api.pipeline, OPEN, [delivery(moved, 2)])
    assert await tasks("township", township="210502001") == []
    assert await tasks("township", township="210502002") == [first, second]


async def test_a_journal_tells_a_caller_what_happened_in_his_divisions(desk: Desk) -> None:
    await desk.post("villages", OPERATOR, village())
    await desk.post("villages", OPERATOR, village("V2", place="210503"))

    async def told(role: str) -> set[str]:
        entries = (await desk.get("/v1/journal", desk.bearer(role))).json()
        return {entry["event"]["subject"] for entry in entries if "village" in entry["event"]["type"]}

    assert await told("subscriber/210502") == {"V1"} and await told("team/210503") == {"V2"}
    assert await told("subscriber/2105") == await told("subscriber/") == {"V1", "V2"}
    assert await told("subscriber/22") == set()
    about = (await desk.get("/v1/journal/V1", desk.bearer("subscriber/210503"))).json()
    assert about == [] and len((await desk.get("/v1/journal/V1", desk.bearer("subscriber/210502"))).json()) == 1
    for keeper in ("system/", "security/", "audit/"):
        assert refusal(await desk.get("/v1/journal", desk.bearer(keeper)), 403)


async def test_what_operators_keep_is_not_for_people_whatever_their_roles(desk: Desk) -> None:
    everything = desk.bearer(*(f"{role}/" for role in ("state", "poverty_office", "system", "audit", "operator")))
    for address in ("/v1/dead-letters", "/v1/recovery/journal?stream=ZHUCUN&type=x"):
        assert refusal(await desk.get(address, everything), 403)[0]["rule"] == "operator"
    for path in ("dead-letters/replay", "dead-letters/discard?id=x&reason=mistaken", "recovery?stream=ZHUCUN"):
        answer = await desk.api.client.post(f"/v1/{path}", headers=everything)
        assert refusal(answer, 403)[0]["rule"] == "operator"
    assert (await desk.get("/v1/digest", desk.bearer("audit/"))).status_code == 200
    assert refusal(await desk.get("/v1/digest", desk.bearer("poverty_office/")), 403)
    status = (await desk.get("/v1/status", desk.bearer("team/210502"))).json()
    assert status["next_due"] is None


@pytest.mark.parametrize("key", ["my key 1", "k" * 180, "a:b/c@d " + "x" * 20])
async def test_the_key_of_a_request_is_its_senders_own(desk: Desk, key: str) -> None:
    li, wu = (desk.bearer("poverty_office/210502", sub=sub) for sub in ("li", "wu"))

    async def ask(who: dict[str, str], id: str) -> Any:
        headers = {**who, "Idempotency-Key": key}
        return await desk.api.client.post("/v1/villages", json=[village(id)], headers=headers)

    first = await ask(li, "V1")
    assert first.json()["events"][0], first.text
    second = await ask(wu, "V2")
    assert second.status_code == 200 and second.json()["events"][0], "another's key is none of his"
    assert (await ask(li, "V1")).json() == first.json(), "and his own is answered as before"
    (fault,) = refusal(await ask(li, "V3"), 422)
    assert fault["field"] == "Idempotency-Key" and (len(key) > 100 or f"“{key}”" in fault["zh"]), fault["zh"]
    assert {one["id"] for one in await desk.api.get("/v1/villages")} == {"V1", "V2"}
