"""A person is told who has read what is kept about him, as far as he may know of it."""

import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.dispatch.model.eligibility import Cadre
from services.dispatch.model.pool import Squad
from services.incentives.model.payroll import Payee, Payroll
from services.incentives.model.record import Case, Record
from services.inspection.model.cadre import Cadre as Inspected
from shared.engine import store
from shared.engine.audit import AuditLog, Read
from shared.rules import State
from tests.support.asked import refusal
from tests.support.persons import DAY, OPERATOR, PLACE, TERMS, VILLAGE, Desk, cadre, serving

OWN = {"cadre": "C1", "unit": "U1", "team": VILLAGE}
OFFICE = "organisation/2105"


def record(status: Any = "proposed", id: str = "cadre:C1", **said: Any) -> Record:
    heard = {"defence_until": date(2015, 4, 1), **said}
    case = Case(terms=TERMS, place=PLACE, village=VILLAGE, status=status, evidence=(), proposed_on=DAY, **heard)
    kind, _, subject = id.partition(":")
    return Record(id=id, place=PLACE, subject_kind=kind, subject=subject, cases={"O1": case})  # type: ignore[arg-type]


SQUAD = Squad(
    id="U1",
    place=PLACE,
    cadres={"C1": Cadre(unit="U1", rank="section", party_member=True, reserve=False, work_since=DAY, born_on=DAY)},
)


async def told(desk: Desk, asked: str = "", **said: Any) -> list[dict[str, Any]]:
    answer = await desk.get(f"/v1/readings{asked}", "team/210521", **(OWN | said))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_whoever_is_read_is_told_the_day_the_organ_and_what_was_read(tmp_path: Path) -> None:
    async with serving(tmp_path, "registry", [cadre("C1"), cadre("C2")]) as desk:
        await desk.get("/v1/cadres?place=2105", OFFICE)
        await desk.get("/v1/cadres/C2", OFFICE)
        await desk.get("/v1/unmasked/cadres/C1?purpose=核对 : cadres/C2 任职", OFFICE)
        await desk.client.get("/v1/cadres/C1", headers=OPERATOR)
        await desk.get("/v1/cadres/C1", "poverty_office/2105")  # Refused, so that nothing was told.
        entries = {entry.number: entry for entry in await desk.log()}
        first, whole, by_operator = await told(desk)
        assert (first["what"], first["organ"], first["purpose"]) == (
            ["查阅干部登记信息", "read the entry of a cadre"],
            ["县organisation"] * 2,
            "",
        )
        assert whole["what"][0] == "查看干部登记信息，含姓名全文" and whole["purpose"] == "核对 : cadres/C2 任职"
        assert by_operator["organ"] == ["系统运维", "operators"]
        assert entries[first["number"]].who not in str([first, whole, by_operator]), "nobody is told by whom"
        assert all(one["day"][:4] >= "2026" for one in (first, whole, by_operator))
        assert [one["number"] for one in await told(desk, cadre="C2")] == [first["number"], first["number"] + 1]
        assert await told(desk, cadre="C9") == []


async def test_who_reads_by_the_power_of_another_reads_for_that_ones_organ(tmp_path: Path) -> None:
    held = {"roles": [{"role": "organisation", "division": "2105"}], "organ": "市委组织部"}
    power = [{"from": "li", "until": time.time() + 300, **held}]
    async with serving(tmp_path, "registry", [cadre("C1")]) as desk:
        for role in ("team/210521", OFFICE):
            for address in ("cadres?place=2105", "cadres/C1", "unmasked/cadres/C1?purpose=核对任职"):
                assert (await desk.get(f"/v1/{address}", role, delegated=power)).status_code == 200
        assert [one["organ"][0] for one in await told(desk)] == ["市委组织部"] * 3 + ["县organisation"] * 3


async def test_what_is_not_told_yet_is_left_out_until_it_is(tmp_path: Path) -> None:
    """Before a hearing or a decision of a case, the record may be read unknown to whom it concerns."""
    async with serving(tmp_path, "incentives", [record("decidable", defence_until=None, decide_by=DAY)]) as desk:
        for address in ("records/cadre:C1", "tasks?place=210521", "templates/decisions?place=210521"):
            assert (await desk.get(f"/v1/{address}", OFFICE)).status_code == 200
        assert await told(desk) == []
        async with desk.pipeline.engine.begin() as conn:
            await store.save_states(conn, desk.pipeline.tables, [record("proposed")])
        assert [one["what"][0] for one in await told(desk)] == [
            "查阅奖惩记录",
            "查看待办事项，其中涉及奖惩记录",
            "下载表格，其中涉及奖惩记录",
        ]


@pytest.mark.parametrize(
    ("status", "said", "is_told"),
    [
        ("found", {"defence_until": None}, False),
        ("unmoved", {"defence_until": None}, True),
        ("proposed", {}, True),
        ("decidable", {}, True),
        ("decidable", {"defence_until": None}, False),
        ("imposed", {"defence_until": None, "serve_by": date(2015, 5, 1)}, False),
        ("imposed", {"defence_until": None, "served_on": date(2015, 5, 1)}, True),
        ("imposed", {"serve_by": date(2015, 5, 1)}, True),
        ("imposed", {"defence_until": None, "serve_by": date(2015, 9, 1), "appeal": "upheld"}, True),
        ("withdrawn", {"defence_until": None}, True),
    ],
)
def test_5_9_a_case_is_secret_from_its_subject_until_a_hearing_or_the_decision(
    status: str, said: dict[str, Any], is_told: bool
) -> None:
    assert record(status, **said).concealed_since == (None if is_told else DAY)


