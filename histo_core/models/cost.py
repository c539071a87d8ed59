"""Count a network's parameters and operations without computing anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from histo_core.config import ModelConfig
from histo_core.models.registry import MODELS, build_network

_NUMBER = 4
"""Bytes of a number in 32 bits."""


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


def training_bytes(config: ModelConfig, side: int, n_classes: int, batch_size: int) -> int:
    """Estimate the memory of a training step, without computing anything.

    Counted are the outputs of all layers, once as they are and once as gradients, and four numbers a weight: itself,
    its gradient and two of an optimiser such as Adam. What a layer needs inside is not counted.

    Raises:
        UnknownNameError, ConfigError: as `build_network`.
    """
    outputs, weights = _numbers(config.model_dump_json(), side, n_classes)
    return _NUMBER * (2 * outputs * batch_size + 4 * weights)


@lru_cache(maxsize=256)
def _numbers(model: str, side: int, n_classes: int) -> tuple[int, int]:
    """Count the numbers that all layers of a network put out for one patch, and its weights."""
    outputs = 0

    def add(layer: nn.Module, inputs: object, output: object) -> None:
        nonlocal outputs
        del layer, inputs
        outputs += output.numel() if isinstance(output, Tensor) else 0

    with torch.device("meta"), torch.no_grad():
        network = build_network(ModelConfig.model_validate_json(model), n_classes, (side, side)).eval()
        weights = sum(parameter.numel() for parameter in network.parameters())
        layers = [layer for layer in network.modules() if next(layer.children(), None) is None]
        hooks = [layer.register_forward_hook(add) for layer in layers]
        network(torch.empty(1, 3, side, side))
        for hook in hooks:
            hook.remove()
    return outputs, weights


def weight_count(config: ModelConfig, side: int, n_classes: int) -> int:
    """Count all weights of a network, with those of auxiliary classifiers.

    Raises:
        UnknownNameError, ConfigError: as `build_network`.
    """
    return _numbers(config.model_dump_json(), side, n_classes)[1]
