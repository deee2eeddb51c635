"""The reply of the visited side to findings, before an order follows (1.6), and the decision on what it disputes."""

from collections.abc import Mapping
from datetime import date

import msgspec

from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import DecideReply, ReplyToVisit
from services.inspection.model.supervision import Hearing, Supervision, heard, issue
from shared.contracts import Event
from shared.contracts.inspection import ReplyDecided, VisitMade, VisitReplied
from shared.labels import said
from shared.policy import Policy
from shared.rules import Change, Due, Key, Refused, State, addressed, require_body

RULE = "1.6"


def follow(
    state: Supervision | None, event: VisitMade, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """What follows from a visit with findings: an order at once, or first the reply, where the pack allows one."""
    (campaign,) = others.values()
    if state is None or not state.unit or not event.findings or not isinstance(campaign, Campaign):
        return Change(state)
    id, terms = f"{event.campaign}/{event.village}", campaign.terms.reply
    times = {code: time for code, time in campaign.findings.items() if time and code in event.findings}
    if terms is None:
        return issue(state, id, times, policy, today)
    hearing = Hearing(
        by=terms.by,
        findings=event.findings,
        allowed=times,
        decides=terms.decide_by.within,
        reply_by=terms.reply_by.due(today, policy.calendar),
        of=event.kind,
        year=event.year,
        absent=bool(event.absent),
    )
    waiting = heard(state, {**state.hearings, id: hearing})
    path = "hearings", id, "reply_by"
    return Change(waiting.counting(*path, since=today, span=terms.reply_by.within, timer="replies"))


def reply(state: Supervision | None, command: ReplyToVisit, policy: Policy, today: date) -> Change:
    """Take the reply. If nothing is disputed, the order follows; else the inspection decides first."""
    village, hearing = _hearing(state, command)
    require_body(command.body, hearing.by, RULE)
    disputed = tuple(sorted({*command.disputed}))
    _must_be_among(disputed, hearing.findings, "disputed", policy)
    if disputed and disputed == hearing.disputed:
        return Change(village)
    told = VisitReplied(
        place=village.place,
        village=village.id,
        campaign=command.campaign,
        disputed=disputed,
        document=command.document,
        replied_by=command.replied_by,
    )
    id = f"{command.campaign}/{village.id}"
    if not disputed:
        after = _ordered(village, id, (), policy, today)
        return Change(after.state, (told, *after.events))
    last = hearing.decide_by or hearing.decides.after(today, policy.calendar)
    waiting = msgspec.structs.replace(hearing, disputed=disputed, decide_by=last)
    changed = heard(village, {**village.hearings, id: waiting})
    if hearing.decide_by is None:
        changed = changed.counting("hearings", id, "reply_by")
        changed = changed.counting("hearings", id, "decide_by", since=today, span=hearing.decides)
    return Change(changed, (told,))


def decide(state: Supervision | None, command: DecideReply, policy: Policy, today: date) -> Change:
    """Decide on what is disputed. A disputed finding that is not confirmed is refuted. The order has all others."""
    village, hearing = _hearing(state, command)
    require_body(command.body, "inspection", RULE)
    if not hearing.disputed:
        raise Refused(
            RULE,
            f"被督查方对督查“{command.campaign}”发现的问题尚未提出异议，无需认定",
            f"nothing that campaign {command.campaign!r} found in the village is disputed; there is nothing to decide",
            field="campaign",
        )
    confirmed = tuple(sorted({*command.confirmed}))
    _must_be_among(confirmed, hearing.disputed, "confirmed", policy)
    refuted = tuple(code for code in hearing.disputed if code not in confirmed)
    told = ReplyDecided(
        place=village.place,
        village=village.id,
        campaign=command.campaign,
        confirmed=confirmed,
        refuted=refuted,
        document=command.document,
        decided_by=command.decided_by,
        kind=hearing.of or None,
        year=hearing.year or None,
        cleared=not hearing.absent and {*hearing.findings} == {*refuted},
    )
    after = _ordered(village, f"{command.campaign}/{village.id}", refuted, policy, today)
    return Change(after.state, (told, *after.events))


def end(state: Supervision, due: Due, policy: Policy, today: date) -> Change:
    """The time for replies is over: what nobody replied to counts as accepted, and its order follows."""
    village, events = state, list[Event]()
    for id, hearing in sorted(state.hearings.items()):
        if hearing.decide_by is None and hearing.reply_by < due.on:
            after = _ordered(village, id, (), policy, due.on)
            assert isinstance(after.state, Supervision)
            village, events = after.state, [*events, *after.events]
    return Change(heard(village, village.hearings), tuple(events))


def note_reply(state: Campaign | None, event: VisitReplied, policy: Policy, today: date) -> Change:
    """What is disputed stands beside the finding, also in the bulletin."""
    if state is None or event.village not in state.visited:
        return Change(state)
    return Change(state.but(disputed=_with(state.disputed, event.village, event.disputed)))


def note_decision(state: Campaign | None, event: ReplyDecided, policy: Policy, today: date) -> Change:
    """Remove refuted findings from the visit. A bulletin that is out already has them until it is withdrawn."""
    made = state.visited.get(event.village) if state else None
    if state is None or made is None:
        return Change(state)
    kept = msgspec.structs.replace(made, findings=tuple(code for code in made.findings if code not in event.refuted))
    visited = {**state.visited, event.village: kept}
    return Change(state.but(visited=visited, disputed=_with(state.disputed, event.village, ())))


def _with(disputed: Mapping[str, tuple[str, ...]], village: str, codes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    others = {id: one for id, one in disputed.items() if id != village}
    return {**others, village: codes} if codes else others


def _hearing(state: Supervision | None, command: ReplyToVisit | DecideReply) -> tuple[Supervision, Hearing]:
    village = addressed(state, command, "派驻过工作队的村", "village with a team")
    hearing = village.hearings.get(f"{command.campaign}/{village.id}")
    if hearing is None:
        raise Refused(
            RULE,
            f"督查“{command.campaign}”在该村没有待说明的问题（没有发现问题、已下达整改或者已过说明期限）",
            f"campaign {command.campaign!r} has no findings in the village that await a reply (none were found, the "
            "order is issued, or the time is over)",
            field="campaign",
        )
    return village, hearing


def _must_be_among(codes: tuple[str, ...], known: tuple[str, ...], field: str, policy: Policy) -> None:
    if {*codes} <= {*known}:
        return
    raise Refused(
        RULE,
        f"只能填写：{said('findings', known, policy)}",
        f"only these can be named: {', '.join(known)}",
        field=field,
        status=422,
    )


def _ordered(village: Supervision, id: str, refuted: tuple[str, ...], policy: Policy, today: date) -> Change:
    """The village without this hearing, and with the order for what is left of its findings."""
    hearing = village.hearings[id]
    rest = heard(village, {other: one for other, one in village.hearings.items() if other != id})
    rest = rest.counting("hearings", id, "reply_by").counting("hearings", id, "decide_by")
    times = {code: time for code, time in hearing.allowed.items() if code not in refuted}
    return issue(rest, id, times, policy, today)
