"""Units, their cadres, and the policy packs that regions adopt."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import (
    Content,
    Name,
    Organ,
    PartyId,
    PersonDay,
    Reason,
    Score,
    Version,
    VillageId,
    Villages,
    must_be_small,
)

Level = Literal["province", "city", "county"]
Rank = Literal["staff", "deputy_section", "section", "deputy_division", "division", "deputy_department", "department"]
"""The civil service's ranks from the lowest to the highest (科员 … 正厅级). They are the same in the whole country, so
no pack defines them."""
Optional = Literal["party_member", "reserve"]
"""What of a cadre is registered only where it may be kept."""
OPTIONAL: Final[tuple[Optional, ...]] = get_args(Optional)


class PolicyAdopted(Event, frozen=True, kw_only=True):
    """A region adopted a policy pack. Every service decides by it from its effective date on."""

    about = "version"
    label = ("启用政策包", "policy pack adopted")
    version: Version
    adopted_by: Organ
    pack: Content
    """The whole content of the pack's TOML file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        must_be_small(self.pack)


class UnitRegistered(Event, frozen=True, kw_only=True):
    """A department that can send a team was registered, or registered again with other data."""

    about = "unit"
    label = ("单位登记", "unit registered")
    unit: PartyId
    name: Name
    level: Level
    department: Name
    """The department's field (民政, 公安 …), by which the pack matches it to problem classes."""
    strength: Score
    """Strength and experience in helping villages, 0 to 100 (mechanism 3.3)."""
    village: VillageId | None = None
    """The village for which a superior has designated this unit, if any."""


class UnitWithdrawn(Event, frozen=True, kw_only=True):
    """A unit was registered by mistake, or no longer exists.

    It serves no village, and none of its cadres is in a team.
    """

    about = "unit"
    label = ("撤销单位登记", "unit registration withdrawn")
    unit: PartyId
    reason: Reason
    decided_by: Organ


class CadreRegistered(Event, frozen=True, kw_only=True):
    """A cadre whom the unit can send was registered. Sealed: it describes a person."""

    about = "cadre"
    sealing = "always"
    label = ("干部登记", "cadre registered")
    cadre: PartyId
    unit: PartyId
    rank: Rank
    party_member: bool
    work_since: PersonDay
    born_on: PersonDay
    reserve: bool
    ties: Villages = ()
    """Villages where kinship or origin forbids a posting."""
    left: PartyId | None = None
    """The cadre's former unit, if it was another one."""
    unrecorded: Annotated[tuple[Optional, ...], Meta(max_length=2)] = ()
    """What is not kept of the cadre. These fields are `false`, which does not mean no: it is unknown."""


class PersonForgotten(Event, frozen=True, kw_only=True):
    """A cadre or a person of a village is anonymous from now on: nobody can tell any more whose the id was. Sealed.

    Whoever keeps what the person said, or what was said of him, removes it. The id stays, but leads to nobody.
    """

    about = "person"
    sealing = "always"
    comes_back = True
    label = ("个人信息匿名化", "person made anonymous")
    source = "PIPL 47"
    person: PartyId
    unit: PartyId | None = None
    """The unit of which the cadre was; None of a person of a village."""
    village: VillageId | None = None
    """The village to which the person belonged, if it was one."""
    reason: Reason
    decided_by: Organ


class CadreWithdrawn(Event, frozen=True, kw_only=True):
    """A cadre was registered by mistake, or has left the service. Sealed: it describes a person."""

    about = "cadre"
    sealing = "always"
    label = ("撤销干部登记", "cadre registration withdrawn")
    cadre: PartyId
    unit: PartyId
    reason: Reason
    decided_by: Organ
