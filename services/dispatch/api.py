"""What people ask of the dispatch over HTTP."""

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, QueryParameter

from services.dispatch.model.assignment import Assignment
from services.dispatch.model.choice import Fault, asked_about, may_choose, weigh
from services.dispatch.model.commands import (
    AssignTeam,
    ChooseTeam,
    Reconcile,
    ReplaceMember,
    ReportDeparture,
    RetainMember,
    SetCommitment,
    Settle,
    SolveMatching,
    TakeOver,
    WithdrawAssignment,
    WithdrawCommitment,
    WithdrawMatch,
)
from services.dispatch.model.pool import Pool
from shared.contracts.dispatch import Member
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.rules import Refused, known
from shared.web.http import Route

COMMANDS: tuple[Route, ...] = (
    Route("matchings", SolveMatching, "生成选派建议方案", "Solve a matching"),
    Route("choices", ChooseTeam, "另行选定单位或队员", "Choose another unit or other cadres than proposed"),
    Route("match-withdrawals", WithdrawMatch, "撤销派出单位建议", "Withdraw a match"),
    Route("assignments", AssignTeam, "派驻工作队", "Assign a team"),
    Route("assignment-withdrawals", WithdrawAssignment, "撤销派驻", "Withdraw an assignment"),
    Route("takeovers", TakeOver, "接续登记已在村工作队", "Take over a team that is at work already"),
    Route("commitments", SetCommitment, "定账：签订责任书、制定计划和清单", "Set a commitment"),
    Route("reconciliations", Reconcile, "季度对账", "Reconcile a ledger"),
    Route("settlements", Settle, "次年销账", "Settle a ledger"),
    Route("commitment-withdrawals", WithdrawCommitment, "撤回误录的责任事项", "Withdraw a step of a commitment"),
    Route("departures", ReportDeparture, "队员离队", "Report that a member leaves"),
    Route("retentions", RetainMember, "决定队员留任", "Keep a member who no longer qualifies"),
    Route("replacements", ReplaceMember, "补派队员", "Replace a member who left"),
)


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What another choice than the proposed one would be worth; with faults it would be refused."""

    unit: str
    team: tuple[Member, ...]
    proposed: int
    """What the proposal of the matching scored."""
    score: int | None
    cost: int | None
    """By how many points it scores below that."""
    faults: tuple[Fault, ...]


@get("/v1/choices/{village:str}", tags=["queries"], summary="另行选定的代价 · What another choice would cost")
async def cost(
    village: FromPath[str],
    state: State,
    unit: Annotated[str, QueryParameter(max_length=40)],
    leader: Annotated[str, QueryParameter(max_length=40)] = "",
    member: FromQuery[list[str] | None] = None,
) -> Cost:
    """What `choices` would cost for a matched village, and which rules it would break. Nothing is changed.

    Without `leader` and `member` it is the team that the unit would send by the rules of the matching.
    """
    pipeline: Pipeline = state.pipeline
    team = (*([Member(leader, "leader")] if leader else []), *(Member(id, "member") for id in member or ()))
    async with pipeline.engine.connect() as conn:
        key = (Assignment, village)
        assignment = known((await store.load_states(conn, pipeline.tables, [key]))[key], "村", "village", village)
        policy = pipeline.book.at(assignment.place, pipeline.today) if pipeline.today else None
        if policy is None or pipeline.today is None:
            raise Refused("policy", "该区划没有生效的政策包", "no policy pack is in force in this division")
        asked = ChooseTeam(
            place=assignment.place,
            village=village,
            unit=unit,
            team=team,
            reason="--",
            decided_by="-",
            body="organisation",
        )
        others = await store.load_states(conn, pipeline.tables, {*asked_about(None, asked), (Pool, policy.pool)})
    pool = others[Pool, policy.pool]
    pool, proposal = may_choose(pool if isinstance(pool, Pool) else None, asked, policy, others)
    choice = weigh(pool, village, unit, team, policy, pipeline.today, others)
    return Cost(
        unit=unit,
        team=choice.match.team if choice.match else team,
        proposed=proposal.score,
        score=choice.match.score if choice.match else None,
        cost=choice.cost if choice.match else None,
        faults=tuple(choice.faults),
    )


QUERIES: tuple[Any, ...] = (cost,)
"""Besides, the queries that every service has: `pools` shows what is on offer, `assignments` what is owed."""
