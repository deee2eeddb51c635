"""Strict checks of HTTP requests: nothing is guessed or converted, and nothing unknown is ignored."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
from litestar import Request, Response
from litestar.enums import ParamType
from litestar.handlers import HTTPRouteHandler
from msgspec import inspect

from shared import secrecy
from shared.contracts import Command
from shared.contracts.values import SAID, SeenVersion
from shared.divisions import is_village, jurisdiction_of
from shared.engine.requests import IDEMPOTENCY_KEY
from shared.rules import Refused
from shared.secrecy import classified_in, is_classified, may_be_classified
from shared.web.problems import Fault, Unfit

BIGGEST = 10**15 - 1
"""The largest number in an address. Larger ones are not kept exactly by every reader of JSON."""
MOST_COMMANDS = Command.at_once
"""The most commands in one request, unless the command sets its own `at_once`."""
LARGEST_BODY = 8 * 2**20
"""The most bytes of a request other than a file. A single command is far smaller than a NATS message (1 MiB)."""
MOST_VALUES = 200_000
"""The most values in one request, estimated by the commas of its body: a hundred for each of 2000 commands."""
DEEPEST = 32
"""The deepest nesting of lists and mappings in a field of free content, such as a policy pack."""
QUICK = 2**16
"""Bytes that are decoded within a few milliseconds. Larger bodies are decoded in a thread."""
LONGEST = 500
"""The most characters of a text in an address."""
MOST_FAULTS = 200
"""The most faults that one answer lists; of the rest it gives only the number."""

KEY = r"^[!-~][ -~]{6,178}[!-~]$"
"""The pattern of an Idempotency-Key: printable ASCII without spaces at the ends, since it goes into logs and an
index."""

IF_MATCH = "If-Match"
"""The header by which the sender of one command says which version of a state he saw."""

# ---------------------------------------------------------------- the address


async def strict(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Raise Unfit for whatever a route does not declare: unknown or repeated parameters, values in a wrong form and,
    for commands, a body that is not JSON. Raise Refused for a question about a division of another replica, of which
    nothing is known here. OPTIONS is answered here.
    """
    if request.method == "OPTIONS":
        return Response(None, status_code=204, headers={"Allow": _methods(request)})
    faults = [*_query_faults(request), *_path_faults(request), *_header_faults(request)]
    # A parameter that takes a whole path begins with a slash.
    if any(_unseen(value) or len(value.lstrip("/")) > LONGEST for value in map(str, request.path_params.values())):
        zh = f"地址中的编号超过 {LONGEST} 个字符、有控制字符，或编码不是 UTF-8"
        en = f"an id in the address exceeds {LONGEST} characters, holds control characters, or is not UTF-8"
        faults.append(Fault(0, "schema", zh, en, "path"))
    elif any(map(is_classified, map(str, request.path_params.values()))):
        faults.append(Fault(0, secrecy.RULE, secrecy.ZH, secrecy.EN, "path", basis=secrecy.BASIS))
    if faults:
        raise Unfit(faults)
    if elsewhere := _elsewhere(request):
        raise elsewhere
    if "command" in request.route_handler.opt:
        media_type, said = request.content_type
        foreign = {name: value for name, value in said.items() if (name, value.lower()) != ("charset", "utf-8")}
        if media_type != "application/json" or foreign or "content-encoding" in request.headers:
            zh, en = "请求内容须为 JSON，请注明请求头“Content-Type: application/json”", "must be JSON: application/json"
            raise Unfit([Fault(0, "schema", zh, en, "Content-Type")], status=415)
        if not await request.body():
            zh, en = "请求没有内容，应为命令的列表：[ … ]", "there is no body; send an array of commands: [ … ]"
            raise Unfit([Fault(0, "schema", zh, en)])
    return None


VILLAGE = "/v1/villages/{id:path}"
"""The one address at which an id is that of a village."""


