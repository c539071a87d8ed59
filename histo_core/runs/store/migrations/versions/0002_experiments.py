"""What users add to runs (order, tags, notes, archive), and experiments made of many runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("runs", sa.Column("priority", sa.Integer, nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("tags", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("runs", sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("runs", sa.Column("archived_at", moment))
    op.create_table(
        "experiments",
        sa.Column("experiment_id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("protocol", sa.JSON, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("cancelled_at", moment),
        sa.Column("archived_at", moment),
        sa.Column("final_run_id", sa.String(32)),
        sa.Column("test_touched_at", moment),
        sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.create_table(
        "experiment_runs",
        sa.Column("experiment_id", sa.String(32), sa.ForeignKey("experiments.experiment_id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
    )
    op.create_index("experiments_of_a_run", "experiment_runs", ["run_id"])
