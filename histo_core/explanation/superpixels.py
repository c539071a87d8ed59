"""Superpixels: small areas of like colour, the pieces that LIME hides and shows."""

from __future__ import annotations

import numpy as np
from skimage.segmentation import slic

from histo_core.errors import ExplanationError

FEWEST = 16
COMPACTNESS = (20, 40, 100)
"""SLIC's weight of nearness against colour; tried in turn."""
FEWEST_PIXELS = 4
"""In one superpixel, on average, when there are `FEWEST` of them."""


def superpixels(image: np.ndarray, count: int) -> np.ndarray:
    """Divide an image into about ``count`` superpixels, never fewer than `FEWEST`.

    SLIC (Achanta et al., IEEE TPAMI 34, 2274, 2012) may give far fewer than it is asked for, because it merges small
    ones into their neighbours: of real tissue at 96 pixels, asked for 36 at scikit-image's own compactness, a third.
    Until there are half as many as asked, compactness is raised; at last a regular grid takes SLIC's place.

    Args:
        image: uint8 H x W x 3 RGB.
        count: how many to aim at, at least `FEWEST`.

    Returns:
        int64 H x W, numbered from 0 without gaps.

    Raises:
        ExplanationError: the image is too small for `FEWEST` of `FEWEST_PIXELS` pixels each.
    """
    height, width = image.shape[:2]
    if height * width < FEWEST * FEWEST_PIXELS:
        raise ExplanationError(
            f"The model sees {width} x {height} pixels of this image.",
            f"At least {FEWEST * FEWEST_PIXELS} pixels, for {FEWEST} superpixels.",
            "Take a larger patch, or explain with Grad-CAM.",
        )
    for compactness in COMPACTNESS:
        labels = slic(image, n_segments=count, compactness=compactness, start_label=0, channel_axis=-1)
        names, numbers = np.unique(labels, return_inverse=True)
        if len(names) >= max(FEWEST, count // 2):
            return numbers.reshape(height, width).astype(np.int64)
    return grid(height, width, count)


def grid(height: int, width: int, count: int) -> np.ndarray:
    """At least ``count`` near-square cells, or as many as there are pixels: int64 H x W, numbered row by row."""
    rows = min(height, max(1, round((count * height / width) ** 0.5)))
    columns = min(width, -(-count // rows))
    y = np.arange(height) * rows // height
    x = np.arange(width) * columns // width
    return y[:, None] * columns + x
