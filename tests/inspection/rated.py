"""A region in which others than teams are assessed, and what its officers say of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.inspection.model.appraisal import Appraisal
from services.inspection.model.commands import (
    GiveBallot,
    GiveScores,
    GradeAppraisal,
    MakeRanking,
    Mark,
    VoidChannel,
    WithdrawAppraisal,
)
from shared.contracts.inspection import (
    AssessmentGraded,
    AssessmentOpened,
)
from shared.contracts.registry import PartyRegistered, PartyWithdrawn, VillageRegistered
from shared.policy.shipped import content
from tests.inspection.region import BENXI, Region

COUNTY = "210521"
V, W = f"{COUNTY}100200", f"{COUNTY}100201"
TOWNSHIP = f"township:{COUNTY}100"
JALAID, XIXIU, ZUNYI, GUIZHOU = (content(name) for name in ("jalaid", "xixiu", "zunyi", "guizhou"))
LABELS = {grade["name"]: grade["label"] for grade in BENXI["assessment"]["grades"]}
"""Benxi calls two of Zunyi's grades otherwise, and one pack has one name for each."""
SCORED = {"peers": 80, "leaders": 70, "committee": 90}
BODIES = {"peers": "township", "leaders": "county", "committee": "organisation", "representatives": "village"}


def pack_of(*packs: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Benxi's pack with what other packs say of parties, lists and their assessments."""
    said = {name: [one for pack in packs for one in pack.get(name, ())] for name in ("parties", "appraisals")}
    lists = [{**one, "rule": "S3"} for pack in packs for one in pack.get("lists", ()) if one["kind"] == "weak_branch"]
    appraisals = [
        {**one, "rule": "S3", "grades": [{**g, "label": LABELS.get(g["name"], g["label"])} for g in one["grades"]]}
        for one in said["appraisals"]
    ]
    return {**BENXI, "parties": said["parties"], "lists": lists, "appraisals": appraisals, **changes}


class Rating(Region):
    """A region in which others than teams are assessed in 2015."""

    def __init__(self, *packs: Mapping[str, Any], pack: dict[str, Any] | None = None) -> None:
        super().__init__(pack or pack_of(*packs), date(2015, 2, 1))

    def village(self, village: str = V) -> None:
        registered = VillageRegistered(place=COUNTY, village=village, name="朝阳", township="碱厂镇", population=900)
        self.hear(registered)

    def party(self, party: str, kind: str, village: str = V, parent: str = "", **fields: str | float) -> None:
        personal, parent = kind in ("secretary", "village_cadre"), parent or f"village:{village}"
        self.hear(
            PartyRegistered(place=COUNTY, party=party, kind=kind, parent=parent, personal=personal, fields=fields)
        )

    def left(self, party: str) -> None:
        self.hear(
            PartyWithdrawn(
                place=COUNTY,
                party=party,
                kind="secretary",
                parent=f"village:{V}",
                personal=True,
                reason="已调离",
                decided_by="县委组织部",
            )
        )

    def about(self, kind: str, subject: str, year: int = 2015) -> dict[str, Any]:
        return {"place": COUNTY, "kind": kind, "subject": subject, "year": year}

    def score(self, kind: str, subject: str, channel: str, body: str, *scores: int, by: str = "M") -> GiveScores:
        marks = tuple(Mark(f"{by}{n}", score) for n, score in enumerate(scores))
        return GiveScores(**self.about(kind, subject), channel=channel, body=body, marks=marks, given_by="评议组")  # type: ignore[arg-type]

    def poll(
        self, kind: str, subject: str, channel: str, satisfied: int, present: int = 40, body: str = "village"
    ) -> GiveBallot:
        return GiveBallot(
            **self.about(kind, subject),
            channel=channel,
            body=body,  # type: ignore[arg-type]
            entitled=50,
            present=present,
            satisfied=satisfied,
            given_by="村民代表会议",
        )

    def void(self, kind: str, subject: str, channel: str, body: str = "organisation") -> VoidChannel:
        about = self.about(kind, subject)
        return VoidChannel(**about, channel=channel, body=body, reason="今年没有组织观摩", decided_by="县委组织部")  # type: ignore[arg-type]

    def graded(self, kind: str, subject: str, grade: str, body: str = "organisation", *failings: str) -> GradeAppraisal:
        about = self.about(kind, subject)
        return GradeAppraisal(**about, grade=grade, failings=failings, body=body, decided_by="县委组织部")  # type: ignore[arg-type]

    def take_back(self, kind: str, subject: str, body: str = "organisation") -> WithdrawAppraisal:
        about = self.about(kind, subject)
        return WithdrawAppraisal(**about, body=body, reason="等次录入有误", decided_by="县委组织部")  # type: ignore[arg-type]

    def state_of(self, kind: str, subject: str, year: int = 2015) -> Appraisal:
        found: Appraisal = self.kept(Appraisal, f"{kind}/{subject}/{year}")
        return found


def rating(region: Rating | None = None) -> Rating:
    """A secretary whose rating of 2015 is open."""
    region = region or Rating(JALAID)
    region.village()
    region.party("S1", "secretary")
    region.pass_days(date(2015, 11, 2))
    return region


def give(region: Rating, *channels: str) -> None:
    for channel in channels:
        if channel == "representatives":
            region.ask(region.poll("secretary_rating", "S1", channel, satisfied=30))
        else:
            score = SCORED[channel]
            region.ask(region.score("secretary_rating", "S1", channel, BODIES[channel], score - 10, score + 10))


def team(village: str) -> dict[str, Any]:
    return {"place": COUNTY, "village": village, "year": 2015, "unit": "U1", "leader": "C1"}


def graded_team(village: str, score: float) -> AssessmentGraded:
    return AssessmentGraded(**team(village), score=score, grade="competent", triggers=(), decided_by="市委组织部")


def of_team(region: Rating, village: str, score: float) -> None:
    region.hear(AssessmentOpened(**team(village), inputs=("ballot",)), graded_team(village, score))


def ranked(scores: Mapping[str, int], worst: int = 2, satisfied: int = 20) -> Rating:
    """Branches that were graded by these scores, of which some are ranked worst."""
    pack = pack_of(ZUNYI)
    entry = next(one for one in pack["appraisals"] if one["kind"] == "branch_review")
    pack["appraisals"] = [{**entry, "rank": {**entry["rank"], "worst": worst}}]
    region = Rating(pack=pack)
    for party in scores:
        region.party(party, "branch")
    region.pass_days(date(2015, 11, 2))
    for party, score in scores.items():
        region.ask(
            region.score("branch_review", party, "township_party", "township", score),
            region.poll("branch_review", party, "members", satisfied=satisfied),
        )
    region.pass_days(date(2016, 1, 2))
    return region


def ranking(*chosen: str, body: str = "organisation", place: str = "210500") -> MakeRanking:
    said: dict[str, Any] = {"place": place, "kind": "branch_review", "year": 2015, "chosen": chosen, "body": body}
    return MakeRanking(**said, decided_by="市委组织部")


def grade_all(region: Rating, *parties: str) -> None:
    region.ask(*(region.graded("branch_review", party, "medium") for party in parties))


PANELS = ("goals_met", "post_duties", "commended", "deducted", "answers_for")


def cadres(count: int) -> Rating:
    region = Rating(ZUNYI)
    region.village()
    for n in range(count):
        region.party(f"K{n}", "village_cadre")
    region.pass_days(date(2015, 12, 2))
    for n in range(count):
        region.ask(
            *(region.score("village_cadre_year", f"K{n}", channel, "township", 95) for channel in PANELS),
            region.poll("village_cadre_year", f"K{n}", "villagers", satisfied=40),
        )
    region.pass_days(date(2016, 1, 2))
    return region
