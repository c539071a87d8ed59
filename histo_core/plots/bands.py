"""Draw the band around a curve, in the curve's colour."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

_OPACITY = 0.16


def add_band(figure: go.Figure, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str, group: str) -> None:
    """Add a filled area between two curves; an empty band adds nothing.

    Args:
        figure: the figure.
        x, low, high: float64 [p].
        colour: of the curve, as hex.
        group: legend entry that hides it together with its curve.
    """
    if not len(x):
        return
    red, green, blue = hex_to_rgb(colour)
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]).astype(np.float32), y=np.concatenate([high, low[::-1]]).astype(np.float32),
        mode="lines", line={"width": 0}, fill="toself", fillcolor=f"rgba({red},{green},{blue},{_OPACITY})",
        hoverinfo="skip", showlegend=False, legendgroup=group,
    )  # fmt: skip


def thin(y: np.ndarray, most: int = 1000) -> np.ndarray:
    """Return which points of a curve to draw: of each of many pieces the first, last, lowest and highest, int64.

    Args:
        y: float64 [p].
        most: points to keep at most, about.
    """
    if len(y) <= most:
        return np.arange(len(y))
    edges = np.linspace(0, len(y), most // 4 + 1).astype(int)
    kept = [
        (first, last - 1, first + int(y[first:last].argmin()), first + int(y[first:last].argmax()))
        for first, last in pairwise(edges)
    ]
    return np.unique(kept)
