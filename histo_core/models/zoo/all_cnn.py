"""All-CNN: convolutions only, with strides instead of pools; plain, and over the group p4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, PreprocessConfig
from histo_core.models.inference.gradcam_layers import FEWEST_CELLS
from histo_core.models.layers.group import P4, GroupConv2d, GroupPool
from histo_core.models.layers.initial import Init, initialise
from histo_core.models.registry import MODELS, ModelSpec

_PAPER = "Springenberg et al., Striving for simplicity: the all convolutional net, ICLR 2015 workshop"
_SLOPE = 0.01


class Layer(NamedTuple):
    """One convolution without padding, followed by a leaky ReLU and dropout."""

    kernel: int
    stride: int
    channels: int
    dropout: float = 0.0


LAYERS: dict[int, tuple[Layer, ...]] = {
    17: (
        Layer(2, 1, 320), Layer(2, 1, 320), Layer(2, 2, 320, 0.1),
        Layer(2, 1, 640, 0.1), Layer(2, 1, 640), Layer(2, 2, 640, 0.2),
        Layer(2, 1, 960, 0.2), Layer(2, 1, 960), Layer(2, 2, 960, 0.3),
        Layer(2, 1, 1280, 0.3), Layer(2, 1, 1280), Layer(2, 2, 1280, 0.4),
        Layer(2, 1, 1600, 0.4), Layer(2, 1, 1600), Layer(2, 2, 1600, 0.5),
        Layer(1, 1, 1920, 0.5),
    ),
    9: (
        Layer(2, 1, 320), Layer(2, 1, 320), Layer(2, 2, 320, 0.1),
        Layer(2, 1, 640, 0.1), Layer(2, 1, 640), Layer(2, 2, 640, 0.2),
        Layer(2, 2, 960, 0.3),
        Layer(1, 1, 1920, 0.5),
    ),
}  # fmt: skip
"""By the number of layers, including the classifying one. The study specifies the 17 layers; which eight to leave out
is our choice."""


class AllCNNOptions(Config):
    """Depth and width."""

    layers: Literal[9, 17] = Field(default=17, title="Layers")
    width: float = Field(default=1.0, gt=0, le=4, title="Width", description="Share of the published channels")
    init: Init = Field(default="default", title="Initial weights", description="The layers' own, or as the study tried")
    last_activation: bool = Field(
        default=False,
        title="Activation after the last convolution",
        description="A leaky ReLU before the mean over the map, as the study has one after every layer",
    )


class AllCNN(nn.Module):
    """Convolutions, a 1 x 1 convolution to the classes, an optional activation, and the mean over the map."""

    def __init__(self, n_classes: int, input_size: tuple[int, int], options: AllCNNOptions) -> None:
        del input_size  # any size from the smallest on
        super().__init__()
        layers: list[nn.Module] = []
        incoming = 3
        for kernel, stride, channels, dropout in LAYERS[options.layers]:
            outgoing = max(round(channels * options.width), 1)
            layers += [nn.Conv2d(incoming, outgoing, kernel, stride), *_activation_and_dropout(dropout)]
            incoming = outgoing
        self.features = nn.Sequential(*layers)
        self.head = nn.Conv2d(incoming, n_classes, 1)
        self.last = _last(options)
        initialise(self, options.init, _SLOPE)

    def forward(self, images: Tensor) -> Tensor:
        """Map float32 [n, 3, h, w] to logits [n, n_classes]."""
        return self.last(self.head(self.features(images))).mean(dim=(2, 3))


class AllGroupCNN(nn.Module):
    """All-CNN over p4.

    It has half as many fields as the plain network has channels, which keeps the number of weights (a filter reads four
    planes, a field has four channels).

    It is exact only at sides where every stride divides. At 94 pixels the logits of a turned patch equal those of the
    patch; at 96 the second strided layer gets an odd side, and they differ.
    """

    def __init__(self, n_classes: int, input_size: tuple[int, int], options: AllCNNOptions) -> None:
        del input_size
        super().__init__()
        layers: list[nn.Module] = []
        incoming = 3
        for kernel, stride, channels, dropout in LAYERS[options.layers]:
            fields = max(round(channels * options.width / 2), 1)
            layers += [
                GroupConv2d(P4, incoming, fields, kernel, stride=stride, lifting=not layers),
                *_activation_and_dropout(dropout),
            ]
            incoming = fields
        self.features = nn.Sequential(*layers)
        self.pool = GroupPool(P4)
        self.head = nn.Conv2d(incoming, n_classes, 1)
        self.last = _last(options)
        initialise(self, options.init, _SLOPE)

    def forward(self, images: Tensor) -> Tensor:
        """Map float32 [n, 3, h, w] to logits [n, n_classes]."""
        return self.last(self.head(self.pool(self.features(images)))).mean(dim=(2, 3))


def _activation_and_dropout(dropout: float) -> Sequence[nn.Module]:
    return [nn.LeakyReLU(_SLOPE), *([nn.Dropout(dropout)] if dropout else [])]


def _last(options: AllCNNOptions) -> nn.Module:
    return nn.LeakyReLU(_SLOPE) if options.last_activation else nn.Identity()


def _last_with_min_cells(model: nn.Module, input_size: tuple[int, int]) -> nn.Module:
    """Return the last activation whose map has at least `FEWEST_CELLS` a side."""
    side, found = min(input_size), model.get_submodule("features.1")
    for name, layer in model.get_submodule("features").named_children():
        if isinstance(layer, nn.Conv2d | GroupConv2d):
            side = (side - _first(layer.kernel_size)) // _first(layer.stride) + 1
        elif isinstance(layer, nn.LeakyReLU) and side >= FEWEST_CELLS:
            found = model.get_submodule(f"features.{name}")
    return found


def _first(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]


for _name, _title, _network, _summary in (
    ("all_cnn", "All-CNN", AllCNN, "Seventeen convolutions without a pool: 64 million weights; wants a GPU."),
    ("all_gcnn", "All-GCNN (p4)", AllGroupCNN, "All-CNN over quarter turns; wants a GPU even more."),
):
    MODELS.add(
        _name,
        ModelSpec(
            name=_name,
            title=_title,
            summary=_summary,
            build=_network,
            Options=AllCNNOptions,
            head="head",
            gradcam_layer=_last_with_min_cells,
            smallest_input=94,
            preprocess=PreprocessConfig(),
            imagenet=None,
            paper=_PAPER,
        ),
    )
