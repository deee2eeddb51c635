"""What a pack says and the rules would take otherwise, or what nobody could keep, is refused when it is checked."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from shared.policy import Campaign, PolicyInvalid, find_doubts, parse_pack
from shared.policy.parties import PartyKind, of_villages
from shared.policy.shipped import FILES, base, content
from tests.support.edits import edited
from tests.support.packs import CONTACT, PACK

TRAINING: dict[str, Any] = {
    "kind": "lessons",
    "label": "轮训",
    "rule": "S3:第一项",
    "by": "organisation",
    "held_by": ["organisation", "county"],
    "groups": {"resident": "驻村干部"},
}
CLERKS: dict[str, Any] = {"kind": "clerk", "label": "扶贫专干", "parents": ["village"], "personal": True}
RATED: dict[str, Any] = {
    "kind": "rating",
    "label": "专干评议",
    "rule": "S3:第四项",
    "of": "clerk",
    "opens": {"month": 11, "day": 1},
    "decides": "township",
    "decide_within": {"months": 1},
    "channels": [{"channel": "scores", "label": "乡镇评分", "weight": 100, "how": "panel", "by": "township"}],
    "grades": [{"name": "able", "label": "胜任", "at_least": 60}, {"name": "unable", "label": "不胜任", "at_least": 0}],
}
PAID: dict[str, Any] = {
    "kind": "pay",
    "label": "专干补助",
    "rule": "S3:第四项",
    "of": "clerk",
    "confirmed_by": "finance",
    "confirm_within": {"calendar_days": 10},
    "parts": [{"code": "basic", "label": "基本补助", "yuan": 900}],
}
MOVED: dict[str, Any] = {
    "kind": "promoted",
    "label": "选拔",
    "clause": "S3:第四项",
    "on": "inspection.appraisal.graded",
    "when": {"kind": ["rating"], "grade": ["able"]},
    "subject": "village_cadre",
    "decides": "organisation",
    "decide_by": {"after": "proposal", "within": {"calendar_days": 30}},
}


def faults_of(**said: Any) -> list[tuple[str, str]]:
    """Where something is wrong with Benxi's pack if it says this as well, and what, in English; nothing if it is
    taken."""
    try:
        parse_pack({**PACK, **said})
    except PolicyInvalid as refusal:
        assert all(fault.zh for fault in refusal.faults)
        return [(fault.where, fault.en) for fault in refusal.faults]
    return []


def refused(found: Sequence[tuple[str, str]], where: str, says: str) -> bool:
    """Whether this one thing is wrong."""
    return [at for at, _ in found] == [where] and says in found[0][1]


def entries(section: str, kind: str, **said: Any) -> dict[str, Any]:
    """A list of Benxi's pack in which one entry says something else."""
    return {section: [{**one, **said} if one["kind"] == kind else one for one in PACK[section]]}


def ledger(**said: Any) -> list[tuple[str, str]]:
    return faults_of(**entries("commitments", "ledger", **said))


# ----------------------------------------------------------------- other years


def test_2_19_draws_that_meet_in_a_later_year_only_are_refused() -> None:
    every = {"every": {"months": 7}, "from": date(2014, 3, 31)}  # Which begins in April first in 2018.
    met = entries("campaigns", "unannounced", opens=[every, {"month": 4, "day": 15}], lasts={"calendar_days": 20})
    assert refused(faults_of(**met), "campaigns[0].opens", "of 15 April lasts until 05 May, when the next has begun")
    apart = entries("campaigns", "unannounced", opens=[every, {"month": 4, "day": 15}], lasts={"calendar_days": 14})
    assert not faults_of(**apart)


def test_2_21_a_campaign_whose_score_counts_opens_in_every_year_and_not_only_in_the_next() -> None:
    seldom = [{"every": {"months": 18}, "from": date(2014, 6, 1)}]
    found = faults_of(**entries("campaigns", "annual", opens=seldom))
    assert refused(found, "campaigns[3].opens", "or there is no score, as in 2016")


def test_3_7_a_campaign_of_every_second_year_does_not_visit_each_village_each_year() -> None:
    annual = parse_pack(PACK).campaign("annual")
    seldom = entries("campaigns", "half_year", opens=[{"every": {"years": 2}, "from": date(2014, 6, 20)}], scored=False)
    inputs = [one for one in PACK["assessment"]["inputs"] if one["channel"] != "half_year"]
    inputs[-1] = {**inputs[-1], "weight": 100 - sum(one["weight"] for one in inputs[:-1])}
    pack = parse_pack({**PACK, **seldom, "assessment": {**PACK["assessment"], "inputs": inputs}})
    every_second = pack.campaign("half_year")
    assert isinstance(annual, Campaign) and annual.visits_each
    assert isinstance(every_second, Campaign) and not every_second.visits_each


