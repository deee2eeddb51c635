"""What counts in an assessment without being entered for it: visits, ledgers, days in the village, figures (3.7)."""

from collections.abc import Iterable
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from services.inspection.model.appraisal import Appraisal
from services.inspection.model.appraisal_inputs import facts_until
from services.inspection.model.cohort import Cohort
from services.inspection.model.commands import (
    GiveScores,
    GradeAppraisal,
    MakeRanking,
    Mark,
    VoidChannel,
    WithdrawAppraisalInput,
    WithdrawRanking,
)
from services.inspection.model.subjects import Subject
from shared.contracts import Event
from shared.contracts.dispatch import (
    CommitmentReconciled,
    CommitmentSettled,
    CommitmentWithdrawn,
    PresenceCounted,
    Present,
)
from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalOpened,
    AppraisalProposed,
    AssessmentOpened,
    AssessmentProposed,
    ReplyDecided,
    VisitMade,
    VisitWithdrawn,
)
from shared.contracts.registry import (
    IndicatorsMeasured,
    MeasurementWithdrawn,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
)
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.channels import CAMPAIGN, fact
from shared.policy.shipped import content, shipped
from tests.inspection.region import BENXI, VILLAGE, ZUNYI, Region, changed, in_december

COUNTY = "210521"
V, W = VILLAGE, f"{COUNTY}100201"
TOWNSHIP = f"township:{COUNTY}100"
POINTS = [{"below": 50_000, "score": 40}, {"below": 200_000, "score": 80}, {"score": 100}]
CHANNELS: dict[str, dict[str, Any]] = {
    "panel": {"label": "评审组评议", "weight": 20, "how": "panel", "by": "county"},
    "check": {"label": "年度检查", "weight": 30, "how": "campaign", "of": "annual"},
    "spots": {"label": "不定期抽查", "weight": 10, "how": "campaign", "of": "unannounced"},
    "done": {"label": "工作台账办结", "weight": 10, "how": "ledger", "of": "ledger"},
    "there": {"label": "驻村天数", "weight": 10, "how": "presence"},
    "income": {"label": "村集体收入", "weight": 20, "how": "indicator", "of": "collective_income", "points": POINTS},
}


def pack_of(of: str = "village", channels: Iterable[str] = CHANNELS, **changes: Any) -> dict[str, Any]:
    """Benxi's pack with an assessment of villages or townships that is made of what is known already."""
    said = [{"channel": code, **CHANNELS[code]} for code in channels]
    total = sum(one["weight"] for one in said)
    entry = {
        "kind": "village_year", "label": "村年度考核", "rule": "S3", "of": of, "opens": {"month": 12, "day": 1},
        "decides": "county", "decide_within": {"months": 1},
        "channels": [{**one, "weight": 100 * one["weight"] / total} for one in said],
        "grades": [{"name": code, "label": label, "at_least": least}
                   for code, label, least in (("met", "达到", 60), ("missed", "未达到", 0))],
        **changes,
    }  # fmt: skip
    presence = {**ZUNYI["presence"], "rule": "S3"}
    return {**BENXI, "appraisals": [entry], "presence": presence}


class Year(Region):
    """A village in Benxi that is assessed in 2015, with or without a team."""

    def __init__(self, *channels: str, of: str = "village", has_team: bool = True) -> None:
        super().__init__(pack_of(of, channels or CHANNELS), date(2015, 2, 1))
        self.hear(*(self.registered(village) for village in (V, W)))
        self.subject = V if of == "village" else TOWNSHIP
        if has_team:
            self.hear(self.assigned(V), self.assigned(W))

    def registered(self, village: str) -> VillageRegistered:
        return VillageRegistered(place=COUNTY, village=village, name="朝阳", township="碱厂镇", population=900)

    def panel(self, score: int = 60) -> None:
        about = {"place": COUNTY, "kind": "village_year", "subject": self.subject, "year": 2015, "body": "county"}
        marks = (Mark("M1", score),)
        self.ask(GiveScores(**about, channel="panel", marks=marks, given_by="县考核组"))  # type: ignore[arg-type]

    def void(self, channel: str) -> VoidChannel:
        return VoidChannel(
            place=COUNTY, kind="village_year", subject=self.subject, year=2015, channel=channel, body="county",
            reason="当年没有", decided_by="县委",
        )  # fmt: skip

    @property
    def kept_year(self) -> Appraisal:
        found: Appraisal = self.kept(Appraisal, f"village_year/{self.subject}/2015")
        return found

    def score(self, channel: str) -> float | None:
        said = self.kept_year.terms.channel(channel)
        assert said
        return round(self.kept_year.score(said), 2) if self.kept_year.is_in(said) else None

    @property
    def missing(self) -> list[str]:
        return [one.channel for one in self.kept_year.missing]


