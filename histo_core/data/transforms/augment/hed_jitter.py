"""Stain augmentation: scale and shift the amounts of haematoxylin, eosin and the residual.

Papers: Tellez et al., Whole-slide mitosis detection in H&E breast histology using PHH3 as a reference, IEEE
Transactions on Medical Imaging 37, 2018; Tellez et al., Quantifying the effects of data augmentation and stain color
normalization in convolutional neural networks for computational pathology, Medical Image Analysis 58, 2019. The stain
vectors are those of Ruifrok and Johnston, 2001, as in scikit-image.
"""

from __future__ import annotations

import numpy as np

STAINS = np.array([(0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78)])
"""Optical density of red, green and blue for one unit of haematoxylin, of eosin, of the residual (as DAB)."""

LEVELS = 256
"""The light of a level is (level + 1) / 256; without the added 1, the density of black would be infinite."""


def mixing(draws: np.ndarray, strength: float) -> np.ndarray:
    """Compute the change of light by scaled and shifted stains.

    The optical density of each stain is multiplied by a factor uniform in [1 - strength, 1 + strength], and a shift
    uniform in [-strength, strength] is added. Densities have base 10: a density of 1 lets a tenth of the light through.
    A density is a logarithm of light and linear in the stains, so the whole change is one 3 x 3 matrix and a shift of
    the logarithms. Densities below zero, which noise and glass have, are kept: a strength of 0 changes nothing.

    Args:
        draws: float [n, 6], uniform in [0, 1).
        strength: 0.05 is called light and 0.2 strong in the papers.

    Returns:
        float32 [n, 3, 4]: ``log2 light[c]`` becomes ``sum over s of m[c, s] log2 light[s] + m[c, 3]``.
    """
    weights, shifts = strength * (2 * draws.reshape(-1, 2, 3) - 1).transpose(1, 0, 2)
    weights += 1
    matrix = np.einsum("sj,nj,jc->ncs", np.linalg.inv(STAINS), weights, STAINS)
    offset = -np.log2(10) * (shifts @ STAINS)
    return np.concatenate([matrix, offset[:, :, None]], axis=2).astype(np.float32)
