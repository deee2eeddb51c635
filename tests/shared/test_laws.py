"""Laws by their day: what a rule cites was in force when it was said."""

from datetime import date

import pytest

from shared.labels import basis
from shared.laws import as_of

CASES = [
    ("Sanctions Law 43", date(2015, 4, 13), "《行政机关公务员处分条例》第三十九条"),
    ("Sanctions Law 43", date(2020, 6, 30), "《行政机关公务员处分条例》第三十九条"),
    ("Sanctions Law 43", date(2020, 7, 1), "《公职人员政务处分法》第四十三条"),
    ("Civil Servant Law 95", date(2016, 1, 4), "《公务员法》第九十条"),
    ("Civil Servant Law 95", date(2019, 5, 31), "《公务员法》第九十条"),
    ("Civil Servant Law 95", date(2019, 6, 1), "《公务员法》第九十五条"),
    ("Civil Servant Law 96", date(2019, 5, 31), "《公务员法》第九十一条"),
    ("Civil Servant Law 96", date(2026, 11, 29), "《公务员法》第九十六条"),
    ("Civil Servant Law 76", date(2019, 5, 31), "《公务员法》第七十条"),
    ("Civil Servant Law 76", date(2019, 6, 1), "《公务员法》第七十六条"),
    ("PIPL", date(2016, 1, 4), "《个人信息保护法》"),
]


@pytest.mark.parametrize(("rule", "on", "zh"), CASES)
def test_a_law_is_cited_by_the_article_of_its_day(rule: str, on: date, zh: str) -> None:
    assert basis(as_of(rule, on))[0] == zh
