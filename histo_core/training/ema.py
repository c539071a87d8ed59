"""A moving average of the weights, which is often better than the weights of any one step."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Average:
    """Exponential moving average of a network's weights, and of what its batch normalisation has seen.

    The running means and variances belong to the weights they were seen with: those of the last step beside averaged
    weights made the validation loss jump by half from epoch to epoch.

    After step t, counted from 0, each averaged weight is d a + (1 - d) w with d = min(decay, (1 + t) / (10 + t)): the
    first weights, which know nothing, are soon forgotten however slow the decay.

    Polyak and Juditsky, Acceleration of stochastic approximation by averaging, SIAM J. Control Optim. 1992.

    Args:
        model: to average, on its device; the same tensors are read at each update.
        decay: in (0, 1).

    Attributes:
        model: the averaged network; needs no gradient.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = deepcopy(model).requires_grad_(requires_grad=False).eval()
        self._decay = decay
        pairs = list(zip(_changing(self.model), _changing(model), strict=True))
        self._means = [(mean, value) for mean, value in pairs if mean.is_floating_point()]
        self._counts = [(mean, value) for mean, value in pairs if not mean.is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step of the optimiser, counted from 0 over the whole run."""
        decay = min(self._decay, (1 + step) / (10 + step))
        means, values = map(list, zip(*self._means, strict=True))
        get_ema_multi_avg_fn(decay)(means, values, step)
        for mean, value in self._counts:
            mean.copy_(value)


def _changing(model: nn.Module) -> list[Tensor]:
    """All that a checkpoint keeps; other buffers, such as the tables of group convolutions, never change."""
    kept = model.state_dict().keys()
    return [tensor for name, tensor in (*model.named_parameters(), *model.named_buffers()) if name in kept]
