"""Predict one image of the user's own: checked, cut into tiles where it is larger, doubted where it does not fit."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.components import image_upload, layout
from pages.shared.components.image_upload import ImageUpload
from pages.shared.components.text import plain

PICTURE = 360
"""Width of a patch or a tile in pixels."""


def draw(run: Run, workspace: Workspace, top: DeltaGenerator) -> None:
    """Draw the uploader, the model's answer in words, and its probabilities.

    Args:
        run: a finished run.
        workspace: holds the run.
        top: where the page's header goes.
    """
    found = image_upload.upload(run, workspace)
    with top:
        layout.header("Predict", found.answer.sentence if found else "Choose an image to see what the model says.")
        if found is not None:
            image_upload.say_doubts(found.answer)
    if found is None:
        return
    chosen = image_upload.choose_tile(found, "Tile", "chosen", page="predict") if found.answer.tiled else 0
    _one(found, chosen)


def _one(found: ImageUpload, number: int) -> None:
    """Draw a tile, or the whole image, beside the probabilities of its classes and the doubts about it."""
    answer = found.answer
    name = f"Tile {number + 1}" if answer.tiled else found.name
    doubts = [doubt.sentence for doubt in (*answer.doubts, *answer.tile_doubts[number])]
    grid = layout.halves()
    with grid.cell():
        st.image(image_upload.tile_of(found, number), width=PICTURE, alt="What the model was asked about.")
        st.caption(plain(name))
    with grid.cell():
        if doubts and answer.tiled:  # those of a single image stand above
            st.caption(f":material/warning: {plain(' '.join(['Doubtful:', *doubts]))}")
        table = pd.DataFrame({"Class": answer.classes, "Probability": answer.probabilities[number]})
        st.dataframe(
            table,
            hide_index=True,
            width="content",
            column_config={"Probability": st.column_config.NumberColumn(format="%.3f")},
            alt="The model's probability of each class.",
        )
        layout.download_table(table, f"probabilities-{found.sha256[:8]}", "Download these probabilities")
