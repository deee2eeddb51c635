"""The day as it is told to all, and the holidays by which working days are counted."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from services.registry.model.commands import AnnounceHolidays
from shared.calendar import national
from shared.contracts.calendar import DayDue, DayPassed, HolidaysAnnounced
from shared.policy import Policy
from shared.rules import Change, Refused, State, Task

WORKING_DAYS = "全国年节及纪念日放假办法"
"""The regulation under which the State Council's Office gives notice of each year's holidays."""
AHEAD = timedelta(60)
"""How long before the end of the known holidays the next year's are asked for; they are published in November."""


class Notice(msgspec.Struct, frozen=True):
    """Announced holidays."""

    year: int
    document: str
    off: tuple[date, ...]
    worked: tuple[date, ...]


class Clock(State, frozen=True, kw_only=True):
    """The last day that was told, and the holidays that were announced; there is one clock, with the id `china`."""

    kind = "clocks"
    needs_policy = False
    day: date
    notices: dict[str, Notice] = msgspec.field(default_factory=dict)
    """By division and number of the announcement: `000000/2027`."""

    @property
    def status(self) -> str:
        return self.day.isoformat()

    @property
    def known_until(self) -> date:
        """The last day of the last year whose holidays are known in the whole country."""
        calendar = national()
        of_all = (notice for key, notice in self.notices.items() if key.startswith("000000/"))
        for notice in sorted(of_all, key=lambda notice: notice.year):
            calendar = calendar.told(notice.off, notice.worked, year=notice.year)
        return calendar.known_until

    @property
    def awaits(self) -> bool:
        """Whether deadlines may soon reach beyond the known holidays."""
        return self.day + AHEAD > self.known_until

    def tasks(self, policy: Policy | None) -> Iterable[Task]:
        """The next year's holidays, while deadlines would be counted by weekdays alone."""
        if self.awaits:
            end = self.known_until
            yield Task(
                action="holidays", about=self.id, role="operator", due=end, rule=WORKING_DAYS, detail=str(end.year + 1)
            )


def strike(clock: Clock | None, due: DayDue, _policy: Policy | None, _today: date) -> Change:
    """Tell that a day has begun, once, however often the schedule fires or the system is started on it."""
    if clock is not None and clock.day >= due.day:
        return Change(clock)
    notices = clock.notices if clock else {}
    return Change(Clock(id="china", place=due.place, day=due.day, notices=notices), (DayPassed(day=due.day),))


def announce(clock: Clock | None, command: AnnounceHolidays, _policy: Policy | None, today: date) -> Change:
    """Tell of holidays. What is announced again with other days counts instead; the same says nothing new."""
    notice = Notice(command.year, command.document, tuple(sorted({*command.off})), tuple(sorted({*command.worked})))
    if not notice.off and not notice.worked:
        raise Refused(
            WORKING_DAYS,
            "放假日和调休上班日至少填一天",
            "name at least one day off or one day that is worked",
            field="off",
            status=422,
        )
    if both := sorted({*notice.off} & {*notice.worked}):
        raise Refused(
            WORKING_DAYS,
            f"{both[0]} 既是放假日又是上班日，请核对通知",
            f"{both[0]} is both off and worked; check the notice",
            field="worked",
            status=422,
        )
    first, last = date(notice.year - 1, 12, 20), date(notice.year + 1, 1, 10)
    for field, days in (("off", notice.off), ("worked", notice.worked)):
        if strange := [day for day in days if not first <= day <= last]:
            raise Refused(
                WORKING_DAYS,
                f"{strange[0]} 不在 {notice.year} 年度内，请核对年度或日期",
                f"{strange[0]} is not of the year {notice.year}; check the year, or the day",
                field=field,
                status=422,
            )
    clock = clock or Clock(id="china", place="000000", day=today)
    key = f"{command.place}/{command.notice}"
    if clock.notices.get(key) == notice:
        return Change(clock)
    announced = HolidaysAnnounced(
        place=command.place,
        notice=command.notice,
        year=notice.year,
        document=notice.document,
        off=notice.off,
        worked=notice.worked,
        announced_by=command.announced_by,
    )
    return Change(clock.but(notices={**clock.notices, key: notice}), (announced,))
