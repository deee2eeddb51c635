"""What rules name beside their sentences, walked in the source, so that no name stands where no test comes by."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from shared.contracts import Command
from shared.contracts.values import ROLES
from shared.labels import basis
from shared.rules import _LABELS, Refused, Task
from shared.web.http import Route
from tests.support.refusals import below, rules

ROOT = Path(__file__).parents[2]


class Named(NamedTuple):
    """A text or number that is given for a parameter of a call."""

    where: str
    service: str
    call: Any
    parameter: str
    value: str | int
    commands: frozenset[str]
    """The fields of the command that the function takes in which the call stands; empty if it takes none."""


def test_every_refusal_names_a_rule_that_exists() -> None:
    assert strange("rule", lambda named: is_rule(str(named.value))) == []


def test_every_refusal_has_a_status_that_says_whether_to_correct_wait_or_look_elsewhere() -> None:
    assert strange("status", lambda named: named.call is not Refused or named.value in (404, 422)) == []


def test_every_refusal_names_a_field_of_the_command_that_it_refuses() -> None:
    assert strange("field", lambda named: not refuses(named) or named.value in (named.commands or every_field())) == []


def test_every_kind_of_state_is_called_by_another_name_in_both_languages() -> None:
    for service in SERVICES:
        names = [kind.known_as for kind in import_module(f"services.{service}.tables").TABLES.states]
        assert all(zh and not zh.isascii() and en and en.isascii() for zh, en in names), service
        assert len({zh for zh, _ in names}) == len({en for _, en in names}) == len(names), service


def test_every_role_is_one_that_people_have() -> None:
    assert strange("role", lambda named: named.value in {*ROLES, "leader", "member"}) == []


def test_every_task_asks_for_a_command_of_its_own_service() -> None:
    assert strange("action", lambda named: named.call is not Task or named.value in routes(named.service)) == []


def test_what_a_task_fills_in_is_a_field_of_its_command_and_a_role_one_that_people_have() -> None:
    wrong = []
    for path in files():
        for _, call in calls_of(path, path.read_bytes()):
            said = {keyword.arg: keyword.value for keyword in call.keywords}
            action, answer = said.get("action"), said.get("answer")
            if isinstance(action, ast.Constant) and isinstance(answer, ast.Dict):
                command = routes(path.relative_to(ROOT).parts[1])[str(action.value)].command
                for key, value in zip(answer.keys, answer.values, strict=True):
                    if isinstance(key, ast.Constant) and (
                        key.value not in command.__struct_fields__
                        or (key.value == "body" and isinstance(value, ast.Constant) and value.value not in ROLES)
                    ):
                        wrong.append(f"{path.name}:{call.lineno} {ast.unparse(key)}: {ast.unparse(value)}")
    assert wrong == []


def test_a_kind_of_thing_has_one_name_in_each_language() -> None:
    """`known` and `addressed` say in both languages what does not exist; a name that stands once is listed here."""
    zh, en = ({(one.where, one.call): str(one.value) for one in named(language)} for language in ("zh", "en"))
    pairs = {(zh[call], en[call]) for call in zh.keys() & en.keys()}
    by_chinese: dict[str, set[str]] = {}
    for chinese, english in pairs:
        if " " not in english:
            by_chinese.setdefault(chinese, set()).add(english)
    assert {zh: names for zh, names in by_chinese.items() if len(names) > 1} == {}


def test_what_can_be_overwritten_is_named_as_a_command_names_it() -> None:
    """A name that no command has would never be found, and officers would read the field's code."""
    inner = {
        name for kind in below(msgspec.Struct) if ".commands" in kind.__module__ for name in kind.__struct_fields__
    }
    assert _LABELS.keys() - inner - every_field() == {"incidence"}, "but for the figure that is computed"


