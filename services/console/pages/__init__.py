"""The pages, one file for each. `PAGES` has the handlers of all."""

from typing import Any, Final

from services.console.pages import health, imports, me, operations, session

PAGES: Final[tuple[Any, ...]] = (
    *health.HANDLERS, *session.HANDLERS, *operations.HANDLERS, *me.HANDLERS, *imports.HANDLERS,
)  # fmt: skip
