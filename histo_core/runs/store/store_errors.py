"""Explain a database error by its code, with what to do about it."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from histo_core.errors import ReadOnlyStoreError, StoreError
from histo_core.program import PROGRAM

MEND = f"Run `{PROGRAM} workspace check --mend`: it makes the database again from the runs' folders."

_FILE = {
    sqlite3.SQLITE_CORRUPT: ("Its file is damaged.", MEND),
    sqlite3.SQLITE_NOTADB: ("Its file is damaged, or none of a database.", MEND),
    sqlite3.SQLITE_FULL: ("A disk with room is needed.", "Free some space on its disk, then try again."),
    sqlite3.SQLITE_IOERR: (
        "A disk that can be read and written is needed.",
        "Look whether the disk is full or faulty (the system's log says), then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "It must be writable for this.",
        "Check its permissions and whether its disk is mounted read-only, or name another workspace with "
        "HISTOSCOPE_HOME.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "A file that this user may read and write, in a folder that is there, is expected.",
        "Check its folder and permissions, or name another workspace with HISTOSCOPE_HOME.",
    ),
    sqlite3.SQLITE_PERM: ("It must be readable and writable.", "Check its permissions."),
    sqlite3.SQLITE_BUSY: (
        "Another process has kept it locked for 30 s.",
        "Wait for that process, or stop it, then try again.",
    ),
    sqlite3.SQLITE_ERROR: ("Its tables are not those of this version.", MEND),
}
_SERVER = (
    "A PostgreSQL server that is running, with room on its disk, is expected.",
    "Check that it runs and that HISTOSCOPE_DATABASE_URL names it, then try again.",
)


def store_error(error: DBAPIError, url: sa.URL) -> StoreError:
    """Convert a driver's error to a `StoreError`.

    Args:
        error: raised by SQLAlchemy.
        url: the database's URL; its password is not shown.
    """
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        allowed, remedy = _SERVER
    else:
        code &= 0xFF  # the higher bits are SQLite's extended error code
        allowed, remedy = _FILE.get(code, ("It must be reachable and writable.", "Try again."))
    kind = ReadOnlyStoreError if code == sqlite3.SQLITE_READONLY else StoreError
    why = str(error.orig).strip()
    return kind(f"The database {url.render_as_string()} cannot be used: {why}.", allowed, remedy)
