"""Who answers together for a village, level by level (三级包联、四级包保; 0.7, 1.3), and which level names nobody.

A linkage decides nothing itself: each of its kinds of link has its own rules, last days and tasks. It shows them side
by side, so that an open level is named.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from services.dispatch.model.bonds import Contacts, Result
from services.dispatch.model.link import OUT, Link
from services.dispatch.model.pairings import Pairings
from services.dispatch.model.pool import without
from shared.contracts.dispatch import ResultShared
from shared.contracts.inspection import AssessmentGraded, GradeWithdrawn
from shared.policy import Policy
from shared.policy.links import TEAM
from shared.policy.partners import Partner
from shared.rules import Change


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a linkage: who answers there for the village."""

    kind: str
    """The kind of link, by the pack's code."""
    label: str
    unit: str = ""
    """The unit, where a team answers."""
    cadres: tuple[str, ...] = ()
    """The cadres, the leader of a team first. Who helps single households is not shown here."""
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
    result: Result | None = None
    """The last grade of the team that the levels share, if the pack has them share it."""

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
            result=contacts.results.get(linkage.kind),
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
            kind=kind,
            label=label,
            unit=out.unit if out else "",
            cadres=cadres,
            missing=max(policy.team.fewest - len(cadres), 0),
        )
    if own := policy.bonds.get(kind):
        bound, missing = tuple(sorted(contacts.bound(kind))), max(own.fewest - len(contacts.bound(kind)), 0)
        if isinstance(own, Partner):
            return Level(kind=kind, label=label, parties=bound, missing=missing)
        return Level(kind=kind, label=label, cadres=bound, missing=missing)
    lacking = len(pairings.lacking(policy.helping[kind])) if pairings else 0
    return Level(kind=kind, label=label, missing=lacking)


def sharing(event: AssessmentGraded | GradeWithdrawn, policy: Policy) -> Iterable[str]:
    """The village of a grade, where a linkage shares it."""
    return (event.village,) if any(linkage.shares_result for linkage in policy.linkages) else ()


def share(state: Contacts | None, event: AssessmentGraded | GradeWithdrawn, policy: Policy, _today: date) -> Change:
    """The year's grade of the team is that of all who answer for the village, where the pack says so (0.7).

    It counts for those who were bound to the village in that year and still are. A grade that a review changed is told
    anew; one that was taken back is told without a grade. The last grade stays, whatever becomes of an earlier year's.
    """
    if state is None:
        return Change(state)
    told: list[ResultShared] = []
    for linkage in (one for one in policy.linkages if one.shares_result):
        shared = {
            kind: tuple(sorted(id for id, since in state.bound(kind).items() if since.year <= event.year))
            for kind in linkage.of
            if kind in policy.bonds
        }
        grade = event.grade if isinstance(event, AssessmentGraded) else None
        last = state.results.get(linkage.kind)
        if last is None or last.year <= event.year:
            rest = without(state.results, linkage.kind)
            if grade:
                rest[linkage.kind] = Result(event.year, grade)
            state = state.but(results=rest)
        told.append(
            ResultShared(
                place=state.place,
                village=state.id,
                kind=linkage.kind,
                year=event.year,
                grade=grade,
                shared_by={kind: ids for kind, ids in shared.items() if ids},
            )
        )
    return Change(state, tuple(told))
