"""What a fact leads to: proposals of outcomes, and their end where the fact is withdrawn."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from services.incentives.model.record import Case, Record, but, end_of, put, record_id
from services.incentives.model.units import Unit
from shared.contracts import Event, dispatch, inspection, short_type
from shared.contracts.incentives import OutcomeProposed, OutcomeWithdrawn, Subject
from shared.contracts.registry import PartyMerged, VillageMerged, VillageUnlisted, VillageWithdrawn
from shared.divisions import place_of
from shared.policy import Outcome, Policy
from shared.rules import Change, Key, State

_OCCASION: Mapping[type[Event], Callable[[Any], str]] = {
    inspection.AssessmentGraded: lambda e: f"{e.village}/{e.year}",
    inspection.AppraisalGraded: lambda e: f"{e.kind}/{e.subject}/{e.year}",
    inspection.OrderOverdue: lambda e: f"{e.order}/{e.times}",
    dispatch.CommitmentOverdue: lambda e: f"{e.village}/{e.kind}/{e.step.replace(' ', ':')}/{e.due}",
    dispatch.TermExtended: lambda e: f"{e.village}/{e.until}",
    dispatch.TeamReleased: lambda e: f"{e.village}/{e.spell}",
}
"""By type of event, the key of its occasion: `<village>/<year>` for a grade. A fact that is told twice has the same
key, so it makes no second proposal."""


def occasion(event: Event) -> str:
    """The occasion of an event, as it stands in an outcome's id."""
    return _OCCASION[type(event)](event)


def matches(when: Mapping[str, Any], event: Event) -> bool:
    """Whether an event meets a pack's condition: each named field has one of the wanted values."""
    return all(_found(event, field, wanted) for field, wanted in when.items())


def _found(event: Event, field: str, wanted: Any) -> list[Any]:
    return [value for value in _several(getattr(event, field)) if value in _several(wanted)]


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def proposals(subject_kind: Subject, event: Event, policy: Policy) -> list[Outcome]:
    """The outcomes of the pack that an event proposes for a kind of subject (1.6, 1.15, 2.15, 2.20, 3.9, 3.10)."""
    return [
        terms
        for terms in policy.outcomes
        if terms.subject == subject_kind
        and terms.on == short_type(event.type)
        and getattr(event, terms.subject_field)
        and matches(terms.when, event)
        and _is_theirs(terms, event)
    ]


def _is_theirs(terms: Outcome, event: Event) -> bool:
    """Whether the subject answers for what happened.

    A grade of a subject other than a team concerns village cadres alone. A unit or a team does not answer for what the
    village itself owed, nor for what cadres with a link of their own to the village owed.
    """
    if isinstance(event, inspection.AppraisalGraded):
        return event.subject_kind == "village_cadre" and event.village is not None
    if not isinstance(event, dispatch.CommitmentOverdue):
        return True
    return event.link is None and (event.owed_by is None or event.owed_by in terms.answers_for)


def is_next(terms: Outcome, record: Record | None, policy: Policy, today: date) -> bool:
    """Whether an outcome is the one to propose, where a ladder has several for the same event (1.6).

    Only rungs count that were imposed on the subject within the ladder's time, and neither overturned nor taken back.
    The one above the highest of these is proposed; the first, if there is none; the last once more after the last.
    """
    ladder = next((one for one in policy.ladders if terms.kind in one.rungs), None)
    if ladder is None:
        return True
    decided = [
        ladder.rungs.index(case.terms.kind)
        for case in (record.cases.values() if record else ())
        if case.terms.kind in ladder.rungs
        and case.status in ("imposed", "expired")
        and case.decided_on
        and today <= ladder.within.after(case.decided_on, policy.calendar)
    ]
    top = len(ladder.rungs) - 1
    return terms.kind == ladder.rungs[min(max(decided, default=-1) + 1, top)]


def looking_back(record: Record, terms: Outcome, event: Any) -> tuple[Record, list[str]]:
    """The record with this grade noted, and the grades of as many years in a row as the pack asks, this one included.

    No grades are returned if there are not enough such years in a row. A year that is graded late may come before or
    between others.
    """
    own = occasion(event)
    met = {*record.met.get(terms.kind, ()), own}
    record = record.but(met={**record.met, terms.kind: tuple(sorted(met))})
    counted = sorted(one for one in met if _counts_with(own, one, terms))
    named = {_year(one): one if "/" in one else f"{own.rpartition('/')[0]}/{one}" for one in counted}
    named[event.year] = own
    asked = terms.years or 1
    runs = (range(last - asked + 1, last + 1) for last in range(event.year + asked - 1, event.year - 1, -1))
    return record, next(([named[year] for year in run] for run in runs if named.keys() >= {*run}), [])


