"""An officer hands on his powers for a time: what may be handed to whom, what tokens say of it, and how it ends."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.model import Account, Administers, Delegation, Denied, Holding, delegation
from services.accounts.model.account import Division
from shared.calendar import CHINA
from shared.web.issuers import Issuer as TrustedIssuer
from shared.web.issuers import Issuers
from shared.web.token import LONGEST_TOKEN, pseudonym, relative
from tests.accounts.desk import GOOD, SECRET, URL, Desk, claims, opened

TODAY = date(2016, 3, 1)
DAY = timedelta(1)
OFFICE, COUNTY = Holding("poverty_office", "2105"), Holding("county", "210522")
LI = Account(name="li", person="李春梅", organ="县扶贫办", sub="p-1", roles=(OFFICE, COUNTY))
WU = Account(name="wu", person="吴用", organ="县扶贫办", sub="p-2")
ROBOT = Account(name="robot", organ="县扶贫办", sub="s-1", roles=(OFFICE,))


def handed(taker: Account | None = WU, giver: Account | None = LI, known: Any = (), **said: Any) -> Delegation:
    asked = delegation.Asked(**{"taker": taker.name if taker else "nobody", "until": TODAY + 9 * DAY, **said})
    return delegation.given("d1", giver, taker, asked, known, TODAY)


def other(kind: Administers) -> Account:
    return Account(name="sun", person="孙立", organ="县网信办", sub="p-9", administers=kind)


def earlier(giver: str, taker: str, number: int = 0, until: date = TODAY) -> Delegation:
    return Delegation(id=f"e{number}", giver=giver, taker=taker, roles=(OFFICE,), since=TODAY, until=until)


def test_all_or_a_part_of_what_one_has_is_handed_on() -> None:
    assert handed().roles == LI.roles
    part = (Holding("poverty_office", "210522"),)
    assert handed(roles=part).roles == part, "a lower division"
    assert handed(roles=(COUNTY, COUNTY)).roles == (COUNTY,), "said twice, given once"
    whole = msgspec.structs.replace(LI, roles=(Holding("poverty_office", "210500"),))
    assert handed(giver=whole, roles=part).roles == part, "a prefecture by its whole code"
    assert delegation.cut(handed(), whole.roles + LI.roles[1:]) == handed(), "nor is it cut where nothing has changed"
    assert handed().since == TODAY
    assert [handed().holds(TODAY + n * DAY) for n in (-1, 0, 9, 10)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("said", "status", "typed"),
    [
        ({"roles": (Holding("poverty_office", "21"),)}, 403, "roles"),
        ({"roles": (Holding("county", "2105"),)}, 403, "roles"),
        ({"roles": (Holding("discipline", "210522"),)}, 403, "roles"),
        ({"giver": WU, "taker": LI}, 422, "roles"),
        ({"taker": LI}, 422, "taker"),
        ({"taker": None}, 404, "taker"),
        ({"taker": ROBOT}, 404, "taker"),
        ({"taker": Account(name="ma", person="马六", organ="县扶贫办", sub="p-4", locked=True)}, 404, "taker"),
        ({"taker": other("system")}, 409, "taker"),
        ({"taker": other("audit")}, 409, "taker"),
        ({"giver": other("security")}, 403, ""),
        ({"giver": ROBOT}, 403, ""),
        ({"since": TODAY - DAY}, 422, "since"),
        ({"since": TODAY + 367 * DAY, "until": TODAY + 368 * DAY}, 422, "since"),
        ({"until": TODAY - DAY}, 422, "until"),
        ({"until": TODAY + 184 * DAY}, 422, "until"),
        ({"known": [earlier("li", "wu")]}, 409, "taker"),
        ({"known": [earlier(f"g{n}", "wu", n) for n in range(5)]}, 409, "taker"),
        ({"known": [earlier("li", f"t{n}", n) for n in range(5)]}, 409, "taker"),
    ],
)
def test_what_is_not_handed_on(said: dict[str, Any], status: int, typed: str) -> None:
    with pytest.raises(Denied) as refused:
        handed(**said)
    assert (refused.value.status, refused.value.typed) == (status, typed)


def test_what_is_over_leaves_room() -> None:
    over = [earlier("li", "wu", n, TODAY - DAY) for n in range(5)]
    assert handed(known=over).taker == "wu"
    assert handed(until=TODAY + 183 * DAY, since=TODAY).until == TODAY + 183 * DAY


def test_one_to_twenty_roles_are_handed_on_at_a_time() -> None:
    own = tuple(Holding("county", f"2105{n}") for n in range(10, 31))
    twenty = msgspec.structs.replace(LI, roles=own[:20])
    assert handed(giver=twenty).roles == own[:20]
    with pytest.raises(Denied, match="1 to 20"):
        handed(giver=msgspec.structs.replace(LI, roles=own))
    said = {"taker": "wu", "until": "2016-03-02"}
    for roles, fits in ((own[:1], True), (own[:20], True), ((), False), (own, False)):
        whole = {**said, "roles": msgspec.to_builtins(roles)}
        if fits:
            assert msgspec.convert(whole, delegation.Asked).roles == roles
        else:
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert(whole, delegation.Asked)


def test_with_what_is_handed_on_somebody_has_at_most_60_roles() -> None:
    full = msgspec.structs.replace(WU, roles=(OFFICE,) * 57)
    assert handed(taker=full, known=[earlier("g", "wu")]).roles == LI.roles
    with pytest.raises(Denied, match="60"):
        handed(taker=full, known=[earlier("g1", "wu", 1), earlier("g2", "wu", 2)])


HOLDINGS = st.builds(
    Holding, st.sampled_from(["poverty_office", "county", "team"]), st.sampled_from(["", "21", "2105", "210522", "22"])
)


@given(st.lists(HOLDINGS, min_size=1, max_size=6), st.lists(HOLDINGS, max_size=6))
def test_nobody_has_more_of_another_than_that_one_has(given: list[Holding], has: list[Holding]) -> None:
    made = Delegation(id="d1", giver="li", taker="wu", roles=tuple(given), since=TODAY, until=TODAY)
    left = delegation.cut(made, has)

    def may(roles: Any, role: str, division: Division) -> bool:
        return any(one.role == role and division.startswith(one.division) for one in roles)

    for role in ("poverty_office", "county", "team"):
        for division in ("210522", "2105", "22", ""):
            assert not left or not may(left.roles, role, division) or may(has, role, division)
            if may(given, role, division) and not left:
                assert not all(may(has, one.role, one.division) for one in given)


# ------------------------------------------------------------------ over HTTP


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path) as made:
        yield made


class Office:
    """Two officers of a county, the administrators, and what the colleague's token says."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def open(self) -> "Office":
        desk = self.desk
        self.system = await desk.appoint("system", "sun", "孙立")
        self.security = await desk.appoint("security", "he", "何平")
        self.audit = await desk.appoint("audit", "zhou", "周明")
        self.li, self.wu = await desk.person(self.system, "li"), await desk.person(self.system, "wu", "吴用")
        self.roles = [{"role": "poverty_office", "division": "2105"}, {"role": "unit", "division": "2105"}]
        await self.given("li", self.roles, unit="U1", cadre="C1")
        self.tokens = {name: await desk.tokens(name) for name in ("li", "wu")}
        return self

    async def given(self, name: str, roles: list[dict[str, str]], **said: str) -> None:
        answer = await self.desk.post(f"/v1/accounts/{name}/roles", {"roles": roles, **said}, self.security)
        assert answer.status_code == 200, answer.text

    def token(self, name: str) -> str:
        return str(self.tokens[name]["access_token"])

    async def handed(self, **said: Any) -> Any:
        until = (today() + 9 * DAY).isoformat()
        return await self.desk.post("/v1/delegations", {"taker": "wu", "until": until, **said}, self.token("li"))

    async def has(self) -> list[dict[str, Any]]:
        """What the colleague's token says of others' powers once it is renewed."""
        answer = await self.desk.refresh(self.tokens["wu"]["refresh_token"])
        assert answer.status_code == 200, answer.text
        self.tokens["wu"] = answer.json()
        found: list[dict[str, Any]] = claims(self.token("wu"))["zhucun"].get("delegated", [])
        return found

    async def logged(self) -> list[tuple[str, str, str]]:
        """Deed, whom it is about, and result of what is about powers that are handed on."""
        lines = (await self.desk.get("/v1/audit", self.audit)).text.splitlines()
        found = [json.loads(line) for line in lines]
        return [(one["deed"], one["about"], one["result"]) for one in found if one["deed"].startswith("delegation")]


