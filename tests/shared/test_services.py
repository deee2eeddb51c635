"""What all services have in common: rooms, READMEs that are true, schemas that match, and documented commands."""

import asyncio
import json
import re
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic import command
from msgspec.inspect import DictType, LiteralType, StrType, type_info
from sqlalchemy import Connection, Date, MetaData, Table, column, func, insert, inspect, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.access.users import SERVICES
from deploy.contracts import documents
from services.dispatch.model.bonds import Contacts
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.owed import Commitments
from services.dispatch.model.pool import Pool, Squad
from services.incentives.model.payroll import Payee, Payroll
from services.registry.model.roster import Enrolled, Enrolment, Roster
from shared import migrations, runtime
from shared.contracts import EVENTS, Command, Event, short_type
from shared.engine import dead_letters, store
from shared.engine.flow import encode_state
from shared.engine.pipeline import Pipeline, Service
from shared.policy import parse_pack
from shared.rules import LONGEST_ID, State
from shared.stream.relay import Relay
from shared.web import http
from shared.web.openapi import document
from tests.support import bounds

HOME = Path("services")
ROOMS = ("reactions.py", "tables.py", "api.py", "app.py", "README.md", "migrations/0001_initial.py")
DOCUMENTS = documents()
BENXI = tomllib.loads(Path("shared/policy/packs/benxi.toml").read_text("utf-8"))
each_service = pytest.mark.parametrize("name", SERVICES)


def room(service: str, name: str) -> Any:
    return import_module(f"services.{service}.{name}")


def service(name: str) -> Service:
    found: Service = room(name, "app").SERVICE
    return found


def commands(name: str) -> tuple[http.Route, ...]:
    found: tuple[http.Route, ...] = room(name, "api").COMMANDS
    return found


@cache
def openapi(name: str) -> dict[str, Any]:
    """The OpenAPI document of a service's HTTP side, on a database that nothing is asked of."""
    pipeline = Pipeline(service(name), store.open_engine("sqlite+aiosqlite://"), Relay(_no), "http://localhost/schemas")
    app = http.build(pipeline, commands(name), room(name, "api").QUERIES, _no, b"secret")
    return document(app)


async def _no(*_: Any) -> Any:
    raise AssertionError("only its documents are read here")


# ------------------------------------------------------------------ rooms


@each_service
def test_a_service_has_the_rooms_of_its_siblings(name: str) -> None:
    home = HOME / name
    assert [wanted for wanted in ROOMS if not (home / wanted).exists()] == []
    assert (home / "model.py").exists() != (home / "model").is_dir()


@each_service
def test_what_people_can_ask_is_what_rules_answer(name: str) -> None:
    routed = [route.command for route in commands(name)]
    answered = {r.on for r in service(name).reactions if issubclass(r.on, Command)}
    assert len(routed) == len(set(routed))
    assert set(routed) == answered


@each_service
def test_every_timer_has_a_state_that_is_kept(name: str) -> None:
    assert service(name).due.keys() <= service(name).tables.states.keys()


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        (
            "registry",
            {
                f".incentives.{what}"
                for what in (
                    "outcome.proposed",
                    "outcome.decided",
                    "outcome.appealed",
                    "outcome.expired",
                    "outcome.withdrawn",
                    "decision.served",
                    "decision.withdrawn",
                    "appeal.escalated",
                    "appeal.decided",
                )
            },
        ),
        ("dispatch", {".registry.village.registered"}),
        ("inspection", {".registry.village.registered"}),
        ("incentives", {".registry.village.registered", ".registry.unit.registered"}),
    ],
)
def test_only_what_is_kept_for_later_is_in_no_hurry(name: str, subjects: set[str]) -> None:
    assert set(runtime.unhurried(service(name))) == subjects
    # Whoever would tell others of it, or answer people, has others who wait.
    assert all(issubclass(r.on, Event) for r in service(name).reactions if r.unhurried)


# ----------------------------------------------------------------- README


