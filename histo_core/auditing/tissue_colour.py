"""Measure the colour of a patch's stained tissue in three numbers that hardly depend on one another."""

from __future__ import annotations

import numpy as np

from histo_core.auditing.stains import ENOUGH, FAINT

_SIDE = 64
"""Pixels are skipped so that at most about twice this many a side remain; the mean hardly changes."""


def tissue_colour(image: np.ndarray) -> np.ndarray | None:
    """Return hue, saturation and density of a patch's stained pixels, by the HSD model.

    Optical densities of red, green and blue are divided by their mean D, so that the colour of a stain does not depend
    on its amount: ``cx = R / D - 1``, ``cy = (G - B) / (sqrt(3) D)``.

    Paper: van der Laak, Pahlplatz, Hanselaar, de Wilde, Hue-Saturation-Density (HSD) Model for Stain Recognition in
    Digital Images from Transmitted Light Microscopy, Cytometry 39, 2000.

    Args:
        image: uint8 H x W x 3 RGB.

    Returns:
        float64 [3]: the means of cx and cy, weighted by density, and the natural logarithm of the mean density. None
        where less than a 20th of the patch is stained.

    Example:
        >>> tissue_colour(np.full((8, 8, 3), 255, np.uint8)) is None
        True
        >>> tissue_colour(np.full((8, 8, 3), 99, np.uint8)).round(3).tolist()  # grey: neither hue nor saturation
        [0.0, 0.0, -0.896]
    """
    step = max(1, max(image.shape[:2]) // _SIDE)
    density = -np.log10((image[::step, ::step].reshape(-1, 3).astype(np.float64) + 1) / 256)
    mean = density.mean(axis=1)
    stained = mean > FAINT
    if stained.mean() < ENOUGH:
        return None
    red, green, blue = density[stained].T
    total = mean[stained].sum()  # weighting by density turns means of ratios into ratios of sums
    colour = [red.sum() / total - 1, (green - blue).sum() / (np.sqrt(3) * total), np.log(mean[stained].mean())]
    return np.array(colour) + 0.0
