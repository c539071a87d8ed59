"""The plain CNNs of the study, and the stack of convolutions that it shares with the CNN-RNN."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, PreprocessConfig
from histo_core.errors import ConfigError
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.registry import MODELS, ModelSpec

CHANNELS = (12, 24, 48)
WIDE = (32, 64, 128)
SHRINKS_BY = 2 ** len(CHANNELS)
EXTRA_WIDTH = 64
PAPER = "Metastasis classification and localisation on kPCam with CNN-RNN and ResNet50 (2021)"

Rate = Annotated[float, Field(ge=0, lt=1)]


class StackOptions(Config):
    """What the study varied."""

    activation: Literal["relu", "leaky_relu"] = Field(default="relu", title="Activation")
    dropout: tuple[Rate, Rate, Rate] = Field(
        default=(0.2, 0.1, 0.0), title="Dropout", description="After each of the three convolutions"
    )
    extra_linear: bool = Field(default=False, title="Extra linear layer", description="One more before the last")


def activation(options: StackOptions) -> nn.Module:
    """The non-linearity that the options name."""
    return nn.LeakyReLU() if options.activation == "leaky_relu" else nn.ReLU()


def conv_stack(options: StackOptions, channels: tuple[int, ...] = CHANNELS) -> nn.Sequential:
    """Three times: 3 x 3 convolution of the same size, 2 x 2 max pool, batch normalisation, activation, dropout.

    float32 [n, 3, h, w] to [n, channels[-1], h // 8, w // 8]. The study gives channels and what stands between the
    convolutions; kernel size and pooling are our reading.
    """
    layers: list[nn.Module] = []
    for incoming, outgoing, rate in zip((3, *channels), channels, options.dropout, strict=False):
        layers += [
            nn.Conv2d(incoming, outgoing, kernel_size=3, padding="same"),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(outgoing),
            activation(options),
            nn.Dropout(rate),
        ]
    return nn.Sequential(*layers)


def classifier(features: int, n_classes: int, options: StackOptions) -> nn.Sequential:
    """Features to logits; the extra layer's width is ours, the study does not give it."""
    if not options.extra_linear:
        return nn.Sequential(nn.Linear(features, n_classes))
    return nn.Sequential(nn.Linear(features, EXTRA_WIDTH), activation(options), nn.Linear(EXTRA_WIDTH, n_classes))


def check_size(images: Tensor, built_for: tuple[int, int]) -> None:
    """Refuse images of another size than a flattening network was built for.

    Raises:
        ConfigError: the sizes differ.
    """
    height, width = images.shape[-2:]
    if (height, width) != built_for:
        raise ConfigError(
            f"The network was given patches of {height} x {width} pixels.",
            f"It was built for {built_for[0]} x {built_for[1]}.",
            "Crop or resize to that size.",
        )


# The activations: what comes before one (convolution, pool, batch norm) says nothing by itself.
stack_activation = last_layer_with_min_cells(("stack.13", 8), ("stack.8", 4), ("stack.3", 2))


class PlainCNN(nn.Module):
    """Convolutions, then a linear layer over the whole map."""

    def __init__(
        self,
        n_classes: int,
        input_size: tuple[int, int],
        options: StackOptions,
        *,
        channels: tuple[int, ...] = CHANNELS,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.stack = conv_stack(options, channels)
        cells = (input_size[0] // SHRINKS_BY) * (input_size[1] // SHRINKS_BY)
        self.head = classifier(channels[-1] * cells, n_classes, options)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, 3, height, width] to logits [n, n_classes].

        Raises:
            ConfigError: the images have another size than the network was built for.
        """
        check_size(images, self.input_size)
        return self.head(self.stack(images).flatten(1))


for _name, _title, _channels, _summary in (
    ("cnn_narrow", "Small CNN", CHANNELS, "fifteen thousand weights, minutes on a laptop"),
    ("cnn_wide", "Wide CNN", WIDE, "ninety-eight thousand weights, still quick on a laptop"),
):
    MODELS.add(
        _name,
        ModelSpec(
            name=_name,
            title=_title,
            summary=f"Three convolutions and a linear layer: {_summary}.",
            build=partial(PlainCNN, channels=_channels),
            Options=StackOptions,
            head="head",
            gradcam_layer=stack_activation,
            smallest_input=SHRINKS_BY,
            preprocess=PreprocessConfig(crop=32),
            imagenet=None,
            paper=f"{PAPER}: the {_name.removeprefix('cnn_')} baseline.",
        ),
    )
