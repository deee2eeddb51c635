"""What is paid in a village beside salaries: statements by month, drawn from days and grades, confirmed by a body.

A statement is drawn (made out) only when something changes. One that `recurs` holds each month until another one
follows it, such as after a new grade. One by days is for its month alone. If a review changes a grade, or a month is
counted anew, the statement that rests on it is corrected and has to be confirmed again.
"""

from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, date

from msgspec.structs import replace

from services.incentives.model.payroll import Payee, Payroll, Sum, drawn
from shared.contracts import Event
from shared.contracts.dispatch import PresenceCounted
from shared.contracts.incentives import (
    AllowancesDrawn,
)
from shared.contracts.inspection import AppraisalGraded, AppraisalWithdrawn
from shared.contracts.registry import (
    PartyMerged,
    PartyRegistered,
    PartyWithdrawn,
    PersonForgotten,
    VillageMerged,
    VillageRecoded,
)
from shared.contracts.values import ANONYMOUS
from shared.divisions import place_of
from shared.policy import Policy
from shared.policy.statements import TEAM, Statement
from shared.rules import Change, Key, State


def _monthly(
    payroll: Payroll, payee: Payee, cause: str, terms: Statement, policy: Policy, today: date, year: int = 9999
) -> Change:
    """Draw what the person is paid each month from now on, by the grades up to `year`, or by all grades."""
    parts = terms.monthly(payee.rated(year))
    new = Sum(year=today.year, month=today.month, recurs=True, parts=parts, rule=terms.rule, by=terms.confirmed_by,
              confirm_by=terms.confirm_within.after(today, policy.calendar))  # fmt: skip
    return drawn(payroll, payee, cause, new, terms, policy, today)


def village_of(parent: str | None) -> str:
    """The village that a party belongs to; empty if it belongs to none."""
    kind, _, id = (parent or "").partition(":")
    return id if kind == "village" else ""


