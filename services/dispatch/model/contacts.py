"""Cadres who are bound to a village without a team, such as a leader to a contact point (联系点, 4.2), or to a party.

For each kind of link the pack says how many cadres a village has, of which rank, how many villages each may have, and
who decides. An open place is a task with a last day. A link to a party, such as a deputy's to a township's leading
group (0.5), keeps the same rules; what is peculiar to it is in `posts`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from services.dispatch.model.bonds import (
    Bearer,
    Bond,
    Contacts,
    Posts,
    Promised,
    changed,
    declared,
    require_alike,
    require_place,
)
from services.dispatch.model.commands import BeginLink, BeginPost, EndLink, EndPost
from services.dispatch.model.eligibility import Cadre
from services.dispatch.model.pledges import outstanding
from services.dispatch.model.pool import (
    Pool,
    Squad,
    described,
    enrolled,
    full_time_kinds,
    pool_of,
    relatives,
    without,
)
from services.dispatch.model.promises import keep, require_promise
from services.dispatch.model.villagers import require_villager
from shared.calendar import add_months
from shared.contracts import Event
from shared.contracts.dispatch import (
    ChargeBegun,
    ChargeEnded,
    LinkBegun,
    LinkEnded,
    PartnerEnded,
    PlaceFilled,
    PostBegun,
    PostEnded,
    PostFilled,
)
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
from shared.policy.links import RANKS, Contact, PersonLink, Villager
from shared.policy.partners import Partner
from shared.rules import Change, Due, Key, Refused, State, addressed, require_body

Others = Mapping[Key, State | None]
Ending = VillageDelisted | VillageMerged | VillageUnlisted | VillageWithdrawn | DiagnosisWithdrawn
GROUNDS: Mapping[type[Event], str] = {
    VillageDelisted: "delisted",
    VillageMerged: "merged",
    VillageUnlisted: "unlisted",
    VillageWithdrawn: "withdrawn",
    DiagnosisWithdrawn: "undiagnosed",
}
"""By event that ends the links of a village, the ground that the links' own events give."""


def need(state: Contacts | None, event: VillageDiagnosed, policy: Policy, today: date) -> Change:
    """A diagnosed village needs cadres and parties in each kind of link of which the pack asks for some."""
    state = (state or Contacts(id=event.village, place=event.place)).but(needed=True, left=False)
    return changed(state, state.weighed(policy, today), policy, today)


def village_of(event: ListingBegun | ListingEnded, _policy: Policy) -> Iterable[str]:
    """The village that a list concerns; none if it concerns no village."""
    return (event.village,) if event.village else ()


def enlist(state: Contacts | None, event: ListingBegun, policy: Policy, today: date) -> Change:
    """A list may ask for kinds of link in its villages. A list that asks for none changes nothing here."""
    kind = policy.list_kind(event.kind)
    if kind is None or not any(need in policy.bonds for need in kind.needs):
        return Change(state)
    state = state or Contacts(id=str(event.village), place=event.place)
    now = state.but(lists={**state.lists, event.listing: event.kind}).weighed(policy, today)
    return changed(state, now, policy, today)


