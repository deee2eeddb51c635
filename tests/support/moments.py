"""Days of a story on which a service was told something or something fell due, and what it would have answered then to
something else. Nothing of it is kept: rules are pure, so they can be asked as often as one likes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import msgspec

from deploy.demo.world import Service
from shared.contracts import Payload
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.registry import PolicyAdopted
from shared.engine.flow import Cause, Fact, Missing, Result, States, Terms, Wiring, encode_state, recount, run, run_due
from shared.policy import Policy, PolicyBook
from shared.rules import Key, Refused, State

AGAIN: Final = (1, 5, 25)
"""Of a story's messages of a type that lead to the same, these are remembered, the first among them."""
NOTHING: Final = Result({}, [], [])
_LONG: Final = re.compile(r"\d+\.\d{10,}")
_SORTED: Final = msgspec.json.Encoder(order="deterministic").encode


class Moment(NamedTuple):
    """A service just before it was told something."""

    service: str
    wiring: Wiring
    today: date
    states: Mapping[Key, State]
    book: PolicyBook
    said: Payload | None
    """What it was told; None where a day began."""
    due: tuple[Key, str] | None = None
    """What fell due on that day: the state and its timer."""

    @property
    def policy(self) -> Policy | None:
        """The pack in force where its first place is."""
        return self.book.at(min((state.place for state in self.states.values()), default=""), self.today)


class Answer(NamedTuple):
    """What a service would answer."""

    outcome: str
    """In short: the refusal's status, rule and field; or the events, or what else is changed."""
    whole: str
    """All of it: the refusal's texts, or the events and the states as they would be."""
    result: Result


class Moments:
    """Remembers the moments of a story, on each of its services."""

    def __init__(self, *, last: bool = False) -> None:
        self.last = last
        """Whether the last message of each type is remembered, as the one that a test is about, in place of AGAIN."""
        self._found: dict[tuple[object, ...], Moment] = {}
        self.told = defaultdict[str, list[tuple[date, Payload | None]]](list)
        """By service, all that it was told with the day, in order; None where a day began. What packs say is in the
        book."""
        self.adopted = defaultdict[str, list[PolicyAdopted]](list)
        """By service, the packs whose adoption it was told, in order."""
        self._books: dict[tuple[int, tuple[tuple[str, str], ...]], PolicyBook] = {}
        """By the identity of the packs, which each of them keeps alive, and the notices."""
        self._times = Counter[tuple[object, ...]]()

    @property
    def found(self) -> list[Moment]:
        """The moments, in order."""
        return [*self._found.values()]

    def watch(self, service: Service) -> None:
        """Remember what this service is told from now on."""
        service.take = partial(self._take, service, service.take)  # type: ignore[method-assign]
        service.pass_day = partial(self._pass_day, service, service.pass_day)  # type: ignore[method-assign]

    def _take(
        self, service: Service, take: Callable[[Sequence[Cause], date], Result], causes: Sequence[Cause], today: date
    ) -> Result:
        heard = [one.payload for one in causes if service.wiring.reactions.get(type(one.payload))]
        self.told[service.name] += [(today, said) for said in heard if not hasattr(said, "pack")]
        self.adopted[service.name] += [said for said in heard if isinstance(said, PolicyAdopted)]
        states, packs = dict(service.states), service.book.packs
        result = take(causes, today)
        came = dict[str, set[str]]()
        for fact in result.facts:
            came.setdefault(_root(fact), set()).add(fact.event.type)
        for cause, error in result.parked:
            came[cause.id] = {f"{error.rule} {error.field}" if isinstance(error, Refused) else "fails"}
        for cause in causes:
            kind, payload = getattr(cause.payload, "kind", ""), cause.payload
            key = service.name, type(payload), kind, *sorted(came.get(cause.id, ()))
            # What a pack may say has tests of its own, and takes long to check.
            if self._counts(key) and service.wiring.reactions.get(type(payload)) and not hasattr(payload, "pack"):
                book = self._book(service.book, packs)
                self._keep(key, Moment(service.name, service.wiring, today, states, book, payload))
        return result

    def _pass_day(self, service: Service, pass_day: Callable[[date], Result], today: date) -> Result:
        self.told[service.name].append((today, None))
        states = dict(service.states)
        for key, state in sorted(states.items(), key=lambda one: (one[0][0].kind, one[0][1])):
            for name, on in sorted(state.timers.items()):
                what = service.name, state.kind, name, state.status
                if on <= today and self._counts(what):
                    book = self._book(service.book, service.book.packs)
                    self._keep(what, Moment(service.name, service.wiring, today, states, book, None, (key, name)))
        return pass_day(today)

    def _counts(self, what: tuple[object, ...]) -> bool:
        """Whether a moment is remembered at which something happened that is counted as this."""
        self._times[what] += 1
        return self.last or self._times[what] in AGAIN

    def _keep(self, what: tuple[object, ...], moment: Moment) -> None:
        kept = what if self.last else (*what, self._times[what])
        self._found.pop(kept, None)
        self._found[kept] = moment

    def _book(self, book: PolicyBook, packs: Mapping[str, Any]) -> PolicyBook:
        """One book for all moments with the same packs and holidays: it merges layers once."""
        known = id(packs), (*book.notices,)
        if known not in self._books:
            self._books[known] = copied(book, packs)
        return self._books[known]


