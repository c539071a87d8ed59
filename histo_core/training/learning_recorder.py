"""Measure whether a network learns: from predictions that exist anyway, and from one step an epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn.utils import get_total_norm

from histo_core.evaluation.chance_loss import chance_loss
from histo_core.models.inference.probabilities import log_probabilities
from histo_core.training.learning import SetLearning, StepLearning, WeightsLearning

_SAMPLED = 1 << 16
"""Values of each layer whose change in a step is measured, so that no second copy of a large network is needed."""
_SUM = 0.01
"""How far outputs may be from a sum of 1, as those of 16-bit networks are."""


def set_learning(logits: Tensor, labels: np.ndarray, output: str) -> SetLearning:
    """Describe predictions of one set beside chance.

    Args:
        logits: float64 [n, k] on the CPU.
        labels: int [n].
        output: as `histo_core.config.ModelConfig.output`.
    """
    classes = logits.shape[1]
    logs = log_probabilities(logits, output).numpy()
    with np.errstate(invalid="ignore"):  # logits that are not finite stop the run a moment later, with a better message
        chance, spread = chance_loss(labels, logs), np.exp(logs).std(axis=0).max()
    as_they_are = bool(((logits.sum(dim=1) - 1).abs() < _SUM).all() and logits.min() >= 0 and logits.max() <= 1)
    return SetLearning(
        classes=_counts(labels, classes),
        answers=_counts(logs.argmax(axis=1), classes),
        loss=float(-logs[np.arange(len(labels)), labels].mean()),
        chance_loss=chance.mean,
        chance_sd=chance.sd,
        spread=float(spread),
        sum_to_one=as_they_are and output == "softmax",
    )


class StepRecorder:
    """Measures gradients and the change of weights in the middle step of each epoch; it changes nothing.

    Args:
        model: the trained network.
        steps: number of steps of an epoch.
        scaler: the scaler of losses, whose factor is taken out of gradients.
        every_unit_moves: whether a penalty gives every weight a gradient.
    """

    def __init__(
        self, model: nn.Module, steps: int, scaler: GradScaler | None = None, *, every_unit_moves: bool = False
    ) -> None:
        self._model, self._steps, self._scaler, self._all_move = model, steps, scaler, every_unit_moves
        self._before: list[Tensor] | None = None
        self._gradient: tuple[float | None, int, int | None] = (None, 0, None)
        self._norm_before, self._layers, self._uniform = 0.0, 0, 0
        self.step: StepLearning | None = None

    def begin_epoch(self) -> None:
        """Measure the weights that the epoch begins with."""
        self.step, self._before = None, None
        weights = self._weights()
        matrices = [weight for weight in weights if _is_layer(weight)]
        self._norm_before, self._layers = _norm(weights), len(matrices)
        extremes = [torch.aminmax(weight.detach()) for weight in matrices]
        self._uniform = sum(bool(one.min == one.max) for one in extremes)

    def before_step(self, step: int) -> None:
        """Measure the gradients in the middle step of the epoch, before they are clipped."""
        if step != self._steps // 2:
            return
        weights = self._weights()
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        scale = 1.0 if self._scaler is None else float(self._scaler.get_scale())
        layers = [weight for weight in weights if _is_layer(weight)]
        silent = None if self._all_move else sum(_silent_units(weight) for weight in layers)
        self._gradient = (_finite(_norm(gradients) / scale), sum(len(weight) for weight in layers), silent)
        self._before = _sample(weights)

    def after_step(self) -> None:
        """Measure how far the measured step moved the weights."""
        if self._before is None:
            return
        after, size = _sample(self._weights()), _norm(self._before)
        moved = _norm([one - other for one, other in zip(after, self._before, strict=True)])
        gradient_norm, units, silent = self._gradient
        self.step = StepLearning(gradient_norm, _finite(moved / size) if size else None, units, silent)
        self._before = None

    def weights(self) -> WeightsLearning:
        """Return the weights of the epoch; call it at the epoch's end."""
        return WeightsLearning(self._norm_before, _norm(self._weights()), self._layers, self._uniform)

    def _weights(self) -> list[nn.Parameter]:
        return [weight for weight in self._model.parameters() if weight.requires_grad]


def _counts(numbers: np.ndarray, classes: int) -> tuple[int, ...]:
    return tuple(int(count) for count in np.bincount(numbers, minlength=classes))


def _norm(tensors: Sequence[Tensor]) -> float:
    return float(get_total_norm([tensor.detach() for tensor in tensors])) if tensors else 0.0


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _is_layer(weight: Tensor) -> bool:
    """Return whether each unit has several weights; scales and shifts have one."""
    return weight.ndim > 1 and weight[0].numel() > 1


def _silent_units(weight: nn.Parameter) -> int:
    if weight.grad is None:
        return len(weight)
    moving = (weight.grad != 0).flatten(1).any(dim=1)
    return len(weight) - int(moving.sum())


def _sample(weights: Sequence[Tensor]) -> list[Tensor]:
    """Copy the first rows of each tensor."""
    return [weight.detach().clone() if weight.ndim == 0 else _first(weight.detach()) for weight in weights]


def _first(weight: Tensor) -> Tensor:
    each = max(1, weight.numel() // max(1, len(weight)))
    return weight[: max(1, _SAMPLED // each)].clone()
