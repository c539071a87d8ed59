"""Show a slide's patches at their positions, in the colours of their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.plots.mosaic import mosaic_figure
from histo_core.slides.mosaic import Mosaic, SlideRegion
from pages.data.explore import colouring, patch, predicted
from pages.data.explore.context import Explored
from pages.shared.app import url_state
from pages.shared.cache import cache_maps
from pages.shared.components import layout
from pages.shared.components.text import count, plain

DENSEST, WHOLE = "densest", "whole"
LEFT_OUT = "Patches that the filters leave out are grey."


def draw(page: Explored) -> None:
    """Draw the view."""
    slides = cache_maps.slides(page.data, page.workspace)
    if not len(slides):
        st.info(
            "These data do not say where their patches sat. A mosaic needs a slide and coordinates for each patch: "
            "PatchCamelyon with its metadata files, IDC, or a table with slide_id, x and y has them.",
            icon=":material/grid_off:",
        )
        st.button(
            "Where the data come from", icon=":material/folder_open:", on_click=url_state.put, args=("view", "files")
        )
        return
    patches = dict(zip(slides["slide_id"].astype(str), slides["patches"], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        slide = url_state.choose(
            "Slide",
            "slide",
            list(patches),
            format_func=lambda name: f"{name} ({count(patches[name], 'patch')})",
            width=320,
            clears=("region", "patch"),
            help="Type to search.",
        )
        region = _region(page, slide)
        answers, keep = predicted.choose(page)
        by = colouring.choose(page, answers)
        opacity = url_state.slide(
            "Opacity", "opacity", 0.0, 1.0, 0.35, step=0.05, help="Opacity of the colours.", width=160
        )
    if answers is not None:
        st.caption(f"{plain(answers.rows.note)} {LEFT_OUT if not keep.all() else ''}")
    with st.spinner(f"Laying out {plain(slide)}…", show_time=True):
        found = cache_maps.mosaic(page.data, slide, region, page.workspace)
    names = [by.name(row) if keep[row] else "" for row in found.rows.tolist()]
    texts = [f"{page.label(row)}{f'; {answers.words(row)}' if answers else ''}" for row in found.rows.tolist()]
    chart = mosaic_figure(found, names, by.colours, opacity, texts=texts)
    layout.figure(
        chart,
        key=f"explore.mosaic.{slide}.{region}",
        name="mosaic",
        data=lambda: _boxes_on_slide(page, found),
        on_select=lambda drawn: _on_select(page, drawn),
        modes=("points", "box"),
    )
    st.caption("A click opens a patch; a box drawn around some (Box Select) shows them alone.")
    patch.open_asked(page, found.rows, answers)


def _region(page: Explored, slide: str) -> SlideRegion | None:
    """Return the region to show: the drawn one, else the one with the most patches; None for the whole slide."""
    dense, drawn = (
        cache_maps.densest(page.data, slide, page.workspace),
        _parse(next(iter(url_state.asked("region")), "")),
    )
    parts = {DENSEST: "Where most patches are"} if dense else {}
    parts[WHOLE] = "Whole slide"
    if drawn is not None:
        parts[_text(drawn)] = "As drawn"
    if len(parts) == 1:
        return None
    chosen = url_state.choose(
        "Part of the slide",
        "region",
        list(parts),
        format_func=parts.__getitem__,
        widget=st.segmented_control,
        clears=("patch",),
        help="A large slide shrinks its patches to dots.",
    )
    return {DENSEST: dense, WHOLE: None}.get(chosen, drawn)


def _text(region: SlideRegion) -> str:
    return f"{region.top:.0f},{region.left:.0f},{region.bottom:.0f},{region.right:.0f}"


def _parse(text: str) -> SlideRegion | None:
    """Parse what `_text` wrote; None for anything else."""
    try:
        region = SlideRegion(*map(float, text.split(",")))
    except (TypeError, ValueError):
        return None
    return region if _text(region) == text else None


def _boxes_on_slide(page: Explored, found: Mosaic) -> pd.DataFrame:
    """Return the drawn patches with their corner and size in patch pixels of the slide."""
    places = (found.boxes / found.scale + [*found.corner, 0, 0]).round(1)
    return page.joined(found.rows).assign(**dict(zip(("top", "left", "height", "width"), places.T, strict=True)))


def _on_select(page: Explored, drawn: Mapping[str, Any]) -> None:
    """Show the region that was selected, or open the patch that was clicked."""
    if drawn["box"]:
        box = drawn["box"][-1]
        (left, right), (top, bottom) = sorted(box["x"]), sorted(box["y"])
        url_state.put("region", _text(SlideRegion(top, left, bottom, right)))
        return
    rows = [np.ravel(point["customdata"])[0] for point in drawn["points"] if "customdata" in point]
    if rows:
        url_state.put("patch", page.name(int(rows[0])))
