"""A small residual network over p4m (quarter turns and mirroring), for few patches and no GPU."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.group import P4M, GroupConv2d
from histo_core.models.layers.group_norm import GroupBatchNorm2d
from histo_core.models.layers.p4m_network import P4MNetwork
from histo_core.models.registry import MODELS, ModelSpec

Fields = Annotated[int, Field(ge=1, le=128)]


class P4MResNetOptions(Config):
    """Width and depth."""

    fields: tuple[Fields, Fields, Fields, Fields] = Field(
        default=(4, 8, 16, 32),
        title="Fields",
        description="Of each stage; a field has eight channels, one for each symmetry",
    )
    blocks: int = Field(default=1, ge=1, le=8, title="Blocks a stage", description="Of two convolutions each")
    dropout: float = Field(default=0.0, ge=0, lt=1, title="Dropout", description="Before the last layer")


class _Residual(nn.Module):
    """Residual block: normalise, rectify, convolve, twice; the result is added to the input.

    He et al., Identity mappings in deep residual networks, ECCV 2016.
    """

    def __init__(self, fields_in: int, fields: int) -> None:
        super().__init__()
        self.norm1 = GroupBatchNorm2d(P4M, fields_in)
        self.conv1 = GroupConv2d(P4M, fields_in, fields, 3, padding=1, bias=False)
        self.norm2 = GroupBatchNorm2d(P4M, fields)
        self.conv2 = GroupConv2d(P4M, fields, fields, 3, padding=1, bias=False)
        self.widen = GroupConv2d(P4M, fields_in, fields, 1, bias=False) if fields_in != fields else None

    def forward(self, maps: Tensor) -> Tensor:
        rectified = self.norm1(maps).relu()
        added = self.conv2(self.norm2(self.conv1(rectified)).relu())
        return added + (maps if self.widen is None else self.widen(rectified))


class P4MResNet(P4MNetwork):
    """ResNet over p4m.

    A 4 x 4 lifting convolution that halves the side, residual stages with a mean pool between them, then the maximum
    over the symmetries and the mean over the map.

    If 16 divides the sides, the logits of a turned or mirrored patch equal those of the patch: windows of 4 pixels with
    stride 2 and padding 1 cover such a side symmetrically.
    """

    def __init__(self, n_classes: int, input_size: tuple[int, int], options: P4MResNetOptions) -> None:
        del input_size  # any size from the smallest on
        fields = options.fields[0]
        stem = GroupConv2d(P4M, 3, fields, 4, lifting=True, stride=2, padding=1, bias=False)
        layers: list[nn.Module] = []
        for stage, wanted in enumerate(options.fields):
            if stage:
                layers.append(nn.AvgPool2d(2))
            for _ in range(options.blocks):
                layers.append(_Residual(fields, wanted))
                fields = wanted
        super().__init__(stem, layers, fields, n_classes, options.dropout)


MODELS.add(
    "p4m_resnet",
    ModelSpec(
        name="p4m_resnet",
        title="P4M-ResNet",
        summary="Gives the same answer however a patch is turned or mirrored; made for few patches and two cores.",
        build=P4MResNet,
        Options=P4MResNetOptions,
        head="head",
        gradcam_layer=last_layer_with_min_cells(("features", 16)),
        smallest_input=32,
        preprocess=PreprocessConfig(),
        imagenet=None,
        paper="Cohen and Welling, Group Equivariant Convolutional Networks, ICML 2016, section 8.2: residual networks",
    ),
)
