"""A slide's patches laid back where they sat, in the colours of their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from histo_core.plots.mosaic import mosaic_figure
from pages.ui import cache, state
from pages.ui.explore import patch
from pages.ui.explore.context import Explored
from pages.ui.explore.figures import selectable
from pages.ui.text import count, plain


def draw(page: Explored) -> None:
    """Draw the view."""
    slides = cache.slides(page.key[0], page.home)
    if not len(slides):
        st.info(
            "These data do not say where their patches sat. A mosaic needs a slide and coordinates for each patch: "
            "PatchCamelyon with its metadata files, IDC, or a table with slide_id, x and y has them.",
            icon=":material/grid_off:",
        )
        return
    patches = dict(zip(slides["slide_id"].astype(str), slides["patches"], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        slide = state.choose(
            "Slide",
            "slide",
            list(patches),
            format_func=lambda name: f"{name} ({count(patches[name], 'patch', 'patches')})",
            width=320,
            help="Type to search.",
        )
        opacity = state.slide(
            "Strength of the colours", "opacity", 0.0, 1.0, 0.35, step=0.05, help="Opacity of the labels.", width=260
        )
    with st.spinner(f"Laying out {plain(slide)}…", show_time=True):
        found = cache.mosaic(page.key[0], slide, page.home)
    chart = mosaic_figure(found, [page.label(int(row)) for row in found.rows], page.colours, opacity)
    selectable(
        chart, lambda pointed: _open(page, pointed), key=f"explore.mosaic.{slide}", name="mosaic", modes=["points"]
    )
    patch.open_asked(page, found.rows)


def _open(page: Explored, pointed: Mapping[str, Any]) -> None:
    """Open the patch that was pointed at."""
    rows = [np.ravel(point["customdata"])[0] for point in pointed["points"] if "customdata" in point]
    if rows:
        state.put("patch", page.name(int(rows[0])))
