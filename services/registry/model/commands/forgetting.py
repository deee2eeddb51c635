"""Persons who become anonymous."""

from shared.contracts import Command
from shared.contracts.values import Organ, PartyId, Reason, Role


class ForgetPerson(Command, frozen=True, kw_only=True):
    """Make a person anonymous whose registration was withdrawn: a cadre, or a person of a village.

    It cannot be taken back: whoever comes again is registered under another id.
    """

    about = "person"
    person: PartyId
    body: Role
    reason: Reason
    decided_by: Organ
