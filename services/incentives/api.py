"""What people ask of the incentives over HTTP."""

from typing import Any

from services.incentives.forms import FORMS
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
    TellStory,
    WithdrawDecision,
)
from shared.contracts.values import Role
from shared.web.forms import handlers
from shared.web.http import Route

DECIDERS: tuple[Role, ...] = (
    "organisation", "discipline", "finance", "leader_group", "poverty_office", "township", "county", "city", "province",
)  # fmt: skip
"""The bodies that a pack may let decide outcomes. A hearing names none, since it is only written down."""
SUBJECTS: tuple[Role, ...] = ("unit", "team", "village", *DECIDERS)
"""Who asks for a review: it is the subject's right, and whoever receives it on paper writes it down."""

COMMANDS: tuple[Route, ...] = (
    Route(
        "outcome-motions",
        MoveOutcome,
        "提请处理（奖励）决定",
        "Propose an outcome to the deciding body",
        concerns=("subject",),
    ),
    Route("defences", HearDefence, "听取陈述申辩", "Hear a defence", by=DECIDERS, concerns=("subject",)),
    Route("decisions", Decide, "作出奖惩决定", "Decide an outcome", concerns=("subject",)),
    Route(
        "decision-withdrawals",
        WithdrawDecision,
        "撤回误录的决定",
        "Withdraw a decision entered by mistake",
        concerns=("subject",),
    ),
    Route("decision-services", ServeDecision, "登记决定的送达", "Serve a decision"),
    Route("appeals", LodgeAppeal, "申请复核", "Ask for a review", by=SUBJECTS),
    Route("appeal-escalations", EscalateAppeal, "向上一级提出申诉", "Appeal to the next level", by=SUBJECTS),
    Route("appeal-decisions", DecideAppeal, "作出复核、申诉决定", "Decide a review or appeal", concerns=("subject",)),
    Route(
        "stories", TellStory, "决定是否公开宣传事迹", "Decide whether a story is told in public", concerns=("subject",)
    ),
    Route("statements", ConfirmStatements, "核定报酬补贴", "Confirm statements of pay"),
    Route("pay-explanations", ExplainPay, "说明报酬低于最低数额的原因", "Say why pay is below the floor"),
    Route(
        "statement-corrections",
        CorrectStatement,
        "更正报酬补贴",
        "Correct a statement of pay",
        concerns=("village", "person"),
    ),
)

QUERIES: tuple[Any, ...] = handlers(FORMS)
"""Its forms. Else the queries that every service has are enough here."""
