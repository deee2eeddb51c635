"""All of one kind together: the worst are ranked, the share of the best is watched (2.5, 2.6, 2.15)."""

from datetime import date

import msgspec
import pytest

from services.inspection.model.cohort import Cohort
from services.inspection.model.commands import (
    MakeRanking,
    WithdrawRanking,
)
from shared.contracts.inspection import (
    AppraisalGraded,
    BestExceeded,
    EntryDropped,
    EntryProposed,
    RankingMade,
)
from tests.inspection.rated import (
    COUNTY,
    PANELS,
    ZUNYI,
    Rating,
    cadres,
    grade_all,
    pack_of,
    ranked,
    ranking,
)


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


def test_2_6_another_choice_among_equals_is_made_only_after_the_ranking_is_withdrawn() -> None:
    region = ranked({"A": 60, "B": 50, "C": 60, "D": 60})
    grade_all(region, "A", "B", "C", "D")
    region.refuses(ranking("C", place=COUNTY), 422, "place")
    region.ask(ranking("C"), ranking("C"))
    assert len(region.said(RankingMade)) == 1
    assert "ranked already" in region.refuses(ranking("D"), 409, "year").en
