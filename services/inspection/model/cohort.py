"""A cohort: all who are assessed together in a year. How many have the best grade, and who is worst (2.6, 2.14, 2.15).

Teams form a cohort, too, where the pack limits their best grades. Organisations, villages and townships can be ranked.
Persons never are, and a pack that says so is refused.
"""

from collections.abc import Iterable
from datetime import date
from math import floor
from typing import Any

import msgspec

from services.inspection.model.commands import MakeRanking, OfYearCommand, WithdrawRanking
from services.inspection.model.facts import whose
from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalGraded,
    AppraisalOpened,
    AppraisalWithdrawn,
    AssessmentDropped,
    AssessmentGraded,
    AssessmentOpened,
    BestExceeded,
    EntryDropped,
    EntryProposed,
    GradeWithdrawn,
    Ranked,
    RankingMade,
    RankingWithdrawn,
)
from shared.divisions import NATIONAL, around, jurisdiction_of, place_of
from shared.policy import Policy
from shared.policy.appraisals import TEAM, VILLAGE, of_teams
from shared.policy.appraisals import Appraisal as Terms
from shared.rules import Change, Refused, State, Task, require_body

RULE = "2.6"
_NAMED = 20
"""How many ids a refusal names at most."""


class Member(msgspec.Struct, frozen=True, array_like=True):
    """A member of the cohort: the division, and the score and grade once there is one."""

    place: str
    score: float | None = None
    grade: str = ""


class Cohort(State, frozen=True, kw_only=True, omit_defaults=True):
    """One kind of assessment in one year, in the division whose pack says it. Its id is
    `<jurisdiction>/<kind>/<year>`."""

    kind = "cohorts"
    personal = True
    readers = frozenset({"inspection", "organisation"})
    known_as = ("考核排名", "the ranking of an assessment")

    terms: Terms
    members: dict[str, Member] = msgspec.field(default_factory=dict)
    """By subject."""
    exceeded: bool = False
    """Whether more have the best grade than the pack allows."""
    worst: tuple[str, ...] = ()
    """Who was ranked worst; empty until there is a ranking."""

    @property
    def year(self) -> int:
        """The year that is assessed."""
        return int(self.id.rpartition("/")[2])

    @property
    def is_whole(self) -> bool:
        """Whether everybody has a grade."""
        return bool(self.members) and all(one.grade for one in self.members.values())

    @property
    def best(self) -> int:
        """How many have the best grade."""
        return sum(one.grade == self.terms.names[0] for one in self.members.values())

    @property
    def at_most(self) -> int:
        """How many may have the best grade: the pack's share of all members, rounded down."""
        share = self.terms.best_at_most
        return len(self.members) if share is None else floor(share * len(self.members) + 1e-9)

    @property
    def status(self) -> str:
        """`ranked` once there is a ranking, `whole` once everybody has a grade, else `open`."""
        return "ranked" if self.worst else "whole" if self.is_whole else "open"

    @property
    def awaits(self) -> bool:
        return self.exceeded or bool(self.terms.rank and self.status == "whole")

    @property
    def about(self) -> dict[str, Any]:
        """How its events name it."""
        return {"place": self.place, "ranking": self.id, "kind": self.terms.kind, "year": self.year}

    def entry(self, subject: str) -> dict[str, Any]:
        """How the events about the list name one of the worst."""
        assert self.terms.rank
        named = {"village" if self.terms.of == VILLAGE else "party": subject}
        return {"place": self.members[subject].place, "ranking": self.id, "kind": self.terms.rank.lists, **named}

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """To withdraw best grades where there are too many, and to rank once everybody has a grade."""
        said: dict[str, str | int] = {"place": self.place, "kind": self.terms.kind, "year": self.year}
        if self.exceeded and self.terms.kind == TEAM:
            if policy.assessment.best_at_most is None:
                return
            yield Task(
                action="grade-withdrawals",
                about=self.id,
                role=self.terms.decides,
                due=None,
                rule=self.terms.rule,
                detail=str(self.year),
                answer={"year": self.year, "body": self.terms.decides},
            )
        elif self.exceeded:
            yield Task(
                action="appraisal-grade-withdrawals",
                about=self.id,
                role=self.terms.decides,
                due=None,
                rule=self.terms.rule,
                detail=str(self.year),
                answer={**said, "body": self.terms.decides},
            )
        if self.terms.rank and self.status == "whole":
            yield Task(
                action="rankings",
                about=self.id,
                role=self.terms.rank.by,
                due=None,
                rule=self.terms.rule,
                detail=str(self.year),
                answer={**said, "body": self.terms.rank.by},
            )


