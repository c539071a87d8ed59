"""Compare rows with folders: each row's file, each run's folder, the scores of test sets, runs without workers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from histo_core.errors import CorruptDataError, HistoscopeError
from histo_core.experiments.record_file import experiment_file, plain_experiment, write_experiment
from histo_core.files import append_line
from histo_core.maintenance.finding import Finding
from histo_core.program import PROGRAM
from histo_core.regular_files import JSON_BYTES, read_regular
from histo_core.runs.artifacts.folder import write_config
from histo_core.runs.store.database import Database
from histo_core.runs.store.record_file import RUN, parsed_row, plain_row, read_record, scores_file, write_run
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import ClaimedRun, Store
from histo_core.runs.store.schema import EXPERIMENTS, RUNS, TEST_SCORES, to_run
from histo_core.runs.worker.process_identity import boot_id
from histo_core.runs.worker.supervisor import SILENCE_SECONDS
from histo_core.workspace import Workspace, is_plain_id

_PASSING = ("heartbeat_at", "progress")
"""Columns that change every second; a run's file holds their values from its last write."""


def check_runs(database: Database, workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find unreadable rows, rows whose run has no folder, and folders that differ from the row."""
    with database.read() as connection:
        rows = connection.execute(sa.select(RUNS).order_by(RUNS.c.created_at, RUNS.c.run_id)).mappings().all()
    for row in rows:
        run = to_run(row)
        if run.status is RunStatus.UNREADABLE:
            yield Finding(run.run_id, run.reason, f"Delete it: {PROGRAM} runs delete {run.run_id}")
            continue
        folder = workspace.run_folder(run.run_id)
        if not folder.is_dir() and run.status is not RunStatus.QUEUED:
            yield Finding(
                run.run_id,
                f"The run {run.status}, and its folder is gone.",
                f"Restore it from a backup, or delete the run: {PROGRAM} runs delete {run.run_id}",
            )
            continue
        if _said(folder / RUN) == _lasting(plain_row(RUNS, row)):
            continue
        if mend:
            _write_run(run.run_id, database, workspace)
            write_config(run, workspace)
        yield Finding(f"runs/{run.run_id}/{RUN}", "It does not say what the run's row says.", mended=mend)


def check_experiments(database: Database, workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find experiments whose folder differs from their rows."""
    with database.read() as connection:
        ids = connection.execute(sa.select(EXPERIMENTS.c.experiment_id).order_by(EXPERIMENTS.c.created_at)).scalars()
        wanted = {one: plain_experiment(connection, one) for one in ids.all()}
    for experiment_id, values in wanted.items():
        if not is_plain_id(experiment_id):
            remedy = f"Delete it: {PROGRAM} experiments delete {experiment_id}"
            yield Finding(experiment_id, "Its id holds other signs than letters, digits and hyphens.", remedy)
            continue
        if _said(experiment_file(experiment_id, workspace)) == values:
            continue
        if mend:
            with database.write() as connection:
                write_experiment(connection, experiment_id, workspace)
        where = f"experiments/{experiment_id}/experiment.json"
        yield Finding(where, "It does not say what the experiment's rows say.", mended=mend)


def check_scores(database: Database, workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find scores of test sets that are missing in the database or in the file beside it."""
    kept, lines = _kept_scores(workspace)
    with database.read() as connection:
        known = {_key(row): plain_row(TEST_SCORES, row) for row in _scores(connection)}
        ended = connection.execute(sa.select(RUNS).where(RUNS.c.status == RunStatus.SUCCEEDED.value)).mappings()
        for row in ended.all():
            run = to_run(row)
            if run.test_fingerprint and "test" in run.config.predict.parts:
                values = {"test_fingerprint": run.test_fingerprint, "scored_for": run.run_id}
                kept.setdefault(_key(values), values | {"scored_at": run.ended_at or run.created_at})
    lost = [values for key, values in kept.items() if key not in known]
    if lost:
        if mend:
            with database.write() as connection:
                there = {_key(row) for row in _scores(connection)}
                for values in lost:
                    if _key(values) not in there:
                        connection.execute(sa.insert(TEST_SCORES).values(values))
        what = f"The database does not know of {len(lost)} times that a test set was scored."
        yield Finding(scores_file(workspace).name, what, mended=mend)
    unwritten = [values for key, values in known.items() if key not in lines]
    if unwritten:
        if mend:
            for values in unwritten:
                append_line(scores_file(workspace), json.dumps(values, sort_keys=True))
        yield Finding(scores_file(workspace).name, f"It lacks {len(unwritten)} rows of the database.", mended=mend)


def check_workers(store: Store, *, mend: bool) -> Iterator[Finding]:
    """Find runs in the state "running" that have no worker."""
    for held in store.running():
        if _worker_is_alive(held):
            continue
        if mend:
            reason = "Its worker is gone; resume the run to go on from its last checkpoint."
            store.finish(held.run.run_id, held.worker, RunStatus.INTERRUPTED, reason)
        yield Finding(held.run.run_id, "It counts as running, and its worker is gone.", mended=mend)


def _worker_is_alive(held: ClaimedRun) -> bool:
    if held.worker.boot == boot_id():
        return held.worker.alive()
    heard = held.run.heartbeat_at
    return heard is not None and datetime.now(UTC) - heard < timedelta(seconds=SILENCE_SECONDS)


def _write_run(run_id: str, database: Database, workspace: Workspace) -> None:
    with database.write() as connection:
        row = connection.execute(sa.select(RUNS).where(RUNS.c.run_id == run_id)).mappings().one_or_none()
        if row is not None:
            write_run(row, workspace)


def _said(file: Any) -> Any:
    """Read a file's values without the passing columns; None where it is missing or unreadable."""
    try:
        values = read_record(file)
    except (FileNotFoundError, CorruptDataError):
        return None
    return _lasting(values) if isinstance(values, dict) else None


def _lasting(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _PASSING}


def _scores(connection: sa.Connection) -> list[Mapping[Any, Any]]:
    return list(connection.execute(sa.select(TEST_SCORES)).mappings())


def _key(values: Mapping[Any, Any]) -> tuple[str, str]:
    return values["test_fingerprint"], values["scored_for"]


def _kept_scores(workspace: Workspace) -> tuple[dict[tuple[str, str], dict[str, Any]], frozenset[tuple[str, str]]]:
    """Read the scores in the file as row values; a line that a crash cut off is skipped."""
    file, kept = scores_file(workspace), {}
    text = read_regular(file, JSON_BYTES).decode(errors="replace") if file.is_file() else ""
    for line in text.splitlines():
        try:
            values = parsed_row(TEST_SCORES, json.loads(line), file)
        except (ValueError, RecursionError, HistoscopeError):
            continue
        kept.setdefault(_key(values), values)
    return kept, frozenset(kept)
