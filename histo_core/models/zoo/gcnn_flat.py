"""The study's own group CNN, which flattens its last map: turned features, but no turned answer."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, PreprocessConfig
from histo_core.models.inference.gradcam_layers import last_layer_with_min_cells
from histo_core.models.layers.group import P4, GroupConv2d
from histo_core.models.layers.initial import Init, initialise
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.zoo.cnn import check_size

_STAGES = ((96, 0.2), (192, 0.3), (384, None))
"""Published channels, each with four turns, and the dropout behind the max pool; the last stage has neither."""
_HIDDEN = 1024
_SMALLEST = 32


class FlatGroupCNNOptions(Config):
    """How wide."""

    width: float = Field(
        default=0.5, gt=0, le=2, title="Width", description="Share of the published channels; the last run halved them"
    )
    dropout: float = Field(default=0.4, ge=0, lt=1, title="Dropout", description="Before the last layer")
    init: Init = Field(
        default="default",
        title="Initial weights",
        description="Of the convolutions: the layers' own, or as the study tried",
    )


class FlatGroupCNN(nn.Module):
    """Three pairs of 3 x 3 convolutions over p4 without padding, two max pools between them, then two linear layers
    over the whole last map: at 96 pixels and full width of 443,904 numbers.

    Turning a patch by a quarter turns the map with it where both pools divide (at 96 pixels they do), but the linear
    layers weigh each place and turn by itself, so that the logits of a turned patch are others. The ReLU behind each
    convolution is our reading.
    """

    def __init__(self, n_classes: int, input_size: tuple[int, int], options: FlatGroupCNNOptions) -> None:
        super().__init__()
        self.input_size = input_size
        layers: list[nn.Module] = []
        incoming, (height, width) = 3, input_size
        for channels, dropout in _STAGES:
            fields = max(round(channels * options.width), 1)
            for _ in range(2):
                layers += [GroupConv2d(P4, incoming, fields, 3, lifting=not layers), nn.ReLU()]
                incoming, height, width = fields, height - 2, width - 2
            if dropout is not None:
                layers += [nn.MaxPool2d(2), nn.Dropout(dropout)]
                height, width = height // 2, width // 2
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Sequential(
            nn.Flatten(),
            nn.Linear(P4.size * incoming * height * width, _HIDDEN),
            nn.ReLU(),
            nn.Dropout(options.dropout),
        )
        self.head = nn.Linear(_HIDDEN, n_classes)
        initialise(self, options.init)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, 3, height, width] to logits [n, n_classes].

        Raises:
            ConfigError: the images have another size than the network was built for.
        """
        check_size(images, self.input_size)
        return self.head(self.hidden(self.features(images)))


MODELS.add(
    "gcnn",
    ModelSpec(
        name="gcnn",
        title="Group CNN of the study (p4)",
        summary="Six layers over quarter turns and two linear ones over the whole map: 230 million weights at 96 px.",
        build=FlatGroupCNN,
        Options=FlatGroupCNNOptions,
        head="head",
        # Convolutions without padding eat edges: a cell takes more of a small patch than the strides 4 and 2 say.
        gradcam_layer=last_layer_with_min_cells(("features.15", 14), ("features.9", 4)),
        smallest_input=_SMALLEST,
        preprocess=PreprocessConfig(),
        imagenet=None,
        paper="Inception v3, All-CNN and P4 group-equivariant CNN on PCam (2019)",
    ),
)
