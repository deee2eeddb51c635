"""Running the rules, between loading states and saving them. It does no I/O, so it can be repeated.

`run` leads messages (causes) through the service's table of reactions, in order, with the states that were loaded. If
it needs others, it raises `Missing` with their keys. The caller loads them and runs the same causes again; this changes
nothing, since rules have no side effects.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from functools import cache, partial
from itertools import count, takewhile
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from shared import codes
from shared.codes import Code
from shared.contracts import Command, Event, Payload
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.registry import PolicyAdopted, VillageRecoded
from shared.divisions import place_of, prefecture_of
from shared.engine.actors import NOBODY, Actor, handled, require_own
from shared.engine.versions import Seen, require_same, unknown
from shared.policy import Layer, Policy, PolicyBook, PolicyInvalid, layer_of, over, parse_pack, renewed
from shared.rules import LONGEST_ID, Change, Due, Key, Reaction, Refused, Rule, State, Wake, once_each, require_taken

T = TypeVar("T")
NAMESPACE = bytes.fromhex("6f1d1f6e5a0b5c599f577a68756375e6")
"""The namespace with which all derived ids are hashed."""
WAITS = "order"
"""The rule in the refusal of a message that must wait for an earlier one about the same village."""
LONGEST_CHAIN = 100
"""The longest chain of events within one service, each caused by the one before. A longer one means that rules run in
circles."""
MOST_TIMERS = 1000
"""How many timers of one state may run out on one day. More means that a rule sets, again and
again, a timer that is due at once."""
ENVELOPE = 2**13
"""The most bytes that envelope and headers of a published event take, in addition to its data."""
LARGEST_DATA = 2**20 - ENVELOPE
"""The most bytes of an event's data if the server's `max_payload` is 1 MiB, its default."""


def derived_id(*causes: object) -> str:
    """A UUID (version 8, RFC 9562) made from its causes, so that a repetition makes the same id.

    If the first cause is such an id, its first 48 bits come first; the other 74 bits are a hash. So all that follows
    from one request or day lies side by side in each index, where random ids would be spread over as many pages.
    """
    (hashed := _HASHED.copy()).update("\x1f".join(map(str, causes)).encode())
    text = hashed.hexdigest()
    first = str(causes[0]) if causes else ""
    root = first[:13] if len(first) == 36 and first[14] == "8" else f"{text[:8]}-{text[8:12]}"
    # Four bits are replaced by the version, 8, and two by the variant of RFC 9562.
    return f"{root}-8{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


_HASHED = hashlib.sha1(NAMESPACE, usedforsecurity=False)  # Copying it costs less than hashing the namespace again.
_VARIANT = {digit: f"{int(digit, 16) & 3 | 8:x}" for digit in "0123456789abcdef"}


def id_bytes(id: str) -> bytes:
    """The 16 bytes of an id, as the inbox keeps it. Raises ValueError if it is no UUID."""
    if not _UUID.fullmatch(id):
        raise ValueError(f"the id {id[:40]!r} is no UUID")
    return bytes.fromhex(id.replace("-", ""))


_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Cause(msgspec.Struct, frozen=True):
    """A message on its way through the rules."""

    id: str
    correlation: str
    payload: Payload
    policy: str = ""
    """The version of the policy pack by which an event was decided."""
    day: date = date.min
    """The business day on which it was decided."""
    depth: int = 0
    """Its place in a chain of events of this service: 0 for the message with which the chain began."""
    actor: Actor = NOBODY
    """Who sent the command with which the chain began."""


class Fact(msgspec.Struct, frozen=True):
    """An event that the rules decided, with what its envelope needs."""

    id: str
    cause: Cause
    event: Event
    policy: str
    data: bytes
    """The event as it is published."""
    correlation: str
    """The village or division that the event is about; if there is none, the correlation id of its cause."""


class Parked(NamedTuple):
    """A message that was refused or failed, with the error, for the table of dead letters."""

    cause: Cause
    error: Exception


class Missing(Exception):
    """The rules need these states, which are not loaded."""

    def __init__(self, keys: set[Key]) -> None:
        self.keys = keys


class Way(NamedTuple):
    """How to make one id from another: how many parts to cut off its end, and what to put there instead.

    From a village's commitments to its link it is `0, "/team"`, from one of its matters to the village `1, ""`.
    """

    cut: int
    end: str

    @classmethod
    def of(cls, named: str, other: str) -> "Way | None":
        """The way between ids that begin alike; None if it would not serve for other villages and years."""
        parts, others = named.split("/"), other.split("/")
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(parts, others, strict=False)))
        end = "".join(f"/{part}" for part in others[alike:])
        return cls(len(parts) - alike, end) if alike and not any(map(str.isdigit, end)) else None

    def to(self, named: str) -> str:
        """Where it leads from an id."""
        return named.rsplit("/", self.cut)[0] + self.end


class Wiring:
    """A service's reactions by message, and its timers' rules by kind of state."""

    def __init__(self, reactions: Iterable[Reaction], due: Mapping[type[State], Mapping[str, Rule]]) -> None:
        self.reactions: dict[type[Payload], list[Reaction]] = {}
        self.kinds: dict[str, type[State]] = {}
        """The kinds of state by name."""
        for reaction in reactions:
            self.kinds[reaction.kind.kind] = reaction.kind
            self.reactions.setdefault(reaction.on, []).append(reaction)
        self._by_code = {on for on, several in self.reactions.items() if any(one.code for one in several)}
        self.coded = set[type[Payload]]()
        """The messages with a reaction that needs a village's code; none until a village has one besides its id."""
        self.due = due
        for kind, rules in due.items():
            for rule in rules.values():
                require_taken(rule, kind, Due)
        self.recoded: defaultdict[str, set[str]] = defaultdict(set)
        """By division, the villages with a code in it that is not their id. Without such villages no alias is looked
        for: codes change rarely, and a third of all reading would be for aliases that do not exist."""
        self.secret = b""
        """The installation's secret, with which versions of states are made; empty if it has none."""
        self.largest = LARGEST_DATA
        """The most bytes of an event's data that the connected server takes."""
        self.sequels: dict[type[Payload] | type[State], set[tuple[type[State], Way]]] = {}
        """Learned from earlier runs: by what a chain began with, which states it needed later, and the way to their
        ids from the id that was named at first. Next time they are loaded at once. That saves a run and never changes
        a decision."""

    def note_code(self, place: str, village: str) -> None:
        """Note that a village has a code in a division. If the event is refused after all, that does no harm."""
        self.recoded[place].add(village)
        self.coded = self._by_code

    def likely(self, root: type[Payload] | type[State], named: Iterable[Key]) -> Iterable[Key]:
        """The states that later events of the chain will probably need, as learned from earlier runs."""
        ways = self.sequels.get(root)
        return [(kind, way.to(id)) for kind, way in ways for _, id in named] if ways else ()


