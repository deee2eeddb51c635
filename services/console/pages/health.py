"""Whether the process is well, for supervisors and load balancers."""

from typing import Final

from litestar import Response, get
from sqlalchemy import func, select

from services.console.hearing import Hearing
from services.console.tables import TABLES
from services.console.web import Request


@get("/health/ready")
async def ready(request: Request) -> dict[str, str]:
    """Whether the database answers. Raises the database's error if it does not."""
    async with request.app.state.engine.connect() as conn:
        await conn.execute(select(func.count()).select_from(TABLES.sessions))
    return {"database": "ok"}


@get("/health")
async def health(request: Request) -> Response[dict[str, str]]:
    """Whether the database answers and every feed is followed; 503 while one stands still or the tables are made."""
    hearing: Hearing = request.app.state.hearing
    parts = await ready.fn(request) | hearing.health()
    return Response(parts, status_code=200 if set(parts.values()) == {"ok"} else 503)


HANDLERS: Final = (ready, health)
