"""Show unreadable patches as a cross, and offer to go on without them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from histo_core.data.dataset import Dataset
from histo_core.data.reading import read_each
from histo_core.errors import DataError
from pages.shared.app import url_state
from pages.shared.components.errors import show
from pages.shared.components.text import count

SIDE = 64


def images(source: Dataset, rows: Sequence[int] | np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the pixels of some rows, with a cross for each unreadable one; and which are unreadable, bool [n]."""
    found = read_each(source, rows)
    return [_cross() if image is None else image for image in found], np.array([image is None for image in found], bool)


def tell(torn: np.ndarray, *, key: str) -> None:
    """Show how many of the shown patches are unreadable; show nothing where all are readable.

    Args:
        torn: which are unreadable, bool [n].
        key: of the button, which distinguishes two of them on a page.
    """
    if torn.any():
        number = count(int(torn.sum()), "patch")
        st.warning(f"{number} cannot be read and stand crossed out. Files names them.", icon=":material/broken_image:")
        go_on(key=key)


@contextmanager
def shown(*, key: str) -> Iterator[None]:
    """Show a data error where it happened, with the offer to go on without the broken files."""
    try:
        yield
    except DataError as error:
        show(error)
        go_on(key=key)


def go_on(*, key: str) -> None:
    """Draw the button that leaves broken files out."""
    if url_state.asked("broken") == ["skip"]:
        return
    if st.button(
        "Go on without the broken files",
        key=f"{key}.go_on",
        type="primary",
        icon=":material/skip_next:",
        help="They are left out of everything, and runs remember that. The files themselves stay as they are.",
    ):
        url_state.put("broken", "skip")
        st.rerun()


def _cross() -> np.ndarray:
    picture = Image.new("RGB", (SIDE, SIDE), (225, 225, 225))
    drawing = ImageDraw.Draw(picture)
    for start, end in (((0, 0), (SIDE, SIDE)), ((0, SIDE), (SIDE, 0))):
        drawing.line((start, end), fill=(120, 120, 120), width=3)
    return np.asarray(picture)
