"""A small DenseNet over p4m (quarter turns and mirroring), made for PatchCamelyon."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.group import P4M, GroupConv2d
from histo_core.models.layers.group_norm import GroupBatchNorm2d
from histo_core.models.layers.p4m_network import P4MNetwork
from histo_core.models.registry import MODELS, ModelSpec


class P4MDenseNetOptions(Config):
    """Width and depth."""

    growth: int = Field(default=8, ge=1, le=128, title="Growth", description="Fields that each layer adds")
    blocks: int = Field(default=5, ge=1, le=6, title="Dense blocks", description="Each but the last halves the side")
    layers: int = Field(default=1, ge=1, le=16, title="Layers a block")
    dropout: float = Field(default=0.0, ge=0, lt=1, title="Dropout", description="Before the last layer")


class _Dense(nn.Module):
    """Dense layer: normalise, rectify, convolve; the result is concatenated to the input."""

    def __init__(self, fields: int, growth: int) -> None:
        super().__init__()
        self.norm = GroupBatchNorm2d(P4M, fields)
        self.conv = GroupConv2d(P4M, fields, growth, 3, padding=1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        added = self.conv(self.norm(maps).relu())
        return torch.cat([m.unflatten(1, (P4M.size, -1)) for m in (maps, added)], dim=2).flatten(1, 2)


class P4MDenseNet(P4MNetwork):
    """DenseNet over p4m.

    Dense blocks with a 1 x 1 convolution and a mean pool between them, then the maximum over the symmetries and the
    mean over the map.

    If 2 to the power of (blocks - 1) divides the sides, the logits of a turned or mirrored patch equal those of the
    patch. It is the paper's design with one layer a block; the default growth is ours.
    """

    def __init__(self, n_classes: int, input_size: tuple[int, int], options: P4MDenseNetOptions) -> None:
        del input_size  # any size from the smallest on
        fields = 2 * options.growth
        stem = GroupConv2d(P4M, 3, fields, 3, lifting=True, padding=1, bias=False)
        layers: list[nn.Module] = []
        for block in range(options.blocks):
            if block:
                layers += [
                    GroupBatchNorm2d(P4M, fields),
                    nn.ReLU(),
                    GroupConv2d(P4M, fields, fields, 1, bias=False),
                    nn.AvgPool2d(2),
                ]
            for _ in range(options.layers):
                layers.append(_Dense(fields, options.growth))
                fields += options.growth
        super().__init__(stem, layers, fields, n_classes, options.dropout)


MODELS.add(
    "p4m_densenet",
    ModelSpec(
        name="p4m_densenet",
        title="P4M-DenseNet",
        summary="Gives the same answer however a patch is turned or mirrored, with few weights; slow without a GPU.",
        build=P4MDenseNet,
        Options=P4MDenseNetOptions,
        head="head",
        gradcam_layer=last_layer_with_min_cells(("features", 16)),
        smallest_input=32,
        preprocess=PreprocessConfig(),
        imagenet=None,
        paper="Veeling et al., Rotation Equivariant CNNs for Digital Pathology, MICCAI 2018, arXiv:1806.03962",
    ),
)
