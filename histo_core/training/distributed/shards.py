"""Shards of batches for each process, and the weights of their losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from histo_core.config import TrainConfig
from histo_core.data.splits.balance import class_weights
from histo_core.training.distributed.process_group import ProcessGroup


@dataclass(frozen=True)
class Shard:
    """One process's shard of one batch.

    Attributes:
        samples: number of samples of the whole batch.
        places: positions of the shard in the epoch's order.
        weight: weight of the shard's loss in the batch's loss; the shards' weights sum to 1.
        count: number of processes.
        step_weight: weight of the batch's loss in the loss of the optimiser's step; the weights of a step's batches sum
            to 1.
        step_samples: number of samples of all batches of the step.
    """

    samples: int
    places: slice
    weight: float
    count: int
    step_weight: float
    step_samples: int

    @classmethod
    def alone(cls, samples: int) -> Shard:
        """Return the shard of a batch that is not divided and is a step by itself."""
        return cls(samples, slice(0, samples), 1.0, 1, 1.0, samples)

    def counted(self, loss: Tensor) -> Tensor:
        """Scale the shard's loss, so that the processes' mean gradient is the gradient of the batch's loss."""
        return loss if self.count == 1 else loss * (self.weight * self.count)


class BatchSharding:
    """Split each batch across processes; losses add up to the whole batch's, and those of batches to a step's.

    A loss is a mean over samples, perhaps weighted by class. So the mean of a shard, or of one batch of an accumulated
    step, is weighted by its share of the samples or of their weights. Every process computes the same shards without
    communication.

    Args:
        ranks: this process.
        config: training configuration; says whether classes are weighted.
        rows: int64 [n], of the training set.
        labels: int [n], of these rows.
        n_classes: number of classes.
    """

    def __init__(
        self, ranks: ProcessGroup, config: TrainConfig, rows: np.ndarray, labels: np.ndarray, n_classes: int
    ) -> None:
        self._ranks, self._batch_size, self._accumulate = ranks, config.batch_size, config.accumulate
        self._weights = np.ones(rows.max() + 1)
        if config.balance == "weights":
            self._weights[rows] = class_weights(labels, n_classes)[labels]

    def of_epoch(self, order: np.ndarray, batches: int) -> list[Shard]:
        """Return this process's shard of each batch.

        If a batch has fewer samples than processes, a process without one gets the first sample with weight 0, because
        all processes must take part in each step.

        Args:
            order: int64 [m], rows of the training set.
            batches: number of batches of the epoch.
        """
        size, gathered = self._batch_size, self._batch_size * self._accumulate
        end = min(batches * size, len(order))
        return [
            self._shard(
                order,
                slice(start, min(start + size, end)),
                slice(start - start % gathered, min(start - start % gathered + gathered, end)),
            )
            for start in range(0, end, size)
        ]

    def _shard(self, order: np.ndarray, batch: slice, step: slice) -> Shard:
        samples, count = batch.stop - batch.start, self._ranks.count
        share = self._ranks.share(samples)
        mine = slice(batch.start + share.start, batch.start + share.stop)
        idle = share.start == share.stop
        return Shard(
            samples,
            slice(batch.start, batch.start + 1) if idle else mine,
            0.0 if idle else self._weight(order, mine) / self._weight(order, batch),
            count,
            self._weight(order, batch) / self._weight(order, step),
            step.stop - step.start,
        )

    def _weight(self, order: np.ndarray, places: slice) -> float:
        return float(self._weights[order[places]].sum())
