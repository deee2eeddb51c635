"""Division codes that are no village's id lead to the villages that have or had them."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_VILLAGES = sa.table("villages", *map(sa.column, ("id", "body")))
_CODES = sa.table("codes", *map(sa.column, ("id", "place", "status", "awaits", "body")))


def upgrade() -> None:
    op.create_table(
        "codes",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("awaits", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": 50},
    )
    with op.batch_alter_table("codes", schema=None) as batch_op:
        batch_op.create_index("ix_codes_due", ["due"], unique=False)
        batch_op.create_index("ix_codes_place", ["place", "status"], unique=False)
    connection = op.get_bind()
    rows = [
        {
            "id": alias["code"],
            "place": alias["code"][:6],
            "status": id,
            "awaits": False,
            "body": json.dumps({"id": alias["code"], "place": alias["code"][:6], "village": id}, separators=(",", ":")),
        }
        for id, body in connection.execute(sa.select(_VILLAGES)).all()
        for alias in json.loads(body).get("codes", ())
        if alias["code"] != id
    ]
    if rows:
        connection.execute(sa.insert(_CODES), rows)
