"""What a village decides itself: projects, money, questions, rounds over its households (2.18, 3.12)."""

from shared.contracts import Event
from shared.contracts.values import Code, Codes, Count, Organ, PartyId, Reason, RunId, VillageId, Voters, Yuan


class ResolutionOpened(Event, frozen=True, kw_only=True):
    """A village begins to decide a matter of its own, by one of its pack's procedures (2.18, 3.12)."""

    label = ("启动民主决策", "resolution opened")
    source = "2.18"
    village: VillageId
    matter: RunId
    """Its number or name within the village, without anybody's name."""
    kind: Code
    """The procedure, as the pack names it."""
    subject_code: Code
    """The subject of the matter, as a code."""
    opened_by: Organ
    party: PartyId | None = None
    """The organisation that it is about, where one is put in order (0.6)."""
    amount: Yuan | None = None
    """The money that is asked for, in yuan; None where the matter is about no money."""
    origin: Code | None = None
    """Where that money comes from, by the pack's code."""


class ResolutionPassed(Event, frozen=True, kw_only=True):
    """Every deciding body has agreed; only publications remain (3.12)."""

    label = ("决议通过", "resolution passed")
    source = "3.12"
    village: VillageId
    matter: RunId
    kind: Code
    subject_code: Code


class ResolutionRejected(Event, frozen=True, kw_only=True):
    """A vote failed, which ends the procedure (3.12)."""

    label = ("决议未通过", "resolution rejected")
    source = "3.12"
    village: VillageId
    matter: RunId
    party: PartyId | None = None
    """The organisation, where one was to be put in order."""
    kind: Code
    subject_code: Code
    step: Code


class ResolutionWithdrawn(Event, frozen=True, kw_only=True):
    """A matter was opened by mistake, and no step of it was taken."""

    label = ("撤销民主决策事项", "resolution withdrawn")
    village: VillageId
    matter: RunId
    party: PartyId | None = None
    """The organisation, where one was to be put in order."""
    reason: Reason
    decided_by: Organ


class StepTaken(Event, frozen=True, kw_only=True):
    """A step of a village's procedure was taken: a vote, with its figures, or a publication, which has none (3.12)."""

    label = ("民主决策环节", "step of a resolution taken")
    source = "3.12"
    village: VillageId
    matter: RunId
    step: Code
    entitled: Voters = 0
    present: Voters = 0
    agreed: Voters = 0
    left_out: Count = 0
    """The number of a round's households that leave it with this step."""
    codes: Codes = ()
    """What the step found, by the pack's codes."""
    decided_by: Organ


class StepWithdrawn(Event, frozen=True, kw_only=True):
    """The latest step of a village's procedure was entered by mistake, and is awaited again."""

    label = ("撤销民主决策环节", "step of a resolution withdrawn")
    village: VillageId
    matter: RunId
    step: Code
    reason: Reason
    decided_by: Organ


class RoundEnded(Event, frozen=True, kw_only=True):
    """A round over a village's households has ended: so many are lifted, and so many left it on the way (5.2)."""

    label = ("农户评定结束", "round over households ended")
    source = "5.2"
    village: VillageId
    matter: RunId
    kind: Code
    lifted: Count
    left_out: Count


class FundReleased(Event, frozen=True, kw_only=True):
    """Money may be spent: the village has decided, the body above it has agreed, and the decision is public (2.18)."""

    label = ("帮扶资金拨付", "fund released")
    source = "2.18"
    village: VillageId
    matter: RunId
    kind: Code
    subject_code: Code
    """What the money is for, by the pack's code."""
    amount: Yuan
    origin: Code
    """Where the money comes from, by the pack's code."""


class FundWithdrawn(Event, frozen=True, kw_only=True):
    """Whoever gives the money took it back before it was released, so that nothing more is decided (2.18)."""

    label = ("撤回帮扶资金", "fund withdrawn")
    source = "2.18"
    village: VillageId
    matter: RunId
    reason: Reason
    decided_by: Organ


class QuestionAnswered(Event, frozen=True, kw_only=True):
    """A villager's question about public affairs was answered and the answer made public (4.7).

    The event says neither question nor answer, since both may name persons.
    """

    label = ("点题公开答复", "question answered")
    source = "4.7"
    village: VillageId
    matter: RunId
    kind: Code
    subject_code: Code
    """What the question is about, by the pack's code."""
