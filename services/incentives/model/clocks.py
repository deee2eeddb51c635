"""A case as it is shown to those who deal with it and to its subject: every time limit ("clock") of its due process,
with the law that sets it, how many days are left, and what each side may do next. The subject sees the case in full."""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

import msgspec

from services.incentives.model.record import Case, Record
from shared.contracts.incentives import Subject
from shared.contracts.values import ROLES
from shared.labels import Both, basis, heading, in_words
from shared.laws import as_of
from shared.pack_sentences import span_in_words
from shared.policy import Policy
from shared.policy.outcomes import TRIGGERS

SUBJECT: Final[Both] = ("当事人", "whom it concerns")
_APPEALS: Final[dict[str, Both]] = {
    "": ("", ""),
    "lodged": ("已提出，尚未作出决定", "asked for, not answered yet"),
    "upheld": ("维持原决定", "the decision stands"),
    "overturned": ("改变原决定", "the decision was changed"),
}


class Clock(msgspec.Struct, frozen=True):
    """One time of a case, from its first day to its last."""

    name: Both
    law: Both
    whose: Both
    """Who has to, or may, act within this time."""
    since: date
    until: date
    left: int | None
    """How many days are left; negative if the time is over and the act is still owed; None if it runs no more."""


class Step(msgspec.Struct, frozen=True):
    """What somebody may do next."""

    action: str
    """The path of the command."""
    by: Both
    is_subjects: bool
    """Whether it is a right of the subject, and nobody's task."""
    until: date | None


