"""The promise to subscribers: what the contracts say, what stands in docs/contracts, and what goes over the wire."""

import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from msgspec import Meta

from deploy.access.users import SERVICES
from deploy.compatibility import breaking
from deploy.contracts import DIAGRAM_PAGE, FOLDER, WHOLE, documents, drawn, text, write
from shared.contracts import EVENTS, OPEN_ROOT, SEALED_ROOT, Envelope, Event, values, wire_subject
from shared.contracts.journey import JOURNEY, STAGES, diagram
from shared.contracts.words import WORDS
from shared.runtime import heard
from shared.stream import bus
from tests.support import bounds

DOCUMENTS = documents()
REFRESH = "run `make contracts` and commit what it writes"
PLACES = st.from_regex(r"[0-9]{6}", fullmatch=True)
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
every_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())


# ------------------------------------------------------- documents beside code


def test_the_committed_documents_are_those_that_the_code_gives() -> None:
    committed = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json")}
    assert committed == DOCUMENTS.keys(), REFRESH
    stale = [name for name, document in DOCUMENTS.items() if (FOLDER / name).read_text("utf-8") != text(document)]
    assert not stale, REFRESH


def test_the_drawn_journey_is_the_one_that_the_code_follows() -> None:
    page = DIAGRAM_PAGE.read_text("utf-8")
    assert f"```mermaid\n{diagram()}\n```" in page, f"ARCHITECTURE.md: {REFRESH}"
    assert drawn(page) == page


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_exactly_what_its_document_says(service: str) -> None:
    document = DOCUMENTS[f"asyncapi.{service}.json"]
    promised = {
        re.sub(r"{\w+}", "*", channel["address"])
        for name, channel in document["channels"].items()
        if f"receive.{name}" in document["operations"]
    }
    subjects = heard(import_module(f"services.{service}.app").SERVICE)
    del subjects[bus.CALENDAR]  # What the server's schedule fires is no event.
    assert promised == {subject for of_stream in subjects.values() for subject in of_stream}


def test_every_event_is_said_by_one_service_and_no_other() -> None:
    said = [
        operation
        for service in SERVICES
        for operation in DOCUMENTS[f"asyncapi.{service}.json"]["operations"]
        if operation.startswith("send.")
    ]
    assert sorted(said) == sorted(DOCUMENTS[WHOLE]["operations"])
    messages = {type for channel in DOCUMENTS[WHOLE]["channels"].values() for type in channel["messages"]}
    assert messages == EVENTS.keys()


# ------------------------------------------------------------ breaking changes


def children(*fields: Any) -> Any:
    """A list of nested things with these fields."""
    return list[msgspec.defstruct("Child", [("number", int), *fields])]  # type: ignore[misc]


def said(*fields: Any) -> dict[str, Any]:
    """The schema of an event with these fields."""
    return msgspec.json.schema(msgspec.defstruct("Said", [("village", str), *fields], kw_only=True))


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        (said(("year", int)), said(), ["Said.year: removed"]),
        (said(("year", int, 0)), said(), ["Said.year: removed"]),
        (said(("year", int)), said(("year", str)), ["Said.year: {'type': 'integer'} became {'type': 'string'}"]),
        (said(("year", int)), said(("year", int | None)), ["Said.year: {'type': 'integer'} became {'anyOf'"]),
        (said(("year", int, 1)), said(("year", int, 2)), ["Said.year: {'type': 'integer', 'default': 1} became"]),
        (said(("on", date)), said(("on", datetime)), ["Said.on: {'type': 'string', 'format': 'date'} became"]),
        (said(("children", children())), said(("children", list[int])), ["Said.children: {'type': 'array'"]),
        (said(("year", int, 0)), said(("year", int)), ["Said.year: required, but events without it are kept"]),
        (said(), said(("year", int)), ["Said.year: required, but events without it are kept"]),
        (said(("year", int)), said(("year", int, 0)), ["Said.year: no longer always there"]),
        (said(("year", int), ("on", date)), said(), ["Said.year: removed", "Said.on: removed"]),
        (said(("c", children(("why", str)))), said(("c", children())), ["Child.why: removed"]),
        (said(("c", children())), said(("c", children(("why", str)))), ["Child.why: required"]),
        (said(("c", children())), said(("c", children(("why", str, "")))), []),
        (said(), said(("year", int, 0)), []),
        (said(("year", int), ("on", date)), said(("on", date), ("year", int)), []),
    ],
)
def test_what_would_break_a_reader_is_found(old: Any, new: Any, faults: list[str]) -> None:
    found = list(breaking(old, new, date(2026, 1, 1)))
    assert [fault[: len(begins)] for fault, begins in zip(found, faults, strict=True)] == faults


