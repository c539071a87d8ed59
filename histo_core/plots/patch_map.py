"""Plot the patch map with a lasso: a limited number of points for speed, and all others as a faint background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from scipy.ndimage import gaussian_filter

from histo_core.auditing.embedding.layout import PatchMap, stratified_sample
from histo_core.data.dataset import UNLABELLED
from histo_core.errors import DataError
from histo_core.plots.theme import NEUTRAL, class_colours, class_symbol, label, new_figure

DRAWN = 20_000
"""The most points that a browser can move and select without delay."""
HEIGHT = 560
CELLS = 128
"""Cells a side of the background."""
SPREAD, MARGIN = 1.5, 5
"""Cells: the standard deviation of the background's smoothing, and the border that it may spread into."""

Layout = Literal["pca", "umap"]


def map_figure(
    patch_map: PatchMap,
    labels: np.ndarray,
    classes: Sequence[str],
    *,
    layout: Layout = "pca",
    rows: np.ndarray | None = None,
    drawn: int = DRAWN,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Plot one point a patch in the colour of its class; dragging draws a lasso.

    Where there are too many rows, the points are a seeded sample, stratified by class, over a grey background that
    shows the density of all rows. Each point carries its row in ``customdata``. A lasso's polygon, in the axes' units,
    can be passed to `histo_core.auditing.embedding.layout.inside` to select among all rows.

    Args:
        patch_map: the map to draw.
        labels: int64 [n], indices into ``classes`` or `UNLABELLED`, of every row of the data set; or any other column
            that is coded in this way.
        classes: class names.
        layout: "pca", or "umap" for the sample that UMAP laid out.
        rows: the rows to draw, None for all; the others are left out of the background too.
        drawn: the most points to draw.
        colours: of the classes, such as "#0072B2"; None for the usual ones.

    Raises:
        DataError: UMAP was requested and is not ready.
    """
    placed, xy = _placed(patch_map, layout)
    if rows is not None:
        kept = np.isin(placed, rows)
        placed, xy = placed[kept], xy[kept]
    shown = stratified_sample(labels[placed], drawn)
    figure = new_figure(_title(patch_map, layout, len(placed), len(shown)), f"map {layout} {patch_map.features}",
                        height=HEIGHT, legend=0)  # fmt: skip
    if len(shown) < len(placed):
        _add_ground(figure, xy)
    kinds = [*enumerate((class_colours(classes) | dict(colours or {})).items()), (UNLABELLED, ("unknown", NEUTRAL))]
    for number, (name, colour) in kinds:
        of_class = shown[labels[placed[shown]] == number]
        if number == UNLABELLED and not len(of_class):
            continue
        points = xy[of_class]
        marker = {"color": colour, "symbol": class_symbol(max(number, 0)), "size": 5, "opacity": 0.7}
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], customdata=placed[of_class].astype(np.int32), mode="markers",
            name=label(name), marker=marker, hoverinfo="name",
            selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 0.15}},
        )  # fmt: skip
    figure.update_layout(
        dragmode="lasso", showlegend=True, legend={"orientation": "h", "itemsizing": "constant"}, hovermode="closest"
    )
    across, up = _axis_titles(patch_map, layout)
    figure.update_xaxes(title=across, showgrid=False)
    figure.update_yaxes(title=up, showgrid=False)
    return figure


def _placed(patch_map: PatchMap, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that have a position, and their positions."""
    if layout == "pca":
        return np.arange(len(patch_map.xy)), patch_map.xy
    if patch_map.umap_rows is None or patch_map.umap_xy is None:
        raise DataError("The map has no UMAP.", "A UMAP is made after the PCA.", "Make the map again, or show the PCA.")
    return patch_map.umap_rows, patch_map.umap_xy


def _add_ground(figure: go.Figure, xy: np.ndarray) -> None:
    """Add the density of all rows in grey, on a logarithmic scale of 8 bits.

    The counts of cells are smoothed by a Gaussian: unsmoothed, single patches at the border of the data are drawn as
    squares with holes between them. A margin holds what the smoothing spreads outward.
    """
    inner = CELLS - 2 * MARGIN
    cell = np.maximum(np.ptp(xy, axis=0) / inner, np.float32(1e-12))
    low = xy.min(axis=0) - MARGIN * cell
    column, row = np.minimum(((xy - low) / cell).astype(np.int64), MARGIN + inner - 1).T
    cells = np.bincount(row * CELLS + column, minlength=CELLS * CELLS).reshape(CELLS, CELLS)
    counts = np.log1p(gaussian_filter(cells.astype(np.float64), SPREAD, mode="constant"))
    figure.add_heatmap(
        z=np.rint(counts * (255 / counts.max())).astype(np.uint8),
        x0=float(low[0] + cell[0] / 2), dx=float(cell[0]), y0=float(low[1] + cell[1] / 2), dy=float(cell[1]),
        colorscale=[[0, "rgba(128,128,128,0)"], [1, "rgba(128,128,128,0.45)"]], showscale=False, hoverinfo="skip",
        zsmooth="best",
    )  # fmt: skip


def _title(patch_map: PatchMap, layout: Layout, placed: int, shown: int) -> str:
    how = "PCA" if layout == "pca" else "UMAP"
    if not placed:
        return f"No patch of this selection is on the map by {how}."
    if shown == placed:
        return f"{placed:,} patches by {how}: like patches lie near each other."
    return f"{shown:,} points drawn of {placed:,} patches by {how}; the grey ground shows all of them."


def _axis_titles(patch_map: PatchMap, layout: Layout) -> tuple[str, str]:
    if layout == "umap":
        return "UMAP 1 (no unit)", "UMAP 2 (no unit)"
    first, second = patch_map.explained
    return f"First component ({first:.0%} of the variance)", f"Second component ({second:.0%} of the variance)"
