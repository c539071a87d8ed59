"""What a process takes of each batch, and how much its loss counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from histo_core.config import TrainConfig
from histo_core.data.splits.balance import class_weights
from histo_core.training.ranks import Ranks


@dataclass(frozen=True)
class Deal:
    """One process's share of one batch.

    Attributes:
        samples: of the whole batch.
        places: of the share, in the epoch's order.
        part: of the batch's loss that the share's loss makes; the shares' parts sum to 1.
        count: of processes.
    """

    samples: int
    places: slice
    part: float
    count: int

    def counted(self, loss: Tensor) -> Tensor:
        """The share's loss, such that the mean of the gradients over the processes is the gradient of the batch's."""
        return loss if self.count == 1 else loss * (self.part * self.count)


class Shares:
    """Deals batches to processes so that their shares' losses add up to the whole batch's.

    A batch's loss is a mean over its samples, or a mean weighted by their classes; so a share's mean counts by its
    part of the samples or of their weights. Every process deals alike, without asking another.

    Args:
        ranks: who this process is.
        config: of training; says whether classes are weighed.
        rows: int64 [n], of the training part.
        labels: int [n], of these rows.
        n_classes: how many there are.
    """

    def __init__(self, ranks: Ranks, config: TrainConfig, rows: np.ndarray, labels: np.ndarray, n_classes: int) -> None:
        self._ranks, self._batch_size = ranks, config.batch_size
        self._weights = np.ones(rows.max() + 1)
        if config.balance == "weights":
            self._weights[rows] = class_weights(labels, n_classes)[labels]

    def of_epoch(self, order: np.ndarray, batches: int) -> list[Deal]:
        """This process's share of each batch.

        A process for which a batch has too few samples takes the first one for nothing, since all must take part in
        each step.

        Args:
            order: int64 [m], rows of the training part.
            batches: how many of an epoch's batches there are.
        """
        size = self._batch_size
        return [self._deal(order, start, min(start + size, len(order))) for start in range(0, batches * size, size)]

    def _deal(self, order: np.ndarray, start: int, end: int) -> Deal:
        samples, count = end - start, self._ranks.count
        if count == 1:
            return Deal(samples, slice(start, end), 1.0, 1)
        share = self._ranks.share(samples)
        if share.start == share.stop:
            return Deal(samples, slice(start, start + 1), 0.0, count)
        mine = slice(start + share.start, start + share.stop)
        part = self._weights[order[mine]].sum() / self._weights[order[start:end]].sum()
        return Deal(samples, mine, float(part), count)
