"""Common parts of the networks over p4m (quarter turns and mirroring): their order, and their end."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from histo_core.models.layers.group import P4M, GroupConv2d, GroupPool
from histo_core.models.layers.group_norm import GroupBatchNorm2d


class P4MNetwork(nn.Module):
    """A lifting convolution, group layers, the maximum over the symmetries, the mean over the map, one linear layer.

    Args:
        stem: the lifting convolution.
        layers: map group features to ``fields`` fields; a norm and a rectifier follow them.
        fields: a field has eight channels, one for each symmetry.
        n_classes: number of logits.
        dropout: before the linear layer.
    """

    def __init__(
        self, stem: GroupConv2d, layers: Sequence[nn.Module], fields: int, n_classes: int, dropout: float
    ) -> None:
        super().__init__()
        self.stem = stem
        self.features = nn.Sequential(*layers, GroupBatchNorm2d(P4M, fields), nn.ReLU())
        self.pool = nn.Sequential(GroupPool(P4M), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout))
        self.head = nn.Linear(fields, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map float32 [n, 3, h, w] to logits [n, n_classes]."""
        return self.head(self.pool(self.features(self.stem(images))))
