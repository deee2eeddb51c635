"""What people ask of the incentives over HTTP."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import select

from services.incentives.forms import FORMS
from services.incentives.model.clocks import CaseTold, OwnCase, concerns, told, told_in_full
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
from services.incentives.model.record import Record, record_id
from shared.contracts.values import Role
from shared.engine.pipeline import Pipeline
from shared.engine.store import within
from shared.policy import Policy
from shared.web.forms import handlers
from shared.web.http import Route
from shared.web.identity import KNOWN, PERSONAL, Asks, Caller, caller, in_all, in_which, tells_of
from shared.web.lists import SMOOTH
from shared.web.places import PlaceQuery, codes_now

DECIDERS: tuple[Role, ...] = (
    "organisation", "discipline", "finance", "leader_group", "poverty_office", "township", "county", "city", "province",
)  # fmt: skip
"""The bodies that a pack may let decide outcomes. Each may enter a hearing, which names no deciding body."""
SUBJECTS: tuple[Role, ...] = ("unit", "team", "village", *DECIDERS)
"""Who may enter an appeal: the subject, whose right it is, and the bodies that may receive it on paper."""

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

DEALERS = Asks("place", Record.readers | {*DECIDERS})
"""Who deals with cases, or answers for how they are dealt with."""


@get(
    "/v1/cases",
    tags=["queries"],
    summary="奖惩事项及其期限 · Cases with their clocks",
    opt={"asks": DEALERS, PERSONAL: True},
)
async def cases(
    request: Request[Any, Any, Any],
    state: State,
    place: PlaceQuery = "",
    open_only: FromQuery[bool] = True,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> list[CaseTold]:
    """The cases of a division with every clock of their due process, and what each side may do next.

    A body sees the cases in which it proposes, decides or answers. Discipline and the organisation department see all.
    Nobody sees cases about himself here; `own-cases` has them. Cases come in the order of their records, beginning
    behind the record `after`. Cases of one record stay together, so there may be more than `limit`. Fewer mean the end.
    """
    pipeline: Pipeline = state.pipeline
    who, table = caller(request), pipeline.tables.states[Record]
    code_now = await codes_now(pipeline, place)
    chosen = select(table.c.body).where(*within(table, place)).order_by(table.c.id).limit(SMOOTH)
    shown, bodies = list[CaseTold](), [""]
    async with pipeline.engine.connect() as conn:
        while bodies and len(shown) < limit:
            bodies = list((await conn.execute(chosen.where(table.c.id > after))).scalars())
            for record in (msgspec.json.decode(body, type=Record) for body in bodies):
                dealt, after = _dealt(who, record, code_now), record.id
                of_record = (told(*one) for one in _latest_first(pipeline, record) if one[1] in dealt)
                shown += [one for one in of_record if one.is_open or not open_only]
                if len(shown) >= limit:
                    break
            await asyncio.sleep(0)  # Other requests get their turn.
    tells_of(request, (f"records/{one.record}" for one in shown))
    return shown


def _dealt(who: Caller, record: Record, code_now: Callable[[str], str]) -> set[str]:
    """The outcome ids of the cases in a record that a caller may see because of his roles.

    A role that holds for one village or township alone shows the cases of that one. A record about the caller, or about
    somebody whose powers he uses, shows none.
    """
    if any(record.id in _own(one.cadre, one.unit, one.team) for one in (who.belongs, *who.delegated)):
        return set()
    roles = {held.role for held in who.roles if record.place.startswith(held.division)}
    sees_all = who.is_operator or not roles.isdisjoint(Record.readers)
    # A case does not say for which unit a unit acts in it, so the role `unit` sees all cases in which a unit acts.
    places = {role: in_all if role == "unit" else in_which(who, (role,), record.place, code_now) for role in roles}
    return {
        outcome
        for outcome, case in record.cases.items()
        if sees_all or concerns(case, {role for role, his in places.items() if his(case.village)})
    }


@get(
    "/v1/own-cases",
    tags=["queries"],
    summary="本人、本单位、本队的奖惩事项 · Cases about the caller, his unit and his team",
    opt={"asks": KNOWN, PERSONAL: True},
)
async def own_cases(request: Request[Any, Any, Any], state: State) -> list[OwnCase]:
    """The cases that concern the caller himself, and the unit and the team for which he acts, as his token says, in
    full: what each rests on, what was said in defence, who decided what, and how it is contested.

    What the subject is not told of yet, such as a proposal before the hearing, is left out.
    """
    pipeline: Pipeline = state.pipeline
    who, table = caller(request), pipeline.tables.states[Record]
    unit = who.belongs.unit if who.has({"unit"}) else ""
    team = who.belongs.team if who.has({"team"}) else ""
    ids = _own(who.belongs.cadre, unit, team)
    async with pipeline.engine.connect() as conn:
        found = select(table.c.body).where(table.c.id.in_(ids)).order_by(table.c.id)
        records = [msgspec.json.decode(body, type=Record) for body in (await conn.execute(found)).scalars()]
    known = (one for of in records for one in _latest_first(pipeline, of) if not of.cases[one[1]].is_untold)
    shown = [told_in_full(*one) for one in known]
    tells_of(request, (f"records/{one.record}" for one in shown))
    return shown


def _own(cadre: str, unit: str, team: str) -> set[str]:
    """The ids of the records about a cadre, a unit and the team of a village. An empty argument has none."""
    named = {"cadre": cadre, "unit": unit, "team": team}
    return {record_id(kind, id) for kind, id in named.items() if id}


def _latest_first(pipeline: Pipeline, record: Record) -> Iterable[tuple[Record, str, Policy | None, date]]:
    """The cases of a record, the latest first, each with the arguments of `told`."""
    if pipeline.today is None:
        return []
    policy, today = pipeline.book.at(record.place, pipeline.today), pipeline.today
    outcomes = sorted(record.cases, key=lambda outcome: record.cases[outcome].proposed_on, reverse=True)
    return [(record, outcome, policy, today) for outcome in outcomes]


QUERIES: tuple[Any, ...] = (cases, own_cases, *handlers(FORMS))
"""Cases with their clocks, and the forms. All other queries are those that every service has."""