def section(name: str, title: str) -> set[str]:
    """What a section of a README lists: the names in backticks that begin its table rows and list entries."""
    text = (HOME / name / "README.md").read_text("utf-8")
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"services/{name}/README.md has no section “{title}”"
    return set(re.findall(r"^(?:\| |- )`([^`]+)`", found[1], re.MULTILINE))


@each_service
def test_the_readme_lists_the_topics_that_come_in(name: str) -> None:
    reacts = {short_type(r.on.type) for r in service(name).reactions if hasattr(r.on, "type")}
    subjects = {subject for of_stream in runtime.heard(service(name)).values() for subject in of_stream}
    hears = {".".join(subject.split(".")[-3:]) for subject in subjects}
    listed = section(name, "Topics in")
    assert reacts & hears <= listed <= hears, "what has a reaction is listed; days and packs, which all hear, may be"


@each_service
def test_the_readme_lists_the_topics_that_go_out(name: str) -> None:
    operations = DOCUMENTS[f"asyncapi.{name}.json"]["operations"]
    sent = {operation.removeprefix("send.") for operation in operations if operation.startswith("send.")}
    assert section(name, "Topics out") == {topic.removeprefix("sealed.") for topic in sent}


@each_service
def test_the_readme_lists_the_tables(name: str) -> None:
    assert section(name, "Tables owned") == {kind.kind for kind in service(name).tables.states}


@each_service
def test_the_readme_lists_the_commands(name: str) -> None:
    assert section(name, "Commands") == {route.path for route in commands(name)}


@each_service
def test_the_readme_names_no_topic_that_does_not_exist(name: str) -> None:
    text = (HOME / name / "README.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z]+\.[a-z_]+\.[a-z]+)`", text))
    assert named <= {short_type(type) for type in EVENTS}


# ------------------------------------------------------------- migrations


def shape(connection: Connection, table: str) -> dict[str, Any]:
    """A table as the database has it."""
    database = inspect(connection)
    return {
        "columns": {
            column["name"]: (str(column["type"]), column["nullable"]) for column in database.get_columns(table)
        },
        "key": database.get_pk_constraint(table)["constrained_columns"],
        "indexes": {index["name"]: index["column_names"] for index in database.get_indexes(table)},
        "options": database.get_table_options(table),
    }


def shapes(connection: Connection, tables: list[Table]) -> dict[str, dict[str, Any]]:
    return {table.name: shape(connection, table.name) for table in tables}


@each_service
def test_migrations_make_exactly_the_tables_that_the_code_uses(name: str, database: str) -> None:
    migrations.upgrade(name, database)
    migrations.upgrade(name, database)
    migrations.check(name, database)


@each_service
async def test_migrated_columns_have_room_for_what_the_code_writes(name: str, database: str) -> None:
    """Alembic's check does not compare types, since dialects name them differently; here each compares with itself."""
    metadata = service(name).tables.metadata
    tables = list(metadata.tables.values())
    engine = store.open_engine(database)
    async with engine.begin() as conn:
        await conn.run_sync(metadata.create_all)
        wanted = await conn.run_sync(shapes, tables)
        await conn.run_sync(metadata.drop_all)
    await asyncio.to_thread(migrations.upgrade, name, database)  # It starts an event loop of its own.
    async with engine.connect() as conn:
        assert await conn.run_sync(shapes, tables) == wanted
    await engine.dispose()


@each_service
def test_every_state_table_has_room_for_the_longest_id(name: str) -> None:
    assert {getattr(table.c.id.type, "length", None) for table in service(name).tables.states.values()} == {LONGEST_ID}


def parts(shape: object) -> Iterator[object]:
    """A type as msgspec sees it, with all types within it."""
    yield shape
    if isinstance(shape, msgspec.Struct):
        for value in msgspec.structs.astuple(shape):
            for part in value if isinstance(value, tuple) else (value,):
                yield from parts(part)


@each_service
def test_every_state_can_be_encoded_since_its_keys_are_strings(name: str) -> None:
    for kind in service(name).tables.states:
        keys = [part.key_type for part in parts(type_info(kind)) if isinstance(part, DictType)]
        assert keys, "timers at least"
        assert all(isinstance(key, (StrType, LiteralType)) for key in keys), kind


