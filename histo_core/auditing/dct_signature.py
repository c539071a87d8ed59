"""A patch's coarse look as a few numbers that quarter turns and mirrorings only shuffle.

The lowest coefficients of a discrete cosine transform hold a patch's large shapes. JPEG compression hardly touches
them; mirroring flips the sign of every second one; transposing swaps rows and columns. So all eight symmetries of the
square can be compared without turning a pixel, and the `invariants` of a patch are the same for all eight.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

SIDE = 8
"""Coefficients kept along each axis: shapes down to an eighth of the patch."""

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
"""What makes one patch of the other. Number g transposes if g & 4, then flips rows if g & 2 and columns if g & 1."""

FEATURELESS = 1.5
"""Patches with less `structure`, grey levels, cannot be recognised: empty glass looks like any other."""

_INVARIANT_SIDE = 4
"""Of the coefficients that `invariants` takes: few dimensions make a quick search."""

_MEAN_WEIGHT = 0.5
"""Brightness counts half: JPEG moves the mean by up to 1.6 grey levels, each other coefficient by less than 0.9."""


def turned(image: np.ndarray, symmetry: int) -> np.ndarray:
    """A view of an image [H, W, ...] under one of `SYMMETRIES`."""
    if symmetry & 4:
        image = image.swapaxes(0, 1)
    return image[:: -1 if symmetry & 2 else 1, :: -1 if symmetry & 1 else 1]


def signatures(grey: np.ndarray) -> np.ndarray:
    """The lowest DCT-II coefficients, in grey levels.

    They are scaled so that the squares of all coefficients sum to the mean square of the pixels (the mean's alone is
    halved). A distance of two signatures is then about the root mean square difference of the two smoothed patches,
    whatever their sizes.

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
    """float32 [SIDE, length]: waves of mean square 1, each divided by ``length``; 0 for those that do not fit."""
    frequency, place = np.arange(SIDE)[:, None], np.arange(length) + 0.5
    waves = np.cos(math.pi * frequency * place / length) * np.where(frequency, math.sqrt(2), 1) / length
    waves[length:] = 0
    return waves.astype(np.float32)


def under_symmetries(signature: np.ndarray) -> np.ndarray:
    """Signatures of the patches under all `SYMMETRIES`: float32 [n, SIDE, SIDE] -> [8, n, SIDE, SIDE]."""
    signs = (-1.0) ** np.arange(SIDE, dtype=np.float32)
    rows, columns = signs[:, None], signs[None, :]
    flips = (np.ones_like(rows), columns, rows, rows * columns)
    return np.stack([flip * way for way in (signature, signature.swapaxes(1, 2)) for flip in flips])


def invariants(signature: np.ndarray) -> np.ndarray:
    """Numbers that are the same for all eight symmetries of a patch.

    Two rows are never further apart than the best aligned signatures are, so that a search by them within a radius
    misses nothing that is within it.

    Args:
        signature: float32 [n, SIDE, SIDE].

    Returns:
        float32 [n, 16]: the mean, and of each pair |a|, |b| of mirrored coefficients the sum and the absolute
        difference over the root of 2.
    """
    low = signature[:, :_INVARIANT_SIDE, :_INVARIANT_SIDE]
    upper = np.triu_indices(_INVARIANT_SIDE, 1)
    on_diagonal = np.arange(1, _INVARIANT_SIDE)
    size = np.abs(low)
    first, second = size[:, *upper], size[:, *upper[::-1]]
    pairs = np.concatenate([first + second, np.abs(first - second)], axis=1) / math.sqrt(2)
    return np.concatenate([low[:, :1, 0], size[:, on_diagonal, on_diagonal], pairs], axis=1)


def structure(signature: np.ndarray) -> np.ndarray:
    """How much there is to recognise: the root sum of squares of all coefficients but the mean, grey levels [n]."""
    squares = np.square(signature)
    return np.sqrt((squares.sum(axis=(1, 2)) - squares[:, 0, 0]).clip(min=0))
