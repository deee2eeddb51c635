"""The visits of a campaign: recorded, replaced where a village cannot be reached, taken back (2.19, 4.10)."""

from collections.abc import Mapping
from datetime import date

from services.inspection.model.assessment import Assessment
from services.inspection.model.campaign import Campaign, Made, Replaced, reached
from services.inspection.model.commands import RecordVisit, ReplaceVisit, WithdrawVisit
from services.inspection.model.supervision import Supervision
from shared.contracts.inspection import VisitDropped, VisitMade, VisitReplaced, VisitWithdrawn
from shared.draws import draw, frame_hash
from shared.labels import said
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, addressed, known, require_body

MERGED = "merged"
"""The hindrance of a village that was merged into another one after the frame was fixed."""


def record(state: Campaign | None, command: RecordVisit, policy: Policy, today: date) -> Change:
    """Record a planned visit.

    Every visit that is not due is refused in the same words, so that nobody can find out by trial which villages were
    drawn.
    """
    campaign = known(state, "督查", "campaign", command.campaign)
    require_body(command.body, "inspection", campaign.terms.rule)
    made = _made(command)
    if campaign.visited.get(command.village) == made:
        return Change(campaign)
    if not campaign.is_pending(command.village) and not _open_again(campaign, command.village):
        raise _not_due(campaign, command.village)
    planned = campaign.visits[command.village]
    if not planned <= command.on <= today:
        raise Refused(
            campaign.terms.rule,
            f"到村日期{command.on}有误，应当在{planned}至{today}之间",
            f"the day of the visit, {command.on}, must lie between {planned} and {today}",
            field="on",
            status=422,
        )
    _must_say_what_is_asked(campaign, command, policy)
    told = VisitMade(
        place=command.place,
        village=command.village,
        campaign=campaign.id,
        kind=campaign.terms.kind,
        on=command.on,
        absent=made.absent,
        findings=made.findings,
        year=campaign.opens.year,
        score=command.score,
        facets=made.facets,
        process=made.process,
        result=made.result,
    )
    return Change(campaign.but(visited={**campaign.visited, command.village: made}), (told,))


def _made(command: RecordVisit) -> Made:
    found, facets, process, result = (
        tuple(sorted({*several})) for several in (command.findings, command.facets, command.process, command.result)
    )
    absent = len({*command.absent})
    return Made(command.inspector, command.on, absent, found, command.score, facets, process, result)


def _open_again(campaign: Campaign, village: str) -> bool:
    """Whether a village that could not be reached may be visited after all: as long as the campaign runs."""
    return village in campaign.replaced and village not in campaign.visited and not campaign.closed


def _must_say_what_is_asked(campaign: Campaign, command: RecordVisit, policy: Policy) -> None:
    """Refuse findings and parts of the work that the campaign does not know, and a visit without what it asks for."""
    codes = sorted(campaign.findings)
    if unknown := sorted(set(command.findings) - set(codes)):
        raise Refused(
            campaign.terms.rule,
            f"无此问题类型：{said('findings', unknown, policy)}；可填：{said('findings', codes, policy)}",
            f"this campaign knows no finding {', '.join(unknown)}; it knows {', '.join(codes)}",
            field="findings",
            status=422,
        )
    scored = command.score is not None
    if scored != campaign.terms.scored or not 0 <= (command.score or 0) <= 100:
        raise Refused(
            campaign.terms.rule,
            "本类督查应当打分，请填0至100" if campaign.terms.scored else "本类督查不打分，请去掉分数",
            "this kind of campaign scores: give 0 to 100"
            if campaign.terms.scored
            else "this kind does not score: leave the score out",
            field="score",
            status=422,
        )
    looked_into = campaign.looked_into(command.village)
    choices = said("facets", looked_into, policy) or "无（本类督查不分内容）"
    if not {*command.facets} <= {*looked_into} or (looked_into and not command.facets):
        raise Refused(
            campaign.terms.rule,
            f"请填写本村应督查、实际督查了的内容，可填：{choices}",
            "say which parts of the work were looked into, of those that are due in this village: "
            f"{', '.join(looked_into) or 'none, since this campaign does not divide its visits'}",
            field="facets",
            status=422,
        )
    for kind, zh, en in (("process", "工作过程", "how the work is done"), ("result", "工作结果", "what it led to")):
        if kind in campaign.terms.evidence and not getattr(command, kind):
            raise Refused(
                campaign.terms.rule,
                f"本类督查应当取得{zh}的证据，请填写材料编号或者照片的校验值",
                f"this campaign asks for evidence of {en}; give the numbers of records or the hashes of photographs",
                field=kind,
                status=422,
            )


