"""A village's open matters, where something else touches them: another round, or a merger.

A round decides on households one by one (`resolution.py`). No household is in two rounds at once: two bodies could
decide on it differently. And no objection vanishes unanswered because its village ends.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from services.registry.model.commands import MergeVillages, OpenResolution
from services.registry.model.resolution import Resolution
from services.registry.model.village import Village, standing
from shared.policy import Policy
from shared.rules import Change, Key, Refused, State


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
            raise Refused(
                other.rule,
                f"农户{'、'.join(taken[:5])}正在事项“{other.matter}”中办理，请从本次名单中删去，或者待该事项办结后再启动",
                f"{', '.join(taken[:5])} are being decided on in {other.matter!r}; leave them out, or wait for its end",
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
