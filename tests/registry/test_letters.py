"""Letters of responsibility between a county and its townships: signed, renewed, overdue, broken, mistaken (1.2)."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from services.registry.model import Roster
from services.registry.model import commands as c
from services.registry.model.roster import Signed
from shared.contracts import registry as r
from shared.policy import PolicyInvalid, parse_pack
from tests.registry.county import BEGIN, CITY, PLACE, VILLAGE, County
from tests.support.outage import sleep
from tests.support.packs import PACK

LETTER: dict[str, Any] = {
    "kind": "township_letter",
    "label": "脱贫攻坚责任书",
    "rule": "S3:第三项",
    "by": "county",
    "sign_by": {"month": 7, "day": 31},
    "judged_by": "discipline",
}
OTHER = "210521101201"
TOWN, OTHER_TOWN = "township:210521100", "township:210521101"


def village(id: str, **said: Any) -> c.RegisterVillage:
    usual = {"place": PLACE, "village": id, "name": "另一村", "township": "另一镇", "population": 600, "listed": False}
    return c.RegisterVillage(**{**usual, **said})


def county(**changes: Any) -> County:
    """A county with villages in two townships, each of which signs a letter by the end of July."""
    here = County({**PACK, "letters": [LETTER], **changes}).registered()
    here.do(village(OTHER))
    return here


def sign(division: str = TOWN, year: int = 2014, **said: Any) -> c.SignLetter:
    usual = {"place": PLACE, "division": division, "kind": "township_letter", "year": year, "body": "county"}
    return c.SignLetter(**{**usual, "signed_by": "县指挥部、某镇", **said})


def breach(year: int = 2014, **said: Any) -> c.BreakLetter:
    usual = {"place": PLACE, "division": TOWN, "kind": "township_letter", "year": year, "body": "discipline"}
    return c.BreakLetter(**{**usual, "reason": "任务未完成", "decided_by": "县纪委", **said})


def withdraw(year: int = 2014) -> c.WithdrawLetter:
    return c.WithdrawLetter(
        place=PLACE, division=TOWN, kind="township_letter", year=year, reason="误录", decided_by="县委"
    )


def owed(here: County) -> list[tuple[str, date | None]]:
    return [(task.about, task.due) for task in here.tasks if task.action == "letters"]


def test_1_2_each_township_signs_its_letter_and_renews_it_the_next_year() -> None:
    here = county()
    assert owed(here) == [(TOWN, date(2014, 7, 31)), (OTHER_TOWN, date(2014, 7, 31))]
    (signed,) = here.do(sign())
    assert (signed.division, signed.year, signed.renewed, signed.subject_id) == (TOWN, 2014, False, TOWN)
    assert not here.do(sign()), "entered twice it counts once"
    assert owed(here) == [(OTHER_TOWN, date(2014, 7, 31))]
    here.until(date(2015, 1, 1))
    assert owed(here) == [(TOWN, date(2015, 7, 31)), (OTHER_TOWN, date(2015, 7, 31))]
    renewed = [here.do(sign(division, 2015))[0].renewed for division in (TOWN, OTHER_TOWN)]
    assert renewed == [True, False]


def test_1_2_another_county_says_nothing_of_a_township_s_letter() -> None:
    here = county()
    for command in (sign(), breach(), withdraw()):
        refused = here.refusal(replace(command, place="210522"))
        assert (refused.status, refused.field) == (422, "place")
        assert f"township 210521100 belongs to division {PLACE}, not 210522" in refused.en
        here.do(command)


def test_1_2_a_township_without_its_letter_is_told_once_and_owes_it_until_the_year_ends() -> None:
    here = county()
    here.do(sign())
    here.until(date(2014, 7, 31))
    assert not here.world.said(r.LetterOverdue)
    here.until(date(2014, 12, 31))
    (overdue,) = here.world.said(r.LetterOverdue)
    assert (overdue.division, overdue.due, overdue.owed_by) == (OTHER_TOWN, date(2014, 7, 31), "county")
    assert owed(here) == [(OTHER_TOWN, date(2014, 7, 31))]
    here.until(date(2015, 1, 1))
    assert "owes no township letter of 2014" in here.refusal(sign(OTHER_TOWN, 2014)).en
    assert [due and due.year for _, due in owed(here)] == [2015, 2015]


def test_1_2_who_names_a_year_without_a_letter_is_told_of_which_years_there_are_some() -> None:
    here = county()
    assert here.refusal(sign(year=2013)).zh.endswith("年度：2014")
    here.until(date(2015, 1, 1))
    assert here.refusal(sign(year=2013)).zh.endswith("年度：2015"), "a year that is over is owed no more"
    assert here.refusal(sign("township:210521199", 2015)).zh.endswith("年度：2015")


def test_1_2_a_day_that_was_missed_is_told_with_its_own_day() -> None:
    here = county()
    sleep(here.world, date(2016, 8, 5))
    assert [(one.division, one.year) for one in here.world.said(r.LetterOverdue)] == [
        (division, year) for year in (2014, 2015, 2016) for division in (TOWN, OTHER_TOWN)
    ]


def test_1_2_a_broken_letter_is_found_by_who_may_and_taken_back() -> None:
    here = county()
    assert "cannot have broken it" in here.refusal(breach()).en
    here.do(sign())
    assert "discipline" in here.refusal(breach(body="county")).en
    (broken,) = here.do(breach())
    assert (broken.division, broken.reason, broken.decided_by) == (TOWN, "任务未完成", "县纪委")
    assert not here.do(breach())
    assert [one.broken for one in here.do(withdraw())] == [True]
    assert [one.broken for one in here.do(withdraw())] == [False]
    assert "nothing was entered" in here.refusal(withdraw()).en
    assert owed(here)[0] == (TOWN, date(2014, 7, 31))


def test_1_2_a_signature_withdrawn_after_its_day_is_told_as_overdue_once() -> None:
    here = county()
    here.do(sign())
    here.until(date(2014, 9, 1))
    withdrawn, overdue = here.do(withdraw())
    assert isinstance(withdrawn, r.LetterWithdrawn) and isinstance(overdue, r.LetterOverdue)
    here.do(sign())
    assert [type(one) for one in here.do(withdraw())] == [r.LetterWithdrawn], "it was told already"


def test_1_2_a_township_whose_last_village_goes_owes_no_letter_and_one_with_a_new_village_does() -> None:
    here = county()
    here.do(
        c.MergeVillages(place=PLACE, village=VILLAGE, merged=(OTHER,), since=BEGIN, document="1号", decided_by="县政府")
    )
    assert [about for about, _ in owed(here)] == [TOWN]
    here.do(village("210521102201"))
    assert [about for about, _ in owed(here)] == [TOWN, "township:210521102"]
    code = "210522" + VILLAGE[6:]
    here.do(c.RecodeVillage(place=CITY, village=VILLAGE, code=code, since=BEGIN, document="3号", **_BY))
    assert [about for about, _ in owed(here)] == ["township:210521102", "township:210522100"]
    here.do(sign("township:210522100", place="210522"))


def recode(id: str, code: str) -> c.RecodeVillage:
    return c.RecodeVillage(place=PLACE, village=id, code=code, since=BEGIN, document="3号", **_BY)


@pytest.mark.parametrize("is_signed", [False, True])
def test_1_2_a_township_with_a_new_code_keeps_its_letter_signed_or_overdue(is_signed: bool) -> None:
    here = county()
    here.do(village("210521100202"))
    here.do(sign(OTHER_TOWN))
    if is_signed:
        here.do(sign())
    here.until(date(2014, 9, 1))
    overdue = [TOWN] * (not is_signed)
    assert [one.division for one in here.world.said(r.LetterOverdue)] == overdue
    new = "210521105"
    here.do(recode(VILLAGE, f"{new}201"))
    assert [about for about, _ in owed(here)] == overdue, "the township has another village yet"
    here.do(recode("210521100202", f"{new}202"))
    assert owed(here) == ([] if is_signed else [(f"township:{new}", date(2014, 7, 31))])
    if is_signed:
        here.do(breach(division=f"township:{new}"))
    else:
        here.do(sign(f"township:{new}"))
    here.until(date(2015, 1, 1))
    assert [one.division for one in here.world.said(r.LetterOverdue)] == overdue, "it is told once"
    assert here.do(sign(f"township:{new}", 2015))[0].renewed


def test_1_2_a_township_that_goes_into_another_one_leaves_it_its_own_letter() -> None:
    here = county()
    here.do(sign(OTHER_TOWN))
    here.until(date(2014, 9, 1))
    here.do(recode(VILLAGE, "210521101202"))
    assert owed(here) == [], "the township that is no more owes nothing, and the other has signed"


_BY: dict[str, Any] = {"decided_by": "市政府"}


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({"kind": "letter_of_nobody"}, 422, "kind"),
        ({"division": "township:210521999"}, 409, "division"),
        ({"division": "county:210521"}, 409, "division"),
        ({"year": 2015}, 409, "division"),
        ({"body": "township"}, 409, "body"),
    ],
)
def test_1_2_what_no_township_owes_is_refused(said: dict[str, Any], status: int, field: str) -> None:
    refused = county().refusal(sign(**said))
    assert refused.status in (status, 422, 403) and refused.field == field


def test_1_2_a_county_that_begins_after_the_day_owes_the_next_years_letter() -> None:
    here = county(letters=[{**LETTER, "sign_by": {"month": 3, "day": 31}}])
    assert owed(here) == []
    here.until(date(2015, 4, 1))
    assert len(here.world.said(r.LetterOverdue)) == 2


def test_1_2_letters_of_a_new_pack_are_looked_at_by_their_day_and_not_at_new_year_alone() -> None:
    here = County({**PACK, "letters": []}).registered()
    pack = {**PACK, "letters": [LETTER], "version": "2105-2014.2", "effective_from": date(2014, 7, 1)}
    here.do(c.AdoptPolicy(place=CITY, pack=pack, adopted_by="市委"))
    here.until(date(2014, 7, 1))
    here.do(village(OTHER))
    here.until(date(2014, 7, 31))
    assert not here.world.said(r.LetterOverdue)
    here.until(date(2014, 8, 1))
    assert [one.due for one in here.world.said(r.LetterOverdue)] == [date(2014, 7, 31)] * 2


def test_1_2_a_pack_without_letters_any_more_asks_for_none() -> None:
    here = county()
    pack = {**PACK, "version": "2105-2014.2", "effective_from": date(2014, 7, 1)}
    here.do(c.AdoptPolicy(place=CITY, pack=pack, adopted_by="市委"))
    here.until(date(2014, 8, 5))
    assert not here.world.said(r.LetterOverdue) and not owed(here)
    here.until(date(2015, 1, 2))
    assert not here.world.state("registry", Roster, PLACE).letters


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"kind": "letter"}, "code of a sending unit's letter"),
        ({"judged_by": "township"}, "does not judge itself"),
        ({"by": "operator"}, "cannot do this"),
        ({"rule": "S9:1"}, "S9"),
    ],
)
def test_1_2_a_letter_that_contradicts_itself_is_refused(said: dict[str, Any], match: str) -> None:
    with pytest.raises(PolicyInvalid, match=match):
        parse_pack({**PACK, "letters": [{**LETTER, **said}]})


def test_1_2_a_day_that_an_earlier_pack_set_is_still_looked_at_when_the_pack_sets_another() -> None:
    county = Roster(id=PLACE, place=PLACE, letters={f"township_letter/2014/{TOWN[9:]}": Signed(date(2014, 7, 31))})
    policy = parse_pack({**PACK, "letters": [{**LETTER, "sign_by": {"month": 5, "day": 31}}]})
    assert county.clocked(policy, date(2014, 7, 1)).timers == {"lists": date(2014, 8, 1)}


def test_1_2_a_township_whose_last_village_is_gone_signs_no_letter() -> None:
    here = county()
    here.do(c.WithdrawVillage(place=PLACE, village=OTHER, reason="误录", decided_by="县"))
    here.until(date(2014, 12, 31))
    assert [one.division for one in here.world.said(r.LetterOverdue)] == [TOWN]
    here.until(date(2015, 1, 1))
    assert owed(here) == [(TOWN, date(2015, 7, 31))]


def test_1_2_of_two_villages_in_a_township_one_may_go_and_the_letter_stays() -> None:
    here = county()
    third = "210521101202"
    here.do(village(third, name="第三村"))
    here.do(c.WithdrawVillage(place=PLACE, village=third, reason="误录", decided_by="县"))
    here.until(date(2015, 1, 1))
    assert owed(here) == [(TOWN, date(2015, 7, 31)), (OTHER_TOWN, date(2015, 7, 31))]


def test_1_2_who_names_a_year_without_letters_is_told_the_years_that_have() -> None:
    here = county().until(date(2015, 1, 1))
    refused = here.refusal(sign(year=2016))
    assert refused.field == "division" and "年度：2015" in refused.zh and refused.en.endswith("of 2015")
    assert "no year" in County({**PACK, "letters": [LETTER]}).refusal(sign()).en
