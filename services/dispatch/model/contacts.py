"""Cadres who are bound to a village without a team, such as a leader to a contact point (联系点, 4.2).

The pack says each kind of such a link: how many cadres a village has, of which rank, how many villages each may have,
and who decides. A place that is open is a task with a last day.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.dispatch.model.bonds import Bearer, Bond, Contacts, changed, declared, require_place
from services.dispatch.model.commands import BeginLink, EndLink
from services.dispatch.model.eligibility import Cadre
from services.dispatch.model.pledges import outstanding
from services.dispatch.model.pool import Pool, Squad, described, family, pool_of, relatives, without
from shared.contracts import Event
from shared.contracts.dispatch import LinkBegun, LinkEnded, PartnerEnded, PlaceFilled
from shared.contracts.registry import (
    CadreRegistered,
    CadreWithdrawn,
    DiagnosisWithdrawn,
    ListingBegun,
    ListingEnded,
    Rank,
    VillageDelisted,
    VillageDiagnosed,
    VillageMerged,
    VillageUnlisted,
    VillageWithdrawn,
)
from shared.labels import label
from shared.policy import Policy
from shared.policy.links import RANKS, Contact
from shared.policy.partners import Partner
from shared.rules import Change, Key, Refused, State, addressed, known, require_body

Others = Mapping[Key, State | None]
Ending = VillageDelisted | VillageMerged | VillageUnlisted | VillageWithdrawn | DiagnosisWithdrawn
GROUNDS: Mapping[type[Event], str] = {
    VillageDelisted: "delisted",
    VillageMerged: "merged",
    VillageUnlisted: "unlisted",
    VillageWithdrawn: "withdrawn",
    DiagnosisWithdrawn: "undiagnosed",
}
"""What ends the links of a village, as the event says it."""


def need(state: Contacts | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village needs cadres and parties in each kind of link of which the pack asks for some."""
    state = (state or Contacts(id=event.village, place=event.place)).but(needed=True, left=False)
    return changed(state, state.weighed(policy, today), policy, today)


def village_of(event: ListingBegun | ListingEnded, _policy: Policy) -> Iterable[str]:
    """The village that a list concerns; none if it concerns no village."""
    return (event.village,) if event.village else ()


def enlist(state: Contacts | None, event: ListingBegun, policy: Policy, today: date) -> Change:
    """A list may need kinds of link in its villages. The others are not concerned."""
    kind = policy.list_kind(event.kind)
    if kind is None or not any(need in policy.bonds for need in kind.needs):
        return Change(state)
    state = state or Contacts(id=str(event.village), place=event.place)
    now = state.but(lists={**state.lists, event.listing: event.kind}).weighed(policy, today)
    return changed(state, now, policy, today)


def unlist(state: Contacts | None, event: ListingEnded, policy: Policy, today: date) -> Change:
    """A list needs nothing any more. Who would have gone with the exit goes, if nothing else asks for them."""
    if state is None or event.listing not in state.lists:
        return Change(state)
    now = state.but(lists=without(state.lists, event.listing))
    gone = {
        kind: [*bond.since]
        for kind, bond in now.bonds.items()
        if bond.since and (link := policy.bonds.get(kind)) and not now.takes(link, policy)
    }
    return ended(now, gone, "list_ended", policy, today, before=state)


def asked_about(_state: Contacts | None, command: BeginLink) -> Iterable[Key]:
    """The key of the cadre's unit."""
    return ((Squad, command.unit),)


def begin(state: Contacts | None, command: BeginLink, policy: Policy, today: date, others: Others) -> Change:
    """The body that the pack names binds a cadre to a village. Rank, ties and number must be as the pack says (4.2)."""
    link = declared(policy.contacts, command.kind, "4.2", "联系方式", "kind of link")
    require_body(command.body, link.decides, link.rule)
    state = addressed(state, command)
    since = state.bound(link.kind)
    _require_skill(command, link)
    bond = state.bonds.get(link.kind, Bond())
    if command.cadre in since:
        if bond.about.get(command.cadre) == command.skill:
            return Change(state)
        zh, en = "在该村已按另一专长联系，请先解除", "is bound to the village for another skill; end that first"
        raise Refused(link.rule, f"{command.cadre}{zh}", f"{command.cadre} {en}", field="skill")
    require_need(state, link, policy)
    squad = others[Squad, command.unit]
    cadre = squad.cadres.get(command.cadre) if isinstance(squad, Squad) else None
    if cadre is None:
        zh = f"{command.cadre}不是单位{command.unit}登记的干部，请核对"
        en = f"{command.cadre} is not registered as a cadre of {command.unit}; check both ids"
        raise Refused(link.rule, zh, en, field="cadre", status=422)
    if misfit := _misfit(cadre, link.rank, command.village):
        zh, en = misfit
        raise Refused(link.rule, f"{command.cadre}{zh}", f"{command.cadre} {en}", field="cadre", status=422)
    require_place(link, since, "cadre", "名", "a link")
    begun = LinkBegun(
        place=state.place,
        village=command.village,
        kind=link.kind,
        unit=command.unit,
        cadre=command.cadre,
        skill=command.skill,
        decided_by=command.decided_by,
    )
    about = {**bond.about, command.cadre: command.skill} if command.skill else bond.about
    now = state.having(link, {**since, command.cadre: today}, policy, today, about)
    return changed(state, now, policy, today, begun)