def _elsewhere(request: Request[Any, Any, Any]) -> Refused | None:
    """The refusal (421) of a question about a division or a village of another replica. A question about a province is
    not refused: each replica answers its part. The console uses this too, and has neither a pipeline nor replicas."""
    pipeline, path = getattr(request.app.state, "pipeline", None), request.path_params
    village = path.get("village") or (path["id"] if VILLAGE in request.route_handler.paths else "")
    if is_village(about := path.get("about", "")):  # A journal may be of something else, whose id is no code.
        village = about
    place = str(path.get("place") or village or request.query_params.get("place", "")).lstrip("/")
    return pipeline.share.elsewhere(jurisdiction_of(place)) if pipeline and place.isdecimal() else None


def _methods(request: Request[Any, Any, Any]) -> str:
    """The methods of an address, over all its handlers. The framework's own answer names those of one handler only."""
    of_path = (
        route for route in request.app.routes if getattr(route, "path_format", "") == request.scope["path_template"]
    )
    return ", ".join(sorted({method for route in of_path for method in getattr(route, "methods", ())}))


def _query_faults(request: Request[Any, Any, Any]) -> Iterator[Fault]:
    declared, seen = _declared(request.route_handler), set[str]()
    for name, value in request.query_params.multi_items():
        if name not in declared:
            names = "、".join(declared) or "无"
            zh = f"没有查询参数“{_brief(name)}”，可用的有：{names}"
            en = f"there is no query parameter {_brief(name)!r}; there are: {', '.join(declared) or 'none'}"
            yield Fault(0, "schema", zh, en, _brief(name))
            continue
        single, (pattern, zh, en, _) = declared[name]
        if single and name in seen:
            yield Fault(0, "schema", "此查询参数只能出现一次", "this query parameter may stand once only", name)
        elif is_classified(value):
            yield Fault(0, secrecy.RULE, secrecy.ZH, secrecy.EN, name, basis=secrecy.BASIS)
        elif not re.fullmatch(pattern, value) or _unseen(value):
            yield Fault(0, "schema", zh, en, name)
        seen.add(name)


def _path_faults(request: Request[Any, Any, Any]) -> Iterator[Fault]:
    for name, (_, (pattern, zh, en, _)) in _declared(request.route_handler, ParamType.PATH).items():
        if not re.fullmatch(pattern, str(request.path_params[name])):
            yield Fault(0, "schema", zh, en, name)


def _header_faults(request: Request[Any, Any, Any]) -> Iterator[Fault]:
    keys = request.headers.getall(IDEMPOTENCY_KEY, [])
    if len(keys) > 1 or any(not re.fullmatch(KEY, key) for key in keys):
        zh = "请求编号应为一个，由 8 至 180 个英文字母、数字或符号组成"
        yield Fault(0, "schema", zh, "one key of 8 to 180 printable ASCII characters", IDEMPOTENCY_KEY)
    if len(request.headers.getall(IF_MATCH, [])) > 1:
        yield Fault(0, "schema", "只能出现一次", "may stand once only", IF_MATCH)


def expecting(seen: str | None, commands: Sequence[Command]) -> Sequence[Command]:
    """The commands of a request, with the version from its header `If-Match`. Raises Unfit if that is no version as we
    write it, and Refused if it does not go with these commands."""
    if seen is None:
        return commands
    if not re.fullmatch(_ETAG, seen):
        zh = "应为查询所得的一个“ETag”，原样填写，连同引号"
        raise Unfit([Fault(0, "schema", zh, "must be one ETag as a query answered it, with its quotes", IF_MATCH)])
    if len(commands) != 1:
        zh = "只能随一条命令提交；多条命令请在各条的“expects”中分别填写"
        en = "goes with one command; of several, each says `expects`"
        raise Refused("schema", zh, en, field=IF_MATCH, status=422)
    if commands[0].expects not in (None, version := seen[1:-1]):
        zh, en = "与命令中的“expects”不同，请只填一处", "differs from `expects` of the command; say one of them"
        raise Refused("schema", zh, en, field=IF_MATCH, status=422)
    return [msgspec.structs.replace(commands[0], expects=version)]


