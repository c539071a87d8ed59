"""Group-equivariant convolutions over p4 and p4m, whose features turn with the image.

A feature map over a group has one plane for each element of the group (four quarter turns; eight with mirroring).
Turning the input turns each plane and moves it to another element's place, so nothing has to be learnt twice.

Planes are laid out element-major: channel ``g * fields + field``. In channels-last memory the elements of all fields
then lie side by side. So code that treats all elements alike (`histo_core.models.layers.group_norm`) can view them as a
wider image, and a layer is one ordinary convolution with a bank of turned filters.

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
        name: the group's name in the literature.
        size: number of elements.
    """

    name: str
    size: int

    def act(self, element: int, maps: Tensor) -> Tensor:
        """Mirror and turn maps [..., h, w]."""
        mirrored = maps.flip(-1) if element >= 4 else maps
        return torch.rot90(mirrored, element % 4, (-2, -1))

    def product(self, first: int, second: int) -> int:
        """Return the element that acts like ``second`` followed by ``first``."""
        turns = first % 4 + (-second if first >= 4 else second) % 4
        return 4 * ((first >= 4) ^ (second >= 4)) + turns % 4

    def inverse(self, element: int) -> int:
        """Return the inverse of an element."""
        return element if element >= 4 else -element % 4  # a mirroring is its own inverse


Z2 = Group("z2", 1)
"""The trivial group: its convolutions are plain ones, for a network that differs in nothing else."""
P4 = Group("p4", 4)
P4M = Group("p4m", 8)
GROUPS = {group.name: group for group in (P4, P4M)}


class GroupConv2d(nn.Module):
    """Correlation over a group, with the parameters of a single element.

    ``lifting`` takes an image [n, fields_in, h, w]; otherwise a map over the group [n, size * fields_in, h, w]. The
    result is a map over the group, [n, size * fields_out, h', w'].

    Turning the input by an element turns the result exactly if the windows cover the turned image in the same way: for
    stride s, kernel k and padding p, if s divides (h + 2 p - k) and (w + 2 p - k).

    Args:
        group: `P4` or `P4M`.
        fields_in, fields_out: channels of each element.
        kernel: side of the filters, odd or even.
        lifting: whether it is the first layer, whose input is an image.
        stride, padding: as for `torch.nn.Conv2d`.
        bias: whether to learn one bias for each field.
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
        # Four axes, plane-major like the maps: a weight with five axes could not be channels-last like its network.
        self.weight = nn.Parameter(torch.empty(fields_out, self.planes * fields_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(fields_out)) if bias else None
        self.register_buffer("index", _turned_places(group, self.planes, kernel), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Apply Kaiming's normal initialisation for rectifiers: variance 2 / (inputs of one output)."""
        fan_in = self.planes * self.fields_in * self.kernel_size**2
        nn.init.normal_(self.weight, std=math.sqrt(2 / fan_in))

    def bank(self) -> Tensor:
        """Return all turned filters, [size * fields_out, planes * fields_in, kernel, kernel], in channels-last memory.

        The filter of element g for the plane of element h is the learnt filter for g^-1 h, turned by g.
        """
        size, planes, side = self.group.size, self.planes, self.kernel_size
        places = self.weight.unflatten(1, (planes, -1)).permute(1, 3, 4, 0, 2).reshape(planes * side * side, -1)
        turned = places.index_select(0, self.index).view(size, planes, side, side, self.fields_out, self.fields_in)
        filters = turned.permute(0, 4, 1, 5, 2, 3).reshape(size * self.fields_out, -1, side, side)
        return filters.contiguous(memory_format=torch.channels_last)

    def forward(self, maps: Tensor) -> Tensor:
        """Apply the layer; see the class."""
        bias = None if self.bias is None else self.bias.repeat(self.group.size)
        return F.conv2d(maps, self.bank(), bias, self.stride, self.padding)


class GroupPool(nn.Module):
    """Maximum over the group's elements: [n, size * fields, h, w] to [n, fields, h, w], which turns like an image."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group

    def forward(self, maps: Tensor) -> Tensor:
        """Apply the layer; see the class."""
        n, channels, height, width = maps.shape
        return maps.reshape(n, self.group.size, channels // self.group.size, height, width).amax(dim=1)


def plain_convolution(conv: GroupConv2d) -> nn.Conv2d:
    """Return the ordinary convolution that equals a group convolution; its filters are turned once."""
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
    """Return for each (element, plane, row, column) of the bank its source (plane, row, column) in the weight."""
    places = torch.arange(planes * kernel * kernel).view(planes, kernel, kernel)
    elements = range(group.size)
    return torch.stack(
        [
            group.act(g, places if planes == 1 else places[[group.product(group.inverse(g), h) for h in elements]])
            for g in elements
        ]
    ).flatten()
