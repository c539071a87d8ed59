"""How far a worker says it is."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest

from histo_core.config import RunConfig, TrainConfig
from histo_core.errors import CancelledError
from histo_core.runs.store.records import RunProgress
from histo_core.runs.store.runs import Store
from histo_core.runs.worker import ddp_launcher, ddp_worker
from histo_core.runs.worker.stages import _on_its_device, _progress
from histo_core.training.events import BatchDone, EpochDone, Finished, Started
from histo_core.workspace import Workspace


def test_progress_follows_the_events_and_keeps_the_best_epoch() -> None:
    progress = RunProgress("preparing")
    for event in (
        Started(1, 0, 10, 20, 160, 40, "cpu", 1),
        BatchDone(1, 5, 20, 0.7, 412.5, 0.01),
        EpochDone(1, 0.7, 0.6, 0.8, 0.85, 1.5, best=True),
        EpochDone(2, 0.5, 0.7, 0.9, None, 1.5, best=False),
        BatchDone(3, 1, 20, 0.55, 400.0, 0.01),
    ):
        progress = _progress(event, progress)
    assert _progress(EpochDone(3, 0.45, 0.7, 0.9, None, 1.5, best=False), progress).train_loss == 0.45
    expected = RunProgress("training", 3, 10, 1, 20, 400.0, 1, 0.6, 0.8, 0.85, train_loss=0.55, losses=(0.6, 0.7))
    assert progress == expected
    assert _progress(Finished(1, 0.6), progress) == expected
    assert _progress(Started(2, 4, 10, 20, 160, 40, "cpu", 1), progress) == replace(expected, epoch=2, batch=4)


@pytest.mark.parametrize(
    ("asked", "given", "trained_on"),
    [("auto", "cuda:1", "cuda:1"), ("auto", "cpu", "auto"), ("cuda:0", "cuda:0", "cuda:0"), ("auto", "auto", "auto")],
)
def test_training_takes_the_gpu_that_the_run_was_given(store: Store, asked: str, given: str, trained_on: str) -> None:
    config = RunConfig(train=TrainConfig(device=asked))
    run = store.enqueue(config, data_hash="d" * 64, split_fingerprint="f" * 64, device=given, name="")
    assert _on_its_device(run) == config.model_copy(update={"train": TrainConfig(device=trained_on)})


def test_the_other_processes_take_the_gpu_that_the_first_was_given(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = TrainConfig(device="cuda:2", devices=2)
    told = ddp_launcher.rank_variables(given, workspace.home)
    folder = workspace.run_folder("run-1")
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(RunConfig(train=TrainConfig(device="auto", devices=2)).to_yaml())
    opened: list[RunConfig] = []

    def stop(config: RunConfig, _: Workspace) -> None:
        opened.append(config)
        raise CancelledError("far enough")

    monkeypatch.setattr("histo_core.runs.worker.run_data.open_data", stop)
    monkeypatch.setenv(ddp_worker.FIRST_DEVICE, told[ddp_worker.FIRST_DEVICE])
    with pytest.raises(CancelledError):
        ddp_worker.train_rank("run-1", workspace, Event(), workspace.home / "meeting")
    assert [config.train for config in opened] == [given]
