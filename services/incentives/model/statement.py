"""What is paid in a village beside salaries: statements by month, drawn from days and grades, confirmed by a body.

A statement is drawn only when something changes: one that `recurs` holds each month until another one follows it, as
after a new grade; one by days is for its month alone. What turns out otherwise later, such as a grade after a review or
a month that was counted anew, corrects the statement that rests on it, and is confirmed again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import MAXYEAR, date
from typing import Any

import msgspec
from msgspec.structs import replace

from services.incentives.model.commands import ConfirmStatements, CorrectStatement, ExplainPay
from shared.contracts import Event
from shared.contracts.dispatch import PresenceCounted
from shared.contracts.incentives import (
    AllowancesConfirmed,
    AllowancesDrawn,
    Paid,
    PayExplained,
    PayShort,
    StatementConfirmed,
    StatementCorrected,
    StatementDrawn,
)
from shared.contracts.inspection import AppraisalGraded, AppraisalWithdrawn
from shared.contracts.registry import PartyMerged, PartyRegistered, PartyWithdrawn, VillageMerged
from shared.contracts.values import Role
from shared.divisions import place_of
from shared.policy import Policy
from shared.policy.statements import TEAM, Statement
from shared.rules import Change, Key, Refused, State, Task, known, require_body

KEPT = 60
"""How many statements of a person are kept, so that they can be corrected."""


class Sum(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One statement: what is paid from a month on, or for that month alone, by part, in whole yuan."""

    year: int
    month: int
    recurs: bool = False
    parts: dict[str, int]
    rule: str
    by: Role
    """Who confirms it."""
    confirm_by: date | None = None
    """The last day for that; None once it is confirmed."""
    explains: Role | None = None
    """Who gives the reason where it is less than the floor; None if nobody has to."""
    explain_by: date | None = None
    """The last day for the reason; None if none is awaited."""
    why: str = ""
    """The reason that was given."""

    @property
    def total(self) -> int:
        """What all parts make."""
        return sum(self.parts.values())


