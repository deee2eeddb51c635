"""Motions. Where one body proposes and another decides, a case waits until the first puts it before the second."""

from datetime import date

from services.incentives.model.commands import MoveOutcome
from services.incentives.model.record import Record, but, case_of, put
from shared.contracts.incentives import OutcomeMoved
from shared.contracts.values import ROLES
from shared.policy import Policy
from shared.rules import Change, Refused, require_body


def move(record: Record | None, command: MoveOutcome, policy: Policy, today: date) -> Change:
    """The body that the pack names proposes the outcome to the one that decides, or declines to (2.20)."""
    record, case = case_of(record, command)
    terms = case.terms
    if not terms.proposes:
        raise Refused(
            "2.20",
            "该事项不须提请，由决定机关直接办理",
            "nobody has to propose this outcome; the deciding body deals with it at once",
        )
    require_body(command.body, terms.proposes, terms.clause)
    if case.status not in ("found", "unmoved", "proposed", "decidable"):
        raise Refused(
            "2.20",
            "该事项已经作出决定或者已经撤销，不能再提请或者撤回提请",
            "this was decided or withdrawn already, so it is neither proposed nor taken back any more",
        )
    if command.moved == (case.status in ("proposed", "decidable")) and case.moved_on:
        return Change(record)
    if command.moved:
        case = put(but(case, moved_on=today, is_unmoved=False), today, policy)
    else:
        # What was heard stays on record. Another motion starts the times for the hearing and for the decision anew.
        case = but(case, status="unmoved", moved_on=today, defence_until=None, decidable_on=None, decide_by=None,
                   is_overdue=False)  # fmt: skip
    record = record.keep(command.outcome, case)
    moved = record.tell(
        OutcomeMoved,
        command.outcome,
        moved=command.moved,
        moved_by=f"{ROLES[command.body][0]} {command.moved_by}",
        defence_until=case.defence_until,
    )
    return Change(record, (moved,))