@pytest.mark.parametrize("days", [1, -1])
def test_5_9_of_several_secret_cases_the_first_one_hides_the_readings(days: int) -> None:
    found = record("found", defence_until=None)
    other = msgspec.structs.replace(found.cases["O1"], proposed_on=DAY + timedelta(days))
    both = found.but(cases={**found.cases, "O2": other})
    assert both.concealed_since == min(DAY, DAY + timedelta(days))


async def test_who_read_an_earlier_case_is_told_while_a_later_one_is_secret(tmp_path: Path) -> None:
    """A new case hides readings from its first day on, and none from before it."""
    later = record("found", defence_until=None)
    later = later.but(cases={"O2": msgspec.structs.replace(later.cases["O1"], proposed_on=date(2099, 1, 1))})
    async with serving(tmp_path, "incentives", [later]) as desk:
        await desk.get("/v1/records/cadre:C1", OFFICE)
        assert len(await told(desk)) == 1


@pytest.mark.parametrize(
    ("service", "state", "address", "role", "what"),
    [
        ("dispatch", SQUAD, "squads/U1", OFFICE, "查阅派出单位的派驻人员名册"),
        ("inspection", Inspected(id="C1", place=PLACE, unit="U1"), "cadres/C1", "inspection/2105", "查阅干部回避情况"),
        (
            "incentives",
            Payroll(id=VILLAGE, place=PLACE, payees={"x/C1": Payee(kind="x", person="C1")}),
            f"payrolls/{VILLAGE}",
            "finance/2105",
            "查阅报酬补助发放表",
        ),
    ],
)
async def test_each_service_tells_of_what_it_keeps(
    service: str, state: State, address: str, role: str, what: str, tmp_path: Path
) -> None:
    async with serving(tmp_path, service, [state]) as desk:
        assert (await desk.get(f"/v1/{address}", role)).status_code == 200
        assert [one["what"][0] for one in await told(desk)] == [what]
        assert await told(desk, cadre="C2") == [], "another one of the unit or the team is not in it"
        assert await told(desk, cadre="C2", unit="U2", team="") == []


async def test_the_auditor_asks_about_anybody_and_is_read_himself(tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record("found", defence_until=None)]) as desk:
        await desk.get("/v1/records/cadre:C1", OFFICE)
        address = "/v1/readings?about=records/cadre:C1"
        assert [one["what"][0] for one in (await desk.get(address, "audit/")).json()] == ["查阅奖惩记录"]
        assert [one["what"][1] for one in (await desk.get(address, "audit/")).json()][1:] == [
            "asked who has read the record of rewards and sanctions"
        ]
        assert (await desk.client.get(address, headers=OPERATOR)).status_code == 200
        assert (await desk.log())[-1].about == "about=records/cadre:C1 : records/cadre:C1"


@pytest.mark.parametrize(
    ("role", "asked", "said", "status"),
    [
        (OFFICE, "?about=records/cadre:C1", OWN, 403),
        ("discipline/", "?about=records/cadre:C1", {}, 403),
        ("audit/2105", "?about=records/cadre:C1", {}, 403),
        ("audit/", "", {}, 403),
        (OFFICE, "", {}, 403),
        (OFFICE, "", {"cadre": "C1"}, 403),
        ("audit/", "?about=villages/V1", {}, 404),
        ("audit/", "?about=records", {}, 400),
        (OFFICE, "?after=-1", OWN, 400),
        (OFFICE, "?since=0001-01-01", OWN, 200),
        (OFFICE, "?since=9999-12-31", OWN, 200),
    ],
)
async def test_nobody_else_is_told(role: str, asked: str, said: dict[str, str], status: int, tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record()]) as desk:
        await desk.get("/v1/records/cadre:C1", OFFICE)
        answer = await desk.get(f"/v1/readings{asked}", role, **said)
        assert answer.status_code == status, answer.text
        assert ("奖惩记录" in answer.text and status == 200) is (asked == "?since=0001-01-01")


async def test_where_nobody_is_asked_who_he_is_only_operators_ask_and_say_of_whom(tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record()], asks=False) as desk:
        assert (await desk.client.get("/v1/readings")).status_code == 401
        answer = await desk.client.get("/v1/readings", headers=OPERATOR)
        assert refusal(answer, 422)[0]["field"] == "about"


async def test_thousands_of_readings_are_told_page_by_page_and_those_of_others_are_not_searched(tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record()]) as desk:
        log = log_of(desk)
        entries = [read("records/cadre:C1", f"records/cadre:X{number}") for number in range(1005)]
        async with log.writing() as conn:
            await log.append(conn, entries)
        page = await told(desk)
        rest = await told(desk, f"?after={page[-1]['number']}")
        assert [len(page), len(rest)] == [1000, 5]
        assert await told(desk, "?since=2099-01-01") == []


async def test_one_entry_that_names_a_person_twice_is_one_reading(tmp_path: Path) -> None:
    payroll = Payroll(id=VILLAGE, place=PLACE, payees={"x/C1": Payee(kind="x", person="C1")})
    async with serving(tmp_path, "incentives", [record(), payroll]) as desk:
        await log_of(desk).note(read(f"payrolls/{VILLAGE}", "records/cadre:C1"))
        (one,) = await told(desk)
        assert one["what"] == [
            "查看待办事项，其中涉及报酬补助发放表、奖惩记录",
            "read tasks that tell of the statements of pay and allowances and the record of rewards and sanctions",
        ]


def read(*of: str) -> Read:
    return Read(who="0" * 16, organ="县纪委", deed="GET /v1/tasks", about="", told=of)


def log_of(desk: Desk) -> AuditLog:
    """The log of the service."""
    return desk.pipeline.audit
