"""A run's folder, and an experiment's, say what their rows say, whatever changes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from histo_core.errors import CorruptDataError
from histo_core.files import read_json
from histo_core.runs.store import edit, queue
from histo_core.runs.store.record_file import RUN, plain_row, read_run, scores_file
from histo_core.runs.store.records import Run, RunProgress, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import RUNS
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

ME = ProcessIdentity.current()


def _row(store: Store, run_id: str) -> dict[str, Any]:
    with store.database.read() as connection:
        return dict(connection.execute(sa.select(RUNS).where(RUNS.c.run_id == run_id)).mappings().one())


CHANGES: dict[str, Callable[[Store, str, Workspace], object]] = {
    "queued": lambda store, run_id, workspace: None,
    "named": lambda store, run_id, workspace: edit.rename(run_id, "Ünï", workspace),
    "tagged": lambda store, run_id, workspace: edit.set_tags(run_id, ["a", "b"], workspace),
    "noted": lambda store, run_id, workspace: edit.set_note(run_id, "two\nlines", workspace),
    "moved": lambda store, run_id, workspace: queue.move(run_id, workspace, first=True),
    "claimed": lambda store, run_id, workspace: store.claim(run_id, ME),
    "cancelled": lambda store, run_id, workspace: store.request_cancel(run_id),
    "given up": lambda store, run_id, workspace: store.fail_unclaimed(run_id, None, "why"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_runs_folder_says_what_its_row_says(store: Store, workspace: Workspace, enqueue, change: str) -> None:
    enqueue()
    run = enqueue()
    CHANGES[change](store, run.run_id, workspace)
    row = _row(store, run.run_id)
    assert read_json(workspace.run_folder(run.run_id) / RUN) == plain_row(RUNS, row)
    assert read_run(workspace.run_folder(run.run_id)) == row


def test_ends_archives_and_resumptions_are_written_too_and_heartbeats_with_the_next_change(
    store: Store, workspace: Workspace, enqueue
) -> None:
    run: Run = enqueue()
    folder = workspace.run_folder(run.run_id)
    store.claim(run.run_id, ME)
    before = (folder / RUN).stat().st_mtime_ns
    store.heartbeat(run.run_id, ME, RunProgress("training", epoch=1))
    assert (folder / RUN).stat().st_mtime_ns == before
    store.finish(run.run_id, ME, RunStatus.FAILED, "why")
    assert read_run(folder) == _row(store, run.run_id)
    assert read_run(folder)["progress"]["epoch"] == 1
    edit.archive(run.run_id, workspace)
    assert read_run(folder) == _row(store, run.run_id)
    store.requeue(run.run_id)
    assert read_run(folder) == _row(store, run.run_id)


def test_a_score_of_a_test_set_is_kept_beside_the_database(store: Store, workspace: Workspace, enqueue) -> None:
    run: Run = enqueue()
    store.change(run.run_id, sa.true(), test_fingerprint="t" * 64)
    store.claim(run.run_id, ME)
    store.finish(run.run_id, ME, RunStatus.SUCCEEDED)
    (line,) = scores_file(workspace).read_text().splitlines()
    assert json.loads(line)["scored_for"] == run.run_id


@pytest.mark.parametrize(
    "change",
    [
        {"run_id": "another-1"},
        {"attempt": "1"},
        {"attempt": None},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-29T10:00:00"},
        {"name": 3},
    ],
    ids=str,
)
def test_a_record_that_no_row_can_hold_is_refused(
    store: Store, workspace: Workspace, enqueue, change: dict[str, Any]
) -> None:
    folder: Path = workspace.run_folder(enqueue().run_id)
    (folder / RUN).write_text(json.dumps(read_json(folder / RUN) | change))
    with pytest.raises(CorruptDataError, match="cannot be read"):
        read_run(folder)


@pytest.mark.parametrize("content", ["", "[]", "null", "[" * 100_000, '{"run_id": "x"}', "\0"])
def test_a_record_that_is_none_is_refused(store: Store, workspace: Workspace, enqueue, content: str) -> None:
    folder: Path = workspace.run_folder(enqueue().run_id)
    (folder / RUN).write_text(content)
    with pytest.raises(CorruptDataError, match="cannot be read"):
        read_run(folder)


def test_a_disk_that_refuses_the_file_does_not_refuse_the_row(
    store: Store, workspace: Workspace, enqueue, caplog: pytest.LogCaptureFixture
) -> None:
    run: Run = enqueue()
    file = workspace.run_folder(run.run_id) / RUN
    file.unlink()
    file.mkdir()
    assert edit.rename(run.run_id, "new", workspace).name == "new"
    assert "was not written" in caplog.text
