"""The tables, as SQLAlchemy sees them, and how a row becomes a record.

A change here needs a migration and a new `VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from histo_core.config import RunConfig
from histo_core.errors import HistoscopeError
from histo_core.runs.records import Progress, Run, RunStatus

VERSION = "0003"
"""The newest migration; a test holds that it is the head of ``migrations/versions``."""

ACTIVE = tuple(status.value for status in RunStatus if status.active)


class Utc(sa.types.TypeDecorator[datetime]):
    """Times of day in UTC, also in SQLite, which keeps no time zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA = sa.MetaData()

RUNS = sa.Table(
    "runs",
    METADATA,
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
    sa.Column("progress", sa.JSON(none_as_null=True)),
    sa.Column("cancel_requested_at", Utc),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("queued_at", Utc, nullable=False),
    sa.Column("started_at", Utc),
    sa.Column("ended_at", Utc),
    sa.Column("heartbeat_at", Utc),
    sa.Column("pid", sa.Integer),
    sa.Column("process_started", sa.Double),
    sa.Column("boot_id", sa.String(64)),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("tags", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("archived_at", Utc),
    sa.Column("test_fingerprint", sa.String(64), nullable=False, server_default=sa.text("''")),
    sa.UniqueConstraint("config_hash", "attempt", name="one_run_an_attempt"),
)

# Two launches of one configuration cannot both be active, whatever the code above the database does.
sa.Index(
    "one_active_run_a_config",
    RUNS.c.config_hash,
    unique=True,
    sqlite_where=RUNS.c.status.in_(ACTIVE),
    postgresql_where=RUNS.c.status.in_(ACTIVE),
)
sa.Index("runs_by_status", RUNS.c.status, RUNS.c.queued_at)

WAITING = RUNS.c.status == RunStatus.QUEUED.value
QUEUE_ORDER = (RUNS.c.priority.desc(), RUNS.c.queued_at, RUNS.c.run_id)
"""The order in which waiting runs are started."""

EXPERIMENTS = sa.Table(
    "experiments",
    METADATA,
    sa.Column("experiment_id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("protocol", sa.JSON, nullable=False),
    sa.Column("config", sa.JSON, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("cancelled_at", Utc),
    sa.Column("archived_at", Utc),
    sa.Column("final_run_id", sa.String(32)),
    sa.Column("test_touched_at", Utc),
    sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
)

EXPERIMENT_RUNS = sa.Table(
    "experiment_runs",
    METADATA,
    sa.Column("experiment_id", sa.String(32), sa.ForeignKey("experiments.experiment_id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.String(32), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("changes", sa.JSON, nullable=False),
    sa.Column("reused", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("problem", sa.Text, nullable=False, server_default=sa.text("''")),
)
sa.Index("experiments_of_a_run", EXPERIMENT_RUNS.c.run_id)

TEST_SCORES = sa.Table(
    "test_scores",
    METADATA,
    sa.Column("test_fingerprint", sa.String(64), primary_key=True),
    sa.Column("scored_for", sa.String(64), primary_key=True),
    sa.Column("scored_at", Utc, nullable=False),
)


def to_run(row: Mapping[Any, Any]) -> Run:
    """One row of `RUNS` as the rest of the program sees it.

    A row that another version wrote, or that was damaged, stops nobody: it becomes a run in the state "unreadable",
    whose reason says why, with the configuration of no run in particular.
    """
    try:
        config, status, reason = RunConfig.parse_saved(row["config"]), RunStatus(row["status"]), row["reason"]
    except (HistoscopeError, ValueError) as error:
        config, status = RunConfig(), RunStatus.UNREADABLE
        reason = f"Its row cannot be read, as when another version of Histoscope wrote it: {error}"
    return Run(
        run_id=row["run_id"],
        name=row["name"],
        config=config,
        config_hash=row["config_hash"],
        data_hash=row["data_hash"],
        split_fingerprint=row["split_fingerprint"],
        attempt=row["attempt"],
        status=status,
        reason=reason,
        device=row["device"],
        progress=_progress(row["progress"]),
        cancel_requested=row["cancel_requested_at"] is not None,
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        heartbeat_at=row["heartbeat_at"],
        pid=row["pid"] if row["status"] == RunStatus.RUNNING else None,
        priority=row["priority"],
        tags=tuple(row["tags"]),
        note=row["note"],
        archived_at=row["archived_at"],
        test_fingerprint=row["test_fingerprint"],
    )


def _progress(values: Mapping[str, Any] | None) -> Progress | None:
    """None where the worker said nothing yet, or is of a version that says other things."""
    try:
        return None if values is None else Progress(**values)
    except TypeError:
        return None
