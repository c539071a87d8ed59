"""Keep the logits of an epoch's training patches, for the epoch's training scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from histo_core.models.inference.probabilities import probabilities
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.distributed.shards import Shard
from histo_core.training.learning import SetLearning
from histo_core.training.learning_recorder import set_learning
from histo_core.training.scores import EpochScores, epoch_scores

_KEY = "epoch.logits"


class EpochLogits:
    """Logits of one epoch's own forward passes, by position in the epoch's order.

    No patch goes through the network twice: each step copies the logits that its loss was computed from, on the device
    and without waiting for it. So they are logits of augmented patches, with dropout, from a network that still
    changes. A patch that occurs twice in the order, as when classes are enlarged, counts twice.

    If processes share a batch, each keeps the logits of its own shard; all others are 0, so that the sum over the
    processes is the whole epoch. A checkpoint inside the epoch stores that sum, and only rank 0 restores it, so that
    the run may resume with another number of processes.

    Args:
        ranks: this process.
        places: number of positions in the epoch's order.
        classes: number of classes k.
    """

    def __init__(self, ranks: ProcessGroup, places: int, classes: int) -> None:
        self._ranks = ranks
        self._logits = torch.zeros(places, classes, device=ranks.device)
        self._known = True

    def keep(self, outputs: Tensor | Sequence[Tensor], shard: Shard) -> None:
        """Keep the logits of a batch's shard.

        Args:
            outputs: logits [m, k], or a tuple of these and of those of auxiliary classifiers, which are ignored.
            shard: the shard; one with weight 0 is not kept.
        """
        if shard.weight:
            logits = outputs if isinstance(outputs, Tensor) else outputs[0]
            self._logits[shard.places] = logits.detach().to(self._logits.dtype)

    def scores(self, labels: Tensor, output: str, positive: int) -> EpochScores | None:
        """Score the whole epoch; every process must call it, and all get the same scores.

        Args:
            labels: int64 [places], in the epoch's order.
            output: as `histo_core.config.ModelConfig.output`.
            positive: index of the class of interest.

        Returns:
            None if the epoch was begun by a version that kept no logits.
        """
        whole = self._whole().cpu().double()
        if not self._known:
            return None
        return epoch_scores(labels.cpu().numpy(), probabilities(whole, output).numpy(), positive)

    def learning(self, labels: Tensor, output: str) -> SetLearning | None:
        """Describe the whole epoch beside chance; arguments and calls as for `scores`."""
        whole = self._whole().cpu().double()
        return set_learning(whole, labels.cpu().numpy(), output) if self._known else None

    def capture(self) -> dict[str, Tensor]:
        """Return what a checkpoint inside the epoch must store; every process must call it."""
        whole = self._whole()
        return {_KEY: whole} if self._known else {}

    @staticmethod
    def of(tensors: Mapping[str, Tensor]) -> Tensor | None:
        """Return the logits in a checkpoint; None if it was written by a version that kept none."""
        return tensors.get(_KEY)

    def restore(self, saved: Tensor | None) -> None:
        """Restore the result of `of`.

        With another number of devices the last, short batch may be added or dropped, and with it the last positions.
        """
        self._known = saved is not None
        if saved is not None and self._ranks.is_main:
            self._logits[: len(saved)] = saved[: len(self._logits)].to(self._logits.device)

    def _whole(self) -> Tensor:
        return self._logits if self._ranks.count == 1 else self._ranks.total(self._logits.clone())
