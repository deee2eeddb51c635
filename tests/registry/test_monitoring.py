"""Households watched against poverty: proposed by facts and reports, watched and cleared by bodies (5.11)."""

from datetime import date
from typing import Any

import pytest

from services.registry.model import Register, Resolution
from services.registry.model import commands as c
from services.registry.model.monitoring import counts
from shared.contracts.registry import (
    HouseholdsCleared,
    HouseholdsMonitored,
    MonitoringCounted,
    MonitoringOverdue,
    MonitoringWithdrawn,
    ResolutionRejected,
)
from shared.engine.flow import encode_state
from shared.policy import PolicyInvalid, parse_pack
from tests.registry.county import AT, CITY, PLACE, VILLAGE, County, again, household, of_type
from tests.support import rounds
from tests.support.watching import (
    BODY,
    MONITORING,
    PROCEDURES,
    WATCHED,
    answers,
    counted,
    decided,
    facts,
    open_,
    poor,
    posted,
    step,
    visit,
    watched,
    watching,
)

OTHER = "210521100202"
BEGUN = date(2014, 7, 9)
"""The day from which H1 and H2 are watched."""


def proposed(county: County) -> list[tuple[str, Any, date | None]]:
    """The rounds that the village is to open: the procedure, the class, the last day."""
    return [
        (str(task.answer["kind"]), task.answer["subject_code"], task.due)
        for task in county.tasks
        if task.action == "resolutions"
    ]


def is_watched(county: County, id: str) -> str:
    watch = county.register.households[id].watch
    return watch.code if watch else ""


def test_5_11_facts_propose_households_by_class_and_watch_nobody() -> None:
    county = watching()
    due = date(2014, 7, 16)
    assert proposed(county) == [("watch", "marginal", due), ("watch", "unstable", due)]
    assert {task.role for task in county.tasks if task.action == "resolutions"} == {"village"}
    county.until(date(2015, 6, 1))
    assert not county.world.said(HouseholdsMonitored) and not county.world.said(MonitoringCounted)


@pytest.mark.parametrize(("year", "line"), [(2013, 4000), (2014, 4000), (2015, 5000), (2016, 6000), (2020, 6000)])
def test_5_11_a_years_line_is_its_own_or_the_nearest_one(year: int, line: int) -> None:
    terms = parse_pack(changed(line={"2014": 4000, "2015": 5000, "2016": 6000})).monitoring
    assert terms and terms.line_of(year) == line


def test_5_11_a_body_decides_who_is_watched_and_everybody_hears_only_how_many() -> None:
    county = watching()
    county.do(open_("M1", "H1", "H2", "H3"))
    assert proposed(county) == [("watch", "marginal", date(2014, 7, 16))], "the unstable are being decided on"
    said = decided(county, "M1", H1=True, H2=True, H3=False)
    [told] = of_type(said, HouseholdsMonitored)
    assert (told.watch_class, told.households, told.sealing) == ("unstable", ("H1", "H2"), "always")
    [count] = of_type(said, MonitoringCounted)
    assert (count.watched, count.watched_persons) == ({"unstable": 2}, {"unstable": 6})
    assert (is_watched(county, "H1"), is_watched(county, "H3")) == ("unstable", ""), "H3 has refused"
    [shown] = counts([county.register], [])
    assert (shown.households, shown.persons, shown.villages) == (2, 6, 1)
    assert ("watch", "unstable") not in [one[:2] for one in proposed(county)], "what was decided is no proposal"


def test_5_11_an_objection_to_one_household_does_not_stop_the_others() -> None:
    county = watching()
    county.do(open_("M1", "H1", "H2"), step("M1", "appraise"), answers("M1", H1=True, H2=True), posted("M1"))
    about = {**AT, "matter": "M1", "objection": 1}
    county.do(c.RaiseObjection(**about, household="H1", ground="有小汽车"))
    county.do(c.DecideObjection(**about, upheld=True, body="county", decided_by="县农业农村局"))
    county.until(BEGUN).do(step("M1", "review"))
    county.do(step("M1", "decide"))
    assert (is_watched(county, "H1"), is_watched(county, "H2")) == ("", "unstable")


