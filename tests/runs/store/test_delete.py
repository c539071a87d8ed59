"""Deleting runs, also when the process that does it is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from histo_core.access import User
from histo_core.config import ModelConfig, RunConfig
from histo_core.errors import PermissionDeniedError, RunError
from histo_core.files import write_json
from histo_core.runs.store.delete import delete, finish_deletions
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[3]

KILLED_WHILE_DELETING = """
import os, signal, sys
from pathlib import Path
from histo_core.runs.store import delete as module
from histo_core.workspace import Workspace

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "marking":
    touch = Path.touch
    Path.touch = lambda path, *given, **named: (touch(path, *given, **named), die())
elif sys.argv[2] == "row":
    module.finish_deletions = die
elif sys.argv[2] == "renamed":
    module.shutil.rmtree = die
module.delete(sys.argv[1], Workspace.default())
"""


@pytest.fixture
def ended(workspace: Workspace, store: Store, enqueue) -> Run:
    run = enqueue()
    folder = workspace.run_folder(run.run_id)
    (folder / "checkpoint").mkdir(parents=True)
    (folder / "checkpoint" / "manifest.json").write_text("{}")
    return store.request_cancel(run.run_id)


def test_a_deleted_run_leaves_nothing(workspace: Workspace, store: Store, ended: Run) -> None:
    assert delete(ended.run_id, workspace) == ended
    assert store.runs(archived=True) == []
    assert list(workspace.runs.iterdir()) == []
    with pytest.raises(RunError, match="There is no run"):
        delete(ended.run_id, workspace)


def test_a_run_without_a_folder_is_deleted_too(workspace: Workspace, store: Store, enqueue) -> None:
    run = enqueue()
    store.request_cancel(run.run_id)
    delete(run.run_id, workspace)
    assert store.runs() == []


def test_an_active_run_stays_whole(workspace: Workspace, store: Store, enqueue) -> None:
    run = enqueue()
    folder = workspace.run_folder(run.run_id)
    with pytest.raises(RunError, match="is queued and cannot be deleted"):
        delete(run.run_id, workspace)
    with pytest.raises(PermissionDeniedError):
        delete(run.run_id, workspace, user=User("ada", "reader"))
    assert store.get(run.run_id) == run
    assert [file.name for file in folder.iterdir()] == ["run.json"]


def _experiment(store: Store, run: Run, *, archived: bool = False, chosen: bool = False) -> None:
    with store.database.write() as connection:
        connection.execute(
            sa.insert(EXPERIMENTS).values(
                experiment_id="e1",
                name="five folds",
                user="local",
                protocol={},
                config={},
                created_at=datetime.now(UTC),
                archived_at=datetime.now(UTC) if archived else None,
                final_run_id=run.run_id if chosen else None,
            )
        )
        connection.execute(
            sa.insert(EXPERIMENT_RUNS).values(
                experiment_id="e1", position=0, run_id=run.run_id, label="fold 1", changes={}
            )
        )


@pytest.mark.parametrize("archived", [False, True])
def test_a_run_that_an_experiment_counts_needs_force_and_leaves_its_place(
    workspace: Workspace, store: Store, ended: Run, archived: bool
) -> None:
    _experiment(store, ended, archived=archived)
    if not archived:
        with pytest.raises(RunError, match="the experiment 'five folds' counts it"):
            delete(ended.run_id, workspace)
        assert store.get(ended.run_id) == ended
        assert {file.name for file in workspace.run_folder(ended.run_id).iterdir()} == {"checkpoint", "run.json"}
    delete(ended.run_id, workspace, force=not archived)
    with store.database.read() as connection:
        assert connection.execute(sa.select(EXPERIMENT_RUNS.c.run_id)).scalars().all() == [ended.run_id]


def test_a_run_that_was_chosen_stays_until_its_test_set_is_scored(
    workspace: Workspace, store: Store, ended: Run
) -> None:
    _experiment(store, ended, chosen=True)
    with pytest.raises(RunError, match="test set is not scored yet"):
        delete(ended.run_id, workspace, force=True)
    write_json(workspace.test_score("e1"), {})
    delete(ended.run_id, workspace, force=True)
    with store.database.read() as connection:
        assert connection.execute(sa.select(EXPERIMENTS.c.final_run_id)).scalar() == ended.run_id, "it stays chosen"


def test_a_run_whose_weights_another_starts_from_needs_force(workspace: Workspace, store: Store, ended: Run) -> None:
    weights = workspace.run_folder(ended.run_id) / "checkpoint" / "best.safetensors"
    config = RunConfig(model=ModelConfig(weights=str(weights)))
    other = store.enqueue(config, data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="")
    with pytest.raises(RunError, match=f"the run {other.run_id} starts from its weights"):
        delete(ended.run_id, workspace)
    delete(ended.run_id, workspace, force=True)


@pytest.mark.parametrize("moment", ["marking", "row", "renamed"])
def test_killed_while_deleting(workspace: Workspace, store: Store, ended: Run, moment: str) -> None:
    command = [sys.executable, "-c", KILLED_WHILE_DELETING, ended.run_id, moment]
    killed = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": str(PROJECT)})
    assert killed.returncode == -signal.SIGKILL
    folder = workspace.run_folder(ended.run_id)
    known = [run.run_id for run in store.runs()]
    if known:
        assert (folder / "checkpoint" / "manifest.json").exists(), "a row has its files"
    finish_deletions(workspace)
    if moment == "marking":
        assert known == [ended.run_id]
        assert {file.name for file in folder.iterdir()} == {"checkpoint", "run.json"}
    else:
        assert known == []
        assert list(workspace.runs.iterdir()) == []