_ETAG = str(get_args(SeenVersion)[1].pattern).replace("^", '^"', 1).replace(r"$(?!\n)", '"$')


class Spelt(NamedTuple):
    """How a value in an address is spelt."""

    pattern: str
    zh: str
    en: str
    limits: Mapping[str, Any] = {}
    """What the OpenAPI document says of it, as far as the framework does not know it."""


_WHOLE = Spelt("[0-9]{1,15}", "应为数字，最多 15 位", "must be digits, 15 at most", {"minimum": 0, "maximum": BIGGEST})
_SPELLING: dict[Any, Spelt] = {
    bool: Spelt("true|false", "只能填“true”或“false”", "must be true or false"),
    int: _WHOLE,
    int | None: _WHOLE,
    date | None: Spelt(
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "应为日期：年4位、月2位、日2位，中间用“-”隔开",
        "must be a date: year, month and day, as YYYY-MM-DD",
    ),
}
_ANY_TEXT = Spelt(
    rf"[\s\S]{{0,{LONGEST}}}",
    f"最多 {LONGEST} 个字符，不能有控制字符",
    f"{LONGEST} characters at most, and no control characters",
    {"maxLength": LONGEST, "pattern": r"^[^\x00-\x1f\x7f-\x9f\ufffd]*$"},
)


@cache
def _declared(handler: HTTPRouteHandler, kind: ParamType = ParamType.QUERY) -> dict[str, tuple[bool, Spelt]]:
    """The query parameters of a route, or those parts of its path that have a pattern: whether each may be given only
    once, and how it is spelt.

    The parameters of the route's dependencies are among them.
    """
    found: dict[str, tuple[bool, Spelt]] = {}
    own = handler.parsed_fn_signature.parameters
    provided = [one.parsed_fn_signature for name, one in handler.resolve_dependencies().items() if name in own]
    for name, field in [*own.items(), *(item for one in provided for item in one.parameters.items())]:
        asked = field.kwarg_definition
        patterned = _patterned(asked, field.annotation)
        if getattr(asked, "param_type", None) is kind and (patterned or kind is ParamType.QUERY):
            several = field.is_non_string_sequence or any(f.is_non_string_sequence for f in field.inner_types)
            told = patterned or _SPELLING.get(field.annotation, _ANY_TEXT)
            if choices := [*_choices(field.annotation)]:
                zh, en = f"可填：{'、'.join(choices)}", f"one of {', '.join(choices)}"
                told = Spelt("|".join(choices), zh, en, {"enum": choices})
            found[getattr(asked, "name", None) or name] = not several, told
    return found


def _patterned(asked: Any, annotation: Any) -> Spelt | None:
    """How a parameter with a pattern is spelt, or each of several values; None without a pattern. The words come from
    the parameter's description, or with a type of the contracts from `SAID`."""
    for one in (asked, *getattr(annotation, "__metadata__", ())):
        if pattern := getattr(one, "pattern", None):
            zh, en = one.description.split(" · ") if one is asked else SAID[pattern]
            return Spelt(pattern, f"应为{zh}", f"must be {en}", {"maxLength": LONGEST, "pattern": pattern})
    return next((told for part in get_args(annotation) if (told := _patterned(None, part))), None)


