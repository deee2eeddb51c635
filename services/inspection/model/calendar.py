"""When campaigns come, and for which villages: the frame of everything that is drawn or visited in full."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from services.inspection.model.campaign import chosen_id
from services.inspection.model.commands import OpenCampaign
from services.inspection.model.supervision import Gone, Supervision
from shared.contracts.dispatch import TeamAssigned
from shared.contracts.inspection import CampaignPlanned, VisitDropped
from shared.contracts.registry import PolicyAdopted, VillageMerged, VillageRecoded
from shared.policy import Campaign as Terms
from shared.policy import Policy
from shared.rules import Change, Due, Key, Refused, State, addressed, require_body, require_soon

PLANNED_AHEAD = 366
"""Days until the opening of an irregular campaign, which is for what has come up now."""


class Calendar(State, frozen=True, kw_only=True, omit_defaults=True):
    """One jurisdiction's calendar. Its id is the jurisdiction of the pack.

    A village is in the frame from the assignment of its team to the team's release. Leaving the poverty list changes
    nothing: supervision is one of the four things that stay (摘帽不摘监管).
    """

    kind = "calendars"

    frame: tuple[str, ...] = ()
    """Sorted."""
    planned: dict[str, date] = msgspec.field(default_factory=dict)
    """The campaigns of the last two years with their last day: what was missed in them may still be made up."""

    @property
    def status(self) -> str:
        """`scheduled` once a pack has said when campaigns open."""
        return "scheduled" if self.timers else "idle"


def adopt(state: Calendar | None, event: PolicyAdopted, policy: Policy, today: date) -> Change:
    """A pack governs the openings from the day after its adoption on, or from its effective date if that is later."""
    return Change(_of(state, policy).timed(adoption=max(policy.effective_from, today + timedelta(1))))


def take_effect(state: Calendar, due: Due, policy: Policy, today: date) -> Change:
    """Openings follow the pack in force; those of this very day are still to come.

    They are, because of two timers on one day `adoption` runs before `campaigns`.
    """
    return Change(_scheduled(state, policy, due.on - timedelta(1)))


def join(state: Calendar | None, event: TeamAssigned, policy: Policy, today: date) -> Change:
    """A village with a team may be visited."""
    calendar = _of(state, policy)
    before = bisect_left(calendar.frame, event.village)
    if calendar.frame[before : before + 1] == (event.village,):
        return Change(calendar)
    return Change(calendar.but(frame=(*calendar.frame[:before], event.village, *calendar.frame[before:])))


def leave(state: Calendar | None, event: Gone, policy: Policy, today: date) -> Change:
    """Without a team there is nobody to inspect."""
    calendar = _of(state, policy)
    return Change(calendar.but(frame=tuple(village for village in calendar.frame if village != event.village)))


def move_out(state: Calendar | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """A village that was recoded is not visited by its old jurisdiction any more, unless that is its new one, too."""
    return Change(state and state.but(frame=tuple(village for village in state.frame if village != event.village)))


def move_in(
    state: Calendar | None, event: VillageRecoded, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A village with a team is visited from now on by the narrowest jurisdiction of its new code."""
    supervision = others[Supervision, event.village]
    narrowest = next((id for id in new_jurisdictions(event, policy) if others[Calendar, id]), "")
    if state is None or state.id != narrowest or not (isinstance(supervision, Supervision) and supervision.unit):
        return Change(state)
    return Change(state.but(frame=tuple(sorted({*state.frame, event.village}))))


