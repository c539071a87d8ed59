"""How long a run will take and how much memory it needs, from a few of its real steps."""

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
    """Train the run's own network for a step to warm up and a few that count, validate one batch, save a checkpoint.

    It is the real loop on few patches, so whatever a step costs is in it. Of several devices that share a batch one
    is measured with its share; what they tell each other comes on top. Initial weights cost nothing and are left out.

    Args:
        config: the run.
        dataset: opened from ``config.data``.
        split: made from ``config.split``.
        workspace: where the checkpoint is written, and deleted again.
        steps: that are measured; fewer where the training set holds fewer batches.
        progress: counts steps.

    Raises:
        ConfigError, SplitError, DataError, CheckpointError: the run could not be trained.
        TrainingError: memory ran out; the message names the batch size to try.
        CancelledError: ``progress`` raised it; nothing is left behind.
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
    """Seconds of a step, of validating a batch, and of saving."""

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
    """Train one epoch of a few batches, each timed once the device has carried it out."""
    events: list[tuple[Event, float]] = []
    workspace.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".trial.", dir=workspace.home) as folder:
        progress(0, batches + 1)
        # Nobody goes on with a trial, so that data which takes minutes to read need not be hashed for it.
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
    """One device's part of the run, on all patches of the few that are given to it."""
    alone = trial_config(config)
    fields = {"batch_size": share, "devices": 1, "balance": "none", "enlarge_to": None, "max_train_samples": None}
    return alone.model_copy(update={"train": alone.train.model_copy(update=fields)})


def _fewer(split: Split, train: np.ndarray, valid: np.ndarray) -> Split:
    parts = np.full_like(split.parts, LEFT_OUT)
    parts[train], parts[valid] = "train", "valid"
    return replace(split, parts=parts)


def _kept_bytes(config: RunConfig, dataset: Dataset, patches: int) -> int:
    """Of the patches that a run keeps after it has read them; the trial reads few of them."""
    height, width = Preprocess(config.preprocess).output_size(*dataset.read([0])[0].shape[:2])
    size = 3 * height * width * patches
    return size if size <= MEMORY_LIMIT else 0


@contextmanager
def _peak_memory(device: torch.device) -> Iterator[list[int]]:
    """A list whose one number is, after the block, the most bytes that were held in it."""
    peak = [0]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        yield peak
        peak[0] = torch.cuda.max_memory_allocated(device)
        return
    process, over = psutil.Process(), Flag()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            peak[0] = max(peak[0], process.memory_info().rss)

    peak[0] = process.memory_info().rss
    watcher = Thread(target=look, name="memory", daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
