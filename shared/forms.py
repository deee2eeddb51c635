"""Excel forms made from commands: the columns come from the command's struct, and a filled row becomes the command.

A struct says which fields there are, their types and bounds, and which may be left out. A `Heading` adds what the
struct cannot say: the officers' name for a field, its place among the columns, and what officers are told while they
fill it in. The choices of drop-downs are those of the policy packs in force.

A column's field is the command's field; `household.income` is the field `income` of the command's `household`.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from shared.contracts import Command
from shared.contracts.values import Code, PartyId, Place, VillageId
from shared.divisions import LABELS, place_of
from shared.labels import awaited, label
from shared.policy import Policy
from shared.rules import Difference, Refused, State, Task
from shared.workbook import CellError, Column, Form, Kind, Note, Row

Labels = Mapping[str, str]
"""The entries of a drop-down, each with its value."""
Known = Mapping[str, Any]
"""What is known of a row before it is filled in, by field."""
MOST_TOGETHER = 5000
"""The most rows that become one command."""


class Heading(NamedTuple):
    """What a command's struct cannot say of a field."""

    field: str
    title: str
    en: str
    help_zh: str = ""
    help_en: str = ""
    once: tuple[str, ...] = ()
    """Headings in earlier versions of the form, which are still accepted."""
    required: bool | None = None
    """None: as the struct says."""
    pattern: str | None = None
    """Stricter than the field's own."""
    choices: str | Labels = ""
    """The labels of a code: a kind of code that packs have words for, such as `survey_kind`, or the labels themselves.
    By default the field's own name is the kind of code."""
    kind: Kind | None = None
    """None: as the struct says, or a text where the cell is no field of the command."""
    many: bool = False
    """Whether a cell that is no field of the command takes several values."""
    spare: bool = False
    prefilled: bool = False
    suggested: bool = False


PLACE = Heading("place", "区划代码", "Division", prefilled=True)
VILLAGE = Heading("village", "村代码", "Village code", prefilled=True)
NAME = Heading("name", "村名", "Village", required=False, spare=True, prefilled=True)
"""It is a spare column, so forms that were issued without it are still accepted."""
TASK = Heading("task", "事项", "Matter", required=False, prefilled=True)
DUE = Heading("due", "办理期限", "Due", required=False, prefilled=True, kind="date")
BODY = Heading("body", "办理主体", "Body", prefilled=True)
OWED = (PLACE, VILLAGE, NAME, TASK, DUE, BODY)
"""What is known of most open tasks: where, what, until when, and by which body it is to be answered."""


def by(field: str, title: str, en: str) -> Heading:
    """The column of an organ that signs, with the same help for all such columns."""
    return Heading(
        field,
        title,
        en,
        "填机关名称，有文件的写明文号；不填个人姓名。",
        "The organ, and its document if there is one; never a person.",
    )


WHICH_VILLAGE = Heading("village", "村代码", "Village code", "现行的12位代码。", "The present one, of 12 digits.")
WHY = Heading("reason", "原因", "Reason", "2至500字，不写个人姓名。", "2 to 500 characters; names no person.")
DECIDED = by("decided_by", "决定机关及文号", "Decided by")