@pytest.fixture
def promised(tmp_path: Path) -> Path:
    """A folder with the documents as they are, and a page to draw the journey on."""
    (tmp_path / "page.md").write_text(
        "# 旅程\n\n```mermaid\nstateDiagram-v2\n    old --> older\n```\n\nEnd.\n", "utf-8"
    )
    assert write(tmp_path / "contracts", tmp_path / "page.md") == []
    return tmp_path / "contracts"


def kept(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


def test_documents_and_drawing_are_written(promised: Path) -> None:
    assert kept(promised).keys() == DOCUMENTS.keys()
    page = promised.with_name("page.md").read_text("utf-8")
    assert page == f"# 旅程\n\n```mermaid\n{diagram()}\n```\n\nEnd.\n"


def change(folder: Path, name: str, edit: Any) -> None:
    """Change a promised document by hand, as if it had been another one before."""
    document = json.loads((folder / name).read_text("utf-8"))
    edit(document)
    (folder / name).write_text(text(document), "utf-8")


LISTED = "schemas/registry.village.listed.v1.json"


@pytest.mark.parametrize(
    ("name", "edit", "fault"),
    [
        (
            LISTED,
            lambda d: d["$defs"]["VillageListed"]["properties"].update(document={"type": "string"}),
            f"{LISTED}: VillageListed.document: removed",
        ),
        (
            "schemas/envelope.json",
            lambda d: d["$defs"]["Envelope"]["required"].remove("policyversion"),
            "schemas/envelope.json: Envelope.policyversion: required, but",
        ),
        (
            WHOLE,
            lambda d: d["channels"].update({"registry.cadre.registered": {}}),
            f"{WHOLE}: nothing is said on registry.cadre.registered any more",
        ),
    ],
    ids=["event", "envelope", "channel"],
)
def test_a_broken_promise_is_reported_and_nothing_is_written(promised: Path, name: str, edit: Any, fault: str) -> None:
    change(promised, name, edit)
    before = kept(promised)
    faults = write(promised, promised.with_name("page.md"))
    assert [found[: len(fault)] for found in faults] == [fault]
    assert kept(promised) == before


def test_an_event_cannot_just_go(promised: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(promised)
    monkeypatch.delitem(EVENTS, "registry.village.listed.v1")
    faults = write(promised, promised.with_name("page.md"))
    assert any(fault.startswith(f"{LISTED}: the event is gone") for fault in faults)
    assert any("nothing is said on registry.village.listed any more" in fault for fault in faults)
    assert kept(promised) == before


def test_a_new_event_and_a_new_version_break_nothing(promised: Path) -> None:
    known = dict(EVENTS)
    try:

        class VillageListedV2(Event, frozen=True, kw_only=True):
            """A village entered the poverty list by a numbered document."""

            __module__ = "shared.contracts.registry"
            label = ("列入贫困村", "entered the poverty list")
            village: str
            document: int

        class VillageDreamt(Event, frozen=True, kw_only=True):
            """A village that nobody has yet."""

            __module__ = "shared.contracts.registry"
            label = ("梦", "dreamt")
            village: str

        assert VillageListedV2.type == "registry.village.listed.v2"
        assert write(promised, promised.with_name("page.md")) == []
        channels = json.loads(kept(promised)[WHOLE])["channels"]
        assert [*channels["registry.village.listed"]["messages"]] == [
            "registry.village.listed.v1",
            "registry.village.listed.v2",
        ]
        assert "schemas/registry.village.dreamt.v1.json" in kept(promised)
    finally:
        EVENTS.clear()
        EVENTS.update(known)


# -------------------------------------------------------------- every event


def test_no_two_events_have_one_name() -> None:
    def below(kind: type[Event]) -> list[type[Event]]:
        return [kind, *(deeper for each in kind.__subclasses__() for deeper in below(each))]

    said = [event for event in below(Event) if getattr(sys.modules[event.__module__], event.__name__, None) is event]
    assert sorted(event.type for event in said if event.label[0]) == sorted(EVENTS)


@every_event
def test_an_event_can_be_read_by_people_in_both_languages(event: type[Event]) -> None:
    zh, en = event.label
    assert re.search("[\u4e00-\u9fff]", zh)
    assert en and en.isascii()
    assert event.__dict__.get("__doc__"), "its docstring is the summary in the documents"
    assert event.about in event.__struct_fields__


LETTERS = st.characters(categories=["Lu", "Ll", "Nd", "Po", "Pd", "Lo"], max_codepoint=0x9FFF)


PAIRED = {"persons": "lifted", "asked": "present"}
"""Lists that are read side by side, each with the one that it belongs to. A schema cannot say that they are as long."""


def paired(data: dict[str, Any]) -> dict[str, Any]:
    """Data whose lists that are read side by side are equally long."""
    for field, beside in PAIRED.items():
        if data.get(field) and beside in data:
            length = min(len(data[field]), len(data[beside]))
            data = {**data, field: data[field][:length], beside: data[beside][:length]}
    return data


def generated(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Anything that a schema allows."""
    match schema:
        case {"$ref": ref}:
            return generated(defs[ref.rpartition("/")[2]], defs)
        case {"anyOf": options}:
            return st.one_of(*(generated(option, defs) for option in options))
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "object", "properties": fields}:
            of = {name: generated(field, defs) for name, field in fields.items()}
            always = set(schema.get("required", ()))
            return st.fixed_dictionaries(
                {name: field for name, field in of.items() if name in always},
                optional={name: field for name, field in of.items() if name not in always},
            ).map(paired)
        case {"type": "object", "additionalProperties": dict() as values}:
            names = generated({"type": "string", **schema.get("propertyNames", {})}, defs)
            return st.dictionaries(names, generated(values, defs), max_size=min(3, schema.get("maxProperties", 3)))
        case {"type": "object"}:
            return st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
        case {"type": "array", "items": items}:
            return st.lists(generated(items, defs), max_size=min(3, schema.get("maxItems", 3))).map(list)
        case {"type": "string", "format": "date", "description": years}:
            first, last = map(date.fromisoformat, years.rpartition(" / ")[2].split(" to "))
            return st.dates(first, last).map(date.isoformat)
        case {"type": "string", "pattern": pattern}:
            # A text for people is looked for among random ones, since making one of its long pattern takes seconds.
            least, most = schema.get("minLength", 0), schema.get("maxLength", 200)
            any_text = st.text(LETTERS, min_size=max(least, 1), max_size=min(most, 12))
            few = any_text if "ud800" in pattern else st.from_regex(pattern, alphabet=LETTERS)
            return few.filter(lambda text: least <= len(text) <= most and bool(re.search(pattern, text)))
        case {"type": "string", "format": "date-time"}:
            return st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
        case {"type": "integer", "minimum": least, "maximum": most}:
            return st.integers(least, most)
        case {"type": "number", "minimum": least, "maximum": most}:
            return st.floats(least, most)
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "null"}:
            return st.none()
    raise AssertionError(f"no generator for {schema}")


def enveloped(event: Event) -> bytes:
    """An event as it goes over the wire."""
    return msgspec.json.encode(
        Envelope(
            id="5d9f0b5e-0f3e-5f0e-8f0e-0a0b0c0d0e0f",
            source="urn:zhucun:test",
            type=event.type,
            subject=event.subject_id,
            time=datetime.now(UTC),
            dataschema=f"http://localhost/schemas/{event.type}.json",
            correlationid="210502001001",
            causationid="5d9f0b5e-0f3e-5f0e-8f0e-0a0b0c0d0e0e",
            occurredon=date(2014, 6, 1),
            policyversion="2105-2014.1",
            data=msgspec.Raw(msgspec.json.encode(event)),
        )
    )


@every_event
def test_what_the_schema_allows_is_read_and_what_is_said_is_allowed(event: type[Event]) -> None:
    schema = DOCUMENTS[f"schemas/{event.type}.json"]
    allowed = Draft202012Validator(schema, format_checker=FormatChecker())
    whole = {"$ref": f"#/components/messages/{event.type}/payload", "components": DOCUMENTS[WHOLE]["components"]}
    on_the_wire = Draft202012Validator(whole, format_checker=FormatChecker())

    @QUICK
    @given(generated(schema, schema["$defs"]))
    def check(data: Any) -> None:
        said = msgspec.json.decode(json.dumps(data), type=event)
        allowed.validate(json.loads(msgspec.json.encode(said)))
        body = enveloped(said)
        on_the_wire.validate(json.loads(body))
        cloud = JSONFormat().read(CloudEvent, body)
        assert (cloud.get_type(), cloud.get_subject()) == (event.type, said.subject_id)
        assert msgspec.convert(cloud.get_data(), event) == said

    check()


@pytest.mark.parametrize("name", sorted(name for name in DOCUMENTS if name.startswith("schemas/")))
def test_every_field_is_described_in_both_languages_with_an_example_that_it_takes(name: str) -> None:
    schema = DOCUMENTS[name]
    for struct, definition in schema["$defs"].items():
        assert definition["title"] == struct
        for field, said in definition.get("properties", {}).items():
            assert re.search("[\u4e00-\u9fff].* / .*[a-z]{2}", said["description"]), f"{struct}.{field}"
            whole = {**said, "$defs": schema["$defs"]}
            assert said["examples"], f"{struct}.{field}"
            for example in said["examples"]:
                Draft202012Validator(whole, format_checker=FormatChecker()).validate(example)
    event = EVENTS.get(name.removeprefix("schemas/").removesuffix(".json"))
    if event:
        fields = schema["$defs"][event.__name__]["properties"]
        msgspec.convert({field: said["examples"][0] for field, said in fields.items()}, event)


def test_no_word_describes_a_field_that_is_nowhere() -> None:
    structs = {
        struct: {*definition.get("properties", {})}
        for name, document in DOCUMENTS.items()
        if name.startswith("schemas/")
        for struct, definition in document["$defs"].items()
    }
    own = {(struct, field) for struct, _, field in (key.partition(".") for key in WORDS) if field}
    assert own <= {(struct, field) for struct, fields in structs.items() for field in fields}
    shared = {field for struct, fields in structs.items() for field in fields if (struct, field) not in own}
    assert {key for key in WORDS if "." not in key} == shared


def test_a_message_of_another_type_does_not_pass_for_it() -> None:
    notice = msgspec.convert(
        {"place": "210502", "village": "210502001001", "attempt": 1, "until": "2014-06-08"},
        EVENTS["registry.notice.posted.v1"],
    )
    for type, passes in (("registry.notice.posted.v1", True), ("registry.objection.raised.v1", False)):
        whole = {"$ref": f"#/components/messages/{type}/payload", "components": DOCUMENTS[WHOLE]["components"]}
        assert Draft202012Validator(whole).is_valid(json.loads(enveloped(notice))) is passes


@every_event
def test_its_subject_has_eight_tokens_under_the_root_of_its_stream(event: type[Event]) -> None:
    schema = DOCUMENTS[f"schemas/{event.type}.json"]
    roots = {bus.STREAMS[0].name: OPEN_ROOT, bus.STREAMS[1].name: SEALED_ROOT}
    seen = set()

    @QUICK
    @given(generated(schema, schema["$defs"]), PLACES)
    def check(data: Any, place: str) -> None:
        said = msgspec.convert({**data, "place": place}, event)
        root = roots[bus.SEALED if said.is_sealed() else bus.OPEN]
        subject = wire_subject(said)
        seen.add(root)
        assert re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_]+){7}", subject)
        assert subject == f"{root}.{place[:2]}.{place[2:4]}.{place[4:]}.{event.type.removesuffix('.v1')}"

    check()
    assert (
        seen
        <= {
            "never": {OPEN_ROOT},
            "always": {SEALED_ROOT},
            "sometimes": {OPEN_ROOT, SEALED_ROOT},
        }[event.sealing]
    )


@pytest.mark.parametrize("place", ["", "21", "2105021", "2105.>", "21050*", "２１０５０２", "210502\n", "21 502"])
def test_no_place_comes_in_that_would_make_another_subject(place: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"place"):
        msgspec.json.decode(json.dumps({"place": place, "village": "v"}), type=EVENTS["registry.village.listed.v1"])


def test_persons_and_draws_are_sealed_and_no_subscriber_can_reach_them() -> None:
    sealed = {type: event.sealing for type, event in EVENTS.items() if event.sealing != "never"}
    assert sealed == {
        "registry.cadre.registered.v1": "always",
        "registry.cadre.withdrawn.v1": "always",
        "registry.households.cleared.v1": "always",
        "registry.households.lifted.v1": "always",
        "registry.households.monitored.v1": "always",
        "registry.monitoring.withdrawn.v1": "always",
        "registry.households.counted.v1": "always",
        "dispatch.households.paired.v1": "always",
        "dispatch.households.unpaired.v1": "always",
        "dispatch.quota.missed.v1": "always",
        "dispatch.quota.met.v1": "always",
        "registry.party.registered.v1": "sometimes",
        "registry.party.withdrawn.v1": "sometimes",
        "registry.person.forgotten.v1": "always",
        "dispatch.course.attended.v1": "always",
        "dispatch.attendance.withdrawn.v1": "always",
        **{f"dispatch.leave.{step}.v1": "always" for step in ("granted", "refused", "begun")},
        "dispatch.presence.counted.v1": "always",
        "dispatch.visits.counted.v1": "always",
        "dispatch.result.shared.v1": "always",
        "registry.party.merged.v1": "sometimes",
        "dispatch.nomination.reviewed.v1": "always",
        "dispatch.replacement.reviewed.v1": "always",
        **{f"dispatch.charge.{step}.v1": "always" for step in ("begun", "ended")},
        "dispatch.release.doubted.v1": "always",
        "dispatch.term.assessed.v1": "always",
        "inspection.draw.made.v1": "always",
        **{
            f"inspection.appraisal.{step}.v1": "sometimes"
            for step in ("opened", "proposed", "graded", "dropped", "contested", "reviewed", "withdrawn", "moved")
        },
        **{f"inspection.appraisal_input.{step}.v1": "sometimes" for step in ("given", "voided", "withdrawn")},
        "inspection.visit.replaced.v1": "always",
        "inspection.visits.crowded.v1": "sometimes",
        **{
            f"incentives.outcome.{step}.v1": "sometimes"
            for step in ("proposed", "defended", "decided", "appealed", "expired", "withdrawn")
        },
        "incentives.outcome.moved.v1": "sometimes",
        "incentives.motion.overdue.v1": "sometimes",
        "incentives.decision.overdue.v1": "sometimes",
        "incentives.decision.withdrawn.v1": "sometimes",
        "incentives.decision.served.v1": "sometimes",
        **{f"incentives.statement.{step}.v1": "always" for step in ("drawn", "corrected", "confirmed")},
        **{f"incentives.allowances.{step}.v1": "always" for step in ("drawn", "confirmed")},
        **{f"incentives.pay.{step}.v1": "always" for step in ("short", "explained")},
        **{f"incentives.appeal.{step}.v1": "sometimes" for step in ("decided", "escalated", "overdue")},
        "incentives.deadline.moved.v1": "sometimes",
    }
    outcome = {"place": "210502", "outcome": "o", "kind": "recall", "subject": "C1", "village": "210502001001"}
    roots = {
        kind: wire_subject(msgspec.convert({**outcome, "subject_kind": kind}, EVENTS["incentives.outcome.expired.v1"]))
        for kind in ("unit", "team", "cadre")
    }
    assert {kind: subject.split(".")[0] for kind, subject in roots.items()} == {
        "unit": "zhucun",
        "team": "zhucun",
        "cadre": "zhucun-sealed",
    }
    assert [stream.subjects for stream in bus.STREAMS] == [
        ["zhucun.v1.>"],
        ["zhucun-sealed.v1.>"],
        ["zhucun-calendar.v1.>"],
    ]


# -------------------------------------------------------------------- bounds

COMMANDS = [route.command for name in SERVICES for route in import_module(f"services.{name}.api").COMMANDS]
ELSEWHERE = {"AdoptPolicy.pack", "PolicyAdopted.pack", "Envelope.time", "Envelope.data"}
"""A pack is checked field by field when it is parsed, data by its own type; a time has a form."""


@pytest.mark.parametrize("message", [*EVENTS.values(), *COMMANDS, Envelope], ids=lambda message: message.__name__)
def test_no_field_takes_a_value_of_any_size(message: type[msgspec.Struct]) -> None:
    walked = dict(bounds.fields(message))
    assert {path: faults for path, hint in walked.items() if (faults := bounds.unbounded(hint))}.keys() <= ELSEWHERE
    assert walked.keys() >= {f"{message.__name__}.{message.__struct_fields__[0]}"}


def test_the_walk_finds_what_has_no_bound() -> None:
    class Loose(msgspec.Struct):
        anything: str
        loosely: Annotated[str, Meta(pattern="^[0-9]+$")]
        line: Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")]
        most: Annotated[int, Meta(le=5)]
        real: float
        on: date
        several: tuple[values.Code, ...]
        named: Annotated[dict[str, values.Rate], Meta(max_length=3)]

    found = {path for path, hint in bounds.fields(Loose) if bounds.unbounded(hint)}
    assert found == {f"Loose.{field}" for field in Loose.__struct_fields__}


SPELLINGS = {
    "a line break behind it": "{}\n", "a full-width digit": "２{}", "an Arabic-Indic digit": "٢{}", "a space": " {}",
    "a mark of direction": "{}\u202e", "nothing to see": "\u200b{}", "a NUL": "{}\x00", "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize(
    ("kind", "good"),
    [
        (values.Place, "210502"), (values.VillageId, "210502001001"), (values.PartyId, "C2105-001"),
        (values.RunId, "2014-1"), (values.CampaignId, "spot-2016"), (values.Code, "leader_rank"),
        (values.Version, "2105-2014.1"), (values.DerivedId, "recall/210502001001/2015"), (values.Period, "2015"),
        (values.Sha256, 64 * "a"), (values.Seed, 64 * "a"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_id_has_one_spelling(kind: Any, good: str, spelling: str) -> None:
    assert msgspec.convert(good, kind) == good
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(spelling.format(good), kind)


@pytest.mark.parametrize("number", ["210502198001011234", "21050219800101123X", "13812345678"])
def test_no_identity_or_telephone_number_is_an_id_since_ids_are_published(number: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(number, values.PartyId)


@pytest.mark.parametrize(
    "text",
    ["", " ", "村 ", "\t村", "村\n镇", "\u202e村", "村\u0000", "\ufeff村", 61 * "村", "\u3164", "\u2800村", "\u00ad村",
     "村\U000e0041", "\ufdd0村", "\uf8ff村", "\ufffd村", "无", "同上", "〃", "n/a", ".", "－－", "11", "1①"],
)  # fmt: skip
def test_a_name_says_something_that_people_see_whole(text: str) -> None:
    for name in ("扎赉特旗 巴彦高勒镇", "第3村", "བོད་ལྗོངས", "ᠮᠣᠩᠭᠣᠯ", "ئۇيغۇر", "𠮷家村", "无锡村"):
        assert msgspec.convert(name, values.Name)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, values.Name)


def test_a_day_lies_in_the_life_of_a_programme_wherever_it_is_said() -> None:
    visits = {"place": "210502", "campaign": "spot", "visits": {"210502001001": "2016-02-05"}}
    assert msgspec.convert(visits, EVENTS["inspection.draw.made.v1"])
    for day in ("9999-12-31", "1979-12-31", "0001-01-01"):
        with pytest.raises(msgspec.ValidationError, match="must lie between 1980-01-01 and 2100-12-31"):
            msgspec.convert(visits | {"visits": {"210502001001": day}}, EVENTS["inspection.draw.made.v1"])
        with pytest.raises(msgspec.ValidationError, match="must lie between"):
            msgspec.convert({"day": day}, EVENTS["calendar.day.passed.v1"])


# -------------------------------------------------------------- the journey


def test_every_stage_can_be_reached_and_from_every_stage_the_exit() -> None:
    reached, leaving = {""}, {"delisted"}
    for _ in STAGES:
        reached |= {move.target for move in JOURNEY if move.source in reached}
        leaving |= {move.source for move in JOURNEY if move.target in leaving}
    assert reached == {"", *STAGES}
    assert leaving == {"", *STAGES} - {"merged"}, "a merged village's successor goes on"


def test_every_move_is_made_by_an_event_that_can_say_what_it_asks() -> None:
    for move in JOURNEY:
        assert EVENTS[move.event.type] is move.event
        assert move.where.keys() <= set(move.event.__struct_fields__)


def test_no_event_leads_two_ways_at_once() -> None:
    for one in JOURNEY:
        for other in JOURNEY:
            if one is not other and one[:2] == other[:2]:
                assert any(one.where[field] != other.where[field] for field in one.where.keys() & other.where.keys())