class Terms(msgspec.Struct, frozen=True):
    """What rules go by: the service's reactions, the policy packs it knows, and the business day."""

    wiring: Wiring
    book: PolicyBook
    today: date
    concerned: "dict[str, Concerned]" = msgspec.field(default_factory=dict)
    """The states that each cause names, by the cause's id. The first run of a transaction finds them; the next ones
    need not look again."""

    def policy(self, place: str) -> Policy:
        """The pack in force in a division. Raises Refused where there is none."""
        policy = self.book.at(place, self.today)
        if policy is None:
            raise _ungoverned(place, self.today)
        return policy

    def worded(self, error: Exception, place: str) -> Exception:
        """A refusal in the words of the region; another error as it is."""
        policy = self.book.at(place, self.today) if isinstance(error, Refused) else None
        return error.by(policy) if policy and isinstance(error, Refused) else error


States = dict[Key, State | None]
"""States by their keys; None where there is no such state."""
Targets = Sequence[tuple[Key, Reaction, Any]]
"""The keys of the states that a message concerns, each with its reaction and the policy in force."""
Effect = Literal["created", "changed", "unchanged"]
"""Whether a command created a state, changed one, or left all as they were."""


class Concerned(NamedTuple):
    """The states that a message concerns, found by the packs that were in force when it was looked for them."""

    payload: Payload
    packs: Mapping[str, Any]
    targets: Targets
    named: Sequence[Key]
    """The keys of the targets."""
    needed: Sequence[Key]
    """The same keys, and those of the other states that the rules look at."""


