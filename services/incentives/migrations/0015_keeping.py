"""Payrolls look each year at what is kept no more: those from before begin on the next day."""

import json
from datetime import date
from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_PAYROLLS: Final = sa.table("payrolls", sa.column("id"), sa.column("due", sa.Date()), sa.column("body"))
_SOON: Final = date(2000, 1, 1)
"""A day that has passed, whatever the business day is."""


def upgrade() -> None:
    _time({"keep": _SOON.isoformat()}, _SOON)


def downgrade() -> None:
    _time({}, None)


def _time(timers: dict[str, str], due: date | None) -> None:
    """Give all payrolls these timers: before this version they had none."""
    connection = op.get_bind()
    for id, body in connection.execute(sa.select(_PAYROLLS.c.id, _PAYROLLS.c.body)).all():
        kept = {name: said for name, said in json.loads(body).items() if name != "timers"}
        head = {"id": kept.pop("id"), "place": kept.pop("place"), **({"timers": timers} if timers else {})}
        text = json.dumps({**head, **kept}, ensure_ascii=False, separators=(",", ":"))
        connection.execute(sa.update(_PAYROLLS).where(_PAYROLLS.c.id == id).values(body=text, due=due))
