"""Households that are watched so that they do not fall into poverty (防返贫监测): proposed, watched, visited, cleared.

    facts, reports ─► proposed ─► a round decides ─► watched, visited ─► a round decides ─► cleared
                         ▲                              └ a visit finds the risk removed ┘       │
                         └─────────────────────────── new facts ─────────────────────────────────┘

Incomes below the pack's line and reports only propose a household; who is watched, and who no longer is, is decided by
rounds (`resolution.py`), which this module follows. The pack names the classes (脱贫不稳定户, 边缘易致贫户,
突发严重困难户), their lines and times. Everything is kept with the household in the village's register, so that it
goes along when villages are merged or split.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec

from services.registry.model.commands import (
    OpenResolution,
    ReportRisk,
    ReviewHousehold,
    WithdrawHousehold,
    WithdrawMonitoring,
    WithdrawRisk,
)
from services.registry.model.register import Household, Lifted, Register, Report, Watch, households_in, registered_in
from shared.calendar import DAY
from shared.contracts import Command, Event
from shared.contracts.registry import (
    HouseholdsCleared,
    HouseholdsMonitored,
    MonitoringCounted,
    MonitoringOverdue,
    MonitoringWithdrawn,
    ResolutionWithdrawn,
    StepWithdrawn,
    VillageMerged,
)
from shared.policy import Policy
from shared.policy.monitoring import WatchClass
from shared.policy.procedure import Procedure
from shared.rules import Change, Due, Refused, State, require_body, rests

RULE = "5.11"
"""The rule that a refusal cites if the pack has no procedure for monitoring."""


# ------------------------------------------------------------------ proposals


def proposals(register: Register, policy: Policy) -> dict[str, date]:
    """What waits for a round to be opened: by effect and class, as `monitor/unstable`, the day of the first sign."""
    found: dict[str, date] = {}
    for household in register.households.values() if policy.monitoring else ():
        for key, sign in _signs(household, policy):
            found[key] = min(sign, found.get(key, sign))
    return found


def _signs(household: Household, policy: Policy) -> Iterator[tuple[str, date]]:
    """What speaks for watching a household in a class, or for its risk being removed, each with its day.

    A sign on which a round was opened counts no more. For facts and visits that is seen by their day. A report has the
    round noted in it instead, since it may tell of a day before the latest round.
    """
    watch, report, terms = household.watch, household.reported, policy.monitoring
    assert terms is not None
    since = household.considered.on if household.considered else date.min
    if report and not report.round and (watch is None or watch.code != report.code):
        yield f"monitor/{report.code}", report.on
    if watch and watch.eased_on and watch.eased_on > since:
        yield f"clear/{watch.code}", watch.eased_on
    if watch is None and household.as_of > since and household.is_poor(terms.line_of(household.as_of.year)):
        fits = (one for one in terms.classes if one.by_income and fits_class(household, one, policy))
        yield from ((f"monitor/{one.code}", household.as_of) for one in [*fits][:1])


def fits_class(household: Household, one: WatchClass, policy: Policy) -> bool:
    """Whether a household can be in a class: lifted out of poverty, or never registered as poor.

    Where the pack has no rounds that lift, every registered household counts as lifted. Where it has them, a registered
    household that no round has lifted is poor and is helped as such.
    """
    rounds = any(procedure.effect == "lift" for procedure in policy.procedures)
    lifted = household.registered and (household.lifted is not None or not rounds)
    return {"lifted": lifted, "outside": not household.registered, "any": lifted or not household.registered}[one.of]


def recounted(register: Register, policy: Policy, *events: Event) -> Change:
    """The register with its proposals, the day of its next visit, and an event if the numbers of a class changed."""
    proposed = proposals(register, policy)
    visits = [one.watch.review_by for one in register.households.values() if one.watch and not one.watch.told]
    next_visit = min(visits, default=None)
    register = register.but(proposed=proposed).timed(review=next_visit and next_visit + DAY)
    households: dict[str, int] = {}
    persons: dict[str, int] = {}
    for one in register.households.values():
        if one.watch:
            households[one.watch.code] = households.get(one.watch.code, 0) + 1
            persons[one.watch.code] = persons.get(one.watch.code, 0) + one.persons
    if (households, persons) == (register.watched, register.watched_persons):
        return Change(register, events)
    none = dict.fromkeys(register.watched, 0)  # A class that has become empty is told as such.
    told = MonitoringCounted(
        place=register.place, village=register.id, watched=none | households, watched_persons=none | persons
    )
    return Change(register.but(watched=households, watched_persons=persons), (*events, told))


def recount(register: Register | None, _message: Command | VillageMerged, policy: Policy, _today: date) -> Change:
    """Count again after households were recorded, corrected, taken over, handed over or removed.

    If the pack has no monitoring and nobody is watched, nothing is counted, which saves time.
    """
    if register is None or not (policy.monitoring or register.watched):
        return Change(register)
    return recounted(register, policy)


# ------------------------------------------------------------- the rounds


def check_members(
    procedure: Procedure, command: OpenResolution, register: Register, policy: Policy, today: date
) -> None:
    """Refuse a round on watching with households that do not fit its class or are watched in it already.

    Refuse a round on removed risk with households that are not watched in its class, or not long enough yet.
    """
    one = class_of(command.subject_code, policy, procedure.rule, "subject_code")
    for id in command.members:
        household = register.households[id]
        watch = household.watch
        if procedure.effect == "clear":
            zh, en = _not_clearable(id, watch, one, policy, today)
        elif watch and watch.code == one.code:
            zh, en = (
                f"农户{id}已按“{one.label}”纳入监测，请从名单中删去",
                f"{id} is watched as {one.code}; leave it out",
            )
        elif not fits_class(household, one, policy):
            whom = {"lifted": ("脱贫户", "a lifted one"), "outside": ("未建档立卡的农户", "never registered as poor")}
            zh, en = whom.get(one.of, ("已脱贫或者未建档立卡的农户", "lifted or never registered as poor"))
            zh = f"“{one.label}”应是{zh}，农户{id}不是，请从名单中删去或者改填类别"
            en = f"{one.code} is for a household that is {en}, and {id} is not; leave it out or name another class"
        else:
            continue
        if zh:
            raise Refused(procedure.rule, zh, en, field="members", status=422)


def _not_clearable(id: str, watch: Watch | None, one: WatchClass, policy: Policy, today: date) -> tuple[str, str]:
    """Why a household's risk cannot be found removed in a round of this class; empty if it can."""
    if watch is None or watch.code != one.code:
        return f"农户{id}未按“{one.label}”监测，请从名单中删去", f"{id} is not watched as {one.code}; leave it out"
    if (until := one.observe.after(watch.on, policy.calendar)) > today:
        zh = f"农户{id}纳入监测未满观察期，自{until}起方可认定风险消除，请从名单中删去"
        return zh, f"{id} is watched until {until} at least; leave it out, or open the round from that day on"
    return "", ""


