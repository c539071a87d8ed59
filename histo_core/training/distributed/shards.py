"""What a process takes of each batch, and how much its loss and the batch's count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from histo_core.config import TrainConfig
from histo_core.data.splits.balance import class_weights
from histo_core.training.distributed.process_group import ProcessGroup


@dataclass(frozen=True)
class Shard:
    """One process's share of one batch.

    Attributes:
        samples: of the whole batch.
        places: of the share, in the epoch's order.
        part: of the batch's loss that the share's loss makes; the shares' parts sum to 1.
        count: of processes.
        step_part: of the loss of the optimiser's step that the batch's loss makes; a step's batches' parts sum to 1.
        step_samples: of all batches of the step.
    """

    samples: int
    places: slice
    part: float
    count: int
    step_part: float
    step_samples: int

    @classmethod
    def alone(cls, samples: int) -> Shard:
        """A batch that is dealt to nobody else and makes a step by itself."""
        return cls(samples, slice(0, samples), 1.0, 1, 1.0, samples)

    def counted(self, loss: Tensor) -> Tensor:
        """The share's loss, such that the mean of the gradients over the processes is the gradient of the batch's."""
        return loss if self.count == 1 else loss * (self.part * self.count)


class BatchSharding:
    """Deals batches to processes so that their shares' losses add up to the whole batch's, and batches' to a step's.

    A loss is a mean over samples, or a mean weighted by their classes; so the mean of a share, or of a batch among
    those that are gathered for a step, counts by its part of the samples or of their weights. Every process deals
    alike, without asking another.

    Args:
        ranks: who this process is.
        config: of training; says whether classes are weighed.
        rows: int64 [n], of the training set.
        labels: int [n], of these rows.
        n_classes: how many there are.
    """

    def __init__(
        self, ranks: ProcessGroup, config: TrainConfig, rows: np.ndarray, labels: np.ndarray, n_classes: int
    ) -> None:
        self._ranks, self._batch_size, self._accumulate = ranks, config.batch_size, config.accumulate
        self._weights = np.ones(rows.max() + 1)
        if config.balance == "weights":
            self._weights[rows] = class_weights(labels, n_classes)[labels]

    def of_epoch(self, order: np.ndarray, batches: int) -> list[Shard]:
        """This process's share of each batch.

        A process for which a batch has too few samples takes the first one for nothing, since all must take part in
        each step.

        Args:
            order: int64 [m], rows of the training set.
            batches: how many of an epoch's batches there are.
        """
        size, gathered = self._batch_size, self._batch_size * self._accumulate
        end = min(batches * size, len(order))
        return [
            self._deal(
                order,
                slice(start, min(start + size, end)),
                slice(start - start % gathered, min(start - start % gathered + gathered, end)),
            )
            for start in range(0, end, size)
        ]

    def _deal(self, order: np.ndarray, batch: slice, step: slice) -> Shard:
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
