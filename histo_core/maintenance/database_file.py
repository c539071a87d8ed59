"""Whether a workspace's SQLite file is there and whole, and making it again where it is not."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Literal
from urllib.parse import quote

import sqlalchemy as sa

from histo_core.errors import StoreError
from histo_core.maintenance.finding import Finding
from histo_core.runs.store.database import Database
from histo_core.runs.store.locks import locked
from histo_core.workspace import Workspace

State = Literal["whole", "missing", "empty", "damaged"]

_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def check_database(workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find out whether the database can be used; make an empty one in the place of one that cannot.

    A damaged file is moved aside and kept. The rows come back from the folders, see `histo_core.maintenance.rescan`.
    """
    if os.environ.get("HISTOSCOPE_DATABASE_URL"):
        return
    state = state_of(workspace.database)
    if state == "whole":
        return
    if mend:
        _make_again(workspace, keep=state == "damaged")
    kept = " It was moved aside." if mend and state == "damaged" else ""
    what = {"missing": "is missing", "empty": "is empty", "damaged": "is damaged"}[state]
    yield Finding(workspace.database.name, f"The database {what}.{kept}", mended=mend)


def state_of(path: Path) -> State:
    """How a database's file is; nothing is written.

    Raises:
        StoreError: it cannot be read for another reason.
    """
    if not path.is_file():
        return "missing"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)) as connection:
            # A thorough look: a damaged index gives wrong answers and no error.
            if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                return "damaged"
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BROKEN:
            return "damaged"
        raise StoreError(
            f"The database {path} cannot be read: {error}.",
            "A file that this user may read is expected.",
            "Check its permissions and its disk.",
        ) from None
    return "whole" if tables[0] else "empty"


def new_database(path: Path) -> Database:
    """A database with tables and without rows, in a file that is not there yet."""
    database = Database(sa.URL.create("sqlite", database=str(path)))
    database.migrate(path.with_name(f"{path.name}.lock"))
    path.with_name(f"{path.name}.lock").unlink()
    return database


def _make_again(workspace: Workspace, *, keep: bool) -> None:
    path = workspace.database
    with locked(workspace.locks / "migrate.lock"):
        temporary = path.with_name(f".{path.name}.{token_hex(4)}.part")
        new_database(temporary)
        if keep:
            moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            path.rename(path.with_name(f"{path.name}.damaged-{moment}"))
        # What a transaction that was cut off left beside the old file would be applied to the new one.
        for rest in ("-journal", "-wal", "-shm"):
            path.with_name(path.name + rest).unlink(missing_ok=True)
        temporary.replace(path)