class Result(NamedTuple):
    """What a run decided: the new states, the facts in order, and the causes that were refused or failed."""

    changed: dict[Key, State]
    facts: list[Fact]
    parked: list[Parked]
    adopted: Sequence[PolicyAdopted] = ()
    """The packs that were adopted, whether by a decision of this service or by an event that it heard."""
    effects: Mapping[str, Effect] = {}
    """The effect of each command that was not refused, by the id of its cause."""
    woken: Sequence[Wake] = ()
    """Which other states are to be looked at."""


def run(terms: Terms, causes: Iterable[Cause], loaded: States, blocked: Set[str] = frozenset()) -> Result:
    """Run the rules on each cause, in order, and on all events that follow from it within the service.

    If a rule refuses or fails, its cause has no effect and is put into `parked`. Later causes with the same correlation
    id are parked, too, since events about a village must be applied in order. `blocked` has the correlation ids of
    messages that are parked already. Adopted packs are added to the book. Raises Missing.
    """
    batch, stuck = _Batch(terms, loaded), set(blocked)
    for cause in causes:
        try:
            if cause.correlation in stuck:
                raise _waits(cause.correlation)
            batch.chain(batch.ask if isinstance(cause.payload, Command) else batch.begin, cause)
        except Exception as error:  # One failing rule must not stop messages about other villages.
            stuck.add(cause.correlation)
            batch.parked.append(Parked(cause, terms.worded(error, cause.payload.place)))
    return batch.result()


def _waits(about: str) -> Refused:
    return Refused(
        WAITS,
        f"关于“{about}”还有更早的消息未处理，须按次序办理；请先重放更早的消息",
        f"waits in order behind an earlier message about {about}; replay that one first",
    )


def run_due(terms: Terms, day_id: str, states: Iterable[State], loaded: States) -> Result:
    """Run all timers of some states that are due by today, the earliest first.

    Each state succeeds or fails by itself.
    """
    due: dict[Key, State] = {(type(state), state.id): state for state in states}
    batch = _Batch(terms, {**loaded, **due})
    for key in due:
        try:
            batch.chain(batch.run_out, key, day_id)
        except Exception as error:
            stopped = stop(day_id, batch.states[key] or due[key], error)
            batch.parked += stopped.parked
            batch.states |= stopped.changed
    return batch.result()


def stop(day_id: str, state: State, error: Exception) -> Result:
    """Take off all timers of a state because the rule of one has failed.

    Otherwise they would stay due and the day would never end. A replay sets them again.
    """
    cause = Cause(derived_id(day_id, state.kind, state.id), day_id, Payload(place=state.place))
    return Result({(type(state), state.id): state.but(timers={})}, [], [Parked(cause, error)])


def recount(terms: Terms, cause: Cause, states: Iterable[State]) -> Result:
    """Count the running deadlines of some states again after holidays were announced. Each move becomes an event."""
    assert isinstance(cause.payload, HolidaysAnnounced)
    batch = _Batch(terms, {(type(state), state.id): state for state in states})
    for key, state in batch.loaded.items():
        policy = terms.book.at(state.place, terms.today) if state else None
        if state and policy:
            counted, moves = state.recounted(policy.calendar, terms.today)
            id = derived_id(cause.id, state.kind, prefecture_of(state.place), state.id)
            told = tuple(counted.tell_moved(moved, cause.payload.notice) for moved in moves)
            batch.apply(key, Change(counted, told), Cause(id, cause.id, Payload(place=state.place)), policy, count())
    return batch.result()


