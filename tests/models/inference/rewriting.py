"""Write a network's weights otherwise without changing what it computes.

A layer that adds a constant to each channel (the bias of a convolution, of a linear layer or of a norm) is given
another constant, and what reads its result takes it away again: the running mean of a batch norm, or the bias of a
convolution without padding or of a linear layer. A layer norm ignores a constant that all channels share.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.fx import Node, Tracer
from torch.fx.passes.shape_prop import ShapeProp
from torchvision.models.convnext import LayerNorm2d
from torchvision.ops import Permute, StochasticDepth

from histo_core.models.layers.group import GroupConv2d, GroupPool
from histo_core.models.layers.group_norm import GroupBatchNorm2d

ADDING = (nn.Conv2d, GroupConv2d, nn.Linear, nn.BatchNorm2d, nn.LayerNorm)
"""Layers with a bias."""
POOLS = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Dropout,
    nn.Identity,
    nn.Flatten,
    Permute,
    StochasticDepth,
)
PASSING = {
    *(torch.cat, torch.flatten, operator.add, operator.iadd, operator.getitem),
    *(F.dropout, F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d),
    *("flatten", "unflatten", "permute", "transpose", "reshape", "view", "mean"),
}
"""What gives f(x + constant) = f(x) + f(constant) where the constant is the same in all places."""
ASKING = {getattr, torch._assert, operator.eq, "dim", "size", "shape"}
"""What asks for shapes alone."""


class LeafTracer(Tracer):
    """Traces a network into layers, and any further modules by name."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        ours = isinstance(m, GroupConv2d | GroupBatchNorm2d | GroupPool | LayerNorm2d | Permute | StochasticDepth)
        return module_qualified_name in self.names or ours or super().is_leaf_module(m, module_qualified_name)


def rewrite(network: nn.Module, images: Tensor, seed: int = 0) -> int:
    """Change constants in place wherever the network allows it; return in how many layers.

    Args:
        network: in evaluation mode.
        images: float32 [1, 3, h, w]; only the size counts.
        seed: of the constants.
    """
    graph = LeafTracer().trace(network)
    ShapeProp(torch.fx.GraphModule(network, graph)).propagate(images)
    generator = torch.Generator().manual_seed(seed)
    order = {node: place for place, node in enumerate(graph.nodes)}
    return sum(_rewritten(network, order, node, generator) for node in order if node.op == "call_module")


def _rewritten(network: nn.Module, order: dict[Node, int], node: Node, generator: torch.Generator) -> bool:
    layer = network.get_submodule(str(node.target))
    if not isinstance(layer, ADDING):
        return False
    count = len(_bias(layer))
    drawn = torch.randn(count, generator=generator)
    # A constant that all channels share is all that a layer norm ignores.
    for constant in (drawn, drawn[:1].expand(count)):
        changes = _taken_away(network, order, node, _beside(layer, constant, node))
        if changes:
            with torch.no_grad():
                _bias(layer).add_(constant)
                for tensor, change in changes:
                    tensor.add_(change)
            return True
    return False


def _taken_away(network: nn.Module, order: dict[Node, int], start: Node, shift: Tensor) -> list[tuple[Tensor, Tensor]]:
    """What takes a shift of one layer's result away again; nothing where something would notice it."""
    shifts, changes = {start: shift}, []
    waiting = {order[user]: user for user in start.users}
    while waiting:
        node = waiting.pop(min(waiting))
        if node.target in ASKING:
            continue
        layer = network.get_submodule(str(node.target)) if node.op == "call_module" else None
        if not all(source.op == "get_attr" or "tensor_meta" in source.meta for source in node.all_input_nodes):
            return []  # a size that was asked for: where ViT cuts the image up, which comes before all maps
        if isinstance(layer, POOLS) or node.target in PASSING or _scaled(node, shifts):
            shifts[node] = _through(network, layer, node, shifts)
            waiting |= {order[user]: user for user in node.users}
            continue
        change = _absorbed(layer, shifts[node.all_input_nodes[0]]) if layer else None
        if change is None:
            return []
        changes.append(change)
    return changes


def _through(network: nn.Module, layer: nn.Module | None, node: Node, shifts: dict[Node, Tensor]) -> Tensor:
    def value(source: Node) -> Any:
        if source.op == "get_attr":
            return operator.attrgetter(str(source.target))(network).detach() * (node.target is operator.mul)
        return shifts[source] if source in shifts else torch.zeros(source.meta["tensor_meta"].shape)

    args, options = torch.fx.map_arg(node.args, value), torch.fx.map_arg(node.kwargs, value)
    with torch.no_grad():
        if layer is not None:
            return layer(*args, **options)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **options)
        return node.target(*args, **options)  # type: ignore[operator]


def _scaled(node: Node, shifts: dict[Node, Tensor]) -> bool:
    """Whether the shift is multiplied by a weight."""
    return node.target is operator.mul and {source.op for source in node.all_input_nodes if source not in shifts} == {
        "get_attr"
    }


def _absorbed(layer: nn.Module, shift: Tensor) -> tuple[Tensor, Tensor] | None:
    """The tensor that takes the shift away and by how much it changes; None where the layer does not."""
    if isinstance(layer, nn.LayerNorm):
        across = 1 if isinstance(layer, LayerNorm2d) else -1
        same = torch.allclose(shift, shift.select(across, 0).unsqueeze(across).expand_as(shift))
        return (layer.bias, torch.zeros_like(layer.bias)) if same else None
    channels = -1 if isinstance(layer, nn.Linear) else 1
    flat = shift.movedim(channels, 0).flatten(1)
    if not torch.allclose(flat, flat[:, :1].expand_as(flat)):
        return None
    constant = flat[:, 0]
    if isinstance(layer, nn.BatchNorm2d):
        assert layer.running_mean is not None
        return layer.running_mean, constant[: len(layer.running_mean)]
    if isinstance(layer, nn.Linear):
        return layer.bias, -layer.weight.detach() @ constant
    if isinstance(layer, nn.Conv2d) and layer.padding == (0, 0):
        reading = layer.weight.detach().sum(dim=(2, 3))
        per_group = constant.view(layer.groups, 1, -1).expand(-1, layer.out_channels // layer.groups, -1).flatten(0, 1)
        return _bias(layer), -(reading * per_group).sum(dim=1)
    return None


def _bias(layer: nn.Module) -> nn.Parameter:
    """The bias of a layer, which is given one of zeros where it has none."""
    if layer.bias is None:
        outgoing = layer.fields_out if isinstance(layer, GroupConv2d) else layer.weight.shape[0]
        layer.bias = nn.Parameter(torch.zeros(outgoing))  # type: ignore[arg-type]
    assert isinstance(layer.bias, nn.Parameter)
    return layer.bias


def _beside(layer: nn.Module, constant: Tensor, node: Node) -> Tensor:
    """The constant at each place of the layer's result."""
    shape = node.meta["tensor_meta"].shape
    if isinstance(layer, nn.Linear) or (isinstance(layer, nn.LayerNorm) and not isinstance(layer, LayerNorm2d)):
        return constant.expand(shape)
    repeated = constant.repeat(shape[1] // len(constant))
    return repeated.view(1, -1, *(1 for _ in shape[2:])).expand(shape)
