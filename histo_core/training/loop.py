"""The training loop, all of it: epochs, batches, validation, checkpoints, told as events."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.balance import draw_keys
from histo_core.data.splits.split import Split
from histo_core.models.inference.memory import kept_memory
from histo_core.models.registry import MODELS
from histo_core.models.weights.header import WeightsHeader
from histo_core.training.activation_recorder import ActivationRecorder
from histo_core.training.activations import append_activity, forget_activity
from histo_core.training.batches import Augmentation, BatchRequest
from histo_core.training.checkpoint import BestWeights, Checkpoints, Position
from histo_core.training.data_order import batch_count, epoch_order, identity, training_rows, validation_rows
from histo_core.training.distributed.process_group import ProcessGroup, connected, find_ranks
from histo_core.training.distributed.shards import BatchSharding
from histo_core.training.epoch_logits import EpochLogits
from histo_core.training.events import BatchDone, EpochDone, Event, Finished, Started, Stopped
from histo_core.training.failures import check_batch, check_finite, memory_explained
from histo_core.training.freezing import enter_epoch
from histo_core.training.reproducible import reproducible
from histo_core.training.schedule import stalled
from histo_core.training.setup import set_up
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
    data_hash: str | None = None,
) -> Iterator[Event]:
    """Train a network, or go on where ``folder/checkpoint`` says that training stopped.

    A run that was stopped or killed and goes on ends with the very weights and metrics of one that was not: bit for
    bit on a CPU with the same number of threads, elsewhere within the limits of the device's own library. The test
    part is never read.

    With ``train.devices`` above 1 this is the code of every process: each takes its share of each batch, gradients are
    those of the whole batch, rank 0 alone writes files and yields events, and all stop together when one is asked to.
    The result is that of one device but for rounding, for dropout, which each process draws for itself, and, on
    processors, for batch normalisation, which sees a share. It goes on bit for bit with as many devices, and may go
    on with another number; see `histo_core.training.distributed.process_group` for who starts the processes.

    With ``train.activations`` each epoch also appends what the network's rectifiers did in validation to
    ``folder/activations.jsonl``; see `histo_core.training.activations`.

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
        data_hash: what tells the data from others when training goes on; None: the data set's content hash, for which
            all of its pixels are read where it is not remembered.

    Yields:
        `Started`; after a resume the last finished epoch's `EpochDone` once more, since the one who was told first
        may have died of it; `BatchDone` for each batch, counted from 1; `EpochDone` once the epoch's checkpoint is on
        disk; at the end `Stopped` or `Finished`. Epochs are counted from 0.

    Raises:
        ConfigError: the model, its options or the device are not to be had.
        SplitError: a part is empty or holds unlabelled samples.
        DataError: a patch cannot be read.
        CheckpointError: the checkpoint is damaged, does not fit the configuration, or cannot be written.
        TrainingError: a loss that is no number, or too little memory. The last checkpoint stays, and the samples of
            the batch are named in ``failed_batch.json``.
        RuntimeError: torch's, where another process of this run is gone or silent.
    """
    ranks = find_ranks(config.train)
    stop = ranks.asked(should_stop)
    with closing(_fit(config, dataset, split, folder, ranks, stop, workspace, data_hash)) as events:
        for event in events:
            if ranks.leads:
                yield event


def _fit(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    folder: Path,
    ranks: ProcessGroup,
    should_stop: Callable[[], bool],
    workspace: Workspace | None,
    data_hash: str | None,
) -> Generator[Event]:
    train, valid = training_rows(config, dataset, split), validation_rows(dataset, split)
    classes = dataset.table["label"].to_numpy(np.int64)[train]
    size, heads = config.train.batch_size, MODELS[config.model.name].heads
    count = batch_count(len(epoch_order(train, classes, config, epoch=0)), config.train)
    with reproducible(config.seed, config.train.threads, ranks.device), connected(ranks), kept_memory():
        with memory_explained(size):
            setup = set_up(config, dataset, train, valid, count, ranks, workspace)
        batches, updates, state = setup.batches, setup.updates, setup.state
        shares = BatchSharding(ranks, config.train, train, classes, len(dataset.classes))
        checkpoints = Checkpoints(folder / "checkpoint", identity(config, dataset, split, data_hash))
        header = WeightsHeader(
            model=config.model,
            preprocess=config.preprocess,
            input_size=batches.size,
            classes=dataset.classes,
            positive=dataset.positive,
        )

        positive, k = dataset.classes.index(dataset.positive), len(dataset.classes)
        at, best_epoch, best_loss = Position(), -1, math.inf
        seen, unfinished = EpochLogits(ranks, 0, k), None
        if restored := checkpoints.load():
            state.restore(restored.tensors, restored.file)
            at = restored.position
            unfinished = EpochLogits.of(restored.tensors)
            if restored.best:
                best_epoch, best_loss = restored.best.epoch, restored.best.valid_loss
        ranks.check_alike((at.epoch, at.batch), "positions in the checkpoint")
        if ranks.leads:
            forget_activity(folder, at.epoch)

        def save(weights: BestWeights | None = None) -> None:
            tensors = state.capture() | (seen.capture() if at.batch else {})
            if ranks.leads:
                checkpoints.save(tensors, at, weights)

        def stop() -> Stopped:
            save()
            return Stopped(at.epoch, at.batch)

        yield Started(
            epoch=at.epoch,
            batch=at.batch,
            epochs=config.train.epochs,
            batches=count,
            train_samples=len(train),
            valid_samples=len(valid),
            device=str(ranks.device),
            threads=torch.get_num_threads(),
        )
        if at.last_epoch:
            yield at.last_epoch

        for epoch in range(at.epoch, config.train.epochs):
            if stalled(at.valid_losses, config.train.patience):
                yield Finished(best_epoch, best_loss, "patience")
                return
            order = epoch_order(train, classes, config, epoch)
            trained = order[: count * size]
            keys = draw_keys(order)
            deals = shares.of_epoch(order, count)[at.batch :]
            augmentation = Augmentation(config.augment, config.seed, epoch)
            wanted = (BatchRequest(order[deal.places], augmentation, keys[deal.places]) for deal in deals)
            seen = EpochLogits(ranks, len(trained), k)
            if at.batch:
                seen.restore(unfinished)
            enter_epoch(setup.model, heads, config.train, epoch)
            with closing(batches.each(wanted)) as taken:
                for batch, deal in enumerate(deals, start=at.batch):
                    begun = perf_counter()
                    with memory_explained(size), updates.gathering(batch):
                        images, labels = next(taken)
                        outputs = updates.network(images)
                        seen.take(outputs, deal)
                        loss = setup.loss_of(outputs, labels)
                        stepped = updates.take(loss, deal, epoch, batch, at.valid_losses)
                        # Asked for last: on an accelerator it waits until all before it is computed.
                        value = ranks.sum(loss.item() * deal.part)
                    rows = order[batch * size : (batch + 1) * size]
                    check_batch(value, epoch, batch, rows, dataset, folder, config.train)
                    used = updates.used_rate if stepped else None
                    at = at.after_batch(value, deal.samples, perf_counter() - begun, used)
                    rate = updates.learning_rate(epoch, batch, at.valid_losses)
                    yield BatchDone(epoch, at.batch, count, at.mean_loss, at.samples / at.seconds, rate)
                    if stepped and should_stop():
                        yield stop()
                        return

            begun = perf_counter()
            ranks.share_buffers(setup.judged)
            recorder = ActivationRecorder(setup.judged, ranks) if config.train.activations else None
            with memory_explained(size):
                result = validate(
                    setup.judged,
                    batches,
                    valid,
                    positive=positive,
                    batch_size=size,
                    should_stop=should_stop,
                    output=config.model.output,
                    ranks=ranks,
                    recorder=recorder,
                )
            if result is None:
                yield stop()
                return
            check_finite(result.loss, f"epoch {epoch + 1}, validation", config.train)
            if recorder is not None:
                activity = recorder.result(epoch)
                if ranks.leads:  # before the checkpoint: after a kill in between the epoch is validated again
                    append_activity(folder, activity)
            # An epoch that is run again after its own checkpoint was damaged is still the best it was.
            best = result.loss < best_loss or epoch == best_epoch
            if best:
                best_epoch, best_loss = epoch, result.loss
            scores = seen.scores(batches.labels(trained), config.model.output, positive)
            done = EpochDone(
                epoch=epoch,
                train_loss=at.mean_loss,
                valid_loss=result.loss,
                valid_accuracy=result.accuracy,
                valid_auroc=result.auroc,
                valid_precision=result.precision,
                valid_recall=result.recall,
                valid_f1=result.f1,
                valid_weighted_f1=result.weighted_f1,
                seconds=at.seconds + perf_counter() - begun,
                best=best,
                learning_rate=at.learning_rate,
                macro=k > 2,
                **({} if scores is None else {f"train_{name}": value for name, value in asdict(scores).items()}),
            )
            at = at.after_epoch(done)
            save(BestWeights(setup.judged, header, epoch, result.loss) if best else None)
            yield done
        yield Finished(best_epoch, best_loss)
