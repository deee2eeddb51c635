"""A campaign: seed shares, draw, the days of its visits, and the summary at its end (mechanisms 2.19, 2.21, 3.7).

How its visits are recorded is in `visit.py`.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal, Self

import msgspec

from services.inspection.model.commands import GiveSeed, OpenCampaign, PostSeedHash
from services.inspection.model.seeds import SHARE_DAYS, Seeds, ended, opened, with_hash, with_share
from shared.calendar import DAY, Span
from shared.contracts import Event
from shared.contracts.inspection import (
    Body,
    BulletinMoved,
    CampaignClosed,
    CampaignCommitted,
    CampaignPlanned,
    DrawMade,
    Replacement,
    SeedCommitted,
    SeedMissed,
    StratumCommitted,
)
from shared.draws import Group, deal, deal_by, dealt, divided, drawn_apart, frame_hash, sample_size
from shared.policy import Campaign as Terms
from shared.policy import Policy
from shared.rules import Change, Due, Moved, Refused, State, Task, addressed

MOST_BESIDE = 100
"""The most other campaigns with which a campaign is compared (`burden.py`)."""


class Made(msgspec.Struct, frozen=True, array_like=True):
    """A visit as it was recorded. Who was absent is not kept, only how many."""

    inspector: str
    on: date
    absent: int
    findings: tuple[str, ...]
    score: int | None = None
    facets: tuple[str, ...] = ()
    process: tuple[str, ...] = ()
    result: tuple[str, ...] = ()

    @property
    def noted(self) -> bool:
        """Whether a bulletin says something of it: members were absent, or something was found."""
        return bool(self.absent or self.findings)


class Replaced(msgspec.Struct, frozen=True, array_like=True):
    """A village that cannot be reached: why, the village that is visited in its place, if any, and from which day."""

    hindrance: str
    by: str | None
    on: date


class Campaign(State, frozen=True, kw_only=True, omit_defaults=True):
    """One campaign. Its seeds and coming visits are secret until it closes, so `shown` leaves them out."""

    kind = "campaigns"
    hides_from_all = True
    known_as = ("督查活动", "a campaign")

    terms: Terms
    """The pack's entry by which it was planned. A later pack does not change it."""
    findings: dict[str, Span | None] = msgspec.field(default_factory=dict)
    """By code of a finding: the time for its rectification, or None if it need not be rectified."""
    opens: date
    closes: date
    """The last day."""
    frame: tuple[str, ...] = ()
    """The villages to draw from, sorted. Empty if all are visited: then `visits` has them."""
    size: int
    """How many villages are to be visited."""
    strata: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By list, the villages of the frame that are drawn with a share of their own. A village is in one list at most."""
    beside: tuple[str, ...] = ()
    """Where the pack limits the burden of a village: the campaigns whose visits may be within the same few days. They
    were planned before this one, or, for a draw, before the draw was made."""
    seeds: Seeds = Seeds()
    """For a draw, the two bodies' hashes and shares."""
    drawn_on: date | None = None
    visits: dict[str, date] = msgspec.field(default_factory=dict)
    """By village, the day of its planned visit."""
    visited: dict[str, Made] = msgspec.field(default_factory=dict)
    """The villages whose visit was recorded."""
    disputed: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By village, the findings that the visited side disputes."""
    withdrawn: frozenset[str] = frozenset()
    """The villages whose visit was once recorded by mistake and taken back."""
    dropped: frozenset[str] = frozenset()
    """The villages that were merged into others before they were visited."""
    replaced: dict[str, Replaced] = msgspec.field(default_factory=dict)
    """The villages that cannot be reached, in the order in which that was decided."""
    facets: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By part of the work that is looked into in some villages only, these villages."""
    reached: date | None = None
    """The latest day whose visits the inspectors know. None before the first one."""
    closed: bool = False
    bulletin_by: date | None = None
    """The last day for the bulletin. None before the end, and where none is published."""
    published: bool = False
    """Whether the bulletin is out."""

    @property
    def groups(self) -> list[Group]:
        """The groups of the frame that are drawn apart from one another: the strata, then the rest."""
        shares = {one.on_list: one.share for one in self.terms.strata}
        sizes = [(villages, sample_size(shares[code], len(villages))) for code, villages in self.strata.items()]
        return divided(self.frame, self.size, sizes)

    @property
    def awaits_seeds(self) -> bool:
        """Whether the draw is still to be made."""
        return bool(self.frame) and self.drawn_on is None and not self.closed

    def is_pending(self, village: str) -> bool:
        """Whether the village's visit is due and not recorded.

        A missed visit can be made after the campaign's end, unless that was unannounced: its draw is public then.
        On a rota it can be made only while the bulletin is awaited. A visit that was recorded and withdrawn can be
        recorded anew until a bulletin is out, also if the pack asks for none. Otherwise the village's next turn counts.
        """
        on = self.visits.get(village)
        if on is None or self.reached is None or (self.closed and not self._takes_late(village)):
            return False
        return on <= self.reached and not any(village in of for of in (self.visited, self.dropped, self.replaced))

    @property
    def excused(self) -> frozenset[str]:
        """The villages that could not be reached, as a body decided, and that were not visited later."""
        return frozenset(self.replaced.keys() - self.visited.keys() - self.dropped)

    def looked_into(self, village: str) -> tuple[str, ...]:
        """The parts of the work that a visit to this village is to look into."""
        return tuple(one.code for one in self.terms.facets if village in self.facets.get(one.code, (village,)))

    def at_least(self, share: float) -> int:
        """In how many villages a part of the work has to be looked into, at this least share of the frame."""
        return sample_size(share, len(self.frame or self.visits))

    def _takes_late(self, village: str) -> bool:
        if self.terms.choice != "rota":
            return self.terms.announced
        return self.awaits_bulletin or (village in self.withdrawn and not self.published)

    @property
    def status(self) -> str:
        """`planned`, `committed` (a draw with both hashes), `open` (visits are known or drawn) or `closed`."""
        if self.closed:
            return "closed"
        if self.reached or self.drawn_on:
            return "open"
        return "committed" if self.frame and not self.seeds.unhashed else "planned"

    @property
    def awaits(self) -> bool:
        """Whether a hash, a share, a visit or the bulletin is awaited."""
        return self.awaits_seeds or self.awaits_bulletin or any(map(self.is_pending, self.visits))

    @property
    def awaits_bulletin(self) -> bool:
        """Whether the bulletin is to be published (1.5)."""
        return self.bulletin_by is not None and not self.published

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """The hashes and shares that bodies owe, the visits whose day has come, and the bulletin."""
        if self.awaits_seeds:
            said = {"place": self.place, "campaign": self.id}
            yield from self.seeds.tasks(self.id, "seed", self.terms.rule, self.timers.get("shares"), said)
        if self.awaits_bulletin and self.terms.bulletin:
            by = self.terms.bulletin.by
            answer = {"place": self.place, "campaign": self.id, "body": by}
            due, rule = self.bulletin_by, self.terms.rule
            yield Task(action="bulletins", about=self.id, role=by, due=due, rule=rule, answer=answer)
        for village in filter(self.is_pending, sorted(self.visits)):
            yield Task(
                action="visits",
                about=village,
                role="inspection",
                due=self.closes,
                rule=self.terms.rule,
                detail=self.id,
                answer={"village": village, "campaign": self.id, "body": "inspection"},
            )

    def tell_moved(self, moved: Moved, notice: str) -> BulletinMoved:
        """The event that new holidays moved the last day for the bulletin."""
        return BulletinMoved(place=self.place, campaign=self.id, **moved.said(notice))

    def shown(self, *, to_operator: bool = False) -> Self:
        """The campaign as it may be read. An unannounced one shows no seed and no coming visit until it has closed."""
        if self.closed or self.terms.announced:
            return self
        come = {village: on for village, on in self.visits.items() if self.reached and on <= self.reached}
        facets = {facet: tuple(one for one in villages if one in come) for facet, villages in self.facets.items()}
        seeds = msgspec.structs.replace(self.seeds, shares={})
        return self.but(seeds=seeds, visits=come, facets=facets).timed(visits=None)


