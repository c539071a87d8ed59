"""A convolutional network with a transformer's design, as torchvision builds it."""

from __future__ import annotations

from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, standard
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

MODELS.add(
    "convnext_tiny",
    ModelSpec(
        name="convnext_tiny",
        title="ConvNeXt-Tiny",
        summary="Today's convolutional baseline: 28 million weights; best from ImageNet's weights.",
        build=standard(torchvision.convnext_tiny, last="classifier.2"),
        Options=HeadOptions,
        head="classifier.2",
        gradcam_layer=last_layer_with_min_cells(
            ("features.7", 32), ("features.5", 16), ("features.3", 8), ("features.1", 4)
        ),
        smallest_input=32,
        preprocess=PreprocessConfig(),
        imagenet=PretrainedFile(torchvision.ConvNeXt_Tiny_Weights.IMAGENET1K_V1.url),
        paper="Liu et al., A ConvNet for the 2020s, CVPR 2022",
    ),
)
