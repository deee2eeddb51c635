"""Each reading about persons stands in the audit log, by whichever address they were read."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.dispatch.model.pairings import Pairings
from services.incentives.model.record import Case, Record
from services.registry.model.kept import Kept, Matter
from services.registry.model.party import Person
from services.registry.model.register import Household, Register
from shared.rules import revision
from tests.support.persons import DAY, OPERATOR, PLACE, TERMS, VILLAGE, cadre, serving

REGISTER = Register(
    id=VILLAGE,
    place=PLACE,
    population=9,
    year=2014,
    households={"H1": Household(persons=3, income=2100, secured=True, as_of=date(2014, 12, 1))},
)


def record(subject: str = "T1", status: Any = "decidable") -> Record:
    case = Case(
        terms=TERMS,
        place=PLACE,
        village=VILLAGE,
        status=status,
        evidence=(),
        proposed_on=DAY,
        decide_by=date(2015, 4, 1),
    )
    return Record(id=f"team:{subject}", place=PLACE, subject_kind="team", subject=subject, cases={"O1": case})


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("/v1/records?place=2105", "place=2105 : records/team:T1 records/team:T2"),
        ("/v1/records/team:T1", "id=/team:T1 : records/team:T1"),
        ("/v1/tasks?place=210521", "place=210521 : records/team:T1 records/team:T2"),
        ("/v1/tasks?place=210521&words=true", "place=210521, words=true : records/team:T1 records/team:T2"),
        ("/v1/templates/decisions?place=210521", "form=decisions, place=210521 : records/team:T1 records/team:T2"),
    ],
)
async def test_whoever_is_told_of_persons_stands_in_the_log_with_whom(address: str, read: str, tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record("T1"), record("T2")]) as desk:
        assert (await desk.get(address, "organisation/2105")).status_code == 200
        (entry,) = await desk.log()
        assert (entry.about, entry.organ, entry.result) == (read, "县organisation", "done")


async def test_who_asks_how_much_is_due_learns_of_nobody_what_it_is(tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record("T1"), record("T2")]) as desk:
        asked = [
            ("organisation/2105", "role=organisation&place=2105", {"decisions": 2}),
            ("organisation/2105", "role=organisation&place=210502", {}),
            ("organisation/2105", "role=county&place=210521", {}),
            ("township/2105", "role=organisation&place=2105", {}),
        ]
        for role, query, due in asked:
            assert (await desk.get(f"/v1/due?{query}", role)).json() == due, query
        assert await desk.log() == []


@pytest.mark.parametrize("id", ["T%001", "机密★10年"], ids=["a NUL, which PostgreSQL does not take", "classified"])
async def test_what_may_not_be_kept_stands_in_no_log(id: str, tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record()]) as desk:
        answer = await desk.get(f"/v1/records/{id}", "organisation/2105")
        assert answer.status_code == 400 and "机密★" not in answer.text
        (entry,) = await desk.log()
        assert (entry.about, entry.result) == ("id=…", "400")


@pytest.mark.parametrize("word", ["张三丰", "13812341234", "21052119760301123X"])
@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("/v1/records/{}", "id=…"),
        ("/v1/records?place=2105&after={}", "place=2105, after=…"),
        ("/v1/records?place=2105&status={}", "place=2105, status=…"),
        ("/v1/records?place=2105&name={}", ""),
    ],
)
async def test_whoever_asks_by_a_name_or_a_number_leaves_neither_in_the_log(
    address: str, logged: str, word: str, tmp_path: Path
) -> None:
    """Nothing ever ends the log, and whoever asks for a person by name meant somebody, whether he is found or not."""
    async with serving(tmp_path, "incentives", [record()]) as desk:
        await desk.get(address.format(word), "organisation/2105")
        (entry,) = await desk.log()
        assert entry.about.partition(" : ")[0] == logged


async def test_whoever_is_told_of_no_person_stands_in_no_log(tmp_path: Path) -> None:
    async with serving(tmp_path, "incentives", [record()]) as desk:
        for address in ("tasks?place=210521", "tasks?place=210521&role=team", "snapshots?place=2105", "journal"):
            assert (await desk.get(f"/v1/{address}", "township/2105")).status_code == 200
        assert (await desk.get("/v1/records?place=2105", "township/2105")).status_code == 403
        assert [one.result for one in await desk.log()] == ["403"]


async def test_a_list_of_thousands_names_each_of_them_once(tmp_path: Path) -> None:
    ids = [f"C{number:04}" for number in range(1205)]
    async with serving(tmp_path, "registry", [cadre(id) for id in ids]) as desk:
        await desk.get("/v1/cadres?place=2105&limit=2000", "organisation/2105")
        entries = await desk.log()
    named = [one for entry in entries for one in entry.about.partition(" : ")[2].split()]
    assert named == [f"cadres/{id}" for id in ids] and len(entries) == 2


NEXT = "210521101201"
"""A village of the next township."""


@pytest.mark.parametrize(
    ("role", "whose", "sees"),
    [
        ("poverty_office/2105", {}, True), ("inspection/2105", {}, False), ("village/210522", {}, None),
        ("village/210521", {"village": VILLAGE}, True), ("village/210521", {"village": NEXT}, False),
        ("village/210521", {}, False), ("team/210521", {"team": VILLAGE}, True), ("team/210521", {"team": NEXT}, False),
        ("township/210521", {"township": VILLAGE[:9]}, True), ("township/210521", {"township": NEXT[:9]}, False),
    ],
)  # fmt: skip
async def test_1_18_households_are_shown_to_who_works_with_them_alone(
    role: str, whose: dict[str, str], sees: bool | None, tmp_path: Path
) -> None:
    async with serving(tmp_path, "registry", [REGISTER]) as desk:
        one = await desk.get(f"/v1/registers/{VILLAGE}", role, **whose)
        every = await desk.get(f"/v1/registers?place={PLACE}", role, **whose)
        if sees is None:
            assert one.status_code == every.status_code == 403
            return
        assert [*one.json().get("households", {})] == [*every.json()[0].get("households", {})] == ["H1"] * sees
        assert one.json()["population"] == 9
        assert [entry.about.partition(" : ")[2] for entry in await desk.log()] == [f"registers/{VILLAGE}"] * 2 * sees


async def test_1_8_a_township_reads_who_helps_the_households_of_its_own_villages_alone(tmp_path: Path) -> None:
    kept = [Pairings(id=id, place=PLACE, poor=("H1",)) for id in (VILLAGE, NEXT)]
    async with serving(tmp_path, "dispatch", kept) as desk:
        for whose, seen in (({"township": VILLAGE[:9]}, [VILLAGE]), ({"township": NEXT[:9]}, [NEXT]), ({}, [])):
            every = await desk.get(f"/v1/pairings?place={PLACE}", "township/210521", **whose)
            assert every.status_code == 200 and [one["id"] for one in every.json()] == seen
            one = await desk.get(f"/v1/pairings/{VILLAGE}", "township/210521", **whose)
            assert (one.status_code == 200) == (VILLAGE in seen), one.text
        assert "H1" not in one.text and "本乡镇" in one.text
        every = await desk.get(f"/v1/pairings?place={PLACE}", "poverty_office/2105")
        assert [one["id"] for one in every.json()] == [VILLAGE, NEXT]


async def test_1_18_households_are_no_strangers_to_read_where_nobody_is_asked_who_he_is(tmp_path: Path) -> None:
    async with serving(tmp_path, "registry", [REGISTER], asks=False) as desk:
        assert "H1" not in (await desk.get("/v1/registers")).text
        assert "H1" not in (await desk.get(f"/v1/snapshots?about={VILLAGE}")).text
        answer = await desk.client.get("/v1/registers", headers=OPERATOR)
        assert [*answer.json()[0]["households"]] == ["H1"]


# ------------------------------------------------------------------- whom they name


PERSON = Person(
    id="P1",
    place=PLACE,
    sort="secretary",
    parent=f"village:{VILLAGE}",
    name="张三丰",
    fields={"phone": "13812341234", "card": "21052119760301123X", "care": "insured", "said": "原村会计", "age": 41.0},
)
MASKED = {"phone": "138****1234", "card": "2105**********123X", "care": "insured", "said": "原***", "age": 41.0}


async def test_1_11_names_are_masked_until_somebody_says_what_for(tmp_path: Path) -> None:
    async with serving(tmp_path, "registry", [cadre(), PERSON]) as desk:
        office = "organisation/2105"
        (listed,) = (await desk.get("/v1/persons?place=2105", office)).json()
        one = (await desk.get("/v1/persons/P1", office)).json()
        assert (listed["name"], listed["fields"]) == (one["name"], one["fields"]) == ("张**", MASKED)
        assert (await desk.get("/v1/cadres/C1", office)).json()["name"] == "欧***"
        version = (await desk.get("/v1/persons/P1", office)).headers["etag"]
        tried = (PERSON.but(fields={**PERSON.fields, "phone": f"138{n:04}1234"}) for n in range(1230, 1240))
        assert not [one for one in tried if revision(one) in version], "the middle of a telephone is soon guessed"
        whole = await desk.get("/v1/unmasked/persons/P1?purpose=核对任职文件姓名", office)
        assert whole.json()["name"] == "张三丰" and whole.json()["fields"] == PERSON.fields
        entry = (await desk.log())[-1]
        assert entry.deed == "GET /v1/unmasked/persons/{id}"
        assert entry.about == "id=/P1, purpose=核对任职文件姓名 : persons/P1"
        for twice in ("purpose=核对姓名&purpose=张三丰", "purpose=张三丰&purpose=核对姓名"):
            await desk.get(f"/v1/unmasked/persons/P1?{twice}", office)
            assert "张三丰" not in (await desk.log())[-1].about


async def test_whoever_reads_the_register_is_told_of_no_case(tmp_path: Path) -> None:
    """Who keeps the register is not who keeps cases, and a case is secret from the person until the hearing."""
    known = Kept(matters={"talk/branch_review/P1/2015": Matter(awaited=True)})
    async with serving(tmp_path, "registry", [cadre().but(kept=known), PERSON.but(kept=known)]) as desk:
        for kind, id, role in (("persons", "P1", "poverty_office/2105"), ("cadres", "C1", "organisation/2105")):
            for address in (f"{kind}?place=2105", f"{kind}/{id}", f"unmasked/{kind}/{id}?purpose=核对姓名"):
                answer = await desk.get(f"/v1/{address}", role)
                assert answer.status_code == 200 and id in answer.text and "talk" not in answer.text
            assert "talk" in (await desk.client.get(f"/v1/{kind}/{id}", headers=OPERATOR)).text


@pytest.mark.parametrize(
    ("address", "role", "status"),
    [
        ("C1?purpose=核对姓名", "organisation/210521", 200),
        ("C1", "organisation/2105", 400),
        ("C1?purpose=12", "organisation/2105", 422),
        ("C1?purpose=核对欧阳正华任职", "organisation/2105", 422),
        ("C1?purpose=秘密★", "organisation/2105", 400),
        ("C1?purpose=核对姓名", "organisation/2106", 403),
        ("C1?purpose=核对姓名", "poverty_office/2105", 403),
        ("C9?purpose=核对姓名", "organisation/2105", 404),
    ],
)
async def test_1_11_a_name_is_told_to_whom_it_concerns_alone(
    address: str, role: str, status: int, tmp_path: Path
) -> None:
    async with serving(tmp_path, "registry", [cadre()]) as desk:
        answer = await desk.get(f"/v1/unmasked/cadres/{address}", role)
        assert answer.status_code == status, answer.text
        assert ("欧阳正华" in answer.text) is (status == 200)


async def test_1_11_operators_are_shown_names_and_strangers_no_persons(tmp_path: Path) -> None:
    async with serving(tmp_path, "registry", [cadre()], asks=False) as desk:
        answer = await desk.client.get("/v1/cadres/C1", headers=OPERATOR)
        assert answer.json()["name"] == "欧阳正华"
        assert (await desk.get("/v1/cadres/C1")).status_code == 401
        assert (await desk.get("/v1/unmasked/cadres/C1?purpose=核对姓名")).status_code == 401