def _choices(annotation: Any) -> Iterator[str]:
    """The allowed words of a parameter that is a Literal; none for other types."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    for part in get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ():
        yield from _choices(part)


def spelling(handler: HTTPRouteHandler, name: str) -> dict[str, Any]:
    """The limits of a parameter that `strict` checks, for the OpenAPI document: the framework does not know them."""
    if name in (IDEMPOTENCY_KEY, IF_MATCH):
        return {"pattern": KEY if name == IDEMPOTENCY_KEY else _ETAG}
    single, spelt = _declared(handler).get(name, (True, _ANY_TEXT))
    limits = dict(spelt.limits)
    return limits if single else {"type": "array", "items": {"type": "string"} | limits}


def _unseen(text: str) -> bool:
    """Whether a text has control characters, lone surrogates, or U+FFFD, which replaces bytes that were not UTF-8."""
    return any(
        ord(char) < 32 or 127 <= ord(char) < 160 or char == "\ufffd" or "\ud800" <= char <= "\udfff" for char in text
    )


def _brief(text: str) -> str:
    return "".join(char for char in text[:40] if char.isprintable() and char != "\ufffd")


# ------------------------------------------------------------------- the body


class StrictRequest(Request[Any, Any, Any]):
    """A request whose body is decoded as an array of the route's commands, if the route takes commands."""

    async def json(self) -> Any:
        """The commands in the body. Raises Unfit with all faults."""
        command, body = self.route_handler.opt["command"], await self.body()
        return decode(body, command) if len(body) <= QUICK else await asyncio.to_thread(decode, body, command)


def decode(body: bytes, command: type[Command]) -> list[Command]:
    """Decode an array of commands, each by itself, so that the faults of all rows are found. Raises Unfit."""
    if body.count(b",") > MOST_VALUES:
        zh = f"请求内容过多，一次最多 {MOST_VALUES} 项，请分批提交"
        en = f"the request says too much; {MOST_VALUES} values in one at most; send it in parts"
        raise Unfit([Fault(0, "schema", zh, en)], status=413)
    try:
        rows = _ROWS.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Unfit([_whole(error)]) from error
    if may_be_classified(body):
        _refuse_classified(rows)
    if len(rows) > command.at_once:
        zh = f"一次最多提交 {command.at_once} 条，此请求有 {len(rows)} 条，请分批提交"
        en = f"{command.at_once} commands in one request at most, and this one has {len(rows)}; send it in parts"
        raise Unfit([Fault(0, "schema", zh, en)], status=413)
    decoder, found, faults, untold = _decoder(command), list[Command](), list[Fault](), 0
    for number, row in enumerate(rows):
        try:
            found.append(decoder.decode(row))
            wrong = None if _is_all_of(found[-1], row) else _overlooked(row, command)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            told = _faults(number, row, command, error)
        else:
            told = [Fault(number, "schema", *wrong)] if wrong else []
        faults += told[: MOST_FAULTS - len(faults)]
        untold += len(told)
    if faults:
        raise Unfit(faults, total=untold)
    return found


def _refuse_classified(rows: Sequence[msgspec.Raw]) -> None:
    """Refuse a request of which any row bears a mark of classification, without repeating what it says."""
    found: list[Fault] = []
    for number, row in enumerate(rows):
        with suppress(msgspec.DecodeError, RecursionError, ValueError):  # What cannot be read is refused anyway.
            found += [
                Fault(number, secrecy.RULE, secrecy.ZH, secrecy.EN, path[:LONGEST] or None, basis=secrecy.BASIS)
                for path in classified_in(msgspec.json.decode(row))
            ]
    if found:
        raise Unfit(found[:MOST_FAULTS], total=len(found))


_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


@cache
def _decoder(command: type[Command]) -> msgspec.json.Decoder[Command]:
    return msgspec.json.Decoder(command)


class _Inside(NamedTuple):
    """What a command contains."""

    shape: inspect.StructType
    nested: bool
    """Whether it contains other structs."""
    is_open: bool
    """Whether a field takes free content, such as a pack."""
    omits: bool
    """Whether it is encoded without any field that has its default, in inner structs as well."""


@cache
def _inside(command: type[Command]) -> _Inside:
    shape = inspect.type_info(command)
    assert isinstance(shape, inspect.StructType)
    inner = [*_structs(shape)]
    return _Inside(
        shape,
        nested=len(inner) > 1,
        is_open="AnyType" in repr(shape),
        omits=all(each.cls.__struct_config__.omit_defaults or not _has_defaults(each) for each in inner),
    )


def _structs(shape: inspect.Type) -> Iterator[inspect.StructType]:
    """A struct with all that it contains."""
    for part in _parts(shape):
        if isinstance(part, inspect.StructType):
            yield part
            within = [field.type for field in part.fields]
        else:
            within = [getattr(part, name) for name in ("item_type", "value_type") if hasattr(part, name)]
            within += getattr(part, "item_types", ())
        for one in within:
            yield from _structs(one)


