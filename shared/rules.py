"""The shape of every rule: a function of state, message, policy and date that returns a change or refuses.

A rule never reads a clock, a table or a network. The same rule therefore serves a command over HTTP, an event from
another service, a day that passed, a simulation and a test.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, partial
from inspect import signature
from itertools import islice
from types import MappingProxyType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    NamedTuple,
    Protocol,
    Self,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from shared import chinese, english
from shared.calendar import DAY, Calendar, Span
from shared.contracts import Command, Event, Payload
from shared.contracts.registry import VillageRecoded
from shared.contracts.values import ROLES
from shared.divisions import place_of
from shared.labels import basis
from shared.policy import Policy

S = TypeVar("S")
LONGEST_ID = 120
"""The most characters of a state's id, and of the id that a message is about. The tables' columns are as long."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person has to do: one line of an officer's day page (`zhucun tasks`)."""

    action: str
    """The path of the command that answers it, such as `diagnoses`."""
    about: str
    """The stable id of the village, campaign or outcome that it concerns."""
    role: str
    due: date | None
    rule: str
    """Where the duty comes from: a mechanism id such as `3.4`, or a law and its article."""
    detail: str = ""
    """What distinguishes two tasks with the same action and the same `about`: a period, an order, a cadre."""
    whom: tuple[str, ...] = ()
    """The cadres whose duty it is, if those who hold a link owe it. The role then is that of their units."""
    answer: Mapping[str, str | int] = {}
    """The fields of the answering command that the system knows already. People fill in the rest."""

    def __hash__(self) -> int:
        """`rule`, `whom` and `answer` are left out: they follow from the other fields, and a mapping has no hash."""
        return hash((self.action, self.about, self.role, self.due, self.detail))


class Deadline(msgspec.Struct, frozen=True, omit_defaults=True):
    """A running deadline that holidays can move: where the state keeps its last day, and how that day was counted."""

    path: tuple[str, ...]
    """The fields and keys that lead to the last day, such as `("orders", <order id>, "due")`."""
    since: date
    span: Span
    timer: str = ""
    """The timer that ends the deadline. It stands on the day after the last day, or earlier, so its rule must check
    that the deadline is really over."""


class Involved(NamedTuple):
    """Whose matter a command is: the unit, if any; the cadres whom it concerns; and the village, if the state itself
    belongs to none, such as the record of a village cadre."""

    unit: str = ""
    cadres: Collection[str] = ()
    village: str = ""


class Hand(NamedTuple):
    """A step of a matter of which it is kept who took it, since the pack wants two persons for the matter's steps."""

    path: tuple[str, ...]
    """Where the state keeps who took which step."""
    step: str
    apart: bool
    """Whether this step is for somebody who has taken no other step of the matter."""


