"""What is paid in a village beside salaries: statements by month, drawn from days and grades, confirmed by a body.

A statement is drawn only when something changes: one that `recurs` holds each month until another one follows it, as
after a new grade; one by days is for its month alone. What turns out otherwise later, such as a grade after a review or
a month that was counted anew, corrects the statement that rests on it, and is confirmed again.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from services.incentives.model.commands import ConfirmStatements, CorrectStatement
from shared.contracts import Event
from shared.contracts.dispatch import PresenceCounted
from shared.contracts.incentives import PayShort, StatementConfirmed, StatementCorrected, StatementDrawn
from shared.contracts.inspection import AppraisalGraded
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
    """The latest grade by assessment."""
    sums: dict[str, Sum] = msgspec.field(default_factory=dict)
    """The statements by what each rests on: `begun`, `graded/<assessment>/<year>` or `days/<year>-<month>`."""
    ended: bool = False
    """Whether the person has left the post or the village. What was drawn stays to be confirmed."""

    @property
    def standing(self) -> Sum | None:
        """The latest statement that recurs; None if there is none."""
        return next((one for one in reversed(self.sums.values()) if one.recurs), None)


class Payroll(State, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that is paid in one village. Its id is the village's."""

    kind = "payrolls"
    personal = True

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
    def status(self) -> str:
        """`open` while a statement is to be confirmed, else `settled`."""
        return "open" if self.open else "settled"

    @property
    def awaits(self) -> bool:
        return bool(self.open)

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


def _drawn(payroll: Payroll, payee: Payee, cause: str, new: Sum, terms: Statement) -> Change:
    """The payroll with a statement that rests on this cause, if it says anything new, and what is told of it."""
    before, standing = payee.sums.get(cause), payee.standing
    if new.parts == (before.parts if before else standing.parts if standing and new.recurs else None):
        return Change(payroll.keep(payee))
    if before is None and not any(new.parts.values()):
        return Change(payroll.keep(payee))
    if before:
        new = replace(new, year=before.year, month=before.month)
    payee = replace(payee, sums=dict([*{**payee.sums, cause: new}.items()][-KEPT:]))
    payroll = payroll.keep(payee)
    if before:
        told = payroll.tell(StatementCorrected, payee, new, parts=new.parts, before=before.total)
    else:
        told = payroll.tell(StatementDrawn, payee, new, parts=new.parts)
    if terms.floor is None or new.total >= terms.floor or not new.recurs:
        return Change(payroll, (told,))
    return Change(payroll, (told, payroll.tell(PayShort, payee, new, floor=terms.floor)))


def _monthly(payroll: Payroll, payee: Payee, cause: str, terms: Statement, policy: Policy, today: date) -> Change:
    """Draw what the person is paid each month from now on."""
    parts = terms.monthly(payee.grades)
    new = Sum(year=today.year, month=today.month, recurs=True, parts=parts, rule=terms.rule, by=terms.confirmed_by,
              confirm_by=terms.confirm_within.after(today, policy.calendar))  # fmt: skip
    return _drawn(payroll, payee, cause, new, terms)


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
        if terms.of != event.kind or (payee and not payee.ended):
            continue
        was = former.payee(terms.kind, event.party) if isinstance(former, Payroll) else None
        grades = was.grades if was else payee.grades if payee else {}
        sums = payee.sums if payee else {}
        payee = Payee(kind=terms.kind, person=event.party, grades=grades, sums=sums)
        cause = f"begun/{today}" if sums else "begun"
        change = _monthly(payroll, payee, cause, terms, policy, today)
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
    """Somebody left the post or the village: nothing more is drawn. What was drawn stays to be confirmed."""
    for payee in payroll.payees.values() if payroll else ():
        if payroll and payee.person == event.party:
            payroll = payroll.keep(replace(payee, ended=True))
    return Change(payroll)


def grade(payroll: Payroll | None, event: AppraisalGraded, policy: Policy, today: date) -> Change:
    """Somebody was graded, or graded anew after a review: the part that rests on the grade follows (0.11)."""
    assert event.village
    payroll = payroll or Payroll(id=event.village, place=event.place)
    told: tuple[Event, ...] = ()
    for terms in policy.statements:
        if not terms.rests_on(event.kind):
            continue
        payee = payroll.payee(terms.kind, event.subject) or Payee(kind=terms.kind, person=event.subject)
        payee = replace(payee, grades={**payee.grades, event.kind: event.grade})
        if payee.ended:
            continue
        change = _monthly(payroll, payee, f"graded/{event.kind}/{event.year}", terms, policy, today)
        assert isinstance(change.state, Payroll)
        payroll, told = change.state, (*told, *change.events)
    return Change(payroll if payroll.payees else None, told)


def count(payroll: Payroll | None, event: PresenceCounted, policy: Policy, today: date) -> Change:
    """The days of a month in the village were confirmed, or corrected: allowances follow from them (1.13)."""
    payroll = payroll or Payroll(id=event.village, place=event.place)
    told: tuple[Event, ...] = ()
    cause, days = f"days/{event.year}-{event.month:02}", {one.cadre: one.days for one in event.present}
    for terms in policy.statements:
        if terms.of != TEAM:
            continue
        before = [p.person for p in payroll.payees.values() if p.kind == terms.kind and cause in p.sums]
        for person in sorted({*days, *before}):
            payee = payroll.payee(terms.kind, person) or Payee(kind=terms.kind, person=person)
            new = Sum(year=event.year, month=event.month, parts=terms.by_days(days.get(person, 0)), rule=terms.rule,
                      by=terms.confirmed_by,
                      confirm_by=terms.confirm_within.after(today, policy.calendar))  # fmt: skip
            change = _drawn(payroll, payee, cause, new, terms)
            assert isinstance(change.state, Payroll)
            payroll, told = change.state, (*told, *change.events)
    return Change(payroll if payroll.payees else None, told)


def confirm(payroll: Payroll | None, command: ConfirmStatements, policy: Policy, today: date) -> Change:
    """The body that the pack names confirms all statements of one kind and month in a village."""
    payroll = known(payroll, "报酬补贴", "the payroll of", command.village)
    told: tuple[Event, ...] = ()
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
                told = (*told, payroll.tell(StatementConfirmed, payee, one, confirmed_by=command.confirmed_by))
    if not found:
        raise Refused(
            "0.11",
            "该村该月没有这一项待核定的报酬补贴，请核对种类和月份",
            "no statement of this kind and month was drawn for the village; check both",
            field="month",
            status=404,
        )
    return Change(payroll, told)


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
    payee = replace(payee, sums={**payee.sums, cause: after})
    payroll = payroll.keep(payee)
    said = {"parts": after.parts, "before": one.total, "reason": command.reason, "decided_by": command.corrected_by}
    return Change(payroll, (payroll.tell(StatementCorrected, payee, after, **said),))


def both_payrolls(_payroll: Payroll | None, event: VillageMerged) -> Iterable[Key]:
    """The payrolls of both villages."""
    return ((Payroll, event.village), (Payroll, event.into))


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
