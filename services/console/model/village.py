"""What the console keeps of a village: one row, made of the open events of all four services.

Each service has its own feed, so what two of them told comes in any order. Whatever one service alone tells stands in
fields of its own, for which the order of the others does not matter. The stage follows from events of several services:
those are kept in `way`, and the stage is folded from them in the order in which they were decided.
"""

from bisect import bisect_right
from datetime import date
from typing import Final

import msgspec

from shared.contracts import Event
from shared.contracts.journey import JOURNEY
from shared.divisions import place_of


class Step(msgspec.Struct, frozen=True, array_like=True):
    """An event that may move a village to another stage, or to another code."""

    day: date
    """The business day of the event."""
    time: str
    """When it was decided, in UTC."""
    teller: str
    """The service that told it."""
    moves: dict[str, str] = {}
    """By the stage in which it finds the village, the stage to which it leads."""
    since: date | None = None
    """Since when the new stage counts, if it is not the business day."""
    spell: int = 0
    """The time on the list that it is about; 0 where it names none."""
    begins: bool = False
    """Whether it begins that spell."""
    code: str = ""
    """The code that the village has from then on, if it is another."""


class Standing(msgspec.Struct, frozen=True):
    """Where a village stands: its stage, since when, and the county in which it lay when it came there."""

    stage: str
    since: date
    place: str


class Late(msgspec.Struct, frozen=True):
    """Something that was owed for a village, and that has not been made up for."""

    type: str
    """The type of the event that told it."""
    due: date
    kind: str = ""
    owing: int = 0
    """How many owe it, where each owes one of his own."""


class Village(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A village as the open events tell it. It has no name until its registration was heard."""

    id: str
    code: str
    name: str = ""
    township: str = ""
    population: int = 0
    way: tuple[Step, ...] = ()
    stage: str = ""
    since: date | None = None
    unit: str = ""
    """The unit that is proposed or has its team there."""
    team: int = 0
    """How many are in the team."""
    until: date | None = None
    """The last day of the team's term."""
    links: dict[str, int] = {}
    """By kind of link, how many cadres or partners are bound to it beside the team."""
    lists: dict[str, str] = {}
    """The lists beside the poverty list on which it stands, each with its mode, if the list has modes."""
    parties: dict[str, str] = {}
    """The lists on which its organisations stand: by id of the listing, the kind of list."""
    year: int = 0
    """The year of the latest figures."""
    incidence: float | None = None
    unmet: int = 0
    """How many criteria these figures miss."""
    figures: dict[str, tuple[float | None, int]] = {}
    """By year as a text, the incidence and the number of missed criteria."""
    brackets: dict[str, str] = {}
    """By figure, the bracket in which it is."""
    problem: str = ""
    """The class of its problems, as the diagnosis says."""
    due: dict[str, date] = {}
    """By campaign in which every village is visited, its last day, until the visit is made."""
    made: dict[str, date] = {}
    """By campaign, the day of its visit."""
    orders: dict[str, date] = {}
    """Rectifications that are not accepted, each with its last day."""
    grade: str = ""
    graded: int = 0
    """The year of the latest grade of its team."""
    grades: dict[str, str] = {}
    """By year as a text, the grade of its team."""
    outcomes: dict[str, str] = {}
    """What was decided about its team or unit and is in force: by id, the kind."""
    funds: dict[str, int] = {}
    """By year as a text, yuan that were released."""
    late: dict[str, Late] = {}
    missed: dict[str, int] = {}
    """By year as a text, how many deadlines were missed."""
    crowded: dict[str, int] = {}
    """By year as a text, how often it was visited on more days of a month than the pack allows."""
    reports: dict[str, int] = {}
    """By year as a text, how often something was filled in for it and handed up."""

    @property
    def place(self) -> str:
        """Its county, which is where the events about it belong."""
        return place_of(self.code)


GONE = ("merged", "withdrawn")
"""The stages in which a village no longer exists."""
ON_LIST = ("listed", "diagnosed", "matched", "assigned", "pledged", "helped", "requested", "verified", "noticed")
"""The stages in which a village is on the poverty list."""


_MOVES: Final = {move.event: [one for one in JOURNEY if one.event is move.event] for move in JOURNEY}


def step(event: Event, day: date, time: str, teller: str) -> Step | None:
    """What an event means for the stage; None if it cannot move any village."""
    fits = {
        move.source: move.target
        for move in _MOVES.get(type(event), ())
        if all(getattr(event, name) == value for name, value in move.where.items())
    }
    if not fits:
        return None
    begins = fits.get("registered") == "listed"
    return Step(day, time, teller, fits, getattr(event, "since", None), getattr(event, "spell", 0), begins=begins)


def went(village: Village, one: Step) -> Village:
    """The village with one step more, and with the stage that follows.

    A service's own steps stay in the order in which it told them, whatever its clock says: a step that seems earlier
    than the one before it counts as of the same moment.
    """
    own = max((known for known in village.way if known.teller == one.teller), key=_key, default=one)
    if _key(one) < _key(own):
        one = msgspec.structs.replace(one, day=own.day, time=own.time)
    at = bisect_right(village.way, _key(one), key=_key)
    way = (*village.way[:at], one, *village.way[at:])
    stood = standings(village.id, way)
    code = next((known.code for known in reversed(way) if known.code), village.id)
    stage, since = (stood[-1].stage, stood[-1].since) if stood else ("", None)
    return msgspec.structs.replace(village, way=way, code=code, stage=stage, since=since)


def standings(id: str, way: tuple[Step, ...]) -> list[Standing]:
    """The stages through which a village went, one after the other; another one of the same stage where it moved to
    another county."""
    stood: list[Standing] = []
    stage, spell, place = "", 1, place_of(id)
    for one in way:
        if one.code:
            place = place_of(one.code)
            if stood and stood[-1].place != place:
                stood.append(Standing(stage, one.since or one.day, place))
        if one.begins:
            spell = one.spell
        if one.spell not in (0, spell):
            continue
        target = one.moves.get(stage, stage)
        if target != stage:
            stage = target
            stood.append(Standing(stage, one.since or one.day, place))
    return stood


def _key(one: Step) -> tuple[date, str, str]:
    return one.day, one.time, one.teller