class Oneself(NamedTuple):
    """A cadre who asks who has read what is kept about him: his id, that of his unit, and the village of his team."""

    cadre: str
    unit: str = ""
    team: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a service keeps about one thing, such as a village. `timers` has the day on which each timer runs out."""

    id: str
    place: str
    timers: dict[str, date] = msgspec.field(default_factory=dict)
    deadlines: tuple[Deadline, ...] = ()
    """The running deadlines that holidays can move: counted in working days, or rolled over holidays."""

    kind: ClassVar[str] = ""
    """The name of the table that keeps this kind of state."""
    needs_policy: ClassVar[bool] = True
    """False where the tasks do not depend on a policy pack, as for a state that belongs to no division."""
    hides: ClassVar[str] = ""
    """A piece of JSON that occurs in every kept state with secrets. Queries decode a state, to call `shown`, only if it
    has this piece; if this is empty, they decode every state."""
    hides_from_all: ClassVar[bool] = False
    """Whether `shown` hides something from operators as well, such as the shares of a draw. Otherwise they are sent
    stored states as they are."""
    personal: ClassVar[bool] = False
    """Whether it is about persons, or about what is held against them. Then only operators and `readers` may read it
    over HTTP."""
    readers: ClassVar[frozenset[str]] = frozenset()
    """The roles that read a personal kind in their divisions, where callers are asked who they are. If the kind is not
    personal, everybody reads it, and only these roles and operators see what `shown` hides."""
    known_as: ClassVar[tuple[str, str]] = ("", "")
    """What people call it, in Chinese and English."""

    @property
    def due(self) -> date | None:
        """The first day on which a timer runs out; None without timers."""
        return min(self.timers.values(), default=None)

    @property
    def journey(self) -> str:
        """The id under which messages and timers are held back together: once one message about it could not be
        handled, the later ones wait. A state that belongs to a village returns the village's id."""
        return self.id

    @property
    def status(self) -> str:
        """Its stage or status in one word, for lists and filters."""
        return ""

    @property
    def awaits(self) -> bool:
        """Whether `tasks` may find something. It is kept as a column, so that day pages need not read all states."""
        return False

    def involves(self, said: object) -> Involved:
        """Whose matter a command about it is: the unit that sends the team, and the cadres about whom it decides."""
        return Involved(getattr(self, "unit", ""))

    @property
    def above(self) -> Iterable["Key"]:
        """The keys of the states that it may belong to, such as the firm of a branch, if these tell in which village
        it lies."""
        return ()

    def hand(self, action: str, said: object) -> Hand | None:
        """The step that the command with this path takes, if the pack wants two persons for the steps of its matter;
        None if it does not, or if the command takes no step."""
        return None

    def hands(self, hand: Hand) -> Mapping[str, tuple[str, ...]]:
        """Who last took each step of a matter: by step, the pseudonyms of the person who acted and of the one whose
        power he used."""
        found: Mapping[str, tuple[str, ...]] = _value(self, hand.path) or {}
        return found

    def handled(self, hand: Hand, by: tuple[str, ...]) -> Self:
        """The state with a note of who took a step; unchanged if it keeps nothing of the matter any more."""
        known = _value(self, hand.path)
        return self if known is None else cast(Self, _put(self, hand.path, {**known, hand.step: by}))

    @classmethod
    def kept_about(cls, person: Oneself) -> Iterable[str]:
        """The ids of those states of this kind in which something about a cadre may stand."""
        return ()

    def tells_of(self, cadre: str) -> bool:
        """Whether a state that `kept_about` names does contain something about the cadre."""
        return True

    @property
    def concealed_since(self) -> date | None:
        """The day from which on the person whom it concerns is not told who has read it, since its subject is still
        secret from him (Personal Information Protection Law 35); None if nothing in it is secret."""
        return None

    def shown(self, *, to_operator: bool = False) -> Self:
        """The state as queries show it: without what is still secret, such as a draw before its visits."""
        return self

    def timed(self, **timers: date | None) -> Self:
        """The state with these timers set; a timer that is None is removed."""
        kept = {**self.timers, **timers}
        return msgspec.structs.replace(self, timers={name: on for name, on in kept.items() if on})

    def woken(self, on: date) -> Self:
        """The state with its timer `woken` set to a day. An earlier day that is set already stays."""
        return self.timed(woken=min(on, self.timers.get("woken", on)))

    def counting(self, *path: str, since: date | None = None, span: Span | None = None, timer: str = "") -> Self:
        """The state that remembers the deadline at `path`, if holidays can move it. Without `span`, or if there is no
        deadline at `path`, the state forgets it."""
        kept = tuple(d for d in self.deadlines if d.path != path and _at(self, d.path))
        if since and span and span.follows_calendar and _at(self, path):
            kept = (*kept, Deadline(path, since, span, timer))
        return self if kept == self.deadlines else self.but(deadlines=kept)

    def recounted(self, calendar: Calendar, today: date) -> tuple[Self, tuple["Moved", ...]]:
        """The state with its deadlines counted by another calendar, and those that moved.

        A deadline that is over stays as it is, and none moves to a day before today.
        """
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
                    state = state.timed(**{deadline.timer: min(state.timers[deadline.timer], due + DAY)})
        return state, moved

    def but(self, **changes: Any) -> Self:
        """The state with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def tell_moved(self, moved: "Moved", notice: str) -> Event:
        """The event that announces a moved deadline. Every kind of state with such deadlines overrides this."""
        raise NotImplementedError

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """What people have to do about this state; nothing by default."""
        return ()


class Moved(NamedTuple):
    """A deadline that new holidays moved."""

    path: tuple[str, ...]
    was: date
    due: date

    def said(self, notice: str) -> dict[str, Any]:
        """The fields of the event that announces it; `notice` is the announcement of the holidays."""
        return {"deadline": " ".join(self.path), "was": self.was, "due": self.due, "notice": notice}


def _value(part: Any, path: Sequence[str]) -> Any:
    """What stands at a path within a state; None if the path no longer exists."""
    for name in path:
        part = part.get(name) if isinstance(part, dict) else getattr(part, name, None)
    return part


def _at(state: State, path: Sequence[str]) -> date | None:
    """The last day at a path within a state; None if there is none any more."""
    found = _value(state, path)
    return found if isinstance(found, date) else None


def _put(part: Any, path: Sequence[str], value: Any) -> Any:
    """A state, or a part of one, with something else at a path."""
    if not path:
        return value
    name, *rest = path
    if isinstance(part, dict):
        return {**part, name: _put(part[name], rest, value)}
    return msgspec.structs.replace(part, **{name: _put(getattr(part, name), rest, value)})


class Wake(NamedTuple):
    """All states of a kind that lie in a jurisdiction are to be looked at: their timer `woken` is set to a day."""

    kind: type[State]
    within: str
    """The jurisdiction's digits, such as `2105`."""
    on: date