def class_of(code: str, policy: Policy, rule: str, field: str) -> WatchClass:
    """The pack's class of a code. Raises Refused if it has none."""
    one = policy.monitoring.known(code) if policy.monitoring else None
    if one is None:
        known = policy.monitoring.classes if policy.monitoring else ()
        zh = "、".join(f"“{each.label}”" for each in known) or "（本地未规定监测对象类别）"
        raise Refused(
            rule,
            f"没有代码为“{code}”的监测对象类别，可填：{zh}",
            f"the pack watches no class {code!r}, only {', '.join(each.code for each in known) or 'none at all'}",
            field=field,
            status=422,
        )
    return one


def eligible(effect: str, subject_code: str, register: State | None) -> set[str]:
    """The ids of the households with which a round can go on. One that was removed or is watched no more leaves it."""
    if effect == "monitor":
        return {*households_in(register)}
    if effect == "clear":
        return {id for id, one in households_in(register).items() if one.watch and one.watch.code == subject_code}
    return {*registered_in(register)}


def consider(register: Register | None, command: OpenResolution, policy: Policy, today: date) -> Change:
    """A round is opened on households. The signs until today are decided on there, and propose them no more."""
    procedure = policy.procedure(command.kind)
    if register is None or procedure is None or procedure.effect not in ("monitor", "clear"):
        return Change(register)
    on = Lifted(f"{command.village}/{command.matter}", today)
    found = {id: one for id, one in register.households.items() if id in command.members}
    if any(one.considered and one.considered.round == on.round for one in found.values()):
        return Change(register)  # It is a repetition.
    changed = {id: _considered(one, on, procedure.effect) for id, one in found.items()}
    return recounted(register.but(households={**register.households, **changed}), policy)


def _considered(household: Household, on: Lifted, effect: str) -> Household:
    """A household of a round that was just opened. A round on watching also takes up its report, whatever its class."""
    report = household.reported
    if report and effect == "monitor":
        report = msgspec.structs.replace(report, round=on.round)
    return msgspec.structs.replace(household, considered=on, reported=report)


def reconsider(register: Register | None, event: ResolutionWithdrawn, policy: Policy, _today: date) -> Change:
    """A round was withdrawn, so households on which it has not decided are proposed as before."""
    round = f"{event.village}/{event.matter}"
    households = {id: one.open_again(round) for id, one in register.households.items()} if register else {}
    if register is None or households == register.households:
        return Change(register)
    return recounted(register.but(households=households), policy)


