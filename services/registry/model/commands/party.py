"""Parties beside villages and units: branches, co-operatives, firms, persons (2.7)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Code, Figure, Name, ParentRef, PartyId, Revision, Short


class RegisterParty(Command, frozen=True, kw_only=True):
    """Register a party beside villages and units, such as a branch, a co-operative or an adviser, or correct it."""

    about = "party"
    party: PartyId
    kind: Code
    """Its kind, one of the pack's `[[parties]]`."""
    parent: ParentRef
    """Whom it belongs to."""
    name: Name
    fields: Annotated[dict[Code, Short | Figure], Meta(max_length=50)] = msgspec.field(default_factory=dict)
    """What the pack asks of its kind."""
    replaces: Revision | None = None
    """The version that a refusal named, to overwrite known data that differ."""


class WithdrawParty(Correction, frozen=True, kw_only=True):
    """A party was registered by mistake, or is no more. Refused while others belong to it."""

    about = "party"
    party: PartyId
    mistaken: bool = False
    """Whether it never was what it was registered as, so that nobody left a post or was dissolved."""


class MergeParty(Correction, frozen=True, kw_only=True):
    """A party was registered twice: it goes on under its other id. Refused while others belong to the one that ends."""

    about = "party"
    party: PartyId
    """The id that ends."""
    into: PartyId
    """The id that goes on, of the same kind."""