def visit(score: int | None = 80, village: str = V, kind: str = "annual", **found: Any) -> VisitMade:
    found = {"campaign": f"2105-{kind}-2015", "findings": (), "absent": 0, **found}
    return VisitMade(place=COUNTY, village=village, kind=kind, year=2015, on=date(2015, 12, 2), score=score, **found)


def unmade(kind: str = "annual") -> VisitWithdrawn:
    about = {"place": COUNTY, "village": V, "campaign": f"2105-{kind}-2015", "kind": kind, "year": 2015}
    return VisitWithdrawn(**about, reason="录入有误", decided_by="市纪委")  # type: ignore[arg-type]


def decided(confirmed: tuple[str, ...] = (), *, cleared: bool, kind: str | None = "unannounced") -> ReplyDecided:
    return ReplyDecided(
        place=COUNTY, village=V, campaign="2105-unannounced-2015", confirmed=confirmed, refuted=("ledger_untrue",),
        document="复核1号", decided_by="督查组", kind=kind, year=2015 if kind else None, cleared=cleared,
    )  # fmt: skip


def reconciled(done: int = 3, left: int = 1, village: str = V, period: str = "2015") -> CommitmentReconciled:
    about = {"place": COUNTY, "village": village, "kind": "ledger", "period": period}
    return CommitmentReconciled(**about, on=date(2015, 12, 31), done=done, open=left)


def settled(closed: int = 4, carried: int = 0) -> CommitmentSettled:
    return CommitmentSettled(place=COUNTY, village=V, kind="ledger", period="2015", closed=closed, carried=carried)


def taken_back(step: str = "reconcile", items: tuple[int, ...] = ()) -> CommitmentWithdrawn:
    about = {"place": COUNTY, "village": V, "kind": "ledger", "period": "2015", "step": step, "items": items}
    return CommitmentWithdrawn(**about, reason="录入有误", decided_by="县委")  # type: ignore[arg-type]


def counted(*days: int, month: int = 11, asked: int = 20, village: str = V, hindered: int = 0) -> PresenceCounted:
    present = tuple(Present(f"C{n}", number) for n, number in enumerate(days))
    return PresenceCounted(
        place=COUNTY, village=village, year=2015, month=month, present=present, hindered=hindered,
        counted_by="碱厂镇党委", asked=(asked,) * len(days) if asked >= 0 else (),
    )  # fmt: skip


def measured(income: float | None = 120_000, village: str = V, year: int = 2015) -> IndicatorsMeasured:
    values = {"incidence": 0.03} | ({} if income is None else {"collective_income": income})
    return IndicatorsMeasured(place=COUNTY, village=village, year=year, values=values)


def unmeasured() -> MeasurementWithdrawn:
    return MeasurementWithdrawn(place=COUNTY, village=V, year=2015, reason="录入有误", decided_by="县委")


