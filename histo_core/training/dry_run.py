"""Estimate a run's time and memory from a few of its real steps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import perf_counter

import numpy as np
import psutil
import torch

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import LEFT_OUT, Split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.device import resolve_device
from histo_core.progress import Progress, silent
from histo_core.training.batches import MEMORY_LIMIT
from histo_core.training.data_order import batch_count, epoch_order, training_rows, validation_rows
from histo_core.training.dry_run_config import DryRun, trial_config
from histo_core.training.events import BatchDone, EpochDone, Event, Started
from histo_core.training.failures import memory_explained
from histo_core.training.loop import fit
from histo_core.workspace import Workspace

STEPS = 3
_LOOK_SECONDS = 0.005


def try_batch(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    workspace: Workspace,
    steps: int = STEPS,
    progress: Progress = silent,
) -> DryRun:
    """Train the run's own network for a warm-up step and a few measured steps, validate one batch, save a checkpoint.

    It runs the real loop on few patches, so all costs of a step are included. If several devices share a batch, one is
    measured with its shard, and communication is not included. Initial weights cost nothing and are left out.

    Args:
        config: the run.
        dataset: opened from ``config.data``.
        split: made from ``config.split``.
        workspace: where the checkpoint is written and deleted again.
        steps: number of measured steps; fewer if the training set has fewer batches.
        progress: receives (steps done, total).

    Raises:
        ConfigError, SplitError, DataError, CheckpointError: the run could not be trained.
        TrainingError: memory ran out; the message names the batch size to try.
        CancelledError: ``progress`` requested it; nothing is left behind.
    """
    labels = dataset.table["label"].to_numpy(np.int64)
    train, valid = training_rows(config, dataset, split), validation_rows(dataset, split)
    size, devices = config.train.batch_size, config.train.devices
    share = max(size // devices, 1)
    device = resolve_device(config.train.device)
    fewer = _fewer(split, train[: (steps + 1) * share], valid[:share])
    with memory_explained(size), _peak_memory(device) as peak:
        timing = _measure(_alone(config, share), dataset, fewer, workspace, device, progress, steps + 1)
    steps_per_epoch = batch_count(len(epoch_order(train, labels[train], config, epoch=0)), config.train)
    trained = timing.step * steps_per_epoch
    validation = timing.validation * -(-len(valid) // share) + timing.saving
    return DryRun(
        seconds_per_step=timing.step,
        images_per_second=min(share, len(train)) * devices / timing.step,
        steps_per_epoch=steps_per_epoch,
        seconds_per_epoch=trained,
        validation_seconds=validation,
        seconds_total=config.train.epochs * (trained + validation),
        peak_bytes=peak[0] + (0 if device.type == "cuda" else _kept_bytes(config, dataset, len(train) + len(valid))),
        device=str(device),
    )


@dataclass(frozen=True)
class _Timing:
    """Seconds of a step, of validating a batch and of saving."""

    step: float
    validation: float
    saving: float


def _measure(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    workspace: Workspace,
    device: torch.device,
    progress: Progress,
    batches: int,
) -> _Timing:
    """Train one epoch of a few batches; each is timed when the device has finished it."""
    events: list[tuple[Event, float]] = []
    workspace.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".trial.", dir=workspace.home) as folder:
        progress(0, batches + 1)
        # A trial is never resumed, so data that take minutes to read need not be hashed.
        for event in fit(config, dataset, split, Path(folder), workspace=workspace, data_hash=""):
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            events.append((event, perf_counter()))
            progress(min(sum(isinstance(one, BatchDone) for one, _ in events), batches), batches + 1)
    started = next(moment for event, moment in events if isinstance(event, Started))
    ends = [moment for event, moment in events if isinstance(event, BatchDone)]
    done, saved = next((event, moment) for event, moment in events if isinstance(event, EpochDone))
    warm = ends if len(ends) > 1 else [started, *ends]
    validation = max(done.seconds - (ends[-1] - started), 0.0)
    return _Timing(
        step=(warm[-1] - warm[0]) / (len(warm) - 1),
        validation=validation,
        saving=max(saved - ends[-1] - validation, 0.0),
    )


def _alone(config: RunConfig, share: int) -> RunConfig:
    """Return the run's configuration for one device, on all of the few given patches."""
    alone = trial_config(config)
    fields = {"batch_size": share, "devices": 1, "balance": "none", "enlarge_to": None, "max_train_samples": None}
    return alone.model_copy(update={"train": alone.train.model_copy(update=fields)})


def _fewer(split: Split, train: np.ndarray, valid: np.ndarray) -> Split:
    split_sets = np.full_like(split.split_sets, LEFT_OUT)
    split_sets[train], split_sets[valid] = "train", "valid"
    return replace(split, split_sets=split_sets)


def _kept_bytes(config: RunConfig, dataset: Dataset, patches: int) -> int:
    """Return the bytes of the patches that a run keeps in memory; the trial reads few of them."""
    height, width = Preprocess(config.preprocess).output_size(*dataset.read([0])[0].shape[:2])
    size = 3 * height * width * patches
    return size if size <= MEMORY_LIMIT else 0


@contextmanager
def _peak_memory(device: torch.device) -> Iterator[list[int]]:
    """Yield a list that has, after the block, the peak number of bytes as its only item."""
    peak = [0]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        yield peak
        peak[0] = torch.cuda.max_memory_allocated(device)
        return
    process, over = psutil.Process(), Flag()

    def sample_memory() -> None:
        while not over.wait(_LOOK_SECONDS):
            peak[0] = max(peak[0], process.memory_info().rss)

    peak[0] = process.memory_info().rss
    watcher = Thread(target=sample_memory, name="memory", daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
