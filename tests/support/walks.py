"""A service's way astray: it is told and asked whatever it can be, and what it accepts is kept, step upon step.

So it comes to states that no story comes to, such as those of links and lists that a region's people never use. A
command that is refused is mended where the refusal says that it is wrong, as people do.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from shared.contracts import Command, Event, Payload
from shared.rules import Reaction, Refused, State, by
from tests.support.moments import Answer, Moment, answer, fallen_due
from tests.support.variants import Known, about, field_otherwise, ticket

ROUNDS: Final = 2
"""How often all types are told and asked."""
TRIES: Final = 2
"""About how many states each is told in a round."""
MENDED: Final = 4
"""How many fields of a refused command are mended, one after the other."""
VALUES: Final = 12
"""How many values are tried in its place."""
REST: Final = timedelta(40)
"""How much time passes between two rounds."""


Step = tuple[str, Payload | State, Answer]
"""How something was done, what was told or fell due, and what came of it."""


class Walk:
    """One service on its way, from a moment on."""

    def __init__(self, begin: Moment, known: Known) -> None:
        self.states = dict(begin.states)
        self.at = begin._replace(states=self.states)
        self.known = Known(known)
        place = min((state.place for state in self.states.values()), default="")
        policy = begin.book.at(place, begin.today)
        if policy:
            self.known.learn_pack(policy)

    def steps(self) -> Iterator[Step]:
        """Everything that is done on the way, with what came of it."""
        heard = self.at.wiring.reactions.items()
        types = sorted((one for one in heard if issubclass(one[0], (Command, Event))), key=lambda one: one[0].__name__)
        for number in range(ROUNDS):
            for told, reactions in types:
                for state in self.of(reactions[0], f"{number} {told.__name__}"):
                    yield from self.told(told, reactions[0], state, number)
            self.at = self.at._replace(today=self.at.today + REST)
            due = [state for state in self.states.values() if state.due and state.due <= self.at.today]
            for state in sorted(due, key=lambda one: (one.kind, one.id))[:20]:
                fallen = fallen_due(self.at, self.states[type(state), state.id], self.at.today)
                yield " ".join(sorted(state.timers)), state, fallen
                self.keep(fallen)

    def of(self, reaction: Reaction, asked: str) -> Sequence[State]:
        """Some of the states that may be concerned, each of another status."""
        found = dict[str, State]()
        shuffled = sorted(self.states.values(), key=lambda state: ticket(asked, state.kind, state.id))
        for state in shuffled:
            if type(state) is reaction.kind:
                found.setdefault(state.status, state)
        return [*found.values()][:TRIES] or shuffled[:1]

    def told(self, kind: type[Payload], reaction: Reaction, state: State, number: int) -> Iterator[Step]:
        """One message about a state, mended until it is accepted."""
        named = dict[str, str]()
        if isinstance(reaction.ids, by) and reaction.kind.kind == state.kind:
            named[reaction.ids.field] = state.id.removesuffix(f"/{reaction.ids.part}")
        payload = about(kind, state, named, self.known, self.at.today, str(number))
        for _ in range(MENDED):
            if payload is None:
                return
            found = answer(self.at, payload, self.at.today)
            yield "told", payload, found
            if found.result.changed:
                self.known.learn(payload)
                self.keep(found)
                return
            wrong = next((e.field for _, e in found.result.parked if isinstance(e, Refused) and e.field), None)
            field = wrong.partition("[")[0].partition(".")[0] if wrong else ""
            payload = self.mended(payload, field, found.outcome) if field in kind.__struct_fields__ else None

    def mended(self, payload: Payload, field: str, outcome: str) -> Payload | None:
        """The message with another value in a field, with which it fares otherwise."""
        for other in field_otherwise(payload, field, self.known, self.at.today, VALUES):
            if answer(self.at, other, self.at.today).outcome != outcome:
                return other
        return None

    def keep(self, found: Answer) -> None:
        """Go on from what was accepted."""
        for key, state in found.result.changed.items():
            self.states[key] = state
            self.known.learn(state)
        for fact in found.result.facts:
            self.known.learn(fact.event)
