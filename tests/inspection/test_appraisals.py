"""The assessment of villages, townships, organisations and village cadres, by the entries of the shipped packs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.inspection.model import appraisal_inputs, subjects
from services.inspection.model.appraisal import Appraisal
from services.inspection.model.cohort import Cohort
from services.inspection.model.commands import (
    ContestAppraisal,
    GiveReport,
    GiveScores,
    MakeRanking,
    Mark,
    WithdrawAppraisalInput,
    WithdrawRanking,
)
from services.inspection.model.subjects import Subject
from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided
from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalGraded,
    AppraisalInputGiven,
    AppraisalInputVoided,
    AppraisalOpened,
    AppraisalProposed,
    AppraisalReviewed,
    AssessmentOpened,
    BestExceeded,
    EntryDropped,
    EntryProposed,
    GradeWithdrawn,
    RankingMade,
)
from shared.contracts.registry import CadreRegistered, PartyRegistered, VillageMerged, VillageWithdrawn
from shared.engine.actors import RECUSAL, Actor, is_his
from shared.engine.flow import Cause, encode_state
from shared.laws import as_of
from shared.policy import PolicyInvalid, parse_pack
from shared.rules import Key, State
from tests.inspection.rated import (
    BODIES,
    COUNTY,
    GUIZHOU,
    JALAID,
    PANELS,
    SCORED,
    TOWNSHIP,
    XIXIU,
    ZUNYI,
    Rating,
    V,
    W,
    cadres,
    give,
    grade_all,
    graded_team,
    of_team,
    pack_of,
    ranked,
    ranking,
    rating,
    team,
)
from tests.inspection.region import BENXI
from tests.support.outage import sleep

# -------------------------------------------------------------- four sides, three failings


def test_0_10_four_sides_make_the_rating_and_each_is_kept() -> None:
    region = rating()
    (opened,) = region.said(AppraisalOpened)
    assert (opened.subject_kind, opened.subject, opened.village) == ("village_cadre", "S1", V) and opened.is_sealed()
    roles = {task.answer["channel"]: task.role for task in region.tasks("appraisal-scores", "S1")}
    assert roles == {channel: BODIES[channel] for channel in SCORED}
    give(region, "peers", "leaders", "committee")
    region.pass_days(date(2016, 2, 1))
    assert not region.said(AppraisalProposed), "the rating waits for the ballot"
    give(region, "representatives")
    region.pass_days(date(2016, 2, 2))
    (proposed,) = region.said(AppraisalProposed)
    assert proposed.scores == {"peers": 80, "leaders": 70, "representatives": 75, "committee": 90}
    assert (proposed.score, proposed.grade) == (78.75, "fairly_good")


def test_0_9_a_body_grades_and_finds_failings() -> None:
    region = rating()
    give(region, *SCORED, "representatives")
    early = region.graded("secretary_rating", "S1", "fair")
    region.refuses(early, 409)
    region.pass_days(date(2016, 1, 2))
    region.refuses(region.graded("secretary_rating", "S1", "superb"), 422, "grade")
    region.refuses(region.graded("secretary_rating", "S1", "fair", "organisation", "asleep"), 422, "failings")
    region.refuses(region.graded("secretary_rating", "S1", "fair", "township"), 422, "body")
    region.ask(region.graded("secretary_rating", "S1", "fair", "organisation", "inactive"))
    (graded,) = region.said(AppraisalGraded)
    assert (graded.grade, graded.failings, graded.score) == ("fair", ("inactive",), 78.75)
    assert not region.tasks("appraisal-grades")
    region.ask(region.graded("secretary_rating", "S1", "fair", "organisation", "inactive"))
    assert len(region.said(AppraisalGraded)) == 1
    region.refuses(region.graded("secretary_rating", "S1", "sound"), 409, "grade")


@pytest.mark.parametrize(
    ("me", "recused"),
    [({"cadre": "S1"}, True), ({"kin": ("C9", "S1")}, True), ({"cadre": "S2", "kin": ("C9",)}, False)],
)
def test_0_9_nobody_grades_himself_or_a_relative_or_has_it_as_a_task(me: dict[str, Any], recused: bool) -> None:
    region = rating()
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 2))
    actor, inspection = Actor(pseudonym="p", concerns=(), **me), region.services["inspection"]
    (task,) = region.tasks("appraisal-grades", "S1")
    assert is_his(actor, region.state_of("secretary_rating", "S1"), task) != recused
    grade = region.graded("secretary_rating", "S1", "fair", "organisation", "inactive")
    result = inspection.take([Cause("one", "one", grade, actor=actor)], region.today)
    assert [getattr(one.error, "rule", "") for one in result.parked] == [as_of(RECUSAL, region.today)] * recused


def test_0_10_without_a_tour_a_body_declares_the_channel_void_and_the_other_weights_grow() -> None:
    region = rating()
    give(region, "leaders", "committee", "representatives")
    region.refuses(region.void("secretary_rating", "S1", "peers", "township"), 422, "body")
    region.refuses(region.void("secretary_rating", "S1", "leaders"), 409, "channel")
    region.ask(region.void("secretary_rating", "S1", "peers"))
    (told,) = region.said(AppraisalInputVoided)
    assert told.channel == "peers" and told.is_sealed()
    region.refuses(region.score("secretary_rating", "S1", "peers", "township", 80), 422, "channel")
    region.pass_days(date(2016, 1, 2))
    (proposed,) = region.said(AppraisalProposed)
    assert proposed.score == round((70 + 75 + 90) / 3, 2)


def test_0_10_what_was_void_or_wrong_is_taken_back_and_awaited_again() -> None:
    region = rating()
    give(region, *SCORED)
    region.ask(region.void("secretary_rating", "S1", "representatives"))
    about = region.about("secretary_rating", "S1")
    for channel in ("representatives", "peers"):
        region.ask(
            WithdrawAppraisalInput(
                **about, channel=channel, body="organisation", reason="录入有误", decided_by="县委组织部"
            )
        )
    region.pass_days(date(2016, 2, 1))
    assert not region.said(AppraisalProposed)
    assert {c.channel for c in region.state_of("secretary_rating", "S1").missing} == {"representatives", "peers"}
    nothing = WithdrawAppraisalInput(
        **about, channel="peers", body="organisation", reason="录入有误", decided_by="县委组织部"
    )
    region.refuses(nothing, 404, "channel")


def test_0_10_the_last_channel_that_carries_a_score_is_never_void() -> None:
    region = rating()
    for channel in ("peers", "leaders", "committee"):
        region.ask(region.void("secretary_rating", "S1", channel))
    region.refuses(region.void("secretary_rating", "S1", "representatives"), 409, "channel")


def test_0_10_a_related_member_of_a_panel_is_refused() -> None:
    region = rating()
    region.party("S2", "secretary", W)
    region.party("K1", "secretary", V)
    of_village = GiveScores(
        **region.about("secretary_rating", "S1"),
        channel="peers",
        body="township",
        marks=(Mark("S2", 90), Mark("K1", 100)),
        given_by="观摩组",
    )
    region.refuses(of_village, 422, "marks.K1.member")
    region.hear(
        CadreRegistered(
            place="210500",
            cadre="C9",
            unit="U1",
            rank="section",
            party_member=True,
            work_since=date(2000, 1, 1),
            born_on=date(1975, 1, 1),
            reserve=False,
            ties=(V,),
        )
    )
    tied = GiveScores(
        **region.about("secretary_rating", "S1"),
        channel="peers",
        body="township",
        marks=(Mark("S2", 90), Mark("C9", 100)),
        given_by="观摩组",
    )
    region.refuses(tied, 422, "marks.C9.member")
    himself = GiveScores(
        **region.about("secretary_rating", "S1"),
        channel="peers",
        body="township",
        marks=(Mark("S1", 100),),
        given_by="观摩组",
    )
    region.refuses(himself, 422, "marks.S1.member")
    region.ask(
        GiveScores(
            **region.about("secretary_rating", "S1"),
            channel="peers",
            body="township",
            marks=(Mark("S2", 90),),
            given_by="观摩组",
        )
    )
    assert region.state_of("secretary_rating", "S1").scores == {"peers": 90}


def test_0_10_other_members_with_the_same_mean_are_no_repetition() -> None:
    region = rating()
    region.ask(region.score("secretary_rating", "S1", "peers", "township", 70, 90))
    region.ask(region.score("secretary_rating", "S1", "peers", "township", 70, 90))
    region.refuses(region.score("secretary_rating", "S1", "peers", "township", 70, 90, by="N"), 409, "channel")


def test_0_10_a_ballot_that_twice_has_no_quorum_is_declared_void() -> None:
    region = rating()
    give(region, *SCORED)
    for present in (20, 30):
        region.refuses(
            region.poll("secretary_rating", "S1", "representatives", satisfied=20, present=present), 422, "present"
        )
    region.refuses(region.poll("secretary_rating", "S1", "representatives", satisfied=41), 422, "present")
    region.ask(region.void("secretary_rating", "S1", "representatives"))
    region.pass_days(date(2016, 1, 2))
    assert region.said(AppraisalProposed)[0].score == 80


def test_0_9_a_secretary_who_leaves_in_mid_year_is_not_graded_and_the_successor_is_from_the_next_year_on() -> None:
    region = rating()
    give(region, "peers")
    region.left("S1")
    (dropped,) = region.said(AppraisalDropped)
    assert dropped.subject == "S1" and dropped.is_sealed()
    region.party("S2", "secretary")
    assert not region.tasks("appraisal-scores")
    region.refuses(region.score("secretary_rating", "S1", "leaders", "county", 70), 409)
    region.refuses(region.score("secretary_rating", "S2", "leaders", "county", 70), 404)
    assert "终止" in region.refuses(region.graded("secretary_rating", "S1", "fair"), 409).zh
    region.pass_days(date(2016, 11, 2))
    opened = [(said.subject, said.year) for said in region.said(AppraisalOpened, kind="secretary_rating")]
    assert opened == [("S1", 2015), ("S2", 2016)]


def test_2_21_who_is_registered_again_after_a_mistake_is_on_the_list_of_who_is_assessed_again() -> None:
    region = rating()
    subjects = (f"village:{V}", "party:S1")
    region.hear(VillageWithdrawn(place=COUNTY, village=V, reason="误录", decided_by="县民政局"))
    region.left("S1")
    assert [region.kept(Subject, subject).status for subject in subjects] == ["ended", "ended"]
    region.village()
    region.party("S1", "secretary")
    assert [region.kept(Subject, subject).status for subject in subjects] == ["village", "secretary"]


def test_0_9_a_graded_secretary_who_leaves_keeps_the_grade() -> None:
    region = rating()
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 2))
    region.left("S1")
    assert not region.said(AppraisalDropped)
    region.ask(region.graded("secretary_rating", "S1", "sound"))
    assert region.said(AppraisalGraded)


def test_0_9_a_weak_grade_is_contested_in_time_and_only_improved() -> None:
    region = rating()
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 2))
    contest = ContestAppraisal(**region.about("secretary_rating", "S1"), body="village", lodged_by="朝阳村党支部")
    region.refuses(contest, 409, "year")
    region.ask(region.graded("secretary_rating", "S1", "weak", "organisation", "unable"))
    region.ask(contest)
    assert [task.due for task in region.tasks("appraisal-grades")] == [date(2016, 2, 1)]
    region.refuses(region.graded("secretary_rating", "S1", "weak", "organisation", "unable", "reckless"), 422, "grade")
    region.ask(region.graded("secretary_rating", "S1", "fair"))
    (reviewed,) = region.said(AppraisalReviewed)
    assert (reviewed.before, reviewed.grade) == ("weak", "fair")
    assert [(said.grade, said.failings) for said in region.said(AppraisalGraded)] == [
        ("weak", ("unable",)),
        ("fair", ()),
    ]
    region.refuses(contest, 409, "year")


@pytest.mark.parametrize(
    ("failings", "told"), [(("unable", "reckless"), 1), (("unable",), 2), ((), 2)], ids=["as it was", "less", "none"]
)
def test_0_9_a_review_that_leaves_a_grade_as_it_is_grades_nobody_anew(failings: tuple[str, ...], told: int) -> None:
    region = rating()
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 2))
    contest = ContestAppraisal(**region.about("secretary_rating", "S1"), body="village", lodged_by="朝阳村党支部")
    region.ask(region.graded("secretary_rating", "S1", "weak", "organisation", "unable", "reckless"), contest)
    region.ask(region.graded("secretary_rating", "S1", "weak", "organisation", *failings))
    assert len(region.said(AppraisalReviewed)) == 1 and len(region.said(AppraisalGraded)) == told
    assert region.state_of("secretary_rating", "S1").answer_until is None


def test_0_9_a_grade_on_which_something_was_decided_stays_until_that_is_taken_back() -> None:
    region = rating()
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 2))
    region.refuses(region.take_back("secretary_rating", "S1"), 404, "year")
    region.ask(region.graded("secretary_rating", "S1", "weak"))
    about: dict[str, Any] = {
        "place": COUNTY,
        "outcome": "talk/secretary_rating/S1/2015",
        "kind": "talk",
        "subject_kind": "cadre",
        "subject": "S1",
        "village": V,
        "decided_by": "县纪委",
    }
    region.hear(OutcomeDecided(**about, imposed=True, tolerated=False, clause="S2:二（三）"))
    refused = region.refuses(region.take_back("secretary_rating", "S1"), 409, "year")
    assert "（S1，2015年度嘎查村党组织书记评定）" in refused.zh and "(secretary rating of S1, 2015) was" in refused.en
    region.hear(DecisionWithdrawn(**about, reason="认定有误"))
    region.ask(region.take_back("secretary_rating", "S1"))
    region.ask(region.graded("secretary_rating", "S1", "fair"))
    assert region.state_of("secretary_rating", "S1").grade == "fair"


def test_0_9_a_pack_that_changes_in_mid_year_changes_nothing_that_is_open() -> None:
    region = rating()
    later = pack_of(JALAID, version="2105-2015.9", effective_from=date(2015, 11, 20))
    later["appraisals"] = [{**one, "decides": "county"} for one in later["appraisals"]]
    region.adopt(later)
    region.pass_days(date(2015, 12, 1))
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 2))
    region.refuses(region.graded("secretary_rating", "S1", "fair", "county"), 422, "body")
    region.ask(region.graded("secretary_rating", "S1", "fair"))


def test_0_9_a_new_packs_assessment_is_opened_although_nobody_awaited_it() -> None:
    region = Rating(pack=BENXI)
    region.village()
    region.party("S1", "secretary")
    region.pass_days(date(2015, 3, 1))
    region.adopt(pack_of(JALAID, version="2105-2015.9", effective_from=date(2015, 3, 10)))
    region.pass_days(date(2015, 11, 2))
    assert [said.subject for said in region.said(AppraisalOpened)] == ["S1"]


# ------------------------------------------------------------------------ made of others


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


# ---------------------------------------------------------------------- all of one kind


def test_2_6_the_worst_organisations_are_ranked_once_all_are_graded() -> None:
    region = ranked({"A": 90, "B": 50, "C": 70, "D": 60})
    grade_all(region, "A", "B", "C")
    assert not region.tasks("rankings")
    assert "1" in region.refuses(ranking(), 409, "year").en
    grade_all(region, "D")
    assert [task.role for task in region.tasks("rankings")] == ["organisation"]
    region.refuses(ranking(place=COUNTY), 422, "place")
    region.refuses(ranking(body="township"), 422, "body")
    region.refuses(ranking("B"), 422, "chosen")
    region.ask(ranking(), ranking())
    (made,) = region.said(RankingMade)
    assert [one.subject for one in made.worst] == ["B", "D"]
    assert (made.ranked, made.tied, made.lists, made.is_sealed()) == (4, 0, "weak_branch", False)
    assert not region.tasks("rankings")
    proposed = [(said.kind, said.party, said.village, said.score) for said in region.said(EntryProposed)]
    assert proposed == [("weak_branch", "B", None, 50), ("weak_branch", "D", None, 57)]


def test_2_6_a_tie_at_the_last_place_is_told_and_the_body_chooses() -> None:
    region = ranked({"A": 60, "B": 50, "C": 60, "D": 60})
    grade_all(region, "A", "B", "C", "D")
    refused = region.refuses(ranking(), 422, "chosen")
    assert all(party in refused.zh for party in "ACD") and "B" not in refused.zh
    for wrong in (("B",), ("A", "C"), ("E",)):
        region.refuses(ranking(*wrong), 422, "chosen")
    region.ask(ranking("C"))
    (made,) = region.said(RankingMade)
    assert [one.subject for one in made.worst] == ["B", "C"] and made.tied == 3


@pytest.mark.parametrize(
    ("scores", "worst", "named"),
    [({"A": 0, "B": 50}, 1, {"A": 0}), ({"A": 0, "B": 1, "C": 50}, 2, {"A": 0, "B": 1}), ({"A": 0}, 3, {"A": 0})],
)
def test_2_6_who_has_no_point_at_all_is_ranked_by_that(
    scores: dict[str, int], worst: int, named: dict[str, int]
) -> None:
    region = ranked(scores, worst, satisfied=0)
    grade_all(region, *scores)
    region.ask(ranking())
    (made,) = region.said(RankingMade)
    assert [one.subject for one in made.worst] == [*named] and (made.tied, made.ranked) == (0, len(scores))
    assert made.worst[0].score == 0 and all(one.score < 1 for one in made.worst)
    assert [one.score for one in region.said(EntryProposed)] == [one.score for one in made.worst]


def test_2_6_a_ranking_holds_the_grades_until_it_is_taken_back() -> None:
    region = ranked({"A": 90, "B": 50, "C": 70})
    grade_all(region, "A", "B", "C")
    back = WithdrawRanking(
        place="210500", kind="branch_review", year=2015, body="organisation", reason="排名有误", decided_by="市委组织部"
    )
    region.refuses(back, 404, "year")
    region.ask(ranking())
    refused = region.refuses(region.take_back("branch_review", "B"), 409, "year")
    assert "已据此排名" in refused.zh and "it was ranked by it" in refused.en
    region.ask(back, region.take_back("branch_review", "B"))
    assert [said.party for said in region.said(EntryDropped)] == ["B", "C"]
    region.refuses(ranking(), 409, "year")


def test_2_6_a_pack_that_ranks_no_more_leaves_the_ranking_of_the_year_that_is_open() -> None:
    region = ranked({"A": 90, "B": 50, "C": 70}, worst=1)
    region.adopt(pack_of(version="2105-2016.1", effective_from=date(2016, 1, 10)))
    region.pass_days(date(2016, 1, 12))
    grade_all(region, "A", "B", "C")
    (task,) = region.tasks("rankings")
    assert "branch_review" not in region.refuses(ranking(place=COUNTY), 404, "kind").zh
    region.ask(msgspec.convert({**task.answer, "decided_by": "市委组织部"}, MakeRanking))
    assert [one.subject for one in region.said(RankingMade)[0].worst] == ["B"]
    back = {"body": "organisation", "reason": "排名有误", "decided_by": "市委组织部"}
    region.ask(WithdrawRanking(place="210500", kind="branch_review", year=2015, **back))  # type: ignore[arg-type]
    region.ask(region.take_back("branch_review", "B"))
    assert not region.tasks("rankings"), "B has no grade any more"


def test_2_6_fewer_than_the_places_are_all_taken() -> None:
    region = ranked({"A": 90, "B": 50}, worst=5)
    grade_all(region, "A", "B")
    region.ask(ranking())
    assert [one.subject for one in region.said(RankingMade)[0].worst] == ["B", "A"]


def test_2_5_one_result_is_told_to_four_reviews() -> None:
    region = ranked({"A": 90})
    grade_all(region, "A")
    assert region.said(AppraisalGraded)[0].feeds == ("secretaries", "annual", "cadres", "members_review")


def test_2_14_no_mandatory_part_can_be_left_out() -> None:
    region = Rating(ZUNYI)
    region.village()
    region.party("K0", "village_cadre")
    region.pass_days(date(2015, 12, 2))
    for channel in (*PANELS, "villagers"):
        region.refuses(region.void("village_cadre_year", "K0", channel, "township"), 409, "channel")


def test_2_15_more_best_grades_than_their_share_are_told_and_the_body_chooses() -> None:
    region = cadres(10)
    for n in range(4):
        region.ask(region.graded("village_cadre_year", f"K{n}", "excellent", "township"))
    (told,) = region.said(BestExceeded)
    assert (told.number, told.at_most, told.grade) == (3, 2, "excellent")
    assert [task.role for task in region.tasks("appraisal-grade-withdrawals")] == ["township"]
    for n in (0, 3):
        region.ask(region.take_back("village_cadre_year", f"K{n}", "township"))
        region.ask(region.graded("village_cadre_year", f"K{n}", "good", "township"))
    assert not region.tasks("appraisal-grade-withdrawals") and len(region.said(BestExceeded)) == 1
    region.ask(region.graded("village_cadre_year", "K5", "excellent", "township"))
    assert len(region.said(BestExceeded)) == 2
    refused = MakeRanking(place="210500", kind="village_cadre_year", year=2015, body="organisation", decided_by="市委")
    region.refuses(refused, 422, "kind")
    assert region.kept(Cohort, "2105/village_cadre_year/2015").best == 3


# ------------------------------------------------------------------------ what a pack says


def entry(**changes: Any) -> dict[str, Any]:
    said = next(one for one in pack_of(ZUNYI)["appraisals"] if one["kind"] == "branch_review")
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def channel(**changes: Any) -> dict[str, Any]:
    return {"channel": "only", "label": "评议", "weight": 100, "how": "panel", "by": "township", **changes}


CHANNELS = entry()["channels"]
GRADES = entry()["grades"]


@pytest.mark.parametrize(
    ("wrong", "where", "said"),
    [
        (entry(of="club"), "of", "there is no club"),
        (entry(kind="team"), "kind", "choose another code"),
        (entry(of="village_cadre", rank=entry()["rank"]), "rank", "never ranked"),
        (entry(of="village", channels=[channel(how="taken", by=None, of="village_cadre_year")], ballot_quorum=None),
         "rank", "made of their results"),
        (entry(rank={"worst": 3, "lists": "poor", "by": "organisation"}), "rank.lists", "is no list of branch"),
        (entry(rank={"worst": 3, "lists": "weak_branch", "by": "village"}), "rank.by", "cannot do this"),
        (entry(decides="team"), "decides", "cannot do this"),
        (entry(channels=[channel(weight=90)], ballot_quorum=None), "channels", "the weights make 90"),
        (entry(channels=[channel(by=None)], ballot_quorum=None), "channels[0].by", "who enters it"),
        (entry(channels=[channel(of="team")], ballot_quorum=None), "channels[0].of", "only a result"),
        (entry(channels=[channel(how="report")], ballot_quorum=None), "channels[0].weight", "its weight is 0"),
        (entry(ballot_quorum=None), "channels[1].how", "a ballot needs"),
        (entry(channels=[channel()]), "ballot_quorum", "no ballot"),
        (entry(channels=[channel(how="taken", by=None, of="team")], ballot_quorum=None), "channels[0].how",
         "only a village's"),
        (entry(of="village", rank=None, channels=[channel(how="taken", of="team")], ballot_quorum=None),
         "channels[0].by", "nobody enters"),
        (entry(of="village", rank=None, channels=[channel(how="taken", by=None, of="rumour")], ballot_quorum=None),
         "channels[0].of", "there is no rumour"),
        (entry(of="village", rank=None, channels=[channel(how="taken", by=None, of="branch_review")]),
         "channels[0].of", "is made of branch_review in turn"),
        (entry(channels=[CHANNELS[0], CHANNELS[0]]), "channels[1].channel", "occurs twice"),
        (entry(grades=GRADES[:3]), "grades[2].at_least", "must begin at 0"),
        (entry(grades=[GRADES[0], {**GRADES[1], "name": GRADES[0]["name"]}, *GRADES[2:]]), "grades[1].name",
         "occurs twice"),
        (entry(grades=[GRADES[1], GRADES[0], *GRADES[2:]]), "grades[1].at_least", "above the next"),
        (entry(grades=[{**GRADES[0], "label": "特优"}, *GRADES[1:]]), "grades", "elsewhere"),
        (entry(parts={"goals": "定目标"}), "parts.goals", "no channel is about"),
        (entry(parts={"goals": "定目标"}), "channels[0].part", "must belong to one of goals"),
        (entry(channels=[channel(part="goals")], ballot_quorum=None), "channels[0].part", "no `parts`"),
        (entry(where={"type": ["club"]}), "where.type", "never has type = club"),
        (entry(where={"colour": ["red"]}), "where.colour", "never has colour = red"),
        (entry(review={"grades": ["dismal"], "within": {"months": 1}, "answer": {"months": 1}}), "review.grades[0]",
         "there is no grade dismal"),
    ],
)  # fmt: skip
def test_2_14_a_pack_that_contradicts_itself_is_refused(wrong: dict[str, Any], where: str, said: str) -> None:
    pack = pack_of(ZUNYI)
    others = [one for one in pack["appraisals"] if one["kind"] != "branch_review"]
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [wrong, *others]})
    found = {fault.where: fault.en for fault in refused.value.faults}
    assert said in found[f"appraisals[0].{where}"], found


def test_2_14_whose_subjects_lie_in_no_village_counts_for_none() -> None:
    pack = pack_of(ZUNYI)
    town = entry(kind="town_review", of="township", rank=None, where=None)
    village = entry(kind="village_review", of="village", rank=None, where=None, ballot_quorum=None,
                    channels=[channel(how="taken", by=None, of="town_review")])  # fmt: skip
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [village, town, *pack["appraisals"]]})
    (fault,) = (one for one in refused.value.faults if one.where == "appraisals[0].channels[0].of")
    assert "belongs to no village" in fault.en and fault.zh == "“town_review”的对象不属于村，结果不能计入村或乡镇"


@pytest.mark.parametrize(
    ("parts", "zh"),
    [({"goals": "定目标"}, "应属于必备部分之一：“goals”"), (None, "没有规定必备部分（“parts”），不填“part”")],
)
def test_2_14_a_channel_of_no_mandatory_part_reads_which_there_are(parts: Any, zh: str) -> None:
    pack = pack_of(ZUNYI)
    wrong = entry(kind="other_review", parts=parts, channels=[channel(part="others")], ballot_quorum=None)
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [wrong, *pack["appraisals"]]})
    assert zh in [one.zh for one in refused.value.faults if one.where == "appraisals[0].channels[0].part"]


def test_2_14_the_pack_itself_is_valid() -> None:
    for shipped in (JALAID, XIXIU, ZUNYI):
        assert parse_pack(pack_of(shipped))


# ------------------------------------------------------------------ in whatever order


@settings(max_examples=15, deadline=None)
@given(st.permutations((*SCORED, "representatives")), st.sampled_from(("", *SCORED)))
def test_0_10_in_whatever_order_the_sides_come_in_the_proposal_is_the_same(order: list[str], twice: str) -> None:
    region = rating()
    for channel in order:
        give(region, channel, *((channel,) if channel == twice else ()))
    region.pass_days(date(2016, 1, 2))
    (proposed,) = region.said(AppraisalProposed)
    assert (proposed.score, proposed.grade) == (78.75, "fairly_good")


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


def test_0_9_a_secretary_whose_village_was_merged_keeps_the_rating_and_belongs_to_the_other_one_from_then_on() -> None:
    region = rating()
    give(region, "peers", "leaders")
    region.party("S1", "secretary", W)
    give(region, "committee", "representatives")
    region.pass_days(date(2016, 11, 2))
    assert [(said.year, said.village) for said in region.said(AppraisalOpened, kind="secretary_rating")] == [
        (2015, V),
        (2016, W),
    ]
    assert region.said(AppraisalProposed)[0].village == V


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


def reporting() -> Rating:
    """Secretaries who report on their duties before they are rated."""
    pack = pack_of(JALAID)
    (rated,) = (one for one in pack["appraisals"] if one["kind"] == "secretary_rating")
    report = {"channel": "duties", "label": "述职", "weight": 0, "how": "report", "by": "village"}
    entry = {**rated, "channels": [*rated["channels"], report]}
    pack["appraisals"] = [entry if one is rated else one for one in pack["appraisals"]]
    region = Rating(pack=pack)
    region.village()
    region.party("S1", "secretary")
    region.pass_days(date(2015, 11, 2))
    return region


def duties(region: Rating, **said: Any) -> GiveReport:
    about = region.about("secretary_rating", "S1")
    return GiveReport(**{**about, "channel": "duties", "body": "village", "given_by": "朝阳村", **said})


def test_3_8_nobody_is_rated_before_the_report_on_the_duties_is_in() -> None:
    region = reporting()
    give(region, *SCORED, "representatives")
    region.pass_days(date(2016, 1, 2))
    assert not region.said(AppraisalProposed)
    assert [one.channel for one in region.state_of("secretary_rating", "S1").missing] == ["duties"]
    region.ask(duties(region))
    assert [said.channel for said in region.said(AppraisalInputGiven)][-1] == "duties"
    region.ask(duties(region))
    assert [said.channel for said in region.said(AppraisalInputGiven)].count("duties") == 1
    region.pass_days(date(2016, 1, 3))
    assert len(region.said(AppraisalProposed)) == 1


def test_3_8_a_report_comes_from_who_owes_it_by_its_own_form_and_where_the_subject_is() -> None:
    region = reporting()
    region.refuses(duties(region, body="township"), 422, "body")
    region.refuses(duties(region, channel="peers"), 422, "channel")
    assert "peers" in region.refuses(duties(region, channel="tour"), 422, "channel").en
    region.refuses(region.score("secretary_rating", "S1", "duties", "village", 80), 422, "channel")
    region.refuses(duties(region, place="210522"), 422, "place")
    region.refuses(duties(region, subject="S9"), 404, None)
    assert not region.said(AppraisalInputGiven)


def test_0_10_a_ballot_that_was_counted_otherwise_is_refused_until_it_is_withdrawn() -> None:
    region = rating()
    region.ask(region.poll("secretary_rating", "S1", "representatives", satisfied=30))
    region.ask(region.poll("secretary_rating", "S1", "representatives", satisfied=30))
    refused = region.refuses(region.poll("secretary_rating", "S1", "representatives", satisfied=31), 409, "channel")
    assert "another result" in refused.en


def test_2_6_another_choice_among_equals_is_made_only_after_the_ranking_is_withdrawn() -> None:
    region = ranked({"A": 60, "B": 50, "C": 60, "D": 60})
    grade_all(region, "A", "B", "C", "D")
    region.refuses(ranking("C", place=COUNTY), 422, "place")
    region.ask(ranking("C"), ranking("C"))
    assert len(region.said(RankingMade)) == 1
    assert "ranked already" in region.refuses(ranking("D"), 409, "year").en


def test_0_9_the_time_for_a_grade_that_was_proposed_in_an_outage_is_counted_from_its_own_day() -> None:
    due = []
    for asleep in (False, True):
        region = rating()
        give(region, *SCORED, "representatives")
        (sleep if asleep else type(region).pass_days)(region, date(2016, 1, 20))
        due.append([task.due for task in region.tasks("appraisal-grades")])
    assert due[0] == due[1] and due[0][0]


@pytest.mark.parametrize("field", ["feeds", "failings"])
def test_2_5_one_code_has_one_name_in_all_assessments(field: str) -> None:
    pack = pack_of(ZUNYI)
    first, second = ({**one, field: {"same": f"名称{n}"}} for n, one in enumerate(pack["appraisals"][:2]))
    with pytest.raises(PolicyInvalid) as refused:
        parse_pack({**pack, "appraisals": [first, second, *pack["appraisals"][2:]]})
    assert [fault.where for fault in refused.value.faults if "elsewhere" in fault.en] == [f"appraisals[1].{field}"]


@pytest.mark.parametrize(
    ("party", "parent", "asked", "his"),
    [
        ("B1", f"village:{V}", True, True),
        ("B2", f"township:{COUNTY}100", True, True),
        ("201503020015", f"village:{V}", True, True),
        ("B3", "party:E1", True, False),
        ("B4", f"township:{COUNTY}101", False, False),
        ("B5", f"village:{COUNTY}101201", False, False),
    ],
)
def test_2_21_a_township_scores_and_is_asked_for_the_branches_that_lie_in_it_alone(
    party: str, parent: str, asked: bool, his: bool
) -> None:
    """What belongs to an entity, and this to a village, the list of tasks does not know, but the rules do."""
    region = Rating(ZUNYI)
    region.village()
    region.village(f"{COUNTY}101201")
    for id, kind, of in (("E1", "entity", f"village:{COUNTY}101201"), (party, "branch", parent)):
        region.hear(PartyRegistered(place=COUNTY, party=id, kind=kind, parent=of, personal=False, name="支部"))
    region.pass_days(date(2015, 11, 2))
    kept, actor = region.state_of("branch_review", party), Actor(acts_as=("township",), township=f"{COUNTY}100")
    tasks = [one for one in kept.tasks(parse_pack(pack_of(ZUNYI))) if one.role == "township"]
    assert tasks and {is_his(actor, kept, one) for one in tasks} == {asked}
    score = region.score("branch_review", party, "township_party", "township", 20)
    inspection = region.services["inspection"]
    refused = inspection.take([Cause("one", "one", score, actor=actor)], region.today).parked
    assert [getattr(one.error, "status", 0) for one in refused] == [403] * (not his)
    inspection.parked.clear()


@pytest.mark.parametrize(
    ("parent", "body"),
    [
        (f"village:{V}", "village"),
        ("party:OURS", "village"),
        (f"township:{COUNTY}100", "township"),
        ("party:THEIRS", "township"),
    ],
)
def test_2_7_the_ballot_of_a_branch_that_lies_in_no_village_is_entered_by_its_township(parent: str, body: str) -> None:
    """The city's document has branches in industrial parks, where no village's people could say what members think."""
    region = Rating(ZUNYI)
    region.village()
    region.party("OURS", "entity")
    region.party("THEIRS", "entity", parent=f"township:{COUNTY}100")
    region.party("B1", "branch", parent=parent)
    region.pass_days(date(2015, 11, 2))
    kept, inspection = region.state_of("branch_review", "B1"), region.services["inspection"]
    (task,) = [one for one in kept.tasks(parse_pack(pack_of(ZUNYI))) if one.action == "appraisal-ballots"]
    assert task.role == task.answer["body"] == body
    for role in ("village", "township"):
        said = region.poll("branch_review", "B1", "members", satisfied=30, body=role)
        for village, township in ((W, f"{COUNTY}101"), (V, f"{COUNTY}100")):
            actor = Actor(acts_as=(role,), village=village, township=township)
            result = inspection.take([Cause(f"{role} {village}", "one", said, actor=actor)], region.today)
            inspection.parked.clear()
            assert bool(result.changed) == (role == body and village == V), (role, village)


@pytest.mark.parametrize("personal", [True, False])
def test_2_7_of_a_person_is_kept_the_same_whether_or_not_the_organisation_was_heard_of_before(personal: bool) -> None:
    """What is told of persons is sealed, and may overtake what is told openly of the organisation they belong to."""
    policy, today = parse_pack(pack_of(ZUNYI)), date(2015, 3, 2)
    township = f"township:{COUNTY}100"
    above = Subject(id="party:THEIRS", place=COUNTY, sort="entity", parent=township)
    event = PartyRegistered(place=COUNTY, party="P1", kind="branch", parent=above.id, personal=personal)
    early, late = (
        subjects.register_party(None, event, policy, today, dict.fromkeys(subjects.above(None, event), known)).state
        for known in (None, above)
    )
    assert isinstance(early, Subject) and isinstance(late, Subject)
    assert (early == late) is personal
    assert late.lies_in == ("" if personal else township)
    told = AppraisalOpened(
        place=COUNTY, kind="branch_review", subject_kind="organisation", subject="P1", year=2015, inputs=(),
        parent=above.id, personal=personal,
    )  # fmt: skip
    others: dict[Key, State | None] = {(Subject, early.id): early, (Subject, above.id): above}
    begun = appraisal_inputs.open_own(None, told, policy, today, others).state
    assert isinstance(begun, Appraisal) and begun.lies_in == township
