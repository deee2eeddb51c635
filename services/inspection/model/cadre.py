"""The units and ties of cadres, by which the inspection knows who must not inspect a village (2.19)."""

from collections.abc import Iterable, Mapping
from datetime import date

from services.inspection.model.campaign import Campaign
from services.inspection.model.commands import RecordVisit
from services.inspection.model.supervision import Supervision
from shared.contracts.registry import CadreRegistered, CadreWithdrawn
from shared.policy import Policy
from shared.rules import Change, Key, Oneself, Refused, State


class Cadre(State, frozen=True, kw_only=True, omit_defaults=True):
    """A cadre of a unit that sends teams. The id is the cadre's."""

    kind = "cadres"
    needs_policy = False
    personal = True
    readers = frozenset({"inspection"})
    known_as = ("干部回避情况", "where a cadre is recused")

    unit: str
    ties: tuple[str, ...] = ()
    """The villages in which the cadre is recused because of kinship or origin."""

    @classmethod
    def kept_about(cls, person: Oneself) -> Iterable[str]:
        return (person.cadre,)


def register(state: Cadre | None, event: CadreRegistered, policy: Policy, today: date) -> Change:
    """A cadre was registered, or is of another unit or has other ties now.

    Few cadres have ties. Those without are kept only where the pack recuses cadres because of their unit.
    """
    if state is None and not event.ties and not any("bearers" in campaign.recuse for campaign in policy.campaigns):
        return Change(None)
    return Change(Cadre(id=event.cadre, place=event.place, unit=event.unit, ties=event.ties))


def withdraw(state: Cadre | None, event: CadreWithdrawn, policy: Policy, today: date) -> Change:
    """A cadre who has left the service has no unit any more. Ties stay, since they do not depend on the unit."""
    return Change(state and state.but(unit=""))


def inspectors(_state: Supervision | None, command: RecordVisit) -> Iterable[Key]:
    """The keys of a visit's campaign and of the cadres who went there."""
    return ((Campaign, command.campaign), *((Cadre, one) for one in command.inspectors))


def check_recused(
    state: Supervision | None, command: RecordVisit, policy: Policy, today: date, others: Mapping[Key, State | None]
) -> Change:
    """Refuse a visit by somebody who answers for the village or has ties to it, and one by too few inspectors.

    This runs last, so that nobody learns anything about a village whose visit is not due. Of an inspector who is not
    registered no unit and no ties are known, so he is not refused.
    """
    campaign = others[Campaign, command.campaign]
    recuse = campaign.terms.recuse if isinstance(campaign, Campaign) else ()
    together = campaign.terms.inspectors if isinstance(campaign, Campaign) else 0
    if len({*command.inspectors}) < together:
        raise _refused(
            f"每次到村至少{together}名督查人员同行，请填写各人的编号",
            f"at least {together} inspectors go together; name each by an id",
        )
    if not recuse:
        return Change(state)
    if not command.inspectors:
        zh, en = "请填写到村督查人员的编号，以便核对回避情形", "name the inspectors by their ids: some may be recused"
        raise _refused(zh, en)
    for one in sorted({*command.inspectors}):
        known = others[Cadre, one]
        unit, ties = (known.unit, known.ties) if isinstance(known, Cadre) else ("", ())
        if "bearers" in recuse and state and (one in state.bearers or (unit and unit == state.unit)):
            raise _refused(
                f"{one}是该村的队员、联系干部或者派出单位的干部，应当回避，请改派他人",
                f"{one} is in the team, bound to the village, or of the unit that sends the team, and is recused; send "
                "somebody else",
            )
        if "ties" in recuse and {command.village, *(state.merged if state else ())} & {*ties}:
            raise _refused(
                f"{one}与该村有亲属或籍贯关系，应当回避，请改派他人",
                f"{one} has ties to the village and is recused; send somebody else",
            )
    return Change(state)


def _refused(zh: str, en: str) -> Refused:
    return Refused("2.19", zh, en, field="inspectors", status=422)
