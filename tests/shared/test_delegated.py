"""Acting by the powers of another: in one's own name, for his organ, as far and as long as they go."""

import json
import time
from asyncio import Lock
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import Command
from shared.engine.actors import RECUSAL, Actor, require_own
from shared.engine.people import People, Person
from shared.rules import Refused
from shared.web.token import pseudonym
from tests.support.asked import refusal, village
from tests.support.desk import Desk, asking, log

OFFICE = [{"role": "poverty_office", "division": "210502"}]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with asking(tmp_path) as found:
        yield found


def bearer(desk: Desk, *delegated: dict[str, Any], roles: Any = (), sub: str = "wu") -> dict[str, str]:
    said = {"organ": "县档案局", "roles": [*roles], "delegated": [*delegated]}
    return {"Authorization": f"Bearer {desk.issuer.token(sub=sub, zhucun=said)}"}


def handed(*, roles: Any = OFFICE, ends: float = 300, giver: str = "li", organ: str = "县扶贫办") -> dict[str, Any]:
    return {"from": giver, "organ": organ, "roles": roles, "until": time.time() + ends}


def sent(desk: Desk) -> list[tuple[str, str]]:
    """Who acted, and for which organ, in each event about a village that was registered."""
    found = [json.loads(message.body) for message in desk.api.sent]
    return [(one["actor"], one["actororgan"]) for one in found if one["type"] == "registry.village.registered.v1"]


async def test_an_event_names_who_acted_and_whose_power_it_was(desk: Desk) -> None:
    assert (await desk.post("villages", bearer(desk, handed()), village())).status_code == 200
    both = bearer(desk, handed(), roles=OFFICE)
    assert (await desk.post("villages", both, village("V2"))).status_code == 200
    wu, li = (pseudonym(b"secret", desk.issuer.url, sub) for sub in ("wu", "li"))
    assert sent(desk) == [(wu, "县扶贫办"), (wu, "县档案局")], "one's own power goes first"
    first, second = await log(desk)
    assert (first.who, first.about) == (wu, f"delegated_from={li}"), "the log says whose powers he had"
    assert (first.organ, second.organ) == ("县扶贫办", "县档案局"), "and for which organ he acted"


async def test_who_stands_behind_the_pseudonym_of_a_giver_is_known_to_the_auditor(desk: Desk) -> None:
    """Also while he has never acted here himself; a name that he has shown himself stays."""
    audit, li = desk.bearer("audit/", sub="auditor"), pseudonym(b"secret", desk.issuer.url, "li")
    assert (await desk.get(f"/v1/people/{li}", audit)).status_code == 404
    assert (await desk.post("villages", bearer(desk, handed()), village())).status_code == 200
    found = (await desk.get(f"/v1/people/{li}", audit)).json()
    assert (found["issuer"], found["subject"], found["name"]) == (desk.issuer.url, "li", "")
    said = {"organ": "县扶贫办", "roles": OFFICE}
    himself = {"Authorization": f"Bearer {desk.issuer.token(sub='li', name='李春梅', zhucun=said)}"}
    assert (await desk.post("villages", himself, village("V2"))).status_code == 200
    assert (await desk.post("villages", bearer(desk, handed(), sub="he"), village("V3"))).status_code == 200
    started_anew = People(desk.api.pipeline.engine, desk.api.pipeline.tables.people, Lock())
    await started_anew.note(Person(li, desk.issuer.url, "li"))
    assert (await desk.get(f"/v1/people/{li}", audit)).json()["name"] == "李春梅"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 200),
        ({"ends": -300}, 403),
        ({"roles": [{"role": "county", "division": "2105"}]}, 200),
        ({"roles": [{"role": "poverty_office", "division": "210503"}]}, 403),
        ({"roles": [{"role": "team", "division": "210502"}]}, 403),
        ({"roles": [{"role": "audit", "division": ""}]}, 401),
        ({"roles": []}, 401),
        ({"giver": ""}, 401),
        ({"organ": "a\nb"}, 401),
    ],
)
async def test_a_power_goes_as_far_as_it_was_handed_on(desk: Desk, said: dict[str, Any], status: int) -> None:
    answer = await desk.post("villages", bearer(desk, handed(**said)), village())
    assert answer.status_code == status, answer.text


