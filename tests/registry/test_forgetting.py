"""Who has left becomes anonymous by a body's decision, once nothing about him is open and the pack's time is over."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.registry.app import SERVICE
from services.registry.model import Cadre, Person, Unit
from services.registry.model import commands as c
from shared.contracts import EVENTS
from shared.contracts import incentives as n
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PersonForgotten
from shared.contracts.values import ANONYMOUS
from shared.engine.deliveries import handle
from shared.policy import PolicyInvalid, parse_pack
from shared.runtime import heard
from shared.stream.bus import OPEN, SEALED
from shared.web.token import operator_headers
from tests.registry.county import BEGIN, CADRE, CITY, PLACE, UNIT, VILLAGE, County, again
from tests.registry.leavers import ADVISER, ELDER, FORGET, KEEPING, KEPT, LAST, LEFT, WHY, county
from tests.registry.office import ROWS, Office, office
from tests.support.packs import PACK
from tests.support.process import delivery

DAY = timedelta(1)


def cadre(here: County) -> Cadre:
    state: Cadre = here.world.state("registry", Cadre, "C1")
    return state


def case(event: type[n.OutcomeEvent], subject: str = "C1", **said: Any) -> Any:
    usual = {"place": PLACE, "outcome": "talk/1", "kind": "talk", "subject_kind": "cadre", "subject": subject}
    return event(**{**usual, "village": VILLAGE, **said})


def test_whoever_has_left_is_anonymous_once_the_time_is_over_and_a_body_says_so() -> None:
    here = county()
    assert not here.tasks
    refused = here.refusal(FORGET)
    assert "保存期限至2015年6月3日届满" in refused.zh and refused.field == "person"
    here.until(LAST)
    assert not here.tasks, "the last day counts"
    here.until(LAST + DAY)
    [task] = here.tasks
    assert (task.action, task.about, task.role, task.rule) == ("forgettings", "C1", "organisation", "S3:第四项")
    assert cadre(here).name == CADRE.name, "nothing is erased by itself"
    told = here.do(c.ForgetPerson(**{**task.answer, **WHY}))
    assert told == [PersonForgotten(place=CITY, person="C1", unit="U1", **WHY)] and told[0].is_sealed()
    gone = cadre(here)
    assert (gone.name, gone.born_on, gone.work_since, gone.party_member, gone.reserve, gone.ties) == (
        ANONYMOUS,
        None,
        None,
        None,
        None,
        (),
    )
    assert gone.status == "forgotten" and not here.tasks and not gone.timers
    assert here.do(FORGET) == [] and here.do(LEFT) == []
    assert "编号不再使用" in here.refusal(CADRE).zh
    here.do(again(CADRE, cadre="C2"))


def test_no_name_and_no_text_about_a_person_is_ever_told() -> None:
    here = county(parties=[ADVISER])
    [told] = here.do(ELDER)
    assert told.fields == {"type": "elder", "years": 3.0}, "what rules and counts read, and no more"
    journal = msgspec.json.encode([fact.event for fact in here.world.facts]).decode()
    assert CADRE.name not in journal and "王老伯" not in journal and "13912345678" not in journal
    assert here.world.state("registry", Person, "A-1").fields == ELDER.fields


def test_a_person_of_a_village_is_anonymous_with_all_fields_and_after_a_merger_its_new_village_is_told() -> None:
    here = county(parties=[ADVISER])
    here.do(ELDER, c.WithdrawParty(place=PLACE, party="A-1", **WHY))
    forget = again(FORGET, place=PLACE, person="A-1")
    here.until(date(2014, 12, 3))
    assert "保存期限" in here.refusal(forget).zh
    here.until(date(2014, 12, 4))
    assert [(task.action, task.about) for task in here.tasks] == [("forgettings", "A-1")]
    into = "210521100202"
    here.do(
        c.RegisterVillage(place=PLACE, village=into, name="下石村", township="小市镇", population=500, listed=False)
    )
    here.do(c.MergeVillages(place=PLACE, village=into, merged=(VILLAGE,), document="县政发〔2014〕8号",
                            since=here.world.today, decided_by="县政府"))  # fmt: skip
    [told] = here.do(forget)
    assert (told.person, told.unit, told.village) == ("A-1", None, into)
    gone: Person = here.world.state("registry", Person, "A-1")
    assert (gone.name, gone.fields, gone.status) == (ANONYMOUS, {}, "forgotten")
    assert "编号不再使用" in here.refusal(again(ELDER, parent=f"village:{into}")).zh


def test_without_a_time_in_the_pack_nobody_is_asked_and_the_organisation_department_may_decide() -> None:
    here = County({name: said for name, said in PACK.items() if name != "keeping"})
    here.do(UNIT, CADRE)
    assert "仍在册" in here.refusal(FORGET).zh
    here.do(LEFT)
    assert (here.refusal(again(FORGET, body="county")).status, here.refusal(again(FORGET, person="C9")).status) == (
        422,
        404,
    )
    assert here.refusal(again(FORGET, place=PLACE)).status == 422, "another division's"
    here.until(date(2016, 1, 2))
    assert not here.tasks
    assert len(here.do(FORGET)) == 1


def test_a_later_pack_with_a_longer_time_asks_later() -> None:
    here = county()
    longer = {**KEPT, "version": "2105-2014.2", "effective_from": date(2014, 7, 1)}
    here.do(
        c.AdoptPolicy(place=CITY, pack={**longer, "keeping": {**KEEPING, "cadres": {"years": 2}}}, adopted_by="市委")
    )
    here.until(LAST + DAY)
    assert not here.tasks and "2016年6月3日" in here.refusal(FORGET).zh
    here.until(date(2016, 6, 4))
    assert [task.action for task in here.tasks] == ["forgettings"]


PROPOSED = case(n.OutcomeProposed, clause="S3:第四项", evidence=())
SAYS = {"clause": "S3:第四项", "decided_by": "市委组织部"}
IMPOSED: dict[str, Any] = {"imposed": True, "tolerated": False, **SAYS}
SOON, LONG_AGO = BEGIN + 400 * DAY, BEGIN + 20 * DAY


@pytest.mark.parametrize(
    ("events", "is_open"),
    [
        ([PROPOSED], True),
        ([PROPOSED, case(n.OutcomeWithdrawn, reason="考核撤销")], False),
        ([PROPOSED, case(n.OutcomeDecided, **{**IMPOSED, "imposed": False})], False),
        ([PROPOSED, case(n.OutcomeDecided, **IMPOSED, expires=SOON)], True),
        ([PROPOSED, case(n.OutcomeDecided, **IMPOSED, expires=SOON), case(n.OutcomeExpired)], False),
        ([PROPOSED, case(n.OutcomeDecided, **IMPOSED, expires=LONG_AGO, appeal_until=LONG_AGO)], False),
        ([case(n.OutcomeDecided, **IMPOSED), case(n.DecisionServed, served_on=BEGIN, appeal_until=SOON)], True),
        ([case(n.OutcomeDecided, **IMPOSED), case(n.OutcomeAppealed, answer_until=LONG_AGO)], True),
        (
            [case(n.OutcomeAppealed, answer_until=LONG_AGO), case(n.AppealDecided, overturned=True, decided_by="市委")],
            False,
        ),
        (
            [case(n.OutcomeAppealed, answer_until=SOON), case(n.AppealDecided, overturned=False, decided_by="市委")],
            False,
        ),
        ([case(n.OutcomeDecided, **IMPOSED), case(n.DecisionWithdrawn, reason="误录", decided_by="市委")], True),
        ([case(n.OutcomeProposed, is_party=True, clause="S3:第四项", evidence=())], False),
    ],
)
def test_who_has_an_open_case_stays_known_until_it_is_over(events: list[Any], is_open: bool) -> None:
    here = county()
    here.hear(*events)
    here.until(LAST + DAY)
    if is_open:
        assert "未办结的奖惩事项1项" in here.refusal(FORGET).zh
    else:
        assert here.do(FORGET)


@pytest.mark.parametrize("field", ["reason", "decided_by"])
def test_the_decision_itself_does_not_tell_who_it_was(field: str) -> None:
    here = county()
    here.until(LAST + DAY)
    refused = here.refusal(again(FORGET, **{field: f"{CADRE.name}已调离"}))
    assert (refused.status, refused.field) == (422, "reason") and CADRE.name not in refused.zh + refused.en
    assert here.do(FORGET)


def test_cases_go_on_when_somebody_is_registered_again() -> None:
    here = county()
    here.hear(PROPOSED)
    here.do(CADRE, LEFT)
    here.until(LAST + DAY)
    assert "未办结的奖惩事项1项" in here.refusal(FORGET).zh


def test_what_is_heard_late_of_somebody_anonymous_says_nothing_of_him() -> None:
    here = county()
    here.until(LAST + DAY)
    here.do(FORGET)
    before = here.snapshot()
    here.hear(PROPOSED, PersonForgotten(place=CITY, person="C1", unit="U1", **WHY))
    assert here.snapshot() == before


def test_a_database_that_was_restored_hears_of_it_again_from_the_stream() -> None:
    assert any("person.forgotten" in subject for subject in heard(SERVICE)[SEALED])
    own = {event for event in EVENTS.values() if event.type.startswith("registry.") and event.comes_back}
    assert own == {PersonForgotten}
    here = County(KEPT)
    here.do(UNIT, CADRE)  # The backup is from before the withdrawal.
    here.hear(PersonForgotten(place=CITY, person="C1", unit="U1", **WHY))
    assert (cadre(here).name, cadre(here).status) == (ANONYMOUS, "forgotten")
    assert here.world.state("registry", Unit, "U1").cadres == ()
    here.hear(PersonForgotten(place=CITY, person="C9", **WHY))  # Who was registered after the backup is unknown.


async def test_a_restored_database_shows_nobody_again_once_it_has_read_on(tmp_path: Path) -> None:
    database, backup = tmp_path / "registry.sqlite3", tmp_path / "backup.sqlite3"
    url = f"sqlite+aiosqlite:///{database}"
    one = ROWS["cadres"][0]
    person, place, unit = (str(one[field]) for field in ("cadre", "place", "unit"))
    async with office(url) as desk:
        await desk.register("units", "cadres")
        name = await shown(desk, person)
    shutil.copy(database, backup)
    async with office(url, fresh=False) as desk:
        await desk.post("cadre-withdrawals", {"place": place, "cadre": person, **WHY})
        over = DayPassed(day=date(2025, 1, 1))
        await handle(desk.pipeline, OPEN, [delivery(over, 3)])
        await desk.post("forgettings", {"place": place, "person": person, "body": "organisation", **WHY})
        assert ANONYMOUS in await shown(desk, person) and name != ANONYMOUS
    shutil.copy(backup, database)
    async with office(url, fresh=False) as desk:
        assert await shown(desk, person) == name
        told = PersonForgotten(place=place, person=person, unit=unit, **WHY)
        for _ in range(2):  # As often as the stream delivers it.
            await handle(desk.pipeline, SEALED, [delivery(told, 9)])
        assert ANONYMOUS in await shown(desk, person)


async def shown(desk: Office, person: str) -> str:
    """The name of a cadre as operators read it."""
    desk.client.headers.update(operator_headers(b"secret"))
    state: dict[str, Any] = (await desk.get(f"/v1/cadres/{person}")).json()
    return str(state["name"])


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"rule": "S9:1"}, ("keeping", "rule")),
        ({"by": "unit"}, ("keeping", "by")),
        ({"by": "operator"}, ("keeping", "by")),
        ({"cadres": {"working_days": 5}}, ("keeping", "cadres")),
        ({"persons": {"months": 0}}, ("keeping", "persons")),
        ({"persons": {"calendar_days": -1}}, ("keeping", "persons")),
        ({"callers": {"months": 5}}, ("keeping", "callers")),
        ({"readings": {"working_days": 500}}, ("keeping", "readings")),
    ],
)
def test_a_pack_cannot_say_a_time_that_nobody_could_keep_to(said: dict[str, Any], path: tuple[Any, ...]) -> None:
    with pytest.raises(PolicyInvalid) as invalid:
        parse_pack({**PACK, "keeping": {**KEEPING, **said}})
    assert path in [fault.path for fault in invalid.value.faults]
