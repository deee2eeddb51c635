"""The shape of every rule: a function of state, message, policy and date that returns a change or refuses.

A rule never reads a clock, a table or a network. The same rule therefore serves a command over HTTP, an event from
another service, a day that passed, a simulation and a test.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from inspect import signature
from types import MappingProxyType, UnionType
from typing import Any, ClassVar, NamedTuple, Protocol, Self, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from shared import chinese, english
from shared.calendar import Calendar, Span
from shared.contracts import Command, Event, Payload
from shared.contracts.registry import VillageRecoded
from shared.contracts.values import ROLES
from shared.labels import basis
from shared.policy import Policy

S = TypeVar("S")
LONGEST_ID = 120
"""Characters of a state's id and of what a message is about, as `DerivedId` has them; the tables have room for it."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person is awaited to do: the line on an officer's day page."""

    action: str
    """The path of the command that answers it, such as `diagnoses`."""
    about: str
    """The stable id of the village, campaign or outcome that it concerns."""
    role: str
    due: date | None
    rule: str
    """Where the duty comes from: a mechanism id, or law and article."""
    detail: str = ""
    """What tells two tasks of one action apart: a period, an order, a cadre."""
    answer: Mapping[str, str | int] = {}
    """The fields of the command that answers it, as far as the system knows them; the rest is for people to say."""

    def __hash__(self) -> int:
        """Tasks are told apart without their answer, which is no more than the rest in another shape."""
        return hash((self.action, self.about, self.role, self.due, self.detail))


class Deadline(msgspec.Struct, frozen=True, omit_defaults=True):
    """A running deadline that holidays can move: where a state keeps its last day, and what that was counted from."""

    path: tuple[str, ...]
    """The fields and keys that lead to the last day: `orders`, an order's id, `due`."""
    since: date
    span: Span
    timer: str = ""
    """The timer that stands on the day after it, or earlier. Its rule looks again if it runs out too early."""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a service keeps about one thing. `timers` name what falls due, and on which day."""

    id: str
    place: str
    timers: dict[str, date] = msgspec.field(default_factory=dict)
    deadlines: tuple[Deadline, ...] = ()
    """Those that are counted in working days, or roll over holidays."""

    kind: ClassVar[str] = ""
    """The name of the table that keeps this kind of state."""
    needs_policy: ClassVar[bool] = True
    """False for what lies under no jurisdiction: its tasks are the same whatever pack is in force."""
    hides: ClassVar[str] = ""
    """A piece of JSON that stands in each state of which `shown` leaves something out; empty if it may be any."""
    personal: ClassVar[bool] = False
    """Whether it is about persons or what is held against them, which only operators may read over HTTP."""

    @property
    def due(self) -> date | None:
        """The first day on which something falls due here."""
        return min(self.timers.values(), default=None)

    @property
    def journey(self) -> str:
        """What waits while it cannot go on: messages about this, and timers of what belongs to it."""
        return self.id

    @property
    def status(self) -> str:
        """Where it stands, in one word, for lists and filters."""
        return ""

    @property
    def awaits(self) -> bool:
        """Whether `tasks` may find something; kept as a column so that day pages need not read everything."""
        return False

    def shown(self, *, to_operator: bool = False) -> Self:
        """The state as queries tell it: what is secret for the time being is left out."""
        return self

    def timed(self, **timers: date | None) -> Self:
        """The state with timers set, or with those taken off whose date is None."""
        kept = {**self.timers, **timers}
        return msgspec.structs.replace(self, timers={name: on for name, on in kept.items() if on})

    def counting(self, *path: str, since: date | None = None, span: Span | None = None, timer: str = "") -> Self:
        """The state with the deadline at this place remembered if holidays can move it; without a span, forgotten."""
        kept = tuple(d for d in self.deadlines if d.path != path and _at(self, d.path) is not None)
        if since and span and span.follows_calendar:
            kept = (*kept, Deadline(path, since, span, timer))
        return self if kept == self.deadlines else self.but(deadlines=kept)

    def recounted(self, calendar: Calendar, today: date) -> tuple[Self, tuple["Moved", ...]]:
        """The state by another calendar, and which deadlines moved. None moves that is over, or before today."""
        state, moved = self, tuple[Moved, ...]()
        for deadline in self.deadlines:
            was = _at(self, deadline.path)
            if was is None or was < today:
                continue
            due = max(deadline.span.after(deadline.since, calendar), today)
            if due != was:
                state = _put(state, deadline.path, due)
                moved = (*moved, Moved(deadline.path, was, due))
                if deadline.timer in state.timers:
                    state = state.timed(**{deadline.timer: min(state.timers[deadline.timer], due + timedelta(1))})
        return state, moved

    def but(self, **changes: Any) -> Self:
        """The state with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def tell_moved(self, moved: "Moved", notice: str) -> Event:
        """The event that tells of a moved deadline; whatever has such deadlines says which."""
        raise NotImplementedError

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """What people are awaited to do here; none by default."""
        return ()


