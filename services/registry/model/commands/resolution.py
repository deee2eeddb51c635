"""What a village decides itself: projects, money, questions, rounds over its households (2.18, 3.12)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from services.registry.model.commands.correction import Correction
from shared.contracts import Command
from shared.contracts.values import Code, Codes, Organ, Parties, PartyId, Role, RunId, Told, VillageId, Voters, Yuan


class Fund(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The money that a village asks to spend. What it is for is what the matter is about."""

    amount: Yuan
    """It cannot be changed later: another sum is another matter."""
    origin: Code
    """Where the money comes from, as the pack names it, such as a donation."""


class OpenResolution(Command, frozen=True, kw_only=True):
    """A village begins a procedure of its pack.

    It decides a matter (3.12) or the use of money (2.18), judges its households (5.2), or answers a question (4.7).
    """

    village: VillageId
    matter: RunId
    kind: Code
    """The procedure, as the pack names it."""
    subject_code: Code
    """What the matter is about, as a code. The code is public, so free text, which could name a person, is refused."""
    members: Parties = ()
    """The households of a round; none for other matters."""
    fund: Fund | None = None
    """The money, where the procedure releases any."""
    question: Told | None = None
    """What a villager asks, where the procedure answers a question. The villager's name is not asked for."""
    party: PartyId | None = None
    """The organisation of the village, where the procedure puts one in order."""
    body: Role | None = None
    """Who asks for it, where the pack says who may: `proposed_by` of the procedure."""
    opened_by: Organ


class WithdrawResolution(Correction, frozen=True, kw_only=True):
    """A matter was opened by mistake. Refused once a step of it was taken."""

    village: VillageId
    matter: RunId


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a household answered when it was asked."""

    household: PartyId
    accepted: bool
    by_phone: bool = False
    """True if the household was away and answered over the phone."""


class TakeStep(Command, frozen=True, kw_only=True):
    """The awaited step of a village's procedure was taken. The figures given here are not published."""

    village: VillageId
    matter: RunId
    step: Code
    entitled: Voters = 0
    """How many may vote. A body that decides without counting votes is entered as 1 of 1."""
    present: Voters = 0
    agreed: Voters = 0
    left_out: Parties = ()
    """The households that this decision leaves out of the round. The others continue."""
    acceptances: Annotated[tuple[Acceptance, ...], Meta(max_length=5000)] = ()
    """For a step of acceptance: the answers of households. The step is taken once every household has answered."""
    answer: Told | None = None
    """For the step that answers a villager's question: the answer."""
    codes: Codes = ()
    """For the step that finds out what is wrong: what it found, by the pack's codes."""
    body: Role
    decided_by: Organ
    """The body, never a person."""


class WithdrawStep(Correction, frozen=True, kw_only=True):
    """The latest step of a matter was entered by mistake."""

    village: VillageId
    matter: RunId
    step: Code


class WithdrawFund(Correction, frozen=True, kw_only=True):
    """Whoever gives the money takes it back. Refused once it is released."""

    village: VillageId
    matter: RunId
