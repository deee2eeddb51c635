"""What an event of any of the four services changes in the read tables.

`RULES` says it for villages, event by event. An event about a campaign's whole frame changes each of its villages.
Nothing personal is kept: the feeds have open events only, and of cadres these rules keep numbers, not ids.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from services.console.model.late import CLOSED, ONLY_TOLD, OPENED, reckoned
from services.console.model.village import Step, Village, step, went
from shared.contracts import EVENTS, Event
from shared.contracts import dispatch as d
from shared.contracts import incentives as n
from shared.contracts import inspection as i
from shared.contracts import registry as r
from shared.contracts.journey import JOURNEY


class Told(msgspec.Struct, frozen=True):
    """An event, with when and by which service it was told."""

    event: Event
    day: date
    time: str
    teller: str


class Campaign(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A campaign of visits, as far as it is told in the open."""

    id: str
    place: str
    kind: str
    opens: date
    closes: date
    frame: tuple[str, ...] = ()
    size: int = 0
    """How many villages are to be visited."""
    drawn: bool = False
    """Whether the villages are drawn from the frame."""
    visited: int = 0
    ended: date | None = None
    """The day on which its end was told."""
    bulletin: date | None = None
    missed: bool = False
    """Whether its bulletin is late."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A unit that can send a team, as it was last registered."""

    id: str
    place: str
    name: str
    level: str
    department: str
    strength: int
    village: str | None = None
    """The village for which a superior has designated it."""
    withdrawn: bool = False


class Rows(msgspec.Struct):
    """Rows of the read tables, by id."""

    villages: dict[str, Village] = {}
    campaigns: dict[str, Campaign] = {}
    units: dict[str, Unit] = {}
    packs: dict[str, Any] = {}
    """What was adopted, by version."""


def decoded(type: str, data: bytes, day: str, time: str) -> Told | None:
    """An event of a feed; None for a type of a later version of the services, of which nothing is known here."""
    kind = EVENTS.get(type)
    if kind is None:
        return None
    return Told(msgspec.json.decode(data, type=kind), date.fromisoformat(day), time, type.partition(".")[0])


def campaigns_of(told: Iterable[Told]) -> set[str]:
    """The campaigns whose rows the events may change."""
    return {str(id) for one in told if (id := getattr(one.event, "campaign", None))}


def units_of(told: Iterable[Told]) -> set[str]:
    """The units whose rows must be known for the events."""
    return {one.event.unit for one in told if isinstance(one.event, r.UnitWithdrawn)}


def villages_of(told: Iterable[Told], campaigns: Mapping[str, Campaign]) -> set[str]:
    """The villages whose rows the events may change, if these campaigns are known."""
    ids: set[str] = set()
    for one in told:
        if type(one.event) in KNOWN and (id := getattr(one.event, "village", None)):
            ids.add(id)
        elif isinstance(one.event, i.CampaignPlanned):
            ids.update(one.event.frame)
        elif isinstance(one.event, (i.CampaignCommitted, i.CampaignClosed)):
            ids.update(campaigns[one.event.campaign].frame if one.event.campaign in campaigns else ())
    return ids


def apply(rows: Rows, told: Told) -> None:
    """Change the rows by an event."""
    event = told.event
    if type(event) in KNOWN and (id := getattr(event, "village", None)):
        rows.villages[id] = _about(rows.villages.get(id) or Village(id=id, code=id), told)
    elif rule := CAMPAIGNS.get(type(event)):
        id = str(event.campaign)  # type: ignore[attr-defined]
        if campaign := rule(rows.campaigns.get(id), event, told):
            rows.campaigns[id] = campaign
            _frame(rows, campaign, event)
    elif isinstance(event, r.UnitRegistered):
        rows.units[event.unit] = Unit(
            id=event.unit,
            place=event.place,
            name=event.name,
            level=event.level,
            department=event.department,
            strength=event.strength,
            village=event.village,
        )
    elif isinstance(event, r.UnitWithdrawn):
        if unit := rows.units.get(event.unit):
            rows.units[event.unit] = msgspec.structs.replace(unit, withdrawn=True)
    elif isinstance(event, r.PolicyAdopted):
        rows.packs[event.version] = event.pack
    if isinstance(event, (i.VisitMade, i.VisitWithdrawn)) and (known := rows.campaigns.get(event.campaign)):
        more = 1 if isinstance(event, i.VisitMade) else -1
        rows.campaigns[known.id] = msgspec.structs.replace(known, visited=known.visited + more)


# ------------------------------------------------------------------ campaigns


def _planned(_: Campaign | None, event: i.CampaignPlanned, __: Told) -> Campaign:
    return Campaign(
        id=event.campaign,
        place=event.place,
        kind=event.kind,
        opens=event.opens,
        closes=event.closes,
        frame=event.frame,
        size=len(event.frame),
    )


def _committed(known: Campaign | None, event: i.CampaignCommitted, _: Told) -> Campaign | None:
    return known and msgspec.structs.replace(known, drawn=True, size=event.size)


