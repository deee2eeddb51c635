"""Pages of states keep room for the next version of a row; pages that are full already change only by VACUUM FULL."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATES = ("calendars", "campaigns", "supervisions", "assessments", "verifications")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _STATES:
            op.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")