def replace(
    state: Campaign | None, command: ReplaceVisit, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Note that a village cannot be reached.

    In a draw, the village of the next ticket is visited instead, from today on.

    A village whose visit is not due is refused in the words of `record`, so that nobody learns what was drawn.
    """
    campaign = known(state, "督查", "campaign", command.campaign)
    terms = campaign.terms.unreachable
    if terms is None:
        raise Refused(
            campaign.terms.rule,
            "按本地规定，本类督查没有无法到达的处理办法，应查的村照常督查",
            "the pack has no rule for villages that cannot be reached in this kind of campaign; visits stay due",
            field="campaign",
        )
    require_body(command.body, terms.by, campaign.terms.rule)
    _require_place(command, others)
    before = campaign.replaced.get(command.village)
    if before and before.hindrance == command.hindrance:
        return Change(campaign)
    if campaign.closed or not campaign.is_pending(command.village):
        raise _not_due(campaign, command.village)
    if command.hindrance not in terms.hindrances:
        raise Refused(
            campaign.terms.rule,
            f"没有这种情形；可填：{said('hindrance', sorted(terms.hindrances), policy)}",
            f"there is no such hindrance; the pack knows {', '.join(sorted(terms.hindrances))}",
            field="hindrance",
            status=422,
        )
    if sum(one.hindrance != MERGED for one in campaign.replaced.values()) >= terms.at_most:
        raise Refused(
            campaign.terms.rule,
            f"本次督查认定无法到达的村已有 {terms.at_most} 个，达到规定的上限；本村仍应督查",
            f"{terms.at_most} villages of this campaign could not be reached already, which is the most that the pack "
            "allows; this one is still to be visited",
            field="village",
        )
    moved = _replaced(campaign, command.village, command.hindrance, today)
    told = VisitReplaced(
        place=command.place,
        village=command.village,
        campaign=campaign.id,
        replacement=_in_the_place_of(command.village, moved),
        hindrance=command.hindrance,
        decided_by=command.decided_by,
    )
    return Change(reached(moved, today), (told,))


def supervised(_state: Campaign | None, command: ReplaceVisit) -> tuple[Key, ...]:
    """The village, for its division."""
    return ((Supervision, command.village),)


def _require_place(command: ReplaceVisit | WithdrawVisit, others: Mapping[Key, State | None]) -> None:
    """Refuse a command that names another division than the village's. The campaign's may be much wider."""
    addressed(others[Supervision, command.village], command, "派驻过工作队的村", "village with a team")


def _replaced(campaign: Campaign, village: str, hindrance: str, today: date) -> Campaign:
    """The campaign with the village of the next ticket in the place of this one.

    If that village has been merged meanwhile, it cannot be visited either, and the next ticket after it is taken.
    """
    by = _next_ticket(campaign, village)
    moved = campaign.but(
        replaced={**campaign.replaced, village: Replaced(hindrance, by, today)},
        visits={**campaign.visits, by: today} if by else campaign.visits,
        facets={
            facet: tuple(by if by and one == village else one for one in villages)
            for facet, villages in campaign.facets.items()
        },
    )
    return _replaced(moved, by, MERGED, today) if by and by in campaign.dropped else moved


def _in_the_place_of(village: str, campaign: Campaign) -> str | None:
    """The village that is visited instead; those that have been merged meanwhile are skipped."""
    by = campaign.replaced[village].by
    merged = by in campaign.replaced and campaign.replaced[by].hindrance == MERGED
    return _in_the_place_of(by, campaign) if by and merged else by


def _next_ticket(campaign: Campaign, village: str) -> str | None:
    """The village of the same stratum that the same seed would have drawn next; None if the campaign draws nothing, or
    no village is left."""
    if campaign.drawn_on is None:
        return None
    (group,) = (ids for ids, _ in campaign.groups if village in ids)
    seed, drawn = campaign.seeds.joined(frame_hash(campaign.frame)), sum(id in campaign.visits for id in group)
    return next(iter(draw(seed, campaign.id, group, drawn + 1)[drawn:]), None)


def _not_due(campaign: Campaign, village: str) -> Refused:
    return Refused(
        campaign.terms.rule,
        f"村 {village} 今日在督查“{campaign.id}”中没有应查任务（未安排、未到日期、已录入或者已结束）",
        f"no visit to village {village} is due in campaign {campaign.id!r} today "
        "(not planned, not yet its day, already recorded, or ended)",
        field="village",
    )


def withdraw(
    state: Campaign | None, command: WithdrawVisit, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Take back a visit that was recorded by mistake: it is awaited again. Refused if something depends on it."""
    campaign = known(state, "督查", "campaign", command.campaign)
    require_body(command.body, "inspection", campaign.terms.rule)
    _require_place(command, others)
    made = campaign.visited.get(command.village)
    if made is None:
        raise Refused(
            campaign.terms.rule,
            f"督查“{campaign.id}”没有村 {command.village} 的到村督查记录，无可撤销",
            f"campaign {campaign.id!r} has no visit to village {command.village} that could be withdrawn",
            field="village",
            status=404,
        )
    supervision, assessment = (others[key] for key in withdrawal_reads(campaign, command))
    ordered = any(campaign.findings.get(code) for code in made.findings)
    rests = None
    if campaign.published:
        rests = "督查通报已经印发，请先撤回通报", "the campaign's bulletin is published; withdraw that first"
    elif campaign.closed and not campaign.terms.announced:
        rests = "督查已结束并公布", "the campaign has ended and its account is public"
    elif assessment is not None and assessment.status in ("proposed", "graded", "contested"):
        rests = "该村年度考核已拟定等次", "the grade of the village's year has been proposed"
    elif (
        ordered
        and isinstance(supervision, Supervision)
        and not supervision.can_forget(f"{campaign.id}/{command.village}")
    ):
        rests = "由此下达的整改已销号或已逾期", "the order that followed is closed out or has become overdue"
    if rests:
        raise Refused(
            campaign.terms.rule,
            f"{rests[0]}，不能撤销",
            f"it cannot be withdrawn: {rests[1]}",
            field="village",
        )
    withdrawn = VisitWithdrawn(
        place=command.place,
        village=command.village,
        campaign=campaign.id,
        kind=campaign.terms.kind,
        year=campaign.opens.year,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    rest, disputed = (
        {village: one for village, one in of.items() if village != command.village}
        for of in (campaign.visited, campaign.disputed)
    )
    return Change(
        campaign.but(visited=rest, disputed=disputed, withdrawn=campaign.withdrawn | {command.village}), (withdrawn,)
    )


def withdrawal_reads(state: Campaign | None, command: WithdrawVisit) -> tuple[Key, ...]:
    """The keys of what may depend on a visit: the village's order that followed, and the year's assessment."""
    year = state.opens.year if state else 0
    return (Supervision, command.village), (Assessment, f"{command.village}/{year}")


def drop(state: Campaign | None, event: VisitDropped, policy: Policy, today: date) -> Change:
    """A merged village is not visited any more. No event tells whether it was drawn."""
    if state is None or event.village in state.visited:
        return Change(state)
    return Change(state.but(dropped=state.dropped | {event.village}))
