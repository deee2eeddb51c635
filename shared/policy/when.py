"""One way to write every time in a pack: a day of every year, a cycle, or a time after something has happened."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from shared.calendar import DAY, Calendar, Span, YearDay, add_months, national
from shared.contracts.values import Bounded, Day
from shared.policy.section import SOME_DAY, Found, Path, Section, parts

Happening = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$(?!\n)", max_length=60)]
"""What a time is counted from: an event such as `registry.village.listed`, or the code of an entry of the pack."""


class When(Bounded, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """何时：每年的一天（month、day），循环（every、from），或者某事之后（after、within），三种写法取其一。 ·
    When: a day of every year (`month`, `day`), a cycle (`every`, `from`), or a time after something (`after`,
    `within`)."""

    month: Annotated[int, Meta(ge=1, le=12)] | None = None
    """每年的一天：月。 · A day of every year: its month."""
    day: Annotated[int, Meta(ge=1, le=31)] | None = None
    """日；2 月 29 日在平年按 28 日计。 · Its day; 29 February is the 28th where the year has none."""
    every: Span | None = None
    """循环：每隔多长时间一次，只用一种单位。 · A cycle: how long from one to the next, in one unit."""
    start: Day | None = msgspec.field(default=None, name="from")
    """循环的第一天。 · The first day of the cycle."""
    after: Happening | None = None
    """某事之后：自何事起算。 · A time after something: what it is counted from."""
    within: Span = Span()
    """自起算之日（或开始之日）起多长时间内。某事之后的必填；其他不填则为当日。 ·
    How long from there, or from the day on which it begins, it may take. A time after something needs it; elsewhere it
    is that very day without it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.month and self.day:
            YearDay(self.month, self.day)  # ValueError if no year has it.

    def begins(self, since: date, calendar: Calendar) -> date:
        """The first day after `since` on which it begins.

        A time after something begins on `since` itself, the day it happened.
        """
        if self.month and self.day:
            return YearDay(self.month, self.day).next_after(since)
        if self.every and self.start:
            passed = range((since - self.start).days // _shortest(self.every) + 2)
            return self._turn(bisect_right(passed, since, key=lambda n: self._turn(n, calendar)), calendar)
        return since

    def due(self, since: date, calendar: Calendar) -> date:
        """The last day: `within` is counted from the day on which it begins, as `begins` finds it."""
        return self.within.after(self.begins(since, calendar), calendar)

    def days(self, first: date, last: date, calendar: Calendar) -> Iterator[date]:
        """All days from `first` to `last` on which it begins; none for a time after something."""
        day = self.begins(first - DAY, calendar) if self.after is None else last + DAY
        while day <= last:
            yield day
            before, day = day, self.begins(day, calendar)
            if day <= before:  # In a pack that is still being checked, a cycle may have no length.
                return

    def of(self, year: int, calendar: Calendar) -> tuple[date, ...]:
        """All days of a year on which it begins; none for a time after something."""
        return _of_year(self, year, calendar)

    def _turn(self, n: int, calendar: Calendar) -> date:
        """The day on which turn `n` of a cycle begins; turn 0 is its first day. All are counted from that day."""
        every, first = self.every, self.start
        assert every and first
        if every.working_days:
            return calendar.later(first, n * every.working_days) if n else first
        return add_months(first, n * (12 * every.years + every.months)) + timedelta(n * every.calendar_days)


@lru_cache(4096)
def _of_year(when: When, year: int, calendar: Calendar) -> tuple[date, ...]:
    """Cached, since packs have few cycles and every ledger asks for their days again and again."""
    if when.every and when.every.calendar_days < 0:  # In a pack that is still being checked, a cycle may count back.
        return ()
    return tuple(when.days(date(year, 1, 1), date(year, 12, 31), calendar))


def _shortest(every: Span) -> int:
    """The least number of days between two turns of a cycle."""
    return max(every.calendar_days + every.working_days + 28 * every.months + 365 * every.years, 1)


# ----------------------------------------------------------- what can be said where

_WRITTEN: Final = {
    "day": ("每年的一天 { month, day }", "a day of the year { month, day }"),
    "cycle": ("循环 { every, from }", "a cycle { every, from }"),
    "after": ("某事之后 { after, within }", "a time after something { after, within }"),
}


HAPPENINGS: Final[Mapping[str, tuple[str, str]]] = {
    "registry.village.listed": ("列入贫困村", "the listing"),
    "registry.indicators.measured": ("测算指标", "the measurement"),
    "registry.village.diagnosed": ("集体会诊", "the diagnosis"),
    "registry.households.counted": ("核定贫困户", "the day on which the register tells the poor households"),
    "dispatch.village.matched": ("确定帮扶单位", "the matching"),
    "dispatch.team.nominated": ("推荐人选", "the nomination"),
    "dispatch.team.assigned": ("派驻", "the assignment"),
    "vacancy": ("队员被召回或者离队", "a member's recall or leaving"),
    "dispatch.member.disqualified": ("队员不再符合条件", "the day on which a member no longer qualified"),
    "inspection.assessment.proposed": ("拟定等次", "the proposal of a grade"),
    "inspection.visit.made": ("到村督查", "the visit"),
    "inspection.visit.replied": ("提出说明", "the reply"),
    "inspection.campaign.closed": ("督查结束", "the end of the campaign"),
    "proposal": ("提出建议", "the proposal"),
    "defence": ("陈述申辩结束", "the end of the defence"),
    "term": ("任期届满", "the end of a term"),
    "joining": ("队员进队", "a member's joining the team"),
    "month": ("当月结束", "the end of the month"),
    "registry.listing.begun": ("列入名单", "the entry on a list"),
    "registry.party.registered": ("登记组织", "the registration of the party"),
    "period": ("一期结束", "the end of the period"),
    "report": ("报告所缺技能", "the report of a lack"),
}
"""Chinese and English words for what times are counted from."""


class Fits(NamedTuple):
    """What is allowed in a field: the forms, what a time may be counted from, and a valid value as an example."""

    forms: tuple[str, ...]
    after: tuple[str, ...]
    example: str
    at_once: bool = False
    """Whether a time after something may be left out, so that it is due on the day on which that happens."""


def _due(*after: str) -> Fits:
    """For a last day: either counted from one of `after`, or the same day in every year."""
    example = f'{{ after = "{after[0]}", within = {{ calendar_days = 30 }} }}'
    return Fits(("day", "after"), after, example)


def _after(happening: str) -> Fits:
    """For a last day that is always counted from one happening."""
    return Fits(("after",), (happening,), f'{{ after = "{happening}", within = {{ calendar_days = 2 }} }}')


_AGAIN: Final = Fits(("day", "cycle"), (), "[{ month = 6, day = 30 }]")
FORMS: Final[Mapping[tuple[str, ...], Fits]] = {
    ("listing", "diagnose_by"): _due("registry.village.listed"),
    ("lists", "each_poor"): _due("registry.village.listed"),
    ("exit", "request_by"): _due("registry.indicators.measured"),
    ("exit", "relapse_by"): _due("registry.indicators.measured"),
    ("links", "begin_by"): _due(
        "registry.village.diagnosed",
        "registry.households.counted",
        "registry.listing.begun",
        "registry.party.registered",
    ),
    ("links", "visits", "count_by"): _due("period"),
    ("links", "compare_on"): Fits(("day",), (), "{ month = 12, day = 31, within = { months = 1 } }"),
    ("links", "quota_on"): Fits(("day",), (), "{ month = 12, day = 31 }"),
    ("links", "match_by"): _due("registry.village.diagnosed"),
    ("links", "assign_by"): _due("dispatch.village.matched"),
    ("links", "nomination", "nominate_by"): _due("dispatch.village.matched"),
    ("links", "nomination", "review_by"): _due("dispatch.team.nominated"),
    ("links", "release", "confirm_by"): _due("joining"),
    ("links", "term_assessment", "assess_by"): _due("term"),
    ("links", "replace_by"): _due("vacancy"),
    ("links", "retain_by"): _due("dispatch.member.disqualified"),
    ("commitments", "set_by"): _due("dispatch.team.assigned"),
    ("commitments", "reconcile"): _AGAIN,
    ("checklists", "when"): _AGAIN,
    ("campaigns", "opens"): _AGAIN,
    ("campaigns", "bulletin", "publish_by"): _after("inspection.campaign.closed"),
    ("campaigns", "reply", "reply_by"): _after("inspection.visit.made"),
    ("campaigns", "reply", "decide_by"): _after("inspection.visit.replied"),
    ("assessment", "grade_by"): _due("inspection.assessment.proposed"),
    ("outcomes", "decide_by"): _due("proposal", "defence"),
    ("presence", "count_by"): _due("month"),
    ("training", "duty", "due"): _due("joining")._replace(at_once=True),
    ("training", "taught_by"): _due("report"),
}
"""The catalogue: what is allowed in each `when` of a pack. A commitment may also be counted from another commitment."""


_CYCLE: Final = 28
"""How many years are looked at. After so many, weekdays and leap years repeat, and cycles of months have come round."""


def years_of(whens: Sequence[When]) -> range:
    """The years that are looked at: from one in which all cycles have begun, until their days of the year repeat.

    One year alone does not tell, since a cycle of five months, for example, falls into other months each year.
    """
    first = max((when.start.year + 1 for when in whens if when.start), default=2015)
    return range(first, first + _CYCLE)


def days_of(whens: Sequence[When], year: int) -> list[date]:
    """The days of a year on which any of them begins, as they are written."""
    return [day for when in whens for day in when.of(year, national())]


def empty(span: Span) -> bool:
    """Whether a span has no length: it ends on its first day or before, tried also in February, the shortest month."""
    plain = msgspec.structs.replace(span, roll=False)  # Rolling over a holiday does not count as length.
    return any(plain.after(day, national()) <= day for day in (SOME_DAY, date(2015, 2, 1)))


def contradictions(policy: Section) -> Found:
    """Find each `when`, anywhere in a pack, that has no form, several forms, or one that is not allowed
    there."""
    for path, when in parts(When, policy):
        yield from _of_when(path, when)


def _of_when(path: Path, when: When) -> Found:
    fits = FORMS[tuple(name for name in path if isinstance(name, str))]
    given = {
        "day": (when.month, when.day),
        "cycle": (when.every, when.start),
        "after": (when.after, fits.at_once or not empty(when.within)),
    }
    begun = {form for form, parts in given.items() if any(parts[:1]) or (form != "after" and any(parts))}
    name = next(part for part in reversed(path) if isinstance(part, str))
    example = f"{name} = {fits.example}"
    if when.within.calendar_days < 0:
        yield (*path, "within"), "时间不能为负", "a time cannot be negative", "within = { calendar_days = 30 }"
    elif begun == {"after"} and not all(given["after"]):
        zh = f"自 {when.after} 起算的，应填时间 within"
        yield path, zh, f"counted from {when.after}, it needs its time `within`", example
    elif len(begun) != 1 or not all(given[next(iter(begun))]):
        zh = f"应取一种写法并写全：{'、'.join(_WRITTEN[form][0] for form in fits.forms)}"
        yield path, zh, f"it is one of these, in full: {', '.join(_WRITTEN[form][1] for form in fits.forms)}", example
    elif not begun <= {*fits.forms}:
        (form,) = begun
        zh = f"此处不能写{_WRITTEN[form][0]}，可写：{'、'.join(_WRITTEN[one][0] for one in fits.forms)}"
        en = f"{_WRITTEN[form][1]} cannot stand here; it may be {' or '.join(_WRITTEN[one][1] for one in fits.forms)}"
        yield path, zh, en, example
    elif when.within != Span() and begun == {"day"} and "after" in fits.forms:
        zh, en = "每年的一天已是最后一日，不能再填时间", "a day of the year is the last day already and takes no time"
        yield (*path, "within"), zh, en, ""
    elif when.after and when.after not in fits.after and path[0] != "commitments":  # They may follow one another.
        zh = f"不能自 {when.after} 起算，可填：{'、'.join(fits.after)}"
        en = f"it cannot be counted from {when.after}, but from {' or '.join(fits.after)}"
        yield (*path, "after"), zh, en, f'after = "{fits.after[0]}"'
    elif name == "count_by" and when.within.after(SOME_DAY, national()) > add_months(SOME_DAY, 12):
        zh, en = (
            "最长一年：逐月确认的只保存十二个月",
            "it is a year at most: of what is told month by month, twelve are kept",
        )
        yield (*path, "within"), zh, en, "within = { calendar_days = 10 }"
    elif when.every and (sum(map(bool, _units(when.every))) != 1 or when.every.roll or min(_units(when.every)) < 0):
        zh, en = (
            "循环只用一种单位，不小于 1，不顺延",
            "a cycle has one unit, 1 or more, and never rolls over holidays",
        )
        yield (*path, "every"), zh, en, "every = { months = 3 }"


def _units(span: Span) -> tuple[int, ...]:
    return span.years, span.months, span.calendar_days, span.working_days
