"""What several tests of the shared parts begin with."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.support.asked import Api, serving


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What was logged; also for its own sake, since the pretty printing of tracebacks takes seconds."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def api(database: str) -> AsyncIterator[Api]:
    """A service on a database of either kind."""
    async with serving(database) as found:
        yield found


@pytest.fixture
async def any_api(tmp_path: Path) -> AsyncIterator[Api]:
    """A service where it makes no difference on which database."""
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/service.sqlite3") as found:
        yield found
