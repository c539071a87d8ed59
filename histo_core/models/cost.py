"""Count a network's parameters and operations without computing anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from histo_core.config import ModelConfig
from histo_core.models.registry import MODELS, build_network


@dataclass(frozen=True)
class Cost:
    """The cost of one network.

    Attributes:
        side: side of the patch in pixels.
        parameters: learnt numbers without those of auxiliary classifiers.
        flops: floating-point operations for predicting one patch; a multiplication and its addition count as two.
    """

    side: int
    parameters: int
    flops: int


def recommended_side(name: str) -> int:
    """Return the patch side that suits a network best: the one it recommends, else 96 pixels."""
    recommended = MODELS[name].preprocess
    return recommended.resize or recommended.crop or 96


@cache
def cost(name: str, side: int, n_classes: int = 2) -> Cost:
    """Count the cost of a network with its default options.

    Raises:
        UnknownNameError, ConfigError: as `build_network`.
    """
    return count(ModelConfig(name=name), side, n_classes)


def count(config: ModelConfig, side: int, n_classes: int = 2) -> Cost:
    """Count the cost of a network with its configured options.

    Raises:
        UnknownNameError, ConfigError: as `build_network`.
    """
    spec = MODELS[config.name]
    with torch.device("meta"), torch.no_grad():
        network = build_network(config, n_classes, (side, side)).eval()
        auxiliary = tuple(f"{part}." for part in spec.auxiliary)
        parameters = sum(p.numel() for key, p in network.named_parameters() if not key.startswith(auxiliary))
        with FlopCounterMode(display=False) as counter:
            network(torch.empty(1, 3, side, side))
    return Cost(side, parameters, counter.get_total_flops())
