"""Who a village is: its codes, and how a registration or a listing by mistake is taken back."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.registry.app import SERVICE
from services.registry.model import Village
from services.registry.model import commands as c
from shared.codes import Code
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import (
    VillageListed,
    VillageRecoded,
    VillageRegistered,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.engine.commands import submit
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN
from shared.stream.relay import Relay
from tests.registry.county import (
    AT,
    BEGIN,
    BENXI,
    CITY,
    DAY,
    NOTICE,
    PLACE,
    UNIT,
    VILLAGE,
    WHY,
    County,
    again,
    household,
    pack,
    record,
)
from tests.registry.office import FIRST, office
from tests.support.process import PACK, delivery
from tests.support.servers import engine_with

OTHER, NEW = "210521100202", "210504100201"
REGISTER = c.RegisterVillage(**AT, name="上石村", township="小市镇", population=1000, listed=True)
RECODE = c.RecodeVillage(
    place=CITY, village=VILLAGE, code=NEW, since=BEGIN, document="民发〔2014〕3号", decided_by="市政府"
)


def with_other(county: County) -> County:
    county.do(again(REGISTER, village=OTHER, name="下石村", listed=False))
    return county


# ------------------------------------------------------------------- aliases


@pytest.mark.parametrize("code", [VILLAGE, NEW, "210504100299"])
def test_a_village_is_reached_by_each_of_its_codes(code: str) -> None:
    county = County().listed()
    county.do(RECODE, again(RECODE, place="210504", code="210504100299"))
    at_code: dict[str, Any] = {"place": "210504", "village": code}
    [event] = county.do(c.RecordSurvey(**at_code, number=1, kind="form", topic="incomes", on=BEGIN))
    assert (event.place, event.village) == ("210504", VILLAGE)
    assert (Village, NEW) not in county.registry.states


async def test_a_new_code_reaches_the_village_after_a_restart_too(database: str) -> None:
    engine = await engine_with(database, SERVICE.tables)

    async def send(_stream: str, _messages: Any) -> None:
        pass

    async def started() -> Pipeline:
        pipeline = Pipeline(SERVICE, engine, Relay(send), "http://localhost/schemas")
        await pipeline.start()
        return pipeline

    pipeline = await started()
    await handle(pipeline, OPEN, [delivery(DayPassed(day=BEGIN), 1)])
    for key, command in {
        "adopt it": c.AdoptPolicy(place=CITY, pack=PACK, adopted_by="市委组织部"),
        "register": REGISTER,
        "recode it": RECODE,
    }.items():
        await submit(pipeline, key, [command])
    survey = c.RecordSurvey(place="210504", village=NEW, number=1, kind="form", topic="incomes", on=BEGIN)
    answer, refused = await submit(await started(), "survey it", [survey])
    assert (answer.applied, refused) == (1, {})
    async with engine.connect() as conn:
        journal = SERVICE.tables.outbox.c
        assert [*await conn.scalars(select(journal.about).order_by(journal.position))][-1] == VILLAGE
    await engine.dispose()


def test_a_unit_and_a_cadre_name_a_village_by_any_code_too() -> None:
    county = County().listed()
    county.do(RECODE)
    [unit] = county.do(again(UNIT, village=NEW))
    assert unit.village == VILLAGE


def test_registering_a_village_by_its_new_code_is_registering_the_same_village() -> None:
    county = County().listed()
    county.do(RECODE)
    assert county.do(again(REGISTER, place="210504", village=NEW)) == []
    assert county.refusal(again(REGISTER, place="210504", village=NEW, name="新村")).differs
    assert [state.id for state in county.registry.states.values() if isinstance(state, Village)] == [VILLAGE]


@pytest.mark.parametrize("taken", ["id", "alias", "old alias"])
def test_a_code_that_another_village_has_or_had_is_refused(taken: str) -> None:
    county = with_other(County().listed())
    county.do(again(RECODE, village=OTHER, code=NEW), again(RECODE, village=OTHER, code="210504100300"))
    code = {"id": OTHER, "alias": "210504100300", "old alias": NEW}[taken]
    refused = county.refusal(again(RECODE, code=code))
    assert refused.field == "code" and OTHER in refused.zh and OTHER in refused.en


def test_a_village_may_have_its_old_code_again() -> None:
    county = County().listed()
    county.do(RECODE)
    county.until(BEGIN + DAY)
    [event] = county.do(again(RECODE, code=VILLAGE, since=BEGIN + DAY))
    assert event.code == VILLAGE and county.village.place == PLACE


def test_the_same_code_again_changes_nothing_and_with_another_date_is_refused() -> None:
    county = County().listed()
    county.do(RECODE)
    county.until(BEGIN + DAY)
    assert county.do(again(RECODE, place="210504")) == []
    assert county.refusal(again(RECODE, place="210504", since=BEGIN + DAY)).field == "since"


def test_a_county_recodes_none_but_its_own_villages() -> None:
    county = County().listed()
    within = again(RECODE, code="210521100299")
    for place in ("210504", "210600", "220000"):
        assert county.refusal(again(within, place=place)).field == "place"
    [event] = county.do(again(within, place=PLACE))
    assert (event.document, event.decided_by) == (RECODE.document, RECODE.decided_by)


@pytest.mark.parametrize("place", [PLACE, "210504", "210600", "220000"])
def test_a_move_into_another_county_is_decided_above_both(place: str) -> None:
    """Else a county could push a village into another one's pack and pool."""
    county = County().listed()
    refused = county.refusal(again(RECODE, place=place))
    assert (refused.status, refused.field) == (422, "place") and "共同的上级" in refused.zh
    assert county.village.codes[-1].code == VILLAGE
    [event] = county.do(again(RECODE, place="210000"))
    assert event.place == PLACE and county.village.place == "210504"


