"""Policy packs, units and cadres. The other services work with what is registered here."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Self

import msgspec

from services.registry.model.commands import (
    AdoptPolicy,
    RegisterCadre,
    RegisterUnit,
    WithdrawCadre,
    WithdrawUnit,
)
from services.registry.model.kept import HIDES, Kept, clocked, not_forgotten, standing, to_forget
from services.registry.model.village import ENDED, LISTED, Village
from shared.calendar import add_months
from shared.contracts.dispatch import (
    MatchWithdrawn,
    MemberLeft,
    MemberRecalled,
    MemberReplaced,
    TeamAssigned,
    TeamChosen,
    TeamDisbanded,
    TeamReleased,
    VillageMatched,
)
from shared.contracts.registry import (
    OPTIONAL,
    CadreRegistered,
    CadreWithdrawn,
    Level,
    PersonForgotten,
    PolicyAdopted,
    Rank,
    UnitRegistered,
    UnitWithdrawn,
)
from shared.contracts.values import Masked
from shared.divisions import around, jurisdiction_of, place_of
from shared.policy import Policy
from shared.rules import Change, Involved, Key, Oneself, Refused, State, Task, addressed, known, overwrite, rests

_Begun = VillageMatched | TeamChosen | TeamAssigned | MemberReplaced
_Over = MatchWithdrawn | TeamReleased | TeamDisbanded | MemberRecalled | MemberLeft
OUT = ("assigned", "pledged", "helped", "requested", "verified", "noticed", "delisted")
"""The stages in which a village has a team, so that its unit and cadres cannot be withdrawn."""


class Adoption(State, frozen=True, kw_only=True):
    """A policy pack that was adopted; its id is the pack's version."""

    kind = "adoptions"
    known_as = ("政策包启用记录", "the adoption of a policy pack")
    adopted_by: str
    effective_from: date
    sha256: str
    """SHA-256 of the pack, written as JSON with its keys in a fixed order."""

    @property
    def status(self) -> str:
        return self.effective_from.isoformat()


class Jurisdiction(State, frozen=True, kw_only=True):
    """A division that has packs of its own."""

    kind = "jurisdictions"
    known_as = ("自有政策包的区划", "a division with packs of its own")
    packs: dict[str, date]
    """By version of the pack, the day from which it is in force."""


class Unit(State, frozen=True, kw_only=True):
    """A department that can send a team (mechanism 3.3)."""

    kind = "units"
    known_as = ("派出单位登记信息", "the entry of a unit")
    name: str
    level: Level
    department: str
    strength: int
    village: str | None = None
    cadres: tuple[str, ...] = ()
    """The ids of its registered cadres."""
    serves: tuple[str, ...] = ()
    """The villages that it was matched to or has a team in."""
    withdrawn: bool = False

    @property
    def status(self) -> str:
        return "withdrawn" if self.withdrawn else self.level


class Cadre(State, frozen=True, kw_only=True):
    """A cadre whom a unit can send. The cadre's name is kept here and nowhere else; everybody else knows the id."""

    kind = "cadres"
    personal = True
    readers = frozenset({"organisation"})
    hides = HIDES
    known_as = ("干部登记信息", "the entry of a cadre")
    unit: str
    name: Masked
    rank: Rank
    party_member: bool | None = None
    """None where it is not kept."""
    work_since: date | None
    """None once the cadre is anonymous; so is `born_on`."""
    born_on: date | None
    reserve: bool | None = None
    """None where it is not kept."""
    ties: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    """The village whose team the cadre is in."""
    withdrawn: bool = False
    kept: Kept = Kept()

    @classmethod
    def kept_about(cls, person: Oneself) -> Iterable[str]:
        return (person.cadre,)

    @property
    def status(self) -> str:
        if self.kept.forgotten:
            return "forgotten"
        return "withdrawn" if self.withdrawn else self.rank

    @property
    def awaits(self) -> bool:
        return self.kept.outlived

    def involves(self, said: object) -> Involved:
        return Involved("", (self.id,))

    def shown(self, *, to_operator: bool = False) -> Self:
        return self if to_operator else self.but(kept=self.kept.shown)

    def tasks(self, policy: Policy) -> Iterable[Task]:
        return to_forget(self, self.kept, policy)


