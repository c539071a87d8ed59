"""A moving average of the weights, which is often better than the weights of any one step."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn


class Average:
    """Exponential moving average of a network's weights, and of what its batch normalisation has seen.

    The running means and variances belong to the weights they were seen with: those of the last step beside averaged
    weights made the validation loss jump by half from epoch to epoch.

    After step t, counted from 0, each averaged weight is d a + (1 - d) w with d = min(decay, (1 + t) / (10 + t)): the
    first weights, which know nothing, are soon forgotten however slow the decay.

    Polyak and Juditsky, Acceleration of stochastic approximation by averaging, SIAM J. Control Optim. 1992.

    Args:
        model: to average, on its device.
        decay: in (0, 1).

    Attributes:
        model: the averaged network; needs no gradient.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = deepcopy(model).requires_grad_(requires_grad=False).eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after a step of the optimiser, counted from 0 over the whole run."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for mean, weight in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(weight, 1 - decay)
        for mean, buffer in zip(self.model.buffers(), model.buffers(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(buffer, 1 - decay)
            else:
                mean.copy_(buffer)
