"""Cadres who are bound to a party, such as deputies of a township's leading group (0.5), and villagers who are, such as
those who lead a project (2.11)."""

from shared.contracts import Event
from shared.contracts.calendar import Movement
from shared.contracts.values import Code, Count, Day, Organ, OrganOrNone, PartyId, Role


class PostBegun(Event, frozen=True, kw_only=True):
    """A cadre was bound to a party in a kind of link of the pack, such as a township's deputy (挂任).

    It says what `dispatch.link.begun` says of a village.
    """

    about = "party"
    label = ("任职开始", "post begun")
    source = "0.5"
    party: PartyId
    kind: Code
    unit: PartyId
    """The unit from which the cadre comes."""
    cadre: PartyId
    post: Code | None = None
    """The post, by the pack's code, such as that of a deputy secretary."""
    until: Day | None = None
    """The last day of the term; None without one."""
    decided_by: Organ


class PostEnded(Event, frozen=True, kw_only=True):
    """A cadre is no longer bound to a party in a kind of link."""

    about = "party"
    label = ("任职结束", "post ended")
    source = "0.5"
    party: PartyId
    kind: Code
    cadre: PartyId
    ground: Code
    """Why. `decided`: by the body that may do so. `term`: the term is over. `list_ended`, `dissolved` or `duplicate`:
    this happened to the party. `disqualified`: the cadre no longer meets a requirement. Which requirement is personal,
    and told to nobody."""
    decided_by: OrganOrNone


class PostOverdue(Event, frozen=True, kw_only=True):
    """A party has too few cadres in a kind of link after the last day for it."""

    about = "party"
    label = ("任职空缺逾期", "post overdue")
    source = "0.5"
    party: PartyId
    kind: Code
    missing: Count
    due: Day
    owed_by: Role


class PostFilled(Event, frozen=True, kw_only=True):
    """A party for which a place was overdue has enough in that kind of link, or needs none any more."""

    about = "party"
    label = ("任职空缺已补", "post filled")
    source = "0.5"
    party: PartyId
    kind: Code


class PostDeadlineMoved(Movement, frozen=True, kw_only=True):
    """Newly announced holidays moved the last day for filling a party's places."""

    about = "party"
    label = ("任职期限变更", "deadline of a post moved")
    party: PartyId


class ChargeBegun(Event, frozen=True, kw_only=True):
    """A villager took charge of a party, such as a project (项目书记领办项目, 2.11). Sealed: it names a person."""

    about = "party"
    sealing = "always"
    label = ("村民领办开始", "charge begun")
    source = "2.11"
    party: PartyId
    kind: Code
    villager: PartyId
    post: Code | None = None
    until: Day | None = None
    decided_by: Organ


class ChargeEnded(Event, frozen=True, kw_only=True):
    """A villager is no longer in charge of a party. Sealed: it names a person."""

    about = "party"
    sealing = "always"
    label = ("村民领办结束", "charge ended")
    source = "2.11"
    party: PartyId
    kind: Code
    villager: PartyId
    ground: Code
    """Why: as `dispatch.post.ended` says it; `disqualified` where the villager is not registered any more."""
    decided_by: OrganOrNone