SPOT: dict[str, Any] = {"score": None, "kind": "unannounced"}
FACTS: dict[str, tuple[str, list[Event], float | None]] = {
    "a scored visit": ("check", [visit(80)], 80),
    "two visits make their mean": ("check", [visit(80), visit(91, campaign="2105-annual-2015b")], 85.5),
    "a visit anew": ("check", [visit(80), unmade(), visit(60)], 60),
    "a visit taken back": ("check", [visit(80), unmade()], None),
    "nothing found": ("spots", [visit(**SPOT)], 100),
    "something found in one of two": (
        "spots", [visit(**SPOT), visit(**SPOT, findings=("ledger_untrue",), campaign="2105-unannounced-2015b")], 50,
    ),
    "somebody absent": ("spots", [visit(**SPOT, absent=1)], 0),
    "a finding refuted": ("spots", [visit(**SPOT, findings=("ledger_untrue",)), decided(cleared=True)], 100),
    "a finding confirmed": (
        "spots", [visit(**SPOT, findings=("ledger_untrue",)), decided(("ledger_untrue",), cleared=False)], 0,
    ),
    "a decision of an earlier version": (
        "spots", [visit(**SPOT, findings=("ledger_untrue",)), decided(cleared=True, kind=None)], 0,
    ),
    "a reconciled ledger": ("done", [reconciled(3, 1)], 75),
    "the settlement is the last word": ("done", [reconciled(3, 1), settled(4, 0)], 100),
    "a settlement taken back": ("done", [settled(4, 0), taken_back("settle")], None),
    "a whole ledger taken back": ("done", [reconciled(), taken_back("set")], None),
    "one item taken back": ("done", [reconciled(3, 1), taken_back("set", (2,))], 75),
    "a ledger without items": ("done", [reconciled(0, 0)], 100),
    "what is owed once a term": ("done", [reconciled(period="term")], None),
    "the ledger of another year": ("done", [reconciled(period="2014")], None),
    "all days there": ("there", [counted(20, 25)], 100),
    "half of the days of one": ("there", [counted(20, 10)], 75),
    "days beyond what is asked help nobody": ("there", [counted(31, 10)], 75),
    "two months": ("there", [counted(20, 20), counted(10, 10, month=10)], 75),
    "a month counted anew": ("there", [counted(20, 20), counted(10, 10)], 50),
    "nothing asked of who came on the last day": ("there", [counted(0, asked=0)], 100),
    "days on which nobody could get there": ("there", [counted(17, 10, hindered=3)], 82.5),
    "what is asked is not told": ("there", [counted(3, asked=-1)], None),
    "the lowest bracket": ("income", [measured(49_999)], 40),
    "on the border": ("income", [measured(50_000)], 80),
    "the highest bracket": ("income", [measured(10_000_000)], 100),
    "measured anew": ("income", [measured(49_999), measured(200_000)], 100),
    "measured anew without it": ("income", [measured(), measured(None)], None),
    "a measurement taken back": ("income", [measured(), unmeasured()], None),
    "another year": ("income", [measured(year=2014)], None),
}  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize("opens", ["before", "after", "between"])
def test_3_7_a_fact_counts_whenever_the_year_is_opened(name: str, opens: str) -> None:
    channel, events, score = FACTS[name]
    year = Year()
    first = {"before": 0, "after": len(events), "between": 1}[opens]
    year.hear(*events[:first])
    year.pass_days(date(2015, 12, 2))
    for event in events[first:]:
        year.hear(event)
    assert year.score(channel) == score
    assert (channel in year.missing) == (score is None and channel != "spots")


def test_3_7_a_villages_grade_is_made_of_what_is_known_and_asks_nobody_again() -> None:
    year = Year()
    year.pass_days(date(2015, 12, 2))
    assert [task.answer["channel"] for task in year.tasks("appraisal-scores", V)] == ["panel"]
    year.panel(60)
    year.hear(visit(90), visit(**SPOT), reconciled(3, 1), counted(20, 10), measured(250_000))
    year.pass_days(date(2016, 1, 15))
    assert not year.said(AppraisalProposed), "the last reconciliation may take until 15 January"
    year.pass_days(date(2016, 1, 16))
    (proposed,) = year.said(AppraisalProposed)
    assert proposed.scores == {"panel": 60, "check": 90, "spots": 100, "done": 75, "there": 75, "income": 100}
    assert (proposed.score, proposed.grade) == (84, "met")
    assert proposed.is_sealed(), "it tells how many days members were there"
    year.hear(visit(10), measured(1))
    assert year.score("check") == 90 and len(year.said(AppraisalProposed)) == 1, "what is proposed stays"


def test_3_7_what_everybody_must_have_is_awaited_until_a_body_declares_it_void() -> None:
    year = Year("panel", "check", "income")
    year.pass_days(date(2015, 12, 2))
    year.panel(60)
    year.pass_days(date(2016, 3, 1))
    assert not year.said(AppraisalProposed)
    assert [task.answer["channel"] for task in year.tasks("appraisal-voids", V)] == ["check", "income"]
    year.ask(year.void("check"))
    year.hear(measured(1))
    year.refuses(year.void("income"), 409, "channel")
    year.pass_days(date(2016, 3, 2))
    (proposed,) = year.said(AppraisalProposed)
    assert proposed.scores == {"panel": 60, "income": 40} and not proposed.is_sealed()


