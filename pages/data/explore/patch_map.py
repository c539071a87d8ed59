"""Show the patch map; a lasso on the map selects the patches of the gallery."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from histo_core.auditing.embedding.layout import PatchMap
from histo_core.auditing.embedding.umap import FEWEST
from histo_core.errors import ConfigError
from histo_core.plots.patch_map import map_figure
from histo_core.plots.theme import NEUTRAL
from histo_core.runs.store.records import RunStatus
from pages.data.explore import colouring, gallery
from pages.data.explore.colouring import Colouring
from pages.data.explore.context import Explored
from pages.data.explore.selection import DRAWINGS, Selection
from pages.shared.app import url_state
from pages.shared.cache import cache, cache_maps
from pages.shared.components import lasso, layout
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain

DRAWN = 1_500
"""Points over a background of all patches; a browser without a GPU redraws them at each move of a lasso."""


def draw(page: Explored, chosen: Selection) -> None:
    """Draw the view."""
    runs = {run.run_id: run for run in cache.store(page.workspace).runs(statuses=[RunStatus.SUCCEEDED])}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        features = url_state.choose(
            "Similarity by",
            "features",
            [*cache_maps.OWN_FEATURES, *runs],
            format_func=lambda name: cache_maps.OWN_FEATURES.get(name) or runs[name].name,
            width=260,
            clears=("lasso",),
            help="What a patch is described by (features): simple measures, or what a network makes of it.",
        )
        found = cache_maps.patch_map(page.data, features, page.workspace)
        projection = _projection(found, len(page.source))
        by = colouring.choose(page, chosen.answers)
    if found is None or (found.umap_xy is None and len(page.source) >= FEWEST):
        source = cache_maps.feature_source(features, page.workspace)
        params = {"data": page.data.model_dump(mode="json"), "features": source}
        note = "The map has not been made yet. Each patch is read once, by a process apart from this page."
        job_card("map", params, "Make the map", note=note if found is None else found.note, primary=True)
    if found is None:
        return
    _chart(page, chosen, found, features, projection, by)
    if url_state.asked("lasso"):
        gallery.draw(page, chosen, by)
    else:
        st.caption("Draw around patches on the map, and they are shown here.")


def _projection(found: PatchMap | None, patches: int) -> Literal["pca", "umap"]:
    if found is None or found.umap_xy is None:
        return "pca"
    placed = len(found.umap_xy)
    of = "all patches" if placed == patches else count(placed, "patch")
    titles: dict[Literal["pca", "umap"], str] = {"pca": "PCA of all patches", "umap": f"UMAP of {of}"}
    return url_state.choose(
        "Projection",
        "projection",
        list(titles),
        format_func=titles.__getitem__,
        widget=st.segmented_control,
        help="PCA keeps distances as well as a plane can; UMAP keeps neighbours together and distorts distances.",
    )


def _chart(
    page: Explored, chosen: Selection, found: PatchMap, features: str, projection: Literal["pca", "umap"], by: Colouring
) -> None:
    rows = None if len(chosen.filtered) == len(page.source) else chosen.filtered
    chart = map_figure(
        found, by.column.codes, by.column.values, layout=projection, rows=rows, drawn=DRAWN, colours=by.colours
    )
    with suppress(ConfigError):  # an unreadable drawing is already reported above the map
        for drawn in map(lasso.parse, url_state.asked("lasso")):
            if (drawn.features, drawn.projection) == (features, projection):
                _outline(chart, drawn)
    layout.figure(
        chart,
        key=f"explore.map.{features}.{projection}.{by.by}.{st.session_state.get(DRAWINGS, 0)}",
        name="map",
        data=lambda: _places(page, chosen, found, projection),
        on_select=lambda drawn: _select(drawn, features, projection),
        modes=("lasso", "box"),
    )
    st.caption(plain(found.note))


def _places(page: Explored, chosen: Selection, found: PatchMap, projection: str) -> pd.DataFrame:
    """Return the position of each filtered patch, drawn as a point or not."""
    xy = np.full((len(page.source), 2), np.nan)
    xy[slice(None) if projection == "pca" else found.umap_rows] = found.xy if projection == "pca" else found.umap_xy
    table = page.joined(chosen.filtered)[["sample_id", "label", "split"]]
    return table.assign(
        **{f"{projection}_1": xy[chosen.filtered, 0], f"{projection}_2": xy[chosen.filtered, 1]}
    ).dropna(subset=[f"{projection}_1"])


def _outline(chart: go.Figure, drawn: lasso.Lasso) -> None:
    """Draw the polygon of the URL, which a reload or a link does not draw by itself."""
    corners = "L".join(f"{x},{y}" for x, y in drawn.polygon)
    chart.add_shape(type="path", path=f"M{corners}Z", line={"color": NEUTRAL, "width": 2, "dash": "dot"})


def _select(drawn: Mapping[str, Any], features: str, projection: str) -> None:
    """Write the lasso to the URL; the server selects among all patches, not only the drawn points."""
    shapes = [lasso.thin(shape["x"], shape["y"]) for shape in drawn["lasso"]]
    shapes += [lasso.box(shape["x"], shape["y"]) for shape in drawn["box"]]
    url_state.put("lasso", str(lasso.Lasso(features, projection, shapes[-1])) if shapes else None)
    url_state.put("page", None)