class _Batch:
    """One attempt to run causes or timers: the states that are loaded, and what has been decided so far.

    Each cause, with everything that follows from it within the service, is a chain. A chain is kept as a whole or not
    at all.
    """

    def __init__(self, terms: Terms, loaded: States) -> None:
        self.terms, self.wiring, self.packs, self.loaded = terms, terms.wiring, terms.book.packs, loaded
        self.states = loaded.copy()
        """The states as they are now, with the changes of all chains so far."""
        self.facts: list[Fact] = []
        self.parked: list[Parked] = []
        self.adopted: list[PolicyAdopted] = []
        self.woken: list[Wake] = []
        """Which other states timers have woken."""
        self.effects: dict[str, Effect] = {}
        self.missed = set[Key]()
        self.before: States = {}
        """The states that the present chain has changed, as they were before it."""
        self.root: type[Payload] | type[State] = Payload
        """The type of the message, or the kind of the state with a timer, with which the present chain began."""
        self.named: Sequence[Key] = ()
        """The keys of the states that the cause itself concerns, not those of events that follow."""

    def chain(self, begin: Callable[..., None], *given: Any) -> None:
        """Begin a chain, and undo all of it if it fails. If only states are missing, `result` will ask for them."""
        self.before = {}
        facts, adopted, woken, packs = len(self.facts), len(self.adopted), len(self.woken), self.terms.book.packs
        try:
            begin(*given)
        except Exception as error:
            self.states |= self.before
            del self.facts[facts:], self.adopted[adopted:], self.woken[woken:]
            self.terms.book.restore(packs)
            if not isinstance(error, Missing):
                raise
            self.missed |= error.keys

    def result(self) -> Result:
        """What all chains decided. Raises Missing for all of them together."""
        if self.missed:
            self.terms.book.restore(self.packs)  # Else the next run would judge by a pack that it adopts only later.
            raise Missing(self.absent(self.missed))
        changed = {key: state for key, state in self.states.items() if state and state is not self.loaded.get(key)}
        return Result(changed, self.facts, self.parked, self.adopted, self.effects, self.woken)

    def begin(self, cause: Cause) -> None:
        """Run the rules of a message, and of all events that follow from it."""
        _, _, targets, self.named, needed = self.concerned(cause)
        self.root = type(cause.payload)
        if self.absent(self.named):
            self.missed.update(needed, self.wiring.likely(self.root, self.named))
            return
        self.follow(cause, targets)

    def ask(self, cause: Cause) -> None:
        """Begin with a command. Raises Refused if its sender may not say it."""
        assert isinstance(cause.payload, Command)
        if self.wiring.recoded or cause.payload.expects:
            cause = self.resolved(cause)
        if cause.actor is not NOBODY:
            cause = self.require_own(cause)
        self.begin(cause)
        for key in self.named if cause.actor is not NOBODY else ():
            if key in self.before:
                self.states[key] = handled(cause.actor, cause.payload, self.before[key], self.states[key])
        self.effects[cause.id] = self.effect()

    def require_own(self, cause: Cause) -> Cause:
        """Refuse a command that its sender may not say, by what it names and, once they are loaded, by the states.
        If he uses powers that somebody handed to him, the cause returned names that person's organ.
        """
        command = cause.payload
        assert isinstance(command, Command)
        code_now = partial(self.code_now, command.place)
        by = require_own(cause.actor, command, self.terms.today, code_now=code_now)
        concerned, (_, _, parent) = self.concerned(cause), getattr(command, "parent", "").partition(":")
        beside = {parent, getattr(command, "into", "")}
        named = [*concerned.named, *(key for key in concerned.needed if key[1] in beside)]
        if not self.absent(named):
            by = require_own(cause.actor, command, self.terms.today, self.with_those_above(named), code_now)
        return cause if by is cause.actor else msgspec.structs.replace(cause, actor=by)

    def with_those_above(self, keys: Iterable[Key]) -> list[State]:
        """The states with these keys, and all to which they belong, such as a branch, its firm, and the firm's group.
        Raises Missing."""
        found, ahead = dict[Key, State](), [*keys]
        while ahead:
            states = {key: state for key, state in self.others(ahead).items() if state}
            found |= states
            ahead = [key for state in states.values() for key in state.above if key not in found]
        return [*found.values()]

    def follow(self, cause: Cause, targets: Targets) -> None:
        """Run the rules of a message. Each event that they decide is followed at once, before the next one."""
        self.learn(cause.payload)
        numbers = count()
        for key, reaction, policy in targets:
            state = self.states[key]
            others = [self.others(reaction.reads(state, cause.payload))] if reaction.reads else []
            change = reaction.rule(state, cause.payload, policy, self.terms.today, *others)
            self.apply(key, change, cause, policy, numbers)

    def apply(self, key: Key, change: Change, cause: Cause, policy: Policy | None, numbers: Iterator[int]) -> None:
        """Take over what a rule decided. Each of its events gets the next of the cause's `numbers`."""
        state, before = change.state, self.states[key]
        # Many rules return the state that they were given, which `is` tells at once, or one that is equal to it.
        if state is not None and state is not before and state != before:
            if len(state.id) > LONGEST_ID:
                raise _too_long(state.id)
            self.before.setdefault(key, before)
            self.states[key] = state
        followed = [(event, self.targets(event)) for event in change.events]
        # Ask for the states of all events at once. Otherwise a rule with many events would run again for each of them.
        if followed and (absent := self.absent(key for _, targets in followed for key, _, _ in targets)):
            raise Missing(self.later(absent))
        for event, targets in followed:
            fact = self.fact(event, cause, policy, next(numbers))
            self.facts.append(fact)
            self.follow(Cause(fact.id, fact.correlation, event, depth=cause.depth + 1, actor=cause.actor), targets)

    def fact(self, event: Event, cause: Cause, policy: Policy | None, number: int) -> Fact:
        """An event as it will be published. Raises Refused where it could not be."""
        # The type is part of the id: it names the service, and several services may react to one cause.
        id = derived_id(cause.id, event.type, number)
        about = getattr(event, "village", None) or getattr(event, "division", None) or cause.correlation
        fact = Fact(id, cause, event, policy.version if policy else "", _DATA(event), about)
        if len(fact.data) > self.wiring.largest:
            raise _too_large(event, len(fact.data), self.wiring.largest)
        if len(about) > LONGEST_ID:
            raise _too_long(about)
        if cause.depth >= LONGEST_CHAIN:
            raise RuntimeError(f"{event.type} about {event.subject_id}: more than {LONGEST_CHAIN} in one chain")
        return fact

    def concerned(self, cause: Cause) -> "Concerned":
        """The states that a cause concerns. They are looked for again only if other packs are in force by now, if an
        alias in the command was replaced by its village's id, or if they follow from a village's code.

        Raises Refused, also if a command says something twice.
        """
        known = None if type(cause.payload) in self.wiring.coded else self.terms.concerned.get(cause.id)
        if not known or known.payload is not cause.payload or known.packs is not self.terms.book.packs:
            if isinstance(cause.payload, Command):
                once_each(cause.payload)
            targets = self.targets(cause.payload)
            named = [key for key, _, _ in targets]
            read = [key for _, reaction, _ in targets if reaction.reads for key in reaction.reads(None, cause.payload)]
            known = Concerned(cause.payload, self.terms.book.packs, targets, named, [*named, *read])
            self.terms.concerned[cause.id] = known
        return known

    def targets(self, payload: Payload) -> Targets:
        """The keys of the states that a message concerns, each with its reaction and the policy in force.

        Raises Refused.
        """
        reactions = self.wiring.reactions.get(type(payload), ())
        policy: Any = self.policy_for(payload) if reactions else None
        said: Any = payload
        code = [self.code_of(said.place, said.village) if type(payload) in self.wiring.coded else None]
        return [((r.kind, id), r, policy) for r in reactions for id in r.ids(payload, policy, *code[: r.code])]

    def code_of(self, place: str, village: str) -> Code | None:
        """What is kept of the codes of a village in a division; None if its id is its only one there. Raises
        Missing."""
        if village not in self.wiring.recoded.get(place, ()):
            return None
        key = Code, village
        found = self.others([key])[key]
        assert found is None or isinstance(found, Code)
        return found

    def code_now(self, place: str, village: str) -> str:
        """The present code of a village in a division, which tells its township. Raises Missing."""
        code = self.code_of(place, village)
        return code.on(date.max) if code else village

    def policy_for(self, payload: Payload) -> Any:
        """The policy by which a message is judged; None for one that needs none. Raises Refused."""
        if hasattr(payload, "pack"):  # A pack that is being adopted is its own policy: there may be none in force yet.
            return _sound(self.terms.book, payload)
        return self.terms.policy(payload.place) if payload.needs_policy else None

    def absent(self, keys: Iterable[Key]) -> set[Key]:
        """Those of the keys whose states are not loaded."""
        return {key for key in keys if key not in self.states}

    def later(self, absent: Iterable[Key]) -> set[Key]:
        """States that are needed later in the chain, and others that it will probably need. The ways to them are
        remembered."""
        ways = {(kind, way) for kind, id in absent for _, named in self.named if (way := Way.of(named, id))}
        self.wiring.sequels.setdefault(self.root, set()).update(ways)
        return {*absent, *self.wiring.likely(self.root, self.named)}

    def others(self, keys: Iterable[Key]) -> Mapping[Key, State | None]:
        """Other states that a rule looks at. Raises Missing."""
        named = [*keys]
        if absent := self.absent(named):
            raise Missing(absent)
        return {key: self.states[key] for key in named}

    def learn(self, payload: Payload) -> None:
        """Note what a message changes besides states: which packs are adopted, and which villages have other codes."""
        if type(payload) is PolicyAdopted:
            self.terms.book.adopt(_adopted(payload.pack))
            self.adopted.append(payload)
        elif type(payload) is VillageRecoded:
            self.wiring.note_code(place_of(payload.code), payload.village)

    def effect(self) -> Effect:
        """The effect of a command. It is `created` only if a state that the command names itself is new."""
        if any(key in self.before and self.before[key] is None for key in self.named):
            return "created"
        return "changed" if self.before else "unchanged"

    def resolved(self, cause: Cause) -> Cause:
        """A command with each alias of a village replaced by the village's id, as rules expect it. Raises Missing.

        Refuses one whose sender saw another version of a state.
        """
        command = cause.payload
        assert isinstance(command, Command)
        if command.expects:
            self.require_unchanged(Seen.read(command.expects))
        aliases = [key for key in codes.aliases(command) if place_of(key[1]) in self.wiring.recoded]
        known = self.others(aliases)
        if ids := {id: code.village for (_, id), code in known.items() if isinstance(code, Code)}:
            command = codes.resolved(command, ids)
            cause = msgspec.structs.replace(cause, payload=command)
        return cause

    def require_unchanged(self, seen: Seen) -> None:
        """Refuse a command if a state is not as its sender saw it, or not kept here. Raises Missing.

        Changes by earlier commands of the same request do not count: no other officer made them.
        """
        if seen.kind not in self.wiring.kinds:
            raise unknown(seen)
        key = self.wiring.kinds[seen.kind], seen.id
        if key not in self.loaded:
            raise Missing({key})
        require_same(seen, self.loaded[key], self.wiring.secret)

    def run_out(self, key: Key, day_id: str) -> None:
        """Run the due timers of one state until none is left. Raises RuntimeError if they never end."""
        rules = self.wiring.due[key[0]]
        self.named, self.root = [key], key[0]
        for _ in range(MOST_TIMERS):
            state = self.states[key]
            if state is None or not state.timers:
                return
            on, name = min((on, name) for name, on in state.timers.items())
            if on > self.terms.today:
                return
            policy = self.terms.policy(state.place)
            # The prefecture is part of the id, since two replicas may each keep a state with the same id.
            id = derived_id(day_id, state.kind, prefecture_of(state.place), state.id, name, on)
            cause = Cause(id, day_id, Payload(place=state.place))
            rest = state.timed(**{name: None})
            change = rules[name](rest, Due(name, on), policy, self.terms.today)
            self.apply(key, change, cause, policy, count())
            self.woken += change.wakes
        raise RuntimeError(f"{key[0].kind} {key[1]}: its timers ran out {MOST_TIMERS} times on one day")


