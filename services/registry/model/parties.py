"""Policy packs, units and cadres: what others work with, registered once and again whenever the data change."""

import hashlib
from datetime import date

import msgspec

from services.registry.model.commands import AdoptPolicy, RegisterCadre, RegisterUnit
from shared.contracts.registry import CadreRegistered, Level, PolicyAdopted, Rank, UnitRegistered
from shared.policy import Policy
from shared.rules import Change, Refused, State, known


class Adoption(State, frozen=True, kw_only=True):
    """A policy pack that was adopted; its id is the pack's version."""

    kind = "adoptions"
    adopted_by: str
    effective_from: date
    sha256: str
    """Of the pack in JSON with a fixed order of keys."""

    @property
    def status(self) -> str:
        return self.effective_from.isoformat()


class Jurisdiction(State, frozen=True, kw_only=True):
    """A division that has packs of its own."""

    kind = "jurisdictions"
    packs: dict[str, date]
    """The day from which each is in force, by version."""


class Unit(State, frozen=True, kw_only=True):
    """A department that can send a team (mechanism 3.3)."""

    kind = "units"
    name: str
    level: Level
    department: str
    strength: int
    village: str | None = None

    @property
    def status(self) -> str:
        return self.level


class Cadre(State, frozen=True, kw_only=True):
    """A cadre whom a unit can send. Only here does the id have a name."""

    kind = "cadres"
    unit: str
    name: str
    rank: Rank
    party_member: bool
    work_since: date
    born_on: date
    reserve: bool
    ties: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        return self.rank


def may_adopt(jurisdiction: Jurisdiction | None, command: AdoptPolicy, policy: Policy, today: date) -> Change:
    """A pack that replaces another takes effect on a later day.

    Otherwise what the services decide on the day of its adoption would depend on when each of them hears of it.
    """
    packs = jurisdiction.packs if jurisdiction else {}
    if policy.version in packs:
        return Change(jurisdiction)
    if policy.effective_from <= today and any(since <= today for since in packs.values()):
        raise Refused(
            "policy",
            f"该区划已有生效的政策包，新政策包的生效日期 {policy.effective_from} 须晚于今天 {today}，请改期",
            f"another pack is in force there, so {policy.effective_from} is too early; choose a date after {today}",
            field="pack.effective_from",
        )
    packs = {**packs, policy.version: policy.effective_from}
    return Change(Jurisdiction(id=policy.jurisdiction, place=policy.jurisdiction.ljust(6, "0"), packs=packs))


def adopt(adoption: Adoption | None, command: AdoptPolicy, policy: Policy, _today: date) -> Change:
    """A version is adopted once and never changes (DESIGN §1). `policy` is the pack itself."""
    jurisdiction = policy.jurisdiction.ljust(6, "0")
    if command.place != jurisdiction:
        raise Refused(
            "policy",
            f"政策包适用于区划 {jurisdiction}，与所填区划 {command.place} 不符，请改填",
            f"the pack governs division {jurisdiction}, not {command.place}; name that one",
            field="place",
            status=422,
        )
    sha256 = hashlib.sha256(msgspec.json.encode(command.pack, order="deterministic")).hexdigest()
    if adoption is not None:
        if adoption.sha256 != sha256:
            raise Refused(
                "policy",
                f"版本 {policy.version} 已生效且内容不同；修改后的政策包须用新的版本号",
                f"version {policy.version} was adopted with another content; give the changed pack a new version",
                field="pack.version",
            )
        return Change(adoption)
    adoption = Adoption(
        id=policy.version,
        place=command.place,
        adopted_by=command.adopted_by,
        effective_from=policy.effective_from,
        sha256=sha256,
    )
    event = PolicyAdopted(place=command.place, version=policy.version, adopted_by=command.adopted_by, pack=command.pack)
    return Change(adoption, (event,))


def register_unit(unit: Unit | None, command: RegisterUnit, _policy: Policy, _today: date) -> Change:
    """Registering again says something only if the data changed."""
    fields = msgspec.structs.asdict(command)
    registered = Unit(id=fields.pop("unit"), **fields)
    if registered == unit:
        return Change(unit)
    return Change(registered, (UnitRegistered(unit=registered.id, **fields),))


def needs_unit(unit: Unit | None, command: RegisterCadre, _policy: Policy, _today: date) -> Change:
    """A cadre belongs to a unit that is registered."""
    return Change(known(unit, "单位", "unit", command.unit))


def register_cadre(cadre: Cadre | None, command: RegisterCadre, _policy: Policy, today: date) -> Change:
    """Registering again says something only if what others may know changed: the name is not told."""
    if not command.born_on < command.work_since <= today:
        raise Refused(
            "3.3",
            f"参加工作日期 {command.work_since} 须晚于出生日期 {command.born_on} 且不晚于今天 {today}",
            f"work since {command.work_since} must lie after the birth on {command.born_on} and not after {today}",
            field="work_since",
            status=422,
        )
    fields = {**msgspec.structs.asdict(command), "ties": tuple(sorted(command.ties))}
    registered = Cadre(id=fields.pop("cadre"), **fields)
    if cadre is not None and registered == cadre.but(name=registered.name):
        return Change(registered)
    del fields["name"]
    left = cadre.unit if cadre and cadre.unit != registered.unit else None
    return Change(registered, (CadreRegistered(cadre=registered.id, left=left, **fields),))