def test_every_deadline_that_is_counted_or_forgotten_is_a_field_of_what_is_kept_and_its_timer_runs() -> None:
    """Else holidays would move nothing, or what is over already."""
    timers = {name for service in SERVICES for rules in due(service).values() for name in rules} | {""}
    kept = {name for kind in below(msgspec.Struct) if ".model." in kind.__module__ for name in kind.__struct_fields__}
    wrong = []
    for path in files():
        for _, call in calls_of(path, path.read_bytes()):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "counting":
                timer = [one.value for one in call.keywords if one.arg == "timer"]
                wrong += [f"{path.name}:{call.lineno} {name}" for name in map(written, call.args) if name not in kept]
                wrong += [
                    f"{path.name}:{call.lineno} {name}" for name in map(written, timer) if name not in {*timers, "id"}
                ]
    assert wrong == []


SERVICES = ("registry", "dispatch", "inspection", "incentives")


@cache
def due(service: str) -> Any:
    return import_module(f"services.{service}.reactions").DUE


def written(given: ast.expr) -> str:
    """What stands there as a text; `id`, which everything has, where it is found out as the rule runs."""
    return str(given.value) if isinstance(given, ast.Constant) else "id"


def test_every_fault_of_a_pack_names_a_place_that_packs_have() -> None:
    """Else an editor is sent to no line at all, or to the wrong one."""
    found = [one for path in CHECKS for one in places_in(path, path.read_bytes())]
    assert len(found) > 300, "nothing is walked"
    of_packs = [
        kind for kind in below(msgspec.Struct) if kind.__module__.startswith(("shared.policy", "shared.calendar"))
    ]
    known = {field.encode_name for kind in of_packs for field in msgspec.structs.fields(kind)} | {"drop"}
    known |= {"household", "village", "party"}  # Where links lead, by which a table says what only some can have.
    assert [f"{path.name}:{line} {name}" for path, line, name in found if name not in known] == []


def test_every_line_that_a_check_shows_as_an_example_is_one_that_a_file_can_have() -> None:
    found = [one for path in CHECKS for one in examples_in(path, path.read_bytes())]
    assert len(found) > 100, "nothing is walked"
    assert [f"{path.name}:{at} {line}" for path, at, line in found if line and not is_line(line)] == []


@cache
def examples_in(path: Path, source: bytes) -> tuple[tuple[Path, int, str], ...]:
    """The lines that stand as the fourth part of what a check finds, or as the `instead` of a fault."""
    given = list[ast.expr]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 4:
            given.append(node.value.elts[3])
        elif isinstance(node, ast.Call):
            given += [keyword.value for keyword in node.keywords if keyword.arg == "instead"]
    return tuple((path, one.lineno, str(line)) for one in given for line in constants(one))


def is_line(text: str) -> bool:
    try:
        return len(tomllib.loads(text)) == 1
    except tomllib.TOMLDecodeError:
        return False


CHECKS = sorted((ROOT / "shared/policy").glob("*.py"))


@cache
def places_in(path: Path, source: bytes) -> tuple[tuple[Path, int, str], ...]:
    """The names in all places of a pack that a file builds: tuples of names, numbers and the way there, and those by
    which tables are looked into."""
    nodes = [*ast.walk(ast.parse(source))]
    keys = {id(key) for node in nodes if isinstance(node, ast.Dict) for key in node.keys}
    return tuple(
        (path, part.lineno, str(part.value))
        for node in nodes
        if isinstance(node, ast.Tuple) and (id(node) in keys or any(map(is_step, node.elts)))
        for part in node.elts
        if isinstance(part, ast.Constant) and re.fullmatch("[a-z_]+", str(part.value))
    )


def is_step(part: ast.expr) -> bool:
    """Whether it is the number of an entry, or the way to it."""
    inner = part.value if isinstance(part, ast.Starred) else part
    return isinstance(inner, ast.Name) and inner.id in ("n", "m", "k", "at", "path", "where")


def test_what_a_rule_asks_a_message_for_by_name_is_a_field_that_there_is() -> None:
    """What is asked for by a name that nothing has is never found, so that the rule goes by its default."""
    fields = {name for kind in below(msgspec.Struct) for name in (*kind.__struct_fields__, *vars(kind))}
    asked = [
        (f"{path.name}:{call.lineno}", value)
        for path in files()
        for _, call in calls_of(path, path.read_bytes())
        if isinstance(call.func, ast.Name) and call.func.id == "getattr"
        for value in constants(call.args[1])
    ]
    assert asked and [(where, name) for where, name in asked if name not in fields] == []


