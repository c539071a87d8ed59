"""A run of two devices: its worker starts the second process, and neither outlives the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from histo_core.config import RunConfig
from histo_core.data.predictions import read_predictions
from histo_core.runs.api import launch
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker import stages
from histo_core.runs.worker.command import child_environment, worker_command
from histo_core.runs.worker.worker import work
from histo_core.training.distributed.meeting import MEETING_FILE
from histo_core.training.events import BatchDone, EpochDone
from histo_core.workspace import Workspace

SECONDS = 120


@pytest.fixture
def run(workspace: Workspace, small_run: Callable[..., RunConfig]) -> Callable[..., Run]:
    def queue(**train: object) -> Run:
        config = small_run()
        shared = config.train.model_copy(update={"devices": 2} | train)
        return launch(config.model_copy(update={"train": shared}), workspace, start_supervisor=False)

    return queue


def ranks() -> list[psutil.Process]:
    """The processes that this one started for its runs; what other tests and patterns need may wait beside them."""
    return [
        one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE and "worker" in one.cmdline()
    ]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_processes_train_and_one_predicts(workspace: Workspace, store: Store, run: Callable[..., Run]) -> None:
    queued = run()
    assert work(queued.run_id, workspace) == 0
    folder = workspace.run_folder(queued.run_id)
    assert [event.epoch for event in read_events(folder) if isinstance(event, EpochDone)] == [0, 1]
    assert len(read_predictions(folder / "predictions.parquet"))
    assert (folder / "rank-1.txt").exists()
    assert ranks() == []
    assert not {"RANK", "WORLD_SIZE", MEETING_FILE} & set(os.environ)


@pytest.mark.parametrize("how", ["killed", "refused"])
def test_the_end_of_one_is_the_end_of_all(
    how: str, workspace: Workspace, store: Store, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = run(epochs=1000)
    folder = workspace.run_folder(queued.run_id)
    plain = stages.fit

    def fit(*arguments, **options):
        for number, event in enumerate(plain(*arguments, **options)):
            if number == 5 and how == "killed":
                ranks()[0].kill()
            yield event

    monkeypatch.setattr(stages, "fit", fit)
    if how == "refused":
        config = folder / "config.yaml"
        config.write_text(config.read_text().replace("name: cnn_narrow", "name: cnn_narrow\n  nonsense: 1"))
    begun = time.monotonic()
    assert work(queued.run_id, workspace) == 1
    assert time.monotonic() - begun < SECONDS
    ended = store.get(queued.run_id)
    assert ended.status is RunStatus.FAILED
    expected = "Process 2 of 2 was killed by signal 9" if how == "killed" else "Process 2 of 2 failed:"
    assert ended.reason.startswith(expected)
    assert ranks() == []


def test_a_worker_that_is_killed_takes_the_other_along(workspace: Workspace, run: Callable[..., Run]) -> None:
    queued = run(epochs=1000)
    worker = subprocess.Popen(worker_command(queued.run_id), env=child_environment(workspace), start_new_session=True)
    process = psutil.Process(worker.pid)
    checkpoint = workspace.run_folder(queued.run_id) / "checkpoint" / "manifest.json"
    until(checkpoint.exists)
    others = process.children(recursive=True)
    assert len(others) == 1
    worker.kill()  # the worker alone, not its group
    worker.wait()
    _, alive = psutil.wait_procs(others, timeout=SECONDS)
    assert alive == []


@pytest.mark.slow
def test_torchrun_starts_them_as_well(workspace: Workspace, store: Store, run: Callable[..., Run]) -> None:
    queued = run()
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    environment = child_environment(workspace) | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "-m", "histo_core", "worker", queued.run_id], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert store.get(queued.run_id).status is RunStatus.SUCCEEDED
    folder = workspace.run_folder(queued.run_id)
    assert not (folder / "rank-1.txt").exists()
    assert isinstance(read_events(folder)[-2], EpochDone)
    assert not any(isinstance(event, BatchDone) for event in read_events(folder))