def test_3_7_a_village_without_a_team_is_graded_without_what_only_a_team_brings() -> None:
    year = Year("panel", "check", "done", "there", has_team=False)
    year.pass_days(date(2015, 12, 2))
    assert year.missing == ["panel"] and not year.tasks("appraisal-voids")
    year.refuses(year.void("panel"), 409, "channel")
    year.panel(60)
    year.pass_days(date(2016, 1, 16))
    assert year.said(AppraisalProposed)[0].scores == {"panel": 60}


def test_3_7_a_village_that_was_not_drawn_loses_nothing() -> None:
    drawn, other = Year("panel", "spots"), Year("panel", "spots")
    drawn.hear(visit(**SPOT, findings=("ledger_untrue",)))
    for year in (drawn, other):
        year.pass_days(date(2015, 12, 2))
        year.panel(60)
        year.pass_days(date(2016, 1, 1))
    assert [year.said(AppraisalProposed)[0].score for year in (drawn, other)] == [40, 60]


def test_0_13_a_townships_score_is_the_mean_of_its_villages() -> None:
    year = Year("panel", "check", "done", "income", of="township")
    year.hear(visit(90), visit(70, W), reconciled(1, 1), measured(1))
    year.pass_days(date(2015, 12, 2))
    assert [year.score(channel) for channel in ("check", "done", "income")] == [80, 50, 40]
    year.hear(reconciled(4, 0, W), measured(200_000, W), measured(200_000, V))
    year.panel(60)
    assert [year.score(channel) for channel in ("done", "income")] == [75, 100]
    year.pass_days(date(2016, 1, 16))
    assert year.said(AppraisalProposed)[0].scores == {"panel": 60, "check": 80, "done": 75, "income": 100}


def test_3_7_a_merged_villages_facts_disturb_nobody() -> None:
    year = Year("panel", "check")
    year.pass_days(date(2015, 12, 2))
    about = {"place": COUNTY, "village": V, "into": W, "into_place": COUNTY, "since": date(2015, 12, 3)}
    year.hear(VillageMerged(**about, document="并村1号", decided_by="县政府"))  # type: ignore[arg-type]
    year.hear(visit(80))
    year.pass_days(date(2016, 3, 1))
    assert year.kept_year.status == "dropped" and not year.said(AppraisalProposed)


def test_3_7_facts_of_different_sources_may_come_in_any_order() -> None:
    events = [visit(90), reconciled(3, 1), counted(20, 10), measured(250_000)]
    found = set()
    for order in permutations(events):
        year = Year()
        year.hear(*order[:2])
        year.pass_days(date(2015, 12, 2))
        year.hear(*order[2:])
        found.add(tuple(year.score(channel) for channel in CHANNELS))
    assert found == {(None, 90, None, 75, 75, 100)}


def test_1_7_what_a_pack_says_no_more_is_declared_void_since_no_result_comes_in_any_longer() -> None:
    pack = pack_of(channels=("panel",))
    (entry,) = pack["appraisals"]
    taken = {"channel": "teams", "label": "工作队考核", "weight": 50, "how": "taken", "of": "team"}
    channels = [{**entry["channels"][0], "weight": 50}, taken]
    year = Year("panel")
    year.adopt({**pack, "version": "2105-2015.1", "appraisals": [{**entry, "channels": channels}]})
    year.pass_days(date(2015, 12, 2))
    year.panel(60)
    assert year.missing == ["teams"] and not year.tasks("appraisal-voids", V), "the team's grade is awaited"
    year.adopt({**pack, "version": "2105-2015.2", "appraisals": []})
    year.pass_days(date(2015, 12, 4))
    assert [task.answer["channel"] for task in year.tasks("appraisal-voids", V)] == ["teams"]
    year.ask(year.void("teams"))
    year.pass_days(date(2016, 1, 1))
    assert [said.score for said in year.said(AppraisalProposed, subject=V)] == [60]


