"""Benxi with presence and leave."""

from typing import Any

from tests.dispatch.benxi import Benxi

FIRST, SECOND, THIRD = (f"C-U1-{n}" for n in range(3))
PRESENCE: dict[str, Any] = {
    "rule": "S3:第四项", "days": 20, "by": "township", "owed_by": "unit",
    "count_by": {"after": "month", "within": {"calendar_days": 10}},
    "leave": [
        {"kind": "personal", "label": "事假", "longest": 20,
         "decided_by": [{"days": 3, "by": "township"}, {"by": "organisation"}]},
        {"kind": "sick", "label": "病假", "decided_by": [{"by": "organisation"}], "replaced_from": 30},
    ],
}  # fmt: skip


def asking(**more: Any) -> Benxi:
    """A pack that asks for 20 days a month, and knows leave for personal matters and for illness."""
    return Benxi(presence=PRESENCE, **more)
