"""What people ask of the registry over HTTP."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter

from services.registry.forms import FORMS
from services.registry.model import Reason, Village, listing, monitoring, party, twins, yearbook
from services.registry.model import commands as c
from services.registry.model import why_not_yet as reasons_of
from services.registry.store import listings_of, parties_of, watching, yearbooks
from shared.contracts.values import Role
from shared.divisions import Level, jurisdiction_of, place_of
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.policy import Policy
from shared.rules import known
from shared.web.forms import handlers
from shared.web.http import Route
from shared.web.identity import FOUND, PLACE, require_reach
from shared.web.places import PlacePath

OFFICE: tuple[Role, ...] = ("poverty_office",)
PERSONNEL: tuple[Role, ...] = ("organisation", "poverty_office")
PARTIES: tuple[Role, ...] = (*PERSONNEL, "township")
LEADERS: tuple[Role, ...] = ("leader_group",)
LOCAL: tuple[Role, ...] = ("team", "village", "township", "county", *OFFICE)
"""Who knows a village's households, and writes down what is found there."""
DIVISIONS: tuple[Role, ...] = ("township", "county", "city", "province", *OFFICE)
STEPS: tuple[Role, ...] = ("village", "township", "county", "city", "province", *LEADERS, *OFFICE)
"""Who may take a step of a procedure in any pack. The rules check which role takes which step."""
ANYONE: tuple[Role, ...] = ("villager", "team", "unit", *STEPS)
"""An objection is everybody's right; whoever keeps the notice writes it down."""

