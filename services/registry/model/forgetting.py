"""A person becomes anonymous once a named body decides so (Personal Information Protection Law 47).

    registered ─ withdrawn ─ the pack's time is over: a body is asked ─ decided ─► forgotten

No event has a name, so nothing need be removed from streams and journals: only the registry keeps names, and it can
overwrite them. The event about it comes back to the registry from the stream. So a database that was restored from a
backup makes the person anonymous again when it reads that event.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from services.registry.model.commands import ForgetPerson
from services.registry.model.kept import RULE, Case, Kept, after, clocked
from services.registry.model.party import Person
from services.registry.model.units import Cadre
from services.registry.model.village import Village
from shared.calendar import Span
from shared.contracts.registry import PersonForgotten
from shared.contracts.values import ANONYMOUS
from shared.policy import Policy
from shared.rules import Change, Due, Key, Refused, State, addressed, require_body


def reads(state: Cadre | Person | None, command: ForgetPerson) -> Iterable[Key]:
    """The person of this id, as a cadre and as a person of a village, and the village of such a person."""
    yield from ((kind, command.person) for kind in (Cadre, Person))
    if village := _village_of(state):
        yield Village, village


def _village_of(state: Cadre | Person | None) -> str | None:
    of, _, id = state.parent.partition(":") if isinstance(state, Person) else ("", "", "")
    return id if of == "village" else None


def forget(
    state: Cadre | Person | None,
    command: ForgetPerson,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """Make a person anonymous. Refused while he is registered, while a case about him is open, and before the pack's
    time is over."""
    if state is None and any(others.get((kind, command.person)) for kind in (Cadre, Person)):
        return Change(None)  # It is the other sort of person, whose own state answers.
    addressed(state, command, "人员", "person")
    assert state is not None, "whom nobody knows has been refused"
    rule = policy.keeping.rule if policy.keeping else RULE
    require_body(command.body, policy.keeping.by if policy.keeping else "organisation", rule)
    if state.kept.forgotten:
        return Change(state)
    if not state.withdrawn:
        zh = f"{state.id}仍在册，可能仍担任职务或者承担帮扶，请先撤销其登记"
        raise Refused(rule, zh, f"{state.id} is registered, and may hold a post; withdraw the registration first")
    if len(state.name) > 1 and state.name in f"{command.reason}\n{command.decided_by}":
        zh = "原因和作出决定的机关中不得写当事人的姓名：此内容随决定长期留存，写明编号即可"
        en = "name nobody in reason and decided_by, which are kept for ever; the id is enough"
        raise Refused(rule, zh, en, field="reason", status=422)
    if cases := state.kept.open(today):
        zh = f"{state.id}有未办结的奖惩事项{len(cases)}项，办结且救济期限、影响期届满后再办"
        en = f"{state.id} has {len(cases)} cases that are not over; do it once they are, with their remedies"
        raise Refused(rule, zh, en, field="person")
    last = state.kept.last(span_of(state, policy), policy)
    if last and last >= today:
        zh = f"{state.id}的保存期限至{last}届满，届满后再办"
        raise Refused(rule, zh, f"{state.id} is to be kept until {last}; do it after that day", field="person")
    unit, village = state.unit if isinstance(state, Cadre) else None, _village_of(state)
    now = others.get((Village, village)) if village else None
    event = PersonForgotten(
        place=state.place,
        person=state.id,
        unit=unit,
        village=(now.into if isinstance(now, Village) else "") or village,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    return Change(state, (event,))


def forgotten(state: Cadre | Person | None, _event: PersonForgotten, _policy: Policy, _today: date) -> Change:
    """Overwrite the personal data. A restored database may not have heard that the registration was withdrawn, so the
    person is marked as withdrawn, too."""
    if state is None:
        return Change(None)
    kept = Kept(ended_on=state.kept.ended_on, forgotten=True)
    gone = state.but(name=ANONYMOUS, withdrawn=True, kept=kept, timers={})
    if isinstance(gone, Person):
        return Change(gone.but(fields={}))
    return Change(gone.but(party_member=None, work_since=None, born_on=None, reserve=None, ties=()))


def look(state: Cadre | Person, _due: Due, policy: Policy, today: date) -> Change:
    """The time of keeping, as it was counted when the timer was set, is over: a body is asked what to do.

    If the pack in force now keeps the person longer, the timer is set to the later day instead.
    """
    return Change(clocked(state, state.kept, span_of(state, policy), policy, today))


def follow(state: Cadre | Person | None, event: Case, _policy: Policy, _today: date) -> Change:
    """A case about the person has begun, is over, or goes on."""
    return Change(state and state.but(kept=after(state.kept, event)))


def span_of(state: Cadre | Person, policy: Policy) -> Span | None:
    """How long the pack keeps such a person; None if it does not say."""
    if policy.keeping is None:
        return None
    return policy.keeping.cadres if isinstance(state, Cadre) else policy.keeping.persons
