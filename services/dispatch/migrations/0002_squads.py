"""Cadres leave the pools: those of a unit are a state of their own."""

import json
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_POOLS = sa.table("pools", sa.column("id"), sa.column("place"), sa.column("body"))
_SQUADS = sa.table("squads", *map(sa.column, ("id", "place", "status", "awaits", "body")))


def upgrade() -> None:
    op.create_table(
        "squads",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("awaits", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("squads", schema=None) as batch_op:
        batch_op.create_index("ix_squads_due", ["due"], unique=False)
        batch_op.create_index("ix_squads_place", ["place", "status"], unique=False)
    connection = op.get_bind()
    for id, place, body in connection.execute(sa.select(_POOLS)).all():
        pool = json.loads(body)
        squads: defaultdict[str, dict[str, object]] = defaultdict(dict)
        for cadre, known in pool.pop("cadres", {}).items():
            squads[known["unit"]][cadre] = known
        rows = []
        for unit, cadres in squads.items():
            lies = pool.get("units", {}).get(unit, {"place": place})["place"]
            rows.append(
                {
                    "id": unit,
                    "place": lies,
                    "status": "",
                    "awaits": False,
                    "body": _encoded({"id": unit, "place": lies, "cadres": cadres}),
                }
            )
        if rows:
            connection.execute(sa.insert(_SQUADS), rows)
        connection.execute(sa.update(_POOLS).where(_POOLS.c.id == id).values(body=_encoded(pool)))


def _encoded(state: dict[str, object]) -> str:
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))
