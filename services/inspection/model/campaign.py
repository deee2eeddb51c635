"""A campaign: seed shares, draw, visits day by day, and the account at its end (mechanisms 2.19, 2.21, 3.7)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Self

import msgspec

from services.inspection.model.commands import GiveSeed, OpenCampaign, RecordVisit
from services.inspection.model.draw import (
    BODIES,
    deal,
    draw,
    frame_hash,
    joined,
    must_be_unguessable,
    sample_size,
    seed_hashes,
)
from shared.contracts.inspection import CampaignClosed, CampaignCommitted, CampaignPlanned, DrawMade, VisitMade
from shared.policy import Campaign as Terms
from shared.policy import Policy
from shared.rules import Change, Due, Refused, State, Task, addressed, known


class Campaign(State, frozen=True, kw_only=True, omit_defaults=True):
    """One campaign. Until it closes, its seeds and the visits to come are secret: `shown` leaves them out."""

    kind = "campaigns"

    terms: Terms
    """The pack's entry by which it was planned; a pack adopted meanwhile does not change it."""
    opens: date
    closes: date
    """The last day."""
    frame: tuple[str, ...] = ()
    """Of a draw, sorted. Empty where all are visited: then `visits` has them."""
    size: int
    """How many villages are to be visited."""
    seeds: dict[str, str] = msgspec.field(default_factory=dict)
    """The shares given so far, by body."""
    visits: dict[str, date] = msgspec.field(default_factory=dict)
    """Every planned visit with its day."""
    visited: dict[str, str] = msgspec.field(default_factory=dict)
    """The villages whose visit was recorded, each with the group that inspected it."""
    reached: date | None = None
    """The latest day whose visits are known to the inspectors."""
    closed: bool = False

    @property
    def silent(self) -> tuple[str, ...]:
        """The bodies whose seed share is still awaited."""
        return tuple(body for body in BODIES if self.frame and not self.closed and body not in self.seeds)

    def is_pending(self, village: str) -> bool:
        """Whether the village is to be visited by now.

        A missed visit can be made up after the end, except an unannounced one, since the draw is public by then.
        """
        on = self.visits.get(village)
        if on is None or self.reached is None or (self.closed and not self.terms.announced):
            return False
        return on <= self.reached and village not in self.visited

    @property
    def status(self) -> str:
        """`planned`, `committed` (a draw with both seeds, not yet open), `open` or `closed`."""
        if self.closed:
            return "closed"
        if self.reached:
            return "open"
        return "committed" if self.seeds and not self.silent else "planned"

    @property
    def awaits(self) -> bool:
        """Whether a seed share or a visit is awaited."""
        return bool(self.silent) or any(map(self.is_pending, self.visits))

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The seed shares, and the visits whose day has come."""
        for body in self.silent:
            yield Task(action="seeds", about=self.id, role=body, due=self.opens, rule=self.terms.rule, detail=body)
        for village in filter(self.is_pending, sorted(self.visits)):
            yield Task(
                action="visits",
                about=village,
                role="inspection",
                due=self.closes,
                rule=self.terms.rule,
                detail=self.id,
            )

    def shown(self) -> Self:
        """What may be read of it: of an unannounced campaign no seed and no visit to come before it has closed."""
        if self.closed or self.terms.announced:
            return self
        come = {village: on for village, on in self.visits.items() if self.reached and on <= self.reached}
        return self.but(seeds={}, visits=come).timed(visits=None)


def must_be_new(state: Campaign | None, command: OpenCampaign, policy: Policy, today: date) -> Change:
    """Two campaigns cannot have one id."""
    if state is not None:
        raise Refused(
            "identity",
            f"督查“{command.campaign}”已存在，请换一个编号",
            f"campaign {command.campaign!r} exists already; choose another id",
            field="campaign",
        )
    return Change(state)


def plan(state: Campaign | None, event: CampaignPlanned, policy: Policy, today: date) -> Change:
    """A draw begins by asking for its seeds; where all are visited, the days are dealt in order of codes at once."""
    terms = policy.campaign(event.kind)
    if state is not None or terms is None:
        return Change(state)
    is_draw = terms.choice == "draw"
    campaign = Campaign(
        id=event.campaign,
        place=event.place,
        terms=terms,
        opens=event.opens,
        closes=event.closes,
        frame=event.frame if is_draw else (),
        size=sample_size(terms.share, len(event.frame)),
    ).timed(close=event.closes + timedelta(1))
    if is_draw:
        return Change(campaign.timed(draw=event.opens))
    return Change(_dealt(campaign, event.frame, today))


def give_seed(state: Campaign | None, command: GiveSeed, policy: Policy, today: date) -> Change:
    """Take a body's share. The second one makes the commitment public, and the draw if the campaign is already open."""
    campaign = addressed(state, command, "督查", "campaign")
    if campaign.seeds.get(command.body) == command.seed:
        return Change(campaign)
    if command.body not in campaign.silent:
        raise Refused(
            "2.19",
            f"督查“{campaign.id}”不等待该部门的随机数：已交付、已结束，或无需抽签；交付后不得更换",
            f"campaign {campaign.id!r} does not await a seed share of this body: it was given, the campaign has ended, "
            "or nothing is drawn; a share cannot be changed",
            field="body",
        )
    must_be_unguessable(command.seed, "2.19")
    campaign = campaign.but(seeds={**campaign.seeds, command.body: command.seed})
    if campaign.silent:
        return Change(campaign)
    committed = CampaignCommitted(
        place=campaign.place,
        campaign=campaign.id,
        kind=campaign.terms.kind,
        opens=campaign.opens,
        closes=campaign.closes,
        frame=len(campaign.frame),
        size=campaign.size,
        frame_hash=frame_hash(campaign.frame),
        seed_hashes=seed_hashes(campaign.seeds),
    )
    if today < campaign.opens:
        return Change(campaign, (committed,))
    drawn, events = _drawn(campaign, today)
    return Change(drawn, (committed, *events))


