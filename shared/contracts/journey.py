"""The journey of a village: every stage, and the events that lead from one to the next.

This table is the state machine: the registry moves villages by it, and the diagram in ARCHITECTURE.md is drawn from it.
What happens within a stage (ledgers, visits, grades, outcomes) is in the services' tables of reactions.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.contracts import Event
from shared.contracts import dispatch as d
from shared.contracts import inspection as i
from shared.contracts import registry as r

STAGES = {
    "registered": ("已登记", "registered"),
    "listed": ("已列入贫困村", "on the list"),
    "diagnosed": ("已会诊", "diagnosed"),
    "matched": ("已确定帮扶单位", "matched"),
    "assigned": ("已派驻", "team assigned"),
    "pledged": ("已签责任书", "letter signed"),
    "helped": ("帮扶中", "being helped"),
    "requested": ("已申请出列", "exit requested"),
    "verified": ("核查已通过", "exit verified"),
    "noticed": ("公示中", "on public notice"),
    "delisted": ("已出列", "removed from the list"),
    "released": ("出列后监测（工作队已撤离）", "team released, monitored"),
    "relapsed": ("出列指标回落", "criteria missed after the exit"),
    "merged": ("已并入他村", "merged into another"),
    "withdrawn": ("已撤销登记", "registration withdrawn"),
}
"""Every stage with its name for people, in the order of the journey."""


class Move(NamedTuple):
    """In stage `source`, an event of this type whose fields equal `where` leads to stage `target`."""

    source: str
    event: type[Event]
    target: str
    where: Mapping[str, Any] = MappingProxyType({})


JOURNEY = (
    Move("", r.VillageRegistered, "registered"),
    Move("registered", r.VillageListed, "listed"),
    Move("listed", r.VillageDiagnosed, "diagnosed"),
    Move("diagnosed", d.VillageMatched, "matched"),
    Move("matched", d.MatchWithdrawn, "diagnosed"),
    Move("matched", d.TeamAssigned, "assigned"),
    Move("assigned", d.AssignmentWithdrawn, "matched"),
    Move("assigned", d.CommitmentSet, "pledged", {"kind": "letter"}),
    Move("assigned", d.HelpBegun, "helped"),
    Move("pledged", d.CommitmentWithdrawn, "assigned", {"kind": "letter", "step": "set", "items": ()}),
    Move("pledged", d.HelpBegun, "helped"),
    Move("helped", r.ExitRequested, "requested"),
    Move("requested", i.ExitVerified, "verified", {"passed": True}),
    Move("requested", i.ExitVerified, "helped", {"passed": False}),
    Move("verified", r.NoticePosted, "noticed"),
    Move("noticed", r.ExitRequested, "requested"),  # An objection was upheld, so the exit is verified again.
    Move("verified", r.ExitRequested, "requested"),  # The notice was late, and then the pack leads back.
    Move("noticed", r.VillageDelisted, "delisted"),
    Move("delisted", d.TeamReleased, "released"),
    Move("delisted", r.VillageRelapsed, "relapsed"),
    Move("released", r.VillageRelapsed, "relapsed"),
    Move("relapsed", r.VillageListed, "listed"),
    Move("diagnosed", r.VillageDelisted, "delisted"),
    Move("listed", r.VillageDelisted, "delisted"),  # It left the list earlier, or as part of another village.
    # Withdrawals of what was done by mistake or on wrong figures.
    Move("registered", r.VillageWithdrawn, "withdrawn"),
    Move("withdrawn", r.VillageRegistered, "registered"),
    Move("listed", r.VillageUnlisted, "registered"),
    Move("diagnosed", r.DiagnosisWithdrawn, "listed"),
    Move("noticed", r.NoticeWithdrawn, "verified"),
    Move("requested", r.ExitWithdrawn, "helped"),
    Move("verified", r.ExitWithdrawn, "helped"),
    Move("noticed", r.ExitWithdrawn, "helped"),
    # A village may be merged into another in any of these stages. An exit in progress has been withdrawn before.
    Move("registered", r.VillageMerged, "merged"),
    Move("listed", r.VillageMerged, "merged"),
    Move("diagnosed", r.VillageMerged, "merged"),
    Move("matched", r.VillageMerged, "merged"),
    Move("assigned", r.VillageMerged, "merged"),
    Move("pledged", r.VillageMerged, "merged"),
    Move("helped", r.VillageMerged, "merged"),
    Move("delisted", r.VillageMerged, "merged"),
    Move("released", r.VillageMerged, "merged"),
)

_MOVES = {(move.source, move.event): [m for m in JOURNEY if m[:2] == move[:2]] for move in JOURNEY}


def next_stage(stage: str, event: Event) -> str:
    """The stage of a village after an event. Most events leave it in the same stage."""
    for move in _MOVES.get((stage, type(event)), ()):
        if all(getattr(event, field) == value for field, value in move.where.items()):
            return move.target
    return stage


def diagram() -> str:
    """The journey as a Mermaid state diagram, with English event types and bilingual stages."""
    names = [f"    {stage}: {zh} {en}" for stage, (zh, en) in STAGES.items()]
    arrows = [
        f"    {move.source or '[*]'} --> {move.target}: {move.event.type.rsplit('.', 1)[0]}"
        + "".join(f" [{field} = {value}]" for field, value in move.where.items())
        for move in JOURNEY
    ]
    return "\n".join(["stateDiagram-v2", *names, *arrows])
