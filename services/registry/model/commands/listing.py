"""Commands about lists beside the poverty list."""

from shared.contracts import Command
from shared.contracts.values import Code, Day, Organ, PartyId, Reason, Role, Short, VillageId


class OfList(Command, frozen=True, kw_only=True):
    """A command about a village or an organisation on a list beside the poverty list."""

    kind: Code
    """The list, one of the pack's `[[lists]]`."""
    village: VillageId | None = None
    """The village, on a list of villages."""
    party: PartyId | None = None
    """The organisation, on a list of organisations."""

    @property
    def subject_id(self) -> str:
        """The village or the organisation."""
        return str(self.village or self.party)

    @property
    def listing(self) -> str:
        """The id of the listing: `weak_organisation/ORG-0012`."""
        return f"{self.kind}/{self.party or self.village}"


class EnterList(OfList, frozen=True, kw_only=True):
    """Put a village or an organisation on a list (2.6, 2.10, 2.22). If it is there, its term begins anew, or its mode
    changes (4.2)."""

    since: Day
    mode: Code | None = None
    """The list's mode in which it is from that day on. Needed where the list has modes, and refused elsewhere."""
    document: Short
    body: Role
    decided_by: Organ


class LeaveList(OfList, frozen=True, kw_only=True):
    """Take a village or an organisation off a list, because the reason for it has gone."""

    body: Role
    reason: Reason
    decided_by: Organ


class WithdrawEntry(OfList, frozen=True, kw_only=True):
    """A village or an organisation was put on a list by mistake: its latest listing counts as never made.

    If that only began its term anew or changed its mode, it is on the list as before. What a ranking only proposes is
    declined (2.6).
    """

    since: Day | None = None
    """The day of that listing; needed where it began a term anew or changed a mode, since an earlier one could be
    meant."""
    reason: Reason
    decided_by: Organ
