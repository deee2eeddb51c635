"""Awards have a level, and the story behind one is told in public only if a body and the person say so (1.16)."""

from typing import Any

import pytest

from deploy.demo.world import World
from services.incentives.model.commands import Decide, TellStory, WithdrawDecision
from shared.contracts.incentives import OutcomeDecided, OutcomeProposed, StoryPublished, StoryWithdrawn
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import shipped
from shared.rules import Refused
from tests.incentives.cases import (
    BENXI,
    LEADER,
    TEAM,
    UNIT,
    graded,
    hear,
    only,
    overdue,
    record,
    step,
    world_with,
)

AWARD = next(one for one in BENXI["outcomes"] if one["kind"] == "commendation")
SITE = "县政府网站“驻村好声音”专栏"


def commended(subject: str = "team", **changes: Any) -> World:
    """A world in which the excellent team or its leader was commended by the city."""
    terms = {
        **AWARD,
        "subject": subject,
        "decides": "organisation",
        "award": "city",
        "story_by": "organisation",
        **changes,
    }
    world = world_with(outcomes=[terms])
    hear(world, graded("excellent"))
    whose = TEAM if subject == "team" else LEADER
    say(world, whose, Decide, imposed=True, body="organisation", decided_by="市委〔2015〕1号")
    return world


def say(world: World, whose: tuple[str, str], command: type[Any], **fields: Any) -> None:
    world.command("incentives", step(command, whose, only(world, whose), **fields))


def tell(world: World, whose: tuple[str, str] = TEAM, **fields: Any) -> None:
    given = {"public": True, "story_in": SITE, "body": "organisation", "decided_by": "市委组织部"} | fields
    say(world, whose, TellStory, **given)


def owed(world: World, whose: tuple[str, str]) -> list[tuple[str, str]]:
    return [(task.action, task.role) for task in record(world, whose).tasks(parse_pack(BENXI))]


def test_1_16_an_award_has_a_level_and_its_story_is_nobodys_until_the_body_says_so() -> None:
    world = commended()
    assert world.said(OutcomeDecided)[-1].award == "city"
    assert not world.said(StoryPublished) and owed(world, TEAM) == [("stories", "organisation")]
    tell(world)
    tell(world)
    (told,) = world.said(StoryPublished)
    assert (told.award, told.story_in, told.village) == ("city", SITE, TEAM[1])
    assert owed(world, TEAM) == []


def test_1_16_a_body_that_wants_no_story_is_asked_once_and_nothing_is_told() -> None:
    world = commended()
    tell(world, public=False, story_in=None)
    assert owed(world, TEAM) == [] and not world.said(StoryPublished) and not world.said(StoryWithdrawn)


def test_1_16_a_persons_story_needs_the_person_and_the_open_event_names_nobody() -> None:
    world = commended("cadre")
    with pytest.raises(Refused, match="only if that person agreed") as refused:
        tell(world, LEADER)
    assert (refused.value.rule, refused.value.field, refused.value.status) == ("PIPL 25", "agreed", 422)
    assert not world.said(StoryPublished)
    tell(world, LEADER, agreed=True)
    (told,) = world.said(StoryPublished)
    assert LEADER[1] not in repr(told) and told.sealing == "never"


def test_1_16_a_story_ends_when_the_person_agrees_no_more_or_moves_to_another_place() -> None:
    world = commended("cadre")
    tell(world, LEADER, agreed=True)
    tell(world, LEADER, agreed=True, story_in="县电视台")
    tell(world, LEADER, public=False)
    tell(world, LEADER, public=False)
    assert [said.story_in for said in world.said(StoryPublished)] == [SITE, "县电视台"]
    assert [said.story_in for said in world.said(StoryWithdrawn)] == [SITE, "县电视台"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"story_in": None}, "where the story can be read"),
        ({"body": "discipline"}, "organisation"),
        ({"place": "210521"}, "210500"),
    ],
)
def test_1_16_a_story_that_nobody_finds_or_of_a_wrong_body_is_refused(fields: dict[str, Any], why: str) -> None:
    world = commended()
    with pytest.raises(Refused, match=why):
        tell(world, **fields)
    assert not world.said(StoryPublished)


def test_1_16_nothing_is_told_of_what_was_dropped_or_is_no_award() -> None:
    world = world_with(outcomes=[{**AWARD, "decides": "organisation", "award": "city", "story_by": "organisation"}])
    hear(world, graded("excellent"))
    with pytest.raises(Refused, match="there is no story to tell"):
        tell(world)
    say(world, TEAM, Decide, imposed=False, body="organisation", decided_by="市委〔2015〕1号")
    assert owed(world, TEAM) == []
    with pytest.raises(Refused, match="there is no story to tell"):
        tell(world)
    world = world_with()
    hear(world, overdue())
    assert world.said(OutcomeProposed)
    with pytest.raises(Refused, match="there is no story to tell"):
        tell(world, UNIT)


def test_1_16_a_decision_whose_story_is_told_is_taken_back_after_the_story() -> None:
    world = commended()
    tell(world)
    back = {"reason": "对象有误", "body": "organisation", "decided_by": "市委〔2015〕2号"}
    with pytest.raises(Refused, match="stop that first") as refused:
        say(world, TEAM, WithdrawDecision, **back)
    assert repr(SITE) in refused.value.en, "what people wrote is quoted"
    tell(world, public=False)
    say(world, TEAM, WithdrawDecision, **back)
    assert owed(world, TEAM) == [("decisions", "organisation")]
    say(world, TEAM, Decide, imposed=True, body="organisation", decided_by="市委〔2015〕3号")
    assert owed(world, TEAM) == [("stories", "organisation")], "of a new decision it is asked anew"


@pytest.mark.parametrize(
    ("kind", "changes", "why"),
    [
        ("commendation", {"award": "city", "decides": "province"}, "another level"),
        ("commendation", {"story_by": "organisation"}, "only the story behind an award"),
        ("recall", {"award": "city"}, "a sanction is no award"),
    ],
)
def test_1_16_a_pack_that_contradicts_itself_is_refused(kind: str, changes: dict[str, Any], why: str) -> None:
    outcomes = [one | changes if one["kind"] == kind else one for one in BENXI["outcomes"]]
    with pytest.raises(PolicyInvalid, match=why):
        parse_pack({**BENXI, "outcomes": outcomes})


def test_1_16_xixiu_commends_on_two_levels() -> None:
    policy = shipped("xixiu")
    awards = {one.award: one.story_by for one in policy.outcomes if one.award}
    assert awards == {"province": "organisation", "city": "organisation"}
