"""Decide by their details whether two patches with similar coarse shapes are the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from histo_core.auditing.dct_signature import turned

SIDE = 48
"""Patches are compared at half their size, and at most at this many pixels a side: JPEG's noise is finer, nuclei are
not."""
_COARSE = 6
"""Means of blocks of this side are the coarse shape, which different patches may share: an edge, a shadow."""

_NOISE = 2.0
"""In grey levels. Details much weaker than this have little weight: JPEG compression replaces them."""

CORRELATION = 0.75
DIFFERENCE = 10.0
"""Limits of the correlation and of the difference in grey levels, measured by `scripts/measure_audit.py`.

Copies at JPEG quality 70 (50): this correlation with the original is reached by all of 1,000 PatchCamelyon patches, by
99.9% (99.4%) of 1,000 patches of invasive ductal carcinoma (50 x 50), and by all of 197 of BreaKHis. None differs by
more than 5.5 (6.9) grey levels. Among the 3,000 pairs of different patches with the most similar coarse shapes, the
highest correlations are 0.18, 0.57 and 0.22. (Two strips of 50 x 14 pixels at a slide's edge have 0.98, but their
signatures are too far apart to be compared.)"""


@dataclass(frozen=True)
class Similarity:
    """The similarity of two aligned patches.

    Attributes:
        correlation: correlation of their details (pixels minus the coarse shape), -1 to 1; 0 where one has none.
        difference: mean absolute difference of the pixels, in grey levels, 0 to 255.
    """

    correlation: float
    difference: float

    @property
    def same(self) -> bool:
        return self.correlation >= CORRELATION and self.difference <= DIFFERENCE


@dataclass(frozen=True, eq=False)
class PatchThumbnail:
    """A reduced patch for comparison: computed once, compared with many.

    Attributes:
        pixels: the reduced patch, float32 [side, side, 3], in grey levels.
        details: the pixels minus the coarse shape, same array shape, norm 1; all 0 where nothing is left.
    """

    pixels: np.ndarray
    details: np.ndarray


def side_for(*images: np.ndarray) -> int:
    """Return the side in pixels at which patches, uint8 [H, W, 3] of any sizes, are compared with each other."""
    shorter = min(min(image.shape[:2]) for image in images)
    return max(_COARSE, min(SIDE, shorter // 2) // _COARSE * _COARSE)


def thumbnail(image: np.ndarray, side: int) -> PatchThumbnail:
    """Reduce a patch, uint8 [H, W, 3], to a square of ``side`` pixels (from `side_for`) by means over areas."""
    height, width = image.shape[:2]
    pixels = _areas(width, side) @ np.tensordot(_areas(height, side), image.astype(np.float32), 1)
    details = _details(pixels)
    norm = np.linalg.norm(details)
    return PatchThumbnail(pixels, details / norm if norm > 0 else details)


def similarity(first: PatchThumbnail, other: PatchThumbnail, symmetry: int) -> Similarity:
    """Compare two patches of the same side, the other one under one of `SYMMETRIES`."""
    correlation = np.vdot(first.details, turned(other.details, symmetry))
    difference = np.abs(first.pixels - turned(other.pixels, symmetry)).mean()
    return Similarity(float(correlation), float(difference))


@cache
def _areas(length: int, side: int) -> np.ndarray:
    """Return the shares of ``length`` pixels in ``side`` equal intervals, float32 [side, length]."""
    ends, pixels = np.linspace(0, length, side + 1)[:, None], np.arange(length)
    overlap = (np.minimum(ends[1:], pixels + 1) - np.maximum(ends[:-1], pixels)).clip(min=0)
    return (overlap * side / length).astype(np.float32)


def _details(image: np.ndarray) -> np.ndarray:
    """Return the image minus its coarse shape, with about the same contrast everywhere, float32 [side, side, 3].

    Without this scaling one sharp edge, which many patches of a slide's rim share, would outweigh all other details.
    """
    count = len(image) // _COARSE
    blocks = image.reshape(count, _COARSE, count, _COARSE, 3)
    details = blocks - blocks.mean(axis=(1, 3), keepdims=True)
    details /= np.sqrt(np.square(details).mean(axis=(1, 3, 4), keepdims=True) + _NOISE**2)
    return details.reshape(image.shape)