def chosen_id(jurisdiction: str, name: str) -> str:
    """The id of a campaign that officers named: `2105.floods`. The calendar's own have a hyphen after the digits."""
    return f"{jurisdiction}.{name}"


def must_be_new(state: Campaign | None, command: OpenCampaign, policy: Policy, today: date) -> Change:
    """Refuse a second campaign with the same id."""
    if state is not None:
        raise Refused(
            "identity",
            f"督查编号“{command.campaign}”已使用，请另编",
            f"campaign {command.campaign!r} exists already; choose another name",
            field="campaign",
        )
    return Change(state)


def plan(state: Campaign | None, event: CampaignPlanned, policy: Policy, today: date) -> Change:
    """Begin a campaign. A draw asks both bodies for hashes; others get the days of their visits at once, by code.

    Both bodies have the pack's time for their hashes, but at least one day, even if the campaign was planned late.
    """
    terms = policy.campaign(event.kind)
    if state is not None or terms is None:
        return Change(state)
    is_draw = terms.choice == "draw" or not terms.announced
    campaign = Campaign(
        id=event.campaign,
        place=event.place,
        terms=terms,
        findings={finding.code: finding.order for finding in policy.findings},
        opens=event.opens,
        closes=event.closes,
        frame=event.frame if is_draw else (),
        beside=event.beside,
        strata=event.strata,
        size=_size(event, terms),
    ).timed(close=event.closes + DAY)
    if not is_draw:
        visits = deal(event.frame, max(campaign.opens, today), campaign.closes, terms.visit_days)
        return Change(reached(campaign.but(visits=visits), today))
    *strata, _ = campaign.groups
    committed = CampaignCommitted(
        place=campaign.place,
        campaign=campaign.id,
        kind=terms.kind,
        opens=campaign.opens,
        closes=campaign.closes,
        frame=len(campaign.frame),
        size=campaign.size,
        frame_hash=frame_hash(campaign.frame),
        seed_hashes={},
        visit_days=terms.visit_days,
        facets={one.code: campaign.at_least(one.share) for one in terms.facets},
        strata={
            code: StratumCommitted(frame=len(villages), size=size, frame_hash=frame_hash(villages))
            for code, (villages, size) in zip(campaign.strata, strata, strict=True)
        },
    )
    opens = max(campaign.opens, today + timedelta(max(terms.seed_days, 1)))
    return Change(_opening(campaign.but(seeds=Seeds(opens=opens))), (committed,))