class Moved(NamedTuple):
    """A deadline that another calendar moved."""

    path: tuple[str, ...]
    was: date
    due: date

    def said(self, notice: str) -> dict[str, Any]:
        """The fields of the event that tells it."""
        return {"deadline": " ".join(self.path), "was": self.was, "due": self.due, "notice": notice}


def _at(part: Any, path: Sequence[str]) -> date | None:
    """The last day that stands at a place of a state; None if the place is gone."""
    for name in path:
        part = part.get(name) if isinstance(part, dict) else getattr(part, name, None)
    return part if isinstance(part, date) else None


def _put(part: Any, path: Sequence[str], due: date) -> Any:
    """A state, or a part of one, with another last day at a place."""
    if not path:
        return due
    name, *rest = path
    if isinstance(part, dict):
        return {**part, name: _put(part[name], rest, due)}
    return msgspec.structs.replace(part, **{name: _put(getattr(part, name), rest, due)})


class Change(NamedTuple):
    """What a rule decides: the new state, and the facts to tell."""

    state: State | None
    events: tuple[Event, ...] = ()


class Due(NamedTuple):
    """A timer that has run out: its name and its day, which may lie before today if days were missed."""

    name: str
    on: date


Rule = Callable[..., Change]
"""(state or None if there is none yet, message or Due, policy in force, today) -> Change. It may raise Refused."""
Key = tuple[type[State], str]


class Reaction(msgspec.Struct, frozen=True):
    """One line of a service's table of reactions: this message, to the states with these ids, by this rule.

    TypeError where the rule, or what finds the states, is one for another message or another kind of state.
    """

    on: type[Payload]
    kind: type[State]
    ids: Callable[[Any, Policy], Iterable[str]]
    rule: Rule
    reads: Callable[[Any, Any], Iterable[Key]] | None = None
    """(state, message) -> other states of the service that the rule looks at; it is given them last, by key."""

    def __post_init__(self) -> None:
        require_taken(self.rule, self.kind, self.on)
        require_taken(self.ids, self.on)
        if self.reads:
            require_taken(self.reads, self.kind, self.on)
        if isinstance(self.ids, by) and self.ids.field not in self.on.__struct_fields__:
            raise TypeError(f"{self.on.__name__} has no field {self.ids.field!r}")


class by(msgspec.Struct, frozen=True):
    """The usual way to find the state that a message concerns: one of the message's fields is its id."""

    field: str
    part: str = ""
    """What the id has behind that, such as `team` in `<village>/team`; nothing where the field is the whole id."""

    def __call__(self, message: Any, _policy: Policy) -> Iterable[str]:
        """The id, from the message."""
        id = getattr(message, self.field)
        return (f"{id}/{self.part}" if self.part else id,)


def require_taken(function: Callable[..., Any], *given: type) -> None:
    """Raise TypeError if a function says of one of its first arguments that it takes another type than what is given.

    What it says nothing of, as a lambda does, is anybody's.
    """
    whole = function.func if isinstance(function, partial) else function
    hints = get_type_hints(whole) if hasattr(whole, "__code__") else {}
    for name, type_ in zip(signature(function).parameters, given, strict=False):
        hint = hints.get(name, Any)
        taken = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        if not any(not isinstance(one, type) or one is Any or issubclass(type_, one) for one in taken):
            raise TypeError(f"{whole.__module__}.{whole.__qualname__} takes no {type_.__name__} as its {name}")


