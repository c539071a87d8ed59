"""Convert amounts of stain to colours by the Beer-Lambert law, for two scanners.

The optical density of a pixel in channel c is ``OD_c = H * h_c + E * e_c`` with the amounts H and E of haematoxylin and
eosin and their unit stain vectors h and e; the transmitted light is ``white_c * 10 ** -OD_c``.

Ruifrok and Johnston (2001), Quantification of histochemical staining by color deconvolution, Anal Quant Cytol Histol
23:291, equations 1 and 2; the vectors here lie between theirs and those of Macenko et al. (2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d


@dataclass(frozen=True)
class Scanner:
    """Colours, blur and noise of one scanner and its laboratory's stains."""

    name: str
    haematoxylin: tuple[float, float, float]
    """Direction of the optical density, R G B."""
    eosin: tuple[float, float, float]
    white: tuple[float, float, float]
    """Light without tissue, for R G B, 0 to 255."""
    blur: float
    """SD of the point spread, pixels."""
    noise: float
    """SD of the sensor's noise, grey levels."""


SCANNERS = (
    Scanner("A", (0.59, 0.68, 0.43), (0.20, 0.83, 0.52), (242, 238, 241), 0.55, 2.5),
    Scanner("B", (0.69, 0.69, 0.21), (0.17, 0.95, 0.25), (235, 231, 243), 0.75, 1.5),
)


@dataclass(frozen=True, eq=False)
class Staining:
    """Staining and scanning of one slide, which apply to all its patches."""

    matrix: np.ndarray
    """float32 [2, 3]: optical density (base 10) of one unit of haematoxylin and of eosin."""
    white: np.ndarray
    """float32 [3], 0 to 255."""
    blur: float
    noise: float


def stain_slide(rng_patient: np.random.Generator, rng_slide: np.random.Generator, scanner: Scanner) -> Staining:
    """Draw a slide's staining: mostly that of its patient (one block, one batch), with a small variation of its own."""
    shift = 0.035 * rng_patient.standard_normal((2, 3)) + 0.01 * rng_slide.standard_normal((2, 3))
    vectors = np.maximum(np.array([scanner.haematoxylin, scanner.eosin]) + shift, 0.03)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    strength = np.exp(rng_patient.normal((0.0, 0.0), (0.26, 0.25)) + rng_slide.normal((0.0, 0.0), (0.06, 0.06)))
    white = np.array(scanner.white) + rng_slide.normal(0, 3, 3)
    return Staining(
        matrix=(strength[:, None] * vectors).astype(np.float32),
        white=np.minimum(white, 254).astype(np.float32),
        blur=scanner.blur * rng_slide.uniform(0.85, 1.25),
        noise=scanner.noise,
    )


def render(rng: np.random.Generator, haematoxylin: np.ndarray, eosin: np.ndarray, staining: Staining) -> np.ndarray:
    """Render the light through a stained section.

    Args:
        rng: generator of the sensor's noise.
        haematoxylin, eosin: amounts >= 0, [side, side].
        staining: the slide's.

    Returns:
        uint8 [side, side, 3], RGB.
    """
    # Channels first: NumPy's inner loops then cover a row and not three values.
    vectors, white = staining.matrix[:, :, None, None], staining.white[:, None, None]
    density = haematoxylin.astype(np.float32) * vectors[0] + eosin.astype(np.float32) * vectors[1]
    light = white * np.exp(-np.log(10.0, dtype=np.float32) * density)
    for axis in (1, 2):
        light = gaussian_filter1d(light, staining.blur, axis=axis, mode="nearest", truncate=3.0)
    light += staining.noise * rng.standard_normal(light.shape, dtype=np.float32) + 0.5
    return np.ascontiguousarray(np.clip(light, 0, 255).astype(np.uint8).transpose(1, 2, 0))
