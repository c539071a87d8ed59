"""Plot a confusion matrix: counts and their shares, or the difference of two models' matrices."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from histo_core.comparison.results import ModelResult
from histo_core.plots.theme import label, new_figure

FEW_CLASSES = 4
"""With at most this many classes cells have room for large text."""
TWO_LINES = 12
"""With at most this many classes a cell shows the count and its share; else only the count."""
_ROOM, _SMALL_ROOM = 72, 48
"""Pixels a class, while there are few classes; and while a cell has two lines."""
_SCALE, _SIGNED = "Cividis", "RdBu"
_NAME = 18
"""Characters of a line of a class's name; a name takes two lines at most."""
ShareOf = Literal["row", "column", "all"]
SHARES: dict[ShareOf, str] = {
    "row": "of the true class",
    "column": "of the predicted class",
    "all": "of all patches",
}


@dataclass(frozen=True)
class MatrixView:
    """How a matrix is shown.

    Attributes:
        share: what a cell's share is of: its true class (row), its predicted class (column), or all patches.
        diagonal: whether the right answers are shown; without them the shades tell errors apart.
    """

    share: ShareOf = "row"
    diagonal: bool = True


PLAIN = MatrixView()


def shares(counts: np.ndarray, of: ShareOf = "row") -> np.ndarray:
    """Return each cell's share, float64 [k, k], 0 where there is nothing to be a share of.

    Args:
        counts: int64 [k, k]; rows are the true class.
        of: what the shares are of.
    """
    axis = {"row": 1, "column": 0, "all": None}[of]
    total = counts.sum(axis=axis, keepdims=True)
    return np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)


def confusion_figure(result: ModelResult, classes: Sequence[str], view: MatrixView = PLAIN) -> go.Figure:
    """Plot true classes as rows and predicted classes as columns; a cell's shade is its share.

    A cell's ``customdata`` holds the indices of its true and its predicted class.

    The text in a cell is black or white, whichever has the higher contrast. The contrast of plotly's own dark grey can
    fall to 3.2; that of black or white is never below 4.5, as WCAG 2 requires.
    """
    counts, share = result.confusion, shares(result.confusion, view.share)
    right, n = int(np.trace(counts)), int(counts.sum())
    return _matrix(
        f"{result.name} calls {right:,} of {n:,} patches rightly.",
        *(classes, share, [[f"{count:,}" for count in row] for row in counts]),
        *([[f"{part:.1%}" for part in row] for row in share], view, SHARES[view.share]),
    )


def difference_figure(
    result: ModelResult, other: ModelResult, classes: Sequence[str], view: MatrixView = PLAIN
) -> go.Figure:
    """Plot the matrix of one model minus that of another: blue where it has more patches, red where fewer."""
    counts = result.confusion - other.confusion
    share = shares(result.confusion, view.share) - shares(other.confusion, view.share)
    more = int(np.trace(counts))
    return _matrix(
        f"{result.name} minus {other.name}: {abs(more):,} {'more' if more >= 0 else 'fewer'} patches called rightly.",
        *(classes, share, [[f"{count:+,}" for count in row] for row in counts]),
        *([[f"{100 * part:+.1f} pts" for part in row] for row in share], view, SHARES[view.share]),
        signed=True,
    )


def _matrix(
    sentence: str,
    classes: Sequence[str],
    share: np.ndarray,
    counts: list[list[str]],
    parts: list[list[str]],
    view: MatrixView,
    of: str,
    *,
    signed: bool = False,
) -> go.Figure:
    k = len(classes)
    figure = new_figure(sentence, "confusion", height=min(600, 160 + (_ROOM if k <= FEW_CLASSES else _SMALL_ROOM) * k))
    shown = share if view.diagonal else np.where(np.eye(k, dtype=bool), np.nan, share)
    # Shades of shares span 0 to 1; those of errors alone, and of differences, span what there is.
    top = 1.0 if view.diagonal and not signed else float(np.nanmax(np.abs(shown), initial=0)) or 1.0
    low, scale = (-top, _SIGNED) if signed else (0.0, _SCALE)
    text = [[f"{count}<br>{part}" for count, part in zip(*row, strict=True)] for row in zip(counts, parts, strict=True)]
    drawn = text if k <= TWO_LINES else counts
    places = [label(name) for name in classes]
    figure.add_heatmap(
        z=shown, x=places, y=places, zmin=low, zmax=top, colorscale=scale, showscale=False, xgap=2, ygap=2, text=text,
        hoverinfo="skip",
    )  # fmt: skip
    shades = np.nan_to_num((shown.ravel() - low) / (top - low))
    # A heatmap cannot be clicked in Streamlit; an invisible marker over each cell can.
    figure.add_scatter(
        x=places * k, y=[name for name in places for _ in places], mode="markers+text",
        text=[
            cell if view.diagonal or i != j else "" for i, row in enumerate(drawn) for j, cell in enumerate(row)
        ],
        hovertext=[cell for row in text for cell in row],
        customdata=[[true, called] for true in range(k) for called in range(k)],
        marker={"symbol": "square", "size": _ROOM if k <= FEW_CLASSES else _SMALL_ROOM, "opacity": 0},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}, "textfont": {}},
        hovertemplate=f"true: %{{y}}<br>predicted: %{{x}}<br>%{{hovertext}} {of}<extra></extra>",
        textfont={
            "color": _readable_on(np.array(sample_colorscale(scale, shades, colortype="tuple"))),
            "size": 13 if k <= FEW_CLASSES else 10,
        },
    )  # fmt: skip
    ticks: dict[str, Any] = {
        "tickvals": places,
        "ticktext": [_short(name) for name in classes],
        "type": "category",
        "showgrid": False,
    }
    figure.update_xaxes(title="Predicted class", tickangle=0 if k <= FEW_CLASSES else -45, **ticks)
    figure.update_yaxes(title="True class", autorange="reversed", **ticks)
    return figure


def _short(name: str) -> str:
    """Return a class's name in at most two lines; the whole name stands where a cell is pointed at."""
    lines = textwrap.wrap(name, _NAME, max_lines=2, placeholder="…", break_long_words=True) or [name]
    return "<br>".join(label(line) for line in lines)


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
