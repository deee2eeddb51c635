"""What people ask of the registry over HTTP."""

from typing import Any

from litestar import get
from litestar.datastructures import State

from services.registry.model import Reason, Village
from services.registry.model import commands as c
from services.registry.model import why_not_yet as reasons_of
from shared import store
from shared.http import Route
from shared.pipeline import Pipeline
from shared.rules import known

COMMANDS: tuple[Route, ...] = (
    Route("policies", c.AdoptPolicy, "启用政策包", "Adopt a policy pack"),
    Route("units", c.RegisterUnit, "登记单位", "Register a unit"),
    Route("cadres", c.RegisterCadre, "登记干部", "Register a cadre"),
    Route("villages", c.RegisterVillage, "登记村、列入贫困村", "Register or list a village"),
    Route("village-codes", c.RecodeVillage, "变更区划代码", "Change a village's division code"),
    Route("surveys", c.RecordSurvey, "录入摸底排查记录", "Record the baseline survey"),
    Route("diagnoses", c.Diagnose, "集体会诊", "Diagnose a village jointly"),
    Route("households", c.RecordHouseholds, "录入年度农户信息", "Record household facts"),
    Route("measurements", c.MeasureIndicators, "测算年度指标", "Measure the year's indicators"),
    Route("exit-requests", c.RequestExit, "申请出列", "Request an exit"),
    Route("notices", c.PostNotice, "公示", "Post the public notice"),
    Route("objections", c.RaiseObjection, "提出异议", "Raise an objection"),
    Route("objection-decisions", c.DecideObjection, "处理异议", "Decide an objection"),
    Route("approvals", c.ApproveExit, "审批出列", "Approve or refuse the exit"),
    Route("relapse-decisions", c.ConfirmRelapse, "认定返贫", "Decide on a relapse"),
)


@get("/v1/why-not-yet/{village:str}", tags=["queries"])
async def why_not_yet(village: str, state: State) -> list[Reason]:
    """What keeps a village on the list, and who can move it (wish 10); empty for one that is not on it."""
    pipeline: Pipeline = state.pipeline
    async with pipeline.engine.connect() as conn:
        states = await store.load_states(conn, pipeline.tables, [(Village, village)])
    found = known(states[Village, village], "村", "village", village)
    policy = pipeline.book.at(found.place, pipeline.today) if pipeline.today else None
    return list(reasons_of(found, policy)) if isinstance(found, Village) and policy else []


QUERIES: tuple[Any, ...] = (why_not_yet,)