COMMANDS: tuple[Route, ...] = (
    Route("policies", c.AdoptPolicy, "启用政策包", "Adopt a policy pack", by=LEADERS),
    Route("holidays", c.AnnounceHolidays, "公布节假日安排", "Announce holidays", by=LEADERS),
    Route("units", c.RegisterUnit, "登记单位", "Register a unit", by=PERSONNEL),
    Route("cadres", c.RegisterCadre, "登记干部", "Register a cadre", by=PERSONNEL),
    Route("unit-withdrawals", c.WithdrawUnit, "撤销单位登记", "Withdraw a unit's registration", by=PERSONNEL),
    Route("cadre-withdrawals", c.WithdrawCadre, "撤销干部登记", "Withdraw a cadre's registration", by=PERSONNEL),
    Route("forgettings", c.ForgetPerson, "个人信息匿名化", "Make a person anonymous", concerns=("person",)),
    Route("villages", c.RegisterVillage, "登记村、列入贫困村", "Register or list a village", by=OFFICE),
    Route("village-codes", c.RecodeVillage, "变更区划代码", "Change a village's division code", by=OFFICE),
    Route("parties", c.RegisterParty, "登记组织或人员", "Register a party beside villages and units", by=PARTIES),
    Route(
        "party-mergers", c.MergeParty, "合并重复登记的组织或人员", "Merge two registrations of one party", by=PARTIES
    ),
    Route("party-withdrawals", c.WithdrawParty, "撤销组织或人员登记", "Withdraw a party's registration", by=PARTIES),
    Route("village-withdrawals", c.WithdrawVillage, "撤销村登记", "Withdraw a village's registration", by=OFFICE),
    Route("listing-withdrawals", c.WithdrawListing, "撤销列入贫困村", "Withdraw a listing", by=OFFICE),
    Route("listings", c.EnterList, "列入重点村等名单", "Put a village or an organisation on a list"),
    Route("unlistings", c.LeaveList, "移出重点村等名单", "Take a village or an organisation off a list"),
    Route("list-entry-withdrawals", c.WithdrawEntry, "撤销误列", "Withdraw a mistaken entry of a list", by=OFFICE),
    Route("village-mergers", c.MergeVillages, "村合并", "Merge villages into one", by=OFFICE),
    Route("village-splits", c.SplitVillage, "村分设", "Split a village", by=OFFICE),
    Route("surveys", c.RecordSurvey, "录入摸底排查记录", "Record the baseline survey", by=LOCAL),
    Route("survey-withdrawals", c.WithdrawSurvey, "撤销摸底排查记录", "Withdraw a survey record", by=LOCAL),
    Route("diagnosis-withdrawals", c.WithdrawDiagnosis, "撤销会诊结论", "Withdraw a diagnosis", by=OFFICE),
    Route(
        "takeovers", c.TakeOverVillage, "接管已开展工作的村", "Take a village over with its earlier dates", by=OFFICE
    ),
    Route("diagnoses", c.Diagnose, "集体会诊", "Diagnose a village jointly"),
    Route("households", c.RecordHouseholds, "录入年度农户信息", "Record household facts", by=LOCAL),
    Route("measurements", c.MeasureIndicators, "测算年度指标", "Measure the year's indicators", by=LOCAL),
    Route("household-withdrawals", c.WithdrawHousehold, "撤销农户信息", "Withdraw a household", by=OFFICE),
    Route("measurement-withdrawals", c.WithdrawMeasurement, "撤销年度测算", "Withdraw a year's measurement", by=OFFICE),
    Route("figure-corrections", c.CorrectFigures, "更正出列依据", "Correct figures of an exit under way", by=OFFICE),
    Route("year-reopenings", c.ReopenYear, "重开封存年度", "Reopen a closed year", by=OFFICE),
    Route("exit-withdrawals", c.WithdrawExit, "撤回出列申请", "Withdraw the request for an exit", by=STEPS),
    Route("notice-withdrawals", c.WithdrawNotice, "撤回公示", "Withdraw a public notice", by=STEPS),
    Route("objection-withdrawals", c.WithdrawObjection, "撤回异议", "Withdraw an objection", by=STEPS),
    Route("step-withdrawals", c.WithdrawStep, "撤销民主决策环节", "Withdraw the latest step of a resolution", by=LOCAL),
    Route("fund-withdrawals", c.WithdrawFund, "撤回帮扶资金", "Withdraw the money of a matter", by=LOCAL),
    Route("resolution-withdrawals", c.WithdrawResolution, "撤销民主决策事项", "Withdraw a resolution", by=LOCAL),
    Route("division-figures", c.RecordFigures, "录入区划指标", "Record a division's own figures", by=DIVISIONS),
    Route(
        "division-figure-withdrawals", c.WithdrawFigures, "撤销区划指标", "Withdraw a division's figures", by=DIVISIONS
    ),
    Route("exit-requests", c.RequestExit, "申请出列", "Request an exit"),
    Route("notices", c.PostNotice, "公示", "Post the public notice"),
    Route("objections", c.RaiseObjection, "提出异议", "Raise an objection", by=ANYONE),
    Route("objection-decisions", c.DecideObjection, "处理异议", "Decide an objection"),
    Route("delay-decisions", c.DecideDelay, "处理逾期环节：延期或者接办", "Extend a late step, or take it over"),
    Route("words", c.GiveWord, "答复征求的意见", "Give the word that one was asked for"),
    Route("approvals", c.ApproveExit, "审批出列，批准后公告、备案", "Approve or refuse the exit, announce and file it"),
    Route(
        "fallback-measures", c.DecideMeasures, "对出列指标回落研究帮扶措施", "Decide on measures for criteria missed"
    ),
    Route("decap-requests", c.RequestDecap, "申请乡镇、县摘帽", "Ask to de-cap a township or county"),
    Route("decap-steps", c.TakeDecapStep, "录入摘帽办理环节", "Take a step of a de-capping"),
    Route(
        "decap-replies",
        c.ReplyToDecap,
        "被评估方说明：认可结果或者举证提出异议",
        "Reply to the findings of a de-capping",
    ),
    Route("decap-reply-decisions", c.DecideDecapReply, "认定摘帽评估的异议", "Decide on what is disputed of them"),
    Route("decap-notices", c.PostDecapNotice, "摘帽公示", "Post the notice of a de-capping"),
    Route("decap-objections", c.RaiseDecapObjection, "对摘帽提出异议", "Object to a de-capping", by=ANYONE),
    Route("decap-objection-decisions", c.DecideDecapObjection, "处理摘帽异议", "Decide on such an objection"),
    Route("decap-delay-decisions", c.DecideDecapDelay, "处理摘帽逾期环节", "Decide on a late step of a de-capping"),
    Route("decap-words", c.GiveDecapWord, "答复征求的摘帽意见", "Give the word that was asked for on a de-capping"),
    Route("decap-notice-withdrawals", c.WithdrawDecapNotice, "撤回摘帽公示", "Withdraw such a notice", by=STEPS),
    Route(
        "decap-objection-withdrawals", c.WithdrawDecapObjection, "撤回摘帽异议", "Withdraw such an objection", by=STEPS
    ),
    Route("decap-withdrawals", c.WithdrawDecap, "撤回摘帽申请", "Withdraw the request for a de-capping", by=STEPS),
    Route("risk-reports", c.ReportRisk, "报告返贫致贫风险", "Report a household at risk of poverty", by=LOCAL),
    Route("risk-report-withdrawals", c.WithdrawRisk, "撤销风险报告", "Withdraw such a report", by=LOCAL),
    Route("household-reviews", c.ReviewHousehold, "录入监测对象走访", "Record a visit to a watched household"),
    Route(
        "monitoring-withdrawals", c.WithdrawMonitoring, "撤销农户监测", "End the monitoring of a household", by=OFFICE
    ),
    Route("letters", c.SignLetter, "登记乡镇签订责任书", "Record that a township signed its letter"),
    Route("letter-breaches", c.BreakLetter, "认定乡镇未履行责任书", "Find that a township broke its letter"),
    Route("letter-withdrawals", c.WithdrawLetter, "撤回责任书登记", "Withdraw an entry about a letter", by=DIVISIONS),
    Route("checklists", c.TickChecklist, "填报村级清单", "Tick off a list for a village"),
    Route("checklist-withdrawals", c.WithdrawChecklist, "撤销清单填报", "Withdraw what was ticked off", by=LOCAL),
    Route("resolutions", c.OpenResolution, "启动民主决策程序", "Open a village's matter", by=ANYONE),
    Route("resolution-steps", c.TakeStep, "录入民主决策环节", "Take a step of a resolution"),
)


