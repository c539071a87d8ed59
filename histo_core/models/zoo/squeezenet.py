"""SqueezeNet 1.1, as torchvision builds it: few weights, fast on a CPU."""

from __future__ import annotations

from torch import nn
from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, build_head
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

FEATURES = 512


def _squeezenet(n_classes: int, input_size: tuple[int, int], options: HeadOptions) -> nn.Module:
    """The linear head is torchvision's own: dropout, a 1 x 1 convolution, ReLU, and the mean over the map."""
    del input_size  # an average pool takes any map
    if options.head == "linear":
        dropout = 0.5 if options.dropout is None else options.dropout
        return torchvision.squeezenet1_1(weights=None, num_classes=n_classes, dropout=dropout)
    network = torchvision.squeezenet1_1(weights=None)
    network.classifier = nn.Sequential(  # type: ignore[assignment]
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), build_head(FEATURES, n_classes, options)
    )
    return network


MODELS.add(
    "squeezenet1_1",
    ModelSpec(
        name="squeezenet1_1",
        title="SqueezeNet 1.1",
        summary="0.7 million weights: the fastest of the ImageNet networks on a CPU.",
        build=_squeezenet,
        Options=HeadOptions,
        head="classifier",
        gradcam_layer=last_layer_with_min_cells(("features.12", 16), ("features.7", 8), ("features.4", 4)),
        smallest_input=17,
        preprocess=PreprocessConfig(),
        imagenet=PretrainedFile(torchvision.SqueezeNet1_1_Weights.IMAGENET1K_V1.url),
        paper="Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, arXiv:1602.07360, 2016",
    ),
)
