"""Plain stacks of group convolutions that answer the same however a patch is turned, and the same stack without."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, PreprocessConfig
from histo_core.models.layers.group import P4, P4M, Z2, Group, GroupConv2d, GroupPool
from histo_core.models.layers.group_norm import GroupBatchNorm2d
from histo_core.models.registry import MODELS, ModelSpec

_PAPER = (
    "Cohen and Welling, Group Equivariant Convolutional Networks, ICML 2016; "
    "for PatchCamelyon: Veeling et al., Rotation Equivariant CNNs for Digital Pathology, MICCAI 2018."
)
_STAGES = 3

Fields = Annotated[int, Field(ge=1, le=1024)]


class GroupCNNOptions(Config):
    """How wide and deep."""

    fields: tuple[Fields, Fields, Fields] = Field(
        default=(8, 16, 32), title="Fields", description="Of each stage; a field has a channel for each symmetry"
    )
    layers: int = Field(default=2, ge=1, le=8, title="Layers a stage")
    dropout: float = Field(default=0.0, ge=0, lt=1, title="Dropout", description="Before the last layer")


class PlainTwinOptions(GroupCNNOptions):
    """How wide and deep. Twice the fields of p4 make as many weights, to the nearest hundredth."""

    fields: tuple[Fields, Fields, Fields] = Field(default=(16, 32, 64), title="Channels", description="Of each stage")


class GroupCNN(nn.Module):
    """Three stages of 3 x 3 group convolutions with batch normalisation, a max pool after each, then the greatest
    value over the symmetries, the mean over the map, and a linear layer.

    Where the sides divide by 8, the logits of a turned (for p4m also of a mirrored) patch are those of the patch.
    """

    def __init__(
        self, n_classes: int, input_size: tuple[int, int], options: GroupCNNOptions, *, group: Group = P4
    ) -> None:
        del input_size  # any size from the smallest on
        super().__init__()
        layers: list[nn.Module] = []
        incoming = 3
        for fields in options.fields:
            for _ in range(options.layers):
                layers += [
                    GroupConv2d(group, incoming, fields, 3, lifting=not layers, padding=1, bias=False),
                    GroupBatchNorm2d(group, fields),
                    nn.ReLU(),
                ]
                incoming = fields
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.pool = nn.Sequential(GroupPool(group), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(incoming, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, 3, h, w] to logits [n, n_classes]."""
        return self.head(self.dropout(self.pool(self.features(images))))


def _last_layer(model: nn.Module, input_size: tuple[int, int]) -> nn.Module:
    """The last rectified map before its pool: a quarter of the input's side, as fine as the network's last features."""
    del input_size
    return [layer for layer in model.modules() if isinstance(layer, nn.ReLU)][-1]


for _name, _title, _group, _options, _summary in (
    (
        "gcnn_p4",
        "Group CNN (p4)",
        P4,
        GroupCNNOptions,
        "Gives the same answer however a patch is turned, and learns each shape once for all.",
    ),
    (
        "gcnn_p4m",
        "Group CNN (p4m)",
        P4M,
        GroupCNNOptions,
        "Gives the same answer however a patch is turned or mirrored, and learns each shape once for all.",
    ),
    (
        "cnn_plain",
        "Plain twin of the group CNN",
        Z2,
        PlainTwinOptions,
        "The layers of gcnn_p4 and as many weights, as ordinary convolutions: what the group is compared with.",
    ),
):
    MODELS.add(
        _name,
        ModelSpec(
            name=_name,
            title=_title,
            summary=_summary,
            build=partial(GroupCNN, group=_group),
            Options=_options,
            head="head",
            gradcam_layer=_last_layer,
            smallest_input=2**_STAGES,
            preprocess=PreprocessConfig(),
            imagenet=None,
            paper=_PAPER,
        ),
    )
