"""Show the two dyes of the selected patches, and the effect of stain normalisation."""

from __future__ import annotations

import numpy as np
import streamlit as st

from histo_core.data.transforms.stain import StainNormaliser, stain_channels
from pages.data.explore import selection
from pages.data.explore.context import Explored
from pages.data.explore.selection import Selection
from pages.shared.app import url_state
from pages.shared.components import layout, unreadable
from pages.shared.components.contact_sheet import contact_sheet
from pages.shared.components.errors import shown
from pages.shared.components.text import count

PAGE = 24
COLUMNS = 12
CELL = 96
VIEWS = {
    "rgb": "As scanned",
    "haematoxylin": "Haematoxylin",
    "eosin": "Eosin",
    "macenko": "Normalised (Macenko)",
}


def draw(page: Explored, chosen: Selection) -> None:
    """Draw the view."""
    if not len(chosen):
        selection.none_fits()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = url_state.choose(
            "Show",
            "dye",
            list(VIEWS),
            default="haematoxylin",
            format_func=VIEWS.__getitem__,
            widget=st.segmented_control,
            help="Haematoxylin stains nuclei, eosin the rest; normalising gives all patches the stain of one.",
        )
        at = url_state.page(-(-len(chosen) // PAGE))
    rows = chosen.rows[(at - 1) * PAGE : at * PAGE]
    images, torn = unreadable.images(page.source, rows)
    unreadable.tell(torn, key="explore.stain")
    _sheet(page, rows, images, "As scanned", "stain-before")
    if view == "macenko":
        _normalised(page, chosen, rows, images)
    elif view != "rgb":
        _sheet(page, rows, [getattr(stain_channels(image), view) for image in images], VIEWS[view], f"stain-{view}")


@shown()
def _normalised(page: Explored, chosen: Selection, rows: np.ndarray, images: list[np.ndarray]) -> None:
    place = st.container()
    ids = [page.name(row) for row in rows]
    target = url_state.choose(
        "Target stain", "target", ids, width=320, help="Whose stain the others are given (the target)."
    )
    normaliser = StainNormaliser.fit(images[ids.index(target)])
    changed, failed = normaliser.normalise(images)
    with place:
        _sheet(page, rows, list(changed), VIEWS["macenko"], "stain-macenko")
    if np.any(failed):
        st.caption(
            f"{count(int(np.sum(failed)), 'patch stays', 'patches stay')} as scanned: too little tissue to find two "
            "dyes in."
        )
    st.caption("Macenko et al., A method for normalizing histology slides for quantitative analysis, ISBI 2009.")


def _sheet(page: Explored, rows: np.ndarray, images: list[np.ndarray], name: str, file: str) -> None:
    st.markdown(f"**{name}**")
    sheet = contact_sheet(images, COLUMNS, CELL, [page.colour(int(row)) for row in rows])
    st.image(sheet, output_format="PNG", alt=f"{count(len(rows), 'patch')}: {name.lower()}.")
    layout.download("Download as PNG", sheet, f"{file}.png", "image/png")
