"""What people ask of the dispatch over HTTP."""

from typing import Any

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
from shared.http import Route

COMMANDS: tuple[Route, ...] = (
    Route("matchings", SolveMatching, "求解分类选派匹配", "Solve a matching"),
    Route("choices", ChooseTeam, "另行选定单位或队员", "Choose another unit or other cadres than proposed"),
    Route("match-withdrawals", WithdrawMatch, "撤销匹配", "Withdraw a match"),
    Route("assignments", AssignTeam, "派驻工作队", "Assign a team"),
    Route("assignment-withdrawals", WithdrawAssignment, "撤销派驻", "Withdraw an assignment"),
    Route("takeovers", TakeOver, "接续登记已在村工作队", "Take over a team that is at work already"),
    Route("commitments", SetCommitment, "承诺立账", "Set a commitment"),
    Route("reconciliations", Reconcile, "季度对账", "Reconcile a ledger"),
    Route("settlements", Settle, "次年销账", "Settle a ledger"),
    Route("commitment-withdrawals", WithdrawCommitment, "撤回误录的责任事项", "Withdraw a step of a commitment"),
    Route("departures", ReportDeparture, "队员离队", "Report that a member leaves"),
    Route("retentions", RetainMember, "决定队员留任", "Keep a member who no longer qualifies"),
    Route("replacements", ReplaceMember, "补派队员", "Replace a member who left"),
)

QUERIES: tuple[Any, ...] = ()
"""The queries that every service has are enough: `pools` shows what is on offer, `assignments` what is owed."""