async def test_what_has_ended_holds_no_more_although_the_token_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verified token is remembered for minutes; the end of a power is looked at for each request."""
    mine, now = bearer(desk, handed(ends=30)), time.time()
    assert (await desk.post("villages", mine, village())).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 80)
    assert (await desk.post("villages", mine, village("V2"))).status_code == 200, "clocks differ by a minute at most"
    monkeypatch.setattr(time, "time", lambda: now + 100)
    assert refusal(await desk.post("villages", mine, village("V3")), 403)[0]["rule"] == "role"
    assert refusal(await desk.get("/v1/villages?place=210502", mine), 403)[0]["rule"] == "role"


async def test_it_opens_what_its_giver_reads(desk: Desk) -> None:
    assert (await desk.get("/v1/villages?place=210502", bearer(desk))).status_code == 403
    assert (await desk.get("/v1/villages?place=210502", bearer(desk, handed()))).status_code == 200
    assert (await desk.get("/v1/villages?place=210503", bearer(desk, handed()))).status_code == 403


async def test_2_19_a_power_of_the_other_body_lets_nobody_play_both(desk: Desk) -> None:
    row = {"place": "210502", "matter": "M1", "body": "discipline"}
    discipline, inspection = ([{"role": role, "division": "210502"}] for role in ("discipline", "inspection"))
    both = bearer(desk, handed(roles=inspection), roles=discipline)
    assert refusal(await desk.post("answers", both, row), 401)[0]["rule"] == "2.19"
    assert (await desk.post("answers", bearer(desk, handed(roles=discipline)), row)).status_code == 200


CONCERNS = ("cadre", "village", "subject")
TODAY = date(2019, 6, 1)


class Graded(Command, frozen=True, kw_only=True):
    """A decision about a unit's cadre."""

    unit: str = ""
    cadre: str = ""
    village: str = ""
    subject_kind: str = ""
    subject: str = ""


def by(actor: Actor, **said: str) -> str:
    """As whom somebody says it, or what refuses him."""
    try:
        return str(require_own(actor, Graded(place="210502", **said), TODAY).organ)
    except Refused as refused:
        return refused.rule if "委托人" not in refused.zh else f"{refused.rule} giver"


def power(role: str = "", **said: Any) -> Actor:
    return Actor(pseudonym="wu", organ="甲", acts_as=(role,) if role else (), concerns=CONCERNS, **said)


@pytest.mark.parametrize(
    ("actor", "said", "expected"),
    [
        ({}, {"cadre": "C3"}, "甲"),
        ({"cadre": "C1"}, {"cadre": "C1"}, RECUSAL),
        ({}, {"cadre": "C2"}, f"{RECUSAL} giver"),
        ({"kin": ("C4", "C3")}, {"cadre": "C3"}, RECUSAL),
        ({"kin": ("C4",)}, {"cadre": "C3"}, "甲"),
        ({"kin": ("A1",)}, {"subject_kind": "village_cadre", "subject": "A1"}, RECUSAL),
        ({}, {"cadre": "C5"}, f"{RECUSAL} giver"),
        ({"kin": ("kin of C5",)}, {"cadre": "C4"}, "甲"),
        ({"team": "V1"}, {"village": "V1"}, RECUSAL),
        ({}, {"village": "V2"}, f"{RECUSAL} giver"),
        ({"may": True}, {"cadre": "C2"}, "乙"),
    ],
)
def test_neither_who_acts_nor_for_whom_he_acts_is_decided_about(
    actor: dict[str, Any], said: dict[str, str], expected: str
) -> None:
    giver = power(cadre="C2", team="V2", kin=("kin of C5",), seal=lambda id: f"kin of {id}")
    own = Actor(**{"pseudonym": "wu", "organ": "乙", "concerns": CONCERNS, "may": False, "powers": (giver,), **actor})
    assert by(own, **said) == expected


@pytest.mark.parametrize(("unit", "expected"), [("U1", "乙"), ("U2", "甲"), ("U3", "role")])
def test_a_units_power_is_for_that_unit(unit: str, expected: str) -> None:
    """Somebody of one unit has the power of another as well: each holds for its own."""
    own = Actor(pseudonym="wu", organ="乙", unit="U1", acts_as=("unit",), powers=(power("unit", unit="U2"),))
    assert by(own, unit=unit) == expected


def test_a_refusal_says_whose_account_it_is_that_does_not_go_so_far() -> None:
    mine = Actor(pseudonym="wu", unit="U1", acts_as=("unit",))
    his = Actor(pseudonym="wu", may=False, powers=(power("unit", unit="U2"),))
    for actor, whose in ((mine, "本账号只办理所属单位（U1）"), (his, "委托人的账号只办理所属单位（U2）")):
        with pytest.raises(Refused, match="for its own people") as refused:
            require_own(actor, Graded(place="210502", unit="U3"), TODAY)
        assert refused.value.zh.startswith(whose)


def test_a_member_acts_for_his_leader_as_the_team() -> None:
    own = Actor(pseudonym="wu", organ="乙", team="V1", concerns=CONCERNS, may=False, powers=(power("team", team="V1"),))
    assert by(own, village="V1") == "甲"
