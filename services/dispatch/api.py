"""What people ask of the dispatch over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dispatch.forms import FORMS
from services.dispatch.model import course, posts, proposals
from services.dispatch.model.bonds import Contacts, Posts
from services.dispatch.model.choice import Fault, asked_about, may_choose, weigh
from services.dispatch.model.commands import (
    AdjustTeam,
    AssessTerm,
    AssignTeam,
    BeginLink,
    BeginPartner,
    BeginPost,
    ChooseTeam,
    ConfirmRelease,
    CountPresence,
    CountVisits,
    DecideLeave,
    DecideReturn,
    EndLink,
    EndPairings,
    EndPartner,
    EndPost,
    HoldCourse,
    NominateTeam,
    PairHouseholds,
    PledgeSupport,
    Reconcile,
    RecordAttendance,
    ReplaceMember,
    ReportDeparture,
    ReportSkills,
    ReportSupport,
    RequestLeave,
    RetainMember,
    ReviewNomination,
    ReviewReplacement,
    SetCommitment,
    Settle,
    SolveMatching,
    TakeOver,
    WithdrawAssignment,
    WithdrawAttendance,
    WithdrawCommitment,
    WithdrawCourse,
    WithdrawMatch,
)
from services.dispatch.model.link import Link, id_of
from services.dispatch.model.linkage import Answering, answering
from services.dispatch.model.owed import Commitments, Owed
from services.dispatch.model.pairings import Pairings
from services.dispatch.model.pool import Pool
from shared.contracts.dispatch import Item, Member
from shared.contracts.values import PartyId, UnitInVillage, VillageId
from shared.engine import store
from shared.engine.pipeline import Pipeline
from shared.engine.store import within
from shared.engine.tables import Tables
from shared.policy import Policy
from shared.rules import Key, Refused, known
from shared.rules import State as Model
from shared.web.forms import handlers
from shared.web.http import Route
from shared.web.identity import FOUND, PLACE, require_reach
from shared.web.lists import SMOOTH
from shared.web.places import PlacePath, PlaceQuery

COMMANDS: tuple[Route, ...] = (
    Route("matchings", SolveMatching, "生成选派建议方案", "Solve a matching"),
    Route("choices", ChooseTeam, "另行选定单位或队员", "Choose another unit or other cadres than proposed"),
    Route("nominations", NominateTeam, "推荐工作队人选", "Nominate who goes"),
    Route("nomination-reviews", ReviewNomination, "审核工作队人选", "Review a nomination", concerns=("village",)),
    Route("match-withdrawals", WithdrawMatch, "撤销派出单位建议", "Withdraw a match"),
    Route("assignments", AssignTeam, "派驻工作队", "Assign a team", concerns=("village",)),
    Route("assignment-withdrawals", WithdrawAssignment, "撤销派驻", "Withdraw an assignment", concerns=("village",)),
    Route("takeovers", TakeOver, "接续登记已在村工作队", "Take over a team that is at work already"),
    Route("commitments", SetCommitment, "定账：签订责任书、制定计划和清单", "Set a commitment"),
    Route("reconciliations", Reconcile, "季度对账", "Reconcile a ledger"),
    Route("settlements", Settle, "次年销账", "Settle a ledger"),
    Route("commitment-withdrawals", WithdrawCommitment, "撤回误录的责任事项", "Withdraw a step of a commitment"),
    Route(
        "adjustments",
        AdjustTeam,
        "对工作队作组织调整",
        "Say who leaves a team that is adjusted",
        concerns=("village", "leaving"),
    ),
    Route("departures", ReportDeparture, "队员离队", "Report that a member leaves"),
    Route(
        "retentions",
        RetainMember,
        "决定队员留任",
        "Keep a member who no longer qualifies",
        concerns=("village", "cadre"),
    ),
    Route(
        "replacement-reviews",
        ReviewReplacement,
        "审核补派人选",
        "Review who replaces a member",
        concerns=("village", "left"),
    ),
    Route("replacements", ReplaceMember, "补派队员", "Replace a member who left"),
    Route("links", BeginLink, "确定联系人", "Bind a cadre to a village", concerns=("cadre",)),
    Route(
        "releases",
        ConfirmRelease,
        "确认全脱产",
        "Confirm that members have no duties at home",
        concerns=("village", "members"),
    ),
    Route(
        "term-assessments",
        AssessTerm,
        "评定期满考核等次",
        "Grade the members of a team whose term is over",
        concerns=("village",),
    ),
    Route("courses", HoldCourse, "登记培训", "Record a course"),
    Route("course-withdrawals", WithdrawCourse, "撤销培训登记", "Withdraw a course"),
    Route("attendances", RecordAttendance, "登记参训人员", "Record who came to a course"),
    Route("attendance-withdrawals", WithdrawAttendance, "撤销参训登记", "Withdraw that cadres came to a course"),
    Route("skill-reports", ReportSkills, "报告村内所缺技能", "Report which skills are lacking in a village"),
    Route("leaves", RequestLeave, "为队员请假", "Ask for a member's leave"),
    Route("leave-decisions", DecideLeave, "审批请假", "Decide on leave", concerns=("village",)),
    Route(
        "leave-returns",
        DecideReturn,
        "决定休假后是否返回",
        "Decide whether a cadre comes back after long leave",
        concerns=("village",),
    ),
    Route("presences", CountPresence, "确认当月驻村天数", "Say how many days of a month each was in the village"),
    Route("link-ends", EndLink, "解除联系", "End a cadre's link to a village", concerns=("cadre",)),
    Route("posts", BeginPost, "确定任职干部", "Bind a cadre to a party", concerns=("cadre",)),
    Route("post-ends", EndPost, "结束任职", "End a cadre's link to a party", concerns=("cadre",)),
    Route("partners", BeginPartner, "确定结对的组织", "Pair a party with a village"),
    Route("partner-ends", EndPartner, "解除结对", "End a party's pair with a village"),
    Route("pledges", PledgeSupport, "登记帮扶承诺", "Record what a partner promises for a year"),
    Route("deliveries", ReportSupport, "报告帮扶到位情况", "Report what of a promise has come"),
    Route("visit-counts", CountVisits, "确认到村次数", "Say how often each came to the village"),
    Route("pairings", PairHouseholds, "确定帮扶责任人", "Pair cadres with households"),
    Route("pairing-ends", EndPairings, "解除帮扶责任人", "End pairs of cadres and households"),
)


Weight = Annotated[int | None, QueryParameter(ge=0, le=10_000)]


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What another choice of unit or cadres would be worth beside the proposed one. With faults it would be refused."""

    unit: str
    team: tuple[Member, ...]
    proposed: int
    """The score of the matching's proposal."""
    score: int | None
    cost: int | None
    """By how many points the choice scores below the proposal. None if the choice has no score."""
    faults: tuple[Fault, ...]


