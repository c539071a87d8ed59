"""Residual networks, as torchvision builds them."""

from __future__ import annotations

from typing import cast

from torch import nn
from torchvision.models import ResNet, ResNet18_Weights, resnet18

from histo_core.config import Config, PreprocessConfig
from histo_core.models.pretrained import PretrainedFile
from histo_core.models.registry import MODELS, ModelSpec

FEWEST_CELLS = 4


class ResNetOptions(Config):
    """A residual network has none."""


def _resnet18(n_classes: int, input_size: tuple[int, int], options: ResNetOptions) -> nn.Module:
    del input_size, options  # its average pool takes any map
    return resnet18(weights=None, num_classes=n_classes)


def _last_telling_stage(model: nn.Module, input_size: tuple[int, int]) -> nn.Module:
    """The last stage whose map has at least `FEWEST_CELLS` a side.

    At 224 pixels that is the last stage, as usual; at 96 its 3 x 3 cells could hardly tell one place of a patch from
    another, so the stage before is taken.
    """
    network, side = cast(ResNet, model), min(input_size)
    stages = [(network.layer4, 32), (network.layer3, 16), (network.layer2, 8)]
    return next((stage for stage, stride in stages if -(-side // stride) >= FEWEST_CELLS), network.layer1)


MODELS.add(
    "resnet18",
    ModelSpec(
        name="resnet18",
        title="ResNet18",
        summary="A standard residual network of eleven million weights, from scratch or from ImageNet.",
        build=_resnet18,
        Options=ResNetOptions,
        head="fc",
        gradcam_layer=_last_telling_stage,
        smallest_input=32,
        preprocess=PreprocessConfig(),
        imagenet=PretrainedFile(ResNet18_Weights.IMAGENET1K_V1.url),
        paper="He et al., Deep residual learning for image recognition, CVPR 2016",
    ),
)