def test_3_7_a_township_of_which_nothing_is_known_is_not_graded() -> None:
    pack = pack_of("township", ("done", "income"))
    year = Year("panel", of="township", has_team=False)
    year.adopt({**pack, "version": "2105-2015.1"})
    year.pass_days(date(2015, 12, 2))
    for task in year.tasks("appraisal-voids", TOWNSHIP):
        year.ask(year.void(str(task.answer["channel"])))
    assert [said.subject for said in year.said(AppraisalDropped)] == [TOWNSHIP]
    assert not year.tasks("appraisal-voids") and year.kept_year.status == "dropped"
    year.hear(measured())
    year.pass_days(date(2016, 3, 1))
    assert not year.said(AppraisalProposed)


def merged() -> VillageMerged:
    return VillageMerged(
        place=COUNTY,
        village=V,
        into=W,
        into_place=COUNTY,
        since=date(2015, 12, 20),
        document="并村文件",
        decided_by="县政府",
    )


def void_year(*, of: str = "village", **changes: Any) -> Year:
    """A year that ended because its last channels were declared void."""
    year = Year("income", of=of)
    year.adopt({**pack_of(of, ("income",), **changes), "version": "2105-2015.1"})
    year.pass_days(date(2015, 12, 2))
    year.ask(year.void("income"))
    assert year.kept_year.status == "dropped"
    return year


def un_void(year: Year, **changes: str) -> WithdrawAppraisalInput:
    about: dict[str, Any] = {"place": COUNTY, "kind": "village_year", "subject": year.subject, "year": 2015}
    said = {"channel": "income", "body": "county", "reason": "作废有误", "decided_by": "县委", **changes}
    return WithdrawAppraisalInput(**{**about, **said})


@pytest.mark.parametrize("of", ["village", "township"])
def test_0_10_a_last_channel_that_was_void_by_mistake_is_awaited_again(of: str) -> None:
    year = void_year(of=of)
    year.refuses(un_void(year, body="village"), 422, "body")
    assert year.kept_year.status == "dropped"
    year.ask(un_void(year))
    assert year.missing == ["income"] and len(year.said(AppraisalOpened, subject=year.subject)) == 2
    year.refuses(un_void(year), 404, "channel")
    year.hear(measured())
    year.pass_days(date(2016, 3, 1))
    assert len(year.said(AppraisalProposed, subject=year.subject)) == 1


def test_0_10_the_year_of_a_village_that_is_no_more_does_not_go_on() -> None:
    year = void_year()
    year.hear(merged())
    year.refuses(un_void(year), 409, "channel")
    assert len(year.said(AppraisalOpened, subject=V)) == 1 and year.kept_year.status == "dropped"


def test_0_10_a_report_that_is_awaited_again_makes_no_score() -> None:
    report = {"channel": "report", "label": "述职", "weight": 0, "how": "report", "by": "village"}
    (entry,) = pack_of("village", ("income",))["appraisals"]
    year = Year("income")
    year.adopt(
        {**pack_of(), "version": "2105-2015.1", "appraisals": [{**entry, "channels": [report, *entry["channels"]]}]}
    )
    year.pass_days(date(2015, 12, 2))
    year.ask(year.void("report"), year.void("income"), un_void(year, channel="report"))
    assert year.kept_year.status == "dropped" and len(year.said(AppraisalOpened, subject=V)) == 1
    year.ask(un_void(year))
    assert year.missing == ["report", "income"] and len(year.said(AppraisalOpened, subject=V)) == 2


def test_3_7_a_year_whose_only_visit_is_withdrawn_is_not_graded() -> None:
    year = Year("spots", "income")
    year.pass_days(date(2015, 12, 2))
    year.hear(visit(kind="unannounced"))
    year.ask(year.void("income"))
    year.hear(unmade("unannounced"))
    year.pass_days(date(2016, 3, 1))
    assert [said.subject for said in year.said(AppraisalDropped)] == [V] and year.kept_year.status == "dropped"
    year.ask(un_void(year))
    year.hear(measured())
    year.pass_days(date(2016, 3, 5))
    assert len(year.said(AppraisalProposed, subject=V)) == 1


def test_0_10_who_goes_on_is_counted_among_all_again() -> None:
    year = void_year(best_at_most=0.5)
    cohort = "2105/village_year/2015"
    assert V not in year.kept(Cohort, cohort).members
    year.ask(un_void(year))
    assert V in year.kept(Cohort, cohort).members