def _counts_with(own: str, other: str, terms: Outcome) -> bool:
    """Whether two grades count in the same row of years. A unit may help several villages: each has its own row."""
    return terms.subject != "unit" or own.rpartition("/")[0] == other.rpartition("/")[0]


def _year(occasion: str) -> int:
    return int(occasion.rpartition("/")[2])


def forget(record: Record | None, event: Any, graded: type[Event], policy: Policy) -> Record | None:
    """The record without a grade that was withdrawn, or that a review changed.

    The year stays in it if the cadre of two villages was graded alike in the other one.
    """
    if record is None or not record.met:
        return record
    gone = (_OCCASION[graded](event), str(event.year))
    met = {
        kind: tuple(one for one in grades if one not in gone) if _of_that(kind, event, graded, policy) else grades
        for kind, grades in record.met.items()
    }
    return record.but(met=met)


def _of_that(kind: str, event: Any, graded: type[Event], policy: Policy) -> bool:
    """Whether an outcome rests on the grade that an event takes back."""
    terms = next((terms for terms in policy.outcomes if terms.kind == kind), None)
    if terms is None or terms.on != short_type(graded.type):
        return False
    return graded is inspection.AssessmentGraded or event.kind in _several(terms.when.get("kind", event.kind))


def sending(_record: Record | None, event: Event) -> Iterable[Key]:
    """The key of the unit that an event names. Its level tells who manages its cadres."""
    unit = getattr(event, "unit", None)
    return ((Unit, unit),) if unit else ()


