"""A county that pays village cadres and members of teams, and what its officers say of it."""

from typing import Any

from deploy.demo.world import World
from services.incentives.model.commands import ConfirmStatements, CorrectStatement, ExplainPay
from services.incentives.model.payroll import Payroll
from shared.contracts.dispatch import PresenceCounted, Present
from shared.contracts.inspection import AppraisalGraded
from shared.contracts.registry import PartyRegistered
from tests.incentives.cases import COUNTY, VILLAGE

INTO, OTHER = "210521100202", "210521100203"
PERSON = {"kind": "secretary", "label": "村党组织书记", "parents": ["village"], "personal": True}
PRESENCE = {
    "rule": "S3:第四项",
    "days": 20,
    "by": "township",
    "owed_by": "unit",
    "count_by": {"after": "month", "within": {"calendar_days": 5}},
}
ALLOWANCE: dict[str, Any] = {
    "kind": "allowance",
    "label": "驻村补贴",
    "rule": "S3:第四项",
    "of": "team",
    "confirmed_by": "county",
    "confirm_within": {"calendar_days": 10},
    "parts": [
        {"code": "food", "label": "伙食补助", "per_day": 50},
        {"code": "travel", "label": "交通补助", "per_day": 20},
    ],
}
PAY: dict[str, Any] = {
    "kind": "pay",
    "label": "村干部报酬",
    "rule": "S3:第四项",
    "of": "secretary",
    "confirmed_by": "county",
    "confirm_within": {"calendar_days": 10},
    "floor": 2000,
    "parts": [{"code": "basic", "label": "基本报酬", "yuan": 1400}, {"code": "wage", "label": "工资报酬", "yuan": 500}],
}
RATING: dict[str, Any] = {
    "kind": "rating",
    "label": "书记评定",
    "rule": "S3:第四项",
    "of": "secretary",
    "opens": {"month": 11, "day": 1},
    "decides": "organisation",
    "decide_within": {"months": 1},
    "channels": [{"channel": "panel", "label": "评议", "weight": 100, "how": "panel", "by": "township"}],
    "grades": [{"name": "sound", "label": "好", "at_least": 85}, {"name": "weak", "label": "较差", "at_least": 0}],
}
PERFORMANCE = {
    "code": "performance",
    "label": "绩效工资",
    "assessment": "rating",
    "grades": {"sound": 800, "weak": 0},
}
FOUR = {**PAY, "parts": [*PAY["parts"], PERFORMANCE]}
GRADED = {"parties": [PERSON], "presence": PRESENCE, "appraisals": [RATING]}


def counted(month: int = 3, village: str = VILLAGE, **days: int) -> PresenceCounted:
    present = tuple(Present(cadre, number) for cadre, number in days.items())
    return PresenceCounted(
        place=COUNTY, village=village, year=2015, month=month, present=present, counted_by="清河镇政府"
    )


def entered(village: str = VILLAGE, former: str | None = None, party: str = "P1") -> PartyRegistered:
    return PartyRegistered(
        place=COUNTY,
        party=party,
        kind="secretary",
        parent=f"village:{village}",
        former=f"village:{former}" if former else None,
        personal=True,
    )


def payroll(world: World, village: str = VILLAGE) -> Payroll:
    found: Payroll = world.state("incentives", Payroll, village)
    return found


def confirm(world: World, kind: str = "allowance", month: int = 3, **said: Any) -> None:
    fields = {"place": COUNTY, "village": VILLAGE, "year": 2015, "body": "county", "confirmed_by": "县财政局", **said}
    world.command("incentives", ConfirmStatements(kind=kind, month=month, **fields))


def correct(world: World, **said: Any) -> None:
    fields: dict[str, Any] = {
        "place": COUNTY, "village": VILLAGE, "kind": "allowance", "person": "C1", "year": 2015, "month": 3,
        "part": "food", "yuan": 900, "reason": "食堂就餐已扣除", "body": "county", "corrected_by": "县财政局",
    }  # fmt: skip
    world.command("incentives", CorrectStatement(**fields | said))


def rated(grade: str, year: int = 2014) -> AppraisalGraded:
    return AppraisalGraded(
        place=COUNTY, kind="rating", subject_kind="village_cadre", subject="P1", village=VILLAGE, year=year, score=80,
        grade=grade, decided_by="县委组织部",
    )  # fmt: skip


EXPLAINED = {**PAY, "explained_by": "township", "explain_within": {"calendar_days": 5}}


def explain(world: World, **said: Any) -> None:
    fields: dict[str, Any] = {
        "place": COUNTY, "village": VILLAGE, "kind": "pay", "person": "P1", "year": 2015, "month": 1,
        "why": "村集体收入不足，绩效未核发", "body": "township", "explained_by": "清河镇政府",
    }  # fmt: skip
    world.command("incentives", ExplainPay(**fields | said))
