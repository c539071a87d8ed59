"""Rows that are lost, made again from the folders of runs and experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.exc import StatementError

from histo_core.config import RunConfig, read_config
from histo_core.errors import HistoscopeError, PathNotAllowedError
from histo_core.experiments.record_file import read_experiment
from histo_core.files import read_json
from histo_core.maintenance.finding import Finding
from histo_core.runs.store.database import Database
from histo_core.runs.store.record_file import read_run
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS, RUNS
from histo_core.workspace import Workspace

_REMOVE = "Restore its files from a backup, or remove the folder."


def rescan_runs(database: Database, workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find run folders without a row; add the row that the folder holds."""
    known = _ids(database, RUNS.c.run_id)
    for folder in _folders(workspace.runs):
        if folder.name in known or (folder / "deleted").exists():
            continue
        if not any(folder.iterdir()):
            yield _removed(folder, "runs", mend=mend)
            continue
        where = f"runs/{folder.name}"
        try:
            workspace.run_folder(folder.name)
            row = _row_of(folder)
        except PathNotAllowedError:
            yield Finding(where, "This is no run's folder.", "Move it elsewhere.")
        except HistoscopeError as error:
            yield Finding(where, f"It has no row in the database, and none can be made: {error.found}", _REMOVE)
        else:
            yield _added(where, database, lambda connection, row=row: _add_run(connection, row), mend=mend)


def rescan_experiments(database: Database, workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find experiments' folders without rows; add the rows that the folder holds."""
    known = _ids(database, EXPERIMENTS.c.experiment_id)
    for folder in _folders(workspace.home / "experiments"):
        if folder.name in known:
            continue
        if not any(folder.iterdir()):
            yield _removed(folder, "experiments", mend=mend)
            continue
        where = f"experiments/{folder.name}"
        try:
            rows = read_experiment(folder.name, workspace)
        except FileNotFoundError:
            yield Finding(where, "It has no row in the database, and does not hold one.", _REMOVE)
        except HistoscopeError as error:
            yield Finding(where, f"It has no row in the database, and none can be made: {error.found}", _REMOVE)
        else:

            def add(connection: sa.Connection, rows: Any = rows) -> None:
                connection.execute(sa.insert(EXPERIMENTS).values(rows.experiment))
                for member in rows.members:
                    connection.execute(sa.insert(EXPERIMENT_RUNS).values(member))

            yield _added(where, database, add, mend=mend)


def _row_of(folder: Path) -> Mapping[str, Any]:
    try:
        row = read_run(folder)
    except FileNotFoundError:
        row = _row_of_older_version(folder)
    RunConfig.parse_saved(row["config"])
    RunStatus(row["status"])
    return row


def _row_of_older_version(folder: Path) -> Mapping[str, Any]:
    """The row of a finished run, made of its configuration and manifest; what people wrote on it is lost.

    Raises:
        HistoscopeError: it has not finished, or its files cannot be read.
    """
    try:
        manifest = read_json(folder / "manifest.json")
        config = read_config(folder / "config.yaml", saved=True)
        begun, ended = (
            datetime.fromtimestamp((folder / name).stat().st_mtime, UTC) for name in ("config.yaml", "manifest.json")
        )
        return {
            "run_id": folder.name,
            "name": config.model.name,
            "user": "local",
            "config": config.model_dump(mode="json"),
            **{name: str(manifest[name]) for name in ("config_hash", "data_hash", "split_fingerprint", "device")},
            "attempt": int(folder.name.rpartition("-")[2]),
            "status": RunStatus.SUCCEEDED.value,
            "reason": "",
            **dict.fromkeys(("created_at", "queued_at", "started_at"), begun),
            "ended_at": ended,
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise HistoscopeError(f"it has no run.json, and no finished run's manifest ({error}).") from None


def _add_run(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    connection.execute(sa.insert(RUNS).values(row))


def _added(where: str, database: Database, add: Callable[[sa.Connection], None], *, mend: bool) -> Finding:
    if mend:
        try:
            with database.write() as connection:
                add(connection)
        except (StatementError, HistoscopeError) as error:  # it collides with another, or holds what no row can
            return Finding(where, f"Its row cannot be added: {error}", _REMOVE)
    return Finding(where, "It has no row in the database.", mended=mend)


def _removed(folder: Path, kind: str, *, mend: bool) -> Finding:
    if mend:
        folder.rmdir()
    return Finding(f"{kind}/{folder.name}", "It is empty: its start was broken off.", mended=mend)


def _ids(database: Database, column: sa.Column[str]) -> frozenset[str]:
    with database.read() as connection:
        return frozenset(connection.execute(sa.select(column)).scalars())


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("[!.]*") if path.is_dir() and not path.is_symlink())
