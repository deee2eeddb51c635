"""Packs whose fields fit and contradict one another: what is refused, where, and where the border lies."""

import copy
import re
import tomllib
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from shared.policy import PolicyInvalid, parse_pack
from tests.support.packs import PACK
from tests.support.wrong_packs import EXIT, STEPS, all_of, drop, faults_of, find, put, twice

D = date(2014, 6, 1)
ZUNYI_S = {"title": "遵义市党建扶贫“五在村”机制", "jurisdiction": "5203"}


def step(**fields: Any) -> dict[str, Any]:
    return {"name": "extra", "label": "另加", "by": "county", "within": {"calendar_days": 5}, **fields}


def facet(code: str, share: float) -> dict[str, Any]:
    return {"code": code, "label": "帮村", "share": share}


REPLY: dict[str, Any] = {
    "by": "inspection",
    "reply_by": {"after": "inspection.visit.made", "within": {"calendar_days": 5}},
    "decide_by": {"after": "inspection.visit.replied", "within": {"calendar_days": 5}},
}
UNREACHABLE: dict[str, Any] = {"hindrances": {"road_cut": "道路中断"}, "at_most": 20}
SECRETARY: dict[str, Any] = {"kind": "secretary", "label": "村支书", "parents": ["village"], "personal": True}
OFFICE: dict[str, Any] = {"kind": "office", "label": "办公室", "parents": ["county"]}


def cap(figure: str, at_least: int, grade: str) -> dict[str, Any]:
    return {"figure": figure, "at_least": at_least, "grade": grade}


