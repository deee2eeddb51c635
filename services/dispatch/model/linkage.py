"""Who answers together for a village, level by level (三级包联、四级包保; 0.7, 1.3), and which level names nobody.

A linkage decides nothing itself: each of its kinds of link has its own rules, last days and tasks. It shows them side
by side, so that an open level is named.
"""

from collections.abc import Mapping

import msgspec

from services.dispatch.model.bonds import Contacts
from services.dispatch.model.link import OUT, Link
from services.dispatch.model.pairings import Pairings
from shared.policy import Policy
from shared.policy.links import TEAM
from shared.policy.partners import Partner


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a linkage: who answers there for the village."""

    kind: str
    """The kind of link, by the pack's code."""
    label: str
    unit: str = ""
    """The unit, where a team answers."""
    cadres: tuple[str, ...] = ()
    """The cadres, the leader of a team first. Who helps single households is told to nobody here."""
    parties: tuple[str, ...] = ()
    """The parties, such as a firm."""
    missing: int
    """How many are missing: cadres of the team or of the link, or households without a helper."""


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """A linkage in one village."""

    village: str
    place: str
    kind: str
    label: str
    levels: tuple[Level, ...]

    @property
    def is_open(self) -> bool:
        """Whether a level lacks somebody."""
        return any(level.missing for level in self.levels)


def answering(
    contacts: Contacts, link: Link | None, pairings: Pairings | None, policy: Policy
) -> tuple[Answering, ...]:
    """All linkages of the pack in a village, each with its levels from the highest down (0.7, 1.3)."""
    labels: Mapping[str, str] = policy.labels["kind"]
    return tuple(
        Answering(
            village=contacts.id,
            place=contacts.place,
            kind=linkage.kind,
            label=linkage.label,
            levels=tuple(_level(kind, labels[kind], contacts, link, pairings, policy) for kind in linkage.of),
        )
        for linkage in policy.linkages
    )


def _level(
    kind: str, label: str, contacts: Contacts, link: Link | None, pairings: Pairings | None, policy: Policy
) -> Level:
    if kind == TEAM:
        out = link if link and link.stage in OUT else None
        cadres = tuple(member.cadre for member in out.team) if out else ()
        return Level(
            kind=kind, label=label, unit=out.unit if out else "", cadres=cadres,
            missing=max(policy.team.fewest - len(cadres), 0),
        )  # fmt: skip
    if own := policy.bonds.get(kind):
        bound, missing = tuple(sorted(contacts.bound(kind))), max(own.fewest - len(contacts.bound(kind)), 0)
        if isinstance(own, Partner):
            return Level(kind=kind, label=label, parties=bound, missing=missing)
        return Level(kind=kind, label=label, cadres=bound, missing=missing)
    lacking = len(pairings.lacking(policy.helping[kind])) if pairings else 0
    return Level(kind=kind, label=label, missing=lacking)
