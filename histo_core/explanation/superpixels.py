"""Superpixels: small areas of similar colour, which LIME hides or shows as a whole."""

from __future__ import annotations

from typing import cast

import numpy as np
from skimage import segmentation

from histo_core.errors import ExplanationError

FEWEST = 16
COMPACTNESS = (20, 40, 100)
"""SLIC's weight of distance against colour; tried in turn."""
FEWEST_PIXELS = 4
"""Average pixels of a superpixel when there are `FEWEST` of them."""


def superpixels(image: np.ndarray, count: int) -> np.ndarray:
    """Divide an image into about ``count`` superpixels, never fewer than `FEWEST`.

    SLIC (Achanta et al., IEEE TPAMI 34, 2274, 2012) may give far fewer superpixels than requested, because it merges
    small ones into their neighbours: on real tissue of 96 pixels a third of the requested 36, with scikit-image's
    default compactness. Compactness is raised until there are at least half as many as requested; if it never is
    enough, a regular grid is used.

    Args:
        image: uint8 H x W x 3 RGB.
        count: number to aim for, at least `FEWEST`.

    Returns:
        int64 H x W, numbered from 0 without gaps.

    Raises:
        ExplanationError: the image is too small for `FEWEST` superpixels of `FEWEST_PIXELS` pixels each.
    """
    height, width = image.shape[:2]
    if height * width < FEWEST * FEWEST_PIXELS:
        raise ExplanationError(
            f"The model sees {width} x {height} pixels of this image.",
            f"At least {FEWEST * FEWEST_PIXELS} pixels, for {FEWEST} superpixels.",
            "Take a larger patch, or explain with Grad-CAM.",
        )
    for compactness in COMPACTNESS:
        labels = cast(
            np.ndarray,
            segmentation.slic(image, n_segments=count, compactness=compactness, start_label=0, channel_axis=-1),
        )
        names, numbers = np.unique(labels, return_inverse=True)
        if len(names) >= max(FEWEST, count // 2):
            return numbers.reshape(height, width).astype(np.int64)
    return grid(height, width, count)


def grid(height: int, width: int, count: int) -> np.ndarray:
    """Return ``count`` or more near-square cells, at most one a pixel: int64 H x W, numbered row by row."""
    rows = min(height, max(1, round((count * height / width) ** 0.5)))
    columns = min(width, -(-count // rows))
    y = np.arange(height) * rows // height
    x = np.arange(width) * columns // width
    return y[:, None] * columns + x
