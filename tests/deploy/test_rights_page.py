"""Who may use which address: each one of every service is tried with every role, inside its division and outside."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import httpx
import msgspec
import pytest
from sqlalchemy import insert
from structlog.testing import capture_logs

from deploy import rights_page
from deploy.demo.regions.benxi.story import CITY, PACK, POLICY
from deploy.local.supervisor import SERVICES
from deploy.rights_page import ALL_ROLES, NAMED, Address, addresses, app_of
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.owed import Commitments
from services.incentives.model.record import Record
from services.registry.model import Village
from shared.codes import Code
from shared.contracts.calendar import DayPassed
from shared.contracts.registry import PolicyAdopted
from shared.contracts.values import OWN, ROLES
from shared.engine import store
from shared.engine.deliveries import handle
from shared.engine.pipeline import Pipeline
from shared.stream.bus import OPEN, Message
from shared.stream.relay import Relay
from shared.web.issuers import Issuers
from shared.web.limits import Limits
from shared.web.token import operator_headers
from tests.support.issuer import SmallIssuer, issuing
from tests.support.process import delivery
from tests.support.servers import engine_with

SECRET = b"secret"
DAY = date(2015, 3, 2)
SCHEMA = "registry.village.registered.v1.json"
PLACE, VILLAGE = "210521", "210521100201"
UNIT = "U1"
OTHER: Final = {"unit": "U2", "team": "210521100202", "village": "210521100202", "township": "210521101"}
NONE_OF: Final = {("registry", "unit"), ("inspection", "unit"), ("incentives", "unit")}
"""Where a role has no command that names whose it is."""
INSIDE, OUTSIDE = ("210521", "2105", "21", ""), ("210522", "2106", "52")
"""Divisions of a role that contain the place, and some that do not."""
LOGS: Final = {"/v1/audit", "/v1/people/{pseudonym}"}
"""What the audit administrator reads."""
SIMPLE: Final[tuple[Any, ...]] = (
    None, VILLAGE, PLACE, "2015", "a", "甲乙丙", "county:210521", "0" * 64, "8d9f0b5e-0f3e-8f0e-8f0e-0a0b0c0d0e0f", 1,
    2015, 0.5, True, "2015-01-01", {},
)  # fmt: skip
"""Of these, most fields take one."""
ANYWHERE: Final = {
    "/v1/digest": "tells nothing of anybody",
    "/v1/journal": "shows each caller his own divisions",
    "/v1/journal/{about}": "shows each caller his own divisions",
    "/v1/imports/{form}": "asks row by row, as for commands",
    "/v1/filled/{action}": "asks row by row, as for commands",
    "/v1/imports/{form}/progress": "is for who sent the file",
    "/v1/copies/{name}": "is for who sent the file",
}
"""Addresses that know no division before they answer, each with what it does instead; other tests try that."""


async def send(_stream: str, _messages: Sequence[Message]) -> None:
    """Nobody hears it."""


@asynccontextmanager
async def asked(
    service: str, folder: Path, issuer: SmallIssuer | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, list[Address]]]:
    """A service with one of everything in the place, which asks its callers who they are if there is an issuer."""
    wiring = import_module(f"services.{service}.app")
    tables = wiring.SERVICE.tables
    engine = await engine_with(f"sqlite+aiosqlite:///{folder}/{service}.sqlite3", tables)
    pipeline = Pipeline(wiring.SERVICE, engine, Relay(send), "")
    await pipeline.start()
    adopted = PolicyAdopted(place=CITY, version=POLICY.version, pack=PACK, adopted_by="市委")
    await handle(pipeline, OPEN, [delivery(event, n) for n, event in enumerate((DayPassed(day=DAY), adopted), 1)])
    body = msgspec.json.encode({"id": VILLAGE, "place": PLACE}).decode()
    whole = (
        Village(id=VILLAGE, place=PLACE, name="上石村", township="碱厂镇", population=9, since=DAY),
        Link(id=id_of(VILLAGE), place=PLACE, stage="matched", spell=1, unit="U1"),
        Commitments(id=VILLAGE, place=PLACE),
        Code(id=VILLAGE, place=PLACE, village=VILLAGE),
        Record(id=VILLAGE, place=PLACE, subject_kind="unit", subject=UNIT),
    )
    async with engine.begin() as conn:
        for kind, table in tables.states.items():
            row = {"id": VILLAGE, "place": PLACE, "status": "", "awaits": False, "body": body}
            if kind not in map(type, whole):
                await conn.execute(insert(table).values(row))
        await store.save_states(conn, tables, [one for one in whole if type(one) in tables.states])
    app: Any = app_of(service, pipeline, SECRET, Issuers([issuer.trusted()], folder, SECRET) if issuer else None)
    app.state.limits = Limits(10**6, failures=10**6)  # Each role asks at once for everything.
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client, [*addresses(service, app)]
    await engine.dispose()


def command(address: Address, role: str) -> bytes:
    """A command about the place, in which `role` acts if the command names its body."""
    kind = address.handler.opt["command"]
    said = sample(kind) | {"place": PLACE}
    if "unit" in said:
        said["unit"] = UNIT
    if "division" in said:
        said["division"] = f"township:{VILLAGE[:9]}"
    if "body" in said:
        said["body"] = "discipline" if kind.by_token else "county"
        if role in (("discipline", "inspection") if kind.by_token else ROLES):
            said["body"] = role
    return msgspec.json.encode([said])


def sample(hint: Any) -> Any:
    """A value that a field of a type takes; of a struct only what must be said."""
    for simple in SIMPLE:
        with suppress(msgspec.ValidationError):
            msgspec.convert(simple, hint)
            return simple
    while get_origin(hint) is Annotated:
        hint = hint.__origin__
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        tag = {"from": origin.__struct_config__.tag} if origin.__struct_config__.tag else {}
        return tag | {field.name: sample(field.type) for field in msgspec.structs.fields(origin) if field.required}
    if origin in (dict, Mapping):
        return {sample(inner[0]): sample(inner[1])}
    return inner[0] if origin is Literal else [sample(inner[0])]


async def status(client: httpx.AsyncClient, address: Address, role: str, headers: dict[str, str]) -> int:
    """The status of what somebody is answered."""
    form = next(iter(import_module(f"services.{address.service}.forms").FORMS))
    id = id_of(VILLAGE) if address.path.startswith("/v1/links/") else VILLAGE
    given = {"place": PLACE, "village": VILLAGE, "about": VILLAGE, "id": id, "form": form, "name": "x", "file": SCHEMA}
    given |= {"pseudonym": "0", "action": form}
    path = address.path.format(**given)
    if "command" in address.handler.opt:
        known = {"Content-Type": "application/json", "Idempotency-Key": "one of many"}
        answer = await client.post(
            path, params={"dry_run": True}, content=command(address, role), headers=headers | known
        )
        return answer.status_code
    params = {"place": PLACE} if address.where == "place" and "{place}" not in address.path else {}
    params |= {
        "/v1/choices/{village}": {"unit": "U1"},
        "/v1/events": {"below": PLACE},
        "/v1/snapshots": {"place": PLACE},
        "/v1/unmasked/cadres/{id}": {"purpose": "核对任职文件姓名"},
        "/v1/unmasked/persons/{id}": {"purpose": "核对任职文件姓名"},
    }.get(address.path, {})
    return (await client.request(address.method, path, params=params, headers=headers)).status_code


def allowed(address: Address, role: str, division: str) -> bool:
    """Whether the page says that a role may use an address."""
    if address.where in ("public", "known", "operator"):
        return address.where != "operator"
    if role not in (ROLES if address.roles == (NAMED,) else address.roles):
        return False
    kind = address.handler.opt.get("command")
    if kind is not None and kind.by_token and role not in ("discipline", "inspection"):
        return False
    if address.path in LOGS:  # They are about the whole installation, so only who audits all of it reads it.
        return division == ""
    return division in INSIDE or address.path in ANYWHERE


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Without the log: what is in the tables here is read by no rule, so that some answers are errors."""
    with capture_logs():
        yield


