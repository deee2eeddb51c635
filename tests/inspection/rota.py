"""Benxi's pack with a rota of inspections, each turn of which ends with a bulletin (1.5)."""

from datetime import date
from typing import Any

from tests.inspection.region import BENXI

MARCH_3 = date(2015, 3, 3)
CLOSED = "inspection.campaign.closed"
ROTA: dict[str, Any] = {
    "kind": "supervision",
    "label": "专项督查",
    "rule": "S3",
    "choice": "rota",
    "turn": 8,
    "opens": [{"every": {"calendar_days": 2}, "from": MARCH_3}],
    "lasts": {"calendar_days": 1},
    "bulletin": {"by": "discipline", "publish_by": {"after": CLOSED, "within": {"calendar_days": 2}}},
}
PACK = {**BENXI, "campaigns": [*BENXI["campaigns"], ROTA]}