def test_2_6_who_goes_on_comes_before_the_ranking() -> None:
    lists = [
        {"kind": "backward", "label": "后进村", "rule": "S3", "of": "village", "by": "county", "unlisted_by": "county"}
    ]
    year = Year("income")
    rank = {"worst": 1, "lists": "backward", "by": "county"}
    year.adopt({**pack_of("village", ("income",), rank=rank), "lists": lists, "version": "2105-2015.1"})
    year.pass_days(date(2015, 12, 2))
    year.ask(year.void("income"))
    year.hear(measured(village=W))
    year.pass_days(date(2016, 3, 1))
    said: dict[str, Any] = {"kind": "village_year", "year": 2015, "body": "county", "decided_by": "县委"}
    year.ask(GradeAppraisal(place=COUNTY, subject=W, grade="met", **said), MakeRanking(place="210500", **said))
    year.refuses(un_void(year), 409, "channel")
    withdrawn = WithdrawRanking(place="210500", reason="漏排一村", **said)
    year.ask(withdrawn, un_void(year))
    assert year.missing == ["income"] and V in year.kept(Cohort, "2105/village_year/2015").members


# ------------------------------------------------------------------- a team's year


def with_inputs(**weights: float) -> dict[str, Any]:
    """Benxi's pack with other channels of a team's assessment."""
    inputs = [{"channel": channel, "weight": weight} for channel, weight in weights.items()]
    pack = pack_of()
    return {**pack, "appraisals": [], "assessment": {**BENXI["assessment"], "inputs": inputs}}


def test_3_7_a_teams_days_and_ledger_make_part_of_its_score() -> None:
    region = Region(with_inputs(annual=40, ballot=30, presence=20, ledger=10), date(2015, 5, 1), villages=1)
    region.hear(counted(20, 10, month=6), reconciled(1, 1))
    region.pass_days(date(2015, 12, 1))
    (opened,) = region.said(AssessmentOpened)
    assert opened.inputs == ("annual", "ballot"), "the days and the ledger count as they are"
    region.hear(counted(20, 20), reconciled(3, 1))
    region.visit_all()
    region.vote(V, 2015, satisfied=24)
    region.pass_days(date(2016, 1, 15))
    assert not region.said(AssessmentProposed), "the ledger of the last quarter may come until 15 January"
    region.hear(counted(0, 20, month=12))
    region.pass_days(date(2016, 1, 16))
    (proposed,) = region.said(AssessmentProposed)
    assert proposed.score == round(0.4 * 90 + 0.3 * 80 + 0.2 * (75 + 100 + 50) / 3 + 0.1 * 75, 2) == 82.5
    region.hear(counted(20, 20, month=12))
    kept = region.assessment(V, 2015)
    assert kept.scores["presence"]["210521100200/12"] == 50, "what is proposed stays"
    assert "presence" not in kept.shown().scores and kept.shown(to_operator=True) == kept
    assert kept.shown().scores["ledger"], "a ledger is everybody's to read"


def test_3_7_a_team_whose_days_nobody_counted_is_graded_by_the_rest() -> None:
    region = Region(with_inputs(annual=50, presence=50), date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 12, 1))
    region.visit_all()
    region.pass_days(date(2016, 1, 16))
    assert region.said(AssessmentProposed)[0].score == 90


def test_3_7_a_team_that_was_not_drawn_is_graded_by_the_rest() -> None:
    pack = changed(with_inputs(annual=50, unannounced=50), "campaigns", "unannounced", scored=True)
    region = Region(pack, date(2015, 5, 1), villages=1)
    region.pass_days(date(2015, 12, 1))
    assert region.said(AssessmentOpened)[0].inputs == ("annual",)


# ---------------------------------------------------------- what a pack must not say


def refused(pack: dict[str, Any]) -> str:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack(pack)
    return str(invalid.value).translate(str.maketrans("", "", "“”"))


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"how": "campaign", "of": "monthly"}, "没有可以计分的monthly"),
        ({"how": "campaign"}, "没有可以计分的"),
        ({"how": "ledger", "of": "annual_plan"}, "没有可以计分的annual_plan"),
        ({"how": "indicator", "of": "wealth", "points": POINTS}, "没有可以计分的wealth"),
        ({"how": "indicator", "of": "collective_income"}, "至少两档"),
        ({"how": "indicator", "of": "collective_income", "points": POINTS[:2]}, "最高一档不填"),
        ({"how": "indicator", "of": "collective_income", "points": [POINTS[1], *POINTS]}, "由低到高"),
        ({"how": "presence", "of": "ledger"}, "驻村天数不填of"),
        ({"how": "presence", "points": POINTS}, "只有指标"),
        ({"how": "presence", "by": "county"}, "无人提交"),
        ({"how": "panel", "by": "county", "of": "annual"}, "由人提交的来源不填of"),
    ],
)
def test_3_7_a_channel_of_what_there_is_not_is_refused(channel: dict[str, Any], said: str) -> None:
    pack = pack_of(channels=("panel", "check"))
    (entry,) = pack["appraisals"]
    other = {"channel": "other", "label": "另一项", "weight": 0, **channel}
    assert said in refused({**pack, "appraisals": [{**entry, "channels": [*entry["channels"], other]}]})