def test_a_burden_that_the_pack_itself_exceeds_in_a_later_year_is_refused() -> None:
    tour = {
        **PACK["campaigns"][2],
        "kind": "tour",
        "label": "巡查",
        "scored": False,
        "opens": [{"every": {"months": 7}, "from": date(2014, 1, 10)}],
    }
    burden = {"rule": "S3:第四项", "visits": 1, "merge_within": 3}
    found = faults_of(campaigns=[*PACK["campaigns"], tour], burden=burden)
    assert refused(found, "burden.visits", "the pack itself visits every village 2 times, more than 1")
    assert not faults_of(burden=burden)


@pytest.mark.parametrize(
    ("first", "last", "is_taken"),
    [((2, 29), (2, 28), False), ((2, 28), (2, 29), True), ((2, 29), (2, 29), True)],
)
def test_5_1_the_days_on_which_figures_are_taken_are_in_order_in_leap_years_too(
    first: tuple[int, int], last: tuple[int, int], is_taken: bool
) -> None:
    window = {
        "measure_from": dict(zip(("month", "day"), first, strict=True)),
        "measure_by": dict(zip(("month", "day"), last, strict=True)),
    }
    found = faults_of(exit={**PACK["exit"], **window})
    assert (not found) if is_taken else refused(found, "exit.measure_by", "it must lie after")


def test_5_12_seasons_that_meet_in_years_without_a_29_february_are_refused() -> None:
    spring = {"label": "春耕", "from": {"month": 2, "day": 29}, "until": {"month": 3, "day": 31}, "days": 25}
    winter = {"label": "冬闲", "from": {"month": 11, "day": 1}, "until": {"month": 2, "day": 28}, "days": 15}
    presence = {
        "rule": "S3:第四项",
        "days": 20,
        "by": "township",
        "owed_by": "unit",
        "count_by": {"after": "month", "within": {"calendar_days": 10}},
    }
    found = faults_of(presence={**presence, "seasons": [winter, spring]})
    assert refused(found, "presence.seasons[1].from", "“春耕” and “冬闲” have a day in common, such as 2015-02-28")
    since_march = {**spring, "from": {"month": 3, "day": 1}}
    assert not faults_of(presence={**presence, "seasons": [winter, since_march]})


