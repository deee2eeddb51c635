"""Whether the process is well, for supervisors and load balancers."""

from typing import Final

from litestar import get
from sqlalchemy import func, select

from services.console.tables import TABLES
from services.console.web import Request


@get(["/health", "/health/ready"])
async def health(request: Request) -> dict[str, str]:
    """Whether the database answers. Raises what it says."""
    async with request.app.state.engine.connect() as conn:
        await conn.execute(select(func.count()).select_from(TABLES.sessions))
    return {"database": "ok"}


HANDLERS: Final = (health,)
