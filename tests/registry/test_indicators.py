"""Indicators of villages and divisions: recorded, computed, counted by division, with brackets and floors."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.model import Yearbook, yearbook
from services.registry.model import commands as c
from shared.contracts import registry as r
from shared.contracts.calendar import DayPassed
from shared.engine.deliveries import handle
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.indicators import Bracket, Formula, Indicator
from shared.policy.shipped import content, shipped
from shared.stream.bus import OPEN
from tests.registry.county import AT, CITY, PLACE, VILLAGE, County, household
from tests.registry.office import office
from tests.support.packs import PACK
from tests.support.process import delivery

INCOME: dict[str, Any] = {
    "figure": "group_income", "label": "村集体经济收入", "unit": "元", "total": "sum", "group": "资源在村",
    "brackets": [
        {"label": "1万元以下", "below": 10_000}, {"label": "1万元至5万元", "below": 50_000}, {"label": "5万元以上"},
    ],
}  # fmt: skip
PAY: dict[str, Any] = {
    "figure": "cadre_pay",
    "label": "村干部月报酬",
    "unit": "元",
    "total": "mean",
    "floor": {"at_least": 2000, "mover": "county"},
}
SHELL: dict[str, Any] = {
    "figure": "shell",
    "label": "空壳村",
    "unit": "个",
    "total": "sum",
    "derive": {"meets": {"figure": "group_income", "below": 1}},
}
PER_HEAD: dict[str, Any] = {
    "figure": "income_per_head",
    "label": "人均集体经济收入",
    "unit": "元",
    "total": "ratio",
    "derive": {"ratio": ["group_income", "population"]},
}
GROWTH: dict[str, Any] = {
    "figure": "growth",
    "label": "集体经济增长",
    "unit": "比例",
    "derive": {"growth": "group_income"},
}
POOR: dict[str, Any] = {"figure": "incidence", "label": "贫困发生率", "unit": "比例", "total": "ratio"}
AREA: dict[str, Any] = {"figure": "area", "label": "面积", "unit": "平方公里", "of": "county"}
LARGE: dict[str, Any] = {
    "figure": "large",
    "label": "大县",
    "unit": "个",
    "of": "county",
    "derive": {"meets": {"figure": "area", "at_least": 3000}},
}
ALL = [INCOME, PAY, SHELL, PER_HEAD, GROWTH, POOR, AREA]


def county(*indicators: dict[str, Any]) -> County:
    return County({**PACK, "indicators": list(indicators or ALL)})


def measure(on: County, year: int, **values: float) -> list[Any]:
    """A village that is on no list records its figures."""
    return on.sure(c.MeasureIndicators(**AT, year=year, values=values, measured_by="镇"))


def measuring(*indicators: dict[str, Any]) -> County:
    return county(*indicators).registered().until(date(2014, 12, 1))


def told(events: list[Any], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


# ---------------------------------------------------------------- one village


def test_0_12_a_village_that_is_on_no_list_owes_its_yearly_figures() -> None:
    here = county().registered()
    assert here.todo() == []
    here.until(date(2014, 12, 1))
    assert [task.due for task in here.tasks] == [date(2014, 12, 15)]
    assert here.todo() == [("measurements", "township", "2014")]
    measure(here, 2014, group_income=100)
    assert here.todo() == []
    assert here.until(date(2016, 12, 1)).todo() == [
        ("measurements", "township", "2015"),
        ("measurements", "township", "2016"),
    ]


def test_where_the_region_has_no_indicators_a_village_on_no_list_owes_none() -> None:
    assert County().registered().until(date(2015, 12, 1)).todo() == []


@pytest.mark.parametrize(
    ("value", "bracket"),
    [(0, "1万元以下"), (9_999.99, "1万元以下"), (10_000, "1万元至5万元"), (50_000, "5万元以上"), (1e9, "5万元以上")],
)
def test_0_12_a_value_on_the_border_of_two_brackets_is_in_the_higher_one(value: float, bracket: str) -> None:
    changed = told(measure(measuring(), 2014, group_income=value), r.BracketChanged)
    assert [(one.bracket, one.earlier, one.value) for one in changed] == [(bracket, None, value)]


def test_0_12_only_a_change_of_the_bracket_is_told_and_a_correction_tells_it_again() -> None:
    here = measuring()
    measure(here, 2014, group_income=100)
    assert told(measure(here, 2014, group_income=200), r.BracketChanged) == []
    (corrected,) = told(measure(here, 2014, group_income=20_000), r.BracketChanged)
    assert (corrected.earlier, corrected.bracket) == ("1万元以下", "1万元至5万元")
    here.until(date(2015, 12, 1))
    assert told(measure(here, 2015, cadre_pay=3000), r.BracketChanged) == [], "a missing value is in no bracket"
    (fallen,) = told(measure(here, 2015, group_income=9_000), r.BracketChanged)
    assert (fallen.year, fallen.earlier, fallen.bracket) == (2015, "1万元至5万元", "1万元以下")


def test_1_9_2_8_2_9_a_floor_is_told_once_when_missed_and_once_when_reached() -> None:
    here = measuring()
    (missed,) = told(measure(here, 2014, cadre_pay=1999.99), r.FloorMissed)
    assert (missed.figure, missed.value, missed.at_least, missed.mover) == ("cadre_pay", 1999.99, 2000, "county")
    here.until(date(2015, 12, 1))
    assert told(measure(here, 2015, cadre_pay=1500), r.FloorMissed) == []
    here.until(date(2016, 12, 1))
    (met,) = told(measure(here, 2016, cadre_pay=2000), r.FloorMet)
    assert (met.year, met.value) == (2016, 2000)
    here.until(date(2017, 12, 1))
    assert told(measure(here, 2017, cadre_pay=2500), r.FloorMet) == []


def test_1_10_a_shell_village_follows_from_its_income_and_is_missing_without_it() -> None:
    here = measuring()
    assert "shell" not in measure(here, 2014, cadre_pay=1)[0].values
    assert measure(here, 2014, cadre_pay=1, group_income=0.5)[0].values["shell"] == 1
    assert measure(here, 2014, cadre_pay=1, group_income=1)[0].values["shell"] == 0


def test_1_10_growth_needs_the_year_before() -> None:
    here = measuring()
    assert "growth" not in measure(here, 2014, group_income=100)[0].values
    here.until(date(2015, 12, 1))
    assert measure(here, 2015, group_income=592)[0].values["growth"] == pytest.approx(4.92)


def test_1_18_a_listed_villages_incidence_comes_from_households_and_those_of_others_is_missing() -> None:
    event = measure(measuring(), 2014, group_income=1)[0]
    assert "incidence" not in event.values and event.unmet == (), "whoever is on no list has no exit to be judged for"
    listed = county().helped().until(date(2014, 12, 1))
    refused = listed.refusal(c.MeasureIndicators(**AT, year=2014, values={"group_income": 1}, measured_by="镇"))
    assert refused.rule == "1.18" and "农户信息" in refused.zh
    listed.count(2014, poor_persons=10)
    values = measure(listed, 2014, group_income=2_000)[0].values
    assert (values["incidence"], values["poor_persons"], values["poor_households"]) == (0.01, 10, 1)
    assert (values["population"], values["income_per_head"]) == (1000, 2.0)


def test_5_1_how_great_a_criterions_figure_may_be_is_what_its_indicator_says() -> None:
    """Who needs an income of 20,000 yuan may have 300 million only where the pack says so of the indicator."""
    of_exit = next(one for one in PACK["exit"]["criteria"] if one["figure"] == "collective_income")
    entry = {**INCOME, "figure": "collective_income", "label": of_exit["label"]}
    values = {one["figure"]: 1 for one in PACK["exit"]["criteria"] if one["figure"] != "incidence"}
    given = {**values, "collective_income": 3e8}
    unlimited = County(PACK).registered().until(date(2014, 12, 1))
    for here, least in ((unlimited, "20000"), (measuring({**entry, "most": 2e8}), "2e+08")):
        refused = here.refusal(c.MeasureIndicators(**AT, year=2014, values=given, measured_by="镇"))
        assert (refused.field, least in refused.zh) == ("values.collective_income", True), refused.zh
    assert measure(measuring(entry), 2014, **given)[0].values["collective_income"] == 3e8
    on_list = County(PACK).helped().until(date(2014, 12, 1)).count(2014)
    assert on_list.measure(2014, collective_income=2e8), "10,000 times what is asked is just taken"


@pytest.mark.parametrize(
    ("values", "field", "word"),
    [
        ({"shell": 1}, "values.shell", "空壳村由系统计算"),
        ({"incidence": 0.1}, "values.incidence", "贫困发生率由系统计算"),
        ({"population": 5}, "values.population", "村人口由系统计算"),
        ({"area": 5}, "values.area", "“面积”不是村的指标"),
        ({"group_income": -1}, "values.group_income", "不能是-1"),
        ({"group_income": 2e9}, "values.group_income", "计量单位"),
        ({"nothing": 1}, "values.nothing", "没有指标"),
    ],
)
def test_1_18_what_is_computed_unknown_or_impossible_is_refused(
    values: dict[str, float], field: str, word: str
) -> None:
    refused = measuring().refusal(c.MeasureIndicators(**AT, year=2014, values=values, measured_by="镇"))
    assert (refused.status, refused.field) == (422, field) and word in refused.zh


def test_an_estimate_is_marked_as_one_with_its_source() -> None:
    here = measuring()
    said = c.MeasureIndicators(
        **AT,
        year=2014,
        values={"group_income": 5, "cadre_pay": 2100},
        measured_by="镇",
        estimated=("group_income",),
        drawn_from="村报数",
    )
    event = here.do(said)[0]
    assert (event.estimated, event.drawn_from) == (("group_income",), "村报数")
    wrong = c.MeasureIndicators(**AT, year=2014, values={"cadre_pay": 1}, measured_by="镇", estimated=("group_income",))
    assert here.refusal(wrong).field == "estimated"


def test_known_figures_are_not_overwritten_unasked() -> None:
    here = measuring()
    measure(here, 2014, group_income=5)
    refused = here.refusal(c.MeasureIndicators(**AT, year=2014, values={"group_income": 6}, measured_by="镇"))
    assert refused.version and "村集体经济收入" in refused.zh


def test_a_village_with_figures_is_no_mistaken_registration() -> None:
    here = measuring()
    measure(here, 2014, group_income=5)
    refused = here.refusal(c.WithdrawVillage(**AT, reason="登记有误", decided_by="县"))
    assert "2014年度指标" in refused.zh


# ------------------------------------------------------------------ divisions


def book(here: County, year: int = 2014) -> Yearbook:
    found = here.world.state("registry", Yearbook, f"{PLACE}/{year}")
    assert isinstance(found, Yearbook)
    return found


def total(here: County, figure: str, by: str = "county", year: int = 2014) -> list[tuple[Any, ...]]:
    found = yearbook.totals([book(here, year)], here.policy.indicators, by, PLACE, {})
    return [(one.division, one.value, one.villages) for one in found if one.figure == figure]


def test_0_12_1_10_a_countys_totals_follow_corrections_and_count_no_missing_value() -> None:
    here = measuring()
    second, third = f"{VILLAGE[:9]}777", f"{VILLAGE[:9]}778"
    for village in (second, third):
        here.do(
            c.RegisterVillage(
                place=PLACE, village=village, name="下石村", township="小市镇", population=500, listed=False
            )
        )
    here.until(date(2015, 12, 1))
    measure(here, 2015, group_income=100, cadre_pay=2000)
    others: dict[str, dict[str, float]] = {second: {"group_income": 0, "cadre_pay": 2400}, third: {"cadre_pay": 1000}}
    for village, values in others.items():
        here.do(c.MeasureIndicators(place=PLACE, village=village, year=2015, values=values, measured_by="镇"))
    assert total(here, "group_income", year=2015) == [(f"county:{PLACE}", 100, 2)]
    assert total(here, "shell", year=2015) == [(f"county:{PLACE}", 1, 2)]
    assert total(here, "cadre_pay", year=2015) == [(f"county:{PLACE}", 1800, 3)]
    measure(here, 2015, group_income=0)
    assert total(here, "shell", "township", 2015) == [(f"township:{VILLAGE[:9]}", 2, 2)]
    here.do(c.WithdrawMeasurement(**AT, year=2015, reason="录入有误", decided_by="镇"))
    assert total(here, "shell", year=2015) == [(f"county:{PLACE}", 1, 1)]


def test_1_18_a_countys_incidence_is_the_quotient_of_both_sums() -> None:
    here = county().helped().until(date(2014, 12, 1)).count(2014, poor_persons=30)
    here.measure(2014)
    small = f"{VILLAGE[:9]}779"
    here.do(
        c.RegisterVillage(place=PLACE, village=small, name="下石村", township="小市镇", population=200, listed=True)
    )
    here.until(date(2014, 12, 2))
    facts = (household("H1", 40, 1_000),)
    here.do(c.RecordHouseholds(place=PLACE, village=small, year=2014, households=facts, recorded_by="镇"))
    here.until(date(2015, 12, 1)).count(2015, poor_persons=30)
    here.do(c.RecordHouseholds(place=PLACE, village=small, year=2015, households=facts, recorded_by="镇"))
    here.measure(2015)
    here.do(c.MeasureIndicators(place=PLACE, village=small, year=2015, values={"group_income": 1}, measured_by="镇"))
    ((_, value, villages),) = total(here, "incidence", year=2015)
    assert (value, villages) == (pytest.approx(70 / 1200), 2)


def record(**said: Any) -> c.RecordFigures:
    fields = {"division": f"county:{PLACE}", "year": 2014, "values": {"area": 3344}, "recorded_by": "县"}
    return c.RecordFigures(**{"place": PLACE, **fields, **said})


def test_0_1_a_divisions_own_figures_are_recorded_shown_corrected_and_taken_back() -> None:
    here = county()
    (event,) = here.do(record(estimated=("area",), drawn_from="年鉴"))
    assert (event.division, event.values, event.estimated) == (f"county:{PLACE}", {"area": 3344}, ("area",))
    assert here.do(record(estimated=("area",), drawn_from="年鉴")) == []
    assert "面积" in here.refusal(record(values={"area": 3345})).zh
    here.correct(record(values={"area": 3345}))
    (shown,) = yearbook.totals([book(here)], here.policy.indicators, "county", PLACE, {})
    assert (shown.value, shown.villages, shown.estimated, shown.unit) == (3345, None, 0, "平方公里")
    for by, place in (("township", PLACE), ("city", PLACE), ("county", "210522"), ("county", "2106")):
        assert list(yearbook.totals([book(here)], here.policy.indicators, by, place, {})) == []
    assert len(list(yearbook.totals([book(here)], here.policy.indicators, "county", "2105", {}))) == 1
    taken_back = c.WithdrawFigures(
        place=PLACE, division=f"county:{PLACE}", year=2014, reason="录入有误", decided_by="县"
    )
    assert [type(event) for event in here.do(taken_back)] == [r.FiguresWithdrawn]
    assert list(yearbook.totals([book(here)], here.policy.indicators, "county", PLACE, {})) == []


def test_4_1_a_province_records_its_people_villages_and_income_and_villages_make_the_rest() -> None:
    pack = shipped("guizhou")
    scale = {
        "inhabitants": 39_000_000,
        "rural_inhabitants": 29_000_000,
        "poor_inhabitants": 2_550_000,
        "low_income_inhabitants": 4_550_000,
        "key_villages": 5_486,
        "province_income": 1985,
        "country_income": 3587,
    }
    of = [one.figure for one in pack.indicators if one.of == "province" and not one.derive]
    assert sorted(of) == sorted(scale)
    here = county()
    here.do(c.AdoptPolicy(place="520000", pack=content("guizhou"), adopted_by="省委"))
    said: dict[str, Any] = {"year": 2013, "values": scale, "recorded_by": "省统计局"}
    (event,) = here.do(c.RecordFigures(place="520000", division="province:52", **said))
    assert event.values == scale
    books = [here.world.state("registry", Yearbook, "520000/2013")]
    shown = {one.figure: one.value for one in yearbook.totals(books, pack.indicators, "province", "52", {})}
    assert shown.pop("income_ratio") == 1985 / 3587
    assert shown == scale
    ratio: dict[str, Any] = {**said, "values": {"income_ratio": 0.6}}
    assert here.refusal(c.RecordFigures(place="520000", division="province:52", **ratio)).field == "values.income_ratio"
    assert here.refusal(c.RecordFigures(place="520300", division="city:5203", **said)).status == 422


@pytest.mark.parametrize(
    ("values", "estimated", "becomes"),
    [
        ({"province_income": 1985}, (), None),
        ({"province_income": 1985, "country_income": 0}, (), None),
        ({"province_income": 1985, "country_income": 3970}, (), (0.5, False)),
        ({"province_income": 1985, "country_income": 3970}, ("country_income",), (0.5, True)),
        ({"province_income": 1985, "country_income": 3970}, ("inhabitants",), (0.5, False)),
    ],
)
def test_4_1_a_divisions_own_ratio_follows_from_its_figures_and_is_an_estimate_as_they_are(
    values: dict[str, float], estimated: tuple[str, ...], becomes: tuple[float, bool] | None
) -> None:
    own = yearbook.Recorded({**values, "inhabitants": 39e6}, estimated)
    books = [Yearbook(id="520000/2006", place="520000", divisions={"province:52": own})]
    found = yearbook.totals(books, shipped("guizhou").indicators, "province", "52", {})
    assert [(one.value, one.estimated) for one in found if one.figure == "income_ratio"] == [becomes] * bool(becomes)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"place": CITY}, "place"),
        ({"division": "county:210522"}, "place"),
        ({"division": f"township:{VILLAGE[:9]}"}, "values.area"),
        ({"values": {"group_income": 1}}, "values.group_income"),
        ({"values": {"area": -1}}, "values.area"),
        ({"year": 2015}, "year"),
        ({"estimated": ("population",)}, "estimated"),
    ],
)
def test_0_1_figures_of_another_division_kind_or_year_are_refused(said: dict[str, Any], field: str) -> None:
    refused = county().refusal(record(**said))
    assert (refused.status, refused.field) == (422, field)


def test_a_moved_villages_earlier_years_are_corrected_where_they_were_counted() -> None:
    here = measuring()
    measure(here, 2014, group_income=7)
    here.until(date(2015, 3, 1))
    code = "210522" + VILLAGE[6:]
    since, document = date(2015, 2, 1), "民发〔2015〕1号"
    here.do(
        c.RecodeVillage(place=CITY, village=VILLAGE, code=code, since=since, document=document, decided_by="市政府")
    )
    moved: dict[str, Any] = {"place": "210522", "village": VILLAGE, "measured_by": "镇"}
    here.sure(c.MeasureIndicators(**moved, year=2014, values={"group_income": 9}))
    assert total(here, "group_income") == [(f"county:{PLACE}", 9, 1)]
    here.do(c.WithdrawMeasurement(place="210522", village=VILLAGE, year=2014, reason="录入有误", decided_by="县"))
    assert total(here, "group_income") == []
    here.until(date(2015, 12, 1)).do(c.MeasureIndicators(**moved, year=2015, values={"group_income": 11}))
    later = here.world.state("registry", Yearbook, "210522/2015")
    found = yearbook.totals([later], here.policy.indicators, "county", "2105", {})
    (one,) = [total for total in found if total.figure == "group_income"]
    assert (one.division, one.value) == ("county:210522", 11)


def test_a_merged_village_counts_once_when_the_other_measures_for_both() -> None:
    here = measuring()
    other: dict[str, Any] = {"place": PLACE, "village": f"{VILLAGE[:9]}777"}
    here.do(c.RegisterVillage(**other, name="下石村", township="小市镇", population=500, listed=False))
    here.until(date(2015, 12, 1))
    measure(here, 2015, group_income=10)
    here.do(c.MeasureIndicators(**other, year=2015, values={"group_income": 20.0}, measured_by="镇"))
    merger: dict[str, Any] = {"since": date(2015, 12, 1), "document": "县政发〔2015〕9号", "decided_by": "县政府"}
    here.do(c.MergeVillages(**AT, merged=(other["village"],), **merger))
    assert total(here, "group_income", year=2015) == [(f"county:{PLACE}", 30, 2)]
    assert ("measurements", "township", "2015") in here.todo()
    measure(here, 2015, group_income=30)
    assert total(here, "group_income", year=2015) == [(f"county:{PLACE}", 30, 1)]


def test_1_18_an_earlier_year_is_corrected_with_its_own_households() -> None:
    here = county().helped().until(date(2014, 12, 1)).count(2014, poor_persons=10)
    measure(here, 2014, group_income=2_000)
    here.until(date(2015, 12, 1)).count(2015, poor_persons=5)
    values = measure(here, 2014, group_income=3_000)[0].values
    assert (values["poor_persons"], values["population"], values["income_per_head"]) == (10, 1000, 3)
    assert total(here, "incidence") == [(f"county:{PLACE}", 0.01, 1)]


def test_2_8_a_floor_that_was_told_as_missed_is_met_though_its_year_was_taken_back() -> None:
    here = measuring()
    assert told(measure(here, 2014, cadre_pay=1500), r.FloorMissed)
    here.do(c.WithdrawMeasurement(**AT, year=2014, reason="录入有误", decided_by="镇"))
    assert [one.value for one in told(measure(here, 2014, cadre_pay=2600), r.FloorMet)] == [2600]


def test_2_8_a_year_without_a_value_tells_nothing_twice() -> None:
    here = measuring()
    assert told(measure(here, 2014, cadre_pay=1500), r.FloorMissed)
    measure(here.until(date(2015, 12, 1)), 2015, group_income=1)
    assert told(measure(here.until(date(2016, 12, 1)), 2016, cadre_pay=1400), r.FloorMissed) == []


def test_a_figure_becomes_an_estimate_and_that_is_told() -> None:
    here = measuring()
    measure(here, 2014, cadre_pay=2100)
    said = c.MeasureIndicators(**AT, year=2014, values={"cadre_pay": 2100}, measured_by="镇", estimated=("cadre_pay",))
    assert [event.estimated for event in here.do(said)] == [("cadre_pay",)] and here.do(said) == []


def test_after_the_monitoring_missed_criteria_ask_for_no_measures() -> None:
    here = county().delisted().until(date(2021, 12, 1))
    late = [task for task in here.todo() if task[2].startswith("monitor")]
    assert late and all(int(task[2].split()[1]) <= 2020 for task in late)
    here.count(2021, poor_persons=300)
    here.measure(2021)
    assert not [task for task in here.todo() if task[0] == "fallback-measures"]


def test_1_18_a_citys_total_is_that_of_its_counties_together() -> None:
    indicators = [Indicator(figure="group_income", label="收入", unit="元", total="mean")]
    books = [
        Yearbook(id=f"{place}/2014", place=place, villages={place: yearbook.Counted(f"{place}100200", "镇", values)})
        for place, values in (("210521", {"group_income": 10.0}), ("210522", {"group_income": 30.0}), ("210521", {}))
    ]
    (city,) = yearbook.totals(books, indicators, "city", "21", {"2105": "本溪市"})
    assert (city.division, city.name, city.value, city.villages) == ("city:2105", "本溪市", 20, 2)
    assert [one.value for one in yearbook.totals(books[:2], indicators, "county", "21", {})] == [10, 30]


# ----------------------------------------------------------------- properties

VALUES = st.dictionaries(
    st.sampled_from(["group_income", "population", "poor_persons"]), st.floats(0, 1e9, allow_subnormal=False)
)


@given(st.lists(VALUES, max_size=6))
def test_1_18_totals_of_townships_add_up_to_those_of_the_county(villages: list[dict[str, float]]) -> None:
    indicators = [Indicator(figure="group_income", label="收入", unit="元", total="sum")]
    counted = {str(n): yearbook.Counted(f"21052110{n % 3}20{n}", "镇", values) for n, values in enumerate(villages)}
    kept = Yearbook(id=f"{PLACE}/2014", place=PLACE, villages=counted)
    whole = list(yearbook.totals([kept], indicators, "county", PLACE, {}))
    parts = list(yearbook.totals([kept], indicators, "township", PLACE, {}))
    having = [one["group_income"] for one in villages if "group_income" in one]
    assert sum(one.villages or 0 for one in parts) == sum(one.villages or 0 for one in whole) == len(having)
    assert sum(one.value or 0 for one in whole) == pytest.approx(sum(one.value or 0 for one in parts))
    assert [one.value for one in whole] == ([pytest.approx(sum(having)) if having else None] if villages else [])


@given(st.lists(VALUES, max_size=6), st.integers(0, 6))
def test_1_18_what_replicas_count_of_a_province_is_put_together_to_what_one_counts(
    villages: list[dict[str, float]], parted: int
) -> None:
    """Each has the villages of its own prefectures. Means and ratios are no sums of their parts."""
    indicators = [
        Indicator(figure="group_income", label="收入", unit="元", total="sum"),
        Indicator(figure="population", label="人口", unit="人", total="mean"),
        Indicator(
            figure="rate",
            label="发生率",
            unit="比例",
            total="ratio",
            derive=Formula(ratio=("poor_persons", "population")),
        ),
    ]
    counted = [(f"2105211002{n:02}", "镇", values) for n, values in enumerate(villages)]

    def told(*of: tuple[str, str, dict[str, float]]) -> list[yearbook.Total]:
        kept = Yearbook(id=f"{PLACE}/2014", place=PLACE, villages={one[0]: yearbook.Counted(*one) for one in of})
        return [*yearbook.totals([kept], indicators, "province", "21", {})]

    whole, parts = told(*counted), yearbook.united([*told(*counted[:parted]), *told(*counted[parted:])])
    assert [(one.figure, one.villages) for one in parts] == [(one.figure, one.villages) for one in whole]
    assert [one.value is None for one in parts] == [one.value is None for one in whole]
    assert [one.value or 0 for one in parts] == pytest.approx([one.value or 0 for one in whole], rel=1e-6, abs=1e-6)


def test_1_18_a_figure_that_two_prefectures_add_up_in_different_ways_has_no_value_in_their_province() -> None:
    def told(total: Any, code: str) -> list[yearbook.Total]:
        indicator = Indicator(figure="group_income", label="收入", unit="元", total=total)
        kept = Yearbook(
            id=f"{code[:6]}/2014", place=code[:6], villages={code: yearbook.Counted(code, "镇", {"group_income": 4})}
        )
        return [*yearbook.totals([kept], [indicator], "province", "21", {})]

    of_city, of_other = told("sum", "210521100201"), told("mean", "210106100201")
    assert [one.value for one in (*of_city, *of_other)] == [4, 4]
    assert [(one.value, one.villages) for one in yearbook.united([*of_city, *of_other])] == [(None, 2)]


@given(st.floats(-1e9, 1e9), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5, unique=True))
def test_0_12_each_value_is_in_exactly_the_bracket_that_its_borders_say(value: float, borders: list[float]) -> None:
    ranked = sorted(borders)
    brackets = (*(Bracket(label=f"第{n}档", below=below) for n, below in enumerate(ranked)), Bracket(label="最高"))
    found = Indicator(figure="a", label="甲", unit="元", brackets=brackets).bracket(value)
    above = [n for n, below in enumerate(ranked) if value < below]
    assert found == (f"第{above[0]}档" if above else "最高")


@pytest.mark.parametrize(
    ("formula", "now", "before", "value"),
    [
        ({"ratio": ("a", "b")}, {"a": 1, "b": 4}, {}, 0.25),
        ({"ratio": ("a", "b")}, {"a": 1, "b": 0}, {}, None),
        ({"ratio": ("a", "b")}, {"a": 1}, {}, None),
        ({"difference": ("a", "b")}, {"a": 1, "b": 4}, {}, -3),
        ({"difference": ("a", "b")}, {"b": 4}, {}, None),
        ({"growth": "a"}, {"a": 3}, {"a": 2}, 0.5),
        ({"growth": "a"}, {"a": 115}, {"a": 100}, 0.15),
        ({"difference": ("a", "b")}, {"a": 0.3, "b": 0.1}, {}, 0.2),
        ({"growth": "a"}, {"a": 3}, {"a": 0}, None),
        ({"growth": "a"}, {"a": 3}, {}, None),
    ],
)
def test_1_10_a_formula_lacks_a_value_where_a_part_is_missing_or_zero(
    formula: dict[str, Any], now: dict[str, float], before: dict[str, float], value: float | None
) -> None:
    assert Formula(**formula).value(now, before) == value


# ------------------------------------------------------------ what packs say


@pytest.mark.parametrize(
    ("indicators", "path"),
    [
        ([{**INCOME, "brackets": [{"label": "甲档", "below": 1}]}], (0, "brackets")),
        ([{**INCOME, "brackets": [{"label": "甲档"}, {"label": "乙档", "below": 1}]}], (0, "brackets")),
        (
            [{**INCOME, "brackets": [{"label": "甲", "below": 2}, {"label": "乙", "below": 1}, {"label": "丙"}]}],
            (0, "brackets"),
        ),
        ([SHELL], (0, "derive", "meets")),
        ([INCOME, {**GROWTH, "derive": {"growth": "income_per_head"}}, PER_HEAD], (1, "derive", "growth")),
        (
            [INCOME, {**PER_HEAD, "derive": {"ratio": ["group_income", "population"], "growth": "population"}}],
            (1, "derive"),
        ),
        ([{**INCOME, "total": "ratio"}], (0, "total")),
        ([{**AREA, "total": "sum"}], (0, "total")),
        ([INCOME, INCOME], (1,)),
        ([{**INCOME, "least": 5, "most": 5}], (0, "least")),
        ([{**INCOME, "figure": "safe_water"}], (0, "label")),
        ([{**POOR, "derive": {"growth": "population"}}], (0, "derive")),
        ([{**PAY, "floor": {"at_least": 1, "mover": "operator"}}], (0, "floor", "mover")),
        ([INCOME, {**SHELL, "of": "county"}], (1, "derive", "meets")),
        ([AREA, {**LARGE, "of": "township"}], (1, "derive", "meets")),
        ([AREA, {**LARGE, "of": "village"}], (1, "derive", "meets")),
        ([AREA, {**LARGE, "derive": {"growth": "area"}}], (1, "derive", "growth")),
        ([AREA, {**LARGE, "derive": {"ratio": ["area", "population"]}}], (1, "derive", "ratio")),
        ([LARGE, {**AREA, "derive": {"meets": {"figure": "large", "at_least": 1}}}], (0, "derive", "meets")),
    ],
)
def test_what_a_pack_cannot_mean_by_its_indicators_is_refused(
    indicators: list[dict[str, Any]], path: tuple[Any, ...]
) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**PACK, "indicators": indicators})
    assert ("indicators", *path) in [fault.path for fault in refused.value.faults]


# ------------------------------------------------------------ asking for them


async def test_0_1_people_read_totals_over_http(database: str) -> None:
    async with office(database) as desk:
        later = {**PACK, "version": "2105-2014.2", "effective_from": "2014-06-13", "indicators": ALL}
        await desk.post("policies", {"place": CITY, "pack": later, "adopted_by": "市委"})
        await handle(desk.pipeline, OPEN, [delivery(DayPassed(day=date(2014, 6, 13)), 3)])
        year = {"place": PLACE, "year": 2014}
        own = {"division": f"county:{PLACE}", "values": {"area": 3344}, "recorded_by": "县统计局"}
        await desk.post("division-figures", {**year, **own})
        (area,) = (await desk.get(f"/v1/totals/{PLACE}", since=2014)).json()
        assert (area["label"], area["value"], area["unit"]) == ("面积", 3344.0, "平方公里")
        assert (await desk.get("/v1/totals/21", since=2013, until=2015, by="county")).json() == [area]
        assert (await desk.get("/v1/totals/2106", since=2014)).json() == []
        assert (await desk.get("/v1/totals/2105", since=2015)).json() == []
        earlier = {"place": PLACE, "year": 2006, "division": f"county:{PLACE}", "values": {"area": 3343}}
        await desk.post("division-figures", {**earlier, "recorded_by": "县统计局"})
        (before,) = (await desk.get("/v1/totals/2105", since=2006)).json()
        assert (before["label"], before["value"]) == ("面积", 3343.0), "also of a year before there was any pack"
        assert (await desk.client.get("/v1/totals/210?since=2014")).status_code == 400


def test_0_1_figures_of_a_division_are_taken_back_once_and_of_the_year_that_has_them() -> None:
    here = county()
    back = c.WithdrawFigures(place=PLACE, division=f"county:{PLACE}", year=2014, reason="录入有误", decided_by="县")
    assert here.refusal(back).status == 404
    here.do(record())
    assert [type(event) for event in here.do(back)] == [r.FiguresWithdrawn] and here.do(back) == []
    assert here.refusal(record(year=2015)).field == "year"