# ---------------------------------------------------------------- OpenAPI


def references(document: Any) -> Iterator[str]:
    """Every reference anywhere in a document."""
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for value in document.values():
            yield from references(value)
    elif isinstance(document, list):
        for value in document:
            yield from references(value)


@each_service
def test_openapi_says_how_each_command_is_given(name: str) -> None:
    document = openapi(name)
    posts = {path: methods["post"] for path, methods in document["paths"].items() if "post" in methods}
    for route in commands(name):
        post = posts[f"/v1/{route.path}"]
        headers = {p["name"]: p["required"] for p in post["parameters"] if p["in"] == "header"}
        assert headers == {"Idempotency-Key": True, "If-Match": False}
        assert {p["name"] for p in post["parameters"] if p["in"] == "query"} == {"dry_run", "keep_good"}
        body = post["requestBody"]["content"]["application/json"]["schema"]
        assert body["items"] == {"$ref": f"#/components/schemas/{route.command.__name__}"}
        assert document["components"]["schemas"][route.command.__name__]["additionalProperties"] is False
        assert re.search("[\u4e00-\u9fff]", route.zh) and route.en.isascii()
        assert post["summary"] == f"{route.zh} · {route.en}"
        assert post["description"], f"{route.command.__name__} needs a docstring"
        for status in ("400", "404", "405", "409", "412", "413", "415", "422", "503"):
            answer = post["responses"][status]["content"]
            assert answer == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


PERSONAL = {
    "pairings", "persons", "cadres", "records", "squads", "subjects", "appraisals", "cohorts", "payrolls", "quotas",
}  # fmt: skip
"""What names persons with more than their office: only the roles that each kind names read these."""


@each_service
def test_openapi_documents_every_query_and_points_nowhere_else(name: str) -> None:
    document = openapi(name)
    gets = {path for path, methods in document["paths"].items() if "get" in methods}
    for kind in service(name).tables.states:
        assert {f"/v1/{kind.kind}", f"/v1/{kind.kind}/{{id}}", f"/v1/summary/{kind.kind}"} <= gets
    assert {"/v1/tasks", "/v1/status", "/v1/dead-letters", "/health/ready", "/schemas/{file}"} <= gets
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]
    for kind in service(name).tables.states:
        answers = document["paths"][f"/v1/{kind.kind}"]["get"]["responses"]
        assert answers["200"]["content"]["application/json"]["schema"]["items"]["$ref"].endswith(kind.__name__)
        assert {"401", "403"} <= answers.keys(), "whoever asks is known, and has a role for it"
        assert kind.personal == (kind.kind in PERSONAL)


