"""Units with what they are, villages found by an index, and what people keep: searches, and what they handed in.

The read tables are made anew from the journals, since events fill what is new in them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

READ = ("villages", "campaigns", "packs", "sums", "changes", "positions")


def upgrade() -> None:
    for table in READ:
        op.execute(sa.text(f"DELETE FROM {table}"))
    op.drop_table("units")
    op.create_table(
        "units",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("pinyin", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_units_place", "units", ["place", "id"], unique=False)
    op.create_table(
        "marked",
        sa.Column("mark", sa.String(length=160), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("mark", "code"),
    )
    with op.batch_alter_table("villages", schema=None) as batch_op:
        batch_op.drop_column("marks")
        batch_op.create_index("ix_villages_unit", ["unit", "code"], unique=False)
    op.create_table(
        "searches",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name"),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_imports_owner", "imports", ["owner", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("imports")
    op.drop_table("searches")
    for table in READ:
        op.execute(sa.text(f"DELETE FROM {table}"))
    with op.batch_alter_table("villages", schema=None) as batch_op:
        batch_op.drop_index("ix_villages_unit")
        batch_op.add_column(sa.Column("marks", sa.Text(), nullable=False))
    op.drop_table("marked")
    op.drop_index("ix_units_place", "units")
    op.drop_table("units")
    op.create_table(
        "units",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("pinyin", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