Opened = AppraisalOpened | AssessmentOpened
Graded = AppraisalGraded | AppraisalWithdrawn | AssessmentGraded | GradeWithdrawn
Left = AppraisalDropped | AssessmentDropped


def _terms(kind: str, policy: Policy) -> Terms | None:
    return of_teams(policy.assessment) if kind == TEAM else policy.appraisal(kind)


def cohort_of(terms: Terms, year: int, policy: Policy) -> str:
    """The id of all who are assessed together with a subject; empty if they are neither ranked nor counted."""
    if terms.rank is None and terms.best_at_most is None:
        return ""
    path = ("assessment", "best_at_most") if terms.kind == TEAM else ("appraisals", terms.kind)
    return f"{policy.layer(*path)}/{terms.kind}/{year}"


def joined(event: Opened, policy: Policy) -> Iterable[str]:
    """The cohort of a subject whose year begins."""
    terms = _terms(whose(event)[0], policy)
    id = cohort_of(terms, event.year, policy) if terms else ""
    return (id,) if id else ()


def counted_in(event: Graded | Left, policy: Policy) -> Iterable[str]:
    """The ids of all cohorts in which the subject may be counted.

    The pack in force may no longer have the assessment, or have it for another division, so all divisions around are
    looked up. For teams nothing is looked up unless the pack limits their best grades, since there are so many teams.
    """
    kind, _ = whose(event)
    if kind == TEAM and policy.assessment.best_at_most is None:
        return ()
    return (f"{id}/{kind}/{event.year}" for id in (*around(event.place), NATIONAL))


def addressed(command: OfYearCommand, policy: Policy) -> Iterable[str]:
    """The cohort that a command is about. If the pack no longer has it, that of the command's own division."""
    terms = _terms(command.kind, policy)
    id = cohort_of(terms, command.year, policy) if terms else ""
    return (id or f"{jurisdiction_of(command.place) or NATIONAL}/{command.kind}/{command.year}",)


def join(state: Cohort | None, event: Opened, policy: Policy, today: date) -> Change:
    """A subject joins the cohort, so that one more best grade may be allowed."""
    kind, subject = whose(event)
    terms = _terms(kind, policy)
    assert terms
    (id,) = joined(event, policy)
    one = state or Cohort(id=id, place=place_of(id.split("/")[0]), terms=terms)
    return _counted(one, {**one.members, subject: Member(event.place)})


def note(state: Cohort | None, event: Graded, policy: Policy, today: date) -> Change:
    """A member was graded, or a grade was taken back. One event tells when there are too many best grades."""
    _, subject = whose(event)
    if state is None or subject not in state.members:
        return Change(state)
    member = Member(state.members[subject].place)
    if isinstance(event, AppraisalGraded | AssessmentGraded):
        member = Member(member.place, event.score, event.grade)
    return _counted(state, {**state.members, subject: member})


def leave(state: Cohort | None, event: Left, policy: Policy, today: date) -> Change:
    """A member is no longer assessed and leaves the cohort."""
    if state is None:
        return Change(state)
    return _counted(state, {id: one for id, one in state.members.items() if id != whose(event)[1]})


def _counted(state: Cohort, members: dict[str, Member]) -> Change:
    """The cohort with these members, and an event if there are too many best grades now and were not before."""
    after = state.but(members=members)
    after = after.but(exceeded=after.best > after.at_most)
    if not after.exceeded or state.exceeded:
        return Change(after)
    told = BestExceeded(**after.about, grade=after.terms.names[0], number=after.best, at_most=after.at_most)
    return Change(after, (told,))


