"""Open the database: check its place, set its locking, and migrate its tables."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from histo_core.disk_errors import advice
from histo_core.errors import StoreError
from histo_core.files import file_system
from histo_core.runs.store.columns import from_json
from histo_core.runs.store.locks import locked
from histo_core.runs.store.schema import VERSION
from histo_core.runs.store.store_errors import store_error
from histo_core.storable import as_json
from histo_core.workspace import Workspace

BUSY_SECONDS = 30
# Before 3.51.3 a write-ahead log could lose a transaction when it was reset under load.
WRITE_AHEAD = sqlite3.sqlite_version_info >= (3, 51, 3)
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "afpfs", "ceph", "lustre", "glusterfs", "gpfs", "beegfs"}
    | {"davfs", "webdav", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone"}
)
_ADVISORY_LOCK = 0x4869_7374  # any number, as long as every Histoscope takes the same one
_JSON: dict[str, Any] = {"json_serializer": as_json, "json_deserializer": from_json}
_VERSION_TABLE = sa.table("alembic_version", sa.column("version_num"))


class Database:
    """A database with read and write transactions. A write transaction waits for its turn before it reads anything.

    SQLite uses ``BEGIN IMMEDIATE``: with a plain ``BEGIN``, 1,500 of 1,600 competing read-then-write transactions
    failed as "locked"; with this, none did. PostgreSQL uses an advisory lock for the same order.
    """

    def __init__(self, url: sa.URL) -> None:
        self.engine = engine_of(url)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one state of the database.

        Raises:
            StoreError: the database cannot be reached or read.
        """
        with _store_errors(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction that excludes all other writers; it is synced to the disk when the block ends.

        Raises:
            StoreError: the database cannot be reached, or stays locked for 30 s, or its disk is full.
        """
        with _store_errors(self.engine), self.engine.execution_options(writes=True).begin() as connection:
            yield connection

    def version(self) -> str | None:
        """Return the newest migration that was applied, or None for a new database."""
        with self.read() as connection:
            if not sa.inspect(connection).has_table(_VERSION_TABLE.name):
                return None
            return connection.execute(sa.select(_VERSION_TABLE.c.version_num)).scalar()

    def migrate(self, lock: Path) -> None:
        """Bring the tables up to date, in one process at a time.

        Raises:
            StoreError: a newer Histoscope made the database.
        """
        if self.version() == VERSION:
            return
        with locked(lock):
            # Check again: of all processes that waited for the lock, only the first has something to do. Loading
            # Alembic takes a second; fifty processes one after the other would exceed the lock's timeout.
            if self.version() != VERSION:
                self._migrate()

    def _migrate(self) -> None:
        # Imported only when needed: it takes longer than everything else that a page does with the store.
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", "histo_core.runs.store:migrations")
        found = self.version()
        known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        if found is not None and found not in known:
            raise StoreError(
                f"The database {self.engine.url.render_as_string()} has version {found}.",
                f"This Histoscope knows versions up to {VERSION}.",
                "Upgrade Histoscope, or name another workspace with HISTOSCOPE_HOME.",
            )
        if self.engine.dialect.name == "sqlite":
            self._set_journal()
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _set_journal(self) -> None:
        """Set the journal mode, which is stored in the file and cannot be changed inside a transaction."""
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute(f"PRAGMA journal_mode = {'WAL' if WRITE_AHEAD else 'DELETE'}")
        finally:
            connection.close()


def open_database(workspace: Workspace) -> Database:
    """Open the database of a workspace, or of ``HISTOSCOPE_DATABASE_URL``, and bring its tables up to date.

    Raises:
        StoreError: the database cannot be opened, is on a network file system, or is too new.
    """
    named = os.environ.get("HISTOSCOPE_DATABASE_URL")
    try:
        url = sa.make_url(named) if named else sa.URL.create("sqlite", database=str(workspace.database))
        if url.get_backend_name() == "sqlite":
            _prepare_file(Path(url.database or ""))
        database = Database(url)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:  # the last: the port is not a number
        raise StoreError(
            f"HISTOSCOPE_DATABASE_URL cannot be used: {error}.",
            "sqlite:////absolute/path or postgresql+psycopg://user@host/name are expected.",
            "Correct the URL, or install the driver it names; "
            'for postgresql+psycopg: pip install "histo-core[postgres]"',
        ) from None
    database.migrate(workspace.locks / "migrate.lock")
    return database


def _prepare_file(path: Path) -> None:
    if not path.is_absolute():
        raise StoreError(
            f"The database path {str(path)!r} is not absolute.",
            "Workers run in other folders, so an absolute path is expected.",
            "Write sqlite:////absolute/path.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} cannot be made: {error.strerror}.",
            "A folder that this user may write to is expected.",
            f"{advice(error)}, or name another workspace with HISTOSCOPE_HOME.",
        ) from None
    kind = file_system(path.parent)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreError(
            f"{path.parent} lies on a network file system ({kind}).",
            "SQLite's locks hold on local disks only.",
            "Name a local folder with HISTOSCOPE_HOME, or a PostgreSQL server with HISTOSCOPE_DATABASE_URL.",
        )


@lru_cache(maxsize=16)
def engine_of(url: sa.URL) -> sa.Engine:
    """Return the engine of a database, one a process."""
    if url.get_backend_name() != "sqlite":
        engine = sa.create_engine(url, pool_pre_ping=True, **_JSON)
        event.listen(engine, "begin", _begin_on_server)
        return engine
    # No pool: opening a file takes 0.1 ms, and no connection is ever shared with another thread or process.
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"timeout": BUSY_SECONDS}, **_JSON)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _begin_in_file)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.text_factory = _as_text
    connection.isolation_level = None  # the driver's own late BEGIN deadlocks; we send ours
    connection.execute("PRAGMA synchronous = FULL")


def _as_text(value: bytes) -> str:
    """Decode a row's text, damaged or not; the driver fails the whole statement over one byte that is not UTF-8."""
    return value.decode(errors="replace")


def _begin_in_file(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_on_server(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))


@contextmanager
def _store_errors(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise store_error(error, engine.url) from error
