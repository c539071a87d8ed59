"""VGG16, as torchvision builds it, or with one of the studies' heads straight after its last pool."""

from __future__ import annotations

from torch import nn
from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.heads import HeadOptions, build_head
from histo_core.models.places import last_telling
from histo_core.models.pretrained import PretrainedFile
from histo_core.models.registry import MODELS, ModelSpec

_FEATURES = 512 * 7 * 7


def _vgg16(n_classes: int, input_size: tuple[int, int], options: HeadOptions) -> nn.Module:
    """With the linear head, torchvision's own two layers of 4,096 stand before it, with dropout 0.5."""
    del input_size  # an average pool makes 7 x 7 cells of any map
    network = torchvision.vgg16(weights=None, num_classes=n_classes)
    if options.head != "linear":
        network.classifier = build_head(_FEATURES, n_classes, options)  # type: ignore[assignment]
    elif options.dropout is not None:
        network.classifier[2].p = network.classifier[5].p = options.dropout  # type: ignore[assignment]
    return network


MODELS.add(
    "vgg16",
    ModelSpec(
        name="vgg16",
        title="VGG16",
        summary="Sixteen plain layers and 134 million weights: the classic, heavy and easy to explain.",
        build=_vgg16,
        Options=HeadOptions,
        head="classifier",
        gradcam_layer=last_telling(("features.29", 16), ("features.22", 8), ("features.15", 4)),
        smallest_input=32,
        preprocess=PreprocessConfig(),
        imagenet=PretrainedFile(torchvision.VGG16_Weights.IMAGENET1K_V1.url),
        paper="Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015",
    ),
)