@pytest.mark.parametrize("service", SERVICES)
async def test_every_address_is_for_the_roles_and_divisions_that_the_page_says(service: str, tmp_path: Path) -> None:
    async with issuing() as issuer, asked(service, tmp_path, issuer) as (client, every):
        assert len(every) > 40
        tokens = {
            (role, division): {"Authorization": f"Bearer {issuer.token(zhucun=held(role, division))}"}
            for role in ALL_ROLES
            for division in (*INSIDE, *OUTSIDE)
        }
        wrong: list[tuple[str, str, str, int]] = []
        for address in every:
            first = next((role for role in ALL_ROLES if allowed(address, role, "")), "")
            for (role, division), headers in tokens.items():
                if role != first and division not in (INSIDE[0], OUTSIDE[0]):
                    continue  # One role shows what a wider or a foreign division means.
                answered = await status(client, address, role, headers)
                if (answered not in (401, 403)) != allowed(address, role, division):
                    wrong.append((f"{address.method} {address.path}", role, division, answered))
        assert wrong == []


def held(role: str, division: str, **whose: str) -> dict[str, Any]:
    """What a token says of somebody with one role, a cadre of the place's unit and team unless it says otherwise."""
    said = {"cadre": "C-asking", "unit": UNIT, "team": VILLAGE, "village": VILLAGE, "township": VILLAGE[:9], **whose}
    return {"roles": [{"role": role, "division": division}], **said}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("role", "field"),
    [
        ("unit", "unit"),
        ("team", "village"),
        ("village", "village"),
        ("villager", "village"),
        ("township", "village"),
        ("township", "division"),
    ],
)
async def test_who_acts_for_his_own_alone_acts_for_no_other(
    service: str, role: str, field: str, tmp_path: Path
) -> None:
    """Each command that names a unit, a village or a division is refused to another one's people, and to those of no
    one."""
    async with issuing() as issuer, asked(service, tmp_path, issuer) as (client, every):
        wrong, tried, owner = list[Any](), 0, OWN[role]
        for address in every:
            kind = address.handler.opt.get("command")
            if kind is None or field not in kind.__struct_fields__ or not allowed(address, role, PLACE):
                continue
            if kind.everybodys:
                continue
            if field not in sample(kind):  # It may be left out, and then another way leads to whose it is.
                continue
            tried += 1
            for whose in ({}, {owner: OTHER[owner]}, {owner: ""}):
                said = held(role, PLACE, **whose)
                headers = {"Authorization": f"Bearer {issuer.token(zhucun=said)}"}
                key = {"Content-Type": "application/json", "Idempotency-Key": "one of many"}
                answer = await client.post(
                    address.path, params={"dry_run": True}, content=command(address, role), headers=headers | key
                )
                refused = answer.json().get("refused", []) if answer.status_code == 200 else []
                if any(one["rule"] == "role" for one in refused) is not bool(whose):
                    wrong.append((address.path, whose, answer.text[:300]))
        assert wrong == []
        assert tried or field == "division" or (service, role) in NONE_OF


