"""Tissue between the cells: wavy stroma, fat, and the gaps that processing makes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from histo_core.data.phantom import noise


@dataclass(frozen=True, eq=False)
class Ground:
    """Amounts of stain without cells, float32 [side, side], and the direction of the fibres in radians."""

    haematoxylin: np.ndarray
    eosin: np.ndarray
    direction: np.ndarray


def stroma(rng: np.random.Generator, side: int) -> Ground:
    """Render collagen: fibres of one direction that bend in a slow wave, with gaps in some places."""
    rows, columns = (axis.astype(np.float32) for axis in np.ogrid[:side, :side])
    angle = rng.uniform(0, np.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    bend = rng.uniform(2, 7) * noise.field(rng, 14.0, side)
    along = cos * columns + sin * rows
    across = cos * rows - sin * columns + bend
    start = rng.uniform(0, noise.ATLAS_SIDE, 2).astype(np.float32)
    fibres = map_coordinates(noise.atlas(0.9, 9.0), [across + start[0], along + start[1]], order=1, mode="grid-wrap")
    bundles = noise.field(rng, 9.0, side)
    torn = np.clip((-fibres - rng.uniform(0.9, 2.2)) * 1.6, 0, 1)
    eosin = rng.uniform(0.11, 0.27) * (1 + 0.22 * fibres + 0.2 * bundles) * (1 - torn)
    slope_y, slope_x = (np.asarray(slope) for slope in np.gradient(bend))
    direction = angle - (cos * slope_x + sin * slope_y)
    return Ground(0.12 * eosin + 0.01, np.maximum(eosin, 0.01), direction)


def fat(rng: np.random.Generator, side: int) -> Ground:
    """Render fat cells: their content was washed out, thin walls are left."""
    rows, columns = (axis.astype(np.float32) for axis in np.ogrid[:side, :side])
    pitch = rng.uniform(32, 52)
    places = np.arange(-pitch / 2, side + pitch, pitch)
    centres = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    centres = centres + rng.normal(0, 0.2 * pitch, centres.shape) + rng.uniform(-pitch / 2, pitch / 2, 2)
    x, y = centres.T[:, :, None, None].astype(np.float32)
    distance = np.partition(np.sqrt((columns - x) ** 2 + (rows - y) ** 2), 1, axis=0)[:2]
    wall = distance[1] - distance[0] + 1.2 * noise.field(rng, 6.0, side)
    eosin = rng.uniform(0.16, 0.28) * np.clip((rng.uniform(2.4, 4.0) - wall) / 2.2, 0, 1)
    eosin *= 1 + 0.25 * noise.field(rng, 1.2, side)
    eosin = np.maximum(eosin, 0)
    return Ground(0.15 * eosin, eosin, np.zeros((side, side), np.float32))


def clefts(rng: np.random.Generator, width: float, side: int) -> np.ndarray:
    """Render a net of gaps about ``width`` pixels wide, where light passes between cells: 1 in a gap, 0 in tissue."""
    slow, fast = noise.field(rng, 7.0, side), noise.field(rng, 2.5, side)
    # The zero crossings of smooth noise form lines; the second field interrupts them.
    return np.clip(width - 7.0 * np.abs(slow), 0, 1) * np.clip(0.6 + fast, 0, 1)
