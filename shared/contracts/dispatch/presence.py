"""How many days of a month the members of a team were in the village."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Event, values
from shared.contracts.values import Count, Day, Organ, PartyId, VillageId, must_pair

MonthNumber = Annotated[int, Meta(ge=1, le=12)]
MonthDays = Annotated[int, Meta(ge=0, le=31)]


class Present(msgspec.Struct, frozen=True):
    """How many days of a month a member of the team was in the village."""

    cadre: PartyId
    days: MonthDays


class PresenceCounted(Event, frozen=True, kw_only=True):
    """How many days of a month each member was in the village, as the township says. A later event corrects it."""

    label = ("确认驻村天数", "presence counted")
    sealing = "always"
    village: VillageId
    year: values.Year
    month: MonthNumber
    present: Annotated[tuple[Present, ...], Meta(max_length=50)]
    counted_by: Organ
    hindered: MonthDays = 0
    """On how many days nobody could get there. They count as days in the village for everybody who must be there, but
    no allowance is paid for them."""
    asked: Annotated[tuple[MonthDays, ...], Meta(max_length=50)] = ()
    """How many days the region asks of each, in the same order: fewer than for a whole month if somebody came in the
    middle of it or was on leave. Empty if a team has several villages, and in events of earlier versions."""

    def __post_init__(self) -> None:
        super().__post_init__()
        must_pair("asked", self.asked, self.present)


class PresenceShort(Event, frozen=True, kw_only=True):
    """Members were in the village for fewer days of a month than the region asks for. Nothing follows by itself."""

    label = ("驻村天数不足", "presence short")
    village: VillageId
    year: values.Year
    month: MonthNumber
    short: Count
    """How many members it was; 0 if a correction found none."""
    owed_by: values.EventRole


class PresenceMissed(Event, frozen=True, kw_only=True):
    """The days of a month were not confirmed in time. They are still awaited."""

    label = ("驻村天数未按期确认", "presence not counted")
    village: VillageId
    year: values.Year
    month: MonthNumber
    due: Day
    owed_by: values.EventRole
