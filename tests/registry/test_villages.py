from datetime import date

import pytest

from services.registry.api import COMMANDS
from services.registry.model import Village
from services.registry.model import commands as c
from services.registry.reactions import REACTIONS
from shared.contracts import Command, Event
from shared.contracts.journey import JOURNEY
from shared.contracts.registry import (
    IndicatorsMeasured,
    VillageListed,
    VillageMonitored,
    VillageRecoded,
    VillageRegistered,
    VillageRelapsed,
)
from shared.rules import Refused
from tests.registry.county import (
    APPROVE,
    AT,
    BEGIN,
    DELIST,
    HELP,
    LETTER,
    LISTED_AGAIN,
    MATCHED,
    MEASURES,
    PLACE,
    RELEASED,
    REQUEST,
    TOPICS,
    VILLAGE,
    County,
    again,
    assigned,
    household,
    of_type,
    pack,
    record,
    verdict,
)

REGISTER = c.RegisterVillage(**AT, name="上石村", township="小市镇", population=1000, listed=True)
MEASURE = c.MeasureIndicators(**AT, year=2014, values={"safe_water": 0.5}, measured_by="镇")


# ------------------------------------------------------------------ identity


def test_a_village_is_registered_and_listed_once() -> None:
    county = County()
    assert county.do(REGISTER) == [
        VillageRegistered(**AT, name="上石村", township="小市镇", population=1000),
        VillageListed(**AT, spell=1),
    ]
    assert county.do(REGISTER) == []
    assert county.do(again(REGISTER, listed=False)) == [] and county.village.stage == "listed"


@pytest.mark.parametrize("code", ["210521100000", "210500100201"])
def test_the_code_of_a_township_or_a_city_registers_no_village(code: str) -> None:
    with pytest.raises(Refused, match="no village's code"):
        County().do(again(REGISTER, village=code, place=code[:6]))


def test_a_registered_village_may_be_listed_later() -> None:
    county = County().registered()
    assert county.village.stage == "registered" and county.tasks == []
    assert county.do(again(REGISTER, listing_document="辽扶贫〔2014〕8号")) == [VillageListed(**AT, spell=1)]
    assert county.village.document == "辽扶贫〔2014〕8号"


def test_changed_data_of_a_village_are_told() -> None:
    county = County().listed()
    [event] = county.correct(again(REGISTER, population=990))
    assert event.population == 990 and county.register.population == 990


def test_a_village_that_left_the_list_is_not_listed_again_by_registering_it() -> None:
    county = County().delisted()
    assert county.do(REGISTER) == []
    assert county.village.stage == "delisted"


def test_a_village_lies_in_the_division_of_its_code() -> None:
    refused = County().refusal(again(REGISTER, place="210522"))
    assert (refused.status, refused.field) == (422, "place")
    assert refused.rule == "identity"


@pytest.mark.parametrize(
    "command",
    [
        again(REGISTER, population=5),
        record(9),
        c.Diagnose(body="county", **AT, problem_class="lagging_economy", decided_by="县委"),
        c.RecordHouseholds(**AT, year=2014, households=(), recorded_by="镇"),
        MEASURE,
        APPROVE,
        MEASURES,
    ],
)
def test_rights_in_one_division_do_not_reach_a_village_of_another(command: Command) -> None:
    county = County().listed().surveyed()
    assert county.refusal(again(command, place="210522")).field == "place"


RECODE = c.RecodeVillage(
    place="210500",
    village=VILLAGE,
    code="210504100201",
    since=BEGIN,
    document="民发〔2014〕3号",
    decided_by="市政府",
)


def test_a_new_division_code_is_a_dated_alias_and_the_id_stays() -> None:
    county = County().listed().surveyed()
    new = RECODE
    said = VillageRecoded(**AT, code=new.code, since=BEGIN, document=new.document, decided_by=new.decided_by)
    assert county.do(new) == [said]
    assert [alias.code for alias in county.village.codes] == [VILLAGE, "210504100201"]
    assert {state.place for state in county.registry.states.values() if state.id == VILLAGE} == {"210504"}
    assert county.do(again(new, place="210504")) == []
    diagnose = c.Diagnose(
        body="county", place="210504", village=VILLAGE, problem_class="lagging_economy", decided_by="县委"
    )
    [event] = county.do(diagnose)
    assert (event.place, event.village) == ("210504", VILLAGE)
    assert county.refusal(again(MEASURE, place=PLACE)).field == "place"


@pytest.mark.parametrize("since", [date(2014, 6, 2), date(2014, 6, 4)])
def test_a_new_division_code_is_neither_older_than_the_last_nor_of_the_future(since: date) -> None:
    assert County().listed().refusal(again(RECODE, since=since)).field == "since"


# ------------------------------------------------------------------- journey


def test_every_event_that_moves_a_village_is_a_reaction_of_the_registry() -> None:
    heard = {reaction.on for reaction in REACTIONS if reaction.kind is Village}
    assert {move.event for move in JOURNEY} <= heard