def enter(
    payroll: Payroll | None, event: PartyRegistered, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Somebody took a post in the village that the pack pays. Grades from a former village are kept."""
    village = village_of(event.parent)
    payroll = payroll or Payroll.begun(village, event.place, today)
    former = others.get((Payroll, village_of(event.former)))
    told: tuple[Event, ...] = ()
    for terms in policy.statements:
        payee = payroll.payee(terms.kind, event.party)
        if terms.of != event.kind or (payee and not payee.ended) or (payee is None and terms.only_once):
            continue
        was = former.payee(terms.kind, event.party) if isinstance(former, Payroll) else None
        grades = was.grades if was else payee.grades if payee else {}
        sums = payee.sums if payee else {}
        payee = Payee(kind=terms.kind, person=event.party, grades=grades, sums=sums)
        cause = f"begun/{today}" if sums else "begun"
        change = _monthly(payroll, payee, cause, terms, policy, today)
        assert isinstance(change.state, Payroll)
        payroll, told = change.state, (*told, *change.events)
        # If the person is back before the sum for leaving was confirmed, that sum is not paid.
        left = [cause for cause, one in sums.items() if cause.startswith("left/") and one.confirm_by]
        change = _nothing(payroll, f"{terms.kind}/{event.party}", left, policy, today)
        assert isinstance(change.state, Payroll)
        payroll, told = change.state, (*told, *change.events)
    return Change(payroll if payroll.payees else None, told)


def former_village(_payroll: Payroll | None, event: PartyRegistered) -> Iterable[Key]:
    """The payroll of the village from which somebody came."""
    former = village_of(event.former)
    return ((Payroll, former),) if former else ()


def leave_post(
    payroll: Payroll | None, event: PartyRegistered | PartyWithdrawn | PartyMerged, policy: Policy, today: date
) -> Change:
    """Somebody left the post or the village: nothing more is drawn each month. What was drawn stays to be confirmed.

    For leaving a post the pack may pay something once (4.6), but not for moving to another village or for having been
    registered twice. If the registration was a mistake, nothing is paid for leaving, and unconfirmed statements become
    zero.
    """
    told: tuple[Event, ...] = ()
    for payee in [*payroll.payees.values()] if payroll else ():
        if payroll and payee.person == event.party and not payee.ended and not _leaves(payee.kind, event, policy):
            payroll = payroll.keep(replace(payee, ended=True).closed(today))
            if isinstance(event, PartyWithdrawn) and event.mistaken:
                open = [cause for cause, one in payee.sums.items() if one.confirm_by]
                change = _nothing(payroll, f"{payee.kind}/{payee.person}", open, policy, today)
                assert isinstance(change.state, Payroll)
                payroll, told = change.state, (*told, *change.events)
    for terms in policy.statements:
        if not _leaves(terms.kind, event, policy):
            continue
        village = village_of(event.parent)
        payroll = payroll or Payroll.begun(village, event.place, today)
        payee = payroll.payee(terms.kind, event.party) or Payee(kind=terms.kind, person=event.party)
        if payee.ended:
            continue
        payee = replace(payee, ended=True).closed(today)
        change = _once(payroll, payee, f"left/{today}", terms.on_leaving, terms, policy, today)
        assert isinstance(change.state, Payroll)
        payroll, told = change.state, (*told, *change.events)
    return Change(payroll, told)


def _leaves(kind: str, event: PartyRegistered | PartyWithdrawn | PartyMerged, policy: Policy) -> bool:
    """Whether this kind of statement pays something once because somebody left the post."""
    terms = next((terms for terms in policy.statements if terms.kind == kind), None)
    if not isinstance(event, PartyWithdrawn) or event.mistaken:
        return False
    return bool(terms and terms.of == event.kind and terms.on_leaving)


def _nothing(payroll: Payroll, payee: str, causes: Iterable[str], policy: Policy, today: date) -> Change:
    """Correct the statements of these causes to zero. If the pack no longer has this kind, they stay as they are."""
    told: tuple[Event, ...] = ()
    for cause in causes:
        one = payroll.payees[payee]
        terms = next((terms for terms in policy.statements if terms.kind == one.kind), None)
        if terms:
            change = _once(payroll, one, cause, dict.fromkeys(one.sums[cause].parts, 0), terms, policy, today)
            assert isinstance(change.state, Payroll)
            payroll, told = change.state, (*told, *change.events)
    return Change(payroll, told)


def _once(
    payroll: Payroll, payee: Payee, cause: str, parts: dict[str, int], terms: Statement, policy: Policy, today: date
) -> Change:
    """Draw what is paid for this month alone."""
    new = Sum(year=today.year, month=today.month, parts=parts, rule=terms.rule, by=terms.confirmed_by,
              confirm_by=terms.confirm_within.after(today, policy.calendar))  # fmt: skip
    return drawn(payroll, payee, cause, new, terms, policy, today)


def grade(payroll: Payroll | None, event: AppraisalGraded | AppraisalWithdrawn, policy: Policy, today: date) -> Change:
    """Somebody was graded, or graded anew after a review: the part that rests on the grade follows (0.11).

    If a grade is withdrawn, the one before holds again until the year is graded anew.
    """
    assert event.village
    payroll = payroll or Payroll.begun(event.village, event.place, today)
    told: tuple[Event, ...] = ()
    year, cause = f"{event.kind}/{event.year}", f"graded/{event.kind}/{event.year}"
    for terms in policy.statements:
        payee = payroll.payee(terms.kind, event.subject)
        if not terms.rests_on(event.kind) or (payee is None and isinstance(event, AppraisalWithdrawn)):
            continue
        payee = payee or Payee(kind=terms.kind, person=event.subject)
        if event.year <= payroll.dropped and cause not in payee.sums:
            continue  # The statements of that year are no longer kept.
        others = {key: grade for key, grade in payee.grades.items() if key != year}
        payee = replace(payee, grades=others | ({year: event.grade} if isinstance(event, AppraisalGraded) else {}))
        # Somebody who has left is paid no more, but a statement that was drawn is still corrected.
        if (payee.ended or isinstance(event, AppraisalWithdrawn)) and cause not in payee.sums:
            payroll = payroll.keep(payee)
            continue
        # A correction goes by the grades up to its year. A new statement goes by all grades, also if this one is late.
        upto = event.year if cause in payee.sums else MAXYEAR
        change = _monthly(payroll, payee, cause, terms, policy, today, upto)
        assert isinstance(change.state, Payroll)
        payroll, told = change.state, (*told, *change.events)
        if not payee.ended:
            change = _brought_up(payroll, payroll.payees[f"{terms.kind}/{event.subject}"], cause, terms, policy, today)
            assert isinstance(change.state, Payroll)
            payroll, told = change.state, (*told, *change.events)
    return Change(payroll if payroll.payees else None, told)


def _brought_up(payroll: Payroll, payee: Payee, cause: str, terms: Statement, policy: Policy, today: date) -> Change:
    """Draw a statement by the latest grade, if the one that holds rests on an earlier year's grade, which has changed.

    This happens when a later grade was equal, so that it drew no statement of its own. For example, 2014 and 2015 were
    both graded good, and then the grade of 2014 is withdrawn.
    """
    holding = next((cause for cause, one in reversed(payee.sums.items()) if one.recurs), None)
    if holding != cause or not payee.grades:
        return Change(payroll)
    latest = f"graded/{max(payee.grades, key=lambda of: of.partition('/')[2])}"
    return Change(payroll) if latest in payee.sums else _monthly(payroll, payee, latest, terms, policy, today)


def count(payroll: Payroll | None, event: PresenceCounted, policy: Policy, today: date) -> Change:
    """The days of a month in the village were confirmed, or corrected: allowances follow from them (1.13)."""
    payroll = payroll or Payroll.begun(event.village, event.place, today)
    told: tuple[Event, ...] = ()
    cause, days = f"days/{event.year}-{event.month:02}", {one.cadre: one.days for one in event.present}
    for terms in policy.statements:
        if terms.of != TEAM:
            continue
        before = [p.person for p in payroll.payees.values() if p.kind == terms.kind and cause in p.sums]
        first = list[tuple[str, Sum]]()
        for person in sorted({*days, *before}):
            payee = payroll.payee(terms.kind, person) or Payee(kind=terms.kind, person=person)
            new = Sum(
                year=event.year,
                month=event.month,
                parts=terms.by_days(days.get(person, 0)),
                rule=terms.rule,
                by=terms.confirmed_by,
                confirm_by=terms.confirm_within.after(today, policy.calendar),
            )
            change = drawn(payroll, payee, cause, new, terms, policy, today)
            assert isinstance(change.state, Payroll)
            payroll = change.state
            if person in before:
                told = (*told, *change.events)
            elif change.events:
                first.append((person, new))
        told = (*told, *payroll.tell_team(AllowancesDrawn, terms.kind, first))
    return Change(payroll if payroll.payees else None, told)


def recode(payroll: Payroll | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """The village lies in another division from now on.

    A payroll is made even if nobody is paid there yet, so that it lies in the new division from its beginning.
    """
    if payroll is None and not policy.statements:
        return Change(None)
    payroll = payroll or Payroll.begun(event.village, event.place, today)
    return Change(payroll.but(place=place_of(event.code)))


def merged_payroll(_payroll: Payroll | None, event: VillageMerged) -> Iterable[Key]:
    """The key of the merged village's payroll."""
    return ((Payroll, event.village),)


def inherit(
    payroll: Payroll | None, event: VillageMerged, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """The remaining village goes on paying whom the merged one paid. A person paid in both keeps all statements."""
    ended = others[Payroll, event.village]
    if not isinstance(ended, Payroll) or not ended.payees:
        return Change(payroll)
    payroll = payroll or ended.but(id=event.into, place=event.into_place, payees={})
    dropped = max(payroll.dropped, ended.dropped)
    both = {
        key: _joined(ended.payees[key], payee, event.village) if key in ended.payees else payee
        for key, payee in payroll.payees.items()
    }
    joined = {key: payee.closed(today) for key, payee in {**ended.payees, **both}.items()}
    return Change(payroll.but(payees=joined, dropped=dropped))


def _joined(ended: Payee, payee: Payee, village: str) -> Payee:
    """A person who was paid in both villages, as a payee of the remaining one."""
    theirs = {f"{cause}/{village}" if cause in payee.sums else cause: one for cause, one in ended.sums.items()}
    ended_too = ended.ended and payee.ended
    # If the person has left one of the two villages, the statement of the other holds, so it must stand last.
    sums = payee.sums | theirs if payee.ended and not ended.ended else theirs | payee.sums
    return replace(payee, grades=ended.grades | payee.grades, sums=sums, ended=ended_too)


def forget(payroll: Payroll | None, event: PersonForgotten, _policy: Policy, _today: date) -> Change:
    """The person is anonymous: remove the reasons for pay below the floor. The sums stay (PIPL 47)."""
    if payroll is None:
        return Change(None)
    payees = {
        key: replace(payee, sums={cause: _unsaid(one) for cause, one in payee.sums.items()})
        if payee.person == event.person
        else payee
        for key, payee in payroll.payees.items()
    }
    return Change(payroll.but(payees=payees))


def _unsaid(one: Sum) -> Sum:
    return replace(one, why=ANONYMOUS) if one.why else one


def empty(payroll: Payroll | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """Empty the payroll of a merged village: the remaining one has its payees."""
    return Change(payroll and payroll.but(payees={}))
