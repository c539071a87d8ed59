"""Whether two patches that look alike from afar are the same: their details decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from histo_core.audit.signatures import turned

SIDE = 48
"""Patches are compared at this many pixels a side: JPEG's noise is finer, nuclei are not."""
_COARSE = 6
"""Means of blocks of this side are the coarse shape, which two different patches may share: an edge, a shadow."""

_NOISE = 2.0
"""Grey levels. Details much weaker than this count for little: JPEG compression replaces them."""

CORRELATION = 0.75
DIFFERENCE = 10.0
"""Of 2,000 PatchCamelyon patches saved once more at JPEG quality 70 (50), all (99.9%) reach this correlation with the
original, and all stay below a difference of 3.6 (7.4) grey levels. Of the 3,000 pairs of different patches there that
look most alike from afar, none reaches a correlation of 0.34."""


@dataclass(frozen=True)
class Likeness:
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


def likeness(first: np.ndarray, second: np.ndarray, symmetry: int) -> Likeness:
    """Compare two patches, uint8 [H, W, 3] of any sizes, the second laid under one of `SYMMETRIES`."""
    one, other = _shrunk(first), _shrunk(turned(second, symmetry))
    details = _details(one), _details(other)
    norm = float(np.linalg.norm(details[0]) * np.linalg.norm(details[1]))
    correlation = float((details[0] * details[1]).sum()) / norm if norm > 0 else 0.0
    return Likeness(correlation, float(np.abs(one - other).mean()))


def _shrunk(image: np.ndarray) -> np.ndarray:
    """float32 [SIDE, SIDE, 3], means over areas."""
    resized = Image.fromarray(np.ascontiguousarray(image)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(resized, np.float32)


def _details(image: np.ndarray) -> np.ndarray:
    """float32 [blocks, pixels]: what is left without the coarse shape, of about the same strength everywhere.

    Else one sharp edge, which many patches of a slide's rim share, would outweigh all the rest.
    """
    blocks = image.reshape(SIDE // _COARSE, _COARSE, SIDE // _COARSE, _COARSE, 3)
    details = blocks - blocks.mean(axis=(1, 3), keepdims=True)
    return details / np.sqrt(np.square(details).mean(axis=(1, 3, 4), keepdims=True) + _NOISE**2)
