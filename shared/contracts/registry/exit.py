"""The way off the poverty list, and the years after it (5.1)."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.registry.measurement import Unmet
from shared.contracts.values import (
    Code,
    Count,
    Day,
    Figures,
    Number,
    Organ,
    Parties,
    Persons,
    Rate,
    Reason,
    ShortOrNone,
    VillageId,
    Year,
    must_pair,
)


class ExitRequested(Event, frozen=True, kw_only=True):
    """All exit criteria are met and the township asks for the village's removal from the list (5.1)."""

    label = ("申请出列", "exit requested")
    source = "5.1"
    village: VillageId
    attempt: Number
    """The number of this verification. A second one, after an objection was upheld, has the number 2."""
    lifted: Parties
    """Stable ids of the households lifted out of poverty, from which the sample is drawn."""
    persons: Annotated[tuple[Persons, ...], Meta(max_length=20_000)] = ()
    """The number of persons in each of these households, in the same order; empty in events of earlier versions."""
    outside: Count | None = None
    """The number of persons outside all registered households, among whom omissions are looked for."""
    remaining: Count
    """Registered households that are still poor."""
    requested_by: Organ

    def __post_init__(self) -> None:
        super().__post_init__()
        must_pair("persons", self.persons, self.lifted)


class ExitWithdrawn(Event, frozen=True, kw_only=True):
    """The request for the exit was taken back before it was decided, or its figures turned out to be wrong.

    A verification or notice of that attempt ends, too. The exit can be requested again.
    """

    label = ("撤回出列申请", "exit request withdrawn")
    village: VillageId
    attempt: Number
    reason: Reason
    decided_by: Organ


class ExitApproved(Event, frozen=True, kw_only=True):
    """A body approved the exit, and another step follows. After the last step comes `VillageDelisted` instead."""

    label = ("出列审批通过", "exit approved at one step")
    village: VillageId
    attempt: Number
    step: Code
    decided_by: Organ


class VillageDelisted(Event, frozen=True, kw_only=True):
    """The village was removed from the poverty list (出列)."""

    label = ("出列", "removed from the poverty list")
    village: VillageId
    spell: Number
    incidence: Rate
    """The share of the population that was still poor, from 0 to 1."""
    decided_by: Organ
    since: Day | None = None
    """The day of the exit, if it lies before the county began to use this system."""


class VillageMonitored(Event, frozen=True, kw_only=True):
    """A monitoring review after the exit: all criteria are met, or a body has decided what is done about it."""

    label = ("出列后监测", "monitored after exit")
    village: VillageId
    year: Year
    values: Figures
    unmet: Annotated[tuple[Unmet, ...], Meta(max_length=200)] = ()
    """Criteria that are not met, about which a body decided on measures; empty if all are met."""
    decided_by: Organ | None = None
    """The body that decided on measures; None if all criteria are met."""
    measures: ShortOrNone = ""
    """What is done about the missed criteria; empty if all are met, and in events of earlier versions."""


class VillageRelapsed(Event, frozen=True, kw_only=True):
    """A body listed a village again that no longer met its criteria (出列指标回落).

    Only journals of earlier versions have it. No document lets a body list a village again: households fall into
    poverty, villages do not.
    """

    label = ("出列指标回落", "criteria missed after the exit")
    promised_until = date(2028, 12, 31)
    village: VillageId
    unmet: Annotated[tuple[Unmet, ...], Meta(max_length=200)]
    decided_by: Organ
