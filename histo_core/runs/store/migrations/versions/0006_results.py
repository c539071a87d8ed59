"""Add a column for the results that a run's worker computes at its end; runs that ended before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("runs", sa.Column("results", sa.JSON(none_as_null=True)))
