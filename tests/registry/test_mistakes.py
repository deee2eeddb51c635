"""What was entered by mistake is taken back until something rests on it; closed years; counties taken over."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model import Baseline, Cadre, Register, Resolution, Unit, Village, steps
from services.registry.model import commands as c
from services.registry.model import resolution as rules
from services.registry.model.units import withdraw_cadre
from shared.contracts import dispatch as d
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    DiagnosisWithdrawn,
    HouseholdWithdrawn,
    IndicatorsMeasured,
    MeasurementWithdrawn,
    ResolutionWithdrawn,
    StepWithdrawn,
    SurveyWithdrawn,
    UnitWithdrawn,
    VillageDelisted,
    VillageDiagnosed,
    VillageListed,
    VillageMerged,
    VillageRegistered,
    YearClosed,
    YearReopened,
)
from shared.rules import Key, Refused, State
from tests.registry.county import (
    AT,
    BEGIN,
    CADRE,
    CITY,
    DAY,
    HELP,
    LETTER,
    MATCHED,
    PLACE,
    RELEASED,
    REQUEST,
    TAKE_OVER,
    UNIT,
    VILLAGE,
    WHY,
    County,
    again,
    assigned,
    household,
    of_type,
    record,
)
from tests.registry.matters import OPEN, opened, resolution, step

# ------------------------------------------------------------ survey and diagnosis


def test_3_1_a_survey_record_is_taken_back_with_what_it_found_until_the_diagnosis() -> None:
    county = County().listed()
    visit = record(1, "incomes", "household_visit", household=household("H7"))
    county.do(visit)
    back = c.WithdrawSurvey(**AT, number=1, **WHY)
    assert county.do(back) == [SurveyWithdrawn(**AT, number=1, **WHY)]
    assert county.baseline.survey.records == {} == county.register.households
    assert county.do(back) == []
    county.do(record(1, "committees"))
    assert county.baseline.survey.records["1"].topic == "committees", "its number is free again"
    diagnosed = County().diagnosed()
    assert "lagging_economy" in diagnosed.refusal(back).en


def test_3_1_a_visit_taken_back_leaves_later_facts_of_the_household() -> None:
    county = County().listed()
    county.do(record(1, "incomes", "household_visit", household=household("H7", 3, 2_000)))
    county.until(date(2014, 12, 1)).count(2014, lifted=["H7"])
    county.do(c.WithdrawSurvey(**AT, number=1, **WHY))
    assert county.register.households["H7"].income == 9_000


def test_3_1_a_diagnosis_is_taken_back_until_a_unit_was_matched_by_it() -> None:
    county = County().diagnosed()
    back = c.WithdrawDiagnosis(**AT, **WHY)
    assert county.do(back) == [DiagnosisWithdrawn(**AT, spell=1, **WHY)]
    assert (county.village.stage, county.todo()) == ("listed", [("diagnoses", "county", "")])
    assert county.do(back) == []
    other = c.Diagnose(**AT, problem_class="weak_governance", body="county", decided_by="县委")
    assert county.do(other)[0].problem_class == "weak_governance"
    assert "已确定帮扶单位" in County().matched().refusal(back).zh


@pytest.mark.parametrize("body", ["township", "organisation"])
def test_3_1_the_joint_diagnosis_is_the_countys(body: Any) -> None:
    diagnose = c.Diagnose(**AT, problem_class="weak_governance", body=body, decided_by="镇")
    assert County().listed().surveyed().refusal(diagnose).field == "body"


# ------------------------------------------------------------ figures


def test_1_18_a_household_by_mistake_counts_no_more() -> None:
    county = County().measured()
    back = c.WithdrawHousehold(**AT, household="H9", **WHY)
    withdrawn, measured = county.do(back)
    assert withdrawn == HouseholdWithdrawn(**AT, household="H9", **WHY)
    assert measured.values["incidence"] == 0 == county.village.values["incidence"]
    assert county.do(back) == []


def test_1_18_a_measurement_by_mistake_is_awaited_again() -> None:
    county = County().measured()
    back = c.WithdrawMeasurement(**AT, year=2014, **WHY)
    assert county.do(back) == [MeasurementWithdrawn(**AT, year=2014, **WHY)]
    assert county.todo() == [("measurements", "township", "2014")] and county.refusal(REQUEST).status == 409
    assert county.do(back) == []
    assert len(county.measure(2014)) == 1 and county.todo() == [("exit-requests", "township", "")]
    assert "2014年12月10日" in County().delisted().refusal(back).zh, "an exit rests on it"


def test_1_18_an_earlier_measurement_that_is_taken_back_leaves_the_figures_of_the_later_year() -> None:
    county = County().measured().until(date(2015, 12, 1)).count(2015)
    county.measure(2015, collective_income=26_000.0)
    assert county.do(c.WithdrawMeasurement(**AT, year=2014, **WHY)) == [MeasurementWithdrawn(**AT, year=2014, **WHY)]
    assert ("measurements", "township", "2014") in county.todo()
    assert (county.village.measured, county.village.values["collective_income"]) == (2015, 26_000.0)
    county.measure(2014)
    assert (county.village.measured, county.village.values["collective_income"]) == (2015, 26_000.0)
    assert county.todo() == [("exit-requests", "township", "")]


@pytest.mark.parametrize(
    ("indicator", "value", "hint"),
    [
        ("safe_water", 60.0, "0.6"),
        ("hard_road", 97.0, "0.97"),
        ("hard_road", 1.01, "0.0101"),
        ("hard_road", -0.5, "0至1"),
        ("collective_income", -1.0, "负数"),
        ("collective_income", 1e12, "计量单位"),
    ],
)
def test_5_1_an_indicator_lies_within_what_it_can_be(indicator: str, value: float, hint: str) -> None:
    county = County().helped().until(date(2014, 12, 1)).count(2014)
    refused = county.refusal(c.MeasureIndicators(**AT, year=2014, values={indicator: value}, measured_by="镇"))
    assert (refused.status, refused.field) == (422, f"values.{indicator}") and hint in refused.zh


def test_1_18_households_have_no_more_people_than_the_village() -> None:
    county = County().listed().until(date(2014, 12, 1))
    many = tuple(household(f"H{n}", 50) for n in range(21))
    facts = c.RecordHouseholds(**AT, year=2014, households=many, recorded_by="镇")
    assert county.refusal(facts).field == "households"
    assert county.do(again(facts, households=many[:20])) == []


def test_1_18_a_poverty_line_of_an_earlier_year_is_told() -> None:
    county = County().listed().until(date(2019, 12, 1)).count(2017)
    assert county.measure(2017)[0].line_year is None
    county.count(2019)
    assert county.measure(2019)[0].line_year == 2017


def test_1_18_two_officers_facts_of_one_household_do_not_overwrite_each_other_in_silence() -> None:
    county = County().listed().until(date(2014, 12, 1)).count(2014)
    other = c.RecordHouseholds(
        **AT, year=2014, households=(household("H1", 4, 8_000), household("H5")), recorded_by="县扶贫办"
    )
    refused = county.refusal(other)
    assert [diff.field for diff in refused.differs] == ["households.H1.income"]
    assert "H1的人均纯收入已登记为" in refused.zh
    county.correct(other)
    assert county.register.households["H1"].income == 8_000 and "H5" in county.register.households
    assert county.do(again(other, replaces=None)) == []


def test_1_18_a_years_list_follows_the_surveys_visits_without_asking() -> None:
    county = County().listed()
    county.do(record(1, "incomes", "household_visit", household=household("H1", 4, 2_000)))
    county.until(date(2014, 12, 1))
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household("H1"),), recorded_by="镇"))
    assert county.register.households["H1"].income == 9_000


def test_1_18_measured_figures_are_not_overwritten_in_silence() -> None:
    county = County().measured()
    lower = c.MeasureIndicators(**AT, year=2014, values={"safe_water": 0.9}, measured_by="县水利局")
    assert {diff.field for diff in county.refusal(lower).differs} == {"safe_water", "collective_income", "hard_road"}
    [event] = county.correct(lower)
    assert set(event.values) == {"safe_water", "incidence"}


# ------------------------------------------------------------ closed years


REOPEN = c.ReopenYear(**AT, year=2014, until=date(2015, 12, 20), **WHY)
FACTS = c.RecordHouseholds(**AT, year=2014, households=(household("H9", 30, 500),), recorded_by="镇")


def closed() -> County:
    """2014 is closed, since facts of 2015 are in."""
    county = County().measured().until(date(2015, 12, 1)).count(2015)
    assert "封存" in county.refusal(FACTS).zh
    return county


def test_1_18_a_closed_year_is_corrected_while_it_is_open_and_closes_by_itself() -> None:
    county = closed()
    assert county.do(REOPEN) == [YearReopened(**AT, year=2014, until=date(2015, 12, 20), **WHY)]
    assert [(diff.known, diff.given) for diff in county.refusal(FACTS).differs] == [("0.01", "0.03")]
    [event] = of_type(county.correct(FACTS), IndicatorsMeasured)
    assert (event.year, event.values["incidence"], event.measured_by) == (2014, 0.03, "镇")
    assert county.register.households["H9"].persons == 10, "facts of 2015 stay"
    county.until(date(2015, 12, 20))
    assert county.register.reopened
    county.until(date(2015, 12, 21))
    assert county.world.said(YearClosed) == [YearClosed(**AT, year=2014)]
    assert (county.register.reopened, county.village.reopened) == ({}, ())
    assert "封存" in county.refusal(again(FACTS, households=())).zh


def test_1_18_two_years_are_closed_each_on_its_day_though_days_were_missed() -> None:
    county = closed().until(date(2016, 12, 1)).count(2016)
    county.do(
        again(REOPEN, until=date(2016, 12, 5)),
        again(REOPEN, year=2015, until=date(2016, 12, 6)),
    )
    county.until(date(2016, 12, 6))
    assert [event.year for event in county.world.said(YearClosed)] == [2014]
    county.until(date(2016, 12, 7))
    assert [event.year for event in county.world.said(YearClosed)] == [2014, 2015]
    county.until(date(2016, 12, 31))
    assert [event.year for event in county.world.said(YearClosed)] == [2014, 2015]


def test_1_18_the_exit_that_rests_on_a_reopened_year_is_named_and_stands_until_a_body_decides() -> None:
    county = County().delisted()
    until = date(2014, 12, 20)
    [event] = county.do(again(REOPEN, until=until))
    assert event.delisted_on == date(2014, 12, 10)
    county.correct(FACTS)
    assert county.village.stage == "delisted" and county.village.unmet[0].indicator == "incidence"
    assert county.todo() == [("fallback-measures", "county", "2014")]


def test_1_18_a_corrected_past_year_after_the_exit_is_no_review() -> None:
    county = County().delisted()
    county.do(again(REOPEN, until=date(2014, 12, 20)))
    assert [type(event) for event in county.measure(2014, hard_road=0.98)] == [IndicatorsMeasured]


@pytest.mark.parametrize("until", [date(2015, 12, 1), date(2016, 3, 1)])
def test_1_18_a_year_is_open_for_a_time_that_ends(until: date) -> None:
    county = closed()
    refused = county.refusal(again(REOPEN, until=until))
    assert (refused.field, refused.status, refused.rule) == ("until", 422, "1.18")
    nearest = until + DAY if until <= county.world.today else county.world.today + timedelta(90)
    assert county.do(again(REOPEN, until=nearest))


# ------------------------------------------------------------ a village's own matters


def test_3_12_the_latest_step_is_taken_back_and_awaited_again() -> None:
    county = opened("members_review")
    back = c.WithdrawStep(**AT, matter="2014-7", step="discuss", **WHY)
    assert "商议" in county.refusal(again(back, step="propose")).zh, "another step rests on it"
    assert county.do(back) == [StepWithdrawn(**AT, matter="2014-7", step="discuss", **WHY)]
    assert county.todo() == [("resolution-steps", "village", "2014-7 discuss")]
    assert county.do(back) == []


def test_3_12_a_failed_vote_by_mistake_is_taken_back() -> None:
    county = opened("propose")
    county.do(step("propose", (3, 3, 0)))
    assert resolution(county).status == "rejected"
    county.do(c.WithdrawStep(**AT, matter="2014-7", step="propose", **WHY))
    assert resolution(county).status == "open"


def test_3_12_a_matter_by_mistake_is_taken_back_until_a_step_was_taken() -> None:
    county = opened()
    back = c.WithdrawResolution(**AT, matter="2014-7", **WHY)
    assert county.do(back) == [ResolutionWithdrawn(**AT, matter="2014-7", **WHY)]
    assert (county.todo(), resolution(county).status, county.village.matters) == ([], "withdrawn", ())
    assert county.do(back) == []
    assert county.do(again(OPEN, subject_code="road")) and resolution(county).subject_code == "road"
    assert "提议" in opened("discuss").refusal(back).zh


def test_3_12_a_matter_that_was_withdrawn_while_a_step_was_entered_is_never_decided_on_again() -> None:
    county = opened("discuss")
    told = ResolutionWithdrawn(**AT, matter="2014-7", **WHY)
    ended = rules.withdrawn(resolution(county), told, county.policy, BEGIN).state
    assert isinstance(ended, Resolution)
    back = c.WithdrawStep(**AT, matter="2014-7", step="propose", **WHY)
    with pytest.raises(Refused, match="2014-7"):
        steps.withdraw_step(ended, back, county.policy, BEGIN)


def test_3_12_a_step_is_taken_by_its_body() -> None:
    refused = opened("township_review").refusal(again(step("township_review"), body="village"))
    assert (refused.status, refused.field) == (422, "body")


def test_3_12_a_merged_villages_open_matters_end_with_it() -> None:
    county = opened("discuss")
    county.do(
        c.RegisterVillage(
            place=PLACE, village="210521100202", name="下石村", township="小市镇", population=900, listed=False
        ),
        c.MergeVillages(
            place=PLACE,
            village="210521100202",
            merged=(VILLAGE,),
            since=BEGIN,
            document="辽政〔2014〕9号",
            decided_by="县",
        ),
    )
    assert len(county.world.said(VillageMerged)) == 1 and county.todo() == []
    assert county.world.state("registry", Resolution, f"{VILLAGE}/2014-7").status == "withdrawn"


# ------------------------------------------------------------ units and cadres


def with_cadre() -> County:
    county = County()
    county.do(UNIT, CADRE)
    return county


def test_3_3_a_unit_and_a_cadre_are_taken_back_and_registered_anew() -> None:
    county = with_cadre()
    unit = c.WithdrawUnit(place=CITY, unit="U1", **WHY)
    cadre = c.WithdrawCadre(place=CITY, cadre="C1", **WHY)
    assert "1人" in county.refusal(unit).zh
    assert county.do(cadre) == [CadreWithdrawn(place=CITY, cadre="C1", unit="U1", **WHY)]
    assert county.do(unit) == [UnitWithdrawn(place=CITY, unit="U1", **WHY)]
    assert county.do(cadre, unit) == []
    assert county.refusal(CADRE).status == 404, "its unit is none any more"
    assert [type(event) for event in county.do(UNIT, again(CADRE, rank="section"))][1] is CadreRegistered
    assert county.world.state("registry", Unit, "U1").status == "city"
    assert county.world.state("registry", Cadre, "C1").status == "section"


def test_3_3_whoever_serves_a_village_is_not_taken_back() -> None:
    county = with_cadre().diagnosed()
    unit = c.WithdrawUnit(place=CITY, unit="U1", **WHY)
    cadre = c.WithdrawCadre(place=CITY, cadre="C1", **WHY)
    county.hear(MATCHED)
    assert VILLAGE in county.refusal(unit).zh
    county.hear(assigned(1))
    assert VILLAGE in county.refusal(cadre).zh
    county.hear(d.MemberRecalled(**AT, unit="U1", cadre="C1", role="leader"))
    assert county.do(cadre)
    assert VILLAGE in county.refusal(unit).zh
    county.hear(RELEASED)
    assert county.do(unit)


@pytest.mark.parametrize(
    ("stage", "is_there"),
    [
        *((stage, False) for stage in ("listed", "diagnosed", "matched")),
        *((stage, True) for stage in ("assigned", "pledged", "helped", "requested", "verified", "noticed", "delisted")),
    ],
)
def test_3_3_in_whatever_stage_a_village_has_a_team_its_cadres_are_not_taken_back(stage: str, is_there: bool) -> None:
    county = with_cadre()
    cadre = county.world.state("registry", Cadre, "C1")
    served: dict[Key, State | None] = {
        (Village, VILLAGE): Village(
            id=VILLAGE, place=PLACE, name="朝阳", township="碱厂镇", population=900, stage=stage, since=BEGIN
        )
    }
    taken_back = c.WithdrawCadre(place=CITY, cadre="C1", **WHY)
    if is_there:
        with pytest.raises(Refused, match=VILLAGE):
            withdraw_cadre(cadre, taken_back, county.policy, BEGIN, served)
    else:
        assert withdraw_cadre(cadre, taken_back, county.policy, BEGIN, served).events


def test_3_3_an_assignment_that_was_withdrawn_holds_nobody() -> None:
    county = with_cadre().assigned()
    cadre = c.WithdrawCadre(place=CITY, cadre="C1", **WHY)
    assert VILLAGE in county.refusal(cadre).zh
    county.hear(d.AssignmentWithdrawn(**AT, unit="U1", **WHY))
    assert county.do(cadre)
    assert VILLAGE in county.refusal(c.WithdrawUnit(place=CITY, unit="U1", **WHY)).zh, "the match stands"
    county.hear(d.MatchWithdrawn(**AT, unit="U1", **WHY))
    assert county.do(c.WithdrawUnit(place=CITY, unit="U1", **WHY))


def test_a_division_changes_no_other_divisions_units_and_cadres() -> None:
    county = with_cadre()
    for command in (again(UNIT, strength=1), CADRE, c.WithdrawUnit(place=CITY, unit="U1", **WHY)):
        assert county.refusal(again(command, place=PLACE)).status == 422
    assert county.refusal(c.WithdrawCadre(place=PLACE, cadre="C1", **WHY)).field == "place"
    assert county.world.state("registry", Unit, "U1").place == CITY


def test_3_3_a_cadre_is_transferred_by_either_division_and_by_no_third() -> None:
    county = with_cadre()
    county.do(again(UNIT, unit="U2", place=PLACE, level="county"), again(UNIT, unit="U3", place="210522"))
    transfer = again(CADRE, place=PLACE, unit="U2")
    assert county.refusal(again(transfer, place="210522")).field == "unit"
    [event] = county.correct(transfer)
    assert (event.place, event.unit, event.left) == (PLACE, "U2", "U1")
    assert county.world.state("registry", Cadre, "C1").place == PLACE
    assert county.world.state("registry", Unit, "U1").cadres == ()
    assert county.world.state("registry", Unit, "U2").cadres == ("C1",)


# ------------------------------------------------------------ from the middle


def test_a_county_is_played_from_the_middle_to_the_exit() -> None:
    county = County().until(date(2016, 5, 2))
    events = county.do(TAKE_OVER)
    assert county.village.values == {"incidence": 0.01}, "those of the latest year"
    assert [type(event) for event in events] == [VillageRegistered, VillageListed, VillageDiagnosed]
    assert (events[1].since, events[2].since) == (date(2014, 3, 1), date(2014, 5, 1))
    village = county.village
    assert (village.stage, village.since, village.codes[0].since) == ("diagnosed", date(2014, 5, 1), date(2014, 3, 1))
    assert county.baseline.status == "closed" and county.tasks == []
    assert county.do(TAKE_OVER) == []
    county.hear(MATCHED, assigned(1), LETTER, HELP)
    assert county.village.stage == "helped" and county.refusal(REQUEST).status == 409, "not by others' figures"
    county.until(date(2016, 12, 1)).count(2016)
    assert county.register.past == {"2014": 0.09, "2015": 0.01}
    county.measure(2016)
    assert county.do(REQUEST)[0].attempt == 1


def test_a_village_that_left_before_the_takeover_is_watched_from_its_day_on() -> None:
    county = County().until(date(2016, 5, 2))
    events = county.do(again(TAKE_OVER, delisted_on=date(2015, 12, 28)))
    assert of_type(events, VillageDelisted)[0].since == date(2015, 12, 28)
    village = county.village
    assert (village.stage, village.delisted_on, village.due) == ("delisted", date(2015, 12, 28), date(2016, 6, 30))
    county.until(date(2016, 6, 30))
    assert county.todo() == [("households", "poverty_office", "monitor 2016")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"listed_on": date(2014, 5, 2)}, "diagnosed_on"),
        ({"delisted_on": date(2014, 4, 1)}, "delisted_on"),
        ({"delisted_on": date(2016, 5, 3)}, "listed_on"),
        ({"diagnosed_on": None}, "diagnosed_on"),
        ({"problem_class": None}, "problem_class"),
        ({"figures": (c.YearFigures(year=2014, values={"incidence": 9.0}),)}, "figures"),
        ({"figures": (c.YearFigures(year=2017, values={}),)}, "figures"),
        ({"place": "210522"}, "place"),
        ({"listed_on": date(1980, 1, 1)}, "listed_on"),
        ({"problem_class": "zz"}, "problem_class"),
        ({"problems": 2 * TAKE_OVER.problems}, "problems"),
        ({"problems": (c.FoundProblem(number=1, topic="zz", cause="无产业"),)}, "problems"),
        ({"problems": (c.FoundProblem(number=1, topic="problems", cause=""),)}, "problems"),
        ({"problem_class": None, "diagnosed_on": None}, "problem_class"),
        ({"figures": 2 * TAKE_OVER.figures}, "figures"),
        ({"figures": (c.YearFigures(year=2012, values={"incidence": 0.1}),)}, "figures"),
        ({"figures": (c.YearFigures(year=2015, values={"zz": 1.0}),)}, "figures.zz"),
        ({"figures": (c.YearFigures(year=2015, values={"safe_water": 60.0}),)}, "figures.safe_water"),
    ],
)
def test_a_takeover_that_cannot_be_is_refused(changes: dict[str, Any], field: str) -> None:
    refused = County().until(date(2016, 5, 2)).refusal(again(TAKE_OVER, **changes))
    assert (refused.field, refused.status) == (field, 422)


@pytest.mark.parametrize(
    "changes",
    [
        {"listed_on": date(2014, 5, 1)},
        {"delisted_on": date(2014, 5, 1)},
        {"delisted_on": date(2016, 5, 2)},
        {"listed_on": date(2001, 1, 1)},
        {"figures": (c.YearFigures(year=2013, values={"incidence": 1.0}),)},
        {"figures": (c.YearFigures(year=2016, values={"incidence": 0.0}),)},
        {"problem_class": None, "diagnosed_on": None, "problems": ()},
    ],
)
def test_a_takeover_on_the_border_of_what_can_be_is_taken(changes: dict[str, Any]) -> None:
    assert County().until(date(2016, 5, 2)).do(again(TAKE_OVER, **changes))


def test_a_village_that_is_registered_is_not_taken_over() -> None:
    assert County().listed().refusal(TAKE_OVER).field == "village"


def test_each_kind_of_state_comes_back_as_it_was_kept() -> None:
    county = County().until(date(2016, 5, 2))
    county.do(TAKE_OVER, again(REOPEN, until=date(2016, 5, 2) + 9 * DAY))
    county.snapshot()
    assert {Village, Register, Baseline} <= {kind for kind, _ in county.registry.states}


def test_1_18_a_year_that_has_not_come_is_not_reopened() -> None:
    county = County().delisted()
    reopen = c.ReopenYear(**AT, year=2015, until=date(2014, 12, 20), **WHY)
    assert "2015 has not come yet" in county.refusal(reopen).en


def test_3_1_a_visit_taken_back_leaves_what_the_years_list_said_on_the_same_day() -> None:
    county = County().listed()
    county.do(record(1, kind="household_visit", household=household("H1")))
    county.do(c.RecordHouseholds(**AT, year=2014, households=(household("H1", 5),), recorded_by="镇"))
    county.do(c.WithdrawSurvey(**AT, number=1, **WHY))
    assert county.register.households["H1"].persons == 5
