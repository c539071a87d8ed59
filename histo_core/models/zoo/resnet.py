"""Residual networks, as torchvision builds them."""

from __future__ import annotations

from collections.abc import Callable

from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, standard
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

_HE = "He et al., Deep residual learning for image recognition, CVPR 2016"


def _add(
    name: str,
    title: str,
    summary: str,
    constructor: Callable[..., torchvision.ResNet],
    weights: torchvision.WeightsEnum,
    paper: str = _HE,
) -> None:
    MODELS.add(
        name,
        ModelSpec(
            name=name,
            title=title,
            summary=summary,
            build=standard(constructor, last="fc"),
            Options=HeadOptions,
            head="fc",
            gradcam_layer=last_layer_with_min_cells(("layer4", 32), ("layer3", 16), ("layer2", 8), ("layer1", 4)),
            smallest_input=8,
            preprocess=PreprocessConfig(),
            imagenet=PretrainedFile(weights.url),
            paper=paper,
        ),
    )


_add(
    "resnet18",
    "ResNet18",
    "A standard residual network of eleven million weights, from scratch or from ImageNet.",
    torchvision.resnet18,
    torchvision.ResNet18_Weights.IMAGENET1K_V1,
)
_add(
    "resnet34",
    "ResNet34",
    "ResNet18 with twice the layers: 21 million weights.",
    torchvision.resnet34,
    torchvision.ResNet34_Weights.IMAGENET1K_V1,
)
_add(
    "resnet50",
    "ResNet50",
    "The usual reference: fifty layers with bottlenecks, 24 million weights.",
    torchvision.resnet50,
    torchvision.ResNet50_Weights.IMAGENET1K_V1,
)
_add(
    "wide_resnet50_2",
    "Wide ResNet50-2",
    "ResNet50 with bottlenecks twice as wide: 67 million weights.",
    torchvision.wide_resnet50_2,
    torchvision.Wide_ResNet50_2_Weights.IMAGENET1K_V1,
    "Zagoruyko and Komodakis, Wide residual networks, BMVC 2016",
)
_add(
    "resnext50_32x4d",
    "ResNeXt50 32x4d",
    "ResNet50 whose bottlenecks are 32 narrow paths side by side: 23 million weights.",
    torchvision.resnext50_32x4d,
    torchvision.ResNeXt50_32X4D_Weights.IMAGENET1K_V1,
    "Xie et al., Aggregated residual transformations for deep neural networks, CVPR 2017",
)
