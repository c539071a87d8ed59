"""Heads with one output for two classes, for a sigmoid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn


class OneOutputLinear(nn.Linear):
    """Linear layer with one output z: float [n, features] to the logits [0, z], [n, 2]."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (the name of the overridden method's argument)
        """Apply the layer; see the class."""
        return _beside_zero(super().forward(input))


class OneOutputConv2d(nn.Conv2d):
    """Convolution with one output z: float [n, channels, h, w] to each cell's logits [0, z], [n, 2, h', w']."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Apply the layer; see the class."""
        return _beside_zero(super().forward(input))


def end_in_logits(network: nn.Module, classifiers: Iterable[str]) -> None:
    """Change a network with one output z in place, so that it gives the logits [0, z] of two classes.

    Their softmax is the sigmoid of z, so that losses, predictions and explanations need no special case. The last layer
    of each classifier is replaced by one with the same tensors under the same names. A ReLU after it is removed,
    because with it the second class could never have a probability below one half.

    Args:
        network: gives one number for each sample.
        classifiers: prefixes of its classifiers; missing ones are skipped.
    """
    modules = dict(network.named_modules())
    for prefix in classifiers:
        if prefix not in modules:
            continue
        below = [name for name in modules if name == prefix or name.startswith(f"{prefix}.")]
        last = [name for name in below if isinstance(modules[name], nn.Linear | nn.Conv2d)][-1]
        network.set_submodule(last, _one_output(cast(nn.Linear | nn.Conv2d, modules[last])))
        for name in below[below.index(last) :]:
            if isinstance(modules[name], nn.ReLU):
                network.set_submodule(name, nn.Identity())


def _one_output(layer: nn.Linear | nn.Conv2d) -> nn.Module:
    """Return the same layer with the same tensors, and a zero added before its output."""
    other: OneOutputLinear | OneOutputConv2d
    if isinstance(layer, nn.Conv2d):
        other = OneOutputConv2d(layer.in_channels, 1, 1, device="meta")
    else:
        other = OneOutputLinear(layer.in_features, 1, device="meta")
    other.weight, other.bias = layer.weight, cast(nn.Parameter, layer.bias)
    return other


def _beside_zero(z: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(z), z], dim=1)
