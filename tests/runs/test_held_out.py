"""How often a test part was scored, as each of those who scored it found it."""

from __future__ import annotations

from histo_core.runs.held_out import record_score, scored_before
from histo_core.runs.store import Store
from histo_core.workspace import Workspace


def test_who_scored_first_found_it_unscored_whoever_came_later(workspace: Workspace) -> None:
    database = Store.open(workspace).database
    for name in ("first", "second", "first", "third"):
        with database.write() as connection:
            record_score(connection, "a part", name)
    with database.write() as connection:
        record_score(connection, "another part", "second")
    assert [scored_before(database, "a part", name) for name in ("first", "second", "third")] == [0, 1, 2]
    assert scored_before(database, "a part", "somebody else") == 3
    assert scored_before(database, "another part", "first") == 1
