"""Whether two patches that look alike from afar are the same: their details decide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from histo_core.auditing.dct_signature import turned

SIDE = 48
"""Patches are compared at half their size and at most at this many pixels a side: JPEG's noise is finer, nuclei are
not."""
_COARSE = 6
"""Means of blocks of this side are the coarse shape, which two different patches may share: an edge, a shadow."""

_NOISE = 2.0
"""Grey levels. Details much weaker than this count for little: JPEG compression replaces them."""

CORRELATION = 0.75
DIFFERENCE = 10.0
"""Measured by `scripts/measure_audit.py`. Of copies saved at JPEG quality 70 (50), all of 1,000 PatchCamelyon patches,
99.9% (99.4%) of 1,000 of invasive ductal carcinoma (50 x 50) and all of 197 of BreaKHis reach this correlation with the
original, and none differs by more than 5.5 (6.9) grey levels. Of the 3,000 pairs of different patches that look most
alike from afar, the highest correlations are 0.18, 0.57 and 0.22 (but 0.98 of two strips of 50 x 14 pixels at a
slide's edge, whose signatures are too far apart to be compared)."""


@dataclass(frozen=True)
class Similarity:
    """How alike two patches are once they are laid over each other.

    Attributes:
        correlation: of their details (what is left without the coarse shape), -1 to 1; 0 where one has none.
        difference: mean absolute difference of the pixels, grey levels 0 to 255.
    """

    correlation: float
    difference: float

    @property
    def same(self) -> bool:
        return self.correlation >= CORRELATION and self.difference <= DIFFERENCE


@dataclass(frozen=True, eq=False)
class PatchThumbnail:
    """What is compared of a patch: made once, laid over many.

    Attributes:
        pixels: the reduced patch, float32 [side, side, 3], grey levels.
        details: what its coarse shape leaves of it, of the same shape and of norm 1; all 0 where nothing is left.
    """

    pixels: np.ndarray
    details: np.ndarray


def side_for(*images: np.ndarray) -> int:
    """At how many pixels a side some patches, uint8 [H, W, 3] of any sizes, are compared with each other."""
    shorter = min(min(image.shape[:2]) for image in images)
    return max(_COARSE, min(SIDE, shorter // 2) // _COARSE * _COARSE)


def look(image: np.ndarray, side: int) -> PatchThumbnail:
    """Reduce a patch, uint8 [H, W, 3], to a square of ``side`` pixels (of `side_for`) by means over areas."""
    height, width = image.shape[:2]
    pixels = _areas(width, side) @ np.tensordot(_areas(height, side), image.astype(np.float32), 1)
    details = _details(pixels)
    norm = np.linalg.norm(details)
    return PatchThumbnail(pixels, details / norm if norm > 0 else details)


def similarity(first: PatchThumbnail, other: PatchThumbnail, symmetry: int) -> Similarity:
    """Compare two patches of one side, the other laid under one of `SYMMETRIES`."""
    correlation = np.vdot(first.details, turned(other.details, symmetry))
    difference = np.abs(first.pixels - turned(other.pixels, symmetry)).mean()
    return Similarity(float(correlation), float(difference))


@cache
def _areas(length: int, side: int) -> np.ndarray:
    """float32 [side, length]: the shares that ``length`` pixels have in ``side`` equal stretches."""
    ends, pixels = np.linspace(0, length, side + 1)[:, None], np.arange(length)
    overlap = (np.minimum(ends[1:], pixels + 1) - np.maximum(ends[:-1], pixels)).clip(min=0)
    return (overlap * side / length).astype(np.float32)


def _details(image: np.ndarray) -> np.ndarray:
    """float32 [side, side, 3]: what is left without the coarse shape, of about the same strength everywhere.

    Else one sharp edge, which many patches of a slide's rim share, would outweigh all the rest.
    """
    count = len(image) // _COARSE
    blocks = image.reshape(count, _COARSE, count, _COARSE, 3)
    details = blocks - blocks.mean(axis=(1, 3), keepdims=True)
    details /= np.sqrt(np.square(details).mean(axis=(1, 3, 4), keepdims=True) + _NOISE**2)
    return details.reshape(image.shape)
