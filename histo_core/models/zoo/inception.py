"""Networks of parallel paths with auxiliary classifiers, as torchvision builds them.

In training mode they give a named tuple: the logits and those of the auxiliary classifiers; in evaluation the logits.
Both expect ImageNet's normalisation and turn it into their own, as their published weights need.
"""

from __future__ import annotations

from pydantic import Field
from torch import nn
from torchvision import models as torchvision

from histo_core.config import PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.heads import HeadOptions, with_head
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.weights.pretrained import PretrainedFile

INCEPTION_SIDE = 299
"""Below it Inception's auxiliary classifier has no map to look at and is left out."""


class AuxiliaryOptions(HeadOptions):
    """A head, and whether there are auxiliary classifiers."""

    auxiliary: bool = Field(
        default=True,
        title="Auxiliary classifiers",
        description="They help early layers to learn; training only. Inception v3 has room for its own from 299 px on "
        "and leaves it out below",
    )


def _googlenet(n_classes: int, input_size: tuple[int, int], options: AuxiliaryOptions) -> nn.Module:
    del input_size  # average pools take any map
    network = torchvision.GoogLeNet(n_classes, aux_logits=options.auxiliary, transform_input=True, init_weights=True)
    return with_head(network, n_classes, options, "fc", "dropout")


def _inception_v3(n_classes: int, input_size: tuple[int, int], options: AuxiliaryOptions) -> nn.Module:
    network = torchvision.Inception3(
        n_classes,
        aux_logits=options.auxiliary and min(input_size) >= INCEPTION_SIDE,
        transform_input=True,
        init_weights=True,
    )
    return with_head(network, n_classes, options, "fc", "dropout")


MODELS.add(
    "googlenet",
    ModelSpec(
        name="googlenet",
        title="GoogLeNet",
        summary="Six million weights in parallel paths of different reach; two auxiliary classifiers while training.",
        build=_googlenet,
        Options=AuxiliaryOptions,
        head="fc",
        gradcam_layer=last_layer_with_min_cells(("inception5b", 32), ("inception4e", 16), ("inception3b", 8)),
        smallest_input=15,
        preprocess=PreprocessConfig(),
        imagenet=PretrainedFile(torchvision.GoogLeNet_Weights.IMAGENET1K_V1.url),
        paper="Szegedy et al., Going deeper with convolutions, CVPR 2015",
        auxiliary_weight=0.3,
        auxiliary=("aux1", "aux2"),
        auxiliary_heads=("aux1.fc2", "aux2.fc2"),
    ),
)
MODELS.add(
    "inception_v3",
    ModelSpec(
        name="inception_v3",
        title="Inception v3",
        summary="24 million weights, made for patches of 299 pixels; an auxiliary classifier while training.",
        build=_inception_v3,
        Options=AuxiliaryOptions,
        head="fc",
        # Convolutions without padding eat edges: a cell takes more of a small patch than the strides 32, 16 and 8 say.
        gradcam_layer=last_layer_with_min_cells(("Mixed_7c", 50), ("Mixed_6e", 25), ("Mixed_5d", 12)),
        smallest_input=75,
        preprocess=PreprocessConfig(resize=INCEPTION_SIDE),
        imagenet=PretrainedFile(torchvision.Inception_V3_Weights.IMAGENET1K_V1.url),
        paper="Szegedy et al., Rethinking the inception architecture for computer vision, CVPR 2016",
        auxiliary_weight=0.4,
        auxiliary=("AuxLogits",),
        auxiliary_heads=("AuxLogits.fc",),
    ),
)