def test_5_11_new_facts_propose_again_whom_a_round_left_out_or_refused() -> None:
    county = watching()
    county.do(open_("M1", "H1"))
    refused = county.do(step("M1", "appraise", agreed=0))
    assert of_type(refused, ResolutionRejected)
    county.do(open_("M2", "H2", "H3"), step("M2", "appraise", left_out=("H2", "H3")))
    assert ("watch", "unstable") not in [one[:2] for one in proposed(county)]
    county.until(date(2015, 3, 1)).do(facts(poor("H2"), year=2015))
    assert ("watch", "unstable", date(2015, 3, 16)) in proposed(county)


def test_5_11_a_round_that_is_withdrawn_leaves_its_households_proposed() -> None:
    county = watching()
    before = proposed(county)
    county.do(open_("M1", "H1", "H2", "H3"))
    county.do(c.WithdrawResolution(**AT, matter="M1", **BODY))
    assert proposed(county) == before
    county.do(open_("M1", "H1", "H2", "H3"))
    assert proposed(county) == before[:1]


def report(id: str, code: str, **more: Any) -> c.ReportRisk:
    said: dict[str, Any] = {"source": "self", "on": date(2014, 7, 1), "reported_by": "村委会", **more}
    return c.ReportRisk(**AT, household=id, watch_class=code, **said)


def test_5_11_a_report_proposes_whom_no_income_shows() -> None:
    county = watching()
    county.do(report("H6", "sudden"))
    assert ("watch", "sudden", date(2014, 7, 16)) in proposed(county)
    county.do(c.WithdrawRisk(**AT, household="H6", **BODY))
    assert ("watch", "sudden", date(2014, 7, 16)) not in proposed(county)
    county.do(report("H6", "sudden"), open_("M1", "H6", code="sudden"))
    decided(county, "M1", H6=True)
    assert is_watched(county, "H6") == "sudden"


@pytest.mark.parametrize(
    ("command", "status", "field"),
    [
        (report("H77", "sudden"), 404, "household"),
        (report("H1", "distant"), 422, "watch_class"),
        (report("H6", "unstable"), 422, "watch_class"),
        (report("H6", "sudden", on=date(2015, 1, 1)), 422, "on"),
        (open_("M9", "H6"), 422, "members"),
        (open_("M9", "H77"), 422, "members"),
        (open_("M9"), 422, "members"),
        (open_("M9", "H1", code="distant"), 422, "subject_code"),
        (open_("M9", "H1", body="county"), 422, "body"),
        (open_("M9", "H1", body=None), 422, "body"),
        (open_("M9", "H1", kind="ease"), 422, "members"),
        (visit("H1", BEGUN), 409, "household"),
        (again(report("H1", "sudden"), village=OTHER), 404, None),
    ],
)
def test_5_11_who_is_not_known_not_in_the_class_or_not_entitled_is_refused(
    command: Any, status: int, field: str
) -> None:
    refused = watching().refusal(command)
    assert (refused.status, refused.field) == (status, field)


def test_5_11_visits_are_owed_in_turn_and_what_is_missed_is_told_once() -> None:
    county = watched()
    [owed] = [task for task in county.tasks if task.action == "household-reviews"]
    assert (owed.role, owed.due, owed.about) == ("team", date(2014, 10, 9), VILLAGE)
    county.until(date(2014, 10, 1)).do(visit("H1", date(2014, 10, 1)))
    county.until(date(2014, 12, 1))
    [late] = county.world.said(MonitoringOverdue)
    assert (late.late, late.due, late.owed_by) == (1, date(2014, 10, 9), "team")
    county.do(visit("H2", date(2014, 12, 1)))
    county.until(date(2015, 1, 2))
    assert [one.due for one in county.world.said(MonitoringOverdue)] == [date(2014, 10, 9), date(2015, 1, 1)]


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (visit("H1", date(2014, 7, 8)), "on"),
        (visit("H1", date(2014, 9, 2)), "on"),
        (visit("H1", date(2014, 9, 1), eased=True), "eased"),
        (visit("H1", date(2014, 9, 1), body="county"), "body"),
    ],
)
def test_5_11_a_visit_that_cannot_be_is_refused(command: Any, field: str) -> None:
    assert watched().until(date(2014, 9, 1)).refusal(command).field == field