def _has_defaults(struct: inspect.StructType) -> bool:
    return not all(field.required for field in struct.fields)


def _is_all_of(command: Command, row: msgspec.Raw) -> bool:
    """Whether everything in a row was certainly decoded: it has no name twice, and no unknown name inside.

    It counts quotation marks: if something was dropped, the command has fewer of them when it is encoded again. Nearly
    all rows pass, in a tenth of the time that comparing names takes. False means only that it cannot tell: if a text
    has a backslash, if the row gives a default, or if encoding would add one.
    """
    _, _, is_open, omits = _inside(type(command))
    text = bytes(row)
    return omits and not is_open and b"\\" not in text and text.count(b'"') == _encode(command).count(b'"')


_encode = msgspec.json.Encoder().encode


def _overlooked(row: msgspec.Raw, command: type[Command]) -> tuple[str, str, str | None] | None:
    """A fault that msgspec does not report: a name twice in one object, an unknown field in an inner struct, or too
    deep nesting. None if there is none.
    """
    shape, nested, is_open, _ = _inside(command)
    text, again = bytes(row), list[str]()

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            again.extend(name for n, (name, _) in enumerate(pairs) if name in dict(pairs[:n]))
        return found

    said = msgspec.json.decode(text)
    if b"\\" in text or text.count(b'"') != _encode(said).count(b'"'):  # A name that stands twice is encoded once.
        # Numbers stay texts: they do not matter here, and converting one of thousands of digits is slow.
        said = json.loads(text, object_pairs_hook=note, parse_int=str, parse_float=str)
    if again:
        return f"字段 {_brief(again[0])} 出现两次", f"the field {_brief(again[0])!r} stands twice", _brief(again[0])
    if nested and (stranger := next(_strangers(said, shape, ""), "")):
        name = stranger.rsplit(".", 1)[-1]
        return f"没有字段 {name}，请检查拼写", f"there is no field {name!r}", stranger
    if is_open and _levels(said) > DEEPEST:
        return f"嵌套超过 {DEEPEST} 层", f"nested deeper than {DEEPEST} levels", None
    return None


def _strangers(said: Any, shape: inspect.Type, path: str) -> Iterator[str]:
    """The paths of unknown fields in inner structs. msgspec refuses unknown fields only in the command itself."""
    if isinstance(said, dict):
        of = next((part for part in _parts(shape) if isinstance(part, (inspect.StructType, inspect.DictType))), None)
        fields = {field.encode_name: field.type for field in getattr(of, "fields", ())}
        for name, value in said.items():
            if isinstance(of, inspect.DictType):
                yield from _strangers(value, of.value_type, f"{path}.{_brief(name)}".lstrip("."))
            elif of and name not in fields:
                yield f"{path}.{_brief(name)}".lstrip(".")
            elif of and isinstance(value, (dict, list)):
                yield from _strangers(value, fields[name], f"{path}.{name}".lstrip("."))
    elif isinstance(said, list):
        item = next((part.item_type for part in _parts(shape) if hasattr(part, "item_type")), None)
        for n, value in enumerate(said):
            if item and isinstance(value, dict):
                yield from _strangers(value, item, f"{path}[{n}]")


def _levels(value: Any) -> int:
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max(map(_levels, value.values() if isinstance(value, dict) else value), default=0)


# ---------------------------------------------------------- what is wrong with it


def _whole(error: Exception) -> Fault:
    """The fault of a body that cannot be read as an array of commands at all."""
    if isinstance(error, RecursionError):
        return Fault(0, "schema", "嵌套层数过多", "nested too deeply")
    if "out of range" in str(error):
        return Fault(0, "schema", "有数值超出范围", "a number is out of range")
    if isinstance(error, msgspec.ValidationError):
        return Fault(0, "schema", "请求内容应为命令的列表：[ … ]", "the body must be an array of commands: [ … ]")
    return Fault(0, "schema", f"请求不是有效的 JSON{_byte(error)}", f"not valid JSON: {error}")


