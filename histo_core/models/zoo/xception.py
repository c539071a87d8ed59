"""Xception, as timm builds it, because torchvision lacks it."""

from __future__ import annotations

from typing import cast

from torch import nn

from histo_core.config import PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, standard
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

_WEIGHTS = "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-cadene/xception-43020ad28.pth"
_HALF = (0.5, 0.5, 0.5)


def _xception(*, weights: None, num_classes: int) -> nn.Module:
    from timm.models.xception import Xception  # timm loads hundreds of networks, so only when it is asked for

    del weights  # they are loaded by us
    return cast(nn.Module, Xception(num_classes=num_classes))


MODELS.add(
    "xception",
    ModelSpec(
        name="xception",
        title="Xception",
        summary="21 million weights in depthwise separable convolutions.",
        build=standard(_xception, last="fc"),
        Options=HeadOptions,
        head="fc",
        gradcam_layer=last_layer_with_min_cells(("act4", 32), ("block11", 16), ("block2", 8), ("block1", 4)),
        smallest_input=11,
        preprocess=PreprocessConfig(mean=_HALF, std=_HALF),
        imagenet=PretrainedFile(_WEIGHTS),
        paper="Chollet, Xception: Deep learning with depthwise separable convolutions, CVPR 2017",
    ),
)