def eased() -> County:
    """H1 was found at less risk after half a year, and its removal is on the way: the round is opened."""
    county = watched().until(date(2015, 1, 12))
    county.do(visit("H1", date(2015, 1, 12), eased=True))
    assert ("ease", "unstable", date(2015, 1, 27)) in proposed(county)
    county.do(open_("E1", "H1", kind="ease"))
    return county


def test_5_11_risk_is_removed_by_a_body_after_the_time_of_observation() -> None:
    county = watched()
    assert "观察期" in county.refusal(open_("E0", "H1", kind="ease")).zh
    county = eased()
    assert ("ease", "unstable") not in [one[:2] for one in proposed(county)]
    said = decided(county, "E1", "ease")
    [told] = of_type(said, HouseholdsCleared)
    assert told.households == ("H1",) and counted(county) == {"unstable": 1}
    assert is_watched(county, "H1") == ""
    assert county.refusal(visit("H1", county.world.today)).status == 409


def test_5_11_a_household_is_watched_again_after_its_risk_was_removed() -> None:
    county = eased()
    decided(county, "E1", "ease")
    county.do(open_("M0", "H3"), step("M0", "appraise", left_out=("H3",)))
    county.until(date(2015, 3, 1)).do(facts(poor("H1"), year=2015))
    assert ("watch", "unstable", date(2015, 3, 16)) in proposed(county)
    county.do(open_("M2", "H1"))
    decided(county, "M2", H1=True)
    assert counted(county) == {"unstable": 2}


def test_5_11_a_class_changes_by_a_round_and_comes_back_when_that_is_taken_back() -> None:
    county = watched()
    assert county.refusal(open_("M2", "H1")).field == "members"
    county.do(report("H1", "sudden", on=BEGUN), open_("M2", "H1", code="sudden"))
    decided(county, "M2", H1=True)
    assert counted(county) == {"unstable": 1, "sudden": 1}
    first = c.WithdrawStep(**AT, matter="M1", step="watch_decide", **BODY)
    assert "H1" in county.refusal(first).zh, "a later decision rests on it"
    county.do(c.WithdrawStep(**AT, matter="M2", step="watch_decide", **BODY))
    assert counted(county) == {"unstable": 2} and is_watched(county, "H1") == "unstable"
    county.do(first)
    assert counted(county) == {} and county.register.households["H1"].watch is None


def test_5_11_a_removal_of_risk_is_taken_back() -> None:
    county = eased()
    decided(county, "E1", "ease")
    county.do(c.WithdrawStep(**AT, matter="E1", step="ease_decide", **BODY))
    assert (counted(county), is_watched(county, "H1")) == ({"unstable": 2}, "unstable")


def test_5_11_whose_risk_another_round_removed_is_not_watched_again_when_one_is_taken_back() -> None:
    county = eased()
    decided(county, "E1", "ease")
    county.do(visit("H2", county.world.today, eased=True), open_("E2", "H2", kind="ease"))
    decided(county, "E2", "ease")
    assert counted(county) == {}
    county.do(c.WithdrawStep(**AT, matter="E2", step="ease_decide", **BODY))
    assert counted(county) == {"unstable": 1} and is_watched(county, "H1") == ""


def test_5_11_a_removal_of_risk_is_proposed_by_the_latest_visit_alone() -> None:
    county = watched().until(date(2015, 1, 12))
    county.do(visit("H1", date(2015, 1, 12), eased=True))
    assert ("ease", "unstable", date(2015, 1, 27)) in proposed(county)
    county.until(date(2015, 1, 20)).do(visit("H1", date(2015, 1, 20)))
    assert ("ease", "unstable") not in [one[:2] for one in proposed(county)], "the risk is there again"


