"""What rules share: known data are not overwritten in silence, nothing is named twice, deadlines follow holidays."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from shared.calendar import Span, national
from shared.codes import aliases, resolved
from shared.contracts import Command
from shared.contracts.registry import VillageRecoded
from shared.contracts.values import VillageId
from shared.rules import (
    Change,
    Deadline,
    Difference,
    Moved,
    Refused,
    State,
    Task,
    addressed,
    few,
    known,
    once_each,
    overwrite,
    recoded,
    require_body,
    require_soon,
    rests,
    revision,
)

TODAY = date(2015, 3, 2)
KNOWN = {
    "name": "大河村",
    "population": 900,
    "party_member": True,
    "ties": ("V1", "V2"),
    "income": None,
    "since": TODAY,
}


# ------------------------------------------------- known data and their versions


@pytest.mark.parametrize(
    ("given", "replaces"),
    [
        ({}, None),
        ({"name": "大河村", "population": 900}, None),
        ({"income": 3000}, None),  # It was unknown, and is added.
        ({"township": "河口镇"}, None),
        ({"name": "小河村"}, revision({"name": "大河村"})),
        ({"population": 950, "name": "小河村"}, revision({"name": "大河村", "population": 900})),
        ({"name": "小河村", "income": 3000}, revision({"name": "大河村", "income": None})),
    ],
)
def test_what_is_new_the_same_or_names_what_it_replaces_is_taken(given: dict[str, Any], replaces: str | None) -> None:
    overwrite(KNOWN, given, replaces)


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        (
            {"name": "小河村"},
            "名称已登记为“大河村”，本次为“小河村”",
            "name is known as '大河村', and given as '小河村'",
        ),
        (
            {"population": 900.0, "party_member": False},
            "中共党员已登记为“是”，本次为“否”",
            "party member is known as 'yes', and given as 'no'",
        ),
        ({"ties": ("V2",)}, "回避村已登记为“V1、V2”，本次为“V2”", "ties is known as 'V1、V2', and given as 'V2'"),
        ({"ties": ()}, "回避村已登记为“V1、V2”，本次未填", "ties is known as 'V1、V2', and given as ''"),
        ({"name": None}, "名称已登记为“大河村”，本次未填", "name is known as '大河村', and given as ''"),
        ({"population": 950.0}, "人口已登记为“900”，本次为“950”", "population is known as '900', and given as '950'"),
        (
            {"name": "小河村", "since": date(2015, 3, 31)},
            "名称已登记为“大河村”，本次为“小河村”；入社日期已登记为“2015年3月2日”，本次为“2015年3月31日”",
            "since is known as '2 March 2015', and given as '31 March 2015'",
        ),
    ],
)
def test_what_differs_is_told_as_people_write_it(given: dict[str, Any], zh: str, en: str) -> None:
    with pytest.raises(Refused) as refused:
        overwrite(KNOWN, given, None, words={"since": "入社日期"})
    assert (refused.value.rule, refused.value.status) == ("identity", 409)
    assert f"不同：{zh}；确需更正" in refused.value.zh and en in refused.value.en
    assert refused.value.version in refused.value.zh and refused.value.zh.startswith("与已登记的")
    assert refused.value.en.startswith("this differs from what is known: ")
    assert refused.value.en.endswith(f"send replaces = {refused.value.version}")
    overwrite(KNOWN, given, refused.value.version)


def test_what_is_known_to_be_empty_is_told_as_such() -> None:
    with pytest.raises(Refused) as refused:
        overwrite({"listing_document": ""}, {"listing_document": "县发〔2014〕1号"}, None)
    assert "列入文件已登记为空，本次为“县发〔2014〕1号”；" in refused.value.zh


def test_the_fields_that_differ_are_listed_with_both_values_and_the_first_is_where_to_look() -> None:
    with pytest.raises(Refused) as refused:
        overwrite(KNOWN, {"name": "大河村", "population": 950, "party_member": False}, None, "1.18")
    assert refused.value.differs == [Difference("population", "900", "950"), Difference("party_member", "是", "否")]
    assert (refused.value.field, refused.value.rule) == ("population", "1.18")


def test_who_saw_the_data_before_they_changed_again_is_told_so() -> None:
    with pytest.raises(Refused) as refused:
        overwrite(KNOWN, {"name": "小河村"}, revision({"name": "老河村"}))
    assert refused.value.zh.startswith("您查看之后登记内容又有变动：与已登记的内容不同")
    assert refused.value.en.startswith("the data have changed since you saw them: this differs")


def test_of_a_person_only_the_fields_are_told_and_of_many_the_first_ten() -> None:
    with pytest.raises(Refused) as refused:
        overwrite({"rank": "section", "born_on": TODAY}, {"rank": "staff", "born_on": None}, None, personal=True)
    assert refused.value.differs == [Difference("rank", "", "staff"), Difference("born_on", "", "")]
    assert "不同：职务层次、出生日期；" in refused.value.zh and ": rank, born on; to correct" in refused.value.en
    assert "section" not in f"{refused.value.zh}{refused.value.en}"
    many = {f"households.H{n}.income": n for n in range(1, 13)}
    with pytest.raises(Refused) as refused:
        overwrite(many, dict.fromkeys(many, 99), None)
    assert "H10的人均纯收入" in refused.value.zh and "H11" not in refused.value.zh
    assert "households.H10.income" in refused.value.en and "H11" not in refused.value.en
    assert len(refused.value.differs) == 12


# ------------------------------------------------------ what is named, and where


class Row(msgspec.Struct, frozen=True):
    household: str
    members: tuple[str, ...] = ()


class Pair(msgspec.Struct, frozen=True):
    named_by = ("kind", "period")
    name: str
    kind: str
    period: str


class Sent(Command, frozen=True, kw_only=True):
    about = "village"
    village: VillageId = "210521100200"
    rows: Annotated[tuple[Row, ...], Meta(max_length=9)] = ()
    pairs: tuple[Pair, ...] | None = None
    names: tuple[str, ...] = ()
    text: str = "aa"
    others: tuple[VillageId, ...] = ()
    into: VillageId | None = None


def sent(**fields: Any) -> Sent:
    return Sent(place="210521", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "aa", "names": ("a", "aa")},
        {"rows": (Row("H1", ("A",)), Row("H2", ("A",)))},
        {"pairs": (Pair("n", "a", "x"), Pair("n", "a", "y"), Pair("n", "b", "x"))},
    ],
)
def test_what_is_named_once_passes(fields: dict[str, Any]) -> None:
    once_each(sent(**fields))


@pytest.mark.parametrize(
    ("fields", "field", "name", "rows"),
    [
        ({"names": ("a", "b", "a")}, "names", "a", (1, 3)),
        ({"rows": (Row("H1"), Row("H2", ("A",)), Row("H2"))}, "rows", "H2", (2, 3)),
        ({"rows": (Row("H1"), Row("H2", ("B", "A", "A")))}, "rows[1].members", "A", (2, 3)),
        ({"pairs": (Pair("n", "a", "x"), Pair("m", "a", "x"))}, "pairs", "a x", (1, 2)),
    ],
)
def test_what_is_named_twice_is_refused_with_both_places(
    fields: dict[str, Any], field: str, name: str, rows: tuple[int, int]
) -> None:
    with pytest.raises(Refused) as refused:
        once_each(sent(**fields))
    assert (refused.value.rule, refused.value.field, refused.value.status) == ("identity", field, 422)
    assert f"“{name}”出现两次（第 {rows[0]} 项和第 {rows[1]} 项）".replace(" ", "") in refused.value.zh.replace(" ", "")
    assert f"{name} is named twice in one list, as entries {rows[0]} and {rows[1]}" in refused.value.en


@pytest.mark.parametrize(
    ("fields", "codes", "after"),
    [
        ({"village": "V1"}, ["V1"], {"village": "id of V1"}),
        ({"village": "V1", "into": "V2"}, ["V1", "V2"], {"village": "id of V1", "into": "id of V2"}),
        ({"village": "V1", "others": ("V2", "V9")}, ["V1", "V2", "V9"], {"others": ("id of V2", "V9")}),
        ({"village": "V9", "names": ("V1",), "text": "V1"}, ["V9"], {"village": "V9", "names": ("V1",), "text": "V1"}),
    ],
)
def test_every_field_that_names_a_village_takes_its_later_codes_and_no_other_does(
    fields: dict[str, Any], codes: list[str], after: dict[str, Any]
) -> None:
    command = sent(**fields)
    assert [code for _, code in aliases(command)] == codes
    found = resolved(command, {"V1": "id of V1", "V2": "id of V2"})
    assert {name: getattr(found, name) for name in after} == after
    assert found.place == "210521"


class Thing(State, frozen=True, kw_only=True, omit_defaults=True):
    kind = "things"
    until: date | None = None
    parts: Mapping[str, Mapping[str, date]] = {}


@pytest.mark.parametrize(
    ("state", "status", "field", "zh", "en"),
    [
        (None, 404, None, "村“210521100200”不存在", "village '210521100200' does not exist"),
        (
            Thing(id="210521100200", place="210522"),
            422,
            "place",
            "村“210521100200”属于区划 210522，不属于 210521",
            "village 210521100200 belongs to division 210522, not 210521",
        ),
    ],
)
def test_a_thing_is_reached_only_from_where_it_lies(
    state: Thing | None, status: int, field: str | None, zh: str, en: str
) -> None:
    with pytest.raises(Refused) as refused:
        addressed(state, sent())
    assert (refused.value.rule, refused.value.status, refused.value.field) == ("identity", status, field)
    assert zh.replace(" ", "") in refused.value.zh.replace(" ", "") and en in refused.value.en
    here = Thing(id="210521100200", place="210521")
    assert addressed(here, sent()) is here and known(here, "村", "village", here.id) is here


def test_a_recoded_village_takes_what_is_about_it_along() -> None:
    event = VillageRecoded(
        place="210521",
        village="210521100200",
        code="210522100300",
        document="民发〔2015〕1号",
        since=TODAY,
        decided_by="市政府",
    )
    thing = Thing(id=event.village, place="210521", until=TODAY)
    assert recoded(thing, event, None, TODAY) == Change(thing.but(place="210522"))  # type: ignore[arg-type]
    assert recoded(None, event, None, TODAY) == Change(None)  # type: ignore[arg-type]


def test_what_other_things_rest_on_is_not_taken_back() -> None:
    rests("3.3", {})
    with pytest.raises(Refused) as refused:
        rests("3.3", {"派驻": "an assignment", "定账": "a ledger"})
    assert refused.value.rule == "3.3" and "以此为依据：派驻、定账；" in refused.value.zh
    assert "rest on it: an assignment, a ledger; take them back first" in refused.value.en


@pytest.mark.parametrize(("there_are", "said"), [(2, 2), (5, 5), (6, 5), (300, 5)])
def test_a_refusal_names_five_things_at_most(there_are: int, said: int) -> None:
    things = {f"农户H{n}": f"household H{n}" for n in range(there_are)}
    with pytest.raises(Refused) as refused:
        rests("3.3", things)
    assert (refused.value.zh.count("农户"), refused.value.en.count("household")) == (said, said)
    assert few(things) == ("、".join([*things][:said]), ", ".join([*things][:said]))


def test_a_step_is_taken_by_its_body_alone() -> None:
    require_body("county", "county", "1.18")
    with pytest.raises(Refused, match="a matter of the county, not of the township") as refused:
        require_body("township", "county", "1.18")
    assert (refused.value.rule, refused.value.field, refused.value.status) == ("1.18", "body", 422)


@pytest.mark.parametrize(("ahead", "taken"), [(-400, True), (365, True), (366, False)])
def test_nobody_plans_further_ahead_than_the_bound(ahead: int, taken: bool) -> None:
    day = TODAY + timedelta(ahead)
    if taken:
        require_soon(day, TODAY, 365, "until", "1.1")
        return
    with pytest.raises(Refused) as refused:
        require_soon(day, TODAY, 365, "until", "1.1")
    assert (refused.value.rule, refused.value.field, refused.value.status) == ("1.1", "until", 422)
    assert "2016年3月2日太远，最晚可填2016年3月1日" in refused.value.zh
    assert "2 March 2016 is too far ahead; 1 March 2016 is the last day" in refused.value.en


# ---------------------------------------------------------- deadlines and timers

WORKED = Span(working_days=3)
CALENDAR = national()
"""3 working days after Monday, 2 March 2015, end on Thursday, the 5th."""
RESTED = CALENDAR.told([date(2015, 3, 4), date(2015, 3, 6)], [])
"""Now they end on Monday, the 9th."""
PATH = ("parts", "A", "until")


def thing(until: date = date(2015, 3, 5), **fields: Any) -> Thing:
    return Thing(id="T", place="210521", until=until, parts={"A": {"until": until, "since": TODAY}}, **fields)


def test_a_deadline_is_remembered_if_holidays_can_move_it_and_forgotten_with_what_it_was_about() -> None:
    state = thing().counting("until", since=TODAY, span=WORKED, timer="close")
    assert state.deadlines == (Deadline(("until",), TODAY, WORKED, "close"),)
    both = state.counting(*PATH, since=TODAY, span=Span(calendar_days=3, roll=True))
    assert [deadline.path for deadline in both.deadlines] == [("until",), PATH]
    later = both.counting("until", since=date(2015, 3, 3), span=WORKED)
    assert [(deadline.path, deadline.since) for deadline in later.deadlines] == [
        (PATH, TODAY),
        (("until",), date(2015, 3, 3)),
    ]
    for same in (
        state.counting("until"),
        state.counting("until", since=TODAY, span=Span(calendar_days=3)),
        state.counting("until", span=WORKED),
        state.but(until=None).counting("other"),
        state.but(until=None).counting("until", since=TODAY, span=WORKED),
        state.counting(*PATH).counting("until"),
    ):
        assert same.deadlines == ()
    assert both.but(parts={}).counting("gone").deadlines == state.deadlines
    assert state.counting("gone") is state


@pytest.mark.parametrize(
    ("today", "until", "due", "timer"),
    [
        (date(2015, 3, 2), date(2015, 3, 5), date(2015, 3, 9), date(2015, 3, 6)),
        (date(2015, 3, 5), date(2015, 3, 5), date(2015, 3, 9), date(2015, 3, 6)),
        (date(2015, 3, 6), date(2015, 3, 5), None, date(2015, 3, 6)),  # It is over.
        (date(2015, 3, 2), date(2015, 3, 9), None, date(2015, 3, 6)),  # It is the same day as before.
        (date(2015, 3, 10), date(2015, 3, 20), date(2015, 3, 10), date(2015, 3, 6)),  # Never to a day before today.
    ],
)
def test_holidays_move_a_running_deadline_and_nothing_else(
    today: date, until: date, due: date | None, timer: date
) -> None:
    state = thing(until, timers={"close": date(2015, 3, 6), "other": date(2015, 3, 6)})
    for path in (("until",), PATH):
        state = state.counting(*path, since=TODAY, span=WORKED, timer="close")
    after, moved = state.recounted(RESTED, today)
    assert moved == (() if due is None else (Moved(("until",), until, due), Moved(PATH, until, due)))
    assert after.until == (due or until) and after.parts == {"A": {"until": due or until, "since": TODAY}}
    assert after.timers == {"close": timer, "other": date(2015, 3, 6)}
    assert after.deadlines == state.deadlines


@pytest.mark.parametrize(
    ("timer", "after"), [(date(2015, 3, 4), date(2015, 3, 4)), (date(2015, 3, 31), date(2015, 3, 10))]
)
def test_a_timer_stands_on_the_day_after_its_deadline_or_earlier(timer: date, after: date) -> None:
    state = thing(timers={"close": timer}).counting("until", since=TODAY, span=WORKED, timer="close")
    assert state.recounted(RESTED, TODAY)[0].timers == {"close": after}
    assert state.timed(close=None).recounted(RESTED, TODAY)[0].timers == {}


def test_a_moved_deadline_is_told_with_the_notice() -> None:
    moved = Moved(("orders", "O1", "due"), TODAY, date(2015, 3, 9))
    assert moved.said("2015") == {
        "deadline": "orders O1 due",
        "was": TODAY,
        "due": date(2015, 3, 9),
        "notice": "2015",
    }


def test_timers_are_set_and_taken_off_by_name_and_the_first_is_due() -> None:
    state = thing().timed(a=date(2015, 5, 1), b=date(2015, 4, 1), c=None)
    assert (state.timers, state.due) == ({"a": date(2015, 5, 1), "b": date(2015, 4, 1)}, date(2015, 4, 1))
    assert state.timed(b=None).due == date(2015, 5, 1) and state.timed(a=None, b=None).due is None


def test_tasks_of_one_matter_differ_by_what_distinguishes_them() -> None:
    task = Task(action="orders", about="V", role="team", due=TODAY, rule="5.2", detail="O1", answer={"order": "O1"})
    others = [
        msgspec.structs.replace(task, **{name: value})
        for name, value in {"action": "x", "about": "x", "role": "x", "due": None, "detail": "x"}.items()
    ]
    assert len({hash(task), *map(hash, others)}) == 6 and len({task, task, *others}) == 6