class Difference(msgspec.Struct, frozen=True):
    """One field of something that is known already, and what a command would make of it."""

    field: str
    known: str
    given: str


class Refused(Exception):
    """A rule says no. Each text says what is wrong and what to do about it.

    `status` is 409 where the state does not allow the command now, 422 where what was said is wrong in itself,
    404 where the thing does not exist. `rule` names the mechanism or the law, `basis` the document that people can look
    up, `field` the field to correct.

    Where somebody else's data would be overwritten, `differs` says how, and `version` what a command must name as what
    it `replaces` in order to do it all the same.
    """

    def __init__(
        self,
        rule: str,
        zh: str,
        en: str,
        *,
        field: str | None = None,
        status: int = 409,
        differs: Sequence[Difference] = (),
        version: str = "",
    ) -> None:
        super().__init__(f"[{rule}] {en}")
        self.rule, self.field, self.status = rule, field, status
        self.zh, self.en = chinese.written(zh), english.written(en)
        self.basis = basis(rule)
        self.differs, self.version = differs, version

    def by(self, policy: Policy) -> Self:
        """The same refusal in the words of a region, and resting on the region's documents."""
        self.zh, self.basis = policy.spoken(self.zh), basis(self.rule, policy)
        return self


def rests(rule: str, things: Mapping[str, str]) -> None:
    """Refuse to take something back on which other things rest; each of them is named, Chinese and English."""
    if things:
        raise Refused(
            rule,
            f"不能撤销，以下事项以此为依据：{'、'.join(things)}；请先撤销这些事项",
            f"this cannot be taken back, since other things rest on it: {', '.join(things.values())}; take them back "
            "first",
        )


def revision(data: object) -> str:
    """What stands for data as they are now, in 12 hexadecimal digits."""
    return hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()[:12]


