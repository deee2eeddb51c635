"""Which deadlines were missed for a village, and which of them have been made up for since, as far as is told openly.

What is confirmed by a sealed event alone, such as the days that members of a team were in the village, counts as missed
but does not stay open here: nobody could see here that it was made up for.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from services.console.model.village import Late, Village
from shared.contracts import Event
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r

Key = Callable[[Any], str]


def _matter(event: Any) -> str:
    return f"step/{event.matter or ''}/"


OPENED: Final[Mapping[type[Event], Key]] = {
    d.CommitmentOverdue: lambda event: f"commitment/{event.kind}/{event.period}/{event.step}",
    d.ComparisonMissed: lambda event: f"pledge/{event.kind}/{event.party}/{event.year}",
    d.PlaceOverdue: lambda event: f"place/{event.kind}",
    d.ReleaseMissed: lambda event: f"release/{event.unit}",
    d.TrainingMissed: lambda event: f"training/{event.kind}/{event.skill or ''}",
    i.OrderOverdue: lambda event: f"order/{event.order}",
    r.ChecklistOverdue: lambda event: f"checklist/{event.kind}",
    r.EntryOverdue: lambda event: f"entry/{event.kind}",
    r.StepOverdue: lambda event: f"{_matter(event)}{event.objection or event.step}",
}
"""By event, the key under which what was missed stays open."""
ONLY_TOLD: Final = (d.AssessmentMissed, d.PresenceMissed, d.VisitsMissed, i.SampleMissed, r.MonitoringOverdue)
"""Events of missed deadlines of which nothing open tells that they were made up for."""
CLOSED: Final[Mapping[type[Event], Key]] = {
    d.CommitmentSet: lambda event: f"commitment/{event.kind}/{event.period}/set",
    d.CommitmentReconciled: lambda event: f"commitment/{event.kind}/{event.period}/reconcile {event.on}",
    d.CommitmentSettled: lambda event: f"commitment/{event.kind}/{event.period}/settle",
    d.SupportDelivered: lambda event: (
        f"pledge/{event.kind}/{event.party}/{event.year}" if event.compared else "nothing"
    ),
    d.PartnerEnded: lambda event: f"pledge/{event.kind}/{event.party}/",
    d.PlaceFilled: lambda event: f"place/{event.kind}",
    d.ReleaseConfirmed: lambda event: f"release/{event.unit}",
    d.TrainingCompleted: lambda event: f"training/{event.kind}/{event.skill or ''}",
    i.OrderClosed: lambda event: f"order/{event.order}",
    i.VisitWithdrawn: lambda event: f"order/{event.campaign}/{event.village}",
    i.ExitVerified: lambda _: "step//",
    r.ChecklistTicked: lambda event: f"checklist/{event.kind}",
    r.ListingBegun: lambda event: f"entry/{event.kind}",
    r.ObjectionDecided: lambda event: f"{_matter(event)}{event.objection}",
    r.DelayDecided: _matter,
    r.NoticePosted: _matter,
    r.WordGiven: _matter,
    r.ExitApproved: lambda _: "step//",
    r.ExitWithdrawn: lambda _: "step//",
    r.VillageDelisted: lambda _: "step//",
    r.StepTaken: _matter,
    r.ResolutionPassed: _matter,
    r.ResolutionRejected: _matter,
    r.ResolutionWithdrawn: _matter,
    r.RoundEnded: _matter,
    r.VillageMerged: lambda _: "",
    r.VillageWithdrawn: lambda _: "",
}
"""By event, the beginning of the keys of what it makes up for. The empty text closes all."""


def reckoned(village: Village, event: Event, today: date) -> Village:
    """The village with what an event says of deadlines: one more that was missed, or some that were made up for.

    If an event does not say when something was due, as one about an order does not, the event's day counts. If
    something that is late already is told again, no other deadline was missed.
    """
    kind = type(event)
    if kind in OPENED or kind in ONLY_TOLD:
        key = OPENED[kind](event) if kind in OPENED else ""
        if key in village.late:
            return village
        due = getattr(event, "due", None) or getattr(event, "on", None) or today
        year = str(due.year)
        village = msgspec.structs.replace(village, missed={**village.missed, year: village.missed.get(year, 0) + 1})
        if key:
            late = Late(event.type, due, str(getattr(event, "kind", "")), getattr(event, "owing", None) or 0)
            village = msgspec.structs.replace(village, late={**village.late, key: late})
    elif village.late and kind in CLOSED:
        start = CLOSED[kind](event)
        left = {key: one for key, one in village.late.items() if not key.startswith(start)}
        if getattr(event, "cadre", None) and (one := village.late.get(start)) and one.owing > 1:
            # Each of several cadres owes one of his own; one of them has set his.
            left[start] = msgspec.structs.replace(one, owing=one.owing - 1)
        village = msgspec.structs.replace(village, late=left)
    return village
