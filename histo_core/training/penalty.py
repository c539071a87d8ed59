"""A penalty on large weights in addition to the optimiser's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def l1_penalty(model: nn.Module) -> Tensor:
    """Sum the absolute values of all learnt weights with two or more axes.

    Biases and the scales and shifts of norms have one axis and are left out; frozen weights are left out, too. Other
    learnt tensors with two axes count as weights: the tokens and positions of a ViT, the layer scales of ConvNeXt.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad and weight.ndim > 1]
    return torch.stack([weight.abs().sum() for weight in weights]).sum()