def test_5_11_a_visit_proposes_again_a_removal_of_risk_that_was_refused() -> None:
    county = eased()
    county.do(step("E1", "appraise", "ease", agreed=0))
    assert ("ease", "unstable") not in [one[:2] for one in proposed(county)]
    county.until(date(2015, 4, 10)).do(visit("H1", date(2015, 4, 10), eased=True))
    assert ("ease", "unstable", date(2015, 4, 25)) in proposed(county)
    county.until(date(2015, 4, 12)).do(visit("H1", date(2015, 4, 12), eased=True))
    assert ("ease", "unstable", date(2015, 4, 25)) in proposed(county), "the first of these visits counts"


def test_5_11_a_report_counts_though_it_tells_of_a_day_before_the_latest_round() -> None:
    county = watching()
    county.do(open_("M1", "H1"), step("M1", "appraise", agreed=0))
    county.until(date(2014, 7, 10)).do(report("H1", "sudden", on=date(2014, 7, 1)))
    assert ("watch", "sudden", date(2014, 7, 16)) in proposed(county)
    county.do(open_("M2", "H1", code="sudden"))
    assert ("watch", "sudden") not in [one[:2] for one in proposed(county)]
    county.do(c.WithdrawResolution(**AT, matter="M2", **BODY))
    assert ("watch", "sudden", date(2014, 7, 16)) in proposed(county)


def test_5_11_a_household_that_leaves_its_village_in_the_middle_of_a_round_is_proposed_in_the_new_one() -> None:
    county = watching()
    county.do(report("H6", "sudden"), open_("M1", "H2", "H3"), open_("M2", "H6", code="sudden"))
    part = c.NewVillage(code=OTHER, name="新村", township="小市镇", population=300, households=("H2", "H6"))
    said: dict[str, Any] = {"since": county.world.today, "document": "县政发〔2014〕9号", "decided_by": "县政府"}
    county.do(c.SplitVillage(**AT, parts=(part,), **said))
    there = {(task.about, task.answer["subject_code"]) for task in county.tasks if task.action == "resolutions"}
    assert there >= {(OTHER, "unstable"), (OTHER, "sudden")}


def test_5_11_what_rounds_have_decided_stands_after_a_merger() -> None:
    county = eased()
    decided(county, "E1", "ease")
    county.do(
        c.RegisterVillage(**{**AT, "village": OTHER}, name="下石村", township="小市镇", population=500, listed=False)
    )
    merge: dict[str, Any] = {"since": county.world.today, "document": "县政发〔2014〕9号", "decided_by": "县政府"}
    county.do(c.MergeVillages(place=PLACE, village=OTHER, merged=(VILLAGE,), **merge))
    register: Register = county.world.state("registry", Register, OTHER)
    assert register.households["H1"].considered and register.households["H2"].watch


def test_5_11_a_named_body_ends_the_monitoring_of_a_household_that_has_moved() -> None:
    county = eased()
    removal = c.WithdrawHousehold(**AT, household="H1", **BODY)
    assert "监测" in county.refusal(removal).zh
    told = county.do(c.WithdrawMonitoring(**AT, household="H1", **BODY))
    [withdrawn] = of_type(told, MonitoringWithdrawn)
    assert (withdrawn.household, withdrawn.watch_class, withdrawn.sealing) == ("H1", "unstable", "always")
    assert counted(county) == {"unstable": 1} and not county.do(c.WithdrawMonitoring(**AT, household="H1", **BODY))
    ended = county.do(step("E1", "appraise", "ease"))
    assert of_type(ended, ResolutionRejected), "nobody is left in the round"
    county.do(removal)


def test_5_11_who_is_watched_goes_along_when_villages_are_merged_or_split() -> None:
    county = watched()
    at = {**AT, "village": OTHER}
    county.do(c.RegisterVillage(**at, name="下石村", township="小市镇", population=500, listed=False))
    county.do(again(facts(poor("H1")), village=OTHER))
    merge: dict[str, Any] = {"since": county.world.today, "document": "县政发〔2014〕9号", "decided_by": "县政府"}
    said = county.do(c.MergeVillages(place=PLACE, village=OTHER, merged=(VILLAGE,), **merge))
    counts = [(one.village, one.watched) for one in of_type(said, MonitoringCounted)]
    assert sorted(counts) == [(VILLAGE, {"unstable": 0}), (OTHER, {"unstable": 2})]
    new: Register = county.world.state("registry", Register, OTHER)
    assert new.households[f"{VILLAGE}-H1"].watch and new.households["H1"].watch is None
    part = c.NewVillage(code="210521100203", name="新村", township="小市镇", population=300, households=("H2",))
    said = county.do(c.SplitVillage(place=PLACE, village=OTHER, parts=(part,), **merge))
    counts = [(one.village, one.watched) for one in of_type(said, MonitoringCounted)]
    assert sorted(counts) == [(OTHER, {"unstable": 1}), ("210521100203", {"unstable": 1})]


