"""Export a data set with its split to files that other programs read."""

from __future__ import annotations

import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from pages.shared.app.session import current_session
from pages.shared.components.job_card import job_card
from pages.shared.components.text import plain

LAYOUTS = {
    "folders": ("Class folders", "<set>/<class>/<image>.png: one PNG a patch."),
    "pcam": ("PCam's layout", "Three pairs of HDF5 files: two classes, patches of 96 x 96 pixels."),
    "csv": ("Table (CSV)", "One row a patch with its class, set and all columns; no pixels."),
    "parquet": ("Table (Parquet)", "The same table with the types of its columns kept."),
}


def draw(source: Dataset, data: DataConfig, split: SplitConfig) -> None:
    """Draw the form, and the job that it starts.

    Args:
        source: the opened data set.
        data, split: configurations of the data set and of the split to write.
    """
    layout = st.segmented_control(
        "Format",
        list(LAYOUTS),
        default="folders",
        required=True,
        format_func=lambda name: LAYOUTS[name][0],
        key="export.layout",
        help="Each holds the split in use.",
    )
    st.caption(LAYOUTS[layout][1].replace("<", "\\<"))
    table = layout in ("csv", "parquet")
    place = current_session().workspace.home / "exports" / data.dataset
    target = st.text_input(
        "File" if table else "Folder",
        value=f"{place}.{layout}" if table else str(place / layout),
        key=f"export.target.{layout}",
        help="On the machine that Histoscope runs on, under a folder that it may use. Nothing is written over.",
    ).strip()
    if not target:
        st.caption("Say where to write.")
        return
    written = job_card(
        "export",
        {
            "data": data.model_dump(mode="json"),
            "split": split.model_dump(mode="json"),
            "layout": "table" if table else layout,
            "target": target,
        },
        "Export",
        then=f"Written to {target}.",
        note=f"Writes {len(source):,} patches and leaves the data as they are.",
    )
    if written is not None and written.state == "succeeded":
        st.caption(f"Written to {plain(target)}.")
