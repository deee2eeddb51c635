"""A round over the households of a village: appraised, accepted, on notice, reviewed by the township, announced."""

from datetime import date
from typing import Any

from services.registry.model import Resolution
from services.registry.model import commands as c
from tests.registry.county import AT, BENXI, VILLAGE, County, pack

MONTH = {"calendar_days": 30}
ROUND: dict[str, Any] = {
    "kind": "household_round", "label": "贫困户脱贫评定", "rule": "S3", "effect": "lift", "members": "household",
    "steps": [
        {"name": "appraise", "label": "民主评议", "kind": "decide", "by": "village", "within": MONTH},
        {"name": "accept", "label": "农户确认", "kind": "accept", "by": "village", "within": {"calendar_days": 10},
         "on_timeout": "village_notice"},
        {"name": "village_notice", "label": "村内公示", "kind": "notice", "by": "village", "within": MONTH,
         "notice_for": {"calendar_days": 7}, "answer": MONTH},
        {"name": "review", "label": "乡镇审核", "kind": "decide", "by": "township", "within": MONTH,
         "on_refusal": "appraise"},
        {"name": "announce", "label": "公告出列", "kind": "publish", "by": "village", "within": MONTH},
    ],
}  # fmt: skip
OPEN = c.OpenResolution(
    **AT, matter="2014-1", kind="household_round", subject_code="lift", members=("H1", "H2", "H3", "H4"), opened_by="村"
)
OF: dict[str, Any] = {**AT, "matter": "2014-1"}


def step(name: str, **fields: Any) -> c.TakeStep:
    votes = {"entitled": 1, "present": 1, "agreed": 1} if name in ("appraise", "review") else {}
    return c.TakeStep(
        **OF, step=name, body="township" if name == "review" else "village", decided_by="村", **{**votes, **fields}
    )


def answered(**answers: bool) -> c.TakeStep:
    said = tuple(c.Acceptance(household=id, accepted=yes, by_phone=id == "H2") for id, yes in answers.items())
    return step("accept", acceptances=said)


def opened(procedure: dict[str, Any] = ROUND) -> County:
    county = County(pack(procedures=[*BENXI["procedures"], procedure])).helped().until(date(2014, 12, 1))
    county.count(2014, lifted=("H1", "H2", "H3", "H4"))
    county.do(OPEN)
    return county


def noticed() -> County:
    county = opened()
    county.do(step("appraise"), answered(H1=True, H2=True, H3=True, H4=True))
    county.do(c.PostNotice(**OF, body="village", posted_by="村"))
    return county


def round_of(county: County) -> Resolution:
    found: Resolution = county.world.state("registry", Resolution, f"{VILLAGE}/2014-1")
    return found
