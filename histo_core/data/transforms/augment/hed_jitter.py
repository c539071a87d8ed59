"""Other stains for training patches: haematoxylin, eosin and what neither explains, weighed and shifted.

Papers: Tellez et al., Whole-slide mitosis detection in H&E breast histology using PHH3 as a reference, IEEE
Transactions on Medical Imaging 37, 2018; Tellez et al., Quantifying the effects of data augmentation and stain color
normalization in convolutional neural networks for computational pathology, Medical Image Analysis 58, 2019. The stain
vectors are those of Ruifrok and Johnston, 2001, as in scikit-image.
"""

from __future__ import annotations

import numpy as np

STAINS = np.array([(0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78)])
"""Optical density of red, green and blue where there is one of haematoxylin, of eosin, of the residual (as DAB)."""

LEVELS = 256
"""Light of a level is (level + 1) / 256: without the one, black would let no light through and have no density."""


def mixing(draws: np.ndarray, strength: float) -> np.ndarray:
    """What the stains do to light.

    The optical density of stain i, times a weight uniform in [1 - strength, 1 + strength], plus a shift uniform in
    [-strength, strength]. Densities are decadic: a density of 1 lets a tenth of the light through. They are the
    logarithm of light, and stains mix them in a line, so that the whole change is one 3 x 3 matrix and a shift of the
    logarithms. Densities below zero, which noise and glass have, are kept: a strength of 0 changes nothing.

    Args:
        draws: float [n, 6], uniform in [0, 1).
        strength: 0.05 is light and 0.2 strong, in the papers' words.

    Returns:
        float32 [n, 3, 4]: ``log2 light[c]`` becomes ``sum over s of m[c, s] log2 light[s] + m[c, 3]``.
    """
    weights, shifts = strength * (2 * draws.reshape(-1, 2, 3) - 1).transpose(1, 0, 2)
    weights += 1
    matrix = np.einsum("sj,nj,jc->ncs", np.linalg.inv(STAINS), weights, STAINS)
    offset = -np.log2(10) * (shifts @ STAINS)
    return np.concatenate([matrix, offset[:, :, None]], axis=2).astype(np.float32)
