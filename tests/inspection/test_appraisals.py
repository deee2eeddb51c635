"""The rating of a person by four sides, its grade, the review of it, and where it ends (0.9, 0.10, 3.8)."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.inspection.model import appraisal_inputs, subjects
from services.inspection.model.appraisal import Appraisal
from services.inspection.model.commands import (
    ContestAppraisal,
    GiveReport,
    GiveScores,
    Mark,
    WithdrawAppraisalInput,
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
)
from shared.contracts.registry import CadreRegistered, PartyRegistered, VillageWithdrawn
from shared.engine.actors import RECUSAL, Actor, is_his
from shared.engine.flow import Cause
from shared.laws import as_of
from shared.policy import parse_pack
from shared.rules import Key, State
from tests.inspection.rated import (
    BODIES,
    COUNTY,
    JALAID,
    SCORED,
    ZUNYI,
    Rating,
    V,
    W,
    give,
    pack_of,
    rating,
)
from tests.inspection.region import BENXI
from tests.support.outage import sleep


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


def test_0_10_a_panels_score_is_the_mean_of_its_marks_to_two_places() -> None:
    region = rating()
    give(region, "leaders", "committee", "representatives")
    region.ask(region.score("secretary_rating", "S1", "peers", "township", 80, 80, 81, 81, 81, 81, 81))
    region.pass_days(date(2016, 1, 2))
    (proposed,) = region.said(AppraisalProposed)
    assert proposed.scores["peers"] == 80.71


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


@settings(max_examples=15, deadline=None)
@given(st.permutations((*SCORED, "representatives")), st.sampled_from(("", *SCORED)))
def test_0_10_in_whatever_order_the_sides_come_in_the_proposal_is_the_same(order: list[str], twice: str) -> None:
    region = rating()
    for channel in order:
        give(region, channel, *((channel,) if channel == twice else ()))
    region.pass_days(date(2016, 1, 2))
    (proposed,) = region.said(AppraisalProposed)
    assert (proposed.score, proposed.grade) == (78.75, "fairly_good")


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


def test_0_9_the_time_for_a_grade_that_was_proposed_in_an_outage_is_counted_from_its_own_day() -> None:
    due = []
    for asleep in (False, True):
        region = rating()
        give(region, *SCORED, "representatives")
        (sleep if asleep else type(region).pass_days)(region, date(2016, 1, 20))
        due.append([task.due for task in region.tasks("appraisal-grades")])
    assert due[0] == due[1] and due[0][0]


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
