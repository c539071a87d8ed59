"""At which patch sizes a group-equivariant network is exact, computed from its layers.

A window of k pixels at every s-th one, padded by p, falls alike on a side of h pixels from either end where h + 2 p - k
divides by s. Where that holds of every convolution and pool, turning (for p4m also mirroring) the patch turns the
network's maps, to rounding. Where it does not, the last rows that a stride leaves out are others on the turned patch.

Measured with fresh weights on 16 patches of PatchCamelyon, of all turns: at exact sides the logits change by 6e-6 of
the largest at most. At others they change by 2 to 10%, probabilities by 0.002 to 0.03; those of all_gcnn by 39 to 65%
and 0.03 to 0.05.

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
"""Pixels up and down within which an exact side is looked for; strides of today's networks multiply to 32 at most."""


@dataclass(frozen=True)
class Equivariance:
    """What turning a patch of one size does to a network.

    Attributes:
        group: p4 (quarter turns) or p4m (and mirroring).
        side: of the patch in pixels, as the network gets it.
        exact: whether every window falls alike on the turned patch.
        smaller, larger: the nearest sides below and above that are exact; None where there is none within reach, or
            the network takes none.
        same_answer: whether the network pools over the symmetries, so that at exact sides the answer stays; else only
            its maps turn.
    """

    group: str
    side: int
    exact: bool
    smaller: int | None
    larger: int | None
    same_answer: bool

    def __str__(self) -> str:
        """One sentence, without the network's name."""
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
    """Say whether a network is exact at a patch size, and at which nearby ones it is.

    Args:
        config: the network.
        side: of a square patch after preprocessing, in pixels.

    Returns:
        None where the network has no symmetry built in, or cannot be built for this size.

    Raises:
        UnknownNameError: no model has this name.
    """
    spec = MODELS[config.name]
    if side < spec.smallest_input:
        return None
    try:
        return _known(config.model_copy(update={"weights": "none", "output": "softmax"}).model_dump_json(), side)
    except ConfigError:  # its options say what is wrong elsewhere
        return None


def inexact(config: ModelConfig, size: tuple[int, int]) -> str:
    """Say in a sentence or two what a network loses at a patch size, and which sides are exact; else "".

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


class _Misfit(Exception):  # noqa: N818 (it ends a forward pass early, and is no error)
    """A window that does not fall alike."""


class _Windows:
    """The windows of a network, which is built without numbers.

    Attributes:
        group: the largest group whose convolutions it has, or None.
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
        """Whether all of them fall alike on a side of so many pixels."""
        try:
            with torch.device("meta"), torch.no_grad():
                self._network(torch.empty(1, 3, side, side))
        except _Misfit:
            return False
        except ConfigError:
            if side == self._side:
                raise
            return _Windows(self._config, side).fit(side)  # it is made for one size
        return True


def _simplify(network: nn.Module) -> None:
    """Turn the filters of group convolutions once, and look at what each window gets."""
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
