"""How Chinese officials write days, shares and the articles of a law: 2016年3月1日, 4.84%, 第九十五条."""

import re
from datetime import date
from typing import Final

_ISO: Final = re.compile(r" ?(?<![\w.\-])(\d{4})-(\d\d)-(\d\d)(?![\w\-]) ?", re.ASCII)
"""A day that stands by itself: one that is a part of an id, as in `2105-annual-2015-12-01`, names something."""
_SPACE: Final = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[0-9])|(?<=[0-9]) (?=[\u4e00-\u9fff])")
_DIGITS: Final = "零一二三四五六七八九"


def day(on: date) -> str:
    """A day as documents write it, without leading zeros (GB/T 9704)."""
    return f"{on.year}年{on.month}月{on.day}日"


def written(text: str) -> str:
    """A text as documents write it: its days in words, and no space between figures and what they count."""
    return _SPACE.sub("", _ISO.sub(lambda found: day(date(*map(int, found.groups()))), text))


def percent(share: float) -> str:
    """A share in per cent, with two decimals at most: 0.0483871 is 4.84%."""
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"


def article(number: int) -> str:
    """An article of a law: 26 is 第二十六条."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_DIGITS[hundreds]}百{'零' if rest and not tens else ''}" if hundreds else ""
    said += f"{'' if tens == 1 and not hundreds else _DIGITS[tens]}十" if tens else ""
    return f"第{said}{_DIGITS[ones] if ones else ''}条"
