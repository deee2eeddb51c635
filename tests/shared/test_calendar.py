"""Dates as rules count them. Holidays and working weekends are those of the State Council's notices."""

import copy
import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo.world import Service, World
from services.incentives import reactions as incentives_reactions
from services.incentives.model.record import Record
from services.inspection.app import SERVICE as INSPECTION
from services.inspection.model.commands import OpenCampaign
from services.inspection.model.supervision import Supervision
from services.registry.model import clock
from services.registry.model.commands import AnnounceHolidays
from shared.calendar import Span, YearDay, add_months, national
from shared.contracts import dispatch, incentives, inspection
from shared.contracts.calendar import DayDue, DayPassed, HolidaysAnnounced
from shared.contracts.registry import PolicyAdopted
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.policy import PolicyBook, parse_pack
from shared.rules import Refused
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from tests.inspection.region import PACKS, Region
from tests.support.pace import quicker_than
from tests.support.process import delivery
from tests.support.servers import engine_with

CHINA = national()
DAYS = st.dates(date(2005, 1, 1), date(2024, 12, 31))
SPANS = st.builds(
    Span,
    calendar_days=st.integers(0, 400),
    working_days=st.integers(0, 30),
    months=st.integers(0, 30),
    years=st.integers(0, 5),
)


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "span", "last"),
    [
        ("2014-06-01", Span(calendar_days=7), "2014-06-08"),
        ("2014-12-31", Span(calendar_days=1), "2015-01-01"),
        ("2016-02-28", Span(calendar_days=1), "2016-02-29"),
        ("2014-06-30", Span(), "2014-06-30"),
        ("2014-01-31", Span(months=1), "2014-02-28"),
        ("2016-01-31", Span(months=1), "2016-02-29"),
        ("2014-08-31", Span(months=6), "2015-02-28"),
        ("2014-12-31", Span(months=2), "2015-02-28"),
        ("2014-02-28", Span(months=1), "2014-03-28"),
        ("2016-02-29", Span(years=1), "2017-02-28"),
        ("2016-02-29", Span(years=4), "2020-02-29"),
        ("2014-07-31", Span(years=3), "2017-07-31"),
        ("2014-01-01", Span(months=3, calendar_days=-1), "2014-03-31"),
        ("2014-11-30", Span(years=1, months=3, calendar_days=1), "2016-03-01"),
        # A weekend, and a Friday's next working day.
        ("2014-06-06", Span(working_days=1), "2014-06-09"),
        ("2014-06-07", Span(working_days=1), "2014-06-09"),
        ("2014-06-09", Span(working_days=5), "2014-06-16"),
        # Spring Festival 2014: off from 31 January to 6 February; 26 January and 8 February are worked.
        ("2014-01-24", Span(working_days=1), "2014-01-26"),
        ("2014-01-30", Span(working_days=1), "2014-02-07"),
        ("2014-01-30", Span(working_days=2), "2014-02-08"),
        ("2014-01-30", Span(working_days=3), "2014-02-10"),
        # Spring Festival 2015: off from 18 to 24 February; 15 and 28 February are worked.
        ("2015-02-13", Span(working_days=1), "2015-02-15"),
        ("2015-02-17", Span(working_days=1), "2015-02-25"),
        ("2015-02-17", Span(working_days=4), "2015-02-28"),
        ("2015-02-17", Span(working_days=5), "2015-03-02"),
        # The National Day of 2014 ends on 7 October; 11 October, a Saturday, is worked.
        ("2014-09-30", Span(working_days=4), "2014-10-11"),
        # Calendar days first, then working days.
        ("2014-09-29", Span(calendar_days=2, working_days=1), "2014-10-08"),
    ],
)
def test_a_span_ends_with_its_last_day(start: str, span: Span, last: str) -> None:
    assert span.after(on(start), CHINA) == on(last)


@given(DAYS, st.integers(0, 2000))
def test_calendar_days_are_just_counted(start: date, days: int) -> None:
    assert Span(calendar_days=days).after(start, CHINA) == start + timedelta(days)