def test_the_whole_journey_with_a_second_spell_that_an_earlier_version_began() -> None:
    county = County().released()
    county.until(date(2016, 7, 1)).count(2016, poor_persons=50)
    for year in county.village.owed:
        county.measure(year)
    county.hear(*LISTED_AGAIN)
    county.do(*(record(n, t, on=date(2016, 7, 1)) for n, t in enumerate(county.policy.listing.topics, 1)))
    county.do(c.Diagnose(body="county", **AT, problem_class="lagging_economy", decided_by="县委"))
    county.hear(MATCHED, assigned(2), LETTER, HELP)
    assert (county.village.stage, county.village.spell) == ("helped", 2)
    county.until(date(2016, 12, 1))
    assert county.tasks == [], "2016 has been measured; it can be corrected, and need not be measured twice"
    county.count(2016, poor_persons=5)
    assert county.todo() == [("exit-requests", "township", "")]
    county.do(c.RequestExit(body="township", **AT, requested_by="镇"))
    county.hear(verdict(attempt=2))
    county.do(c.PostNotice(body="township", **AT, posted_by="镇"))
    county.until(date(2016, 12, 9)).do(*DELIST)
    assert (county.village.stage, county.village.spell) == ("delisted", 2)
    county.hear(RELEASED)
    assert county.village.stage == "delisted", "that was the team of the first spell"
    county.hear(again(RELEASED, spell=2))
    assert county.village.stage == "released"


@pytest.mark.parametrize("event", [MATCHED, assigned(1), LETTER, HELP, RELEASED, verdict()])
def test_an_event_out_of_its_stage_is_ignored(event: Event) -> None:
    for county in (County().registered(), County().listed(), County().noticed()):
        before = county.snapshot()
        assert county.hear(event) == []
        assert county.snapshot() == before


def test_an_event_of_an_earlier_spell_moves_nothing() -> None:
    county = County().released()
    county.hear(*LISTED_AGAIN)
    assert (county.village.stage, county.village.spell) == ("listed", 2)
    county.do(*(record(number, topic, on=county.world.today) for number, topic in enumerate(TOPICS, 1)))
    county.do(c.Diagnose(body="county", **AT, problem_class="lagging_economy", decided_by="县委"))
    county.hear(MATCHED, assigned(1))
    assert county.village.stage == "matched"
    county.hear(assigned(2))
    assert county.village.stage == "assigned"


def test_an_event_about_an_unknown_village_is_ignored() -> None:
    county = County()
    before = county.snapshot()
    assert county.hear(MATCHED, verdict(), RELEASED) == [] and county.snapshot() == before


# ----------------------------------------------------------- yearly measurement


def test_1_18_each_years_facts_and_measurement_are_awaited_from_the_packs_day_on() -> None:
    county = County().helped().until(date(2014, 11, 19))
    assert county.tasks == []
    county.until(date(2014, 11, 20))
    assert county.todo() == [("households", "township", "2014")]
    county.count(2014)
    assert county.todo() == [("measurements", "township", "2014")]
    assert county.tasks[0].due == date(2014, 12, 15)
    county.measure(2014, safe_water=0.8)
    assert county.tasks == []
    county.until(date(2015, 11, 20))
    assert county.todo() == [("households", "township", "2015")]


def test_1_18_a_missed_year_is_still_awaited_in_the_next() -> None:
    county = County().helped().until(date(2015, 12, 1)).count(2014).count(2015)
    assert county.todo() == [("measurements", "township", "2014"), ("measurements", "township", "2015")]
    county.measure(2015)
    assert county.todo() == [("measurements", "township", "2014")]
    assert county.refusal(c.RequestExit(body="township", **AT, requested_by="镇")).status == 409
    county.measure(2014, safe_water=0.1)
    assert not county.village.unmet, "the latest year decides, not the one that came in last"
    assert county.todo() == [("exit-requests", "township", "")]


def test_1_18_years_are_not_skipped_when_days_are() -> None:
    county = County().helped()
    county.world.today = date(2017, 1, 5)
    county.registry.pass_day(county.world.today)
    assert county.village.owed == (2014, 2015, 2016)


def test_1_18_a_year_is_measured_only_once_it_is_open() -> None:
    county = County().helped().count(2014)
    assert county.refusal(MEASURE).rule == "1.18"
    unlisted = County().registered().until(date(2014, 12, 1)).count(2014)
    assert unlisted.refusal(MEASURE).rule == "1.18"


# ----------------------------------------------------------------- monitoring


def test_after_the_exit_each_year_is_monitored_to_the_end_of_the_packs_time() -> None:
    county = County().delisted()
    reviewed = []
    for year in range(2015, 2022):
        county.until(date(year, 6, 29))
        assert county.tasks == []
        county.until(date(year, 7, 1))
        if county.tasks:
            assert county.todo() == [("households", "poverty_office", f"monitor {year}")]
            assert county.tasks[0].due == date(year, 6, 30)
            county.count(year)
            assert county.todo() == [("measurements", "poverty_office", f"monitor {year}")]
            [monitored] = of_type(county.measure(year), VillageMonitored)
            assert monitored.year == year and monitored.decided_by is None
            reviewed.append(year)
    assert reviewed == [2015, 2016, 2017, 2018, 2019], "five years from 10 December 2014"


