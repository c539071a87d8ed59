"""How often a test set was looked at by comparing runs on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from histo_core.comparison.looks import record_look
from histo_core.config import RunConfig
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import record_score, scored_before
from histo_core.workspace import Workspace

TEST_SET = "t" * 64
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _run(run_id: str, test_set: str = TEST_SET) -> Run:
    return Run(
        run_id=run_id, name="", config=RunConfig(), config_hash="", data_hash="", split_fingerprint="", attempt=1,
        status=RunStatus.SUCCEEDED, reason="", device="cpu", progress=None, cancel_requested=False, created_at=NOW,
        started_at=NOW, ended_at=NOW, heartbeat_at=NOW, pid=None, test_fingerprint=test_set,
    )  # fmt: skip


@pytest.fixture
def ended(workspace: Workspace) -> tuple[Run, Run, Run]:
    """Three runs that scored the same test set when they ended."""
    runs = _run("a1"), _run("b2"), _run("c3")
    with Store.open(workspace).database.write() as connection:
        for run in runs:
            record_score(connection, TEST_SET, run.run_id)
    return runs


def test_the_runs_own_scores_are_no_looks_of_others(workspace: Workspace, ended: tuple[Run, Run, Run]) -> None:
    said = record_look(ended, workspace)
    assert said == "Beside these runs, the test set was not scored before."


def test_the_same_runs_again_are_the_same_look_in_any_order(workspace: Workspace, ended: tuple[Run, Run, Run]) -> None:
    a, b, c = ended
    record_look([a, b], workspace)
    before = scored_before(Store.open(workspace).database, TEST_SET, "nobody")
    assert record_look([b, a], workspace).startswith("Beside these runs, the test set was scored once before;")
    assert scored_before(Store.open(workspace).database, TEST_SET, "nobody") == before
    assert record_look([a], workspace).startswith("Beside this run, the test set was scored 3 times before;"), (
        "two other runs, and one look at another set"
    )
    assert record_look([a, b, c], workspace).startswith("Beside these runs, the test set was scored 2 times before;")
    assert record_look([a, b], workspace).startswith("Beside these runs, the test set was scored once before;"), (
        "it says how it was then"
    )


def test_test_sets_that_differ_are_all_looked_at(workspace: Workspace, ended: tuple[Run, Run, Run]) -> None:
    other = _run("d4", "u" * 64)
    record_look([ended[0], other], workspace)
    database = Store.open(workspace).database
    assert scored_before(database, "u" * 64, "nobody") == 1
    assert scored_before(database, TEST_SET, "nobody") == 4
    said = record_look([ended[0], other], workspace)
    assert said.startswith("Beside these runs, the most scored of the test sets was scored 2 times before;")


def test_a_run_that_does_not_say_which_set_it_tested_on_is_not_counted(workspace: Workspace) -> None:
    assert record_look([replace(_run("a1"), test_fingerprint="")], workspace).startswith("How often the test set")
