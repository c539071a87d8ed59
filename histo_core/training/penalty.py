"""A penalty on large weights beside the optimiser's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def l1_penalty(model: nn.Module) -> Tensor:
    """Sum of the absolute values of all weights that are learnt: of those with two axes or more.

    Biases and the scales and shifts of norms have one axis and are left out, frozen weights too. What else a network
    learns counts as weights where it has two axes: the tokens and positions of a ViT, the layer scales of ConvNeXt.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad and weight.ndim > 1]
    return torch.stack([weight.abs().sum() for weight in weights]).sum()
