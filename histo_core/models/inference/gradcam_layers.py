"""Choose the layer whose map Grad-CAM reads.

A suitable map does not change when the weights are rewritten so that the network computes the same function. A map
between a convolution and its norm does change: add a constant to the convolution's bias and to the norm's running mean,
and the network gives the same logits from another map. The same holds for a map between two linear layers, such as
EfficientNet's bottlenecks. A map directly after the rectifier (or other activation) is fixed, and contains no evidence
that the rectifier removes. ConvNeXt and ViT have no activation between their blocks: the sum of their blocks is read
where a layer norm reads it, which ignores any constant that could be added.

`tests/models/inference/test_gradcam_layers.py` rewrites each network in these ways.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

FEWEST_CELLS = 4


def last_layer_with_min_cells(*places: tuple[str, int]) -> Callable[[nn.Module, tuple[int, int]], nn.Module]:
    """Return a function that finds the last layer whose map has at least `FEWEST_CELLS` a side.

    At 224 pixels that is the last layer of a standard network, as usual. At 96 its 3 x 3 cells would hardly separate
    places of a patch, so the layer before is used.

    Args:
        places: (name of the layer, pixels of the input per cell), the last layer first; the last entry is used when
            none has enough cells. Each is the activation that the next layer reads.
    """

    def place(model: nn.Module, input_size: tuple[int, int]) -> nn.Module:
        fitting = (name for name, stride in places if -(-min(input_size) // stride) >= FEWEST_CELLS)
        return model.get_submodule(next(fitting, places[-1][0]))

    return place
