"""When campaigns take place, and the frame: the villages that a campaign may draw from or visits in full."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from services.inspection.model.campaign import MOST_BESIDE, Campaign, chosen_id
from services.inspection.model.commands import OpenCampaign
from services.inspection.model.subjects import Subject
from services.inspection.model.supervision import Gone, Listing, Supervision, list_of
from shared.calendar import DAY
from shared.contracts import Payload
from shared.contracts.dispatch import TeamAssigned
from shared.contracts.inspection import CampaignClosed, CampaignPlanned, VisitDropped
from shared.contracts.registry import ListingBegun, ListingEnded, PolicyAdopted, VillageMerged, VillageRecoded
from shared.divisions import around, place_of
from shared.labels import said
from shared.policy import Campaign as Terms
from shared.policy import Policy
from shared.rules import Change, Due, Key, Refused, State, Wake, addressed, require_body, require_soon

PLANNED_AHEAD = 366
"""The most days from the command to the opening of an irregular campaign, which is meant for a present occasion."""


class Beneath(msgspec.Struct, frozen=True, omit_defaults=True):
    """A narrower division's pack, as far as it affects which villages this calendar's campaigns visit."""

    extends: str | None = None
    """The jurisdiction whose pack it extends. None if it extends none: then no wider campaign reaches the division."""
    kinds: tuple[str, ...] = ()
    """The kinds of campaigns that it declares itself or drops. A wider campaign of such a kind does not reach there."""


class Calendar(State, frozen=True, kw_only=True, omit_defaults=True):
    """One jurisdiction's calendar. Its id is the jurisdiction of the pack.

    A village is in the frame from the assignment of its team until the team's release. Leaving the poverty list changes
    nothing: supervision is one of the “four no's” after an exit (摘帽不摘监管).

    A village is in the frames of all jurisdictions around it that have packs, such as its county's and its city's. Only
    one of them visits it in a kind of campaign: the one whose pack declares this kind for the village's division on the
    day on which the campaign is planned.
    """

    kind = "calendars"
    known_as = ("督查考核日程", "the calendar of campaigns and assessments")

    frame: tuple[str, ...] = ()
    """The ids of the villages with a team, sorted."""
    listed: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By list, the ids of the villages that stand on it, sorted; also those without a team."""
    moved: dict[str, str] = msgspec.field(default_factory=dict)
    """By village in a frame: its present division, if it was recoded and its id begins with another division."""
    beneath: dict[str, dict[str, Beneath]] = msgspec.field(default_factory=dict)
    """Packs of narrower divisions, by jurisdiction and then by the ISO day from which each is in force."""
    awaited: tuple[date, ...] = ()
    """The days on which adopted packs take effect, sorted."""
    planned: dict[str, date] = msgspec.field(default_factory=dict)
    """The campaigns of the last two years, each with its last day: missed visits may still be made up."""
    turns: dict[str, str] = msgspec.field(default_factory=dict)
    """By kind of campaign that is a rota, the village whose turn was last."""

    seen: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """By `<kind>/<year>` of draws with a yearly cap, how often each village was visited in those that are over."""

    @property
    def status(self) -> str:
        """`scheduled` once a pack has said when campaigns open."""
        return "scheduled" if self.timers else "idle"

    def of(self, on_list: str | None) -> tuple[str, ...]:
        """The villages with a team, or those on a list; sorted."""
        return self.frame if on_list is None else self.listed.get(on_list, ())

    def with_village(self, village: str, place: str, on_list: str | None = None) -> "Calendar":
        """The calendar with a village in a frame, and with the division in which the village lies now."""
        moved = {id: of for id, of in self.moved.items() if id != village}
        moved |= {} if village.startswith(place) else {village: place}
        frame = self.of(on_list)
        before = bisect_left(frame, village)
        if frame[before : before + 1] == (village,):
            return self if moved == self.moved else self.but(moved=moved)
        return self._framed((*frame[:before], village, *frame[before:]), on_list).but(moved=moved)

    def without(self, village: str, on_list: str | None = None) -> "Calendar":
        """The calendar without this village in a frame."""
        if village not in self.of(on_list):
            return self
        left = self._framed(tuple(id for id in self.of(on_list) if id != village), on_list)
        if any(village in frame for frame in (left.frame, *left.listed.values())):
            return left
        return left.but(moved={id: of for id, of in self.moved.items() if id != village})

    def ended(self, village: str) -> "Calendar":
        """The calendar without this village in any frame."""
        calendar = self
        for on_list in (None, *self.listed):
            calendar = calendar.without(village, on_list)
        return calendar

    def _framed(self, frame: tuple[str, ...], on_list: str | None) -> "Calendar":
        if on_list is None:
            return self.but(frame=frame)
        return self.but(listed={**self.listed, on_list: frame})

    def place_of(self, village: str) -> str:
        """The division in which a village of the frame lies."""
        return self.moved.get(village, place_of(village))

    def visited_by(self, terms: Terms, day: date) -> tuple[str, ...]:
        """The villages that such a campaign visits: those of its frame, unless a narrower pack excludes it."""
        frame = self.of(terms.on_list)
        of_place = {place: self._reaches(place, terms.kind, day) for place in {self.place_of(id) for id in frame}}
        return tuple(village for village in frame if of_place[self.place_of(village)])

    def _reaches(self, place: str, kind: str, day: date) -> bool:
        for length in (6, 4):
            packs = self.beneath.get(place[:length], {})
            since = max((since for since in packs if since <= day.isoformat()), default=None)
            if len(place) < length or length <= len(self.id) or since is None:
                continue
            if packs[since].extends is None or kind in packs[since].kinds:
                return False
            place = packs[since].extends or ""  # Packs between this one and the one that it extends do not count there.
        return place.startswith(self.id)


