"""All small changes that can be made to a rule's source: what is changed, where, and the source that results.

Texts are left alone, since no rule hangs on them: whatever has a blank or a Chinese character in it, and all
f-strings. So are annotations, decorators, asserts and what makes a class.
"""

import ast
import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

N = TypeVar("N", bound=ast.AST)
_TURNED: Final = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_MOVED: Final = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_REVERSED: Final = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult}
_OPPOSITE: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_CHANGING: Final = ("but", "timed", "counting", "replace", "_replace")
"""Methods whose arguments are what changes: to leave one out is to forget a change."""
_ASKING: Final = ("addressed", "known", "may_choose", "not_ended", "standing", "unjudged")
"""Functions that refuse what is not there, and return as it is what they are given."""
_LEFT_ALONE: Final = (ast.JoinedStr, ast.Assert, ast.Import, ast.ImportFrom)


class Change(NamedTuple):
    """One change: the node of the tree that is replaced, by which of its variants, and what a reader sees of it."""

    file: str
    function: str
    """The outermost function or method that holds it; empty for what runs when the module is imported."""
    begins: int
    """The line on which that function begins, with its decorators; 0 if there is none."""
    kind: str
    lines: tuple[int, int]
    before: str
    after: str
    node: int
    variant: int

    @property
    def id(self) -> str:
        """What tells it apart in this state of its file."""
        return f"{self.file}:{self.node}.{self.variant}"


def changes(root: Path, file: str) -> list[Change]:
    """All changes of a file."""
    tree = ast.parse((root / file).read_text("utf-8"))
    numbers = {node: number for number, node in enumerate(ast.walk(tree))}
    found = []
    for node, held in _places(tree, (), ()):
        outer = held[0][1] if held else None
        for variant, (kind, new) in enumerate(_variants(node, held[-1][1] if held else None)):
            found.append(
                Change(
                    file,
                    ".".join((*held[0][0], held[0][1].name)) if held else "",
                    _begins(outer) if outer else 0,
                    kind,
                    (node.lineno, node.test.end_lineno or 0 if isinstance(node, ast.If) else node.end_lineno or 0),
                    _shown(node),
                    _shown(new),
                    numbers[node],
                    variant,
                )
            )
    return found


def changed(root: Path, change: Change) -> ast.Module:
    """The tree of its file with one change, every other node where it stood."""
    tree = ast.parse((root / change.file).read_text("utf-8"))
    nodes = list(ast.walk(tree))
    old, held = next((node, held) for node, held in _places(tree, (), ()) if node is nodes[change.node])
    _, new = list(_variants(old, held[-1][1] if held else None))[change.variant]
    for node in nodes:
        for field, value in ast.iter_fields(node):
            if value is old:
                setattr(node, field, new)
            elif isinstance(value, list) and any(one is old for one in value):
                setattr(node, field, [new if one is old else one for one in value])
    for node in ast.walk(new):  # What is new stands where the old stood.
        ast.copy_location(node, old)
    return ast.fix_missing_locations(tree)


_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Held = tuple[tuple[tuple[str, ...], _Function], ...]
"""The functions that hold a node, from the outermost on, each with the classes that hold it."""


def _places(node: ast.AST, classes: tuple[str, ...], held: _Held) -> Iterator[tuple[ast.expr | ast.stmt, _Held]]:
    """All nodes that may be changed, each with the functions that hold it."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "keywords") and not isinstance(node, ast.Call):
            continue
        if field == "args" and isinstance(value, ast.arguments):  # Defaults are made at import, and say little.
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, _LEFT_ALONE) or _is_text(child):
                continue
            if isinstance(child, ast.ClassDef):
                yield from _places(child, (*classes, child.name), held)
            elif isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) == "__all__":
                continue  # ruff holds that each name in it is defined.
            elif isinstance(child, _Function):
                yield from _places(child, classes, (*held, (classes, child)))
            else:
                if isinstance(child, ast.expr | ast.stmt):
                    yield child, held
                yield from _places(child, classes, held)


def _is_text(node: ast.AST) -> bool:
    """Whether it is a docstring, or what people read."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and (" " in text or not text.isascii())


def _begins(function: _Function) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _shown(node: ast.AST) -> str:
    """A node's first line as people read it."""
    return ast.unparse(node).partition("\n")[0][:110]


def _variants(node: ast.expr | ast.stmt, within: _Function | None) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    """What can be put in a node's place, each with its kind."""
    for kind, offer in _OFFERS.items():
        for new in offer(node):
            if kind == "return" and within and _keeps_nothing(new) and _leaves(node, within):
                continue
            yield kind, new
    names = [argument.arg for argument in within.args.args] if within else []
    if "due" in names:
        today = next((name for name in names if name.lstrip("_") == "today"), "")
        yield from (("day", new) for new in _days(node, today))


def _keeps_nothing(new: ast.expr | ast.stmt) -> bool:
    """Whether it returns a change without a state."""
    value = new.value if isinstance(new, ast.Return) else None
    return isinstance(value, ast.Call) and ast.unparse(value.args[0]) == "None"


