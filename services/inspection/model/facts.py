"""What counts in an assessment without being entered for it: results of others, and facts of a village's year (3.7).

A fact has a source, as a channel of the pack names it, a key by which a later fact replaces it, and a value. So a visit
that is withdrawn, or a month that is counted anew, changes what is known and adds nothing to it.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import NamedTuple

from shared.contracts.dispatch import CommitmentReconciled, CommitmentSettled, CommitmentWithdrawn, PresenceCounted
from shared.contracts.inspection import (
    AppraisalDropped,
    AppraisalGraded,
    AppraisalOpened,
    AppraisalWithdrawn,
    AssessmentDropped,
    AssessmentGraded,
    AssessmentOpened,
    GradeWithdrawn,
    ReplyDecided,
    VisitMade,
    VisitWithdrawn,
)
from shared.contracts.registry import IndicatorsMeasured, MeasurementWithdrawn
from shared.policy import Policy
from shared.policy.appraisals import TEAM
from shared.policy.channels import CAMPAIGN, INDICATOR, LEDGER, PRESENCE, fact

OfTeam = AssessmentOpened | AssessmentGraded | GradeWithdrawn | AssessmentDropped
Result = OfTeam | AppraisalOpened | AppraisalGraded | AppraisalWithdrawn | AppraisalDropped
"""The events by which the result of one assessment comes into another one, or out of it."""
Visit = VisitMade | VisitWithdrawn | ReplyDecided
Ledger = CommitmentReconciled | CommitmentSettled | CommitmentWithdrawn
Share = Ledger | PresenceCounted
"""The events of ledgers, and of the days in the village."""
Figures = IndicatorsMeasured | MeasurementWithdrawn
Source = Result | Visit | Share | Figures
"""The events by which something comes into an assessment, or out of it, without being entered for it."""
Known = Mapping[str, float | None]
"""The values of one source and year, by key. A value that is None is awaited."""


class Fact(NamedTuple):
    """What an event tells of one source in one year."""

    source: str
    year: int
    key: str
    value: float | None
    """A score from 0 to 100, or the value of an indicator; None while a result is awaited."""
    is_gone: bool = False
    """Whether the fact was taken back, so that it is neither known nor awaited."""

    def into(self, known: Known) -> dict[str, float | None]:
        """What is known of the source after this fact."""
        others = {key: value for key, value in known.items() if key != self.key}
        return others if self.is_gone else {**others, self.key: self.value}


def told(event: Source, policy: Policy) -> Iterator[Fact]:
    """What an event tells that may count in an assessment."""
    if isinstance(event, Result):
        yield _result(event)
    elif isinstance(event, Visit):
        yield from _visit(event)
    elif isinstance(event, Figures):
        yield from _figures(event, policy)
    elif isinstance(event, PresenceCounted):
        # `asked` is empty in events of earlier versions, and where a team has several villages: then nothing is scored.
        if event.asked:
            reached = [
                min(1, (one.days + event.hindered) / asked) if asked else 1.0
                for one, asked in zip(event.present, event.asked, strict=True)
            ]
            yield Fact(PRESENCE, event.year, f"{event.village}/{event.month}", round(100 * fmean(reached), 2))
    elif event.period.isdecimal():  # The period is a year or `term`. What is owed once in a term belongs to no year.
        yield from _ledger(event)


def whose(event: Result) -> tuple[str, str]:
    """Which assessment an event is about, as a channel names it, and whose. Events about teams have neither field."""
    return getattr(event, "kind", TEAM), getattr(event, "subject", str(event.village))


def _result(event: Result) -> Fact:
    source, key = whose(event)
    if isinstance(event, AssessmentDropped | AppraisalDropped):
        return Fact(source, event.year, key, None, is_gone=True)
    score = event.score if isinstance(event, AppraisalGraded | AssessmentGraded) else None
    return Fact(source, event.year, key, score)


def _visit(event: Visit) -> Iterator[Fact]:
    """The score of a visit. Without a score it is 0 if something was found, else 100; and 100 if all was refuted."""
    if not event.kind or not event.year:
        return  # Decisions of earlier versions did not have these fields.
    source, key = fact(CAMPAIGN, event.kind), f"{event.village}/{event.campaign}"
    if isinstance(event, VisitWithdrawn):
        yield Fact(source, event.year, key, None, is_gone=True)
    elif isinstance(event, VisitMade):
        found = bool(event.findings or event.absent)
        yield Fact(source, event.year, key, event.score if event.score is not None else 0.0 if found else 100.0)
    elif event.cleared:
        yield Fact(source, event.year, key, 100.0)


def _ledger(event: Ledger) -> Iterator[Fact]:
    """The share of a ledger that is done, by its last reconciliation or its settlement; 100 for one without items."""
    source, year = fact(LEDGER, event.kind), int(event.period)
    if isinstance(event, CommitmentWithdrawn):
        if not event.items and not event.cadre:
            yield Fact(source, year, event.village, None, is_gone=True)
        return
    done, left = (event.closed, event.carried) if isinstance(event, CommitmentSettled) else (event.done, event.open)
    yield Fact(source, year, event.village, round(100 * done / (done + left), 2) if done + left else 100.0)


def _figures(event: Figures, policy: Policy) -> Iterator[Fact]:
    """The figures of a year that the pack scores. A measurement replaces what was measured before."""
    scored = {one.of: None for each in policy.appraisals for one in each.channels if one.how == INDICATOR and one.of}
    values = event.values if isinstance(event, IndicatorsMeasured) else {}
    for figure in scored:
        value = values.get(figure)
        yield Fact(fact(INDICATOR, figure), event.year, event.village, value, is_gone=value is None)