def posting_pool(message: BeginLink | LinkBegun, policy: Policy) -> Iterable[str]:
    """The pool, which knows who is out, for a full-time link; none for others, so that none is loaded."""
    link = policy.contacts.get(message.kind)
    return (policy.pool,) if link and link.full_time else ()


def pools_of(event: LinkBegun, policy: Policy) -> Iterable[str]:
    """The pools that may send the cadre elsewhere, if the link is full-time."""
    return family(event, policy) if any(posting_pool(event, policy)) else ()


def who_is_free(_pool: Pool | None, command: BeginLink) -> Iterable[Key]:
    """The keys of the cadre's unit and of the pools that know who is out."""
    return (Squad, command.unit), *relatives(command)


def require_free(pool: Pool | None, command: BeginLink, policy: Policy, today: date, others: Others) -> Change:
    """Refuse a full-time link of a cadre who is in a team or in another such link, under a recall or away (1.4)."""
    pool, squad = pool_of(pool, policy), others[Squad, command.unit]
    is_there = any(one.posted.get(command.cadre) == command.village for one in pool.family(others.values()))
    is_known = isinstance(squad, Squad) and command.cadre in squad.cadres  # Else the link's own rule refuses.
    if is_known and not is_there and command.cadre not in pool.free(others.values()):
        raise Refused(
            policy.contacts[command.kind].rule,
            f"{command.cadre}已在他处驻村、在召回影响期内或者已离岗，不能脱产参加，请改派他人",
            f"{command.cadre} is out in a village, under a recall or away, and cannot be there full-time",
            field="cadre",
            status=422,
        )
    return Change(pool)


def post(pool: Pool | None, event: LinkBegun, policy: Policy, today: date) -> Change:
    """A cadre is in a village full-time, and cannot be sent elsewhere."""
    return Change(pool and pool.but(posted={**pool.posted, event.cadre: event.village}))


def come_home(pool: Pool | None, event: LinkEnded, policy: Policy, today: date) -> Change:
    """A cadre who was in a village full-time can be sent again, also if the pack asks for no full time any more."""
    if pool is None or pool.posted.get(event.cadre) != event.village:
        return Change(pool)
    return Change(pool.but(posted=without(pool.posted, event.cadre), answered=False))


def require_need(state: Contacts, link: Contact | Partner, policy: Policy) -> None:
    """Refuse a link to a village that nothing asks for it any more."""
    if not state.takes(link, policy):
        raise Refused(
            link.rule,
            f"该村现未列入贫困村或者尚未会诊，也不在需要“{link.label}”的名单上，不能确定",
            f"the village is not on the poverty list now, or was not diagnosed; no {link.kind} link can begin",
        )


def _require_skill(command: BeginLink, link: Contact) -> None:
    """Refuse an expert without a skill of the pack, and a skill where the pack names none (2.11)."""
    if (command.skill is None) if link.skills else (command.skill is not None):
        zh = f"须填专长，可填：{'、'.join(link.skills.values())}" if link.skills else "这种联系不填专长"
        en = f"it names a skill: {', '.join(link.skills)}" if link.skills else "a link of this kind names no skill"
        raise Refused(link.rule, zh, en, field="skill", status=422)
    if command.skill and command.skill not in link.skills:
        zh = f"本地规定中没有这项专长，可填：{'、'.join(link.skills.values())}"
        en = f"the pack does not have {command.skill}; it has: {', '.join(link.skills)}"
        raise Refused(link.rule, zh, en, field="skill", status=422)


def _misfit(cadre: Cadre, rank: Rank, village: str) -> tuple[str, str] | None:
    """Why a cadre cannot be bound to the village, in Chinese and English: the rank is too low, or there are ties."""
    if RANKS.index(cadre.rank) < RANKS.index(rank):
        zh = f"的职务层次低于{label('rank', rank)}，请改由符合要求的干部联系"
        return zh, f"ranks below {rank.replace('_', ' ')}; choose a higher rank"
    if village in cadre.ties:
        return "须回避该村，请改由其他干部联系", "has ties to the village; choose another"
    return None


def bear(state: Bearer | None, command: BeginLink, policy: Policy, today: date) -> Change:
    """Count the village among those of the cadre, who may not have more than the pack allows (2.2)."""
    link = policy.contacts[command.kind]
    state = state or Bearer(id=command.cadre, place=command.place)
    villages, most = state.villages.get(link.kind, {}), link.each_bearer.at_most
    if command.village in villages:
        return Change(state)
    if most is not None and len(villages) >= most:
        raise Refused(
            link.rule,
            f"{command.cadre}已联系{'、'.join(sorted(villages))}，每名干部最多联系{most}个村，请改由其他干部联系",
            f"{command.cadre} has {', '.join(sorted(villages))} already, and {most} at most; choose another cadre",
            field="cadre",
        )
    kept = {**state.villages, link.kind: {**villages, command.village: link.rank}}
    return Change(state.but(villages=kept))