def spans(part: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where lengths of time stand in a pack."""
    if isinstance(part, dict) and part and part.keys() <= {"calendar_days", "working_days", "months", "years", "roll"}:
        yield at
    elif isinstance(part, dict | list):
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from spans(inner, (*at, key))


@pytest.mark.parametrize(
    "name",
    ["term", "remind", "extension", "keep_after_exit", "monitor_for", "lasts", "impact", "observe", "propose_within",
     "review_every", "confirm_within", "cadres", "persons", "statements", "callers", "readings"],
)  # fmt: skip
def test_a_time_whose_end_is_told_when_it_begins_does_not_depend_on_holidays(name: str) -> None:
    file, at = next((file.stem, at) for file in FILES for at in spans(content(file.stem)) if at[-1] == name)
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack(edited(content(file), at, {"working_days": 5}), base)
    found = [fault for fault in refused.value.faults if fault.path == at]
    assert any("years, months or calendar days" in fault.en and "不按工作日" in fault.zh for fault in found), (
        refused.value.faults
    )


def test_persons_of_villages_are_those_who_belong_to_nothing_else() -> None:
    kinds = (
        {"kind": "clerk", "parents": ["village"], "personal": True},
        {"kind": "project", "parents": ["village"]},
        {"kind": "talent", "parents": ["village", "township"], "personal": True},
        {"kind": "envoy", "parents": ["county"], "personal": True},
    )
    known = msgspec.convert([{**kind, "label": "某类"} for kind in kinds], tuple[PartyKind, ...])
    assert of_villages(known) == ["clerk"]


# ------------------------------------------------------------- the year before


def test_2_4_a_reconciliation_before_the_years_ledger_must_be_set_is_refused() -> None:
    early = [{"month": 1, "day": 15, "within": {"calendar_days": 10}}, {"month": 6, "day": 30}]
    found = ledger(yearly={"month": 2, "day": 28}, reconcile=early)
    assert refused(found, "commitments[3].reconcile", "of 15 January would be this year's")
    assert not ledger(yearly={"month": 1, "day": 15}, reconcile=early)


def test_2_4_a_ledger_is_not_settled_before_its_last_reconciliation_is_over() -> None:
    last = [{"month": 12, "day": 31, "within": {"calendar_days": 15}}]
    found = ledger(reconcile=last, settle={"month": 1, "day": 14})
    assert refused(found, "commitments[3].settle", "is reconciled until 2016-01-15")
    assert not ledger(reconcile=last, settle={"month": 1, "day": 15})
    several = [{"month": 6, "day": 30}, *last]
    assert refused(
        ledger(reconcile=several, settle={"month": 1, "day": 14}), "commitments[3].settle", "until 2016-01-15"
    )


def test_2_21_an_assessment_that_opens_in_spring_is_no_years_that_can_be_said() -> None:
    terms = {**PACK["assessment"], "inputs": [{"channel": "ballot", "weight": 100}]}
    found = faults_of(assessment={**terms, "opens": {"month": 6, "day": 30}})
    assert refused(found, "assessment.opens", "looks like that of the year before")
    assert not faults_of(assessment={**terms, "opens": {"month": 7, "day": 1}})
    of_spring = faults_of(parties=[CLERKS], appraisals=[{**RATED, "opens": {"month": 1, "day": 10}}])
    assert refused(of_spring, "appraisals[0].opens", "one that opens on 10 January looks like that of the year before")


# --------------------------------------------------------- what nobody could do


@pytest.mark.parametrize("said", ["presence", "links"])
def test_5_12_what_is_counted_each_month_is_asked_for_within_a_year(said: str) -> None:
    def counted(within: dict[str, int]) -> list[tuple[str, str]]:
        if said == "presence":
            count_by = {"after": "month", "within": within}
            return faults_of(
                presence={"rule": "S3:第四项", "days": 20, "by": "township", "owed_by": "unit", "count_by": count_by}
            )
        visits = {"at_least": 1, "every": "month", "by": "village", "owed_by": "county"}
        visits["count_by"] = {"after": "period", "within": within}
        return faults_of(links=[*PACK["links"], {**CONTACT, "visits": visits}])

    where = "presence.count_by.within" if said == "presence" else "links[1].visits.count_by.within"
    assert refused(counted({"months": 13}), where, "it is a year at most")
    assert not counted({"months": 12})


def test_2_12_who_records_who_came_to_a_course_may_hold_one() -> None:
    found = faults_of(training=[{**TRAINING, "held_by": ["county"]}])
    assert refused(found, "training[0].held_by", "organisation records who came")
    assert not faults_of(training=[TRAINING])


@pytest.mark.parametrize("parents", [["township"], ["village", "township"]])
def test_0_11_whoever_does_not_belong_to_villages_alone_is_paid_in_none(parents: list[str]) -> None:
    found = faults_of(parties=[{**CLERKS, "parents": parents}], statements=[PAID])
    assert refused(found, "statements[0].of", "clerk does not belong to villages alone")
    assert not faults_of(parties=[CLERKS], statements=[PAID])


def test_2_15_what_follows_from_a_grade_follows_for_persons_of_villages_only() -> None:
    outcomes = [*PACK["outcomes"], MOVED]
    assert not faults_of(parties=[CLERKS], appraisals=[RATED], outcomes=outcomes)
    found = faults_of(parties=[{**CLERKS, "parents": ["township"]}], appraisals=[RATED], outcomes=outcomes)
    assert refused(found, "outcomes[7].on", "nobody who belongs to a village alone is assessed")
    of_villages = {**RATED, "kind": "villages", "label": "村考核", "of": "village"}
    other = {**MOVED, "when": {"kind": ["villages"]}}
    found = faults_of(parties=[CLERKS], appraisals=[RATED, of_villages], outcomes=[*PACK["outcomes"], other])
    assert refused(found, "outcomes[7].when.kind", "kind is never villages; it is one of rating")


def test_2_15_a_grade_that_the_named_assessment_does_not_have_is_refused() -> None:
    grades = [{"name": "good", "label": "好", "at_least": 50}, {"name": "bad", "label": "差", "at_least": 0}]
    other = {**RATED, "kind": "study", "label": "专干研判", "grades": grades}
    found = faults_of(
        parties=[CLERKS],
        appraisals=[RATED, other],
        outcomes=[*PACK["outcomes"], {**MOVED, "when": {"kind": ["rating"], "grade": ["good"]}}],
    )
    assert refused(found, "outcomes[7].when.grade", "grade is never good; it is one of able, unable")


def test_5_1_a_criterion_that_no_village_can_meet_is_refused() -> None:
    factory = {"figure": "factory", "label": "扶贫车间（座）", "at_least": 20, "mover": "unit"}
    terms = {**PACK["exit"], "criteria": [*PACK["exit"]["criteria"], factory]}
    indicator = {"figure": "factory", "label": "扶贫车间（座）", "unit": "座"}
    assert not faults_of(exit=terms, indicators=[{**indicator, "most": 20}])
    found = faults_of(exit=terms, indicators=[{**indicator, "most": 19}])
    assert refused(found, "indicators[0].most", "values lie between 0 and 19, and the exit criterion is at least 20")
    found = faults_of(exit=terms, indicators=[{**indicator, "of": "county"}])
    assert refused(found, "indicators[0].of", "factory is an exit criterion, and so a village's figure")


def test_5_1_a_share_that_seems_to_be_written_in_per_cent_is_doubted() -> None:
    covered = {"figure": "covered", "label": "广播电视覆盖率", "at_least": 99, "mover": "county"}
    terms = {**PACK["exit"], "criteria": [*PACK["exit"]["criteria"], covered]}
    (doubt,) = find_doubts(parse_pack({**PACK, "exit": terms}))
    assert doubt.where == f"exit.criteria[{len(PACK['exit']['criteria'])}]" and "99 % is 0.99" in doubt.en
    sound = {**PACK["exit"], "criteria": [*PACK["exit"]["criteria"], {**covered, "at_least": 0.99}]}
    assert not [*find_doubts(parse_pack({**PACK, "exit": sound}))]


# ------------------------------------------------------------ codes of two names

DECIDED: dict[str, Any] = {
    "kind": "matter",
    "label": "一般事项",
    "rule": "S3:第四项",
    "effect": "decide",
    "steps": [{"name": "vote", "label": "表决", "kind": "decide", "by": "village", "within": {"calendar_days": 30}}],
}
EXPERT = {**CONTACT, "kind": "expert", "label": "专家", "skills": {"growing": "种植"}}


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"outcomes": [*PACK["outcomes"], {**PACK["outcomes"][0], "kind": "annual"}]}, "outcomes[7].label"),
        ({"checklists": [{"kind": "meeting", "label": "三会一课", "rule": "S3:第四项", "by": "village",
                          "items": {"branch": "支部党员大会"}, "when": [{"month": 12, "day": 1}]}]},
         "checklists[0].label"),
        ({"procedures": [*PACK["procedures"], DECIDED,
                         {**DECIDED, "kind": "other", "label": "另一类事项",
                          "steps": [{**DECIDED["steps"][0], "label": "议决"}]}]},
         f"procedures[{len(PACK['procedures']) + 1}].steps[0].label"),
        ({"procedures": [*PACK["procedures"], {**DECIDED, "subjects": {"road": "修路"}},
                         {**DECIDED, "kind": "other", "label": "另一类事项", "subjects": {"road": "道路养护"}}]},
         f"procedures[{len(PACK['procedures']) + 1}].subjects.road"),
        ({"links": [*PACK["links"], EXPERT, {**EXPERT, "kind": "adviser", "label": "顾问",
                                             "skills": {"growing": "种茶"}}]},
         "links[2].skills.growing"),
        ({"parties": [{**CLERKS, "fields": [
            {"field": "post", "label": "职务", "one_of": {"head": "站长", "other": "其他岗位"}},
            {"field": "school", "label": "学历", "one_of": {"college": "大专", "other": "大专以下"}}]}]},
         "parties[0].fields[1].one_of.other"),
        ({"training": [TRAINING, {**TRAINING, "kind": "camp", "label": "集训", "groups": {"resident": "队员"}}]},
         "training[1].groups.resident"),
        ({"campaigns": [{**one, "facets": [{"code": "work", "label": label, "share": one.get("share", 1.0)}]}
                        for one, label in zip(PACK["campaigns"], ("驻村", "驻村", "履职", "驻村"), strict=True)]},
         "campaigns[2].facets[0].label"),
        ({"campaigns": [{**one, "unreachable": {"by": "discipline", "hindrances": {"snow": label}, "at_most": 3}}
                        for one, label in zip(PACK["campaigns"], ("大雪", "大雪", "大雪", "雪灾"), strict=True)]},
         "campaigns[3].unreachable.hindrances.snow"),
    ],
)  # fmt: skip
def test_a_code_that_would_be_told_by_the_name_of_another_thing_is_refused(said: dict[str, Any], where: str) -> None:
    assert refused(faults_of(**said), where, "elsewhere and")
