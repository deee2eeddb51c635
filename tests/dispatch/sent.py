"""What a pack may ask of those who are sent: a nomination, no duties at home, an assessment at the end of the term."""

from typing import Any

NOMINATION: dict[str, Any] = {
    "rule": "S3:第二项",
    "nominate_by": {"after": "dispatch.village.matched", "within": {"calendar_days": 5}},
    "review_by": {"after": "dispatch.team.nominated", "within": {"calendar_days": 3}},
}
RELEASE: dict[str, Any] = {
    "rule": "S3:第四项",
    "by": "unit",
    "checked_by": "township",
    "confirm_by": {"after": "joining", "within": {"calendar_days": 30}},
}
ASSESSED: dict[str, Any] = {
    "rule": "S3:第五项",
    "by": "organisation",
    "assess_by": {"after": "term", "within": {"calendar_days": 30}},
}
