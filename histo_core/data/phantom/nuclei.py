"""Nuclei: the shapes of a population, and the amount of haematoxylin at each pixel.

Nuclei are wavy ellipses with a rim, a pale or dark inside, chromatin and nucleoli. All nuclei of a patch are rendered
at once, each in its own window. The section is transparent, so amounts add up where windows overlap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from histo_core.data.phantom import noise
from histo_core.data.phantom.populations import Population

MICRONS_PER_PIXEL = 0.97
"""As in PatchCamelyon: 10x."""

CELL_RIM = 2.5
"""Width in pixels of the cytoplasm around a nucleus that counts as its cell."""

_MARGIN = 27
"""Width in pixels of the canvas around the patch, so that nuclei may lie on its border."""

_CHROMATIN_SCALE = 0.9
_WINDOWS = np.array([7, 10, 16])
"""Half widths, in pixels, of the windows for nuclei; each nucleus gets the smallest that holds it."""

_WAVES = np.array([1.3, 1.3, 0.6, 0.6], np.float32)


@dataclass(frozen=True, eq=False)
class Nuclei:
    """Arrays of n nuclei; positions and axes in pixels, angles in radians."""

    x: np.ndarray
    y: np.ndarray
    long: np.ndarray
    short: np.ndarray
    angle: np.ndarray
    waves: np.ndarray
    """[n, 4]: cosine and sine of the third and the fourth harmonic of the outline."""
    amount: np.ndarray
    pallor: np.ndarray
    rim: np.ndarray
    chromatin: np.ndarray
    nucleolus: np.ndarray
    tumour: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: np.ndarray) -> Nuclei:
        """Select nuclei by an index array or a boolean array."""
        return Nuclei(*(getattr(self, column.name)[rows] for column in fields(self)))

    @property
    def window(self) -> np.ndarray:
        """Half width of each nucleus's window: outside it nothing is rendered, and no tumour cell extends further."""
        reach = self.long * (1 + np.abs(self.waves).sum(1)) + np.where(self.tumour, CELL_RIM, 1.0)
        return _WINDOWS[np.minimum(np.searchsorted(_WINDOWS, reach), len(_WINDOWS) - 1)]

    @classmethod
    def join(cls, groups: Iterable[Nuclei]) -> Nuclei:
        """Concatenate several groups."""
        groups = list(groups)
        return cls(*(np.concatenate([getattr(group, column.name) for group in groups]) for column in fields(cls)))


@dataclass(frozen=True, eq=False)
class Stain:
    """Stain of nuclei on a patch, each [side, side].

    Haematoxylin (float32, a lymphocyte is about 1), the share of each pixel that nuclei cover (0 to 1) and the pixels
    of tumour cells (bool).
    """

    haematoxylin: np.ndarray
    cover: np.ndarray
    tumour: np.ndarray


def sample(
    rng: np.random.Generator, population: Population, points: np.ndarray, angles: np.ndarray | None = None
) -> Nuclei:
    """Draw nuclei of a population at ``points`` ([n, 2], x and y in pixels), at random angles if none are given."""
    n = len(points)
    normal = rng.standard_normal((n, 10), dtype=np.float32)
    radius = population.diameter / 2 / MICRONS_PER_PIXEL * np.exp(population.spread * normal[:, 0])
    stretch = np.sqrt(np.maximum(1.0, population.elongation * np.exp(0.12 * normal[:, 1])))
    # The largest window is the limit; a larger nucleus would be cut.
    radius = np.minimum(radius, 9.5 / stretch)
    waves = np.clip(population.irregularity * normal[:, 2:6] * _WAVES, -0.1, 0.1)
    return Nuclei(
        x=points[:, 0].astype(np.float32),
        y=points[:, 1].astype(np.float32),
        long=radius * stretch,
        short=radius / stretch,
        angle=rng.uniform(0, np.pi, n).astype(np.float32) if angles is None else angles.astype(np.float32),
        waves=waves,
        amount=population.amount * np.exp(population.amount_spread * normal[:, 6]),
        pallor=np.clip(population.pallor * (1 + 0.35 * normal[:, 7]), 0, 0.85),
        rim=np.full(n, population.rim, np.float32),
        chromatin=np.full(n, population.chromatin, np.float32),
        nucleolus=np.maximum(0, population.nucleolus * (1 + 0.6 * normal[:, 8])),
        tumour=np.full(n, population.tumour),
    )


