"""A polygon drawn on a map of patches, short enough for a link."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from histo_core.errors import ConfigError

MOST_CORNERS = 200
DIGITS = 4
"""Of a corner, beyond the first digit of the drawing's extent: finer than a pixel, however far one has zoomed in."""
PROJECTIONS = ("pca", "umap")


@dataclass(frozen=True)
class Lasso:
    """A polygon on a map.

    Attributes:
        features: what the map was made from.
        projection: "pca" or "umap".
        polygon: its corners, (x, y) each.
    """

    features: str
    projection: str
    polygon: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        """As in the URL: ``<features>/<projection>:<x,y;x,y;...>``."""
        x, y = (_rounded(axis) for axis in zip(*self.polygon, strict=True))
        corners = ";".join(",".join(corner) for corner in zip(x, y, strict=True))
        return f"{self.features}/{self.projection}:{corners}"


def _rounded(axis: Sequence[float]) -> list[str]:
    """Coordinates along one axis as text."""
    extent = max(axis) - min(axis)
    places = DIGITS - math.floor(math.log10(extent)) if extent > 0 else 15
    return [f"{round(value, places):.15g}" for value in axis]


def thin(x: Sequence[float], y: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """At most `MOST_CORNERS` corners of a polygon, evenly spread over those drawn."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_CORNERS)).round().astype(int))
    return tuple((float(x[i]), float(y[i])) for i in chosen)


def box(x: Sequence[float], y: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The corners of a rectangle given by two opposite ones."""
    return ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]))


def parse(text: str) -> Lasso:
    """Read what ``str`` wrote.

    Raises:
        ConfigError: the link was cut or altered.
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