def _size(event: CampaignPlanned, terms: Terms) -> int:
    """How many villages are visited: of each stratum its share, of the others the campaign's."""
    shares = [(len(event.strata.get(one.on_list, ())), one.share) for one in terms.strata]
    shares.append((len(event.frame) - sum(villages for villages, _ in shares), terms.share))
    return sum(sample_size(share, villages) for villages, share in shares)


def post_hash(state: Campaign | None, command: PostSeedHash, policy: Policy, today: date) -> Change:
    """Take a body's hash and publish it at once. Before shares are taken, the system holds none."""
    campaign = addressed(state, command, "督查", "campaign")
    _must_be_drawn(campaign)
    seeds = with_hash(campaign.seeds, command.body, command.seed_hash, today, campaign.terms.rule)
    if seeds is campaign.seeds:
        return Change(campaign)
    committed = SeedCommitted(
        place=campaign.place, campaign=campaign.id, body=command.body, seed_hash=command.seed_hash, on=today
    )
    moved = seeds.opens != campaign.seeds.opens
    campaign = campaign.but(seeds=seeds)
    return Change(_opening(campaign) if moved else campaign, (committed,))


def give_seed(state: Campaign | None, command: GiveSeed, policy: Policy, today: date) -> Change:
    """Take a body's share. When both are in, the draw is made."""
    campaign = addressed(state, command, "督查", "campaign")
    if campaign.seeds.shares.get(command.body) == command.seed:
        return Change(campaign)
    _must_be_drawn(campaign)
    public = (frame_hash(campaign.frame),)
    seeds = with_share(campaign.seeds, command.body, command.seed, campaign.terms.rule, public)
    return _drawn(campaign.but(seeds=seeds), today, ())


