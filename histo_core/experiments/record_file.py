"""Read and write an experiment's rows as ``experiment.json`` in its folder, as a run's row is kept in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from histo_core.errors import CorruptDataError
from histo_core.runs.store.record_file import parsed_row, plain_row, read_record, write_record
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS
from histo_core.workspace import Workspace, is_plain_id


@dataclass(frozen=True)
class ExperimentRows:
    """The rows of an experiment and of its members as plain values."""

    experiment: dict[str, Any]
    members: tuple[dict[str, Any], ...]


def experiment_file(experiment_id: str, workspace: Workspace) -> Path:
    """Return the path of an experiment's rows."""
    return workspace.experiment_folder(experiment_id) / "experiment.json"


def plain_experiment(connection: sa.Connection, experiment_id: str) -> dict[str, Any] | None:
    """Return what an experiment's file must contain, or None where there is no such experiment."""
    own = sa.select(EXPERIMENTS).where(EXPERIMENTS.c.experiment_id == experiment_id)
    row = connection.execute(own).mappings().one_or_none()
    if row is None:
        return None
    members = sa.select(EXPERIMENT_RUNS).where(EXPERIMENT_RUNS.c.experiment_id == experiment_id)
    rows = connection.execute(members.order_by(EXPERIMENT_RUNS.c.position)).mappings()
    return plain_row(EXPERIMENTS, row) | {"members": [plain_row(EXPERIMENT_RUNS, member) for member in rows]}


def write_experiment(connection: sa.Connection, experiment_id: str, workspace: Workspace) -> None:
    """Write an experiment's rows into its folder, in the transaction that changes them."""
    if is_plain_id(experiment_id) and (values := plain_experiment(connection, experiment_id)) is not None:
        write_record(experiment_file(experiment_id, workspace), values)


def read_experiment(experiment_id: str, workspace: Workspace) -> ExperimentRows:
    """Read the rows from an experiment's folder.

    Raises:
        FileNotFoundError: there is no file; older versions wrote none.
        CorruptDataError: the file cannot be read, or belongs to another experiment.
    """
    file = experiment_file(experiment_id, workspace)
    values = read_record(file)
    row = parsed_row(EXPERIMENTS, values, file)
    found = values.get("members")
    members = tuple(parsed_row(EXPERIMENT_RUNS, one, file) for one in (found if isinstance(found, list) else ()))
    if {row["experiment_id"], *(member["experiment_id"] for member in members)} != {experiment_id}:
        raise CorruptDataError(f"{file} is of another experiment.", "That of its folder is expected.", "Move it back.")
    return ExperimentRows(row, members)