def rank(state: Cohort | None, command: MakeRanking, policy: Policy, today: date) -> Change:
    """Rank all who were graded: the worst are proposed for the pack's list. The body chooses among equals."""
    cohort = _of_year(state, command)
    terms = cohort.terms.rank
    if terms is None:
        raise Refused(RULE, "政策包没有规定对此排名", "the pack does not rank these", field="kind", status=422)
    require_body(command.body, terms.by, RULE)
    if not cohort.is_whole:
        waiting = sum(not one.grade for one in cohort.members.values())
        raise Refused(
            RULE,
            f"还有 {waiting} 个没有评定等次，全部评定后方可排名",
            f"{waiting} have no grade yet; all must have one before they are ranked",
            field="year",
        )
    members = cohort.members
    order = sorted(members, key=lambda id: (members[id].score, id))
    last = members[order[min(terms.worst, len(order)) - 1]].score
    sure = [id for id in order if (members[id].score or 0) < (last or 0)]
    equal = [id for id in order if members[id].score == last]
    room = min(terms.worst - len(sure), len(equal))
    tied = len(equal) if len(equal) > room else 0
    chosen = sorted(command.chosen)
    if (len(chosen) != room or not {*chosen} <= {*equal}) if tied else chosen:
        raise Refused(
            RULE,
            f"第 {terms.worst} 位同分（{last:g} 分）的有 {tied} 个，只能列 {room} 个，请从中选定并填写"
            f"（{'、'.join(equal[:_NAMED])}{'等' if tied > _NAMED else ''}）"
            if tied
            else "末位没有同分的，无须选定，请删去",
            f"{tied} have the same score {last:g} at place {terms.worst}, with room for {room}; choose {room} of "
            f"{', '.join(equal[:_NAMED])}"
            if tied
            else "none has the same score at the last place, so that nothing is to be chosen; leave it out",
            field="chosen",
            status=422,
        )
    worst = (*sure, *(chosen if tied else equal))
    if cohort.worst:
        if {*cohort.worst} == {*worst}:
            return Change(cohort)
        raise Refused(RULE, "已经排定；需要更改的，请先撤销", "it is ranked already; withdraw that first", field="year")
    told = RankingMade(
        **cohort.about,
        ranked=len(order),
        worst=tuple(
            Ranked(subject=id, place=one.place, score=one.score or 0) for id in worst for one in [cohort.members[id]]
        ),
        tied=tied,
        lists=terms.lists,
        decided_by=command.decided_by,
    )
    proposed = (EntryProposed(**cohort.entry(id), score=members[id].score or 0) for id in worst)
    return Change(cohort.but(worst=worst), (told, *proposed))


def withdraw(state: Cohort | None, command: WithdrawRanking, policy: Policy, today: date) -> Change:
    """Take back a ranking, so that grades can be corrected and another one made."""
    cohort = _of_year(state, command)
    if cohort.terms.rank:
        require_body(command.body, cohort.terms.rank.by, RULE)
    if not cohort.worst:
        raise Refused(RULE, "尚未排定，无可撤销", "there is no ranking to withdraw", field="year", status=404)
    told = RankingWithdrawn(**cohort.about, reason=command.reason, decided_by=command.decided_by)
    return Change(cohort.but(worst=()), (told, *(EntryDropped(**cohort.entry(id)) for id in cohort.worst)))


def _of_year(state: Cohort | None, command: OfYearCommand) -> Cohort:
    if state is None:
        raise Refused(
            RULE,
            f"区划 {command.place} 在 {command.year} 年度没有统一排名的这项考核评价，请核对考核评价、年度和区划",
            f"division {command.place} ranks nobody by {command.kind!r} of {command.year}; check kind, year and place",
            field="kind",
            status=404,
        )
    if state.place != command.place:
        raise Refused(
            "identity",
            f"该考核评价由区划 {state.place} 统一排名，不是 {command.place}，请改填",
            f"these are ranked in division {state.place}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    return state