class Payee(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who is paid: a village cadre, or a member of the team."""

    kind: str
    """The entry of the pack by which it is."""
    person: str
    grades: dict[str, str] = msgspec.field(default_factory=dict)
    """The grades by `<assessment>/<year>`. An earlier version kept the latest one alone, without its year."""
    sums: dict[str, Sum] = msgspec.field(default_factory=dict)
    """The statements by what each rests on: `begun`, `graded/<assessment>/<year>`, `days/<year>-<month>` or, of what is
    paid once, `left/<day>`."""
    ended: bool = False
    """Whether the person has left the post or the village. What was drawn stays to be confirmed."""

    @property
    def standing(self) -> Sum | None:
        """The latest statement that recurs; None if there is none."""
        return next((one for one in reversed(self.sums.values()) if one.recurs), None)

    def rated(self, year: int) -> dict[str, str]:
        """The latest grade by assessment, up to a year."""
        known = sorted((int(of or 0), kind, grade) for (kind, _, of), grade in self._grades if int(of or 0) <= year)
        return {kind: grade for _, kind, grade in known}

    @property
    def _grades(self) -> Iterable[tuple[tuple[str, str, str], str]]:
        return ((key.partition("/"), grade) for key, grade in self.grades.items())


class Payroll(State, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that is paid in one village. Its id is the village's."""

    kind = "payrolls"
    personal = True
    readers = frozenset({"finance", "organisation"})

    payees: dict[str, Payee] = msgspec.field(default_factory=dict)
    """By `<kind of statement>/<person>`."""

    @property
    def open(self) -> dict[tuple[str, int, int], list[Sum]]:
        """The statements that nobody confirmed yet, by kind, year and month."""
        found: dict[tuple[str, int, int], list[Sum]] = {}
        for payee in self.payees.values():
            for one in payee.sums.values():
                if one.confirm_by:
                    found.setdefault((payee.kind, one.year, one.month), []).append(one)
        return found

    @property
    def unexplained(self) -> Iterable[tuple[Payee, Sum]]:
        """The statements below the floor for which somebody owes a reason, and whom they pay."""
        return ((payee, one) for payee in self.payees.values() for one in payee.sums.values() if one.explain_by)

    @property
    def status(self) -> str:
        """`open` while a statement is to be confirmed or explained, else `settled`."""
        return "open" if self.awaits else "settled"

    @property
    def awaits(self) -> bool:
        return bool(self.open) or any(True for _ in self.unexplained)

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """All statements of one kind and month are confirmed together."""
        for (kind, year, month), sums in sorted(self.open.items()):
            said: dict[str, str | int] = {"village": self.id, "kind": kind, "year": year, "month": month}
            yield Task(
                action="statements",
                about=self.id,
                role=sums[0].by,
                due=min(one.confirm_by for one in sums if one.confirm_by),
                rule=sums[0].rule,
                detail=f"{kind}/{year}-{month:02}",
                answer=said | {"place": self.place, "body": sums[0].by},
            )
        for payee, one in self.unexplained:
            assert one.explains
            of: dict[str, str | int] = {
                "kind": payee.kind,
                "person": payee.person,
                "year": one.year,
                "month": one.month,
            }
            yield Task(
                action="pay-explanations",
                about=self.id,
                role=one.explains,
                due=one.explain_by,
                rule=one.rule,
                detail=f"{payee.kind}/{payee.person}/{one.year}-{one.month:02}",
                answer=of | {"place": self.place, "village": self.id, "body": one.explains},
            )

    def payee(self, kind: str, person: str) -> Payee | None:
        """Somebody who is paid by an entry of the pack; None if nobody is known under this id."""
        return self.payees.get(f"{kind}/{person}")

    def keep(self, payee: Payee) -> "Payroll":
        """The payroll with this payee in it."""
        return self.but(payees={**self.payees, f"{payee.kind}/{payee.person}": payee})

    def tell(self, event: type[Any], payee: Payee, of: Sum, **said: Any) -> Event:
        """An event about a statement."""
        return event(  # type: ignore[no-any-return]
            place=self.place, village=self.id, kind=payee.kind, person=payee.person, year=of.year, month=of.month,
            recurs=of.recurs, total=of.total, **said,
        )  # fmt: skip

    def tell_team(self, event: type[Any], kind: str, sums: Sequence[tuple[str, Sum]], **said: str) -> tuple[Event, ...]:
        """An event about the statements of a team for the days of a month, each with whom it pays; none without any.

        Who has two statements, being in the teams of two villages that were merged, is named once, with their sum.
        """
        if not sums:
            return ()
        parts = dict[str, Counter[str]]()
        for person, of in sums:
            parts.setdefault(person, Counter()).update(of.parts)
        paid, (_, one) = tuple(Paid(person, of.total(), dict(of)) for person, of in parts.items()), sums[0]
        about = {"place": self.place, "village": self.id, "kind": kind, "paid": paid}
        return (event(**about, year=one.year, month=one.month, **said),)


def _drawn(
    payroll: Payroll, payee: Payee, cause: str, new: Sum, terms: Statement, policy: Policy, today: date
) -> Change:
    """The payroll with a statement that rests on this cause, if it says anything new, and what is told of it."""
    before, standing = payee.sums.get(cause), payee.standing
    if new.parts == (before.parts if before else standing.parts if standing and new.recurs else None):
        return Change(payroll.keep(payee))
    if before is None and not any(new.parts.values()):
        return Change(payroll.keep(payee))
    if before:
        new = replace(new, year=before.year, month=before.month)
    new = _asked(new, terms, policy, today)
    payee = replace(payee, sums=dict([*{**payee.sums, cause: new}.items()][-KEPT:]))
    payroll = payroll.keep(payee)
    if before:
        told = payroll.tell(StatementCorrected, payee, new, parts=new.parts, before=before.total)
    else:
        told = payroll.tell(StatementDrawn, payee, new, parts=new.parts)
    return Change(payroll, (told, *_short(payroll, payee, new, terms)))


def _is_short(one: Sum, terms: Statement) -> bool:
    """Whether somebody is paid less than the floor each month."""
    return one.recurs and terms.floor is not None and one.total < terms.floor


def _asked(one: Sum, terms: Statement, policy: Policy, today: date) -> Sum:
    """A statement for which a reason is awaited, if it is below the floor and the pack names who gives it."""
    if not (terms.explained_by and terms.explain_within and _is_short(one, terms)):
        return replace(one, explains=None, explain_by=None, why="")
    last = terms.explain_within.after(today, policy.calendar)
    return replace(one, explains=terms.explained_by, explain_by=last, why="")


def _short(payroll: Payroll, payee: Payee, one: Sum, terms: Statement) -> tuple[Event, ...]:
    """The event that somebody is paid less than the floor, if it is so (2.8)."""
    return (payroll.tell(PayShort, payee, one, floor=terms.floor),) if _is_short(one, terms) else ()


def _monthly(
    payroll: Payroll, payee: Payee, cause: str, terms: Statement, policy: Policy, today: date, year: int = 9999
) -> Change:
    """Draw what the person is paid each month from now on, by the grades up to a year, or by all."""
    parts = terms.monthly(payee.rated(year))
    new = Sum(year=today.year, month=today.month, recurs=True, parts=parts, rule=terms.rule, by=terms.confirmed_by,
              confirm_by=terms.confirm_within.after(today, policy.calendar))  # fmt: skip
    return _drawn(payroll, payee, cause, new, terms, policy, today)


def village_of(parent: str | None) -> str:
    """The village that a party belongs to; empty if it belongs to none."""
    kind, _, id = (parent or "").partition(":")
    return id if kind == "village" else ""


def enter(
    payroll: Payroll | None, event: PartyRegistered, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Somebody took a post in the village that the pack pays. Who came from another village keeps the grades."""
    village = village_of(event.parent)
    payroll = payroll or Payroll(id=village, place=place_of(village))
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
        # Who is back before it was confirmed did not leave.
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

    Who left the post, and did not only move or stand there twice, gets what the pack pays once for that (4.6). Who
    never held it gets nothing for that, and of what was drawn nothing that nobody has confirmed yet.
    """
    told: tuple[Event, ...] = ()
    for payee in [*payroll.payees.values()] if payroll else ():
        if payroll and payee.person == event.party and not payee.ended and not _leaves(payee.kind, event, policy):
            payroll = payroll.keep(replace(payee, ended=True))
            if isinstance(event, PartyWithdrawn) and event.mistaken:
                open = [cause for cause, one in payee.sums.items() if one.confirm_by]
                change = _nothing(payroll, f"{payee.kind}/{payee.person}", open, policy, today)
                assert isinstance(change.state, Payroll)
                payroll, told = change.state, (*told, *change.events)
    for terms in policy.statements:
        if not _leaves(terms.kind, event, policy):
            continue
        village = village_of(event.parent)
        payroll = payroll or Payroll(id=village, place=place_of(village))
        payee = payroll.payee(terms.kind, event.party) or Payee(kind=terms.kind, person=event.party)
        if payee.ended:
            continue
        payee = replace(payee, ended=True)
        change = _once(payroll, payee, f"left/{today}", terms.on_leaving, terms, policy, today)
        assert isinstance(change.state, Payroll)
        payroll, told = change.state, (*told, *change.events)
    return Change(payroll, told)


def _leaves(kind: str, event: PartyRegistered | PartyWithdrawn | PartyMerged, policy: Policy) -> bool:
    """Whether somebody left a post for which the pack pays something once by this statement."""
    terms = next((terms for terms in policy.statements if terms.kind == kind), None)
    if not isinstance(event, PartyWithdrawn) or event.mistaken:
        return False
    return bool(terms and terms.of == event.kind and terms.on_leaving)


def _nothing(payroll: Payroll, payee: str, causes: Iterable[str], policy: Policy, today: date) -> Change:
    """Draw nothing for these causes after all. What a later pack has no more stays as it was drawn."""
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
    return _drawn(payroll, payee, cause, new, terms, policy, today)


def grade(payroll: Payroll | None, event: AppraisalGraded | AppraisalWithdrawn, policy: Policy, today: date) -> Change:
    """Somebody was graded, or graded anew after a review: the part that rests on the grade follows (0.11).

    If a grade is withdrawn, the one before holds again until the year is graded anew.
    """
    assert event.village
    payroll = payroll or Payroll(id=event.village, place=event.place)
    told: tuple[Event, ...] = ()
    year, cause = f"{event.kind}/{event.year}", f"graded/{event.kind}/{event.year}"
    for terms in policy.statements:
        payee = payroll.payee(terms.kind, event.subject)
        if not terms.rests_on(event.kind) or (payee is None and isinstance(event, AppraisalWithdrawn)):
            continue
        payee = payee or Payee(kind=terms.kind, person=event.subject)
        others = {key: grade for key, grade in payee.grades.items() if key != year}
        payee = replace(payee, grades=others | ({year: event.grade} if isinstance(event, AppraisalGraded) else {}))
        # Who has left is paid no more, but what was drawn is corrected all the same.
        if (payee.ended or isinstance(event, AppraisalWithdrawn)) and cause not in payee.sums:
            payroll = payroll.keep(payee)
            continue
        # A correction holds for the year of its grade. A grade that comes late is one of those that count today.
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
    """Draw what is paid by the latest grade, if the statement that holds is that of an earlier year, which changed.

    The later grade drew none of its own, since it was equal: 2014 and 2015 were good, and 2014 is withdrawn.
    """
    latest = f"graded/{max(payee.grades, key=lambda of: of.partition('/')[2], default='')}"
    holding = next((cause for cause, one in reversed(payee.sums.items()) if one.recurs), "")
    if holding != cause or latest in payee.sums or not payee.grades:
        return Change(payroll)
    return _monthly(payroll, payee, latest, terms, policy, today)


def count(payroll: Payroll | None, event: PresenceCounted, policy: Policy, today: date) -> Change:
    """The days of a month in the village were confirmed, or corrected: allowances follow from them (1.13)."""
    payroll = payroll or Payroll(id=event.village, place=event.place)
    told: tuple[Event, ...] = ()
    cause, days = f"days/{event.year}-{event.month:02}", {one.cadre: one.days for one in event.present}
    for terms in policy.statements:
        if terms.of != TEAM:
            continue
        before = [p.person for p in payroll.payees.values() if p.kind == terms.kind and cause in p.sums]
        drawn = list[tuple[str, Sum]]()
        for person in sorted({*days, *before}):
            payee = payroll.payee(terms.kind, person) or Payee(kind=terms.kind, person=person)
            new = Sum(year=event.year, month=event.month, parts=terms.by_days(days.get(person, 0)), rule=terms.rule,
                      by=terms.confirmed_by,
                      confirm_by=terms.confirm_within.after(today, policy.calendar))  # fmt: skip
            change = _drawn(payroll, payee, cause, new, terms, policy, today)
            assert isinstance(change.state, Payroll)
            payroll = change.state
            if person in before:
                told = (*told, *change.events)
            elif change.events:
                drawn.append((person, new))
        told = (*told, *payroll.tell_team(AllowancesDrawn, terms.kind, drawn))
    return Change(payroll if payroll.payees else None, told)


def confirm(payroll: Payroll | None, command: ConfirmStatements, policy: Policy, today: date) -> Change:
    """The body that the pack names confirms all statements of one kind and month in a village."""
    payroll = known(payroll, "报酬补贴", "the payroll of", command.village)
    told: tuple[Event, ...] = ()
    of_team = list[tuple[str, Sum]]()
    found = False
    for payee in payroll.payees.values():
        for cause, one in payee.sums.items():
            if (payee.kind, one.year, one.month) != (command.kind, command.year, command.month):
                continue
            found = True
            require_body(command.body, one.by, one.rule)
            if one.confirm_by:
                after = replace(payroll.payees[f"{payee.kind}/{payee.person}"])
                after = replace(after, sums={**after.sums, cause: replace(one, confirm_by=None)})
                payroll = payroll.keep(after)
                if cause.startswith("days/"):
                    of_team.append((payee.person, one))
                else:
                    told = (*told, payroll.tell(StatementConfirmed, payee, one, confirmed_by=command.confirmed_by))
    if not found:
        raise Refused(
            "0.11",
            "该村该月没有这一项待核定的报酬补贴，请核对种类和月份",
            "no statement of this kind and month was drawn for the village; check both",
            field="month",
            status=404,
        )
    by = command.confirmed_by
    return Change(payroll, (*told, *payroll.tell_team(AllowancesConfirmed, command.kind, of_team, confirmed_by=by)))


def correct(payroll: Payroll | None, command: CorrectStatement, policy: Policy, today: date) -> Change:
    """The body corrects one part of a statement, which then is confirmed again."""
    payroll = known(payroll, "报酬补贴", "the payroll of", command.village)
    payee = known(payroll.payee(command.kind, command.person), "领取人", "the payee", command.person)
    cause, one = next(
        (
            (cause, one)
            for cause, one in payee.sums.items()
            if (one.year, one.month) == (command.year, command.month) and command.part in one.parts
        ),
        ("", None),
    )
    if one is None:
        raise Refused(
            "0.11",
            "该月没有含这一部分的报酬补贴，请核对月份和组成部分",
            "no statement of that month has this part; check the month and the part",
            field="part",
            status=404,
        )
    require_body(command.body, one.by, one.rule)
    if one.parts[command.part] == command.yuan:
        return Change(payroll)
    terms = next((terms for terms in policy.statements if terms.kind == payee.kind), None)
    since = terms.confirm_within.after(today, policy.calendar) if terms else today
    after = replace(one, parts={**one.parts, command.part: command.yuan}, confirm_by=since)
    after = _asked(after, terms, policy, today) if terms else after
    payee = replace(payee, sums={**payee.sums, cause: after})
    payroll = payroll.keep(payee)
    said = {"parts": after.parts, "before": one.total, "reason": command.reason, "decided_by": command.corrected_by}
    corrected = payroll.tell(StatementCorrected, payee, after, **said)
    return Change(payroll, (corrected, *(_short(payroll, payee, after, terms) if terms else ())))


def explain(payroll: Payroll | None, command: ExplainPay, policy: Policy, today: date) -> Change:
    """The body that the pack names says why somebody is paid less than the floor (2.8)."""
    payroll = known(payroll, "报酬补贴", "the payroll of", command.village)
    payee = known(payroll.payee(command.kind, command.person), "领取人", "the payee", command.person)
    asked = {
        cause: one
        for cause, one in payee.sums.items()
        if (one.year, one.month) == (command.year, command.month) and one.explains
    }
    if not asked:
        raise Refused(
            "2.8",
            "该月的报酬没有低于最低数额，或者不须说明原因，请核对月份",
            "nothing of that month is below the floor, or nobody has to say why; check the month",
            field="month",
            status=404,
        )
    for one in asked.values():
        assert one.explains
        require_body(command.body, one.explains, one.rule)
    given = {cause: replace(one, explain_by=None, why=command.why) for cause, one in asked.items()}
    changed = [one for cause, one in given.items() if one != payee.sums[cause]]
    payroll = payroll.keep(replace(payee, sums={**payee.sums, **given}))
    told = (payroll.tell(PayExplained, payee, one, explained_by=command.explained_by) for one in changed)
    return Change(payroll, tuple(told))


def merged_payroll(_payroll: Payroll | None, event: VillageMerged) -> Iterable[Key]:
    """The key of the merged village's payroll."""
    return ((Payroll, event.village),)


def inherit(
    payroll: Payroll | None, event: VillageMerged, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """The remaining village pays on whom the merged one paid. Who was paid in both keeps the statements of both."""
    ended = others[Payroll, event.village]
    if not isinstance(ended, Payroll) or not ended.payees:
        return Change(payroll)
    payroll = payroll or ended.but(id=event.into, place=event.into_place, payees={})
    both = {
        key: _joined(ended.payees[key], payee, event.village) if key in ended.payees else payee
        for key, payee in payroll.payees.items()
    }
    return Change(payroll.but(payees={**ended.payees, **both}))


def _joined(ended: Payee, payee: Payee, village: str) -> Payee:
    """Somebody who was paid in both villages, as paid on in the remaining one."""
    theirs = {f"{cause}/{village}" if cause in payee.sums else cause: one for cause, one in ended.sums.items()}
    ended_too = ended.ended and payee.ended
    return replace(payee, grades=ended.grades | payee.grades, sums=theirs | payee.sums, ended=ended_too)


def empty(payroll: Payroll | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """Empty the payroll of a merged village: the remaining one has its payees."""
    return Change(payroll and payroll.but(payees={}))
