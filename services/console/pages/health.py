"""Whether the process is well, for supervisors and load balancers."""

from typing import Any, Final

from litestar import Response, get
from sqlalchemy import func, select

from services.console.hearing import Hearing
from services.console.tables import TABLES
from services.console.web import Request


@get("/health/ready")
async def ready(request: Request) -> dict[str, str]:
    """Whether the database answers. Raises what it says."""
    async with request.app.state.engine.connect() as conn:
        await conn.execute(select(func.count()).select_from(TABLES.sessions))
    return {"database": "ok"}


@get("/health")
async def health(request: Request) -> Response[dict[str, Any]]:
    """Whether the database answers and every feed is followed; 503 while one stands still or the tables are made."""
    hearing: Hearing = request.app.state.hearing
    parts = await ready.fn(request) | hearing.health()
    is_well = all(state == "ok" for name, state in parts.items() if not name.startswith("day "))
    return Response(parts, status_code=200 if is_well else 503)


HANDLERS: Final = (ready, health)
