"""Define the SQLAlchemy tables, and convert rows to records.

A change here needs a migration and a new `VERSION`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from histo_core.config import RunConfig
from histo_core.errors import HistoscopeError
from histo_core.runs.store.columns import DAMAGED, Key, Utc, Words, copy_of
from histo_core.runs.store.records import Run, RunProgress, RunResults, RunStatus
from histo_core.workspace import is_plain_id

VERSION = "0007"
"""The newest migration; a test checks that it is the head of ``migrations/versions``."""

ACTIVE = tuple(status.value for status in RunStatus if status.active)


NEVER = datetime.fromtimestamp(0, UTC)
"""The start time of a run whose row has none."""
DEVICE = re.compile(r"auto|cpu|mps|cuda:\d{1,4}", re.ASCII)
DEVICE_COUNTS = range(1, 65)
"""The allowed numbers of devices of a run, as in `TrainConfig`."""
_NEEDED: dict[str, type] = {"created_at": datetime, "queued_at": datetime, "attempt": int, "priority": int}
_PROGRESS = TypeAdapter(RunProgress)
_RESULTS = TypeAdapter(RunResults)

METADATA = sa.MetaData()


def _copy(name: str, *place: str) -> sa.Column[str]:
    """Return a column that copies one text of the configuration, by which runs are found."""
    return sa.Column(name, Words, nullable=False, server_default=sa.text("''"), default=copy_of(*place))


_DEVICES = copy_of("train", "devices", otherwise=1)
RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("run_id", Key(32), primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("user", Words, nullable=False),
    sa.Column("config", sa.JSON, nullable=False),
    sa.Column("config_hash", Key(64), nullable=False),
    sa.Column("data_hash", Key(64), nullable=False),
    sa.Column("split_fingerprint", Key(64), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("device", Key(32), nullable=False),
    sa.Column("status", Key(16), nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("progress", sa.JSON(none_as_null=True)),
    sa.Column("results", sa.JSON(none_as_null=True)),
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
    sa.Column("note", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("archived_at", Utc),
    sa.Column("test_fingerprint", Key(64), nullable=False, server_default=sa.text("''")),
    sa.Column("origin", Words, nullable=False, server_default=sa.text("''")),
    _copy("model", "model", "name"),
    _copy("dataset", "data", "dataset"),
    _copy("weights", "model", "weights"),
    _copy("asked_device", "train", "device"),
    _copy("data", "data"),
    sa.Column(
        "devices", sa.Integer, nullable=False, server_default="1", default=copy_of("train", "devices", otherwise=1)
    ),
    sa.UniqueConstraint("config_hash", "attempt", name="one_run_an_attempt"),
)

# The database itself ensures that two launches of one configuration are never both active.
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
"""The order in which waiting runs start."""

EXPERIMENTS = sa.Table(
    "experiments",
    METADATA,
    sa.Column("experiment_id", Key(32), primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("user", Words, nullable=False),
    sa.Column("protocol", sa.JSON, nullable=False),
    sa.Column("config", sa.JSON, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("cancelled_at", Utc),
    sa.Column("archived_at", Utc),
    sa.Column("final_run_id", Key(32)),
    sa.Column("test_touched_at", Utc),
    sa.Column("note", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("origin", Words, nullable=False, server_default=sa.text("''")),
)

EXPERIMENT_RUNS = sa.Table(
    "experiment_runs",
    METADATA,
    sa.Column("experiment_id", Key(32), sa.ForeignKey("experiments.experiment_id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("run_id", Key(32), nullable=False),
    sa.Column("label", Words, nullable=False),
    sa.Column("changes", sa.JSON, nullable=False),
    sa.Column("reused", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("problem", Words, nullable=False, server_default=sa.text("''")),
)
sa.Index("experiments_of_a_run", EXPERIMENT_RUNS.c.run_id)

TEST_SCORES = sa.Table(
    "test_scores",
    METADATA,
    sa.Column("test_fingerprint", Key(64), primary_key=True),
    sa.Column("scored_for", Key(64), primary_key=True),
    sa.Column("scored_at", Utc, nullable=False),
)

DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("user", Key(64), primary_key=True),
    sa.Column("form", Key(64), primary_key=True),
    sa.Column("link", sa.JSON, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("tab", Key(32), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("written_at", Utc, nullable=False),
)


def to_run(row: Mapping[Any, Any]) -> Run:
    """Convert a row of `RUNS` to a run.

    A damaged row, or one that another version wrote, raises no error: it becomes a run in the state "unreadable" with
    a default configuration, and its reason says why.
    """
    try:
        config, status, reason = _config(row), RunStatus(row["status"]), row["reason"]
    except (HistoscopeError, ValueError, RecursionError) as error:
        config, status = RunConfig(), RunStatus.UNREADABLE
        reason = f"Its row cannot be read, as when another version of Histoscope wrote it: {error}"
    tags = row["tags"]
    return Run(
        run_id=row["run_id"],
        name=row["name"] or "",
        config=config,
        config_hash=row["config_hash"],
        data_hash=row["data_hash"],
        split_fingerprint=row["split_fingerprint"],
        attempt=row["attempt"],
        status=status,
        reason=reason or "",
        device=row["device"],
        progress=parsed_progress(row["progress"]),
        cancel_requested=row["cancel_requested_at"] is not None,
        created_at=row["created_at"] or NEVER,
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        heartbeat_at=row["heartbeat_at"],
        pid=row["pid"] if row["status"] == RunStatus.RUNNING else None,
        priority=row["priority"] if isinstance(row["priority"], int) else 0,
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        note=row["note"] or "",
        archived_at=row["archived_at"],
        test_fingerprint=row["test_fingerprint"],
        origin=row["origin"] or "",
        results=parsed_results(row["results"]),
    )


def _config(row: Mapping[Any, Any]) -> RunConfig:
    """Return the configuration of a readable row.

    Raises:
        ConfigError, ValueError: the row is damaged; the message names the column.
    """
    if not is_plain_id(row["run_id"]):
        raise ValueError("its id holds other signs than letters, digits and hyphens.")
    if row["config"] is DAMAGED:
        raise ValueError("its configuration is no JSON.")
    if not DEVICE.fullmatch(row["device"] or ""):
        raise ValueError(f"its device is {row['device']!r}.")
    if row["status"] == RunStatus.RUNNING and not has_worker(row):
        raise ValueError("it runs, and its worker is not named.")
    wrong = [name for name, kind in _NEEDED.items() if not isinstance(row[name], kind)]
    if wrong:
        raise ValueError(f"its {wrong[0]} is {row[wrong[0]]!r}.")
    return RunConfig.parse_saved(row["config"])


def has_worker(row: Mapping[Any, Any]) -> bool:
    """Return whether a row names the process that works on the run."""
    # SQLite's RETURNING gives a whole number for a start time of whole seconds: one process in a hundred has one.
    known = isinstance(row["process_started"], int | float) and isinstance(row["boot_id"], str)
    return known and isinstance(row["pid"], int) and 0 < row["pid"] < 2**31


def parsed_progress(values: Any) -> RunProgress | None:
    """Parse a worker's progress; return None where there is none yet, or another version wrote it."""
    try:
        return None if values is None else _PROGRESS.validate_python(asdict(RunProgress(**values)))
    except (TypeError, ValidationError):
        return None


def parsed_results(values: Any) -> RunResults | None:
    """Parse a run's results; return None where there are none, or another version wrote them."""
    try:
        return None if values is None else _RESULTS.validate_python(values)
    except (TypeError, ValidationError):
        return None
