"""Lists that are ticked off for a village, as tests have them."""

from datetime import date
from typing import Any

from services.registry.model import commands as c
from tests.registry.county import AT, County
from tests.support.packs import PACK

DISCLOSURE: dict[str, Any] = {
    "kind": "disclosure",
    "label": "三公开",
    "rule": "VCL:第三十条",
    "by": "village",
    "proof": True,
    "vacant": True,
    "items": {"party_affairs": "党务公开", "village_affairs": "村务公开", "finance": "财务公开"},
    "when": [{"every": {"months": 3}, "from": date(2014, 3, 31), "within": {"calendar_days": 15}}],
}
METHODS: dict[str, Any] = {
    "kind": "methods",
    "label": "村级工作法",
    "rule": "S3:第二项",
    "by": "township",
    "items": {"method_456": "“456”工作法", "method_532": "“532”工作法", "meetings": "三会一课"},
    "when": [{"month": month, "day": 1, "within": {"months": 1}} for month in (1, 12)],
}
LISTS: dict[str, Any] = {"checklists": [DISCLOSURE, {**METHODS, "when": METHODS["when"][1:]}]}


def county() -> County:
    """A county whose villages disclose their affairs each quarter, and follow three methods."""
    return County({**PACK, **LISTS}).registered()


def tick(kind: str = "disclosure", on: date = date(2014, 6, 30), **said: Any) -> c.TickChecklist:
    """A list is ticked off; without other words, all of a disclosure by the village."""
    by = {"body": "township" if kind == "methods" else "village", "ticked_by": "村民委员会", "proof": "村务公开栏"}
    done = {"followed": tuple(DISCLOSURE["items"]), "kind": kind, "on": on}
    return c.TickChecklist(**{**AT, **by, **done, **said})


def withdraw(on: date = date(2014, 6, 30), kind: str = "disclosure") -> c.WithdrawChecklist:
    return c.WithdrawChecklist(**AT, kind=kind, on=on, reason="误填", decided_by="镇政府")
