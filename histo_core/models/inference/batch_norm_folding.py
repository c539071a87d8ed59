"""Fold batch normalisation into convolutions, so that a trained network runs faster.

The result is in channels-last memory, and in bfloat16 where the device computes with it. Prediction, test-time
augmentation, LIME and the pages all use it. Numbers that are reported are always float32.
"""

from __future__ import annotations

import copy
import logging
from typing import cast

import torch
from torch import nn
from torch.fx import GraphModule, symbolic_trace
from torch.fx.experimental.optimization import fuse

from histo_core.models.layers.group import GroupConv2d, plain_convolution
from histo_core.models.layers.group_norm import GroupBatchNorm2d, plain_normalisation

log = logging.getLogger(__name__)


def fold_batch_norm(model: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Module:
    """Return a copy of a network for evaluation that computes the same, faster.

    Group convolutions become plain ones, and each batch normalisation that directly follows a convolution is folded
    into it. One before a convolution (DenseNet) or after a pool (the study's small CNNs) stays. A network that cannot
    be traced (data-dependent control flow) keeps all of them.

    Args:
        model: float32, in evaluation mode; it is not changed.
        dtype: type of weights and sums; float32 gives the same logits to about 1e-5.

    Returns:
        A network on the model's device that takes float32 or ``dtype`` images [n, 3, h, w] and gives logits of
        ``dtype``.
    """
    # torch types the memory format on an overload of its own, so dtype and format go in two steps.
    return _folded(model).to(dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def interactive_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 if the device multiplies it natively, else float32; for results that are not reported."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device.type != "cpu":
        return torch.float32
    known = torch.cpu  # it has no public name for these
    native = known._is_avx512_bf16_supported() or known._is_amx_tile_supported()  # pyright: ignore[reportPrivateUsage]
    return torch.bfloat16 if native else torch.float32


def _folded(model: nn.Module) -> nn.Module:
    plain = copy.deepcopy(model)
    if not any(isinstance(layer, nn.BatchNorm2d | GroupConv2d) for layer in plain.modules()):
        return plain
    for name, layer in list(plain.named_modules()):
        if isinstance(layer, GroupConv2d):
            plain.set_submodule(name, plain_convolution(layer))
        elif isinstance(layer, GroupBatchNorm2d):
            plain.set_submodule(name, plain_normalisation(layer))
    try:
        traced = symbolic_trace(plain.eval())
    except Exception as error:  # tracing raises any error of the network's own code
        log.info("%s keeps its batch normalisation, because it cannot be traced: %s", type(model).__name__, error)
        return plain
    folded = cast(GraphModule, fuse(traced, inplace=True, no_trace=True))
    _rectify_in_place(folded)
    return folded


def _rectify_in_place(network: GraphModule) -> None:
    """Make a rectifier work in place if only it reads the output of a convolution, linear or batch norm layer."""
    alone: dict[nn.Module, bool] = {}
    for node in network.graph.nodes:
        layer = network.get_submodule(node.target) if node.op == "call_module" else None
        if isinstance(layer, nn.ReLU):
            source = node.args[0]
            made = source.op == "call_module" and isinstance(
                network.get_submodule(source.target), nn.Conv2d | nn.Linear | nn.BatchNorm2d
            )
            alone[layer] = alone.get(layer, True) and made and len(source.users) == 1
    for layer, may in alone.items():
        layer.inplace = layer.inplace or may  # type: ignore[assignment]
