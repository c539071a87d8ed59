"""Take an image of the user's own, check it against the training patches, and choose one of its tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from histo_core.data.formats.image_child import open_upload
from histo_core.data.formats.images import KINDS, SUFFIXES
from histo_core.plots.theme import class_colours
from histo_core.plots.tiles import GREY, tile_picture
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.explain.patches import Patch, sha256_of
from pages.shared.app.session import current_session
from pages.shared.cache import predict_cache
from pages.shared.components import layout
from pages.shared.components.contact_sheet import legend
from pages.shared.components.text import plain

if TYPE_CHECKING:
    from histo_core.prediction.image_answer import ImageAnswer  # it loads PyTorch

MAX_PIXELS = 4_000_000
"""The most pixels of an upload: far more than any patch, and few enough to be explained while the user waits."""


@dataclass(frozen=True, eq=False)
class Upload:
    """An image of the user's own with the model's answer, and the tile of it that is explained."""

    image: np.ndarray
    answer: ImageAnswer
    patch: Patch


def uploaded(run: Run, workspace: Workspace) -> Upload | None:
    """Draw the uploader, and the tiles of an image that is larger than the training patches.

    Returns:
        None until an image is chosen. Its name is only displayed.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        file = st.file_uploader(
            f"An image ({KINDS})",
            type=[suffix.removeprefix(".") for suffix in SUFFIXES],
            help="It should look like the model's own patches: same stain, same magnification. A larger image is cut "
            "into tiles of their size. It is not kept.",
        )
        size = st.number_input(
            "µm per pixel, if known",
            min_value=0.001,
            value=None,
            format="%.3f",
            width=200,
            help="Pixel size of the image, as the scanner or the microscope's camera gives it.",
        )
    if file is None:
        return None
    current_session().authorise("explain", "an upload")
    image = open_upload(file.getvalue(), max_pixels=MAX_PIXELS)
    whole = sha256_of(image)
    with st.spinner("Comparing the image with the training patches…", show_time=True):
        answer = predict_cache.image_answer(run.run_id, str(run.ended_at), whole, size, workspace, image, run)
    chosen = _choose_tile(image, answer, whole) if answer.tiled else 0
    x, y = answer.corners[chosen].tolist()
    tile = np.ascontiguousarray(image[y : y + answer.tile[0], x : x + answer.tile[1]])
    name = f"{file.name}, tile {chosen + 1}" if answer.tiled else file.name
    doubts = tuple(doubt.sentence for doubt in (*answer.doubts, *answer.tile_doubts[chosen]))
    return Upload(image, answer, Patch(name, tile, sha256_of(tile), microns=size, doubts=doubts))


def say_doubts(answer: ImageAnswer) -> None:
    """Draw why the answer is doubted, and what could not be checked."""
    said = plain(" ".join(answer.reasons))
    if answer.doubtful:
        st.warning(said, icon=":material/warning:")
    elif said:
        st.caption(f":material/warning: {said}")
    if answer.notes:
        st.caption(f":material/help: {plain(' '.join(answer.notes))}")


def _choose_tile(image: np.ndarray, answer: ImageAnswer, sha256: str) -> int:
    """Draw the tiles over the image and the number of the explained one, and return it, counted from 0."""
    grid = layout.halves()
    with grid.cell():
        picture = st.container()
    with grid.cell():
        number = st.number_input(
            "Tile to explain",
            min_value=1,
            max_value=len(answer.corners),
            value=_first(answer) + 1,
            key=f"explain.tile.{sha256[:16]}",
            width=200,
            help="Tiles are counted row by row, from the upper left. The first choice is the surest that is not "
            "doubted.",
        )
        table = answer.table()
        table.index = table.index + 1
        st.dataframe(table, height=400, alt="Place, answer and doubts of each tile.")
        layout.download_table(table, f"tiles-{sha256[:8]}", "Download the tiles as CSV")
    with picture:
        st.image(tile_picture(image, answer, int(number) - 1), alt=f"The image in {len(answer.corners):,} tiles.")
        st.html(legend(class_colours(answer.classes) | {"doubted": GREY, "explained": "#000000"}))
    return int(number) - 1


def _first(answer: ImageAnswer) -> int:
    """Return the surest tile that is not doubted; the surest of all where all are."""
    sure = answer.probabilities.max(axis=1)
    return int(np.argmax(np.where(answer.fits, sure, sure - 1)))
