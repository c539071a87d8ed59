"""Stain separation, and stain normalisation to a target patch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from skimage.color import hed2rgb, rgb2hed
from torchstain.base.normalizers import MacenkoNormalizer

from histo_core.errors import DataError

WHITE = 240
"""Transmitted light of glass without tissue, of 255."""
TRANSPARENT = 0.15
"""Optical density below which a pixel counts as glass."""
FEWEST_PIXELS = 100
"""Fewest pixels of tissue from which a patch's own stains are estimated."""

_LEAST_SPREAD = 0.01
"""Least SD of optical density across the main direction of a patch's colours. Tissue with one stain, whose second
direction would be noise, stays below it; 600 patches of PatchCamelyon with enough tissue have at least 0.014."""


@dataclass(frozen=True)
class StainChannels:
    """A patch with one stain alone; uint8 H x W x 3 RGB each.

    Attributes:
        haematoxylin: nuclei, blue.
        eosin: other tissue, pink.
        residual: what neither stain explains, in the brown of DAB: pigment, ink, another stain.
    """

    haematoxylin: np.ndarray
    eosin: np.ndarray
    residual: np.ndarray


def stain_channels(image: np.ndarray) -> StainChannels:
    """Separate haematoxylin, eosin and the residual by fixed stain vectors.

    Paper: Ruifrok and Johnston, Quantification of histochemical staining by color deconvolution, Analytical and
    Quantitative Cytology and Histology 23, 2001.

    Args:
        image: uint8 H x W x 3 RGB.
    """
    stains = rgb2hed(image)
    alone = [np.rint(hed2rgb(stains * chosen) * 255).astype(np.uint8) for chosen in np.eye(3)]
    return StainChannels(*alone)


class StainNormaliser:
    """Macenko's stain normalisation to one target patch; made by `fit`.

    Paper: Macenko et al., A method for normalizing histology slides for quantitative analysis, ISBI 2009, as in
    torchstain. Its NumPy version is used: as fast as the torch version on a patch, in float64, and the same in every
    run.
    """

    def __init__(self, fitted: Any) -> None:
        self._macenko = fitted

    @classmethod
    def fit(cls, target: np.ndarray) -> StainNormaliser:
        """Estimate the stains of a target patch.

        Args:
            target: uint8 H x W x 3 RGB.

        Raises:
            DataError: the patch has too little tissue, or tissue with one stain only.
        """
        if not _shows_two_stains(target):
            raise DataError(
                "The target patch shows too little tissue to tell its stains.",
                f"At least {FEWEST_PIXELS} pixels of tissue in more than one stain are needed.",
                "Choose a patch with both nuclei and pink tissue.",
            )
        macenko = MacenkoNormalizer(backend="numpy")
        macenko.fit(target, Io=WHITE, beta=TRANSPARENT)
        return cls(macenko)

    def normalise(self, images: Sequence[np.ndarray] | np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Normalise patches to the target's stains.

        Args:
            images: uint8 H x W x 3 RGB each, of any size.

        Returns:
            uint8 H x W x 3 RGB each, and bool [n]: True where a patch has too little tissue or only one stain and is
            returned unchanged.
        """
        failed = np.array([not _shows_two_stains(image) for image in images], bool)
        done = [
            image if left else self._macenko.normalize(image, Io=WHITE, beta=TRANSPARENT, stains=False)[0]
            for image, left in zip(images, failed, strict=True)
        ]
        return done, failed


def _shows_two_stains(image: np.ndarray) -> bool:
    density = -np.log((image.reshape(-1, 3) + 1.0) / WHITE)
    tissue = density[(density >= TRANSPARENT).all(axis=1)]
    if len(tissue) < FEWEST_PIXELS:
        return False
    return bool(np.linalg.eigvalsh(np.cov(tissue.T))[1] >= _LEAST_SPREAD**2)
