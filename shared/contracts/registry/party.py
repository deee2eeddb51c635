"""Parties beside villages and units: branches, co-operatives, firms, persons (2.7)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts import Event
from shared.contracts.values import Code, Figure, Name, Organ, ParentRef, PartyId, Reason, Short


class PartyRegistered(Event, frozen=True, kw_only=True):
    """A party beside villages and units was registered, or its data changed: a branch, a co-operative, a firm (2.7).

    It is sealed, and has no name, if it is a person.
    """

    about = "party"
    sealing = "sometimes"
    label = ("组织或人员登记", "party registered")
    source = "2.7"
    party: PartyId
    kind: Code
    parent: ParentRef
    """Whom it belongs to."""
    former: ParentRef | None = None
    """Whom it belonged to before, if that was another one."""
    personal: bool = False
    name: Name | None = None
    fields: Annotated[dict[Code, Short | Figure], Meta(max_length=50)] = msgspec.field(default_factory=dict)

    def is_sealed(self) -> bool:
        return self.personal


class PartyMerged(Event, frozen=True, kw_only=True):
    """A party was registered twice, and goes on under its other id: a firm under two spellings (1.12)."""

    about = "party"
    sealing = "sometimes"
    label = ("重复登记合并", "party merged")
    source = "1.12"
    party: PartyId
    """The id that ends."""
    into: PartyId
    """The id that goes on."""
    kind: Code
    parent: ParentRef
    """Whom the registration that ends belonged to."""
    personal: bool = False
    reason: Reason
    decided_by: Organ

    def is_sealed(self) -> bool:
        return self.personal


class PartyWithdrawn(Event, frozen=True, kw_only=True):
    """A party was registered by mistake, or is no more."""

    about = "party"
    sealing = "sometimes"
    label = ("组织或人员撤销", "party withdrawn")
    party: PartyId
    kind: Code
    parent: ParentRef
    personal: bool = False
    mistaken: bool = False
    """Whether it was registered by mistake, so that nobody left a post."""
    reason: Reason
    decided_by: Organ

    def is_sealed(self) -> bool:
        return self.personal