def wider(_jurisdiction: Jurisdiction | None, command: AdoptPolicy) -> Iterable[Key]:
    """The wider divisions around the pack's own, since the pack replaces theirs there."""
    return ((Jurisdiction, id) for id in around(str(command.pack.get("jurisdiction", "")))[1:])


def may_adopt(
    jurisdiction: Jurisdiction | None,
    command: AdoptPolicy,
    policy: Policy,
    today: date,
    others: Mapping[Key, State | None],
) -> Change:
    """A pack that replaces another one, of its own division or of a wider one, must take effect after today.

    If it took effect on the day of its adoption, a service's decisions on that day would depend on the moment at which
    it heard of the pack.
    """
    packs = jurisdiction.packs if jurisdiction else {}
    if policy.own_version in packs:
        return Change(jurisdiction)
    same_day = [version for version, since in packs.items() if since == policy.effective_from > today]
    if same_day:
        raise Refused(
            "policy",
            f"政策包“{same_day[0]}”也自{policy.effective_from}起生效，两者不能同日生效，请另定生效日期",
            f"the pack {same_day[0]} is in force from {policy.effective_from}, too; choose another day",
            field="pack.effective_from",
        )
    concerned = [packs, *(other.packs for other in others.values() if isinstance(other, Jurisdiction))]
    if policy.effective_from <= today and any(since <= today for known in concerned for since in known.values()):
        raise Refused(
            "policy",
            f"该区划已有生效的政策包，新政策包的生效日期应当晚于今天（{today}），不能是{policy.effective_from}，请另定",
            f"another pack is in force there, so {policy.effective_from} is too early; choose a date after {today}",
            field="pack.effective_from",
        )
    packs = {**packs, policy.own_version: policy.effective_from}
    return Change(Jurisdiction(id=policy.jurisdiction, place=place_of(policy.jurisdiction), packs=packs))


def adopt(adoption: Adoption | None, command: AdoptPolicy, policy: Policy, _today: date) -> Change:
    """Adopt a version of a pack: once, since a version never changes. Here `policy` is the pack that is adopted."""
    jurisdiction = place_of(policy.jurisdiction)
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
                f"版本“{policy.own_version}”已启用且内容不同；修改后的政策包应当用新的版本号",
                f"version {policy.own_version} was adopted with another content; give the changed pack a new version",
                field="pack.version",
            )
        return Change(adoption)
    adoption = Adoption(
        id=policy.own_version,
        place=command.place,
        adopted_by=command.adopted_by,
        effective_from=policy.effective_from,
        sha256=sha256,
    )
    told = PolicyAdopted(
        place=command.place, version=policy.own_version, adopted_by=command.adopted_by, pack=command.pack
    )
    return Change(adoption, (told,))


def register_unit(unit: Unit | None, command: RegisterUnit, _policy: Policy, _today: date) -> Change:
    """Register a unit. A repetition makes an event only if data changed. Only its own division may change a unit."""
    given = _data(command, "unit")
    place = given.pop("place")
    if unit is not None and not unit.withdrawn:
        before = addressed(unit, command, "单位", "unit")
        overwrite({field: getattr(before, field) for field in given}, given, command.replaces, "3.3")
        after = before.but(**given)
    else:
        after = Unit(id=command.unit, place=command.place, **given)
    if after == unit:
        return Change(unit)
    return Change(after, (UnitRegistered(unit=after.id, place=place, **given),))


