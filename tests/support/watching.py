"""Households watched against poverty: a pack with three classes, and a village with households of each kind."""

from datetime import date
from typing import Any

from services.registry.model import commands as c
from shared.contracts.registry import MonitoringCounted
from tests.registry.county import AT, BENXI, County, household

MONTH = {"calendar_days": 30}
MONITORING: dict[str, Any] = {
    "line": {"2014": 4000, "2015": 4200},
    "propose_within": {"calendar_days": 15},
    "review_every": {"months": 3},
    "reviewed_by": "team",
    "classes": [
        {"code": "unstable", "label": "脱贫不稳定户", "of": "lifted", "by_income": True, "observe": {"months": 6}},
        {"code": "marginal", "label": "边缘易致贫户", "of": "outside", "by_income": True, "observe": {"months": 6}},
        {"code": "sudden", "label": "突发严重困难户", "observe": {"months": 3}},
    ],
}


def round_of(kind: str, label: str, effect: str, *, accepts: bool = False) -> dict[str, Any]:
    """A round: appraised, accepted where `accepts`, on notice, reviewed by the township, decided by the county."""
    steps: list[dict[str, Any]] = [
        {"name": f"{kind}_appraise", "label": "民主评议", "kind": "decide", "by": "village", "within": MONTH},
        {"name": f"{kind}_accept", "label": "农户承诺授权", "kind": "accept", "by": "village", "within": MONTH},
        {"name": f"{kind}_notice", "label": "村内公示", "kind": "notice", "by": "village", "within": MONTH,
         "notice_for": {"calendar_days": 7}, "answer": MONTH},
        {"name": f"{kind}_review", "label": "乡镇审核", "kind": "decide", "by": "township", "within": MONTH},
        {"name": f"{kind}_decide", "label": "县级审定", "kind": "decide", "by": "county", "within": MONTH},
    ]  # fmt: skip
    kept = [one for one in steps if accepts or one["kind"] != "accept"]
    return {"kind": kind, "label": label, "rule": "S3", "effect": effect, "members": "household",
            "proposed_by": "village", "steps": kept}  # fmt: skip


PROCEDURES = [round_of("watch", "监测对象认定", "monitor", accepts=True), round_of("ease", "风险消除认定", "clear")]
WATCHED = {**BENXI, "monitoring": MONITORING, "procedures": [*BENXI["procedures"], *PROCEDURES]}
DUTY: dict[str, Any] = {"entitled": 1, "present": 1, "agreed": 1}
BY = {"appraise": "village", "accept": "village", "review": "township", "decide": "county"}
BODY: dict[str, Any] = {"reason": "误录", "decided_by": "县农业农村局"}


def facts(*households: c.HouseholdFacts, year: int = 2014) -> c.RecordHouseholds:
    return c.RecordHouseholds(**AT, year=year, households=households, recorded_by="镇")


def poor(id: str, *, registered: bool = True, income: float = 3000) -> c.HouseholdFacts:
    return household(id, 3, income, registered=registered)


def open_(matter: str, *members: str, code: str = "unstable", kind: str = "watch", **more: Any) -> c.OpenResolution:
    said = {"body": "village", "opened_by": "村“两委”", **more}
    return c.OpenResolution(**AT, matter=matter, kind=kind, subject_code=code, members=members, **said)


def step(matter: str, name: str, kind: str = "watch", **more: Any) -> c.TakeStep:
    figures = {} if name == "accept" else DUTY
    body: Any = BY[name]
    said = {**figures, **more}
    return c.TakeStep(**AT, matter=matter, step=f"{kind}_{name}", body=body, decided_by="会议", **said)


def answers(matter: str, **said: bool) -> c.TakeStep:
    return step(
        matter, "accept", acceptances=tuple(c.Acceptance(household=id, accepted=yes) for id, yes in said.items())
    )


def posted(matter: str) -> c.PostNotice:
    return c.PostNotice(**AT, matter=matter, body="village", posted_by="村委会")


def visit(id: str, on: date, *, eased: bool = False, **more: Any) -> c.ReviewHousehold:
    said = {"body": "team", "reviewed_by": "驻村工作队", **more}
    return c.ReviewHousehold(**AT, household=id, on=on, eased=eased, **said)


def watching(policy: dict[str, Any] = WATCHED) -> County:
    """A village that is on no list, with lifted households H1 to H3 and H7, and others: poor are H1, H2, H3 and H5."""
    county = County(policy).registered().until(date(2014, 7, 1))
    others = household("H7"), poor("H5", registered=False), household("H6", registered=False)
    county.do(facts(poor("H1"), poor("H2"), poor("H3"), *others))
    return county


def decided(county: County, matter: str, kind: str = "watch", **accepted: bool) -> list[Any]:
    """A round from its appraisal to the county's decision, 8 days later; what the last step said."""
    county.do(step(matter, "appraise", kind), *([answers(matter, **accepted)] if accepted else []), posted(matter))
    county.until(date.fromordinal(county.world.today.toordinal() + 8))
    county.do(step(matter, "review", kind))
    return county.do(step(matter, "decide", kind))


def watched() -> County:
    """H1 and H2 are watched as unstable since 9 July 2014."""
    county = watching()
    county.do(open_("M1", "H1", "H2"))
    decided(county, "M1", H1=True, H2=True)
    return county


def counted(county: County) -> dict[str, int]:
    """What was told last of how many are watched in each class."""
    told = county.world.said(MonitoringCounted)
    return {code: number for code, number in told[-1].watched.items() if number} if told else {}
