"""Where in a network Grad-CAM looks."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

FEWEST_CELLS = 4


def last_telling(*places: tuple[str, int]) -> Callable[[nn.Module, tuple[int, int]], nn.Module]:
    """The last layer whose map has at least `FEWEST_CELLS` a side.

    At 224 pixels that is the last of a standard network, as usual; at 96 its 3 x 3 cells could hardly tell one place
    of a patch from another, so the one before is taken.

    Args:
        places: (name of the layer, pixels of the input a cell), the last layer first; the final one is taken when
            none has cells enough.
    """

    def place(model: nn.Module, input_size: tuple[int, int]) -> nn.Module:
        telling = (name for name, stride in places if -(-min(input_size) // stride) >= FEWEST_CELLS)
        return model.get_submodule(next(telling, places[-1][0]))

    return place