def employ(unit: Unit | None, command: RegisterCadre, _policy: Policy, _today: date) -> Change:
    """The cadre's unit must be registered, in the division that registers the cadre or in a division within it."""
    unit = known(unit, "单位", "unit", command.unit)
    if unit.withdrawn:
        known(None, "单位", "unit", command.unit)
    if not unit.place.startswith(jurisdiction_of(command.place)):
        raise Refused(
            "identity",
            f"单位“{unit.id}”属于区划 {unit.place}，不归 {command.place} 管理，请由该区划登记其干部",
            f"unit {unit.id} belongs to division {unit.place}, which is not within {command.place}; let that one "
            "register its cadres",
            field="unit",
            status=422,
        )
    cadres = among(unit.cadres, command.cadre)
    return Change(unit if cadres is unit.cadres else unit.but(cadres=cadres))


YOUNGEST, OLDEST = 14, 70
"""Bounds of age in years. Nobody starts work before 14 (apprentices in arts and sports did); nobody over 70 is sent."""


def register_cadre(cadre: Cadre | None, command: RegisterCadre, _policy: Policy, today: date) -> Change:
    """Register a cadre. A repetition makes an event only if something changed besides the name, which stays here.

    A cadre who moves to another unit is transferred by the old division or by the new one, and is registered in the new
    one from then on. Both learn of it, since the event names the unit that the cadre leaves.
    """
    not_forgotten(cadre, cadre.kept if cadre else None, "cadre")
    if not command.born_on < command.work_since <= today:
        raise Refused(
            "3.3",
            f"参加工作日期{command.work_since}有误，应当晚于出生日期{command.born_on}，不晚于今天（{today}）",
            f"work since {command.work_since} must lie after the birth on {command.born_on} and not after {today}",
            field="work_since",
            status=422,
        )
    if _is_unlikely(command, today):
        raise Refused(
            "3.3",
            f"出生日期{command.born_on}与参加工作日期{command.work_since}不合常理：参加工作时应满{YOUNGEST}周岁，"
            f"现在不应超过{OLDEST}周岁，请核对",
            f"born on {command.born_on} and at work since {command.work_since} cannot be: nobody works before "
            f"{YOUNGEST} or is sent after {OLDEST}; check both",
            field="born_on",
            status=422,
        )
    given = {**_data(command, "cadre"), "ties": tuple(sorted(command.ties))}
    place = given.pop("place")
    if cadre is not None and not cadre.withdrawn:
        if cadre.unit == command.unit:
            addressed(cadre, command, "干部", "cadre")
        before = {field: getattr(cadre, field) for field in given}
        overwrite(before, given, command.replaces, "3.3", personal=True)
        registered = cadre.but(place=place, **given)
        if registered == cadre.but(name=registered.name):
            return Change(registered)
    else:
        registered = Cadre(id=command.cadre, place=place, **given)
        if cadre is not None:
            registered = registered.but(kept=standing(cadre.kept))
    left = cadre.unit if cadre and cadre.unit != registered.unit else None
    del given["name"]
    if command.party_member is None or command.reserve is None:
        unrecorded = tuple(field for field in OPTIONAL if given[field] is None)
        given |= dict.fromkeys(unrecorded, False) | {"unrecorded": unrecorded}
    return Change(registered, (CadreRegistered(cadre=registered.id, left=left, place=place, **given),))


def _is_unlikely(command: RegisterCadre, today: date) -> bool:
    """Whether the cadre started work before `YOUNGEST`, or is older than `OLDEST` today.

    There may be three million cadres, so the years are compared first. For nearly all that is enough, and no days need
    be counted.
    """
    born, since = command.born_on, command.work_since
    if since.year - born.year > YOUNGEST and today.year - born.year < OLDEST:
        return False
    return add_months(born, 12 * YOUNGEST) > since or add_months(today, -12 * OLDEST) > born


def _data(command: RegisterUnit | RegisterCadre, id: str) -> dict[str, Any]:
    """The fields of a command that describe a unit or a cadre."""
    data = msgspec.structs.asdict(command)
    del data[id], data["replaces"], data["expects"]
    return data


# --------------------------------------------------------- what rests on them