class Change(NamedTuple):
    """What a rule decides: the new state, the events that follow, and which other states are to be looked at."""

    state: State | None
    events: tuple[Event, ...] = ()
    wakes: tuple[Wake, ...] = ()
    """For a change that concerns too many states to name each, such as a new pack. Only the rules of timers may use
    it: the day on which they run does not end before the woken states were looked at."""


class Due(NamedTuple):
    """A timer that has run out: its name and its day, which may lie before today if days were missed."""

    name: str
    on: date


Rule = Callable[..., Change]
"""(state or None if there is none yet, message or Due, policy in force, today) -> Change. It may raise Refused."""
Key = tuple[type[State], str]


class Reaction(msgspec.Struct, frozen=True):
    """One line of a service's table of reactions: upon this message, this rule runs on the states with these ids.

    Raises TypeError if the rule, or the function that finds the states, takes another message or kind of state.
    """

    on: type[Payload]
    kind: type[State]
    ids: Callable[..., Iterable[str]]
    """(message, policy) -> ids of the states that it concerns; with `code`, (message, policy, codes)."""
    rule: Rule
    reads: Callable[[Any, Any], Iterable[Key]] | None = None
    """(state, message) -> keys of other states that the rule looks at; they are its last argument, a mapping by key."""
    unhurried: bool = False
    """Whether it only keeps something for later, such as a name, and decides no event. If a message has no other
    reactions, it waits a moment for the messages that follow, to share their transaction."""
    names: bool = False
    """Whether it keeps what something is called: its name, or its code. Names are told only once. So a service that
    gets such a reaction by an upgrade hears the earlier messages again, and hearing one twice must change nothing."""
    code: bool = False
    """Whether `ids` needs the village's present code, for example to find the state of its township. Then the last
    argument of `ids` is what is kept of the village's codes: None as long as its id is its only code."""

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
    """What follows the field in the id: `team` for `<village>/team`. Empty if the field is the whole id."""

    def __call__(self, message: Any, _policy: Policy) -> Iterable[str]:
        """The id, from the message."""
        id = getattr(message, self.field)
        return (f"{id}/{self.part}" if self.part else id,)


def require_taken(function: Callable[..., Any], *given: type) -> None:
    """Raise TypeError if the annotations of a function's first parameters do not accept the types in `given`.

    A parameter without annotation, as in a lambda, takes everything.
    """
    whole = function.func if isinstance(function, partial) else function
    hints = get_type_hints(whole) if hasattr(whole, "__code__") else {}
    for name, type_ in zip(signature(function).parameters, given, strict=False):
        hint = hints.get(name, Any)
        taken = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        if not any(not isinstance(one, type) or one is Any or issubclass(type_, one) for one in taken):
            raise TypeError(f"{whole.__module__}.{whole.__qualname__} takes no {type_.__name__} as its {name}")


class Difference(msgspec.Struct, frozen=True):
    """A field whose known value a command would change: the value before and after."""

    field: str
    known: str
    given: str


_OF_FILES: Final = ("policy", "schema")
"""Rules whose refusals quote codes from a file or a message, so their English text keeps them as they are written."""