def test_3_7_facts_that_not_all_have_never_make_a_whole_score_or_a_mandatory_part() -> None:
    assert "至少应有一项计分的其他来源" in refused(pack_of(channels=("check", "there")))
    pack = pack_of(channels=("panel", "check"), parts={"goals": "定目标", "results": "定绩效"})
    (entry,) = pack["appraisals"]
    parted = [{**one, "part": part} for one, part in zip(entry["channels"], ("goals", "results"), strict=True)]
    assert "必备部分results没有来源" in refused({**pack, "appraisals": [{**entry, "channels": parted}]})
    assert "至少应有一项计分的其他来源" in refused(with_inputs(written_report=0, presence=60, ledger=40))


def test_3_7_days_are_no_channel_where_none_are_asked_or_a_team_has_several_villages() -> None:
    pack = pack_of(channels=("panel", "there"))
    assert "没有规定驻村天数" in refused({name: part for name, part in pack.items() if name != "presence"})
    several = changed(pack, "links", "team", each_bearer={"at_most": 2})
    assert "一队驻几村" in refused(several)


def test_3_7_villages_are_never_ranked_by_the_days_of_their_teams() -> None:
    slow = {"kind": "slow", "label": "后进村", "rule": "S3", "of": "village", "by": "county", "unlisted_by": "county"}
    lists = [slow]
    rank = {"worst": 1, "lists": "slow", "by": "county"}
    parse_pack({**pack_of(channels=("panel", "check"), rank=rank), "lists": lists})
    assert "个人不排名" in refused({**pack_of(channels=("panel", "there"), rank=rank), "lists": lists})


def test_3_7_a_code_that_is_a_campaign_and_a_ledger_is_refused() -> None:
    pack = with_inputs(annual=50, ledger=50)
    campaign = {**next(one for one in BENXI["campaigns"] if one["kind"] == "annual"), "kind": "ledger", "label": "查账"}
    assert "ledger有两种意思" in refused({**pack, "campaigns": [*pack["campaigns"], campaign]})


def test_3_7_villages_on_a_list_may_be_scored_for_themselves_but_not_for_a_team() -> None:
    pack = pack_of(channels=("panel", "check"))
    listed = changed(pack, "campaigns", "annual", on_list="poverty")
    inputs = [{"channel": "ballot", "weight": 100}]
    parse_pack({**listed, "assessment": {**listed["assessment"], "inputs": inputs}})
    assert "不能打分计入工作队考核" in refused(listed)


def test_3_7_zunyis_townships_are_assessed_by_ledgers_visits_and_incidence() -> None:
    (terms,) = (one for one in parse_pack(content("zunyi")).appraisals if one.of == "township")
    assert {one.how for one in terms.channels} == {"ledger", "campaign", "indicator"}


def test_2_21_days_in_the_village_that_carry_no_weight_are_not_waited_for() -> None:
    presence = {**ZUNYI["presence"], "rule": "S3"}
    bare, counted = (in_december(pack).assessment(VILLAGE, 2015) for pack in (BENXI, {**BENXI, "presence": presence}))
    assert bare.terms == counted.terms and bare.timers == counted.timers


@pytest.mark.parametrize(
    ("pack", "kind", "until"),
    [
        ("zunyi", "branch_review", date(2016, 12, 31)),
        ("zunyi", "poor_township_year", date(2017, 1, 15)),
        ("jalaid", "township_targets", date(2016, 12, 31)),
    ],
)
def test_3_7_a_year_waits_for_facts_only_where_it_is_scored_by_some(pack: str, kind: str, until: date) -> None:
    terms = shipped(pack).appraisal(kind)
    assert terms and facts_until(terms, 2016, shipped(pack)) == until


