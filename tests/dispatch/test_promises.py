"""Leaders who promise the year in which their village leaves the poverty list (确保出列, 2.2)."""

from datetime import date
from typing import Any

import pytest

from services.dispatch.model.bonds import Contacts
from services.dispatch.model.commands import BeginLink, EndLink
from shared.contracts.dispatch import ExitPromiseKept, ExitPromiseMissed, LinkBegun
from shared.labels import sentence
from shared.policy import PolicyInvalid, parse_pack
from shared.policy.shipped import shipped
from shared.rules import Refused
from tests.dispatch.benxi import HOME, PACK, V1, V2, Benxi, cadre, delisted, diagnosed, merged, relapsed, unit, unlisted
from tests.support.packs import CONTACT, HELPER

PROMISE = {"years": 2, "told_to": "poverty_office"}
KEPT = ExitPromiseKept(place=HOME, village=V1, kind="contact", year=2014)
MISSED = ExitPromiseMissed(place=HOME, village=V1, kind="contact", year=2014, number=1, owed_by="poverty_office")


def city(**link: Any) -> Benxi:
    said = {field: value for field, value in {**CONTACT, "promise": PROMISE, **link}.items() if value is not None}
    benxi = Benxi(links=[*PACK["links"], said])
    benxi.hear(unit("U1"), cadre("L1", "U1", "division"), cadre("L2", "U1", "division"), diagnosed(V1))
    return benxi


def begin(benxi: Benxi, year: int | None = 2014, who: str = "L1", village: str = V1) -> None:
    benxi.send(BeginLink, village, kind="contact", unit="U1", cadre=who, exit_year=year)


def told(benxi: Benxi) -> list[Any]:
    return [*benxi.said(ExitPromiseKept), *benxi.said(ExitPromiseMissed)]


def test_2_2_a_leader_promises_the_year_of_the_exit_and_keeps_it() -> None:
    benxi = city()
    begin(benxi)
    begin(benxi)
    (begun,) = benxi.said(LinkBegun)
    assert begun.exit_year == 2014
    zh, en = sentence(begun, benxi.policy, {})
    assert zh.endswith("，确保该村2014年出列") and en.endswith("who promised the exit in 2014")
    benxi.until(date(2014, 12, 31))
    benxi.hear(delisted(V1))
    assert told(benxi) == [KEPT]
    benxi.until(date(2015, 3, 1))
    assert told(benxi) == [KEPT], "nothing is missed that was kept"


def test_2_2_a_year_that_passes_without_the_exit_is_told_once() -> None:
    benxi = city()
    begin(benxi)
    benxi.until(date(2014, 12, 31))
    assert not told(benxi), "the year is not over"
    benxi.until(date(2015, 1, 1))
    assert told(benxi) == [MISSED]
    zh, _ = sentence(MISSED, benxi.policy, {})
    assert zh == "领导干部联系点：1名联系人承诺2014年度出列，未兑现，告知扶贫部门"
    benxi.until(date(2016, 2, 1))
    benxi.hear(delisted(V1))
    assert told(benxi) == [MISSED], "an exit that comes later does not keep it"


def test_2_2_two_who_promised_different_years_are_told_apart() -> None:
    benxi = city()
    begin(benxi)
    begin(benxi, 2015, "L2")
    benxi.until(date(2015, 6, 1))
    assert told(benxi) == [MISSED]
    benxi.hear(delisted(V1))
    assert told(benxi)[:1] == [ExitPromiseKept(place=HOME, village=V1, kind="contact", year=2015)]


def test_2_2_an_exit_before_the_promised_year_keeps_it_and_a_relapse_opens_none_anew() -> None:
    benxi = city(ends=None)
    begin(benxi, 2015)
    benxi.hear(delisted(V1))
    kept = ExitPromiseKept(place=HOME, village=V1, kind="contact", year=2015)
    assert told(benxi) == [kept]
    benxi.hear(relapsed(V1), diagnosed(V1, spell=2))
    benxi.until(date(2016, 2, 1))
    assert told(benxi) == [kept]


@pytest.mark.parametrize(
    ("year", "zh", "en"),
    [
        (None, "可填：2014至2015", "2015 at the latest"),
        (2013, "可填：2014至2015", "2015 at the latest"),
        (2016, "可填：2014至2015", "2015 at the latest"),
    ],
)
def test_2_2_without_a_year_that_can_be_promised_no_link_begins(year: int | None, zh: str, en: str) -> None:
    benxi = city()
    with pytest.raises(Refused, match=en) as refused:
        begin(benxi, year)
    assert (refused.value.field, refused.value.status) == ("exit_year", 422) and zh in refused.value.zh
    assert not benxi.said(LinkBegun)


def test_2_2_another_year_is_another_promise_and_a_pack_without_promises_takes_none() -> None:
    benxi = city()
    begin(benxi)
    with pytest.raises(Refused, match="L1 promised 2014; end that first"):
        begin(benxi, 2015)
    benxi.send(EndLink, kind="contact", cadre="L1")
    begin(benxi, 2015)
    benxi.until(date(2015, 1, 2))
    assert not told(benxi), "what was taken back is not missed"
    plain = city(promise=None)
    with pytest.raises(Refused, match="promises no exit"):
        begin(plain)


@pytest.mark.parametrize("event", [unlisted(V1), merged(V1, V2)], ids=["unlisted", "merged"])
def test_2_2_of_a_village_that_is_none_of_the_list_any_more_nothing_is_missed(event: Any) -> None:
    benxi = city()
    begin(benxi)
    benxi.hear(event)
    benxi.until(date(2015, 1, 2))
    assert not told(benxi)


def test_2_2_a_village_that_is_on_another_list_alone_promises_no_exit() -> None:
    benxi = city(ends=None)
    begin(benxi)
    benxi.hear(delisted(V1))
    with pytest.raises(Refused, match="not on the list now"):
        begin(benxi, 2014, "L2")


def test_2_2_a_pack_that_asks_for_no_promise_any_more_tells_of_none() -> None:
    benxi = city()
    begin(benxi)
    benxi.adopt(links=[*PACK["links"], CONTACT])
    benxi.until(date(2015, 1, 2))
    assert not told(benxi)
    state = benxi.dispatch.states[Contacts, V1]
    assert "promises" not in state.timers


def test_2_2_only_a_village_can_be_promised_and_no_operator_is_told() -> None:
    for link, en in (
        ({**HELPER, "promise": PROMISE}, "only a link with to = 'village'"),
        ({**CONTACT, "promise": {**PROMISE, "told_to": "operator"}}, "cannot do this"),
    ):
        with pytest.raises(PolicyInvalid, match=en):
            parse_pack({**PACK, "links": [*PACK["links"], link]})


def test_2_2_in_zunyi_the_citys_leaders_promise_the_exit_within_the_year() -> None:
    link = shipped("zunyi").contacts["city_leader"]
    assert link.promise and link.promise.years == 1 and link.each_bearer.at_most == 1