def today() -> date:
    return datetime.now(CHINA).date()


async def test_a_colleagues_token_says_whose_powers_until_when(database: str, tmp_path: Path) -> None:
    async with opened(tmp_path, database) as desk:
        office = await Office(desk).open()
        assert await office.has() == []
        made = await office.handed()
        assert made.status_code == 201, made.text
        (has,) = await office.has()
        end = datetime.combine(today() + 10 * DAY, datetime.min.time(), CHINA).timestamp()
        assert has == {
            "from": office.li,
            "organ": "县扶贫办",
            "roles": office.roles,
            "until": end,
            "unit": "U1",
            "cadre": "C1",
        }
        signed_in = claims((await desk.tokens("wu"))["access_token"])["zhucun"]
        assert signed_in["delegated"] == [has] and signed_in["roles"] == [], "also after a new sign-in"
        listed = [(await desk.get("/v1/delegations", one)).json() for one in (office.token("wu"), office.security)]
        assert [[one["giver"] for one in found] for found in listed] == [["li"], ["li"]]
        assert (await desk.get("/v1/delegations", office.system)).status_code == 403
        (entry, *_) = await office.logged()
        assert entry[0] == "delegation.give" and "poverty_office@2105 unit@2105" in entry[1] and entry[2] == "done"


async def test_a_token_has_room_for_all_that_is_given_or_it_is_not_given(desk: Desk) -> None:
    """Roles, relatives and what others hand on stand in one token; services take none that is too long."""
    office = await Office(desk).open()
    kin = {"kin": [f"C-{n:0100}" for n in range(20)]}
    assert (await desk.post("/v1/accounts/wu/kin", kin, office.security)).status_code == 200
    many = {"roles": [{"role": "poverty_office", "division": f"21{n:04}"} for n in range(100)]}
    refused = await desk.post("/v1/accounts/wu/roles", many, office.security)
    (fault,) = refused.json()["errors"]
    assert refused.status_code == 409 and "令牌容纳不下" in fault["zh"] and "no room" in fault["en"]
    await office.handed()

    async def takes(number: int) -> bool:
        roles = {"roles": many["roles"][:number]}
        return (await desk.post("/v1/accounts/wu/roles", roles, office.security)).status_code == 200

    fits, too_many = 1, 100
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        fits, too_many = (middle, too_many) if await takes(middle) else (fits, middle)
    assert await takes(fits)
    refused = await desk.post("/v1/accounts/li/kin", kin, office.security)
    assert refused.status_code == 409 and "“wu”" in refused.json()["errors"][0]["zh"], "they stand in his token too"
    await office.has()
    assert LONGEST_TOKEN - 150 < len(office.token("wu")) <= LONGEST_TOKEN


