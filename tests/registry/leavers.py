"""A county whose pack says how long who has left is kept, and who has left there."""

from datetime import date
from typing import Any

from services.registry.model import commands as c
from tests.registry.county import BEGIN, CADRE, CITY, PLACE, UNIT, VILLAGE, County
from tests.support.packs import PACK

WHY: dict[str, Any] = {"reason": "已调离，保存期限届满", "decided_by": "市委组织部"}
KEEPING: dict[str, Any] = {
    "rule": "S3:第四项",
    "by": "organisation",
    "cadres": {"years": 1},
    "persons": {"months": 6},
}
KEPT = {**PACK, "keeping": KEEPING}
LAST = date(BEGIN.year + 1, BEGIN.month, BEGIN.day)
FORGET = c.ForgetPerson(place=CITY, person="C1", body="organisation", **WHY)
LEFT = c.WithdrawCadre(place=CITY, cadre="C1", **WHY)
ADVISER: dict[str, Any] = {
    "kind": "adviser",
    "label": "顾问",
    "parents": ["village"],
    "personal": True,
    "fields": [
        {"field": "type", "label": "类别", "one_of": {"elder": "寨老", "veteran": "老党员"}},
        {"field": "phone", "label": "联系电话", "required": False},
        {"field": "years", "label": "任职年数", "most": 60, "required": False},
    ],
}
ELDER = c.RegisterParty(
    place=PLACE,
    party="A-1",
    kind="adviser",
    parent=f"village:{VILLAGE}",
    name="王老伯",
    fields={"type": "elder", "phone": "13912345678", "years": 3.0},
)


def county(**pack: Any) -> County:
    """A county with a cadre who has left the service."""
    here = County({**KEPT, **pack}).registered()
    here.do(UNIT, CADRE, LEFT)
    return here
