"""Who may take a step."""

from shared.contracts.values import Role
from shared.rules import Refused

LABELS: dict[str, str] = {
    "organisation": "组织部门",
    "poverty_office": "扶贫办",
    "inspection": "督查部门",
    "discipline": "纪检部门",
    "unit": "帮扶单位",
    "township": "乡镇",
    "team": "驻村工作队",
    "village": "村",
    "county": "县级",
    "province": "省级",
    "operator": "运维",
}


def must_be(body: Role, *entitled: str, rule: str) -> None:
    """Refuse a step that is not this body's to take."""
    if body not in entitled:
        names = "、".join(LABELS[role] for role in entitled)
        raise Refused(
            rule,
            f"此项由{names}办理，不能由{LABELS[body]}办理",
            f"this is for {' or '.join(entitled)} to do, not for {body}",
            field="body",
            status=422,
        )
