"""Copy one consistent state of the database, SQLite or PostgreSQL, into a file and back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from histo_core.errors import StoreError
from histo_core.maintenance.database_file import new_database
from histo_core.program import PROGRAM
from histo_core.runs.store.database import Database, open_database
from histo_core.runs.store.schema import METADATA
from histo_core.workspace import Workspace

_ROWS = 500


def on_server() -> bool:
    """Return whether the rows are in the database that ``HISTOSCOPE_DATABASE_URL`` names, and not in the workspace."""
    return bool(os.environ.get("HISTOSCOPE_DATABASE_URL"))


def write_snapshot(workspace: Workspace, target: Path) -> None:
    """Write the rows of one moment into a new SQLite file, while others continue to write.

    Raises:
        StoreError: the database cannot be read.
    """
    database = open_database(workspace)
    if on_server():
        copy_rows(database, new_database(target))
        return
    try:
        with closing(sqlite3.connect(workspace.database)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise StoreError(
            f"The database {workspace.database} could not be copied: {error}.",
            "A whole database and a disk with room for its copy are needed.",
            f"Run `{PROGRAM} workspace check`.",
        ) from None


def read_snapshot(snapshot: Path, workspace: Workspace) -> None:
    """Copy the rows of a snapshot into the database that ``HISTOSCOPE_DATABASE_URL`` names.

    Raises:
        StoreError: the database holds rows already, or cannot be written.
    """
    target = open_database(workspace)
    need_empty(target)
    source = Database(sa.URL.create("sqlite", database=str(snapshot)))
    source.migrate(snapshot.with_name(f"{snapshot.name}.lock"))
    snapshot.with_name(f"{snapshot.name}.lock").unlink(missing_ok=True)
    copy_rows(source, target)


def need_empty(database: Database) -> None:
    """Check that a database holds no rows.

    Raises:
        StoreError: it holds rows.
    """
    with database.read() as connection:
        taken = [
            table.name for table in METADATA.sorted_tables if connection.execute(sa.select(table).limit(1)).first()
        ]
    if taken:
        raise StoreError(
            f"The database that HISTOSCOPE_DATABASE_URL names holds rows already ({', '.join(taken)}).",
            "An empty one is expected, so that nothing is mixed or lost.",
            "Name a new database, or unset HISTOSCOPE_DATABASE_URL to restore into SQLite.",
        )


def copy_rows(source: Database, target: Database) -> None:
    """Copy all rows of all tables; the source must not change meanwhile, so that the rows are consistent."""
    with source.write() as taken, target.write() as given:
        for table in METADATA.sorted_tables:
            rows = taken.execute(sa.select(table)).mappings()
            for some in iter(lambda rows=rows: rows.fetchmany(_ROWS), []):
                given.execute(sa.insert(table), [dict(row) for row in some])
