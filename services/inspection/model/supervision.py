"""What the inspection knows about one village's team: its members, its open orders, and its next assessment."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec
from msgspec.structs import replace as replaced

from services.inspection.model.commands import CloseOrder, RecordVisit
from shared.calendar import DAY, Span
from shared.contracts.dispatch import (
    AssignmentWithdrawn,
    LeaveGranted,
    LeaveRefused,
    LinkBegun,
    LinkEnded,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    TeamAssigned,
    TeamDisbanded,
    TeamReleased,
)
from shared.contracts.inspection import (
    AssessmentOpened,
    DeadlineMoved,
    OrderClosed,
    OrderIssued,
    OrderOverdue,
    VisitWithdrawn,
)
from shared.contracts.registry import (
    ListingBegun,
    ListingEnded,
    VillageDelisted,
    VillageListed,
    VillageMerged,
    VillageRecoded,
    VillageUnlisted,
)
from shared.divisions import place_of
from shared.policy import Policy
from shared.policy.assessment import awaited as is_awaited
from shared.policy.lists import POVERTY
from shared.rules import Change, Due, Involved, Key, Moved, Refused, State, Task, addressed, require_body

Gone = TeamReleased | AssignmentWithdrawn | TeamDisbanded
"""The events after which no team is in the village."""


Listing = VillageListed | VillageUnlisted | VillageDelisted | ListingBegun | ListingEnded
"""The events after which a village stands on a list, or no longer."""


class Order(msgspec.Struct, frozen=True):
    """An order to put something right by a last day (限期整改)."""

    findings: tuple[str, ...]
    allowed: Span
    """The time that the pack gave when the order was issued. Each time it runs out, the same time begins again."""
    due: date
    times: int = 0
    """How often it has become overdue."""


class Hearing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Findings to which the visited side may reply before an order follows."""

    by: str
    """The role that replies."""
    findings: tuple[str, ...]
    allowed: dict[str, Span]
    """By finding that is to be rectified, the time that the pack gave for it."""
    decides: Span
    """The time for the inspection to decide on a dispute."""
    reply_by: date
    disputed: tuple[str, ...] = ()
    decide_by: date | None = None
    """The last day for the decision. None as long as nothing is disputed."""
    of: str = ""
    """The kind of campaign; empty for a visit that an earlier version noted."""
    year: int = 0
    """The year to whose assessment the visit counts."""
    absent: bool = False
    """Whether somebody was absent, which is never disputed here."""


class Excuse(msgspec.Struct, frozen=True):
    """Granted leave: its first and its last day."""

    first: date
    last: date


