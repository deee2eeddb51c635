"""What numbers mean in a sheet: columns and their letters, days and their serial numbers, built-in formats.

openpyxl has this as well, but it takes 25 MB of memory.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

WINDOWS_EPOCH, MAC_EPOCH = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a sheet's days have no zone
"""The days with the number 0. Files from old versions for the Mac say that they count from the second one."""
_LEAP: Final = 60
"""The number of 29 February 1900, a day that never existed. Earlier days have numbers that are one too small."""
_COLUMN: Final = re.compile("[A-Za-z]{1,3}")
_BESIDE: Final = re.compile(r'"[^"]*"|\[(?!(?:hh?|mm?|ss?)\])[^\]]*\]|[\\_].', re.IGNORECASE)
"""Parts of a format that are shown as they are, or only say how it looks. Elapsed hours in brackets are a time."""
BUILT_IN: Final[Mapping[str, str]] = {
    **dict.fromkeys(map(str, (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))), "yyyy-mm-dd"),
    **dict.fromkeys(("3", *map(str, range(5, 9)), *map(str, range(37, 45))), "#,##0"),
    "0": "General", "1": "0", "2": "0.00", "4": "#,##0.00", "9": "0%", "10": "0.00%", "11": "0.00E+00",
    "12": "# ?/?", "13": "# ??/??", "48": "##0.0E+0", "49": "@",
}  # fmt: skip
"""The formats that a file may use by number without declaring them (ECMA-376 part 1, 18.8.30), including those of
Chinese versions. One format stands here for all that show a day, and one for all that show an amount of money."""


def column(letters: str) -> int:
    """The position of a column, counted from 0: `A` is 0, and `AA` is 26. Raises ValueError if it is none."""
    if not _COLUMN.fullmatch(letters):
        raise ValueError(f"{letters[:20]!r} is no column")
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def letters(column: int) -> str:
    """The letters of a column by its position, counted from 0."""
    above, last = divmod(column, 26)
    return (letters(above - 1) if above else "") + chr(ord("A") + last)


def moment(number: float, epoch: datetime) -> datetime | None:
    """The moment with a serial number, to the millisecond; None for a time of day without a day.

    Raises OverflowError for a number that is no day of any calendar.
    """
    day, part = divmod(number, 1)
    of_day = timedelta(milliseconds=round(part * 86_400_000))
    if 0 <= number < 1 and not of_day.days:
        return None
    return epoch + timedelta(day + (0 < number < _LEAP and epoch == WINDOWS_EPOCH)) + of_day


def serial(day: date) -> float:
    """The serial number of a day, or of a moment."""
    passed = (day if isinstance(day, datetime) else datetime.combine(day, time())) - WINDOWS_EPOCH
    return passed.days - (0 < passed.days <= _LEAP) + passed.seconds / 86_400


def is_date(code: str) -> bool:
    """Whether a format shows a number as a day or a time. What it says of negative numbers does not matter."""
    return bool(re.search("[dmyhs]", _BESIDE.sub("", code.split(";")[0]), re.IGNORECASE))
