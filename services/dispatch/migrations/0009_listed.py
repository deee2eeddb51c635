"""Every village that was diagnosed has a state for cadres' own links, which knows whether it is on the list."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_NAMES = ("id", "place", "status", "due", "awaits", "body")
_LINKS, _CONTACTS = (sa.table(name, *map(sa.column, _NAMES)) for name in ("links", "contacts"))
_STANDS = {"diagnosed": "needed", "matched": "needed", "assigned": "needed", "helped": "needed",
           "kept": "left", "relapsed": "left"}  # fmt: skip
"""By the stage of a village's team, what is true of the village. Of other stages it may be either or neither."""


def upgrade() -> None:
    connection = op.get_bind()
    known = set(connection.scalars(sa.select(_CONTACTS.c.id)))
    stages = sa.select(_LINKS.c.id, _LINKS.c.place, _LINKS.c.status).where(_LINKS.c.status.in_(_STANDS))
    rows = [
        {"id": village, "place": place, "status": "filled", "due": None, "awaits": False, "body": json.dumps(state)}
        for id, place, stage in connection.execute(stages).all()
        if (village := id.partition("/")[0]) not in known
        for state in ({"id": village, "place": place, _STANDS[stage]: True},)
    ]
    if rows:
        connection.execute(sa.insert(_CONTACTS), rows)