@pytest.mark.parametrize("starts", [None, BEGIN + 9 * DAY, BEGIN])
def test_a_village_moves_only_to_where_a_pack_is_in_force(starts: date | None) -> None:
    county = County().listed()
    if starts:
        documents = {id: {**of_one, "jurisdiction": "21"} for id, of_one in BENXI["documents"].items() if id == "S3"}
        elsewhere = pack(jurisdiction="2106", version="2106-1", effective_from=starts, documents=documents)
        county.do(c.AdoptPolicy(place="210600", pack=elsewhere, adopted_by="市委"))
    move = again(RECODE, place="210000", code="210602100201")
    if starts == BEGIN:
        assert [type(event) for event in county.do(move)] == [VillageRecoded]
        assert county.do(again(move, code=VILLAGE)), "and back"
    else:
        refused = county.refusal(move)
        assert (refused.rule, refused.field) == ("policy", "code")


def test_a_code_leads_to_its_village_only_while_the_command_counts() -> None:
    county = with_other(County().listed())
    county.refusal(again(RECODE, code=OTHER))
    assert not [state for state in county.registry.states.values() if isinstance(state, Code)]


# ------------------------------------------------- codes that a county issues


ISSUED = again(REGISTER, village="210521100231", issued_by="彭阳县民政局", issue_document="民发〔2025〕3号")


def test_a_code_that_the_county_issued_is_told_as_such() -> None:
    county = County()
    registered, _ = county.do(ISSUED)
    assert registered.issued_by == "彭阳县民政局"
    state = county.world.state("registry", Village, "210521100231")
    assert (state.issued_by, state.issue_document) == ("彭阳县民政局", "民发〔2025〕3号")
    assert County().do(REGISTER)[0].issued_by is None


def test_a_code_may_be_told_later_to_be_the_countys_own_and_stays_so() -> None:
    county = County()
    county.do(again(ISSUED, issued_by=None, issue_document=None))
    county.do(ISSUED)
    county.do(again(ISSUED, issued_by="彭阳县统计局", issue_document="统发〔2025〕1号"))
    state = county.world.state("registry", Village, "210521100231")
    assert (state.issued_by, state.issue_document) == ("彭阳县民政局", "民发〔2025〕3号")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issue_document": ""}, "issue_document"),
        ({"issued_by": ""}, "issued_by"),
        ({"village": "210521000231"}, "village"),
        ({"village": "210521100001"}, "village"),
        ({"village": "210522100231"}, "place"),
    ],
)
def test_a_county_issues_codes_within_its_own_digits_by_an_organ_and_a_document(
    changes: dict[str, Any], field: str
) -> None:
    assert County().refusal(again(ISSUED, **changes)).field == field


# ------------------------------------------------------------ two officers


def test_differing_data_of_a_known_village_are_told_and_not_overwritten() -> None:
    county = County().listed()
    second = again(REGISTER, name="上石桥村", population=990)
    refused = county.refusal(second)
    assert [(d.field, d.known, d.given) for d in refused.differs] == [
        ("name", "上石村", "上石桥村"),
        ("population", "1000", "990"),
    ]
    assert refused.version in refused.zh
    [event] = county.do(again(second, replaces=refused.version))
    assert (event.name, event.population) == ("上石桥村", 990)
    assert county.do(again(second, replaces=refused.version)) == [], "sent again it changes nothing"


def test_what_was_seen_before_somebody_else_changed_it_counts_for_nothing() -> None:
    county = County().listed()
    seen = county.refusal(again(REGISTER, population=990)).version
    county.correct(again(REGISTER, population=980))
    refused = county.refusal(again(REGISTER, population=990, replaces=seen))
    assert [d.known for d in refused.differs] == ["980"] and refused.version != seen


@pytest.mark.parametrize(("population", "asked"), [(700, False), (1300, False), (699, True), (1301, True)])
def test_1_18_a_population_that_changes_by_more_than_a_third_needs_its_reason(population: int, asked: bool) -> None:
    county = County().listed()
    change = again(REGISTER, population=population)
    change = again(change, replaces=county.refusal(change).version)
    if asked:
        refused = county.refusal(change)
        assert (refused.status, refused.field) == (422, "reason")
        change = again(change, reason="易地搬迁")
    assert county.do(change)[0].reason == ("易地搬迁" if asked else None)


