"""Where the database may lie, and which version it has."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from histo_core.errors import StoreError
from histo_core.runs.store import database
from histo_core.runs.store.schema import METADATA, VERSION
from histo_core.workspace import Workspace


def test_migrations_give_the_tables_that_the_code_expects(workspace: Workspace) -> None:
    opened = database.open_database(workspace)
    with opened.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        indexes = connection.execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'one_active_run_a_config'"))
        assert "WHERE status IN ('queued', 'running')" in indexes.scalar_one()


def test_the_version_is_the_newest_migration(workspace: Workspace) -> None:
    config = Config()
    config.set_main_option("script_location", "histo_core.runs.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == VERSION
    assert database.open_database(workspace).version() == VERSION


def test_an_open_database_is_not_migrated_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    database.open_database(workspace)
    monkeypatch.setattr(database.Database, "_migrate", lambda *_: pytest.fail("migrated again"))
    database.open_database(workspace)


def test_whoever_waited_for_the_lock_finds_it_migrated_and_does_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty launches in a new workspace wait for one another: each second of work in the lock is fifty."""
    plain, migrated = database.Database._migrate, []

    @contextmanager
    def another_was_first(_: Path) -> Iterator[None]:
        plain(opened)
        yield

    monkeypatch.setattr(database.Database, "migrate", lambda *_: None)
    opened = database.open_database(workspace)
    monkeypatch.undo()
    monkeypatch.setattr(database, "locked", another_was_first)
    monkeypatch.setattr(database.Database, "_migrate", migrated.append)
    opened.migrate(workspace.locks / "migrate.lock")
    assert migrated == []
    assert opened.version() == VERSION


def test_a_database_of_a_newer_version_is_refused(workspace: Workspace) -> None:
    with database.open_database(workspace).write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"has version 9999.*Upgrade Histoscope"):
        database.open_database(workspace)


def test_commits_are_synced_and_the_journal_is_the_safe_one(workspace: Workspace) -> None:
    with database.open_database(workspace).read() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
        journal = connection.execute(sa.text("PRAGMA journal_mode")).scalar()
    assert journal == ("wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "delete")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(database, "file_system", lambda _: kind)
    with pytest.raises(StoreError, match=f"network file system \\({kind}\\)"):
        database.open_database(workspace)
    assert not workspace.database.exists()


@pytest.mark.parametrize(
    "url",
    ["nonsense", "sqlite:///relative.sqlite", "nosuchdatabase://host/name", "postgresql+psycopg://host:port/name"],
)
def test_a_url_that_cannot_be_used_is_explained(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HISTOSCOPE_DATABASE_URL", url)
    with pytest.raises(StoreError, match="expected"):
        database.open_database(workspace)


def test_a_url_names_another_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HISTOSCOPE_DATABASE_URL", f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    assert database.open_database(workspace).version() == VERSION
    assert (tmp_path / "elsewhere.sqlite").exists()
    assert not workspace.database.exists()


def test_a_file_that_is_no_database_is_explained(workspace: Workspace) -> None:
    workspace.home.mkdir(parents=True)
    workspace.database.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        database.open_database(workspace)


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made"):
        database.open_database(Workspace(tmp_path / "file" / "home"))


def test_a_failed_transaction_leaves_nothing(workspace: Workspace) -> None:
    opened = database.open_database(workspace)
    with pytest.raises(ZeroDivisionError), opened.write() as connection:  # noqa: PT012
        connection.execute(sa.text("DELETE FROM alembic_version"))
        raise ZeroDivisionError
    assert opened.version() == VERSION


READ_THEN_WRITE = """
import sys
import sqlalchemy as sa
from histo_core.runs.store.database import open_database
from histo_core.workspace import Workspace
database = open_database(Workspace.default())
for _ in range(40):
    with database.write() as connection:
        value = connection.execute(sa.text("SELECT value FROM counter")).scalar_one()
        connection.execute(sa.text("UPDATE counter SET value = :value"), {"value": value + 1})
"""


def test_no_read_then_write_is_lost_between_processes(workspace: Workspace) -> None:
    opened = database.open_database(workspace)
    with opened.write() as connection:
        connection.execute(sa.text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(sa.text("INSERT INTO counter VALUES (0)"))
    project = Path(__file__).resolve().parents[3]
    writers = [subprocess.Popen([sys.executable, "-c", READ_THEN_WRITE], cwd=project) for _ in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    with opened.read() as connection:
        assert connection.execute(sa.text("SELECT value FROM counter")).scalar_one() == 160
