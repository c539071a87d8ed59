"""One run from data to predictions, and every way it can end."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from histo_core.config import RunConfig
from histo_core.data.opening import open_dataset
from histo_core.data.predictions import read_predictions
from histo_core.data.splits.make_split import make_split
from histo_core.errors import RunError, TrainingError
from histo_core.files import read_json, sha256
from histo_core.runs.api import launch
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.artifacts.manifest import is_complete
from histo_core.runs.store.database import open_database
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import RUNS
from histo_core.runs.worker import run_data, stages
from histo_core.runs.worker.results import run_results
from histo_core.runs.worker.worker import work
from histo_core.training.events import EpochDone, Finished, Started
from histo_core.workspace import Workspace

MANIFEST_FIELDS = (
    *("schema", "run_id", "config_hash", "data_hash", "split_fingerprint", "split_note", "dataset", "classes"),
    *("positive", "microns_per_pixel", "patch_size", "packages", "commit", "device", "threads", "files"),
)


@pytest.fixture
def run(workspace: Workspace, small_run) -> Run:
    return launch(small_run(), workspace, start_supervisor=False)


def test_a_run_ends_with_all_its_files(workspace: Workspace, store: Store, run: Run) -> None:
    assert work(run.run_id, workspace) == 0
    ended, folder = store.get(run.run_id), workspace.run_folder(run.run_id)
    assert (ended.status, ended.reason) == (RunStatus.SUCCEEDED, "")
    assert ended.ended_at is not None
    assert RunConfig.parse(yaml.safe_load((folder / "config.yaml").read_text())) == run.config

    dataset = open_dataset(run.config.data, workspace)
    split = make_split(dataset, run.config.split)
    table = read_predictions(folder / "predictions.parquet")
    expected = {dataset.table["sample_id"][row] for split_set in ("valid", "test") for row in split.indices(split_set)}
    assert set(table["sample_id"]) == expected
    assert list(table.filter(like="prob_")) == ["prob_normal", "prob_tumour"]

    manifest = read_json(folder / "manifest.json")
    assert sorted(manifest) == sorted(MANIFEST_FIELDS)
    assert manifest["split_fingerprint"] == split.fingerprint == run.split_fingerprint
    assert (manifest["device"], manifest["threads"], manifest["classes"]) == ("cpu", 1, ["normal", "tumour"])
    assert {"config.yaml", "events.jsonl", "predictions.parquet", "checkpoint/manifest.json"} < set(manifest["files"])
    assert any(name.startswith("checkpoint/best.") for name in manifest["files"])
    assert all(sha256(folder / name) == digest for name, digest in manifest["files"].items())

    events = read_events(folder)
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [0, 1]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)

    assert ended.results == run_results(folder), "scores are in the row, so that lists need not open the folder"
    assert ended.results is not None
    assert ended.results.test is not None
    assert ended.progress is not None
    losses = tuple(event.valid_loss for event in events if isinstance(event, EpochDone))
    assert ended.progress.losses == losses, "also those since the last heartbeat"


def _stop_at(monkeypatch: pytest.MonkeyPatch, action, count: int) -> None:
    """Do something when the worker has seen so many events."""
    plain, seen = stages.fit, []

    def fit(*args, **options):
        for event in plain(*args, **options):
            seen.append(event)
            if len(seen) == count:
                action()
            yield event

    monkeypatch.setattr(stages, "fit", fit)


def test_sigterm_keeps_a_checkpoint_and_a_resumed_run_ends_alike(
    workspace: Workspace, store: Store, run: Run, small_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stop_at(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGTERM), 4)
    before = signal.getsignal(signal.SIGTERM)
    assert work(run.run_id, workspace) == 1
    assert signal.getsignal(signal.SIGTERM) is before
    stopped = store.get(run.run_id)
    assert stopped.status is RunStatus.CANCELLED
    assert "resume it" in stopped.reason
    folder = workspace.run_folder(run.run_id)
    assert read_json(folder / "checkpoint" / "manifest.json")["last"]["batch"] > 0
    assert not (folder / "predictions.parquet").exists()
    store.requeue(run.run_id)
    assert work(run.run_id, workspace) == 0

    whole = Workspace(workspace.home.parent / "whole")
    twin = launch(small_run(), whole, start_supervisor=False)
    assert work(twin.run_id, whole) == 0
    assert _outcome(folder) == _outcome(whole.run_folder(twin.run_id))


def _outcome(folder: Path) -> tuple[object, ...]:
    best = read_json(folder / "checkpoint" / "manifest.json")["best"]
    epochs = [
        (event.epoch, event.train_loss, event.valid_loss, event.valid_auroc)
        for event in read_events(folder)
        if isinstance(event, EpochDone)
    ]
    return best["sha256"], best["valid_loss"], sha256(folder / "predictions.parquet"), epochs


def test_a_cancel_in_the_store_reaches_a_worker_without_a_supervisor(
    workspace: Workspace, store: Store, small_run
) -> None:
    run = launch(small_run(epochs=10_000), workspace, start_supervisor=False)
    threading.Timer(1.0, lambda: store.request_cancel(run.run_id)).start()
    assert work(run.run_id, workspace) == 1
    assert store.get(run.run_id).status is RunStatus.CANCELLED


def test_a_stop_while_predicting_is_kept_too(
    workspace: Workspace, store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = stages.predict_sets

    def stop_first(*args, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        return plain(*args, **options)

    monkeypatch.setattr(stages, "predict_sets", stop_first)
    assert work(run.run_id, workspace) == 1
    assert store.get(run.run_id).status is RunStatus.CANCELLED
    monkeypatch.setattr(stages, "predict_sets", plain)
    store.requeue(run.run_id)
    assert work(run.run_id, workspace) == 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TrainingError("The loss is no number.", "", "Lower the learning rate."), "The loss is no number. Lower"),
        (ZeroDivisionError("by nought"), "Unexpected error: ZeroDivisionError: by nought."),
    ],
)
def test_a_failure_says_why(
    workspace: Workspace,
    store: Store,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    reason: str,
) -> None:
    def fail() -> None:
        raise error

    _stop_at(monkeypatch, fail, 3)
    assert work(run.run_id, workspace) == 1
    assert store.get(run.run_id).status is RunStatus.FAILED
    assert store.get(run.run_id).reason.startswith(reason)
    assert ("Traceback" in capfd.readouterr().err) is isinstance(error, ZeroDivisionError)


def test_data_that_changed_since_the_launch_are_refused(
    workspace: Workspace, store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_dataset(run.config.data.model_copy(update={"options": {"patches": 80, "seed": 1}}), workspace)
    monkeypatch.setattr(run_data, "open_dataset", lambda *_: other)
    assert work(run.run_id, workspace) == 1
    assert "has changed since this run was launched" in store.get(run.run_id).reason


def test_a_run_killed_before_its_last_word_only_says_it(workspace: Workspace, store: Store, run: Run) -> None:
    """Manifest written, end not: the resumed worker sees that all is done."""
    work(run.run_id, workspace)
    _queue_again(store, workspace, run)
    folder = workspace.run_folder(run.run_id)

    def written() -> dict[Path, int]:
        """When each file was; `run.json` follows the row, whose state changes."""
        return {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.name != "run.json"}

    before = written()
    assert work(run.run_id, workspace) == 0
    assert written() == before


def test_a_damaged_file_under_a_manifest_is_made_again(workspace: Workspace, store: Store, run: Run) -> None:
    work(run.run_id, workspace)
    folder = workspace.run_folder(run.run_id)
    predictions = folder / "predictions.parquet"
    whole = sha256(predictions)
    predictions.write_bytes(predictions.read_bytes()[:-1])
    assert not is_complete(folder, run)
    _queue_again(store, workspace, run)
    assert work(run.run_id, workspace) == 0
    assert sha256(predictions) == whole


def _queue_again(store: Store, workspace: Workspace, run: Run) -> None:
    """As if the worker had died before its last word."""
    with open_database(workspace).write() as connection:
        connection.execute(sa.update(RUNS).values(status=RunStatus.INTERRUPTED.value))
    store.requeue(run.run_id)


def test_a_run_that_is_not_queued_is_not_begun(workspace: Workspace, store: Store, run: Run) -> None:
    store.request_cancel(run.run_id)
    with pytest.raises(RunError, match="is cancelled and cannot be started"):
        work(run.run_id, workspace)
    with pytest.raises(RunError, match="There is no run"):
        work("nope-1", workspace)


def test_a_worker_that_finds_all_files_complete_keeps_the_losses(workspace: Workspace, store: Store, run: Run) -> None:
    assert work(run.run_id, workspace) == 0
    before = store.get(run.run_id).progress
    with store.database.write() as connection:  # as if the first worker had died before it wrote the end
        connection.execute(sa.update(RUNS).values(status="queued", results=None))
    assert work(run.run_id, workspace) == 0
    ended = store.get(run.run_id)
    assert ended.results == run_results(workspace.run_folder(run.run_id))
    assert before is not None
    assert ended.progress is not None
    assert ended.progress.losses == before.losses
    assert len(before.losses) == 2
