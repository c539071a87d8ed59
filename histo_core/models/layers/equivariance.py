"""Compute from a network's layers at which patch sizes it is exactly equivariant.

Windows of k pixels with stride s and padding p cover a side of h pixels symmetrically if s divides h + 2 p - k. If this
holds for every convolution and pool, turning the patch (for p4m also mirroring it) turns the network's maps, to
rounding. If not, a stride leaves out other rows on the turned patch.

Measured with initial weights on 16 patches of PatchCamelyon over all turns: at exact sides the logits change by at most
6e-6 of the largest. At other sides they change by 2 to 10%, and probabilities by 0.002 to 0.03; for all_gcnn by 39 to
65% and 0.03 to 0.05.

Cohen and Welling, Group Equivariant Convolutional Networks, ICML 2016, section 6.3 (strides).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from histo_core.config import ModelConfig
from histo_core.errors import ConfigError
from histo_core.models.layers.group import GroupConv2d, GroupPool, plain_convolution
from histo_core.models.registry import MODELS, build_network

_WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
_REACH = 64
"""Search range in pixels for an exact side, below and above; the strides of today's networks multiply to 32 at most."""


@dataclass(frozen=True)
class Equivariance:
    """Equivariance of a network at one patch size.

    Attributes:
        group: p4 (quarter turns) or p4m (quarter turns and mirroring).
        side: side of the patch in pixels after preprocessing.
        exact: whether the windows of every layer cover the turned patch in the same way.
        smaller, larger: the nearest exact sides below and above; None where there is none in range, or the network
            accepts none.
        same_answer: whether the network pools over the symmetries, so that its answer is invariant at exact sides; else
            only its maps turn.
    """

    group: str
    side: int
    exact: bool
    smaller: int | None
    larger: int | None
    same_answer: bool

    def __str__(self) -> str:
        """Describe it in one sentence, without the network's name."""
        moved = "turned or mirrored" if self.group == "p4m" else "turned by quarters"
        what = (
            f"the answer for a patch that is {moved} stays the same"
            if self.same_answer
            else f"the maps of a patch that is {moved} move with it (the answer does not stay)"
        )
        if self.exact:
            return f"At {self.side} pixels {what}, to rounding."
        near = " or ".join(str(side) for side in (self.smaller, self.larger) if side is not None)
        return f"At {self.side} pixels the symmetry is not exact. At {near or 'no other side in reach'} {what}."


def equivariance(config: ModelConfig, side: int) -> Equivariance | None:
    """Determine whether a network is exactly equivariant at a patch size, and the nearest exact sizes.

    Args:
        config: the network.
        side: side of a square patch after preprocessing, in pixels.

    Returns:
        None if the network is not group-equivariant, or cannot be built for this size.

    Raises:
        UnknownNameError: no model has this name.
    """
    spec = MODELS[config.name]
    if side < spec.smallest_input:
        return None
    try:
        return _known(config.model_copy(update={"weights": "none", "output": "softmax"}).model_dump_json(), side)
    except ConfigError:  # invalid options are reported elsewhere
        return None


def inexact(config: ModelConfig, size: tuple[int, int]) -> str:
    """Describe in a sentence or two what a network loses at a patch size, and which sides are exact; else "".

    Args:
        config: the network.
        size: height and width after preprocessing, in pixels.
    """
    found = [equivariance(config, side) for side in dict.fromkeys(size)]
    said = [str(one) for one in found if one is not None and not one.exact]
    if not said:
        return ""
    return f"{MODELS[config.name].title}: {' '.join(said)} Set preprocess.crop or preprocess.resize to such a side."


@lru_cache(maxsize=256)
def _known(config: str, side: int) -> Equivariance | None:
    model = ModelConfig.model_validate_json(config)
    network = _Windows(model, side)
    if network.group is None:
        return None
    smallest = MODELS[model.name].smallest_input
    below, above = range(side - 1, max(side - _REACH, smallest) - 1, -1), range(side + 1, side + _REACH + 1)
    return Equivariance(
        group=network.group,
        side=side,
        exact=network.fit(side),
        smaller=next(filter(network.fit, below), None),
        larger=next(filter(network.fit, above), None),
        same_answer=network.pools,
    )


class _Misfit(Exception):  # noqa: N818 (it ends a forward pass early and is not an error)
    """A layer whose windows do not cover the side symmetrically."""


class _Windows:
    """The windows of a network that is built without weight values.

    Attributes:
        group: the largest group of its convolutions, or None.
        pools: whether it pools over the symmetries.
    """

    def __init__(self, config: ModelConfig, side: int) -> None:
        self._config, self._side = config, side
        with torch.device("meta"):
            self._network = build_network(config, 2, (side, side)).eval()
        layers = list(self._network.modules())
        groups = {layer.group.name for layer in layers if isinstance(layer, GroupConv2d) and layer.group.size > 1}
        self.group = max(groups, default=None)
        self.pools = any(isinstance(layer, GroupPool) for layer in layers)
        if groups:
            _simplify(self._network)

    def fit(self, side: int) -> bool:
        """Return whether all windows cover a side of this many pixels symmetrically."""
        try:
            with torch.device("meta"), torch.no_grad():
                self._network(torch.empty(1, 3, side, side))
        except _Misfit:
            return False
        except ConfigError:
            if side == self._side:
                raise
            return _Windows(self._config, side).fit(side)  # the network is built for one size
        return True


def _simplify(network: nn.Module) -> None:
    """Turn the filters of group convolutions once, and check the input size of each window."""
    for name, layer in list(network.named_modules()):
        if isinstance(layer, GroupConv2d):
            with torch.device("meta"):
                layer = plain_convolution(layer)
            network.set_submodule(name, layer)
        if isinstance(layer, _WINDOWS):
            layer.register_forward_pre_hook(_check)


def _check(layer: Any, given: tuple[Tensor, ...]) -> None:
    for axis in (0, 1):
        kernel, stride, padding = (_along(value, axis) for value in (layer.kernel_size, layer.stride, layer.padding))
        if (given[0].shape[2 + axis] + 2 * padding - kernel) % stride:
            raise _Misfit


def _along(value: int | tuple[int, ...], axis: int) -> int:
    return value if isinstance(value, int) else value[axis]
