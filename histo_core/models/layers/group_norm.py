"""Batch normalisation over a group: all elements of a field are normalised alike, as equivariance needs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from histo_core.models.layers.group import Group

LANES = 16
"""float32 numbers that a CPU's widest registers hold. torch's kernel for channels-last memory goes along the
channels, and of fewer than these it took three times as long."""


class GroupBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation that treats all elements of a field alike.

    float32 [n, size * fields, h, w] to the same. In channels-last memory the elements of a field lie side by side, so
    that torch's own layer sees them as a wider image through a view; any other memory is copied.
    """

    def __init__(self, group: Group, fields: int) -> None:
        super().__init__(fields)
        self.group = group

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (the name of the overridden method's argument)
        """See the class."""
        if self.training and self.num_features < LANES and _by_element(input) and input.numel() > self.num_features:
            return self._normalised(input)
        n, channels, height, width = input.shape
        beside = input.permute(0, 2, 3, 1).reshape(n, height, width * self.group.size, self.num_features)
        normalised = super().forward(beside.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return normalised.reshape(n, height, width, channels).permute(0, 3, 1, 2)

    def _normalised(self, maps: Tensor) -> Tensor:
        """As torch's layer does it in training, running statistics included."""
        result, mean, variance = _ByElement.apply(maps, self.weight, self.bias, self.eps, self.group.size)
        count = maps.numel() // self.num_features
        with torch.no_grad():
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            self.running_mean.lerp_(mean, self.momentum)  # type: ignore[union-attr, arg-type]
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)  # type: ignore[union-attr, arg-type]
        return result


def plain_normalisation(norm: GroupBatchNorm2d) -> nn.BatchNorm2d:
    """The ordinary batch normalisation that does in evaluation what one over a group does."""
    size = norm.group.size
    plain = nn.BatchNorm2d(size * norm.num_features, norm.eps, device=norm.weight.device)
    plain.load_state_dict(
        {name: tensor.repeat(size) if tensor.ndim else tensor for name, tensor in norm.state_dict().items()}
    )
    return plain.eval()


def _by_element(maps: Tensor) -> bool:
    """Whether `_ByElement` can do it: it asks torch for what only its kernels for CPUs give."""
    return (
        maps.device.type == "cpu"
        and maps.dtype == torch.float32
        and maps.is_contiguous(memory_format=torch.channels_last)
    )


class _ByElement(torch.autograd.Function):
    """Sums are taken for each element's channels, as many as fill the registers, and put together for each field.

    With m and v the mean and variance of a field over its M values, s = 1 / sqrt(v + eps), weight w and bias b, the
    result is y = w s (x - m) + b, and with d = dL/dy

        dL/db = sum d,    dL/dw = sum d s (x - m),    dL/dx = w s (d - dL/db / M - s (x - m) dL/dw / M).

    Both y and dL/dx are sums of channels times constants, which broadcast along whole rows of an image.
    Ioffe and Szegedy, Batch normalization, ICML 2015.
    """

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor, eps: float, size: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The normalised maps, and the mean and variance of each field."""
        means, variances = (each.view(size, -1) for each in torch.batch_norm_update_stats(maps, None, None, 0.0))
        mean = means.mean(0)
        variance = variances.mean(0) + means.var(0, correction=0)
        inverse = torch.rsqrt(variance + eps)
        scale = weight * inverse
        result = torch.addcmul(_along(bias - mean * scale, maps), _rows(maps), _along(scale, maps))
        ctx.save_for_backward(maps, weight, mean, inverse)
        ctx.mark_non_differentiable(mean, variance)
        return _maps(result, maps), mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        """Gradients of the maps, the weight and the bias."""
        maps, weight, mean, inverse = ctx.saved_tensors
        size = maps.shape[1] // len(weight)
        count = maps.numel() // len(weight)
        given = given.contiguous(memory_format=torch.channels_last)
        _, *sums = torch.ops.aten.native_batch_norm_backward(
            given, maps, None, None, None, mean.repeat(size), inverse.repeat(size), True, 0.0, [False, True, True]
        )
        by_weight, by_bias = (each.view(size, -1).sum(0) for each in sums)
        scale = weight * inverse
        slope = -scale * inverse * by_weight / count
        result = torch.addcmul(_along(-scale * by_bias / count - slope * mean, maps), _rows(maps), _along(slope, maps))
        result.addcmul_(_rows(given), _along(scale, maps))
        return _maps(result, maps), by_weight, by_bias, None, None


def _rows(maps: Tensor) -> Tensor:
    """Maps [n, c, h, w] in channels-last memory as their rows [n * h, w * c]."""
    n, channels, height, width = maps.shape
    return maps.permute(0, 2, 3, 1).reshape(n * height, width * channels)


def _along(values: Tensor, maps: Tensor) -> Tensor:
    """A value a field, repeated along a row of maps [n, c, h, w]: [w * c]."""
    return values.repeat(maps.shape[1] // len(values) * maps.shape[3])


def _maps(rows: Tensor, like: Tensor) -> Tensor:
    """The way back from `_rows`."""
    n, channels, height, width = like.shape
    return rows.view(n, height, width, channels).permute(0, 3, 1, 2)