def test_5_11_a_village_that_is_merged_in_the_middle_of_a_round_has_its_households_proposed_there() -> None:
    county = watching()
    at = {**AT, "village": OTHER}
    county.do(c.RegisterVillage(**at, name="下石村", township="小市镇", population=500, listed=False))
    county.do(open_("M1", "H1", "H2", "H3"), step("M1", "appraise"))
    merge: dict[str, Any] = {"since": county.world.today, "document": "县政发〔2014〕9号", "decided_by": "县政府"}
    county.do(c.MergeVillages(place=PLACE, village=OTHER, merged=(VILLAGE,), **merge))
    assert {(task.about, task.answer["subject_code"]) for task in county.tasks if task.action == "resolutions"} == {
        (OTHER, "marginal"),
        (OTHER, "unstable"),
    }


def test_5_11_a_round_keeps_its_steps_and_visits_end_where_the_new_pack_watches_nobody() -> None:
    county = watched()
    county.do(open_("M2", "H3"), step("M2", "appraise"))
    plain = {key: part for key, part in WATCHED.items() if key != "monitoring"}
    plain |= {"procedures": WATCHED["procedures"][: -len(PROCEDURES)], "version": "2105-2014.2"}
    county.do(c.AdoptPolicy(place=CITY, pack={**plain, "effective_from": date(2014, 8, 1)}, adopted_by="市委"))
    county.until(date(2014, 11, 1))
    assert not county.world.said(MonitoringOverdue)
    assert not [task for task in county.tasks if task.action in ("household-reviews", "resolutions")]
    county.do(answers("M2", H3=True), posted("M2"))
    county.until(date(2014, 11, 10)).do(step("M2", "review"))
    county.do(step("M2", "decide"))
    assert counted(county) == {"unstable": 3}
    assert county.refusal(visit("H1", county.world.today)).status == 409
    county.do(c.WithdrawMonitoring(**AT, household="H1", **BODY))
    assert counted(county) == {"unstable": 2}


def test_5_11_later_facts_change_the_people_that_are_counted() -> None:
    county = watched()
    said = county.sure(facts(household("H1", 5, 3000), poor("H2")))
    [count] = of_type(said, MonitoringCounted)
    assert (count.watched, count.watched_persons) == ({"unstable": 2}, {"unstable": 8})


def test_5_11_who_is_watched_is_shown_to_operators_only() -> None:
    register = watched().register
    assert register.shown(to_operator=True) == register
    assert all(not one.watch and not one.considered for one in register.shown().households.values())
    assert register.shown().watched == {"unstable": 2}
    county = watching()
    county.do(open_("M1", "H1"))
    assert Register.hides in encode_state(county.register).decode(), "a round alone is hidden in queries as well"
    county = watching()
    county.do(report("H6", "sudden"))
    assert Register.hides in encode_state(county.register).decode()


def test_5_11_the_households_of_a_round_on_who_is_watched_are_shown_to_operators_only() -> None:
    county = watching()
    county.do(open_("M1", "H1"), step("M1", "appraise"))
    round: Resolution = county.world.state("registry", Resolution, f"{VILLAGE}/M1")
    assert b"H1" not in encode_state(round.shown()) and not Resolution.hides
    assert round.shown(to_operator=True) == round


def changed(**section: Any) -> dict[str, Any]:
    return {**WATCHED, "monitoring": {**MONITORING, **section}}


