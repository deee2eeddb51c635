"""How messages meet states: ids, all or nothing, loading on miss, order per village, circles, timers."""

import copy
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import RFC_4122, UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.codes import Code, aliased
from shared.contracts import Command, Envelope
from shared.contracts.dispatch import HelpBegun, TeamKept
from shared.contracts.registry import NoticePosted, PolicyAdopted, VillageRecoded
from shared.contracts.values import VillageId
from shared.engine.flow import (
    ENVELOPE,
    LARGEST_DATA,
    LONGEST_CHAIN,
    MOST_TIMERS,
    Cause,
    Missing,
    Result,
    States,
    Terms,
    Way,
    Wiring,
    derived_id,
    id_bytes,
    run,
    run_due,
)
from shared.engine.tables import service_tables
from shared.policy import Policy, PolicyBook, kept_pack, parse_pack
from shared.rules import LONGEST_ID, Change, Due, Key, Reaction, Refused, State, Wake, by
from tests.support.packs import layer
from tests.support.process import PACK

DAY = date(2014, 6, 1)
PLACE = "210502"


class Poke(Command, frozen=True, kw_only=True):
    """Count one up, and pass words on to others: `b/c` is for b, which passes it on to c."""

    box: str
    on_to: tuple[str, ...] = ()
    also: str = ""


class Adopt(Command, frozen=True, kw_only=True):
    pack: dict[str, Any]
    refuse: bool = False


class Box(State, frozen=True, kw_only=True, omit_defaults=True):
    kind = "boxes"
    pokes: int = 0
    heard: tuple[str, ...] = ()


class Shelf(State, frozen=True, kw_only=True, omit_defaults=True):
    kind = "shelves"
    pokes: int = 0


class Adoption(State, frozen=True, kw_only=True, omit_defaults=True):
    kind = "adoptions"


def says(paths: Sequence[str]) -> tuple[HelpBegun, ...]:
    parts = (path.partition("/") for path in paths)
    return tuple(HelpBegun(place=PLACE, village=box, unit=rest) for box, _, rest in parts)


def poke(box: Box | None, command: Poke, _policy: Policy, _today: date) -> Change:
    box = box or Box(id=command.box, place=PLACE)
    return Change(box.but(pokes=box.pokes + 1), says(command.on_to))


def also(shelf: Shelf | None, command: Poke, _policy: Policy, _today: date) -> Change:
    if command.also == "refusing":
        raise Refused("1.1", "架子拒绝", "the shelf refuses")
    shelf = shelf or Shelf(id=command.also, place=PLACE)
    return Change(shelf.but(pokes=shelf.pokes + 1), says(["ward"]))


def hear(box: Box | None, event: HelpBegun, _policy: Policy, _today: date) -> Change:
    if event.unit == "fail":
        raise ZeroDivisionError("a rule with a fault")
    box = box or Box(id=event.village, place=PLACE)
    if event.unit == "same":
        return Change(box.but(pokes=box.pokes))
    if event.unit == "circle":
        return Change(box.but(pokes=box.pokes + 1), (event,))
    return Change(box.but(heard=(*box.heard, event.unit)), says([event.unit] if event.unit else []))


def adopt(_none: Adoption | None, command: Adopt, policy: Policy, _today: date) -> Change:
    event = PolicyAdopted(place="210500", version=policy.version, adopted_by="county", pack=command.pack)
    return Change(Adoption(id=policy.version, place="210500"), (event,))


def second_thoughts(_none: Shelf | None, command: Adopt, _policy: Policy, _today: date) -> Change:
    if command.refuse:
        raise Refused("1.1", "不采用", "not adopted after all")
    return Change(None)


def remember(box: Box | None, event: PolicyAdopted, _policy: Policy, _today: date) -> Change:
    """Something else in the service follows adoptions, as campaigns do."""
    box = box or Box(id="follower", place="210500")
    return Change(box.but(heard=(*box.heard, event.version)))


