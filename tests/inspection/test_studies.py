"""What is assessed by others' results: the study of a village, a township, its secretary (0.13, 1.7, 4.8)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalGraded,
    AppraisalOpened,
    AppraisalProposed,
    AssessmentOpened,
    GradeWithdrawn,
)
from shared.contracts.registry import VillageMerged
from shared.engine.flow import encode_state
from tests.inspection.rated import (
    COUNTY,
    GUIZHOU,
    JALAID,
    TOWNSHIP,
    XIXIU,
    Rating,
    V,
    W,
    grade_all,
    graded_team,
    of_team,
    ranked,
    ranking,
    team,
)


def test_1_7_two_committees_one_team_and_three_people_make_the_study_of_a_village() -> None:
    region = Rating(XIXIU)
    region.village()
    for party, kind in (("B1", "branch"), ("C1", "village_committee")):
        region.party(party, kind)
    region.party("K1", "village_cadre", post="both")
    region.party("K2", "village_cadre", post="other")
    region.pass_days(date(2015, 12, 2))
    opened = {(said.kind, said.subject) for said in region.said(AppraisalOpened)}
    assert opened == {
        ("branch_review", "B1"),
        ("committee_review", "C1"),
        ("secretary_review", "K1"),
        ("director_review", "K1"),
        ("village_study", V),
    }
    region.ask(
        region.score("branch_review", "B1", "township_party", "township", 80),
        region.poll("branch_review", "B1", "members", satisfied=36),
        region.score("committee_review", "C1", "township_government", "township", 70),
        region.poll("committee_review", "C1", "villagers", satisfied=28),
        region.score("secretary_review", "K1", "talk_with_secretary", "township", 90),
        region.score("director_review", "K1", "talk_with_director", "township", 60),
        region.score("village_study", V, "of_first_secretary", "organisation", 100),
    )
    of_team(region, V, 85)
    region.pass_days(date(2016, 1, 2))
    region.ask(
        region.graded("branch_review", "B1", "strong"),
        region.graded("committee_review", "C1", "middling", "township"),
        region.graded("secretary_review", "K1", "able"),
    )
    region.pass_days(date(2016, 2, 1))
    assert not region.said(AppraisalProposed, kind="village_study"), "the director has no grade yet"
    region.ask(region.graded("director_review", "K1", "able", "township"))
    region.pass_days(date(2016, 2, 2))
    (study,) = region.said(AppraisalProposed, kind="village_study")
    assert study.scores == {
        "of_branch": 84,
        "of_committee": 70,
        "of_team": 85,
        "of_secretary": 90,
        "of_director": 60,
        "of_first_secretary": 100,
    }
    assert study.score == round(0.2 * (84 + 70 + 85) + 0.15 * (90 + 60) + 10, 2)
    assert study.is_sealed(), "it tells the secretary's score"
    assert [said.kind for said in region.said(AppraisalOpened) if not said.is_sealed()] == [
        "branch_review",
        "committee_review",
    ]


def test_1_7_a_grade_that_is_taken_back_is_waited_for_again() -> None:
    region = Rating(JALAID)
    region.village()
    region.pass_days(date(2015, 12, 2))
    of_team(region, V, 85)
    region.hear(
        GradeWithdrawn(
            place=COUNTY,
            village=V,
            year=2015,
            unit="U1",
            leader="C1",
            grade="competent",
            reason="录入有误",
            decided_by="市委组织部",
        )
    )
    state = region.state_of("township_targets", TOWNSHIP)
    assert [one.channel for one in state.missing] == ["poverty_work", "party_building", "other_targets"]


def test_1_7_where_nobody_s_result_can_come_in_the_body_is_asked_to_declare_the_channel_void() -> None:
    region = Rating(JALAID)
    region.village()
    region.pass_days(date(2015, 12, 2))
    (task,) = region.tasks("appraisal-voids")
    assert (task.about, task.role, task.answer["channel"]) == (TOWNSHIP, "county", "poverty_work")


def test_1_7_the_merger_of_a_village_ends_its_study() -> None:
    region = Rating(XIXIU)
    region.village()
    region.pass_days(date(2015, 12, 2))
    region.hear(
        VillageMerged(
            place=COUNTY,
            village=V,
            into=W,
            since=date(2015, 12, 10),
            document="民政发〔2015〕1号",
            into_place=COUNTY,
            decided_by="民政局",
        )
    )
    assert [said.subject for said in region.said(AppraisalDropped)] == [V]
    assert not region.tasks("appraisal-scores")
    region.pass_days(date(2016, 12, 2))
    assert not region.said(AppraisalOpened, year=2016)


def test_0_13_poverty_work_weighs_in_the_townships_own_assessment() -> None:
    region = Rating(JALAID)
    region.village()
    region.village(W)
    of_team(region, V, 90)
    region.pass_days(date(2015, 12, 2))
    of_team(region, W, 70)
    region.ask(
        region.score("township_targets", TOWNSHIP, "party_building", "organisation", 60),
        region.score("township_targets", TOWNSHIP, "other_targets", "county", 90),
    )
    region.pass_days(date(2016, 1, 2))
    (proposed,) = region.said(AppraisalProposed, kind="township_targets")
    assert (proposed.subject_kind, proposed.subject, proposed.village) == ("township", TOWNSHIP, None)
    assert proposed.scores["poverty_work"] == 80 and proposed.score == 0.4 * 80 + 0.2 * 60 + 0.4 * 90


def test_4_8_what_the_teams_came_to_is_what_the_townships_secretary_reports_on() -> None:
    region = Rating(GUIZHOU)
    region.village()
    region.pass_days(date(2015, 12, 2))
    of_team(region, V, 90)
    region.ask(region.score("first_responsible", TOWNSHIP, "joint_meeting", "county", 80))
    region.pass_days(date(2016, 1, 2))
    region.ask(region.graded("first_responsible", TOWNSHIP, "effective", "county"))
    (graded,) = region.said(AppraisalGraded)
    assert (graded.score, graded.feeds) == (85, ("performance", "duty_report"))


@settings(max_examples=15, deadline=None)
@given(st.permutations((("graded", V), ("graded", W), ("opened", ""), ("party", ""), ("other", ""))))
def test_0_13_a_township_s_score_is_the_same_whatever_comes_first(order: list[tuple[str, str]]) -> None:
    """Also where a team was graded before the township's assessment opened, and another only at its end."""
    region = Rating(JALAID)
    region.village()
    region.village(W)
    for village in (V, W):
        region.hear(AssessmentOpened(**team(village), inputs=("ballot",)))
    late = []
    for what, village in order:
        if what == "opened":
            region.pass_days(date(2015, 12, 2))
        elif what == "graded":
            region.hear(graded_team(village, 90 if village == V else 70))
        elif region.said(AppraisalOpened):
            region.ask(TARGETS[what](region))
        else:
            late.append(what)
    for what in late:
        region.ask(TARGETS[what](region))
    region.pass_days(date(2016, 1, 2))
    assert [said.score for said in region.said(AppraisalProposed, kind="township_targets")] == [80]


TARGETS: Mapping[str, Any] = {
    "party": lambda region: region.score("township_targets", TOWNSHIP, "party_building", "organisation", 60),
    "other": lambda region: region.score("township_targets", TOWNSHIP, "other_targets", "county", 90),
}


def test_what_is_kept_of_a_study_and_a_ranking_comes_back_from_the_tables() -> None:
    region = ranked({"A": 90, "B": 50})
    grade_all(region, "A", "B")
    region.ask(ranking())
    study = Rating(XIXIU)
    study.village()
    study.party("K1", "village_cadre", post="both")
    study.pass_days(date(2015, 12, 2))
    of_team(study, V, 85)
    study.ask(study.score("secretary_review", "K1", "talk_with_secretary", "township", 90))
    for world in (region, study):
        for state in world.services["inspection"].states.values():
            assert msgspec.json.decode(encode_state(state), type=type(state)) == state