def strange(parameter: str, fits: Any) -> list[str]:
    """What is given for a parameter somewhere and does not fit."""
    found = [*named(parameter)]
    assert found, "nothing is walked"
    return [f"{one.where} {one.parameter}={one.value!r}" for one in found if not fits(one)]


def is_rule(name: str) -> bool:
    return name.partition(":")[0] in rules() or any(basis(name))


def refuses(named: Named) -> bool:
    return named.call is Refused or "rule" in signature(named.call).parameters


@cache
def routes(service: str) -> dict[str, Route]:
    return {route.path: route for route in import_module(f"services.{service}.api").COMMANDS}


@cache
def every_field() -> frozenset[str]:
    return frozenset(field for kind in below(Command) for field in kind.__struct_fields__)


def named(parameter: str) -> Iterator[Named]:
    return (one for one in everything() if one.parameter == parameter)


def everything() -> Iterator[Named]:
    return (one for path in files() for one in of_file(path, path.read_bytes()))


def files() -> list[Path]:
    return [*sorted(ROOT.glob("services/*/model/**/*.py")), ROOT / "shared/rules.py"]


@cache
def of_file(path: Path, source: bytes) -> tuple[Named, ...]:
    return tuple(names_in(path, source))


@cache
def calls_of(path: Path, source: bytes) -> tuple[tuple[str | None, ast.Call], ...]:
    return tuple(calls(ast.parse(source), None))


def names_in(path: Path, source: bytes) -> Iterator[Named]:
    within = path.relative_to(ROOT)
    module = import_module(".".join(within.with_suffix("").parts).removesuffix(".__init__"))
    for function, call in calls_of(path, source):
        known = vars(module).get(call.func.id) if isinstance(call.func, ast.Name) else None
        if not callable(known) or get_origin(known):
            continue
        try:
            bound = signature(known).bind_partial(
                *(argument for argument in call.args if not isinstance(argument, ast.Starred)),
                **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg},
            )
        except (TypeError, ValueError):  # A generic function, or one that is made of two.
            continue
        fields = taken(vars(module).get(function)) if function else frozenset[str]()
        for parameter, given in bound.arguments.items():
            for value in constants(given):
                yield Named(f"{within}:{call.lineno}", within.parts[1], known, parameter, value, fields)


@cache
def signature(known: Any) -> inspect.Signature:
    return inspect.signature(known)


def calls(node: ast.AST, function: str | None) -> Iterator[tuple[str | None, ast.Call]]:
    """All calls, each with the outermost function that it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, child
        inner = child.name if isinstance(child, ast.FunctionDef) and function is None else function
        yield from calls(child, inner)


def constants(given: Any) -> Iterator[str | int]:
    """The texts and numbers that an argument may be."""
    if isinstance(given, ast.IfExp):
        yield from constants(given.body)
        yield from constants(given.orelse)
    elif isinstance(given, ast.Constant) and isinstance(given.value, str | int):
        yield given.value


@cache
def taken(function: Any) -> frozenset[str]:
    """The fields of the commands that a function takes, and of what lies within these."""
    hints = get_type_hints(function) if inspect.isfunction(function) else {}
    return frozenset(
        name for kind in set(structs(tuple(hints.values()))) if issubclass(kind, Command) for name in fields_of(kind)
    )


def fields_of(kind: type[msgspec.Struct]) -> set[str]:
    inner = {name for one in structs(tuple(get_type_hints(kind).values())) for name in one.__struct_fields__}
    return {*kind.__struct_fields__, *inner}


def structs(hints: Any) -> Iterator[type[msgspec.Struct]]:
    for hint in hints if isinstance(hints, tuple) else (hints,):
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield hint
        elif get_args(hint):
            yield from structs(get_args(hint))
