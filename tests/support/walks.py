"""A service's way astray: it is told and asked whatever it can be, and what it accepts is kept, step upon step.

So it comes to states that no story comes to, such as those of links and lists that a region's people never use, and to
meetings of things that seldom meet. A command that is refused is mended where the refusal says that it is wrong, as
people do.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import cycle
from types import MappingProxyType
from typing import Any, Final

import msgspec

from deploy.demo.answers import COMMANDS
from shared.contracts import Command, Event, Payload
from shared.contracts.calendar import HolidaysAnnounced
from shared.contracts.registry import PolicyAdopted
from shared.contracts.values import ROLES
from shared.divisions import COUNTRY
from shared.policy import Policy
from shared.rules import Refused, State, Task, by
from tests.support.moments import Answer, Moment, announced, answer, copied, fallen_due
from tests.support.variants import Known, about, field_otherwise, otherwise, text, ticket

ROUNDS: Final = 2
"""How often all types are told and asked."""
TRIES: Final = 2
"""About how many states each is told in a round; how many tasks are answered at once."""
MENDED: Final = 4
"""How many fields of a refused command are mended, one after the other."""
KNOWN: Final = 60
VALUES: Final = 6
"""How many values are tried in its place, out of so many: those first of which the refusal has the word."""
REST: Final = timedelta(40)
"""How much time passes between two rounds."""
OFTEN: Final = 100
"""About how often messages of a type are told on the way; of surveys a story has thousands."""
DELAYS: Final = (1, 5, 25, 90)
"""By how many days what is told late is late."""
LOOKED_AT: Final = 20
"""How many states are looked at for open tasks."""
NEAR: Final = 8
"""Among how many types that are like what was told another one is chosen."""
HOLIDAYS: Final = 10
"""How many days off are announced at once."""


Step = tuple[str, Payload | State, Answer]
"""How something was done, what was told or fell due, and what came of it."""
Told = tuple[date, Payload | None]
"""What a service was told on a day; None where the day began."""
Late = tuple[date, Payload]
"""What is told late, and from which day on."""


class Walk:
    """One service on its way, from a moment on."""

    def __init__(self, begin: Moment, known: Known, policy: Policy | None) -> None:
        self.states = dict(begin.states)
        self.at = begin._replace(states=self.states, book=copied(begin.book, begin.book.packs))
        self.known = Known(known)
        self.words = {role: en for role, (_, en) in ROLES.items()}
        """What codes are called in refusals."""
        if policy:
            self.known.learn_pack(policy)
            self.words |= {code: word for words in policy.labels.values() for code, word in words.items()}
        heard = self.at.wiring.reactions
        told = (one for one in heard if issubclass(one, (Command, Event)) and not hasattr(one, "pack"))
        self.types: Sequence[type[Payload]] = sorted(told, key=lambda one: one.__name__)
        own = f"{begin.service}."
        self.others = [one for one in self.types if not issubclass(one, Event) or not one.type.startswith(own)]
        """What the service is told, but not what it tells itself."""
        self.answers = Counter[str]()
        """How often tasks were answered, by action."""

    def adopt(self, packs: Iterable[PolicyAdopted]) -> None:
        """The region's packs are adopted, so that what they plan, such as campaigns, is planned."""
        for one in packs:
            found = answer(self.at, one, self.at.today)
            assert not found.result.parked, f"a pack of the region is refused: {found.outcome}"
            self.keep(found)

    def adopt_foreign(self) -> None:
        """The same where the packs in force are of another region, which no check would take here."""
        for place in self.at.book.packs:
            policy = self.at.book.at(place, self.at.today)
            assert policy
            event = PolicyAdopted(place=place.ljust(6, "0"), version=policy.version, adopted_by="省委", pack={})
            for reaction in self.at.wiring.reactions.get(PolicyAdopted, ()):
                for id in reaction.ids(event, policy):
                    read = (
                        [{key: self.states.get(key) for key in reaction.reads(None, event)}] if reaction.reads else []
                    )
                    rule, state = reaction.rule, self.states.get((reaction.kind, id))
                    if new := rule(state, event, policy, self.at.today, *read).state:
                        self.states[reaction.kind, id] = new

    def rounds(self) -> Iterator[Step]:
        """All types are told, one after the other, again and again."""
        for number in range(ROUNDS):
            for told in self.types:
                for state in self.of(told, f"{number} {told.__name__}")[:TRIES]:
                    yield from self.about(told, state, str(number))
            yield from self.day(self.at.today + REST)

    def along(self, story: Sequence[Told], way: str) -> Iterator[Step]:
        """The story again, but some of it is left out, late, said twice or otherwise, months are missed, holidays are
        announced, and odd things are said between. `way` decides what."""
        many = Counter(type(said) for _, said in story)
        late = list[Late]()
        odd = cycle(sorted(self.others, key=lambda one: ticket(way, one.__name__)))
        for on, said in story:
            chance = ticket(way, on, text(said) if said else "")
            if said is None:
                if ticket(way, on.year, on.month) % 4 and on > self.at.today:
                    yield from self.day(on)
                for one in [one for one in late if one[0] <= on]:
                    late.remove(one)
                    yield from self.say(one[1])
                if chance % 24 == 0:
                    yield from self.holidays()
            elif chance // 64 % many[type(said)] < OFTEN:
                yield from self.near(said, odd, late, chance)

    def near(self, said: Payload, odd: Iterator[type[Payload]], late: list[Late], chance: int) -> Iterator[Step]:
        """What a story says, or something near to it, and at times something else."""
        today, asked = self.at.today, str(chance)
        match chance % 16:
            case 0:
                return
            case 1:
                late.append((today + timedelta(DELAYS[chance // 16 % len(DELAYS)]), said))
                return
            case 2:
                yield from self.say(said)
            case 3:
                others = sorted(otherwise(said, self.known, today), key=lambda one: ticket(asked, one[0], text(one[1])))
                said = others[0][1] if others else said
            case 4 | 5 | 6:
                yield from self.odd(next(odd), asked)
        yield from self.say(said)
        match chance % 16:
            case 7 | 8 | 9 | 10:
                yield from self.answered(asked)
            case 11 | 12 | 13:
                yield from self.followed(said, asked)

    def odd(self, kind: type[Payload], asked: str) -> Iterator[Step]:
        """A message of a type about whatever state may be concerned."""
        for state in self.of(kind, asked)[:1]:
            yield from self.about(kind, state, asked)

    def answered(self, asked: str) -> Iterator[Step]:
        """Open tasks are answered, somehow: those first whose action was answered least."""
        waiting = [state for state in self.states.values() if state.awaits]
        found = list[tuple[int, int, State, Task]]()
        for state in sorted(waiting, key=lambda state: ticket(asked, state.kind, state.id))[:LOOKED_AT]:
            policy = self.at.book.at(state.place, self.at.today)
            for task in state.tasks(policy) if policy else ():
                found.append((self.answers[task.action], ticket(asked, task.about, task.detail), state, task))
        for _, _, state, task in sorted(found, key=lambda one: one[:2])[:TRIES]:
            self.answers[task.action] += 1
            command = COMMANDS[self.at.service, task.action]
            known = {"body": task.role, **task.answer}
            fields = [field for field in msgspec.structs.fields(command) if field.name in known]
            named = {field.name: msgspec.convert(known[field.name], field.type) for field in fields}
            yield from self.about(command, state, asked, named)

    def followed(self, said: Payload, asked: str) -> Iterator[Step]:
        """Something else that can be said of what was just told, such as that it is withdrawn."""
        fields = {*said.__struct_fields__}
        near = sorted(
            (one for one in self.others if one is not type(said)),
            key=lambda one: (-len(fields & {*one.__struct_fields__}) / len(one.__struct_fields__), one.__name__),
        )
        for kind in sorted(near[:NEAR], key=lambda one: ticket(asked, one.__name__))[:1]:
            named = {field: getattr(said, field) for field in fields & {*kind.__struct_fields__}}
            for state in self.of(kind, asked)[:1]:
                yield from self.about(kind, state, asked, named)

    def holidays(self) -> Iterator[Step]:
        """Days off are announced from tomorrow on, so that deadlines move."""
        first = self.at.today + timedelta(1)
        off = tuple(day for n in range(HOLIDAYS) if (day := first + timedelta(n)).year == first.year)
        notice = HolidaysAnnounced(
            place=COUNTRY,
            notice=f"notice-{first.year}",
            year=first.year,
            document="节假日安排",
            off=off,
            announced_by="办公室",
        )
        found = announced(self.at, notice)
        yield "told", notice, found
        self.keep(found)

    def day(self, on: date) -> Iterator[Step]:
        """A day begins, and what is due falls due."""
        self.at = self.at._replace(today=on)
        due = [state for state in self.states.values() if state.due and state.due <= on]
        for state in sorted(due, key=lambda one: (one.kind, one.id)):
            now = self.states[type(state), state.id]
            fallen = fallen_due(self.at, now, on)
            yield " ".join(sorted(name for name, day in now.timers.items() if day <= on)), now, fallen
            self.keep(fallen)
            left = self.states[type(state), state.id].due
            assert left is None or left > on, f"{state.kind} {state.id} still waits for {left} on {on}"

    def of(self, kind: type[Payload], asked: str) -> Sequence[State]:
        """The states that a message may concern, each of another status; if there are none, any one."""
        found = dict[str, State]()
        own = [state for state in self.states.values() if type(state) is self.at.wiring.reactions[kind][0].kind]
        shuffled = sorted(own or self.states.values(), key=lambda state: ticket(asked, state.kind, state.id))
        for state in shuffled:
            found.setdefault(state.status, state)
        return [*found.values()] if own else shuffled[:1]

    def about(
        self, kind: type[Payload], state: State, asked: str, named: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterator[Step]:
        """One message about a state, mended until it is accepted, and then said once more."""
        reaction = self.at.wiring.reactions[kind][0]
        if isinstance(reaction.ids, by) and reaction.kind.kind == state.kind:
            named = {reaction.ids.field: state.id.removesuffix(f"/{reaction.ids.part}"), **named}
        payload = about(kind, state, named, self.known, self.at.today, asked)
        tried: Sequence[Payload] = [payload] if payload else []
        before = ""
        for _ in range(MENDED + 1):
            for payload in tried:
                found = answer(self.at, payload, self.at.today)
                yield "told", payload, found
                if found.outcome != before:
                    break
            else:
                return
            if found.result.changed:
                self.known.learn(payload)
                self.keep(found)
                yield from self.say(payload)
                return
            refused = next((error for _, error in found.result.parked if isinstance(error, Refused)), None)
            field = ((refused and refused.field) or "").partition("[")[0].partition(".")[0]
            if not refused or field not in kind.__struct_fields__:
                return
            before, tried = found.outcome, self.mended(payload, field, f"{refused.zh} {refused.en}")

    def mended(self, payload: Payload, field: str, refusal: str) -> Sequence[Payload]:
        """The message with other values in a field: those first that the refusal names."""

        def is_strange(other: Payload) -> bool:
            word = self.words.get(str(getattr(other, field)))
            return word is None or word not in refusal

        others = field_otherwise(payload, field, self.known, self.at.today, KNOWN)
        return sorted(others, key=is_strange)[:VALUES]

    def say(self, payload: Payload) -> Iterator[Step]:
        """One message as it is."""
        found = answer(self.at, payload, self.at.today)
        yield "told", payload, found
        self.keep(found)

    def keep(self, found: Answer) -> None:
        """Go on from what was accepted."""
        # They come as they were loaded, in the order of a set.
        for key, state in sorted(found.result.changed.items(), key=lambda one: (one[0][0].kind, one[0][1])):
            assert key == (type(state), state.id), f"kept under another id than its own: {key}"
            self.states[key] = state
            self.known.learn(state)
        for fact in found.result.facts:
            self.known.learn(fact.event)
