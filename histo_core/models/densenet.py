"""Densely connected networks, as torchvision builds them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn
from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.heads import HeadOptions, standard
from histo_core.models.places import last_telling
from histo_core.models.pretrained import PretrainedFile
from histo_core.models.registry import MODELS, ModelSpec

_OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.")


def _renamed(tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """torchvision's published files name the layers of a block as they were called before names lost their dots."""
    del model
    return {_OLD_NAME.sub(r"\1\2.", name): tensor for name, tensor in tensors.items()}


for _layers, _constructor, _weights, _millions in (
    (121, torchvision.densenet121, torchvision.DenseNet121_Weights.IMAGENET1K_V1, "seven"),
    (201, torchvision.densenet201, torchvision.DenseNet201_Weights.IMAGENET1K_V1, "eighteen"),
):
    MODELS.add(
        f"densenet{_layers}",
        ModelSpec(
            name=f"densenet{_layers}",
            title=f"DenseNet{_layers}",
            summary=f"{_layers} layers that each see all before them: {_millions} million weights, much memory.",
            build=standard(_constructor, last="classifier"),
            Options=HeadOptions,
            head="classifier",
            gradcam_layer=last_telling(
                ("features.denseblock4", 32), ("features.denseblock3", 16), ("features.denseblock2", 8)
            ),
            smallest_input=29,
            preprocess=PreprocessConfig(),
            imagenet=PretrainedFile(_weights.url),
            adapt=_renamed,
            paper="Huang et al., Densely connected convolutional networks, CVPR 2017",
        ),
    )