class CaseTold(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its clocks."""

    record: str
    place: str
    """The division in which the bodies deal with it."""
    subject_kind: Subject
    subject: str
    village: str
    village_place: str
    """The division of the village, in which the subject may ask for a review as well."""
    outcome: str
    title: Both
    clause: Both
    status: Both
    proposed_on: date
    decided_on: date | None
    decided_by: str
    is_open: bool
    """Whether anybody owes or may do something, or an impact period runs."""
    clocks: tuple[Clock, ...]
    steps: tuple[Step, ...]


class Remedy(msgspec.Struct, frozen=True):
    """A level of remedy that is open to the subject of a case."""

    name: str
    law: Both
    by: Both
    """Who receives and answers it."""
    within: Both
    """The time for asking for it, from the service of what it is against."""


class OwnCase(CaseTold, frozen=True, kw_only=True):
    """A case as its subject sees it: also what it rests on, what the subject said, and how it can be contested."""

    grounds: tuple[Both, ...]
    statement: str
    finding: str
    """What the verification of the statement found."""
    distinctions: tuple[Both, ...]
    """Which of the three distinctions spoke for the subject."""
    effect: Both
    """What the decision brings beside its entry on record; empty for nothing."""
    served_on: date | None
    expires: date | None
    """The last day on which it counts."""
    remedies: tuple[Remedy, ...]
    appeal: Both
    """What came of the latest remedy; empty if none was asked for."""


class _Time(NamedTuple):
    name: Both
    rule: str
    whose: Both
    since: date | None
    until: date | None
    runs: bool
    is_right: bool = False
    """Whether it is a right, which ends with its last day. What is owed stays owed after it."""


def told(record: Record, outcome: str, policy: Policy | None, today: date) -> CaseTold:
    """A case of a record in words."""
    case = record.cases[outcome]
    clocks, steps = tuple(_clocks(case, policy, today)), tuple(_steps(case, today))
    return CaseTold(
        record=record.id, place=record.place, subject_kind=record.subject_kind, subject=record.subject,
        village=case.village, village_place=case.place, outcome=outcome, title=in_words("outcome", outcome, policy),
        clause=basis(case.terms.clause, policy), status=in_words("status", case.status, policy),
        proposed_on=case.proposed_on, decided_on=case.decided_on, decided_by=case.decided_by,
        is_open=bool(steps) or any(one.left is not None for one in clocks), clocks=clocks, steps=steps,
    )  # fmt: skip


def told_in_full(record: Record, outcome: str, policy: Policy | None, today: date) -> OwnCase:
    """A case of a record in words, in full, for its subject."""
    case = record.cases[outcome]
    is_decided = case.status == "imposed"
    effects = [in_words("effect", case.terms.effect, policy)] if case.terms.effect != "record" else []
    return OwnCase(
        **msgspec.structs.asdict(told(record, outcome, policy, today)),
        grounds=tuple(ground(one, policy) for one in case.evidence),
        statement=case.statement,
        finding=case.finding,
        distinctions=tuple(in_words("distinctions", one, policy) for one in case.distinctions),
        effect=effects[0] if is_decided and effects else ("", ""),
        served_on=case.served_on,
        expires=case.expires if is_decided else None,
        remedies=tuple(
            Remedy(one.label, basis(one.rule, policy), ROLES[one.by(case.terms.decides)], span_in_words(one.within))
            for one in (case.levels if is_decided else ())
        ),
        appeal=_APPEALS[case.appeal],
    )


def ground(said: str, policy: Policy | None) -> Both:
    """A fact of a case in words: an event by its label, or the value of a field. `proposal.py` writes both."""
    name, _, value = said.partition(" ")
    if name in TRIGGERS:
        return TRIGGERS[name].label
    zh, en = in_words(name, value, policy)
    if name == "triggers":  # The field's usual name says what a grade leads to; here it is the cause of the case.
        return f"事由：{zh}", f"cause: {en}"
    return f"{heading('', name)}：{zh}", f"{name.replace('_', ' ')}: {en}"


def concerns(case: Case, roles: set[str]) -> bool:
    """Whether one of the roles proposes, decides or answers in a case."""
    return not roles.isdisjoint({case.terms.proposes, case.terms.decides, case.answers})


def _clocks(case: Case, policy: Policy | None, today: date) -> Iterator[Clock]:
    for time in _times(case):
        runs = time.runs and not (time.is_right and time.until and time.until < today)
        if time.since and time.until:
            left = (time.until - today).days if runs else None
            yield Clock(time.name, basis(time.rule, policy), time.whose, time.since, time.until, left)


def _times(case: Case) -> Iterator[_Time]:
    yield from _to_the_decision(case)
    yield from _of_remedies(case)
    yield _Time(
        ("影响期", "the impact period"),
        case.terms.clause,
        SUBJECT,
        case.decided_on,
        case.expires,
        case.status == "imposed",
    )


def _to_the_decision(case: Case) -> Iterator[_Time]:
    terms = case.terms
    decides, proposes = ROLES[terms.decides], ROLES[terms.proposes] if terms.proposes else SUBJECT
    heard_from = case.moved_on or case.proposed_on
    yield _Time(
        ("提请决定", "the proposal to the deciding body"),
        terms.clause,
        proposes,
        case.proposed_on,
        case.move_by,
        case.status == "found",
    )
    yield _Time(
        ("陈述申辩", "statement and defence"),
        as_of("Sanctions Law 43", heard_from),
        SUBJECT,
        heard_from,
        case.defence_until,
        case.status == "proposed",
        is_right=True,
    )
    yield _Time(
        ("作出决定", "the decision"),
        terms.clause,
        decides,
        case.decidable_on,
        case.decide_by,
        case.status == "decidable",
    )
    served_by = ROLES[case.levels[case.level - 1].by(terms.decides)] if case.level else decides
    yield _Time(
        ("送达", "the service"),
        as_of("Civil Servant Law 95", case.serve_by or heard_from),
        served_by,
        case.answered_on or case.decided_on,
        case.serve_by,
        runs=True,
    )


def _of_remedies(case: Case) -> Iterator[_Time]:
    level, is_lodged = case.remedy, case.appeal == "lodged"
    if level and not is_lodged:
        yield _Time(
            (f"申请{level.label}", f"asking for a remedy (“{level.label}”)"),
            level.rule,
            SUBJECT,
            case.served_on,
            case.appeal_until,
            runs=True,
            is_right=True,
        )
    if level and is_lodged:
        yield _Time(
            (f"对{level.label}作出决定", f"the answer to the remedy (“{level.label}”)"),
            level.rule,
            ROLES[case.answers],
            case.appealed_on,
            case.answer_until,
            runs=True,
        )
    if len(case.levels) > 1:
        above = case.levels[1]
        yield _Time(
            (f"直接提出{above.label}", f"going on to the next remedy at once (“{above.label}”)"),
            above.rule,
            SUBJECT,
            case.served_on,
            case.direct_until,
            not case.appeal,
            is_right=True,
        )


def _steps(case: Case, today: date) -> Iterator[Step]:
    for action, role, due in case.awaited:
        yield Step(action, ROLES[role], is_subjects=False, until=due)
    for action, until in remedies(case, today):
        yield Step(action, SUBJECT, is_subjects=True, until=until)


def remedies(case: Case, today: date) -> Iterator[tuple[str, date | None]]:
    """The commands by which the subject can ask for a remedy today, each with its last day, as `appeal.py` takes them.

    If no answer came in time, the subject may go on to the next level, without a last day.
    """
    if not case.served_on or not case.remedy:
        return
    is_in_time = bool(case.appeal_until and today <= case.appeal_until)
    if not case.appeal and is_in_time:
        yield "appeals", case.appeal_until
    if not case.appeal and case.direct_until and today <= case.direct_until:
        yield "appeal-escalations", case.direct_until
    if case.appeal == "upheld" and is_in_time:
        yield "appeal-escalations", case.appeal_until
    if case.appeal == "lodged" and case.is_unanswered and case.level + 1 < len(case.levels):
        yield "appeal-escalations", None