async def test_services_know_by_the_token_whose_powers_and_which_relatives_somebody_has(
    desk: Desk, tmp_path: Path
) -> None:
    office = await Office(desk).open()
    await desk.post("/v1/accounts/wu/kin", {"kin": ["C8"]}, office.security)
    await desk.post("/v1/accounts/li/kin", {"kin": ["C9"]}, office.security)
    await office.handed(roles=[{"role": "unit", "division": "210522"}])
    await office.has()
    (tmp_path / "jwks").write_bytes((await desk.http.get("/jwks")).content)
    issuers = Issuers([TrustedIssuer(url=URL, keys="jwks")], tmp_path, SECRET)
    granted = (await issuers.bearer(office.token("wu"))).granted
    assert granted.kin == ("C8",) and granted.roles == ()
    (power,) = granted.delegated
    assert (power.giver, power.organ, power.unit, power.kin) == (
        pseudonym(SECRET, URL, office.li),
        "县扶贫办",
        "U1",
        (relative(SECRET, "C9"),),
    ), "who acts for him is recused from his relatives' matters as well"
    assert [(one.role, one.division) for one in power.roles] == [("unit", "210522")]


async def test_relatives_stand_in_ones_own_token_alone(desk: Desk) -> None:
    """Whose relatives they are is known to the person, the security administrator, and the services that recuse."""
    office = await Office(desk).open()
    kin = {"kin": ["C8", "C9", "C8"]}
    assert (await desk.post("/v1/accounts/li/kin", kin, office.system)).status_code == 403
    assert (await desk.post("/v1/accounts/he/kin", kin, office.security)).status_code == 403
    for wrong in ({"kin": ["C1"]}, {"kin": [""]}):
        refused = await desk.post("/v1/accounts/li/kin", wrong, office.security)
        assert refused.status_code == 422 and "亲属本人的编号" in refused.json()["title"]
    assert (await desk.post("/v1/accounts/li/kin", {"kin": ["C8\n"]}, office.security)).status_code == 400
    assert (await desk.post("/v1/accounts/li/kin", {"kin": ["C8"] * 21}, office.security)).status_code == 400
    said = await desk.post("/v1/accounts/li/kin", kin, office.security)
    assert said.json()["kin"] == ["C8", "C9"]
    for token, known in ((office.security, ["C8", "C9"]), (office.system, None), (office.audit, None)):
        listed = (await desk.get("/v1/accounts", token)).json()
        assert next(one for one in listed if one["name"] == "li").get("kin") == known
    assert claims((await desk.tokens("li"))["access_token"])["zhucun"]["kin"] == ["C8", "C9"]
    await office.handed()
    (has,) = await office.has()
    assert has["kin"] == [relative(SECRET, id) for id in ("C8", "C9")], "a colleague is told of nobody's relatives"
    lines = (await desk.get("/v1/audit", office.audit)).text
    assert "account.kin" in lines and "C8" not in lines
    assert (await desk.post("/v1/accounts/li/kin", {"kin": []}, office.security)).status_code == 200
    assert "kin" not in claims((await desk.tokens("li"))["access_token"])["zhucun"]


