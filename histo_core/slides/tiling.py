"""Compute the tile positions of a large image."""

from __future__ import annotations

import numpy as np

from histo_core.errors import ConfigError


def tile_grid(width: int, height: int, tile: int, stride: int | None = None) -> np.ndarray:
    """Return the upper left corners of square tiles, row by row.

    Every tile is completely inside the image. Where the last step would leave a strip at the right or lower edge, one
    more tile is placed flush with that edge; it overlaps its neighbour by more than the others do. So no tile needs
    padding and, for ``stride <= tile``, no pixel is left out.

    Args:
        width: of the image, in pixels.
        height: of the image, in pixels.
        tile: side of a tile, in pixels.
        stride: step between corners, in pixels; None uses ``tile`` (no overlap). Above ``tile`` it leaves gaps.

    Returns:
        int64 [n, 2], (x, y) of each corner.

    Raises:
        ConfigError: a length below 1, or an image smaller than one tile.

    Example:
        >>> tile_grid(5, 2, 2).tolist()
        [[0, 0], [2, 0], [3, 0]]
    """
    stride = tile if stride is None else stride
    for name, value in (("width", width), ("height", height), ("tile", tile), ("stride", stride)):
        if value < 1:
            raise ConfigError(f"{name} = {value}.", "At least 1 pixel.", f"Give a larger {name}.")
    if tile > min(width, height):
        raise ConfigError(
            f"A tile of {tile} pixels was asked of an image of {width} x {height} pixels.",
            f"At most {min(width, height)}, the shorter side.",
            "Give a smaller tile.",
        )
    x, y = np.meshgrid(_starts(width, tile, stride), _starts(height, tile, stride))
    return np.column_stack([x.ravel(), y.ravel()])


def _starts(length: int, tile: int, stride: int) -> np.ndarray:
    """Return the starts along one axis, the last flush with the end."""
    last = length - tile
    starts = np.arange(0, last + 1, stride, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)
