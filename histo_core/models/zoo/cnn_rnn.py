"""The CNN-RNN of the study: the convolutions' map read cell by cell, as one reads a page."""

from __future__ import annotations

from torch import Tensor, nn

from histo_core.config import PreprocessConfig
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.models.zoo.cnn import (
    CHANNELS,
    PAPER,
    SHRINKS_BY,
    StackOptions,
    check_size,
    classifier,
    conv_stack,
    stack_activation,
)

HIDDEN = 12


class CnnRnn(nn.Module):
    """Convolutions, a recurrent layer over the map in raster order, a linear layer over all of its steps.

    The study does not say how the map becomes a sequence. Ours: each cell is one step, a vector of 48 channels.
    """

    def __init__(self, n_classes: int, input_size: tuple[int, int], options: StackOptions) -> None:
        super().__init__()
        self.input_size = input_size
        self.stack = conv_stack(options)
        self.rnn = nn.RNN(CHANNELS[-1], HIDDEN, batch_first=True)
        steps = (input_size[0] // SHRINKS_BY) * (input_size[1] // SHRINKS_BY)
        self.head = classifier(steps * HIDDEN, n_classes, options)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, 3, height, width] to logits [n, n_classes].

        Raises:
            ConfigError: the images have another size than the network was built for.
        """
        check_size(images, self.input_size)
        cells = self.stack(images).flatten(2).transpose(1, 2)
        steps, _ = self.rnn(cells)
        return self.head(steps.flatten(1))


MODELS.add(
    "cnn_rnn",
    ModelSpec(
        name="cnn_rnn",
        title="CNN-RNN",
        summary="The same convolutions; a recurrent layer then reads their map like a page, row by row.",
        build=CnnRnn,
        Options=StackOptions,
        head="head",
        gradcam_layer=stack_activation,
        smallest_input=SHRINKS_BY,
        preprocess=PreprocessConfig(crop=32),
        imagenet=None,
        paper=PAPER,
    ),
)