def _byte(error: Exception) -> str:
    place = re.search(r"byte (\d+)", str(error))
    return f"（第 {place[1]} 字节）" if place else ""


def _faults(number: int, row: msgspec.Raw, command: type[Command], error: Exception) -> list[Fault]:
    """All faults of one row. Each field is decoded by itself, since the decoder stops at the first fault."""
    try:
        said = msgspec.json.decode(row)
    except (msgspec.DecodeError, RecursionError, ValueError) as broken:
        return [msgspec.structs.replace(_whole(broken), row=number)]
    shape = inspect.type_info(command)
    assert isinstance(shape, inspect.StructType)
    if not isinstance(said, dict):
        zh, en = (
            f"应为一条命令，即一组字段，实为{_kind(said)[0]}",
            f"must be a command, an object, and is {_kind(said)[1]}",
        )
        return [Fault(number, "schema", zh, en)]
    fields = {field.encode_name: field for field in shape.fields}
    faults = [
        Fault(
            number,
            "schema",
            f"没有字段 {_brief(name)}，请检查拼写",
            f"there is no field {_brief(name)!r}",
            _brief(name),
        )
        for name in said
        if name not in fields
    ]
    for name, field in fields.items():
        if name in said:
            faults += _field_faults(number, name, said[name], command, field)
        elif field.required:
            faults.append(Fault(number, "schema", f"缺少字段 {name}", f"the field {name!r} is missing", name))
    # If each field is right, the fault lies in how several of them fit together, which the struct checks.
    return faults or [Fault(number, "schema", *explained(str(error), shape))]


def _field_faults(number: int, name: str, value: Any, command: type[Command], field: inspect.Field) -> Iterator[Fault]:
    try:
        msgspec.convert(value, _annotations(command)[name], strict=True)
    except (msgspec.ValidationError, RecursionError, ValueError) as error:
        zh, en, inner = explained(str(error), field.type, value)
        yield Fault(
            number, "schema", zh, en, name + (inner if inner[:1] in ("", "[") else f".{inner}") if inner else name
        )


@cache
def _annotations(command: type[Command]) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(command)}


def explained(message: str, shape: inspect.Type, value: Any = ...) -> tuple[str, str, str | None]:
    """An error message of msgspec in words: Chinese, English, and the path of the value; None for the value itself."""
    place = re.search(r" - at (key in )?`\$\.?(.*)`$", message)
    path, is_key = (place[2], bool(place[1])) if place else ("", False)
    text = message[: place.start()] if place else message
    leaf = _leaf(shape, path, is_key)
    if found := re.match(r"Object (missing required|contains unknown) field `(.+)`", text):
        zh, en = _FIELD[found[1]]
        return zh.format(_brief(found[2])), en.format(_brief(found[2])), f"{path}.{found[2]}".strip(".")
    if found := re.match(r"`(\w+)` must lie between (\S+) and (\S+), not on (\S+)", text):
        return f"日期应在 {found[2]} 至 {found[3]} 之间", f"must lie between {found[2]} and {found[3]}", found[1]
    zh, en = expected(leaf)
    wrong = re.search(r", got `(\w+)`", text)
    kind = _KINDS.get(wrong[1]) if wrong else None
    if not zh:
        return "内容不符合要求", text, path or None
    return (
        f"应为{zh}" + (f"，实为{kind[0]}" if kind else ""),
        f"must be {en}" + (f", and is {kind[1]}" if kind else ""),
        path,
    )


_FIELD = {
    "missing required": ("缺少字段 {}", "the field {!r} is missing"),
    "contains unknown": ("没有字段 {}，请检查拼写", "there is no field {!r}"),
}
_KINDS = {
    "str": ("文字", "text"),
    "int": ("整数", "a whole number"),
    "float": ("小数", "a number"),
    "bool": ("是否值", "true or false"),
    "array": ("列表", "an array"),
    "object": ("一组字段", "an object"),
    "null": ("空值", "null"),
    "date": ("日期", "a date"),
}
_PYTHON = {str: "str", int: "int", float: "float", bool: "bool", list: "array", dict: "object", type(None): "null"}


