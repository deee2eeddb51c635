"""Runs all services' rules in one process's memory, without database and bus: what they decide if nothing goes wrong.

Every service's events are delivered to all services in one order, as the stream does. With `shuffle` a test can deliver
them in another order that real streams could have too: only the events of one service on one stream keep their order.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from shared.calendar import DAY
from shared.contracts import Event
from shared.contracts.calendar import HolidaysAnnounced
from shared.engine.flow import (
    Cause,
    Fact,
    Missing,
    Parked,
    Result,
    States,
    Terms,
    Wiring,
    derived_id,
    recount,
    run,
    run_due,
)
from shared.policy import PolicyBook
from shared.rules import Key, Reaction, Rule, State


class Service:
    """One service's rules with its states."""

    def __init__(self, name: str, reactions: Iterable[Reaction], due: Mapping[type[State], Mapping[str, Rule]]) -> None:
        self.name, self.wiring, self.book = name, Wiring(reactions, due), PolicyBook()
        self.states: dict[Key, State] = {}
        self.parked: list[Parked] = []

    def take(self, causes: Sequence[Cause], today: date) -> Result:
        """Run causes, such as commands or events, and keep the changed states."""
        return self._keep(lambda loaded: run(self._terms(today), causes, loaded))

    def announce(self, notice: HolidaysAnnounced, today: date) -> Result:
        """Take in holidays, and count running deadlines again."""
        self.book.announce(notice)
        cause = Cause(derived_id("test", notice), "calendar", notice)
        states = sorted(self.states.values(), key=lambda s: (s.kind, s.id))
        return self._keep(lambda _loaded: recount(self._terms(today), cause, states))

    def pass_day(self, today: date) -> Result:
        """Let the timers run out that are due, and those of states that are woken by it."""
        result = self._run_out(today)
        if not result.woken:
            return result
        for kind, within, on in result.woken:
            there = (key for key, state in self.states.items() if key[0] is kind and state.place.startswith(within))
            self.states |= {key: self.states[key].woken(on) for key in there}
        then = self._run_out(today)
        changed = {**result.changed, **then.changed}
        return Result(changed, [*result.facts, *then.facts], [*result.parked, *then.parked])

    def _run_out(self, today: date) -> Result:
        run_out = (s for s in self.states.values() if s.timers and s.due and s.due <= today)
        due = sorted(run_out, key=lambda s: (s.kind, s.id))
        return self._keep(lambda loaded: run_due(self._terms(today), f"day {today}", due, loaded))

    def _terms(self, today: date) -> Terms:
        return Terms(self.wiring, self.book, today)

    def _keep(self, attempt: Any) -> Result:
        loaded: States = {}
        while True:
            try:
                result: Result = attempt(loaded)
            except Missing as missing:
                loaded |= {key: self.states.get(key) for key in missing.keys}
            else:
                astray = [key for key, state in result.changed.items() if key != (type(state), state.id)]
                assert not astray, f"kept under another id than their own: {astray}"
                self.states |= result.changed
                self.parked += result.parked
                return result


class World:
    """Services that hear one another."""

    def __init__(self, today: date, *services: Service, shuffle: random.Random | None = None) -> None:
        self.today, self.services, self.shuffle = today, {s.name: s for s in services}, shuffle
        self.facts: list[Fact] = []
        self.commands = 0

    def command(self, service: str, *payloads: Any) -> Result:
        """Send commands to a service, as an officer does. Raises Refused if it refuses any."""
        self.commands += 1
        ids = (derived_id("test", self.commands, n) for n in range(len(payloads)))
        causes = [Cause(id, id, payload) for id, payload in zip(ids, payloads, strict=True)]
        before = len(self.services[service].parked)
        result = self.services[service].take(causes, self.today)
        for parked in self.services[service].parked[before:]:
            raise parked.error
        self.deliver({service: result.facts})
        return result

    def deliver(self, said: dict[str, list[Fact]]) -> None:
        """Deliver events to all services, and then the events that follow, until there are no more."""
        streams: dict[tuple[str, bool], list[Fact]] = {}

        def tell(name: str, facts: Iterable[Fact]) -> None:
            for fact in facts:
                streams.setdefault((name, self.shuffle is not None and fact.event.is_sealed()), []).append(fact)

        for name, facts in said.items():
            tell(name, facts)
        while streams:
            waiting = sorted(streams)
            stream = self.shuffle.choice(waiting) if self.shuffle else waiting[0]
            fact = streams[stream].pop(0)
            if not streams[stream]:
                del streams[stream]
            self.facts.append(fact)
            for other in self.services.values():
                if other.name != stream[0]:
                    tell(other.name, other.take([Cause(fact.id, fact.correlation, fact.event)], self.today).facts)

    def announce(self, notice: HolidaysAnnounced) -> None:
        """Let all services hear of holidays."""
        self.deliver({name: service.announce(notice, self.today).facts for name, service in self.services.items()})

    def pass_days(self, until: date) -> None:
        """Let days pass, stopping at each on which something falls due."""
        while self.today < until:
            due = min((s.due for v in self.services.values() for s in v.states.values() if s.due), default=until)
            self.today = min(max(due, self.today + DAY), until)
            self.deliver({name: service.pass_day(self.today).facts for name, service in self.services.items()})

    def said(self, event: type[Event], **fields: Any) -> list[Any]:
        """The events of a type that were said, whose fields have these values."""
        return [
            fact.event
            for fact in self.facts
            if type(fact.event) is event and all(getattr(fact.event, f) == v for f, v in fields.items())
        ]

    def all(self, service: str, kind: str) -> dict[str, Any]:
        """All states of a kind by id, as they are shown."""
        states = self.services[service].states.items()
        return {id: msgspec.to_builtins(state) for (of, id), state in states if of.kind == kind}

    def state(self, service: str, kind: type[State], id: str) -> Any:
        """A state of a service."""
        return self.services[service].states[kind, id]