class Supervision(State, frozen=True, kw_only=True, omit_defaults=True):
    """A village that has a team, stands on a list, or has cadres bound to it. Its id is the village's."""

    kind = "supervisions"
    known_as = ("村督查情况", "the inspection of a village")
    hides = '"excused"'

    unit: str = ""
    leader: str = ""
    """The leader's id. While a replacement is awaited it is still the former leader's."""
    team: tuple[str, ...] = ()
    """Cadre ids, sorted."""
    since: date | None = None
    """The day on which the team was assigned."""
    orders: dict[str, Order] = msgspec.field(default_factory=dict)
    """Open orders by id, `<campaign>/<village>`."""
    hearings: dict[str, Hearing] = msgspec.field(default_factory=dict)
    """Findings that are not ordered to be rectified yet, by the id that their order will have."""
    closed: frozenset[str] = frozenset()
    """The ids of this team's orders that were closed out (销号)."""
    answered_for: frozenset[str] = frozenset()
    """Orders of former teams that were closed or overdue. Outcomes may rest on them, so their visits stay."""

    merged: tuple[str, ...] = ()
    """The villages that were merged into this one, sorted: whoever has ties to one of them has ties here."""
    lists: tuple[str, ...] = ()
    """The lists on which the village stands, sorted."""
    visits: dict[str, date] = msgspec.field(default_factory=dict)
    """By campaign, the days of the last two months on which the village was visited, where the pack limits them."""
    bound: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By kind of link, the cadres who are bound to the village beside its team, such as a leader to a contact point."""
    excused: dict[str, tuple[Excuse, ...]] = msgspec.field(default_factory=dict)
    """By cadre, the leave that was granted. Somebody on leave does not count as absent. Only operators read it."""

    def involves(self, said: object) -> Involved:
        """The unit, and the members of its team."""
        return Involved(self.unit, self.team)

    def shown(self, *, to_operator: bool = False) -> "Supervision":
        """The village as it may be read: only operators see who is on leave."""
        return self if to_operator else self.but(excused={})

    @property
    def status(self) -> str:
        """`rectifying` while an order is open, else `supervised`; `released` once the team has gone."""
        if self.orders:
            return "rectifying"
        return "supervised" if self.unit else "released"

    @property
    def awaits(self) -> bool:
        """Whether an open order waits to be closed, or findings wait for a reply or a decision."""
        return bool(self.orders or self.hearings)

    @property
    def bearers(self) -> frozenset[str]:
        """The cadres who answer for the village: its team's members, and those bound to it beside them."""
        return frozenset(self.team).union(*self.bound.values())

    def tell_moved(self, moved: Moved, notice: str) -> DeadlineMoved:
        """The event that new holidays moved a deadline of the village."""
        return DeadlineMoved(place=self.place, village=self.id, **moved.said(notice))

    def can_forget(self, order: str) -> bool:
        """Whether an order has had no effect, so that its visit can be withdrawn: it was neither overdue nor closed."""
        if order in self.hearings:
            return True
        if self.unit:
            return order in self.orders and not self.orders[order].times
        return order not in self.answered_for

    def tasks(self, policy: Policy) -> Iterable[Task]:
        """For each open order, that the township accepts what was done. For findings without an order yet, the reply to
        them or the decision on it."""
        for id, heard in sorted(self.hearings.items()):
            campaign, disputed = id.partition("/")[0], heard.decide_by is not None
            answer = {"place": self.place, "village": self.id, "campaign": campaign}
            role, action = ("inspection", "reply-decisions") if disputed else (heard.by, "replies")
            yield Task(
                action=action,
                about=self.id,
                role=role,
                due=heard.decide_by or heard.reply_by,
                rule="1.6",
                detail=campaign,
                answer={**answer, "body": role},
            )
        for id, order in sorted(self.orders.items()):
            yield Task(
                action="order-closings",
                about=self.id,
                role="township",
                due=order.due,
                rule="1.6",
                detail=id,
                answer={"place": self.place, "village": self.id, "order": id, "body": "township"},
            )


def assign(state: Supervision | None, event: TeamAssigned, policy: Policy, today: date) -> Change:
    """A team is in the village. Its first assessment is the one that opens next. Open orders stay open."""
    village = state or Supervision(id=event.village, place=event.place)
    return Change(
        village.but(
            unit=event.unit,
            leader=next((member.cadre for member in event.team if member.role == "leader"), ""),
            team=tuple(sorted(member.cadre for member in event.team)),
            since=today,
        ).timed(assessment=policy.assessment.opens.next_after(today))
    )


def list_of(event: Listing) -> str:
    """The list that an event is about."""
    return event.kind if isinstance(event, ListingBegun | ListingEnded) else POVERTY


def listed_village(event: Listing, _policy: Policy) -> Iterable[str]:
    """The village that came to a list or left it. Listings of organisations are not kept."""
    return () if event.village is None or getattr(event, "party", None) else (event.village,)


def enlist(state: Supervision | None, event: Listing, policy: Policy, today: date) -> Change:
    """The village stands on a list, so that it may be inspected even without a team."""
    village = state or Supervision(id=str(event.village), place=event.place)
    return Change(village.but(lists=tuple(sorted({*village.lists, list_of(event)}))))