@get("/v1/why-not-yet/{village:str}", tags=["queries"], opt={"asks": FOUND})
async def why_not_yet(request: Request[Any, Any, Any], village: FromPath[str], state: State) -> list[Reason]:
    """What keeps a village on the poverty list and on others, and who can act on it. Empty for one that is on none."""
    pipeline: Pipeline = state.pipeline
    async with pipeline.engine.connect() as conn:
        village = await store.id_by_code(conn, pipeline.tables, village)
        states = await store.load_states(conn, pipeline.tables, [(Village, village)])
    found = known(states[Village, village], "村", "village", village)
    require_reach(request, found.place)
    policy = pipeline.book.at(found.place, pipeline.today) if pipeline.today else None
    return list(reasons_of(found, policy)) if isinstance(found, Village) and policy else []


@get(
    "/v1/packs/{place:str}",
    tags=["queries"],
    summary="查询生效的政策包 · The packs in force in a division",
    opt={"asks": PLACE},
)
async def packs(place: FromPath[str], state: State, day: FromQuery[date | None] = None) -> list[dict[str, Any]]:
    """The packs in force on a day (today by default), from the widest to the narrowest: a city's, then its county's."""
    pipeline: Pipeline = state.pipeline
    asked = day or pipeline.today
    return pipeline.book.chain(place, asked) if asked else []


_DIVISION = "省、市、县、乡镇代码，2、4、6或9位数字 · a division's code, of 2, 4, 6 or 9 digits"


