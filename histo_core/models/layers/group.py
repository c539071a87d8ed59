"""Convolutions that turn their features when the image is turned: the groups p4 and p4m.

A feature map over a group has one plane an element of the group (four quarter turns; with mirroring eight). Turning
the input turns each plane and moves it to another element's place, so that nothing has to be learnt twice.

Planes are laid out element-major: channel ``g * fields + field``. In channels-last memory the elements of one field set
then lie side by side, so that what treats all elements alike (`histo_core.models.layers.group_norm`) sees them as a
wider image through a view, and a layer is one ordinary convolution over a bank of turned filters.

Cohen and Welling, Group Equivariant Convolutional Networks, ICML 2016, equations 10 and 11.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Group:
    """Symmetries of the square that fix its centre.

    Element ``g`` mirrors left-right where ``g >= 4``, then makes ``g % 4`` quarter turns counter-clockwise.

    Attributes:
        name: as in the literature.
        size: how many elements.
    """

    name: str
    size: int

    def act(self, element: int, maps: Tensor) -> Tensor:
        """Mirror and turn maps [..., h, w]."""
        mirrored = maps.flip(-1) if element >= 4 else maps
        return torch.rot90(mirrored, element % 4, (-2, -1))

    def product(self, first: int, second: int) -> int:
        """The element that acts like ``second`` and then ``first``."""
        turns = first % 4 + (-second if first >= 4 else second) % 4
        return 4 * ((first >= 4) ^ (second >= 4)) + turns % 4

    def inverse(self, element: int) -> int:
        """The element that undoes another."""
        return element if element >= 4 else -element % 4  # a mirroring undoes itself


Z2 = Group("z2", 1)
"""The identity alone: its convolutions are plain ones, for a network that differs in nothing else."""
P4 = Group("p4", 4)
P4M = Group("p4m", 8)
GROUPS = {group.name: group for group in (P4, P4M)}


class GroupConv2d(nn.Module):
    """Correlation over a group, with as many parameters as one element needs.

    ``lifting`` takes an image [n, fields_in, h, w]; otherwise a map over the group [n, size * fields_in, h, w]. The
    result is a map over the group, [n, size * fields_out, h', w'].

    Turning the input by an element turns the result, exactly, where the window falls alike on the turned image: for
    stride s, kernel k and padding p that is where (h + 2 p - k) and (w + 2 p - k) divide by s.

    Args:
        group: `P4` or `P4M`.
        fields_in, fields_out: channels an element.
        kernel: odd or even side.
        lifting: the first layer.
        stride, padding: as of `torch.nn.Conv2d`.
        bias: one a field.
    """

    index: Tensor

    def __init__(
        self,
        group: Group,
        fields_in: int,
        fields_out: int,
        kernel: int,
        *,
        lifting: bool = False,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.group, self.fields_in, self.fields_out, self.kernel_size = group, fields_in, fields_out, kernel
        self.stride, self.padding = stride, padding
        self.planes = 1 if lifting else group.size
        # Four axes, plane-major like the maps: a weight of five could not be laid out channels-last with its network.
        self.weight = nn.Parameter(torch.empty(fields_out, self.planes * fields_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(fields_out)) if bias else None
        self.register_buffer("index", _turned_places(group, self.planes, kernel), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Kaiming's normal initialisation for rectifiers: variance 2 / (inputs of one output)."""
        fan_in = self.planes * self.fields_in * self.kernel_size**2
        nn.init.normal_(self.weight, std=math.sqrt(2 / fan_in))

    def bank(self) -> Tensor:
        """All turned filters, [size * fields_out, planes * fields_in, kernel, kernel] in channels-last memory.

        The filter of element g over the plane of element h is the learnt one over g^-1 h, turned by g.
        """
        size, planes, side = self.group.size, self.planes, self.kernel_size
        places = self.weight.unflatten(1, (planes, -1)).permute(1, 3, 4, 0, 2).reshape(planes * side * side, -1)
        turned = places.index_select(0, self.index).view(size, planes, side, side, self.fields_out, self.fields_in)
        filters = turned.permute(0, 4, 1, 5, 2, 3).reshape(size * self.fields_out, -1, side, side)
        return filters.contiguous(memory_format=torch.channels_last)

    def forward(self, maps: Tensor) -> Tensor:
        """See the class."""
        bias = None if self.bias is None else self.bias.repeat(self.group.size)
        return F.conv2d(maps, self.bank(), bias, self.stride, self.padding)


class GroupPool(nn.Module):
    """The greatest value over the elements: [n, size * fields, h, w] to [n, fields, h, w], which turns as an image."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group

    def forward(self, maps: Tensor) -> Tensor:
        """See the class."""
        n, channels, height, width = maps.shape
        return maps.reshape(n, self.group.size, channels // self.group.size, height, width).amax(dim=1)


def plain_convolution(conv: GroupConv2d) -> nn.Conv2d:
    """The ordinary convolution that does what a group convolution does, its filters turned once and for all."""
    filters, fields_in = conv.bank().detach(), conv.planes * conv.fields_in
    plain = nn.Conv2d(
        *(fields_in, conv.group.size * conv.fields_out, conv.kernel_size, conv.stride, conv.padding),
        bias=conv.bias is not None,
        device=filters.device,
    )
    plain.weight = nn.Parameter(filters)
    if conv.bias is not None:
        plain.bias = nn.Parameter(conv.bias.detach().repeat(conv.group.size))
    return plain


def _turned_places(group: Group, planes: int, kernel: int) -> Tensor:
    """For each (element, plane, row, column) of the bank, where in (plane, row, column) of the weight it comes from."""
    places = torch.arange(planes * kernel * kernel).view(planes, kernel, kernel)
    elements = range(group.size)
    return torch.stack(
        [
            group.act(g, places if planes == 1 else places[[group.product(group.inverse(g), h) for h in elements]])
            for g in elements
        ]
    ).flatten()
