"""Compute the tile positions of a large image."""

from __future__ import annotations

import numpy as np

from histo_core.errors import ConfigError


def tile_grid(width: int, height: int, tile: int | tuple[int, int], stride: int | None = None) -> np.ndarray:
    """Return the upper left corners of tiles, row by row.

    Every tile is completely inside the image. Where the last step would leave a strip at the right or lower edge, one
    more tile is placed flush with that edge; it overlaps its neighbour by more than the others do. So no tile needs
    padding and, for ``stride <= tile``, no pixel is left out.

    Args:
        width: of the image, in pixels.
        height: of the image, in pixels.
        tile: side of a square tile, or width and height of a tile, in pixels.
        stride: step between corners, in pixels; None uses the tile's own sides (no overlap). Above them it leaves gaps.

    Returns:
        int64 [n, 2], (x, y) of each corner.

    Raises:
        ConfigError: a length below 1, or an image smaller than one tile.

    Example:
        >>> tile_grid(5, 2, 2).tolist()
        [[0, 0], [2, 0], [3, 0]]
    """
    wide, high = (tile, tile) if isinstance(tile, int) else tile
    lengths = {"width": width, "height": height, "tile": min(wide, high), "stride": 1 if stride is None else stride}
    for name, value in lengths.items():
        if value < 1:
            raise ConfigError(f"{name} = {value}.", "At least 1 pixel.", f"Give a larger {name}.")
    if wide > width or high > height:
        square = wide == high
        raise ConfigError(
            f"A tile of {wide if square else f'{wide} x {high}'} pixels was asked of an image of {width} x {height} "
            "pixels.",
            f"At most {min(width, height)}, the shorter side." if square else "No side may be longer than the image's.",
            "Give a smaller tile.",
        )
    x, y = np.meshgrid(_starts(width, wide, stride or wide), _starts(height, high, stride or high))
    return np.column_stack([x.ravel(), y.ravel()])


def _starts(length: int, tile: int, stride: int) -> np.ndarray:
    """Return the starts along one axis, the last flush with the end."""
    last = length - tile
    starts = np.arange(0, last + 1, stride, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)