def _kind(value: Any) -> tuple[str, str]:
    return _KINDS[_PYTHON[type(value)]]


def _leaf(shape: inspect.Type, path: str, is_key: bool) -> inspect.Type | None:
    """The type at a path in msgspec's notation, such as `steps[2].by`."""
    found: inspect.Type | None = shape
    for step in re.findall(r"\[[^]]*\]|[^.\[\]]+", path):
        found = next((inner for part in _parts(found) for inner in [_step(part, step)] if inner), None)
    if is_key:
        return next((part.key_type for part in _parts(found) if isinstance(part, inspect.DictType)), None)
    return found


def _parts(shape: inspect.Type | None) -> Sequence[inspect.Type]:
    if isinstance(shape, inspect.UnionType):
        return [part for part in map(_plain, shape.types) if not isinstance(part, inspect.NoneType)]
    return [_plain(shape)] if shape else []


def _plain(shape: inspect.Type) -> inspect.Type:
    return shape.type if isinstance(shape, inspect.Metadata) else shape


def _step(shape: inspect.Type, step: str) -> inspect.Type | None:
    if isinstance(shape, inspect.StructType):
        return next((field.type for field in shape.fields if field.encode_name == step), None)
    if isinstance(shape, inspect.DictType):
        return shape.value_type
    if isinstance(shape, inspect.TupleType) and step.strip("[]").isdigit():
        return shape.item_types[int(step.strip("[]"))]
    return getattr(shape, "item_type", None)


def expected(shape: inspect.Type | None) -> tuple[str, str]:
    """What a type requires, in Chinese and English; empty if it cannot be said briefly."""
    told = [words for part in _parts(shape) for words in [_words(part)] if words]
    return "或".join(zh for zh, _ in told), " or ".join(en for _, en in told)


def _words(shape: inspect.Type) -> tuple[str, str] | None:
    if isinstance(shape, inspect.StrType):
        zh, en = SAID.get(shape.pattern or "", ("文字", "text"))
        least, most = shape.min_length or 0, shape.max_length
        if most is None or re.search(r"\d", zh):
            return zh, en
        return f"{zh}，{least} 至 {most} 个字符", f"{en}, {least} to {most} characters"
    if isinstance(shape, (inspect.IntType, inspect.FloatType)):
        zh, en = ("整数", "a whole number") if isinstance(shape, inspect.IntType) else ("数", "a number")
        if shape.ge is not None and shape.le is not None:
            return f"{zh}，{shape.ge} 至 {shape.le}", f"{en} from {shape.ge} to {shape.le}"
        return (f"{zh}，不小于 {shape.ge}", f"{en}, {shape.ge} at least") if shape.ge is not None else (zh, en)
    if isinstance(shape, inspect.LiteralType):
        return f"下列之一：{'、'.join(map(str, shape.values))}", f"one of: {', '.join(map(str, shape.values))}"
    if isinstance(shape, (inspect.ListType, inspect.VarTupleType, inspect.DictType)):
        zh, en = ("一组字段", "an object") if isinstance(shape, inspect.DictType) else ("列表", "an array")
        most = getattr(shape, "max_length", None)
        return (f"{zh}，最多 {most} 项", f"{en} of {most} at most") if most else (zh, en)
    return next((words for kind, words in _SIMPLE.items() if isinstance(shape, kind)), None)


_SIMPLE: dict[type[inspect.Type], tuple[str, str]] = {
    inspect.BoolType: ("是（“true”）或否（“false”）", "true or false"),
    inspect.DateType: ("有效日期，如“2014-06-30”", "a date, such as 2014-06-30"),
    inspect.StructType: ("一组字段", "an object"),
    inspect.TupleType: ("列表", "an array"),
}
