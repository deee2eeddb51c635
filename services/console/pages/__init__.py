"""The pages, one file for each. `PAGES` has the handlers of all."""

from typing import Any, Final

from services.console.pages import acts, card, day, health, imports, live, me, operations, overview, session, villages

PAGES: Final[tuple[Any, ...]] = (
    *acts.HANDLERS, *card.HANDLERS, *day.HANDLERS, *health.HANDLERS, *imports.HANDLERS, *live.HANDLERS, *me.HANDLERS,
    *operations.HANDLERS, *overview.HANDLERS, *session.HANDLERS, *villages.HANDLERS,
)  # fmt: skip
