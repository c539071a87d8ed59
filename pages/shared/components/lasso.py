"""Encode a lasso on the patch map as a short text for a link."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from histo_core.errors import ConfigError

MOST_CORNERS = 200
DIGITS = 4
"""Digits of a corner after the first digit of the drawing's extent: finer than a pixel at any zoom."""
PROJECTIONS = ("pca", "umap")


@dataclass(frozen=True)
class Lasso:
    """A polygon on the patch map.

    Attributes:
        features: the features that the map is made from.
        projection: "pca" or "umap".
        polygon: its corners, (x, y) each.
    """

    features: str
    projection: str
    polygon: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        """Return the text for the URL: ``<features>/<projection>:<x,y;x,y;...>``."""
        x, y = (_rounded(axis) for axis in zip(*self.polygon, strict=True))
        corners = ";".join(",".join(corner) for corner in zip(x, y, strict=True))
        return f"{self.features}/{self.projection}:{corners}"


def _rounded(axis: Sequence[float]) -> list[str]:
    """Return coordinates along one axis as text."""
    extent = max(axis) - min(axis)
    places = DIGITS - math.floor(math.log10(extent)) if extent > 0 else 15
    return [f"{round(value, places):.15g}" for value in axis]


def thin(x: Sequence[float], y: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return at most `MOST_CORNERS` corners of a polygon, evenly spaced among those drawn."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_CORNERS)).round().astype(int))
    return tuple((float(x[i]), float(y[i])) for i in chosen)


def box(x: Sequence[float], y: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return the four corners of a rectangle from two opposite ones."""
    return ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]))


def parse(text: str) -> Lasso:
    """Parse the text that ``str`` returned.

    Raises:
        ConfigError: the link is incomplete or was changed.
    """
    name, _, corners = text.rpartition(":")
    features, _, projection = name.rpartition("/")
    try:
        polygon = tuple((float(x), float(y)) for x, y in (corner.split(",") for corner in corners.split(";")))
    except ValueError:
        polygon = ()
    finite = all(math.isfinite(value) for corner in polygon for value in corner)
    if not features or projection not in PROJECTIONS or not 3 <= len(polygon) <= MOST_CORNERS or not finite:
        raise ConfigError(
            f"The lasso of the link cannot be read: {text[:80]!r}.",
            f"Three to {MOST_CORNERS} corners on a named map are expected.",
            "Draw it again on the map.",
        )
    return Lasso(features, projection, polygon)