def draw(rng: np.random.Generator, nuclei: Nuclei, side: int) -> Stain:
    """Render all nuclei on a patch of ``side`` x ``side`` pixels."""
    wide = side + 2 * _MARGIN
    inside = np.maximum(np.abs(nuclei.x - side / 2), np.abs(nuclei.y - side / 2)) < side / 2 + nuclei.long
    window = np.where(inside, nuclei.window, 0)
    pixels, amounts, alphas, tumour = [], [], [], np.zeros(wide * wide, bool)
    for half in np.unique(window[inside]):
        group = nuclei.take(np.flatnonzero(window == half))
        pixel, amount, depth = _windows(rng, group, int(half), wide)
        alpha = np.clip(depth + 0.5, 0, 1)
        pixels.append(pixel.ravel())
        amounts.append((amount * alpha).ravel())
        alphas.append(alpha.ravel())
        tumour[pixel[group.tumour][depth[group.tumour] > -CELL_RIM]] = True
    at = np.concatenate([np.zeros(0, np.intp), *pixels])
    inner = slice(_MARGIN, _MARGIN + side)
    haematoxylin, cover = (
        np.bincount(at, np.concatenate([np.zeros(0), *parts]), wide * wide)
        .astype(np.float32)
        .reshape(wide, wide)[inner, inner]
        for parts in (amounts, alphas)
    )
    # Where nuclei overlap the section is no thicker, so the sum is limited.
    haematoxylin = haematoxylin / np.maximum(cover, 1) ** 0.6
    return Stain(haematoxylin, np.minimum(cover, 1), tumour.reshape(wide, wide)[inner, inner])


def _windows(
    rng: np.random.Generator, nuclei: Nuclei, half: int, wide: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute canvas pixel, amount of haematoxylin and depth inside the outline (pixels), each [n, w * w].

    Windows are flattened, so that NumPy's inner loops cover a whole window and not one row.
    """
    steps = np.arange(-half, half + 1)
    down, right = np.repeat(steps, len(steps)), np.tile(steps, len(steps))
    column, row = np.rint(nuclei.x).astype(int), np.rint(nuclei.y).astype(int)
    pixels = ((row + _MARGIN) * wide + column + _MARGIN)[:, None] + (down * wide + right)
    dx = (right - (nuclei.x - column)[:, None]).astype(np.float32)
    dy = (down - (nuclei.y - row)[:, None]).astype(np.float32)

    cos, sin = np.cos(nuclei.angle), np.sin(nuclei.angle)
    u = _each(cos / nuclei.long) * dx + _each(sin / nuclei.long) * dy
    v = _each(cos / nuclei.short) * dy - _each(sin / nuclei.short) * dx
    r = np.sqrt(u * u + v * v) + 1e-3
    depth = _outline(u / r, v / r, nuclei.waves) - r
    # To first order, the distance to the outline is the difference in r divided by the length of r's gradient.
    depth *= r / np.sqrt((u * _each(1 / nuclei.long)) ** 2 + (v * _each(1 / nuclei.short)) ** 2 + 1e-6)

    body = 1 - _each(nuclei.pallor) * np.clip(depth * 0.6 - 0.3, 0, 1)
    body += _each(nuclei.rim) * np.clip(1 - np.abs(depth - 0.6), 0, 1)
    texture = noise.patches(rng, _CHROMATIN_SCALE, 2 * half + 1, len(nuclei)).reshape(len(nuclei), -1)
    body += _each(nuclei.chromatin) * texture
    spot = rng.uniform(-0.4, 0.4, (2, len(nuclei))).astype(np.float32)
    nucleolus = np.exp(-0.8 * ((dx - _each(spot[0] * nuclei.short)) ** 2 + (dy - _each(spot[1] * nuclei.short)) ** 2))
    body += _each(nuclei.nucleolus) * nucleolus
    return pixels, _each(nuclei.amount) * np.maximum(body, 0.12), depth


def _outline(cos: np.ndarray, sin: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Return the radius in each direction, by angle addition, which needs no arc tangent."""
    cos2, sin2 = cos * cos - sin * sin, 2 * cos * sin
    radius = 1 + _each(waves[:, 0]) * (cos2 * cos - sin2 * sin) + _each(waves[:, 1]) * (sin2 * cos + cos2 * sin)
    radius += _each(waves[:, 2]) * (cos2 * cos2 - sin2 * sin2)
    radius += _each(waves[:, 3]) * (2 * cos2 * sin2)
    return radius


def _each(values: np.ndarray) -> np.ndarray:
    """Reshape one value for each nucleus to broadcast with [n, w * w]."""
    return values[:, None].astype(np.float32)