def open_draw(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """Shares are taken from today. If the system was off for days, nobody could give a hash, so they open tomorrow."""
    if due.on < today:
        return Change(_opening(state.but(seeds=msgspec.structs.replace(state.seeds, opens=today + DAY))))
    seeds, silent = opened(state.seeds)
    return Change(state.but(seeds=seeds), _missed(state, silent, "hash"))


def end_shares(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """The time for shares is over. Bodies that gave none are named in an event, and the draw does without them."""
    if due.on < today <= state.closes:
        return Change(state.timed(shares=today + DAY))
    seeds, silent = ended(state.seeds)
    return _drawn(state.but(seeds=seeds), today, _missed(state, silent, "share"))


def reach(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """The visits of a day become known to the inspectors on that day."""
    return Change(reached(state, today))


def close(state: Campaign, due: Due, policy: Policy, today: date) -> Change:
    """The campaign's last day is over. A visit not made by now counts as missed, even if it is made up later."""
    seeds, silent = ended(state.seeds) if state.seeds.is_open else (state.seeds, ())
    facets = {one.code: _looked_into(state, one.code) for one in state.terms.facets}
    closed = CampaignClosed(
        place=state.place,
        campaign=state.id,
        kind=state.terms.kind,
        frame=state.frame,
        drawn=tuple(sorted(state.visits)) if state.frame else (),
        planned=state.size,
        visited=len(state.visited),
        share=len(state.visited) / len(state.frame or state.visits),
        seeds=seeds.shares if state.drawn_on else {},
        drawn_on=state.drawn_on,
        visits=state.visits if state.frame else {},
        replaced=tuple(
            Replacement(village=village, replacement=one.by, hindrance=one.hindrance, on=one.on)
            for village, one in state.replaced.items()
        ),
        facets=facets,
        uncovered=tuple(one.code for one in state.terms.facets if len(facets[one.code]) < state.at_least(one.share)),
        strata=state.strata,
    )
    events = (*_missed(state, silent, "share"), closed)
    ended_one = state.but(closed=True, seeds=seeds).timed(open=None, shares=None, visits=None)
    return Change(_awaiting_bulletin(ended_one, policy, max(state.closes, today - DAY)), events)


def _looked_into(campaign: Campaign, facet: str) -> tuple[str, ...]:
    """The villages in which a part of the work was looked into, sorted."""
    return tuple(sorted(village for village, made in campaign.visited.items() if facet in made.facets))


def _awaiting_bulletin(campaign: Campaign, policy: Policy, since: date) -> Campaign:
    """The ended campaign with the last day for its bulletin, if the pack asks for one.

    It is counted from the campaign's last day. If the service was down then, it is counted from the day before it came
    back, so that the body has its full time.
    """
    if campaign.terms.bulletin is None:
        return campaign
    when = campaign.terms.bulletin.publish_by
    last = when.due(since, policy.calendar)
    awaiting = campaign.but(bulletin_by=last).timed(bulletin=last + DAY)
    return awaiting.counting("bulletin_by", since=since, span=when.within, timer="bulletin")


def _must_be_drawn(campaign: Campaign) -> None:
    if not campaign.awaits_seeds:
        raise Refused(
            campaign.terms.rule,
            f"督查“{campaign.id}”无需该部门提交随机码（已抽取、已结束或者不需抽取）",
            f"campaign {campaign.id!r} is drawn already, has ended, or draws nothing; it takes no part of a seed",
            field="campaign",
        )


def _opening(campaign: Campaign) -> Campaign:
    """The campaign with timers for the first day of shares and the day after the last, both within the campaign."""
    opens = campaign.seeds.opens
    assert opens
    last = max(min(opens + timedelta(SHARE_DAYS), campaign.closes), opens + DAY)
    return campaign.timed(open=opens, shares=last)


def _missed(campaign: Campaign, bodies: Iterable[Body], what: Literal["hash", "share"]) -> tuple[SeedMissed, ...]:
    return tuple(SeedMissed(place=campaign.place, campaign=campaign.id, body=body, what=what) for body in bodies)


def _drawn(campaign: Campaign, today: date, events: tuple[Event, ...]) -> Change:
    """Draw the villages and give each its day, unless a share is still awaited."""
    seeds, terms = campaign.seeds, campaign.terms
    if not seeds.are_in:
        return Change(campaign, events)
    seed = seeds.joined(frame_hash(campaign.frame))
    villages = drawn_apart(seed, campaign.id, campaign.groups)
    first = max(campaign.opens, today)
    visits = deal_by(seed, campaign.id, villages, first, campaign.closes, terms.visit_days)
    facets = dealt(seed, campaign.id, {one.code: campaign.at_least(one.share) for one in terms.facets}, villages)
    drawn = campaign.but(visits=visits, facets=facets, drawn_on=today).timed(open=None, shares=None)
    made = DrawMade(place=campaign.place, campaign=campaign.id, visits=visits)
    return Change(reached(drawn, today), (*events, made))


def reached(campaign: Campaign, today: date) -> Campaign:
    """The campaign with the visits up to today made known, and a timer on the next day of visits."""
    days = campaign.visits.values()
    return campaign.but(reached=max((on for on in days if on <= today), default=campaign.reached)).timed(
        visits=min((on for on in days if on > today), default=None)
    )