def strike(state: Supervision | None, event: Listing, policy: Policy, today: date) -> Change:
    """The village has left a list."""
    return Change(state and state.but(lists=tuple(one for one in state.lists if one != list_of(event))))


def recode(state: Supervision | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """The village belongs to another division from now on."""
    village = state or Supervision(id=event.village, place=event.place)
    return Change(village.but(place=place_of(event.code)))


def recall(state: Supervision | None, event: MemberRecalled | MemberLeft, policy: Policy, today: date) -> Change:
    """A cadre left the team and can no longer be found absent."""
    if state is None:
        return Change(state)
    return Change(state.but(team=tuple(cadre for cadre in state.team if cadre != event.cadre)))


def replace(state: Supervision | None, event: MemberReplaced, policy: Policy, today: date) -> Change:
    """Another cadre took the place of the one who left, or the same one came back."""
    if state is None or not state.unit:
        return Change(state)
    return Change(
        state.but(
            leader=event.cadre if event.role == "leader" else state.leader,
            team=tuple(sorted({*state.team} - {event.recalled} | {event.cadre})),
        )
    )


def release(state: Supervision | None, event: Gone | VillageMerged, policy: Policy, today: date) -> Change:
    """The team is gone, and its open orders end. An assessment that was opened is still completed. What the team
    disputed is still decided on, but no order follows."""
    if state is None:
        return Change(None)
    overdue = {id for id, order in state.orders.items() if order.times}
    answered_for = state.answered_for | state.closed | overdue
    disputed = {id: replaced(one, allowed={}) for id, one in state.hearings.items() if one.decide_by}
    rest = Supervision(
        id=state.id,
        place=state.place,
        answered_for=answered_for,
        bound=state.bound,
        hearings=disputed,
        deadlines=tuple(one for one in state.deadlines if one.path[0] == "hearings" and one.path[1] in disputed),
    )
    if isinstance(event, VillageMerged):
        return Change(rest)
    return Change(rest.but(merged=state.merged, lists=state.lists, visits=state.visits))


def bind(state: Supervision | None, event: LinkBegun, policy: Policy, today: date) -> Change:
    """A cadre is bound to the village beside its team, and so does not inspect it where the pack asks for recusal."""
    village = state or Supervision(id=event.village, place=event.place)
    of_kind = tuple(sorted({*village.bound.get(event.kind, ()), event.cadre}))
    return Change(village.but(bound={**village.bound, event.kind: of_kind}))


def unbind(state: Supervision | None, event: LinkEnded, policy: Policy, today: date) -> Change:
    """A cadre is no longer bound to the village."""
    if state is None:
        return Change(state)
    of_kind = tuple(one for one in state.bound.get(event.kind, ()) if one != event.cadre)
    others = {kind: cadres for kind, cadres in state.bound.items() if kind != event.kind}
    return Change(state.but(bound={**others, event.kind: of_kind} if of_kind else others))


def excuse(state: Supervision | None, event: LeaveGranted, policy: Policy, today: date) -> Change:
    """A member was granted leave (5.12). Leave that ended a year ago is forgotten."""
    village = state or Supervision(id=event.village, place=event.place)
    granted = (*village.excused.get(event.cadre, ()), Excuse(event.first, event.last))
    kept = {
        cadre: tuple(one for one in leave if one.last > today - timedelta(365))
        for cadre, leave in {**village.excused, event.cadre: granted}.items()
    }
    return Change(village.but(excused={cadre: leave for cadre, leave in kept.items() if leave}))


def end_excuse(state: Supervision | None, event: LeaveRefused, policy: Policy, today: date) -> Change:
    """Leave was taken back before it began, or was never granted."""
    if state is None or event.cadre not in state.excused:
        return Change(state)
    left = tuple(one for one in state.excused[event.cadre] if one != Excuse(event.first, event.last))
    others = {cadre: leave for cadre, leave in state.excused.items() if cadre != event.cadre}
    return Change(state.but(excused={**others, event.cadre: left} if left else others))


def ended_village(_state: Supervision | None, event: VillageMerged) -> Iterable[Key]:
    """The key of the village that was merged into another one."""
    return ((Supervision, event.village),)


def take_over(
    state: Supervision | None, event: VillageMerged, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """The village that remains has the ties of the other one, and a team that goes over keeps its members' leave."""
    ended = others[Supervision, event.village]
    village = state or Supervision(id=event.into, place=event.into_place)
    before = ended.merged if isinstance(ended, Supervision) else ()
    village = village.but(merged=tuple(sorted({*village.merged, event.village, *before})))
    if not isinstance(ended, Supervision) or not ended.excused:
        return Change(village)
    both = {cadre: (*village.excused.get(cadre, ()), *leave) for cadre, leave in ended.excused.items()}
    return Change(village.but(excused={**village.excused, **both}))


def check_absent(state: Supervision | None, command: RecordVisit, policy: Policy, today: date) -> Change:
    """Refuse an absent cadre who is no member of the team."""
    village = addressed(state, command, "派驻过工作队的村", "village with a team")
    if strangers := sorted(set(command.absent) - set(village.team)):
        raise Refused(
            "2.19",
            f"{'、'.join(strangers)}不是村 {village.id} 工作队的现任队员，请核对不在岗人员",
            f"the team in village {village.id} does not have {', '.join(strangers)} now; check who was absent",
            field="absent",
            status=422,
        )
    return Change(state)


def check_leave(state: Supervision | None, command: RecordVisit, policy: Policy, today: date) -> Change:
    """Refuse an absent cadre who was on leave that day: that is no absence (5.12).

    This runs after the check of the visit itself, so that nobody learns who is on leave where no visit is due.
    """
    village = addressed(state, command, "派驻过工作队的村", "village with a team")
    on_leave = [
        cadre
        for cadre in sorted(set(command.absent))
        if any(one.first <= command.on <= one.last for one in village.excused.get(cadre, ()))
    ]
    if on_leave:
        raise Refused(
            "5.12",
            f"{'、'.join(on_leave)}当日经批准请假，不属于不在岗，请不列入不在岗人员",
            f"{', '.join(on_leave)} had been granted leave for that day, which is no absence; leave them out",
            field="absent",
            status=422,
        )
    return Change(state)


def issue(village: Supervision, id: str, times: Mapping[str, Span], policy: Policy, today: date) -> Change:
    """Make one order for all findings of a visit that have to be rectified (mechanism 1.6).

    It is due when the longest of their times is over, since no finding may become overdue before its own time ends.
    """
    if not times:
        return Change(village)
    allowed = max(times.values(), key=lambda span: span.after(today, policy.calendar))
    order = Order(tuple(sorted(times)), allowed, allowed.after(today, policy.calendar))
    issued = OrderIssued(
        place=village.place, village=village.id, order=id, unit=village.unit, findings=order.findings, due=order.due
    )
    ordered = _with_orders(village, {**village.orders, id: order})
    return Change(ordered.counting("orders", id, "due", since=today, span=allowed, timer="orders"), (issued,))


def forget(state: Supervision | None, event: VisitWithdrawn, policy: Policy, today: date) -> Change:
    """A withdrawn visit ends its order, or the reply that was awaited before it."""
    order = f"{event.campaign}/{event.village}"
    if state is None or order not in {*state.orders, *state.hearings}:
        return Change(state)
    state = heard(state, {id: one for id, one in state.hearings.items() if id != order})
    return Change(_with_orders(state, {id: one for id, one in state.orders.items() if id != order}))


def close_order(state: Supervision | None, command: CloseOrder, policy: Policy, today: date) -> Change:
    """The township accepts a rectification, in time or late."""
    require_body(command.body, "township", "1.6")
    village = addressed(state, command, "派驻过工作队的村", "village with a team")
    if command.order in village.closed:
        return Change(village)
    if command.order not in village.orders:
        open_orders = sorted(village.orders)
        waiting = (
            f"待销号的有：{'、'.join(f'“{one}”' for one in open_orders)}" if open_orders else "该村没有待销号的整改"
        )
        raise Refused(
            "1.6",
            f"整改事项“{command.order}”不存在或者已经销号；{waiting}",
            f"village {village.id} has no open order {command.order!r}; "
            f"open are: {', '.join(map(repr, open_orders)) or '-'}",
            field="order",
        )
    rest = {id: order for id, order in village.orders.items() if id != command.order}
    closed = OrderClosed(place=village.place, village=village.id, order=command.order, accepted_by=command.accepted_by)
    village = village.but(closed=village.closed | {command.order})
    return Change(_with_orders(village, rest).counting("orders", command.order, "due"), (closed,))


def overdue(state: Supervision, due: Due, policy: Policy, today: date) -> Change:
    """An order's last day has passed: tell so now, and again after each further period until the order is closed."""
    late = {
        id: msgspec.structs.replace(order, due=order.allowed.after(order.due, policy.calendar), times=order.times + 1)
        for id, order in sorted(state.orders.items())
        if order.due < due.on
    }
    events = tuple(
        OrderOverdue(
            place=state.place, village=state.id, order=id, unit=state.unit, leader=state.leader, times=order.times
        )
        for id, order in late.items()
    )
    renewed = _with_orders(state, {**state.orders, **late})
    for id, order in late.items():
        since = state.orders[id].due
        renewed = renewed.counting("orders", id, "due", since=since, span=order.allowed, timer="orders")
    return Change(renewed, events)


def open_assessment(state: Supervision, due: Due, policy: Policy, today: date) -> Change:
    """Open the year's assessment in a village with a team (mechanism 2.21).

    If a new pack has put the opening off since the timer was set, the new day holds. These channels are not awaited: a
    campaign that was over before the team came, one that visits only some villages, ledgers, and the days in the
    village. If no awaited channel carries weight, the year is not assessed.
    """
    opens = policy.assessment.opens.of(due.on.year)
    if opens > due.on:
        return Change(state.timed(assessment=opens))
    awaited = [i for i in policy.assessment.inputs if is_awaited(i.channel, policy.campaigns)]
    inputs = [i for i in awaited if _can_be_given(i.channel, state, policy, due.on.year)]
    opened = AssessmentOpened(
        place=state.place,
        village=state.id,
        year=due.on.year,
        unit=state.unit,
        leader=state.leader,
        inputs=tuple(i.channel for i in inputs),
    )
    following = state.timed(assessment=policy.assessment.opens.next_after(due.on))
    return Change(following, (opened,) if any(i.weight for i in inputs) else ())


def _can_be_given(channel: str, state: Supervision, policy: Policy, year: int) -> bool:
    """Whether a channel can come in this year. Reports and ballots always can. The score of a campaign can only if the
    pack has a campaign of this kind whose frame is fixed after the team came."""
    campaign = policy.campaign(channel)
    if campaign is None or state.since is None:
        return True
    opened = (day for opens in campaign.opens for day in opens.of(year, policy.calendar))
    framed = (day - timedelta(campaign.seed_days) for day in opened)
    return any(max(state.since + DAY, policy.effective_from) <= day for day in framed)


def heard(village: Supervision, hearings: Mapping[str, Hearing]) -> Supervision:
    """The village with these findings before their orders, and a timer on the day after the first reply is due.

    What is disputed waits for its decision, however long that takes.
    """
    last = min((one.reply_by for one in hearings.values() if one.decide_by is None), default=None)
    return village.but(hearings=dict(hearings)).timed(replies=last and last + DAY)


def _with_orders(state: Supervision, orders: Mapping[str, Order]) -> Supervision:
    first = min((order.due for order in orders.values()), default=None)
    return state.but(orders=dict(orders)).timed(orders=first and first + DAY)