def _closed(known: Campaign | None, event: i.CampaignClosed, told: Told) -> Campaign | None:
    return known and msgspec.structs.replace(known, ended=told.day, size=event.planned, visited=event.visited)


def _published(known: Campaign | None, _: i.BulletinPublished, told: Told) -> Campaign | None:
    return known and msgspec.structs.replace(known, bulletin=told.day, missed=False)


CAMPAIGNS: Final[Mapping[type[Event], Callable[[Campaign | None, Any, Told], Campaign | None]]] = {
    i.CampaignPlanned: _planned,
    i.CampaignCommitted: _committed,
    i.CampaignClosed: _closed,
    i.BulletinPublished: _published,
    i.BulletinWithdrawn: lambda known, _, __: known and msgspec.structs.replace(known, bulletin=None),
    i.BulletinMissed: lambda known, _, __: known and msgspec.structs.replace(known, missed=True),
}


def _frame(rows: Rows, campaign: Campaign, event: Event) -> None:
    """Note in the villages of a frame that they are to be visited, or that they no longer are.

    Once a campaign turns out to be a draw, nobody knows which of them will be visited, until it is over.
    """
    if not isinstance(event, (i.CampaignPlanned, i.CampaignCommitted, i.CampaignClosed)):
        return
    is_due = isinstance(event, i.CampaignPlanned)
    for id in campaign.frame:
        village = rows.villages.get(id) or Village(id=id, code=id)
        due = {**village.due, campaign.id: campaign.closes} if is_due else without(village.due, campaign.id)
        rows.villages[id] = msgspec.structs.replace(village, due=due)


# ------------------------------------------------------------------- villages

Rule = Callable[[Village, Any, Told], Village]
_but = msgspec.structs.replace


