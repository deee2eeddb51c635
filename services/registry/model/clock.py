"""The day as it is told to all, and the holidays by which working days are counted."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec
from msgspec.structs import asdict

from services.registry.model.commands import AnnounceHolidays
from shared.calendar import Calendar, national
from shared.contracts.calendar import DayDue, DayPassed, HolidaysAnnounced
from shared.divisions import COUNTRY
from shared.policy import Policy
from shared.rules import Change, Refused, State, Task, overwrite

WORKING_DAYS = "全国年节及纪念日放假办法"
"""The regulation under which the State Council's Office gives notice of each year's holidays."""
AHEAD = timedelta(60)
"""How long before the known holidays end the next year's are asked for. The State Council publishes in November."""
FEASTS = {(1, 1): "元旦", (5, 1): "劳动节", (10, 1): "国庆节"}
"""Holidays with a fixed date. The others follow the lunar calendar, such as 春节, or a solar term: 清明."""
FIRST_YEAR = 2000
"""The first year with the long holidays that need notices."""
MOST_OFF = 40
"""The most days off in a year by all notices of one division, weekends included. The State Council's are about 30."""


class Notice(msgspec.Struct, frozen=True):
    """Announced holidays."""

    year: int
    document: str
    off: tuple[date, ...]
    worked: tuple[date, ...]


class Clock(State, frozen=True, kw_only=True):
    """The last day that was announced, and all announced holidays. There is one clock, with the id `china`."""

    kind = "clocks"
    known_as = ("业务日期和节假日", "the business day and the holidays")
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
        return self.calendar_without().known_until

    def calendar_without(self, key: str = "") -> Calendar:
        """The calendar of the whole country; with a `key`, without the holidays of that notice."""
        calendar = national()
        of_all = (notice for id, notice in self.notices.items() if id.startswith(f"{COUNTRY}/") and id != key)
        for notice in sorted(of_all, key=lambda notice: notice.year):
            calendar = calendar.told(notice.off, notice.worked, year=notice.year)
        return calendar

    @property
    def awaits(self) -> bool:
        """Whether deadlines may soon reach beyond the known holidays."""
        return self.day + AHEAD > self.known_until

    def tasks(self, policy: Policy | None) -> Iterable[Task]:
        """Somebody is to enter the next year's holidays: without them its working days would just be weekdays."""
        if self.awaits:
            end = self.known_until
            yield Task(
                action="holidays",
                about=self.id,
                role="operator",
                due=end,
                rule=WORKING_DAYS,
                detail=str(end.year + 1),
                answer={"place": self.place, "year": end.year + 1},
            )


def strike(clock: Clock | None, due: DayDue, _policy: Policy | None, _today: date) -> Change:
    """Announce that a day has begun: once, however often the schedule fires or the system starts on that day."""
    if clock is not None and clock.day >= due.day:
        return Change(clock)
    notices = clock.notices if clock else {}
    return Change(Clock(id="china", place=due.place, day=due.day, notices=notices), (DayPassed(day=due.day),))


def announce(clock: Clock | None, command: AnnounceHolidays, _policy: Policy | None, today: date) -> Change:
    """Announce holidays. The same notice with other days replaces the earlier one; a repetition changes nothing."""
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
            f"{both[0]}既是放假日又是上班日，请核对通知",
            f"{both[0]} is both off and worked; check the notice",
            field="worked",
            status=422,
        )
    _check_days(notice, today)
    clock = clock or Clock(id="china", place=COUNTRY, day=today)
    key = f"{command.place}/{command.notice}"
    if clock.notices.get(key) == notice:
        return Change(clock)
    if before := clock.notices.get(key):
        overwrite(asdict(before), asdict(notice), command.replaces, WORKING_DAYS)
    _check_number(clock, command.place, key, notice)
    _check_weekdays(clock, command.place, key, notice)
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


def _check_days(notice: Notice, today: date) -> None:
    """Refuse a day that lies outside the year, and a year that no notice can be about."""
    if not FIRST_YEAR <= notice.year <= today.year + 1:
        raise Refused(
            WORKING_DAYS,
            f"年度{notice.year}有误，应当在{FIRST_YEAR}至{today.year + 1}之间，请核对",
            f"the year {notice.year} must lie between {FIRST_YEAR} and {today.year + 1}; check it",
            field="year",
            status=422,
        )
    first, last = date(notice.year - 1, 12, 20), date(notice.year + 1, 1, 10)
    for field, days in (("off", notice.off), ("worked", notice.worked)):
        if strange := [day for day in days if not first <= day <= last]:
            raise Refused(
                WORKING_DAYS,
                f"{strange[0]}不在 {notice.year} 年度内，请核对年度或日期",
                f"{strange[0]} is not of the year {notice.year}; check the year, or the day",
                field=field,
                status=422,
            )
    if all(day.year != notice.year for day in (*notice.off, *notice.worked)):
        raise Refused(
            WORKING_DAYS,
            f"没有一天在 {notice.year} 年，请核对年度",
            f"no day lies in {notice.year}; check the year",
            field="year",
            status=422,
        )


def _check_number(clock: Clock, place: str, key: str, notice: Notice) -> None:
    """Refuse more than MOST_OFF days off in a year, since deadlines in working days would hardly ever end."""
    others = (other for id, other in clock.notices.items() if id != key and id.startswith(f"{place}/"))
    off = {*notice.off}.union(*(other.off for other in others if other.year == notice.year))
    if len(off) > MOST_OFF:
        raise Refused(
            WORKING_DAYS,
            f"{notice.year} 年放假日合计 {len(off)} 天，最多 {MOST_OFF} 天，请核对通知",
            f"{len(off)} days off in {notice.year} are more than {MOST_OFF}; check the notice",
            field="off",
            status=422,
        )


def _check_weekdays(clock: Clock, place: str, key: str, notice: Notice) -> None:
    """Only days off can become working days. The country's first notice of a year must name the fixed holidays."""
    known = clock.calendar_without(key)
    if plain := [day for day in notice.worked if day.weekday() < 5 and known.works(day)]:
        raise Refused(
            WORKING_DAYS,
            f"{plain[0]}不是周末，本来就上班；调休上班日应是周六、周日，请核对日期",
            f"{plain[0]} is no weekend and is worked anyway; a day that is worked instead is a weekend: check it",
            field="worked",
            status=422,
        )
    if place != COUNTRY or known.known_until.year >= notice.year:
        return
    for (month, number), name in FEASTS.items():
        day = date(notice.year, month, number)
        if known.works(day) and day not in notice.off:
            raise Refused(
                WORKING_DAYS,
                f"放假日中没有{day}（{name}），请按国务院办公厅通知填写全年的放假日",
                f"{day} is a holiday by law and is not among the days off; name all those of the year's notice",
                field="off",
                status=422,
            )
