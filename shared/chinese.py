"""How Chinese officials write days, shares and the articles of a law: 2016年3月1日, 4.84%, 第九十五条."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

ISO: Final = r"(?<![\w.\-“])(\d{4})-(\d\d)-(\d\d)(?![\w\-])"
"""An ISO date that stands by itself. A date within an id (`2105-annual-2015-12-01`) or in quotation marks is part of a
name, and must stay as it is."""
_ISO: Final = re.compile(f" ?{ISO} ?", re.ASCII)
_SPACE: Final = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[0-9])|(?<=[0-9%]) (?=[\u4e00-\u9fff])")
_TYPED: Final = re.compile(
    r"(“[^”]*”|《[^》]*》|`[^`]*`|zhucun [a-z -]+)"
    r'| ?(\{[^{}]*\}|\[{1,2}\w+\]{1,2}|[a-z]\w* = (?:"[^"]*"|[\w./-]+)'
    r"|(?<![\w./:-])[a-z][a-z0-9_]+(?:[.\[][\w\]]+)*(?![\w:/-])) ?",
    re.ASCII,
)
"""Words of a pack's file, such as `on_objection` (group 2). Group 1 is tried first. It matches what must stay as it is:
quoted texts, titles and `zhucun` commands."""
_DIGITS: Final = "零一二三四五六七八九"


def day(on: date) -> str:
    """A day as documents write it, without leading zeros (GB/T 9704)."""
    return f"{on.year}年{on.month}月{on.day}日"


def written(text: str) -> str:
    """A text as documents write it: dates in words, and no space between a figure and the Chinese beside it."""
    return _SPACE.sub("", _ISO.sub(lambda found: worded(found, day), text))


def worded(found: re.Match[str], day: Callable[[date], str]) -> str:
    """A date that was found in a text, in words. Digits that are no date, such as 2015-02-30, stay as they are."""
    try:
        return day(date(*map(int, found.groups())))
    except ValueError:
        return found[0]


def quoted(text: str) -> str:
    """A text with Chinese quotation marks around each word of a pack's file: on_objection becomes “on_objection”."""
    return _TYPED.sub(lambda found: found[1] or f"“{found[2]}”", text)


def nested(text: str) -> str:
    """A text in which quotations within quotations have other marks (GB/T 15834): “‘五个好’村党组织创建”."""
    depth, marks = 0, list[str]()
    for mark in text:
        depth -= mark == "”"
        marks.append({"“": "‘", "”": "’"}.get(mark, mark) if depth > 0 else mark)
        depth += mark == "“"
    return "".join(marks)


def percent(share: float) -> str:
    """A share (0 to 1) in per cent, rounded to two decimals at most: 0.0483871 is 4.84%."""
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"


def article(number: int) -> str:
    """An article of a law: 26 is 第二十六条."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_DIGITS[hundreds]}百{'零' if rest and not tens else ''}" if hundreds else ""
    said += f"{'' if tens == 1 and not hundreds else _DIGITS[tens]}十" if tens else ""
    return f"第{said}{_DIGITS[ones] if ones else ''}条"


def number(text: str) -> int:
    """A number below a thousand as documents write it, in figures or words: 一百零五 is 105."""
    if text.isdecimal() and text.isascii():
        return int(text)
    hundreds, _, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    digits = [_DIGITS.find(part.replace("〇", "零")[-1:]) if part else 0 for part in (hundreds, tens, ones)]
    return digits[0] * 100 + (digits[1] or bool(ten)) * 10 + digits[2]