@pytest.mark.parametrize(
    ("pack", "wrong"),
    [
        ({**WATCHED, "procedures": WATCHED["procedures"][:-1]}, "clear"),
        ({key: part for key, part in WATCHED.items() if key != "monitoring"}, "[monitoring]"),
        (changed(reviewed_by="operator"), "reviewed_by"),
        (changed(review_every={"working_days": 20}), "review_every"),
        (changed(line={"2013": 4000}), "2014"),
        (changed(line={"2014": 4000, "2015": 42_000}), "42000"),
        (changed(classes=[*MONITORING["classes"], MONITORING["classes"][2]]), "sudden"),
        (changed(classes=[{**one, "of": "any", "by_income": True} for one in MONITORING["classes"]]), "by_income"),
    ],
)
def test_5_11_a_pack_that_cannot_watch_anybody_is_refused(pack: dict[str, Any], wrong: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(pack)
    assert wrong in str(refused.value)


@pytest.mark.parametrize(
    ("round", "wrong"),
    [
        ({"steps": PROCEDURES[1]["steps"][:1]}, "notice"),
        ({"steps": [*PROCEDURES[1]["steps"], PROCEDURES[1]["steps"][1] | {"name": "again"}]}, "notice"),
        ({"proposed_by": "county"}, "proposed_by"),
        ({"proposed_by": None}, "proposed_by"),
        ({"members": None}, "members"),
        ({"subjects": {"a": "类别"}}, "subjects"),
    ],
)
def test_5_11_a_round_that_watches_without_notice_or_by_its_own_decision_is_refused(
    round: dict[str, Any], wrong: str
) -> None:
    asked = {field: value for field, value in {**PROCEDURES[1], **round}.items() if value is not None}
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**WATCHED, "procedures": [*WATCHED["procedures"][:-1], asked]})
    assert wrong in str(refused.value)


def test_5_11_a_report_fits_the_household_and_is_taken_back_once() -> None:
    county = watching()
    report = c.ReportRisk(
        **AT, household="H5", watch_class="unstable", source="self", on=date(2014, 7, 1), reported_by="村"
    )
    refused = county.refusal(report)
    assert (refused.field, refused.status) == ("watch_class", 422) and "H5 cannot be unstable" in refused.en
    county.do(again(report, watch_class="sudden"))
    back = c.WithdrawRisk(**AT, household="H5", **BODY)
    assert ("watch", "sudden") in {one[:2] for one in proposed(county)}
    county.do(back)
    assert ("watch", "sudden") not in {one[:2] for one in proposed(county)} and county.do(back) == []


def test_5_11_a_withdrawn_round_does_not_propose_again_whom_another_round_is_about() -> None:
    county = watching()
    county.do(report("H6", "sudden"), open_("M1", "H2"), open_("M2", "H6", code="sudden"))
    county.do(c.WithdrawResolution(**AT, matter="M1", **BODY))
    assert [one[1] for one in proposed(county) if one[0] == "watch"] == ["marginal", "unstable"]
    county.do(c.WithdrawResolution(**AT, matter="M2", **BODY))
    assert [one[1] for one in proposed(county) if one[0] == "watch"] == ["marginal", "sudden", "unstable"]


def test_5_11_the_round_that_lifts_a_household_speaks_not_against_watching_it() -> None:
    county = watching({**WATCHED, "procedures": [*WATCHED["procedures"], rounds.ROUND]})
    assert [one[1] for one in proposed(county)] == ["marginal"], "nobody has been lifted yet"
    county.do(again(rounds.OPEN, members=("H1", "H2")), rounds.step("appraise"), rounds.answered(H1=True, H2=True))
    county.do(c.PostNotice(**rounds.OF, body="village", posted_by="村"))
    county.until(date(2014, 7, 9)).do(rounds.step("review"), rounds.step("announce"))
    county.sure(facts(household("H7", 5)))
    assert [one[1] for one in proposed(county)] == ["marginal", "unstable"]


def test_5_11_each_task_of_a_watched_village_names_the_village_that_answers_it() -> None:
    tasks = {task.action: task.answer for task in watched().tasks if task.action != "measurements"}
    assert tasks.keys() == {"resolutions", "household-reviews"}
    assert {(of["place"], of["village"]) for of in tasks.values()} == {(PLACE, VILLAGE)}
