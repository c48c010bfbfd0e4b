"""What a mapping said, and where within a topic an epoch begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mapping", schema=None) as batch_op:
        batch_op.add_column(sa.Column("store", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("description", sa.JSON(), nullable=True))

    with op.batch_alter_table("epoch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("epoch", schema=None) as batch_op:
        batch_op.drop_column("starts")

    with op.batch_alter_table("mapping", schema=None) as batch_op:
        batch_op.drop_column("description")
        batch_op.drop_column("store")
