"""Rectification (0.6): an organisation leaves a list by a procedure of its village, in which it is put in order."""

from collections.abc import Iterable
from datetime import date

from services.registry.model.commands import OpenResolution
from services.registry.model.listing import Listing, leaving
from shared.contracts.registry import PartyRectified, ResolutionOpened, ResolutionRejected, ResolutionWithdrawn
from shared.labels import said
from shared.policy import Policy
from shared.rules import Change, Refused


def ending_by(message: OpenResolution | ResolutionOpened | PartyRectified, policy: Policy) -> Iterable[str]:
    """The listings of the organisation that the procedure of this message can end."""
    ending = (one.kind for one in policy.lists if one.leaves_by == message.kind)
    return (f"{kind}/{message.party}" for kind in ending) if message.party else ()


def not_ending(event: ResolutionRejected | ResolutionWithdrawn, policy: Policy) -> Iterable[str]:
    """The listings of an organisation whose rectification may have been this matter."""
    return (f"{one.kind}/{event.party}" for one in policy.lists if one.leaves_by) if event.party else ()


def may_open(listing: Listing | None, command: OpenResolution, policy: Policy, _today: date) -> Change:
    """Refuse to rectify an organisation that is not on the list, or is being rectified already (0.6)."""
    if listing is None or listing.last is None or listing.village != command.village:
        label = said("kind", [one.kind for one in policy.lists if one.leaves_by == command.kind], policy)
        raise Refused(
            "0.6",
            f"组织“{command.party}”没有列入{label}名单，或者不隶属于该村，不能启动整顿；请先列入",
            f"the party {command.party!r} is not on the list, or not of this village, so that there is nothing to "
            "rectify; list it first",
            field="party",
        )
    if listing.matter not in ("", command.matter):
        raise Refused(
            "0.6",
            f"组织“{command.party}”正在事项“{listing.matter}”中整顿，不能另行启动",
            f"the party {command.party!r} is being rectified in {listing.matter!r}; no other one can begin",
            field="matter",
        )
    return Change(listing)


def rectify(listing: Listing | None, event: ResolutionOpened, _policy: Policy, _today: date) -> Change:
    """The rectification has begun, so the listing notes its matter."""
    return Change(listing and listing.but(matter=event.matter))


def stay(
    listing: Listing | None, event: ResolutionRejected | ResolutionWithdrawn, _policy: Policy, _today: date
) -> Change:
    """The rectification ended without success. The organisation stays on the list until another one succeeds."""
    return Change(listing.but(matter="") if listing and listing.matter == event.matter else listing)


def rectified(listing: Listing | None, event: PartyRectified, _policy: Policy, _today: date) -> Change:
    """The rectification was accepted, so the organisation leaves the list."""
    if listing is None or listing.last is None:
        return Change(listing)
    return Change(listing, (leaving(listing, "rectified", decided_by=event.decided_by),))
