"""The training loop, all of it: epochs, batches, validation, checkpoints, told as events."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from histo_core.config import RunConfig
from histo_core.data.base import Dataset
from histo_core.data.splits.balance import draw_keys
from histo_core.data.splits.split import Split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.device import resolve_device
from histo_core.models.registry import MODELS, build_model
from histo_core.models.weights import WeightsHeader
from histo_core.training.averaging import Average
from histo_core.training.batches import Augmentation, Batches
from histo_core.training.checkpoint import BestWeights, Checkpoints, Position
from histo_core.training.events import BatchDone, EpochDone, Event, Finished, Started, Stopped
from histo_core.training.fabric import fabric_on, scaler_of
from histo_core.training.failures import check_finite, memory_explained
from histo_core.training.freezing import enter_epoch
from histo_core.training.loss import build_loss, with_auxiliary
from histo_core.training.optimizer import build_optimizer
from histo_core.training.plan import batch_count, epoch_order, identity, training_rows, validation_rows
from histo_core.training.reproducible import reproducible
from histo_core.training.schedule import stalled
from histo_core.training.state import TrainingState
from histo_core.training.updates import Updates
from histo_core.training.validation import validate
from histo_core.workspace import Workspace


def fit(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    folder: Path,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    workspace: Workspace | None = None,
) -> Iterator[Event]:
    """Train a network, or go on where ``folder/checkpoint`` says that training stopped.

    A run that was stopped or killed and goes on ends with the very weights and metrics of one that was not: bit for
    bit on a CPU with the same number of threads, elsewhere within the limits of the device's own library. The test
    part is never read.

    While events are taken, torch's thread count, determinism switch and global generators are this run's; they are
    put back when the iterator ends or is closed.

    Args:
        config: all that decides the result.
        dataset: opened from ``config.data``.
        split: made from ``config.split``; parts train and valid are used.
        folder: the run's folder.
        should_stop: asked after each step and each batch of validation; when it says yes the state is saved and
            `Stopped` ends the iterator.
        workspace: where initial weights are looked for.

    Yields:
        `Started`; after a resume the last finished epoch's `EpochDone` once more, since the one who was told first
        may have died of it; `BatchDone` for each batch, counted from 1; `EpochDone` once the epoch's checkpoint is on
        disk; at the end `Stopped` or `Finished`. Epochs are counted from 0.

    Raises:
        ConfigError: the model, its options or the device are not to be had.
        SplitError: a part is empty or holds unlabelled samples.
        DataError: a patch cannot be read.
        CheckpointError: the checkpoint is damaged, does not fit the configuration, or cannot be written.
        TrainingError: a loss that is no number, or too little memory. The last checkpoint stays.
    """
    train, valid = training_rows(config, dataset, split), validation_rows(dataset, split)
    classes = dataset.table["label"].to_numpy(np.int64)[train]
    device, size = resolve_device(config.train.device), config.train.batch_size
    spec = MODELS[config.model.name]
    with reproducible(config.seed, config.train.threads, device):
        fabric, preprocess = fabric_on(device, config.train.precision), Preprocess(config.preprocess)
        batches = Batches(dataset, preprocess, np.concatenate([train, valid]), device)
        model = build_model(config.model, len(dataset.classes), batches.size, workspace)
        model = model.to(device).to(memory_format=torch.channels_last)
        optimizer = build_optimizer(config.train, model, spec.classifiers, device)
        average = Average(model, config.train.average_decay) if config.train.average_decay else None
        judged = average.model if average else model
        state = TrainingState(model, optimizer, device, average.model if average else None, scaler_of(fabric))
        output = config.model.output
        plain_loss = build_loss(config.train, classes, len(dataset.classes), device, output)
        loss_of = with_auxiliary(plain_loss, spec.auxiliary_weight)
        samples = len(epoch_order(train, classes, config, epoch=0))
        count = batch_count(samples, size)
        updates = Updates(config.train, fabric, model, optimizer, average, samples, count)
        checkpoints = Checkpoints(folder / "checkpoint", identity(config, dataset, split))
        header = WeightsHeader(
            model=config.model,
            preprocess=config.preprocess,
            input_size=batches.size,
            classes=dataset.classes,
            positive=dataset.positive,
        )

        at, best_epoch, best_loss = Position(), -1, math.inf
        if restored := checkpoints.load():
            state.restore(restored.tensors, restored.file)
            at = restored.position
            if restored.best:
                best_epoch, best_loss = restored.best.epoch, restored.best.valid_loss

        def stop() -> Stopped:
            checkpoints.save(state.capture(), at)
            return Stopped(at.epoch, at.batch)

        yield Started(
            epoch=at.epoch,
            batch=at.batch,
            epochs=config.train.epochs,
            batches=count,
            train_samples=len(train),
            valid_samples=len(valid),
            device=str(device),
            threads=torch.get_num_threads(),
        )
        if at.last_epoch:
            yield at.last_epoch

        for epoch in range(at.epoch, config.train.epochs):
            if stalled(at.valid_losses, config.train.patience):
                yield Finished(best_epoch, best_loss, "patience")
                return
            order = epoch_order(train, classes, config, epoch)
            keys = draw_keys(order)
            augmentation = Augmentation(config.augment, config.seed, epoch)
            enter_epoch(model, spec.classifiers, config.train, epoch)
            for batch in range(at.batch, count):
                begun = perf_counter()
                here = slice(batch * size, (batch + 1) * size)
                rows = order[here]
                with memory_explained(size):
                    images, labels = batches.batch(rows, augmentation, keys[here])
                    loss = loss_of(updates.network(images), labels)
                    value = check_finite(loss.item(), f"epoch {epoch + 1}, batch {batch + 1}", config.train)
                    stepped = updates.take(loss, epoch, batch, at.valid_losses)
                at = at.after_batch(value, len(rows), perf_counter() - begun)
                rate = updates.learning_rate(epoch, batch, at.valid_losses)
                yield BatchDone(epoch, at.batch, count, at.mean_loss, at.samples / at.seconds, rate)
                if stepped and should_stop():
                    yield stop()
                    return

            begun = perf_counter()
            with memory_explained(size):
                result = validate(
                    judged,
                    batches,
                    valid,
                    positive=dataset.classes.index(dataset.positive),
                    batch_size=size,
                    should_stop=should_stop,
                    output=output,
                )
            if result is None:
                yield stop()
                return
            check_finite(result.loss, f"epoch {epoch + 1}, validation", config.train)
            # An epoch that is run again after its own checkpoint was damaged is still the best it was.
            best = result.loss < best_loss or epoch == best_epoch
            if best:
                best_epoch, best_loss = epoch, result.loss
            done = EpochDone(
                epoch=epoch,
                train_loss=at.mean_loss,
                valid_loss=result.loss,
                valid_accuracy=result.accuracy,
                valid_auroc=result.auroc,
                seconds=at.seconds + perf_counter() - begun,
                best=best,
                learning_rate=updates.learning_rate(epoch, count - 1, at.valid_losses),
            )
            at = at.after_epoch(done)
            weights = BestWeights(judged, header, epoch, result.loss) if best else None
            checkpoints.save(state.capture(), at, weights)
            yield done
        yield Finished(best_epoch, best_loss)