def watch(register: Register, event: HouseholdsMonitored, policy: Policy, today: date) -> Change:
    """These households are watched from today in the class of the event, even if it was another class until now."""
    by = f"{event.village}/{event.matter}"
    review_by = policy.monitoring.review_every.after(today, policy.calendar) if policy.monitoring else today
    changed = dict(register.households)
    for id in event.households:
        if id in changed:
            former, new = changed[id].watch or changed[id].cleared, Watch(event.watch_class, by, today, review_by)
            changed[id] = msgspec.structs.replace(changed[id], watch=new, cleared=None, former=former)
    return recounted(register.but(households=changed), policy)


def clear(register: Register, event: HouseholdsCleared, policy: Policy, _today: date) -> Change:
    """The risk of these households is removed. They are watched no more, and can be proposed again by later facts."""
    by, changed = f"{event.village}/{event.matter}", dict(register.households)
    for id in event.households:
        if id in changed and (found := changed[id].watch):
            cleared = msgspec.structs.replace(found, cleared_by=by)
            changed[id] = msgspec.structs.replace(changed[id], watch=None, cleared=cleared)
    return recounted(register.but(households=changed), policy)


def take_back(register: Register | None, event: StepWithdrawn, policy: Policy, _today: date) -> Change:
    """The last step of a round was taken back, so its households are watched, or not, as before the round."""
    round = f"{event.village}/{event.matter}"
    changed = dict(register.households) if register else {}
    for id, one in changed.items():
        if one.watch and one.watch.round == round:
            was = {"cleared" if one.former.cleared_by else "watch": one.former} if one.former else {}
            changed[id] = msgspec.structs.replace(one, **{"watch": None, "cleared": None, "former": None, **was})
        elif one.cleared and one.cleared.cleared_by == round:
            changed[id] = msgspec.structs.replace(
                one, watch=msgspec.structs.replace(one.cleared, cleared_by=""), cleared=None
            )
    if register is None or changed == register.households:
        return Change(register)
    return recounted(register.but(households=changed), policy)


def decided_by(register: Register, round: str) -> list[str]:
    """The households on which a round's decision stands."""
    return [id for id, one in register.households.items() if one.decided_by(round)]


# ------------------------------------------------------- reports and visits


def report(register: Register | None, command: ReportRisk, policy: Policy, today: date) -> Change:
    """A household is reported to be at risk, which proposes it. The household's facts must be known before."""
    rule = _rule(policy)
    register, household = _household(register, command.household, rule)
    one = class_of(command.watch_class, policy, rule, "watch_class")
    _check_day(command.on, today, rule)
    if household.watch and household.watch.code == one.code:
        raise Refused(
            rule,
            f"农户{command.household}已按“{one.label}”纳入监测，无须再次报告",
            f"{command.household} is watched as {one.code} already; no report is needed",
            field="household",
        )
    if not fits_class(household, one, policy):
        raise Refused(
            rule,
            f"农户{command.household}不属于“{one.label}”的适用范围，请改填类别；尚未脱贫的户按贫困户帮扶",
            f"{command.household} cannot be {one.code}; name another class; whoever is poor still is helped as such",
            field="watch_class",
            status=422,
        )
    told = Report(one.code, command.source, command.on)
    return recounted(_with(register, {command.household: household}, reported=told), policy)


def withdraw_report(register: Register | None, command: WithdrawRisk, policy: Policy, _today: date) -> Change:
    """The report was a mistake, so it proposes nobody any more. A round that was opened because of it goes on."""
    household = register.households.get(command.household) if register else None
    if register is None or household is None or household.reported is None:
        return Change(register)
    return recounted(_with(register, {command.household: household}, reported=None), policy)


