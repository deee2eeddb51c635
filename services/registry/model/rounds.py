"""How a village's matters and the rest affect one another: other rounds, a merger, the village's figures.

A round decides on households one by one (`resolution.py`). No household is in two rounds at once, since two bodies
could decide on it differently. A village with an open objection in a matter cannot end by a merger. The register
follows what a round has decided: its figures count a household as lifted until the decision is taken back.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.registry.model.commands import MergeVillages, OpenResolution, WithdrawStep
from services.registry.model.measurement import measured
from services.registry.model.monitoring import decided_by
from services.registry.model.register import Household, Lifted, Register, registered_in
from services.registry.model.resolution import WATCHING, Resolution
from services.registry.model.village import EXIT_RULE, LISTED, Village, standing, unjudged
from shared.contracts.registry import HouseholdsLifted, StepWithdrawn
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State, few, rests


def of_village(village: Village | None, _command: OpenResolution | MergeVillages) -> Iterable[Key]:
    """The village's matters."""
    return ((Resolution, f"{village.id}/{matter}") for matter in village.matters) if village else ()


def _open(others: Mapping[Key, State | None]) -> Iterable[Resolution]:
    return (other for other in others.values() if isinstance(other, Resolution) and other.awaits)


def may_open(
    village: Village | None, command: OpenResolution, _policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """Refuse a round with a household that another open round of the village still decides on."""
    village = standing(village, command)
    for other in _open(others):
        taken = [id for id in other.course.present if id in command.members and other.matter != command.matter]
        if taken:
            zh, en = few(taken)
            raise Refused(
                other.rule,
                f"农户{zh}正在事项“{other.matter}”中办理，请从本次名单中删去，或者待该事项办结后再启动",
                f"{en} are being decided on in {other.matter!r}; leave them out, or wait for its end",
                field="members",
            )
    return Change(village)


def may_end(
    village: Village | None, command: MergeVillages, _policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """Refuse to let a village end by a merger while an objection in one of its matters awaits its answer."""
    for other in _open(others):
        if numbers := other.course.open_objections:
            said = "、".join(f"第{number}号异议" for number in numbers)
            raise Refused(
                other.rule,
                f"村{other.village}的事项“{other.matter}”有{said}尚未处理，合并后事项即终止；请先处理异议",
                f"objection {', '.join(map(str, numbers))} of {other.matter!r} in village {other.village} awaits a "
                "decision, and the merger ends the matter; decide first",
                field="merged",
            )
    return Change(village)


# ------------------------------------------------------------ what the register counts


def lift(
    register: Register, event: HouseholdsLifted, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Count the households as lifted that a round has lifted and that are still registered."""
    by = Lifted(f"{event.village}/{event.matter}", today)
    found = {id: one for id, one in registered_in(register).items() if id in event.households}
    return _marked(register, found, by, policy, others[Village, event.village])


def take_back(
    register: Register, event: StepWithdrawn, policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """The last step of a round was taken back, so the households that it lifted are poor again."""
    found = _lifted_by(register, f"{event.village}/{event.matter}")
    return _marked(register, found, None, policy, others[Village, event.village])


def of_event(_register: Register | None, event: HouseholdsLifted | StepWithdrawn) -> Iterable[Key]:
    """The village whose figures change."""
    yield Village, event.village


def _lifted_by(register: Register, round: str) -> dict[str, Household]:
    return {id: one for id, one in register.households.items() if one.lifted and one.lifted.round == round}


def _marked(
    register: Register, found: Mapping[str, Household], lifted: Lifted | None, policy: Policy, village: State | None
) -> Change:
    """The register with these households lifted, or no longer. The latest year's figures, if any, are computed anew.

    They are left as they are while an exit is judged by them, and once the village has left the list.
    """
    if not found:
        return Change(register)
    marked = {id: msgspec.structs.replace(one, lifted=lifted) for id, one in found.items()}
    register = register.but(households={**register.households, **marked})
    values = register.measurements.get(str(register.year))
    if values is None or not isinstance(village, Village) or village.exit or village.stage not in LISTED:
        return Change(register)
    return measured(register, register.year, values, policy, "")


def of_step(_village: Village | None, command: WithdrawStep) -> Iterable[Key]:
    """The matter whose step is taken back, and the register that counts what it lifted."""
    yield Resolution, f"{command.village}/{command.matter}"
    yield Register, command.village


def may_take_back(
    village: Village | None, command: WithdrawStep, _policy: Policy, _today: date, others: Mapping[Key, State | None]
) -> Change:
    """Refuse to take back a round's lifting while an exit is judged by it, or once one was decided by it.

    Refused as well if some of its households have gone, since they would stay lifted where they are now. A round on who
    is watched is not taken back once something else was decided on one of its households.
    """
    village = standing(village, command)
    round, register = others[Resolution, f"{command.village}/{command.matter}"], others[Register, command.village]
    if not isinstance(round, Resolution) or not isinstance(register, Register) or round.status != "passed":
        return Change(village)
    if round.effect in WATCHING and round.course.step is None and command.step == round.taken[-1].step:
        stands = decided_by(register, round.id)
        later = [id for id in round.course.present if id not in stands]
        rests(round.rule, {f"农户{id}此后的监测决定": f"what was decided on {id} since" for id in later})
    lifted = _lifted_by(register, round.id)
    if not lifted or command.step != round.taken[-1].step:
        return Change(village)
    village = unjudged(village, command)
    day = village.delisted_on
    if day and any(one.lifted and one.lifted.on <= day for one in lifted.values()):
        rests(EXIT_RULE, village.exited)
    if gone := [id for id in round.course.present if id not in lifted]:
        rests(round.rule, {f"已划出或者撤销的农户{id}": f"household {id}, which has gone" for id in gone})
    return Change(village)
