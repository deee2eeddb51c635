"""How long statements of pay are kept: for as many years after the end of their year as the pack says.

A statement that recurs is paid until another one follows or the person leaves, so it belongs to the year in which it
ended. One that nobody has confirmed yet, or for which a reason is owed, is not over. Every payroll has a timer on
1 January. It has one even if the pack says no time, since a later pack may say one.
"""

from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from services.incentives.model.payroll import Payee, Payroll
from shared.policy import Policy
from shared.rules import Change, Due

RULE = "PIPL 19"
"""The rule that a refusal cites if the pack in force no longer says how long statements are kept."""


def look(payroll: Payroll, _due: Due, policy: Policy, today: date) -> Change:
    """A year began: take out the years whose time of keeping is over."""
    closed = {key: payee.closed(today) for key, payee in payroll.payees.items()}
    payroll = payroll.but(payees=closed, timers={}).looking(today)
    span = policy.keeping.statements if policy.keeping else None
    if span is None:
        return Change(payroll)
    dropped = max(payroll.dropped, today.year - 1 - span.years)
    left = {key: _since(payee, dropped) for key, payee in payroll.payees.items()}
    return Change(payroll.but(dropped=dropped, payees={key: payee for key, payee in left.items() if payee}))


def _since(payee: Payee, dropped: int) -> Payee | None:
    """The payee without the statements and grades of the years up to `dropped`; None if nothing is left."""
    sums = {cause: one for cause, one in payee.sums.items() if one.last_year is None or one.last_year > dropped}
    grades = _grades(payee, dropped, holding=bool(sums) and not payee.ended)
    return replace(payee, sums=sums, grades=grades) if sums or grades else None


def _grades(payee: Payee, dropped: int, *, holding: bool) -> Mapping[str, str]:
    """The grades of later years.

    For somebody who is still paid (`holding`), the latest grade of each assessment stays as well: the pay rests on it.
    """
    latest = dict[str, tuple[int, str]]()
    for key in payee.grades:
        assessment, _, year = key.partition("/")
        latest[assessment] = max(latest.get(assessment, (0, "")), (int(year or 0), key))
    stays = {key for _, key in latest.values()} if holding else set()
    return {
        key: grade for key, grade in payee.grades.items() if key in stays or int(key.partition("/")[2] or 0) > dropped
    }