GRADED = "commendation: inspection.assessment.graded"
RITES = "four_deliberations_one_review"
CONTRADICTIONS = [
    (put("assessment.caps.0.grade", "splendid"), "assessment.caps[0].grade", "there is no grade splendid; those are"),
    (put("assessment.review.grades", ["dismal"]), "assessment.review.grades[0]", "there is no grade dismal; those are"),
    (put("assessment.caps.0.grade", "excellent"), "assessment.caps[0].grade", "the best grade, so it limits nothing"),
    (put("assessment.caps", [cap("absences", 1, "incompetent"), cap("absences", 2, "competent")]),
     "assessment.caps[1].grade", "absences at least 2 must leave a worse grade than at least 1 does"),
    (put("campaigns.0.opens", [{"every": {"calendar_days": -3660}, "from": D}]), "campaigns[0].opens[0].every",
     "a cycle has one unit, 1 or more"),
    (put(f"{STEPS}.1.on_objection", "start"), f"{EXIT}[1].on_objection", "leads to start, which is no"),
    (put(f"{STEPS}.1.on_objection", "notice"), f"{EXIT}[1].on_objection", "to an earlier step only"),
    (put(f"{STEPS}.1.on_objection", "approve"), f"{EXIT}[1].on_objection", "to an earlier step only"),
    (put(f"{STEPS}.1.within", {"roll": True}), f"{EXIT}[1].within", "a day at least"),
    (drop(f"{STEPS}.1.on_objection"), f"{EXIT}[1].on_objection", "the notice step notice needs"),
    (put(f"{STEPS}.0.kind", "decide"), EXIT, "it must begin with its only verify step and a notice"),
    (put(f"{STEPS}.2", step(kind="verify")), EXIT, "it must begin with its only verify step"),
    (drop(f"{STEPS}.2"), EXIT, "and end with a decide step"),
    (put(f"{STEPS}.1.within", {"calendar_days": 0}), f"{EXIT}[1].within", "a day at least"),
    (put(f"{STEPS}.0.by", "team"), f"{EXIT}[0].by", "team cannot do this"),
    (put(f"{STEPS}.2.by", "operator"), f"{EXIT}[2].by", "operator cannot do this"),
    (put("outcomes.1.decides", "unit"), "outcomes[1].decides", "unit cannot do this"),
    (put(f"{STEPS}.2.by", "villager"), f"{EXIT}[2].by", "villager cannot do this"),
    (put(f"{STEPS}.1.on_timeout", "approve"), f"{EXIT}[1].on_timeout", "to an earlier step only"),
    (drop(f"{STEPS}.2.on_refusal"), f"{EXIT}[2].on_refusal", "the decide step approve needs on_refusal"),
    (drop(f"{STEPS}.1.answer"), f"{EXIT}[1].answer", "the notice step notice needs answer"),
    (drop(f"{STEPS}.1.notice_for"), f"{EXIT}[1].notice_for", "the notice step notice needs notice_for"),
    (put(f"{STEPS}.0.on_timeout", "notice"), f"{EXIT}[0].on_timeout", "there is none"),
    (put(f"{STEPS}.2.on_timeout", "paid"), f"{EXIT}[2].on_timeout", "leads to paid, which is no step"),
    (put("procedures.1.effect", "decide"), "procedures", "there is no exit"),
    (put("procedures.0.effect", "delist"), "procedures[1].effect", "one way off the list"),
    (put("procedures.0.effect", "lift"), "procedures[0].effect", "go together"),
    (put("procedures.0.members", "household"), "procedures[0].members", "go together"),
    (put("procedures.0.steps.5.kind", "accept"), "procedures[0].steps[5].kind", "no members who could accept"),
    (put("procedures.0.steps.5.kind", "verify"), "procedures[0].steps[5].kind", "only the way off the list"),
    (all_of(put("procedures.0.effect", "lift"), put("procedures.0.members", "household")), "procedures[0].steps",
     "households accept, then follows a notice"),
    (put("procedures.0.effect", "release_fund"), "procedures[0].subjects", "subjects is needed"),
    (put("procedures.0.effect", "release_fund"), "procedures[0].origins", "origins is needed"),
    (put("procedures.0.origins", {"donation": "捐赠"}), "procedures[0].origins", "origins is not for"),
    (put("procedures.1.subjects", {"road": "道路"}), "procedures[1].subjects", "subjects is not for"),
    (all_of(put("procedures.0.effect", "release_fund"), put("procedures.0.steps.4.by", "village")),
     "procedures[0].steps", "the village decides, and so does a body above it"),
    (all_of(put("procedures.0.effect", "release_fund"), put("procedures.0.steps.0.kind", "publish")),
     "procedures[0].steps", "only then something is published"),
    (put("procedures.0.effect", "answer"), "procedures[0].steps", "it has one act step"),
    (all_of(put("procedures.0.effect", "answer"), put("procedures.0.steps.6.kind", "act")),
     "procedures[0].steps", "a publish step after it"),
    (put("procedures.0.steps.0.extensions", 1), "procedures[0].steps[0].extensions", "needs overdue_to"),
    (all_of(*(put(f"{STEPS}.2.{field}", said)
              for field, said in (("extensions", 1), ("overdue_to", "province"), ("on_timeout", "verify")))),
     f"{EXIT}[2].extensions", "no on_timeout"),
    (put("procedures.0.steps.4.overdue_to", "township"), "procedures[0].steps[4].overdue_to", "somebody else"),
    (all_of(put("procedures.0.steps.4.by", "county"), put("procedures.0.steps.4.overdue_to", "township")),
     "procedures[0].steps[4].overdue_to", "township is below county"),
    (put("procedures.0.steps.4.overdue_to", "discipline"), "procedures[0].steps[4].overdue_to", "cannot do this"),
    *((put(f"{STEPS}.2.overdue_to", role), f"{EXIT}[2].overdue_to", "cannot do this") for role in ("team", "unit")),
    (all_of(put("procedures.0.steps.5.on_timeout", "publish_result"), put("procedures.0.steps.6.kind", "act")),
     "procedures[0].steps[5].on_timeout", "leads back to an earlier step only"),
    (put("procedures.1.steps.2.kind", "act"), "procedures[1].steps", "end with a decide step"),
    (put("exit.monitor_for", {"calendar_days": 1}), "exit.monitor_for", "for a year at least"),
    *(
        (put(where, {"roll": True}), re.sub(r"\.(\d+)", r"[\1]", where), "it needs a time")
        for where in (f"{STEPS}.0.within", f"{STEPS}.2.within",
                      "outcomes.1.defence", "outcomes.2.appeals.0.within", "outcomes.2.serve", "findings.0.order",
                      "assessment.review.within", "assessment.review.answer", "links.0.term", "campaigns.0.lasts")
    ),
    *(
        (put(f"{where}.within", {"roll": True}), re.sub(r"\.(\d+)", r"[\1]", where), "it needs its time")
        for where in ("outcomes.1.decide_by", "listing.diagnose_by", "links.0.match_by", "commitments.0.set_by")
    ),
    (put("campaigns.1.lasts", {"months": 1, "calendar_days": -28}), "campaigns[1].lasts", "it needs a time"),
    (put("exit.measure_by", {"month": 11, "day": 10}), "exit.measure_by", "after `measure_from`"),
    (put("exit.poverty_line.2017", 33350), "exit.poverty_line.2017", "a digit too many"),
    (put("exit.poverty_line.2016", 900), "exit.poverty_line.2016", "a digit too many"),
    (put("links.0.each_target", {"at_least": 3, "at_most": 2}), "links[0].each_target.at_most",
     "there is no such team"),
    (put("links.0.suits.lagging_economy", ["农业", "银行", "农业"]), "links[0].suits.lagging_economy",
     "stands there twice"),
    (put("commitments.0.kind", "lettre"), "commitments[0].kind", "no village becomes pledged"),
    (put("commitments.3.reconcile", [{"month": 3, "day": 31}] * 2), "commitments[3].reconcile", "each once"),
    (put("commitments.3.reconcile", [{"month": 6, "day": 30}, {"month": 3, "day": 31}]), "commitments[3].reconcile",
     "from the first to the last"),
    (put("commitments.3.reconcile.0.within", {"calendar_days": 200}), "commitments[3].reconcile", "lasts until"),
    (put("exit.verification.sample.0.at_least", 0), "exit.verification.sample[0].at_least", "bounds nothing"),
    (put("exit.verification.sample.0.at_least", 20), "exit.verification.sample[0].at_least", "60 % is 0.6"),
    (put("exit.verification.sample.1", {"figure": "households", "at_most": 10}),
     "exit.verification.sample[1].at_most", "at_most would not do"),
    (put("effective_from", date(2019, 1, 1)), "exit.poverty_line", "the lines end in 2017"),
    (drop("exit.poverty_line.2016"), "exit.poverty_line", "there is no line for 2016"),
    (drop("exit.poverty_line.2014"), "exit.poverty_line", "there is no line for 2014"),
    (put("commitments.1.set_by.after", "promise"), "commitments[1].set_by.after", "is set after promise"),
    (put("commitments.0.set_by.after", "ledger"), "commitments[0].set_by.after", "letter is set after ledger, which"),
    (put("commitments.1.set_by.after", "three_year_plan"), "commitments[1].set_by.after", "after three_year_plan"),
    (drop("commitments.3.yearly"), "commitments[3]", "ledger is reconciled or settled by the year"),
    (twice("links"), "links[1]", "team occurs twice"),
    (put("links.0.each_bearer", {"at_least": 1, "at_most": 2}), "links[0].each_bearer.at_least", "cannot be obliged"),
    (put("links.0.each_bearer", {}), "links[0].each_bearer", "how many villages a unit's team may serve"),
    (put("links.0.suits.remote", ["交通"]), "links[0].suits.remote", "remote is no problem class"),
    (put("outcomes.0.on", "inspection.visit.made"), "outcomes[0].on", "commendation on inspection.visit.made, which"),
    (put("outcomes.0.when", {"mood": "good"}), "outcomes[0].when.mood", f"{GRADED} has no mood"),
    (put("outcomes.0.when", {"grade": ["splendid"]}), "outcomes[0].when.grade", "grade is never splendid"),
    (put("outcomes.0.when", {"grade": "splendid"}), "outcomes[0].when.grade", "grade is never splendid"),
    (put("outcomes.1.when", {"triggers": ["lazy"]}), "outcomes[1].when.triggers", "triggers is never lazy"),
    (put("outcomes.3.when", {"times": "three"}), "outcomes[3].when.times", "times is never three; it is a whole"),
    (put("outcomes.4.subject", "cadre"), "outcomes[4].subject", "settlement: dispatch.team.released has no leader"),
    (put("outcomes.4", {**PACK["outcomes"][4], "on": "dispatch.commitment.overdue", "subject": "team",
                        "when": {"kind": ["ledger", "letter"]}}),
     "outcomes[4].when", "letter is owed by the unit, for which no team answers"),
    (put("outcomes.2.clause", "S9:第四项"), "outcomes[2].clause", "S9 is none of [documents]"),
    (all_of(put("documents.S2", ZUNYI_S), put("outcomes.2.clause", "S2:二（五）")), "outcomes[2].clause",
     "S2 is a document of division 5203, which"),
    (put("documents.S2", "遵义的文件"), "documents.S2", "say whose it is"),
    (put("procedures.0.rule", "Law:26"), "procedures[0].rule", "Law is none of [documents]"),
    (put("procedures.0.steps.3.rule", "VCL 26"), "procedures[0].steps[3].rule", "a colon and the article"),
    (put("commitments.3.rule", "2.4"), "commitments[3].rule", "2.4 must be a document's short name"),
    (put("campaigns.0.rule", "S3:"), "campaigns[0].rule", "S3: must be a document's short name"),
    *(
        (put(f"{at}.reference", {"document": "S9", "article": "1"}), f"{told}.reference.document", "S9 is none")
        for at, told in (("listing", "listing"), ("exit", "exit"), ("exit.verification", "exit.verification"),
                         ("links.0", "links[0]"), ("assessment", "assessment"))
    ),
    (put("version", "5203-2016.1"), "version", "looks like another region"),
    (put("holidays", [{"kind": "holiday", "days": [D, D], "document": "S3"}]), "holidays[0].days", "occurs twice"),
    (put("holidays", [{"kind": "holiday", "days": [D], "document": "GX"}]), "holidays[0].document", "GX is none of"),
    *(
        (drop(f"outcomes.2.{part}"), f"outcomes[2].{part}", "so it needs defence, and appeals if on a person")
        for part in ("defence", "appeals")
    ),
    (put("outcomes.2.subject", "unit"), "outcomes[2].appeals", "only persons have a status"),
    (put("outcomes.2.appeals.0.direct", {"months": 1}), "outcomes[2].appeals[0].direct", "the first level has none"),
    (drop("outcomes.2.appeals.1.body"), "outcomes[2].appeals[1].body", "is asked first, or not at all"),
    (put("outcomes.2.appeals.1.body", "unit"), "outcomes[2].appeals[1].body", "unit cannot do this"),
    (put("outcomes.2.appeals.1.rule", "S9:1"), "outcomes[2].appeals[1].rule", "S9 is none of [documents]"),
    (put("outcomes.0.serve", {"calendar_days": 3}), "outcomes[0].serve", "nobody appeals against a reward"),
    (put("outcomes.2.subject", "unit"), "outcomes[2].effect", "only a cadre can bear recall"),
    (put("assessment.inputs.2.channel", "rumour"), "assessment.inputs[2].channel", "rumour is no channel"),
    (put("campaigns.2.scored", False), "assessment.inputs[3].channel", "half_year is no channel, and no campaign"),
    (put("assessment.inputs.0.weight", 0.5), "assessment.inputs[0].weight", "written_report can carry no weight"),
    (put("assessment.inputs.4.weight", 40), "assessment.inputs", "the weights make 90, but must make 100"),
    (put("assessment.inputs", PACK["assessment"]["inputs"][:2]), "assessment.inputs", "the weights make 0"),
    (put("findings.0.order", {}), "findings[0].order", "it needs a time"),
    (put("assessment.opens", {"month": 7, "day": 1}), "assessment.opens", "opens 153 days before annual"),
    (drop("campaigns.3.opens"), "campaigns[3].opens", "or there is no score"),
    (put("outcomes.0.when", {"grade": True}), "outcomes[0].when.grade", "never true"),
    (put("assessment.grades.3.at_least", 10), "assessment.grades[3].at_least", "the last grade must begin at 0"),
    (put("assessment.grades.1.at_least", 95), "assessment.grades[1].at_least", "each must begin above the next"),
    (put("campaigns.0.share", 0), "campaigns[0].share", "unannounced draws nothing, since its share is 0"),
    (put("campaigns.2.share", 0.5), "campaigns[2].share", "half_year visits all, so it has no share"),
    (put("campaigns.0.lasts", {"months": 4}), "campaigns[0].opens", "when the next has begun"),
    (put("campaigns.2.visit_days", 30), "campaigns[2].visit_days", "too few for visits on 30"),
    (all_of(put("campaigns.2.lasts", {"years": 1, "calendar_days": -365}), put("campaigns.2.visit_days", 2)),
     "campaigns[2].visit_days", "half_year lasts 1 days, too few for visits on 2"),
    (drop("listing.survey_kinds.problem"), "listing.survey_kinds", "the reserved code problem is missing"),
    (drop("listing.survey_kinds.household_visit"), "listing.survey_kinds", "household_visit is missing"),
    (drop("links.0.suits.weak_governance"), "links[0].suits", "no department suits the problem class weak_governance"),
    (put("links.0.extension", {}), "links[0].extension", "it needs a time"),
    (put("links.0.term", {}), "links[0].term", "it needs a time"),
    (put("links.0.term", {"working_days": 700}), "links[0].term", "neither in working days nor rolled"),
    (put("campaigns.0.lasts", {"calendar_days": -1}), "campaigns[0].lasts", "it needs a time"),
    (put("commitments.0.set_by.within", {"calendar_days": -30}), "commitments[0].set_by.within", "cannot be negative"),
    (put("procedures.0.steps", []), "procedures[0].steps", f"{RITES} needs a step that decides"),
    (put("procedures.0.steps.6.majority", {"figure": "agreed", "above": "1/2"}), "procedures[0].steps[6].majority",
     "nobody votes in it"),
    (twice("procedures.0.steps"), "procedures[0].steps[7]", "publish_result occurs twice"),
    (put("campaigns.0.facets", [facet("help", 0.1)] * 2), "campaigns[0].facets[1].code", "occurs twice"),
    (put("campaigns.0.facets", [facet("help", 0.11)]), "campaigns[0].facets[0].share", "draws 0.1, so the share"),
    (put("campaigns.0.facets", [facet("help", 0.0)]), "campaigns[0].facets[0].share", "must be above 0"),
    (put("campaigns.2.facets", [facet("help", 0.5)]), "campaigns[2].facets[0].share", "each visit looks into help"),
    (put("campaigns.0.evidence", ["process", "process"]), "campaigns[0].evidence", "one of them occurs twice"),
    (put("campaigns.0.recuse", ["ties", "ties"]), "campaigns[0].recuse", "one of them occurs twice"),
    (put("campaigns.0.reply", REPLY), "campaigns[0].reply.by", "inspection is not the visited side"),
    *(
        (put("campaigns.0.unreachable", {**UNREACHABLE, "by": by}), "campaigns[0].unreachable.by", "cannot decide it")
        for by in ("village", "villager", "team", "unit", "inspection")
    ),
    (put("parties", [SECRETARY, {**OFFICE, "parents": ["secretary"]}]), "parties[1].parents", "secretary is a person"),
    (put("parties", [{**OFFICE, "fields": [{"field": "name", "label": "全称"}]}]), "parties[0].fields[0].field",
     "every party has name"),
    (put("parties", [{**OFFICE, "fields": [{"field": "parent", "label": "上级"}]}]), "parties[0].fields[0].field",
     "every party has parent"),
    (put("procedures.0.steps.0.codes", {"a": "甲"}), "procedures[0].steps[0].codes", "codes are for a rectification"),
    *(
        (twice(where), re.sub(r"\.(\d+)", r"[\1]", f"{where}[{len(find(where))}]"), "occurs twice")
        for where in (
            "exit.criteria", STEPS, "commitments", "campaigns", "findings", "assessment.grades",
            "assessment.grounds", "outcomes", "procedures",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "where", "says"), CONTRADICTIONS, ids=[f"{w}: {s}" for _, w, s in CONTRADICTIONS])
def test_a_pack_that_contradicts_itself_is_refused_with_place_and_reason(edit: Any, where: str, says: str) -> None:
    told = {fault.where: fault for fault in faults_of(edit)}
    assert where in told
    assert says in told[where].en and told[where].zh
    if line := told[where].example:
        ((name, value),) = tomllib.loads(line).items()
        mended = copy.deepcopy(PACK)
        edit(mended)
        *above, last = map(str, told[where].path)
        put(".".join(above if above and above[-1] == name != last else [*above, name]), value)(mended)
        again = ""
        try:
            parse_pack(mended)
        except PolicyInvalid as refusal:
            again = refusal.zh
        assert told[where].zh not in again, f"the example {line} is wrong itself"


def test_what_is_told_to_the_body_that_is_late_itself_is_one_fault_and_not_two() -> None:
    (fault,) = faults_of(put("procedures.0.steps.4.overdue_to", "township"))
    assert fault.where == "procedures[0].steps[4].overdue_to" and "somebody else" in fault.en


@pytest.mark.parametrize(("above", "below"), combinations(["state", "province", "city", "county", "township"], 2))
def test_a_body_that_is_late_is_told_to_none_below_it(above: str, below: str) -> None:
    late = all_of(put("procedures.0.steps.4.by", above), put("procedures.0.steps.4.overdue_to", below))
    assert [f"{below} is below {above}" in fault.en for fault in faults_of(late)] == [True]


OVERDUE = {**PACK["outcomes"][4], "on": "dispatch.commitment.overdue"}
FIVE_MONTHS = {"every": {"months": 5}, "from": date(2014, 1, 15)}
"""A cycle that comes near the end of the year in some years only: it begins on 15 December first in 2016."""
LAST_DAY = {"month": 12, "day": 31}
LEDGER = {field: value for field, value in PACK["commitments"][3].items() if field != "settle"}


def reconciled(days: int) -> dict[str, Any]:
    """A ledger that is not settled, with so many days for each reconciliation."""
    return {**LEDGER, "reconcile": [{**LEDGER["reconcile"][0], "within": {"calendar_days": days}}]}


def every_five_months(days: int) -> dict[str, Any]:
    """The same, set by New Year's Day and reconciled every five months, and once more at the end of the year."""
    cycle = {**FIVE_MONTHS, "within": {"calendar_days": days}}
    return {**LEDGER, "yearly": {"month": 1, "day": 1}, "reconcile": [cycle, LAST_DAY]}


BORDERS = [
    ("exit.monitor_for", {"calendar_days": 365}, {"calendar_days": 364}, "", "for a year at least"),
    ("exit.measure_by", {"month": 11, "day": 20}, {"month": 11, "day": 19}, "", "must lie after `measure_from`"),
    ("exit.poverty_line.2015", 8400, 8401, "exit.poverty_line.2015", "differ more than 3 times"),
    ("exit.poverty_line.2017", 984, 983, "exit.poverty_line.2017", "differ more than 3 times"),
    ("effective_from", date(2017, 12, 31), date(2018, 1, 1), "exit.poverty_line", "the lines end in 2017"),
    ("campaigns.2.visit_days", 21, 22, "", "half_year lasts 21 days, too few for visits on 22"),
    ("campaigns.1.announced", False, True, "", "spot_check is a draw"),
    ("campaigns.1.share", 0.001, 0, "", "draws nothing"),
    ("campaigns.2.lasts", {"years": 1, "calendar_days": -1}, {"years": 1}, "campaigns[2].opens", "lasts until 20 June"),
    ("campaigns.0.lasts", {"calendar_days": 89}, {"calendar_days": 90}, "campaigns[0].opens", "of 01 January lasts"),
    ("assessment.opens", {"month": 10, "day": 31}, {"month": 10, "day": 30}, "", "opens 32 days before annual"),
    ("assessment.opens", {"month": 12, "day": 31}, {"month": 5, "day": 1}, "", "opens 214 days before annual"),
    ("assessment.grades.1.at_least", 89.5, 90, "", "each must begin above the next"),
    ("assessment.grades.3.at_least", 0, 0.5, "", "the last grade must begin at 0"),
    ("assessment.caps", [cap("absences", 2, "incompetent"), cap("absences", 1, "basically_competent")],
     [cap("absences", 2, "incompetent"), cap("absences", 2, "competent")], "assessment.caps[1].grade",
     "absences at least 2 must leave a worse grade than at least 2 does"),
    ("assessment.caps.3.grade", "incompetent", "excellent", "", "the best grade, so it limits nothing"),
    ("assessment.review.grades", ["incompetent", "competent"], ["incompetent", "dismal"], "assessment.review.grades[1]",
     "there is no grade dismal"),
    ("commitments.3", reconciled(89), reconciled(90), "commitments[3].reconcile", "lasts until"),
    ("commitments.3", every_five_months(12), every_five_months(20), "commitments[3].reconcile",
     "of 15 December lasts until"),
    *(("commitments.0.by", "organisation", {"link": link}, "commitments[0].by.link",
       f"{link} is no link from a cadre to a village; those are: none") for link in ("team", "first_secretary")),
    ("commitments.0.by", "organisation", "inspection", "", "inspection cannot do this; nor can discipline, operator"),
    ("commitments.1.by", "village", "discipline", "", "discipline cannot do this"),
    ("commitments.1.by", "township", "operator", "", "operator cannot do this"),
    ("exit.criteria.0.mover", "village", "operator", "", "operator cannot do this; nor can others"),
    *(("outcomes.0.decides", right, wrong, "", f"{wrong} cannot do this") for right, wrong in (
        ("township", "team"), ("inspection", "village"), ("discipline", "operator"),
    )),
    ("outcomes.0.decide_by.after", "proposal", "defence", "", "of a reward it counts from the proposal"),
    ("outcomes.2.decide_by.after", "defence", "proposal", "", "of what is defended from the end of that"),
    ("outcomes.4", {**OVERDUE, "subject": "unit", "when": {"kind": ["letter", "ledger"]}},
     {**OVERDUE, "subject": "team", "when": {"kind": ["ledger", "letter"]}}, "outcomes[4].when", "by the unit"),
    ("outcomes.4", {**OVERDUE, "subject": "team"}, {**OVERDUE, "subject": "team", "when": {"kind": "letter"}},
     "outcomes[4].when", "owed by the unit, for which no team answers"),
    ("outcomes.0.when", {"score": 90}, {"score": "90"}, "outcomes[0].when.score", "score is never 90"),
    ("links.0.keep_after_exit", {}, {"calendar_days": -1}, "", "cannot be negative"),
    ("links.0.extension", {"calendar_days": 1}, {"working_days": 1}, "", "neither in working days nor rolled"),
    ("links.0.term", {"months": 30}, {"months": 30, "roll": True}, "", "neither in working days nor rolled"),
    ("outcomes.1.impact", {"calendar_days": 1}, {"working_days": 1}, "", "neither in working days nor rolled"),
    ("exit.monitor_for", {"years": 1}, {"years": 1, "roll": True}, "", "neither in working days nor rolled"),
    ("campaigns.2.lasts", {"months": 1}, {"working_days": 20}, "", "neither in working days nor rolled"),
    ("version", "benxi-2014.1", "21-2014.1", "", "looks like another region"),
    ("documents.S3.jurisdiction", "21", "210502", "outcomes[0].clause", "which binds nobody"),
    ("outcomes.0.clause", "CSL", "csl", "", "csl is none of [documents]"),
    ("campaigns.0.rule", "F52:第三条", "F52 第三条", "", "a colon and the article"),
    ("commitments.0.rule", "F52", "F25", "", "F25 is none of [documents]"),
    ("holidays", [{"kind": "holiday", "days": [D], "document": "S3"}],
     [{"kind": "holiday", "days": [D], "document": "S3"}, {"kind": "holiday", "days": [D], "document": "S3"}],
     "holidays[1].days", "occurs twice"),
    # The steps of what a village decides, and of its exit.
    ("procedures.0.steps.0.by", "unit", "inspection", "", "inspection cannot do this; nor can discipline, operator"),
    ("procedures.0.steps.0.by", "team", "discipline", "", "discipline cannot do this"),
    ("procedures.0.steps.0.by", "villager", "operator", "", "operator cannot do this"),
    (f"{STEPS}.1.by", "poverty_office", "unit", f"{EXIT}[1].by", "unit cannot do this"),
    (f"{STEPS}.1.by", "discipline", "village", f"{EXIT}[1].by", "village cannot do this"),
    ("procedures.0.steps.5.on_timeout", "publish_result", "publish_resolution", "", "back to an earlier step only"),
    ("procedures.0.steps.6.on_timeout", "resolve", "publish_resolution", "", "back to an earlier step only"),
    ("procedures.0.steps.4.on_timeout", "resolve", "publish_resolution", "", "back to an earlier step only"),
    ("procedures.0.steps.4.on_refusal", "discuss", "township_review", "", "back to an earlier step only"),
    *((f"procedures.0.steps.5.{field}", None, value, "", f"is a publish step: {counted}leave {field} out")
      for field, value, counted in (
        ("quorum", PACK["procedures"][0]["steps"][2]["quorum"], "nobody votes in it, "),
        ("notice_for", {"calendar_days": 5}, ""), ("answer", {"calendar_days": 5}, ""), ("rule", "F52", ""),
        ("on_objection", "resolve", ""), ("on_refusal", "resolve", ""),
    )),
    (f"{STEPS}.0.on_timeout", None, "verify", f"{EXIT}[0].on_timeout", "is a verify step: leave on_timeout out"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "right", "wrong", "at", "says"), BORDERS, ids=[f"{border[0]}: {border[2]}" for border in BORDERS]
)
def test_what_lies_on_the_border_is_taken_and_what_lies_beyond_is_refused(
    where: str, right: Any, wrong: Any, at: str, says: str
) -> None:
    pack = copy.deepcopy(PACK)
    if right is not None:
        put(where, right)(pack)
    parse_pack(pack)
    place = at or re.sub(r"\.(\d+)", r"[\1]", where)
    told = [fault for fault in faults_of(put(where, wrong)) if fault.where == place]
    assert any(says in fault.en and fault.zh for fault in told), told


NATION = tomllib.loads(Path("shared/policy/packs/national.toml").read_text("utf-8"))
ANSWER = {"by": "county", "within": {"working_days": 5}, "decide_within": {"working_days": 10}}


@pytest.mark.parametrize(
    ("edit", "where", "says"),
    [
        (put("indicators", []), "procedures[2].effect", "[[indicators]] needs"),
        (put("procedures.2.subject", "village"), "procedures[2].subject", "is for a township or county"),
        (put("procedures.0.subject", "county"), "procedures[0].subject", "any other for a village"),
        (drop("procedures.2.proposed_by"), "procedures[2].proposed_by", "proposed_by is needed"),
        (put("procedures.0.proposed_by", "village"), "procedures[0].proposed_by", "proposed_by is not for"),
        (put("procedures.2.proposed_by", "province"), "procedures[2].proposed_by", "does not approve it"),
        (drop("procedures.2.judged"), "procedures[2].judged", "is judged by incidence"),
        (drop("procedures.2.judged.0"), "procedures[2].judged", "by incidence, and where a step verifies"),
        (drop("procedures.2.judged.3"), "procedures[2].judged", "by wrong_exit, omission, approval, each once"),
        (put("procedures.2.steps.1.kind", "act"), "procedures[2].judged", "where a step verifies"),
        (
            put("procedures.3.judged", NATION["procedures"][2]["judged"]),
            "procedures[3].judged",
            "where a step verifies",
        ),
        (put("procedures.2.judged.0.below", 60), "procedures[2].judged[0].below", "60 % is 0.6"),
        (put("procedures.2.steps.4.kind", "act"), "procedures[2].steps", "is decided by a body"),
        (put("procedures.2.steps.5.kind", "verify"), "procedures[2].steps", "verified once at most"),
        (put("procedures.2.steps.4.by", "village"), "procedures[2].steps[4].by", "village cannot do this"),
        (put("procedures.2.subjects", {"road": "道路"}), "procedures[2].subjects", "subjects is not for"),
        (put("procedures.2.steps.1.reply.by", "city"), "procedures[2].steps[1].reply.by", "which is the county"),
        (put("procedures.2.steps.0.reply", ANSWER), "procedures[2].steps[0].reply", "leave reply out"),
        (
            put("procedures.1.steps.0.reply", ANSWER),
            "procedures[1].steps[0].reply",
            "verification of a de-capping",
        ),
    ],
)
def test_1_18_a_decapping_that_could_not_work_is_refused(edit: Any, where: str, says: str) -> None:
    pack = copy.deepcopy(NATION)
    edit(pack)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(pack)
    told = {fault.where: fault for fault in refusal.value.faults}
    assert says in told[where].en and told[where].zh


@pytest.mark.parametrize(("number", "wrong", "right"), [(2, "village", "county"), (0, "county", "village")])
def test_1_18_the_example_that_is_shown_says_whom_such_a_procedure_is_for(number: int, wrong: str, right: str) -> None:
    pack = copy.deepcopy(NATION)
    put(f"procedures.{number}.subject", wrong)(pack)
    with pytest.raises(PolicyInvalid) as refusal:
        parse_pack(pack)
    (fault,) = [one for one in refusal.value.faults if one.where == f"procedures[{number}].subject"]
    assert fault.instead == f'subject = "{right}"'