def _ungoverned(place: str, today: date) -> Refused:
    return Refused(
        "policy",
        f"区划 {place} 在 {today} 没有生效的政策包，请先启用政策包",
        f"no policy pack is in force in division {place} on {today}; adopt one first",
    )


def _too_large(event: Event, size: int, largest: int) -> Refused:
    """The refusal of an event that is too large to publish. It must come now: what is committed has to be published."""
    return Refused(
        "size",
        f"由此产生的“{event.label[0]}”消息（关于“{event.subject_id[:40]}”）有 {size} 字节，"
        f"最大可有 {largest} 字节，请分次办理",
        f"the message “{event.label[1]}” about {event.subject_id[:40]}, which would follow, has {size} bytes; "
        f"a message has {largest} at most; do it in parts",
        status=422,
    )


def _too_long(id: str) -> Refused:
    return Refused(
        "identity",
        f"编号“{id[:20]}…”过长，最多 {LONGEST_ID} 个字符",
        f"the id {id[:20]!r}… is too long; {LONGEST_ID} characters at most",
        status=422,
    )


def _sound(book: PolicyBook, message: Any) -> Policy:
    """The pack that a message carries. Refuses, with all faults, a pack that is not valid.

    A layer must be valid over the pack that it extends, and layers of other divisions must stay valid over a new pack
    that they extend. The pack of an event may be written for an earlier version; it is translated first.
    """
    pack = renewed(message.pack) if isinstance(message, PolicyAdopted) else message.pack
    try:
        policy = parse_pack(pack, book.base)
    except PolicyInvalid as error:
        raise _unsound(error) from error
    for layer, base in book.remerged(layer_of(pack) if "extends" in pack else policy):
        try:
            over(base, layer)
        except PolicyInvalid as error:
            zh = f"{layer.name}的政策包 {layer.version} 扩展本包，合并后有矛盾，请先与该地商定：{error.zh}"
            en = f"pack {layer.version} of {layer.name_en} extends this one and contradicts it; settle that first: "
            raise Refused("policy", zh, f"{en}{error.en}", field="pack", status=422) from error
    return policy


def _adopted(pack: Mapping[str, Any]) -> Policy | Layer:
    """A pack as the book keeps it. Refuses one that this version cannot read."""
    try:
        return layer_of(pack) if "extends" in pack else parse_pack(renewed(pack))
    except PolicyInvalid as error:
        raise _unsound(error) from error


def _unsound(error: PolicyInvalid) -> Refused:
    field = f"pack.{error.faults[0].where}".removesuffix(".")
    return Refused("policy", error.zh, error.en, field=field, status=422)


def encode_state(state: State) -> bytes:
    """A state as JSON with sorted keys: the form that is stored and from which digests are made.

    Mappings in a state must have string keys, since msgspec sorts no others.
    """
    return _ENCODER.encode(state)


@cache
def decoder(kind: type[State | Event]) -> msgspec.json.Decoder[Any]:
    """The decoder for a kind of state or event, which is made once."""
    return msgspec.json.Decoder(kind)


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DATA = msgspec.json.Encoder().encode
