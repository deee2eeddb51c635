"""What a grade leads to for village cadres, who are parties of the registry and no cadres of a unit."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.world import Service, World
from services.incentives.model.commands import Decide, HearDefence, LodgeAppeal, ServeDecision
from services.incentives.model.record import Record
from services.incentives.reactions import DUE, REACTIONS
from shared.contracts.incentives import OutcomeDecided, OutcomeProposed, OutcomeWithdrawn
from shared.contracts.inspection import AppraisalGraded, AppraisalReviewed, AppraisalWithdrawn
from shared.contracts.registry import PartyMerged, PartyWithdrawn, PolicyAdopted
from shared.engine.actors import Actor, is_his
from shared.engine.flow import Cause, derived_id
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Refused
from tests.incentives.cases import EXAMINED, TODAY, hear, record, step

ZUNYI: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "shared/policy/packs/zunyi.toml").read_text())
CITY, COUNTY, VILLAGE = "520300", "520321", "520321100201"
CADRE = ("village_cadre", "VC-1")
START = TODAY.replace(year=2017)


@pytest.fixture
def world() -> World:
    world = World(START, Service("incentives", REACTIONS, DUE))
    adopted = PolicyAdopted(place=CITY, version=ZUNYI["version"], adopted_by="市委组织部", pack=ZUNYI)
    world.services["incentives"].take([Cause(derived_id("pack"), "pack", adopted)], START)
    return world


ABOUT: dict[str, Any] = {
    "place": COUNTY,
    "kind": "village_cadre_year",
    "subject_kind": "village_cadre",
    "subject": CADRE[1],
    "village": VILLAGE,
    "year": 2016,
}


def graded(grade: str, **said: Any) -> AppraisalGraded:
    return AppraisalGraded(**{**ABOUT, "score": 95, "grade": grade, "decided_by": "某镇党委", **said})


@pytest.mark.parametrize("imposed", [True, False])
def test_5_9_who_has_left_the_post_is_still_heard_and_decided_on_by_a_body(world: World, imposed: bool) -> None:
    hear(world, graded("poor"))
    left = PartyWithdrawn(
        place=COUNTY,
        party=CADRE[1],
        kind="village_cadre",
        parent=f"village:{VILLAGE}",
        personal=True,
        reason="离任",
        decided_by="某镇党委",
    )
    hear(world, left)
    (outcome,) = record(world, CADRE).cases
    assert [task.action for task in record(world, CADRE).tasks(parse_pack(ZUNYI))] == ["defences"]
    said = {"statement": "已离任", "finding": "属实", "accepted": False}
    world.command("incentives", step(HearDefence, CADRE, outcome, place=CITY, **said))
    decision = {"imposed": imposed, **EXAMINED, "body": "discipline", "decided_by": "市纪委〔2017〕1号"}
    world.command("incentives", step(Decide, CADRE, outcome, place=CITY, **decision))
    assert [one.imposed for one in world.said(OutcomeDecided)] == [imposed]


@pytest.mark.parametrize(
    ("belongs", "his"), [({"township": VILLAGE[:9]}, True), ({"township": "520321101"}, False), ({}, False)]
)
def test_5_9_a_township_hears_the_cadres_of_its_own_villages_alone(
    world: World, belongs: dict[str, Any], his: bool
) -> None:
    """The command names the person; in which village he serves, his case knows."""
    hear(world, graded("poor"))
    kept = record(world, CADRE)
    (task,) = kept.tasks(parse_pack(ZUNYI))
    actor = Actor(pseudonym="p", acts_as=("township",), **belongs)
    assert (task.action, is_his(actor, kept, task)) == ("defences", his)
    heard = step(HearDefence, CADRE, *kept.cases, place=CITY, statement="属实", finding="属实", accepted=True)
    (*refused,) = world.services["incentives"].take([Cause("one", "one", heard, actor=actor)], world.today).parked
    assert [getattr(one.error, "status", 0) for one in refused] == [403] * (not his)
    world.services["incentives"].parked.clear()


def test_2_15_a_poor_grade_in_two_consecutive_years_ends_an_office(world: World) -> None:
    hear(world, graded("poor"), graded("good", year=2017), graded("poor", year=2018))
    assert not world.said(OutcomeProposed, kind="office_ends")
    hear(world, graded("poor", year=2019))
    (said,) = world.said(OutcomeProposed, kind="office_ends")
    assert said.outcome == "office_ends/village_cadre_year/VC-1/2019" and said.clause == "VCL:第三十三条"
    (task,) = (one for one in record(world, CADRE).tasks(parse_pack(ZUNYI)) if one.about == said.outcome)
    assert (task.action, task.role) == ("defences", "township")
    withdrawn = AppraisalWithdrawn(**ABOUT | {"year": 2018}, grade="poor", reason="录错", decided_by="某镇党委")
    hear(world, withdrawn)
    assert [one.outcome for one in world.said(OutcomeWithdrawn, kind="office_ends")] == [said.outcome]


def test_2_15_a_share_of_village_cadres_counts_persons_and_neither_villages_nor_branches() -> None:
    """Two persons of one village are two, and what else is graded there by another assessment is none of them."""
    outcomes = [one | ({"quota_share": 0.4} if one["kind"] == "township_post" else {}) for one in ZUNYI["outcomes"]]
    world = World(START, Service("incentives", REACTIONS, DUE))
    adopted = PolicyAdopted(place=CITY, version="share", adopted_by="市委组织部", pack=ZUNYI | {"outcomes": outcomes})
    world.services["incentives"].take([Cause(derived_id("pack"), "pack", adopted)], START)
    hear(world, graded("excellent"), graded("good", subject="VC-2"))
    hear(world, graded("good", kind="branch_review", subject_kind="organisation", subject="B1"))
    hear(world, graded("good", kind="village_study", subject_kind="village", subject=VILLAGE))
    said = {"imposed": True, **EXAMINED, "body": "organisation", "decided_by": "市委组织部〔2017〕2号"}
    rewarding = step(Decide, CADRE, "township_post/village_cadre_year/VC-1/2016", place=CITY, **said)
    with pytest.raises(Refused, match="2 have a grade of that year, and 40% of them at most may get it, which are 0"):
        world.command("incentives", rewarding)
    hear(world, graded("good", subject="VC-3"))
    world.command("incentives", rewarding)
    assert [one.kind for one in world.said(OutcomeDecided)] == ["township_post"]


def test_2_15_who_was_registered_twice_keeps_what_runs_against_either(world: World) -> None:
    hear(world, graded("poor"), graded("poor", year=2015, subject="VC-2"))
    merged = PartyMerged(
        place=COUNTY, party="VC-1", into="VC-2", kind="village_cadre", parent=f"village:{VILLAGE}", personal=True,
        reason="重复登记", decided_by="某镇党委",
    )  # fmt: skip
    hear(world, merged)
    assert not record(world, CADRE).cases and not record(world, CADRE).awaits and not record(world, CADRE).timers
    kept = record(world, ("village_cadre", "VC-2"))
    assert {outcome.rsplit("/", 2)[1] for outcome in kept.cases} == {"VC-1", "VC-2"}
    world.pass_days(START + timedelta(11))
    assert {case.status for case in record(world, ("village_cadre", "VC-2")).cases.values()} == {"decidable"}
    hear(world, merged)
    assert len(record(world, ("village_cadre", "VC-2")).cases) == 2


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (graded("excellent"), {"township_post", "deputy_section_treatment"}),
        (graded("good"), set()),
        (graded("poor"), {"village_accountability"}),
        (graded("excellent", subject_kind="organisation"), set()),
        (graded("excellent", village=None), set()),
    ],
)
def test_2_15_what_the_document_promises_village_cadres_is_proposed_for_them(
    world: World, event: AppraisalGraded, kinds: set[str]
) -> None:
    hear(world, event, event)
    proposed = world.said(OutcomeProposed)
    assert {said.kind for said in proposed} == kinds and len(proposed) == len(kinds)
    assert all((said.subject, said.is_party, said.is_sealed()) == ("VC-1", True, True) for said in proposed)


def test_1_15_of_those_proposed_a_body_decides_each_with_the_evidence(world: World) -> None:
    hear(world, graded("excellent"))
    found: Record = record(world, CADRE)
    outcome = next(id for id in found.cases if id.startswith("township_post"))
    assert found.cases[outcome].evidence[0] == "inspection.appraisal.graded village_cadre_year/VC-1/2016"
    said = {"imposed": True, "body": "organisation", "decided_by": "市委组织部2017年第3号", "place": CITY}
    world.command("incentives", step(Decide, CADRE, outcome, **said))
    (decided,) = world.said(OutcomeDecided)
    assert (decided.kind, decided.imposed, decided.is_party) == ("township_post", True, True)


def test_2_15_a_poor_grade_is_answered_for_after_a_hearing_and_with_a_remedy(world: World) -> None:
    hear(world, graded("poor"))
    (outcome,) = record(world, CADRE).cases
    said = {"imposed": True, **EXAMINED, "body": "discipline", "decided_by": "市纪委2017年第3号", "place": CITY}
    with pytest.raises(Refused, match="has not been heard"):
        world.command("incentives", step(Decide, CADRE, outcome, **said))
    heard = {"statement": "任务已完成大半", "finding": "未完成", "accepted": False, "place": CITY}
    world.command("incentives", step(HearDefence, CADRE, outcome, **heard))
    with pytest.raises(Refused, match="only a person has such a status"):
        world.command("incentives", step(Decide, CADRE, outcome, **said, standing="civil_servant"))
    world.command("incentives", step(Decide, CADRE, outcome, **said))
    served = {"served_on": START, "body": "discipline", "place": CITY}
    world.command("incentives", step(ServeDecision, CADRE, outcome, **served))
    world.command("incentives", step(LodgeAppeal, CADRE, outcome, place=COUNTY))
    assert record(world, CADRE).cases[outcome].appeal == "lodged"


def test_2_15_a_village_cadre_and_a_units_cadre_of_one_id_have_records_of_their_own(world: World) -> None:
    hear(world, graded("poor"))
    assert (Record, "cadre:VC-1") not in world.services["incentives"].states
    assert record(world, CADRE).cases


@pytest.mark.parametrize(
    "changed",
    [
        AppraisalReviewed(**ABOUT, before="poor", grade="medium", decided_by="县委"),
        AppraisalWithdrawn(**ABOUT, grade="poor", reason="录错", decided_by="某镇党委"),
    ],
)
def test_2_15_what_was_proposed_for_a_grade_that_is_no_more_ends(world: World, changed: Any) -> None:
    hear(world, graded("poor"), changed)
    assert [said.kind for said in world.said(OutcomeWithdrawn)] == ["village_accountability"]
    hear(world, graded("poor"))
    assert len(world.said(OutcomeProposed)) == 2, "and is proposed again if the grade is given again"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"subject": "team"}, "and nobody else, is concerned by"),
        ({"on": "inspection.assessment.graded"}, "and nobody else, is concerned by"),
        ({"when": {"kind": ["village_cadre_month"]}}, "kind is never village_cadre_month"),
        ({"when": {"grade": ["splendid"]}}, "grade is never splendid"),
        ({"effect": "recall"}, "only a cadre can bear recall"),
    ],
)
def test_2_15_an_outcome_for_village_cadres_that_no_grade_leads_to_is_refused(
    change: dict[str, Any], complaint: str
) -> None:
    outcomes = [one | change if one["kind"] == "village_accountability" else one for one in ZUNYI["outcomes"]]
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_pack({**ZUNYI, "outcomes": outcomes})
