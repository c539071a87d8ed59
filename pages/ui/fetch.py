"""Where a data set comes from: what to fetch, where to put it, and fetching it where its publisher allows that."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from histo_core.data.base import DATASETS
from histo_core.errors import DataNotFoundError
from histo_core.workspace import Workspace
from pages.ui.jobs import job_card
from pages.ui.text import plain


def is_missing(root: str, workspace: Workspace) -> bool:
    """Whether nothing lies at a folder that may be read.

    Raises:
        PathNotAllowedError: the folder may not be read; nothing else is said about it.
    """
    try:
        workspace.allowed(root)
    except DataNotFoundError:
        return True
    return False


def describe(name: str) -> None:
    """Source, licence and layout of a data set, as text."""
    info = DATASETS[name].info
    lines = {"Source": info.source, "Licence": info.licence, "How the files must lie": info.layout}
    if info.expected_counts:
        lines["In full"] = ", ".join(f"{key} {number:,}" for key, number in info.expected_counts.items())
    st.markdown("\n".join(f"- **{title}**: {plain(line)}" for title, line in lines.items()))


def draw(name: str, folder: str | None, *, prefix: str) -> None:
    """What to fetch and where to put it, with a download where the publisher allows one.

    Args:
        name: a data set.
        folder: where the user wants it; the workspace's own place unless given.
        prefix: of the keys.
    """
    from histo_core.data.downloads import DOWNLOADS

    describe(name)
    workspace = Workspace.default()
    place = folder or str(workspace.data / "downloads" / name)
    if name not in DOWNLOADS:
        st.caption(plain(f"Fetch it from its source, put the files into {place}, and open that folder."))
        return
    target = st.text_input(
        "Download into",
        value=place,
        key=f"{prefix}.download.{name}",
        help="A folder on the machine that Histoscope runs on; what is there already is checked and kept.",
    ).strip()
    if not target:
        return
    job_card(
        "download",
        {"dataset": name, "folder": target},
        "Download",
        then=f"The files are in {Path(target)}.",
        note=f"{_size(name)} from the publisher. It goes on where it stopped, and every file is checked.",
    )


def _size(name: str) -> str:
    from histo_core.data.downloads import DOWNLOADS

    sizes = [download.bytes for download in DOWNLOADS[name]]
    if not all(sizes):
        return f"{len(sizes)} files" if len(sizes) > 1 else "One file"
    return f"{sum(size or 0 for size in sizes) / 1e9:,.1f} GB"