class Refused(Exception):
    """A rule says no. Each text says what is wrong and what to do about it.

    `status` is 409 where the state does not allow the command now, 422 where what was said is wrong in itself,
    404 where the thing does not exist. `rule` names the mechanism or the law, `basis` the document that people can look
    up, `field` the field to correct.

    Where known data would be overwritten, `differs` lists the fields. To overwrite them all the same, the command is
    sent again with this `version` in its field `replaces`.
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
        self.zh, self.en = chinese.written(zh), (english.written if rule in _OF_FILES else english.in_words)(en)
        self.basis = basis(rule)
        self.differs, self.version = differs, version

    def by(self, policy: Policy) -> Self:
        """The same refusal in the region's own words, with `basis` naming the region's document."""
        self.zh, self.basis = policy.spoken(self.zh), basis(self.rule, policy)
        return self


def few(several: Iterable[str]) -> tuple[str, str]:
    """The first five of several names, joined for a Chinese and an English sentence, since there may be hundreds."""
    five = [*islice(several, 5)]
    return "、".join(five), ", ".join(five)


def rests(rule: str, things: Mapping[str, str]) -> None:
    """Refuse to withdraw something that other things depend on. `things` names each of them, in Chinese and English."""
    if things:
        (zh, _), (_, en) = few(things), few(things.values())
        raise Refused(
            rule,
            f"不能撤销，以下事项以此为依据：{zh}；请先撤销这些事项",
            f"this cannot be taken back, since other things rest on it: {en}; take them back first",
        )


def revision(data: object) -> str:
    """A hash of data as they are now, in 12 hexadecimal digits: the version that a command `replaces`."""
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
    """Refuse a command that would change known data, unless its `replaces` names their version.

    Otherwise two officers who enter the same thing differently would overwrite one another without noticing. For
    `personal` data the refusal tells only which fields differ, since the sender may have no right to read the values.
    `words` has the Chinese names of fields that a pack defines.
    """
    differs = [
        Difference(field, "" if personal else _text(known.get(field)), _text(value))
        for field, value in given.items()
        if known.get(field) not in (None, value)  # A value that was unknown is added, not overwritten.
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
"""Chinese names of the fields that can be overwritten. English texts show the name of the field itself."""


_EN = {"是": "yes", "否": "no"}
"""The Chinese words for true and false, in English."""


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
    """The state itself. Refuses with 404 if there is none; `zh` and `en` say what kind of thing is missing."""
    if state is None:
        raise Refused(
            "identity",
            f"{zh}“{id}”不存在，请先登记或检查编码",
            f"{en} {id!r} does not exist; register it first or check its id",
            status=404,
        )
    return state


class Entry(Protocol):
    """An entry of a pack, such as a list: its code, and what officers call it."""

    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...


E = TypeVar("E", bound=Entry)


def entry(kind: str, entries: Iterable[E], rule: str, zh: str, en: str) -> E:
    """The entry of a pack that a command names by its `kind`. If there is none, the refusal lists the existing ones.

    `zh` and `en` say what such an entry is, as 名单 and list.
    """
    known = {one.kind: one for one in entries}
    if kind not in known:
        labels = "、".join(one.label for one in known.values()) or "（无）"
        raise Refused(
            rule,
            f"本地规定中没有代码为“{kind}”的{zh}，可填：{labels}",
            f"the pack knows no {en} {kind!r}, only {', '.join(known) or 'none'}",
            field="kind",
            status=422,
        )
    return known[kind]


def require_body(body: str, role: str, rule: str) -> None:
    """Refuse (422) a step that `body` takes although the rule leaves it to `role`."""
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
    """Refuse a day more than `days` days after today: nobody plans so far ahead, so the year is mistyped."""
    if day > (last := today + timedelta(days)):
        raise Refused(
            rule,
            f"日期 {day} 太远，最晚可填 {last}，请核对年份",
            f"{day} is too far ahead; {last} is the last day that can be given. Check the year",
            field=field,
            status=422,
        )


def once_each(part: msgspec.Struct, path: str = "") -> None:
    """Refuse a command that names something twice in one list: the last entry would win without notice.

    Entries that are structs are compared by the fields in `named_by` of their type, or else by their first field. Other
    entries are compared as a whole.
    """
    for field in _lists(type(part)):
        entries = getattr(part, field)
        if not entries:
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
                    f"同一名单中“{chinese.written(name)}”出现两次（第 {first} 项和第 {row} 项），请只保留一项",
                    f"{name} is named twice in one list, as entries {first} and {row}; leave one of them",
                    field=f"{path}{field}",
                    status=422,
                )


@cache
def _lists(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of a struct that are lists of entries."""
    return tuple(field.name for field in msgspec.structs.fields(struct) if _is_list(field.type))


def _is_list(hint: Any) -> bool:
    """Whether a type is a tuple, or may be one, as `tuple[str, ...] | None` may."""
    inner = hint.__origin__ if get_origin(hint) is Annotated else hint
    return get_origin(inner) is tuple or (
        get_origin(inner) in (Union, UnionType) and any(map(_is_list, get_args(inner)))
    )


class Placed(Protocol):
    """A state, or a part of one, that lies in a division."""

    @property
    def place(self) -> str: ...


P = TypeVar("P", bound=Placed)


def addressed(state: P | None, command: Command, zh: str = "村", en: str = "village") -> P:
    """The state that a command names. Refuses if there is none, or if it lies in another division than the command's.

    Rights are granted by division: who may act in one division must not reach a village of another.
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
    """Move a village's state to the division of its new code (Regulation on Administrative Divisions 17)."""
    return Change(state and state.but(place=place_of(event.code)))
