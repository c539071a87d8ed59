"""Show the selected patches, page by page; a click opens one."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.data.explore import colouring, patch, selection
from pages.data.explore.colouring import Colouring
from pages.data.explore.context import Explored
from pages.data.explore.grid import grid
from pages.data.explore.selection import Selection
from pages.shared.app import url_state
from pages.shared.cache import cache
from pages.shared.components import columns, layout
from pages.shared.components.contact_sheet import legend
from pages.shared.components.errors import shown
from pages.shared.components.patch_grid import COLUMNS

PAGE = 48
SIDES = (48, 64, 96, 128, 192, 256)
AS_FOUND, DATA, MEASURE = "found", "data", "measure"
BY_ANSWER = {
    "p.wrong": "Most wrong first",
    "p.uncertain": "Most uncertain first",
    "p.confidence": "Confidence",
}
"""Orders by the chosen run's answers: by the probability of the label, the margin of two classes, the confidence."""


def draw(page: Explored, chosen: Selection, colours: Colouring | None = None) -> None:
    """Draw the view; ``colours`` where they have been chosen above it, as on the map."""
    if not len(chosen):
        selection.none_fits()
        return
    _pages(page, chosen, colours)


@st.fragment
@shown()
def _pages(page: Explored, chosen: Selection, given: Colouring | None) -> None:
    """Draw the patches as a fragment: another page, order or size redraws nothing else."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rows = _sorted(page, chosen)
        colours = given or colouring.choose(page, chosen.answers)
        side = url_state.choose(
            "Size",
            "size",
            SIDES,
            default=96,
            widget=st.select_slider,
            format_func=lambda side: f"{side} px",
            width=150,
            help="Of a patch on the page. Enlarged pixels stay square.",
        )
        at = url_state.page(-(-len(rows) // PAGE))
    some = rows[(at - 1) * PAGE : at * PAGE]
    opened = grid(page, some, side=side, key="explore.grid", answers=chosen.answers, colouring=colours)
    if opened is not None:
        url_state.put("patch", page.name(opened))
    st.html(legend(colours.colours))
    with st.container(horizontal=True):
        layout.download(
            "Download this page as PNG", lambda: _sheet(page, some, side, colours), "gallery.png", "image/png"
        )
        selection.download(page, chosen)
    patch.open_asked(page, rows, chosen.answers)


def _sheet(page: Explored, rows: np.ndarray, side: int, colours: Colouring) -> bytes:
    """Return some patches with frames in their colours, as PNG."""
    frames = tuple(colours.colour(int(row)) for row in rows)
    return cache.sheet(page.data, page.workspace, tuple(rows.tolist()), COLUMNS, side, frames)


def _sorted(page: Explored, chosen: Selection) -> np.ndarray:
    """Return the rows in the chosen order."""
    names = {AS_FOUND: "As found"} if chosen.ordered else {DATA: "As in the data"}
    if chosen.measure is not None:
        names[MEASURE] = columns.title(chosen.measure)
    if chosen.answers is not None:
        names |= BY_ANSWER
    names |= {"sample_id": "Id", "label": "Class", "split": "Set"}
    names |= {name: columns.title(name) for name in (*page.columns.filters, *page.columns.sortable)}
    by = url_state.choose(
        "Sort by", "sort", list(names), format_func=names.__getitem__, width=190, clears=("page",),
        help="The order of the patches. A column of numbers runs from small to large.",
    )  # fmt: skip
    backwards = url_state.switch(
        "Descending", "backwards", clears=("page",), help="From large to small, from last to first."
    )
    if by in (AS_FOUND, DATA):
        return chosen.rows[::-1] if backwards else chosen.rows
    values = _values(page, chosen, by)
    return chosen.rows[np.argsort(-values if backwards else values, kind="stable")]


def _values(page: Explored, chosen: Selection, by: str) -> np.ndarray:
    """Return the sort values of rows: numbers or codes, so that sorting takes milliseconds."""
    if by == MEASURE and chosen.measured is not None:
        return chosen.measured
    if chosen.answers is not None and by in BY_ANSWER:
        answers = chosen.answers.rows
        by_name = {"p.wrong": answers.of_truth, "p.uncertain": answers.margin, "p.confidence": answers.confidence}
        return by_name[by][chosen.rows]
    if by == "sample_id":
        return page.columns.id_order[chosen.rows]
    coded = {"label": page.columns.label, "split": page.columns.split_set} | page.columns.filters
    if by in coded:
        return coded[by].codes[chosen.rows]
    return page.source.table[by].to_numpy(np.float64, na_value=np.nan)[chosen.rows]
