"""Batch normalisation over the samples of all processes, on devices that support it."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from histo_core.models.layers.group_norm import GroupBatchNorm2d


class SyncGroupBatchNorm2d(GroupBatchNorm2d, nn.SyncBatchNorm):
    """Group batch normalisation that passes its view of the maps to torch's synchronised layer."""


def synchronised(module: nn.Module) -> nn.Module:
    """Replace each batch normalisation by one over the batch of all processes, and return the module.

    The layers inside the module are replaced in place. A module that is itself a batch normalisation is returned as a
    new one. Weights, buffers and their names stay the same, so that checkpoints fit both.

    Training with it needs CUDA. Without CUDA each process normalises by its own shard, and rank 0's running statistics
    are kept.
    """
    if isinstance(module, GroupBatchNorm2d):
        return _like(module, SyncGroupBatchNorm2d(module.group, module.num_features))
    if isinstance(module, _BatchNorm):
        return nn.SyncBatchNorm.convert_sync_batchnorm(module)
    for name, child in module.named_children():
        setattr(module, name, synchronised(child))
    return module


def _like(module: GroupBatchNorm2d, other: SyncGroupBatchNorm2d) -> SyncGroupBatchNorm2d:
    other.eps, other.momentum, other.training = module.eps, module.momentum, module.training
    other.weight, other.bias = module.weight, module.bias
    for name, buffer in module.named_buffers(recurse=False):
        setattr(other, name, buffer)
    return other