@pytest.mark.parametrize(
    ("channels", "until"),
    [
        (("panel", "check"), date(2016, 12, 31)),
        (("panel", "there"), date(2017, 1, 10)),
        (("panel", "done"), date(2017, 1, 15)),
        (CHANNELS, date(2017, 1, 15)),
    ],
)
def test_3_7_the_days_of_december_and_the_last_reconciliation_are_waited_for(channels: Any, until: date) -> None:
    policy = parse_pack(pack_of(channels=channels))
    assert facts_until(policy.appraisals[0], 2016, policy) == until


# ------------------------------------------------------------------ new codes

NEW = f"{COUNTY}101"
VISITS = fact(CAMPAIGN, "annual")


class Recoded(Year):
    """A township that is assessed by a visit, and whose villages get codes of another one."""

    def __init__(self) -> None:
        super().__init__("panel", "check", of="township")

    def recode(self, village: str, code: str) -> None:
        self.hear(VillageRecoded(place=COUNTY, village=village, code=code, since=self.today))

    def visits(self, township: str, year: int) -> dict[str, float | None]:
        """The scores that were told of a township, by village."""
        state = self.kept(Subject, f"township:{township}")
        return {key.partition("/")[0]: one for key, one in state.results.get(f"{VISITS}/{year}", {}).items()}


def visit_in(year: int, village: str, score: int) -> VisitMade:
    return VisitMade(
        place=COUNTY, village=village, kind="annual", year=year, on=date(year, 12, 2), score=score, findings=(),
        absent=0, campaign=f"2105-annual-{year}",
    )  # fmt: skip


def test_0_13_a_recoded_village_counts_in_its_new_township_from_the_next_year_on() -> None:
    here = Recoded()
    here.recode(V, f"{NEW}200")
    here.hear(visit_in(2015, V, 40), visit_in(2015, W, 80))
    assert here.visits(TOWNSHIP[-9:], 2015) == {V: 40, W: 80}, "the year began with it in the old township"
    here.pass_days(date(2016, 2, 1))
    here.recode(V, f"{COUNTY}102200")
    here.hear(visit_in(2016, V, 50), visit_in(2016, W, 90))
    assert (here.visits(TOWNSHIP[-9:], 2016), here.visits(NEW, 2016)) == ({W: 90}, {V: 50})
    here.pass_days(date(2016, 12, 2))
    opened = {(said.subject[-9:], said.year) for said in here.said(AppraisalOpened)}
    assert opened == {(TOWNSHIP[-9:], 2015), (TOWNSHIP[-9:], 2016), (NEW, 2016)}
    appraisal = here.kept(Appraisal, f"village_year/township:{NEW}/2016")
    assert list(appraisal.results[VISITS].values()) == [50]
    here.hear(visit_in(2016, V, 70))
    appraisal = here.kept(Appraisal, f"village_year/township:{NEW}/2016")
    assert list(appraisal.results[VISITS].values()) == [70], "what follows finds it as well"


def test_0_13_a_township_that_all_villages_have_left_is_assessed_no_more() -> None:
    here = Recoded()
    here.hear(visit_in(2015, V, 40))
    for village, code in ((V, f"{NEW}200"), (W, f"{NEW}201")):
        here.recode(village, code)
    for year in (2016, 2017):
        here.pass_days(date(year, 12, 1))
        here.hear(visit_in(year, V, 60), visit_in(year, W, 60))
    here.pass_days(date(2017, 12, 2))
    opened = [(said.subject[-9:], said.year) for said in here.said(AppraisalOpened)]
    assert (TOWNSHIP[-9:], 2017) not in opened and {(NEW, 2016), (NEW, 2017)} <= {*opened}


def test_0_13_a_village_that_gets_its_first_code_again_counts_at_home_again() -> None:
    here = Recoded()
    here.recode(V, f"{NEW}200")
    here.pass_days(date(2016, 2, 1))
    here.recode(V, V)
    here.hear(visit_in(2016, V, 50))
    here.pass_days(date(2017, 2, 1))
    here.hear(visit_in(2017, V, 60))
    assert (here.visits(NEW, 2016), here.visits(TOWNSHIP[-9:], 2017)) == ({V: 50}, {V: 60})
