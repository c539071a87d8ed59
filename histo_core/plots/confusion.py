"""Plot a confusion matrix: counts and their share of the true class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from histo_core.comparison.results import ModelResult
from histo_core.plots.theme import label, new_figure

FEW_CLASSES = 4
"""With at most this many classes a cell shows the count and its share; else only the count."""
_ROOM, _LESS_ROOM = 72, 48
"""Pixels a class, for few classes and for more."""
_SCALE = "Cividis"


def confusion_figure(result: ModelResult, classes: Sequence[str]) -> go.Figure:
    """Plot true classes as rows and predicted classes as columns; a cell's shade is its share of the row.

    The text in a cell is black or white, whichever has the higher contrast. The contrast of plotly's own dark grey can
    fall to 3.2; that of black or white is never below 4.5, as WCAG 2 requires.
    """
    counts = result.confusion
    rows = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, rows, out=np.zeros(counts.shape), where=rows > 0)
    right, n = int(np.trace(counts)), int(counts.sum())
    figure = new_figure(
        f"{result.name} is right about {right:,} of {n:,} patches.",
        "confusion",
        height=min(600, 160 + len(classes) * (_ROOM if len(classes) <= FEW_CLASSES else _LESS_ROOM)),
    )
    names = [label(name) for name in classes]
    text = [
        [f"{count:,}<br>{part:.1%}" for count, part in zip(*row, strict=True)]
        for row in zip(counts, share, strict=True)
    ]
    drawn = text if len(classes) <= FEW_CLASSES else [[f"{count:,}" for count in row] for row in counts]
    figure.add_heatmap(
        z=share, x=names, y=names, zmin=0, zmax=1, colorscale=_SCALE, showscale=False, xgap=2, ygap=2, text=text,
        hovertemplate="true: %{y}<br>predicted: %{x}<br>%{text} of the true class<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=names * len(names), y=[name for name in names for _ in names], mode="text", hoverinfo="skip",
        text=[cell for row in drawn for cell in row],
        textfont={"color": _readable_on(np.array(sample_colorscale(_SCALE, share.ravel(), colortype="tuple")))},
    )  # fmt: skip
    figure.update_xaxes(title="Predicted class", type="category", showgrid=False)
    figure.update_yaxes(title="True class", type="category", autorange="reversed", showgrid=False)
    return figure


def _readable_on(shades: np.ndarray) -> list[str]:
    """Return black or white, whichever contrasts more (WCAG 2 luminance) with each shade [n, 3] of sRGB in [0, 1]."""
    linear = np.where(shades <= 0.04045, shades / 12.92, ((shades + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where((luminance + 0.05) ** 2 > 1.05 * 0.05, "black", "white").tolist()


def confusion_table(result: ModelResult, classes: Sequence[str]) -> pd.DataFrame:
    """Return the matrix as a table for download: first the true class, then a column for each predicted class."""
    table = pd.DataFrame(result.confusion, columns=[f"predicted {name}" for name in classes])
    table.insert(0, "true class", list(classes))
    return table
