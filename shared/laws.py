"""National laws that rules cite. A rule cites an article by its present number, but laws are passed and amended while
villages are on their way.

People are told the article of the day on which something happens: whoever asks for a review in 2015 is told article 90
of the Civil Servant Law of 2005, and after its revision came into force, article 95.
"""

from datetime import date
from typing import Final

LAWS: Final = {
    "Civil Servant Law": ("公务员法", "Civil Servant Law"),
    "Internal Control Standard": (
        "行政事业单位内部控制规范（试行）",
        "Internal Control Standard for Administrative and Public Institutions",
    ),
    "PIPL": ("个人信息保护法", "Personal Information Protection Law"),
    "Sanctions Law": ("公职人员政务处分法", "Law on Administrative Sanctions for Public Employees"),
    "Sanctions Regulation": (
        "行政机关公务员处分条例",
        "Regulation on the Sanctions of Civil Servants of Administrative Organs",
    ),
    "Village Committees Law": ("村民委员会组织法", "Organic Law of Villagers' Committees"),
    "Regulation on Administrative Divisions": ("行政区划管理条例", "Regulation on Administrative Divisions"),
}
"""Their titles in Chinese and English, by the names that rules use."""
IN_ENGLISH: Final = dict(LAWS.values()) | {
    "全国年节及纪念日放假办法": "Regulation on Public Holidays for National Festivals and Memorial Days",
}
"""The English titles of national documents, by their Chinese ones."""

_BEFORE: Final = {
    "Civil Servant Law 76": (date(2019, 6, 1), "Civil Servant Law 70"),
    "Civil Servant Law 95": (date(2019, 6, 1), "Civil Servant Law 90"),
    "Civil Servant Law 96": (date(2019, 6, 1), "Civil Servant Law 91"),
    "Sanctions Law 43": (date(2020, 7, 1), "Sanctions Regulation 39"),
}
"""For an article of today: the day on which it came into force, and the article that said the same before."""


def as_of(rule: str, on: date) -> str:
    """A law and article, such as `Sanctions Law 43`, as they were on a day. Other rules stay as they are."""
    since, before = _BEFORE.get(rule, (date.min, rule))
    return rule if on >= since else before