@given(DAYS, st.integers(1, 40))
def test_working_days_are_counted_one_by_one(start: date, days: int) -> None:
    last = Span(working_days=days).after(start, CHINA)
    between = [start + timedelta(n) for n in range(1, (last - start).days + 1)]
    assert CHINA.works(last)
    assert sum(map(CHINA.works, between)) == days


@given(DAYS, st.integers(1, 60))
def test_months_keep_the_day_or_end_with_the_month(start: date, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(1)).day == 1)


@given(DAYS, st.integers(0, 10))
def test_a_year_is_twelve_months(start: date, years: int) -> None:
    assert Span(years=years).after(start, CHINA) == Span(months=12 * years).after(start, CHINA)


@given(DAYS, st.integers(0, 60), SPANS)
def test_who_begins_later_never_ends_earlier(start: date, later: int, span: Span) -> None:
    assert span.after(start, CHINA) <= span.after(start + timedelta(later), CHINA)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2014-06-03", True),
        ("2014-06-07", False),
        ("2014-06-02", False),  # The Dragon Boat Festival, a Monday.
        ("2014-09-28", True),  # A Sunday, worked for the National Day.
        ("2015-09-03", False),  # The day of victory, a holiday in that year alone.
        ("2016-09-03", False),  # A Saturday.
        ("2090-09-04", True),  # No notice is known yet: a Monday and a Saturday.
        ("2090-09-02", False),
    ],
)
def test_working_days_are_the_official_ones(day: str, worked: bool) -> None:
    assert CHINA.works(on(day)) is worked


@pytest.mark.parametrize(
    ("month", "day", "year", "is_"),
    [
        (6, 30, 2014, "2014-06-30"),
        (2, 29, 2016, "2016-02-29"),
        (2, 29, 2015, "2015-02-28"),
        (12, 31, 2014, "2014-12-31"),
    ],
)
def test_a_day_of_every_year_exists_in_every_year(month: int, day: int, year: int, is_: str) -> None:
    assert YearDay(month, day).of(year) == on(is_)


@pytest.mark.parametrize(
    ("after", "next_"),
    [
        ("2014-06-19", "2014-06-20"),
        ("2014-06-20", "2015-06-20"),
        ("2014-12-31", "2015-06-20"),
    ],
)
def test_the_next_of_a_yearly_day_is_a_later_one(after: str, next_: str) -> None:
    assert YearDay(6, 20).next_after(on(after)) == on(next_)