async def through(database: str, act: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
    """What is done in one transaction of a database."""
    engine = store.open_engine(database)
    async with engine.begin() as conn:
        result = await act(conn)
    await engine.dispose()
    return result


def test_cadres_in_pools_become_squads_when_the_schema_is_upgraded(database: str) -> None:
    migrations._with_config("dispatch", database, lambda config: command.upgrade(config, "0001"))
    cadre = {
        "unit": "U1",
        "rank": "staff",
        "party_member": True,
        "work_since": "2000-01-01",
        "born_on": "1970-01-01",
        "reserve": False,
    }
    unit = {"place": "210502", "level": "city", "department": "农业", "strength": 50}
    body = {
        "id": "2105",
        "place": "210500",
        "units": {"U1": unit},
        "cadres": {"C1": cadre, "C2": {**cadre, "unit": "U9"}},
    }
    row = {"id": "2105", "place": "210500", "status": "quiet", "awaits": False, "body": json.dumps(body)}

    old = table("pools", *map(column, row))
    asyncio.run(through(database, lambda conn: conn.execute(insert(old).values(row))))
    migrations.upgrade("dispatch", database)
    keys: list[tuple[type[State], str]] = [(Pool, "2105"), (Squad, "U1"), (Squad, "U9")]
    states = asyncio.run(through(database, lambda conn: store.load_states(conn, service("dispatch").tables, keys)))
    pool, first, stray = (states[key] for key in keys)
    assert [*pool.units] == ["U1"] and pool.place == "210500"
    assert first.place == "210502" and first.cadres["C1"].rank == "staff"
    assert stray.place == "210500" and [*stray.cadres] == ["C2"]


def test_pools_know_who_was_bound_to_a_village_before_the_schema_is_upgraded(database: str) -> None:
    migrations._with_config("dispatch", database, lambda config: command.upgrade(config, "0013"))
    since = "2014-06-01"
    bodies: dict[tuple[str, str, str], dict[str, Any]] = {
        ("pools", "2105", "210500"): {"posted": {"C1": "210521100201"}, "answered": True},
        ("pools", "210522", "210522"): {},
        ("pools", "2106", "210600"): {"answered": True},
        ("contacts", "210521100201", "210522"): {
            "bonds": {"guard": {"since": {"C1": since, "C2": since}}, "firm": {"since": {"P1": since}, "parties": True}}
        },
        ("contacts", "210521100202", "210521"): {"bonds": {"guard": {"since": {"C2": since}}, "old": {}}},
        ("posts", "T1", "210521"): {
            "sort": "township",
            "name": "乡",
            "parent": "210521",
            "bonds": {"deputy": {"since": {"C3": since}}, "lead": {"since": {"V1": since}, "villagers": True}},
        },
    }
    for (kind, id, place), body in bodies.items():
        row = {
            "id": id,
            "place": place,
            "status": "",
            "awaits": False,
            "body": json.dumps({"id": id, "place": place} | body),
        }
        stored = insert(table(kind, *map(column, row))).values(row)
        asyncio.run(through(database, partial(AsyncConnection.execute, statement=stored)))
    migrations.upgrade("dispatch", database)
    keys: list[tuple[type[State], str]] = [(Pool, "2105"), (Pool, "210522"), (Pool, "2106")]
    states = asyncio.run(through(database, lambda conn: store.load_states(conn, service("dispatch").tables, keys)))
    city, county, other = (states[key] for key in keys)
    assert city.bound == {
        "guard": {"C1": ("210521100201",), "C2": ("210521100201", "210521100202")},
        "deputy": {"C3": ("T1",)},
    }
    assert city.answered and other.answered and not other.bound
    assert county.bound == {"guard": {"C1": ("210521100201",), "C2": ("210521100201",)}}


def test_counties_know_the_villages_that_were_registered_before_the_schema_is_upgraded(database: str) -> None:
    migrations._with_config("registry", database, lambda config: command.upgrade(config, "0009"))
    stands = (
        ("210521100201", "helped", "210521100201"),
        ("210522100201", "registered", "210521101900"),
        ("210521100202", "merged", "210521100202"),
        ("210521100203", "withdrawn", "210521100203"),
        ("210523100201", "delisted", "210523100201"),
    )
    rows = [
        {
            "id": id, "place": code[:6], "status": stage, "awaits": False,
            "body": json.dumps({"id": id, "codes": [{"code": id, "since": "2014-01-01"}] + [
                {"code": code, "since": "2014-06-01"}] * (id != code)}),
        }
        for id, stage, code in stands
    ]  # fmt: skip
    old = table("villages", *map(column, rows[0]))
    asyncio.run(through(database, lambda conn: conn.execute(insert(old).values(rows))))
    migrations.upgrade("registry", database)
    keys: list[tuple[type[State], str]] = [
        (kind, f"{county}{tenth}")
        for county in ("210521", "210522", "210523")
        for kind, tenth in ((Roster, ""), (Enrolment, "/1"))
    ]
    states = asyncio.run(through(database, lambda conn: store.load_states(conn, service("registry").tables, keys)))
    assert {id: state.townships for (_, id), state in states.items() if isinstance(state, Roster)} == {
        "210521": {"210521100": 1, "210521101": 1},
        "210523": {"210523100": 1},
    }
    assert {id: state.villages for (_, id), state in states.items() if isinstance(state, Enrolment)} == {
        "210521/1": {"210521100201": Enrolled("210521100201"), "210522100201": Enrolled("210521101900")},
        "210523/1": {"210523100201": Enrolled("210523100201")},
    }


def test_assignments_become_links_and_commitments_when_the_schema_is_upgraded(database: str) -> None:
    """More than a batch of them, each where it was in its spell, with its timers, deadlines and parked timers."""
    migrations._with_config("dispatch", database, lambda config: command.upgrade(config, "0005"))
    item, leader = {"number": 1, "text": "修路", "problem": 1}, {"cadre": "C1", "role": "leader"}
    ledger = {"kind": "ledger", "period": "2014", "set_by": "2014-07-21", "set_on": "2014-07-01", "items": [item]}
    out = {"spell": 1, "unit": "U1", "team": [leader], "since": "2014-06-20", "term_start": "2014-06-20"}
    helped = {
        "stage": "helped", **out, "term_end": "2017-06-20", "helped_since": "2014-07-01",
        "owed": {"ledger/2014": ledger},
        "timers": {"term": "2017-06-21", "commitments": "2014-10-01"},
        "vacancies": {"C2": {"role": "member", "due": "2014-08-01"}},
        "deadlines": [
            {"path": ["vacancies", "C2", "due"], "since": "2014-07-01", "span": {"working_days": 20}},
            {"path": ["owed", "ledger/2014", "set_by"], "since": "2014-06-20", "span": {"working_days": 20},
             "timer": "commitments"},
        ],
    }  # fmt: skip
    late = {
        "stage": "kept",
        **out,
        "until": "2015-03-01",
        "timers": {"kept": "2015-03-02"},
        "owed": {"ledger/2014": {**ledger, "settle_by": "2015-02-01"}},
    }
    waiting = {"stage": "diagnosed", "spell": 1, "carried": {"ledger": [item]}}
    stages = {"210521100201": helped, "210521100202": late, "210521100203": waiting}
    gone = {f"210522{n:06}": {"stage": "released", "spell": 0} for n in range(2_100)}
    rows = [
        {
            "id": id,
            "place": id[:6],
            "status": said["stage"],
            "due": None,
            "awaits": True,
            "body": json.dumps({"id": id, "place": id[:6], **said}),
        }
        for id, said in (stages | gone).items()
    ]
    parked = json.dumps(["assignments", "210521100203", {"term": "2017-06-21", "commitments": "2014-10-01"}]).encode()
    letter = {
        "id": "00000000-0000-8000-8000-000000000001", "stream": "timers", "sequence": 1, "subject": "x",
        "about": "210521100203", "rule": "x", "reason": "x", "parked_at": datetime(2014, 10, 1, tzinfo=UTC),
        "body": parked, "discarded_at": None, "discarded_for": None,
    }  # fmt: skip
    tables = service("dispatch").tables
    keys: list[tuple[type[State], str]] = [
        (kind, id)
        for village in stages
        for kind, id in ((Link, id_of(village)), (Commitments, village), (Contacts, village))
    ]

    async def fill(conn: AsyncConnection) -> None:
        await store.insert(conn, Table("assignments", MetaData(), *(c._copy() for c in tables.states[Pool].c)), rows)
        await store.insert(conn, tables.dead_letters, [letter])

    async def found(conn: AsyncConnection) -> Any:
        letters = (await conn.execute(tables.dead_letters.select())).mappings().all()
        counts = [
            (await conn.execute(select(func.count()).select_from(tables.states[kind]))).scalar()
            for kind in (Link, Commitments)
        ]
        due = (await conn.execute(select(tables.states[Link].c.due))).scalars()
        waits = (await conn.execute(select(tables.states[Commitments].c.awaits))).scalars()
        timers = sorted(dead_letters.timers(row)[:2] for row in letters)
        states = await store.load_states(conn, tables, keys)
        return states, counts, timers, sorted(day for day in due if day), sum(waits)

    asyncio.run(through(database, fill))
    migrations.upgrade("dispatch", database)
    states, counts, timers, due, waits = asyncio.run(through(database, found))
    assert counts == [len(rows)] * 2
    stand = [states.pop((Contacts, village)) for village in stages]
    assert [(one.needed, one.left) for one in stand] == [(True, False), (False, True), (True, False)]
    assert timers == [("commitments", "210521100203"), ("links", "210521100203/team")]
    assert due == [date(2015, 3, 2), date(2017, 6, 21)] and waits == 1
    team, owed, late_team, late_owed, no_team, carried = states.values()
    assert (team.village, team.stage, team.timers) == ("210521100201", "helped", {"term": date(2017, 6, 21)})
    assert [*team.vacancies] == ["C2"] and [one.path[0] for one in team.deadlines] == ["vacancies"]
    assert (owed.stage, owed.unit, owed.helped_since) == ("helped", "U1", date(2014, 7, 1))
    assert [*owed.owed] == ["ledger/2014"] and [one.path[0] for one in owed.deadlines] == ["owed"]
    assert late_team.unsettled and not team.unsettled and late_owed.unsettled and late_owed.stage == "closing"
    assert carried.carried["ledger"][0].problem == 1 and carried.stage == "none" and no_team.stage == "diagnosed"


@each_service
def test_whatever_people_choose_each_state_and_message_has_an_id_that_fits(name: str) -> None:
    """With the longest ids, codes and names that a message may carry; what a pack holds open is a shipped pack."""
    looked_at = 0
    for reaction in service(name).reactions:
        message = bounds.longest_of(reaction.on)
        if "pack" in reaction.on.__struct_fields__:
            message.pack = BENXI
        codes = [None] * reaction.code  # A village whose id is its only code.
        for id in (message.subject_id, *reaction.ids(message, parse_pack(BENXI), *codes)):
            assert len(id) <= LONGEST_ID, f"{reaction.on.__name__}: {id}"
            looked_at += 1
    assert looked_at > 5


def test_payrolls_from_before_they_ended_look_on_the_next_day_at_what_is_kept_no_more(database: str) -> None:
    migrations._with_config("incentives", database, lambda config: command.upgrade(config, "0014"))
    payroll = Payroll(id="210521100201", place="210521", payees={"pay/P1": Payee(kind="pay", person="P1")})
    row = {"id": payroll.id, "place": payroll.place, "status": "settled", "due": None, "awaits": False}
    row["body"] = encode_state(payroll).decode()
    columns = [column("due", Date) if name == "due" else column(name) for name in row]
    stored = insert(table("payrolls", *columns)).values(row)
    asyncio.run(through(database, partial(AsyncConnection.execute, statement=stored)))
    migrations.upgrade("incentives", database)
    found: Any = select(column("body"), column("due", Date)).select_from(table("payrolls"))
    [(body, due)] = asyncio.run(through(database, partial(AsyncConnection.execute, statement=found)))
    assert body.encode() == encode_state(payroll.timed(keep=due)) and due < date(2014, 1, 1)


def test_readings_from_before_the_schema_is_upgraded_are_found(database: str) -> None:
    migrations._with_config("incentives", database, lambda config: command.upgrade(config, "0012"))
    said = {"at": "2026-11-28T01:00:00.000+00:00", "who": "0" * 16, "organ": "县委组织部", "address": "", "before": "0"}
    rows = [
        {"number": 1, "deed": "GET /v1/records", "about": "place=2105 : records/cadre:C1 records/cadre:C2"},
        {"number": 2, "deed": "GET /v1/records", "about": "place=2105"},
        {"number": 3, "deed": "POST /v1/decisions", "about": "x : records/cadre:C1"},
    ]
    for row in rows:
        row |= {**said, "result": "done", "hash": "0"}
        stored = insert(table("audit", *map(column, row))).values(row)
        asyncio.run(through(database, partial(AsyncConnection.execute, statement=stored)))
    migrations.upgrade("incentives", database)
    found: Any = select(column("subject"), column("number")).select_from(table("readings")).order_by(column("subject"))
    kept = asyncio.run(through(database, partial(AsyncConnection.execute, statement=found)))
    assert [*kept] == [("records/cadre:C1", 1), ("records/cadre:C2", 1)]
