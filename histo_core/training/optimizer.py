"""Optimisers by name."""

from __future__ import annotations

from torch import nn
from torch.optim import Adam, Optimizer

from histo_core.config import TrainConfig


def build_optimizer(config: TrainConfig, model: nn.Module) -> Optimizer:
    """The optimiser that the configuration names; ``weight_decay`` is an L2 penalty added to the gradient.

    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015. The fused form takes one pass over memory.
    """
    return Adam(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