def test_1_18_a_village_has_at_least_the_people_of_its_households() -> None:
    county = County().listed().count(2014, poor_persons=40, lifted=[f"H{n}" for n in range(1, 9)])
    fewer = again(REGISTER, population=71, reason="易地搬迁")
    fewer = again(fewer, replaces=county.refusal(fewer).version)
    assert county.refusal(fewer).field == "population"
    assert county.do(again(fewer, population=72))


# --------------------------------------------------------- taken back


WITHDRAW = c.WithdrawVillage(**AT, **WHY)
UNLIST = c.WithdrawListing(**AT, **WHY)


def test_a_registration_by_mistake_is_withdrawn_and_may_be_made_anew() -> None:
    county = County().registered()
    assert county.do(WITHDRAW) == [VillageWithdrawn(**AT, **WHY)]
    assert (county.village.stage, county.do(WITHDRAW)) == ("withdrawn", [])
    assert "撤销" in county.refusal(NOTICE).zh
    assert [type(event) for event in county.do(REGISTER)] == [VillageRegistered, VillageListed]
    assert county.village.stage == "listed"


def test_what_rests_on_a_registration_is_named() -> None:
    county = County().registered()
    county.do(
        again(UNIT, village=VILLAGE),
        c.OpenResolution(
            **AT, matter="1", kind="four_deliberations_one_review", subject_code="road", opened_by="村党组织"
        ),
    )
    assert "U1" in county.refusal(WITHDRAW).zh
    county.correct(UNIT)
    assert "U1" not in county.refusal(WITHDRAW).zh and "matters 1" in county.refusal(WITHDRAW).en
    assert "列入贫困村" in County().listed().refusal(WITHDRAW).zh


def test_a_listing_by_mistake_is_withdrawn_until_the_survey_has_begun() -> None:
    county = County().listed()
    assert county.do(UNLIST) == [VillageUnlisted(**AT, spell=1, **WHY)]
    assert (county.village.stage, county.village.spell, county.tasks) == ("registered", 0, [])
    assert county.do(UNLIST) == []
    assert county.do(REGISTER) == [VillageListed(**AT, spell=1)]
    assert county.todo()[0][0] == "surveys" and len(county.baseline.surveys) == 1
    county.do(record(1))
    assert "1条" in county.refusal(UNLIST).zh
    assert County().diagnosed().refusal(UNLIST).status == 409


# ------------------------------------------------------------ asking for it


async def test_a_village_is_found_by_each_of_its_codes_where_people_ask_for_it(tmp_path: Path) -> None:
    async with office(f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite3") as desk:
        await desk.register("villages")
        at_first = {"place": FIRST.place, "village": FIRST.id}
        by = {"document": "民发〔2014〕3号", "decided_by": "市政府"}
        move = {**at_first, "place": CITY, "code": NEW, "since": str(desk.pipeline.today), **by}
        await desk.post("village-codes", move)
        for path in ("/v1/villages/{}", "/v1/registers/{}", "/v1/journal/{}", "/v1/why-not-yet/{}"):
            by_id, by_code = [(await desk.get(path.format(code))).json() for code in (FIRST.id, NEW)]
            assert by_id == by_code != []


def test_a_listing_stays_as_long_as_there_are_records_of_its_survey() -> None:
    diagnosed = County().diagnosed()
    diagnosed.do(c.WithdrawDiagnosis(**AT, **WHY))
    assert diagnosed.village.stage == "listed" and "4条" in diagnosed.refusal(UNLIST).zh
    diagnosed.do(*(c.WithdrawSurvey(**AT, number=number, **WHY) for number in (1, 2, 3, 4)))
    assert [type(event) for event in diagnosed.do(UNLIST)] == [VillageUnlisted]


def test_the_document_by_which_a_village_was_listed_is_not_overwritten_in_silence() -> None:
    county = County()
    county.do(again(REGISTER, listing_document="县政发〔2014〕1号"))
    assert county.do(again(REGISTER, listing_document="县政发〔2014〕1号")) == []
    assert county.do(REGISTER) == [], "who does not say it leaves it as it is"
    (differs,) = county.refusal(again(REGISTER, listing_document="县政发〔2014〕2号")).differs
    assert (differs.field, differs.known, differs.given) == (
        "listing_document",
        "县政发〔2014〕1号",
        "县政发〔2014〕2号",
    )


def test_two_villages_whose_households_cannot_be_told_apart_are_not_merged() -> None:
    other = {"place": PLACE, "village": OTHER}
    county = County().listed()
    county.do(c.RegisterVillage(**other, name="下石村", township="小市镇", population=500, listed=False))
    ours = (household("H1"), household(f"{OTHER}-H1"))
    county.do(c.RecordHouseholds(**AT, year=2014, households=ours, recorded_by="镇"))
    county.do(c.RecordHouseholds(**other, year=2014, households=(household("H1"),), recorded_by="镇"))
    merge = c.MergeVillages(**AT, merged=(OTHER,), since=BEGIN, document="辽政〔2014〕9号", decided_by="县政府")
    refused = county.refusal(merge)
    assert refused.field == "merged" and "H1" in refused.en
