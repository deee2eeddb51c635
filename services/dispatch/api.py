"""What people ask of the dispatch over HTTP."""

from typing import Any

from services.dispatch.model.commands import (
    AssignTeam,
    Reconcile,
    ReplaceMember,
    SetCommitment,
    Settle,
    SolveMatching,
)
from shared.http import Route

COMMANDS: tuple[Route, ...] = (
    Route("matchings", SolveMatching, "求解分类选派匹配", "Solve a matching"),
    Route("assignments", AssignTeam, "派驻工作队", "Assign a team"),
    Route("commitments", SetCommitment, "承诺立账", "Set a commitment"),
    Route("reconciliations", Reconcile, "季度对账", "Reconcile a ledger"),
    Route("settlements", Settle, "次年销账", "Settle a ledger"),
    Route("replacements", ReplaceMember, "补派队员", "Replace a recalled member"),
)

QUERIES: tuple[Any, ...] = ()
"""The queries that every service has are enough: `pools` shows what is on offer, `assignments` what is owed."""
