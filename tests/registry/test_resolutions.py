"""How a village decides its own matters: 四议一审两公开 in Benxi, 四议两公开 in Zunyi (2.18, 3.12; 5.10)."""

from typing import Any

import msgspec
import pytest

from services.registry.model import commands as c
from shared.contracts.registry import ResolutionOpened, ResolutionPassed, ResolutionRejected, StepTaken
from tests.registry.county import AT, PLACE, VILLAGE, WHY, County, again, pack
from tests.registry.matters import OPEN, SEVEN, SIX, VOTES, ZUNYI, opened, resolution, step


@pytest.mark.parametrize(
    ("policy", "kind", "steps"),
    [(None, "four_deliberations_one_review", SEVEN), (pack(procedures=ZUNYI), "four_deliberations", SIX)],
    ids=["四议一审两公开", "四议两公开"],
)
def test_2_18_3_12_a_matter_passes_step_by_step_and_is_published(
    policy: Any, kind: str, steps: tuple[str, ...]
) -> None:
    county = County(policy).registered()
    [said] = county.do(again(OPEN, kind=kind))
    assert isinstance(said, ResolutionOpened)
    for n, name in enumerate(steps):
        role = "township" if name == "township_review" else "village"
        assert county.todo() == [("resolution-steps", role, f"2014-7 {name}")]
        taken, *rest = county.do(step(name))
        assert isinstance(taken, StepTaken) and taken.step == name
        assert [type(event) for event in rest] == ([ResolutionPassed] if steps[n + 1 :] == SEVEN[-2:] else [])
    assert county.todo() == []
    assert resolution(county).status == "passed"


@pytest.mark.parametrize(
    ("name", "votes", "outcome"),
    [
        ("members_review", (30, 19, 19), "no quorum"),
        ("members_review", (30, 20, 15), "rejected"),
        ("members_review", (30, 20, 16), "open"),
        ("resolve", (45, 29, 29), "no quorum"),
        ("resolve", (45, 30, 15), "rejected"),
        ("resolve", (45, 30, 16), "open"),
        ("propose", (3, 3, 0), "rejected"),
        ("township_review", (1, 1, 0), "rejected"),
        ("township_review", (1, 1, 1), "passed"),
    ],
)
def test_3_12_5_10_each_vote_needs_its_quorum_and_its_majority(
    name: str, votes: tuple[int, int, int], outcome: str
) -> None:
    county = opened(name)
    if outcome == "no quorum":
        refused = county.refusal(step(name, votes))
        law = {"members_review": "F52", "resolve": "VCL:第二十六条"}[name]
        assert (refused.rule, refused.status, refused.field) == (law, 409, "present")
        county.do(step(name))  # The meeting is held again.
        return
    said = county.do(step(name, votes))
    assert resolution(county).status == outcome
    assert [event.step for event in said if isinstance(event, ResolutionRejected)] == [name] * (outcome == "rejected")
    if outcome == "rejected":
        assert county.todo() == []
        assert county.refusal(step(SEVEN[SEVEN.index(name) + 1])).status == 409


@pytest.mark.parametrize("name", [name for name in SEVEN if name != "discuss"])
def test_3_12_no_step_is_skipped_or_taken_twice(name: str) -> None:
    county = opened("discuss")
    changed = step(name, (3, 3, 2) if name in VOTES else None)
    refused = county.refusal(changed)
    assert (refused.rule, refused.status) == ("S3:第二项", 409) and "discuss" in refused.en


@pytest.mark.parametrize(
    ("name", "votes", "field"),
    [
        ("resolve", (45, 30, 31), "agreed"),
        ("resolve", (45, 46, 30), "present"),
        ("resolve", (0, 0, 0), "present"),
        ("publish_resolution", (45, 30, 16), "entitled"),
    ],
)
def test_3_12_figures_that_cannot_be_are_refused(name: str, votes: tuple[int, int, int], field: str) -> None:
    refused = opened(name).refusal(step(name, votes))
    assert (refused.status, refused.field) == (422, field)


def test_3_12_all_who_are_entitled_may_come_and_agree() -> None:
    county = opened("resolve")
    assert county.do(step("resolve", (45, 45, 45)))
    assert resolution(county).status != "rejected"


def test_3_12_saying_the_same_again_says_nothing() -> None:
    county = opened("resolve")
    assert county.do(OPEN) == [] and county.do(step("discuss")) == []


@pytest.mark.parametrize(
    ("command", "status", "field"),
    [
        (again(OPEN, matter="2014-8", kind="show_of_hands"), 422, "kind"),
        (again(OPEN, subject_code="road"), 409, "matter"),
        (again(OPEN, place="210522"), 422, "place"),
        (again(OPEN, village="210521100299"), 404, None),
        (again(step("propose"), matter="2014-8"), 404, "matter"),
        (again(step("propose"), place="210522"), 422, "place"),
    ],
)
def test_3_12_a_matter_is_one_matter_of_one_village(command: Any, status: int, field: str | None) -> None:
    refused = opened().refusal(command)
    assert (refused.status, refused.field) == (status, field)


def test_3_12_a_matter_follows_the_village_into_its_new_division() -> None:
    county = opened()
    county.do(
        c.RecodeVillage(
            place="210500",
            village=VILLAGE,
            code="210522100201",
            since=county.world.today,
            document="民发〔2014〕3号",
            decided_by="市政府",
        )
    )
    county.do(again(step("propose"), place="210522"))
    assert PLACE != resolution(county).place == "210522"


def test_3_12_a_publication_is_sent_without_any_figures() -> None:
    county = opened("publish_resolution")
    sent = b'{"place":"210521","village":"210521100201","matter":"2014-7","step":"publish_resolution","body":"village",'
    sent += '"decided_by":"村“两委”"}'.encode()
    [taken] = county.do(msgspec.json.decode(sent, type=c.TakeStep))
    assert (taken.step, taken.entitled, taken.present, taken.agreed) == ("publish_resolution", 0, 0, 0)


def test_3_12_no_more_may_vote_than_live_in_the_village() -> None:
    refused = opened("propose").refusal(step("propose", (1001, 900, 800)))
    assert (refused.status, refused.field) == (422, "entitled")


def test_3_12_no_step_of_a_matter_that_nobody_opened_is_taken_back() -> None:
    county = opened("discuss")
    back = c.WithdrawStep(**AT, matter="2014-7", step="propose", **WHY)
    assert county.refusal(again(back, matter="2014-99")).field == "matter"
    assert county.do(again(back, step="resolve")) == [], "a step that was not taken is none to take back"
    assert county.do(back) and county.do(back) == []


@pytest.mark.parametrize(
    "changes", [{"agreed": 2}, {"present": 2, "agreed": 2}, {"entitled": 4}, {"decided_by": "镇政府"}]
)
def test_3_12_a_step_that_was_taken_is_repeated_as_it_was_or_not_at_all(changes: dict[str, Any]) -> None:
    county = opened("discuss")
    assert county.do(step("propose")) == []
    assert county.refusal(again(step("propose"), **changes)).status == 409