def open_draw(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """On the opening day the draw is made, or on the day on which the last seed share comes in."""
    return Change(state) if state.silent else _drawn(state, today)


def reach(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """The visits of a day become known to the inspectors on that day."""
    return Change(_reached(state, today))


def record(state: Campaign | None, command: RecordVisit, policy: Policy, today: date) -> Change:
    """A planned visit was made.

    One text refuses every visit that is not due, so that asking does not tell which villages were drawn.
    """
    campaign = known(state, "督查", "campaign", command.campaign)
    if not campaign.is_pending(command.village):
        raise Refused(
            campaign.terms.rule,
            f"村 {command.village} 今天不在督查“{campaign.id}”的待查之列（未安排、未到日期、已记录或已结束）",
            f"no visit to village {command.village} is due in campaign {campaign.id!r} today "
            "(not planned, not yet its day, already recorded, or ended)",
            field="village",
        )
    planned = campaign.visits[command.village]
    if not planned <= command.on <= today:
        raise Refused(
            campaign.terms.rule,
            f"到村日期 {command.on} 应在 {planned} 至 {today} 之间",
            f"the day of the visit, {command.on}, must lie between {planned} and {today}",
            field="on",
            status=422,
        )
    codes = {finding.code for finding in policy.findings}
    if unknown := sorted(set(command.findings) - codes):
        raise Refused(
            campaign.terms.rule,
            f"政策包 {policy.version} 没有这些问题代码：{'、'.join(unknown)}；可用：{'、'.join(sorted(codes))}",
            f"pack {policy.version} knows no finding {', '.join(unknown)}; it knows {', '.join(sorted(codes))}",
            field="findings",
            status=422,
        )
    scored = command.score is not None
    if scored != campaign.terms.scored or not 0 <= (command.score or 0) <= 100:
        raise Refused(
            campaign.terms.rule,
            "本类督查须打分，请填 0 至 100" if campaign.terms.scored else "本类督查不打分，请去掉分数",
            "this kind of campaign scores: give 0 to 100"
            if campaign.terms.scored
            else "this kind does not score: leave the score out",
            field="score",
            status=422,
        )
    made = VisitMade(
        place=command.place,
        village=command.village,
        campaign=campaign.id,
        kind=campaign.terms.kind,
        on=command.on,
        absent=len(set(command.absent)),
        findings=tuple(sorted(set(command.findings))),
        year=campaign.opens.year,
        score=command.score,
    )
    return Change(campaign.but(visited={**campaign.visited, command.village: command.inspector}), (made,))


def close(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """The day after the last one: what was not visited by now counts as missed, whenever it is made up."""
    closed = CampaignClosed(
        place=state.place,
        campaign=state.id,
        kind=state.terms.kind,
        frame=state.frame,
        drawn=tuple(sorted(state.visits)) if state.frame else (),
        planned=state.size,
        visited=len(state.visited),
        share=len(state.visited) / len(state.frame or state.visits),
        seeds=state.seeds if state.visits else {},
    )
    return Change(state.but(closed=True).timed(draw=None), (closed,))


def _drawn(campaign: Campaign, today: date) -> Change:
    villages = draw(joined(campaign.seeds), campaign.id, campaign.frame, campaign.size)
    dealt = _dealt(campaign, villages, today).timed(draw=None)
    return Change(dealt, (DrawMade(place=campaign.place, campaign=campaign.id, visits=dealt.visits),))


def _dealt(campaign: Campaign, villages: tuple[str, ...], today: date) -> Campaign:
    first = max(campaign.opens, today)
    return _reached(campaign.but(visits=deal(villages, first, campaign.closes, campaign.terms.visit_days)), today)


def _reached(campaign: Campaign, today: date) -> Campaign:
    """The campaign with the visits up to today known, and a timer for the next day of visits."""
    days = campaign.visits.values()
    return campaign.but(reached=max((on for on in days if on <= today), default=campaign.reached)).timed(
        visits=min((on for on in days if on > today), default=None)
    )
