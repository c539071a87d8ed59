"""Losses by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from histo_core.config import TrainConfig
from histo_core.data.balance import class_weights


def build_loss(
    config: TrainConfig, labels: np.ndarray, n_classes: int, device: torch.device
) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss that the configuration names: the mean cross entropy (nats) of a batch.

    With balance "weights" it is a weighted mean, each sample with the weight of its class; see `class_weights`.

    Args:
        config: of training.
        labels: int [n], of the training samples; weights come from these alone.
        n_classes: how many there are.
        device: where training computes.

    Returns:
        From logits float [n, k] and labels int64 [n] to a scalar.
    """
    weights = None
    if config.balance == "weights":
        weights = torch.from_numpy(class_weights(labels, n_classes)).to(device)
    return partial(F.cross_entropy, weight=weights)