def lies_there(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The place of a row that names a village and no division."""
    return {"place": place_of(row["village"])}


def level(policies: Sequence[Policy]) -> Iterator[Heading]:
    """The column of a division's level, by the names that the packs have for it."""
    levels = {policy.level(one): one for one in [*LABELS][::-1] for policy in policies}
    yield Heading("level", "层级", "Level", kind="choice", choices=levels)


def division(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The division that a row names by its level and code, and the place in which it is recorded."""
    return {"division": f"{row['level']}:{row['code']}", "place": place_of(row["code"])}


PERIODS: Final[Labels] = {"本届任期": "term"} | {f"{year}年度": str(year) for year in range(1990, 2101)}
"""The choices for the period for which something is owed: the term, or a year."""
CODE = Heading(
    "code",
    "区划代码",
    "Division",
    "乡镇9位、县6位、市4位、省2位数字。",
    "A township's 9 digits, a county's 6, a city's 4, a province's 2.",
    kind="code",
    pattern=r"\d{2}|\d{4}|\d{6}|\d{9}",
)
"""The code of a division, beside its level."""


class Words(str):
    """A text that a form tells of a task. It is the Chinese text, which Excel shows; pages can also show `en`."""

    __slots__ = ("en",)
    en: str

    def __new__(cls, zh: str, en: str) -> "Words":
        """Both texts, as `in_words` has them."""
        made = super().__new__(cls, zh)
        made.en = en
        return made


class Blank(NamedTuple):
    """A form before the packs in force give it the choices of its drop-downs."""

    command: type[Command]
    name: str
    """Its own name, and the path of its command: a row becomes what is posted to /v1/<name>."""
    title: str
    en: str
    key: tuple[str, ...]
    headings: tuple[Heading | Callable[[Sequence[Policy]], Iterable[Heading]], ...]
    """The columns, in order. What depends on the packs is a function of them."""
    implied: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _row: {}
    """Fields of the command that follow from the row; they are added to its cells."""
    adds: bool = False
    """True if a row adds to something that exists: a survey record adds to its village's survey."""
    personal: bool = False
    """True if its issued rows tell of persons or households. Then only operators and those who have the tasks to do are
    issued them."""
    repeats: str = ""
    """The field whose parts repeat over rows. Rows with the same key but for these parts become one command."""
    task: str = ""
    """The action of the open tasks that fill its rows in, if that is not the form's own command."""
    facts: Callable[[State, Task, Policy], Known] = lambda _state, _task, _policy: {}
    """What else an issued row shows of the state that awaits the answer."""
    completed: Callable[[Any, Sequence[Known]], Awaitable[Sequence[Known]]] | None = None
    """(pipeline, rows of open tasks) -> the same rows with what other states know, such as the village's name."""
    issued: Callable[[Any, str], Awaitable[Sequence[Known]]] | None = None
    """(pipeline, place) -> what is known for the rows to issue, if these are not the open tasks."""
    lines: Callable[[Known, int], Iterable[Known]] = lambda row, _rows: (row,)
    """(what is known for a row, number of rows asked for) -> the rows to issue for it."""
    notes: Callable[[Any, Sequence[tuple[Sequence[int], Command]]], Awaitable[Sequence[Note]]] | None = None
    """(pipeline, rows with their commands) -> what an officer should know about rows that no rule refuses."""

    @property
    def is_owed(self) -> bool:
        """Whether the system issues its rows, one or more for each open task."""
        return any(isinstance(one, Heading) and one.prefilled for one in self.headings)

    def form(self, policies: Sequence[Policy], place: str = "") -> Form:
        """The form with the choices of these packs, which are in force in `place`.

        Raises Refused without a pack, and if the packs have nothing to choose from in a column that each row needs,
        such as a kind of leave. If the column may be empty, such as the skills of a course, it is left out instead.
        """
        if not policies:
            where = (f"区划 {place} ", f" in division {place}") if place else ("", "")
            raise Refused(
                "policy",
                f"{where[0]}没有生效的政策包，请先启用政策包",
                f"no policy pack is in force{where[1]}; adopt one first",
            )
        columns = self.columns(policies)
        empty = [column for column in columns if _is_empty(column)]
        if needed := next((column for column in empty if column.required), None):
            raise Refused(
                "form",
                f"本区划的政策包没有规定可选的“{needed.title}”，不能填写《{self.title}》；请先在政策包中规定，或者核对区划代码",
                f"no pack in force here has any “{needed.en}” to choose, which “{self.en}” needs; say it in the pack "
                "first, or check the division",
            )
        documents = [(policy, first, policy.title(first)) for policy in policies for first in [*policy.documents][:1]]
        return Form(
            name=self.name,
            title=self.title,
            en=self.en,
            columns=tuple(column for column in columns if column not in empty),
            key=self.key,
            asked_by_zh="、".join(f"{policy.name}（依据：{title}）" for policy, _, title in documents),
            asked_by_en=", ".join(
                f"{policy.name_en} (under {policy.cited_in_english(first)})" for policy, first, _ in documents
            ),
        )

    def is_offered(self, policies: Sequence[Policy]) -> bool:
        """Whether these packs have something to choose from for each column that a row needs."""
        return not any(column.required and _is_empty(column) for column in self.columns(policies))

    def columns(self, policies: Sequence[Policy]) -> tuple[Column, ...]:
        """The columns, in order."""
        said = ((one,) if isinstance(one, Heading) else one(policies) for one in self.headings)
        return tuple(_column(self.command, heading, policies) for heading in chain.from_iterable(said))

    def row(self, state: State, task: Task, policy: Policy) -> Known:
        """What is known for the row of an open task. The place is that of the village which the task's answer names, or
        else that of the state."""
        place = place_of(str(task.answer["village"])) if "village" in task.answer else state.place
        said = [zh for zh, _ in awaited(task.about, task.answer, task.detail, policy) if zh and zh != task.about]
        known = {"place": place, "due": task.due, "task": "，".join(said) or None}
        return {**known, **task.answer, **self.facts(state, task, policy)}

    def together(self, form: Form, rows: Iterable[Row]) -> Iterator[list[Row]]:
        """The rows of each command: those that follow one another and have the same key but for what repeats.

        Rows of one key that stand apart are errors: the second part would overwrite the first.
        """
        if not self.repeats:
            yield from ([row] for row in rows)
            return
        shared = [field for field in self.key if not field.startswith(f"{self.repeats}.")]
        first_rows: dict[tuple[object, ...], int] = {}
        for key, group in groupby(rows, lambda row: tuple(row.values.get(field) for field in shared)):
            while of_key := [*islice(group, MOST_TOGETHER)]:
                first = first_rows.setdefault(key, of_key[0].number)
                if first != of_key[0].number:
                    error = _told(form, of_key[0], shared[0], "apart", *_APART, first=first)
                    of_key[0] = msgspec.structs.replace(of_key[0], errors=(*of_key[0].errors, error))
                yield of_key

    def said(self, form: Form, rows: Sequence[Row]) -> Command | Sequence[CellError]:
        """The command that rows ask for together, or what is wrong with them."""
        if errors := [error for row in rows for error in row.errors] or [*self._unequal(form, rows)]:
            return errors
        first = rows[0]
        fields: dict[str, Any] = {}
        for column in form.columns:
            field, _, part = column.field.partition(".")
            value = first.values[column.field]
            if value is None and column.many:
                value = ()
            if value is None or field not in self.command.__struct_fields__ or field == self.repeats:
                continue
            if part:
                fields.setdefault(field, {})[part] = value
            else:
                fields[field] = value
        if self.repeats:
            parts = [self._part(row) for row in rows if self._says_part(form, row) or len(rows) > 1]
            fields[self.repeats] = {one.pop(self._part_key): one for one in parts} if self.by_key else parts
        try:
            return msgspec.convert({**fields, **self.implied(first.values)}, self.command)
        except msgspec.ValidationError as error:
            return [self._misfit(form, rows, str(error))]

    def _unequal(self, form: Form, rows: Sequence[Row]) -> Iterator[CellError]:
        """Errors of cells that should be the same in all rows of one command and are not."""
        first, *others = rows
        for row in others:
            for field, value in row.values.items():
                if not field.startswith(f"{self.repeats}.") and value != first.values[field]:
                    yield _told(form, row, field, "unequal", *_UNEQUAL, first=first.number)

    def _says_part(self, form: Form, row: Row) -> bool:
        """Whether a row has a part of the field that repeats. The one row of a letter, which has no items, has none."""
        head = f"{self.repeats}."
        own = (one.field for one in form.columns if one.field.startswith(head) and one.field != self.key[-1])
        return any(row.values[field] is not None for field in own)

    @property
    def by_key(self) -> bool:
        """Whether the field that repeats is a mapping, such as the households of a verification by their ids."""
        (field,) = (one for one in inspect.type_info(self.command).fields if one.name == self.repeats)  # type: ignore[attr-defined]
        return isinstance(bare(field.type, required=True).type, inspect.DictType)

    @property
    def _part_key(self) -> str:
        """The part by which one row of a field that repeats is told from the others."""
        return self.key[-1].removeprefix(f"{self.repeats}.")

    def _part(self, row: Row) -> dict[str, Any]:
        """What one row adds to the field that repeats."""
        head = f"{self.repeats}."
        parts: dict[str, Any] = {}
        for path, value in row.values.items():
            field, _, part = path.removeprefix(head).partition(".")
            if path.startswith(head) and value is not None and part:
                parts.setdefault(field, {})[part] = value
            elif path.startswith(head) and value is not None:
                parts[field] = value
        return parts

    def where(self, command: Command, field: str) -> tuple[int, str]:
        """Which row of a command a rule's `field` means, counted from 0, and the field of its column.

        In a field that repeats, rules name a part by its own id: `households.H07.income`.
        """
        if self.repeats and field.startswith(f"{self.repeats}."):
            id, _, part = field.removeprefix(f"{self.repeats}.").rpartition(".")
            for nth, one in enumerate(getattr(command, self.repeats)):
                if str(one if self.by_key else getattr(one, self._part_key)) == id:
                    return nth, f"{self.repeats}.{part}"
        return 0, field

    def _misfit(self, form: Form, rows: Sequence[Row], error: str) -> CellError:
        """The error of the cell to blame if the command's type rejects rows: it is out of bounds, or is missing beside
        another cell that needs it."""
        missing, at = re.search(r"missing required field `(.+?)`", error), re.search(r"at `\$\.?(.*)`", error)
        path = ".".join(found[1] for found in (at, missing) if found and found[1])
        nth = re.match(rf"{re.escape(self.repeats)}\[(\d+)\]", path) if self.repeats else None
        row, column = rows[int(nth[1]) if nth else 0], _column_of(form, re.sub(r"\[[^\]]*\]", "", path))
        value = "" if missing else str(row.values[column.field])
        if missing:
            zh, en = (
                f"“{column.title}”须与旁边各栏一并填写。",
                f"“{column.en}” is to be filled in with the cells beside it.",
            )
        else:
            why_zh, why_en = _why(error, value, column)
            zh, en = (
                f"“{column.title}”的“{value}”不合规定{why_zh}。",
                f"“{value}” is not allowed for “{column.en}”{why_en}.",
            )
        return CellError(
            row=row.number,
            column=column.title,
            value=value,
            rule="form",
            zh=f"{zh}{column.help_zh}",
            en=f"{en} {column.help_en}".strip(),
        )


def _why(error: str, value: str, column: Column) -> tuple[str, str]:
    """Which bound a value breaks, unless the help of its column says so already."""
    for pattern, zh, en in _BOUNDS:
        if (found := re.search(pattern, error)) and found[1] not in column.help_zh:
            return zh.format(found[1]), en.format(found[1])
    if "matching regex" in error and not any(character.isalpha() for character in value):
        return "：只有数字、符号，应写明内容", ": it has figures and signs alone, and needs words"
    return "", ""


_BOUNDS: Final = (
    (r"of length >= (\d+)", "：至少{}个字", ": {} characters at least"),
    (r"of length <= (\d+)", "：最多{}个字", ": {} characters at most"),
    (r"Expected `\w+` >= (\S+)", "：不能小于{}", ": {} at least"),
    (r"Expected `\w+` <= (\S+)", "：不能大于{}", ": {} at most"),
)
"""How msgspec says that a value is out of bounds, and what an officer is told."""


def named(*blanks: Blank) -> Mapping[str, Blank]:
    """The forms of a service by name."""
    return {blank.name: blank for blank in blanks}


def refusal(form: Form, row: int, field: str, refused: Refused) -> CellError:
    """A rule's refusal of a row, at the cell of a field."""
    if refused.version:  # The data have changed again since the officer was shown this difference.
        refused = Refused(
            refused.rule,
            "核对之后，已登记的内容又有变动，本行未导入；请重新上传，核对新的差异",
            "what is known has changed since it was compared, and the row was left out; upload the form again and look "
            "at the new differences",
            field=refused.field,
        )
    basis = refused.basis
    zh, en = (
        (f"{refused.zh}（依据：{basis[0]}）", f"{refused.en} ({basis[1]})") if all(basis) else (refused.zh, refused.en)
    )
    column = _column_of(form, field).title
    return CellError(row=row, column=column, value="", rule=refused.rule, zh=zh, en=en)


def shown(form: Form, field: str, difference: Difference) -> tuple[str, str, str]:
    """A difference in the words of the form: its heading, the known value and the given one (副科级, not a code)."""
    for column in form.columns:
        if column.field == field:
            labels = {_coded(value): label for label, value in reversed([*column.labels.items()])}
            known, given = (labels.get(text, text) for text in (difference.known, difference.given))
            return column.title, known, given
    return difference.field, difference.known, difference.given


def _coded(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_APART = (
    "第{first}行起已有同一对象的内容，各行应当连在一起。请把本行移到那里，或另表上传。",
    "Rows from {first} on are about the same thing, and belong together. Move this row there, or upload another form.",
)
_UNEQUAL = (
    "“{title}”与第{first}行不同。两行属于同一对象，此栏应当一致，请改正其中一行。",
    "“{en}” is not as in row {first}. Both rows are about the same thing and have this in common; correct one.",
)


def _told(form: Form, row: Row, field: str, rule: str, zh: str, en: str, **facts: object) -> CellError:
    """An error of a cell by its field."""
    column = _column_of(form, field)
    told = {"title": column.title, "en": column.en} | facts
    zh, en = zh.format(**told), en.format(**told)
    return CellError(row=row.number, column=column.title, value="", rule=rule, zh=zh, en=en)


def _column_of(form: Form, field: str) -> Column:
    """The column of a field. A field without a column is blamed on the column that identifies the row."""
    columns = {column.field: column for column in form.columns}
    return columns.get(field, columns[form.key[-1]])


# ------------------------------------------------------------- from a command's struct


def _pattern(value: Any) -> str:
    found = inspect.type_info(value)
    assert isinstance(found, inspect.StrType) and found.pattern
    return found.pattern


_KINDS: Mapping[str, Kind] = {
    _pattern(Place): "code",
    _pattern(VillageId): "code",
    _pattern(PartyId): "id",
    _pattern(Code): "choice",
}
"""The kinds of columns for texts of one pattern. All other texts are columns of kind `text`."""
_SCALARS: Mapping[type[inspect.Type], Kind] = {
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "yes_no",
    inspect.DateType: "date",
    inspect.LiteralType: "choice",
}
_PERSON = 1900
"""The first year that `PersonDay` allows. By it a day in a person's life is recognised, of which a file may give only
the month."""


class _Field(NamedTuple):
    """A field as its struct says it."""

    type: inspect.Type
    required: bool
    many: bool = False
    personal: bool = False
    """Whether it is a day in the life of a person."""


def _is_empty(column: Column) -> bool:
    """Whether a column is a choice with nothing to choose from."""
    return column.kind == "choice" and not column.choices


def _column(command: type[Command], heading: Heading, policies: Sequence[Policy]) -> Column:
    """A column: what the command's struct says of the field, and what the heading adds."""
    field = field_of(command, heading.field)
    shown = {name: getattr(heading, name) for name in _SHOWN}
    if field is None:  # A cell that is no field, such as the village's name beside its code.
        pattern = heading.pattern or (_pattern(PartyId) if heading.kind == "id" else None)
        required, kind = heading.required is not False, heading.kind or "text"
        choices = {} if isinstance(heading.choices, str) else heading.choices
        return Column(**shown, kind=kind, many=heading.many, required=required, pattern=pattern, choices=choices)
    kind = heading.kind or _kind(field)
    text = field.type if isinstance(field.type, inspect.StrType) else None
    return Column(
        **shown,
        kind=kind,
        required=field.required if heading.required is None else heading.required,
        many=field.many,
        pattern=heading.pattern or (text.pattern if text and kind in ("id", "code") else None),
        longest=(text.max_length or 0) if text and kind == "text" else 0,
        choices=_choices(field, heading, policies) if kind == "choice" else {},
    )


_SHOWN = ("field", "title", "en", "help_zh", "help_en", "once", "spare", "prefilled", "suggested")
"""What a column takes from its heading as it is."""


def _kind(field: _Field) -> Kind:
    if isinstance(field.type, inspect.StrType):
        return _KINDS.get(field.type.pattern or "", "text")
    return "month" if field.personal else _SCALARS[type(field.type)]


def _choices(field: _Field, heading: Heading, policies: Sequence[Policy]) -> Labels:
    """The labels of a code: those of the heading, of the packs, or of the whole country."""
    if not isinstance(heading.choices, str):
        return heading.choices
    name = heading.choices or heading.field.rpartition(".")[2]
    if isinstance(field.type, inspect.LiteralType):
        return {label(name, code, policy): code for policy in policies for code in map(str, field.type.values)}
    return {zh: code for policy in policies for code, zh in policy.labels[name].items()}


def field_of(command: type[msgspec.Struct], path: str) -> _Field | None:
    """The field at a path; None if the command has none. If a field may be left out, so may each part of it."""
    name, _, part = path.partition(".")
    (field,) = [f for f in inspect.type_info(command).fields if f.name == name] or [None]  # type: ignore[attr-defined]
    if field is None:
        return None
    found = bare(field.type, required=field.required)
    if not part:
        return found
    if isinstance(found.type, inspect.DictType):
        value = found.type.value_type
        if not isinstance(value, inspect.StructType):
            return bare(value, required=False)
        return field_of(value.cls, part) or bare(found.type.key_type, required=True)
    assert isinstance(found.type, inspect.StructType), f"{path} names a part of what has no parts"
    within = field_of(found.type.cls, part)
    return within and within._replace(required=within.required and found.required)


def bare(type_: inspect.Type, *, required: bool) -> _Field:
    """A type without its wrappers: annotations, `| None`, and a tuple of several values."""
    if isinstance(type_, inspect.Metadata):
        years = (type_.extra or {}).get("years", ())
        return bare(type_.type, required=required)._replace(personal=_PERSON in years)
    if isinstance(type_, inspect.UnionType):
        one, *_ = [of for of in type_.types if not isinstance(of, inspect.NoneType)]
        return bare(one, required=required)
    if isinstance(type_, inspect.VarTupleType):
        return bare(type_.item_type, required=required)._replace(many=True)
    return _Field(type_, required)