def review(register: Register | None, command: ReviewHousehold, policy: Policy, today: date) -> Change:
    """A watched household was visited, which sets the day of the next visit.

    The visit may find that the risk seems removed. That only proposes a round, which decides.
    """
    rule, terms = _rule(policy), policy.monitoring
    register, household = _household(register, command.household, rule)
    watch = household.watch
    if watch is None or terms is None:
        raise Refused(
            rule,
            f"农户{command.household}不在监测中，不填走访；如有返贫致贫风险，请先报告",
            f"{command.household} is not watched, so that no visit is due; if it is at risk, report that first",
            field="household",
        )
    require_body(command.body, terms.reviewed_by, rule)
    _check_day(command.on, today, rule)
    if command.on < max(watch.on, watch.seen_on or watch.on):
        raise Refused(
            rule,
            f"走访日期早于纳入监测或者最近一次走访的日期{watch.seen_on or watch.on}，请核对",
            f"the visit must not lie before {watch.seen_on or watch.on}, the latest one or the begin; check the day",
            field="on",
            status=422,
        )
    one, considered = terms.known(watch.code), household.considered
    if command.eased and one and (until := one.observe.after(watch.on, policy.calendar)) > command.on:
        raise Refused(
            rule,
            f"纳入监测未满观察期，自{until}起方可提出风险消除，请填“否”",
            f"it is watched until {until} at least; before that its risk is not found removed: enter no",
            field="eased",
            status=422,
        )
    first = watch.eased_on if watch.eased_on and (not considered or watch.eased_on > considered.on) else command.on
    seen = msgspec.structs.replace(
        watch,
        seen_on=command.on,
        eased_on=first if command.eased else None,
        review_by=terms.review_every.after(command.on, policy.calendar),
        told=False,
    )
    return recounted(_with(register, {command.household: household}, watch=seen), policy)


def withdraw(register: Register | None, command: WithdrawMonitoring, policy: Policy, today: date) -> Change:
    """A named body takes a household out of the monitoring: a mistake, or it has moved away or died out."""
    household = register.households.get(command.household) if register else None
    if register is None or household is None or household.watch is None:
        return Change(register)
    event = MonitoringWithdrawn(
        place=register.place,
        village=register.id,
        household=command.household,
        watch_class=household.watch.code,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    ended = {"watch": None, "cleared": None, "former": None, "reported": None, "considered": Lifted("", today)}
    return recounted(_with(register, {command.household: household}, **ended), policy, event)


def may_remove(register: Register | None, command: WithdrawHousehold, policy: Policy, _today: date) -> Change:
    """Refuse to remove a household from the register while it is watched: first a body ends its monitoring."""
    household = register.households.get(command.household) if register else None
    if household and household.watch:
        on = household.watch.on
        rests(_rule(policy), {f"{on}纳入的监测": f"the monitoring since {on}"})
    return Change(register)


def fall_due(register: Register, due: Due, policy: Policy, _today: date) -> Change:
    """Households were not visited in time. Each missed visit is told once."""
    late = {
        id: one
        for id, one in register.households.items()
        if one.watch and not one.watch.told and one.watch.review_by < due.on
    }
    days = [one.watch.review_by for one in late.values() if one.watch]
    told = {id: msgspec.structs.replace(one.watch, told=True) for id, one in late.items() if one.watch}
    marked = {id: msgspec.structs.replace(one, watch=told[id]) for id, one in late.items()}
    register = register.but(households={**register.households, **marked})
    if not late or policy.monitoring is None:
        return recounted(register, policy)
    by = policy.monitoring.reviewed_by
    event = MonitoringOverdue(place=register.place, village=register.id, late=len(late), due=min(days), owed_by=by)
    return recounted(register, policy, event)


class Watched(msgspec.Struct, frozen=True):
    """How many households of a division are watched in a class."""

    code: str
    label: str
    households: int
    persons: int
    villages: int
    """In how many villages they live."""


def counts(registers: Iterable[Register], policies: Iterable[Policy]) -> Iterator[Watched]:
    """How many households are watched in each class. The packs give the names of the classes."""
    found = [*registers]
    labels = {one.code: one.label for policy in policies if policy.monitoring for one in policy.monitoring.classes}
    for code in sorted({code for one in found for code in one.watched}):
        here = [one for one in found if code in one.watched]
        households, persons = (sum(getattr(one, of)[code] for one in here) for of in ("watched", "watched_persons"))
        yield Watched(code, labels.get(code, code), households, persons, len(here))


def _rule(policy: Policy) -> str:
    """The rule that monitoring rests on: that of the pack's procedure."""
    return next((one.rule for one in policy.procedures if one.effect == "monitor"), RULE)


def _with(register: Register, found: Mapping[str, Household], **changes: object) -> Register:
    changed = {id: msgspec.structs.replace(one, **changes) for id, one in found.items()}
    return register.but(households={**register.households, **changed})


def _household(register: Register | None, id: str, rule: str) -> tuple[Register, Household]:
    household = register.households.get(id) if register else None
    if register is None or household is None:
        raise Refused(
            rule,
            f"本村没有农户{id}的信息，请核对户编号；未录入的，请先录入农户信息",
            f"the village knows no household {id!r}; check its id, or record its facts first (households)",
            field="household",
            status=404,
        )
    return register, household


def _check_day(on: date, today: date, rule: str) -> None:
    if on > today:
        raise Refused(
            rule, f"{on}尚未到来，请核对日期", f"{on} has not come yet; check the day", field="on", status=422
        )
