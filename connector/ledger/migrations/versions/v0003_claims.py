"""Match values: who claims which, what a record waits for, and whether HubSpot's record bears our key."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WAITS = sa.text("taken_by IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keyed", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("searched", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("held", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("taken_by", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("gives_way", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.drop_index("record_by_match_value")
        batch_op.create_index(
            "record_that_waits", ["taken_by"], unique=False, sqlite_where=_WAITS, postgresql_where=_WAITS
        )
    op.create_table(
        "claim",
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("type", "value", "record"),
        sqlite_with_rowid=False,
    )
    _claim_what_is_desired()


def _claim_what_is_desired() -> None:
    """Records of before: what they want, HubSpot may hold."""
    tx = op.get_bind()
    wanting = sa.text("SELECT number, type, match_value, desired FROM record WHERE match_value IS NOT NULL")
    for row in tx.execute(wanting).all():
        held, desired = [row.match_value], {**json.loads(row.desired), "matches": [row.match_value]}
        values = {"held": json.dumps(held), "desired": json.dumps(desired), "number": row.number}
        tx.execute(sa.text("UPDATE record SET held = :held, desired = :desired WHERE number = :number"), values)
        claim = {"type": row.type, "value": row.match_value, "record": row.number}
        tx.execute(sa.text("INSERT INTO claim (type, value, record) VALUES (:type, :value, :record)"), claim)


def downgrade() -> None:
    op.drop_table("claim")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("record_that_waits")
        batch_op.create_index("record_by_match_value", ["type", "match_value"], unique=False)
        for name in ("gives_way", "taken_by", "held", "searched", "keyed"):
            batch_op.drop_column(name)