def _leaves(node: ast.expr | ast.stmt, within: _Function) -> bool:
    """Whether it returns the state as the rule was given it: a rule that returns none leaves it as it is too."""
    value = node.value if isinstance(node, ast.Return) else None
    if within.name.startswith("_") or not isinstance(value, ast.Call) or ast.unparse(value.func) != "Change":
        return False
    given = within.args.args[0].arg if within.args.args else ""
    anew = [one for one in ast.walk(within) if isinstance(one, ast.stmt) and given in _names_stored(one)]
    return ast.unparse(value.args[0]) == given and not any(one.lineno < node.lineno for one in anew)


def _names_stored(node: ast.stmt) -> set[str]:
    """The names to which a statement gives another value, not counting those of which it only asks that they be."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in _ASKING:
        return set()
    parts = [part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.stmt)]
    named = [one for part in parts for one in ast.walk(part) if isinstance(one, ast.Name)]
    return {one.id for one in named if isinstance(one.ctx, ast.Store)}


def _comparison(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        for n, operator in enumerate(node.ops):
            yield _with(node, ops=[*node.ops[:n], _TURNED[type(operator)](), *node.ops[n + 1 :]])


def _boundary(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        for n, operator in enumerate(node.ops):
            if moved := _MOVED.get(type(operator)):
                yield _with(node, ops=[*node.ops[:n], moved(), *node.ops[n + 1 :]])


def _logic(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        for n in range(len(node.values)):
            rest = [*node.values[:n], *node.values[n + 1 :]]
            yield rest[0] if len(rest) == 1 else _with(node, values=rest)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _constant(node: ast.AST) -> Iterator[ast.expr]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value + 1.0)
    elif isinstance(value, str):
        yield ast.Constant(f"{value}x")


def _arithmetic(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and (reverse := _REVERSED.get(type(node.op))):
        yield _with(node, op=reverse())
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (other := _OPPOSITE.get(node.func.id)):
        yield _with(node, func=ast.Name(other, ast.Load()))


def _branch(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.If):
        yield _with(node, test=ast.Constant(False))
        yield _with(node, test=ast.Constant(True))
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        for n, loop in enumerate(node.generators):
            if loop.ifs:
                bare = ast.comprehension(loop.target, loop.iter, [], loop.is_async)
                yield _with(node, generators=[*node.generators[:n], bare, *node.generators[n + 1 :]])


def _argument(node: ast.AST) -> Iterator[ast.expr]:
    if not isinstance(node, ast.Call):
        return
    alike = isinstance(node.func, ast.Name) and node.func.id in _OPPOSITE  # The order says nothing there.
    for n, (left, right) in enumerate([] if alike else zip(node.args, node.args[1:], strict=False)):
        readable = (ast.Constant, ast.JoinedStr, ast.Starred)
        if not isinstance(left, readable) and not isinstance(right, readable):
            yield _with(node, args=[*node.args[:n], right, left, *node.args[n + 2 :]])
    if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
        for n in range(len(node.keywords)):
            yield _with(node, keywords=[*node.keywords[:n], *node.keywords[n + 1 :]])


def _return(node: ast.AST) -> Iterator[ast.stmt]:
    if not isinstance(node, ast.Return) or node.value is None:
        return
    value = node.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Change":
        if len(value.args) > 1:  # Nothing is told, or nothing is kept.
            yield ast.Return(_with(value, args=value.args[:1]))
            yield ast.Return(_with(value, args=[ast.Constant(None), *value.args[1:]]))
        elif not isinstance(value.args[0], ast.Constant):
            yield ast.Return(_with(value, args=[ast.Constant(None)]))
    elif not isinstance(value, ast.Constant):
        yield ast.Return(ast.Constant(None))


def _statement(node: ast.AST) -> Iterator[ast.stmt]:
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.YieldFrom | ast.Yield)
    again = isinstance(node, ast.Assign) and {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)} & {
        n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)
    }
    if is_call or again or isinstance(node, ast.AugAssign | ast.Raise):
        yield ast.Pass()


def _days(node: ast.AST, today: str) -> Iterator[ast.expr]:
    """Today instead of the day on which the timer was due, and the other way: what differs after an outage."""
    if isinstance(node, ast.Name) and node.id == today and isinstance(node.ctx, ast.Load):
        yield ast.Attribute(ast.Name("due", ast.Load()), "on", ast.Load())
    if today and isinstance(node, ast.Attribute) and node.attr == "on" and ast.unparse(node.value) == "due":
        yield ast.Name(today, ast.Load())


_OFFERS: Final = {
    "comparison": _comparison, "boundary": _boundary, "logic": _logic, "constant": _constant,
    "arithmetic": _arithmetic, "branch": _branch, "argument": _argument, "return": _return, "statement": _statement,
}  # fmt: skip
KINDS: Final[Sequence[str]] = (*_OFFERS, "day")


def _with(node: N, **fields: object) -> N:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new
