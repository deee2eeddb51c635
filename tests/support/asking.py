"""Asks services in odd moments: what they were told is told late, twice, about another village, at a bound, or on a way
that goes otherwise from its beginning on. Rules are pure, so nothing comes of it.
"""

import hashlib
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from deploy.demo.answers import COMMANDS
from shared.contracts import Command, Event, Payload
from shared.contracts.registry import PolicyAdopted
from shared.engine.flow import encode_state
from shared.policy import Policy, PolicyInvalid, kept_pack, parse_pack
from shared.policy.shipped import FILES, base, content
from shared.rules import Reaction, State, by
from tests.support.moments import NOTHING, Answer, Moment, Moments, answer, copied, fallen_due, looks
from tests.support.packs import mixed, shaken
from tests.support.variants import Known, about, otherwise, sound, text, ticket
from tests.support.walks import Step, Told, Walk

PATHS: Final = {command: f"{service}/{path}" for (service, path), command in COMMANDS.items()}
LATER: Final = (-1, 1, 45, 400)
"""On how many days more the same is said."""
OTHERS: Final = 16
"""How many ways of saying something else are tried at a moment."""
ELSEWHERE: Final = 3
"""At how many other moments of its service the same is said."""
AFTERWARDS: Final = 2
"""How many other things are said where something else was accepted."""
LOOKED_AT: Final = 4
"""At how many moments of each service all kinds of states are looked at, and asked about whatever can be asked."""
PACKS: Final = ("national-2021", "xixiu", "zunyi", "benxi")
"""The packs by which a region's villages are led on when its story is over. What was known under the region's own may
be unknown to them."""
FOREIGN: Final = ("mixed zunyi", "shaken zunyi", "benxi")
"""The packs by which what a test told last is told as well."""
WAYS: Final = {
    **dict.fromkeys(("first", "second", "third"), ""),
    **dict.fromkeys(("fourth", "fifth"), "mixed zunyi"),
    **dict.fromkeys(("sixth", "seventh"), "shaken zunyi"),
}
"""How often the story is told a little wrong, and by which pack it is led; none is the region's own."""


class Said(NamedTuple):
    """One thing that was asked, and the answer."""

    what: str
    """The command, event or timer."""
    how: str
    """What is another about it."""
    answer: Answer


def name(service: str, payload: Payload) -> str:
    """What a message is called in the files."""
    if isinstance(payload, Event):
        return f"{service} < {payload.type}"
    return PATHS[type(payload)] if isinstance(payload, Command) else type(payload).__name__


