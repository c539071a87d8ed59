"""Write each database row as a JSON file in its run's or experiment's folder, to rebuild a lost database.

The row is authoritative. Its file is written inside the transaction that changes the row, so that files change in the
same order as rows. A failed write is logged, and `python -m histo_core workspace check --mend` writes the file later.
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
"""The file in a run's folder that holds the run's whole row."""

LOG = logging.getLogger(__name__)


def plain_row(table: sa.Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON values: times as ISO 8601 text in UTC, and None for damaged values."""
    return {column.name: _plain(row[column.name]) for column in table.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    # No column holds bytes: SQLite returns bytes where a value is damaged.
    return None if value is DAMAGED or isinstance(value, bytes) else value


def parsed_row(table: sa.Table, values: object, source: Path) -> dict[str, Any]:
    """Parse a row that `plain_row` wrote; columns that an older version did not know take their default.

    Args:
        table: the row's table; keys that are not its columns are ignored.
        values: the parsed JSON.
        source: the file, for the error message.

    Raises:
        CorruptDataError: not an object, a required column is missing, or a value has the wrong type.
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
    """Write a run's row into its folder; skip a row of another program, whose id cannot name a folder."""
    if is_plain_id(row["run_id"]):
        write_record(workspace.run_folder(row["run_id"]) / RUN, plain_row(RUNS, row))


@contextmanager
def removed_on_rollback() -> Iterator[list[Path]]:
    """Remove the files of new rows when their transaction fails; else a check would report the rows as lost.

    Yields a list to which the block adds the files. A folder that is then empty is removed too.
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
    """Write a row's values; log a failed write and go on, because the row itself is stored."""
    try:
        write_json(file, values)
    except OSError as error:
        LOG.warning("%s was not written: %s", file, error)


def read_run(folder: Path) -> dict[str, Any]:
    """Read the row from a run's folder.

    Raises:
        FileNotFoundError: there is no file, as an older version wrote none.
        CorruptDataError: the file cannot be read, or belongs to another run.
    """
    file = folder / RUN
    row = parsed_row(RUNS, read_record(file), file)
    if row["run_id"] != folder.name:
        raise _damaged(file, f"it is of the run {row['run_id']!r}")
    return row


def read_record(file: Path) -> Any:
    """Read a file's JSON values.

    Raises:
        FileNotFoundError: the file is missing.
        CorruptDataError: the file cannot be read.
    """
    try:
        return read_json(file)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from None


def scores_file(workspace: Workspace) -> Path:
    """Return the file that lists, a line each, which test set was scored for what."""
    return workspace.home / "test_scores.jsonl"


def note_score(line: str, workspace: Workspace) -> None:
    """Append a line to `scores_file`; log a failed write and go on."""
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