def test_a_monitoring_review_that_was_missed_is_still_awaited() -> None:
    county = County().delisted().until(date(2016, 7, 1)).count(2016)
    assert county.todo() == [
        ("measurements", "poverty_office", "monitor 2015"),
        ("measurements", "poverty_office", "monitor 2016"),
    ]


def test_no_command_and_no_rule_declares_that_a_village_has_fallen_into_poverty() -> None:
    county = County().delisted().until(date(2015, 7, 1)).count(2015, poor_persons=900)
    county.measure(2015, safe_water=0.0, collective_income=0.0)
    county.do(MEASURES)
    county.until(date(2019, 12, 31))
    assert not county.world.said(VillageRelapsed) and county.village.stage == "delisted"
    assert "relapse" not in " ".join(route.path for route in COMMANDS)


def test_missed_criteria_after_the_exit_are_decided_upon_by_a_named_body() -> None:
    county = County().delisted().until(date(2015, 7, 1)).count(2015, poor_persons=30)
    events = county.measure(2015)
    assert [type(event) for event in events] == [IndicatorsMeasured], "nothing is decided by software"
    assert county.todo() == [("fallback-measures", "county", "2015")]
    measured = county.village
    [event] = county.do(MEASURES)
    assert isinstance(event, VillageMonitored) and (event.place, event.village) == (PLACE, VILLAGE)
    assert (event.decided_by, event.measures) == ("县政府", MEASURES.measures)
    assert (event.year, event.values, event.unmet) == (measured.measured, measured.values, measured.unmet)
    assert (event.unmet[0].value, event.values["incidence"]) == (0.03, 0.03)
    assert county.tasks == [] and county.village.stage == "delisted" and county.village.spell == 1
    assert county.refusal(MEASURES).status == 409


def test_5_1_the_request_and_the_decision_on_measures_have_the_last_day_that_the_pack_gives() -> None:
    times = {
        "request_by": {"after": "registry.indicators.measured", "within": {"calendar_days": 20}},
        "relapse_by": {"after": "registry.indicators.measured", "within": {"working_days": 5}},
    }
    county = County(pack(exit=times)).measured()
    assert [(task.action, task.due) for task in county.tasks] == [("exit-requests", date(2014, 12, 21))]
    county.until(date(2014, 12, 30))
    assert [task.due for task in county.tasks] == [date(2014, 12, 21)], "it stays, and is shown as overdue"
    county.do(REQUEST, c.WithdrawExit(**AT, reason="误报", decided_by="镇政府"))
    assert [task.due for task in county.tasks] == [date(2015, 1, 19)], "who took it back has the time once more"
    county = County(pack(exit=times)).delisted().until(date(2015, 7, 1)).count(2015, poor_persons=30)
    county.measure(2015)
    assert [(task.action, task.due) for task in county.tasks] == [("fallback-measures", date(2015, 7, 8))]


def test_figures_may_be_corrected_while_no_measures_are_decided_and_not_after() -> None:
    county = County().delisted().until(date(2015, 7, 1)).count(2015)
    county.measure(2015, safe_water=0.1)
    [_, monitored] = county.measure(2015)
    assert isinstance(monitored, VillageMonitored) and county.tasks == []
    assert (monitored.place, monitored.village, monitored.year) == (PLACE, VILLAGE, 2015)
    assert county.refusal(again(MEASURE, year=2015)).rule == "1.18"


def test_the_figures_that_an_exit_rests_on_are_closed_with_it() -> None:
    county = County().delisted()
    asked = county.refusal(MEASURE)
    assert "不在测算期内" in county.refusal(again(MEASURE, replaces=asked.version)).zh
    worse = c.RecordHouseholds(**AT, year=2014, households=(household("H1", 60, 100),), recorded_by="镇")
    assert "不在测算期内" in county.refusal(again(worse, replaces=county.refusal(worse).version)).zh


@pytest.mark.parametrize("release_first", [True, False])
def test_a_release_and_an_earlier_listing_anew_lead_to_the_same_state_in_either_order(
    release_first: bool,
) -> None:
    county = County().delisted().until(date(2015, 7, 1)).count(2015, poor_persons=30)
    county.measure(2015)
    if release_first:
        county.hear(RELEASED)
    county.hear(*LISTED_AGAIN)
    if not release_first:
        county.hear(RELEASED)
    assert (county.village.stage, county.village.since) == ("listed", date(2015, 7, 1))
    assert county.village.spell == 2


def test_no_measures_are_decided_while_a_village_is_on_the_list() -> None:
    county = County().helped().until(date(2014, 12, 1)).count(2014, poor_persons=90)
    county.measure(2014)
    assert county.refusal(MEASURES).status == 409
