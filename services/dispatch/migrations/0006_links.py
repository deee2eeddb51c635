"""Assignments are taken apart into links (who is bound to the village) and commitments (what is owed there)."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BATCH = 1000
"""Rows that are taken apart at once; a country has more than fit into memory."""
_TYPES = {
    "id": sa.String,
    "place": sa.String,
    "status": sa.String,
    "due": sa.Date,
    "awaits": sa.Boolean,
    "body": sa.Text,
}
_ASSIGNMENTS, _LINKS, _COMMITMENTS = (
    sa.table(name, *(sa.column(column, type_) for column, type_ in _TYPES.items()))
    for name in ("assignments", "links", "commitments")
)
_LETTERS = sa.table("dead_letters", sa.column("id"), sa.column("stream"), sa.column("body", sa.LargeBinary))
_OWED = ("helped_since", "owed", "carried")
"""The fields that the commitments take over; the link does not have them any more."""


def upgrade() -> None:
    for name in ("links", "commitments"):
        op.create_table(
            name,
            sa.Column("id", sa.String(length=120), nullable=False),
            sa.Column("place", sa.String(length=6), nullable=False),
            sa.Column("status", sa.String(length=80), nullable=False),
            sa.Column("due", sa.Date(), nullable=True),
            sa.Column("awaits", sa.Boolean(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
            postgresql_with={"fillfactor": 50},
        )
        with op.batch_alter_table(name) as change:
            change.create_index(f"ix_{name}_due", ["due"], unique=False)
            change.create_index(f"ix_{name}_place", ["place", "status"], unique=False)
    connection = op.get_bind()
    for bodies in _batches(connection):
        parts = [_apart(json.loads(body)) for body in bodies]
        connection.execute(sa.insert(_LINKS), [_link_row(link) for link, _ in parts])
        connection.execute(sa.insert(_COMMITMENTS), [_commitments_row(owed) for _, owed in parts])
    _readdress_timers(connection)
    op.drop_table("assignments")


def _batches(connection: sa.Connection) -> Iterator[list[str]]:
    last = ""
    while True:
        page = sa.select(_ASSIGNMENTS.c.id, _ASSIGNMENTS.c.body).where(_ASSIGNMENTS.c.id > last)
        rows = connection.execute(page.order_by(_ASSIGNMENTS.c.id).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1].id
        yield [row.body for row in rows]


def _apart(assignment: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """An assignment, taken apart into a link and commitments."""
    village, stage = assignment["id"], assignment["stage"]
    timers, deadlines = assignment.pop("timers", {}), assignment.pop("deadlines", [])
    active, owed = stage in ("assigned", "helped"), assignment.get("owed", {})
    unsettled = not active and any(one.get("settle_by") and one.get("closed") is None for one in owed.values())
    commitments = {
        "id": village,
        "place": assignment["place"],
        "timers": {name: on for name, on in timers.items() if name == "commitments"},
        "deadlines": [one for one in deadlines if one["path"][0] == "owed"],
        "stage": stage if active else "closing" if owed else "none",
        "unit": assignment.get("unit", "") if owed else "",
        **{field: assignment.pop(field) for field in _OWED if field in assignment},
    }
    link = {
        **assignment,
        "id": f"{village}/team",
        "timers": {name: on for name, on in timers.items() if name != "commitments"},
        "deadlines": [one for one in deadlines if one["path"][0] != "owed"],
        "unsettled": unsettled,
    }
    return link, commitments


def _link_row(link: dict[str, Any]) -> dict[str, Any]:
    return _row(link, awaits=link["stage"] == "matched" or bool(link.get("vacancies")))


def _commitments_row(commitments: dict[str, Any]) -> dict[str, Any]:
    owed = commitments.get("owed", {}).values()
    return _row(commitments, awaits=any(_is_awaited(one) for one in owed))


def _is_awaited(owed: dict[str, Any]) -> bool:
    unsettled = owed.get("settle_by") and owed.get("closed") is None
    return not owed.get("set_on") or bool(owed.get("reconcile") or unsettled)


def _row(state: dict[str, Any], *, awaits: bool) -> dict[str, Any]:
    due = min(map(date.fromisoformat, state["timers"].values()), default=None)
    said = {field: value for field, value in state.items() if value is not False and value not in ({}, [], "")}
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    where = {"id": state["id"], "place": state["place"], "status": state["stage"]}
    return where | {"due": due, "awaits": awaits, "body": body}


def _readdress_timers(connection: sa.Connection) -> None:
    """Timers that could not run out are set again for the state that has them now."""
    letters = connection.execute(sa.select(_LETTERS).where(_LETTERS.c.stream == "timers")).all()
    for letter in letters:
        kind, village, timers = json.loads(letter.body)
        if kind != "assignments":
            continue
        owed = {name: on for name, on in timers.items() if name == "commitments"}
        bound = {name: on for name, on in timers.items() if name not in owed}
        of_owed, of_bound = ("commitments", village, owed), ("links", f"{village}/team", bound)
        first, *second = [part for part in (of_bound, of_owed) if part[2]] or [of_owed]
        here = sa.table("dead_letters", *map(sa.column, ("id", "body")))
        connection.execute(sa.update(here).where(here.c.id == letter.id).values(body=json.dumps(first).encode()))
        for part in second:
            columns = sa.inspect(connection).get_columns("dead_letters")
            whole = sa.table("dead_letters", *(sa.column(column["name"]) for column in columns))
            copied = connection.execute(sa.select(whole).where(whole.c.id == letter.id)).mappings().one()
            again = {**copied, "id": str(uuid5(UUID(letter.id), part[0])), "body": json.dumps(part).encode()}
            connection.execute(sa.insert(whole).values(again))
