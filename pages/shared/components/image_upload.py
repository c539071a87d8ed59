"""Take an image of the user's own, check it against a run's training patches, and choose one of its tiles."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from histo_core.data.formats.image_child import open_upload
from histo_core.data.formats.images import KINDS, SUFFIXES
from histo_core.plots.theme import class_colours
from histo_core.plots.tiles import GREY, tile_picture
from histo_core.prediction.kept_calibration import kept_calibration
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
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
class ImageUpload:
    """An image of the user's own with the model's answer.

    Attributes:
        name: the file's name; it is only displayed.
        image: uint8 H x W x 3 RGB.
        sha256: of its size and pixels.
        microns: per pixel, as the user says; None where that is not known.
        answer: for the image, or for each of its tiles.
    """

    name: str
    image: np.ndarray
    sha256: str
    microns: float | None
    answer: ImageAnswer


def upload(run: Run, workspace: Workspace) -> ImageUpload | None:
    """Draw the uploader; None until an image is chosen."""
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
    return ImageUpload(file.name, image, whole, size, answer.calibrated(kept_calibration(run, workspace)))


def say_doubts(answer: ImageAnswer) -> None:
    """Draw why the answer is doubted, what could not be checked, and whether its probabilities are calibrated."""
    said = plain(" ".join(answer.reasons))
    if answer.doubtful:
        st.warning(said, icon=":material/warning:")
    elif said:
        st.caption(f":material/warning: {said}")
    if answer.notes:
        st.caption(f":material/help: {plain(' '.join(answer.notes))}")


def choose_tile(found: ImageUpload, label: str, mark: str, *, page: str) -> int:
    """Draw the tiles over the image, their table, and the number of a tile; return that number, counted from 0.

    Args:
        found: an image that was cut into tiles.
        label: of the number.
        mark: what the legend calls the tile in the black frame.
        page: name of the page, for the key.
    """
    grid = layout.halves()
    with grid.cell():
        picture = st.container()
    with grid.cell():
        number = st.number_input(
            label,
            min_value=1,
            max_value=len(found.answer.corners),
            value=_first(found.answer) + 1,
            key=f"{page}.tile.{found.sha256[:16]}",
            width=200,
            help="Tiles are counted row by row, from the upper left. The first choice is the surest that is not "
            "doubted.",
        )
        table = found.answer.table()
        table.index = (table.index + 1).rename("Tile")
        st.dataframe(table, height=400, alt="Place, answer and doubts of each tile.")
        layout.download_table(table, f"tiles-{found.sha256[:8]}", "Download the tiles as CSV")
    with picture:
        st.image(
            tile_picture(found.image, found.answer, int(number) - 1),
            alt=f"The image in {len(found.answer.corners):,} tiles.",
        )
        st.html(legend(class_colours(found.answer.classes) | {"doubted": GREY, mark: "#000000"}))
    return int(number) - 1


def tile_of(found: ImageUpload, number: int) -> np.ndarray:
    """Return the pixels of a tile, or of the whole image where it is not cut."""
    x, y = found.answer.corners[number].tolist()
    high, wide = found.answer.tile
    return np.ascontiguousarray(found.image[y : y + high, x : x + wide])


def sha256_of(image: np.ndarray) -> str:
    """Return the SHA-256 of an image's size and pixels."""
    return hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()


def _first(answer: ImageAnswer) -> int:
    """Return the surest tile that is not doubted; the surest of all where all are."""
    sure = answer.probabilities.max(axis=1)
    return int(np.argmax(np.where(answer.fits, sure, sure - 1)))