def family(message: Payload, _policy: Policy) -> Iterable[str]:
    """The jurisdictions around a village, the narrowest first: `210521`, `2105`, `21`."""
    return around(message.place)


def adopt(
    state: Calendar | None, event: PolicyAdopted, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A pack decides on openings from the day after its adoption, or from its effective date if that is later.

    The first pack of a division gets a calendar whose frame is taken from the wider calendars.
    """
    calendar = state or Calendar(id=policy.jurisdiction, place=event.place)
    for other in others.values() if state is None else ():
        if isinstance(other, Calendar):
            for on_list in (None, *other.listed):
                for village in other.of(on_list):
                    if (place := other.place_of(village)).startswith(policy.jurisdiction):
                        calendar = calendar.with_village(village, place, on_list)
    awaited = tuple(sorted({*calendar.awaited, max(policy.effective_from, today + DAY)}))
    return Change(calendar.but(awaited=awaited).timed(adoption=awaited[0]))


def wider_calendars(_state: Calendar | None, event: PolicyAdopted) -> Iterable[Key]:
    """The calendars around a division's own."""
    return ((Calendar, id) for id in around(event.place)[1:])


def wider(_event: PolicyAdopted, policy: Policy) -> Iterable[str]:
    """The jurisdictions around the pack's own."""
    return around(policy.jurisdiction)[1:]


def note_pack(state: Calendar | None, event: PolicyAdopted, policy: Policy, today: date) -> Change:
    """Note which kinds of campaigns a narrower pack declares itself or drops."""
    if state is None:
        return Change(state)
    said, dropped = event.pack.get("campaigns", ()), event.pack.get("drop", {}).get("campaigns", ())
    kinds = tuple(sorted({*(campaign["kind"] for campaign in said), *dropped})) if policy.extends else ()
    packs = {
        **state.beneath.get(policy.jurisdiction, {}),
        policy.effective_from.isoformat(): Beneath(policy.extends, kinds),
    }
    return Change(state.but(beneath={**state.beneath, policy.jurisdiction: packs}))


def take_effect(state: Calendar, due: Due, policy: Policy, today: date) -> Change:
    """An adopted pack is in force from today. The timer `campaigns` is set again by its openings, including today's,
    and all subjects are woken, since their assessments may open on other days now.

    Today's campaigns are not planned yet: of two timers on one day, `adoption` runs before `campaigns`.
    """
    awaited = tuple(day for day in state.awaited if day > due.on)
    calendar = state.but(awaited=awaited).timed(adoption=next(iter(awaited), None))
    return Change(_scheduled(calendar, policy, due.on - DAY), wakes=(Wake(Subject, state.id, due.on),))


def join(
    state: Calendar | None, event: TeamAssigned, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A village with a team joins the frame. Its division is looked up, since a new code may have been heard before."""
    supervision = others[Supervision, event.village]
    place = supervision.place if isinstance(supervision, Supervision) else event.place
    return Change(state and (state.with_village(event.village, place) if place.startswith(state.id) else state))


def leave(state: Calendar | None, event: Gone, policy: Policy, today: date) -> Change:
    """The team is gone, so there is nobody to inspect and the village leaves the frame."""
    return Change(state and state.without(event.village))


def listed_family(event: Listing, policy: Policy) -> Iterable[str]:
    """The jurisdictions around a village that came to a list or left it. Listings of organisations are not kept."""
    return () if isinstance(event, ListingBegun | ListingEnded) and event.party else family(event, policy)


def enlist(
    state: Calendar | None, event: Listing, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A village on a list is in the frame of campaigns that visit the list."""
    supervision = others[Supervision, str(event.village)]
    place = supervision.place if isinstance(supervision, Supervision) else event.place
    if state is None or not place.startswith(state.id):
        return Change(state)
    return Change(state.with_village(str(event.village), place, list_of(event)))


def strike(state: Calendar | None, event: Listing, policy: Policy, today: date) -> Change:
    """The village has left the list, or was never to be on it."""
    return Change(state and state.without(str(event.village), list_of(event)))


def move_out(state: Calendar | None, event: VillageRecoded, policy: Policy, today: date) -> Change:
    """A recoded village leaves the frames of the jurisdictions in which it no longer lies."""
    return Change(state and state.ended(event.village))


def move_in(
    state: Calendar | None, event: VillageRecoded, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """A recoded village joins the frames of the jurisdictions of its new code, by its team and its lists."""
    supervision = others[Supervision, event.village]
    if state is None or not isinstance(supervision, Supervision):
        return Change(state)
    calendar = state
    for on_list in (*[None] * bool(supervision.unit), *supervision.lists):
        calendar = calendar.with_village(event.village, place_of(event.code), on_list)
    return Change(calendar)


def new_jurisdictions(event: VillageRecoded, _policy: Policy) -> Iterable[str]:
    """The jurisdictions around a village's new code, the narrowest first."""
    return around(event.code)


def left_jurisdictions(event: VillageRecoded, policy: Policy) -> Iterable[str]:
    """The jurisdictions in which the village lay before and no longer lies."""
    return tuple(id for id in family(event, policy) if not event.code.startswith(id))


def team_and_place(_state: Calendar | None, event: TeamAssigned | VillageRecoded | Listing) -> Iterable[Key]:
    """The village's supervision, which knows whether it has a team and where it lies."""
    return ((Supervision, str(event.village)),)


def plan(state: Calendar, due: Due, policy: Policy, today: date) -> Change:
    """Plan every campaign whose frame is due to be fixed today."""
    calendar, planned = state, []
    for terms in _own(state, policy):
        for opens in _openings_after(terms, due.on - DAY, policy):
            if opens - timedelta(terms.seed_days) == due.on:
                calendar, campaign = _planned(calendar, terms, f"{state.id}-{terms.kind}-{opens}", opens, policy)
                planned += [campaign] if campaign.frame else []
    return Change(_scheduled(calendar, policy, due.on), tuple(planned))


def note_plan(state: Calendar | None, event: CampaignPlanned, policy: Policy, today: date) -> Change:
    """Remember which campaigns may visit villages."""
    if state is None:
        return Change(state)
    recent = {id: closes for id, closes in state.planned.items() if closes > today - timedelta(730)}
    return Change(state.but(planned={**recent, event.campaign: event.closes}))


def ended_campaign(_state: Calendar | None, event: CampaignClosed) -> Iterable[Key]:
    """The campaign that ended."""
    return ((Campaign, event.campaign),)


def note_end(
    state: Calendar | None, event: CampaignClosed, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Count the visits of a draw with a yearly cap. They are public from its end on. Earlier years are forgotten."""
    campaign = others[Campaign, event.campaign]
    if state is None or not isinstance(campaign, Campaign) or not campaign.terms.yearly_at_most:
        return Change(state)
    year = campaign.opens.year
    seen = {key: counts for key, counts in state.seen.items() if int(key[-4:]) >= year}
    counts = seen.get(f"{event.kind}/{year}", {})
    visited = {village: counts.get(village, 0) + 1 for village in campaign.visited}
    return Change(state.but(seen={**seen, f"{event.kind}/{year}": {**counts, **visited}}))


def merge(state: Calendar | None, event: VillageMerged, policy: Policy, today: date) -> Change:
    """A merged village leaves the frame, and no campaign awaits a visit to it any more.

    One event goes out for every campaign, drawn or not, so that nobody learns from them where the village was drawn.
    """
    if state is None:
        return Change(state)
    dropped = tuple(
        VisitDropped(place=event.place, village=event.village, campaign=campaign) for campaign in sorted(state.planned)
    )
    return Change(state.ended(event.village), dropped)


def open_irregularly(state: Calendar | None, command: OpenCampaign, policy: Policy, today: date) -> Change:
    """Plan an irregular campaign that officers ask for."""
    if command.body != "poverty_office":
        require_body(command.body, "organisation", "3.7")
    terms = policy.campaign(command.kind)
    if terms is None:
        kinds = [campaign.kind for campaign in policy.campaigns]
        raise Refused(
            "3.7",
            f"没有代码为“{command.kind}”的督查，可填：{said('kind', kinds, policy)}",
            f"pack {policy.version} knows no campaign kind {command.kind!r}; it knows {', '.join(kinds)}",
            field="kind",
            status=422,
        )
    drawn = terms.choice == "draw" or not terms.announced
    earliest = today + timedelta(max(terms.seed_days, 1) if drawn else 0)
    if command.opens < earliest:
        raise Refused(
            "3.7",
            f"开始日期{command.opens}太早，请填{earliest}或者以后的日期：不得早于今天，随机抽取的应当先公布随机码校验值",
            f"the opening day {command.opens} is too early; give {earliest} or a later day: "
            "it cannot be over, and a draw is opened after the hashes of its seed are public",
            field="opens",
            status=422,
        )
    require_soon(command.opens, today, PLANNED_AHEAD, "opens", "3.7")
    if state is None or not state.visited_by(terms, command.opens):
        raise Refused(
            "3.7",
            "本辖区尚无派驻工作队的村，无从督查；请先派驻工作队"
            if terms.on_list is None
            else f"“{terms.label}”只督查名单上的村，本辖区现在没有村在该名单上，无从督查",
            "no village of this jurisdiction has a team in the field; assign teams before inspecting them"
            if terms.on_list is None
            else f"no village of this jurisdiction is on the list {terms.on_list!r}, so there is nothing to inspect",
        )
    calendar = addressed(state, command, "督查", "campaign")
    calendar, campaign = _planned(calendar, terms, chosen_id(calendar.id, command.campaign), command.opens, policy)
    if not campaign.frame:
        raise Refused(
            "2.19",
            f"各村当年都已抽查 {terms.yearly_at_most} 次，满规定次数，不再抽查",
            f"each village was visited as often as it can be this year ({terms.yearly_at_most}); none is left to draw",
        )
    return Change(calendar, (campaign,))


def _own(calendar: Calendar, policy: Policy) -> list[Terms]:
    """The campaigns that the calendar's own pack declares. Those it takes over from a wider pack are planned there."""
    return [terms for terms in policy.campaigns if policy.layer("campaigns", terms.kind) == calendar.id]


def _planned(
    calendar: Calendar, terms: Terms, campaign: str, opens: date, policy: Policy
) -> tuple[Calendar, CampaignPlanned]:
    """A campaign with its frame, and the calendar, which notes whose turn it was. On a rota (1.5) the villages have
    their turns in the order of their ids, and after the last it begins anew."""
    frame = calendar.visited_by(terms, opens)
    if terms.yearly_at_most:
        seen = calendar.seen.get(f"{terms.kind}/{opens.year}", {})
        frame = tuple(village for village in frame if seen.get(village, 0) < terms.yearly_at_most)
    if terms.choice == "rota" and frame:
        at = bisect_right(frame, calendar.turns.get(terms.kind, ""))
        frame = (*frame[at:], *frame[:at])[: terms.turn]
        calendar = calendar.but(turns={**calendar.turns, terms.kind: frame[-1]})
    closes = terms.lasts.after(opens, policy.calendar)
    return calendar, CampaignPlanned(
        place=calendar.place,
        campaign=campaign,
        kind=terms.kind,
        opens=opens,
        closes=closes,
        frame=tuple(sorted(frame)),
        beside=_beside(calendar, opens, policy),
        strata=_strata(calendar, terms, frame),
    )


def _strata(calendar: Calendar, terms: Terms, frame: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By list, the villages of the frame that are drawn apart. A village on several lists belongs to the first one."""
    strata, rest = dict[str, tuple[str, ...]](), {*frame}
    for one in terms.strata:
        strata[one.on_list] = tuple(village for village in calendar.of(one.on_list) if village in rest)
        rest -= {*strata[one.on_list]}
    return strata


def _beside(calendar: Calendar, opens: date, policy: Policy) -> tuple[str, ...]:
    """The campaigns that were planned before and may visit the same villages within the days that the pack merges."""
    if policy.burden is None:
        return ()
    ended = opens - timedelta(policy.burden.merge_within)
    latest = sorted(((closes, id) for id, closes in calendar.planned.items() if closes >= ended), reverse=True)
    return tuple(sorted(id for _, id in latest[:MOST_BESIDE]))


def _openings_after(terms: Terms, day: date, policy: Policy) -> list[date]:
    """For each of the pack's days, the next opening whose frame is fixed after `day`."""
    return [opens.begins(day + timedelta(terms.seed_days), policy.calendar) for opens in terms.opens]


def _scheduled(calendar: Calendar, policy: Policy, after: date) -> Calendar:
    """The calendar with its timer on the first day after `after` on which a campaign is to be planned."""
    own = _own(calendar, policy)
    days = [opens - timedelta(terms.seed_days) for terms in own for opens in _openings_after(terms, after, policy)]
    return calendar.timed(campaigns=min(days, default=None))
