"""Carry out a run step by step. Each step can be repeated, because a killed worker's run is resumed."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.predictions import write_predictions
from histo_core.data.splits.split import Split
from histo_core.models.inference.predictor import Predictor
from histo_core.models.weights.missing import missing_weights
from histo_core.runs.artifacts.events import EventLog, read_events
from histo_core.runs.artifacts.folder import write_config
from histo_core.runs.artifacts.manifest import is_complete, write_manifest
from histo_core.runs.artifacts.tensorboard import EventFile
from histo_core.runs.store.records import OPEN_DEVICE, Run, RunProgress
from histo_core.runs.worker.ddp_launcher import launch_ranks
from histo_core.runs.worker.heartbeat import Reporter
from histo_core.runs.worker.run_data import check_unchanged, open_data
from histo_core.training.events import BatchDone, EpochDone, Event, Started, Stopped
from histo_core.training.loop import fit
from histo_core.training.predict import predict_sets
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)


class _StopRequestedError(Exception):
    """Raised by a callback to end prediction early."""


def train_and_predict(run: Run, workspace: Workspace, report: Reporter, stop: Flag) -> bool:
    """Train, predict the validation and test sets, and write the manifest; continue where an earlier worker stopped.

    Args:
        run: a run that this process has claimed.
        workspace: holds its folder.
        report: receives the run's progress.
        stop: set when the run should stop at the end of the batch.

    Returns:
        False when the run was stopped before the end.

    Raises:
        HistoscopeError: the run cannot be carried out; the message says why.
    """
    folder = workspace.run_folder(run.run_id)
    for event in read_events(folder):  # by an earlier worker; its best epoch counts
        if isinstance(event, EpochDone):
            report.progress = _best(event, report.progress)
    if is_complete(folder, run):
        return True
    write_config(run, workspace)
    dataset, split, workspace = open_data(run.config, workspace)
    check_unchanged(run, dataset, split)
    if not _train(run, dataset, split, workspace, report, stop):
        return False
    try:
        _predict(run, dataset, split, folder, report, stop)
    except _StopRequestedError:
        return False
    write_manifest(folder, run, dataset, split)
    return True


def _train(run: Run, dataset: Dataset, split: Split, workspace: Workspace, report: Reporter, stop: Flag) -> bool:
    folder = workspace.run_folder(run.run_id)
    event, log, curves = None, EventLog(folder), EventFile(folder)
    config = _on_its_device(run)
    if (lacking := missing_weights(config.model, workspace)) is not None:
        LOG.info("%s: %s", run.run_id, lacking)
    with launch_ranks(run.run_id, config.train, folder):
        for event in fit(config, dataset, split, folder, should_stop=stop.is_set, workspace=workspace):
            report.progress = _progress(event, report.progress)
            log.add(event)
            curves.add(event)
    return not isinstance(event, Stopped)


def _on_its_device(run: Run) -> RunConfig:
    """Return the configuration with the GPU that the supervisor assigned to a run with an open device."""
    train = run.config.train
    if train.device != OPEN_DEVICE or not run.device.startswith("cuda"):
        return run.config
    return run.config.model_copy(update={"train": train.model_copy(update={"device": run.device})})


def _predict(run: Run, dataset: Dataset, split: Split, folder: Path, report: Reporter, stop: Flag) -> None:
    def on_batch(done: int, total: int) -> None:
        if stop.is_set():
            raise _StopRequestedError
        report.progress = replace(report.progress, phase="predicting", batch=done, batches=total)

    report.progress = replace(report.progress, phase="predicting", batch=0, batches=0, images_per_second=0.0)
    predictor, predict = Predictor.from_run(folder, run.device), run.config.predict
    table = predict_sets(predictor, dataset, split, predict.parts, predict=predict, on_batch=on_batch)
    write_predictions(table, folder / "predictions.parquet")


def _progress(event: Event, before: RunProgress) -> RunProgress:
    """Return the epochs done so far, the position in the current epoch, and the best epoch."""
    match event:
        case Started():
            return replace(
                before,
                phase="training",
                epoch=event.epoch,
                epochs=event.epochs,
                batch=event.batch,
                batches=event.batches,
            )
        case BatchDone():
            return replace(
                before,
                epoch=event.epoch,
                batch=event.batch,
                images_per_second=event.images_per_second,
                train_loss=event.loss,
            )
        case EpochDone():
            return replace(_best(event, before), epoch=event.epoch + 1, batch=0, train_loss=event.train_loss)
        case _:
            return before


def _best(done: EpochDone, before: RunProgress) -> RunProgress:
    before = before.with_loss(done.epoch, done.valid_loss)
    if not done.best:
        return before
    return replace(
        before,
        best_epoch=done.epoch,
        best_valid_loss=done.valid_loss,
        best_valid_accuracy=done.valid_accuracy,
        best_valid_auroc=done.valid_auroc,
    )
