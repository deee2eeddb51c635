"""The dispatch's part of the journey: from the diagnosis to the team's way home, and round again after a relapse."""

from collections.abc import Iterable, Mapping

from services.dispatch.model import commitments, pool, team
from services.dispatch.model.assignment import Assignment
from services.dispatch.model.commands import (
    AssignTeam,
    Reconcile,
    ReplaceMember,
    SetCommitment,
    Settle,
    SolveMatching,
)
from services.dispatch.model.pool import Pool, Squad
from shared.contracts import Payload
from shared.contracts.dispatch import (
    CommitmentSettled,
    MemberRecalled,
    MemberReplaced,
    TeamAssigned,
    TeamReleased,
    VillageMatched,
)
from shared.contracts.incentives import AppealDecided, OutcomeDecided, OutcomeEvent, OutcomeExpired
from shared.contracts.registry import (
    CadreRegistered,
    UnitRegistered,
    VillageDelisted,
    VillageDiagnosed,
    VillageRecoded,
    VillageRelapsed,
)
from shared.policy import Policy
from shared.rules import Key, Reaction, Rule, State, by, recoded


def _pool(_message: Payload, policy: Policy) -> Iterable[str]:
    return (policy.jurisdiction,)


def _pool_if_recall(event: OutcomeEvent, policy: Policy) -> Iterable[str]:
    """The pool, where a cadre's outcome is one that recalls by the terms of its proposal."""
    return (policy.jurisdiction,) if event.effect == "recall" and event.subject_kind == "cadre" else ()


def _offers(asked: Pool | None, _command: SolveMatching) -> Iterable[Key]:
    """All who can be sent, and the villages that a matching may concern."""
    if asked is not None:
        yield from ((Squad, unit) for unit in asked.units)
        yield from ((Assignment, village) for village in asked.needs)


def _colleagues(asked: Pool | None, command: ReplaceMember) -> Iterable[Key]:
    """Those of whom one can replace a member of a village's team."""
    if asked is not None and command.village in asked.teams:
        yield Squad, asked.teams[command.village].unit


KINDS: tuple[type[State], ...] = (Pool, Squad, Assignment)

_village = by("village")

REACTIONS: tuple[Reaction, ...] = (
    # What is on offer, and what is needed.
    Reaction(UnitRegistered, Pool, _pool, pool.offer_unit),
    Reaction(CadreRegistered, Squad, lambda e, p: (e.left,) if e.left else (), pool.lose_cadre),
    Reaction(CadreRegistered, Squad, by("unit"), pool.offer_cadre),
    Reaction(CadreRegistered, Pool, _pool, pool.reopen),
    Reaction(VillageDiagnosed, Pool, _pool, pool.need_unit),
    Reaction(VillageDiagnosed, Assignment, _village, team.diagnose),
    Reaction(VillageRecoded, Pool, _pool, pool.recode),
    Reaction(VillageRecoded, Assignment, _village, recoded),
    # A matching is proposed, and the organisation department assigns.
    Reaction(SolveMatching, Pool, _pool, pool.solve, reads=_offers),
    Reaction(VillageMatched, Assignment, _village, team.match),
    Reaction(AssignTeam, Assignment, _village, team.assign),
    # From the assignment on, commitments are owed, each period set, reconciled and settled.
    Reaction(TeamAssigned, Assignment, _village, commitments.begin),
    Reaction(SetCommitment, Assignment, _village, commitments.set_commitment),
    Reaction(Reconcile, Assignment, _village, commitments.reconcile),
    Reaction(Settle, Assignment, _village, commitments.settle),
    # A decided recall takes a cadre off the team, and the unit sends another.
    Reaction(OutcomeDecided, Pool, lambda e, p: _pool_if_recall(e, p) if e.imposed else (), pool.recall),
    Reaction(MemberRecalled, Assignment, _village, team.lose_member),
    Reaction(ReplaceMember, Pool, _pool, pool.replace_member, reads=_colleagues),
    Reaction(MemberReplaced, Assignment, _village, team.gain_member),
    Reaction(AppealDecided, Pool, lambda e, p: _pool_if_recall(e, p) if e.overturned else (), pool.end_recall),
    Reaction(OutcomeExpired, Pool, _pool_if_recall, pool.end_recall),
    # After the exit the team is kept, settles, and goes home; unless the village falls back before.
    Reaction(VillageDelisted, Assignment, _village, team.keep),
    Reaction(VillageDelisted, Assignment, _village, commitments.close_out),
    Reaction(VillageRelapsed, Assignment, _village, team.stay),
    Reaction(CommitmentSettled, Assignment, _village, team.go_home_when_settled),
    Reaction(TeamReleased, Pool, _pool, pool.take_back),
)

# Days end a term, make a commitment overdue or owed, and end the transition.
DUE: Mapping[type[State], Mapping[str, Rule]] = {
    Assignment: {"term": team.extend, "commitments": commitments.fall_due, "kept": team.go_home}
}
