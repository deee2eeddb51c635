"""The Excel forms of the incentives. They are about persons and units, so only operators are issued their rows."""

from services.incentives.model import commands as c
from shared.forms import BODY, DUE, PLACE, TASK, Blank, Heading, by, named

_CASE = (
    PLACE, Heading("subject_kind", "对象类别", "Kind of subject", prefilled=True),
    Heading("subject", "对象编号", "Subject", prefilled=True),
    Heading("outcome", "事项编号", "Outcome", prefilled=True),
    TASK, DUE, BODY,
)  # fmt: skip
_KEY = ("subject_kind", "subject", "outcome")

_DECISIONS = Blank(
    c.Decide, "decisions", "奖惩决定表", "Decisions on outcomes", _KEY,
    headings=(
        *_CASE, Heading("imposed", "是否采纳处理（奖励）建议", "Imposed"),
        Heading("tolerance_checked", "是否已按“三个区分开来”审核", "Tolerance examined",
                "未经审核的，不得作出处理决定。", "A penalty cannot be decided without it."),
        Heading("tolerated", "是否容错免责", "Tolerated", "因容错而不予采纳的填“是”；不填即为“否”。",
                "Yes if the proposal is dropped because the error is tolerated; no if it is left empty."),
        by("decided_by", "决定机关及文号", "Decided by"),
    ),
)  # fmt: skip
_APPEALS = Blank(
    c.DecideAppeal, "appeal-decisions", "复核决定表", "Decisions on reviews", _KEY,
    headings=(*_CASE, Heading("overturned", "是否改变原决定", "Overturned"),
              by("decided_by", "复核机关及文号", "Decided by")),
)  # fmt: skip

_DEFENCES = Blank(
    c.HearDefence, "defences", "听取陈述申辩登记表", "Defences that were heard", _KEY,
    headings=(*_CASE[:-1], Heading("heard", "是否已听取", "Heard", "已当面或书面听取的选“已听取”，未听取的整行留空。",
                                   "Choose it if the subject was heard; leave the row empty otherwise.",
                                   kind="choice", choices={"已听取": "yes"})),
)  # fmt: skip

FORMS = named(_DEFENCES, _DECISIONS, _APPEALS)
"""The forms by name. A filled row becomes the command that is posted to /v1/<name>."""
