"""The first and last days of a listing: when it may begin, when it is asked about, and when it ends (2.22)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.model.listing import Listing
from services.registry.model.roll import Roll
from shared.contracts import inspection as i
from tests.registry.county import BEGIN, PLACE, VILLAGE, County
from tests.registry.lists import LISTS, OTHER, POINT, THIRD, county, enter, leave, listing, with_other, withdraw
from tests.support.packs import PACK

DAY = timedelta(1)


def reminding(term: dict[str, int], **remind: int) -> County:
    """A county whose demonstration points have a term, and are asked about some time before it ends."""
    lists = [{**POINT, "term": term, "remind": remind}]
    return County({**PACK, **LISTS, "lists": lists, "procedures": PACK["procedures"]}).registered()


@pytest.mark.parametrize(
    ("since", "accepted"),
    [
        (date(2012, 6, 2), False),  # Its term of two years was over yesterday.
        (date(2012, 6, 3), True),
        (BEGIN, True),
        (BEGIN + DAY, False),
    ],
)
def test_2_22_a_term_that_ends_today_has_begun_and_one_that_ended_yesterday_cannot_begin(
    since: date, accepted: bool
) -> None:
    here = county()
    command = enter("demonstration", since=since)
    if accepted:
        (begun,) = here.do(command)
        assert begun.until == since.replace(year=since.year + 2)
    else:
        assert here.refusal(command).field == "since"


@pytest.mark.parametrize(("since", "accepted"), [(date(2000, 12, 31), False), (date(2001, 1, 1), True)])
def test_2_10_nothing_was_listed_before_there_were_lists(since: date, accepted: bool) -> None:
    here = county()
    if accepted:
        assert here.do(enter(since=since))
    else:
        assert here.refusal(enter(since=since)).field == "since"


@pytest.mark.parametrize(("after", "accepted"), [(-1, False), (0, False), (1, True)])
def test_2_22_a_term_begins_anew_on_a_later_day_than_it_began(after: int, accepted: bool) -> None:
    here = county()
    here.do(enter("demonstration"))
    here.until(BEGIN + 9 * DAY)
    again = enter("demonstration", since=BEGIN + after * DAY, document="续定")
    if accepted:
        (begun,) = here.do(again)
        assert begun.spell == 2
    else:
        assert here.refusal(again).field == "since"


@pytest.mark.parametrize(("after", "accepted"), [(-1, False), (0, True)])
def test_2_10_what_was_taken_off_can_be_listed_again_from_that_day_on(after: int, accepted: bool) -> None:
    here = county()
    here.do(enter())
    here.until(BEGIN + 9 * DAY).do(leave())
    here.until(BEGIN + 20 * DAY)
    again = enter(since=BEGIN + (9 + after) * DAY)
    if accepted:
        (begun,) = here.do(again)
        assert begun.spell == 2
    else:
        assert here.refusal(again).field == "since"


@pytest.mark.parametrize(
    ("remind", "asked_on"),
    [
        ({"months": 23}, date(2014, 7, 3)),
        ({"years": 1, "months": 1}, date(2015, 5, 3)),
        ({"months": 2, "calendar_days": 3}, date(2016, 3, 31)),
        ({"calendar_days": 10}, date(2016, 5, 24)),
    ],
)
def test_2_22_the_pack_says_how_long_before_its_end_a_term_is_asked_about(
    remind: dict[str, int], asked_on: date
) -> None:
    here = reminding({"years": 2}, **remind)
    here.do(enter("demonstration"))
    assert here.until(asked_on - DAY).tasks == []
    (task,) = here.until(asked_on).tasks
    assert (task.action, task.due) == ("listings", date(2016, 6, 3))


def test_2_22_a_term_that_is_nearly_over_when_it_is_entered_is_asked_about_on_the_next_day() -> None:
    here = reminding({"years": 2}, months=1)
    here.do(enter("demonstration", since=date(2012, 6, 20)))
    assert here.tasks == []
    (task,) = here.until(BEGIN + DAY).tasks
    assert task.due == date(2014, 6, 20)
    here.do(leave("demonstration"))
    assert here.tasks == [], "what is off the list is not asked about"


def test_2_22_the_term_before_a_mistaken_renewal_goes_on_through_its_last_day() -> None:
    for day, restored in ((date(2016, 6, 3), True), (date(2016, 6, 4), False)):
        here = county()
        here.do(enter("demonstration"))
        here.until(date(2016, 5, 20)).do(enter("demonstration", since=date(2016, 5, 20), document="续定"))
        (event,) = here.until(day).do(withdraw("demonstration", since=date(2016, 5, 20)))
        assert getattr(event, "restored", False) is restored


def test_2_22_a_listing_that_was_backdated_and_taken_off_ends_today() -> None:
    here = county()
    here.do(enter(since=date(2013, 5, 1)))
    here.until(BEGIN + 2 * DAY).do(leave())
    assert [(one.since, one.ended) for one in listing(here).spells] == [(date(2013, 5, 1), BEGIN + 2 * DAY)]
    here.do(enter(since=BEGIN + 2 * DAY))
    here.until(BEGIN + 5 * DAY).do(leave())
    assert [one.ended for one in listing(here).spells] == [BEGIN + 2 * DAY, BEGIN + 5 * DAY]


def test_2_22_a_term_that_ran_out_during_an_outage_ended_on_its_last_day() -> None:
    here = county()
    here.do(enter("demonstration"))
    here.world.today = date(2016, 7, 1)
    here.world.deliver({"registry": here.registry.pass_day(here.world.today).facts})
    assert listing(here, "demonstration").spells[-1].ended == date(2016, 6, 3)


@pytest.mark.parametrize("places", [1, 2, 3])
def test_2_22_4_9_a_list_takes_as_many_as_it_has_places(places: int) -> None:
    lists = [{**POINT, "at_most": places}]
    here = County({**PACK, **LISTS, "lists": lists, "procedures": PACK["procedures"]}).registered()
    here = with_other(with_other(here), id=THIRD)
    for number, village in enumerate((VILLAGE, OTHER, THIRD), 1):
        if number <= places:
            here.do(enter("demonstration", village))
        else:
            refused = here.refusal(enter("demonstration", village))
            assert (refused.field, f"至多{places}个" in refused.zh) == ("village", True)
    roll: Any = here.world.state("registry", Roll, "2105/demonstration")
    assert len(roll.members) == places


def test_2_6_the_task_for_what_a_ranking_proposes_can_be_answered_as_it_stands() -> None:
    here = county()
    here.hear(i.EntryProposed(place=PLACE, ranking="2105/review/2014", kind="weak_organisation", party="B-1", score=9))
    (task,) = (task for task in here.tasks if task.action == "listings")
    assert (task.about, task.due, task.rule, task.detail) == ("B-1", None, "S3:第一项", "weak_organisation/B-1")
    assert task.answer == {"place": PLACE, "kind": "weak_organisation", "party": "B-1", "body": "organisation"}
    here.do(enter("weak_organisation"))
    assert [task for task in here.tasks if task.action == "listings"] == []


def test_2_6_of_two_lists_only_the_proposed_one_is_asked_about() -> None:
    here = county()
    proposed = i.EntryProposed(place=PLACE, ranking="2105/review/2014", kind="key_village", village=VILLAGE, score=9)
    here.do(enter("demonstration"))
    here.hear(proposed)
    states = [one for one in here.registry.states.values() if isinstance(one, Listing)]
    assert sorted((one.sort, one.status, one.awaits) for one in states) == [
        ("demonstration", "demonstration", False),
        ("key_village", "proposed", True),
    ]
