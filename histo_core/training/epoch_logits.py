"""What the network gave for each patch of an epoch while it trained, for the epoch's training scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from histo_core.models.inference.probabilities import probabilities
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.distributed.shards import Shard
from histo_core.training.scores import EpochScores, epoch_scores

_KEY = "epoch.logits"


class EpochLogits:
    """The logits of one epoch's own forward passes, by place in the epoch's order.

    Nothing goes through the network twice: each step copies the logits that its loss was computed from, on the
    device and without waiting for it. So they are those of augmented patches, with dropout, from a network that still
    changes. A place that was trained on twice, as where classes are enlarged, counts twice.

    Where processes share a batch, each keeps the places of its own share; all others are 0, so that the sum over the
    processes is the whole epoch. A checkpoint inside the epoch holds that sum, which rank 0 alone takes over: the run
    may go on with another number of processes.

    Args:
        ranks: who this process is.
        places: of the epoch that are trained on.
        classes: k.
    """

    def __init__(self, ranks: ProcessGroup, places: int, classes: int) -> None:
        self._ranks = ranks
        self._logits = torch.zeros(places, classes, device=ranks.device)
        self._known = True

    def take(self, outputs: Tensor | Sequence[Tensor], deal: Shard) -> None:
        """Keep what a batch's share gave.

        Args:
            outputs: logits [m, k], or a tuple of these and of those of auxiliary classifiers, which are passed over.
            deal: the share; one that counts for nothing is not kept.
        """
        if deal.part:
            logits = outputs if isinstance(outputs, Tensor) else outputs[0]
            self._logits[deal.places] = logits.detach().to(self._logits.dtype)

    def scores(self, labels: Tensor, output: str, positive: int) -> EpochScores | None:
        """Score the whole epoch; every process must ask, and all get the same.

        Args:
            labels: int64 [places], in the epoch's order.
            output: as `histo_core.config.ModelConfig.output`.
            positive: index of the class of interest.

        Returns:
            None where the epoch was begun by a version that kept no logits.
        """
        whole = self._whole().cpu().double()
        if not self._known:
            return None
        return epoch_scores(labels.cpu().numpy(), probabilities(whole, output).numpy(), positive)

    def capture(self) -> dict[str, Tensor]:
        """Name what a checkpoint inside the epoch must hold; every process must ask."""
        whole = self._whole()
        return {_KEY: whole} if self._known else {}

    @staticmethod
    def of(tensors: Mapping[str, Tensor]) -> Tensor | None:
        """What a checkpoint inside an epoch holds; None where a version wrote it that kept no logits."""
        return tensors.get(_KEY)

    def restore(self, saved: Tensor | None) -> None:
        """Take over what `of` gave.

        With another number of devices the last, short batch may come or go, and with it the last places.
        """
        self._known = saved is not None
        if saved is not None and self._ranks.leads:
            self._logits[: len(saved)] = saved[: len(self._logits)].to(self._logits.device)

    def _whole(self) -> Tensor:
        return self._logits if self._ranks.count == 1 else self._ranks.total(self._logits.clone())
