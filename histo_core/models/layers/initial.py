"""Initial weights of convolutions, as a study names them."""

from __future__ import annotations

from typing import Literal

from torch import nn

from histo_core.models.layers.group import GroupConv2d

Init = Literal["default", "glorot", "kaiming"]


def initialise(network: nn.Module, init: Init, slope: float = 0.0) -> None:
    """Draw each filter anew: uniform (Glorot and Bengio, AISTATS 2010) or normal for rectifiers (He et al., ICCV 2015).

    Biases become zero. Linear layers keep their own weights.

    Args:
        network: whose convolutions, plain or over a group, are drawn.
        init: "default" leaves the layers' own.
        slope: of the leaky rectifiers, for "kaiming".
    """
    if init == "default":
        return
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | GroupConv2d):
            if init == "glorot":
                nn.init.xavier_uniform_(layer.weight)
            else:
                nn.init.kaiming_normal_(layer.weight, a=slope)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