@get(
    "/v1/totals/{place:str}",
    tags=["queries"],
    summary="查询区划指标汇总 · What villages' figures add up to",
    opt={"asks": PLACE},
)
async def totals(
    place: Annotated[str, PathParameter(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})$", description=_DIVISION)],
    state: State,
    since: Annotated[int, QueryParameter(ge=1990, le=2100)],
    until: Annotated[int | None, QueryParameter(ge=1990, le=2100)] = None,
    by: FromQuery[Level] = "county",
) -> list[yearbook.Total]:
    """The figures of the divisions of a kind (`by`) in a place: the first 2, 4, 6 or 9 digits of its code.

    They are of the years from `since` to `until`, or of `since` alone. A village without a figure is not counted.
    """
    pipeline: Pipeline = state.pipeline
    books = sorted(await yearbooks(pipeline, place, since, until or since), key=lambda book: book.id)
    policies = _in_force(pipeline, ((book.place, date(int(book.status), 12, 31)) for book in books))
    indicators = {one.figure: one for policy in policies for one in policy.indicators}
    # Where replicas share the prefectures, a province has its own figures by the pack of `5200`.
    names = {jurisdiction_of(place_of(policy.jurisdiction)): policy.name for policy in policies}
    return list(yearbook.totals(books, [*indicators.values()], by, place, names))


@get(
    "/v1/party-counts/{place:str}",
    tags=["queries"],
    summary="查询各类组织数量 · How many parties of each kind",
    opt={"asks": PLACE},
)
async def party_counts(place: PlacePath, state: State) -> list[party.Count]:
    """How many parties of each kind, and of each choice of its fields, there are in a place; persons are not told."""
    pipeline: Pipeline = state.pipeline
    found = await parties_of(pipeline, place)
    policies = _in_force(pipeline, ((at, date.max) for at in sorted({one.place for one in found})))
    kinds = {kind.kind: kind for policy in policies for kind in policy.parties}
    return list(party.counts(found, [*kinds.values()]))


@get(
    "/v1/list-counts/{place:str}",
    tags=["queries"],
    summary="查询各名单数量 · How much is on each list",
    opt={"asks": PLACE},
)
async def list_counts(place: PlacePath, state: State) -> list[listing.Number]:
    """How much is on each list beside the poverty list, and in each of its modes (4.2), in a place."""
    pipeline: Pipeline = state.pipeline
    found = await listings_of(pipeline, place)
    policies = _in_force(pipeline, ((at, date.max) for at in sorted({one.place for one in found})))
    kinds = {kind.kind: kind for policy in policies for kind in policy.lists}
    return list(listing.numbers(found, kinds.values()))


@get(
    "/v1/party-twins/{place:str}",
    tags=["queries"],
    summary="查询疑似重复登记的组织 · Parties with names alike",
    opt={"asks": PLACE},
)
async def party_twins(place: PlacePath, state: State) -> list[twins.Twins]:
    """Parties of a place that may have been registered twice (1.12); `party-mergers` merges two of them."""
    pipeline: Pipeline = state.pipeline
    found = await parties_of(pipeline, place)
    policies = _in_force(pipeline, ((at, date.max) for at in sorted({one.place for one in found})))
    kinds = {kind.kind: kind for policy in policies for kind in policy.parties}
    return twins.twins(found, [*kinds.values()])


@get(
    "/v1/watched/{place:str}",
    tags=["queries"],
    summary="查询监测对象统计 · How many households are watched",
    opt={"asks": PLACE},
)
async def watched(place: PlacePath, state: State) -> list[monitoring.Watched]:
    """How many households of a place are watched in each class, and how many people; nobody is named."""
    pipeline: Pipeline = state.pipeline
    found = await watching(pipeline, place)
    policies = _in_force(pipeline, ((at, date.max) for at in sorted({one.place for one in found})))
    return list(monitoring.counts(found, policies))


def _in_force(pipeline: Pipeline, at: Iterable[tuple[str, date]]) -> list[Policy]:
    """The packs in force in divisions on given days, or today if a day lies ahead.

    If a division had no pack on that day, today's is taken: it may have recorded figures of years before its first pack
    (4.1).
    """
    today, book = pipeline.today, pipeline.book
    found = (book.at(place, min(day, today)) or book.at(place, today) for place, day in at if today)
    return [policy for policy in found if policy]


QUERIES: tuple[Any, ...] = (
    why_not_yet,
    packs,
    totals,
    list_counts,
    party_counts,
    party_twins,
    watched,
    *handlers(FORMS),
)
