"""Sanctions each heavier than the last: what follows from what was decided against the same subject before."""

from datetime import timedelta
from typing import Any

import pytest

from deploy.demo.world import World
from services.incentives.model.commands import Decide, HearDefence, WithdrawDecision
from shared.contracts.incentives import OutcomeProposed
from shared.policy import PolicyInvalid, parse_pack
from tests.incentives.cases import BENXI, EXAMINED, LEADER, TODAY, UNIT, hear, overdue, record, step, world_with

REVIEW = {"label": "复核", "rule": "S3:第四项", "within": {"calendar_days": 30}, "answer": {"calendar_days": 30}}


def rung(kind: str, subject: str = "cadre", **said: Any) -> dict[str, Any]:
    return {
        "kind": kind, "label": kind.upper(), "clause": "S3:第四项", "on": "inspection.order.overdue",
        "subject": subject, "decides": "discipline", "decide_by": {"after": "defence", "within": {"calendar_days": 30}},
        "defence": {"calendar_days": 7}, "appeals": [REVIEW], **said,
    }  # fmt: skip


RUNGS = ("talk", "admonishment", "case_filing")
LADDERS: dict[str, Any] = {
    "outcomes": [*map(rung, RUNGS), rung("unit_talk", "unit"), rung("unit_blue_card", "unit")],
    "ladders": [
        {"kind": "neglect", "label": "逾期未整改", "rungs": [*RUNGS], "within": {"months": 6}},
        {"kind": "unit", "label": "单位逾期", "rungs": ["unit_talk", "unit_blue_card"], "within": {"months": 6}},
    ],
}


@pytest.fixture
def world() -> World:
    return world_with(**LADDERS)


def decided(world: World, subject: tuple[str, str], *, imposed: bool = True) -> str:
    """The one open proposal against a subject is heard and decided; which outcome it was."""
    ((outcome, case),) = [(id, c) for id, c in record(world, subject).cases.items() if c.status == "proposed"]
    said = {"statement": "放弃陈述申辩", "finding": "与督查情况一致", "accepted": False}
    world.command("incentives", step(HearDefence, subject, outcome, **said))
    decision = {"imposed": imposed, **EXAMINED, "body": "discipline", "decided_by": "区纪委〔2015〕1号"}
    world.command("incentives", step(Decide, subject, outcome, **decision))
    return case.terms.kind


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (LEADER, [*RUNGS, "case_filing"]),
        (UNIT, ["unit_talk", "unit_blue_card", "unit_blue_card", "unit_blue_card"]),
    ],
)
def test_1_6_each_repeated_failure_leads_to_the_next_rung_for_units_and_cadres(
    world: World, subject: tuple[str, str], expected: list[str]
) -> None:
    found = []
    for times in range(1, 5):
        hear(world, overdue(times))
        found.append(decided(world, subject))
    assert found == expected


def test_1_6_software_proposes_one_rung_only_and_decides_nothing(world: World) -> None:
    hear(world, overdue(1), overdue(2))
    said = [(p.subject_kind, p.kind) for p in world.said(OutcomeProposed)]
    assert sorted(said) == [("cadre", "talk")] * 2 + [("unit", "unit_talk")] * 2, "nothing was decided yet"


@pytest.mark.parametrize(("days", "kind"), [(181, "admonishment"), (182, "talk")])
def test_1_6_what_lies_longer_back_than_the_ladder_looks_begins_with_the_first_rung(
    world: World, days: int, kind: str
) -> None:
    hear(world, overdue(1))
    decided(world, LEADER)
    world.pass_days(TODAY + timedelta(days))
    hear(world, overdue(2))
    assert world.said(OutcomeProposed, subject_kind="cadre")[-1].kind == kind


def test_1_6_what_was_dropped_or_taken_back_counts_for_nothing(world: World) -> None:
    hear(world, overdue(1))
    decided(world, LEADER, imposed=False)
    hear(world, overdue(2))
    assert decided(world, LEADER) == "talk"
    outcome = world.said(OutcomeProposed, subject_kind="cadre")[-1].outcome
    said = {"reason": "人员录错", "body": "discipline", "decided_by": "区纪委〔2015〕2号"}
    world.command("incentives", step(WithdrawDecision, LEADER, outcome, **said))
    hear(world, overdue(3))
    assert world.said(OutcomeProposed, subject_kind="cadre")[-1].kind == "talk"


@pytest.mark.parametrize(
    "change",
    [
        ({"rungs": ["talk", "caning"]}, "caning is none of"),
        ({"rungs": ["talk", "unit_talk"]}, "concern one kind of subject"),
        ({"rungs": ["talk", "talk"]}, "talk is a rung already"),
        ({"rungs": ["talk", "praise"]}, "praise is a reward"),
        ({"within": {"calendar_days": 0}}, "it needs a time"),
    ],
)
def test_1_6_a_ladder_that_nobody_could_climb_is_refused(change: tuple[dict[str, Any], str]) -> None:
    praise = rung("praise", decide_by={"after": "proposal", "within": {"calendar_days": 30}})
    reward = {name: said for name, said in praise.items() if name not in ("defence", "appeals")}
    ladders = [{**LADDERS["ladders"][0], **change[0]}]
    with pytest.raises(PolicyInvalid, match=change[1]):
        parse_pack({**BENXI, "outcomes": [*LADDERS["outcomes"], reward], "ladders": ladders})
