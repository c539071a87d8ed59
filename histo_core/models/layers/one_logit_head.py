"""Networks of two classes that end in one number, for a sigmoid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn


class OneOutputLinear(nn.Linear):
    """A linear layer to one number z: float [n, features] to the logits [0, z], [n, 2]."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (the name of the overridden method's argument)
        """See the class."""
        return _beside_zero(super().forward(input))


class OneOutputConv2d(nn.Conv2d):
    """A convolution to one plane: float [n, channels, h, w] to the logits [0, z] of each cell, [n, 2, h', w']."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """See the class."""
        return _beside_zero(super().forward(input))


def end_in_logits(network: nn.Module, classifiers: Iterable[str]) -> None:
    """Let a network that was built for one output give the logits [0, z] of two classes instead of z, in place.

    The softmax of these is the sigmoid of z, so that losses, predictions and explanations need not know. The last
    layer of each classifier is exchanged for one with the same tensors under the same names, and a ReLU behind it is
    left out: behind one, the second class could never have less than one half.

    Args:
        network: gives one number a sample.
        classifiers: prefixes of its classifiers; those it was built without are passed over.
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
    """The same layer, its very tensors, with a zero beside what it gives."""
    other: OneOutputLinear | OneOutputConv2d
    if isinstance(layer, nn.Conv2d):
        other = OneOutputConv2d(layer.in_channels, 1, 1, device="meta")
    else:
        other = OneOutputLinear(layer.in_features, 1, device="meta")
    other.weight, other.bias = layer.weight, cast(nn.Parameter, layer.bias)
    return other


def _beside_zero(z: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(z), z], dim=1)
