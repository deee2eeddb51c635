"""The incentives' part of the journey: facts make proposals, people decide them, days end them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, get_args

from services.incentives.model import confirmation, statement, units
from services.incentives.model.appeal import appeal, decide_appeal, escalate
from services.incentives.model.commands import (
    ConfirmStatements,
    CorrectStatement,
    Decide,
    DecideAppeal,
    EscalateAppeal,
    ExplainPay,
    HearDefence,
    LodgeAppeal,
    MoveOutcome,
    ServeDecision,
    SubjectCommand,
    TellStory,
    WithdrawDecision,
)
from services.incentives.model.decision import decide, hear, serve, withdraw_decision
from services.incentives.model.keeping import look
from services.incentives.model.motion import move
from services.incentives.model.payroll import Payroll
from services.incentives.model.proposal import (
    inherit,
    leave,
    proposals,
    propose,
    reappraise,
    regrade,
    sending,
    subjects,
    ungrade,
    unlist,
    who_ended,
)
from services.incentives.model.quota import Quota, count, discount, give_back, of_decision, of_grade, use
from services.incentives.model.record import Record, forget, record_id, run_clock
from services.incentives.model.statement import village_of
from services.incentives.model.story import tell_story
from services.incentives.model.units import Unit
from shared.codes import Code, aliased, called, moved
from shared.contracts.dispatch import PresenceCounted
from shared.contracts.incentives import DecisionWithdrawn, OutcomeDecided, Subject
from shared.contracts.inspection import (
    AppraisalGraded,
    AppraisalReviewed,
    AppraisalWithdrawn,
    AssessmentGraded,
    GradeReviewed,
    GradeWithdrawn,
)
from shared.contracts.registry import (
    PartyMerged,
    PartyRegistered,
    PartyWithdrawn,
    PersonForgotten,
    UnitRegistered,
    VillageMerged,
    VillageRecoded,
    VillageRegistered,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.policy import TRIGGERS, Policy
from shared.policy.statements import TEAM
from shared.rules import Reaction, Rule, State, by

SUBJECT_KINDS: tuple[Subject, ...] = get_args(Subject)


def _concerned(subject_kind: Subject) -> Callable[[Any, Policy], Iterable[str]]:
    return lambda event, policy: {
        record_id(subject_kind, getattr(event, terms.subject_field)) for terms in proposals(subject_kind, event, policy)
    }


def _of_subject(command: SubjectCommand, _policy: Policy) -> Iterable[str]:
    return (record_id(command.subject_kind, command.subject),)


def _of_graded(event: GradeWithdrawn | GradeReviewed, _policy: Policy) -> Iterable[str]:
    """The records of all whom a grade concerned: the unit, the team and its leader."""
    subjects = {"unit": event.unit, "team": event.village, "cadre": event.leader}
    return (record_id(kind, subject) for kind, subject in subjects.items() if subject)


def _of_person(event: PersonForgotten, _policy: Policy) -> Iterable[str]:
    """The record of a cadre, if the event names a unit, or else that of a village cadre."""
    return (record_id("cadre" if event.unit else "village_cadre", event.person),)


def _of_team(event: VillageUnlisted | VillageWithdrawn, _policy: Policy) -> Iterable[str]:
    return (record_id("team", event.village),)


def _paid(event: PartyRegistered | PartyWithdrawn | PartyMerged, policy: Policy, parent: str | None) -> Iterable[str]:
    """The payroll of the village that a person belongs to, if the pack pays persons of that kind."""
    village = village_of(parent)
    return (village,) if village and any(one.of == event.kind for one in policy.statements) else ()


def _of_graded_person(event: AppraisalGraded | AppraisalWithdrawn, policy: Policy) -> Iterable[str]:
    return (event.village,) if event.village and any(one.rests_on(event.kind) for one in policy.statements) else ()


def _of_counted(event: PresenceCounted, policy: Policy) -> Iterable[str]:
    return (event.village,) if any(one.of == TEAM for one in policy.statements) else ()


KINDS: tuple[type[State], ...] = (Record, Payroll, Code, Unit, Quota)

REACTIONS: tuple[Reaction, ...] = (
    # By the pack, an event in a village may be an occasion for an outcome: a grade, something overdue, a term extended.
    *(
        Reaction(trigger, Record, _concerned(subject_kind), partial(propose, subject_kind), reads=sending)
        for trigger in TRIGGERS.values()
        for subject_kind in SUBJECT_KINDS
    ),
    # Then people act. A body may have to put it before another one. The subject is heard, a body decides and serves its
    # decision. The subject may appeal, also to a higher organ, and each organ answers.
    Reaction(MoveOutcome, Record, _of_subject, move),
    Reaction(HearDefence, Record, _of_subject, hear),
    Reaction(Decide, Record, _of_subject, decide),
    Reaction(WithdrawDecision, Record, _of_subject, withdraw_decision),
    # Some rewards are limited: to a number a year, or to a share of all who are graded.
    Reaction(OutcomeDecided, Quota, of_decision, use),
    Reaction(DecisionWithdrawn, Quota, of_decision, give_back),
    *(Reaction(graded, Quota, of_grade, count) for graded in (AssessmentGraded, AppraisalGraded)),
    *(Reaction(taken_back, Quota, of_grade, discount) for taken_back in (GradeWithdrawn, AppraisalWithdrawn)),
    Reaction(ServeDecision, Record, _of_subject, serve),
    Reaction(LodgeAppeal, Record, _of_subject, appeal),
    Reaction(EscalateAppeal, Record, _of_subject, escalate),
    Reaction(DecideAppeal, Record, _of_subject, decide_appeal),
    # A body may let the story behind an award be told in public.
    Reaction(TellStory, Record, _of_subject, tell_story),
    # A team is named by its village. After a merger of villages its cases go over to the other team, as do those of a
    # village cadre who was registered twice. After a mistaken listing or registration the team's proposals end.
    *(
        reaction
        for merged in (VillageMerged, PartyMerged)
        for reaction in (
            Reaction(merged, Record, lambda e, _policy: subjects(e)[1:], inherit, reads=who_ended),
            Reaction(merged, Record, lambda e, _policy: subjects(e)[:1], leave),
        )
    ),
    Reaction(GradeWithdrawn, Record, _of_graded, ungrade),
    Reaction(GradeReviewed, Record, _of_graded, regrade),
    *(
        Reaction(changed, Record, lambda e, _policy: (record_id("village_cadre", e.subject),), reappraise)
        for changed in (AppraisalReviewed, AppraisalWithdrawn)
    ),
    *(Reaction(ended, Record, _of_team, unlist) for ended in (VillageUnlisted, VillageWithdrawn)),
    # What is paid follows from posts, grades and days; a body confirms it. A merged village's payees go over.
    Reaction(
        PartyRegistered,
        Payroll,
        lambda e, policy: _paid(e, policy, e.parent),
        statement.enter,
        reads=statement.former_village,
    ),
    Reaction(PartyRegistered, Payroll, lambda e, policy: _paid(e, policy, e.former), statement.leave_post),
    *(
        Reaction(ended, Payroll, lambda e, policy: _paid(e, policy, e.parent), statement.leave_post)
        for ended in (PartyWithdrawn, PartyMerged)
    ),
    *(
        Reaction(graded, Payroll, _of_graded_person, statement.grade)
        for graded in (AppraisalGraded, AppraisalWithdrawn)
    ),
    Reaction(PresenceCounted, Payroll, _of_counted, statement.count),
    Reaction(ConfirmStatements, Payroll, by("village"), confirmation.confirm),
    Reaction(ExplainPay, Payroll, by("village"), confirmation.explain),
    Reaction(CorrectStatement, Payroll, by("village"), confirmation.correct),
    Reaction(VillageRecoded, Payroll, by("village"), statement.recode),
    Reaction(VillageMerged, Payroll, by("into"), statement.inherit, reads=statement.merged_payroll),
    Reaction(VillageMerged, Payroll, by("village"), statement.empty),
    # When a person becomes anonymous, the words of defences and the reasons for low pay are removed.
    Reaction(PersonForgotten, Record, _of_person, forget),
    Reaction(PersonForgotten, Payroll, lambda e, _policy: (e.village,) if e.village else (), statement.forget),
    # The names of units and villages are kept for whoever decides.
    Reaction(UnitRegistered, Unit, by("unit"), units.called, unhurried=True, names=True),
    Reaction(VillageRegistered, Code, by("village"), called, unhurried=True, names=True),
    Reaction(VillageRecoded, Code, by("code"), aliased, unhurried=True, names=True),
    Reaction(VillageRecoded, Code, by("village"), moved, unhurried=True, names=True),
)

# What a day can do: end the time for a motion, a defence, a decision or the answer to an appeal; end an impact period;
# end the time for which statements of pay are kept.
DUE: Mapping[type[State], Mapping[str, Rule]] = {Record: {"clock": run_clock}, Payroll: {"keep": look}}
