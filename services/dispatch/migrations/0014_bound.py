"""The pools know who is bound to a village or a party by each kind of link, not only who was full-time when the link
began."""

import json
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_POOLS, _CONTACTS, _POSTS = (
    sa.table(name, *map(sa.column, ("id", "place", "body"))) for name in ("pools", "contacts", "posts")
)


def upgrade() -> None:
    connection = op.get_bind()
    pools = {id: json.loads(body) for id, _, body in connection.execute(sa.select(_POOLS)).all()}
    if not pools:
        return
    bound: dict[str, Any] = {id: defaultdict(lambda: defaultdict(list)) for id in pools}
    for table in (_CONTACTS, _POSTS):
        for id, place, body in connection.execute(sa.select(table).order_by(table.c.id)):
            origin = id if table is _CONTACTS else place
            around = {code[:digits] for code in (place, origin) for digits in (6, 4, 2)} & pools.keys()
            for kind, bond in json.loads(body).get("bonds", {}).items():
                if around and not (bond.get("parties") or bond.get("villagers")):
                    for pool in around:
                        for cadre in bond.get("since", {}):
                            bound[pool][kind][cadre].append(id)
    for id, pool in pools.items():
        if pool.pop("posted", None) or bound[id]:
            body = json.dumps(pool | {"bound": bound[id]}, ensure_ascii=False, separators=(",", ":"))
            connection.execute(sa.update(_POOLS).where(_POOLS.c.id == id).values(body=body))


def downgrade() -> None:
    """Nothing of the schema changed."""