def ring(box: Box, due: Due, _policy: Policy, today: date) -> Change:
    """`again` sets itself for the next day; `stuck` for the day that it was due; `tell` tells another box; `bell` wakes
    all."""
    if due.name == "fail":
        raise ZeroDivisionError("a rule with a fault")
    heard = box.but(heard=(*box.heard, f"{due.name} {due.on}"))
    if due.name == "again":
        return Change(heard.timed(again=today + timedelta(1)))
    if due.name == "stuck":
        return Change(box.timed(stuck=due.on))
    return Change(heard, says(["z"]) if due.name == "tell" else (), WAKES if due.name == "bell" else ())


WAKES = (Wake(Box, PLACE[:4], DAY),)
WIRING = Wiring(
    (
        Reaction(Poke, Box, by("box"), poke),
        Reaction(Poke, Shelf, lambda command, _: (command.also,) if command.also else (), also),
        Reaction(HelpBegun, Box, by("village"), hear),
        Reaction(Adopt, Adoption, lambda _, policy: (policy.version,), adopt),
        Reaction(Adopt, Shelf, lambda _command, _policy: ("thoughts",), second_thoughts),
        Reaction(PolicyAdopted, Box, lambda _event, _policy: ("follower",), remember),
    ),
    {Box: dict.fromkeys(("again", "stuck", "tell", "fail", "bell", "a", "b"), ring)},
)


def version(number: int) -> dict[str, Any]:
    return {**PACK, "version": f"2105-2014.{number}"}


def book(*numbers: int) -> PolicyBook:
    """A book in which these versions of the pack were adopted."""
    kept = PolicyBook()
    for number in numbers:
        kept.adopt(parse_pack(version(number)))
    return kept


def cause(number: int, payload: Command, journey: str = "") -> Cause:
    return Cause(derived_id("test", number), journey or f"request {number}", payload)


def pokes(*rows: Mapping[str, Any]) -> list[Cause]:
    return [cause(n, Poke(place=PLACE, **row)) for n, row in enumerate(rows)]


