"""The pages, one file for each. `PAGES` has the handlers of all."""

from typing import Any, Final

from services.console.pages import (
    acts,
    campaigns,
    card,
    cases,
    day,
    demo,
    drafts,
    health,
    imports,
    live,
    matchings,
    me,
    operations,
    overview,
    packs,
    people,
    policy,
    session,
    start,
    teams,
    units,
    villages,
)

PAGES: Final[tuple[Any, ...]] = (
    *acts.HANDLERS, *campaigns.HANDLERS, *card.HANDLERS, *cases.HANDLERS, *day.HANDLERS, *demo.HANDLERS,
    *drafts.HANDLERS, *health.HANDLERS, *imports.HANDLERS, *live.HANDLERS, *matchings.HANDLERS, *me.HANDLERS,
    *operations.HANDLERS, *overview.HANDLERS, *packs.HANDLERS, *people.HANDLERS, *policy.HANDLERS,
    *session.HANDLERS, *start.HANDLERS, *teams.HANDLERS, *units.HANDLERS, *villages.HANDLERS,
)  # fmt: skip
