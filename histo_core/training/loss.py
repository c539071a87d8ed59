"""Losses by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from histo_core.config import TrainConfig
from histo_core.data.splits.balance import class_weights
from histo_core.errors import ConfigError
from histo_core.models.inference.probabilities import log_probabilities

Loss = Callable[[Tensor, Tensor], Tensor]


def build_loss(
    config: TrainConfig, labels: np.ndarray, n_classes: int, device: torch.device, output: str = "softmax"
) -> Loss:
    """The loss that the configuration names: the mean (nats) over a batch.

    It judges the probabilities that the network reports, whatever its output. With ``loss_on`` "probabilities" what
    the output gives is taken for logits, as where a network ends in softmax or sigmoids and its loss applies softmax
    once more: probabilities differ by at most 1, so that cross entropy of two classes cannot fall below
    log(1 + 1/e) = 0.313.

    With balance "weights" it is a weighted mean, each sample with the weight of its class; see `class_weights`. Label
    smoothing e takes the share e of each label and deals it to all k classes, e / k each; a sample's weight stays that
    of its own class. The binary cross entropy is that of one sigmoid, of the difference of the two logits, which is
    the cross entropy of the two.

    Args:
        config: of training.
        labels: int [n], of the training samples; weights come from these alone.
        n_classes: how many there are.
        device: where training computes.
        output: as `histo_core.config.ModelConfig.output`.

    Returns:
        From logits float [n, k] and labels int64 [n] to a scalar.

    Raises:
        ConfigError: binary cross entropy of other than two classes.
    """
    each: Loss = partial(F.cross_entropy, reduction="none", label_smoothing=config.label_smoothing)
    if config.loss == "binary_cross_entropy":
        if n_classes != 2:
            raise ConfigError(
                f"Binary cross entropy was chosen for {n_classes} classes.", "Two.", "Choose cross_entropy as the loss."
            )
        each = partial(_binary_cross_entropies, smoothing=config.label_smoothing)
    weights = None
    if config.balance == "weights":
        weights = torch.from_numpy(class_weights(labels, n_classes)).to(device)
    judge = partial(_mean, each, weights)
    if config.loss_on == "probabilities":
        return lambda logits, truth: judge(_activated(logits, output), truth)
    if output == "sigmoids":
        # Logarithms of probabilities are logits of them: softmax gives back the probabilities.
        return lambda logits, truth: judge(log_probabilities(logits, output), truth)
    return judge


def with_auxiliary(loss: Loss, weight: float) -> Callable[[Tensor | Sequence[Tensor], Tensor], Tensor]:
    """The same loss for networks that in training mode give a tuple of their logits and those of auxiliary classifiers.

    Args:
        loss: of one classifier's logits.
        weight: of each auxiliary classifier's loss beside the 1 of the network's own.
    """

    def total(outputs: Tensor | Sequence[Tensor], labels: Tensor) -> Tensor:
        if isinstance(outputs, Tensor):
            return loss(outputs, labels)
        logits, *auxiliary = outputs
        return loss(logits, labels) + weight * torch.stack([loss(other, labels) for other in auxiliary]).sum()

    return total


def _activated(logits: Tensor, output: str) -> Tensor:
    """What stands behind the network's last activation, without the sum of 1 that sigmoids only get in reports."""
    match output:
        case "sigmoids":
            return logits.sigmoid()
        case "sigmoid":
            return torch.cat([logits[:, :1], logits[:, 1:].sigmoid()], dim=1)
        case _:
            return logits.softmax(dim=1)


def _mean(each: Loss, weights: Tensor | None, logits: Tensor, labels: Tensor) -> Tensor:
    if weights is None:
        return each(logits, labels).mean()
    # Not torch's own class weights, which weigh the share that smoothing deals to a class by that class.
    of_samples = weights[labels]
    return (of_samples * each(logits, labels)).sum() / of_samples.sum()


def _binary_cross_entropies(logits: Tensor, labels: Tensor, *, smoothing: float) -> Tensor:
    score, truth = logits[:, 1] - logits[:, 0], labels.to(logits.dtype)
    return F.binary_cross_entropy_with_logits(score, truth * (1 - smoothing) + smoothing / 2, reduction="none")