def new_jurisdictions(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """Those under which a village can stand by its new code, the narrowest first."""
    return tuple(event.code[:length] for length in (6, 4, 2))


def moving_reads(_state: Calendar | None, event: VillageRecoded) -> Iterable[Key]:
    """Whether the village has a team, and which jurisdictions have a calendar."""
    return ((Supervision, event.village), *((Calendar, event.code[:length]) for length in (6, 4, 2)))


def plan(state: Calendar, due: Due, policy: Policy, today: date) -> Change:
    """Plan every campaign whose frame is to be fixed on this day."""
    planned = tuple(
        _planned(state, terms, f"{state.id}-{terms.kind}-{opens}", opens, policy)
        for terms in policy.campaigns
        for opens in _openings_after(terms, due.on - timedelta(1))
        if state.frame and opens - timedelta(terms.seed_days) == due.on
    )
    return Change(_scheduled(state, policy, due.on), planned)


def note_plan(state: Calendar | None, event: CampaignPlanned, policy: Policy, today: date) -> Change:
    """Remember which campaigns may visit villages."""
    if state is None:
        return Change(state)
    recent = {id: closes for id, closes in state.planned.items() if closes > today - timedelta(730)}
    return Change(state.but(planned={**recent, event.campaign: event.closes}))


def merge(state: Calendar | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """A village that was merged into another leaves the frame, and no campaign awaits a visit to it any more.

    That is told of every campaign, so that nobody learns from it where the village was drawn.
    """
    if state is None:
        return Change(state)
    dropped = tuple(
        VisitDropped(place=event.place, village=event.village, campaign=campaign) for campaign in sorted(state.planned)
    )
    return Change(state.but(frame=tuple(village for village in state.frame if village != event.village)), dropped)


def open_irregularly(state: Calendar | None, command: OpenCampaign, policy: Policy, today: date) -> Change:
    """Plan a campaign that officers ask for."""
    if command.body != "poverty_office":
        require_body(command.body, "organisation", "3.7")
    terms = policy.campaign(command.kind)
    if terms is None:
        kinds = "、".join(campaign.kind for campaign in policy.campaigns)
        raise Refused(
            "3.7",
            f"政策包 {policy.version} 没有督查类型“{command.kind}”，可用类型：{kinds}",
            f"pack {policy.version} knows no campaign kind {command.kind!r}; it knows {kinds}",
            field="kind",
            status=422,
        )
    drawn = terms.choice == "draw" or not terms.announced
    earliest = today + timedelta(max(terms.seed_days, 1) if drawn else 0)
    if command.opens < earliest:
        raise Refused(
            "3.7",
            f"开始日期 {command.opens} 太早，请填 {earliest} 或以后的日期：不能早于今天，抽签须先公布随机数哈希",
            f"the opening day {command.opens} is too early; give {earliest} or a later day: "
            "it cannot be over, and a draw is opened after the hashes of its seed are public",
            field="opens",
            status=422,
        )
    require_soon(command.opens, today, PLANNED_AHEAD, "opens", "3.7")
    if state is None or not state.frame:
        raise Refused(
            "3.7",
            "本辖区尚无派驻工作队的村，无从督查；请先派驻工作队",
            "no village of this jurisdiction has a team in the field; assign teams before inspecting them",
        )
    calendar = addressed(state, command, "督查", "campaign")
    campaign = chosen_id(policy.jurisdiction, command.campaign)
    return Change(calendar, (_planned(calendar, terms, campaign, command.opens, policy),))


def _of(state: Calendar | None, policy: Policy) -> Calendar:
    return state or Calendar(id=policy.jurisdiction, place=policy.jurisdiction.ljust(6, "0"))


def _planned(calendar: Calendar, terms: Terms, campaign: str, opens: date, policy: Policy) -> CampaignPlanned:
    return CampaignPlanned(
        place=calendar.place,
        campaign=campaign,
        kind=terms.kind,
        opens=opens,
        closes=terms.lasts.after(opens, policy.calendar),
        frame=calendar.frame,
    )


def _openings_after(terms: Terms, day: date) -> list[date]:
    """The next opening for each of the pack's days whose frame is fixed after `day`."""
    return [opens.next_after(day + timedelta(terms.seed_days)) for opens in terms.opens]


def _scheduled(calendar: Calendar, policy: Policy, after: date) -> Calendar:
    """The calendar with its timer on the first day after `after` on which a campaign is to be planned."""
    days = [opens - timedelta(terms.seed_days) for terms in policy.campaigns for opens in _openings_after(terms, after)]
    return calendar.timed(campaigns=min(days, default=None))