def _root(fact: Fact) -> str:
    return fact.cause.id if fact.cause.depth == 0 else fact.cause.correlation


def copied(book: PolicyBook, packs: Mapping[str, Any]) -> PolicyBook:
    """A book of its own with these packs and the same holidays."""
    own = PolicyBook(packs)
    for notice in book.notices.values():
        own.announce(notice)
    return own


class Whole(dict[Key, State | None]):
    """All states of a service as if each of them were loaded, with those that are changed."""

    def __init__(self, base: Mapping[Key, State]) -> None:
        super().__init__()
        self.base = base

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: Key) -> State | None:
        return self.base.get(key)

    def get(self, key: Key, default: Any = None) -> Any:
        return self[key]

    def copy(self) -> "Whole":
        return Whole(self.base)


def answer(moment: Moment, payload: Payload, today: date) -> Answer:
    """What a service would say to a message."""
    packs = moment.book.packs
    result = run(Terms(moment.wiring, moment.book, today), [Cause("odd", "odd", payload)], Whole(moment.states))
    moment.book.restore(packs)
    return _read(result, moment, today)


def fallen_due(moment: Moment, state: State, today: date) -> Answer:
    """What would come of a state's timers on a day."""
    loaded: States = {}
    packs = moment.book.packs
    while True:
        try:
            result = run_due(Terms(moment.wiring, moment.book, today), "odd", [state], loaded)
        except Missing as missing:
            loaded |= {key: moment.states.get(key) for key in missing.keys}
        else:
            break
    moment.book.restore(packs)
    return _read(result, moment, today)


def announced(moment: Moment, notice: HolidaysAnnounced) -> Answer:
    """What comes of holidays, by which the moment's book counts from now on."""
    moment.book.announce(notice)
    states = sorted(moment.states.values(), key=lambda state: (state.kind, state.id))
    terms = Terms(moment.wiring, moment.book, moment.today)
    return _read(recount(terms, Cause("odd", "odd", notice), states), moment, moment.today)


def _read(result: Result, moment: Moment, today: date) -> Answer:
    for _, error in result.parked:
        if isinstance(error, Refused):
            outcome = f"{error.status} {error.rule} {error.field or ''}".rstrip()
            return Answer(outcome, f"{outcome} {error.zh} {error.en} {error.basis}", result)
        return Answer(f"fails: {type(error).__name__}", repr(error), result)
    states = sorted(result.changed.items(), key=lambda one: (one[0][0].kind, one[0][1]))
    whole = b" ".join(
        [
            *(fact.event.type.encode() + _SORTED(fact.event) for fact in result.facts),
            *(kind.kind.encode() + looks(state, moment.book, today) for (kind, _), state in states),
        ]
    ).decode()
    types = dict.fromkeys(
        fact.event.type.removeprefix(f"{moment.service}.").removesuffix(".v1") for fact in result.facts
    )
    kinds = dict.fromkeys(kind.kind for (kind, _), _ in states)
    return Answer(" ".join(types) or (f"({' '.join(kinds)})" if kinds else "-"), whole, result)


def looks(state: State, book: PolicyBook, today: date) -> bytes:
    """A state with what people see of it: its status, what is shown, what is to be done about it, and whose it is."""
    policy = book.at(state.place, today)
    tasks = [*state.tasks(policy)] if policy else []
    whose = [_whose(state, task.action, SimpleNamespace(**task.answer)) for task in tasks]
    above = sorted(f"{kind.kind}/{id}" for kind, id in state.above)
    told = _SORTED([state.status, state.awaits, state.journey, above, state.concealed_since, tasks, whose])
    shows = type(state).shown is not State.shown
    return encode_state(state) + (encode_state(state.shown()) if shows else b"") + told


def _whose(state: State, action: str, said: object) -> list[Any]:
    """Whose matter an answer is, and as which step it counts."""
    unit, cadres, village = state.involves(said)
    hand = state.hand(action, said)
    return [unit, sorted(cadres), village, hand]
