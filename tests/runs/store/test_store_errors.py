"""What is said of a database that refuses fits what is wrong with it; each is brought about for real."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
import sqlalchemy as sa

from histo_core.errors import ReadOnlyStoreError, StoreError
from histo_core.runs.store import database
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def _no_database(workspace: Workspace) -> None:
    workspace.database.write_bytes(b"This is a text. " * 1000)


def _a_damaged_page(workspace: Workspace) -> None:
    content = bytearray(workspace.database.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 200] = b"\xff" * 200
    workspace.database.write_bytes(content)


def _no_tables(workspace: Workspace) -> None:
    with closing(sqlite3.connect(workspace.database)) as connection:
        connection.execute("DROP TABLE runs")


def _no_folder(workspace: Workspace) -> None:
    workspace.database.unlink()
    workspace.database.mkdir()


MEND = "workspace check --mend"
HARMS: dict[Callable[[Workspace], None], str] = {
    _no_database: MEND,
    _a_damaged_page: MEND,
    _no_tables: MEND,
    _no_folder: "permissions",
}


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_the_remedy_fits_what_is_wrong(store: Store, workspace: Workspace, harm: Callable[[Workspace], None]) -> None:
    harm(workspace)
    with pytest.raises(StoreError, match=HARMS[harm]) as caught:
        store.runs()
    assert "space" not in caught.value.remedy.replace("workspace", "")


def test_a_full_disk_and_a_database_for_reading_only(store: Store, enqueue) -> None:
    engine = store.database.engine

    def full(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def read_only(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA query_only = 1")

    for hook, kind, words in ((full, StoreError, "Free some space"), (read_only, ReadOnlyStoreError, "read-only")):
        sa.event.listen(engine, "connect", hook)
        try:
            with pytest.raises(kind, match=words):
                _enqueue_many(enqueue)
        finally:
            sa.event.remove(engine, "connect", hook)


def _enqueue_many(enqueue: Callable[[str], object]) -> None:
    for _ in range(50):
        enqueue("x" * 200)


def test_a_locked_database_says_who_to_wait_for(
    store: Store, workspace: Workspace, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    database.engine_of.cache_clear()
    impatient = Store.open(workspace)
    with closing(sqlite3.connect(workspace.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="Wait for that process"):
            impatient.request_cancel("any")
    database.engine_of.cache_clear()
