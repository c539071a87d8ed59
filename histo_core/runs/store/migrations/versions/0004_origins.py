"""Which study's run, sweep or protocol a run or an experiment was made from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table in ("runs", "experiments"):
        op.add_column(table, sa.Column("origin", sa.Text, nullable=False, server_default=sa.text("''")))