def dismiss(
    unit: Unit | None, event: CadreRegistered | CadreWithdrawn | PersonForgotten, _policy: Policy, _today: date
) -> Change:
    """The cadre no longer belongs to the unit."""
    return Change(unit and unit.but(cadres=_without(unit.cadres, event.subject_id)))


def serve(party: Unit | Cadre | None, event: _Begun, _policy: Policy, _today: date) -> Change:
    """The unit or the cadre was chosen for a village, or sent there."""
    if party is None or event.village in party.serves:
        return Change(party)
    return Change(party.but(serves=among(party.serves, event.village)))


def go(party: Unit | Cadre | None, event: _Over, _policy: Policy, _today: date) -> Change:
    """The unit or the cadre no longer serves the village."""
    return Change(party and party.but(serves=_without(party.serves, event.village)))


def among(ids: tuple[str, ...], id: str) -> tuple[str, ...]:
    """Ids with one added, sorted: replicas may hear of them in different orders and must still keep the same list."""
    at = bisect_left(ids, id)
    return ids if ids[at : at + 1] == (id,) else (*ids[:at], id, *ids[at:])


def _without(ids: tuple[str, ...], id: str) -> tuple[str, ...]:
    return tuple(other for other in ids if other != id)


def served(party: Unit | Cadre | None, _command: WithdrawUnit | WithdrawCadre) -> Iterable[Key]:
    """The villages that the unit or cadre serves. Some may have been merged, or have no team any more."""
    return ((Village, village) for village in party.serves) if party else ()


def _still(villages: Mapping[Key, State | None], stages: Iterable[str]) -> list[str]:
    """The ids of the villages in which there may still be a team: by their stage on the poverty list, or for another
    list.

    A village that is not on the poverty list counts as well: while it is served, its team has not gone home.
    """
    found = [village for village in villages.values() if isinstance(village, Village) and village.stage not in ENDED]
    return [one.id for one in found if one.stage in stages or one.listings or one.stage not in LISTED]


def withdraw_unit(
    unit: Unit | None, command: WithdrawUnit, _policy: Policy, _today: date, villages: Mapping[Key, State | None]
) -> Change:
    """Withdraw a unit that was a mistake or no longer exists. Refused while it serves a village or has cadres."""
    unit = addressed(unit, command, "单位", "unit")
    if unit.withdrawn:
        return Change(unit)
    serves = _still(villages, ("matched", *OUT))
    found = {
        f"在册干部{len(unit.cadres)}人": (f"its {len(unit.cadres)} cadres", unit.cadres),
        f"帮扶村{'、'.join(serves)}": (f"the villages it serves: {', '.join(serves)}", serves),
        f"指定帮扶村{unit.village}": (f"village {unit.village}, which it is designated for", unit.village),
    }
    rests("3.3", {zh: en for zh, (en, rest) in found.items() if rest})
    event = UnitWithdrawn(place=unit.place, unit=unit.id, reason=command.reason, decided_by=command.decided_by)
    return Change(unit.but(withdrawn=True), (event,))


def withdraw_cadre(
    cadre: Cadre | None, command: WithdrawCadre, policy: Policy, today: date, villages: Mapping[Key, State | None]
) -> Change:
    """Withdraw a cadre who was registered by mistake or has left the service. Refused while the cadre is in a team."""
    cadre = addressed(cadre, command, "干部", "cadre")
    if cadre.withdrawn:
        return Change(cadre)
    rests("3.3", {f"村{v}的工作队": f"the team of village {v}" for v in _still(villages, OUT)})
    event = CadreWithdrawn(
        place=cadre.place,
        cadre=cadre.id,
        unit=cadre.unit,
        reason=command.reason,
        decided_by=command.decided_by,
    )
    kept = msgspec.structs.replace(cadre.kept, ended_on=today)
    span = policy.keeping.cadres if policy.keeping else None
    return Change(clocked(cadre.but(withdrawn=True), kept, span, policy, today), (event,))
