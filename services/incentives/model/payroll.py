"""Who is paid in a village, and the statements that were drawn for each.

drawn ─► confirmed by a body ─► perhaps corrected, and confirmed again
   └─ below the floor: somebody says why
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from shared.contracts import Event
from shared.contracts.incentives import (
    Paid,
    PayShort,
    StatementCorrected,
    StatementDrawn,
)
from shared.contracts.values import Role
from shared.policy import Policy
from shared.policy.statements import Statement
from shared.rules import Change, Oneself, State, Task

KEPT = 60
"""The most statements of a person that are kept. Older ones can no longer be corrected."""


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
    until: date | None = None
    """For a statement that recurs: the day on which it ended, because another one followed or the person left. None
    while it holds, and in statements that an earlier version kept."""
    why: str = ""
    """The reason that was given."""

    @property
    def total(self) -> int:
        """The sum of all parts."""
        return sum(self.parts.values())

    @property
    def last_year(self) -> int | None:
        """The last year for which it is paid; None while it holds, or while somebody still owes something about it."""
        if self.confirm_by or self.explain_by or (self.recurs and self.until is None):
            return None
        return self.until.year if self.until else self.year


class Payee(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who is paid: a village cadre, or a member of the team."""

    kind: str
    """The pack's entry (`[[statements]]`) by which the person is paid."""
    person: str
    grades: dict[str, str] = msgspec.field(default_factory=dict)
    """The grades by `<assessment>/<year>`. An earlier version kept only the latest one, without its year."""
    sums: dict[str, Sum] = msgspec.field(default_factory=dict)
    """The statements by what each rests on (its cause): `begun` or `begun/<day>`, `graded/<assessment>/<year>`,
    `days/<year>-<month>`, or, if it is paid once on leaving, `left/<day>`."""
    ended: bool = False
    """Whether the person has left the post or the village. What was drawn stays to be confirmed."""

    @property
    def standing(self) -> Sum | None:
        """The latest statement that recurs; None if there is none."""
        return next((one for one in reversed(self.sums.values()) if one.recurs), None)

    def closed(self, today: date) -> "Payee":
        """The payee with `until` set where statements recur: none in the one that holds, today in one that ended."""
        holding = None if self.ended else self.standing
        recurring = {
            cause: replace(one, until=None if one is holding else one.until or today)
            for cause, one in self.sums.items()
            if one.recurs
        }
        return replace(self, sums={**self.sums, **recurring})

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
    known_as = ("报酬补助发放表", "the statements of pay and allowances")

    payees: dict[str, Payee] = msgspec.field(default_factory=dict)
    """By `<kind of statement>/<person>`."""
    dropped: int = 0
    """The last year of which nothing is kept any more, so that nothing is drawn for it again; 0 if there is none."""

    @classmethod
    def begun(cls, village: str, place: str, today: date) -> "Payroll":
        """The payroll of a village in which nobody was paid before."""
        return cls(id=village, place=place).looking(today)

    def looking(self, today: date) -> "Payroll":
        """The payroll with a timer on the next 1 January, which removes old years (`keeping.py`).

        A timer that is set already stays. A payroll from an earlier version may have none.
        """
        return self.timed(keep=self.timers.get("keep", date(today.year + 1, 1, 1)))

    @classmethod
    def kept_about(cls, person: Oneself) -> Iterable[str]:
        return (person.team,)

    def tells_of(self, cadre: str) -> bool:
        return any(payee.person == cadre for payee in self.payees.values())

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
        """The statements below the floor for which a reason is owed, each with its payee."""
        return ((payee, one) for payee in self.payees.values() for one in payee.sums.values() if one.explain_by)

    @property
    def status(self) -> str:
        """`open` while a statement is to be confirmed or explained, else `settled`."""
        return "open" if self.awaits else "settled"

    @property
    def awaits(self) -> bool:
        return any(
            one.confirm_by or one.explain_by for payee in self.payees.values() for one in reversed(payee.sums.values())
        )

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """To confirm all statements of one kind and month together, and to explain each one that is below the floor."""
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
        """One event about a team's statements for the days of a month; none if there are no statements.

        A person with two statements, from the teams of two villages that were merged, is named once, with their sum.
        """
        if not sums:
            return ()
        parts = dict[str, Counter[str]]()
        for person, of in sums:
            parts.setdefault(person, Counter()).update(of.parts)
        paid, (_, one) = tuple(Paid(person, of.total(), dict(of)) for person, of in parts.items()), sums[0]
        about = {"place": self.place, "village": self.id, "kind": kind, "paid": paid}
        return (event(**about, year=one.year, month=one.month, **said),)


def drawn(
    payroll: Payroll, payee: Payee, cause: str, new: Sum, terms: Statement, policy: Policy, today: date
) -> Change:
    """The payroll with a statement that rests on this cause, and its events. Nothing is told if it says nothing new.

    For a time of which statements are no longer kept nothing is drawn, since it may have been paid already.
    """
    before, standing = payee.sums.get(cause), payee.standing if new.recurs else None
    if before is None and (new.year <= payroll.dropped or _has_lost(payee, new)):
        return Change(payroll)
    if new.parts == (before.parts if before else standing.parts if standing else None):
        return Change(payroll.keep(payee.closed(today)))
    if before is None and not any(new.parts.values()):
        return Change(payroll.keep(payee.closed(today)))
    if before:
        new = replace(new, year=before.year, month=before.month, until=before.until)
    new = asked(new, terms, policy, today)
    payee = replace(payee, sums=dict([*{**payee.sums, cause: new}.items()][-KEPT:])).closed(today)
    payroll = payroll.keep(payee).looking(today)
    if before:
        told = payroll.tell(StatementCorrected, payee, new, parts=new.parts, before=before.total)
    else:
        told = payroll.tell(StatementDrawn, payee, new, parts=new.parts)
    return Change(payroll, (told, *short(payroll, payee, new, terms)))


def _has_lost(payee: Payee, new: Sum) -> bool:
    """Whether a statement is older than all that are kept, while older ones may have been dropped (KEPT)."""
    first = min(((one.year, one.month) for one in payee.sums.values()), default=(0, 0))
    return len(payee.sums) >= KEPT and (new.year, new.month) < first


def _is_short(one: Sum, terms: Statement) -> bool:
    """Whether somebody is paid less than the floor each month."""
    return one.recurs and terms.floor is not None and one.total < terms.floor


def asked(one: Sum, terms: Statement, policy: Policy, today: date) -> Sum:
    """The statement, with a reason awaited if it is below the floor and the pack names who gives reasons."""
    if not (terms.explained_by and terms.explain_within and _is_short(one, terms)):
        return replace(one, explains=None, explain_by=None, why="")
    last = terms.explain_within.after(today, policy.calendar)
    return replace(one, explains=terms.explained_by, explain_by=last, why="")


def short(payroll: Payroll, payee: Payee, one: Sum, terms: Statement) -> tuple[Event, ...]:
    """The event that somebody is paid less than the floor; none if the statement is not below it (2.8)."""
    return (payroll.tell(PayShort, payee, one, floor=terms.floor),) if _is_short(one, terms) else ()
