"""A row of the database as a JSON file beside what it is about, so that a lost database can be made again.

The row is what counts. Its file is written inside the transaction that changes the row, so that files follow rows in
their order; a disk that refuses is logged, and `python -m histo_core workspace check --mend` writes the file later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from histo_core.errors import CorruptDataError, StoreError
from histo_core.files import append_line, read_json, write_json
from histo_core.runs.store.columns import DAMAGED, Utc
from histo_core.runs.store.schema import RUNS
from histo_core.workspace import Workspace, is_plain_id

RUN = "run.json"
"""In a run's folder: all that its row says."""

LOG = logging.getLogger(__name__)


def plain_row(table: sa.Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row as JSON values: times as text of ISO 8601, in UTC, and None for what is damaged."""
    return {column.name: _plain(row[column.name]) for column in table.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    # No column holds bytes: SQLite gives them where a value's own bytes are damaged.
    return None if value is DAMAGED or isinstance(value, bytes) else value


def parsed_row(table: sa.Table, values: object, source: Path) -> dict[str, Any]:
    """The values of a row that `plain_row` wrote; columns that an older version did not know take their default.

    Args:
        table: whose columns count; what else stands there is left out.
        values: as JSON gave them.
        source: the file, for the message.

    Raises:
        CorruptDataError: no object, a column that must be there is missing, or a value is of another kind.
    """
    if not isinstance(values, dict):
        raise _damaged(source, "it holds no object")
    row = {}
    for column in table.columns:
        if column.name not in values:
            if column.nullable or column.server_default is not None or column.default is not None:
                continue
            raise _damaged(source, f"{column.name} is missing")
        row[column.name] = _value(column, values[column.name], source)
    return row


def write_run(row: Mapping[Any, Any], workspace: Workspace) -> None:
    """Write a run's row into its folder; a row of elsewhere, whose id names no folder, has none."""
    if is_plain_id(row["run_id"]):
        write_record(workspace.run_folder(row["run_id"]) / RUN, plain_row(RUNS, row))


@contextmanager
def forgotten_if_refused() -> Iterator[list[Path]]:
    """Take the records of new rows away that were not kept in the end: a check would take those rows for lost.

    Gives a list to which the block adds the records' files; a folder goes, too, where nothing else lies in it.
    """
    added: list[Path] = []
    try:
        yield added
    except StoreError:
        for file in added:
            with suppress(OSError):
                file.unlink(missing_ok=True)
                file.parent.rmdir()
        raise


def write_record(file: Path, values: Mapping[str, Any]) -> None:
    """Write what a row says; where the disk refuses, log it and go on, because the row itself is kept."""
    try:
        write_json(file, values)
    except OSError as error:
        LOG.warning("%s was not written: %s", file, error)


def read_run(folder: Path) -> dict[str, Any]:
    """The row that a run's folder holds.

    Raises:
        FileNotFoundError: an older version left none.
        CorruptDataError: it cannot be read, or is of another run.
    """
    file = folder / RUN
    row = parsed_row(RUNS, read_record(file), file)
    if row["run_id"] != folder.name:
        raise _damaged(file, f"it is of the run {row['run_id']!r}")
    return row


def read_record(file: Path) -> Any:
    """A record's JSON values.

    Raises:
        FileNotFoundError: it is not there.
        CorruptDataError: it cannot be read.
    """
    try:
        return read_json(file)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from None


def scores_file(workspace: Workspace) -> Path:
    """Where it stands, a line each, which test set was scored for what."""
    return workspace.home / "test_scores.jsonl"


def note_score(line: str, workspace: Workspace) -> None:
    """Add a line to `scores_file`; where the disk refuses, log it and go on."""
    try:
        append_line(scores_file(workspace), line)
    except OSError as error:
        LOG.warning("%s was not written: %s", scores_file(workspace), error)


def _value(column: sa.Column[Any], value: object, source: Path) -> Any:
    if value is None:
        if column.nullable:
            return None
        raise _damaged(source, f"{column.name} is empty")
    if isinstance(column.type, Utc):
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            raise _damaged(source, f"{column.name} is {value!r}, which is no time") from None
        if moment.tzinfo is None:
            raise _damaged(source, f"{column.name} is {value!r}, without a time zone")
        return moment
    if isinstance(column.type, sa.JSON):
        return value
    own = column.type
    kind = (own.impl_instance if isinstance(own, sa.types.TypeDecorator) else own).python_type
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise _damaged(source, f"{column.name} is {value!r}, not of the type {kind.__name__}")
    return value


def _damaged(file: Path, why: str) -> CorruptDataError:
    return CorruptDataError(
        f"{file} cannot be read: {why}.", "A row that Histoscope wrote is expected.", "Restore it from a backup."
    )
