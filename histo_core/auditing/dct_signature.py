"""Compute a patch's signature: low DCT coefficients that quarter turns and mirrorings only permute or negate.

The lowest coefficients of a discrete cosine transform describe a patch's large shapes. JPEG compression hardly changes
them. Mirroring flips the sign of every second one; transposing swaps rows and columns. All eight symmetries of the
square can therefore be compared without turning a pixel, and the `invariants` of a patch are the same for all eight.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

SIDE = 8
"""Coefficients along each axis: they describe shapes down to an eighth of the patch."""

SYMMETRIES: tuple[str, ...] = (
    "as it is",
    "mirrored left to right",
    "mirrored top to bottom",
    "turned by 180°",
    "mirrored along the diagonal",
    "turned by 90° clockwise",
    "turned by 90° anticlockwise",
    "mirrored along the other diagonal",
)
"""The eight symmetries. Number g transposes if g & 4, then flips rows if g & 2 and columns if g & 1."""

FEATURELESS = 1.5
"""Patches with less `structure`, in grey levels, cannot be recognised: all empty glass looks alike."""

_INVARIANT_SIDE = 4
"""Side of the block of coefficients that `invariants` uses: with few dimensions the search is fast."""

_MEAN_WEIGHT = 0.5
"""Brightness counts half: JPEG changes the mean by up to 1.6 grey levels, each other coefficient by less than 0.9."""


def turned(image: np.ndarray, symmetry: int) -> np.ndarray:
    """Return a view of an image [H, W, ...] under one of `SYMMETRIES`."""
    if symmetry & 4:
        image = image.swapaxes(0, 1)
    return image[:: -1 if symmetry & 2 else 1, :: -1 if symmetry & 1 else 1]


def signatures(grey: np.ndarray) -> np.ndarray:
    """Return the lowest DCT-II coefficients, in grey levels.

    They are scaled so that the squares of all coefficients sum to the mean square of the pixels (only the mean's
    coefficient is halved). The distance of two signatures is then about the root mean square difference of the two
    smoothed patches, whatever their sizes.

    Args:
        grey: float32 [n, H, W], 0 to 255.

    Returns:
        float32 [n, SIDE, SIDE].
    """
    coefficients = _cosines(grey.shape[1]) @ grey @ _cosines(grey.shape[2]).T
    coefficients[:, 0, 0] *= _MEAN_WEIGHT
    return coefficients


@cache
def _cosines(length: int) -> np.ndarray:
    """Return cosines of mean square 1, divided by ``length``, float32 [SIDE, length]; 0 for those that do not fit."""
    frequency, place = np.arange(SIDE)[:, None], np.arange(length) + 0.5
    waves = np.cos(math.pi * frequency * place / length) * np.where(frequency, math.sqrt(2), 1) / length
    waves[length:] = 0
    return waves.astype(np.float32)


def under_symmetries(signature: np.ndarray) -> np.ndarray:
    """Return the signatures under all `SYMMETRIES`: float32 [n, SIDE, SIDE] -> [8, n, SIDE, SIDE]."""
    signs = (-1.0) ** np.arange(SIDE, dtype=np.float32)
    rows, columns = signs[:, None], signs[None, :]
    flips = (np.ones_like(rows), columns, rows, rows * columns)
    return np.stack([flip * way for way in (signature, signature.swapaxes(1, 2)) for flip in flips])


def invariants(signature: np.ndarray) -> np.ndarray:
    """Return numbers that are the same for all eight symmetries of a patch.

    The distance of two rows is at most that of the best aligned signatures. A search within a radius therefore misses
    no pair whose signatures are within it.

    Args:
        signature: float32 [n, SIDE, SIDE].

    Returns:
        float32 [n, 16]: the mean; the absolute values of the other diagonal coefficients; then for the pairs |a|, |b|
        of mirrored coefficients their sums and their absolute differences, divided by the root of 2.
    """
    low = signature[:, :_INVARIANT_SIDE, :_INVARIANT_SIDE]
    upper = np.triu_indices(_INVARIANT_SIDE, 1)
    on_diagonal = np.arange(1, _INVARIANT_SIDE)
    size = np.abs(low)
    first, second = size[:, *upper], size[:, *upper[::-1]]
    pairs = np.concatenate([first + second, np.abs(first - second)], axis=1) / math.sqrt(2)
    return np.concatenate([low[:, :1, 0], size[:, on_diagonal, on_diagonal], pairs], axis=1)


def structure(signature: np.ndarray) -> np.ndarray:
    """Return the root sum of squares of all coefficients except the mean, in grey levels [n]."""
    squares = np.square(signature)
    return np.sqrt((squares.sum(axis=(1, 2)) - squares[:, 0, 0]).clip(min=0))
