"""Which test set a run has and how often each was scored; which members an experiment found, and which it refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("runs", sa.Column("test_fingerprint", sa.String(64), nullable=False, server_default=sa.text("''")))
    op.add_column("experiment_runs", sa.Column("reused", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("experiment_runs", sa.Column("problem", sa.Text, nullable=False, server_default=sa.text("''")))
    op.create_table(
        "test_scores",
        sa.Column("test_fingerprint", sa.String(64), primary_key=True),
        sa.Column("scored_for", sa.String(64), primary_key=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
    )
