"""Show one patch in detail: its pixels at any size, its stains, its neighbours and its metadata."""

from __future__ import annotations

import base64

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from histo_core.data.patch_facts import histogram, neighbours
from histo_core.data.transforms.stain import stain_channels
from histo_core.plots.histogram import histogram_figure
from pages.data.explore.context import Explored
from pages.data.explore.grid import grid
from pages.data.explore.predicted import Predicted
from pages.shared.app import url_state
from pages.shared.components import columns, layout, onward
from pages.shared.components.contact_sheet import png
from pages.shared.components.errors import shown
from pages.shared.components.text import count, plain

COMFORTABLE = 480
"""Pixels of a patch's first enlargement, by a whole factor."""
MOST_ZOOM = 16
NEIGHBOURS = 8
VIEWS = {"rgb": "As scanned", "haematoxylin": "Haematoxylin", "eosin": "Eosin"}


def open_asked(page: Explored, rows: np.ndarray, answers: Predicted | None = None) -> None:
    """Open the patch that the URL names, if any, in a dialog.

    Args:
        page: the data set and its split.
        rows: the selection, in the order of "Next".
        answers: the predictions that the patches are shown with.
    """
    wanted = next(iter(url_state.asked("patch")), None)
    if wanted is None:
        return
    if page.columns.find([wanted])[0] < 0:
        st.warning(f"There is no patch {plain(wanted)} in these data.", icon=":material/link_off:")
        return
    _dialog(page, rows, answers)


def _close() -> None:
    url_state.put("patch", None)


@st.dialog("One patch", width="large", on_dismiss=_close)
@shown()
def _dialog(page: Explored, rows: np.ndarray, answers: Predicted | None) -> None:
    """Draw the dialog, which is a fragment: stepping redraws the patch and not the page behind it."""
    row = int(page.columns.find([url_state.asked("patch")[0]])[0])
    _steps(page, rows, row)
    image = page.source.read([row])[0]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _picture(image)
    with right:
        facts = _facts(page, row, answers)
        _explain(page, row, answers)
        st.dataframe(facts, hide_index=True, height=300, alt="All that the data say about this patch.")
        layout.download_table(facts, "patch")
        counted = histogram(image)
        layout.figure(histogram_figure(counted), key="patch.histogram", name="histogram", data=counted, title="above")
    _neighbours(page, row)


def _steps(page: Explored, rows: np.ndarray, row: int) -> None:
    places = np.flatnonzero(rows == row)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(places):
            at = int(places[0])
            for label, icon, key, step in (
                ("Previous", "chevron_left", "Left", -1),
                ("Next", "chevron_right", "Right", 1),
            ):
                there = at + step
                st.button(
                    label,
                    key=f"patch.{label}",
                    icon=f":material/{icon}:",
                    shortcut=key,
                    disabled=not 0 <= there < len(rows),
                    on_click=url_state.put,
                    args=("patch", page.name(rows[there % len(rows)])),
                )
            st.caption(f"{at + 1:,} of {count(len(rows), 'patch')}", width="content")
        st.text(f"{page.name(row)}: {page.label(row)}")


def _picture(image: np.ndarray) -> None:
    height, width = image.shape[:2]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = url_state.choose(
            "Stain",
            "stain",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            widget=st.segmented_control,
            help="The two dyes apart, by colour deconvolution (Ruifrok and Johnston 2001).",
        )
        zoom = url_state.choose(
            "Zoom",
            "zoom",
            list(range(1, MOST_ZOOM + 1)),
            default=min(max(COMFORTABLE // max(height, width), 1), MOST_ZOOM),
            widget=st.select_slider,
            format_func=lambda zoom: f"{zoom} x",
            width=220,
            help="Page pixels for each pixel of the patch; nothing is smoothed (nearest neighbour).",
        )
    pixels = image if view == "rgb" else getattr(stain_channels(image), view)
    content = png(Image.fromarray(pixels))
    # Streamlit's own image element is never wider than its column; this one scrolls.
    st.html(
        f'<div style="overflow:auto;max-height:{COMFORTABLE + 40}px"><img alt="The patch, {zoom} times enlarged."'
        f' width="{zoom * width}" height="{zoom * height}" style="image-rendering:pixelated;max-width:none"'
        f' src="data:image/png;base64,{base64.b64encode(content).decode("ascii")}"></div>'
    )
    layout.download("Download as PNG", content, "patch.png", "image/png")


def _explain(page: Explored, row: int, answers: Predicted | None) -> None:
    """Link to the map of this answer, where the run held the patch out itself."""
    if answers is None or answers.key != answers.run_id or not answers.rows.known[row]:
        return
    split_set = page.split.split_sets[row]
    onward.to_explain(
        answers.run_id,
        patch=page.name(row),
        split_set=split_set if split_set in ("test", "valid") else None,
        label="Explain this answer",
    )


def _facts(page: Explored, row: int, answers: Predicted | None) -> pd.DataFrame:
    """Return all columns of a row, as text."""
    known = page.source.table.iloc[row].drop("label")
    pairs = [("Class", page.label(row)), ("Set of this split", page.split.split_sets[row] or "none")]
    if answers is not None:
        pairs.append(("Answer", answers.words(row)))
    pairs += [(columns.title(str(name)), "" if pd.isna(value) else str(value)) for name, value in known.items()]
    return pd.DataFrame(pairs, columns=["What", "Value"])


def _neighbours(page: Explored, row: int) -> None:
    near = neighbours(page.source, row, limit=NEIGHBOURS)
    if not len(near):
        return
    st.markdown("**Nearest on its slide**")
    opened = grid(page, near, side=96, key="patch.neighbours")
    if opened is not None:
        url_state.put("patch", page.name(opened))
        st.rerun(scope="fragment")