def unlist(state: Contacts | None, event: ListingEnded, policy: Policy, today: date) -> Change:
    """The village is off a list. Links that may not go on without that list end, unless something else asks for
    them."""
    if state is None or event.listing not in state.lists:
        return Change(state)
    now = state.but(lists=without(state.lists, event.listing))
    gone = {
        kind: [*bond.since]
        for kind, bond in now.bonds.items()
        if bond.since and (link := now.links(policy).get(kind)) and not now.takes(link, policy)
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
    if command.cadre not in state.bound(link.kind):
        require_promise(state, command, link, today)
    skill = Choice("skill", command.skill, link.skills, ("专长", "skill"))
    return bind(state, link, command, skill, policy, today, others, command.exit_year)


class Choice(NamedTuple):
    """What a link names beside the cadre: an expert's skill (2.11), or a deputy's post (0.5)."""

    field: str
    chosen: str | None
    known: Mapping[str, str]
    """What the pack allows; empty where a link of the kind names nothing."""
    words: tuple[str, str]


def bind(
    state: Contacts, link: PersonLink, command: BeginLink | BeginPost, choice: Choice, policy: Policy, today: date,
    others: Others, exit_year: int | None = None,
) -> Change:  # fmt: skip
    """Bind a cadre or villager to a village or a party, if there is a place and the person is as the pack asks."""
    since = state.bound(link.kind)
    _require_chosen(choice, link)
    bond = state.bonds.get(link.kind, Bond())
    require_alike(link, bond)
    if command.cadre in since:
        if bond.about.get(command.cadre) == choice.chosen:
            return Change(_same_promise(state, bond, command.cadre, exit_year, link))
        (zh, en), cadre = choice.words, command.cadre
        raise Refused(
            link.rule,
            f"{cadre}在此已按另一{zh}确定，请先解除",
            f"{cadre} is bound there for another {en}; end that first",
            field=choice.field,
        )
    require_need(state, link, policy)
    _require_fit(state, link, command, today, others)
    require_place(link, since, "cadre", "名", "a link")
    about = {**bond.about, command.cadre: choice.chosen} if choice.chosen else bond.about
    last = link.term.after(today, policy.calendar) if link.term else None
    until = {**bond.until, command.cadre: last} if last else bond.until
    promised = {**bond.promised, command.cadre: Promised(exit_year)} if exit_year else bond.promised
    said = {choice.field: choice.chosen, **({"exit_year": exit_year} if exit_year else {})}
    if isinstance(link, Villager):
        begun = state.told(
            ChargeBegun, kind=link.kind, villager=command.cadre, until=last, decided_by=command.decided_by, **said
        )
    else:
        begun = state.told(LinkBegun, kind=link.kind, unit=command.unit, cadre=command.cadre, until=last,
                           decided_by=command.decided_by, **said)  # fmt: skip
    now = state.having(link, {**since, command.cadre: today}, policy, today, about, until, promised)
    return changed(state, now, policy, today, begun)


def _require_fit(
    state: Contacts, link: PersonLink, command: BeginLink | BeginPost, today: date, others: Others
) -> None:
    """Refuse a villager of another kind or village, and a cadre of another unit, of too low a rank, or with ties."""
    if isinstance(link, Villager):
        require_villager(others, link, command.cadre, command.unit, state.lies_in, "cadre")
        return
    assert isinstance(link, Contact)
    cadre = enrolled(others, command.unit, command.cadre, link.rule, "cadre")
    if misfit := _misfit(cadre, link.rank, state) or _unready(cadre, link, today):
        zh, en = misfit
        raise Refused(link.rule, f"{command.cadre}{zh}", f"{command.cadre} {en}", field="cadre", status=422)


def _same_promise(state: Contacts, bond: Bond, cadre: str, exit_year: int | None, link: PersonLink) -> Contacts:
    """The state, unchanged, for a cadre who is bound already. Refuses a promise that differs from the one on record."""
    promised = bond.promised.get(cadre)
    if exit_year != (promised.year if promised else None):
        zh = f"{cadre}已承诺{promised.year}年出列，" if promised else f"{cadre}确定时没有承诺出列的年度，"
        en = f"{cadre} promised {promised.year}" if promised else f"{cadre} promised no year"
        raise Refused(link.rule, f"{zh}请先解除", f"{en}; end that first", field="exit_year")
    return state


def own_link(message: BeginLink | BeginPost, policy: Policy) -> Contact | None:
    """The pack's kind of link that a message is about; None if the pack has no such kind, or if villagers hold it."""
    links = policy.posts if isinstance(message, BeginPost) else policy.contacts
    link = links.get(message.kind)
    return link if isinstance(link, Contact) else None


def cadre_of(command: BeginPost, policy: Policy) -> Iterable[str]:
    """The cadre of a command, if cadres bear the kind of link."""
    return (command.cadre,) if own_link(command, policy) else ()


def posting_pool(message: BeginLink | BeginPost, policy: Policy) -> Iterable[str]:
    """The pool, which knows who is out, for a full-time link; none for others, so that none is loaded."""
    link = own_link(message, policy)
    return (policy.pool,) if link and link.full_time else ()


def who_is_free(_pool: Pool | None, command: BeginLink | BeginPost) -> Iterable[Key]:
    """The keys of the cadre's unit and of the pools that know who is out."""
    return (Squad, command.unit or ""), *relatives(command)


def require_free(
    pool: Pool | None, command: BeginLink | BeginPost, policy: Policy, today: date, others: Others
) -> Change:
    """Refuse a full-time link of a cadre who is in a team or in another such link, under a recall or away (1.4)."""
    pool, squad, link = pool_of(pool, policy), others[Squad, command.unit or ""], own_link(command, policy)
    is_there = any(
        command.subject_id in one.bound.get(kind, {}).get(command.cadre, ())
        for one in pool.family(others.values())
        for kind in full_time_kinds(policy)
    )
    is_known = isinstance(squad, Squad) and command.cadre in squad.cadres  # Else the link's own rule refuses.
    if link and is_known and not is_there and command.cadre not in pool.free(others.values(), policy):
        raise Refused(
            link.rule,
            f"{command.cadre}已在他处驻村、在召回影响期内或者已离岗，不能脱产参加，请改派他人",
            f"{command.cadre} is out in a village, under a recall or away, and cannot be there full-time",
            field="cadre",
            status=422,
        )
    return Change(pool)


def post(pool: Pool | None, event: LinkBegun | PostBegun, policy: Policy, today: date) -> Change:
    """A cadre is bound to a village or a party, and cannot be sent elsewhere while the pack makes such links full-time.

    Part-time links are kept as well, since a later pack may make them full-time.
    """
    of = pool.bound.get(event.kind, {}) if pool else {}
    there = of.get(event.cadre, ())
    if pool is None or event.subject_id in there:
        return Change(pool)
    of = {**of, event.cadre: (*there, event.subject_id)}
    return Change(pool.but(bound={**pool.bound, event.kind: of}))


def come_home(pool: Pool | None, event: LinkEnded | PostEnded, policy: Policy, today: date) -> Change:
    """A cadre is no longer bound there. If it was full-time, the cadre can be sent again, so another matching may find
    more."""
    of = pool.bound.get(event.kind, {}) if pool else {}
    there = of.get(event.cadre, ())
    if pool is None or event.subject_id not in there:
        return Change(pool)
    left = tuple(id for id in there if id != event.subject_id)
    of = {**of, event.cadre: left} if left else without(of, event.cadre)
    bound = {**pool.bound, event.kind: of} if of else without(pool.bound, event.kind)
    return Change(pool.but(bound=bound, answered=pool.answered and event.kind not in full_time_kinds(policy)))


def require_need(state: Contacts, link: PersonLink | Partner, policy: Policy) -> None:
    """Refuse a link to a village or a party for which nothing asks any more."""
    if not state.takes(link, policy) and isinstance(state, Posts):
        raise Refused(
            link.rule,
            f"“{state.name}”已撤销登记，或者不在需要“{link.label}”的名单上，不能确定",
            f"{state.id} was withdrawn, or is on no list that needs a {link.kind}; none can begin there",
            field="party",
        )
    if not state.takes(link, policy):
        raise Refused(
            link.rule,
            f"该村现未列入贫困村或者尚未会诊，也不在需要“{link.label}”的名单上，不能确定",
            f"the village is not on the poverty list now, or was not diagnosed; no {link.kind} link can begin",
        )


def _require_chosen(choice: Choice, link: PersonLink) -> None:
    """Refuse a link that names no skill or post of the pack's, or names one where the pack has none (0.5, 2.11)."""
    (zh, en), known = choice.words, choice.known
    if (choice.chosen is None) if known else (choice.chosen is not None):
        said = f"须填{zh}，可填：{'、'.join(known.values())}" if known else f"这种联系不填{zh}"
        told = f"it names a {en}: {', '.join(known)}" if known else f"a link of this kind names no {en}"
        raise Refused(link.rule, said, told, field=choice.field, status=422)
    if choice.chosen and choice.chosen not in known:
        said = f"本地规定中没有这项{zh}，可填：{'、'.join(known.values())}"
        told = f"the pack does not have {choice.chosen}; it has: {', '.join(known)}"
        raise Refused(link.rule, said, told, field=choice.field, status=422)


def _misfit(cadre: Cadre, rank: Rank, state: Contacts) -> tuple[str, str] | None:
    """Why a cadre cannot be bound to the village, in Chinese and English: the rank is too low, or the cadre has ties to
    the village or to one that was merged into it."""
    if RANKS.index(cadre.rank) < RANKS.index(rank):
        zh = f"的职务层次低于{label('rank', rank)}，请改由符合要求的干部联系"
        return zh, f"ranks below {rank.replace('_', ' ')}; choose a higher rank"
    if {state.lies_in, *state.merged} & {*cadre.ties}:
        return "须回避该村，请改由其他干部联系", "has ties to the village; choose another"
    return None


def _unready(cadre: Cadre, link: Contact, today: date) -> tuple[str, str] | None:
    """Why a cadre cannot begin such a link now, in Chinese and English: not in the reserve, or too old (0.5)."""
    if link.reserve and cadre.reserve is None:
        zh = "未登记是否后备干部，而此项须由后备干部担任；请补充登记，或者改派已登记的后备干部"
        return zh, "has no entry that says whether in the reserve, as this takes; register it, or choose one who is"
    if link.reserve and not cadre.reserve:
        return "不是后备干部，请改派后备干部", "is no reserve cadre; choose one who is"
    if link.younger_than and add_months(cadre.born_on, 12 * link.younger_than) <= today:
        age = link.younger_than
        return f"已满{age}周岁，请改派更年轻的干部", f"is {age} or older; choose somebody younger"
    return None


def bear(state: Bearer | None, command: BeginLink | BeginPost, policy: Policy, today: date) -> Change:
    """Count the village or party among those of the cadre, who may not have more than the pack allows (2.2)."""
    link = own_link(command, policy)
    assert link is not None, "the rule of the link itself has found it"
    state = state or Bearer(id=command.cadre, place=command.place)
    there, most = state.villages.get(link.kind, {}), link.each_bearer.at_most
    if command.subject_id in there:
        return Change(state)
    if most is not None and len(there) >= most:
        zh, verb = ("个组织", "任职于") if isinstance(command, BeginPost) else ("个村", "联系")
        raise Refused(
            link.rule,
            f"{command.cadre}已{verb}{'、'.join(sorted(there))}，每名干部最多{verb}{most}{zh}，请改由其他干部承担",
            f"{command.cadre} has {', '.join(sorted(there))} already, and {most} at most; choose another cadre",
            field="cadre",
        )
    kept = {**state.villages, link.kind: {**there, command.subject_id: link.rank}}
    return Change(state.but(villages=kept))


def end(state: Contacts | None, command: EndLink, policy: Policy, today: date) -> Change:
    """The body that the pack names ends a link. If the pack no longer has the kind, the organisation department
    does."""
    link = policy.contacts.get(command.kind)
    require_body(command.body, link.decides if link else "organisation", link.rule if link else "4.2")
    return unbind(addressed(state, command), command, link, policy, today)


def unbind(state: Contacts, command: EndLink | EndPost, link: PersonLink | None, policy: Policy, today: date) -> Change:
    """A cadre's or villager's link ends by decision. Refused where there is none."""
    if command.cadre not in state.bound(command.kind):
        what, en = ("任职于该组织", "the party") if isinstance(command, EndPost) else ("联系该村", "the village")
        raise Refused(
            link.rule if link else "4.2",
            f"{command.cadre}目前没有{what}，请核对干部编号",
            f"{command.cadre} is not bound to {en} now; check the id",
            field="cadre",
        )
    return ended(state, {command.kind: [command.cadre]}, "decided", policy, today, command.decided_by, before=state)


def merging(_state: Contacts | None, event: VillageMerged) -> Iterable[Key]:
    """The key of the village that ends, into which others may have been merged before."""
    return ((Contacts, event.village),)


def grow(state: Contacts | None, event: VillageMerged, policy: Policy, _today: date, others: Others) -> Change:
    """Another village was merged into this one: whoever must keep away from that one must keep away from this one too
    (5.6)."""
    if state is None and not policy.contacts:
        return Change(state)
    state, ended = state or Contacts(id=event.into, place=event.into_place), others[Contacts, event.village]
    before = ended.merged if isinstance(ended, Contacts) else ()
    return Change(state.but(merged=tuple(dict.fromkeys((*state.merged, *before, event.village)))))


def finish(state: Contacts | None, event: Ending, policy: Policy, today: date) -> Change:
    """The village left the list, or should never have been on it, or no longer exists. It needs nobody as a poor
    village.

    After an exit, links stay that do not end with it. Links that another list asks for stay as well. If the village was
    merged or withdrawn, all links end, and visits need not be reported any more.
    """
    if state is None:
        return Change(state)
    rest = state.but(needed=False, left=isinstance(event, VillageDelisted))
    may_stay = isinstance(event, VillageDelisted | VillageUnlisted | DiagnosisWithdrawn)
    stays = {kind for kind, link in policy.bonds.items() if may_stay and rest.takes(link, policy)}
    gone = {kind: [*bond.since] for kind, bond in state.bonds.items() if kind not in stays}
    if not may_stay:
        rest = rest.but(visits={}, lists={})
    told: tuple[Event, ...] = ()
    if isinstance(event, VillageDelisted):
        rest, told = keep(rest, today)
    over = ended(rest, gone, GROUNDS[type(event)], policy, today, before=state)
    return over._replace(events=(*told, *over.events))


def ended(
    state: Contacts, gone: Mapping[str, Iterable[str]], ground: str, policy: Policy, today: date, by: str = "",
    *, before: Contacts,
) -> Change:  # fmt: skip
    """The village without the links that end, each of which is told. What it needs is weighed anew."""
    told: list[Event] = []
    for kind, bearers in sorted(gone.items()):
        since = {bearer: day for bearer, day in state.bound(kind).items() if bearer not in {*bearers}}
        bond, link = state.bonds[kind], state.links(policy).get(kind)
        at: dict[str, Any] = {"kind": kind, "ground": ground, "decided_by": by}
        for bearer in sorted(bearers):
            if bond.parties:
                left_over = outstanding(state, kind, bearer)
                told.append(state.told(PartnerEnded, **at, party=bearer, outstanding=left_over))
                state = state.but(pledges=without(state.pledges, f"{kind}/{bearer}"))
            elif bond.villagers:
                told.append(state.told(ChargeEnded, **at, villager=bearer))
            else:
                told.append(state.told(LinkEnded, **at, cadre=bearer))
        left = state.having(link, since, policy, today) if link else None
        until = {id: on for id, on in bond.until.items() if id in since}
        rest = Bond(since, parties=bond.parties, villagers=bond.villagers, until=until)
        state = left or state.but(bonds={**state.bonds, kind: rest})
    return changed(before, state.weighed(policy, today), policy, today, *told)


def bound_to(state: Bearer | None, _event: CadreRegistered | CadreWithdrawn) -> Iterable[Key]:
    """The keys of the cadre's villages and parties, which know in which divisions they lie by now."""
    there = (id for ids in (state.villages if state else {}).values() for id in ids)
    return ((kind, id) for id in there for kind in (Contacts, Posts))


def judge(
    state: Bearer | None, event: CadreRegistered | CadreWithdrawn, policy: Policy, today: date, others: Others
) -> Change:
    """A cadre's data changed, or the cadre was withdrawn. Where the cadre no longer fits, the link ends that day.

    The data are sealed, but the event about the link's end is open. So it does not say why the cadre no longer fits.
    """
    told: list[Event] = []
    cadre = described(event) if isinstance(event, CadreRegistered) else None
    for kind, ranks in sorted(state.villages.items()) if state else ():
        for id, rank in sorted(ranks.items()):
            found = (others.get((of, id)) for of in (Contacts, Posts))
            for there in (one for one in found if isinstance(one, Contacts) and event.cadre in one.bound(kind)):
                if cadre is None or _misfit(cadre, rank, there):
                    gone = {"kind": kind, "cadre": event.cadre, "ground": "disqualified", "decided_by": ""}
                    told.append(there.told(LinkEnded, **gone))
    return Change(state, tuple(told))


def free(state: Bearer | None, event: LinkEnded | PostEnded, policy: Policy, today: date) -> Change:
    """The cadre has one village or party less."""
    if state is None:
        return Change(state)
    left = without(state.villages.get(event.kind, {}), event.subject_id)
    return Change(state.but(villages={**state.villages, event.kind: left}))


def lose(state: Contacts | None, event: LinkEnded | PostEnded | ChargeEnded, policy: Policy, today: date) -> Change:
    """A link ended otherwise than by a decision about the village. The place is open, if the village needs it."""
    bearer = event.villager if isinstance(event, ChargeEnded) else event.cadre
    if state is None or bearer not in state.bound(event.kind):
        return Change(state)
    lost = ended(state, {event.kind: [bearer]}, event.ground, policy, today, before=state)
    return Change(lost.state, tuple(told for told in lost.events if isinstance(told, PlaceFilled | PostFilled)))


def expire(state: Contacts, due: Due, policy: Policy, today: date) -> Change:
    """The terms of cadres are over: their links end, and places that must be filled are open anew (0.5)."""
    gone = {
        kind: [cadre for cadre, last in sorted(bond.until.items()) if last < due.on]
        for kind, bond in sorted(state.bonds.items())
    }
    gone = {kind: of for kind, of in gone.items() if of}
    return ended(state, gone, "term", policy, due.on, before=state)
