"""Presence and leave: how many days a month members of a team live in the village, and who grants leave from it."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.calendar import YearDay
from shared.contracts.values import Clause, Code, EventRole, Name
from shared.policy.section import Found, One, Path, Section
from shared.policy.when import When

Days = Annotated[int, Meta(ge=1, le=731)]
"""Calendar days, the first and the last included. Medical treatment lasts 24 months at most (企业职工患病医疗期)."""


class Tier(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """谁审批多长的假。 · Who decides on leave of a length."""

    days: Days | None = None
    """不超过几日（日历日）；最后一级不写，为更长的。 ·
    Up to so many calendar days; the last tier has none and takes the rest."""
    by: EventRole
    """由谁审批。 · Who decides."""


class LeaveKind(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一种假。 · A kind of leave."""

    named_by = ("kind",)
    kind: Code
    """代码。 · Its code."""
    label: Name
    """名称，如病假、产假。 · Its name."""
    decided_by: One[Tier]
    """由谁审批，按假期长短从短到长。 · Who decides, by length, from the shortest on."""
    longest: Days | None = None
    """最多几日；不写为不限。 · At most so many days; no limit where it is left out."""
    replaced_from: Days | None = None
    """满几日的，请假期间由派出单位补派；不写为不补派。 ·
    From so many days on, the unit sends somebody else for the time; nobody where it is left out."""

    def decider(self, days: int) -> EventRole:
        """Who decides on leave of so many days."""
        return next(tier.by for tier in self.decided_by if tier.days is None or days <= tier.days)


class Season(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一年中的一段，驻村天数另有规定，如伏季休渔期。 ·
    A part of each year in which another number of days is asked, such as the closed season of fishing."""

    named_by = ("label",)
    label: Name
    """名称，如伏季休渔期。 · Its name."""
    start: YearDay = msgspec.field(name="from")
    """自哪一天起。 · Its first day."""
    until: YearDay
    """到哪一天止，含当日。 · Its last day, which is part of it."""
    days: Annotated[int, Meta(ge=1, le=28)]
    """每人每月至少驻村几日；只有部分日子在此期间的月份，按日折算。 ·
    At least so many days a month each; a month of which only some days lie in it is asked for its share."""

    def has(self, day: date) -> bool:
        """Whether a day lies in it. One that begins later in the year than it ends goes on over the new year."""
        first, last = self.start.of(day.year), self.until.of(day.year)
        return first <= day <= last if first <= last else day >= first or day <= last


class Presence(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """驻村天数和请假。 · The days in the village, as the township knows them each month, and leave.

    Nobody checks in: a township says once a month how many days each was there.
    """

    rule: Clause
    """依据：[documents] 中的文件和条款。 · A cited document and its article."""
    days: Annotated[int, Meta(ge=1, le=28)]
    """每人每月至少驻村几日；当月进队或请假的，按在队未请假的日数折算。 ·
    At least so many days a month each; for part of a month, or with leave in it, as large a part of them."""
    by: EventRole
    """由谁每月确认驻村天数。 · Who says each month how many days it was."""
    count_by: When
    """确认期限：自当月结束（month）起算。 · The last day for that, counted from the end of the month (`month`)."""
    owed_by: EventRole
    """驻村天数不足的，告知谁。 · Who is told where it was fewer."""
    hindered: Name | None = None
    """什么日子不能到村、视为在岗，如台风停航；没有的不填。 ·
    On which days nobody can get there, which count as days there, such as those without sailings; none where it is left
    out."""
    leave: Annotated[tuple[LeaveKind, ...], Meta(max_length=20)] = ()
    """各种假。 · The kinds of leave."""
    seasons: Annotated[tuple[Season, ...], Meta(max_length=12)] = ()
    """一年中驻村天数另有规定的时段；没有的不填。 · The parts of a year in which another number of days is asked."""

    def asked(self, year: int, month: int) -> Fraction:
        """How many days a whole month asks of each: the mean of what each of its days asks."""
        if not self.seasons:
            return Fraction(self.days)
        whole = range(1, monthrange(year, month)[1] + 1)
        each = (date(year, month, day) for day in whole)
        asks = (next((one.days for one in self.seasons if one.has(day)), self.days) for day in each)
        return Fraction(sum(asks), len(whole))

    def kind(self, code: str) -> LeaveKind | None:
        """The kind of leave with this code; None if the region has none."""
        return next((one for one in self.leave if one.kind == code), None)


_YEARS = [date(2015, 1, 1) + timedelta(n) for n in range(365 + 366)]
"""The days of a year without a 29 February, and of one with it."""


def contradictions(presence: Presence | None) -> Found:
    """Find leave of a length on which nobody decides, lengths that contradict one another, and overlapping seasons."""
    kinds = presence.leave if presence else ()
    seasons = presence.seasons if presence else ()
    for n, season in enumerate(seasons):
        both = ((one, day) for one in seasons[:n] for day in _YEARS if one.has(day) and season.has(day))
        if met := next(both, None):
            also, day = met
            zh = f"{season.label}与{also.label}有重叠的日子，如 {day}"
            en = f"“{season.label}” and “{also.label}” have a day in common, such as {day}"
            yield ("presence", "seasons", n, "from"), zh, en, ""
    for n, one in enumerate(kinds):
        at: Path = ("presence", "leave", n)
        if one.kind in [before.kind for before in kinds[:n]]:
            yield at, f"{one.kind} 出现了两次", f"{one.kind} occurs twice"
        *upper, last = [tier.days for tier in one.decided_by]
        if any(days is None for days in upper) or any((b or 732) <= (a or 0) for a, b in pairwise((*upper, last))):
            zh = "各级的日数应从短到长，只有最后一级可以不写"
            yield (*at, "decided_by"), zh, "lengths rise from tier to tier, and only the last one may be left out", ""
        elif last is not None and (one.longest is None or one.longest > last):
            zh, en = f"超过 {last} 日的假没有人审批", f"nobody decides on leave of more than {last} days"
            yield (*at, "decided_by"), zh, en, f"longest = {last}"
        if one.longest and one.replaced_from and one.replaced_from > one.longest:
            zh, en = "补派的日数多于这种假的最长日数", "it is more than the longest leave of this kind"
            yield (*at, "replaced_from"), zh, en, f"replaced_from = {one.longest}"