async def test_it_begins_by_itself(desk: Desk) -> None:
    office = await Office(desk).open()
    tomorrow = (today() + DAY).isoformat()
    assert (await office.handed(since=tomorrow)).status_code == 201
    assert await office.has() == []


@pytest.mark.parametrize("by", ["li", "wu", "security"])
async def test_giver_taker_or_the_security_administrator_end_it(desk: Desk, by: str) -> None:
    office = await Office(desk).open()
    id = (await office.handed()).json()["id"]
    for name in ("system", "audit"):
        assert (await desk.post(f"/v1/delegations/{id}/end", {}, getattr(office, name))).status_code == 403
    await desk.person(office.system, "ma", "马六")
    stranger = (await desk.tokens("ma"))["access_token"]
    assert (await desk.post(f"/v1/delegations/{id}/end", {}, stranger)).status_code == 404
    assert (await desk.get("/v1/delegations", stranger)).json() == []
    assert len(await office.has()) == 1
    token = office.security if by == "security" else office.token(by)
    assert (await desk.post(f"/v1/delegations/{id}/end", {}, token)).status_code == 200
    assert await office.has() == [], "a session that goes on has it no more"
    assert (await desk.post(f"/v1/delegations/{id}/end", {}, token)).status_code == 404
    assert (await office.handed()).status_code == 201, "and it can be given anew"


async def test_it_ends_with_what_its_giver_has(desk: Desk) -> None:
    office = await Office(desk).open()
    await office.handed()
    await office.given("li", office.roles[:1])
    (has,) = await office.has()
    assert has["roles"] == office.roles[:1]
    await office.given("li", [{"role": "team", "division": "2105"}], team="V1")
    assert await office.has() == []
    await office.given("li", office.roles)
    assert await office.has() == [], "what has ended does not begin again by itself"
    assert [deed for deed, *_ in await office.logged()] == ["delegation.give", "delegation.cut", "delegation.end"]


@pytest.mark.parametrize("name", ["li", "wu"])
async def test_it_ends_with_the_account_of_either(desk: Desk, name: str) -> None:
    office = await Office(desk).open()
    await office.handed()
    assert (await desk.post(f"/v1/accounts/{name}/lock", {}, office.security)).status_code == 200
    assert (await desk.post(f"/v1/accounts/{name}/unlock", {}, office.security)).status_code == 200
    if name == "wu":
        office.tokens["wu"] = await desk.tokens("wu", GOOD)
    assert await office.has() == []
    ended = (await office.logged())[-1]
    assert ended[0] == "delegation.end" and "poverty_office@2105" in ended[1]


async def test_what_one_has_from_others_goes_no_further_and_the_three_stay_apart(desk: Desk) -> None:
    office = await Office(desk).open()
    await office.handed()
    await office.has()
    await desk.person(office.system, "ma", "马六")
    further = {"taker": "ma", "until": today().isoformat(), "roles": office.roles[:1]}
    refused = await desk.post("/v1/delegations", further, office.token("wu"))
    assert refused.status_code == 403 and "转委托" in refused.json()["title"]
    to_one = await office.handed(taker="he")
    assert to_one.status_code == 409 and "三员" in to_one.json()["title"]
    by_one = await desk.post("/v1/delegations", further, office.security)
    assert by_one.status_code == 403 and "办事人员本人" in by_one.json()["title"]
    assert (await desk.operator("/v1/delegations", further)).status_code == 403
    results = [result for _, _, result in await office.logged()]
    assert results == ["done", "delegation", "administrators", "administrators", "administrators"]