def propose(
    subject_kind: Subject,
    record: Record | None,
    event: Any,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Propose the outcomes of the pack for this event, with evidence and clause. A proposal affects nobody yet."""
    told: tuple[Event, ...] = ()
    said_about = occasion(event)
    level = next((one.level for one in others.values() if isinstance(one, Unit)), None)
    for of_pack in proposals(subject_kind, event, policy):
        if not policy.in_force(of_pack.clause, today):
            continue
        terms = of_pack.decided_by(level)
        # The record lies in the division whose pack declares the outcome, since the deciding bodies are there. If
        # outcomes of a city and of a county meet in one record, the smaller code wins in any order: the city's.
        place = place_of(policy.layer("outcomes", terms.kind))
        subject = getattr(event, terms.subject_field)
        record = record or Record(
            id=record_id(subject_kind, subject), place=place, subject_kind=subject_kind, subject=subject
        )
        facts = [said_about]
        if terms.years:
            record, facts = looking_back(record, terms, event)
        if not facts or not is_next(terms, record, policy, today):
            continue
        outcome = f"{terms.kind}/{facts[-1]}"
        # A proposal that was withdrawn with its fact is made anew if such a fact comes again, such as a new grade.
        if outcome in record.cases and record.cases[outcome].status != "withdrawn":
            continue
        found = (f"{field} {value}" for field, wanted in terms.when.items() for value in _found(event, field, wanted))
        evidence = (*(f"{terms.on} {fact}" for fact in facts), *found)
        case = Case(
            terms=terms,
            village=event.village,
            place=event.place,
            evidence=evidence,
            proposed_on=today,
            status="found",
            move_by=end_of(terms.propose_within, today, policy),
        )
        case = case if terms.proposes else put(case, today, policy)
        record = record.but(place=min(record.place, place)).keep(outcome, case)
        proposed = record.tell(
            OutcomeProposed, outcome, clause=terms.clause, evidence=evidence, defence_until=case.defence_until
        )
        told = (*told, proposed)
    return Change(record, told)


def unlist(record: Record | None, event: VillageUnlisted | VillageWithdrawn, policy: Policy, today: date) -> Change:
    """The village was listed or registered by mistake, so open proposals about its team end.

    Decisions stay. The deciding body can take them back, and the subject can appeal.
    """
    return _withdraw(record, lambda _outcome, _case: True, event.reason)


def ungrade(record: Record | None, event: inspection.GradeWithdrawn, policy: Policy, today: date) -> Change:
    """A grade was withdrawn, and the open proposals that rest on it end."""
    record = forget(record, event, inspection.AssessmentGraded, policy)
    return _withdraw(record, _rests_on(record, event, inspection.AssessmentGraded), event.reason)


def regrade(record: Record | None, event: inspection.GradeReviewed, policy: Policy, today: date) -> Change:
    """A review gave a better grade, so open proposals for the former one end. The next event tells the new grade.

    Decisions stay until the body takes them back or an appeal ends them.
    """
    if event.grade == event.before:
        return Change(record)
    record = forget(record, event, inspection.AssessmentGraded, policy)
    return _withdraw(record, _rests_on(record, event, inspection.AssessmentGraded), "复核改变了考核等次")


def reappraise(
    record: Record | None,
    event: inspection.AppraisalReviewed | inspection.AppraisalWithdrawn,
    policy: Policy,
    today: date,
) -> Change:
    """A village cadre's grade was withdrawn or became another, and the open proposals that rest on it end."""
    if isinstance(event, inspection.AppraisalReviewed) and event.grade == event.before:
        return Change(record)
    record = forget(record, event, inspection.AppraisalGraded, policy)
    reason = event.reason if isinstance(event, inspection.AppraisalWithdrawn) else "复核改变了评价等次"
    return _withdraw(record, _rests_on(record, event, inspection.AppraisalGraded), reason)


def _rests_on(record: Record | None, event: Any, graded: type[Event]) -> Callable[[str, Case], bool]:
    """A test for cases that rest on a grade that is gone, or on grades of several years, one of which is gone."""
    said = _OCCASION[graded](event)

    def rests(outcome: str, case: Case) -> bool:
        if case.terms.on != short_type(graded.type):
            return False
        about = outcome.partition("/")[2]
        if case.terms.years is None:
            return about == said
        grades = record.met.get(case.terms.kind, ()) if record else ()
        met = {_year(one) for one in grades if _counts_with(about, one, case.terms)}
        return not met.issuperset(range(_year(about) - case.terms.years + 1, _year(about) + 1))

    return rests


def _withdraw(record: Record | None, rests: Callable[[str, Case], bool], reason: str) -> Change:
    """Withdraw the open proposals for which `rests` holds, since the fact behind them was withdrawn."""
    told: tuple[Event, ...] = ()
    for outcome, case in sorted(record.cases.items()) if record else ():
        if record and case.status in ("found", "unmoved", "proposed", "decidable") and rests(outcome, case):
            record = record.keep(outcome, but(case, status="withdrawn"))
            told = (*told, record.tell(OutcomeWithdrawn, outcome, reason=reason))
    return Change(record, told)


def subjects(event: VillageMerged | PartyMerged) -> tuple[str, str]:
    """The ids of two records in a merger: of the subject that ends, and of the one that goes on. They are the teams of
    two villages, or one village cadre who was registered twice."""
    party = getattr(event, "party", None)
    kind, ended = ("village_cadre", party) if party else ("team", event.village)  # type: ignore[union-attr]
    return record_id(kind, ended), record_id(kind, event.into)


def who_ended(_record: Record | None, event: VillageMerged | PartyMerged) -> Iterable[Key]:
    """The key of the record of the subject that ended."""
    return ((Record, id) for id in subjects(event)[:1])


def inherit(
    record: Record | None,
    event: VillageMerged | PartyMerged,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """The record of the subject that goes on takes over the cases of the one that ended."""
    before, after = subjects(event)
    ended = others[Record, before]
    if not isinstance(ended, Record) or not (ended.cases or ended.met):
        return Change(record)
    record = record or ended.but(id=after, subject=event.into, cases={}, met={}, deadlines=())
    years = {kind: tuple(sorted({*met, *record.met.get(kind, ())})) for kind, met in ended.met.items()}
    record = record.but(met={**record.met, **years})
    for outcome, case in sorted(ended.cases.items()):
        record = record.keep(outcome, case)
    return Change(record)


def leave(record: Record | None, event: VillageMerged | PartyMerged, policy: Policy, today: date) -> Change:
    """Empty the record of the subject that ended: the other record has its cases now."""
    return Change(record and record.but(cases={}, met={}, deadlines=()).clocked())
