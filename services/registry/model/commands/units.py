"""Units, their cadres, and the policy packs that regions adopt."""

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.registry import Level, Rank
from shared.contracts.values import (
    Content,
    Name,
    Organ,
    PartyId,
    PersonDay,
    Revision,
    Score,
    VillageId,
    Villages,
    must_be_small,
)


class AdoptPolicy(Command, frozen=True, kw_only=True):
    """A region adopts a policy pack. `place` is its jurisdiction, filled up with zeros to six digits: `210500`."""

    is_long = True
    at_once = 20
    pack: Content
    """The whole pack as its TOML file says it."""
    adopted_by: Organ

    def __post_init__(self) -> None:
        super().__post_init__()
        must_be_small(self.pack)

    @property
    def subject_id(self) -> str:
        return str(self.pack.get("version", ""))


class RegisterUnit(Command, frozen=True, kw_only=True):
    """Register a department that can send a team, or correct its data."""

    about = "unit"
    unit: PartyId
    name: Name
    level: Level
    department: Name
    """Its field (民政, 公安 …), by which the pack matches it to problem classes."""
    strength: Score
    """Strength and experience in helping villages (mechanism 3.3)."""
    village: VillageId | None = None
    """The village that a superior has already designated it for, if any."""
    replaces: Revision | None = None
    """The version that a refusal named, to overwrite known data that differ."""


class WithdrawUnit(Correction, frozen=True, kw_only=True):
    """A unit was registered by mistake, or is no more. Refused while it serves a village or has cadres."""

    about = "unit"
    unit: PartyId


class RegisterCadre(Command, frozen=True, kw_only=True):
    """Register a cadre whom a unit can send, or correct the data. The name stays in the registry.

    Party membership and being in the reserve are registered only where that may be kept: political status is sensitive,
    and some counties keep neither in such a system. A field that is left out means unknown, not no.
    """

    about = "cadre"
    cadre: PartyId
    """A stable, pseudonymous id."""
    unit: PartyId
    name: Name
    rank: Rank
    party_member: bool | None = None
    work_since: PersonDay
    born_on: PersonDay
    reserve: bool | None = None
    """A reserve cadre (后备干部)."""
    ties: Villages = ()
    """Villages where kinship or origin forbids a posting."""
    replaces: Revision | None = None


class WithdrawCadre(Correction, frozen=True, kw_only=True):
    """A cadre was registered by mistake, or has left the service. Refused while the cadre is in a team."""

    about = "cadre"
    cadre: PartyId
