"""A service as small as can be, for tests of the way through a service: it registers villages and counts for them."""

from datetime import date, timedelta
from typing import Any

from services.registry.model.commands import AdoptPolicy
from shared.contracts import Command
from shared.contracts.dispatch import HelpBegun, TermExtended
from shared.contracts.registry import PolicyAdopted, VillageListed, VillageRegistered
from shared.engine.pipeline import Service
from shared.engine.tables import service_tables
from shared.policy import Policy
from shared.rules import Change, Due, Reaction, Refused, State, Wake, by


class Register(Command, frozen=True, kw_only=True):
    """Register a village."""

    village: str
    name: str


class Adopt(Command, frozen=True, kw_only=True):
    """Adopt a pack."""

    is_long, at_once = AdoptPolicy.is_long, AdoptPolicy.at_once
    pack: dict[str, Any]


class Village(State, frozen=True, kw_only=True, omit_defaults=True):
    kind = "villages"
    known_as = ("村登记信息", "the entry of a village")
    name: str = ""
    days: int = 0
    heard: tuple[str, ...] = ()


class Adoption(State, frozen=True, kw_only=True, omit_defaults=True):
    kind = "adoptions"
    known_as = ("政策包启用记录", "the adoption of a policy pack")


def register(village: Village | None, command: Register, _policy: Policy, today: date) -> Change:
    if command.name == "failing":
        raise ZeroDivisionError("a rule with a fault")
    if village is not None:
        raise Refused("1.1", "该村已登记", "this village is registered already", field="village")
    new = Village(id=command.village, place=command.place, name=command.name).timed(count=today + timedelta(1))
    event = VillageRegistered(
        place=command.place, village=command.village, name=command.name, township="乡", population=1
    )
    return Change(new, (event,))


def adopt(_state: Adoption | None, command: Adopt, policy: Policy, _today: date) -> Change:
    event = PolicyAdopted(place=command.place, version=policy.version, adopted_by="county", pack=command.pack)
    return Change(Adoption(id=policy.version, place=command.place), (event,))


def hear(village: Village | None, event: HelpBegun, _policy: Policy, _today: date) -> Change:
    """Remember in order what was heard; one unit's name makes the rule fail while `broken` is set."""
    if village is None:
        return Change(None)
    if event.unit in broken:
        raise ZeroDivisionError("a rule with a fault")
    heard = village.but(heard=(*village.heard, event.unit))
    extended = TermExtended(
        place=village.place, village=village.id, unit=event.unit, until=date(2020, 1, 1), extension=len(heard.heard)
    )
    return Change(heard, (extended,))


def count(village: Village, due: Due, _policy: Policy, today: date) -> Change:
    if village.name in broken:
        raise ZeroDivisionError("a rule with a fault")
    return Change(
        village.but(days=village.days + 1).timed(count=today + timedelta(1)),
        (VillageListed(place=village.place, village=village.id),),
        (Wake(Village, village.place, due.on),) if village.name == "bell" else (),
    )


def wake(village: Village, due: Due, _policy: Policy, _today: date) -> Change:
    return Change(village.but(heard=(*village.heard, f"woken {due.on}")))


broken: set[str] = set()

SERVICE = Service(
    "registry",
    service_tables((Village, Adoption)),
    (
        Reaction(Adopt, Adoption, lambda _, policy: (policy.version,), adopt),
        Reaction(Register, Village, by("village"), register),
        Reaction(HelpBegun, Village, by("village"), hear),
    ),
    {Village: {"count": count, "woken": wake}},
)