@pytest.mark.parametrize("service", SERVICES)
async def test_without_a_token_nothing_is_told_and_operators_may_all_but_draw(service: str, tmp_path: Path) -> None:
    async with issuing() as issuer, asked(service, tmp_path, issuer) as (client, every):
        for address in every:
            is_drawn = "command" in address.handler.opt and address.handler.opt["command"].by_token
            answered = await status(client, address, "", {})
            assert (answered == 401) is (address.where != "public"), address
            assert (await status(client, address, "", {"Authorization": "Bearer x"}) == 401) is (
                address.where != "public"
            )
            answered = await status(client, address, "", operator_headers(SECRET))
            assert (answered in (401, 403)) is is_drawn, address


@pytest.mark.parametrize("service", SERVICES)
async def test_where_nobody_is_asked_who_he_is_only_operators_read_about_persons(service: str, tmp_path: Path) -> None:
    kinds = import_module(f"services.{service}.app").SERVICE.tables.states
    personal = {f"/v1/{kind.kind}{id}" for kind in kinds if kind.personal for id in ("", "/{id}")} | LOGS
    async with asked(service, tmp_path) as (client, every):
        every = [one for one in every if one.method == "GET"]
        told = {one.path for one in every if await status(client, one, "", {}) != 401}
        assert personal & told == set() and {"/v1/tasks", "/v1/journal"} <= told
        closed = [one for one in every if await status(client, one, "", operator_headers(SECRET)) == 401]
        assert not personal & {one.path for one in closed}


@pytest.mark.parametrize("service", SERVICES)
def test_every_address_says_who_may_use_it(service: str) -> None:
    for address in addresses(service, app_of(service)):
        opt = address.handler.opt
        if "command" not in opt:
            assert "asks" in opt or (address.where == "operator" and "operations" in (address.handler.tags or ())), (
                address
            )
            continue
        bodies = [field for field in msgspec.structs.fields(opt["command"]) if field.name == "body"]
        always = bool(bodies and bodies[0].required)
        assert always is (address.roles == (NAMED,)), f"{address.path} says who may say it, once"


def test_the_page_is_fresh() -> None:
    assert rights_page.PAGE.read_text("utf-8") == rights_page.text(), "docs/rights.md is stale; run `zhucun contracts`"