@given(st.integers(1, 12), st.integers(1, 31), DAYS)
def test_the_next_of_a_yearly_day_comes_within_a_year(month: int, day: int, after: date) -> None:
    if day > (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31):
        with pytest.raises(ValueError):
            YearDay(month, day)
        return
    next_ = YearDay(month, day).next_after(after)
    assert after < next_ <= Span(years=1, calendar_days=1).after(after, CHINA)
    assert next_ == YearDay(month, day).of(next_.year)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (YearDay, '{"month": 13, "day": 1}', "<= 12"),
        (YearDay, '{"month": 2, "day": 30}', "day is out of range"),
        (YearDay, '{"month": 6}', "day"),
        (Span, '{"working_days": -1}', "working_days"),
        (Span, '{"days": 7}', "days"),
        (Span, '{"months": 1.5}', "months"),
    ],
)
def test_what_no_calendar_has_is_refused(kind: type, text: str, says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.json.decode(text, type=kind)


# ------------------------------------------------------- holidays as dated data


def slowly(start: date, days: int) -> date:
    """Counting one by one, which needs no cleverness."""
    for _ in range(days):
        start += timedelta(1)
        while not CHINA.works(start):
            start += timedelta(1)
    return start


@given(DAYS, st.integers(1, 500))
def test_thousands_of_working_days_are_counted_as_one_by_one(start: date, days: int) -> None:
    assert CHINA.later(start, days) == slowly(start, days)


def test_the_table_says_what_the_notices_said() -> None:
    import chinese_calendar

    assert CHINA.known_until == date(max(CHINA.said).year, 12, 31)
    days = [date(2004, 1, 1) + timedelta(n) for n in range((CHINA.known_until - date(2004, 1, 1)).days + 1)]
    assert [day for day in days if CHINA.works(day) != chinese_calendar.is_workday(day)] == []


def test_no_span_that_can_be_written_takes_time() -> None:
    longest = Span(calendar_days=3660, working_days=3660, months=600, years=50, roll=True)
    with quicker_than(0.1):
        for _ in range(100):
            longest.after(on("2100-12-31"), CHINA)
    for part in ("calendar_days", "working_days", "months", "years"):
        with pytest.raises(msgspec.ValidationError, match="<="):
            msgspec.convert({part: 10**9}, Span)


@pytest.mark.parametrize(
    ("start", "span", "last"),
    [
        ("2025-09-02", Span(calendar_days=30), "2025-10-02"),
        ("2025-09-02", Span(calendar_days=30, roll=True), "2025-10-09"),
        ("2025-09-05", Span(calendar_days=30, roll=True), "2025-10-09"),
        ("2025-09-10", Span(calendar_days=30, roll=True), "2025-10-10"),
        ("2014-06-02", Span(calendar_days=5, roll=True), "2014-06-09"),
        ("2014-01-21", Span(calendar_days=5, roll=True), "2014-01-26"),  # A Sunday that is worked.
        ("2025-09-29", Span(working_days=3, roll=True), "2025-10-10"),
        ("2025-07-02", Span(months=3, roll=True), "2025-10-09"),
    ],
)
def test_t2_a_last_day_that_is_a_holiday_moves_where_the_law_says_so(start: str, span: Span, last: str) -> None:
    assert span.after(on(start), CHINA) == on(last)


SPRING = HolidaysAnnounced(
    place="000000",
    notice="2027",
    year=2027,
    document="国办发明电〔2026〕示例号",
    off=(date(2027, 1, 1), *(date(2027, 2, day) for day in range(5, 12)), date(2027, 10, 1)),
    worked=(date(2027, 2, 14),),
    announced_by="运维",
)


def test_t1_a_year_that_was_announced_counts_in_every_division() -> None:
    book = PolicyBook()
    assert book.calendar().works(on("2027-02-08")), "no notice tells of this Monday yet"
    book.announce(SPRING)
    assert [book.calendar(place).works(on("2027-02-08")) for place in ("000000", "210502")] == [False, False]
    assert book.calendar("520302").works(on("2027-02-14"))
    assert Span(working_days=3).after(on("2027-02-04"), book.calendar()) == on("2027-02-15")


def test_t1_what_one_division_announces_counts_there_alone_and_may_be_corrected() -> None:
    book = PolicyBook()
    third = msgspec.structs.replace(SPRING, place="450000", notice="san-yue-san", year=2024, off=(on("2024-04-11"),))
    book.announce(third)
    assert [book.calendar(place).works(on("2024-04-11")) for place in ("450122", "520302")] == [False, True]
    book.announce(msgspec.structs.replace(third, off=(on("2024-04-12"),)))
    assert book.calendar("450122").works(on("2024-04-11"))


def test_t1_notices_of_one_year_count_beside_one_another_in_whatever_order_they_come() -> None:
    of_guangxi = msgspec.structs.replace(SPRING, place="450000", notice="san-yue-san", off=(on("2027-04-09"),))
    for notices in ((SPRING, of_guangxi), (of_guangxi, SPRING)):
        book = PolicyBook()
        for notice in notices:
            book.announce(notice)
        assert [*book.notices] == [("000000", "2027"), ("450000", "san-yue-san")]
        assert not book.calendar("450122").works(on("2027-04-09")) and book.calendar("520302").works(on("2027-04-09"))


def test_t1_a_pack_has_holidays_of_its_own() -> None:
    pack = tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8"))
    days = {"kind": "holiday", "days": [on("2024-04-11"), on("2024-04-12")], "document": "S3", "article": "第二条"}
    policy = parse_pack({**pack, "holidays": [days]})
    assert Span(working_days=1).after(on("2024-04-10"), policy.calendar) == on("2024-04-15")
    book = PolicyBook()
    book.adopt(policy)
    book.announce(SPRING)
    calendar = book.at("210502", on("2027-01-04")).calendar  # type: ignore[union-attr]
    assert not calendar.works(on("2024-04-11")) and not calendar.works(on("2027-02-08"))


@pytest.mark.parametrize(("years", "until"), [((2027,), 2027), ((2028,), 2026), ((2028, 2027), 2028)])
def test_the_calendar_ends_before_the_first_year_that_nobody_announced(years: tuple[int, ...], until: int) -> None:
    book = PolicyBook()
    for year in years:
        book.announce(msgspec.structs.replace(SPRING, notice=str(year), year=year, off=(date(year, 1, 1),)))
    assert book.calendar().known_until == date(until, 12, 31)


def command(**fields: Any) -> AnnounceHolidays:
    said = msgspec.structs.asdict(SPRING) | fields
    return AnnounceHolidays(**said)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"off": (), "worked": ()}, "off"),
        ({"worked": (date(2027, 2, 8),)}, "worked"),
        ({"off": (date(2026, 2, 8),)}, "off"),
        ({"worked": (date(2028, 2, 8),)}, "worked"),
        ({"off": tuple(date(2027, 1, 1) + timedelta(n) for n in range(41)), "worked": ()}, "off"),
        ({"off": (date(2028, 1, 1),), "worked": ()}, "year"),
        ({"year": 2028, "off": (date(2028, 1, 1),), "worked": ()}, "year"),
        ({"off": (), "worked": (date(2027, 2, 14),)}, "off"),
        ({"off": SPRING.off[:-1]}, "off"),
        ({"off": SPRING.off[1:]}, "off"),
        ({"worked": (date(2027, 1, 4),)}, "worked"),
        ({"worked": (date(2027, 1, 8),)}, "worked"),  # A Friday.
        ({"place": "210521", "worked": (date(2027, 1, 4),)}, "worked"),
        ({"year": 1999, "off": (date(1999, 5, 1),), "worked": ()}, "year"),
        ({"off": (*SPRING.off, date(2026, 12, 19))}, "off"),
        ({"off": (*SPRING.off, date(2028, 1, 11))}, "off"),
        ({"off": (date(2026, 12, 31),), "worked": ()}, "year"),
    ],
)
def test_a_notice_that_cannot_be_is_refused(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        clock.announce(None, command(**fields), None, on("2026-11-26"))
    assert (refused.value.field, refused.value.status, refused.value.rule) == (field, 422, clock.WORKING_DAYS)


@pytest.mark.parametrize(
    "fields",
    [
        {"off": (date(2026, 12, 20), *SPRING.off, date(2028, 1, 10))},
        {"place": "210521", "off": tuple(date(2027, 1, 1) + timedelta(n) for n in range(40)), "worked": ()},
        {"year": 2000, "off": (date(2000, 5, 1),), "worked": ()},
    ],
)
def test_a_notice_that_can_be_is_told_as_it_was_entered(fields: dict[str, Any]) -> None:
    said = command(**fields)
    announced = clock.announce(None, said, None, on("2026-11-26"))
    names = ("place", "notice", "year", "document", "off", "worked", "announced_by")
    assert announced.events == (HolidaysAnnounced(**{name: getattr(said, name) for name in names}),)
    assert isinstance(announced.state, clock.Clock)
    assert (announced.state.id, announced.state.place, announced.state.status) == ("china", "000000", "2026-11-26")
    struck = clock.strike(announced.state, DayDue(day=on("2026-11-27")), None, on("2026-11-27")).state
    assert struck == announced.state.but(day=on("2026-11-27")), "a new day forgets no holidays"


def test_a_notice_is_not_overwritten_in_silence_and_several_do_not_make_a_year_of_holidays() -> None:
    today = on("2026-11-26")
    known = clock.announce(None, command(), None, today).state
    assert isinstance(known, clock.Clock)
    other = {"off": (date(2027, 1, 1), date(2027, 2, 5), date(2027, 10, 1))}
    with pytest.raises(Refused) as refused:
        clock.announce(known, command(**other), None, today)
    assert [diff.field for diff in refused.value.differs] == ["off"] and "放假日" in refused.value.zh
    corrected = clock.announce(known, command(**other, replaces=refused.value.version), None, today)
    assert len(corrected.events) == 1
    more = {"notice": "2027b", "off": tuple(date(2027, 5, 1) + timedelta(n) for n in range(39)), "worked": ()}
    with pytest.raises(Refused) as refused:
        clock.announce(known, command(**more), None, today)
    assert refused.value.field == "off"
    own = clock.announce(known, command(**more, place="210521"), None, today)
    assert isinstance(own.state, clock.Clock) and own.events, "each division has its own"
    moved = {**more, "place": "210521", "off": tuple(date(2027, 7, 1) + timedelta(n) for n in range(39))}
    with pytest.raises(Refused) as refused:
        clock.announce(own.state, command(**moved), None, today)
    again = clock.announce(own.state, command(**moved, replaces=refused.value.version), None, today)
    assert again.events, "the days that are replaced count no more"
    victory = {"notice": "2027c", "off": (date(2027, 9, 3),), "worked": ()}
    assert clock.announce(known, command(**victory), None, today).events, "a further notice tells of one feast only"
    local = {"place": "210521", "off": (), "worked": (date(2027, 2, 9),)}
    assert clock.announce(known, command(**local), None, today).events, "a division works when the others rest"


def test_the_next_year_s_holidays_are_asked_for_in_time() -> None:
    def tasks(day: str, notices: Mapping[str, clock.Notice] | None = None) -> list[tuple[str, str, date | None]]:
        state = clock.Clock(id="china", place="000000", day=on(day), notices=dict(notices or {}))
        assert state.awaits is bool([*state.tasks(None)])
        return [(task.role, task.detail, task.due) for task in state.tasks(None)]

    assert tasks("2026-11-01") == []
    assert tasks("2026-11-02") == tasks("2026-11-26") == [("operator", "2027", on("2026-12-31"))]
    announced = clock.announce(None, command(), None, on("2026-11-26"))
    assert isinstance(announced.state, clock.Clock) and len(announced.events) == 1
    assert tasks("2026-11-26", announced.state.notices) == []
    again = clock.announce(announced.state, command(), None, on("2026-11-27"))
    assert (again.state, again.events) == (announced.state, ())


# ------------------------------------------------------ running deadlines move


def test_t1_an_order_s_deadline_moves_and_is_overdue_by_the_new_one() -> None:
    pack = copy.deepcopy(PACKS["benxi"])
    pack["findings"][0]["order"] = {"working_days": 3}
    region = Region(pack, on("2026-12-01"), villages=1)
    (village,) = region.villages
    region.pass_days(on("2027-02-04"))
    region.ask(
        OpenCampaign(
            place=region.place,
            campaign="C1",
            kind="half_year",
            opens=region.today,
            body="organisation",
            asked_by="督查组",
        )
    )
    campaign = region.said(inspection.CampaignPlanned)[-1].campaign
    region.pass_days(on("2027-02-05"))
    region.visit(village, campaign, findings=("absent",), score=80)
    order = f"{campaign}/{village}"
    assert region.kept(Supervision, village).orders[order].due == on("2027-02-10")
    region.announce(SPRING)
    assert region.kept(Supervision, village).orders[order].due == on("2027-02-15")
    (moved,) = region.said(inspection.DeadlineMoved)
    assert (moved.village, moved.deadline) == (village, f"orders {order} due")
    assert (moved.was, moved.due, moved.notice) == (on("2027-02-10"), on("2027-02-15"), "2027")
    region.announce(SPRING)
    assert len(region.said(inspection.DeadlineMoved)) == 1, "counted again it stands where it stood"
    region.pass_days(on("2027-02-15"))
    assert region.said(inspection.OrderOverdue) == []
    region.pass_days(on("2027-02-16"))
    assert len(region.said(inspection.OrderOverdue)) == 1


def test_t1_the_time_for_a_defence_moves_and_the_body_waits_for_it() -> None:
    pack = copy.deepcopy(PACKS["benxi"])
    pack["outcomes"][2]["defence"] = {"working_days": 3}
    world = World(on("2027-02-05"), Service("incentives", incentives_reactions.REACTIONS, incentives_reactions.DUE))
    adopted = PolicyAdopted(place="210500", version=pack["version"], adopted_by="市委组织部", pack=pack)
    graded = inspection.AssessmentGraded(
        place="210521", village="210521100200", year=2026, unit="U1", leader="C1", score=40, grade="incompetent",
        triggers=(), decided_by="县委组织部",
    )  # fmt: skip
    world.command("incentives", adopted, graded)
    (proposed,) = world.said(incentives.OutcomeProposed, kind="recall")
    assert proposed.defence_until == on("2027-02-10")
    world.announce(SPRING)
    (moved,) = world.said(incentives.DeadlineMoved)
    assert (moved.outcome, moved.deadline, moved.due) == (proposed.outcome, "defence_until", on("2027-02-15"))
    assert moved.is_sealed(), "a case of a person is nobody else's business"

    def status() -> str:
        return str(world.state("incentives", Record, "cadre:C1").cases[proposed.outcome].status)

    world.pass_days(on("2027-02-15"))
    assert status() == "proposed"
    world.pass_days(on("2027-02-16"))
    assert status() == "decidable"


def test_t2_an_appeal_in_the_shipped_packs_does_not_end_on_a_holiday() -> None:
    for pack in PACKS.values():
        policy = parse_pack(pack)
        spans = [
            span
            for outcome in policy.outcomes
            for level in outcome.appeals
            for span in (level.within, level.answer)
            if level.rule.startswith("CSL") and span.calendar_days == 30
        ]
        assert {span.after(on("2025-09-02"), policy.calendar) for span in spans} == {on("2025-10-09")}


async def test_t1_holidays_are_kept_with_the_deadlines_that_they_moved(database: str) -> None:
    pack = json.loads(json.dumps(PACKS["benxi"], default=str))
    pack["findings"][0]["order"] = {"working_days": 3}
    village, today = "210521100200", on("2027-02-05")
    assigned = dispatch.TeamAssigned(
        place="210521", village=village, unit="U1", spell=1, team=(dispatch.Member("C1", "leader"),),
        term_start=today, term_end=on("2030-02-05"), assigned_by="市委组织部",
    )  # fmt: skip
    visit = inspection.VisitMade(
        place="210521", village=village, campaign="C1", kind="half_year", on=today, year=2027,
        findings=("absent",), absent=1, score=50,
    )  # fmt: skip
    adopted = PolicyAdopted(place="210500", version=pack["version"], adopted_by="市委组织部", pack=pack)
    planned = inspection.CampaignPlanned(
        place="210500", campaign="C1", kind="half_year", opens=today, closes=on("2027-02-25"), frame=(village,)
    )
    engine = await engine_with(database, INSPECTION.tables)

    async def send(_stream: str, _messages: Iterable[Message]) -> None:
        pass

    async def opened() -> Pipeline:
        pipeline = Pipeline(INSPECTION, engine, Relay(send), "http://localhost/schemas")
        pipeline.clock = lambda: on("2027-03-01")
        await pipeline.start()
        return pipeline

    async def due(pipeline: Pipeline) -> date:
        async with engine.connect() as conn:
            key = (Supervision, village)
            state = (await store.load_states(conn, pipeline.tables, [key]))[key]
        assert isinstance(state, Supervision)
        return state.orders[f"C1/{village}"].due

    pipeline = await opened()
    heard = [DayPassed(day=today), adopted, assigned, planned, visit]
    for n, event in enumerate(heard, 1):
        await handle(pipeline, OPEN, [delivery(event, n)])
    assert await due(pipeline) == on("2027-02-10")
    for n in (6, 7):  # Told twice, as after a crash.
        await handle(pipeline, OPEN, [delivery(SPRING, n)])
        assert await due(pipeline) == on("2027-02-15")
    again = await opened()
    assert again.book.calendar().known_until == on("2027-12-31")
    assert not again.book.at("210521", today).calendar.works(on("2027-02-08"))  # type: ignore[union-attr]
    async with engine.connect() as conn:
        said = [row.type for row in await conn.execute(INSPECTION.tables.outbox.select())]
    assert said.count("inspection.deadline.moved.v1") == 1
    await engine.dispose()
