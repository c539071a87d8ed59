"""Full disks, too little memory and losses that are no numbers, each brought about for real."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from histo_core.config import PreprocessConfig, RunConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import StoreError
from histo_core.files import read_json, sha256
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.runs.api import launch
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker import stages, worker
from histo_core.runs.worker.worker import work
from histo_core.training.data_order import epoch_order, training_rows
from histo_core.training.events import EpochDone
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[3]

WORK_IN_LITTLE_MEMORY = """
import contextlib, resource, sys
from histo_core.runs.worker import stages
from histo_core.runs.worker.worker import work
from histo_core.training import loop
from histo_core.training.events import BatchDone
from histo_core.workspace import Workspace

plain = stages.fit
loop.kept_memory = contextlib.nullcontext  # else the next batch would need no memory that is not there already

def fit(*given, **named):
    for event in plain(*given, **named):
        if isinstance(event, BatchDone):  # all libraries are loaded, and the batch is let go
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20), resource.RLIM_INFINITY))
        yield event

stages.fit = fit
sys.exit(work(sys.argv[1], Workspace.default()))
"""


@dataclass
class Disk:
    """A small disk of its own."""

    folder: Path

    def fill(self) -> None:
        """Take all room that is left."""
        with (self.folder / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def free(self) -> None:
        """Give the room back."""
        (self.folder / "filler").unlink(missing_ok=True)


@pytest.fixture
def small_disk(workspace: Workspace) -> Iterator[Callable[[Path], Disk]]:
    """Mount a disk of some megabytes; only root may."""
    mounted: list[Path] = []

    def mount(folder: Path) -> Disk:
        folder.mkdir(parents=True, exist_ok=True)
        mount = shutil.which("mount")
        command = [str(mount), "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
        if mount is None or subprocess.run(command, check=False, capture_output=True).returncode != 0:
            pytest.skip("a disk of its own cannot be mounted here")
        mounted.append(folder)
        return Disk(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _after_epoch(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], epoch: int = 0) -> None:
    """Do something as soon as an epoch's checkpoint is on disk and its event is told."""
    plain = stages.fit

    def fit(*given, **named):
        for event in plain(*given, **named):
            yield event
            if isinstance(event, EpochDone) and event.epoch == epoch:
                act()

    monkeypatch.setattr(stages, "fit", fit)


def _check_last_checkpoint(folder: Path, epoch: int) -> None:
    manifest = read_manifest(folder / "checkpoint")
    assert manifest is not None
    assert manifest.last.epoch == epoch
    read_tensors(folder / "checkpoint" / manifest.last.file, manifest.last.sha256)
    assert manifest.best is not None
    assert sha256(folder / "checkpoint" / manifest.best.file) == manifest.best.sha256
    assert not list(folder.rglob("*.part"))


def test_a_full_disk_keeps_the_last_checkpoint_and_the_run_goes_on_once_there_is_room(
    workspace: Workspace, store: Store, small_run, small_disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = small_disk(workspace.runs)
    run = launch(small_run(), workspace, start_supervisor=False)
    with monkeypatch.context() as patch:
        _after_epoch(patch, disk.fill)
        assert work(run.run_id, workspace) == 1
    failed = store.get(run.run_id)
    assert failed.status is RunStatus.FAILED
    assert "No space left on device" in failed.reason
    assert "then resume" in failed.reason
    _check_last_checkpoint(workspace.run_folder(run.run_id), epoch=1)
    disk.free()
    store.requeue(run.run_id)
    assert work(run.run_id, workspace) == 0


def test_a_run_says_why_it_failed_as_soon_as_the_databases_disk_has_room_too(
    workspace: Workspace, small_run, small_disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_run()
    kept = shutil.copytree(workspace.data, workspace.home.parent / "kept")
    disk = small_disk(workspace.home)
    shutil.copytree(kept, workspace.data)
    run = launch(config, workspace, start_supervisor=False)

    def fill() -> None:
        disk.fill()
        threading.Timer(2.0, disk.free).start()

    _after_epoch(monkeypatch, fill)
    assert work(run.run_id, workspace) == 1
    failed = Store.open(workspace).get(run.run_id)
    assert failed.status is RunStatus.FAILED
    assert "No space left on device" in failed.reason
    _check_last_checkpoint(workspace.run_folder(run.run_id), epoch=1)


def test_an_end_that_cannot_be_written_is_left_to_the_supervisor(
    workspace: Workspace, store: Store, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(worker, "END_SECONDS", 0.0)
    monkeypatch.setattr(worker, "_carry_out", lambda *_: (RunStatus.FAILED, "why"))
    monkeypatch.setattr(Store, "finish", refuse)
    run = enqueue()
    with pytest.raises(StoreError):
        work(run.run_id, workspace)
    assert store.get(run.run_id).status is RunStatus.RUNNING


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit of memory is Linux's")
def test_a_worker_out_of_memory_names_the_batch_size_to_try(workspace: Workspace, store: Store, small_run) -> None:
    config = small_run()
    train = config.train.model_copy(update={"batch_size": 40})
    large = config.model_copy(update={"preprocess": PreprocessConfig(resize=384), "train": train})
    run = launch(large, workspace, start_supervisor=False)
    done = subprocess.run(
        [sys.executable, "-c", WORK_IN_LITTLE_MEMORY, run.run_id],
        check=False,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert done.returncode == 1
    failed = store.get(run.run_id)
    assert failed.status is RunStatus.FAILED
    assert failed.reason.startswith("Memory ran out with a batch size of 40.")
    assert "batch size of 20" in failed.reason
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def _exploding(config: RunConfig, batch_size: int) -> RunConfig:
    """A backbone that thaws after the first epoch; each step then makes each weight -9 times what it was."""
    thaw = {"backbone": "frozen", "unfreeze_after": 1, "backbone_learning_rate": 10.0}
    update = {**thaw, "optimizer": "sgd", "weight_decay": 1.0, "batch_size": batch_size}
    return config.model_copy(update={"train": config.train.model_copy(update=update)})


def test_a_loss_that_is_no_number_names_its_batch_and_keeps_the_checkpoint_before(
    workspace: Workspace, store: Store, small_run
) -> None:
    run = launch(_exploding(small_run(epochs=2), batch_size=1), workspace, start_supervisor=False)
    assert work(run.run_id, workspace) == 1
    failed, folder = store.get(run.run_id), workspace.run_folder(run.run_id)
    assert failed.status is RunStatus.FAILED
    named = read_json(folder / "failed_batch.json")
    assert f"in epoch 2, batch {named['batch']} (patches {named['samples'][0]})" in failed.reason

    dataset = open_dataset(run.config.data, workspace)
    rows = training_rows(run.config, dataset, make_split(dataset, run.config.split, workspace))
    order = epoch_order(rows, dataset.table["label"].to_numpy()[rows], run.config, epoch=1)
    size = run.config.train.batch_size
    expected = dataset.table["sample_id"].iloc[order[(named["batch"] - 1) * size :][:size]].tolist()
    assert (named["epoch"], named["samples"]) == (2, expected)
    _check_last_checkpoint(folder, epoch=1)


def test_weights_that_are_no_numbers_are_not_kept(workspace: Workspace, store: Store, small_run) -> None:
    """The same with fewer steps: the losses are finite still, the variances of batch norm are not."""
    run = launch(_exploding(small_run(epochs=2), batch_size=4), workspace, start_supervisor=False)
    assert work(run.run_id, workspace) == 1
    assert "values that are no numbers after epoch 2" in store.get(run.run_id).reason
    _check_last_checkpoint(workspace.run_folder(run.run_id), epoch=1)