class Asking:
    """Asks everything in a region's story, one moment after the other."""

    def __init__(self, story: Moments) -> None:
        self.stories: Mapping[str, Sequence[Told]] = story.told
        """By service, all that it was told."""
        self.adopted: Mapping[str, Sequence[PolicyAdopted]] = story.adopted
        """By service, the packs whose adoption it was told."""
        self.known = Known()
        self.moments = defaultdict[str, list[Moment]](list)
        self.said: dict[str, list[tuple[str, Payload]]] = {}
        """By service, what it was told about a village."""
        for moment in story.found:
            self.moments[moment.service].append(moment)
            if moment.said:
                self.known.learn(moment.said)
        for service, own in self.moments.items():
            told = [moment.said for moment in own if moment.said]
            self.said[service] = [*{text(one): one for one in told if hasattr(one, "village")}.items()]

    def of(self, service: str) -> Iterator[Said]:
        """Everything that a service is asked."""
        own = self.moments[service]
        yield from self.told_and_due(service)
        for moment in own[:: -max(1, len(own) // LOOKED_AT)]:
            yield from self.looked_at(moment)
        for pack in ("", *PACKS):
            yield from self.astray(own[-1], pack)

    def told_and_due(self, service: str) -> Iterator[Said]:
        """What a service was told and what fell due there, otherwise."""
        for number, moment in enumerate(self.moments[service]):
            if moment.said:
                yield from self.told(moment, moment.said, number)
            else:
                yield from self.due(moment)

    def near(self, service: str) -> Iterator[Said]:
        """The same, also by packs of elsewhere, and by one that the county adopts at the end."""
        yield from self.told_and_due(service)
        for number, moment in enumerate(self.moments[service]):
            for pack in FOREIGN:
                yield from self.again(by_pack(moment, pack), f"{number} by {pack}")
        if service != "registry":  # It decides itself on what is adopted, and has tests of that.
            yield from self.adopting(self.moments[service][-1])

    def again(self, moment: Moment, how: str) -> Iterator[Said]:
        """What was told, or fell due, at a moment."""
        if moment.said:
            yield self.one(how, moment, moment.said, moment.today)
        elif moment.due and (state := moment.states[moment.due[0]]).due:
            yield from self.fallen_due(moment, state, how)

    def adopting(self, moment: Moment) -> Iterator[Said]:
        """A county adopts a pack of its own, and the last message is told again."""
        place = max((state.place for state in moment.states.values()), default="")
        pack = own_pack(place)
        if pack is None:
            return
        event = PolicyAdopted(place=place, version=pack["version"], adopted_by="县扶贫办", pack=pack)
        found = answer(moment, event, moment.today)
        yield Said(name(moment.service, event), place, found)
        book = copied(moment.book, moment.book.packs)
        book.adopt(kept_pack(pack))
        states = ChainMap(dict(found.result.changed), moment.states)  # type: ignore[arg-type]
        then = moment._replace(states=states, book=book)
        yield from self.again(then, "adopted")
        for state in found.result.changed.values():
            if state.due:
                yield from self.fallen_due(then, state, "adopted")

    def astray(self, moment: Moment, pack: str) -> Iterator[Said]:
        """What comes of a way on which everything that is accepted is kept, by the region's pack or another one."""
        begin = by_pack(moment, pack) if pack else moment
        yield from self.on_way(f"{pack} astray", moment.service, Walk(begin, self.known, begin.policy).rounds())

    def ways(self, service: str) -> Iterator[Said]:
        """What comes of the story if it is told a little wrong from its beginning on."""
        story, last = self.stories[service], self.moments[service][-1]
        for way, pack in WAYS.items():
            then = by_pack(last, pack) if pack else last
            walk = Walk(then._replace(states={}, today=story[0][0]), self.known, then.policy)
            if pack:
                walk.adopt_foreign()
            else:
                walk.adopt(self.adopted[service])
            yield from self.on_way(f"way {way}", service, walk.along(story, way))

    def on_way(self, how: str, service: str, steps: Iterable[Step]) -> Iterator[Said]:
        for timers, said, found in steps:
            if isinstance(said, State):
                yield Said(f"{service} = {said.kind} {timers}", f"{how} {said.id}", found)
            else:
                yield Said(name(service, said), f"{how} {text(said)}", found)

    def told(self, moment: Moment, said: Payload, number: int) -> Iterator[Said]:
        """What was told at a moment: on other days, otherwise, and at other moments."""
        for days in LATER:
            yield self.one(f"{number} {days:+}d", moment, said, moment.today + timedelta(days))
        others = sorted(
            otherwise(said, self.known, moment.today), key=lambda other: ticket(number, other[0], text(other[1]))
        )
        for how, payload in others[:OTHERS]:
            found = self.one(f"{number} {how}", moment, payload, moment.today)
            yield found
            if found.answer.result.changed:
                yield from self.afterwards(moment, payload, found, f"{number} {how}")
        own = [at for at in self.moments[moment.service] if at.states is not moment.states]
        for at in sorted(own, key=lambda at: ticket(number, at.today, at.said and text(at.said)))[:ELSEWHERE]:
            yield self.one(f"{number} elsewhere", at, said, at.today)

    def afterwards(self, moment: Moment, payload: Payload, found: Said, how: str) -> Iterator[Said]:
        """What was accepted is said again; other things are said of the same village; and what is due falls due."""
        changed = found.answer.result.changed
        then = moment._replace(states=ChainMap(dict(changed), moment.states))  # type: ignore[arg-type]
        yield self.one(f"{how}, again", then, payload, moment.today)
        village = getattr(payload, "village", None)
        if village:
            for said, other in sorted(self.said[moment.service], key=lambda one: ticket(how, one[0]))[:AFTERWARDS]:
                if same := sound(other, {"village": village}):
                    yield self.one(f"{how}, then of it {said}", then, same, moment.today)
        for state in changed.values():
            if state.due:
                yield from self.fallen_due(then, state, how)

    def due(self, moment: Moment) -> Iterator[Said]:
        """What fell due when a day began, and on later days, as where days were missed."""
        assert moment.due
        yield from self.fallen_due(moment, moment.states[moment.due[0]], "")
        for days in LATER[1:]:
            yield from self.fallen_due(moment, moment.states[moment.due[0]], f"{days:+}d", timedelta(days))

    def fallen_due(self, moment: Moment, state: State, how: str, late: timedelta = timedelta()) -> Iterator[Said]:
        """A state whose next timer runs out."""
        assert state.due
        on = max(state.due, moment.today) + late
        timers = " ".join(sorted(name for name, day in state.timers.items() if day <= on))
        answered = fallen_due(moment, state, on)
        yield Said(f"{moment.service} = {state.kind} {timers}", f"{how} {state.id}", answered)

    def looked_at(self, moment: Moment) -> Iterator[Said]:
        """One state of each kind and status: what people see of it, and what can be asked about it."""
        shown = dict[tuple[str, str], State]()
        for state in sorted(moment.states.values(), key=lambda state: (state.kind, ticket(state.id))):
            shown.setdefault((state.kind, state.status), state)
        for state in shown.values():
            assert state.hides_from_all or state.shown(to_operator=True) == state, f"{state.kind} hides what is stored"
            seen = b"".join(
                (
                    looks(state, moment.book, moment.today),
                    encode_state(state.shown()),
                    encode_state(state.shown(to_operator=True)),
                )
            )
            yield Said(f"{moment.service} ~ {state.kind}", state.id, Answer(state.status, seen.decode(), NOTHING))
            for command, reactions in moment.wiring.reactions.items():
                if issubclass(command, Command) and reactions[0].kind is type(state):
                    yield from self.asked_about(moment, command, reactions[0], state)

    def asked_about(self, moment: Moment, command: type[Command], reaction: Reaction, state: State) -> Iterator[Said]:
        named = dict[str, Any]()
        if isinstance(reaction.ids, by):
            named[reaction.ids.field] = state.id.removesuffix(f"/{reaction.ids.part}")
        payload = about(command, state, named, self.known, moment.today)
        if payload is None:
            return
        yield self.one(f"of {state.id}", moment, payload, moment.today)
        others = sorted(
            otherwise(payload, self.known, moment.today), key=lambda other: ticket(state.id, other[0], text(other[1]))
        )
        for how, other in others[: OTHERS // 4]:
            yield self.one(f"of {state.id} {how}", moment, other, moment.today)

    def one(self, how: str, at: Moment, payload: Payload, today: date) -> Said:
        return Said(name(at.service, payload), f"{how} {today} {text(payload)}", answer(at, payload, today))


def by_pack(moment: Moment, pack: str) -> Moment:
    """The moment, if its provinces had this pack in force."""
    provinces = sorted({state.place[:2] for state in moment.states.values()})
    return moment._replace(book=copied(moment.book, {province: [placed(pack, province)] for province in provinces}))


@cache
def own_pack(place: str) -> dict[str, Any] | None:
    """The first shipped pack that a county could adopt as its own, since its documents bind the county."""
    for file in FILES:
        pack = content(file.stem) | {"jurisdiction": place, "version": f"{place}-2099.1"}
        with suppress(PolicyInvalid):
            parse_pack(pack, base)
            return pack
    return None


@cache
def placed(pack: str, province: str) -> Policy:
    """A pack as one of a province, in force at all times."""
    return msgspec.structs.replace(policy(pack), jurisdiction=province, effective_from=date(2000, 1, 1))


@cache
def policy(pack: str) -> Policy:
    """A shipped pack, one of almost everything, or one in which many things are otherwise."""
    how, _, name = pack.rpartition(" ")
    made: Mapping[str, Callable[[str], dict[str, Any]]] = {"": content, "mixed": mixed, "shaken": shaken}
    return parse_pack(made[how](name), base)


def written(said: Said) -> str:
    """A single answer."""
    return f"{said.what}: {said.answer.outcome}: {said.how}: {said.answer.whole}"


def lines(found: Iterable[Said]) -> list[str]:
    """The lines of a region's file."""
    sums = defaultdict[str, list[int]](list)
    for said in found:
        digest = hashlib.sha256(f"{said.how} {said.answer.whole}".encode()).digest()
        sums[f"{said.what}: {said.answer.outcome}"].append(int.from_bytes(digest[:3], "big"))
    return sorted(f"{line}: {len(each)} {sum(each) % 2**24:06x}" for line, each in sums.items())
