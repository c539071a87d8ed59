"""Band-limited noise, computed once and cropped at random: chromatin, fibres, section thickness, wavy borders."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import gaussian_filter

ATLAS_SIDE = 512


@cache
def atlas(across: float, along: float | None = None) -> np.ndarray:
    """Smooth white noise by a Gaussian of ``across`` (rows) by ``along`` (columns) pixels, on a torus.

    It does not depend on the data set: every seed crops the same field, at other positions.

    Returns:
        float32 [512, 512], mean 0, SD 1.
    """
    along = across if along is None else along
    white = np.random.default_rng([512, round(across * 100), round(along * 100)]).standard_normal(
        (ATLAS_SIDE, ATLAS_SIDE), dtype=np.float32
    )
    smooth = gaussian_filter(white, (across, along), mode="wrap")
    smooth = (smooth - smooth.mean()) / smooth.std()
    smooth.setflags(write=False)
    return smooth


def field(rng: np.random.Generator, scale: float, side: int) -> np.ndarray:
    """Draw a smooth random field of ``side`` x ``side`` pixels, float32, mean about 0, SD about 1."""
    row, column = rng.integers(0, ATLAS_SIDE - side, 2)
    return atlas(scale)[row : row + side, column : column + side]


def patches(rng: np.random.Generator, scale: float, side: int, count: int) -> np.ndarray:
    """Draw ``count`` smooth random fields, float32 [count, side, side]."""
    corners = rng.integers(0, ATLAS_SIDE - side, (2, count))
    return sliding_window_view(atlas(scale), (side, side))[corners[0], corners[1]]
