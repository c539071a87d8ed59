"""Which map of a network Grad-CAM reads.

Every place is one whose map means the same however the network's weights are written. A map behind a convolution and
before its norm is not: add a constant to the convolution's bias and to the norm's running mean, and the network gives
the same logits from another map. So is a map between two layers that are both linear, such as EfficientNet's
bottlenecks. A map right behind the rectifier (or other activation) is fixed, and holds no evidence that the rectifier
takes away. ConvNeXt and ViT have no activation between their blocks: the sum of their blocks is read where a layer
norm takes it up, which ignores every constant that could be added.

`tests/explanation/test_places.py` rewrites each network in these ways.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

FEWEST_CELLS = 4


def last_layer_with_min_cells(*places: tuple[str, int]) -> Callable[[nn.Module, tuple[int, int]], nn.Module]:
    """Find the last layer whose map has at least `FEWEST_CELLS` a side.

    At 224 pixels that is the last of a standard network, as usual; at 96 its 3 x 3 cells could hardly tell one place
    of a patch from another, so the one before is taken.

    Args:
        places: (name of the layer, pixels of the input a cell), the last layer first; the final one is taken when
            none has cells enough. Each is the activation that the next layer reads.
    """

    def place(model: nn.Module, input_size: tuple[int, int]) -> nn.Module:
        telling = (name for name, stride in places if -(-min(input_size) // stride) >= FEWEST_CELLS)
        return model.get_submodule(next(telling, places[-1][0]))

    return place
