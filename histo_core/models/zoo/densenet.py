"""Densely connected networks, as torchvision builds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, standard
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

_GROWTH = 32
_OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.")


class ActivatedDenseNet(torchvision.DenseNet):
    """The same function; its last rectifier is the layer `activated`, so that methods that read maps find it."""

    def __init__(self, blocks: tuple[int, int, int, int], n_classes: int) -> None:
        super().__init__(_GROWTH, blocks, 2 * _GROWTH, num_classes=n_classes)
        self.activated = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """float32 [n, 3, h, w] to logits [n, n_classes]."""
        maps = self.activated(self.features(x))
        return self.classifier(F.adaptive_avg_pool2d(maps, (1, 1)).flatten(1))


def _densenet(blocks: tuple[int, int, int, int], *, weights: None, num_classes: int) -> nn.Module:
    del weights  # they are loaded by us
    return ActivatedDenseNet(blocks, num_classes)


def _renamed(tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """torchvision's published files name the layers of a block as they were called before names lost their dots."""
    del model
    return {_OLD_NAME.sub(r"\1\2.", name): tensor for name, tensor in tensors.items()}


for _layers, _blocks, _weights, _millions in (
    (121, (6, 12, 24, 16), torchvision.DenseNet121_Weights.IMAGENET1K_V1, "seven"),
    (201, (6, 12, 48, 32), torchvision.DenseNet201_Weights.IMAGENET1K_V1, "eighteen"),
):
    MODELS.add(
        f"densenet{_layers}",
        ModelSpec(
            name=f"densenet{_layers}",
            title=f"DenseNet{_layers}",
            summary=f"{_layers} layers that each see all before them: {_millions} million weights, much memory.",
            build=standard(partial(_densenet, _blocks), last="classifier"),
            Options=HeadOptions,
            head="classifier",
            # A block's own maps are read through the norm and rectifier behind it alone.
            gradcam_layer=last_layer_with_min_cells(
                ("activated", 32), ("features.transition3.relu", 16), ("features.transition2.relu", 8)
            ),
            smallest_input=29,
            preprocess=PreprocessConfig(),
            imagenet=PretrainedFile(_weights.url),
            adapt=_renamed,
            paper="Huang et al., Densely connected convolutional networks, CVPR 2017",
        ),
    )
