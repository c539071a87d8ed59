"""VGG16, as torchvision builds it, or with one of the studies' heads, after 7 x 7 cells or its last max pool."""

from __future__ import annotations

from typing import Literal, cast

from pydantic import Field
from torch import Tensor, nn
from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.errors import ConfigError
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, build_head
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

_CHANNELS, _SHRINKS_BY = 512, 32


class VGGOptions(HeadOptions):
    """A head, and the map that it reads."""

    cells: Literal["7x7", "all"] = Field(
        default="7x7",
        title="Cells before the head",
        description="7x7: averaged to 49 cells, as torchvision does for any size of patch. All: the last max pool's "
        "own, 3 x 3 of a patch of 96 pixels; the network is then made for one size",
    )


class WholeMap(nn.Module):
    """The last max pool's map as it is, refused where it has another size than the head was built for."""

    def __init__(self, cells: tuple[int, int]) -> None:
        super().__init__()
        self.cells = cells

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, channels, height, width], unchanged.

        Raises:
            ConfigError: another height or width.
        """
        height, width = maps.shape[-2:]
        if (height, width) != self.cells:
            raise ConfigError(
                f"VGG16's last map has {height} x {width} cells of {_SHRINKS_BY} pixels.",
                f"Its head was built for {self.cells[0]} x {self.cells[1]}.",
                "Crop or resize patches to the size that it was trained on.",
            )
        return maps


def _vgg16(n_classes: int, input_size: tuple[int, int], options: VGGOptions) -> nn.Module:
    """With the linear head, torchvision's own two layers of 4,096 stand before it, with dropout 0.5."""
    network = torchvision.vgg16(weights=None, num_classes=n_classes)
    first = cast(nn.Linear, network.classifier[0])
    features = first.in_features
    if options.cells == "all":
        height, width = (side // _SHRINKS_BY for side in input_size)
        features = _CHANNELS * height * width
        network.avgpool = WholeMap((height, width))  # type: ignore[assignment]
    if options.head != "linear":
        network.classifier = build_head(features, n_classes, options)  # type: ignore[assignment]
        return network
    if options.dropout is not None:
        network.classifier[2].p = network.classifier[5].p = options.dropout  # type: ignore[assignment]
    if features != first.in_features:
        network.classifier[0] = nn.Linear(features, first.out_features)
    return network


MODELS.add(
    "vgg16",
    ModelSpec(
        name="vgg16",
        title="VGG16",
        summary="Sixteen plain layers and 134 million weights: the classic, heavy and easy to explain.",
        build=_vgg16,
        Options=VGGOptions,
        head="classifier",
        gradcam_layer=last_layer_with_min_cells(("features.29", 16), ("features.22", 8), ("features.15", 4)),
        smallest_input=32,
        preprocess=PreprocessConfig(),
        imagenet=PretrainedFile(torchvision.VGG16_Weights.IMAGENET1K_V1.url),
        paper="Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015",
    ),
)