@get(
    "/v1/choices/{village:str}",
    tags=["queries"],
    summary="另行选定的代价 · What another choice would cost",
    opt={"asks": FOUND},
)
async def cost(
    request: Request[Any, Any, Any],
    village: FromPath[str],
    state: State,
    unit: Annotated[str, QueryParameter(max_length=40)],
    leader: Annotated[str, QueryParameter(max_length=40)] = "",
    member: FromQuery[list[PartyId] | None] = None,
) -> Cost:
    """What `choices` would cost for a matched village, and which rules it would break. Nothing is changed.

    Without `leader` and `member` the unit's team is formed by the rules of the matching.
    """
    pipeline: Pipeline = state.pipeline
    team = (*([Member(leader, "leader")] if leader else []), *(Member(id, "member") for id in member or ()))
    async with pipeline.engine.connect() as conn:
        key = (Link, id_of(village))
        link = known((await store.load_states(conn, pipeline.tables, [key]))[key], "村", "village", village)
        require_reach(request, link.place)
        policy = pipeline.book.at(link.place, pipeline.today) if pipeline.today else None
        if policy is None or pipeline.today is None:
            raise Refused("policy", "该区划没有生效的政策包", "no policy pack is in force in this division")
        asked = ChooseTeam(
            place=link.place,
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


class Assignment(Link, frozen=True, kw_only=True, omit_defaults=True):
    """A village's team and what is owed there, in one answer. Its id is the village's."""

    helped_since: date | None = None
    owed: dict[str, Owed] = msgspec.field(default_factory=dict)
    carried: dict[str, tuple[Item, ...]] = msgspec.field(default_factory=dict)


async def _together(conn: AsyncConnection, tables: Tables, bodies: Sequence[str]) -> AsyncIterator[Assignment]:
    """Links with what is owed in their villages. They are read in parts, so that other requests are served between."""
    for first in range(0, len(bodies), SMOOTH):
        links = [msgspec.json.decode(body, type=Link) for body in bodies[first : first + SMOOTH]]
        owed = await store.load_states(conn, tables, [(Commitments, link.village) for link in links])
        for link in links:
            yield together(link, owed[Commitments, link.village])


def together(link: Link, owed: Model | None) -> Assignment:
    """A link with what is owed in its village."""
    link = link.shown()
    said = {field: getattr(link, field) for field in Link.__struct_fields__} | {"id": link.village}
    if isinstance(owed, Commitments):
        said |= {field: getattr(owed, field) for field in ("helped_since", "owed", "carried")}
        said |= {"timers": link.timers | owed.timers, "deadlines": link.deadlines + owed.deadlines}
    return Assignment(**said)


@get(
    "/v1/assignments",
    tags=["queries"],
    summary="工作队和责任事项 · Teams and what is owed",
    opt={"asks": PLACE},
)
async def assignments(
    state: State,
    place: PlaceQuery = "",
    status: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 500,
) -> list[Assignment]:
    """Villages in order of id after a given one, each with its team and what is owed, by division prefix and status."""
    pipeline: Pipeline = state.pipeline
    table = pipeline.tables.states[Link]
    found = select(table.c.body).where(table.c.id > id_of(after), *within(table, place))
    if status:
        found = found.where(table.c.status == status)
    async with pipeline.engine.connect() as conn:
        bodies = (await conn.execute(found.order_by(table.c.id).limit(limit))).scalars().all()
        return [one async for one in _together(conn, pipeline.tables, bodies)]


@get(
    "/v1/assignments/{village:str}",
    tags=["queries"],
    summary="一村的工作队和责任事项 · Those of one village",
    opt={"asks": FOUND},
)
async def assignment(request: Request[Any, Any, Any], state: State, village: FromPath[str]) -> Assignment:
    """The team of one village and what is owed there, by the village's id or another of its codes."""
    pipeline: Pipeline = state.pipeline
    async with pipeline.engine.connect() as conn:
        id = await store.id_by_code(conn, pipeline.tables, village)
        keys: list[Key] = [(Link, id_of(id)), (Commitments, id)]
        link, owed = (await store.load_states(conn, pipeline.tables, keys)).values()
    link = known(link, "村", "the village", village)
    assert isinstance(link, Link)
    require_reach(request, link.place)
    return together(link, owed)


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """How many are missing in a kind of link, and by when they are to be there: cadres or partners of a village, or
    helpers of its poor households, of which none is named."""

    village: str
    place: str
    kind: str
    missing: int
    households: int
    """How many poor households the village has, if the link leads to these; else 0."""
    due: date


@get(
    "/v1/gaps",
    tags=["queries"],
    summary="联系、结对和帮扶责任人的空缺数 · How many are missing in each kind of link",
    opt={"asks": PLACE},
)
async def gaps(
    state: State,
    place: PlaceQuery = "",
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 500,
) -> list[Gap]:
    """The villages after a given one, in order of id, where somebody is missing; a village has an entry for each kind
    of link that it lacks."""
    pipeline: Pipeline = state.pipeline
    found: list[Gap] = []
    async with pipeline.engine.connect() as conn:
        for kind in (Contacts, Pairings):
            table = pipeline.tables.states[kind]
            rows = select(table.c.body).where(table.c.awaits, table.c.id > after, *within(table, place))
            bodies = (await conn.execute(rows.order_by(table.c.id).limit(limit))).scalars().all()
            for body in bodies:
                of = msgspec.json.decode(body, type=kind)
                assert isinstance(of, Contacts | Pairings)
                found += _gaps(of, pipeline.book.at(of.place, pipeline.today) if pipeline.today else None)
    first = sorted({gap.village for gap in found})[:limit]
    return sorted((gap for gap in found if gap.village in first), key=lambda gap: (gap.village, gap.kind))


def _gaps(of: Contacts | Pairings, policy: Policy | None) -> Iterator[Gap]:
    at: dict[str, Any] = {"village": of.id, "place": of.place}
    if isinstance(of, Pairings):
        for kind, one in of.circles.items():
            if one.pair_by:
                yield Gap(**at, kind=kind, missing=one.missing, households=len(of.poor), due=one.pair_by)
        return
    for kind, bond in of.bonds.items():
        link = policy.bonds.get(kind) if policy else None
        if policy and bond.begin_by and link and (missing := of.lacks(link, policy)):
            yield Gap(**at, kind=kind, missing=missing, households=0, due=bond.begin_by)


class Expert(msgspec.Struct, frozen=True, kw_only=True):
    """A cadre who is bound to a village for a skill."""

    village: str
    place: str
    kind: str
    cadre: str
    skill: str
    since: date


@get(
    "/v1/experts",
    tags=["queries"],
    summary="按专长查询专家 · Experts by their skill",
    opt={"asks": PLACE},
)
async def experts(
    state: State,
    place: PlaceQuery = "",
    skill: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 500,
) -> list[Expert]:
    """Experts of the villages after a given one, in order of id, of one skill or of all (2.11). `limit` counts the
    villages that are looked at, with experts or without."""
    pipeline: Pipeline = state.pipeline
    table = pipeline.tables.states[Contacts]
    found = select(table.c.body).where(table.c.id > after, *within(table, place))
    async with pipeline.engine.connect() as conn:
        bodies = (await conn.execute(found.order_by(table.c.id).limit(limit))).scalars().all()
    return [
        Expert(village=of.id, place=of.place, kind=kind, cadre=cadre, skill=named, since=bond.since[cadre])
        for of in (msgspec.json.decode(body, type=Contacts) for body in bodies)
        for kind, bond in sorted(of.bonds.items())
        for cadre, named in sorted(bond.about.items())
        if not bond.parties and named == (skill or named)
    ]


@get(
    "/v1/post-counts/{place:str}",
    tags=["queries"],
    summary="查询任职干部数 · How many cadres are posted to parties",
    opt={"asks": PLACE},
)
async def post_counts(place: PlacePath, state: State) -> list[posts.Count]:
    """How many cadres are bound to parties in each kind of link, to how many of them, and how many are missing."""
    pipeline: Pipeline = state.pipeline
    table = pipeline.tables.states[Posts]
    policy = pipeline.book.at(place.ljust(6, "0"), pipeline.today) if pipeline.today else None
    if policy is None:
        return []
    async with pipeline.engine.connect() as conn:
        rows = (await conn.execute(select(table.c.body).where(*within(table, place)))).scalars().all()
    return posts.counts((msgspec.json.decode(body, type=Posts) for body in rows), policy)


@get(
    "/v1/course-counts/{place:str}",
    tags=["queries"],
    summary="查询培训期数和人次 · How many courses and heads",
    opt={"asks": PLACE},
)
async def course_counts(
    place: PlacePath,
    state: State,
    year: Annotated[int, QueryParameter(ge=1990, le=2100)],
) -> list[course.Count]:
    """How many courses of each kind ended in a year, by who held them, and how many people came, by group."""
    pipeline: Pipeline = state.pipeline
    table = pipeline.tables.states[course.Course]
    found = select(table.c.body).where(table.c.status == "held", *within(table, place))
    async with pipeline.engine.connect() as conn:
        rows = (await conn.execute(found)).scalars().all()
    counted: list[course.Course] = []
    for first in range(0, len(rows), SMOOTH):
        counted += (msgspec.json.decode(body, type=course.Course) for body in rows[first : first + SMOOTH])
        await asyncio.sleep(0)  # Other requests get their turn.
    return course.counts(counted, year)


@get(
    "/v1/linkages",
    tags=["queries"],
    summary="各村由哪几级负责 · Who answers together for each village",
    opt={"asks": PLACE},
)
async def linkages(
    state: State,
    place: PlaceQuery = "",
    village: FromQuery[str] = "",
    gaps_only: FromQuery[bool] = False,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 500,
) -> list[Answering]:
    """The villages after a given one, in order of id, with each linkage of the pack and who answers on each level.

    With `gaps_only`, those linkages in which a level names nobody, or too few. `limit` counts the villages that are
    looked at, with gaps or without.
    """
    pipeline: Pipeline = state.pipeline
    table = pipeline.tables.states[Contacts]
    found = select(table.c.body).where(table.c.id > after, *within(table, place))
    async with pipeline.engine.connect() as conn:
        if village:
            found = found.where(table.c.id == await store.id_by_code(conn, pipeline.tables, village))
        bodies = (await conn.execute(found.order_by(table.c.id).limit(limit))).scalars().all()
        told = list[Answering]()
        for contacts in (msgspec.json.decode(body, type=Contacts) for body in bodies):
            policy = pipeline.book.at(contacts.place, pipeline.today) if pipeline.today else None
            if policy and policy.linkages:
                keys: list[Key] = [(Link, id_of(contacts.id)), (Pairings, contacts.id)]
                link, pairs = (await store.load_states(conn, pipeline.tables, keys)).values()
                assert isinstance(link, Link | None) and isinstance(pairs, Pairings | None)
                told += answering(contacts, link, pairs, policy)
    return [one for one in told if one.is_open or not gaps_only]


@get(
    "/v1/proposals/{place:str}",
    tags=["queries"],
    summary="选派建议及其依据 · What is proposed, and what would be otherwise",
    opt={"asks": PLACE, "refuses": (404, 409, 422)},
)
async def proposals_of(
    place: PlacePath,
    state: State,
    kept: Annotated[list[VillageId] | None, QueryParameter(max_items=1000)] = None,
    forbidden: Annotated[list[UnitInVillage] | None, QueryParameter(max_items=1000)] = None,
    strength: Weight = None,
    same_county: Weight = None,
    reserve: Weight = None,
    young: Weight = None,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> proposals.Proposals:
    """The villages of a division whose teams are not assigned yet: which unit each has, which is best, with the proof,
    and what the next best costs.

    `kept` villages keep their units, `forbidden` pairs (`village/unit`) are left out, and weights may be others than
    the pack's. Nothing is changed.
    """
    pipeline: Pipeline = state.pipeline
    policy = pipeline.book.at(place.ljust(6, "0"), pipeline.today) if pipeline.today else None
    if policy is None or pipeline.today is None:
        raise Refused("policy", "该区划没有生效的政策包", "no policy pack is in force in this division")
    async with pipeline.engine.connect() as conn:
        key = (Pool, policy.pool)
        pool = known((await store.load_states(conn, pipeline.tables, [key]))[key], "选派库", "the pool", policy.pool)
        assert isinstance(pool, Pool)
        others = await store.load_states(conn, pipeline.tables, {*proposals.asked_about(pool)})
    weights = {"strength": strength, "same_county": same_county, "reserve": reserve, "young": young}
    pairs = {(village, unit) for one in forbidden or () for village, _, unit in [one.partition("/")]}
    wishes = proposals.Wishes(kept or (), pairs, {name: n for name, n in weights.items() if n is not None})
    page = proposals.Page(place, after, limit)
    return await asyncio.to_thread(proposals.weighed, pool, policy, pipeline.today, others, wishes, page)


QUERIES: tuple[Any, ...] = (
    cost,
    proposals_of,
    assignments,
    assignment,
    gaps,
    experts,
    linkages,
    post_counts,
    course_counts,
    *handlers(FORMS),
)
"""The dispatch's own queries. Of those that every service has, `pools` shows needs and offers, `links` which team is
where, and `commitments` what is owed."""