def end(state: Contacts | None, command: EndLink, policy: Policy, today: date) -> Change:
    """The body that the pack names ends a link. A kind that the pack has no more is the organisation department's."""
    link = policy.contacts.get(command.kind)
    require_body(command.body, link.decides if link else "organisation", link.rule if link else "4.2")
    state = addressed(state, command)
    if command.cadre not in state.bound(command.kind):
        raise Refused(
            link.rule if link else "4.2",
            f"{command.cadre}目前没有联系该村，请核对干部编号",
            f"{command.cadre} is not bound to the village now; check the id",
            field="cadre",
        )
    return ended(state, {command.kind: [command.cadre]}, "decided", policy, today, command.decided_by, before=state)


def finish(state: Contacts | None, event: Ending, policy: Policy, today: date) -> Change:
    """The village left the list, or is no village of the list any more. Nobody is needed there.

    After an exit those stay whose link does not end with it; otherwise all links end. Of a village that is none any
    more, nobody is asked how often they came.
    """
    if state is None:
        return Change(state)
    rest = state.but(needed=False, left=isinstance(event, VillageDelisted))
    may_stay = isinstance(event, VillageDelisted | VillageUnlisted | DiagnosisWithdrawn)
    stays = {kind for kind, link in policy.bonds.items() if may_stay and rest.takes(link, policy)}
    gone = {kind: [*bond.since] for kind, bond in state.bonds.items() if kind not in stays}
    if not may_stay:
        rest = rest.but(visits={}, lists={})
    return ended(rest, gone, GROUNDS[type(event)], policy, today, before=state)


def ended(
    state: Contacts, gone: Mapping[str, Iterable[str]], ground: str, policy: Policy, today: date, by: str = "",
    *, before: Contacts,
) -> Change:  # fmt: skip
    """The village without the links that end, each of which is told. What it needs is weighed anew."""
    told: list[Event] = []
    for kind, bearers in sorted(gone.items()):
        since = {bearer: day for bearer, day in state.bound(kind).items() if bearer not in {*bearers}}
        bond, link = state.bonds[kind], policy.bonds.get(kind)
        at: dict[str, Any] = {
            "place": state.place,
            "village": state.id,
            "kind": kind,
            "ground": ground,
            "decided_by": by,
        }
        for bearer in sorted(bearers):
            if bond.parties:
                told.append(PartnerEnded(**at, party=bearer, outstanding=outstanding(state, kind, bearer)))
                state = state.but(pledges=without(state.pledges, f"{kind}/{bearer}"))
            else:
                told.append(LinkEnded(**at, cadre=bearer))
        left = state.having(link, since, policy, today) if link else None
        state = left or state.but(bonds={**state.bonds, kind: Bond(since, parties=bond.parties)})
    return changed(before, state.weighed(policy, today), policy, today, *told)


def bound_to(state: Bearer | None, _event: CadreRegistered | CadreWithdrawn) -> Iterable[Key]:
    """The keys of the cadre's villages, which know the divisions where they are by now."""
    return ((Contacts, village) for villages in (state.villages if state else {}).values() for village in villages)


def judge(
    state: Bearer | None, event: CadreRegistered | CadreWithdrawn, policy: Policy, today: date, others: Others
) -> Change:
    """A cadre was registered anew, or not at all any more. Where the cadre no longer fits, the link ends that day.

    What was registered is sealed and the end of a link is open, so that it does not say what of it does not fit.
    """
    told: list[Event] = []
    cadre = described(event) if isinstance(event, CadreRegistered) else None
    for kind, villages in sorted(state.villages.items()) if state else ():
        for village, rank in sorted(villages.items()):
            if cadre is None or _misfit(cadre, rank, village):
                place = known(others[Contacts, village], "村", "the village", village).place
                told.append(
                    LinkEnded(
                        place=place, village=village, kind=kind, cadre=event.cadre, ground="disqualified", decided_by=""
                    )
                )
    return Change(state, tuple(told))


def free(state: Bearer | None, event: LinkEnded, policy: Policy, today: date) -> Change:
    """The cadre has one village less."""
    state = known(state, "干部", "cadre", event.cadre)
    left = without(state.villages.get(event.kind, {}), event.village)
    return Change(state.but(villages={**state.villages, event.kind: left}))


def lose(state: Contacts | None, event: LinkEnded, policy: Policy, today: date) -> Change:
    """A link ended otherwise than by a decision about the village. The place is open, if the village needs it."""
    if state is None or event.cadre not in state.bound(event.kind):
        return Change(state)
    lost = ended(state, {event.kind: [event.cadre]}, event.ground, policy, today, before=state)
    return Change(lost.state, tuple(told for told in lost.events if isinstance(told, PlaceFilled)))