def overwrite(
    known: Mapping[str, Any],
    given: Mapping[str, Any],
    replaces: str | None,
    rule: str = "identity",
    *,
    personal: bool = False,
    words: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Refuse a command that would change what is known already, unless it names what it replaces.

    Two officers who enter the same thing differently would overwrite one another in silence otherwise. Of `personal`
    data the refusal tells only which fields differ: whoever asks need not be one who may read them. `words` are the
    Chinese ones of fields that a pack names.
    """
    differs = [
        Difference(field, "" if personal else _text(known.get(field)), _text(value))
        for field, value in given.items()
        if known.get(field) not in (None, value)  # What was not known yet is added, not overwritten.
    ]
    if not differs:
        return
    version = revision({field: known.get(field) for field in given})
    if replaces == version:
        return
    if personal:
        zh, en = "、".join(_label(d.field, words) for d in differs), ", ".join(d.field for d in differs)
    else:
        zh = "；".join(
            f"{_label(d.field, words)}已登记为{_shown(d.known)}，本次{f'为{_shown(d.given)}' if d.given else '未填'}"
            for d in differs[:10]
        )
        en = "; ".join(
            f"{d.field} is known as {_EN.get(d.known, d.known)!r}, and given as {_EN.get(d.given, d.given)!r}"
            for d in differs[:10]
        )
    since = ("您查看之后登记内容又有变动：", "the data have changed since you saw them: ") if replaces else ("", "")
    raise Refused(
        rule,
        f"{since[0]}与已登记的内容不同：{zh}；确需更正的，请注明所替换的版本 {version} 后重新提交",
        f"{since[1]}this differs from what is known: {en}; to correct it all the same, send replaces = {version}",
        field=differs[0].field,
        differs=differs,
        version=version,
    )


_LABELS = {
    "name": "名称", "township": "乡镇", "population": "人口", "listing_document": "列入文件", "level": "层级",
    "department": "部门", "strength": "帮扶力量", "village": "指定村", "unit": "单位", "rank": "职务层次",
    "party_member": "中共党员", "work_since": "参加工作日期", "born_on": "出生日期", "reserve": "后备干部",
    "ties": "回避村", "persons": "家庭人口", "income": "人均纯收入", "secured": "两不愁三保障",
    "registered": "建档立卡", "incidence": "贫困发生率", "year": "年度", "document": "文件", "off": "放假日",
    "worked": "上班日",
}  # fmt: skip
"""What people call the fields that can be overwritten."""


_EN = {"是": "yes", "否": "no"}
"""What Chinese says for true and false, in English."""


def _label(field: str, words: Mapping[str, str]) -> str:
    """A field as people call it: `households.H1.income` is the income of household H1."""
    *about, name = field.split(".")
    label = words.get(name) or _LABELS.get(name, f"“{name}”")
    return f"{about[-1]}的{label}" if about else label


def _shown(value: str) -> str:
    """A value in a Chinese sentence."""
    return f"“{chinese.written(value)}”" if value else "空"


def _text(value: Any) -> str:
    """A value as people read it beside another one."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (tuple, list)):
        return "、".join(map(_text, value))
    return "" if value is None else str(value).removesuffix(".0")


def known(state: S | None, zh: str, en: str, id: str) -> S:
    """The state itself, or a refusal of the message that is about something which is not there."""
    if state is None:
        raise Refused(
            "identity",
            f"{zh}“{id}”不存在，请先登记或检查编码",
            f"{en} {id!r} does not exist; register it first or check its id",
            status=404,
        )
    return state


def require_body(body: str, role: str, rule: str) -> None:
    """Refuse a step that another body takes than the one that the rule names."""
    if body != role:
        (owner, owner_en), (other, other_en) = (ROLES.get(who, (who, who)) for who in (role, body))
        raise Refused(
            rule,
            f"此事由{owner}办理，{other}无权办理，请核对办理机构",
            f"this is a matter of {owner_en}, not of {other_en}; check `body`",
            field="body",
            status=422,
        )


def require_soon(day: date, today: date, days: int, field: str, rule: str) -> None:
    """Refuse a day that lies further ahead than anybody plans: a mistyped year, not a date that somebody means."""
    if day > (last := today + timedelta(days)):
        raise Refused(
            rule,
            f"日期 {day} 太远，最晚可填 {last}，请核对年份",
            f"{day} is too far ahead; {last} is the last day that can be given. Check the year",
            field=field,
            status=422,
        )


def once_each(part: Any, path: str = "") -> None:
    """Refuse what is named twice in one list of a command, where the last entry would win in silence.

    An entry is named by itself, or by its first field if it has fields; `named_by` of its type says otherwise.
    """
    for field in part.__struct_fields__:
        entries = getattr(part, field)
        if entries.__class__ is not tuple or not entries:
            continue
        rows: dict[Any, int] = {}
        for row, entry in enumerate(entries, 1):
            key: tuple[Any, ...] = (entry,)
            if isinstance(entry, msgspec.Struct):
                once_each(entry, f"{path}{field}[{row - 1}].")
                key = tuple(getattr(entry, name) for name in getattr(entry, "named_by", entry.__struct_fields__[:1]))
            if (first := rows.setdefault(key, row)) != row:
                name = " ".join(map(str, key))
                raise Refused(
                    "identity",
                    f"同一名单中“{name}”出现两次（第 {first} 项和第 {row} 项），请只保留一项",
                    f"{name} is named twice in one list, as entries {first} and {row}; leave one of them",
                    field=f"{path}{field}",
                    status=422,
                )


class Placed(Protocol):
    """A state, or a part of one, that lies in a division."""

    @property
    def place(self) -> str: ...


P = TypeVar("P", bound=Placed)


def addressed(state: P | None, command: Command, zh: str = "村", en: str = "village") -> P:
    """The state that a command names, if it lies in the division that the command names as well.

    Rights reach as far as the division, so that a command must not carry a village of another one.
    """
    state = known(state, zh, en, command.subject_id)
    if state.place != command.place:
        raise Refused(
            "identity",
            f"{zh}“{command.subject_id}”属于区划 {state.place}，不属于 {command.place}，请改填",
            f"{en} {command.subject_id} belongs to division {state.place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    return state


def recoded(state: State | None, event: VillageRecoded, _policy: Policy, _today: date) -> Change:
    """What concerns a village lies in the division of its current code (Regulation on Administrative Divisions 17)."""
    return Change(state and state.but(place=event.code[:6]))