def without(known: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """A mapping without some of its keys."""
    return {key: value for key, value in known.items() if key not in keys}


def _counted(known: Mapping[str, int], key: str, number: int) -> dict[str, int]:
    """A mapping of numbers with one of them changed by so many; what becomes nothing is left out."""
    now = known.get(key, 0) + number
    return {**known, key: now} if now > 0 else without(known, key)


def _about(village: Village, told: Told) -> Village:
    """The village after an event about it: its fields, what was asked of it, its way through the stages, and what is
    late."""
    rule = RULES.get(type(told.event))
    village = rule(village, told.event, told) if rule else village
    if type(told.event) in REPORTED and getattr(told.event, "measured_by", True):
        village = _but(village, reports=_counted(village.reports, str(told.day.year), 1))
    if one := step(told.event, told.day, told.time, told.teller):
        village = went(village, one)
    return reckoned(village, told.event, told.day)


def _registered(village: Village, event: r.VillageRegistered, _: Told) -> Village:
    return _but(village, name=event.name, township=event.township, population=event.population)


def _recoded(village: Village, event: r.VillageRecoded, told: Told) -> Village:
    return went(village, Step(told.day, told.time, told.teller, since=event.since, code=event.code))


def _measured(village: Village, event: r.IndicatorsMeasured, _: Told) -> Village:
    found = (event.values.get("incidence"), len(event.unmet))
    return _latest(village, {**village.figures, str(event.year): found})


def _unmeasured(village: Village, event: r.MeasurementWithdrawn, _: Told) -> Village:
    return _latest(village, without(village.figures, str(event.year)))


def _latest(village: Village, figures: dict[str, tuple[float | None, int]]) -> Village:
    year = max(figures, default="0")
    incidence, unmet = figures.get(year, (None, 0))
    return _but(village, figures=figures, year=int(year), incidence=incidence, unmet=unmet)


def _graded(village: Village, event: i.AssessmentGraded, _: Told) -> Village:
    return _last_grade(village, {**village.grades, str(event.year): event.grade})


def _ungraded(village: Village, event: i.GradeWithdrawn, _: Told) -> Village:
    return _last_grade(village, without(village.grades, str(event.year)))


def _last_grade(village: Village, grades: dict[str, str]) -> Village:
    year = max(grades, default="0")
    return _but(village, grades=grades, graded=int(year), grade=grades.get(year, ""))


def _listing_begun(village: Village, event: r.ListingBegun, _: Told) -> Village:
    if event.party:
        return _but(village, parties={**village.parties, event.listing: event.kind})
    return _but(village, lists={**village.lists, event.kind: event.mode or ""})


def _listing_ended(village: Village, event: r.ListingEnded, _: Told) -> Village:
    if event.party:
        return _but(village, parties=without(village.parties, event.listing))
    return _but(village, lists=without(village.lists, event.kind))


def _visited(village: Village, event: i.VisitMade, _: Told) -> Village:
    return _but(village, made={**village.made, event.campaign: event.on}, due=without(village.due, event.campaign))


def _unvisited(village: Village, event: i.VisitWithdrawn, _: Told) -> Village:
    order = f"{event.campaign}/{village.id}"
    return _but(village, made=without(village.made, event.campaign), orders=without(village.orders, order))


def _assigned(village: Village, event: d.TeamAssigned, _: Told) -> Village:
    return _but(village, unit=event.unit, team=len(event.team), until=event.term_end)


def _gone(village: Village, _: Event, __: Told) -> Village:
    return _but(village, unit="", team=0, until=None)


def _fewer(village: Village, _: Event, __: Told) -> Village:
    return _but(village, team=village.team - 1)


def _decided(village: Village, event: n.OutcomeDecided, _: Told) -> Village:
    return _but(village, outcomes={**village.outcomes, event.outcome: event.kind}) if event.imposed else village


def _no_outcome(village: Village, event: n.OutcomeEvent, _: Told) -> Village:
    is_over = getattr(event, "overturned", True)  # The answer to an appeal may also let the decision stand.
    return _but(village, outcomes=without(village.outcomes, event.outcome)) if is_over else village


def _funded(village: Village, event: r.FundReleased, told: Told) -> Village:
    return _but(village, funds=_counted(village.funds, str(told.day.year), int(event.amount)))


RULES: Final[Mapping[type[Event], Rule]] = {
    r.VillageRegistered: _registered,
    r.VillageRecoded: _recoded,
    r.VillageDiagnosed: lambda village, event, _: _but(village, problem=event.problem_class),
    r.DiagnosisWithdrawn: lambda village, _, __: _but(village, problem=""),
    r.IndicatorsMeasured: _measured,
    r.MeasurementWithdrawn: _unmeasured,
    r.BracketChanged: lambda village, event, _: _but(
        village, brackets={**village.brackets, event.figure: event.bracket}
    ),
    r.ListingBegun: _listing_begun,
    r.ListingEnded: _listing_ended,
    r.FundReleased: _funded,
    d.VillageMatched: lambda village, event, _: _but(village, unit=event.unit),
    d.TeamChosen: lambda village, event, _: _but(village, unit=event.unit),
    d.MatchWithdrawn: _gone,
    d.TeamAssigned: _assigned,
    d.AssignmentWithdrawn: lambda village, _, __: _but(village, team=0, until=None),
    d.TermExtended: lambda village, event, _: _but(village, until=event.until),
    d.TeamKept: lambda village, event, _: _but(village, until=event.until),
    d.MemberRecalled: _fewer,
    d.MemberLeft: _fewer,
    d.MemberReplaced: lambda village, _, __: _but(village, team=village.team + 1),
    d.TeamReleased: _gone,
    d.TeamDisbanded: _gone,
    d.LinkBegun: lambda village, event, _: _but(village, links=_counted(village.links, event.kind, 1)),
    d.LinkEnded: lambda village, event, _: _but(village, links=_counted(village.links, event.kind, -1)),
    d.PartnerBegun: lambda village, event, _: _but(village, links=_counted(village.links, event.kind, 1)),
    d.PartnerEnded: lambda village, event, _: _but(village, links=_counted(village.links, event.kind, -1)),
    i.VisitMade: _visited,
    i.VisitWithdrawn: _unvisited,
    i.VisitDropped: lambda village, event, _: _but(village, due=without(village.due, event.campaign)),
    i.OrderIssued: lambda village, event, _: _but(village, orders={**village.orders, event.order: event.due}),
    i.OrderClosed: lambda village, event, _: _but(village, orders=without(village.orders, event.order)),
    i.BurdenExceeded: lambda village, event, _: _but(village, crowded=_counted(village.crowded, str(event.on.year), 1)),
    i.AssessmentGraded: _graded,
    i.GradeWithdrawn: _ungraded,
    n.OutcomeDecided: _decided,
    n.OutcomeExpired: _no_outcome,
    n.OutcomeWithdrawn: _no_outcome,
    n.DecisionWithdrawn: _no_outcome,
    n.AppealDecided: _no_outcome,
}
"""What an event changes in the row of its village, beside the stage and what is late."""
REPORTED: Final[frozenset[type[Event]]] = frozenset({
    d.CommitmentReconciled, d.CommitmentSet, d.CommitmentSettled,
    i.BallotHeld, i.ReportDelivered, i.VisitReplied,
    r.ChecklistTicked, r.IndicatorsMeasured,
})  # fmt: skip
"""What is filled in for a village and handed up, as far as it is told in the open: what those above ask of a village
beside visits (3.7). If something is handed in again, such as a correction, it counts again, and what was withdrawn
counts as well, since it was work. Figures that result from corrected households are not counted: they name nobody who
measured, and asked nothing of anybody. Nor are notes that are made on the spot, such as records of the survey."""
KNOWN: Final[frozenset[type[Event]]] = frozenset(
    {*RULES, *REPORTED, *OPENED, *ONLY_TOLD, *CLOSED, *(move.event for move in JOURNEY)}
)
"""The events that change the row of their village."""
