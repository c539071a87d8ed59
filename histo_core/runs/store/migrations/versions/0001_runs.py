"""Runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("config_hash", sa.String(64), nullable=False),
        sa.Column("data_hash", sa.String(64), nullable=False),
        sa.Column("split_fingerprint", sa.String(64), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("progress", sa.JSON),
        sa.Column("cancel_requested_at", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("queued_at", moment, nullable=False),
        sa.Column("started_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("heartbeat_at", moment),
        sa.Column("pid", sa.Integer),
        sa.Column("process_started", sa.Double),
        sa.Column("boot_id", sa.String(64)),
        sa.UniqueConstraint("config_hash", "attempt", name="one_run_an_attempt"),
    )
    active = sa.column("status").in_(["queued", "running"])
    op.create_index(
        "one_active_run_a_config",
        "runs",
        ["config_hash"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_index("runs_by_status", "runs", ["status", "queued_at"])