class Everything(States):
    """A working set in which everything is loaded, and nothing is there."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: Key) -> None:
        return None

    def copy(self) -> "Everything":
        return Everything(self)


def loading(
    causes: Sequence[Cause], kept: PolicyBook, blocked: frozenset[str] = frozenset(), *, wiring: Wiring = WIRING
) -> Result:
    """Run causes as the pipeline does, loading what is missed; nothing was there before."""
    loaded: States = {}
    terms = Terms(wiring, kept, DAY)
    for _ in range(100):
        try:
            return run(terms, causes, loaded, blocked)
        except Missing as missing:
            assert not missing.keys & loaded.keys(), "it asks for what is loaded"
            loaded |= dict.fromkeys(missing.keys)
    raise AssertionError("it misses states for ever")


def told(result: Result) -> list[str]:
    """What was said, to whom."""
    return [f"{f.event.village}:{f.event.unit}" for f in result.facts if isinstance(f.event, HelpBegun)]


def box(result: Result, id: str) -> Any:
    return result.changed.get((Box, id))


def reasons(result: Result) -> list[tuple[str, str]]:
    return [(parked.cause.id, repr(parked.error)) for parked in result.parked]


# ------------------------------------------------------------------- ids


@given(st.lists(st.text() | st.integers() | st.dates(), min_size=1), st.lists(st.text() | st.integers(), min_size=1))
def test_an_id_is_a_uuid_that_follows_from_its_causes_and_begins_as_the_first_does(
    causes: list[object], more: list[object]
) -> None:
    root = derived_id(*causes)
    id = derived_id(root, *more)
    for one in (root, id):
        assert (UUID(one).version, UUID(one).variant, str(UUID(one))) == (8, RFC_4122, one)
    assert id == derived_id(root, *more) and id != derived_id(root, *more, 0)
    assert id[:13] == root[:13] and id[14:] != root[14:], "what follows from one cause stands side by side in an index"


def test_ids_are_those_that_earlier_versions_made() -> None:
    """Else what was stored by one version would be taken for something new by the next one."""
    root = derived_id("registry", "benxi 1", 2105)
    assert root == "e39fcb38-ab0a-8ba0-857c-a5a8ab5ac9e1"
    assert derived_id(root, "registry.village.listed.v1", 0) == "e39fcb38-ab0a-88e6-b8b8-29bebf6b8d76"


@pytest.mark.parametrize(
    "id", ["", "no uuid", "5d9f0b5e-0f3e-5f0e-8f0e-0a0b0c0d0e", "5d9f0b5e0f3e5f0e8f0e0a0b0c0d0e0fff"]
)
def test_what_is_no_uuid_is_no_id(id: str) -> None:
    with pytest.raises(ValueError):
        id_bytes(id)


def test_ids_of_facts_follow_from_their_causes_and_differ() -> None:
    causes = pokes({"box": "a", "on_to": ("b/c", "d", "b"), "also": "s"}, {"box": "a", "on_to": ("b/c",)})
    result = loading(causes, book(1))
    again = loading(causes, book(1))
    assert [fact.id for fact in again.facts] == [fact.id for fact in result.facts]
    assert len({fact.id for fact in result.facts}) == len(result.facts) == 7
    by_cause: dict[str, list[tuple[str, str]]] = {}
    for fact in result.facts:
        by_cause.setdefault(fact.cause.id, []).append((fact.id, fact.event.type))
    for id, facts in by_cause.items():
        assert [fact for fact, _ in facts] == [derived_id(id, type, ordinal) for ordinal, (_, type) in enumerate(facts)]
    other = loading(causes[1:], book(1))
    assert [fact.id for fact in other.facts] == [fact.id for fact in result.facts[5:]]


def test_two_services_never_give_what_they_say_to_one_cause_the_same_id() -> None:
    """The server takes an id that it knows for stored, and what stands beside it in its batch is lost with it."""
    heard = HelpBegun(place=PLACE, village="210502001001", unit="U1")
    said = (
        TeamKept(place=PLACE, village=heard.village, unit="U1", until=DAY),
        NoticePosted(place=PLACE, village=heard.village, attempt=1, until=DAY),
    )
    ids = set()
    for event in said:
        wiring = Wiring([Reaction(HelpBegun, Box, by("village"), lambda *_, event=event: Change(None, (event,)))], {})
        found = run(Terms(wiring, book(1), DAY), [cause(1, heard)], {(Box, heard.village): None})  # type: ignore[arg-type]
        ids |= {fact.id for fact in found.facts}
    assert len(ids) == len(said)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Reaction(HelpBegun, Box, by("village"), poke), "poke takes no HelpBegun as its command"),
        (lambda: Reaction(Poke, Shelf, by("box"), poke), "poke takes no Shelf as its box"),
        (lambda: Reaction(Poke, Box, by("village"), poke), "Poke has no field 'village'"),
        (lambda: Reaction(HelpBegun, Box, _shelves, hear), "_shelves takes no HelpBegun as its command"),
        (lambda: Reaction(Poke, Box, by("box"), poke, _shelf_beside), "_shelf_beside takes no Box as its _shelf"),
        (lambda: Wiring((), {Shelf: {"again": ring}}), "ring takes no Shelf as its box"),
        (lambda: Wiring((), {Box: {"again": poke}}), "poke takes no Due as its command"),
    ],
)
def test_a_line_of_the_table_that_pairs_what_does_not_fit_is_refused_when_it_is_written(make: Any, why: str) -> None:
    with pytest.raises(TypeError, match=re.escape(why)):
        make()


def _shelves(command: Poke, _policy: Policy) -> Sequence[str]:
    return (command.also,)


def _shelf_beside(_shelf: Shelf, _command: Poke) -> Sequence[Any]:
    return ()


def test_what_follows_is_told_at_once_and_in_order() -> None:
    result = loading(pokes({"box": "a", "on_to": ("b/c/d", "e", "b"), "also": "s"}), book(1))
    assert told(result) == ["b:c/d", "c:d", "d:", "e:", "b:", "ward:"]
    assert box(result, "b").heard == ("c/d", "")


def test_a_fact_belongs_to_its_village_and_a_request_to_itself() -> None:
    result = loading([*pokes({"box": "a", "on_to": ("b",)}), cause(9, Adopt(place="210500", pack=version(2)))], book(1))
    assert [fact.correlation for fact in result.facts] == ["b", "request 9"]


# ---------------------------------------------------------- all or nothing


def test_what_is_refused_by_one_state_leaves_no_trace_in_another() -> None:
    result = loading(pokes({"box": "a", "also": "refusing", "on_to": ("b",)}, {"box": "a"}), book(1))
    assert [str(parked.error) for parked in result.parked] == ["[1.1] the shelf refuses"]
    assert result.facts == []
    assert box(result, "a").pokes == 1
    assert box(result, "b") is None


def test_what_fails_far_down_the_chain_leaves_no_trace_either() -> None:
    result = loading(pokes({"box": "a", "on_to": ("b", "c/d/fail")}, {"box": "b"}), book(1))
    assert [type(parked.error) for parked in result.parked] == [ZeroDivisionError]
    assert told(result) == []
    assert {key[1] for key in result.changed} == {"b"}


def test_a_pack_whose_adoption_is_refused_is_not_in_force() -> None:
    kept = book(1)
    causes = [
        cause(0, Adopt(place="210500", pack=version(2), refuse=True)),
        cause(1, Poke(place=PLACE, box="a", on_to=("b",))),
    ]
    result = loading(causes, kept)
    assert [fact.policy for fact in result.facts] == ["2105-2014.1"]
    assert kept.packs == book(1).packs


def test_an_adopted_pack_judges_what_comes_after_it_and_not_what_came_before() -> None:
    kept = book(1)
    result = loading(
        [
            cause(0, Poke(place=PLACE, box="a", on_to=("b",))),
            cause(1, Adopt(place="210500", pack=version(2))),
            cause(2, Poke(place=PLACE, box="a", on_to=("b",))),
        ],
        kept,
    )
    versions = [fact.policy for fact in result.facts if isinstance(fact.event, HelpBegun)]
    assert versions == ["2105-2014.1", "2105-2014.2"]
    assert kept.packs == book(1, 2).packs


def test_a_pack_that_no_longer_bears_a_countys_layer_is_refused() -> None:
    kept = book(1)
    kept.adopt(kept_pack(json.loads(json.dumps(layer(drop={"outcomes": ["talk"]}), default=str))))
    newer = {**version(2), "outcomes": [outcome for outcome in PACK["outcomes"] if outcome["kind"] != "talk"]}
    refused = loading([cause(0, Adopt(place="210500", pack=newer))], kept).parked[0].error
    assert isinstance(refused, Refused) and (refused.rule, refused.field, refused.status) == ("policy", "pack", 422)
    assert layer()["name"] in refused.zh and "talk" in refused.en
    assert not loading([cause(0, Adopt(place="210500", pack=version(2)))], kept).parked


def test_a_command_that_names_something_twice_is_refused() -> None:
    result = loading(pokes({"box": "a", "on_to": ("b", "c", "b")}), book(1))
    refused = result.parked[0].error
    assert isinstance(refused, Refused) and (refused.rule, refused.field, refused.status) == ("identity", "on_to", 422)
    assert not result.changed


def test_a_command_is_told_whether_it_created_something_or_changed_it_or_nothing() -> None:
    causes = pokes({"box": "a"}, {"box": "a"}, {"box": "b", "on_to": ("c",)}, {"box": "d", "also": "refusing"})
    result = loading(causes, book(1))
    assert result.effects == {causes[0].id: "created", causes[1].id: "changed", causes[2].id: "created"}
    nothing = Wiring([Reaction(Poke, Box, by("box"), lambda box, *_: Change(box))], {})
    assert loading(causes[:1], book(1), wiring=nothing).effects == {causes[0].id: "unchanged"}


def test_an_event_that_the_server_would_not_take_is_refused() -> None:
    def said(most: int) -> Result:
        wiring = Wiring([Reaction(Poke, Box, by("box"), poke)], {})
        wiring.largest = most
        return loading(pokes({"box": "a", "on_to": ("b/c",)}), book(1), wiring=wiring)

    (fact,) = said(1000).facts
    assert not said(len(fact.data)).parked
    result = said(len(fact.data) - 1)
    refused = result.parked[0].error
    assert isinstance(refused, Refused) and (refused.rule, refused.status) == ("size", 422)
    assert not result.changed and not result.facts


def test_the_largest_envelope_finds_room_beside_the_largest_data() -> None:
    """Of what the server takes at most by default, its longest texts in Chinese and its headers leave that much."""
    longest: dict[str, Any] = {
        field.name: "村" * meta.max_length
        for field in msgspec.structs.fields(Envelope)
        for meta in getattr(field.type, "__metadata__", ())
        if isinstance(meta, msgspec.Meta) and meta.max_length
    }
    assert len(longest) > 5
    data = msgspec.Raw(b"x" * LARGEST_DATA)
    envelope = Envelope(**longest, time=datetime.now(UTC), occurredon=DAY, data=data)
    headers = 4 * (64 + 128)
    assert len(msgspec.json.encode(envelope)) + headers < Wiring((), {}).largest + ENVELOPE == 2**20
    assert ENVELOPE < 2**20 / 100, "no more of it is kept back than a hundredth"


def test_where_no_pack_is_in_force_nothing_is_decided() -> None:
    result = loading([cause(0, Poke(place="520300", box="a"))], book(1))
    assert isinstance(result.parked[0].error, Refused)
    assert result.parked[0].error.rule == "policy"
    assert result.changed == {}


@pytest.mark.parametrize(("length", "taken"), [(LONGEST_ID, True), (LONGEST_ID + 1, False)])
def test_an_id_for_which_the_tables_have_no_room_is_refused(length: int, taken: bool) -> None:
    result = loading(pokes({"box": "a" * length}), book(1))
    assert bool(result.changed) is taken
    assert [parked.error.status for parked in result.parked if isinstance(parked.error, Refused)] == [422] * (not taken)
    assert service_tables((Box,)).states[Box].c.id.type.length == LONGEST_ID  # type: ignore[attr-defined]


# -------------------------------------------------------- loading on a miss

BOXES = st.sampled_from("abcd")
PATHS = st.lists(st.lists(st.sampled_from([*"abcd", "fail"]), min_size=1, max_size=4).map("/".join), max_size=3).map(
    tuple
)
COMMANDS = st.one_of(
    st.builds(
        Poke,
        place=st.sampled_from([PLACE, "520300"]),
        box=BOXES,
        on_to=PATHS,
        also=st.sampled_from(["", "s", "refusing"]),
    ),
    st.builds(Adopt, place=st.just("210500"), pack=st.sampled_from([version(2), version(3)]), refuse=st.booleans()),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(COMMANDS, BOXES), max_size=6), st.sets(BOXES, max_size=1), st.booleans())
def test_loading_what_is_missed_and_running_again_is_as_if_all_had_been_loaded(
    commands: list[tuple[Command, str]], blocked: set[str], governed: bool
) -> None:
    causes = [cause(n, command, journey) for n, (command, journey) in enumerate(commands)]
    kept, kept_at_once = (book(1), book(1)) if governed else (book(), book())
    result = loading(causes, kept, frozenset(blocked))
    at_once = run(Terms(WIRING, kept_at_once, DAY), causes, Everything(), frozenset(blocked))
    assert result.changed == at_once.changed
    assert result.facts == at_once.facts
    assert reasons(result) == reasons(at_once)
    assert result.effects == at_once.effects
    assert kept.packs == kept_at_once.packs


class Recode(Command, frozen=True, kw_only=True):
    village: VillageId
    code: str = ""


def recode(_box: Box | None, command: Recode, _policy: Policy, _today: date) -> Change:
    if not command.code:
        return Change(Box(id=command.village, place=PLACE))
    return Change(None, (VillageRecoded(place=PLACE, village=command.village, code=command.code, since=DAY),))


def test_a_code_that_an_earlier_command_gave_is_known_although_a_first_run_did_not_know_it() -> None:
    wiring = Wiring(
        [Reaction(Recode, Box, by("village"), recode), Reaction(VillageRecoded, Code, by("code"), aliased)], {}
    )
    id, code = "210502001001", "210503001001"
    causes = [cause(0, Recode(place=PLACE, village=id, code=code)), cause(1, Recode(place=PLACE, village=code))]
    result = loading(causes, book(1), wiring=wiring)
    assert not result.parked
    assert [key for key in result.changed if key[0] is Box] == [(Box, id)]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(COMMANDS, BOXES), max_size=6), st.integers(0, 6))
def test_where_a_batch_is_cut_makes_no_difference(commands: list[tuple[Command, str]], at: int) -> None:
    causes = [cause(n, command, journey) for n, (command, journey) in enumerate(commands)]
    kept, whole_book = book(1), book(1)
    whole = run(Terms(WIRING, whole_book, DAY), causes, Everything())
    first = run(Terms(WIRING, kept, DAY), causes[:at], Everything())
    blocked = {parked.cause.correlation for parked in first.parked}
    second = run(Terms(WIRING, kept, DAY), causes[at:], Everything(first.changed), blocked)
    assert {**first.changed, **second.changed} == whole.changed
    assert first.facts + second.facts == whole.facts
    assert kept.packs == whole_book.packs


# ------------------------------------------------------- order per village


def test_a_journey_waits_behind_its_first_failure_and_others_go_on() -> None:
    causes = [
        cause(0, Poke(place=PLACE, box="a"), "V1"),
        cause(1, Poke(place=PLACE, box="a", on_to=("b/fail",)), "V1"),
        cause(2, Poke(place=PLACE, box="a"), "V1"),
        cause(3, Poke(place=PLACE, box="c"), "V2"),
    ]
    result = loading(causes, book(1))
    assert box(result, "a").pokes == 1
    assert box(result, "c").pokes == 1
    waiting = result.parked[1].error
    assert isinstance(waiting, Refused)
    assert waiting.rule == "order"
    assert [parked.cause.id for parked in result.parked] == [causes[1].id, causes[2].id]


def test_a_state_that_is_as_it_was_is_not_written_again() -> None:
    loaded: dict[Key, State | None] = {(Box, "a"): Box(id="a", place=PLACE, pokes=3), (Box, "b"): None}
    again, new = (
        run(Terms(WIRING, book(1), DAY), [Cause(derived_id("test"), box, said)], loaded)
        for box in "ab"
        for said in says([f"{box}/same"])
    )
    assert again.changed == {}
    assert [*new.changed] == [(Box, "b")]


def test_a_journey_that_is_blocked_already_takes_nothing() -> None:
    causes = [cause(0, Poke(place=PLACE, box="a"), "V1"), cause(1, Poke(place=PLACE, box="b"), "V2")]
    result = loading(causes, book(1), frozenset({"V1"}))
    assert {key[1] for key in result.changed} == {"b"}
    assert [parked.cause.correlation for parked in result.parked] == ["V1"]


def test_one_message_may_concern_as_many_as_it_likes() -> None:
    many = [f"b{n}" for n in range(3 * LONGEST_CHAIN)]
    result = loading(pokes({"box": "a", "on_to": tuple(many)}), book(1))
    assert [box(result, name).heard for name in many] == [("",)] * len(many)


@pytest.mark.parametrize(
    ("named", "needed", "next_named", "next_needed"),
    [
        ("V1", "V1", "V2", "V2"),
        ("V1", "V1/team", "V2", "V2/team"),
        ("V1/well", "V1", "V2/road", "V2"),
        ("V1/2015", "V1/team", "V2/2016", "V2/team"),
    ],
)
def test_what_one_village_needed_is_loaded_along_for_the_next(
    named: str, needed: str, next_named: str, next_needed: str
) -> None:
    way = Way.of(named, needed)
    assert way is not None
    assert way.to(named) == needed
    assert way.to(next_named) == next_needed


@pytest.mark.parametrize("needed", ["V2", "V", "V1/2015", "V1/visits/3"])
def test_what_no_other_village_will_need_is_not_loaded_along(needed: str) -> None:
    assert Way.of("V1", needed) is None


def test_a_rule_that_runs_in_circles_is_stopped_and_the_rest_goes_on() -> None:
    result = loading(pokes({"box": "a", "on_to": ("b/circle",)}, {"box": "c"}), book(1))
    assert [type(parked.error) for parked in result.parked] == [RuntimeError]
    assert str(LONGEST_CHAIN) in str(result.parked[0].error)
    assert {key[1] for key in result.changed} == {"c"}


# ----------------------------------------------------------------- timers


def timed(id: str, **timers: date) -> Box:
    return Box(id=id, place=PLACE, timers=timers)


def pass_day(*states: Box, today: date = DAY, kept: PolicyBook | None = None) -> Result:
    loaded: States = {}
    for _ in range(10):
        try:
            return run_due(Terms(WIRING, kept or book(1), today), "day", states, loaded)
        except Missing as missing:
            loaded |= dict.fromkeys(missing.keys)
    raise AssertionError("it misses states for ever")


def test_timers_run_out_earliest_first_with_their_own_day() -> None:
    result = pass_day(timed("x", b=DAY - timedelta(3), a=DAY, again=DAY - timedelta(3), tell=DAY + timedelta(1)))
    assert box(result, "x").heard == ("again 2014-05-29", "b 2014-05-29", "a 2014-06-01")
    assert box(result, "x").timers == {"again": DAY + timedelta(1), "tell": DAY + timedelta(1)}


def test_the_same_day_again_makes_the_same_facts() -> None:
    states = timed("x", tell=DAY), timed("y", tell=DAY - timedelta(1))
    first, again = pass_day(*states), pass_day(*states)
    assert [fact.id for fact in first.facts] == [fact.id for fact in again.facts]
    assert len({fact.id for fact in first.facts}) == 2
    assert box(first, "z").heard == ("", "")


def test_a_timer_that_fails_is_taken_off_with_all_it_did_and_others_go_on() -> None:
    result = pass_day(timed("x", a=DAY - timedelta(1), fail=DAY), timed("y", a=DAY))
    assert box(result, "x") == Box(id="x", place=PLACE)
    assert box(result, "y").heard == ("a 2014-06-01",)
    assert [type(parked.error) for parked in result.parked] == [ZeroDivisionError]


def test_a_timer_wakes_others_unless_its_state_fails_later() -> None:
    assert pass_day(timed("x", bell=DAY), timed("y", a=DAY)).woken == [*WAKES]
    assert pass_day(timed("x", bell=DAY, fail=DAY), timed("y", bell=DAY)).woken == [*WAKES]
    assert not pass_day(timed("y", a=DAY), timed("x", bell=DAY, fail=DAY)).woken


def test_whoever_is_woken_twice_is_looked_at_on_the_earlier_day() -> None:
    early, late = DAY, DAY + timedelta(3)
    assert timed("x").woken(late).woken(early) == timed("x").woken(early).woken(late) == timed("x", woken=early)


def test_what_another_state_told_it_the_same_day_stays_when_its_own_timer_fails() -> None:
    result = pass_day(timed("x", tell=DAY), timed("z", fail=DAY))
    assert told(result) == ["z:"]
    assert box(result, "z") == Box(id="z", place=PLACE, heard=("",))


def test_a_timer_that_sets_itself_for_the_same_day_ends_the_day_all_the_same() -> None:
    result = pass_day(timed("x", stuck=DAY), timed("y", a=DAY))
    assert [str(MOST_TIMERS) in str(parked.error) for parked in result.parked] == [True]
    assert box(result, "x").timers == {}
    assert box(result, "y").heard == ("a 2014-06-01",)


def test_a_dry_run_on_a_copy_of_the_book_leaves_the_book_alone() -> None:
    kept = book(1)
    loading([cause(0, Adopt(place="210500", pack=version(2)))], copy.deepcopy(kept))
    assert kept.packs == book(1).packs
