"""A training session: one process's model, position and results of each epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.balance import sampling_keys
from histo_core.data.splits.split import Split
from histo_core.models.registry import MODELS
from histo_core.models.weights.header import WeightsHeader
from histo_core.training.activation_recorder import ActivationRecorder
from histo_core.training.activations import append_activity, forget_activity
from histo_core.training.batches import Augmentation, BatchRequest
from histo_core.training.checkpoint import BestWeights, Checkpoints, Position
from histo_core.training.data_order import batch_count, epoch_order, identity
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.distributed.shards import BatchSharding, Shard
from histo_core.training.epoch_logits import EpochLogits
from histo_core.training.events import BatchDone, EpochDone, Finished, Started, Stopped
from histo_core.training.failures import check_batch, check_finite, memory_explained
from histo_core.training.freezing import enter_epoch
from histo_core.training.learning import EpochLearning, append_learning, forget_learning
from histo_core.training.setup import set_up
from histo_core.training.validation import Validation, validate
from histo_core.workspace import Workspace

LoadedBatches = Iterator[tuple[Tensor, Tensor]]
"""Iterator of images and labels, batch after batch."""


class Session:
    """State of one process's training; restored from the run's checkpoint if there is one.

    Attributes:
        at: the position in training.
        updates: updates the weights.
        loss_of: function from the network's output and labels to the mean loss over a batch.
        seen: the training logits of the epoch.
        size: number of samples of a whole batch.

    Args:
        config, dataset, split, folder, workspace, data_hash: see `histo_core.training.loop.fit`.
        train, valid: int64 rows of both sets.
        ranks: this process.
    """

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        split: Split,
        folder: Path,
        *,
        train: np.ndarray,
        valid: np.ndarray,
        ranks: ProcessGroup,
        workspace: Workspace | None,
        data_hash: str | None,
    ) -> None:
        self._config, self._dataset, self._folder, self._ranks = config, dataset, folder, ranks
        self._train, self._valid = train, valid
        self._labels = dataset.table["label"].to_numpy(np.int64)[train]
        self._order = epoch_order(train, self._labels, config, epoch=0)
        self.size, self._count = config.train.batch_size, batch_count(len(self._order), config.train)
        with memory_explained(self.size):
            setup = set_up(config, dataset, train, valid, self._count, ranks, workspace)
        self._batches, self._model, self._judged, self._state = setup.batches, setup.model, setup.judged, setup.state
        self.updates, self.loss_of, self._recorder = setup.updates, setup.loss_of, setup.recorder
        self._n_classes, self._positive = len(dataset.classes), dataset.classes.index(dataset.positive)
        self._sharding = BatchSharding(ranks, config.train, train, self._labels, self._n_classes)
        self._checkpoints = Checkpoints(folder / "checkpoint", identity(config, dataset, split, data_hash))
        self.at, self._best_epoch, self._best_loss = Position(), -1, math.inf
        self.seen, self._unfinished = EpochLogits(ranks, 0, self._n_classes), None
        self._restore()

    def _restore(self) -> None:
        if restored := self._checkpoints.load():
            self._state.restore(restored.tensors, restored.file)
            self.at, self._unfinished = restored.position, EpochLogits.of(restored.tensors)
            if restored.best:
                self._best_epoch, self._best_loss = restored.best.epoch, restored.best.valid_loss
        self._ranks.check_alike((self.at.epoch, self.at.batch), "positions in the checkpoint")
        if self._ranks.is_main:
            forget_activity(self._folder, self.at.epoch)
            forget_learning(self._folder, self.at.epoch)

    def started(self) -> Started:
        """Report where training begins."""
        return Started(
            epoch=self.at.epoch,
            batch=self.at.batch,
            epochs=self._config.train.epochs,
            batches=self._count,
            train_samples=len(self._train),
            valid_samples=len(self._valid),
            device=str(self._ranks.device),
            threads=torch.get_num_threads(),
        )

    @contextmanager
    def epoch(self, epoch: int) -> Iterator[tuple[Sequence[Shard], LoadedBatches]]:
        """Draw an epoch's order; yield this process's shards of the remaining batches and their loader."""
        self._order = epoch_order(self._train, self._labels, self._config, epoch)
        keys, shards = sampling_keys(self._order), self._sharding.of_epoch(self._order, self._count)[self.at.batch :]
        augmentation = Augmentation(self._config.augment, self._config.seed, epoch)
        wanted = (BatchRequest(self._order[shard.places], augmentation, keys[shard.places]) for shard in shards)
        self.seen = EpochLogits(self._ranks, len(self._trained), self._n_classes)
        if self.at.batch:
            self.seen.restore(self._unfinished)
        enter_epoch(self._model, MODELS[self._config.model.name].heads, self._config.train, epoch)
        self._recorder.begin_epoch()
        with closing(self._batches.each(wanted)) as loaded:
            yield shards, loaded

    @property
    def _trained(self) -> np.ndarray:
        """Return the rows of the epoch, without those of a last batch that is left out."""
        return self._order[: self._count * self.size]

    def after_batch(self, loss: float, shard: Shard, seconds: float, *, stepped: bool) -> BatchDone:
        """Count a batch.

        Raises:
            TrainingError: the loss is infinite or NaN.
        """
        epoch, batch, settings = self.at.epoch, self.at.batch, self._config.train
        rows = self._order[batch * self.size : (batch + 1) * self.size]
        check_batch(loss, epoch, batch, rows, self._dataset, self._folder, settings)
        used = self.updates.used_rate if stepped else None
        self.at = at = self.at.after_batch(loss, shard.samples, seconds, used)
        rate = self.updates.learning_rate(epoch, batch, at.valid_losses)
        return BatchDone(epoch, at.batch, self._count, at.mean_loss, at.samples / at.seconds, rate)

    def validate(self, should_stop: Callable[[], bool]) -> Validation | None:
        """Apply the network, or its average, to the validation set; None if it was asked to stop."""
        self._ranks.share_buffers(self._judged)
        recorder = ActivationRecorder(self._judged, self._ranks) if self._config.train.activations else None
        with memory_explained(self.size):
            result = validate(
                self._judged,
                self._batches,
                self._valid,
                positive=self._positive,
                batch_size=self.size,
                should_stop=should_stop,
                output=self._config.model.output,
                ranks=self._ranks,
                recorder=recorder,
            )
        if result is not None:
            check_finite(result.loss, f"epoch {self.at.epoch + 1}, validation", self._config.train)
        if result is not None and recorder is not None:
            activity = recorder.result(self.at.epoch)
            if self._ranks.is_main:  # before the checkpoint: a kill in between repeats the validation
                append_activity(self._folder, activity)
        return result

    def after_epoch(self, result: Validation, seconds: float) -> EpochDone:
        """Store the epoch: its scores, the checkpoint, and the weights if they are to be kept so far."""
        epoch, last = self.at.epoch, self._config.train.checkpoint == "last"
        # An epoch that is repeated because its own checkpoint was damaged stays the best one.
        best = last or result.loss < self._best_loss or epoch == self._best_epoch
        if best:
            self._best_epoch, self._best_loss = epoch, result.loss
        labels, output = self._batches.labels(self._trained), self._config.model.output
        scores = self.seen.scores(labels, output, self._positive)
        learning = EpochLearning(
            epoch=epoch,
            steps=-(-self._count // self._config.train.accumulate),
            train=self.seen.learning(labels, output),
            valid=result.learning,
            weights=self._recorder.weights(),
            step=self._recorder.step,
        )
        if self._ranks.is_main:  # before the checkpoint: a kill in between repeats the validation
            append_learning(self._folder, learning)
        done = EpochDone(
            epoch=epoch,
            train_loss=self.at.mean_loss,
            valid_loss=result.loss,
            valid_accuracy=result.accuracy,
            valid_auroc=result.auroc,
            valid_precision=result.precision,
            valid_recall=result.recall,
            valid_f1=result.f1,
            valid_weighted_f1=result.weighted_f1,
            seconds=self.at.seconds + seconds,
            best=best,
            learning_rate=self.at.learning_rate,
            macro=self._n_classes > 2,
            **({} if scores is None else {f"train_{name}": value for name, value in asdict(scores).items()}),
        )
        self.at = self.at.after_epoch(done)
        self._save(BestWeights(self._judged, self._header(), epoch, result.loss) if best else None)
        return done

    def stop(self) -> Stopped:
        """Save the state to resume from here."""
        self._save()
        return Stopped(self.at.epoch, self.at.batch)

    def finished(self, reason: Literal["epochs", "patience"] = "epochs") -> Finished:
        """Report the epoch whose weights are kept and why training ended."""
        return Finished(self._best_epoch, self._best_loss, reason)

    def _save(self, weights: BestWeights | None = None) -> None:
        tensors = self._state.capture() | (self.seen.capture() if self.at.batch else {})
        if self._ranks.is_main:
            self._checkpoints.save(tensors, self.at, weights)

    def _header(self) -> WeightsHeader:
        return WeightsHeader(
            model=self._config.model,
            preprocess=self._config.preprocess,
            input_size=self._batches.size,
            classes=self._dataset.classes,
            positive=self._dataset.positive,
        )
